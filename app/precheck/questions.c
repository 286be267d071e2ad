/* SPDX-License-Identifier: Apache-2.0 */
/* The questions that a server is asked, by version, side and task. All of them only read; all of
 * them are bounded, also on a server with very many tables. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/facts.h"

#define ON_SOURCE (1u << SOURCE)
#define ON_BOTH   (1u << SOURCE | 1u << TARGET)
#define ON_ALL    (ON_BOTH | 1u << REPLICA)
#define ONLINE    (1u << MODE_ONLINE)
#define WITH_DATA (ONLINE | 1u << MODE_BACKUP)
#define ANY_MODE  (WITH_DATA | 1u << MODE_SCHEMA)
#define INSTANCE  (1u << SCOPE_INSTANCE)
#define NAMED     (1u << SCOPE_TABLES)
#define ANY_SCOPE (INSTANCE | NAMED)
#define KB        1024u
#define FEW_ROWS  (SHOWN_MAX + 1), 256 * KB
#define MANY_ROWS 10000, 2048 * KB

const struct question questions[QUESTIONS] = {
    [Q_CONNECT] = {"connect", ON_ALL, ANY_MODE, ANY_SCOPE, 1, 4 * KB, .drifts = true},
    [Q_VERSION] = {"version", ON_ALL, ANY_MODE, ANY_SCOPE, 1, 4 * KB, .drifts = true},
    [Q_SESSION] = {"session", ON_ALL, ANY_MODE, ANY_SCOPE, 1, 4 * KB, true, true},
    [Q_VARIABLES] = {"variables", ON_ALL, ANY_MODE, ANY_SCOPE, 400, 128 * KB, .drifts = true},
    [Q_STATUS] = {"status", ON_BOTH, ANY_MODE, ANY_SCOPE, 64, 64 * KB, true, true},
    [Q_CLOCK] = {"clock", ON_BOTH, ANY_MODE, ANY_SCOPE, 1, 4 * KB, true, true},
    [Q_GRANTS] = {"grants", ON_BOTH, ANY_MODE, ANY_SCOPE, MANY_ROWS, .drifts = true},
    [Q_REPLICAS] = {"replicas", ON_SOURCE, ONLINE, ANY_SCOPE, 1000, 256 * KB, true, true},
    [Q_BINLOG_STATUS] = {"binlog-status", ON_SOURCE, ONLINE, ANY_SCOPE, 4, 256 * KB,
                         .drifts = true},
    [Q_BINLOG_FILES] = {"binlog-files", ON_SOURCE, ONLINE, ANY_SCOPE, MANY_ROWS, .drifts = true},
    [Q_REPLICA_STATUS] = {"replica-status", ON_ALL, ANY_MODE, ANY_SCOPE, 64, 256 * KB, true, true},
    [Q_WIRE] = {"wire", ON_SOURCE, ONLINE, ANY_SCOPE, 64, 64 * KB, true, true},
    [Q_DATABASES] = {"databases", ON_BOTH, ANY_MODE, ANY_SCOPE, 1001, 256 * KB, false, false},
    [Q_TABLES] = {"tables", ON_BOTH, ANY_MODE, NAMED, 4096, 1024 * KB, false, false},
    [Q_TABLE_KINDS] = {"table-kinds", ON_SOURCE, ANY_MODE, ANY_SCOPE, 1000, 1024 * KB, false,
                       false},
    [Q_COLUMNS] = {"columns", ON_SOURCE, ANY_MODE, ANY_SCOPE, FEW_ROWS, false, false},
    [Q_FOREIGN_KEYS] = {"foreign-keys", ON_SOURCE, ANY_MODE, NAMED, FEW_ROWS, false, false},
    [Q_CASCADES] = {"cascades", ON_SOURCE, WITH_DATA, ANY_SCOPE, FEW_ROWS, true, false},
    [Q_NO_PRIMARY_KEY] = {"no-primary-key", ON_SOURCE, WITH_DATA, ANY_SCOPE, FEW_ROWS, true, false},
    [Q_TRIGGERS] = {"triggers", ON_SOURCE, ANY_MODE, ANY_SCOPE, FEW_ROWS, true, false},
    [Q_EVENTS] = {"events", ON_SOURCE, WITH_DATA, ANY_SCOPE, FEW_ROWS, true, true},
    [Q_DEFINERS] = {"definers", ON_SOURCE, ANY_MODE, ANY_SCOPE, 1000, 256 * KB, true, false},
    [Q_ACCOUNTS] = {"accounts", ON_BOTH, ANY_MODE, ANY_SCOPE, MANY_ROWS, true, false},
    [Q_DISKS] = {"disks", 1u << TARGET, WITH_DATA, ANY_SCOPE, 64, 64 * KB, true, false},
    [Q_TOKUDB_TABLES] = {"tokudb-tables", ON_SOURCE, ANY_MODE, ANY_SCOPE, MANY_ROWS, false, false},
    [Q_TOKUDB_KEYS] = {"tokudb-keys", ON_SOURCE, ANY_MODE, ANY_SCOPE, MANY_ROWS, false, false},
};

/* An absent variable gives no row, where SELECT @@x would be error 1193. rds_ is Aliyun's mark. */
#define VARIABLES                                                                                  \
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'version_comment', 'log_bin', "      \
    "'binlog_format', 'binlog_row_image', 'binlog_row_value_options', 'binlog_checksum', "         \
    "'binlog_transaction_compression', 'log_bin_compress', 'binlog_encryption', "                  \
    "'encrypt_binlog', 'server_id', 'server_uuid', 'gtid_mode', 'enforce_gtid_consistency', "      \
    "'gtid_domain_id', 'innodb_stats_on_metadata', 'character_set_server', "                       \
    "'collation_server', 'lower_case_table_names', 'event_scheduler', 'log_slave_updates', "       \
    "'log_replica_updates', 'read_only', 'super_read_only', 'rpl_semi_sync_master_enabled', "      \
    "'rpl_semi_sync_slave_enabled', 'rpl_semi_sync_source_enabled', "                              \
    "'rpl_semi_sync_replica_enabled', 'max_allowed_packet', 'max_connections', 'sql_mode', "       \
    "'time_zone', 'system_time_zone', 'expire_logs_days', 'binlog_expire_logs_seconds', "          \
    "'binlog_expire_logs_auto_purge', 'max_binlog_size', 'max_binlog_total_size', "                \
    "'binlog_space_limit', 'datadir', 'auto_increment_increment', 'auto_increment_offset', "       \
    "'partial_revokes', 'activate_all_roles_on_login', 'innodb_native_foreign_keys') OR "          \
    "Variable_name LIKE 'rds\\_%'"

