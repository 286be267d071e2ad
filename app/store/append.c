/* SPDX-License-Identifier: Apache-2.0 */
/* The append path: files, content, boundaries, flush, cut. */
#include <inttypes.h>
#include <string.h>

#include "app/store/store_int.h"
#include "base/log.h"

/* `fill` is read by other threads for the state only; the lock-free writer publishes it so. */
static void set_fill(struct store *s, size_t fill)
{
    __atomic_store_n(&s->fill, fill, __ATOMIC_RELAXED);
}

/* Programs what is buffered, in as many frames as the segments' ends demand. With `bare` also a
 * boundary without content. On ERR_FULL the rest stays buffered. */
static int push(struct store *s, bool bare, struct errmsg *why)
{
    while (s->fill > 0 || (bare && s->commit_set)) {
        int rc = seg_room(s, FRAME_HEADER + 1, false, why);
        if (rc != OK) {
            return rc;
        }
        size_t n = s->seal_at - s->tail - FRAME_HEADER;
        n = s->fill < n ? s->fill : n;
        bool boundary = s->commit_set && s->commit_fill <= n;
        struct frame f = {.type = FRAME_DATA,
                          .len = (uint32_t)n,
                          .boundary = boundary ? (uint32_t)s->commit_fill : NO_BOUNDARY,
                          .offset = s->end,
                          .time = boundary ? s->commit_time : 0};
        rc = seg_frame(s, s->buf + s->start, &f, why);
        if (rc != OK) {
            return rc;
        }
        if (boundary) {
            s->boundary = s->end + s->commit_fill;
            s->boundary_time = s->commit_time;
            s->commit_set = false;
        } else if (s->commit_set) {
            s->commit_fill -= n;
        }
        s->end += n;
        s->total += n;
        s->seg_content += n;
        s->start += n;
        set_fill(s, s->fill - n);
    }
    s->start = 0;
    return OK;
}

static size_t room_left(const struct store *s)
{
    return s->frame_max - FRAME_HEADER - s->start - s->fill;
}

uint8_t *store_reserve(struct store *s, size_t *room, int *err, struct errmsg *why)
{
    *room = 0;
    if (s->fileno == 0 || s->complete) {
        *err = fail(why, ERR_INVALID, "%s: no file was begun", s->flash->name);
        return NULL;
    }
    *err = OK;
    if (room_left(s) == 0) {
        pthread_mutex_lock(&s->lock);
        *err = push(s, false, why);
        pthread_mutex_unlock(&s->lock);
        if (*err != OK && room_left(s) == 0) {
            return NULL;
        }
        *err = OK;
    }
    *room = room_left(s);
    return s->buf + s->start + FRAME_HEADER + s->fill;
}

void store_advance(struct store *s, size_t used)
{
    set_fill(s, s->fill + used);
}

int store_append(struct store *s, const void *bytes, size_t len, struct errmsg *why)
{
    const uint8_t *p = (const uint8_t *)bytes;
    while (len > 0) {
        size_t room;
        int rc;
        uint8_t *to = store_reserve(s, &room, &rc, why);
        if (to == NULL) {
            return rc;
        }
        size_t n = len < room ? len : room;
        memcpy(to, p, n);
        store_advance(s, n);
        p += n;
        len -= n;
    }
    return OK;
}

void store_commit(struct store *s, uint32_t time_s)
{
    if (s->fileno == 0 || s->complete) {
        return;
    }
    s->commit_set = s->fill > 0 || s->boundary != s->end;
    s->commit_fill = s->fill;
    s->commit_time = time_s;
}

void store_end(struct store *s, struct store_pos *end)
{
    memcpy(end->file, s->file, sizeof end->file);
    end->offset = s->end + s->fill;
}

