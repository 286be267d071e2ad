/* SPDX-License-Identifier: Apache-2.0 */
/* `sluice config check FILE` and `sluice passwd`: what is done to a config before it travels. */
#include "app/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <yyjson.h>

#include "config/config.h"
#include "config/password.h"

static void print_json(const char *file, const struct config *c, const struct config_mistakes *m,
                       const char *error)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_strcpy(doc, root, "file", file);
    yyjson_mut_obj_add_bool(doc, root, "ok", m->count == 0 && error == NULL);
    if (error != NULL) {
        yyjson_mut_obj_add_strcpy(doc, root, "error", error);
    } else {
        yyjson_mut_obj_add_uint(doc, root, "keys", config_keys_set(c));
        yyjson_mut_obj_add_uint(doc, root, "mistake_count", m->count);
        yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "mistakes");
        for (size_t i = 0; i < m->count && i < sizeof m->list / sizeof m->list[0]; i++) {
            yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, list);
            yyjson_mut_obj_add_uint(doc, one, "line", m->list[i].line);
            yyjson_mut_obj_add_strcpy(doc, one, "key", m->list[i].key);
            yyjson_mut_obj_add_strcpy(doc, one, "text", m->list[i].text);
        }
    }
    char *text = yyjson_mut_write(doc, YYJSON_WRITE_PRETTY, NULL);
    printf("%s\n", text != NULL ? text : "{\"ok\": false, \"error\": \"no memory\"}");
    free(text);
    yyjson_mut_doc_free(doc);
}

static int check(const char *file, bool json)
{
    static const size_t size = 40 * (sizeof(struct config_mistake) + 128);
    struct config c;
    struct config_mistakes *m = calloc(1, sizeof *m);
    char *lines = malloc(size);
    struct errmsg why = {""};
    int status = 2;

    if (m == NULL || lines == NULL) {
        fprintf(stderr, "sluice: no memory\n");
        goto out;
    }
    int rc = config_load(file, &c, m, &why);
    bool unread = rc != 0 && rc != ERR_INVALID;
    bool failed = unread || (rc == ERR_INVALID && m->count == 0); /* the file as a whole */
    if (json) {
        print_json(file, &c, m, failed ? why.text : NULL);
    } else if (failed) {
        fprintf(stderr, "sluice: %s\n", why.text);
    } else if (rc == ERR_INVALID) {
        config_mistakes_format(m, file, lines, size);
        fputs(lines, stdout);
    } else {
        printf("%s: ok, %zu keys set\n", file, config_keys_set(&c));
    }
    status = rc == 0 ? 0 : 2;
    config_free(&c);
out:
    free(lines);
    free(m);
    return status;
}

int cli_config(int argc, char **argv)
{
    const char *file = NULL;
    bool json = false;
    bool wrong = argc < 2 || strcmp(argv[1], "check") != 0;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (file == NULL && argv[i][0] != '-') {
            file = argv[i];
        } else {
            wrong = true;
        }
    }
    if (wrong || file == NULL) {
        fprintf(stderr, "usage: sluice config check FILE [--json]\n"
                        "Lists every mistake in FILE as FILE:LINE: KEY: what is wrong, what is "
                        "allowed.\n");
        return 2;
    }
    return check(file, json);
}

/* One line from stdin without its end; false when there is none or it is too long. */
static bool read_password(char *to, size_t size)
{
    size_t len = 0;
    for (;;) {
        char c = 0;
        ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || c == '\n') {
            break;
        }
        if (len + 1 >= size) {
            return false;
        }
        to[len++] = c;
    }
    if (len > 0 && to[len - 1] == '\r') {
        len--;
    }
    to[len] = '\0';
    return len > 0;
}

static bool ask(const char *prompt, char *to, size_t size)
{
    struct termios old;
    bool quiet = tcgetattr(STDIN_FILENO, &old) == 0;
    if (quiet) {
        struct termios silent = old;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    fputs(prompt, stderr);
    bool got = read_password(to, size);
    if (quiet) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
        fputc('\n', stderr);
    }
    return got;
}

static void wipe(char *text, size_t size)
{
    for (volatile char *p = text; p < text + size; p++) {
        *p = '\0';
    }
}

int cli_passwd(int argc, char **argv)
{
    char first[PASSWORD_MAX + 2] = "";
    char second[PASSWORD_MAX + 2] = "";
    char verifier[PASSWORD_VERIFIER_MAX];
    struct errmsg why = {""};
    int status = 2;

    if (argc > 1) {
        fprintf(stderr, "usage: sluice passwd\n"
                        "Reads a password and prints the line for the [appliance] section.\n");
        return 2;
    }
    bool terminal = isatty(STDIN_FILENO) != 0;
    bool got = terminal ? ask("Password: ", first, sizeof first) &&
                              ask("Again: ", second, sizeof second)
                        : read_password(first, sizeof first);
    if (!got) {
        fprintf(stderr, "sluice: no password of %d to %d bytes came\n", PASSWORD_MIN, PASSWORD_MAX);
    } else if (terminal && strcmp(first, second) != 0) {
        fprintf(stderr, "sluice: the two passwords differ; nothing was made\n");
    } else if (config_password_make(first, verifier, &why) != 0) {
        fprintf(stderr, "sluice: %s\n", why.text);
    } else {
        printf("password = %s\n", verifier);
        status = 0;
    }
    wipe(first, sizeof first);
    wipe(second, sizeof second);
    return status;
}
