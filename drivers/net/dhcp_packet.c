/* SPDX-License-Identifier: Apache-2.0 */
/* Making and taking apart DHCP messages. */
#include "drivers/net/dhcp_packet.h"

#include "base/err.h"
#include "base/reader.h"
#include "base/writer.h"

#define BOOTREQUEST 1
#define BOOTREPLY 2
#define MAGIC 0x63825363u
#define LEASE_MIN 60u /* a shorter lease is treated as this long: a box that asks all the time
                         helps nobody */
#define FOREVER 0xffffffffu

enum option {
    OPT_PAD = 0,
    OPT_MASK = 1,
    OPT_ROUTER = 3,
    OPT_DNS = 6,
    OPT_HOSTNAME = 12,
    OPT_NTP = 42,
    OPT_REQUESTED = 50,
    OPT_LEASE = 51,
    OPT_OVERLOAD = 52,
    OPT_TYPE = 53,
    OPT_SERVER = 54,
    OPT_WANTED = 55,
    OPT_MAX_SIZE = 57,
    OPT_RENEW = 58,
    OPT_REBIND = 59,
    OPT_CLIENT_ID = 61,
    OPT_END = 255,
};

static void put_address(struct writer *w, enum option code, uint32_t address)
{
    if (address != 0) {
        wr_u8(w, (uint8_t)code);
        wr_u8(w, 4);
        wr_be(w, address, 4);
    }
}

size_t dhcp_make(const struct dhcp_question *q, uint8_t *packet, size_t size)
{
    static const uint8_t wanted[] = {OPT_MASK, OPT_ROUTER, OPT_DNS, OPT_NTP,
                                     OPT_LEASE, OPT_RENEW, OPT_REBIND};
    struct writer w = wr_into(packet, size);
    wr_u8(&w, BOOTREQUEST);
    wr_u8(&w, 1); /* Ethernet */
    wr_u8(&w, 6);
    wr_u8(&w, 0);
    wr_be(&w, q->xid, 4);
    wr_be(&w, q->secs, 2);
    wr_be(&w, q->broadcast ? 0x8000 : 0, 2);
    wr_be(&w, q->client, 4);
    wr_fill(&w, 0, 12); /* yiaddr, siaddr, giaddr */
    wr_bytes(&w, q->mac, 6);
    wr_fill(&w, 0, 10 + 64 + 128);
    wr_be(&w, MAGIC, 4);

    wr_u8(&w, OPT_TYPE);
    wr_u8(&w, 1);
    wr_u8(&w, (uint8_t)q->type);
    wr_u8(&w, OPT_CLIENT_ID);
    wr_u8(&w, 7);
    wr_u8(&w, 1);
    wr_bytes(&w, q->mac, 6);
    put_address(&w, OPT_REQUESTED, q->requested);
    put_address(&w, OPT_SERVER, q->server);
    size_t name = q->hostname != NULL ? strlen(q->hostname) : 0;
    if (name > 0 && name <= 63) {
        wr_u8(&w, OPT_HOSTNAME);
        wr_u8(&w, (uint8_t)name);
        wr_bytes(&w, q->hostname, name);
    }
    wr_u8(&w, OPT_MAX_SIZE);
    wr_u8(&w, 2);
    wr_be(&w, DHCP_PACKET_MAX, 2);
    wr_u8(&w, OPT_WANTED);
    wr_u8(&w, sizeof wanted);
    wr_bytes(&w, wanted, sizeof wanted);
    wr_u8(&w, OPT_END);
    /* Old relay agents drop what is shorter than BOOTP's 300 bytes. */
    if (wr_ok(&w) && wr_len(&w) < 300) {
        wr_fill(&w, OPT_PAD, 300 - wr_len(&w));
    }
    return wr_ok(&w) ? wr_len(&w) : 0;
}

/* A list of addresses; the first of them, zeros left out. */
static void take_addresses(struct reader *r, uint32_t *list, size_t max)
{
    size_t n = 0;
    while (n < max && list[n] != 0) {
        n++;
    }
    while (rd_left(r) >= 4) {
        uint32_t address = (uint32_t)rd_be(r, 4);
        if (n < max && address != 0) {
            list[n++] = address;
        }
    }
}

struct raw {
    struct dhcp_answer *out;
    unsigned type, overload;
    uint32_t mask;
};

