/* SPDX-License-Identifier: Apache-2.0 */
/* Running the precheck, one at a time: its run becomes the last one, and every verdict that is
 * another than before is told, with the binlog position at that moment. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "app/task/app.h"
#include "base/log.h"
#include "base/now.h"
#include "drivers/clock/clock.h"
#include "drivers/tls/tls.h"

#define NAP_MS  20
#define TORN_MS 1000 /* what a server gets to be gone, or back */

static bool is_told(const atomic_bool *cancel)
{
    return cancel != NULL && atomic_load(cancel);
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000L}, NULL);
}

static bool take_turn(struct app *app, const atomic_bool *cancel)
{
    while (pthread_mutex_trylock(&app->precheck_turn) != 0) {
        if (is_told(cancel)) {
            return false;
        }
        nap();
    }
    return true;
}

/* Where the source was when it was asked; if it did not say, how far the relay is. */
static void position(struct app *app, const struct precheck_run *run, char *buf, size_t size)
{
    struct relay_status s;
    if (drift_position(run, buf, size) || app->relay == NULL) {
        return;
    }
    relay_get_status(app->relay, &s);
    if (s.stored.file[0] != '\0') {
        snprintf(buf, size, "%s:%" PRIu64, s.stored.file, s.stored.offset);
    }
}

/* `count` is negative when there was no memory to compare. */
static void tell_changes(struct app *app, int count)
{
    for (int back = count < DRIFT_KEPT ? count : DRIFT_KEPT; back > 0; back--) {
        const struct drift_change *c = drift_get(&app->drift, (unsigned)back - 1);
        char text[CONFIG_LOG_LINE_MAX];
        drift_format(c, text, sizeof text);
        log_write(drift_is_worse(c) ? LOG_WARN : LOG_INFO, "precheck", "%s", text);
    }
}

static void keep(struct app *app, struct precheck_run *run, bool again, bool stopped)
{
    char at[DRIFT_AT_MAX];
    position(app, run, at, sizeof at);
    pthread_mutex_lock(&app->precheck_lock);
    struct precheck_run *old = app->precheck;
    if (again) {
        drift_carry(old, run);
    }
    app->precheck = run;
    if (!stopped) {
        tell_changes(app, drift_note(&app->drift, run, at));
    }
    pthread_mutex_unlock(&app->precheck_lock);
    precheck_free(old);
}

/* What can change, asked again; once more when a connection broke in the middle. */
static int run_drifting(struct app *app, const atomic_bool *cancel, struct precheck_run **run,
                        struct errmsg *why)
{
    int err = precheck_rerun(&app->config, app->precheck, cancel, run, why);
    if (err != OK || !drift_is_torn(*run)) {
        return err;
    }
    for (int64_t until = now_monotonic_ms() + TORN_MS;
         now_monotonic_ms() < until && !is_told(cancel);) {
        nap();
    }
    precheck_free(*run);
    return precheck_rerun(&app->config, app->precheck, cancel, run, why);
}

/* With the turn taken: nobody else replaces app->precheck. */
static int run_one(struct app *app, bool again, const atomic_bool *cancel,
                   void (*progress)(void *ctx, const char *text), void *ctx, struct errmsg *why)
{
    struct precheck_run *run = NULL;
    tls_set_clock_known(clock_known());
    again = again && app->precheck != NULL && !drift_wants_all(app->precheck);
    int err = again ? run_drifting(app, cancel, &run, why)
                    : precheck_run(&app->config, cancel, progress, ctx, &run, why);
    bool stopped = is_told(cancel);
    if (err == OK && stopped && app->precheck != NULL) {
        precheck_free(run); /* half of one would hide what is known */
        err = fail(why, ERR_CANCELLED, "the precheck was stopped; the one before stays the last");
    }
    if (err == OK) {
        keep(app, run, again, stopped);
    }
    return err;
}

static int in_turn(struct app *app, bool again, const atomic_bool *cancel,
                   void (*progress)(void *ctx, const char *text), void *ctx, struct errmsg *why)
{
    if (!app_config_usable(app)) {
        return fail(why, ERR_INVALID, "the config has mistakes: `config check` lists them");
    }
    if (!take_turn(app, cancel)) {
        return fail(why, ERR_CANCELLED, "the precheck was stopped before it began");
    }
    int err = run_one(app, again, cancel, progress, ctx, why);
    pthread_mutex_unlock(&app->precheck_turn);
    return err;
}

int app_precheck(struct app *app, const atomic_bool *cancel,
                 void (*progress)(void *ctx, const char *text), void *ctx, struct errmsg *why)
{
    return in_turn(app, false, cancel, progress, ctx, why);
}

int app_recheck(struct app *app, const atomic_bool *cancel, struct errmsg *why)
{
    return in_turn(app, true, cancel, NULL, NULL, why);
}
