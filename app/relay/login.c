/* SPDX-License-Identifier: Apache-2.0 */
/* The statements and commands a replica sends, for MySQL 5.6 to 9.x and MariaDB 10 and 11. */
#include "app/relay/login.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/writer.h"

#define COM_BINLOG_DUMP 0x12
#define COM_REGISTER_SLAVE 0x15
#define ER_UNKNOWN_SYSTEM_VARIABLE 1193
/* MariaDB leaves ANNOTATE_ROWS events out without this; for MySQL the bit means heartbeats of the
 * second kind, which bring nothing here. */
#define DUMP_SEND_ANNOTATE_ROWS 2
/* Below 4 MariaDB's source drops or replaces its GTID, GTID_LIST and checkpoint events. */
#define MARIADB_CAPABILITY "SET @mariadb_slave_capability=4"
#define LIST_ROWS_MAX 100000
#define LIST_BYTES_MAX (8u << 20)

void source_target(const struct config *cfg, const atomic_bool *cancel, unsigned read_timeout_s,
                   struct db_target *target)
{
    static const enum db_tls tls[] = {
        [CFG_TLS_OFF] = DB_TLS_OFF,
        [CFG_TLS_PREFER] = DB_TLS_PREFER,
        [CFG_TLS_REQUIRE] = DB_TLS_REQUIRE,
        [CFG_TLS_VERIFY] = DB_TLS_VERIFY,
    };
    const struct config_server *s = &cfg->source;
    *target = (struct db_target){
        .host = s->host,
        .port = s->port,
        .user = s->user,
        .password = s->password,
        .tls = tls[s->tls],
        .ca_pem = s->ca,
        .cert_pem = s->cert,
        .key_pem = s->key,
        .rsa_key_pem = s->rsa_key,
        .fingerprint = s->fingerprint,
        .connect_timeout_s = s->timeout_s,
        .read_timeout_s = read_timeout_s,
        .write_timeout_s = s->timeout_s,
        .cancel = cancel,
        .small = true,
    };
}

/* Asks for one row and copies column `col` of it; an absent row or NULL gives "". */
static int ask(struct db *db, const char *sql, size_t col, char *out, size_t size,
               struct db_error *err)
{
    struct db_result *r = NULL;
    out[0] = '\0';
    int rc = db_query_bounded(db, sql, 16, 16 * 1024, &r, err);
    if (rc == OK && db_rows(r) > 0) {
        const char *value = db_value(r, 0, col, NULL);
        snprintf(out, size, "%s", value != NULL ? value : "");
    }
    db_result_free(r);
    return rc;
}

/* The same; a server that does not know the variable (older, or the other flavour) gives "". */
static int ask_if_known(struct db *db, const char *sql, char *out, size_t size,
                        struct db_error *err)
{
    int rc = ask(db, sql, 0, out, size, err);
    if (rc == ERR_SERVER && err->mysql_errno == ER_UNKNOWN_SYSTEM_VARIABLE) {
        out[0] = '\0';
        return OK;
    }
    return rc;
}

static int tell(struct db *db, const char *sql, struct db_error *err)
{
    return db_query(db, sql, NULL, err);
}

static int identify(struct db *db, struct source_facts *f, struct db_error *err)
{
    char uuid[64] = "", id[32], host[64], port[16];
    int rc = OK;
    if (!f->mariadb) {
        rc = ask_if_known(db, "SELECT @@GLOBAL.server_uuid", uuid, sizeof uuid, err);
        if (rc != OK || uuid[0] != '\0') {
            snprintf(f->identity, sizeof f->identity, "mysql:%s", uuid);
            return rc;
        }
    }
    /* MariaDB has no server_uuid: where it runs and its number stand in for it. */
    if ((rc = ask(db, "SELECT @@GLOBAL.server_id", 0, id, sizeof id, err)) != OK ||
        (rc = ask(db, "SELECT @@GLOBAL.hostname", 0, host, sizeof host, err)) != OK ||
        (rc = ask(db, "SELECT @@GLOBAL.port", 0, port, sizeof port, err)) != OK) {
        return rc;
    }
    snprintf(f->identity, sizeof f->identity, "%s:%s:%s:%s", f->mariadb ? "mariadb" : "mysql", host,
             port, id);
    return OK;
}

