/* SPDX-License-Identifier: Apache-2.0 */
/* The DHCP client (RFC 2131): discover, request, hold, renew, rebind. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "drivers/net/dhcp_packet.h"
#include "drivers/net/net.h"

#define CLIENT_PORT 68
#define SERVER_PORT 67
#define EVERYBODY 0xffffffffu
#define PATIENCE 3     /* unanswered tries until we say so */
#define WAIT_MAX_S 64  /* RFC 2131: the pauses double up to here */
#define RETRY_MIN_S 60 /* between renewals */
#define LINK_POLL_S 2
#define MOVED_TRIES 3  /* unanswered renewals after the cable was moved until we ask afresh */

struct client {
    const char *name;
    const struct net_settings *settings;
    net_say say;
    int fd;
    uint8_t mac[6];
    uint32_t xid;
    uint64_t began_ms;
    struct dhcp_answer lease;
    uint64_t leased_ms; /* when the lease's request was sent */
};

static uint64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int open_socket(struct client *c, struct errmsg *why)
{
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0 || setsockopt(c->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        setsockopt(c->fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0 ||
        setsockopt(c->fd, SOL_SOCKET, SO_BINDTODEVICE, c->name, (socklen_t)strlen(c->name) + 1) !=
            0 ||
        bind(c->fd, (const struct sockaddr *)&me, sizeof me) != 0) {
        return fail_errno(why, ERR_NET, "%s: no socket for DHCP", c->name);
    }
    return 0;
}

/* A question by DHCP's rules for the state we are in; `to` is EVERYBODY or the server. */
static int send_question(struct client *c, enum dhcp_type type, uint32_t to,
                         const struct dhcp_answer *offer)
{
    uint8_t packet[DHCP_PACKET_MAX];
    bool renewing = offer != NULL && offer == &c->lease;
    uint64_t secs = (now_ms() - c->began_ms) / 1000;
    struct dhcp_question q = {
        .type = type,
        .xid = c->xid,
        .secs = (uint16_t)(secs < 65535 ? secs : 65535),
        .broadcast = !renewing,
        .client = renewing ? c->lease.address : 0,
        .requested = offer != NULL && !renewing ? offer->address : 0,
        .server = offer != NULL && !renewing ? offer->server : 0,
        .hostname = c->settings->hostname,
    };
    memcpy(q.mac, c->mac, sizeof q.mac);
    size_t len = dhcp_make(&q, packet, sizeof packet);
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons(SERVER_PORT),
                                 .sin_addr.s_addr = htonl(to)};
    ssize_t n = sendto(c->fd, packet, len, 0, (const struct sockaddr *)&server, sizeof server);
    return n == (ssize_t)len ? 0 : ERR_NET;
}

/* The first fitting answer until `deadline`: an offer, or an ack or nak. ERR_TIMEOUT. */
static int receive(struct client *c, bool offer, uint64_t deadline, struct dhcp_answer *out)
{
    for (;;) {
        uint8_t packet[DHCP_PACKET_MAX];
        uint64_t now = now_ms();
        if (now >= deadline) {
            return ERR_TIMEOUT;
        }
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        int ready = poll(&p, 1, (int)(deadline - now));
        if (ready < 0 && errno != EINTR) {
            return ERR_NET;
        }
        if (ready <= 0) {
            continue;
        }
        ssize_t n = recv(c->fd, packet, sizeof packet, 0);
        if (n > 0 && dhcp_parse(packet, (size_t)n, c->xid, c->mac, out) == 0 &&
            (out->type == DHCP_OFFER) == offer) {
            return 0;
        }
    }
}

static void new_exchange(struct client *c)
{
    if (getrandom(&c->xid, sizeof c->xid, GRND_NONBLOCK) != (ssize_t)sizeof c->xid) {
        c->xid = (uint32_t)(now_ms() * 2654435761u) ^ (uint32_t)(c->mac[4] << 8 | c->mac[5]);
    }
}

/* Pauses of the same length at many boxes after a power cut would never part: plus 0 to 1 s. */
static uint64_t jittered(struct client *c, uint64_t ms)
{
    c->xid = c->xid * 1664525u + 1013904223u; /* changes between exchanges only */
    return ms + c->xid % 1000;
}

/* Asks for what was offered. 0, ERR_TIMEOUT, or ERR_NET for a refusal. */
static int request(struct client *c, const struct dhcp_answer *offer)
{
    uint64_t wait = 1000;
    for (int tries = 0; tries < 4; tries++, wait *= 2) {
        uint64_t sent = now_ms();
        if (send_question(c, DHCP_REQUEST, EVERYBODY, offer) == 0 || tries < 3) {
            struct dhcp_answer a;
            uint64_t deadline = sent + wait;
            while (receive(c, false, deadline, &a) == 0) {
                if (a.type == DHCP_NAK) {
                    return ERR_NET;
                }
                if (a.server == offer->server) {
                    c->lease = a;
                    c->leased_ms = sent;
                    return 0;
                }
            }
        }
    }
    return ERR_TIMEOUT;
}

/* Until an address is leased. */
static void acquire(struct client *c)
{
    uint64_t wait = 1000;
    char text[160];
    c->began_ms = now_ms();
    for (unsigned tries = 1;; tries++) {
        struct dhcp_answer offer;
        uint64_t deadline = now_ms() + jittered(c, wait);
        new_exchange(c);
        if (send_question(c, DHCP_DISCOVER, EVERYBODY, NULL) == 0 &&
            receive(c, true, deadline, &offer) == 0) {
            if (request(c, &offer) == 0) {
                return;
            }
            sleep(1);
        } else if (now_ms() < deadline) {
            sleep(1); /* could not even be sent: the link is gone, say */
        }
        if (tries == PATIENCE) {
            snprintf(text, sizeof text,
                     "no DHCP server answers on %s; still asking. Without one set "
                     "[network] address = A.B.C.D/N",
                     c->name);
            net_report(c->say, text);
        }
        if (wait < WAIT_MAX_S * 1000) {
            wait *= 2;
        }
    }
}

