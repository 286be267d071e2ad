/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged segment headers and seals: every flipped bit is found, no file is silently shorter, and
 * what was lost with a whole segment is named file by file. */
#include "tests/unit/store_kit.h"

#ifdef __SANITIZE_THREAD__
enum { EVERY = 16 }; /* slow, and this is one thread: a sample */
#else
enum { EVERY = 1 };
#endif
enum { ERASE = 4096, SLOTS = 24, SUPERS = 2 * ERASE, HEADER = 1024, FILES_MAX = 32 };

struct rig {
    struct flash *flash;
    struct store *s;
    uint8_t *bytes;
    bool nor;
    struct store_file truth[FILES_MAX];
    size_t files;
    struct store_state state;
    uint64_t first_seq;
};

static void open_it(struct rig *r, bool read_only, struct store_report *report)
{
    struct store_options opt = {.segment_size = ERASE, .read_only = read_only};
    store_close(r->s);
    r->s = NULL;
    KIT_OK(store_open(r->flash, &opt, &r->s, report, why));
}

static void put(struct rig *r, unsigned file, size_t len)
{
    KIT_OK(kit_append(r->s, file, len, why));
    store_commit(r->s, file);
    KIT_OK(store_flush(r->s, why));
}

static void release(struct rig *r, const char *name, uint64_t offset)
{
    KIT_OK(store_release(r->s, name, offset, NULL, why));
}

/* Files shorter and longer than a segment, ended and not, cuts, and a release that frees. */
static int set_up(void **state, bool nor)
{
    static const size_t sizes[] = {2500, 5200, 700, 400,  9000, 2900,
                                   1200, 300,  6100, 3500, 500, 7000};
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->nor = nor;
    r->flash = kit_device(nor, SUPERS + SLOTS * ERASE, ERASE, 8);
    r->bytes = sim_flash_bytes(r->flash);
    open_it(r, false, NULL);
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char name[16];
        snprintf(name, sizeof name, "log.%02u", i + 1);
        KIT_OK(store_begin_file(r->s, "src", name, 0, why));
        for (size_t done = 0; done < sizes[i];) {
            size_t n = sizes[i] - done < 900 ? sizes[i] - done : 900;
            put(r, i + 1, n);
            done += n;
            if ((i == 4 && done == 4500) || (i == 8 && done == 2700)) {
                KIT_OK(kit_append(r->s, 99, 333, why));
                KIT_OK(store_flush(r->s, why));
                KIT_OK(store_cut(r->s, done, why));
            }
        }
        if (i == 6) {
            release(r, "log.02", 4000);
        }
        if (i == 9) {
            release(r, "log.02", 4100);
        }
        if (i % 3 != 2 && i + 1 < sizeof sizes / sizeof sizes[0]) {
            KIT_OK(store_end_file(r->s, why));
        }
    }
    put(r, 12, 100); /* so the newest segment says that something in it was acknowledged */
    put(r, 12, 100);
    store_get_state(r->s, &r->state);
    while (store_file_at(r->s, r->files, &r->truth[r->files], NULL) == OK) {
        r->files++;
    }
    assert_int_equal(r->files, 11);
    r->first_seq = r->state.sealed + 2 - r->state.segments_used;
    assert_true(r->first_seq > 1);
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

static unsigned number_of(const char *name) { return (unsigned)atoi(name + 4); }

struct findings {
    unsigned count;
    struct store_finding list[64];
};

static void found(void *ctx, const struct store_finding *f)
{
    struct findings *v = ctx;
    if (v->count < 64) {
        v->list[v->count] = *f;
    }
    v->count++;
}

static void verify(struct rig *r, struct findings *v)
{
    struct store_verify_result result;
    v->count = 0;
    KIT_OK(store_verify(r->s, found, NULL, v, &result, why));
    assert_true(v->count <= 64);
}

/* Is byte `at` of the file in a range that verify named? */
static bool covered(const struct findings *v, const char *name, uint64_t at)
{
    for (unsigned i = 0; i < v->count; i++) {
        const struct store_finding *f = &v->list[i];
        if ((f->file[0] == '\0' || strcmp(f->file, name) == 0) && f->from <= at && at < f->to) {
            return true;
        }
    }
    return false;
}

