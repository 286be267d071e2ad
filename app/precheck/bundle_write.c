/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a bundle: the same as precheck_json() with PRECHECK_BUNDLE, in the memory of its largest
 * answer. */
#include <stdlib.h>
#include <string.h>

#include "app/precheck/bundle.h"

struct writing {
    FILE *out;
    yyjson_mut_doc *doc;
    yyjson_mut_val *part;
    bool failed;
};

static void begin(struct writing *w)
{
    w->doc = yyjson_mut_doc_new(NULL);
    w->part = yyjson_mut_obj(w->doc);
    yyjson_mut_doc_set_root(w->doc, w->part);
}

/* Ends the part; an open one lacks its last brace, as more follows. */
static void end(struct writing *w, bool open)
{
    size_t len = 0;
    char *text = yyjson_mut_write(w->doc, 0, &len);

    if (text == NULL) {
        w->failed = true;
    } else {
        (void)fwrite(text, 1, len - (open ? 1 : 0), w->out);
    }
    free(text);
    yyjson_mut_doc_free(w->doc);
}

static void write_server(struct writing *w, const struct server_facts *s)
{
    const char *comma = "";

    begin(w);
    bundle_server(s, w->doc, w->part);
    end(w, true);
    fputs(",\"answers\":{", w->out);
    for (enum question_id q = Q_CONNECT; q < QUESTIONS; q++) {
        if (answer_is_meant(&s->answers[q])) {
            fprintf(w->out, "%s\n\"%s\":", comma, questions[q].name);
            begin(w);
            bundle_answer(&s->answers[q], w->doc, w->part);
            end(w, false);
            comma = ",";
        }
    }
    fputs("}}", w->out);
}

int bundle_write(const struct precheck_run *run, const struct bundle *b, FILE *out,
                 struct errmsg *why)
{
    struct writing w = {.out = out};

    begin(&w);
    bundle_head(run, w.doc, w.part);
    if (b != NULL) {
        bundle_json(b, w.doc, w.part);
    }
    end(&w, true);
    fputs(",\n\"servers\":{", out);
    for (int side = SOURCE; side < SIDES; side++) {
        const struct server_facts *s = &run->facts.server[side];
        if (side < REPLICA || bundle_has_server(s)) {
            fprintf(out, "%s\n\"%s\":", side == SOURCE ? "" : ",", side_name((enum side)side));
            if (bundle_has_server(s)) {
                write_server(&w, s);
            } else {
                fputs("null", out);
            }
        }
    }
    fputs("},\n\"checks\":[", out);
    for (size_t i = 0; i < checks_judged; i++) {
        fputs(i == 0 ? "\n" : ",\n", out);
        begin(&w);
        bundle_check(run, &checks[run->order[i]], w.doc, w.part);
        end(&w, false);
    }
    fputs("]}\n", out);
    if (w.failed) {
        return fail(why, ERR_NOMEM, "no memory for the bundle");
    }
    return fflush(out) == 0 && !ferror(out)
               ? OK
               : fail_errno(why, ERR_IO, "the bundle cannot be written");
}