#define STATUS                                                                                     \
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected', 'Max_used_connections', "     \
    "'Uptime', 'Rpl_semi_sync_master_status', 'Rpl_semi_sync_slave_status', "                      \
    "'Rpl_semi_sync_source_status', 'Rpl_semi_sync_replica_status')"

#define CLOCK                                                                                      \
    "SELECT UNIX_TIMESTAMP() AS unix_time, "                                                       \
    "TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW()) AS utc_offset"

/* ---- statements are put together here ---- */

struct statement {
    char *buf;
    size_t size, used;
    bool fold; /* names are compared without regard to case */
    const struct facts *facts;
};

static void add(struct statement *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct statement *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(s->buf + s->used, s->size - s->used, fmt, ap);
    va_end(ap);
    s->used = n < 0 || (size_t)n >= s->size - s->used ? s->size - 1 : s->used + (size_t)n;
}

/* A quote is doubled and never escaped: safe whatever sql_mode says of backslashes. */
static void add_literal(struct statement *s, const char *text, size_t len)
{
    add(s, s->fold ? "LOWER('" : "'");
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'' || text[i] == '\\') {
            add(s, "%c", text[i]);
        }
        add(s, "%c", text[i]);
    }
    add(s, s->fold ? "')" : "'");
}

/* information_schema compares some names without regard to case and accents where the server itself
 * tells them apart: hence the bytes. */
