/* SPDX-License-Identifier: Apache-2.0 */
/* Every check against recorded facts of each server series: pass, fail, unknown, skip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/precheck_facts.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define M1011   "5.5.5-10.11.19-MariaDB-log"
#define PASS    VERDICT_PASS
#define SKIP    VERDICT_SKIP
#define WARN    VERDICT_WARN
#define UNKNOWN VERDICT_UNKNOWN
#define FAIL    VERDICT_FAIL
#define ON      MODE_ONLINE

struct row {
    const char *check;
    enum config_mode mode;
    const char *source, *target;
    enum verdict verdict;
    const char *why, *remedy; /* must occur; NULL: any (remedy NULL with a pass or skip: none) */
};

static const struct row rows[] = {
    /* -256 */
    {"-256", ON, "5.5.62-log", "", PASS, "MySQL 5.5.62-log, TLSv1.3", NULL},
    {"-256", ON, "8.0.40", "", PASS, "MySQL 8.0.40", NULL},
    {"-256", MODE_SCHEMA, M1011, "", PASS, "MariaDB 10.11.19", NULL},
    {"-256", ON, "8.0.40 !connect=1045", "", FAIL, "login refused: the server's own words",
     "ALTER USER 'sluice'@'%' IDENTIFIED BY"},
    {"-256", ON, "8.0.40 !connect=1040", "", FAIL, "no free connection", "max_connections"},
    {"-256", ON, "8.0.40 !connect=1129", "", FAIL, "blocked", "FLUSH HOSTS"},
    {"-256", ON, "8.0.40 !connect=1130", "", FAIL, "no account for this box", "CREATE USER"},
    {"-256", ON, "8.0.40 !connect=1251", "", FAIL, "unknown login method", "IDENTIFIED WITH"},
    {"-256", ON, "8.0.40 !connect=2059", "", FAIL, "unknown login method", "source.rsa_key"},
    {"-256", ON, "8.0.40 !connect=2005", "", FAIL, "host name unknown", "network.dns"},
    {"-256", ON, "8.0.40 !connect=2002", "", FAIL, "not reachable", "source.host"},
    {"-256", ON, "8.0.40 !connect=2003", "", FAIL, "not reachable", "bind_address"},
    {"-256", ON, "8.0.40 !connect=2026", "", FAIL, "no TLS connection", "source.tls"},
    {"-256", ON, "8.0.40 !connect=3159", "", FAIL, "must use TLS", "source.tls = require"},
    {"-256", ON, "8.0.40 !connect=9010", "", FAIL, "no answer in time", "firewall"},
    {"-256", ON, "8.0.40 !connect=9013", "", FAIL, "not a MySQL server", "source.port"},
    {"-256", ON, "8.0.40 !connect=9003", "", FAIL, "the config is wrong", "[source]"},
    {"-256", ON, "8.0.40 !connect=9015", "", UNKNOWN, "ended early", "precheck.timeout"},
    {"-256", ON, "8.0.40 ?connect", "", UNKNOWN, "was not tried: the time for all", NULL},

    /* -255 */
    {"-255", ON, "5.6.24-log", "", PASS, "queries answered", NULL},
    {"-255", ON, "9.7.4", "", PASS, "queries answered", NULL},
    {"-255", ON, "5.6.24 !variables=1105", "", FAIL, "error 1105 (42000): the server's own words",
     NULL},
    {"-255", ON, "5.6.24 !binlog-status=1227", "", FAIL, "SHOW MASTER STATUS: error 1227",
     "GRANT REPLICATION CLIENT ON *.* TO `sluice`@`%`"},
    {"-255", ON, M1011 " !binlog-status=1227", "", FAIL, "SHOW BINLOG STATUS: error 1227",
     "GRANT BINLOG MONITOR"},
    {"-255", ON, "9.7.4 !binlog-status=1227", "", FAIL, "SHOW BINARY LOG STATUS", NULL},
    {"-255", ON, M1011 " !replicas=1227", "", WARN, "SHOW SLAVE HOSTS: error 1227",
     "GRANT REPLICATION MASTER ADMIN"},
    {"-255", ON, "9.7.4 !replicas=1227", "", WARN, "SHOW REPLICAS", "GRANT REPLICATION SLAVE"},
    {"-255", ON, "5.6.24 !replicas=9013", "", WARN, "SHOW SLAVE HOSTS", NULL},
    {"-255", ON, "9.7.4 !replicas=2013", "", FAIL, "SHOW REPLICAS: error 2013", NULL},
    {"-255", ON, "5.6.24 !variables=2013 ?replicas", "", FAIL, "error 2013", NULL},
    {"-255", ON, "5.6.24 !binlog-status=9018", "", UNKNOWN, "SHOW MASTER STATUS: the server's",
     NULL},
    {"-255", ON, "5.6.24 !variables=9013", "", UNKNOWN, "SHOW GLOBAL", NULL},
    {"-255", ON, "5.6.24 !variables=9015", "", UNKNOWN, "SHOW GLOBAL", NULL},
    {"-255", ON, "5.6.24 ?replicas", "", UNKNOWN, "was not asked of the source: the time", NULL},
    {"-255", ON, "5.6.24 !connect=1045", "", UNKNOWN, "no connection, see -256", NULL},

    /* -254 */
    {"-254", ON, "5.6.24", "", SKIP, "no [target]", NULL},
    {"-254", ON, "5.6.24", "5.7.44-log", PASS, "queries answered", NULL},
    {"-254", ON, "5.6.24", "5.7.44-log !connect=1045", FAIL, "login refused", "target.password"},
    {"-254", ON, "5.6.24", "5.7.44-log !variables=1227", FAIL, "error 1227 (42000)", NULL},
    {"-254", ON, "5.6.24", "5.7.44-log ?version", UNKNOWN, "was not asked of the target", NULL},

    /* -257 */
    {"-257", ON, "5.6.24-log", "", SKIP, "no [target]", NULL},
    {"-257", ON, "5.6.24-log", "5.6.51", PASS, "5.6.24-log", NULL},
    {"-257", ON, "5.1.73", "5.5.62", PASS, NULL, NULL},
    {"-257", ON, "5.5.62", "5.6.51", PASS, NULL, NULL},
    {"-257", ON, "5.1.73", "5.6.51", FAIL, "only the same series",
     "choose as target MySQL 5.1 or 5.5"},
    {"-257", ON, "5.6.24", "5.7.44", FAIL, "only the same series", "choose as target MySQL 5.6"},
    {"-257", ON, "5.7.44", "5.6.51", FAIL, "older series", NULL},
    {"-257", ON, "5.7.44", "8.0.40", WARN, "newer series", "5.7"},
    {"-257", ON, "8.0.40", "8.4.3", WARN, "newer series", NULL},
    {"-257", ON, "9.7.4", "8.4.3", FAIL, "older series", NULL},
    {"-257", ON, "9.7.4", "9.7.0", PASS, NULL, NULL},
    {"-257", ON, M1011, "10.11.6-MariaDB", PASS, "versions 10.11.19-MariaDB-log", NULL},
    {"-257", ON, "10.5.23-MariaDB", "11.8.6-MariaDB", WARN, "newer series", NULL},
    {"-257", ON, "11.8.6-MariaDB", M1011, FAIL, "older series", NULL},
    {"-257", ON, "5.6.24", M1011, FAIL, "another product", "choose as target MySQL 5.6"},
    {"-257", ON, M1011, "8.4.3", FAIL, "another product", NULL},
    {"-257", ON, "8.0.40-own gtid_domain_id=0 -gtid_mode", "8.0.40", FAIL, "another product", NULL},
    {"-257", ON, "8.0.40 character_set_server=utf8", "8.0.40 character_set_server=utf8mb3", PASS,
     NULL, NULL},
    {"-257", ON, "5.6.24 character_set_server=latin1", "5.6.51", FAIL,
     "character_set_server is latin1 on the source and utf8mb4 on the target",
     "SET GLOBAL character_set_server = 'latin1'"},
    {"-257", ON, "5.6.24 lower_case_table_names=1", "5.6.51", FAIL,
     "lower_case_table_names is 1 on the source and 0", "restart it"},
    {"-257", ON, "9.7.4", "9.7.4 lower_case_table_names=1", FAIL, "lower_case_table_names",
     "data folder anew"},
    {"-257", ON, "5.6.24", "5.6.51 -character_set_server", UNKNOWN, "no variable character_set",
     NULL},
    {"-257", ON, "5.6.24", "5.7.44 !variables=1227", FAIL, "only the same series", NULL},
    {"-257", ON, "5.6.24", "5.6.51 !variables=1227", UNKNOWN, "failed: error 1227 (42000)",
     "see -254"},
    {"-257", ON, "nonsense", "5.6.51", UNKNOWN, "is not understood", NULL},
    {"-257", ON, "5.6.24 !connect=2003", "5.6.51", UNKNOWN, "see -256", NULL},

    /* -260 */
    {"-260", ON, "5.6.24", "", SKIP, "no [target]", NULL},
    {"-260", MODE_SCHEMA, "5.6.24", "5.6.24", SKIP, "task.mode = schema", NULL},
    {"-260", ON, "5.6.24", "5.6.24", PASS, "OFF on the source, OFF on the target", NULL},
    {"-260", MODE_BACKUP, "5.5.62", "5.6.24 gtid_mode=ON", PASS, "none (before 5.6)", NULL},
    {"-260", ON, "5.5.62", "5.7.44 gtid_mode=ON", FAIL, "needs both on or both off",
     "gtid_mode = OFF_PERMISSIVE"},
    {"-260", ON, "5.7.44 gtid_mode=ON", "5.7.44 gtid_mode=ON", PASS, NULL, NULL},
    {"-260", ON, "5.7.44 gtid_mode=ON", "5.7.44", FAIL, "ON on the source and OFF",
     "enforce_gtid_consistency = ON; SET GLOBAL gtid_mode = OFF_PERMISSIVE"},
    {"-260", ON, "5.7.44", "5.7.44 gtid_mode=ON", FAIL, "both", NULL},
    {"-260", ON, "5.7.44", "8.0.40 gtid_mode=ON", PASS, NULL, NULL},
    {"-260", ON, "5.6.24 gtid_mode=ON", "5.6.24", FAIL, NULL, "restart it"},
    {"-260", ON, "9.7.4 gtid_mode=ON", "9.7.4", FAIL, NULL, "on the target"},
    {"-260", ON, "5.5.62", "5.5.62", PASS, NULL, NULL},
    {"-260", ON, "5.6.24 gtid_mode=ON", "5.5.62", FAIL, NULL, "choose a target that has GTIDs"},
    {"-260", ON, "8.0.40 gtid_mode=ON_PERMISSIVE", "8.0.40 gtid_mode=ON", WARN, "not finished",
     "on the source"},
    {"-260", ON, "8.0.40 gtid_mode=ON_PERMISSIVE", "8.0.40", FAIL, "ON_PERMISSIVE", NULL},
    {"-260", ON, "8.0.40 gtid_mode=OFF_PERMISSIVE", "8.0.40", WARN, NULL, "gtid_mode = OFF"},
    {"-260", ON, M1011, M1011, SKIP, "MariaDB has no gtid_mode", NULL},
    {"-260", ON, M1011, "8.0.40 gtid_mode=ON", PASS, "none (MariaDB)", NULL},
    {"-260", ON, "8.0.40 gtid_mode=ON", M1011, FAIL, "none (MariaDB)", NULL},
    {"-260", ON, "5.7.44", "5.7.44 gtid_mode=ONCE", UNKNOWN, "\"ONCE\", neither ON nor OFF", NULL},
    {"-260", ON, "5.6.24 gtid_mode=UPGRADE_STEP_1", "5.6.24", UNKNOWN, "neither ON nor OFF", NULL},
    {"-260", ON, "5.7.44 -gtid_mode", "5.7.44", UNKNOWN, "shows no variable gtid_mode", NULL},
    {"-260", ON, "5.7.44", "5.7.44 !variables=1105", UNKNOWN, "target: SHOW GLOBAL", "see -254"},

    /* -261 */
    {"-261", ON, "5.5.62", "", PASS, "now at binlog.000004:4711", NULL},
    {"-261", ON, "9.7.4", "", PASS, "log_bin is ON", NULL},
    {"-261", ON, "10.5.23-MariaDB", "", PASS, NULL, NULL},
    {"-261", MODE_BACKUP, "9.7.4 log_bin=OFF", "", SKIP, "task.mode = backup", NULL},
    {"-261", ON, "9.7.4 log_bin=OFF no-file", "", FAIL, "log_bin is OFF", "restart"},
    {"-261", ON, M1011 " log_bin=OFF no-file", "", FAIL, "log_bin is OFF", "log_bin = binlog"},
    {"-261", ON, "5.7.44 no-file", "", FAIL, "stopped writing", "binlog_error_action"},
    {"-261", ON, "5.7.44 !binlog-status=1227", "", PASS, "current file is not known", NULL},
    {"-261", ON, "5.7.44 -log_bin", "", UNKNOWN, "no variable log_bin", NULL},
    {"-261", ON, "5.7.44 !variables=1105", "", UNKNOWN, "error 1105", "see -255"},
    {"-261", ON, "5.7.44 !connect=1045", "", UNKNOWN, "see -256", "see -256"},

    /* -262 */
    {"-262", ON, "5.5.62 binlog_format=MIXED", "", PASS, "MIXED", NULL},
    {"-262", ON, "9.7.4", "", PASS, "ROW", NULL},
    {"-262", ON, "5.6.24 binlog_format=STATEMENT", "", FAIL, "binlog_format is STATEMENT",
     "SET GLOBAL binlog_format = 'ROW'"},
    {"-262", ON, M1011 " binlog_format=STATEMENT", "", FAIL, "STATEMENT", NULL},
    {"-262", ON, "5.6.24 -binlog_format", "", UNKNOWN, "no variable binlog_format", NULL},
    {"-262", ON, "5.6.24 ?variables", "", UNKNOWN, "precheck.timeout", NULL},
    {"-262", MODE_SCHEMA, "5.6.24 binlog_format=STATEMENT", "", SKIP, "task.mode = schema", NULL},

    /* -264 */
    {"-264", ON, "5.6.24", "", PASS, "source 1001, ours 1234567", NULL},
    {"-264", ON, "9.7.4", "9.7.4", PASS, "source 1001, target 1002, ours 1234567", NULL},
    {"-264", ON, "8.0.40 server_id=1", "", FAIL, "server_id is 1", "SET GLOBAL server_id = 101"},
    {"-264", ON, M1011 " server_id=0", "", FAIL, "server_id is 0", NULL},
    {"-264", ON, "5.5.62 server_id=7", "5.5.62 server_id=7", FAIL, "same server_id 7",
     "on the target: SET GLOBAL server_id = 101"},
    {"-264", ON, "5.7.44 server_id=1234567", "", FAIL, "also this box's", "source.server_id"},
    {"-264", ON, "5.7.44", "5.7.44 server_id=1234567", FAIL, "target's server_id 1234567", NULL},
    {"-264", ON, "5.7.44 replica=7@east replica=9@west", "", PASS, NULL, NULL},
    {"-264", ON, "5.7.44 replica=7@east replica=1234567@west", "", FAIL, "host \"west\"",
     "source.server_id"},
    {"-264", ON, "8.4.3 replica=1234567@west", "", FAIL, "another replica", NULL},
    {"-264", ON, "5.7.44 replica=1234567@box7", "", PASS, "is taken for this box", NULL},
    {"-264", ON, "5.7.44 replica=7@box7", "", PASS, "source 1001, ours 1234567", NULL},
    {"-264", ON, M1011 " !replicas=1227", "", WARN, "could not be looked up", "-255"},
    {"-264", ON, M1011 " server_id=1 !replicas=1227", "", FAIL, "server_id is 1", NULL},
    {"-264", ON, "5.6.24 !replicas=9013", "", WARN, "could not be looked up", "server_id 1234567"},
    {"-264", ON, "5.7.44 !replicas=2013", "", UNKNOWN, "SHOW SLAVE HOSTS failed", NULL},
    {"-264", ON, "5.7.44 server_id=many", "", UNKNOWN, "is no server id", NULL},
    {"-264", ON, "5.7.44 server_id=4294967296", "", UNKNOWN, "is no server id", NULL},
    {"-264", ON, "5.7.44 server_id=4294967295", "", PASS, NULL, NULL},
    {"-264", ON, "5.7.44", "5.7.44 !variables=1105", UNKNOWN, "target", NULL},
    {"-264", ON, "5.7.44 !variables=1105", "", UNKNOWN, "error 1105", NULL},

    /* -267 */
    {"-267", ON, "5.6.24", "", PASS, "is OFF", NULL},
    {"-267", MODE_SCHEMA, "9.7.4", "", PASS, "is OFF", NULL},
    {"-267", ON, "5.5.62 innodb_stats_on_metadata=ON", "", FAIL, "is ON",
     "SET GLOBAL innodb_stats_on_metadata = OFF"},
    {"-267", ON, M1011 " innodb_stats_on_metadata=1", "", FAIL, NULL, NULL},
    {"-267", ON, "5.6.24 innodb_stats_on_metadata=MAYBE", "", UNKNOWN, "neither ON nor OFF", NULL},
    {"-267", ON, "5.1.73 -innodb_stats_on_metadata", "", UNKNOWN, "no variable", NULL},
    {"-267", ON, "5.6.24 !variables=1105", "", UNKNOWN, "error 1105", NULL},

    /* row image */
    {"row-image", ON, "9.7.4", "", PASS, "is FULL", NULL},
    {"row-image", ON, M1011, "", PASS, "is FULL", NULL},
    {"row-image", ON, "5.5.62", "", PASS, "always writes whole rows", NULL},
    {"row-image", ON, "10.0.38-MariaDB", "", PASS, "always writes whole rows", NULL},
    {"row-image", ON, "5.6.24 binlog_row_image=MINIMAL", "", WARN, "is MINIMAL",
     "SET GLOBAL binlog_row_image = 'FULL'"},
    {"row-image", ON, "8.0.40 binlog_row_image=NOBLOB", "", WARN, "is NOBLOB", NULL},
    {"row-image", ON, "11.8.6-MariaDB binlog_row_image=FULL_NODUP", "", WARN, "FULL_NODUP", NULL},
    {"row-image", ON, "5.6.24 -binlog_row_image", "", UNKNOWN, "no variable binlog_row_image",
     NULL},
    {"row-image", ON, "5.6.24 !variables=1105", "", UNKNOWN, "error 1105", NULL},
    {"row-image", MODE_SCHEMA, "5.6.24 binlog_row_image=MINIMAL", "", SKIP, "task.mode", NULL},

    /* checksum */
    {"checksum", ON, "5.6.24", "", PASS, "is CRC32", NULL},
    {"checksum", ON, "10.0.38-MariaDB", "", PASS, "is CRC32", NULL},
    {"checksum", ON, "9.7.4 binlog_checksum=NONE", "", WARN, "is NONE",
     "SET GLOBAL binlog_checksum = 'CRC32'"},
    {"checksum", ON, M1011 " binlog_checksum=NONE", "", WARN, "is NONE", NULL},
    {"checksum", ON, "5.5.62", "", WARN, "no checksums", "TLS"},
    {"checksum", ON, "8.0.40 -binlog_checksum", "", UNKNOWN, "no variable binlog_checksum", NULL},
    {"checksum", ON, "8.0.40 !variables=1105", "", UNKNOWN, "error 1105", NULL},
};

