/* SPDX-License-Identifier: Apache-2.0 */
/* The one kind of table that must be looked at one by one: only SHOW CREATE TABLE tells of every
 * clustering key of a TokuDB table. */
#ifndef APP_PRECHECK_TOKUDB_H
#define APP_PRECHECK_TOKUDB_H

#include "app/precheck/facts.h"
#include "drivers/tls/db.h"

/* Asks for each table of Q_TOKUDB_TABLES and records Q_TOKUDB_KEYS: rows of TABLE_SCHEMA,
 * TABLE_NAME, clustering (the first such key's line; NULL: none). Ends at the first error, which is
 * then the answer: *got and *err are the connection's. 0 or ERR_NOMEM. */
int tokudb_ask(struct db *db, const char *secret, struct server_facts *s, int *got,
               struct db_error *err);

/* The first line of a definition that makes a clustering key: CLUSTERING KEY, or, MariaDB,
 * CLUSTERING=YES; its bytes are the text's. NULL: none. */
const char *tokudb_clustering(const char *text, size_t len, size_t *line_len);

#endif
