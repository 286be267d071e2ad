/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a source for a short stretch of its binlog, in the way mysqlbinlog does. */
#include "app/precheck/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/judge.h"
#include "app/precheck/secret.h"
#include "base/err.h"
#include "base/now.h"
#include "base/writer.h"

#define COM_BINLOG_DUMP            0x12
#define DUMP_NON_BLOCK             1
#define DUMP_SEND_ANNOTATE_ROWS    2 /* for MariaDB, which leaves them out otherwise */
#define ER_UNKNOWN_SYSTEM_VARIABLE 1193
#define POLL_MS                    100

struct link {
    struct db *db;
    const atomic_bool *stop;
    int64_t deadline_ms;
    struct db_error *err;
};

static ssize_t read_link(void *ctx, void *buf, size_t len)
{
    struct link *l = ctx;

    for (;;) {
        if (l->stop != NULL && atomic_load(l->stop)) {
            return ERR_CANCELLED;
        }
        if (now_monotonic_ms() >= l->deadline_ms) {
            snprintf(l->err->text, sizeof l->err->text,
                     "the source did not send its binlog in time");
            return ERR_TIMEOUT;
        }
        if (db_wait(l->db, POLL_MS) != 0) {
            return db_read_some(l->db, buf, len, l->err);
        }
    }
}

static const char *file_of(const struct server_facts *source, bool before)
{
    const struct answer *files = &source->answers[Q_BINLOG_FILES];
    const char *file = answer_cell(&source->answers[Q_BINLOG_STATUS], 0, 0), *last = NULL;

    if (file == NULL || file[0] == '\0' || !before) {
        return file == NULL || file[0] == '\0' ? NULL : file;
    }
    for (size_t i = 0; i < files->rows; i++) {
        const char *name = answer_cell(files, i, 0);
        if (name != NULL && strcmp(name, file) == 0) {
            return last;
        }
        last = name;
    }
    return NULL;
}

bool wire_question(const struct server_facts *source, bool before, uint32_t from, char *buf,
                   size_t size)
{
    const char *file = file_of(source, before);

    if (file != NULL) {
        snprintf(buf, size, "COM_BINLOG_DUMP %s:%" PRIu32 ", not blocking", file, from);
    }
    return file != NULL;
}

uint32_t wire_since(const struct server_facts *last, const struct server_facts *now)
{
    const struct answer *was = &last->answers[Q_BINLOG_STATUS];
    const struct answer *is = &now->answers[Q_BINLOG_STATUS];
    const char *file = answer_cell(was, 0, 0), *file_now = answer_cell(is, 0, 0);
    const char *at = answer_cell(was, 0, 1), *at_now = answer_cell(is, 0, 1);

    if (file == NULL || file_now == NULL || at == NULL || at_now == NULL ||
        strcmp(file, file_now) != 0) {
        return WIRE_FILE_START;
    }
    uint64_t from = strtoull(at, NULL, 10), to = strtoull(at_now, NULL, 10);
    return from > WIRE_FILE_START && from <= to && from <= UINT32_MAX ? (uint32_t)from
                                                                      : WIRE_FILE_START;
}

bool wire_was_idle(const struct answer *a)
{
    static const enum wire_number signs[] = {WIRE_TRANSACTIONS, WIRE_ROW_EVENTS,
                                             WIRE_STATEMENT_DML};
    const char *ended = answer_variable(a, "ended");

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const char *value = answer_variable(a, wire_names[signs[i]]);
        if (value == NULL || strcmp(value, "0") != 0) {
            return false;
        }
    }
    return ended != NULL && strcmp(ended, WIRE_END) == 0;
}

/* Checksums as they are in the files; and nothing that MariaDB would hide from an old replica. */
static int prepare(struct db *db, struct db_error *err)
{
    int rc = db_query(db,
                      "SET @master_binlog_checksum=@@global.binlog_checksum, "
                      "@source_binlog_checksum=@@global.binlog_checksum",
                      NULL, err);
    if (rc == ERR_SERVER && err->mysql_errno == ER_UNKNOWN_SYSTEM_VARIABLE) {
        memset(err, 0, sizeof *err); /* before MySQL 5.6.2: there are none */
        rc = OK;
    }
    if (rc == OK && db_is_mariadb(db)) {
        rc = db_query(db, "SET @mariadb_slave_capability=4", NULL, err);
    }
    return rc;
}

static int count_file(struct wire *w, struct link *l, const char *file, uint32_t from)
{
    uint8_t packet[16 + sizeof w->file];
    struct writer out = wr_into(packet, sizeof packet);
    struct errmsg why = {""};

    wire_begin(w, file, from, read_link, l);
    wr_u32(&out, from);
    wr_u16(&out, DUMP_NON_BLOCK | (db_is_mariadb(l->db) ? DUMP_SEND_ANNOTATE_ROWS : 0));
    wr_u32(&out, 0); /* no server id: no replica */
    wr_bytes(&out, w->file, strlen(w->file));
    int rc = db_command(l->db, COM_BINLOG_DUMP, packet, wr_len(&out), l->err);
    if (rc != OK || (rc = wire_count(w, &why)) == OK) {
        return rc;
    }
    if (w->refusal.number != 0) {
        l->err->mysql_errno = w->refusal.number;
        memcpy(l->err->sqlstate, w->refusal.sqlstate, sizeof l->err->sqlstate);
        rc = is_privilege_error(w->refusal.number) ? ERR_AUTH : ERR_SERVER;
    }
    if (why.text[0] != '\0') {
        snprintf(l->err->text, sizeof l->err->text, "%s", why.text);
    }
    return rc;
}

int wire_read(struct db *db, const struct server_facts *source, bool before, uint32_t from,
              const atomic_bool *stop, unsigned max_ms, const char *sql, const char *secret,
              struct answer *out, struct db_error *err)
{
    const char *file = file_of(source, before);
    struct link l = {
        .db = db, .stop = stop, .deadline_ms = now_monotonic_ms() + max_ms, .err = err};
    struct wire *w = malloc(sizeof *w);

    if (w == NULL) {
        return ERR_NOMEM;
    }
    memset(err, 0, sizeof *err);
    int rc = file == NULL ? ERR_INVALID : prepare(db, err);
    rc = rc != OK ? rc : count_file(w, &l, file, from);
    if (rc == OK && secret_shows(secret, w->first_database, strlen(w->first_database))) {
        snprintf(w->first_database, sizeof w->first_database, "(not shown)");
    }
    rc = rc != OK ? rc : wire_answer(w, !before, sql, out);
    free(w);
    return rc;
}
