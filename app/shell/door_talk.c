/* SPDX-License-Identifier: Apache-2.0 */
/* The talk with one client of the local socket: a request line, its answers, the next. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/shell/commands.h"
#include "app/shell/door_auth.h"
#include "app/shell/door_client.h"
#include "app/shell/door_proto.h"
#include "app/shell/doors.h"
#include "app/shell/system.h"
#include "app/shell/text.h"
#include "version.h"

#define WRONG_PASSWORDS_MAX 5

struct talk {
    struct door_client *client;
    bool logged_in;
    unsigned wrong;
    size_t have;
    char buf[DOOR_REQUEST_MAX + 1];
};

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* Sends the document as one line and frees it. */
static bool answer(struct talk *talk, yyjson_mut_doc *doc)
{
    size_t len = 0;
    char *line = yyjson_mut_write(doc, YYJSON_WRITE_ESCAPE_UNICODE, &len);
    yyjson_mut_doc_free(doc);
    bool sent = line != NULL && send_all(talk->client->fd, line, len) &&
                send_all(talk->client->fd, "\n", 1);
    free(line);
    return sent;
}

static yyjson_mut_doc *new_answer(yyjson_mut_val **root)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    if (doc != NULL) {
        *root = yyjson_mut_obj(doc);
        yyjson_mut_doc_set_root(doc, *root);
    }
    return doc;
}

static bool answer_error(struct talk *talk, const char *code, const char *message, int exit_code)
{
    yyjson_mut_val *root = NULL;
    yyjson_mut_doc *doc = new_answer(&root);
    if (doc == NULL) {
        return false;
    }
    yyjson_mut_val *e = yyjson_mut_obj_add_obj(doc, root, "error");
    yyjson_mut_obj_add_strcpy(doc, e, "code", code);
    yyjson_mut_obj_add_strcpy(doc, e, "message", message);
    yyjson_mut_obj_add_int(doc, root, "exit", exit_code);
    return answer(talk, doc);
}

static bool login_needed(const struct talk *talk)
{
    const struct config *c = &talk->client->app->config;
    return !talk->logged_in && c->appliance.console == CONSOLE_PASSWORD &&
           c->appliance.password != NULL && *c->appliance.password != '\0';
}

static bool hello(struct talk *talk)
{
    struct app *app = talk->client->app;
    yyjson_mut_val *root = NULL;
    yyjson_mut_doc *doc = new_answer(&root);
    if (doc == NULL) {
        return false;
    }
    const char *name = app->config.appliance.hostname;
    yyjson_mut_val *h = yyjson_mut_obj_add_obj(doc, root, "hello");
    yyjson_mut_obj_add_strcpy(doc, h, "name", name != NULL && *name != '\0' ? name : "sluice");
    yyjson_mut_obj_add_str(doc, h, "version", SLUICE_VERSION);
    yyjson_mut_obj_add_bool(doc, h, "login", login_needed(talk));
    yyjson_mut_val *banner = yyjson_mut_obj_add_arr(doc, h, "banner");
    if (!login_needed(talk)) {
        char text[512], line[600];
        system_addresses(text, sizeof text);
        snprintf(line, sizeof line, "Sluice %s on %s, address %s", SLUICE_VERSION,
                 name != NULL ? name : "-", text);
        yyjson_mut_arr_add_strcpy(doc, banner, line);
        status_line(app, text, sizeof text);
        yyjson_mut_arr_add_strcpy(doc, banner, text);
        char state[16], fingerprint[100];
        door_http_describe(state, sizeof state, fingerprint, sizeof fingerprint);
        if (*fingerprint != '\0') {
            snprintf(line, sizeof line, "HTTPS certificate, SHA-256: %s", fingerprint);
            yyjson_mut_arr_add_strcpy(doc, banner, line);
        }
        yyjson_mut_arr_add_str(doc, banner,
                               "Type help for the commands; TAB completes, ? explains.");
    }
    return answer(talk, doc);
}

static bool password(struct talk *talk, const char *given)
{
    const char *verifier = talk->client->app->config.appliance.password;
    if (login_needed(talk)) {
        int err = door_auth(verifier, given);
        if (err != 0) {
            bool go_on = answer_error(talk, err_name(err),
                                      err == ERR_BUSY ? "too many wrong passwords: wait a little"
                                                      : "the password is wrong",
                                      SHELL_NO);
            sleep(1); /* guessing on the console goes slowly */
            return go_on && ++talk->wrong < WRONG_PASSWORDS_MAX;
        }
        talk->logged_in = true;
    }
    yyjson_mut_val *root = NULL;
    yyjson_mut_doc *doc = new_answer(&root);
    if (doc == NULL) {
        return false;
    }
    yyjson_mut_obj_add_bool(doc, root, "login", true);
    return answer(talk, doc);
}

