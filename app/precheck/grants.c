/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of SHOW GRANTS, weighed as the server weighs them. */
#include "app/precheck/grants.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/grant_row.h"

/* What a row about a table, and one about a database, can give at all. */
#define OF_TABLE    (MAY_SELECT | MAY_SHOW_VIEW | MAY_TRIGGER | MAY_COLUMNS | MAY_TABLES)
#define OF_DATABASE (OF_TABLE | MAY_EVENT | MAY_ROUTINES | MAY_DATABASES | MAY_SHOW_ALL_ROUTINES)

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

/* Where there are very many rows they are about single tables: those of others are passed over
 * without being taken apart. Not so what was cut or hidden, roles, and names with quotes in them.
 */
static bool is_of_another_table(const struct weighing *w, const char *row, size_t len)
{
    const struct chosen *on = w->on;

    if (w->fold || len < 9 || memcmp(row, "GRANT ", 6) != 0 || row[6] == '`' ||
        memcmp(row + len - 3, "…", 3) == 0 || memchr(row, '(', len) != NULL ||
        memmem(row, len, ".*", 2) != NULL) {
        return false;
    }
    return on == NULL || on->table == NULL ||
           (memchr(on->table, '`', on->table_len) == NULL &&
            memchr(on->table, '"', on->table_len) == NULL &&
            memmem(row, len, on->table, on->table_len) == NULL);
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
    struct grant g;

    for (size_t i = 0; i < a->rows; i++) {
        const char *row = answer_cell(a, i, 0);
        size_t len = row == NULL ? 0 : strlen(row);
        if (row == NULL || is_of_another_table(&w, row, len)) {
            continue;
        }
        enum target target = grant_read(&g, row, len);
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

/* From the first row that has it. */
static bool find(const struct server_facts *s, bool roles, char *buf, size_t size)
{
    const struct answer *a = &s->answers[Q_GRANTS];
    const uint8_t *from = NULL;
    struct grant g;
    size_t len = 0;

    for (size_t i = 0; i < a->rows && from == NULL; i++) {
        const char *row = answer_cell(a, i, 0);
        enum target target = grant_read(&g, row == NULL ? "" : row, row == NULL ? 0 : strlen(row));
        if (roles && target == ON_ROLE) {
            from = g.roles;
            len = g.roles_len;
        } else if (!roles && g.account != NULL && !g.role) {
            from = g.account;
            len = g.account_len;
        }
    }
    if (len == 0 || len >= size || memmem(from, len, HIDDEN, strlen(HIDDEN)) != NULL) {
        return false;
    }
    memcpy(buf, from, len);
    buf[len] = '\0';
    return true;
}

bool grants_account(const struct server_facts *s, char *buf, size_t size)
{
    return find(s, false, buf, size);
}

bool grants_roles(const struct server_facts *s, char *buf, size_t size)
{
    return find(s, true, buf, size);
}
