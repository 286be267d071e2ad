/* SPDX-License-Identifier: Apache-2.0 */
/* The first bytes of whatever answers on a server's port. */
#include <stdlib.h>

#include "drivers/tls/db_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct greeting g;

    greeting_read(&g, data, size);
    if (strlen(g.state) != 5 || strlen(g.text) >= sizeof(g.text)) {
        abort();
    }
    for (const char *p = g.text; *p != '\0'; p++) {
        if (*p < 0x20 || *p > 0x7e) {
            abort();
        }
    }
    /* More bytes never turn a refusal into a greeting. */
    if (size > 5) {
        struct greeting shorter;
        greeting_read(&shorter, data, 5);
        if (shorter.kind != g.kind) {
            abort();
        }
    }
    return 0;
}
