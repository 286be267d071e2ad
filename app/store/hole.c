/* SPDX-License-Identifier: Apache-2.0 */
/* Segments whose header is damaged: the header made anew from what lies around it, or else what
 * was lost with it. */
#include <string.h>

#include "app/store/store_int.h"

const struct seg_header *mended_header(const struct store *s, uint64_t seq)
{
    for (size_t i = 0; i < MENDED_MAX; i++) {
        if (s->mended[i].seq == seq) {
            return &s->mended[i];
        }
    }
    return NULL;
}

static struct seg_header *mended_entry(struct store *s, uint64_t seq)
{
    for (size_t i = 0; i < MENDED_MAX; i++) {
        uint64_t held = s->mended[i].seq;
        if (held == seq || held < s->first_live) {
            return &s->mended[i];
        }
    }
    return NULL;
}

static uint64_t next_held(const struct store *s, uint64_t seq)
{
    do {
        seq++;
    } while (seq <= s->newest && !slot_holds(s, seq));
    return seq <= s->newest ? seq : 0;
}

/* The content bytes of a sealed segment; 0 if its seal is not good. */
static uint64_t sealed_content(struct store *s, uint64_t seq)
{
    struct seal seal;
    int rc = flash_read(s->flash, seg_base(s, seq) + s->seal_at, s->meta, s->seal_area, NULL);
    return rc == OK && seal_decode(&seal, segment_seed(&s->super, seq), s->meta, s->seal_area) &&
                   seal.seq == seq
               ? seal.content
               : 0;
}

/* The segment before cannot say where this one starts: its first frames do, and the header behind
 * it tells which file their low byte means. 1 or 0. */
static int start_from_frames(struct store *s, struct walk w, struct frame f, struct seg_header *h)
{
    struct seg_header next;
    uint64_t after = next_held(s, w.seq);
    if (after == 0 || seg_header_read(s, after, &next, NULL) != OK) {
        return 0;
    }
    uint8_t lot = (uint8_t)(f.lot - (f.type == FRAME_FILE ? 1 : 0));
    uint8_t back = (uint8_t)(next.fileno - lot);
    if (back > next.fileno) {
        return 0;
    }
    w.gap = true;
    w.fileno = next.fileno - back;
    for (; f.type == FRAME_RELEASE; w.gap = true) { /* says nothing of the content's place */
        walk_apply(s, &w, &f);
        if (walk_peek(s, &w, &f, NULL) != 1) {
            return 0;
        }
    }
    h->fileno = w.fileno;
    h->offset = f.offset;
    if (f.type == FRAME_FILE || f.type == FRAME_CUT) {
        if (w.seq != s->first_live) {
            return 0; /* what was before is needed, and not known */
        }
        if (f.type == FRAME_FILE) {
            h->flags |= FILE_COMPLETE;
            h->offset = s->released_fileno == h->fileno ? s->released.offset : 0;
        }
    }
    h->boundary = h->offset;
    uint64_t content = sealed_content(s, w.seq);
    h->total = next.total > content ? next.total - content : 0;
    if (h->fileno == next.fileno) {
        memcpy(h->file, next.file, sizeof h->file);
        memcpy(h->source, next.source, sizeof h->source);
    } else if (h->fileno == s->released_fileno) {
        memcpy(h->file, s->released.file, sizeof h->file);
    }
    return 1;
}

/* This one starts where the segment before ends. */
static int start_from_before(struct store *s, const struct walk *before, uint64_t total,
                             struct seg_header *h, struct errmsg *why)
{
    struct store_file info;
    h->fileno = before->fileno;
    h->offset = before->offset;
    h->boundary = before->boundary < before->offset ? before->boundary : before->offset;
    h->time = before->time;
    h->total = total + before->content;
    h->flags |= before->complete ? FILE_COMPLETE : 0u;
    if (before->at > 0 && before->at < s->seal_at) {
        h->flags |= PREV_UNSEALED;
        h->prev_end = before->at;
    }
    if (h->fileno == s->fileno) {
        memcpy(h->file, s->file, sizeof h->file);
        memcpy(h->source, s->source, sizeof h->source);
    } else if (h->fileno != 0) {
        int rc = file_info(s, h->fileno, &info, why);
        if (rc != OK) {
            return rc;
        }
        memcpy(h->file, info.name, sizeof h->file);
        memcpy(h->source, info.source, sizeof h->source);
    }
    return 1;
}

