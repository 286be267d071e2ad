/* SPDX-License-Identifier: Apache-2.0 */
/* What the binlog really holds, whatever the variables say. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/checks.h"
#include "app/precheck/clean.h"
#include "app/precheck/wire.h"

/* The look as the judge sees it. */
struct seen {
    const struct answer *a;
    const char *file;
    bool current; /* the file is the one being written */
};

static uint64_t number_of(const struct seen *s, const char *name)
{
    const char *value = answer_variable(s->a, name);
    return value == NULL ? 0 : strtoull(value, NULL, 10);
}

static const char *text_of(const struct seen *s, const char *name)
{
    const char *value = answer_variable(s->a, name);
    return value == NULL ? "" : value;
}

#define LOG_FORMAT_SESSIONS                                                                        \
    "SELECT t.processlist_id, t.processlist_user, t.processlist_host FROM "                        \
    "performance_schema.variables_by_thread v JOIN performance_schema.threads t USING "            \
    "(thread_id) WHERE v.variable_name = 'binlog_format' AND v.variable_value <> 'ROW'"

/* Statements that change data: on a replica they need not do what they did on the source, and
 * what reads row events passes over them. */
static void judge_statements(const struct facts *f, struct finding *out, const struct seen *s)
{
    uint64_t all = number_of(s, wire_names[WIRE_STATEMENT_DML]);
    uint64_t system = number_of(s, wire_names[WIRE_STATEMENT_SYSTEM]);
    const struct server_version v = version_of(&f->server[SOURCE]);
    const char *format = NULL, *thread = text_of(s, "first_statement_thread");
    char brief[64];

    if (all == 0) {
        return;
    }
    fact_variable(f, out, SOURCE, "binlog_format", &format);
    bool mixed = format != NULL && strcasecmp(format, "MIXED") == 0;
    /* A closed file may be from before the format was set; a server's own bookkeeping in its own
     * database is not migrated. */
    bool bad = s->current && !mixed && all > system;
    clean_format(brief, sizeof brief, "holds %" PRIu64 " statement%s", all, all == 1 ? "" : "s");
    enum verdict verdict = bad ? VERDICT_FAIL : VERDICT_WARN;
    finding_add(out, verdict, brief,
                "%s holds %" PRIu64 " statement%s that change%s data, the first at %s (default "
                "database `%s`, connection %s); binlog_format is %s",
                s->file, all, all == 1 ? "" : "s", all == 1 ? "s" : "",
                text_of(s, "first_statement_dml"), text_of(s, "first_statement_database"), thread,
                format == NULL ? "not known" : format);
    if (out->verdict != verdict) {
        return;
    }
    if (!s->current) {
        finding_remedy(out, "write something on the source and run the precheck again: it then "
                            "looks at the file that is being written");
        return;
    }
    if (!v.mariadb && v.number >= 50700) {
        finding_remedy(out, "find the sessions on the source: %s", LOG_FORMAT_SESSIONS);
    } else {
        finding_remedy(out,
                       "find the session on the source: SELECT * FROM "
                       "information_schema.PROCESSLIST WHERE ID = %s, and others that were open "
                       "before binlog_format was set, or set their own",
                       thread);
    }
    finding_remedy(out, "end them (KILL) or let them SET SESSION binlog_format = 'ROW'; then FLUSH "
                        "BINARY LOGS and run the precheck again");
}

