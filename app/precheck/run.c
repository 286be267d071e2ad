/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: gather once, judge every row of the table, sum up. */
#include "app/precheck/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "app/precheck/clean.h"
#include "app/precheck/gather.h"

int run_new(const struct config *cfg, struct precheck_run **out)
{
    struct timespec now;
    struct precheck_run *run = calloc(1, sizeof *run);

    *out = NULL;
    if (run == NULL || facts_begin(&run->facts, cfg) != OK ||
        (run->order = calloc(checks_judged, sizeof *run->order)) == NULL ||
        (run->findings = calloc(checks_judged, sizeof *run->findings)) == NULL) {
        precheck_free(run);
        return ERR_NOMEM;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    run->when_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    run->lang = cfg->appliance.lang;
    *out = run;
    return OK;
}

void precheck_free(struct precheck_run *run)
{
    if (run == NULL) {
        return;
    }
    facts_free(&run->facts);
    free(run->order);
    free(run->findings);
    free(run);
}

void run_sort(struct precheck_run *run)
{
    size_t count = 0;

    for (int v = VERDICT_FAIL; v >= VERDICT_PASS; v--) {
        for (size_t i = 0; i < checks_judged; i++) {
            if ((int)run->findings[i].verdict == v) {
                run->order[count++] = i;
            }
        }
    }
}

void run_judge(struct precheck_run *run)
{
    for (size_t i = 0; i < checks_judged; i++) {
        check_judge(&checks[i], &run->facts, &run->findings[i]);
    }
    run_sort(run);
}

static int run_all(struct precheck_run *run, const struct config *cfg, const struct gathering *how)
{
    int rc = facts_gather(&run->facts, cfg, how);

    if (rc == OK) {
        if (how->progress != NULL) {
            how->progress(how->ctx, "judging");
        }
        run_judge(run);
    }
    return rc;
}

int precheck_run(const struct config *cfg, const atomic_bool *cancel,
                 void (*progress)(void *ctx, const char *text), void *ctx,
                 struct precheck_run **out, struct errmsg *why)
{
    const struct gathering how = {.cancel = cancel, .progress = progress, .ctx = ctx};
    int rc = run_new(cfg, out);

    if (rc == OK) {
        rc = run_all(*out, cfg, &how);
    }
    if (rc != OK) {
        precheck_free(*out);
        *out = NULL;
        return fail(why, ERR_NOMEM, "no memory for the precheck");
    }
    return OK;
}

static int keep(struct precheck_run *run, const struct precheck_run *last)
{
    int rc = OK;

    for (int side = SOURCE; side < SIDES; side++) {
        for (int q = 0; rc == OK && q < QUESTIONS; q++) {
            if (!questions[q].drifts) {
                rc = answer_copy(&run->facts.server[side].answers[q],
                                 &last->facts.server[side].answers[q]);
            }
        }
    }
    return rc;
}

int precheck_rerun(const struct config *cfg, const struct precheck_run *last,
                   const atomic_bool *cancel, struct precheck_run **out, struct errmsg *why)
{
    const struct gathering how = {.cancel = cancel, .last = &last->facts};
    int rc = run_new(cfg, out);

    if (rc == OK) {
        rc = keep(*out, last);
    }
    if (rc == OK) {
        rc = run_all(*out, cfg, &how);
    }
    if (rc != OK) {
        precheck_free(*out);
        *out = NULL;
        return fail(why, ERR_NOMEM, "no memory for the precheck");
    }
    return OK;
}

/* The words of the summary's frame: what stands before and after a number. */
static const struct {
    const char *count[VERDICT_FAIL + 1][2], *comma, *colon, *semicolon, *more[2];
} frame[] = {
    [LANG_EN] = {{[VERDICT_SKIP] = {"skipped", "skipped"},
                  [VERDICT_WARN] = {"warning", "warnings"},
                  [VERDICT_UNKNOWN] = {"UNKNOWN", "UNKNOWN"},
                  [VERDICT_FAIL] = {"FAILS", "FAIL"}},
                 ", ",
                 ": ",
                 "; ",
                 {"; and ", "more"}},
    [LANG_ZH] = {{[VERDICT_SKIP] = {"项跳过", "项跳过"},
                  [VERDICT_WARN] = {"项警告", "项警告"},
                  [VERDICT_UNKNOWN] = {"项未知", "项未知"},
                  [VERDICT_FAIL] = {"项失败", "项失败"}},
                 "，",
                 "：",
                 "；",
                 {"；另有 ", "项"}},
};

/* The worst ones by name, as many as fit; of the others, how many. */
static void add_names(const struct precheck_run *run, struct precheck_summary *sum, size_t len)
{
    unsigned count = sum->count[sum->worst];
    enum config_lang lang = run->lang;

    for (unsigned n = 0; n < count; n++) {
        const struct check *c = &checks[run->order[n]];
        char number[16] = "", one[160], more[32];
        if (c->code != 0) {
            snprintf(number, sizeof number, "%d ", c->code);
        }
        size_t used = clean_format(one, sizeof one, "%s%s%s %s",
                                   n == 0 ? frame[lang].colon : frame[lang].semicolon, number,
                                   c->name, run->findings[run->order[n]].brief);
        size_t tail = n + 1 == count ? 0 : sizeof more;
        if (n > 0 && len + used + tail >= sizeof sum->text) {
            clean_format(sum->text + len, sizeof sum->text - len, "%s%u %s", frame[lang].more[0],
                         count - n, frame[lang].more[1]);
            return;
        }
        memcpy(sum->text + len, one, used + 1);
        len += used;
    }
}

/* "8 of 10 pass, 1 warning, 1 FAILS: -262 binlog-format is STATEMENT" */
void precheck_summarize(const struct precheck_run *run, struct precheck_summary *sum)
{
    enum config_lang lang = run->lang;
    const size_t size = sizeof sum->text;

    memset(sum, 0, sizeof *sum);
    for (size_t i = 0; i < checks_judged; i++) {
        enum verdict v = run->findings[i].verdict;
        sum->count[v]++;
        /* What does not apply is no worse than what passes. */
        if (v != VERDICT_SKIP && v > sum->worst) {
            sum->worst = v;
        }
    }
    if (sum->count[VERDICT_SKIP] == checks_judged) {
        sum->worst = VERDICT_SKIP;
    }
    sum->when_ms = run->when_ms;
    unsigned pass = sum->count[VERDICT_PASS];
    size_t len = lang == LANG_ZH
                     ? clean_format(sum->text, size, "共 %zu 项，%u 项通过", checks_judged, pass)
                     : clean_format(sum->text, size, "%u of %zu pass", pass, checks_judged);
    for (int v = VERDICT_SKIP; v <= VERDICT_FAIL; v++) {
        unsigned n = sum->count[v];
        if (n > 0) {
            len += clean_format(sum->text + len, size - len, "%s%u %s", frame[lang].comma, n,
                                frame[lang].count[v][n != 1]);
        }
    }
    if (sum->worst >= VERDICT_WARN) {
        add_names(run, sum, len);
    }
}

const struct check *run_find(const char *word)
{
    char number[16];

    for (size_t i = 0; i < check_count; i++) {
        snprintf(number, sizeof number, "%d", checks[i].code);
        /* "262" does for -262 */
        if (strcasecmp(word, checks[i].name) == 0 ||
            (checks[i].code != 0 &&
             (strcmp(word, number) == 0 || (number[0] == '-' && strcmp(word, number + 1) == 0)))) {
            return &checks[i];
        }
    }
    return NULL;
}

const char *check_title(const struct check *c, enum config_lang lang)
{
    return lang == LANG_ZH ? c->title_zh : c->title;
}

const char *check_remedy(const struct check *c, enum config_lang lang)
{
    return lang == LANG_ZH ? c->remedy_zh : c->remedy;
}

int run_find_judged(const char *word, const struct check **out, struct errmsg *why)
{
    const struct check *c = run_find(word);

    if (c == NULL) {
        return fail(why, ERR_NOT_FOUND,
                    "there is no check \"%.40s\"; the list shows their codes and names", word);
    }
    if (c->judge == NULL) {
        return fail(why, ERR_NOT_FOUND, "%s is no check of the precheck; it is raised: %s", c->name,
                    c->raised_by);
    }
    *out = c;
    return OK;
}

void run_remedy(const struct precheck_run *run, const struct check *c, char *buf, size_t size)
{
    const struct finding *found = &run->findings[c - checks];

    /* What was not judged needs what the finding says, not what the check's failing would need. */
    if (run->lang != LANG_ZH || found->remedy[0] == '\0' || found->verdict == VERDICT_UNKNOWN) {
        clean_format(buf, size, "%s", found->remedy);
    } else {
        clean_format(buf, size, "%s；%s", c->remedy_zh, found->remedy);
    }
}
