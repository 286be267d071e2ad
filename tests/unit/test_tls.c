/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are in order: certificates and their verdicts, logins, packets, results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>

#include "base/err.h"
#include "base/now.h"
#include "drivers/tls/db.h"
#include "drivers/tls/tls.h"
#include "tests/unit/fake_mysql.h"

#include <cmocka.h>

#define USER "some-user"
#define PASSWORD "Secret-77-word"

static struct cert ca, other_ca, by_address, by_name, expired, early, client;

/* ---- a server that plays along --------------------------------------------------------------- */

/* A full login, over TLS when there is a certificate; then the statements of the test. */
static bool logs_in(struct fake *f)
{
    int seq;

    fake_greet(f, f->cert != NULL ? CAP_SSL : 0);
    seq = fake_recv(f);
    if (f->cert != NULL && f->packet_len == 32) {
        if (!fake_start_tls(f)) {
            return false;
        }
        seq = fake_recv(f);
    }
    if (seq < 0 || strcmp(fake_user(f), USER) != 0) {
        return false;
    }
    fake_send(f, (uint8_t)(seq + 1), "\1\4", 2); /* the cache does not know it: the password! */
    seq = fake_recv(f);
    if (seq < 0) {
        return false;
    }
    snprintf(f->secret, sizeof(f->secret), "%.*s", (int)f->packet_len, (const char *)f->packet);
    return fake_ok(f, seq + 1);
}

static void column(struct fake *f, uint8_t seq, const char *name)
{
    char p[128];
    int n = snprintf(p, sizeof(p), "%cdef%c%c%c%c%s%c%c", 3, 0, 0, 0, (char)strlen(name), name, 0,
                     12);
    memcpy(p + n, "\x2d\0\0\1\0\0\xfd\0\0\0\0\0", 12);
    fake_send(f, seq, p, (size_t)n + 12);
}

/* Two columns, three rows; one value is NULL, one holds a NUL. */
static void answers_rows(struct fake *f)
{
    fake_send(f, 1, "\2", 1);
    column(f, 2, "a");
    column(f, 3, "b");
    fake_send(f, 4, "\xfe\0\0\2\0", 5);
    fake_send(f, 5, "\3one\xfb", 5);
    fake_send(f, 6, "\0\3x\0y", 5);
    fake_send(f, 7, "\1" "3" "\4four", 7);
    fake_send(f, 8, "\xfe\0\0\2\0", 5);
}

static void serves(struct fake *f)
{
    if (!logs_in(f)) {
        fake_drain(f);
        return;
    }
    while (fake_recv(f) >= 0 && f->packet_len > 0) {
        if (f->packet[0] != 3) {
            return;
        }
        if (memmem(f->packet, f->packet_len, "rows", 4) != NULL) {
            answers_rows(f);
        } else if (memmem(f->packet, f->packet_len, "wrong", 5) != NULL) {
            fake_error(f, 1, 1064, "You have an error in your SQL syntax");
        } else {
            fake_ok(f, 1);
        }
    }
}

static struct db_target target(const struct fake *f, enum db_tls tls)
{
    return (struct db_target){.host = "127.0.0.1", .port = f->port, .user = USER,
                              .password = PASSWORD, .tls = tls, .ca_pem = ca.pem,
                              .connect_timeout_s = 5, .read_timeout_s = 5};
}

/* One connection to a server that shows `cert`. words: of the error or the warning; "" for none. */
static void judge(const struct cert *cert, struct db_target t, int code, const char *words)
{
    struct fake f = {.script = serves, .cert = cert};
    struct db *db = NULL;
    struct db_error err;

    fake_start(&f);
    t.port = f.port;
    int rc = db_open(&t, &db, &err);
    if (rc != code || (rc != OK && strstr(err.text, words) == NULL)) {
        print_message("got %d (%s): %s\n", rc, err_name(rc), err.text);
    }
    assert_int_equal(rc, code);
    if (rc == OK) {
        assert_true(db_uses_tls(db));
        assert_memory_equal(db_tls_version(db), "TLSv1.", 6);
        assert_true(db_tls_cipher(db)[0] != '\0');
        if (words[0] == '\0') {
            assert_string_equal(db_warning(db), "");
        } else {
            assert_non_null(strstr(db_warning(db), words));
        }
        assert_int_equal(db_query(db, "SELECT ok", NULL, &err), OK);
        db_close(db);
    } else {
        assert_non_null(strstr(err.text, words));
        assert_string_equal(f.secret, ""); /* refused before the login */
    }
    fake_stop(&f);
    assert_false(fake_saw(&f, USER));
    assert_false(fake_saw(&f, PASSWORD));
    if (rc == OK) {
        assert_string_equal(f.secret, PASSWORD); /* the server got it, inside TLS */
    }
}

