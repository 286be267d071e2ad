/* SPDX-License-Identifier: Apache-2.0 */
/* One row of SHOW GRANTS, taken apart word by word. */
#include "app/precheck/grant_row.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/grants.h"
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

/* ---- words ---- */

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

/* ---- the row ---- */

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
            return ON_ROLE;
        }
        if (g->roles == NULL) {
            g->roles = s->from;
        }
        g->roles_len = (size_t)(s->r.pos - g->roles);
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
    if (strstr(g->database, HIDDEN) != NULL || (k == QUOTED && strstr(s->text, HIDDEN) != NULL)) {
        return CUT; /* the password is part of the name */
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

enum target grant_read(struct grant *g, const char *row, size_t len)
{
    struct scan scan, *s = &scan;

    memset(g, 0, sizeof *g);
    s->r = rd_from(row, len);
    enum kind first = next(s);
    if (first != WORD) {
        return first == END ? ON_NOTHING : CUT;
    }
    g->revoke = strcasecmp(s->text, "REVOKE") == 0;
    if (!g->revoke && strcasecmp(s->text, "GRANT") != 0) {
        return ON_NOTHING; /* SET DEFAULT ROLE */
    }
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

size_t grants_without_secret(const char *row, size_t len)
{
    struct grant g;
    enum target target = grant_read(&g, row, len);
    size_t from = target == CUT || g.account == NULL
                      ? 0
                      : (size_t)(g.account + g.account_len - (const uint8_t *)row);
    const char *found = memmem(row + from, len - from, " IDENTIFIED ", 12);

    return found == NULL ? len : (size_t)(found - row);
}
