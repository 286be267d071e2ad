/* SPDX-License-Identifier: Apache-2.0 */
/* Facts for tests from a line of words, as servers of each series answer that are well:
 *
 *   "5.7.44-log gtid_mode=ON -log_bin replica=7@east !binlog-status=1227"
 *
 * the version; NAME=VALUE sets a variable, -NAME takes it away; replica=ID@HOST is one more row of
 * the replicas; no-file empties the binlog status; !QUESTION=ERRNO lets a question fail; and
 * ?QUESTION leaves it and what follows unasked. "" is no server at all. */
#ifndef TESTS_UNIT_PRECHECK_FACTS_H
#define TESTS_UNIT_PRECHECK_FACTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/run.h"
#include "app/precheck/wire.h"

#define OUR_ID 1234567

struct spec_var {
    char name[40], value[80];
};

struct spec {
    char version[80];
    struct spec_var vars[64], replicas[4];
    size_t var_count, replica_count;
    bool no_file;
    unsigned fails[QUESTIONS];
    int unasked; /* the first question that was not asked */
};

static inline void spec_set(struct spec *s, const char *name, const char *value)
{
    size_t i = 0;
    while (i < s->var_count && strcmp(s->vars[i].name, name) != 0) {
        i++;
    }
    s->var_count += i == s->var_count;
    snprintf(s->vars[i].name, sizeof s->vars[i].name, "%s", name);
    snprintf(s->vars[i].value, sizeof s->vars[i].value, "%s", value);
}

static inline void spec_unset(struct spec *s, const char *name)
{
    for (size_t i = 0; i < s->var_count; i++) {
        if (strcmp(s->vars[i].name, name) == 0) {
            s->vars[i] = s->vars[--s->var_count];
            return;
        }
    }
    abort(); /* the line takes away what is not there */
}

static inline enum question_id spec_question(const char *name)
{
    for (int q = 0; q < QUESTIONS; q++) {
        if (strcmp(questions[q].name, name) == 0) {
            return (enum question_id)q;
        }
    }
    abort();
}

/* Of the settings that came with time each version has its own. */
static inline void spec_settings(struct spec *s, const struct server_version *v, const char *id)
{
    const struct {
        const char *name, *value;
        unsigned mysql, mariadb; /* since when; 0: always, 1: never */
    } settings[] = {
        {"sql_mode", "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", 0, 0},
        {"time_zone", "SYSTEM", 0, 0},
        {"system_time_zone", "UTC", 0, 0},
        {"collation_server", "utf8mb4_general_ci", 0, 0},
        {"max_allowed_packet", "67108864", 0, 0},
        {"max_connections", "151", 0, 0},
        {"read_only", "OFF", 0, 0},
        {"super_read_only", "OFF", 50708, 1},
        {"log_slave_updates", "ON", 0, 0},
        {"log_replica_updates", "ON", 80026, 1},
        {"expire_logs_days", v->mariadb || v->number < 80001 ? "10" : "0", 0, 0},
        {"binlog_expire_logs_seconds", "864000", 80001, 100601},
        {"binlog_expire_logs_auto_purge", "ON", 80029, 1},
        {"max_binlog_total_size", "0", 1, 110400},
        {"auto_increment_increment", "1", 0, 0},
        {"auto_increment_offset", "1", 0, 0},
        {"binlog_row_value_options", "", 80003, 1},
        {"binlog_transaction_compression", "OFF", 80020, 1},
        {"log_bin_compress", "OFF", 1, 100203},
        {"binlog_encryption", "OFF", 80014, 1},
        {"encrypt_binlog", "OFF", 1, 100107},
        {"datadir", "/var/lib/mysql/", 0, 0},
    };
    char uuid[80];
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        unsigned since = v->mariadb ? settings[i].mariadb : settings[i].mysql;
        if (since != 1 && v->number >= since) {
            spec_set(s, settings[i].name, settings[i].value);
        }
    }
    if (!v->mariadb && v->number >= 50600) {
        snprintf(uuid, sizeof uuid, "3e11fa47-71ca-11e1-9e33-c80aa942%s", id);
        spec_set(s, "server_uuid", uuid);
    }
}

