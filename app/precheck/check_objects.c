/* SPDX-License-Identifier: Apache-2.0 */
/* 2001037, -268, -269, -265: are the names of task.tables where they must be, and nowhere else. */
#include <string.h>
#include <strings.h>

#include "app/precheck/checks.h"
#include "app/precheck/clean.h"
#include "app/precheck/offenders.h"

/* ---- names that are the same to a server ---- */

/* The next character in lower case. Servers fold all of Unicode; here it is ASCII and the Latin,
 * Greek and Cyrillic letters, what UTF-8 has in two bytes. Other bytes stand for themselves. */
static unsigned next_folded(const char **p, const char *end)
{
    static const struct {
        unsigned short from, to, step, add;
    } upper[] = {
        {'A', 'Z', 1, 32},     {0xC0, 0xD6, 1, 32},   {0xD8, 0xDE, 1, 32},
        {0x100, 0x136, 2, 1},  {0x139, 0x147, 2, 1},  {0x14A, 0x176, 2, 1},
        {0x391, 0x3A9, 1, 32}, {0x400, 0x40F, 1, 80}, {0x410, 0x42F, 1, 32},
    };
    unsigned c = (unsigned char)*(*p)++;

    if ((c & 0xE0) == 0xC0 && *p < end) {
        c = (c & 0x1F) << 6 | ((unsigned char)*(*p)++ & 0x3F);
    } else if (c >= 0x80) {
        return c | 0x10000;
    }
    for (size_t i = 0; i < sizeof upper / sizeof upper[0]; i++) {
        if (c >= upper[i].from && c <= upper[i].to && (c - upper[i].from) % upper[i].step == 0) {
            return c + upper[i].add;
        }
    }
    return c;
}

static bool same_name(const char *cell, const char *name, size_t len, bool fold)
{
    size_t cell_len = strlen(cell);

    if (!fold) {
        return cell_len == len && memcmp(cell, name, len) == 0;
    }
    const char *p = cell, *q = name, *p_end = cell + cell_len, *q_end = name + len;
    while (p < p_end && q < q_end) {
        if (next_folded(&p, p_end) != next_folded(&q, q_end)) {
            return false;
        }
    }
    return p == p_end && q == q_end;
}

static bool is_row(const struct answer *a, size_t row, const struct chosen *c, bool fold)
{
    const char *database = answer_cell(a, row, 0), *table = answer_cell(a, row, 1);

    return database != NULL && same_name(database, c->database, c->database_len, fold) &&
           (c->table == NULL || (table != NULL && same_name(table, c->table, c->table_len, fold)));
}

/* The row of that name, or -1. Of several that are the same when folded, the exact one. */
static long row_of(const struct answer *a, const struct chosen *c, bool fold)
{
    long other = -1;

    for (size_t i = 0; i < a->rows; i++) {
        if (is_row(a, i, c, false)) {
            return (long)i;
        }
        other = fold && is_row(a, i, c, true) ? (long)i : other;
    }
    return other;
}

static size_t quote_chosen(const struct chosen *c, char *buf, size_t size)
{
    return quote_name(buf, size, c->database, c->database_len, c->table, c->table_len);
}

static void quote_row(const struct answer *a, long row, bool table, char *buf, size_t size)
{
    const char *one = answer_cell(a, (size_t)row, 0);
    const char *two = table ? answer_cell(a, (size_t)row, 1) : NULL;
    quote_name(buf, size, one, strlen(one), two, two == NULL ? 0 : strlen(two));
}

static bool is_complete(const struct chosen *c)
{
    return c->database_len > 0 && (c->table == NULL || c->table_len > 0);
}

/* How many of task.tables are whole databases, or single tables. */
static size_t count_chosen(const struct facts *f, bool tables)
{
    struct chosen c;
    size_t count = 0;

    for (const char *p = f->tables; chosen_next(&p, &c);) {
        count += is_complete(&c) && (c.table != NULL) == tables;
    }
    return count;
}

/* Whether a side's names are the same in any case. False: not known, the finding is unknown. */
static bool side_folds(const struct facts *f, struct finding *out, enum side side, bool *fold)
{
    const char *value = fact_needed(f, out, side, "lower_case_table_names");
    *fold = *fold || (value != NULL && strcmp(value, "0") != 0);
    return value != NULL;
}

/* ---- 2001037 ---- */

struct search {
    struct offenders missing, cased; /* cased: there, in another case, and that is the same */
    struct offenders unsure;         /* some of these are there in another case */
    size_t unmatched[2], spare[2];   /* names without row and rows without name, as count_spare() */
    char correct[200];               /* as the source has the first name that only looks missing */
};

