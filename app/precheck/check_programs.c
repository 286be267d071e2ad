/* SPDX-License-Identifier: Apache-2.0 */
/* What runs inside the server: cascades, triggers, events, definers. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/amount.h"
#include "app/precheck/checks.h"
#include "app/precheck/clean.h"
#include "app/precheck/offenders.h"

#define SHOWN(a)      (int)((a)->rows > SHOWN_MAX ? SHOWN_MAX : (a)->rows)
#define OVER(a)       ((a)->rows > SHOWN_MAX ? "more than " : "")
#define PLURAL(a)     ((a)->rows == 1 ? "" : "s")
#define CELL(a, r, c) (answer_cell(a, r, c) == NULL ? "" : answer_cell(a, r, c))

void check_cascades(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_CASCADES];
    char names[400], first[300], key[160], brief[64];

    if (!fact_answer(f, out, SOURCE, Q_CASCADES)) {
        return;
    }
    if (a->rows == 0) {
        if (fact_sees(f, out, SOURCE, SIGHT_KEYS)) {
            finding_add(out, VERDICT_PASS, NULL, "no foreign key cascades");
        }
        return;
    }
    /* Of MySQL 9.6 on. OFF: the server itself follows the keys, and not InnoDB below the binlog. */
    const char *native = NULL;
    bool engine = true;
    if (fact_variable(f, out, SOURCE, "innodb_native_foreign_keys", &native) == FACT_NONE ||
        (native != NULL &&
         !switch_read(out, SOURCE, "innodb_native_foreign_keys", native, &engine))) {
        return;
    }
    fact_names(a, 0, 1, names, sizeof names);
    quote_cells(a, 0, first, sizeof first);
    quote_name(key, sizeof key, CELL(a, 0, 2), strlen(CELL(a, 0, 2)), NULL, 0);
    clean_format(brief, sizeof brief, "in %s%d foreign key%s", OVER(a), SHOWN(a), PLURAL(a));
    finding_add(out, VERDICT_WARN, brief,
                !engine ? "changes by %s%d foreign key%s are in the binlog as rows of their own; a "
                          "target that cascades by itself meets them twice: %s"
                        : "changes by %s%d foreign key%s are not in the binlog: %s",
                OVER(a), SHOWN(a), PLURAL(a), names);
    finding_remedy(out,
                   "see that the target has %s (SHOW CREATE TABLE %.200s;), or for the time of the "
                   "migration, on the source: ALTER TABLE %.200s DROP FOREIGN KEY %s;",
                   !engine ? "no such keys until the migration has ended" : "the same keys", first,
                   first, key);
}

void check_triggers(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_TRIGGERS];
    char names[400], first[300], brief[64];

    if (!fact_answer(f, out, SOURCE, Q_TRIGGERS)) {
        return;
    }
    if (a->rows == 0) {
        if (fact_sees(f, out, SOURCE, SIGHT_TRIGGERS)) {
            finding_add(out, VERDICT_PASS, NULL, "there are no triggers");
        }
        return;
    }
    fact_names(a, 0, 1, names, sizeof names);
    quote_cells(a, 0, first, sizeof first);
    clean_format(brief, sizeof brief, "%s%d on the source", OVER(a), SHOWN(a));
    finding_add(out, VERDICT_WARN, brief,
                "%s%d trigger%s, whose changes are in the row events already: %s", OVER(a),
                SHOWN(a), PLURAL(a), names);
    finding_remedy(out,
                   "make the triggers on the target only when the migration has ended (on the "
                   "source: SHOW CREATE TRIGGER %s;)",
                   first);
}

/* ---- -418 ---- */

void check_events(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_EVENTS];
    const char *value = fact_needed(f, out, SOURCE, "event_scheduler");
    char names[400];
    bool on = false;

    if (value == NULL) {
        return;
    }
    bool disabled = strcasecmp(value, "DISABLED") == 0;
    finding_compare(out, disabled || is_off(value), "source event_scheduler", value,
                    "OFF or DISABLED");
    if (!disabled && !switch_read(out, SOURCE, "event_scheduler", value, &on)) {
        return;
    }
    if (!on) {
        finding_add(out, VERDICT_PASS, NULL, "event_scheduler is %.20s", value);
        return;
    }
    out->used[SOURCE] |= 1u << Q_EVENTS;
    if (a->state != ANSWERED) {
        clean_format(names, sizeof names, "(which events are enabled could not be looked up)");
    } else if (a->rows == 0) {
        clean_format(names, sizeof names, "(the account sees no enabled event)");
    } else {
        fact_names(a, 0, 1, names, sizeof names);
    }
    finding_add(out, VERDICT_FAIL, "are run by the source",
                "event_scheduler is %.20s; enabled events: %s", value, names);
    finding_remedy(out, "on the source: SET GLOBAL event_scheduler = OFF; and event_scheduler = "
                        "OFF in [mysqld] of its configuration, until the migration has ended");
}

