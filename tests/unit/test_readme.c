/* SPDX-License-Identifier: Apache-2.0 */
/* The README's tables of config keys, checks and failure classes are those of the program. A line
 * that is missing is printed as it must stand there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/checks.h"
#include "app/relay/failure.h"
#include "config/config.h"

#include <cmocka.h> /* last: it has a macro named fail */

static char readme[256 * 1024];
static size_t missing;

static int load(void **state)
{
    FILE *f = fopen("README.md", "r");
    if (f == NULL) {
        print_error("README.md is not in the current folder\n");
        return -1;
    }
    size_t n = fread(readme, 1, sizeof readme - 1, f);
    fclose(f);
    return n > 0 ? 0 : -1;
}

/* A "|" inside a cell would end it. */
static void put_cell(char *line, size_t size, const char *text)
{
    size_t at = strlen(line);
    for (; *text != '\0' && at + 3 < size; text++) {
        if (*text == '|') {
            line[at++] = '\\';
        }
        line[at++] = *text;
    }
    line[at] = '\0';
}

static void expect_row(const char *const *cells, size_t count)
{
    char line[1024] = "|";
    for (size_t i = 0; i < count; i++) {
        strcat(line, " ");
        put_cell(line, sizeof line - 4, cells[i]);
        strcat(line, " |");
    }
    if (strstr(readme, line) == NULL) {
        print_message("README.md lacks: %s\n", line);
        missing++;
    }
}

static void config_keys(void **state)
{
    missing = 0;
    const struct config_row *row = NULL;
    for (size_t i = 0; (row = config_schema(i)) != NULL; i++) {
        char key[80];
        snprintf(key, sizeof key, "`%s.%s`", row->section, row->key);
        const char *fallback = row->fallback != NULL ? row->fallback : "–";
        const char *cells[] = {key, row->allowed, fallback, row->help};
        expect_row(cells, 4);
    }
    assert_int_equal(missing, 0);
}

static void checks_with_their_rules(void **state)
{
    missing = 0;
    for (size_t i = 0; i < check_count; i++) {
        char code[16] = "–";
        if (checks[i].code != 0) {
            snprintf(code, sizeof code, "%d", checks[i].code);
        }
        const char *cells[] = {code, checks[i].name, checks[i].when, checks[i].rule};
        expect_row(cells, 4);
    }
    assert_int_equal(missing, 0);
}

static void failure_classes(void **state)
{
    static const char *const action[] = {
        [FAILURE_RETRY] = "for ever", [FAILURE_BOUNDED] = "a few times", [FAILURE_STOP] = "no"};
    missing = 0;
    const struct failure_class *row = NULL;
    for (size_t i = 0; (row = failure_row(i)) != NULL; i++) {
        const char *cells[] = {row->name, action[row->action], row->advice};
        expect_row(cells, 3);
    }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(config_keys, load),
        cmocka_unit_test_setup(checks_with_their_rules, load),
        cmocka_unit_test_setup(failure_classes, load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