/* The next name of a kind; of databases those of single tables, too, as Q_DATABASES asks. */
static bool next_name(const char **p, struct chosen *c, bool tables)
{
    bool had = false;

    while ((had = chosen_next(p, c)) && ((tables && c->table == NULL) || !is_complete(c))) {
    }
    c->table = tables ? c->table : NULL;
    return had;
}

/* A server that folds knows more letters than we do. What it found for a name and we do not know
 * for it is a spare row; where there is one for each name, all are found. */
static void count_spare(const struct facts *f, bool tables, struct search *s)
{
    const struct answer *a = &f->server[SOURCE].answers[tables ? Q_TABLES : Q_DATABASES];
    struct chosen c;

    for (const char *p = f->tables; next_name(&p, &c, tables);) {
        s->unmatched[tables] += row_of(a, &c, true) < 0;
    }
    for (size_t i = 0; s->unmatched[tables] > 0 && i < a->rows; i++) {
        bool known = false;
        for (const char *p = f->tables; !known && next_name(&p, &c, tables);) {
            known = is_row(a, i, &c, true);
        }
        s->spare[tables] += !known;
    }
}

static void look_for(const struct facts *f, const struct chosen *c, bool fold, struct search *s)
{
    const struct answer *databases = &f->server[SOURCE].answers[Q_DATABASES];
    const struct answer *a = c->table == NULL ? databases : &f->server[SOURCE].answers[Q_TABLES];
    char wanted[300], there[300];
    long exact = row_of(a, c, false), near = row_of(a, c, true);

    if (exact >= 0) {
        return;
    }
    quote_chosen(c, wanted, sizeof wanted);
    if (near >= 0) {
        quote_row(a, near, c->table != NULL, there, sizeof there);
        if (fold) {
            offenders_add(&s->cased, "%s as %s", wanted, there);
            return;
        }
        offenders_add(&s->missing, "%.140s (the source has %.140s, in another case)", wanted,
                      there);
        if (s->correct[0] == '\0') {
            const char *one = answer_cell(a, (size_t)near, 0);
            const char *two = c->table == NULL ? NULL : answer_cell(a, (size_t)near, 1);
            clean_format(s->correct, sizeof s->correct, "%s%s%s", one, two == NULL ? "" : ".",
                         two == NULL ? "" : two);
        }
        return;
    }
    bool table = c->table != NULL;
    if (fold && s->spare[table] > 0) {
        offenders_add(s->spare[table] < s->unmatched[table] ? &s->unsure : &s->cased, "%s", wanted);
        return;
    }
    struct chosen database = {.database = c->database, .database_len = c->database_len};
    bool lone = table && row_of(databases, &database, fold) < 0 && s->spare[false] == 0;
    offenders_add(&s->missing, "%.140s%s", wanted, lone ? " (there is no such database)" : "");
}

void check_objects_exist(const struct facts *f, struct finding *out)
{
    struct search s = {.correct = ""};
    size_t databases = count_chosen(f, false), tables = count_chosen(f, true);
    struct chosen c;
    bool fold = false;

    if (!side_folds(f, out, SOURCE, &fold) || !fact_answer(f, out, SOURCE, Q_DATABASES) ||
        (tables > 0 && !fact_answer(f, out, SOURCE, Q_TABLES))) {
        return;
    }
    for (int kind = 0; fold && kind <= (tables > 0); kind++) {
        count_spare(f, kind, &s);
    }
    for (const char *p = f->tables; chosen_next(&p, &c);) {
        if (is_complete(&c)) {
            look_for(f, &c, fold, &s);
        }
    }
    if (s.unsure.count > 0) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "some are on the source in another case, and which cannot be told: %s",
                    offenders_text(&s.unsure));
        finding_remedy(out, "write the names in task.tables letter for letter as on the source");
    }
    if (s.missing.count == 0) {
        finding_add(out, VERDICT_PASS, NULL,
                    "all are on the source; whole databases: %zu, tables: %zu", databases, tables);
        if (s.cased.count > 0) {
            finding_add(out, VERDICT_PASS, NULL, "in another case: %s", offenders_text(&s.cased));
        }
        return;
    }
    char brief[64];
    clean_format(brief, sizeof brief, "not: %zu of %zu names are missing", (size_t)s.missing.count,
                 databases + tables);
    finding_compare(out, false, "names of task.tables", offenders_text(&s.missing),
                    "on the source, letter for letter");
    /* What the account may not see looks like what is not there. */
    if (!fact_sees(f, out, SOURCE, SIGHT_TABLES)) {
        finding_add(out, VERDICT_UNKNOWN, NULL, "missing, or hidden from the account: %s",
                    s.missing.text);
        return;
    }
    finding_add(out, VERDICT_FAIL, brief, "not on the source: %s", s.missing.text);
    if (s.correct[0] != '\0') {
        finding_remedy(out, "correct task.tables: write %s", s.correct);
    }
}

