/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle: a run as JSON (precheck_json with PRECHECK_BUNDLE) from which the same verdicts are
 * reached again without any server. It may come from anywhere: everything in it is checked. */
#ifndef APP_PRECHECK_BUNDLE_H
#define APP_PRECHECK_BUNDLE_H

#include <stdio.h>

#include "app/precheck/run.h"

#define BUNDLE_FORMAT 1
#define BUNDLE_MAX    (32u << 20) /* bytes of a file */

/* Lines for people; of more than fit only the number is kept. */
struct bundle_lines {
    size_t count;
    char line[48][200];
};

struct bundle {
    struct precheck_run *run;        /* judged now, from the answers that the bundle has */
    struct bundle_lines notes;       /* what was passed over: another version may have written it */
    struct bundle_lines differences; /* what the bundle claims, and its answers do not bear out */
};

/* Reads and judges. ERR_INVALID: *why says what is wrong where ("servers.source.answers.variables.
 * rows[3] has 1 cell, 2 columns"); ERR_VERSION: another format; ERR_NOMEM. Free *out when OK. */
int bundle_parse(const char *text, size_t len, struct bundle *out, struct errmsg *why);
/* The same from a file; also ERR_IO, ERR_NOT_FOUND, ERR_TOOBIG. *why begins with the file's name.
 */
int bundle_load(const char *file, struct bundle *out, struct errmsg *why);
void bundle_free(struct bundle *b);

/* Writes the bundle part by part, so that it is never in memory as a whole, a line each. `b` as
 * for bundle_json(), or NULL. 0, ERR_NOMEM, ERR_IO. */
int bundle_write(const struct precheck_run *run, const struct bundle *b, FILE *out,
                 struct errmsg *why);

/* Adds "notes" and "differences". */
void bundle_json(const struct bundle *b, yyjson_mut_doc *doc, yyjson_mut_val *out);

/* ---- what writing (json.c) and reading share ---- */

/* Whether the question was for this server at all; others are not in the bundle. */
static inline bool answer_is_meant(const struct answer *a)
{
    return a->state != NOT_ASKED || (a->text != NULL && a->text[0] != '\0');
}

/* The bundle's parts: all before the servers; one server without its answers; one answer; one
 * judged check. */
void bundle_head(const struct precheck_run *run, yyjson_mut_doc *doc, yyjson_mut_val *out);
void bundle_server(const struct server_facts *s, yyjson_mut_doc *doc, yyjson_mut_val *out);
void bundle_answer(const struct answer *a, yyjson_mut_doc *doc, yyjson_mut_val *out);
void bundle_check(const struct precheck_run *run, const struct check *c, yyjson_mut_doc *doc,
                  yyjson_mut_val *out);

/* Whether a server has anything to say; the source and the target are null otherwise. */
bool bundle_has_server(const struct server_facts *s);

#endif
