/* SPDX-License-Identifier: Apache-2.0 */
/* status: the whole picture once, or a line each second. */
#include <time.h>

#include "app/shell/commands.h"

int cmd_status(struct shell_call *call, struct errmsg *why)
{
    bool follow = shell_flag(call, "--follow");
    int err = shell_no_more(call, 0, why);
    if (err != 0) {
        return err;
    }
    if (follow && call->progress == NULL) {
        call->advice = "ask again without --follow";
        return fail(why, ERR_INVALID, "--follow needs a door that waits");
    }
    while (follow && !shell_cancelled(call) && !atomic_load(&call->app->stop)) {
        char line[256];
        status_line(call->app, line, sizeof line);
        call->progress(call, line);
        for (int i = 0; i < 5 && !shell_cancelled(call); i++) {
            nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
        }
    }
    status_fill(call);
    return 0;
}
