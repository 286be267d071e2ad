/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding and decoding of everything that FORMAT.md describes. */
#include "app/store/format.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/reader.h"
#include "base/writer.h"

#define SEGMENT_MAGIC "SLUICEsg"
#define FRAME_MAGIC 0x72664c53u /* "SLfr" */
#define SEAL_MAGIC 0x65734c53u  /* "SLse" */

/* Ends an area: the rest 0xFF, the last four bytes the CRC of all before. */
static uint32_t finish_area(struct writer *w, uint32_t seed)
{
    wr_fill(w, 0xff, (size_t)(w->end - w->pos) - 4);
    uint32_t crc = crc32c(seed, w->start, wr_len(w));
    wr_u32(w, crc);
    return crc;
}

static bool area_crc_ok(const uint8_t *area, size_t size, uint32_t seed, uint32_t *crc)
{
    struct reader r = rd_from(area + size - 4, 4);
    *crc = rd_u32(&r);
    return *crc == crc32c(seed, area, size - 4);
}

/* A text in a fixed field: its length, its bytes, 0xFF. */
static void put_text(struct writer *w, const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    wr_u8(w, (uint8_t)len);
    wr_bytes(w, text, len);
    wr_fill(w, 0xff, max - len);
}

static bool take_text(struct reader *r, char *text, size_t max, bool fixed)
{
    size_t len = rd_u8(r);
    if (len > max) {
        r->failed = true;
        len = 0;
    }
    rd_copy(r, text, len);
    text[len] = '\0';
    if (fixed) {
        rd_skip(r, max - len);
    }
    return rd_ok(r) && memchr(text, '\0', len) == NULL;
}

void super_encode(const struct super *sb, uint8_t *area, size_t size)
{
    struct writer w = wr_into(area, size);
    wr_bytes(&w, SUPER_MAGIC, MAGIC_SIZE);
    wr_u32(&w, FORMAT_VERSION);
    wr_u32(&w, sb->align);
    wr_bytes(&w, sb->uuid, sizeof sb->uuid);
    wr_u32(&w, sb->segment_size);
    wr_u32(&w, sb->slots);
    wr_u32(&w, sb->erase_size);
    wr_u32(&w, sb->program_size);
    wr_u32(&w, sb->frame_size);
    wr_u64(&w, sb->device_size);
    finish_area(&w, 0);
}

static bool super_makes_sense(const struct super *sb)
{
    if (sb->align < ALIGN_MIN || sb->align > ALIGN_LIMIT || sb->program_size == 0 ||
        sb->align % sb->program_size != 0 || sb->slots < SLOTS_MIN || sb->erase_size == 0 ||
        sb->erase_size % sb->align != 0 || sb->segment_size > 1u << 30 ||
        sb->segment_size % sb->erase_size != 0 || sb->frame_size < 512 ||
        sb->frame_size > 1u << 20 || sb->frame_size % sb->align != 0) {
        return false;
    }
    uint64_t need = 2 * (uint64_t)sb->erase_size + (uint64_t)sb->slots * sb->segment_size;
    uint64_t fixed = round_up(HEADER_SIZE, sb->align) + round_up(SEAL_SIZE, sb->align);
    return sb->device_size >= need &&
           sb->segment_size >= fixed + 4 * round_up(ALIGN_MIN, sb->align) &&
           sb->segment_size >= 2 * fixed;
}

int super_decode(struct super *sb, const uint8_t *area, size_t size)
{
    struct reader r = rd_from(area, size);
    const uint8_t *magic = rd_bytes(&r, MAGIC_SIZE);
    if (magic == NULL || memcmp(magic, SUPER_MAGIC, MAGIC_SIZE) != 0) {
        return ERR_FOREIGN;
    }
    uint32_t version = rd_u32(&r);
    sb->align = rd_u32(&r);
    /* The area's size is ALIGN-rounded, and ALIGN is inside: check it before the checksum. */
    if (sb->align < ALIGN_MIN || sb->align > ALIGN_LIMIT || (sb->align & (sb->align - 1)) != 0 ||
        round_up(SUPER_SIZE, sb->align) > size) {
        return ERR_CORRUPT;
    }
    uint32_t crc;
    if (!area_crc_ok(area, (size_t)round_up(SUPER_SIZE, sb->align), 0, &crc)) {
        return ERR_CORRUPT;
    }
    if (version != FORMAT_VERSION) {
        return ERR_VERSION;
    }
    rd_copy(&r, sb->uuid, sizeof sb->uuid);
    sb->segment_size = rd_u32(&r);
    sb->slots = rd_u32(&r);
    sb->erase_size = rd_u32(&r);
    sb->program_size = rd_u32(&r);
    sb->frame_size = rd_u32(&r);
    sb->device_size = rd_u64(&r);
    return rd_ok(&r) && super_makes_sense(sb) ? OK : ERR_CORRUPT;
}

