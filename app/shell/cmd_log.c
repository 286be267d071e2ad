/* SPDX-License-Identifier: Apache-2.0 */
/* log: the last lines of the ring, and those that come. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/shell/commands.h"
#include "base/log.h"

#define LINES_USUAL 20

static int read_level(const char *name, enum log_level *level, struct errmsg *why)
{
    for (int l = LOG_ERROR; l <= LOG_DEBUG; l++) {
        if (strcmp(name, log_level_name((enum log_level)l)) == 0) {
            *level = (enum log_level)l;
            return 0;
        }
    }
    return fail(why, ERR_INVALID, "\"%.40s\" is no level: error, warn, info or debug", name);
}

static void add_line(struct shell_call *call, yyjson_mut_val *list, const struct log_line *line)
{
    yyjson_mut_val *one = yyjson_mut_arr_add_obj(call->doc, list);
    put_number(call, one, "number", line->number);
    put_number(call, one, "time_at_ms", (uint64_t)line->time_ms);
    put_text(call, one, "level", "%s", log_level_name(line->level));
    put_text(call, one, "part", "%s", line->part);
    put_text(call, one, "text", "%s", line->text);
}

/* One line at once, as the door's user wants it. */
static void tell_line(struct shell_call *call, const struct log_line *line)
{
    char text[CONFIG_LOG_LINE_MAX + 80];
    if (call->json) {
        yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        struct shell_call scratch = {.doc = doc};
        yyjson_mut_val *list = doc != NULL ? yyjson_mut_arr(doc) : NULL;
        if (list != NULL) {
            add_line(&scratch, list, line);
            char *json = shell_render_json(yyjson_mut_arr_get_first(list));
            snprintf(text, sizeof text - 1, "%s", json != NULL ? json : "{}");
            free(json);
        }
        yyjson_mut_doc_free(doc);
    } else {
        log_format(line, text, sizeof text - 1);
    }
    strcat(text, "\n");
    call->progress(call, text);
}

static void follow(struct shell_call *call, uint64_t after, enum log_level level)
{
    while (!shell_cancelled(call) && !atomic_load(&call->app->stop)) {
        struct log_line line;
        while (log_next(after, &line)) {
            after = line.number;
            if (line.level <= level) {
                tell_line(call, &line);
            }
        }
        nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    }
}

int cmd_log(struct shell_call *call, struct errmsg *why)
{
    int err = 0;
    enum log_level level = LOG_DEBUG;
    unsigned long count = LINES_USUAL;
    bool follows = shell_flag(call, "--follow");
    const char *n = shell_option(call, "-n", &err, why);
    const char *name = err == 0 ? shell_option(call, "--level", &err, why) : NULL;
    err = err != 0 ? err : shell_no_more(call, 0, why);
    err = err != 0 || name == NULL ? err : read_level(name, &level, why);
    if (err != 0) {
        return err;
    }
    if (n != NULL) {
        char *end = NULL;
        count = strtoul(n, &end, 10);
        if (*n < '0' || *n > '9' || *end != '\0' || count == 0) {
            return fail(why, ERR_INVALID, "-n: \"%.40s\" is not a number of lines", n);
        }
    }
    if (follows && call->progress == NULL) {
        call->advice = "ask again without --follow";
        return fail(why, ERR_INVALID, "--follow needs a door that waits");
    }

    /* Numbers of the wanted lines, without holding copies of all: count, then skip. */
    struct log_line line;
    uint64_t total = 0, skipped = 0, last = 0;
    for (uint64_t after = 0; log_next(after, &line); after = line.number) {
        total += line.level <= level;
    }
    yyjson_mut_val *list = follows ? NULL : put_array(call, call->out, "log");
    for (uint64_t after = 0; log_next(after, &line); after = line.number) {
        last = line.number;
        if (line.level > level || skipped + count < total) {
            skipped += line.level <= level;
            continue;
        }
        if (follows) {
            tell_line(call, &line);
        } else {
            add_line(call, list, &line);
        }
    }
    if (follows) {
        follow(call, last, level);
    }
    return 0;
}
