/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and unpacking a config with its files. */
#include "config/bundle.h"

#include <stdlib.h>

#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>

#include "base/reader.h"
#include "base/writer.h"
#include "config/schema.h"

bool config_bundle_name_ok(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strlen(name) <= BUNDLE_NAME_MAX &&
           strpbrk(name, "/\\:") == NULL && strcmp(name, BUNDLE_INI) != 0;
}

static void put(struct writer *w, const char *name, const char *content, size_t len)
{
    wr_u8(w, (uint8_t)strlen(name));
    wr_bytes(w, name, strlen(name));
    wr_u32(w, (uint32_t)len);
    wr_bytes(w, content, len);
}

static bool has(const struct config_bundle *b, const char *wanted)
{
    char name[BUNDLE_NAME_MAX + 1];
    const uint8_t *content = NULL;
    size_t len = 0;
    for (size_t i = 0; config_bundle_at(b, i, name, &content, &len) == 0; i++) {
        if (strcmp(name, wanted) == 0) {
            return true;
        }
    }
    return false;
}

int config_bundle_make(const char *text, size_t len, const struct config *c,
                       struct config_bundle *out, struct errmsg *why)
{
    out->len = 0;
    out->bytes = malloc(BUNDLE_MAX);
    if (out->bytes == NULL) {
        return fail(why, ERR_NOMEM, "no memory for a config with its files");
    }
    struct writer w = wr_into(out->bytes, BUNDLE_MAX);
    put(&w, BUNDLE_INI, text, len);
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_row *row = &schema_rows[i];
        if (row->kind != VALUE_FILE || c->given[i] == 0) {
            continue;
        }
        const char *name = schema_text(c, row->name_offset);
        const char *content = schema_text(c, row->offset);
        out->len = wr_len(&w);
        if (!config_bundle_name_ok(name)) {
            config_bundle_free(out);
            return fail(why, ERR_INVALID,
                        "%s.%s: on a medium a file lies beside " BUNDLE_INI ": a plain name of at "
                        "most %d bytes, without a folder",
                        row->pub.section, row->pub.key, BUNDLE_NAME_MAX);
        }
        if (!has(out, name)) {
            put(&w, name, content, strlen(content));
        }
    }
    out->len = wr_len(&w);
    if (!wr_ok(&w)) {
        config_bundle_free(out);
        return fail(why, ERR_FULL, "the config and its files have more than %d bytes", BUNDLE_MAX);
    }
    return 0;
}

int config_bundle_at(const struct config_bundle *b, size_t index, char name[BUNDLE_NAME_MAX + 1],
                     const uint8_t **content, size_t *len)
{
    struct reader r = rd_from(b->bytes, b->len);
    for (size_t i = 0; rd_left(&r) > 0; i++) {
        size_t name_len = rd_u8(&r);
        if (name_len == 0 || name_len > BUNDLE_NAME_MAX) {
            return ERR_CORRUPT;
        }
        rd_copy(&r, name, name_len);
        name[name_len] = '\0';
        *len = rd_u32(&r);
        *content = rd_bytes(&r, *len);
        bool plain = i == 0 ? strcmp(name, BUNDLE_INI) == 0 : config_bundle_name_ok(name);
        if (!rd_ok(&r) || !plain || strlen(name) != name_len) {
            return ERR_CORRUPT;
        }
        if (i == index) {
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

int config_bundle_reader(void *bundle, const char *name, char **text, struct errmsg *why)
{
    const struct config_bundle *b = (const struct config_bundle *)bundle;
    char found[BUNDLE_NAME_MAX + 1];
    const uint8_t *content = NULL;
    size_t len = 0;
    for (size_t i = 1; config_bundle_at(b, i, found, &content, &len) == 0; i++) {
        if (strcmp(found, name) == 0) {
            *text = strndup((const char *)content, len);
            return *text != NULL ? 0 : fail(why, ERR_NOMEM, "no memory for %s", name);
        }
    }
    return fail(why, ERR_NOT_FOUND, "%.64s was not taken in with the config", name);
}

int config_bundle_parse(const struct config_bundle *b, struct config *out,
                        struct config_mistakes *mistakes)
{
    char name[BUNDLE_NAME_MAX + 1];
    const uint8_t *text = NULL;
    size_t len = 0;
    struct config_bundle copy = *b;
    if (config_bundle_at(b, 0, name, &text, &len) != 0) {
        memset(out, 0, sizeof *out);
        mistakes->count = 0;
        return ERR_CORRUPT;
    }
    return config_parse((const char *)text, len, config_bundle_reader, &copy, out, mistakes);
}

void config_bundle_digest(const struct config_bundle *b, uint8_t digest[BUNDLE_DIGEST])
{
    mbedtls_sha256(b->bytes, b->len, digest, 0);
}

void config_bundle_free(struct config_bundle *b)
{
    if (b->bytes != NULL) {
        mbedtls_platform_zeroize(b->bytes, b->len);
        free(b->bytes);
    }
    b->bytes = NULL;
    b->len = 0;
}
