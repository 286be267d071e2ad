/* SPDX-License-Identifier: Apache-2.0 */
/* A command line taken apart into words, and the options among them. */
#include <string.h>

#include "app/shell/shell.h"

int shell_split(char *line, char **argv, int max, struct errmsg *why)
{
    int argc = 0;
    const char *from = line;
    char *to = line; /* words are written over the line, never longer than what was read */
    for (;;) {
        while (*from == ' ' || *from == '\t') {
            from++;
        }
        if (*from == '\0') {
            return argc;
        }
        if (argc == max) {
            return fail(why, ERR_INVALID, "more than %d words in one line", max);
        }
        argv[argc++] = to;
        char quote = '\0';
        for (; *from != '\0' && (quote != '\0' || (*from != ' ' && *from != '\t')); from++) {
            if (quote != '\0' && *from == quote) {
                quote = '\0';
            } else if (quote == '\0' && (*from == '\'' || *from == '"')) {
                quote = *from;
            } else {
                if (*from == '\\' && quote != '\'' && from[1] != '\0') {
                    from++;
                }
                *to++ = *from;
            }
        }
        if (quote != '\0') {
            return fail(why, ERR_INVALID, "a %c is opened and not closed", quote);
        }
        if (*from != '\0') {
            from++;
        }
        *to++ = '\0';
    }
}

int shell_join(int argc, char **argv, char *line, size_t size)
{
    size_t at = 0;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        bool plain = *word != '\0' && strpbrk(word, " \t'\"\\") == NULL;
        if (i > 0 && at < size) {
            line[at++] = ' ';
        }
        if (!plain && at < size) {
            line[at++] = '"';
        }
        for (; *word != '\0' && at + 1 < size; word++) {
            if (!plain && (*word == '"' || *word == '\\')) {
                line[at++] = '\\';
            }
            line[at++] = *word;
        }
        if (!plain && at < size) {
            line[at++] = '"';
        }
        if (*word != '\0' || at >= size) {
            return ERR_TOOBIG;
        }
    }
    if (at >= size) {
        return ERR_TOOBIG;
    }
    line[at] = '\0';
    return 0;
}

static void take_out(struct shell_call *call, int index, int count)
{
    for (int i = index; i + count < call->argc; i++) {
        call->argv[i] = call->argv[i + count];
    }
    call->argc -= count;
}

bool shell_flag(struct shell_call *call, const char *name)
{
    bool found = false;
    for (int i = 0; i < call->argc;) {
        if (strcmp(call->argv[i], name) == 0) {
            take_out(call, i, 1);
            found = true;
        } else {
            i++;
        }
    }
    return found;
}

const char *shell_option(struct shell_call *call, const char *name, int *err, struct errmsg *why)
{
    *err = 0;
    for (int i = 0; i < call->argc; i++) {
        if (strcmp(call->argv[i], name) != 0) {
            continue;
        }
        if (i + 1 == call->argc) {
            *err = fail(why, ERR_INVALID, "%s needs a value", name);
            return NULL;
        }
        const char *value = call->argv[i + 1];
        take_out(call, i, 2);
        return value;
    }
    return NULL;
}

int shell_no_more(struct shell_call *call, int max, struct errmsg *why)
{
    for (int i = 0; i < call->argc; i++) {
        if (i >= max || (call->argv[i][0] == '-' && call->argv[i][1] != '\0')) {
            return fail(why, ERR_INVALID, "\"%s\" is not understood here", call->argv[i]);
        }
    }
    return 0;
}

bool shell_cancelled(const struct shell_call *call)
{
    return call->cancel != NULL && atomic_load(call->cancel);
}
