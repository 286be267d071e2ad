/* SPDX-License-Identifier: Apache-2.0 */
/* The functions behind the table's rows (cmd_*.c), and what they share. */
#ifndef APP_SHELL_COMMANDS_H
#define APP_SHELL_COMMANDS_H

#include "app/shell/shell.h"
#include "app/task/app.h"

int cmd_help(struct shell_call *call, struct errmsg *why);
int cmd_status(struct shell_call *call, struct errmsg *why);
int cmd_precheck(struct shell_call *call, struct errmsg *why);
int cmd_task(struct shell_call *call, struct errmsg *why);
int cmd_task_start(struct shell_call *call, struct errmsg *why);
int cmd_task_stop(struct shell_call *call, struct errmsg *why);
int cmd_task_cancel(struct shell_call *call, struct errmsg *why);
int cmd_store(struct shell_call *call, struct errmsg *why);
int cmd_store_list(struct shell_call *call, struct errmsg *why);
int cmd_store_verify(struct shell_call *call, struct errmsg *why);
int cmd_store_purge(struct shell_call *call, struct errmsg *why);
int cmd_config_show(struct shell_call *call, struct errmsg *why);
int cmd_config_explain(struct shell_call *call, struct errmsg *why);
int cmd_config_check(struct shell_call *call, struct errmsg *why);
int cmd_log(struct shell_call *call, struct errmsg *why);
int cmd_reboot(struct shell_call *call, struct errmsg *why);
int cmd_poweroff(struct shell_call *call, struct errmsg *why);
int cmd_version(struct shell_call *call, struct errmsg *why);

size_t complete_config_key(const char *prefix, const char **list, size_t max);
size_t complete_config_part(const char *prefix, const char **list, size_t max);

/* `store ?`: what may follow call->argv (its last word is the question mark). ERR_NOT_FOUND when
 * nothing begins like this. */
int cmd_next_words(struct shell_call *call, struct errmsg *why);

/* The longest row whose words argv begins with; returns how many words it took. */
size_t shell_match(int argc, char **argv, const struct shell_command **found);

/* Puts {"code", "message", "do"} as "error" into the result; `advice` may be NULL. */
void shell_error(struct shell_call *call, const char *code, const char *message,
                 const char *advice);

/* Adds to the result, by formatting. */
void put_text(struct shell_call *call, yyjson_mut_val *obj, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void put_number(struct shell_call *call, yyjson_mut_val *obj, const char *key, uint64_t n);
void put_bool(struct shell_call *call, yyjson_mut_val *obj, const char *key, bool b);
/* "FILE:POS", or null while there is none. */
void put_position(struct shell_call *call, yyjson_mut_val *obj, const char *key,
                  const struct store_pos *pos);
yyjson_mut_val *put_object(struct shell_call *call, yyjson_mut_val *obj, const char *key);
yyjson_mut_val *put_array(struct shell_call *call, yyjson_mut_val *obj, const char *key);

/* "code", "name" and (in JSON) "title" of a row of the precheck's table; nothing for 0. */
void put_code(struct shell_call *call, yyjson_mut_val *obj, int code);
/* That and when the task was cancelled; nothing if it is not. */
void put_cancelled(struct shell_call *call);
/* The precheck's part of `status`: how the last run ended, and what has changed since. */
void put_precheck(struct shell_call *call);
/* "changes", the newest first: in JSON all about each, in text its time and its line. With
 * app->precheck_lock held. */
void put_changes(struct shell_call *call);

/* The store, or ERR_NOT_FOUND with the reason why there is none. */
int need_store(struct shell_call *call, struct errmsg *why);

/* The store's part of `status`, also the whole of `store`. */
void store_fill(struct shell_call *call, yyjson_mut_val *o, const struct store_state *s);

/* The whole of `status` into call->out; the page and the metrics are made from it, too. */
void status_fill(struct shell_call *call);
/* One line of progress for somebody who watches. */
void status_line(struct app *app, char *buf, size_t size);

#endif
