/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where the appliance opens a connection to a MySQL or MariaDB server. */
#ifndef DRIVERS_TLS_DB_H
#define DRIVERS_TLS_DB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What `tls =` of the config means. */
enum db_tls {
    DB_TLS_OFF,     /* plain text */
    DB_TLS_PREFER,  /* TLS when the server offers it, its certificate is not judged */
    DB_TLS_REQUIRE, /* TLS or nothing, the certificate is judged only by what is configured
                       (ca, fingerprint) */
    DB_TLS_VERIFY,  /* TLS, and the certificate must be valid for the host (or match the pin) */
};

/*
 * How to reach one server. Strings are borrowed for the time of db_open() and may be NULL
 * (except host and user). PEM texts are contents, not file names.
 */
struct db_target {
    const char *host; /* name, IPv4 or IPv6 address */
    uint16_t port;
    const char *user;
    const char *password;
    enum db_tls tls;
    const char *ca_pem;
    const char *cert_pem; /* client certificate (chain) and its key */
    const char *key_pem;
    const char *rsa_key_pem; /* the server's public key, for the sha2 logins without TLS */
    const char *fingerprint; /* SHA-256 of the server's certificate, hex, colons allowed */
    unsigned connect_timeout_s; /* 0: 10 seconds */
    unsigned read_timeout_s;    /* 0: none */
    unsigned write_timeout_s;   /* 0: none */
    const atomic_bool *cancel;  /* NULL, or: give up soon (<= 250 ms) after it becomes true.
                                   Must outlive the connection. */
    bool small;                 /* relay path: keep buffers small */
};

struct db;        /* one open connection */
struct db_result; /* one result set, whole in memory */

/* Why something failed. */
struct db_error {
    unsigned mysql_errno; /* the server's or the client library's number, 0 if there is none */
    char sqlstate[6];
    char text[512]; /* the server's or library's own words and what to do; never a secret */
};

/*
 * Connect, negotiate TLS as t->tls says, log in. With REQUIRE and VERIFY nothing but the
 * capability packet leaves before TLS stands and the certificate has been judged. PREFER falls
 * back to plain text (see db_warning()) when TLS is offered and cannot be agreed on.
 * connect_timeout_s holds for all of it together; only the look-up of a name is not bounded by
 * it, nor interrupted by cancel (the resolver gives up by itself after some seconds).
 * Connections may be opened and used in many threads, each connection by one at a time.
 * Returns 0 and *out, or a negative enum sluice_err with *err filled:
 *   ERR_NET        unknown host, refused, unreachable, connection lost
 *   ERR_TIMEOUT    no answer in time
 *   ERR_AUTH       login refused, unknown login method, host not allowed
 *   ERR_TLS        no TLS, handshake failed, certificate not accepted
 *   ERR_PROTOCOL   not a MySQL server
 *   ERR_SERVER     the server answered another error (too many connections, ...)
 *   ERR_CANCELLED  *t->cancel became true
 *   ERR_INVALID    the target itself is wrong (PEM that cannot be read, bad fingerprint)
 *   ERR_NOMEM
 * err may be NULL everywhere.
 */
int db_open(const struct db_target *t, struct db **out, struct db_error *err);

/* Say good-bye and free. NULL is fine. */
void db_close(struct db *db);

/*
 * One statement. A result set is read whole into memory, at most max_rows rows and max_bytes
 * bytes of values by db_query_bounded() (0 = no bound; more is ERR_TOOBIG, and the connection
 * stays usable). A statement without a result set gives a result of 0 columns. out may be NULL.
 * Free with db_result_free(). ERR_SERVER: the server answered an error, err has its number.
 */
int db_query(struct db *db, const char *sql, struct db_result **out, struct db_error *err);
int db_query_bounded(struct db *db, const char *sql, size_t max_rows, size_t max_bytes,
                     struct db_result **out, struct db_error *err);
void db_result_free(struct db_result *r);

/* From the next statement on, an answer may take that long. 0: without end. */
void db_set_read_timeout(struct db *db, unsigned seconds);

size_t db_rows(const struct db_result *r);
size_t db_columns(const struct db_result *r);
const char *db_column_name(const struct db_result *r, size_t col);
/* NULL for SQL NULL (and out of range); else NUL-terminated, *len (may be NULL) its length. */
const char *db_value(const struct db_result *r, size_t row, size_t col, size_t *len);

/* Facts of the connection. Strings live as long as the connection. */
const char *db_server_version(const struct db *db); /* from the handshake, "5.5.5-" stripped */
bool db_is_mariadb(const struct db *db);
unsigned db_version_number(const struct db *db); /* 50624, 90704, 101119 */
unsigned long db_thread_id(const struct db *db); /* the server's number of the connection */
bool db_uses_tls(const struct db *db);
const char *db_tls_version(const struct db *db); /* "TLSv1.3", "" without TLS */
const char *db_tls_cipher(const struct db *db);  /* "" without TLS */
/* A remark on the connection worth showing ("the certificate's dates could not be judged: the
 * clock is not known"), "" if there is none. */
const char *db_warning(const struct db *db);

/* The replication link: raw packets. */

/* Send a command (COM_...) with its payload; reads no answer. */
int db_command(struct db *db, uint8_t command, const void *payload, size_t len,
               struct db_error *err);
/* Read one OK or ERR answer (of COM_REGISTER_SLAVE). ERR_SERVER when it is ERR. */
int db_read_ok(struct db *db, struct db_error *err);
/*
 * Read what is there, 1..len bytes, waiting for the first at most read_timeout_s.
 * Returns their number, 0 when the server closed the connection, or ERR_TIMEOUT (the
 * connection stays usable), ERR_NET, ERR_TLS, ERR_CANCELLED.
 */
ssize_t db_read_some(struct db *db, void *buf, size_t len, struct db_error *err);
/* 1 when db_read_some() would give bytes at once (buffered in the library or in TLS, or on the
 * socket) or the connection is gone; 0 when nothing came within ms milliseconds. */
int db_wait(struct db *db, unsigned ms);
/* Read exactly len bytes; 0 or an error as above (a close in between is ERR_NET). */
int db_read_full(struct db *db, void *buf, size_t len, struct db_error *err);
/* Write one packet of less than 16 MiB with the sequence number seq, e.g. the semi-sync ACK. */
int db_write_packet(struct db *db, uint8_t seq, const void *payload, size_t len,
                    struct db_error *err);

#endif
