/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and reading content: the index, the cursors, one checked frame at a time. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/store/store_int.h"

/* A stretch of log in which a file's offsets only grow: between two of its cuts. */
struct run {
    uint64_t seq; /* first segment, and the CUT frame's place in it (0: from the segment's start) */
    uint32_t at;
    uint64_t last_seq;
    uint64_t limit; /* content from here on is void or in a later run */
};

/* The run that holds the valid bytes at `offset`: the newest one that begins at or before it. */
static struct run find_run(const struct store *s, uint32_t fileno, uint64_t offset)
{
    struct run r = {.seq = s->first_live, .last_seq = s->newest, .limit = UINT64_MAX};
    for (size_t i = s->cut_count; i > 0; i--) {
        const struct cut *c = &s->cuts[i - 1];
        if (c->fileno != fileno) {
            continue;
        }
        if (c->offset <= offset) {
            r.seq = c->seq;
            r.at = c->at;
            break;
        }
        r.limit = c->offset < r.limit ? c->offset : r.limit;
        r.last_seq = c->seq;
    }
    return r;
}

/* The newest segment of the run that starts at or before the position; 0 if it is gone. */
static uint64_t find_segment(const struct store *s, const struct run *r, uint32_t fileno,
                             uint64_t offset)
{
    for (uint64_t seq = r->last_seq; seq > r->seq; seq--) {
        const struct slot *slot = slot_of(s, seq);
        if (slot_holds(s, seq) &&
            (slot->fileno < fileno || (slot->fileno == fileno && slot_start(slot) <= offset))) {
            return seq;
        }
    }
    const struct slot *first = slot_of(s, r->seq);
    if (r->at > 0 || !slot_holds(s, r->seq) || first->fileno < fileno ||
        (first->fileno == fileno && slot_start(first) <= offset)) {
        return r->seq;
    }
    return 0;
}

void read_forget(struct store *s)
{
    s->rbuf_seq = 0;
    memset(s->cursors, 0, sizeof s->cursors);
}

static struct cursor *find_cursor(struct store *s, const struct run *r, uint64_t seq,
                                  uint32_t fileno, uint64_t offset)
{
    struct cursor *best = NULL;
    for (size_t i = 0; i < CURSORS; i++) {
        struct cursor *c = &s->cursors[i];
        if (c->walk.seq >= seq && c->walk.seq >= s->first_live && c->walk.seq <= r->last_seq &&
            c->run_seq == r->seq && c->run_at == r->at && c->walk.fileno == fileno &&
            c->walk.offset <= offset &&
            (best == NULL || c->walk.offset > best->walk.offset)) {
            best = c;
        }
    }
    return best;
}

static void keep_cursor(struct store *s, const struct run *r, const struct walk *w,
                        struct cursor *from)
{
    struct cursor *c = from != NULL ? from : &s->cursors[0];
    for (size_t i = 0; from == NULL && i < CURSORS; i++) {
        if (s->cursors[i].used < c->used) {
            c = &s->cursors[i];
        }
    }
    *c = (struct cursor){
        .walk = *w, .run_seq = r->seq, .run_at = r->at, .used = ++s->cursor_clock};
}

static int damaged(struct store *s, uint32_t fileno, const struct walk *w, uint64_t to,
                   const char *what, struct store_finding *bad, struct errmsg *why)
{
    uint64_t from = w->fileno == fileno ? w->offset : 0;
    struct store_finding f = {.seq = w->seq,
                              .slot = (uint32_t)((w->seq - 1) % s->super.slots),
                              .device_offset = seg_base(s, w->seq) + w->at,
                              .from = from,
                              .to = to > from ? to : from};
    snprintf(f.what, sizeof f.what, "%s", what);
    note_damage(s, fileno, f.from, f.to);
    if (bad != NULL) {
        *bad = f;
    }
    return fail(why, ERR_CORRUPT,
                "%s: bytes %" PRIu64 " to %" PRIu64 " are damaged on flash (%s, segment %" PRIu64
                ", device offset %" PRIu64 "); they must be fetched again from the source",
                s->flash->name, f.from, f.to, what, f.seq, f.device_offset);
}

static void copy_out(const struct store *s, uint64_t offset, uint64_t limit, void *buf, size_t len,
                     size_t *got)
{
    const struct frame *f = &s->rbuf_frame;
    uint64_t skip = offset - f->offset;
    uint64_t n = f->len - skip;
    n = n < len ? n : len;
    n = n < limit - offset ? n : limit - offset;
    memcpy(buf, s->rbuf + FRAME_HEADER + skip, (size_t)n);
    *got = (size_t)n;
}

