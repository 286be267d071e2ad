/* SPDX-License-Identifier: Apache-2.0 */
/* A source's stream into a real store on simulated flash: the stored bytes are the source's, gaps
 * and damage are named and void, an interrupted event is gone on with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "app/relay/pump.h"
#include "drivers/flash/sim_flash.h"
#include "tests/unit/binlog_maker.h"

#include <cmocka.h> /* last: it has a macro named fail */

#define SOURCE "mysql:11111111-2222-3333-4444-555555555555"
#define FILE_SIZE (256 * 1024)

/* What the source has: the file's bytes, and the packets it would send from some position. */
struct fixture {
    struct flash *flash;
    struct store *store;
    struct stream stream;
    struct pump pump;
    uint8_t file[FILE_SIZE];
    size_t file_len;
    uint8_t wire[FILE_SIZE + 4096];
    size_t wire_len, wire_at, piece;
    uint8_t sequence;
};

static struct errmsg why;

static ssize_t read_wire(void *ctx, void *buf, size_t len)
{
    struct fixture *f = ctx;
    size_t n = f->wire_len - f->wire_at;
    n = n < f->piece ? n : f->piece;
    n = n < len ? n : len;
    memcpy(buf, f->wire + f->wire_at, n);
    f->wire_at += n;
    return (ssize_t)n;
}

static bool no_room(void *ctx)
{
    return false;
}

static void open_store(struct fixture *f)
{
    struct store_options opt = {0};
    assert_int_equal(store_open(f->flash, &opt, &f->store, NULL, &why), OK);
    f->pump.store = f->store;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sim_options opt = {
        .size = 4 << 20, .erase_size = 64 * 1024, .program_size = 512, .seed = 7};
    f->flash = sim_flash_new(&opt);
    f->pump.stream = &f->stream;
    f->pump.wait_for_room = no_room;
    f->pump.stream_checksums = true;
    snprintf(f->pump.source, sizeof f->pump.source, "%s", SOURCE);
    f->piece = 1000;
    open_store(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    flash_close(f->flash);
    free(f);
    return 0;
}

static void send(struct fixture *f, const uint8_t *event, size_t len)
{
    f->wire_len += make_packets(f->wire + f->wire_len, &f->sequence, event, len);
}

/* The connection is new: a fake ROTATE comes first. */
static void begin_wire(struct fixture *f, const char *name)
{
    uint8_t event[128];
    f->wire_len = 0;
    f->wire_at = 0;
    f->sequence = 1;
    stream_init(&f->stream, read_wire, f);
    send(f, event, make_rotate(event, name, true, 0, true));
}

/* Adds an event to the source's file and to the wire. */
static void write_event(struct fixture *f, uint8_t type, const void *body, size_t len)
{
    uint8_t *at = f->file + f->file_len;
    size_t size = EVENT_HEADER_LEN + len + EVENT_CHECKSUM_LEN;
    make_event(at, type, (uint32_t)(f->file_len + size), 0, body, len, true);
    f->file_len += size;
    send(f, at, size);
}

static void begin_source_file(struct fixture *f)
{
    uint8_t format[256];
    memcpy(f->file, "\xfe" "bin", 4);
    size_t len = make_format(format, 0, true);
    make_format(format, (uint32_t)(4 + len), true);
    memcpy(f->file + 4, format, len);
    f->file_len = 4 + len;
    send(f, format, len);
}

/* Pumps until the wire is empty; returns what pump_event gave last. */
static int drain(struct fixture *f)
{
    int err = OK;
    while (err == OK && (f->wire_at < f->wire_len || stream_buffered(&f->stream) > 0)) {
        err = pump_event(&f->pump, &why);
    }
    return err;
}

static void check_stored(struct fixture *f, const char *name, size_t len)
{
    assert_int_equal(store_flush(f->store, &why), OK);
    uint8_t *got = malloc(FILE_SIZE);
    size_t have = 0, n = 1;
    while (n > 0) {
        assert_int_equal(store_read(f->store, name, have, got + have, FILE_SIZE - have, &n, &why),
                         OK);
        have += n;
    }
    assert_int_equal(have, len);
    assert_memory_equal(got, f->file, len);
    free(got);
}

static const struct store_pos start = {"bin.000001", 4};

static void the_bytes_are_the_sources(void **state)
{
    struct fixture *f = *state;
    uint8_t big[100000];
    memset(big, 0x5a, sizeof big);
    begin_wire(f, "bin.000001");
    begin_source_file(f);
    for (int i = 0; i < 50; i++) {
        write_event(f, 30, "a row", 5);
    }
    write_event(f, 30, big, sizeof big);
    write_event(f, 16, "\1\2\3\4\5\6\7\10", 8);
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    assert_int_equal(drain(f), OK);
    assert_true(f->pump.pos.offset == f->file_len);
    check_stored(f, "bin.000001", f->file_len);
}

static void files_follow_files(void **state)
{
    struct fixture *f = *state;
    uint8_t event[128];
    begin_wire(f, "bin.000001");
    begin_source_file(f);
    write_event(f, 30, "x", 1);
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    assert_int_equal(drain(f), OK);
    check_stored(f, "bin.000001", f->file_len);
    send(f, event, make_rotate(event, "bin.000002", true, 0, true));
    begin_source_file(f);
    write_event(f, 30, "y", 1);
    assert_int_equal(drain(f), OK);
    check_stored(f, "bin.000002", f->file_len);
    struct store_file info;
    assert_int_equal(store_file_at(f->store, 0, &info, &why), OK);
    assert_string_equal(info.name, "bin.000001");
    assert_true(info.complete);
    assert_int_equal(store_file_at(f->store, 1, &info, &why), OK);
    assert_false(info.complete);
}

/* The connection dies at every byte of a big event; a new dump goes on without a seam. */
static void an_event_cut_anywhere_is_gone_on_with(void **state)
{
    uint8_t big[3000];
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = (uint8_t)(i * 31);
    }
    for (size_t cut = 1; cut < sizeof big + 27; cut += 97) {
        void *fresh = NULL;
        setup(&fresh);
        struct fixture *f = fresh;
        begin_wire(f, "bin.000001");
        begin_source_file(f);
        size_t before = f->wire_len;
        write_event(f, 30, big, sizeof big);
        size_t all = f->wire_len;
        f->wire_len = before + cut < all ? before + cut : all - 1;
        assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
        assert_int_equal(drain(f), ERR_NET);
        /* Half of the times the appliance dies, too. */
        if (cut % 2 == 0) {
            assert_int_equal(store_flush(f->store, &why), OK);
            store_close(f->store);
            open_store(f);
        }
        struct store_pos from = f->pump.pos;
        struct store_state st;
        store_get_state(f->store, &st);
        if (cut % 2 == 0) {
            assert_true(st.committed.offset == from.offset);
        }
        begin_wire(f, "bin.000001");
        send(f, f->file + from.offset, f->file_len - from.offset);
        assert_int_equal(pump_start(&f->pump, &from, false, &why), OK);
        assert_int_equal(drain(f), OK);
        check_stored(f, "bin.000001", f->file_len);
        teardown(&fresh);
    }
}

