/* SPDX-License-Identifier: Apache-2.0 */
/* The dump stream taken apart into events, in pieces: no event is ever held whole.
 * Packets of 16 MiB and more are split at 0xFFFFFF bytes; the status byte stands in the first piece
 * only; an exact multiple ends in an empty packet (MySQL's net_serv.cc). */
#ifndef APP_RELAY_STREAM_H
#define APP_RELAY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define STREAM_INPUT_SIZE (32 * 1024)

/* Where bytes come from: 1..len bytes, 0 = closed, < 0 a code. */
typedef ssize_t (*stream_source)(void *ctx, void *buf, size_t len);

struct stream {
    stream_source read;
    void *ctx;
    uint32_t packet_left; /* bytes of the present packet not yet taken */
    bool continues;       /* the present packet is full: another piece follows */
    uint8_t sequence;     /* expected number of the next packet */
    size_t pos, end;      /* of input[] */
    uint8_t input[STREAM_INPUT_SIZE];
};

void stream_init(struct stream *s, stream_source read, void *ctx);

/* Bytes that can be taken without asking the source. */
static inline size_t stream_buffered(const struct stream *s)
{
    return s->end - s->pos;
}

enum stream_kind { STREAM_EVENT, STREAM_ERROR, STREAM_EOF };

/* Begins the next packet. EVENT: the status byte is taken, the event's bytes follow. ERROR: the
 * packet's bytes from 0xFF on follow. Negative: the source's code, or ERR_NET when it closed. */
int stream_next(struct stream *s, enum stream_kind *kind, struct errmsg *why);

/* Takes 1..len bytes of the event; large ones come straight from the source into buf.
 * ERR_PROTOCOL when the packet has no more. */
ssize_t stream_some(struct stream *s, void *buf, size_t len, struct errmsg *why);

/* Takes exactly len bytes of the event. */
int stream_full(struct stream *s, void *buf, size_t len, struct errmsg *why);

/* Takes what is left of a short packet, at most size bytes; *got their number. */
int stream_rest(struct stream *s, void *buf, size_t size, size_t *got, struct errmsg *why);

/* The event must end here: takes a trailing empty packet, ERR_PROTOCOL when bytes are left. */
int stream_finish(struct stream *s, struct errmsg *why);

#endif
