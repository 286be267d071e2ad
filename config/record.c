/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and committing config records. */
#include "config/record.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>

#include "base/reader.h"
#include "base/writer.h"

#define MAGIC "SLUCONF1"
#define FORMAT 1
#define SIGNED 56  /* bytes of the header that the digest covers */
#define HEADER 88
#define BLOCK_MIN 128
#define BLOCK_MAX 65536

enum slot_kind { SLOT_BLANK, SLOT_DAMAGED, SLOT_WHOLE };

struct slot {
    enum slot_kind kind;
    uint64_t generation;
    uint8_t medium[BUNDLE_DIGEST];
};

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static size_t block_size(const struct flash *f)
{
    return f->geo.program_size > BLOCK_MIN ? f->geo.program_size
                                           : round_up(BLOCK_MIN, f->geo.program_size);
}

/* Bytes of a slot: half the device, in whole erase blocks. */
static uint64_t slot_size(const struct flash *f)
{
    return f->geo.size / 2 / f->geo.erase_size * f->geo.erase_size;
}

static void sign(const uint8_t *header, const uint8_t *content, size_t len, uint8_t digest[32])
{
    mbedtls_sha256_context sha;
    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts(&sha, 0);
    mbedtls_sha256_update(&sha, header, SIGNED);
    mbedtls_sha256_update(&sha, content, len);
    mbedtls_sha256_finish(&sha, digest);
    mbedtls_sha256_free(&sha);
}

/* Reads one slot; *b has its content when it is whole. Only a device error or want of memory is an
 * error. */
static int slot_read(struct flash *f, unsigned which, struct slot *slot, struct config_bundle *b,
                     struct errmsg *why)
{
    uint8_t header[HEADER];
    uint8_t digest[32];
    uint64_t base = slot_size(f) * which;
    struct reader r;

    b->bytes = NULL;
    b->len = 0;
    slot->kind = SLOT_BLANK;
    int rc = f->ops->read(f, base, header, sizeof header, why);
    if (rc != 0) {
        return rc;
    }
    r = rd_from(header, sizeof header);
    const uint8_t *magic = rd_bytes(&r, strlen(MAGIC));
    uint32_t format = rd_u32(&r);
    slot->generation = rd_u64(&r);
    size_t len = rd_u32(&r);
    rd_copy(&r, slot->medium, sizeof slot->medium);
    const uint8_t *expected = rd_bytes(&r, sizeof digest);
    if (memcmp(magic, MAGIC, strlen(MAGIC)) != 0) {
        return 0;
    }
    slot->kind = SLOT_DAMAGED;
    if (format != FORMAT || len > BUNDLE_MAX || len > slot_size(f) - block_size(f)) {
        return 0;
    }
    b->bytes = malloc(len + 1);
    if (b->bytes == NULL) {
        return fail(why, ERR_NOMEM, "no memory for the committed config");
    }
    b->len = len;
    rc = f->ops->read(f, base + block_size(f), b->bytes, len, why);
    if (rc == 0) {
        sign(header, b->bytes, len, digest);
        if (memcmp(digest, expected, sizeof digest) == 0) {
            slot->kind = SLOT_WHOLE;
            return 0;
        }
    }
    config_bundle_free(b);
    return rc;
}

static int look(struct flash *f, struct slot slot[2], struct config_bundle bundle[2],
                struct errmsg *why)
{
    if (slot_size(f) < round_up(block_size(f) + BUNDLE_MAX, block_size(f)) ||
        f->geo.program_size > BLOCK_MAX) {
        return fail(why, ERR_FULL,
                    "%s is too small for a config: two halves of %d bytes are needed", f->name,
                    (int)(BUNDLE_MAX + block_size(f)));
    }
    bundle[1] = (struct config_bundle){0};
    int rc = slot_read(f, 0, &slot[0], &bundle[0], why);
    if (rc == 0) {
        rc = slot_read(f, 1, &slot[1], &bundle[1], why);
    }
    if (rc != 0) {
        config_bundle_free(&bundle[0]);
        config_bundle_free(&bundle[1]);
    }
    return rc;
}

/* The slot that rules; -1 if none does. */
static int newest(const struct slot slot[2])
{
    if (slot[0].kind == SLOT_WHOLE && slot[1].kind == SLOT_WHOLE) {
        return slot[1].generation > slot[0].generation;
    }
    return slot[0].kind == SLOT_WHOLE ? 0 : slot[1].kind == SLOT_WHOLE ? 1 : -1;
}

int config_record_read(struct flash *f, struct config_record *out, struct errmsg *why)
{
    struct slot slot[2];
    struct config_bundle bundle[2];
    int rc = look(f, slot, bundle, why);
    if (rc != 0) {
        return rc;
    }
    int at = newest(slot);
    if (at < 0) {
        bool damaged = slot[0].kind == SLOT_DAMAGED || slot[1].kind == SLOT_DAMAGED;
        return damaged ? fail(why, ERR_CORRUPT,
                              "the committed config on %s is damaged; insert a config medium",
                              f->name)
                       : fail(why, ERR_NOT_FOUND, "no config has been committed on %s yet",
                              f->name);
    }
    config_bundle_free(&bundle[1 - at]);
    out->generation = slot[at].generation;
    memcpy(out->medium, slot[at].medium, sizeof out->medium);
    out->bundle = bundle[at];
    return 0;
}

int config_record_write(struct flash *f, const struct config_bundle *b,
                        const uint8_t medium[BUNDLE_DIGEST], struct errmsg *why)
{
    struct slot slot[2];
    struct config_bundle bundle[2];
    uint8_t *image = NULL;
    int rc = look(f, slot, bundle, why);
    if (rc != 0) {
        return rc;
    }
    config_bundle_free(&bundle[0]);
    config_bundle_free(&bundle[1]);

    int ruling = newest(slot);
    size_t block = block_size(f);
    size_t size = block + round_up(b->len, block);
    uint64_t base = ruling == 0 ? slot_size(f) : 0;
    if (b->len > BUNDLE_MAX || size > slot_size(f)) {
        return fail(why, ERR_FULL, "the config and its files have more than %d bytes", BUNDLE_MAX);
    }
    image = calloc(1, size);
    if (image == NULL) {
        return fail(why, ERR_NOMEM, "no memory to commit the config");
    }
    struct writer w = wr_into(image, HEADER);
    wr_bytes(&w, MAGIC, strlen(MAGIC));
    wr_u32(&w, FORMAT);
    wr_u64(&w, ruling < 0 ? 1 : slot[ruling].generation + 1);
    wr_u32(&w, (uint32_t)b->len);
    wr_bytes(&w, medium, BUNDLE_DIGEST);
    sign(image, b->bytes, b->len, image + SIGNED);
    memcpy(image + block, b->bytes, b->len);

    rc = f->ops->erase(f, base, round_up(size, f->geo.erase_size), why);
    if (rc == 0 && size > block) {
        rc = f->ops->program(f, base + block, image + block, size - block, why);
    }
    if (rc == 0) {
        rc = f->ops->sync(f, why);
    }
    if (rc == 0) {
        rc = f->ops->program(f, base, image, block, why);
    }
    if (rc == 0) {
        rc = f->ops->sync(f, why);
    }
    mbedtls_platform_zeroize(image, size);
    free(image);
    if (rc != 0) {
        errmsg_prefix(why, "the config was not committed, the one before rules on");
    }
    return rc;
}
