/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are missing, and keys that need or exclude each other. */
#include "config/schema.h"

static unsigned line_of(const struct config *c, const char *section, const char *key)
{
    int at = schema_find(section, key);
    return at < 0 ? 0 : c->given[at];
}

/* First line that anything of the section is on, 0 if it is empty. */
static unsigned section_line(const struct config *c, const char *section)
{
    unsigned first = 0;
    for (size_t i = 0; i < schema_count; i++) {
        if (strcmp(schema_rows[i].pub.section, section) == 0 && c->given[i] != 0 &&
            (first == 0 || c->given[i] < first)) {
            first = c->given[i];
        }
    }
    return first;
}

static void required(const struct config *c, struct config_mistakes *m)
{
    for (size_t i = 0; i < schema_count; i++) {
        const struct config_row *row = &schema_rows[i].pub;
        unsigned line = section_line(c, row->section);
        bool wanted = row->required && (strcmp(row->section, "target") != 0 || line != 0);
        if (wanted && c->given[i] == 0) {
            mistake_add(m, line, row->section, row->key, "missing; allowed: %s", row->allowed);
        }
    }
}

static void server_rules(const struct config *c, const struct config_server *s, const char *section,
                         struct config_mistakes *m)
{
    unsigned ca = line_of(c, section, "ca");
    unsigned cert = line_of(c, section, "cert");
    unsigned key = line_of(c, section, "key");
    unsigned pin = line_of(c, section, "fingerprint");
    unsigned tls = line_of(c, section, "tls");
    unsigned server = section_line(c, section);

    if (cert != 0 && key == 0) {
        mistake_add(m, cert, section, "cert", "needs %s.key, the certificate's private key",
                    section);
    }
    if (key != 0 && cert == 0) {
        mistake_add(m, key, section, "key", "needs %s.cert, the key's certificate", section);
    }
    if (s->tls == CFG_TLS_VERIFY && server != 0 && ca == 0 && pin == 0) {
        mistake_add(m, tls, section, "tls",
                    "verify needs %s.ca or %s.fingerprint, or there is nothing to verify by",
                    section, section);
    }
    /* Off uses none of them; prefer judges no certificate. */
    static const char *const keys[] = {"ca", "fingerprint", "cert", "key"};
    size_t count = s->tls == CFG_TLS_OFF ? 4 : s->tls == CFG_TLS_PREFER ? 2 : 0;
    for (size_t i = 0; i < count; i++) {
        unsigned line = line_of(c, section, keys[i]);
        if (line != 0) {
            mistake_add(m, line, section, keys[i], "would not be used: needs %s.tls = %s", section,
                        i < 2 ? "require or verify" : "prefer, require or verify");
        }
    }
}

static void network_rules(const struct config *c, struct config_mistakes *m)
{
    unsigned gateway = line_of(c, "network", "gateway");
    if (gateway == 0 || c->network.gateway == 0) {
        return;
    }
    if (c->network.dhcp) {
        mistake_add(m, gateway, "network", "gateway",
                    "needs network.address = A.B.C.D/N; with dhcp the network names the gateway");
        return;
    }
    uint32_t mask = ~(UINT32_MAX >> c->network.prefix);
    if (((c->network.gateway ^ c->network.address) & mask) != 0 ||
        c->network.gateway == c->network.address) {
        char text[16];
        ipv4_format(c->network.gateway, text, sizeof text);
        mistake_add(m, gateway, "network", "gateway",
                    "\"%s\" is no neighbour; allowed: another address of the network of "
                    "network.address",
                    text);
    }
}

static void other_rules(const struct config *c, struct config_mistakes *m)
{
    if (c->appliance.console == CONSOLE_PASSWORD && line_of(c, "appliance", "password") == 0) {
        mistake_add(m, line_of(c, "appliance", "console"), "appliance", "console",
                    "password needs appliance.password");
    }
#ifndef CONFIG_NTP
    unsigned ntp = line_of(c, "appliance", "ntp");
    if (ntp != 0 && strcmp(c->appliance.ntp, "off") != 0) {
        mistake_add(m, ntp, "appliance", "ntp", "this build has no NTP; allowed: off");
    }
#endif
    unsigned tables = line_of(c, "task", "tables");
    if (c->task.scope == SCOPE_TABLES && tables == 0) {
        mistake_add(m, line_of(c, "task", "scope"), "task", "scope", "tables needs task.tables");
    }
    if (c->task.scope != SCOPE_TABLES && tables != 0) {
        mistake_add(m, tables, "task", "tables", "would not be used: needs task.scope = tables");
    }
}

void rules_check(const struct config *c, struct config_mistakes *m)
{
    required(c, m);
    server_rules(c, &c->source, "source", m);
    server_rules(c, &c->target, "target", m);
    network_rules(c, m);
    other_rules(c, m);
}
