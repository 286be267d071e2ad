/* SPDX-License-Identifier: Apache-2.0 */
/* The INI reader. */
#include "config/ini.h"

#include <stdbool.h>
#include <string.h>

void ini_start(struct ini *ini, const char *text, size_t len)
{
    ini->in = rd_from(text, len);
    ini->number = 0;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        rd_skip(&ini->in, 3);
    }
}

/* Takes one line without its end; NULL when the text is over. */
static const char *take_line(struct reader *in, size_t *len)
{
    size_t left = rd_left(in);
    if (left == 0) {
        return NULL;
    }
    const char *text = (const char *)in->pos;
    size_t n = 0;
    while (n < left && text[n] != '\n' && text[n] != '\r') {
        n++;
    }
    size_t end = n;
    if (end < left) {
        end += text[end] == '\r' && end + 1 < left && text[end + 1] == '\n' ? 2 : 1;
    }
    rd_skip(in, end);
    *len = n;
    return text;
}

/* Bytes of a UTF-8 character at p, 0 if it is none (RFC 3629). */
static size_t utf8_char(const unsigned char *p, size_t left)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3
             : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;
    if (n == 0 || n > left) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90)) {
        return 0;
    }
    return n;
}

static const char *judge_bytes(const char *text, size_t len)
{
    if (len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
        return "the file is UTF-16; save it as UTF-8";
    }
    if (memchr(text, '\0', len) != NULL) {
        return "the line has a NUL byte; a config is plain text in UTF-8";
    }
    if (len >= CONFIG_LINE_MAX) {
        return "the line is too long; at most 4095 bytes";
    }
    for (size_t i = 0; i < len;) {
        size_t n = utf8_char((const unsigned char *)text + i, len - i);
        if (n == 0) {
            return "the line is not UTF-8; save the file as UTF-8";
        }
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f) {
            return "the line has a control character; a config is plain text";
        }
        i += n;
    }
    return NULL;
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && (**text == ' ' || **text == '\t')) {
        ++*text;
        --*len;
    }
    while (*len > 0 && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t')) {
        --*len;
    }
}

/* A section's or key's name: letters, digits, _ and -; anything else may be a mistyped secret. */
static bool take_name(const char *text, size_t len, char *to, size_t size)
{
    if (len == 0 || len >= size) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-')) {
            return false;
        }
        to[i] = c;
    }
    to[len] = '\0';
    return true;
}

static void take_value(const char *text, size_t len, char *to)
{
    trim(&text, &len);
    if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
        text++;
        len -= 2;
    }
    memcpy(to, text, len);
    to[len] = '\0';
}

void ini_next(struct ini *ini, struct ini_line *line)
{
    const char *text = NULL;
    size_t len = 0;

    line->key[0] = line->value[0] = '\0';
    line->problem = NULL;
    for (;;) {
        text = take_line(&ini->in, &len);
        if (text == NULL) {
            line->kind = INI_END;
            line->number = ini->number;
            return;
        }
        line->number = ++ini->number;
        line->kind = INI_WRONG;
        line->problem = judge_bytes(text, len);
        if (line->problem != NULL) {
            return;
        }
        trim(&text, &len);
        if (len > 0 && text[0] != '#' && text[0] != ';') {
            break;
        }
    }
    if (text[0] == '[') {
        if (text[len - 1] == ']' && take_name(text + 1, len - 2, line->key, sizeof line->key)) {
            line->kind = INI_SECTION;
        } else {
            line->problem = "a section is written [name], and nothing else is on its line";
        }
        return;
    }
    const char *equals = memchr(text, '=', len);
    if (equals == NULL) {
        line->problem = "the line is neither [section], key = value, nor a comment";
        return;
    }
    size_t key_len = (size_t)(equals - text);
    const char *key = text;
    trim(&key, &key_len);
    if (!take_name(key, key_len, line->key, sizeof line->key)) {
        line->problem = "before the = there is no key's name (letters, digits, _)";
        return;
    }
    take_value(equals + 1, len - (size_t)(equals + 1 - text), line->value);
    line->kind = INI_KEY;
}
