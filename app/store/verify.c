/* SPDX-License-Identifier: Apache-2.0 */
/* Checking everything that is live: superblocks, headers, frames, pads, seals, digests, the chain.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/store/store_int.h"

struct verify {
    struct store *s;
    void (*found)(void *ctx, const struct store_finding *f);
    void *ctx;
    struct store_verify_result *result;

    /* the segment at hand */
    struct walk w;
    char file[STORE_NAME_MAX + 1];
    uint64_t start; /* content offset at its start */
    uint32_t start_fileno;
    uint32_t frames;
    uint64_t findings; /* in it */
    bool no_digest;
    blake3_hasher hasher;

    /* the one before */
    bool prev_known;
    uint8_t prev_digest[DIGEST_SIZE];
};

static void report(struct verify *v, uint64_t seq, uint32_t at, const char *what, uint64_t from,
                   uint64_t to)
{
    struct store_finding f = {.seq = seq, .from = from, .to = to > from ? to : from};
    if (seq > 0) {
        f.slot = (uint32_t)((seq - 1) % v->s->super.slots);
        f.device_offset = seg_base(v->s, seq) + at;
    } else {
        f.device_offset = at;
    }
    snprintf(f.what, sizeof f.what, "%s", what);
    memcpy(f.file, v->file, sizeof f.file);
    v->result->findings++;
    v->findings++;
    if (f.to > f.from) {
        note_damage(v->s, v->w.fileno, f.from, f.to);
    }
    if (v->found != NULL) {
        v->found(v->ctx, &f);
    }
}

/* Hashes [from, to) of the segment as it is on the device. */
static int hash_region(struct verify *v, uint32_t from, uint32_t to, struct errmsg *why)
{
    struct store *s = v->s;
    s->rbuf_seq = 0;
    while (from < to && !v->no_digest) {
        uint32_t n = to - from < s->frame_max ? to - from : s->frame_max;
        int rc = flash_read(s->flash, seg_base(s, v->w.seq) + from, s->rbuf, n, why);
        if (rc != OK) {
            return rc;
        }
        blake3_hasher_update(&v->hasher, s->rbuf, n);
        from += n;
    }
    return OK;
}

static void name_of(struct verify *v, uint32_t fileno)
{
    struct store_file info;
    memset(v->file, 0, sizeof v->file);
    if (file_info(v->s, fileno, &info, NULL) == OK) {
        memcpy(v->file, info.name, sizeof v->file);
    }
}

static void lost_segment(struct verify *v, uint64_t seq)
{
    struct hole hole;
    uint64_t from, to;
    unsigned named = 0;
    hole_find(v->s, seq, &hole);
    v->prev_known = false;
    /* All files in between have lost their names and are one finding. */
    const uint32_t files[] = {hole.first_fileno, hole.last_fileno - 1, hole.last_fileno};
    for (size_t i = 0; i < 3; i++) {
        bool again = i > 0 && files[i] <= files[0];
        if (again || !hole_part(&hole, files[i], &from, &to) || from == to) {
            continue;
        }
        v->w.fileno = files[i];
        name_of(v, files[i]);
        report(v, seq, 0, i == 1 ? "segment header (whole files)" : "segment header", from, to);
        named++;
    }
    if (named == 0) {
        v->w.fileno = hole.first_fileno;
        name_of(v, hole.first_fileno);
        report(v, seq, 0, "segment header", hole.from, hole.from);
    }
}

