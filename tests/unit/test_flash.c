/* SPDX-License-Identifier: Apache-2.0 */
/* One behaviour for every flash device, simulated or real; the simulation's own rules; the GPT. */
#include "drivers/flash/gpt.h"
#include "tests/unit/store_kit.h"

#include <libdeflate.h>
#include <unistd.h>

enum { SIZE = 1 << 20 };

static char path[] = "/tmp/sluice-test-flash-XXXXXX";

static struct flash *open_file(void)
{
    struct flash *f = NULL;
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, SIZE + 100), 0);
    close(fd);
    KIT_OK(flash_open(path, false, &f, why));
    return f;
}

/* ---- what all of them must do ---- */

static void behaviour(struct flash *f)
{
    const struct flash_geometry *g = &f->geo;
    uint8_t *out = malloc(g->erase_size), *in = malloc(g->erase_size);
    assert_int_equal(g->size % g->erase_size, 0);
    assert_int_equal(g->erase_size % g->program_size, 0);
    uint64_t at = g->size - g->erase_size;
    KIT_OK(flash_erase(f, at, g->erase_size, why));
    if (g->erase_needed) {
        KIT_OK(flash_read(f, at, in, g->erase_size, why));
        assert_true(in[0] == 0xff && memcmp(in, in + 1, g->erase_size - 1) == 0);
    }
    for (uint32_t i = 0; i < g->erase_size; i++) {
        out[i] = (uint8_t)(i * 7 + i / 256);
    }
    KIT_OK(flash_program(f, at, out, g->program_size, why));
    KIT_OK(flash_program(f, at + g->program_size, out + g->program_size,
                         g->erase_size - g->program_size, why));
    KIT_OK(flash_sync(f, why));
    KIT_OK(flash_read(f, at, in, g->erase_size, why));
    assert_memory_equal(in, out, g->erase_size);
    KIT_OK(flash_read(f, at + 3, in, 5, why)); /* reads need no alignment */
    assert_memory_equal(in, out + 3, 5);
    KIT_OK(flash_read(f, g->size, in, 0, why));

    struct errmsg text;
    assert_int_equal(flash_read(f, g->size - 1, in, 2, &text), ERR_INVALID);
    assert_non_null(strstr(text.text, f->name));
    assert_int_equal(flash_read(f, UINT64_MAX, in, 2, NULL), ERR_INVALID);
    assert_int_equal(flash_program(f, g->size, out, g->program_size, NULL), ERR_INVALID);
    assert_int_equal(flash_program(f, 0, out, g->program_size / 2, NULL), ERR_INVALID);
    assert_int_equal(flash_program(f, g->program_size / 2, out, g->program_size, NULL),
                     ERR_INVALID);
    assert_int_equal(flash_erase(f, g->program_size, g->erase_size, NULL), ERR_INVALID);
    assert_int_equal(flash_erase(f, 0, g->erase_size / 2, NULL), ERR_INVALID);
    f->read_only = true;
    assert_int_equal(flash_program(f, 0, out, g->program_size, NULL), ERR_INVALID);
    assert_int_equal(flash_erase(f, 0, g->erase_size, NULL), ERR_INVALID);
    f->read_only = false;
    free(in);
    free(out);
}

static void test_file(void **state)
{
    struct flash *f = open_file(), *second = NULL;
    assert_int_equal(f->geo.size, SIZE); /* the rest of a block is not used */
    behaviour(f);
    assert_int_equal(flash_open(path, false, &second, NULL), ERR_BUSY);
    KIT_OK(flash_open(path, true, &second, why));
    flash_close(second);
    flash_close(f);
    unlink(path);
    assert_int_equal(flash_open(path, false, &f, NULL), ERR_NOT_FOUND);
    assert_int_equal(flash_open("/dev/null", false, &f, NULL), ERR_INVALID);
}

static void test_nor(void **state)
{
    struct flash *f = kit_device(true, SIZE, 4096, 1);
    behaviour(f);
    flash_close(f);
}

static void test_emmc(void **state)
{
    struct flash *f = kit_device(false, SIZE, 4096, 1);
    behaviour(f);
    flash_close(f);
}

static void test_part(void **state)
{
    struct flash *base = kit_device(true, SIZE, 4096, 1), *f = NULL;
    KIT_OK(flash_part(base, 8192, 65536 + 5, &f, why));
    assert_int_equal(f->geo.size, 65536);
    behaviour(f);
    uint8_t *all = sim_flash_bytes(base);
    assert_int_equal(all[8191], 0xff);
    assert_int_equal(all[8192 + 65536], 0xff);
    flash_close(f);
    assert_int_equal(flash_part(base, 8192, SIZE, &f, NULL), ERR_INVALID);
    assert_int_equal(flash_part(base, 100, 4096, &f, NULL), ERR_INVALID);
    flash_close(base);
}

/* ---- the simulation's rules ---- */

static void test_nor_rules(void **state)
{
    struct flash *f = kit_device(true, SIZE, 4096, 1);
    uint8_t zeros[16] = {0}, ones[16];
    memset(ones, 0xff, sizeof ones);
    KIT_OK(flash_program(f, 0, zeros, 16, why));
    assert_int_equal(flash_program(f, 0, ones, 16, NULL), ERR_IO); /* sets bits */
    KIT_OK(flash_sync(f, why));
    assert_int_equal(flash_program(f, 0, zeros, 16, NULL), ERR_IO); /* flushed before */
    assert_int_equal(sim_flash_counts(f).violations, 2);
    KIT_OK(flash_erase(f, 0, 4096, why));
    KIT_OK(flash_program(f, 0, ones, 16, why));
    flash_close(f);
}

