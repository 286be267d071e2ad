/* SPDX-License-Identifier: Apache-2.0 */
/* Looks through sysfs for drives by serial and partitions by name. */
#include "drivers/flash/part_find.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYS "/sys"

/* One small sysfs file as text, its last newline cut off; false if it cannot be read. */
static bool read_text(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, buf, size - 1);
    close(fd);
    if (n < 0) {
        return false;
    }
    buf[n] = '\0';
    if (n > 0 && buf[n - 1] == '\n') {
        buf[n - 1] = '\0';
    }
    return true;
}

/* Name below SYS/block of the drive with this serial. */
static int drive_name(const char *sys, const char *serial, char *name, size_t size)
{
    char path[512];
    char text[64];
    int rc = ERR_NOT_FOUND;
    snprintf(path, sizeof path, "%s/block", sys);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return ERR_NOT_FOUND;
    }
    for (struct dirent *e = readdir(dir); e != NULL && rc != 0; e = readdir(dir)) {
        if (e->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "%s/block/%s/serial", sys, e->d_name);
        if (read_text(path, text, sizeof text) && strcmp(text, serial) == 0) {
            int n = snprintf(name, size, "%s", e->d_name);
            rc = n >= 0 && (size_t)n < size ? 0 : ERR_NOMEM;
        }
    }
    closedir(dir);
    return rc;
}

int drive_find_in(const char *sys, const char *serial, char *path, size_t size, struct errmsg *why)
{
    char name[64];
    if (drive_name(sys, serial, name, sizeof name) != 0) {
        return fail(why, ERR_NOT_FOUND, "there is no drive with the serial %s", serial);
    }
    int n = snprintf(path, size, "/dev/%s", name);
    return n >= 0 && (size_t)n < size ? 0 : ERR_NOMEM;
}

/* A partition's name from its uevent file; the first line of it that says PARTNAME=. */
static bool is_named(const char *uevent, const char *name)
{
    const char *at = strstr(uevent, "PARTNAME=");
    size_t len = strlen(name);
    if (at == NULL || (at != uevent && at[-1] != '\n')) {
        return false;
    }
    at += strlen("PARTNAME=");
    return strncmp(at, name, len) == 0 && (at[len] == '\n' || at[len] == '\0');
}

/* The partition of `drive` that is called `name` (NULL: the one with number 1). */
static int part_name(const char *sys, const char *drive, const char *name, char *out, size_t size)
{
    char path[512];
    char text[512];
    int rc = ERR_NOT_FOUND;
    snprintf(path, sizeof path, "%s/block/%s", sys, drive);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return ERR_NOT_FOUND;
    }
    for (struct dirent *e = readdir(dir); e != NULL && rc != 0; e = readdir(dir)) {
        if (strncmp(e->d_name, drive, strlen(drive)) != 0) {
            continue;
        }
        snprintf(path, sizeof path, "%s/block/%s/%s/%s", sys, drive, e->d_name,
                 name != NULL ? "uevent" : "partition");
        if (read_text(path, text, sizeof text) &&
            (name != NULL ? is_named(text, name) : strcmp(text, "1") == 0)) {
            int n = snprintf(out, size, "/dev/%s", e->d_name);
            rc = n >= 0 && (size_t)n < size ? 0 : ERR_NOMEM;
        }
    }
    closedir(dir);
    return rc;
}

int part_find_in(const char *sys, const char *name, char *path, size_t size, struct errmsg *why)
{
    char drive[64];
    if (drive_name(sys, DRIVE_DATA, drive, sizeof drive) != 0) {
        return fail(why, ERR_NOT_FOUND,
                    "part:%s: there is no drive with the serial " DRIVE_DATA
                    "; attach one, or name a file or device in [store] device",
                    name);
    }
    int rc = part_name(sys, drive, name, path, size);
    if (rc != 0) {
        return fail(why, rc, "part:%s: the drive /dev/%s has no partition of that name", name,
                    drive);
    }
    return 0;
}

int drive_find(const char *serial, char *path, size_t size, struct errmsg *why)
{
    return drive_find_in(SYS, serial, path, size, why);
}

int part_find(const char *name, char *path, size_t size, struct errmsg *why)
{
    return part_find_in(SYS, name, path, size, why);
}

int part_first(const char *drive, char *path, size_t size)
{
    return strncmp(drive, "/dev/", 5) == 0 ? part_name(SYS, drive + 5, NULL, path, size)
                                           : ERR_NOT_FOUND;
}
