/* SPDX-License-Identifier: Apache-2.0 */
/* The relay: follows the source's binlog as a replica and appends it to the store, byte for byte.
 * One thread. Its whole state is in the store; this struct only shows it. */
#ifndef APP_RELAY_RELAY_H
#define APP_RELAY_RELAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/store/store.h"
#include "base/err.h"
#include "config/config.h"

enum relay_phase {
    RELAY_IDLE,       /* not started */
    RELAY_CONNECTING, /* logging in */
    RELAY_STREAMING,  /* events come, or the source has none */
    RELAY_WAITING,    /* lost the source; tries again at next_try_ms */
    RELAY_FULL,       /* the store is full: the intake stands still until something is released */
    RELAY_STOPPED,    /* told to stop, and has */
    RELAY_FAILED,     /* met what retrying cannot mend; `error` says what and what to do */
};

struct relay_status {
    enum relay_phase phase;
    bool caught_up;                /* equal to the source's position, asked at asked_ms */
    struct store_pos source;       /* the source's end as last asked; file "" = not asked yet */
    int64_t asked_ms;
    struct store_pos stored;       /* ours: verified and flushed */
    uint64_t behind_bytes;         /* in the same file; UINT64_MAX when files differ */
    uint64_t bytes, events, files; /* relayed since the program started */
    uint64_t rate;                 /* bytes per second over the last seconds */
    uint32_t last_event_s;         /* time stamp of the last event, seconds since 1970 */
    uint32_t connects, retries;
    uint32_t crc_errors;
    int64_t next_try_ms;           /* wall clock, with RELAY_WAITING */
    char server[64];               /* "MariaDB 10.11.19" */
    char tls[64];                  /* "TLSv1.3 TLS_AES_256_GCM_SHA384", "off" */
    char error_class[32];          /* stable name: "login", "purged", "network" … */
    int error_code;                /* its number in the precheck's table, 0: none */
    char error[1024];              /* the last error and what to do; "" once caught up again */
};

struct relay;

/* Neither takes ownership; both must outlive the relay. */
int relay_create(const struct config *cfg, struct store *store, struct relay **out,
                 struct errmsg *why);
int relay_start(struct relay *r, struct errmsg *why); /* ERR_BUSY if it runs */
void relay_stop(struct relay *r);                     /* flushes, waits for the thread */
void relay_destroy(struct relay *r);                  /* stops first; NULL is fine */
void relay_get_status(struct relay *r, struct relay_status *status);
const char *relay_phase_name(enum relay_phase phase);
/* "-256 network"; without a code "full". */
void relay_error_label(int code, const char *class, char *buf, size_t size);

#endif
