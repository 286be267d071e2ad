/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 as zlib and the binlog's events have it (polynomial 0x04C11DB7, reflected). */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

#include <libdeflate.h>

/* Goes on from `crc` (0 to start). libdeflate uses carry-less multiplication where it is there. */
static inline uint32_t crc32_update(uint32_t crc, const void *bytes, size_t len)
{
    return libdeflate_crc32(crc, bytes, len);
}

#endif
