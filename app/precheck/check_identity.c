/* SPDX-License-Identifier: Apache-2.0 */
/* -260, -264: who is who among source, target, replicas and this box. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/amount.h"
#include "app/precheck/checks.h"
#include "app/precheck/clean.h"

/* ---- -260 ---- */

struct gtid {
    bool had, mariadb, on, between;
    char text[48];
};

/* gtid_mode of one side. Absent before MySQL 5.6 and on MariaDB, where it means off: MariaDB's
 * GTIDs are of another kind and always there. */
static struct gtid gtid_of(const struct facts *f, struct finding *out, enum side side)
{
    struct server_version v = version_of(&f->server[side]);
    const char *value = NULL;
    struct gtid g = {.mariadb = v.mariadb, .text = "OFF"};

    switch (fact_variable(f, out, side, "gtid_mode", &value)) {
    case FACT_NONE:
        return g;
    case FACT_ABSENT:
        if (!v.mariadb && (!v.known || v.number >= 50600)) {
            finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                        "the %s (%s) shows no variable gtid_mode", side_name(side), v.text);
            return g;
        }
        clean_format(g.text, sizeof g.text, "%s",
                     v.mariadb ? "none (MariaDB)" : "none (before 5.6)");
        break;
    case FACT_HAD:
        clean_format(g.text, sizeof g.text, "%s", value);
        /* What new transactions get: ON_PERMISSIVE gives GTIDs, OFF_PERMISSIVE does not. */
        g.on = strcasecmp(value, "ON_PERMISSIVE") == 0;
        g.between = g.on || strcasecmp(value, "OFF_PERMISSIVE") == 0;
        if (!g.between && !switch_read(out, side, "gtid_mode", value, &g.on)) {
            return g;
        }
        break;
    }
    g.had = true;
    return g;
}

static void gtid_remedy(const struct server_version *v, bool on, const char *side,
                        struct finding *out)
{
    if (v->number >= 50706) {
        finding_remedy(out,
                       on ? "on the %s, one after the other: SET GLOBAL "
                            "enforce_gtid_consistency = ON; SET GLOBAL gtid_mode = "
                            "OFF_PERMISSIVE; SET GLOBAL gtid_mode = ON_PERMISSIVE; SET GLOBAL "
                            "gtid_mode = ON; and the same in [mysqld] of its configuration"
                          : "on the %s, one after the other: SET GLOBAL gtid_mode = "
                            "ON_PERMISSIVE; SET GLOBAL gtid_mode = OFF_PERMISSIVE; SET GLOBAL "
                            "gtid_mode = OFF; and the same in [mysqld] of its configuration",
                       side);
    } else if (v->number >= 50600) {
        finding_remedy(out,
                       "on the %s, in [mysqld] of its configuration: gtid_mode = %s, "
                       "enforce_gtid_consistency = %s, log_bin, log_slave_updates; then "
                       "restart it",
                       side, on ? "ON" : "OFF", on ? "ON" : "OFF");
    } else {
        finding_remedy(out, "choose a target that has GTIDs, or switch them off on the source");
    }
}

void check_gtid(const struct facts *f, struct finding *out)
{
    struct gtid source = gtid_of(f, out, SOURCE), target = gtid_of(f, out, TARGET);

    if (!source.had || !target.had) {
        return;
    }
    if (source.mariadb && target.mariadb) {
        finding_add(out, VERDICT_SKIP, NULL,
                    "MariaDB has no gtid_mode; its GTIDs are always there");
        return;
    }
    struct server_version v = version_of(&f->server[TARGET]);
    bool strict = !v.mariadb && version_series(&v) == 507;
    bool holds = strict ? source.on == target.on : !(source.on && !target.on);
    char wanted[64];
    clean_format(wanted, sizeof wanted, "%s",
                 strict ? (source.on ? "on, as on the source" : "off, as on the source")
                        : (source.on ? "on" : "on or off"));
    finding_compare(out, true, "source gtid_mode", source.text, "any");
    finding_compare(out, holds, "target gtid_mode", target.text, wanted);
    if (!holds) {
        finding_add(out, VERDICT_FAIL,
                    source.on ? "is on at the source, off at the target"
                              : "is off at the source, on at the target",
                    "gtid_mode is %s on the source and %s on the target%s", source.text,
                    target.text, strict ? "; a 5.7 target needs both on or both off" : "");
        gtid_remedy(&v, source.on, "target", out);
        return;
    }
    if (source.between || target.between) {
        finding_add(out, VERDICT_WARN, "is in the middle of a change",
                    "gtid_mode is %s on the source and %s on the target: a change that was begun "
                    "and not finished",
                    source.text, target.text);
        struct server_version s = version_of(&f->server[SOURCE]);
        gtid_remedy(source.between ? &s : &v, source.on, source.between ? "source" : "target", out);
        return;
    }
    finding_add(out, VERDICT_PASS, NULL, "gtid_mode is %s on the source, %s on the target",
                source.text, target.text);
}

