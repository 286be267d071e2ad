/* SPDX-License-Identifier: Apache-2.0 */
/* One supervised child: started, heard, started again when it dies. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/task/init_internal.h"

#define LIVED_MS 60000 /* who lives this long starts again at once */
#define WAIT_FOR_MS 10000

static void become(struct child *c, const struct config *cfg, int out)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (out >= 0) {
        int null = open("/dev/null", O_RDONLY);
        dup2(null, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
    }
    c->body(cfg);
    _exit(1);
}

static void start(struct child *c, const struct config *cfg)
{
    int ends[2] = {-1, -1};
    if (c->talks && pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
        /* Only our end must not block. */
        fcntl(ends[1], F_SETFL, 0);
    }
    pid_t pid = fork();
    if (pid == 0) {
        become(c, cfg, ends[1]);
    }
    if (ends[1] >= 0) {
        close(ends[1]);
    }
    if (pid < 0) {
        init_say("%s: cannot be started: %s", c->name, strerror(errno));
        if (ends[0] >= 0) {
            close(ends[0]);
        }
        c->start_at_ms = init_now_ms() + 1000;
        return;
    }
    c->pid = pid;
    c->out = ends[0];
    c->started_ms = init_now_ms();
    c->line_len = 0;
    c->lines = 0;
}

void child_tend(struct child *c, const struct config *cfg)
{
    uint64_t now = init_now_ms();
    if (c->pid != 0 || now < c->start_at_ms) {
        return;
    }
    /* A file that never comes is waited for in vain only so long. */
    if (c->wait_for != NULL && access(c->wait_for, F_OK) != 0 &&
        now < c->start_at_ms + WAIT_FOR_MS) {
        return;
    }
    start(c, cfg);
}

/* A whole line of the log: kept, and said when it is an error. */
static void take_line(struct child *c)
{
    /* "2026-11-21 02:10:04.123 error part     text", log_format() in base/log.c */
    static const size_t level_at = 24, part_at = 30;
    c->line[c->line_len] = '\0';
    memcpy(c->last[c->lines++ % CHILD_LAST], c->line, c->line_len + 1);
    if (c->line_len > part_at && strncmp(c->line + level_at, "error ", 6) == 0) {
        char part[12] = "";
        int text_at = 0;
        /* What is wrong with the config init has said already, in its own words. */
        if (sscanf(c->line + part_at, "%11s %n", part, &text_at) == 1 &&
            strcmp(part, "config") != 0) {
            init_say("%s: %s", part, c->line + part_at + text_at);
        }
    }
    c->line_len = 0;
}

void child_hear(struct child *c)
{
    char buf[512];
    ssize_t n = 0;
    while (c->out >= 0 && (n = read(c->out, buf, sizeof buf)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (buf[i] == '\n') {
                take_line(c);
            } else if (c->line_len + 1 < sizeof c->line) {
                c->line[c->line_len++] = buf[i];
            }
        }
    }
    if (n == 0 && c->out >= 0) {
        close(c->out);
        c->out = -1;
    }
}

void child_ended(struct child *c, int status)
{
    char how[64];
    uint64_t now = init_now_ms();
    child_hear(c);
    if (c->line_len > 0) {
        take_line(c);
    }
    if (c->out >= 0) {
        close(c->out);
        c->out = -1;
    }
    if (WIFSIGNALED(status)) {
        snprintf(how, sizeof how, "was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    } else {
        snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(status));
    }
    bool lived = now - c->started_ms >= LIVED_MS;
    c->pause_s = lived || c->pause_s == 0 ? 1 : c->pause_s * 2;
    if (c->pause_s > c->pause_max_s) {
        c->pause_s = c->pause_max_s;
    }
    c->pid = 0;
    c->start_at_ms = now + (uint64_t)c->pause_s * 1000;
    /* The console ends whenever somebody leaves the shell. */
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        init_say("%s: %s; it starts again in %u s", c->name, how, c->pause_s);
        unsigned kept = c->lines < CHILD_LAST ? c->lines : CHILD_LAST;
        for (unsigned i = c->lines - kept; i < c->lines; i++) {
            init_say("  %s", c->last[i % CHILD_LAST]);
        }
    }
}
