/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's password at the doors: the slow check, bounded and remembered. */
#include "app/shell/door_auth.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <mbedtls/constant_time.h>
#include <mbedtls/md.h>

#include "base/log.h"
#include "config/password.h"

#define FREE_FAILURES 5 /* wrong ones in a row before they are slowed down */
#define SLOW_S 2

static struct {
    pthread_mutex_t lock; /* one check at a time: guessing cannot take more than one processor */
    bool keyed, known;
    uint8_t key[32];      /* of this process: the digest below is worth nothing elsewhere */
    uint8_t good[32];     /* HMAC of verifier and password that were right */
    unsigned failures;
    int64_t last_failure_s;
} auth = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool digest(const char *verifier, const char *password, uint8_t out[32])
{
    const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    mbedtls_md_context_t md;
    mbedtls_md_init(&md);
    /* The NUL between keeps the two apart. */
    bool ok = mbedtls_md_setup(&md, sha256, 1) == 0 &&
              mbedtls_md_hmac_starts(&md, auth.key, sizeof auth.key) == 0 &&
              mbedtls_md_hmac_update(&md, (const unsigned char *)verifier,
                                     strlen(verifier) + 1) == 0 &&
              mbedtls_md_hmac_update(&md, (const unsigned char *)password, strlen(password)) == 0 &&
              mbedtls_md_hmac_finish(&md, out) == 0;
    mbedtls_md_free(&md);
    return ok;
}

static int check(const char *verifier, const char *password)
{
    uint8_t mine[32];
    struct timespec now;
    if (!auth.keyed) {
        auth.keyed = getrandom(auth.key, sizeof auth.key, 0) == (ssize_t)sizeof auth.key;
    }
    bool can_remember = auth.keyed && digest(verifier, password, mine);
    if (can_remember && auth.known && mbedtls_ct_memcmp(mine, auth.good, sizeof mine) == 0) {
        return 0;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (auth.failures >= FREE_FAILURES && now.tv_sec - auth.last_failure_s < SLOW_S) {
        return ERR_BUSY;
    }
    if (!config_password_verify(verifier, password)) {
        auth.failures++;
        auth.last_failure_s = now.tv_sec;
        log_warn("shell", "a wrong password was given (%u in a row)", auth.failures);
        return ERR_AUTH;
    }
    auth.failures = 0;
    if (can_remember) {
        memcpy(auth.good, mine, sizeof mine);
        auth.known = true;
    }
    return 0;
}

int door_auth(const char *verifier, const char *password)
{
    pthread_mutex_lock(&auth.lock);
    int err = check(verifier, password);
    pthread_mutex_unlock(&auth.lock);
    return err;
}
