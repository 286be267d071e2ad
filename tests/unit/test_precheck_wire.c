/* SPDX-License-Identifier: Apache-2.0 */
/* What a short look at a binlog counts, from made-up streams, and what is made of the numbers. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "app/precheck/wire.h"
#include "tests/unit/binlog_maker.h"
#include "tests/unit/precheck_facts.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define FILE_NAME "binlog.000004"

/* ---- a stream that is made event by event ---- */

struct made {
    uint8_t *bytes;
    size_t len, at, room, piece;
    uint8_t sequence;
    uint32_t pos; /* end of the file so far */
    bool checksum;
    int end; /* what reading gives at the end: 0 closed, or a code */
};

static ssize_t read_made(void *ctx, void *buf, size_t len)
{
    struct made *m = ctx;
    size_t n = m->len - m->at;
    n = n < len ? n : len;
    n = n < m->piece ? n : m->piece;
    memcpy(buf, m->bytes + m->at, n);
    m->at += n;
    return n == 0 ? m->end : (ssize_t)n;
}

static void put_packet(struct made *m, const uint8_t *event, size_t len)
{
    if (m->len + len + 64 > m->room) {
        m->room = 2 * (m->len + len + 64);
        m->bytes = realloc(m->bytes, m->room);
        assert_non_null(m->bytes);
    }
    m->len += make_packets(m->bytes + m->len, &m->sequence, event, len);
}

static void put_event(struct made *m, uint8_t type, uint16_t flags, const void *body, size_t len)
{
    uint8_t *event = malloc(len + 64);
    uint32_t size = (uint32_t)(EVENT_HEADER_LEN + len + (m->checksum ? 4 : 0));
    m->pos += size;
    size_t n = make_event(event, type, m->pos, flags, body, len, m->checksum);
    put_packet(m, event, n);
    free(event);
}

static void begin(struct made *m, bool checksum)
{
    uint8_t event[256];
    *m = (struct made){.sequence = 1, .pos = 4, .checksum = checksum, .piece = SIZE_MAX};
    put_packet(m, event, make_rotate(event, FILE_NAME, true, 0, checksum));
    size_t n = make_format(event, 0, checksum);
    m->pos += (uint32_t)n;
    put_packet(m, event, make_format(event, m->pos, checksum));
}

static void end(struct made *m)
{
    uint8_t eof[] = {5, 0, 0, m->sequence++, 0xfe, 0, 0, 2, 0};
    put_packet(m, eof, 0); /* room */
    m->len -= 5;
    m->sequence--;
    eof[3] = m->sequence - 1;
    memcpy(m->bytes + m->len, eof, sizeof eof);
    m->len += sizeof eof;
}

/* A QUERY event with some status variables; of type 18 with what that one has besides. */
static void put_query_as(struct made *m, uint8_t type, const char *database, const char *text)
{
    uint8_t *body = malloc(strlen(text) + 512);
    struct writer w = wr_into(body, strlen(text) + 512);
    wr_u32(&w, 77); /* the connection */
    wr_u32(&w, 0);
    wr_u8(&w, (uint8_t)strlen(database));
    wr_u16(&w, 0);
    wr_u16(&w, 30);
    wr_fill(&w, 0, type == EVENT_EXECUTE_LOAD_QUERY ? 13 : 0);
    wr_fill(&w, 'I', 30);
    wr_bytes(&w, database, strlen(database) + 1);
    wr_bytes(&w, text, strlen(text));
    put_event(m, type, 0, body, wr_len(&w));
    free(body);
}

static void put_query(struct made *m, const char *text)
{
    put_query_as(m, EVENT_QUERY, "shop", text);
}

/* A row event of `columns` columns; `missing` is the number of one that is not there, -1: none. */
static void put_rows(struct made *m, uint8_t type, unsigned columns, int missing)
{
    uint8_t body[2048];
    struct writer w = wr_into(body, sizeof body);
    bool second = type >= 30 && (type < 100 || type >= 169);
    bool update = type == 24 || type == 31 || type == 39 || type == 167 || type == 170;
    wr_le(&w, 99, 6);
    wr_u16(&w, 1);
    if (second) {
        wr_u16(&w, 2 + 3);
        wr_fill(&w, 0xee, 3);
    }
    if (columns < 251) {
        wr_u8(&w, (uint8_t)columns);
    } else {
        wr_u8(&w, 0xfc);
        wr_u16(&w, (uint16_t)columns);
    }
    for (int image = 0; image < (update ? 2 : 1); image++) {
        uint8_t bits[128];
        memset(bits, 0xff, sizeof bits);
        if (missing >= 0 && (!update || image == 1)) {
            bits[missing / 8] = (uint8_t) ~(1u << missing % 8);
        }
        wr_bytes(&w, bits, (columns + 7) / 8);
    }
    wr_fill(&w, 0, 40);
    put_event(m, type, 0, body, wr_len(&w));
}

