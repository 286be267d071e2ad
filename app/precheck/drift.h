/* SPDX-License-Identifier: Apache-2.0 */
/* What has changed from one run of the precheck to the next: a change for each check whose verdict
 * is another than the last one known. Compares only; who runs and who tells is elsewhere. */
#ifndef APP_PRECHECK_DRIFT_H
#define APP_PRECHECK_DRIFT_H

#include "app/precheck/run.h"

#define DRIFT_KEPT   32
#define DRIFT_AT_MAX 288

struct drift_change {
    int64_t when_ms; /* wall clock of the run that saw it */
    const struct check *check;
    enum verdict from, to;
    char at[DRIFT_AT_MAX]; /* "binlog.000003:1234"; "" when no position is known */
    char why[256];
};

/* All zero to begin with. */
struct drift {
    uint8_t *verdicts; /* the last one known of each check; NULL before the first run */
    uint64_t count;    /* changes so far; change n is kept[n % DRIFT_KEPT] */
    struct drift_change kept[DRIFT_KEPT];
};

/* For a run in which only some questions were asked again: a server that could not be reached, or
 * not to the end, must not turn every verdict into `unknown`. Facts that were not had again are
 * taken back out of `last` (which gets the empty ones in exchange), and all that this leaves as it
 * was keeps its verdict; the missing connection is -256's or -254's alone. */
void drift_carry(struct precheck_run *last, struct precheck_run *next);

/* Whether a server was not reached in `last` at all, so that the next run must ask everything. */
bool drift_wants_all(const struct precheck_run *last);

/* Whether a connection broke in the middle. Asked once more, its server either answers, and nothing
 * was the matter, or it is gone, which is one change and not one for each question. */
bool drift_is_torn(const struct precheck_run *run);

/* Where the source's binlog ended when `run` (before drift_carry()) asked, "binlog.000003:1234";
 * false if it did not say. */
bool drift_position(const struct precheck_run *run, char *buf, size_t size);

/* Notes the changes that `run` brings, at the binlog position `at`; the first run is what the next
 * ones are compared with. What is `unknown` only because a server was not reached counts as no
 * change. Returns how many there are; they are the newest. ERR_NOMEM. */
int drift_note(struct drift *d, const struct precheck_run *run, const char *at);

/* The newest (back = 0), the one before it (1), …; NULL: not kept, or there is none. */
const struct drift_change *drift_get(const struct drift *d, unsigned back);

bool drift_is_worse(const struct drift_change *c);

/* "-262 binlog-format changed from pass to fail at binlog.000003:1234: binlog_format is …" */
void drift_format(const struct drift_change *c, char *buf, size_t size);

void drift_free(struct drift *d);

#endif