/* ---- -264 ---- */

static bool id_of(const struct facts *f, struct finding *out, enum side side, uint32_t *id)
{
    const char *value = fact_needed(f, out, side, "server_id");
    char *end = NULL;

    if (value == NULL) {
        return false;
    }
    errno = 0;
    uintmax_t n = strtoumax(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || n > UINT32_MAX) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the %s's server_id \"%.40s\" is no "
                    "server id",
                    side_name(side), value);
        return false;
    }
    *id = (uint32_t)n;
    return true;
}

/* A proposal that is none of the three. */
static uint32_t other_id(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t id = 101;

    while (id == a || id == b || id == c) {
        id++;
    }
    return id;
}

static void compare_ids(struct finding *out, bool holds, const char *what, uint32_t id,
                        const char *wanted)
{
    char text[16];

    clean_format(text, sizeof text, "%" PRIu32, id);
    finding_compare(out, holds, what, text, wanted);
}

/* Another replica of the source that goes by our number; the source would throw one of us out. A
 * line with our own host name is this box itself, relaying at this moment. */
static void check_replicas(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_REPLICAS];

    out->used[SOURCE] |= 1u << Q_REPLICAS;
    if (is_own_failure(a)) {
        finding_add(out, VERDICT_WARN, "could not look at the source's other replicas",
                    "whether another replica has our number %" PRIu32 " could not be looked up: "
                    "%s: error %u (%s)",
                    f->our_server_id, a->sql, a->mysql_errno, a->sqlstate);
        finding_remedy(out,
                       "make sure that no other replica of the source has server_id %" PRIu32 "%s",
                       f->our_server_id,
                       is_privilege_error(a->mysql_errno) ? ", or grant what -255 names" : "");
        return;
    }
    if (!fact_answer(f, out, SOURCE, Q_REPLICAS)) {
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        const char *id = answer_value(a, i, "Server_id"), *host = answer_value(a, i, "Host");
        if (id == NULL) {
            finding_add(out, VERDICT_WARN, "could not look at the source's other replicas",
                        "the source lists a replica without its server_id");
            finding_remedy(out,
                           "make sure that no other replica of the source has server_id %" PRIu32,
                           f->our_server_id);
            continue;
        }
        if (strtoumax(id, NULL, 10) != f->our_server_id) {
            continue;
        }
        if (host != NULL && f->hostname != NULL && strcmp(host, f->hostname) == 0) {
            finding_add(out, VERDICT_PASS, NULL,
                        "the replica \"%.60s\" with number %" PRIu32
                        " is taken for this box (appliance.hostname)",
                        host, f->our_server_id);
            continue;
        }
        compare_ids(out, false, "our server_id", f->our_server_id, "not another replica's");
        finding_add(out, VERDICT_FAIL, "of another replica is ours",
                    "another replica of the source (host \"%.60s\") has our server_id %" PRIu32,
                    host == NULL ? "" : host, f->our_server_id);
        finding_remedy(out, "set source.server_id in the config to a number that no replica has");
        return;
    }
}

