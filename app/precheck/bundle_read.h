/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of reading a bundle: fields of objects, and the facts made of them. */
#ifndef APP_PRECHECK_BUNDLE_READ_H
#define APP_PRECHECK_BUNDLE_READ_H

#include "app/precheck/bundle.h"

/* Where the reading is, for messages. Only names of our own get into `at`. */
struct bundle_reading {
    struct bundle *out;
    struct errmsg *why;
    size_t at_len;
    char at[200];
};

/* Goes into a part; what it returns is given to bundle_leave(). */
size_t bundle_enter(struct bundle_reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void bundle_leave(struct bundle_reading *r, size_t before);

/* "servers.source is no object"; ERR_INVALID. */
int bundle_bad(struct bundle_reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void bundle_line(struct bundle_lines *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether a value is this text. */
bool bundle_is(yyjson_val *val, const char *word);

/* A key that an object may have. */
struct bundle_field {
    const char *key;
    char type; /* s text, u whole number, b truth, o object, a list, * any */
    bool needed;
    yyjson_val *val;
};

/* Finds the fields of an object, each once and of its type; other keys are passed over with a
 * note, so that a newer version's bundle can be read. 0, ERR_INVALID, ERR_NOMEM. */
int bundle_take(struct bundle_reading *r, yyjson_val *obj, struct bundle_field *fields,
                size_t count);
#define TAKE(r, obj, fields) bundle_take(r, obj, fields, sizeof(fields) / sizeof(fields)[0])

/* A number of at most `max`; 0 when it is absent. */
int bundle_number(struct bundle_reading *r, const struct bundle_field *f, uint64_t max,
                  uint64_t *out);
/* A text, cleaned, in place of the malloc'ed *out. */
int bundle_text(struct bundle_reading *r, const struct bundle_field *f, size_t max, char **out);
/* Which of the words. */
int bundle_word(struct bundle_reading *r, const struct bundle_field *f, const char *const *words,
                size_t count, int *out);

int bundle_read_servers(struct bundle_reading *r, yyjson_val *val, struct facts *facts);
int bundle_read_task(struct bundle_reading *r, yyjson_val *val, struct precheck_run *run);

#endif
