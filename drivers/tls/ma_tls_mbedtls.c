/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connector/C's TLS back end (ma_tls.h) on mbedTLS.
 *
 * The handshake and the verdict on the certificate are one step, ma_tls_connect(): there is no
 * moment at which TLS stands and the certificate is not judged. Reading and writing go through
 * the socket's own methods, so that the deadlines and the cancel flag hold here too.
 */
#include "drivers/tls/db_internal.h"

#include <arpa/inet.h>
#include <errmsg.h>
#include <ma_hash.h>
#include <ma_tls.h>
#include <mbedtls/md.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/version.h>

#include "base/reader.h"
#include "drivers/tls/tls.h"

struct tls {
    struct db *db;
    MARIADB_PVIO *pvio;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
};

char tls_library_version[TLS_VERSION_LENGTH] = "mbedTLS " MBEDTLS_VERSION_STRING;

extern my_bool ma_tls_initialized;

int ma_tls_start(char *errmsg, size_t errmsg_len)
{
    if (tls_init() != OK) {
        snprintf(errmsg, errmsg_len, "the crypto library does not start");
        return 1;
    }
    ma_tls_initialized = TRUE;
    return 0;
}

/* The crypto library is shared with the HTTP door: it stays. */
void ma_tls_end(void)
{
    ma_tls_initialized = FALSE;
}

/* The socket's answer in mbedTLS's words. A wait that ended is "try again": the session stays
 * usable after a timeout. */
static int bio_error(const struct db *db, int otherwise, int again)
{
    return db->io == IO_TIMEOUT || db->io == IO_CANCELLED ? again : otherwise;
}

static int bio_send(void *ctx, const unsigned char *buf, size_t len)
{
    struct tls *t = (struct tls *)ctx;
    ssize_t n = t->pvio->methods->write(t->pvio, buf, len < INT_MAX ? len : INT_MAX);
    if (n >= 0) {
        return (int)n;
    }
    return bio_error(t->db, MBEDTLS_ERR_NET_SEND_FAILED, MBEDTLS_ERR_SSL_WANT_WRITE);
}

static int bio_recv(void *ctx, unsigned char *buf, size_t len)
{
    struct tls *t = (struct tls *)ctx;
    ssize_t n = t->pvio->methods->read(t->pvio, buf, len < INT_MAX ? len : INT_MAX);
    if (n > 0) {
        return (int)n;
    }
    if (n == 0) {
        return MBEDTLS_ERR_SSL_CONN_EOF;
    }
    return bio_error(t->db, MBEDTLS_ERR_NET_RECV_FAILED, MBEDTLS_ERR_SSL_WANT_READ);
}

static bool is_address(const char *host)
{
    unsigned char raw[16];
    return inet_pton(AF_INET, host, raw) == 1 || inet_pton(AF_INET6, host, raw) == 1;
}

static void tls_free(struct tls *t)
{
    mbedtls_ssl_free(&t->ssl);
    mbedtls_ssl_config_free(&t->conf);
    free(t);
}

void *ma_tls_init(MYSQL *mysql)
{
    struct db *db = db_of(mysql);
    struct tls *t = (struct tls *)calloc(1, sizeof(*t));

    if (t == NULL) {
        db_verdict(db, ERR_NOMEM, CR_OUT_OF_MEMORY, "no memory for TLS");
        return NULL;
    }
    t->db = db;
    t->pvio = mysql->net.pvio;
    mbedtls_ssl_init(&t->ssl);
    mbedtls_ssl_config_init(&t->conf);

    /* What the server sent in clear behind its greeting would be taken for its words inside TLS. */
    if (t->pvio->cache + t->pvio->cache_size > t->pvio->cache_pos) {
        db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR,
                   "the server sent data before TLS that it must not send: somebody on the way "
                   "may be tampering with the connection");
        goto fail;
    }
    if (tls_init() != OK ||
        mbedtls_ssl_config_defaults(&t->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0) {
        goto no_memory;
    }
    mbedtls_ssl_conf_rng(&t->conf, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    mbedtls_ssl_conf_ciphersuites(&t->conf, tls_cipher_order());
    /* Judged in tls_judge(), with words; never by a bare alert. */
    mbedtls_ssl_conf_authmode(&t->conf, MBEDTLS_SSL_VERIFY_OPTIONAL);
    if (db->keys.has_ca) {
        mbedtls_ssl_conf_ca_chain(&t->conf, &db->keys.ca, NULL);
    }
    if (db->keys.has_cert &&
        mbedtls_ssl_conf_own_cert(&t->conf, &db->keys.cert, &db->keys.key) != 0) {
        goto no_memory;
    }
    /* An address must not be sent as a server name (RFC 6066, section 3). */
    if (mbedtls_ssl_setup(&t->ssl, &t->conf) != 0 ||
        mbedtls_ssl_set_hostname(&t->ssl, is_address(db->host) ? NULL : db->host) != 0) {
        goto no_memory;
    }
    mbedtls_ssl_set_bio(&t->ssl, t, bio_send, bio_recv, NULL);
    return t;

no_memory:
    db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR, "TLS cannot be set up (no memory?)");
fail:
    tls_free(t);
    return NULL;
}

