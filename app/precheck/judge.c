/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: how reasons add up to a verdict, and what becomes of facts that were not had. */
#include "app/precheck/judge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/clean.h"
#include "app/precheck/grants.h"

const char *verdict_name(enum verdict v)
{
    static const char *const names[] = {
        [VERDICT_PASS] = "pass",       [VERDICT_SKIP] = "skip", [VERDICT_WARN] = "warn",
        [VERDICT_UNKNOWN] = "unknown", [VERDICT_FAIL] = "fail",
    };
    return names[v];
}

/* Whether it is one of the texts that append() has joined, not only a part of one. */
static bool is_there(const char *buf, const char *text)
{
    size_t len = strlen(text);

    for (const char *p = buf; len > 0 && (p = strstr(p, text)) != NULL; p++) {
        bool begins = p == buf || (p - buf >= 2 && p[-2] == ';' && p[-1] == ' ');
        if (begins && (p[len] == '\0' || p[len] == ';' || (p[len] == ' ' && p[len - 1] == ';'))) {
            return true;
        }
    }
    return false;
}

static void append(char *buf, size_t size, const char *text)
{
    size_t len = strlen(buf);

    if (is_there(buf, text)) {
        return; /* the same reason, of several questions */
    }
    if (size - len > 8) { /* room for "; " and a cut */
        const char *between = len == 0 ? "" : buf[len - 1] == ';' ? " " : "; ";
        clean_format(buf + len, size - len, "%s%s", between, text);
    }
}

void finding_add(struct finding *out, enum verdict v, const char *brief, const char *fmt, ...)
{
    char text[sizeof out->why];
    va_list ap;

    if (v < out->verdict) {
        return;
    }
    va_start(ap, fmt);
    clean_vformat(text, sizeof text, fmt, ap);
    va_end(ap);
    if (v > out->verdict) {
        out->verdict = v;
        out->why[0] = '\0';
        out->remedy[0] = '\0';
        out->brief[0] = '\0';
    }
    append(out->why, sizeof out->why, text);
    append(out->brief, sizeof out->brief, brief != NULL ? brief : text);
}

void finding_remedy(struct finding *out, const char *fmt, ...)
{
    char text[sizeof out->remedy];
    va_list ap;

    va_start(ap, fmt);
    clean_vformat(text, sizeof text, fmt, ap);
    va_end(ap);
    append(out->remedy, sizeof out->remedy, text);
}

void finding_compare(struct finding *out, bool holds, const char *what, const char *found,
                     const char *wanted)
{
    if (out->compared_count < COMPARED_MAX) {
        struct compared *c = &out->compared[out->compared_count++];
        c->holds = holds;
        clean_format(c->what, sizeof c->what, "%s", what);
        clean_format(c->found, sizeof c->found, "%s", found);
        clean_format(c->wanted, sizeof c->wanted, "%s", wanted);
    }
}

bool is_privilege_error(unsigned mysql_errno)
{
    static const unsigned numbers[] = {1044, 1142, 1143, 1227, 1370};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (mysql_errno == numbers[i]) {
            return true;
        }
    }
    return false;
}

bool is_own_failure(const struct answer *a)
{
    return a->state == FAILED &&
           (a->code == ERR_SERVER || a->code == ERR_AUTH || a->code == ERR_PROTOCOL);
}

void fact_names(const struct answer *a, int first, int second, char *buf, size_t size)
{
    size_t shown = 0, rows = a->rows, used = 0;

    buf[0] = '\0';
    for (; shown < rows && shown < 3; shown++) {
        const char *one = answer_cell(a, shown, (size_t)first);
        const char *two = second < 0 ? NULL : answer_cell(a, shown, (size_t)second);
        used += clean_format(buf + used, size - used, "%s`%s`%s%s%s", shown == 0 ? "" : ", ",
                             one == NULL ? "" : one, second < 0 ? "" : ".`", two == NULL ? "" : two,
                             second < 0 ? "" : "`");
    }
    if (rows > SHOWN_MAX) {
        clean_format(buf + used, size - used, " and more (over %d in all)", SHOWN_MAX);
    } else if (shown < rows) {
        clean_format(buf + used, size - used, " and %zu more", rows - shown);
    }
}

/* When the server was started, in seconds of this box's clock; 0: not known. */
static int64_t started_s(const struct server_facts *s)
{
    const struct answer *a = &s->answers[Q_STATUS];
    const char *uptime = answer_variable(a, "Uptime");

    return uptime == NULL || a->asked_ms == 0 ? 0 : a->asked_ms / 1000 - strtoll(uptime, NULL, 10);
}

