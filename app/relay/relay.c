/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's thread: log in, stream, flush, and try again as the table of failures says. */
#include "app/relay/relay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/relay/failure.h"
#include "app/relay/relay_internal.h"
#include "base/log.h"
#include "base/now.h"
#include "drivers/clock/clock.h"
#include "drivers/tls/tls.h"

/* A flush (program + sync) is due when this much waits, or when it waits this long, or when the
 * source has nothing more to send. */
#define FLUSH_BYTES (4u << 20)
#define FLUSH_MS 200
#define IDLE_GROUP_MS 5 /* how long a pause of the source must be to count as one */

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MOST_MS 60000
#define BOUNDED_TRIES 5
#define FULL_POLL_MS 500
#define RATE_WINDOW_MS 2000
/* musl's default of 128 KiB is tight for a TLS handshake that verifies a chain of RSA-4096. */
#define THREAD_STACK (192 * 1024)

static const char *const phase_names[] = {
    [RELAY_IDLE] = "idle",       [RELAY_CONNECTING] = "connecting", [RELAY_STREAMING] = "streaming",
    [RELAY_WAITING] = "waiting", [RELAY_FULL] = "full",             [RELAY_STOPPED] = "stopped",
    [RELAY_FAILED] = "failed",
};

const char *relay_phase_name(enum relay_phase phase)
{
    return (size_t)phase < sizeof phase_names / sizeof phase_names[0] ? phase_names[phase] : "?";
}

void relay_error_label(int code, const char *class, char *buf, size_t size)
{
    if (code != 0) {
        snprintf(buf, size, "%d %s", code, class);
    } else {
        snprintf(buf, size, "%s", class);
    }
}

void relay_sleep_ms(struct relay *r, int64_t ms)
{
    struct timespec until;
    int64_t at = now_monotonic_ms() + ms;
    until.tv_sec = (time_t)(at / 1000);
    until.tv_nsec = (long)(at % 1000) * 1000000;
    pthread_mutex_lock(&r->lock);
    while (!atomic_load(&r->stop) && now_monotonic_ms() < at) {
        pthread_cond_timedwait(&r->changed, &r->lock, &until);
    }
    pthread_mutex_unlock(&r->lock);
}

static void set_phase(struct relay *r, enum relay_phase phase)
{
    pthread_mutex_lock(&r->lock);
    r->status.phase = phase;
    if (phase != RELAY_STREAMING) {
        r->status.caught_up = false;
    }
    pthread_mutex_unlock(&r->lock);
}

/* Copies the pump's counters and the store's flushed end into the status. */
static void publish(struct relay *r)
{
    struct store_state state;
    store_get_state(r->store, &state);
    int64_t now = now_monotonic_ms();
    pthread_mutex_lock(&r->lock);
    struct relay_status *s = &r->status;
    if (state.committed.file[0] != '\0') {
        s->stored = state.committed;
    }
    s->bytes = r->pump.bytes;
    s->events = r->pump.events;
    s->files = r->pump.files;
    s->last_event_s = r->pump.last_event_s;
    s->crc_errors = (uint32_t)r->pump.crc_errors;
    if (now - r->rate_since_ms >= RATE_WINDOW_MS) {
        s->rate = (r->pump.bytes - r->rate_bytes) * 1000 / (uint64_t)(now - r->rate_since_ms);
        r->rate_since_ms = now;
        r->rate_bytes = r->pump.bytes;
    }
    pthread_mutex_unlock(&r->lock);
}

/* The store is full: say so once, keep the connection, look again every half second. */
static bool wait_for_room(void *ctx)
{
    struct relay *r = ctx;
    pthread_mutex_lock(&r->lock);
    bool first = r->status.phase != RELAY_FULL;
    r->status.phase = RELAY_FULL;
    r->status.caught_up = false;
    pthread_mutex_unlock(&r->lock);
    if (first) {
        log_error("relay",
                  "flash is full: the intake stands still. Release what was delivered with "
                  "`store purge FILE`, before the source purges what comes next");
    }
    publish(r);
    relay_sleep_ms(r, FULL_POLL_MS);
    struct store_state state;
    store_get_state(r->store, &state);
    if (state.segments_free > 0) {
        set_phase(r, RELAY_STREAMING);
        log_info("relay", "room again: the intake goes on");
    }
    return !atomic_load(&r->stop);
}

/* Everything committed so far becomes durable; a full store is waited for. */
static int flush(struct relay *r, struct errmsg *why)
{
    int err = OK;
    while ((err = store_flush(r->store, why)) == ERR_FULL) {
        if (!wait_for_room(r)) {
            return ERR_CANCELLED;
        }
    }
    if (err == OK) {
        r->pump.dirty = 0;
        r->dirty_since_ms = 0;
        publish(r);
    }
    return err;
}

