/* SPDX-License-Identifier: Apache-2.0 */
/* The schema's rows as the reader sees them: what a value is and where it goes. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <string.h>

#include "config/config.h"

enum value_kind {
    VALUE_TEXT,   /* char *, judged by row.judge if there is one */
    VALUE_CHOICE, /* an enum, or a bool with on | off */
    VALUE_NUMBER, /* unsigned of any width, min to max */
    VALUE_SIZE,   /* the same with K, M, G */
    VALUE_TIME,   /* seconds, with s, m, h */
    VALUE_IPV4,   /* uint32_t, host byte order */
    VALUE_FILE,   /* char * content at `offset`, char * name at `name_offset` */
    VALUE_OWN,    /* row.parse puts it where it belongs, row.format shows it */
    VALUE_LATER,  /* refused */
};

struct choice {
    const char *name; /* NULL ends the list */
    int value;
    bool later; /* known, but refused in this version */
};

struct schema_row {
    struct config_row pub;
    enum value_kind kind;
    size_t offset;      /* in struct config */
    size_t width;       /* of the field, bytes */
    size_t name_offset; /* VALUE_FILE */
    uint64_t min, max;  /* numbers; bytes of a text (max 0: 255) */
    const char *zero;   /* a word that stands for 0 */
    const struct choice *choices;
    const char *pem; /* VALUE_FILE: what its BEGIN line must contain */

    /* VALUE_TEXT: NULL, or what is wrong with the value. It may be rewritten in place, never made
     * longer. */
    const char *(*judge)(char *value);
    /* VALUE_OWN: NULL, or what is wrong. Takes copies. */
    const char *(*parse)(const char *value, struct config *out);
    void (*format)(const struct config *c, char *buf, size_t size);
};

extern const struct schema_row schema_rows[];
extern const size_t schema_count;

/* Row of section and key; -1 if there is none. */
int schema_find(const char *section, const char *key);

/* Where the row's value lies. */
static inline void *schema_field(struct config *c, size_t offset)
{
    return (char *)c + offset;
}

static inline char *schema_text(const struct config *c, size_t offset)
{
    char *text;
    memcpy(&text, (const char *)c + offset, sizeof text);
    return text;
}

/* Puts `value` (NUL-terminated; may be rewritten) into the row's field. Returns 0, ERR_NOMEM, or
 * ERR_INVALID with a mistake's text in what (never a secret). A wrong value leaves the field. */
int value_parse(const struct schema_row *row, char *value, struct config *out, char *what,
                size_t size);

/* The field as text, secrets too: for config_get() and the round trip. ERR_NOMEM when buf is too
 * small. */
int value_format(const struct schema_row *row, const struct config *c, char *buf, size_t size);

/* Replaces an owned string by a copy of `text`; wipes the old one. ERR_NOMEM. */
int text_set(char **field, const char *text);

/* Zeros and frees; NULL is fine. */
void text_wipe(char *text);

/* "10.0.2.15" to 0x0a00020f and back; ERR_INVALID for anything else. */
int ipv4_parse(const char *text, uint32_t *out);
void ipv4_format(uint32_t v, char *buf, size_t size);

/* The judges of judge.c, used by the table. */
const char *judge_hostname(char *value);
const char *judge_host(char *value);
const char *judge_hosts(char *value);
const char *judge_host_ports(char *value);
const char *judge_addresses(char *value);
const char *judge_http(char *value);
const char *judge_verifier(char *value);
const char *judge_fingerprint(char *value);
const char *judge_tables(char *value);
const char *judge_device(char *value);
const char *parse_address(const char *value, struct config *out);
void format_address(const struct config *c, char *buf, size_t size);
const char *parse_start(const char *value, struct config *out);
void format_start(const struct config *c, char *buf, size_t size);

/* Keys that need or exclude each other; adds to *m. */
void rules_check(const struct config *c, struct config_mistakes *m);

/* One more mistake; only the first of them are kept. `key` NULL: of the line or file as a whole. */
void mistake_add(struct config_mistakes *m, unsigned line, const char *section, const char *key,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