void seg_header_encode(struct seg_header *h, const struct super *sb, uint8_t *area, size_t size)
{
    struct writer w = wr_into(area, size);
    wr_bytes(&w, SEGMENT_MAGIC, MAGIC_SIZE);
    wr_u32(&w, FORMAT_VERSION);
    wr_u32(&w, h->flags);
    wr_bytes(&w, sb->uuid, sizeof sb->uuid);
    wr_u64(&w, h->seq);
    wr_u32(&w, h->slot);
    wr_u32(&w, h->nonce);
    wr_bytes(&w, h->prev_digest, DIGEST_SIZE);
    wr_u32(&w, h->prev_end);
    wr_u32(&w, h->fileno);
    wr_u64(&w, h->offset);
    wr_u64(&w, h->boundary);
    wr_u32(&w, h->time);
    wr_u32(&w, h->released_fileno);
    wr_u64(&w, h->first_live);
    wr_u64(&w, h->released_offset);
    wr_u64(&w, h->total);
    put_text(&w, h->source, STORE_SOURCE_MAX);
    put_text(&w, h->file, STORE_NAME_MAX);
    put_text(&w, h->released_file, STORE_NAME_MAX);
    h->crc = finish_area(&w, 0);
}

bool seg_header_decode(struct seg_header *h, const struct super *sb, const uint8_t *area,
                       size_t size)
{
    struct reader r = rd_from(area, size);
    const uint8_t *magic = rd_bytes(&r, MAGIC_SIZE);
    uint32_t version = rd_u32(&r);
    h->flags = rd_u32(&r);
    const uint8_t *uuid = rd_bytes(&r, sizeof sb->uuid);
    if (magic == NULL || uuid == NULL || memcmp(magic, SEGMENT_MAGIC, MAGIC_SIZE) != 0 ||
        version != FORMAT_VERSION || memcmp(uuid, sb->uuid, sizeof sb->uuid) != 0 ||
        !area_crc_ok(area, size, 0, &h->crc)) {
        return false;
    }
    h->mended = false;
    h->seq = rd_u64(&r);
    h->slot = rd_u32(&r);
    h->nonce = rd_u32(&r);
    rd_copy(&r, h->prev_digest, DIGEST_SIZE);
    h->prev_end = rd_u32(&r);
    h->fileno = rd_u32(&r);
    h->offset = rd_u64(&r);
    h->boundary = rd_u64(&r);
    h->time = rd_u32(&r);
    h->released_fileno = rd_u32(&r);
    h->first_live = rd_u64(&r);
    h->released_offset = rd_u64(&r);
    h->total = rd_u64(&r);
    bool texts = take_text(&r, h->source, STORE_SOURCE_MAX, true);
    texts = take_text(&r, h->file, STORE_NAME_MAX, true) && texts;
    texts = take_text(&r, h->released_file, STORE_NAME_MAX, true) && texts;
    return rd_ok(&r) && texts && h->seq > 0 && h->first_live > 0 && h->first_live <= h->seq &&
           h->seq - h->first_live < sb->slots && h->slot == (h->seq - 1) % sb->slots &&
           h->offset <= OFFSET_MAX && h->boundary <= h->offset;
}

uint32_t segment_seed(const struct super *sb, uint64_t seq)
{
    uint8_t bytes[8];
    struct writer w = wr_into(bytes, sizeof bytes);
    wr_u64(&w, seq);
    return crc32c(crc32c(0, sb->uuid, sizeof sb->uuid), bytes, sizeof bytes);
}

void frame_encode(struct frame *f, uint32_t seed, uint8_t bytes[FRAME_HEADER])
{
    struct writer w = wr_into(bytes, FRAME_HEADER);
    wr_u32(&w, FRAME_MAGIC);
    wr_u8(&w, f->type);
    wr_u8(&w, f->lot);
    wr_u16(&w, f->session);
    wr_u32(&w, f->len);
    wr_u32(&w, f->boundary);
    wr_u64(&w, f->offset);
    wr_u32(&w, f->durable);
    wr_u32(&w, f->prev);
    wr_u32(&w, f->at);
    wr_u32(&w, f->time);
    wr_u32(&w, f->payload_crc);
    f->crc = crc32c(seed, bytes, FRAME_HEADER - 4);
    wr_u32(&w, f->crc);
}

