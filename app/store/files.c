/* SPDX-License-Identifier: Apache-2.0 */
/* The files in a store: their names, their extent, whether they are whole. */
#include <inttypes.h>
#include <string.h>

#include "app/store/store_int.h"

int find_file_frame(struct store *s, uint64_t seq, uint32_t fileno, struct walk *end,
                    struct frame *f, struct errmsg *why)
{
    struct seg_header h;
    struct walk w;
    int rc = walk_open(s, &w, seq, &h, why);
    *end = (struct walk){.seq = seq};
    if (rc != OK) {
        return rc == ERR_CORRUPT ? 0 : rc;
    }
    for (;;) {
        *end = w;
        rc = walk_peek(s, &w, f, why);
        if (rc == 0) {
            rc = walk_ends(s, &w, why);
            if (rc == 1) {
                return 0;
            }
            end->gap = true;
            rc = rc == 0 ? walk_resync(s, &w, f, why) : rc;
            if (rc <= 0) {
                return rc;
            }
        }
        if (rc < 0) {
            return rc;
        }
        struct walk at = w;
        walk_apply(s, &w, f);
        if (w.fileno >= fileno) {
            if (f->type != FRAME_FILE || w.fileno != fileno) {
                return 0; /* its FILE frame is damaged */
            }
            return walk_load(s, &at, f, why);
        }
    }
}

/* The first live segment whose header names the file, and the last one that starts before it (0:
 * the file begins before everything that is live). */
static void find_extent(const struct store *s, uint32_t fileno, uint64_t *named, uint64_t *before,
                        uint64_t *after)
{
    *named = *before = *after = 0;
    for (uint64_t seq = s->first_live; seq <= s->newest; seq++) {
        if (!slot_holds(s, seq)) {
            continue;
        }
        uint32_t n = slot_of(s, seq)->fileno;
        if (n < fileno) {
            *before = seq;
        } else if (n == fileno && *named == 0) {
            *named = seq;
        } else if (n > fileno) {
            *after = seq;
            return;
        }
    }
}

static int begin_of(struct store *s, uint32_t fileno, uint64_t named, uint64_t before,
                    struct store_file *out, struct errmsg *why)
{
    struct frame_names names;
    struct seg_header h;
    struct walk w;
    struct frame f;
    if (before != 0) {
        out->first_seq = before;
        int rc = find_file_frame(s, before, fileno, &w, &f, why);
        if (rc < 0) {
            return rc;
        }
        if (rc == 1 && file_parse(&names, s->rbuf + FRAME_HEADER, f.len)) {
            memcpy(out->name, names.file, sizeof out->name);
            memcpy(out->source, names.source, sizeof out->source);
            out->from = f.offset;
            return OK;
        }
        out->damaged = true;
    }
    if (named != 0) {
        int rc = seg_header_read(s, named, &h, why);
        if (rc == OK) {
            memcpy(out->name, h.file, sizeof out->name);
            memcpy(out->source, h.source, sizeof out->source);
            out->from = h.offset;
        } else if (rc != ERR_CORRUPT) {
            return rc;
        }
    } else if (fileno == s->fileno) {
        memcpy(out->name, s->file, sizeof out->name);
        memcpy(out->source, s->source, sizeof out->source);
    } else if (fileno == s->released_fileno) {
        memcpy(out->name, s->released.file, sizeof out->name);
    }
    uint64_t first = before != 0 ? before + 1 : s->first_live;
    out->first_seq = before != 0 ? before : named != 0 ? named : first;
    if (first <= s->newest && !slot_holds(s, first)) {
        struct hole hole;
        uint64_t from, to;
        hole_find(s, first, &hole);
        out->damaged = true;
        out->first_seq = before != 0 ? before : first;
        if (hole_part(&hole, fileno, &from, &to)) {
            out->from = from;
        }
    }
    return OK;
}

/* The file's last segments are lost, behind `held`. */
static int end_in_hole(struct store *s, uint32_t fileno, uint64_t held, struct store_file *out,
                       struct errmsg *why)
{
    struct walk w = {0};
    struct frame f;
    struct hole hole;
    uint64_t from, to;
    int rc = slot_holds(s, held) ? find_file_frame(s, held, fileno + 1, &w, &f, why) : 0;
    if (rc < 0) {
        return rc;
    }
    if (w.fileno == fileno && (rc == 1 || w.complete)) {
        /* It ended before the hole. */
        out->last_seq = held;
        out->to = w.offset;
        out->complete = w.complete;
        out->damaged = out->damaged || w.gap;
        return OK;
    }
    hole_find(s, out->last_seq, &hole);
    out->damaged = true;
    if (hole_part(&hole, fileno, &from, &to)) {
        out->to = to;
    }
    return OK;
}

