/* SPDX-License-Identifier: Apache-2.0 */
/* SNTP: only an answer to our own question from a server that knows the time is believed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka, which has a macro named fail. */
#include "base/writer.h"
#include "drivers/net/sntp_packet.h"

#include <cmocka.h>

#define NONCE UINT64_C(0x1122334455667788)
#define BUILD INT64_C(1700000000) /* 2023-11-14 */

static uint8_t packet[SNTP_SIZE];
static int64_t time_us, busy_us;
static struct errmsg why;

/* A server's answer at `seconds` since 1970 and 250 ms, asked 10 ms before. */
static void answer(int64_t seconds, uint64_t nonce)
{
    uint64_t stamp = (uint64_t)(seconds + INT64_C(2208988800)) << 32;
    struct writer w = wr_into(packet, sizeof packet);
    wr_u8(&w, 4 << 3 | 4);
    wr_u8(&w, 2);
    wr_fill(&w, 0, 10);
    wr_bytes(&w, "\x0a\0\0\1", 4);
    wr_fill(&w, 0, 8);
    wr_be(&w, nonce, 8);
    wr_be(&w, stamp | 0x3d70a3d7, 8); /* .24 */
    wr_be(&w, stamp | 0x40000000, 8); /* .25 */
}

static int parse(void)
{
    return sntp_parse(packet, sizeof packet, NONCE, BUILD, &time_us, &busy_us, &why);
}

static void an_answer_tells_the_time(void **state)
{
    (void)state;
    answer(1795228800, NONCE);
    assert_int_equal(parse(), 0);
    assert_true(time_us == INT64_C(1795228800250000));
    assert_in_range(busy_us, 9999, 10001);
}

static void after_2036_the_era_is_the_next(void **state)
{
    (void)state;
    answer(INT64_C(2208988800), NONCE); /* 2040: NTP's 32 bits have wrapped */
    assert_int_equal(parse(), 0);
    assert_true(time_us == INT64_C(2208988800250000));
}

static void what_is_not_to_be_believed(void **state)
{
    (void)state;
    answer(1795228800, NONCE + 1);
    assert_int_equal(parse(), ERR_PROTOCOL);
    answer(1795228800, NONCE);
    packet[0] = 3 << 6 | 4 << 3 | 4; /* not synchronised */
    assert_int_equal(parse(), ERR_PROTOCOL);
    assert_non_null(strstr(why.text, "not set"));
    answer(1795228800, NONCE);
    packet[0] = 4 << 3 | 3; /* a client's */
    assert_int_equal(parse(), ERR_PROTOCOL);
    answer(1795228800, NONCE);
    packet[1] = 16;
    assert_int_equal(parse(), ERR_PROTOCOL);
    answer(1795228800, NONCE);
    packet[1] = 0;
    memcpy(packet + 12, "RA\033E", 4);
    assert_int_equal(parse(), ERR_PROTOCOL);
    assert_non_null(strstr(why.text, "(RA?E)"));
    answer(1795228800, NONCE);
    memset(packet + 40, 0, 8);
    assert_int_equal(parse(), ERR_PROTOCOL);
    answer(1795228800, NONCE);
    for (size_t len = 0; len < SNTP_SIZE; len++) {
        assert_int_equal(sntp_parse(packet, len, NONCE, BUILD, &time_us, &busy_us, &why),
                         ERR_PROTOCOL);
    }
}

static void a_question_is_recognised_in_its_answer(void **state)
{
    (void)state;
    sntp_make(NONCE, packet);
    assert_int_equal(packet[0], 4 << 3 | 3);
    assert_memory_equal(packet + 40, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_tells_the_time),
        cmocka_unit_test(after_2036_the_era_is_the_next),
        cmocka_unit_test(what_is_not_to_be_believed),
        cmocka_unit_test(a_question_is_recognised_in_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
