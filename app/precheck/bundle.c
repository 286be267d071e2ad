/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle judged again: its facts are read, the checks judge them, and what the bundle claims of
 * verdicts is compared with that. */
#include "app/precheck/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/bundle_read.h"
#include "app/precheck/clean.h"
#include "version.h"

static void check_label(const struct check *c, char *buf, size_t size)
{
    if (c->code != 0) {
        snprintf(buf, size, "%d %s", c->code, c->name);
    } else {
        snprintf(buf, size, "%s", c->name);
    }
}

/* What the bundle says of a check, beside what is judged now. Its title and rule are only words of
 * the version that wrote it. */
enum { VERDICT, NAME, WHY, REMEDY, COMPARED, EVIDENCE, CODE, TITLE, RULE, CLAIMS };

static const char *const claim_names[CLAIMS] = {
    [VERDICT] = "verdict", [NAME] = "name",         [WHY] = "why",
    [REMEDY] = "remedy",   [COMPARED] = "compared", [EVIDENCE] = "evidence",
    [CODE] = "code",       [TITLE] = "title",       [RULE] = "rule",
};

static int compare_check(struct bundle_reading *r, yyjson_mut_doc *doc,
                         const struct bundle_field *claimed, const struct check *c)
{
    const struct precheck_run *run = r->out->run;
    yyjson_mut_val *now = yyjson_mut_obj(doc);
    char label[48], what[80] = "";
    size_t len = 0;

    check_label(c, label, sizeof label);
    bundle_check(run, c, doc, now);
    for (int i = VERDICT; i <= EVIDENCE; i++) {
        yyjson_mut_val *said = yyjson_val_mut_copy(doc, claimed[i].val);
        yyjson_mut_val *is = yyjson_mut_obj_get(now, claim_names[i]);
        if (said == NULL || is == NULL) {
            return fail(r->why, ERR_NOMEM, "no memory for the bundle");
        }
        if (!yyjson_mut_equals(said, is)) {
            len += clean_format(what + len, sizeof what - len, "%s%s", len > 0 ? ", " : "",
                                claim_names[i]);
        }
    }
    if (strncmp(what, "verdict", 7) == 0) {
        char *said = clean_copy(yyjson_get_str(claimed[VERDICT].val),
                                yyjson_get_len(claimed[VERDICT].val), 20);
        if (said == NULL) {
            return fail(r->why, ERR_NOMEM, "no memory for the bundle");
        }
        bundle_line(&r->out->differences, "%s: the bundle says %s, judged now it is %s", label,
                    said, verdict_name(run->findings[c - checks].verdict));
        free(said);
    } else if (len > 0) {
        bundle_line(&r->out->differences, "%s: the verdict is the same, but not its %s", label,
                    what);
    }
    return OK;
}

static int compare_checks(struct bundle_reading *r, yyjson_mut_doc *doc, yyjson_val *list)
{
    bool *seen = calloc(checks_judged, sizeof *seen);
    yyjson_arr_iter it = yyjson_arr_iter_with(list);
    yyjson_val *one = NULL;
    int rc = seen == NULL ? fail(r->why, ERR_NOMEM, "no memory for the bundle") : OK;

    for (size_t n = 0; rc == OK && (one = yyjson_arr_iter_next(&it)) != NULL; n++) {
        struct bundle_field f[CLAIMS];
        for (int i = 0; i < CLAIMS; i++) {
            bool text = i <= REMEDY, needed = i <= EVIDENCE;
            f[i] = (struct bundle_field){claim_names[i], text ? 's' : '*', needed, NULL};
        }
        size_t before = bundle_enter(r, "checks[%zu]", n);
        rc = yyjson_is_obj(one) ? TAKE(r, one, f) : bundle_bad(r, "is no object");
        size_t at = 0;
        while (rc == OK && at < checks_judged && !bundle_is(f[NAME].val, checks[at].name)) {
            at++;
        }
        if (rc == OK && at == checks_judged) {
            bundle_line(&r->out->notes, "%s is a check that this version does not have", r->at);
        } else if (rc == OK && seen[at]) {
            rc = bundle_bad(r, "is %s once more", checks[at].name);
        } else if (rc == OK) {
            seen[at] = true;
            rc = compare_check(r, doc, f, &checks[at]);
        }
        bundle_leave(r, before);
    }
    for (size_t i = 0; rc == OK && i < checks_judged; i++) {
        char label[48];
        check_label(&checks[i], label, sizeof label);
        if (!seen[i]) {
            bundle_line(&r->out->differences, "%s: the bundle has no verdict of it; it is %s",
                        label, verdict_name(r->out->run->findings[i].verdict));
        }
    }
    free(seen);
    return rc;
}

/* The line at its head is what people read. */
static void compare_summary(struct bundle_reading *r, yyjson_val *verdict, yyjson_val *text)
{
    struct precheck_summary sum;

    precheck_summarize(r->out->run, &sum);
    if (r->out->differences.count == 0 &&
        (!bundle_is(verdict, verdict_name(sum.worst)) || !bundle_is(text, sum.text))) {
        bundle_line(&r->out->differences,
                    "the summary is not that of the checks: it should be "
                    "\"%.120s\"",
                    sum.text);
    }
}

