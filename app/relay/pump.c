/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's path: no allocation, no event held whole, every stored byte under a checked CRC. */
#include "app/relay/pump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/relay/event.h"
#include "base/crc32.h"
#include "base/reader.h"

/* A binlog file starts with these (MySQL's BINLOG_MAGIC); the stream leaves them out. */
static const uint8_t magic[4] = {0xfe, 'b', 'i', 'n'};

#define BIG_EVENT (256u * 1024) /* smaller ones fit into any store */

/* Room in the store; waits while it is full. */
static uint8_t *reserve(struct pump *p, size_t *room, int *err, struct errmsg *why)
{
    uint8_t *to = store_reserve(p->store, room, err, why);
    while (to == NULL && *err == ERR_FULL) {
        if (!p->wait_for_room(p->ctx)) {
            *err = ERR_CANCELLED;
            return NULL;
        }
        to = store_reserve(p->store, room, err, why);
    }
    return to;
}

static int append(struct pump *p, const uint8_t *bytes, size_t len, struct errmsg *why)
{
    while (len > 0) {
        size_t room = 0;
        int err = OK;
        uint8_t *to = reserve(p, &room, &err, why);
        if (to == NULL) {
            return err;
        }
        size_t n = len < room ? len : room;
        memcpy(to, bytes, n);
        store_advance(p->store, n);
        bytes += n;
        len -= n;
    }
    return OK;
}

/* Bytes at `at` that the store already has: equal ones are passed over. Others replace what was
 * never settled. Of a settled byte that differs, the event's checksum says whether the wire or the
 * source has changed it. */
static int compare(struct pump *p, uint64_t at, const uint8_t *bytes, size_t len,
                   struct errmsg *why)
{
    if (at < p->settled.offset && p->settled.offset - at < len) {
        size_t before = (size_t)(p->settled.offset - at);
        int err = compare(p, at, bytes, before, why);
        return err != OK ? err : compare(p, at + before, bytes + before, len - before, why);
    }
    size_t equal = 0;
    int err = store_compare(p->store, at, bytes, len, &equal, why);
    if (at < p->settled.offset) {
        if (err == ERR_NOT_FOUND || err == ERR_CORRUPT) {
            return OK; /* released since, or damaged on flash: nothing is left to compare with */
        }
        if (err == OK && equal < len && p->differs_at == UINT64_MAX) {
            p->differs_at = at + equal;
        }
        return err;
    }
    if (err != OK || equal == len) {
        return err;
    }
    p->compare_to = at + equal;
    err = store_cut(p->store, at + equal, why);
    return err != OK ? err : append(p, bytes + equal, len - equal, why);
}

/* Puts bytes that lie in a buffer of ours at file offset `at`. */
static int put(struct pump *p, uint64_t at, const uint8_t *bytes, size_t len, struct errmsg *why)
{
    if (at < p->compare_to) {
        size_t known = p->compare_to - at < len ? (size_t)(p->compare_to - at) : len;
        int err = compare(p, at, bytes, known, why);
        if (err != OK) {
            return err;
        }
        bytes += known;
        len -= known;
    }
    return append(p, bytes, len, why);
}

static int put_magic(struct pump *p, struct errmsg *why)
{
    p->pos.offset = 0;
    int err = put(p, 0, magic, sizeof magic, why);
    if (err == OK) {
        store_commit(p->store, p->last_event_s);
        p->pos.offset = sizeof magic;
        p->settled = p->pos;
    }
    return err;
}

static int begin_file(struct pump *p, const char *name, uint64_t offset, struct errmsg *why)
{
    bool whole = offset == sizeof magic;
    int err = OK;
    do {
        err = store_begin_file(p->store, p->source, name, whole ? 0 : offset, why);
    } while (err == ERR_FULL && p->wait_for_room(p->ctx));
    if (err != OK) {
        return err == ERR_FULL ? ERR_CANCELLED : err; /* the wait for room was given up */
    }
    p->fresh = false;
    snprintf(p->pos.file, sizeof p->pos.file, "%s", name);
    p->pos.offset = whole ? 0 : offset;
    p->settled = p->pos;
    p->compare_to = p->pos.offset;
    p->differs_at = UINT64_MAX;
    p->announced[0] = '\0';
    p->files++;
    return whole ? put_magic(p, why) : OK;
}

