/* SPDX-License-Identifier: Apache-2.0 */
/* What a run knows: the task, and for each server the questions with their answers, as they came.
 * Checks judge this and nothing else, so that a verdict can be reached again from it offline. */
#ifndef APP_PRECHECK_FACTS_H
#define APP_PRECHECK_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum side { SOURCE, TARGET, SIDES };

enum question_id {
    Q_CONNECT, /* no SQL: the connection itself; one row: version, tls, cipher, warning */
    Q_VERSION,
    Q_VARIABLES,
    Q_REPLICAS,
    Q_BINLOG_STATUS,
    QUESTIONS
};

#define CELL_MAX 1024 /* bytes kept of one value */

enum answer_state {
    NOT_ASKED, /* `text` says why; "" = the question is not for this server */
    ANSWERED,
    FAILED,
};

struct answer {
    enum answer_state state;
    const char *sql;      /* of the table of questions, "" for Q_CONNECT */
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
    struct answer answers[QUESTIONS];
};

struct facts {
    enum config_mode mode;
    enum config_scope scope;
    char *tables;   /* clean; NULL = "" */
    char *hostname; /* ours, as other replicas of the source see it */
    uint32_t our_server_id;
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

/* Value of column `name` (any case) in row `row`; NULL if there is none. */
const char *answer_value(const struct answer *a, size_t row, const char *name);
const char *answer_cell(const struct answer *a, size_t row, size_t column);

/* ---- the table of questions ---- */

struct server_version {
    bool known, mariadb;
    unsigned number;  /* 50624, 90704, 101119 */
    const char *text; /* as the server says it, "5.5.5-" stripped; "" when not known */
};

/* "5.5.5-10.11.19-MariaDB-log" → mariadb, 101119. */
struct server_version version_parse(const char *text);
/* What this server is, from its answers. */
struct server_version version_of(const struct server_facts *s);
/* "10.11", "5.6", "9.7" as major * 100 + minor. */
unsigned version_series(const struct server_version *v);

struct question {
    const char *name; /* stable, in JSON */
    unsigned sides;   /* 1 << SOURCE | 1 << TARGET */
    size_t max_rows, max_bytes;
    bool extra; /* nice to know: a failure of this one question is a warning */
};
extern const struct question questions[QUESTIONS];

/* The statement that asks it of a server of this version, "" for Q_CONNECT. */
const char *question_sql(enum question_id q, const struct server_version *v);

const char *side_name(enum side side);        /* "source" "target" */
const char *mode_name(enum config_mode mode); /* the words of the config */
const char *scope_name(enum config_scope scope);

#endif