static void add_column(struct statement *s, const char *column)
{
    add(s, s->fold ? "CAST(LOWER(%s) AS BINARY)" : "CAST(%s AS BINARY)", column);
}

#define SYSTEM_DATABASES "'mysql', 'sys', 'information_schema', 'performance_schema'"
#define CLOUD_DATABASES  "'__tencentdb__', '__cdb_recycle_bin__'"

/* As bytes, too: a database SYS or sýs belongs to somebody. */
static void add_of_users(struct statement *s, const char *column)
{
    add_column(s, column);
    add(s, " NOT IN (" SYSTEM_DATABASES ")");
}

/* "S IN ('a', 'b')": the databases of task.tables, whole ones or all that occur. */
static bool add_databases(struct statement *s, const char *column, bool whole_only)
{
    struct chosen c;
    bool any = false;

    for (const char *p = s->facts->tables; chosen_next(&p, &c);) {
        if (c.database_len == 0 || (whole_only && c.table != NULL)) {
            continue;
        }
        if (!any) {
            add_column(s, column);
        }
        add(s, any ? ", " : " IN (");
        add_literal(s, c.database, c.database_len);
        any = true;
    }
    add(s, any ? ")" : "FALSE");
    return any;
}

/* "CONCAT(S, 0x00, N) IN (CONCAT('c', 0x00, 't'))": the tables of task.tables. No name has a NUL.
 * Not as (S, N) IN (…): up to MySQL 5.7 information_schema applies a row of columns before it has
 * their values, and then drops what should be found. */
static bool add_tables(struct statement *s, const char *database, const char *table)
{
    struct chosen c;
    bool any = false;

    for (const char *p = s->facts->tables; chosen_next(&p, &c);) {
        if (c.table == NULL || c.database_len == 0) {
            continue;
        }
        if (!any) {
            add(s, "CONCAT(");
            add_column(s, database);
            add(s, ", 0x00, ");
            add_column(s, table);
        }
        add(s, any ? ", CONCAT(" : ") IN (CONCAT(");
        add_literal(s, c.database, c.database_len);
        add(s, ", 0x00, ");
        add_literal(s, c.table, c.table_len);
        add(s, ")");
        any = true;
    }
    add(s, any ? ")" : "FALSE");
    return any;
}

/* What the task covers, of tables; table NULL: of what belongs to a database and no table. */
static void add_scope(struct statement *s, const char *database, const char *table)
{
    if (s->facts->scope == SCOPE_INSTANCE) {
        add_of_users(s, database);
        return;
    }
    add(s, "(");
    add_databases(s, database, true);
    if (table != NULL) {
        add(s, " OR ");
        add_tables(s, database, table);
    }
    add(s, ")");
}

/* Tables with rows of their own; MariaDB calls some of them otherwise. */
#define IS_TABLE "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"

#define QUOTED(column)        "CONCAT('`', REPLACE(" column ", '`', '``'), '`')"
#define NAME(database, table) "CONCAT(" QUOTED(database) ", '.', " QUOTED(table) ")"

/* In an order, so that the same names are shown each time. */
static void add_limit(struct statement *s, const char *order)
{
    add(s, " ORDER BY %s LIMIT %d", order, SHOWN_MAX + 1);
}