/* The segment's header or seal alone is damaged: all is there, as it was. */
static void check_whole(struct rig *r, const char *where)
{
    static uint8_t part[10000], want[10000];
    struct store_file f;
    for (size_t i = 0; i < r->files; i++) {
        const struct store_file *t = &r->truth[i];
        size_t got;
        KIT_OK(store_file_at(r->s, i, &f, why));
        if (strcmp(f.name, t->name) != 0 || f.from != t->from || f.to != t->to ||
            f.complete != t->complete || f.damaged) {
            fail_msg("%s: %s is listed as %s from %llu to %llu%s", where, t->name, f.name,
                     (unsigned long long)f.from, (unsigned long long)f.to,
                     f.damaged ? " damaged" : "");
        }
        KIT_OK(store_read_at(r->s, i, f.from, part, sizeof part, &got, why));
        kit_fill(want, number_of(f.name), f.from, (size_t)(f.to - f.from));
        assert_int_equal(got, f.to - f.from);
        assert_memory_equal(part, want, got);
    }
    assert_int_equal(store_file_at(r->s, r->files, &f, NULL), ERR_NOT_FOUND);
}

static void test_every_bit(void **state)
{
    struct rig *r = *state;
    static struct findings v;
    uint64_t newest = r->state.sealed + 1;
    open_it(r, true, NULL);
    verify(r, &v);
    assert_int_equal(v.count, 0);
    check_whole(r, "sound");
    unsigned flips = 0;
    for (uint64_t seq = r->first_seq; seq <= newest; seq++) {
        uint8_t *seg = r->bytes + SUPERS + (seq - 1) % SLOTS * ERASE;
        uint32_t seal = r->nor ? ERASE - 128 : ERASE - 512;
        for (uint32_t at = 0; at < ERASE; at = at + 1 == HEADER && seq < newest ? seal : at + 1) {
            if (seq == newest && at >= HEADER) {
                break;
            }
            /* every bit of the fields in six segments; of all else, one in 64 */
            for (unsigned bit = 0; bit < 8; bit++) {
                bool chosen = seq <= r->first_seq + 1 || seq == r->first_seq + 5 ||
                              seq == r->first_seq + 8 || seq + 1 >= newest;
                bool field = (at * 8 + bit) % EVERY == 0 &&
                             (at < 136 || (at >= seal && at < seal + 92));
                if (!(chosen && field) && (at * 8 + bit + seq) % 64 != 0) {
                    continue;
                }
                struct store_report report;
                char where[64];
                snprintf(where, sizeof where, "segment %u byte %u bit %u", (unsigned)seq, at, bit);
                seg[at] ^= (uint8_t)(1 << bit);
                open_it(r, true, &report);
                check_whole(r, where);
                verify(r, &v);
                seg[at] ^= (uint8_t)(1 << bit);
                if (v.count == 0 || v.list[0].seq != seq || v.list[0].file[0] == '\0' ||
                    (at < HEADER && report.damaged != 1)) {
                    fail_msg("%s: %u findings, first segment %u \"%s\" in \"%s\"", where, v.count,
                             (unsigned)v.list[0].seq, v.list[0].what, v.list[0].file);
                }
                flips++;
            }
        }
    }
    print_message("%u flipped bits, each found; every file read as it was\n", flips);
}

/* Whatever is damaged: each file is listed with all it had, what can be read is right, what cannot
 * is named, and the file says that it is damaged. */