/* 1 the segment can be walked, 0 it is lost (and reported). */
static int begin_segment(struct verify *v, uint64_t seq, struct errmsg *why)
{
    struct store *s = v->s;
    struct seg_header h;
    v->findings = 0;
    v->frames = 0;
    if (!slot_holds(s, seq)) {
        lost_segment(v, seq);
        return 0;
    }
    int rc = walk_open(s, &v->w, seq, &h, why);
    if (rc == ERR_CORRUPT) {
        /* It was good when the store was opened. Its place in the index says where it begins. */
        slot_of(s, seq)->seq_low = 0;
        rc = mend_header(s, seq, why);
        if (rc == 0) {
            lost_segment(v, seq);
            return 0;
        }
        rc = rc == 1 ? walk_open(s, &v->w, seq, &h, why) : rc;
    }
    if (rc != OK) {
        return rc;
    }
    memcpy(v->file, h.file, sizeof v->file);
    v->start = h.offset;
    v->start_fileno = h.fileno;
    v->no_digest = (h.flags & NO_DIGEST) != 0;
    blake3_hasher_init(&v->hasher);
    if (h.mended) {
        /* Its frames are as good as ever, and are looked at one by one. */
        if (v->file[0] == '\0') {
            name_of(v, h.fileno + 1);
        }
        report(v, seq, 0, "segment header", h.offset, h.offset);
        v->prev_known = false;
    }
    if (v->prev_known && memcmp(v->prev_digest, h.prev_digest, DIGEST_SIZE) != 0) {
        report(v, seq, 48, "digest chain", h.offset, h.offset);
    }
    rc = hash_region(v, 0, s->hdr_area, why);
    return rc == OK ? 1 : rc;
}

static void good_frame(struct verify *v, const struct frame *f)
{
    struct frame_names names;
    v->result->frames++;
    v->frames++;
    if (f->type == FRAME_DATA) {
        v->result->content_bytes += f->len;
    } else if (f->type == FRAME_FILE &&
               file_parse(&names, v->s->rbuf + FRAME_HEADER, f->len)) {
        memcpy(v->file, names.file, sizeof v->file);
    }
}

/* The name of a file whose FILE frame at segment offset `at` is damaged: from a later segment's
 * header, else as its bytes still read. */
static void guess_name(struct verify *v, uint32_t at, uint32_t fileno)
{
    struct store *s = v->s;
    struct frame_names names;
    struct store_file info;
    uint8_t raw[NAMES_MAX];
    memset(v->file, 0, sizeof v->file);
    if (file_info(s, fileno, &info, NULL) == OK && info.name[0] != '\0') {
        memcpy(v->file, info.name, sizeof v->file);
        return;
    }
    uint32_t room = s->seal_at - at - FRAME_HEADER;
    size_t n = room < sizeof raw ? room : sizeof raw;
    if (flash_read(s->flash, seg_base(s, v->w.seq) + at + FRAME_HEADER, raw, n, NULL) == OK &&
        file_parse(&names, raw, n)) {
        memcpy(v->file, names.file, sizeof v->file);
    }
}

/* Where the content goes on behind a frame that was lost at `before`: what the next frame or the
 * seal says; else at the most what the lost bytes could hold. */
static uint64_t range_end(struct verify *v, const struct walk *before, const struct frame *next,
                          struct errmsg *why)
{
    struct store *s = v->s;
    struct seal seal;
    uint64_t base = seg_base(s, before->seq);
    if (next != NULL && next->lot == (uint8_t)before->fileno && next->type != FRAME_RELEASE &&
        next->type != FRAME_CUT && next->type != FRAME_FILE) {
        return next->offset;
    }
    if (next == NULL && before->end == s->seal_at &&
        flash_read(s->flash, base + s->seal_at, s->meta, s->seal_area, why) == OK &&
        seal_decode(&seal, before->seed, s->meta, s->seal_area) &&
        seal.fileno == before->fileno) {
        return seal.offset;
    }
    uint32_t lost = v->w.at - before->at;
    return before->offset + (lost > FRAME_HEADER ? lost - FRAME_HEADER : 0);
}

