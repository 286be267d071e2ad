/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated NOR and eMMC with power cuts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/flash/sim_flash.h"

/* What is known of one program unit since its last erase. */
enum { UNIT_PENDING = 1, UNIT_FLUSHED = 2, UNIT_ERASED = 4 };

struct sim_flash {
    struct flash flash; /* first: the two are cast into each other */
    uint8_t *now;       /* what a read gives */
    uint8_t *durable;   /* eMMC: what is there after a cut that drops everything pending */
    uint8_t *unit;      /* one byte per program unit */
    uint64_t *order;    /* eMMC: when a pending unit was programmed */
    uint64_t clock;
    uint64_t random;
    uint64_t cut_in; /* operations until the cut; 0 none */
    enum sim_loss loss;
    struct sim_counts counts;
};

static struct sim_flash *of(struct flash *f)
{
    return (struct sim_flash *)f;
}

static uint64_t next_random(struct sim_flash *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random * 0x2545f4914f6cdd1dULL >> 16;
}

static uint64_t units(const struct sim_flash *s)
{
    return s->flash.geo.size / s->flash.geo.program_size;
}

static int off_error(const struct flash *f, struct errmsg *why)
{
    return fail(why, ERR_IO, "%s: no power", f->name);
}

/* Decides for each pending unit whether it reached the medium. */
static void lose_pending(struct sim_flash *s)
{
    size_t size = s->flash.geo.program_size;
    uint64_t newest_half = s->clock - s->clock % 4;
    for (uint64_t u = 0; u < units(s); u++) {
        if ((s->unit[u] & UNIT_PENDING) == 0) {
            continue;
        }
        bool keep = s->loss == SIM_LOSE_NONE ||
                    (s->loss == SIM_LOSE_RANDOM && next_random(s) % 2 == 0) ||
                    (s->loss == SIM_LOSE_OLDER && s->order[u] >= newest_half);
        if (keep) {
            memcpy(s->durable + u * size, s->now + u * size, size);
        } else {
            memcpy(s->now + u * size, s->durable + u * size, size);
        }
        s->unit[u] = 0;
    }
}

static void power_off(struct sim_flash *s)
{
    s->counts.off = true;
    s->cut_in = 0;
    if (s->durable != NULL) {
        lose_pending(s);
        return;
    }
    /* NOR: a unit that still reads erased may be programmed, one with any bit in it may not. */
    size_t size = s->flash.geo.program_size;
    for (uint64_t u = 0; u < units(s); u++) {
        const uint8_t *b = s->now + u * size;
        bool erased = b[0] == 0xff && memcmp(b, b + 1, size - 1) == 0;
        if ((s->unit[u] & UNIT_PENDING) != 0) {
            s->unit[u] = erased ? 0 : UNIT_FLUSHED;
        }
    }
}

/* Counts one operation; true if the power fails within it. */
static bool cut_here(struct sim_flash *s)
{
    return s->cut_in > 0 && --s->cut_in == 0;
}

static int sim_read(struct flash *f, uint64_t offset, void *to, size_t len, struct errmsg *why)
{
    int rc = flash_check(f, "read", false, offset, len, 1, why);
    if (rc == OK && of(f)->counts.off) {
        rc = off_error(f, why);
    }
    if (rc == OK) {
        memcpy(to, of(f)->now + offset, len);
    }
    return rc;
}

/* The bytes of one NOR program, as far as they got: all, or torn within a byte. */
static void nor_program(uint8_t *at, const uint8_t *from, size_t len, bool cut, struct sim_flash *s)
{
    size_t whole = cut ? (size_t)(next_random(s) % (len + 1)) : len;
    for (size_t i = 0; i < whole; i++) {
        at[i] &= from[i];
    }
    size_t ragged = cut ? (size_t)(next_random(s) % 33) : 0;
    for (size_t i = whole; i < len && i < whole + ragged; i++) {
        at[i] &= (uint8_t)(from[i] | next_random(s));
    }
}

static int sim_program(struct flash *f, uint64_t offset, const void *from, size_t len,
                       struct errmsg *why)
{
    struct sim_flash *s = of(f);
    size_t size = f->geo.program_size;
    int rc = flash_check(f, "program", true, offset, len, f->geo.program_size, why);
    if (rc != OK) {
        s->counts.violations++;
        return rc;
    }
    if (s->counts.off) {
        return off_error(f, why);
    }
    const uint8_t *bytes = (const uint8_t *)from;
    for (uint64_t u = offset / size; u < (offset + len) / size; u++) {
        if ((s->unit[u] & UNIT_FLUSHED) != 0) {
            s->counts.violations++;
            return fail(why, ERR_IO, "%s: unit at %" PRIu64 " was flushed and is programmed again",
                        f->name, u * size);
        }
    }
    for (size_t i = 0; f->geo.erase_needed && i < len; i++) {
        if ((s->now[offset + i] & bytes[i]) != bytes[i]) {
            s->counts.violations++;
            return fail(why, ERR_IO, "%s: program at %" PRIu64 " sets a bit that is not erased",
                        f->name, offset + i);
        }
    }
    bool cut = cut_here(s);
    s->counts.programs++;
    s->counts.bytes_programmed += len;
    if (f->geo.erase_needed) {
        nor_program(s->now + offset, bytes, len, cut, s);
    } else {
        memcpy(s->now + offset, bytes, len);
    }
    for (uint64_t u = offset / size; u < (offset + len) / size; u++) {
        s->unit[u] = UNIT_PENDING;
        s->order[u] = s->clock++;
    }
    if (cut) {
        power_off(s);
        return off_error(f, why);
    }
    return OK;
}

