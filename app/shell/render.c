/* SPDX-License-Identifier: Apache-2.0 */
/* Any result object as text: what a value is follows from its key's ending, how it is laid out
 * from its type. The layout of tables is in table_text.c. */
#include "app/shell/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *ending;
    enum render_kind kind;
} endings[] = {
    {"_bytes_per_s", RENDER_RATE}, {"_bytes", RENDER_SIZE},      {"_percent", RENDER_PERCENT},
    {"_at_ms", RENDER_TIME_MS},    {"_ms", RENDER_TIME_MS},      {"_at_s", RENDER_TIME_S},
    {"_s", RENDER_DURATION},
};

enum render_kind render_label(const char *key, char *label, size_t size)
{
    enum render_kind kind = RENDER_PLAIN;
    size_t len = strlen(key);
    bool spent = strcmp(key, "took_ms") == 0; /* no moment, and too short for a duration */
    for (size_t i = 0; !spent && i < sizeof endings / sizeof endings[0]; i++) {
        size_t n = strlen(endings[i].ending);
        if (len > n && strcmp(key + len - n, endings[i].ending) == 0) {
            kind = endings[i].kind;
            len -= n;
            break;
        }
    }
    char *clean = text_harmless(key, len);
    snprintf(label, size, "%s", clean != NULL ? clean : "?");
    free(clean);
    for (char *c = label; *c != '\0'; c++) {
        if (*c == '_') {
            *c = ' ';
        }
    }
    return kind;
}

static void number_text(uint64_t n, enum render_kind kind, bool narrow, char *buf, size_t size)
{
    char human[48];
    switch (kind) {
    case RENDER_SIZE:
        text_size(human, sizeof human, n);
        if (narrow || n < 1024) {
            snprintf(buf, size, "%s", human);
        } else {
            snprintf(buf, size, "%s (%" PRIu64 ")", human, n);
        }
        return;
    case RENDER_RATE:
        text_size(human, sizeof human, n);
        snprintf(buf, size, "%s/s", human);
        return;
    case RENDER_DURATION:
        text_duration(buf, size, n);
        return;
    case RENDER_TIME_S:
        text_time(buf, size, (int64_t)n * 1000);
        return;
    case RENDER_TIME_MS:
        text_time(buf, size, (int64_t)n);
        return;
    case RENDER_PERCENT:
        if (narrow) {
            snprintf(buf, size, "%" PRIu64 " %%", n);
        } else {
            static const char full[] = "####################";
            int marks = n >= 100 ? 20 : n == 0 ? 0 : 1 + (int)(n * 19 / 100);
            snprintf(buf, size, "[%.*s%.*s] %" PRIu64 " %%", marks, full, 20 - marks,
                     "--------------------", n);
        }
        return;
    case RENDER_PLAIN:
        break;
    }
    snprintf(buf, size, "%" PRIu64, n);
}

/* A list inside a list, such as a server's row: its scalars side by side. */
static char *joined(yyjson_mut_val *list)
{
    struct text t = {0};
    size_t i, n;
    yyjson_mut_val *item;
    text_puts(&t, "");
    yyjson_mut_arr_foreach(list, i, n, item) {
        char *s = yyjson_mut_is_ctn(item) ? NULL : render_value(item, RENDER_PLAIN, true);
        text_puts(&t, i > 0 ? " | " : "");
        text_puts(&t, s != NULL ? s : "…");
        free(s);
    }
    return t.bytes;
}

char *render_value(yyjson_mut_val *v, enum render_kind kind, bool narrow)
{
    char buf[128];
    if (yyjson_mut_is_arr(v)) {
        return joined(v);
    }
    if (yyjson_mut_is_str(v)) {
        return text_harmless(yyjson_mut_get_str(v), yyjson_mut_get_len(v));
    }
    if (yyjson_mut_is_bool(v)) {
        return strdup(yyjson_mut_get_bool(v) ? "yes" : "no");
    }
    if (yyjson_mut_is_real(v)) {
        snprintf(buf, sizeof buf, "%.2f", yyjson_mut_get_real(v));
    } else if (yyjson_mut_is_sint(v) && yyjson_mut_get_sint(v) < 0) {
        snprintf(buf, sizeof buf, "%" PRId64, yyjson_mut_get_sint(v));
    } else if (yyjson_mut_is_int(v)) {
        number_text(yyjson_mut_get_uint(v), kind, narrow, buf, sizeof buf);
    } else {
        snprintf(buf, sizeof buf, "-");
    }
    return strdup(buf);
}

const char *render_color(const char *key, const char *value)
{
    static const struct {
        const char *key, *value, *mark;
    } marks[] = {
        {"verdict", "pass", "\033[32m"},   {"verdict", "warn", "\033[33m"},
        {"verdict", "unknown", "\033[35m"}, {"verdict", "fail", "\033[1;31m"},
        {"verdict", "skip", "\033[2m"},    {"level", "error", "\033[1;31m"},
        {"level", "warn", "\033[33m"},     {"phase", "failed", "\033[1;31m"},
        {"phase", "full", "\033[1;31m"},   {"phase", "waiting", "\033[33m"},
        {"damaged", "yes", "\033[1;31m"},  {"full", "yes", "\033[1;31m"},
        {"caught_up", "yes", "\033[32m"},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (strcmp(key, marks[i].key) == 0 && strcmp(value, marks[i].value) == 0) {
            return marks[i].mark;
        }
    }
    return NULL;
}

