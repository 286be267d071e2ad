/* SPDX-License-Identifier: Apache-2.0 */
/* `sluice store …`: list, verify and format a flash image or device, offline. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yyjson.h>

#include "app/cli.h"
#include "app/cli_store.h"
#include "drivers/flash/gpt.h"

int store_job_failed(const struct store_job *j, const char *text)
{
    if (j->json) {
        yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        yyjson_mut_val *root = yyjson_mut_obj(doc);
        yyjson_mut_doc_set_root(doc, root);
        yyjson_mut_obj_add_bool(doc, root, "ok", false);
        yyjson_mut_obj_add_strcpy(doc, root, "error", text);
        char *out = yyjson_mut_write(doc, YYJSON_WRITE_PRETTY | YYJSON_WRITE_ALLOW_INVALID_UNICODE,
                                     NULL);
        printf("%s\n", out != NULL ? out : "{\"ok\": false}");
        free(out);
        yyjson_mut_doc_free(doc);
    } else {
        fprintf(stderr, "sluice: %s\n", text);
    }
    return CLI_NO;
}

const char *store_printable(const char *name, char buf[STORE_NAME_MAX + 1])
{
    size_t i = 0;
    for (; name[i] != '\0' && i < STORE_NAME_MAX; i++) {
        buf[i] = (unsigned char)name[i] < 0x20 || name[i] == 0x7f ? '?' : name[i];
    }
    buf[i] = '\0';
    return buf;
}

void store_progress(const char *what, uint64_t done, uint64_t total)
{
    static unsigned shown = UINT32_MAX;
    unsigned percent = total > 0 ? (unsigned)(done * 100 / total) : 100;
    if (isatty(STDERR_FILENO) && percent != shown) {
        fprintf(stderr, "\r%s %3u %%%s", what, percent, done >= total ? "\r\033[K" : "");
        shown = percent;
    }
}

/* The flash that holds the store: the device itself, or its GPT partition named "store". */
static int open_flash(struct store_job *j, bool read_only)
{
    uint8_t magic[8] = {0};
    struct gpt_part part;
    struct errmsg no_gpt;
    int rc = flash_open(j->device, read_only, &j->disk, &j->why);
    if (rc != OK || j->disk->geo.size == 0) {
        return rc;
    }
    rc = flash_read(j->disk, 0, magic, sizeof magic, &j->why);
    if (rc != OK || memcmp(magic, "SLUICEsb", sizeof magic) == 0) {
        return rc; /* what looks like a GPT behind a superblock is a remainder */
    }
    rc = gpt_find(j->disk, "store", &part, &no_gpt);
    if (rc == ERR_NOT_FOUND) {
        return OK;
    }
    if (rc != OK) {
        j->why = no_gpt;
        return rc;
    }
    return flash_part(j->disk, part.offset, part.size, &j->part, &j->why);
}

static struct flash *flash_of(struct store_job *j)
{
    return j->part != NULL ? j->part : j->disk;
}

int store_job_open(struct store_job *j)
{
    struct store_options opt = {.read_only = true};
    int rc = open_flash(j, true);
    return rc != OK ? rc : store_open(flash_of(j), &opt, &j->store, &j->report, &j->why);
}

static void close_all(struct store_job *j)
{
    store_close(j->store);
    flash_close(j->part);
    flash_close(j->disk);
}

static void print_doc(yyjson_mut_doc *doc)
{
    char *out = yyjson_mut_write(doc, YYJSON_WRITE_PRETTY | YYJSON_WRITE_ALLOW_INVALID_UNICODE,
                                 NULL);
    printf("%s\n", out != NULL ? out : "{}");
    free(out);
    yyjson_mut_doc_free(doc);
}

/* ---- list ---- */

static void list_row(yyjson_mut_doc *doc, yyjson_mut_val *rows, const struct store_file *f)
{
    yyjson_mut_val *row = yyjson_mut_arr_add_obj(doc, rows);
    yyjson_mut_obj_add_strcpy(doc, row, "file", f->name);
    yyjson_mut_obj_add_strcpy(doc, row, "source", f->source);
    yyjson_mut_obj_add_uint(doc, row, "from", f->from);
    yyjson_mut_obj_add_uint(doc, row, "to", f->to);
    yyjson_mut_obj_add_uint(doc, row, "size_bytes", f->to - f->from);
    yyjson_mut_obj_add_bool(doc, row, "complete", f->complete);
    yyjson_mut_obj_add_bool(doc, row, "damaged", f->damaged);
    yyjson_mut_obj_add_uint(doc, row, "first_segment", f->first_seq);
    yyjson_mut_obj_add_uint(doc, row, "last_segment", f->last_seq);
}

