/* SPDX-License-Identifier: Apache-2.0 */
/* Damage on flash: every flipped bit of a sealed segment is found and named, nothing damaged is
 * given out, a torn tail is cut exactly. */
#include "tests/unit/store_kit.h"

enum { ERASE = 4096, SEGMENT = 8192, SLOTS = 12, SUPERS = 2 * ERASE, HEADER = 1024, FRAME = 48 };

struct rig {
    struct flash *flash;
    struct store *s;
    uint8_t *bytes;
    uint32_t align;
    uint64_t end; /* of log.2 */
};

static int open_it(struct rig *r, bool read_only, struct store_report *report)
{
    struct store_options opt = {.segment_size = SEGMENT, .read_only = read_only};
    store_close(r->s);
    r->s = NULL;
    return store_open(r->flash, &opt, &r->s, report, NULL);
}

/* log.1 of 9000 bytes, then log.2 with pieces of many sizes, a cut and a release among them. */
static int set_up(void **state, bool nor)
{
    struct rig *r = calloc(1, sizeof *r);
    r->flash = kit_device(nor, SUPERS + SLOTS * SEGMENT, ERASE, 5);
    r->bytes = sim_flash_bytes(r->flash);
    r->align = nor ? 64 : 512;
    assert_int_equal(open_it(r, false, NULL), OK);
    KIT_OK(store_begin_file(r->s, "src", "log.1", 0, why));
    KIT_OK(kit_append(r->s, 1, 9000, why));
    store_commit(r->s, 1);
    KIT_OK(store_end_file(r->s, why));
    KIT_OK(store_begin_file(r->s, "src", "log.2", 0, why));
    for (unsigned i = 0; i < 16; i++) {
        KIT_OK(kit_append(r->s, 2, 200 + i * 97, why));
        store_commit(r->s, 2);
        KIT_OK(store_flush(r->s, why));
        if (i == 5) {
            KIT_OK(kit_append(r->s, 9, 100, why));
            KIT_OK(store_flush(r->s, why));
            KIT_OK(store_cut(r->s, 200 * 6 + 97 * 15, why));
        }
        if (i == 8) {
            KIT_OK(store_release(r->s, "log.1", 100, NULL, why));
        }
    }
    struct store_pos end;
    store_end(r->s, &end);
    r->end = end.offset;
    *state = r;
    return 0;
}

static int set_up_nor(void **state) { return set_up(state, true); }
static int set_up_emmc(void **state) { return set_up(state, false); }

static int tear_down(void **state)
{
    struct rig *r = *state;
    store_close(r->s);
    flash_close(r->flash);
    free(r);
    return 0;
}