size_t render_fit(const char *s, size_t width)
{
    size_t at = 0, used = 0, blank = 0, len = strlen(s);
    while (at < len) {
        uint32_t c;
        size_t n = text_decode(s + at, len - at, &c);
        n = n == 0 ? 1 : n;
        size_t w = text_width(s + at, n);
        if (used + w > width && at > 0) {
            if (s[at] == ' ') { /* the last word ends where the line does */
                return at;
            }
            /* A word that would leave most of the line empty is cut instead. */
            return blank > 0 && text_width(s, blank) * 3 >= width ? blank : at;
        }
        if (s[at] == ' ') {
            blank = at;
        }
        used += w;
        at += n;
    }
    return len;
}

void render_wrapped(struct text *t, const char *s, size_t indent, const char *mark)
{
    size_t width = indent + 20 < RENDER_COLUMNS ? RENDER_COLUMNS - indent : 20;
    for (bool first = true; *s != '\0' || first; first = false) {
        size_t n = render_fit(s, width);
        if (!first) {
            text_fill(t, ' ', indent);
        }
        if (mark != NULL) {
            text_puts(t, mark);
        }
        text_add(t, s, n);
        if (mark != NULL) {
            text_puts(t, "\033[0m");
        }
        text_puts(t, "\n");
        s += n;
        s += strspn(s, " ");
    }
}

static bool is_table(yyjson_mut_val *v)
{
    return yyjson_mut_is_arr(v) && yyjson_mut_is_obj(yyjson_mut_arr_get_first(v));
}

static bool is_block(yyjson_mut_val *v)
{
    return yyjson_mut_is_obj(v) || (yyjson_mut_is_arr(v) && yyjson_mut_arr_size(v) > 0);
}

/* "lines" are a text that was laid out already: each as it is. Other lists: one item a line. */
static void list_text(struct text *t, const char *key, yyjson_mut_val *list, size_t indent)
{
    size_t i, n;
    yyjson_mut_val *item;
    yyjson_mut_arr_foreach(list, i, n, item) {
        char *s = render_value(item, RENDER_PLAIN, false);
        if (s != NULL && strcmp(key, "lines") == 0) {
            text_puts(t, s);
            text_puts(t, "\n");
        } else if (s != NULL) {
            text_fill(t, ' ', indent);
            render_wrapped(t, s, indent, NULL);
        }
        free(s);
    }
}

/* Values that belong beside a name come first, so that they are not read as part of a table. */
void render_object(struct text *t, yyjson_mut_val *obj, size_t indent, bool color)
{
    size_t i, n, widest = 0;
    yyjson_mut_val *key, *v;
    char label[48];
    yyjson_mut_obj_foreach(obj, i, n, key, v) {
        render_label(yyjson_mut_get_str(key), label, sizeof label);
        size_t w = text_width(label, strlen(label));
        if (!is_block(v) && w > widest && strcmp(yyjson_mut_get_str(key), "summary") != 0) {
            widest = w;
        }
    }
    yyjson_mut_obj_foreach(obj, i, n, key, v) {
        const char *name = yyjson_mut_get_str(key);
        if (is_block(v) || strcmp(name, "summary") == 0) {
            continue;
        }
        enum render_kind kind = render_label(name, label, sizeof label);
        char *s = yyjson_mut_is_arr(v) ? strdup("none") : render_value(v, kind, false);
        if (s != NULL) {
            size_t w = text_width(label, strlen(label));
            text_fill(t, ' ', indent);
            text_puts(t, label);
            text_fill(t, ' ', widest - w + 2);
            render_wrapped(t, s, indent + widest + 2, color ? render_color(name, s) : NULL);
        }
        free(s);
    }
    yyjson_mut_obj_foreach(obj, i, n, key, v) {
        const char *name = yyjson_mut_get_str(key);
        if (!is_block(v)) {
            continue;
        }
        render_label(name, label, sizeof label);
        bool titled = !is_table(v) && strcmp(name, "lines") != 0;
        if (titled) {
            text_fill(t, ' ', indent);
            text_puts(t, color ? "\033[1m" : "");
            text_puts(t, label);
            text_puts(t, color ? "\033[0m\n" : "\n");
        }
        if (is_table(v)) {
            render_table(t, v, indent, color);
        } else if (yyjson_mut_is_arr(v)) {
            list_text(t, name, v, indent + 2);
        } else {
            render_object(t, v, indent + 2, color);
        }
    }
}

static void error_text(struct text *t, yyjson_mut_val *error, bool color)
{
    static const struct {
        const char *key, *label;
    } parts[] = {{"message", "error: "}, {"do", "do:    "}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        yyjson_mut_val *v = yyjson_mut_obj_get(error, parts[i].key);
        char *s = v != NULL ? render_value(v, RENDER_PLAIN, false) : NULL;
        if (s != NULL) {
            text_puts(t, color && i == 0 ? "\033[1;31m" : "");
            text_puts(t, parts[i].label);
            text_puts(t, color && i == 0 ? "\033[0m" : "");
            render_wrapped(t, s, 7, NULL);
        }
        free(s);
    }
}

char *shell_render_text(yyjson_mut_val *result, bool color)
{
    struct text t = {0};
    text_add(&t, "", 0);
    yyjson_mut_val *error = yyjson_mut_obj_get(result, "error");
    if (yyjson_mut_is_obj(error)) {
        error_text(&t, error, color);
        return t.bytes;
    }
    yyjson_mut_val *summary = yyjson_mut_obj_get(result, "summary");
    if (yyjson_mut_is_str(summary)) {
        char *s = render_value(summary, RENDER_PLAIN, false);
        if (s != NULL) {
            render_wrapped(&t, s, 0, NULL);
        }
        free(s);
    }
    render_object(&t, result, 0, color);
    return t.bytes;
}