static void session(struct statement *s, const struct server_version *v)
{
    uint32_t seconds = s->facts->timeout_s == 0 ? 60 : s->facts->timeout_s;

    /* Some servers ignore the character set that a client names at its login. */
    const char *charset = v->number >= 50503 ? "utf8mb4" : "utf8";
    add(s,
        "SET SESSION character_set_client = %s, character_set_connection = %s, "
        "character_set_results = %s, sql_mode = '', sql_quote_show_create = 1, "
        "group_concat_max_len = 900",
        charset, charset, charset);
    if (v->number >= 50500) {
        add(s, ", lock_wait_timeout = 5");
    }
    if (v->mariadb && v->number >= 100100) {
        add(s, ", max_statement_time = %u", (unsigned)seconds);
    } else if (!v->mariadb && v->number >= 50708) {
        add(s, ", max_execution_time = %u000", (unsigned)seconds);
    }
    if (!v->mariadb && v->number >= 80000) {
        /* Sizes of today; a value other than 0 would also be written into a table there. */
        add(s, ", information_schema_stats_expiry = 0");
    }
}

static void table_kinds(struct statement *s)
{
    add(s, "SELECT ENGINE, ROW_FORMAT, CREATE_OPTIONS LIKE '%%row_format=FIXED%%' AS fixed, "
           "IF(ENGINE = 'TokuDB', CREATE_OPTIONS, '') AS options, COUNT(*) AS tables, "
           "SUM(DATA_LENGTH + INDEX_LENGTH) AS bytes, "
           "GROUP_CONCAT(" NAME("TABLE_SCHEMA",
                                "TABLE_NAME") " SEPARATOR ', ') AS names "
                                              "FROM information_schema.TABLES WHERE " IS_TABLE
                                              " AND ");
    add_scope(s, "TABLE_SCHEMA", "TABLE_NAME");
    add(s, " GROUP BY 1, 2, 3, 4");
}

/* One pass over each of two lists: a join of these would look at every pair on older servers. As
 * bytes, or `T` and `t` would be one table. TABLE_CONSTRAINTS would do, but MariaDB hides it from
 * who may only SELECT, or has rights only on tables. */
static void no_primary_key(struct statement *s)
{
    add(s, "SELECT s AS TABLE_SCHEMA, n AS TABLE_NAME FROM (SELECT CAST(TABLE_SCHEMA AS BINARY) "
           "AS s, CAST(TABLE_NAME AS BINARY) AS n, 0 AS k FROM information_schema.TABLES "
           "WHERE " IS_TABLE " AND ");
    add_scope(s, "TABLE_SCHEMA", "TABLE_NAME");
    add(s, " UNION ALL SELECT CAST(TABLE_SCHEMA AS BINARY), CAST(TABLE_NAME AS BINARY), 1 FROM "
           "information_schema.KEY_COLUMN_USAGE WHERE CONSTRAINT_NAME = 'PRIMARY' AND "
           "REFERENCED_TABLE_NAME IS NULL AND ");
    add_scope(s, "TABLE_SCHEMA", "TABLE_NAME");
    add(s, ") AS t GROUP BY s, n HAVING MAX(k) = 0");
    add_limit(s, "1, 2");
}

static void foreign_keys(struct statement *s)
{
    add(s, "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_SCHEMA, "
           "REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE "
           "WHERE REFERENCED_TABLE_NAME IS NOT NULL AND ");
    add_scope(s, "TABLE_SCHEMA", "TABLE_NAME");
    add(s, " AND NOT ");
    add_scope(s, "REFERENCED_TABLE_SCHEMA", "REFERENCED_TABLE_NAME");
    add_limit(s, "3, 4, 1, 2");
}

/* Views and triggers go with the chosen tables, routines and events with whole databases. As bytes:
 * accounts differ by case, and not all these columns have one collation. */
