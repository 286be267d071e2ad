/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on a server's certificate, in words that say what to do. */
#include "drivers/tls/db_internal.h"

#include <errmsg.h>
#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <mbedtls/sha256.h>

#include "drivers/tls/tls.h"

struct text {
    char *to;
    size_t size, len;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(t->to + t->len, t->size - t->len, fmt, ap);
    va_end(ap);
    if (n > 0) {
        t->len = t->len + (size_t)n < t->size ? t->len + (size_t)n : t->size - 1;
    }
}

static void add_address(struct text *t, const uint8_t *p, size_t len)
{
    if (len == 4) {
        add(t, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
        return;
    }
    for (size_t i = 0; i + 1 < len; i += 2) {
        add(t, "%s%x", i == 0 ? "" : ":", (unsigned)(p[i] << 8 | p[i + 1]));
    }
}

static void add_common_names(struct text *t, const mbedtls_x509_name *name)
{
    for (; name != NULL; name = name->next) {
        char cn[128];
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0) {
            db_printable(cn, sizeof(cn), name->val.p, name->val.len);
            add(t, "%s\"%s\"", t->len == 0 ? "" : ", ", cn);
        }
    }
}

void tls_cert_names(const mbedtls_x509_crt *crt, char *to, size_t size)
{
    struct text t = {.to = to, .size = size};

    to[0] = '\0';
    for (const mbedtls_x509_sequence *s = &crt->subject_alt_names; s != NULL; s = s->next) {
        const mbedtls_x509_buf *b = &s->buf;
        int type = b->tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
        const char *comma = t.len == 0 ? "" : ", ";
        if (b->p == NULL) {
            continue;
        }
        if (type == MBEDTLS_X509_SAN_DNS_NAME) {
            char dns[128];
            db_printable(dns, sizeof(dns), b->p, b->len);
            add(&t, "%s%s", comma, dns);
        } else if (type == MBEDTLS_X509_SAN_IP_ADDRESS && (b->len == 4 || b->len == 16)) {
            add(&t, "%s", comma);
            add_address(&t, b->p, b->len);
        }
    }
    if (t.len == 0) {
        add_common_names(&t, &crt->subject);
    }
    if (t.len == 0) {
        add(&t, "no name at all");
    }
}

static void hex(char *to, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        snprintf(to + 2 * i, 3, "%02x", bytes[i]);
    }
}

static int judge_pin(struct db *db, const mbedtls_x509_crt *crt)
{
    uint8_t seen[DB_PIN_BYTES];
    char seen_hex[2 * DB_PIN_BYTES + 1], want_hex[2 * DB_PIN_BYTES + 1];

    if (mbedtls_sha256(crt->raw.p, crt->raw.len, seen, 0) != 0) {
        return db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR,
                          "the certificate's fingerprint cannot be computed");
    }
    if (memcmp(seen, db->keys.pin, sizeof(seen)) == 0) {
        return OK;
    }
    hex(seen_hex, seen, sizeof(seen));
    hex(want_hex, db->keys.pin, sizeof(seen));
    return db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR,
                      "the certificate is not the pinned one: fingerprint is %s, configured is "
                      "%s. If the server's certificate was renewed, and only then, configure the "
                      "new fingerprint",
                      seen_hex, want_hex);
}

