/* SPDX-License-Identifier: Apache-2.0 */
/* The store's interface on simulated NOR and eMMC: what is appended comes back, also after
 * reopening. */
#include "tests/unit/store_kit.h"

enum { ERASE = 16384, SIZE = 1 << 20 };

struct rig {
    struct flash *flash;
    struct store *s;
};

static void reopen(struct rig *r)
{
    struct store_options opt = {.segment_size = 32768};
    store_close(r->s);
    r->s = NULL;
    KIT_OK(store_open(r->flash, &opt, &r->s, NULL, why));
}

static int set_up(void **state, bool nor)
{
    struct rig *r = calloc(1, sizeof *r);
    r->flash = kit_device(nor, SIZE, ERASE, 1);
    reopen(r);
    *state = r;
    return 0;
}

static int set_up_nor(void **state) { return set_up(state, true); }
static int set_up_emmc(void **state) { return set_up(state, false); }

static int tear_down(void **state)
{
    struct rig *r = *state;
    assert_int_equal(sim_flash_counts(r->flash).violations, 0);
    store_close(r->s);
    flash_close(r->flash);
    free(r);
    return 0;
}

static struct store_state state_of(struct rig *r)
{
    struct store_state st;
    store_get_state(r->s, &st);
    return st;
}

static void test_empty(void **state)
{
    struct rig *r = *state;
    struct store_file f;
    struct store_state st = state_of(r);
    assert_string_equal(st.committed.file, "");
    assert_int_equal(st.segments, 31);
    assert_int_equal(st.segments_free, 30);
    assert_int_equal(store_file_at(r->s, 0, &f, NULL), ERR_NOT_FOUND);
    size_t got;
    uint8_t b;
    assert_int_equal(store_read(r->s, "x", 0, &b, 1, &got, NULL), ERR_NOT_FOUND);
    assert_int_equal(store_append(r->s, "x", 1, NULL), ERR_INVALID);
    reopen(r);
    assert_int_equal(state_of(r).segments_used, 0);
}

static void test_round_trip(void **state)
{
    struct rig *r = *state;
    KIT_OK(store_begin_file(r->s, "src", "log.1", 0, why));
    KIT_OK(kit_append(r->s, 1, 200000, why));
    store_commit(r->s, 77);
    KIT_OK(store_flush(r->s, why));
    kit_expect(r->s, "log.1", 1, 0, 200000);
    KIT_OK(store_end_file(r->s, why));
    KIT_OK(store_begin_file(r->s, "src", "log.2", 0, why));
    KIT_OK(kit_append(r->s, 2, 5000, why));
    store_commit(r->s, 78);
    KIT_OK(store_flush(r->s, why));
    for (int i = 0; i < 2; i++) {
        struct store_state st = state_of(r);
        assert_string_equal(st.committed.file, "log.2");
        assert_int_equal(st.committed.offset, 5000);
        assert_int_equal(st.end.offset, 5000);
        assert_int_equal(st.time_s, 78);
        assert_string_equal(st.first.file, "log.1");
        assert_string_equal(st.source, "src");
        assert_int_equal(st.content_bytes, 205000);
        kit_expect(r->s, "log.1", 1, 0, 200000);
        kit_expect(r->s, "log.2", 2, 0, 5000);
        struct store_file f;
        KIT_OK(store_file_at(r->s, 0, &f, why));
        assert_string_equal(f.name, "log.1");
        assert_string_equal(f.source, "src");
        assert_int_equal(f.to, 200000);
        assert_true(f.complete);
        assert_false(f.damaged);
        KIT_OK(store_file_at(r->s, 1, &f, why));
        assert_int_equal(f.to, 5000);
        assert_false(f.complete);
        assert_int_equal(store_file_at(r->s, 2, &f, NULL), ERR_NOT_FOUND);
        reopen(r);
    }
}

/* Bytes behind the last boundary are on flash but not given out. */
static void test_boundary(void **state)
{
    struct rig *r = *state;
    uint8_t part[1000], want[1000];
    size_t got;
    KIT_OK(store_begin_file(r->s, "src", "log.1", 4, why));
    KIT_OK(kit_append(r->s, 1, 1000, why));
    store_commit(r->s, 5);
    KIT_OK(kit_append(r->s, 1, 150000, why));
    KIT_OK(store_flush(r->s, why));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(state_of(r).committed.offset, 1004);
        assert_int_equal(state_of(r).end.offset, 151004);
        kit_expect(r->s, "log.1", 1, 4, 1004);
        KIT_OK(store_read(r->s, "log.1", 1004, part, 10, &got, why));
        assert_int_equal(got, 0);
        assert_int_equal(store_read(r->s, "log.1", 1005, part, 10, &got, NULL), ERR_NOT_FOUND);
        assert_int_equal(store_read(r->s, "log.1", 3, part, 10, &got, NULL), ERR_NOT_FOUND);
        KIT_OK(store_peek(r->s, 100000, part, sizeof part, &got, why));
        assert_int_equal(got, sizeof part);
        kit_fill(want, 1, 100000, sizeof want);
        assert_memory_equal(part, want, sizeof want);
        KIT_OK(store_compare(r->s, 100000, want, sizeof want, &got, why));
        assert_int_equal(got, sizeof want);
        want[123] ^= 1;
        KIT_OK(store_compare(r->s, 100000, want, sizeof want, &got, why));
        assert_int_equal(got, 123);
        reopen(r);
    }
    assert_int_equal(store_begin_file(r->s, "src", "log.2", 4, NULL), ERR_INVALID);
    store_commit(r->s, 9);
    KIT_OK(store_flush(r->s, why));
    assert_int_equal(state_of(r).committed.offset, 151004);
    KIT_OK(store_begin_file(r->s, "src", "log.1", 151004, why));
    assert_int_equal(store_begin_file(r->s, "src", "log.1", 151005, NULL), ERR_GAP);
    assert_int_equal(store_begin_file(r->s, "src", "log.1", 151003, NULL), ERR_INVALID);
}

