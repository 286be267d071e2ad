/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of databases, tables and programs against made-up answers: each verdict of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "app/precheck/offenders.h"
#include "app/precheck/tokudb.h"
#include "tests/unit/precheck_facts.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define M1011   "5.5.5-10.11.19-MariaDB-log"
#define PASS    VERDICT_PASS
#define SKIP    VERDICT_SKIP
#define WARN    VERDICT_WARN
#define UNKNOWN VERDICT_UNKNOWN
#define FAIL    VERDICT_FAIL
#define INST    SCOPE_INSTANCE
#define NAMED   SCOPE_TABLES
#define POOR    "grants=GRANT USAGE ON *.* TO `sluice`@`%`"
#define FOLDS   " lower_case_table_names=1"
#define FK      "foreign-keys="
#define KINDS   "table-kinds="
#define TOKU    KINDS "TokuDB|tokudb_zlib|0||2|0|`a`.`t`, `a`.`u`"

/* An answer in place of the one of a server that is well: "QUESTION=CELL|CELL\nCELL|CELL", NULL is
 * SQL NULL, "QUESTION" without = is an answer without rows. */
struct row {
    const char *check;
    enum config_scope scope;
    const char *tables, *source, *target;
    const char *edits[4]; /* "@" before the question: the target's */
    enum verdict verdict;
    const char *why, *remedy; /* must occur; NULL: any (remedy NULL with a pass or skip: none) */
};

