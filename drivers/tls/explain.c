/* SPDX-License-Identifier: Apache-2.0 */
/* From what is known about a failure to a code and a sentence that says what to do. */
#include "drivers/tls/db_internal.h"

#include <errmsg.h>
#include <mysqld_error.h>

int db_verdict(struct db *db, int code, unsigned mysql_errno, const char *fmt, ...)
{
    va_list ap;

    if (db->verdict == OK) {
        db->verdict = code;
        va_start(ap, fmt);
        vsnprintf(db->why, sizeof(db->why), fmt, ap);
        va_end(ap);
    }
    my_set_error(&db->mysql, mysql_errno, SQLSTATE_UNKNOWN, "%s", db->why);
    return code;
}

const char *db_tls_word(enum db_tls tls)
{
    static const char *const words[] = {"off", "prefer", "require", "verify"};
    return words[tls];
}

/* What an error number of a server means here, and what helps. */
struct advice {
    unsigned number;
    int code;
    const char *what, *help;
};

static const struct advice advices[] = {
    {1040, ERR_SERVER, "the server has no connection left",
     "raise max_connections, or close idle clients"},
    {1203, ERR_SERVER, "the account has no connection left",
     "raise max_user_connections, or close other clients of this account"},
    {1226, ERR_SERVER, "the account is at a limit of its own",
     "raise its limits (ALTER USER ... WITH MAX_...)"},
    {1044, ERR_AUTH, "the account may not do this", "grant it the privilege"},
    {1045, ERR_AUTH, "login refused",
     "check user and password, and that the account may come from this box's address"},
    {1698, ERR_AUTH, "login refused",
     "this account does not log in with a password; use another one"},
    {1129, ERR_AUTH, "the server has blocked this box after too many failed attempts",
     "run FLUSH HOSTS (or TRUNCATE performance_schema.host_cache) on the server"},
    {1130, ERR_AUTH, "the server admits no account from this box's address",
     "create the account for this address ('user'@'address' or 'user'@'%')"},
    {1251, ERR_AUTH, "the account uses a login that is not spoken here",
     "use caching_sha2_password, mysql_native_password, sha256_password or client_ed25519"},
    {1524, ERR_AUTH, "the server has not loaded the login of this account",
     "ALTER USER ... IDENTIFIED WITH one that it has"},
    {1820, ERR_AUTH, "the password has expired", "set a new one on the server"},
    {1862, ERR_AUTH, "the password has expired", "set a new one on the server"},
    {3118, ERR_AUTH, "the account is locked", "ALTER USER ... ACCOUNT UNLOCK"},
    {4151, ERR_AUTH, "the account is locked", "ALTER USER ... ACCOUNT UNLOCK"},
    {3159, ERR_TLS, "the server admits no connection without TLS", "set tls = require or verify"},
};

static const struct advice *advice_for(unsigned number)
{
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
        if (advices[i].number == number) {
            return &advices[i];
        }
    }
    return NULL;
}

