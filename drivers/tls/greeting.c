/* SPDX-License-Identifier: Apache-2.0 */
/* What the first bytes of a server are: a MySQL greeting, its refusal, or something else. */
#include "drivers/tls/db_internal.h"

#include "base/reader.h"

enum {
    GREETING_PROTOCOL = 10,
    GREETING_ERR = 0xff,
    GREETING_LONGEST = 4096, /* real ones have less than 300 bytes */
};

void db_printable(char *to, size_t size, const void *from, size_t len)
{
    const uint8_t *p = (const uint8_t *)from;
    size_t n = 0;
    for (; n < len && n + 1 < size; n++) {
        to[n] = (char)(p[n] >= 0x20 && p[n] < 0x7f ? p[n] : '?');
    }
    to[n] = '\0';
}

/*
 * First packet of a server (MySQL protocol, "Initial Handshake Packet"): length 3, sequence 0,
 * then 0x0a and the version; or 0xff, error number 2, text (with '#' and a state of 5 characters
 * before it only in newer servers, which leave it out here).
 */
void greeting_read(struct greeting *g, const void *bytes, size_t len)
{
    struct reader r = rd_from(bytes, len);

    memset(g, 0, sizeof(*g));
    memcpy(g->state, "HY000", 6);
    g->kind = GREETING_MORE;
    if (len < 5) {
        return;
    }
    uint32_t payload = rd_u24(&r);
    uint8_t seq = rd_u8(&r);
    uint8_t first = rd_u8(&r);
    if (seq != 0 || payload == 0 || payload > GREETING_LONGEST ||
        (first != GREETING_PROTOCOL && first != GREETING_ERR)) {
        g->kind = GREETING_OTHER;
        return;
    }
    if (first == GREETING_PROTOCOL) {
        g->kind = GREETING_HELLO;
        return;
    }
    g->kind = GREETING_ERROR;
    g->number = rd_u16(&r);
    size_t rest = payload > 3 ? payload - 3 : 0;
    if (rest > rd_left(&r)) {
        rest = rd_left(&r);
    }
    if (rest >= 6 && *r.pos == '#') {
        rd_skip(&r, 1);
        rd_copy(&r, g->state, 5);
        db_printable(g->state, sizeof(g->state), g->state, 5);
        rest -= 6;
    }
    const uint8_t *text = rd_bytes(&r, rest);
    if (text != NULL) {
        db_printable(g->text, sizeof(g->text), text, rest);
    }
}
