/* SPDX-License-Identifier: Apache-2.0 */
/* The committed config: a power cut within every program, erase and sync of a commit, on NOR and
 * on eMMC, leaves the old or the new record. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before cmocka, which has a macro named fail. */
#include "config/record.h"
#include "drivers/flash/sim_flash.h"

#include <cmocka.h>

#define INI "[source]\nhost = h%u\nuser = u\ntls = require\nca = ca.pem\ncert = ca.pem\nkey = k\n"
#define PEM "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n"
#define SIZE (1 << 19)
#define SEEDS 16
#define KEY "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n"

static const struct sim_options kinds[] = {
    {.size = SIZE, .erase_size = 65536, .program_size = 1, .nor = true, .seed = 7},
    {.size = SIZE, .erase_size = 4096, .program_size = 512, .nor = false, .seed = 8},
    {.size = SIZE, .erase_size = 4096, .program_size = 4096, .nor = false, .seed = 9},
};

static int read_fake(void *ctx, const char *name, char **text, struct errmsg *why)
{
    (void)ctx;
    (void)why;
    *text = strdup(strcmp(name, "k") == 0 ? KEY : PEM);
    return *text != NULL ? 0 : ERR_NOMEM;
}

/* The bundle of a config whose host tells the number. */
static void make(unsigned number, struct config_bundle *b)
{
    char text[256];
    struct errmsg why;
    struct config c;
    static struct config_mistakes m;
    snprintf(text, sizeof text, INI, number);
    assert_int_equal(config_parse(text, strlen(text), read_fake, NULL, &c, &m), 0);
    assert_int_equal(config_bundle_make(text, strlen(text), &c, b, &why), 0);
    config_free(&c);
}

static void commit(struct flash *f, unsigned number, int expected)
{
    struct config_bundle b;
    uint8_t digest[BUNDLE_DIGEST];
    struct errmsg why;
    make(number, &b);
    config_bundle_digest(&b, digest);
    assert_int_equal(config_record_write(f, &b, digest, &why), expected);
    config_bundle_free(&b);
}

/* Number of the ruling config, 0 if there is none. */
static unsigned ruling(struct flash *f, uint64_t *generation)
{
    struct config_record r;
    struct errmsg why;
    struct config c;
    static struct config_mistakes m;
    uint8_t digest[BUNDLE_DIGEST];
    unsigned number = 0;
    int rc = config_record_read(f, &r, &why);
    if (rc != 0) {
        assert_true(rc == ERR_NOT_FOUND || rc == ERR_CORRUPT);
        return 0;
    }
    config_bundle_digest(&r.bundle, digest);
    assert_memory_equal(digest, r.medium, sizeof digest);
    assert_int_equal(config_bundle_parse(&r.bundle, &c, &m), 0);
    assert_string_equal(c.source.ca, PEM);
    assert_string_equal(c.source.key, KEY);
    assert_int_equal(sscanf(c.source.host, "h%u", &number), 1);
    config_free(&c);
    config_bundle_free(&r.bundle);
    if (generation != NULL) {
        *generation = r.generation;
    }
    return number;
}

static void commits_follow_each_other(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct flash *f = sim_flash_new(&kinds[k]);
        uint64_t generation = 0;
        assert_non_null(f);
        assert_int_equal(ruling(f, NULL), 0);
        for (unsigned n = 1; n <= 5; n++) {
            commit(f, n, 0);
            assert_int_equal(ruling(f, &generation), n);
            assert_int_equal(generation, n);
        }
        assert_int_equal(sim_flash_counts(f).violations, 0);
        flash_close(f);
    }
}

static void power_may_fail_anywhere(void **state)
{
    (void)state;
    unsigned cuts = 0, kept = 0, taken = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (uint64_t at = 1; at <= 6; at++) {
            for (unsigned seed = 0; seed < SEEDS; seed++) {
                struct sim_options opt = kinds[k];
                opt.seed = seed;
                enum sim_loss loss = (enum sim_loss)(seed % 4);
                struct flash *f = sim_flash_new(&opt);
                unsigned before = seed % 3; /* 0: the very first commit is cut */
                for (unsigned n = 1; n <= before; n++) {
                    commit(f, n, 0);
                }
                struct config_bundle b;
                struct errmsg why;
                make(9, &b);
                uint8_t digest[BUNDLE_DIGEST];
                config_bundle_digest(&b, digest);
                sim_flash_cut_after(f, at, loss);
                int rc = config_record_write(f, &b, digest, &why);
                config_bundle_free(&b);
                sim_flash_power_cycle(f, loss);
                unsigned now = ruling(f, NULL);
                assert_true(now == 9 || (rc != 0 && now == before));
                kept += now == before;
                taken += now == 9;
                cuts++;
                /* And the next commit works. */
                commit(f, 10, 0);
                assert_int_equal(ruling(f, NULL), 10);
                assert_int_equal(sim_flash_counts(f).violations, 0);
                flash_close(f);
            }
        }
    }
    assert_int_equal(cuts, 3 * 6 * SEEDS);
    assert_true(kept > 30 && taken > 30);
}

static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    struct flash *f = sim_flash_new(&kinds[1]);
    struct errmsg why;
    struct config_record r;
    commit(f, 1, 0);
    commit(f, 2, 0);
    uint8_t *bytes = sim_flash_bytes(f);
    size_t slot = SIZE / 2;
    for (size_t bit = 0; bit < 88 * 8; bit++) { /* all of the newer header */
        bytes[slot + bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(ruling(f, NULL), 1);
        bytes[slot + bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    bytes[slot + 512 + 40] ^= 4; /* its content */
    assert_int_equal(ruling(f, NULL), 1);
    bytes[512 + 40] ^= 4; /* and the older one's */
    assert_int_equal(config_record_read(f, &r, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "config medium"));
    flash_close(f);

    struct sim_options small = kinds[1];
    small.size = 65536;
    f = sim_flash_new(&small);
    assert_int_equal(config_record_read(f, &r, &why), ERR_FULL);
    flash_close(f);
}

static void names_stay_beside_the_config(void **state)
{
    static const char *const bad[] = {"/etc/shadow", "../x", "a/b", ".hidden", "", "sluice.ini",
                                      "C:x", "a\\b"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(config_bundle_name_ok(bad[i]));
    }
    assert_true(config_bundle_name_ok("ca.pem"));

    static const char text[] = "[source]\nhost = h\nuser = u\ntls = require\nca = pki/ca.pem\n";
    struct config c;
    struct config_bundle b;
    struct errmsg why;
    static struct config_mistakes m;
    assert_int_equal(config_parse(text, strlen(text), read_fake, NULL, &c, &m), 0);
    assert_int_equal(config_bundle_make(text, strlen(text), &c, &b, &why), ERR_INVALID);
    assert_non_null(strstr(why.text, "source.ca"));
    config_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commits_follow_each_other),
        cmocka_unit_test(power_may_fail_anywhere),
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(names_stay_beside_the_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
