/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle: what is written is read again and judged the same; what somebody changed is named;
 * what is no bundle is refused, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <unistd.h>

#include "app/precheck/bundle.h"
#include "tests/unit/precheck_facts.h"

#include <cmocka.h> /* last: it has a macro named fail */

/* The caller frees it. */
static char *bundle_of(const struct precheck_run *run)
{
    struct errmsg why = {""};
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    assert_int_equal(precheck_json(run, PRECHECK_BUNDLE, doc, root, &why), OK);
    char *text = yyjson_mut_write(doc, 0, NULL);
    assert_non_null(text);
    yyjson_mut_doc_free(doc);
    return text;
}

static struct bundle *parsed(const char *text)
{
    struct bundle *b = malloc(sizeof *b);
    struct errmsg why = {""};
    if (bundle_parse(text, strlen(text), b, &why) != OK) {
        fail_msg("%s", why.text);
    }
    return b;
}

static void done(struct bundle *b)
{
    bundle_free(b);
    free(b);
}

/* ---- the same again ---- */

static void same(const struct precheck_run *a, const struct precheck_run *b)
{
    for (size_t i = 0; i < checks_judged; i++) {
        const struct finding *was = &a->findings[i], *now = &b->findings[i];
        if (was->verdict != now->verdict || strcmp(was->why, now->why) != 0) {
            fail_msg("%s: %s \"%s\", judged again %s \"%s\"", checks[i].name,
                     verdict_name(was->verdict), was->why, verdict_name(now->verdict), now->why);
        }
        assert_string_equal(was->brief, now->brief);
        assert_string_equal(was->remedy, now->remedy);
        assert_memory_equal(was->used, now->used, sizeof was->used);
        assert_int_equal(was->compared_count, now->compared_count);
        assert_memory_equal(was->compared, now->compared, sizeof was->compared);
        assert_int_equal(a->order[i], b->order[i]);
    }
    assert_int_equal(a->when_ms, b->when_ms);
    assert_int_equal(a->lang, b->lang);
    for (int side = SOURCE; side < SIDES; side++) {
        for (int q = 0; q < QUESTIONS; q++) {
            const struct answer *was = &a->facts.server[side].answers[q];
            const struct answer *now = &b->facts.server[side].answers[q];
            assert_int_equal(was->state, now->state);
            assert_int_equal(was->asked_ms, now->asked_ms);
            assert_int_equal(was->took_ms, now->took_ms);
            assert_int_equal(was->filled, now->filled);
            assert_int_equal(was->rows, now->rows);
            assert_int_equal(was->code, now->code);
        }
    }
}

/* In parts it is the same bundle, for whoever reads it. */
static void same_in_parts(const struct precheck_run *run, const char *whole)
{
    struct errmsg why = {""};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_int_equal(bundle_write(run, NULL, out, &why), OK);
    fclose(out);
    yyjson_doc *a = yyjson_read(whole, strlen(whole), 0), *b = yyjson_read(text, len, 0);
    assert_non_null(b);
    assert_true(yyjson_equals(yyjson_doc_get_root(a), yyjson_doc_get_root(b)));
    yyjson_doc_free(a);
    yyjson_doc_free(b);
    free(text);
}

/* Writes, reads, compares, and writes the same bytes again. */
static void comes_back(struct precheck_run *run)
{
    char *text = bundle_of(run);
    struct bundle *b = parsed(text);
    same(run, b->run);
    same_in_parts(run, text);
    if (b->notes.count + b->differences.count > 0) {
        fail_msg("%s%s", b->notes.line[0], b->differences.line[0]);
    }
    char *again = bundle_of(b->run);
    assert_string_equal(text, again);
    free(again);
    free(text);
    done(b);
}