int pump_start(struct pump *p, const struct store_pos *from, bool fresh, struct errmsg *why)
{
    p->file_checksums = p->stream_checksums;
    p->server_errno = 0;
    p->pos = *from;
    p->fresh = fresh;
    if (fresh) {
        return OK; /* the file is begun when the source sends something of it, not an error */
    }
    struct store_pos end;
    store_end(p->store, &end);
    p->settled = *from;
    p->differs_at = UINT64_MAX;
    p->compare_to = strcmp(end.file, from->file) == 0 ? end.offset : from->offset;
    /* A cut between the file's beginning and its first flush leaves a file of no bytes. */
    return from->offset < sizeof magic ? put_magic(p, why) : OK;
}

void pump_from_start(struct pump *p)
{
    if (p->compare_to < p->settled.offset) {
        p->compare_to = p->settled.offset;
    }
    p->pos.offset = sizeof magic;
}

/* The running CRC of an event whose last four bytes are the CRC itself. */
struct event_crc {
    uint32_t crc;
    uint32_t left; /* bytes of the event to come, the checksum included */
    uint8_t tail[EVENT_CHECKSUM_LEN];
};

static void crc_take(struct event_crc *c, const uint8_t *bytes, size_t len)
{
    size_t content = c->left > EVENT_CHECKSUM_LEN ? c->left - EVENT_CHECKSUM_LEN : 0;
    size_t n = len < content ? len : content;
    c->crc = crc32_update(c->crc, bytes, n);
    c->left -= (uint32_t)n;
    for (; n < len && c->left > 0; n++) {
        c->tail[EVENT_CHECKSUM_LEN - c->left] = bytes[n];
        c->left--;
    }
}

static bool crc_matches(const struct event_crc *c)
{
    struct reader r = rd_from(c->tail, sizeof c->tail);
    return rd_u32(&r) == c->crc;
}

static int body(struct pump *p, uint64_t at, uint32_t left, struct event_crc *crc,
                struct errmsg *why)
{
    while (left > 0) {
        bool known = at < p->compare_to;
        size_t room = sizeof p->scratch;
        uint8_t *to = p->scratch;
        int err = OK;
        if (known) {
            room = p->compare_to - at < room ? (size_t)(p->compare_to - at) : room;
        } else if ((to = reserve(p, &room, &err, why)) == NULL) {
            return err;
        }
        ssize_t got = stream_some(p->stream, to, left < room ? left : room, why);
        if (got < 0) {
            return (int)got;
        }
        crc_take(crc, to, (size_t)got);
        if (known) {
            err = compare(p, at, to, (size_t)got, why);
            if (err != OK) {
                return err;
            }
        } else {
            store_advance(p->store, (size_t)got);
        }
        at += (uint64_t)got;
        left -= (uint32_t)got;
    }
    return OK;
}

/* The event ends where the source says it ends, or bytes are missing. A position of 0 in an event
 * of the file tells nothing (MariaDB 11.4 and later write such). */
static int check_position(const struct pump *p, const struct event_header *h, struct errmsg *why)
{
    uint64_t end = p->pos.offset + h->size;
    if (h->log_pos != 0 && h->log_pos != (uint32_t)end) {
        return fail(why, ERR_GAP,
                    "%s: after %" PRIu64
                    " the source sent an event of %u bytes (type %u) that ends at "
                    "%u (modulo 2^32) where %" PRIu64 " was due: bytes are missing in between",
                    p->pos.file, p->pos.offset, h->size, h->type, h->log_pos, end);
    }
    return OK;
}