/* ---- definers ---- */

/* user@host of a definer. A role has no host: MariaDB says "r" of routines and "r@" of views. */
struct account {
    const char *user, *host;
    size_t user_len;
};

static struct account account_of(const char *definer)
{
    const char *at = strrchr(definer, '@');
    struct account account = {definer, "", strlen(definer)};

    if (at != NULL) {
        account.user_len = (size_t)(at - definer);
        account.host = at + 1;
    }
    return account;
}

static bool is_account(const struct account *a, const char *user, const char *host)
{
    return strlen(user) == a->user_len && memcmp(user, a->user, a->user_len) == 0 &&
           strcasecmp(host, a->host) == 0;
}

static bool has_account(const struct answer *accounts, const struct account *a)
{
    /* Every server that knows them has them, and some hide them. */
    static const char *const own[] = {"mysql.sys", "mysql.session", "mysql.infoschema",
                                      "mariadb.sys"};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (is_account(a, own[i], "localhost")) {
            return true;
        }
    }
    for (size_t i = 0; i < accounts->rows; i++) {
        if (is_account(a, CELL(accounts, i, 0), CELL(accounts, i, 1))) {
            return true;
        }
    }
    return false;
}

/* 'user'@'host' for a statement. */
static void quote_account(const struct account *a, char *buf, size_t size)
{
    size_t used = 0;

    buf[used++] = '\'';
    for (size_t i = 0; i < a->user_len && used + 8 < size / 2; i++) {
        if (a->user[i] == '\'') {
            buf[used++] = '\'';
        }
        buf[used++] = a->user[i];
    }
    buf[used] = '\0';
    if (a->host[0] != '\0') {
        clean_format(buf + used, size - used, "'@'%.60s'", a->host);
    } else {
        clean_format(buf + used, size - used, "'");
    }
}

void check_definers(const struct facts *f, struct finding *out)
{
    enum side side = f->server[TARGET].configured ? TARGET : SOURCE;
    const struct answer *definers = &f->server[SOURCE].answers[Q_DEFINERS];
    const struct answer *accounts = &f->server[side].answers[Q_ACCOUNTS];
    struct offenders list = {.count = 0};
    char name[200], first[200] = "";
    bool role = false;

    if (!fact_answer(f, out, SOURCE, Q_DEFINERS)) {
        return;
    }
    if (definers->rows > 0 && !fact_answer(f, out, side, Q_ACCOUNTS)) {
        return;
    }
    for (size_t i = 0; i < definers->rows; i++) {
        struct account account = account_of(CELL(definers, i, 0));
        if (has_account(accounts, &account)) {
            continue;
        }
        quote_account(&account, name, sizeof name);
        const char *objects = CELL(definers, i, 1);
        bool one = strcmp(objects, "1") == 0;
        offenders_add(&list, "%s (%.20s%s%.120s)", name, one ? "" : objects,
                      one ? "" : " objects, as ", CELL(definers, i, 2));
        if (first[0] == '\0') {
            clean_format(first, sizeof first, "%s", name);
            role = account.host[0] == '\0';
        }
    }
    if (list.count > 0) {
        char brief[64];
        clean_format(brief, sizeof brief, "%" PRIu64 " without account on the %s", list.count,
                     side_name(side));
        finding_add(out, VERDICT_WARN, brief, "definers without account on the %s: %s",
                    side_name(side), offenders_text(&list));
        finding_remedy(out, "on the %s: CREATE %s %s%s; and grant it what its objects need",
                       side_name(side), role ? "ROLE" : "USER", first,
                       role ? "" : " IDENTIFIED BY '…'");
        return;
    }
    if (fact_sees(f, out, SOURCE, SIGHT_ROUTINES) && fact_sees(f, out, SOURCE, SIGHT_TRIGGERS) &&
        fact_sees(f, out, SOURCE, SIGHT_EVENTS)) {
        finding_add(out, VERDICT_PASS, NULL, "all with an account on the %s; definers: %zu",
                    side_name(side), definers->rows);
    }
}
