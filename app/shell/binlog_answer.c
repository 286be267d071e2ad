/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/binlogs/NAME: the source's bytes, streamed in pieces straight out of the store. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/shell/commands.h"
#include "app/shell/door_http.h"
#include "base/log.h"

#define PIECE (64 * 1024)

/* Of files of one name the newest, which store_read() means, too. */
static int find(struct store *store, const char *name, struct store_file *f, struct errmsg *why)
{
    struct store_file each;
    bool known = false;
    int err;
    for (size_t i = 0; (err = store_file_at(store, i, &each, why)) == 0; i++) {
        if (strcmp(each.name, name) == 0) {
            *f = each;
            known = true;
        }
    }
    return known && err == ERR_NOT_FOUND ? 0 : err;
}

/* For Content-Disposition: a name that needs no quoting rules. */
static void plain_name(const char *name, char *buf, size_t size)
{
    size_t at = 0;
    for (; *name != '\0' && at + 1 < size; name++) {
        bool plain = (*name >= '0' && *name <= '9') || (*name >= 'a' && *name <= 'z') ||
                     (*name >= 'A' && *name <= 'Z') || *name == '.' || *name == '-' || *name == '_';
        buf[at++] = plain ? *name : '_';
    }
    buf[at] = '\0';
}

/* Sends [from, to). The length was promised: damage on the way ends the connection short of it,
 * never with other bytes. */
static void stream(struct store *store, const char *name, uint64_t from, uint64_t to, char *buf,
                   size_t have, struct http_answer *a)
{
    while (from < to) {
        if (have == 0) {
            struct errmsg why;
            size_t want = to - from < PIECE ? (size_t)(to - from) : PIECE;
            if (store_read(store, name, from, buf, want, &have, &why) != 0 || have == 0) {
                log_error("http", "download of %s ended at %" PRIu64 ": %s", name, from,
                          have == 0 ? "the store has no more" : why.text);
                return;
            }
        }
        if (http_send(a, buf, have) != 0) {
            return;
        }
        from += have;
        have = 0;
    }
}

void binlog_answer(struct app *app, const struct http_request *req, const char *name,
                   struct http_answer *a)
{
    struct errmsg why;
    struct store_file f = {0};
    char headers[640], file[128];
    if (app->store == NULL || find(app->store, name, &f, &why) != 0) {
        door_error(a, 404, "not-found", "this binlog is not stored", "see /api/v1/binlogs", NULL);
        return;
    }
    uint64_t from, to;
    int status = http_range(req->range, f.to, &from, &to);
    if (status == 200) {
        from = 0;
        to = f.to;
    }
    if (status == 416 || from < f.from) {
        char message[160];
        snprintf(message, sizeof message, "stored are the bytes from %" PRIu64 " to %" PRIu64,
                 f.from, f.to);
        snprintf(headers, sizeof headers, "Content-Range: bytes */%" PRIu64 "\r\n", f.to);
        door_error(a, 416, "range", message, "ask for these with Range", headers);
        return;
    }

    /* The first piece is read before anything is promised: damage there is told in words. */
    char *buf = malloc(PIECE);
    size_t have = 0;
    if (buf == NULL) {
        door_error(a, 503, "no-memory", "no memory for the download", "try again", NULL);
        return;
    }
    size_t want = to - from < PIECE ? (size_t)(to - from) : PIECE;
    int err = want > 0 ? store_read(app->store, name, from, buf, want, &have, &why) : 0;
    if (err != 0) {
        door_error(a, 500, err_name(err), why.text, "store verify names all damage", NULL);
        free(buf);
        return;
    }
    plain_name(name, file, sizeof file);
    int n = snprintf(headers, sizeof headers,
                     "Accept-Ranges: bytes\r\nContent-Disposition: attachment; filename=\"%s\"\r\n"
                     "X-Sluice-Complete: %s\r\n",
                     file, f.complete ? "yes" : "no");
    if (status == 206) {
        snprintf(headers + n, sizeof headers - (size_t)n,
                 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", from, to - 1,
                 f.to);
    }
    if (http_begin(a, status, "application/octet-stream", to - from, headers) == 0 &&
        req->method != HTTP_HEAD) {
        stream(app->store, name, from, to, buf, have, a);
    }
    free(buf);
}