int same_server(const struct facts *f)
{
    static const char *const names[] = {"version", "server_id", "datadir", "server_uuid"};
    const struct server_facts *s = &f->server[SOURCE], *t = &f->server[TARGET];
    int64_t apart = started_s(s) - started_s(t);
    bool uuid = false;

    if (!t->configured || started_s(s) == 0 || started_s(t) == 0 || apart < -3 || apart > 3) {
        return 0;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *one = answer_variable(&s->answers[Q_VARIABLES], names[i]);
        const char *two = answer_variable(&t->answers[Q_VARIABLES], names[i]);
        uuid = one != NULL;
        if ((one == NULL) != (two == NULL) || (one != NULL && strcmp(one, two) != 0)) {
            return 0;
        }
    }
    return uuid ? 2 : 1;
}

bool is_on(const char *value)
{
    return strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0 || strcasecmp(value, "YES") == 0;
}

void account_quoted(const struct server_facts *s, char *buf, size_t size)
{
    char name[160];
    size_t used = 0;

    if (grants_account(s, buf, size)) {
        return;
    }
    for (const char *p = s->user == NULL ? "" : s->user; *p != '\0' && used + 3 < sizeof name;
         p++) {
        if (*p == '\'' || *p == '\\') {
            name[used++] = *p;
        }
        name[used++] = *p;
    }
    name[used] = '\0';
    clean_format(buf, size, "'%s'@'%%'", name);
}

bool fact_answer(const struct facts *f, struct finding *out, enum side side, enum question_id q)
{
    const struct server_facts *s = &f->server[side];
    const struct answer *a = &s->answers[q], *connect = &s->answers[Q_CONNECT];
    const char *code = side == SOURCE ? "-256" : "-254";

    out->used[side] |= 1u << q;
    /* Grants are read, and events counted, with a name hidden, too. */
    if (a->state == ANSWERED && q != Q_GRANTS && q != Q_CONNECT && q != Q_WIRE &&
        answer_is_hidden(a)) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the %s's answer about %s holds the account's password, which is hidden here",
                    side_name(side), questions[q].name);
        finding_remedy(out,
                       "on the %s: give the account a password that is not a word of the "
                       "server's own answers",
                       side_name(side));
        return false;
    }
    if (a->state == ANSWERED) {
        return true;
    }
    if (connect->state != ANSWERED) {
        out->used[side] |= 1u << Q_CONNECT;
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the %s could not be asked: no "
                    "connection, see %s",
                    side_name(side), code);
        finding_remedy(out, "see %s, then run the precheck again", code);
        return false;
    }
    if (a->state == NOT_ASKED) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known", "%s was not asked of the %s: %s",
                    questions[q].name, side_name(side), a->text == NULL ? "" : a->text);
        finding_remedy(out, "run the precheck again");
        return false;
    }
    char number[40] = "";
    if (a->mysql_errno != 0) {
        clean_format(number, sizeof number, "error %u (%s): ", a->mysql_errno, a->sqlstate);
    }
    finding_add(out, VERDICT_UNKNOWN, "cannot be known", "%s: %.40s%s failed: %s%s",
                side_name(side), a->sql, strlen(a->sql) > 40 ? "…" : "", number, a->text);
    finding_remedy(out, "see %s, then run the precheck again", side == SOURCE ? "-255" : "-254");
    return false;
}

enum fact fact_variable(const struct facts *f, struct finding *out, enum side side,
                        const char *name, const char **value)
{
    *value = NULL;
    if (!fact_answer(f, out, side, Q_VARIABLES)) {
        return FACT_NONE;
    }
    *value = answer_variable(&f->server[side].answers[Q_VARIABLES], name);
    return *value == NULL ? FACT_ABSENT : FACT_HAD;
}

const char *fact_needed(const struct facts *f, struct finding *out, enum side side,
                        const char *name)
{
    const char *value = NULL;

    if (fact_variable(f, out, side, name, &value) == FACT_ABSENT) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known", "the %s (%s) shows no variable %s",
                    side_name(side), version_of(&f->server[side]).text, name);
        finding_remedy(out, "look for %s in the %s's own configuration", name, side_name(side));
    }
    return value;
}

void check_judge(const struct check *c, const struct facts *f, struct finding *out)
{
    memset(out, 0, sizeof *out);
    if ((c->modes >> f->mode & 1) == 0) {
        finding_add(out, VERDICT_SKIP, NULL, "task.mode = %s needs no such check",
                    mode_name(f->mode));
    } else if ((c->scopes >> f->scope & 1) == 0) {
        finding_add(out, VERDICT_SKIP, NULL, "task.scope = %s needs no such check",
                    scope_name(f->scope));
    } else if (c->target && !f->server[TARGET].configured) {
        finding_add(out, VERDICT_SKIP, NULL, "the config names no [target]");
    } else {
        c->judge(f, out);
    }
    if (out->verdict > VERDICT_SKIP && out->remedy[0] == '\0') {
        finding_remedy(out, "%s", c->remedy);
    }
}