int mend_header(struct store *s, uint64_t seq, struct errmsg *why)
{
    struct walk before = {0}, w;
    struct seg_header prev = {0}, h = {.seq = seq};
    struct frame f;
    struct seg_header *entry = mended_entry(s, seq);
    bool exact = seq == 1;
    if (seq > 1 && slot_holds(s, seq - 1)) {
        int rc = seg_header_read(s, seq - 1, &prev, why);
        rc = rc == OK ? find_file_frame(s, seq - 1, UINT32_MAX, &before, &f, why) : rc;
        if (rc < 0 && rc != ERR_CORRUPT) {
            return rc;
        }
        exact = rc == OK && !before.gap;
    }
    w = (struct walk){.seq = seq,
                      .seed = segment_seed(&s->super, seq),
                      .at = s->hdr_area,
                      .end = s->seal_at,
                      .gap = true,
                      .complete = before.complete,
                      .fileno = before.fileno,
                      .offset = before.offset};
    int rc = entry != NULL ? walk_peek(s, &w, &f, why) : 0;
    if (rc != 1) {
        return rc;
    }
    w.gap = false;
    w.prev = f.prev;
    rc = exact ? walk_peek(s, &w, &f, why) : 1;
    if (rc != 1) {
        return rc;
    }
    h.slot = (uint32_t)((seq - 1) % s->super.slots);
    h.crc = f.prev;
    h.mended = true;
    h.flags = PREV_HAS_CUT; /* not known, so it is looked for */
    h.first_live = s->first_live;
    h.released_fileno = s->released_fileno;
    h.released_offset = s->released.offset;
    memcpy(h.released_file, s->released.file, sizeof h.released_file);
    rc = exact ? start_from_before(s, &before, prev.total, &h, why)
               : start_from_frames(s, w, f, &h);
    if (rc != 1) {
        return rc;
    }
    h.flags |= h.fileno != 0 ? FILE_CURRENT : 0u;
    h.offset &= OFFSET_MAX;
    *entry = h;
    uint64_t unsealed = (h.flags & PREV_UNSEALED) != 0 ? SLOT_UNSEALED_BEFORE : 0;
    *slot_of(s, seq) = (struct slot){.start = h.offset | SLOT_CUT_BEFORE | unsealed,
                                     .fileno = h.fileno,
                                     .seq_low = (uint32_t)seq};
    return 1;
}

void hole_find(struct store *s, uint64_t seq, struct hole *hole)
{
    struct seg_header head, next;
    struct walk w = {0};
    struct frame f;
    *hole = (struct hole){.first_seq = seq, .last_seq = seq};
    while (hole->first_seq > s->first_live && !slot_holds(s, hole->first_seq - 1)) {
        hole->first_seq--;
    }
    while (hole->last_seq < s->newest && !slot_holds(s, hole->last_seq + 1)) {
        hole->last_seq++;
    }
    uint64_t room = (hole->last_seq - hole->first_seq + 1) *
                    (s->seal_at - s->hdr_area - FRAME_HEADER);
    uint64_t end = s->released.offset, boundary = end;
    hole->first_fileno = s->released_fileno;
    hole->bytes = room;
    bool counted = false;
    if (hole->first_seq == 1) {
        head.total = 0;
        counted = true;
    } else if (hole->first_seq > s->first_live &&
               seg_header_read(s, hole->first_seq - 1, &head, NULL) == OK &&
               find_file_frame(s, hole->first_seq - 1, UINT32_MAX, &w, &f, NULL) == OK) {
        hole->first_fileno = w.fileno;
        end = w.offset;
        boundary = w.boundary < end ? w.boundary : end;
        counted = true;
    }
    if (hole->first_fileno == 0) {
        hole->first_fileno = 1;
        end = boundary = 0;
    }
    hole->last_fileno = hole->first_fileno;
    hole->from = end;
    hole->to = end + room;
    if (hole->last_seq >= s->newest || seg_header_read(s, hole->last_seq + 1, &next, NULL) != OK) {
        return;
    }
    uint64_t before = counted ? head.total + w.content : 0;
    if (counted && next.total >= before && next.total - before < room) {
        hole->bytes = next.total - before;
    }
    hole->begin = next.offset > hole->bytes ? next.offset - hole->bytes : 0;
    hole->end = next.offset;
    if (next.fileno <= hole->first_fileno) {
        bool grew = next.offset >= end;
        hole->to = grew ? next.offset : end;
        if (counted && (!grew || next.offset - end != hole->bytes)) {
            /* More was written than it grew: a cut is in the hole, from there at the earliest. */
            hole->from = hole->begin < end ? hole->begin : end;
            hole->cut = hole->from < end;
        }
        return;
    }
    hole->last_fileno = next.fileno;
    hole->first_whole = w.complete;
    hole->to = end;
    if (!w.complete) {
        hole->to = end + hole->bytes - (hole->end - hole->begin);
        hole->from = boundary; /* what was not verified may have been cut in the hole */
        hole->cut = boundary < end;
    }
}

bool hole_part(const struct hole *hole, uint32_t fileno, uint64_t *from, uint64_t *to)
{
    *from = *to = 0;
    if (fileno < hole->first_fileno || fileno > hole->last_fileno) {
        return false;
    }
    if (fileno == hole->first_fileno) {
        *from = hole->from;
        *to = hole->to;
        return !hole->first_whole;
    }
    *from = fileno == hole->last_fileno ? hole->begin : 0;
    *to = fileno == hole->last_fileno ? hole->end : hole->bytes;
    return true;
}
