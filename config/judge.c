/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a text value right: names, addresses, verifiers, positions. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/password.h"
#include "config/schema.h"

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

const char *judge_hostname(char *value)
{
    size_t len = strlen(value);
    if (len > 63) {
        return "is too long";
    }
    if (value[0] == '-' || value[len - 1] == '-') {
        return "has a hyphen at its end";
    }
    for (const char *p = value; *p != '\0'; p++) {
        if (!is_alnum(*p) && *p != '-') {
            return "has a character that no host name may have";
        }
    }
    return NULL;
}

const char *judge_host(char *value)
{
    size_t colons = 0;
    for (const char *p = value; *p != '\0'; p++) {
        colons += *p == ':';
        if (!is_alnum(*p) && *p != '-' && *p != '.' && *p != '_' && *p != ':' && *p != '%') {
            return "has a character that no name or address may have";
        }
    }
    return colons == 1 ? "has a port in it, which is a key of its own (port)" : NULL;
}

/* Calls `one` for each comma-separated part, blanks around it cut off, and writes the list back as
 * "a,b,c". */
static const char *each(char *value, const char *(*one)(char *part))
{
    char *to = value;
    char *from = value;
    for (;;) {
        char *comma = strchr(from, ',');
        char *end = comma != NULL ? comma : from + strlen(from);
        char *next = comma != NULL ? comma + 1 : NULL;
        while (*from == ' ' || *from == '\t') {
            from++;
        }
        while (end > from && (end[-1] == ' ' || end[-1] == '\t')) {
            end--;
        }
        *end = '\0';
        if (*from == '\0') {
            return "has an empty place in its list";
        }
        const char *problem = one(from);
        if (problem != NULL) {
            return problem;
        }
        size_t len = strlen(from);
        memmove(to, from, len);
        to += len;
        if (next == NULL) {
            *to = '\0';
            return NULL;
        }
        *to++ = ',';
        from = next;
    }
}

/* The same, with the value left as it was given when something is wrong with it. */
static const char *judge_list(char *value, const char *(*one)(char *part))
{
    char *copy = strdup(value);
    if (copy == NULL) {
        return "does not fit into memory";
    }
    const char *problem = each(copy, one);
    if (problem == NULL) {
        memcpy(value, copy, strlen(copy) + 1);
    }
    free(copy);
    return problem;
}

const char *judge_hosts(char *value)
{
    return strcmp(value, "off") == 0 ? NULL : judge_list(value, judge_host);
}

static const char *port_parse(const char *text)
{
    char *end = NULL;
    if (!isdigit((unsigned char)text[0]) || strlen(text) > 5) {
        return "has no port between 1 and 65535";
    }
    unsigned long port = strtoul(text, &end, 10);
    return *end == '\0' && port >= 1 && port <= 65535 ? NULL : "has no port between 1 and 65535";
}

static const char *judge_host_port(char *part)
{
    char *colon = strchr(part, ':');
    if (colon == NULL || strchr(colon + 1, ':') != NULL) {
        return judge_host(part); /* no port, or a bare IPv6 address */
    }
    *colon = '\0';
    const char *problem = part[0] == '\0' ? "has no host before the port" : judge_host(part);
    *colon = ':';
    return problem != NULL ? problem : port_parse(colon + 1);
}

const char *judge_host_ports(char *value)
{
    size_t count = 1;
    for (const char *p = value; *p != '\0'; p++) {
        count += *p == ',';
    }
    return count > 8 ? "names more than 8" : judge_list(value, judge_host_port);
}

static const char *judge_ipv4(char *part)
{
    uint32_t address;
    return ipv4_parse(part, &address) == 0 && address != 0 ? NULL : "is not an IPv4 address";
}

const char *judge_addresses(char *value)
{
    size_t count = 1;
    for (const char *p = value; *p != '\0'; p++) {
        count += *p == ',';
    }
    return count > 3 ? "names more than 3" : judge_list(value, judge_ipv4);
}

const char *judge_http(char *value)
{
    if (strcmp(value, "off") == 0) {
        return NULL;
    }
    char *colon = strrchr(value, ':');
    if (colon == NULL) {
        return port_parse(value);
    }
    uint32_t address;
    *colon = '\0';
    bool good = ipv4_parse(value, &address) == 0;
    *colon = ':';
    return good ? port_parse(colon + 1) : "has no IPv4 address before the port";
}

const char *judge_verifier(char *value)
{
    if (config_password_is_verifier(value)) {
        return NULL;
    }
    return strncmp(value, "pbkdf2", 6) == 0 ? "is a damaged verifier"
                                            : "is no verifier, and a plain password is not taken";
}

const char *judge_fingerprint(char *value)
{
    char *to = value;
    size_t digits = 0;
    for (const char *p = value; *p != '\0'; p++) {
        if (isxdigit((unsigned char)*p)) {
            digits++;
        } else if (*p != ':') {
            return "has a character that is no hex digit";
        }
    }
    if (digits != 64) {
        return digits == 40 ? "is a SHA-1 fingerprint" : "has not 64 hex digits";
    }
    for (const char *p = value; *p != '\0'; p++) {
        if (*p != ':') {
            *to++ = (char)tolower((unsigned char)*p);
        }
    }
    *to = '\0';
    return NULL;
}

