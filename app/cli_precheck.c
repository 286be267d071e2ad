/* SPDX-License-Identifier: Apache-2.0 */
/* `sluice precheck`: the checks, once, from a host. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/precheck/run.h"

static atomic_bool interrupted;

static void on_signal(int number)
{
    atomic_store(&interrupted, true);
}

static int usage(void)
{
    fprintf(
        stderr,
        "usage: sluice precheck -c FILE [--json] [--detail CODE|NAME|all]\n"
        "       sluice precheck --list [-c FILE] [--json]\n"
        "  -c FILE   the config; the source (and target) it names are asked, nothing is changed\n"
        "  --detail  with rule, comparisons and evidence: every question and its answer\n"
        "  --list    every check, without a server\n"
        "Exit: 0 nothing fails, 1 a check fails or cannot be judged, 2 wrong usage or config.\n");
    return CLI_USAGE;
}

static int print_json(yyjson_mut_doc *doc)
{
    char *text = yyjson_mut_write(doc, YYJSON_WRITE_PRETTY, NULL);

    if (text == NULL) {
        fprintf(stderr, "sluice: no memory\n");
        return CLI_NO;
    }
    printf("%s\n", text);
    free(text);
    return CLI_YES;
}

static void code_text(const struct check *c, char *buf, size_t size)
{
    if (c->code != 0) {
        snprintf(buf, size, "%d", c->code);
    } else {
        snprintf(buf, size, "-");
    }
}

static int list(bool json, enum config_lang lang)
{
    if (json) {
        yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *root = yyjson_mut_obj(doc);
        yyjson_mut_doc_set_root(doc, root);
        precheck_list_json(doc, root, lang);
        int status = print_json(doc);
        yyjson_mut_doc_free(doc);
        return status;
    }
    for (size_t i = 0; i < check_count; i++) {
        const struct check *c = &checks[i];
        char code[16];
        code_text(c, code, sizeof code);
        printf("%-8s %-18s %s\n%28swhen: %s\n%28srule: %s\n", code, c->name, check_title(c, lang),
               "", c->when, "", c->rule);
    }
    return CLI_YES;
}

static void print_answer(const struct server_facts *s, enum side side, enum question_id q)
{
    const struct answer *a = &s->answers[q];

    printf("  %s %s: %s\n", side_name(side), version_of(s).text,
           q == Q_CONNECT   ? "connecting"
           : a->sql == NULL ? questions[q].name
                            : a->sql);
    if (a->state == NOT_ASKED) {
        printf("    not asked: %s\n", a->text == NULL ? "there was no connection" : a->text);
    } else if (a->state == FAILED) {
        printf("    error %u (%s): %s\n", a->mysql_errno, a->sqlstate, a->text);
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
    printf("  rule: %s\n", c->rule);
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

/* Worst first, a line each; what to do stands below. */
static void print_text(const struct precheck_run *run, const char *detail)
{
    const struct check *only = detail == NULL ? NULL : run_find(detail);
    struct precheck_summary sum;

    for (size_t i = 0; i < checks_judged; i++) {
        const struct check *c = &checks[run->order[i]];
        const struct finding *found = &run->findings[run->order[i]];
        char code[16];
        if (only != NULL && c != only) {
            continue;
        }
        code_text(c, code, sizeof code);
        bool title = run->lang == LANG_ZH && found->verdict == VERDICT_FAIL;
        printf("%-8s%-8s%-18s%s%s%s\n",
               found->verdict == VERDICT_FAIL ? "FAIL" : verdict_name(found->verdict), code,
               c->name, title ? c->title_zh : "", title ? ": " : "", found->why);
        if (found->remedy[0] != '\0') {
            printf("%16sto do: %s\n", "", found->remedy);
        }
        if (detail != NULL) {
            print_detail(run, c, found);
        }
    }
    precheck_summarize(run, &sum);
    printf("%s\n", sum.text);
}

