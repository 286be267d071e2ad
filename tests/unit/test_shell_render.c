/* SPDX-License-Identifier: Apache-2.0 */
/* Results as text: what people see, to the character, and what hostile strings cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/shell/forecast.h"
#include "app/shell/shell.h"
#include "app/shell/text.h"

#include <cmocka.h> /* last: it has a macro fail */

static char *render(const char *json, bool color)
{
    yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
    assert_non_null(doc);
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    char *text = shell_render_text(yyjson_mut_doc_get_root(copy), color);
    assert_non_null(text);
    yyjson_mut_doc_free(copy);
    yyjson_doc_free(doc);
    return text;
}

static void expect(const char *json, const char *wanted)
{
    char *text = render(json, false);
    assert_string_equal(text, wanted);
    free(text);
}

static void test_scalars(void **state)
{
    expect("{}", "");
    expect(
        "{\"summary\":\"all is well\",\"stage\":\"relay\",\"caught_up\":true,\"behind_bytes\":0}",
        "all is well\n"
        "stage      relay\n"
        "caught up  yes\n"
        "behind     0 B\n");
    expect("{\"used_percent\":37,\"free_bytes\":1048576,\"rate_bytes_per_s\":2500000,"
           "\"up_s\":93784,\"now_at_ms\":1795226400000,\"next\":null,\"code\":-254,\"x\":0.5}",
           "used  [########------------] 37 %\n"
           "free  1.0 MiB (1048576)\n"
           "rate  2.3 MiB/s\n"
           "up    1 day 2 h\n"
           "now   2026-11-21 02:00:00\n"
           "next  -\n"
           "code  -254\n"
           "x     0.50\n");
    expect("{\"used_percent\":0,\"other_percent\":1,\"full_percent\":100}",
           "used   [--------------------] 0 %\n"
           "other  [#-------------------] 1 %\n"
           "full   [####################] 100 %\n");
    expect("{\"asked_ms\":1795226400000,\"took_ms\":7}", "asked    2026-11-21 02:00:00\n"
                                                         "took ms  7\n");
}

static void test_nesting(void **state)
{
    expect("{\"relay\":{\"phase\":\"streaming\",\"error\":{\"class\":\"net\"}},\"name\":\"a\","
           "\"words\":[\"x\",\"y\"],\"none\":[]}",
           "name  a\n"
           "none  none\n"
           "relay\n"
           "  phase  streaming\n"
           "  error\n"
           "    class  net\n"
           "words\n"
           "  x\n"
           "  y\n");
    expect("{\"lines\":[\"| a |\",\"\",\"| b |\"]}", "| a |\n\n| b |\n");
}

static void test_table(void **state)
{
    expect("{\"files\":[{\"file\":\"b.1\",\"from\":4,\"size_bytes\":2048,\"complete\":true},"
           "{\"file\":\"b.22\",\"from\":1000,\"size_bytes\":1,\"complete\":false}]}",
           "file  from     size  complete\n"
           "b.1      4  2.0 KiB  yes\n"
           "b.22  1000      1 B  no\n");
    /* cells that do not fit are folded, advice goes beneath */
    expect(
        "{\"checks\":[{\"verdict\":\"fail\",\"code\":-261,\"name\":\"binlog-on\",\"title\":\"t\","
        "\"why\":\"log_bin is OFF on the source, so there is nothing that could be relayed from "
        "there\",\"remedy\":\"set log_bin and restart\"},"
        "{\"verdict\":\"pass\",\"code\":-256,\"name\":\"source-connect\",\"why\":\"yes\","
        "\"remedy\":\"\"}]}",
        "verdict  code  name            why\n"
        "fail     -261  binlog-on       log_bin is OFF on the source, so there is nothing\n"
        "                               that could be relayed from there\n"
        "    remedy: set log_bin and restart\n"
        "pass     -256  source-connect  yes\n");
    /* rows need not have the same keys */
    expect("{\"rows\":[{\"a\":1},{\"b\":\"x\"}]}",
           "a  b\n"
           "1\n"
           "   x\n");
}

static void test_error(void **state)
{
    expect("{\"error\":{\"code\":\"x\",\"message\":\"it broke\",\"do\":\"mend it\"},\"other\":1}",
           "error: it broke\n"
           "do:    mend it\n");
}

