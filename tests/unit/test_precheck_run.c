/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: harmless words, the summary, the order, JSON, and an end in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "app/precheck/clean.h"
#include "app/precheck/secret.h"
#include "tests/unit/precheck_facts.h"

#include <cmocka.h> /* last: it has a macro named fail */

/* ---- words ---- */

static void cleaned(const char *bytes, size_t len, size_t max, const char *want)
{
    char *text = clean_copy(bytes, len, max);
    assert_non_null(text);
    assert_string_equal(text, want);
    assert_true(strlen(text) <= max);
    free(text);
}

static void words_are_cleaned(void **state)
{
#define CLEAN(bytes, want) cleaned(bytes, sizeof bytes - 1, 100, want)
    CLEAN("", "");
    CLEAN("binlog.000001", "binlog.000001");
    CLEAN("数据库 Ünïcode €", "数据库 Ünïcode €");
    CLEAN("\x1b[2J", "\\x1b[2J");
    CLEAN("a\0b\r\n\t\x7f", "a\\x00b\\x0d\\x0a\\x09\\x7f");
    CLEAN("\xff\xfe", "\\xff\\xfe");
    CLEAN("\xc2\x9b"
          "31m",
          "\\xc2\\x9b31m");                   /* CSI as a character */
    CLEAN("\xe2\x80\xae", "\\xe2\\x80\\xae"); /* right-to-left override */
    CLEAN("\xef\xbb\xbf"
          "x",
          "\\xef\\xbb\\xbfx");                         /* byte order mark */
    CLEAN("\xc0\xaf", "\\xc0\\xaf");                   /* overlong */
    CLEAN("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* a surrogate */
    CLEAN("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
    CLEAN("\xe2\x82", "\\xe2\\x82");                   /* ends too early */
    CLEAN("\xf0\x9f\x92\xbe", "\xf0\x9f\x92\xbe");
    cleaned("12345678901234567890", 20, 16, "1234567890123…");
    cleaned("1234567890123456", 16, 16, "1234567890123456");
    cleaned("数数数数数数数", 21, 16, "数数数数…");
    cleaned("\x1b\x1b\x1b\x1b\x1b", 5, 16, "\\x1b\\x1b\\x1b…");
}

static void formats_are_cut_between_characters(void **state)
{
    char buf[16];
    for (size_t size = 1; size < 6; size++) {
        strcpy(buf, "----------");
        size_t len = clean_format(buf, size, "%s", "123456789");
        assert_string_equal(buf, size == 5 ? "1…" : size == 4 ? "…" : "");
        assert_int_equal(len, strlen(buf));
        assert_string_equal(buf + 6, "----");
    }
    assert_int_equal(clean_format(buf, sizeof buf, "%s", "123456789012345"), 15);
    assert_string_equal(buf, "123456789012345");
    clean_format(buf, sizeof buf, "%s", "1234567890123456");
    assert_string_equal(buf, "123456789012…");
    clean_format(buf, sizeof buf, "<%.4s>", "数据");
    assert_string_equal(buf, "<数>");
    for (size_t lead = 0; lead < 4; lead++) {
        char text[64] = "xxx";
        text[lead] = '\0';
        strcat(text, "数据库数据库");
        size_t fits = clean_format(buf, sizeof buf, "%s", text);
        assert_true(fits < sizeof buf);
        char *again = clean_copy(buf, strlen(buf), 100);
        assert_string_equal(again, buf); /* still valid UTF-8 */
        free(again);
    }
}

/* ---- summary and JSON ---- */

/* A run whose findings are all of one verdict, to be changed by hand. */
static struct precheck_run *run_all(enum verdict verdict)
{
    struct precheck_run *run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "", "5.7.44", "");
    for (size_t i = 0; i < checks_judged; i++) {
        memset(&run->findings[i], 0, sizeof run->findings[i]);
        finding_add(&run->findings[i], verdict, "is well", "it is well");
    }
    return run;
}

static void change(struct precheck_run *run, const char *check, enum verdict v, const char *brief)
{
    const struct check *c = run_find(check);
    struct finding *f = &run->findings[c - checks];
    memset(f, 0, sizeof *f);
    finding_add(f, v, brief, "%s", brief);
    run_sort(run);
}

static void remedies_are_joined(void **state)
{
    struct finding f = {.verdict = VERDICT_PASS};
    finding_add(&f, VERDICT_WARN, "a", "a");
    finding_add(&f, VERDICT_WARN, "b", "b");
    finding_remedy(&f, "SET x;");
    finding_remedy(&f, "SET y");
    finding_remedy(&f, "SET z;");
    assert_string_equal(f.why, "a; b");
    assert_string_equal(f.remedy, "SET x; SET y; SET z;");
}

static void summary_is(const struct precheck_run *run, enum verdict worst, unsigned pass,
                       const char *rest)
{
    struct precheck_summary sum;
    char want[sizeof sum.text];

    precheck_summarize(run, &sum);
    snprintf(want, sizeof want, "%u of %zu pass%s", pass, checks_judged, rest);
    assert_string_equal(sum.text, want);
    assert_int_equal(sum.worst, worst);
    unsigned all = 0;
    for (int v = VERDICT_PASS; v <= VERDICT_FAIL; v++) {
        all += sum.count[v];
    }
    assert_int_equal(all, checks_judged);
    for (size_t i = 1; i < checks_judged; i++) {
        assert_true(run->findings[run->order[i - 1]].verdict >=
                    run->findings[run->order[i]].verdict);
    }
}

static void summaries(void **state)
{
    unsigned all = (unsigned)checks_judged;
    struct precheck_run *run = run_all(VERDICT_PASS);
    run_sort(run);
    summary_is(run, VERDICT_PASS, all, "");
    change(run, "-254", VERDICT_SKIP, "no target");
    summary_is(run, VERDICT_PASS, all - 1, ", 1 skipped");
    change(run, "-257", VERDICT_WARN, "the target is of a newer series");
    summary_is(run, VERDICT_WARN, all - 2,
               ", 1 skipped, 1 warning: -257 compatible the target is of a newer series");
    change(run, "row-image", VERDICT_UNKNOWN, "cannot be known");
    summary_is(run, VERDICT_UNKNOWN, all - 3,
               ", 1 skipped, 1 warning, 1 UNKNOWN: row-image cannot be known");
    change(run, "-262", VERDICT_FAIL, "is STATEMENT");
    summary_is(run, VERDICT_FAIL, all - 4,
               ", 1 skipped, 1 warning, 1 UNKNOWN, 1 FAILS: -262 binlog-format is STATEMENT");
    change(run, "-261", VERDICT_FAIL, "is off");
    summary_is(run, VERDICT_FAIL, all - 5,
               ", 1 skipped, 1 warning, 1 UNKNOWN, 2 FAIL: -261 binlog-on is off; "
               "-262 binlog-format is STATEMENT");
    precheck_free(run);
    run = run_all(VERDICT_SKIP);
    summary_is(run, VERDICT_SKIP, 0, ", 46 skipped");
    precheck_free(run);
}

static yyjson_doc *json_of(const struct precheck_run *run, const char *detail)
{
    struct errmsg why = {""};
    yyjson_mut_doc *mut = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(mut);
    yyjson_mut_doc_set_root(mut, root);
    assert_int_equal(precheck_json(run, detail, mut, root, &why), OK);
    size_t len = 0;
    char *text = yyjson_mut_write(mut, 0, &len);
    assert_non_null(text); /* NULL when a text is not UTF-8 */
    yyjson_doc *doc = yyjson_read(text, len, 0);
    assert_non_null(doc);
    free(text);
    yyjson_mut_doc_free(mut);
    return doc;
}

/* The check of that name in a run's JSON. */
static yyjson_val *check_in(yyjson_doc *doc, const char *name)
{
    yyjson_val *one = NULL;
    yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(yyjson_doc_get_root(doc), "checks"));
    while ((one = yyjson_arr_iter_next(&it)) != NULL &&
           strcmp(yyjson_get_str(yyjson_obj_get(one, "name")), name) != 0) {
    }
    assert_non_null(one);
    return one;
}

