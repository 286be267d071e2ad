/* SPDX-License-Identifier: Apache-2.0 */
/* -411: what the account may do, and what it sees. What was tried decides; the rows of SHOW GRANTS
 * are read for what cannot be tried. */
#include <stdio.h>
#include <string.h>

#include "app/precheck/checks.h"
#include "app/precheck/clean.h"
#include "app/precheck/grants.h"

/* One thing that is wanted: any of these privileges; the name is for the GRANT. */
struct want {
    unsigned any;
    const char *name;
};

/* What is not there, gathered into a sentence and into statements. */
struct lack {
    const struct server_facts *s;
    char account[200];
    char what[320], grant[480];
    bool any;
    bool sure;     /* of some of it; the rows leave the rest open */
    unsigned more; /* did not fit into `what` */
    bool cut;      /* not all statements are in `grant` */
};

static void lack_begin(struct lack *l, const struct server_facts *s)
{
    memset(l, 0, sizeof *l);
    l->s = s;
    account_quoted(s, l->account, sizeof l->account);
}

/* A name for a statement. `pattern`: where % and _ would stand for others. */
static size_t put_name(char *buf, size_t size, const char *name, size_t len, bool pattern)
{
    size_t used = 1;

    buf[0] = '`';
    for (size_t i = 0; i < len && used + 3 < size; i++) {
        if (name[i] == '`' || (pattern && (name[i] == '_' || name[i] == '%'))) {
            buf[used++] = name[i] == '`' ? '`' : '\\';
        }
        buf[used++] = name[i];
    }
    buf[used++] = '`';
    buf[used] = '\0';
    return used;
}

/* "`d`.`t`", "`d`.*" or "*.*". */
static void put_object(const struct lack *l, const struct chosen *on, bool grant, char *buf,
                       size_t size)
{
    const char *literal = answer_variable(&l->s->answers[Q_VARIABLES], "partial_revokes");
    size_t used = 0;

    if (on == NULL) {
        snprintf(buf, size, "*.*");
        return;
    }
    used = put_name(buf, size / 2, on->database, on->database_len,
                    grant && on->table == NULL && (literal == NULL || !is_on(literal)));
    buf[used++] = '.';
    if (on->table == NULL) {
        snprintf(buf + used, size - used, "*");
    } else {
        put_name(buf + used, size - used, on->table, on->table_len, false);
    }
}

/* `grants`: what to grant, which may be more than what is lacking. */
static void lack_add(struct lack *l, const char *names, const char *grants, const struct chosen *on)
{
    char object[2 * 520 + 2], text[1500];
    size_t what = strlen(l->what), grant = strlen(l->grant);

    put_object(l, on, true, object, sizeof object);
    int n = snprintf(text, sizeof text, "%sGRANT %s ON %s TO %s", grant == 0 ? "" : "; ", grants,
                     object, l->account);
    if ((size_t)n < sizeof l->grant - grant) {
        memcpy(l->grant + grant, text, (size_t)n + 1);
    } else {
        l->cut = true; /* half a statement helps nobody */
    }
    if (sizeof l->what - what < 80) {
        l->more++;
    } else {
        put_object(l, on, false, object, sizeof object);
        clean_format(l->what + what, sizeof l->what - what, "%s%s on %s", what == 0 ? "" : "; ",
                     names, object);
    }
    l->any = true;
}

/* Adds those of `wants` that are not held on `on`. True: all are. */
static bool lack_on(struct lack *l, const struct chosen *on, const struct want *wants, size_t count,
                    bool quiet)
{
    struct held held = grants_held(l->s, on);
    char names[160] = "", all[160] = "";
    size_t used = 0, every = 0;

    for (size_t i = 0; i < count; i++) {
        every += clean_format(all + every, sizeof all - every, "%s%s", every == 0 ? "" : ", ",
                              wants[i].name);
        if ((held.yes & wants[i].any) == 0) {
            used += clean_format(names + used, sizeof names - used, "%s%s", used == 0 ? "" : ", ",
                                 wants[i].name);
            l->sure = l->sure || (!quiet && (held.maybe & wants[i].any) == 0);
        }
    }
    if (used > 0 && !quiet) {
        /* A grant on a database takes the place of the patterns that matched it before. */
        lack_add(l, names, on != NULL && on->table == NULL ? all : names, on);
    }
    return used == 0;
}

