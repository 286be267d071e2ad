/* SPDX-License-Identifier: Apache-2.0 */
/* Names: of databases and tables in the task's list, of versions, and the fixed words. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/facts.h"

const char *side_name(enum side side)
{
    static const char *const names[] = {
        "source",    "target",    "replica 1", "replica 2", "replica 3",
        "replica 4", "replica 5", "replica 6", "replica 7", "replica 8",
    };
    _Static_assert(sizeof names / sizeof names[0] == SIDES, "every side has a name");
    return names[side];
}

const char *mode_name(enum config_mode mode)
{
    return mode == MODE_ONLINE ? "online" : mode == MODE_BACKUP ? "backup" : "schema";
}

const char *scope_name(enum config_scope scope)
{
    return scope == SCOPE_TABLES ? "tables" : "instance";
}

const char *compare_name(enum config_compare compare)
{
    return compare == COMPARE_FULL ? "full" : compare == COMPARE_SAMPLE ? "sample" : "none";
}

/* The length of a blank; a tab is four letters once the text is clean (clean.h). */
static size_t blank(const char *p, size_t len)
{
    return len >= 4 && memcmp(p, "\\x09", 4) == 0 ? 4 : len > 0 && (*p == ' ' || *p == '\t');
}

bool chosen_next(const char **p, struct chosen *c)
{
    memset(c, 0, sizeof *c);
    if (*p == NULL || (**p == '\0')) {
        return false;
    }
    const char *from = *p, *end = strchr(from, ',');
    size_t len = end == NULL ? strlen(from) : (size_t)(end - from);
    *p = end == NULL ? NULL : end + 1;
    size_t n = 0;
    while ((n = blank(from, len)) > 0) {
        from += n;
        len -= n;
    }
    for (; len > 0; len -= n) {
        n = len >= 4 && blank(from + len - 4, 4) == 4 ? 4 : blank(from + len - 1, 1);
        if (n == 0) {
            break;
        }
    }
    const char *dot = memchr(from, '.', len);
    c->database = from;
    c->database_len = dot == NULL ? len : (size_t)(dot - from);
    if (dot != NULL) {
        c->table = dot + 1;
        c->table_len = len - c->database_len - 1;
    }
    return true;
}

/* "5.5.5-" is what MariaDB put before its version for the sake of old replicas. */
struct server_version version_parse(const char *text)
{
    struct server_version v = {.text = text == NULL ? "" : text};
    unsigned part[3] = {0, 0, 0};

    if (strncmp(v.text, "5.5.5-", 6) == 0 && isdigit((unsigned char)v.text[6])) {
        v.text += 6;
    }
    const char *p = v.text;
    size_t parts = 0;
    for (; parts < 3 && isdigit((unsigned char)*p); parts++) {
        char *end = NULL;
        unsigned long n = strtoul(p, &end, 10);
        part[parts] = n > 99 ? 99 : (unsigned)n;
        p = *end == '.' ? end + 1 : "";
    }
    v.known = parts >= 2;
    v.number = part[0] * 10000 + part[1] * 100 + part[2];
    v.mariadb = strcasestr(v.text, "mariadb") != NULL || strstr(v.text, "-maria-") != NULL;
    return v;
}

/* VERSION() rather than the greeting: a proxy between makes up its own greeting. */
struct server_version version_of(const struct server_facts *s)
{
    const char *text = answer_cell(&s->answers[Q_VERSION], 0, 0);

    if (text == NULL) {
        text = answer_value(&s->answers[Q_CONNECT], 0, "version");
    }
    struct server_version v = version_parse(text);
    /* A server started with a version of its own making still has what only MariaDB has. */
    v.mariadb =
        v.mariadb || answer_variable(&s->answers[Q_VARIABLES], "gtid_domain_id") != NULL;
    return v;
}

unsigned version_series(const struct server_version *v)
{
    return v->number / 100;
}
