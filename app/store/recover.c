/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a store: what the headers say, where the newest segment really ends. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/store/store_int.h"
#include "base/log.h"

void note_damage(struct store *s, uint32_t fileno, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < s->note_count; i++) {
        if (s->notes[i].fileno == fileno && s->notes[i].from == from) {
            return;
        }
    }
    if (s->note_count < DAMAGE_NOTES) {
        s->notes[s->note_count++] =
            (struct damage_note){.fileno = fileno, .from = from, .to = to};
    }
}

/* One header per slot into the index; the newest one into *newest. */
static int read_headers(struct store *s, struct seg_header *newest, struct errmsg *why)
{
    newest->seq = 0;
    for (uint32_t i = 0; i < s->super.slots; i++) {
        struct seg_header h;
        int rc = flash_read(s->flash, s->base + (uint64_t)i * s->super.segment_size, s->meta,
                            s->hdr_area, why);
        if (rc != OK) {
            return rc;
        }
        if (!seg_header_decode(&h, &s->super, s->meta, s->hdr_area) || h.slot != i) {
            continue;
        }
        uint64_t bits = ((h.flags & PREV_HAS_CUT) != 0 ? SLOT_CUT_BEFORE : 0) |
                        ((h.flags & PREV_UNSEALED) != 0 ? SLOT_UNSEALED_BEFORE : 0);
        s->slots[i] = (struct slot){.start = h.offset | bits,
                                    .fileno = h.fileno,
                                    .seq_low = (uint32_t)h.seq};
        if (h.seq > newest->seq) {
            *newest = h;
        }
    }
    return OK;
}

/* Is there a segment behind the newest valid header whose own header was lost, although frames in
 * it were acknowledged? */
static int header_lost(struct store *s, uint64_t seq, bool *lost, struct errmsg *why)
{
    struct behind b;
    *lost = false;
    if (slot_of(s, seq)->seq_low != 0) {
        return OK; /* the header of an older turn is still there: nothing was ever written over it
                    */
    }
    uint64_t keep = s->newest;
    s->newest = seq;
    int rc = scan_behind(s, seq, s->hdr_area, &b, why);
    s->newest = keep;
    *lost = rc == OK && b.durable > 0;
    return rc;
}

/* What a good frame means beyond the walk's own fields. */
static int take_frame(struct store *s, const struct walk *w, const struct frame *f,
                      struct errmsg *why)
{
    struct frame_names names;
    const uint8_t *payload = s->rbuf + FRAME_HEADER;
    int rc = OK;
    switch (f->type) {
    case FRAME_DATA:
        s->seg_content += f->len;
        s->total += f->len;
        break;
    case FRAME_FILE:
        if (file_parse(&names, payload, f->len)) {
            memcpy(s->file, names.file, sizeof s->file);
            memcpy(s->source, names.source, sizeof s->source);
        }
        break;
    case FRAME_RELEASE:
        if (release_parse(&names, payload, f->len) && names.first_live >= s->first_live &&
            names.first_live <= s->newest) {
            s->first_live = names.first_live;
            s->released_fileno = names.fileno;
            memcpy(s->released.file, names.file, sizeof s->released.file);
            s->released.offset = f->offset;
        }
        break;
    case FRAME_CUT:
        s->has_cut = true;
        rc = add_cut(s, w->fileno, f->offset, w->seq, f->at, why);
        break;
    default:
        break;
    }
    s->frames++;
    return rc;
}

static void lose_name(struct store *s, uint32_t before, uint32_t now)
{
    if (before != now) {
        s->file[0] = '\0'; /* its FILE frame is among what is damaged */
    }
}

/* Walks the newest segment: good frames, damage in what was durable, then the tail. *half: a frame
 * whose header is good, but not its content, lies at the tail. */
static int walk_newest(struct store *s, struct walk *w, bool followed, bool *half,
                       struct store_report *report, struct errmsg *why)
{
    struct frame f;
    uint32_t acked = followed ? s->seal_at : 0;
    bool scanned = followed;
    for (;;) {
        int fits = walk_peek(s, w, &f, why);
        int good = fits == 1 ? walk_load(s, w, &f, why) : fits;
        if (good < 0) {
            return good;
        }
        uint32_t before = w->fileno;
        if (good == 1) {
            walk_apply(s, w, &f);
            lose_name(s, f.type == FRAME_FILE ? before + 1 : before, w->fileno);
            int rc = take_frame(s, w, &f, why);
            if (rc != OK) {
                return rc;
            }
            continue;
        }
        if (!scanned && w->at < w->end) {
            struct behind b;
            int rc = scan_behind(s, w->seq, w->at, &b, why);
            if (rc != OK) {
                return rc;
            }
            acked = b.durable;
            scanned = true;
        }
        if (w->at >= acked || w->at >= w->end) {
            *half = fits == 1;
            return OK;
        }
        uint64_t from = w->offset;
        uint32_t bad_at = w->at;
        if (fits == 1) {
            walk_apply(s, w, &f); /* only its payload is bad: the chain holds */
        } else {
            int rc = walk_resync(s, w, &f, why);
            if (rc < 0) {
                return rc;
            }
            if (rc == 0 || w->at >= acked) {
                w->at = acked; /* the last acknowledged frames: nothing good behind them */
                w->gap = true;
            }
        }
        uint64_t to = fits == 1 ? w->offset : w->at < w->end && f.offset > from ? f.offset : from;
        report->damaged++;
        s->must_roll = true;
        note_damage(s, before, from, to);
        log_error("store",
                  "%s: segment %" PRIu64 " is damaged at %" PRIu64 ": %s from %" PRIu64
                  " to %" PRIu64,
                  s->flash->name, w->seq, seg_base(s, w->seq) + bad_at, s->file, from, to);
        if (fits != 1 && w->at == acked) {
            return OK;
        }
    }
}

