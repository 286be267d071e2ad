/* SPDX-License-Identifier: Apache-2.0 */
/* Error codes' names and the making of messages. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    [-OK] = "ok",
    [-ERR_IO] = "io",
    [-ERR_NOMEM] = "no-memory",
    [-ERR_INVALID] = "invalid",
    [-ERR_NOT_FOUND] = "not-found",
    [-ERR_CORRUPT] = "corrupt",
    [-ERR_FULL] = "full",
    [-ERR_FOREIGN] = "foreign",
    [-ERR_VERSION] = "version",
    [-ERR_NET] = "net",
    [-ERR_TIMEOUT] = "timeout",
    [-ERR_AUTH] = "auth",
    [-ERR_TLS] = "tls",
    [-ERR_PROTOCOL] = "protocol",
    [-ERR_SERVER] = "server",
    [-ERR_CANCELLED] = "cancelled",
    [-ERR_BUSY] = "busy",
    [-ERR_GAP] = "gap",
    [-ERR_TOOBIG] = "too-big",
};

int fail(struct errmsg *why, int code, const char *fmt, ...)
{
    if (why != NULL) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(why->text, sizeof why->text, fmt, ap);
        va_end(ap);
    }
    return code;
}

int fail_errno(struct errmsg *why, int code, const char *fmt, ...)
{
    int saved = errno;
    if (why != NULL) {
        va_list ap;
        va_start(ap, fmt);
        int n = vsnprintf(why->text, sizeof why->text, fmt, ap);
        va_end(ap);
        if (n >= 0 && (size_t)n < sizeof why->text) {
            snprintf(why->text + n, sizeof why->text - (size_t)n, ": %s", strerror(saved));
        }
    }
    return code;
}

void errmsg_prefix(struct errmsg *why, const char *fmt, ...)
{
    if (why == NULL) {
        return;
    }
    struct errmsg old = *why;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(why->text, sizeof why->text, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof why->text) {
        snprintf(why->text + n, sizeof why->text - (size_t)n, ": %s", old.text);
    }
}

const char *err_name(int code)
{
    if (code > 0 || (size_t)-code >= sizeof names / sizeof names[0]) {
        return "unknown";
    }
    return names[-code];
}
