/* SPDX-License-Identifier: Apache-2.0 */
/* One value of any kind: from text into the config, and back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/schema.h"

struct unit {
    const char *suffix;
    uint64_t factor;
};

static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit size_units[] = {
    {"G", UINT64_C(1) << 30}, {"M", 1u << 20}, {"K", 1u << 10}, {"", 1}, {NULL, 0}};
static const struct unit time_units[] = {{"h", 3600}, {"m", 60}, {"s", 1}, {"", 1}, {NULL, 0}};

static const struct unit *units_of(const struct schema_row *row)
{
    switch (row->kind) {
    case VALUE_SIZE:
        return size_units;
    case VALUE_TIME:
        return time_units;
    default:
        return no_units;
    }
}

static void store_unsigned(void *field, size_t width, uint64_t v)
{
    uint8_t v8 = (uint8_t)v;
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;
    switch (width) {
    case 1:
        memcpy(field, &v8, 1);
        break;
    case 2:
        memcpy(field, &v16, 2);
        break;
    case 4:
        memcpy(field, &v32, 4);
        break;
    default:
        memcpy(field, &v, 8);
        break;
    }
}

static uint64_t load_unsigned(const void *field, size_t width)
{
    uint8_t v8;
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;
    switch (width) {
    case 1:
        memcpy(&v8, field, 1);
        return v8;
    case 2:
        memcpy(&v16, field, 2);
        return v16;
    case 4:
        memcpy(&v32, field, 4);
        return v32;
    default:
        memcpy(&v64, field, 8);
        return v64;
    }
}

void text_wipe(char *text)
{
    if (text != NULL) {
        for (volatile char *p = text; *p != '\0'; p++) {
            *p = '\0';
        }
        free(text);
    }
}

int text_set(char **field, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        return ERR_NOMEM;
    }
    text_wipe(*field);
    *field = copy;
    return 0;
}

/* What is wrong with a value, and what is allowed. The value itself is shown, unless it is secret
 * or long: then it is only "the value". */
static int wrong(const struct schema_row *row, const char *value, const char *problem, char *what,
                 size_t size)
{
    char shown[40] = "the value";
    if (!row->pub.secret && strlen(value) <= 32) {
        snprintf(shown, sizeof shown, "\"%s\"", value);
    }
    bool comment = strstr(value, " #") != NULL || strstr(value, " ;") != NULL;
    snprintf(what, size, "%s %s; allowed: %s%s", shown, problem, row->pub.allowed,
             comment ? " (a comment needs a line of its own)" : "");
    return ERR_INVALID;
}

/* Digits and a unit; false when it is something else, *over when it is beyond 64 bits. */
static bool number_parse(const char *value, const struct unit *units, uint64_t *out, bool *over)
{
    uint64_t v = 0;
    const char *p = value;
    *over = false;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (v > (UINT64_MAX - digit) / 10) {
            *over = true;
            v = 0;
        }
        v = v * 10 + digit;
    }
    if (p == value) {
        return false;
    }
    for (; units->suffix != NULL; units++) {
        bool same = strcmp(p, units->suffix) == 0 ||
                    (*units->suffix >= 'A' && *units->suffix <= 'Z' && p[0] != '\0' &&
                     p[1] == '\0' && p[0] == *units->suffix + ('a' - 'A'));
        if (same) {
            if (v > UINT64_MAX / units->factor) {
                *over = true;
            } else {
                v *= units->factor;
            }
            *out = v;
            return true;
        }
    }
    return false;
}

static int parse_number(const struct schema_row *row, const char *value, void *field, char *what,
                        size_t size)
{
    uint64_t v = 0;
    bool over = false;
    if (row->zero != NULL && strcmp(value, row->zero) == 0) {
        store_unsigned(field, row->width, 0);
        return 0;
    }
    if (!number_parse(value, units_of(row), &v, &over)) {
        const char *problem = row->kind == VALUE_NUMBER ? "is not a number"
                              : row->kind == VALUE_SIZE ? "is not a size (a number and K, M or G)"
                                                        : "is not a time (a number and s, m or h)";
        return wrong(row, value, problem, what, size);
    }
    if (over || v < row->min || v > row->max) {
        return wrong(row, value, "is out of range", what, size);
    }
    store_unsigned(field, row->width, v);
    return 0;
}

static int parse_choice(const struct schema_row *row, const char *value, void *field, char *what,
                        size_t size)
{
    for (const struct choice *c = row->choices; c->name != NULL; c++) {
        if (strcmp(c->name, value) == 0) {
            if (c->later) {
                return wrong(row, value, "is not in this version", what, size);
            }
            store_unsigned(field, row->width, (uint64_t)c->value);
            return 0;
        }
    }
    return wrong(row, value, "is unknown", what, size);
}

