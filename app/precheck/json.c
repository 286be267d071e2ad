/* SPDX-License-Identifier: Apache-2.0 */
/* A run as JSON. Every text in it is clean already (clean.h), so that it is valid UTF-8. bundle.c
 * reads it again. */
#include <stdio.h>
#include <string.h>

#include "app/precheck/bundle.h"
#include "app/precheck/run.h"
#include "version.h"

/* The library's own are inline and long, and there are very many of them here. */
#define ONCE static __attribute__((noinline))

ONCE void add_text(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, const char *text)
{
    yyjson_mut_obj_add_strcpy(doc, obj, key, text == NULL ? "" : text);
}

ONCE void add_int(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t n)
{
    yyjson_mut_obj_add_int(doc, obj, key, n);
}

ONCE void add_uint(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, uint64_t n)
{
    yyjson_mut_obj_add_uint(doc, obj, key, n);
}

ONCE void add_bool(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, bool truth)
{
    yyjson_mut_obj_add_bool(doc, obj, key, truth);
}

ONCE void add_null(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_obj_add_null(doc, obj, key);
}

ONCE yyjson_mut_val *add_list(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key)
{
    return yyjson_mut_obj_add_arr(doc, obj, key);
}

ONCE yyjson_mut_val *add_object(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key)
{
    return yyjson_mut_obj_add_obj(doc, obj, key);
}

ONCE yyjson_mut_val *next_object(yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    return yyjson_mut_arr_add_obj(doc, list);
}

/* NULL is null. */
ONCE void next_text(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *text)
{
    if (text == NULL) {
        yyjson_mut_arr_add_null(doc, list);
    } else {
        yyjson_mut_arr_add_strcpy(doc, list, text);
    }
}

static void add_cells(const struct answer *a, yyjson_mut_doc *doc, yyjson_mut_val *one)
{
    yyjson_mut_val *columns = add_list(doc, one, "columns");
    for (size_t c = 0; c < a->columns && c < a->filled; c++) {
        next_text(doc, columns, a->cells[c] == NULL ? "" : a->cells[c]);
    }
    yyjson_mut_val *rows = add_list(doc, one, "rows");
    for (size_t r = 0; r < a->rows; r++) {
        yyjson_mut_val *row = yyjson_mut_arr_add_arr(doc, rows);
        for (size_t c = 0; c < a->columns; c++) {
            next_text(doc, row, answer_cell(a, r, c));
        }
    }
}

/* What was asked, and what came back. */
void bundle_answer(const struct answer *a, yyjson_mut_doc *doc, yyjson_mut_val *one)
{
    add_text(doc, one, "sql", a->sql);
    add_int(doc, one, "asked_ms", a->asked_ms);
    add_uint(doc, one, "took_ms", a->took_ms);
    if (a->state == ANSWERED) {
        add_cells(a, doc, one);
    } else if (a->state == FAILED) {
        yyjson_mut_val *error = add_object(doc, one, "error");
        add_text(doc, error, "code", err_name(a->code));
        add_uint(doc, error, "errno", a->mysql_errno);
        add_text(doc, error, "sqlstate", a->sqlstate);
        add_text(doc, error, "text", a->text);
    } else {
        add_text(doc, one, "not_asked",
                 answer_is_meant(a) ? a->text : "the question is not for this server");
    }
}

static unsigned evidence_count(const struct finding *found)
{
    unsigned n = 0;
    for (int side = 0; side < SIDES; side++) {
        n += (unsigned)__builtin_popcount(found->used[side]);
    }
    return n;
}

/* The comparisons and the questions that the finding rests on; with their answers, or, as the
 * bundle has those once for all, only their names. */
