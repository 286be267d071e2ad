/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the servers, within the time that there is. */
#include "app/precheck/gather.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/precheck/grants.h"
#include "app/precheck/secret.h"
#include "app/precheck/tokudb.h"
#include "app/precheck/wire.h"
#include "base/now.h"
#include "drivers/tls/db.h"

/* A thread that watches the clock and the caller, so that no call lasts longer than allowed. */
struct guard {
    const atomic_bool *cancel;
    int64_t deadline_ms;
    unsigned timeout_s;
    atomic_bool stop;    /* what the connections look at */
    atomic_bool is_late; /* stopped by the clock, not by the caller */
    bool done;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
};

/* Looks once; true when it is over. */
static bool guard_look(struct guard *g)
{
    if (g->cancel != NULL && atomic_load(g->cancel)) {
        atomic_store(&g->stop, true);
    } else if (now_monotonic_ms() >= g->deadline_ms) {
        atomic_store(&g->is_late, true);
        atomic_store(&g->stop, true);
    }
    return atomic_load(&g->stop);
}

static void *guard_main(void *arg)
{
    struct guard *g = arg;

    pthread_mutex_lock(&g->lock);
    while (!g->done && !guard_look(g)) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += 100000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&g->wake, &g->lock, &until);
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

static int guard_start(struct guard *g, const struct config *cfg, const atomic_bool *cancel)
{
    pthread_condattr_t attr;

    memset(g, 0, sizeof *g);
    g->cancel = cancel;
    g->timeout_s = cfg->precheck.timeout_s;
    g->deadline_ms = now_monotonic_ms() + (int64_t)g->timeout_s * 1000;
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&g->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&g->thread, NULL, guard_main, g) != 0) {
        pthread_cond_destroy(&g->wake);
        pthread_mutex_destroy(&g->lock);
        return ERR_NOMEM;
    }
    return OK;
}

static void guard_end(struct guard *g)
{
    pthread_mutex_lock(&g->lock);
    g->done = true;
    pthread_cond_signal(&g->wake);
    pthread_mutex_unlock(&g->lock);
    pthread_join(g->thread, NULL);
    pthread_cond_destroy(&g->wake);
    pthread_mutex_destroy(&g->lock);
}

static void guard_words(struct guard *g, char *buf, size_t size)
{
    if (atomic_load(&g->is_late)) {
        snprintf(buf, size, "the time for all checks (precheck.timeout = %us) was over",
                 g->timeout_s);
    } else {
        snprintf(buf, size, "the precheck was stopped");
    }
}

/* A whole number of seconds that ends a second or more after the deadline: the guard comes first,
 * also on a busy machine. */
static unsigned seconds_left(const struct guard *g, unsigned wanted)
{
    int64_t left = (g->deadline_ms - now_monotonic_ms()) / 1000 + 2;
    return left < 1 ? 1 : (uint64_t)left < wanted ? (unsigned)left : wanted;
}

static int put_text(struct answer *a, const char *secret, const char *text)
{
    return secret_put(a, secret, text, strlen(text));
}

static int put_failure(struct answer *a, const char *sql, int code, const char *secret,
                       struct guard *g, const struct db_error *err)
{
    char text[sizeof err->text];
    unsigned number = err->mysql_errno;

    if (code == ERR_NOMEM && err->mysql_errno == 0 && err->text[0] == '\0') {
        return ERR_NOMEM;
    }
    snprintf(text, sizeof text, "%s", err->text);
    if (atomic_load(&g->stop)) {
        guard_words(g, text, sizeof text);
        code = ERR_CANCELLED;
        number = 0;
    } else if (secret_shows(secret, text, strlen(text))) {
        snprintf(text, sizeof text, "%s", SECRET_WORDS);
    }
    return answer_fail(a, sql, code, number, number != 0 ? err->sqlstate : "", text);
}

