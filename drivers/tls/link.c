/* SPDX-License-Identifier: Apache-2.0 */
/* Raw packets on an open connection: what the replication link needs and the library has not. */
#include "drivers/tls/db_internal.h"

#include <errmsg.h>
#include <poll.h>

enum {
    HEADER_LEN = 4,
    PACKET_MAX = 0xffffff, /* from here on a packet is continued in the next one */
    TOGETHER = 1024, /* packets up to here leave in one write */
};

static int gone(struct db *db, struct db_error *err)
{
    db->io = IO_CLOSED;
    return db_explain(db, "using it", err);
}

int db_command(struct db *db, uint8_t command, const void *payload, size_t len,
               struct db_error *err)
{
    if (db->mysql.net.pvio == NULL) {
        return gone(db, err);
    }
    db->io = IO_FINE;
    if (db->mysql.methods->db_command(&db->mysql, (enum enum_server_command)command,
                                      len == 0 ? "" : (const char *)payload, len, 1, NULL) != 0) {
        return db_explain(db, "sending a command", err);
    }
    return OK;
}

int db_read_ok(struct db *db, struct db_error *err)
{
    if (db->mysql.net.pvio == NULL) {
        return gone(db, err);
    }
    db->io = IO_FINE;
    if (ma_net_safe_read(&db->mysql) == packet_error) {
        return db_explain(db, "waiting for an answer", err);
    }
    if (db->mysql.net.read_pos[0] != 0) {
        my_set_error(&db->mysql, CR_MALFORMED_PACKET, SQLSTATE_UNKNOWN, NULL);
        return db_explain(db, "waiting for an answer", err);
    }
    return OK;
}

ssize_t db_read_some(struct db *db, void *buf, size_t len, struct db_error *err)
{
    if (db->mysql.net.pvio == NULL) {
        return gone(db, err);
    }
    db->io = IO_FINE;
    ssize_t n = ma_pvio_cache_read(db->mysql.net.pvio, (uchar *)buf, len);
    return n >= 0 ? n : db_explain(db, "reading from it", err);
}

int db_wait(struct db *db, unsigned ms)
{
    MARIADB_PVIO *pvio = db->mysql.net.pvio;
    if (pvio == NULL) {
        return 1; /* reading tells at once that it is gone */
    }
    if (pvio->cache != NULL && pvio->cache_pos < pvio->cache + pvio->cache_size) {
        return 1;
    }
    if (pvio->ctls != NULL && tls_pending(pvio->ctls)) {
        return 1;
    }
    struct pollfd p = {.fd = db->fd, .events = POLLIN};
    return poll(&p, 1, (int)ms) == 0 ? 0 : 1;
}

int db_read_full(struct db *db, void *buf, size_t len, struct db_error *err)
{
    uint8_t *to = (uint8_t *)buf;

    while (len > 0) {
        ssize_t n = db_read_some(db, to, len, err);
        if (n < 0) {
            return (int)n;
        }
        if (n == 0) {
            return gone(db, err);
        }
        to += n;
        len -= (size_t)n;
    }
    return OK;
}

static int write_all(struct db *db, const uint8_t *bytes, size_t len, struct db_error *err)
{
    while (len > 0) {
        ssize_t n = ma_pvio_write(db->mysql.net.pvio, bytes, len);
        if (n <= 0) {
            if (db->io == IO_FINE) {
                db->io = IO_CLOSED;
            }
            return db_explain(db, "writing to it", err);
        }
        bytes += n;
        len -= (size_t)n;
    }
    return OK;
}

int db_write_packet(struct db *db, uint8_t seq, const void *payload, size_t len,
                    struct db_error *err)
{
    uint8_t packet[HEADER_LEN + TOGETHER];
    size_t with = len <= TOGETHER ? len : 0;
    int rc;

    if (db->mysql.net.pvio == NULL) {
        return gone(db, err);
    }
    if (len >= PACKET_MAX) {
        my_set_error(&db->mysql, CR_NET_PACKET_TOO_LARGE, SQLSTATE_UNKNOWN, NULL);
        return db_explain(db, "writing to it", err);
    }
    packet[0] = (uint8_t)len;
    packet[1] = (uint8_t)(len >> 8);
    packet[2] = (uint8_t)(len >> 16);
    packet[3] = seq;
    if (with > 0) {
        memcpy(packet + HEADER_LEN, payload, with);
    }
    rc = write_all(db, packet, HEADER_LEN + with, err);
    if (rc == OK && with < len) {
        rc = write_all(db, (const uint8_t *)payload, len, err);
    }
    return rc;
}
