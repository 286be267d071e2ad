/* SPDX-License-Identifier: Apache-2.0 */
/* `sluice shell`: one command, commands from a pipe, or a person at a terminal. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/shell/client.h"
#include "app/shell/doors.h"
#include "app/shell/shell.h"
#include "app/shell/text.h"
#include "drivers/console/console.h"

#define HELLO_TIMEOUT_MS 10000
#define COMPLETE_TIMEOUT_MS 500

static volatile sig_atomic_t interrupts;
static struct shell_client client = {.fd = -1, .interrupts = &interrupts};
static char prompt[80] = "sluice> ";
static bool json; /* --json stood before the command */

static void on_interrupt(int number)
{
    interrupts++;
}

static int usage(void)
{
    fprintf(stderr, "usage: sluice shell [-s SOCKET] [--json] [COMMAND…]\n"
                    "  -s SOCKET  where the appliance listens (default %s)\n"
                    "  without a command: interactive, or one command per line of input\n",
            DOOR_SOCKET_PATH);
    return CLI_USAGE;
}

/* A line of progress that the next one overwrites. */
static void show_progress(const char *text, bool terminal)
{
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '\n') {
        printf("%s%s", terminal ? "\r\033[K" : "", text);
        fflush(stdout);
    } else if (terminal) {
        size_t fits = 0;
        for (uint32_t c = 0; fits < len && text_width(text, fits) < 78;) {
            size_t n = text_decode(text + fits, len - fits, &c);
            fits += n > 0 ? n : 1;
        }
        printf("\r\033[K%.*s", (int)fits, text);
        fflush(stdout);
    }
}

/* Prints one answer; returns whether it was the last, with its exit status. */
static bool show(yyjson_doc *doc, bool terminal, int *status)
{
    yyjson_val *root = yyjson_doc_get_root(doc);
    const char *progress = yyjson_get_str(yyjson_obj_get(root, "progress"));
    if (progress != NULL) {
        show_progress(progress, terminal);
        return false;
    }
    if (terminal) {
        fputs("\r\033[K", stdout);
    }
    yyjson_val *result = yyjson_obj_get(root, "result");
    yyjson_val *error = yyjson_obj_get(root, "error");
    const char *text = yyjson_get_str(yyjson_obj_get(root, "text"));
    if (result != NULL) {
        char *written = yyjson_val_write(result, YYJSON_WRITE_ESCAPE_UNICODE, NULL);
        printf("%s\n", written != NULL ? written : "{}");
        free(written);
    } else if (text != NULL) {
        fputs(text, stdout);
    } else if (error != NULL) {
        const char *message = yyjson_get_str(yyjson_obj_get(error, "message"));
        printf("error: %s\n", message != NULL ? message : "?");
    }
    fflush(stdout);
    yyjson_val *code = yyjson_obj_get(root, "exit");
    *status = yyjson_is_int(code) ? (int)yyjson_get_int(code) : CLI_NO;
    return true;
}

/* Runs one line; ERR_… when the connection failed. */
static int run_line(const char *line, bool terminal, int *status, struct errmsg *why)
{
    int err = client_send(&client, "line", line, json, terminal, why);
    bool last = false;
    while (err == 0 && !last) {
        yyjson_doc *doc = NULL;
        err = client_receive(&client, -1, &doc, why);
        if (err == 0) {
            last = show(doc, terminal, status);
            yyjson_doc_free(doc);
        }
    }
    return err;
}

static int log_in(struct errmsg *why)
{
    for (;;) {
        char secret[256];
        if (!isatty(STDIN_FILENO) ||
            console_read_secret("Password: ", secret, sizeof secret) != 0) {
            return fail(why, ERR_AUTH, "the appliance asks for its password");
        }
        int err = client_send(&client, "password", secret, false, false, why);
        explicit_bzero(secret, sizeof secret);
        yyjson_doc *doc = NULL;
        err = err != 0 ? err : client_receive(&client, HELLO_TIMEOUT_MS, &doc, why);
        if (err != 0) {
            return err;
        }
        int status;
        bool in = yyjson_is_true(yyjson_obj_get(yyjson_doc_get_root(doc), "login"));
        if (!in) {
            show(doc, false, &status);
        }
        yyjson_doc_free(doc);
        if (in) {
            return 0;
        }
    }
}

