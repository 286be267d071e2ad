/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of SNTP (RFC 4330, 5905): one question, one answer. */
#ifndef DRIVERS_NET_SNTP_PACKET_H
#define DRIVERS_NET_SNTP_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SNTP_SIZE 48

/* A question that carries `nonce` as its time stamp, so that only an answer to it is believed. */
void sntp_make(uint64_t nonce, uint8_t packet[SNTP_SIZE]);

/* Takes an answer apart. *time_us: the server's time when it answered, microseconds since 1970,
 * in the 136 years that begin at not_before_s (seconds since 1970: NTP's own era is not told).
 * *busy_us: how long it thought. ERR_PROTOCOL with *why when it is no answer to the nonce, or the
 * server says that it is not to be believed. */
int sntp_parse(const uint8_t *packet, size_t len, uint64_t nonce, int64_t not_before_s,
               int64_t *time_us, int64_t *busy_us, struct errmsg *why);

#endif
