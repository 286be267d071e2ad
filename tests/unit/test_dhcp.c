/* SPDX-License-Identifier: Apache-2.0 */
/* DHCP messages: what we say is what RFC 2131 asks for, and of what servers say nothing is taken
 * that is not to us, not whole, or no address that a box may have. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Before cmocka, which has a macro named fail. */
#include "base/err.h"
#include "base/writer.h"
#include "drivers/net/dhcp_packet.h"

#include <cmocka.h>

static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
#define XID 0xcafebabe

static uint8_t packet[DHCP_PACKET_MAX];

/* A server's message up to the options. */
static struct writer begin(uint32_t yiaddr)
{
    struct writer w = wr_into(packet, sizeof packet);
    wr_u8(&w, 2);
    wr_u8(&w, 1);
    wr_u8(&w, 6);
    wr_u8(&w, 0);
    wr_be(&w, XID, 4);
    wr_fill(&w, 0, 8);
    wr_be(&w, yiaddr, 4);
    wr_fill(&w, 0, 8);
    wr_bytes(&w, mac, 6);
    wr_fill(&w, 0, 10 + 64 + 128);
    wr_be(&w, 0x63825363, 4);
    return w;
}

static void option(struct writer *w, uint8_t code, const char *value, size_t len)
{
    wr_u8(w, code);
    wr_u8(w, (uint8_t)len);
    wr_bytes(w, value, len);
}

static struct writer offer(void)
{
    struct writer w = begin(0x0a00020f);
    option(&w, 53, "\2", 1);
    option(&w, 54, "\x0a\0\2\2", 4);
    option(&w, 1, "\xff\xff\xff\0", 4);
    option(&w, 3, "\x0a\0\2\2\x0a\0\2\3", 8);
    option(&w, 6, "\x0a\0\2\3\0\0\0\0\x0a\0\2\4\x0a\0\2\5\x0a\0\2\6", 20);
    option(&w, 42, "\x0a\0\2\7", 4);
    option(&w, 51, "\0\1\x51\x80", 4);
    return w;
}

static int parse(const struct writer *w, struct dhcp_answer *a)
{
    return dhcp_parse(packet, wr_len(w), XID, mac, a);
}

static void an_offer_is_understood(void **state)
{
    (void)state;
    struct dhcp_answer a;
    struct writer w = offer();
    wr_u8(&w, 255);
    assert_int_equal(parse(&w, &a), 0);
    assert_int_equal(a.type, DHCP_OFFER);
    assert_int_equal(a.address, 0x0a00020f);
    assert_int_equal(a.server, 0x0a000202);
    assert_int_equal(a.prefix, 24);
    assert_int_equal(a.gateway, 0x0a000202);
    assert_int_equal(a.dns[0], 0x0a000203);
    assert_int_equal(a.dns[1], 0x0a000204); /* the zero between them is none */
    assert_int_equal(a.dns[2], 0x0a000205);
    assert_int_equal(a.ntp[0], 0x0a000207);
    assert_int_equal(a.lease_s, 86400);
    assert_int_equal(a.renew_s, 43200);
    assert_int_equal(a.rebind_s, 75600);
}

static void every_cut_is_refused_or_whole(void **state)
{
    (void)state;
    struct dhcp_answer a;
    struct writer w = offer();
    wr_u8(&w, 255);
    size_t len = wr_len(&w);
    for (size_t cut = 0; cut < len; cut++) {
        /* Copied, so that a read beyond the end is one beyond the allocation. */
        uint8_t *copy = test_malloc(cut + 1);
        memcpy(copy, packet, cut);
        int rc = dhcp_parse(copy, cut, XID, mac, &a);
        assert_true(rc == 0 || rc == ERR_PROTOCOL);
        assert_true(rc != 0 || cut >= 240 + 9);
        test_free(copy);
    }
}

static void what_is_not_for_us_is_refused(void **state)
{
    (void)state;
    struct dhcp_answer a;
    static const uint8_t other[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x57};
    struct writer w = offer();
    assert_int_equal(dhcp_parse(packet, wr_len(&w), XID + 1, mac, &a), ERR_PROTOCOL);
    assert_int_equal(dhcp_parse(packet, wr_len(&w), XID, other, &a), ERR_PROTOCOL);
    packet[0] = 1; /* a client's */
    assert_int_equal(parse(&w, &a), ERR_PROTOCOL);
    w = offer();
    packet[236] ^= 1; /* the magic */
    assert_int_equal(parse(&w, &a), ERR_PROTOCOL);
}

