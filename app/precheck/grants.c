/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of SHOW GRANTS: taken apart word by word, and weighed as the server weighs them. */
#include "app/precheck/grants.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/reader.h"

static const struct {
    const char *name;
    unsigned may;
} privileges[] = {
    {"ALL PRIVILEGES", ~0u},
    {"SELECT", MAY_SELECT},
    {"INSERT", MAY_COLUMNS},
    {"UPDATE", MAY_COLUMNS},
    {"REFERENCES", MAY_COLUMNS},
    {"DELETE", MAY_TABLES},
    {"CREATE", MAY_TABLES},
    {"DROP", MAY_TABLES},
    {"INDEX", MAY_TABLES},
    {"ALTER", MAY_TABLES},
    {"CREATE VIEW", MAY_TABLES},
    {"SHOW VIEW", MAY_SHOW_VIEW},
    {"TRIGGER", MAY_TRIGGER},
    {"EVENT", MAY_EVENT},
    {"EXECUTE", MAY_ROUTINES},
    {"CREATE ROUTINE", MAY_ROUTINES},
    {"ALTER ROUTINE", MAY_ROUTINES},
    {"SHOW CREATE ROUTINE", MAY_ROUTINES | MAY_SHOW_ALL_ROUTINES},
    {"SHOW_ROUTINE", MAY_SHOW_ALL_ROUTINES},
    {"LOCK TABLES", MAY_DATABASES},
    {"CREATE TEMPORARY TABLES", MAY_DATABASES},
    {"SHOW DATABASES", MAY_DATABASES},
    {"REPLICATION SLAVE", MAY_REPLICATE},
    {"REPLICATION CLIENT", MAY_SEE_BINLOG},
    {"BINLOG MONITOR", MAY_SEE_BINLOG},
    {"SLAVE MONITOR", MAY_SEE_REPLICA},
    {"REPLICA MONITOR", MAY_SEE_REPLICA},
    {"SUPER", MAY_SUPER},
    {"BINLOG ADMIN", MAY_BINLOG_ADMIN},
    {"SYSTEM_VARIABLES_ADMIN", MAY_SESSION_VARIABLES},
    {"SESSION_VARIABLES_ADMIN", MAY_SESSION_VARIABLES},
};

/* What a row about a table, and one about a database, can give at all. */
#define OF_TABLE    (MAY_SELECT | MAY_SHOW_VIEW | MAY_TRIGGER | MAY_COLUMNS | MAY_TABLES)
#define OF_DATABASE (OF_TABLE | MAY_EVENT | MAY_ROUTINES | MAY_DATABASES | MAY_SHOW_ALL_ROUTINES)

/* ---- words ---- */

#define NAME_BYTES 320 /* of 64 characters with their escapes; what is longer is no name */

enum kind { END, WORD, QUOTED, MARK };

struct scan {
    struct reader r;
    const uint8_t *from;   /* where the token begins */
    char text[NAME_BYTES]; /* the token, unquoted */
    size_t len;
};

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '$' || c >= 0x80;
}

static void keep(struct scan *s, uint8_t c)
{
    if (s->len + 1 < sizeof s->text) {
        s->text[s->len++] = (char)c;
    }
}

/* Of the next token; a quote within its own kind of quotes is doubled. */
static enum kind next(struct scan *s)
{
    struct reader before;
    uint8_t c = ' ';

    s->len = 0;
    while (c == ' ') {
        s->from = s->r.pos;
        c = rd_u8(&s->r);
    }
    enum kind kind = c == '`' || c == '\'' || c == '"' ? QUOTED : is_word(c) ? WORD : MARK;
    uint8_t quote = c;
    if (kind == MARK) {
        keep(s, c);
    }
    while (kind == WORD && is_word(c)) {
        keep(s, c);
        before = s->r;
        c = rd_u8(&s->r);
        if (!is_word(c)) {
            s->r = before;
        }
    }
    while (kind == QUOTED && rd_ok(&s->r)) {
        c = rd_u8(&s->r);
        before = s->r;
        if (c == quote && rd_u8(&s->r) != quote) {
            s->r = before;
            break;
        }
        keep(s, c);
    }
    s->text[s->len] = '\0';
    return rd_ok(&s->r) ? kind : END;
}

