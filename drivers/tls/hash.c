/* SPDX-License-Identifier: Apache-2.0 */
/* Connector/C's hash interface (ma_crypt.h) on mbedTLS. */
#include "drivers/tls/db_internal.h"

#include <ma_crypt.h>
#include <mbedtls/md.h>

static mbedtls_md_type_t md_type(unsigned algorithm)
{
    switch (algorithm) {
    case MA_HASH_SHA1:
        return MBEDTLS_MD_SHA1; /* mysql_native_password is made of it */
    case MA_HASH_SHA224:
        return MBEDTLS_MD_SHA224;
    case MA_HASH_SHA256:
        return MBEDTLS_MD_SHA256;
    case MA_HASH_SHA384:
        return MBEDTLS_MD_SHA384;
    case MA_HASH_SHA512:
        return MBEDTLS_MD_SHA512;
    default:
        return MBEDTLS_MD_NONE;
    }
}

/*
 * Many callers in the library do not look at the answer. So NULL must be harmless below: an
 * unknown algorithm then gives zeros, with which no login succeeds.
 */
MA_HASH_CTX *ma_hash_new(unsigned int algorithm)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md_type(algorithm));
    mbedtls_md_context_t *ctx = info == NULL ? NULL : (mbedtls_md_context_t *)malloc(sizeof(*ctx));
    if (ctx == NULL) {
        return NULL;
    }
    mbedtls_md_init(ctx);
    if (mbedtls_md_setup(ctx, info, 0) != 0 || mbedtls_md_starts(ctx) != 0) {
        mbedtls_md_free(ctx);
        free(ctx);
        return NULL;
    }
    return ctx;
}

void ma_hash_free(MA_HASH_CTX *ctx)
{
    if (ctx != NULL) {
        mbedtls_md_free((mbedtls_md_context_t *)ctx);
        free(ctx);
    }
}

void ma_hash_input(MA_HASH_CTX *ctx, const unsigned char *buffer, size_t len)
{
    if (ctx != NULL) {
        mbedtls_md_update((mbedtls_md_context_t *)ctx, buffer, len);
    }
}

void ma_hash_result(MA_HASH_CTX *ctx, unsigned char *digest)
{
    if (ctx != NULL) {
        mbedtls_md_finish((mbedtls_md_context_t *)ctx, digest);
    }
}