static void take_option(struct raw *raw, unsigned code, struct reader r)
{
    struct dhcp_answer *out = raw->out;
    size_t len = rd_left(&r);
    switch (code) {
    case OPT_TYPE:
        raw->type = rd_u8(&r);
        break;
    case OPT_OVERLOAD:
        raw->overload = rd_u8(&r);
        break;
    case OPT_ROUTER:
        if (out->gateway == 0) {
            take_addresses(&r, &out->gateway, 1);
        }
        break;
    case OPT_DNS:
        take_addresses(&r, out->dns, DHCP_LIST_MAX);
        break;
    case OPT_NTP:
        take_addresses(&r, out->ntp, DHCP_LIST_MAX);
        break;
    case OPT_MASK:
    case OPT_SERVER:
    case OPT_LEASE:
    case OPT_RENEW:
    case OPT_REBIND: {
        uint32_t v = (uint32_t)rd_be(&r, 4);
        if (len == 4) {
            *(code == OPT_MASK     ? &raw->mask
              : code == OPT_SERVER ? &out->server
              : code == OPT_LEASE  ? &out->lease_s
              : code == OPT_RENEW  ? &out->renew_s
                                   : &out->rebind_s) = v;
        }
        break;
    }
    default:
        break;
    }
}

/* One area of options; false when an option reaches beyond its end. */
static bool take_options(struct raw *raw, struct reader r)
{
    while (rd_left(&r) > 0) {
        unsigned code = rd_u8(&r);
        if (code == OPT_PAD) {
            continue;
        }
        if (code == OPT_END) {
            return true;
        }
        size_t len = rd_u8(&r);
        const uint8_t *value = rd_bytes(&r, len);
        if (!rd_ok(&r)) {
            return false;
        }
        take_option(raw, code, rd_from(value, len));
    }
    return true;
}

static uint8_t prefix_of(uint32_t mask, uint32_t address)
{
    if (mask == 0) { /* before masks: the address's class */
        return address >> 31 == 0 ? 8 : address >> 30 == 2 ? 16 : 24;
    }
    uint8_t n = 0;
    while (n < 32 && (mask & (UINT32_C(1) << (31 - n))) != 0) {
        n++;
    }
    return n < 32 && (mask << n) != 0 ? 0 : n; /* 0: not a run of ones */
}

/* A unicast address that a box may have. */
static bool usable(uint32_t address)
{
    unsigned top = address >> 24;
    return top != 0 && top != 127 && top < 224;
}

static void fill_times(struct dhcp_answer *out)
{
    if (out->lease_s < LEASE_MIN) {
        out->lease_s = LEASE_MIN;
    }
    /* RFC 2131, 4.4.5: half and seven eighths. */
    uint32_t lease = out->lease_s == FOREVER ? FOREVER - 8 : out->lease_s;
    if (out->rebind_s < 2 || out->rebind_s >= lease) {
        out->rebind_s = lease / 8 * 7;
    }
    if (out->renew_s == 0 || out->renew_s >= out->rebind_s) {
        out->renew_s = lease / 2 < out->rebind_s ? lease / 2 : out->rebind_s / 2;
    }
}

int dhcp_parse(const uint8_t *packet, size_t len, uint32_t xid, const uint8_t mac[6],
               struct dhcp_answer *out)
{
    struct reader r = rd_from(packet, len);
    struct raw raw = {.out = out};

    memset(out, 0, sizeof *out);
    unsigned op = rd_u8(&r);
    unsigned hardware = rd_u8(&r);
    unsigned hardware_len = rd_u8(&r);
    rd_skip(&r, 1);
    bool ours = rd_be(&r, 4) == xid;
    rd_skip(&r, 8); /* secs, flags, ciaddr */
    out->address = (uint32_t)rd_be(&r, 4);
    rd_skip(&r, 8); /* siaddr, giaddr */
    const uint8_t *chaddr = rd_bytes(&r, 16);
    const uint8_t *sname = rd_bytes(&r, 64);
    const uint8_t *file = rd_bytes(&r, 128);
    uint32_t magic = (uint32_t)rd_be(&r, 4);
    if (!rd_ok(&r) || op != BOOTREPLY || hardware != 1 || hardware_len != 6 || !ours ||
        memcmp(chaddr, mac, 6) != 0 || magic != MAGIC) {
        return ERR_PROTOCOL;
    }
    if (!take_options(&raw, r)) {
        return ERR_PROTOCOL;
    }
    unsigned overload = raw.overload;
    if (((overload & 1) != 0 && !take_options(&raw, rd_from(file, 128))) ||
        ((overload & 2) != 0 && !take_options(&raw, rd_from(sname, 64)))) {
        return ERR_PROTOCOL;
    }
    if (raw.type == DHCP_NAK) {
        out->type = DHCP_NAK;
        return 0;
    }
    out->prefix = prefix_of(raw.mask, out->address);
    if ((raw.type != DHCP_OFFER && raw.type != DHCP_ACK) || !usable(out->address) ||
        out->server == 0 || out->prefix == 0) {
        return ERR_PROTOCOL;
    }
    out->type = (enum dhcp_type)raw.type;
    fill_times(out);
    return 0;
}
