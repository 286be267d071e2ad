/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of the local socket: what `sluice shell` speaks. */
#include "app/shell/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (32u << 20) /* bytes of one answer: a precheck's whole evidence is below 1 MiB */

int client_connect(struct shell_client *c, struct errmsg *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(c->path) >= sizeof address.sun_path) {
        return fail(why, ERR_INVALID, "the socket's path is longer than %zu bytes",
                    sizeof address.sun_path - 1);
    }
    snprintf(address.sun_path, sizeof address.sun_path, "%s", c->path);
    c->have = 0;
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        return fail_errno(why, ERR_NET, "no local socket");
    }
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        fail_errno(why, ERR_NET, "no running appliance at %s", c->path);
        close(c->fd);
        c->fd = -1;
        return ERR_NET;
    }
    return 0;
}

void client_close(struct shell_client *c)
{
    if (c->fd >= 0) {
        close(c->fd);
        c->fd = -1;
    }
    free(c->buf);
    c->buf = NULL;
    c->have = c->size = 0;
}

int client_send(struct shell_client *c, const char *key, const char *text, bool json, bool color,
                struct errmsg *why)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    if (text != NULL) {
        yyjson_mut_obj_add_str(doc, root, key, text);
    } else {
        yyjson_mut_obj_add_bool(doc, root, key, true);
    }
    if (json) {
        yyjson_mut_obj_add_bool(doc, root, "json", true);
    }
    if (color) {
        yyjson_mut_obj_add_bool(doc, root, "color", true);
    }
    c->seen = c->interrupts != NULL ? *c->interrupts : 0;
    c->told = false;
    size_t len = 0, sent = 0;
    char *line = yyjson_mut_write(doc, 0, &len);
    yyjson_mut_doc_free(doc);
    if (line == NULL) {
        return fail(why, ERR_INVALID, "the line is not valid UTF-8");
    }
    line[len] = '\n'; /* in place of its NUL */
    len++;
    while (sent < len) {
        ssize_t n = send(c->fd, line + sent, len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        sent += (size_t)n;
    }
    explicit_bzero(line, len); /* it may have been a password */
    free(line);
    if (sent < len) {
        client_close(c);
        return fail(why, ERR_NET, "the appliance at %s hung up", c->path);
    }
    return 0;
}

static int make_room(struct shell_client *c)
{
    if (c->size - c->have >= 4096) {
        return 0;
    }
    size_t size = c->size == 0 ? 8192 : c->size * 2;
    char *buf = size <= ANSWER_MAX ? realloc(c->buf, size) : NULL;
    if (buf == NULL) {
        return ERR_TOOBIG;
    }
    c->buf = buf;
    c->size = size;
    return 0;
}

/* Takes the first whole line out of the buffer. */
static bool take_line(struct shell_client *c, size_t searched, yyjson_doc **doc)
{
    char *end = c->have > searched ? memchr(c->buf + searched, '\n', c->have - searched) : NULL;
    if (end == NULL) {
        return false;
    }
    size_t len = (size_t)(end - c->buf);
    *doc = yyjson_read(c->buf, len, 0);
    c->have -= len + 1;
    memmove(c->buf, end + 1, c->have);
    return true;
}

int client_receive(struct shell_client *c, int timeout_ms, yyjson_doc **doc, struct errmsg *why)
{
    static const char cancel[] = "{\"cancel\":true}\n";
    size_t searched = 0;
    for (;;) {
        sig_atomic_t now = c->interrupts != NULL ? *c->interrupts : 0;
        if (now != c->seen) {
            if (c->told || send(c->fd, cancel, sizeof cancel - 1, MSG_NOSIGNAL) < 0) {
                client_close(c);
                return fail(why, ERR_CANCELLED, "cancelled");
            }
            c->told = true;
            c->seen = now;
        }
        if (take_line(c, searched, doc)) {
            break;
        }
        searched = c->have;
        /* A signal between the look and poll() is seen after 300 ms at the latest. */
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        int step_ms = timeout_ms >= 0 && timeout_ms < 300 ? timeout_ms : 300;
        int ready = poll(&p, 1, step_ms);
        if (ready == 0 && timeout_ms >= 0 && (timeout_ms -= step_ms) <= 0) {
            client_close(c);
            return fail(why, ERR_TIMEOUT, "the appliance at %s does not answer", c->path);
        }
        if (ready <= 0) {
            continue;
        }
        if (make_room(c) != 0) {
            client_close(c);
            return fail(why, ERR_TOOBIG, "the answer is larger than %u bytes", ANSWER_MAX);
        }
        ssize_t n = recv(c->fd, c->buf + c->have, c->size - c->have, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            client_close(c);
            return fail(why, ERR_NET, "the appliance at %s hung up", c->path);
        }
        c->have += (size_t)n;
    }
    if (*doc == NULL) {
        client_close(c);
        return fail(why, ERR_PROTOCOL, "%s answers, but not as an appliance does", c->path);
    }
    return 0;
}
