/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C: the vectors of RFC 3720, and the two ways against each other and against bit by bit. */
#include "base/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint32_t bit_by_bit(uint32_t crc, const uint8_t *p, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int b = 0; b < 8; b++) {
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
        }
    }
    return ~crc;
}

static void test_vectors(void **state)
{
    static const uint8_t iscsi_read[48] = {
        0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0,
        0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02};
    uint8_t b[32];
    uint32_t (*const ways[])(uint32_t, const void *, size_t) = {crc32c, crc32c_tables,
                                                                crc32c_instruction};
    size_t count = crc32c_has_instruction() ? 3 : 2;
    print_message("this processor %s the instruction\n", count == 3 ? "has" : "lacks");
    for (size_t w = 0; w < count; w++) {
        assert_int_equal(ways[w](0, "123456789", 9), 0xe3069283u);
        assert_int_equal(ways[w](0, "", 0), 0);
        memset(b, 0, sizeof b);
        assert_int_equal(ways[w](0, b, sizeof b), 0x8a9136aau);
        memset(b, 0xff, sizeof b);
        assert_int_equal(ways[w](0, b, sizeof b), 0x62a8ab43u);
        for (unsigned i = 0; i < sizeof b; i++) {
            b[i] = (uint8_t)i;
        }
        assert_int_equal(ways[w](0, b, sizeof b), 0x46dd794eu);
        for (unsigned i = 0; i < sizeof b; i++) {
            b[i] = (uint8_t)(31 - i);
        }
        assert_int_equal(ways[w](0, b, sizeof b), 0x113fdb5cu);
        assert_int_equal(ways[w](0, iscsi_read, sizeof iscsi_read), 0xd9963a56u);
    }
}

static void test_agree(void **state)
{
    static uint8_t b[600];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof b; i++) {
        x = x * 1664525u + 1013904223u;
        b[i] = (uint8_t)(x >> 24);
    }
    for (size_t from = 0; from < 16; from++) {
        for (size_t len = 0; len < 500; len += 1 + len / 40) {
            uint32_t want = bit_by_bit(0, b + from, len);
            assert_int_equal(crc32c_tables(0, b + from, len), want);
            assert_int_equal(crc32c(0, b + from, len), want);
            if (crc32c_has_instruction()) {
                assert_int_equal(crc32c_instruction(0, b + from, len), want);
            }
            /* in two pieces */
            size_t half = len / 3;
            assert_int_equal(crc32c(crc32c(0, b + from, half), b + from + half, len - half), want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors),
                                       cmocka_unit_test(test_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
