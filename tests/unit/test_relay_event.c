/* SPDX-License-Identifier: Apache-2.0 */
/* Events taken apart: header, FORMAT_DESCRIPTION, ROTATE, error packets; and the failure table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "app/precheck/run.h"
#include "app/relay/failure.h"
#include "tests/unit/binlog_maker.h"

#include <cmocka.h> /* last: it has a macro named fail */

static uint8_t event[256];
static struct errmsg why;

static void header_fields(void **state)
{
    struct event_header h;
    make_event(event, 30, 0xfffffff0u, 0x8, "abc", 3, true);
    assert_int_equal(event_header_parse(event, &h), OK);
    assert_int_equal(h.timestamp, MAKER_TIME);
    assert_int_equal(h.type, 30);
    assert_int_equal(h.server_id, 1);
    assert_int_equal(h.size, 19 + 3 + 4);
    assert_true(h.log_pos == 0xfffffff0u);
    assert_int_equal(h.flags, 8);
    event[9] = 18;
    assert_int_equal(event_header_parse(event, &h), ERR_PROTOCOL);
}

static void what_belongs_to_the_file(void **state)
{
    struct event_header h = {.type = 30, .size = 30, .log_pos = 100};
    assert_true(event_is_stored(&h));
    h.log_pos = 0; /* MariaDB 11.4 writes such into its files */
    assert_true(event_is_stored(&h));
    h.flags = EVENT_FLAG_ARTIFICIAL;
    assert_false(event_is_stored(&h));
    h = (struct event_header){.type = EVENT_ROTATE, .log_pos = 0};
    assert_false(event_is_stored(&h));
    h.log_pos = 500;
    assert_true(event_is_stored(&h));
    h = (struct event_header){.type = EVENT_HEARTBEAT, .log_pos = 500};
    assert_false(event_is_stored(&h));
    h.type = EVENT_HEARTBEAT_V2;
    assert_false(event_is_stored(&h));
    h = (struct event_header){.type = EVENT_FORMAT_DESCRIPTION, .log_pos = 0};
    assert_false(event_is_stored(&h));
}

static void format_of_both_kinds(void **state)
{
    struct event_format f;
    size_t len = make_format(event, 120, true);
    assert_int_equal(event_format_parse(event, len, &f, &why), OK);
    assert_true(f.checksums);
    assert_string_equal(f.server_version, "8.0.36");
    assert_int_equal(f.created, MAKER_TIME);
    len = make_format(event, 120, false);
    assert_int_equal(event_format_parse(event, len, &f, &why), OK);
    assert_false(f.checksums);
    assert_true(f.summed);
    event[len - 5] = 9;
    assert_int_equal(event_format_parse(event, len, &f, &why), ERR_PROTOCOL);
    assert_non_null(strstr(why.text, "binlog_checksum=CRC32"));
    event[19] = 3;
    assert_int_equal(event_format_parse(event, len, &f, &why), ERR_PROTOCOL);
    for (size_t cut = 0; cut < 19 + 2 + 50 + 4 + 1 + 5; cut++) {
        assert_int_equal(event_format_parse(event, cut, &f, &why), ERR_PROTOCOL);
    }
}

/* What MySQL 5.5 sends ends in the lengths of its events and has neither algorithm nor checksum. */
static void format_of_old_versions(void **state)
{
    static const struct {
        const char *version;
        bool summed;
    } rows[] = {{"5.1.73-log", false},    {"5.5.62-log", false},       {"5.6.0-m4", false},
                {"5.6.1-m5", true},       {"5.2.14-MariaDB", false},   {"5.3.0-MariaDB-log", true},
                {"5.5.68-MariaDB", true}, {"10.3.39-MariaDB-1", true}, {"nothing", false}};
    struct event_format f;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = make_format(event, 120, true);
        memset(event + 21, 0, 50);
        memcpy(event + 21, rows[i].version, strlen(rows[i].version));
        event[len - 5] = rows[i].summed ? 1 : 8;
        assert_int_equal(event_format_parse(event, len, &f, &why), OK);
        assert_int_equal(f.summed, rows[i].summed);
        assert_int_equal(f.checksums, rows[i].summed);
    }
}

static void rotate_with_and_without_checksum(void **state)
{
    char name[32];
    uint64_t pos = 0;
    size_t len = make_rotate(event, "mysql-bin.000042", true, 0, true);
    assert_int_equal(event_rotate_parse(event, len, true, name, sizeof name, &pos, &why), OK);
    assert_string_equal(name, "mysql-bin.000042");
    assert_true(pos == 4);
    len = make_rotate(event, "mysql-bin.000042", true, 0, false);
    assert_int_equal(event_rotate_parse(event, len, false, name, sizeof name, &pos, &why), OK);
    assert_string_equal(name, "mysql-bin.000042");
    assert_int_equal(event_rotate_parse(event, len, false, name, 10, &pos, &why), ERR_PROTOCOL);
    assert_int_equal(event_rotate_parse(event, 27, false, name, sizeof name, &pos, &why),
                     ERR_PROTOCOL);
    event[30] = 0;
    assert_int_equal(event_rotate_parse(event, len, false, name, sizeof name, &pos, &why),
                     ERR_PROTOCOL);
}

