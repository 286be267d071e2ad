/* SPDX-License-Identifier: Apache-2.0 */
/* The config for people: mistakes as lines, values as text. */
#include <stdio.h>

#include "config/schema.h"

size_t config_mistakes_format(const struct config_mistakes *m, const char *file, char *buf,
                              size_t size)
{
    size_t kept = sizeof m->list / sizeof m->list[0];
    size_t at = 0;
    if (size == 0) {
        return 0;
    }
    buf[0] = '\0';
    for (size_t i = 0; i < m->count && at < size; i++) {
        if (i == kept) {
            at += (size_t)snprintf(buf + at, size - at, "%s: and %zu more mistakes\n", file,
                                   m->count - kept);
            break;
        }
        char line[16] = "";
        const struct config_mistake *one = &m->list[i];
        if (one->line > 0) {
            snprintf(line, sizeof line, "%u:", one->line);
        }
        at += (size_t)snprintf(buf + at, size - at, "%s:%s%s%s%s %s\n", file, line,
                               one->key[0] != '\0' ? " " : "", one->key,
                               one->key[0] != '\0' ? ":" : "", one->text);
    }
    return at < size ? at : size - 1;
}

int config_get(const struct config *c, const char *section, const char *key, char *buf, size_t size,
               bool *is_default)
{
    int at = schema_find(section, key);
    if (at < 0) {
        return ERR_NOT_FOUND;
    }
    if (is_default != NULL) {
        *is_default = c->given[at] == 0;
    }
    int rc = value_format(&schema_rows[at], c, buf, size);
    if (schema_rows[at].pub.secret && (rc != 0 || buf[0] != '\0')) {
        for (size_t i = 0; i < size; i++) {
            ((volatile char *)buf)[i] = '\0';
        }
        int n = snprintf(buf, size, "(set)");
        rc = n >= 0 && (size_t)n < size ? 0 : ERR_NOMEM;
    }
    return rc;
}

size_t config_keys_set(const struct config *c)
{
    size_t count = 0;
    for (size_t i = 0; i < schema_count; i++) {
        count += c->given[i] != 0;
    }
    return count;
}
