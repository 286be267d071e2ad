/* SPDX-License-Identifier: Apache-2.0 */
/* What may come next in a line, from the table alone: sub-words, options, a command's own
 * candidates. */
#include <pthread.h>
#include <string.h>

#include "app/shell/commands.h"
#include "app/shell/shell.h"

static void add(struct shell_choices *out, const char *word, const char *prefix)
{
    if (strncmp(word, prefix, strlen(prefix)) != 0 || out->count == SHELL_CHOICES_MAX) {
        return;
    }
    for (size_t i = 0; i < out->count; i++) {
        if (strcmp(out->words[i], word) == 0) {
            return;
        }
    }
    out->words[out->count++] = word;
}

/* Copies of the words and options in the table: each is a piece of a longer string there. */
static const char *interned(const char *piece, size_t len)
{
    static char pool[2048];
    static size_t used;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    const char *found = NULL;
    pthread_mutex_lock(&lock);
    for (const char *p = pool; p < pool + used && found == NULL; p += strlen(p) + 1) {
        if (strlen(p) == len && memcmp(p, piece, len) == 0) {
            found = p;
        }
    }
    if (found == NULL && used + len + 1 <= sizeof pool) {
        memcpy(pool + used, piece, len);
        found = pool + used;
        used += len + 1;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static void add_piece(struct shell_choices *out, const char *piece, size_t len, const char *prefix)
{
    const char *word = interned(piece, len);
    if (word != NULL) {
        add(out, word, prefix);
    }
}

/* The words of the table that may follow argv[0..argc). */
static void add_sub_words(struct shell_choices *out, int argc, char **argv, const char *prefix)
{
    for (size_t i = 0; i < shell_command_count; i++) {
        const char *w = shell_commands[i].words;
        int n = 0;
        for (; n < argc && *w != '\0'; n++) {
            size_t len = strcspn(w, " ");
            if (strlen(argv[n]) != len || memcmp(argv[n], w, len) != 0) {
                break;
            }
            w += len + (w[len] == ' ');
        }
        if (n == argc && *w != '\0') {
            add_piece(out, w, strcspn(w, " "), prefix);
        }
    }
}

/* "-n" and "--level" in "[-n N] [--level error|warn]". */
static void add_options(struct shell_choices *out, const char *args, const char *prefix)
{
    for (const char *a = args; *a != '\0'; a++) {
        if (*a == '-' && (a == args || a[-1] == '[' || a[-1] == ' ')) {
            size_t len = strcspn(a, " ]");
            add_piece(out, a, len, prefix);
            a += len - 1;
        }
    }
}

void shell_complete(const char *line, struct shell_choices *choices)
{
    char buf[SHELL_LINE_MAX];
    char *argv[SHELL_WORDS_MAX];
    *choices = (struct shell_choices){.count = 0};
    size_t len = strlen(line);
    if (len >= sizeof buf) {
        return;
    }
    memcpy(buf, line, len + 1);

    /* The begun word is what stands behind the last blank; nobody begins one with a quote here. */
    size_t begin = len;
    while (begin > 0 && buf[begin - 1] != ' ' && buf[begin - 1] != '\t') {
        begin--;
    }
    char prefix[SHELL_LINE_MAX];
    memcpy(prefix, buf + begin, len - begin + 1);
    choices->begun = len - begin;
    buf[begin] = '\0';
    int argc = shell_split(buf, argv, SHELL_WORDS_MAX, NULL);
    if (argc < 0) {
        return;
    }

    const struct shell_command *cmd;
    size_t words = shell_match(argc, argv, &cmd);
    if (cmd == &shell_commands[0]) { /* after help come commands */
        add_sub_words(choices, argc - (int)words, argv + words, prefix);
    } else if (cmd == NULL || words == (size_t)argc) {
        add_sub_words(choices, argc, argv, prefix);
    }
    if (cmd == NULL) {
        return;
    }
    if (*prefix != '\0' || choices->count == 0) {
        add_options(choices, cmd->args, prefix);
    }
    if (cmd->complete != NULL && *prefix != '-') {
        const char *list[SHELL_CHOICES_MAX];
        size_t n = cmd->complete(prefix, list, SHELL_CHOICES_MAX);
        for (size_t i = 0; i < n; i++) {
            add(choices, list[i], prefix);
        }
    }
    if (*cmd->args != '\0' && (size_t)argc == words && *prefix == '\0') {
        choices->hint = cmd->args;
    }
}