/* What a server of that version says when it is well. */
static inline void spec_defaults(struct spec *s, const char *version, const char *id)
{
    struct server_version v = version_parse(version);
    spec_set(s, "version", version);
    spec_set(s, "log_bin", "ON");
    spec_set(s, "binlog_format", "ROW");
    spec_set(s, "server_id", id);
    spec_set(s, "innodb_stats_on_metadata", "OFF");
    spec_set(s, "character_set_server", "utf8mb4");
    spec_set(s, "lower_case_table_names", "0");
    if (v.number >= (v.mariadb ? 100106u : 50602u)) {
        spec_set(s, "binlog_row_image", "FULL");
    }
    if (v.number >= (v.mariadb ? 50300u : 50602u)) {
        spec_set(s, "binlog_checksum", "CRC32");
    }
    if (v.mariadb) {
        spec_set(s, "gtid_domain_id", "0");
    } else if (v.number >= 50600) {
        spec_set(s, "gtid_mode", "OFF");
        spec_set(s, "enforce_gtid_consistency", "OFF");
    }
    spec_settings(s, &v, id);
}

static inline void spec_read(struct spec *s, const char *line, const char *id)
{
    char words[512], *save = NULL;
    memset(s, 0, sizeof *s);
    s->unasked = QUESTIONS;
    snprintf(words, sizeof words, "%s", line);
    char *word = strtok_r(words, " ", &save);
    snprintf(s->version, sizeof s->version, "%s", word);
    spec_defaults(s, word, id);
    while ((word = strtok_r(NULL, " ", &save)) != NULL) {
        char *equal = strchr(word, '=');
        if (equal != NULL) {
            *equal++ = '\0';
        }
        if (word[0] == '!') {
            s->fails[spec_question(word + 1)] = (unsigned)atoi(equal);
        } else if (word[0] == '?') {
            s->unasked = (int)spec_question(word + 1);
        } else if (word[0] == '-') {
            spec_unset(s, word + 1);
        } else if (strcmp(word, "no-file") == 0) {
            s->no_file = true;
        } else if (strcmp(word, "replica") == 0) {
            char *host = strchr(equal, '@');
            struct spec_var *r = &s->replicas[s->replica_count++];
            *host++ = '\0';
            snprintf(r->name, sizeof r->name, "%s", equal);
            snprintf(r->value, sizeof r->value, "%s", host);
        } else {
            spec_set(s, word, equal);
        }
    }
}

static inline void put_words(struct answer *a, const char *sql, size_t columns, ...)
{
    va_list ap;
    va_start(ap, columns);
    answer_rows(a, sql, columns);
    for (size_t i = 0; i < columns; i++) {
        const char *word = va_arg(ap, const char *);
        answer_put(a, word, strlen(word));
    }
    va_end(ap);
}

static inline void put_word(struct answer *a, const char *word)
{
    answer_put(a, word, word == NULL ? 0 : strlen(word));
}

/* How a failure of that number comes back from the connection. */
static inline int code_of(unsigned number)
{
    return number == 1045 || number == 1130 || number == 1129 || number == 1251 || number == 2059 ||
                   is_privilege_error(number)
               ? ERR_AUTH
           : number == 2026 || number == 3159 ? ERR_TLS
           : number >= 2000 && number < 3000  ? ERR_NET
           : number >= 9000                   ? -(int)(number - 9000)
                                              : ERR_SERVER;
}

/* The names of an answer's columns, separated by '|', and how many. */
static inline void put_columns(struct answer *a, const char *sql, const char *names)
{
    size_t columns = 1;
    for (const char *p = names; (p = strchr(p, '|')) != NULL; p++) {
        columns++;
    }
    answer_rows(a, sql, columns);
    for (const char *p = names;; p++) {
        size_t len = strcspn(p, "|");
        answer_put(a, p, len);
        p += len;
        if (*p == '\0') {
            return;
        }
    }
}

/* The names of task.tables: all of them are there. */
static inline void put_chosen(const struct facts *f, struct answer *a, bool tables)
{
    struct chosen c;
    for (const char *p = f->tables; chosen_next(&p, &c);) {
        if (!tables) {
            answer_put(a, c.database, c.database_len);
        } else if (c.table != NULL) {
            answer_put(a, c.database, c.database_len);
            answer_put(a, c.table, c.table_len);
            put_word(a, "BASE TABLE");
        }
    }
}

