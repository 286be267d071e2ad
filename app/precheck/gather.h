/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the servers: the only part of the precheck that has connections. */
#ifndef APP_PRECHECK_GATHER_H
#define APP_PRECHECK_GATHER_H

#include <stdatomic.h>

#include "app/precheck/facts.h"

/* Asks every configured server its questions, within [precheck] timeout and until *cancel (may be
 * NULL) becomes true. What could not be asked is recorded as such. Only ERR_NOMEM fails. */
int facts_gather(struct facts *f, const struct config *cfg, const atomic_bool *cancel,
                 void (*progress)(void *ctx, const char *text), void *ctx);

#endif
