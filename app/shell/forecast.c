/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of samples, one every ten minutes for a day, and the newest. */
#include "app/shell/forecast.h"

#include <pthread.h>

#define EVERY_S 600
#define SAMPLES (24 * 3600 / EVERY_S)
#define LEAST_S 60

struct sample {
    uint64_t bytes, at_s;
};

static struct {
    pthread_mutex_t lock;
    struct sample ring[SAMPLES];
    uint64_t count; /* kept since the start; the newest is ring[(count - 1) % SAMPLES] */
    struct sample now;
} past = {.lock = PTHREAD_MUTEX_INITIALIZER};

void forecast_note(uint64_t bytes, uint64_t now_s)
{
    pthread_mutex_lock(&past.lock);
    past.now = (struct sample){bytes, now_s};
    if (past.count == 0 || now_s - past.ring[(past.count - 1) % SAMPLES].at_s >= EVERY_S) {
        past.ring[past.count % SAMPLES] = past.now;
        past.count++;
    }
    pthread_mutex_unlock(&past.lock);
}

bool forecast_get(uint64_t free_bytes, struct forecast *f)
{
    pthread_mutex_lock(&past.lock);
    struct sample now = past.now;
    struct sample oldest = past.ring[past.count > SAMPLES ? past.count % SAMPLES : 0];
    bool known = past.count > 0 && now.at_s - oldest.at_s >= LEAST_S;
    pthread_mutex_unlock(&past.lock);
    *f = (struct forecast){.rate = 0};
    if (!known) {
        return false;
    }
    f->over_s = now.at_s - oldest.at_s;
    uint64_t bytes = now.bytes - oldest.bytes;
    f->rate = bytes / f->over_s;
    if (bytes > 0) {
        f->fills = true;
        f->fills_in_s = (uint64_t)((double)free_bytes / (double)bytes * (double)f->over_s);
    }
    return true;
}
