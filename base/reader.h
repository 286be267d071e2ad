/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded reader: the only way bytes from outside are taken apart.
 * It has a position, an end and a failure that sticks: after the first read past the end every
 * further read gives 0 (or NULL), so a parser reads all its fields and asks rd_ok() once. */
#ifndef BASE_READER_H
#define BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
    const uint8_t *pos;
    const uint8_t *end;
    bool failed;
};

static inline struct reader rd_from(const void *bytes, size_t len)
{
    const uint8_t *p = (const uint8_t *)bytes;
    return (struct reader){.pos = p, .end = p + len, .failed = false};
}

static inline bool rd_ok(const struct reader *r)
{
    return !r->failed;
}

static inline size_t rd_left(const struct reader *r)
{
    return r->failed ? 0 : (size_t)(r->end - r->pos);
}

/* Takes n bytes; NULL (and failed) if fewer are left. The bytes stay the buffer's. */
static inline const uint8_t *rd_bytes(struct reader *r, size_t n)
{
    if (r->failed || (size_t)(r->end - r->pos) < n) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *p = r->pos;
    r->pos += n;
    return p;
}

static inline void rd_skip(struct reader *r, size_t n)
{
    (void)rd_bytes(r, n);
}

/* Copies n bytes to `to`; zeros it when they are not there. */
static inline void rd_copy(struct reader *r, void *to, size_t n)
{
    const uint8_t *p = rd_bytes(r, n);
    if (p != NULL) {
        memcpy(to, p, n);
    } else {
        memset(to, 0, n);
    }
}

/* Little endian, n = 1..8 bytes. */
static inline uint64_t rd_le(struct reader *r, size_t n)
{
    const uint8_t *p = rd_bytes(r, n);
    uint64_t v = 0;
    for (size_t i = 0; p != NULL && i < n; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

/* Big endian, n = 1..8 bytes. */
static inline uint64_t rd_be(struct reader *r, size_t n)
{
    const uint8_t *p = rd_bytes(r, n);
    uint64_t v = 0;
    for (size_t i = 0; p != NULL && i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static inline uint8_t rd_u8(struct reader *r) { return (uint8_t)rd_le(r, 1); }
static inline uint16_t rd_u16(struct reader *r) { return (uint16_t)rd_le(r, 2); }
static inline uint32_t rd_u24(struct reader *r) { return (uint32_t)rd_le(r, 3); }
static inline uint32_t rd_u32(struct reader *r) { return (uint32_t)rd_le(r, 4); }
static inline uint64_t rd_u64(struct reader *r) { return rd_le(r, 8); }

/* MySQL's length-encoded integer; NULL (0xfb) and the reserved 0xff fail. */
static inline uint64_t rd_lenenc(struct reader *r)
{
    uint8_t first = rd_u8(r);
    if (first < 0xfb) {
        return first;
    }
    switch (first) {
    case 0xfc:
        return rd_le(r, 2);
    case 0xfd:
        return rd_le(r, 3);
    case 0xfe:
        return rd_le(r, 8);
    default:
        r->failed = true;
        return 0;
    }
}

/* A text that ends in NUL, which is taken too; NULL (and failed) without one. */
static inline const char *rd_cstr(struct reader *r)
{
    const void *nul = r->failed ? NULL : memchr(r->pos, 0, (size_t)(r->end - r->pos));
    if (nul == NULL) {
        r->failed = true;
        return NULL;
    }
    const char *s = (const char *)r->pos;
    r->pos = (const uint8_t *)nul + 1;
    return s;
}

#endif
