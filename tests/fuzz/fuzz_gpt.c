/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a disk with a partition table; bit 0 of the first byte makes its checksums right. */
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

#include "base/reader.h"
#include "base/writer.h"
#include "drivers/flash/gpt.h"
#include "drivers/flash/sim_flash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE = 65536 };

static void mend(uint8_t *d, uint32_t sector)
{
    struct reader r = rd_from(d + sector + 72, 16);
    uint64_t lba = rd_u64(&r);
    uint64_t len = (uint64_t)rd_u32(&r) * rd_u32(&r);
    struct writer w = wr_into(d + sector + 88, 4);
    if (lba < SIZE / sector && len <= SIZE - lba * sector) {
        wr_u32(&w, libdeflate_crc32(0, d + lba * sector, (size_t)len));
    }
    memset(d + sector + 16, 0, 4);
    w = wr_into(d + sector + 16, 4);
    wr_u32(&w, libdeflate_crc32(0, d + sector, 92));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_options opt = {.size = SIZE, .erase_size = 4096, .program_size = 512, .seed = 1};
    struct flash *f = sim_flash_new(&opt), *part = NULL;
    struct gpt_part p;
    struct errmsg why = {""};
    if (f == NULL) {
        abort();
    }
    if (size > 1) {
        size_t len = size - 1 < SIZE - 512 ? size - 1 : SIZE - 512;
        memcpy(sim_flash_bytes(f) + 512, data + 1, len);
        if ((data[0] & 1) != 0) {
            mend(sim_flash_bytes(f), (data[0] & 2) != 0 ? 4096 : 512);
        }
    }
    int rc = gpt_find(f, "store", &p, &why);
    if (rc == OK) {
        if (p.size == 0 || p.offset >= SIZE || p.size > SIZE - p.offset ||
            flash_part(f, p.offset, p.size, &part, &why) != OK) {
            abort();
        }
        flash_close(part);
    } else if (why.text[0] == '\0') {
        abort();
    }
    flash_close(f);
    return 0;
}
