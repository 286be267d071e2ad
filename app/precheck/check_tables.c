/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables are made of: engines, row formats, TokuDB's own, column types, primary keys. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/checks.h"
#include "app/precheck/clean.h"
#include "app/precheck/offenders.h"

/* ---- the groups of Q_TABLE_KINDS ---- */

/* One row: tables of one engine and row format. Of their names the server gives only the first
 * 900 bytes. */
struct kind {
    const char *engine, *row_format, *options; /* engine NULL: the server could not open them */
    bool fixed;                                /* created with row_format=FIXED */
    uint64_t tables;
    char names[400], first[160];
};

/* The length of "`a`.`b`" at the beginning of p, 0 when it is not whole. */
static size_t whole_name(const char *p)
{
    size_t at = 0;

    for (int part = 0; part < 2; part++) {
        if (p[at++] != '`') {
            return 0;
        }
        while (p[at] != '\0' && (p[at] != '`' || p[at + 1] == '`')) {
            at += p[at] == '`' ? 2 : 1;
        }
        if (p[at++] != '`' || (part == 0 && p[at++] != '.')) {
            return 0;
        }
    }
    return at;
}

static void read_kind(const struct answer *a, size_t row, struct kind *k)
{
    struct offenders list = {.count = 0};
    const char *names = answer_value(a, row, "names"), *tables = answer_value(a, row, "tables");
    const char *fixed = answer_value(a, row, "fixed"), *options = answer_value(a, row, "options");
    const char *row_format = answer_value(a, row, "ROW_FORMAT");
    size_t len = 0;

    memset(k, 0, sizeof *k);
    k->engine = answer_value(a, row, "ENGINE");
    k->row_format = row_format == NULL ? "" : row_format;
    k->options = options == NULL ? "" : options;
    k->fixed = fixed != NULL && strcmp(fixed, "1") == 0;
    k->tables = tables == NULL ? 0 : strtoull(tables, NULL, 10);
    for (const char *p = names == NULL ? "" : names; (len = whole_name(p)) > 0;) {
        offenders_add(&list, "%.*s", (int)len, p);
        if (list.count == 1) {
            clean_format(k->first, sizeof k->first, "%.*s", (int)len, p);
        }
        p += len;
        p += strncmp(p, ", ", 2) == 0 ? 2 : 0;
    }
    list.count = k->tables;
    clean_format(k->names, sizeof k->names, "%s", offenders_text(&list));
    if (k->first[0] == '\0') {
        clean_format(k->first, sizeof k->first, "…");
    }
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static uint64_t count_tables(const struct answer *a)
{
    uint64_t count = 0;

    for (size_t i = 0; i < a->rows; i++) {
        const char *tables = answer_value(a, i, "tables");
        count += tables == NULL ? 0 : strtoull(tables, NULL, 10);
    }
    return count;
}

/* Tables of which the server tells no engine: their files are damaged, or a lock was in the way. */
static void add_broken(const struct kind *k, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, "cannot be known of all tables",
                "the source could not open %" PRIu64 " table%s: %s", k->tables, plural(k->tables),
                k->names);
    if (out->verdict == VERDICT_UNKNOWN) {
        finding_remedy(out, "on the source: CHECK TABLE %s; and mend or drop what is broken",
                       k->first);
    }
}

/* ---- -266 ---- */

enum refusal { TAKEN, REFUSED_BY_ALL, REFUSED_BY_NEWER };

static enum refusal refusal_of(const char *engine)
{
    static const char *const all[] = {"MEMORY", "BLACKHOLE", "CSV", "ARCHIVE"};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcasecmp(engine, all[i]) == 0) {
            return REFUSED_BY_ALL;
        }
    }
    return strcasecmp(engine, "MRG_MYISAM") == 0 ? REFUSED_BY_NEWER : TAKEN;
}

/* Merge tables: refused from 5.7 on. MariaDB, of which the rule does not speak, is judged like
 * 5.7. Without a target nobody refuses them yet. */
