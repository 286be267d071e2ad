/* SPDX-License-Identifier: Apache-2.0 */
/* What an event is, for those who have to carry its data to another server. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/wire.h"

#define LAST_MYSQL_TYPE    EVENT_GTID_TAGGED
#define FIRST_MARIADB_TYPE EVENT_MARIADB_ANNOTATE
#define LAST_MARIADB_TYPE  EVENT_MARIADB_DELETE_ROWS_COMPRESSED
#define EVENT_ROWS_QUERY   29 /* MySQL's ANNOTATE_ROWS */
/* Of MariaDB's GTID events: no transaction follows but one statement by itself; a definition. */
#define GTID_STANDALONE 0x01
#define GTID_DEFINITION 0x20

/* ---- statements ---- */

static uint8_t peek(const struct reader *r)
{
    struct reader copy = *r;
    return rd_u8(&copy);
}

/* Goes behind the next `end`, one or two bytes; to the end of all when there is none. */
static void skip_past(struct reader *r, const char *end)
{
    while (rd_left(r) > 0) {
        if (rd_u8(r) == (uint8_t)end[0] && (end[1] == '\0' || peek(r) == (uint8_t)end[1])) {
            rd_skip(r, end[1] == '\0' ? 0 : 1);
            return;
        }
    }
}

/* Blanks, comments and parentheses. Of a comment that is executed (an exclamation mark stands at
 * its beginning) only the marks are passed over. */
static void skip_blanks(struct reader *r)
{
    while (rd_left(r) > 0) {
        struct reader at = *r;
        uint8_t c = rd_u8(&at), next = peek(&at);
        if (c == '#' || (c == '-' && next == '-')) {
            skip_past(&at, "\n");
        } else if (c == '/' && next == '*') {
            rd_skip(&at, 1);
            rd_skip(&at, peek(&at) == 'M' ? 1 : 0);
            if (peek(&at) != '!') {
                skip_past(&at, "*/");
            } else {
                do {
                    rd_skip(&at, 1);
                } while (isdigit(peek(&at)));
            }
        } else if (c == '*' && next == '/') {
            rd_skip(&at, 1);
        } else if (!isspace(c) && c != '(' && c != ';') {
            return;
        }
        *r = at;
    }
}

static void next_word(struct reader *r, char *word, size_t size)
{
    size_t n = 0;

    skip_blanks(r);
    for (; isalpha(peek(r)); rd_skip(r, 1)) {
        if (n + 1 < size) {
            word[n++] = (char)peek(r);
        }
    }
    word[n] = '\0';
}

enum kind { KIND_ANY, KIND_CHANGES, KIND_DEFINES, KIND_BEGINS, KIND_WITHIN, KIND_ENDS };

/* By the first word: the server has parsed the statement, or it would not be in the binlog. */
static enum kind kind_of(struct reader text)
{
    static const struct {
        char word[10];
        uint8_t kind;
    } words[] = {
        {"INSERT", KIND_CHANGES},   {"UPDATE", KIND_CHANGES}, {"DELETE", KIND_CHANGES},
        {"REPLACE", KIND_CHANGES},  {"LOAD", KIND_CHANGES},   {"CREATE", KIND_DEFINES},
        {"ALTER", KIND_DEFINES},    {"DROP", KIND_DEFINES},   {"BEGIN", KIND_BEGINS},
        {"SAVEPOINT", KIND_WITHIN}, {"RELEASE", KIND_WITHIN}, {"COMMIT", KIND_ENDS},
    };
    char word[12];

    next_word(&text, word, sizeof word);
    if (strcasecmp(word, "XA") == 0) {
        next_word(&text, word, sizeof word);
        return strcasecmp(word, "START") == 0 ? KIND_BEGINS : KIND_WITHIN;
    }
    if (strcasecmp(word, "ROLLBACK") == 0) {
        next_word(&text, word, sizeof word);
        return strcasecmp(word, "TO") == 0 ? KIND_WITHIN : KIND_ENDS;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(word, words[i].word) == 0) {
            return (enum kind)words[i].kind;
        }
    }
    return KIND_ANY;
}

static void found_dml(struct wire *w, uint32_t thread, const char *database, size_t len)
{
    w->number[WIRE_STATEMENT_DML]++;
    w->number[WIRE_STATEMENT_SYSTEM] += is_system_database(database, len) ? 1 : 0;
    if (w->first_dml == 0) {
        w->first_dml = w->pos;
        w->first_thread = thread;
        snprintf(w->first_database, sizeof w->first_database, "%.*s", (int)len, database);
    }
}

/* A QUERY or EXECUTE_LOAD_QUERY event; `r` stands behind its header. Of a compressed one only the
 * text is compressed. */
static void statement(struct wire *w, uint8_t type, struct reader r)
{
    uint32_t thread = rd_u32(&r);
    rd_skip(&r, 4); /* how long it took */
    uint8_t database_len = rd_u8(&r);
    rd_skip(&r, 2); /* its error */
    size_t status_len = rd_u16(&r);
    rd_skip(&r, (type == EVENT_EXECUTE_LOAD_QUERY ? 13 : 0) + status_len);
    const char *database = (const char *)rd_bytes(&r, database_len);
    rd_skip(&r, 1); /* a NUL */
    if (!rd_ok(&r)) {
        w->number[WIRE_STATEMENT_OTHER]++;
        return;
    }
    enum kind kind = type == EVENT_EXECUTE_LOAD_QUERY         ? KIND_CHANGES
                     : type == EVENT_MARIADB_QUERY_COMPRESSED ? KIND_ANY
                                                              : kind_of(r);
    if (kind == KIND_CHANGES || (kind == KIND_ANY && w->in_transaction)) {
        found_dml(w, thread, database, database_len);
    } else if (kind == KIND_BEGINS) {
        w->in_transaction = true;
    } else if (kind == KIND_ENDS) {
        w->in_transaction = false;
        w->number[WIRE_TRANSACTIONS]++;
    } else if (kind != KIND_WITHIN) {
        w->number[WIRE_STATEMENT_OTHER]++;
    }
}

