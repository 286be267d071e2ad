/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of one database connection share: the socket, the TLS back end, the logins. */
#ifndef DRIVERS_TLS_DB_INTERNAL_H
#define DRIVERS_TLS_DB_INTERNAL_H

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Connector/C's own headers: its types are its own business. */
#include <ma_global.h>
#include <ma_common.h>
#include <ma_pvio.h>
#include <mysql.h>

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "base/err.h"
#include "base/now.h"
#include "drivers/tls/db.h"

enum {
    DB_FIRST_BYTES = 512, /* of the server, kept to say what answered */
    DB_PIN_BYTES = 32,    /* SHA-256 */
    DB_SLICE_MS = 200,    /* how often a wait looks at the cancel flag */
};

/* How the last call on the socket ended. */
enum db_io {
    IO_FINE,
    IO_CLOSED,    /* by the server */
    IO_TIMEOUT,
    IO_CANCELLED,
    IO_FAILED,    /* io_errno says why */
    IO_REFUSED,   /* we did not send it: it would have left in clear */
    IO_NOT_MYSQL, /* the first bytes are no MySQL greeting */
};

/* The certificates and keys of one target, read from their PEM texts. */
struct tls_keys {
    mbedtls_x509_crt ca;
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
    uint8_t pin[DB_PIN_BYTES];
    bool has_ca, has_cert, has_pin;
};

struct db {
    /* The library hands this back to the socket, the TLS back end and the logins, which find
     * their struct db around it: db_of(). Every MYSQL of the process is made by db_open(). */
    MYSQL mysql;

    char host[256];
    uint16_t port;
    enum db_tls tls;
    const char *rsa_key_pem; /* while opening */
    const atomic_bool *cancel;

    int fd;
    bool connected;      /* the socket was, once */
    bool opening;        /* one deadline for everything up to the end of the login */
    int64_t deadline_ms; /* monotonic; of the opening */
    int64_t statement_ms; /* monotonic; a statement's answer ends by then. 0: no such bound */
    int64_t budget;      /* bytes that may still come for it; 0: no bound, -1: used up */
    enum db_io io;
    int io_errno;
    uint8_t first[DB_FIRST_BYTES];
    size_t first_len;
    bool asked_for_tls; /* the one packet that may leave in clear has left */
    bool judged;        /* the certificate was judged and accepted, as the mode demands */

    struct tls_keys keys;

    /* The first verdict of our own parts; it outranks the library's words. */
    int verdict;
    char why[sizeof(((struct db_error *)NULL)->text)];
    char warning[256];

    char version[64];
    unsigned number;
    bool mariadb;
};

static inline struct db *db_of(const MYSQL *mysql)
{
    return (struct db *)((uintptr_t)mysql - offsetof(struct db, mysql));
}

/* Whether TLS must stand, with its certificate judged, before anything else is said. */
static inline bool db_must_tls(const struct db *db)
{
    return db->tls == DB_TLS_REQUIRE || db->tls == DB_TLS_VERIFY;
}

/* The word of the config for a mode. */
const char *db_tls_word(enum db_tls tls);

/* Keep code and text unless a verdict stands already, tell the library too (client error
 * mysql_errno). Returns code. */
int db_verdict(struct db *db, int code, unsigned mysql_errno, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Copy bytes from outside as printable ASCII, '?' for the rest; always ends with NUL. */
void db_printable(char *to, size_t size, const void *from, size_t len);

/* open.c: version, number and flavour from the server's greeting. */
void db_read_version(struct db *db);

/* socket.c: the library's socket plugin is ours. */
extern MARIADB_PVIO_PLUGIN pvio_socket_client_plugin;

/* keys.c: read the PEM texts and the pin of t. 0 or ERR_INVALID with err. */
int tls_keys_load(struct tls_keys *keys, const struct db_target *t, struct db_error *err);
void tls_keys_free(struct tls_keys *keys);

/* judge.c: after the handshake. 0, or ERR_TLS with the verdict set. */
int tls_judge(struct db *db, mbedtls_ssl_context *ssl);
/* judge.c: what a server's TLS alert means for the one who must act. */
const char *tls_alert_text(int alert);
/* judge.c: the names a certificate is made out to, for messages. */
void tls_cert_names(const mbedtls_x509_crt *crt, char *to, size_t size);

/* ma_tls_mbedtls.c: whether a read would find bytes that have left the socket already. */
bool tls_pending(const MARIADB_TLS *ctls);

/* explain.c: fill err (may be NULL) from what is known about the last failure. Returns the code
 * (never 0). `doing` is what was attempted: "connecting to", "reading from", ... */
int db_explain(struct db *db, const char *doing, struct db_error *err);

/* greeting.c: what the first bytes of a server are. */
enum greeting_kind {
    GREETING_MORE,   /* too few bytes to tell */
    GREETING_HELLO,  /* a server's greeting, protocol 10 */
    GREETING_ERROR,  /* an error packet: number, state and text below */
    GREETING_OTHER,  /* not a MySQL server */
};
struct greeting {
    enum greeting_kind kind;
    unsigned number;
    char state[6];
    char text[256]; /* printable */
};
void greeting_read(struct greeting *g, const void *bytes, size_t len);

#endif