static void test_emmc_cut(void **state)
{
    uint8_t unit[512], back[512];
    unsigned kept = 0, lost = 0;
    memset(unit, 0x11, sizeof unit);
    for (uint64_t seed = 1; seed < 40; seed++) {
        struct flash *f = kit_device(false, SIZE, 4096, seed);
        KIT_OK(flash_program(f, 0, unit, 512, why));
        KIT_OK(flash_sync(f, why));
        KIT_OK(flash_program(f, 512, unit, 512, why));
        sim_flash_cut_after(f, 2, SIM_LOSE_RANDOM);
        KIT_OK(flash_program(f, 1024, unit, 512, why));
        assert_int_equal(flash_sync(f, NULL), ERR_IO);
        assert_int_equal(flash_read(f, 0, back, 512, NULL), ERR_IO);
        sim_flash_power_cycle(f, SIM_LOSE_RANDOM);
        KIT_OK(flash_read(f, 0, back, 512, why));
        assert_memory_equal(back, unit, 512);
        KIT_OK(flash_read(f, 512, back, 512, why));
        kept += back[0] == 0x11 ? 1 : 0;
        lost += back[0] == 0x00 ? 1 : 0;
        flash_close(f);
    }
    assert_true(kept > 5 && lost > 5 && kept + lost == 39);
}

static void test_nor_cut(void **state)
{
    uint8_t zeros[4096] = {0};
    unsigned torn = 0;
    for (uint64_t seed = 1; seed < 40; seed++) {
        struct flash *f = kit_device(true, SIZE, 4096, seed);
        sim_flash_cut_after(f, 1, SIM_LOSE_ALL);
        assert_int_equal(flash_program(f, 0, zeros, 4096, NULL), ERR_IO);
        sim_flash_power_cycle(f, SIM_LOSE_ALL);
        uint8_t *b = sim_flash_bytes(f);
        torn += b[0] != b[4095] ? 1 : 0;
        sim_flash_cut_after(f, 1, SIM_LOSE_ALL);
        assert_int_equal(flash_erase(f, 0, 8192, NULL), ERR_IO);
        flash_close(f);
    }
    assert_true(torn > 20);
}

/* ---- GPT ---- */

static void put(uint8_t *at, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static void gpt_header(uint8_t *h, uint64_t own, uint64_t table_lba, const uint8_t *table)
{
    memset(h, 0, 512);
    memcpy(h, "EFI PART", 8);
    put(h + 8, 0x00010000, 4);
    put(h + 12, 92, 4);
    put(h + 24, own, 8);
    put(h + 72, table_lba, 8);
    put(h + 80, 128, 4);
    put(h + 84, 128, 4);
    put(h + 88, libdeflate_crc32(0, table, 128 * 128), 4);
    put(h + 16, libdeflate_crc32(0, h, 92), 4);
}

/* A disk of 2048 sectors with "cfg" at 64..127 and "store" at 128..1999. */
static void make_gpt(uint8_t *d)
{
    static const char *const names[] = {"cfg", "store"};
    static const unsigned from[] = {64, 128}, to[] = {127, 1999};
    uint8_t *table = d + 1024;
    memset(table, 0, 128 * 128);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *e = table + i * 128;
        e[0] = e[16] = 1;
        put(e + 32, from[i], 8);
        put(e + 40, to[i], 8);
        for (size_t c = 0; names[i][c] != '\0'; c++) {
            e[56 + 2 * c] = (uint8_t)names[i][c];
        }
    }
    memcpy(d + 2015 * 512, table, 128 * 128);
    gpt_header(d + 512, 1, 2, table);
    gpt_header(d + 2047 * 512, 2047, 2015, table);
}

static void test_gpt(void **state)
{
    struct flash *f = kit_device(false, SIZE, 4096, 1);
    uint8_t *d = sim_flash_bytes(f);
    struct gpt_part p;
    struct errmsg text;
    assert_int_equal(gpt_find(f, "store", &p, &text), ERR_NOT_FOUND);
    make_gpt(d);
    KIT_OK(gpt_find(f, "store", &p, why));
    assert_int_equal(p.offset, 128 * 512);
    assert_int_equal(p.size, 1872 * 512);
    assert_int_equal(gpt_find(f, "stor", &p, &text), ERR_NOT_FOUND);
    assert_int_equal(gpt_find(f, "store2", &p, &text), ERR_NOT_FOUND);
    d[512 + 40] ^= 1; /* the first header: the copy serves */
    KIT_OK(gpt_find(f, "cfg", &p, why));
    d[2015 * 512 + 20] ^= 1; /* and the copy's table */
    assert_int_equal(gpt_find(f, "store", &p, &text), ERR_CORRUPT);
    make_gpt(d);
    put(d + 1024 + 128 + 40, 4000, 8); /* ends outside */
    gpt_header(d + 512, 1, 2, d + 1024);
    assert_int_equal(gpt_find(f, "store", &p, &text), ERR_CORRUPT);
    assert_non_null(strstr(text.text, "short"));
    flash_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),      cmocka_unit_test(test_nor),
        cmocka_unit_test(test_emmc),      cmocka_unit_test(test_part),
        cmocka_unit_test(test_nor_rules), cmocka_unit_test(test_emmc_cut),
        cmocka_unit_test(test_nor_cut),   cmocka_unit_test(test_gpt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
