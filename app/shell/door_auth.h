/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's password at the doors. */
#ifndef APP_SHELL_DOOR_AUTH_H
#define APP_SHELL_DOOR_AUTH_H

#include "base/err.h"

/* Whether `password` is the one `verifier` was made from. The last good one is remembered (as a
 * keyed digest), so that it costs its tenths of a second once. ERR_AUTH: it is not. ERR_BUSY: too
 * many were wrong, and this one was not looked at; one each two seconds is. */
int door_auth(const char *verifier, const char *password);

#endif