/* The transaction that row format makes of one statement. */
static void put_transaction(struct made *m)
{
    static const uint8_t xid[8] = {1};
    uint8_t gtid[25] = {0};
    put_event(m, EVENT_ANONYMOUS_GTID, 0, gtid, sizeof gtid);
    put_query(m, "BEGIN");
    put_event(m, 19, 0, "table map, not looked at", 24);
    put_rows(m, EVENT_WRITE_ROWS, 5, -1);
    put_event(m, EVENT_XID, 0, xid, sizeof xid);
}

static void put_mariadb_gtid(struct made *m, uint8_t flags)
{
    uint8_t body[19] = {0};
    body[12] = flags;
    put_event(m, EVENT_MARIADB_GTID, 0, body, sizeof body);
}

static struct wire wire;
static struct errmsg why;

static int count(struct made *m)
{
    m->at = 0;
    memset(&why, 0, sizeof why);
    wire_begin(&wire, FILE_NAME, WIRE_FILE_START, read_made, m);
    int err = wire_count(&wire, &why);
    assert_true(wire.taken <= WIRE_BYTES_MAX);
    return err;
}

/* Every number that is not named (by pairs, ended by -1) must be 0; events and bytes are not
 * looked at unless named. */
static void check_numbers(int first, ...)
{
    uint64_t expected[WIRE_NUMBERS] = {0};
    bool named[WIRE_NUMBERS] = {false};
    va_list ap;
    va_start(ap, first);
    for (int n = first; n >= 0; n = va_arg(ap, int)) {
        expected[n] = (uint64_t)va_arg(ap, int);
        named[n] = true;
    }
    va_end(ap);
    for (int n = 0; n < WIRE_NUMBERS; n++) {
        if (!named[n] && (n == WIRE_EVENTS || n == WIRE_BYTES)) {
            continue;
        }
        if (wire.number[n] != expected[n]) {
            fail_msg("%s is %" PRIu64 ", not %" PRIu64, wire_names[n], wire.number[n], expected[n]);
        }
    }
}

static void rows_only(void **state)
{
    for (size_t piece = 1; piece < 200000; piece = piece * 3 + 1) {
        struct made m;
        begin(&m, true);
        put_transaction(&m);
        put_transaction(&m);
        put_query(&m, "CREATE TABLE t (a INT)");
        end(&m);
        m.piece = piece;
        assert_int_equal(count(&m), OK);
        check_numbers(WIRE_EVENTS, 12, WIRE_BYTES, (int)m.pos - 4, WIRE_TRANSACTIONS, 2,
                      WIRE_ROW_EVENTS, 2, WIRE_GTID_ANONYMOUS, 2, WIRE_STATEMENT_OTHER, 1, -1);
        assert_int_equal(wire.pos, m.pos);
        assert_string_equal(wire.ended, "end of binlog");
        free(m.bytes);
    }
}

static void an_empty_file(void **state)
{
    struct made m;
    begin(&m, true);
    put_query(&m, "GRANT ALL ON *.* TO x");
    end(&m);
    assert_int_equal(count(&m), OK);
    check_numbers(WIRE_EVENTS, 2, WIRE_STATEMENT_OTHER, 1, -1);
    free(m.bytes);
}

