/* SPDX-License-Identifier: Apache-2.0 */
/* The running appliance: what the shell's commands, the status page and the metrics look at. */
#ifndef APP_TASK_APP_H
#define APP_TASK_APP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/precheck/precheck.h"
#include "app/relay/relay.h"
#include "app/store/store.h"
#include "config/config.h"
#include "drivers/flash/flash.h"

struct app {
    const char *config_path;          /* where the config came from, for messages */
    struct config config;
    struct config_mistakes mistakes;  /* count > 0: only the console works */
    struct errmsg config_error;       /* the config could not be read at all; "" = it could */

    struct flash *flash;              /* NULL with store_error when there is no store */
    struct store *store;
    struct store_report store_report;
    struct errmsg store_error;

    struct relay *relay;              /* NULL without a store or a usable config */

    pthread_mutex_t precheck_lock;    /* guards precheck */
    struct precheck_run *precheck;    /* the last run, or NULL */

    pthread_mutex_t stop_lock;        /* one stop at a time; taken before task_lock */
    pthread_mutex_t task_lock;        /* guards the three below */
    bool task_thread_started;         /* must be joined */
    bool task_prechecking;
    pthread_t task_thread;
    atomic_bool task_cancel;

    int64_t started_ms;               /* wall clock */
    atomic_bool stop;                 /* SIGTERM or `reboot`: everything winds down */
};

/* Opens store and relay as far as the config allows; what fails is noted in *app and logged, and
 * the rest works on. Never fails: the box stays reachable. */
void app_open(struct app *app, const char *config_path);
void app_close(struct app *app);

/* The task's stage: "not possible" (no config or store), "idle", "precheck", "relay", "failed",
 * "stopped". */
const char *app_task_stage(struct app *app);

/* Precheck, then the relay. The relay starts whatever the precheck says: the source's binlog does
 * not wait, and what makes relaying impossible the relay says itself. ERR_BUSY if it runs. */
int app_task_start(struct app *app, struct errmsg *why);
int app_task_stop(struct app *app, struct errmsg *why);

/* Runs a precheck now and keeps it as the last one, to be read under precheck_lock. */
int app_precheck(struct app *app, const atomic_bool *cancel,
                 void (*progress)(void *ctx, const char *text), void *ctx, struct errmsg *why);

#endif