static int put_result(struct answer *a, enum question_id q, const char *sql, const char *secret,
                      const struct db_result *r)
{
    int rc = answer_rows(a, sql, db_columns(r));

    for (size_t c = 0; rc == OK && c < db_columns(r); c++) {
        rc = put_text(a, secret, db_column_name(r, c));
    }
    for (size_t row = 0; rc == OK && row < db_rows(r); row++) {
        for (size_t c = 0; rc == OK && c < db_columns(r); c++) {
            size_t len = 0;
            const char *value = db_value(r, row, c, &len);
            if (q == Q_GRANTS && value != NULL) {
                len = grants_without_secret(value, len);
            }
            rc = secret_put(a, secret, value, len);
        }
    }
    return rc;
}

static int put_connection(struct answer *a, const char *secret, const struct db *db)
{
    const char *const cells[] = {"version",
                                 "tls",
                                 "cipher",
                                 "warning",
                                 db_server_version(db),
                                 db_tls_version(db),
                                 db_tls_cipher(db),
                                 db_warning(db)};
    int rc = answer_rows(a, "", 4);

    for (size_t i = 0; rc == OK && i < sizeof cells / sizeof cells[0]; i++) {
        rc = put_text(a, secret, cells[i]);
    }
    return rc;
}

/* Who is asked, and how to reach it. */
struct asked {
    struct facts *all;
    struct server_facts *facts;
    enum side side;
    const struct config_server *config;
    struct guard *guard;
    const struct gathering *how;
    struct db *db;
    char *sql; /* STATEMENT_MAX */
};

static bool is_asked(const struct asked *to, enum question_id q)
{
    return (to->how->last == NULL || questions[q].drifts) &&
           question_ask(to->all, to->side, q, to->sql, STATEMENT_MAX);
}

static int not_asked(struct asked *to, enum question_id from, const char *why)
{
    int rc = OK;

    for (enum question_id q = from; rc == OK && q < QUESTIONS; q++) {
        if (is_asked(to, q)) {
            rc = answer_not_asked(&to->facts->answers[q], to->sql, why);
        }
    }
    return rc;
}

static void tell(const struct asked *to, const char *what)
{
    char text[384];

    if (to->how->progress != NULL) {
        snprintf(text, sizeof text, "%s: %s", side_name(to->side), what);
        to->how->progress(to->how->ctx, text);
    }
}

static int connect_to(struct asked *to, const atomic_bool *cancel, unsigned timeout_s,
                      struct db **out, struct db_error *err)
{
    const struct config_server *c = to->config;
    const struct db_target t = {
        .host = c->host,
        .port = c->port,
        .user = c->user,
        .password = c->password,
        .tls = (enum db_tls)c->tls,
        .ca_pem = c->ca,
        .cert_pem = c->cert,
        .key_pem = c->key,
        .rsa_key_pem = c->rsa_key,
        .fingerprint = c->fingerprint,
        .connect_timeout_s = timeout_s,
        .read_timeout_s = timeout_s,
        .write_timeout_s = timeout_s,
        .cancel = cancel,
        .small = true,
    };

    return db_open(&t, out, err);
}

/* Connects, anew if there was a connection. */
static int reach(struct asked *to, struct db_error *err)
{
    db_close(to->db);
    to->db = NULL;
    return connect_to(to, &to->guard->stop, seconds_left(to->guard, to->config->timeout_s), &to->db,
                      err);
}

#define KILL_S 2 /* for ending what we no longer wait for */

/* Ends the statement that nobody waits for any more: a server goes on with it long after the
 * connection is gone. An account may always end its own. */
static void end_statement(struct asked *to)
{
    char sql[64];
    struct db *db = NULL;

    snprintf(sql, sizeof sql, "KILL %lu", db_thread_id(to->db));
    if (connect_to(to, NULL, KILL_S, &db, NULL) == OK) {
        (void)db_query(db, sql, NULL, NULL);
        db_close(db);
    }
}

/* A new connection in place of a lost one, with the session's settings: without them the next
 * questions would be other ones. */