static int use_lease(struct client *c, struct errmsg *why)
{
    char text[200], address[16], gateway[16], server[16], ntp[64] = "";
    size_t at = 0;
    int rc = net_configure(c->name, c->lease.address, c->lease.prefix, c->lease.gateway, why);
    if (rc == 0) {
        rc = net_resolver(c->settings->dns, c->lease.dns, why);
    }
    for (size_t i = 0; i < DHCP_LIST_MAX && c->lease.ntp[i] != 0; i++) {
        char one[16];
        net_address_text(c->lease.ntp[i], one);
        at += (size_t)snprintf(ntp + at, sizeof ntp - at, "%s%s", i > 0 ? "," : "", one);
    }
    if (rc == 0) {
        rc = net_write_file(NET_NTP_FILE, ntp, why);
    }
    if (rc != 0) {
        return rc;
    }
    net_address_text(c->lease.address, address);
    net_address_text(c->lease.gateway, gateway);
    net_address_text(c->lease.server, server);
    snprintf(text, sizeof text, "%s has %s/%u%s%s (DHCP of %s)", c->name, address,
             c->lease.prefix, c->lease.gateway != 0 ? ", gateway " : "",
             c->lease.gateway != 0 ? gateway : "", server);
    net_report(c->say, text);
    return 0;
}

/* Sleeps until `deadline`; true when the link went and came back in the meantime, so that this may
 * be another network now. */
static bool sleep_with_link(struct client *c, uint64_t deadline)
{
    bool lost = false;
    while (now_ms() < deadline) {
        bool link = net_has_link(c->name);
        char text[128];
        if (lost && link) {
            return true;
        }
        if (!link && !lost) {
            snprintf(text, sizeof text, "%s has lost its link: is the cable in?", c->name);
            net_report(c->say, text);
            lost = true;
        }
        sleep(LINK_POLL_S);
    }
    return false;
}

/* One renewal: from the server itself, or from any (rebinding). 0: extended; ERR_NET: refused;
 * ERR_TIMEOUT. */
static int renew(struct client *c, bool anybody, uint64_t wait_ms)
{
    struct dhcp_answer a;
    uint64_t sent = now_ms();
    new_exchange(c);
    c->began_ms = sent;
    if (send_question(c, DHCP_REQUEST, anybody ? EVERYBODY : c->lease.server, &c->lease) != 0) {
        return ERR_TIMEOUT;
    }
    int rc = receive(c, false, sent + wait_ms, &a);
    if (rc != 0) {
        return rc;
    }
    if (a.type == DHCP_NAK) {
        return ERR_NET;
    }
    c->lease = a;
    c->leased_ms = sent;
    return 0;
}

static uint64_t at_s(const struct client *c, uint32_t seconds)
{
    return c->leased_ms + (uint64_t)seconds * 1000;
}

/* Holds the lease until it is lost. */
static int hold(struct client *c, struct errmsg *why)
{
    uint64_t next = at_s(c, c->lease.renew_s);
    unsigned unsure = 0; /* tries left until we know whether this is still our network */
    for (;;) {
        unsure = sleep_with_link(c, next) ? MOVED_TRIES : unsure;
        bool moved = unsure > 0;
        uint64_t now = now_ms();
        if (now >= at_s(c, c->lease.lease_s)) {
            return fail(why, ERR_TIMEOUT, "the lease of %s has run out and nobody extends it",
                        c->name);
        }
        bool anybody = moved || now >= at_s(c, c->lease.rebind_s);
        struct dhcp_answer old = c->lease;
        int rc = renew(c, anybody, 4000);
        if (rc == ERR_NET) {
            return fail(why, ERR_NET, "the DHCP server takes the address of %s back", c->name);
        }
        if (rc == 0) {
            unsure = 0;
            next = at_s(c, c->lease.renew_s);
            /* Said and done again only when something changed: not for every renewal. */
            if (moved || c->lease.address != old.address || c->lease.prefix != old.prefix ||
                c->lease.gateway != old.gateway ||
                memcmp(c->lease.dns, old.dns, sizeof old.dns) != 0) {
                rc = use_lease(c, why);
                if (rc != 0) {
                    return rc;
                }
            }
            continue;
        }
        if (moved && --unsure == 0) {
            return fail(why, ERR_TIMEOUT, "%s is in another network now", c->name);
        }
        /* RFC 2131: half of what is left until the next stage, but not faster than a minute; and
         * the next stage itself is not missed. */
        uint64_t stage = at_s(c, anybody ? c->lease.lease_s : c->lease.rebind_s);
        uint64_t left = stage > now ? stage - now : 0;
        uint64_t pause = left / 2 > RETRY_MIN_S * 1000 ? left / 2 : RETRY_MIN_S * 1000;
        next = now + (moved ? 5000 : pause < left ? pause : left);
    }
}

int dhcp_run(const char *name, const struct net_settings *settings, net_say say,
             struct errmsg *why)
{
    struct client c = {.name = name, .settings = settings, .say = say, .fd = -1};
    struct errmsg ignored;
    int rc = net_mac(name, c.mac, why);
    if (rc == 0) {
        rc = open_socket(&c, why);
    }
    if (rc == 0) {
        acquire(&c);
        rc = use_lease(&c, why);
    }
    if (rc == 0) {
        rc = hold(&c, why);
    }
    (void)net_configure(name, 0, 0, 0, &ignored); /* there may be none to take away */
    if (c.fd >= 0) {
        close(c.fd);
    }
    return rc;
}