static void every_run_comes_back(void **state)
{
    static const char *const lines[] = {
        "5.5.62-log",
        "5.6.24 gtid_mode=ON binlog_format=STATEMENT",
        "5.7.44 !binlog-status=1227 !grants=1105",
        "8.0.40 replica=7@east replica=1234567@west",
        "9.7.4 log_bin=OFF no-file -binlog_checksum",
        "5.5.5-10.11.19-MariaDB-log !variables=1105",
        "11.8.6-MariaDB !wire=1227 !table-kinds=2013",
        "8.4.3 !connect=1045",
        "8.4.3 !connect=9015",
        "5.7.44 ?replicas",
        "5.7.44 ?connect",
        "nonsense",
    };
    const size_t count = sizeof lines / sizeof lines[0];
    for (size_t i = 0; i < count * 6; i++) {
        enum config_scope scope = i % 2 == 0 ? SCOPE_INSTANCE : SCOPE_TABLES;
        const char *target = i % 4 < 2 ? "" : lines[(i / 5) % count];
        struct precheck_run *run =
            run_of((enum config_mode)(i % 3), scope,
                   scope == SCOPE_TABLES ? "shop, 数据.订单, a'b.c\\d" : "", lines[i / 6], target);
        run->lang = i % 5 == 0 ? LANG_ZH : LANG_EN;
        run->facts.compare = (enum config_compare)(i % 3);
        run->facts.server[SOURCE].answers[Q_VERSION].took_ms = 17;
        run_judge(run);
        comes_back(run);
        precheck_free(run);
    }
}

/* Everything at its bounds, and every side. */
static void odd_facts_come_back(void **state)
{
    static const char bytes[] = "\x1b[2J\xff\0\r\n\xe2\x80\xae\"\\/<>数据";
    struct precheck_run *run = run_of(MODE_ONLINE, SCOPE_TABLES, "shop", "8.0.40", "8.0.40");
    struct facts *f = &run->facts;
    char long_text[5000];

    memset(long_text, 'x', sizeof long_text);
    f->target_capacity = f->store_size = UINT64_MAX;
    f->our_server_id = f->timeout_s = UINT32_MAX;
    f->clock_known = false;
    for (int side = SOURCE; side < SIDES; side++) {
        struct server_facts *s = &f->server[side];
        struct answer *a = &s->answers[Q_EVENTS];
        s->configured = true;
        s->tls = side % 2 == 0;
        s->port = UINT16_MAX;
        assert_int_equal(answer_rows(a, bytes, 2), OK);
        answer_put(a, bytes, sizeof bytes - 1);
        answer_put(a, "", 0);
        answer_put(a, NULL, 0);
        answer_put(a, long_text, sizeof long_text);
        answer_put(a, bytes, sizeof bytes - 1);
        answer_put(a, long_text, CELL_MAX);
        a->asked_ms = INT64_MAX;
        a->took_ms = UINT32_MAX;
        a = &s->answers[Q_DEFINERS];
        answer_fail(a, "SELECT '\"'", ERR_TOOBIG, UINT16_MAX, "HY000",
                    "\x9b"
                    "31m\"");
        answer_not_asked(&s->answers[Q_CLOCK], "", "no\x7ftime");
        s->answers[Q_SESSION].state = ANSWERED; /* no columns at all */
    }
    run_judge(run);
    comes_back(run);
    precheck_free(run);
}

/* A source without a host is none, and its account is still the config's. */
static void without_a_source(void **state)
{
    struct precheck_run *run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", "8.0.40", "");
    for (int q = 0; q < QUESTIONS; q++) {
        struct answer *a = &run->facts.server[SOURCE].answers[q];
        a->asked_ms = 0;
        answer_not_asked(a, "", "");
    }
    run->facts.server[SOURCE].configured = false;
    run->facts.server[SOURCE].host[0] = '\0';
    run_judge(run);
    assert_int_equal(finding_of(run, "-407")->verdict, VERDICT_FAIL);
    comes_back(run);
    precheck_free(run);
}

/* ---- what somebody changed ---- */

/* `text` with the first `from` after `anchor` made `to`; frees text. */
static char *changed(char *text, const char *anchor, const char *from, const char *to)
{
    char *at = strstr(text, anchor);
    assert_non_null(at);
    at = strstr(at, from);
    assert_non_null(at);
    char *out = malloc(strlen(text) + strlen(to) + 1);
    memcpy(out, text, (size_t)(at - text));
    strcpy(out + (at - text), to);
    strcat(out, at + strlen(from));
    free(text);
    return out;
}

static char *healthy(void)
{
    struct precheck_run *run =
        run_of(MODE_ONLINE, SCOPE_INSTANCE, "", "8.0.40 binlog_format=STATEMENT", "8.0.40");
    run->when_ms = 1700000000000;
    char *text = bundle_of(run);
    precheck_free(run);
    return text;
}

