/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server: workers that accept, read one request, let it be answered, and close. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>

#include "drivers/http/conn.h"
#include "drivers/http/http.h"
#include "drivers/tls/tls.h"

#define WORKERS_MAX 16
#define STACK_SIZE (256 * 1024) /* address space; a precheck over TLS needs about 60 KiB of it */

struct http_server {
    struct http_config cfg;
    int listen_fd;
    uint16_t port;
    atomic_bool stop;
    int wake[2]; /* closing [1] wakes all workers */
    unsigned started;
    pthread_t threads[WORKERS_MAX];
    bool tls;
    mbedtls_ssl_config conf;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
};

struct http_answer {
    struct http_conn *conn;
    const struct http_server *server;
    bool head_only;
    bool begun;
};

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {
        {200, "OK"},
        {206, "Partial Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].text;
        }
    }
    return "Answer";
}

int http_begin(struct http_answer *a, int status, const char *type, uint64_t length,
               const char *headers)
{
    char head[2048];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %" PRIu64
                     "\r\nConnection: close\r\n%s%s\r\n",
                     status, reason(status), type, length,
                     a->server->cfg.headers != NULL ? a->server->cfg.headers : "",
                     headers != NULL ? headers : "");
    if (n < 0 || (size_t)n >= sizeof head) {
        return ERR_TOOBIG;
    }
    a->begun = true;
    return conn_write(a->conn, head, (size_t)n);
}

int http_send(struct http_answer *a, const void *bytes, size_t len)
{
    return a->head_only ? 0 : conn_write(a->conn, bytes, len);
}

int http_reply(struct http_answer *a, int status, const char *type, const char *headers,
               const void *bytes, size_t len)
{
    int err = http_begin(a, status, type, len, headers);
    return err != 0 ? err : http_send(a, bytes, len);
}

static void refuse(struct http_answer *a, int status)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%d %s\n", status, reason(status));
    (void)http_reply(a, status, "text/plain; charset=utf-8", NULL, text, (size_t)n);
}

/* Reads until the empty line; returns the head's length, 0 when nothing (more) came, or the status
 * that refuses it, negative. */
static int read_head(struct http_conn *c, char *buf, size_t size, size_t *have)
{
    for (;;) {
        char *end = memmem(buf, *have, "\r\n\r\n", 4);
        if (end != NULL) {
            return (int)(end - buf) + 4;
        }
        if (*have == size) {
            return -431;
        }
        int n = conn_read(c, buf + *have, size - *have);
        if (n <= 0) {
            return 0;
        }
        *have += (size_t)n;
    }
}

static void serve(struct http_server *s, struct http_conn *c)
{
    struct http_request req;
    struct http_answer a = {.conn = c, .server = s};
    char *buf = malloc(HTTP_HEAD_MAX + HTTP_BODY_MAX + 1);
    if (buf == NULL) {
        refuse(&a, 503);
        return;
    }
    size_t have = 0;
    int head = read_head(c, buf, HTTP_HEAD_MAX, &have);
    int refused = head < 0 ? -head : head == 0 ? -1 : http_parse(buf, (size_t)head, &req);
    if (refused > 0) {
        refuse(&a, refused);
    } else if (refused == 0) {
        a.head_only = req.method == HTTP_HEAD;
        char *body = buf + head;
        size_t got = have - (size_t)head;
        int n = 1;
        while (got < req.content_length && n > 0) {
            n = conn_read(c, body + got, (size_t)req.content_length - got);
            got += n > 0 ? (size_t)n : 0;
        }
        if (n > 0) {
            req.body = body;
            req.body_len = (size_t)req.content_length;
            body[req.body_len] = '\0';
            s->cfg.handle(s->cfg.ctx, &req, &a);
            if (!a.begun) {
                refuse(&a, 500);
            }
        }
    }
    explicit_bzero(&req, sizeof req); /* it has the password */
    explicit_bzero(buf, have);
    free(buf);
}

