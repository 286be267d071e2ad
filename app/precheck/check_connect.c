/* SPDX-License-Identifier: Apache-2.0 */
/* -256, -255, -254: do the servers let us in, and do they answer. */
#include <stdio.h>
#include <string.h>

#include "app/precheck/checks.h"
#include "base/err.h"

/* What kept us out, told apart by the error's number, else by its code. */
struct cause {
    const char *name; /* the summary's word */
    unsigned numbers[10];
    int code;           /* 0: only by number */
    const char *remedy; /* {s} is the section, {a} the account */
};

static const struct cause causes[] = {
    {"the server has no free connection",
     {1040, 1203, 1226},
     0,
     "on the server: SET GLOBAL max_connections = N (more than now; for errors 1203 and 1226 the "
     "account's own limit), or end idle sessions: SHOW PROCESSLIST; KILL n"},
    {"this box's address is blocked",
     {1129},
     0,
     "on the server: FLUSH HOSTS (MySQL 8.4 and later: TRUNCATE TABLE "
     "performance_schema.host_cache)"},
    {"no account for this box's address",
     {1130},
     0,
     "on the server: CREATE USER {a} IDENTIFIED BY '…', or for this box's address in place of %"},
    {"the account must use TLS", {3159}, 0, "set {s}.tls = require (or verify, with {s}.ca)"},
    {"unknown login method",
     {1251, 1524, 2049, 2058, 2059, 2061},
     0,
     "on the server: ALTER USER {a} IDENTIFIED WITH caching_sha2_password BY '…' (MariaDB and "
     "MySQL "
     "before 8.0: mysql_native_password); caching_sha2_password without TLS needs {s}.rsa_key"},
    {"login refused",
     {1044, 1045, 1698, 1820, 1862, 3118, 3955, 4151},
     ERR_AUTH,
     "check {s}.user and {s}.password; on the server: ALTER USER {a} IDENTIFIED BY '…', and SELECT "
     "user, host FROM mysql.user for the addresses it may come from"},
    {"no TLS connection",
     {2026},
     ERR_TLS,
     "check {s}.tls, {s}.ca and {s}.fingerprint against the server's certificate; a server before "
     "MySQL 5.7 may offer only TLS 1.0: then {s}.tls = off, on a network that is safe already"},
    {"not a MySQL server",
     {0},
     ERR_PROTOCOL,
     "check {s}.host and {s}.port: what answers there is something else"},
    {"host name unknown",
     {2005},
     0,
     "check {s}.host and network.dns, or write the address in place of the name"},
    {"not reachable",
     {2002, 2003},
     ERR_NET,
     "check {s}.host and {s}.port, that the server runs, that its bind_address lets us in, and any "
     "firewall between"},
    {"no answer in time",
     {0},
     ERR_TIMEOUT,
     "check {s}.host and {s}.port, the cable, and any firewall between; {s}.timeout for a slow "
     "link"},
    {"the config is wrong", {0}, ERR_INVALID, "correct the section [{s}] of the config"},
    {"the server refuses", {0}, ERR_SERVER, "look into the server's error log"},
};