int store_flush(struct store *s, struct errmsg *why)
{
    pthread_mutex_lock(&s->lock);
    int rc = push(s, true, why);
    if (rc == OK || rc == ERR_FULL) {
        int synced = seg_sync(s, rc == OK ? why : NULL);
        rc = rc == OK ? synced : rc;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

/* May the current file be left? Bytes that nobody verified must not stay behind in it. */
static int check_settled(const struct store *s, struct errmsg *why)
{
    uint64_t end = s->end + s->fill;
    uint64_t boundary = s->commit_set ? s->end + s->commit_fill : s->boundary;
    if (s->fileno != 0 && boundary != end) {
        return fail(why, ERR_INVALID,
                    "%s: bytes %" PRIu64 " to %" PRIu64 " were appended but not verified; commit "
                    "or cut them before another file begins",
                    s->file, boundary, end);
    }
    return OK;
}

int store_begin_file(struct store *s, const char *source, const char *name, uint64_t offset,
                     struct errmsg *why)
{
    size_t name_len = strlen(name);
    if (name_len == 0 || name_len > STORE_NAME_MAX || strlen(source) > STORE_SOURCE_MAX ||
        offset > OFFSET_MAX) {
        return fail(why, ERR_INVALID,
                    "a file's name must have 1 to %d bytes, its source at most %d",
                    STORE_NAME_MAX, STORE_SOURCE_MAX);
    }
    if (s->fileno != 0 && !s->complete && strcmp(name, s->file) == 0 &&
        strcmp(source, s->source) == 0) {
        uint64_t end = s->end + s->fill;
        if (offset == end) {
            return OK;
        }
        return fail(why, offset > end ? ERR_GAP : ERR_INVALID,
                    "%s is stored up to %" PRIu64 "; it cannot go on at %" PRIu64, name, end,
                    offset);
    }
    pthread_mutex_lock(&s->lock);
    int rc = check_settled(s, why);
    if (rc == OK) {
        rc = push(s, true, why);
    }
    if (rc == OK) {
        rc = seg_sync(s, why);
    }
    struct frame_names names = {.fileno = s->fileno + 1};
    memcpy(names.file, name, name_len + 1);
    memcpy(names.source, source, strlen(source) + 1);
    if (rc == OK) {
        /* Room first: a header that opens a segment must still speak of the file before. */
        rc = seg_room(s, FRAME_HEADER + NAMES_MAX, false, why);
    }
    if (rc == OK) {
        s->fileno++; /* the frame carries the new number already */
        rc = seg_meta(s, FRAME_FILE, offset, NO_BOUNDARY, &names, false, why);
        if (rc != OK) {
            s->fileno--;
        }
    }
    if (rc == OK) {
        memcpy(s->file, names.file, sizeof s->file);
        memcpy(s->source, names.source, sizeof s->source);
        s->end = s->boundary = offset;
        s->boundary_time = 0;
        s->complete = false;
        s->commit_set = false;
        if (s->first_fileno == s->fileno) {
            memcpy(s->first.file, s->file, sizeof s->first.file);
            s->first.offset = offset;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

int store_end_file(struct store *s, struct errmsg *why)
{
    if (s->fileno == 0) {
        return fail(why, ERR_INVALID, "%s: no file was begun", s->flash->name);
    }
    if (s->complete) {
        return OK;
    }
    pthread_mutex_lock(&s->lock);
    int rc = check_settled(s, why);
    if (rc == OK) {
        rc = push(s, true, why);
    }
    if (rc == OK) {
        rc = seg_meta(s, FRAME_END, s->end, NO_BOUNDARY, NULL, false, why);
    }
    if (rc == OK) {
        s->complete = true;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

int add_cut(struct store *s, uint32_t fileno, uint64_t offset, uint64_t seq, uint32_t at,
            struct errmsg *why)
{
    if (s->cut_count == CONFIG_STORE_CUTS_MAX) {
        return fail(why, ERR_FULL,
                    "%s: %d cuts are remembered, no more fit; release what was delivered "
                    "(CONFIG_STORE_CUTS_MAX)",
                    s->flash->name, CONFIG_STORE_CUTS_MAX);
    }
    s->cuts[s->cut_count++] =
        (struct cut){.seq = seq, .offset = offset, .fileno = fileno, .at = at};
    return OK;
}

/* The void bytes are all still in the buffer: nothing on the device knows of them. */
static void cut_buffer(struct store *s, uint64_t offset)
{
    set_fill(s, (size_t)(offset - s->end));
    if (s->commit_set && s->commit_fill > s->fill) {
        s->commit_fill = s->fill;
    }
}

int store_cut(struct store *s, uint64_t offset, struct errmsg *why)
{
    if (s->fileno == 0 || offset > s->end + s->fill) {
        return fail(why, ERR_INVALID, "%s: nothing is stored at %" PRIu64 " that could be cut",
                    s->fileno == 0 ? s->flash->name : s->file, offset);
    }
    if (offset >= s->end && !s->complete) {
        pthread_mutex_lock(&s->lock);
        cut_buffer(s, offset);
        pthread_mutex_unlock(&s->lock);
        return OK;
    }
    pthread_mutex_lock(&s->lock);
    int rc = OK;
    uint64_t begin = 0;
    if (s->released_fileno > s->fileno ||
        (s->released_fileno == s->fileno && offset < s->released.offset)) {
        rc = fail(why, ERR_INVALID,
                  "%s: was delivered up to %" PRIu64 "; it cannot be cut at %" PRIu64, s->file,
                  s->released.offset, offset);
    }
    if (rc == OK && s->cut_count == CONFIG_STORE_CUTS_MAX) {
        rc = add_cut(s, s->fileno, offset, 0, 0, why);
    }
    struct store_file info;
    if (rc == OK) {
        rc = file_info(s, s->fileno, &info, why);
        begin = info.from;
    }
    if (rc == OK && offset < begin) {
        rc = fail(why, ERR_INVALID, "%s: begins at %" PRIu64 "; it cannot be cut at %" PRIu64,
                  s->file, begin, offset);
    }
    if (rc == OK) {
        rc = seg_room(s, FRAME_HEADER, false, why);
    }
    if (rc == OK) {
        /* A commit that was not flushed yet covers everything before the cut. */
        bool verified = s->commit_set || s->boundary >= offset;
        uint64_t old_end = s->end;
        uint32_t at = s->tail;
        if (s->commit_set) {
            s->boundary_time = s->commit_time;
        }
        rc = seg_meta(s, FRAME_CUT, offset, verified ? 0 : NO_BOUNDARY, NULL, false, why);
        if (rc == OK) {
            rc = add_cut(s, s->fileno, offset, s->newest, at, why);
        }
        if (rc == OK) {
            s->has_cut = true;
            s->end = offset;
            s->boundary = verified ? offset : s->boundary;
            s->complete = false;
            s->commit_set = false;
            s->start = 0;
            set_fill(s, 0);
            read_forget(s);
            rc = seg_sync(s, why);
            log_warn("store", "%s: bytes %" PRIu64 " to %" PRIu64 " are void", s->file, offset,
                     old_end);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}