/* No line is wider than the terminal, whatever comes. */
static void test_width(void **state)
{
    struct text json = {0};
    text_puts(&json, "{\"rows\":[");
    for (int row = 0; row < 3; row++) {
        text_puts(&json, row > 0 ? ",{" : "{");
        for (int column = 0; column < 5; column++) {
            char cell[64];
            snprintf(cell, sizeof cell, "%s\"c%d\":\"", column > 0 ? "," : "", column);
            text_puts(&json, cell);
            for (int i = 0; i < 20 + 40 * column * row; i++) {
                text_puts(&json, i % 11 == 3 ? " " : i % 7 == 5 ? "数" : "w");
            }
            text_puts(&json, "\"");
        }
        text_puts(&json, "}");
    }
    text_puts(&json, "]}");
    char *text = render(json.bytes, false);
    size_t words = 0;
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "\n");
        assert_true(text_width(line, len) <= 80);
        for (size_t i = 0; i < len; i++) {
            words += line[i] == 'w';
        }
    }
    size_t given = 0;
    for (const char *c = json.bytes; *c != '\0'; c++) {
        given += *c == 'w';
    }
    assert_int_equal(words, given - 1); /* one is in the key "rows": no letter of a cell is lost */
    free(text);
    free(json.bytes);
}

static void test_hostile(void **state)
{
    /* escape sequences, line breaks, bidirectional marks, C1, in keys and values */
    static const char json[] =
        "{\"name\":\"a\\u001b[2Jb\\r\\nc\\td\\u009b31me\\u202ef\\u0007\\u0000g\","
        "\"k\\u001b]0;x\\u0007\":\"v\",\"rows\":[{\"x\\n\":\"\\u001b[31m\"}],"
        "\"summary\":\"\\u001b[H\"}";
    char *text = render(json, false);
    for (const char *c = text; *c != '\0'; c++) {
        assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f));
    }
    assert_null(strstr(text, "\xc2\x9b"));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_non_null(strstr(text, "a\\x1b[2Jb\\x0d\\nc\\td\\x9b31me\\u{202e}f\\x07\\x00g"));
    free(text);
    /* with colour only our own marks are there */
    text = render("{\"verdict\":\"fail\",\"level\":\"\\u001b[31mwarn\"}", true);
    assert_string_equal(text, "verdict  \033[1;31mfail\033[0m\nlevel    \\x1b[31mwarn\n");
    free(text);
}

static void test_json_is_ascii(void **state)
{
    static const char json[] = "{\"a\":\"\\u001b\\u009b\xe6\x95\xb0\xf0\x9f\x98\x80\"}";
    yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
    yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, NULL);
    char *text = shell_render_json(yyjson_mut_doc_get_root(copy));
    assert_string_equal(text, "{\"a\":\"\\u001B\\u009B\\u6570\\uD83D\\uDE00\"}");
    free(text);
    yyjson_mut_doc_free(copy);
    yyjson_doc_free(doc);
}

static void test_utf8(void **state)
{
    static const char *const bad[] = {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80", "\xff", "a\xe2\x82"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
        char *fixed = text_to_utf8(bad[i], strlen(bad[i]));
        assert_true(text_is_utf8(fixed, strlen(fixed)));
        free(fixed);
    }
    assert_true(text_is_utf8("h\xc3\xa9\xe6\x95\xb0\xf0\x9f\x98\x80", 10));
    assert_int_equal(text_width("h\xc3\xa9\xe6\x95\xb0\xf0\x9f\x98\x80", 10), 6);
}

static void test_numbers(void **state)
{
    static const struct {
        uint64_t n;
        const char *text;
    } sizes[] = {{0, "0 B"},           {1023, "1023 B"},          {1024, "1.0 KiB"},
                 {1535, "1.4 KiB"},    {102400, "100 KiB"},       {1048575, "1023 KiB"},
                 {1 << 20, "1.0 MiB"}, {UINT64_MAX, "15.9 EiB"}},
      times[] = {{0, "0 s"}, {59, "59 s"}, {61, "1 min 1 s"}, {3600, "1 h 0 min"},
                 {86400, "1 day 0 h"}, {900000, "10 days 10 h"}};
    char buf[64];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        text_size(buf, sizeof buf, sizes[i].n);
        assert_string_equal(buf, sizes[i].text);
    }
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        text_duration(buf, sizeof buf, times[i].n);
        assert_string_equal(buf, times[i].text);
    }
}

static void test_forecast(void **state)
{
    struct forecast f;
    assert_false(forecast_get(1000, &f)); /* nothing known yet */
    forecast_note(0, 1000);
    forecast_note(5900, 1059);
    assert_false(forecast_get(1000, &f)); /* less than a minute */
    forecast_note(6000, 1060);
    assert_true(forecast_get(1000, &f));
    assert_true(f.fills && f.rate == 100 && f.over_s == 60 && f.fills_in_s == 10);
    /* a burst of long ago is forgotten after a day */
    for (uint64_t t = 1060; t < 1060 + 2 * 86400; t += 60) {
        forecast_note(6000, t);
    }
    assert_true(forecast_get(1000, &f));
    assert_true(!f.fills && f.rate == 0 && f.over_s <= 86400 && f.over_s > 85000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_json_is_ascii),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_forecast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