/* A handshake in which the server hung up while we wrote: an alert may lie unread in the socket,
 * in clear up to TLS 1.2. Its number, or -1. */
static int unread_alert(struct tls *t)
{
    uint8_t bytes[7];
    enum db_io io = t->db->io;
    int io_errno = t->db->io_errno;
    ssize_t n = t->pvio->methods->read(t->pvio, bytes, sizeof(bytes));

    t->db->io = io;
    t->db->io_errno = io_errno;
    struct reader r = rd_from(bytes, n > 0 ? (size_t)n : 0);
    uint8_t type = rd_u8(&r);
    rd_skip(&r, 2);
    uint16_t len = (uint16_t)rd_be(&r, 2);
    rd_skip(&r, 1);
    uint8_t alert = rd_u8(&r);
    return rd_ok(&r) && type == MBEDTLS_SSL_MSG_ALERT && len == 2 ? alert : -1;
}

/* Servers built with yaSSL know nothing newer than TLS 1.1, and hang up without an alert. */
static bool may_be_too_old(struct db *db)
{
    db_read_version(db);
    if (db->mariadb) {
        return db->number < 100400;
    }
    return db->number < 50646 || (db->number >= 50700 && db->number < 50728);
}

/* Turn an mbedTLS error into a verdict; network trouble is left to db->io. */
static void explain(struct tls *t, int rc, bool handshake)
{
    struct db *db = t->db;

    bool reset = db->io == IO_FAILED && (db->io_errno == ECONNRESET || db->io_errno == EPIPE);
    int alert = -1;
    bool closed = rc == MBEDTLS_ERR_SSL_CONN_EOF || rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY;

    bool network = rc == MBEDTLS_ERR_NET_SEND_FAILED || rc == MBEDTLS_ERR_NET_RECV_FAILED ||
                   rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE;

    if (network && !(handshake && reset)) {
        return;
    }
    if (rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        alert = t->ssl.MBEDTLS_PRIVATE(in_msg)[1];
    } else if (handshake && reset) {
        alert = unread_alert(t);
    }
    if (alert >= 0) {
        bool old = alert == MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION;
        const char *no_cert =
            db->keys.has_cert || old ? "" : "; if it wants a client certificate, give cert and key";
        db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR, "%s (TLS alert %d)%s",
                   tls_alert_text(alert), alert, no_cert);
    } else if (!handshake) {
        db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR,
                   "the TLS connection is damaged (error -0x%04x)", (unsigned)-rc);
    } else if (rc == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION ||
               ((closed || reset) && may_be_too_old(db))) {
        db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR, "%s",
                   tls_alert_text(MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION));
    } else if (closed || reset) {
        db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR,
                   "the server closed the connection during the TLS handshake: its log says why "
                   "(%s)",
                   db->keys.has_cert ? "it may not accept our client certificate: cert, key"
                                     : "wrong certificate files, TLS 1.0 only, a proxy between");
    } else if (rc == MBEDTLS_ERR_SSL_INVALID_RECORD || rc == MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE) {
        db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR,
                   "the server offers TLS and then does not speak it: something between this box "
                   "and the server may be tampering with the connection");
    } else {
        db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR,
                   "the TLS handshake failed (error -0x%04x)", (unsigned)-rc);
    }
}

my_bool ma_tls_connect(MARIADB_TLS *ctls)
{
    struct tls *t = (struct tls *)ctls->ssl;
    int rc;

    do {
        rc = mbedtls_ssl_handshake(&t->ssl);
    } while ((rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE) &&
             t->db->io == IO_FINE);
    if (rc != 0) {
        explain(t, rc, true);
        if (t->db->verdict == OK) { /* the library wants an error of its own, too */
            my_set_error(t->pvio->mysql, CR_SERVER_LOST, SQLSTATE_UNKNOWN, NULL);
        }
        return 1;
    }
    return tls_judge(t->db, &t->ssl) == OK ? 0 : 1;
}

/* Reading or writing stopped with rc: what the library is told. */
static ssize_t stopped(struct tls *t, int rc)
{
    if (rc == 0 || rc == MBEDTLS_ERR_SSL_CONN_EOF || rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        t->db->io = IO_CLOSED;
        return 0;
    }
    explain(t, rc, false);
    return -1;
}

static bool goes_on(const struct tls *t, int rc)
{
    return rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET ||
           ((rc == MBEDTLS_ERR_SSL_WANT_READ || rc == MBEDTLS_ERR_SSL_WANT_WRITE) &&
            t->db->io == IO_FINE);
}

bool tls_pending(const MARIADB_TLS *ctls)
{
    const struct tls *t = (const struct tls *)ctls->ssl;
    return mbedtls_ssl_check_pending(&t->ssl) != 0;
}

