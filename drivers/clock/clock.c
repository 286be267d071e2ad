/* SPDX-License-Identifier: Apache-2.0 */
/* Setting the clock and remembering why it was believed. */
#include "drivers/clock/clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* One word and the build time; made by init, so that on a host it is not there. */
#define RECORD "/run/sluice/clock"
#define SLEW_MAX_US 500000

static const char *const names[] = {
    [CLOCK_HOST] = "host", [CLOCK_BUILD] = "build",   [CLOCK_CHIP] = "chip",
    [CLOCK_NTP] = "ntp",   [CLOCK_SOURCE] = "source",
};

const char *clock_source_name(enum clock_source s)
{
    return (size_t)s < sizeof names / sizeof names[0] ? names[s] : "?";
}

static enum clock_source record_read(int64_t *build_time_s)
{
    char text[64];
    char word[16];
    *build_time_s = 0;
    int fd = open(RECORD, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return CLOCK_HOST;
    }
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    if (sscanf(text, "%15s %" SCNd64, word, build_time_s) == 2) {
        for (size_t i = CLOCK_BUILD; i < sizeof names / sizeof names[0]; i++) {
            if (strcmp(word, names[i]) == 0) {
                return (enum clock_source)i;
            }
        }
    }
    return CLOCK_BUILD;
}

static int record_write(enum clock_source s, int64_t build_time_s, struct errmsg *why)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s %" PRId64 "\n", names[s], build_time_s);
    int fd = open(RECORD ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = fd >= 0 && write(fd, text, (size_t)n) == n;
    if (fd >= 0) {
        close(fd);
    }
    if (!good || rename(RECORD ".new", RECORD) != 0) {
        return fail_errno(why, ERR_IO, RECORD " cannot be written");
    }
    return 0;
}

enum clock_source clock_source(void)
{
    int64_t build = 0;
    return record_read(&build);
}

bool clock_known(void)
{
    return clock_source() != CLOCK_BUILD;
}

static int set(int64_t us, struct errmsg *why)
{
    struct timespec ts = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
    if (clock_settime(CLOCK_REALTIME, &ts) != 0) {
        return fail_errno(why, ERR_IO, "the clock cannot be set");
    }
    return 0;
}

int clock_start(int64_t build_time_s, struct errmsg *why)
{
    bool chip = (int64_t)time(NULL) > build_time_s;
    int rc = chip ? 0 : set(build_time_s * 1000000, why);
    int recorded = record_write(chip ? CLOCK_CHIP : CLOCK_BUILD, build_time_s,
                                rc == 0 ? why : NULL);
    return rc != 0 ? rc : recorded;
}

int clock_set_from_ntp(int64_t offset_us, struct errmsg *why)
{
    int64_t build = 0;
    int rc = 0;
    if (record_read(&build) == CLOCK_HOST) {
        return fail(why, ERR_BUSY, "the clock of a host is not ours to set");
    }
    if (offset_us > -SLEW_MAX_US && offset_us < SLEW_MAX_US) {
        struct timeval tv = {.tv_sec = 0, .tv_usec = (suseconds_t)offset_us};
        if (tv.tv_usec < 0) {
            tv.tv_sec = -1;
            tv.tv_usec += 1000000;
        }
        if (adjtime(&tv, NULL) != 0) {
            rc = fail_errno(why, ERR_IO, "the clock cannot be slewed");
        }
    } else {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        rc = set((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + offset_us, why);
    }
    return rc != 0 ? rc : record_write(CLOCK_NTP, build, why);
}

int clock_set_from_source(int64_t epoch_s, struct errmsg *why)
{
    int64_t build = 0;
    if (record_read(&build) != CLOCK_BUILD) {
        return fail(why, ERR_BUSY, "the clock is known already");
    }
    if (epoch_s < build) {
        return fail(why, ERR_INVALID, "the source's clock is before this program was built");
    }
    int rc = set(epoch_s * 1000000, why);
    return rc != 0 ? rc : record_write(CLOCK_SOURCE, build, why);
}