static void pin_of(const struct cert *c, char pin[65])
{
    mbedtls_x509_crt crt;
    unsigned char digest[32];

    mbedtls_x509_crt_init(&crt);
    assert_int_equal(mbedtls_x509_crt_parse(&crt, (const unsigned char *)c->pem,
                                            strlen(c->pem) + 1), 0);
    assert_int_equal(mbedtls_sha256(crt.raw.p, crt.raw.len, digest, 0), 0);
    for (size_t i = 0; i < 32; i++) {
        snprintf(pin + 2 * i, 3, "%02X", digest[i]);
    }
    mbedtls_x509_crt_free(&crt);
}

/* ---- certificates ---------------------------------------------------------------------------- */

static void chain_and_name(void **state)
{
    struct fake none = {.port = 0};
    struct db_target t = target(&none, DB_TLS_VERIFY);

    judge(&by_address, t, OK, "");
    judge(&by_name, t, ERR_TLS, "made out to localhost, not to 127.0.0.1");
    t.host = "localhost";
    judge(&by_name, t, OK, "");
    judge(&by_address, t, ERR_TLS, "made out to 127.0.0.1, not to localhost");
    t.ca_pem = other_ca.pem;
    judge(&by_name, t, ERR_TLS, "not signed by the configured ca (its issuer is CN=Test CA)");

    t.tls = DB_TLS_REQUIRE; /* the name is not asked for, a configured ca is */
    judge(&by_address, t, ERR_TLS, "not signed");
    t.ca_pem = ca.pem;
    judge(&by_address, t, OK, "");
    t.ca_pem = NULL;
    judge(&expired, t, OK, "");

    t.tls = DB_TLS_PREFER;
    t.ca_pem = other_ca.pem;
    judge(&expired, t, OK, "");
}

static void dates(void **state)
{
    struct fake none = {.port = 0};
    struct db_target t = target(&none, DB_TLS_VERIFY);

    judge(&expired, t, ERR_TLS, "expired on 2021-01-01");
    judge(&early, t, ERR_TLS, "valid only from 2049-01-01");
    tls_set_clock_known(false);
    judge(&expired, t, OK, "expired on 2021-01-01");
    judge(&early, t, OK, "valid only from 2049-01-01");
    t.host = "localhost"; /* the clock excuses dates and nothing else */
    judge(&expired, t, ERR_TLS, "made out to");
    tls_set_clock_known(true);
}

static void pins(void **state)
{
    struct fake none = {.port = 0};
    struct db_target t = target(&none, DB_TLS_VERIFY);
    char pin[65], colons[32 * 3 + 1], other[65];

    pin_of(&by_address, pin);
    pin_of(&by_name, other);
    for (size_t i = 0; i < 32; i++) {
        snprintf(colons + 3 * i, 4, "%.2s%s", pin + 2 * i, i < 31 ? ":" : "");
    }
    t.ca_pem = NULL;
    t.fingerprint = pin;
    judge(&by_address, t, OK, "");
    t.fingerprint = colons;
    judge(&by_address, t, OK, "");
    t.fingerprint = other;
    judge(&by_address, t, ERR_TLS, "not the pinned one");
    t.ca_pem = other_ca.pem; /* both are given: both must hold */
    t.fingerprint = pin;
    judge(&by_address, t, ERR_TLS, "not signed");
}

static void client_certificate(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct fake f = {.script = serves, .cert = &by_address, .client_ca = &ca};
        struct db *db = NULL;
        struct db_error err;

        fake_start(&f);
        struct db_target t = target(&f, DB_TLS_VERIFY);
        if (i == 1) {
            t.cert_pem = client.pem;
            t.key_pem = client.key_pem;
        }
        int rc = db_open(&t, &db, &err);
        assert_int_equal(rc, i == 1 ? OK : ERR_TLS);
        if (rc != OK) {
            assert_non_null(strstr(err.text, "client certificate"));
        }
        db_close(db);
        fake_stop(&f);
    }
}

/* ---- logins ---------------------------------------------------------------------------------- */