static const struct row rows[] = {
    /* 2001037 */
    {"2001037",
     NAMED,
     "shop, a.t, a.u",
     "8.0.40",
     "",
     {0},
     PASS,
     "whole databases: 1, tables: 2",
     NULL},
    {"2001037", INST, "", "8.0.40", "", {0}, SKIP, "task.scope = instance", NULL},
    {"2001037",
     NAMED,
     "shop, a.t",
     "8.0.40",
     "",
     {"databases=a"},
     FAIL,
     "not on the source: `shop`",
     "correct task.tables"},
    {"2001037", NAMED, "a.t, a.b`q", "5.6.24", "", {"tables"}, FAIL, "`a`.`t`, `a`.`b``q`", NULL},
    {"2001037",
     NAMED,
     "a.t, b.t",
     "5.6.24",
     "",
     {"tables=a|t|BASE TABLE", "databases=a"},
     FAIL,
     "not on the source: `b`.`t` (there is no such database)",
     NULL},
    {"2001037",
     NAMED,
     "Shop, a.T",
     "5.6.24",
     "",
     {"databases=a\nshop", "tables=a|t|BASE TABLE"},
     FAIL,
     "`a`.`T` (the source has `a`.`t`, in another case)",
     "write shop"},
    {"2001037",
     NAMED,
     "Shop",
     "5.6.24" FOLDS,
     "",
     {"databases=shop"},
     PASS,
     "in another case: `Shop` as `shop`",
     NULL},
    {"2001037",
     NAMED,
     "ÄRGER.ΩЖ表Ķ",
     "5.6.24" FOLDS,
     "",
     {"databases=ärger", "tables=ärger|ωж表ķ|BASE TABLE"},
     PASS,
     "in another case",
     NULL},
    {"2001037", NAMED, "Ä表", "5.6.24" FOLDS, "", {"databases"}, FAIL, "`Ä表`", NULL},
    /* Letters whose case only the server knows: what it found is one of the names. */
    {"2001037",
     NAMED,
     "Ź, Ÿ, A.Ÿ, Ệ.t, a.t",
     "5.6.24" FOLDS,
     "",
     {"databases=ź\nÿ\na\nệ", "tables=a|ÿ|VIEW\nệ|t|BASE TABLE\na|t|BASE TABLE"},
     PASS,
     "in another case: `Ź`, `Ÿ`, `A`.`Ÿ` and 1 more",
     NULL},
    {"2001037",
     NAMED,
     "Ÿ, Ệ, a",
     "5.6.24" FOLDS,
     "",
     {"databases=a\nệ"},
     UNKNOWN,
     "which cannot be told: `Ÿ`, `Ệ`",
     "write the names"},
    {"2001037",
     NAMED,
     "Ÿ, Ệ, b.Ὠ",
     "5.6.24" FOLDS,
     "",
     {"databases=b\nệ", "tables"},
     FAIL,
     "not on the source: `b`.`Ὠ`",
     NULL},
    {"2001037",
     NAMED,
     "a.Ÿ, a.t, b",
     "5.6.24" FOLDS,
     "",
     {"databases=a\nb", "tables=a|t|BASE TABLE"},
     FAIL,
     "not on the source: `a`.`Ÿ`",
     NULL},
    {"2001037", NAMED, "Ÿ", "5.6.24", "", {"databases=ÿ"}, FAIL, "not on the source: `Ÿ`", NULL},
    {"2001037",
     NAMED,
     "shop",
     "5.6.24",
     "",
     {"databases=shopping\nsho"},
     FAIL,
     "not on the source: `shop`",
     NULL},
    {"2001037",
     NAMED,
     "a.t, a.u, a.v, a.w, a.x",
     "8.0.40",
     "",
     {"tables"},
     FAIL,
     "and 2 more",
     NULL},
    {"2001037",
     NAMED,
     "shop, a.t",
     "8.0.40",
     "",
     {"databases=a", POOR},
     UNKNOWN,
     "missing, or hidden from the account: `shop`",
     "GRANT"},
    {"2001037", NAMED, "shop", "8.0.40", "", {POOR}, PASS, "databases: 1", NULL},
    {"2001037", NAMED, "shop", "8.0.40 !databases=1105", "", {0}, UNKNOWN, "error 1105", "-255"},
    {"2001037", NAMED, "shop.t", "8.0.40 !tables=1105", "", {0}, UNKNOWN, "error 1105", NULL},
    {"2001037",
     NAMED,
     "shop",
     "8.0.40 -lower_case_table_names",
     "",
     {0},
     UNKNOWN,
     "lower_case_table_names",
     NULL},

    /* -268 */
    {"-268", NAMED, "shop, a.t", "8.0.40", "", {0}, SKIP, "no [target]", NULL},
    {"-268", NAMED, "a.t", "8.0.40", "8.0.40", {0}, SKIP, "no whole databases", NULL},
    {"-268",
     NAMED,
     "shop",
     "8.0.40",
     "8.0.40",
     {0},
     PASS,
     "none is on the target; whole databases: 1",
     NULL},
    {"-268",
     NAMED,
     "shop, a.t",
     "8.0.40",
     "8.0.40",
     {"@databases=shop"},
     FAIL,
     "on the target already: `shop`",
     "DROP DATABASE `shop`;"},
    {"-268", NAMED, "Shop", "8.0.40", "8.0.40", {"@databases"}, PASS, NULL, NULL},
    {"-268",
     NAMED,
     "Ÿ, Ệ",
     "8.0.40",
     "8.0.40" FOLDS,
     {"@databases=ÿ\nệ"},
     FAIL,
     "already: `ÿ`, `ệ` (lower_case_table_names",
     "DROP DATABASE `ÿ`;"},
    {"-268",
     NAMED,
     "Shop",
     "8.0.40" FOLDS,
     "8.0.40",
     {"@databases=shop"},
     FAIL,
     "already: `shop` (lower_case_table_names",
     "DROP DATABASE `shop`;"},
    {"-268", NAMED, "Shop", "8.0.40", "8.0.40" FOLDS, {"@databases=shop"}, FAIL, "`shop`", NULL},
    {"-268",
     NAMED,
     "sh`op",
     "8.0.40",
     "8.0.40",
     {"@databases=sh`op"},
     FAIL,
     "`sh``op`",
     "DROP DATABASE `sh``op`;"},
    {"-268", NAMED, "shop", "8.0.40", "8.0.40", {"@" POOR}, UNKNOWN, "the target shows", "GRANT"},
    {"-268",
     NAMED,
     "shop",
     "8.0.40",
     "8.0.40",
     {"@databases=shop", "@" POOR},
     FAIL,
     "`shop`",
     NULL},
    {"-268", NAMED, "shop", "8.0.40", "8.0.40 !databases=1105", {0}, UNKNOWN, "error 1105", "-254"},
    {"-268", NAMED, "shop", "8.0.40 !variables=1105", "8.0.40", {0}, UNKNOWN, "error 1105", NULL},

    /* -269 */
    {"-269", NAMED, "shop", "8.0.40", "8.0.40", {0}, SKIP, "no single tables", NULL},
    {"-269",
     NAMED,
     "shop, a.t",
     "8.0.40",
     "8.0.40",
     {0},
     PASS,
     "none is on the target; single tables: 1",
     NULL},
    {"-269",
     NAMED,
     "a.t, a.u",
     "8.0.40",
     "8.0.40",
     {"@tables=a|u|BASE TABLE"},
     FAIL,
     "`a`.`u`",
     "DROP TABLE `a`.`u`;"},
    {"-269",
     NAMED,
     "a.v",
     "8.0.40",
     "8.0.40",
     {"@tables=a|v|VIEW"},
     FAIL,
     "`a`.`v`",
     "DROP VIEW `a`.`v`;"},
    {"-269", NAMED, "a.T", "8.0.40", "8.0.40", {"@tables"}, PASS, NULL, NULL},
    {"-269",
     NAMED,
     "a.T, Ệ.Ÿ",
     "8.0.40",
     "8.0.40" FOLDS,
     {"@tables=a|t|BASE TABLE\nệ|ÿ|VIEW"},
     FAIL,
     "already: `a`.`t`, `ệ`.`ÿ` (lower_case_table_names",
     "DROP TABLE `a`.`t`;"},
    {"-269", NAMED, "a.t", "8.0.40", "8.0.40", {"@" POOR}, UNKNOWN, "the target shows", "GRANT"},
    {"-269", NAMED, "a.t", "8.0.40", "8.0.40 !tables=1105", {0}, UNKNOWN, "error 1105", NULL},

    /* -265 */
    {"-265", NAMED, "a.c", "8.0.40", "", {0}, PASS, "no foreign key leads out", NULL},
    {"-265",
     NAMED,
     "a.c",
     "8.0.40",
     "",
     {FK "a|c|a|p\na|d|a|p\na|c|b|q"},
     FAIL,
     "`a`.`c` refers to `a`.`p`, `a`.`d` refers to `a`.`p`",
     "add to task.tables: a.p, b.q"},
    {"-265", NAMED, "a.c", "8.0.40", "", {POOR}, UNKNOWN, "the source shows", "GRANT"},
    {"-265", NAMED, "a.c", "8.0.40", "", {FK "a|c|a|p", POOR}, FAIL, "`a`.`p`", NULL},
    {"-265", NAMED, "a.c", "8.0.40 !foreign-keys=1105", "", {0}, UNKNOWN, "error 1105", NULL},
    {"-265", INST, "", "8.0.40", "", {0}, SKIP, "task.scope", NULL},

    /* -266 */
    {"-266", INST, "", "8.0.40", "8.0.40", {0}, PASS, "tables: 2", NULL},
    {"-266",
     INST,
     "",
     "5.6.24",
     "5.6.24",
     {KINDS "MEMORY|Fixed|0||1|0|`a`.`m`"},
     FAIL,
     "1 MEMORY table, which every target refuses: `a`.`m`",
     "ALTER TABLE `a`.`m` ENGINE = InnoDB;"},
    {"-266",
     INST,
     "",
     "5.6.24",
     "5.6.24",
     {KINDS "BLACKHOLE|Fixed|0||1|0|`a`.`m`"},
     FAIL,
     "BLACKHOLE",
     NULL},
    {"-266", INST, "", "5.6.24", "", {KINDS "CSV|Fixed|0||1|0|`a`.`m`"}, FAIL, "CSV", NULL},
    {"-266",
     INST,
     "",
     "5.6.24",
     "5.6.24",
     {KINDS "ARCHIVE|Compressed|0||9|0|`a`.`m`, `a`.`n`, `a`"},
     FAIL,
     "9 ARCHIVE tables, which every target refuses: `a`.`m`, `a`.`n` and 7 more",
     NULL},
    {"-266",
     INST,
     "",
     "5.6.24",
     "5.6.24 !version=1105",
     {KINDS "CSV|Fixed|0||1|0|`a`.`m`"},
     FAIL,
     "CSV",
     NULL},
    {"-266",
     INST,
     "",
     "5.6.24",
     "5.6.51",
     {KINDS "MRG_MYISAM|Dynamic|0||1|0|`a`.`m`"},
     PASS,
     NULL,
     NULL},
    {"-266",
     INST,
     "",
     "5.6.24",
     "5.7.44",
     {KINDS "MRG_MYISAM|Dynamic|0||1|0|`a`.`m`"},
     FAIL,
     "this target refuses (as a 5.7)",
     "`a`.`m`"},
    {"-266",
     INST,
     "",
     M1011,
     M1011,
     {KINDS "MRG_MyISAM|Dynamic|0||1|0|`a`.`m`"},
     FAIL,
     "this target refuses (as a 5.7)",
     NULL},
    {"-266",
     INST,
     "",
     M1011,
     "",
     {KINDS "MRG_MyISAM|Dynamic|0||1|0|`a`.`m`"},
     WARN,
     "a target of 5.7 or later refuses",
     "`a`.`m`"},
    {"-266",
     INST,
     "",
     "5.6.24",
     "5.6.51 !version=1105",
     {KINDS "MRG_MYISAM|Dynamic|0||1|0|`a`.`m`"},
     UNKNOWN,
     "error 1105",
     "-254"},
    {"-266",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "TokuDB|tokudb_zlib|0||1|0|`a`.`m`\nMyISAM|Fixed|0||1|0|"},
     PASS,
     "tables: 2",
     NULL},
    {"-266",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "NULL|NULL|NULL|NULL|2|NULL|`a`.`m`, `a`.`n`"},
     UNKNOWN,
     "could not open 2 tables: `a`.`m`, `a`.`n`",
     "CHECK TABLE `a`.`m`"},
    {"-266",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "CSV|Fixed|0||1|0|`a`.`c`\nNULL|NULL|NULL|NULL|2|NULL|`a`.`m`, `a`.`n`"},
     FAIL,
     "`a`.`c`",
     "on the source, for each: ALTER TABLE `a`.`c` ENGINE = InnoDB;"},
    {"-266",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "CSV|Fixed|0||1|0|`a```.`b``.`\nX"},
     FAIL,
     "refuses: `a```.`b``.`",
     "ALTER TABLE `a```.`b``.` ENGINE"},
    {"-266", INST, "", "5.6.24", "", {POOR}, UNKNOWN, "the source shows", "GRANT"},
    {"-266", INST, "", "5.6.24 !table-kinds=1105", "", {0}, UNKNOWN, "error 1105", NULL},

    /* -405 */
    {"-405", INST, "", "8.0.40", "", {0}, PASS, "tables: 2", NULL},
    {"-405",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "InnoDB|Compact|1||1|0|`a`.`t`\nInnoDB|Compact|0||9|0|"},
     FAIL,
     "1 InnoDB table with fixed rows: `a`.`t`",
     "ALTER TABLE `a`.`t` ENGINE = InnoDB ROW_FORMAT = DYNAMIC;"},
    {"-405",
     INST,
     "",
     M1011,
     "",
     {KINDS "MyISAM|Fixed|0||1|0|`a`.`t`"},
     FAIL,
     "MyISAM",
     "by themselves"},
    {"-405",
     INST,
     "",
     M1011,
     "",
     {KINDS "MyISAM|Fixed|1||1|0|`a`.`t`"},
     FAIL,
     "MyISAM",
     "DYNAMIC;"},
    {"-405", INST, "", "9.7.4", "", {KINDS "MEMORY|Fixed|0||1|0|`a`.`t`"}, FAIL, "MEMORY", NULL},
    {"-405",
     INST,
     "",
     "9.7.4",
     "",
     {KINDS "NULL|NULL|NULL|NULL|1|NULL|`a`.`t`"},
     UNKNOWN,
     "could not open 1 table: `a`.`t`",
     "CHECK TABLE"},
    {"-405", INST, "", "9.7.4", "", {POOR}, UNKNOWN, "the source shows", "GRANT"},
    {"-405", INST, "", "9.7.4 !table-kinds=2013", "", {0}, UNKNOWN, "error 2013", NULL},

    /* -420 */
    {"-420", INST, "", "5.6.24", "", {0}, SKIP, "no TokuDB tables", NULL},
    {"-420", INST, "", "5.6.24", "", {POOR}, UNKNOWN, "the source shows", "GRANT"},
    {"-420", INST, "", "5.6.24", "", {TOKU}, PASS, "goes over", NULL},
    {"-420",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "TokuDB|tokudb_quicklz|0||2|0|`a`.`t`, `a`.`u`"},
     FAIL,
     "2 TokuDB tables with compression quicklz: `a`.`t`, `a`.`u`",
     "ALTER TABLE `a`.`t` ROW_FORMAT = TOKUDB_ZLIB;"},
    {"-420",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "TokuDB|tokudb_lzma|0||1|0|`a`.`t`"},
     FAIL,
     "lzma",
     NULL},
    {"-420",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "TokuDB|tokudb_snappy|0||1|0|`a`.`t`"},
     FAIL,
     "snappy",
     NULL},
    {"-420",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "TokuDB|tokudb_uncompressed|0||1|0|`a`.`t`"},
     FAIL,
     "uncompressed",
     NULL},
    {"-420",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "TokuDB|tokudb_fast|0||1|0|`a`.`t`"},
     FAIL,
     "tokudb_fast",
     NULL},
    {"-420",
     INST,
     "",
     "5.6.24",
     "",
     {KINDS "TokuDB|TOKUDB_SMALL|0||1|0|`a`.`t`"},
     FAIL,
     "tokudb_small",
     NULL},
    {"-420",
     INST,
     "",
     M1011,
     "",
     {KINDS "TokuDB|Dynamic|0|`compression`='tokudb_LZMA'|1|0|`a`.`t`\nInnoDB|Dynamic|0||1|0|"},
     FAIL,
     "lzma",
     "ALTER TABLE `a`.`t` COMPRESSION = TOKUDB_ZLIB;"},
    {"-420",
     INST,
     "",
     M1011,
     "",
     {KINDS "TokuDB|Dynamic|0|`COMPRESSION`=tokudb_zlib|1|0|`a`.`t`"},
     PASS,
     NULL,
     NULL},
    {"-420",
     INST,
     "",
     M1011,
     "",
     {KINDS "TokuDB|Dynamic|0||1|0|`a`.`t`", POOR},
     UNKNOWN,
     "the source shows",
     NULL},

    /* -421 */
    {"-421", INST, "", "5.6.24", "", {0}, SKIP, "no TokuDB tables", NULL},
    {"-421",
     INST,
     "",
     "5.6.24",
     "",
     {TOKU, "tokudb-tables=a|t", "tokudb-keys=a|t|NULL"},
     PASS,
     "no clustering key; TokuDB tables: 1",
     NULL},
    {"-421",
     INST,
     "",
     "5.6.24",
     "",
     {TOKU, "tokudb-tables=a|t\na|u", "tokudb-keys=a|t|NULL\na|u|CLUSTERING KEY `k` (`b`)"},
     FAIL,
     "clustering keys in 1 TokuDB table: `a`.`u` (CLUSTERING KEY `k` (`b`))",
     "`a`.`u` DROP KEY"},
    {"-421", INST, "", "5.6.24", "", {TOKU, "tokudb-tables=a|t"}, UNKNOWN, "tokudb-keys", NULL},
    {"-421", INST, "", "5.6.24", "", {TOKU}, UNKNOWN, "tokudb-tables", NULL},
    {"-421",
     INST,
     "",
     "5.6.24",
     "",
     {TOKU, "tokudb-tables=a|t", "tokudb-keys=a|t|NULL", POOR},
     UNKNOWN,
     "the source shows",
     NULL},

    /* 2001040 */
    {"2001040", INST, "", "5.7.44", "", {0}, PASS, "no column", NULL},
    {"2001040",
     INST,
     "",
     "5.7.44",
     "",
     {"columns=a|t|j|json|\na|t|g|int|(`x` + 1)"},
     FAIL,
     "`a`.`t`.`j` (json), `a`.`t`.`g` (generated)",
     "task.scope = tables"},
    {"2001040", INST, "", "5.6.24", "", {0}, SKIP, "the source is MySQL 5.6.24", NULL},
    {"2001040", INST, "", "8.0.40", "", {0}, SKIP, "only of MySQL 5.7", NULL},
    {"2001040", INST, "", M1011, "", {0}, SKIP, "MariaDB", NULL},
    {"2001040", INST, "", "5.7.44", "", {POOR}, UNKNOWN, "the source shows", "GRANT"},
    {"2001040", INST, "", "5.7.44 !columns=1105", "", {0}, UNKNOWN, "error 1105", NULL},
    {"2001040", INST, "", "5.7.44 !version=1105", "", {0}, UNKNOWN, "error 1105", NULL},

    /* our own */
    {"primary-keys", INST, "", "5.6.24", "", {0}, PASS, "every table", NULL},
    {"primary-keys",
     INST,
     "",
     "5.6.24",
     "",
     {"no-primary-key=a|t\na|u`x\na|v\na|w"},
     WARN,
     "`a`.`t`, `a`.`u`x`, `a`.`v` and 1 more",
     "ALTER TABLE `a`.`t` ADD PRIMARY KEY"},
    {"primary-keys", INST, "", "5.6.24", "", {POOR}, UNKNOWN, "the source shows", NULL},
    {"primary-keys",
     INST,
     "",
     "5.6.24",
     "",
     {"no-primary-key=a|t", POOR},
     UNKNOWN,
     "or with a hidden one: `a`.`t`",
     "GRANT"},
    {"primary-keys", INST, "", "5.6.24 !no-primary-key=1105", "", {0}, UNKNOWN, "error 1105", NULL},

    {"cascades", INST, "", "5.6.24", "", {0}, PASS, "no foreign key cascades", NULL},
    {"cascades",
     INST,
     "",
     "5.6.24",
     "",
     {"cascades=a|c|fk`1|RESTRICT|CASCADE"},
     WARN,
     "changes by 1 foreign key are not in the binlog: `a`.`c`",
     "ALTER TABLE `a`.`c` DROP FOREIGN KEY `fk``1`;"},
    {"cascades",
     INST,
     "",
     "9.7.1 innodb_native_foreign_keys=ON",
     "",
     {"cascades=a|c|fk|RESTRICT|CASCADE"},
     WARN,
     "are not in the binlog",
     "has the same keys"},
    {"cascades",
     INST,
     "",
     "9.7.1 innodb_native_foreign_keys=OFF",
     "",
     {"cascades=a|c|fk|RESTRICT|CASCADE"},
     WARN,
     "by 1 foreign key are in the binlog as rows of their own; a target that cascades by itself "
     "meets them twice: `a`.`c`",
     "has no such keys until"},
    {"cascades",
     INST,
     "",
     "9.7.1 innodb_native_foreign_keys=MAYBE",
     "",
     {"cascades=a|c|fk|RESTRICT|CASCADE"},
     UNKNOWN,
     "neither ON nor OFF",
     NULL},
    {"cascades", INST, "", "5.6.24", "", {POOR}, UNKNOWN, "the source shows", NULL},
    {"cascades", INST, "", "5.6.24 !cascades=1105", "", {0}, UNKNOWN, "error 1105", NULL},

    {"triggers", INST, "", "5.6.24", "", {0}, PASS, "no triggers", NULL},
    {"triggers",
     INST,
     "",
     "5.6.24",
     "",
     {"triggers=a|tr|t|root@localhost"},
     WARN,
     "`a`.`tr`",
     "SHOW CREATE TRIGGER `a`.`tr`;"},
    {"triggers", INST, "", "5.6.24", "", {POOR}, UNKNOWN, "TRIGGER", "GRANT"},
    {"triggers",
     INST,
     "",
     "5.6.24",
     "",
     {"grants=GRANT SELECT ON *.* TO `sluice`@`%`"},
     UNKNOWN,
     "TRIGGER",
     "GRANT TRIGGER"},
    {"triggers", INST, "", "5.6.24 !triggers=1105", "", {0}, UNKNOWN, "error 1105", NULL},

    {"-418",
     NAMED,
     "a",
     "5.6.24 event_scheduler=OFF",
     "",
     {0},
     PASS,
     "event_scheduler is OFF",
     NULL},
    {"-418", NAMED, "a", "5.6.24 event_scheduler=DISABLED", "", {0}, PASS, "DISABLED", NULL},
    {"-418", NAMED, "a", "5.6.24 event_scheduler=MAYBE", "", {0}, UNKNOWN, "neither ON nor", NULL},
    {"-418",
     NAMED,
     "a",
     "8.0.40 event_scheduler=ON",
     "",
     {"events=a|ev|ENABLED"},
     FAIL,
     "`a`.`ev`",
     "SET GLOBAL event_scheduler = OFF;"},
    {"-418", NAMED, "a", "8.0.40 event_scheduler=ON", "", {0}, FAIL, "sees no enabled event", NULL},
    {"-418",
     NAMED,
     "a",
     "8.0.40 event_scheduler=ON !events=1105",
     "",
     {0},
     FAIL,
     "could not be looked up",
     NULL},
    {"-418", NAMED, "a", "8.0.40 !variables=1105", "", {0}, UNKNOWN, "error 1105", NULL},
    {"-418", INST, "", "8.0.40 event_scheduler=ON", "", {0}, SKIP, "task.scope", NULL},

    {"definers", INST, "", "8.0.40", "8.0.40", {0}, PASS, "definers: 0", NULL},
    {"definers",
     INST,
     "",
     "8.0.40",
     "8.0.40",
     {"definers=root@localhost|3|view `a`.`v`\nmysql.sys@localhost|1|view `a`.`w`\n"
      "a@b@10.%|1|view `a`.`x`",
      "@accounts=root|localhost\na@b|10.%"},
     PASS,
     "on the target; definers: 3",
     NULL},
    {"definers",
     INST,
     "",
     "8.0.40",
     "8.0.40",
     {"definers=ann@%|3|view `a`.`v`"},
     WARN,
     "on the target: 'ann'@'%' (3 objects, as view `a`.`v`)",
     "on the target: CREATE USER 'ann'@'%' IDENTIFIED BY"},
    {"definers",
     INST,
     "",
     "8.0.40",
     "",
     {"definers=ann@%|1|view `a`.`v`"},
     WARN,
     "on the source: 'ann'@'%' (view `a`.`v`)",
     "on the source: CREATE USER"},
    {"definers",
     INST,
     "",
     "8.0.40",
     "8.0.40",
     {"definers=Ann@%|1|view `a`.`v`", "@accounts=ann|%\nAnn|localhost"},
     WARN,
     "'Ann'@'%'",
     NULL},
    {"definers",
     INST,
     "",
     "8.0.40",
     "8.0.40",
     {"definers=ann@DB.example|1|view `a`.`v`", "@accounts=ann|db.example"},
     PASS,
     "definers: 1",
     NULL},
    {"definers",
     INST,
     "",
     "8.0.40",
     "8.0.40",
     {"definers=a'x@%|1|view `a`.`v`"},
     WARN,
     "'a''x'@'%'",
     "CREATE USER 'a''x'@'%'"},
    {"definers",
     INST,
     "",
     M1011,
     "",
     {"definers=boss|1|routine `a`.`p`\nboss@|1|view `a`.`v`", "accounts=boss|"},
     PASS,
     "definers: 2",
     NULL},
    {"definers",
     INST,
     "",
     M1011,
     "",
     {"definers=boss|1|routine `a`.`p`"},
     WARN,
     "'boss'",
     "CREATE ROLE 'boss';"},
    {"definers",
     INST,
     "",
     "8.0.40",
     "8.0.40 !accounts=1142",
     {"definers=ann@%|3|view `a`.`v`"},
     UNKNOWN,
     "error 1142",
     "-254"},
    {"definers", INST, "", "8.0.40", "8.0.40 !accounts=1142", {0}, PASS, "definers: 0", NULL},
    {"definers", INST, "", "8.0.40 !definers=1105", "8.0.40", {0}, UNKNOWN, "error 1105", NULL},
    {"definers", INST, "", "8.0.40", "8.0.40", {POOR}, UNKNOWN, "the source shows", "GRANT"},
};