/* What the questions about settings and files are answered. */
static inline void spec_answer_more(const struct facts *f, enum side side, enum question_id q,
                                    const char *sql, struct answer *a)
{
    /* Of these a server that is well has no rows. */
    static const char *const none[QUESTIONS] = {
        [Q_REPLICA_STATUS] = "Slave_IO_Running|Slave_SQL_Running",
        [Q_COLUMNS] = "TABLE_SCHEMA|TABLE_NAME|COLUMN_NAME|DATA_TYPE|GENERATION_EXPRESSION",
        [Q_FOREIGN_KEYS] =
            "TABLE_SCHEMA|TABLE_NAME|REFERENCED_TABLE_SCHEMA|REFERENCED_TABLE_NAME",
        [Q_CASCADES] = "CONSTRAINT_SCHEMA|TABLE_NAME|CONSTRAINT_NAME|UPDATE_RULE|DELETE_RULE",
        [Q_NO_PRIMARY_KEY] = "TABLE_SCHEMA|TABLE_NAME",
        [Q_TRIGGERS] = "TRIGGER_SCHEMA|TRIGGER_NAME|EVENT_OBJECT_TABLE|DEFINER",
        [Q_EVENTS] = "EVENT_SCHEMA|EVENT_NAME|STATUS",
        [Q_DEFINERS] = "DEFINER|objects|example",
    };
    switch (q) {
    case Q_STATUS:
        put_words(a, sql, 2, "Variable_name", "Value");
        put_word(a, "Threads_connected");
        put_word(a, "5");
        put_word(a, "Uptime");
        put_word(a, "86400");
        break;
    case Q_CLOCK:
        a->asked_ms = 1700000000000;
        put_words(a, sql, 2, "unix_time", "utc_offset");
        put_word(a, "1700000000");
        put_word(a, "0");
        break;
    case Q_GRANTS:
        put_words(a, sql, 1, "Grants for sluice@%");
        put_word(a, "GRANT ALL PRIVILEGES ON *.* TO `sluice`@`%` WITH GRANT OPTION");
        break;
    case Q_BINLOG_FILES:
        put_words(a, sql, 2, "Log_name", "File_size");
        put_word(a, "binlog.000004");
        put_word(a, "4711");
        break;
    case Q_WIRE:
        put_words(a, "COM_BINLOG_DUMP binlog.000004:4, not blocking", 2, "name", "value");
        for (int i = 0; i < WIRE_NUMBERS; i++) {
            bool some = i == WIRE_EVENTS || i == WIRE_BYTES || i == WIRE_TRANSACTIONS ||
                        i == WIRE_ROW_EVENTS;
            put_word(a, wire_names[i]);
            put_word(a, some ? "12" : "0");
        }
        break;
    case Q_DATABASES:
        put_words(a, sql, 1, "SCHEMA_NAME");
        if (side == SOURCE) {
            put_chosen(f, a, false);
        }
        break;
    case Q_TABLES:
        put_words(a, sql, 3, "TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE");
        if (side == SOURCE) {
            put_chosen(f, a, true);
        }
        break;
    case Q_TABLE_KINDS:
        put_columns(a, sql, "ENGINE|ROW_FORMAT|fixed|options|tables|bytes|names");
        put_word(a, "InnoDB");
        put_word(a, "Dynamic");
        put_word(a, "0");
        put_word(a, "");
        put_word(a, "2");
        put_word(a, "65536");
        put_word(a, "`shop`.`orders`, `shop`.`lines`");
        break;
    case Q_ACCOUNTS:
        put_words(a, sql, 2, "User", "Host");
        put_word(a, "root");
        put_word(a, "localhost");
        break;
    case Q_DISKS:
        put_columns(a, sql, "Disk|Path|Total|Used|Available");
        put_word(a, "/dev/sda1");
        put_word(a, "/var/lib/mysql/");
        put_word(a, "1000000000");
        put_word(a, "1000000");
        put_word(a, "999000000");
        break;
    default:
        if (none[q] != NULL) {
            put_columns(a, sql, none[q]);
        } else {
            answer_rows(a, sql, 0);
        }
        break;
    }
}

static inline void spec_answer(const struct facts *f, const struct spec *s, enum side side,
                               enum question_id q, const char *sql, struct answer *a)
{
    struct server_version v = version_parse(s->version);

