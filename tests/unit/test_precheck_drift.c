/* SPDX-License-Identifier: Apache-2.0 */
/* What changes from run to run of the precheck, and what a lost server leaves as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/drift.h"

#include <cmocka.h> /* last: it has a macro named fail */

enum reach { WHOLE, CUT, NOT_AT_ALL };

static void put(struct answer *a, const char *word)
{
    answer_put(a, word, strlen(word));
}

static void answer(struct server_facts *s, enum question_id q, const char *format,
                   const char *image)
{
    struct answer *a = &s->answers[q];
    switch (q) {
    case Q_CONNECT:
        answer_rows(a, "", 4);
        put(a, "version"), put(a, "tls"), put(a, "cipher"), put(a, "warning");
        put(a, "9.7.4"), put(a, "TLSv1.3"), put(a, "X"), put(a, "");
        return;
    case Q_VERSION:
        answer_rows(a, "SELECT VERSION()", 1);
        put(a, "VERSION()"), put(a, "9.7.4");
        return;
    case Q_VARIABLES:
        answer_rows(a, "SHOW GLOBAL VARIABLES", 2);
        put(a, "Variable_name"), put(a, "Value");
        put(a, "binlog_format"), put(a, format);
        put(a, "binlog_row_image"), put(a, image);
        return;
    case Q_BINLOG_STATUS:
        answer_rows(a, "SHOW BINARY LOG STATUS", 3);
        put(a, "File"), put(a, "Position"), put(a, "Executed_Gtid_Set");
        put(a, "binlog.000004"), put(a, "4711"), put(a, "");
        return;
    default:
        answer_not_asked(a, "", "");
    }
}

/* A run about a source with these settings. CUT: the connection was lost before the variables
 * were asked for. `again`: what does not drift is nobody's business, and stays unasked. */
static struct precheck_run *seen(const char *format, const char *image, enum reach reach,
                                 bool again)
{
    static char host[] = "db1", user[] = "sluice", none[] = "", box[] = "box7";
    struct config cfg = {0};
    struct precheck_run *run = NULL;
    cfg.source = (struct config_server){.present = true, .host = host, .user = user, .port = 3306};
    cfg.task.tables = none;
    cfg.appliance.hostname = box;
    assert_int_equal(run_new(&cfg, &run), OK);
    struct server_facts *s = &run->facts.server[SOURCE];
    for (enum question_id q = Q_CONNECT; q < QUESTIONS; q++) {
        if (again && !questions[q].drifts) {
            answer_not_asked(&s->answers[q], "", "");
        } else if (reach == NOT_AT_ALL && q == Q_CONNECT) {
            answer_fail(&s->answers[q], "", ERR_NET, 2003, "HY000", "connection refused");
        } else if (reach == NOT_AT_ALL || (reach == CUT && q >= Q_VARIABLES)) {
            answer_not_asked(&s->answers[q], "", "there was no connection");
        } else {
            answer(s, q, format, image);
        }
    }
    run_judge(run);
    return run;
}

static const struct finding *finding_of(const struct precheck_run *run, const char *check)
{
    const struct check *c = run_find(check);
    assert_non_null(c);
    return &run->findings[c - checks];
}

/* The next run takes the place of the last one, as in the appliance. */
static int next_run(struct drift *d, struct precheck_run **last, struct precheck_run *next,
                    const char *at)
{
    if (*last != NULL) {
        drift_carry(*last, next);
    }
    int n = drift_note(d, next, at);
    precheck_free(*last);
    *last = next;
    return n;
}

static void expect_change(const struct drift *d, unsigned back, const char *text, bool worse)
{
    char got[512];
    const struct drift_change *c = drift_get(d, back);
    assert_non_null(c);
    drift_format(c, got, sizeof got);
    if (strncmp(got, text, strlen(text)) != 0) {
        fail_msg("\"%s\" does not begin with \"%s\"", got, text);
    }
    assert_int_equal(drift_is_worse(c), worse);
    assert_true(c->when_ms > 0);
}