static void progress(struct shell_call *call, const char *text)
{
    struct talk *talk = call->door;
    yyjson_mut_val *root = NULL;
    yyjson_mut_doc *doc = new_answer(&root);
    if (doc != NULL) {
        char *clean = NULL;
        size_t len = strlen(text);
        if (len > 0 && text[len - 1] == '\n') {
            clean = text_harmless(text, len - 1);
        } else {
            clean = text_harmless(text, len);
        }
        struct text t = {0};
        text_puts(&t, clean != NULL ? clean : "");
        text_puts(&t, len > 0 && text[len - 1] == '\n' ? "\n" : "");
        yyjson_mut_obj_add_strcpy(doc, root, "progress", t.bytes != NULL ? t.bytes : "");
        free(clean);
        free(t.bytes);
        if (!answer(talk, doc)) {
            atomic_store(&talk->client->cancel, true);
        }
    }
}

static bool run_line(struct talk *talk, const struct door_request *req)
{
    struct door_client *client = talk->client;
    yyjson_mut_val *root = NULL;
    yyjson_mut_doc *doc = new_answer(&root);
    if (doc == NULL) {
        return false;
    }
    struct shell_call call = {
        .app = client->app,
        .doc = doc,
        .json = req->json,
        .cancel = &client->cancel,
        .progress = progress,
        .door = talk,
    };
    atomic_store(&client->cancel, false);
    if (atomic_load(&client->leave)) { /* set before its cancel, which was just undone */
        atomic_store(&client->cancel, true);
    }
    atomic_store(&client->busy, true);
    shell_run(&call, req->text);
    atomic_store(&client->busy, false);

    root = yyjson_mut_obj(doc); /* shell_run made its result the root */
    yyjson_mut_doc_set_root(doc, root);
    if (call.json) {
        yyjson_mut_obj_add_val(doc, root, "result", call.out);
    } else {
        char *text = shell_render_text(call.out, req->color);
        yyjson_mut_obj_add_strcpy(doc, root, "text", text != NULL ? text : "error: no memory\n");
        free(text);
    }
    yyjson_mut_obj_add_int(doc, root, "exit", call.exit);
    return answer(talk, doc);
}

static bool complete(struct talk *talk, const char *line)
{
    struct shell_choices choices;
    shell_complete(line, &choices);
    yyjson_mut_val *root = NULL;
    yyjson_mut_doc *doc = new_answer(&root);
    if (doc == NULL) {
        return false;
    }
    yyjson_mut_val *words = yyjson_mut_obj_add_arr(doc, root, "words");
    for (size_t i = 0; i < choices.count; i++) {
        yyjson_mut_arr_add_str(doc, words, choices.words[i]);
    }
    yyjson_mut_obj_add_uint(doc, root, "begun", choices.begun);
    yyjson_mut_obj_add_str(doc, root, "hint", choices.hint != NULL ? choices.hint : "");
    return answer(talk, doc);
}

/* False ends the talk. */
static bool serve(struct talk *talk, const char *line, size_t len)
{
    struct errmsg why;
    struct door_request req;
    bool go_on = false;
    if (door_request_parse(line, len, &req, &why) != 0) {
        return answer_error(talk, "usage", why.text, SHELL_USAGE);
    }
    switch (req.kind) {
    case DOOR_HELLO:
        return hello(talk);
    case DOOR_CANCEL: /* came when the command had ended already */
        return true;
    case DOOR_PASSWORD:
        go_on = password(talk, req.text);
        explicit_bzero(req.text, sizeof req.text);
        explicit_bzero(talk->buf, sizeof talk->buf); /* what the client sent behind it is void */
        talk->have = 0;
        return go_on;
    case DOOR_LINE:
        return login_needed(talk) ? answer_error(talk, "auth", "the password is asked for first",
                                                 SHELL_NO)
                                  : run_line(talk, &req);
    case DOOR_COMPLETE:
        return login_needed(talk) ? answer_error(talk, "auth", "the password is asked for first",
                                                 SHELL_NO)
                                  : complete(talk, req.text);
    }
    return false;
}

void door_talk(struct door_client *client)
{
    struct talk *talk = calloc(1, sizeof *talk);
    if (talk == NULL) {
        return;
    }
    talk->client = client;
    bool go_on = true;
    while (go_on) {
        ssize_t n = recv(client->fd, talk->buf + talk->have, sizeof talk->buf - talk->have, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        talk->have += (size_t)n;
        char *end;
        while (go_on && (end = memchr(talk->buf, '\n', talk->have)) != NULL) {
            size_t len = (size_t)(end - talk->buf);
            size_t before = talk->have;
            go_on = serve(talk, talk->buf, len);
            if (talk->have == before) { /* a password clears the buffer itself */
                talk->have -= len + 1;
                memmove(talk->buf, end + 1, talk->have);
            }
        }
        if (talk->have == sizeof talk->buf) {
            answer_error(talk, "usage", "the request line is too long", SHELL_USAGE);
            break;
        }
    }
    free(talk);
}
