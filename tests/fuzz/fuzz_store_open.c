/* SPDX-License-Identifier: Apache-2.0 */
/* Any device as a store: opened, listed, read, verified, and written on if it can be opened.
 *
 * The first byte says what the input is: bit 0 patches of a sound store (offset 2, length 1, bytes)
 * or else the device's first bytes themselves; bit 1 makes all checksums and the chain right again
 * behind the patches, so that the checks behind them are reached; bit 2 opens it for writing. */
#include <stdlib.h>
#include <string.h>

#include "app/store/format.h"
#include "base/crc32c.h"
#include "base/reader.h"
#include "base/writer.h"
#include "drivers/flash/sim_flash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ERASE = 4096, SLOTS = 10, SIZE = (2 + SLOTS) * ERASE };

static struct flash *new_device(void)
{
    struct sim_options opt = {
        .size = SIZE, .erase_size = ERASE, .program_size = 64, .nor = false, .seed = 1};
    struct flash *f = sim_flash_new(&opt);
    if (f == NULL) {
        abort();
    }
    return f;
}

static void must(int rc)
{
    if (rc != OK) {
        abort();
    }
}

/* A sound store with files, a cut, a release, sealed segments and an open one. */
static void make_store(uint8_t image[SIZE])
{
    static uint8_t bytes[3000];
    struct flash *f = new_device();
    struct store *s = NULL;
    struct store_options opt = {.segment_size = ERASE};
    must(store_open(f, &opt, &s, NULL, NULL));
    for (unsigned i = 0; i < 5; i++) {
        char name[] = "log.0";
        name[4] = (char)('1' + i);
        must(store_begin_file(s, "source", name, 4, NULL));
        memset(bytes, (int)i + 1, sizeof bytes);
        must(store_append(s, bytes, 1000 + i * 400, NULL));
        store_commit(s, 1);
        must(store_flush(s, NULL));
        if (i == 3) {
            must(store_append(s, bytes, 500, NULL));
            must(store_flush(s, NULL));
            must(store_cut(s, 1500, NULL));
        } else {
            must(store_end_file(s, NULL));
        }
    }
    must(store_release(s, "log.1", 500, NULL, NULL));
    store_close(s);
    memcpy(image, sim_flash_bytes(f), SIZE);
    flash_close(f);
}

static void put_le32(uint8_t *at, uint32_t value)
{
    struct writer w = wr_into(at, 4);
    wr_u32(&w, value);
}

static uint32_t get_le32(const uint8_t *at)
{
    struct reader r = rd_from(at, 4);
    return rd_u32(&r);
}

static void mend_segment(uint8_t *seg, const struct super *sb)
{
    struct reader r = rd_from(seg + 32, 8);
    uint32_t seed = segment_seed(sb, rd_u64(&r));
    uint32_t prev = crc32c(0, seg, HEADER_SIZE - 4);
    put_le32(seg + HEADER_SIZE - 4, prev);
    uint32_t at = HEADER_SIZE, end = ERASE - SEAL_SIZE;
    while (end - at >= ALIGN_MIN && memcmp(seg + at, "SLfr", 4) == 0) {
        uint32_t len = get_le32(seg + at + 8);
        if (len > end - at - FRAME_HEADER) {
            break;
        }
        uint32_t size = (uint32_t)round_up(FRAME_HEADER + len, ALIGN_MIN);
        if (size > end - at) {
            break;
        }
        put_le32(seg + at + 28, prev);
        put_le32(seg + at + 40, crc32c(0, seg + at + FRAME_HEADER, size - FRAME_HEADER));
        prev = crc32c(seed, seg + at, FRAME_HEADER - 4);
        put_le32(seg + at + 44, prev);
        at += size;
    }
    put_le32(seg + end + 48, prev);
    put_le32(seg + ERASE - 4, crc32c(seed, seg + end, SEAL_SIZE - 4));
}

static void mend(uint8_t *d)
{
    struct super sb = {0};
    memcpy(sb.uuid, d + 16, sizeof sb.uuid);
    for (unsigned copy = 0; copy < 2; copy++) {
        put_le32(d + copy * ERASE + SUPER_SIZE - 4, crc32c(0, d + copy * ERASE, SUPER_SIZE - 4));
    }
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        mend_segment(d + (2 + slot) * ERASE, &sb);
    }
}

static void found(void *ctx, const struct store_finding *f)
{
    if (f->to < f->from || memchr(f->file, '\0', sizeof f->file) == NULL) {
        abort();
    }
}

static void use(struct store *s, bool write)
{
    static uint8_t buf[4096];
    struct store_file file;
    struct store_state st;
    struct store_verify_result result;
    size_t got;
    store_get_state(s, &st);
    for (size_t i = 0; i < 300 && store_file_at(s, i, &file, NULL) == OK; i++) {
        uint64_t at = file.from;
        if (file.to < file.from) {
            abort();
        }
        for (int steps = 0; at < file.to && steps < 64; steps++) {
            if (store_read_at(s, i, at, buf, sizeof buf, &got, NULL) != OK || got == 0) {
                break;
            }
            at += got;
        }
    }
    must(store_verify(s, found, NULL, NULL, &result, NULL));
    size_t equal;
    (void)store_compare(s, st.committed.offset, buf, sizeof buf, &equal, NULL);
    if (!write) {
        return;
    }
    (void)store_cut(s, st.committed.offset, NULL);
    (void)store_release(s, st.committed.file, st.committed.offset, NULL, NULL);
    if (store_begin_file(s, "other", "new", 0, NULL) == OK) {
        (void)store_append(s, buf, sizeof buf, NULL);
        store_commit(s, 3);
        (void)store_flush(s, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t sound[SIZE];
    static bool made;
    if (!made) {
        make_store(sound);
        made = true;
    }
    struct reader r = rd_from(data, size);
    uint8_t how = rd_u8(&r);
    struct flash *f = new_device();
    uint8_t *d = sim_flash_bytes(f);
    if ((how & 1) != 0) {
        memcpy(d, sound, SIZE);
        while (rd_left(&r) >= 4) {
            size_t at = rd_u16(&r) % SIZE, len = rd_u8(&r);
            len = len < SIZE - at ? len : SIZE - at;
            len = len < rd_left(&r) ? len : rd_left(&r);
            rd_copy(&r, d + at, len);
        }
    } else {
        size_t len = rd_left(&r) < SIZE ? rd_left(&r) : SIZE;
        rd_copy(&r, d, len);
    }
    if ((how & 2) != 0) {
        mend(d);
    }
    struct store *s = NULL;
    struct store_options opt = {.read_only = (how & 4) == 0, .segment_size = ERASE};
    struct errmsg why = {""};
    int rc = store_open(f, &opt, &s, NULL, &why);
    if (rc == OK) {
        use(s, !opt.read_only);
    } else if (why.text[0] == '\0') {
        abort(); /* every refusal has a message */
    }
    store_close(s);
    flash_close(f);
    return 0;
}
