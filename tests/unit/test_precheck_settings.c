/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of settings, of the target and of the binlog's history: each with facts that make it
 * pass, complain and not know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/precheck_facts.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define M5      "5.5.62-MariaDB"
#define M105    "10.5.29-MariaDB"
#define M1011   "5.5.5-10.11.19-MariaDB-log"
#define M118    "11.8.6-MariaDB-log"
#define PASS    VERDICT_PASS
#define SKIP    VERDICT_SKIP
#define WARN    VERDICT_WARN
#define UNKNOWN VERDICT_UNKNOWN
#define FAIL    VERDICT_FAIL

/* `facts` are words: SIDE.QUESTION:COLUMN|COLUMN=VALUE|VALUE;VALUE|VALUE is an answer in place of
 * the usual one (~ is a blank, NULL is NULL, nothing behind = is no row), SIDE.took=N how many ms
 * the server took to tell its time, tables=LIST makes it a task of these tables, mode=schema and
 * mode=backup such tasks; capacity=N, store=N and clock=no are this box's. */
struct row {
    const char *check, *source, *target, *facts;
    enum verdict verdict;
    const char *why, *remedy; /* must occur; NULL: any (remedy NULL with a pass or skip: none) */
    const char *replica;
};

#define FILES(text)  "S.binlog-files:Log_name|File_size=" text
#define STATUS(text) "S.binlog-status:File|Position|Binlog_Do_DB|Binlog_Ignore_DB=b.1|4|" text
#define DISKS(text)  "capacity=0 T.disks:Disk|Path|Available=" text
#define KINDS(text)  "S.table-kinds:ENGINE|bytes|names=" text
#define OLD_STATUS                                                                                 \
    "Slave_IO_Running|Slave_SQL_Running|Master_Server_Id|Last_IO_Errno|"                           \
    "Last_IO_Error|Last_SQL_Errno|Last_SQL_Error="
#define NEW_STATUS                                                                                 \
    "Replica_IO_Running|Replica_SQL_Running|Source_Server_Id|Last_IO_Errno|"                       \
    "Last_IO_Error|Last_SQL_Errno|Last_SQL_Error="
#define R_OLD(text) "R.replica-status:" OLD_STATUS text
#define R_NEW(text) "R.replica-status:" NEW_STATUS text
#define S_OLD(text) "S.replica-status:" OLD_STATUS text
#define S_NEW(text) "S.replica-status:" NEW_STATUS text