static void a_bad_checksum_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t body[200] = {1};
    begin_wire(f, "bin.000001");
    begin_source_file(f);
    write_event(f, 30, "good", 4);
    size_t good = f->file_len;
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    size_t at = f->wire_len;
    write_event(f, 30, body, sizeof body);
    f->wire[at + 5 + EVENT_HEADER_LEN + 50] ^= 4;
    assert_int_equal(drain(f), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "CRC-32"));
    assert_true(f->pump.pos.offset == good);
    check_stored(f, "bin.000001", good);
    /* The same event, whole this time. */
    begin_wire(f, "bin.000001");
    send(f, f->file + good, f->file_len - good);
    struct store_pos from = f->pump.pos;
    assert_int_equal(pump_start(&f->pump, &from, false, &why), OK);
    assert_int_equal(drain(f), OK);
    check_stored(f, "bin.000001", f->file_len);
}

static void a_gap_is_named(void **state)
{
    struct fixture *f = *state;
    uint8_t event[64];
    begin_wire(f, "bin.000001");
    begin_source_file(f);
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    send(f, event, make_event(event, 30, (uint32_t)f->file_len + 1000, 0, "late", 4, true));
    assert_int_equal(drain(f), ERR_GAP);
    assert_non_null(strstr(why.text, "bytes are missing"));
    check_stored(f, "bin.000001", f->file_len);
}

