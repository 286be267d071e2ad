/* SPDX-License-Identifier: Apache-2.0 */
/* Text for terminals: harmless characters, display width, numbers that people read. */
#include "app/shell/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void text_add(struct text *t, const char *s, size_t len)
{
    if (t->failed) {
        return;
    }
    if (t->size - t->len <= len) {
        size_t size = t->size == 0 ? 256 : t->size;
        while (size - t->len <= len) {
            size *= 2;
        }
        char *bytes = realloc(t->bytes, size);
        if (bytes == NULL) {
            free(t->bytes);
            *t = (struct text){.failed = true};
            return;
        }
        t->bytes = bytes;
        t->size = size;
    }
    memcpy(t->bytes + t->len, s, len);
    t->len += len;
    t->bytes[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void text_fill(struct text *t, char c, size_t count)
{
    while (count-- > 0) {
        text_add(t, &c, 1);
    }
}

size_t text_decode(const char *s, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *u = (const unsigned char *)s;
    size_t n = u[0] < 0x80                    ? 1
               : u[0] >= 0xc2 && u[0] <= 0xdf ? 2
               : u[0] >= 0xe0 && u[0] <= 0xef ? 3
               : u[0] >= 0xf0 && u[0] <= 0xf4 ? 4
                                              : 0;
    if (n == 0 || n > len) {
        return 0;
    }
    uint32_t c = n == 1 ? u[0] : u[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (u[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return 0;
    }
    *code = c;
    return n;
}

bool text_is_utf8(const char *s, size_t len)
{
    uint32_t c;
    while (len > 0) {
        size_t n = text_decode(s, len, &c);
        if (n == 0) {
            return false;
        }
        s += n;
        len -= n;
    }
    return true;
}

static bool drives_terminals(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) ||       /* C0, DEL, C1 */
           c == 0x200e || c == 0x200f || c == 0x061c || /* direction marks */
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static char *escape(const char *s, size_t len, bool harmless)
{
    struct text t = {0};
    text_add(&t, "", 0);
    while (len > 0) {
        uint32_t c = 0;
        size_t n = text_decode(s, len, &c);
        char buf[16];
        if (n == 0) {
            snprintf(buf, sizeof buf, "\\x%02x", (unsigned char)*s);
            text_puts(&t, buf);
            n = 1;
        } else if (harmless && drives_terminals(c)) {
            if (c == '\n' || c == '\t') {
                snprintf(buf, sizeof buf, "\\%c", c == '\n' ? 'n' : 't');
            } else {
                snprintf(buf, sizeof buf, c < 0x100 ? "\\x%02" PRIx32 : "\\u{%" PRIx32 "}", c);
            }
            text_puts(&t, buf);
        } else {
            text_add(&t, s, n);
        }
        s += n;
        len -= n;
    }
    return t.bytes;
}

char *text_to_utf8(const char *s, size_t len)
{
    return escape(s, len, false);
}

char *text_harmless(const char *s, size_t len)
{
    return escape(s, len, true);
}

/* East Asian wide and combining characters, as far as names and messages have them. */
static size_t char_width(uint32_t c)
{
    if ((c >= 0x300 && c <= 0x36f) || c == 0x200b || c == 0x200c || c == 0x200d ||
        (c >= 0xfe00 && c <= 0xfe0f)) {
        return 0;
    }
    bool wide = (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
                (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
                (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
                (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
                (c >= 0x20000 && c <= 0x3fffd);
    return wide ? 2 : 1;
}

size_t text_width(const char *s, size_t len)
{
    size_t width = 0;
    while (len > 0) {
        uint32_t c = 0;
        size_t n = text_decode(s, len, &c);
        width += n == 0 ? 1 : char_width(c);
        n = n == 0 ? 1 : n;
        s += n;
        len -= n;
    }
    return width;
}

void text_size(char *buf, size_t size, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    uint64_t whole = bytes, rest = 0;
    while (whole >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        rest = whole % 1024;
        whole /= 1024;
        unit++;
    }
    if (unit == 0 || whole >= 100) {
        snprintf(buf, size, "%" PRIu64 " %s", whole, units[unit]);
    } else {
        snprintf(buf, size, "%" PRIu64 ".%u %s", whole, (unsigned)(rest * 10 / 1024), units[unit]);
    }
}

void text_duration(char *buf, size_t size, uint64_t s)
{
    if (s < 60) {
        snprintf(buf, size, "%" PRIu64 " s", s);
    } else if (s < 3600) {
        snprintf(buf, size, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
    } else if (s < 86400) {
        snprintf(buf, size, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
    } else {
        snprintf(buf, size, "%" PRIu64 " day%s %" PRIu64 " h", s / 86400, s < 2 * 86400 ? "" : "s",
                 s / 3600 % 24);
    }
}

void text_time(char *buf, size_t size, int64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;
    if (time_ms == 0 || gmtime_r(&seconds, &tm) == NULL ||
        strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm) == 0) {
        snprintf(buf, size, "-");
    }
}
