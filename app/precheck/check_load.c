/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and connections. */
#include <inttypes.h>

#include "app/precheck/amount.h"
#include "app/precheck/checks.h"
#include "app/precheck/clean.h"

/* ---- clocks ---- */

#define CLOCK_LEAST 5000 /* milliseconds */

/* By how much a server's clock is ahead of this box's: somewhere between the two, since the server
 * gives whole seconds and looked at its clock at some moment between question and answer. */
struct ahead {
    bool known;
    int64_t least_ms, most_ms;
};

static struct ahead ahead_of_us(const struct facts *f, struct finding *out, enum side side)
{
    const struct answer *a = &f->server[side].answers[Q_CLOCK];
    struct ahead is = {0};
    uint64_t seconds = 0;

    if (!fact_answer(f, out, side, Q_CLOCK) ||
        !amount_needed(out, side, "UNIX_TIMESTAMP()", answer_value(a, 0, "unix_time"), &seconds)) {
        return is;
    }
    if (a->took_ms > CLOCK_LEAST) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the %s took %" PRIu32 " ms to tell its time: too long to compare it",
                    side_name(side), a->took_ms);
        finding_remedy(out, "run the precheck again when the %s is less busy", side_name(side));
        return is;
    }
    is.known = true;
    int64_t at = seconds > INT64_MAX / 2000 ? INT64_MAX / 2 : (int64_t)seconds * 1000;
    is.least_ms = at - a->asked_ms - a->took_ms;
    is.most_ms = at + 1000 - a->asked_ms;
    return is;
}

/* The least that they surely differ by; below 0: behind. */
static int64_t surely(const struct ahead *is)
{
    return is->least_ms > 0 ? is->least_ms : is->most_ms < 0 ? is->most_ms : 0;
}

static void judge_clock(struct finding *out, const char *whose, const char *than,
                        const struct ahead *is)
{
    int64_t ms = surely(is);
    uint64_t apart = (uint64_t)(ms < 0 ? -ms : ms);
    char what[64], found[64], by[32];

    amount_time((apart + 500) / 1000, by, sizeof by);
    clean_format(what, sizeof what, "the %s clock", whose);
    clean_format(found, sizeof found, "%s %s %s", by, ms < 0 ? "behind" : "ahead of", than);
    finding_compare(out, apart < CLOCK_LEAST, what, found, "less than 5 s");
    if (apart >= CLOCK_LEAST) {
        finding_add(out, VERDICT_WARN, "differ", "%s is %s", what, found);
    }
}

void check_clock(const struct facts *f, struct finding *out)
{
    bool has_target = f->server[TARGET].configured;

    if (!f->clock_known && !has_target) {
        finding_add(out, VERDICT_SKIP, NULL,
                    "this box's own clock is not set yet, so there is nothing to compare with");
        return;
    }
    struct ahead source = ahead_of_us(f, out, SOURCE), target = {0};
    if (has_target) {
        target = ahead_of_us(f, out, TARGET);
    }
    if (f->clock_known && source.known) {
        judge_clock(out, "source's", "this box's", &source);
    }
    if (f->clock_known && target.known) {
        judge_clock(out, "target's", "this box's", &target);
    }
    if (source.known && target.known) {
        const struct ahead both = {.least_ms = target.least_ms - source.most_ms,
                                   .most_ms = target.most_ms - source.least_ms};
        judge_clock(out, "target's", "the source's", &both);
    }
    finding_add(out, VERDICT_PASS, NULL, "the clocks of %s agree to less than 5 s",
                !f->clock_known ? "source and target"
                : has_target    ? "source, target and this box"
                                : "the source and this box");
}

/* ---- connections ---- */

#define FREE_LEAST 10

void check_connections(const struct facts *f, struct finding *out)
{
    uint64_t most = 0, used = 0;

    bool known = amount_variable(f, out, SOURCE, "max_connections", &most);
    if (!fact_answer(f, out, SOURCE, Q_STATUS) ||
        !amount_needed(out, SOURCE, "Threads_connected",
                       answer_variable(&f->server[SOURCE].answers[Q_STATUS], "Threads_connected"),
                       &used) ||
        !known) {
        return;
    }
    uint64_t left = most > used ? most - used : 0;
    uint64_t least = most / 10 > FREE_LEAST ? most / 10 : FREE_LEAST;
    amount_compare(out, left >= least, "source's free connections", left, "at least ", least);
    if (left >= least) {
        finding_add(out, VERDICT_PASS, NULL, "%" PRIu64 " of %" PRIu64 " connections are in use",
                    used, most);
        return;
    }
    char brief[48];
    clean_format(brief, sizeof brief, "are few: %" PRIu64 " left", left);
    finding_add(out, VERDICT_WARN, brief,
                "%" PRIu64 " of %" PRIu64 " connections are in use: when none is left, the relay "
                "cannot come back after an interruption",
                used, most);
    finding_remedy(out,
                   "on the source: SET GLOBAL max_connections = %" PRIu64 "; and the same in "
                   "[mysqld] of its configuration",
                   used + used / 8 + FREE_LEAST + 2);
}