/* A frame whose header cannot be trusted was passed over; `next` is the one behind, or NULL. */
static void lost_frame(struct verify *v, const struct walk *before, const struct frame *next,
                       struct errmsg *why)
{
    uint8_t lot = next == NULL               ? (uint8_t)before->fileno
                  : next->type == FRAME_FILE ? (uint8_t)(next->lot - 1)
                                             : next->lot;
    uint64_t to = range_end(v, before, next, why);
    if (lot == (uint8_t)before->fileno) {
        report(v, before->seq, before->at, "frame header", before->offset, to);
        return;
    }
    /* A FILE frame is among what was lost. */
    uint32_t fileno = before->fileno + (uint8_t)(lot - (uint8_t)before->fileno);
    struct store_file info = {.from = 0};
    bool known = file_info(v->s, fileno, &info, why) == OK;
    if (v->w.at - before->at > round_up(FRAME_HEADER + NAMES_MAX, v->s->super.align) &&
        before->fileno != 0) {
        report(v, before->seq, before->at, "frame header", before->offset, to);
    }
    guess_name(v, before->at, fileno);
    uint64_t at = next->type == FRAME_RELEASE || next->type == FRAME_FILE ? 0 : next->offset;
    uint64_t from = known && info.from < at ? info.from : at;
    report(v, before->seq, before->at, "frame header (a file's beginning)", from, at);
}

/* Something that is no frame, or a frame with bad content, at v->w. 1 go on, 0 the segment ends
 * here, negative an error. */
static int bad_frame(struct verify *v, const struct frame *f, bool header_good, struct errmsg *why)
{
    struct store *s = v->s;
    struct walk before = v->w;
    struct frame next;
    int rc = walk_ends(s, &v->w, why);
    if (rc != 0) {
        return rc == 1 ? 0 : rc;
    }
    if (header_good) {
        const char *what = f->type == FRAME_PAD ? "padding" : "frame content";
        uint64_t to = f->type == FRAME_DATA ? f->offset + f->len : before.offset;
        walk_apply(s, &v->w, f);
        v->frames++;
        if (f->type == FRAME_FILE) {
            guess_name(v, before.at, v->w.fileno);
            before.offset = to = f->offset;
        }
        report(v, before.seq, before.at, what, before.offset, to);
    } else {
        rc = walk_resync(s, &v->w, &next, why);
        if (rc < 0) {
            return rc;
        }
        lost_frame(v, &before, rc == 1 ? &next : NULL, why);
    }
    rc = hash_region(v, before.at, v->w.at, why);
    return rc == OK ? 1 : rc;
}

/* One frame. 1 go on, 0 the segment ends here (or was released meanwhile), negative an error. */
static int step(struct verify *v, struct errmsg *why)
{
    struct store *s = v->s;
    struct walk *w = &v->w;
    struct frame f = {0};
    if (w->seq < s->first_live) {
        return 0;
    }
    int rc = seg_end(s, w->seq, &w->end, why);
    if (rc != OK || w->at >= w->end) {
        return rc;
    }
    rc = walk_peek(s, w, &f, why);
    if (rc < 0) {
        return rc;
    }
    bool header_good = rc == 1;
    if (header_good) {
        rc = walk_load(s, w, &f, why);
        if (rc < 0) {
            return rc;
        }
    }
    if (rc == 0) {
        return bad_frame(v, &f, header_good, why);
    }
    uint32_t at = w->at, size = frame_size(s, &f);
    good_frame(v, &f);
    walk_apply(s, w, &f);
    if (size <= s->frame_max) {
        if (!v->no_digest) {
            blake3_hasher_update(&v->hasher, s->rbuf, size);
        }
        return 1;
    }
    rc = hash_region(v, at, at + size, why);
    return rc == OK ? 1 : rc;
}

