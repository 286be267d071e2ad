/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the appliance together from its config, as far as the config allows. */
#include "app/task/app.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/now.h"
#include "drivers/clock/clock.h"
#include "drivers/flash/part_find.h"
#include "drivers/tls/tls.h"

static void load_config(struct app *app)
{
    int err = config_load(app->config_path, &app->config, &app->mistakes, &app->config_error);
    if (err != OK && app->mistakes.count == 0) {
        log_error("config", "%s", app->config_error.text);
        return;
    }
    app->config_error.text[0] = '\0';
    for (size_t i = 0;
         i < app->mistakes.count && i < sizeof app->mistakes.list / sizeof app->mistakes.list[0];
         i++) {
        const struct config_mistake *m = &app->mistakes.list[i];
        log_error("config", "%s:%u: %s: %s", app->config_path, m->line, m->key, m->text);
    }
}

static bool config_usable(const struct app *app)
{
    return app->mistakes.count == 0 && app->config_error.text[0] == '\0';
}

static int open_flash(struct app *app, struct errmsg *why)
{
    const char *device = app->config.store.device;
    const char *slash = strrchr(app->config_path, '/');
    char path[512];
    if (strncmp(device, "part:", 5) == 0) {
        int err = part_find(device + 5, path, sizeof path, why);
        if (err != OK) {
            return err;
        }
        device = path;
    } else if (device[0] != '/' && slash != NULL) { /* beside the config, as the files it names */
        snprintf(path, sizeof path, "%.*s/%s", (int)(slash - app->config_path), app->config_path,
                 device);
        device = path;
    }
    return flash_open(device, false, &app->flash, why);
}

static void open_store(struct app *app)
{
    struct store_options opt = {.segment_size = app->config.store.segment};
    int err = open_flash(app, &app->store_error);
    if (err == OK) {
        err = store_open(app->flash, &opt, &app->store, &app->store_report, &app->store_error);
        if (err != OK) {
            flash_close(app->flash);
            app->flash = NULL;
        }
    }
    if (err != OK) {
        log_error("store", "%s", app->store_error.text);
        return;
    }
    app->store_error.text[0] = '\0';
    log_write(app->store_report.damaged > 0 ? LOG_ERROR : LOG_INFO, "store", "%s",
              app->store_report.summary);
}

void app_open(struct app *app, const char *config_path)
{
    memset(app, 0, sizeof *app);
    app->config_path = config_path;
    app->started_ms = now_wall_ms();
    pthread_mutex_init(&app->precheck_lock, NULL);
    pthread_mutex_init(&app->task_lock, NULL);
    pthread_mutex_init(&app->stop_lock, NULL);
    load_config(app);
    if (!config_usable(app)) {
        return;
    }
    open_store(app);
    struct errmsg why;
    if (app->store != NULL && relay_create(&app->config, app->store, &app->relay, &why) != OK) {
        log_error("relay", "%s", why.text);
    }
    if (app->config.task.autostart && app_task_start(app, &why) != OK) {
        log_error("task", "%s", why.text);
    }
}

int app_precheck(struct app *app, const atomic_bool *cancel,
                 void (*progress)(void *ctx, const char *text), void *ctx, struct errmsg *why)
{
    if (!config_usable(app)) {
        return fail(why, ERR_INVALID, "the config has mistakes: `config check` lists them");
    }
    tls_set_clock_known(clock_known());
    struct precheck_run *run = NULL;
    int err = precheck_run(&app->config, cancel, progress, ctx, &run, why);
    if (err != OK) {
        return err;
    }
    pthread_mutex_lock(&app->precheck_lock);
    struct precheck_run *old = app->precheck;
    app->precheck = run;
    pthread_mutex_unlock(&app->precheck_lock);
    precheck_free(old);
    return OK;
}

