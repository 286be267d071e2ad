/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a connection: every option is set here, none comes from files or the
 * environment. */
#include "drivers/tls/db_internal.h"

#include <ctype.h>
#include <errmsg.h>
#include <mbedtls/platform_util.h>
#include <pthread.h>

#include "drivers/tls/tls.h"

enum {
    DEFAULT_CONNECT_S = 10,
    PACKET_SMALL = 256 * 1024, /* the largest answer that is taken into memory */
    PACKET_LARGE = 64 * 1024 * 1024,
};

#define LOGINS "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519"

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

/* Before the library's own start, which would load plugins named in the environment. TLS is started
 * here as well, because the library would do that later and without a lock. */
static void library_start(void)
{
    char unused[64];

    unsetenv("LIBMYSQL_PLUGINS");
    unsetenv("MARIADB_PLUGIN_DIR");
    mysql_server_init(0, NULL, NULL);
    (void)ma_tls_start(unused, sizeof(unused));
}

static int invalid(struct db_error *err, const char *text)
{
    memcpy(err->sqlstate, "HY000", 6);
    snprintf(err->text, sizeof(err->text), "%s", text);
    return ERR_INVALID;
}

/* The library takes a host apart (lists, URLs, "key=value;..."): let none of that through. */
static int check(const struct db_target *t, struct db_error *err)
{
    if (t->host == NULL || t->host[0] == '\0' || t->user == NULL || t->user[0] == '\0') {
        return invalid(err, "host and user must be given");
    }
    if (t->port == 0) {
        return invalid(err, "port must be given");
    }
    if (strlen(t->host) >= sizeof(((struct db *)NULL)->host)) {
        return invalid(err, "host is longer than 255 characters");
    }
    for (const char *p = t->host; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && strchr(".-_:%", *p) == NULL) {
            return invalid(err, "host must be a name or an address");
        }
    }
    if (strlen(t->user) > 128) {
        return invalid(err, "user is longer than 128 characters");
    }
    return OK;
}

static struct db *db_new(const struct db_target *t, enum db_tls tls)
{
    struct db *db = (struct db *)calloc(1, sizeof(*db));
    unsigned seconds = t->connect_timeout_s == 0 ? DEFAULT_CONNECT_S : t->connect_timeout_s;

    if (db == NULL) {
        return NULL;
    }
    if (mysql_init(&db->mysql) == NULL) {
        free(db);
        return NULL;
    }
    snprintf(db->host, sizeof(db->host), "%s", t->host);
    db->port = t->port;
    db->tls = tls;
    db->rsa_key_pem = t->rsa_key_pem;
    db->cancel = t->cancel;
    db->fd = -1;
    db->opening = true;
    db->deadline_ms = now_monotonic_ms() + (int64_t)seconds * 1000;
    mbedtls_x509_crt_init(&db->keys.ca);
    mbedtls_x509_crt_init(&db->keys.cert);
    mbedtls_pk_init(&db->keys.key);
    return db;
}

