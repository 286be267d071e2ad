/* SPDX-License-Identifier: Apache-2.0 */
/* Facts made of outside bytes: judging them ends, and what comes out is harmless text.
 *
 * A line of the input is one fact: M<mode><scope><target>, T<tables>, or <s|t|r><question><columns>
 * with the names and values after it, separated by '|' ("~" alone is SQL NULL); 0 columns is a
 * failure: <errno>|<sqlstate>|<text>. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/clean.h"
#include "app/precheck/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                              \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void take_cells(struct answer *a, const char *p, size_t len)
{
    while (len > 0) {
        const char *bar = memchr(p, '|', len);
        size_t n = bar == NULL ? len : (size_t)(bar - p);
        REQUIRE(answer_put(a, n == 1 && *p == '~' ? NULL : p, n) == OK);
        if (bar == NULL) {
            return;
        }
        p += n + 1;
        len -= n + 1;
    }
}

static void take_failure(struct answer *a, const char *sql, const char *p, size_t len)
{
    char text[600] = "";
    memcpy(text, p, len < sizeof text - 1 ? len : sizeof text - 1);
    char *state = strchr(text, '|'), *words = state == NULL ? NULL : strchr(state + 1, '|');
    if (words != NULL) {
        *state = *words = '\0';
        int code = -(int)(strtoul(text, NULL, 10) % 19);
        REQUIRE(answer_fail(a, sql, code == 0 ? ERR_SERVER : code,
                            (unsigned)strtoul(text, NULL, 10), state + 1, words + 1) == OK);
    }
}

static void take_line(struct facts *f, const char *p, size_t len)
{
    if (len >= 4 && p[0] == 'M') {
        f->mode = (enum config_mode)((unsigned char)p[1] % 3);
        f->scope = (enum config_scope)((unsigned char)p[2] % 2);
        f->server[TARGET].configured = (p[3] & 1) != 0;
    } else if (len >= 1 && p[0] == 'T') {
        free(f->tables);
        f->tables = clean_copy(p + 1, len - 1, 1 << 14);
        REQUIRE(f->tables != NULL);
    } else if (len >= 3 && strchr("str", p[0]) != NULL) {
        enum side side = p[0] == 's' ? SOURCE : p[0] == 't' ? TARGET : REPLICA;
        enum question_id q = (enum question_id)((unsigned char)(p[1] - '0') % QUESTIONS);
        struct answer *a = &f->server[side].answers[q];
        static char sql[STATEMENT_MAX];
        (void)question_ask(f, side, q, sql, sizeof sql);
        size_t columns = (unsigned char)p[2] % 8;
        if (columns == 0) {
            take_failure(a, sql, p + 3, len - 3);
        } else {
            answer_rows(a, sql, columns);
            take_cells(a, p + 3, len - 3);
        }
    }
}

/* Nothing that a terminal would obey, and valid UTF-8: a second cleaning finds nothing. */
static void require_clean(const char *text)
{
    char *again = clean_copy(text, strlen(text), strlen(text) + 16);
    REQUIRE(again != NULL && strcmp(again, text) == 0);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char host[] = "db1", user[] = "us'er", box[] = "box7";
    const char *p = (const char *)data;
    struct precheck_run *run = NULL;
    struct config cfg;

    memset(&cfg, 0, sizeof cfg);
    cfg.appliance.hostname = box;
    cfg.source = (struct config_server){
        .present = true, .host = host, .user = user, .port = 3306, .server_id = 77};
    cfg.target = cfg.source;
    REQUIRE(run_new(&cfg, &run) == OK);
    while (size > 0) {
        const char *end = memchr(p, '\n', size);
        size_t n = end == NULL ? size : (size_t)(end - p);
        take_line(&run->facts, p, n);
        p += n < size ? n + 1 : n;
        size -= n < size ? n + 1 : n;
    }
    run_judge(run);

    struct precheck_summary sum;
    precheck_summarize(run, &sum);
    require_clean(sum.text);
    for (size_t i = 0; i < checks_judged; i++) {
        const struct finding *found = &run->findings[i];
        REQUIRE(found->verdict <= VERDICT_SKIP || found->remedy[0] != '\0');
        REQUIRE(found->why[0] != '\0');
        require_clean(found->why);
        require_clean(found->remedy);
    }
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    REQUIRE(precheck_json(run, "all", doc, root, NULL) == OK);
    char *text = yyjson_mut_write(doc, 0, NULL);
    REQUIRE(text != NULL);
    require_clean(text);
    free(text);
    yyjson_mut_doc_free(doc);
    precheck_free(run);
    return 0;
}