static enum verdict merge_verdict(const struct facts *f, struct finding *out)
{
    if (!f->server[TARGET].configured) {
        return VERDICT_WARN;
    }
    if (!fact_answer(f, out, TARGET, Q_VERSION)) {
        return VERDICT_PASS; /* the finding is unknown now */
    }
    struct server_version v = version_of(&f->server[TARGET]);
    return !v.known                         ? VERDICT_UNKNOWN
           : v.mariadb || v.number >= 50700 ? VERDICT_FAIL
                                            : VERDICT_PASS;
}

static void add_engine(const struct facts *f, const struct kind *k, enum refusal r,
                       struct finding *out)
{
    enum verdict v = r == REFUSED_BY_ALL ? VERDICT_FAIL : merge_verdict(f, out);
    const char *by = r == REFUSED_BY_ALL ? "every target refuses"
                     : v == VERDICT_FAIL ? "this target refuses (as a 5.7)"
                                         : "a target of 5.7 or later refuses";
    char what[64];

    if (v == VERDICT_PASS) {
        return;
    }
    clean_format(what, sizeof what, "engine of %" PRIu64 " table%s", k->tables, plural(k->tables));
    finding_compare(out, false, what, k->engine, "InnoDB, or another that the target takes");
    finding_add(out, v, k->engine, "%" PRIu64 " %.20s table%s, which %s: %s", k->tables, k->engine,
                plural(k->tables), by, k->names);
    if (out->remedy[0] == '\0') {
        finding_remedy(out, "on the source, for each: ALTER TABLE %s ENGINE = InnoDB;", k->first);
    }
}

void check_engines(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_TABLE_KINDS];
    struct kind k;

    if (!fact_answer(f, out, SOURCE, Q_TABLE_KINDS)) {
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        read_kind(a, i, &k);
        enum refusal r = k.engine == NULL ? TAKEN : refusal_of(k.engine);
        if (k.engine == NULL) {
            add_broken(&k, out);
        } else if (r != TAKEN) {
            add_engine(f, &k, r, out);
        }
    }
    if (out->verdict < VERDICT_FAIL && fact_sees(f, out, SOURCE, SIGHT_TABLES)) {
        finding_add(out, VERDICT_PASS, NULL, "no engine that a target refuses; tables: %" PRIu64,
                    count_tables(a));
    }
}

/* ---- -405 ---- */

void check_fixed_rows(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_TABLE_KINDS];
    bool own = false;
    struct kind k;

    if (!fact_answer(f, out, SOURCE, Q_TABLE_KINDS)) {
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        read_kind(a, i, &k);
        if (k.engine == NULL) {
            add_broken(&k, out);
            continue;
        }
        if (!k.fixed && strcasecmp(k.row_format, "Fixed") != 0) {
            continue;
        }
        char brief[48], what[64];
        clean_format(brief, sizeof brief, "in %" PRIu64 " %.20s table%s", k.tables, k.engine,
                     plural(k.tables));
        clean_format(what, sizeof what, "row_format of %" PRIu64 " %.20s table%s", k.tables,
                     k.engine, plural(k.tables));
        finding_compare(out, false, what, k.fixed ? "FIXED, as created" : k.row_format,
                        "any but FIXED");
        finding_add(out, VERDICT_FAIL, brief, "%" PRIu64 " %.20s table%s with fixed rows: %s",
                    k.tables, k.engine, plural(k.tables), k.names);
        own = own || (!k.fixed && strcasecmp(k.engine, "MyISAM") == 0);
        if (out->remedy[0] == '\0') {
            finding_remedy(out,
                           "on the source, for each: ALTER TABLE %s ENGINE = InnoDB ROW_FORMAT = "
                           "DYNAMIC;",
                           k.first);
        }
    }
    if (own) {
        finding_remedy(out, "MyISAM tables without columns of variable length have fixed rows by "
                            "themselves");
    }
    if (out->verdict < VERDICT_FAIL && fact_sees(f, out, SOURCE, SIGHT_TABLES)) {
        finding_add(out, VERDICT_PASS, NULL, "no fixed rows; tables: %" PRIu64, count_tables(a));
    }
}