static ssize_t read_source(void *ctx, void *buf, size_t len)
{
    struct relay *r = ctx;
    return db_read_some(r->db, buf, len, &r->db_error);
}

/* Where the dump begins; *fresh when the store holds nothing yet. */
static int find_start(struct relay *r, struct store_pos *from, bool *fresh)
{
    struct store_state state;
    store_get_state(r->store, &state);
    *fresh = state.end.file[0] == '\0';
    if (!*fresh) {
        /* What this run gave to the store and has not flushed yet counts, too. */
        *from = r->pump.settled.file[0] != '\0' ? r->pump.settled : state.committed;
        return OK;
    }
    switch (r->cfg->relay.start) {
    case START_LATEST:
        return source_position(r->db, from, &r->db_error);
    case START_POSITION:
        snprintf(from->file, sizeof from->file, "%s", r->cfg->relay.start_file);
        from->offset = r->cfg->relay.start_pos;
        return OK;
    case START_EARLIEST:
        break;
    }
    return source_first_file(r->db, from, &r->db_error);
}

static int check_same_source(struct relay *r, struct errmsg *why)
{
    struct store_state state;
    store_get_state(r->store, &state);
    if (state.source[0] != '\0' && strcmp(state.source, r->facts.identity) != 0) {
        return fail(why, ERR_FOREIGN, "the store holds the binlog of %s, but %s:%u is %s",
                    state.source, r->cfg->source.host, r->cfg->source.port, r->facts.identity);
    }
    return OK;
}

static int from_db(struct relay *r, int err, struct errmsg *why)
{
    return err == OK ? OK : fail(why, err, "%s", r->db_error.text);
}

/* A box without a clock chip learns the time from its source when no time server told it. */
static void take_clock(const struct source_facts *facts)
{
    struct errmsg why;
    if (!clock_known() && clock_set_from_source(facts->clock_s, &why) != OK) {
        log_warn("clock", "%s", why.text);
    }
}

static int connect_source(struct relay *r, struct errmsg *why)
{
    struct db_target target;
    struct store_state state;
    struct store_pos from = {.file = ""};
    bool fresh = false;

    set_phase(r, RELAY_CONNECTING);
    memset(&r->db_error, 0, sizeof r->db_error);
    store_get_state(r->store, &state);
    /* A source without events sends a heartbeat; two missed ones and some patience mean that the
     * link is dead. */
    source_target(r->cfg, &r->stop, 2 * r->cfg->relay.heartbeat_s + r->cfg->source.timeout_s,
                  &target);
    tls_set_clock_known(clock_known());
    int err = from_db(r, db_open(&target, &r->db, &r->db_error), why);
    if (err == OK) {
        err = from_db(r, source_login(r->db, r->cfg, state.uuid, &r->facts, &r->db_error), why);
    }
    if (err == OK) {
        take_clock(&r->facts);
        err = check_same_source(r, why);
    }
    if (err == OK) {
        err = from_db(r, find_start(r, &from, &fresh), why);
    }
    if (err != OK) {
        return err;
    }

    snprintf(r->pump.source, sizeof r->pump.source, "%s", r->facts.identity);
    r->pump.stream_checksums = r->facts.checksums;
    stream_init(&r->stream, read_source, r);
    err = pump_start(&r->pump, &from, fresh, why);
    if (err != OK) {
        return err;
    }
    /* A position of more than 32 bits cannot be asked for: then the file is read again from its
     * start and compared with what is stored. */
    if (r->pump.pos.offset > UINT32_MAX) {
        log_warn("relay", "%s is past 4 GiB: reading it again from its start to resume at %" PRIu64,
                 r->pump.pos.file, r->pump.pos.offset);
        pump_from_start(&r->pump);
    }
    err = from_db(r, source_dump(r->db, r->cfg, &r->facts, r->pump.pos.file, r->pump.pos.offset,
                                 &r->db_error), why);
    if (err != OK) {
        return err;
    }
    pthread_mutex_lock(&r->lock);
    r->status.phase = RELAY_STREAMING;
    r->status.connects++;
    if (fresh) { /* nothing is stored, and nothing before this place is missing */
        r->status.stored = from;
    }
    r->status.next_try_ms = 0;
    snprintf(r->status.server, sizeof r->status.server, "%s", r->facts.product);
    if (db_uses_tls(r->db)) {
        snprintf(r->status.tls, sizeof r->status.tls, "%.20s %.40s", db_tls_version(r->db),
                 db_tls_cipher(r->db));
    } else {
        snprintf(r->status.tls, sizeof r->status.tls, "off");
    }
    pthread_mutex_unlock(&r->lock);
    log_info("relay", "connected to %s at %s:%u (TLS %s), from %s:%" PRIu64, r->facts.product,
             r->cfg->source.host, r->cfg->source.port, r->status.tls, r->pump.pos.file,
             r->pump.pos.offset);
    if (db_warning(r->db)[0] != '\0') {
        log_warn("relay", "%s", db_warning(r->db));
    }
    return OK;
}