/* The digest of what is on the device in [0, end) of the segment. */
static int digest_region(struct store *s, uint64_t seq, uint32_t end, struct errmsg *why)
{
    blake3_hasher_init(&s->hasher);
    s->rbuf_seq = 0;
    for (uint32_t at = 0; at < end && !s->no_digest;) {
        uint32_t n = end - at < s->frame_max ? end - at : s->frame_max;
        int rc = flash_read(s->flash, seg_base(s, seq) + at, s->rbuf, n, why);
        if (rc != OK) {
            return rc;
        }
        blake3_hasher_update(&s->hasher, s->rbuf, n);
        at += n;
    }
    return OK;
}

static void take_digest(struct store *s)
{
    memset(s->digest, 0, sizeof s->digest);
    if (!s->no_digest) {
        blake3_hasher_finalize(&s->hasher, s->digest, sizeof s->digest);
    }
}

/* Sealed, or open: and if open, may it go on where it ends? */
static int judge_end(struct store *s, const struct walk *w, struct store_report *report,
                     struct errmsg *why)
{
    struct behind b;
    struct seal seal;
    int rc = digest_region(s, w->seq, w->at, why);
    if (rc == OK && w->at == s->seal_at && !w->gap) {
        rc = flash_read(s->flash, seg_base(s, w->seq) + s->seal_at, s->meta, s->seal_area, why);
        if (rc == OK && seal_decode(&seal, w->seed, s->meta, s->seal_area) &&
            seal.prev == w->prev && seal.session >= w->session && seal.seq == w->seq) {
            s->sealed = true;
            memcpy(s->digest, seal.digest, sizeof s->digest);
            return OK;
        }
    }
    if (rc == OK) {
        rc = scan_behind(s, w->seq, w->at, &b, why);
    }
    if (rc != OK) {
        return rc;
    }
    uint32_t session = w->session + 1u;
    session = b.session > session ? b.session : session;
    if (s->must_roll || session > UINT16_MAX || w->gap ||
        (s->flash->geo.erase_needed && !b.erased)) {
        s->must_roll = true;
        take_digest(s);
    } else {
        s->session = (uint16_t)session;
    }
    report->torn_bytes = b.end > w->at ? b.end - w->at : 0;
    return OK;
}

/* The cuts of the other live segments: only those whose successor flags one, or has no header. */
static int find_cuts(struct store *s, uint64_t seq, struct errmsg *why)
{
    struct seg_header h;
    struct walk w;
    struct frame f;
    int rc = walk_open(s, &w, seq, &h, why);
    if (rc != OK) {
        return rc == ERR_CORRUPT ? OK : rc;
    }
    for (;;) {
        rc = walk_peek(s, &w, &f, why);
        if (rc == 0) {
            rc = walk_ends(s, &w, why);
            if (rc == 0) {
                rc = walk_resync(s, &w, &f, why);
            } else if (rc == 1) {
                return OK;
            }
            if (rc <= 0) {
                return rc;
            }
        }
        if (rc < 0) {
            return rc;
        }
        walk_apply(s, &w, &f);
        if (f.type == FRAME_CUT && (rc = add_cut(s, w.fileno, f.offset, seq, f.at, why)) != OK) {
            return rc;
        }
    }
}

/* A live segment has no header. 1 it could be made anew, 0 the segment is lost. */
static int lost_header(struct store *s, uint64_t seq, struct store_report *report,
                       struct errmsg *why)
{
    struct hole hole;
    int rc = mend_header(s, seq, why);
    if (rc < 0) {
        return rc;
    }
    report->damaged++;
    if (rc == 1) {
        log_error("store", "%s: the header of segment %" PRIu64 " at %" PRIu64
                  " is damaged; its content is not", s->flash->name, seq, seg_base(s, seq));
        return 1;
    }
    hole_find(s, seq, &hole);
    log_error("store", "%s: segment %" PRIu64 " at %" PRIu64 " is lost, with at most %" PRIu64
              " bytes of %" PRIu32 " files", s->flash->name, seq, seg_base(s, seq), hole.bytes,
              hole.last_fileno - hole.first_fileno + (hole.first_whole ? 0 : 1));
    if (hole.cut && hole.first_seq == seq) {
        rc = add_cut(s, hole.first_fileno, hole.from, seq, 0, why);
    }
    return rc;
}

