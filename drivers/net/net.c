/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the process that keeps the network up. */
#include "drivers/net/net.h"

#include <stdio.h>
#include <unistd.h>

#define LINK_POLL_S 1
#define LINK_PATIENCE_S 5 /* seconds without a link until we say so */

static void wait_for_link(const char *name, net_say say)
{
    char text[128];
    for (unsigned waited = 0; !net_has_link(name); waited += LINK_POLL_S) {
        if (waited == LINK_PATIENCE_S) {
            snprintf(text, sizeof text, "%s has no link: is the cable in?", name);
            net_report(say, text);
        }
        sleep(LINK_POLL_S);
    }
}

static int run_static(const char *name, const struct net_settings *s, net_say say,
                      struct errmsg *why)
{
    static const uint32_t none[NET_DNS_MAX];
    char text[128], address[16], gateway[16];
    int rc = net_configure(name, s->address, s->prefix, s->gateway, why);
    if (rc == 0) {
        rc = net_resolver(s->dns, none, why);
    }
    if (rc != 0) {
        return rc;
    }
    net_address_text(s->address, address);
    net_address_text(s->gateway, gateway);
    snprintf(text, sizeof text, "%s has %s/%u%s%s (static)", name, address, s->prefix,
             s->gateway != 0 ? ", gateway " : "", s->gateway != 0 ? gateway : "");
    net_report(say, text);
    for (;;) {
        wait_for_link(name, say);
        sleep(LINK_POLL_S);
    }
}

int net_run(const struct net_settings *s, net_say say, struct errmsg *why)
{
    char name[IFNAMSIZ];
    int rc = net_first(name, why);
    if (rc == 0) {
        rc = net_up(name, why);
    }
    if (rc != 0) {
        net_report(say, why != NULL ? why->text : "no interface");
        return rc;
    }
    for (unsigned pause = 1;; pause = pause < 60 ? pause * 2 : 60) {
        if (!s->dhcp) {
            rc = run_static(name, s, say, why);
        } else {
#ifdef CONFIG_DHCP
            wait_for_link(name, say);
            rc = dhcp_run(name, s, say, why);
#else
            rc = fail(why, ERR_INVALID,
                      "this build has no DHCP: set [network] address to A.B.C.D/N, and gateway");
#endif
        }
        char text[600];
        snprintf(text, sizeof text, "%s; trying again in %u s",
                 why != NULL ? why->text : err_name(rc), pause);
        net_report(say, text);
        sleep(pause);
    }
}
