/* SPDX-License-Identifier: Apache-2.0 */
/* One writer, readers, releases and a verify at the same time, on a small ring (for the thread
 * sanitizer, and for what readers may see while segments are reused). */
#include "tests/unit/store_kit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { ERASE = 16384, SEGMENT = 16384, SLOTS = 16, TOTAL = 1500000 };

struct rig {
    struct flash *flash;
    struct store *s;
    atomic_bool done;
    atomic_ullong delivered, read_bytes, verified;
};

/* Reads what is committed, in order, and compares. Not cmocka's asserts: wrong thread. */
static void *reader(void *arg)
{
    struct rig *r = arg;
    static uint8_t part[5000], want[5000];
    uint64_t at = 0;
    while (at < TOTAL) {
        size_t got = 0;
        struct errmsg why = {""};
        int rc = store_read(r->s, "log.1", at, part, sizeof part, &got, &why);
        if (rc != OK && rc != ERR_NOT_FOUND) {
            fprintf(stderr, "read at %llu: %s\n", (unsigned long long)at, why.text);
            abort();
        }
        if (got == 0) {
            usleep(100);
            continue;
        }
        kit_fill(want, 1, at, got);
        if (memcmp(part, want, got) != 0) {
            fprintf(stderr, "wrong bytes at %llu\n", (unsigned long long)at);
            abort();
        }
        at += got;
        atomic_store(&r->delivered, at);
    }
    return NULL;
}

static void *releaser(void *arg)
{
    struct rig *r = arg;
    while (!atomic_load(&r->done)) {
        uint64_t to = atomic_load(&r->delivered);
        struct errmsg why = {""};
        int rc = to > 0 ? store_release(r->s, "log.1", to, NULL, &why) : OK;
        if (rc != OK && rc != ERR_FULL) {
            fprintf(stderr, "release to %llu: %s\n", (unsigned long long)to, why.text);
            abort();
        }
        usleep(300);
    }
    return NULL;
}

static void report(void *ctx, const struct store_finding *f)
{
    fprintf(stderr, "segment %llu: %s\n", (unsigned long long)f->seq, f->what);
}

static void *watcher(void *arg)
{
    struct rig *r = arg;
    while (!atomic_load(&r->done)) {
        struct store_state st;
        struct store_file f;
        struct store_verify_result result;
        store_get_state(r->s, &st);
        if (st.committed.offset > st.end.offset || st.released.offset > st.committed.offset) {
            abort();
        }
        (void)store_file_at(r->s, 0, &f, NULL);
        if (store_verify(r->s, report, NULL, NULL, &result, NULL) != OK || result.findings > 0) {
            abort();
        }
        atomic_fetch_add(&r->verified, 1);
    }
    return NULL;
}

static void run(bool nor)
{
    struct rig r = {.flash = kit_device(nor, 2 * ERASE + SLOTS * SEGMENT, ERASE, 3)};
    struct store_options opt = {.segment_size = SEGMENT};
    KIT_OK(store_open(r.flash, &opt, &r.s, NULL, why));
    KIT_OK(store_begin_file(r.s, "src", "log.1", 0, why));
    KIT_OK(store_flush(r.s, why));
    pthread_t t[3];
    pthread_create(&t[0], NULL, reader, &r);
    pthread_create(&t[1], NULL, releaser, &r);
    pthread_create(&t[2], NULL, watcher, &r);
    struct store_pos end = {"", 0};
    for (unsigned i = 0; end.offset < TOTAL; i++) {
        size_t n = 100 + i * 37 % 3000;
        n = n < TOTAL - end.offset ? n : (size_t)(TOTAL - end.offset);
        struct errmsg text;
        int rc = kit_append(r.s, 1, n, &text);
        if (rc == OK) {
            store_commit(r.s, i);
            rc = i % 3 == 0 ? store_flush(r.s, &text) : OK;
        }
        if (rc == ERR_FULL) {
            usleep(500);
        } else {
            assert_int_equal(rc, OK);
        }
        store_end(r.s, &end);
    }
    int rc;
    store_commit(r.s, 1);
    while ((rc = store_flush(r.s, NULL)) == ERR_FULL) {
        usleep(500);
    }
    assert_int_equal(rc, OK);
    pthread_join(t[0], NULL);
    atomic_store(&r.done, true);
    pthread_join(t[1], NULL);
    pthread_join(t[2], NULL);
    print_message("%u bytes through %u segments, %llu verifies beside them\n", TOTAL, SLOTS,
                  atomic_load(&r.verified));
    assert_int_equal(sim_flash_counts(r.flash).violations, 0);
    store_close(r.s);
    flash_close(r.flash);
}

static void test_nor(void **state) { run(true); }
static void test_emmc(void **state) { run(false); }

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nor), cmocka_unit_test(test_emmc)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