/* Asks for checksums as they are in the source's files, and learns whether there are any. */
static int negotiate_checksum(struct db *db, struct source_facts *f, struct db_error *err)
{
    char value[32];
    int rc = tell(db,
                  "SET @master_binlog_checksum=@@global.binlog_checksum, "
                  "@source_binlog_checksum=@@global.binlog_checksum",
                  err);
    if (rc == ERR_SERVER && err->mysql_errno == ER_UNKNOWN_SYSTEM_VARIABLE) {
        f->checksums = false; /* before MySQL 5.6.2: no checksums at all */
        return OK;
    }
    if (rc != OK ||
        (rc = ask(db, "SELECT @master_binlog_checksum", 0, value, sizeof value, err)) != OK) {
        return rc;
    }
    f->checksums = strcasecmp(value, "CRC32") == 0;
    return OK;
}

static int register_replica(struct db *db, const struct config *cfg, struct db_error *err)
{
    uint8_t packet[128];
    struct writer w = wr_into(packet, sizeof packet);
    const char *name = cfg->appliance.hostname;
    size_t name_len = strnlen(name, 60);
    wr_u32(&w, cfg->source.server_id);
    wr_u8(&w, (uint8_t)name_len);
    wr_bytes(&w, name, name_len);
    wr_u8(&w, 0);  /* user and password: shown by SHOW SLAVE HOSTS, so never told */
    wr_u8(&w, 0);
    wr_u16(&w, 0); /* port */
    wr_u32(&w, 0); /* rank */
    wr_u32(&w, 0); /* the source fills its own id in */
    int rc = db_command(db, COM_REGISTER_SLAVE, packet, wr_len(&w), err);
    return rc != OK ? rc : db_read_ok(db, err);
}

int source_login(struct db *db, const struct config *cfg, const uint8_t uuid[16],
                 struct source_facts *f, struct db_error *err)
{
    char text[128], sql[256];
    int rc = OK;

    memset(f, 0, sizeof *f);
    f->mariadb = db_is_mariadb(db);
    f->version = db_version_number(db);
    snprintf(f->product, sizeof f->product, "%s %u.%u.%u", f->mariadb ? "MariaDB" : "MySQL",
             f->version / 10000, f->version / 100 % 100, f->version % 100);

    if ((rc = ask(db, "SELECT UNIX_TIMESTAMP()", 0, text, sizeof text, err)) != OK) {
        return rc;
    }
    f->clock_s = strtoll(text, NULL, 10);
    if ((rc = identify(db, f, err)) != OK) {
        return rc;
    }
    uint64_t period_ns = (uint64_t)cfg->relay.heartbeat_s * 1000000000u;
    snprintf(sql, sizeof sql,
             "SET @master_heartbeat_period=%" PRIu64 ", @source_heartbeat_period=%" PRIu64,
             period_ns, period_ns);
    if ((rc = tell(db, sql, err)) != OK || (rc = negotiate_checksum(db, f, err)) != OK) {
        return rc;
    }
    if (f->mariadb) {
        rc = tell(db, MARIADB_CAPABILITY, err);
    } else {
        snprintf(
            sql, sizeof sql,
            "SET "
            "@slave_uuid='%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x'",
            uuid[0], uuid[1], uuid[2], uuid[3], uuid[4], uuid[5], uuid[6], uuid[7], uuid[8],
            uuid[9], uuid[10], uuid[11], uuid[12], uuid[13], uuid[14], uuid[15]);
        if ((rc = tell(db, sql, err)) == OK) {
            rc = tell(db, "SET @replica_uuid=@slave_uuid", err);
        }
    }
    return rc != OK ? rc : register_replica(db, cfg, err);
}