    if ((int)q >= s->unasked) {
        answer_not_asked(a, sql, "the time for all checks (precheck.timeout = 60s) was over");
        return;
    }
    if (s->fails[q] != 0) {
        answer_fail(a, sql, code_of(s->fails[q]), s->fails[q] < 9000 ? s->fails[q] : 0, "42000",
                    "the server's own words");
        return;
    }
    switch (q) {
    case Q_CONNECT:
        put_words(a, sql, 4, "version", "tls", "cipher", "warning");
        put_word(a, v.text);
        put_word(a, "TLSv1.3");
        put_word(a, "TLS-AES");
        put_word(a, "");
        break;
    case Q_VERSION:
        put_words(a, sql, 1, "VERSION()");
        put_word(a, s->version);
        break;
    case Q_VARIABLES:
        put_words(a, sql, 2, "Variable_name", "Value");
        for (size_t i = 0; i < s->var_count; i++) {
            put_word(a, s->vars[i].name);
            put_word(a, s->vars[i].value);
        }
        break;
    case Q_REPLICAS:
        put_words(a, sql, 3, v.number >= 80022 && !v.mariadb ? "Server_Id" : "Server_id", "Host",
                  "Port");
        for (size_t i = 0; i < s->replica_count; i++) {
            put_word(a, s->replicas[i].name);
            put_word(a, s->replicas[i].value);
            put_word(a, "3306");
        }
        break;
    case Q_BINLOG_STATUS:
        put_columns(a, sql, "File|Position|Binlog_Do_DB|Binlog_Ignore_DB|Executed_Gtid_Set");
        if (!s->no_file) {
            put_word(a, "binlog.000004");
            put_word(a, "4711");
            put_word(a, "");
            put_word(a, "");
            put_word(a, NULL);
        }
        break;
    default:
        spec_answer_more(f, side, q, sql, a);
        break;
    }
}

static inline void facts_server(struct facts *f, enum side side, const char *line)
{
    struct server_facts *s = &f->server[side];
    struct spec *spec = malloc(sizeof *spec);
    char *sql = malloc(STATEMENT_MAX);

    s->configured = line[0] != '\0';
    if (s->configured) {
        spec_read(spec, line, side == SOURCE ? "1001" : "1002");
        bool connected = spec->fails[Q_CONNECT] == 0 && spec->unasked > Q_CONNECT;
        for (enum question_id q = Q_CONNECT; q < QUESTIONS; q++) {
            if (!question_ask(f, side, q, sql, STATEMENT_MAX)) {
                continue;
            }
            if (q != Q_CONNECT && !connected) {
                answer_not_asked(&s->answers[q], sql, "there was no connection");
            } else {
                spec_answer(f, spec, side, q, sql, &s->answers[q]);
            }
        }
    }
    free(sql);
    free(spec);
}

/* A run about those servers, judged. The caller frees it. */
static inline struct precheck_run *run_of(enum config_mode mode, enum config_scope scope,
                                          const char *tables, const char *source,
                                          const char *target)
{
    static char host_source[] = "db1.example", host_target[] = "db2.example", user[] = "sluice";
    static char hostname[] = "box7", list[512];
    struct precheck_run *run = NULL;
    struct config cfg;

    memset(&cfg, 0, sizeof cfg);
    snprintf(list, sizeof list, "%s", tables);
    cfg.task.mode = mode;
    cfg.task.scope = scope;
    cfg.task.tables = list;
    cfg.appliance.hostname = hostname;
    cfg.precheck.timeout_s = 60;
    cfg.source = (struct config_server){
        .present = true, .host = host_source, .user = user, .port = 3306, .server_id = OUR_ID};
    cfg.target = (struct config_server){
        .present = target[0] != '\0', .host = host_target, .user = user, .port = 3306};
    cfg.target.capacity = 1ull << 40;
    if (run_new(&cfg, &run) != OK) {
        abort();
    }
    run->facts.store_size = 1ull << 30;
    run->facts.clock_known = true;
    facts_server(&run->facts, SOURCE, source);
    facts_server(&run->facts, TARGET, target);
    run_judge(run);
    return run;
}

static inline const struct finding *finding_of(const struct precheck_run *run, const char *check)
{
    const struct check *c = run_find(check);
    return c == NULL || c->judge == NULL ? NULL : &run->findings[c - checks];
}

#endif
