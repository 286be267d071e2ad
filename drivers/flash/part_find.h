/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the appliance's drives and partitions by what they are called, not by where they sit. */
#ifndef DRIVERS_FLASH_PART_FIND_H
#define DRIVERS_FLASH_PART_FIND_H

#include <stddef.h>

#include "base/err.h"

#define DRIVE_DATA "sluice-data" /* serials */
#define DRIVE_CONF "sluice-conf"

/* Device path ("/dev/vda") of the drive with this serial. ERR_NOT_FOUND when there is none. */
int drive_find(const char *serial, char *path, size_t size, struct errmsg *why);

/* Device path ("/dev/vda2") of the GPT partition `name` on the drive DRIVE_DATA. Partitions of
 * other drives are never taken, whatever they are called. ERR_NOT_FOUND. */
int part_find(const char *name, char *path, size_t size, struct errmsg *why);

/* Device path of a drive's first partition; ERR_NOT_FOUND when it has none. */
int part_first(const char *drive, char *path, size_t size);

/* The same under another root than /sys, for tests. */
int drive_find_in(const char *sys, const char *serial, char *path, size_t size, struct errmsg *why);
int part_find_in(const char *sys, const char *name, char *path, size_t size, struct errmsg *why);

#endif