/* ---- -420, -421 ---- */

/* False: nothing to judge, and the finding says so. */
static bool has_tokudb(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_TABLE_KINDS];

    if (!fact_answer(f, out, SOURCE, Q_TABLE_KINDS)) {
        return false;
    }
    for (size_t i = 0; i < a->rows; i++) {
        const char *engine = answer_value(a, i, "ENGINE");
        if (engine != NULL && strcasecmp(engine, "TokuDB") == 0) {
            return true;
        }
    }
    if (fact_sees(f, out, SOURCE, SIGHT_TABLES)) {
        finding_add(out, VERDICT_SKIP, NULL, "the source has no TokuDB tables");
    }
    return false;
}

/* Percona and Tokutek say it in the row format, MariaDB in an option. zlib is the default. */
static const char *refused_compression(const struct kind *k)
{
    static const char *const words[] = {"quicklz",      "lzma",        "snappy",
                                        "uncompressed", "tokudb_fast", "tokudb_small"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(k->row_format, words[i]) != NULL ||
            strcasestr(k->options, words[i]) != NULL) {
            return words[i];
        }
    }
    return NULL;
}

void check_tokudb_compression(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_TABLE_KINDS];
    struct kind k;

    if (!has_tokudb(f, out)) {
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        read_kind(a, i, &k);
        bool toku = k.engine != NULL && strcasecmp(k.engine, "TokuDB") == 0;
        const char *word = toku ? refused_compression(&k) : NULL;
        if (word == NULL) {
            continue;
        }
        bool option = strcasestr(k.row_format, word) == NULL;
        char brief[64];
        clean_format(brief, sizeof brief, "of %" PRIu64 " table%s is %s", k.tables,
                     plural(k.tables), word);
        finding_compare(out, false, option ? "TokuDB create options" : "TokuDB row_format",
                        option ? k.options : k.row_format, "tokudb_zlib");
        finding_add(out, VERDICT_FAIL, brief, "%" PRIu64 " TokuDB table%s with compression %s: %s",
                    k.tables, plural(k.tables), word, k.names);
        if (out->remedy[0] == '\0') {
            finding_remedy(out, "on the source, for each: ALTER TABLE %s %s = TOKUDB_ZLIB;",
                           k.first, option ? "COMPRESSION" : "ROW_FORMAT");
        }
    }
    if (out->verdict < VERDICT_FAIL && fact_sees(f, out, SOURCE, SIGHT_TABLES)) {
        finding_add(out, VERDICT_PASS, NULL, "every TokuDB table has a compression that goes over");
    }
}

void check_tokudb_clustering(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_TOKUDB_KEYS];
    struct offenders list = {.count = 0};
    char name[300], first[300] = "";

    if (!has_tokudb(f, out) || !fact_answer(f, out, SOURCE, Q_TOKUDB_TABLES) ||
        !fact_answer(f, out, SOURCE, Q_TOKUDB_KEYS)) {
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        const char *database = answer_cell(a, i, 0), *table = answer_cell(a, i, 1);
        const char *key = answer_cell(a, i, 2);
        if (database == NULL || table == NULL || key == NULL) {
            continue;
        }
        quote_name(name, sizeof name, database, strlen(database), table, strlen(table));
        offenders_add(&list, "%.140s (%.100s)", name, key);
        if (first[0] == '\0') {
            clean_format(first, sizeof first, "%s", name);
            finding_compare(out, false, "a key of a TokuDB table", key, "not clustering");
        }
    }
    if (list.count > 0) {
        char brief[64];
        clean_format(brief, sizeof brief, "in %" PRIu64 " table%s", list.count, plural(list.count));
        finding_add(out, VERDICT_FAIL, brief, "clustering keys in %" PRIu64 " TokuDB table%s: %s",
                    list.count, plural(list.count), offenders_text(&list));
        finding_remedy(
            out,
            "on the source, for each: ALTER TABLE %.200s DROP KEY …, ADD KEY … (…); with the "
            "same columns and without CLUSTERING",
            first);
    } else if (fact_sees(f, out, SOURCE, SIGHT_TABLES)) {
        finding_add(out, VERDICT_PASS, NULL, "no clustering key; TokuDB tables: %zu", a->rows);
    }
}

