/* SPDX-License-Identifier: Apache-2.0 */
/* -407: is the task's own input valid. Looks at the config alone; no server is asked. What the
 * reader of the config has judged line by line is not repeated here. */
#include <ctype.h>
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

static size_t characters(const char *p, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        n += ((unsigned char)p[i] & 0xC0) != 0x80;
    }
    return n;
}

/* Whether the name had an invisible character, or half of one: such is kept as "\xe2" (clean.h),
 * and so it would be asked for. */
static bool was_cleaned(const char *name, size_t len)
{
    for (size_t i = 0; i + 3 < len; i++) {
        if (name[i] == '\\' && name[i + 1] == 'x' && isxdigit((unsigned char)name[i + 2]) &&
            isxdigit((unsigned char)name[i + 3])) {
            return true;
        }
    }
    return false;
}

/* Whether b is a, or a table of the whole database a. */
static bool covers(const struct chosen *a, const struct chosen *b)
{
    if (a->database_len != b->database_len ||
        strncmp(a->database, b->database, a->database_len) != 0) {
        return false;
    }
    return a->table == NULL || (b->table != NULL && a->table_len == b->table_len &&
                                strncmp(a->table, b->table, a->table_len) == 0);
}

static void check_word(const struct facts *f, const struct chosen *c, struct finding *out)
{
    char text[160];
    struct chosen other;
    unsigned covered = 0;

    clean_format(text, sizeof text, "%.*s%s%.*s", (int)c->database_len, c->database,
                 c->table == NULL ? "" : ".", (int)c->table_len, c->table == NULL ? "" : c->table);
    if (c->database_len == 0 || (c->table != NULL && c->table_len == 0)) {
        mistake(out, "task.tables", text, "has an empty name", "DATABASE or DATABASE.TABLE");
        return;
    }
    if (characters(c->database, c->database_len) > NAME_CHARACTERS ||
        (c->table != NULL && characters(c->table, c->table_len) > NAME_CHARACTERS)) {
        mistake(out, "task.tables", text, "has a name that is too long", "64 characters each");
    }
    if (was_cleaned(c->database, c->database_len) || was_cleaned(c->table, c->table_len)) {
        mistake(out, "task.tables", text, "has a character that this program cannot ask for",
                "letters that can be seen");
    }
    if (is_system_database(c->database, c->database_len)) {
        mistake(out, "task.tables", text, "names a system database", "databases of users");
    }
    for (const char *p = f->tables; chosen_next(&p, &other);) {
        covered += covers(&other, c);
    }
    if (covered > 1) {
        mistake(out, "task.tables", text, "is named twice, itself or by its database", "each once");
    }
}

/* Which compares each mode has rules for: without data there is nothing to compare. */
static const unsigned rule_sets[] = {
    [MODE_ONLINE] = 1u << COMPARE_NONE | 1u << COMPARE_SAMPLE | 1u << COMPARE_FULL,
    [MODE_BACKUP] = 1u << COMPARE_NONE | 1u << COMPARE_SAMPLE | 1u << COMPARE_FULL,
    [MODE_SCHEMA] = 1u << COMPARE_NONE,
};

void check_rule_set(const struct facts *f, struct finding *out)
{
    const char *mode = mode_name(f->mode), *compare = compare_name(f->compare);
    bool has = (rule_sets[f->mode] >> f->compare & 1) != 0;
    char pair[64];

    clean_format(pair, sizeof pair, "%s with %s", mode, compare);
    finding_compare(out, has, "task.mode with task.compare", pair, "a pair that has rules");
    if (has) {
        finding_add(out, VERDICT_PASS, NULL, "mode %s with compare %s has its rules", mode,
                    compare);
        return;
    }
    finding_add(out, VERDICT_FAIL, "is missing",
                "there are no rules for task.mode = %s with task.compare = %s", mode, compare);
    finding_remedy(out, "set task.compare = none: a migration of the structure alone has no data "
                        "to compare; or another task.mode");
}

void check_input(const struct facts *f, struct finding *out)
{
    const struct server_facts *s = &f->server[SOURCE], *t = &f->server[TARGET];
    struct chosen w;
    unsigned tables = 0;

    check_server(f, SOURCE, out);
    if (t->configured) {
        check_server(f, TARGET, out);
        if (s->host != NULL && t->host != NULL && strcasecmp(s->host, t->host) == 0 &&
            s->port == t->port) {
            mistake(out, "target.host", t->host, "with this port is the source itself",
                    "another server than the source");
        } else if (same_server(f) > 0) {
            finding_add(
                out, same_server(f) > 1 ? VERDICT_FAIL : VERDICT_WARN, "the target is the source",
                "target.host = \"%.120s\" is the source itself under another name: version, "
                "server_id, datadir%s and the time of its start are the same",
                t->host, same_server(f) > 1 ? ", server_uuid" : "");
            finding_remedy(out, "name another server in target.host and target.port; until then do "
                                "nothing on \"the target\" that the other checks advise");
        }
        for (int side = REPLICA; side < SIDES && f->server[side].configured; side++) {
            const struct server_facts *r = &f->server[side];
            if (r->host != NULL && t->host != NULL && strcasecmp(r->host, t->host) == 0 &&
                r->port == t->port) {
                mistake(out, "target.replicas", r->host, "with this port is the target itself",
                        "replicas of the target");
            }
        }
    }
    if (f->scope == SCOPE_TABLES) {
        for (const char *p = f->tables; chosen_next(&p, &w) && tables < 4096; tables++) {
            check_word(f, &w, out);
        }
        if (tables == 0) {
            mistake(out, "task.tables", "", "has an empty name", "DATABASE or DATABASE.TABLE");
        }
    }
    if (tables > 0) {
        finding_add(out, VERDICT_PASS, NULL, "%u name%s of databases and tables %s valid", tables,
                    tables == 1 ? "" : "s", tables == 1 ? "is" : "are");
    } else {
        finding_add(out, VERDICT_PASS, NULL, "the config's task is complete");
    }
}