static int again(struct asked *to, struct db_error *err)
{
    int rc = reach(to, err);

    if (rc == OK && question_ask(to->all, to->side, Q_SESSION, to->sql, STATEMENT_MAX)) {
        rc = db_query(to->db, to->sql, NULL, err);
        /* What the server refuses it has refused the first time, and that is in the answers. */
        rc = rc == ERR_SERVER ? OK : rc;
    }
    return rc;
}

/* What leaves the connection as it was. */
static bool still_usable(int code, const struct db_error *err)
{
    return code == OK || code == ERR_SERVER || code == ERR_AUTH ||
           (code == ERR_TOOBIG && err->mysql_errno == 0);
}

#define WIRE_MS 3000 /* for the look at the binlog */

/* One statement, its answer recorded; *got and *err are what came of it. */
static int ask_one(struct asked *to, enum question_id q, int *got, struct db_error *err)
{
    struct answer *a = &to->facts->answers[q];
    const char *secret = to->config->password;
    struct db_result *r = NULL;

    /* What looks at every table may take all the time there is; the rest is answered soon. */
    db_set_read_timeout(
        to->db, seconds_left(to->guard, questions[q].drifts ? to->config->timeout_s : UINT_MAX));
    *got =
        db_query_bounded(to->db, to->sql, questions[q].max_rows, questions[q].max_bytes, &r, err);
    int rc = *got == OK ? put_result(a, q, to->sql, secret, r)
                        : put_failure(a, to->sql, *got, secret, to->guard, err);
    db_result_free(r);
    return rc;
}

/* The dump takes the whole connection, so it gets one of its own. */
static int ask_wire(struct asked *to)
{
    struct answer *a = &to->facts->answers[Q_WIRE];
    const struct server_facts *last = to->how->last == NULL ? NULL : &to->how->last->server[SOURCE];
    uint32_t from = last == NULL ? WIRE_FILE_START : wire_since(last, to->facts);
    struct asked own = *to;
    struct db_error err = {0};
    const char *secret = to->config->password;
    char what[512];

    if (answer_is_hidden(&to->facts->answers[Q_BINLOG_STATUS]) ||
        !wire_question(to->facts, false, from, what, sizeof what)) {
        return answer_not_asked(a, "", "the source names no binlog file to read");
    }
    own.db = NULL;
    int rc = reach(&own, &err);
    if (rc == OK) {
        rc = wire_read(own.db, to->facts, false, from, &to->guard->stop, WIRE_MS, what, secret, a,
                       &err);
    }
    /* Nothing was written: what was seen last still holds, or is in the file before. */
    struct db_error unread;
    if (rc == OK && wire_was_idle(a) && from > WIRE_FILE_START &&
        last->answers[Q_WIRE].state == ANSWERED) {
        rc = answer_copy(a, &last->answers[Q_WIRE]);
    } else if (rc == OK && wire_was_idle(a) &&
               wire_question(to->facts, true, WIRE_FILE_START, what, sizeof what) &&
               reach(&own, &unread) == OK) {
        /* A server ends the connection with the dump. */
        rc = wire_read(own.db, to->facts, true, WIRE_FILE_START, &to->guard->stop, WIRE_MS, what,
                       secret, a, &unread);
        rc = rc == ERR_NOMEM ? rc : OK; /* the first look stands */
    }
    db_close(own.db);
    return rc == OK ? OK : put_failure(a, what, rc, secret, to->guard, &err);
}

static int ask_tokudb(struct asked *to, int *got, struct db_error *err)
{
    const char *secret = to->config->password;
    int rc = tokudb_ask(to->db, secret, to->facts, got, err);

    if (rc == OK && *got != OK && atomic_load(&to->guard->stop)) {
        /* It was ended here; what that looked like to the connection misleads. */
        rc = put_failure(&to->facts->answers[Q_TOKUDB_KEYS], "SHOW CREATE TABLE", *got, secret,
                         to->guard, err);
    }
    return rc;
}