static yyjson_val *evidence_in(yyjson_val *check, const char *question)
{
    yyjson_val *one = NULL;
    yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_obj_get(check, "evidence"));
    while ((one = yyjson_arr_iter_next(&it)) != NULL &&
           strcmp(yyjson_get_str(yyjson_obj_get(one, "question")), question) != 0) {
    }
    assert_non_null(one);
    return one;
}

static void json_holds_everything(void **state)
{
    struct precheck_run *run = run_of(MODE_ONLINE, SCOPE_INSTANCE, "",
                                      "5.7.44 binlog_format=STATEMENT !binlog-status=1227", "");
    yyjson_doc *doc = json_of(run, NULL);
    yyjson_val *root = yyjson_doc_get_root(doc);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "verdict")), "fail");
    assert_true(yyjson_get_int(yyjson_ptr_get(root, "/counts/fail")) >= 2);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "checks")), checks_judged);
    yyjson_val *one = check_in(doc, "source-query");
    assert_int_equal(yyjson_get_int(yyjson_obj_get(one, "code")), -255);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(one, "verdict")), "fail");
    assert_true(yyjson_get_int(yyjson_obj_get(one, "evidence_count")) >= 5);
    assert_null(yyjson_obj_get(one, "evidence"));
    yyjson_doc_free(doc);

    doc = json_of(run, "262");
    root = yyjson_doc_get_root(doc);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "checks")), 1);
    assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, "/task/mode")), "online");
    assert_int_equal(yyjson_get_int(yyjson_ptr_get(root, "/task/server_id")), OUR_ID);
    one = check_in(doc, "binlog-format");
    assert_string_equal(yyjson_get_str(yyjson_ptr_get(one, "/compared/0/found")), "STATEMENT");
    yyjson_val *rows = yyjson_obj_get(evidence_in(one, "variables"), "rows");
    assert_string_equal(yyjson_get_str(yyjson_ptr_get(rows, "/0/1")), "5.7.44");
    yyjson_doc_free(doc);

    doc = json_of(run, "source-query");
    yyjson_val *error =
        yyjson_obj_get(evidence_in(check_in(doc, "source-query"), "binlog-status"), "error");
    assert_int_equal(yyjson_get_int(yyjson_obj_get(error, "errno")), 1227);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(error, "sqlstate")), "42000");
    assert_string_equal(yyjson_get_str(yyjson_obj_get(error, "code")), "auth");
    yyjson_doc_free(doc);

    struct errmsg why;
    yyjson_mut_doc *mut = yyjson_mut_doc_new(NULL);
    assert_int_equal(precheck_json(run, "-999", mut, yyjson_mut_obj(mut), &why), ERR_NOT_FOUND);
    yyjson_mut_doc_free(mut);
    precheck_free(run);
}

