/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTP/1.1 server, plain or on TLS: one request per connection, GET, HEAD and POST, a fixed
 * number of workers, every wait with a deadline. It knows no routes.
 *
 * Our own because what is needed is this little: the known embeddable servers bring file serving,
 * CGI and URL rewriting, and wait without end (or in a busy loop) in mbedTLS's handshake. */
#ifndef DRIVERS_HTTP_HTTP_H
#define DRIVERS_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HTTP_HEAD_MAX 8192 /* bytes of request line and headers */
#define HTTP_BODY_MAX 8192 /* bytes of a request's body */
#define HTTP_PATH_MAX 512

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

struct http_request {
    enum http_method method;
    char path[HTTP_PATH_MAX];  /* begins with '/', %XX decoded, without the query */
    char authorization[512];   /* these headers' values; "" when absent */
    char range[128];
    char content_type[128];
    uint64_t content_length;
    bool has_length;
    size_t body_len;
    char *body; /* NUL-terminated */
};

/* Takes the head (request line and headers, with the empty line) apart. Returns 0 or the HTTP
 * status that refuses it: 400, 413, 414, 501, 505. */
int http_parse(const char *head, size_t len, struct http_request *req);

/* "bytes=FROM-TO" of something with `size` bytes into [*from, *to). Returns 206, 200 when there is
 * no (usable) range, or 416. */
int http_range(const char *range, uint64_t size, uint64_t *from, uint64_t *to);

/* User and password out of "Basic …"; false for anything else. */
bool http_basic(const char *authorization, char *user, size_t user_size, char *password,
                size_t password_size);

/* ---- answering ---- */

struct http_answer; /* one connection's */

/* Sends the head. `headers`: more lines, each ended by \r\n, or NULL. `length` bytes must follow
 * unless the request was HEAD. ERR_NET when the other end is gone or takes nothing. */
int http_begin(struct http_answer *a, int status, const char *type, uint64_t length,
               const char *headers);
int http_send(struct http_answer *a, const void *bytes, size_t len);
/* Both at once. */
int http_reply(struct http_answer *a, int status, const char *type, const char *headers,
               const void *bytes, size_t len);

/* ---- the server ---- */

struct http_certificate {
    char *pem; /* key and certificate, NUL-terminated */
    char fingerprint[96]; /* SHA-256 "AB:CD:…" */
};

/* Makes an ECDSA P-256 key and a certificate signed with it for the name and the IPv4 addresses
 * (host byte order). `from` and `to`: "20260101000000". ERR_TLS. */
int http_certificate_make(const char *name, const uint32_t *addresses, size_t count,
                          const char *from, const char *to, struct http_certificate *out,
                          struct errmsg *why);
/* The same from a PEM text made before. ERR_TLS if it is none. */
int http_certificate_load(const char *pem, struct http_certificate *out, struct errmsg *why);
void http_certificate_free(struct http_certificate *c); /* wipes the key */

struct http_config {
    uint32_t address; /* host byte order, 0: all */
    uint16_t port;    /* 0: any free one */
    const char *pem;  /* key and certificate; NULL: plain HTTP */
    unsigned workers;
    const char *headers; /* sent with every answer, lines ended by \r\n; the caller's */
    void (*handle)(void *ctx, const struct http_request *req, struct http_answer *a);
    void *ctx;
};

struct http_server;

int http_start(const struct http_config *cfg, struct http_server **out, struct errmsg *why);
uint16_t http_port(const struct http_server *s);
void http_stop(struct http_server *s); /* ends running answers, waits; NULL is fine */

#endif
