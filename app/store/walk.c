/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over a segment's frames, and looking behind a frame that does not fit. */
#include <inttypes.h>
#include <string.h>

#include "app/store/store_int.h"
#include "base/crc32c.h"

int seg_header_read(struct store *s, uint64_t seq, struct seg_header *h, struct errmsg *why)
{
    int rc = flash_read(s->flash, seg_base(s, seq), s->meta, s->hdr_area, why);
    if (rc != OK) {
        return rc;
    }
    if (!seg_header_decode(h, &s->super, s->meta, s->hdr_area) || h->seq != seq) {
        const struct seg_header *mended = mended_header(s, seq);
        if (mended != NULL) {
            *h = *mended;
            return OK;
        }
        return fail(why, ERR_CORRUPT, "%s: the header of segment %" PRIu64 " at %" PRIu64
                    " is damaged", s->flash->name, seq, seg_base(s, seq));
    }
    return OK;
}

int seg_end(struct store *s, uint64_t seq, uint32_t *end, struct errmsg *why)
{
    struct seg_header next;
    *end = s->seal_at;
    if (seq == s->newest) {
        *end = s->tail != 0 ? s->tail : s->seal_at;
    } else if (slot_holds(s, seq + 1) &&
               (slot_of(s, seq + 1)->start & SLOT_UNSEALED_BEFORE) != 0) {
        int rc = seg_header_read(s, seq + 1, &next, why);
        if (rc == OK && next.prev_end >= s->hdr_area && next.prev_end <= s->seal_at) {
            *end = next.prev_end;
        }
        return rc == ERR_CORRUPT ? OK : rc;
    }
    return OK;
}

int walk_open(struct store *s, struct walk *w, uint64_t seq, struct seg_header *h,
              struct errmsg *why)
{
    uint32_t end = 0;
    int rc = seg_end(s, seq, &end, why);
    if (rc == OK) {
        rc = seg_header_read(s, seq, h, why);
    }
    if (rc == OK) {
        *w = (struct walk){.seq = seq,
                           .seed = segment_seed(&s->super, seq),
                           .at = s->hdr_area,
                           .end = end,
                           .prev = h->crc,
                           .complete = (h->flags & FILE_COMPLETE) != 0,
                           .fileno = h->fileno,
                           .offset = h->offset,
                           .boundary = h->boundary,
                           .time = h->time};
    }
    return rc;
}

/* Is this a frame of the segment with this seed, at this place? Says nothing about the chain. */
static bool frame_here(const struct store *s, uint32_t seed, uint32_t at, uint32_t end,
                       const uint8_t *bytes, struct frame *f)
{
    if (!frame_decode(f, seed, bytes) || f->at != at || f->durable > at ||
        f->len > end - at - FRAME_HEADER) {
        return false;
    }
    uint32_t size = frame_size(s, f);
    return size <= end - at && (f->type == FRAME_PAD || size <= s->frame_max);
}

int walk_peek(struct store *s, const struct walk *w, struct frame *f, struct errmsg *why)
{
    uint8_t bytes[FRAME_HEADER];
    if (w->at >= w->end || w->end - w->at < s->super.align) {
        return 0;
    }
    int rc = flash_read(s->flash, seg_base(s, w->seq) + w->at, bytes, sizeof bytes, why);
    if (rc != OK) {
        return rc;
    }
    if (!frame_here(s, w->seed, w->at, w->end, bytes, f) || f->session < w->session) {
        return 0;
    }
    if (w->gap) {
        return 1;
    }
    bool fits = f->prev == w->prev;
    switch (f->type) {
    case FRAME_FILE:
        fits = fits && f->lot == (uint8_t)(w->fileno + 1);
        break;
    case FRAME_CUT:
        fits = fits && f->lot == (uint8_t)w->fileno && f->offset <= w->offset && w->fileno != 0;
        break;
    case FRAME_RELEASE:
        fits = fits && f->lot == (uint8_t)w->fileno;
        break;
    default:
        fits = fits && f->lot == (uint8_t)w->fileno && f->offset == w->offset &&
               (f->type == FRAME_PAD || w->fileno != 0);
        break;
    }
    return fits ? 1 : 0;
}

void walk_apply(const struct store *s, struct walk *w, const struct frame *f)
{
    if (w->gap) {
        /* Behind damage the low byte of the file's number tells how many FILE frames were lost. */
        uint8_t before = (uint8_t)(f->type == FRAME_FILE ? w->fileno + 1 : w->fileno);
        uint8_t lost = (uint8_t)(f->lot - before);
        w->fileno += lost;
        if (lost != 0) {
            w->complete = false;
            w->boundary = f->offset;
        }
    }
    switch (f->type) {
    case FRAME_DATA:
        w->offset = f->offset + f->len;
        w->content += f->len;
        if (f->boundary != NO_BOUNDARY) {
            w->boundary = f->offset + f->boundary;
            w->time = f->time;
        }
        break;
    case FRAME_FILE:
        w->fileno++;
        w->offset = w->boundary = f->offset;
        w->complete = false;
        break;
    case FRAME_END:
        w->offset = f->offset;
        w->complete = true;
        break;
    case FRAME_CUT:
        w->offset = f->offset;
        if (f->boundary != NO_BOUNDARY || w->boundary > f->offset) {
            w->boundary = f->offset;
            w->time = f->time;
        }
        w->complete = false;
        break;
    case FRAME_PAD:
        w->offset = f->offset; /* behind damage it tells the place anew */
        break;
    default:
        break;
    }
    if (f->type != FRAME_RELEASE) {
        w->gap = false;
    }
    w->prev = f->crc;
    w->session = f->session;
    w->at += frame_size(s, f);
}

