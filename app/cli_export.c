/* SPDX-License-Identifier: Apache-2.0 */
/* `sluice store export`: files out of a store, up to where they are sound. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/cli_store.h"

static bool safe_name(const char *name)
{
    return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return ERR_IO;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return OK;
}

/* Copies one file to `fd`; says on stderr what is missing. CLI_YES, or CLI_NO if it is not whole.
 */
static int copy_file(struct store_job *j, size_t index, const struct store_file *f, int fd,
                     const char *path)
{
    static uint8_t buf[1 << 18];
    char name[STORE_NAME_MAX + 1];
    uint64_t at = f->from;
    store_printable(f->name, name);
    while (at < f->to) {
        size_t want = f->to - at < sizeof buf ? (size_t)(f->to - at) : sizeof buf, got = 0;
        int rc = store_read_at(j->store, index, at, buf, want, &got, &j->why);
        if (rc == OK && got == 0) {
            rc = fail(&j->why, ERR_CORRUPT, "%s: nothing is readable from %" PRIu64 " to %" PRIu64,
                      name, at, f->to);
        }
        if (rc != OK) {
            fprintf(stderr, "sluice: %s\nsluice: %s: exported from %" PRIu64 " to %" PRIu64
                    " only, of %" PRIu64 "\n", j->why.text, name, f->from, at, f->to);
            return CLI_NO;
        }
        if (write_all(fd, buf, got) != OK) {
            fprintf(stderr, "sluice: writing %s: %s\n", path, strerror(errno));
            return CLI_NO;
        }
        at += got;
        store_progress(name, at - f->from, f->to - f->from);
    }
    if (f->from > 0) {
        fprintf(stderr, "sluice: %s: its first %" PRIu64 " bytes are not in the store\n", name,
                f->from);
    }
    if (f->damaged) {
        fprintf(stderr, "sluice: %s: exported from %" PRIu64 " to %" PRIu64 ", but whether that is "
                        "all of it is not certain: sluice store verify %s shows the damage\n",
                name, f->from, f->to, j->device);
        return CLI_NO;
    }
    return CLI_YES;
}

static int export_to(struct store_job *j, size_t index, const struct store_file *f,
                     const char *path)
{
    bool to_stdout = strcmp(path, "-") == 0;
    /* Never over an existing file: it may be an earlier export, or the store itself. */
    int fd = to_stdout ? STDOUT_FILENO
                       : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST) {
        fprintf(stderr, "sluice: %s is there already; an export overwrites nothing: remove it, or "
                        "name another place with -o\n",
                path);
        return CLI_NO;
    }
    if (fd < 0) {
        fprintf(stderr, "sluice: cannot write %s: %s\n", path, strerror(errno));
        return CLI_NO;
    }
    int status = copy_file(j, index, f, fd, path);
    if (!to_stdout && close(fd) != 0) {
        fprintf(stderr, "sluice: writing %s: %s\n", path, strerror(errno));
        status = CLI_NO;
    }
    return status;
}

/* How many files before this one have its name. */
static unsigned same_before(struct store_job *j, size_t index, const char *name)
{
    struct store_file f;
    unsigned n = 0;
    for (size_t i = 0; i < index && store_file_at(j->store, i, &f, NULL) == OK; i++) {
        n += strcmp(f.name, name) == 0 ? 1 : 0;
    }
    return n;
}

static int export_all(struct store_job *j)
{
    const char *folder = j->output != NULL ? j->output : ".";
    struct store_file f;
    int status = CLI_YES, rc;
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
        fprintf(stderr, "sluice: cannot make the folder %s: %s\n", folder, strerror(errno));
        return CLI_NO;
    }
    size_t i = 0, whole = 0;
    for (; (rc = store_file_at(j->store, i, &f, &j->why)) == OK; i++) {
        char path[4096], name[STORE_NAME_MAX + 1];
        if (!safe_name(f.name)) {
            fprintf(stderr, "sluice: file %zu is named \"%s\": not exported\n", i + 1,
                    store_printable(f.name, name));
            status = CLI_NO;
            continue;
        }
        unsigned same = same_before(j, i, f.name);
        int n = same == 0 ? snprintf(path, sizeof path, "%s/%s", folder, f.name)
                          : snprintf(path, sizeof path, "%s/%s.%u", folder, f.name, same + 1);
        if (n < 0 || (size_t)n >= sizeof path) {
            fprintf(stderr, "sluice: the folder's name is too long\n");
            return CLI_NO;
        }
        if (export_to(j, i, &f, path) == CLI_YES) {
            whole++;
        } else {
            status = CLI_NO;
        }
    }
    if (rc != ERR_NOT_FOUND) {
        return store_job_failed(j, j->why.text);
    }
    if (status == CLI_YES && j->report.damaged > 0) {
        fprintf(stderr, "the store is damaged, but no content of these files: sluice store "
                        "verify %s names the places\n", j->device);
    }
    fprintf(stderr, "%zu of %zu file%s exported to %s\n", whole, i, i == 1 ? "" : "s", folder);
    return status;
}

int cli_store_export(struct store_job *j)
{
    int rc = store_job_open(j);
    if (rc != OK) {
        return store_job_failed(j, j->why.text);
    }
    if (j->binlog == NULL) {
        return export_all(j);
    }
    struct store_file f, match;
    size_t index = 0;
    bool there = false;
    for (size_t i = 0; (rc = store_file_at(j->store, i, &f, &j->why)) == OK; i++) {
        if (strcmp(f.name, j->binlog) == 0) {
            match = f;
            index = i;
            there = true;
        }
    }
    if (rc != ERR_NOT_FOUND) {
        return store_job_failed(j, j->why.text);
    }
    if (!there) {
        fprintf(stderr, "sluice: %s is not in the store; sluice store list %s shows what is\n",
                j->binlog, j->device);
        return CLI_NO;
    }
    const char *path = j->output != NULL ? j->output : j->binlog;
    if (j->output == NULL && !safe_name(path)) {
        fprintf(stderr, "sluice: name the output with -o FILE\n");
        return CLI_USAGE;
    }
    return export_to(j, index, &match, path);
}
