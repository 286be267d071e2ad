/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted MySQL server on loopback for tests: it keeps every byte that reaches it in clear. */
#ifndef TESTS_UNIT_FAKE_MYSQL_H
#define TESTS_UNIT_FAKE_MYSQL_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mbedtls/ecp.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

/* ---- certificates ---------------------------------------------------------------------------- */

struct cert {
    mbedtls_pk_context key;
    char name[64], pem[4096], key_pem[1024];
};

/* A certificate for subject (a CN) with the alternative name san ("" none; an address becomes an
 * address), signed by issuer (NULL: itself, as a CA), valid between the two YYYYMMDD. */
static inline void cert_make(struct cert *c, const char *subject, const char *san,
                             const struct cert *issuer, const char *from, const char *to)
{
    mbedtls_x509write_cert w;
    mbedtls_x509_san_list list = {.next = NULL};
    unsigned char raw[16], serial = 1;
    char dn[96], begin[16], end[16], issuer_dn[96];
    const struct cert *by = issuer == NULL ? c : issuer;

    snprintf(c->name, sizeof(c->name), "%s", subject);
    mbedtls_pk_init(&c->key);
    if (mbedtls_pk_setup(&c->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) != 0 ||
        mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(c->key),
                            mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE) != 0) {
        abort();
    }
    snprintf(dn, sizeof(dn), "CN=%s", subject);
    snprintf(issuer_dn, sizeof(issuer_dn), "CN=%s", by->name);
    snprintf(begin, sizeof(begin), "%s000000", from);
    snprintf(end, sizeof(end), "%s000000", to);
    mbedtls_x509write_crt_init(&w);
    mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_version(&w, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_subject_key(&w, &c->key);
    mbedtls_x509write_crt_set_issuer_key(&w, (mbedtls_pk_context *)(uintptr_t)&by->key);
    if (san[0] != '\0') {
        if (inet_pton(AF_INET, san, raw) == 1) {
            list.node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
            list.node.san.unstructured_name.p = raw;
            list.node.san.unstructured_name.len = 4;
        } else {
            list.node.type = MBEDTLS_X509_SAN_DNS_NAME;
            list.node.san.unstructured_name.p = (unsigned char *)(uintptr_t)san;
            list.node.san.unstructured_name.len = strlen(san);
        }
        if (mbedtls_x509write_crt_set_subject_alternative_name(&w, &list) != 0) {
            abort();
        }
    }
    if (mbedtls_x509write_crt_set_subject_name(&w, dn) != 0 ||
        mbedtls_x509write_crt_set_issuer_name(&w, issuer_dn) != 0 ||
        mbedtls_x509write_crt_set_serial_raw(&w, &serial, 1) != 0 ||
        mbedtls_x509write_crt_set_validity(&w, begin, end) != 0 ||
        mbedtls_x509write_crt_set_basic_constraints(&w, issuer == NULL, -1) != 0 ||
        mbedtls_x509write_crt_pem(&w, (unsigned char *)c->pem, sizeof(c->pem),
                                  mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE) != 0 ||
        mbedtls_pk_write_key_pem(&c->key, (unsigned char *)c->key_pem, sizeof(c->key_pem)) != 0) {
        abort();
    }
    mbedtls_x509write_crt_free(&w);
}

static inline void cert_free(struct cert *c)
{
    mbedtls_pk_free(&c->key);
}

/* ---- the server ------------------------------------------------------------------------------ */

#define CAP_BASE 0x00188200UL /* protocol 41, secure connection, plugin auth, connect attributes */
#define CAP_SSL 0x00000800UL

struct fake {
    void (*script)(struct fake *f); /* runs once for every connection, then it is closed */
    const char *plugin;             /* of the greeting */
    const struct cert *cert, *client_ca; /* with TLS; client_ca: demand a client certificate */
    const char *password;
    const char *rsa_private_pem;
    void *more;

    int listener, fd;
    uint16_t port;
    pthread_t thread;
    int connections;