static void differs(char *text, const char *line)
{
    struct bundle *b = parsed(text);
    if (b->differences.count == 0 || strcmp(b->differences.line[0], line) != 0) {
        fail_msg("%zu differences: \"%s\", not \"%s\"", b->differences.count,
                 b->differences.line[0], line);
    }
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    bundle_json(b, doc, root);
    yyjson_mut_val *list = yyjson_mut_obj_get(root, "differences");
    assert_string_equal(yyjson_mut_get_str(yyjson_mut_arr_get_first(list)), line);
    yyjson_mut_doc_free(doc);
    done(b);
    free(text);
}

#define FORMAT_CHECK "\"verdict\":\"fail\",\"code\":-262"

static void claims_are_compared(void **state)
{
    differs(changed(healthy(), FORMAT_CHECK, "fail", "pass"),
            "-262 binlog-format: the bundle says pass, judged now it is fail");
    differs(changed(healthy(), FORMAT_CHECK, "fail", "\\u001b[2J"),
            "-262 binlog-format: the bundle says \\x1b[2J, judged now it is fail");
    differs(changed(healthy(), "\"variables\":", "STATEMENT", "ROW"),
            "-262 binlog-format: the bundle says fail, judged now it is pass");
    differs(changed(healthy(), FORMAT_CHECK, "binlog_format is STATEMENT", "all is well"),
            "-262 binlog-format: the verdict is the same, but not its why");
    differs(changed(healthy(), FORMAT_CHECK, "SET GLOBAL binlog_format", "DROP DATABASE shop"),
            "-262 binlog-format: the verdict is the same, but not its remedy");
    differs(changed(healthy(), FORMAT_CHECK, "\"holds\":false", "\"holds\":true"),
            "-262 binlog-format: the verdict is the same, but not its compared");
    differs(
        changed(healthy(), FORMAT_CHECK, "\"question\":\"variables\"", "\"question\":\"clock\""),
        "-262 binlog-format: the verdict is the same, but not its evidence");
    differs(changed(healthy(), FORMAT_CHECK, "\"binlog-format\"", "\"other-name\""),
            "-262 binlog-format: the bundle has no verdict of it; it is fail");
    char *text = healthy();
    char *sum = strstr(text, "\"summary\":\"") + 11;
    *sum = *sum == '9' ? '8' : (char)(*sum + 1);
    struct bundle *b = parsed(text);
    assert_int_equal(b->differences.count, 1);
    assert_non_null(strstr(b->differences.line[0], "the summary is not that of the checks"));
    done(b);
    free(text);
}

