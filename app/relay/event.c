/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing of the event header, FORMAT_DESCRIPTION, ROTATE and the error packet. */
#include "app/relay/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/reader.h"

#define CHECKSUM_ALG_NONE  0
#define CHECKSUM_ALG_CRC32 1

int event_header_parse(const uint8_t bytes[EVENT_HEADER_LEN], struct event_header *h)
{
    struct reader r = rd_from(bytes, EVENT_HEADER_LEN);
    h->timestamp = rd_u32(&r);
    h->type = rd_u8(&r);
    h->server_id = rd_u32(&r);
    h->size = rd_u32(&r);
    h->log_pos = rd_u32(&r);
    h->flags = rd_u16(&r);
    return h->size < EVENT_HEADER_LEN ? ERR_PROTOCOL : OK;
}

bool event_is_stored(const struct event_header *h)
{
    if (h->type == EVENT_HEARTBEAT || h->type == EVENT_HEARTBEAT_V2) {
        return false;
    }
    if (h->flags & EVENT_FLAG_ARTIFICIAL) {
        return false;
    }
    /* A ROTATE or FDE that is in no file carries no position of its own. */
    if (h->type == EVENT_ROTATE || h->type == EVENT_FORMAT_DESCRIPTION) {
        return h->log_pos != 0;
    }
    return true;
}

/* By the version that wrote the file: "5.5.62-log", "5.5.68-MariaDB-log". */
static bool has_algorithm(const char *version)
{
    bool mariadb = strstr(version, "MariaDB") != NULL;
    unsigned number = 0;

    for (int part = 0; part < 3; part++) {
        char *end;
        unsigned long n = strtoul(version, &end, 10);
        number = number * 256 + (n > 255 ? 255 : (unsigned)n);
        version = *end == '.' ? end + 1 : end;
    }
    return number >= (mariadb ? 0x050300u : 0x050601u);
}

int event_format_parse(const uint8_t *event, size_t len, struct event_format *f, struct errmsg *why)
{
    struct reader r = rd_from(event, len);
    rd_skip(&r, EVENT_HEADER_LEN);
    f->binlog_version = rd_u16(&r);
    rd_copy(&r, f->server_version, 50);
    f->server_version[50] = '\0';
    f->created = rd_u32(&r);
    uint8_t header_len = rd_u8(&r);
    if (!rd_ok(&r) || rd_left(&r) < EVENT_CHECKSUM_LEN + 1) {
        return fail(why, ERR_PROTOCOL,
                    "the source's FORMAT_DESCRIPTION event is cut short (%zu bytes)", len);
    }
    if (f->binlog_version != 4 || header_len != EVENT_HEADER_LEN) {
        return fail(
            why, ERR_PROTOCOL,
            "the source's binlog has version %u with %u-byte event headers; this relay reads "
            "version 4 with 19 (MySQL 5.0 and later)",
            f->binlog_version, header_len);
    }
    f->summed = has_algorithm(f->server_version);
    f->checksums = false;
    if (!f->summed) {
        return OK;
    }
    rd_skip(&r, rd_left(&r) - EVENT_CHECKSUM_LEN - 1);
    uint8_t algorithm = rd_u8(&r);
    if (algorithm != CHECKSUM_ALG_NONE && algorithm != CHECKSUM_ALG_CRC32) {
        return fail(why, ERR_PROTOCOL,
                    "the source uses checksum algorithm %u, which this relay does not know; "
                    "SET GLOBAL binlog_checksum=CRC32 on the source",
                    algorithm);
    }
    f->checksums = algorithm == CHECKSUM_ALG_CRC32;
    return OK;
}

int event_rotate_parse(const uint8_t *event, size_t len, bool checksum, char *name,
                       size_t name_size, uint64_t *pos, struct errmsg *why)
{
    struct reader r = rd_from(event, len);
    rd_skip(&r, EVENT_HEADER_LEN);
    *pos = rd_u64(&r);
    size_t tail = checksum ? EVENT_CHECKSUM_LEN : 0;
    if (!rd_ok(&r) || rd_left(&r) <= tail) {
        return fail(why, ERR_PROTOCOL, "the source's ROTATE event is cut short (%zu bytes)", len);
    }
    size_t name_len = rd_left(&r) - tail;
    const uint8_t *bytes = rd_bytes(&r, name_len);
    if (name_len >= name_size || memchr(bytes, 0, name_len) != NULL) {
        return fail(why, ERR_PROTOCOL, "the source's ROTATE event has a file name of %zu bytes%s",
                    name_len, name_len >= name_size ? ", longer than any real one" : " with a NUL");
    }
    memcpy(name, bytes, name_len);
    name[name_len] = '\0';
    return OK;
}

bool event_checksum_ok(const uint8_t *event, size_t len)
{
    if (len < EVENT_HEADER_LEN + EVENT_CHECKSUM_LEN) {
        return false;
    }
    struct reader r = rd_from(event, len);
    size_t content = len - EVENT_CHECKSUM_LEN;
    rd_skip(&r, content);
    return rd_u32(&r) == crc32_update(0, event, content);
}

int event_error_parse(const uint8_t *packet, size_t len, struct event_error *e)
{
    struct reader r = rd_from(packet, len);
    memset(e, 0, sizeof *e);
    if (rd_u8(&r) != 0xff) {
        return ERR_PROTOCOL;
    }
    e->number = rd_u16(&r);
    if (!rd_ok(&r)) {
        return ERR_PROTOCOL;
    }
    if (rd_left(&r) >= 6 && *r.pos == '#') {
        rd_skip(&r, 1);
        rd_copy(&r, e->sqlstate, 5);
    }
    size_t n = rd_left(&r);
    if (n >= sizeof e->text) {
        n = sizeof e->text - 1;
    }
    rd_copy(&r, e->text, n);
    return OK;
}