/* The event came whole and sound. */
static int settle(struct pump *p, const struct event_header *h, struct errmsg *why)
{
    if (p->differs_at != UINT64_MAX) {
        return fail(why, ERR_FOREIGN,
                    "the source's %s differs at %" PRIu64
                    " from what is stored: it is not the file that was relayed before",
                    p->pos.file, p->differs_at);
    }
    p->pos.offset += h->size;
    p->events++;
    if (h->timestamp != 0) {
        p->last_event_s = h->timestamp;
    }
    /* While stored bytes are still being compared, the store's end lies inside a later event. */
    if (p->pos.offset >= p->compare_to) {
        store_commit(p->store, h->timestamp);
        p->settled = p->pos;
        p->bytes += h->size;
        p->dirty += h->size;
    }
    return OK;
}

/* Takes back what was appended behind the last settled event. */
static int cut_unsettled(struct pump *p, struct errmsg *why)
{
    struct store_pos end;
    store_end(p->store, &end);
    if (strcmp(end.file, p->settled.file) != 0 || end.offset <= p->settled.offset) {
        return OK;
    }
    return store_cut(p->store, p->settled.offset, why);
}

static int bad_checksum(struct pump *p, const struct event_header *h, struct errmsg *why)
{
    p->crc_errors++;
    int err = cut_unsettled(p, why);
    if (err != OK) {
        return err;
    }
    return fail(why, ERR_CORRUPT,
                "%s: the event from %" PRIu64 " to %" PRIu64 " (type %u) fails its CRC-32",
                p->pos.file, p->pos.offset, p->pos.offset + h->size, h->type);
}

/* An event that no release can make room for would be waited for without end. */
static int check_fits(const struct pump *p, const struct event_header *h, struct errmsg *why)
{
    struct store_state st;
    if (h->size < BIG_EVENT) {
        return OK;
    }
    store_get_state(p->store, &st);
    if (h->size + 2 * (uint64_t)st.segment_size > st.capacity_bytes) {
        return fail(why, ERR_TOOBIG,
                    "%s: the event from %" PRIu64 " has %u bytes; the whole store holds %" PRIu64,
                    p->pos.file, p->pos.offset, h->size, st.capacity_bytes);
    }
    return OK;
}

static int stored_event(struct pump *p, const struct event_header *h,
                        const uint8_t bytes[EVENT_HEADER_LEN], struct errmsg *why)
{
    struct event_crc crc = {.crc = 0, .left = h->size};
    int err = check_position(p, h, why);
    if (err == OK) {
        err = check_fits(p, h, why);
    }
    if (err != OK) {
        return err;
    }
    crc_take(&crc, bytes, EVENT_HEADER_LEN);
    if ((err = put(p, p->pos.offset, bytes, EVENT_HEADER_LEN, why)) != OK ||
        (err = body(p, p->pos.offset + EVENT_HEADER_LEN, h->size - EVENT_HEADER_LEN, &crc, why)) !=
            OK ||
        (err = stream_finish(p->stream, why)) != OK) {
        return err;
    }
    if (p->file_checksums && !crc_matches(&crc)) {
        return bad_checksum(p, h, why);
    }
    return settle(p, h, why);
}

/* The FDE at a file's start says when the file was made and by whom. The one that a dump in
 * mid-file begins with is a copy of it: if it differs, RESET MASTER or a restore has put another
 * file under the name. */
static int same_history(struct pump *p, const uint8_t *event, size_t len, struct errmsg *why)
{
    uint8_t ours[EVENT_HEADER_LEN + 2 + 50];
    size_t got = 0;
    struct errmsg unread;
    if (p->pos.offset <= sizeof magic || len < sizeof ours ||
        store_read(p->store, p->pos.file, sizeof magic, ours, sizeof ours, &got, &unread) != OK ||
        got != sizeof ours) {
        return OK; /* the copy began in mid-file, or its start was released: nothing to compare */
    }
    struct reader a = rd_from(ours, sizeof ours), b = rd_from(event, len);
    uint32_t our_time = rd_u32(&a), their_time = rd_u32(&b);
    const size_t version_at = EVENT_HEADER_LEN + 2;
    if (our_time != their_time || memcmp(ours + version_at, event + version_at, 50) != 0) {
        return fail(
            why, ERR_FOREIGN,
            "the source's %s was made at %u (seconds since 1970), the stored one of that name "
            "at %u: the source was reset or restored and its history is another one",
            p->pos.file, their_time, our_time);
    }
    return OK;
}

