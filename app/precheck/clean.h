/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a server made harmless: what is kept, shown and put into JSON is valid UTF-8 without
 * anything a terminal would obey. */
#ifndef APP_PRECHECK_CLEAN_H
#define APP_PRECHECK_CLEAN_H

#include <stdarg.h>
#include <stddef.h>

/* A malloc'ed copy of `len` bytes: bytes that are no UTF-8, control characters (also U+0080 to
 * U+009F) and invisible or direction-changing characters become \xNN, byte for byte. It has at
 * most `max` bytes (16 or more); what was cut ends in "…". NULL: no memory. */
char *clean_copy(const void *bytes, size_t len, size_t max);

/* Formats into buf; what does not fit is cut at a character's end and ends in "…". Returns the
 * length. The arguments must be clean already. */
size_t clean_format(char *buf, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
size_t clean_vformat(char *buf, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

#endif
