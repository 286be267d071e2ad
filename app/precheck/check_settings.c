/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that make the same statement or row mean or do something else on the target. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/amount.h"
#include "app/precheck/checks.h"
#include "app/precheck/clean.h"

/* ---- max_allowed_packet ---- */

#define PACKET_LEAST (4u << 20)

static void packet_remedy(struct finding *out, enum side side, uint64_t wanted)
{
    finding_remedy(out,
                   "on the %s: SET GLOBAL max_allowed_packet = %" PRIu64 "; and the same in "
                   "[mysqld] of its configuration",
                   side_name(side), wanted);
}

void check_packet_size(const struct facts *f, struct finding *out)
{
    static const char name[] = "max_allowed_packet";
    uint64_t source = 0, target = 0;
    char from[32], to[32] = "";

    bool known = amount_variable(f, out, SOURCE, name, &source);
    amount_text(source, from, sizeof from);
    if (known) {
        amount_compare(out, source >= PACKET_LEAST, "source max_allowed_packet", source,
                       "at least ", PACKET_LEAST);
        if (source < PACKET_LEAST) {
            finding_add(out, VERDICT_WARN, "of the source is small",
                        "max_allowed_packet of the source is %s: a larger row stops the stream",
                        from);
            packet_remedy(out, SOURCE, PACKET_LEAST);
        }
    }
    if (f->server[TARGET].configured && amount_variable(f, out, TARGET, name, &target) && known) {
        amount_text(target, to, sizeof to);
        amount_compare(out, target >= source, "target max_allowed_packet", target, "at least ",
                       source);
        if (target < source) {
            finding_add(out, VERDICT_WARN, "of the target is smaller",
                        "max_allowed_packet is %s on the source and %s on the target: what the "
                        "source takes, the target may refuse",
                        from, to);
            packet_remedy(out, TARGET, source);
        }
    }
    finding_add(out, VERDICT_PASS, NULL, "max_allowed_packet is %s%s%s", from,
                to[0] != '\0' ? ", on the target " : "", to);
}

/* ---- equal settings ---- */

/* What may stand in a remedy's statement without quoting. */
static bool is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool next_mode(const char **p, const char **mode, size_t *len)
{
    while (**p != '\0' && !is_letter(**p)) {
        ++*p;
    }
    *mode = *p;
    while (is_letter(**p)) {
        ++*p;
    }
    *len = (size_t)(*p - *mode);
    return *len > 0;
}

static bool has_mode(const char *modes, const char *mode, size_t len)
{
    const char *one = NULL;
    size_t n = 0;

    while (next_mode(&modes, &one, &n)) {
        if (n == len && strncasecmp(one, mode, n) == 0) {
            return true;
        }
    }
    return false;
}

/* The modes of one list that another lacks. NO_AUTO_CREATE_USER is about GRANT only; MySQL from
 * 8.0.11 on always acts so and refuses the name. */
static size_t lacking(const char *modes, const char *other, bool refuses, char *buf, size_t size)
{
    static const char gone[] = "NO_AUTO_CREATE_USER";
    const char *one = NULL;
    size_t n = 0, used = 0;

    buf[0] = '\0';
    while (next_mode(&modes, &one, &n)) {
        bool is_gone = refuses && n == sizeof gone - 1 && strncasecmp(one, gone, n) == 0;
        if (!is_gone && (other == NULL || !has_mode(other, one, n))) {
            used +=
                clean_format(buf + used, size - used, "%s%.*s", used > 0 ? "," : "", (int)n, one);
        }
    }
    return used;
}

static void compare_sql_mode(const struct facts *f, struct finding *out)
{
    const char *s = fact_needed(f, out, SOURCE, "sql_mode");
    const char *t = fact_needed(f, out, TARGET, "sql_mode");
    struct server_version v = version_of(&f->server[TARGET]);
    bool refuses = !v.mariadb && v.number >= 80011;
    char only_s[160], only_t[160], all[400];

    if (s == NULL || t == NULL) {
        return;
    }
    size_t differ = lacking(s, t, refuses, only_s, sizeof only_s);
    differ += lacking(t, s, refuses, only_t, sizeof only_t);
    finding_compare(out, differ == 0, "target sql_mode", t, s);
    if (differ == 0) {
        return;
    }
    finding_add(out, VERDICT_WARN, "sql_mode differs",
                "sql_mode differs: only on the source %s, only on the target %s",
                only_s[0] != '\0' ? only_s : "nothing", only_t[0] != '\0' ? only_t : "nothing");
    lacking(s, NULL, refuses, all, sizeof all);
    finding_remedy(out, "on the target: SET GLOBAL sql_mode = '%s';", all);
}

