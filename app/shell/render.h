/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two halves of the renderer: objects (render.c) and tables (table_text.c). */
#ifndef APP_SHELL_RENDER_H
#define APP_SHELL_RENDER_H

#include "app/shell/shell.h"
#include "app/shell/text.h"

#define RENDER_COLUMNS 80

/* What a number is, by its key's ending: _bytes, _bytes_per_s, _s, _at_s, _at_ms, _percent. */
enum render_kind {
    RENDER_PLAIN,
    RENDER_SIZE,
    RENDER_RATE,
    RENDER_DURATION,
    RENDER_TIME_S,
    RENDER_TIME_MS,
    RENDER_PERCENT,
};

/* The key as people read it: without the ending, blanks for underscores. */
enum render_kind render_label(const char *key, char *label, size_t size);

/* A scalar as harmless text, malloc'ed. `narrow`: in a table, without the exact number beside. */
char *render_value(yyjson_mut_val *v, enum render_kind kind, bool narrow);

/* The ANSI mark for this value of this key, or NULL. */
const char *render_color(const char *key, const char *value);

/* How many bytes of s go into a line of `width` columns, cut at a blank if one is near. */
size_t render_fit(const char *s, size_t width);

/* s, whose first line is begun already in column `indent`, folded to the terminal's width. */
void render_wrapped(struct text *t, const char *s, size_t indent, const char *mark);

void render_object(struct text *t, yyjson_mut_val *obj, size_t indent, bool color);
void render_table(struct text *t, yyjson_mut_val *rows, size_t indent, bool color);

#endif
