/* SPDX-License-Identifier: Apache-2.0 */
/* A fixed ring of log lines behind one lock. */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/now.h"

static struct {
    pthread_mutex_t lock;
    uint64_t last; /* number of the newest line */
    int fd;
    enum log_level fd_level;
} ring = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

/* Apart, so that it costs memory but no bytes of the program file. */
static struct log_line lines[CONFIG_LOG_RING_LINES];

void log_to_fd(int fd, enum log_level level)
{
    pthread_mutex_lock(&ring.lock);
    ring.fd = fd;
    ring.fd_level = level;
    pthread_mutex_unlock(&ring.lock);
}

/* Ends a text that did not fit with "…", without cutting a UTF-8 character in two. */
static void end_with_ellipsis(char *text, size_t size)
{
    static const char mark[] = "…";
    size_t at = size - sizeof mark;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80) {
        at--;
    }
    memcpy(text + at, mark, sizeof mark);
}

void log_write(enum log_level level, const char *part, const char *fmt, ...)
{
    pthread_mutex_lock(&ring.lock);
    ring.last++;
    struct log_line *line = &lines[ring.last % CONFIG_LOG_RING_LINES];
    line->number = ring.last;
    line->time_ms = now_wall_ms();
    line->level = level;
    snprintf(line->part, sizeof line->part, "%s", part);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line->text, sizeof line->text, fmt, ap);
    va_end(ap);
    if (n < 0) {
        line->text[0] = '\0';
    } else if ((size_t)n >= sizeof line->text) {
        end_with_ellipsis(line->text, sizeof line->text);
    }
    /* A control character from outside (a server's error text) must not drive the terminal. */
    for (char *c = line->text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = ' ';
        }
    }
    if (ring.fd >= 0 && level <= ring.fd_level) {
        char out[CONFIG_LOG_LINE_MAX + 64];
        size_t len = log_format(line, out, sizeof out - 1);
        out[len++] = '\n';
        ssize_t ignored = write(ring.fd, out, len);
        (void)ignored; /* a log that cannot be written has nowhere to complain */
    }
    pthread_mutex_unlock(&ring.lock);
}

bool log_next(uint64_t after, struct log_line *line)
{
    bool found = false;
    pthread_mutex_lock(&ring.lock);
    uint64_t oldest =
        ring.last >= CONFIG_LOG_RING_LINES ? ring.last - CONFIG_LOG_RING_LINES + 1 : 1;
    uint64_t want = after + 1 > oldest ? after + 1 : oldest;
    if (want <= ring.last) {
        *line = lines[want % CONFIG_LOG_RING_LINES];
        found = true;
    }
    pthread_mutex_unlock(&ring.lock);
    return found;
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    return (size_t)level < sizeof names / sizeof names[0] ? names[level] : "?";
}

size_t log_format(const struct log_line *line, char *buf, size_t size)
{
    time_t seconds = (time_t)(line->time_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm);
    int n = snprintf(buf, size, "%s.%03d %-5s %-8s %s", stamp, (int)(line->time_ms % 1000),
                     log_level_name(line->level), line->part, line->text);
    if (n < 0) {
        return 0;
    }
    return (size_t)n < size ? (size_t)n : size - 1;
}
