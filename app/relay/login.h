/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming a replica: what a replica asks and tells its source before the dump begins. */
#ifndef APP_RELAY_LOGIN_H
#define APP_RELAY_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "app/store/store.h"
#include "config/config.h"
#include "drivers/tls/db.h"

/* What the source said about itself. */
struct source_facts {
    bool mariadb;
    unsigned version;                       /* 101119 */
    char product[64];                       /* "MariaDB 10.11.19" */
    char identity[STORE_SOURCE_MAX + 1];    /* "mysql:UUID", "mariadb:HOST:PORT:ID" */
    int64_t clock_s;                        /* its UNIX_TIMESTAMP(), 0 = not told */
    bool checksums;                         /* the stream's artificial events carry a CRC-32 */
};

/* Where a connection to [source] goes; `cancel` interrupts it. */
void source_target(const struct config *cfg, const atomic_bool *cancel, unsigned read_timeout_s,
                   struct db_target *target);

/* The login sequence up to and with COM_REGISTER_SLAVE (replication order of MySQL's
 * rpl_replica.cc and MariaDB's slave.cc). `uuid` is the store's; it makes our replica UUID. */
int source_login(struct db *db, const struct config *cfg, const uint8_t uuid[16],
                 struct source_facts *facts, struct db_error *err);

/* COM_BINLOG_DUMP from file:pos (pos at most 2^32-1). */
int source_dump(struct db *db, const struct config *cfg, const struct source_facts *facts,
                const char *file, uint64_t pos, struct db_error *err);

/* The end of what the source has written now: SHOW MASTER STATUS by whatever name the version has.
 * ERR_NOT_FOUND when the source writes no binlog. */
int source_position(struct db *db, struct store_pos *pos, struct db_error *err);

/* The oldest binlog file the source still has. */
int source_first_file(struct db *db, struct store_pos *pos, struct db_error *err);

/* Bytes the source has written between `from` and its end `to`, by SHOW BINARY LOGS;
 * UINT64_MAX when its list does not have the files. */
int source_distance(struct db *db, const struct store_pos *from, const struct store_pos *to,
                    uint64_t *bytes, struct db_error *err);

#endif
