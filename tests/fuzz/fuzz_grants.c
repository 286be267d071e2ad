/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of SHOW GRANTS made of outside bytes: reading them ends, and they never give more than what
 * is written in them.
 *
 * The first line is the version (its first byte: M MySQL 9, m MySQL 5, A MariaDB), partial_revokes
 * (1), lower_case_table_names (1), then the name asked for; each further line is a row. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/grants.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                              \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void put(struct answer *a, const char *text, size_t len)
{
    REQUIRE(answer_put(a, text, len) == OK);
}

static void put_all(struct answer *a, size_t columns, const char *const *cells, size_t count)
{
    REQUIRE(answer_rows(a, "", columns) == OK);
    for (size_t i = 0; i < count; i++) {
        put(a, cells[i], strlen(cells[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct facts f;
    struct server_facts *s = &f.server[SOURCE];
    const char *p = (const char *)data;
    char text[256], names[256] = "";

    if (size < 4) {
        return 0;
    }
    const char *const version[] = {"VERSION()", p[0] == 'M'   ? "9.7.4"
                                                : p[0] == 'm' ? "5.6.24"
                                                              : "11.8.6-MariaDB"};
    const char *const variables[] = {"Variable_name",          "Value",
                                     "partial_revokes",        p[1] == '1' ? "ON" : "OFF",
                                     "lower_case_table_names", p[2] == '1' ? "1" : "0"};
    const char *const grants[] = {"Grants for u@%"};
    put_all(&s->answers[Q_VERSION], 1, version, 2);
    put_all(&s->answers[Q_VARIABLES], 2, variables, 6);
    put_all(&s->answers[Q_GRANTS], 1, grants, 1);
    bool first = true;
    for (p += 3, size -= 3; size > 0;) {
        const char *end = memchr(p, '\n', size);
        size_t n = end == NULL ? size : (size_t)(end - p);
        if (first) {
            memcpy(names, p, n < sizeof names - 1 ? n : sizeof names - 1);
        } else {
            size_t shown = grants_without_secret(p, n);
            REQUIRE(shown <= n);
            put(&s->answers[Q_GRANTS], p, n);
        }
        first = false;
        p += n < size ? n + 1 : n;
        size -= n < size ? n + 1 : n;
    }
    struct chosen c;
    const char *at = names;
    bool named = chosen_next(&at, &c) && c.database_len > 0;
    struct held all = grants_held(s, NULL);
    struct held one = grants_held(s, named ? &c : NULL);
    REQUIRE((all.yes & all.maybe) == 0 && (one.yes & one.maybe) == 0);
    /* What holds on every database holds on each that is no system's. */
    if (named && !is_system_database(c.database, c.database_len)) {
        REQUIRE((all.yes & ~(one.yes | one.maybe) & (MAY_SELECT | MAY_TRIGGER)) == 0);
    }
    /* A table has at least what its database has. */
    if (named && c.table != NULL) {
        struct held table = one;
        c.table = NULL;
        one = grants_held(s, &c);
        REQUIRE((one.yes & ~table.yes) == 0);
    }
    if (grants_account(s, text, sizeof text)) {
        REQUIRE(text[0] != '\0');
    }
    if (grants_roles(s, text, sizeof text)) {
        REQUIRE(text[0] != '\0');
    }
    facts_free(&f);
    return 0;
}
