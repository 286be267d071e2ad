/* SPDX-License-Identifier: Apache-2.0 */
/* store: what is kept, whether it is sound, and letting it go. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/shell/commands.h"
#include "app/shell/text.h"

#define FINDINGS_SHOWN 100

int cmd_store(struct shell_call *call, struct errmsg *why)
{
    int err = shell_no_more(call, 0, why);
    err = err != 0 ? err : need_store(call, why);
    if (err != 0) {
        return err;
    }
    struct store_state state;
    store_get_state(call->app->store, &state);
    store_fill(call, call->out, &state);
    put_text(call, call->out, "opened", "%s", call->app->store_report.summary);
    return 0;
}

int cmd_store_list(struct shell_call *call, struct errmsg *why)
{
    int err = shell_no_more(call, 0, why);
    err = err != 0 ? err : need_store(call, why);
    if (err != 0) {
        return err;
    }
    yyjson_mut_val *files = yyjson_mut_arr(call->doc);
    struct store_file f;
    uint64_t bytes = 0;
    size_t count = 0;
    for (; (err = store_file_at(call->app->store, count, &f, why)) == 0; count++) {
        yyjson_mut_val *row = yyjson_mut_arr_add_obj(call->doc, files);
        put_text(call, row, "file", "%s", f.name);
        put_number(call, row, "from", f.from);
        put_number(call, row, "to", f.to);
        put_number(call, row, "size_bytes", f.to - f.from);
        put_bool(call, row, "complete", f.complete);
        put_bool(call, row, "damaged", f.damaged);
        bytes += f.to - f.from;
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    char size[32];
    text_size(size, sizeof size, bytes);
    put_text(call, call->out, "summary", "%zu file%s, %s", count, count == 1 ? "" : "s", size);
    put_number(call, call->out, "total_bytes", bytes);
    yyjson_mut_obj_add_val(call->doc, call->out, "files", files);
    return 0;
}

struct verify_watch {
    struct shell_call *call;
    yyjson_mut_val *list;
    unsigned percent;
};

static void found(void *ctx, const struct store_finding *f)
{
    struct verify_watch *w = ctx;
    struct shell_call *call = w->call;
    if (yyjson_mut_arr_size(w->list) >= FINDINGS_SHOWN) {
        return;
    }
    yyjson_mut_val *row = yyjson_mut_arr_add_obj(call->doc, w->list);
    put_number(call, row, "segment", f->seq);
    put_number(call, row, "device_offset", f->device_offset);
    put_text(call, row, "what", "%s", f->what);
    if (f->file[0] != '\0') {
        put_text(call, row, "file", "%s", f->file);
        put_number(call, row, "from", f->from);
        put_number(call, row, "to", f->to);
    }
}

static bool progress(void *ctx, uint64_t done, uint64_t total)
{
    struct verify_watch *w = ctx;
    unsigned percent = total > 0 ? (unsigned)(done * 100 / total) : 100;
    if (w->call->progress != NULL && percent != w->percent) {
        char text[80];
        snprintf(text, sizeof text, "verifying: %u %% (segment %" PRIu64 " of %" PRIu64 ")",
                 percent, done, total);
        w->call->progress(w->call, text);
        w->percent = percent;
    }
    return !shell_cancelled(w->call) && !atomic_load(&w->call->app->stop);
}

int cmd_store_verify(struct shell_call *call, struct errmsg *why)
{
    int err = shell_no_more(call, 0, why);
    err = err != 0 ? err : need_store(call, why);
    if (err != 0) {
        return err;
    }
    struct verify_watch w = {call, yyjson_mut_arr(call->doc), UINT_MAX};
    struct store_verify_result result = {0};
    err = store_verify(call->app->store, found, progress, &w, &result, why);
    if (err != 0) {
        return err;
    }
    char size[32];
    text_size(size, sizeof size, result.content_bytes);
    if (result.findings == 0) {
        put_text(call, call->out, "summary", "sound: %s in %" PRIu64 " segments, all checked", size,
                 result.segments);
    } else {
        put_text(call, call->out, "summary", "DAMAGED: %" PRIu64 " finding%s in %s",
                 result.findings, result.findings == 1 ? "" : "s", size);
        call->exit = SHELL_NO;
    }
    put_number(call, call->out, "segments", result.segments);
    put_number(call, call->out, "frames", result.frames);
    put_number(call, call->out, "content_bytes", result.content_bytes);
    put_number(call, call->out, "findings", result.findings);
    if (yyjson_mut_arr_size(w.list) > 0) {
        yyjson_mut_obj_add_val(call->doc, call->out, "list", w.list);
    }
    return 0;
}

/* FILE, FILE:POS or all. A file's name may contain colons: only digits after the last one count.
 * Of files of one name the newest is meant, as in store_release(). */
