/* SPDX-License-Identifier: Apache-2.0 */
/* GET /: one plain status page made of the same results as the shell's text. It works without
 * scripts (it reloads itself); with them only its content is exchanged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/base64.h>
#include <mbedtls/sha256.h>

#include "app/shell/commands.h"
#include "app/shell/door_http.h"
#include "app/shell/render.h"

#ifdef CONFIG_HTTP

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#5c6670;--line:#d5dae0;"
    "--card:#f6f8fa;--ok:#116329;--warn:#8a4b00;--bad:#b3121d;--bar:#2f6fd0}"
    "@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e3e7eb;--dim:#98a2ac;"
    "--line:#343b43;--card:#1c2126;--ok:#57c478;--warn:#e2a13c;--bad:#ff7b7b;--bar:#5b93e8}}"
    "body{margin:0 auto;max-width:66rem;padding:1rem;background:var(--bg);color:var(--fg);"
    "font:15px/1.45 system-ui,sans-serif}h1{font-size:1.25rem;margin:.2rem 0 .1rem}"
    "h2{font-size:1rem;margin:0 0 .4rem}.sum{font-size:1.1rem;margin:.3rem 0 1rem}"
    ".grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));"
    "gap:.8rem}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:6px;"
    "padding:.7rem .9rem;overflow-x:auto}.wide{grid-column:1/-1}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.12rem .8rem .12rem 0}th{font-weight:400;color:var(--dim);white-space:nowrap}"
    "td{overflow-wrap:break-word}.long{overflow-wrap:anywhere}.n{text-align:right;"
    "white-space:nowrap}"
    "thead th{border-bottom:1px solid var(--line)}.ok{color:var(--ok)}.warn{color:var(--warn)}"
    ".bad{color:var(--bad);font-weight:600}.dim{color:var(--dim)}progress{width:8rem;"
    "accent-color:var(--bar)}footer{color:var(--dim);margin:1rem 0;font-size:.85rem}"
    "a{color:inherit}";

static const char script[] =
    "setInterval(async()=>{try{const r=await fetch(location.origin+'/',{cache:'no-store'});"
    "if(!r.ok)throw 0;"
    "const d=new DOMParser().parseFromString(await r.text(),'text/html');"
    "document.querySelector('main').replaceWith(d.querySelector('main'))}"
    "catch(e){document.querySelector('.sum').textContent='The box does not answer.'}},3000)";

static void add_hash(char *buf, size_t size, const char *text)
{
    unsigned char sum[32], code[64];
    size_t len = 0, at = strlen(buf);
    if (mbedtls_sha256((const unsigned char *)text, strlen(text), sum, 0) == 0 &&
        mbedtls_base64_encode(code, sizeof code, &len, sum, sizeof sum) == 0) {
        snprintf(buf + at, size - at, "'sha256-%s'", (char *)code);
    }
}

const char *page_policy(void)
{
    static char line[480];
    if (line[0] == '\0') {
        strcpy(line, "Content-Security-Policy: default-src 'none'; img-src data:; style-src ");
        add_hash(line, sizeof line, style);
        strcat(line, "; script-src ");
        add_hash(line, sizeof line, script);
        strcat(line, "; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                     "frame-ancestors 'none'\r\n");
    }
    return line;
}

static void escaped(struct text *t, const char *s)
{
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '<':
            text_puts(t, "&lt;");
            break;
        case '>':
            text_puts(t, "&gt;");
            break;
        case '&':
            text_puts(t, "&amp;");
            break;
        case '"':
            text_puts(t, "&quot;");
            break;
        case '\'':
            text_puts(t, "&#39;");
            break;
        default:
            text_add(t, s, 1);
        }
    }
}

/* The class for a value that is good or bad news: the same table as the terminal's colours. */
static const char *class_of(const char *key, const char *value)
{
    const char *mark = render_color(key, value);
    return mark == NULL                     ? ""
           : strstr(mark, "31m") != NULL    ? " class=bad"
           : strstr(mark, "32m") != NULL    ? " class=ok"
           : strcmp(mark, "\033[2m") == 0   ? " class=dim"
                                            : " class=warn";
}

