/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of checks: a new one is a row here and a function in its family's file. */
#include "app/precheck/checks.h"

#define ONLINE    (1u << MODE_ONLINE)
#define BACKUP    (1u << MODE_BACKUP)
#define SCHEMA    (1u << MODE_SCHEMA)
#define ANY_MODE  (ONLINE | BACKUP | SCHEMA)
#define ANY_SCOPE (1u << SCOPE_INSTANCE | 1u << SCOPE_TABLES)

#define AT_START     "precheck"
#define ALSO_RUNNING "precheck, and while running"

const struct check checks[] = {
    {
        .code = -407,
        .name = "input",
        .title = "The task's input is valid",
        .title_zh = "用户输入参数有误",
        .when = "always",
        .raised_by = AT_START,
        .modes = ANY_MODE,
        .scopes = ANY_SCOPE,
        .rule = "source, target and table list of the config are complete and make sense together",
        .remedy = "correct the key in the config",
        .judge = check_input,
    },
    {
        .code = -256,
        .name = "source-connect",
        .title = "The source is reached and admits the account",
        .title_zh = "和源实例建立连接失败",
        .when = "always",
        .raised_by = ALSO_RUNNING,
        .modes = ANY_MODE,
        .scopes = ANY_SCOPE,
        .rule = "connecting and logging in succeed",
        .remedy = "check source.host, source.port, source.user and source.password",
        .judge = check_source_connect,
    },
    {
        .code = -255,
        .name = "source-query",
        .title = "Every query on the source answers",
        .title_zh = "查询源实例信息失败",
        .when = "always",
        .raised_by = ALSO_RUNNING,
        .modes = ANY_MODE,
        .scopes = ANY_SCOPE,
        .rule = "no query on the source ends in an error",
        .remedy = "keep the source reachable and the account's privileges as they are, then run "
                  "the precheck again",
        .judge = check_source_query,
    },
    {
        .code = -254,
        .name = "target-query",
        .title = "The target is reached and every query answers",
        .title_zh = "查询目标实例获取信息失败",
        .when = "a target is configured",
        .raised_by = ALSO_RUNNING,
        .modes = ANY_MODE,
        .scopes = ANY_SCOPE,
        .target = true,
        .rule = "connecting succeeds and no query on the target ends in an error",
        .remedy = "make sure that the target is up and that nothing else works on it, then run the "
                  "precheck again",
        .judge = check_target_query,
    },
    {
        .code = -257,
        .name = "compatible",
        .title = "Source and target go together",
        .title_zh = "源和目标兼容性不满足要求",
        .when = "a target is configured",
        .raised_by = AT_START,
        .modes = ANY_MODE,
        .scopes = ANY_SCOPE,
        .target = true,
        .rule =
            "same product and series, or MySQL 5.1 to 5.5, or 5.5 to 5.6 (a newer target series "
            "of MySQL 8 and 9 or of MariaDB is a warning); character_set_server and "
            "lower_case_table_names are equal",
        .remedy = "choose a target that matches the source",
        .judge = check_compatible,
    },
    {
        .code = -260,
        .name = "gtid",
        .title = "GTID modes of source and target go together",
        .title_zh = "源实例和目标实例的 GTID 配置不符合要求",
        .when = "task.mode = online or backup, and a target is configured",
        .raised_by = AT_START,
        .modes = ONLINE | BACKUP,
        .scopes = ANY_SCOPE,
        .target = true,
        .rule = "a 5.7 target: gtid_mode is on on both or off on both; any other: not from on to "
                "off",
        .remedy = "set gtid_mode on the target as it is on the source",
        .judge = check_gtid,
    },
    {
        .code = -261,
        .name = "binlog-on",
        .title = "The source writes a binlog",
        .title_zh = "源实例在 ONLINE 迁移模式下，需要开启 binlog",
        .when = "task.mode = online",
        .raised_by = AT_START,
        .modes = ONLINE,
        .scopes = ANY_SCOPE,
        .rule = "log_bin is ON and a current binlog file is named",
        .remedy = "on the source, in [mysqld] of its configuration: log_bin = binlog and a "
                  "server_id of its own; then restart it (log_bin cannot be set while it runs)",
        .judge = check_binlog_on,
    },
    {
        .code = -262,
        .name = "binlog-format",
        .title = "The binlog holds rows",
        .title_zh = "源实例在 ONLINE 迁移模式下，binlog 格式不能为 statement",
        .when = "task.mode = online",
        .raised_by = ALSO_RUNNING,
        .modes = ONLINE,
        .scopes = ANY_SCOPE,
        .rule = "binlog_format is ROW or MIXED",
        .remedy = "on the source: SET GLOBAL binlog_format = 'ROW'; and binlog_format = ROW in "
                  "[mysqld] of its configuration; sessions that are open keep the old format until "
                  "they reconnect",
        .judge = check_binlog_format,
    },
    {
        .code = -264,
        .name = "server-id",
        .title = "Every server id is set and different",
        .title_zh = "源实例在 ONLINE 迁移模式下，server_id 需要配置为非1正整数，且与目标实例不同",
        .when = "task.mode = online",
        .raised_by = AT_START,
        .modes = ONLINE,
        .scopes = ANY_SCOPE,
        .rule = "the source's server_id is greater than 1; those of source, target, this box and "
                "the source's other replicas differ",
        .remedy = "give each server a server_id of its own",
        .judge = check_server_id,
    },
    {
        .code = -267,
        .name = "stats-on-metadata",
        .title = "Looking at tables does not recompute statistics",
        .title_zh = "源实例的 innodb_stats_on_metadata 需要设置为 off",
        .when = "always",
        .raised_by = AT_START,
        .modes = ANY_MODE,
        .scopes = ANY_SCOPE,
        .rule = "innodb_stats_on_metadata is OFF",
        .remedy = "on the source: SET GLOBAL innodb_stats_on_metadata = OFF; and "
                  "innodb_stats_on_metadata = OFF in [mysqld] of its configuration",
        .judge = check_stats_on_metadata,
    },
    {
        .name = "row-image",
        .title = "Row events hold whole rows",
        .title_zh = "源实例的 binlog_row_image 需要为 FULL",
        .when = "task.mode = online",
        .raised_by = ALSO_RUNNING,
        .modes = ONLINE,
        .scopes = ANY_SCOPE,
        .rule = "binlog_row_image is FULL; other images are a warning",
        .remedy = "on the source: SET GLOBAL binlog_row_image = 'FULL'; and binlog_row_image = "
                  "FULL in [mysqld] of its configuration; sessions that are open keep the old "
                  "image until they reconnect",
        .judge = check_row_image,
    },
    {
        .name = "checksum",
        .title = "Every event of the binlog has a checksum",
        .title_zh = "源实例的 binlog_checksum 需要为 CRC32",
        .when = "task.mode = online",
        .raised_by = ALSO_RUNNING,
        .modes = ONLINE,
        .scopes = ANY_SCOPE,
        .rule = "binlog_checksum is CRC32; without it, damage on the way to this box cannot be "
                "seen, which is a warning",
        .remedy = "on the source: SET GLOBAL binlog_checksum = 'CRC32'; (it begins a new binlog "
                  "file) and binlog_checksum = CRC32 in [mysqld] of its configuration",
        .judge = check_checksum,
    },
};

const size_t check_count = sizeof checks / sizeof checks[0];
