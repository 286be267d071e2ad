/* SPDX-License-Identifier: Apache-2.0 */
/* One event after the other from the stream into the store: positions, checksums, files. */
#ifndef APP_RELAY_PUMP_H
#define APP_RELAY_PUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "app/relay/stream.h"
#include "app/store/store.h"
#include "base/err.h"

#define PUMP_SCRATCH_SIZE 4096

struct pump {
    struct store *store;
    struct stream *stream;
    /* Called while the store is full; false gives up (ERR_CANCELLED). */
    bool (*wait_for_room)(void *ctx);
    void *ctx;

    char source[STORE_SOURCE_MAX + 1];
    bool stream_checksums;    /* artificial events before the first FDE carry a CRC-32 */
    bool file_checksums;      /* the present file's events do */
    struct store_pos pos;     /* the next event of the stream begins here; file "" = none yet */
    struct store_pos settled; /* end of the last event given to the store whole: a new dump goes on
                               * from here, and what is stored before it is never cut */
    uint64_t compare_to;      /* stored bytes from pos to here are compared, not written again */
    uint64_t differs_at;      /* first settled byte that came differently; UINT64_MAX: none */
    bool fresh;               /* the store has no file yet: the first event begins it */
    char announced[STORE_NAME_MAX + 1]; /* the next file by the ROTATE in the present one, or "" */

    uint64_t bytes, events, files; /* counters for the status */
    uint64_t crc_errors;
    uint64_t dirty;           /* content bytes appended since the last flush */
    uint32_t last_event_s;
    unsigned server_errno;    /* with ERR_SERVER: the source's number */

    uint8_t scratch[PUMP_SCRATCH_SIZE];
};

/* Prepares for a dump that begins at `from`; with `fresh` the store holds nothing of it yet and
 * the file is begun (its 4 magic bytes included when from->offset is 4). */
int pump_start(struct pump *p, const struct store_pos *from, bool fresh, struct errmsg *why);

/* Reads the file again from its start, comparing: for a position that no dump can name. */
void pump_from_start(struct pump *p);

/* Takes one event off the stream. 0, or: ERR_SERVER (server_errno set), ERR_GAP, ERR_CORRUPT (a
 * checksum; the event's bytes are void again), ERR_FOREIGN (not the history that is stored),
 * ERR_PROTOCOL, the store's and the stream's own. After an error a new dump from pump->settled
 * goes on. */
int pump_event(struct pump *p, struct errmsg *why);

#endif
