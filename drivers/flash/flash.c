/* SPDX-License-Identifier: Apache-2.0 */
/* What all flash devices have in common: range checks and dispatch. */
#include "drivers/flash/flash.h"

#include <inttypes.h>

int flash_check(const struct flash *f, const char *verb, bool writes, uint64_t offset, uint64_t len,
                uint32_t unit, struct errmsg *why)
{
    if (writes && f->read_only) {
        return fail(why, ERR_INVALID, "%s: cannot %s: it was opened read-only", f->name, verb);
    }
    if (offset > f->geo.size || len > f->geo.size - offset) {
        return fail(why, ERR_INVALID,
                    "%s: cannot %s %" PRIu64 " bytes at %" PRIu64 ": the device ends at %" PRIu64,
                    f->name, verb, len, offset, f->geo.size);
    }
    if (offset % unit != 0 || len % unit != 0) {
        return fail(why, ERR_INVALID,
                    "%s: cannot %s %" PRIu64 " bytes at %" PRIu64 ": not a multiple of %" PRIu32,
                    f->name, verb, len, offset, unit);
    }
    return OK;
}

int flash_read(struct flash *f, uint64_t offset, void *to, size_t len, struct errmsg *why)
{
    return f->ops->read(f, offset, to, len, why);
}

int flash_program(struct flash *f, uint64_t offset, const void *from, size_t len,
                  struct errmsg *why)
{
    return f->ops->program(f, offset, from, len, why);
}

int flash_erase(struct flash *f, uint64_t offset, uint64_t len, struct errmsg *why)
{
    return f->ops->erase(f, offset, len, why);
}

int flash_sync(struct flash *f, struct errmsg *why)
{
    return f->ops->sync(f, why);
}

void flash_close(struct flash *f)
{
    if (f != NULL) {
        f->ops->close(f);
    }
}
