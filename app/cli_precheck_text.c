/* SPDX-License-Identifier: Apache-2.0 */
/* The precheck's text: as much as is needed to act, on a console of 80 columns. */
#include <stdio.h>
#include <string.h>

#include "app/cli_precheck.h"

#define COLUMNS 79
#define INDENT  8

/* The words around what the checks say. The verdicts' take the same room in both languages. */
static const struct words {
    const char *verdict[VERDICT_FAIL + 1], *todo, *rule;
} words[] = {
    [LANG_EN] = {{[VERDICT_PASS] = "pass    ",
                  [VERDICT_SKIP] = "skip    ",
                  [VERDICT_WARN] = "warn    ",
                  [VERDICT_UNKNOWN] = "unknown ",
                  [VERDICT_FAIL] = "FAIL    "},
                 "to do: ",
                 "rule: "},
    [LANG_ZH] = {{[VERDICT_PASS] = "通过    ",
                  [VERDICT_SKIP] = "跳过    ",
                  [VERDICT_WARN] = "警告    ",
                  [VERDICT_UNKNOWN] = "未知    ",
                  [VERDICT_FAIL] = "失败    "},
                 "处理：",
                 "规则："},
};

static void code_text(const struct check *c, char *buf, size_t size)
{
    if (c->code != 0) {
        snprintf(buf, size, "%d", c->code);
    } else {
        snprintf(buf, size, "-");
    }
}

void precheck_print_list(enum config_lang lang)
{
    for (size_t i = 0; i < check_count; i++) {
        const struct check *c = &checks[i];
        bool later = strncmp(c->raised_by, "not yet", 7) == 0;
        char code[16];
        code_text(c, code, sizeof code);
        printf("%-8s %-18s %s\n%28swhen: %s\n%28srule: %s\n%28s%s%s\n", code, c->name,
               check_title(c, lang), "", c->when, "", c->rule, "",
               later ? "" : "raised: ", c->raised_by);
    }
}

static void print_answer(const struct server_facts *s, enum side side, enum question_id q)
{
    const struct answer *a = &s->answers[q];
    bool plain = a->sql == NULL || a->sql[0] == '\0';

    printf("  %s %s: %s", side_name(side), version_of(s).text,
           q == Q_CONNECT ? "connecting"
           : plain        ? questions[q].name
                          : a->sql);
    printf(a->state == NOT_ASKED ? "\n" : " (%u ms)\n", (unsigned)a->took_ms);
    if (a->state == NOT_ASKED) {
        printf("    not asked: %s\n",
               answer_is_meant(a) ? a->text : "the question is not for this server");
    } else if (a->state == FAILED && a->mysql_errno != 0) {
        printf("    error %u (%s): %s\n", a->mysql_errno, a->sqlstate, a->text);
    } else if (a->state == FAILED) {
        printf("    error: %s\n", a->text);
    } else if (a->rows == 0) {
        printf("    no rows\n");
    }
    for (size_t r = 0; r < a->rows; r++) {
        printf("   ");
        for (size_t c = 0; c < a->columns; c++) {
            const char *cell = answer_cell(a, r, c);
            printf(" %s=%s", a->cells[c] == NULL ? "" : a->cells[c], cell == NULL ? "NULL" : cell);
        }
        printf("\n");
    }
}

static void print_detail(const struct precheck_run *run, const struct check *c,
                         const struct finding *found)
{
    printf("  %s%s\n", words[run->lang].rule, c->rule);
    for (size_t i = 0; i < found->compared_count; i++) {
        const struct compared *one = &found->compared[i];
        printf("  %s: %s; wanted: %s; %s\n", one->what, one->found, one->wanted,
               one->holds ? "holds" : "does not hold");
    }
    for (int side = SOURCE; side < SIDES; side++) {
        for (enum question_id q = Q_CONNECT; q < QUESTIONS; q++) {
            if (found->used[side] >> q & 1) {
                print_answer(&run->facts.server[side], (enum side)side, q);
            }
        }
    }
}

static void print_finding(const struct precheck_run *run, const struct check *c,
                          const struct finding *found)
{
    char code[16], remedy[REMEDY_MAX];
    bool title = run->lang == LANG_ZH && found->verdict == VERDICT_FAIL;

    code_text(c, code, sizeof code);
    run_remedy(run, c, remedy, sizeof remedy);
    printf("%s%-8s%-18s %s%s%s\n", words[run->lang].verdict[found->verdict], code, c->name,
           title ? c->title_zh : "", title ? "：" : "", found->why);
    if (remedy[0] != '\0') {
        printf("%*s%s%s\n", 2 * INDENT, "", words[run->lang].todo, remedy);
    }
}

/* All of one verdict, by name only. */
static void print_names(const struct precheck_run *run, enum verdict v)
{
    size_t column = INDENT;

    printf("%s", words[run->lang].verdict[v]);
    for (size_t i = 0, shown = 0; i < checks_judged; i++) {
        const char *name = checks[run->order[i]].name;
        if (run->findings[run->order[i]].verdict != v) {
            continue;
        }
        bool breaks = shown > 0 && column + 3 + strlen(name) > COLUMNS; /* and a comma after it */
        printf("%s%s", shown == 0 ? "" : breaks ? ",\n        " : ", ", name);
        column = (breaks || shown == 0 ? INDENT : column + 2) + strlen(name);
        shown++;
    }
    printf("\n");
}

void precheck_print_run(const struct precheck_run *run, const char *detail)
{
    const struct check *only = detail == NULL ? NULL : run_find(detail);
    struct precheck_summary sum;

    precheck_summarize(run, &sum);
    for (size_t i = 0; i < checks_judged; i++) {
        const struct check *c = &checks[run->order[i]];
        const struct finding *found = &run->findings[run->order[i]];
        if (detail == NULL && found->verdict <= VERDICT_SKIP) {
            continue;
        }
        if (only == NULL || c == only) {
            print_finding(run, c, found);
            if (detail != NULL) {
                print_detail(run, c, found);
            }
        }
    }
    for (int v = VERDICT_SKIP; detail == NULL && v >= VERDICT_PASS; v--) {
        if (sum.count[v] > 0) {
            print_names(run, (enum verdict)v);
        }
    }
    printf("%s\n", sum.text);
}

void precheck_print_lines(const char *head, const struct bundle_lines *lines)
{
    const size_t kept = sizeof lines->line / sizeof lines->line[0];

    for (size_t i = 0; i < lines->count && i < kept; i++) {
        printf("%s: %s\n", head, lines->line[i]);
    }
    if (lines->count > kept) {
        printf("%s: and %zu more\n", head, lines->count - kept);
    }
}
