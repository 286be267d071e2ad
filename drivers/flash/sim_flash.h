/* SPDX-License-Identifier: Apache-2.0 */
/* Flash in memory that keeps the rules of the real thing and can lose its power.
 *
 * NOR: a program only clears bits (setting one is an error), erased bytes read 0xFF, everything is
 * durable at once, a cut tears the program or erase it hits.
 * eMMC: programs overwrite, nothing is durable before sync; a cut keeps or drops each unflushed
 * program unit for itself; an erase leaves old bytes, zeros or ones.
 * Both: programming a unit again that was flushed, without an erase, is an error.
 * Everything random comes from the seed: the same calls give the same bytes. */
#ifndef DRIVERS_FLASH_SIM_FLASH_H
#define DRIVERS_FLASH_SIM_FLASH_H

#include "drivers/flash/flash.h"

struct sim_options {
    uint64_t size;
    uint32_t erase_size;
    uint32_t program_size;
    bool nor;
    uint64_t seed;
};

/* How a cut treats eMMC's unflushed units. */
enum sim_loss { SIM_LOSE_RANDOM, SIM_LOSE_ALL, SIM_LOSE_NONE, SIM_LOSE_OLDER };

/* A device of 0xFF (nor) or 0x00 bytes. NULL without memory. */
struct flash *sim_flash_new(const struct sim_options *opt);

/* The power fails within the n-th program, erase or sync from now (1 = the next one); that call
 * and all after it give ERR_IO until sim_flash_power_on(). 0: never. */
void sim_flash_cut_after(struct flash *f, uint64_t n, enum sim_loss loss);

/* Power off now, unless it is already, and on again. */
void sim_flash_power_cycle(struct flash *f, enum sim_loss loss);

struct sim_counts {
    uint64_t programs, erases, syncs;
    uint64_t bytes_programmed;
    uint64_t
        violations; /* calls against the rules: bits set on NOR, flushed units programmed again */
    bool off;            /* the power is gone */
};

struct sim_counts sim_flash_counts(const struct flash *f);

/* The device's bytes, for tests that damage or fill them; valid until it is closed. */
uint8_t *sim_flash_bytes(struct flash *f);

#endif