/* What the rest of the numbers mean when they are not 0. */
static const struct meaning {
    enum wire_number number;
    enum verdict verdict;
    const char *what, *remedy;
} meanings[] = {
    {WIRE_BAD_CHECKSUM, VERDICT_FAIL, "events that fail their CRC-32",
     "on the source: mysqlbinlog --verify-binlog-checksum on that file; if it finds nothing, the "
     "network changes bytes: use TLS (source.tls)"},
    {WIRE_LOG_POS_WRONG, VERDICT_FAIL, "events that do not end where they say (bytes are missing)",
     "on the source: mysqlbinlog --verify-binlog-checksum on that file, then FLUSH BINARY LOGS and "
     "start from the new file"},
    {WIRE_PARTIAL_JSON, VERDICT_WARN, "row events with parts of JSON values",
     "on the source: SET GLOBAL binlog_row_value_options = ''; open sessions keep theirs"},
    {WIRE_ROWS_PARTIAL, VERDICT_WARN, "row events that lack columns",
     "on the source: SET GLOBAL binlog_row_image = 'FULL'; open sessions keep theirs until they "
     "reconnect"},
    {WIRE_COMPRESSED_PAYLOAD, VERDICT_WARN,
     "compressed transactions (not looked into; for readers of MySQL 8.0.20 and later)",
     "on the source: SET GLOBAL binlog_transaction_compression = OFF; open sessions keep theirs"},
    {WIRE_COMPRESSED_EVENTS, VERDICT_WARN,
     "compressed events (for readers of MariaDB 10.2.3 and later)",
     "on the source: SET GLOBAL log_bin_compress = OFF"},
    {WIRE_ENCRYPTED, VERDICT_WARN,
     "files that are encrypted on the source, but not on their way nor in this box's store",
     "use TLS to the source (source.tls); or on the source: encrypt_binlog = OFF in [mariadbd]"},
    {WIRE_LOG_POS_ZERO, VERDICT_WARN,
     "events with no position of their own (MariaDB 11.4 and later), which some readers need",
     "where a reader needs it, on the source: SET GLOBAL binlog_legacy_event_pos = ON"},
    {WIRE_WITHOUT_CHECKSUM, VERDICT_WARN, "events without a checksum, whose damage is not seen",
     "on the source: SET GLOBAL binlog_checksum = 'CRC32'"},
    {WIRE_UNKNOWN_TYPES, VERDICT_WARN, "events of a kind that this program does not know",
     "look at them on the source: mysqlbinlog on that file; a newer version of this program may "
     "know them"},
};

static void judge_number(struct finding *out, const struct seen *s, const struct meaning *m)
{
    uint64_t count = number_of(s, wire_names[m->number]);
    char brief[64], where[48] = "";

    if (count > 0) {
        if (m->number == WIRE_BAD_CHECKSUM) {
            clean_format(where, sizeof where, ", the first at %s",
                         text_of(s, "first_bad_checksum"));
        }
        clean_format(brief, sizeof brief, "%s %" PRIu64, wire_names[m->number], count);
        finding_add(out, m->verdict, brief, "%s: %s: %" PRIu64 "%s", s->file, m->what, count,
                    where);
        if (out->verdict == m->verdict) {
            finding_remedy(out, "%s", m->remedy);
        }
    }
}

/* No answer: that the source has no binlog is -261's concern, a missing right that of -411. */
static bool had(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_WIRE];

    if (a->state == FAILED && is_privilege_error(a->mysql_errno)) {
        char account[192];
        account_quoted(&f->server[SOURCE], account, sizeof account);
        fact_answer(f, out, SOURCE, Q_WIRE);
        finding_remedy(out, "on the source: GRANT REPLICATION SLAVE ON *.* TO %s", account);
        return false;
    }
    if (!fact_answer(f, out, SOURCE, Q_WIRE)) {
        return false;
    }
    const char *events = answer_variable(a, wire_names[WIRE_EVENTS]);
    if (events == NULL || strtoull(events, NULL, 10) == 0) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the source sent nothing of its binlog");
        finding_remedy(out, "run the precheck again");
        return false;
    }
    return true;
}

void check_on_wire(const struct facts *f, struct finding *out)
{
    if (!had(f, out)) {
        return;
    }
    struct seen s = {.a = &f->server[SOURCE].answers[Q_WIRE]};
    s.file = text_of(&s, "file");
    s.current = number_of(&s, "current") != 0;

    judge_statements(f, out, &s);
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        judge_number(out, &s, &meanings[i]);
    }
    char range[256];
    clean_format(range, sizeof range, "%" PRIu64 " events in %s from %s to %s (%s)",
                 number_of(&s, wire_names[WIRE_EVENTS]), s.file, text_of(&s, "from"),
                 text_of(&s, "to"), text_of(&s, "ended"));
    if (number_of(&s, wire_names[WIRE_TRANSACTIONS]) + number_of(&s, wire_names[WIRE_ROW_EVENTS]) ==
        0) {
        finding_add(out, VERDICT_SKIP, NULL,
                    "%s: no transaction yet, so nothing was seen of how "
                    "the sessions write",
                    range);
    } else if (strncmp(text_of(&s, "ended"), "limit", 5) == 0) {
        finding_add(out, VERDICT_PASS, NULL,
                    "%s: %" PRIu64 " transactions, rows only; what follows was not read", range,
                    number_of(&s, wire_names[WIRE_TRANSACTIONS]));
    } else {
        finding_add(out, VERDICT_PASS, NULL, "%s: %" PRIu64 " transactions, rows only", range,
                    number_of(&s, wire_names[WIRE_TRANSACTIONS]));
    }
}
