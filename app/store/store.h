/* SPDX-License-Identifier: Apache-2.0 */
/* The store: an append-only log of named byte streams in checksummed segments on a flash device.
 *
 * It keeps *files* (a name, bytes by 64-bit offset) in the order they were appended. It knows
 * nothing of what the bytes mean: the writer tells it where a verified boundary is. The format is
 * in FORMAT.md. One writer thread; any number of readers; every function but the append path's
 * reserve/advance takes the store's lock for a bounded time. */
#ifndef APP_STORE_STORE_H
#define APP_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "drivers/flash/flash.h"

#define STORE_NAME_MAX 255   /* bytes of a file's name, without NUL */
#define STORE_SOURCE_MAX 127 /* bytes of a source's identity, without NUL */

struct store;

struct store_options {
    uint32_t segment_size; /* bytes; 0: choose by the device's size. Only used when formatting. */
    bool read_only;        /* nothing on the device changes, nothing is recovered onto it */
    bool no_digest;        /* leave the cryptographic digest out (for measuring its cost only) */
};

struct store_pos {
    char file[STORE_NAME_MAX + 1]; /* "" = nothing stored yet */
    uint64_t offset;
};

/* What opening found; a sentence for the log is in `summary`. */
struct store_report {
    bool formatted;        /* the device was blank and has been formatted */
    uint64_t torn_bytes;   /* unacknowledged bytes cut from the tail, as far as they can be told */
    uint64_t damaged;      /* segments or frames that were acknowledged and are damaged */
    char summary[256];
};

/* A true picture at one moment. */
struct store_state {
    uint8_t uuid[16];
    uint32_t segment_size;
    uint32_t segments;           /* on the device */
    uint32_t segments_used;      /* hold data that is not released */
    uint32_t segments_free;      /* may be written before anything must be released */
    uint64_t capacity_bytes;     /* content bytes a full store can hold, about */
    uint64_t content_bytes;      /* content bytes now readable */
    uint64_t free_bytes;         /* content bytes that still fit before the intake stops, about */
    uint64_t sealed;             /* segments sealed since the store was formatted (newest seq) */
    bool full;                   /* the last append met ERR_FULL and nothing was released since */
    char source[STORE_SOURCE_MAX + 1];
    struct store_pos first;      /* oldest readable byte */
    struct store_pos committed;  /* end of what is verified AND flushed: this may be reported */
    struct store_pos end;        /* end of what was appended */
    struct store_pos released;   /* everything before this was delivered */
    uint64_t time_s;             /* the writer's time stamp at `committed` (seconds since 1970) */
};

/* Writes a fresh, empty store over whatever is there. */
int store_format(struct flash *f, const struct store_options *opt, struct errmsg *why);

/* Opens and recovers. A blank device (all 00 or all FF where it is looked at) is formatted unless
 * read_only; anything else that is no store is ERR_FOREIGN and stays untouched; another version
 * ERR_VERSION; a device shorter than the store says ERR_CORRUPT. `f` stays the caller's and must
 * outlive the store. *report may be NULL. */
int store_open(struct flash *f, const struct store_options *opt, struct store **out,
               struct store_report *report, struct errmsg *why);
void store_close(struct store *s); /* flushes nothing; NULL is fine */

/* ---- the append path: one writer, no allocation ---- */

/* Starts (or goes on with) file `name` of `source` at `offset`: 0 for a new file, else the place
 * where the copy begins. Ends the file before. */
int store_begin_file(struct store *s, const char *source, const char *name, uint64_t offset,
                     struct errmsg *why);

/* Room for the next content bytes, inside the frame buffer: *room >= 1 bytes at the returned
 * address, valid until the next call on the append path. NULL with *err set (ERR_FULL: the intake
 * stops until something is released; ERR_IO). */
uint8_t *store_reserve(struct store *s, size_t *room, int *err, struct errmsg *why);
void store_advance(struct store *s, size_t used);

/* reserve + copy + advance. On an error nothing or a part was taken: see store_end(). */
int store_append(struct store *s, const void *bytes, size_t len, struct errmsg *why);

/* Everything appended so far ends at a verified boundary; `time_s` is the writer's time stamp for
 * it. Cheap, in memory; durable with the next flush. */
void store_commit(struct store *s, uint32_t time_s);

/* Programs what is buffered and syncs. After 0, state.committed is the last commit. ERR_FULL: what
 * did not fit stays buffered; flush again after something was released. */
