/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's password, kept as a verifier: pbkdf2-sha256$ITERATIONS$SALTHEX$HASHHEX. */
#ifndef CONFIG_PASSWORD_H
#define CONFIG_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PASSWORD_VERIFIER_MAX 160 /* bytes of a verifier, with its NUL */
#define PASSWORD_MIN 8            /* bytes of a password */
#define PASSWORD_MAX 255

/* Whether `text` has a verifier's form. */
bool config_password_is_verifier(const char *text);

/* Whether `password` is the one that `verifier` was made from, in a time that does not depend on
 * where they differ. False for what is no verifier. Costs some tenths of a second on purpose. */
bool config_password_verify(const char *verifier, const char *password);

/* Makes a verifier with a fresh salt. ERR_INVALID for a password too short or too long, ERR_IO
 * when there is no randomness. */
int config_password_make(const char *password, char verifier[PASSWORD_VERIFIER_MAX],
                         struct errmsg *why);

#endif
