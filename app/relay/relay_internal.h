/* SPDX-License-Identifier: Apache-2.0 */
/* What the relay's thread (relay.c) and its look at the source's end (watch.c) share. */
#ifndef APP_RELAY_RELAY_INTERNAL_H
#define APP_RELAY_RELAY_INTERNAL_H

#include <pthread.h>

#include "app/relay/login.h"
#include "app/relay/pump.h"
#include "app/relay/relay.h"
#include "app/relay/stream.h"

struct relay {
    const struct config *cfg;
    struct store *store;

    pthread_mutex_t lock; /* guards status, running, changed's predicate */
    pthread_cond_t changed;
    struct relay_status status;
    bool running; /* threads exist and must be joined */
    pthread_t thread, watcher;
    atomic_bool stop;

    /* The thread's own. */
    struct stream stream;
    struct pump pump;
    struct db *db;
    struct db_error db_error;
    struct source_facts facts;
    int64_t dirty_since_ms; /* monotonic; 0 = nothing waits for a flush */
    int64_t rate_since_ms;
    uint64_t rate_bytes;
    unsigned repeats;          /* bounded failures in a row at the same position */
    struct store_pos repeat_at;
};

/* What went wrong before is over; with r->lock held. */
void relay_forget_error(struct relay *r);

/* Sleeps, but wakes at once when the relay is stopped. */
void relay_sleep_ms(struct relay *r, int64_t ms);

void *relay_watch_main(void *relay);

#endif
