/* SPDX-License-Identifier: Apache-2.0 */
/* The appliance's log: a ring of the last lines in memory and, if asked, a copy on a descriptor.
 * Lines are for technicians: no secret ever goes in. Safe to call from any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_line {
    uint64_t number;      /* 1, 2, 3 … since the program started */
    int64_t time_ms;      /* wall clock, milliseconds since 1970 */
    enum log_level level;
    char part[12];        /* who speaks: "relay", "store", "config" … */
    char text[CONFIG_LOG_LINE_MAX];
};

/* Copies of lines of `level` and above go to `fd` too (-1: none, the default). */
void log_to_fd(int fd, enum log_level level);

/* One line; longer text is cut with "…". `part` is at most 11 characters. */
void log_write(enum log_level level, const char *part, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(part, ...) log_write(LOG_ERROR, part, __VA_ARGS__)
#define log_warn(part, ...) log_write(LOG_WARN, part, __VA_ARGS__)
#define log_info(part, ...) log_write(LOG_INFO, part, __VA_ARGS__)
#define log_debug(part, ...) log_write(LOG_DEBUG, part, __VA_ARGS__)

/* Copies the oldest kept line whose number is > `after` into *line; false if there is none. */
bool log_next(uint64_t after, struct log_line *line);

const char *log_level_name(enum log_level level); /* "error" "warn" "info" "debug" */

/* Writes "2026-11-21 02:10:04.123 warn  relay  text" without newline; returns its length. */
size_t log_format(const struct log_line *line, char *buf, size_t size);

#endif