static void an_address_no_box_may_have_is_refused(void **state)
{
    static const uint32_t bad[] = {0, 0x7f000001, 0xe0000001, 0xffffffff};
    (void)state;
    struct dhcp_answer a;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct writer w = begin(bad[i]);
        option(&w, 53, "\5", 1);
        option(&w, 54, "\x0a\0\2\2", 4);
        assert_int_equal(parse(&w, &a), ERR_PROTOCOL);
    }
    struct writer w = begin(0x0a00020f); /* no server is named */
    option(&w, 53, "\5", 1);
    assert_int_equal(parse(&w, &a), ERR_PROTOCOL);
    w = begin(0x0a00020f); /* a mask with a hole */
    option(&w, 53, "\5", 1);
    option(&w, 54, "\x0a\0\2\2", 4);
    option(&w, 1, "\xff\0\xff\0", 4);
    assert_int_equal(parse(&w, &a), ERR_PROTOCOL);
}

static void times_that_are_left_out_or_silly(void **state)
{
    (void)state;
    struct dhcp_answer a;
    struct writer w = begin(0xc0a80105);
    option(&w, 53, "\5", 1);
    option(&w, 54, "\xc0\xa8\1\1", 4);
    assert_int_equal(parse(&w, &a), 0);
    assert_int_equal(a.prefix, 24); /* the class's */
    assert_int_equal(a.lease_s, 60);
    assert_true(a.renew_s > 0 && a.renew_s < a.rebind_s && a.rebind_s < a.lease_s);
    option(&w, 51, "\xff\xff\xff\xff", 4);
    option(&w, 58, "\xff\xff\xff\xff", 4);
    option(&w, 59, "\0\0\0\1", 4);
    assert_int_equal(parse(&w, &a), 0);
    assert_true(a.renew_s < a.rebind_s && a.rebind_s < a.lease_s);
}

static void options_in_the_old_fields(void **state)
{
    (void)state;
    struct dhcp_answer a;
    struct writer w = begin(0x0a00020f);
    option(&w, 53, "\5", 1);
    option(&w, 52, "\3", 1);
    wr_u8(&w, 255);
    memcpy(packet + 44, "\x36\4\x0a\0\2\2\xff", 7);          /* sname: the server */
    memcpy(packet + 108, "\3\4\x0a\0\2\x63\xff", 7);         /* file: the gateway */
    assert_int_equal(parse(&w, &a), 0);
    assert_int_equal(a.server, 0x0a000202);
    assert_int_equal(a.gateway, 0x0a000263);
    memset(packet + 44, 0x36, 64); /* an option that reaches beyond its field */
    assert_int_equal(parse(&w, &a), ERR_PROTOCOL);
}

static void a_refusal_needs_no_address(void **state)
{
    (void)state;
    struct dhcp_answer a;
    struct writer w = begin(0);
    option(&w, 53, "\6", 1);
    assert_int_equal(parse(&w, &a), 0);
    assert_int_equal(a.type, DHCP_NAK);
}

static void a_question_has_what_servers_need(void **state)
{
    (void)state;
    struct dhcp_question q = {.type = DHCP_REQUEST,
                              .xid = XID,
                              .secs = 3,
                              .broadcast = true,
                              .requested = 0x0a00020f,
                              .server = 0x0a000202,
                              .hostname = "box-7"};
    memcpy(q.mac, mac, 6);
    size_t len = dhcp_make(&q, packet, sizeof packet);
    assert_int_equal(len, 300);
    assert_memory_equal(packet, "\1\1\6\0\xca\xfe\xba\xbe\0\3\x80\0", 12);
    assert_memory_equal(packet + 28, mac, 6);
    static const char options[] = "\x63\x82\x53\x63\x35\1\3\x3d\7\1\x52\x54\0\x12\x34\x56"
                                  "\x32\4\x0a\0\2\x0f\x36\4\x0a\0\2\2\x0c\5box-7";
    assert_memory_equal(packet + 236, options, sizeof options - 1);
    assert_int_equal(dhcp_make(&q, packet, 100), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_is_understood),
        cmocka_unit_test(every_cut_is_refused_or_whole),
        cmocka_unit_test(what_is_not_for_us_is_refused),
        cmocka_unit_test(an_address_no_box_may_have_is_refused),
        cmocka_unit_test(times_that_are_left_out_or_silly),
        cmocka_unit_test(options_in_the_old_fields),
        cmocka_unit_test(a_refusal_needs_no_address),
        cmocka_unit_test(a_question_has_what_servers_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
