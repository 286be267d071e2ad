/* SPDX-License-Identifier: Apache-2.0 */
/* The box's own certificate: an ECDSA P-256 key, signed by itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>

#include "drivers/http/http.h"
#include "drivers/tls/tls.h"

#define ADDRESSES_MAX 8
#define PEM_MAX 4096

static int fingerprint(struct http_certificate *c)
{
    mbedtls_x509_crt crt;
    unsigned char sum[32];
    mbedtls_x509_crt_init(&crt);
    int rc = mbedtls_x509_crt_parse(&crt, (const unsigned char *)c->pem, strlen(c->pem) + 1);
    if (rc == 0) {
        rc = mbedtls_sha256(crt.raw.p, crt.raw.len, sum, 0);
    }
    mbedtls_x509_crt_free(&crt);
    for (size_t i = 0; rc == 0 && i < sizeof sum; i++) {
        snprintf(c->fingerprint + 3 * i, 4, i + 1 < sizeof sum ? "%02X:" : "%02X", sum[i]);
    }
    return rc == 0 ? 0 : ERR_TLS;
}

int http_certificate_load(const char *pem, struct http_certificate *out, struct errmsg *why)
{
    memset(out, 0, sizeof *out);
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int rc = tls_init();
    if (rc == 0) {
        rc = mbedtls_pk_parse_key(&key, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0,
                                  mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    }
    mbedtls_pk_free(&key);
    out->pem = rc == 0 ? strdup(pem) : NULL;
    if (out->pem == NULL || fingerprint(out) != 0) {
        http_certificate_free(out);
        return fail(why, ERR_TLS, "the stored HTTPS certificate is not readable");
    }
    return 0;
}

/* The names by which browsers know the box: its host name and its addresses. */
static int set_names(mbedtls_x509write_cert *w, const char *name, const uint32_t *addresses,
                     size_t count)
{
    mbedtls_x509_san_list san[ADDRESSES_MAX + 1];
    unsigned char bytes[ADDRESSES_MAX][4];
    char subject[128], host[64];
    memset(san, 0, sizeof san);
    snprintf(host, sizeof host, "%s", name);
    snprintf(subject, sizeof subject, "CN=%s,O=Sluice", host);
    san[0].node.type = MBEDTLS_X509_SAN_DNS_NAME;
    san[0].node.san.unstructured_name.p = (unsigned char *)host;
    san[0].node.san.unstructured_name.len = strlen(host);
    count = count < ADDRESSES_MAX ? count : ADDRESSES_MAX;
    for (size_t i = 0; i < count; i++) {
        for (int b = 0; b < 4; b++) {
            bytes[i][b] = (unsigned char)(addresses[i] >> (24 - 8 * b));
        }
        san[i + 1].node.type = MBEDTLS_X509_SAN_IP_ADDRESS;
        san[i + 1].node.san.unstructured_name.p = bytes[i];
        san[i + 1].node.san.unstructured_name.len = 4;
        san[i].next = &san[i + 1];
    }
    int rc = mbedtls_x509write_crt_set_subject_name(w, subject);
    rc = rc != 0 ? rc : mbedtls_x509write_crt_set_issuer_name(w, subject);
    return rc != 0 ? rc : mbedtls_x509write_crt_set_subject_alternative_name(w, san);
}

static int write_all(mbedtls_x509write_cert *w, mbedtls_pk_context *key, const char *name,
                     const uint32_t *addresses, size_t count, const char *from, const char *to,
                     char *pem)
{
    unsigned char serial[16];
    int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    rc = rc != 0 ? rc
                 : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
                                       mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    rc = rc != 0 ? rc : mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, serial, sizeof serial);
    serial[0] &= 0x7f; /* a positive number */
    serial[0] |= 0x01;
    mbedtls_x509write_crt_set_version(w, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(w, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(w, key);
    mbedtls_x509write_crt_set_issuer_key(w, key);
    rc = rc != 0 ? rc : mbedtls_x509write_crt_set_serial_raw(w, serial, sizeof serial);
    rc = rc != 0 ? rc : mbedtls_x509write_crt_set_validity(w, from, to);
    rc = rc != 0 ? rc : mbedtls_x509write_crt_set_basic_constraints(w, 0, -1);
    rc = rc != 0 ? rc : set_names(w, name, addresses, count);
    rc = rc != 0 ? rc : mbedtls_pk_write_key_pem(key, (unsigned char *)pem, PEM_MAX);
    if (rc != 0) {
        return rc;
    }
    size_t len = strlen(pem);
    return mbedtls_x509write_crt_pem(w, (unsigned char *)pem + len, PEM_MAX - len,
                                     mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
}

int http_certificate_make(const char *name, const uint32_t *addresses, size_t count,
                          const char *from, const char *to, struct http_certificate *out,
                          struct errmsg *why)
{
    mbedtls_x509write_cert w;
    mbedtls_pk_context key;
    memset(out, 0, sizeof *out);
    if (tls_init() != 0) {
        return fail(why, ERR_TLS, "the crypto library does not start");
    }
    mbedtls_x509write_crt_init(&w);
    mbedtls_pk_init(&key);
    int rc = -1;
    out->pem = calloc(1, PEM_MAX);
    if (out->pem != NULL) {
        rc = write_all(&w, &key, name, addresses, count, from, to, out->pem);
        rc = rc != 0 ? rc : fingerprint(out);
    }
    mbedtls_x509write_crt_free(&w);
    mbedtls_pk_free(&key);
    if (rc != 0) {
        http_certificate_free(out);
        return fail(why, ERR_TLS, "no HTTPS certificate could be made (mbedTLS -0x%04x)",
                    (unsigned)-rc);
    }
    return 0;
}

void http_certificate_free(struct http_certificate *c)
{
    if (c->pem != NULL) {
        explicit_bzero(c->pem, strlen(c->pem));
        free(c->pem);
    }
    memset(c, 0, sizeof *c);
}