/* Seconds east of UTC at this moment. */
static bool offset_of(const struct facts *f, struct finding *out, enum side side, int *offset)
{
    const char *text = NULL;
    uint64_t n = 0;

    if (!fact_answer(f, out, side, Q_CLOCK)) {
        return false;
    }
    text = answer_value(&f->server[side].answers[Q_CLOCK], 0, "utc_offset");
    bool west = text != NULL && text[0] == '-';
    if (!amount_needed(out, side, "utc_offset", west ? text + 1 : text, &n)) {
        return false;
    }
    *offset = n > 86400 ? 86400 : (int)n;
    *offset = west ? -*offset : *offset;
    return true;
}

static void zone_text(const char *zone, int offset, char *buf, size_t size)
{
    unsigned minutes = (unsigned)(offset < 0 ? -offset : offset) / 60;

    clean_format(buf, size, "%.40s, now %c%02u:%02u", zone, offset < 0 ? '-' : '+', minutes / 60,
                 minutes % 60);
}

/* The name of the zone that SYSTEM stands for. */
static const char *zone_of(const struct facts *f, struct finding *out, enum side side,
                           const char *zone)
{
    return strcasecmp(zone, "SYSTEM") != 0 ? zone : fact_needed(f, out, side, "system_time_zone");
}

