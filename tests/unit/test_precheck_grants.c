/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of SHOW GRANTS as the servers print them, and what they come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/checks.h"
#include "app/precheck/grants.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define M5  "5.6.24-log"
#define M8  "8.0.40"
#define M9  "9.7.4"
#define A5  "5.5.5-10.5.23-MariaDB-log"
#define A10 "5.5.5-10.11.19-MariaDB-log"
#define A11 "11.8.6-MariaDB-log"

#define U5  " TO 'u'@'%'"
#define U   " TO `u`@`%`"
#define HAS "yes"
#define NOT "no"
#define MAY "maybe"

struct row {
    const char *version;
    const char *rows;      /* one a line */
    const char *variables; /* "partial_revokes=ON" */
    const char *on;        /* "" everything, "d", "d.t" */
    unsigned may;
    const char *verdict;
};

static const struct row rows[] = {
    /* Everything, nothing. */
    {M5, "GRANT ALL PRIVILEGES ON *.*" U5 " WITH GRANT OPTION", "", "", MAY_SELECT, HAS},
    {M5, "GRANT ALL PRIVILEGES ON *.*" U5, "", "", MAY_SUPER, HAS},
    {A10, "GRANT ALL PRIVILEGES ON *.*" U, "", "", MAY_BINLOG_ADMIN, HAS},
    {A10, "GRANT ALL PRIVILEGES ON *.*" U, "", "any.thing", MAY_SHOW_VIEW, HAS},
    {M9, "GRANT USAGE ON *.*" U, "", "", MAY_SELECT, NOT},
    {M9, "GRANT USAGE ON *.*" U, "", "d.t", MAY_SELECT, NOT},
    {M5, "GRANT USAGE ON *.* TO ''@'localhost'", "", "d", MAY_SELECT, NOT},
    {M5, "GRANT SELECT ON *.* TO ''@'localhost'", "", "d", MAY_SELECT, HAS},
    {M5, "GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION", "", "", MAY_SELECT, NOT},
    {M9, "GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION", "", "", MAY_SELECT, NOT},
    {M5, "", "", "", MAY_SELECT, NOT},

    /* Global ones, with what comes behind the account. */
    {M5,
     "GRANT SELECT, REPLICATION SLAVE ON *.*" U5
     " IDENTIFIED BY PASSWORD '*65190403A7C90153795544A7B6EFB2561241785D' REQUIRE SSL",
     "", "", MAY_REPLICATE, HAS},
    {M5, "GRANT SELECT, REPLICATION SLAVE ON *.*" U5 " IDENTIFIED BY PASSWORD", "", "",
     MAY_SEE_BINLOG, NOT},
    {M5, "GRANT REPLICATION CLIENT ON *.*" U5 " IDENTIFIED BY PASSWORD", "", "", MAY_SEE_BINLOG,
     HAS},
    {A10,
     "GRANT BINLOG MONITOR ON *.*" U
     " IDENTIFIED BY PASSWORD '*65190403A7C90153795544A7B6EFB2561241785D'",
     "", "", MAY_SEE_BINLOG, HAS},
    {A10, "GRANT SLAVE MONITOR ON *.*" U, "", "", MAY_SEE_REPLICA, HAS},
    {A10, "GRANT SLAVE MONITOR ON *.*" U, "", "", MAY_SEE_BINLOG, NOT},
    {A10, "GRANT REPLICATION SLAVE ADMIN ON *.*" U, "", "", MAY_REPLICATE, NOT},
    {A10, "GRANT REPLICATION MASTER ADMIN, BINLOG REPLAY ON *.*" U, "", "",
     MAY_REPLICATE | MAY_SEE_BINLOG | MAY_BINLOG_ADMIN, NOT},
    {A10, "GRANT BINLOG ADMIN ON *.*" U, "", "", MAY_BINLOG_ADMIN, HAS},
    {M9, "GRANT USAGE ON *.*" U "\nGRANT BINLOG_ADMIN,SESSION_VARIABLES_ADMIN ON *.*" U, "", "",
     MAY_SESSION_VARIABLES, HAS},
    {M9, "GRANT USAGE ON *.*" U "\nGRANT BINLOG_ADMIN,CLONE_ADMIN ON *.*" U, "", "",
     MAY_SESSION_VARIABLES | MAY_BINLOG_ADMIN, NOT},
    {A11, "GRANT SHOW CREATE ROUTINE ON `d`.*" U, "", "d", MAY_SHOW_ALL_ROUTINES, HAS},
    {M9, "GRANT SELECT, SHOW VIEW ON *.*" U " WITH GRANT OPTION", "", "d.t", MAY_SHOW_VIEW, HAS},
    {M9, "GRANT CREATE VIEW, SHOW DATABASES ON *.*" U, "", "d.t", MAY_SHOW_VIEW | MAY_SELECT, NOT},

    /* One database. */
    {M5, "GRANT SELECT ON `d`.*" U5, "", "d", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `d`.*" U5, "", "d.t", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `d`.*" U5, "", "D", MAY_SELECT, NOT},
    {M5, "GRANT SELECT ON `d`.*" U5, "lower_case_table_names=1", "D", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `d`.*" U5, "lower_case_table_names=0", "D", MAY_SELECT, NOT},
    {M5, "GRANT SELECT ON `d`.*" U5, "", "dd", MAY_SELECT, NOT},
    {M5, "GRANT SELECT ON `d`.*" U5, "", "", MAY_SELECT, NOT},
    {M5, "GRANT ALL PRIVILEGES ON `d`.*" U5, "", "d", MAY_EVENT, HAS},
    {M5, "GRANT ALL PRIVILEGES ON `d`.*" U5, "", "d", MAY_SUPER | MAY_REPLICATE, NOT},
    {A10, "GRANT SELECT ON `we ``ird`.*" U, "", "we `ird", MAY_SELECT, HAS},
    {A10, "GRANT SELECT ON \"we `ird\".* TO \"u\"@\"%\"", "", "we `ird", MAY_SELECT, HAS},
    {A10, "GRANT SELECT ON a_b.* TO u@`%`", "", "a_b", MAY_SELECT, HAS},

    /* Patterns. */
    {M5, "GRANT SELECT ON `a_b`.*" U5, "", "a_b", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `a_b`.*" U5, "", "axb", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `a_b`.*" U5, "", "axbc", MAY_SELECT, NOT},
    {M5, "GRANT SELECT ON `a\\_b`.*" U5, "", "a_b", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `a\\_b`.*" U5, "", "axb", MAY_SELECT, NOT},
    {M5, "GRANT SELECT ON `a%`.*" U5, "", "axbc.t", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `a\\%`.*" U5, "", "a%", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `a\\%`.*" U5, "", "ab", MAY_SELECT, NOT},
    {M5, "GRANT SELECT ON `%b%c`.*" U5, "", "abbxc", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `%b%c`.*" U5, "", "abbxd", MAY_SELECT, NOT},
    {M5, "GRANT SELECT ON `%`.*" U5, "", "", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `a%`.*" U5, "", "", MAY_SELECT, NOT},

    /* Of several that match only one counts: MySQL 5 and MariaDB print them in that order, MySQL 8
     * in the alphabet's. */
    {M5, "GRANT SHOW VIEW ON `axb`.*" U5 "\nGRANT SELECT ON `a%`.*" U5, "", "axb", MAY_SELECT, NOT},
    {M5, "GRANT SHOW VIEW ON `axb`.*" U5 "\nGRANT SELECT ON `a%`.*" U5, "", "axc", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON `ax%`.*" U5 "\nGRANT SHOW VIEW ON `a%c`.*" U5, "", "axbc", MAY_SELECT,
     HAS},
    {A10, "GRANT SHOW VIEW ON `a%c`.*" U "\nGRANT SELECT ON `ax%`.*" U, "", "axbc", MAY_SELECT,
     NOT},
    {M9, "GRANT SELECT ON `a%`.*" U "\nGRANT SHOW VIEW ON `ax%`.*" U, "", "axbc", MAY_SELECT, NOT},
    {M9, "GRANT SHOW VIEW ON `a%c`.*" U "\nGRANT SELECT ON `ax%`.*" U, "", "axbc", MAY_SELECT, HAS},
    {M9, "GRANT SHOW VIEW ON `a\\_b`.*" U "\nGRANT SELECT ON `a_b`.*" U, "", "a_b", MAY_SELECT,
     NOT},
    {M9, "GRANT SHOW VIEW ON `a%`.*" U "\nGRANT SELECT ON `a%b`.*" U, "", "axb", MAY_SELECT, MAY},
    {M9, "GRANT SELECT, SHOW VIEW ON `a%`.*" U "\nGRANT SELECT ON `a%b`.*" U, "", "axb", MAY_SELECT,
     HAS},
    {M9, "GRANT SELECT ON `a%`.*" U "\nGRANT SHOW VIEW ON `ax%`.*" U "\nGRANT `r`@`%`" U, "",
     "axbc", MAY_SELECT, MAY},
    {M9, "GRANT SHOW VIEW ON `axb`.*" U "\nGRANT SELECT ON `a%`.*" U "\nGRANT `r`@`%`" U, "", "axb",
     MAY_SELECT, NOT},
    {M5, "GRANT SHOW VIEW ON `d`.*" U5 "\nGRANT SELECT ON `%`.*" U5, "", "", MAY_SELECT, MAY},
    {M5, "GRANT SHOW VIEW ON `mysql`.*" U5 "\nGRANT SELECT ON `%`.*" U5, "", "", MAY_SELECT, HAS},

    /* partial_revokes. */
    {M9, "GRANT SELECT ON *.*" U "\nREVOKE SELECT ON `a_b`.* FROM `u`@`%`", "partial_revokes=ON",
     "a_b", MAY_SELECT, NOT},
    {M9, "GRANT SELECT ON *.*" U "\nREVOKE SELECT ON `a_b`.* FROM `u`@`%`", "partial_revokes=ON",
     "axb", MAY_SELECT, HAS},
    {M9, "GRANT SELECT ON *.*" U "\nREVOKE SELECT ON `a_b`.* FROM `u`@`%`", "partial_revokes=ON",
     "", MAY_SELECT, NOT},
    {M9, "GRANT SELECT ON *.*" U "\nREVOKE SELECT ON `mysql`.* FROM `u`@`%`", "partial_revokes=ON",
     "", MAY_SELECT, HAS},
    {M9, "GRANT SELECT ON *.*" U "\nREVOKE SELECT ON `d`.* FROM `u`@`%`\nGRANT SELECT ON `d`.`t`" U,
     "partial_revokes=ON", "d.t", MAY_SELECT, HAS},
    {M9,
     "GRANT SELECT ON *.*" U "\nGRANT SELECT ON `d`.*" U "\nREVOKE SELECT ON `d`.* FROM `u`@`%`",
     "partial_revokes=ON", "d", MAY_SELECT, NOT},
    {M9, "GRANT SELECT ON `a_b`.*" U, "partial_revokes=ON", "a_b", MAY_SELECT, HAS},
    {M9, "GRANT SELECT ON `a_b`.*" U, "partial_revokes=ON", "axb", MAY_SELECT, NOT},
    {M9, "GRANT SELECT ON `a\\_b`.*" U, "partial_revokes=ON", "a_b", MAY_SELECT, NOT},
    {M9, "GRANT SELECT ON `a\\_b`.*" U, "partial_revokes=OFF", "a_b", MAY_SELECT, HAS},
    {M9, "GRANT SELECT ON `%`.*" U, "partial_revokes=ON", "", MAY_SELECT, NOT},

    /* Tables, columns, routines. */
    {M9, "GRANT SELECT ON `d`.`t`" U, "", "d.t", MAY_SELECT, HAS},
    {M9, "GRANT SELECT ON `d`.`t`" U, "", "d.u", MAY_SELECT, NOT},
    {M9, "GRANT SELECT ON `d`.`t`" U, "", "d", MAY_SELECT, NOT},
    {M9, "GRANT SELECT ON `a_b`.`t`" U, "", "axb.t", MAY_SELECT, NOT},
    {M9, "GRANT SELECT ON `d`.`T`" U, "lower_case_table_names=1", "d.t", MAY_SELECT, HAS},
    {M9, "GRANT SELECT (`i`) ON `d`.`t`" U, "", "d.t", MAY_SELECT, NOT},
    {M5, "GRANT SELECT (i, j), INSERT, SHOW VIEW ON `d`.`t`" U5, "", "d.t", MAY_SELECT, NOT},
    {M5, "GRANT SELECT (i, j), INSERT, SHOW VIEW ON `d`.`t`" U5, "", "d.t", MAY_SHOW_VIEW, HAS},
    {M9, "GRANT INSERT (`a) ON *.*`, `b`), SELECT ON `d`.`t`" U, "", "d.t", MAY_SELECT, HAS},
    {M9, "GRANT INSERT (`a), SELECT ON *.* TO x`) ON `d`.`t`" U, "", "", MAY_SELECT, NOT},
    {M5, "GRANT ALL PRIVILEGES ON `d`.`t`" U5, "", "d.t", MAY_TRIGGER, HAS},
    {M5, "GRANT ALL PRIVILEGES ON `d`.`t`" U5, "", "d.t", MAY_EVENT, NOT},
    {M5, "GRANT EXECUTE ON PROCEDURE `d`.`p`" U5, "", "d.p", MAY_ROUTINES, NOT},
    {A10, "GRANT EXECUTE ON PACKAGE BODY `d`.`p`" U, "", "d.p", MAY_ROUTINES, NOT},
    {M5, "GRANT SELECT ON procedure.`t`" U5, "", "procedure.t", MAY_SELECT, HAS},
    {M5, "GRANT SELECT ON mysql.proc" U5, "", "mysql.proc", MAY_SELECT, HAS},

    /* Roles: MySQL merges those that are active into the account's rows, MariaDB lists them. */
    {M9, "GRANT USAGE ON *.*" U "\nGRANT `r1`@`%`,`r2`@`%`" U " WITH ADMIN OPTION", "", "d",
     MAY_SELECT, NOT},
    {M9, "GRANT SELECT ON *.*" U "\nGRANT `SELECT ON *.* `@`%`" U, "", "d", MAY_EVENT, NOT},
    {A10, "GRANT `r1`" U "\nGRANT USAGE ON *.*" U, "", "d", MAY_SELECT, NOT},
    {A10,
     "GRANT `r1`" U "\nGRANT USAGE ON *.*" U "\nGRANT SELECT ON *.* TO `r1`\n"
     "SET DEFAULT ROLE `r1` FOR `u`@`%`",
     "", "d", MAY_SELECT, HAS},
    {A5, "GRANT r1 TO u@`%`\nGRANT USAGE ON *.* TO u@`%`\nGRANT SELECT ON d.* TO r1", "", "d",
     MAY_SELECT, HAS},
    {A10, "GRANT `r1`" U "\nGRANT SHOW VIEW ON `axb`.*" U "\nGRANT SELECT ON `a%`.* TO `r1`", "",
     "axb", MAY_SELECT, HAS},
    {A10,
     "GRANT `r1`" U "\nGRANT USAGE ON *.*" U
     "\nGRANT SHOW VIEW ON `ax%`.* TO `r1`\nGRANT SELECT ON `a%`.* TO `r1`",
     "", "axb", MAY_SELECT, NOT},
    {A10,
     "GRANT `r1`" U "\nGRANT `r2` TO `r1`\nGRANT SHOW VIEW ON `axb`.* TO `r1`\n"
     "GRANT SELECT ON `a%`.* TO `r2`",
     "", "axb", MAY_SELECT, MAY},
    {A10,
     "GRANT `r1`" U "\nGRANT `r2` TO `r1`\nGRANT SHOW VIEW ON `axb`.* TO `r1`\n"
     "GRANT SELECT ON `a%`.* TO `r2`",
     "", "axbc", MAY_SELECT, HAS},
    {A11, "GRANT SHOW VIEW ON `axb`.*" U "\nGRANT SELECT ON `a%`.* TO PUBLIC", "", "axb",
     MAY_SELECT, HAS},

    {A11, "GRANT `r1`" U "\nGRANT SHOW VIEW ON `axb`.* TO `r1`\nGRANT SELECT ON `a%`.* TO PUBLIC",
     "", "axb", MAY_SELECT, HAS},

    /* What was cut or is nothing like a grant. */
    {M9, "GRANT USAGE ON *.*" U "\nGRANT BINLOG_ADMIN,CLONE_AD…", "", "", MAY_SESSION_VARIABLES,
     MAY},
    {M9, "GRANT SELECT ON *.*" U "\nGRANT BINLOG_ADMIN,CLONE_AD…", "", "", MAY_SELECT, HAS},
    {M9, "GRANT SELECT ON *.*" U "\nREVOKE SELECT ON `d…", "partial_revokes=ON", "d", MAY_SELECT,
     MAY},
    {M9, "GRANT SELECT ON *.* TO `us…", "", "", MAY_SELECT, MAY},
    {M9, "GRANT USAGE ON *.*" U "\nGRANT INSERT (`a`, `b`, `c…", "", "d.t", MAY_SELECT, NOT},
    {M9, "(hidden)", "", "", MAY_SELECT, MAY},
    {M9, "GRANT SELECT ON *.* TO `(hidden)`@`%`", "", "", MAY_SELECT, HAS},
    {M9, "GRANT SELECT ON `(hidden)`.* TO `(hidden)`@`%`", "", "d", MAY_SELECT, MAY},
    {M9, "GRANT SELECT ON `d`.`my(hidden)` TO `(hidden)`@`%`", "", "d.t", MAY_SELECT, MAY},
    {M9, "ALTER USER `u`@`%` IDENTIFIED BY 'x'\n\nGRANT", "", "", MAY_SELECT, MAY},
};

static struct facts facts;

static void put(struct answer *a, const char *text)
{
    assert_int_equal(answer_put(a, text, strlen(text)), OK);
}

static void put_variables(struct answer *a, const char *variables)
{
    char copy[600], *save = NULL;

    answer_rows(a, "SHOW GLOBAL VARIABLES", 2);
    put(a, "Variable_name");
    put(a, "Value");
    snprintf(copy, sizeof copy, "%s", variables);
    for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        char *value = strchr(w, '=');
        *value = '\0';
        put(a, w);
        put(a, value + 1);
    }
}

static void put_server(struct server_facts *s, const char *version, const char *variables,
                       const char *grants)
{
    struct answer *a = s->answers;

    s->configured = true;
    answer_rows(&a[Q_CONNECT], "", 1);
    put(&a[Q_CONNECT], "version");
    put(&a[Q_CONNECT], version);
    answer_rows(&a[Q_VERSION], "SELECT VERSION()", 1);
    put(&a[Q_VERSION], "VERSION()");
    put(&a[Q_VERSION], version);
    put_variables(&a[Q_VARIABLES], variables);
    answer_rows(&a[Q_GRANTS], "SHOW GRANTS", 1);
    put(&a[Q_GRANTS], "Grants for u@%");
    for (const char *p = grants; *p != '\0';) {
        size_t len = strcspn(p, "\n");
        assert_int_equal(answer_put(&a[Q_GRANTS], p, len), OK);
        p += len + (p[len] == '\n');
    }
}

static void test_rows(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct server_facts *s = &facts.server[SOURCE];
        struct chosen c;
        const char *p = r->on;
        put_server(s, r->version, r->variables, r->rows);
        struct held h = grants_held(s, chosen_next(&p, &c) ? &c : NULL);
        const char *got = (h.yes & r->may) == r->may ? HAS : (h.maybe & r->may) != 0 ? MAY : NOT;
        if (strcmp(got, r->verdict) != 0 || ((h.yes & r->may) != 0 && strcmp(got, HAS) != 0)) {
            print_error("%s: %s\n  on \"%s\": %s, not %s (yes %x, maybe %x)\n", r->version, r->rows,
                        r->on, got, r->verdict, h.yes, h.maybe);
            wrong++;
        }
        facts_free(&facts);
    }
    assert_int_equal(wrong, 0);
}

static void test_names(void **state)
{
    static const struct {
        const char *version, *rows, *account, *roles;
    } table[] = {
        {M5, "GRANT USAGE ON *.* TO 'u'@'10.%' IDENTIFIED BY PASSWORD 'x'", "'u'@'10.%'", NULL},
        {M5, "GRANT USAGE ON *.* TO ''@'localhost'", "''@'localhost'", NULL},
        {M9, "GRANT USAGE ON *.* TO `u`@`%`\nGRANT `r1`@`%`,`r 2`@`%` TO `u`@`%` WITH ADMIN OPTION",
         "`u`@`%`", "`r1`@`%`,`r 2`@`%`"},
        {A10, "GRANT `r``1` TO `u`@`%`\nGRANT USAGE ON *.* TO `u`@`%`", "`u`@`%`", "`r``1`"},
        {A10, "GRANT r1 TO u@`%`\nGRANT USAGE ON *.* TO u@`%`", "u@`%`", "r1"},
        {M9, "GRANT PROXY ON ``@`` TO `u`@`%`", NULL, NULL},
        {M9, "GRANT SELECT ON *.* TO `u", NULL, NULL},
        {M9, "GRANT SELECT ON *.* TO `(hidden)`@`%`\nGRANT `r`@`%` TO `(hidden)`@`%`", NULL,
         "`r`@`%`"},
        {M9, "", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct server_facts *s = &facts.server[SOURCE];
        char text[64], small[4];
        put_server(s, table[i].version, "", table[i].rows);
        assert_int_equal(grants_account(s, text, sizeof text), table[i].account != NULL);
        if (table[i].account != NULL) {
            assert_string_equal(text, table[i].account);
        }
        assert_int_equal(grants_roles(s, text, sizeof text), table[i].roles != NULL);
        if (table[i].roles != NULL) {
            assert_string_equal(text, table[i].roles);
        }
        assert_false(grants_account(s, small, sizeof small));
        facts_free(&facts);
    }
}

static void test_secrets(void **state)
{
    static const struct {
        const char *row, *shown;
    } table[] = {
        {"GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*6519'",
         "GRANT USAGE ON *.* TO `u`@`%`"},
        {"GRANT USAGE ON *.* TO 'u'@'%' IDENTIFIED BY PASSWORD '*6519' REQUIRE SSL",
         "GRANT USAGE ON *.* TO 'u'@'%'"},
        {"GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED VIA ed25519 USING 'abc' OR pam",
         "GRANT USAGE ON *.* TO `u`@`%`"},
        {"GRANT SELECT ON `x IDENTIFIED y`.* TO `u`@`%` IDENTIFIED BY PASSWORD '*6519'",
         "GRANT SELECT ON `x IDENTIFIED y`.* TO `u`@`%`"},
        {"GRANT SELECT ON `x IDENTIFIED y`.* TO `u`@`%`",
         "GRANT SELECT ON `x IDENTIFIED y`.* TO `u`@`%`"},
        {"GRANT PROXY ON ''@'' TO 'u'@'%' WITH GRANT OPTION",
         "GRANT PROXY ON ''@'' TO 'u'@'%' WITH GRANT OPTION"},
        {"GRANT SELECT ON *.* TO `u`@`%` WITH GRANT OPTION",
         "GRANT SELECT ON *.* TO `u`@`%` WITH GRANT OPTION"},
        {"CREATE USER `u` IDENTIFIED BY '*6519'", "CREATE USER `u`"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        size_t len = grants_without_secret(table[i].row, strlen(table[i].row));
        assert_int_equal(len, strlen(table[i].shown));
        assert_memory_equal(table[i].row, table[i].shown, len);
    }
}

/* ---- -411 and what is seen ---- */

#define ALL                                                                                        \
    "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT, SHOW VIEW, EVENT, TRIGGER ON *.*" U
#define READ   "GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON *.*" U
#define ON     MODE_ONLINE
#define SIGHTS "sees "
#define LONG   "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

struct judged {
    const char *version, *variables, *rows; /* rows NULL: SHOW GRANTS failed */
    const char *task; /* "online" "backup" "schema", " full", " wire=N", " status=N", "tables=…" */
    const char *verdict;
    const char *why, *remedy; /* must occur */
};

static const struct judged judged[] = {
    {M9, "", ALL, "online", "pass", "REPLICATION SLAVE, REPLICATION CLIENT, SELECT", NULL},
    {M9, "", READ, "online", "fail", "lacks REPLICATION SLAVE on *.*; REPLICATION CLIENT on *.*",
     "GRANT REPLICATION SLAVE ON *.* TO `u`@`%`"},
    {M9, "", READ, "online wire=0 status=0", "pass", "REPLICATION SLAVE", NULL},
    {M9, "", ALL, "online wire=1227", "fail", "lacks REPLICATION SLAVE on *.*",
     "GRANT REPLICATION"},
    {M9, "", ALL, "online wire=1236", "pass", "REPLICATION SLAVE", NULL},
    {M9, "", ALL, "online status=1227", "fail", "lacks REPLICATION CLIENT", NULL},
    {A10, "", READ, "online status=1227", "fail", "BINLOG MONITOR on *.*", "GRANT BINLOG MONITOR"},
    {M9, "", READ, "backup", "pass", "SELECT, SHOW VIEW, TRIGGER, EVENT on all", NULL},
    {M9, "", READ, "schema", "pass", "SELECT", NULL},
    {M9, "", "GRANT SELECT ON *.*" U, "schema", "fail", "lacks SHOW VIEW, TRIGGER, EVENT on *.*",
     "on the source: GRANT SHOW VIEW, TRIGGER, EVENT ON *.* TO `u`@`%`"},
    {M9, "", NULL, "online wire=0 status=0", "unknown", "error 1105", "-255"},
    {M9, "", NULL, "online wire=1227", "fail", "REPLICATION SLAVE", "TO 'sluice'@'%'"},
    {M9, "", "GRANT USAGE ON *.*" U "\nGRANT SELECT, SHOW VIEW, TRIGGER ON `d`.*" U,
     "schema tables=d", "pass", "what task.tables names", NULL},
    {M9, "", "GRANT USAGE ON *.*" U "\nGRANT SELECT, SHOW VIEW, TRIGGER ON `d`.*" U,
     "schema tables=d.a,d.b,e.c", "fail", "lacks SELECT, SHOW VIEW, TRIGGER on `e`.`c`",
     "GRANT SELECT, SHOW VIEW, TRIGGER ON `e`.`c` TO `u`@`%`"},
    {M9, "", "GRANT SELECT ON `a%`.*" U "\nGRANT SHOW VIEW ON `ax%`.*" U, "schema tables=axb",
     "fail", "lacks SELECT, TRIGGER on `axb`.*", "GRANT SELECT, SHOW VIEW, TRIGGER ON `axb`.* TO"},
    {M9, "", "GRANT USAGE ON *.*" U, "schema tables=a_b", "fail", "on `a_b`.*", "ON `a\\_b`.* TO"},
    {M9, "partial_revokes=ON", "GRANT USAGE ON *.*" U, "schema tables=a_b", "fail", "on `a_b`.*",
     "ON `a_b`.* TO"},
    {M9, "", "GRANT USAGE ON *.*" U, "schema tables=d`x.t_u", "fail", "`d``x`.`t_u`",
     "`d``x`.`t_u` TO"},
    {M9, "", "GRANT SELECT, TRIGGER ON `d`.`t`" U "\nGRANT SELECT, SHOW VIEW ON `d`.`v`" U,
     "schema tables=d.t,d.v kinds", "pass", NULL, NULL},
    {M9, "", "GRANT SELECT ON `d`.`t`" U "\nGRANT SELECT ON `d`.`v`" U,
     "schema tables=d.t,d.v kinds", "fail", "lacks TRIGGER on `d`.`t`; SHOW VIEW on `d`.`v`", NULL},
    {M9, "", "GRANT USAGE ON *.*" U, "schema tables=a.a,b.b,c.c,d.d,e.e,f.f,g.g,h.h,i.i,j.j",
     "fail", "more", "and so on"},
    {M9, "", "GRANT USAGE ON *.*" U, "schema tables=" LONG LONG LONG LONG "." LONG LONG LONG LONG,
     "fail", "lacks SELECT", "grant what"},
    {M9, "", ALL, "online full", "fail", "SESSION_VARIABLES_ADMIN",
     "task.compare = sample, which needs no such privilege, or on the source: GRANT "
     "SESSION_VARIABLES_ADMIN ON *.*"},
    {M9, "", ALL "\nGRANT SYSTEM_VARIABLES_ADMIN ON *.*" U, "online full", "pass", NULL, NULL},
    {"8.0.11", "", ALL, "online full", "fail", "SYSTEM_VARIABLES_ADMIN", NULL},
    {M5, "", "GRANT SUPER ON *.*" U5 "\n" ALL, "online full", "pass", NULL, NULL},
    {M5, "", ALL, "online full", "fail", "lacks SUPER", "GRANT SUPER ON"},
    {A10, "", "GRANT SUPER ON *.*" U "\n" ALL, "online full", "pass", NULL, NULL},
    {A11, "", "GRANT SUPER ON *.*" U "\n" ALL, "online full", "fail", "BINLOG ADMIN", NULL},
    {A11, "", "GRANT BINLOG ADMIN ON *.*" U "\n" ALL, "online full", "pass", NULL, NULL},
    {M9, "", "GRANT USAGE ON *.*" U "\nGRANT `r`@`%`" U, "schema", "fail", "SELECT",
     "SET DEFAULT ROLE `r`@`%` TO `u`@`%`"},
    {A10, "", "GRANT `r`" U "\nGRANT USAGE ON *.*" U, "schema", "fail", "SELECT",
     "SET DEFAULT ROLE `r` FOR `u`@`%`"},
    {M9, "", "GRANT USAGE ON *.*" U "\nGRANT SELECT, SHO…", "schema", "unknown", "cannot be told",
     "GRANT SELECT"},
    {A10, "", ALL, "online replica=1227", "pass", "SLAVE MONITOR", NULL},

    {M9, "", "GRANT SELECT ON *.*" U, SIGHTS "tables", "pass", NULL, NULL},
    {A10, "", "GRANT SELECT ON *.*" U, SIGHTS "tables", "pass", NULL, NULL},
    {M9, "", "GRANT SELECT ON *.*" U, SIGHTS "keys", "pass", NULL, NULL},
    {A10, "", "GRANT SELECT ON *.*" U, SIGHTS "keys", "unknown", "SHOW VIEW", "GRANT SHOW VIEW"},
    {A10, "", "GRANT SELECT, TRIGGER ON *.*" U, SIGHTS "keys", "pass", NULL, NULL},
    {A10, "", "GRANT SELECT, TRIGGER ON `d`.*" U, SIGHTS "keys tables=d.t", "pass", NULL, NULL},
    {A10, "", "GRANT SELECT, TRIGGER ON `d`.`t`" U, SIGHTS "keys tables=d.t", "unknown",
     "SHOW VIEW on `d`.*", NULL},
    {M9, "", "GRANT TRIGGER ON *.*" U, SIGHTS "tables", "unknown", "SELECT on *.*", "GRANT SELECT"},
    {M9, "", "GRANT SELECT ON `d`.`t`" U, SIGHTS "tables tables=d.t", "pass", NULL, NULL},
    {M9, "", "GRANT SELECT ON `d`.`t`" U, SIGHTS "tables tables=d.t,d.u", "unknown", "`d`.`u`",
     NULL},
    {M9, "", "GRANT TRIGGER ON *.*" U, SIGHTS "triggers", "pass", NULL, NULL},
    {M9, "", "GRANT SELECT ON *.*" U, SIGHTS "triggers", "unknown", "TRIGGER on *.*", NULL},
    {M9, "", "GRANT EVENT ON `d`.*" U, SIGHTS "events tables=d.t,d.u", "pass", NULL, NULL},
    {M9, "", "GRANT SELECT ON `d`.*" U, SIGHTS "events tables=d.t,d.u", "unknown", "EVENT on `d`.*",
     NULL},
    {M9, "", "GRANT SELECT ON *.*" U, SIGHTS "routines", "pass", NULL, NULL},
    {M9, "", "GRANT SELECT ON `d`.*" U, SIGHTS "routines tables=d", "unknown", "EXECUTE on `d`.*",
     NULL},
    {M9, "", "GRANT SHOW_ROUTINE ON *.*" U, SIGHTS "routines", "pass", NULL, NULL},
    {A10, "", "GRANT SELECT ON `mysql`.`proc`" U, SIGHTS "routines", "pass", NULL, NULL},
    {M9, "", "GRANT SHOW DATABASES ON *.*" U, SIGHTS "databases", "pass", NULL, NULL},
    {M9, "", "GRANT SELECT ON `d`.*" U, SIGHTS "databases tables=d", "unknown",
     "SHOW DATABASES on *.*", NULL},
    {M9, "", "GRANT SHOW_ROUTINE, SUPER ON *.*" U, SIGHTS "databases", "unknown", "SHOW DATABASES",
     "GRANT SHOW DATABASES ON *.*"},
    {M9, "", "GRANT SELECT ON *.*" U "\nREVOKE SELECT ON `d`.* FROM `u`@`%`", SIGHTS "databases",
     "unknown", "SHOW DATABASES", NULL},
};

static void fact_of(const struct judged *j, const char *word, enum question_id q)
{
    struct answer *a = &facts.server[SOURCE].answers[q];
    const char *found = strstr(j->task, word);

    if (found == NULL) {
        answer_not_asked(a, "", "");
    } else if (found[strlen(word)] == '0') {
        answer_rows(a, "", 1);
        put(a, "File");
    } else {
        answer_fail(a, "", ERR_SERVER, (unsigned)atoi(found + strlen(word)), "42000", "no");
    }
}

static void judge_row(const struct judged *j, struct finding *out)
{
    static const char *const sights[] = {
        [SIGHT_TABLES] = "tables",     [SIGHT_KEYS] = "keys",
        [SIGHT_TRIGGERS] = "triggers", [SIGHT_EVENTS] = "events",
        [SIGHT_ROUTINES] = "routines", [SIGHT_ALL_DATABASES] = "databases",
    };
    unsigned asked = 0;
    struct server_facts *s = &facts.server[SOURCE];
    const char *tables = strstr(j->task, "tables=");

    put_server(s, j->version, j->variables, j->rows == NULL ? "" : j->rows);
    s->user = strdup("sluice");
    if (j->rows == NULL) {
        answer_fail(&s->answers[Q_GRANTS], "SHOW GRANTS", ERR_SERVER, 1105, "HY000", "no");
    }
    facts.mode = strncmp(j->task, "online", 6) == 0   ? MODE_ONLINE
                 : strncmp(j->task, "backup", 6) == 0 ? MODE_BACKUP
                                                      : MODE_SCHEMA;
    facts.compare = strstr(j->task, " full") != NULL ? COMPARE_FULL : COMPARE_NONE;
    facts.scope = tables != NULL ? SCOPE_TABLES : SCOPE_INSTANCE;
    facts.tables =
        strndup(tables == NULL ? "" : tables + 7, tables == NULL ? 0 : strcspn(tables + 7, " "));
    fact_of(j, "wire=", Q_WIRE);
    fact_of(j, "status=", Q_BINLOG_STATUS);
    fact_of(j, "replica=", Q_REPLICA_STATUS);
    if (strstr(j->task, " kinds") != NULL) {
        static const char *const cells[] = {"TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE", "d",   "t",
                                            "BASE TABLE",   "d",          "v",          "VIEW"};
        answer_rows(&s->answers[Q_TABLES], "", 3);
        for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
            put(&s->answers[Q_TABLES], cells[i]);
        }
    }
    memset(out, 0, sizeof *out);
    if (strncmp(j->task, SIGHTS, strlen(SIGHTS)) != 0) {
        check_privileges(&facts, out);
        return;
    }
    for (unsigned i = 0; i < sizeof sights / sizeof sights[0]; i++) {
        if (strncmp(j->task + strlen(SIGHTS), sights[i], strlen(sights[i])) == 0) {
            bool sees = fact_sees(&facts, out, SOURCE, (enum sight)i);
            assert_int_equal(sees, out->verdict == VERDICT_PASS);
            asked++;
        }
    }
    assert_int_equal(asked, 1);
}

static void test_judged(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++) {
        const struct judged *j = &judged[i];
        struct finding out;
        judge_row(j, &out);
        if (strcmp(verdict_name(out.verdict), j->verdict) != 0 ||
            (j->why != NULL && strstr(out.why, j->why) == NULL) ||
            (j->remedy != NULL && strstr(out.remedy, j->remedy) == NULL) ||
            (out.used[SOURCE] >> Q_GRANTS & 1) == 0 ||
            (out.verdict > VERDICT_SKIP && out.remedy[0] == '\0')) {
            print_error("%s, %s: %s\n  %s: %s\n  remedy: %s\n  wanted %s, %s, %s\n", j->version,
                        j->task, j->rows == NULL ? "-" : j->rows, verdict_name(out.verdict),
                        out.why, out.remedy, j->verdict, j->why, j->remedy);
            wrong++;
        }
        facts_free(&facts);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
