/* SPDX-License-Identifier: Apache-2.0 */
/* -257, -267: do the servers' versions and settings allow it. */
#include <string.h>
#include <strings.h>

#include "app/precheck/amount.h"
#include "app/precheck/checks.h"
#include "app/precheck/clean.h"

static void versions(const struct facts *f, struct finding *out)
{
    bool had = fact_answer(f, out, SOURCE, Q_VERSION);
    if (!fact_answer(f, out, TARGET, Q_VERSION) || !had) {
        return;
    }
    struct server_version s = version_of(&f->server[SOURCE]);
    struct server_version t = version_of(&f->server[TARGET]);
    if (!s.known || !t.known) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the %s's version \"%.60s\" is not "
                    "understood",
                    s.known ? "target" : "source", s.known ? t.text : s.text);
        return;
    }
    unsigned from = version_series(&s), to = version_series(&t);
    bool same_product = s.mariadb == t.mariadb;
    bool step = !s.mariadb && ((from == 501 && to == 505) || (from == 505 && to == 506));
    /* What the list of allowed pairs does not speak of: MySQL 8, 9 and MariaDB. */
    bool newer = to > from && (s.mariadb || to >= 800);
    enum verdict v = !same_product        ? VERDICT_FAIL
                     : from == to || step ? VERDICT_PASS
                     : newer              ? VERDICT_WARN
                                          : VERDICT_FAIL;
    char wanted[96];
    clean_format(wanted, sizeof wanted, "%s %u.%u%s", s.mariadb ? "MariaDB" : "MySQL", from / 100,
                 from % 100,
                 s.mariadb || from >= 507 ? " or newer"
                 : from == 501            ? " or 5.5"
                 : from == 505            ? " or 5.6"
                                          : "");
    finding_compare(out, true, "source version", s.text, "any");
    finding_compare(out, v < VERDICT_FAIL, "target version", t.text, wanted);
    if (!same_product) {
        finding_add(out, v, "is not given: another product",
                    "from %s %.40s to %s %.40s: another "
                    "product",
                    s.mariadb ? "MariaDB" : "MySQL", s.text, t.mariadb ? "MariaDB" : "MySQL",
                    t.text);
    } else if (v == VERDICT_FAIL) {
        finding_add(out, v,
                    to < from ? "is not given: the target is older"
                              : "is not given: too large a step",
                    "from %.40s to %.40s: %s", s.text, t.text,
                    to < from ? "the target is of an older series"
                              : "only the same series, 5.1 to 5.5 and 5.5 to 5.6 are allowed");
    } else if (v == VERDICT_WARN) {
        finding_add(out, v, "the target is of a newer series",
                    "from %.40s to %.40s: the target is "
                    "of a newer series",
                    s.text, t.text);
        finding_remedy(out,
                       "look through the newer series' list of incompatible changes, or take "
                       "a target of series %u.%u",
                       from / 100, from % 100);
    } else {
        finding_add(out, v, NULL, "versions %.40s and %.40s", s.text, t.text);
    }
    if (v == VERDICT_FAIL) {
        finding_remedy(out, "choose as target %s", wanted);
    }
}

/* utf8 is what utf8mb3 was called before. */
static const char *charset(const char *name)
{
    return strcasecmp(name, "utf8") == 0 ? "utf8mb3" : name;
}

static void charsets(const struct facts *f, struct finding *out)
{
    const char *s = fact_needed(f, out, SOURCE, "character_set_server");
    const char *t = fact_needed(f, out, TARGET, "character_set_server");

    if (s == NULL || t == NULL) {
        return;
    }
    bool same = strcasecmp(charset(s), charset(t)) == 0;
    finding_compare(out, same, "target character_set_server", t, s);
    if (!same) {
        finding_add(out, VERDICT_FAIL, "is not given: character sets differ",
                    "character_set_server is %.40s on the source and %.40s on the target", s, t);
        finding_remedy(out,
                       "on the target: SET GLOBAL character_set_server = '%.40s'; and "
                       "character_set_server = %.40s in [mysqld] of its configuration",
                       s, s);
    } else {
        finding_add(out, VERDICT_PASS, NULL, "character_set_server %.40s", s);
    }
}

static void name_case(const struct facts *f, struct finding *out)
{
    const char *s = fact_needed(f, out, SOURCE, "lower_case_table_names");
    const char *t = fact_needed(f, out, TARGET, "lower_case_table_names");

    if (s == NULL || t == NULL) {
        return;
    }
    bool same = strcmp(s, t) == 0;
    finding_compare(out, same, "target lower_case_table_names", t, s);
    if (!same) {
        struct server_version v = version_of(&f->server[TARGET]);
        finding_add(out, VERDICT_FAIL, "is not given: lower_case_table_names differ",
                    "lower_case_table_names is %.20s on the source and %.20s on the target", s, t);
        finding_remedy(out,
                       "in [mysqld] of the target's configuration: lower_case_table_names = "
                       "%.20s, then %s",
                       s,
                       !v.mariadb && v.number >= 80000
                           ? "make its data folder anew (it cannot be changed afterwards)"
                           : "restart it while it holds no tables");
    } else {
        finding_add(out, VERDICT_PASS, NULL, "lower_case_table_names %.20s", s);
    }
}

void check_compatible(const struct facts *f, struct finding *out)
{
    versions(f, out);
    charsets(f, out);
    name_case(f, out);
}

void check_stats_on_metadata(const struct facts *f, struct finding *out)
{
    static const char name[] = "innodb_stats_on_metadata";
    const char *value = fact_needed(f, out, SOURCE, name);
    bool on = false;

    if (value == NULL) {
        return;
    }
    finding_compare(out, is_off(value), "source innodb_stats_on_metadata", value, "OFF");
    if (!switch_read(out, SOURCE, name, value, &on)) {
        return;
    }
    if (on) {
        finding_add(out, VERDICT_FAIL, "is ON",
                    "innodb_stats_on_metadata is %.20s: every look at "
                    "information_schema recomputes statistics",
                    value);
    } else {
        finding_add(out, VERDICT_PASS, NULL, "innodb_stats_on_metadata is %.20s", value);
    }
}
