/* SPDX-License-Identifier: Apache-2.0 */
/* GET /metrics: every number and yes/no of `status` as Prometheus text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/shell/commands.h"
#include "app/shell/door_http.h"
#include "app/shell/text.h"

/* Values that only grow. All others are gauges. */
static const char *const counters[] = {
    "relay_relayed_bytes", "relay_events",          "relay_files",     "relay_connects",
    "relay_retries",       "relay_checksum_errors", "precheck_changes"};

static void metric(struct text *t, const char *name, const char *labels, const char *value)
{
    const char *type = "gauge", *total = "";
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        if (strcmp(name, counters[i]) == 0) {
            type = "counter";
            total = "_total";
        }
    }
    char line[512];
    snprintf(line, sizeof line, "# TYPE sluice_%s%s %s\nsluice_%s%s%s %s\n", name, total, type,
             name, total, labels, value);
    text_puts(t, line);
}

static void walk(struct text *t, const char *prefix, yyjson_mut_val *obj)
{
    size_t i, n;
    yyjson_mut_val *key, *v;
    yyjson_mut_obj_foreach(obj, i, n, key, v) {
        char name[96], value[32];
        snprintf(name, sizeof name, "%s%s", prefix, yyjson_mut_get_str(key));
        if (yyjson_mut_is_obj(v)) {
            strcat(name, "_");
            walk(t, name, v);
        } else if (yyjson_mut_is_bool(v)) {
            metric(t, name, "", yyjson_mut_get_bool(v) ? "1" : "0");
        } else if (yyjson_mut_is_uint(v)) {
            snprintf(value, sizeof value, "%" PRIu64, yyjson_mut_get_uint(v));
            metric(t, name, "", value);
        }
    }
}

/* Words become labels of a metric that is always 1: sluice_info{phase="streaming",…} 1 */
static void add_label(struct text *t, const char *name, yyjson_mut_val *v)
{
    const char *s = yyjson_mut_get_str(v);
    if (s == NULL) {
        return;
    }
    text_puts(t, t->len > 1 ? "," : "");
    text_puts(t, name);
    text_puts(t, "=\"");
    char *clean = text_harmless(s, strlen(s));
    for (const char *c = clean != NULL ? clean : ""; *c != '\0'; c++) {
        text_puts(t, *c == '"' || *c == '\\' ? "\\" : "");
        text_add(t, c, 1);
    }
    free(clean);
    text_puts(t, "\"");
}

/* A row for each check that was judged, and when. */
static void precheck_metrics(struct text *t, struct app *app)
{
    char line[192];
    pthread_mutex_lock(&app->precheck_lock);
    const struct precheck_run *run = app->precheck;
    if (run != NULL) {
        text_puts(t, "# HELP sluice_precheck_verdict 0 pass, 1 skip, 2 warn, 3 unknown, 4 fail\n"
                     "# TYPE sluice_precheck_verdict gauge\n");
        for (size_t i = 0; i < checks_judged; i++) {
            char code[16] = "";
            if (checks[i].code != 0) {
                snprintf(code, sizeof code, "%d", checks[i].code);
            }
            snprintf(line, sizeof line, "sluice_precheck_verdict{code=\"%s\",name=\"%s\"} %d\n",
                     code, checks[i].name, (int)run->findings[i].verdict);
            text_puts(t, line);
        }
        snprintf(line, sizeof line, "%" PRId64, run->when_ms / 1000);
        metric(t, "precheck_last_run_timestamp_seconds", "", line);
    }
    pthread_mutex_unlock(&app->precheck_lock);
}

_Static_assert(VERDICT_PASS == 0 && VERDICT_SKIP == 1 && VERDICT_WARN == 2 &&
                   VERDICT_UNKNOWN == 3 && VERDICT_FAIL == 4,
               "the metric's numbers are told to people");

/* What the relay's last error is: code, name and class, while there is one. */
static void error_metric(struct text *t, yyjson_mut_val *error)
{
    struct text labels = {0};
    yyjson_mut_val *number = yyjson_mut_obj_get(error, "code");
    char code[16] = "";
    if (error == NULL) {
        return;
    }
    if (number != NULL) {
        snprintf(code, sizeof code, "%d", yyjson_mut_get_int(number));
    }
    text_puts(&labels, "{code=\"");
    text_puts(&labels, code);
    text_puts(&labels, "\"");
    add_label(&labels, "name", yyjson_mut_obj_get(error, "name"));
    add_label(&labels, "class", yyjson_mut_obj_get(error, "class"));
    text_puts(&labels, "}");
    metric(t, "relay_error", labels.bytes != NULL ? labels.bytes : "", "1");
    free(labels.bytes);
}

void metrics_answer(struct app *app, struct http_answer *a)
{
    yyjson_mut_doc *doc = NULL;
    int exit_code;
    yyjson_mut_val *status = door_run(app, "status", &doc, &exit_code);
    struct text t = {0}, labels = {0};
    text_puts(&labels, "{");
    yyjson_mut_val *relay = yyjson_mut_obj_get(status, "relay");
    yyjson_mut_val *box = yyjson_mut_obj_get(status, "box");
    add_label(&labels, "stage", yyjson_mut_obj_get(status, "stage"));
    add_label(&labels, "phase", yyjson_mut_obj_get(relay, "phase"));
    add_label(&labels, "server", yyjson_mut_obj_get(relay, "server"));
    add_label(&labels, "name", yyjson_mut_obj_get(box, "name"));
    add_label(&labels, "version", yyjson_mut_obj_get(box, "version"));
    text_puts(&labels, "}");
    metric(&t, "info", labels.bytes != NULL ? labels.bytes : "", "1");
    walk(&t, "", status);
    error_metric(&t, yyjson_mut_obj_get(relay, "last_error"));
    precheck_metrics(&t, app);
    if (t.bytes != NULL) {
        (void)http_reply(a, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, t.bytes, t.len);
    }
    free(t.bytes);
    free(labels.bytes);
    yyjson_mut_doc_free(doc);
}