static int list(struct store_job *j)
{
    int rc = store_job_open(j);
    if (rc != OK) {
        return store_job_failed(j, j->why.text);
    }
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_val *rows = yyjson_mut_arr(doc);
    yyjson_mut_doc_set_root(doc, root);
    uint64_t total = 0;
    size_t count = 0, damaged = 0, shown = 0;
    struct store_file f;
    while ((rc = store_file_at(j->store, count, &f, &j->why)) == OK) {
        char name[STORE_NAME_MAX + 1];
        bool show = j->binlog == NULL || strcmp(j->binlog, f.name) == 0;
        shown += show ? 1 : 0;
        if (j->json && show) {
            list_row(doc, rows, &f);
        } else if (show) {
            printf("%-32s %14" PRIu64 " %14" PRIu64 "  %s%s\n", store_printable(f.name, name),
                   f.from, f.to, f.complete ? "complete" : "open", f.damaged ? " DAMAGED" : "");
        }
        total += f.to - f.from;
        damaged += f.damaged ? 1 : 0;
        count++;
    }
    if (rc != ERR_NOT_FOUND) {
        yyjson_mut_doc_free(doc);
        return store_job_failed(j, j->why.text);
    }
    if (j->binlog != NULL && shown == 0) {
        yyjson_mut_doc_free(doc);
        (void)fail(&j->why, ERR_NOT_FOUND, "%s is not in the store; sluice store list %s shows "
                   "what is", j->binlog, j->device);
        return store_job_failed(j, j->why.text);
    }
    struct store_state st;
    store_get_state(j->store, &st);
    if (j->json) {
        yyjson_mut_obj_add_uint(doc, root, "total_bytes", total);
        yyjson_mut_obj_add_uint(doc, root, "segments", st.segments);
        yyjson_mut_obj_add_uint(doc, root, "segments_used", st.segments_used);
        yyjson_mut_obj_add_uint(doc, root, "segment_size", st.segment_size);
        yyjson_mut_obj_add_uint(doc, root, "damaged", j->report.damaged);
        yyjson_mut_obj_add_val(doc, root, "files", rows);
        print_doc(doc);
    } else {
        yyjson_mut_doc_free(doc);
        printf("%zu file%s, %" PRIu64 " bytes, in %" PRIu32 " of %" PRIu32 " segments of %" PRIu32
               " KiB\n", count, count == 1 ? "" : "s", total, st.segments_used, st.segments,
               st.segment_size / 1024);
    }
    if (!j->json && (j->report.damaged > 0 || damaged > 0)) {
        printf("DAMAGED: see sluice store verify %s\n", j->device);
    }
    return j->report.damaged > 0 || damaged > 0 ? CLI_NO : CLI_YES;
}

/* ---- verify ---- */

struct verify_out {
    const struct store_job *job;
    yyjson_mut_doc *doc;
    yyjson_mut_val *list;
};

static void found(void *ctx, const struct store_finding *f)
{
    struct verify_out *out = ctx;
    char name[STORE_NAME_MAX + 1];
    if (out->job->json) {
        yyjson_mut_val *row = yyjson_mut_arr_add_obj(out->doc, out->list);
        yyjson_mut_obj_add_uint(out->doc, row, "segment", f->seq);
        yyjson_mut_obj_add_uint(out->doc, row, "device_offset", f->device_offset);
        yyjson_mut_obj_add_strcpy(out->doc, row, "what", f->what);
        yyjson_mut_obj_add_strcpy(out->doc, row, "file", f->file);
        yyjson_mut_obj_add_uint(out->doc, row, "from", f->from);
        yyjson_mut_obj_add_uint(out->doc, row, "to", f->to);
        return;
    }
    store_progress("verifying", 1, 1);
    printf("segment %" PRIu64 ", device offset %" PRIu64 ": %s: ", f->seq, f->device_offset,
           f->what);
    if (f->file[0] == '\0' && f->from == f->to) {
        printf("no content is touched\n");
    } else {
        printf("%s from %" PRIu64 " to %" PRIu64 "%s\n",
               f->file[0] != '\0' ? store_printable(f->file, name) : "(a file whose name is lost)",
               f->from, f->to, f->from == f->to ? " (no content is touched)" : "");
    }
}

static bool verify_progress(void *ctx, uint64_t done, uint64_t total)
{
    store_progress("verifying", done, total);
    return true;
}