/* ---- -268, -269 ---- */

static void clash(const struct facts *f, struct finding *out, bool tables)
{
    enum question_id q = tables ? Q_TABLES : Q_DATABASES;
    const struct answer *a = &f->server[TARGET].answers[q];
    const char *kind = tables ? "single tables" : "whole databases";
    struct offenders there = {.count = 0};
    size_t count = count_chosen(f, tables);
    char first[320] = "", name[300];
    bool fold = false;

    if (count == 0) {
        finding_add(out, VERDICT_SKIP, NULL, "task.tables names no %s", kind);
        return;
    }
    if (!side_folds(f, out, SOURCE, &fold) || !side_folds(f, out, TARGET, &fold) ||
        !fact_answer(f, out, TARGET, q)) {
        return;
    }
    /* The server was asked for these names alone, and knows better which are the same. */
    for (size_t i = 0; i < a->rows; i++) {
        quote_cells(a, i, name, sizeof name);
        if (first[0] == '\0') {
            const char *type = tables ? answer_cell(a, i, 2) : NULL;
            clean_format(first, sizeof first, "%s %s",
                         !tables                                         ? "DATABASE"
                         : type != NULL && strcasecmp(type, "VIEW") == 0 ? "VIEW"
                                                                         : "TABLE",
                         name);
        }
        offenders_add(&there, "%.140s", name);
    }
    finding_compare(out, there.count == 0, tables ? "target's tables" : "target's databases",
                    there.count == 0 ? "none of the names" : offenders_text(&there),
                    "none of task.tables");
    if (there.count == 0) {
        if (fact_sees(f, out, TARGET, tables ? SIGHT_TABLES : SIGHT_ALL_DATABASES)) {
            finding_add(out, VERDICT_PASS, NULL, "none is on the target; %s: %zu", kind, count);
        }
        return;
    }
    char brief[64];
    clean_format(brief, sizeof brief, "with %zu on the target", (size_t)there.count);
    finding_add(out, VERDICT_FAIL, brief, "on the target already: %s%s", there.text,
                fold ? " (lower_case_table_names: any case is the same)" : "");
    if (same_server(f) > 0) {
        finding_remedy(out, "drop nothing: the target is the source itself, see -407");
        return;
    }
    finding_remedy(out,
                   "leave it out of task.tables, or, if nothing in it is needed, on the target: "
                   "DROP %s;",
                   first);
}

void check_database_clash(const struct facts *f, struct finding *out)
{
    clash(f, out, false);
}

void check_table_clash(const struct facts *f, struct finding *out)
{
    clash(f, out, true);
}

/* ---- -265 ---- */

void check_foreign_keys(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_FOREIGN_KEYS];
    struct offenders children = {.count = 0}, parents = {.count = 0};
    char child[300], parent[300], last[300] = "";

    if (!fact_answer(f, out, SOURCE, Q_FOREIGN_KEYS)) {
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        const char *cell[4];
        for (size_t n = 0; n < 4; n++) {
            cell[n] = answer_cell(a, i, n) == NULL ? "" : answer_cell(a, i, n);
        }
        quote_name(child, sizeof child, cell[0], strlen(cell[0]), cell[1], strlen(cell[1]));
        quote_name(parent, sizeof parent, cell[2], strlen(cell[2]), cell[3], strlen(cell[3]));
        offenders_add(&children, "%.120s refers to %.120s", child, parent);
        if (strcmp(parent, last) != 0) {
            offenders_add(&parents, "%.120s.%.120s", cell[2], cell[3]);
            clean_format(last, sizeof last, "%s", parent);
        }
    }
    finding_compare(out, a->rows == 0, "parents that are not chosen",
                    a->rows == 0 ? "none" : offenders_text(&parents), "none");
    if (a->rows > 0) {
        char brief[64];
        clean_format(brief, sizeof brief, "of %s%d tables lead out of the chosen ones",
                     a->rows > SHOWN_MAX ? "more than " : "",
                     (int)(a->rows > SHOWN_MAX ? SHOWN_MAX : a->rows));
        finding_add(out, VERDICT_FAIL, brief, "parents are not chosen: %s",
                    offenders_text(&children));
        finding_remedy(out, "add to task.tables: %s", offenders_text(&parents));
    } else if (fact_sees(f, out, SOURCE, SIGHT_TABLES)) {
        finding_add(out, VERDICT_PASS, NULL, "no foreign key leads out of the chosen tables");
    }
}
