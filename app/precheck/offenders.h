/* SPDX-License-Identifier: Apache-2.0 */
/* The things that a check found fault with, for its sentence: the first few by name, and how many.
 */
#ifndef APP_PRECHECK_OFFENDERS_H
#define APP_PRECHECK_OFFENDERS_H

#include <stddef.h>
#include <stdint.h>

#include "app/precheck/facts.h"

#define NAMED_MAX 3

struct offenders {
    char text[400]; /* "`a`.`t`, `a`.`u`"; ended by offenders_text() */
    size_t used, named;
    uint64_t count;
};

/* "`a`.`t`" for a statement, backticks doubled; table NULL: "`a`". Returns the length. */
size_t quote_name(char *buf, size_t size, const char *database, size_t database_len,
                  const char *table, size_t table_len);

/* The same of the first two cells of a row. */
void quote_cells(const struct answer *a, size_t row, char *buf, size_t size);

/* One more of them; named if it is one of the first. */
void offenders_add(struct offenders *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The names with "and N more" behind them. Nothing is added afterwards. */
const char *offenders_text(struct offenders *o);

#endif