static bool is_utc(const char *zone)
{
    static const char *const names[] = {"UTC", "GMT", "Etc/UTC", "+00:00", "-00:00"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(zone, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Names say little: SYSTEM is whatever the server's host has, and one zone has many names. */
static void compare_time_zone(const struct facts *f, struct finding *out)
{
    const char *s = fact_needed(f, out, SOURCE, "time_zone");
    const char *t = fact_needed(f, out, TARGET, "time_zone");
    int from = 0, to = 0;
    char here[64], there[64];

    if (s == NULL || t == NULL) {
        return;
    }
    if (strcasecmp(s, t) == 0 && strcasecmp(s, "SYSTEM") != 0) {
        finding_compare(out, true, "target time_zone", t, s);
        return;
    }
    bool known = offset_of(f, out, SOURCE, &from);
    if (!offset_of(f, out, TARGET, &to) || !known) {
        return;
    }
    zone_text(s, from, here, sizeof here);
    zone_text(t, to, there, sizeof there);
    /* Two clocks read at two moments: a second more or less is no other zone. */
    bool same = abs(from - to) < 60;
    finding_compare(out, same, "target time_zone", there, here);
    if (!same) {
        finding_add(out, VERDICT_WARN, "time_zone differs",
                    "time_zone is %s on the source and %s on the target", here, there);
        finding_remedy(out,
                       "on the target: SET GLOBAL time_zone = '%c%02d:%02d'; or set both to "
                       "the same zone",
                       from < 0 ? '-' : '+', abs(from) / 3600, abs(from) / 60 % 60);
        return;
    }
    const char *from_zone = zone_of(f, out, SOURCE, s), *to_zone = zone_of(f, out, TARGET, t);
    if (from_zone == NULL || to_zone == NULL) {
        return;
    }
    /* Two that are not one zone part when one of them changes to summer time. */
    bool one = (strcasecmp(s, t) == 0 && strcasecmp(from_zone, to_zone) == 0) ||
               (is_utc(from_zone) && is_utc(to_zone));
    if (!one) {
        finding_add(out, VERDICT_WARN, "time_zone may differ",
                    "time_zone is %s (%.20s), on the target %s (%.20s): the same now, but maybe "
                    "not all year",
                    here, from_zone, there, to_zone);
        finding_remedy(out, "on both: SET GLOBAL time_zone = '…'; with the name of one zone");
    } else if (strcasecmp(s, t) != 0) {
        finding_add(out, VERDICT_PASS, NULL, "time_zone is %s, on the target %s: the same now",
                    here, there);
    }
}

/* utf8_bin is what utf8mb3_bin was called before. */
static bool same_collation(const char *a, const char *b)
{
    const char *const names[] = {a, b};
    char full[2][80];

    for (size_t i = 0; i < 2; i++) {
        bool old = strncasecmp(names[i], "utf8_", 5) == 0;
        clean_format(full[i], sizeof full[i], "%s%s", old ? "utf8mb3_" : "",
                     old ? names[i] + 5 : names[i]);
    }
    return strcasecmp(full[0], full[1]) == 0;
}

static const char *collation_of(const struct facts *f, struct finding *out, enum side side)
{
    const char *value = fact_needed(f, out, side, "collation_server");
    const char *p = value;

    while (p != NULL && is_letter(*p)) {
        p++;
    }
    if (p != NULL && (*p != '\0' || p == value)) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the %s's collation_server \"%.40s\" is no collation", side_name(side), value);
        return NULL;
    }
    return value;
}

static void compare_collation(const struct facts *f, struct finding *out)
{
    const char *s = collation_of(f, out, SOURCE), *t = collation_of(f, out, TARGET);

    if (s == NULL || t == NULL) {
        return;
    }
    bool same = same_collation(s, t);
    finding_compare(out, same, "target collation_server", t, s);
    if (!same) {
        finding_add(out, VERDICT_WARN, "collation_server differs",
                    "collation_server is %.40s on the source and %.40s on the target", s, t);
        finding_remedy(out,
                       "on the target: SET GLOBAL collation_server = '%.40s'; and the same "
                       "in [mysqld] of its configuration",
                       s);
    }
}

/* Absent where there is none: on MariaDB and before MySQL 5.6. */
static const char *uuid_of(const struct facts *f, struct finding *out, enum side side)
{
    struct server_version v = version_of(&f->server[side]);
    const char *value = NULL;

    if (v.known && (v.mariadb || v.number < 50600)) {
        fact_variable(f, out, side, "server_uuid", &value);
    } else {
        value = fact_needed(f, out, side, "server_uuid");
    }
    if (value != NULL && value[0] == '\0') {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known", "the %s's server_uuid is empty",
                    side_name(side));
        return NULL;
    }
    return value;
}

static void compare_uuid(const struct facts *f, struct finding *out)
{
    const char *s = uuid_of(f, out, SOURCE), *t = uuid_of(f, out, TARGET);

    if (s == NULL || t == NULL) {
        return;
    }
    bool same = strcasecmp(s, t) == 0;
    finding_compare(out, !same, "target server_uuid", t, "not the source's");
    if (same) {
        finding_add(out, VERDICT_FAIL, "server_uuid is the same",
                    "source and target both have server_uuid %.40s: each takes the other's "
                    "changes for its own (was the data folder copied?)",
                    s);
        finding_remedy(out, "on the target: stop it, remove auto.cnf from its data folder, and "
                            "start it; it makes a new server_uuid");
    }
}

void check_settings_equal(const struct facts *f, struct finding *out)
{
    compare_sql_mode(f, out);
    compare_time_zone(f, out);
    compare_collation(f, out);
    compare_uuid(f, out);
    finding_add(out, VERDICT_PASS, NULL, "sql_mode, time_zone and collation_server are equal");
}

/* ---- auto-increment ---- */

void check_auto_increment(const struct facts *f, struct finding *out)
{
    static const char *const names[] = {"auto_increment_increment", "auto_increment_offset"};
    uint64_t value[2][2] = {{0}};
    bool known = true;

    for (size_t i = 0; i < 2; i++) {
        known = amount_variable(f, out, SOURCE, names[i], &value[i][SOURCE]) && known;
        known = amount_variable(f, out, TARGET, names[i], &value[i][TARGET]) && known;
    }
    if (!known) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        uint64_t s = value[i][SOURCE], t = value[i][TARGET];
        char what[48];
        clean_format(what, sizeof what, "target %s", names[i]);
        amount_compare(out, s == t, what, t, "", s);
        if (s != t) {
            finding_add(out, VERDICT_WARN, "differs",
                        "%s is %" PRIu64 " on the source and %" PRIu64 " on the target", names[i],
                        s, t);
            finding_remedy(out,
                           "on the target: SET GLOBAL %s = %" PRIu64 "; and the same in [mysqld] "
                           "of its configuration",
                           names[i], s);
        }
    }
    finding_add(out, VERDICT_PASS, NULL, "increment %" PRIu64 " and offset %" PRIu64 " on both",
                value[0][SOURCE], value[1][SOURCE]);
}