/* A key made for this test; it opens nothing else. */
static const char rsa_private[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXQIBAAKBgQDBE5mThCNsKXomuBHoPa3zIKOq0Ex3UjohQa21AXPzL317Fi5q\n"
    "iUb2CAEC0juWFaYV3azdAfw0R6z5J3VgTGD+I+sk0K/V0mzoOX+hwZoMKjUBBRf+\n"
    "02pNC6W8R+frobfNVIez4ndBZ0IWV1oSt/714CNanF4hz8J5rCfVevuBBwIDAQAB\n"
    "AoGAQmqLmcMKrFpYOpl3D3yoKcpAgrHEnAcdF/OP3YPybuUXNRAcR2mRj3CRaHcJ\n"
    "KEeqKjtnC19zckh1p/960PV1J1zzIMLOWi9Y/R3lY8qJdkKJV4ShvCVPVONryCtI\n"
    "Ei7XZS5FveINQwxDRBMv0ASGDYRxM+fUg5eK/lN4DaUlfQECQQD7mGKwMskGz2T4\n"
    "PNSY6iWtVnJWmYr3U0k/95rVrDTUvgRYGgn5n8fP5WpyNIfwTMZdtftFBnlHkGDx\n"
    "PYuCfk2fAkEAxHTxHfR0M95qd466ch7nQo06Zp8l1cg6RWeA7zuPqLX4KS56w3gH\n"
    "vuYGTZLh8Q1ez6jfJdPN0rRNEvZEjUHDmQJBAMak6kZz0oSt+uqEHNcfB+B0AJKf\n"
    "aDkeaRc4R+esr4nI/WUSKg4NOZXLbN/+2dXAyF308Q7urZLzS5ctIJlHX8ECQQC3\n"
    "B8SEhfWlRXinvsASBpyqsm1QosFbNVqkwtOrDzC+nBqCM52Ic1G0FxaUO15peG12\n"
    "xvxvf69ouTZ9jhc8C6MxAkB2D8cSg6XUtCZX7CfGsbFtBWon0HJwhPgc200yLeV/\n"
    "o7bW7PyEM7Cy+kNf+La/Bo1qQJfGaUEy+dsR+wvOxqeT\n"
    "-----END RSA PRIVATE KEY-----\n";
static const char rsa_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDBE5mThCNsKXomuBHoPa3zIKOq\n"
    "0Ex3UjohQa21AXPzL317Fi5qiUb2CAEC0juWFaYV3azdAfw0R6z5J3VgTGD+I+sk\n"
    "0K/V0mzoOX+hwZoMKjUBBRf+02pNC6W8R+frobfNVIez4ndBZ0IWV1oSt/714CNa\n"
    "nF4hz8J5rCfVevuBBwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

/* Without TLS: the password comes encrypted with the key that was configured. */
static void takes_rsa(struct fake *f)
{
    mbedtls_pk_context pk;
    unsigned char plain[256];
    size_t len = 0;

    fake_greet(f, 0);
    int seq = fake_recv(f);
    fake_send(f, (uint8_t)(seq + 1), "\1\4", 2);
    seq = fake_recv(f);
    mbedtls_pk_init(&pk);
    if (seq < 0 ||
        mbedtls_pk_parse_key(&pk, (const unsigned char *)rsa_private, sizeof(rsa_private), NULL, 0,
                             mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE) != 0 ||
        mbedtls_rsa_set_padding(mbedtls_pk_rsa(pk), MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA1) != 0 ||
        mbedtls_rsa_rsaes_oaep_decrypt(mbedtls_pk_rsa(pk), mbedtls_psa_get_random,
                                       MBEDTLS_PSA_RANDOM_STATE, NULL, 0, &len, f->packet, plain,
                                       sizeof(plain)) != 0) {
        fake_error(f, seq + 1, 1045, "Access denied");
    } else {
        for (size_t i = 0; i < len; i++) {
            f->secret[i] = (char)(plain[i] ^ fake_nonce[i % 20]);
        }
        fake_ok(f, seq + 1);
    }
    mbedtls_pk_free(&pk);
    fake_recv(f);
}

static void login_with_rsa_key(void **state)
{
    struct fake f = {.script = takes_rsa};
    struct db *db = NULL;
    struct db_error err;

    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_OFF);
    t.rsa_key_pem = rsa_public;
    assert_int_equal(db_open(&t, &db, &err), OK);
    db_close(db);
    fake_stop(&f);
    assert_string_equal(f.secret, PASSWORD);
    assert_false(fake_saw(&f, PASSWORD));
}

static void says_wrong_password(struct fake *f)
{
    fake_greet(f, 0);
    fake_error(f, fake_recv(f) + 1, 1045, "Access denied for user 'some-user'@'here'");
}

