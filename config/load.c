/* SPDX-License-Identifier: Apache-2.0 */
/* A config from a file system: the INI file and what it names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.h"
#include "config/schema.h"

int config_read_file(const char *path, const char *shown, size_t max, char **text, size_t *len,
                     struct errmsg *why)
{
    int rc = 0;
    char *buf = NULL;
    size_t got = 0;
    struct stat st;
    /* NONBLOCK: a name that leads to a FIFO must not hang. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return fail_errno(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%.128s cannot be opened",
                          shown);
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        rc = fail(why, ERR_IO, "%.128s is not a file", shown);
        goto out;
    }
    buf = malloc(max + 2);
    if (buf == NULL) {
        rc = fail(why, ERR_NOMEM, "no memory for %.128s", shown);
        goto out;
    }
    while (got <= max) {
        ssize_t n = read(fd, buf + got, max + 1 - got);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            rc = fail_errno(why, ERR_IO, "%.128s cannot be read", shown);
            goto out;
        }
        if (n == 0) {
            break;
        }
        got += (size_t)n;
    }
    if (got > max) {
        rc = fail(why, ERR_INVALID, "%.128s has more than %zu bytes", shown, max);
        goto out;
    }
    buf[got] = '\0';
    *text = buf;
    *len = got;
    buf = NULL;
out:
    if (buf != NULL) {
        buf[got] = '\0';
        text_wipe(buf);
    }
    close(fd);
    return rc;
}

int config_read_beside(void *folder, const char *name, char **text, struct errmsg *why)
{
    char path[1024];
    size_t len = 0;
    const char *dir = (const char *)folder;
    int n = name[0] == '/' ? snprintf(path, sizeof path, "%s", name)
                           : snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path) {
        return fail(why, ERR_INVALID, "%.64s…: the path is too long", name);
    }
    int rc = config_read_file(path, name, CONFIG_PEM_MAX, text, &len, why);
    /* MySQL 9 ends the public_key.pem that it makes with a NUL byte: one at the very end is let be.
     */
    size_t text_len = len > 0 && rc == 0 && (*text)[len - 1] == '\0' ? len - 1 : len;
    if (rc == 0 && memchr(*text, '\0', text_len) != NULL) {
        text_wipe(*text);
        *text = NULL;
        return fail(why, ERR_INVALID, "%.128s is not a text (it has a NUL byte)", name);
    }
    return rc;
}

int config_load(const char *path, struct config *out, struct config_mistakes *mistakes,
                struct errmsg *why)
{
    char folder[1024];
    char *text = NULL;
    size_t len = 0;
    struct errmsg ignored;
    const char *slash = strrchr(path, '/');
    int n = slash == NULL ? snprintf(folder, sizeof folder, ".")
                          : snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    int rc = n >= 0 && (size_t)n < sizeof folder
                 ? config_read_file(path, path, CONFIG_TEXT_MAX, &text, &len, why)
                 : fail(why, ERR_INVALID, "%.64s…: the path is too long", path);
    if (rc != 0) {
        /* The defaults, so that the box stays reachable. */
        int defaults = config_parse("", 0, NULL, NULL, out, mistakes);
        mistakes->count = 0;
        return defaults == ERR_NOMEM ? fail(why, ERR_NOMEM, "no memory for the config") : rc;
    }
    rc = config_parse(text, len, config_read_beside, folder, out, mistakes);
    if (rc == ERR_NOMEM) {
        fail(why, rc, "no memory for the config");
    } else {
        fail(why != NULL ? why : &ignored, 0, "%s", "");
    }
    text_wipe(text);
    return rc;
}