/* Which end of the validity is violated, e.g. "expired on 2024-05-01". */
static void add_dates(struct text *t, const mbedtls_x509_crt *crt, uint32_t flags)
{
    if ((flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0) {
        if (mbedtls_x509_time_is_past(&crt->valid_to)) {
            add(t, "it expired on %04d-%02d-%02d", crt->valid_to.year, crt->valid_to.mon,
                crt->valid_to.day);
        } else {
            add(t, "a certificate above it has expired");
        }
    } else if (mbedtls_x509_time_is_future(&crt->valid_from)) {
        add(t, "it is valid only from %04d-%02d-%02d", crt->valid_from.year, crt->valid_from.mon,
            crt->valid_from.day);
    } else {
        add(t, "a certificate above it is not valid yet");
    }
}

#define DATES (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)
#define WEAK                                                                                       \
    (MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCERT_BAD_PK)
#define USAGE                                                                                      \
    (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |                         \
     MBEDTLS_X509_BADCERT_NS_CERT_TYPE)

/* Dates that cannot be trusted to be wrong become a warning. */
static uint32_t excuse_dates(struct db *db, const mbedtls_x509_crt *crt, uint32_t flags)
{
    struct text t = {.to = db->warning, .size = sizeof(db->warning)};

    if ((flags & DATES) == 0 || tls_clock_known()) {
        return flags;
    }
    add(&t, "the server's certificate was accepted although ");
    add_dates(&t, crt, flags);
    add(&t, " by this box's clock, which is not known to be right");
    return flags & ~(uint32_t)DATES;
}

static int judge_chain(struct db *db, const mbedtls_x509_crt *crt, uint32_t handshake_flags)
{
    /* mbedTLS looks at the chain without touching it, but says so nowhere in its types. */
    mbedtls_x509_crt *chain = (mbedtls_x509_crt *)(uintptr_t)crt;
    uint32_t flags = 0;
    char why[400] = "";
    char names[160];
    struct text t = {.to = why, .size = sizeof(why)};
    const char *name = db->tls == DB_TLS_VERIFY ? db->host : NULL;

    /* The name is checked for every host, also for 127.0.0.1; an address is looked for among
     * the certificate's addresses. */
    int rc = mbedtls_x509_crt_verify_with_profile(chain, &db->keys.ca, NULL,
                                                  &mbedtls_x509_crt_profile_default, name, &flags,
                                                  NULL, NULL);
    if (rc != 0 && rc != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        flags |= MBEDTLS_X509_BADCERT_OTHER;
    }
    flags |= handshake_flags & USAGE;
    flags = excuse_dates(db, crt, flags);
    if (flags == 0) {
        return OK;
    }
    if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
        char issuer[160] = "";
        (void)mbedtls_x509_dn_gets(issuer, sizeof(issuer), &crt->issuer);
        db_printable(issuer, sizeof(issuer), issuer, strlen(issuer));
        add(&t, "it is not signed by the configured ca (its issuer is %s): configure the CA that "
                "signed it, or its fingerprint",
            issuer);
    } else if ((flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0) {
        tls_cert_names(crt, names, sizeof(names));
        add(&t, "it is made out to %s, not to %s: use one of its names as host, have it reissued, "
                "or configure its fingerprint",
            names, db->host);
    } else if ((flags & DATES) != 0) {
        add_dates(&t, crt, flags);
        add(&t, ": renew it on the server, or set this box's clock right if it is wrong");
    } else if ((flags & WEAK) != 0) {
        add(&t, "its signature or key is too weak (wanted: RSA of 2048 bits or more or EC, "
                "SHA-256 or better): have it reissued, or configure its fingerprint");
    } else if ((flags & USAGE) != 0) {
        add(&t, "it is not meant for a server (key usage): have it reissued");
    } else {
        add(&t, "it cannot be verified (0x%x)", (unsigned)flags);
    }
    return db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR,
                      "the server's certificate is not accepted: %s", why);
}

int tls_judge(struct db *db, mbedtls_ssl_context *ssl)
{
    const mbedtls_x509_crt *crt = mbedtls_ssl_get_peer_cert(ssl);
    int rc = OK;

    if (!db_must_tls(db)) {
        return OK; /* prefer: encrypted when possible, and no more is claimed */
    }
    if (crt == NULL) {
        return db_verdict(db, ERR_TLS, CR_SSL_CONNECTION_ERROR, "the server shows no certificate");
    }
    if (db->keys.has_pin) {
        rc = judge_pin(db, crt);
    }
    if (rc == OK && db->keys.has_ca) {
        rc = judge_chain(db, crt, mbedtls_ssl_get_verify_result(ssl));
    }
    db->judged = rc == OK;
    return rc;
}

/* RFC 8446, section 6.2; RFC 5246, section 7.2. */
const char *tls_alert_text(int alert)
{
    switch (alert) {
    case MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION:
        return "the server speaks no TLS 1.2 or 1.3 (MySQL before 5.6.46 and 5.7.28 speaks TLS 1.0 "
               "or 1.1 only): upgrade it, or use tls = off on a trusted network";
    case MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE:
    case MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY:
        return "the server and this box have no cipher in common (wanted: ECDHE with AES-GCM or "
               "ChaCha20-Poly1305), or the server wants a client certificate (cert, key)";
    case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA:
    case MBEDTLS_SSL_ALERT_MSG_BAD_CERT:
    case MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT:
    case MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED:
    case MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED:
    case MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN:
    case MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED:
    case MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR:
        return "the server does not accept our client certificate: check cert and key, and the "
               "CA that the server trusts for clients";
    case 116: /* certificate_required */
    case MBEDTLS_SSL_ALERT_MSG_NO_CERT:
        return "the server wants a client certificate: configure cert and key";
    default:
        return "the server broke TLS off";
    }
}
