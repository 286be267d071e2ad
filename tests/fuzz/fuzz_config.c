/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a config: parsed, shown, freed; what was accepted is accepted again. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_fake(void *ctx, const char *name, char **text, struct errmsg *why)
{
    (void)ctx;
    if (strlen(name) % 3 == 0) {
        return fail(why, ERR_NOT_FOUND, "%.64s cannot be opened", name);
    }
    *text = strdup(strlen(name) % 3 == 1 ? "-----BEGIN CERTIFICATE-----\n" : "nothing");
    return *text != NULL ? 0 : ERR_NOMEM;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config c;
    static struct config_mistakes m;
    static char buf[16384];

    int rc = config_parse((const char *)data, size, read_fake, NULL, &c, &m);
    if ((rc == 0) != (m.count == 0)) {
        abort();
    }
    size_t len = config_mistakes_format(&m, "x", buf, sizeof buf);
    if (len >= sizeof buf || buf[len] != '\0') {
        abort();
    }
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_row *row = &schema_rows[i];
        static struct config again;
        static struct config_mistakes none;
        static char text[16384];
        if (config_get(&c, row->pub.section, row->pub.key, buf, sizeof buf, NULL) != 0) {
            abort();
        }
        /* Whatever was taken from the input is a value that the key takes. */
        if (c.given[i] != 0 && rc == 0 && value_format(row, &c, buf, sizeof buf) == 0 &&
            buf[0] != '\0') {
            int n = snprintf(text, sizeof text, "[%s]\n%s = \"%s\"\n", row->pub.section,
                             row->pub.key, buf);
            config_parse(text, (size_t)n, NULL, NULL, &again, &none);
            for (size_t k = 0; k < none.count && k < 32; k++) {
                if (none.list[k].line == 2 && strstr(none.list[k].text, "needs") == NULL &&
                    strstr(none.list[k].text, "missing") == NULL) {
                    abort();
                }
            }
            config_free(&again);
        }
    }
    config_free(&c);
    return 0;
}
