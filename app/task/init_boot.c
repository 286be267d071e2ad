/* SPDX-License-Identifier: Apache-2.0 */
/* The first steps of PID 1, and its voice on the console. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/task/init_internal.h"
#include "drivers/clock/clock.h"
#include "drivers/console/console.h"
#include "drivers/net/net.h"
#include "version.h"

static const struct {
    const char *type, *dir, *data;
    unsigned long flags;
} mounts[] = {
    {"proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"devtmpfs", "/dev", "mode=0755", MS_NOSUID | MS_NOEXEC},
    {"tmpfs", "/run", "mode=0755,size=4m", MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"tmpfs", "/tmp", "mode=1777,size=4m", MS_NOSUID | MS_NODEV | MS_NOEXEC},
};

/* Who has the terminal, for all of init's processes: they write over its prompt. NULL or 0: nobody.
 */
static pid_t *console;

void init_console_is(pid_t pid)
{
    if (console != NULL) {
        *console = pid;
    }
}

uint64_t init_now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void init_say(const char *fmt, ...)
{
    char text[640];
    char line[700];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    /* What came from outside must not drive the terminal. */
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = ' ';
        }
    }
    uint64_t ms = init_now_ms();
    /* The shell may have the terminal in raw mode: both ends of the line are given. */
    int n = snprintf(line, sizeof line, "\r[%4" PRIu64 ".%02u] %s\r\n", ms / 1000,
                     (unsigned)(ms % 1000 / 10), text);
    ssize_t written = write(STDERR_FILENO, line, (size_t)n);
    (void)written; /* no console, nobody to tell */
    if (console != NULL && *console > 0) {
        kill(*console, CONSOLE_SIGNAL_AGAIN);
    }
}

void init_say_text(const char *text)
{
    init_say("%s", text);
}

void init_boot(void)
{
    struct errmsg why;
    umask(022);
    void *shared =
        mmap(NULL, sizeof *console, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    console = shared != MAP_FAILED ? shared : NULL;
    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        mkdir(mounts[i].dir, 0755);
        if (mount(mounts[i].type, mounts[i].dir, mounts[i].type, mounts[i].flags, mounts[i].data) !=
                0 &&
            errno != EBUSY) {
            init_say("boot: %s cannot be mounted: %s", mounts[i].dir, strerror(errno));
        }
    }
    mkdir(RUN_DIR, 0700);
    mkdir(INIT_CONFIG_DIR, 0700);
    init_say("Sluice %s (%s) starts", SLUICE_VERSION, SLUICE_COMMIT);
    if (net_loopback_up(&why) != 0) {
        init_say("boot: %s", why.text);
    }
    if (clock_start(SLUICE_BUILD_TIME, &why) != 0) {
        init_say("boot: %s", why.text);
    }
}