void relay_forget_error(struct relay *r)
{
    r->status.error[0] = '\0';
    r->status.error_class[0] = '\0';
    r->status.error_code = 0;
    r->status.retries = 0;
}

/* Flushes when it is due: much waits, or waits long, or the source pauses. */
static int flush_if_due(struct relay *r, struct errmsg *why)
{
    if (r->pump.dirty == 0) {
        return OK;
    }
    if (r->pump.dirty >= FLUSH_BYTES) {
        return flush(r, why);
    }
    if (stream_buffered(&r->stream) > 0) {
        return OK;
    }
    int64_t now = now_monotonic_ms();
    if (r->dirty_since_ms == 0) {
        r->dirty_since_ms = now;
    }
    if (now - r->dirty_since_ms >= FLUSH_MS || db_wait(r->db, IDLE_GROUP_MS) == 0) {
        return flush(r, why);
    }
    return OK;
}

static int stream_events(struct relay *r, struct errmsg *why)
{
    bool first = true;
    char file[STORE_NAME_MAX + 1];
    snprintf(file, sizeof file, "%s", r->pump.pos.file);
    while (!atomic_load(&r->stop)) {
        uint64_t events = r->pump.events;
        int err = pump_event(&r->pump, why);
        if (err != OK) {
            return err;
        }
        /* While a file is read again, only what lies behind the last failure is progress. */
        bool beyond = strcmp(r->pump.settled.file, r->repeat_at.file) != 0 ||
                      r->pump.settled.offset != r->repeat_at.offset;
        if (first && r->pump.events != events && beyond) {
            pthread_mutex_lock(&r->lock);
            relay_forget_error(r);
            pthread_mutex_unlock(&r->lock);
            r->repeats = 0;
            first = false;
        }
        if (strcmp(file, r->pump.pos.file) != 0) {
            log_info("relay", "%s is complete, goes on in %s", file, r->pump.pos.file);
            snprintf(file, sizeof file, "%s", r->pump.pos.file);
        }
        err = flush_if_due(r, why);
        if (err != OK) {
            return err;
        }
    }
    return ERR_CANCELLED;
}

/* A log line is short; an advice may need two. */
static void log_advice(const char *advice)
{
    size_t most = CONFIG_LOG_LINE_MAX - 16, len = strlen(advice), cut = len;
    if (len > most) {
        for (cut = most; cut > 0 && advice[cut] != ' '; cut--) {
        }
    }
    log_error("relay", "to do: %.*s", (int)cut, advice);
    if (cut < len) {
        log_error("relay", "       %s", advice + cut + 1);
    }
}

/* Notes the failure; returns how long to wait before the next try, or -1 to stop. */
static int64_t judge(struct relay *r, int err, const struct errmsg *why)
{
    unsigned number = r->pump.server_errno != 0 ? r->pump.server_errno : r->db_error.mysql_errno;
    const struct failure_class *class =
        failure_classify(err, err == ERR_SERVER || err == ERR_AUTH ? number : 0, why->text);
    bool stop = class->action == FAILURE_STOP;
    if (class->action == FAILURE_BOUNDED) {
        bool same = strcmp(r->repeat_at.file, r->pump.settled.file) == 0 &&
                    r->repeat_at.offset == r->pump.settled.offset;
        r->repeats = same ? r->repeats + 1 : 1;
        r->repeat_at = r->pump.settled;
        stop = r->repeats >= BOUNDED_TRIES;
    }
    pthread_mutex_lock(&r->lock);
    uint32_t tries = ++r->status.retries;
    snprintf(r->status.error_class, sizeof r->status.error_class, "%s", class->name);
    r->status.error_code = class->dts_code;
    snprintf(r->status.error, sizeof r->status.error, "%s. To do: %s", why->text, class->advice);
    int64_t wait = BACKOFF_FIRST_MS;
    for (uint32_t i = 1; i < tries && wait < BACKOFF_MOST_MS; i++) {
        wait *= 2;
    }
    wait = wait < BACKOFF_MOST_MS ? wait : BACKOFF_MOST_MS;
    uint32_t dice = 0;
    (void)!getrandom(&dice, sizeof dice, GRND_NONBLOCK);
    wait = wait * 3 / 4 + (int64_t)dice % (wait / 2 + 1);
    r->status.phase = stop ? RELAY_FAILED : RELAY_WAITING;
    r->status.caught_up = false;
    r->status.next_try_ms = stop ? 0 : now_wall_ms() + wait;
    pthread_mutex_unlock(&r->lock);
    char label[48];
    relay_error_label(class->dts_code, class->name, label, sizeof label);
    if (stop) {
        log_error("relay", "stopped (%s): %s", label, why->text);
        log_advice(class->advice);
        return -1;
    }
    log_warn("relay", "%s: %s; trying again in %" PRId64 ".%" PRId64 " s", label, why->text,
             wait / 1000, wait % 1000 / 100);
    return wait;
}