static int verify(struct store_job *j)
{
    int rc = store_job_open(j);
    if (rc != OK) {
        return store_job_failed(j, j->why.text);
    }
    struct store_verify_result r;
    struct verify_out out = {.job = j, .doc = yyjson_mut_doc_new(NULL)};
    yyjson_mut_val *root = yyjson_mut_obj(out.doc);
    yyjson_mut_doc_set_root(out.doc, root);
    out.list = yyjson_mut_arr(out.doc);
    rc = store_verify(j->store, found, verify_progress, &out, &r, &j->why);
    if (rc != OK) {
        yyjson_mut_doc_free(out.doc);
        return store_job_failed(j, j->why.text);
    }
    if (j->json) {
        yyjson_mut_obj_add_bool(out.doc, root, "ok", r.findings == 0);
        yyjson_mut_obj_add_uint(out.doc, root, "segments", r.segments);
        yyjson_mut_obj_add_uint(out.doc, root, "frames", r.frames);
        yyjson_mut_obj_add_uint(out.doc, root, "content_bytes", r.content_bytes);
        yyjson_mut_obj_add_uint(out.doc, root, "findings", r.findings);
        yyjson_mut_obj_add_val(out.doc, root, "list", out.list);
        print_doc(out.doc);
    } else {
        yyjson_mut_doc_free(out.doc);
        printf("%s: %" PRIu64 " segments, %" PRIu64 " frames, %" PRIu64
               " bytes of content checked; ",
               r.findings == 0 ? "sound" : "DAMAGED", r.segments, r.frames, r.content_bytes);
        printf("%" PRIu64 " finding%s\n", r.findings, r.findings == 1 ? "" : "s");
    }
    return r.findings == 0 ? CLI_YES : CLI_NO;
}

/* ---- format ---- */

/* What formatting would destroy, in words; "" for a blank device. */
static void describe(struct store_job *j, char *text, size_t size)
{
    struct store_options opt = {.read_only = true};
    struct store_state st;
    text[0] = '\0';
    int rc = store_open(flash_of(j), &opt, &j->store, NULL, &j->why);
    if (rc == OK) {
        store_get_state(j->store, &st);
        store_close(j->store);
        j->store = NULL;
        if (st.segments_used > 0) {
            snprintf(text, size, "a store with %" PRIu32 " used segments, %" PRIu64
                     " bytes of binlogs, up to %s:%" PRIu64, st.segments_used, st.content_bytes,
                     st.committed.file, st.committed.offset);
        }
    } else if (rc == ERR_FOREIGN) {
        snprintf(text, size, "something that is not a store");
    } else if (rc != ERR_NOT_FOUND) {
        snprintf(text, size, "a damaged store, or one of another version");
    }
}

static bool confirmed(const struct store_job *j, const char *what)
{
    char line[32] = "";
    if (j->yes) {
        return true;
    }
    fprintf(stderr, "%s holds %s. Formatting destroys it.\n", j->device, what);
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "sluice: not formatted; say --yes\n");
        return false;
    }
    fprintf(stderr, "Type format to go on: ");
    if (fgets(line, sizeof line, stdin) == NULL || strcmp(line, "format\n") != 0) {
        fprintf(stderr, "sluice: not formatted\n");
        return false;
    }
    return true;
}

static int format(struct store_job *j)
{
    char what[512];
    int rc = open_flash(j, false);
    if (rc != OK) {
        return store_job_failed(j, j->why.text);
    }
    describe(j, what, sizeof what);
    if (what[0] != '\0' && !confirmed(j, what)) {
        return CLI_USAGE;
    }
    rc = store_format(flash_of(j), NULL, &j->why);
    if (rc == OK) {
        rc = store_open(flash_of(j), NULL, &j->store, &j->report, &j->why);
    }
    if (rc != OK) {
        return store_job_failed(j, j->why.text);
    }
    printf("%s\n", j->report.summary);
    return CLI_YES;
}

/* ---- the command line ---- */

static const struct {
    const char *name, *args;
    int (*run)(struct store_job *j);
} verbs[] = {
    {"list", "DEVICE [BINLOG] [--json]", list},
    {"verify", "DEVICE [--json]", verify},
    {"export", "DEVICE [BINLOG] [-o FILE|FOLDER]", cli_store_export},
    {"format", "DEVICE [--yes]", format},
};

static int usage(void)
{
    fprintf(stderr, "usage:\n");
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        fprintf(stderr, "  sluice store %-7s %s\n", verbs[i].name, verbs[i].args);
    }
    fprintf(stderr, "DEVICE: a file, a block device, or a disk image with a GPT partition named "
                    "store.\nWithout BINLOG export writes all of them into the folder; -o - is the "
                    "standard output.\n");
    return CLI_USAGE;
}

int cli_store(int argc, char **argv)
{
    struct store_job j = {0};
    if (argc < 3) {
        return usage();
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            j.json = true;
        } else if (strcmp(argv[i], "--yes") == 0) {
            j.yes = true;
        } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            j.output = argv[++i];
        } else if (argv[i][0] == '-' || j.binlog != NULL) {
            return usage();
        } else if (j.device == NULL) {
            j.device = argv[i];
        } else {
            j.binlog = argv[i];
        }
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && j.device != NULL; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            int status = verbs[i].run(&j);
            close_all(&j);
            return status;
        }
    }
    return usage();
}
