/* SPDX-License-Identifier: Apache-2.0 */
/* A flash device: four operations over a geometry, whatever is behind it. */
#ifndef DRIVERS_FLASH_FLASH_H
#define DRIVERS_FLASH_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct flash_geometry {
    uint64_t size;         /* bytes, a multiple of erase_size */
    uint32_t erase_size;   /* bytes one erase covers */
    uint32_t program_size; /* bytes of the smallest program; programs are aligned to it */
    bool erase_needed;     /* NOR: a program only clears bits, erased bytes read 0xFF.
                            * Otherwise (file, eMMC/SD) a program overwrites and an erase may leave
                            * the old bytes: they say nothing. */
};

struct flash;

/* All offsets and lengths are bytes; program: multiples of program_size; erase: of erase_size.
 * Nothing is durable before sync() returned 0. Each returns 0 or ERR_IO (ERR_INVALID for a range
 * outside the device or unaligned) with a message that names the device and the offset. */
struct flash_ops {
    int (*read)(struct flash *f, uint64_t offset, void *to, size_t len, struct errmsg *why);
    int (*program)(struct flash *f, uint64_t offset, const void *from, size_t len,
                   struct errmsg *why);
    int (*erase)(struct flash *f, uint64_t offset, uint64_t len, struct errmsg *why);
    int (*sync)(struct flash *f, struct errmsg *why);
    void (*close)(struct flash *f); /* frees f */
};

struct flash {
    const struct flash_ops *ops;
    struct flash_geometry geo;
    bool read_only;
    char name[128]; /* path or kind, for messages */
};

/* Opens a regular file or a block device as flash, by what `path` is. The device is locked against
 * a second opener (ERR_BUSY) unless read_only. A file's size is its capacity, rounded down to
 * erase_size. The caller closes *out with flash_close(). */
int flash_open(const char *path, bool read_only, struct flash **out, struct errmsg *why);

/* The part [offset, offset+size) of another device as a device of its own; `base` stays open and
 * the caller's. Used for a partition inside a disk image. */
int flash_part(struct flash *base, uint64_t offset, uint64_t size, struct flash **out,
               struct errmsg *why);

void flash_close(struct flash *f); /* NULL is fine */

/* The four operations, by their short names. */
int flash_read(struct flash *f, uint64_t offset, void *to, size_t len, struct errmsg *why);
int flash_program(struct flash *f, uint64_t offset, const void *from, size_t len,
                  struct errmsg *why);
int flash_erase(struct flash *f, uint64_t offset, uint64_t len, struct errmsg *why);
int flash_sync(struct flash *f, struct errmsg *why);

/* For implementations: is [offset, offset + len) inside the device, both multiples of `unit`?
 * `writes` also asks that the device is not read_only. `verb` is for the message. */
int flash_check(const struct flash *f, const char *verb, bool writes, uint64_t offset, uint64_t len,
                uint32_t unit, struct errmsg *why);

#endif
