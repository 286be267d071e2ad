/* SPDX-License-Identifier: Apache-2.0 */
/* Packets out of bytes, events out of packets. */
#include "app/relay/stream.h"

#include <string.h>

#include "base/reader.h"

#define PACKET_HEADER 4
#define PACKET_FULL 0xffffffu
/* From this size on a read goes around the input buffer, straight to its destination. */
#define DIRECT_READ (8 * 1024)

void stream_init(struct stream *s, stream_source read, void *ctx)
{
    s->read = read;
    s->ctx = ctx;
    s->packet_left = 0;
    s->continues = false;
    s->sequence = 1; /* the command itself was packet 0 */
    s->pos = 0;
    s->end = 0;
}

static int lost(ssize_t code, struct errmsg *why)
{
    if (code == 0) {
        return fail(why, ERR_NET, "the source closed the connection");
    }
    return (int)code; /* the source's reader has told why */
}

/* Makes n contiguous bytes available in input[]. */
static int need(struct stream *s, size_t n, struct errmsg *why)
{
    while (stream_buffered(s) < n) {
        if (s->pos > 0) {
            memmove(s->input, s->input + s->pos, stream_buffered(s));
            s->end -= s->pos;
            s->pos = 0;
        }
        ssize_t got = s->read(s->ctx, s->input + s->end, sizeof s->input - s->end);
        if (got <= 0) {
            return lost(got, why);
        }
        s->end += (size_t)got;
    }
    return OK;
}

static int packet_header(struct stream *s, struct errmsg *why)
{
    int err = need(s, PACKET_HEADER, why);
    if (err != OK) {
        return err;
    }
    struct reader r = rd_from(s->input + s->pos, PACKET_HEADER);
    uint32_t len = rd_u24(&r);
    uint8_t sequence = rd_u8(&r);
    if (sequence != s->sequence) {
        return fail(why, ERR_PROTOCOL,
                    "the source's packet has number %u where %u was due: the stream is out of step",
                    sequence, s->sequence);
    }
    s->pos += PACKET_HEADER;
    s->sequence++;
    s->packet_left = len;
    s->continues = len == PACKET_FULL;
    return OK;
}

int stream_next(struct stream *s, enum stream_kind *kind, struct errmsg *why)
{
    int err = packet_header(s, why);
    if (err != OK) {
        return err;
    }
    if (s->packet_left == 0) {
        return fail(why, ERR_PROTOCOL, "the source sent an empty packet instead of an event");
    }
    err = need(s, 1, why);
    if (err != OK) {
        return err;
    }
    switch (s->input[s->pos]) {
    case 0x00:
        *kind = STREAM_EVENT;
        s->pos++;
        s->packet_left--;
        return OK;
    case 0xff:
        *kind = STREAM_ERROR;
        return OK;
    case 0xfe:
        *kind = STREAM_EOF;
        return OK;
    default:
        return fail(why, ERR_PROTOCOL, "the source's packet has status byte 0x%02x, which none has",
                    s->input[s->pos]);
    }
}

ssize_t stream_some(struct stream *s, void *buf, size_t len, struct errmsg *why)
{
    while (s->packet_left == 0) {
        if (!s->continues) {
            return fail(why, ERR_PROTOCOL,
                        "the source's event is longer than the packet it came in");
        }
        int err = packet_header(s, why);
        if (err != OK) {
            return err;
        }
    }
    if (len > s->packet_left) {
        len = s->packet_left;
    }
    size_t got = 0;
    if (stream_buffered(s) == 0 && len >= DIRECT_READ) {
        ssize_t n = s->read(s->ctx, buf, len);
        if (n <= 0) {
            return lost(n, why);
        }
        got = (size_t)n;
    } else {
        int err = need(s, 1, why);
        if (err != OK) {
            return err;
        }
        got = len < stream_buffered(s) ? len : stream_buffered(s);
        memcpy(buf, s->input + s->pos, got);
        s->pos += got;
    }
    s->packet_left -= (uint32_t)got;
    return (ssize_t)got;
}

int stream_full(struct stream *s, void *buf, size_t len, struct errmsg *why)
{
    uint8_t *to = buf;
    while (len > 0) {
        ssize_t got = stream_some(s, to, len, why);
        if (got < 0) {
            return (int)got;
        }
        to += got;
        len -= (size_t)got;
    }
    return OK;
}

int stream_rest(struct stream *s, void *buf, size_t size, size_t *got, struct errmsg *why)
{
    *got = s->packet_left;
    if (s->continues || *got > size) {
        return fail(why, ERR_PROTOCOL, "the source sent %zu bytes where at most %zu are sensible",
                    *got, size);
    }
    return stream_full(s, buf, *got, why);
}

int stream_finish(struct stream *s, struct errmsg *why)
{
    if (s->packet_left == 0 && s->continues) {
        int err = packet_header(s, why);
        if (err != OK) {
            return err;
        }
    }
    if (s->packet_left != 0 || s->continues) {
        return fail(why, ERR_PROTOCOL, "the source's packet is longer than the event in it");
    }
    return OK;
}