/* The table is what --list, the docs and the shell are made from. */
static void table_is_complete(void **state)
{
    for (size_t i = 0; i < check_count; i++) {
        const struct check *c = &checks[i];
        assert_true(c->name[0] != '\0' && c->title[0] != '\0' && c->title_zh[0] != '\0');
        assert_true(c->when[0] != '\0' && c->rule[0] != '\0' && c->raised_by[0] != '\0');
        assert_true(c->remedy[0] != '\0' && c->remedy_zh[0] != '\0');
        assert_true(c->modes != 0 && c->scopes != 0);
        /* Those that are judged come first. */
        assert_int_equal(c->judge != NULL, i < checks_judged);
        assert_ptr_equal(run_find(c->name), c);
        for (size_t other = i + 1; other < check_count; other++) {
            assert_string_not_equal(c->name, checks[other].name);
            assert_true(c->code == 0 || c->code != checks[other].code);
        }
    }
    yyjson_mut_doc *mut = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(mut);
    precheck_list_json(mut, root, LANG_ZH);
    yyjson_mut_val *list = yyjson_mut_obj_get(root, "checks");
    assert_int_equal(yyjson_mut_arr_size(list), check_count);
    yyjson_mut_val *first = yyjson_mut_arr_get_first(list);
    assert_string_equal(yyjson_mut_get_str(yyjson_mut_obj_get(first, "title")), "用户输入参数有误");
    yyjson_mut_doc_free(mut);
}