static void definers(struct statement *s)
{
    static const struct {
        const char *kind, *list, *database, *table, *name;
    } kinds[] = {
        {"view", "VIEWS", "TABLE_SCHEMA", "TABLE_NAME", NAME("TABLE_SCHEMA", "TABLE_NAME")},
        {"trigger", "TRIGGERS", "EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE",
         NAME("TRIGGER_SCHEMA", "TRIGGER_NAME")},
        {"routine", "ROUTINES", "ROUTINE_SCHEMA", NULL, NAME("ROUTINE_SCHEMA", "ROUTINE_NAME")},
        {"event", "EVENTS", "EVENT_SCHEMA", NULL, NAME("EVENT_SCHEMA", "EVENT_NAME")},
    };
    add(s, "SELECT DEFINER, COUNT(*) AS objects, MIN(object) AS example FROM (");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        add(s,
            "%sSELECT CAST(DEFINER AS BINARY) AS DEFINER, CAST(CONCAT('%s ', %s) AS BINARY) AS "
            "object FROM information_schema.%s WHERE ",
            i == 0 ? "" : " UNION ALL ", kinds[i].kind, kinds[i].name, kinds[i].list);
        add_scope(s, kinds[i].database, kinds[i].table);
    }
    add(s, ") AS d GROUP BY DEFINER ORDER BY 1 LIMIT 1001");
}

static const char *replica_status(const struct server_version *v)
{
    if (v->mariadb && v->number >= 100000) {
        return "SHOW ALL SLAVES STATUS";
    }
    return !v->mariadb && v->number >= 80022 ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
}

