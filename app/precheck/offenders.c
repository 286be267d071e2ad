/* SPDX-License-Identifier: Apache-2.0 */
/* The things that a check found fault with. */
#include "app/precheck/offenders.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "app/precheck/clean.h"

static size_t quote(char *buf, size_t size, const char *name, size_t len)
{
    size_t used = 0;

    buf[used++] = '`';
    for (size_t i = 0; i < len && used + 4 < size; i++) {
        if (name[i] == '`') {
            buf[used++] = '`';
        }
        buf[used++] = name[i];
    }
    buf[used++] = '`';
    buf[used] = '\0';
    return used;
}

size_t quote_name(char *buf, size_t size, const char *database, size_t database_len,
                  const char *table, size_t table_len)
{
    size_t used = quote(buf, table == NULL ? size : size / 2, database, database_len);

    if (table != NULL) {
        buf[used++] = '.';
        used += quote(buf + used, size - used, table, table_len);
    }
    return used;
}

void quote_cells(const struct answer *a, size_t row, char *buf, size_t size)
{
    const char *one = answer_cell(a, row, 0), *two = answer_cell(a, row, 1);

    one = one == NULL ? "" : one;
    quote_name(buf, size, one, strlen(one), two, two == NULL ? 0 : strlen(two));
}

void offenders_add(struct offenders *o, const char *fmt, ...)
{
    va_list ap;

    o->count++;
    if (o->named == NAMED_MAX || sizeof o->text - o->used < 100) {
        return;
    }
    if (o->named++ > 0) {
        o->used += clean_format(o->text + o->used, sizeof o->text - o->used, ", ");
    }
    va_start(ap, fmt);
    /* Room for how many more there are. */
    o->used += clean_vformat(o->text + o->used, sizeof o->text - o->used - 40, fmt, ap);
    va_end(ap);
}

const char *offenders_text(struct offenders *o)
{
    if (o->count > o->named) {
        clean_format(o->text + o->used, sizeof o->text - o->used, " and %" PRIu64 " more",
                     o->count - o->named);
    }
    return o->text;
}
