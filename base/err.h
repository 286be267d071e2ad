/* SPDX-License-Identifier: Apache-2.0 */
/* The one list of error codes, and the message that travels beside a code. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* Every fallible function returns 0 or one of these, always negative. */
enum sluice_err {
    OK = 0,
    ERR_IO = -1,         /* the device or a file failed (errno is in the message) */
    ERR_NOMEM = -2,      /* no memory, or a fixed buffer is too small */
    ERR_INVALID = -3,    /* the caller or the user gave something that is not allowed */
    ERR_NOT_FOUND = -4,  /* no such file, key, segment, position */
    ERR_CORRUPT = -5,    /* bytes fail their checksum or contradict each other */
    ERR_FULL = -6,       /* no room that may be used */
    ERR_FOREIGN = -7,    /* not ours: another store, another source, another format */
    ERR_VERSION = -8,    /* ours, but of a version this program does not read */
    ERR_NET = -9,        /* the connection failed or was lost */
    ERR_TIMEOUT = -10,   /* nothing came in time */
    ERR_AUTH = -11,      /* login or privilege refused */
    ERR_TLS = -12,       /* TLS missing, or the peer's certificate is not acceptable */
    ERR_PROTOCOL = -13,  /* the peer spoke, but not as the protocol says */
    ERR_SERVER = -14,    /* the server answered with an error of its own */
    ERR_CANCELLED = -15, /* told to stop */
    ERR_BUSY = -16,      /* somebody else holds it; try again later */
    ERR_GAP = -17,       /* bytes are missing between what is stored and what came */
    ERR_TOOBIG = -18,    /* more came than the bound allows */
};

/* A message for the person who must act: what happened, where, what to do.
 * Made where the fact is known; callers pass it on unchanged or say more with errmsg_prefix(). */
struct errmsg {
    char text[512];
};

/* Formats `why` (NULL is allowed: then nothing is written) and returns `code`. */
int fail(struct errmsg *why, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same with errno's text appended as ": Permission denied". */
int fail_errno(struct errmsg *why, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "fmt: " before the message that is already there. */
void errmsg_prefix(struct errmsg *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The code's stable name, e.g. "not-found"; for logs and JSON. Never NULL. */
const char *err_name(int code);

#endif
