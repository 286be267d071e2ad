/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logins caching_sha2_password and sha256_password.
 *
 * The password itself is sent only inside TLS. Without TLS it is encrypted with the server's RSA
 * key, and only with one that was configured: a key that the server hands out on the same open
 * line could be anybody's, so it is never asked for.
 */
#include "drivers/tls/db_internal.h"

#include <errmsg.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>
#include <mysql/client_plugin.h>

enum {
    NONCE_LEN = 20,
    SHA256_LEN = 32,
    FAST_LOGIN_DONE = 3,
    FULL_LOGIN_WANTED = 4,
    RSA_MAX_BYTES = 1024, /* keys up to 8192 bits */
    OAEP_OVERHEAD = 42,   /* RFC 8017, section 7.1.1, with SHA-1, which MySQL uses */
};

/* SHA256(password) xor SHA256(SHA256(SHA256(password)) + nonce) */
static int scramble(uint8_t out[SHA256_LEN], const char *password, const uint8_t *nonce)
{
    uint8_t once[SHA256_LEN], twice_and_nonce[SHA256_LEN + NONCE_LEN], mix[SHA256_LEN];
    int rc = -1;

    if (mbedtls_sha256((const unsigned char *)password, strlen(password), once, 0) != 0 ||
        mbedtls_sha256(once, sizeof(once), twice_and_nonce, 0) != 0) {
        goto out;
    }
    memcpy(twice_and_nonce + SHA256_LEN, nonce, NONCE_LEN);
    if (mbedtls_sha256(twice_and_nonce, sizeof(twice_and_nonce), mix, 0) != 0) {
        goto out;
    }
    for (size_t i = 0; i < SHA256_LEN; i++) {
        out[i] = once[i] ^ mix[i];
    }
    rc = 0;
out:
    mbedtls_platform_zeroize(once, sizeof(once));
    mbedtls_platform_zeroize(twice_and_nonce, sizeof(twice_and_nonce));
    return rc;
}

static int refuse(struct db *db, const char *text)
{
    db_verdict(db, ERR_AUTH, CR_AUTH_PLUGIN_ERR, "%s", text);
    return CR_ERROR;
}

/* Send the password (with its NUL, xored with the nonce) encrypted with the configured key. */
static int send_rsa(MYSQL_PLUGIN_VIO *vio, struct db *db, const char *password,
                    const uint8_t *nonce)
{
    mbedtls_pk_context pk;
    uint8_t plain[RSA_MAX_BYTES], cipher[RSA_MAX_BYTES];
    size_t len = strlen(password) + 1;
    int rc = CR_ERROR;

    if (db->rsa_key_pem == NULL || db->rsa_key_pem[0] == '\0') {
        return refuse(db, "this login needs TLS, or the server's public key: set tls = require, "
                          "or give rsa_key (SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'"
                          " on the server)");
    }
    mbedtls_pk_init(&pk);
    if (mbedtls_pk_parse_public_key(&pk, (const unsigned char *)db->rsa_key_pem,
                                    strlen(db->rsa_key_pem) + 1) != 0 ||
        !mbedtls_pk_can_do(&pk, MBEDTLS_PK_RSA)) {
        refuse(db, "rsa_key holds no RSA public key that can be read: PEM is wanted "
                   "(-----BEGIN PUBLIC KEY-----)");
        goto out;
    }
    mbedtls_rsa_context *rsa = mbedtls_pk_rsa(pk);
    size_t size = mbedtls_rsa_get_len(rsa);
    if (size > sizeof(cipher) || len + OAEP_OVERHEAD > size) {
        refuse(db, "the password is too long for the server's RSA key: use TLS");
        goto out;
    }
    for (size_t i = 0; i < len; i++) {
        plain[i] = (uint8_t)password[i] ^ nonce[i % NONCE_LEN];
    }
    if (mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA1) != 0 ||
        mbedtls_rsa_rsaes_oaep_encrypt(rsa, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE, NULL,
                                       0, len, plain, cipher) != 0) {
        refuse(db, "the password cannot be encrypted with rsa_key");
        goto out;
    }
    rc = vio->write_packet(vio, cipher, (int)size) == 0 ? CR_OK : CR_ERROR;