static void statements(void **state)
{
    static const struct {
        const char *text;
        bool transaction; /* stands in one */
        int dml;
    } cases[] = {
        {"INSERT INTO t VALUES (1)", true, 1},
        {"insert/**/into t values (1)", true, 1},
        {"UPDATE t SET a = 1", false, 1},
        {"  \n\tdelete from t", false, 1},
        {"REPLACE INTO t VALUES (1)", false, 1},
        {"LOAD DATA INFILE 'x' INTO TABLE t", false, 1},
        {"/* web 7 */ /* * / */ INSERT INTO t VALUES (1)", false, 1},
        {"-- a remark: CREATE\n# another\nINSERT INTO t VALUES (1)", false, 1},
        {"/*!50000 INSERT */ INTO t VALUES (1)", false, 1},
        {"/*M!100100 UPDATE */ t SET a = 1", false, 1},
        {"/*Mary*/ CREATE TABLE t (a INT)", false, 0},
        {"/*!*/", false, 0},
        {"(((INSERT INTO t VALUES (1))))", false, 1},
        /* Inside a transaction all that defines and controls nothing changes data. */
        {"SET STATEMENT max_statement_time=10 FOR INSERT INTO t VALUES (1)", true, 1},
        {"ANALYZE UPDATE t SET b = 1", true, 1},
        {"WITH z AS (SELECT 1) UPDATE t SET b = 'w'", true, 1},
        {"SELECT f(1)", true, 1},
        {"/* never ends", true, 1},
        {"", true, 1},
        {"SAVEPOINT `x`", true, 0},
        {"ROLLBACK TO `x`", true, 0},
        {"CREATE TEMPORARY TABLE x (a INT)", true, 0},
        {"DROP TEMPORARY TABLE IF EXISTS `x`", true, 0},
        {"CREATE TABLE u AS SELECT * FROM t", false, 0},
        {"SET PASSWORD FOR 'x'@'%'='*65'", false, 0},
        {"ANALYZE TABLE t", false, 0},
        {"INSERTED nothing", false, 0},
        {"XA COMMIT X'78',X'',1", false, 0},
        {"XA ROLLBACK X'78',X'',1", false, 0},
        {"/* never ends", false, 0},
        {"/", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int checksum = 0; checksum < 2; checksum++) {
            struct made m;
            begin(&m, checksum != 0);
            if (cases[i].transaction) {
                put_query(&m, "BEGIN");
            }
            uint32_t at = m.pos;
            put_query(&m, cases[i].text);
            if (cases[i].transaction) {
                put_query(&m, "COMMIT");
            }
            end(&m);
            assert_int_equal(count(&m), OK);
            if (wire.number[WIRE_STATEMENT_DML] != (uint64_t)cases[i].dml) {
                fail_msg("\"%s\": %" PRIu64, cases[i].text, wire.number[WIRE_STATEMENT_DML]);
            }
            assert_int_equal(wire.number[WIRE_TRANSACTIONS], cases[i].transaction ? 1 : 0);
            assert_int_equal(wire.first_dml, cases[i].dml ? at : 0);
            assert_int_equal(wire.first_thread, cases[i].dml ? 77 : 0);
            assert_string_equal(wire.first_database, cases[i].dml ? "shop" : "");
            free(m.bytes);
        }
    }
}

/* Behind the end of a transaction nothing is in it any more, however it ended. */
static void a_transaction_ends(void **state)
{
    static const uint8_t xid[8] = {1};
    for (int how = 0; how < 5; how++) {
        struct made m;
        begin(&m, true);
        put_query(&m, how == 2 ? "XA START X'78',X'',1" : "BEGIN");
        if (how == 0) {
            put_query(&m, "COMMIT");
        } else if (how < 3) {
            put_event(&m, how == 1 ? EVENT_XID : EVENT_XA_PREPARE, 0, xid, sizeof xid);
        } else {
            put_event(&m, how == 3 ? EVENT_GTID : EVENT_GTID_TAGGED, 0, xid, sizeof xid);
        }
        put_query(&m, "FLUSH PRIVILEGES");
        end(&m);
        assert_int_equal(count(&m), OK);
        check_numbers(WIRE_TRANSACTIONS, how < 3 ? 1 : 0, WIRE_GTID, how < 3 ? 0 : 1,
                      WIRE_STATEMENT_OTHER, 1, -1);
        free(m.bytes);
    }
}

static void statements_of_every_kind(void **state)
{
    struct made m;
    begin(&m, true);
    put_query(&m, "BEGIN");
    put_query_as(&m, EVENT_EXECUTE_LOAD_QUERY, "shop", "LOAD DATA INFILE 'x' INTO TABLE t");
    put_query_as(&m, EVENT_QUERY, "mysql", "INSERT INTO heartbeat VALUES (1)");
    put_query(&m, "COMMIT");
    put_event(&m, EVENT_QUERY, 0, "cut short", 9);
    end(&m);
    assert_int_equal(count(&m), OK);
    check_numbers(WIRE_TRANSACTIONS, 1, WIRE_STATEMENT_DML, 2, WIRE_STATEMENT_SYSTEM, 1,
                  WIRE_STATEMENT_OTHER, 1, -1);
    assert_string_equal(wire.first_database, "shop"); /* of the LOAD DATA */
    free(m.bytes);
}

