/* SPDX-License-Identifier: Apache-2.0 */
/* task: what the migration task is and does, and its switch. */
#include "app/shell/commands.h"

int cmd_task(struct shell_call *call, struct errmsg *why)
{
    static const char *const modes[] = {
        [MODE_ONLINE] = "online", [MODE_BACKUP] = "backup", [MODE_SCHEMA] = "schema"};
    struct app *app = call->app;
    int err = shell_no_more(call, 0, why);
    if (err != 0) {
        return err;
    }
    const char *stage = app_task_stage(app);
    put_text(call, call->out, "name", "%s",
             app->config.task.name != NULL ? app->config.task.name : "");
    put_text(call, call->out, "stage", "%s", stage);
    put_cancelled(call);
    put_text(call, call->out, "mode", "%s", modes[app->config.task.mode]);
    put_bool(call, call->out, "autostart", app->config.task.autostart);
    if (app->relay != NULL) {
        struct relay_status r;
        relay_get_status(app->relay, &r);
        put_text(call, call->out, "phase", "%s", relay_phase_name(r.phase));
        put_position(call, call->out, "ours", &r.stored);
    }
    return 0;
}

int cmd_task_start(struct shell_call *call, struct errmsg *why)
{
    int err = shell_no_more(call, 0, why);
    if (err == 0) {
        call->advice = "see status";
        err = app_task_start(call->app, why);
    }
    if (err == 0) {
        put_text(call, call->out, "summary", "started; status shows how far it is");
        put_text(call, call->out, "stage", "%s", app_task_stage(call->app));
    }
    return err;
}

int cmd_task_stop(struct shell_call *call, struct errmsg *why)
{
    int err = shell_no_more(call, 0, why);
    if (err == 0) {
        call->advice = "see status";
        err = app_task_stop(call->app, why);
    }
    if (err == 0) {
        put_text(call, call->out, "summary", "stopped; task start goes on where the store ends");
        put_text(call, call->out, "stage", "%s", app_task_stage(call->app));
    }
    return err;
}

int cmd_task_cancel(struct shell_call *call, struct errmsg *why)
{
    int err = shell_no_more(call, 0, why);
    if (err == 0) {
        call->advice = "see status";
        err = app_task_cancel(call->app, why);
    }
    if (err == 0) {
        put_text(call, call->out, "summary",
                 "cancelled, and ended: what is stored stays readable; task start begins again "
                 "where the store ends");
        put_text(call, call->out, "stage", "%s", app_task_stage(call->app));
        put_cancelled(call);
    }
    return err;
}