static void every_row(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct precheck_run *run = run_of(r->mode, SCOPE_INSTANCE, "", r->source, r->target);
        const struct finding *f = finding_of(run, r->check);
        assert_non_null(f);
        bool why = r->why == NULL || strstr(f->why, r->why) != NULL;
        bool remedy = r->remedy == NULL ? (f->remedy[0] != '\0') == (f->verdict > SKIP)
                                        : strstr(f->remedy, r->remedy) != NULL;
        if (f->verdict != r->verdict || !why || !remedy) {
            fail_msg("%s of \"%s\" and \"%s\": %s, not %s; why \"%s\" (%s); remedy \"%s\" (%s)",
                     r->check, r->source, r->target, verdict_name(f->verdict),
                     verdict_name(r->verdict), f->why, r->why, f->remedy, r->remedy);
        }
        assert_true(f->verdict == SKIP || f->used[SOURCE] != 0 || f->used[TARGET] != 0);
        assert_true(f->verdict <= SKIP || f->brief[0] != '\0');
        precheck_free(run);
    }
}

/* Each check that is here at all has shown every verdict that it can reach. */
static void every_check_is_shown(void **state)
{
    for (size_t c = 0; c < checks_judged; c++) {
        bool seen[VERDICT_FAIL + 1] = {false}, any = false;
        char code[24];
        snprintf(code, sizeof code, "%d", checks[c].code);
        if (checks[c].code == 0) {
            snprintf(code, sizeof code, "%s", checks[c].name);
        }
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (strcmp(rows[i].check, code) == 0) {
                seen[rows[i].verdict] = any = true;
            }
        }
        if (any) {
            assert_true(seen[PASS] && (seen[FAIL] || seen[WARN]) && seen[UNKNOWN]);
            assert_true(checks[c].code == 0 || seen[FAIL]);
        }
    }
}