ssize_t ma_tls_read(MARIADB_TLS *ctls, const uchar *buffer, size_t length)
{
    struct tls *t = (struct tls *)ctls->ssl;
    uchar *to = (uchar *)(uintptr_t)buffer; /* the interface says const and means the contrary */
    int rc;

    t->db->io = IO_FINE;
    do {
        rc = mbedtls_ssl_read(&t->ssl, to, length < INT_MAX ? length : INT_MAX);
    } while (goes_on(t, rc));
    return rc > 0 ? rc : stopped(t, rc);
}

/* The server has closed while we were writing. With TLS 1.3 that is how it refuses our client
 * certificate: its reason lies unread in the socket. */
static void last_words(struct tls *t)
{
    enum db_io io = t->db->io;
    int io_errno = t->db->io_errno;
    unsigned char byte;
    int rc;

    t->db->io = IO_FINE;
    do {
        rc = mbedtls_ssl_read(&t->ssl, &byte, 1);
    } while (rc == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
    if (rc == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        explain(t, rc, false);
    }
    t->db->io = io;
    t->db->io_errno = io_errno;
}

ssize_t ma_tls_write(MARIADB_TLS *ctls, const uchar *buffer, size_t length)
{
    struct tls *t = (struct tls *)ctls->ssl;
    int rc;

    t->db->io = IO_FINE;
    do {
        rc = mbedtls_ssl_write(&t->ssl, buffer, length < INT_MAX ? length : INT_MAX);
    } while (goes_on(t, rc));
    if (rc <= 0 && t->db->io == IO_FAILED) {
        last_words(t);
    }
    return rc > 0 ? rc : stopped(t, rc);
}

/* The library's non-blocking calls are never used here: its socket has no async methods. (Their
 * prototypes stand in no header of the library.) */
ssize_t ma_tls_read_async(MARIADB_PVIO *pvio, const uchar *buffer, size_t length);
ssize_t ma_tls_write_async(MARIADB_PVIO *pvio, const uchar *buffer, size_t length);

ssize_t ma_tls_read_async(MARIADB_PVIO *pvio, const uchar *buffer, size_t length)
{
    return -1;
}

ssize_t ma_tls_write_async(MARIADB_PVIO *pvio, const uchar *buffer, size_t length)
{
    return -1;
}

my_bool ma_tls_close(MARIADB_TLS *ctls)
{
    struct tls *t = (struct tls *)ctls->ssl;

    if (t != NULL) {
        /* A polite good-bye if it goes out at once; what ended the connection stays known. */
        enum db_io io = t->db->io;
        int io_errno = t->db->io_errno;
        if (io == IO_FINE && t->db->fd >= 0) {
            (void)mbedtls_ssl_close_notify(&t->ssl);
        }
        t->db->io = io;
        t->db->io_errno = io_errno;
        tls_free(t);
        ctls->ssl = NULL;
    }
    return 0;
}

/* Judged already, in ma_tls_connect(). */
int ma_tls_verify_server_cert(MARIADB_TLS *ctls, unsigned int flags)
{
    ctls->pvio->mysql->net.tls_verify_status = MARIADB_TLS_VERIFY_OK;
    return 0;
}

const char *ma_tls_get_cipher(MARIADB_TLS *ctls)
{
    return ctls == NULL || ctls->ssl == NULL
               ? NULL
               : mbedtls_ssl_get_ciphersuite(&((struct tls *)ctls->ssl)->ssl);
}

int ma_tls_get_protocol_version(MARIADB_TLS *ctls)
{
    if (ctls == NULL || ctls->ssl == NULL) {
        return PROTOCOL_UNKNOWN;
    }
    switch (mbedtls_ssl_get_version_number(&((struct tls *)ctls->ssl)->ssl)) {
    case MBEDTLS_SSL_VERSION_TLS1_2:
        return PROTOCOL_TLS_1_2;
    case MBEDTLS_SSL_VERSION_TLS1_3:
        return PROTOCOL_TLS_1_3;
    default:
        return PROTOCOL_UNKNOWN;
    }
}

unsigned int ma_tls_get_finger_print(MARIADB_TLS *ctls, uint hash_type, char *fp,
                                     unsigned int fp_len)
{
    const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(&((struct tls *)ctls->ssl)->ssl);
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(
        hash_type == MA_HASH_SHA256 ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_NONE);

    if (crt == NULL || md == NULL || fp_len < mbedtls_md_get_size(md) ||
        mbedtls_md(md, crt->raw.p, crt->raw.len, (unsigned char *)fp) != 0) {
        return 0;
    }
    return mbedtls_md_get_size(md);
}

/* Only the library's command line tools ask for it. */
unsigned int ma_tls_get_peer_cert_info(MARIADB_TLS *ctls, unsigned int size)
{
    return 1;
}

/* Only a reconnect of the library's own would need it, which is off. */
void ma_tls_set_connection(MYSQL *mysql)
{
}
