/* SPDX-License-Identifier: Apache-2.0 */
/* Writing segments: frames at the tail, the seal, the next header. */
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "app/store/store_int.h"
#include "base/crc32c.h"
#include "base/log.h"

uint64_t seg_base(const struct store *s, uint64_t seq)
{
    return s->base + (seq - 1) % s->super.slots * s->super.segment_size;
}

struct slot *slot_of(const struct store *s, uint64_t seq)
{
    return &s->slots[(seq - 1) % s->super.slots];
}

bool slot_holds(const struct store *s, uint64_t seq)
{
    return seq > 0 && slot_of(s, seq)->seq_low == (uint32_t)seq;
}

uint32_t frame_size(const struct store *s, const struct frame *f)
{
    return (uint32_t)round_up((uint64_t)FRAME_HEADER + f->len, s->super.align);
}

/* After a failed write nobody knows what the device holds: nothing more is written until the
 * store is opened (and recovered) again. */
static int give_up(struct store *s, int rc)
{
    if (rc != OK) {
        s->failed = true;
    }
    return rc;
}

static int program(struct store *s, uint32_t at, const uint8_t *bytes, size_t len,
                   struct errmsg *why)
{
    s->unsynced = true;
    return give_up(s, flash_program(s->flash, seg_base(s, s->newest) + at, bytes, len, why));
}

static void digest_add(struct store *s, const uint8_t *bytes, size_t len)
{
    if (!s->no_digest) {
        blake3_hasher_update(&s->hasher, bytes, len);
    }
}

void committed_update(struct store *s)
{
    if (s->fileno == 0) {
        return;
    }
    if (s->committed_fileno != s->fileno || s->committed.file[0] == '\0') {
        memcpy(s->committed.file, s->file, sizeof s->file);
        s->committed_fileno = s->fileno;
    }
    s->committed.offset = s->boundary;
    s->committed_time = s->boundary_time;
}

int seg_sync(struct store *s, struct errmsg *why)
{
    if (s->unsynced) {
        int rc = give_up(s, flash_sync(s->flash, why));
        if (rc != OK) {
            return rc;
        }
        s->unsynced = false;
    }
    s->durable = s->tail;
    committed_update(s);
    return OK;
}

int seg_frame(struct store *s, uint8_t *buf, struct frame *f, struct errmsg *why)
{
    uint32_t size = frame_size(s, f);
    memset(buf + FRAME_HEADER + f->len, 0xff, size - FRAME_HEADER - f->len);
    f->lot = (uint8_t)s->fileno;
    f->session = s->session;
    f->durable = s->durable;
    f->prev = s->prev;
    f->at = s->tail;
    f->payload_crc = crc32c(0, buf + FRAME_HEADER, size - FRAME_HEADER);
    frame_encode(f, segment_seed(&s->super, s->newest), buf);
    int rc = program(s, s->tail, buf, size, why);
    if (rc == OK) {
        digest_add(s, buf, size);
        s->tail += size;
        s->prev = f->crc;
        s->frames++;
    }
    return rc;
}

/* Fills up to the seal area. Its header and first bytes lie in s->meta; the rest is all 0xFF. */
static int write_pad(struct store *s, struct errmsg *why)
{
    uint32_t size = s->seal_at - s->tail;
    size_t chunk = s->meta_size;
    memset(s->meta, 0xff, chunk);
    uint32_t crc = 0;
    for (size_t left = size - FRAME_HEADER; left > 0;) {
        size_t n = left < chunk ? left : chunk;
        crc = crc32c(crc, s->meta, n);
        left -= n;
    }
    struct frame f = {.type = FRAME_PAD,
                      .lot = (uint8_t)s->fileno,
                      .session = s->session,
                      .len = size - FRAME_HEADER,
                      .boundary = NO_BOUNDARY,
                      .offset = s->end,
                      .durable = s->durable,
                      .prev = s->prev,
                      .at = s->tail,
                      .payload_crc = crc};
    frame_encode(&f, segment_seed(&s->super, s->newest), s->meta);
    int rc = OK;
    for (uint32_t done = 0; done < size && rc == OK;) {
        size_t n = size - done < chunk ? size - done : chunk;
        rc = program(s, s->tail + done, s->meta, n, why);
        digest_add(s, s->meta, n);
        done += (uint32_t)n;
        memset(s->meta, 0xff, FRAME_HEADER);
    }
    if (rc == OK) {
        s->tail = s->seal_at;
        s->prev = f.crc;
        s->frames++;
    }
    return rc;
}

static void take_digest(struct store *s)
{
    if (s->no_digest) {
        memset(s->digest, 0, sizeof s->digest);
    } else {
        blake3_hasher_finalize(&s->hasher, s->digest, sizeof s->digest);
    }
}

static int write_seal(struct store *s, struct errmsg *why)
{
    int rc = s->tail < s->seal_at ? write_pad(s, why) : OK;
    if (rc != OK) {
        return rc;
    }
    take_digest(s);
    struct seal seal = {.flags = (s->has_cut ? PREV_HAS_CUT : 0u) | (s->no_digest ? NO_DIGEST : 0u),
                        .seq = s->newest,
                        .end = s->seal_at,
                        .frames = s->frames,
                        .content = s->seg_content,
                        .offset = s->end,
                        .fileno = s->fileno,
                        .durable = s->durable,
                        .prev = s->prev,
                        .session = s->session};
    memcpy(seal.digest, s->digest, sizeof seal.digest);
    seal_encode(&seal, segment_seed(&s->super, s->newest), s->meta, s->seal_area);
    rc = program(s, s->seal_at, s->meta, s->seal_area, why);
    if (rc == OK) {
        s->sealed = true;
        rc = seg_sync(s, why);
    }
    return rc;
}