static bool is_mark(const struct scan *s, enum kind k, char c)
{
    return k == MARK && s->text[0] == c;
}

/* ---- rows ---- */

enum target { ON_NOTHING, ON_ALL, ON_DATABASE, ON_TABLE, ON_ROLE, CUT };

struct grant {
    bool revoke;
    unsigned may;
    char database[NAME_BYTES], table[NAME_BYTES];
    const uint8_t *roles; /* ON_ROLE: from here … */
    size_t roles_len;
    const uint8_t *account; /* who has it */
    size_t account_len;
    bool role; /* the account is one */
};

static unsigned may_of(const char *name)
{
    for (size_t i = 0; i < sizeof privileges / sizeof privileges[0]; i++) {
        if (strcasecmp(privileges[i].name, name) == 0) {
            return privileges[i].may;
        }
    }
    return 0;
}

/* The list before ON. A privilege on some columns only counts for nothing. */
static enum target read_privileges(struct scan *s, struct grant *g)
{
    char name[32] = "";
    size_t used = 0;

    for (;;) {
        enum kind k = next(s);
        bool on = k == WORD && strcasecmp(s->text, "ON") == 0;
        bool to = k == WORD && (strcasecmp(s->text, "TO") == 0 || strcasecmp(s->text, "FROM") == 0);

        if (k == END) {
            return CUT;
        }
        if (to) {
            g->roles_len = (size_t)(s->from - g->roles);
            return ON_ROLE;
        }
        if (on || is_mark(s, k, ',')) {
            g->may |= may_of(name);
            name[used = 0] = '\0';
            if (on) {
                return ON_ALL;
            }
        } else if (is_mark(s, k, '(')) {
            while (!is_mark(s, k, ')')) {
                if ((k = next(s)) == END) {
                    return ON_NOTHING; /* a long list of columns */
                }
            }
            name[0] = '?';
        } else if (k == WORD) {
            int n =
                snprintf(name + used, sizeof name - used, "%s%s", used == 0 ? "" : " ", s->text);
            used = (size_t)n < sizeof name - used ? used + (size_t)n : sizeof name - 1;
        }
    }
}

static enum target read_target(struct scan *s, struct grant *g)
{
    enum kind k = next(s);
    bool all = is_mark(s, k, '*');

    snprintf(g->database, sizeof g->database, "%s", s->text);
    enum kind dot = k == END ? END : next(s);
    if (dot == END) {
        return CUT;
    }
    if (!is_mark(s, dot, '.')) {
        return ON_NOTHING; /* PROCEDURE …, or PROXY ON somebody */
    }
    k = next(s);
    if (k == END) {
        return CUT;
    }
    if (is_mark(s, k, '*')) {
        return all ? ON_ALL : ON_DATABASE;
    }
    snprintf(g->table, sizeof g->table, "%s", s->text);
    return ON_TABLE;
}

/* name, name@host or PUBLIC. False: cut. */
static bool read_account(struct scan *s, struct grant *g)
{
    enum kind k = next(s);
    struct reader end = s->r;

    if (k != WORD && k != QUOTED) {
        return false;
    }
    const uint8_t *from = s->from;
    g->role = k == QUOTED || strcasecmp(s->text, "PUBLIC") != 0;
    if (is_mark(s, next(s), '@')) {
        g->role = false;
        if (next(s) == END) {
            return false;
        }
        end = s->r;
    }
    g->account = from;
    g->account_len = (size_t)(end.pos - from);
    return true;
}

static enum target read_row(struct scan *s, struct grant *g, const char *row, size_t len)
{
    memset(g, 0, sizeof *g);
    s->r = rd_from(row, len);
    if (next(s) != WORD) {
        return ON_NOTHING;
    }
    g->revoke = strcasecmp(s->text, "REVOKE") == 0;
    if (!g->revoke && strcasecmp(s->text, "GRANT") != 0) {
        return ON_NOTHING; /* SET DEFAULT ROLE */
    }
    g->roles = s->r.pos;
    enum target on = read_privileges(s, g);
    if (on == ON_ALL) {
        on = read_target(s, g);
        if (on == ON_NOTHING || next(s) != WORD) { /* TO, FROM */
            return on == ON_NOTHING ? on : CUT;
        }
    }
    if (on == CUT || on == ON_NOTHING) {
        return on;
    }
    return read_account(s, g) ? on : CUT;
}