static void wrong_password(void **state)
{
    struct fake f = {.script = says_wrong_password};
    struct db *db = NULL;
    struct db_error err;

    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_OFF);
    assert_int_equal(db_open(&t, &db, &err), ERR_AUTH);
    fake_stop(&f);
    assert_int_equal(err.mysql_errno, 1045);
    assert_string_equal(err.sqlstate, "28000");
    assert_non_null(strstr(err.text, "Access denied for user 'some-user'"));
}

/* ---- statements and packets ------------------------------------------------------------------ */

static void results(void **state)
{
    struct fake f = {.script = serves, .cert = &by_address};
    struct db *db = NULL;
    struct db_result *r = NULL;
    struct db_error err;
    size_t len = 0;

    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_VERIFY);
    assert_int_equal(db_open(&t, &db, &err), OK);
    assert_string_equal(db_server_version(db), "10.11.99-MariaDB");
    assert_int_equal(db_version_number(db), 101199);
    assert_true(db_is_mariadb(db));
    assert_int_equal(db_query(db, "SELECT rows", &r, &err), OK);
    assert_int_equal(db_rows(r), 3);
    assert_int_equal(db_columns(r), 2);
    assert_string_equal(db_column_name(r, 1), "b");
    assert_null(db_column_name(r, 2));
    assert_string_equal(db_value(r, 0, 0, NULL), "one");
    assert_null(db_value(r, 0, 1, &len));
    assert_string_equal(db_value(r, 1, 0, &len), "");
    assert_memory_equal(db_value(r, 1, 1, &len), "x\0y", 4);
    assert_int_equal(len, 3);
    assert_null(db_value(r, 3, 0, NULL));
    db_result_free(r);
    assert_int_equal(db_query_bounded(db, "SELECT rows", 2, 0, &r, &err), ERR_TOOBIG);
    assert_null(r);
    assert_int_equal(db_query_bounded(db, "SELECT rows", 3, 8, &r, &err), ERR_TOOBIG);
    assert_int_equal(db_query(db, "wrong", &r, &err), ERR_SERVER);
    assert_int_equal(err.mysql_errno, 1064);
    assert_int_equal(db_query(db, "UPDATE ok", &r, &err), OK); /* still usable */
    assert_int_equal(db_columns(r), 0);
    db_result_free(r);
    db_close(db);
    fake_stop(&f);
}

/* Rows without end to "endless"; a byte now and then to anything else. */
static void holds_on(struct fake *f)
{
    static const uint8_t row[] = {3, 'x', 'y', 'z', 3, 'u', 'v', 'w'};
    if (!logs_in(f) || fake_recv(f) < 0) {
        fake_drain(f);
        return;
    }
    uint8_t seq = 1;
    if (memmem(f->packet, f->packet_len, "endless", 7) != NULL) {
        fake_send(f, seq++, "\2", 1);
        column(f, seq++, "a");
        column(f, seq++, "b");
        fake_send(f, seq++, "\xfe\0\0\2\0", 5);
        while (fake_send(f, seq++, row, sizeof(row))) {
        }
        return;
    }
    static const uint8_t header[4] = {200, 0, 0, 1};
    fake_write(f, header, sizeof(header));
    while (fake_write(f, row, 1)) {
        usleep(200000);
    }
}

static void a_server_cannot_hold_us(void **state)
{
    static const char *const statements[] = {"SELECT endless", "SELECT drip"};
    for (size_t i = 0; i < 2; i++) {
        struct fake f = {.script = holds_on, .cert = &by_address};
        struct db *db = NULL;
        struct db_error err;
        fake_start(&f);
        struct db_target t = target(&f, DB_TLS_VERIFY);
        t.read_timeout_s = 1;
        assert_int_equal(db_open(&t, &db, &err), OK);
        int64_t begun = now_monotonic_ms();
        int rc = db_query_bounded(db, statements[i], 10, 1000, NULL, &err);
        assert_int_equal(rc, i == 0 ? ERR_TOOBIG : ERR_TIMEOUT);
        assert_true(now_monotonic_ms() - begun < 5000);
        db_close(db);
        fake_stop(&f);
    }
}

/* COM_REGISTER_SLAVE is answered; then a stream with a pause in it, and an ACK comes back. */
static void streams(struct fake *f)
{
    if (!logs_in(f)) {
        return;
    }
    fake_recv(f);
    f->secret[0] = (char)f->packet[0];
    fake_ok(f, 1);
    fake_write(f, "first", 5);
    fake_recv(f);
    fake_write(f, "second", 6);
    fake_recv(f);
    snprintf(f->secret, sizeof(f->secret), "%zu %c", f->packet_len, f->packet[f->packet_len - 1]);
}