/* Of MariaDB's compressed statements the text is not read: the GTID event says what they are. */
static void mariadb(void **state)
{
    struct made m;
    begin(&m, true);
    put_mariadb_gtid(&m, 0);
    put_query_as(&m, EVENT_MARIADB_QUERY_COMPRESSED, "shop", "\x92\x01\x90 deflated");
    put_query(&m, "COMMIT");
    put_mariadb_gtid(&m, 0x20 | 0x01);
    put_query_as(&m, EVENT_MARIADB_QUERY_COMPRESSED, "shop", "\x92\x01\x90 deflated");
    put_mariadb_gtid(&m, 0x01);
    put_query_as(&m, EVENT_MARIADB_QUERY_COMPRESSED, "shop", "\x92\x01\x90 deflated");
    put_mariadb_gtid(&m, 0);
    put_event(&m, EVENT_MARIADB_ANNOTATE, 0, "INSERT INTO t VALUES (1)", 24);
    put_rows(&m, EVENT_MARIADB_WRITE_ROWS_V1_COMPRESSED, 5, -1);
    put_rows(&m, EVENT_MARIADB_DELETE_ROWS_COMPRESSED, 5, -1);
    put_event(&m, EVENT_XID, 0, "12345678", 8);
    put_event(&m, EVENT_MARIADB_START_ENCRYPTION, EVENT_FLAG_IGNORABLE, "key", 3);
    end(&m);
    assert_int_equal(count(&m), OK);
    check_numbers(WIRE_TRANSACTIONS, 2, WIRE_STATEMENT_DML, 1, WIRE_STATEMENT_OTHER, 2,
                  WIRE_ROW_EVENTS, 2, WIRE_COMPRESSED_EVENTS, 5, WIRE_GTID, 4, WIRE_ANNOTATE_ROWS,
                  1, WIRE_ENCRYPTED, 1, -1);
    free(m.bytes);
}

static void row_events(void **state)
{
    static const uint8_t types[] = {23, 24, 25, 30, 31, 32, 39, 166, 167, 168, 169, 170, 171};
    static const unsigned columns[] = {1, 7, 8, 9, 16, 250, 251, 1017};
    for (size_t t = 0; t < sizeof types; t++) {
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
            for (int missing = -1; missing < (int)columns[c]; missing += 1 + (int)columns[c] / 3) {
                struct made m;
                begin(&m, true);
                put_rows(&m, types[t], columns[c], missing);
                end(&m);
                assert_int_equal(count(&m), OK);
                check_numbers(WIRE_ROW_EVENTS, 1, WIRE_ROWS_PARTIAL, missing >= 0 ? 1 : 0,
                              WIRE_PARTIAL_JSON, types[t] == 39 ? 1 : 0, WIRE_COMPRESSED_EVENTS,
                              types[t] >= 166 ? 1 : 0, -1);
                free(m.bytes);
            }
        }
    }
}

static void other_events(void **state)
{
    struct made m;
    begin(&m, true);
    put_event(&m, EVENT_TRANSACTION_PAYLOAD, 0, "zstd", 4);
    put_event(&m, 29, 0, "INSERT", 6);
    put_event(&m, 43, 0, "?", 1);
    put_event(&m, 172, 0, "?", 1);
    put_event(&m, 43, EVENT_FLAG_IGNORABLE, "?", 1);
    put_event(&m, 0, 0, "?", 1);
    put_event(&m, EVENT_STOP, 0, "", 0);
    end(&m);
    assert_int_equal(count(&m), OK);
    check_numbers(WIRE_TRANSACTIONS, 1, WIRE_COMPRESSED_PAYLOAD, 1, WIRE_ANNOTATE_ROWS, 1,
                  WIRE_UNKNOWN_TYPES, 3, -1);
    free(m.bytes);
}

/* Each bit of the last event's body and checksum matters; a file without checksums says so. */
static void checksums(void **state)
{
    for (size_t big = 0; big < 2; big++) {
        struct made m;
        static uint8_t body[3 * WIRE_PREFIX];
        size_t len = big ? sizeof body : 30;
        begin(&m, true);
        uint32_t at = m.pos;
        put_event(&m, 19, 0, body, len);
        put_transaction(&m);
        size_t size = EVENT_HEADER_LEN + len + 4;
        size_t from = 0; /* of the event in the stream */
        {
            struct made before;
            begin(&before, true);
            from = before.len + 5;
            free(before.bytes);
        }
        end(&m);
        for (size_t i = EVENT_HEADER_LEN; i < size; i += i + 400 < size ? 97 : 1) {
            m.bytes[from + i] ^= 0x10;
            assert_int_equal(count(&m), OK);
            m.bytes[from + i] ^= 0x10;
            assert_int_equal(wire.number[WIRE_BAD_CHECKSUM], 1);
            assert_int_equal(wire.first_bad, at);
            assert_int_equal(wire.number[WIRE_TRANSACTIONS], 1);
        }
        assert_int_equal(count(&m), OK);
        assert_int_equal(wire.number[WIRE_BAD_CHECKSUM], 0);
        free(m.bytes);

        begin(&m, false);
        put_event(&m, 19, 0, body, len);
        end(&m);
        assert_int_equal(count(&m), OK);
        check_numbers(WIRE_WITHOUT_CHECKSUM, 1, WIRE_EVENTS, 2, -1);
        free(m.bytes);
    }
}

