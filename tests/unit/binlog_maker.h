/* SPDX-License-Identifier: Apache-2.0 */
/* Makes binlog events and the packets a source sends them in, for the tests of the relay. */
#ifndef TESTS_UNIT_BINLOG_MAKER_H
#define TESTS_UNIT_BINLOG_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/relay/event.h"
#include "base/crc32.h"
#include "base/writer.h"

#define MAKER_TIME 1700000000u

/* Puts header, body and CRC of one event at `to`; returns its size. */
static inline size_t make_event(uint8_t *to, uint8_t type, uint32_t log_pos, uint16_t flags,
                                const void *body, size_t len, bool checksum)
{
    size_t size = EVENT_HEADER_LEN + len + (checksum ? EVENT_CHECKSUM_LEN : 0);
    struct writer w = wr_into(to, size);
    wr_u32(&w, (flags & EVENT_FLAG_ARTIFICIAL) != 0 ? 0 : MAKER_TIME);
    wr_u8(&w, type);
    wr_u32(&w, 1);
    wr_u32(&w, (uint32_t)size);
    wr_u32(&w, log_pos);
    wr_u16(&w, flags);
    wr_bytes(&w, body, len);
    if (checksum) {
        wr_u32(&w, crc32_update(0, to, wr_len(&w)));
    }
    return size;
}

/* A FORMAT_DESCRIPTION as MySQL 8 writes it (its post-header table shortened). */
static inline size_t make_format(uint8_t *to, uint32_t log_pos, bool checksum)
{
    uint8_t body[2 + 50 + 4 + 1 + 40 + 1] = {0};
    struct writer w = wr_into(body, sizeof body);
    wr_u16(&w, 4);
    wr_bytes(&w, "8.0.36", 6);
    wr_fill(&w, 0, 44);
    wr_u32(&w, MAKER_TIME);
    wr_u8(&w, EVENT_HEADER_LEN);
    wr_fill(&w, 7, 40);
    wr_u8(&w, checksum ? 1 : 0);
    return make_event(to, EVENT_FORMAT_DESCRIPTION, log_pos, 0, body, sizeof body, true);
}

static inline size_t make_rotate(uint8_t *to, const char *name, bool artificial, uint32_t log_pos,
                                 bool checksum)
{
    uint8_t body[8 + 64];
    struct writer w = wr_into(body, sizeof body);
    wr_u64(&w, 4);
    wr_bytes(&w, name, strlen(name));
    return make_event(to, EVENT_ROTATE, artificial ? 0 : log_pos,
                      artificial ? EVENT_FLAG_ARTIFICIAL : 0, body, wr_len(&w), checksum);
}

/* Wraps an event in packets (status byte, 4-byte headers, splits at 0xffffff); returns the length.
 * `to` needs len + 1 + 8 bytes and 4 more per started 16 MiB. */
static inline size_t make_packets(uint8_t *to, uint8_t *sequence, const uint8_t *event, size_t len)
{
    size_t total = len + 1, done = 0, out = 0;
    bool more = true;
    while (more) {
        size_t piece = total - done < 0xffffff ? total - done : 0xffffff;
        more = piece == 0xffffff;
        struct writer w = wr_into(to + out, 4);
        wr_le(&w, piece, 3);
        wr_u8(&w, (*sequence)++);
        out += 4;
        for (size_t i = 0; i < piece; i++, done++) {
            to[out++] = done == 0 ? 0 : event[done - 1];
        }
    }
    return out;
}

#endif