/* The kind of a named table, from what the server told of it: 'B'ASE TABLE, 'V'IEW, 0: not known.
 */
static char kind_of(const struct server_facts *s, const struct chosen *c)
{
    const struct answer *a = &s->answers[Q_TABLES];

    for (size_t i = 0; i < a->rows; i++) {
        const char *database = answer_cell(a, i, 0), *table = answer_cell(a, i, 1);
        const char *kind = answer_cell(a, i, 2);
        if (database != NULL && table != NULL && kind != NULL &&
            strlen(database) == c->database_len && strlen(table) == c->table_len &&
            memcmp(database, c->database, c->database_len) == 0 &&
            memcmp(table, c->table, c->table_len) == 0) {
            return kind[0];
        }
    }
    return 0;
}

/* The same over all that the task covers. `whole`: asked of databases only. `tables`: the kind of
 * each named table says which of the wants it has. */
static void lack_covered(struct lack *l, const struct facts *f, const struct want *wants,
                         size_t count, bool whole, bool kinds)
{
    struct chosen c, last = {0};
    bool last_had = false;

    if (lack_on(l, NULL, wants, count, f->scope != SCOPE_INSTANCE) || f->scope == SCOPE_INSTANCE) {
        return;
    }
    for (const char *p = f->tables; chosen_next(&p, &c);) {
        struct chosen database = {.database = c.database, .database_len = c.database_len};
        bool same =
            last.database_len == c.database_len &&
            memcmp(last.database == NULL ? "" : last.database, c.database, c.database_len) == 0;
        if (c.database_len == 0 || (same && (last_had || whole))) {
            continue;
        }
        if (!same) {
            last = database;
            last_had = lack_on(l, &database, wants, count, c.table != NULL && !whole);
        }
        if (last_had || whole || c.table == NULL || c.table_len == 0) {
            continue;
        }
        struct want some[4];
        size_t n = 0;
        char kind = kinds ? kind_of(l->s, &c) : 0;
        for (size_t i = 0; i < count && n < sizeof some / sizeof some[0]; i++) {
            bool idle = (kind == 'B' && wants[i].any == MAY_SHOW_VIEW) ||
                        (kind == 'V' && wants[i].any == MAY_TRIGGER);
            if (!idle) {
                some[n++] = wants[i];
            }
        }
        lack_on(l, &c, some, n, false);
    }
}

/* ---- -411 ---- */

/* What was tried, or else what the rows say: > 0 may, 0 may not, < 0 open. */
static int may(const struct facts *f, struct finding *out, enum question_id trial, unsigned any,
               const char *name)
{
    const struct server_facts *s = &f->server[SOURCE];
    const struct answer *a = &s->answers[trial];
    bool refused = a->state == FAILED && is_privilege_error(a->mysql_errno);
    char found[80];
    int yes = -1;

    out->used[SOURCE] |= 1u << trial;
    if (trial != Q_GRANTS && (a->state == ANSWERED || refused)) {
        yes = refused ? 0 : 1;
        clean_format(found, sizeof found, refused ? "tried, error %u" : "tried, works",
                     a->mysql_errno);
    } else if (s->answers[Q_GRANTS].state == ANSWERED) {
        struct held held = grants_held(s, NULL);
        yes = (held.yes & any) != 0 ? 1 : (held.maybe & any) != 0 ? -1 : 0;
        clean_format(found, sizeof found, "%s",
                     yes > 0    ? "granted"
                     : yes == 0 ? "not granted"
                                : "open");
    }
    if (yes >= 0) {
        finding_compare(out, yes > 0, name, found, "granted on *.*");
    }
    return yes;
}

/* What lets a session set its binlog_format. */
static struct want format_want(const struct server_version *v)
{
    if (v->mariadb && v->number >= 110001) {
        return (struct want){MAY_BINLOG_ADMIN, "BINLOG ADMIN"};
    }
    if (v->mariadb && v->number >= 100502) {
        return (struct want){MAY_BINLOG_ADMIN | MAY_SUPER, "BINLOG ADMIN"};
    }
    if (!v->mariadb && v->number >= 80014) {
        return (struct want){MAY_SESSION_VARIABLES | MAY_SUPER, "SESSION_VARIABLES_ADMIN"};
    }
    if (!v->mariadb && v->number >= 80000) {
        return (struct want){MAY_SESSION_VARIABLES | MAY_SUPER, "SYSTEM_VARIABLES_ADMIN"};
    }
    return (struct want){MAY_SUPER, "SUPER"};
}

