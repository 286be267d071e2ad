/* SPDX-License-Identifier: Apache-2.0 */
/* The superblock: choosing a layout, formatting, finding it again. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/store/store_int.h"
#include "base/log.h"

#define MIB (1u << 20)

static int choose_layout(const struct flash *f, const struct store_options *opt, struct super *sb,
                         struct errmsg *why)
{
    const struct flash_geometry *geo = &f->geo;
    uint32_t align = geo->program_size > ALIGN_MIN ? geo->program_size : ALIGN_MIN;
    if (geo->program_size == 0 || (geo->program_size & (geo->program_size - 1)) != 0 ||
        align > ALIGN_LIMIT || geo->erase_size % align != 0) {
        return fail(why, ERR_INVALID,
                    "%s: cannot be a store: program unit %" PRIu32 ", erase block %" PRIu32
                    " bytes",
                    f->name, geo->program_size, geo->erase_size);
    }
    *sb = (struct super){.align = align,
                         .erase_size = geo->erase_size,
                         .program_size = geo->program_size,
                         .device_size = geo->size,
                         .frame_size = CONFIG_STORE_FRAME_SIZE / align * align};
    uint64_t room = geo->size > 2 * (uint64_t)geo->erase_size
                        ? geo->size - 2 * (uint64_t)geo->erase_size
                        : 0;
    uint64_t size = opt->segment_size;
    if (size == 0) {
        size = MIB;
        while (size < 16 * MIB && room / size > 512) {
            size *= 2;
        }
        while (size > 65536 && room / size < 60) {
            size /= 2;
        }
        size = round_up(size, geo->erase_size);
    }
    while (opt->segment_size == 0 && room / size < SLOTS_MIN && size > 4096 &&
           size / 2 % geo->erase_size == 0) {
        size /= 2;
    }
    if (size % geo->erase_size != 0 || size < 4 * HEADER_SIZE || size > 1u << 30) {
        return fail(why, ERR_INVALID,
                    "%s: a segment of %" PRIu64 " bytes does not fit its erase blocks of %" PRIu32
                    " bytes; choose a multiple between 4 KiB and 1 GiB",
                    f->name, size, geo->erase_size);
    }
    if (room / size < SLOTS_MIN) {
        return fail(why, ERR_INVALID,
                    "%s: too small for a store: %" PRIu64 " bytes give %" PRIu64
                    " segments of %" PRIu64 ", at least %d are needed",
                    f->name, geo->size, room / size, size, SLOTS_MIN);
    }
    sb->segment_size = (uint32_t)size;
    sb->slots = room / size > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)(room / size);
    return OK;
}

static bool all_one_value(const uint8_t *p, size_t len)
{
    return (p[0] == 0x00 || p[0] == 0xff) && memcmp(p, p + 1, len - 1) == 0;
}

static int write_copy(struct flash *f, const struct super *sb, int copy, uint8_t *buf,
                      struct errmsg *why)
{
    size_t size = (size_t)round_up(SUPER_SIZE, sb->align);
    int rc = flash_read(f, super_offset(sb, copy), buf, size, why);
    /* Where overwriting is allowed, a blank unit is not erased: a cut in between would leave a
     * device that is neither blank nor a store. */
    if (rc == OK && (f->geo.erase_needed || !all_one_value(buf, size))) {
        rc = flash_erase(f, super_offset(sb, copy), sb->erase_size, why);
    }
    super_encode(sb, buf, size);
    if (rc == OK) {
        rc = flash_program(f, super_offset(sb, copy), buf, size, why);
    }
    return rc == OK ? flash_sync(f, why) : rc;
}

int store_format(struct flash *f, const struct store_options *opt, struct errmsg *why)
{
    static const struct store_options defaults;
    struct super sb;
    int rc = choose_layout(f, opt != NULL ? opt : &defaults, &sb, why);
    if (rc != OK) {
        return rc;
    }
    if (getrandom(sb.uuid, sizeof sb.uuid, 0) != (ssize_t)sizeof sb.uuid) {
        return fail_errno(why, ERR_IO, "no random bytes for the store's identity");
    }
    uint8_t *buf = malloc((size_t)round_up(SUPER_SIZE, sb.align));
    if (buf == NULL) {
        return fail(why, ERR_NOMEM, "%s: no memory to format", f->name);
    }
    rc = write_copy(f, &sb, 0, buf, why);
    if (rc == OK) {
        rc = write_copy(f, &sb, 1, buf, why);
    }
    free(buf);
    return rc;
}

