/* SPDX-License-Identifier: Apache-2.0 */
/* A short stretch of a binlog stream: event by event, checked, within its limits. */
#include "app/precheck/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32.h"
#include "base/err.h"
#include "base/reader.h"

const char *const wire_names[WIRE_NUMBERS] = {
    [WIRE_EVENTS] = "events",
    [WIRE_BYTES] = "bytes",
    [WIRE_TRANSACTIONS] = "transactions",
    [WIRE_ROW_EVENTS] = "row_events",
    [WIRE_ROWS_PARTIAL] = "row_image_partial",
    [WIRE_STATEMENT_DML] = "statement_dml",
    [WIRE_STATEMENT_SYSTEM] = "statement_dml_system",
    [WIRE_STATEMENT_OTHER] = "statement_other",
    [WIRE_PARTIAL_JSON] = "partial_json",
    [WIRE_COMPRESSED_PAYLOAD] = "compressed_payload",
    [WIRE_COMPRESSED_EVENTS] = "compressed_events",
    [WIRE_ENCRYPTED] = "encrypted",
    [WIRE_GTID] = "gtid_events",
    [WIRE_GTID_ANONYMOUS] = "anonymous_gtid",
    [WIRE_ANNOTATE_ROWS] = "annotate_rows",
    [WIRE_LOG_POS_ZERO] = "log_pos_zero",
    [WIRE_LOG_POS_WRONG] = "log_pos_wrong",
    [WIRE_WITHOUT_CHECKSUM] = "without_checksum",
    [WIRE_BAD_CHECKSUM] = "bad_checksum",
    [WIRE_UNKNOWN_TYPES] = "unknown_types",
};

/* The FORMAT_DESCRIPTION says whether the others have checksums; *summed: it has one. */
static int take_format(struct wire *w, const struct event_header *h, bool *summed,
                       struct errmsg *why)
{
    struct event_format format;
    int err = h->size > sizeof w->prefix
                  ? fail(why, ERR_PROTOCOL, "the source's FORMAT_DESCRIPTION has %u bytes", h->size)
                  : event_format_parse(w->prefix, h->size, &format, why);
    if (err == OK) {
        w->begun = true;
        w->checksums = format.checksums;
        *summed = format.summed;
    }
    return err;
}

/* What is in no file: a ROTATE says which file it is that follows. */
static int take_artificial(struct wire *w, const struct event_header *h, struct errmsg *why)
{
    size_t len = strlen(w->file), size = EVENT_HEADER_LEN + 8 + len;
    struct reader r = rd_from(w->prefix, h->size < sizeof w->prefix ? h->size : sizeof w->prefix);
    if (h->type != EVENT_ROTATE) {
        return OK;
    }
    rd_skip(&r, EVENT_HEADER_LEN + 8);
    const uint8_t *name = rd_bytes(&r, len);
    bool same = (h->size == size || h->size == size + EVENT_CHECKSUM_LEN) && name != NULL &&
                memcmp(name, w->file, len) == 0;
    if (!same && !w->begun) {
        return fail(why, ERR_PROTOCOL, "the source does not send %s, which was asked for", w->file);
    }
    if (!same) {
        w->ended = "end of file";
    }
    return OK;
}

/* Takes the rest of an event that is larger than the prefix, as far as the limit allows. */
static int take_rest(struct wire *w, const struct event_header *h, uint32_t left, bool *sound,
                     struct errmsg *why)
{
    size_t tail = w->checksums ? EVENT_CHECKSUM_LEN : 0;
    uint32_t crc = crc32_update(0, w->prefix, h->size - left);

    while (left > tail) {
        size_t room = WIRE_BYTES_MAX - w->taken;
        room = room < sizeof w->rest ? room : sizeof w->rest;
        if (room == 0) {
            w->ended = "limit of 1 MiB, inside an event";
            return OK;
        }
        ssize_t got =
            stream_some(&w->stream, w->rest, left - tail < room ? left - tail : room, why);
        if (got < 0) {
            return (int)got;
        }
        crc = crc32_update(crc, w->rest, (size_t)got);
        left -= (uint32_t)got;
        w->taken += (size_t)got;
    }
    int err = stream_full(&w->stream, w->rest, tail, why);
    struct reader r = rd_from(w->rest, tail);
    *sound = tail == 0 || rd_u32(&r) == crc;
    w->taken += tail;
    return err;
}

/* A whole event of the file came. */
static void settle(struct wire *w, const struct event_header *h, bool sound)
{
    uint64_t end = w->pos + h->size;

    w->number[WIRE_BYTES] += h->size;
    w->number[WIRE_BAD_CHECKSUM] += sound ? 0 : 1;
    if (!sound && w->first_bad == 0) {
        w->first_bad = w->pos;
    }
    if (h->log_pos == 0) {
        w->number[WIRE_LOG_POS_ZERO]++;
    } else if (h->log_pos != (uint32_t)end) {
        w->number[WIRE_LOG_POS_WRONG]++;
        end = h->log_pos;
    }
    w->pos = end;
}

