/* SPDX-License-Identifier: Apache-2.0 */
/* The local socket's requests: one JSON object per line (doors.h). */
#ifndef APP_SHELL_DOOR_PROTO_H
#define APP_SHELL_DOOR_PROTO_H

#include <stdbool.h>
#include <stddef.h>

#include "app/shell/shell.h"

#define DOOR_REQUEST_MAX 8192 /* bytes of a request line: SHELL_LINE_MAX with every byte escaped */

enum door_kind { DOOR_HELLO, DOOR_PASSWORD, DOOR_LINE, DOOR_COMPLETE, DOOR_CANCEL };

struct door_request {
    enum door_kind kind;
    char text[SHELL_LINE_MAX]; /* the line, the begun line or the password */
    bool json, color;
};

/* Takes a request line apart. ERR_INVALID says what is wrong with it. */
int door_request_parse(const char *line, size_t len, struct door_request *out, struct errmsg *why);

#endif
