/* SPDX-License-Identifier: Apache-2.0 */
/* Power cuts: at every device operation of a workload, and again and again in a long life. */
#include "tests/power/store_model.h"

enum { ERASE = 4096, SEGMENT = 8192, SLOTS = 9 };

static struct flash *new_device(bool nor, uint64_t seed)
{
    return kit_device(nor, 2 * ERASE + SLOTS * SEGMENT, ERASE, seed);
}

static uint64_t operations(struct flash *f)
{
    struct sim_counts c = sim_flash_counts(f);
    return c.programs + c.syncs + c.erases;
}

/* One workload with one cut; false when it ended before the cut came. */
static bool one_cut(bool nor, enum sim_loss loss, uint64_t at, uint64_t seed)
{
    struct model m;
    struct errmsg text;
    struct flash *f = new_device(nor, seed + at);
    model_init(&m, f, SEGMENT, seed);
    sim_flash_cut_after(f, at, loss);
    int rc = model_open(&m, NULL, &text);
    if (rc == OK) {
        rc = model_run(&m, 420, &text);
    }
    bool hit = sim_flash_counts(f).off;
    assert_int_equal(rc, hit ? ERR_IO : OK);
    sim_flash_power_cycle(f, loss);
    model_recover(&m);
    /* and it goes on working */
    assert_int_equal(model_run(&m, 40, &text), OK);
    sim_flash_power_cycle(f, SIM_LOSE_RANDOM);
    model_recover(&m);
    assert_int_equal(sim_flash_counts(f).violations, 0);
    model_free(&m);
    flash_close(f);
    return hit;
}

static void every_operation(bool nor, enum sim_loss loss, uint64_t seed)
{
    uint64_t at = 1;
    while (one_cut(nor, loss, at, seed)) {
        at++;
    }
    print_message("%llu cuts, each at another device operation\n", (unsigned long long)at - 1);
    assert_true(at > 300);
}

static void test_nor(void **state) { every_operation(true, SIM_LOSE_ALL, 11); }
static void test_emmc_lose_all(void **state) { every_operation(false, SIM_LOSE_ALL, 12); }
static void test_emmc_lose_none(void **state) { every_operation(false, SIM_LOSE_NONE, 13); }
static void test_emmc_lose_random(void **state) { every_operation(false, SIM_LOSE_RANDOM, 14); }
static void test_emmc_lose_older(void **state) { every_operation(false, SIM_LOSE_OLDER, 15); }

/* One device that loses its power every few operations, also within recovery. */
static void long_life(bool nor, uint64_t seed)
{
    struct model m;
    struct errmsg text;
    struct flash *f = new_device(nor, seed);
    unsigned cuts = 0;
    model_init(&m, f, SEGMENT, seed);
    KIT_OK(model_open(&m, NULL, why));
    while (cuts < 250 && m.current + 2 != MODEL_FILES) {
        enum sim_loss loss = (enum sim_loss)(model_random(&m) % 4);
        sim_flash_cut_after(f, 1 + model_random(&m) % 30, loss);
        int rc = model_run(&m, 60, &text);
        if ((rc == ERR_IO) != sim_flash_counts(f).off) {
            fail_msg("power %s, but: %s", sim_flash_counts(f).off ? "off" : "on", text.text);
        }
        cuts++;
        sim_flash_power_cycle(f, loss);
        /* A cut within recovery changes nothing that the next recovery does not find. */
        if (model_random(&m) % 2 == 0) {
            store_close(m.s);
            m.s = NULL;
            sim_flash_cut_after(f, 1 + model_random(&m) % 2, loss);
            (void)model_open(&m, NULL, &text);
            sim_flash_power_cycle(f, loss);
            cuts++;
        }
        model_recover(&m);
    }
    print_message("%u cuts on one device, %llu operations\n", cuts,
                  (unsigned long long)operations(f));
    assert_int_equal(sim_flash_counts(f).violations, 0);
    model_free(&m);
    flash_close(f);
}

/* Six devices of a kind, or POWER_LIVES of them (`make powerloss`). */
static uint64_t lives(void)
{
    const char *said = getenv("POWER_LIVES");
    uint64_t n = said != NULL ? strtoull(said, NULL, 10) : 0;
    return n > 0 ? n : 6;
}

static void test_long_life_nor(void **state)
{
    for (uint64_t seed = 0; seed < lives(); seed++) {
        long_life(true, 1000000 + seed);
    }
}

static void test_long_life_emmc(void **state)
{
    for (uint64_t seed = 0; seed < lives(); seed++) {
        long_life(false, 2000000 + seed);
    }
}

/* The first format of a blank device, cut at each of its operations, is simply done again. */
static void test_format(void **state)
{
    for (int nor = 0; nor < 2; nor++) {
        for (uint64_t at = 1; at < 40; at++) {
            struct flash *f = new_device(nor == 1, at);
            struct store_options opt = {.segment_size = SEGMENT};
            struct store *s = NULL;
            uint64_t op = 1 + at % 6;
            sim_flash_cut_after(f, op, SIM_LOSE_RANDOM);
            int rc = store_open(f, &opt, &s, NULL, NULL);
            store_close(s);
            bool hit = sim_flash_counts(f).off;
            assert_int_equal(rc, hit ? ERR_IO : OK);
            sim_flash_power_cycle(f, SIM_LOSE_RANDOM);
            KIT_OK(store_open(f, &opt, &s, NULL, why));
            assert_int_equal(sim_flash_counts(f).violations, 0);
            store_close(s);
            flash_close(f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),           cmocka_unit_test(test_nor),
        cmocka_unit_test(test_emmc_lose_all),    cmocka_unit_test(test_emmc_lose_none),
        cmocka_unit_test(test_emmc_lose_random), cmocka_unit_test(test_emmc_lose_older),
        cmocka_unit_test(test_long_life_nor),    cmocka_unit_test(test_long_life_emmc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
