/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that lie: what a connection gives away to them (nothing), and what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "drivers/tls/db.h"
#include "drivers/tls/tls.h"
#include "tests/unit/fake_mysql.h"

#include <cmocka.h>

#define USER "spy-user"
#define PASSWORD "Secret-77-word"

static struct cert ca, server_cert;

static struct db_target target(const struct fake *f, enum db_tls tls)
{
    return (struct db_target){.host = "127.0.0.1", .port = f->port, .user = USER,
                              .password = PASSWORD, .tls = tls, .ca_pem = NULL,
                              .connect_timeout_s = 5, .read_timeout_s = 5};
}

/* Opens, which must fail with `code`, a text that holds `words`, and no secret in it. */
static void must_fail(struct fake *f, const struct db_target *t, int code, const char *words)
{
    struct db *db = NULL;
    struct db_error err;
    int rc = db_open(t, &db, &err);

    fake_stop(f);
    if (rc != code || strstr(err.text, words) == NULL) {
        print_message("got %d (%s): %s\n", rc, err_name(rc), err.text);
    }
    assert_int_equal(rc, code);
    assert_non_null(strstr(err.text, words));
    assert_null(strstr(err.text, PASSWORD));
    assert_null(db);
    assert_false(fake_saw(f, PASSWORD));
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- TLS is demanded ------------------------------------------------------------------------- */

static void greets_without_tls(struct fake *f)
{
    fake_greet(f, 0);
    fake_drain(f);
}

static void no_tls_offered(void **state)
{
    for (int mode = DB_TLS_REQUIRE; mode <= DB_TLS_VERIFY; mode++) {
        struct fake f = {.script = greets_without_tls};
        fake_start(&f);
        struct db_target t = target(&f, (enum db_tls)mode);
        t.ca_pem = ca.pem;
        must_fail(&f, &t, ERR_TLS, "offers no TLS");
        assert_int_equal(f.seen_len, 0); /* not a byte */
    }
}

/* The one clear packet, then nothing but TLS handshake records with a ClientHello. */
static void only_tls_left(const struct fake *f)
{
    assert_true(f->seen_len > 36);
    assert_memory_equal(f->seen, "\x20\0\0\1", 4);
    assert_int_equal(f->seen[36], 0x16);
    assert_false(fake_saw(f, USER));
    assert_false(fake_saw(f, "caching_sha2_password"));
}

static void claims_tls_speaks_http(struct fake *f)
{
    fake_greet(f, CAP_SSL);
    fake_recv(f);
    fake_write(f, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    shutdown(f->fd, SHUT_WR);
    fake_drain(f);
}

static void claims_tls_goes_on_in_clear(struct fake *f)
{
    fake_greet(f, CAP_SSL);
    fake_recv(f);
    fake_ok(f, 2);
    fake_send(f, 4, "\xfemysql_clear_password\0", 22);
    shutdown(f->fd, SHUT_WR);
    fake_drain(f);
}

static void claims_tls_closes(struct fake *f)
{
    fake_greet(f, CAP_SSL);
    fake_recv(f);
    fake_read(f, f->packet, 50);
}

static void tls_claimed_only(void **state)
{
    static void (*const scripts[])(struct fake *) = {claims_tls_speaks_http,
                                                     claims_tls_goes_on_in_clear};
    for (size_t i = 0; i < 2; i++) {
        struct fake f = {.script = scripts[i]};
        fake_start(&f);
        struct db_target t = target(&f, DB_TLS_REQUIRE);
        must_fail(&f, &t, ERR_TLS, "does not speak it");
        only_tls_left(&f);
    }
    struct fake f = {.script = claims_tls_closes};
    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_REQUIRE);
    must_fail(&f, &t, ERR_TLS, "closed the connection during the TLS handshake");
    only_tls_left(&f);
}

static void injects_before_tls(struct fake *f)
{
    uint8_t g[300];
    size_t n = fake_greeting(g + 4, CAP_BASE | CAP_SSL, "caching_sha2_password");
    g[0] = (uint8_t)n;
    g[1] = g[2] = g[3] = 0;
    memcpy(g + 4 + n, "\7\0\0\4\0\0\0\2\0\0\0", 11); /* an OK for a login that was not sent yet */
    fake_write(f, g, 4 + n + 11);
    fake_recv(f);
    fake_start_tls(f);
    fake_drain(f);
}

static void data_before_tls(void **state)
{
    struct fake f = {.script = injects_before_tls, .cert = &server_cert};
    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_REQUIRE);
    must_fail(&f, &t, ERR_TLS, "tampering");
    assert_int_equal(f.seen_len, 36);
}

/* A server of 2015: it reads our ClientHello and has nothing newer than TLS 1.0. */
static void only_tls10(struct fake *f)
{
    uint8_t head[5];
    fake_greet(f, f->connections == 1 ? CAP_SSL : 0);
    fake_recv(f);
    if (f->connections > 1) { /* in the mode "prefer" it comes back without TLS */
        fake_ok(f, 2);
        fake_recv(f);
        return;
    }
    fake_read(f, head, 5);
    fake_read(f, f->packet, (size_t)head[3] << 8 | head[4]);
    fake_write(f, "\x15\3\1\0\2\2\x46", 7); /* alert: protocol_version */
    fake_drain(f);
}

