/* SPDX-License-Identifier: Apache-2.0 */
/* -292, 2001041: servers that are replicas themselves. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/amount.h"
#include "app/precheck/checks.h"
#include "app/precheck/clean.h"

/* A value of a replica's status, by its new name and by its old one. */
static const char *status_value(const struct answer *a, size_t row, const char *now,
                                const char *before, const char *what)
{
    char name[40];

    snprintf(name, sizeof name, "%s_%s", now, what);
    const char *value = answer_value(a, row, name);
    if (value == NULL) {
        snprintf(name, sizeof name, "%s_%s", before, what);
        value = answer_value(a, row, name);
    }
    return value;
}

static const char *thread_of(const struct answer *a, size_t row, const char *what)
{
    return status_value(a, row, "Replica", "Slave", what);
}

static bool is_yes(const char *value)
{
    return strcasecmp(value, "Yes") == 0;
}

/* Whether the status says how both threads are; if not, the finding becomes unknown. */
static bool threads_of(const struct answer *a, size_t row, enum side side, struct finding *out,
                       const char **io, const char **sql)
{
    *io = thread_of(a, row, "IO_Running");
    *sql = thread_of(a, row, "SQL_Running");
    if (*io != NULL && (*io)[0] != '\0' && *sql != NULL && (*sql)[0] != '\0') {
        return true;
    }
    finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                "%s on the %s does not say whether its threads run", a->sql, side_name(side));
    finding_remedy(out, "run %s on the %s itself", a->sql, side_name(side));
    return false;
}

/* ---- -292 ---- */

/* MariaDB 12 knows degrees of it: NO_LOCK, NO_LOCK_NO_ADMIN. */
static bool read_only_read(struct finding *out, enum side side, const char *name, const char *value,
                           bool *on)
{
    *on = strncasecmp(value, "NO_LOCK", 7) == 0;
    return *on || switch_read(out, side, name, value, on);
}

static void check_writable(const struct facts *f, struct finding *out)
{
    static const char *const names[] = {"read_only", "super_read_only"};

    for (size_t i = 0; i < 2; i++) {
        const char *value = NULL;
        char what[40];
        /* Only MySQL from 5.7.8 on has the second. */
        if (i == 0 ? (value = fact_needed(f, out, TARGET, names[i])) == NULL
                   : fact_variable(f, out, TARGET, names[i], &value) != FACT_HAD) {
            continue;
        }
        bool on = false;
        clean_format(what, sizeof what, "target %s", names[i]);
        finding_compare(out, is_off(value), what, value, "OFF");
        if (read_only_read(out, TARGET, names[i], value, &on) && on) {
            finding_add(out, VERDICT_FAIL, "the target is read-only", "%s of the target is %.40s",
                        names[i], value);
            finding_remedy(out, "on the target: SET GLOBAL read_only = OFF; (and take read_only "
                                "and super_read_only out of its configuration)");
        }
    }
}

/* One replica and how it is called. */
struct replica {
    const struct facts *facts;
    const struct answer *status;
    enum side side;
    char name[120];
};

static bool is_reached(const struct replica *r, struct finding *out)
{
    const struct answer *a = &r->facts->server[r->side].answers[Q_CONNECT];

    out->used[r->side] |= 1u << Q_CONNECT;
    if (a->state != FAILED || a->code == ERR_CANCELLED || a->code == ERR_NOMEM) {
        return fact_answer(r->facts, out, r->side, Q_CONNECT);
    }
    finding_add(out, VERDICT_FAIL, "a replica is not reached", "%s is not reached: %.160s", r->name,
                a->text == NULL ? "" : a->text);
    finding_remedy(out,
                   "see that %s is up and lets target.user in, or take it out of "
                   "target.replicas",
                   r->name);
    return false;
}

static void broken(const struct replica *r, struct finding *out, size_t row, const char *io,
                   const char *sql)
{
    static const char *const errors[][2] = {{"Last_IO_Errno", "Last_IO_Error"},
                                            {"Last_SQL_Errno", "Last_SQL_Error"},
                                            {"Last_Errno", "Last_Error"}};
    struct server_version v = version_of(&r->facts->server[r->side]);
    const char *number = "0", *text = "";

    for (size_t i = 0; i < 3 && strcmp(number, "0") == 0; i++) {
        const char *found = answer_value(r->status, row, errors[i][0]);
        number = found == NULL || found[0] == '\0' ? "0" : found;
        text = answer_value(r->status, row, errors[i][1]);
    }
    bool error = strcmp(number, "0") != 0;
    if (!error && is_yes(io) && is_yes(sql)) {
        return;
    }
    finding_add(out, VERDICT_FAIL, "a replica does not replicate",
                "%s does not replicate: its IO thread runs: %.20s, its SQL thread: %.20s%s%.10s%s"
                "%.160s",
                r->name, io, sql, error ? ", error " : "", error ? number : "", error ? ": " : "",
                error && text != NULL ? text : "");
    finding_remedy(out, "on %s: mend the cause that SHOW %s STATUS names, then START %s;", r->name,
                   v.mariadb           ? "ALL SLAVES"
                   : v.number >= 80022 ? "REPLICA"
                                       : "SLAVE",
                   v.mariadb           ? "ALL SLAVES"
                   : v.number >= 80022 ? "REPLICA"
                                       : "SLAVE");
}