/* An event that was read whole and checked goes into the file. */
static int keep_small(struct pump *p, const struct event_header *h, const uint8_t *event,
                      struct errmsg *why)
{
    int err = check_position(p, h, why);
    if (err == OK) {
        err = put(p, p->pos.offset, event, h->size, why);
    }
    return err == OK ? settle(p, h, why) : err;
}

static int format_event(struct pump *p, const struct event_header *h, const uint8_t *event,
                        struct errmsg *why)
{
    struct event_format format;
    int err = event_format_parse(event, h->size, &format, why);
    if (err != OK) {
        return err;
    }
    /* In the file an FDE always ends in a valid CRC-32, also with binlog_checksum=NONE (seen with
     * MySQL 5.6 and 9.7 and MariaDB 10.11), but for that of a version that knows of none. Its copy
     * for a dump in mid-file has one only when the stream has. */
    bool checked = event_is_stored(h) ? format.summed : p->stream_checksums && format.checksums;
    if (checked && !event_checksum_ok(event, h->size)) {
        return bad_checksum(p, h, why);
    }
    p->file_checksums = format.checksums;
    if (!event_is_stored(h)) {
        return same_history(p, event, h->size, why);
    }
    return keep_small(p, h, event, why);
}

/* The source has no more of the present file. */
static int leave_file(struct pump *p, struct errmsg *why)
{
    if (p->pos.offset < p->settled.offset) {
        return fail(why, ERR_FOREIGN,
                    "the source's %s ends at %" PRIu64 ", but %" PRIu64
                    " bytes of it are stored: it lost its tail, or is another file",
                    p->pos.file, p->pos.offset, p->settled.offset);
    }
    /* Part of an event that the source did not finish (it crashed, and cut its own file there). */
    struct store_pos end;
    store_end(p->store, &end);
    int err = strcmp(end.file, p->pos.file) == 0 && end.offset > p->pos.offset
                  ? store_cut(p->store, p->pos.offset, why)
                  : OK;
    if (err == OK && p->pos.offset > p->settled.offset) {
        store_commit(p->store, p->last_event_s); /* whole events that were stored, only compared */
        p->settled = p->pos;
    }
    while (err == OK && (err = store_end_file(p->store, why)) == ERR_FULL) {
        err = p->wait_for_room(p->ctx) ? OK : ERR_CANCELLED;
    }
    return err;
}

/* Whether `next` is `name` with its number raised by one: "bin.000009" and "bin.000010". */
static bool follows(const char *name, const char *next)
{
    const char *dot = strrchr(name, '.'), *next_dot = strrchr(next, '.');
    if (dot == NULL || next_dot == NULL || dot - name != next_dot - next ||
        memcmp(name, next, (size_t)(dot - name)) != 0) {
        return false;
    }
    return strtoull(next_dot + 1, NULL, 10) == strtoull(dot + 1, NULL, 10) + 1;
}

/* The file goes on in `name`: what the ROTATE in the file said, or without one (the source did not
 * end it in order) the next number. Anything else leaves files out. */
static int next_file(struct pump *p, const char *name, uint64_t pos, struct errmsg *why)
{
    bool expected = p->announced[0] != '\0' ? strcmp(name, p->announced) == 0
                                            : follows(p->pos.file, name);
    if (!expected || pos != sizeof magic) {
        return fail(
            why, ERR_GAP,
            "after %s the source goes on in %s at %" PRIu64
            " instead of at the start of the file that follows: files are missing in between",
            p->pos.file, name, pos);
    }
    int err = leave_file(p, why);
    return err != OK ? err : begin_file(p, name, pos, why);
}

