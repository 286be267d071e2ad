/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's instruction where it has one. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The CRC of `len` bytes that follow bytes whose CRC is `crc` (0 to start). */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

/* The two ways behind it, for tests: tables (always), and the instruction (only if available). */
uint32_t crc32c_tables(uint32_t crc, const void *bytes, size_t len);
uint32_t crc32c_instruction(uint32_t crc, const void *bytes, size_t len);
bool crc32c_has_instruction(void);

#endif
