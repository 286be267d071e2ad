/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, sizes and switches as servers write them, and as people read them. */
#ifndef APP_PRECHECK_AMOUNT_H
#define APP_PRECHECK_AMOUNT_H

#include "app/precheck/judge.h"

/* Digits and nothing else, up to 2^64 - 1; NULL and "" are no number. */
bool amount_read(const char *text, uint64_t *n);

/* A number that a server must have given; if not, the finding becomes unknown and says what came
 * instead. `what` is for people: "max_connections", "File_size of binlog.000001". */
bool amount_needed(struct finding *out, enum side side, const char *what, const char *text,
                   uint64_t *n);

/* The same of a global variable that every server has. */
bool amount_variable(const struct facts *f, struct finding *out, enum side side, const char *name,
                     uint64_t *n);

/* Whether a value is ON (1, YES) or OFF (0); if it is neither, the finding becomes unknown. */
bool switch_read(struct finding *out, enum side side, const char *name, const char *value,
                 bool *on);
bool is_off(const char *value);

/* "4.0 GiB". */
void amount_text(uint64_t bytes, char *buf, size_t size);

/* "90 s", "45 min", "6.0 h", "30.0 days". */
void amount_time(uint64_t seconds, char *buf, size_t size);

/* One comparison of numbers. */
void amount_compare(struct finding *out, bool holds, const char *what, uint64_t found,
                    const char *relation, uint64_t wanted);

#endif