/* No release could ever make room for it. */
static void an_event_larger_than_the_store_is_named(void **state)
{
    struct fixture *f = *state;
    uint8_t wire[5 + EVENT_HEADER_LEN];
    begin_wire(f, "bin.000001");
    begin_source_file(f);
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    uint32_t size = 8 << 20;
    struct writer w = wr_into(wire, sizeof wire);
    wr_le(&w, size + 1, 3);
    wr_u8(&w, f->sequence);
    wr_u8(&w, 0);
    wr_u32(&w, MAKER_TIME);
    wr_u8(&w, 30);
    wr_u32(&w, 1);
    wr_u32(&w, size);
    wr_u32(&w, (uint32_t)f->file_len + size);
    wr_u16(&w, 0);
    memcpy(f->wire + f->wire_len, wire, sizeof wire);
    f->wire_len += sizeof wire;
    assert_int_equal(drain(f), ERR_TOOBIG);
    assert_non_null(strstr(why.text, "8388608 bytes"));
    check_stored(f, "bin.000001", f->file_len);
}

static void log_pos_may_wrap(void **state)
{
    struct fixture *f = *state;
    uint8_t event[64], format[256];
    static const struct store_pos far = {"bin.000001", 0xffffffffull};
    begin_wire(f, "bin.000001");
    send(f, format, make_format(format, 0, true));
    size_t len = make_event(event, 30, 30, 0, "wrap", 4, true);
    assert_int_equal(len, 27);
    len = make_event(event, 30, (uint32_t)(far.offset + len), 0, "wrap", 4, true);
    send(f, event, len);
    assert_int_equal(pump_start(&f->pump, &far, true, &why), OK);
    assert_int_equal(drain(f), OK);
    assert_true(f->pump.pos.offset == far.offset + len);
    assert_int_equal(store_flush(f->store, &why), OK);
    struct store_state st;
    store_get_state(f->store, &st);
    assert_true(st.committed.offset == far.offset + len);
}

/* The same name, another file: RESET MASTER on the source. */
static void another_history_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t format[256];
    begin_wire(f, "bin.000001");
    begin_source_file(f);
    write_event(f, 30, "x", 1);
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    assert_int_equal(drain(f), OK);
    assert_int_equal(store_flush(f->store, &why), OK);
    begin_wire(f, "bin.000001");
    size_t len = make_format(format, 0, true);
    format[0] ^= 1; /* made a second later */
    struct writer crc = wr_into(format + len - 4, 4);
    wr_u32(&crc, crc32_update(0, format, len - 4));
    send(f, format, len);
    struct store_pos from = f->pump.pos;
    assert_int_equal(pump_start(&f->pump, &from, false, &why), OK);
    assert_int_equal(drain(f), ERR_FOREIGN);
    check_stored(f, "bin.000001", f->file_len);
}

/* A file whose events came and were flushed, then the same connection anew. */
static uint64_t filled(struct fixture *f, int events)
{
    uint8_t body[5000];
    struct store_state st;
    memset(body, 0x33, sizeof body);
    begin_wire(f, "bin.000001");
    begin_source_file(f);
    for (int i = 0; i < events; i++) {
        write_event(f, 30, body, sizeof body);
    }
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    assert_int_equal(drain(f), OK);
    assert_int_equal(store_flush(f->store, &why), OK);
    store_get_state(f->store, &st);
    begin_wire(f, "bin.000001");
    struct store_pos from = f->pump.settled;
    assert_int_equal(pump_start(&f->pump, &from, false, &why), OK);
    return st.committed.offset;
}

static size_t format_len(const struct fixture *f)
{
    struct event_header h;
    assert_int_equal(event_header_parse(f->file + 4, &h), OK);
    return h.size;
}