static uint64_t live(const struct store *s)
{
    return s->newest == 0 ? 0 : s->newest - s->first_live + 1;
}

static int full(struct store *s, struct errmsg *why)
{
    if (!s->full) {
        log_error("store", "%s: full: %" PRIu64 " segments hold data that was not delivered",
                  s->flash->name, live(s));
    }
    s->full = true;
    return fail(why, ERR_FULL,
                "%s: the store is full: all %" PRIu64 " segments hold data that was not delivered; "
                "deliver it or release it (store purge), nothing is overwritten",
                s->flash->name, live(s));
}

static void header_fields(struct store *s, struct seg_header *h, bool unsealed)
{
    h->flags = (s->has_cut ? PREV_HAS_CUT : 0u) | (unsealed ? PREV_UNSEALED : 0u) |
               (s->fileno != 0 ? FILE_CURRENT : 0u) | (s->complete ? FILE_COMPLETE : 0u) |
               (s->no_digest ? NO_DIGEST : 0u);
    h->seq = s->newest + 1;
    h->slot = (uint32_t)(s->newest % s->super.slots);
    h->prev_end = s->tail;
    memcpy(h->prev_digest, s->digest, sizeof h->prev_digest);
    h->fileno = s->fileno;
    h->offset = s->end;
    h->boundary = s->boundary;
    h->time = s->boundary_time;
    h->released_fileno = s->released_fileno;
    h->first_live = s->first_live;
    h->released_offset = s->released.offset;
    h->total = s->total;
    memcpy(h->source, s->source, sizeof h->source);
    memcpy(h->file, s->file, sizeof h->file);
    memcpy(h->released_file, s->released.file, sizeof h->released_file);
}

/* Seals or leaves the newest segment and opens the next one. */
static int roll(struct store *s, bool reserve, struct errmsg *why)
{
    if (live(s) + 1 > s->super.slots - (reserve ? 0u : 1u)) {
        return full(s, why);
    }
    bool unsealed = s->newest > 0 && !s->sealed && s->must_roll;
    if (s->newest > 0 && !s->sealed && !s->must_roll) {
        int rc = write_seal(s, why);
        if (rc != OK) {
            return rc;
        }
    }
    struct seg_header h = {0};
    header_fields(s, &h, unsealed);
    if (getrandom(&h.nonce, sizeof h.nonce, 0) != (ssize_t)sizeof h.nonce) {
        return give_up(s, fail_errno(why, ERR_IO, "no random bytes for a segment's header"));
    }
    seg_header_encode(&h, &s->super, s->meta, s->hdr_area);

    uint64_t seq = s->newest + 1;
    slot_of(s, seq)->seq_low = 0;
    int rc = give_up(s, flash_erase(s->flash, seg_base(s, seq), s->super.segment_size, why));
    if (rc != OK) {
        return rc;
    }
    s->newest = seq;
    rc = program(s, 0, s->meta, s->hdr_area, why);
    if (rc != OK) {
        return rc;
    }
    *slot_of(s, seq) = (struct slot){.start = s->end | (s->has_cut ? SLOT_CUT_BEFORE : 0) |
                                              (unsealed ? SLOT_UNSEALED_BEFORE : 0),
                                     .fileno = s->fileno,
                                     .seq_low = (uint32_t)seq};
    s->tail = s->hdr_area;
    s->prev = h.crc;
    s->session = 0;
    s->durable = 0;
    s->frames = 0;
    s->seg_content = 0;
    s->sealed = s->must_roll = s->has_cut = false;
    if (!s->no_digest) {
        blake3_hasher_init(&s->hasher);
        digest_add(s, s->meta, s->hdr_area);
    }
    if (s->first_live == 0) {
        s->first_live = seq;
    }
    return OK;
}

int seg_room(struct store *s, size_t need, bool reserve, struct errmsg *why)
{
    if (s->read_only) {
        return fail(why, ERR_INVALID, "%s: the store was opened read-only", s->flash->name);
    }
    if (s->failed) {
        return fail(why, ERR_IO, "%s: a write failed before; the store must be opened again",
                    s->flash->name);
    }
    if (s->newest > 0 && !s->sealed && !s->must_roll &&
        s->seal_at - s->tail >= round_up(need, s->super.align)) {
        return OK;
    }
    return roll(s, reserve, why);
}

int seg_meta(struct store *s, uint8_t type, uint64_t offset, uint32_t boundary,
             const struct frame_names *names, bool reserve, struct errmsg *why)
{
    uint8_t payload[NAMES_MAX];
    size_t len = 0;
    if (type == FRAME_FILE) {
        len = file_payload(names, payload);
    } else if (type == FRAME_RELEASE) {
        len = release_payload(names, payload);
    }
    int rc = seg_room(s, FRAME_HEADER + len, reserve, why);
    if (rc != OK) {
        return rc;
    }
    memcpy(s->meta + FRAME_HEADER, payload, len);
    struct frame f = {
        .type = type, .len = (uint32_t)len, .boundary = boundary, .offset = offset};
    if (type == FRAME_CUT) {
        f.time = s->boundary_time;
    }
    return seg_frame(s, s->meta, &f, why);
}
