/* SPDX-License-Identifier: Apache-2.0 */
/* A config with the files it names as one run of bytes: what is committed, and what a digest is
 * taken of. Entries of u8 length, name, u32 length, content; the INI text comes first. */
#ifndef CONFIG_BUNDLE_H
#define CONFIG_BUNDLE_H

#include <stdint.h>

#include "config/config.h"

#define BUNDLE_INI "sluice.ini"
#define BUNDLE_NAME_MAX 64 /* bytes of a file's name */
/* Both servers with four files each, and the names. */
#define BUNDLE_MAX (CONFIG_TEXT_MAX + 8 * CONFIG_PEM_MAX + 9 * (BUNDLE_NAME_MAX + 8))
#define BUNDLE_DIGEST 32

struct config_bundle {
    uint8_t *bytes; /* malloc'ed, at most BUNDLE_MAX */
    size_t len;
};

/* Packs an INI text and the files that the config parsed from it has read. Each file once. */
int config_bundle_make(const char *text, size_t len, const struct config *c,
                       struct config_bundle *out, struct errmsg *why);

/* Entry 0, 1, …: its name (copied) and content (the bundle's). ERR_NOT_FOUND after the last,
 * ERR_CORRUPT when the bytes are no bundle. */
int config_bundle_at(const struct config_bundle *b, size_t index, char name[BUNDLE_NAME_MAX + 1],
                     const uint8_t **content, size_t *len);

/* A config_file_reader; its context is the bundle. */
int config_bundle_reader(void *bundle, const char *name, char **text, struct errmsg *why);

/* Parses the bundle's INI text with its files; as config_parse(), and ERR_CORRUPT. */
int config_bundle_parse(const struct config_bundle *b, struct config *out,
                        struct config_mistakes *mistakes);

/* SHA-256 of all of it. */
void config_bundle_digest(const struct config_bundle *b, uint8_t digest[BUNDLE_DIGEST]);

/* Wipes and frees. */
void config_bundle_free(struct config_bundle *b);

/* Whether a named file may travel in a bundle: a plain name without a folder. */
bool config_bundle_name_ok(const char *name);

#endif
