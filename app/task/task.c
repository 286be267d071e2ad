/* SPDX-License-Identifier: Apache-2.0 */
/* The task: precheck, then the relay, then looking again at what can change, until it is told to
 * end. */
#include <string.h>
#include <time.h>

#include "app/task/app.h"
#include "base/log.h"
#include "base/now.h"

/* As the relay's: a TLS handshake that verifies a chain needs it. */
#define THREAD_STACK (192 * 1024)

static void log_precheck(struct app *app)
{
    struct precheck_summary sum;
    pthread_mutex_lock(&app->precheck_lock);
    precheck_summarize(app->precheck, &sum);
    pthread_mutex_unlock(&app->precheck_lock);
    log_write(sum.worst >= VERDICT_UNKNOWN ? LOG_WARN : LOG_INFO, "precheck", "%s", sum.text);
}

static bool relay_runs(struct app *app)
{
    struct relay_status status;
    relay_get_status(app->relay, &status);
    return status.phase != RELAY_IDLE && status.phase != RELAY_STOPPED &&
           status.phase != RELAY_FAILED;
}

/* Waits for [precheck] interval; false as soon as the task's thread shall end. */
static bool wait_interval(struct app *app)
{
    int64_t at = now_monotonic_ms() + (int64_t)app->config.precheck.interval_s * 1000;
    struct timespec until = {.tv_sec = (time_t)(at / 1000), .tv_nsec = (long)(at % 1000) * 1000000};
    pthread_mutex_lock(&app->task_lock);
    while (!atomic_load(&app->task_cancel) && now_monotonic_ms() < at) {
        pthread_cond_timedwait(&app->task_told, &app->task_lock, &until);
    }
    pthread_mutex_unlock(&app->task_lock);
    return !atomic_load(&app->task_cancel);
}

static void *task_main(void *ctx)
{
    struct app *app = ctx;
    struct errmsg why;
    int err = app_precheck(app, &app->task_cancel, NULL, NULL, &why);
    if (err == OK) {
        log_precheck(app);
    } else if (err != ERR_CANCELLED) {
        log_error("precheck", "%s", why.text);
    }
    bool go_on = !atomic_load(&app->task_cancel) && app->config.task.mode == MODE_ONLINE;
    if (go_on && relay_start(app->relay, &why) != OK) {
        log_error("task", "%s", why.text);
    }
    pthread_mutex_lock(&app->task_lock);
    app->task_prechecking = false;
    pthread_mutex_unlock(&app->task_lock);
    while (app->config.precheck.interval_s > 0 && relay_runs(app) && wait_interval(app)) {
        if (relay_runs(app) && app_recheck(app, &app->task_cancel, &why) == ERR_NOMEM) {
            log_warn("precheck", "%s", why.text);
        }
    }
    return NULL;
}

/* Ends the task's thread, with switch_lock held. */
static void end_thread(struct app *app)
{
    pthread_mutex_lock(&app->task_lock);
    bool started = app->task_thread_started;
    pthread_t thread = app->task_thread;
    app->task_thread_started = false;
    atomic_store(&app->task_cancel, true);
    pthread_cond_broadcast(&app->task_told);
    pthread_mutex_unlock(&app->task_lock);
    if (started) {
        pthread_join(thread, NULL);
    }
}

static int start_thread(struct app *app, struct errmsg *why)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    pthread_mutex_lock(&app->task_lock);
    atomic_store(&app->task_cancel, false);
    app->task_cancelled_ms = 0;
    int rc = pthread_create(&app->task_thread, &attr, task_main, app);
    app->task_thread_started = app->task_prechecking = rc == 0;
    pthread_mutex_unlock(&app->task_lock);
    pthread_attr_destroy(&attr);
    return rc == 0 ? OK
                   : fail(why, ERR_NOMEM, "the task's thread cannot be started: %s", strerror(rc));
}

int app_task_start(struct app *app, struct errmsg *why)
{
    if (!app_config_usable(app)) {
        return fail(why, ERR_INVALID,
                    "the task cannot start: the config has mistakes (`config check`)");
    }
    if (app->relay == NULL) {
        return fail(why, ERR_INVALID, "the task cannot start: there is no store: %s",
                    app->store_error.text);
    }
    pthread_mutex_lock(&app->switch_lock);
    pthread_mutex_lock(&app->task_lock);
    bool prechecking = app->task_prechecking;
    pthread_mutex_unlock(&app->task_lock);
    int err = OK;
    if (prechecking || relay_runs(app)) {
        err = fail(why, ERR_BUSY, "the task is already running");
    } else {
        end_thread(app); /* the relay has failed meanwhile; the thread may still wait */
        err = start_thread(app, why);
    }
    pthread_mutex_unlock(&app->switch_lock);
    return err;
}

static int end_task(struct app *app, bool cancel, struct errmsg *why)
{
    int err = OK;
    pthread_mutex_lock(&app->switch_lock); /* two doors may say stop at once: one joins */
    end_thread(app);
    if (app->relay == NULL) {
        err = fail(why, ERR_INVALID, "there is no task to stop");
    } else {
        relay_stop(app->relay);
    }
    if (err == OK && cancel) {
        pthread_mutex_lock(&app->task_lock);
        app->task_cancelled_ms = now_wall_ms();
        pthread_mutex_unlock(&app->task_lock);
        log_info("task", "-253 cancelled, and ended; what is stored stays readable");
    }
    pthread_mutex_unlock(&app->switch_lock);
    return err;
}

int app_task_stop(struct app *app, struct errmsg *why)
{
    return end_task(app, false, why);
}

int app_task_cancel(struct app *app, struct errmsg *why)
{
    return end_task(app, true, why);
}

int64_t app_task_cancelled_ms(struct app *app)
{
    pthread_mutex_lock(&app->task_lock);
    int64_t when_ms = app->task_cancelled_ms;
    pthread_mutex_unlock(&app->task_lock);
    return when_ms;
}

const char *app_task_stage(struct app *app)
{
    if (app->relay == NULL) {
        return "not possible";
    }
    pthread_mutex_lock(&app->task_lock);
    bool prechecking = app->task_prechecking, cancelled = app->task_cancelled_ms != 0;
    pthread_mutex_unlock(&app->task_lock);
    if (prechecking || cancelled) {
        return prechecking ? "precheck" : "cancelled";
    }
    struct relay_status status;
    relay_get_status(app->relay, &status);
    switch (status.phase) {
    case RELAY_IDLE:
        return "idle";
    case RELAY_STOPPED:
        return "stopped";
    case RELAY_FAILED:
        return "failed";
    case RELAY_CONNECTING:
    case RELAY_STREAMING:
    case RELAY_WAITING:
    case RELAY_FULL:
        break;
    }
    return "relay";
}