/* A file's name leads to its bytes. */
static void link_text(struct text *t, const char *name)
{
    text_puts(t, "<a href=\"/api/v1/binlogs/");
    for (const char *c = name; *c != '\0'; c++) {
        char code[4];
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                     (*c >= 'A' && *c <= 'Z') || *c == '.' || *c == '-' || *c == '_';
        snprintf(code, sizeof code, plain ? "%c" : "%%%02X", (unsigned char)*c);
        text_puts(t, code);
    }
    text_puts(t, "\">");
    escaped(t, name);
    text_puts(t, "</a>");
}

static void cell(struct text *t, const char *key, yyjson_mut_val *v, bool narrow)
{
    char label[48];
    enum render_kind kind = render_label(key, label, sizeof label);
    char *s = v != NULL && !yyjson_mut_is_ctn(v) ? render_value(v, kind, narrow) : NULL;
    const char *value = s != NULL ? s : "";
    const char *mark = class_of(key, value);
    text_puts(t, "<td");
    bool unbroken = strlen(value) > 60 && strchr(value, ' ') == NULL;
    text_puts(t, unbroken                                             ? " class=long"
                 : narrow && yyjson_mut_is_num(v) && *mark == '\0' ? " class=n"
                                                                     : mark);
    text_puts(t, ">");
    if (narrow && strcmp(key, "file") == 0 && *value != '\0') {
        link_text(t, yyjson_mut_get_str(v));
    } else if (kind == RENDER_PERCENT && !narrow) {
        char bar[80];
        unsigned percent = (unsigned)yyjson_mut_get_uint(v);
        snprintf(bar, sizeof bar, "<progress max=100 value=%u></progress> %u %%", percent, percent);
        text_puts(t, bar);
    } else {
        escaped(t, value);
    }
    text_puts(t, "</td>");
    free(s);
}

static void row_html(struct text *t, const char *key, yyjson_mut_val *v)
{
    char label[48];
    render_label(key, label, sizeof label);
    text_puts(t, "<tr><th>");
    escaped(t, label);
    text_puts(t, "</th>");
    cell(t, key, v, false);
    text_puts(t, "</tr>");
}

/* Scalars as a table of two columns, with those of the objects inside if `deep`. */
static void object_html(struct text *t, yyjson_mut_val *obj, bool deep)
{
    size_t i, n, j, m;
    yyjson_mut_val *key, *v, *inner, *value;
    text_puts(t, "<table>");
    yyjson_mut_obj_foreach(obj, i, n, key, v) {
        const char *name = yyjson_mut_get_str(key);
        if (!yyjson_mut_is_ctn(v) && strcmp(name, "summary") != 0) {
            row_html(t, name, v);
        } else if (deep && yyjson_mut_is_obj(v)) {
            yyjson_mut_obj_foreach(v, j, m, inner, value) {
                row_html(t, yyjson_mut_get_str(inner), value);
            }
        }
    }
    text_puts(t, "</table>");
}

/* Rows as a table with these columns of theirs. */
static void rows_html(struct text *t, yyjson_mut_val *rows, const char *const *keys)
{
    size_t i, n;
    yyjson_mut_val *row;
    text_puts(t, "<table><thead><tr>");
    for (const char *const *k = keys; *k != NULL; k++) {
        char label[48];
        render_label(*k, label, sizeof label);
        text_puts(t, "<th>");
        escaped(t, label);
        text_puts(t, "</th>");
    }
    text_puts(t, "</tr></thead>");
    yyjson_mut_arr_foreach(rows, i, n, row) {
        text_puts(t, "<tr>");
        for (const char *const *k = keys; *k != NULL; k++) {
            cell(t, *k, yyjson_mut_obj_get(row, *k), true);
        }
        text_puts(t, "</tr>");
    }
    text_puts(t, "</table>");
}

