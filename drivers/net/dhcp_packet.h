/* SPDX-License-Identifier: Apache-2.0 */
/* DHCP messages (RFC 2131, 2132): made and taken apart, no sockets here. */
#ifndef DRIVERS_NET_DHCP_PACKET_H
#define DRIVERS_NET_DHCP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_PACKET_MAX 1500
#define DHCP_LIST_MAX 3 /* addresses kept of a list */

enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER = 2,
    DHCP_REQUEST = 3,
    DHCP_DECLINE = 4,
    DHCP_ACK = 5,
    DHCP_NAK = 6,
    DHCP_RELEASE = 7,
};

/* What we say. Addresses are in host byte order, 0 = left out. */
struct dhcp_question {
    enum dhcp_type type; /* DHCP_DISCOVER or DHCP_REQUEST */
    uint32_t xid;
    uint16_t secs;       /* since we began to ask */
    uint8_t mac[6];
    bool broadcast;      /* we have no address yet: the answer must be broadcast */
    uint32_t client;     /* ciaddr: our address when it is valid */
    uint32_t requested;  /* option 50 */
    uint32_t server;     /* option 54 */
    const char *hostname;
};

/* What a server says. */
struct dhcp_answer {
    enum dhcp_type type;
    uint32_t address; /* yiaddr */
    uint32_t server;
    uint8_t prefix;   /* of the mask; the class's when there is none */
    uint32_t gateway;
    uint32_t dns[DHCP_LIST_MAX], ntp[DHCP_LIST_MAX];
    uint32_t lease_s, renew_s, rebind_s; /* filled with RFC 2131's fractions when left out */
};

/* Returns the packet's length (at most DHCP_PACKET_MAX), 0 when it does not fit. */
size_t dhcp_make(const struct dhcp_question *q, uint8_t *packet, size_t size);

/* Takes a packet apart. 0, or a negative code: ERR_PROTOCOL for what is no DHCP answer, or none to
 * `xid` and `mac`, or an offer or ack without a usable address. */
int dhcp_parse(const uint8_t *packet, size_t len, uint32_t xid, const uint8_t mac[6],
               struct dhcp_answer *out);

#endif