/* Is [offset, offset + len) one value, 00 or FF? Sets *value. `buf` holds 4096 bytes. */
static int one_value(struct flash *f, uint64_t offset, uint64_t len, uint8_t *buf, int *value,
                     bool *same, struct errmsg *why)
{
    while (len > 0 && *same) {
        size_t n = len < 4096 ? (size_t)len : 4096;
        int rc = flash_read(f, offset, buf, n, why);
        if (rc != OK) {
            return rc;
        }
        for (size_t i = 0; i < n && *same; i++) {
            if (*value < 0) {
                *value = buf[i];
            }
            *same = buf[i] == *value && (*value == 0x00 || *value == 0xff);
        }
        offset += n;
        len -= n;
    }
    return OK;
}

/* Blank where a partition table, a file system or a store of ours would show itself: the first
 * MiB, the last 64 KiB, and the start of every 64th part. `skip` bytes at the start are not
 * looked at. */
static int is_blank(struct flash *f, uint64_t skip, uint8_t *buf, bool *blank, struct errmsg *why)
{
    uint64_t size = f->geo.size;
    int value = -1;
    *blank = true;
    uint64_t head = size < MIB ? size : MIB;
    int rc = one_value(f, skip, head > skip ? head - skip : 0, buf, &value, blank, why);
    for (uint64_t i = 1; i < 64 && rc == OK && *blank; i++) {
        uint64_t at = size / 64 * i;
        at -= at % 4096;
        uint64_t len = size - at < 4096 ? size - at : 4096;
        rc = at >= head ? one_value(f, at, len, buf, &value, blank, why) : OK;
    }
    uint64_t last = size > 65536 ? size - 65536 : 0;
    if (rc == OK && *blank && last >= head) {
        rc = one_value(f, last, size - last, buf, &value, blank, why);
    }
    return rc;
}

/* Does the first unit look like a superblock whose programming was cut? */
static bool torn_super(const struct flash *f, const uint8_t *area)
{
    for (size_t i = 0; i < MAGIC_SIZE; i++) {
        uint8_t magic = (uint8_t)SUPER_MAGIC[i];
        bool fits = f->geo.erase_needed ? (area[i] & magic) == magic : area[i] == magic;
        if (!fits) {
            return false;
        }
    }
    return true;
}

static int read_copy(struct flash *f, uint64_t at, uint8_t *buf, struct super *sb,
                     struct errmsg *why)
{
    size_t size = ALIGN_LIMIT;
    if (at >= f->geo.size) {
        return ERR_FOREIGN;
    }
    if (size > f->geo.size - at) {
        size = (size_t)(f->geo.size - at);
    }
    int rc = flash_read(f, at, buf, size, why);
    return rc == OK ? super_decode(sb, buf, size) : rc;
}

/* Looks for copy B where it may be: behind one erase block, whose size only the store knows. */
static int find_copy_b(struct flash *f, uint8_t *buf, struct super *sb, struct errmsg *why)
{
    int best = ERR_FOREIGN;
    for (uint64_t at = 512; at <= 16 * (uint64_t)MIB; at *= 2) {
        int rc = read_copy(f, at, buf, sb, why);
        if (rc == ERR_IO || (rc == OK && sb->erase_size == at)) {
            return rc;
        }
        best = rc == ERR_CORRUPT || rc == ERR_VERSION ? rc : best;
    }
    return best;
}

static int check_device(const struct flash *f, const struct super *sb, bool read_only,
                        struct errmsg *why)
{
    if (f->geo.size < sb->device_size) {
        return fail(why, ERR_CORRUPT,
                    "%s: is cut short: the store was made on %" PRIu64
                    " bytes, here are only %" PRIu64 "; a copy of it must be complete",
                    f->name, sb->device_size, f->geo.size);
    }
    if (!read_only &&
        (sb->align % f->geo.program_size != 0 || sb->erase_size % f->geo.erase_size != 0)) {
        return fail(why, ERR_INVALID,
                    "%s: the store was made on flash with other blocks (program %" PRIu32
                    ", erase %" PRIu32 "); here it can only be read",
                    f->name, sb->program_size, sb->erase_size);
    }
    return OK;
}

