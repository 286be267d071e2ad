/* SPDX-License-Identifier: Apache-2.0 */
/* The start of the crypto library, whether the clock is known, the order of the ciphers. */
#include "drivers/tls/tls.h"

#include <pthread.h>
#include <stdatomic.h>

#if defined(__aarch64__) || defined(__arm__)
#include <sys/auxv.h>
#elif defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include <mbedtls/ssl_ciphersuites.h>
#include <psa/crypto.h>

#include "base/err.h"

#define AES_GCM                                                                                    \
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256, MBEDTLS_TLS1_3_AES_256_GCM_SHA384,                          \
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,                                           \
        MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,                                             \
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,                                           \
        MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
#define CHACHA20                                                                                   \
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,                                                       \
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,                                     \
        MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256

static const int aes_first[] = {AES_GCM, CHACHA20, 0};
static const int chacha_first[] = {CHACHA20, AES_GCM, 0};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static psa_status_t started = PSA_ERROR_BAD_STATE;
static atomic_bool clock_known = true;

static void start(void)
{
    started = psa_crypto_init();
    /* It makes its list at the first call, without a lock: that call is this one. */
    (void)mbedtls_ssl_list_ciphersuites();
}

int tls_init(void)
{
    pthread_once(&once, start);
    return started == PSA_SUCCESS ? OK : ERR_TLS;
}

void tls_set_clock_known(bool known)
{
    atomic_store(&clock_known, known);
}

bool tls_clock_known(void)
{
    return atomic_load(&clock_known);
}

static bool has_aes_instructions(void)
{
#if defined(__aarch64__)
    return (getauxval(AT_HWCAP) & (1UL << 3)) != 0; /* HWCAP_AES */
#elif defined(__arm__)
    return (getauxval(AT_HWCAP2) & (1UL << 0)) != 0; /* HWCAP2_AES */
#elif defined(__x86_64__) || defined(__i386__)
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_AES) != 0;
#else
    return false;
#endif
}

const int *tls_cipher_order(void)
{
    return has_aes_instructions() ? aes_first : chacha_first;
}
