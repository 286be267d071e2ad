/* SPDX-License-Identifier: Apache-2.0 */
/* Making and checking the verifier of the operator's password (PBKDF2, RFC 8018). */
#include "config/password.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <mbedtls/constant_time.h>
#include <mbedtls/pkcs5.h>
#include <mbedtls/platform_util.h>

#define PREFIX "pbkdf2-sha256$"
#define SALT_BYTES 16
#define HASH_BYTES 32
/* A small ARM core computes some 40,000 a second; the bounds keep a config from stalling the box
 * or from being no protection at all. */
#define ITERATIONS 20000
#define ITERATIONS_MIN 1000
#define ITERATIONS_MAX 1000000

struct verifier {
    unsigned iterations;
    size_t salt_len;
    uint8_t salt[64];
    uint8_t hash[HASH_BYTES];
};

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Reads hex digits until something else comes; false when there are none, too many or an odd
 * number. */
static bool hex_read(const char **text, uint8_t *to, size_t max, size_t *len)
{
    size_t n = 0;
    const char *p = *text;
    for (; hex_digit(p[0]) >= 0; p += 2, n++) {
        if (n == max || hex_digit(p[1]) < 0) {
            return false;
        }
        to[n] = (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
    }
    *text = p;
    *len = n;
    return n > 0;
}

static bool verifier_parse(const char *text, struct verifier *v)
{
    size_t len = 0;
    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0) {
        return false;
    }
    text += strlen(PREFIX);
    v->iterations = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        v->iterations = v->iterations * 10 + (unsigned)(*text - '0');
        if (v->iterations > ITERATIONS_MAX) {
            return false;
        }
    }
    if (v->iterations < ITERATIONS_MIN || *text++ != '$' ||
        !hex_read(&text, v->salt, sizeof v->salt, &v->salt_len) || v->salt_len < 8 ||
        *text++ != '$') {
        return false;
    }
    return hex_read(&text, v->hash, sizeof v->hash, &len) && len == HASH_BYTES && *text == '\0';
}

static bool derive(const char *password, const uint8_t *salt, size_t salt_len, unsigned iterations,
                   uint8_t hash[HASH_BYTES])
{
    return mbedtls_pkcs5_pbkdf2_hmac_ext(MBEDTLS_MD_SHA256, (const unsigned char *)password,
                                         strlen(password), salt, salt_len, iterations, HASH_BYTES,
                                         hash) == 0;
}

bool config_password_is_verifier(const char *text)
{
    struct verifier v;
    return verifier_parse(text, &v);
}

bool config_password_verify(const char *verifier, const char *password)
{
    struct verifier v;
    uint8_t hash[HASH_BYTES];
    if (!verifier_parse(verifier, &v) || strlen(password) > PASSWORD_MAX ||
        !derive(password, v.salt, v.salt_len, v.iterations, hash)) {
        return false;
    }
    bool same = mbedtls_ct_memcmp(hash, v.hash, HASH_BYTES) == 0;
    mbedtls_platform_zeroize(hash, sizeof hash);
    return same;
}

static void hex_write(char **to, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *(*to)++ = digits[bytes[i] >> 4];
        *(*to)++ = digits[bytes[i] & 15];
    }
}

int config_password_make(const char *password, char verifier[PASSWORD_VERIFIER_MAX],
                         struct errmsg *why)
{
    uint8_t salt[SALT_BYTES];
    uint8_t hash[HASH_BYTES];
    size_t len = strlen(password);
    if (len < PASSWORD_MIN || len > PASSWORD_MAX) {
        return fail(why, ERR_INVALID, "a password has %d to %d bytes, this one %zu", PASSWORD_MIN,
                    PASSWORD_MAX, len);
    }
    if (getrandom(salt, sizeof salt, 0) != (ssize_t)sizeof salt) {
        return fail_errno(why, ERR_IO, "no randomness for the salt");
    }
    if (!derive(password, salt, sizeof salt, ITERATIONS, hash)) {
        return fail(why, ERR_NOMEM, "the password's hash could not be computed: no memory");
    }
    char *p = verifier + snprintf(verifier, PASSWORD_VERIFIER_MAX, PREFIX "%d$", ITERATIONS);
    hex_write(&p, salt, sizeof salt);
    *p++ = '$';
    hex_write(&p, hash, sizeof hash);
    *p = '\0';
    mbedtls_platform_zeroize(hash, sizeof hash);
    return 0;
}
