/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the files of a config: bounded, regular files only. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include <stddef.h>

#include "base/err.h"

/* Reads a regular file of at most `max` bytes whole into malloc'ed *text, NUL-terminated. `shown`
 * names it in messages. ERR_NOT_FOUND, ERR_IO, ERR_INVALID (too large), ERR_NOMEM. */
int config_read_file(const char *path, const char *shown, size_t max, char **text, size_t *len,
                     struct errmsg *why);

/* A config_file_reader; its context is the folder's path (char *). An absolute name is taken as it
 * is. */
int config_read_beside(void *folder, const char *name, char **text, struct errmsg *why);

#endif
