/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's watchdog device. */
#include "drivers/watchdog/watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool watchdog_start(struct watchdog *w, int timeout_s)
{
    w->timeout_s = timeout_s;
    w->fd = open("/dev/watchdog", O_WRONLY | O_CLOEXEC);
    if (w->fd < 0) {
        return false;
    }
    /* The device answers with what it can do; one that cannot choose keeps its own. */
    if (ioctl(w->fd, WDIOC_SETTIMEOUT, &w->timeout_s) != 0 &&
        ioctl(w->fd, WDIOC_GETTIMEOUT, &w->timeout_s) != 0) {
        w->timeout_s = timeout_s;
    }
    return true;
}

void watchdog_feed(struct watchdog *w)
{
    if (w->fd >= 0) {
        (void)ioctl(w->fd, WDIOC_KEEPALIVE, 0); /* a failure ends in what it is there for */
    }
}

void watchdog_stop(struct watchdog *w)
{
    if (w->fd >= 0) {
        ssize_t n = write(w->fd, "V", 1); /* the kernel's word for a close that disarms */
        (void)n;
        close(w->fd);
        w->fd = -1;
    }
}
