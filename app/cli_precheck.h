/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the precheck as text for people. */
#ifndef APP_CLI_PRECHECK_H
#define APP_CLI_PRECHECK_H

#include "app/precheck/bundle.h"

/* The table of checks. */
void precheck_print_list(enum config_lang lang);

/* Worst first: what does not pass in full, the others by name. With `detail` (a code, a name or
 * "all") in full, with comparisons and evidence. The summary is the last line. */
void precheck_print_run(const struct precheck_run *run, const char *detail);

/* What reading and comparing a bundle brought up. */
void precheck_print_lines(const char *head, const struct bundle_lines *lines);

#endif
