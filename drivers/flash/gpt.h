/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a partition by its name in the GPT of a disk image (UEFI specification 2.10, chapter 5).
 */
#ifndef DRIVERS_FLASH_GPT_H
#define DRIVERS_FLASH_GPT_H

#include "drivers/flash/flash.h"

struct gpt_part {
    uint64_t offset, size; /* bytes */
};

/* ERR_NOT_FOUND: no GPT on it, or none with this name. ERR_CORRUPT: a GPT whose primary and backup
 * copies both fail their checksums. Sectors are 512 or 4096 bytes. */
int gpt_find(struct flash *f, const char *name, struct gpt_part *out, struct errmsg *why);

#endif
