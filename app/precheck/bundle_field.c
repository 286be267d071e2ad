/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of an object of a bundle: each known one once, of its type, within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "app/precheck/bundle_read.h"
#include "app/precheck/clean.h"

size_t bundle_enter(struct bundle_reading *r, const char *fmt, ...)
{
    size_t before = r->at_len;
    va_list ap;

    va_start(ap, fmt);
    r->at_len += clean_vformat(r->at + before, sizeof r->at - before, fmt, ap);
    va_end(ap);
    return before;
}

void bundle_leave(struct bundle_reading *r, size_t before)
{
    r->at_len = before;
    r->at[before] = '\0';
}

int bundle_bad(struct bundle_reading *r, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, fmt);
    clean_vformat(text, sizeof text, fmt, ap);
    va_end(ap);
    return fail(r->why, ERR_INVALID, "%s %s", r->at[0] == '\0' ? "it" : r->at, text);
}

void bundle_line(struct bundle_lines *l, const char *fmt, ...)
{
    va_list ap;

    if (l->count < sizeof l->line / sizeof l->line[0]) {
        va_start(ap, fmt);
        clean_vformat(l->line[l->count], sizeof l->line[0], fmt, ap);
        va_end(ap);
    }
    l->count++;
}

/* "%s is not known here" of a name that may be anything. */
static int pass_over(struct bundle_reading *r, yyjson_val *name)
{
    char *text = clean_copy(yyjson_get_str(name), yyjson_get_len(name), 60);

    if (text == NULL) {
        return fail(r->why, ERR_NOMEM, "no memory for the bundle");
    }
    bundle_line(&r->out->notes, "%s%s%s is not known to this version, and is not judged", r->at,
                r->at[0] == '\0' ? "" : ".", text);
    free(text);
    return OK;
}

bool bundle_is(yyjson_val *val, const char *word)
{
    return yyjson_get_len(val) == strlen(word) &&
           memcmp(yyjson_get_str(val), word, strlen(word)) == 0;
}

static bool has_type(yyjson_val *val, char type)
{
    return type == 's'   ? yyjson_is_str(val)
           : type == 'u' ? yyjson_is_uint(val)
           : type == 'b' ? yyjson_is_bool(val)
           : type == 'o' ? yyjson_is_obj(val)
           : type == 'a' ? yyjson_is_arr(val)
                         : true;
}

static const char *type_name(char type)
{
    return type == 's'   ? "no text"
           : type == 'u' ? "no whole number"
           : type == 'b' ? "neither true nor false"
           : type == 'o' ? "no object"
                         : "no list";
}

/* Finds the fields of an object, each once and of its type. */
int bundle_take(struct bundle_reading *r, yyjson_val *obj, struct bundle_field *fields,
                size_t count)
{
    yyjson_obj_iter it = yyjson_obj_iter_with(obj);
    yyjson_val *key = NULL;
    int rc = OK;

    while (rc == OK && (key = yyjson_obj_iter_next(&it)) != NULL) {
        struct bundle_field *f = fields;
        while (f < fields + count && !bundle_is(key, f->key)) {
            f++;
        }
        if (f == fields + count) {
            rc = pass_over(r, key);
            continue;
        }
        size_t before = bundle_enter(r, "%s%s", r->at_len > 0 ? "." : "", f->key);
        if (f->val != NULL) {
            rc = bundle_bad(r, "is there twice");
        }
        f->val = yyjson_obj_iter_get_val(key);
        if (rc == OK && !has_type(f->val, f->type)) {
            rc = bundle_bad(r, "is %s", type_name(f->type));
        }
        bundle_leave(r, before);
    }
    for (size_t i = 0; rc == OK && i < count; i++) {
        if (fields[i].needed && fields[i].val == NULL) {
            rc = bundle_bad(r, "has no \"%s\"", fields[i].key);
        }
    }
    return rc;
}

/* A number of at most `max`; 0 when it is absent. */
int bundle_number(struct bundle_reading *r, const struct bundle_field *f, uint64_t max,
                  uint64_t *out)
{
    *out = f->val == NULL ? 0 : yyjson_get_uint(f->val);
    return *out <= max
               ? OK
               : bundle_bad(r, "has a \"%s\" of more than %llu", f->key, (unsigned long long)max);
}

/* A text in place of another. */
int bundle_text(struct bundle_reading *r, const struct bundle_field *f, size_t max, char **out)
{
    char *copy = clean_copy(yyjson_get_str(f->val), yyjson_get_len(f->val), max);

    if (copy == NULL) {
        return fail(r->why, ERR_NOMEM, "no memory for the bundle");
    }
    free(*out);
    *out = copy;
    return OK;
}

/* One word of a few. */
int bundle_word(struct bundle_reading *r, const struct bundle_field *f, const char *const *words,
                size_t count, int *out)
{
    for (size_t i = 0; i < count; i++) {
        if (bundle_is(f->val, words[i])) {
            *out = (int)i;
            return OK;
        }
    }
    return bundle_bad(r, "has a \"%s\" that this version does not know", f->key);
}