/* Moves the walk into the next segment. 1 there is one, 0 it is lost, negative an error. */
static int next_segment(struct store *s, struct walk *w, struct errmsg *why)
{
    struct seg_header h;
    if (!slot_holds(s, w->seq + 1)) {
        return 0;
    }
    int rc = walk_open(s, w, w->seq + 1, &h, why);
    return rc == ERR_CORRUPT ? 0 : rc == OK ? 1 : rc;
}

/* Segment `seq`, where the wanted position would be, is lost: ERR_CORRUPT; 0 if the file is known
 * to end before. */
static int in_hole(struct store *s, uint64_t seq, uint32_t fileno, uint64_t offset,
                   struct store_finding *bad, struct errmsg *why)
{
    struct hole hole;
    uint64_t from, to;
    hole_find(s, seq, &hole);
    bool touched = hole_part(&hole, fileno, &from, &to);
    if (fileno < hole.last_fileno && offset >= to && (touched || offset >= from)) {
        return OK;
    }
    struct walk w = {.seq = seq, .fileno = fileno, .offset = from};
    return damaged(s, fileno, &w, to, "segment header", bad, why);
}

/* The walk met something that is no frame. 1: it stands behind it, and what is wanted is not in
 * between; 0: the end of everything; ERR_CORRUPT: what is wanted is lost here. */
static int step_over(struct store *s, struct walk *w, uint32_t fileno, uint64_t offset,
                     struct store_finding *bad, struct errmsg *why)
{
    struct frame f;
    struct walk before = *w;
    uint64_t to;
    int rc = walk_ends(s, w, why);
    if (rc < 0) {
        return rc;
    }
    if (rc == 0 && (rc = walk_resync(s, w, &f, why)) == 1) {
        uint8_t lot = (uint8_t)(before.fileno + (f.type == FRAME_FILE ? 1 : 0));
        if (before.fileno <= fileno && f.lot == lot && f.offset <= offset) {
            return 1;
        }
        if (before.fileno < fileno) {
            return 1; /* FILE frames were lost; the walk still counts them */
        }
        to = f.lot == lot ? f.offset : before.offset;
        return damaged(s, fileno, &before, to, "frame", bad, why);
    }
    if (rc < 0 || w->seq >= s->newest) {
        return rc < 0 ? rc : 0;
    }
    rc = next_segment(s, w, why);
    if (rc < 0 || (rc == 1 && (before.at >= before.end || w->offset == before.offset ||
                               w->fileno < fileno || w->offset <= offset))) {
        return rc;
    }
    if (rc == 0) {
        return in_hole(s, before.seq + 1, fileno, offset, bad, why);
    }
    return damaged(s, fileno, &before, w->offset, "frame", bad, why);
}

int read_step(struct store *s, uint32_t fileno, uint64_t offset, uint64_t limit, void *buf,
              size_t len, size_t *got, struct store_finding *bad, struct errmsg *why)
{
    *got = 0;
    struct run run = find_run(s, fileno, offset);
    limit = run.limit < limit ? run.limit : limit;
    if (offset >= limit || s->newest == 0) {
        return OK;
    }
    const struct frame *held = &s->rbuf_frame;
    bool in_run = s->rbuf_seq > run.seq || (s->rbuf_seq == run.seq && held->at >= run.at);
    if (s->rbuf_seq >= s->first_live && s->rbuf_seq != 0 && in_run &&
        s->rbuf_fileno == fileno && held->offset <= offset && offset - held->offset < held->len) {
        copy_out(s, offset, limit, buf, len, got);
        return OK;
    }
    uint64_t seq = find_segment(s, &run, fileno, offset);
    if (seq == 0) {
        return ERR_NOT_FOUND;
    }
    struct cursor *c = find_cursor(s, &run, seq, fileno, offset);
    struct walk w;
    int rc = 1;
    if (c != NULL) {
        w = c->walk;
        rc = seg_end(s, w.seq, &w.end, why);
        rc = rc == OK ? 1 : rc;
    } else {
        w = (struct walk){.seq = seq - 1};
        rc = next_segment(s, &w, why);
        if (rc == 0) {
            return in_hole(s, seq, fileno, offset, bad, why);
        }
    }
    while (rc == 1) {
        struct frame f;
        rc = walk_peek(s, &w, &f, why);
        if (rc == 0) {
            rc = step_over(s, &w, fileno, offset, bad, why);
            continue;
        }
        if (rc < 0) {
            break;
        }
        struct walk at = w;
        walk_apply(s, &w, &f);
        if (w.fileno > fileno) {
            return at.fileno == fileno && offset > at.offset ? ERR_NOT_FOUND : OK;
        }
        if (f.type == FRAME_FILE && w.fileno == fileno && f.offset > offset) {
            return ERR_NOT_FOUND; /* it begins behind what is wanted */
        }
        bool before_run = at.seq < run.seq || (at.seq == run.seq && at.at < run.at);
        if (f.type != FRAME_DATA || w.fileno != fileno || before_run || f.offset > offset ||
            offset - f.offset >= f.len) {
            continue;
        }
        int good = walk_load(s, &at, &f, why);
        if (good < 0) {
            return good;
        }
        at.offset = f.offset;
        at.fileno = fileno;
        if (good == 0) {
            return damaged(s, fileno, &at, w.offset, "frame content", bad, why);
        }
        s->rbuf_seq = at.seq;
        s->rbuf_frame = f;
        s->rbuf_fileno = fileno;
        keep_cursor(s, &run, &w, c);
        copy_out(s, offset, limit, buf, len, got);
        return OK;
    }
    return rc;
}