static int live_segments(struct store *s, struct store_report *report, struct errmsg *why)
{
    /* The newest segment's own cuts are in the list already, but must come last. */
    struct cut own[CONFIG_STORE_CUTS_MAX];
    size_t own_count = s->cut_count;
    memcpy(own, s->cuts, own_count * sizeof own[0]);
    s->cut_count = 0;
    for (uint64_t seq = s->first_live; seq < s->newest; seq++) {
        if (!slot_holds(s, seq)) {
            int rc = lost_header(s, seq, report, why);
            if (rc < 0) {
                return rc;
            }
            if (rc == 0) {
                continue;
            }
        }
        bool flagged = !slot_holds(s, seq + 1) ||
                       (slot_of(s, seq + 1)->start & SLOT_CUT_BEFORE) != 0;
        bool walked = own_count > 0 && own[0].seq == seq;
        int rc = flagged && !walked ? find_cuts(s, seq, why) : OK;
        if (rc != OK) {
            return rc;
        }
    }
    for (size_t i = 0; i < own_count; i++) {
        if (s->cut_count == CONFIG_STORE_CUTS_MAX) {
            return add_cut(s, 0, 0, 0, 0, why);
        }
        s->cuts[s->cut_count++] = own[i];
    }
    return OK;
}

/* Buries a half frame at the tail under an empty PAD. Otherwise, where single units of what is
 * written over it may be lost, its header and an equal content could meet again at the next cut,
 * and a frame come back that this recovery did not show. */
static int bury(struct store *s, struct errmsg *why)
{
    struct frame f = {.type = FRAME_PAD, .boundary = NO_BOUNDARY, .offset = s->end};
    return seg_frame(s, s->meta, &f, why);
}

static void take_header(struct store *s, const struct seg_header *h)
{
    s->first_live = h->first_live;
    s->fileno = h->fileno;
    s->complete = (h->flags & FILE_COMPLETE) != 0;
    memcpy(s->file, h->file, sizeof s->file);
    memcpy(s->source, h->source, sizeof s->source);
    s->total = h->total;
    s->released_fileno = h->released_fileno;
    s->released.offset = h->released_offset;
    memcpy(s->released.file, h->released_file, sizeof s->released.file);
}

/* Reads the newest segment, and takes what it says as the store's state. */
static int take_newest(struct store *s, bool followed, bool *half, struct store_report *report,
                       struct errmsg *why)
{
    struct seg_header h;
    struct walk w;
    s->tail = 0;
    int rc = walk_open(s, &w, s->newest, &h, why);
    if (rc == OK) {
        rc = walk_newest(s, &w, followed, half, report, why);
    }
    if (rc == OK) {
        rc = judge_end(s, &w, report, why);
    }
    if (rc != OK) {
        return rc;
    }
    s->tail = w.at;
    s->prev = w.prev;
    s->fileno = w.fileno;
    s->complete = w.complete;
    s->end = w.offset;
    s->boundary = w.boundary > w.offset ? w.offset : w.boundary;
    s->boundary_time = w.time;
    return OK;
}

/* The segment behind the newest valid header lost its own. If that can be made anew the segment is
 * read, but nothing more is written into it; else what it held is lost. */
static int take_headless(struct store *s, bool *half, struct store_report *report,
                         struct errmsg *why)
{
    s->newest++;
    s->sealed = false;
    s->must_roll = true;
    s->tail = 0;
    memset(s->digest, 0, sizeof s->digest);
    report->damaged++;
    int rc = mend_header(s, s->newest, why);
    if (rc < 0) {
        return rc;
    }
    log_error("store", "%s: the header of the newest segment %" PRIu64 " at %" PRIu64
              " is damaged; what it holds after %s:%" PRIu64 " %s",
              s->flash->name, s->newest, seg_base(s, s->newest), s->file, s->end,
              rc == 1 ? "is not" : "is lost");
    if (rc == 0) {
        return OK;
    }
    s->has_cut = false;
    s->frames = 0;
    s->seg_content = 0;
    return take_newest(s, false, half, report, why);
}

int recover(struct store *s, struct store_report *report, struct errmsg *why)
{
    struct seg_header h;
    bool lost = false, half = false;
    s->first_live = 1;
    int rc = read_headers(s, &h, why);
    if (rc == OK) {
        rc = header_lost(s, h.seq + 1, &lost, why);
    }
    if (rc != OK) {
        return rc;
    }
    s->newest = h.seq;
    if (h.seq > 0) {
        take_header(s, &h);
        rc = take_newest(s, lost, &half, report, why);
    }
    if (rc == OK && lost) {
        rc = take_headless(s, &half, report, why);
    }
    if (rc != OK) {
        return rc;
    }
    rc = live_segments(s, report, why);
    if (rc == OK) {
        rc = first_refresh(s, why);
    }
    if (rc == OK && !s->read_only) {
        s->unsynced = true;
        if (half && !s->must_roll && !s->sealed) {
            rc = bury(s, why);
        }
        rc = rc == OK ? seg_sync(s, why) : rc;
    }
    committed_update(s);
    return rc;
}
