/* SPDX-License-Identifier: Apache-2.0 */
/* What `status` says, for the console, the page and the metrics alike. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/shell/commands.h"
#include "app/shell/doors.h"
#include "app/shell/forecast.h"
#include "app/shell/system.h"
#include "app/shell/text.h"
#include "drivers/clock/clock.h"
#include "drivers/net/net.h"
#include "version.h"

#define CODE_STORE 6001000 /* store-failed */

static bool streaming_file(const struct relay_status *r)
{
    return r->source.file[0] != '\0' && strcmp(r->source.file, r->stored.file) == 0 &&
           r->source.offset > 0;
}

/* "To do:" stands between what happened and what to do in a relay's error. */
static const char mark[] = ". To do: ";

/* The length of what happened, without what to do. */
static int told_length(const char *error)
{
    const char *advice = strstr(error, mark);
    return (int)(advice != NULL ? (size_t)(advice - error) : strlen(error));
}

static void put_error(struct shell_call *call, yyjson_mut_val *obj, const struct relay_status *r)
{
    if (r->error[0] == '\0') {
        return;
    }
    yyjson_mut_val *e = put_object(call, obj, "last_error");
    const char *advice = strstr(r->error, mark);
    put_code(call, e, r->error_code);
    put_text(call, e, "class", "%s", r->error_class);
    put_text(call, e, "message", "%.*s", told_length(r->error), r->error);
    if (advice != NULL) {
        put_text(call, e, "do", "%s", advice + sizeof mark - 1);
    }
}

static void fill_relay(struct shell_call *call, const struct relay_status *r)
{
    yyjson_mut_val *o = put_object(call, call->out, "relay");
    put_text(call, o, "phase", "%s", relay_phase_name(r->phase));
    put_text(call, o, "server", "%s", r->server);
    put_text(call, o, "tls", "%s", r->tls);
    put_position(call, o, "source", &r->source);
    put_position(call, o, "ours", &r->stored);
    put_bool(call, o, "caught_up", r->caught_up);
    if (r->behind_bytes != UINT64_MAX) {
        put_number(call, o, "behind_bytes", r->behind_bytes);
    } else {
        yyjson_mut_obj_add_null(call->doc, o, "behind_bytes");
    }
    if (!r->caught_up && streaming_file(r)) {
        uint64_t done = r->stored.offset < r->source.offset ? r->stored.offset : r->source.offset;
        put_number(call, o, "file_percent", done * 100 / r->source.offset);
    }
    put_number(call, o, "rate_bytes_per_s", r->rate);
    put_number(call, o, "asked_at_ms", (uint64_t)r->asked_ms);
    put_number(call, o, "last_event_at_s", r->last_event_s);
    put_number(call, o, "relayed_bytes", r->bytes);
    put_number(call, o, "events", r->events);
    put_number(call, o, "files", r->files);
    put_number(call, o, "connects", r->connects);
    put_number(call, o, "retries", r->retries);
    put_number(call, o, "checksum_errors", r->crc_errors);
    if (r->phase == RELAY_WAITING) {
        put_number(call, o, "next_try_at_ms", (uint64_t)r->next_try_ms);
    }
    put_error(call, o, r);
}

void store_fill(struct shell_call *call, yyjson_mut_val *o, const struct store_state *s)
{
    uint64_t capacity = s->capacity_bytes > 0 ? s->capacity_bytes : 1;
    uint64_t used = s->free_bytes < capacity ? capacity - s->free_bytes : 0;
    put_number(call, o, "used_percent", used * 100 / capacity);
    put_bool(call, o, "full", s->full);
    put_number(call, o, "content_bytes", s->content_bytes);
    put_number(call, o, "free_bytes", s->free_bytes);
    put_number(call, o, "capacity_bytes", s->capacity_bytes);
    struct forecast f;
    if (forecast_get(s->free_bytes, &f)) {
        put_number(call, o, "intake_bytes_per_s", f.rate);
        put_number(call, o, "measured_over_s", f.over_s);
        if (f.fills) {
            put_number(call, o, "full_in_s", f.fills_in_s);
        }
    }
    put_text(call, o, "from_source", "%s", s->source);
    put_position(call, o, "first", &s->first);
    put_position(call, o, "safe_until", &s->committed);
    put_position(call, o, "released", &s->released);
    put_number(call, o, "segments", s->segments);
    put_number(call, o, "segments_used", s->segments_used);
    put_number(call, o, "segments_free", s->segments_free);
    put_number(call, o, "segment_bytes", s->segment_size);
}

static void fill_box(struct shell_call *call)
{
    struct app *app = call->app;
    char text[256];
    yyjson_mut_val *o = put_object(call, call->out, "box");
    put_text(call, o, "name", "%s",
             app->config.appliance.hostname != NULL ? app->config.appliance.hostname : "");
    system_addresses(text, sizeof text);
    put_text(call, o, "address", "%s", text);
    net_status(text, sizeof text);
    if (text[0] != '\0') {
        put_text(call, o, "network", "%s", text);
    }
    put_text(call, o, "version", "%s", SLUICE_VERSION);
    put_number(call, o, "up_s", system_up_s());
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    put_number(call, o, "now_at_ms", (uint64_t)now.tv_sec * 1000);
    put_text(call, o, "clock", "%s",
             clock_known() ? "set" : "not set: certificates' dates are not judged");
    put_text(call, o, "clock_from", "%s", clock_source_name(clock_source()));
    uint64_t resident = 0, peak = 0;
    if (system_memory(&resident, &peak)) {
        put_number(call, o, "memory_bytes", resident);
        put_number(call, o, "memory_peak_bytes", peak);
    }
    char fingerprint[100];
    door_http_describe(text, sizeof text, fingerprint, sizeof fingerprint);
    put_text(call, o, "http", "%s", text);
    if (*fingerprint != '\0') {
        put_text(call, o, "https_fingerprint", "%s", fingerprint);
    }
}

