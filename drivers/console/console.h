/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal to a person: line editing, a secret without echo, the serial line's peculiarities. */
#ifndef DRIVERS_CONSOLE_CONSOLE_H
#define DRIVERS_CONSOLE_CONSOLE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Who has written to the terminal sends it, and the prompt appears again. Nobody who does not wait
 * for a line is disturbed: the signal is ignored by default. */
#define CONSOLE_SIGNAL_AGAIN SIGURG

/* Makes the terminal on descriptors 0 and 1 usable, until exit() gives it back: a serial line
 * without a size gets 80x24 (the editor would wait for the terminal's answer otherwise), it becomes
 * our controlling terminal if it is nobody's, so that Ctrl-C reaches us, and what is typed while
 * nobody reads stays as it is typed, for the next lines. LF is Enter as CR is. */
void console_prepare(void);

struct console_editor {
    /* Calls add(ctx, whole_line) for every way the begun line may go on. */
    void (*complete)(const char *line, void (*add)(void *ctx, const char *line), void *ctx);
    /* Writes what to show behind the cursor; false for nothing. */
    bool (*hint)(const char *line, char *buf, size_t size);
};

enum console_input { CONSOLE_LINE, CONSOLE_INTERRUPTED, CONSOLE_END };

/* Reads one line with editing, history (in memory only) and `editor`'s help into buf, without its
 * newline. CONSOLE_INTERRUPTED for Ctrl-C, CONSOLE_END for Ctrl-D on an empty line or a terminal
 * that went away. A longer line is cut. */
enum console_input console_read_line(const char *prompt, const struct console_editor *editor,
                                     char *buf, size_t size);

/* For console_read_line(): the next byte of what was typed before console_prepare() took the
 * terminal; false: nothing is left of it. */
bool console_early_byte(char *c);

/* Reads a line without showing it; what was typed before is void. ERR_CANCELLED for Ctrl-C or the
 * end of input. */
int console_read_secret(const char *prompt, char *buf, size_t size);

#endif
