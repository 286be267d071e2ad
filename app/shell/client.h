/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of the local socket: what `sluice shell` speaks (doors.h has the protocol). */
#ifndef APP_SHELL_CLIENT_H
#define APP_SHELL_CLIENT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "base/err.h"

struct shell_client {
    const char *path;
    int fd; /* -1: not connected */
    char *buf;
    size_t have, size;
    const volatile sig_atomic_t *interrupts; /* counts Ctrl-C; NULL: nobody presses it */
    sig_atomic_t seen; /* as many of them were before this request, or are dealt with */
    bool told;         /* the cancel of this request is sent */
};

/* ERR_NET names the socket that was tried. */
int client_connect(struct shell_client *c, struct errmsg *why);
void client_close(struct shell_client *c);

/* Sends a request with these fields; NULL text: `key` is true. */
int client_send(struct shell_client *c, const char *key, const char *text, bool json, bool color,
                struct errmsg *why);

/* The next answer; the caller frees *doc. Ctrl-C since the request sends a cancel once, and
 * gives up (ERR_CANCELLED) when pressed again. ERR_TIMEOUT after timeout_ms (-1: none), ERR_NET
 * when the other end hung up; the connection is closed then. */
int client_receive(struct shell_client *c, int timeout_ms, yyjson_doc **doc, struct errmsg *why);

#endif
