/* SPDX-License-Identifier: Apache-2.0 */
/* From a whole INI text to the config, with every mistake in it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/ini.h"
#include "config/schema.h"

struct parser {
    struct config *out;
    struct config_mistakes *mistakes;
    config_file_reader reader;
    void *reader_ctx;
    char section[64];         /* "" = none yet */
    bool section_known;
    struct ini_line line;
};

void mistake_add(struct config_mistakes *m, unsigned line, const char *section, const char *key,
                 const char *fmt, ...)
{
    if (m->count < sizeof m->list / sizeof m->list[0]) {
        struct config_mistake *one = &m->list[m->count];
        one->line = line;
        snprintf(one->key, sizeof one->key, "%s%s%s", section != NULL ? section : "",
                 section != NULL && key != NULL ? "." : "", key != NULL ? key : "");
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(one->text, sizeof one->text, fmt, ap);
        va_end(ap);
    }
    m->count++;
}

/* Edit distance of two short names; 99 when they are not worth comparing. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[65];
    size_t n = strlen(b);
    if (n >= 64 || strlen(a) >= 64) {
        return 99;
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned best = diagonal + ((a[i - 1] | 32) != (b[j - 1] | 32));
            diagonal = row[j];
            if (row[j] + 1 < best) {
                best = row[j] + 1;
            }
            if (row[j - 1] + 1 < best) {
                best = row[j - 1] + 1;
            }
            row[j] = best;
        }
    }
    return row[n];
}

static bool is_near(const char *a, const char *b, unsigned d)
{
    size_t shorter = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return d <= 2 && d < shorter;
}

static void unknown_section(struct parser *p)
{
    const char *near = NULL;
    unsigned best = 99;
    for (size_t i = 0; i < schema_count; i++) {
        unsigned d = distance(p->section, schema_rows[i].pub.section);
        if (d < best && is_near(p->section, schema_rows[i].pub.section, d)) {
            best = d;
            near = schema_rows[i].pub.section;
        }
    }
    mistake_add(p->mistakes, p->line.number, NULL, p->section, "no such section%s%s%s",
                near != NULL ? "; did you mean [" : "; allowed: ",
                near != NULL ? near : "appliance, network, source, target, precheck, task, relay, "
                                      "store, deliver",
                near != NULL ? "]?" : "");
}

static void unknown_key(struct parser *p)
{
    const char *key = p->line.key;
    const struct config_row *near = NULL;
    const struct config_row *other = NULL;
    unsigned best = 99;
    for (size_t i = 0; i < schema_count; i++) {
        const struct config_row *row = &schema_rows[i].pub;
        unsigned d = distance(key, row->key);
        if (strcmp(row->section, p->section) == 0) {
            if (d < best && is_near(key, row->key, d)) {
                best = d;
                near = row;
            }
        } else if (d == 0 && other == NULL) {
            other = row;
        }
    }
    const char *section = p->section[0] != '\0' ? p->section : NULL;
    if (near != NULL) {
        mistake_add(p->mistakes, p->line.number, section, key, "no such key; did you mean %s?",
                    near->key);
    } else if (other != NULL) {
        mistake_add(p->mistakes, p->line.number, section, key,
                    section != NULL ? "no such key here; it belongs to [%s]"
                                    : "a key before any section; it belongs to [%s]",
                    other->section);
    } else if (section == NULL) {
        mistake_add(p->mistakes, p->line.number, NULL, key, "a key before any section");
    } else {
        char keys[200] = "";
        size_t at = 0;
        for (size_t i = 0; i < schema_count && at < sizeof keys; i++) {
            if (strcmp(schema_rows[i].pub.section, section) == 0 && !schema_rows[i].pub.later) {
                at += (size_t)snprintf(keys + at, sizeof keys - at, "%s%s", at > 0 ? ", " : "",
                                       schema_rows[i].pub.key);
            }
        }
        mistake_add(p->mistakes, p->line.number, section, key, "no such key; allowed: %s", keys);
    }
}

/* Reads the file that the row names and looks whether it is what it should be. */
static int take_file(struct parser *p, const struct schema_row *row)
{
    const char *name = schema_text(p->out, row->name_offset);
    char *text = NULL;
    struct errmsg why = {""};
    char begin[40];
    if (p->reader == NULL) {
        return 0;
    }
    int rc = p->reader(p->reader_ctx, name, &text, &why);
    if (rc == ERR_NOMEM) {
        return rc;
    }
    if (rc != 0) {
        mistake_add(p->mistakes, p->line.number, row->pub.section, row->pub.key,
                    "%s; allowed: %s", why.text, row->pub.allowed);
        return 0;
    }
    snprintf(begin, sizeof begin, "%s", row->pem);
    const char *found = strstr(text, "-----BEGIN ");
    if (found == NULL || strstr(found, begin) == NULL) {
        mistake_add(p->mistakes, p->line.number, row->pub.section, row->pub.key,
                    "%.64s has no PEM block \"-----BEGIN … %s\"", name, row->pem);
        text_wipe(text);
        return 0;
    }
    if (strstr(text, "ENCRYPTED") != NULL) {
        mistake_add(p->mistakes, p->line.number, row->pub.section, row->pub.key,
                    "%.64s is protected by a passphrase, and nobody is there to give it; allowed: "
                    "a key without one",
                    name);
        text_wipe(text);
        return 0;
    }
    char *old = schema_text(p->out, row->offset);
    text_wipe(old);
    memcpy(schema_field(p->out, row->offset), &text, sizeof text);
    return 0;
}

