/* SPDX-License-Identifier: Apache-2.0 */
/* The few binlog events the relay must understand; all others pass through as bytes. */
#ifndef APP_RELAY_EVENT_H
#define APP_RELAY_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define EVENT_HEADER_LEN 19
#define EVENT_CHECKSUM_LEN 4

/* Type numbers, as MySQL's and MariaDB's binlog_event.h / log_event.h have them. */
enum event_type {
    EVENT_QUERY = 2,
    EVENT_STOP = 3,
    EVENT_ROTATE = 4,
    EVENT_FORMAT_DESCRIPTION = 15,
    EVENT_XID = 16,
    EVENT_EXECUTE_LOAD_QUERY = 18, /* LOAD DATA as a statement */
    EVENT_WRITE_ROWS_V1 = 23,
    EVENT_UPDATE_ROWS_V1 = 24,
    EVENT_DELETE_ROWS_V1 = 25,
    EVENT_HEARTBEAT = 27,
    EVENT_WRITE_ROWS = 30,
    EVENT_UPDATE_ROWS = 31,
    EVENT_DELETE_ROWS = 32,
    EVENT_GTID = 33,
    EVENT_ANONYMOUS_GTID = 34,
    EVENT_XA_PREPARE = 38,
    EVENT_PARTIAL_UPDATE_ROWS = 39,  /* of JSON columns; MySQL 8.0.3+ */
    EVENT_TRANSACTION_PAYLOAD = 40,  /* a whole transaction, compressed; MySQL 8.0.20+ */
    EVENT_HEARTBEAT_V2 = 41,         /* MySQL 8.0.26+ */
    EVENT_GTID_TAGGED = 42,          /* MySQL 8.3+ */
    EVENT_MARIADB_ANNOTATE = 160,
    EVENT_MARIADB_GTID = 162,
    EVENT_MARIADB_START_ENCRYPTION = 164,
    EVENT_MARIADB_QUERY_COMPRESSED = 165,
    EVENT_MARIADB_WRITE_ROWS_V1_COMPRESSED = 166, /* UPDATE 167, DELETE 168 */
    EVENT_MARIADB_WRITE_ROWS_COMPRESSED = 169,    /* UPDATE 170, DELETE 171 */
    EVENT_MARIADB_DELETE_ROWS_COMPRESSED = 171,
};

#define EVENT_FLAG_BINLOG_IN_USE 0x0001
#define EVENT_FLAG_ARTIFICIAL 0x0020 /* made for the stream, in no file */
#define EVENT_FLAG_IGNORABLE  0x0080 /* who does not know it may pass over it */

struct event_header {
    uint32_t timestamp; /* seconds since 1970, 0 in events made for the stream */
    uint8_t type;
    uint32_t server_id;
    uint32_t size;    /* of the whole event, header and checksum included */
    uint32_t log_pos; /* end of the event in its file modulo 2^32; 0: not in the file */
    uint16_t flags;
};

/* Takes the 19 bytes apart. ERR_PROTOCOL when the size is smaller than the header. */
int event_header_parse(const uint8_t bytes[EVENT_HEADER_LEN], struct event_header *h);

/* Whether the bytes of this event are part of the source's file. */
bool event_is_stored(const struct event_header *h);

/* What a FORMAT_DESCRIPTION tells. */
struct event_format {
    uint16_t binlog_version;
    char server_version[51];
    uint32_t created;
    bool checksums; /* events end in a CRC-32 */
    bool summed;    /* this one does, whatever the others do */
};

/* `event` is the whole event with its header. From MySQL 5.6.1 and MariaDB 5.3 on it ends in a byte
 * for the algorithm and a checksum of its own, always; earlier ones in neither (libbinlogevents,
 * checksum_version_split). ERR_PROTOCOL names what is wrong. */
int event_format_parse(const uint8_t *event, size_t len, struct event_format *f,
                       struct errmsg *why);

/* The next file's name and position from a whole ROTATE event; the checksum, when there is one, is
 * not part of the name. */
int event_rotate_parse(const uint8_t *event, size_t len, bool checksum, char *name,
                       size_t name_size, uint64_t *pos, struct errmsg *why);

/* True when the event's last four bytes are the CRC-32 of those before. */
bool event_checksum_ok(const uint8_t *event, size_t len);

/* The error a server sends instead of an event (packet starting with 0xFF). */
struct event_error {
    uint16_t number;
    char sqlstate[6];
    char text[256];
};
int event_error_parse(const uint8_t *packet, size_t len, struct event_error *e);

#endif