out:
    mbedtls_platform_zeroize(plain, sizeof(plain));
    mbedtls_pk_free(&pk);
    return rc;
}

/* The password, in the way that the connection allows. */
static int send_password(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql, bool tls, const uint8_t *nonce)
{
    if (tls) {
        return vio->write_packet(vio, (const unsigned char *)mysql->passwd,
                                 (int)strlen(mysql->passwd) + 1) == 0
                   ? CR_OK
                   : CR_ERROR;
    }
    return send_rsa(vio, db_of(mysql), mysql->passwd, nonce);
}

/* First packet of both: the nonce and a NUL. 0 or what to return to the library. */
static int read_nonce(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql, uint8_t nonce[NONCE_LEN])
{
    unsigned char *packet = NULL;
    int len = vio->read_packet(vio, &packet);

    if (len < 0) {
        return CR_ERROR;
    }
    if (len != NONCE_LEN + 1) {
        return CR_SERVER_HANDSHAKE_ERR;
    }
    memcpy(nonce, packet, NONCE_LEN);
    memcpy(mysql->scramble_buff, nonce, NONCE_LEN);
    mysql->scramble_buff[NONCE_LEN] = '\0';
    return 0;
}

static int caching_sha2(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql)
{
    uint8_t nonce[NONCE_LEN], answer[SHA256_LEN];
    unsigned char *packet = NULL;
    int rc = read_nonce(vio, mysql, nonce);

    if (rc != 0) {
        return rc;
    }
    if (mysql->passwd[0] == '\0') {
        return vio->write_packet(vio, NULL, 0) == 0 ? CR_OK : CR_ERROR;
    }
    if (scramble(answer, mysql->passwd, nonce) != 0 ||
        vio->write_packet(vio, answer, sizeof(answer)) != 0) {
        return CR_ERROR;
    }
    int len = vio->read_packet(vio, &packet);
    if (len < 0) {
        return CR_ERROR; /* an error of the server, or another login is wanted */
    }
    if (len > 0 && packet[0] == 0) {
        return CR_OK_HANDSHAKE_COMPLETE;
    }
    if (len == 1 && packet[0] == FAST_LOGIN_DONE) {
        return CR_OK;
    }
    if (len == 1 && packet[0] == FULL_LOGIN_WANTED) {
        return send_password(vio, mysql, mysql->net.pvio->ctls != NULL, nonce);
    }
    return CR_SERVER_HANDSHAKE_ERR;
}

static int sha256(MYSQL_PLUGIN_VIO *vio, MYSQL *mysql)
{
    uint8_t nonce[NONCE_LEN];
    int rc = read_nonce(vio, mysql, nonce);

    if (rc != 0) {
        return rc;
    }
    if (mysql->passwd[0] == '\0') {
        return vio->write_packet(vio, NULL, 0) == 0 ? CR_OK : CR_ERROR;
    }
    /* The first packet that is written starts TLS, when both sides have said so. */
    bool tls = mysql->net.pvio->ctls != NULL || (mysql->options.use_ssl != 0 &&
                                                 (mysql->server_capabilities & CLIENT_SSL) != 0);
    return send_password(vio, mysql, tls, nonce);
}

#define LOGIN(variable, its_name, function)                                                        \
    extern struct st_mysql_client_plugin_AUTHENTICATION variable;                                  \
    struct st_mysql_client_plugin_AUTHENTICATION variable = {                                      \
        .type = MYSQL_CLIENT_AUTHENTICATION_PLUGIN,                                                \
        .interface_version = MYSQL_CLIENT_AUTHENTICATION_PLUGIN_INTERFACE_VERSION,                 \
        .name = its_name,                                                                          \
        .author = "Sluice",                                                                        \
        .desc = "SHA-2 login",                                                                     \
        .version = {1, 0, 0},                                                                      \
        .license = "Apache-2.0",                                                                   \
        .authenticate_user = function,                                                             \
    }

LOGIN(caching_sha2_password_client_plugin, "caching_sha2_password", caching_sha2);
LOGIN(sha256_password_client_plugin, "sha256_password", sha256);