/* Whether one of its sources is the target; a replica of another server is no help to this one. */
static void check_parent(const struct replica *r, struct finding *out)
{
    const char *id = answer_variable(&r->facts->server[TARGET].answers[Q_VARIABLES], "server_id");
    const char *parent = NULL;

    for (size_t i = 0; id != NULL && i < r->status->rows; i++) {
        parent = status_value(r->status, i, "Source", "Master", "Server_Id");
        if (parent == NULL || strcmp(parent, id) == 0) {
            return;
        }
    }
    /* 0 is one that never reached its source: that it does not replicate is said already. */
    if (id != NULL && parent != NULL && strcmp(parent, "0") != 0) {
        finding_add(out, VERDICT_WARN, "a replica follows another server",
                    "%s follows the server with server_id %.20s, the target's is %.20s", r->name,
                    parent, id);
        finding_remedy(out,
                       "see that %s replicates from the target, or take it out of "
                       "target.replicas",
                       r->name);
    }
}

/* Nothing else asks a replica, so that what is refused there is said here. */
static void status_remedy(const struct replica *r, struct finding *out)
{
    const struct server_facts *s = &r->facts->server[r->side];
    struct server_version v = version_of(s);
    char account[200];

    if (is_privilege_error(r->status->mysql_errno)) {
        account_quoted(s, account, sizeof account);
        finding_remedy(out, "on %s: GRANT %s ON *.* TO %s;", r->name,
                       v.mariadb && v.number >= 100509 ? "SLAVE MONITOR" : "REPLICATION CLIENT",
                       account);
    }
}

static void check_links(const struct replica *r, struct finding *out)
{
    const struct answer *a = r->status;
    const char *io = NULL, *sql = NULL;

    if (!fact_answer(r->facts, out, r->side, Q_REPLICA_STATUS)) {
        status_remedy(r, out);
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        if (threads_of(a, i, r->side, out, &io, &sql)) {
            broken(r, out, i, io, sql);
        }
    }
    if (a->rows > 0) {
        check_parent(r, out);
        return;
    }
    finding_add(out, VERDICT_FAIL, "a replica does not replicate", "%s replicates from nowhere",
                r->name);
    finding_remedy(out,
                   "make %s a replica of the target (CHANGE %s TO …), or take it out of "
                   "target.replicas",
                   r->name, strstr(a->sql, "REPLICA") != NULL ? "REPLICATION SOURCE" : "MASTER");
}

static void check_replica(const struct replica *r, struct finding *out)
{
    if (!is_reached(r, out)) {
        return;
    }
    check_links(r, out);
    const char *value = fact_needed(r->facts, out, r->side, "read_only");
    if (value == NULL) {
        return;
    }
    bool on = false;
    char what[40];
    clean_format(what, sizeof what, "%s read_only", side_name(r->side));
    bool known = read_only_read(out, r->side, "read_only", value, &on);
    finding_compare(out, on, what, value, "ON");
    if (known && !on) {
        finding_add(out, VERDICT_FAIL, "a replica can be written to", "%s is not read_only",
                    r->name);
        finding_remedy(out,
                       "on %s: SET GLOBAL read_only = ON; and read_only = ON in [mysqld] of "
                       "its configuration",
                       r->name);
    }
}

void check_target_replicas(const struct facts *f, struct finding *out)
{
    unsigned count = 0;

    check_writable(f, out);
    for (enum side side = REPLICA; side < SIDES; side++) {
        const struct server_facts *s = &f->server[side];
        if (!s->configured) {
            continue;
        }
        struct replica r = {.facts = f, .status = &s->answers[Q_REPLICA_STATUS], .side = side};
        clean_format(r.name, sizeof r.name, "%s (%.80s:%u)", side_name(side),
                     s->host == NULL ? "" : s->host, (unsigned)s->port);
        check_replica(&r, out);
        count++;
    }
    if (count == 0) {
        finding_add(out, VERDICT_PASS, NULL,
                    "the target is writable; target.replicas names no replica");
    } else {
        finding_add(out, VERDICT_PASS, NULL,
                    "the target is writable; %u of %u replicas replicate and are read_only", count,
                    count);
    }
}

/* ---- 2001041 ---- */

void check_log_slave_updates(const struct facts *f, struct finding *out)
{
    static const char *const names[] = {"log_replica_updates", "log_slave_updates"};
    const struct answer *a = &f->server[SOURCE].answers[Q_REPLICA_STATUS];
    const char *value = NULL, *io = NULL, *sql = NULL, *name = NULL;
    bool runs = false;

    if (!fact_answer(f, out, SOURCE, Q_REPLICA_STATUS)) {
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        /* IO may also be "Connecting" or "Preparing": on its way. */
        if (threads_of(a, i, SOURCE, out, &io, &sql)) {
            runs = runs || strcasecmp(io, "No") != 0 || is_yes(sql);
        }
    }
    if (!runs) {
        finding_add(out, VERDICT_SKIP, NULL, "%s",
                    a->rows == 0 ? "the source is no replica itself"
                                 : "the source is set up as a replica, but is stopped");
        return;
    }
    for (size_t i = 0; i < 2 && value == NULL; i++) {
        name = names[i];
        if (fact_variable(f, out, SOURCE, name, &value) == FACT_NONE) {
            return;
        }
    }
    if (value == NULL) {
        fact_needed(f, out, SOURCE, name);
        return;
    }
    bool on = false;
    char what[40];
    clean_format(what, sizeof what, "source %s", name);
    finding_compare(out, is_on(value), what, value, "ON");
    if (!switch_read(out, SOURCE, name, value, &on)) {
        return;
    }
    if (!on) {
        char brief[40];
        clean_format(brief, sizeof brief, "is %.20s", value);
        finding_add(out, VERDICT_FAIL, brief,
                    "the source is a running replica and its %s is %.20s: what it applies of "
                    "another server's changes is not in its binlog",
                    name, value);
        finding_remedy(out,
                       "on the source, in [mysqld] of its configuration: %s = ON; then "
                       "restart it",
                       name);
    } else {
        finding_add(out, VERDICT_PASS, NULL, "the source is a running replica; %s is %.20s", name,
                    value);
    }
}