/* As for a position past 4 GiB: all is read again, and a part of it comes before the wire ends. */
static void reading_again_never_cuts_what_is_settled(void **state)
{
    struct fixture *f = *state;
    uint64_t before = filled(f, 20);
    size_t event = EVENT_HEADER_LEN + 5000 + EVENT_CHECKSUM_LEN;
    pump_from_start(&f->pump);
    send(f, f->file + 4, format_len(f));
    send(f, f->file + 4 + format_len(f), event);
    assert_int_equal(drain(f), OK);
    assert_true(f->pump.pos.offset == 4 + format_len(f) + event);
    assert_true(f->pump.settled.offset == before);
    /* A bit flips on the wire: damage, not another history, and nothing stored is touched. */
    send(f, f->file + 4 + format_len(f) + event, event);
    f->wire[f->wire_len - 100] ^= 1;
    assert_int_equal(drain(f), ERR_CORRUPT);
    check_stored(f, "bin.000001", (size_t)before);
    /* The same in the FORMAT_DESCRIPTION. */
    begin_wire(f, "bin.000001");
    pump_from_start(&f->pump);
    size_t at = f->wire_len;
    send(f, f->file + 4, format_len(f));
    f->wire[at + 5 + 40] ^= 1;
    assert_int_equal(drain(f), ERR_CORRUPT);
    check_stored(f, "bin.000001", (size_t)before);
    /* All of it, and one event more. */
    begin_wire(f, "bin.000001");
    struct store_pos from = f->pump.settled;
    assert_int_equal(pump_start(&f->pump, &from, false, &why), OK);
    pump_from_start(&f->pump);
    send(f, f->file + 4, format_len(f));
    for (size_t i = 0; i < 20; i++) {
        send(f, f->file + 4 + format_len(f) + i * event, event);
    }
    write_event(f, 30, "new", 3);
    assert_int_equal(drain(f), OK);
    check_stored(f, "bin.000001", f->file_len);
}

/* Sound events that differ from the settled ones are another history. */
static void reading_again_finds_another_history(void **state)
{
    struct fixture *f = *state;
    uint64_t before = filled(f, 3);
    uint8_t *at = f->file + 4 + format_len(f), changed[5100];
    struct event_header h;
    assert_int_equal(event_header_parse(at, &h), OK);
    memcpy(changed, at, h.size);
    changed[1000] ^= 1;
    struct writer crc = wr_into(changed + h.size - 4, 4);
    wr_u32(&crc, crc32_update(0, changed, h.size - 4));
    pump_from_start(&f->pump);
    send(f, f->file + 4, format_len(f));
    send(f, changed, h.size);
    assert_int_equal(drain(f), ERR_FOREIGN);
    check_stored(f, "bin.000001", (size_t)before);
}

static void reading_again_goes_past_what_was_released(void **state)
{
    struct fixture *f = *state;
    uint32_t freed = 0;
    uint64_t before = filled(f, 45);
    assert_int_equal(store_release(f->store, "bin.000001", before, &freed, &why), OK);
    assert_true(freed > 0);
    pump_from_start(&f->pump);
    send(f, f->file + 4, format_len(f));
    for (size_t i = 0; i < 45; i++) {
        send(f, f->file + 4 + format_len(f) + i * 5023, 5023);
    }
    write_event(f, 30, "new", 3);
    assert_int_equal(drain(f), OK);
    assert_true(f->pump.settled.offset == f->file_len);
}

/* Whole events lie on flash without a boundary (a frame was split at a segment's end, then the
 * power failed), and the source crashed: its file ends behind the first two of them. */
static void a_file_may_end_inside_the_stored_tail(void **state)
{
    struct fixture *f = *state;
    uint8_t event[128];
    struct store_state st;
    struct store_file info;
    begin_wire(f, "bin.000001");
    begin_source_file(f);
    write_event(f, 30, "first", 5);
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    assert_int_equal(drain(f), OK);
    assert_int_equal(store_flush(f->store, &why), OK);
    size_t settled = f->file_len;
    write_event(f, 30, "second", 6);
    write_event(f, 30, "third", 5);
    size_t ends = f->file_len;
    write_event(f, 30, "lost by the source", 18);
    assert_int_equal(
        store_append(f->store, f->file + settled, f->file_len - settled - 7, &why), OK);
    assert_int_equal(store_flush(f->store, &why), OK);
    store_close(f->store);
    open_store(f);
    store_get_state(f->store, &st);
    assert_int_equal(st.committed.offset, settled);
    begin_wire(f, "bin.000001");
    send(f, f->file + settled, EVENT_HEADER_LEN + 6 + EVENT_CHECKSUM_LEN);
    send(f, f->file + settled + 29, EVENT_HEADER_LEN + 5 + EVENT_CHECKSUM_LEN);
    send(f, event, make_rotate(event, "bin.000002", true, 0, true));
    assert_int_equal(pump_start(&f->pump, &st.committed, false, &why), OK);
    assert_int_equal(drain(f), OK);
    assert_int_equal(store_flush(f->store, &why), OK);
    assert_int_equal(store_file_at(f->store, 0, &info, &why), OK);
    assert_true(info.complete);
    assert_int_equal(info.to, ends);
}

