/* SPDX-License-Identifier: Apache-2.0 */
/* Where the box's time comes from. Without a clock chip it starts at the image's build time, then
 * NTP sets it, else the source's clock does. On a host the clock is the host's and never set. */
#ifndef DRIVERS_CLOCK_CLOCK_H
#define DRIVERS_CLOCK_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum clock_source {
    CLOCK_HOST,   /* a Linux host's: known, not ours to set */
    CLOCK_BUILD,  /* the image's build time: not known */
    CLOCK_CHIP,   /* a clock chip that is past the build time */
    CLOCK_NTP,
    CLOCK_SOURCE, /* the source server's clock */
};

/* The time now has this origin; read from the box's own record each time. */
enum clock_source clock_source(void);
const char *clock_source_name(enum clock_source s); /* "host" "build" "chip" "ntp" "source" */

/* Whether the time is anything but a guess. */
bool clock_known(void);

/* Init, at boot: a clock that is before build_time_s (seconds since 1970) is set to it. */
int clock_start(int64_t build_time_s, struct errmsg *why);

/* A time server told that the clock is wrong by offset_us: less than half a second is slewed,
 * more is stepped. */
int clock_set_from_ntp(int64_t offset_us, struct errmsg *why);

/* The relay: the source's UNIX_TIMESTAMP(). Taken only while nothing better is known (ERR_BUSY
 * else, and always on a host); ERR_INVALID for a time before the build. */
int clock_set_from_source(int64_t epoch_s, struct errmsg *why);

#endif
