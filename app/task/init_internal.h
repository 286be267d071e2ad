/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of init share. */
#ifndef APP_TASK_INIT_INTERNAL_H
#define APP_TASK_INIT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/task/init.h"
#include "config/config.h"

#define RUN_DIR "/run/sluice"

/* One line on the console, with the seconds since boot before it. */
void init_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void init_say_text(const char *text);

/* The process that has the terminal, 0 for none: it shows its prompt again after such a line. */
void init_console_is(pid_t pid);

uint64_t init_now_ms(void); /* since boot */

/* Mounts, loopback, clock's start. What fails is said; the box goes on. */
void init_boot(void);

/* Finds the ruling config, takes in a new one from the medium, writes it to INIT_CONFIG and fills
 * *out (with the defaults when there is none). */
void init_config(struct config *out);

/* The console's process: never returns. */
void init_console(const struct config *cfg) __attribute__((noreturn));

/* ---- children ---- */

#define CHILD_LINE 320
#define CHILD_LAST 6 /* lines kept for when it dies */

struct child {
    const char *name;
    void (*body)(const struct config *cfg); /* runs in the child, never returns */
    bool talks;            /* its output comes to us: errors are said, the last lines are kept */
    unsigned pause_max_s;  /* between restarts */
    const char *wait_for;  /* a file that it needs; NULL: none */

    pid_t pid;             /* 0: not running */
    uint64_t started_ms, start_at_ms;
    unsigned pause_s;
    int out;               /* our end of its output, -1: none */
    char line[CHILD_LINE];
    size_t line_len;
    char last[CHILD_LAST][CHILD_LINE];
    unsigned lines;
};

/* Starts it when it is due. */
void child_tend(struct child *c, const struct config *cfg);
/* It is gone, with this status of waitpid(): says so and plans the restart. */
void child_ended(struct child *c, int status);
/* Takes what it has written. */
void child_hear(struct child *c);

#endif