/* The source answers an error before anything of the file: then nothing of it is begun. */
static void a_file_begins_with_its_first_event(void **state)
{
    struct fixture *f = *state;
    static const uint8_t packet[] = "\x1b\0\0\1\xff\xd4\x04#HY000Could not find first";
    struct store_state st;
    begin_wire(f, "bin.000001");
    memcpy(f->wire, packet, sizeof packet - 1);
    f->wire_len = sizeof packet - 1;
    f->wire[0] = (uint8_t)(f->wire_len - 4);
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    assert_int_equal(drain(f), ERR_SERVER);
    assert_int_equal(store_flush(f->store, &why), OK);
    store_get_state(f->store, &st);
    assert_string_equal(st.end.file, "");
}

static void a_file_left_out_is_a_gap(void **state)
{
    struct fixture *f = *state;
    uint8_t event[128];
    filled(f, 2);
    send(f, event, make_rotate(event, "bin.000007", true, 0, true));
    assert_int_equal(drain(f), ERR_GAP);
    assert_non_null(strstr(why.text, "bin.000007"));
    assert_string_equal(f->pump.settled.file, "bin.000001");
}

/* Unless the source's own ROTATE says so: a leftover file made it skip a number. */
static void the_rotate_in_the_file_is_believed(void **state)
{
    struct fixture *f = *state;
    uint8_t event[128], body[8 + 10] = {4};
    filled(f, 2);
    memcpy(body + 8, "bin.000007", 10);
    write_event(f, EVENT_ROTATE, body, sizeof body);
    send(f, event, make_rotate(event, "bin.000007", true, 0, true));
    begin_source_file(f);
    assert_int_equal(drain(f), OK);
    assert_string_equal(f->pump.settled.file, "bin.000007");
}

static void only_the_file_is_stored(void **state)
{
    struct fixture *f = *state;
    uint8_t event[64];
    begin_wire(f, "bin.000001");
    begin_source_file(f);
    send(f, event,
         make_event(event, EVENT_HEARTBEAT, (uint32_t)f->file_len, 0, "bin.000001", 10, true));
    send(f, event, make_event(event, 163, 0, EVENT_FLAG_ARTIFICIAL, "gtid list", 9, true));
    write_event(f, 30, "x", 1);
    assert_int_equal(pump_start(&f->pump, &start, true, &why), OK);
    assert_int_equal(drain(f), OK);
    check_stored(f, "bin.000001", f->file_len);
}

static void the_servers_error_is_told(void **state)
{
    struct fixture *f = *state;
    static const uint8_t packet[] = "\x1b\0\0\1\xff\xd4\x04#HY000Could not find first";
    f->wire_len = sizeof packet - 1;
    f->wire[0] = 0;
    memcpy(f->wire, packet, f->wire_len);
    f->wire[0] = (uint8_t)(f->wire_len - 4);
    f->wire_at = 0;
    stream_init(&f->stream, read_wire, f);
    assert_int_equal(pump_event(&f->pump, &why), ERR_SERVER);
    assert_int_equal(f->pump.server_errno, 1236);
    assert_non_null(strstr(why.text, "Could not find first"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_bytes_are_the_sources, setup, teardown),
        cmocka_unit_test_setup_teardown(files_follow_files, setup, teardown),
        cmocka_unit_test(an_event_cut_anywhere_is_gone_on_with),
        cmocka_unit_test_setup_teardown(a_bad_checksum_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_gap_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(an_event_larger_than_the_store_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(log_pos_may_wrap, setup, teardown),
        cmocka_unit_test_setup_teardown(another_history_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_again_never_cuts_what_is_settled, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_again_finds_another_history, setup, teardown),
        cmocka_unit_test_setup_teardown(reading_again_goes_past_what_was_released, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_may_end_inside_the_stored_tail, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_begins_with_its_first_event, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_left_out_is_a_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(the_rotate_in_the_file_is_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_file_is_stored, setup, teardown),
        cmocka_unit_test_setup_teardown(the_servers_error_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
