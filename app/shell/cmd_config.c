/* SPDX-License-Identifier: Apache-2.0 */
/* config: what is in force, what a key means, what is wrong. */
#include <stdio.h>
#include <string.h>

#include "app/shell/commands.h"

/* "section.key" of every row, and "section" once, for completion. Filled once. */
static char key_names[CONFIG_KEYS_MAX][64];
static const char *key_list[CONFIG_KEYS_MAX];
static size_t key_count;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void fill_keys(void)
{
    const struct config_row *row;
    for (size_t i = 0; (row = config_schema(i)) != NULL && i < CONFIG_KEYS_MAX; i++) {
        snprintf(key_names[i], sizeof key_names[i], "%s.%s", row->section, row->key);
        key_list[i] = key_names[i];
        key_count = i + 1;
    }
}

size_t complete_config_key(const char *prefix, const char **list, size_t max)
{
    size_t n = 0;
    pthread_once(&key_once, fill_keys);
    for (size_t i = 0; i < key_count && n < max; i++) {
        if (strncmp(key_list[i], prefix, strlen(prefix)) == 0) {
            list[n++] = key_list[i];
        }
    }
    return n;
}

/* Sections while nothing but a section is begun, then keys. */
size_t complete_config_part(const char *prefix, const char **list, size_t max)
{
    if (strchr(prefix, '.') != NULL) {
        return complete_config_key(prefix, list, max);
    }
    size_t n = 0;
    const struct config_row *row;
    for (size_t i = 0; (row = config_schema(i)) != NULL && n < max; i++) {
        bool seen = n > 0 && strcmp(list[n - 1], row->section) == 0;
        if (!seen && strncmp(row->section, prefix, strlen(prefix)) == 0) {
            list[n++] = row->section;
        }
    }
    return n;
}

static bool wanted(const struct config_row *row, const char *part)
{
    size_t len = strcspn(part, ".");
    return *part == '\0' || (strlen(row->section) == len && memcmp(row->section, part, len) == 0 &&
                             (part[len] == '\0' || strcmp(part + len + 1, row->key) == 0));
}

int cmd_config_show(struct shell_call *call, struct errmsg *why)
{
    struct app *app = call->app;
    int err = shell_no_more(call, 1, why);
    if (err != 0) {
        return err;
    }
    const char *part = call->argc > 0 ? call->argv[0] : "";
    const struct config_row *row;
    yyjson_mut_val *rows = put_array(call, call->out, "config");
    bool found = false;
    for (size_t i = 0; (row = config_schema(i)) != NULL; i++) {
        if (!wanted(row, part)) {
            continue;
        }
        found = true;
        char value[CONFIG_LINE_MAX];
        bool is_default = false;
        if (row->later || config_get(&app->config, row->section, row->key, value, sizeof value,
                                     &is_default) != 0) {
            continue;
        }
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(call->doc, rows);
        put_text(call, one, "key", "%s.%s", row->section, row->key);
        yyjson_mut_obj_add_strcpy(call->doc, one, "value", value);
        put_text(call, one, "from", "%s", is_default ? "default" : "config");
    }
    if (!found) {
        call->advice = "config show without a word shows all; TAB completes";
        return fail(why, ERR_INVALID, "there is no section or key \"%s\"", part);
    }
    return 0;
}

int cmd_config_explain(struct shell_call *call, struct errmsg *why)
{
    int err = shell_no_more(call, 1, why);
    if (err == 0 && call->argc == 0) {
        err = fail(why, ERR_INVALID, "which key?");
    }
    if (err != 0) {
        return err;
    }
    const struct config_row *row;
    for (size_t i = 0; (row = config_schema(i)) != NULL; i++) {
        if (strchr(call->argv[0], '.') == NULL || !wanted(row, call->argv[0])) {
            continue;
        }
        put_text(call, call->out, "key", "%s.%s", row->section, row->key);
        put_text(call, call->out, "help", "%s", row->help);
        put_text(call, call->out, "allowed", "%s", row->allowed);
        if (row->fallback != NULL) {
            put_text(call, call->out, "default", "%s", row->fallback);
        }
        put_bool(call, call->out, "secret", row->secret);
        put_bool(call, call->out, "required", row->required);
        char value[CONFIG_LINE_MAX];
        if (!row->later && config_get(&call->app->config, row->section, row->key, value,
                                      sizeof value, NULL) == 0) {
            yyjson_mut_obj_add_strcpy(call->doc, call->out, "now", value);
        }
        return 0;
    }
    call->advice = "config show lists the keys; TAB completes";
    return fail(why, ERR_INVALID, "there is no key \"%s\"", call->argv[0]);
}

int cmd_config_check(struct shell_call *call, struct errmsg *why)
{
    struct app *app = call->app;
    int err = shell_no_more(call, 0, why);
    if (err != 0) {
        return err;
    }
    if (app->config_error.text[0] != '\0') {
        call->exit = SHELL_USAGE;
        return fail(why, ERR_IO, "%s", app->config_error.text);
    }
    const struct config_mistakes *m = &app->mistakes;
    put_text(call, call->out, "summary", m->count == 0 ? "%s: no mistake" : "%s: mistakes",
             app->config_path);
    put_number(call, call->out, "mistakes", m->count);
    if (m->count == 0) {
        return 0;
    }
    yyjson_mut_val *list = put_array(call, call->out, "list");
    for (size_t i = 0; i < m->count && i < sizeof m->list / sizeof m->list[0]; i++) {
        const struct config_mistake *one = &m->list[i];
        char line[512];
        snprintf(line, sizeof line, "%s:%u: %s: %s", app->config_path, one->line, one->key,
                 one->text);
        yyjson_mut_arr_add_strcpy(call->doc, list, line);
    }
    call->exit = SHELL_USAGE;
    return 0;
}