static void tls10_only(void **state)
{
    struct fake f = {.script = only_tls10};
    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_REQUIRE);
    must_fail(&f, &t, ERR_TLS, "no TLS 1.2 or 1.3");
    only_tls_left(&f);

    struct fake g = {.script = only_tls10};
    struct db *db = NULL;
    struct db_error err;
    fake_start(&g);
    t = target(&g, DB_TLS_PREFER);
    assert_int_equal(db_open(&t, &db, &err), OK);
    assert_false(db_uses_tls(db));
    assert_non_null(strstr(db_warning(db), "not encrypted"));
    db_close(db);
    fake_stop(&g);
    assert_int_equal(g.connections, 2);
}

/* ---- tricks for the password ----------------------------------------------------------------- */

/* Greets, perhaps speaks TLS, then wants another login: f->more names it. */
static void switches_login(struct fake *f)
{
    char p[64];
    int seq;

    fake_greet(f, f->cert != NULL ? CAP_SSL : 0);
    seq = fake_recv(f);
    if (f->cert != NULL) {
        if (!fake_start_tls(f)) {
            return;
        }
        seq = fake_recv(f);
    }
    int n = snprintf(p, sizeof(p), "\xfe%s%c%c%s", (const char *)f->more, 0, 4, "Password: ");
    fake_send(f, (uint8_t)(seq + 1), p, (size_t)n);
    while ((seq = fake_recv(f)) >= 0) { /* all that the client says inside TLS counts, too */
        size_t room = sizeof(f->seen) - f->seen_len;
        memcpy(f->seen + f->seen_len, f->packet, f->packet_len < room ? f->packet_len : room);
        f->seen_len += f->packet_len < room ? f->packet_len : room;
        fake_send(f, (uint8_t)(seq + 1), "\xfe", 1);
    }
}

static void clear_text_logins(void **state)
{
    static const char *const logins[] = {"mysql_clear_password", "dialog", "mysql_old_password",
                                         "authentication_ldap_simple_client", "", "mysql"};
    for (size_t i = 0; i < 2 * sizeof(logins) / sizeof(logins[0]); i++) {
        struct fake f = {.script = switches_login, .more = (void *)(uintptr_t)logins[i / 2],
                         .cert = i % 2 == 0 ? NULL : &server_cert};
        fake_start(&f);
        struct db_target t = target(&f, i % 2 == 0 ? DB_TLS_OFF : DB_TLS_REQUIRE);
        must_fail(&f, &t, ERR_AUTH, "login that is not spoken here");
    }
}

/* caching_sha2_password: wants the password itself, and would hand out a key for it. */
static void wants_full_login(struct fake *f)
{
    fake_greet(f, 0);
    int seq = fake_recv(f);
    fake_send(f, (uint8_t)(seq + 1), "\1\4", 2);
    if (fake_recv(f) >= 0) {
        snprintf(f->secret, sizeof(f->secret), "asked with %zu bytes", f->packet_len);
    }
}

static void full_login_without_tls(void **state)
{
    struct fake f = {.script = wants_full_login};
    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_OFF);
    must_fail(&f, &t, ERR_AUTH, "rsa_key");
    assert_string_equal(f.secret, ""); /* its key was not asked for */
}

static void asks_for_file(struct fake *f)
{
    fake_greet(f, 0);
    fake_ok(f, fake_recv(f) + 1);
    int seq = fake_recv(f); /* the statement */
    fake_send(f, (uint8_t)(seq + 1), "\xfb/etc/passwd", 12);
    seq = fake_recv(f);
    snprintf(f->secret, sizeof(f->secret), "%d bytes", seq < 0 ? -1 : (int)f->packet_len);
    fake_error(f, seq + 1, 1148, "no");
    fake_drain(f);
}

static void local_infile(void **state)
{
    struct fake f = {.script = asks_for_file};
    struct db *db = NULL;
    struct db_error err;

    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_OFF);
    assert_int_equal(db_open(&t, &db, &err), OK);
    assert_true(db_query(db, "LOAD DATA LOCAL INFILE 'x' INTO TABLE t", NULL, &err) < 0);
    db_close(db);
    fake_stop(&f);
    assert_string_equal(f.secret, "0 bytes");
    assert_false(fake_saw(&f, "root:"));
}

/* ---- not a server, or not for us ------------------------------------------------------------- */