/* ---- rows ---- */

/* Whether not all columns of the table are in the event; `r` stands behind its header. */
static bool lacks_columns(struct reader r, bool second_version, bool update)
{
    rd_skip(&r, 6 + 2); /* table id, flags */
    if (second_version) {
        size_t extra = rd_u16(&r);
        rd_skip(&r, extra < 2 ? 0 : extra - 2);
    }
    uint64_t columns = rd_lenenc(&r);
    for (int image = 0; image < (update ? 2 : 1); image++) {
        for (uint64_t left = columns; left > 0 && rd_ok(&r); left -= left < 8 ? left : 8) {
            uint8_t all = left < 8 ? (uint8_t)((1u << left) - 1) : 0xff;
            if ((rd_u8(&r) & all) != all && rd_ok(&r)) {
                return true;
            }
        }
    }
    return false;
}

static void rows(struct wire *w, uint8_t type, struct reader r)
{
    bool compressed = type >= EVENT_MARIADB_WRITE_ROWS_V1_COMPRESSED;
    bool second =
        type >= EVENT_MARIADB_WRITE_ROWS_COMPRESSED || (!compressed && type >= EVENT_WRITE_ROWS);
    bool update = type == EVENT_UPDATE_ROWS_V1 || type == EVENT_UPDATE_ROWS ||
                  type == EVENT_PARTIAL_UPDATE_ROWS ||
                  type == EVENT_MARIADB_WRITE_ROWS_V1_COMPRESSED + 1 ||
                  type == EVENT_MARIADB_WRITE_ROWS_COMPRESSED + 1;
    w->number[WIRE_ROW_EVENTS]++;
    w->number[WIRE_PARTIAL_JSON] += type == EVENT_PARTIAL_UPDATE_ROWS ? 1 : 0;
    w->number[WIRE_COMPRESSED_EVENTS] += compressed ? 1 : 0;
    w->number[WIRE_ROWS_PARTIAL] += lacks_columns(r, second, update) ? 1 : 0;
}

/* ---- events ---- */

void wire_look(struct wire *w, const struct event_header *h, struct reader r)
{
    uint64_t *n = w->number;

    rd_skip(&r, EVENT_HEADER_LEN);
    switch (h->type) {
    case EVENT_MARIADB_QUERY_COMPRESSED:
        n[WIRE_COMPRESSED_EVENTS]++;
        statement(w, h->type, r);
        break;
    case EVENT_QUERY:
    case EVENT_EXECUTE_LOAD_QUERY:
        statement(w, h->type, r);
        break;
    case EVENT_TRANSACTION_PAYLOAD:
        n[WIRE_COMPRESSED_PAYLOAD]++;
        n[WIRE_TRANSACTIONS]++;
        break;
    case EVENT_XID:
    case EVENT_XA_PREPARE:
        w->in_transaction = false;
        n[WIRE_TRANSACTIONS]++;
        break;
    case EVENT_WRITE_ROWS_V1:
    case EVENT_UPDATE_ROWS_V1:
    case EVENT_DELETE_ROWS_V1:
    case EVENT_WRITE_ROWS:
    case EVENT_UPDATE_ROWS:
    case EVENT_DELETE_ROWS:
    case EVENT_PARTIAL_UPDATE_ROWS:
        rows(w, h->type, r);
        break;
    case EVENT_ANONYMOUS_GTID:
        n[WIRE_GTID_ANONYMOUS]++;
        w->in_transaction = false;
        break;
    case EVENT_GTID:
    case EVENT_GTID_TAGGED:
        n[WIRE_GTID]++;
        w->in_transaction = false;
        break;
    case EVENT_MARIADB_GTID:
        n[WIRE_GTID]++;
        rd_skip(&r, 8 + 4); /* number, domain */
        w->in_transaction = (rd_u8(&r) & (GTID_STANDALONE | GTID_DEFINITION)) == 0;
        break;
    case EVENT_ROWS_QUERY:
    case EVENT_MARIADB_ANNOTATE:
        n[WIRE_ANNOTATE_ROWS]++;
        break;
    case EVENT_MARIADB_START_ENCRYPTION:
        n[WIRE_ENCRYPTED]++;
        break;
    default:
        if (h->type >= EVENT_MARIADB_WRITE_ROWS_V1_COMPRESSED && h->type <= LAST_MARIADB_TYPE) {
            rows(w, h->type, r);
        } else if (h->type == 0 || h->type > LAST_MARIADB_TYPE ||
                   (h->type > LAST_MYSQL_TYPE && h->type < FIRST_MARIADB_TYPE)) {
            n[WIRE_UNKNOWN_TYPES] += (h->flags & EVENT_FLAG_IGNORABLE) != 0 ? 0 : 1;
        }
    }
}
