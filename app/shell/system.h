/* SPDX-License-Identifier: Apache-2.0 */
/* What the box itself can be asked: memory, running time, addresses; and how it is switched off. */
#ifndef APP_SHELL_SYSTEM_H
#define APP_SHELL_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bytes resident now and at most so far. */
bool system_memory(uint64_t *resident, uint64_t *peak);

/* Seconds since this program was started, by a clock that does not jump. */
uint64_t system_up_s(void);

/* "10.0.2.15, 192.168.1.7"; "none" */
void system_addresses(char *buf, size_t size);

#endif
