/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a flash device as a device of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "drivers/flash/flash.h"

struct part_flash {
    struct flash flash; /* first: the two are cast into each other */
    struct flash *base;
    uint64_t offset;
};

static struct part_flash *of(struct flash *f)
{
    return (struct part_flash *)f;
}

static int part_read(struct flash *f, uint64_t offset, void *to, size_t len, struct errmsg *why)
{
    int rc = flash_check(f, "read", false, offset, len, 1, why);
    return rc == OK ? flash_read(of(f)->base, of(f)->offset + offset, to, len, why) : rc;
}

static int part_program(struct flash *f, uint64_t offset, const void *from, size_t len,
                        struct errmsg *why)
{
    int rc = flash_check(f, "program", true, offset, len, f->geo.program_size, why);
    return rc == OK ? flash_program(of(f)->base, of(f)->offset + offset, from, len, why) : rc;
}

static int part_erase(struct flash *f, uint64_t offset, uint64_t len, struct errmsg *why)
{
    int rc = flash_check(f, "erase", true, offset, len, f->geo.erase_size, why);
    return rc == OK ? flash_erase(of(f)->base, of(f)->offset + offset, len, why) : rc;
}

static int part_sync(struct flash *f, struct errmsg *why)
{
    return flash_sync(of(f)->base, why);
}

static void part_close(struct flash *f)
{
    free(of(f));
}

static const struct flash_ops part_ops = {
    .read = part_read,
    .program = part_program,
    .erase = part_erase,
    .sync = part_sync,
    .close = part_close,
};

int flash_part(struct flash *base, uint64_t offset, uint64_t size, struct flash **out,
               struct errmsg *why)
{
    *out = NULL;
    /* A part need not start on an erase block where nothing has to be erased (GPT: 1 MiB or less).
     */
    uint32_t unit = base->geo.erase_needed ? base->geo.erase_size : base->geo.program_size;
    int rc = flash_check(base, "use a part of", false, offset, 0, unit, why);
    if (rc == OK) {
        rc = flash_check(base, "use a part of", false, offset, size, 1, why);
    }
    if (rc != OK) {
        return rc;
    }
    struct part_flash *pf = calloc(1, sizeof *pf);
    if (pf == NULL) {
        return fail(why, ERR_NOMEM, "%s: no memory to open a part of it", base->name);
    }
    pf->base = base;
    pf->offset = offset;
    pf->flash = (struct flash){.ops = &part_ops, .geo = base->geo, .read_only = base->read_only};
    pf->flash.geo.size = size - size % base->geo.erase_size;
    snprintf(pf->flash.name, sizeof pf->flash.name, "%.90s at %" PRIu64, base->name, offset);
    *out = &pf->flash;
    return OK;
}