static void try_global(const struct facts *f, struct finding *out, struct lack *l,
                       enum question_id trial, unsigned any, const char *name)
{
    int yes = may(f, out, trial, any, name);
    bool known = l->s->answers[Q_GRANTS].state == ANSWERED;

    if (yes == 0 || (yes < 0 && known)) {
        l->sure = l->sure || yes == 0;
        lack_add(l, name, name, NULL);
    }
}

/* Roles that were granted and may just not be active. */
static void roles_remedy(const struct lack *l, struct finding *out)
{
    const struct answer *variables = &l->s->answers[Q_VARIABLES];
    const char *always = answer_variable(variables, "activate_all_roles_on_login");
    bool mariadb = version_of(l->s).mariadb;
    char roles[200];

    if ((always != NULL && is_on(always)) || !grants_roles(l->s, roles, sizeof roles)) {
        return;
    }
    finding_remedy(out, "if a role that the account has is to give it: SET DEFAULT ROLE %s %s %s",
                   roles, mariadb ? "FOR" : "TO", l->account);
}

static void grants_remedy(const struct lack *l, enum side side, struct finding *out)
{
    finding_remedy(out, "on the %s: %s%s", side_name(side),
                   l->grant[0] == '\0' ? "grant what is lacking" : l->grant,
                   l->cut && l->grant[0] != '\0' ? "; and so on" : "");
    roles_remedy(l, out);
}

static void lack_tell(const struct lack *l, struct finding *out)
{
    char more[40] = "";

    if (!l->any) {
        return;
    }
    if (l->more > 0) {
        clean_format(more, sizeof more, " and on %u more", l->more);
    }
    char brief[sizeof out->brief];
    clean_format(brief, sizeof brief, "%s %s", l->sure ? "lacks" : "cannot be known:", l->what);
    finding_add(out, l->sure ? VERDICT_FAIL : VERDICT_UNKNOWN, brief, "%s %s%s",
                l->sure ? "the account lacks"
                        : "from the rows of SHOW GRANTS it cannot be told whether the account has",
                l->what, more);
    grants_remedy(l, SOURCE, out);
}

static void full_compare(const struct facts *f, struct finding *out, const struct lack *l,
                         const struct server_version *v)
{
    struct want w = format_want(v);
    char what[64];

    clean_format(what, sizeof what, "%s for task.compare = full", w.name);
    int yes = may(f, out, Q_GRANTS, w.any, what);
    if (yes > 0 || l->s->answers[Q_GRANTS].state != ANSWERED) {
        return;
    }
    char brief[sizeof out->brief];
    clean_format(brief, sizeof brief, "%s %s", yes == 0 ? "lacks" : "cannot be known:", what);
    finding_add(out, yes == 0 ? VERDICT_FAIL : VERDICT_UNKNOWN, brief,
                "task.compare = full sets the session's binlog_format, for which the account "
                "%s %s",
                yes == 0 ? "lacks" : "may lack", w.name);
    finding_remedy(out,
                   "set task.compare = sample, which needs no such privilege, or on the source: "
                   "GRANT %s ON *.* TO %s",
                   w.name, l->account);
    roles_remedy(l, out);
}

