/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as one event or error packet: parsed or refused, never read past their end. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/relay/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event_format format;
    struct event_error error;
    struct event_header header;
    struct errmsg why;
    char name[64];
    uint64_t pos = 0;
    /* A copy of its own size, so that the sanitizer sees the very end. */
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(bytes, data, size);
    }
    if (size >= EVENT_HEADER_LEN && event_header_parse(bytes, &header) == OK) {
        (void)event_is_stored(&header);
    }
    (void)event_format_parse(bytes, size, &format, &why);
    if (event_rotate_parse(bytes, size, false, name, sizeof name, &pos, &why) == OK &&
        strlen(name) >= sizeof name) {
        abort();
    }
    (void)event_rotate_parse(bytes, size, true, name, sizeof name, &pos, &why);
    (void)event_checksum_ok(bytes, size);
    (void)event_error_parse(bytes, size, &error);
    free(bytes);
    return 0;
}
