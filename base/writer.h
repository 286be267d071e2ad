/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded writer, the reader's mirror: little and big endian fields into a fixed buffer. */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct writer {
    uint8_t *start;
    uint8_t *pos;
    uint8_t *end;
    bool failed;
};

static inline struct writer wr_into(void *bytes, size_t len)
{
    uint8_t *p = (uint8_t *)bytes;
    return (struct writer){.start = p, .pos = p, .end = p + len, .failed = false};
}

static inline bool wr_ok(const struct writer *w)
{
    return !w->failed;
}

static inline size_t wr_len(const struct writer *w)
{
    return (size_t)(w->pos - w->start);
}

static inline void wr_bytes(struct writer *w, const void *bytes, size_t n)
{
    if (w->failed || (size_t)(w->end - w->pos) < n) {
        w->failed = true;
        return;
    }
    if (n > 0) {
        memcpy(w->pos, bytes, n);
        w->pos += n;
    }
}

static inline void wr_fill(struct writer *w, uint8_t value, size_t n)
{
    if (w->failed || (size_t)(w->end - w->pos) < n) {
        w->failed = true;
        return;
    }
    memset(w->pos, value, n);
    w->pos += n;
}

static inline void wr_le(struct writer *w, uint64_t value, size_t n)
{
    uint8_t b[8];
    for (size_t i = 0; i < n && i < sizeof b; i++) {
        b[i] = (uint8_t)(value >> (8 * i));
    }
    wr_bytes(w, b, n);
}

static inline void wr_be(struct writer *w, uint64_t value, size_t n)
{
    uint8_t b[8];
    for (size_t i = 0; i < n && i < sizeof b; i++) {
        b[i] = (uint8_t)(value >> (8 * (n - 1 - i)));
    }
    wr_bytes(w, b, n);
}

static inline void wr_u8(struct writer *w, uint8_t v) { wr_le(w, v, 1); }
static inline void wr_u16(struct writer *w, uint16_t v) { wr_le(w, v, 2); }
static inline void wr_u32(struct writer *w, uint32_t v) { wr_le(w, v, 4); }
static inline void wr_u64(struct writer *w, uint64_t v) { wr_le(w, v, 8); }

#endif
