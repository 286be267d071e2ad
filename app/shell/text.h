/* SPDX-License-Identifier: Apache-2.0 */
/* Text for terminals: harmless characters, display width, numbers that people read. */
#ifndef APP_SHELL_TEXT_H
#define APP_SHELL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing text; after a failed allocation it is empty and stays so. */
struct text {
    char *bytes; /* NUL-terminated; NULL while empty */
    size_t len, size;
    bool failed;
};
void text_add(struct text *t, const char *s, size_t len);
void text_puts(struct text *t, const char *s);
void text_fill(struct text *t, char c, size_t count);

/* Decodes the character at s (end - s >= 1) and returns its length, 0 if it is no UTF-8. */
size_t text_decode(const char *s, size_t len, uint32_t *code);
bool text_is_utf8(const char *s, size_t len);

/* Bytes that are no UTF-8 as \xNN. malloc'ed; NULL without memory. */
char *text_to_utf8(const char *s, size_t len);

/* The same, and every character that could drive a terminal or reverse the reading (C0, C1, DEL,
 * bidirectional marks, line separators) as \n, \t, \xNN or \u{NNNN}. */
char *text_harmless(const char *s, size_t len);

/* Columns a harmless text takes. */
size_t text_width(const char *s, size_t len);

/* "17.3 MiB", "512 B" */
void text_size(char *buf, size_t size, uint64_t bytes);
/* "3 h 12 min", "45 s", "12 days 3 h" */
void text_duration(char *buf, size_t size, uint64_t seconds);
/* "2026-11-21 02:10:04" UTC, "-" for 0 */
void text_time(char *buf, size_t size, int64_t time_ms);

#endif
