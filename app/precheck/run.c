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
        (run->order = calloc(check_count, sizeof *run->order)) == NULL ||
        (run->findings = calloc(check_count, sizeof *run->findings)) == NULL) {
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

void run_judge(struct precheck_run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < check_count; i++) {
        check_judge(&checks[i], &run->facts, &run->findings[i]);
    }
    for (int v = VERDICT_FAIL; v >= VERDICT_PASS; v--) {
        for (size_t i = 0; i < check_count; i++) {
            if ((int)run->findings[i].verdict == v) {
                run->order[count++] = i;
            }
        }
    }
}

int precheck_run(const struct config *cfg, const atomic_bool *cancel,
                 void (*progress)(void *ctx, const char *text), void *ctx,
                 struct precheck_run **out, struct errmsg *why)
{
    struct precheck_run *run = NULL;
    int rc = run_new(cfg, &run);

    if (rc == OK) {
        rc = facts_gather(&run->facts, cfg, cancel, progress, ctx);
    }
    if (rc != OK) {
        precheck_free(run);
        *out = NULL;
        return fail(why, ERR_NOMEM, "no memory for the precheck");
    }
    if (progress != NULL) {
        progress(ctx, "judging");
    }
    run_judge(run);
    *out = run;
    return OK;
}

static void count_text(char *buf, size_t size, unsigned n, const char *one, const char *more)
{
    size_t len = strlen(buf);

    if (n > 0) {
        clean_format(buf + len, size - len, ", %u %s", n, n == 1 ? one : more);
    }
}

/* "8 of 10 pass, 1 warning, 1 FAILS: -262 binlog-format is STATEMENT" */
void precheck_summarize(const struct precheck_run *run, struct precheck_summary *sum)
{
    memset(sum, 0, sizeof *sum);
    for (size_t i = 0; i < check_count; i++) {
        enum verdict v = run->findings[i].verdict;
        sum->count[v]++;
        /* What does not apply is no worse than what passes. */
        if (v != VERDICT_SKIP && v > sum->worst) {
            sum->worst = v;
        }
    }
    if (sum->count[VERDICT_SKIP] == check_count) {
        sum->worst = VERDICT_SKIP;
    }
    sum->when_ms = run->when_ms;
    char *text = sum->text;
    size_t size = sizeof sum->text;
    clean_format(text, size, "%u of %zu pass", sum->count[VERDICT_PASS], check_count);
    count_text(text, size, sum->count[VERDICT_SKIP], "skipped", "skipped");
    count_text(text, size, sum->count[VERDICT_WARN], "warning", "warnings");
    count_text(text, size, sum->count[VERDICT_UNKNOWN], "UNKNOWN", "UNKNOWN");
    count_text(text, size, sum->count[VERDICT_FAIL], "FAILS", "FAIL");
    for (size_t n = 0; n < sum->count[sum->worst] && sum->worst >= VERDICT_WARN; n++) {
        const struct check *c = &checks[run->order[n]];
        size_t len = strlen(text);
        if (size - len < 16) {
            break;
        }
        char number[16] = "";
        if (c->code != 0) {
            snprintf(number, sizeof number, "%d ", c->code);
        }
        clean_format(text + len, size - len, "%s %s%s %s", n == 0 ? ":" : ";", number, c->name,
                     run->findings[run->order[n]].brief);
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
