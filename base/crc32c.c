/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C: slicing by eight tables, and the instruction of x86_64 (SSE4.2) and ARMv8. */
#include "base/crc32c.h"

#include <string.h>

#if defined(__x86_64__)
#define HW_TARGET __attribute__((target("sse4.2")))
#define hw_8(crc, v) ((uint32_t)__builtin_ia32_crc32di((crc), (v)))
#define hw_1(crc, v) __builtin_ia32_crc32qi((crc), (v))
#elif defined(__aarch64__) && defined(__clang__) && defined(__ARM_FEATURE_CRC32)
#include <sys/auxv.h>
#define HW_TARGET
#define hw_8(crc, v) __builtin_arm_crc32cd((crc), (v))
#define hw_1(crc, v) __builtin_arm_crc32cb((crc), (v))
#elif defined(__aarch64__) && !defined(__clang__)
#include <sys/auxv.h>
#define HW_TARGET __attribute__((target("+crc")))
#define hw_8(crc, v) __builtin_aarch64_crc32cx((crc), (v))
#define hw_1(crc, v) __builtin_aarch64_crc32cb((crc), (v))
#endif

#define POLYNOMIAL 0x82f63b78u /* reflected */
#define AARCH64_HWCAP_CRC32 (1UL << 7)

static uint32_t table[8][256];
static bool has_instruction;

__attribute__((constructor)) static void prepare(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) {
            c = (c & 1) != 0 ? c >> 1 ^ POLYNOMIAL : c >> 1;
        }
        table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++) {
        for (int t = 1; t < 8; t++) {
            table[t][i] = table[t - 1][i] >> 8 ^ table[0][table[t - 1][i] & 0xff];
        }
    }
#if defined(__x86_64__)
    __builtin_cpu_init();
    has_instruction = __builtin_cpu_supports("sse4.2") != 0;
#elif defined(HW_TARGET)
    has_instruction = (getauxval(AT_HWCAP) & AARCH64_HWCAP_CRC32) != 0;
#endif
}

bool crc32c_has_instruction(void)
{
    return has_instruction;
}

uint32_t crc32c_tables(uint32_t crc, const void *bytes, size_t len)
{
    const uint8_t *p = (const uint8_t *)bytes;
    crc = ~crc;
    for (; len >= 8; len -= 8, p += 8) {
        uint32_t lo = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                             (uint32_t)p[3] << 24);
        crc = table[7][lo & 0xff] ^ table[6][lo >> 8 & 0xff] ^ table[5][lo >> 16 & 0xff] ^
              table[4][lo >> 24] ^ table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^
              table[0][p[7]];
    }
    for (; len > 0; len--, p++) {
        crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
    }
    return ~crc;
}

#ifdef HW_TARGET
HW_TARGET uint32_t crc32c_instruction(uint32_t crc, const void *bytes, size_t len)
{
    const uint8_t *p = (const uint8_t *)bytes;
    crc = ~crc;
    for (; len >= 8; len -= 8, p += 8) {
        uint64_t v;
        memcpy(&v, p, sizeof v);
        crc = hw_8(crc, v);
    }
    for (; len > 0; len--, p++) {
        crc = hw_1(crc, *p);
    }
    return ~crc;
}
#else
uint32_t crc32c_instruction(uint32_t crc, const void *bytes, size_t len)
{
    return crc32c_tables(crc, bytes, len);
}
#endif

uint32_t crc32c(uint32_t crc, const void *bytes, size_t len)
{
    return has_instruction ? crc32c_instruction(crc, bytes, len) : crc32c_tables(crc, bytes, len);
}
