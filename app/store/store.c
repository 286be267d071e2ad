/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a store, and the picture of its state. */
#include "app/store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/store/store_int.h"

static int allocate(struct store *s, struct errmsg *why)
{
    uint32_t align = s->super.align;
    s->base = 2 * (uint64_t)s->super.erase_size;
    s->hdr_area = (uint32_t)round_up(HEADER_SIZE, align);
    s->seal_area = (uint32_t)round_up(SEAL_SIZE, align);
    s->seal_at = s->super.segment_size - s->seal_area;
    s->frame_max = s->super.frame_size;
    s->meta_size = s->hdr_area;
    s->slots = calloc(s->super.slots, sizeof s->slots[0]);
    s->buf = malloc(s->frame_max + align);
    s->rbuf = malloc(s->frame_max);
    s->meta = malloc(s->meta_size);
    if (s->slots == NULL || s->buf == NULL || s->rbuf == NULL || s->meta == NULL) {
        return fail(why, ERR_NOMEM, "%s: no memory for the store's buffers and index (%" PRIu32
                    " segments)", s->flash->name, s->super.slots);
    }
    return OK;
}

static void summarize(const struct store *s, struct store_report *r)
{
    size_t size = sizeof r->summary;
    int n;
    if (s->newest == 0) {
        n = snprintf(r->summary, size, "%s: %s store of %" PRIu32 " segments of %" PRIu32 " KiB",
                     s->flash->name, r->formatted ? "formatted, empty" : "empty", s->super.slots,
                     s->super.segment_size / 1024);
    } else {
        n = snprintf(r->summary, size, "%.60s: segments %" PRIu64 " to %" PRIu64 " of %" PRIu32
                     ", stored up to %.80s:%" PRIu64, s->flash->name, s->first_live, s->newest,
                     s->super.slots, s->file, s->boundary);
    }
    if (n > 0 && (size_t)n < size && r->torn_bytes > 0) {
        n += snprintf(r->summary + n, size - (size_t)n, "; an unfinished tail was cut");
    }
    if (n > 0 && (size_t)n < size && r->damaged > 0) {
        snprintf(r->summary + n, size - (size_t)n, "; DAMAGED in %" PRIu64 " places", r->damaged);
    }
}

int store_open(struct flash *f, const struct store_options *opt, struct store **out,
               struct store_report *report, struct errmsg *why)
{
    static const struct store_options defaults;
    struct store_report unused;
    opt = opt != NULL ? opt : &defaults;
    report = report != NULL ? report : &unused;
    memset(report, 0, sizeof *report);
    *out = NULL;

    struct store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return fail(why, ERR_NOMEM, "%s: no memory to open the store", f->name);
    }
    s->flash = f;
    s->read_only = opt->read_only || f->read_only;
    s->no_digest = opt->no_digest;
    pthread_mutex_init(&s->lock, NULL);
    struct store_options use = *opt;
    use.read_only = s->read_only;
    int rc = super_open(f, &use, &s->super, &report->formatted, why);
    if (rc == OK) {
        rc = allocate(s, why);
    }
    if (rc == OK) {
        rc = recover(s, report, why);
    }
    if (rc != OK) {
        store_close(s);
        return rc;
    }
    summarize(s, report);
    *out = s;
    return OK;
}

void store_close(struct store *s)
{
    if (s == NULL) {
        return;
    }
    pthread_mutex_destroy(&s->lock);
    free(s->slots);
    free(s->buf);
    free(s->rbuf);
    free(s->meta);
    free(s);
}

/* Content bytes of a segment full of the longest frames. */
static uint64_t segment_content(const struct store *s)
{
    uint64_t room = s->seal_at - s->hdr_area;
    return room - (room + s->frame_max - 1) / s->frame_max * FRAME_HEADER;
}

void store_get_state(struct store *s, struct store_state *st)
{
    pthread_mutex_lock(&s->lock);
    memset(st, 0, sizeof *st);
    uint64_t used = s->newest == 0 ? 0 : s->newest - s->first_live + 1;
    uint64_t usable = s->super.slots - 1;
    memcpy(st->uuid, s->super.uuid, sizeof st->uuid);
    st->segment_size = s->super.segment_size;
    st->segments = s->super.slots;
    st->segments_used = (uint32_t)used;
    st->segments_free = used < usable ? (uint32_t)(usable - used) : 0;
    st->capacity_bytes = usable * segment_content(s);
    st->content_bytes = s->total > s->first_total ? s->total - s->first_total : 0;
    st->free_bytes = st->segments_free * segment_content(s);
    if (s->newest > 0 && !s->sealed && !s->must_roll && s->seal_at - s->tail > FRAME_HEADER) {
        st->free_bytes += s->seal_at - s->tail - FRAME_HEADER;
    }
    st->sealed = s->newest == 0 ? 0 : s->newest - (s->sealed ? 0 : 1);
    st->full = s->full;
    memcpy(st->source, s->source, sizeof st->source);
    st->committed = s->committed;
    st->time_s = s->committed_time;
    memcpy(st->end.file, s->file, sizeof st->end.file);
    st->end.offset = s->end + __atomic_load_n(&s->fill, __ATOMIC_RELAXED);
    st->released = s->released;
    st->first = s->first_fileno <= s->fileno ? s->first : s->committed;
    pthread_mutex_unlock(&s->lock);
}
