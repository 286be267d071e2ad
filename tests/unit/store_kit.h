/* SPDX-License-Identifier: Apache-2.0 */
/* What the store's tests share: simulated devices, and content that tells where it belongs. */
#ifndef TESTS_UNIT_STORE_KIT_H
#define TESTS_UNIT_STORE_KIT_H

#include "app/store/store.h"
#include "drivers/flash/sim_flash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* last: it has a macro fail() */

#define KIT_OK(call)                                                                               \
    do {                                                                                           \
        struct errmsg kit_why = {""};                                                              \
        struct errmsg *why = &kit_why;                                                             \
        int kit_rc = (call);                                                                       \
        if (kit_rc != OK) {                                                                        \
            fail_msg("%s: %s: %s", #call, err_name(kit_rc), kit_why.text);                         \
        }                                                                                          \
    } while (0)

static inline struct flash *kit_device(bool nor, uint64_t size, uint32_t erase, uint64_t seed)
{
    struct sim_options opt = {.size = size,
                              .erase_size = erase,
                              .program_size = nor ? 16 : 512,
                              .nor = nor,
                              .seed = seed};
    struct flash *f = sim_flash_new(&opt);
    assert_non_null(f);
    return f;
}

/* The byte at `offset` of file number `file`. */
static inline uint8_t kit_byte(unsigned file, uint64_t offset)
{
    uint64_t x = (offset / 8 + 1) * 0x9e3779b97f4a7c15ULL + file * 0xc2b2ae3d27d4eb4fULL;
    x ^= x >> 29;
    return (uint8_t)(x >> (offset % 8 * 8));
}

static inline void kit_fill(uint8_t *to, unsigned file, uint64_t offset, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = kit_byte(file, offset + i);
    }
}

/* Appends len bytes of file number `file` where the store ends. */
static inline int kit_append(struct store *s, unsigned file, size_t len, struct errmsg *why)
{
    uint8_t part[4096];
    struct store_pos end;
    while (len > 0) {
        size_t n = len < sizeof part ? len : sizeof part;
        store_end(s, &end);
        kit_fill(part, file, end.offset, n);
        int rc = store_append(s, part, n, why);
        if (rc != OK) {
            return rc;
        }
        len -= n;
    }
    return OK;
}

/* Reads [from, to) of `name` and compares it with file number `file`. */
static inline void kit_expect(struct store *s, const char *name, unsigned file, uint64_t from,
                              uint64_t to)
{
    static uint8_t part[100000], want[100000];
    while (from < to) {
        size_t n = to - from < sizeof part ? (size_t)(to - from) : sizeof part;
        size_t got = 0;
        KIT_OK(store_read(s, name, from, part, n, &got, why));
        if (got == 0) {
            fail_msg("%s: nothing at %llu, wanted up to %llu", name, (unsigned long long)from,
                     (unsigned long long)to);
        }
        kit_fill(want, file, from, got);
        if (memcmp(part, want, got) != 0) {
            fail_msg("%s: wrong bytes between %llu and %llu", name, (unsigned long long)from,
                     (unsigned long long)(from + got));
        }
        from += got;
    }
}

#endif