/* ---- -407 ---- */

static void input_is(const char *tables, enum verdict verdict, const char *why)
{
    struct precheck_run *run = run_of(ON, SCOPE_TABLES, tables, "5.6.24", "");
    const struct finding *f = finding_of(run, "input");
    if (f->verdict != verdict || strstr(f->why, why) == NULL) {
        fail_msg("\"%s\": %s, \"%s\"", tables, verdict_name(f->verdict), f->why);
    }
    precheck_free(run);
}

static void input_tables(void **state)
{
    char longest[160] = "d.", chinese[200] = "";
    memset(longest + 2, 'x', 64);
    for (int i = 0; i < 64; i++) {
        strcat(chinese, "表");
    }
    input_is("shop", PASS, "1 name");
    input_is(" shop.orders , shop.lines,\tbooks", PASS, "3 names");
    input_is(longest, PASS, "1 name");
    input_is(chinese, PASS, "1 name");
    strcat(longest, "x");
    input_is(longest, FAIL, "too long");
    strcat(chinese, "x");
    input_is(chinese, FAIL, "too long");
    input_is("", FAIL, "empty name");
    input_is("shop,,books", FAIL, "empty name");
    input_is(".orders", FAIL, "empty name");
    input_is("shop.", FAIL, "empty name");
    input_is("mysql.user", FAIL, "system database");
    input_is("shop, Performance_Schema", FAIL, "system database");
    input_is("shop, shop", FAIL, "named twice");
    input_is("shop, shop.orders", FAIL, "task.tables = \"shop.orders\" is named twice");
    input_is("shop, shop2.orders", PASS, "2 names");
    input_is("shop.a, shop.ab", PASS, "2 names");
    input_is("\t shop\t,\tshop.a\t\t", FAIL, "task.tables = \"shop.a\" is named twice");
    input_is("\t", FAIL, "empty name");
    input_is("a\tb", FAIL, "cannot ask for");
    /* An invisible character is no longer one in what would be asked. */
    input_is("shop.a\xe2\x80\x8c"
             "b",
             FAIL, "has a character that this program cannot ask for");
    input_is("a\xc2\xad, b", FAIL, "task.tables = \"a\\xc2\\xad\" has a character");
    input_is("a\\xyz\x01", FAIL, "cannot ask for");
    input_is("a\\slash.b\\x\\xy, end\\, end\\x", PASS, "3 names");
}