static const struct row rows[] = {
    /* -419 */
    {"-419", "5.6.51", "5.6.51", "", SKIP, "not Aliyun RDS", NULL, NULL},
    {"-419", "5.6.51 rdsx=1", "5.7.44", "", SKIP, "not Aliyun RDS", NULL, NULL},
    {"-419", "5.6.51 rds_indexstat=ON", "", "", SKIP, "no [target]", NULL, NULL},
    {"-419", "5.6.51 rds_a=1", "5.6.51", "", PASS, "(rds_a), the target MySQL 5.6.51", NULL, NULL},
    {"-419", "5.6.51 rds_a=1 rds_b=1 rds_c=1 rds_d=1 rds_e=1", "5.6.51", "", PASS,
     "rds_a, rds_b, rds_c and 2 more", NULL, NULL},
    {"-419", "5.6.51 rds_a=1", "5.6.51 rpl_semi_sync_master_enabled=OFF", "", PASS, NULL, NULL,
     NULL},
    {"-419", "5.6.51 rds_a=1", "5.6.51 rpl_semi_sync_master_enabled=ON", "", FAIL,
     "rpl_semi_sync_master_enabled of the target is ON",
     "SET GLOBAL rpl_semi_sync_master_enabled = OFF;", NULL},
    {"-419", "5.6.51 rds_a=1", "5.6.51 rpl_semi_sync_source_enabled=ON", "", FAIL,
     "rpl_semi_sync_source_enabled", "SET GLOBAL rpl_semi_sync_source_enabled = OFF;", NULL},
    {"-419", "5.6.51 rds_a=1", "5.6.51 rpl_semi_sync_master_enabled=MAYBE", "", UNKNOWN,
     "neither ON nor OFF", NULL, NULL},
    {"-419", "5.6.51 rds_a=1", "5.7.44", "", FAIL, "the target is MySQL 5.7.44", "MySQL 5.6", NULL},
    {"-419", "5.6.51 rds_a=1", "10.11.19-MariaDB", "", FAIL, "MariaDB 10.11", NULL, NULL},
    {"-419", "5.6.51 rds_a=1", "who-knows", "", UNKNOWN, "not understood", NULL, NULL},
    {"-419", "5.6.51 !variables=1105", "5.6.51", "", UNKNOWN, "failed", "-255", NULL},
    {"-419", "5.6.51 rds_a=1", "5.6.51 !variables=1105", "", UNKNOWN, "failed", "-254", NULL},

    /* -259 */
    {"-259", "5.6.51", "5.6.51", "", PASS, "only system databases", NULL, NULL},
    {"-259", "5.6.51", "5.6.51", "T.databases:SCHEMA_NAME=shop;crm", FAIL,
     "already holds `shop`, `crm`", "drop the databases", NULL},
    {"-259", "5.6.51", "5.6.51", "T.grants:G=GRANT~USAGE~ON~*.*~TO~`sluice`@`%`", UNKNOWN,
     "the target shows the account only a part", "SHOW DATABASES", NULL},
    {"-259", "5.6.51", "5.6.51",
     "T.databases:SCHEMA_NAME=shop T.grants:G=GRANT~USAGE~ON~*.*~TO~`sluice`@`%`", FAIL, "`shop`",
     NULL, NULL},
    {"-259", "5.6.51", "5.6.51 !databases=1227", "", UNKNOWN, "error 1227", NULL, NULL},
    {"-259", "5.6.51", "5.6.51", "tables=shop", SKIP, "task.scope = tables", NULL, NULL},

    /* -258: 1.3 times, by target.capacity */
    {"-258", "5.6.51", "5.6.51", KINDS("InnoDB|1000|a") " capacity=1300", PASS,
     "1000 bytes (1.3 KiB with a reserve), the target has 1.3 KiB (target.capacity)", NULL, NULL},
    {"-258", "5.6.51", "5.6.51", KINDS("InnoDB|1000|a") " capacity=1299", FAIL, "needs 1.3 KiB",
     "correct target.capacity", NULL},
    {"-258", "5.6.51", "5.6.51", KINDS("InnoDB|999|a;MyISAM|1|b") " capacity=1299", FAIL, NULL,
     NULL, NULL},
    {"-258", "5.6.51", "5.6.51", KINDS("InnoDB|1|a") " capacity=1", FAIL, NULL, NULL, NULL},
    {"-258", "5.6.51", "5.6.51", KINDS("InnoDB|1|a") " capacity=2", PASS, NULL, NULL, NULL},
    {"-258", "5.6.51", "5.6.51", KINDS("") " capacity=1", PASS, "0 bytes", NULL, NULL},
    {"-258", "5.6.51", "5.6.51",
     KINDS("A|18446744073709551615|a;B|18446744073709551615|b") " capacity=18446744073709551614",
     FAIL, "16.0 EiB", NULL, NULL},
    {"-258", "5.6.51", "5.6.51", KINDS("InnoDB|18446744073709551616|a"), UNKNOWN, "no size", NULL,
     NULL},
    {"-258", "5.6.51", "5.6.51", KINDS("NULL|NULL|`s`.`t`;InnoDB|5|a"), UNKNOWN,
     "no size for tables of engine NULL (`s`.`t`)", "CHECK TABLE", NULL},
    {"-258", "5.6.51", "5.6.51", KINDS("NULL|NULL|b;InnoDB|1000|a") " capacity=9", FAIL,
     "hold at least 1000 bytes", NULL, NULL},
    {"-258", "5.6.51", "5.6.51", "S.grants:G=GRANT~SELECT~ON~`a`.*~TO~`sluice`@`%`", UNKNOWN,
     "only a part", NULL, NULL},
    {"-258", "5.6.51", "5.6.51", "mode=schema", SKIP, "task.mode = schema", NULL, NULL},
    {"-258", "5.6.51 !table-kinds=1105", "5.6.51", "", UNKNOWN, "failed", NULL, NULL},
    {"-258", "5.6.51", "5.6.51", "capacity=0", UNKNOWN, "does not tell how much room",
     "capacity = 200G", NULL},
    /* by the file system that holds the datadir */
    {"-258", M1011, M1011, DISKS("a|/|1;b|/var|2;c|/var/lib/mysql/|900;d|/var/lib/mysq|3"), PASS,
     "900.0 KiB (/var/lib/mysql/ with its datadir)", NULL, NULL},
    {"-258", M1011, M1011, DISKS("a|/|900;b|/var/lib/mysqld|1;c|/var/lib/mysq|1"), PASS, "(/ with",
     NULL, NULL},
    {"-258", M1011, M1011, DISKS("a|/|900;b|/var/lib|1"), FAIL, "it has 1.0 KiB (/var/lib with",
     "at least 83.2 KiB of free room", NULL},
    {"-258", M1011, M1011, DISKS("a|/|900;b|/|1"), FAIL, "1.0 KiB", NULL, NULL}, /* mounted over */
    {"-258", M1011, M1011, DISKS("a|/home|900"), UNKNOWN, "no file system that holds its datadir",
     "capacity = 200G", NULL},
    {"-258", M1011, M1011, DISKS(""), UNKNOWN, "no file system", "GRANT FILE ON *.* TO", NULL},
    {"-258", M1011, M1011 " datadir=./", DISKS("a|/|900"), UNKNOWN, "no file system", NULL, NULL},
    {"-258", M1011, M1011 " -datadir", DISKS("a|/|900"), UNKNOWN, "no variable datadir", NULL,
     NULL},
    {"-258", M1011, M1011, DISKS("a|/|NULL"), UNKNOWN, "free room is NULL", NULL, NULL},
    {"-258", M1011, M1011, DISKS("a|/|-5"), UNKNOWN, "\"-5\", no number", NULL, NULL},
    {"-258", M1011, M1011, DISKS("a|NULL|900"), UNKNOWN, "no file system", NULL, NULL},
    {"-258", M1011, M1011, DISKS("a|/|18446744073709551615"), PASS, "16.0 EiB", NULL, NULL},
    {"-258", M1011, M1011 " !disks=1109", "capacity=0", UNKNOWN, "plugin DISKS is not",
     "INSTALL SONAME 'disks';", NULL},
    {"-258", M1011, M1011 " !disks=1227", "capacity=0", UNKNOWN, "error 1227",
     "GRANT FILE ON *.* TO `sluice`@`%`;", NULL},

    /* -292: the target itself */
    {"-292", "5.6.51", "5.6.51", "", PASS, "target.replicas names no replica", NULL, NULL},
    {"-292", "5.6.51", "5.6.51 read_only=ON", "", FAIL, "read_only of the target is ON",
     "SET GLOBAL read_only = OFF;", NULL},
    {"-292", "8.0.40", "8.0.40 super_read_only=ON", "", FAIL, "super_read_only of the target is ON",
     NULL, NULL},
    {"-292", M118, "12.1.2-MariaDB read_only=NO_LOCK_NO_ADMIN", "", FAIL, "NO_LOCK_NO_ADMIN", NULL,
     NULL},
    {"-292", "5.6.51", "5.6.51 read_only=", "", UNKNOWN, "neither ON nor OFF", NULL, NULL},
    {"-292", "5.6.51", "5.6.51 -read_only", "", UNKNOWN, "no variable read_only", NULL, NULL},
    {"-292", "5.6.51", "5.6.51 !variables=1105", "", UNKNOWN, NULL, NULL, NULL},
    {"-292", "5.6.51", "", "", SKIP, "no [target]", NULL, NULL},
    /* and its replicas */
    {"-292", "5.6.51", "5.6.51", R_OLD("Yes|Yes|1002|0||0|"), PASS,
     "1 of 1 replicas replicate and are read_only", NULL, "5.6.51 read_only=ON"},
    {"-292", "9.7.4", "9.7.4", R_NEW("Yes|Yes|1002|0||0|"), PASS, NULL, NULL, "9.7.4 read_only=ON"},
    {"-292", M1011, M1011, R_OLD("Yes|Yes|9|0||0|;Yes|Yes|1002|0||0|"), PASS, NULL, NULL,
     M1011 " read_only=ON"},
    {"-292", "9.7.4", "9.7.4", R_NEW("Yes|Yes|1002|0||0|"), FAIL,
     "replica 1 (ro.example:3307) is not read_only", "SET GLOBAL read_only = ON;", "9.7.4"},
    {"-292", "9.7.4", "9.7.4", R_NEW("Yes|Yes|1002|0||0|"), UNKNOWN, "neither ON nor OFF", NULL,
     "9.7.4 read_only=?"},
    {"-292", "9.7.4", "9.7.4", R_NEW("Yes|Yes|77|0||0|"), WARN,
     "follows the server with server_id 77, the target's is 1002", "target.replicas",
     "9.7.4 read_only=ON"},
    {"-292", "9.7.4", "9.7.4", R_NEW("Connecting|Yes|1002|2003|cannot~connect|0|"), FAIL,
     "IO thread runs: Connecting, its SQL thread: Yes, error 2003: cannot connect",
     "START REPLICA;", "9.7.4 read_only=ON"},
    {"-292", "5.6.51", "5.6.51", R_OLD("Yes|No|1002|0||1062|Duplicate"), FAIL,
     "SQL thread: No, error 1062: Duplicate", "START SLAVE;", "5.6.51 read_only=ON"},
    {"-292", "5.6.51", "5.6.51", R_OLD("Yes|Yes|1002|0||1062|Duplicate"), FAIL, "error 1062", NULL,
     "5.6.51 read_only=ON"},
    {"-292", M1011, M1011, R_OLD("Yes|Yes|1002|0||0|;No|No|3|0||0|"), FAIL, "IO thread runs: No",
     "START ALL SLAVES;", M1011 " read_only=ON"},
    {"-292", "9.7.4", "9.7.4", R_NEW("NULL|Yes|1002|0||0|"), UNKNOWN,
     "does not say whether its threads run", NULL, "9.7.4 read_only=ON"},
    {"-292", "9.7.4", "9.7.4", R_NEW(""), FAIL, "replicates from nowhere", "REPLICATION SOURCE TO",
     "9.7.4 read_only=ON"},
    {"-292", "5.6.51", "5.6.51", R_OLD(""), FAIL, "replicates from nowhere", "CHANGE MASTER TO",
     "5.6.51 read_only=ON"},
    {"-292", "9.7.4", "9.7.4", "", FAIL, "replica 1 (ro.example:3307) is not reached",
     "lets target.user in", "9.7.4 !connect=1045"},
    {"-292", "9.7.4", "9.7.4", "", UNKNOWN, NULL, NULL, "9.7.4 ?connect"},
    {"-292", "9.7.4", "9.7.4", "", UNKNOWN, "no connection", NULL, "9.7.4 !connect=9015"},
    {"-292", "9.7.4", "9.7.4", "", UNKNOWN, "error 1227",
     "on replica 1 (ro.example:3307): GRANT REPLICATION CLIENT ON *.* TO ",
     "9.7.4 read_only=ON !replica-status=1227"},
    {"-292", "9.7.4", "9.7.4 read_only=ON", R_NEW("No|No|1002|0||0|"), FAIL,
     "read_only of the target is ON; replica 1", "START REPLICA;", "9.7.4 read_only=ON"},

    /* 2001041 */
    {"2001041", "5.6.51 log_slave_updates=OFF", "", "", SKIP, "no replica itself", NULL, NULL},
    {"2001041", "5.6.51 log_slave_updates=OFF", "", S_OLD("No|No|1|0||0|"), SKIP, "is stopped",
     NULL, NULL},
    {"2001041", "5.6.51", "", S_OLD("Yes|Yes|1|0||0|"), PASS, "log_slave_updates is ON", NULL,
     NULL},
    {"2001041", "5.6.51 log_slave_updates=OFF", "", S_OLD("Yes|Yes|1|0||0|"), FAIL,
     "its log_slave_updates is OFF", "log_slave_updates = ON; then restart", NULL},
    {"2001041", "5.6.51 log_slave_updates=OFF", "", S_OLD("No|Yes|1|0||0|"), FAIL, NULL, NULL,
     NULL},
    {"2001041", "5.6.51 log_slave_updates=OFF", "", S_OLD("Connecting|No|1|0||0|"), FAIL, NULL,
     NULL, NULL},
    {"2001041", M1011 " log_slave_updates=OFF", "", S_OLD("No|No|1|0||0|;No|Yes|1|0||0|"), FAIL,
     NULL, NULL, NULL},
    {"2001041", "9.7.4 log_replica_updates=OFF log_slave_updates=OFF", "", S_NEW("Yes|Yes|1|0||0|"),
     FAIL, "log_replica_updates is OFF", "log_replica_updates = ON", NULL},
    {"2001041", "9.7.4", "", S_NEW("Yes|Yes|1|0||0|"), PASS, "log_replica_updates is ON", NULL,
     NULL},
    {"2001041", "5.6.51 -log_slave_updates", "", S_OLD("Yes|Yes|1|0||0|"), UNKNOWN, "no variable",
     NULL, NULL},
    {"2001041", "5.6.51 log_slave_updates=2", "", S_OLD("Yes|Yes|1|0||0|"), UNKNOWN,
     "neither ON nor OFF", NULL, NULL},
    {"2001041", "5.6.51", "", S_OLD("NULL|NULL|1|0||0|"), UNKNOWN, "does not say", NULL, NULL},
    {"2001041", "5.6.51 !replica-status=1227", "", "", UNKNOWN, "error 1227", "-255", NULL},
    {"2001041", "5.6.51 !variables=1105", "", S_OLD("Yes|Yes|1|0||0|"), UNKNOWN, NULL, NULL, NULL},

    /* row-options */
    {"row-options", "8.0.40", "", "", PASS, "is empty", NULL, NULL},
    {"row-options", "8.0.40 binlog_row_value_options=PARTIAL_JSON", "", "", WARN, "PARTIAL_JSON",
     "SET GLOBAL binlog_row_value_options = '';", NULL},
    {"row-options", "5.7.44", "", "", PASS, "no such setting", NULL, NULL},
    {"row-options", M118, "", "", PASS, "no such setting", NULL, NULL},
    {"row-options", "8.0.40 -binlog_row_value_options", "", "", UNKNOWN, "no variable", NULL, NULL},
    {"row-options", "8.0.40 !variables=1105", "", "", UNKNOWN, "failed", NULL, NULL},

    /* binlog-compression, binlog-encryption */
    {"binlog-compression", "8.0.40", "", "", PASS, "binlog_transaction_compression is OFF", NULL,
     NULL},
    {"binlog-compression", "8.0.40 binlog_transaction_compression=ON", "", "", WARN, "is ON",
     "binlog_transaction_compression = OFF", NULL},
    {"binlog-compression", M1011, "", "", PASS, "log_bin_compress is OFF", NULL, NULL},
    {"binlog-compression", M1011 " log_bin_compress=ON", "", "", WARN, "log_bin_compress is ON",
     "log_bin_compress = OFF", NULL},
    {"binlog-compression", "8.0.19", "", "", PASS, "no such setting", NULL, NULL},
    {"binlog-compression", M5, "", "", PASS, "no such setting", NULL, NULL},
    {"binlog-compression", "8.0.40 -binlog_transaction_compression", "", "", UNKNOWN, NULL, NULL,
     NULL},
    {"binlog-compression", M1011 " log_bin_compress=", "", "", UNKNOWN, "neither ON nor OFF", NULL,
     NULL},
    {"binlog-compression", "nonsense", "", "", UNKNOWN, NULL, NULL, NULL},
    {"binlog-encryption", "8.0.40", "", "", PASS, "binlog_encryption is OFF", NULL, NULL},
    {"binlog-encryption", "8.0.40 binlog_encryption=ON", "", "", WARN, "not encrypted", "the clear",
     NULL},
    {"binlog-encryption", M1011 " encrypt_binlog=ON", "", "", WARN, "encrypt_binlog is ON", NULL,
     NULL},
    {"binlog-encryption", "5.7.44 encrypt_binlog=ON", "", "", WARN, "encrypt_binlog", NULL, NULL},
    {"binlog-encryption", "5.7.44", "", "", PASS, "no such setting", NULL, NULL},
    {"binlog-encryption", M1011 " -encrypt_binlog", "", "", UNKNOWN, NULL, NULL, NULL},

    /* binlog-filter */
    {"binlog-filter", "5.6.51", "", "", PASS, "no database is kept out", NULL, NULL},
    {"binlog-filter", "5.6.51", "", STATUS("shop|"), FAIL, "binlog_do_db shop", "restart", NULL},
    {"binlog-filter", "5.6.51", "", STATUS("|shop"), FAIL, "binlog_ignore_db shop", NULL, NULL},
    {"binlog-filter", "5.6.51", "", STATUS("|mysql,sys"), WARN, "statements such as DDL", NULL,
     NULL},
    {"binlog-filter", "5.6.51", "", STATUS("|mysql,~crm"), FAIL, NULL, NULL, NULL},
    {"binlog-filter", "5.6.51", "", STATUS("shop,crm|") " tables=shop", WARN, "shop,crm", NULL,
     NULL},
    {"binlog-filter", "5.6.51", "", STATUS("shop,crm|") " tables=shop,crm.a,wms.b", FAIL, NULL,
     NULL, NULL},
    {"binlog-filter", "5.6.51", "", STATUS("Shop|") " tables=shop", FAIL, NULL, NULL, NULL},
    {"binlog-filter", "5.6.51 lower_case_table_names=1", "", STATUS("Shop|") " tables=shop", WARN,
     NULL, NULL, NULL},
    {"binlog-filter", "5.6.51", "", STATUS("|crm") " tables=shop", WARN, "crm", NULL, NULL},
    {"binlog-filter", "5.6.51", "", STATUS("|crm,shop") " tables=shop.a", FAIL, NULL, NULL, NULL},
    {"binlog-filter", "5.6.51", "", STATUS("|…"), UNKNOWN, "too long", NULL, NULL},
    {"binlog-filter", "5.6.51", "", "S.binlog-status:File|Position=b.1|4", UNKNOWN,
     "does not tell of filters", "binlog-do-db", NULL},
    {"binlog-filter", "5.6.51 no-file", "", "", UNKNOWN, "names no binlog file", "-261", NULL},
    {"binlog-filter", "5.6.51 !binlog-status=1227", "", "", UNKNOWN, "error 1227", NULL, NULL},

    /* binlog-retention */
    {"binlog-retention", "5.6.51 expire_logs_days=0", "", "", PASS, "until they are purged by hand",
     NULL, NULL},
    {"binlog-retention", "5.6.51 expire_logs_days=1", "", "", PASS, "for 24.0 h", NULL, NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=2592000", "", "", PASS,
     "for 30.0 days; now they are 4.6 KiB", NULL, NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=0 expire_logs_days=3", "", "", PASS,
     "for 3.0 days", NULL, NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=3600", "", "", WARN, "only for 60 min",
     "binlog_expire_logs_seconds = 604800", NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=86399", "", "", WARN, "only for 24.0 h",
     NULL, NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=3599", "", "", FAIL, "only for 59 min",
     NULL, NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=60 binlog_expire_logs_auto_purge=OFF",
     "", "", PASS, "until they are purged by hand", NULL, NULL},
    {"binlog-retention", M1011 " expire_logs_days=0.000000 binlog_expire_logs_seconds=0", "", "",
     PASS, "by hand", NULL, NULL},
    {"binlog-retention", M1011 " expire_logs_days=0.250000 -binlog_expire_logs_seconds", "", "",
     WARN, "only for 6.0 h", "expire_logs_days = 7", NULL},
    {"binlog-retention", M105 " expire_logs_days=0.000231", "", "", FAIL, "only for 20 s", NULL,
     NULL},
    {"binlog-retention", M118 " max_binlog_total_size=1073741824", "", "", WARN,
     "beyond 1.0 GiB (max_binlog_total_size)", "SET GLOBAL max_binlog_total_size = 0;", NULL},
    {"binlog-retention", "5.7.44 binlog_space_limit=1048576", "", "", WARN, "binlog_space_limit",
     NULL, NULL},
    {"binlog-retention", "5.7.44 binlog_space_limit=much", "", "", UNKNOWN, "no number", NULL,
     NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=864000", "",
     FILES("a|1000;b|1000") " store=1999", WARN, "a relay that begins with the earliest",
     "relay.start", NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=864000", "",
     FILES("a|1000;b|1000") " store=2000", PASS, "the store holds at most about 10.0 days of it",
     NULL, NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=864000", "",
     FILES("a|1") " store=18446744073709551615", PASS,
     "the store holds at most about 11574074074.1 days", NULL, NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=7200", "",
     FILES("a|1000") " store=36000", WARN, "fetched again; the store holds at most about 3.0 days",
     NULL, NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=864000", "", FILES("a|x"), PASS,
     "for 10.0 days", NULL, NULL},
    {"binlog-retention", "8.0.40 !binlog-files=1227", "", "", PASS, "for 10.0 days", NULL, NULL},
    {"binlog-retention", "5.6.51 expire_logs_days=", "", "", UNKNOWN, "\"\" is no number of days",
     NULL, NULL},
    {"binlog-retention", M1011 " -binlog_expire_logs_seconds expire_logs_days=1.", "", "", UNKNOWN,
     "\"1.\" is no number of days", NULL, NULL},
    {"binlog-retention", M1011 " -binlog_expire_logs_seconds expire_logs_days=1.x", "", "", UNKNOWN,
     NULL, NULL, NULL},
    {"binlog-retention", "5.6.51 expire_logs_days=99999999999999999999999999", "", "", UNKNOWN,
     NULL, NULL, NULL},
    {"binlog-retention", "5.6.51 expire_logs_days=4294967296", "", "", UNKNOWN, NULL, NULL, NULL},
    {"binlog-retention", "8.0.40 binlog_expire_logs_seconds=-1", "", "", UNKNOWN, NULL, NULL, NULL},
    {"binlog-retention", "5.6.51 -expire_logs_days", "", "", UNKNOWN, "no variable", NULL, NULL},

    /* without a binlog */
    {"binlog-retention", "5.6.51 log_bin=OFF expire_logs_days=x", "", "", SKIP, "see -261", NULL,
     NULL},
    {"binlog-filter", "5.6.51 log_bin=OFF no-file", "", "", SKIP, "see -261", NULL, NULL},
    {"big-files", "5.6.51 log_bin=0", "", "", SKIP, "see -261", NULL, NULL},
    {"big-files", "5.6.51 log_bin=", "", "", PASS, NULL, NULL, NULL},

    /* big-files */
    {"big-files", "5.6.51", "", FILES("a|4294967295;b|4"), PASS, "the largest has 4.0 GiB", NULL,
     NULL},
    {"big-files", "5.6.51", "", FILES("a|4294967296;b|4"), WARN, "a (4.0 GiB)", "small", NULL},
    {"big-files", "5.6.51", "", FILES("a|5368709120;b|4;c|1099511627776;d|4294967297;e|4294967297"),
     WARN, "a (5.0 GiB), c (1.0 TiB), d (4.0 GiB) and more", NULL, NULL},
    {"big-files", "5.6.51", "", FILES("a|NULL"), UNKNOWN, "size of a is NULL", NULL, NULL},
    {"big-files", "5.6.51", "", FILES("a|"), UNKNOWN, "no number", NULL, NULL},
    {"big-files", "5.6.51", "", FILES("a|-1"), UNKNOWN, NULL, NULL, NULL},
    {"big-files", "5.6.51 !binlog-files=1381", "", "", UNKNOWN, "error 1381", NULL, NULL},
    {"big-files", "5.6.51", "", "mode=backup", SKIP, NULL, NULL, NULL},

    /* clock: facts are of 1700000000.000, answered at once */
    {"clock", "5.6.51", "", "", PASS, "the source and this box", NULL, NULL},
    {"clock", "5.6.51", "5.6.51", "", PASS, "source, target and this box", NULL, NULL},
    {"clock", "5.6.51", "5.6.51", "clock=no", PASS, "of source and target agree", NULL, NULL},
    {"clock", "5.6.51", "", "clock=no", SKIP, "not set yet", NULL, NULL},
    {"clock", "5.6.51", "", "S.clock:unix_time|utc_offset=1700000004|0", PASS, NULL, NULL, NULL},
    {"clock", "5.6.51", "", "S.clock:unix_time|utc_offset=1700000005|0", WARN,
     "source's clock is 5 s ahead of this box's", "NTP", NULL},
    {"clock", "5.6.51", "", "S.clock:unix_time|utc_offset=1700000006|0 S.took=1001", PASS, NULL,
     NULL, NULL},
    {"clock", "5.6.51", "", "S.clock:unix_time|utc_offset=1699999995|0", PASS, NULL, NULL, NULL},
    {"clock", "5.6.51", "", "S.clock:unix_time|utc_offset=1699999994|0", WARN, "5 s behind", NULL,
     NULL},
    {"clock", "5.6.51", "", "S.took=5001", UNKNOWN, "took 5001 ms", NULL, NULL},
    {"clock", "5.6.51", "5.6.51", "T.clock:unix_time|utc_offset=1700003600|0", WARN,
     "target's clock is 60 min ahead of this box's; the target's clock is 59 min ahead of the "
     "source's",
     NULL, NULL},
    {"clock", "5.6.51", "5.6.51", "clock=no S.clock:unix_time|utc_offset=1600000000|0", WARN,
     "days ahead of the source's", NULL, NULL},
    {"clock", "5.6.51", "5.6.51",
     "clock=no S.clock:unix_time|utc_offset=1600000000|0 "
     "T.clock:unix_time|utc_offset=1600000003|0",
     PASS, NULL, NULL, NULL},
    {"clock", "5.6.51", "", "S.clock:unix_time|utc_offset=18446744073709551615|0", WARN, "ahead",
     NULL, NULL},
    {"clock", "5.6.51", "", "S.clock:unix_time|utc_offset=0|0", WARN, "behind", NULL, NULL},
    {"clock", "5.6.51", "", "S.clock:unix_time|utc_offset=NULL|0", UNKNOWN, "is NULL, no number",
     NULL, NULL},
    {"clock", "5.6.51", "", "S.clock:unix_time|utc_offset=", UNKNOWN, NULL, NULL, NULL},
    {"clock", "5.6.51", "5.6.51 !clock=1105", "", UNKNOWN, NULL, NULL, NULL},

    /* connections: 5 are in use */
    {"connections", "5.6.51", "", "", PASS, "5 of 151 connections", NULL, NULL},
    {"connections", "5.6.51 max_connections=15", "", "", PASS, NULL, NULL, NULL},
    {"connections", "5.6.51 max_connections=14", "", "", WARN, "5 of 14",
     "SET GLOBAL max_connections = 17;", NULL},
    {"connections", "5.6.51 max_connections=1000", "",
     "S.status:Variable_name|Value=Threads_connected|900", PASS, NULL, NULL, NULL},
    {"connections", "5.6.51 max_connections=1000", "",
     "S.status:Variable_name|Value=Threads_connected|901", WARN, "901 of 1000",
     "max_connections = 1025;", NULL},
    {"connections", "5.6.51 max_connections=4", "", "", WARN, "5 of 4", NULL, NULL},
    {"connections", "5.6.51 max_connections=many", "", "", UNKNOWN, "no number", NULL, NULL},
    {"connections", "5.6.51 -max_connections", "", "", UNKNOWN, "no variable", NULL, NULL},
    {"connections", "5.6.51", "", "S.status:Variable_name|Value=", UNKNOWN, "Threads_connected",
     NULL, NULL},
    {"connections", "5.6.51 !status=1105", "", "", UNKNOWN, NULL, NULL, NULL},

    /* packet-size */
    {"packet-size", "5.6.51", "", "", PASS, "64.0 MiB", NULL, NULL},
    {"packet-size", "5.6.51", "5.6.51", "", PASS, "on the target 64.0 MiB", NULL, NULL},
    {"packet-size", "5.6.51 max_allowed_packet=4194304", "", "", PASS, "4.0 MiB", NULL, NULL},
    {"packet-size", "5.6.51 max_allowed_packet=4194303", "", "", WARN, "of the source is",
     "on the source: SET GLOBAL max_allowed_packet = 4194304;", NULL},
    {"packet-size", "5.6.51", "5.6.51 max_allowed_packet=67107840", "", WARN,
     "64.0 MiB on the source and 64.0 MiB on the target",
     "on the target: SET GLOBAL max_allowed_packet = 67108864;", NULL},
    {"packet-size", "5.6.51 max_allowed_packet=", "5.6.51", "", UNKNOWN, "no number", NULL, NULL},
    {"packet-size", "5.6.51", "5.6.51 -max_allowed_packet", "", UNKNOWN, "no variable", NULL, NULL},
    {"packet-size", "5.6.51", "5.6.51 !connect=2003", "", UNKNOWN, "see -254", NULL, NULL},

    /* settings-equal */
    {"settings-equal", "5.6.51", "5.6.51", "", PASS, "are equal", NULL, NULL},
    {"settings-equal", M1011, M1011, "", PASS, NULL, NULL, NULL},
    {"settings-equal", "5.6.51", "", "", SKIP, "no [target]", NULL, NULL},
    {"settings-equal", "5.6.51 sql_mode=A,B_1", "5.6.51 sql_mode=b_1,a", "", PASS, NULL, NULL,
     NULL},
    {"settings-equal", "5.6.51 sql_mode=A,B", "5.6.51 sql_mode=B,C", "", WARN,
     "only on the source A, only on the target C", "SET GLOBAL sql_mode = 'A,B';", NULL},
    {"settings-equal", "5.6.51 sql_mode=A", "5.6.51 sql_mode=AB", "", WARN,
     "only on the source A, only on the target AB", NULL, NULL},
    {"settings-equal", "5.6.51 sql_mode=", "5.6.51 sql_mode=A", "", WARN,
     "only on the source nothing, only on the target A", "sql_mode = '';", NULL},
    {"settings-equal", "5.7.44 sql_mode=NO_AUTO_CREATE_USER,A", "8.0.40 sql_mode=A", "", PASS, NULL,
     NULL, NULL},
    {"settings-equal", "5.7.44 sql_mode=NO_AUTO_CREATE_USER,A", "8.0.40 sql_mode=B", "", WARN, NULL,
     "sql_mode = 'A';", NULL},
    {"settings-equal", "5.7.44 sql_mode=NO_AUTO_CREATE_USER", "5.7.44 sql_mode=", "", WARN, NULL,
     NULL, NULL},
    {"settings-equal", "5.6.51 sql_mode=A';DROP", "5.6.51", "", WARN, NULL, "'A,DROP';", NULL},
    {"settings-equal", "5.6.51 -sql_mode", "5.6.51", "", UNKNOWN, "no variable sql_mode", NULL,
     NULL},
    {"settings-equal", "5.6.51", "5.6.51", "T.clock:unix_time|utc_offset=1|3600", WARN,
     "SYSTEM, now +00:00 on the source and SYSTEM, now +01:00", "time_zone = '+00:00'", NULL},
    {"settings-equal", "5.6.51", "5.6.51",
     "S.clock:unix_time|utc_offset=1|-12600 T.clock:unix_time|utc_offset=1|20700", WARN,
     "now -03:30 on the source and SYSTEM, now +05:45", "time_zone = '-03:30'", NULL},
    {"settings-equal", "5.6.51", "5.6.51",
     "S.clock:unix_time|utc_offset=1|7200 T.clock:unix_time|utc_offset=1|7199", PASS, NULL, NULL,
     NULL},
    {"settings-equal", "5.6.51 time_zone=+00:00", "5.6.51 time_zone=UTC", "", PASS,
     "time_zone is +00:00, now +00:00, on the target UTC, now +00:00: the same now", NULL, NULL},
    {"settings-equal", "5.6.51", "5.6.51 time_zone=+00:00", "", PASS, "the same now", NULL, NULL},
    {"settings-equal", "5.6.51 time_zone=-00:00", "5.6.51 time_zone=Etc/UTC", "", PASS,
     "the same now", NULL, NULL},
    {"settings-equal", "5.6.51 system_time_zone=CET", "5.6.51 system_time_zone=CET", "", PASS, NULL,
     NULL, NULL},
    {"settings-equal", "5.6.51 system_time_zone=CET", "5.6.51 time_zone=+01:00",
     "S.clock:unix_time|utc_offset=1|3600 T.clock:unix_time|utc_offset=1|3600", WARN,
     "SYSTEM, now +01:00 (CET), on the target +01:00, now +01:00 (+01:00): the same now, but",
     "SET GLOBAL time_zone", NULL},
    {"settings-equal", "5.6.51 system_time_zone=GMT", "5.6.51 time_zone=Europe/London", "", WARN,
     "the same now, but", NULL, NULL},
    {"settings-equal", "5.6.51 system_time_zone=CET", "5.6.51 system_time_zone=UTC", "", WARN,
     "the same now, but", NULL, NULL},
    {"settings-equal", "5.6.51 system_time_zone=CET", "5.6.51 time_zone=CET", "", WARN,
     "the same now, but", NULL, NULL},
    {"settings-equal", "5.6.51", "5.6.51 -system_time_zone", "", UNKNOWN,
     "no variable system_time_zone", NULL, NULL},
    {"settings-equal", "5.6.51 time_zone=UTC", "5.6.51 time_zone=utc !clock=1105", "", PASS, NULL,
     NULL, NULL},
    {"settings-equal", "5.6.51", "5.6.51 !clock=1105", "", UNKNOWN, "failed", NULL, NULL},
    {"settings-equal", "5.6.51", "5.6.51", "T.clock:unix_time|utc_offset=1|NULL", UNKNOWN,
     "utc_offset is NULL", NULL, NULL},
    {"settings-equal", "5.6.51", "5.6.51", "T.clock:unix_time|utc_offset=1|--1", UNKNOWN, NULL,
     NULL, NULL},
    {"settings-equal", "5.6.51 collation_server=utf8_bin", "8.0.40 collation_server=utf8mb3_bin",
     "", PASS, NULL, NULL, NULL},
    {"settings-equal", "5.6.51 collation_server=utf8_bin", "5.6.51 collation_server=utf8mb4_bin",
     "", WARN, "utf8_bin on the source and utf8mb4_bin", "collation_server = 'utf8_bin';", NULL},
    {"settings-equal", "5.6.51 collation_server=", "5.6.51 collation_server=", "", UNKNOWN,
     "is no collation", NULL, NULL},
    {"settings-equal", "5.6.51 collation_server=x';", "5.6.51", "", UNKNOWN, "is no collation",
     NULL, NULL},
    {"settings-equal", "5.6.51 server_uuid=abc", "5.6.51 server_uuid=ABC", "", FAIL,
     "both have server_uuid abc", "auto.cnf", NULL},
    {"settings-equal", "5.6.51 server_uuid=", "5.6.51", "", UNKNOWN, "server_uuid is empty", NULL,
     NULL},
    {"settings-equal", "5.6.51 -server_uuid", "5.6.51", "", UNKNOWN, "no variable server_uuid",
     NULL, NULL},
    {"settings-equal", "5.5.62", "5.6.51", "", PASS, NULL, NULL, NULL},

    /* auto-increment */
    {"auto-increment", "5.6.51", "5.6.51", "", PASS, "increment 1 and offset 1 on both", NULL,
     NULL},
    {"auto-increment", "5.6.51 auto_increment_increment=2", "5.6.51 auto_increment_increment=2", "",
     PASS, NULL, NULL, NULL},
    {"auto-increment", "5.6.51", "5.6.51 auto_increment_increment=2", "", WARN,
     "increment is 1 on the source and 2 on the target", "auto_increment_increment = 1;", NULL},
    {"auto-increment", "5.6.51 auto_increment_offset=2", "5.6.51", "", WARN,
     "offset is 2 on the source and 1", "auto_increment_offset = 2;", NULL},
    {"auto-increment", "5.6.51", "5.6.51 auto_increment_offset=x", "", UNKNOWN, "no number", NULL,
     NULL},
    {"auto-increment", "5.6.51 -auto_increment_offset", "5.6.51", "", UNKNOWN, NULL, NULL, NULL},

    /* gtid-consistency */
    {"gtid-consistency", "5.6.51", "", "", PASS, "gtid_mode is OFF", NULL, NULL},
    {"gtid-consistency", "5.5.62", "", "", SKIP, "no GTIDs", NULL, NULL},
    {"gtid-consistency", M1011, "", "", SKIP, "MariaDB has no gtid_mode", NULL, NULL},
    {"gtid-consistency", "8.0.40 gtid_mode=ON enforce_gtid_consistency=ON", "", "", PASS,
     "gtid_mode is ON", NULL, NULL},
    {"gtid-consistency", "8.0.40 gtid_mode=ON enforce_gtid_consistency=WARN", "", "", WARN,
     "enforce_gtid_consistency is WARN", "enforce_gtid_consistency = ON", NULL},
    {"gtid-consistency", "8.0.40 gtid_mode=ON_PERMISSIVE enforce_gtid_consistency=ON", "", "", WARN,
     "ON_PERMISSIVE", "gtid_mode = ON;", NULL},
    {"gtid-consistency", "8.0.40 gtid_mode=OFF_PERMISSIVE", "", "", WARN, "OFF_PERMISSIVE",
     "gtid_mode = OFF;", NULL},
    {"gtid-consistency", "5.6.51 gtid_mode=UPGRADE_STEP_1", "", "", WARN, "UPGRADE_STEP_1",
     "gtid_mode = OFF", NULL},
    {"gtid-consistency", "8.0.40 gtid_mode=ON -enforce_gtid_consistency", "", "", UNKNOWN,
     "no variable enforce", NULL, NULL},
    {"gtid-consistency", "8.0.40 gtid_mode=", "", "", UNKNOWN, "is not understood", NULL, NULL},
    {"gtid-consistency", "8.0.40 -gtid_mode", "", "", UNKNOWN, "no variable gtid_mode", NULL, NULL},
    {"gtid-consistency", "nonsense", "", "", UNKNOWN, NULL, NULL, NULL},
};