static void newer_bundles_can_be_read(void **state)
{
    static const struct {
        const char *anchor, *from, *to, *note;
    } rows[] = {
        {"\"answers\":", "{", "{\"moon-phase\":{\"sql\":1},",
         "servers.source.answers.moon-phase is not known"},
        {"\"answers\":", "\"variables\":{", "\"variables\":{\"bytes\":[1],",
         "servers.source.answers.variables.bytes is not known"},
        {"\"servers\":", "{", "{\"moon\":{\"host\":7},", "servers.moon is not known"},
        {"\"task\":", "{", "{\"new\\u0000\\u001b\":null,", "task.new\\x00\\x1b is not known"},
        {"{", "{", "{\"shiny\":true,", "shiny is not known"},
        {"\"program\":", "sluice ", "sluice 99.", "another version"},
        {"\"checks\":", "[",
         "[{\"verdict\":\"fail\",\"name\":\"moon\",\"why\":\"\",\"remedy\":\"\","
         "\"compared\":[],\"evidence\":[]},",
         "checks[0] is a check that this version does not have"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = changed(healthy(), rows[i].anchor, rows[i].from, rows[i].to);
        struct bundle *b = parsed(text);
        assert_int_equal(b->differences.count, 0);
        assert_int_equal(b->notes.count, 1);
        if (strstr(b->notes.line[0], rows[i].note) == NULL) {
            fail_msg("\"%s\", not \"%s\"", b->notes.line[0], rows[i].note);
        }
        done(b);
        free(text);
    }
}

/* ---- what is no bundle ---- */

static void refused(const char *text, size_t len, int code, const char *words)
{
    struct bundle b;
    struct errmsg why = {""};
    int rc = bundle_parse(text, len, &b, &why);
    if (rc != code || strstr(why.text, words) == NULL) {
        fail_msg("%s: \"%s\", not %s with \"%s\"", err_name(rc), why.text, err_name(code), words);
    }
    assert_null(b.run);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *anchor, *from, *to, *words;
    } rows[] = {
        {"{", "\"format\":1", "\"format\":\"1\"", "another format than 1"},
        {"{", "\"format\":1", "\"form\":1", "it is no bundle"},
        {"{", "\"program\":", "\"programs\":", "it has no \"program\""},
        {"{", "\"when_ms\":1700000000000", "\"when_ms\":-5", "when_ms is no whole number"},
        {"{", "\"when_ms\":1700000000000", "\"when_ms\":1e99", "when_ms is no whole number"},
        {"{", "\"when_ms\":1700000000000", "\"when_ms\":9999999999999999999",
         "has a \"when_ms\" of more than 9223372036854775807"},
        {"{", "\"when_ms\":", "\"when_ms\":1,\"when_ms\":", "when_ms is there twice"},
        {"\"task\":", "\"mode\":\"online\"", "\"mode\":\"offline\"",
         "task has a \"mode\" that this version does not know"},
        {"\"task\":", "\"mode\":\"online\"", "\"mode\":7", "task.mode is no text"},
        {"\"task\":", "\"scope\":\"instance\"", "\"scope\":\"instance\\u0000\"", "\"scope\""},
        {"\"task\":", "\"clock_known\":true", "\"clock_known\":1",
         "task.clock_known is neither true nor false"},
        {"\"task\":", "\"server_id\":1234567", "\"server_id\":4294967296",
         "task has a \"server_id\" of more than 4294967295"},
        {"\"task\":", "\"lang\":\"en\"", "\"lang\":\"eo\"", "\"lang\""},
        {"{", "\"servers\":{", "\"servers\":[],\"servers\":{", "servers is no object"},
        {"\"servers\":", "\"source\":{", "\"source\":true,\"x\":{", "servers.source is neither"},
        {"\"servers\":", "\"source\":{", "\"x\":{", "servers has no \"source\""},
        {"\"servers\":", "\"port\":3306", "\"port\":65536",
         "servers.source has a \"port\" of more than 65535"},
        {"\"servers\":", "\"host\":", "\"most\":", "servers.source has no \"host\""},
        {"\"servers\":", "\"variables\":{", "\"variables\":{},\"variables\":{",
         "servers.source.answers.variables is there twice"},
        {"\"variables\":", "{", "{\"not_asked\":\"why\",",
         "servers.source.answers.variables needs one of columns and rows, error, not_asked"},
        {"\"variables\":", "\"columns\":", "\"pillars\":", "needs one of"},
        {"\"variables\":", "\"took_ms\":0", "\"took_ms\":4294967296", "\"took_ms\" of more than"},
        {"\"variables\":", "[\"log_bin\",\"ON\"]", "[\"log_bin\"]",
         "servers.source.answers.variables.rows[1] has 1 cell, 2 columns"},
        {"\"variables\":", "[\"log_bin\",\"ON\"]", "[\"log_bin\",\"ON\",null]",
         "rows[1] has 3 cells, 2 columns"},
        {"\"variables\":", "[\"log_bin\",\"ON\"]", "[\"log_bin\",7]",
         "rows[1][1] is neither text nor null"},
        {"\"variables\":", "[\"log_bin\",\"ON\"]", "{}", "rows[1] is no list"},
        {"\"variables\":", "\"Variable_name\"", "null", "columns[0] is no text"},
        {"\"session\":", "\"rows\":[]", "\"rows\":[[]]", "has rows and no columns"},
        {"\"session\":", "\"columns\":[],\"rows\":[]",
         "\"error\":{\"code\":\"gone\",\"errno\":1,\"sqlstate\":\"\",\"text\":\"\"}",
         "servers.source.answers.session.error has a \"code\""},
        {"\"session\":", "\"columns\":[],\"rows\":[]",
         "\"error\":{\"code\":\"net\",\"errno\":65536,\"sqlstate\":\"\",\"text\":\"\"}",
         "has a \"errno\" of more than 65535"},
        {"\"session\":", "\"columns\":[],\"rows\":[]", "\"error\":[]",
         "servers.source.answers.session.error is no object"},
        {"{", "\"checks\":[", "\"checks\":[7,", "checks[0] is no object"},
        {"{", "\"checks\":[", "\"checks\":[{},", "checks[0] has no \"verdict\""},
        {FORMAT_CHECK, "\"why\":", "\"why\":\"x\",\"why\":", "].why is there twice"},
        {FORMAT_CHECK, "\"binlog-format\"", "\"input\"", "is input once more"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = changed(healthy(), rows[i].anchor, rows[i].from, rows[i].to);
        refused(text, strlen(text), i == 0 ? ERR_VERSION : ERR_INVALID, rows[i].words);
        free(text);
    }
    char cell[CELL_MAX + 60] = "[\"";
    memset(cell + 2, 'y', CELL_MAX + 1);
    strcat(cell, "\",null]");
    char *text = changed(healthy(), "\"variables\":", "[\"log_bin\",\"ON\"]", cell);
    refused(text, strlen(text), ERR_INVALID, "rows[1][0] has 1025 bytes, at most 1024 are kept");
    free(text);
}

static void no_json_at_all(void **state)
{
    char *text = healthy();
    size_t len = strlen(text);
    for (size_t cut = 0; cut < len; cut += 61) {
        refused(text, cut, ERR_INVALID, "it is no JSON");
    }
    free(text);
    refused("[]", 2, ERR_INVALID, "it is no bundle");
    refused("{\"format\":2}", 12, ERR_VERSION, "another format");
    refused("{\"summary\":\"\xff\"}", 14, ERR_INVALID, "it is no JSON");
    size_t deep = 1u << 20;
    text = malloc(deep);
    memset(text, '[', deep);
    refused(text, deep, ERR_INVALID, "it is no JSON");
    free(text);
}

/* As deep as a claim can be, where it is compared. */
static void deep_claims(void **state)
{
    size_t deep = 1u << 18;
    char *nest = malloc(2 * deep + 16), *text = healthy();
    strcpy(nest, "\"compared\":[");
    memset(nest + 12, '[', deep);
    memset(nest + 12 + deep, ']', deep);
    strcpy(nest + 12 + 2 * deep, ",");
    text = changed(text, FORMAT_CHECK, "\"compared\":[", nest);
    differs(text, "-262 binlog-format: the verdict is the same, but not its compared");
    free(nest);
}

/* ---- files ---- */

static void file_is(const char *bytes, size_t len, size_t repeat, int code, const char *words)
{
    char path[] = "/tmp/sluice-bundle-XXXXXX";
    struct bundle b = {0};
    struct errmsg why = {""};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < repeat; i++) {
        assert_int_equal(write(fd, bytes, len), (int)len);
    }
    close(fd);
    assert_int_equal(bundle_load(path, &b, &why), code);
    if (code != OK) {
        assert_non_null(strstr(why.text, words));
        assert_ptr_equal(strstr(why.text, path), why.text);
    }
    bundle_free(&b);
    unlink(path);
}

static void files(void **state)
{
    static char block[1u << 20];
    struct bundle b = {0};
    struct errmsg why;
    char *text = healthy();

    file_is(text, strlen(text), 1, OK, "");
    free(text);
    file_is("", 0, 0, ERR_INVALID, "it is no JSON");
    memset(block, ' ', sizeof block);
    file_is(block, sizeof block, 33, ERR_TOOBIG, "larger than 32 MiB");
    file_is(block, sizeof block, 32, ERR_INVALID, "it is no JSON");
    assert_int_equal(bundle_load("/no/such/file", &b, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "/no/such/file cannot be opened"));
    assert_int_equal(bundle_load("/tmp", &b, &why), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_comes_back),
        cmocka_unit_test(odd_facts_come_back),
        cmocka_unit_test(without_a_source),
        cmocka_unit_test(claims_are_compared),
        cmocka_unit_test(newer_bundles_can_be_read),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(no_json_at_all),
        cmocka_unit_test(deep_claims),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
