/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the HTTP server: bytes with deadlines, plain or through TLS. */
#ifndef DRIVERS_HTTP_CONN_H
#define DRIVERS_HTTP_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ssl.h>

#include "base/now.h"

struct http_conn {
    int fd;
    const atomic_bool *stop; /* the server ends: give up */
    int64_t deadline_ms;     /* monotonic; a wait beyond it fails */
    bool tls;
    mbedtls_ssl_context ssl;
};

#define CONN_TAKE_MS 5000  /* for the handshake, and again for the request */
#define CONN_GIVE_MS 20000 /* the other end takes nothing for so long */

/* Takes over fd; with `conf` the handshake is done. ERR_NET, ERR_TLS. */
int conn_open(struct http_conn *c, int fd, const mbedtls_ssl_config *conf, const atomic_bool *stop);
/* At least one byte; 0 at the end; negative: ERR_NET. */
int conn_read(struct http_conn *c, void *buf, size_t len);
/* All of them. */
int conn_write(struct http_conn *c, const void *buf, size_t len);
void conn_close(struct http_conn *c);

#endif
