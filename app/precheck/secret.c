/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping the account's password out of the evidence. */
#include "app/precheck/secret.h"

#include <ctype.h>
#include <string.h>

#define SHOWS 5 /* bytes from which on a password is hidden */

bool secret_shows(const char *secret, const char *text, size_t len)
{
    size_t n = secret == NULL ? 0 : strlen(secret);

    for (size_t at = 0; n >= SHOWS && at + n <= len; at++) {
        size_t i = 0;
        while (i < n && (text[at + i] == secret[i] ||
                         (text[at + i] == '?' && !isprint((unsigned char)secret[i])))) {
            i++;
        }
        if (i == n) {
            return true;
        }
    }
    return false;
}

int secret_put(struct answer *a, const char *secret, const char *bytes, size_t len)
{
    size_t n = secret == NULL ? 0 : strlen(secret), used = 0;
    char text[CELL_MAX + 64]; /* more than is kept, so that a cut shows */

    if (bytes == NULL || n < SHOWS || memmem(bytes, len, secret, n) == NULL) {
        return answer_put(a, bytes, len);
    }
    /* Only the password itself: an account may be called like it, and its grants count. */
    for (size_t at = 0; at < len && used < CELL_MAX;) {
        const char *found = memmem(bytes + at, len - at, secret, n);
        size_t plain = found == NULL ? len - at : (size_t)(found - bytes) - at;
        size_t take = plain < CELL_MAX + 32 - used ? plain : CELL_MAX + 32 - used;
        memcpy(text + used, bytes + at, take);
        used += take;
        at += plain;
        if (found != NULL) {
            memcpy(text + used, HIDDEN, strlen(HIDDEN));
            used += strlen(HIDDEN);
            at += n;
        }
    }
    return answer_put(a, text, used);
}