int ipv4_parse(const char *text, uint32_t *out)
{
    uint32_t v = 0;
    for (int part = 0; part < 4; part++) {
        unsigned n = 0;
        int digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 4; text++, digits++) {
            n = n * 10 + (unsigned)(*text - '0');
        }
        if (digits == 0 || digits > 3 || n > 255 || *text != (part < 3 ? '.' : '\0')) {
            return ERR_INVALID;
        }
        text++;
        v = v << 8 | n;
    }
    *out = v;
    return 0;
}

void ipv4_format(uint32_t v, char *buf, size_t size)
{
    snprintf(buf, size, "%u.%u.%u.%u", (unsigned)(v >> 24), (unsigned)(v >> 16 & 255),
             (unsigned)(v >> 8 & 255), (unsigned)(v & 255));
}

static int parse_text(const struct schema_row *row, char *value, struct config *out, size_t offset,
                      char *what, size_t size)
{
    size_t max = row->max != 0 ? (size_t)row->max : 255;
    const char *problem = NULL;
    if (strlen(value) > max) {
        problem = "is too long";
    } else if (value[0] == '\0' && !row->pub.secret) {
        problem = "is empty";
    } else if (row->judge != NULL) {
        problem = row->judge(value);
    }
    if (problem != NULL) {
        return wrong(row, value, problem, what, size);
    }
    char *field = schema_text(out, offset);
    int rc = text_set(&field, value);
    memcpy(schema_field(out, offset), &field, sizeof field);
    return rc;
}

int value_parse(const struct schema_row *row, char *value, struct config *out, char *what,
                size_t size)
{
    void *field = schema_field(out, row->offset);
    switch (row->kind) {
    case VALUE_NUMBER:
    case VALUE_SIZE:
    case VALUE_TIME:
        return parse_number(row, value, field, what, size);
    case VALUE_CHOICE:
        return parse_choice(row, value, field, what, size);
    case VALUE_IPV4: {
        uint32_t address = 0;
        if (ipv4_parse(value, &address) != 0 || address == 0) {
            return wrong(row, value, "is not an IPv4 address", what, size);
        }
        memcpy(field, &address, sizeof address);
        return 0;
    }
    case VALUE_OWN: {
        const char *problem = row->parse(value, out);
        return problem != NULL ? wrong(row, value, problem, what, size) : 0;
    }
    case VALUE_FILE: /* the name; the content is read by whoever parses the whole config */
        return parse_text(row, value, out, row->name_offset, what, size);
    case VALUE_LATER:
        snprintf(what, size, "is not in this version");
        return ERR_INVALID;
    case VALUE_TEXT:
        break;
    }
    return parse_text(row, value, out, row->offset, what, size);
}

int value_format(const struct schema_row *row, const struct config *c, char *buf, size_t size)
{
    const char *field = (const char *)c + row->offset;
    const char *text = "";
    char number[40] = "";
    uint64_t v = 0;

    switch (row->kind) {
    case VALUE_TEXT:
        text = schema_text(c, row->offset);
        break;
    case VALUE_FILE:
        text = schema_text(c, row->name_offset);
        break;
    case VALUE_CHOICE:
        v = load_unsigned(field, row->width);
        for (const struct choice *ch = row->choices; ch->name != NULL; ch++) {
            if (!ch->later && (uint64_t)ch->value == v) {
                text = ch->name;
                break;
            }
        }
        break;
    case VALUE_NUMBER:
    case VALUE_SIZE:
    case VALUE_TIME: {
        v = load_unsigned(field, row->width);
        if (v == 0) {
            text = row->zero != NULL ? row->zero : "";
            break;
        }
        const struct unit *u = units_of(row);
        while (v % u->factor != 0) {
            u++;
        }
        const char *suffix = u->factor == 1 && row->kind == VALUE_TIME ? "s" : u->suffix;
        snprintf(number, sizeof number, "%" PRIu64 "%s", v / u->factor, suffix);
        text = number;
        break;
    }
    case VALUE_IPV4: {
        uint32_t address;
        memcpy(&address, field, sizeof address);
        if (address != 0) {
            ipv4_format(address, number, sizeof number);
        }
        text = number;
        break;
    }
    case VALUE_OWN:
        row->format(c, buf, size);
        return 0;
    case VALUE_LATER:
        break;
    }
    int n = snprintf(buf, size, "%s", text != NULL ? text : "");
    return n >= 0 && (size_t)n < size ? 0 : ERR_NOMEM;
}
