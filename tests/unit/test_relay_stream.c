/* SPDX-License-Identifier: Apache-2.0 */
/* Packets taken apart whatever the pieces they arrive in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "app/relay/stream.h"
#include "tests/unit/binlog_maker.h"

#include <cmocka.h> /* last: it has a macro named fail */

/* A source that hands out `len` bytes, at most `piece` at a time, then closes. */
struct source {
    const uint8_t *bytes;
    size_t len, at, piece;
};

static ssize_t read_source(void *ctx, void *buf, size_t len)
{
    struct source *s = ctx;
    size_t n = s->len - s->at;
    n = n < s->piece ? n : s->piece;
    n = n < len ? n : len;
    memcpy(buf, s->bytes + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

static struct stream stream;
static struct errmsg why;

static void check_event(const uint8_t *expect, size_t len)
{
    enum stream_kind kind = STREAM_EOF;
    assert_int_equal(stream_next(&stream, &kind, &why), OK);
    assert_int_equal(kind, STREAM_EVENT);
    uint8_t *got = malloc(len);
    assert_int_equal(stream_full(&stream, got, len, &why), OK);
    assert_memory_equal(got, expect, len);
    assert_int_equal(stream_finish(&stream, &why), OK);
    free(got);
}

static void any_piece_size(void **state)
{
    uint8_t a[100], b[60000], wire[61000];
    memset(a, 'a', sizeof a);
    for (size_t i = 0; i < sizeof b; i++) {
        b[i] = (uint8_t)(i * 7);
    }
    uint8_t sequence = 1;
    size_t len = make_packets(wire, &sequence, a, sizeof a);
    len += make_packets(wire + len, &sequence, b, sizeof b);
    static const size_t pieces[] = {1, 2, 3, 5, 1460, 8191, 16384, 40000, 1 << 20};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct source s = {wire, len, 0, pieces[i]};
        stream_init(&stream, read_source, &s);
        check_event(a, sizeof a);
        check_event(b, sizeof b);
        enum stream_kind kind;
        assert_int_equal(stream_next(&stream, &kind, &why), ERR_NET);
    }
}

/* Around 16 MiB: one byte less than a split, exactly one (an empty packet ends it), one more. */
static void split_packets(void **state)
{
    for (size_t payload = 0xffffff - 1; payload <= 0xffffff + 1; payload++) {
        size_t event_len = payload - 1;
        uint8_t *event = malloc(event_len), *wire = malloc(event_len + 64);
        for (size_t i = 0; i < event_len; i++) {
            event[i] = (uint8_t)(i ^ i >> 8);
        }
        uint8_t sequence = 1;
        size_t len = make_packets(wire, &sequence, event, event_len);
        len += make_packets(wire + len, &sequence, event, 20);
        struct source s = {wire, len, 0, 30000};
        stream_init(&stream, read_source, &s);
        check_event(event, event_len);
        check_event(event, 20);
        free(event);
        free(wire);
    }
}

static void out_of_step(void **state)
{
    uint8_t wire[64], event[20] = {0}, sequence = 2;
    struct source s = {wire, make_packets(wire, &sequence, event, sizeof event), 0, 64};
    enum stream_kind kind;
    stream_init(&stream, read_source, &s);
    assert_int_equal(stream_next(&stream, &kind, &why), ERR_PROTOCOL);
    assert_non_null(strstr(why.text, "number 2 where 1"));
}

static void an_event_and_its_packet_must_agree(void **state)
{
    uint8_t wire[64], event[20] = {0}, got[40], sequence = 1;
    struct source s = {wire, make_packets(wire, &sequence, event, sizeof event), 0, 64};
    enum stream_kind kind;
    stream_init(&stream, read_source, &s);
    assert_int_equal(stream_next(&stream, &kind, &why), OK);
    assert_int_equal(stream_full(&stream, got, 19, &why), OK);
    assert_int_equal(stream_finish(&stream, &why), ERR_PROTOCOL); /* one byte too many came */
    s.at = 0;
    stream_init(&stream, read_source, &s);
    assert_int_equal(stream_next(&stream, &kind, &why), OK);
    assert_int_equal(stream_full(&stream, got, 21, &why), ERR_PROTOCOL); /* one too few */
}

static void kinds_and_strange_status(void **state)
{
    static const struct {
        uint8_t status;
        int rc;
        enum stream_kind kind;
    } cases[] = {
        {0xff, OK, STREAM_ERROR}, {0xfe, OK, STREAM_EOF}, {0x17, ERR_PROTOCOL, STREAM_EVENT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t wire[] = {3, 0, 0, 1, cases[i].status, 1, 2};
        struct source s = {wire, sizeof wire, 0, 64};
        enum stream_kind kind = STREAM_EVENT;
        stream_init(&stream, read_source, &s);
        assert_int_equal(stream_next(&stream, &kind, &why), cases[i].rc);
        if (cases[i].rc == OK) {
            assert_int_equal(kind, cases[i].kind);
        }
    }
    uint8_t empty[] = {0, 0, 0, 1};
    struct source s = {empty, sizeof empty, 0, 64};
    enum stream_kind kind;
    stream_init(&stream, read_source, &s);
    assert_int_equal(stream_next(&stream, &kind, &why), ERR_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_piece_size),
        cmocka_unit_test(split_packets),
        cmocka_unit_test(out_of_step),
        cmocka_unit_test(an_event_and_its_packet_must_agree),
        cmocka_unit_test(kinds_and_strange_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
