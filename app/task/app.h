/* SPDX-License-Identifier: Apache-2.0 */
/* The running appliance: what the shell's commands, the status page and the metrics look at. */
#ifndef APP_TASK_APP_H
#define APP_TASK_APP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "app/precheck/drift.h"
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

    pthread_mutex_t precheck_turn;    /* whose it is runs one and may replace the last; before
                                       * precheck_lock */
    pthread_mutex_t precheck_lock;    /* guards the two below */
    struct precheck_run *precheck;    /* the last run, or NULL */
    struct drift drift;               /* what has changed from run to run */

    pthread_mutex_t switch_lock;      /* one start, stop or cancel at a time; before task_lock */
    pthread_mutex_t task_lock;        /* guards those below */
    pthread_cond_t task_told;         /* task_cancel became true */
    bool task_thread_started;         /* must be joined */
    bool task_prechecking;
    int64_t task_cancelled_ms;        /* wall clock; 0: not cancelled */
    pthread_t task_thread;
    atomic_bool task_cancel;          /* the task's thread shall end */

    int64_t started_ms;               /* wall clock */
    atomic_bool stop;                 /* SIGTERM or `reboot`: everything winds down */
};

/* Opens store and relay as far as the config allows; what fails is noted in *app and logged, and
 * the rest works on. Never fails: the box stays reachable. */
void app_open(struct app *app, const char *config_path);
void app_close(struct app *app);

/* Without mistakes. */
bool app_config_usable(const struct app *app);

/* ---- the task (task.c) ---- */

/* "not possible" (no config or store), "idle", "precheck", "relay", "failed", "stopped",
 * "cancelled". */
const char *app_task_stage(struct app *app);

/* When it was cancelled, wall clock; 0: it is not. */
int64_t app_task_cancelled_ms(struct app *app);

/* Precheck, then the relay, and while it runs what can change is checked again. The relay starts
 * whatever the precheck says: the source's binlog does not wait, and what makes relaying impossible
 * the relay says itself. ERR_BUSY if it runs. */
int app_task_start(struct app *app, struct errmsg *why);
int app_task_stop(struct app *app, struct errmsg *why);
/* The same, and the task is over: -253. Nothing is taken back, for nothing was changed anywhere
 * but in our own store. */
int app_task_cancel(struct app *app, struct errmsg *why);

/* ---- the precheck, one at a time (recheck.c) ---- */

/* Runs one now, as soon as no other runs, and keeps it as the last one, to be read under
 * precheck_lock. ERR_CANCELLED when stopped; then the one before stays, if there is one. */
int app_precheck(struct app *app, const atomic_bool *cancel,
                 void (*progress)(void *ctx, const char *text), void *ctx, struct errmsg *why);

/* The same with only the questions whose answers can change. */
int app_recheck(struct app *app, const atomic_bool *cancel, struct errmsg *why);

#endif
