/* SPDX-License-Identifier: Apache-2.0 */
/* A second connection that asks the source where its binlog ends, so that "caught up" is a fact. */
#include <stdio.h>
#include <string.h>

#include "app/relay/relay_internal.h"
#include "base/log.h"
#include "base/now.h"

#define ASK_EVERY_MS 2000
#define RETRY_MS 10000

static bool streaming(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    bool yes = r->status.phase == RELAY_STREAMING || r->status.phase == RELAY_FULL;
    pthread_mutex_unlock(&r->lock);
    return yes;
}

static int ask(struct relay *r, struct db *db, struct db_error *err)
{
    struct store_pos end;
    int64_t asked = now_wall_ms();
    int rc = source_position(db, &end, err);
    if (rc != OK) {
        return rc;
    }
    /* What is ours is read after the source answered: equal then means that nothing was missing at
     * that moment. */
    struct store_state state;
    store_get_state(r->store, &state);
    struct store_pos ours = state.committed;
    if (ours.file[0] == '\0') { /* nothing yet: where the dump began */
        pthread_mutex_lock(&r->lock);
        ours = r->status.stored;
        pthread_mutex_unlock(&r->lock);
    }
    uint64_t behind = UINT64_MAX;
    if (ours.file[0] != '\0') {
        rc = source_distance(db, &ours, &end, &behind, err);
        if (rc != OK) {
            return rc;
        }
    }
    pthread_mutex_lock(&r->lock);
    r->status.source = end;
    r->status.asked_ms = asked;
    r->status.behind_bytes = behind;
    r->status.caught_up = behind == 0 && r->status.phase == RELAY_STREAMING;
    if (r->status.caught_up) { /* a quiet source sends no event that would end the trouble */
        relay_forget_error(r);
    }
    pthread_mutex_unlock(&r->lock);
    return OK;
}

void *relay_watch_main(void *relay)
{
    struct relay *r = relay;
    struct db *db = NULL;
    bool complained = false;
    while (!atomic_load(&r->stop)) {
        if (!streaming(r)) {
            db_close(db);
            db = NULL;
            relay_sleep_ms(r, 200);
            continue;
        }
        struct db_error err = {0};
        int rc = OK;
        if (db == NULL) {
            struct db_target target;
            source_target(r->cfg, &r->stop, r->cfg->source.timeout_s, &target);
            rc = db_open(&target, &db, &err);
        }
        if (rc == OK) {
            rc = ask(r, db, &err);
        }
        if (rc != OK && rc != ERR_CANCELLED) {
            if (!complained) {
                log_warn("relay", "cannot ask the source for its position: %s", err.text);
                complained = true;
            }
            db_close(db);
            db = NULL;
            relay_sleep_ms(r, RETRY_MS);
            continue;
        }
        complained = false;
        relay_sleep_ms(r, ASK_EVERY_MS);
    }
    db_close(db);
    return NULL;
}