static void input_servers(void **state)
{
    struct precheck_run *run = run_of(ON, SCOPE_INSTANCE, "", "5.6.24", "5.6.24");
    const struct finding *f = finding_of(run, "-407");
    assert_int_equal(f->verdict, PASS);

    strcpy(run->facts.server[TARGET].host, "DB1.example");
    run_judge(run);
    assert_int_equal(f->verdict, FAIL);
    assert_non_null(strstr(f->why, "is the source itself"));
    run->facts.server[TARGET].port = 3307;
    run_judge(run);
    assert_int_equal(f->verdict, PASS);

    run->facts.server[SOURCE].host[0] = '\0';
    run->facts.server[TARGET].user[0] = '\0';
    run_judge(run);
    assert_int_equal(f->verdict, FAIL);
    assert_non_null(strstr(f->why, "source.host"));
    assert_non_null(strstr(f->why, "target.user"));
    precheck_free(run);
}

/* ---- the questions by version ---- */

static void statements(void **state)
{
    static const struct {
        const char *version, *status, *replicas;
    } want[] = {
        {"5.1.73", "SHOW MASTER STATUS", "SHOW SLAVE HOSTS"},
        {"5.6.24-log", "SHOW MASTER STATUS", "SHOW SLAVE HOSTS"},
        {"8.0.21", "SHOW MASTER STATUS", "SHOW SLAVE HOSTS"},
        {"8.0.22", "SHOW MASTER STATUS", "SHOW REPLICAS"},
        {"8.3.0", "SHOW MASTER STATUS", "SHOW REPLICAS"},
        {"8.4.0", "SHOW BINARY LOG STATUS", "SHOW REPLICAS"},
        {"9.7.4", "SHOW BINARY LOG STATUS", "SHOW REPLICAS"},
        {"10.5.1-MariaDB", "SHOW MASTER STATUS", "SHOW SLAVE HOSTS"},
        {"5.5.5-10.5.2-MariaDB", "SHOW BINLOG STATUS", "SHOW SLAVE HOSTS"},
        {"11.8.6-MariaDB-log", "SHOW BINLOG STATUS", "SHOW SLAVE HOSTS"},
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct precheck_run *run = run_of(ON, SCOPE_INSTANCE, "", want[i].version, "");
        const struct server_facts *s = &run->facts.server[SOURCE];
        assert_string_equal(s->answers[Q_BINLOG_STATUS].sql, want[i].status);
        assert_string_equal(s->answers[Q_REPLICAS].sql, want[i].replicas);
        precheck_free(run);
    }
}