bool frame_decode(struct frame *f, uint32_t seed, const uint8_t bytes[FRAME_HEADER])
{
    struct reader r = rd_from(bytes, FRAME_HEADER);
    if (rd_u32(&r) != FRAME_MAGIC) {
        return false;
    }
    f->type = rd_u8(&r);
    f->lot = rd_u8(&r);
    f->session = rd_u16(&r);
    f->len = rd_u32(&r);
    f->boundary = rd_u32(&r);
    f->offset = rd_u64(&r);
    f->durable = rd_u32(&r);
    f->prev = rd_u32(&r);
    f->at = rd_u32(&r);
    f->time = rd_u32(&r);
    f->payload_crc = rd_u32(&r);
    f->crc = rd_u32(&r);
    return rd_ok(&r) && f->crc == crc32c(seed, bytes, FRAME_HEADER - 4) &&
           f->type >= FRAME_DATA && f->type <= FRAME_PAD && f->offset <= OFFSET_MAX &&
           (f->boundary == NO_BOUNDARY ||
            ((f->type == FRAME_DATA || f->type == FRAME_CUT) && f->boundary <= f->len));
}

void seal_encode(const struct seal *s, uint32_t seed, uint8_t *area, size_t size)
{
    struct writer w = wr_into(area, size);
    wr_u32(&w, SEAL_MAGIC);
    wr_u32(&w, s->flags);
    wr_u64(&w, s->seq);
    wr_u32(&w, s->end);
    wr_u32(&w, s->frames);
    wr_u64(&w, s->content);
    wr_u64(&w, s->offset);
    wr_u32(&w, s->fileno);
    wr_u32(&w, s->durable);
    wr_u32(&w, s->prev);
    wr_u32(&w, s->session);
    wr_bytes(&w, s->digest, DIGEST_SIZE);
    finish_area(&w, seed);
}

bool seal_decode(struct seal *s, uint32_t seed, const uint8_t *area, size_t size)
{
    struct reader r = rd_from(area, size);
    uint32_t crc;
    if (rd_u32(&r) != SEAL_MAGIC || !area_crc_ok(area, size, seed, &crc)) {
        return false;
    }
    s->flags = rd_u32(&r);
    s->seq = rd_u64(&r);
    s->end = rd_u32(&r);
    s->frames = rd_u32(&r);
    s->content = rd_u64(&r);
    s->offset = rd_u64(&r);
    s->fileno = rd_u32(&r);
    s->durable = rd_u32(&r);
    s->prev = rd_u32(&r);
    s->session = rd_u32(&r);
    rd_copy(&r, s->digest, DIGEST_SIZE);
    return rd_ok(&r);
}

static void put_name(struct writer *w, const char *text, size_t max)
{
    size_t len = strnlen(text, max);
    wr_u8(w, (uint8_t)len);
    wr_bytes(w, text, len);
}

size_t file_payload(const struct frame_names *n, uint8_t bytes[NAMES_MAX])
{
    struct writer w = wr_into(bytes, NAMES_MAX);
    wr_u32(&w, n->fileno);
    put_name(&w, n->source, STORE_SOURCE_MAX);
    put_name(&w, n->file, STORE_NAME_MAX);
    return wr_len(&w);
}

size_t release_payload(const struct frame_names *n, uint8_t bytes[NAMES_MAX])
{
    struct writer w = wr_into(bytes, NAMES_MAX);
    wr_u64(&w, n->first_live);
    wr_u32(&w, n->fileno);
    put_name(&w, n->file, STORE_NAME_MAX);
    return wr_len(&w);
}

bool file_parse(struct frame_names *n, const uint8_t *bytes, size_t len)
{
    struct reader r = rd_from(bytes, len);
    n->first_live = 0;
    n->fileno = rd_u32(&r);
    bool texts = take_text(&r, n->source, STORE_SOURCE_MAX, false);
    texts = take_text(&r, n->file, STORE_NAME_MAX, false) && texts;
    return rd_ok(&r) && texts && n->fileno > 0 && n->file[0] != '\0';
}

bool release_parse(struct frame_names *n, const uint8_t *bytes, size_t len)
{
    struct reader r = rd_from(bytes, len);
    n->first_live = rd_u64(&r);
    n->fileno = rd_u32(&r);
    n->source[0] = '\0';
    bool texts = take_text(&r, n->file, STORE_NAME_MAX, false);
    return rd_ok(&r) && texts && n->first_live > 0;
}
