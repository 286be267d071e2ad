/* SPDX-License-Identifier: Apache-2.0 */
/* SHOW CREATE TABLE for each TokuDB table, and the search for clustering keys in it. */
#include "app/precheck/tokudb.h"

#include <string.h>
#include <strings.h>

#include "app/precheck/offenders.h"
#include "app/precheck/secret.h"
#include "base/err.h"
#include "base/reader.h"

#define DEFINITION_MAX (1024 * 1024) /* bytes of one SHOW CREATE TABLE */

/* ---- reading a definition ---- */

static int peek(const struct reader *r)
{
    return rd_left(r) > 0 ? *r->pos : -1;
}

static bool take(struct reader *r, char c)
{
    bool is = peek(r) == c;
    rd_skip(r, is ? 1 : 0);
    return is;
}

static bool is_word(int c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* A quoted name or string to its end. The quote is doubled inside, in strings also escaped. */
static void skip_quoted(struct reader *r)
{
    char quote = (char)rd_u8(r);

    while (rd_left(r) > 0) {
        if (quote != '`' && take(r, '\\')) {
            rd_skip(r, 1);
        } else if (take(r, quote)) {
            if (!take(r, quote)) {
                return;
            }
        } else {
            rd_skip(r, 1);
        }
    }
}

/* The next name, string or word; false at anything else, which is skipped. */
static bool next_token(struct reader *r, struct reader *token)
{
    int c = peek(r);

    *token = *r;
    if (c == '`' || c == '\'' || c == '"') {
        skip_quoted(r);
    } else if (is_word(c)) {
        while (is_word(peek(r))) {
            rd_skip(r, 1);
        }
    } else {
        rd_skip(r, 1);
        return false;
    }
    token->end = r->pos;
    return true;
}

/* Whether a token is that word, or, quoted with backticks, a name of that spelling. */
static bool is_spelt(struct reader token, const char *word, bool *quoted)
{
    size_t len = strlen(word);

    *quoted = take(&token, '`');
    const uint8_t *p = rd_bytes(&token, len);
    return p != NULL && strncasecmp((const char *)p, word, len) == 0 &&
           rd_left(&token) == (*quoted ? 1 : 0);
}

/* Behind CLUSTERING: a KEY, or in MariaDB, where it is an option, "=YES". */
static bool is_clustering(struct reader after, bool quoted)
{
    static const char *const no[] = {"NO", "OFF", "0", "FALSE", "DEFAULT"};
    struct reader value;
    bool name = false;

    while (take(&after, ' ')) {
    }
    if (!take(&after, '=')) {
        return !quoted; /* else a column of that name */
    }
    while (take(&after, ' ') || take(&after, '\'')) {
    }
    next_token(&after, &value);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        if (is_spelt(value, no[i], &name)) {
            return false;
        }
    }
    return true;
}

const char *tokudb_clustering(const char *text, size_t len, size_t *line_len)
{
    struct reader r = rd_from(text, len), line = r, token;
    bool found = false, quoted = false;

    while (rd_left(&r) > 0) {
        if (peek(&r) == '\n') {
            if (found) {
                break;
            }
            rd_skip(&r, 1);
            line = r;
        } else if (next_token(&r, &token) && is_spelt(token, "CLUSTERING", &quoted)) {
            found = found || is_clustering(r, quoted);
        }
    }
    while (take(&line, ' ')) {
    }
    *line_len = found ? (size_t)(r.pos - line.pos) : 0;
    return found ? (const char *)line.pos : NULL;
}

/* ---- asking ---- */

/* The clustering key of a definition, or NULL, as the third cell of its row. */
static int put_key(struct answer *a, const char *secret, const char *definition, size_t len)
{
    size_t n = 0;
    const char *line = definition == NULL ? NULL : tokudb_clustering(definition, len, &n);

    return secret_put(a, secret, line, n);
}

static int put_failure(struct answer *a, const char *secret, const char *sql, int code,
                       const struct db_error *err)
{
    bool hide = secret_shows(secret, err->text, strlen(err->text));

    return answer_fail(a, sql, code, err->mysql_errno, err->mysql_errno != 0 ? err->sqlstate : "",
                       hide ? SECRET_WORDS : err->text);
}

/* What is no definition is no proof that there is no such key. */
static int put_nonsense(struct answer *a, const char *sql, int *got)
{
    *got = ERR_SERVER;
    return answer_fail(a, sql, ERR_PROTOCOL, 0, "", "the answer is not a table's definition");
}

static int ask_table(struct db *db, const char *secret, struct answer *a, const char *database,
                     const char *table, int *got, struct db_error *err)
{
    char sql[2400] = "SHOW CREATE TABLE "; /* twice a cell, should it be all backticks */
    size_t used = strlen(sql), len = 0;
    struct db_result *r = NULL;

    quote_name(sql + used, sizeof sql - used, database, strlen(database), table, strlen(table));
    *got = db_query_bounded(db, sql, 1, DEFINITION_MAX, &r, err);
    if (*got != OK) {
        db_result_free(r);
        return put_failure(a, secret, sql, *got, err);
    }
    const char *definition = db_rows(r) == 1 ? db_value(r, 0, 1, &len) : NULL;
    if (definition == NULL || len < 7 || strncasecmp(definition, "CREATE ", 7) != 0) {
        db_result_free(r);
        return put_nonsense(a, sql, got);
    }
    int rc = answer_put(a, database, strlen(database));
    if (rc == OK) {
        rc = answer_put(a, table, strlen(table));
    }
    if (rc == OK) {
        rc = put_key(a, secret, definition, len);
    }
    db_result_free(r);
    return rc;
}

int tokudb_ask(struct db *db, const char *secret, struct server_facts *s, int *got,
               struct db_error *err)
{
    static const char *const names[] = {"TABLE_SCHEMA", "TABLE_NAME", "clustering"};
    const struct answer *tables = &s->answers[Q_TOKUDB_TABLES];
    struct answer *a = &s->answers[Q_TOKUDB_KEYS];

    if (tables->state != ANSWERED) {
        return answer_not_asked(a, "", "the list of TokuDB tables was not had");
    }
    int rc = answer_rows(a, "SHOW CREATE TABLE", sizeof names / sizeof names[0]);
    for (size_t i = 0; rc == OK && i < sizeof names / sizeof names[0]; i++) {
        rc = answer_put(a, names[i], strlen(names[i]));
    }
    for (size_t i = 0; rc == OK && *got == OK && i < tables->rows; i++) {
        const char *database = answer_cell(tables, i, 0), *table = answer_cell(tables, i, 1);
        rc = database != NULL && table != NULL ? ask_table(db, secret, a, database, table, got, err)
                                               : put_nonsense(a, tables->sql, got);
    }
    return rc;
}