static void versions(void **state)
{
    static const struct {
        const char *text;
        bool known, mariadb;
        unsigned number;
        const char *shown;
    } want[] = {
        {"5.5.5-10.11.19-MariaDB-log", true, true, 101119, "10.11.19-MariaDB-log"},
        {"5.5.5-m3", true, false, 50505, "5.5.5-m3"},
        {"5.5.62-0ubuntu", true, false, 50562, "5.5.62-0ubuntu"},
        {"8.0.40-31", true, false, 80040, "8.0.40-31"},
        {"9.7", true, false, 90700, "9.7"},
        {"12", false, false, 120000, "12"},
        {"", false, false, 0, ""},
        {"junk", false, false, 0, "junk"},
        {"99999999999999999999.1.1", true, false, 990101, "99999999999999999999.1.1"},
        {NULL, false, false, 0, ""},
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct server_version v = version_parse(want[i].text);
        assert_int_equal(v.known, want[i].known);
        assert_int_equal(v.mariadb, want[i].mariadb);
        assert_int_equal(v.number, want[i].number);
        assert_string_equal(v.text, want[i].shown);
    }
}

/* A proxy greets with a version of its own. */
static void version_of_a_proxy(void **state)
{
    struct precheck_run *run = run_of(ON, SCOPE_INSTANCE, "", "5.7.44", "");
    struct server_facts *s = &run->facts.server[SOURCE];
    put_words(&s->answers[Q_CONNECT], "", 1, "version");
    put_word(&s->answers[Q_CONNECT], "8.0.11-proxy");
    assert_int_equal(version_of(s).number, 50744);
    answer_not_asked(&s->answers[Q_VERSION], "", "no time");
    assert_int_equal(version_of(s).number, 80011);
    precheck_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),          cmocka_unit_test(every_check_is_shown),
        cmocka_unit_test(input_tables),       cmocka_unit_test(input_servers),
        cmocka_unit_test(statements),         cmocka_unit_test(versions),
        cmocka_unit_test(version_of_a_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
