/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers that put values into a result. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "app/shell/commands.h"

void put_text(struct shell_call *call, yyjson_mut_val *obj, const char *key, const char *fmt, ...)
{
    char buf[1400]; /* a relay's whole error and what stands around it */
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    yyjson_mut_obj_add_strcpy(call->doc, obj, key, buf);
}

void put_number(struct shell_call *call, yyjson_mut_val *obj, const char *key, uint64_t n)
{
    yyjson_mut_obj_add_uint(call->doc, obj, key, n);
}

void put_bool(struct shell_call *call, yyjson_mut_val *obj, const char *key, bool b)
{
    yyjson_mut_obj_add_bool(call->doc, obj, key, b);
}

void put_position(struct shell_call *call, yyjson_mut_val *obj, const char *key,
                  const struct store_pos *pos)
{
    if (pos->file[0] == '\0') {
        yyjson_mut_obj_add_null(call->doc, obj, key);
    } else {
        put_text(call, obj, key, "%s:%" PRIu64, pos->file, pos->offset);
    }
}

yyjson_mut_val *put_object(struct shell_call *call, yyjson_mut_val *obj, const char *key)
{
    return yyjson_mut_obj_add_obj(call->doc, obj, key);
}

yyjson_mut_val *put_array(struct shell_call *call, yyjson_mut_val *obj, const char *key)
{
    return yyjson_mut_obj_add_arr(call->doc, obj, key);
}

int need_store(struct shell_call *call, struct errmsg *why)
{
    struct app *app = call->app;
    if (app->store != NULL) {
        return 0;
    }
    if (app->mistakes.count > 0 || app->config_error.text[0] != '\0') {
        call->advice = "`config check` shows what is wrong with the config";
        return fail(why, ERR_NOT_FOUND, "there is no store, because there is no valid config");
    }
    return fail(why, ERR_NOT_FOUND, "there is no store: %s", app->store_error.text);
}