static int print_run(const struct precheck_run *run, bool json, const char *detail)
{
    struct precheck_summary sum;
    struct errmsg why = {""};

    precheck_summarize(run, &sum);
    int status = sum.worst >= VERDICT_UNKNOWN ? CLI_NO : CLI_YES;
    if (!json) {
        print_text(run, detail);
        return status;
    }
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    if (precheck_json(run, detail, doc, root, &why) != OK) {
        fprintf(stderr, "sluice: %s\n", why.text);
        status = CLI_NO;
    } else if (print_json(doc) != CLI_YES) {
        status = CLI_NO;
    }
    yyjson_mut_doc_free(doc);
    return status;
}

static void progress(void *ctx, const char *text)
{
    fprintf(stderr, "\r\033[K%s", text);
}

static int run_checks(const struct config *cfg, bool json, const char *detail)
{
    struct precheck_run *run = NULL;
    struct errmsg why = {""};
    bool terminal = isatty(STDERR_FILENO) != 0;
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    int rc = precheck_run(cfg, &interrupted, terminal ? progress : NULL, NULL, &run, &why);
    if (terminal) {
        fprintf(stderr, "\r\033[K");
    }
    if (rc != OK) {
        fprintf(stderr, "sluice: %s\n", why.text);
        return CLI_NO;
    }
    int status = print_run(run, json, detail);
    precheck_free(run);
    return status;
}

static void print_mistakes(const char *file, const struct config_mistakes *m, const char *error,
                           bool json)
{
    static char lines[40 * (sizeof(struct config_mistake) + 128)];

    if (!json && error != NULL) {
        fprintf(stderr, "sluice: %s\n", error);
        return;
    }
    if (!json) {
        config_mistakes_format(m, file, lines, sizeof lines);
        fputs(lines, stderr);
        return;
    }
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_mut_obj_add_strcpy(doc, root, "error",
                              error != NULL ? error : "the config has mistakes; nothing was asked");
    yyjson_mut_val *all = yyjson_mut_obj_add_arr(doc, root, "mistakes");
    for (size_t i = 0; i < m->count && i < sizeof m->list / sizeof m->list[0]; i++) {
        yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, all);
        yyjson_mut_obj_add_uint(doc, one, "line", m->list[i].line);
        yyjson_mut_obj_add_strcpy(doc, one, "key", m->list[i].key);
        yyjson_mut_obj_add_strcpy(doc, one, "text", m->list[i].text);
    }
    print_json(doc);
    yyjson_mut_doc_free(doc);
}

int cli_precheck(int argc, char **argv)
{
    const char *file = NULL, *detail = NULL;
    bool json = false, listing = false;

    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            listing = true;
        } else if (strcmp(argv[i], "-c") == 0 && more) {
            file = argv[++i];
        } else if (strcmp(argv[i], "--detail") == 0 && more) {
            detail = argv[++i];
        } else {
            return usage();
        }
    }
    if (file == NULL) {
        return listing ? list(json, LANG_EN) : usage();
    }
    if (detail != NULL && strcmp(detail, "all") != 0 && run_find(detail) == NULL) {
        fprintf(stderr, "sluice: there is no check \"%s\"; --list shows their codes and names\n",
                detail);
        return CLI_USAGE;
    }
    struct config cfg;
    struct config_mistakes *m = calloc(1, sizeof *m);
    struct errmsg why = {""};
    if (m == NULL) {
        fprintf(stderr, "sluice: no memory\n");
        return CLI_NO;
    }
    int rc = config_load(file, &cfg, m, &why), status = CLI_USAGE;
    if (rc != OK && !listing) {
        print_mistakes(file, m, m->count == 0 ? why.text : NULL, json);
    } else {
        status = listing ? list(json, cfg.appliance.lang) : run_checks(&cfg, json, detail);
    }
    config_free(&cfg);
    free(m);
    return status;
}