void check_server_id(const struct facts *f, struct finding *out)
{
    uint32_t ours = f->our_server_id, source = 0, target = 0;
    bool has_target = f->server[TARGET].configured;

    bool known = id_of(f, out, SOURCE, &source);
    bool target_known = has_target && id_of(f, out, TARGET, &target);
    uint32_t proposal = other_id(source, target, ours);
    if (known) {
        bool set = source > 1;
        compare_ids(out, set, "source server_id", source, "greater than 1");
        if (!set) {
            char brief[40];
            clean_format(brief, sizeof brief, "of the source is %" PRIu32, source);
            finding_add(out, VERDICT_FAIL, brief,
                        "the source's server_id is %" PRIu32 ", must be greater than 1", source);
            finding_remedy(out,
                           "on the source: SET GLOBAL server_id = %" PRIu32 "; and the same "
                           "in [mysqld] of its configuration",
                           proposal);
        } else if (source == ours) {
            finding_add(out, VERDICT_FAIL, "of the source is ours",
                        "the source's server_id %" PRIu32 " is also this box's", source);
            finding_remedy(out,
                           "set source.server_id in the config to another number, such as %" PRIu32,
                           proposal);
        }
        compare_ids(out, source != ours, "our server_id", ours, "not the source's");
    }
    if (target_known) {
        compare_ids(out, (!known || target != source) && target != ours, "target server_id", target,
                    "neither the source's nor ours");
        if (known && target == source) {
            finding_add(out, VERDICT_FAIL, "of source and target are equal",
                        "source and target have the same server_id %" PRIu32, source);
            finding_remedy(out,
                           "on the target: SET GLOBAL server_id = %" PRIu32 "; and the same in "
                           "[mysqld] of its configuration",
                           proposal);
        }
        if (target == ours) {
            finding_add(out, VERDICT_FAIL, "of the target is ours",
                        "the target's server_id %" PRIu32 " is also this box's", target);
            finding_remedy(out,
                           "set source.server_id in the config to another number, such as %" PRIu32,
                           proposal);
        }
    }
    if (known) {
        check_replicas(f, out);
    }
    if (has_target) {
        finding_add(out, VERDICT_PASS, NULL,
                    "source %" PRIu32 ", target %" PRIu32 ", ours %" PRIu32, source, target, ours);
    } else {
        finding_add(out, VERDICT_PASS, NULL, "source %" PRIu32 ", ours %" PRIu32, source, ours);
    }
}

/* ---- half way on ---- */

void check_gtid_consistency(const struct facts *f, struct finding *out)
{
    struct server_version v = version_of(&f->server[SOURCE]);
    const char *mode = NULL, *enforced = NULL;
    enum fact had = fact_variable(f, out, SOURCE, "gtid_mode", &mode);

    if (had == FACT_ABSENT && v.known && (v.mariadb || v.number < 50600)) {
        finding_add(out, VERDICT_SKIP, NULL, "%s",
                    v.mariadb ? "MariaDB has no gtid_mode; its GTIDs are always there"
                              : "a server of this age has no GTIDs");
        return;
    }
    if (had != FACT_HAD) {
        fact_needed(f, out, SOURCE, "gtid_mode");
        return;
    }
    /* UPGRADE_STEP_1 and _2 were the names in 5.6. */
    bool on = strncasecmp(mode, "ON", 2) == 0 || strcmp(mode, "1") == 0;
    bool off = strcasecmp(mode, "OFF") == 0 || strcmp(mode, "0") == 0;
    bool between =
        strcasestr(mode, "_PERMISSIVE") != NULL || strncasecmp(mode, "UPGRADE_STEP", 12) == 0;
    finding_compare(out, (on || off) && !between, "source gtid_mode", mode, "ON or OFF");
    if (!on && !off && !between) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the source's gtid_mode \"%.40s\" is not understood", mode);
        return;
    }
    if (between) {
        char brief[64];
        clean_format(brief, sizeof brief, "is half way: gtid_mode is %.30s", mode);
        finding_add(out, VERDICT_WARN, brief,
                    "gtid_mode is %.40s: a change that was begun and not finished; some "
                    "transactions have GTIDs and some have none",
                    mode);
        gtid_remedy(&v, on, "source", out);
    }
    if (on && (enforced = fact_needed(f, out, SOURCE, "enforce_gtid_consistency")) != NULL) {
        finding_compare(out, is_on(enforced), "source enforce_gtid_consistency", enforced, "ON");
        if (!is_on(enforced)) {
            finding_add(out, VERDICT_WARN, "does not hold statements to it",
                        "gtid_mode is %.40s, and enforce_gtid_consistency is %.40s: statements "
                        "that a GTID cannot stand for are let through",
                        mode, enforced);
            finding_remedy(out, "on the source: SET GLOBAL enforce_gtid_consistency = ON;");
        }
    }
    finding_add(out, VERDICT_PASS, NULL, "gtid_mode is %.40s", mode);
}
