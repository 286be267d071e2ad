/* SPDX-License-Identifier: Apache-2.0 */
/* The committed config on flash: two slots, the newest whole one rules, the other is written next.
 *
 * A slot is half of the device. It begins with a header in a block of its own:
 *
 *     0  8  magic "SLUCONF1"        20  4  bytes of content
 *     8  4  format version, 1       24 32  digest of the medium that it was taken from, or zeros
 *    12  8  generation, from 1      56 32  SHA-256 of bytes 0 to 55 and the content
 *
 * and the content follows in the next block (a block: 128 bytes, or the device's program size
 * where that is larger). All numbers are little endian. A write erases the older slot, programs
 * the content, syncs, programs the header, syncs: power may fail at any point, and either the old
 * or the new record is read. */
#ifndef CONFIG_RECORD_H
#define CONFIG_RECORD_H

#include "config/bundle.h"
#include "drivers/flash/flash.h"

struct config_record {
    uint64_t generation;
    uint8_t medium[BUNDLE_DIGEST]; /* what was last taken in from a medium */
    struct config_bundle bundle;
};

/* The newest whole record; config_bundle_free(&out->bundle). ERR_NOT_FOUND when there is none yet,
 * ERR_CORRUPT when there are only damaged ones, ERR_IO, ERR_NOMEM. */
int config_record_read(struct flash *f, struct config_record *out, struct errmsg *why);

/* Commits: durable when it returns 0, and until then the record before rules. */
int config_record_write(struct flash *f, const struct config_bundle *b,
                        const uint8_t medium[BUNDLE_DIGEST], struct errmsg *why);

#endif
