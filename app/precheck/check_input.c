/* SPDX-License-Identifier: Apache-2.0 */
/* -407: is the task's own input valid. Looks at the config alone; no server is asked. What the
 * reader of the config has judged line by line is not repeated here. */
#include <string.h>
#include <strings.h>

#include "app/precheck/checks.h"
#include "app/precheck/clean.h"

#define NAME_CHARACTERS 64 /* of a database or table, in every server */

static void mistake(struct finding *out, const char *key, const char *value, const char *what,
                    const char *allowed)
{
    finding_compare(out, false, key, value, allowed);
    finding_add(out, VERDICT_FAIL, NULL, "%s = \"%.120s\" %s; allowed: %s", key, value, what,
                allowed);
    finding_remedy(out, "correct %s in the config: %s", key, allowed);
}

static void check_server(const struct facts *f, enum side side, struct finding *out)
{
    const struct server_facts *s = &f->server[side];

    if (s->host == NULL || s->host[0] == '\0') {
        mistake(out, side == SOURCE ? "source.host" : "target.host", "", "is missing",
                "name or address of the server");
    }
    if (s->user == NULL || s->user[0] == '\0') {
        mistake(out, side == SOURCE ? "source.user" : "target.user", "", "is missing",
                "an account's name");
    }
}

static bool is_system(const char *name, size_t len)
{
    static const char *const names[] = {"mysql", "sys", "information_schema", "performance_schema"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0) {
            return true;
        }
    }
    return false;
}

static size_t characters(const char *p, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        n += ((unsigned char)p[i] & 0xC0) != 0x80;
    }
    return n;
}

struct word {
    const char *at;
    size_t len;
};

/* The next entry of the comma separated list without blanks around it; false at its end. */
static bool next_word(const char **p, struct word *w)
{
    if (*p == NULL) {
        return false;
    }
    const char *from = *p, *end = strchr(from, ',');
    size_t len = end == NULL ? strlen(from) : (size_t)(end - from);
    *p = end == NULL ? NULL : end + 1;
    while (len > 0 && (*from == ' ' || *from == '\t')) {
        from++;
        len--;
    }
    while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t')) {
        len--;
    }
    *w = (struct word){from, len};
    return true;
}

/* Whether b is a, or a table of the whole database a. */
static bool covers(const struct word *a, const struct word *b)
{
    if (a->len > b->len || strncmp(a->at, b->at, a->len) != 0) {
        return false;
    }
    return a->len == b->len || (memchr(a->at, '.', a->len) == NULL && b->at[a->len] == '.');
}

static void check_word(const struct facts *f, const struct word *w, struct finding *out)
{
    char text[160];
    const char *dot = memchr(w->at, '.', w->len);
    size_t database = dot == NULL ? w->len : (size_t)(dot - w->at);
    size_t table = dot == NULL ? 0 : w->len - database - 1;
    struct word other;
    unsigned covered = 0;

    clean_format(text, sizeof text, "%.*s", (int)w->len, w->at);
    if (database == 0 || (dot != NULL && table == 0)) {
        mistake(out, "task.tables", text, "has an empty name", "DATABASE or DATABASE.TABLE");
        return;
    }
    if (characters(w->at, database) > NAME_CHARACTERS ||
        (dot != NULL && characters(dot + 1, table) > NAME_CHARACTERS)) {
        mistake(out, "task.tables", text, "has a name that is too long", "64 characters each");
    }
    if (is_system(w->at, database)) {
        mistake(out, "task.tables", text, "names a system database", "databases of users");
    }
    for (const char *p = f->tables; next_word(&p, &other);) {
        covered += covers(&other, w);
    }
    if (covered > 1) {
        mistake(out, "task.tables", text, "is named twice, itself or by its database", "each once");
    }
}

void check_input(const struct facts *f, struct finding *out)
{
    const struct server_facts *s = &f->server[SOURCE], *t = &f->server[TARGET];
    struct word w;
    unsigned tables = 0;

    check_server(f, SOURCE, out);
    if (t->configured) {
        check_server(f, TARGET, out);
        if (s->host != NULL && t->host != NULL && strcasecmp(s->host, t->host) == 0 &&
            s->port == t->port) {
            mistake(out, "target.host", t->host, "with this port is the source itself",
                    "another server than the source");
        }
    }
    if (f->scope == SCOPE_TABLES) {
        for (const char *p = f->tables; next_word(&p, &w) && tables < 4096; tables++) {
            check_word(f, &w, out);
        }
    }
    if (tables > 0) {
        finding_add(out, VERDICT_PASS, NULL, "%u names of databases and tables are valid", tables);
    } else {
        finding_add(out, VERDICT_PASS, NULL, "the config's task is complete");
    }
}