static int format_blank(struct flash *f, const struct store_options *opt, uint8_t *buf,
                        int found, struct super *sb, bool *formatted, struct errmsg *why)
{
    bool blank = false;
    int rc = f->geo.size > 0 ? flash_read(f, 0, buf, MAGIC_SIZE, why) : OK;
    if (rc != OK) {
        return rc;
    }
    bool torn = torn_super(f, buf);
    uint64_t skip = torn ? round_up(SUPER_SIZE, f->geo.program_size) : 0;
    rc = is_blank(f, skip, buf, &blank, why);
    if (rc != OK) {
        return rc;
    }
    if (f->geo.size == 0) {
        return fail(why, ERR_FOREIGN, "%s: has no room at all, not even %" PRIu32 " bytes", f->name,
                    f->geo.erase_size);
    }
    if (!blank) {
        if (found == ERR_VERSION) {
            return fail(why, ERR_VERSION,
                        "%s: a store of another version; use the sluice that wrote it", f->name);
        }
        if (found == ERR_CORRUPT) {
            return fail(why, ERR_CORRUPT, "%s: both superblocks of the store are damaged", f->name);
        }
        return fail(
            why, ERR_FOREIGN,
            "%s: holds something that is not a store; it stays untouched. To use the device "
            "and lose what is on it: sluice store format",
            f->name);
    }
    if (opt->read_only) {
        return fail(why, ERR_NOT_FOUND, "%s: is blank: no store on it yet", f->name);
    }
    rc = store_format(f, opt, why);
    if (rc == OK) {
        rc = read_copy(f, 0, buf, sb, why);
        *formatted = true;
    }
    return rc;
}

int super_open(struct flash *f, const struct store_options *opt, struct super *sb, bool *formatted,
               struct errmsg *why)
{
    uint8_t *buf = malloc(ALIGN_LIMIT);
    if (buf == NULL) {
        return fail(why, ERR_NOMEM, "%s: no memory to open the store", f->name);
    }
    struct super b;
    *formatted = false;
    int rc = read_copy(f, 0, buf, sb, why);
    if (rc == ERR_IO) {
        goto out;
    }
    int rc_b = rc == OK ? read_copy(f, sb->erase_size, buf, &b, why) : find_copy_b(f, buf, &b, why);
    if (rc_b == ERR_IO) {
        rc = rc_b;
        goto out;
    }
    if (rc != OK && rc_b == OK) {
        *sb = b;
        rc = check_device(f, sb, opt->read_only, why);
        if (rc == OK && !opt->read_only) {
            log_warn("store", "%s: superblock A restored from B", f->name);
            rc = write_copy(f, sb, 0, buf, why);
        }
    } else if (rc == OK) {
        rc = check_device(f, sb, opt->read_only, why);
        if (rc == OK && !opt->read_only && (rc_b != OK || memcmp(sb, &b, sizeof b) != 0)) {
            log_warn("store", "%s: superblock B restored from A", f->name);
            rc = write_copy(f, sb, 1, buf, why);
        }
    } else {
        rc = format_blank(f, opt, buf, rc != ERR_FOREIGN ? rc : rc_b, sb, formatted, why);
    }
out:
    free(buf);
    return rc;
}

int super_check(struct flash *f, const struct super *sb, uint8_t *buf, bool bad[2],
                struct errmsg *why)
{
    size_t size = (size_t)round_up(SUPER_SIZE, sb->align);
    for (int copy = 0; copy < 2; copy++) {
        struct super found = {0};
        int rc = flash_read(f, super_offset(sb, copy), buf, size, why);
        if (rc != OK) {
            return rc;
        }
        bad[copy] = super_decode(&found, buf, size) != OK || memcmp(&found, sb, sizeof found) != 0;
    }
    return OK;
}