/* All sizes around what is looked into. */
static void sizes_around_the_prefix(void **state)
{
    static uint8_t body[WIRE_PREFIX + 64];
    for (size_t len = WIRE_PREFIX - 40; len < WIRE_PREFIX + 10; len++) {
        for (int checksum = 0; checksum < 2; checksum++) {
            struct made m;
            begin(&m, checksum != 0);
            put_event(&m, 19, 0, body, len);
            end(&m);
            assert_int_equal(count(&m), OK);
            check_numbers(WIRE_WITHOUT_CHECKSUM, checksum ? 0 : 1, WIRE_EVENTS, 2, -1);
            assert_int_equal(wire.pos, m.pos);
            free(m.bytes);
        }
    }
}

static void positions(void **state)
{
    struct made m;
    begin(&m, true);
    uint32_t pos = m.pos;
    m.pos = (uint32_t) - (EVENT_HEADER_LEN + 1 + 4); /* MariaDB 11.4: an event without a position */
    put_event(&m, 19, 0, "x", 1);
    m.pos = pos + EVENT_HEADER_LEN + 1 + 4;
    put_event(&m, 19, 0, "x", 1);
    m.pos += 7; /* seven bytes are missing */
    put_event(&m, 19, 0, "x", 1);
    put_event(&m, 19, 0, "x", 1);
    end(&m);
    assert_int_equal(count(&m), OK);
    check_numbers(WIRE_EVENTS, 5, WIRE_LOG_POS_ZERO, 1, WIRE_LOG_POS_WRONG, 1, -1);
    assert_int_equal(wire.pos, m.pos);
    free(m.bytes);
}

static void limits(void **state)
{
    struct made m;
    static uint8_t body[100000];
    begin(&m, true);
    for (int i = 0; i < WIRE_EVENTS_MAX + 10; i++) {
        put_event(&m, 19, 0, "x", 1);
    }
    assert_int_equal(count(&m), OK);
    assert_int_equal(wire.number[WIRE_EVENTS], WIRE_EVENTS_MAX);
    assert_string_equal(wire.ended, "limit of 2000 events");
    free(m.bytes);

    for (size_t len = 3000; len <= sizeof body; len += 97000) {
        begin(&m, true);
        for (size_t i = 0; i < 2 * WIRE_BYTES_MAX / len; i++) {
            put_event(&m, EVENT_WRITE_ROWS, 0, body, len);
        }
        assert_int_equal(count(&m), OK);
        assert_non_null(strstr(wire.ended, "limit of 1 MiB"));
        assert_true(wire.taken > WIRE_BYTES_MAX - 2 * WIRE_PREFIX);
        assert_int_equal((wire.pos - 4 - 121) % (len + 23),
                         (wire.number[WIRE_BYTES] - 121) % (len + 23));
        check_numbers(WIRE_ROW_EVENTS, (int)wire.number[WIRE_EVENTS] - 1, -1);
        free(m.bytes);
    }
}

/* The first packet of an event of 1 GiB is as far as it goes. */
static void a_huge_event(void **state)
{
    struct made m;
    size_t room = 0xffffff + 64;
    begin(&m, true);
    uint8_t *event = calloc(1, room);
    struct writer w = wr_into(event, EVENT_HEADER_LEN);
    wr_u32(&w, MAKER_TIME);
    wr_u8(&w, EVENT_WRITE_ROWS);
    wr_u32(&w, 1);
    wr_u32(&w, 1u << 30);
    wr_u32(&w, m.pos + (1u << 30));
    wr_u16(&w, 0);
    put_packet(&m, event, 0xffffff - 1);
    free(event);
    assert_int_equal(count(&m), OK);
    check_numbers(WIRE_ROW_EVENTS, 1, WIRE_EVENTS, 2, -1);
    assert_string_equal(wire.ended, "limit of 1 MiB, inside an event");
    assert_int_equal(wire.pos, wire.number[WIRE_BYTES] + 4);
    assert_int_equal(wire.taken, WIRE_BYTES_MAX);
    free(m.bytes);
}