static void add_evidence(const struct precheck_run *run, const struct finding *found, bool answers,
                         yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
    yyjson_mut_val *list = add_list(doc, obj, "compared");
    for (size_t i = 0; i < found->compared_count; i++) {
        const struct compared *c = &found->compared[i];
        yyjson_mut_val *one = next_object(doc, list);
        add_text(doc, one, "what", c->what);
        add_text(doc, one, "found", c->found);
        add_text(doc, one, "wanted", c->wanted);
        add_bool(doc, one, "holds", c->holds);
    }
    list = add_list(doc, obj, "evidence");
    for (int side = SOURCE; side < SIDES; side++) {
        const struct server_facts *s = &run->facts.server[side];
        for (enum question_id q = Q_CONNECT; q < QUESTIONS; q++) {
            if ((found->used[side] >> q & 1) == 0) {
                continue;
            }
            yyjson_mut_val *one = next_object(doc, list);
            add_text(doc, one, "server", side_name((enum side)side));
            if (answers) {
                add_text(doc, one, "server_version", version_of(s).text);
            }
            add_text(doc, one, "question", questions[q].name);
            if (answers) {
                bundle_answer(&s->answers[q], doc, one);
            }
        }
    }
}

static void add_head(const struct check *c, enum config_lang lang, yyjson_mut_doc *doc,
                     yyjson_mut_val *obj)
{
    if (c->code != 0) {
        add_int(doc, obj, "code", c->code);
    } else {
        add_null(doc, obj, "code");
    }
    add_text(doc, obj, "name", c->name);
    add_text(doc, obj, "title", check_title(c, lang));
}

bool bundle_has_server(const struct server_facts *s)
{
    return s->configured || (s->user != NULL && s->user[0] != '\0');
}

void bundle_server(const struct server_facts *s, yyjson_mut_doc *doc, yyjson_mut_val *one)
{
    add_bool(doc, one, "configured", s->configured);
    add_text(doc, one, "host", s->host);
    add_uint(doc, one, "port", s->port);
    add_text(doc, one, "user", s->user);
    add_bool(doc, one, "tls_required", s->tls);
    add_text(doc, one, "version", version_of(s).text);
}

static void add_servers(const struct facts *f, bool answers, yyjson_mut_doc *doc,
                        yyjson_mut_val *out)
{
    yyjson_mut_val *servers = add_object(doc, out, "servers");

    for (int side = SOURCE; side < SIDES; side++) {
        const struct server_facts *s = &f->server[side];
        const char *key = side_name((enum side)side);
        if (!bundle_has_server(s)) {
            if (side < REPLICA) {
                add_null(doc, servers, key);
            }
            continue;
        }
        yyjson_mut_val *one = add_object(doc, servers, key);
        bundle_server(s, doc, one);
        yyjson_mut_val *all = answers ? add_object(doc, one, "answers") : NULL;
        for (enum question_id q = Q_CONNECT; answers && q < QUESTIONS; q++) {
            if (answer_is_meant(&s->answers[q])) {
                bundle_answer(&s->answers[q], doc, add_object(doc, all, questions[q].name));
            }
        }
    }
}

/* What the verdicts rest on beside the answers. */
static void add_task(const struct precheck_run *run, yyjson_mut_doc *doc, yyjson_mut_val *out)
{
    const struct facts *f = &run->facts;
    yyjson_mut_val *task = add_object(doc, out, "task");

    add_text(doc, task, "mode", mode_name(f->mode));
    add_text(doc, task, "scope", scope_name(f->scope));
    add_text(doc, task, "compare", compare_name(f->compare));
    add_text(doc, task, "tables", f->tables);
    add_text(doc, task, "hostname", f->hostname);
    add_uint(doc, task, "server_id", f->our_server_id);
    add_uint(doc, task, "target_capacity", f->target_capacity);
    add_uint(doc, task, "store_size", f->store_size);
    add_uint(doc, task, "timeout_s", f->timeout_s);
    add_bool(doc, task, "clock_known", f->clock_known);
    add_text(doc, task, "lang", run->lang == LANG_ZH ? "zh" : "en");
}