static void packets(void **state)
{
    struct fake f = {.script = streams, .cert = &by_address};
    struct db *db = NULL;
    struct db_error err;
    char buf[64], big[5000];

    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_VERIFY);
    t.read_timeout_s = 1;
    t.small = true;
    assert_int_equal(db_open(&t, &db, &err), OK);
    assert_int_equal(db_command(db, 0x15, "payload", 7, &err), OK);
    assert_int_equal(db_read_ok(db, &err), OK);
    assert_int_equal(db_read_full(db, buf, 5, &err), OK);
    assert_memory_equal(buf, "first", 5);
    assert_int_equal(db_read_some(db, buf, sizeof(buf), &err), ERR_TIMEOUT);
    assert_int_equal(db_write_packet(db, 0, "go", 2, &err), OK); /* a timeout ended nothing */
    assert_int_equal(db_read_full(db, buf, 6, &err), OK);
    assert_memory_equal(buf, "second", 6);
    memset(big, 'b', sizeof(big));
    assert_int_equal(db_write_packet(db, 0, big, sizeof(big), &err), OK);
    assert_int_equal(db_read_some(db, buf, sizeof(buf), &err), 0); /* the server closed */
    assert_int_equal(db_read_full(db, buf, 1, &err), ERR_NET);
    db_close(db);
    fake_stop(&f);
    assert_string_equal(f.secret, "5000 b");
}

static void *cancel_soon(void *arg)
{
    usleep(300000);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

static void cancelled_while_reading(void **state)
{
    struct fake f = {.script = serves, .cert = &by_address};
    struct db *db = NULL;
    struct db_error err;
    atomic_bool flag = false;
    pthread_t thread;
    char byte;

    fake_start(&f);
    struct db_target t = target(&f, DB_TLS_VERIFY);
    t.read_timeout_s = 0; /* for ever */
    t.cancel = &flag;
    assert_int_equal(db_open(&t, &db, &err), OK);
    pthread_create(&thread, NULL, cancel_soon, &flag);
    assert_int_equal(db_read_some(db, &byte, 1, &err), ERR_CANCELLED);
    pthread_join(thread, NULL);
    db_close(db);
    fake_stop(&f);
}

static void *opens(void *arg)
{
    struct db *db = NULL;
    struct db_error err;
    int rc = db_open((const struct db_target *)arg, &db, &err);

    db_close(db);
    return rc == OK ? arg : NULL;
}

/* The relay, the precheck and the HTTP door do not wait for each other. */
static void many_threads(void **state)
{
    struct fake f[4];
    struct db_target t[4];
    pthread_t thread[4];

    memset(f, 0, sizeof(f));
    for (size_t i = 0; i < 4; i++) {
        f[i].script = serves;
        f[i].cert = &by_address;
        fake_start(&f[i]);
        t[i] = target(&f[i], DB_TLS_VERIFY);
        assert_int_equal(pthread_create(&thread[i], NULL, opens, &t[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *result = NULL;
        pthread_join(thread[i], &result);
        fake_stop(&f[i]);
        assert_ptr_equal(result, &t[i]);
    }
}

int main(void)
{
    setenv("MARIADB_TLS_DISABLE_PEER_VERIFICATION", "1", 1); /* must not matter */
    assert_int_equal(tls_init(), OK);
    cert_make(&ca, "Test CA", "", NULL, "20200101", "20500101");
    cert_make(&other_ca, "Other CA", "", NULL, "20200101", "20500101");
    cert_make(&by_address, "db", "127.0.0.1", &ca, "20200101", "20500101");
    cert_make(&by_name, "db", "localhost", &ca, "20200101", "20500101");
    cert_make(&expired, "db", "127.0.0.1", &ca, "20200101", "20210101");
    cert_make(&early, "db", "127.0.0.1", &ca, "20490101", "20500101");
    cert_make(&client, "box", "", &ca, "20200101", "20500101");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads), /* first: it starts the libraries */
        cmocka_unit_test(chain_and_name),     cmocka_unit_test(dates),
        cmocka_unit_test(pins),               cmocka_unit_test(client_certificate),
        cmocka_unit_test(login_with_rsa_key), cmocka_unit_test(wrong_password),
        cmocka_unit_test(results),            cmocka_unit_test(packets),
        cmocka_unit_test(cancelled_while_reading), cmocka_unit_test(a_server_cannot_hold_us),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    struct cert *all[] = {&ca, &other_ca, &by_address, &by_name, &expired, &early, &client};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        cert_free(all[i]);
    }
    return rc;
}
