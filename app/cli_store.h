/* SPDX-License-Identifier: Apache-2.0 */
/* What the words of `sluice store` share. */
#ifndef APP_CLI_STORE_H
#define APP_CLI_STORE_H

#include "app/store/store.h"

/* One call: its words, and what it has open. */
struct store_job {
    const char *device, *binlog, *output;
    bool json, yes;
    struct flash *disk, *part; /* part: inside disk; NULL if the store takes all of it */
    struct store *store;
    struct store_report report;
    struct errmsg why;
};

/* Opens the device's store for reading; j->why says why not. */
int store_job_open(struct store_job *j);

/* Prints an error as text or JSON; returns the exit status. */
int store_job_failed(const struct store_job *j, const char *text);

/* Names from the device go to a terminal only without control characters. */
const char *store_printable(const char *name, char buf[STORE_NAME_MAX + 1]);

/* A line that is written over itself, on stderr if that is a terminal. */
void store_progress(const char *what, uint64_t done, uint64_t total);

int cli_store_export(struct store_job *j);

#endif