static const char *columns_of(enum question_id q)
{
    static const char *const names[QUESTIONS] = {
        [Q_GRANTS] = "Grants for sluice@%",
        [Q_DATABASES] = "SCHEMA_NAME",
        [Q_TABLES] = "TABLE_SCHEMA|TABLE_NAME|TABLE_TYPE",
        [Q_TABLE_KINDS] = "ENGINE|ROW_FORMAT|fixed|options|tables|bytes|names",
        [Q_COLUMNS] = "TABLE_SCHEMA|TABLE_NAME|COLUMN_NAME|DATA_TYPE|GENERATION_EXPRESSION",
        [Q_FOREIGN_KEYS] = "TABLE_SCHEMA|TABLE_NAME|REFERENCED_TABLE_SCHEMA|REFERENCED_TABLE_NAME",
        [Q_CASCADES] = "CONSTRAINT_SCHEMA|TABLE_NAME|CONSTRAINT_NAME|UPDATE_RULE|DELETE_RULE",
        [Q_NO_PRIMARY_KEY] = "TABLE_SCHEMA|TABLE_NAME",
        [Q_TRIGGERS] = "TRIGGER_SCHEMA|TRIGGER_NAME|EVENT_OBJECT_TABLE|DEFINER",
        [Q_EVENTS] = "EVENT_SCHEMA|EVENT_NAME|STATUS",
        [Q_DEFINERS] = "DEFINER|objects|example",
        [Q_ACCOUNTS] = "User|Host",
        [Q_TOKUDB_TABLES] = "TABLE_SCHEMA|TABLE_NAME",
        [Q_TOKUDB_KEYS] = "TABLE_SCHEMA|TABLE_NAME|clustering",
    };
    return names[q];
}