static void test_cut(void **state)
{
    struct rig *r = *state;
    KIT_OK(store_begin_file(r->s, "src", "log.1", 0, why));
    KIT_OK(kit_append(r->s, 1, 90000, why));
    store_commit(r->s, 1);
    KIT_OK(kit_append(r->s, 7, 100000, why)); /* wrong bytes: those of another file */
    KIT_OK(store_flush(r->s, why));
    KIT_OK(store_cut(r->s, 90000, why));
    assert_int_equal(state_of(r).end.offset, 90000);
    KIT_OK(kit_append(r->s, 1, 60000, why));
    store_commit(r->s, 2);
    KIT_OK(store_flush(r->s, why));
    /* and deeper, into what was committed */
    KIT_OK(store_cut(r->s, 50000, why));
    assert_int_equal(state_of(r).committed.offset, 50000);
    KIT_OK(kit_append(r->s, 1, 20000, why));
    store_commit(r->s, 3);
    KIT_OK(kit_append(r->s, 9, 300, why));
    KIT_OK(store_cut(r->s, 70000, why)); /* still in the buffer */
    KIT_OK(kit_append(r->s, 1, 30000, why));
    store_commit(r->s, 4);
    KIT_OK(store_flush(r->s, why));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(state_of(r).committed.offset, 100000);
        kit_expect(r->s, "log.1", 1, 0, 100000);
        kit_expect(r->s, "log.1", 1, 49990, 50010);
        kit_expect(r->s, "log.1", 1, 89990, 90010);
        reopen(r);
    }
    assert_int_equal(store_cut(r->s, 100001, NULL), ERR_INVALID);
}

static void test_ring_and_release(void **state)
{
    struct rig *r = *state;
    struct errmsg text;
    KIT_OK(store_begin_file(r->s, "src", "log.1", 0, why));
    int rc;
    while ((rc = kit_append(r->s, 1, 1000, &text)) == OK) {
        store_commit(r->s, 1);
    }
    assert_int_equal(rc, ERR_FULL);
    assert_int_equal(store_flush(r->s, NULL), ERR_FULL);
    assert_true(state_of(r).full);
    assert_int_equal(state_of(r).segments_free, 0);
    uint64_t committed = state_of(r).committed.offset;
    assert_true(committed > 800000);
    uint32_t freed;
    assert_int_equal(store_release(r->s, "log.1", committed + 1, &freed, NULL), ERR_INVALID);
    assert_int_equal(store_release(r->s, "log.x", 1, &freed, NULL), ERR_NOT_FOUND);
    for (int turn = 0; turn < 8; turn++) {
        uint64_t to = state_of(r).committed.offset - 300000;
        KIT_OK(store_release(r->s, "log.1", to, &freed, why));
        assert_true(freed > 0);
        assert_false(state_of(r).full);
        assert_int_equal(state_of(r).released.offset, to);
        KIT_OK(store_flush(r->s, why));
        reopen(r);
        assert_int_equal(state_of(r).released.offset, to);
        struct store_state st = state_of(r);
        assert_true(st.first.offset <= to && st.first.offset + 40000 > to);
        kit_expect(r->s, "log.1", 1, st.first.offset, st.committed.offset);
        while ((rc = kit_append(r->s, 1, 1000, &text)) == OK) {
            store_commit(r->s, 1);
        }
        assert_int_equal(rc, ERR_FULL);
    }
    assert_true(state_of(r).end.offset > 4000000);
    struct store_file f;
    KIT_OK(store_file_at(r->s, 0, &f, why));
    assert_int_equal(f.from, state_of(r).first.offset);
    /* everything delivered: one segment stays */
    uint64_t end = state_of(r).committed.offset;
    KIT_OK(store_release(r->s, "log.1", end, &freed, why));
    KIT_OK(store_flush(r->s, why));
    end = state_of(r).committed.offset;
    KIT_OK(store_release(r->s, "log.1", end, &freed, why));
    assert_int_equal(state_of(r).segments_used, 1);
    KIT_OK(store_release(r->s, "log.1", end - 1, &freed, why));
    assert_int_equal(freed, 0);
}

