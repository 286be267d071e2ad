/* SPDX-License-Identifier: Apache-2.0 */
/* From a line to its command in the table, and from the command's outcome to a result object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/shell/commands.h"
#include "app/shell/shell.h"
#include "app/shell/text.h"

void shell_error(struct shell_call *call, const char *code, const char *message, const char *advice)
{
    yyjson_mut_val *e = yyjson_mut_obj(call->doc);
    yyjson_mut_obj_add_strcpy(call->doc, e, "code", code);
    yyjson_mut_obj_add_strcpy(call->doc, e, "message", message);
    if (advice != NULL && *advice != '\0') {
        yyjson_mut_obj_add_strcpy(call->doc, e, "do", advice);
    }
    yyjson_mut_obj_remove_key(call->out, "error");
    yyjson_mut_obj_add_val(call->doc, call->out, "error", e);
}

size_t shell_match(int argc, char **argv, const struct shell_command **found)
{
    size_t best = 0;
    *found = NULL;
    for (size_t i = 0; i < shell_command_count; i++) {
        const char *w = shell_commands[i].words;
        size_t n = 0;
        for (; *w != '\0' && n < (size_t)argc; n++) {
            size_t len = strcspn(w, " ");
            if (strlen(argv[n]) != len || memcmp(argv[n], w, len) != 0) {
                break;
            }
            w += len + (w[len] == ' ');
        }
        if (*w == '\0' && n > best) {
            best = n;
            *found = &shell_commands[i];
        }
    }
    return best;
}

/* Names what would have been understood after the words that were. */
static void refuse_words(struct shell_call *call, int argc, char **argv, size_t understood)
{
    char line[SHELL_LINE_MAX] = "";
    if (shell_join((int)understood, argv, line, sizeof line - 1) != 0) {
        line[0] = '\0';
    }
    char message[160];
    snprintf(message, sizeof message, "\"%.60s\" is not a command%s%.60s",
             (size_t)argc > understood ? argv[understood] : "", understood > 0 ? " of " : "", line);

    if (understood > 0) {
        strcat(line, " ");
    }
    struct shell_choices next;
    shell_complete(line, &next);
    char advice[400] = "there are:";
    for (size_t i = 0; i < next.count; i++) {
        size_t at = strlen(advice);
        snprintf(advice + at, sizeof advice - at, " %s", next.words[i]);
    }
    shell_error(call, "usage", message, next.count > 0 ? advice : "see help");
    call->exit = SHELL_USAGE;
}

static void run_command(struct shell_call *call, const struct shell_command *cmd)
{
    struct errmsg why = {""};
    if (cmd->changes && call->read_only) {
        shell_error(call, "read-only", "this door only reads", "use the console");
        call->exit = SHELL_NO;
        return;
    }
    call->exit = SHELL_YES;
    int err = cmd->run(call, &why);
    if (err == 0) {
        return;
    }
    if (err == ERR_INVALID && call->advice == NULL) {
        char usage[256];
        snprintf(usage, sizeof usage, "usage: %s%s%s", cmd->words, *cmd->args != '\0' ? " " : "",
                 cmd->args);
        shell_error(call, err_name(err), why.text, usage);
    } else {
        shell_error(call, err_name(err), why.text, call->advice);
    }
    if (call->exit == SHELL_YES) {
        call->exit = err == ERR_INVALID ? SHELL_USAGE : SHELL_NO;
    }
}

static void dispatch(struct shell_call *call, int argc, char **argv)
{
    static char question[] = "?";
    const struct shell_command *cmd;
    if (argc == 0) {
        return;
    }
    if (strcmp(argv[argc - 1], question) == 0) { /* "store ?" */
        call->argc = argc;
        call->argv = argv;
        struct errmsg why;
        if (cmd_next_words(call, &why) != 0) {
            refuse_words(call, argc, argv, shell_match(argc, argv, &cmd));
        }
        return;
    }
    size_t words = shell_match(argc, argv, &cmd);
    if (cmd == NULL || (*cmd->args == '\0' && (size_t)argc > words && argv[words][0] != '-')) {
        refuse_words(call, argc, argv, words);
        return;
    }
    call->argc = argc - (int)words;
    call->argv = argv + words;
    if (shell_flag(call, "--help")) {
        call->argc = (int)words;
        call->argv = argv;
        cmd = &shell_commands[0];
    }
    run_command(call, cmd);
}

/* Strings from servers may be in any character set; JSON and terminals want UTF-8. */
static void make_valid(yyjson_mut_doc *doc, yyjson_mut_val *v)
{
    size_t i, n;
    yyjson_mut_val *key, *item;
    if (yyjson_mut_is_str(v)) {
        const char *s = yyjson_mut_get_str(v);
        size_t len = yyjson_mut_get_len(v);
        if (!text_is_utf8(s, len)) {
            char *fixed = text_to_utf8(s, len);
            yyjson_mut_val *copy = yyjson_mut_strcpy(doc, fixed != NULL ? fixed : "?");
            free(fixed);
            if (copy != NULL) {
                yyjson_mut_set_strn(v, yyjson_mut_get_str(copy), yyjson_mut_get_len(copy));
            } else {
                yyjson_mut_set_str(v, "?");
            }
        }
    } else if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_foreach(v, i, n, item) {
            make_valid(doc, item);
        }
    } else if (yyjson_mut_is_obj(v)) {
        yyjson_mut_obj_foreach(v, i, n, key, item) {
            make_valid(doc, key);
            make_valid(doc, item);
        }
    }
}

void shell_run(struct shell_call *call, const char *line)
{
    char buf[SHELL_LINE_MAX];
    char *words[SHELL_WORDS_MAX];
    struct errmsg why = {""};

    call->out = yyjson_mut_obj(call->doc);
    yyjson_mut_doc_set_root(call->doc, call->out);
    call->exit = SHELL_YES;
    call->advice = NULL;
    call->json_only = NULL;
    call->argc = 0;
    call->argv = words;

    size_t len = strlen(line);
    if (len >= sizeof buf) {
        snprintf(why.text, sizeof why.text, "the line has %zu bytes", len);
        shell_error(call, "usage", why.text, "at most 1023 bytes are taken");
        call->exit = SHELL_USAGE;
        return;
    }
    memcpy(buf, line, len + 1);
    int argc = shell_split(buf, words, SHELL_WORDS_MAX, &why);
    if (argc < 0) {
        shell_error(call, "usage", why.text, "put words with blanks between \"…\"");
        call->exit = SHELL_USAGE;
        return;
    }
    call->argc = argc;
    call->json |= shell_flag(call, "--json");
    dispatch(call, call->argc, call->argv);
    for (const char *const *key = call->json_only; !call->json && key != NULL && *key; key++) {
        yyjson_mut_obj_remove_key(call->out, *key);
    }
    make_valid(call->doc, call->out);
}

char *shell_render_json(yyjson_mut_val *result)
{
    return yyjson_mut_val_write(result, YYJSON_WRITE_ESCAPE_UNICODE, NULL);
}