static void put_cells(struct answer *a, char *text)
{
    for (char *next = text; next != NULL;) {
        char *cell = next;
        next = strpbrk(cell, "|;");
        if (next != NULL) {
            *next++ = '\0';
        }
        for (char *p = cell; (p = strchr(p, '~')) != NULL;) {
            *p = ' ';
        }
        put_word(a, strcmp(cell, "NULL") == 0 ? NULL : cell);
    }
}

static void change(struct facts *f, char *word)
{
    char *value = strchr(word, '=');
    assert_non_null(value);
    *value++ = '\0';
    enum side side = word[0] == 'S' ? SOURCE : word[0] == 'T' ? TARGET : REPLICA;
    char *columns = strchr(word, ':');
    if (strcmp(word, "capacity") == 0) {
        f->target_capacity = strtoull(value, NULL, 10);
    } else if (strcmp(word, "store") == 0) {
        f->store_size = strtoull(value, NULL, 10);
    } else if (strcmp(word, "clock") == 0) {
        f->clock_known = false;
    } else if (strcmp(word + 1, ".took") == 0) {
        f->server[side].answers[Q_CLOCK].took_ms = (uint32_t)strtoul(value, NULL, 10);
    } else {
        assert_non_null(columns);
        *columns++ = '\0';
        struct answer *a = &f->server[side].answers[spec_question(word + 2)];
        char sql[64];
        snprintf(sql, sizeof sql, "%s", a->sql == NULL ? "" : a->sql);
        if (a->asked_ms == 0 && strcmp(word + 2, "clock") == 0) {
            a->asked_ms = 1700000000000;
        }
        put_columns(a, sql, columns);
        if (value[0] != '\0') {
            put_cells(a, value);
        }
        assert_int_equal(a->filled % a->columns, 0);
    }
}