static int say_hello(yyjson_doc **doc, struct errmsg *why)
{
    int err = client_send(&client, "hello", NULL, false, false, why);
    return err != 0 ? err : client_receive(&client, HELLO_TIMEOUT_MS, doc, why);
}

/* Connects, logs in if it must be, and shows the banner if there is somebody to read it. */
static int enter(bool banner, struct errmsg *why)
{
    yyjson_doc *doc = NULL;
    int err = client_connect(&client, why);
    err = err != 0 ? err : say_hello(&doc, why);
    if (err != 0) {
        return err;
    }
    yyjson_val *error = yyjson_obj_get(yyjson_doc_get_root(doc), "error");
    yyjson_val *hello = yyjson_obj_get(yyjson_doc_get_root(doc), "hello");
    if (error != NULL) { /* all places are taken */
        const char *message = yyjson_get_str(yyjson_obj_get(error, "message"));
        err = fail(why, ERR_BUSY, "%s", message != NULL ? message : "refused");
        client_close(&client);
    } else if (yyjson_is_true(yyjson_obj_get(hello, "login"))) {
        const char *name = yyjson_get_str(yyjson_obj_get(hello, "name"));
        if (banner) {
            printf("Sluice on %s\n", name != NULL ? name : "?");
        }
        err = log_in(why);
        yyjson_doc_free(doc);
        doc = NULL;
        err = err != 0 ? err : say_hello(&doc, why);
        hello = yyjson_obj_get(yyjson_doc_get_root(doc), "hello");
    }
    if (err == 0 && banner) {
        size_t i, n;
        yyjson_val *line;
        yyjson_arr_foreach(yyjson_obj_get(hello, "banner"), i, n, line) {
            printf("%s\n", yyjson_is_str(line) ? yyjson_get_str(line) : "");
        }
        const char *name = yyjson_get_str(yyjson_obj_get(hello, "name"));
        snprintf(prompt, sizeof prompt, "%s> ", name != NULL ? name : "sluice");
    }
    yyjson_doc_free(doc);
    return err;
}

/* ---- the line editor's questions, asked of the appliance ---- */

static yyjson_doc *ask_choices(const char *line)
{
    yyjson_doc *doc = NULL;
    if (client.fd < 0 || client_send(&client, "complete", line, false, false, NULL) != 0 ||
        client_receive(&client, COMPLETE_TIMEOUT_MS, &doc, NULL) != 0) {
        return NULL;
    }
    return doc;
}

static void complete(const char *line, void (*add)(void *ctx, const char *line), void *ctx)
{
    yyjson_doc *doc = ask_choices(line);
    yyjson_val *root = yyjson_doc_get_root(doc), *word;
    size_t begun = (size_t)yyjson_get_uint(yyjson_obj_get(root, "begun"));
    size_t i, n, len = strlen(line);
    yyjson_arr_foreach(yyjson_obj_get(root, "words"), i, n, word) {
        char whole[SHELL_LINE_MAX + 80];
        if (begun <= len && yyjson_is_str(word)) {
            snprintf(whole, sizeof whole, "%.*s%s", (int)(len - begun), line, yyjson_get_str(word));
            add(ctx, whole);
        }
    }
    yyjson_doc_free(doc);
}

/* Behind "store ?" the words that fit, behind "log " its arguments. */
static bool hint(const char *line, char *buf, size_t size)
{
    char before[SHELL_LINE_MAX];
    size_t len = strlen(line), at = 0;
    bool question = len > 0 && line[len - 1] == '?';
    if (len == 0 || len >= sizeof before || (!question && line[len - 1] != ' ')) {
        return false;
    }
    snprintf(before, sizeof before, "%.*s", (int)(len - question), line);
    yyjson_doc *doc = ask_choices(before);
    yyjson_val *root = yyjson_doc_get_root(doc), *word;
    const char *args = yyjson_get_str(yyjson_obj_get(root, "hint"));
    buf[0] = '\0';
    size_t i, n;
    yyjson_arr_foreach(yyjson_obj_get(root, "words"), i, n, word) {
        const char *w = yyjson_get_str(word);
        if (question && w != NULL && at + strlen(w) + 2 < size) {
            at += (size_t)snprintf(buf + at, size - at, " %s", w);
        }
    }
    if (args != NULL && *args != '\0' && at + strlen(args) + 2 < size) {
        snprintf(buf + at, size - at, "%s%s", question ? " " : "", args);
    }
    yyjson_doc_free(doc);
    return *buf != '\0';
}

