/* SPDX-License-Identifier: Apache-2.0 */
/* The precheck: is this source (and target) fit to migrate, and how do we know. One table of
 * checks; the engine asks each server its few questions once, then every check judges. */
#ifndef APP_PRECHECK_PRECHECK_H
#define APP_PRECHECK_PRECHECK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/err.h"
#include "config/config.h"

enum verdict { VERDICT_PASS, VERDICT_SKIP, VERDICT_WARN, VERDICT_UNKNOWN, VERDICT_FAIL };

struct precheck_run; /* all facts and verdicts of one run */

/* Runs every check. Progress (may be NULL) is told in a line per step. Stops early, with the
 * remaining verdicts `unknown`, when *cancel becomes true or the time of [precheck] timeout is
 * over. Only ERR_NOMEM fails. The caller frees *out. */
int precheck_run(const struct config *cfg, const atomic_bool *cancel,
                 void (*progress)(void *ctx, const char *text), void *ctx,
                 struct precheck_run **out, struct errmsg *why);
/* The same while the task runs: only what drifts is asked again, over new connections of its own;
 * the other answers are those of `last`. All checks are judged. */
int precheck_rerun(const struct config *cfg, const struct precheck_run *last,
                   const atomic_bool *cancel, struct precheck_run **out, struct errmsg *why);
void precheck_free(struct precheck_run *run);

/* Counts by verdict, and the worst. */
struct precheck_summary {
    unsigned count[VERDICT_FAIL + 1];
    enum verdict worst;
    int64_t when_ms; /* wall clock */
    char text[256];  /* the line a technician reads over the phone */
};
void precheck_summarize(const struct precheck_run *run, struct precheck_summary *sum);

/* The run as JSON (stable names): summary, verdict (the worst), when_ms, counts, then checks, worst
 * first, each with verdict, code (null: a check without a number), name, title, why, remedy.
 * With `detail` NULL each has evidence_count; with a code ("-262", "262") or name only that check,
 * with rule, compared and evidence; with "all" every check so; then the task and its servers are
 * there, too. With PRECHECK_BUNDLE it is the bundle, from which bundle.h judges again: every
 * question's answer once, in its server, and named in each check's evidence.
 * ERR_NOT_FOUND: no such check. */
#define PRECHECK_BUNDLE "bundle"
int precheck_json(const struct precheck_run *run, const char *detail, yyjson_mut_doc *doc,
                  yyjson_mut_val *out, struct errmsg *why);

/* The table of checks without a server: code, name, title, when, rule, remedy, raised_by. */
void precheck_list_json(yyjson_mut_doc *doc, yyjson_mut_val *out, enum config_lang lang);

const char *verdict_name(enum verdict v); /* "pass" "warn" "fail" "unknown" "skip" */

#endif