static void set_options(struct db *db, const struct db_target *t)
{
    MYSQL *m = &db->mysql;
    my_bool off = 0;
    my_bool on = 1;
    unsigned none = 0;
    unsigned protocol = MYSQL_PROTOCOL_TCP;
    size_t packet = t->small ? PACKET_SMALL : PACKET_LARGE;

    mysql_optionsv(m, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_optionsv(m, MYSQL_OPT_RECONNECT, &off);
    mysql_optionsv(m, MYSQL_OPT_LOCAL_INFILE, &none);
    mysql_optionsv(m, MYSQL_SECURE_AUTH, &on);
    mysql_optionsv(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_optionsv(m, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    mysql_optionsv(m, MYSQL_OPT_READ_TIMEOUT, &t->read_timeout_s);
    mysql_optionsv(m, MYSQL_OPT_WRITE_TIMEOUT, &t->write_timeout_s);
    mysql_optionsv(m, MYSQL_PLUGIN_DIR, "/dev/null"); /* what is not linked in does not exist */
    mysql_optionsv(m, MARIADB_OPT_RESTRICTED_AUTH, LOGINS);
    mysql_optionsv(m, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "sluice");

    /* Set in every mode, because the library's own default looks into the environment. With
     * VERIFY_SERVER_CERT it refuses a server without TLS before it has sent anything; the
     * verdict itself is ours, in the handshake. */
    mysql_optionsv(m, MYSQL_OPT_SSL_ENFORCE, db->tls == DB_TLS_OFF ? &off : &on);
    mysql_optionsv(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, db_must_tls(db) ? &on : &off);
    mysql_optionsv(m, MARIADB_OPT_TLS_VERIFICATION_CALLBACK, ma_tls_verify_server_cert);
}

/* "5.5.5-10.11.19-MariaDB-log" is what MariaDB said to old replicas; the front is stripped. */
void db_read_version(struct db *db)
{
    const char *v = mysql_get_server_info(&db->mysql);
    unsigned part[3] = {0, 0, 0};

    v = v == NULL ? "" : v;
    if (strncmp(v, "5.5.5-", 6) == 0 && isdigit((unsigned char)v[6])) {
        v += 6;
    }
    db_printable(db->version, sizeof(db->version), v, strlen(v));
    for (size_t i = 0; i < 3 && isdigit((unsigned char)*v); i++) {
        char *end = NULL;
        unsigned long n = strtoul(v, &end, 10);
        part[i] = n > 9999 ? 9999 : (unsigned)n;
        v = *end == '.' ? end + 1 : "";
    }
    db->number = part[0] * 10000 + part[1] * 100 + part[2];
    db->mariadb = strstr(db->version, "MariaDB") != NULL || strstr(db->version, "-maria-") != NULL;
}

/* One attempt in one mode. */
static int attempt(const struct db_target *t, enum db_tls tls, struct db **out,
                   struct db_error *err)
{
    struct db *db = db_new(t, tls);
    int rc;

    if (db == NULL) {
        memcpy(err->sqlstate, "HY000", 6);
        snprintf(err->text, sizeof(err->text), "no memory for a connection");
        return ERR_NOMEM;
    }
    rc = tls == DB_TLS_OFF ? OK : tls_keys_load(&db->keys, t, err);
    if (rc != OK) {
        goto fail;
    }
    set_options(db, t);
    if (mysql_real_connect(&db->mysql, db->host, t->user, t->password == NULL ? "" : t->password,
                           NULL, db->port, NULL, 0) == NULL) {
        rc = db_explain(db, "logging in", err);
        goto fail;
    }
    db->opening = false;
    db->rsa_key_pem = NULL;
    /* It is not needed again, so it need not lie in memory. */
    mbedtls_platform_zeroize(db->mysql.passwd, strlen(db->mysql.passwd));
    db_read_version(db);
    *out = db;
    return OK;
fail:
    db_close(db);
    return rc;
}

int db_open(const struct db_target *t, struct db **out, struct db_error *err)
{
    struct db_error unused;
    int rc;

    err = err == NULL ? &unused : err;
    memset(err, 0, sizeof(*err));
    *out = NULL;
    pthread_once(&library_once, library_start);
    rc = check(t, err);
    if (rc != OK) {
        return rc;
    }
    rc = attempt(t, t->tls, out, err);
    if (rc == ERR_TLS && t->tls == DB_TLS_PREFER) {
        /* Offered, but in a version that nobody should speak any more: prefer means plain then. */
        struct db_error tls_error = *err;
        rc = attempt(t, DB_TLS_OFF, out, err);
        if (rc == OK) {
            snprintf((*out)->warning, sizeof((*out)->warning),
                     "the connection is not encrypted: %.200s", tls_error.text);
        }
    }
    return rc;
}

void db_close(struct db *db)
{
    if (db == NULL) {
        return;
    }
    db->opening = true; /* the good-bye must not wait for a server that no longer reads */
    db->deadline_ms = 0;
    mysql_close(&db->mysql);
    tls_keys_free(&db->keys);
    free(db);
}

const char *db_server_version(const struct db *db)
{
    return db->version;
}

bool db_is_mariadb(const struct db *db)
{
    return db->mariadb;
}

unsigned long db_thread_id(const struct db *db)
{
    return db->mysql.thread_id;
}

unsigned db_version_number(const struct db *db)
{
    return db->number;
}

bool db_uses_tls(const struct db *db)
{
    return db->mysql.net.pvio != NULL && db->mysql.net.pvio->ctls != NULL;
}

const char *db_tls_version(const struct db *db)
{
    return db_uses_tls(db) ? ma_pvio_tls_get_protocol_version(db->mysql.net.pvio->ctls) : "";
}

const char *db_tls_cipher(const struct db *db)
{
    return db_uses_tls(db) ? ma_tls_get_cipher(db->mysql.net.pvio->ctls) : "";
}

const char *db_warning(const struct db *db)
{
    return db->warning;
}