void check_privileges(const struct facts *f, struct finding *out)
{
    static const struct want wants[] = {
        {MAY_SELECT, "SELECT"},
        {MAY_SHOW_VIEW, "SHOW VIEW"},
        {MAY_TRIGGER, "TRIGGER"},
        {MAY_EVENT, "EVENT"}, /* of the whole instance only */
    };
    const struct server_facts *s = &f->server[SOURCE];
    struct server_version v = version_of(s);
    bool split = v.mariadb && v.number >= 100502;
    bool online = f->mode == MODE_ONLINE;
    struct lack l;

    lack_begin(&l, s);
    if (online) {
        try_global(f, out, &l, Q_WIRE, MAY_REPLICATE, "REPLICATION SLAVE");
        try_global(f, out, &l, Q_BINLOG_STATUS,
                   MAY_SEE_BINLOG | (v.mariadb && v.number >= 110001 ? 0 : MAY_SUPER),
                   split ? "BINLOG MONITOR" : "REPLICATION CLIENT");
    }
    if (fact_answer(f, out, SOURCE, Q_GRANTS)) {
        bool before = l.any;
        l.any = false;
        lack_covered(&l, f, wants, f->scope == SCOPE_INSTANCE ? 4 : 3, false, true);
        finding_compare(out, !l.any,
                        f->scope == SCOPE_INSTANCE ? "SELECT, SHOW VIEW, TRIGGER, EVENT"
                                                   : "SELECT, SHOW VIEW, TRIGGER",
                        l.any ? "not all granted" : "granted",
                        f->scope == SCOPE_INSTANCE ? "granted on *.*"
                                                   : "granted on what task.tables names");
        l.any = l.any || before;
    }
    lack_tell(&l, out);
    if (f->compare == COMPARE_FULL && f->mode != MODE_SCHEMA) { /* 996 has the other pair */
        full_compare(f, out, &l, &v);
    }
    const struct answer *replica = &s->answers[Q_REPLICA_STATUS];
    bool unseen = split && replica->state == FAILED && is_privilege_error(replica->mysql_errno);
    finding_add(out, VERDICT_PASS, NULL, "the account has %sSELECT, SHOW VIEW, TRIGGER%s on %s%s",
                !online ? ""
                : split ? "REPLICATION SLAVE, BINLOG MONITOR, "
                        : "REPLICATION SLAVE, REPLICATION CLIENT, ",
                f->scope == SCOPE_INSTANCE ? ", EVENT" : "",
                f->scope == SCOPE_INSTANCE ? "all databases" : "what task.tables names",
                unseen ? "; only whether this server is a replica it may not see (SLAVE MONITOR)"
                       : "");
}

/* ---- what it sees ---- */

bool fact_sees(const struct facts *f, struct finding *out, enum side side, enum sight what)
{
    const struct server_facts *s = &f->server[side];
    struct server_version v = version_of(s);
    unsigned tables = MAY_SHOW_VIEW | MAY_TRIGGER | MAY_COLUMNS | MAY_TABLES;
    unsigned databases = tables | MAY_SELECT | MAY_EVENT | MAY_ROUTINES | MAY_DATABASES;
    const struct want wants[] = {
        [SIGHT_TABLES] = {MAY_SELECT | MAY_COLUMNS, "SELECT"},
        [SIGHT_TRIGGERS] = {MAY_TRIGGER, "TRIGGER"},
        [SIGHT_EVENTS] = {MAY_EVENT, "EVENT"},
        [SIGHT_ROUTINES] = {MAY_ROUTINES | MAY_SHOW_ALL_ROUTINES, "EXECUTE"},
        [SIGHT_ALL_DATABASES] = {databases, "SHOW DATABASES"},
        [SIGHT_KEYS] = {tables, "SHOW VIEW"},
    };
    struct lack l;

    if (!fact_answer(f, out, side, Q_GRANTS)) {
        return false;
    }
    lack_begin(&l, s);
    if (what == SIGHT_ALL_DATABASES) {
        lack_on(&l, NULL, &wants[what], 1, false);
    } else if (what == SIGHT_ROUTINES) {
        static const struct chosen proc = {"mysql", "proc", 5, 4};
        bool all = !v.mariadb && v.number >= 80000
                       ? (grants_held(s, NULL).global & (MAY_SELECT | MAY_SHOW_ALL_ROUTINES)) != 0
                       : (grants_held(s, &proc).yes & MAY_SELECT) != 0;
        if (!all) {
            lack_covered(&l, f, &wants[what], 1, true, false);
        }
    } else {
        lack_covered(&l, f, &wants[what == SIGHT_KEYS ? SIGHT_TABLES : what], 1,
                     what == SIGHT_EVENTS, false);
        /* MariaDB tells it only to those who may do more than read in the whole database. */
        if (what == SIGHT_KEYS && v.mariadb) {
            lack_covered(&l, f, &wants[SIGHT_KEYS], 1, true, false);
        }
    }
    if (!l.any) {
        return true;
    }
    finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                "the %s shows the account only a part: it lacks %s", side_name(side), l.what);
    grants_remedy(&l, side, out);
    return false;
}
