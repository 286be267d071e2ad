/* SPDX-License-Identifier: Apache-2.0 */
/* The character sets Connector/C knows here: stands in for ma_charset.c and mariadb_charset.c. */

/*
 * Every connection speaks utf8mb4 (ma_config.h), so that the library's 300 collations would only
 * cost 40 KB. The others are what a server may answer that it has switched to.
 */
#include <ma_global.h>
#include <ma_sys.h>
#include <mariadb_ctype.h>
#include <mysql.h>
#include <string.h>

/* How many bytes the character that starts at START has, when it is a whole and valid one of more
 * than one byte; else 0. */
static unsigned int utf8_valid(const char *start, const char *end)
{
    const unsigned char *s = (const unsigned char *)start;
    size_t left = (size_t)(end - start);
    unsigned int len = 0;

    if (left == 0) {
        return 0;
    }
    len = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 :
          s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
    if (len == 0 || left < len) {
        return 0;
    }
    for (unsigned int i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f)) {
        return 0;
    }
    return len;
}

static unsigned int utf8_charlen(unsigned int first)
{
    return first < 0xc2 ? 1 : first <= 0xdf ? 2 : first <= 0xef ? 3 : first <= 0xf4 ? 4 : 1;
}

/* number, state, character set, collation, folder, Windows code page, iconv's name, bytes */
const MARIADB_CHARSET_INFO mariadb_compiled_charsets[] = {
    {45, 1, "utf8mb4", "utf8mb4_general_ci", "", 65001, "UTF-8", 1, 4, utf8_charlen, utf8_valid},
    {33, 1, "utf8mb3", "utf8mb3_general_ci", "", 65001, "UTF-8", 1, 3, utf8_charlen, utf8_valid},
    {33, 1, "utf8", "utf8_general_ci", "", 65001, "UTF-8", 1, 3, utf8_charlen, utf8_valid},
    {8, 1, "latin1", "latin1_swedish_ci", "", 1252, "LATIN1", 1, 1, NULL, NULL},
    {11, 1, "ascii", "ascii_general_ci", "", 1252, "ASCII", 1, 1, NULL, NULL},
    {63, 1, "binary", "binary", "", 0, "ASCII", 1, 1, NULL, NULL},
    {0, 0, NULL, NULL, NULL, 0, NULL, 0, 0, NULL, NULL},
};

MARIADB_CHARSET_INFO *ma_default_charset_info = (MARIADB_CHARSET_INFO *)mariadb_compiled_charsets;

const MARIADB_CHARSET_INFO *mysql_find_charset_nr(unsigned int nr);
const MARIADB_CHARSET_INFO *mysql_find_charset_nr(unsigned int nr)
{
    for (const MARIADB_CHARSET_INFO *c = mariadb_compiled_charsets; c->nr != 0; c++) {
        if (c->nr == nr) {
            return c;
        }
    }
    return NULL;
}

const MARIADB_CHARSET_INFO *mysql_find_charset_name(const char *name)
{
    for (const MARIADB_CHARSET_INFO *c = mariadb_compiled_charsets; c->nr != 0; c++) {
        if (strcasecmp(c->csname, name) == 0) {
            return c;
        }
    }
    return NULL;
}

my_bool set_default_charset_by_name(const char *name, myf flags)
{
    const MARIADB_CHARSET_INFO *c = mysql_find_charset_name(name);

    (void)flags;
    if (c == NULL) {
        return 1;
    }
    ma_default_charset_info = (MARIADB_CHARSET_INFO *)c;
    return 0;
}

/* Doubles QUOTE, or with BACKSLASH escapes what MySQL's syntax gives a meaning. Returns the bytes
 * written to TO, which has room for 2 * LEN + 1. */
static size_t escape(const MARIADB_CHARSET_INFO *cs, char *to, const char *from, size_t len,
                     int backslash)
{
    const char *end = from + len;
    char *out = to;

    while (from < end) {
        unsigned int whole = cs->mb_valid != NULL ? cs->mb_valid(from, end) : 0;
        char escaped = 0;

        if (whole > 1) {
            memcpy(out, from, whole);
            out += whole;
            from += whole;
            continue;
        }
        if (backslash) {
            switch (*from) {
            case '\0':
                escaped = '0';
                break;
            case '\n':
                escaped = 'n';
                break;
            case '\r':
                escaped = 'r';
                break;
            case '\032':
                escaped = 'Z';
                break;
            case '\'':
            case '"':
            case '\\':
                escaped = *from;
                break;
            }
        }
        if (escaped != 0) {
            *out++ = '\\';
            *out++ = escaped;
        } else {
            if (!backslash && *from == '\'') {
                *out++ = '\'';
            }
            *out++ = *from;
        }
        from++;
    }
    *out = '\0';
    return (size_t)(out - to);
}

size_t mysql_cset_escape_quotes(const MARIADB_CHARSET_INFO *cs, char *to, const char *from,
                                size_t len)
{
    return escape(cs, to, from, len, 0);
}

size_t mysql_cset_escape_slashes(const MARIADB_CHARSET_INFO *cs, char *to, const char *from,
                                 size_t len)
{
    return escape(cs, to, from, len, 1);
}

/* Nothing is ever converted between character sets; the library's tables of functions name it. */
size_t STDCALL mariadb_convert_string(const char *from, size_t *from_len,
                                      MARIADB_CHARSET_INFO *from_cs, char *to, size_t *to_len,
                                      MARIADB_CHARSET_INFO *to_cs, int *errorcode)
{
    (void)from;
    (void)from_len;
    (void)from_cs;
    (void)to;
    (void)to_len;
    (void)to_cs;
    *errorcode = EINVAL;
    return (size_t)-1;
}