static void edit(struct facts *f, const char *text)
{
    enum side side = *text == '@' ? TARGET : SOURCE;
    text += side == TARGET;
    size_t len = strcspn(text, "=");
    char name[40];
    snprintf(name, sizeof name, "%.*s", (int)len, text);
    enum question_id q = spec_question(name);
    struct answer *a = &f->server[side].answers[q];
    put_columns(a, "SELECT 1", columns_of(q));
    for (const char *p = text[len] == '=' ? text + len + 1 : NULL; p != NULL;) {
        len = strcspn(p, "|\n");
        bool null = len == 4 && strncmp(p, "NULL", 4) == 0;
        answer_put(a, null ? NULL : p, null ? 0 : len);
        p = p[len] == '\0' ? NULL : p + len + 1;
    }
}

static struct precheck_run *run_row(const struct row *r)
{
    struct precheck_run *run = run_of(MODE_ONLINE, r->scope, r->tables, r->source, r->target);
    for (size_t i = 0; i < sizeof r->edits / sizeof r->edits[0] && r->edits[i] != NULL; i++) {
        edit(&run->facts, r->edits[i]);
    }
    run_judge(run);
    return run;
}

static void every_row(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct precheck_run *run = run_row(r);
        const struct finding *f = finding_of(run, r->check);
        assert_non_null(f);
        bool why = r->why == NULL || strstr(f->why, r->why) != NULL;
        bool remedy = r->remedy == NULL ? (f->remedy[0] != '\0') == (f->verdict > SKIP)
                                        : strstr(f->remedy, r->remedy) != NULL;
        if (f->verdict != r->verdict || !why || !remedy) {
            fail_msg(
                "%s of \"%s\" and \"%s\" (row %zu): %s, not %s; why \"%s\" (%s); remedy \"%s\" "
                "(%s)",
                r->check, r->source, r->target, i, verdict_name(f->verdict),
                verdict_name(r->verdict), f->why, r->why, f->remedy, r->remedy);
        }
        assert_true(f->verdict == SKIP || f->used[SOURCE] != 0 || f->used[TARGET] != 0);
        assert_true(f->verdict <= SKIP || f->brief[0] != '\0');
        precheck_free(run);
    }
}

