/* SPDX-License-Identifier: Apache-2.0 */
/* What a run knows: the task, and for each server the questions with their answers, as they came.
 * Checks judge this and nothing else, so that a verdict can be reached again from it offline. */
#ifndef APP_PRECHECK_FACTS_H
#define APP_PRECHECK_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

/* REPLICA + n is the n-th server of target.replicas. */
enum side { SOURCE, TARGET, REPLICA, SIDES = REPLICA + 8 };

/* In the order in which they are asked. questions.c has what each asks, and of whom. */
enum question_id {
    Q_CONNECT, /* no SQL: the connection itself; one row: version, tls, cipher, warning */
    Q_VERSION,
    Q_SESSION, /* no rows: how this session shall answer; nothing of the server changes */
    Q_VARIABLES,
    Q_STATUS,
    Q_CLOCK,
    Q_GRANTS,
    Q_REPLICAS,
    Q_BINLOG_STATUS,
    Q_BINLOG_FILES,
    Q_REPLICA_STATUS,
    Q_WIRE, /* no SQL: a short dump of the binlog; rows of name and value, wire.h */
    Q_DATABASES,
    Q_TABLES,
    Q_TABLE_KINDS,
    Q_COLUMNS,
    Q_FOREIGN_KEYS,
    Q_CASCADES,
    Q_NO_PRIMARY_KEY,
    Q_TRIGGERS,
    Q_EVENTS,
    Q_DEFINERS,
    Q_ACCOUNTS,
    Q_DISKS,
    Q_TOKUDB_TABLES,
    Q_TOKUDB_KEYS, /* SHOW CREATE TABLE of each TokuDB table; rows of schema, table, clustering */
    QUESTIONS
};
_Static_assert(QUESTIONS <= 32, "a finding cites questions as the bits of an unsigned");

#define CELL_MAX  1024 /* bytes kept of one value */
#define HIDDEN    "(hidden)" /* stands in evidence where the account's password would */
#define SHOWN_MAX 100  /* offenders that are asked for: LIMIT is one more, to know of others */

enum answer_state {
    NOT_ASKED, /* `text` says why; "" = the question is not for this server */
    ANSWERED,
    FAILED,
};

struct answer {
    enum answer_state state;
    char *sql;            /* what was asked, clean; "" where it is no statement; NULL = "" */
    int64_t asked_ms;     /* this box's wall clock when it was asked, 0: not asked */
    uint32_t took_ms;
    int code;             /* FAILED: enum sluice_err */
    unsigned mysql_errno; /* 0: none */
    char sqlstate[6];
    char *text; /* FAILED: the server's words; NULL = "" */
    size_t columns, rows;
    char **cells; /* (rows + 1) * columns, the first row are the names; NULL = SQL NULL */
    size_t filled, room;
};

struct server_facts {
    bool configured;
    char *host, *user; /* clean; NULL = "" */
    uint16_t port;
    bool tls;          /* the config asks for it */
    struct answer answers[QUESTIONS];
};

struct facts {
    enum config_mode mode;
    enum config_scope scope;
    enum config_compare compare;
    char *tables;   /* clean; NULL = "" */
    char *hostname; /* ours, as other replicas of the source see it */
    uint32_t our_server_id;
    uint64_t target_capacity; /* target.capacity, bytes; 0: not given */
    uint64_t store_size;      /* bytes of this box's store, 0: not known */
    uint32_t timeout_s;       /* precheck.timeout */
    bool clock_known;         /* this box's own time is more than a guess */
    struct server_facts server[SIDES];
};

/* Copies the task and where the servers are; never a password. 0 or ERR_NOMEM (then free too). */
int facts_begin(struct facts *f, const struct config *cfg);
void facts_free(struct facts *f);

/* Recording. Text is cleaned (clean.h) and bounded by CELL_MAX on the way in. 0 or ERR_NOMEM.
 * answer_rows() begins an answer of `columns` columns; then the names and, row by row, the values
 * are put one by one; NULL is SQL NULL. */
int answer_rows(struct answer *a, const char *sql, size_t columns);
int answer_put(struct answer *a, const char *bytes, size_t len);
int answer_fail(struct answer *a, const char *sql, int code, unsigned mysql_errno,
                const char *sqlstate, const char *text);
int answer_not_asked(struct answer *a, const char *sql, const char *why);
int answer_copy(struct answer *to, const struct answer *from);

/* Value of column `name` (any case) in row `row`; NULL if there is none. */
const char *answer_value(const struct answer *a, size_t row, const char *name);
const char *answer_cell(const struct answer *a, size_t row, size_t column);
/* Whether the account's password was in it: then it is not as the server said it. */
bool answer_is_hidden(const struct answer *a);
/* Of an answer of names and values (variables, status, wire): the value of `name` (any case). NULL
 * if there is none. */
const char *answer_variable(const struct answer *a, const char *name);

/* ---- the table of questions ---- */

struct server_version {
    bool known, mariadb;
    unsigned number;  /* 50624, 90704, 101119 */
    const char *text; /* as the server says it, "5.5.5-" stripped; "" when not known */
};

/* "5.5.5-10.11.19-MariaDB-log" → mariadb, 101119. */
struct server_version version_parse(const char *text);
/* What this server is, from its answers. Never fails: an unknown one is 0.0 of MySQL. */
struct server_version version_of(const struct server_facts *s);
/* "10.11", "5.6", "9.7" as major * 100 + minor. */
unsigned version_series(const struct server_version *v);

struct question {
    const char *name; /* stable, in JSON */
    unsigned sides;   /* 1 << SOURCE | 1 << TARGET | 1 << REPLICA (all of them) */
    unsigned modes;   /* bits of enum config_mode */
    unsigned scopes;  /* bits of enum config_scope */
    size_t max_rows, max_bytes;
    bool extra;  /* nice to know: a failure of this one question is a warning */
    bool drifts; /* cheap, and its answer may change: asked again while the task runs */
};
extern const struct question questions[QUESTIONS];

/* Whether the question is for this server, from its earlier answers (version, variables) and the
 * task; if so its statement is put into buf ("" for those without one). A statement that does not
 * fit is cut and fails on the server, never asks something else. */
bool question_ask(const struct facts *f, enum side side, enum question_id q, char *buf,
                  size_t size);
#define STATEMENT_MAX (256 * 1024) /* task.tables, quoted, several times */

/* ---- the names of task.tables ---- */

struct chosen {
    const char *database, *table; /* not terminated; table NULL: the whole database */
    size_t database_len, table_len;
};
/* The next entry from *p (begin with f->tables), without blanks; false at the end. Empty entries
 * come too (check_input.c finds fault with them). */
bool chosen_next(const char **p, struct chosen *c);

const char *side_name(enum side side);        /* "source" "target" "replica 1" */
const char *mode_name(enum config_mode mode); /* the words of the config */
const char *scope_name(enum config_scope scope);
const char *compare_name(enum config_compare compare);

#endif