/* Releases that free nothing on a full store are refused before the reserve is gone. */
static void test_release_without_gain(void **state)
{
    struct rig *r = *state;
    struct errmsg text;
    KIT_OK(store_begin_file(r->s, "src", "log.1", 0, why));
    while (kit_append(r->s, 1, 1000, &text) == OK) {
        store_commit(r->s, 1);
    }
    int rc = OK;
    uint64_t at = 1;
    while (rc == OK && at < 200) {
        rc = store_release(r->s, "log.1", at++, NULL, &text);
    }
    assert_int_equal(rc, ERR_FULL);
    uint32_t freed;
    KIT_OK(store_release(r->s, "log.1", 100000, &freed, why));
    assert_true(freed >= 2);
    KIT_OK(store_flush(r->s, why));
    reopen(r);
    assert_int_equal(state_of(r).released.offset, 100000);
}

static void test_many_files(void **state)
{
    struct rig *r = *state;
    char name[32];
    for (unsigned i = 1; i <= 300; i++) {
        snprintf(name, sizeof name, "log.%06u", i);
        KIT_OK(store_begin_file(r->s, "src", name, 4, why));
        KIT_OK(kit_append(r->s, i, i * 3 % 700, why));
        store_commit(r->s, i);
        if (i % 7 != 0) {
            KIT_OK(store_end_file(r->s, why));
        }
    }
    KIT_OK(store_flush(r->s, why));
    for (int turn = 0; turn < 2; turn++) {
        for (unsigned i = 1; i <= 300; i++) {
            struct store_file f;
            snprintf(name, sizeof name, "log.%06u", i);
            KIT_OK(store_file_at(r->s, i - 1, &f, why));
            assert_string_equal(f.name, name);
            assert_int_equal(f.from, 4);
            assert_int_equal(f.to, 4 + i * 3 % 700);
            assert_int_equal(f.complete, i % 7 != 0);
            kit_expect(r->s, name, i, f.from, f.to);
        }
        reopen(r);
    }
    uint32_t freed;
    KIT_OK(store_release(r->s, "log.000200", 5, &freed, why));
    assert_true(freed > 0);
    struct store_file f;
    KIT_OK(store_file_at(r->s, 0, &f, why));
    assert_true(strcmp(f.name, "log.000200") <= 0);
    assert_string_equal(f.name, state_of(r).first.file);
}

static void test_read_only(void **state)
{
    struct rig *r = *state;
    KIT_OK(store_begin_file(r->s, "src", "log.1", 0, why));
    KIT_OK(kit_append(r->s, 1, 1000, why));
    store_commit(r->s, 1);
    KIT_OK(store_flush(r->s, why));
    store_close(r->s);
    r->s = NULL;
    struct sim_counts before = sim_flash_counts(r->flash);
    struct store_options opt = {.read_only = true};
    KIT_OK(store_open(r->flash, &opt, &r->s, NULL, why));
    kit_expect(r->s, "log.1", 1, 0, 1000);
    assert_int_equal(store_begin_file(r->s, "src", "log.2", 0, NULL), ERR_INVALID);
    struct sim_counts after = sim_flash_counts(r->flash);
    assert_int_equal(after.programs + after.erases + after.syncs,
                     before.programs + before.erases + before.syncs);
}

/* What bulk content costs on the device, header, seals and frames included. */
static void test_overhead(void **state)
{
    struct rig *r = *state;
    bool nor = r->flash->geo.erase_needed;
    store_close(r->s);
    flash_close(r->flash);
    r->s = NULL;
    r->flash = kit_device(nor, 40 << 20, 65536, 1);
    struct store_options opt = {.segment_size = 1 << 20};
    KIT_OK(store_open(r->flash, &opt, &r->s, NULL, why));
    uint64_t before = sim_flash_counts(r->flash).bytes_programmed;
    KIT_OK(store_begin_file(r->s, "src", "log.1", 0, why));
    KIT_OK(kit_append(r->s, 1, 30 << 20, why));
    store_commit(r->s, 1);
    KIT_OK(store_flush(r->s, why));
    uint64_t cost = sim_flash_counts(r->flash).bytes_programmed - before;
    print_message("bulk: %.4f bytes on flash for each byte\n", (double)cost / (30 << 20));
    assert_true(cost < (30 << 20) * 1.01);
}

#define BOTH(test)                                                                                 \
    {#test " on NOR", test, set_up_nor, tear_down, NULL},                                          \
    {#test " on eMMC", test, set_up_emmc, tear_down, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_empty),        BOTH(test_round_trip),           BOTH(test_boundary),
        BOTH(test_cut),          BOTH(test_ring_and_release),     BOTH(test_release_without_gain),
        BOTH(test_many_files),   BOTH(test_read_only),            BOTH(test_overhead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
