/* SPDX-License-Identifier: Apache-2.0 */
/* Releasing what was delivered, so that its segments may be written again. */
#include <inttypes.h>
#include <string.h>

#include "app/store/store_int.h"
#include "base/log.h"

/* The first segment that is still needed when everything before (fileno, offset) is released: the
 * newest one that starts at or before it. */
static uint64_t needed_from(const struct store *s, uint32_t fileno, uint64_t offset)
{
    for (uint64_t seq = s->newest; seq > s->first_live; seq--) {
        const struct slot *slot = slot_of(s, seq);
        if (slot_holds(s, seq) &&
            (slot->fileno < fileno || (slot->fileno == fileno && slot_start(slot) <= offset))) {
            return seq;
        }
    }
    return s->first_live;
}

static int check_position(struct store *s, const char *file, uint64_t offset, uint32_t *fileno,
                          struct errmsg *why)
{
    struct store_file info;
    int rc = file_find(s, file, fileno, why);
    if (rc == OK) {
        rc = file_info(s, *fileno, &info, why);
    }
    if (rc != OK) {
        return rc;
    }
    if (*fileno > s->committed_fileno ||
        (*fileno == s->committed_fileno && offset > s->committed.offset)) {
        return fail(why, ERR_INVALID,
                    "%s:%" PRIu64 " cannot be released: only what is before %s:%" PRIu64
                    " is verified and on flash",
                    file, offset, s->committed.file, s->committed.offset);
    }
    if (offset > info.to) {
        return fail(why, ERR_NOT_FOUND, "%s is stored from %" PRIu64 " to %" PRIu64
                    "; %" PRIu64 " is not in it", file, info.from, info.to, offset);
    }
    return OK;
}

/* Nothing in a released segment is void for a reader any more. */
static void forget_cuts(struct store *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->cut_count; i++) {
        if (s->cuts[i].seq >= s->first_live) {
            s->cuts[kept++] = s->cuts[i];
        }
    }
    s->cut_count = kept;
}

static int release(struct store *s, uint32_t fileno, const char *file, uint64_t offset,
                   uint32_t *freed, struct errmsg *why)
{
    const uint32_t old_fileno = s->released_fileno;
    const struct store_pos old_released = s->released;
    const uint64_t old_first = s->first_live;
    struct frame_names names = {.first_live = needed_from(s, fileno, offset), .fileno = fileno};
    memcpy(names.file, file, strlen(file) + 1);

    uint64_t gain = names.first_live - s->first_live;
    bool fits = s->newest > 0 && !s->sealed && !s->must_roll &&
                s->seal_at - s->tail >=
                    round_up(FRAME_HEADER + 14 + strlen(file), s->super.align);
    if (!fits && gain == 0 && s->newest - s->first_live + 2 > s->super.slots - 1) {
        return fail(why, ERR_FULL,
                    "%s: the store is full and releasing up to %s:%" PRIu64
                    " frees no segment: there is no room to record it; release more",
                    s->flash->name, file, offset);
    }
    /* Should a new segment be opened for it, its header carries the release already. */
    s->released_fileno = fileno;
    s->released.offset = offset;
    memcpy(s->released.file, names.file, sizeof s->released.file);
    uint64_t newest = s->newest;
    int rc = OK;
    if (fits) {
        rc = seg_meta(s, FRAME_RELEASE, offset, NO_BOUNDARY, &names, true, why);
    } else {
        s->first_live = names.first_live;
        /* The slot to be opened must not be one that only this very release frees. */
        uint64_t held = s->newest - old_first + 1;
        rc = held < s->super.slots
                 ? seg_room(s, FRAME_HEADER + NAMES_MAX, true, why)
                 : fail(why, ERR_FULL, "%s: no slot is left to record a release", s->flash->name);
    }
    if (rc == OK) {
        s->first_live = names.first_live;
        s->unsynced = true;
        rc = seg_sync(s, why);
    }
    if (rc != OK) {
        if (newest == s->newest) {
            s->released_fileno = old_fileno;
            s->released = old_released;
            s->first_live = old_first;
        }
        return rc;
    }
    *freed = (uint32_t)gain;
    if (gain > 0) {
        s->full = false;
        forget_cuts(s);
        rc = first_refresh(s, why);
        log_info("store", "%s: %" PRIu64 " segments released, up to %s:%" PRIu64, s->flash->name,
                 gain, file, offset);
    }
    return rc;
}

int store_release(struct store *s, const char *file, uint64_t offset, uint32_t *freed,
                  struct errmsg *why)
{
    uint32_t fileno = 0, count = 0;
    pthread_mutex_lock(&s->lock);
    /* The released file itself may be gone altogether. */
    bool before = s->released_fileno != 0 && strcmp(file, s->released.file) == 0 &&
                  offset <= s->released.offset;
    int rc = before ? OK : check_position(s, file, offset, &fileno, why);
    before = before || (rc == OK && fileno < s->released_fileno);
    if (rc == OK && !before) {
        rc = release(s, fileno, file, offset, &count, why);
    }
    pthread_mutex_unlock(&s->lock);
    if (freed != NULL) {
        *freed = count;
    }
    return rc;
}