/* The seal, or what the next header says instead of one. */
static int end_segment(struct verify *v, struct errmsg *why)
{
    struct store *s = v->s;
    struct walk *w = &v->w;
    struct seg_header next = {0};
    struct seal seal;
    v->prev_known = false;
    if (w->seq < s->first_live || (w->seq == s->newest && !s->sealed)) {
        return OK;
    }
    bool followed = false;
    int rc = OK;
    if (w->seq < s->newest && slot_holds(s, w->seq + 1)) {
        rc = seg_header_read(s, w->seq + 1, &next, why);
        followed = rc == OK;
        if (rc != OK && rc != ERR_CORRUPT) {
            return rc;
        }
    }
    uint8_t digest[DIGEST_SIZE] = {0};
    if (!v->no_digest) {
        blake3_hasher_finalize(&v->hasher, digest, sizeof digest);
    }
    memcpy(v->prev_digest, digest, sizeof digest);
    v->prev_known = v->findings == 0 && !v->no_digest;
    if ((followed && (next.flags & PREV_UNSEALED) != 0) || w->at != s->seal_at) {
        return OK;
    }
    rc = flash_read(s->flash, seg_base(s, w->seq) + s->seal_at, s->meta, s->seal_area, why);
    if (rc != OK) {
        return rc;
    }
    bool fits = seal_decode(&seal, w->seed, s->meta, s->seal_area) && seal.seq == w->seq &&
                seal.end == s->seal_at;
    if (fits && v->findings == 0) {
        fits = seal.prev == w->prev && seal.frames == v->frames && seal.fileno == w->fileno &&
               seal.offset == w->offset;
    }
    if (!fits) {
        report(v, w->seq, s->seal_at, "seal", w->offset, w->offset);
    } else if (v->findings == 0 && (seal.flags & NO_DIGEST) == 0 &&
               memcmp(seal.digest, digest, sizeof digest) != 0) {
        uint64_t from = v->start_fileno == w->fileno ? v->start : 0;
        report(v, w->seq, 0, "segment digest", from, w->offset);
    }
    return OK;
}

static int one_segment(struct verify *v, uint64_t seq, struct errmsg *why)
{
    struct store *s = v->s;
    pthread_mutex_lock(&s->lock);
    int rc = 0;
    if (seq < s->first_live) {
        v->prev_known = false; /* released meanwhile: the next one does not follow what was seen */
    } else {
        rc = begin_segment(v, seq, why);
    }
    pthread_mutex_unlock(&s->lock);
    if (rc <= 0) {
        return rc;
    }
    v->result->segments++;
    do {
        pthread_mutex_lock(&s->lock);
        rc = step(v, why);
        pthread_mutex_unlock(&s->lock);
    } while (rc == 1);
    if (rc == OK) {
        pthread_mutex_lock(&s->lock);
        rc = end_segment(v, why);
        pthread_mutex_unlock(&s->lock);
    }
    return rc;
}

static int superblocks(struct verify *v, struct errmsg *why)
{
    static const char *const names[] = {"superblock A", "superblock B"};
    bool bad[2];
    pthread_mutex_lock(&v->s->lock);
    int rc = super_check(v->s->flash, &v->s->super, v->s->meta, bad, why);
    for (int i = 0; rc == OK && i < 2; i++) {
        if (bad[i]) {
            report(v, 0, (uint32_t)super_offset(&v->s->super, i), names[i], 0, 0);
        }
    }
    pthread_mutex_unlock(&v->s->lock);
    return rc;
}

int store_verify(struct store *s, void (*found)(void *ctx, const struct store_finding *f),
                 bool (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
                 struct store_verify_result *result, struct errmsg *why)
{
    struct verify v = {.s = s, .found = found, .ctx = ctx, .result = result};
    memset(result, 0, sizeof *result);
    pthread_mutex_lock(&s->lock);
    uint64_t first = s->first_live, last = s->newest;
    pthread_mutex_unlock(&s->lock);
    int rc = superblocks(&v, why);
    for (uint64_t seq = first; rc == OK && seq <= last; seq++) {
        if (progress != NULL && !progress(ctx, seq - first, last - first + 1)) {
            return fail(why, ERR_CANCELLED, "verify was stopped");
        }
        rc = one_segment(&v, seq, why);
    }
    if (rc == OK && progress != NULL) {
        progress(ctx, last - first + 1, last - first + 1);
    }
    return rc;
}
