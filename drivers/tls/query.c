/* SPDX-License-Identifier: Apache-2.0 */
/* Statements and their results, whole in memory, within bounds. */
#include <limits.h>

#include "drivers/tls/db_internal.h"

/* One value: where it lies in `bytes`; SQL NULL has no place. */
struct cell {
    size_t at, len;
};
#define NO_PLACE SIZE_MAX

struct db_result {
    size_t rows, columns;
    char **names;
    struct cell *cells; /* rows * columns */
    size_t cells_room;
    char *bytes; /* all values, each ended by NUL */
    size_t bytes_len, bytes_room;
};

void db_result_free(struct db_result *r)
{
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; r->names != NULL && i < r->columns; i++) {
        free(r->names[i]);
    }
    free(r->names);
    free(r->cells);
    free(r->bytes);
    free(r);
}

/* Make room for `want` elements; false when there is no memory. */
static bool grow(void **block, size_t *room, size_t want, size_t element)
{
    size_t next = *room == 0 ? 64 : *room;

    while (next < want) {
        if (next > SIZE_MAX / 2 / element) {
            return false;
        }
        next *= 2;
    }
    if (next == *room) {
        return true;
    }
    void *bigger = realloc(*block, next * element);
    if (bigger == NULL) {
        return false;
    }
    *block = bigger;
    *room = next;
    return true;
}

static bool take_names(struct db_result *r, MYSQL_RES *res)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(res);
    size_t columns = mysql_num_fields(res);

    r->names = (char **)calloc(columns, sizeof(char *));
    if (r->names == NULL) {
        return false;
    }
    r->columns = columns;
    for (size_t i = 0; i < columns; i++) {
        r->names[i] = strdup(fields[i].name == NULL ? "" : fields[i].name);
        if (r->names[i] == NULL) {
            return false;
        }
    }
    return true;
}

static bool take_row(struct db_result *r, MYSQL_ROW row, const unsigned long *lengths)
{
    size_t first = r->rows * r->columns;

    if (!grow((void **)&r->cells, &r->cells_room, first + r->columns, sizeof(struct cell))) {
        return false;
    }
    for (size_t i = 0; i < r->columns; i++) {
        struct cell *c = &r->cells[first + i];
        if (row[i] == NULL) {
            *c = (struct cell){.at = NO_PLACE, .len = 0};
            continue;
        }
        if (!grow((void **)&r->bytes, &r->bytes_room, r->bytes_len + lengths[i] + 1, 1)) {
            return false;
        }
        *c = (struct cell){.at = r->bytes_len, .len = lengths[i]};
        memcpy(r->bytes + r->bytes_len, row[i], lengths[i]);
        r->bytes[r->bytes_len + lengths[i]] = '\0';
        r->bytes_len += lengths[i] + 1;
    }
    r->rows++;
    return true;
}

static int stop(struct db_error *err, int code, const char *text)
{
    if (err != NULL) {
        memset(err, 0, sizeof(*err));
        memcpy(err->sqlstate, "HY000", 6);
        snprintf(err->text, sizeof(err->text), "%s", text);
    }
    return code;
}

static int take_rows(struct db *db, MYSQL_RES *res, struct db_result *r, size_t max_rows,
                     size_t max_bytes, struct db_error *err)
{
    MYSQL_ROW row;

    if (!take_names(r, res)) {
        return stop(err, ERR_NOMEM, "no memory for a result");
    }
    while ((row = mysql_fetch_row(res)) != NULL) {
        if (max_rows != 0 && r->rows == max_rows) {
            return stop(err, ERR_TOOBIG, "the server's answer has more rows than expected");
        }
        if (!take_row(r, row, mysql_fetch_lengths(res))) {
            return stop(err, ERR_NOMEM, "no memory for a result");
        }
        if (max_bytes != 0 && r->bytes_len > max_bytes) {
            return stop(err, ERR_TOOBIG, "the server's answer is larger than expected");
        }
    }
    return mysql_errno(&db->mysql) == 0 ? OK : db_explain(db, "reading an answer", err);
}

/* A server that sends without end, or a byte now and then, must not hold us: the whole answer comes
 * within one read timeout, and what lies behind the caller's bound is read only so far. */
#define DRAIN_BYTES (1 << 20)

static void bound_statement(struct db *db, size_t max_bytes)
{
    const MARIADB_PVIO *pvio = db->mysql.net.pvio;
    int timeout_ms = pvio != NULL ? pvio->timeout[PVIO_READ_TIMEOUT] : 0;
    db->statement_ms = timeout_ms > 0 ? now_monotonic_ms() + timeout_ms : 0;
    db->budget = max_bytes > 0 ? 2 * (int64_t)max_bytes + DRAIN_BYTES : 0;
}

void db_set_read_timeout(struct db *db, unsigned seconds)
{
    MARIADB_PVIO *pvio = db->mysql.net.pvio;

    if (pvio != NULL) {
        pvio->timeout[PVIO_READ_TIMEOUT] = seconds > INT_MAX / 1000 ? INT_MAX : (int)seconds * 1000;
    }
}

static void unbound_statement(struct db *db)
{
    db->statement_ms = 0;
    db->budget = 0;
}

static int query(struct db *db, const char *sql, size_t max_rows, size_t max_bytes,
                 struct db_result **out, struct db_error *err)
{
    struct db_result *r = NULL;
    int rc = OK;

    if (out != NULL) {
        *out = NULL;
    }
    db->io = IO_FINE;
    if (mysql_real_query(&db->mysql, sql, strlen(sql)) != 0) {
        return db_explain(db, "running a statement", err);
    }
    r = (struct db_result *)calloc(1, sizeof(*r));
    if (r == NULL) {
        rc = stop(err, ERR_NOMEM, "no memory for a result");
    }
    MYSQL_RES *res = mysql_use_result(&db->mysql);
    if (res != NULL) {
        if (rc == OK) {
            rc = take_rows(db, res, r, max_rows, max_bytes, err);
        }
        mysql_free_result(res); /* reads what is left, so that the connection stays usable */
    } else if (rc == OK && mysql_errno(&db->mysql) != 0) {
        rc = db_explain(db, "reading an answer", err);
    }
    while (mysql_more_results(&db->mysql) && mysql_next_result(&db->mysql) == 0) {
        mysql_free_result(mysql_use_result(&db->mysql));
    }
    if (rc == OK && out != NULL) {
        *out = r;
        return OK;
    }
    db_result_free(r);
    return rc;
}

int db_query_bounded(struct db *db, const char *sql, size_t max_rows, size_t max_bytes,
                     struct db_result **out, struct db_error *err)
{
    bound_statement(db, max_bytes);
    int rc = query(db, sql, max_rows, max_bytes, out, err);
    unbound_statement(db);
    return rc;
}

int db_query(struct db *db, const char *sql, struct db_result **out, struct db_error *err)
{
    return db_query_bounded(db, sql, 0, 0, out, err);
}

size_t db_rows(const struct db_result *r)
{
    return r->rows;
}

size_t db_columns(const struct db_result *r)
{
    return r->columns;
}

const char *db_column_name(const struct db_result *r, size_t col)
{
    return col < r->columns ? r->names[col] : NULL;
}

const char *db_value(const struct db_result *r, size_t row, size_t col, size_t *len)
{
    const struct cell *c =
        row < r->rows && col < r->columns ? &r->cells[row * r->columns + col] : NULL;

    if (len != NULL) {
        *len = c == NULL ? 0 : c->len;
    }
    return c == NULL || c->at == NO_PLACE ? NULL : r->bytes + c->at;
}
