/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of what can go wrong between relay and source: try again or stop, and what to do.
 */
#ifndef APP_RELAY_FAILURE_H
#define APP_RELAY_FAILURE_H

#include <stdbool.h>
#include <stddef.h>

enum failure_action {
    FAILURE_RETRY,   /* for ever, with growing pauses: the world may mend itself */
    FAILURE_BOUNDED, /* a few times at the same position, then stop */
    FAILURE_STOP,    /* retrying cannot mend it: stop and say so */
};

struct failure_class {
    const char *name;           /* stable: status, log and JSON carry it */
    int err;                    /* enum sluice_err that raises it, 0: any */
    unsigned mysql_errno;       /* the server's number, 0: any */
    const char *stem;           /* part of the message, NULL: any */
    enum failure_action action;
    int dts_code;               /* the precheck table's code, 0: none */
    const char *advice;         /* what the technician does */
};

/* The row that fits; never NULL (the last row fits everything). */
const struct failure_class *failure_classify(int err, unsigned mysql_errno, const char *text);

/* The table, for docs and tests: row 0, 1, … until NULL. */
const struct failure_class *failure_row(size_t index);

#endif