static const struct cause *cause_of(const struct answer *a)
{
    const size_t count = sizeof causes / sizeof causes[0];

    for (size_t i = 0; i < count && a->mysql_errno != 0; i++) {
        for (size_t n = 0; causes[i].numbers[n] != 0; n++) {
            if (causes[i].numbers[n] == a->mysql_errno) {
                return &causes[i];
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (causes[i].code != 0 && causes[i].code == a->code) {
            return &causes[i];
        }
    }
    return NULL;
}

/* The remedy with the section's and the account's names in it. */
static void remedy_add(const struct server_facts *s, enum side side, const char *remedy,
                       struct finding *out)
{
    char text[sizeof out->remedy], account[200];
    size_t used = 0;

    account_quoted(s, account, sizeof account);
    for (const char *p = remedy; *p != '\0' && used + 1 < sizeof text;) {
        bool name = strncmp(p, "{s}", 3) == 0, whole = strncmp(p, "{a}", 3) == 0;
        if (name || whole) {
            const char *word = name ? side_name(side) : account;
            int n = snprintf(text + used, sizeof text - used, "%s", word);
            used = used + (size_t)n < sizeof text ? used + (size_t)n : sizeof text - 1;
            p += 3;
        } else {
            text[used++] = *p++;
        }
    }
    text[used] = '\0';
    finding_remedy(out, "%s", text);
}

/* True when the connection stands. */
static bool connected(const struct facts *f, enum side side, struct finding *out)
{
    const struct server_facts *s = &f->server[side];
    const struct answer *a = &s->answers[Q_CONNECT];
    const char *text = a->text == NULL ? "" : a->text;

    out->used[side] |= 1u << Q_CONNECT;
    if (a->state == ANSWERED) {
        return true;
    }
    if (a->state == NOT_ASKED) {
        finding_add(out, VERDICT_UNKNOWN, "was not tried", "the connection was not tried: %s",
                    text[0] != '\0' ? text : "the config names no host");
        finding_remedy(out, "run the precheck again");
        return false;
    }
    const struct cause *c = cause_of(a);
    if (c == NULL) { /* stopped, or out of memory: no word about the server */
        finding_add(out, VERDICT_UNKNOWN, "cannot be known", "connecting ended early: %s", text);
        finding_remedy(out, "run the precheck again; precheck.timeout gives it more time");
        return false;
    }
    bool said = strstr(text, c->name) != NULL;
    finding_add(out, VERDICT_FAIL, c->name, "%s%s%s", said ? "" : c->name, said ? "" : ": ", text);
    remedy_add(s, side, c->remedy, out);
    return false;
}

void check_source_connect(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_CONNECT];

    if (!connected(f, SOURCE, out)) {
        return;
    }
    struct server_version v = version_of(&f->server[SOURCE]);
    const char *tls = answer_value(a, 0, "tls"), *warning = answer_value(a, 0, "warning");
    if (warning != NULL && warning[0] != '\0') {
        finding_add(out, VERDICT_WARN, "is not as safe as asked", "connected, but %s", warning);
        finding_remedy(out, "give the server a certificate and TLS 1.2, or say source.tls = off");
    } else {
        finding_add(out, VERDICT_PASS, NULL, "%s %s, %s", v.mariadb ? "MariaDB" : "MySQL", v.text,
                    tls != NULL && tls[0] != '\0' ? tls : "without TLS");
    }
}

/* What a question needs, as a server of this kind calls it. */
static const char *privilege_of(enum question_id q, const struct server_version *v)
{
    bool split = v->mariadb && v->number >= 100502;

    switch ((int)q) {
    case Q_BINLOG_STATUS:
    case Q_BINLOG_FILES:
        return split ? "BINLOG MONITOR" : "REPLICATION CLIENT";
    case Q_REPLICA_STATUS:
        return v->mariadb && v->number >= 100509 ? "SLAVE MONITOR" : "REPLICATION CLIENT";
    case Q_REPLICAS:
        return split ? "REPLICATION MASTER ADMIN" : "REPLICATION SLAVE";
    case Q_WIRE:
        return "REPLICATION SLAVE";
    default:
        return "SELECT";
    }
}

static void grant_add(const struct server_facts *s, enum question_id q, struct finding *out)
{
    struct server_version v = version_of(s);
    char account[200];

    account_quoted(s, account, sizeof account);
    finding_remedy(out, "on the server: GRANT %s ON *.* TO %s%s", privilege_of(q, &v), account,
                   questions[q].extra ? "; only this look-up needs it" : "");
}

/* What ended by our own limits, or came in a form that we do not read, says nothing about the
 * server. */
static enum verdict failure_verdict(const struct answer *a, enum question_id q)
{
    if (questions[q].extra && is_own_failure(a)) {
        return VERDICT_WARN;
    }
    return a->code == ERR_CANCELLED || a->code == ERR_TOOBIG || a->code == ERR_PROTOCOL ||
                   a->code == ERR_NOMEM
               ? VERDICT_UNKNOWN
               : VERDICT_FAIL;
}

#define ER_UNKNOWN_TABLE 1109

/* Every question of a connected server. */
static void answered(const struct facts *f, enum side side, struct finding *out)
{
    const struct server_facts *s = &f->server[side];
    unsigned count = 0;

    for (enum question_id q = Q_VERSION; q < QUESTIONS; q++) {
        const struct answer *a = &s->answers[q];
        if ((questions[q].sides >> side & 1) == 0) {
            continue;
        }
        if (a->state == NOT_ASKED) {
            /* Without a reason it is not for this server; one that is extra is missed by the
             * checks that would use it. */
            if (a->text != NULL && a->text[0] != '\0' && !questions[q].extra) {
                fact_answer(f, out, side, q);
            }
            continue;
        }
        out->used[side] |= 1u << q;
        if (q == Q_DISKS && a->mysql_errno == ER_UNKNOWN_TABLE) {
            continue; /* a plugin that is not there, and -258 says what to do */
        }
        if (a->state == ANSWERED) {
            count++;
            continue;
        }
        char number[40] = "";
        if (a->mysql_errno != 0) {
            snprintf(number, sizeof number, "error %u (%s): ", a->mysql_errno, a->sqlstate);
        }
        finding_add(out, failure_verdict(a, q), NULL, "%.40s%s: %s%s", a->sql,
                    strlen(a->sql) > 40 ? "…" : "", number, a->text);
        if (is_privilege_error(a->mysql_errno)) {
            grant_add(s, q, out);
        }
    }
    finding_add(out, VERDICT_PASS, NULL, "%u of %u queries answered", count, count);
}

void check_source_query(const struct facts *f, struct finding *out)
{
    if (fact_answer(f, out, SOURCE, Q_CONNECT)) {
        answered(f, SOURCE, out);
    }
}

void check_target_query(const struct facts *f, struct finding *out)
{
    if (connected(f, TARGET, out)) {
        answered(f, TARGET, out);
    }
}