static uint64_t le(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

struct verdict {
    unsigned count;
    struct store_finding first;
};

static void found(void *ctx, const struct store_finding *f)
{
    struct verdict *v = ctx;
    if (v->count++ == 0) {
        v->first = *f;
    }
}

static struct verdict verify(struct rig *r)
{
    struct verdict v = {0};
    struct store_verify_result result;
    KIT_OK(store_verify(r->s, found, NULL, &v, &result, why));
    assert_int_equal(v.count, result.findings);
    return v;
}

/* The frame of segment slot `slot` that holds its byte `inside`; 0 if none does. */
static uint32_t frame_at(struct rig *r, unsigned slot, uint32_t inside)
{
    const uint8_t *seg = r->bytes + SUPERS + slot * SEGMENT;
    uint32_t at = HEADER, end = SEGMENT - (r->align > 128 ? r->align : 128);
    while (at < end) {
        uint32_t size =
            (FRAME + (uint32_t)le(seg + at + 8, 4) + r->align - 1) / r->align * r->align;
        if (inside >= at && inside < at + size) {
            return at;
        }
        at += size;
    }
    return 0;
}

static void check_flip(struct rig *r, unsigned slot, uint32_t inside, unsigned bit)
{
    uint8_t *byte = r->bytes + SUPERS + slot * SEGMENT + inside;
    uint32_t frame = inside >= HEADER ? frame_at(r, slot, inside) : 0;
    const uint8_t *head = r->bytes + SUPERS + slot * SEGMENT + frame;
    uint64_t from = le(head + 16, 8), to = from + le(head + 8, 4);
    bool data = frame != 0 && head[4] == 1;

    *byte ^= (uint8_t)(1 << bit);
    assert_int_equal(open_it(r, true, NULL), OK);
    struct verdict v = verify(r);
    *byte ^= (uint8_t)(1 << bit);
    bool named = v.count >= 1 && v.first.seq == slot + 1 && v.first.file[0] != '\0' &&
                 v.first.device_offset >= SUPERS + slot * SEGMENT &&
                 v.first.device_offset <= SUPERS + slot * SEGMENT + inside;
    if (named && data) {
        /* exact, but for a length that is itself damaged */
        named = v.first.from == from && v.first.to >= to && v.first.to - to < r->align;
    }
    if (!named) {
        fail_msg("bit %u at %u of segment %u: %u findings, first: segment %llu %s %s %llu-%llu",
                 bit, inside, slot + 1, v.count, (unsigned long long)v.first.seq, v.first.what,
                 v.first.file, (unsigned long long)v.first.from, (unsigned long long)v.first.to);
    }
}

static void test_every_flipped_bit(void **state)
{
    struct rig *r = *state;
    struct store_state st;
    store_get_state(r->s, &st);
    unsigned sealed = (unsigned)st.sealed, flips = 0;
    assert_true(sealed >= 3);
    assert_int_equal(open_it(r, true, NULL), OK);
    assert_int_equal(verify(r).count, 0);
    for (unsigned slot = 0; slot < sealed; slot++) {
        for (uint32_t at = 0; at < SEGMENT; at++) {
            /* every bit where a header, a seal or a frame's head is; else one in 24 */
            bool head = at < 96 || at >= SEGMENT - 128 ||
                        (at >= HEADER && at - frame_at(r, slot, at) < FRAME);
            for (unsigned bit = 0; bit < (head ? 8u : at % 3 == 0 ? 1u : 0u); bit++) {
                check_flip(r, slot, at, head ? bit : at % 8);
                flips++;
            }
        }
    }
    print_message("%u flipped bits in %u sealed segments, each found and named\n", flips, sealed);
}

/* Content behind a damaged frame can be read; the damaged range cannot, and is named. */
static void test_read_across(void **state)
{
    struct rig *r = *state;
    uint8_t part[100];
    size_t got;
    struct errmsg text;
    uint32_t at = frame_at(r, 1, 5000);
    uint8_t *seg = r->bytes + SUPERS + SEGMENT;
    while (seg[at + 4] != 1 || seg[at + 5] != 2) {
        at += (FRAME + (uint32_t)le(seg + at + 8, 4) + r->align - 1) / r->align * r->align;
        assert_true(at < SEGMENT);
    }
    uint8_t *head = seg + at;
    uint64_t from = le(head + 16, 8), to = from + le(head + 8, 4);
    for (int how = 0; how < 2; how++) {
        uint8_t *byte = how == 0 ? head + FRAME + 3 : head + 9; /* content; the length */
        *byte ^= 4;
        assert_int_equal(open_it(r, false, NULL), OK);
        kit_expect(r->s, "log.2", 2, 0, from);
        assert_int_equal(store_read(r->s, "log.2", from, part, 10, &got, &text), ERR_CORRUPT);
        assert_non_null(strstr(text.text, "log.2"));
        assert_int_equal(store_read(r->s, "log.2", to - 1, part, 1, &got, &text), ERR_CORRUPT);
        kit_expect(r->s, "log.2", 2, to, r->end);
        struct store_file f;
        KIT_OK(store_file_at(r->s, 1, &f, why));
        assert_true(f.damaged);
        *byte ^= 4;
    }
}

/* Damage below what was acknowledged in the open segment is not taken for a torn tail. */
static void test_open_segment(void **state)
{
    struct rig *r = *state;
    struct store_report report;
    struct store_state st;
    store_get_state(r->s, &st);
    unsigned slot = (unsigned)st.sealed;
    uint32_t at = HEADER;
    uint8_t *head = r->bytes + SUPERS + slot * SEGMENT + at;
    assert_int_equal(head[4], 1);
    uint64_t from = le(head + 16, 8), to = from + le(head + 8, 4);
    head[FRAME + 1] ^= 1;
    assert_int_equal(open_it(r, false, &report), OK);
    assert_int_equal(report.damaged, 1);
    struct store_state after;
    store_get_state(r->s, &after);
    assert_int_equal(after.committed.offset, st.committed.offset);
    struct verdict v = verify(r);
    assert_int_equal(v.count, 1);
    assert_int_equal(v.first.from, from);
    assert_int_equal(v.first.to, to);
    /* it goes on, in the next segment */
    KIT_OK(kit_append(r->s, 2, 3000, why));
    store_commit(r->s, 3);
    KIT_OK(store_flush(r->s, why));
    assert_int_equal(open_it(r, false, &report), OK);
    kit_expect(r->s, "log.2", 2, to, r->end + 3000);
    assert_int_equal(verify(r).count, 1);
}

/* The newest segment's header and first frame are lost although frames in it were acknowledged. */
static void test_newest_header(void **state)
{
    struct rig *r = *state;
    struct store_report report;
    struct store_state st;
    store_get_state(r->s, &st);
    unsigned slot = (unsigned)st.sealed;
    r->bytes[SUPERS + slot * SEGMENT + 40] ^= 1;
    r->bytes[SUPERS + slot * SEGMENT + HEADER + 9] ^= 1; /* and its first frame */
    assert_int_equal(open_it(r, false, &report), OK);
    assert_int_equal(report.damaged, 1);
    struct store_state after;
    store_get_state(r->s, &after);
    assert_true(after.committed.offset < st.committed.offset);
    assert_int_equal(verify(r).first.seq, slot + 1);
    /* the source sends it again */
    KIT_OK(store_cut(r->s, after.committed.offset, why));
    KIT_OK(kit_append(r->s, 2, (size_t)(r->end - after.committed.offset), why));
    store_commit(r->s, 3);
    KIT_OK(store_flush(r->s, why));
    kit_expect(r->s, "log.2", 2, 0, r->end);
    assert_int_equal(open_it(r, false, &report), OK);
    kit_expect(r->s, "log.2", 2, 0, r->end);
}

/* A segment in the middle is overwritten by something else. */
static void test_lost_segment(void **state)
{
    struct rig *r = *state;
    struct store_report report;
    uint8_t part[10];
    size_t got;
    memset(r->bytes + SUPERS + 2 * SEGMENT, 0x5a, SEGMENT);
    assert_int_equal(open_it(r, false, &report), OK);
    assert_int_equal(report.damaged, 1);
    struct verdict v = verify(r);
    assert_int_equal(v.first.seq, 3);
    assert_string_equal(v.first.file, "log.2");
    assert_true(v.first.to > v.first.from);
    kit_expect(r->s, "log.1", 1, 0, 9000);
    kit_expect(r->s, "log.2", 2, 0, v.first.from);
    kit_expect(r->s, "log.2", 2, v.first.to, r->end);
    for (uint64_t at = v.first.from; at < v.first.to; at += 100) {
        assert_int_equal(store_read(r->s, "log.2", at, part, 10, &got, NULL), ERR_CORRUPT);
    }
}

/* The last frame is torn at every byte: what was before it stays, and nothing of it is shown. */
static void test_torn_tail(void **state)
{
    struct rig *r = *state;
    struct store_state st;
    store_get_state(r->s, &st);
    unsigned slot = (unsigned)st.sealed;
    uint8_t *seg = r->bytes + SUPERS + slot * SEGMENT;
    uint32_t at = HEADER, last = 0;
    while (le(seg + at, 4) == 0x72664c53) {
        last = at;
        at += (FRAME + (uint32_t)le(seg + at + 8, 4) + r->align - 1) / r->align * r->align;
    }
    assert_true(last > HEADER);
    static uint8_t keep[SEGMENT];
    memcpy(keep, seg, SEGMENT);
    uint64_t before = le(seg + last + 16, 8);
    unsigned torn = 0;
    for (uint32_t cut = last; cut < last + FRAME + le(keep + last + 8, 4); cut += 7) {
        struct store_report report;
        memset(seg + cut, 0xff, SEGMENT - cut);
        assert_int_equal(open_it(r, true, &report), OK);
        struct store_state now;
        store_get_state(r->s, &now);
        assert_int_equal(report.damaged, 0);
        assert_int_equal(now.committed.offset, before);
        assert_int_equal(now.end.offset, before);
        assert_int_equal(verify(r).count, 0);
        memcpy(seg, keep, SEGMENT);
        torn++;
    }
    assert_true(torn > 10);
}

static void test_superblocks(void **state)
{
    struct rig *r = *state;
    for (unsigned copy = 0; copy < 2; copy++) {
        uint8_t *super = r->bytes + copy * ERASE;
        super[20] ^= 1;
        assert_int_equal(open_it(r, true, NULL), OK);
        struct verdict v = verify(r);
        assert_int_equal(v.count, 1);
        assert_int_equal(v.first.device_offset, copy * ERASE);
        assert_int_equal(open_it(r, false, NULL), OK); /* restores it */
        assert_int_equal(verify(r).count, 0);
        kit_expect(r->s, "log.2", 2, 0, r->end);
    }
    r->bytes[20] ^= 1;
    r->bytes[ERASE + 20] ^= 1;
    assert_int_equal(open_it(r, false, NULL), ERR_CORRUPT);
    r->bytes[20] ^= 1;
    r->bytes[ERASE + 20] ^= 1;
}

static void test_foreign(void **state)
{
    struct rig *r = *state;
    size_t size = (size_t)r->flash->geo.size;
    uint8_t *before = malloc(size);
    for (size_t i = 0; i < size; i++) {
        r->bytes[i] = kit_byte(3, i);
    }
    memcpy(before, r->bytes, size);
    assert_int_equal(open_it(r, false, NULL), ERR_FOREIGN);
    assert_memory_equal(before, r->bytes, size);
    /* one byte somewhere near the start is enough to be foreign */
    memset(r->bytes, 0, size);
    r->bytes[1080] = 0x53;
    assert_int_equal(open_it(r, false, NULL), ERR_FOREIGN);
    memset(r->bytes, 0, size);
    assert_int_equal(open_it(r, true, NULL), ERR_NOT_FOUND);
    free(before);
}

static void test_cut_short(void **state)
{
    struct rig *r = *state;
    struct flash *part = NULL;
    struct store *s = NULL;
    struct store_options opt = {.read_only = true};
    struct errmsg text;
    KIT_OK(flash_part(r->flash, 0, r->flash->geo.size - ERASE, &part, why));
    assert_int_equal(store_open(part, &opt, &s, NULL, &text), ERR_CORRUPT);
    assert_non_null(strstr(text.text, "cut short"));
    flash_close(part);
}

#define BOTH(test)                                                                                 \
    {#test " on NOR", test, set_up_nor, tear_down, NULL},                                          \
    {#test " on eMMC", test, set_up_emmc, tear_down, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_every_flipped_bit), BOTH(test_read_across), BOTH(test_open_segment),
        BOTH(test_newest_header),     BOTH(test_lost_segment), BOTH(test_torn_tail),
        BOTH(test_superblocks),       BOTH(test_foreign),      BOTH(test_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