static void *worker(void *ctx)
{
    struct http_server *s = ctx;
    while (!atomic_load(&s->stop)) {
        struct pollfd p[] = {{.fd = s->listen_fd, .events = POLLIN},
                             {.fd = s->wake[0], .events = POLLIN}};
        if (poll(p, 2, -1) <= 0 || (p[0].revents & POLLIN) == 0) {
            continue;
        }
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC); /* another may have been faster */
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                poll(NULL, 0, 100); /* it stays readable: do not spin */
            }
            continue;
        }
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct http_conn *c = malloc(sizeof *c);
        if (c == NULL) {
            close(fd);
            continue;
        }
        if (conn_open(c, fd, s->tls ? &s->conf : NULL, &s->stop) == 0) {
            serve(s, c);
        }
        conn_close(c);
        free(c);
    }
    return NULL;
}

static int listen_on(struct http_server *s, struct errmsg *why)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(s->cfg.port),
                             .sin_addr.s_addr = htonl(s->cfg.address)};
    int one = 1;
    s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listen_fd < 0) {
        return fail_errno(why, ERR_NET, "no socket for HTTP");
    }
    setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    socklen_t len = sizeof at;
    if (bind(s->listen_fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(s->listen_fd, 16) != 0 ||
        getsockname(s->listen_fd, (struct sockaddr *)&at, &len) != 0) {
        return fail_errno(why, ERR_NET, "cannot listen at port %u ([appliance] http)",
                          (unsigned)s->cfg.port);
    }
    s->port = ntohs(at.sin_port);
    return 0;
}

static int set_up_tls(struct http_server *s, struct errmsg *why)
{
    size_t len = strlen(s->cfg.pem) + 1;
    const unsigned char *pem = (const unsigned char *)s->cfg.pem;
    if (tls_init() != 0 ||
        mbedtls_pk_parse_key(&s->key, pem, len, NULL, 0, mbedtls_psa_get_random,
                             MBEDTLS_PSA_RANDOM_STATE) != 0 ||
        mbedtls_x509_crt_parse(&s->cert, pem, len) != 0 ||
        mbedtls_ssl_config_defaults(&s->conf, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        mbedtls_ssl_conf_own_cert(&s->conf, &s->cert, &s->key) != 0) {
        return fail(why, ERR_TLS, "the HTTPS certificate cannot be used");
    }
    mbedtls_ssl_conf_rng(&s->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_authmode(&s->conf, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_ciphersuites(&s->conf, tls_cipher_order());
    return 0;
}

int http_start(const struct http_config *cfg, struct http_server **out, struct errmsg *why)
{
    struct http_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return fail(why, ERR_NOMEM, "no memory for the HTTP server");
    }
    s->cfg = *cfg;
    s->listen_fd = s->wake[0] = s->wake[1] = -1;
    s->tls = cfg->pem != NULL;
    mbedtls_ssl_config_init(&s->conf);
    mbedtls_x509_crt_init(&s->cert);
    mbedtls_pk_init(&s->key);
    int err = s->tls ? set_up_tls(s, why) : 0;
    err = err != 0 ? err : listen_on(s, why);
    if (err == 0 && pipe2(s->wake, O_CLOEXEC) != 0) {
        err = fail_errno(why, ERR_IO, "no pipe for the HTTP server");
    }
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    for (unsigned i = 0; err == 0 && i < cfg->workers && i < WORKERS_MAX; i++) {
        int rc = pthread_create(&s->threads[i], &attr, worker, s);
        if (rc != 0) {
            err = fail(why, ERR_NOMEM, "no thread for the HTTP server: %s", strerror(rc));
        } else {
            s->started++;
        }
    }
    pthread_attr_destroy(&attr);
    if (err != 0) {
        http_stop(s);
        return err;
    }
    *out = s;
    return 0;
}

uint16_t http_port(const struct http_server *s)
{
    return s->port;
}

void http_stop(struct http_server *s)
{
    if (s == NULL) {
        return;
    }
    atomic_store(&s->stop, true);
    if (s->wake[1] >= 0) {
        close(s->wake[1]);
    }
    for (unsigned i = 0; i < s->started; i++) {
        pthread_join(s->threads[i], NULL);
    }
    if (s->wake[0] >= 0) {
        close(s->wake[0]);
    }
    if (s->listen_fd >= 0) {
        close(s->listen_fd);
    }
    mbedtls_ssl_config_free(&s->conf);
    mbedtls_x509_crt_free(&s->cert);
    mbedtls_pk_free(&s->key);
    free(s);
}
