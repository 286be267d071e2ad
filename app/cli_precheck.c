/* SPDX-License-Identifier: Apache-2.0 */
/* `sluice precheck`: the checks, once, from a host. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/cli_precheck.h"

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
        "       sluice precheck --judge BUNDLE [--json] [--detail CODE|NAME|all]\n"
        "       sluice precheck --list [-c FILE] [--json]\n"
        "  -c FILE   the config; the source (and target) it names are asked, nothing is changed\n"
        "  --json    the bundle: every question, its answer and every verdict; no password\n"
        "  --judge   judges a bundle again, without any server\n"
        "  --detail  with rule, comparisons and evidence: every question and its answer\n"
        "  --list    every check, without a server\n"
        "Exit: 0 nothing fails; 1 a check fails or cannot be judged, or a bundle claims verdicts\n"
        "that its answers do not bear out; 2 wrong usage, config or bundle.\n");
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
    precheck_print_list(lang);
    return CLI_YES;
}

/* `b`: what the run was judged from, NULL: from servers. */
static int print_run(const struct precheck_run *run, const struct bundle *b, bool json,
                     const char *detail)
{
    struct precheck_summary sum;
    struct errmsg why = {""};

    precheck_summarize(run, &sum);
    int status =
        sum.worst >= VERDICT_UNKNOWN || (b != NULL && b->differences.count > 0) ? CLI_NO : CLI_YES;
    if (!json) {
        precheck_print_run(run, detail);
        if (b != NULL) {
            precheck_print_lines("note", &b->notes);
            precheck_print_lines("DIFFERS", &b->differences);
        }
        return status;
    }
    int rc = OK;
    if (detail == NULL) {
        rc = bundle_write(run, b, stdout, &why);
    } else {
        yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *root = yyjson_mut_obj(doc);
        yyjson_mut_doc_set_root(doc, root);
        rc = precheck_json(run, detail, doc, root, &why);
        if (rc == OK && b != NULL) {
            bundle_json(b, doc, root);
        }
        if (rc == OK && print_json(doc) != CLI_YES) {
            status = CLI_NO;
        }
        yyjson_mut_doc_free(doc);
    }
    if (rc != OK) {
        fprintf(stderr, "sluice: %s\n", why.text);
        status = CLI_NO;
    }
    return status;
}

static int judge(const char *file, bool json, const char *detail)
{
    struct bundle *b = calloc(1, sizeof *b);
    struct errmsg why = {""};

    if (b == NULL) {
        fprintf(stderr, "sluice: no memory\n");
        return CLI_NO;
    }
    int status = CLI_USAGE;
    if (bundle_load(file, b, &why) == OK) {
        status = print_run(b->run, b, json, detail);
        bundle_free(b);
    } else {
        fprintf(stderr, "sluice: %s\n", why.text);
    }
    free(b);
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
    int status = print_run(run, NULL, json, detail);
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
    const char *file = NULL, *detail = NULL, *bundle = NULL;
    bool json = false, listing = false;

    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            listing = true;
        } else if (strcmp(argv[i], "-c") == 0 && more) {
            file = argv[++i];
        } else if (strcmp(argv[i], "--judge") == 0 && more) {
            bundle = argv[++i];
        } else if (strcmp(argv[i], "--detail") == 0 && more) {
            detail = argv[++i];
        } else {
            return usage();
        }
    }
    const struct check *one = NULL;
    struct errmsg why = {""};
    if (bundle != NULL ? file != NULL || listing : file == NULL && !listing) {
        return usage();
    }
    if (detail != NULL && strcmp(detail, "all") != 0 && run_find_judged(detail, &one, &why) != OK) {
        fprintf(stderr, "sluice: %s\n", why.text);
        return CLI_USAGE;
    }
    if (bundle != NULL) {
        return judge(bundle, json, detail);
    }
    if (file == NULL) {
        return list(json, LANG_EN);
    }
    struct config cfg;
    struct config_mistakes *m = calloc(1, sizeof *m);
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