/* The ROTATE in the file names the next one; the artificial one goes there. */
static int rotate_event(struct pump *p, const struct event_header *h, const uint8_t *event,
                        struct errmsg *why)
{
    char name[STORE_NAME_MAX + 1];
    uint64_t pos = 0;
    /* The artificial ones, too, are made after the FDE that the stream carried last (MySQL's
     * rpl_binlog_sender.cc, MariaDB's sql_repl.cc). */
    if (p->file_checksums && !event_checksum_ok(event, h->size)) {
        return bad_checksum(p, h, why);
    }
    int err = event_rotate_parse(event, h->size, p->file_checksums, name, sizeof name, &pos, why);
    if (err != OK) {
        return err;
    }
    if (!event_is_stored(h)) {
        return strcmp(name, p->pos.file) == 0 ? OK : next_file(p, name, pos, why);
    }
    err = keep_small(p, h, event, why);
    if (err == OK) {
        snprintf(p->announced, sizeof p->announced, "%s", name);
    }
    return err;
}

/* Events that are small by their nature are read whole into the scratch buffer. */
static int small_event(struct pump *p, const struct event_header *h,
                       const uint8_t bytes[EVENT_HEADER_LEN], struct errmsg *why)
{
    if (h->size > sizeof p->scratch) {
        return fail(why, ERR_PROTOCOL, "%s: the source sent an event of type %u with %u bytes",
                    p->pos.file, h->type, h->size);
    }
    memcpy(p->scratch, bytes, EVENT_HEADER_LEN);
    int err =
        stream_full(p->stream, p->scratch + EVENT_HEADER_LEN, h->size - EVENT_HEADER_LEN, why);
    if (err == OK) {
        err = stream_finish(p->stream, why);
    }
    if (err != OK) {
        return err;
    }
    switch (h->type) {
    case EVENT_ROTATE:
        return rotate_event(p, h, p->scratch, why);
    case EVENT_FORMAT_DESCRIPTION:
        return format_event(p, h, p->scratch, why);
    default:
        return OK; /* heartbeats and other events made for the stream only */
    }
}

static int server_error(struct pump *p, struct errmsg *why)
{
    struct event_error e;
    size_t got = 0;
    int err = stream_rest(p->stream, p->scratch, sizeof p->scratch, &got, why);
    if (err != OK || event_error_parse(p->scratch, got, &e) != OK) {
        return err != OK ? err
                         : fail(why, ERR_PROTOCOL, "the source sent an error that cannot be read");
    }
    p->server_errno = e.number;
    return fail(why, ERR_SERVER, "%s from %" PRIu64 ": the source answered error %u (%s): %s",
                p->pos.file, p->pos.offset, e.number, e.sqlstate, e.text);
}

int pump_event(struct pump *p, struct errmsg *why)
{
    enum stream_kind kind = STREAM_EVENT;
    int err = stream_next(p->stream, &kind, why);
    if (err != OK) {
        return err;
    }
    if (kind == STREAM_ERROR) {
        return server_error(p, why);
    }
    if (kind == STREAM_EOF) {
        return fail(why, ERR_NET,
                    "the source ended the stream (it is shutting down, or killed it)");
    }
    if (p->fresh) {
        struct store_pos from = p->pos;
        err = begin_file(p, from.file, from.offset, why);
        if (err != OK) {
            return err;
        }
    }
    uint8_t bytes[EVENT_HEADER_LEN];
    struct event_header h;
    err = stream_full(p->stream, bytes, sizeof bytes, why);
    if (err != OK) {
        return err;
    }
    if (event_header_parse(bytes, &h) != OK) {
        return fail(why, ERR_PROTOCOL,
                    "%s: after %" PRIu64 " the source sent an event header of size %u", p->pos.file,
                    p->pos.offset, h.size);
    }
    if (!event_is_stored(&h) || h.type == EVENT_FORMAT_DESCRIPTION || h.type == EVENT_ROTATE) {
        return small_event(p, &h, bytes, why);
    }
    return stored_event(p, &h, bytes, why);
}