static void section(struct text *t, const char *title, const char *kind)
{
    text_puts(t, "<section");
    text_puts(t, kind);
    text_puts(t, "><h2>");
    escaped(t, title);
    text_puts(t, "</h2>");
}

/* A section with the rows that a command lists under `list`; nothing if there are none. */
static void command_html(struct text *t, struct app *app, const char *title, const char *line,
                         const char *list, const char *const *keys)
{
    yyjson_mut_doc *doc = NULL;
    int exit_code;
    yyjson_mut_val *result = door_run(app, line, &doc, &exit_code);
    yyjson_mut_val *rows = yyjson_mut_obj_get(result, list);
    if (yyjson_mut_arr_size(rows) > 0) {
        section(t, title, " class=wide");
        rows_html(t, rows, keys);
        text_puts(t, "</section>");
    }
    yyjson_mut_doc_free(doc);
}

static void status_html(struct text *t, yyjson_mut_val *status)
{
    size_t i, n;
    yyjson_mut_val *key, *v;
    yyjson_mut_val *summary = yyjson_mut_obj_get(status, "summary");
    char *s = summary != NULL ? render_value(summary, RENDER_PLAIN, false) : NULL;
    text_puts(t, "<p class=sum>");
    escaped(t, s != NULL ? s : "");
    text_puts(t, "</p><div class=grid>");
    free(s);
    section(t, "task", "");
    object_html(t, status, false);
    text_puts(t, "</section>");
    yyjson_mut_obj_foreach(status, i, n, key, v) {
        if (yyjson_mut_is_obj(v)) {
            section(t, yyjson_mut_get_str(key), "");
            object_html(t, v, true);
            text_puts(t, "</section>");
        }
    }
}

void page_answer(struct app *app, struct http_answer *a)
{
    static const char *const verdicts[] = {"verdict", "code", "name", "why", "remedy", NULL};
    static const char *const files[] = {"file", "from", "to", "size_bytes", "complete", "damaged",
                                        NULL};
    static const char *const lines[] = {"time_at_ms", "level", "part", "text", NULL};
    yyjson_mut_doc *doc = NULL;
    int exit_code;
    yyjson_mut_val *status = door_run(app, "status", &doc, &exit_code);
    yyjson_mut_val *box = yyjson_mut_obj_get(status, "box");
    const char *name = yyjson_mut_get_str(yyjson_mut_obj_get(box, "name"));
    struct text t = {0};
    text_puts(&t, "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
                  "content=\"width=device-width\"><noscript><meta http-equiv=refresh content=10>"
                  "</noscript><link rel=icon href=\"data:,\"><title>Sluice ");
    escaped(&t, name != NULL ? name : "");
    text_puts(&t, "</title><style>");
    text_puts(&t, style);
    text_puts(&t, "</style><body><main><h1>Sluice on ");
    escaped(&t, name != NULL ? name : "-");
    text_puts(&t, "</h1>");
    status_html(&t, status);
    command_html(&t, app, "precheck", "precheck --last", "checks", verdicts);
    command_html(&t, app, "binlogs", "store list", "files", files);
    command_html(&t, app, "log", "log -n 12", "log", lines);
    text_puts(&t, "</div><footer>The same in JSON: /api/v1/status, /api/v1/precheck, "
                  "/api/v1/binlogs; for Prometheus: /metrics</footer></main><script>");
    text_puts(&t, script);
    text_puts(&t, "</script></html>");
    yyjson_mut_doc_free(doc);
    if (t.bytes != NULL) {
        (void)http_reply(a, 200, "text/html; charset=utf-8", NULL, t.bytes, t.len);
    }
    free(t.bytes);
}

#endif