/* Each of these checks has shown every verdict that it can reach. */
static void every_check_is_shown(void **state)
{
    static const struct {
        const char *check;
        enum verdict worst;
    } all[] = {
        {"2001037", FAIL},  {"-268", FAIL},     {"-269", FAIL},         {"-265", FAIL},
        {"-266", FAIL},     {"-405", FAIL},     {"-420", FAIL},         {"-421", FAIL},
        {"2001040", FAIL},  {"-418", FAIL},     {"primary-keys", WARN}, {"cascades", WARN},
        {"triggers", WARN}, {"definers", WARN},
    };
    for (size_t c = 0; c < sizeof all / sizeof all[0]; c++) {
        bool seen[FAIL + 1] = {false};
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (strcmp(rows[i].check, all[c].check) == 0) {
                seen[rows[i].verdict] = true;
            }
        }
        assert_true(seen[PASS] && seen[all[c].worst] && seen[UNKNOWN]);
    }
}

/* More offenders than are asked for, and names as long as they can be. */
static void many_and_long(void **state)
{
    static const char *const checked[] = {"primary-keys", "-265", "cascades", "triggers",
                                          "2001040"};
    static const enum question_id asked[] = {Q_NO_PRIMARY_KEY, Q_FOREIGN_KEYS, Q_CASCADES,
                                             Q_TRIGGERS, Q_COLUMNS};
    struct precheck_run *run = run_of(MODE_ONLINE, NAMED, "a", "5.7.44", "");
    char name[257] = "";

    for (size_t i = 0; i < 64; i++) {
        memcpy(name + i * 4, "𝄞", 4);
    }
    for (size_t q = 0; q < sizeof asked / sizeof asked[0]; q++) {
        struct answer *a = &run->facts.server[SOURCE].answers[asked[q]];
        put_columns(a, "SELECT 1", columns_of(asked[q]));
        for (size_t i = 0; i < (SHOWN_MAX + 1) * a->columns; i++) {
            put_word(a, name);
        }
    }
    run_judge(run);
    for (size_t q = 0; q < sizeof asked / sizeof asked[0]; q++) {
        const struct finding *f = finding_of(run, checked[q]);
        assert_true(f->verdict >= WARN);
        assert_true(strlen(f->why) < sizeof f->why && strlen(f->remedy) > 20);
        assert_true(strstr(f->why, "more") != NULL || strstr(f->brief, "more") != NULL ||
                    strstr(f->why, "…") != NULL);
    }
    precheck_free(run);
}

