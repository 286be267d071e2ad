/* SPDX-License-Identifier: Apache-2.0 */
/* A writer on a store beside a model of what the store must hold, whatever cuts its power.
 *
 * The model keeps each file's bytes, which offsets were verified boundaries, and what was
 * acknowledged: the last position that a flush, cut or release returned for. */
#ifndef TESTS_POWER_STORE_MODEL_H
#define TESTS_POWER_STORE_MODEL_H

#include "tests/unit/store_kit.h"

enum { MODEL_FILES = 64, MODEL_BYTES = 60000 };

struct model_file {
    uint8_t bytes[MODEL_BYTES];
    uint8_t boundary[MODEL_BYTES + 1]; /* 1: everything before was committed */
    uint64_t end;
};

struct model_pos {
    unsigned file; /* index; names are log.<index> */
    uint64_t offset;
};

struct model {
    struct flash *flash;
    struct store *s;
    struct model_file *files[MODEL_FILES];
    unsigned current; /* index of the file that is written, MODEL_FILES: none yet */
    bool complete;
    uint64_t commit;        /* last boundary in the current file, flushed or not */
    struct model_pos acked; /* file MODEL_FILES: nothing */
    struct model_pos released, releasing;
    uint64_t cutting; /* a store_cut() to this offset was under way; UINT64_MAX none */
    uint64_t random;
    unsigned steps;
    uint32_t segment_size;
};

static inline uint64_t model_random(struct model *m)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return m->random * 0x2545f4914f6cdd1dULL >> 20;
}

static inline const char *model_name(unsigned file, char buf[32])
{
    snprintf(buf, 32, "log.%06u", file + 1);
    return buf;
}

static inline int model_open(struct model *m, struct store_report *report, struct errmsg *why)
{
    struct store_options opt = {.segment_size = m->segment_size};
    return store_open(m->flash, &opt, &m->s, report, why);
}

static inline void model_init(struct model *m, struct flash *f, uint32_t segment_size,
                              uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->flash = f;
    m->current = m->acked.file = MODEL_FILES;
    m->cutting = UINT64_MAX;
    m->random = seed * 2 + 0x9e3779b97f4a7c15ULL;
    m->segment_size = segment_size;
}

static inline void model_free(struct model *m)
{
    store_close(m->s);
    for (size_t i = 0; i < MODEL_FILES; i++) {
        free(m->files[i]);
    }
}

/* ---- one step of the writer; each returns the store's error ---- */

static inline int model_begin(struct model *m, struct errmsg *why)
{
    char name[32];
    unsigned next = m->current == MODEL_FILES ? 0 : m->current + 1;
    if (next == MODEL_FILES) {
        return ERR_CANCELLED; /* enough */
    }
    if (m->files[next] == NULL) {
        m->files[next] = calloc(1, sizeof *m->files[next]);
    }
    m->files[next]->end = 0;
    memset(m->files[next]->boundary, 0, sizeof m->files[next]->boundary);
    m->files[next]->boundary[0] = 1;
    int rc = store_begin_file(m->s, "power", model_name(next, name), 0, why);
    if (rc == OK) {
        /* the file before was flushed on the way */
        if (m->current != MODEL_FILES) {
            m->acked = (struct model_pos){m->current, m->commit};
        }
        m->current = next;
        m->complete = false;
        m->commit = 0;
    }
    return rc;
}

/* The same place gets the same bytes in the same portions, as a source would send them again;
 * now and then others. */
static inline int model_append(struct model *m, struct errmsg *why)
{
    struct model_file *f = m->files[m->current];
    struct store_pos end;
    size_t n = 1 + (size_t)(kit_byte(m->current, f->end) * 13 + kit_byte(7, f->end)) % 2500;
    unsigned kind = model_random(m) % 8 == 0 ? 1000 + m->steps : m->current;
    if (f->end + n > MODEL_BYTES) {
        return OK;
    }
    kit_fill(f->bytes + f->end, kind, f->end, n);
    int rc = store_append(m->s, f->bytes + f->end, n, why);
    store_end(m->s, &end);
    memset(f->boundary + f->end + 1, 0, n);
    f->end = rc == OK ? f->end + n : end.offset;
    return rc;
}