static void relay_sentence(const struct relay_status *r, char *buf, size_t size)
{
    char behind[32], label[48];
    const char *server = r->server[0] != '\0' ? r->server : "the source";
    text_size(behind, sizeof behind, r->behind_bytes);
    relay_error_label(r->error_code, r->error_class, label, sizeof label);
    switch (r->phase) {
    case RELAY_STREAMING:
        if (r->caught_up) {
            snprintf(buf, size, "relaying from %s, caught up at %s:%" PRIu64, server,
                     r->stored.file, r->stored.offset);
        } else if (r->behind_bytes != UINT64_MAX && r->source.file[0] != '\0') {
            snprintf(buf, size, "relaying from %s, %s behind", server, behind);
        } else {
            snprintf(buf, size, "relaying from %s", server);
        }
        return;
    case RELAY_CONNECTING:
        snprintf(buf, size, "connecting to the source");
        return;
    case RELAY_WAITING:
        snprintf(buf, size, "trying again (%s): %.*s", label, told_length(r->error), r->error);
        return;
    case RELAY_FULL:
        snprintf(buf, size, "the store is FULL, the intake stands still: store purge releases");
        return;
    case RELAY_FAILED:
        snprintf(buf, size, "stopped by an error (%s): %.*s", label, told_length(r->error),
                 r->error);
        return;
    case RELAY_STOPPED:
        snprintf(buf, size, "stopped; task start goes on");
        return;
    case RELAY_IDLE:
        break;
    }
    snprintf(buf, size, "not relaying; task start begins");
}

static void summary(struct app *app, const struct relay_status *r, char *buf, size_t size)
{
    if (app->mistakes.count > 0) {
        snprintf(buf, size, "the config has %zu mistake%s: config check shows them",
                 app->mistakes.count, app->mistakes.count == 1 ? "" : "s");
    } else if (app->config_error.text[0] != '\0') {
        snprintf(buf, size, "no config: %s", app->config_error.text);
    } else if (app->store == NULL) {
        snprintf(buf, size, "no store: %s", app->store_error.text);
    } else if (r == NULL) {
        snprintf(buf, size, "not relaying");
    } else if (strcmp(app_task_stage(app), "precheck") == 0) {
        snprintf(buf, size, "precheck is running");
    } else if (app_task_cancelled_ms(app) != 0) {
        snprintf(buf, size,
                 "cancelled (-253), what is stored stays readable; task start begins "
                 "again where the store ends");
    } else {
        relay_sentence(r, buf, size);
    }
}

void status_fill(struct shell_call *call)
{
    struct app *app = call->app;
    struct relay_status relay;
    char text[1200];
    if (app->relay != NULL) {
        relay_get_status(app->relay, &relay);
    }
    summary(app, app->relay != NULL ? &relay : NULL, text, sizeof text);
    put_text(call, call->out, "summary", "%s", text);
    put_text(call, call->out, "task", "%s",
             app->config.task.name != NULL ? app->config.task.name : "");
    put_text(call, call->out, "stage", "%s", app_task_stage(app));
    put_cancelled(call);
    put_precheck(call);
    if (app->mistakes.count > 0) {
        put_number(call, call->out, "config_mistakes", app->mistakes.count);
    }
    if (app->relay != NULL) {
        fill_relay(call, &relay);
    }
    if (app->store != NULL) {
        struct store_state state;
        store_get_state(app->store, &state);
        yyjson_mut_val *o = put_object(call, call->out, "store");
        store_fill(call, o, &state);
        put_number(call, o, "damaged", app->store_report.damaged);
    } else if (app->store_error.text[0] != '\0') {
        put_text(call, call->out, "store_error", "%s", app->store_error.text);
        put_number(call, call->out, "store_error_code", CODE_STORE);
    }
    fill_box(call);
}

void status_line(struct app *app, char *buf, size_t size)
{
    struct relay_status r;
    if (app->relay == NULL) {
        summary(app, NULL, buf, size);
        return;
    }
    relay_get_status(app->relay, &r);
    if (r.phase != RELAY_STREAMING || r.caught_up || !streaming_file(&r) ||
        r.stored.offset > r.source.offset) {
        summary(app, &r, buf, size);
        return;
    }
    char rate[32], behind[32], eta[40] = "";
    text_size(rate, sizeof rate, r.rate);
    text_size(behind, sizeof behind, r.behind_bytes);
    if (r.rate > 0 && r.behind_bytes != UINT64_MAX) {
        char left[32];
        text_duration(left, sizeof left, r.behind_bytes / r.rate);
        snprintf(eta, sizeof eta, ", %s left", left);
    }
    unsigned percent = (unsigned)(r.stored.offset * 100 / r.source.offset);
    snprintf(buf, size, "%.40s %u %%, %s behind, %s/s%s", r.source.file, percent,
             r.behind_bytes != UINT64_MAX ? behind : "?", rate, eta);
}
