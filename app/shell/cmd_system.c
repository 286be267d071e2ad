/* SPDX-License-Identifier: Apache-2.0 */
/* version, reboot, poweroff. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "app/shell/commands.h"
#include "app/task/init.h"
#include "base/log.h"
#include "version.h"

int cmd_version(struct shell_call *call, struct errmsg *why)
{
    int err = shell_no_more(call, 0, why);
    if (err == 0) {
        put_text(call, call->out, "version", "%s", SLUICE_VERSION);
        put_text(call, call->out, "build", "%s", SLUICE_COMMIT);
    }
    return err;
}

/* The image only: a program on a host has no say over the host. */
static int tell_init(struct shell_call *call, int signal_number, const char *what,
                     struct errmsg *why)
{
    int err = shell_no_more(call, 0, why);
    if (err != 0) {
        return err;
    }
#ifdef CONFIG_BOARD_HOST
    call->advice = "stop it with SIGTERM, or by the service manager that started it";
    return fail(why, ERR_NOT_FOUND, "this is a program on a host, not an appliance of its own");
#else
    if (kill(1, signal_number) != 0) {
        return fail_errno(why, ERR_IO, "init cannot be told");
    }
    log_info("shell", "%s asked for", what);
    put_text(call, call->out, "summary", "%s: what is relayed is flushed first", what);
    return 0;
#endif
}

int cmd_reboot(struct shell_call *call, struct errmsg *why)
{
    return tell_init(call, INIT_SIGNAL_REBOOT, "reboot", why);
}

int cmd_poweroff(struct shell_call *call, struct errmsg *why)
{
    return tell_init(call, INIT_SIGNAL_POWEROFF, "power-off", why);
}
