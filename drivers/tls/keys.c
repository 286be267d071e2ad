/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates, keys and the pin of one target, read from the texts of its config. */
#include "drivers/tls/db_internal.h"

#include <mbedtls/error.h>
#include <mbedtls/psa_util.h>

static int bad(struct db_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int bad(struct db_error *err, const char *fmt, ...)
{
    va_list ap;

    err->mysql_errno = 0;
    memcpy(err->sqlstate, "HY000", 6);
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    return ERR_INVALID;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 64 hex digits, colons (and spaces) between the pairs allowed. */
static bool pin_read(uint8_t pin[DB_PIN_BYTES], const char *text)
{
    size_t n = 0;
    while (*text != '\0') {
        if (*text == ':' || *text == ' ') {
            text++;
            continue;
        }
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0 || n == DB_PIN_BYTES) {
            return false;
        }
        pin[n++] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return n == DB_PIN_BYTES;
}

static const unsigned char *pem(const char *text)
{
    return (const unsigned char *)text;
}

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

int tls_keys_load(struct tls_keys *keys, const struct db_target *t, struct db_error *err)
{
    if (given(t->fingerprint)) {
        if (!pin_read(keys->pin, t->fingerprint)) {
            return bad(err, "fingerprint is not a SHA-256: 64 hex digits are wanted, as "
                            "\"openssl x509 -fingerprint -sha256\" prints them");
        }
        keys->has_pin = true;
    }
    if (given(t->ca_pem)) {
        if (mbedtls_x509_crt_parse(&keys->ca, pem(t->ca_pem), strlen(t->ca_pem) + 1) != 0) {
            return bad(err, "ca holds no certificate that can be read: PEM is wanted "
                            "(-----BEGIN CERTIFICATE-----)");
        }
        keys->has_ca = true;
    }
    if (given(t->cert_pem) != given(t->key_pem)) {
        return bad(err, "cert and key belong together: %s is missing",
                   given(t->cert_pem) ? "key" : "cert");
    }
    if (given(t->cert_pem)) {
        if (mbedtls_x509_crt_parse(&keys->cert, pem(t->cert_pem), strlen(t->cert_pem) + 1) != 0) {
            return bad(err, "cert holds no certificate that can be read: PEM is wanted "
                            "(-----BEGIN CERTIFICATE-----)");
        }
        int rc = mbedtls_pk_parse_key(&keys->key, pem(t->key_pem), strlen(t->key_pem) + 1, NULL, 0,
                                      mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
        if (rc == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || rc == MBEDTLS_ERR_PK_PASSWORD_MISMATCH) {
            return bad(err, "key is protected by a passphrase, which nobody could type here: "
                            "give it without (openssl pkey -in KEY -out NEW)");
        }
        if (rc != 0) {
            return bad(err, "key holds no private key that can be read: PEM is wanted, RSA or "
                            "EC, without a passphrase");
        }
        if (mbedtls_pk_check_pair(&keys->cert.pk, &keys->key, mbedtls_psa_get_random,
                                  MBEDTLS_PSA_RANDOM_STATE) != 0) {
            return bad(err, "cert and key are not a pair: the certificate was made for another "
                            "key");
        }
        keys->has_cert = true;
    }
    if (t->tls == DB_TLS_VERIFY && !keys->has_ca && !keys->has_pin) {
        return bad(err, "tls = verify needs something to verify with: give ca, or fingerprint");
    }
    return OK;
}

void tls_keys_free(struct tls_keys *keys)
{
    mbedtls_x509_crt_free(&keys->ca);
    mbedtls_x509_crt_free(&keys->cert);
    mbedtls_pk_free(&keys->key);
}
