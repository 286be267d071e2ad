/* SPDX-License-Identifier: Apache-2.0 */
/* The box's network interface: address, route, name servers, DHCP, time servers. IPv4, one
 * interface. The two *_run() functions are the whole life of a small process each. */
#ifndef DRIVERS_NET_NET_H
#define DRIVERS_NET_NET_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NET_DNS_MAX 3
#define NET_STATUS_FILE "/run/sluice/network" /* one line for people */
#define NET_NTP_FILE "/run/sluice/ntp"        /* time servers that DHCP named, comma separated */

/* Addresses are in host byte order, 0 = none. */
struct net_settings {
    bool dhcp;
    uint32_t address;
    uint8_t prefix;
    uint32_t gateway;
    uint32_t dns[NET_DNS_MAX]; /* go before those that DHCP names */
    const char *hostname;      /* told to the DHCP server */
};

/* A line for the console; called when something changed, not for every try. */
typedef void (*net_say)(const char *text);

/* ---- the interface (iface.c); ERR_IO with the interface's name in *why ---- */

int net_loopback_up(struct errmsg *why);

/* The first Ethernet interface. ERR_NOT_FOUND. */
int net_first(char name[IFNAMSIZ], struct errmsg *why);

int net_up(const char *name, struct errmsg *why);
bool net_has_link(const char *name);
int net_mac(const char *name, uint8_t mac[6], struct errmsg *why);

/* Address (0: none any more) and default route (0: none). */
int net_configure(const char *name, uint32_t address, uint8_t prefix, uint32_t gateway,
                  struct errmsg *why);

/* /etc/resolv.conf from two lists, the first goes first; together at most NET_DNS_MAX. */
int net_resolver(const uint32_t first[NET_DNS_MAX], const uint32_t second[NET_DNS_MAX],
                 struct errmsg *why);

void net_address_text(uint32_t address, char buf[16]);

/* Says "network: TEXT" and leaves TEXT as the status. */
void net_report(net_say say, const char *text);

/* What the network's process last said, for people; "" on a host, whose network is its own. */
void net_status(char *buf, size_t size);

/* Replaces a small file as a whole. */
int net_write_file(const char *path, const char *text, struct errmsg *why);

/* ---- the processes ---- */

/* Brings the network up and keeps it up: waits for a link, sets the address or leases one, tries
 * again for ever. Never returns but for want of an interface. */
int net_run(const struct net_settings *settings, net_say say, struct errmsg *why);

/* Leases an address for `name` and holds it; returns only when the lease is lost for good
 * (ERR_TIMEOUT, ERR_NET) and the interface has no address any more. */
int dhcp_run(const char *name, const struct net_settings *settings, net_say say,
             struct errmsg *why);

/* Asks the time servers (comma separated; "": those in NET_NTP_FILE) until one answers, sets the
 * clock, then again every hour. Never returns. */
void sntp_run(const char *servers, int64_t not_before_s, net_say say);

#endif