static int take_key(struct parser *p)
{
    char what[200] = "";
    int at = schema_find(p->section, p->line.key);
    if (at < 0) {
        unknown_key(p);
        return 0;
    }
    const struct schema_row *row = &schema_rows[at];
    if (row->kind == VALUE_LATER) {
        mistake_add(p->mistakes, p->line.number, row->pub.section, row->pub.key,
                    "not in this version (%s); leave the key out", row->pub.help);
        return 0;
    }
    if (p->out->given[at] != 0) {
        mistake_add(p->mistakes, p->line.number, row->pub.section, row->pub.key,
                    "given again, first in line %u; allowed: once", (unsigned)p->out->given[at]);
        return 0;
    }
    p->out->given[at] = p->line.number;
    int rc = value_parse(row, p->line.value, p->out, what, sizeof what);
    if (rc == ERR_INVALID) {
        mistake_add(p->mistakes, p->line.number, row->pub.section, row->pub.key, "%s", what);
        return 0;
    }
    if (rc == 0 && row->kind == VALUE_FILE) {
        rc = take_file(p, row);
    }
    return rc;
}

static int take_defaults(struct config *out)
{
    char *empty = NULL;
    char what[200];
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_row *row = &schema_rows[i];
        size_t at[2] = {row->offset, row->name_offset};
        size_t texts = row->kind == VALUE_TEXT ? 1 : row->kind == VALUE_FILE ? 2 : 0;
        for (size_t t = 0; t < texts; t++) {
            empty = strdup("");
            if (empty == NULL) {
                return ERR_NOMEM;
            }
            memcpy(schema_field(out, at[t]), &empty, sizeof empty);
        }
        if (row->pub.fallback != NULL) {
            char value[64];
            snprintf(value, sizeof value, "%s", row->pub.fallback);
            if (value_parse(row, value, out, what, sizeof what) != 0) {
                return ERR_NOMEM; /* the table's own defaults are right: the tests see to it */
            }
        }
    }
    return text_set(&out->relay.start_file, "");
}

/* Ours towards the source: a name's FNV-1a hash, so that it stays the same over restarts and
 * differs between boxes that are named differently. */
static uint32_t derived_server_id(const char *hostname)
{
    uint32_t hash = 2166136261u;
    for (; *hostname != '\0'; hostname++) {
        hash = (hash ^ (unsigned char)*hostname) * 16777619u;
    }
    return 1000000 + hash % 1000000;
}

static int parse_lines(struct parser *p, const char *text, size_t len)
{
    struct ini ini;
    ini_start(&ini, text, len);
    for (;;) {
        int rc = 0;
        ini_next(&ini, &p->line);
        switch (p->line.kind) {
        case INI_END:
            return 0;
        case INI_WRONG:
            mistake_add(p->mistakes, p->line.number, NULL, NULL, "%s", p->line.problem);
            break;
        case INI_SECTION:
            memcpy(p->section, p->line.key, sizeof p->section);
            p->section_known = false;
            for (size_t i = 0; i < schema_count && !p->section_known; i++) {
                p->section_known = strcmp(schema_rows[i].pub.section, p->section) == 0;
            }
            if (!p->section_known) {
                unknown_section(p);
            }
            break;
        case INI_KEY:
            /* An unknown section is one mistake, not one for each of its keys. */
            if (p->section_known || p->section[0] == '\0') {
                rc = take_key(p);
            }
            break;
        }
        if (rc != 0) {
            return rc;
        }
    }
}

/* In the order of the lines; what has none comes first. */
static void sort_mistakes(struct config_mistakes *m)
{
    size_t kept = sizeof m->list / sizeof m->list[0];
    for (size_t i = 1; i < m->count && i < kept; i++) {
        struct config_mistake one = m->list[i];
        size_t j = i;
        for (; j > 0 && m->list[j - 1].line > one.line; j--) {
            m->list[j] = m->list[j - 1];
        }
        m->list[j] = one;
    }
}

int config_parse(const char *text, size_t len, config_file_reader reader, void *reader_ctx,
                 struct config *out, struct config_mistakes *mistakes)
{
    struct parser *p = NULL;
    int rc = 0;

    memset(out, 0, sizeof *out);
    mistakes->count = 0;
    p = calloc(1, sizeof *p);
    if (p == NULL) {
        return ERR_NOMEM;
    }
    p->out = out;
    p->mistakes = mistakes;
    p->reader = reader;
    p->reader_ctx = reader_ctx;

    rc = take_defaults(out);
    if (rc == 0 && len > CONFIG_TEXT_MAX) {
        mistake_add(mistakes, 0, NULL, NULL, "the file has %zu bytes; at most %d are allowed", len,
                    CONFIG_TEXT_MAX);
    } else if (rc == 0) {
        rc = parse_lines(p, text, len);
    }
    if (rc == 0) {
        out->source.present = out->source.host[0] != '\0';
        out->target.present = out->target.host[0] != '\0';
        if (out->source.server_id == 0) {
            out->source.server_id = derived_server_id(out->appliance.hostname);
        }
        rules_check(out, mistakes);
        sort_mistakes(mistakes);
    }
    for (volatile char *c = p->line.value; c < p->line.value + sizeof p->line.value; c++) {
        *c = '\0';
    }
    free(p);
    if (rc != 0) {
        config_free(out);
        return rc;
    }
    return mistakes->count > 0 ? ERR_INVALID : 0;
}

void config_free(struct config *c)
{
    for (size_t i = 0; i < schema_count; i++) {
        if (schema_rows[i].kind == VALUE_TEXT || schema_rows[i].kind == VALUE_FILE) {
            text_wipe(schema_text(c, schema_rows[i].offset));
        }
        if (schema_rows[i].kind == VALUE_FILE) {
            text_wipe(schema_text(c, schema_rows[i].name_offset));
        }
    }
    text_wipe(c->relay.start_file);
    memset(c, 0, sizeof *c);
}