static int take_event(struct wire *w, struct errmsg *why)
{
    struct event_header h;

    if (w->number[WIRE_EVENTS] >= WIRE_EVENTS_MAX) {
        w->ended = "limit of 2000 events";
        return OK;
    }
    if (w->taken + sizeof w->prefix > WIRE_BYTES_MAX) {
        w->ended = "limit of 1 MiB";
        return OK;
    }
    int err = stream_full(&w->stream, w->prefix, EVENT_HEADER_LEN, why);
    if (err == OK && event_header_parse(w->prefix, &h) != OK) {
        err = fail(why, ERR_PROTOCOL, "the source sends an event of %u bytes", h.size);
    }
    if (err != OK) {
        return err;
    }
    /* Of a large event the checksum stays out of the prefix. */
    size_t len = h.size <= sizeof w->prefix ? h.size : sizeof w->prefix - EVENT_CHECKSUM_LEN;
    err = stream_full(&w->stream, w->prefix + EVENT_HEADER_LEN, len - EVENT_HEADER_LEN, why);
    if (err != OK) {
        return err;
    }
    w->taken += len;
    /* A dump from within a file begins with a copy of the file's first event. */
    bool copy = h.type == EVENT_FORMAT_DESCRIPTION && w->from > WIRE_FILE_START;
    bool stored = event_is_stored(&h) && !copy, sound = true, summed = false;
    if (h.type == EVENT_FORMAT_DESCRIPTION) {
        err = take_format(w, &h, &summed, why);
    } else if (!stored) {
        err = take_artificial(w, &h, why);
    } else {
        bool tail = w->checksums && len == h.size && len >= EVENT_HEADER_LEN + EVENT_CHECKSUM_LEN;
        wire_look(w, &h, rd_from(w->prefix, tail ? len - EVENT_CHECKSUM_LEN : len));
        w->number[WIRE_WITHOUT_CHECKSUM] += w->checksums ? 0 : 1;
    }
    w->number[WIRE_EVENTS] += stored ? 1 : 0;
    if (err == OK && w->ended == NULL) {
        if (len < h.size) {
            err = take_rest(w, &h, h.size - (uint32_t)len, &sound, why);
        } else if (w->checksums || summed) {
            sound = event_checksum_ok(w->prefix, len);
        }
    }
    if (err != OK || w->ended != NULL) {
        return err;
    }
    if (stored) {
        settle(w, &h, sound);
    }
    return stream_finish(&w->stream, why);
}

static int take_refusal(struct wire *w, struct errmsg *why)
{
    size_t got = 0;
    int err = stream_rest(&w->stream, w->prefix, sizeof w->prefix, &got, why);
    if (err == OK && event_error_parse(w->prefix, got, &w->refusal) != OK) {
        err = fail(why, ERR_PROTOCOL, "the source's error packet is cut short");
    }
    return err != OK ? err : fail(why, ERR_SERVER, "%s", w->refusal.text);
}

void wire_begin(struct wire *w, const char *file, uint32_t from, stream_source read, void *ctx)
{
    memset(w, 0, sizeof *w);
    snprintf(w->file, sizeof w->file, "%s", file);
    w->pos = w->from = from;
    stream_init(&w->stream, read, ctx);
}

int wire_count(struct wire *w, struct errmsg *why)
{
    while (w->ended == NULL) {
        enum stream_kind kind = STREAM_EOF;
        int err = stream_next(&w->stream, &kind, why);
        if (err == OK && kind == STREAM_EOF) {
            w->ended = WIRE_END;
        } else if (err == OK) {
            err = kind == STREAM_ERROR ? take_refusal(w, why) : take_event(w, why);
        }
        if (err == ERR_TIMEOUT && w->begun) {
            w->ended = "limit of time";
        } else if (err != OK) {
            return err;
        }
    }
    return OK;
}

/* ---- the answer ---- */

static int put_text(struct answer *a, const char *name, const char *value)
{
    int err = answer_put(a, name, strlen(name));
    return err != OK ? err : answer_put(a, value, strlen(value));
}

static int put_number(struct answer *a, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return put_text(a, name, text);
}

int wire_answer(const struct wire *w, bool current, const char *sql, struct answer *out)
{
    int err = answer_rows(out, sql, 2);

    if (err != OK || (err = put_text(out, "name", "value")) != OK ||
        (err = put_text(out, "file", w->file)) != OK ||
        (err = put_number(out, "current", current ? 1 : 0)) != OK ||
        (err = put_number(out, "from", w->from)) != OK ||
        (err = put_number(out, "to", w->pos)) != OK ||
        (err = put_text(out, "ended", w->ended == NULL ? "" : w->ended)) != OK) {
        return err;
    }
    for (size_t i = 0; err == OK && i < WIRE_NUMBERS; i++) {
        err = put_number(out, wire_names[i], w->number[i]);
    }
    if (err == OK && w->first_dml != 0 &&
        (err = put_number(out, "first_statement_dml", w->first_dml)) == OK &&
        (err = put_text(out, "first_statement_database", w->first_database)) == OK) {
        err = put_number(out, "first_statement_thread", w->first_thread);
    }
    if (err == OK && w->first_bad != 0) {
        err = put_number(out, "first_bad_checksum", w->first_bad);
    }
    return err;
}