static void says_ssh(struct fake *f)
{
    fake_write(f, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", 32);
    fake_drain(f);
}

static void says_nothing(struct fake *f)
{
    fake_drain(f);
}

static void says_goodbye(struct fake *f)
{
}

static void not_mysql(void **state)
{
    struct fake f = {.script = says_ssh};
    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_PREFER);
    must_fail(&f, &t, ERR_PROTOCOL, "it said \"SSH-2.0-OpenSSH_9.2p1 Debian-2\"");
    assert_int_equal(f.seen_len, 0);

    struct fake g = {.script = says_goodbye};
    fake_start(&g);
    t = target(&g, DB_TLS_OFF);
    must_fail(&g, &t, ERR_NET, "closed before a word");

    struct fake h = {.script = says_nothing};
    fake_start(&h);
    t = target(&h, DB_TLS_OFF);
    t.connect_timeout_s = 1;
    int64_t start = now_ms();
    must_fail(&h, &t, ERR_TIMEOUT, "says nothing");
    assert_in_range(now_ms() - start, 900, 3000);
}

static void *cancel_soon(void *arg)
{
    usleep(300000);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

static void cancelled(void **state)
{
    struct fake f = {.script = says_nothing};
    atomic_bool flag = false;
    pthread_t thread;

    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_OFF);
    t.connect_timeout_s = 30;
    t.cancel = &flag;
    int64_t start = now_ms();
    pthread_create(&thread, NULL, cancel_soon, &flag);
    must_fail(&f, &t, ERR_CANCELLED, "stopped");
    pthread_join(thread, NULL);
    assert_in_range(now_ms() - start, 250, 1500);
}

static void refuses(struct fake *f)
{
    const struct refusal { unsigned number; const char *text; } *r = f->more;
    char p[128];
    int n = snprintf(p, sizeof(p), "%c%c%c%s", 0xff, (char)r->number, (char)(r->number >> 8),
                     r->text);
    fake_send(f, 0, p, (size_t)n);
}

/* Said instead of a greeting; in the modes with TLS the library would hide the number. */
static void refused_at_the_door(void **state)
{
    static const struct {
        unsigned number;
        const char *text;
        int code;
        const char *help;
    } cases[] = {
        {1130, "Host '10.0.0.9' is not allowed to connect", ERR_AUTH, "'user'@'address'"},
        {1129, "Host '10.0.0.9' is blocked", ERR_AUTH, "FLUSH HOSTS"},
        {1040, "Too many connections", ERR_SERVER, "max_connections"},
    };
    for (size_t i = 0; i < 6; i++) {
        struct { unsigned number; const char *text; } r = {cases[i / 2].number, cases[i / 2].text};
        struct fake f = {.script = refuses, .more = &r};
        fake_start(&f);
        struct db_target t = target(&f, i % 2 == 0 ? DB_TLS_OFF : DB_TLS_REQUIRE);
        must_fail(&f, &t, cases[i / 2].code, cases[i / 2].help);
        assert_int_equal(f.seen_len, 0);
    }
}

static void bad_targets(void **state)
{
    static const char *const hosts[] = {"", "a;b", "a,b", "host=x", "mysql://x", "a b"};
    struct db *db = NULL;
    struct db_error err;

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct db_target t = {.host = hosts[i], .port = 1, .user = "u"};
        assert_int_equal(db_open(&t, &db, &err), ERR_INVALID);
    }
    struct db_target t = {.host = "127.0.0.1", .port = 1, .user = "u", .tls = DB_TLS_VERIFY};
    assert_int_equal(db_open(&t, &db, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "ca"));
    t.fingerprint = "12:34";
    assert_int_equal(db_open(&t, &db, &err), ERR_INVALID);
    t.fingerprint = NULL;
    t.ca_pem = "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n";
    assert_int_equal(db_open(&t, &db, &err), ERR_INVALID);
    t.ca_pem = ca.pem;
    t.cert_pem = server_cert.pem;
    assert_int_equal(db_open(&t, &db, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "key is missing"));
    t.key_pem = ca.key_pem;
    assert_int_equal(db_open(&t, &db, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "not a pair"));
    t = (struct db_target){.host = "127.0.0.1", .port = 1, .user = "u"};
    assert_int_equal(db_open(&t, &db, &err), ERR_NET);
    assert_non_null(strstr(err.text, "refused"));
}

int main(void)
{
    /* What a hostile environment would set. */
    setenv("MARIADB_TLS_DISABLE_PEER_VERIFICATION", "1", 1);
    setenv("MYSQL_PWD", PASSWORD, 1);
    setenv("LIBMYSQL_PLUGINS", "mysql_clear_password;dialog", 1);
    setenv("MARIADB_PLUGIN_DIR", "/usr/lib/mysql/plugin", 1);
    assert_int_equal(tls_init(), OK);
    cert_make(&ca, "Test CA", "", NULL, "20200101", "20500101");
    cert_make(&server_cert, "db", "127.0.0.1", &ca, "20200101", "20500101");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_tls_offered),     cmocka_unit_test(tls_claimed_only),
        cmocka_unit_test(data_before_tls),    cmocka_unit_test(tls10_only),
        cmocka_unit_test(clear_text_logins),  cmocka_unit_test(full_login_without_tls),
        cmocka_unit_test(local_infile),       cmocka_unit_test(not_mysql),
        cmocka_unit_test(cancelled),          cmocka_unit_test(refused_at_the_door),
        cmocka_unit_test(bad_targets),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    cert_free(&ca);
    cert_free(&server_cert);
    return rc;
}
