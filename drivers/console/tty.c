/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal itself: its size, whose it is, and reading without echo. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/console/console.h"

#define ROWS 24
#define COLUMNS 80

static struct termios found; /* as it was before us */
static char early[1024];     /* typed before us, and changed by the terminal's old modes */
static size_t early_at, early_len;

bool console_early_byte(char *c)
{
    if (early_at == early_len) {
        return false;
    }
    *c = early[early_at++];
    return true;
}

static void give_back(void)
{
    tcsetattr(STDIN_FILENO, TCSADRAIN, &found);
}

/* The line editor edits only terminals it knows; on others lines come from the terminal itself. */
static bool edited(void)
{
    static const char *const plain[] = {"dumb", "cons25", "emacs"};
    const char *term = getenv("TERM");
    for (size_t i = 0; term != NULL && i < sizeof plain / sizeof plain[0]; i++) {
        if (strcasecmp(term, plain[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* Between two lines the terminal must not touch what is typed: it would turn a CR into an LF, echo
 * it into the answer, and keep it back until the line is whole. The editor's raw mode, on top of
 * this one, leaves INLCR alone. Ctrl-C stays a signal; nobody would continue a stopped console. */
static void hold(void)
{
    if (!edited() || tcgetattr(STDIN_FILENO, &found) != 0) {
        return;
    }
    struct termios ours = found;
    ours.c_iflag &= ~(tcflag_t)(ICRNL | IGNCR);
    ours.c_iflag |= INLCR;
    ours.c_oflag |= OPOST | ONLCR; /* who was killed in raw mode did not give it back */
    ours.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    ours.c_lflag |= ISIG;
    ours.c_cc[VSUSP] = ours.c_cc[VQUIT] = _POSIX_VDISABLE;
    ours.c_cc[VMIN] = ours.c_cc[VTIME] = 0;
    atexit(give_back);
    tcsetattr(STDIN_FILENO, TCSANOW, &ours);
    ssize_t n = read(STDIN_FILENO, early, sizeof early);
    early_len = n > 0 ? (size_t)n : 0;
    ours.c_cc[VMIN] = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &ours);
}

void console_prepare(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col == 0) {
        size = (struct winsize){.ws_row = ROWS, .ws_col = COLUMNS};
        ioctl(STDOUT_FILENO, TIOCSWINSZ, &size);
    }
    if (tcgetsid(STDIN_FILENO) < 0) {
        setsid(); /* fails for a group's leader, who has a terminal then */
        ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    }
    hold();
}

int console_read_secret(const char *prompt, char *buf, size_t size)
{
    struct termios old, quiet;
    bool tty = tcgetattr(STDIN_FILENO, &old) == 0;
    if (tty) {
        quiet = old;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        quiet.c_lflag |= ICANON | ISIG;
        quiet.c_iflag &= ~(tcflag_t)INLCR;
        quiet.c_iflag |= ICRNL;
        early_at = early_len;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    /* Only now: who types as soon as the prompt is there must not see the secret or lose it. */
    fputs(prompt, stdout);
    fflush(stdout);
    size_t len = 0;
    bool ended = false;
    for (;;) {
        char c;
        ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n <= 0) {
            ended = true;
            break;
        }
        if (c == '\n' || c == '\r') {
            break;
        }
        if (len + 1 < size) {
            buf[len++] = c;
        }
    }
    buf[len] = '\0';
    if (tty) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        fputs("\n", stdout);
    }
    return ended ? ERR_CANCELLED : 0;
}