/* ---- weighing ---- */

struct weighing {
    const struct chosen *on; /* NULL: every database of users */
    bool fold, literal;      /* how names are compared */
    bool ranked; /* MySQL 8 and later print in the alphabet's order; others in that of weight */
    bool roles;  /* some are granted */
    unsigned global, revoked, table;
    struct held held;
    unsigned of_all_roles, of_any_role; /* MariaDB: the active role and those that it has */
    /* The rows about databases of one account after another. */
    const uint8_t *account;
    size_t account_len;
    bool role, matched, tie;
    unsigned rank, best, any, others;
};

static bool same_char(char a, char b, bool fold)
{
    return a == b || (fold && tolower((unsigned char)a) == tolower((unsigned char)b));
}

/* With % and _, which a backslash makes plain. */
static bool is_like(const char *p, const char *name, size_t len, bool fold)
{
    const char *again = NULL; /* behind the last % … */
    size_t at = 0, from = 0;  /* … which took all before this */

    while (at < len) {
        const char *c = *p == '\\' && p[1] != '\0' ? p + 1 : p;
        if (*p == '%') {
            again = ++p;
            from = at;
        } else if (*p == '_' || (*p != '\0' && same_char(*c, name[at], fold))) {
            p = c + 1;
            at++;
        } else if (again != NULL) {
            p = again;
            at = ++from;
        } else {
            return false;
        }
    }
    while (*p == '%') {
        p++;
    }
    return *p == '\0';
}

static bool is_same(const char *a, const char *name, size_t len, bool fold)
{
    return strlen(a) == len && (fold ? strncasecmp(a, name, len) : strncmp(a, name, len)) == 0;
}

/* The more of a pattern comes before its first wildcard, the more it weighs. */
static unsigned rank_of(const char *pattern, bool literal)
{
    for (unsigned i = 0; !literal && pattern[i] != '\0'; i++) {
        if (pattern[i] == '%' || pattern[i] == '_') {
            return i < 126 ? i + 1 : 127;
        }
        i += pattern[i] == '\\' && pattern[i + 1] != '\0';
    }
    return 128;
}

/* The rows of one account are through. */
static void weigh_account(struct weighing *w)
{
    unsigned yes = w->best & w->others;

    if (!w->matched) {
        return;
    }
    if (w->role) {
        w->of_all_roles &= yes;
        w->of_any_role |= w->best;
    } else {
        w->held.yes |= yes;
        w->held.maybe |= w->best & ~w->others;
        if (w->ranked && (w->tie || (w->roles && w->rank < 128))) {
            w->held.maybe |= w->any; /* with an active role all patterns count together */
        }
    }
}

static void weigh_database(struct weighing *w, const struct grant *g)
{
    unsigned may = g->may & OF_DATABASE;
    bool match;

    if (w->on != NULL) {
        match = w->literal ? is_same(g->database, w->on->database, w->on->database_len, w->fold)
                           : is_like(g->database, w->on->database, w->on->database_len, w->fold);
    } else {
        match = !w->literal && g->database[strspn(g->database, "%")] == '\0';
        if (!match && !is_system_database(g->database, strlen(g->database))) {
            w->others &= may;
        }
    }
    if (!match) {
        return;
    }
    unsigned rank = rank_of(g->database, w->literal);
    if (!w->matched || (w->ranked && rank > w->rank)) {
        w->best = may;
        w->rank = rank;
        w->tie = false;
    } else if (w->ranked && rank == w->rank) {
        w->best &= may;
        w->tie = true;
    }
    w->matched = true;
    w->any |= may;
}