int store_flush(struct store *s, struct errmsg *why);

/* The bytes of the current file from `offset` to its end are void (they failed verification, or
 * the source lost them); the next append goes to `offset`. Durable at return. `offset` is never
 * before the last released byte. */
int store_cut(struct store *s, uint64_t offset, struct errmsg *why);

/* The current file is complete: no byte follows. Durable with the next flush. */
int store_end_file(struct store *s, struct errmsg *why);

/* Where the next appended byte goes (buffered bytes count). For the writer thread. */
void store_end(struct store *s, struct store_pos *end);

/* For the writer after (re)opening: the device may hold bytes of the current file behind
 * `committed` that nobody verified. Reads programmed bytes up to `end`, verified or not; *got = 0
 * at the end. Errors as store_read. */
int store_peek(struct store *s, uint64_t offset, void *buf, size_t len, size_t *got,
               struct errmsg *why);

/* Compares bytes that were fetched again with what is stored of the current file from `offset` on:
 * *equal is the number of leading bytes that agree (never more than are stored up to `end`). Where
 * *equal < len and offset + *equal < end they differ: store_cut() there, then append. */
int store_compare(struct store *s, uint64_t offset, const void *bytes, size_t len, size_t *equal,
                  struct errmsg *why);

/* ---- release ---- */

/* Everything before (file, offset) was delivered and may be reused; whole segments are freed.
 * ERR_NOT_FOUND if it is not a stored position, ERR_INVALID if it lies after `committed`. Durable
 * at return. *freed (may be NULL) is the number of segments freed. A position before the released
 * one changes nothing. On a full store a release that frees no segment is ERR_FULL. Any thread. */
int store_release(struct store *s, const char *file, uint64_t offset, uint32_t *freed,
                  struct errmsg *why);

/* ---- reading, any thread ---- */

void store_get_state(struct store *s, struct store_state *state);

struct store_file {
    char name[STORE_NAME_MAX + 1];
    char source[STORE_SOURCE_MAX + 1];
    uint64_t from;       /* first stored offset: 0 unless joined in mid-file or partly released */
    uint64_t to;         /* end of the committed bytes */
    bool complete;       /* the file was ended */
    bool damaged;        /* a gap or bad checksum is known in [from, to) */
    uint64_t first_seq, last_seq; /* segments it lies in */
};

/* The files in log order: index 0, 1, 2 … until ERR_NOT_FOUND. */
int store_file_at(struct store *s, size_t index, struct store_file *out, struct errmsg *why);

/* Reads up to len committed bytes of `file` from `offset`, each frame's checksum verified before a
 * byte is given out. *got = 0 at the end of what is committed. ERR_NOT_FOUND for an unknown file
 * or an offset outside [from, to]; ERR_CORRUPT names the damaged range (never skipped). */
int store_read(struct store *s, const char *file, uint64_t offset, void *buf, size_t len,
               size_t *got, struct errmsg *why);

/* The same for the file that store_file_at(index) gives: two files may have one name (the source
 * began its numbering again); store_read() takes the newest of them. */
int store_read_at(struct store *s, size_t index, uint64_t offset, void *buf, size_t len,
                  size_t *got, struct errmsg *why);

/* One stretch of damage, or of a verify's progress. */
struct store_finding {
    uint64_t seq;                  /* segment */
    uint32_t slot;                 /* its place on the device: see device_offset */
    uint64_t device_offset;        /* of the damage, bytes from the device's start */
    char what[64]; /* "frame checksum", "segment digest", "segment header", "seal", "missing" … */
    char file[STORE_NAME_MAX + 1]; /* the file at that place; "" when it is not known */
    uint64_t from, to;             /* content range that cannot be trusted, in `file`; from == to
                                    * when no content is touched */
};

struct store_verify_result {
    uint64_t segments, frames, content_bytes; /* looked at */
    uint64_t findings;
};

/* Reads and checks everything that is not released: headers, frames, pads, seals, digests, the
 * chain. Calls `found` for each finding and `progress` (either may be NULL) per segment;
 * progress returns false to stop (ERR_CANCELLED). Neither may call the store. 0 = ran to the end;
 * findings tells the verdict. */
int store_verify(struct store *s, void (*found)(void *ctx, const struct store_finding *f),
                 bool (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
                 struct store_verify_result *result, struct errmsg *why);

#endif