/* The value of a word at the front of `facts` that the task is made of; "" if there is none. */
static const char *task_word(const char *facts, const char *name, char *buf, size_t size)
{
    const char *at = strstr(facts, name);
    snprintf(buf, size, "%.*s", at == NULL ? 0 : (int)strcspn(at + strlen(name), " "),
             at == NULL ? "" : at + strlen(name));
    return buf;
}

static struct precheck_run *run_row(const struct row *r)
{
    char tables[64], mode[16], words[512], *save = NULL;
    task_word(r->facts, "tables=", tables, sizeof tables);
    task_word(r->facts, "mode=", mode, sizeof mode);
    struct precheck_run *run =
        run_of(strcmp(mode, "schema") == 0   ? MODE_SCHEMA
               : strcmp(mode, "backup") == 0 ? MODE_BACKUP
                                             : MODE_ONLINE,
               tables[0] != '\0' ? SCOPE_TABLES : SCOPE_INSTANCE, tables, r->source, r->target);
    struct facts *f = &run->facts;
    if (strstr(r->facts, "capacity=0") != NULL) { /* then the target is asked for its disks */
        f->target_capacity = 0;
        facts_server(f, TARGET, r->target);
    }
    if (r->replica != NULL) {
        f->server[REPLICA].host = strdup("ro.example");
        f->server[REPLICA].port = 3307;
        facts_server(f, REPLICA, r->replica);
    }
    snprintf(words, sizeof words, "%s", r->facts);
    for (char *word = strtok_r(words, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        if (strncmp(word, "tables=", 7) != 0 && strncmp(word, "mode=", 5) != 0) {
            change(f, word);
        }
    }
    run_judge(run);
    return run;
}

static void every_row(void **state)
{
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct precheck_run *run = run_row(r);
        const struct finding *f = finding_of(run, r->check);
        assert_non_null(f);
        bool remedy = r->remedy != NULL ? strstr(f->remedy, r->remedy) != NULL
                                        : (f->verdict > SKIP) == (f->remedy[0] != '\0');
        if (f->verdict != r->verdict || (r->why != NULL && strstr(f->why, r->why) == NULL) ||
            !remedy || (f->verdict != SKIP && f->brief[0] == '\0')) {
            print_error("%s of \"%s\" and \"%s\" with \"%s\": %s (%s): %s; to do: %s\n", r->check,
                        r->source, r->target, r->facts, verdict_name(f->verdict), f->brief, f->why,
                        f->remedy);
            wrong++;
        }
        /* A verdict shows what it rests on, and what it complains of does not hold there. */
        unsigned used = f->used[SOURCE] | f->used[TARGET];
        bool broken = false;
        for (size_t k = 0; k < f->compared_count; k++) {
            broken = broken || !f->compared[k].holds;
        }
        if ((f->verdict != SKIP && used == 0) || (f->verdict == PASS && broken)) {
            print_error("%s of \"%s\" with \"%s\" has not the evidence of its verdict\n", r->check,
                        r->source, r->facts);
            wrong++;
        }
        precheck_free(run);
    }
    assert_int_equal(wrong, 0);
}

