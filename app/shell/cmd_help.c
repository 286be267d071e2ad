/* SPDX-License-Identifier: Apache-2.0 */
/* help and ?: everything is read off the table. */
#include <string.h>

#include "app/shell/commands.h"

static void add_row(struct shell_call *call, yyjson_mut_val *rows, const struct shell_command *cmd)
{
    yyjson_mut_val *row = yyjson_mut_arr_add_obj(call->doc, rows);
    put_text(call, row, "command", "%s%s%s", cmd->words, *cmd->args != '\0' ? " " : "", cmd->args);
    put_text(call, row, "help", "%s", cmd->help);
}

static void add_lines(struct shell_call *call, yyjson_mut_val *list, const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t len = strcspn(text, "\n");
        yyjson_mut_arr_add_strncpy(call->doc, list, text, len);
        text += len + (text[len] == '\n');
    }
}

/* The same table for the README; "|" would end a cell there. */
static void markdown(struct shell_call *call)
{
    yyjson_mut_val *lines = put_array(call, call->out, "lines");
    yyjson_mut_arr_add_str(call->doc, lines, "| command | |");
    yyjson_mut_arr_add_str(call->doc, lines, "|---|---|");
    for (size_t i = 0; i < shell_command_count; i++) {
        const struct shell_command *cmd = &shell_commands[i];
        char line[512] = "| `";
        size_t at = strlen(line);
        const char *parts[] = {cmd->words, *cmd->args != '\0' ? " " : "", cmd->args, "` | ",
                               cmd->help, " |"};
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
            for (const char *c = parts[p]; *c != '\0' && at + 3 < sizeof line; c++) {
                if (*c == '|' && (p == 2 || p == 4)) {
                    line[at++] = '\\';
                }
                line[at++] = *c;
            }
        }
        line[at] = '\0';
        yyjson_mut_arr_add_strcpy(call->doc, lines, line);
    }
}

static bool begins_with(const char *words, const char *line)
{
    size_t len = strlen(line);
    return strncmp(words, line, len) == 0 && (len == 0 || words[len] == ' ' || words[len] == '\0');
}

/* Rows whose words begin with `line`. */
static size_t list(struct shell_call *call, const char *line)
{
    yyjson_mut_val *rows = yyjson_mut_arr(call->doc);
    for (size_t i = 0; i < shell_command_count; i++) {
        if (begins_with(shell_commands[i].words, line)) {
            add_row(call, rows, &shell_commands[i]);
        }
    }
    if (yyjson_mut_arr_size(rows) > 0) {
        yyjson_mut_obj_add_val(call->doc, call->out, "commands", rows);
    }
    return yyjson_mut_arr_size(rows);
}

static void explain(struct shell_call *call, const struct shell_command *cmd)
{
    put_text(call, call->out, "usage", "%s%s%s", cmd->words, *cmd->args != '\0' ? " " : "",
             cmd->args);
    put_text(call, call->out, "help", "%s", cmd->help);
    if (cmd->detail != NULL) {
        add_lines(call, put_array(call, call->out, "lines"), cmd->detail);
    }
}

int cmd_help(struct shell_call *call, struct errmsg *why)
{
    if (shell_flag(call, "--markdown")) {
        markdown(call);
        return 0;
    }
    char line[SHELL_LINE_MAX];
    if (shell_join(call->argc, call->argv, line, sizeof line) != 0) {
        return fail(why, ERR_INVALID, "too many words");
    }
    if (call->argc == 0) {
        list(call, "");
        return 0;
    }
    const struct shell_command *cmd;
    bool whole = shell_match(call->argc, call->argv, &cmd) == (size_t)call->argc;
    size_t below = 0;
    for (size_t i = 0; i < shell_command_count; i++) {
        below += begins_with(shell_commands[i].words, line);
    }
    if (below == 0) {
        call->advice = "help lists the commands";
        return fail(why, ERR_INVALID, "there is no command \"%s\"", line);
    }
    if (whole && below == 1) {
        explain(call, cmd);
    } else {
        list(call, line);
    }
    return 0;
}

/* "pre?" lists what begins so, "log ?" the options of log. */
int cmd_next_words(struct shell_call *call, struct errmsg *why)
{
    const struct shell_command *cmd;
    char line[SHELL_LINE_MAX];
    int argc = call->argc - 1;
    if (shell_join(argc, call->argv, line, sizeof line) != 0) {
        return fail(why, ERR_INVALID, "too many words");
    }
    size_t words = shell_match(argc, call->argv, &cmd);
    size_t rows = list(call, line);
    if (cmd == NULL && rows == 0) {
        return fail(why, ERR_NOT_FOUND, "nothing begins with \"%s\"", line);
    }
    if (cmd != NULL && (words < (size_t)argc || rows <= 1)) {
        yyjson_mut_obj_remove_key(call->out, "commands");
        explain(call, cmd);
        if (cmd->complete != NULL) {
            const char *choices[SHELL_CHOICES_MAX];
            size_t n = cmd->complete("", choices, SHELL_CHOICES_MAX);
            yyjson_mut_val *next = put_array(call, call->out, "next");
            for (size_t i = 0; i < n; i++) {
                yyjson_mut_arr_add_str(call->doc, next, choices[i]);
            }
        }
    }
    return 0;
}