static int read_whole(struct bundle_reading *r, yyjson_val *root, yyjson_mut_doc *doc)
{
    enum {
        FORMAT,
        PROGRAM,
        SUMMARY,
        WORST,
        WHEN,
        COUNTS,
        TASK,
        SERVERS,
        CHECKS,
        NOTES,
        DIFFERENCES,
        CHANGES, /* the shell's: what drifted since */
        FIELDS
    };
    struct bundle_field f[FIELDS] = {
        [FORMAT] = {"format", 'u', true, NULL},
        [PROGRAM] = {"program", 's', true, NULL},
        [SUMMARY] = {"summary", 's', true, NULL},
        [WORST] = {"verdict", 's', true, NULL},
        [WHEN] = {"when_ms", 'u', true, NULL},
        [COUNTS] = {"counts", 'o', true, NULL},
        [TASK] = {"task", 'o', true, NULL},
        [SERVERS] = {"servers", 'o', true, NULL},
        [CHECKS] = {"checks", 'a', true, NULL},
        [NOTES] = {"notes", 'a', false, NULL},
        [DIFFERENCES] = {"differences", 'a', false, NULL},
        [CHANGES] = {"changes", 'a', false, NULL},
    };
    const struct config none = {.appliance.lang = LANG_EN};
    struct bundle *b = r->out;
    uint64_t when_ms = 0;

    if (!yyjson_is_obj(root) || yyjson_obj_get(root, "format") == NULL) {
        return fail(r->why, ERR_INVALID,
                    "it is no bundle; `sluice precheck -c FILE --json` writes one");
    }
    if (yyjson_get_uint(yyjson_obj_get(root, "format")) != BUNDLE_FORMAT) {
        return fail(r->why, ERR_VERSION, "it has another format than %d, which this version reads",
                    BUNDLE_FORMAT);
    }
    int rc = TAKE(r, root, f);
    rc = rc != OK ? rc : bundle_number(r, &f[WHEN], INT64_MAX, &when_ms);
    if (rc == OK && run_new(&none, &b->run) != OK) {
        rc = fail(r->why, ERR_NOMEM, "no memory for the bundle");
    }
    rc = rc != OK ? rc : bundle_read_task(r, f[TASK].val, b->run);
    rc = rc != OK ? rc : bundle_read_servers(r, f[SERVERS].val, &b->run->facts);
    if (rc != OK) {
        return rc;
    }
    b->run->when_ms = (int64_t)when_ms;
    run_judge(b->run);
    if (!bundle_is(f[PROGRAM].val, "sluice " SLUICE_VERSION)) {
        bundle_line(&b->notes, "another version than this one (%s) wrote the bundle",
                    SLUICE_VERSION);
    }
    rc = compare_checks(r, doc, f[CHECKS].val);
    if (rc == OK) {
        compare_summary(r, f[WORST].val, f[SUMMARY].val);
    }
    return rc;
}

int bundle_parse(const char *text, size_t len, struct bundle *out, struct errmsg *why)
{
    struct bundle_reading *r = calloc(1, sizeof *r);
    yyjson_mut_doc *scratch = yyjson_mut_doc_new(NULL);
    yyjson_read_err err = {0};
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text, len, 0, NULL, &err);
    int rc = OK;

    memset(out, 0, sizeof *out);
    if (r == NULL || scratch == NULL || err.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        rc = fail(why, ERR_NOMEM, "no memory for the bundle");
    } else if (doc == NULL) {
        rc = fail(why, ERR_INVALID, "it is no JSON: %s at byte %zu", err.msg, err.pos);
    } else {
        r->out = out;
        r->why = why;
        rc = read_whole(r, yyjson_doc_get_root(doc), scratch);
    }
    yyjson_doc_free(doc);
    yyjson_mut_doc_free(scratch);
    free(r);
    if (rc != OK) {
        bundle_free(out);
    }
    return rc;
}

/* The whole file, from a pipe too. */
static int read_file(FILE *in, char **text, size_t *len, struct errmsg *why)
{
    size_t room = 0;

    do {
        if (*len == room) {
            room = room == 0 ? 256 * 1024 : room * 2;
            char *more = room > 2 * (size_t)BUNDLE_MAX ? NULL : realloc(*text, room);
            if (more == NULL) {
                return fail(why, ERR_NOMEM, "no memory for the bundle");
            }
            *text = more;
        }
        *len += fread(*text + *len, 1, room - *len, in);
        if (ferror(in)) {
            return fail_errno(why, ERR_IO, "it cannot be read");
        }
    } while (!feof(in) && *len <= BUNDLE_MAX);
    return *len <= BUNDLE_MAX
               ? OK
               : fail(why, ERR_TOOBIG, "it is larger than %u MiB; no bundle is", BUNDLE_MAX >> 20);
}

int bundle_load(const char *file, struct bundle *out, struct errmsg *why)
{
    char *text = NULL;
    size_t len = 0;
    FILE *in = fopen(file, "rbe");

    if (in == NULL) {
        return fail_errno(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s cannot be opened",
                          file);
    }
    int rc = read_file(in, &text, &len, why);
    fclose(in);
    rc = rc != OK ? rc : bundle_parse(text, len, out, why);
    free(text);
    if (rc != OK) {
        errmsg_prefix(why, "%s", file);
    }
    return rc;
}

void bundle_free(struct bundle *b)
{
    precheck_free(b->run);
    b->run = NULL;
}

static void add_lines(const struct bundle_lines *l, const char *key, yyjson_mut_doc *doc,
                      yyjson_mut_val *out)
{
    const size_t kept = sizeof l->line / sizeof l->line[0];
    yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, out, key);
    char more[40];

    for (size_t i = 0; i < l->count && i < kept; i++) {
        yyjson_mut_arr_add_strcpy(doc, list, l->line[i]);
    }
    if (l->count > kept) {
        snprintf(more, sizeof more, "and %zu more", l->count - kept);
        yyjson_mut_arr_add_strcpy(doc, list, more);
    }
}

void bundle_json(const struct bundle *b, yyjson_mut_doc *doc, yyjson_mut_val *out)
{
    add_lines(&b->notes, "notes", doc, out);
    add_lines(&b->differences, "differences", doc, out);
}
