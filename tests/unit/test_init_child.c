/* SPDX-License-Identifier: Apache-2.0 */
/* Supervision: a child that dies is started again with growing pauses, the console says how it
 * died and what it last wrote, and errors of its log are said as they come. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Before cmocka, which has a macro named fail. */
#include "app/task/init_internal.h"

#include <cmocka.h>

static struct config cfg;
static char console[8192]; /* what was said */

/* Everything said to stderr while `what` runs. */
static int console_ends[2], old_stderr;

static void listen_to_console(void)
{
    assert_int_equal(pipe2(console_ends, O_CLOEXEC), 0);
    fcntl(console_ends[0], F_SETFL, O_NONBLOCK);
    old_stderr = dup(STDERR_FILENO);
    dup2(console_ends[1], STDERR_FILENO);
}

static void console_heard(void)
{
    dup2(old_stderr, STDERR_FILENO);
    close(old_stderr);
    close(console_ends[1]);
    ssize_t n = read(console_ends[0], console, sizeof console - 1);
    console[n > 0 ? n : 0] = '\0';
    close(console_ends[0]);
}

static void talker(const struct config *c)
{
    (void)c;
    static const char text[] = "2026-11-21 02:10:04.123 info  relay    all is well\n"
                               "2026-11-21 02:10:04.124 error store    the flash is full\n"
                               "2026-11-21 02:10:04.125 error config   x:1: said by init\n"
                               "half a line";
    ssize_t n = write(STDOUT_FILENO, text, sizeof text - 1);
    _exit(n == (ssize_t)sizeof text - 1 ? 7 : 8);
}

static void killed(const struct config *c)
{
    (void)c;
    signal(SIGTERM, SIG_DFL);
    raise(SIGTERM);
    _exit(0);
}

static void leaver(const struct config *c)
{
    (void)c;
    _exit(0);
}

/* Starts it, waits for its end, and has that taken note of. */
static void run_once(struct child *c)
{
    int status = 0;
    c->start_at_ms = 0;
    child_tend(c, &cfg);
    assert_true(c->pid > 0);
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    child_ended(c, status);
    assert_int_equal(c->pid, 0);
    assert_int_equal(c->out, -1);
}

static void how_it_died_is_said(void **state)
{
    (void)state;
    struct child c = {
        .name = "worker", .body = talker, .talks = true, .pause_max_s = 60, .out = -1};
    listen_to_console();
    run_once(&c);
    console_heard();
    assert_non_null(strstr(console, "worker: ended with status 7; it starts again in 1 s"));
    assert_non_null(strstr(console, "] store: the flash is full"));
    assert_non_null(strstr(console, "]   half a line"));
    assert_null(strstr(console, "] relay: all is well"));
    assert_null(strstr(console, "] config: "));

    struct child k = {.name = "clock", .body = killed, .pause_max_s = 60, .out = -1};
    listen_to_console();
    run_once(&k);
    console_heard();
    assert_non_null(strstr(console, "clock: was ended by signal 15"));

    struct child l = {.name = "console", .body = leaver, .pause_max_s = 5, .out = -1};
    listen_to_console();
    run_once(&l);
    console_heard();
    assert_string_equal(console, ""); /* leaving the shell is no accident */
}

static void the_pauses_grow_and_end(void **state)
{
    static const unsigned pauses[] = {1, 2, 4, 5, 5};
    (void)state;
    struct child c = {.name = "x", .body = leaver, .pause_max_s = 5, .out = -1};
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        uint64_t before = init_now_ms();
        run_once(&c);
        assert_int_equal(c.pause_s, pauses[i]);
        assert_true(c.start_at_ms >= before + pauses[i] * 1000);
        child_tend(&c, &cfg); /* not yet */
        assert_int_equal(c.pid, 0);
    }
    /* One that lived long starts again soon. */
    c.start_at_ms = 0;
    child_tend(&c, &cfg);
    int status = 0;
    waitpid(c.pid, &status, 0);
    c.started_ms -= 61000;
    child_ended(&c, status);
    assert_int_equal(c.pause_s, 1);
}

static void a_flood_does_not_hurt(void **state)
{
    (void)state;
    struct child c = {.name = "x", .talks = true, .pause_max_s = 5, .out = -1};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    c.out = ends[0];
    char block[997];
    memset(block, 'a', sizeof block);
    for (int i = 0; i < 40; i++) {
        ssize_t n = write(ends[1], block, sizeof block);
        assert_int_equal(n, (ssize_t)sizeof block);
        child_hear(&c);
    }
    ssize_t n = write(ends[1], "\n", 1);
    assert_int_equal(n, 1);
    child_hear(&c);
    assert_int_equal(c.lines, 1);
    assert_int_equal(strlen(c.last[0]), CHILD_LINE - 1);
    close(ends[1]);
    child_hear(&c);
    assert_int_equal(c.out, -1);
}

static void what_it_needs_is_waited_for(void **state)
{
    (void)state;
    struct child c = {.name = "x", .body = leaver, .pause_max_s = 5, .out = -1,
                      .wait_for = "/nonexistent/sluice", .start_at_ms = init_now_ms()};
    child_tend(&c, &cfg);
    assert_int_equal(c.pid, 0);
    c.start_at_ms -= 11000; /* in vain for long enough */
    child_tend(&c, &cfg);
    assert_true(c.pid > 0);
    waitpid(c.pid, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_it_died_is_said),
        cmocka_unit_test(the_pauses_grow_and_end),
        cmocka_unit_test(a_flood_does_not_hurt),
        cmocka_unit_test(what_it_needs_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