int source_dump(struct db *db, const struct config *cfg, const struct source_facts *f,
                const char *file, uint64_t pos, struct db_error *err)
{
    uint8_t packet[16 + STORE_NAME_MAX];
    struct writer w = wr_into(packet, sizeof packet);
    wr_u32(&w, (uint32_t)pos);
    wr_u16(&w, f->mariadb ? DUMP_SEND_ANNOTATE_ROWS : 0);
    wr_u32(&w, cfg->source.server_id);
    wr_bytes(&w, file, strnlen(file, STORE_NAME_MAX));
    return db_command(db, COM_BINLOG_DUMP, packet, wr_len(&w), err);
}

int source_position(struct db *db, struct store_pos *pos, struct db_error *err)
{
    const char *sql = "SHOW MASTER STATUS";
    if (db_is_mariadb(db)) {
        if (db_version_number(db) >= 100502) {
            sql = "SHOW BINLOG STATUS";
        }
    } else if (db_version_number(db) >= 80200) {
        sql = "SHOW BINARY LOG STATUS";
    }
    struct db_result *r = NULL;
    int rc = db_query_bounded(db, sql, 4, LIST_BYTES_MAX, &r, err);
    if (rc == OK) {
        const char *file = db_value(r, 0, 0, NULL), *offset = db_value(r, 0, 1, NULL);
        if (db_rows(r) == 0 || file == NULL || offset == NULL || file[0] == '\0') {
            snprintf(err->text, sizeof err->text,
                     "the source writes no binlog (%s gives no row): set log_bin and restart it",
                     sql);
            rc = ERR_NOT_FOUND;
        } else {
            snprintf(pos->file, sizeof pos->file, "%s", file);
            pos->offset = strtoull(offset, NULL, 10);
        }
    }
    db_result_free(r);
    return rc;
}

static int binary_logs(struct db *db, struct db_result **r, struct db_error *err)
{
    return db_query_bounded(db, "SHOW BINARY LOGS", LIST_ROWS_MAX, LIST_BYTES_MAX, r, err);
}

int source_first_file(struct db *db, struct store_pos *pos, struct db_error *err)
{
    struct db_result *r = NULL;
    int rc = binary_logs(db, &r, err);
    if (rc == OK) {
        const char *file = db_value(r, 0, 0, NULL);
        if (db_rows(r) == 0 || file == NULL) {
            snprintf(err->text, sizeof err->text,
                     "the source has no binlog file: set log_bin and restart it");
            rc = ERR_NOT_FOUND;
        } else {
            snprintf(pos->file, sizeof pos->file, "%s", file);
            pos->offset = 4;
        }
    }
    db_result_free(r);
    return rc;
}

int source_distance(struct db *db, const struct store_pos *from, const struct store_pos *to,
                    uint64_t *bytes, struct db_error *err)
{
    *bytes = UINT64_MAX;
    if (strcmp(from->file, to->file) == 0) {
        *bytes = to->offset > from->offset ? to->offset - from->offset : 0;
        return OK;
    }
    struct db_result *r = NULL;
    int rc = binary_logs(db, &r, err);
    uint64_t sum = 0;
    bool from_seen = false, to_seen = false;
    for (size_t i = 0; rc == OK && i < db_rows(r) && *bytes == UINT64_MAX; i++) {
        const char *file = db_value(r, i, 0, NULL), *size = db_value(r, i, 1, NULL);
        uint64_t n = size != NULL ? strtoull(size, NULL, 10) : 0;
        if (file == NULL) {
            continue;
        }
        if (strcmp(file, from->file) == 0) {
            from_seen = true;
            sum = n > from->offset ? n - from->offset : 0;
            if (to_seen) {
                *bytes = 0; /* ours went on into a later file since the source was asked */
            }
        } else if (strcmp(file, to->file) == 0) {
            to_seen = true;
            if (from_seen) {
                *bytes = sum + to->offset;
            }
        } else if (from_seen) {
            sum += n;
        }
    }
    db_result_free(r);
    return rc;
}