bool is_system_database(const char *name, size_t len)
{
    static const char *const names[] = {"mysql", "sys", "information_schema", "performance_schema"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == len && strncasecmp(name, names[i], len) == 0) {
            return true;
        }
    }
    return false;
}

static const char *judge_table(char *part)
{
    char *dot = strchr(part, '.');
    if (is_system_database(part, dot == NULL ? strlen(part) : (size_t)(dot - part))) {
        return "has a name of a system database; only databases of users are migrated";
    }
    if (dot == part || (dot != NULL && dot[1] == '\0')) {
        return "has a name without its database or table";
    }
    if (dot != NULL && strchr(dot + 1, '.') != NULL) {
        return "has a name with two dots";
    }
    if (strchr(part, '*') != NULL || strchr(part, '`') != NULL || strchr(part, '%') != NULL) {
        return "has a pattern or a quote; names are written plainly, a whole database by its own";
    }
    return NULL;
}

const char *judge_tables(char *value)
{
    return judge_list(value, judge_table);
}

const char *judge_device(char *value)
{
    if (strncmp(value, "mtd:", 4) == 0) {
        return "is not in this version";
    }
    if (strncmp(value, "part:", 5) == 0) {
        return value[5] == '\0' || strchr(value + 5, '/') != NULL ? "names no partition" : NULL;
    }
    return NULL;
}

const char *parse_address(const char *value, struct config *out)
{
    if (strcmp(value, "dhcp") == 0) {
        out->network.dhcp = true;
        out->network.address = 0;
        out->network.prefix = 0;
        return NULL;
    }
    char text[20];
    const char *slash = strchr(value, '/');
    uint32_t address = 0;
    if (slash == NULL) {
        return ipv4_parse(value, &address) == 0 ? "lacks the prefix length, such as /24"
                                                : "is not an address";
    }
    size_t len = (size_t)(slash - value);
    if (len >= sizeof text) {
        return "is not an address";
    }
    memcpy(text, value, len);
    text[len] = '\0';
    char *end = NULL;
    unsigned long prefix = isdigit((unsigned char)slash[1]) ? strtoul(slash + 1, &end, 10) : 0;
    if (ipv4_parse(text, &address) != 0 || end == NULL || *end != '\0') {
        return "is not an address";
    }
    if (prefix < 1 || prefix > 30) {
        return "has a prefix length that is not between 1 and 30";
    }
    uint32_t host = UINT32_MAX >> prefix;
    unsigned top = address >> 24;
    if (top == 0 || top == 127 || top >= 224 || (address & host) == 0 || (address & host) == host) {
        return "is not an address that a box may have";
    }
    out->network.dhcp = false;
    out->network.address = address;
    out->network.prefix = (uint8_t)prefix;
    return NULL;
}

void format_address(const struct config *c, char *buf, size_t size)
{
    if (c->network.dhcp) {
        snprintf(buf, size, "dhcp");
        return;
    }
    char address[16];
    ipv4_format(c->network.address, address, sizeof address);
    snprintf(buf, size, "%s/%u", address, c->network.prefix);
}

const char *parse_start(const char *value, struct config *out)
{
    if (strcmp(value, "earliest") == 0 || strcmp(value, "latest") == 0) {
        out->relay.start = value[0] == 'e' ? START_EARLIEST : START_LATEST;
        return NULL;
    }
    if (strncmp(value, "gtid:", 5) == 0) {
        return "(a start by GTID) is not in this version";
    }
    const char *colon = strrchr(value, ':');
    if (colon == NULL || colon == value || !isdigit((unsigned char)colon[1])) {
        return "is neither a word nor FILE:POS";
    }
    uint64_t pos = 0;
    for (const char *p = colon + 1; isdigit((unsigned char)*p); p++) {
        if (pos > (UINT64_MAX - 9) / 10) {
            return "has a position that is too large";
        }
        pos = pos * 10 + (uint64_t)(*p - '0');
    }
    if (strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
        return "has a position that is not a number";
    }
    if (pos < 4) {
        return "has a position before the file's first event, which is at 4";
    }
    size_t len = (size_t)(colon - value);
    if (len > 255 || memchr(value, '/', len) != NULL) {
        return "has no binlog file's name before the position";
    }
    char *file = strndup(value, len);
    if (file == NULL) {
        return "does not fit into memory";
    }
    text_wipe(out->relay.start_file);
    out->relay.start_file = file;
    out->relay.start_pos = pos;
    out->relay.start = START_POSITION;
    return NULL;
}

void format_start(const struct config *c, char *buf, size_t size)
{
    if (c->relay.start == START_POSITION) {
        snprintf(buf, size, "%s:%" PRIu64, c->relay.start_file, c->relay.start_pos);
    } else {
        snprintf(buf, size, "%s", c->relay.start == START_EARLIEST ? "earliest" : "latest");
    }
}