static void put(struct db *db, struct db_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "host:port: ..." */
static void put(struct db *db, struct db_error *err, const char *fmt, ...)
{
    va_list ap;
    bool v6 = strchr(db->host, ':') != NULL;
    int n = snprintf(err->text, sizeof(err->text), "%s%.64s%s:%u: ", v6 ? "[" : "", db->host,
                     v6 ? "]" : "", (unsigned)db->port);

    va_start(ap, fmt);
    vsnprintf(err->text + n, sizeof(err->text) - (size_t)n, fmt, ap);
    va_end(ap);
}

static int errno_text(struct db *db, const char *doing, struct db_error *err)
{
    int e = db->io_errno;

    if (db->connected) {
        put(db, err, "the connection broke while %s: %s", doing, strerror(e));
        return ERR_NET;
    }
    switch (e) {
    case ECONNREFUSED:
        put(db, err, "connection refused: nothing listens there. Is the server running, is port "
                     "right, and does it listen on this address (bind_address, skip_networking)?");
        break;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
        put(db, err, "no route (%s): check [network] address and gateway, and host", strerror(e));
        break;
    default:
        put(db, err, "cannot connect: %s", strerror(e));
        break;
    }
    return ERR_NET;
}

static int timeout_text(struct db *db, const char *doing, struct db_error *err)
{
    if (!db->connected) {
        put(db, err, "no answer to the connection attempt: check host and port, whether the "
                     "machine is up, and firewalls on the way");
    } else if (db->opening && db->first_len == 0) {
        put(db, err, "connected, but the server says nothing: not a MySQL server, or one that "
                     "hangs (overloaded, or slow name look-ups: skip_name_resolve)");
    } else {
        put(db, err, "no answer in time while %s", doing);
    }
    return ERR_TIMEOUT;
}

static int closed_text(struct db *db, const char *doing, struct db_error *err)
{
    if (db->opening && db->first_len == 0) {
        put(db, err, "the connection was closed before a word was said: something between (proxy, "
                     "firewall, port forward) has no server behind it, or the server is just "
                     "stopping");
    } else {
        put(db, err, "the server closed the connection while %s: it was stopped or restarted, it "
                     "killed this connection, or a firewall cut it", doing);
    }
    return ERR_NET;
}

/* How the socket ended; 0 if it did not. */
static int io_text(struct db *db, const char *doing, struct db_error *err)
{
    char banner[80];
    size_t len = 0;

    switch (db->io) {
    case IO_CLOSED:
        return closed_text(db, doing, err);
    case IO_TIMEOUT:
        return timeout_text(db, doing, err);
    case IO_CANCELLED:
        put(db, err, "stopped while %s", doing);
        return ERR_CANCELLED;
    case IO_FAILED:
        return errno_text(db, doing, err);
    case IO_REFUSED:
        put(db, err, "tls = %s: the server goes on without TLS; nothing was sent to it",
            db_tls_word(db->tls));
        return ERR_TLS;
    case IO_NOT_MYSQL:
        while (len < db->first_len && db->first[len] != '\r' && db->first[len] != '\n') {
            len++;
        }
        db_printable(banner, sizeof(banner), db->first, len);
        put(db, err, "something answers there, but not as a MySQL server: it said \"%s\". Check "
                     "host and port", banner);
        return ERR_PROTOCOL;
    case IO_FINE:
    default:
        return OK;
    }
}

static int number_text(struct db *db, unsigned number, const char *words, struct db_error *err)
{
    const struct advice *a = db->opening ? advice_for(number) : NULL;

    if (a != NULL) {
        bool plain = number == 1045 && db->tls == DB_TLS_OFF;
        put(db, err, "%s: %s (%u); %s%s", a->what, words, number, a->help,
            plain ? ", and whether it demands TLS" : "");
        return a->code;
    }
    if ((number >= CR_MIN_ERROR && number <= CR_MAX_ERROR) || IS_MARIADB_ERROR(number)) {
        switch (number) {
        case CR_AUTH_PLUGIN_CANNOT_LOAD:
        case CR_AUTH_PLUGIN_ERR:
        case CR_SECURE_AUTH:
        case CR_PLUGIN_NOT_ALLOWED:
            put(db, err, "the server wants a login that is not spoken here: %s; use an account "
                         "with caching_sha2_password, mysql_native_password, sha256_password or "
                         "client_ed25519", words);
            return ERR_AUTH;
        case CR_OUT_OF_MEMORY:
            put(db, err, "no memory");
            return ERR_NOMEM;
        case CR_NET_PACKET_TOO_LARGE:
            put(db, err, "the server's answer is larger than this connection accepts");
            return ERR_TOOBIG;
        case CR_SERVER_LOST: /* and yet nothing went wrong on the socket */
            put(db, err, "the server's answer is damaged, or larger than this connection accepts");
            return ERR_PROTOCOL;
        case CR_SERVER_GONE_ERROR:
            put(db, err, "the connection is lost: %s", words);
            return ERR_NET;
        default:
            put(db, err, "%s (%u)", words, number);
            return ERR_PROTOCOL;
        }
    }
    put(db, err, "%s (%u)", words, number);
    return ERR_SERVER;
}

int db_explain(struct db *db, const char *doing, struct db_error *err)
{
    struct db_error unused;
    struct greeting g = {.kind = GREETING_MORE};
    char words[320];
    unsigned number = mysql_errno(&db->mysql);
    int code;

    if (err == NULL) {
        err = &unused;
    }
    memset(err, 0, sizeof(*err));
    err->mysql_errno = number;
    memcpy(err->sqlstate, "HY000", 6);
    if (mysql_sqlstate(&db->mysql)[0] != '\0') {
        db_printable(err->sqlstate, sizeof(err->sqlstate), mysql_sqlstate(&db->mysql), 5);
    }
    if (db->verdict != OK) {
        put(db, err, "%s", db->why);
        return db->verdict;
    }
    code = io_text(db, doing, err);
    if (code != OK && !(db->io == IO_CLOSED && number != 0 && number < CR_MIN_ERROR)) {
        return code;
    }
    if (db->opening) {
        greeting_read(&g, db->first, db->first_len);
    }
    if (g.kind == GREETING_ERROR) { /* before any login; the library hides its number */
        err->mysql_errno = g.number;
        memcpy(err->sqlstate, g.state, sizeof(g.state));
        return number_text(db, g.number, g.text, err);
    }
    if (number == CR_SSL_CONNECTION_ERROR && !db->asked_for_tls) {
        put(db, err, "tls = %s, but the server offers no TLS. Give it a certificate (ssl_cert, "
                     "ssl_key; have_ssl must say YES), or choose tls = off. Neither name nor "
                     "password was sent", db_tls_word(db->tls));
        return ERR_TLS;
    }
    db_printable(words, sizeof(words), mysql_error(&db->mysql), strlen(mysql_error(&db->mysql)));
    if (number == 0) {
        put(db, err, "the server's answer is not understood while %s", doing);
        return ERR_PROTOCOL;
    }
    return number_text(db, number, words, err);
}