int walk_resync(struct store *s, struct walk *w, struct frame *f, struct errmsg *why)
{
    uint8_t bytes[FRAME_HEADER];
    s->rbuf_seq = 0;
    uint32_t at = w->at + s->super.align;
    while (at < w->end && w->end - at >= s->super.align) {
        uint32_t n = w->end - at < s->frame_max ? w->end - at : s->frame_max;
        int rc = flash_read(s->flash, seg_base(s, w->seq) + at, s->rbuf, n, why);
        if (rc != OK) {
            return rc;
        }
        for (uint32_t i = 0; i + s->super.align <= n; i += s->super.align) {
            memcpy(bytes, s->rbuf + i, sizeof bytes);
            if (frame_here(s, w->seed, at + i, w->end, bytes, f) && f->session >= w->session) {
                w->at = at + i;
                w->gap = true;
                return 1;
            }
        }
        at += n;
    }
    w->at = w->end;
    w->gap = true;
    return 0;
}

/* The checksum of a frame's payload and padding, read through s->rbuf; whole if it fits there. */
int walk_load(struct store *s, const struct walk *w, const struct frame *f, struct errmsg *why)
{
    uint32_t size = frame_size(s, f);
    uint32_t crc = 0;
    s->rbuf_seq = 0;
    for (uint32_t done = 0; done < size;) {
        uint32_t n = size - done < s->frame_max ? size - done : s->frame_max;
        int rc = flash_read(s->flash, seg_base(s, w->seq) + w->at + done, s->rbuf, n, why);
        if (rc != OK) {
            return rc;
        }
        uint32_t skip = done == 0 ? FRAME_HEADER : 0;
        crc = crc32c(crc, s->rbuf + skip, n - skip);
        done += n;
    }
    return crc == f->payload_crc ? 1 : 0;
}

int scan_behind(struct store *s, uint64_t seq, uint32_t from, struct behind *b,
                struct errmsg *why)
{
    uint32_t seed = segment_seed(&s->super, seq);
    uint8_t bytes[FRAME_HEADER];
    struct frame f;
    struct seal seal;
    *b = (struct behind){.erased = true};
    s->rbuf_seq = 0;
    for (uint32_t at = from; at < s->super.segment_size;) {
        uint32_t end = at < s->seal_at ? s->seal_at : s->super.segment_size;
        uint32_t n = end - at < s->frame_max ? end - at : s->frame_max;
        int rc = flash_read(s->flash, seg_base(s, seq) + at, s->rbuf, n, why);
        if (rc != OK) {
            return rc;
        }
        if (b->erased && (s->rbuf[0] != 0xff || memcmp(s->rbuf, s->rbuf + 1, n - 1) != 0)) {
            b->erased = false;
        }
        for (uint32_t i = n; s->flash->geo.erase_needed && !b->erased && i > 0; i--) {
            if (s->rbuf[i - 1] != 0xff) {
                b->end = at + i;
                break;
            }
        }
        for (uint32_t i = 0; at < s->seal_at && i + s->super.align <= n; i += s->super.align) {
            memcpy(bytes, s->rbuf + i, sizeof bytes);
            if (frame_here(s, seed, at + i, s->seal_at, bytes, &f)) {
                uint32_t end_of = at + i + frame_size(s, &f);
                b->end = end_of > b->end ? end_of : b->end;
                b->durable = f.durable > b->durable ? f.durable : b->durable;
                b->session = f.session + 1u > b->session ? f.session + 1u : b->session;
            }
        }
        if (at == s->seal_at && seal_decode(&seal, seed, s->rbuf, s->seal_area)) {
            b->durable = seal.durable > b->durable ? seal.durable : b->durable;
            b->session = seal.session + 1 > b->session ? seal.session + 1 : b->session;
        }
        at += n;
    }
    return OK;
}

int walk_ends(struct store *s, const struct walk *w, struct errmsg *why)
{
    if (w->at >= w->end) {
        return 1;
    }
    if (w->seq == s->newest || slot_holds(s, w->seq + 1)) {
        return 0; /* its end is known, and lies further on */
    }
    struct behind b;
    int rc = scan_behind(s, w->seq, w->at, &b, why);
    return rc != OK ? rc : b.durable <= w->at ? 1 : 0;
}
