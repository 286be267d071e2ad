/* SPDX-License-Identifier: Apache-2.0 */
/* One row of SHOW GRANTS, of MySQL 5.5 to 9 and MariaDB, whatever it quotes names with. */
#ifndef APP_PRECHECK_GRANT_ROW_H
#define APP_PRECHECK_GRANT_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_BYTES 320 /* of 64 characters with their escapes; what is longer is no name */

/* What a row is about. CUT: it ends too early, or has a name that is not known. */
enum target { ON_NOTHING, ON_ALL, ON_DATABASE, ON_TABLE, ON_ROLE, CUT };

struct grant {
    bool revoke;
    unsigned may;              /* bits of grants.h, before the target is thought of */
    char database[NAME_BYTES]; /* or a pattern, with its escapes */
    char table[NAME_BYTES];
    const uint8_t *roles; /* ON_ROLE: they begin here */
    size_t roles_len;
    const uint8_t *account; /* who has it, as it stands there; NULL: no such row, or cut */
    size_t account_len;
    bool role; /* who has it is a role */
};

/* `row` must stay as long as *g is used. */
enum target grant_read(struct grant *g, const char *row, size_t len);

#endif
