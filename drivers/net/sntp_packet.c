/* SPDX-License-Identifier: Apache-2.0 */
/* Making and taking apart SNTP packets. */
#include "drivers/net/sntp_packet.h"

#include "base/reader.h"
#include "base/writer.h"

#define VERSION 4
#define MODE_CLIENT 3
#define MODE_SERVER 4
#define TO_1970 INT64_C(2208988800) /* seconds from 1900 to 1970 */

void sntp_make(uint64_t nonce, uint8_t packet[SNTP_SIZE])
{
    struct writer w = wr_into(packet, SNTP_SIZE);
    wr_u8(&w, VERSION << 3 | MODE_CLIENT);
    wr_fill(&w, 0, 39);
    wr_be(&w, nonce, 8); /* transmit time stamp */
}

/* An NTP time stamp (32.32 seconds since 1900, era unknown) as microseconds since 1970. */
static int64_t to_us(uint64_t stamp, int64_t not_before_s)
{
    int64_t seconds = (int64_t)(stamp >> 32) - TO_1970;
    while (seconds < not_before_s) {
        seconds += INT64_C(1) << 32;
    }
    return seconds * 1000000 + (int64_t)(((stamp & 0xffffffffu) * 1000000) >> 32);
}

int sntp_parse(const uint8_t *packet, size_t len, uint64_t nonce, int64_t not_before_s,
               int64_t *time_us, int64_t *busy_us, struct errmsg *why)
{
    struct reader r = rd_from(packet, len);
    unsigned first = rd_u8(&r);
    unsigned stratum = rd_u8(&r);
    rd_skip(&r, 10); /* poll, precision, root delay, root dispersion */
    uint8_t reference[4];
    rd_copy(&r, reference, sizeof reference);
    rd_skip(&r, 8); /* reference time stamp */
    uint64_t originate = rd_be(&r, 8);
    uint64_t receive = rd_be(&r, 8);
    uint64_t transmit = rd_be(&r, 8);

    if (!rd_ok(&r) || (first & 7) != MODE_SERVER || (first >> 3 & 7) < 3 || originate != nonce) {
        return fail(why, ERR_PROTOCOL, "what came is no answer to our question");
    }
    if (stratum == 0) {
        for (size_t i = 0; i < sizeof reference; i++) {
            if (reference[i] < 'A' || reference[i] > 'Z') {
                reference[i] = '?';
            }
        }
        return fail(why, ERR_PROTOCOL, "the server refuses (%c%c%c%c)", reference[0], reference[1],
                    reference[2], reference[3]);
    }
    if (first >> 6 == 3 || stratum > 15) {
        return fail(why, ERR_PROTOCOL, "the server's own clock is not set");
    }
    if (transmit == 0 || receive == 0) {
        return fail(why, ERR_PROTOCOL, "the server told no time");
    }
    *time_us = to_us(transmit, not_before_s);
    *busy_us = *time_us - to_us(receive, not_before_s);
    if (*busy_us < 0 || *busy_us > 10000000) {
        *busy_us = 0;
    }
    return 0;
}
