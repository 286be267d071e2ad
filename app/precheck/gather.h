/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the servers: the only part of the precheck that has connections. */
#ifndef APP_PRECHECK_GATHER_H
#define APP_PRECHECK_GATHER_H

#include <stdatomic.h>

#include "app/precheck/facts.h"

struct gathering {
    const atomic_bool *cancel; /* NULL, or: stop soon after it becomes true */
    void (*progress)(void *ctx, const char *text); /* NULL, or told a line per step */
    void *ctx;
    /* NULL, or those of the last run: then only the questions whose answers drift are asked, and
     * the other answers stay as they are. */
    const struct facts *last;
};

/* Asks every configured server its questions, within [precheck] timeout. What could not be asked
 * is recorded as such. Only ERR_NOMEM fails. */
int facts_gather(struct facts *f, const struct config *cfg, const struct gathering *how);

#endif