static int read_target(struct shell_call *call, const char *word, struct store_pos *to,
                       struct errmsg *why)
{
    struct store_state state;
    store_get_state(call->app->store, &state);
    if (strcmp(word, "all") == 0) {
        if (state.committed.file[0] == '\0') {
            return fail(why, ERR_NOT_FOUND, "nothing is stored");
        }
        *to = state.committed;
        return 0;
    }
    const char *colon = strrchr(word, ':');
    bool has_pos = colon != NULL && colon[1] != '\0' &&
                   strspn(colon + 1, "0123456789") == strlen(colon + 1) && strlen(colon + 1) < 20;
    size_t len = has_pos ? (size_t)(colon - word) : strlen(word);
    if (len == 0 || len > STORE_NAME_MAX) {
        return fail(why, ERR_INVALID, "\"%.60s\" is no binlog file", word);
    }
    memcpy(to->file, word, len);
    to->file[len] = '\0';

    struct store_file each, f = {0};
    bool known = false;
    int err;
    for (size_t i = 0; (err = store_file_at(call->app->store, i, &each, why)) == 0; i++) {
        if (strcmp(each.name, to->file) == 0) {
            f = each;
            known = true;
        }
    }
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (!known) {
        call->advice = "store list shows what is stored";
        return fail(why, ERR_NOT_FOUND, "%.60s is not stored", to->file);
    }
    to->offset = has_pos ? strtoull(colon + 1, NULL, 10) : f.from;
    if (to->offset < f.from || to->offset > f.to) {
        return fail(why, ERR_NOT_FOUND, "%s is stored from %" PRIu64 " to %" PRIu64, f.name, f.from,
                    f.to);
    }
    return 0;
}

/* Content before `to`, and how many files end there. */
static int weigh(struct shell_call *call, const struct store_pos *to, uint64_t *bytes,
                 size_t *files, struct errmsg *why)
{
    struct store_file f;
    uint64_t before = 0;
    int err;
    *bytes = 0;
    *files = 0;
    for (size_t i = 0; (err = store_file_at(call->app->store, i, &f, why)) == 0; i++) {
        if (strcmp(f.name, to->file) == 0) {
            *bytes = before + (to->offset > f.from ? to->offset - f.from : 0);
            *files = i;
        }
        before += f.to - f.from;
    }
    return err == ERR_NOT_FOUND ? 0 : err;
}

int cmd_store_purge(struct shell_call *call, struct errmsg *why)
{
    bool yes = shell_flag(call, "--yes");
    int err = shell_no_more(call, 1, why);
    if (err == 0 && call->argc == 0) {
        err = fail(why, ERR_INVALID, "release up to where?");
    }
    err = err != 0 ? err : need_store(call, why);
    struct store_pos to;
    uint64_t bytes;
    size_t files;
    err = err != 0 ? err : read_target(call, call->argv[0], &to, why);
    err = err != 0 ? err : weigh(call, &to, &bytes, &files, why);
    if (err != 0) {
        return err;
    }
    char size[32];
    text_size(size, sizeof size, bytes);
    put_position(call, call->out, "up_to", &to);
    put_number(call, call->out, "content_bytes", bytes);
    put_number(call, call->out, "whole_files", files);
    put_bool(call, call->out, "released", yes);
    if (!yes) {
        put_text(call, call->out, "summary",
                 "would release %s, %zu whole file%s; nothing was changed: add --yes to do it",
                 size, files, files == 1 ? "" : "s");
        return 0;
    }
    uint32_t freed = 0;
    err = store_release(call->app->store, to.file, to.offset, &freed, why);
    if (err != 0) {
        return err;
    }
    put_number(call, call->out, "segments_freed", freed);
    put_text(call, call->out, "summary", "released %s; %" PRIu32 " segment%s free again", size,
             freed, freed == 1 ? "" : "s");
    return 0;
}
