/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the store fills, over the last day, and when it is full at that pace. */
#ifndef APP_SHELL_FORECAST_H
#define APP_SHELL_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

struct forecast {
    uint64_t rate;       /* bytes taken in per second */
    uint64_t over_s;     /* measured over the last so many seconds, at most a day */
    bool fills;          /* false: nothing came in, full_in is unknown */
    uint64_t fills_in_s;
};

/* Notes how many bytes were taken in since the start. Called about once a second; keeps a sample
 * every ten minutes. `now_s` is a clock that does not jump. */
void forecast_note(uint64_t bytes, uint64_t now_s);

/* False until a minute of samples is there. */
bool forecast_get(uint64_t free_bytes, struct forecast *f);

#endif