static inline void model_commit(struct model *m)
{
    struct model_file *f = m->files[m->current];
    store_commit(m->s, 1 + m->steps);
    m->commit = f->end;
    f->boundary[f->end] = 1;
}

static inline int model_flush(struct model *m, struct errmsg *why)
{
    int rc = store_flush(m->s, why);
    if (rc == OK) {
        m->acked = (struct model_pos){m->current, m->commit};
    }
    return rc;
}

static inline int model_cut(struct model *m, uint64_t offset, struct errmsg *why)
{
    struct model_file *f = m->files[m->current];
    m->cutting = offset;
    int rc = store_cut(m->s, offset, why);
    if (rc == OK) {
        m->cutting = UINT64_MAX;
        f->end = offset;
        memset(f->boundary + offset + 1, 0, MODEL_BYTES - offset);
        if (m->commit >= offset) {
            m->commit = offset;
            f->boundary[offset] = 1;
        }
        if (m->acked.file == m->current && m->acked.offset > offset) {
            m->acked.offset = offset;
        }
        m->complete = false;
    } else if (rc != ERR_IO) {
        m->cutting = UINT64_MAX;
    }
    return rc;
}

static inline int model_release(struct model *m, struct errmsg *why)
{
    char name[32];
    if (m->acked.file == MODEL_FILES) {
        return OK;
    }
    /* Somewhere in what was acknowledged, more often near its end. */
    struct model_pos to = m->acked;
    if (model_random(m) % 3 != 0) {
        to.offset -= to.offset > 0 ? model_random(m) % (to.offset + 1) / 2 : 0;
    }
    if (to.file < m->released.file ||
        (to.file == m->released.file && to.offset < m->released.offset)) {
        return OK;
    }
    m->releasing = to;
    int rc = store_release(m->s, model_name(to.file, name), to.offset, NULL, why);
    if (rc == OK) {
        m->released = to;
    } else if (rc != ERR_IO) {
        m->releasing = m->released;
        rc = rc == ERR_FULL ? OK : rc; /* it freed nothing; a later one will */
    }
    return rc;
}

static inline int model_next_file(struct model *m, struct errmsg *why)
{
    int rc = OK;
    if (m->files[m->current]->end != m->commit) {
        model_commit(m);
    }
    if (model_random(m) % 2 == 0) {
        rc = store_end_file(m->s, why);
        m->complete = rc == OK;
    }
    return rc == OK ? model_begin(m, why) : rc;
}

static inline int model_step(struct model *m, struct errmsg *why)
{
    m->steps++;
    if (m->current == MODEL_FILES || m->complete) {
        return model_begin(m, why);
    }
    struct model_file *f = m->files[m->current];
    uint64_t dice = model_random(m) % 100;
    if (dice < 55) {
        return model_append(m, why);
    }
    if (dice < 65) {
        model_commit(m);
        return OK;
    }
    if (dice < 85) {
        model_commit(m);
        return model_flush(m, why);
    }
    if (dice < 88) {
        return model_flush(m, why);
    }
    if (dice < 91) {
        uint64_t low = m->released.file == m->current ? m->released.offset : 0;
        uint64_t to = dice == 88 ? m->commit : low + (f->end - low) / 2;
        return model_cut(m, to < low ? low : to, why);
    }
    if (dice < 94 || f->end > MODEL_BYTES - 3000) {
        return model_next_file(m, why);
    }
    return model_release(m, why);
}

/* Steps until the power is cut or `steps` are done; a full store is emptied and gone on with.
 * Returns OK or ERR_IO. */
static inline int model_run(struct model *m, unsigned steps, struct errmsg *why)
{
    for (unsigned i = 0; i < steps; i++) {
        int rc = model_step(m, why);
        if (rc == ERR_FULL) {
            rc = model_release(m, why);
        }
        if (rc == ERR_CANCELLED) {
            return OK;
        }
        if (rc == ERR_IO) {
            return rc;
        }
        if (rc != OK) {
            fail_msg("step %u: %s: %s", m->steps, err_name(rc), why->text);
        }
    }
    return OK;
}

/* ---- after a cut ---- */

static inline void model_report_finding(void *ctx, const struct store_finding *f)
{
    (void)ctx;
    print_error("finding: segment %llu at %llu: %s %s %llu-%llu\n", (unsigned long long)f->seq,
                (unsigned long long)f->device_offset, f->what, f->file,
                (unsigned long long)f->from, (unsigned long long)f->to);
}

