/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, sizes and switches as servers write them, and as people read them. */
#include "app/precheck/amount.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/clean.h"

bool amount_read(const char *text, uint64_t *n)
{
    uint64_t value = 0;

    if (text == NULL || text[0] == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value)) {
            return false;
        }
    }
    *n = value;
    return true;
}

bool amount_needed(struct finding *out, enum side side, const char *what, const char *text,
                   uint64_t *n)
{
    if (amount_read(text, n)) {
        return true;
    }
    finding_add(out, VERDICT_UNKNOWN, "cannot be known", "the %s's %.80s is %s%.40s%s, no number",
                side_name(side), what, text == NULL ? "" : "\"", text == NULL ? "NULL" : text,
                text == NULL ? "" : "\"");
    finding_remedy(out, "look at %.80s on the %s itself", what, side_name(side));
    return false;
}

bool amount_variable(const struct facts *f, struct finding *out, enum side side, const char *name,
                     uint64_t *n)
{
    const char *value = fact_needed(f, out, side, name);
    return value != NULL && amount_needed(out, side, name, value, n);
}

bool is_off(const char *value)
{
    return strcasecmp(value, "OFF") == 0 || strcmp(value, "0") == 0;
}

bool switch_read(struct finding *out, enum side side, const char *name, const char *value, bool *on)
{
    *on = is_on(value);
    if (*on || is_off(value)) {
        return true;
    }
    finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                "the %s's %s is \"%.40s\", neither ON nor OFF", side_name(side), name, value);
    finding_remedy(out, "look at %s on the %s itself", name, side_name(side));
    return false;
}

void amount_text(uint64_t bytes, char *buf, size_t size)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;

    for (; value >= 1024; unit++) {
        value /= 1024;
    }
    clean_format(buf, size, "%.*f %s", unit == 0 ? 0 : 1, value, units[unit]);
}

void amount_time(uint64_t seconds, char *buf, size_t size)
{
    if (seconds < 120) {
        clean_format(buf, size, "%" PRIu64 " s", seconds);
    } else if (seconds < 7200) {
        clean_format(buf, size, "%" PRIu64 " min", seconds / 60);
    } else {
        bool days = seconds >= 172800;
        clean_format(buf, size, "%.1f %s", (double)seconds / (days ? 86400 : 3600),
                     days ? "days" : "h");
    }
}

void amount_compare(struct finding *out, bool holds, const char *what, uint64_t found,
                    const char *relation, uint64_t wanted)
{
    char is[24], must[64];

    clean_format(is, sizeof is, "%" PRIu64, found);
    clean_format(must, sizeof must, "%s%" PRIu64, relation, wanted);
    finding_compare(out, holds, what, is, must);
}
