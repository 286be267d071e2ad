/* SPDX-License-Identifier: Apache-2.0 */
/* Between the HTTP door (door_http.c) and what it shows: page, metrics, binlogs. */
#ifndef APP_SHELL_DOOR_HTTP_H
#define APP_SHELL_DOOR_HTTP_H

#include "app/shell/shell.h"
#include "drivers/http/http.h"

struct app;

/* The Content-Security-Policy line that lets the page's own style and script run, and nothing
 * else. Made once. */
const char *page_policy(void);
/* GET / */
void page_answer(struct app *app, struct http_answer *a);
/* GET /metrics */
void metrics_answer(struct app *app, struct http_answer *a);
/* GET /api/v1/binlogs/NAME */
void binlog_answer(struct app *app, const struct http_request *req, const char *name,
                   struct http_answer *a);

/* The certificate that was kept, or a new one for this host name and the box's addresses. */
int door_certificate(const char *name, struct http_certificate *cert, struct errmsg *why);

/* Runs a line for a door that does not wait; the caller frees *doc. NULL without memory. */
yyjson_mut_val *door_run(struct app *app, const char *line, yyjson_mut_doc **doc, int *exit_code);

/* {"error": {"code", "message", "do"}} */
void door_error(struct http_answer *a, int status, const char *code, const char *message,
                const char *advice, const char *headers);

#endif