static inline unsigned model_index(const char *name)
{
    return name[0] == '\0' ? MODEL_FILES : (unsigned)strtoul(name + 4, NULL, 10) - 1;
}

static inline void model_check_content(struct model *m, unsigned file, uint64_t from, uint64_t to)
{
    static uint8_t part[MODEL_BYTES];
    char name[32];
    size_t got = 0;
    if (from >= to) {
        return;
    }
    KIT_OK(store_read(m->s, model_name(file, name), from, part, (size_t)(to - from), &got, why));
    assert_int_equal(got, to - from);
    if (memcmp(part, m->files[file]->bytes + from, got) != 0) {
        uint64_t at = from;
        while (part[at - from] == m->files[file]->bytes[at]) {
            at++;
        }
        fail_msg("%s: wrong bytes from %llu on, in %llu to %llu", name, (unsigned long long)at,
                 (unsigned long long)from, (unsigned long long)to);
    }
}

/* Opens the store again and checks every promise; then the model is what the store is. */
static inline void model_recover(struct model *m)
{
    struct store_report report;
    struct store_verify_result verdict;
    struct store_state st;
    store_close(m->s);
    m->s = NULL;
    KIT_OK(model_open(m, &report, why));
    assert_int_equal(report.damaged, 0);
    KIT_OK(store_verify(m->s, model_report_finding, NULL, NULL, &verdict, why));
    assert_int_equal(verdict.findings, 0);
    store_get_state(m->s, &st);

    /* Nothing acknowledged is gone. */
    struct model_pos now = {model_index(st.committed.file), st.committed.offset};
    struct model_pos least = m->acked;
    if (m->cutting != UINT64_MAX && least.file == m->current && least.offset > m->cutting) {
        least.offset = m->cutting;
    }
    if (least.file != MODEL_FILES) {
        assert_int_not_equal(now.file, MODEL_FILES);
        if (now.file < least.file || (now.file == least.file && now.offset < least.offset)) {
            fail_msg("acknowledged %u:%llu, recovered %u:%llu", least.file,
                     (unsigned long long)least.offset, now.file, (unsigned long long)now.offset);
        }
    }
    /* The release is the acknowledged one, or the one under way. */
    struct model_pos rel = {st.released.file[0] != '\0' ? model_index(st.released.file) : 0,
                            st.released.offset};
    bool old = rel.file == m->released.file && rel.offset == m->released.offset;
    bool new = rel.file == m->releasing.file && rel.offset == m->releasing.offset;
    assert_true(old || new);
    m->released = m->releasing = rel;

    /* Only whole, verified portions are shown, and they are the right bytes. */
    if (now.file == MODEL_FILES) {
        m->current = MODEL_FILES;
    } else {
        struct model_file *f = m->files[now.file];
        assert_non_null(f);
        bool boundary = f->boundary[now.offset] == 1 || now.offset == m->cutting;
        assert_true(boundary);
        for (unsigned i = rel.file; i < now.file; i++) {
            model_check_content(m, i, i == rel.file ? rel.offset : 0, m->files[i]->end);
        }
        model_check_content(m, now.file, now.file == rel.file ? rel.offset : 0, now.offset);
        /* What lies behind, unverified, is a part of what was appended. */
        size_t equal = 0;
        assert_string_equal(st.end.file, st.committed.file);
        assert_true(st.end.offset <= MODEL_BYTES);
        size_t rest = (size_t)(st.end.offset - now.offset);
        KIT_OK(store_compare(m->s, now.offset, f->bytes + now.offset, rest, &equal, why));
        assert_int_equal(equal, rest);
        m->current = now.file;
        f->end = st.end.offset;
        f->boundary[now.offset] = 1;
        m->commit = now.offset;
        memset(f->boundary + now.offset + 1, 0, MODEL_BYTES - now.offset);
        struct store_file info = {.complete = false};
        for (size_t i = 0; store_file_at(m->s, i, &info, NULL) == OK; i++) {
        }
        m->complete = info.complete;
    }
    m->acked = now;
    m->cutting = UINT64_MAX;
}

#endif