static void ends_of_all_kinds(void **state)
{
    struct made m;
    uint8_t event[256];

    /* The next file is not of interest. */
    begin(&m, true);
    put_transaction(&m);
    uint32_t pos = m.pos;
    put_packet(&m, event, make_rotate(event, "binlog.000005", true, 0, true));
    put_packet(&m, event, make_format(event, 4 + 121, true));
    assert_int_equal(count(&m), OK);
    assert_string_equal(wire.ended, "end of file");
    assert_int_equal(wire.pos, pos);
    free(m.bytes);

    /* Time is over: what was seen counts; before anything came it is an error. */
    begin(&m, true);
    m.end = ERR_TIMEOUT;
    assert_int_equal(count(&m), OK);
    assert_string_equal(wire.ended, "limit of time");
    m.len = 30;
    assert_int_equal(count(&m), ERR_TIMEOUT);
    m.len = 90;
    m.end = ERR_CANCELLED;
    assert_int_equal(count(&m), ERR_CANCELLED);
    m.end = 0;
    assert_int_equal(count(&m), ERR_NET);
    free(m.bytes);

    /* The server refuses. */
    m = (struct made){.sequence = 1, .piece = SIZE_MAX};
    m.bytes = (uint8_t *)strdup("\x20...\xff\xcb\x04#42000Access denied; you know");
    memcpy(m.bytes + 1, "\0\0\1", 3);
    m.len = 4 + 0x20;
    assert_int_equal(count(&m), ERR_SERVER);
    assert_int_equal(wire.refusal.number, 1227);
    assert_string_equal(wire.refusal.sqlstate, "42000");
    assert_string_equal(why.text, "Access denied; you know");
    free(m.bytes);

    /* Another file than the one that was asked for. */
    m = (struct made){.sequence = 1, .piece = SIZE_MAX};
    put_packet(&m, event, make_rotate(event, "binlog.000003", true, 0, true));
    assert_int_equal(count(&m), ERR_PROTOCOL);
    assert_non_null(strstr(why.text, FILE_NAME));
    free(m.bytes);
}

static void the_answer(void **state)
{
    struct made m;
    struct facts f;
    struct answer *a = &f.server[SOURCE].answers[Q_WIRE];
    memset(&f, 0, sizeof f);
    begin(&m, true);
    put_query(&m, "BEGIN");
    uint32_t at = m.pos;
    put_query_as(&m, EVENT_QUERY, "sh\x1bop", "INSERT INTO t VALUES ('a secret')");
    put_query(&m, "COMMIT");
    end(&m);
    assert_int_equal(count(&m), OK);
    assert_int_equal(wire_answer(&wire, true, "COM", a), OK);
    char text[24];
    assert_string_equal(answer_variable(a, "file"), FILE_NAME);
    assert_string_equal(answer_variable(a, "current"), "1");
    assert_string_equal(answer_variable(a, "from"), "4");
    snprintf(text, sizeof text, "%u", m.pos);
    assert_string_equal(answer_variable(a, "to"), text);
    assert_string_equal(answer_variable(a, "ended"), "end of binlog");
    assert_string_equal(answer_variable(a, "statement_dml"), "1");
    snprintf(text, sizeof text, "%u", at);
    assert_string_equal(answer_variable(a, "first_statement_dml"), text);
    assert_string_equal(answer_variable(a, "first_statement_database"), "sh\\x1bop");
    assert_string_equal(answer_variable(a, "first_statement_thread"), "77");
    assert_null(answer_variable(a, "first_bad_checksum"));
    for (int n = 0; n < WIRE_NUMBERS; n++) {
        assert_non_null(answer_variable(a, wire_names[n]));
    }
    assert_true(a->rows < questions[Q_WIRE].max_rows);
    for (size_t i = 0; i < a->filled; i++) {
        assert_null(strstr(a->cells[i], "secret"));
    }
    facts_free(&f);
    free(m.bytes);
}

/* Idle is a file that was read to its end and shows neither rows nor statements. */
static void idle(void **state)
{
    for (int what = 0; what < 5; what++) {
        struct made m;
        struct facts f;
        struct answer *a = &f.server[SOURCE].answers[Q_WIRE];
        memset(&f, 0, sizeof f);
        assert_false(wire_was_idle(a));
        begin(&m, true);
        put_query(&m, what == 1 ? "INSERT INTO t VALUES (1)" : "GRANT ALL ON *.* TO x");
        if (what == 2) {
            put_rows(&m, EVENT_WRITE_ROWS, 5, -1);
        } else if (what == 3) {
            put_event(&m, EVENT_TRANSACTION_PAYLOAD, 0, "zstd", 4);
        }
        if (what != 4) {
            end(&m);
        }
        m.end = ERR_TIMEOUT;
        assert_int_equal(count(&m), OK);
        assert_int_equal(wire_answer(&wire, true, "COM", a), OK);
        assert_int_equal(wire_was_idle(a), what == 0);
        facts_free(&f);
        free(m.bytes);
    }
}

/* ---- the verdicts ---- */

/* Judges with these numbers (NAME=VALUE words) in place of a server's that is well. */
static struct finding judged(const char *source, const char *words)
{
    struct precheck_run *run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", source, "");
    struct answer *a = &run->facts.server[SOURCE].answers[Q_WIRE];
    struct finding found;
    char line[512], *save = NULL;