    uint8_t seen[65536]; /* every byte that came in clear (TLS records included) */
    size_t seen_len;
    uint8_t packet[70000]; /* the last packet */
    size_t packet_len;
    char secret[256]; /* what the script understood as the password */

    bool tls;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    mbedtls_x509_crt crt, ca;
    mbedtls_pk_context key;
};

static const uint8_t fake_nonce[20] = "abcdefghijklmnopqrs";

static inline int fake_bio_recv(void *ctx, unsigned char *buf, size_t len)
{
    struct fake *f = (struct fake *)ctx;
    ssize_t n = recv(f->fd, buf, len, 0);
    if (n <= 0) {
        return MBEDTLS_ERR_NET_CONN_RESET;
    }
    for (ssize_t i = 0; i < n && f->seen_len < sizeof(f->seen); i++) {
        f->seen[f->seen_len++] = buf[i];
    }
    return (int)n;
}

static inline int fake_bio_send(void *ctx, const unsigned char *buf, size_t len)
{
    ssize_t n = send(((struct fake *)ctx)->fd, buf, len, MSG_NOSIGNAL);
    return n < 0 ? MBEDTLS_ERR_NET_CONN_RESET : (int)n;
}

static inline bool fake_write(struct fake *f, const void *bytes, size_t len)
{
    const unsigned char *p = (const unsigned char *)bytes;
    while (len > 0) {
        int n = f->tls ? mbedtls_ssl_write(&f->ssl, p, len) : fake_bio_send(f, p, len);
        if (n <= 0) {
            return false;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool fake_read(struct fake *f, void *bytes, size_t len)
{
    unsigned char *p = (unsigned char *)bytes;
    while (len > 0) {
        int n = f->tls ? mbedtls_ssl_read(&f->ssl, p, len) : fake_bio_recv(f, p, len);
        if (n <= 0) {
            return false;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool fake_send(struct fake *f, uint8_t seq, const void *payload, size_t len)
{
    uint8_t head[4] = {(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16), seq};
    return fake_write(f, head, 4) && fake_write(f, payload, len);
}

/* One packet into f->packet; its sequence number, or -1. */
static inline int fake_recv(struct fake *f)
{
    uint8_t head[4];
    if (!fake_read(f, head, 4)) {
        return -1;
    }
    f->packet_len = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
    if (f->packet_len > sizeof(f->packet) || !fake_read(f, f->packet, f->packet_len)) {
        return -1;
    }
    return head[3];
}

/* Read whatever comes until the client closes. */
static inline void fake_drain(struct fake *f)
{
    uint8_t byte;
    while (fake_read(f, &byte, 1)) {
    }
}

static inline size_t fake_greeting(uint8_t *to, unsigned long caps, const char *plugin)
{
    uint8_t *p = to;
    *p++ = 10;
    p += sprintf((char *)p, "5.5.5-10.11.99-MariaDB") + 1;
    memcpy(p, "\1\0\0\0", 4);
    memcpy(p + 4, fake_nonce, 8);
    p += 12;
    *p++ = 0;
    *p++ = (uint8_t)caps;
    *p++ = (uint8_t)(caps >> 8);
    *p++ = 45;
    *p++ = 2;
    *p++ = 0;
    *p++ = (uint8_t)(caps >> 16);
    *p++ = (uint8_t)(caps >> 24);
    *p++ = 21;
    memset(p, 0, 10);
    p += 10;
    memcpy(p, fake_nonce + 8, 12);
    p += 12;
    *p++ = 0;
    p += sprintf((char *)p, "%s", plugin) + 1;
    return (size_t)(p - to);
}

static inline bool fake_greet(struct fake *f, unsigned long caps)
{
    uint8_t g[256];
    size_t n = fake_greeting(g, CAP_BASE | caps, f->plugin);
    return fake_send(f, 0, g, n);
}

static inline bool fake_ok(struct fake *f, int seq)
{
    return fake_send(f, (uint8_t)seq, "\0\0\0\2\0\0\0", 7);
}

static inline bool fake_error(struct fake *f, int seq, unsigned number, const char *text)
{
    char p[512];
    int n = snprintf(p, sizeof(p), "%c%c%c#28000%s", 0xff, (char)number, (char)(number >> 8), text);
    return fake_send(f, (uint8_t)seq, p, (size_t)n);
}

/* The handshake response's user, password answer and plugin name as one readable text. */
static inline const char *fake_user(const struct fake *f)
{
    return f->packet_len > 32 ? (const char *)f->packet + 32 : "";
}

/* Become a TLS server on this connection. */
static inline bool fake_start_tls(struct fake *f)
{
    int rc;

    mbedtls_ssl_init(&f->ssl);
    mbedtls_ssl_config_init(&f->conf);
    mbedtls_x509_crt_init(&f->crt);
    mbedtls_x509_crt_init(&f->ca);
    mbedtls_pk_init(&f->key);
    if (mbedtls_x509_crt_parse(&f->crt, (const unsigned char *)f->cert->pem,
                               strlen(f->cert->pem) + 1) != 0 ||
        mbedtls_pk_parse_key(&f->key, (const unsigned char *)f->cert->key_pem,
                             strlen(f->cert->key_pem) + 1, NULL, 0, mbedtls_psa_get_random,
                             MBEDTLS_PSA_RANDOM_STATE) != 0 ||
        mbedtls_ssl_config_defaults(&f->conf, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0) {
        abort();
    }
    mbedtls_ssl_conf_rng(&f->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    if (f->client_ca != NULL) {
        if (mbedtls_x509_crt_parse(&f->ca, (const unsigned char *)f->client_ca->pem,
                                   strlen(f->client_ca->pem) + 1) != 0) {
            abort();
        }
        mbedtls_ssl_conf_ca_chain(&f->conf, &f->ca, NULL);
        mbedtls_ssl_conf_authmode(&f->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
        /* mbedTLS's TLS 1.3 server sends this refusal under keys that clients have left behind. */
        mbedtls_ssl_conf_max_tls_version(&f->conf, MBEDTLS_SSL_VERSION_TLS1_2);
    }
    if (mbedtls_ssl_conf_own_cert(&f->conf, &f->crt, &f->key) != 0 ||
        mbedtls_ssl_setup(&f->ssl, &f->conf) != 0) {
        abort();
    }
    mbedtls_ssl_set_bio(&f->ssl, f, fake_bio_send, fake_bio_recv, NULL);
    do {
        rc = mbedtls_ssl_handshake(&f->ssl);
    } while (rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE);
    f->tls = true;
    return rc == 0;
}

static inline void fake_end_tls(struct fake *f)
{
    if (f->tls) {
        mbedtls_ssl_free(&f->ssl);
        mbedtls_ssl_config_free(&f->conf);
        mbedtls_x509_crt_free(&f->crt);
        mbedtls_x509_crt_free(&f->ca);
        mbedtls_pk_free(&f->key);
        f->tls = false;
    }
}

static inline void *fake_run(void *arg)
{
    struct fake *f = (struct fake *)arg;
    for (;;) {
        f->fd = accept(f->listener, NULL, NULL);
        if (f->fd < 0) {
            return NULL;
        }
        f->connections++;
        f->script(f);
        fake_end_tls(f);
        close(f->fd);
    }
}

static inline void fake_start(struct fake *f)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);

    if (f->plugin == NULL) {
        f->plugin = "caching_sha2_password";
    }
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(f->listener, (struct sockaddr *)&a, size) != 0 || listen(f->listener, 4) != 0 ||
        getsockname(f->listener, (struct sockaddr *)&a, &size) != 0 ||
        pthread_create(&f->thread, NULL, fake_run, f) != 0) {
        abort();
    }
    f->port = ntohs(a.sin_port);
}

static inline void fake_stop(struct fake *f)
{
    shutdown(f->listener, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listener);
}

/* Whether text occurs among the bytes that came in clear. */
static inline bool fake_saw(const struct fake *f, const char *text)
{
    return memmem(f->seen, f->seen_len, text, strlen(text)) != NULL;
}

#endif
