/* SPDX-License-Identifier: Apache-2.0 */
/* The command shell: one table of commands; doors (serial console, local socket, HTTP) hand in a
 * line and render the result as text or JSON. Commands never print. */
#ifndef APP_SHELL_SHELL_H
#define APP_SHELL_SHELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "base/err.h"

struct app; /* what the commands work on: app/task/app.h */

#define SHELL_LINE_MAX 1024 /* bytes of a command line, with NUL */
#define SHELL_WORDS_MAX 32  /* words of a command line */
#define SHELL_CHOICES_MAX 64 /* candidates that a completion lists */

enum shell_exit {
    SHELL_YES = 0,         /* done, or the answer is yes */
    SHELL_NO = 1,          /* failed, or the answer is no */
    SHELL_USAGE = 2,       /* wrong usage or config */
    SHELL_UNREACHABLE = 3, /* no running appliance */
};

/* One command line on its way. The result is a JSON object; text is made from it by render.c:
 * "summary" is the first line, scalars become "name  value", arrays of objects become tables. */
struct shell_call {
    struct app *app;
    int argc;                 /* words after the command's own words */
    char **argv;
    yyjson_mut_doc *doc;      /* for making values; made and freed by the door */
    yyjson_mut_val *out;      /* the result object, filled by the command */
    int exit;                 /* enum shell_exit */
    bool json;                /* --json was among the words */
    bool read_only;           /* the door: commands that change something are refused */
    const char *const *json_only; /* keys of the result that a text does without, up to a NULL */
    const char *advice;       /* what to do about the error the command returns; static, or NULL */
    const atomic_bool *cancel; /* the door's user pressed Ctrl-C or hung up; NULL: cannot */
    /* Says how far it is. A text that ends in a newline stays, one without is overwritten by the
     * next. NULL: nobody watches. */
    void (*progress)(struct shell_call *call, const char *text);
    void *door;               /* the door's own */
};

struct shell_command {
    const char *words;   /* "store list" */
    const char *args;    /* "[--wear]", "FILE:POS", "" */
    const char *help;    /* one line */
    const char *detail;  /* more lines, or NULL */
    int (*run)(struct shell_call *call, struct errmsg *why); /* 0, or a code with *why */
    /* Candidates for the next argument into list (at most max); returns their count. NULL: none.
     * The strings live as long as the program. */
    size_t (*complete)(const char *prefix, const char **list, size_t max);
    bool changes;        /* changes something: refused to a door that only reads */
};

/* The table, in the order help shows it. */
extern const struct shell_command shell_commands[];
extern const size_t shell_command_count;

/* Runs one line. Always leaves a result object in call->out (an error is {"error": {"code",
 * "message", "do"}}), all its strings valid UTF-8, and call->exit. */
void shell_run(struct shell_call *call, const char *line);

/* The result as text, for an 80-column terminal. malloc'ed, ends in a newline unless it is empty;
 * NULL without memory. `color`: ANSI marks for verdicts. */
char *shell_render_text(yyjson_mut_val *result, bool color);

/* The result as one line of JSON in ASCII, without a newline. malloc'ed, NULL without memory. */
char *shell_render_json(yyjson_mut_val *result);

/* What may come next in `line` (up to the cursor). */
struct shell_choices {
    size_t count;
    const char *words[SHELL_CHOICES_MAX]; /* each fits in place of the last, begun word */
    size_t begun;                         /* bytes of the begun word at the line's end */
    const char *hint;                     /* arguments that follow, or NULL */
};
void shell_complete(const char *line, struct shell_choices *choices);

/* Takes a line apart in place: blanks separate, '…' and "…" keep together, \ takes the next
 * character as it is. Returns the count of words, or ERR_INVALID. */
int shell_split(char *line, char **argv, int max, struct errmsg *why);

/* The reverse: words as one line; ERR_TOOBIG if it does not fit into size. */
int shell_join(int argc, char **argv, char *line, size_t size);

/* ---- for commands: options, taken out of call->argv ---- */

bool shell_flag(struct shell_call *call, const char *name);
/* "--name VALUE"; NULL when absent. ERR_INVALID in *err when the value is missing. */
const char *shell_option(struct shell_call *call, const char *name, int *err, struct errmsg *why);
/* Refuses what is left over beyond `max` words, and unknown options. */
int shell_no_more(struct shell_call *call, int max, struct errmsg *why);
bool shell_cancelled(const struct shell_call *call);

#endif
