/* SPDX-License-Identifier: Apache-2.0 */
/* An array of objects as an aligned table of at most 80 columns: cells that do not fit are folded,
 * advice and nested values go beneath their row. */
#include <stdlib.h>
#include <string.h>

#include "app/shell/render.h"

#define COLUMNS_MAX 12
#define COLUMN_MIN 8 /* a column is not made narrower than this */
#define GAP 2

/* Where a key of a row goes, if not into a column of its own. */
static const struct {
    const char *key;
    enum { BENEATH, NOWHERE } place;
} places[] = {
    {"remedy", BENEATH}, {"do", BENEATH},     {"detail", BENEATH},         {"rule", BENEATH},
    {"title", NOWHERE},  {"number", NOWHERE}, {"evidence_count", NOWHERE}, /* JSON has them; a line
                                                                              of 80 columns has no
                                                                              room */
};

struct column {
    const char *key;
    enum render_kind kind;
    char label[48];
    size_t width;
    bool numbers; /* set flush right */
};

struct table {
    struct column columns[COLUMNS_MAX];
    size_t count;
};

static int place_of(const char *key, yyjson_mut_val *v)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (strcmp(key, places[i].key) == 0) {
            return (int)places[i].place;
        }
    }
    return yyjson_mut_is_ctn(v) ? BENEATH : -1;
}

static struct column *column_of(struct table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->columns[i].key, key) == 0) {
            return &table->columns[i];
        }
    }
    if (table->count == COLUMNS_MAX) {
        return NULL;
    }
    struct column *c = &table->columns[table->count++];
    *c = (struct column){.key = key, .numbers = true};
    c->kind = render_label(key, c->label, sizeof c->label);
    c->width = text_width(c->label, strlen(c->label));
    return c;
}

static void measure(struct table *table, yyjson_mut_val *rows)
{
    size_t i, n, j, m;
    yyjson_mut_val *row, *key, *v;
    yyjson_mut_arr_foreach(rows, i, n, row) {
        yyjson_mut_obj_foreach(row, j, m, key, v) {
            if (place_of(yyjson_mut_get_str(key), v) >= 0) {
                continue;
            }
            struct column *c = column_of(table, yyjson_mut_get_str(key));
            char *s = c != NULL ? render_value(v, c->kind, true) : NULL;
            if (s != NULL) {
                size_t w = text_width(s, strlen(s));
                c->width = w > c->width ? w : c->width;
                c->numbers = c->numbers && yyjson_mut_is_num(v) && c->kind != RENDER_TIME_MS &&
                             c->kind != RENDER_TIME_S;
            }
            free(s);
        }
    }
}

/* Takes from the widest until all fit. */
static void squeeze(struct table *table, size_t indent)
{
    for (;;) {
        size_t total = indent, widest = 0;
        for (size_t i = 0; i < table->count; i++) {
            total += table->columns[i].width + (i > 0 ? GAP : 0);
            if (table->columns[i].width > table->columns[widest].width) {
                widest = i;
            }
        }
        struct column *c = &table->columns[widest];
        if (total <= RENDER_COLUMNS || c->width <= COLUMN_MIN) {
            return;
        }
        size_t over = total - RENDER_COLUMNS;
        size_t second = COLUMN_MIN;
        for (size_t i = 0; i < table->count; i++) {
            if (i != widest && table->columns[i].width > second) {
                second = table->columns[i].width;
            }
        }
        size_t spare = c->width > second ? c->width - second : 1;
        c->width -= over < spare ? over : spare;
    }
}

/* One line of cells; `cells` move on by what was written. Returns whether any text is left. */
static bool line_text(struct text *t, const struct table *table, const char **cells,
                      const char **marks, size_t indent)
{
    bool more = false;
    size_t pending = indent; /* blanks are written only before something visible */
    for (size_t i = 0; i < table->count; i++) {
        const struct column *c = &table->columns[i];
        size_t n = render_fit(cells[i], c->width);
        size_t w = text_width(cells[i], n);
        size_t before = c->numbers && c->width > w ? c->width - w : 0;
        if (n > 0) {
            text_fill(t, ' ', pending + before);
            text_puts(t, marks[i] != NULL ? marks[i] : "");
            text_add(t, cells[i], n);
            text_puts(t, marks[i] != NULL ? "\033[0m" : "");
            pending = c->width > w + before ? c->width - w - before : 0;
        } else {
            pending += c->width;
        }
        pending += GAP;
        cells[i] += n;
        cells[i] += strspn(cells[i], " ");
        more |= *cells[i] != '\0';
    }
    text_puts(t, "\n");
    return more;
}

static void beneath_text(struct text *t, yyjson_mut_val *row, size_t indent, bool color)
{
    size_t i, n;
    yyjson_mut_val *key, *v;
    yyjson_mut_obj_foreach(row, i, n, key, v) {
        const char *name = yyjson_mut_get_str(key);
        if (place_of(name, v) != BENEATH || yyjson_mut_is_null(v) ||
            (yyjson_mut_is_ctn(v) && unsafe_yyjson_get_len(v) == 0) ||
            (yyjson_mut_is_str(v) && yyjson_mut_get_len(v) == 0)) {
            continue;
        }
        char label[48];
        enum render_kind kind = render_label(name, label, sizeof label);
        text_fill(t, ' ', indent);
        text_puts(t, label);
        text_puts(t, ": ");
        if (yyjson_mut_is_ctn(v)) {
            text_puts(t, "\n");
            if (yyjson_mut_is_obj(v)) {
                render_object(t, v, indent + 2, color);
            } else if (yyjson_mut_is_obj(yyjson_mut_arr_get_first(v))) {
                render_table(t, v, indent + 2, color);
            } else {
                size_t j, m;
                yyjson_mut_val *item;
                yyjson_mut_arr_foreach(v, j, m, item) {
                    char *s = render_value(item, RENDER_PLAIN, false);
                    text_fill(t, ' ', indent + 2);
                    render_wrapped(t, s != NULL ? s : "?", indent + 2, NULL);
                    free(s);
                }
            }
        } else {
            char *s = render_value(v, kind, false);
            render_wrapped(t, s != NULL ? s : "?", indent + strlen(label) + 2, NULL);
            free(s);
        }
    }
}

void render_table(struct text *t, yyjson_mut_val *rows, size_t indent, bool color)
{
    struct table table = {.count = 0};
    measure(&table, rows);
    squeeze(&table, indent);

    const char *cells[COLUMNS_MAX], *marks[COLUMNS_MAX];
    for (size_t i = 0; i < table.count; i++) {
        cells[i] = table.columns[i].label;
        marks[i] = color ? "\033[1m" : NULL;
    }
    while (line_text(t, &table, cells, marks, indent)) {
    }

    size_t i, n;
    yyjson_mut_val *row;
    yyjson_mut_arr_foreach(rows, i, n, row) {
        char *owned[COLUMNS_MAX] = {NULL};
        for (size_t c = 0; c < table.count; c++) {
            yyjson_mut_val *v = yyjson_mut_obj_get(row, table.columns[c].key);
            owned[c] = v == NULL || yyjson_mut_is_ctn(v)
                           ? NULL
                           : render_value(v, table.columns[c].kind, true);
            cells[c] = owned[c] != NULL ? owned[c] : "";
            marks[c] = color ? render_color(table.columns[c].key, cells[c]) : NULL;
        }
        while (line_text(t, &table, cells, marks, indent)) {
        }
        for (size_t c = 0; c < table.count; c++) {
            free(owned[c]);
        }
        beneath_text(t, row, indent + 4, color);
    }
}