/* ---- the statements ---- */

static char *statement(const char *tables, const char *source, const char *target, enum side side,
                       enum question_id q)
{
    struct precheck_run *run = run_of(MODE_ONLINE, NAMED, tables, source, target);
    char *sql = malloc(STATEMENT_MAX);
    assert_true(question_ask(&run->facts, side, q, sql, STATEMENT_MAX));
    precheck_free(run);
    return sql;
}

static void sql_has(const char *tables, const char *source, const char *target, enum side side,
                    enum question_id q, const char *part)
{
    char *sql = statement(tables, source, target, side, q);
    if (strstr(sql, part) == NULL) {
        fail_msg("no \"%s\" in %s", part, sql);
    }
    free(sql);
}

static void names_in_statements(void **state)
{
    /* Nothing of a name gets out of its quotes. */
    sql_has("it's, a.b\\' OR 1 -- ", "5.6.24", "", SOURCE, Q_TABLE_KINDS,
            "(CAST(TABLE_SCHEMA AS BINARY) IN ('it''s') OR CONCAT(CAST(TABLE_SCHEMA AS BINARY), "
            "0x00, CAST(TABLE_NAME AS BINARY)) IN (CONCAT('a', 0x00, 'b\\\\'' OR 1 --')))");
    sql_has("a.T", "5.6.24" FOLDS, "", SOURCE, Q_TABLE_KINDS,
            "CONCAT(CAST(LOWER(TABLE_SCHEMA) AS BINARY), 0x00, CAST(LOWER(TABLE_NAME) AS BINARY)) "
            "IN (CONCAT(LOWER('a'), 0x00, LOWER('T')))");
    /* On the source names in another case are looked for, to tell of them. */
    sql_has("a.T", "5.6.24", "", SOURCE, Q_TABLES, "LOWER('T')");
    sql_has("A", "5.6.24", "", SOURCE, Q_DATABASES, "LOWER('A')");
    sql_has("A", "5.6.24", "5.6.24", TARGET, Q_DATABASES,
            "WHERE CAST(SCHEMA_NAME AS BINARY) IN ('A')");
    /* The target's databases of single tables may be there. */
    sql_has("A, b.t, c", "5.6.24", "5.6.24", TARGET, Q_DATABASES, "IN ('A', 'c')");
    sql_has("A, b.t", "5.6.24", "5.6.24", SOURCE, Q_DATABASES, "IN (LOWER('A'), LOWER('b'))");
    sql_has("A", "5.6.24" FOLDS, "5.6.24", TARGET, Q_DATABASES, "LOWER('A')");
    sql_has("A", "5.6.24", "5.6.24" FOLDS, TARGET, Q_DATABASES, "LOWER('A')");
    sql_has("a.t", "5.6.24", "", SOURCE, Q_DEFINERS,
            "CONCAT('routine ', CONCAT(CONCAT('`', REPLACE(ROUTINE_SCHEMA, '`', '``'), '`'), '.', "
            "CONCAT('`', REPLACE(ROUTINE_NAME, '`', '``'), '`'))) AS BINARY) AS object FROM "
            "information_schema.ROUTINES WHERE (FALSE)");
}

