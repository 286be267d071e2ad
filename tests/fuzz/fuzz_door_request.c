/* SPDX-License-Identifier: Apache-2.0 */
/* What arrives at the doors before anybody is known: a request line at the local socket, a head at
 * the HTTP door with its ranges and passwords. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/shell/door_proto.h"
#include "drivers/http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void http(const char *bytes, size_t size)
{
    struct http_request req;
    if (http_parse(bytes, size, &req) != 0) {
        return;
    }
    if (req.path[0] != '/' || req.content_length > HTTP_BODY_MAX) {
        abort();
    }
    static const uint64_t sizes[] = {0, 1, 1000, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t from, to;
        int status = http_range(req.range, sizes[i], &from, &to);
        if (status != 416 && (from > to || to > sizes[i] || (status == 206 && from == to))) {
            abort();
        }
    }
    char user[16], password[64];
    if (http_basic(req.authorization, user, sizeof user, password, sizeof password) &&
        (strlen(user) >= sizeof user || strlen(password) >= sizeof password)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct door_request req;
    struct errmsg why;
    /* Copies of the exact size, so that a byte too much is seen. */
    char *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL) {
        return 0;
    }
    memcpy(bytes, data, size);
    if (door_request_parse(bytes, size, &req, &why) == 0 &&
        memchr(req.text, '\0', sizeof req.text) == NULL) {
        abort();
    }
    http(bytes, size);
    free(bytes);
    return 0;
}
