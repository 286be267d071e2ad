/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle made of outside bytes: reading and judging it ends, and what is written of it is
 * harmless text and a bundle that claims nothing else than what is judged. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli_precheck.h"
#include "app/precheck/clean.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                              \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Nothing that a terminal would obey, and valid UTF-8: a second cleaning finds nothing. */
static void require_clean(const char *text)
{
    char *again = clean_copy(text, strlen(text), strlen(text) + 16);
    REQUIRE(again != NULL && strcmp(again, text) == 0);
    free(again);
}

static char *written(const struct precheck_run *run)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    REQUIRE(precheck_json(run, PRECHECK_BUNDLE, doc, root, NULL) == OK);
    char *text = yyjson_mut_write(doc, 0, NULL);
    REQUIRE(text != NULL);
    yyjson_mut_doc_free(doc);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    struct bundle b, again;
    struct errmsg why = {""};

    if (nowhere == NULL) {
        nowhere = stdout = fopen("/dev/null", "w");
        REQUIRE(nowhere != NULL);
    }
    if (bundle_parse((const char *)data, size, &b, &why) != OK) {
        require_clean(why.text);
        return 0;
    }
    for (size_t i = 0; i < sizeof b.notes.line / sizeof b.notes.line[0]; i++) {
        require_clean(b.notes.line[i]);
        require_clean(b.differences.line[i]);
    }
    for (size_t i = 0; i < checks_judged; i++) {
        const struct finding *found = &b.run->findings[i];
        REQUIRE(found->verdict <= VERDICT_SKIP || found->remedy[0] != '\0');
        REQUIRE(found->why[0] != '\0');
        require_clean(found->why);
        require_clean(found->remedy);
    }
    precheck_print_run(b.run, NULL);
    precheck_print_run(b.run, "all");
    char *text = written(b.run);
    require_clean(text);
    REQUIRE(bundle_parse(text, strlen(text), &again, &why) == OK);
    REQUIRE(again.notes.count == 0 && again.differences.count == 0);
    free(text);
    bundle_free(&again);
    bundle_free(&b);
    return 0;
}