static void weigh(struct weighing *w, const struct grant *g, enum target target)
{
    const struct chosen *on = w->on;

    if (w->account == NULL || g->account_len != w->account_len ||
        memcmp(g->account, w->account, g->account_len) != 0) {
        weigh_account(w);
        w->account = g->account;
        w->account_len = g->account_len;
        w->role = g->role;
        w->matched = w->tie = false;
        w->rank = w->best = w->any = 0;
        w->others = ~0u;
    }
    switch (target) {
    case ON_ALL:
        w->global |= g->may;
        break;
    case ON_DATABASE:
        if (!g->revoke) {
            weigh_database(w, g);
        } else if (on == NULL ? !is_system_database(g->database, strlen(g->database))
                              : is_same(g->database, on->database, on->database_len, w->fold)) {
            w->revoked |= g->may;
        }
        break;
    case ON_TABLE:
        if (on != NULL && on->table != NULL &&
            is_same(g->database, on->database, on->database_len, w->fold) &&
            is_same(g->table, on->table, on->table_len, w->fold)) {
            w->table |= g->may & OF_TABLE;
        }
        break;
    case ON_ROLE:
        w->roles = true;
        break;
    case CUT:
    case ON_NOTHING:
        break;
    }
}

static bool is_set(const struct server_facts *s, const char *name)
{
    const char *value = answer_variable(&s->answers[Q_VARIABLES], name);
    return value != NULL && strcmp(value, "0") != 0 && strcasecmp(value, "OFF") != 0;
}

struct held grants_held(const struct server_facts *s, const struct chosen *on)
{
    const struct answer *a = &s->answers[Q_GRANTS];
    struct server_version v = version_of(s);
    struct weighing w = {
        .on = on,
        .fold = is_set(s, "lower_case_table_names"),
        .literal = is_set(s, "partial_revokes"),
        .ranked = !v.mariadb && v.number >= 80000,
        .of_all_roles = ~0u,
        .others = ~0u,
    };
    bool cut = false, lost = false;
    struct scan scan;
    struct grant g;

    for (size_t i = 0; i < a->rows; i++) {
        const char *row = answer_cell(a, i, 0);
        enum target target =
            read_row(&scan, &g, row == NULL ? "" : row, row == NULL ? 0 : strlen(row));
        cut = cut || target == CUT;
        lost = lost || (target == CUT && g.revoke);
        if (g.account != NULL) {
            weigh(&w, &g, target);
        }
    }
    weigh_account(&w);
    struct held h = w.held;
    h.global = w.global;
    h.yes = ((h.yes | w.global | (w.of_all_roles & w.of_any_role)) & ~w.revoked) | w.table;
    h.maybe = cut ? ~0u : (h.maybe | w.of_any_role) & ~w.revoked;
    h.yes = lost ? 0 : h.yes;
    h.maybe &= ~h.yes;
    return h;
}

static bool show(const uint8_t *from, size_t len, char *buf, size_t size)
{
    while (len > 0 && *from == ' ') {
        from++;
        len--;
    }
    while (len > 0 && from[len - 1] == ' ') {
        len--;
    }
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(buf, from, len);
    buf[len] = '\0';
    return true;
}

bool grants_account(const struct server_facts *s, char *buf, size_t size)
{
    const struct answer *a = &s->answers[Q_GRANTS];
    struct scan scan;
    struct grant g;

    for (size_t i = 0; i < a->rows; i++) {
        const char *row = answer_cell(a, i, 0);
        if (row != NULL && read_row(&scan, &g, row, strlen(row)) != ON_NOTHING &&
            g.account != NULL && !g.role) {
            return show(g.account, g.account_len, buf, size);
        }
    }
    return false;
}

bool grants_roles(const struct server_facts *s, char *buf, size_t size)
{
    const struct answer *a = &s->answers[Q_GRANTS];
    struct scan scan;
    struct grant g;

    for (size_t i = 0; i < a->rows; i++) {
        const char *row = answer_cell(a, i, 0);
        if (row != NULL && read_row(&scan, &g, row, strlen(row)) == ON_ROLE) {
            return show(g.roles, g.roles_len, buf, size);
        }
    }
    return false;
}

size_t grants_without_secret(const char *row, size_t len)
{
    struct scan scan;
    struct grant g;
    enum target target = read_row(&scan, &g, row, len);
    size_t from = target == CUT || g.account == NULL
                      ? 0
                      : (size_t)(g.account + g.account_len - (const uint8_t *)row);
    const char *found = memmem(row + from, len - from, " IDENTIFIED ", 12);

    return found == NULL ? len : (size_t)(found - row);
}
