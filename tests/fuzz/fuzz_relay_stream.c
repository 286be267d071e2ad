/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a source's stream, into a real store: refused or stored, and what is committed stays
 * readable. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/relay/pump.h"
#include "drivers/flash/sim_flash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct wire {
    const uint8_t *bytes;
    size_t len, at;
};

static ssize_t read_wire(void *ctx, void *buf, size_t len)
{
    struct wire *w = ctx;
    size_t n = w->len - w->at < len ? w->len - w->at : len;
    memcpy(buf, w->bytes + w->at, n);
    w->at += n;
    return (ssize_t)n;
}

static bool no_room(void *ctx)
{
    return false;
}

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stream stream;
    static struct pump pump;
    static uint8_t back[4096];
    static const struct store_pos start = {"bin.000001", 4};
    struct sim_options sim = {.size = 2 << 20, .erase_size = 4096, .program_size = 512, .seed = 1};
    struct store_options opt = {.no_digest = true};
    struct errmsg why;
    struct store *store = NULL;
    struct wire wire = {data, size, 0};

    struct flash *flash = sim_flash_new(&sim);
    check(flash != NULL && store_open(flash, &opt, &store, NULL, &why) == OK);
    memset(&pump, 0, sizeof pump);
    pump.store = store;
    pump.stream = &stream;
    pump.wait_for_room = no_room;
    pump.stream_checksums = size > 0 && (data[0] & 1) != 0;
    memcpy(pump.source, "mysql:x", 8);
    stream_init(&stream, read_wire, &wire);
    int err = pump_start(&pump, &start, true, &why);
    while (err == OK) {
        err = pump_event(&pump, &why);
    }
    check(store_flush(store, &why) == OK);
    struct store_state st;
    store_get_state(store, &st);
    /* An error in front of the first event begins no file. */
    check(strcmp(st.committed.file, pump.settled.file) == 0 &&
          st.committed.offset == pump.settled.offset);
    uint64_t at = 0;
    size_t got = st.committed.file[0] != '\0' ? 1 : 0;
    while (got > 0) {
        check(store_read(store, st.committed.file, at, back, sizeof back, &got, &why) == OK);
        at += got;
    }
    check(at == st.committed.offset);
    store_close(store);
    flash_close(flash);
    return 0;
}
