/* SPDX-License-Identifier: Apache-2.0 */
/* What an account may do, read from its rows of SHOW GRANTS as the servers print them. Nothing is
 * kept: the rows are gone through for each question, however many there are. */
#ifndef APP_PRECHECK_GRANTS_H
#define APP_PRECHECK_GRANTS_H

#include "app/precheck/facts.h"


/* Privileges by what they are good for here; those that do the same are one. */
enum {
    MAY_SELECT = 1 << 0,
    MAY_SHOW_VIEW = 1 << 1,
    MAY_TRIGGER = 1 << 2,
    MAY_EVENT = 1 << 3,
    MAY_COLUMNS = 1 << 4,    /* INSERT, UPDATE, REFERENCES: like SELECT they show columns */
    MAY_TABLES = 1 << 5,     /* others that show a table: DELETE, CREATE, DROP, … */
    MAY_ROUTINES = 1 << 6,   /* those that show who defined a routine: EXECUTE, SHOW_ROUTINE, … */
    MAY_DATABASES = 1 << 7,  /* others that show a database: LOCK TABLES, SHOW DATABASES, … */
    MAY_REPLICATE = 1 << 8,  /* REPLICATION SLAVE */
    MAY_SEE_BINLOG = 1 << 9, /* REPLICATION CLIENT, which MariaDB calls BINLOG MONITOR */
    MAY_SEE_REPLICA = 1 << 10, /* MariaDB: SLAVE MONITOR or REPLICA MONITOR */
    MAY_SUPER = 1 << 11,
    MAY_BINLOG_ADMIN = 1 << 12,      /* MariaDB */
    MAY_SESSION_VARIABLES = 1 << 13, /* MySQL: SYSTEM_ or SESSION_VARIABLES_ADMIN */
    MAY_SHOW_ALL_ROUTINES = 1 << 14, /* SHOW_ROUTINE, SHOW CREATE ROUTINE */
};

/* `maybe`: what the rows leave open. A row may have been cut, and which of two patterns a MySQL 8
 * looks into depends on whether a role is active, which no row tells. */
struct held {
    unsigned yes, maybe;
    unsigned global; /* on *.*, whatever is taken away again on single databases */
};

/* On one database (on->table NULL) or table; with `on` NULL on all databases but the system's, and
 * everything that is granted on *.* only. Follows what servers do: of several patterns that match
 * a database only one counts; what REVOKE rows take away (partial_revokes) is gone, and patterns
 * are plain names then; columns are not the table; a role that is not active gives nothing.
 * Q_GRANTS must have been answered. */
struct held grants_held(const struct server_facts *s, const struct chosen *on);

/* The account as the server names it, quoted: `u`@`10.%`. False: no row tells. */
bool grants_account(const struct server_facts *s, char *buf, size_t size);

/* The roles of the first row that grants some, as SET DEFAULT ROLE takes them. False: none. */
bool grants_roles(const struct server_facts *s, char *buf, size_t size);

/* How much of a row may be shown: MySQL 5 and MariaDB put the password's hash behind it. */
size_t grants_without_secret(const char *row, size_t len);

#endif