static void a_change_is_told_once(void **state)
{
    struct drift d = {0};
    struct precheck_run *last = NULL;
    assert_null(drift_get(&d, 0));
    assert_int_equal(next_run(&d, &last, seen("ROW", "FULL", WHOLE, false), "b.1:4"), 0);
    assert_int_equal(next_run(&d, &last, seen("ROW", "FULL", WHOLE, true), "b.1:100"), 0);
    assert_null(drift_get(&d, 0));

    assert_int_equal(next_run(&d, &last, seen("STATEMENT", "FULL", WHOLE, true), "b.1:200"), 1);
    expect_change(&d, 0,
                  "-262 binlog-format changed from pass to fail at b.1:200: binlog_format "
                  "is STATEMENT",
                  true);
    assert_int_equal(next_run(&d, &last, seen("STATEMENT", "FULL", WHOLE, true), "b.1:300"), 0);
    assert_int_equal(next_run(&d, &last, seen("ROW", "MINIMAL", WHOLE, true), ""), 2);
    expect_change(&d, 0, "row-image changed from pass to warn: binlog_row_image is MINIMAL", true);
    expect_change(&d, 1, "-262 binlog-format changed from fail to pass: ", false);
    assert_int_equal(d.count, 3);
    assert_string_equal(drift_get(&d, 2)->at, "b.1:200");
    assert_null(drift_get(&d, 3));
    precheck_free(last);
    drift_free(&d);
}

/* A short cut is one change, and one when it is over; all else is as it was, facts and verdicts. */
static void a_lost_source_is_one_change(void **state)
{
    struct drift d = {0};
    struct precheck_run *last = NULL;
    next_run(&d, &last, seen("STATEMENT", "FULL", WHOLE, false), "b.1:4");
    enum verdict *before = calloc(checks_judged, sizeof *before);
    for (size_t i = 0; i < checks_judged; i++) {
        before[i] = last->findings[i].verdict;
    }
    for (int round = 0; round < 2; round++) {
        struct precheck_run *lost = seen("", "", NOT_AT_ALL, true);
        assert_int_equal(finding_of(lost, "-262")->verdict, VERDICT_UNKNOWN);
        assert_int_equal(next_run(&d, &last, lost, "b.1:50"), round == 0 ? 1 : 0);
        expect_change(&d, 0,
                      "-256 source-connect changed from pass to fail at b.1:50: not "
                      "reachable: connection refused",
                      true);
        for (size_t i = 0; i < checks_judged; i++) {
            bool cover = checks[i].code == -256;
            assert_int_equal(last->findings[i].verdict, cover ? VERDICT_FAIL : before[i]);
        }
        assert_string_equal(answer_cell(&last->facts.server[SOURCE].answers[Q_VARIABLES], 0, 1),
                            "STATEMENT");
        for (size_t i = 1; i < checks_judged; i++) { /* still worst first */
            assert_true(last->findings[last->order[i - 1]].verdict >=
                        last->findings[last->order[i]].verdict);
        }
    }
    assert_int_equal(next_run(&d, &last, seen("STATEMENT", "FULL", WHOLE, true), "b.1:60"), 1);
    expect_change(&d, 0, "-256 source-connect changed from fail to pass at b.1:60", false);
    assert_int_equal(next_run(&d, &last, seen("ROW", "FULL", WHOLE, true), "b.1:70"), 1);
    free(before);
    precheck_free(last);
    drift_free(&d);
}

static void lost_before_the_end(void **state)
{
    struct drift d = {0};
    struct precheck_run *last = NULL;
    next_run(&d, &last, seen("STATEMENT", "FULL", WHOLE, false), "b.1:4");
    assert_int_equal(next_run(&d, &last, seen("", "", CUT, true), "b.1:5"), 0);
    assert_int_equal(finding_of(last, "-262")->verdict, VERDICT_FAIL);
    assert_int_equal(next_run(&d, &last, seen("ROW", "FULL", WHOLE, true), "b.1:6"), 1);
    precheck_free(last);
    drift_free(&d);
}

/* A source that is down when the task starts is asked everything as soon as it is there; that its
 * verdicts are known then is no change. */