static void add_summary(const struct precheck_run *run, yyjson_mut_doc *doc, yyjson_mut_val *out)
{
    struct precheck_summary sum;

    precheck_summarize(run, &sum);
    add_text(doc, out, "summary", sum.text);
    add_text(doc, out, "verdict", verdict_name(sum.worst));
    add_int(doc, out, "when_ms", sum.when_ms);
    yyjson_mut_val *counts = add_object(doc, out, "counts");
    for (int v = VERDICT_PASS; v <= VERDICT_FAIL; v++) {
        add_uint(doc, counts, verdict_name((enum verdict)v), sum.count[v]);
    }
}

void bundle_head(const struct precheck_run *run, yyjson_mut_doc *doc, yyjson_mut_val *out)
{
    add_int(doc, out, "format", BUNDLE_FORMAT);
    add_text(doc, out, "program", "sluice " SLUICE_VERSION);
    add_summary(run, doc, out);
    add_task(run, doc, out);
}

/* What a check found; the caller adds the evidence. */
static void add_finding(const struct precheck_run *run, const struct check *c, yyjson_mut_doc *doc,
                        yyjson_mut_val *one)
{
    const struct finding *found = &run->findings[c - checks];
    char remedy[REMEDY_MAX];

    run_remedy(run, c, remedy, sizeof remedy);
    add_text(doc, one, "verdict", verdict_name(found->verdict));
    add_head(c, run->lang, doc, one);
    add_text(doc, one, "why", found->why);
    add_text(doc, one, "remedy", remedy);
}

void bundle_check(const struct precheck_run *run, const struct check *c, yyjson_mut_doc *doc,
                  yyjson_mut_val *out)
{
    add_finding(run, c, doc, out);
    add_text(doc, out, "rule", c->rule);
    add_evidence(run, &run->findings[c - checks], false, doc, out);
}

int precheck_json(const struct precheck_run *run, const char *detail, yyjson_mut_doc *doc,
                  yyjson_mut_val *out, struct errmsg *why)
{
    const struct check *only = NULL;
    bool whole = detail != NULL && strcmp(detail, PRECHECK_BUNDLE) == 0;
    bool all = whole || (detail != NULL && strcmp(detail, "all") == 0);

    if (detail != NULL && !all) {
        int rc = run_find_judged(detail, &only, why);
        if (rc != OK) {
            return rc;
        }
    }
    if (whole) {
        bundle_head(run, doc, out);
    } else {
        add_summary(run, doc, out);
    }
    if (detail != NULL && !whole) {
        add_task(run, doc, out);
    }
    if (detail != NULL) {
        add_servers(&run->facts, whole, doc, out);
    }
    yyjson_mut_val *list = add_list(doc, out, "checks");
    for (size_t i = 0; i < checks_judged; i++) {
        const struct check *c = &checks[run->order[i]];
        const struct finding *found = &run->findings[run->order[i]];
        if (only != NULL && c != only) {
            continue;
        }
        yyjson_mut_val *one = next_object(doc, list);
        if (whole) {
            bundle_check(run, c, doc, one);
            continue;
        }
        add_finding(run, c, doc, one);
        if (detail != NULL) {
            add_text(doc, one, "rule", c->rule);
            add_evidence(run, found, true, doc, one);
        } else {
            add_uint(doc, one, "evidence_count", evidence_count(found));
        }
    }
    return yyjson_mut_arr_size(list) > 0 ? OK : fail(why, ERR_NOMEM, "no memory for the answer");
}

void precheck_list_json(yyjson_mut_doc *doc, yyjson_mut_val *out, enum config_lang lang)
{
    yyjson_mut_val *list = add_list(doc, out, "checks");
    for (size_t i = 0; i < check_count; i++) {
        yyjson_mut_val *one = next_object(doc, list);
        add_head(&checks[i], lang, doc, one);
        add_text(doc, one, "when", checks[i].when);
        add_text(doc, one, "rule", checks[i].rule);
        add_text(doc, one, "remedy", check_remedy(&checks[i], lang));
        add_text(doc, one, "raised_by", checks[i].raised_by);
    }
}