    put_words(a, "COM_BINLOG_DUMP binlog.000004:4, not blocking", 2, "name", "value");
    snprintf(line, sizeof line,
             "%s file=binlog.000004 current=1 from=4 to=4711 events=20 transactions=7 row_events=9 "
             "first_statement_dml=815 first_statement_database=shop first_statement_thread=42",
             words);
    for (char *w = strtok_r(line, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        char *value = strchr(w, '=');
        *value++ = '\0';
        put_word(a, w);
        put_word(a, value);
    }
    check_judge(run_find("on-the-wire"), &run->facts, &found);
    precheck_free(run);
    return found;
}

static void verdicts(void **state)
{
    static const struct {
        const char *source, *words;
        enum verdict verdict;
        const char *why, *remedy;
    } cases[] = {
        {"8.0.40", "", VERDICT_PASS, "20 events in binlog.000004 from 4 to 4711", ""},
        {"8.0.40", "transactions=0 row_events=0", VERDICT_SKIP, "no transaction yet", ""},
        {"8.0.40", "statement_dml=3", VERDICT_FAIL,
         "binlog.000004 holds 3 statements that change data, the first at 815 (default database "
         "`shop`, connection 42); binlog_format is ROW",
         "variables_by_thread"},
        {"8.0.40", "statement_dml=1", VERDICT_FAIL, "1 statement that changes data", "FLUSH"},
        {"5.6.51", "statement_dml=3", VERDICT_FAIL, "3 statements", "PROCESSLIST WHERE ID = 42"},
        {"10.11.6-MariaDB", "statement_dml=3", VERDICT_FAIL, "3 statements",
         "PROCESSLIST WHERE ID = 42"},
        {"8.0.40 binlog_format=MIXED", "statement_dml=3", VERDICT_WARN, "binlog_format is MIXED",
         "binlog_format"},
        {"8.0.40 binlog_format=STATEMENT", "statement_dml=3", VERDICT_FAIL,
         "binlog_format is STATEMENT", "binlog_format"},
        {"8.0.40", "statement_dml=3 statement_dml_system=3", VERDICT_WARN, "3 statements", "find"},
        {"8.0.40", "statement_dml=3 statement_dml_system=2", VERDICT_FAIL, "3 statements", "find"},
        {"8.0.40", "current=0 statement_dml=3", VERDICT_WARN, "3 statements", "write something"},
        {"8.0.40", "bad_checksum=2 first_bad_checksum=99", VERDICT_FAIL,
         "events that fail their CRC-32: 2, the first at 99", "verify-binlog-checksum"},
        {"8.0.40", "log_pos_wrong=1", VERDICT_FAIL, "bytes are missing", "FLUSH BINARY LOGS"},
        {"8.0.40", "partial_json=2", VERDICT_WARN, "parts of JSON", "binlog_row_value_options"},
        {"8.0.40", "row_image_partial=2", VERDICT_WARN, "lack columns", "binlog_row_image"},
        {"8.0.40", "compressed_payload=2", VERDICT_WARN, "compressed",
         "binlog_transaction_compression = OFF"},
        {"10.11.6-MariaDB", "compressed_events=2", VERDICT_WARN, "compressed",
         "log_bin_compress = OFF"},
        {"10.11.6-MariaDB", "encrypted=1", VERDICT_WARN, "encrypted", "TLS"},
        {"11.8.2-MariaDB", "log_pos_zero=4", VERDICT_WARN, "no position",
         "binlog_legacy_event_pos"},
        {"8.0.40", "without_checksum=4", VERDICT_WARN, "without a checksum", "binlog_checksum"},
        {"8.0.40", "unknown_types=4", VERDICT_WARN, "does not know", "mysqlbinlog"},
        {"8.0.40", "events=0", VERDICT_UNKNOWN, "nothing", "again"},
        {"8.0.40 !variables=1142", "statement_dml=3", VERDICT_FAIL, "3 statements", "FLUSH"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct finding f = judged(cases[i].source, cases[i].words);
        if (f.verdict != cases[i].verdict || strstr(f.why, cases[i].why) == NULL ||
            strstr(f.remedy, cases[i].remedy) == NULL) {
            fail_msg("%s, %s: %s: %s / %s", cases[i].source, cases[i].words,
                     verdict_name(f.verdict), f.why, f.remedy);
        }
    }
    /* The worse reason's remedy is the one that is shown, and of it the whole text. */
    struct finding f = judged("8.0.40", "statement_dml=3 without_checksum=1 bad_checksum=1");
    assert_int_equal(f.verdict, VERDICT_FAIL);
    assert_null(strstr(f.remedy, "binlog_checksum"));
    assert_null(strstr(f.remedy, "…"));
    assert_non_null(strstr(f.brief, "holds 3 statements"));
}

static void not_had(void **state)
{
    struct precheck_run *run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", "8.0.40 !wire=1227", "");
    const struct finding *f = finding_of(run, "on-the-wire");
    assert_int_equal(f->verdict, VERDICT_UNKNOWN);
    assert_non_null(strstr(f->why, "1227"));
    assert_non_null(strstr(f->remedy, "GRANT REPLICATION SLAVE ON *.* TO `sluice`@"));
    precheck_free(run);

    run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", "8.0.40 !wire=1236", "");
    f = finding_of(run, "on-the-wire");
    assert_int_equal(f->verdict, VERDICT_UNKNOWN);
    assert_null(strstr(f->remedy, "GRANT"));
    precheck_free(run);
}

static void the_question(void **state)
{
    struct precheck_run *run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", "8.0.40", "");
    char text[128] = "";
    assert_true(
        wire_question(&run->facts.server[SOURCE], false, WIRE_FILE_START, text, sizeof text));
    assert_string_equal(text, "COM_BINLOG_DUMP binlog.000004:4, not blocking");
    struct server_facts *source = &run->facts.server[SOURCE];
    struct answer *files = &source->answers[Q_BINLOG_FILES];
    put_words(files, "SHOW BINARY LOGS", 1, "Log_name");
    assert_false(wire_question(source, true, WIRE_FILE_START, text, sizeof text));
    put_words(files, "SHOW BINARY LOGS", 1, "Log_name");
    put_word(files, "binlog.000004");
    assert_false(wire_question(source, true, WIRE_FILE_START, text, sizeof text));
    put_words(files, "SHOW BINARY LOGS", 1, "Log_name");
    put_word(files, "binlog.000002");
    put_word(files, "binlog.000003");
    put_word(files, "binlog.000004");
    assert_true(wire_question(source, true, WIRE_FILE_START, text, sizeof text));
    assert_string_equal(text, "COM_BINLOG_DUMP binlog.000003:4, not blocking");
    precheck_free(run);
    run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", "8.0.40 no-file", "");
    assert_false(
        wire_question(&run->facts.server[SOURCE], false, WIRE_FILE_START, text, sizeof text));
    precheck_free(run);
}

/* The next look begins where the binlog ended at the last one, if that is still a place of it. */
static void where_the_next_look_begins(void **state)
{
    static const struct {
        const char *file, *at, *file_now, *at_now;
        uint32_t from;
    } cases[] = {
        {"binlog.000004", "900", "binlog.000004", "1200", 900},
        {"binlog.000004", "900", "binlog.000004", "900", 900},
        {"binlog.000004", "900", "binlog.000005", "1200", 4},
        {"binlog.000004", "900", "binlog.000004", "500", 4},
        {"binlog.000004", "5000000000", "binlog.000004", "6000000000", 4},
        {"binlog.000004", "x", "binlog.000004", "500", 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct precheck_run *run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", "8.0.40", "");
        struct precheck_run *last = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", "8.0.40", "");
        struct answer *was = &last->facts.server[SOURCE].answers[Q_BINLOG_STATUS];
        struct answer *is = &run->facts.server[SOURCE].answers[Q_BINLOG_STATUS];
        put_words(was, "SHOW MASTER STATUS", 2, "File", "Position");
        put_word(was, cases[i].file);
        put_word(was, cases[i].at);
        put_words(is, "SHOW MASTER STATUS", 2, "File", "Position");
        put_word(is, cases[i].file_now);
        put_word(is, cases[i].at_now);
        assert_int_equal(wire_since(&last->facts.server[SOURCE], &run->facts.server[SOURCE]),
                         cases[i].from);
        precheck_free(run);
        precheck_free(last);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_the_next_look_begins),
        cmocka_unit_test(rows_only),
        cmocka_unit_test(an_empty_file),
        cmocka_unit_test(statements),
        cmocka_unit_test(a_transaction_ends),
        cmocka_unit_test(statements_of_every_kind),
        cmocka_unit_test(mariadb),
        cmocka_unit_test(row_events),
        cmocka_unit_test(other_events),
        cmocka_unit_test(checksums),
        cmocka_unit_test(sizes_around_the_prefix),
        cmocka_unit_test(positions),
        cmocka_unit_test(limits),
        cmocka_unit_test(a_huge_event),
        cmocka_unit_test(ends_of_all_kinds),
        cmocka_unit_test(the_answer),
        cmocka_unit_test(idle),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(not_had),
        cmocka_unit_test(the_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
