/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog: restarts the box when nobody feeds it any more. */
#ifndef DRIVERS_WATCHDOG_WATCHDOG_H
#define DRIVERS_WATCHDOG_WATCHDOG_H

#include <stdbool.h>

struct watchdog {
    int fd;             /* -1: this box has none */
    int timeout_s;
};

/* Starts the watchdog of the box, if it has one, with about timeout_s. */
bool watchdog_start(struct watchdog *w, int timeout_s);

/* To be called well within timeout_s. Nothing without a watchdog. */
void watchdog_feed(struct watchdog *w);

/* Disarms it: the box goes off and shall stay off. */
void watchdog_stop(struct watchdog *w);

#endif