/* A NOR erase that is cut: some blocks done, the one it was in has any mix of old and erased. */
static void nor_erase(struct sim_flash *s, uint64_t offset, uint64_t len, bool cut)
{
    uint64_t done = cut ? next_random(s) % (len / s->flash.geo.erase_size) *
                              s->flash.geo.erase_size
                        : len;
    memset(s->now + offset, 0xff, (size_t)done);
    if (!cut) {
        return;
    }
    uint64_t style = next_random(s) % 3; /* nothing yet; ragged; the end first */
    for (uint64_t i = 0; i < s->flash.geo.erase_size && style != 0; i++) {
        uint8_t *b = &s->now[offset + done + i];
        if (style == 1) {
            *b |= (uint8_t)(next_random(s) & next_random(s));
        } else if (i >= 2048) {
            *b = 0xff;
        }
    }
}

static int sim_erase(struct flash *f, uint64_t offset, uint64_t len, struct errmsg *why)
{
    struct sim_flash *s = of(f);
    size_t size = f->geo.program_size;
    int rc = flash_check(f, "erase", true, offset, len, f->geo.erase_size, why);
    if (rc != OK) {
        s->counts.violations++;
        return rc;
    }
    if (s->counts.off) {
        return off_error(f, why);
    }
    bool cut = len > 0 && cut_here(s);
    s->counts.erases += len / f->geo.erase_size;
    if (f->geo.erase_needed) {
        nor_erase(s, offset, len, cut);
    } else if (!cut) {
        uint64_t style = next_random(s) % 3; /* the old bytes stay; zeros; ones */
        if (style != 0) {
            memset(s->now + offset, style == 1 ? 0x00 : 0xff, (size_t)len);
        }
    }
    for (uint64_t u = offset / size; u < (offset + len) / size; u++) {
        s->unit[u] = f->geo.erase_needed ? 0 : UNIT_PENDING | UNIT_ERASED;
        s->order[u] = s->clock++;
    }
    if (cut) {
        power_off(s);
        return off_error(f, why);
    }
    return OK;
}

static int sim_sync(struct flash *f, struct errmsg *why)
{
    struct sim_flash *s = of(f);
    size_t size = f->geo.program_size;
    if (s->counts.off) {
        return off_error(f, why);
    }
    s->counts.syncs++;
    if (cut_here(s)) {
        power_off(s);
        return off_error(f, why);
    }
    for (uint64_t u = 0; u < units(s); u++) {
        if ((s->unit[u] & UNIT_PENDING) != 0) {
            s->unit[u] = (s->unit[u] & UNIT_ERASED) != 0 ? 0 : UNIT_FLUSHED;
            if (s->durable != NULL) {
                memcpy(s->durable + u * size, s->now + u * size, size);
            }
        }
    }
    return OK;
}

static void sim_close(struct flash *f)
{
    struct sim_flash *s = of(f);
    free(s->now);
    free(s->durable);
    free(s->unit);
    free(s->order);
    free(s);
}

static const struct flash_ops sim_ops = {
    .read = sim_read,
    .program = sim_program,
    .erase = sim_erase,
    .sync = sim_sync,
    .close = sim_close,
};

struct flash *sim_flash_new(const struct sim_options *opt)
{
    struct sim_flash *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->flash.ops = &sim_ops;
    s->flash.geo = (struct flash_geometry){.size = opt->size - opt->size % opt->erase_size,
                                           .erase_size = opt->erase_size,
                                           .program_size = opt->program_size,
                                           .erase_needed = opt->nor};
    snprintf(s->flash.name, sizeof s->flash.name, "simulated %s", opt->nor ? "NOR" : "eMMC");
    s->random = opt->seed * 2 + 0x9e3779b97f4a7c15ULL;
    size_t size = (size_t)s->flash.geo.size;
    s->now = malloc(size);
    s->durable = opt->nor ? NULL : malloc(size);
    s->unit = calloc(units(s), 1);
    s->order = calloc(units(s), sizeof *s->order);
    if (s->now == NULL || (!opt->nor && s->durable == NULL) || s->unit == NULL ||
        s->order == NULL) {
        sim_close(&s->flash);
        return NULL;
    }
    memset(s->now, opt->nor ? 0xff : 0x00, size);
    if (s->durable != NULL) {
        memset(s->durable, 0x00, size);
    }
    return &s->flash;
}

void sim_flash_cut_after(struct flash *f, uint64_t n, enum sim_loss loss)
{
    of(f)->cut_in = n;
    of(f)->loss = loss;
}

void sim_flash_power_cycle(struct flash *f, enum sim_loss loss)
{
    struct sim_flash *s = of(f);
    if (!s->counts.off) {
        s->loss = loss;
        power_off(s);
    }
    s->counts.off = false;
}

struct sim_counts sim_flash_counts(const struct flash *f)
{
    return ((const struct sim_flash *)f)->counts;
}

uint8_t *sim_flash_bytes(struct flash *f)
{
    return of(f)->now;
}