static const char *binlog_status(const struct server_version *v)
{
    if (v->mariadb) {
        return v->number >= 100502 ? "SHOW BINLOG STATUS" : "SHOW MASTER STATUS";
    }
    return v->number >= 80400 ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

static bool folds(const struct server_facts *s)
{
    const char *value = answer_variable(&s->answers[Q_VARIABLES], "lower_case_table_names");
    return value != NULL && strcmp(value, "0") != 0;
}

static bool is_off(const struct server_facts *s, const char *variable)
{
    const char *value = answer_variable(&s->answers[Q_VARIABLES], variable);
    return value != NULL && (strcasecmp(value, "OFF") == 0 || strcmp(value, "0") == 0);
}

static bool has_tokudb(const struct server_facts *s)
{
    const struct answer *a = &s->answers[Q_TABLE_KINDS];

    for (size_t i = 0; i < a->rows; i++) {
        const char *engine = answer_value(a, i, "ENGINE");
        if (engine != NULL && strcasecmp(engine, "TokuDB") == 0) {
            return true;
        }
    }
    return false;
}

/* False: not for this server. */
static bool put_statement(struct statement *s, enum side side, enum question_id q)
{
    const struct facts *f = s->facts;
    const struct server_facts *server = &f->server[side];
    struct server_version v = version_of(server);

    switch (q) {
    case Q_CONNECT:
    case Q_WIRE:
    case QUESTIONS:
        break;
    case Q_VERSION:
        add(s, "SELECT VERSION()");
        break;
    case Q_SESSION:
        session(s, &v);
        break;
    case Q_VARIABLES:
        add(s, "%s", VARIABLES);
        break;
    case Q_STATUS:
        add(s, "%s", STATUS);
        break;
    case Q_CLOCK:
        add(s, "%s", CLOCK);
        break;
    case Q_GRANTS:
        add(s, "SHOW GRANTS");
        break;
    case Q_REPLICAS:
        add(s, !v.mariadb && v.number >= 80022 ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS");
        break;
    case Q_BINLOG_STATUS:
        add(s, "%s", binlog_status(&v));
        break;
    case Q_BINLOG_FILES:
        if (is_off(server, "log_bin")) {
            return false; /* an error there, that -261 tells of already */
        }
        add(s, "SHOW BINARY LOGS");
        break;
    case Q_REPLICA_STATUS:
        add(s, "%s", replica_status(&v));
        break;
    case Q_DATABASES:
        if (side == SOURCE && f->scope == SCOPE_INSTANCE) {
            return false;
        }
        add(s, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE ");
        if (f->scope == SCOPE_INSTANCE) {
            add_of_users(s, "SCHEMA_NAME");
            add(s, " AND SCHEMA_NAME NOT IN (" CLOUD_DATABASES ") LIMIT 1001");
        } else {
            /* Of a single table's database it matters whether the source has it. */
            bool any = add_databases(s, "SCHEMA_NAME", side == TARGET);
            add(s, " ORDER BY 1");
            return any;
        }
        break;
    case Q_TABLES:
        add(s, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE ");
        if (!add_tables(s, "TABLE_SCHEMA", "TABLE_NAME")) {
            return false;
        }
        add(s, " ORDER BY 1, 2");
        break;
    case Q_TABLE_KINDS:
        table_kinds(s);
        break;
    case Q_COLUMNS:
        /* Only 5.7: older ones have no such columns, and of newer ones the rule does not speak. */
        if (v.mariadb || version_series(&v) != 507) {
            return false;
        }
        add(s, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, GENERATION_EXPRESSION "
               "FROM information_schema.COLUMNS WHERE (DATA_TYPE = 'json' OR "
               "GENERATION_EXPRESSION <> '') AND ");
        add_scope(s, "TABLE_SCHEMA", "TABLE_NAME");
        add_limit(s, "1, 2");
        break;
    case Q_FOREIGN_KEYS:
        foreign_keys(s);
        break;
    case Q_CASCADES:
        add(s, "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE "
               "FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE (UPDATE_RULE NOT IN "
               "('RESTRICT', 'NO ACTION') OR DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION')) AND ");
        add_scope(s, "CONSTRAINT_SCHEMA", "TABLE_NAME");
        add_limit(s, "1, 2");
        break;
    case Q_NO_PRIMARY_KEY:
        no_primary_key(s);
        break;
    case Q_TRIGGERS:
        add(s, "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE, DEFINER FROM "
               "information_schema.TRIGGERS WHERE ");
        add_scope(s, "EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE");
        add_limit(s, "1, 2");
        break;
    case Q_EVENTS:
        add(s, "SELECT EVENT_SCHEMA, EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE "
               "STATUS = 'ENABLED' AND ");
        add_of_users(s, "EVENT_SCHEMA");
        add_limit(s, "1, 2");
        break;
    case Q_DEFINERS:
        definers(s);
        break;
    case Q_ACCOUNTS:
        /* Those that the definers need: on the target, or on the source when there is none. */
        if (side == SOURCE && f->server[TARGET].configured) {
            return false;
        }
        add(s, "SELECT User, Host FROM mysql.user LIMIT 10001");
        break;
    case Q_DISKS:
        if (!v.mariadb || v.number < 100132 || f->target_capacity != 0) {
            return false;
        }
        add(s, "SELECT Disk, Path, Total, Used, Available FROM information_schema.DISKS");
        break;
    case Q_TOKUDB_TABLES:
        if (!has_tokudb(server)) {
            return false;
        }
        add(s, "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE "
               "ENGINE = 'TokuDB' AND ");
        add_scope(s, "TABLE_SCHEMA", "TABLE_NAME");
        break;
    case Q_TOKUDB_KEYS:
        return has_tokudb(server);
    }
    return true;
}

bool question_ask(const struct facts *f, enum side side, enum question_id q, char *buf, size_t size)
{
    const struct question *row = &questions[q];
    unsigned bit = side < REPLICA ? 1u << side : 1u << REPLICA;
    struct statement s = {.buf = buf, .size = size, .facts = f};

    buf[0] = '\0';
    if ((row->sides & bit) == 0 || (row->modes >> f->mode & 1) == 0 ||
        (row->scopes >> f->scope & 1) == 0) {
        return false;
    }
    /* Where names clash that are the same to one of the two servers, they clash. */
    s.fold = folds(&f->server[side]) || (side == TARGET && folds(&f->server[SOURCE]));
    /* What is missing may be there in another case, and then that is what to say. */
    s.fold = s.fold || (side == SOURCE && (q == Q_DATABASES || q == Q_TABLES));
    return put_statement(&s, side, q);
}
