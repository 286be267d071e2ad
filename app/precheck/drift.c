/* SPDX-License-Identifier: Apache-2.0 */
/* Two runs side by side: what is kept of the earlier one, and which verdicts differ. */
#include "app/precheck/drift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/clean.h"

#define NOT_SEEN 0xff

/* The check that says that a server was not reached, or not to the end. */
static int spokesman(enum side side, bool connected)
{
    return side >= REPLICA ? -292 : side == TARGET ? -254 : connected ? -255 : -256;
}

static bool is_connected(const struct server_facts *s)
{
    return s->answers[Q_CONNECT].state == ANSWERED;
}

/* "" as the reason means that the question is not for this server, which is an answer. */
static bool was_missed(const struct answer *a)
{
    return a->state == NOT_ASKED && a->text != NULL && a->text[0] != '\0';
}

/* Whether the finding is `unknown` because questions could not be put, which another check says. */
static bool is_cut_off(const struct precheck_run *run, size_t i)
{
    const struct finding *found = &run->findings[i];

    for (enum side side = SOURCE; found->verdict == VERDICT_UNKNOWN && side < SIDES; side++) {
        const struct server_facts *s = &run->facts.server[side];
        if (checks[i].code == spokesman(side, is_connected(s))) {
            continue;
        }
        for (enum question_id q = Q_CONNECT; q < QUESTIONS; q++) {
            if ((found->used[side] >> q & 1) != 0 &&
                (q == Q_CONNECT ? !is_connected(s) : was_missed(&s->answers[q]))) {
                return true;
            }
        }
    }
    return false;
}

bool drift_wants_all(const struct precheck_run *last)
{
    for (enum side side = SOURCE; side < SIDES; side++) {
        const struct server_facts *s = &last->facts.server[side];
        for (enum question_id q = Q_CONNECT + 1; q < QUESTIONS; q++) {
            if (s->configured && !is_connected(s) && !questions[q].drifts &&
                was_missed(&s->answers[q])) {
                return true;
            }
        }
    }
    return false;
}

void drift_carry(struct precheck_run *last, struct precheck_run *next)
{
    for (enum side side = SOURCE; side < SIDES; side++) {
        for (enum question_id q = Q_CONNECT + 1; q < QUESTIONS; q++) {
            struct answer *now = &next->facts.server[side].answers[q];
            struct answer *before = &last->facts.server[side].answers[q];
            if (was_missed(now) && !was_missed(before)) {
                struct answer missed = *now;
                *now = *before;
                *before = missed;
            }
        }
    }
    for (size_t i = 0; i < checks_judged; i++) {
        check_judge(&checks[i], &next->facts, &next->findings[i]);
        if (is_cut_off(next, i)) {
            next->findings[i] = last->findings[i];
        }
    }
    run_sort(next);
}

#define ER_SERVER_SHUTDOWN 1053

bool drift_is_torn(const struct precheck_run *run)
{
    for (enum side side = SOURCE; side < SIDES; side++) {
        const struct server_facts *s = &run->facts.server[side];
        for (enum question_id q = Q_CONNECT + 1; is_connected(s) && q < QUESTIONS; q++) {
            const struct answer *a = &s->answers[q];
            if (a->state == FAILED && questions[q].drifts &&
                (a->code == ERR_NET || a->mysql_errno == ER_SERVER_SHUTDOWN)) {
                return true;
            }
        }
    }
    return false;
}

bool drift_position(const struct precheck_run *run, char *buf, size_t size)
{
    const struct answer *a = &run->facts.server[SOURCE].answers[Q_BINLOG_STATUS];
    const char *file = answer_value(a, 0, "File"), *position = answer_value(a, 0, "Position");
    bool known = a->state == ANSWERED && file != NULL && position != NULL && file[0] != '\0';

    clean_format(buf, size, "%s%s%s", known ? file : "", known ? ":" : "", known ? position : "");
    return known;
}

static void add(struct drift *d, const struct precheck_run *run, size_t i, const char *at)
{
    struct drift_change *c = &d->kept[d->count++ % DRIFT_KEPT];

    c->when_ms = run->when_ms;
    c->check = &checks[i];
    c->from = (enum verdict)d->verdicts[i];
    c->to = run->findings[i].verdict;
    clean_format(c->at, sizeof c->at, "%s", at);
    clean_format(c->why, sizeof c->why, "%s", run->findings[i].why);
}

int drift_note(struct drift *d, const struct precheck_run *run, const char *at)
{
    int changes = 0;

    if (d->verdicts == NULL) {
        if ((d->verdicts = malloc(checks_judged)) == NULL) {
            return ERR_NOMEM;
        }
        memset(d->verdicts, NOT_SEEN, checks_judged);
    }
    for (size_t i = 0; i < checks_judged; i++) {
        enum verdict now = run->findings[i].verdict;
        if (d->verdicts[i] == now || is_cut_off(run, i)) {
            continue;
        }
        if (d->verdicts[i] != NOT_SEEN) {
            add(d, run, i, at);
            changes++;
        }
        d->verdicts[i] = (uint8_t)now;
    }
    return changes;
}

const struct drift_change *drift_get(const struct drift *d, unsigned back)
{
    return back < DRIFT_KEPT && back < d->count ? &d->kept[(d->count - 1 - back) % DRIFT_KEPT]
                                                : NULL;
}

/* What does not apply is no worse than what passes. */
static int rank(enum verdict v)
{
    return v == VERDICT_SKIP ? VERDICT_PASS : (int)v;
}

bool drift_is_worse(const struct drift_change *c)
{
    return rank(c->to) > rank(c->from);
}

void drift_format(const struct drift_change *c, char *buf, size_t size)
{
    char number[16] = "";

    if (c->check->code != 0) {
        snprintf(number, sizeof number, "%d ", c->check->code);
    }
    clean_format(buf, size, "%s%s changed from %s to %s%s%s: %s", number, c->check->name,
                 verdict_name(c->from), verdict_name(c->to), c->at[0] != '\0' ? " at " : "", c->at,
                 c->why);
}

void drift_free(struct drift *d)
{
    free(d->verdicts);
    d->verdicts = NULL;
}
