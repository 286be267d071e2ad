/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the appliance together from its config, as far as the config allows. */
#include "app/task/app.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/now.h"
#include "drivers/flash/part_find.h"

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

bool app_config_usable(const struct app *app)
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
    app->config.store.size = app->flash->geo.size;
    log_write(app->store_report.damaged > 0 ? LOG_ERROR : LOG_INFO, "store", "%s",
              app->store_report.summary);
}

void app_open(struct app *app, const char *config_path)
{
    memset(app, 0, sizeof *app);
    app->config_path = config_path;
    app->started_ms = now_wall_ms();
    pthread_mutex_init(&app->precheck_turn, NULL);
    pthread_mutex_init(&app->precheck_lock, NULL);
    pthread_mutex_init(&app->task_lock, NULL);
    pthread_mutex_init(&app->switch_lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&app->task_told, &attr);
    pthread_condattr_destroy(&attr);
    load_config(app);
    if (!app_config_usable(app)) {
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

void app_close(struct app *app)
{
    struct errmsg ignored; /* without a task there is nothing to stop */
    (void)app_task_stop(app, &ignored);
    relay_destroy(app->relay);
    store_close(app->store);
    flash_close(app->flash);
    precheck_free(app->precheck);
    drift_free(&app->drift);
    config_free(&app->config);
    pthread_mutex_destroy(&app->precheck_turn);
    pthread_mutex_destroy(&app->precheck_lock);
    pthread_cond_destroy(&app->task_told);
    pthread_mutex_destroy(&app->task_lock);
    pthread_mutex_destroy(&app->switch_lock);
}
