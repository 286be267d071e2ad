/* SPDX-License-Identifier: Apache-2.0 */
/* The INI syntax, line by line: sections, keys, values, and what is none of these. */
#ifndef CONFIG_INI_H
#define CONFIG_INI_H

#include <stddef.h>

#include "base/reader.h"
#include "config/config.h"

enum ini_kind {
    INI_END,
    INI_SECTION, /* name in `key` */
    INI_KEY,     /* key = value */
    INI_WRONG,   /* `problem` says why; the line's content is not repeated: it may be secret */
};

struct ini_line {
    enum ini_kind kind;
    unsigned number; /* 1, 2, 3 … */
    char key[64];
    char value[CONFIG_LINE_MAX];
    const char *problem;
};

struct ini {
    struct reader in;
    unsigned number;
};

/* Starts on a whole text; a UTF-8 byte order mark is passed over. */
void ini_start(struct ini *ini, const char *text, size_t len);

/* The next line that is neither empty nor a comment (# or ; at its start). Lines end in LF, CRLF
 * or CR. Blanks around key and value are cut off; a value in double quotes loses them and keeps
 * its blanks, nothing inside is special. A # or ; in a value is part of it. */
void ini_next(struct ini *ini, struct ini_line *line);

#endif
