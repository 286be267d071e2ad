/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a server made harmless. */
#include "app/precheck/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS     "…"
#define ELLIPSIS_LEN 3

/* Length of the UTF-8 sequence at the reader's position with its code point, 0 if there is none.
 * Overlong forms, surrogates and what lies beyond U+10FFFF are none. */
static size_t sequence(const uint8_t *p, size_t left, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80             ? 1
                 : (p[0] & 0xE0) == 0xC0 ? 2
                 : (p[0] & 0xF0) == 0xE0 ? 3
                 : (p[0] & 0xF8) == 0xF0 ? 4
                                         : 0;

    if (len == 0 || len > left) {
        return 0;
    }
    uint32_t v = len == 1 ? p[0] : p[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
        v = v << 6 | (p[i] & 0x3Fu);
    }
    if (v < least[len] || (v >= 0xD800 && v <= 0xDFFF) || v > 0x10FFFF) {
        return 0;
    }
    *point = v;
    return len;
}

/* What a terminal or an eye would be led astray by. */
static bool harmful(uint32_t v)
{
    return v < 0x20 || (v >= 0x7F && v <= 0x9F) || v == 0xAD || v == 0x061C ||
           (v >= 0x200B && v <= 0x200F) || (v >= 0x2028 && v <= 0x202E) ||
           (v >= 0x2060 && v <= 0x206F) || v == 0xFEFF || (v >= 0xFFF9 && v <= 0xFFFF) ||
           (v >= 0xE0000 && v <= 0xE0FFF);
}

char *clean_copy(const void *bytes, size_t len, size_t max)
{
    const uint8_t *p = bytes;
    size_t used = 0, whole = 0; /* whole: the last place where an ellipsis still fits */
    size_t room = len;          /* no more than is needed: there may be very many of these */

    for (size_t at = 0; at < len && room < max; at++) {
        room += p[at] < 0x20 || p[at] >= 0x7F ? 3 : 0;
    }
    char *out = malloc((room < max ? room : max) + ELLIPSIS_LEN + 1);
    if (out == NULL) {
        return NULL;
    }
    for (size_t at = 0; at < len;) {
        uint32_t point = 0;
        size_t n = sequence(p + at, len - at, &point);
        bool escape = n == 0 || harmful(point);
        size_t take = n == 0 ? 1 : n, need = escape ? take * 4 : take;

        if (used + need > max) {
            memcpy(out + whole, ELLIPSIS, ELLIPSIS_LEN + 1);
            return out;
        }
        for (size_t i = 0; i < take; i++) {
            if (escape) {
                snprintf(out + used, 5, "\\x%02x", p[at + i]);
            } else {
                out[used] = (char)p[at + i];
            }
            used += escape ? 4 : 1;
        }
        if (used + ELLIPSIS_LEN <= max) {
            whole = used;
        }
        at += take;
    }
    out[used] = '\0';
    return out;
}

/* Takes out what "%.40s" may have left of a character it cut in two. Returns the new length. */
static size_t whole_characters(char *buf, size_t len)
{
    size_t used = 0;

    for (size_t at = 0; at < len;) {
        uint32_t point = 0;
        size_t n = sequence((const uint8_t *)buf + at, len - at, &point);
        memmove(buf + used, buf + at, n);
        used += n;
        at += n == 0 ? 1 : n;
    }
    buf[used] = '\0';
    return used;
}

size_t clean_vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
    int n = vsnprintf(buf, size, fmt, ap);

    if (n < 0 || ((size_t)n >= size && size <= ELLIPSIS_LEN)) {
        buf[0] = '\0';
        return 0;
    }
    if ((size_t)n < size) {
        return whole_characters(buf, (size_t)n);
    }
    size_t at = size - 1 - ELLIPSIS_LEN;
    while (at > 0 && ((uint8_t)buf[at] & 0xC0) == 0x80) {
        at--;
    }
    memcpy(buf + at, ELLIPSIS, ELLIPSIS_LEN + 1);
    return whole_characters(buf, at + ELLIPSIS_LEN);
}

size_t clean_format(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    size_t n = clean_vformat(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
