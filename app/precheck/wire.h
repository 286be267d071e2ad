/* SPDX-License-Identifier: Apache-2.0 */
/* A short look at what is really in the live binlog: what sessions wrote, whatever the global
 * variables say. It is also the trial of the right to read the binlog.
 *
 * It asks as mysqlbinlog does: not blocking, with server id 0 and without registering, so that it
 * is no replica, waits for nothing and throws no other reader out. */
#ifndef APP_PRECHECK_WIRE_H
#define APP_PRECHECK_WIRE_H

#include <stdatomic.h>

#include "app/precheck/facts.h"
#include "app/relay/event.h"
#include "app/relay/stream.h"
#include "base/reader.h"
#include "drivers/tls/db.h"

#define WIRE_BYTES_MAX  (1u << 20)
#define WIRE_EVENTS_MAX 2000
#define WIRE_FILE_START 4 /* behind the file's magic number */

/* What Q_WIRE asks, for the evidence: "COM_BINLOG_DUMP binlog.000003:4, not blocking", from the
 * answers about the binlog that `source` has. `before`: of the file before the current one. False:
 * they name no such file, so nothing can be read. */
bool wire_question(const struct server_facts *source, bool before, uint32_t from, char *buf,
                   size_t size);

/* Where the next look begins, so that it sees what was written since the last one: where the binlog
 * ended then. Only such a place is sure to be an event's; without one, the current file's start. */
uint32_t wire_since(const struct server_facts *last, const struct server_facts *now);

/* Reads that file from there; at most WIRE_BYTES_MAX, WIRE_EVENTS_MAX and max_ms of it, and
 * gives up within 250 ms when *stop becomes true. No event is held whole. The connection is of no
 * further use after it. OK: *out has rows of name and value (below); ERR_NOMEM; else why in *err,
 * with the server's errno, and *out is as it was. `secret` (or NULL) gets into no row. */
int wire_read(struct db *db, const struct server_facts *source, bool before, uint32_t from,
              const atomic_bool *stop, unsigned max_ms, const char *sql, const char *secret,
              struct answer *out, struct db_error *err);

/* Whether the answer shows nothing of how the source's sessions write, to its end: then the file
 * before it may. */
bool wire_was_idle(const struct answer *a);

/* ---- the counting, without a connection ---- */

/* Numbers of the answer, by their stable names (wire_count.c has them). Beside them the answer has
 * the rows "file" "current" (1: the one being written) "from" "to" "ended", and of the first
 * statement that changes data: "first_statement_dml" (its position), "first_statement_database",
 * "first_statement_thread" (the connection's id on the source), and "first_bad_checksum" (a
 * position). Never a statement's text. */
enum wire_number {
    WIRE_EVENTS, /* those that the file has */
    WIRE_BYTES,
    WIRE_TRANSACTIONS,
    WIRE_ROW_EVENTS,
    WIRE_ROWS_PARTIAL,     /* row events without some of the columns */
    WIRE_STATEMENT_DML,    /* statements that change data */
    WIRE_STATEMENT_SYSTEM, /* of these: in a system database */
    WIRE_STATEMENT_OTHER,  /* definitions, grants, … */
    WIRE_PARTIAL_JSON,
    WIRE_COMPRESSED_PAYLOAD, /* MySQL: whole transactions */
    WIRE_COMPRESSED_EVENTS,  /* MariaDB: single events */
    WIRE_ENCRYPTED,
    WIRE_GTID,
    WIRE_GTID_ANONYMOUS,
    WIRE_ANNOTATE_ROWS,
    WIRE_LOG_POS_ZERO,
    WIRE_LOG_POS_WRONG, /* the event does not end where it says: bytes are missing */
    WIRE_WITHOUT_CHECKSUM,
    WIRE_BAD_CHECKSUM,
    WIRE_UNKNOWN_TYPES,
    WIRE_NUMBERS
};
extern const char *const wire_names[WIRE_NUMBERS];

#define WIRE_END "end of binlog" /* `ended`: there is no more */

#define WIRE_PREFIX 4096 /* bytes of an event that are looked into */

struct wire {
    struct stream stream;
    char file[256]; /* set by the caller: events of others are not of interest */
    uint32_t from;
    uint64_t pos; /* end of the last whole event */
    uint64_t number[WIRE_NUMBERS];
    uint64_t taken;      /* bytes, for the limit */
    const char *ended;   /* why the reading ended well */
    bool begun;          /* the file's FORMAT_DESCRIPTION came */
    bool checksums;      /* as it says */
    bool in_transaction; /* where a statement that defines nothing changes data */
    uint64_t first_dml;  /* position; 0: none */
    uint64_t first_bad;  /* position; 0: none */
    uint32_t first_thread;
    char first_database[256];
    struct event_error refusal; /* number 0: none */
    uint8_t prefix[WIRE_PREFIX];
    uint8_t rest[8 * 1024];
};

/* Begins to count `file`, whose bytes from position `from` on come from `read`. */
void wire_begin(struct wire *w, const char *file, uint32_t from, stream_source read, void *ctx);
/* Counts until a limit is met or the dump ends; out of time (ERR_TIMEOUT from `read`) is a limit
 * too. ERR_SERVER: it ended with the server's error, see w->refusal. */
int wire_count(struct wire *w, struct errmsg *why);
/* Looks at the beginning of one event of the file; `r` begins with its header (wire_look.c). */
void wire_look(struct wire *w, const struct event_header *h, struct reader r);

/* Puts the rows. */
int wire_answer(const struct wire *w, bool current, const char *sql, struct answer *out);

#endif
