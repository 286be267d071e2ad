/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of the HTTP server: bytes with deadlines, plain or through TLS. */
#include "drivers/http/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <mbedtls/net_sockets.h>

#include "base/err.h"

#define LOOK_MS 250 /* how often a wait looks whether the server ends */

static int wait_for(struct http_conn *c, short events)
{
    for (;;) {
        int64_t left = c->deadline_ms - now_monotonic_ms();
        if (left <= 0 || atomic_load(c->stop)) {
            return ERR_TIMEOUT;
        }
        struct pollfd p = {.fd = c->fd, .events = events};
        int n = poll(&p, 1, left < LOOK_MS ? (int)left : LOOK_MS);
        if (n > 0) {
            return 0;
        }
        if (n < 0 && errno != EINTR) {
            return ERR_NET;
        }
    }
}

/* The socket is non-blocking: a wait is ours, with a deadline. */
static int raw_read(void *ctx, unsigned char *buf, size_t len)
{
    struct http_conn *c = ctx;
    for (;;) {
        ssize_t n = recv(c->fd, buf, len, 0);
        if (n >= 0) {
            return (int)n;
        }
        if (errno != EINTR && errno != EAGAIN) {
            return MBEDTLS_ERR_NET_RECV_FAILED;
        }
        if (errno == EAGAIN && wait_for(c, POLLIN) != 0) {
            return MBEDTLS_ERR_SSL_TIMEOUT;
        }
    }
}

static int raw_write(void *ctx, const unsigned char *buf, size_t len)
{
    struct http_conn *c = ctx;
    for (;;) {
        ssize_t n = send(c->fd, buf, len, MSG_NOSIGNAL);
        if (n >= 0) {
            return (int)n;
        }
        if (errno != EINTR && errno != EAGAIN) {
            return MBEDTLS_ERR_NET_SEND_FAILED;
        }
        if (errno == EAGAIN && wait_for(c, POLLOUT) != 0) {
            return MBEDTLS_ERR_SSL_TIMEOUT;
        }
    }
}

int conn_open(struct http_conn *c, int fd, const mbedtls_ssl_config *conf, const atomic_bool *stop)
{
    memset(c, 0, sizeof *c);
    c->fd = fd;
    c->stop = stop;
    c->deadline_ms = now_monotonic_ms() + CONN_TAKE_MS;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (conf == NULL) {
        return 0;
    }
    c->tls = true;
    mbedtls_ssl_init(&c->ssl);
    if (mbedtls_ssl_setup(&c->ssl, conf) != 0) {
        return ERR_TLS;
    }
    mbedtls_ssl_set_bio(&c->ssl, c, raw_write, raw_read, NULL);
    if (mbedtls_ssl_handshake(&c->ssl) != 0) {
        return ERR_TLS;
    }
    c->deadline_ms = now_monotonic_ms() + CONN_TAKE_MS;
    return 0;
}

int conn_read(struct http_conn *c, void *buf, size_t len)
{
    int n = c->tls ? mbedtls_ssl_read(&c->ssl, buf, len) : raw_read(c, buf, len);
    if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || n == MBEDTLS_ERR_SSL_CONN_EOF) {
        return 0;
    }
    return n < 0 ? ERR_NET : n;
}

int conn_write(struct http_conn *c, const void *buf, size_t len)
{
    const unsigned char *p = buf;
    while (len > 0) {
        c->deadline_ms = now_monotonic_ms() + CONN_GIVE_MS;
        int n = c->tls ? mbedtls_ssl_write(&c->ssl, p, len) : raw_write(c, p, len);
        if (n <= 0) {
            return ERR_NET;
        }
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

void conn_close(struct http_conn *c)
{
    if (c->tls) {
        c->deadline_ms = now_monotonic_ms() + 1000;
        (void)mbedtls_ssl_close_notify(&c->ssl);
        mbedtls_ssl_free(&c->ssl);
    }
    /* What the other end sent and nobody read would turn the close into a reset that destroys the
     * answer on its way: shut down, and read a little more. */
    shutdown(c->fd, SHUT_WR);
    char rest[512];
    c->deadline_ms = now_monotonic_ms() + 500;
    for (int i = 0; i < 32 && wait_for(c, POLLIN) == 0 && recv(c->fd, rest, sizeof rest, 0) > 0;
         i++) {
    }
    close(c->fd);
}