static int ask_all(struct asked *to)
{
    int rc = OK;

    for (enum question_id q = Q_VERSION; rc == OK && q < QUESTIONS; q++) {
        struct answer *a = &to->facts->answers[q];
        char text[128];
        if (!is_asked(to, q)) {
            continue;
        }
        if (guard_look(to->guard)) {
            guard_words(to->guard, text, sizeof text);
            return not_asked(to, q, text);
        }
        snprintf(text, sizeof text, "asking for %s (%d of %d)", questions[q].name, (int)q,
                 QUESTIONS - 1);
        tell(to, text);
        struct db_error err = {0};
        int got = OK;
        int64_t begun = now_monotonic_ms();
        a->asked_ms = now_wall_ms();
        rc = q == Q_WIRE          ? ask_wire(to)
             : q == Q_TOKUDB_KEYS ? ask_tokudb(to, &got, &err)
                                  : ask_one(to, q, &got, &err);
        a->took_ms = (uint32_t)(now_monotonic_ms() - begun);
        if (got == ERR_TIMEOUT || got == ERR_CANCELLED) {
            end_statement(to);
        }
        /* One bad answer must not cost the others: they are asked over a new connection. */
        if (rc == OK && !still_usable(got, &err) && again(to, &err) != OK) {
            return not_asked(to, q + 1, "the connection was lost before");
        }
    }
    return rc;
}

static int ask_server(struct asked *to)
{
    struct answer *connect = &to->facts->answers[Q_CONNECT];
    const char *secret = to->config->password;
    char text[384];

    if (guard_look(to->guard)) {
        guard_words(to->guard, text, sizeof text);
        return not_asked(to, Q_CONNECT, text);
    }
    snprintf(text, sizeof text, "connecting to %.255s:%u", to->facts->host,
             (unsigned)to->facts->port);
    tell(to, text);
    struct db_error err = {0};
    int64_t begun = now_monotonic_ms();
    connect->asked_ms = now_wall_ms();
    int rc = reach(to, &err);
    if (rc != OK) {
        rc = put_failure(connect, "", rc, secret, to->guard, &err);
        connect->took_ms = (uint32_t)(now_monotonic_ms() - begun);
        return rc != OK ? rc : not_asked(to, Q_VERSION, "there was no connection");
    }
    rc = put_connection(connect, secret, to->db);
    connect->took_ms = (uint32_t)(now_monotonic_ms() - begun);
    if (rc == OK) {
        rc = ask_all(to);
    }
    db_close(to->db);
    to->db = NULL;
    return rc;
}

_Static_assert((int)DB_TLS_OFF == (int)CFG_TLS_OFF && (int)DB_TLS_PREFER == (int)CFG_TLS_PREFER &&
                   (int)DB_TLS_REQUIRE == (int)CFG_TLS_REQUIRE &&
                   (int)DB_TLS_VERIFY == (int)CFG_TLS_VERIFY,
               "the config's tls modes are the connection's");

int facts_gather(struct facts *f, const struct config *cfg, const struct gathering *how)
{
    struct guard *g = malloc(sizeof *g);
    char *sql = malloc(STATEMENT_MAX);
    int rc = g == NULL || sql == NULL ? ERR_NOMEM : guard_start(g, cfg, how->cancel);

    if (rc != OK) {
        free(g);
        free(sql);
        return rc;
    }
    for (int side = SOURCE; rc == OK && side < SIDES; side++) {
        struct config_server c = side == SOURCE ? cfg->source : cfg->target;
        struct asked to = {f, &f->server[side], (enum side)side, &c, g, how, NULL, sql};
        if (side >= REPLICA) { /* entered as the target is, at another address */
            c.host = f->server[side].host;
            c.port = f->server[side].port;
        }
        if (f->server[side].configured) {
            rc = ask_server(&to);
        }
    }
    guard_end(g);
    free(g);
    free(sql);
    return rc;
}