static int end_of(struct store *s, uint32_t fileno, uint64_t after, struct store_file *out,
                  struct errmsg *why)
{
    struct walk w;
    struct frame f;
    if (fileno == s->fileno) {
        out->last_seq = s->newest;
        out->to = s->committed_fileno == fileno ? s->committed.offset : out->from;
        out->complete = s->complete;
        return OK;
    }
    uint64_t held = out->last_seq = after != 0 ? after - 1 : s->newest;
    while (held > s->first_live && !slot_holds(s, held)) {
        held--;
    }
    if (held != out->last_seq || !slot_holds(s, held)) {
        return end_in_hole(s, fileno, held, out, why);
    }
    int rc = find_file_frame(s, out->last_seq, fileno + 1, &w, &f, why);
    if (rc < 0) {
        return rc;
    }
    if (rc == 0 || w.gap) {
        out->damaged = true;
    }
    out->to = w.fileno == fileno && w.offset > out->from ? w.offset : out->from;
    out->complete = w.fileno == fileno && w.complete;
    return OK;
}

int file_info(struct store *s, uint32_t fileno, struct store_file *out, struct errmsg *why)
{
    uint64_t named, before, after;
    memset(out, 0, sizeof *out);
    find_extent(s, fileno, &named, &before, &after);
    int rc = begin_of(s, fileno, named, before, out, why);
    for (size_t i = 0; i < s->cut_count; i++) {
        if (s->cuts[i].fileno == fileno && s->cuts[i].offset < out->from) {
            out->from = s->cuts[i].offset;
        }
    }
    if (rc == OK) {
        rc = end_of(s, fileno, after, out, why);
        out->to = out->to > out->from ? out->to : out->from;
    }
    for (uint64_t seq = out->first_seq; rc == OK && seq <= out->last_seq && seq > 0; seq++) {
        out->damaged = out->damaged || !slot_holds(s, seq);
    }
    for (size_t i = 0; i < s->note_count; i++) {
        out->damaged = out->damaged || s->notes[i].fileno == fileno;
    }
    return rc;
}

int file_find(struct store *s, const char *name, uint32_t *fileno, struct errmsg *why)
{
    struct seg_header h;
    struct store_file info;
    for (uint32_t n = s->fileno; n >= s->first_fileno && n > 0; n--) {
        const char *found = info.name;
        if (n == s->fileno) {
            found = s->file;
        } else {
            uint64_t named, before, after;
            find_extent(s, n, &named, &before, &after);
            int rc = OK;
            if (named != 0 && seg_header_read(s, named, &h, why) == OK) {
                found = h.file;
            } else {
                memset(&info, 0, sizeof info);
                rc = begin_of(s, n, named, before, &info, why);
            }
            if (rc != OK) {
                return rc;
            }
        }
        if (strcmp(found, name) == 0) {
            *fileno = n;
            return OK;
        }
    }
    return fail(why, ERR_NOT_FOUND, "%s: no file %s is stored", s->flash->name, name);
}

int store_file_at(struct store *s, size_t index, struct store_file *out, struct errmsg *why)
{
    int rc = OK;
    pthread_mutex_lock(&s->lock);
    if (index > UINT32_MAX || s->first_fileno > s->fileno ||
        index > s->fileno - s->first_fileno) {
        rc = fail(why, ERR_NOT_FOUND, "%s: there is no file number %zu", s->flash->name, index);
    } else {
        rc = file_info(s, s->first_fileno + (uint32_t)index, out, why);
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

int first_refresh(struct store *s, struct errmsg *why)
{
    struct seg_header h;
    struct store_file info;
    s->first_fileno = 1;
    s->first_total = 0;
    for (uint64_t seq = s->first_live; seq <= s->newest; seq++) {
        if (!slot_holds(s, seq)) {
            continue;
        }
        int rc = seg_header_read(s, seq, &h, why);
        if (rc == ERR_CORRUPT) {
            continue;
        }
        if (rc != OK) {
            return rc;
        }
        if (seq > s->first_live) {
            /* What was before it is lost, and listed as far as it is known. */
            s->first_fileno = s->released_fileno != 0 ? s->released_fileno : 1;
            s->first_total = h.total;
            break;
        }
        bool goes_on = (h.flags & FILE_CURRENT) != 0 && (h.flags & FILE_COMPLETE) == 0;
        s->first_fileno = goes_on ? h.fileno : h.fileno + 1;
        s->first_total = h.total;
        break;
    }
    if (s->first_fileno > s->fileno) {
        return OK;
    }
    int rc = file_info(s, s->first_fileno, &info, why);
    if (rc == OK) {
        memcpy(s->first.file, info.name, sizeof s->first.file);
        s->first.offset = info.from;
    }
    return rc;
}