/* ---- in time ---- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A port that takes connections and says nothing. */
static int silent_port(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static char loopback[] = "127.0.0.1", user[] = "sluice", password[] = "top-secret", box[] = "box7";

static struct config config_for(uint16_t port, unsigned timeout_s)
{
    struct config cfg;
    memset(&cfg, 0, sizeof cfg);
    cfg.appliance.hostname = box;
    cfg.precheck.timeout_s = timeout_s;
    cfg.source = (struct config_server){.present = true,
                                        .host = loopback,
                                        .user = user,
                                        .password = password,
                                        .port = port,
                                        .timeout_s = 30,
                                        .server_id = OUR_ID};
    cfg.target = cfg.source;
    return cfg;
}

static void *cancel_soon(void *flag)
{
    usleep(300000);
    atomic_store((atomic_bool *)flag, true);
    return NULL;
}

static void count_lines(void *ctx, const char *text)
{
    assert_null(strstr(text, password));
    ++*(unsigned *)ctx;
}

static void cancelled_at_once(void **state)
{
    uint16_t port = 0;
    unsigned lines = 0;
    int fd = silent_port(&port);
    struct config cfg = config_for(port, 60);
    struct precheck_run *run = NULL;
    struct errmsg why;
    pthread_t thread;
    atomic_bool cancel = false;
    int64_t begun = now_ms();

    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
    assert_int_equal(precheck_run(&cfg, &cancel, count_lines, &lines, &run, &why), OK);
    pthread_join(thread, NULL);
    assert_true(now_ms() - begun < 5000);
    assert_true(lines >= 2);
    assert_int_equal(finding_of(run, "-256")->verdict, VERDICT_UNKNOWN);
    assert_non_null(strstr(finding_of(run, "-256")->why, "the precheck was stopped"));
    assert_int_equal(finding_of(run, "-254")->verdict, VERDICT_UNKNOWN);
    assert_int_equal(finding_of(run, "-262")->verdict, VERDICT_UNKNOWN);
    precheck_free(run);
    close(fd);
}

static void ends_at_the_timeout(void **state)
{
    uint16_t port = 0;
    int fd = silent_port(&port);
    struct config cfg = config_for(port, 1);
    struct precheck_run *run = NULL;
    struct errmsg why;
    int64_t begun = now_ms();

    assert_int_equal(precheck_run(&cfg, NULL, NULL, NULL, &run, &why), OK);
    assert_true(now_ms() - begun < 5000);
    assert_int_equal(finding_of(run, "-256")->verdict, VERDICT_UNKNOWN);
    assert_non_null(strstr(finding_of(run, "-256")->why, "precheck.timeout = 1s"));
    assert_non_null(strstr(finding_of(run, "-254")->why, "precheck.timeout = 1s"));
    precheck_free(run);
    close(fd);
}

static void nobody_listens(void **state)
{
    uint16_t port = 0;
    close(silent_port(&port));
    struct config cfg = config_for(port, 20);
    struct precheck_run *run = NULL;
    struct errmsg why;

    assert_int_equal(precheck_run(&cfg, NULL, NULL, NULL, &run, &why), OK);
    assert_int_equal(finding_of(run, "-256")->verdict, VERDICT_FAIL);
    assert_non_null(strstr(finding_of(run, "-256")->why, "not reachable"));
    assert_int_equal(finding_of(run, "-254")->verdict, VERDICT_FAIL);
    assert_int_equal(finding_of(run, "-257")->verdict, VERDICT_UNKNOWN);
    assert_int_equal(finding_of(run, "-407")->verdict, VERDICT_FAIL); /* both are one server */
    precheck_free(run);
}

/* The box stays reachable with an empty config, and the precheck says what is missing. */
static void without_a_config(void **state)
{
    struct config cfg;
    struct precheck_run *run = NULL;
    struct errmsg why;

    memset(&cfg, 0, sizeof cfg);
    cfg.precheck.timeout_s = 5;
    assert_int_equal(precheck_run(&cfg, NULL, NULL, NULL, &run, &why), OK);
    assert_int_equal(finding_of(run, "-407")->verdict, VERDICT_FAIL);
    assert_non_null(strstr(finding_of(run, "-407")->why, "source.host"));
    assert_int_equal(finding_of(run, "-256")->verdict, VERDICT_UNKNOWN);
    assert_int_equal(finding_of(run, "-262")->verdict, VERDICT_UNKNOWN);
    precheck_free(run);
}

/* The same reason stands once; one that is only the beginning or a part of another stays. */
static void reasons_stand_once(void **state)
{
    struct finding f = {0};
    finding_add(&f, VERDICT_FAIL, "a", "size is 10");
    finding_add(&f, VERDICT_FAIL, "a", "size is 1");
    finding_add(&f, VERDICT_FAIL, "b", "size is 10");
    finding_add(&f, VERDICT_FAIL, "b", "is 1");
    assert_string_equal(f.why, "size is 10; size is 1; is 1");
    assert_string_equal(f.brief, "a; b");
}

static void passwords_are_seen(void **state)
{
    static const struct {
        const char *secret, *text;
        bool shows;
    } cases[] = {
        {"s3cret", "using s3cret here", true},
        {"s3cret", "using s3cre", false},
        {"s3cret", "", false},
        {"p\xc3\xa4sswort", "with p??sswort", true},
        {"p\xc3\xa4sswort", "with p??ssword", false},
        {"root", "root", false}, /* too short to tell from honest words */
        {NULL, "anything", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(secret_shows(cases[i].secret, cases[i].text, strlen(cases[i].text)),
                         cases[i].shows);
    }
    struct answer a = {0};
    assert_int_equal(answer_rows(&a, "", 1), OK);
    assert_int_equal(secret_put(&a, "s3cret", "as3cretb s3cret", 15), OK);
    assert_string_equal(a.cells[0], "a" HIDDEN "b " HIDDEN);
    assert_int_equal(secret_put(&a, "s3cret", NULL, 0), OK);
    assert_null(a.cells[1]);
    assert_int_equal(answer_not_asked(&a, "", ""), OK);
    free(a.sql);
    free(a.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_stand_once),
        cmocka_unit_test(passwords_are_seen),
        cmocka_unit_test(remedies_are_joined),
        cmocka_unit_test(words_are_cleaned),
        cmocka_unit_test(formats_are_cut_between_characters),
        cmocka_unit_test(summaries),
        cmocka_unit_test(json_holds_everything),
        cmocka_unit_test(table_is_complete),
        cmocka_unit_test(cancelled_at_once),
        cmocka_unit_test(ends_at_the_timeout),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(without_a_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
