/* SPDX-License-Identifier: Apache-2.0 */
/* What more than one command shows of the precheck and its codes. */
#include <stdio.h>

#include "app/shell/commands.h"
#include "app/shell/text.h"

#define CODE_CANCELLED (-253)

void put_code(struct shell_call *call, yyjson_mut_val *obj, int code)
{
    char word[16];
    snprintf(word, sizeof word, "%d", code);
    const struct check *c = code != 0 ? run_find(word) : NULL;
    if (c != NULL) {
        yyjson_mut_obj_add_int(call->doc, obj, "code", code);
        put_text(call, obj, "name", "%s", c->name);
        /* In English it is what ought to hold: beside an error it would be misread. */
        enum config_lang lang = call->app->config.appliance.lang;
        if (call->json || lang == LANG_ZH) {
            put_text(call, obj, "title", "%s", check_title(c, lang));
        }
    }
}

void put_cancelled(struct shell_call *call)
{
    int64_t when_ms = app_task_cancelled_ms(call->app);
    if (when_ms != 0) {
        yyjson_mut_val *o = put_object(call, call->out, "cancelled");
        put_code(call, o, CODE_CANCELLED);
        put_number(call, o, "ended_at_ms", (uint64_t)when_ms);
    }
}

static void put_change(struct shell_call *call, yyjson_mut_val *list, const struct drift_change *c)
{
    yyjson_mut_val *row = yyjson_mut_arr_add_obj(call->doc, list);
    char text[768];
    drift_format(c, text, sizeof text);
    put_number(call, row, "time_at_ms", (uint64_t)c->when_ms);
    if (call->json) {
        if (c->check->code != 0) {
            yyjson_mut_obj_add_int(call->doc, row, "code", c->check->code);
        } else {
            yyjson_mut_obj_add_null(call->doc, row, "code");
        }
        put_text(call, row, "name", "%s", c->check->name);
        put_text(call, row, "from", "%s", verdict_name(c->from));
        put_text(call, row, "to", "%s", verdict_name(c->to));
        put_text(call, row, "at", "%s", c->at);
        put_text(call, row, "why", "%s", c->why);
    }
    put_text(call, row, "change", "%s", text);
}

void put_changes(struct shell_call *call)
{
    yyjson_mut_val *list = put_array(call, call->out, "changes");
    const struct drift_change *c = NULL;
    for (unsigned back = 0; (c = drift_get(&call->app->drift, back)) != NULL; back++) {
        put_change(call, list, c);
    }
}

void put_precheck(struct shell_call *call)
{
    struct app *app = call->app;
    pthread_mutex_lock(&app->precheck_lock);
    if (app->precheck != NULL) {
        struct precheck_summary sum;
        precheck_summarize(app->precheck, &sum);
        put_text(call, call->out, "precheck", "%s", sum.text);
    }
    put_number(call, call->out, "precheck_changes", app->drift.count);
    const struct drift_change *c = drift_get(&app->drift, 0);
    if (c != NULL) {
        char when[32], text[768];
        text_time(when, sizeof when, c->when_ms);
        drift_format(c, text, sizeof text);
        put_text(call, call->out, "last_change", "%s %s", when, text);
    }
    if (call->json) {
        put_changes(call);
    }
    pthread_mutex_unlock(&app->precheck_lock);
}
