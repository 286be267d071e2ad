/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks in milliseconds: one for people, one for measuring. */
#ifndef BASE_NOW_H
#define BASE_NOW_H

#include <stdint.h>
#include <time.h>

static inline int64_t now_clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Since 1970; may jump when the clock is set. */
static inline int64_t now_wall_ms(void)
{
    return now_clock_ms(CLOCK_REALTIME);
}

/* Since some moment; never jumps. */
static inline int64_t now_monotonic_ms(void)
{
    return now_clock_ms(CLOCK_MONOTONIC);
}

#endif