static void check_lost(struct rig *r, uint64_t seq)
{
    static struct findings v;
    struct store_file f;
    unsigned touched = 0;
    verify(r, &v);
    assert_true(v.count > 0);
    for (unsigned i = 0; i < v.count; i++) {
        assert_true(v.list[i].to >= v.list[i].from);
    }
    assert_int_equal(v.list[0].seq, seq);
    size_t shown = 0;
    for (size_t i = 0; i < r->files; i++) {
        const struct store_file *t = &r->truth[i];
        unsigned lost = 0;
        KIT_OK(store_file_at(r->s, i, &f, why));
        if (f.name[0] != '\0') {
            assert_string_equal(f.name, t->name);
        } else {
            assert_true(f.damaged);
        }
        shown++;
        /* What was released may be gone. */
        uint64_t from = strcmp(t->name, r->state.released.file) == 0 ? r->state.released.offset
                                                                     : t->from;
        if (f.to < t->to || f.from > from) {
            fail_msg("segment %u: %s from %llu to %llu is listed from %llu to %llu", (unsigned)seq,
                     t->name, (unsigned long long)t->from, (unsigned long long)t->to,
                     (unsigned long long)f.from, (unsigned long long)f.to);
        }
        for (uint64_t at = f.from; at < f.to; at += EVERY) {
            uint8_t byte;
            size_t got;
            int rc = store_read_at(r->s, i, at, &byte, 1, &got, NULL);
            if (rc == OK && got == 1) {
                assert_true(at < t->to);
                assert_int_equal(byte, kit_byte(number_of(t->name), at));
            } else {
                if (at >= t->from && at < t->to && !covered(&v, t->name, at)) {
                    fail_msg("segment %u: %s at %llu is not readable and not named", (unsigned)seq,
                             t->name, (unsigned long long)at);
                }
                lost++;
            }
        }
        if (lost > 0) {
            assert_true(f.damaged);
            touched++;
        }
    }
    assert_int_equal(store_file_at(r->s, shown, &f, NULL), ERR_NOT_FOUND);
    assert_true(touched > 0);
}

static void wipe(struct rig *r, uint64_t seq, uint32_t from, uint32_t to)
{
    uint8_t *seg = r->bytes + SUPERS + (seq - 1) % SLOTS * ERASE;
    memset(seg + from, 0x5a, to - from);
}

/* Header and first frame, or the whole segment; one segment, or two in a row. */
static void test_lost_segments(void **state)
{
    struct rig *r = *state;
    static uint8_t keep[SUPERS + SLOTS * ERASE];
    memcpy(keep, r->bytes, sizeof keep);
    for (uint64_t seq = r->first_seq; seq <= r->state.sealed; seq++) {
        for (unsigned how = 0; how < 4; how++) {
            if (how >= 2 && seq == r->state.sealed) {
                continue;
            }
            struct store_report report;
            for (uint64_t n = seq; n <= seq + how / 2; n++) {
                wipe(r, n, 0, how % 2 == 0 ? HEADER + 48 : ERASE);
            }
            open_it(r, true, &report);
            assert_int_equal(report.damaged, 1 + how / 2);
            check_lost(r, seq);
            memcpy(r->bytes, keep, sizeof keep);
        }
    }
}

/* The newest header is damaged: what was acknowledged stays, and the store goes on behind it. */
static void test_newest_goes_on(void **state)
{
    struct rig *r = *state;
    static struct findings v;
    struct store_report report;
    struct store_state st;
    uint64_t newest = r->state.sealed + 1;
    r->bytes[SUPERS + (newest - 1) % SLOTS * ERASE + 300] ^= 1;
    open_it(r, false, &report);
    assert_int_equal(report.damaged, 1);
    store_get_state(r->s, &st);
    assert_int_equal(st.committed.offset, r->state.committed.offset);
    assert_int_equal(st.content_bytes, r->state.content_bytes);
    put(r, 12, 5000);
    for (int turn = 0; turn < 2; turn++) {
        kit_expect(r->s, "log.12", 12, 0, 12200);
        verify(r, &v);
        assert_int_equal(v.count, 1);
        assert_int_equal(v.list[0].seq, newest);
        open_it(r, false, &report);
        assert_int_equal(report.damaged, 1);
    }
}

/* A header goes bad while the store is open. */
static void test_while_open(void **state)
{
    struct rig *r = *state;
    static struct findings v;
    uint64_t seq = r->first_seq + 3;
    open_it(r, true, NULL);
    r->bytes[SUPERS + (seq - 1) % SLOTS * ERASE + 300] ^= 1;
    verify(r, &v);
    assert_int_equal(v.count, 1);
    assert_int_equal(v.list[0].seq, seq);
    check_whole(r, "while open");
}

#define BOTH(test)                                                                                 \
    {#test " on NOR", test, set_up_nor, tear_down, NULL},                                          \
    {#test " on eMMC", test, set_up_emmc, tear_down, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_every_bit), BOTH(test_lost_segments), BOTH(test_newest_goes_on),
        BOTH(test_while_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
