/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of GUID partition tables that trusts nothing in them. */
#include "drivers/flash/gpt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

#include "base/reader.h"

enum {
    HEADER_BYTES = 92,
    ENTRY_MIN = 128,
    ENTRY_MAX = 4096,
    TABLE_MAX = 1 << 20,
    NAME_UNITS = 36, /* UTF-16 code units */
};

struct gpt_header {
    uint64_t table_lba;
    uint32_t entries;
    uint32_t entry_size;
    uint32_t table_crc;
};

/* One copy of the header in sector `lba`. False if there is none, or it is damaged. */
static int read_header(struct flash *f, uint64_t lba, uint32_t sector, struct gpt_header *h,
                       bool *magic, struct errmsg *why)
{
    uint8_t bytes[HEADER_BYTES];
    if (lba > f->geo.size / sector || f->geo.size - lba * sector < sizeof bytes) {
        return ERR_NOT_FOUND;
    }
    int rc = flash_read(f, lba * sector, bytes, sizeof bytes, why);
    if (rc != OK) {
        return rc;
    }
    struct reader r = rd_from(bytes, sizeof bytes);
    if (memcmp(rd_bytes(&r, 8), "EFI PART", 8) != 0) {
        return ERR_NOT_FOUND;
    }
    *magic = true;
    rd_skip(&r, 4); /* revision */
    uint32_t size = rd_u32(&r);
    uint32_t crc = rd_u32(&r);
    rd_skip(&r, 4);
    uint64_t own_lba = rd_u64(&r);
    rd_skip(&r, 8 + 8 + 8 + 16); /* other copy, usable range, disk's identity */
    h->table_lba = rd_u64(&r);
    h->entries = rd_u32(&r);
    h->entry_size = rd_u32(&r);
    h->table_crc = rd_u32(&r);
    memset(bytes + 16, 0, 4); /* the checksum is taken with its own field as zero */
    if (!rd_ok(&r) || size != HEADER_BYTES || own_lba != lba ||
        crc != libdeflate_crc32(0, bytes, sizeof bytes) || h->entry_size < ENTRY_MIN ||
        h->entry_size > ENTRY_MAX || h->entries == 0 || h->entries > TABLE_MAX / h->entry_size ||
        h->table_lba > f->geo.size / sector) {
        return ERR_CORRUPT;
    }
    return OK;
}

static bool is_named(const uint8_t *units, const char *name)
{
    struct reader r = rd_from(units, 2 * NAME_UNITS);
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        if (rd_u16(&r) != (uint8_t)name[i]) {
            return false;
        }
    }
    return len == NAME_UNITS || (rd_u16(&r) == 0 && rd_ok(&r));
}

static int find_in_table(struct flash *f, const struct gpt_header *h, uint32_t sector,
                         const char *name, struct gpt_part *out, struct errmsg *why)
{
    size_t size = (size_t)h->entries * h->entry_size;
    uint64_t at = h->table_lba * sector;
    if (at > f->geo.size || size > f->geo.size - at) {
        return ERR_CORRUPT;
    }
    uint8_t *table = malloc(size);
    if (table == NULL) {
        return fail(why, ERR_NOMEM, "%s: no memory for its partition table", f->name);
    }
    int rc = flash_read(f, at, table, size, why);
    if (rc == OK && libdeflate_crc32(0, table, size) != h->table_crc) {
        rc = ERR_CORRUPT;
    }
    struct reader r = rd_from(table, size);
    bool found = false;
    for (uint32_t i = 0; rc == OK && i < h->entries && !found; i++) {
        struct reader e = rd_from(rd_bytes(&r, h->entry_size), h->entry_size);
        rd_skip(&e, 32); /* type, identity */
        uint64_t first = rd_u64(&e);
        uint64_t last = rd_u64(&e);
        rd_skip(&e, 8); /* attributes */
        const uint8_t *units = rd_bytes(&e, 2 * NAME_UNITS);
        if (units == NULL || !is_named(units, name) || first == 0) {
            continue;
        }
        if (last < first || last >= f->geo.size / sector) {
            rc = fail(why, ERR_CORRUPT, "%s: its partition %s lies outside of it; the image is cut "
                      "short", f->name, name);
            break;
        }
        *out = (struct gpt_part){.offset = first * sector, .size = (last - first + 1) * sector};
        found = true;
    }
    free(table);
    return rc == OK && !found ? fail(why, ERR_NOT_FOUND, "%s: has no partition named %s", f->name,
                                     name)
                              : rc;
}

int gpt_find(struct flash *f, const char *name, struct gpt_part *out, struct errmsg *why)
{
    static const uint32_t sectors[] = {512, 4096};
    bool magic = false;
    for (size_t i = 0; i < 2; i++) {
        for (int copy = 0; copy < 2; copy++) {
            struct gpt_header h;
            struct errmsg text = {""};
            uint64_t lba = copy == 0 ? 1 : f->geo.size / sectors[i] - 1;
            int rc = f->geo.size < 2 * sectors[i]
                         ? ERR_NOT_FOUND
                         : read_header(f, lba, sectors[i], &h, &magic, &text);
            if (rc == OK) {
                rc = find_in_table(f, &h, sectors[i], name, out, &text);
            } else if (rc == ERR_NOT_FOUND) {
                continue;
            }
            if (rc != ERR_CORRUPT || text.text[0] != '\0') {
                return fail(why, rc, "%s", text.text);
            }
        }
    }
    return magic ? fail(why, ERR_CORRUPT, "%s: its partition table is damaged", f->name)
                 : fail(why, ERR_NOT_FOUND, "%s: has no GPT", f->name);
}
