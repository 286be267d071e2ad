/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the precheck: the facts and, in the table's order, the findings. */
#ifndef APP_PRECHECK_RUN_H
#define APP_PRECHECK_RUN_H

#include "app/precheck/judge.h"

struct precheck_run {
    struct facts facts;
    enum config_lang lang;
    int64_t when_ms;
    size_t *order;            /* indices of checks[], worst verdict first */
    struct finding *findings; /* checks_judged */
};

/* A run without servers yet: the task's facts are taken, nothing is judged. 0 or ERR_NOMEM. */
int run_new(const struct config *cfg, struct precheck_run **out);
/* Judges every check from the facts. */
void run_judge(struct precheck_run *run);

/* Puts the order right after findings changed. */
void run_sort(struct precheck_run *run);

const struct check *run_find(const char *code_or_name); /* NULL: there is none */
/* The same for a check that the precheck itself judges. ERR_NOT_FOUND. */
int run_find_judged(const char *code_or_name, const struct check **out, struct errmsg *why);

/* What to do, in the run's language as far as there is a text; the finding's own words as they
 * are. "" when nothing is. */
#define REMEDY_MAX 1280
void run_remedy(const struct precheck_run *run, const struct check *c, char *buf, size_t size);

const char *check_title(const struct check *c, enum config_lang lang);
const char *check_remedy(const struct check *c, enum config_lang lang);

#endif