/* The worker is (re)started by its supervisor: wait for it, as long as the user does. */
static bool reconnect(const char *notice)
{
    struct errmsg why;
    sig_atomic_t before = interrupts;
    printf("%s\n", notice);
    while (enter(true, &why) != 0) {
        client_close(&client);
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        if (interrupts != before) {
            printf("%s\n", why.text);
            return false;
        }
    }
    return true;
}

static int interactive(void)
{
    static const char restarting[] = "the worker is restarting…";
    static const struct console_editor editor = {complete, hint};
    char line[SHELL_LINE_MAX];
    int status; /* of a command; leaving is no failure */
    for (;;) {
        switch (console_read_line(prompt, &editor, line, sizeof line)) {
        case CONSOLE_END:
            return CLI_YES;
        case CONSOLE_INTERRUPTED:
            continue;
        case CONSOLE_LINE:
            break;
        }
        if (strcmp(line, "exit") == 0 || strcmp(line, "quit") == 0) {
            return CLI_YES;
        }
        struct errmsg why;
        if (line[strspn(line, " \t")] == '\0') {
            continue;
        }
        if (client.fd < 0 && !reconnect(restarting)) {
            return CLI_NO_APP;
        }
        if (run_line(line, true, &status, &why) != 0) {
            printf("\r\033[K%s\n", why.text);
        }
        if (client.fd < 0 && !reconnect(restarting)) {
            return CLI_NO_APP;
        }
    }
}

static int from_input(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    int worst = CLI_YES, status = CLI_YES;
    struct errmsg why;
    while ((n = getline(&line, &size, stdin)) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        int err = run_line(line, false, &status, &why);
        if (err != 0) {
            fprintf(stderr, "sluice shell: %s\n", why.text);
            status = CLI_USAGE; /* a line that is not UTF-8: the next may be */
        }
        if (err != 0 && err != ERR_INVALID) {
            worst = CLI_NO_APP;
            break;
        }
        worst = status > worst ? status : worst;
    }
    free(line);
    return worst;
}

int cli_shell(int argc, char **argv)
{
    client.path = DOOR_SOCKET_PATH;
    int c;
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    while ((c = getopt_long(argc, argv, "+s:", options, NULL)) != -1) {
        if (c == 's') {
            client.path = optarg;
        } else if (c == 'j') {
            json = true;
        } else {
            return usage();
        }
    }
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL); /* without SA_RESTART: it ends a wait */

    char line[SHELL_LINE_MAX];
    bool words = optind < argc;
    bool person = !words && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (shell_join(argc - optind, argv + optind, line, sizeof line) != 0) {
        fprintf(stderr, "sluice shell: the command is longer than %d bytes\n", SHELL_LINE_MAX - 1);
        return CLI_USAGE;
    }
    if (!text_is_utf8(line, strlen(line))) {
        fprintf(stderr, "sluice shell: the command is not valid UTF-8\n");
        return CLI_USAGE;
    }
    if (person) {
        console_prepare();
    }
    struct errmsg why;
    int status = CLI_NO_APP;
    /* The box's own console, started by its init, may be there before the worker. */
    if (enter(person, &why) != 0 &&
        !(person && getppid() == 1 && reconnect("waiting for the worker…"))) {
        fprintf(stderr, "sluice shell: %s\n", why.text);
    } else if (person) {
        status = interactive();
    } else if (!words) {
        status = from_input();
    } else if (run_line(line, isatty(STDOUT_FILENO), &status, &why) != 0) {
        fprintf(stderr, "sluice shell: %s\n", why.text);
        status = CLI_NO_APP;
    }
    client_close(&client);
    return status;
}
