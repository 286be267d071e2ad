/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the stream that the precheck looks at: counted within the limits or refused, and
 * what is recorded of it is harmless text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/precheck/clean.h"
#include "app/precheck/judge.h"
#include "app/precheck/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

struct bytes {
    const uint8_t *at;
    size_t left, piece;
};

static ssize_t read_bytes(void *ctx, void *buf, size_t len)
{
    struct bytes *b = ctx;
    size_t n = b->left < len ? b->left : len;
    n = n < b->piece ? n : b->piece;
    memcpy(buf, b->at, n);
    b->at += n;
    b->left -= n;
    return (ssize_t)n;
}

static ssize_t read_until_late(void *ctx, void *buf, size_t len)
{
    ssize_t n = read_bytes(ctx, buf, len);
    return n == 0 ? ERR_TIMEOUT : n;
}

/* The first byte says how the stream is cut into pieces and how it ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire w;
    struct errmsg why = {""};
    struct facts f;

    if (size == 0) {
        return 0;
    }
    struct bytes b = {data + 1, size - 1, (data[0] & 1) != 0 ? 7 : SIZE_MAX};
    wire_begin(&w, "binlog.000004", WIRE_FILE_START,
               (data[0] & 2) != 0 ? read_until_late : read_bytes, &b);
    int err = wire_count(&w, &why);
    require((err == OK) == (w.ended != NULL));
    require(w.taken <= WIRE_BYTES_MAX && w.number[WIRE_BYTES] <= w.taken);
    require(w.number[WIRE_EVENTS] <= WIRE_EVENTS_MAX);
    for (int n = 0; n < WIRE_NUMBERS; n++) {
        require(n == WIRE_BYTES || w.number[n] <= WIRE_EVENTS_MAX);
    }
    require((w.first_dml != 0) == (w.number[WIRE_STATEMENT_DML] != 0));
    require((w.refusal.number == 0 && w.refusal.text[0] == '\0') || err == ERR_SERVER);

    memset(&f, 0, sizeof f);
    struct answer *a = &f.server[SOURCE].answers[Q_WIRE];
    require(wire_answer(&w, true, "COM_BINLOG_DUMP", a) == OK);
    require(a->rows < questions[Q_WIRE].max_rows);
    for (size_t i = 0; i < a->filled; i++) {
        char *again = clean_copy(a->cells[i], strlen(a->cells[i]), CELL_MAX);
        require(again != NULL && strcmp(again, a->cells[i]) == 0);
        free(again);
    }
    facts_free(&f);
    return 0;
}