static void checksum_sees_every_bit(void **state)
{
    size_t len = make_event(event, 30, 100, 0, "row image", 9, true);
    assert_true(event_checksum_ok(event, len));
    for (size_t bit = 0; bit < len * 8; bit++) {
        event[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(event_checksum_ok(event, len));
        event[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_false(event_checksum_ok(event, 22));
}

static void error_packets(void **state)
{
    struct event_error e;
    static const uint8_t full[] = "\xff\xd4\x04#HY000Could not find first log file name";
    assert_int_equal(event_error_parse(full, sizeof full - 1, &e), OK);
    assert_int_equal(e.number, 1236);
    assert_string_equal(e.sqlstate, "HY000");
    assert_string_equal(e.text, "Could not find first log file name");
    assert_int_equal(event_error_parse(full, 2, &e), ERR_PROTOCOL);
    assert_int_equal(event_error_parse((const uint8_t *)"\0\0\0", 3, &e), ERR_PROTOCOL);
}

/* The words are the servers' own. */
static void failures_by_their_words(void **state)
{
    static const struct {
        int err;
        unsigned number;
        const char *text, *name;
        enum failure_action action;
        int code;
    } cases[] = {
        {ERR_SERVER, 1236, "Could not find first log file name in binary log index file", "purged",
         FAILURE_STOP, -255},
        {ERR_SERVER, 1236, "Client requested master to start replication from position > file size",
         "bad-position", FAILURE_STOP, -255},
        {ERR_SERVER, 1236, "Client requested source to start replication from impossible position",
         "bad-position", FAILURE_STOP, -255},
        {ERR_SERVER, 1236,
         "A slave with the same server_uuid/server_id as this slave has connected to the master",
         "same-identity", FAILURE_STOP, -255},
        {ERR_SERVER, 1236, "Binary log is not open", "source-binlog", FAILURE_STOP, -255},
        {ERR_SERVER, 1236, "some words of a later version", "source-refuses", FAILURE_STOP, -255},
        {ERR_AUTH, 1045, "Access denied for user", "login", FAILURE_STOP, -256},
        {ERR_SERVER, 1040, "Too many connections", "server-busy", FAILURE_RETRY, -256},
        {ERR_SERVER, 1227,
         "Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s)",
         "privilege", FAILURE_STOP, -255},
        {ERR_SERVER, 9999, "anything", "source-error", FAILURE_RETRY, -255},
        {ERR_NET, 0, "Connection refused", "network", FAILURE_RETRY, -256},
        {ERR_TIMEOUT, 0, "no answer", "timeout", FAILURE_RETRY, -256},
        {ERR_CORRUPT, 0, "fails its CRC-32", "damage-on-wire", FAILURE_BOUNDED, -255},
        {ERR_FOREIGN, 0, "another source", "other-source", FAILURE_STOP, -256},
        {ERR_TLS, 0, "certificate", "tls", FAILURE_STOP, -256},
        {ERR_IO, 0, "Input/output error", "store", FAILURE_STOP, 6001000},
        /* A full store waits; that is no failure of it. */
        {ERR_FULL, 0, "no free segment", "full", FAILURE_RETRY, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct failure_class *c =
            failure_classify(cases[i].err, cases[i].number, cases[i].text);
        assert_string_equal(c->name, cases[i].name);
        assert_int_equal(c->action, cases[i].action);
        assert_int_equal(c->dts_code, cases[i].code);
    }
}

/* A row that another one hides would never be seen. */
static void every_failure_row_can_be_met(void **state)
{
    const struct failure_class *row = NULL;
    for (size_t i = 0; (row = failure_row(i)) != NULL; i++) {
        /* A refused login and a refused statement have the same number on the wire. */
        int err = strcmp(row->name, "login") == 0 ? ERR_AUTH : ERR_SERVER;
        assert_ptr_equal(failure_classify(row->err != 0 ? row->err : err, row->mysql_errno,
                                          row->stem != NULL ? row->stem : ""),
                         row);
        assert_true(strlen(row->advice) > 20);
        assert_true(strlen(row->name) < 32);
        char code[16];
        snprintf(code, sizeof code, "%d", row->dts_code);
        assert_true(row->dts_code == 0 || run_find(code) != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_fields),
        cmocka_unit_test(what_belongs_to_the_file),
        cmocka_unit_test(format_of_both_kinds),
        cmocka_unit_test(format_of_old_versions),
        cmocka_unit_test(rotate_with_and_without_checksum),
        cmocka_unit_test(checksum_sees_every_bit),
        cmocka_unit_test(error_packets),
        cmocka_unit_test(failures_by_their_words),
        cmocka_unit_test(every_failure_row_can_be_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