static int read_file(struct store *s, uint32_t fileno, const char *file, uint64_t offset, void *buf,
                     size_t len, size_t *got, struct errmsg *why)
{
    int rc = OK;
    bool first = true;
    *got = 0;
    while (rc == OK && (*got < len || first)) {
        size_t n = 0;
        first = false;
        pthread_mutex_lock(&s->lock);
        uint64_t limit = fileno < s->committed_fileno    ? UINT64_MAX
                         : fileno == s->committed_fileno ? s->committed.offset
                                                         : 0;
        if (offset > limit && limit > 0) {
            rc = ERR_NOT_FOUND;
        } else {
            rc = read_step(s, fileno, offset, limit, (uint8_t *)buf + *got, len - *got, &n, NULL,
                           why);
        }
        pthread_mutex_unlock(&s->lock);
        if (rc == ERR_NOT_FOUND) {
            rc = *got > 0 ? OK
                          : fail(why, ERR_NOT_FOUND, "%s: nothing is stored at %" PRIu64, file,
                                 offset);
            break;
        }
        if (rc == ERR_CORRUPT) {
            errmsg_prefix(why, "%s", file);
            rc = *got > 0 ? OK : rc; /* what came before is good; the next call meets it again */
            break;
        }
        if (n == 0) {
            break;
        }
        *got += n;
        offset += n;
    }
    return rc;
}

int store_read(struct store *s, const char *file, uint64_t offset, void *buf, size_t len,
               size_t *got, struct errmsg *why)
{
    uint32_t fileno = 0;
    *got = 0;
    pthread_mutex_lock(&s->lock);
    int rc = file_find(s, file, &fileno, why);
    pthread_mutex_unlock(&s->lock);
    return rc == OK ? read_file(s, fileno, file, offset, buf, len, got, why) : rc;
}

int store_read_at(struct store *s, size_t index, uint64_t offset, void *buf, size_t len,
                  size_t *got, struct errmsg *why)
{
    struct store_file info;
    *got = 0;
    int rc = store_file_at(s, index, &info, why);
    if (rc != OK) {
        return rc;
    }
    pthread_mutex_lock(&s->lock);
    uint32_t fileno = s->first_fileno + (uint32_t)index;
    pthread_mutex_unlock(&s->lock);
    return read_file(s, fileno, info.name, offset, buf, len, got, why);
}

int store_peek(struct store *s, uint64_t offset, void *buf, size_t len, size_t *got,
               struct errmsg *why)
{
    *got = 0;
    pthread_mutex_lock(&s->lock);
    int rc = s->fileno == 0 ? ERR_NOT_FOUND : OK;
    while (rc == OK && *got < len) {
        size_t n = 0;
        rc = read_step(s, s->fileno, offset, s->end, (uint8_t *)buf + *got, len - *got, &n, NULL,
                       why);
        *got += n;
        offset += n;
        if (n == 0) {
            break;
        }
    }
    if (rc == ERR_NOT_FOUND) {
        rc = fail(why, rc, "%s: nothing is stored at %" PRIu64, s->file, offset);
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

int store_compare(struct store *s, uint64_t offset, const void *bytes, size_t len, size_t *equal,
                  struct errmsg *why)
{
    const uint8_t *p = (const uint8_t *)bytes;
    uint8_t part[512];
    *equal = 0;
    while (*equal < len) {
        size_t want = len - *equal < sizeof part ? len - *equal : sizeof part;
        size_t got = 0;
        int rc = store_peek(s, offset + *equal, part, want, &got, why);
        if (rc != OK || got == 0) {
            return rc;
        }
        for (size_t i = 0; i < got; i++) {
            if (part[i] != p[*equal]) {
                return OK;
            }
            (*equal)++;
        }
    }
    return OK;
}