static void *relay_main(void *relay)
{
    struct relay *r = relay;
    while (!atomic_load(&r->stop)) {
        struct errmsg why = {""};
        r->pump.server_errno = 0;
        int err = connect_source(r, &why);
        if (err == OK) {
            err = stream_events(r, &why);
        }
        if (err < 0 && why.text[0] == '\0') {
            snprintf(why.text, sizeof why.text, "%s",
                     r->db_error.text[0] != '\0' ? r->db_error.text : err_name(err));
        }
        db_close(r->db);
        r->db = NULL;
        struct errmsg flush_why;
        int flushed = store_flush(r->store, &flush_why);
        publish(r);
        if (flushed != OK && flushed != ERR_FULL && err != ERR_IO) {
            err = flushed;
            why = flush_why;
        }
        if (err == ERR_CANCELLED && atomic_load(&r->stop)) {
            break;
        }
        int64_t wait = judge(r, err, &why);
        if (wait < 0) {
            return NULL;
        }
        relay_sleep_ms(r, wait);
    }
    set_phase(r, RELAY_STOPPED);
    return NULL;
}

int relay_create(const struct config *cfg, struct store *store, struct relay **out,
                 struct errmsg *why)
{
    struct relay *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return fail(why, ERR_NOMEM, "no memory for the relay (%zu bytes)", sizeof *r);
    }
    r->cfg = cfg;
    r->store = store;
    r->pump.store = store;
    r->pump.stream = &r->stream;
    r->pump.wait_for_room = wait_for_room;
    r->pump.ctx = r;
    r->status.behind_bytes = UINT64_MAX;
    struct store_state state;
    store_get_state(store, &state);
    r->status.stored = state.committed;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->changed, &attr);
    pthread_condattr_destroy(&attr);
    *out = r;
    return OK;
}

/* Says stop to both threads and wakes them. */
static void stop_threads(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->stop, true);
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

int relay_start(struct relay *r, struct errmsg *why)
{
    pthread_mutex_lock(&r->lock);
    bool busy = r->running && r->status.phase != RELAY_FAILED && r->status.phase != RELAY_STOPPED;
    pthread_mutex_unlock(&r->lock);
    if (busy) {
        return fail(why, ERR_BUSY, "the relay is already running");
    }
    relay_stop(r);
    atomic_store(&r->stop, false);
    r->repeats = 0;
    pthread_mutex_lock(&r->lock);
    r->rate_since_ms = now_monotonic_ms();
    r->rate_bytes = r->status.bytes;
    pthread_mutex_unlock(&r->lock);
    set_phase(r, RELAY_CONNECTING);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    int rc = pthread_create(&r->thread, &attr, relay_main, r);
    if (rc == 0) {
        rc = pthread_create(&r->watcher, &attr, relay_watch_main, r);
        if (rc != 0) {
            stop_threads(r);
            pthread_join(r->thread, NULL);
        }
    }
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        set_phase(r, RELAY_STOPPED);
        return fail(why, ERR_NOMEM, "the relay's threads cannot be started: %s", strerror(rc));
    }
    r->running = true;
    return OK;
}

void relay_stop(struct relay *r)
{
    if (!r->running) {
        return;
    }
    stop_threads(r);
    pthread_join(r->thread, NULL);
    pthread_join(r->watcher, NULL);
    r->running = false;
}

void relay_destroy(struct relay *r)
{
    if (r == NULL) {
        return;
    }
    relay_stop(r);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void relay_get_status(struct relay *r, struct relay_status *status)
{
    pthread_mutex_lock(&r->lock);
    *status = r->status;
    int64_t since = now_monotonic_ms() - r->rate_since_ms;
    if (since >= RATE_WINDOW_MS) { /* nothing was flushed for a while: the rate sinks */
        status->rate = (status->bytes - r->rate_bytes) * 1000 / (uint64_t)since;
    }
    pthread_mutex_unlock(&r->lock);
    /* What came since the source was asked counts: in the same file the distance is plain. */
    if (status->asked_ms != 0 && strcmp(status->source.file, status->stored.file) == 0) {
        bool there = status->stored.offset >= status->source.offset;
        status->behind_bytes = there ? 0 : status->source.offset - status->stored.offset;
        status->caught_up = there && status->phase == RELAY_STREAMING;
    }
}
