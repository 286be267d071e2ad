/* SPDX-License-Identifier: Apache-2.0 */
/* A regular file or a block device (eMMC, SD, virtio disk) as flash. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/flash/flash.h"

#define FILE_ERASE_SIZE 65536u
#define FILE_PROGRAM_SIZE 512u

struct file_flash {
    struct flash flash; /* first: the two are cast into each other */
    int fd;
};

static struct file_flash *of(struct flash *f)
{
    return (struct file_flash *)f;
}

static int file_read(struct flash *f, uint64_t offset, void *to, size_t len, struct errmsg *why)
{
    int rc = flash_check(f, "read", false, offset, len, 1, why);
    uint8_t *p = (uint8_t *)to;
    while (rc == OK && len > 0) {
        ssize_t n = pread(of(f)->fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail_errno(why, ERR_IO, "%s: reading %zu bytes at %" PRIu64, f->name, len,
                              offset);
        }
        if (n == 0) {
            return fail(why, ERR_IO, "%s: ends at %" PRIu64 " although it was longer when opened",
                        f->name, offset);
        }
        p += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return rc;
}

static int file_program(struct flash *f, uint64_t offset, const void *from, size_t len,
                        struct errmsg *why)
{
    int rc = flash_check(f, "program", true, offset, len, f->geo.program_size, why);
    const uint8_t *p = (const uint8_t *)from;
    while (rc == OK && len > 0) {
        ssize_t n = pwrite(of(f)->fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return fail_errno(why, ERR_IO, "%s: writing %zu bytes at %" PRIu64, f->name, len,
                              offset);
        }
        p += n;
        offset += (uint64_t)n;
        len -= (size_t)n;
    }
    return rc;
}

/* Nothing has to be erased before it is written again, and nothing is promised about the bytes. */
static int file_erase(struct flash *f, uint64_t offset, uint64_t len, struct errmsg *why)
{
    return flash_check(f, "erase", true, offset, len, f->geo.erase_size, why);
}

/* On a block device fdatasync writes the cached pages back and flushes the device's own cache. */
static int file_sync(struct flash *f, struct errmsg *why)
{
    int rc;
    do {
        rc = fdatasync(of(f)->fd);
    } while (rc != 0 && errno == EINTR);
    return rc == 0 ? OK : fail_errno(why, ERR_IO, "%s: flushing to the device", f->name);
}

static void file_close(struct flash *f)
{
    close(of(f)->fd);
    free(of(f));
}

static const struct flash_ops file_ops = {
    .read = file_read,
    .program = file_program,
    .erase = file_erase,
    .sync = file_sync,
    .close = file_close,
};

static int find_geometry(int fd, const char *path, struct flash_geometry *geo, struct errmsg *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return fail_errno(why, ERR_IO, "%s", path);
    }
    *geo = (struct flash_geometry){.erase_size = FILE_ERASE_SIZE,
                                   .program_size = FILE_PROGRAM_SIZE};
    if (S_ISREG(st.st_mode)) {
        geo->size = (uint64_t)st.st_size;
    } else if (S_ISBLK(st.st_mode)) {
        uint64_t size = 0;
        int logical = 0;
        unsigned physical = 0;
        if (ioctl(fd, BLKGETSIZE64, &size) != 0 || ioctl(fd, BLKSSZGET, &logical) != 0) {
            return fail_errno(why, ERR_IO, "%s: asking for its size", path);
        }
        if (ioctl(fd, BLKPBSZGET, &physical) != 0 || physical < (unsigned)logical) {
            physical = (unsigned)logical;
        }
        geo->size = size;
        if (physical > geo->program_size && physical <= FILE_ERASE_SIZE) {
            geo->program_size = physical; /* what a power cut may tear as a whole */
        }
    } else {
        return fail(why, ERR_INVALID, "%s: is neither a file nor a block device", path);
    }
    geo->size -= geo->size % geo->erase_size;
    return OK;
}

int flash_open(const char *path, bool read_only, struct flash **out, struct errmsg *why)
{
    *out = NULL;
    int fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return fail_errno(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot open %s", path);
    }
    struct file_flash *ff = NULL;
    struct flash_geometry geo;
    int rc = find_geometry(fd, path, &geo, why);
    if (rc == OK && !read_only && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        rc =
            errno == EWOULDBLOCK
                ? fail(why, ERR_BUSY, "%s: another process is writing to it; stop that first", path)
                : fail_errno(why, ERR_IO, "%s: cannot lock it", path);
    }
    if (rc == OK && (ff = calloc(1, sizeof *ff)) == NULL) {
        rc = fail(why, ERR_NOMEM, "%s: no memory to open it", path);
    }
    if (rc != OK) {
        close(fd);
        return rc;
    }
    ff->fd = fd;
    ff->flash = (struct flash){.ops = &file_ops, .geo = geo, .read_only = read_only};
    snprintf(ff->flash.name, sizeof ff->flash.name, "%s", path);
    *out = &ff->flash;
    return OK;
}