/* ---- TokuDB's definitions ---- */

static void clustering_is(const char *text, const char *want)
{
    size_t len = 0;
    const char *line = tokudb_clustering(text, strlen(text), &len);
    if (want == NULL ? line != NULL
                     : line == NULL || strlen(want) != len || memcmp(line, want, len) != 0) {
        fail_msg("\"%s\": \"%.*s\", not \"%s\"", text, (int)len, line == NULL ? "" : line, want);
    }
}

#define TABLE(lines) "CREATE TABLE `t` (\n  `a` int(11) NOT NULL,\n" lines ") ENGINE=TokuDB"

static void clustering_keys(void **state)
{
    clustering_is(TABLE("  PRIMARY KEY (`a`),\n  CLUSTERING KEY `k` (`b`),\n  KEY `l` (`c`)\n"),
                  "CLUSTERING KEY `k` (`b`),");
    clustering_is(TABLE("  UNIQUE CLUSTERING KEY `k` (`b`)\n"), "UNIQUE CLUSTERING KEY `k` (`b`)");
    clustering_is(TABLE("  KEY `k` (`b`) CLUSTERING=YES\n"), "KEY `k` (`b`) CLUSTERING=YES");
    clustering_is(TABLE("  KEY `k` (`b`) `clustering`='yes',\n"),
                  "KEY `k` (`b`) `clustering`='yes',");
    clustering_is(TABLE("  KEY `k` (`b`) `CLUSTERING`=1\n"), "KEY `k` (`b`) `CLUSTERING`=1");
    clustering_is(TABLE("  KEY `k` (`b`) `CLUSTERING`=NO\n"), NULL);
    clustering_is(TABLE("  KEY `k` (`b`) CLUSTERING='off'\n"), NULL);
    clustering_is(TABLE("  KEY `k` (`b`)\n"), NULL);
    /* Names, comments and defaults are no keys. */
    clustering_is(TABLE("  `clustering` int(11) COMMENT 'CLUSTERING KEY `k`',\n"), NULL);
    clustering_is(TABLE("  `b` text DEFAULT 'it''s \\' CLUSTERING KEY (',\n"), NULL);
    clustering_is(TABLE("  `x\n  CLUSTERING KEY ``k`` (` int(11),\n"), NULL);
    clustering_is(TABLE("  KEY `CLUSTERING` (`clustering`)\n"), NULL);
    clustering_is(TABLE("  CLUSTERING KEY `k\nl` (`b`),\n"), "CLUSTERING KEY `k\nl` (`b`),");
    clustering_is(TABLE("  KEY `reclustering` (`b`), MYCLUSTERING, CLUSTERING_2\n"), NULL);
    clustering_is("CLUSTERING", "CLUSTERING");
    clustering_is("'CLUSTERING", NULL);
    clustering_is("`\\", NULL);
    clustering_is("", NULL);
}

static void quoted_names(void **state)
{
    char buf[40];
    struct offenders o = {.count = 0};

    assert_int_equal(quote_name(buf, sizeof buf, "a`b", 3, "t", 1), 10);
    assert_string_equal(buf, "`a``b`.`t`");
    quote_name(buf, sizeof buf, "a", 1, NULL, 0);
    assert_string_equal(buf, "`a`");
    char many[100];
    memset(many, '`', sizeof many);
    assert_true(quote_name(buf, sizeof buf, many, sizeof many, many, sizeof many) < sizeof buf);
    assert_string_equal(offenders_text(&o), "");
    for (int i = 0; i < 5; i++) {
        offenders_add(&o, "%d", i);
    }
    assert_string_equal(offenders_text(&o), "0, 1, 2 and 2 more");
    assert_string_equal(offenders_text(&o), "0, 1, 2 and 2 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),       cmocka_unit_test(every_check_is_shown),
        cmocka_unit_test(many_and_long),   cmocka_unit_test(names_in_statements),
        cmocka_unit_test(clustering_keys), cmocka_unit_test(quoted_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