static void where_it_was_seen(void **state)
{
    char at[DRIFT_AT_MAX];
    struct precheck_run *run = seen("ROW", "FULL", WHOLE, true);
    assert_true(drift_position(run, at, sizeof at));
    assert_string_equal(at, "binlog.000004:4711");
    precheck_free(run);
    run = seen("ROW", "FULL", CUT, true);
    assert_false(drift_position(run, at, sizeof at));
    assert_string_equal(at, "");
    precheck_free(run);
}

/* One question among others meets a lost connection. */
static void broken_in_the_middle(void **state)
{
    static const struct {
        int code;
        unsigned number;
        bool torn;
    } cases[] = {{ERR_NET, 2013, true},
                 {ERR_SERVER, 1053, true},
                 {ERR_SERVER, 1227, false},
                 {ERR_TIMEOUT, 0, false},
                 {ERR_CANCELLED, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct precheck_run *run = seen("ROW", "FULL", WHOLE, true);
        assert_false(drift_is_torn(run));
        answer_fail(&run->facts.server[SOURCE].answers[Q_BINLOG_STATUS], "SHOW BINARY LOG STATUS",
                    cases[i].code, cases[i].number, "HY000", "words");
        assert_int_equal(drift_is_torn(run), cases[i].torn);
        precheck_free(run);
    }
    struct precheck_run *gone = seen("", "", NOT_AT_ALL, true);
    assert_false(drift_is_torn(gone)); /* that is the whole truth already */
    precheck_free(gone);
}

static void a_source_that_comes_later(void **state)
{
    struct drift d = {0};
    struct precheck_run *first = seen("", "", NOT_AT_ALL, false);
    assert_int_equal(drift_note(&d, first, ""), 0);
    assert_true(drift_wants_all(first));
    struct precheck_run *there = seen("STATEMENT", "FULL", WHOLE, false);
    assert_false(drift_wants_all(there));
    assert_int_equal(drift_note(&d, there, "b.1:4"), 1);
    expect_change(&d, 0, "-256 source-connect changed from fail to pass at b.1:4", false);

    /* The operator's own run of everything, in the middle of a cut. */
    struct precheck_run *lost = seen("", "", NOT_AT_ALL, false);
    assert_int_equal(drift_note(&d, lost, "b.1:5"), 1);
    assert_int_equal(drift_note(&d, there, "b.1:6"), 1);
    assert_int_equal(d.count, 3);

    struct precheck_run *again = seen("", "", NOT_AT_ALL, true);
    assert_false(drift_wants_all(again)); /* what drifts is asked each time anyway */
    drift_carry(there, again);
    assert_false(drift_wants_all(again)); /* what does not drift is known since before */
    precheck_free(first);
    precheck_free(there);
    precheck_free(lost);
    precheck_free(again);
    drift_free(&d);
}

static void the_last_ones_are_kept(void **state)
{
    struct drift d = {0};
    struct precheck_run *last = NULL;
    next_run(&d, &last, seen("ROW", "FULL", WHOLE, false), "");
    for (unsigned i = 1; i <= DRIFT_KEPT + 8; i++) {
        char at[32];
        snprintf(at, sizeof at, "b.1:%u", i);
        assert_int_equal(
            next_run(&d, &last, seen(i % 2 ? "STATEMENT" : "ROW", "FULL", WHOLE, true), at), 1);
    }
    assert_int_equal(d.count, DRIFT_KEPT + 8);
    assert_string_equal(drift_get(&d, 0)->at, "b.1:40");
    assert_string_equal(drift_get(&d, DRIFT_KEPT - 1)->at, "b.1:9");
    assert_null(drift_get(&d, DRIFT_KEPT));
    precheck_free(last);
    drift_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_told_once),  cmocka_unit_test(a_lost_source_is_one_change),
        cmocka_unit_test(lost_before_the_end),    cmocka_unit_test(where_it_was_seen),
        cmocka_unit_test(broken_in_the_middle),   cmocka_unit_test(a_source_that_comes_later),
        cmocka_unit_test(the_last_ones_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