/* ---- 2001040 ---- */

void check_column_types(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_COLUMNS];
    struct offenders list = {.count = 0};

    if (!fact_answer(f, out, SOURCE, Q_VERSION)) {
        return;
    }
    struct server_version v = version_of(&f->server[SOURCE]);
    if (v.known && (v.mariadb || version_series(&v) != 507)) {
        finding_add(out, VERDICT_SKIP, NULL, "only of MySQL 5.7; the source is %s %.40s",
                    v.mariadb ? "MariaDB" : "MySQL", v.text);
        return;
    }
    if (!v.known) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the source's version \"%.60s\" is not understood", v.text);
        return;
    }
    if (!fact_answer(f, out, SOURCE, Q_COLUMNS)) {
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        const char *type = answer_value(a, i, "DATA_TYPE");
        const char *made = answer_value(a, i, "GENERATION_EXPRESSION");
        char name[300];
        const char *cell[3];
        for (size_t n = 0; n < 3; n++) {
            cell[n] = answer_cell(a, i, n) == NULL ? "" : answer_cell(a, i, n);
        }
        quote_name(name, sizeof name, cell[0], strlen(cell[0]), cell[1], strlen(cell[1]));
        offenders_add(&list, "%.120s.`%.64s` (%s)", name, cell[2],
                      made != NULL && made[0] != '\0' ? "generated"
                                                      : (type == NULL ? "json" : type));
    }
    finding_compare(out, a->rows == 0, "columns of type json or generated",
                    a->rows == 0 ? "none" : offenders_text(&list), "none");
    if (a->rows > 0) {
        const char *more = a->rows > SHOWN_MAX ? "more than 100" : "some";
        finding_add(out, VERDICT_FAIL, "are json or generated", "%s columns do not go over: %s",
                    more, offenders_text(&list));
        finding_remedy(out, "leave the tables out with task.scope = tables; or on the source, for "
                            "each: ALTER TABLE … MODIFY … LONGTEXT; (json) or … DROP COLUMN …; "
                            "(generated)");
    } else if (fact_sees(f, out, SOURCE, SIGHT_TABLES)) {
        finding_add(out, VERDICT_PASS, NULL, "no column is of type json or generated");
    }
}

/* ---- primary keys ---- */

void check_primary_keys(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_NO_PRIMARY_KEY];
    char names[400] = "", first[300], brief[64];

    if (!fact_answer(f, out, SOURCE, Q_NO_PRIMARY_KEY)) {
        return;
    }
    fact_names(a, 0, 1, names, sizeof names);
    /* Tables are shown to more accounts than their keys are. */
    if (!fact_sees(f, out, SOURCE, SIGHT_TABLES)) {
        if (a->rows > 0) {
            finding_add(out, VERDICT_UNKNOWN, NULL, "without primary key, or with a hidden one: %s",
                        names);
        }
        return;
    }
    if (a->rows == 0) {
        finding_add(out, VERDICT_PASS, NULL, "every table has a primary key");
        return;
    }
    quote_cells(a, 0, first, sizeof first);
    clean_format(brief, sizeof brief, "are missing in %s%d table%s",
                 a->rows > SHOWN_MAX ? "more than " : "",
                 (int)(a->rows > SHOWN_MAX ? SHOWN_MAX : a->rows), plural(a->rows));
    finding_add(out, VERDICT_WARN, brief, "without primary key: %s", names);
    finding_remedy(out, "on the source, for each: ALTER TABLE %s ADD PRIMARY KEY (…);", first);
}
