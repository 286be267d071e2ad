/* SPDX-License-Identifier: Apache-2.0 */
/* The line editor, on linenoise. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linenoise_src.h>

#include "drivers/console/console.h"

#define HISTORY_LINES 64

/* linenoise's callbacks have no context of their own; there is one console in a process. */
static const struct console_editor *current;

static const char *volatile shown; /* the prompt while a line is being read */

/* Somebody wrote over the line; what was typed comes back with the next key. */
static void show_again(int number)
{
    const char *prompt = shown;
    int saved = errno;
    if (prompt != NULL) {
        ssize_t n = write(STDOUT_FILENO, "\r", 1);
        n = write(STDOUT_FILENO, prompt, strlen(prompt));
        n = write(STDOUT_FILENO, "\033[K", 3);
        (void)n; /* a terminal that went away ends the read */
    }
    errno = saved;
}

static void add_completion(void *ctx, const char *line)
{
    linenoiseAddCompletion(ctx, line);
}

static void on_complete(const char *line, linenoiseCompletions *list)
{
    current->complete(line, add_completion, list);
}

static char *on_hint(const char *line, int *color, int *bold)
{
    static char text[256];
    *color = 36;
    *bold = 0;
    return current->hint(line, text, sizeof text) ? text : NULL;
}

/* A line that was begun before the terminal was ours: shown, but not edited. False: there is none.
 */
static bool read_early(const char *prompt, char *buf, size_t size, enum console_input *got)
{
    size_t len = 0;
    char c;
    bool early = console_early_byte(&c);
    if (!early) {
        return false;
    }
    *got = CONSOLE_LINE;
    while (c != '\n' && c != '\r') {
        if ((c == '\b' || c == 127) && len > 0) {
            len--;
        } else if ((unsigned char)c >= ' ' && c != 127 && len + 1 < size) {
            buf[len++] = c;
        }
        early = early && console_early_byte(&c);
        if (!early && read(STDIN_FILENO, &c, 1) != 1) {
            *got = errno == EINTR ? CONSOLE_INTERRUPTED : CONSOLE_END;
            break;
        }
    }
    buf[len] = '\0';
    printf("%s%s\n", prompt, buf);
    fflush(stdout);
    return true;
}

enum console_input console_read_line(const char *prompt, const struct console_editor *editor,
                                     char *buf, size_t size)
{
    struct sigaction again = {.sa_handler = show_again, .sa_flags = SA_RESTART};
    sigaction(CONSOLE_SIGNAL_AGAIN, &again, NULL);
    enum console_input got;
    if (read_early(prompt, buf, size, &got)) {
        return got;
    }
    current = editor;
    linenoiseSetCompletionCallback(on_complete);
    linenoiseSetHintsCallback(on_hint);
    linenoiseHistorySetMaxLen(HISTORY_LINES);
    linenoiseWasInterrupted = 0;
    shown = prompt;
    char *line = linenoise(prompt);
    shown = NULL;
    if (line == NULL) {
        return linenoiseWasInterrupted ? CONSOLE_INTERRUPTED : CONSOLE_END;
    }
    snprintf(buf, size, "%s", line);
    linenoiseFree(line);
    if (*buf != '\0') {
        linenoiseHistoryAdd(buf);
    }
    return CONSOLE_LINE;
}
