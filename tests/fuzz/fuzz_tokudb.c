/* SPDX-License-Identifier: Apache-2.0 */
/* A table's definition made of outside bytes: the search for a clustering key ends, and what it
 * finds is a line of it that says so. */
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "app/precheck/tokudb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t len = 0;
    const char *line = tokudb_clustering(text, size, &len);

    if (line == NULL) {
        return 0;
    }
    if (line < text || len > size || (size_t)(line - text) > size - len) {
        abort();
    }
    for (size_t i = 0; i + 10 <= len; i++) {
        if (strncasecmp(line + i, "CLUSTERING", 10) == 0) {
            return 0;
        }
    }
    abort();
}
