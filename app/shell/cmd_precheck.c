/* SPDX-License-Identifier: Apache-2.0 */
/* precheck: run the checks, or look at the last run. */
#include <string.h>

#include "app/shell/commands.h"

static void tell(void *ctx, const char *text)
{
    struct shell_call *call = ctx;
    call->progress(call, text);
}

int cmd_precheck(struct shell_call *call, struct errmsg *why)
{
    static atomic_flag running = ATOMIC_FLAG_INIT;
    /* A person reads them in the summary and the table. */
    static const char *const json_only[] = {"verdict", "when_ms", "counts", NULL};
    struct app *app = call->app;
    int err = 0;
    bool list = shell_flag(call, "--list");
    bool last = shell_flag(call, "--last");
    const char *detail = shell_option(call, "--detail", &err, why);
    err = err != 0 ? err : shell_no_more(call, 0, why);
    if (err != 0) {
        return err;
    }
    if (list) {
        precheck_list_json(call->doc, call->out, app->config.appliance.lang);
        return 0;
    }

    pthread_mutex_lock(&app->precheck_lock);
    bool known = app->precheck != NULL;
    pthread_mutex_unlock(&app->precheck_lock);
    if (last && !known) {
        call->advice = "precheck runs one now";
        return fail(why, ERR_NOT_FOUND, "no precheck has run since the program started");
    }
    if (!last && (detail == NULL || !known)) {
        if (atomic_flag_test_and_set(&running)) {
            call->advice = "wait for it, then precheck --last";
            return fail(why, ERR_BUSY, "somebody else's precheck is running");
        }
        err = app_precheck(app, call->cancel != NULL ? call->cancel : &app->stop,
                           call->progress != NULL ? tell : NULL, call, why);
        atomic_flag_clear(&running);
        if (err != 0) {
            call->exit = err == ERR_INVALID ? SHELL_USAGE : SHELL_NO;
            call->advice = err == ERR_INVALID ? "`config check` shows what is wrong with the config"
                                              : "precheck runs it again";
            return err;
        }
    }

    struct precheck_summary sum;
    pthread_mutex_lock(&app->precheck_lock);
    precheck_summarize(app->precheck, &sum);
    err = precheck_json(app->precheck, detail, call->doc, call->out, why);
    if (err == 0 && last) {
        put_changes(call);
    }
    pthread_mutex_unlock(&app->precheck_lock);
    if (err != 0) {
        call->advice = "precheck --list shows codes and names";
        call->exit = err == ERR_NOT_FOUND ? SHELL_USAGE : SHELL_NO;
        return err;
    }
    call->json_only = json_only;
    call->exit = sum.worst == VERDICT_FAIL || sum.worst == VERDICT_UNKNOWN ? SHELL_NO : SHELL_YES;
    return 0;
}