/* Every question that a check rests on, failed: then it does not pass. */
static void no_pass_without_facts(void **state)
{
    static const char *const names[] = {
        "-259",
        "-258",
        "-292",
        "2001041",
        "row-options",
        "binlog-filter",
        "big-files",
        "binlog-compression",
        "clock",
        "connections",
        "packet-size",
        "binlog-encryption",
        "settings-equal",
        "auto-increment",
        "gtid-consistency",
        "binlog-retention",
        "-419",
    };
    static const char source[] = "8.0.40 rds_a=1", target[] = "8.0.41";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct precheck_run *run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", source, target);
        const struct finding *well = finding_of(run, names[i]);
        size_t tried = 0;
        for (int side = SOURCE; side <= TARGET; side++) {
            for (enum question_id q = Q_VERSION; q < QUESTIONS; q++) {
                if ((well->used[side] >> q & 1) == 0) {
                    continue;
                }
                char line[128];
                snprintf(line, sizeof line, "%s !%s=1105", side == SOURCE ? source : target,
                         questions[q].name);
                struct precheck_run *bad =
                    run_of(MODE_ONLINE, SCOPE_INSTANCE, "", side == SOURCE ? line : source,
                           side == TARGET ? line : target);
                const struct finding *f = finding_of(bad, names[i]);
                /* Files' sizes are an extra to the retention. */
                bool extra = strcmp(names[i], "binlog-retention") == 0 && q == Q_BINLOG_FILES;
                if (f->verdict < UNKNOWN && !extra) {
                    fail_msg("%s without %s of the %s: %s: %s", names[i], questions[q].name,
                             side_name((enum side)side), verdict_name(f->verdict), f->why);
                }
                precheck_free(bad);
                tried++;
            }
        }
        assert_true(tried > 0);
        precheck_free(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
        cmocka_unit_test(no_pass_without_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
