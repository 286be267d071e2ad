/* SPDX-License-Identifier: Apache-2.0 */
/* A run as JSON. Every text in it is clean already (clean.h), so that it is valid UTF-8. */
#include <stdio.h>
#include <string.h>

#include "app/precheck/run.h"

static bool add_text(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, const char *text)
{
    return yyjson_mut_obj_add_strcpy(doc, obj, key, text == NULL ? "" : text);
}

static void add_cells(const struct answer *a, yyjson_mut_doc *doc, yyjson_mut_val *one)
{
    yyjson_mut_val *columns = yyjson_mut_obj_add_arr(doc, one, "columns");
    for (size_t c = 0; c < a->columns && c < a->filled; c++) {
        yyjson_mut_arr_add_strcpy(doc, columns, a->cells[c] == NULL ? "" : a->cells[c]);
    }
    yyjson_mut_val *rows = yyjson_mut_obj_add_arr(doc, one, "rows");
    for (size_t r = 0; r < a->rows; r++) {
        yyjson_mut_val *row = yyjson_mut_arr_add_arr(doc, rows);
        for (size_t c = 0; c < a->columns; c++) {
            const char *cell = answer_cell(a, r, c);
            if (cell == NULL) {
                yyjson_mut_arr_add_null(doc, row);
            } else {
                yyjson_mut_arr_add_strcpy(doc, row, cell);
            }
        }
    }
}

/* One question of one server with what came back. */
static void add_answer(const struct server_facts *s, enum side side, enum question_id q,
                       yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    const struct answer *a = &s->answers[q];
    yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, list);

    add_text(doc, one, "server", side_name(side));
    add_text(doc, one, "server_version", version_of(s).text);
    add_text(doc, one, "question", questions[q].name);
    add_text(doc, one, "sql", a->sql);
    switch (a->state) {
    case ANSWERED:
        add_cells(a, doc, one);
        break;
    case FAILED: {
        yyjson_mut_val *error = yyjson_mut_obj_add_obj(doc, one, "error");
        add_text(doc, error, "code", err_name(a->code));
        yyjson_mut_obj_add_uint(doc, error, "errno", a->mysql_errno);
        add_text(doc, error, "sqlstate", a->sqlstate);
        add_text(doc, error, "text", a->text);
        break;
    }
    case NOT_ASKED:
    default:
        add_text(doc, one, "not_asked", a->text == NULL ? "there was no connection" : a->text);
        break;
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

static void add_evidence(const struct precheck_run *run, const struct finding *found,
                         yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, obj, "compared");
    for (size_t i = 0; i < found->compared_count; i++) {
        const struct compared *c = &found->compared[i];
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, list);
        add_text(doc, one, "what", c->what);
        add_text(doc, one, "found", c->found);
        add_text(doc, one, "wanted", c->wanted);
        yyjson_mut_obj_add_bool(doc, one, "holds", c->holds);
    }
    list = yyjson_mut_obj_add_arr(doc, obj, "evidence");
    for (int side = SOURCE; side < SIDES; side++) {
        for (enum question_id q = Q_CONNECT; q < QUESTIONS; q++) {
            if (found->used[side] >> q & 1) {
                add_answer(&run->facts.server[side], (enum side)side, q, doc, list);
            }
        }
    }
}

static void add_head(const struct check *c, enum config_lang lang, yyjson_mut_doc *doc,
                     yyjson_mut_val *obj)
{
    if (c->code != 0) {
        yyjson_mut_obj_add_int(doc, obj, "code", c->code);
    } else {
        yyjson_mut_obj_add_null(doc, obj, "code");
    }
    add_text(doc, obj, "name", c->name);
    add_text(doc, obj, "title", check_title(c, lang));
}

static void add_server(const struct server_facts *s, const char *key, yyjson_mut_doc *doc,
                       yyjson_mut_val *task)
{
    if (!s->configured) {
        yyjson_mut_obj_add_null(doc, task, key);
        return;
    }
    yyjson_mut_val *one = yyjson_mut_obj_add_obj(doc, task, key);
    add_text(doc, one, "host", s->host);
    yyjson_mut_obj_add_uint(doc, one, "port", s->port);
    add_text(doc, one, "user", s->user);
}

/* What the verdicts rest on beside the answers. */
static void add_task(const struct facts *f, yyjson_mut_doc *doc, yyjson_mut_val *out)
{
    yyjson_mut_val *task = yyjson_mut_obj_add_obj(doc, out, "task");

    add_text(doc, task, "mode", mode_name(f->mode));
    add_text(doc, task, "scope", scope_name(f->scope));
    add_text(doc, task, "tables", f->tables);
    add_text(doc, task, "hostname", f->hostname);
    yyjson_mut_obj_add_uint(doc, task, "server_id", f->our_server_id);
    add_server(&f->server[SOURCE], "source", doc, task);
    add_server(&f->server[TARGET], "target", doc, task);
}

int precheck_json(const struct precheck_run *run, const char *detail, yyjson_mut_doc *doc,
                  yyjson_mut_val *out, struct errmsg *why)
{
    const struct check *only = NULL;
    bool all = detail != NULL && strcmp(detail, "all") == 0;

    if (detail != NULL && !all && (only = run_find(detail)) == NULL) {
        return fail(why, ERR_NOT_FOUND,
                    "there is no check \"%.40s\"; the list shows their codes "
                    "and names",
                    detail);
    }
    struct precheck_summary sum;
    precheck_summarize(run, &sum);
    add_text(doc, out, "summary", sum.text);
    add_text(doc, out, "verdict", verdict_name(sum.worst));
    yyjson_mut_obj_add_int(doc, out, "when_ms", sum.when_ms);
    yyjson_mut_val *counts = yyjson_mut_obj_add_obj(doc, out, "counts");
    for (int v = VERDICT_PASS; v <= VERDICT_FAIL; v++) {
        yyjson_mut_obj_add_uint(doc, counts, verdict_name((enum verdict)v), sum.count[v]);
    }
    if (detail != NULL) {
        add_task(&run->facts, doc, out);
    }
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, out, "checks");
    for (size_t i = 0; i < checks_judged; i++) {
        const struct check *c = &checks[run->order[i]];
        const struct finding *found = &run->findings[run->order[i]];
        if (only != NULL && c != only) {
            continue;
        }
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, list);
        add_text(doc, one, "verdict", verdict_name(found->verdict));
        add_head(c, run->lang, doc, one);
        add_text(doc, one, "why", found->why);
        add_text(doc, one, "remedy", found->remedy);
        if (detail != NULL) {
            add_text(doc, one, "rule", c->rule);
            add_evidence(run, found, doc, one);
        } else {
            yyjson_mut_obj_add_uint(doc, one, "evidence_count", evidence_count(found));
        }
    }
    return yyjson_mut_arr_size(list) > 0 ? OK : fail(why, ERR_NOMEM, "no memory for the answer");
}

void precheck_list_json(yyjson_mut_doc *doc, yyjson_mut_val *out, enum config_lang lang)
{
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, out, "checks");
    for (size_t i = 0; i < check_count; i++) {
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, list);
        add_head(&checks[i], lang, doc, one);
        add_text(doc, one, "when", checks[i].when);
        add_text(doc, one, "rule", checks[i].rule);
        add_text(doc, one, "remedy", check_remedy(&checks[i], lang));
        add_text(doc, one, "raised_by", checks[i].raised_by);
    }
}