static void log_precheck(struct app *app)
{
    struct precheck_summary sum;
    pthread_mutex_lock(&app->precheck_lock);
    precheck_summarize(app->precheck, &sum);
    pthread_mutex_unlock(&app->precheck_lock);
    log_write(sum.worst >= VERDICT_UNKNOWN ? LOG_WARN : LOG_INFO, "precheck", "%s", sum.text);
}

static void *task_main(void *ctx)
{
    struct app *app = ctx;
    struct errmsg why;
    if (app_precheck(app, &app->task_cancel, NULL, NULL, &why) == OK) {
        log_precheck(app);
    } else {
        log_error("precheck", "%s", why.text);
    }
    bool go_on = !atomic_load(&app->task_cancel) && app->config.task.mode == MODE_ONLINE;
    if (go_on && relay_start(app->relay, &why) != OK) {
        log_error("task", "%s", why.text);
    }
    pthread_mutex_lock(&app->task_lock);
    app->task_prechecking = false;
    pthread_mutex_unlock(&app->task_lock);
    return NULL;
}

int app_task_start(struct app *app, struct errmsg *why)
{
    if (!config_usable(app)) {
        return fail(why, ERR_INVALID,
                    "the task cannot start: the config has mistakes (`config check`)");
    }
    if (app->relay == NULL) {
        return fail(why, ERR_INVALID, "the task cannot start: there is no store: %s",
                    app->store_error.text);
    }
    struct relay_status status;
    relay_get_status(app->relay, &status);
    int err = OK;
    pthread_mutex_lock(&app->task_lock);
    bool relay_runs = status.phase != RELAY_IDLE && status.phase != RELAY_STOPPED &&
                      status.phase != RELAY_FAILED;
    if (app->task_prechecking || relay_runs) {
        err = fail(why, ERR_BUSY, "the task is already running");
    } else {
        if (app->task_thread_started) {
            pthread_join(app->task_thread, NULL);
            app->task_thread_started = false;
        }
        atomic_store(&app->task_cancel, false);
        app->task_prechecking = true;
        pthread_attr_t attr;
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, 192 * 1024);
        int rc = pthread_create(&app->task_thread, &attr, task_main, app);
        pthread_attr_destroy(&attr);
        app->task_thread_started = rc == 0;
        if (rc != 0) {
            app->task_prechecking = false;
            err = fail(why, ERR_NOMEM, "the task's thread cannot be started: %s", strerror(rc));
        }
    }
    pthread_mutex_unlock(&app->task_lock);
    return err;
}

int app_task_stop(struct app *app, struct errmsg *why)
{
    int err = OK;
    pthread_mutex_lock(&app->stop_lock); /* two doors may say stop at once: one joins */
    pthread_mutex_lock(&app->task_lock);
    bool started = app->task_thread_started;
    pthread_t thread = app->task_thread;
    app->task_thread_started = false;
    atomic_store(&app->task_cancel, true);
    pthread_mutex_unlock(&app->task_lock);
    if (started) {
        pthread_join(thread, NULL);
    }
    if (app->relay == NULL) {
        err = fail(why, ERR_INVALID, "there is no task to stop");
    } else {
        relay_stop(app->relay);
    }
    pthread_mutex_unlock(&app->stop_lock);
    return err;
}

const char *app_task_stage(struct app *app)
{
    if (app->relay == NULL) {
        return "not possible";
    }
    pthread_mutex_lock(&app->task_lock);
    bool prechecking = app->task_prechecking;
    pthread_mutex_unlock(&app->task_lock);
    if (prechecking) {
        return "precheck";
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

void app_close(struct app *app)
{
    struct errmsg ignored; /* without a task there is nothing to stop */
    (void)app_task_stop(app, &ignored);
    relay_destroy(app->relay);
    store_close(app->store);
    flash_close(app->flash);
    precheck_free(app->precheck);
    config_free(&app->config);
    pthread_mutex_destroy(&app->precheck_lock);
    pthread_mutex_destroy(&app->task_lock);
    pthread_mutex_destroy(&app->stop_lock);
}
