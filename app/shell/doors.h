/* SPDX-License-Identifier: Apache-2.0 */
/* The doors into the shell of a running appliance: local socket and HTTP. */
#ifndef APP_SHELL_DOORS_H
#define APP_SHELL_DOORS_H

#include <stddef.h>

#include "base/err.h"

struct app;

#define DOOR_SOCKET_PATH "/run/sluice/sock"

/* Listens at `path` (mode 0600; its folder is made if it is missing, an abandoned socket is
 * replaced, one that answers is ERR_BUSY). One JSON object per line each way:
 *
 *   {"hello":true}                 {"hello":{"name","version","login","banner":["…"]}}
 *   {"password":"…"}               {"login":true}, or an error; only asked if hello's login is true
 *   {"line":"…","json":b,"color":b}  {"progress":"…"}* then {"text":"…" or "result":{…},"exit":N}
 *   {"complete":"store l"}         {"words":["list"],"begun":1,"hint":"…"}
 *   {"cancel":true}                ends the command that runs; no answer of its own
 *
 * While a command runs, anything that arrives (and hanging up) cancels it. */
int door_socket_start(struct app *app, const char *path, struct errmsg *why);
void door_socket_stop(void); /* cancels what runs, waits for it; harmless if not started */

const char *door_socket_path(void); /* "" if not started */

/* Listens as [appliance] http says; without a password in the config it stays closed and returns
 * 0. ERR_NET when the address cannot be had. */
int door_http_start(struct app *app, struct errmsg *why);
void door_http_stop(void); /* harmless if not started */

/* "https, port 443" or "closed: …" and why; the SHA-256 of the certificate that HTTPS shows,
 * "AB:CD:…", "" without HTTPS. Any thread. */
void door_http_describe(char *state, size_t state_size, char *fingerprint,
                        size_t fingerprint_size);

#endif
