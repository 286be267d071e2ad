/* SPDX-License-Identifier: Apache-2.0 */
/* The few questions that a server is asked, by its version. All of them only read. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/facts.h"

#define BOTH (1u << SOURCE | 1u << TARGET)

const struct question questions[QUESTIONS] = {
    [Q_CONNECT] = {"connect", BOTH, 1, 4096, false},
    [Q_VERSION] = {"version", BOTH, 1, 4096, false},
    [Q_VARIABLES] = {"variables", BOTH, 64, 64 * 1024, false},
    [Q_REPLICAS] = {"replicas", 1u << SOURCE, 1000, 256 * 1024, true},
    [Q_BINLOG_STATUS] = {"binlog-status", 1u << SOURCE, 4, 256 * 1024, false},
};

/* An absent variable gives no row, where SELECT @@x would be error 1193. */
#define VARIABLES                                                                                  \
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ("                                               \
    "'version', 'version_comment', 'log_bin', 'binlog_format', 'binlog_row_image', "               \
    "'binlog_checksum', 'server_id', 'gtid_mode', 'gtid_domain_id', "                              \
    "'innodb_stats_on_metadata', 'character_set_server', 'lower_case_table_names')"

const char *question_sql(enum question_id q, const struct server_version *v)
{
    switch (q) {
    case Q_VERSION:
        return "SELECT VERSION()";
    case Q_VARIABLES:
        return VARIABLES;
    case Q_BINLOG_STATUS:
        if (v->mariadb) {
            return v->number >= 100502 ? "SHOW BINLOG STATUS" : "SHOW MASTER STATUS";
        }
        return v->number >= 80400 ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
    case Q_REPLICAS:
        return !v->mariadb && v->number >= 80022 ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS";
    case Q_CONNECT:
    case QUESTIONS:
    default:
        return "";
    }
}

/* "5.5.5-" is what MariaDB put before its version for the sake of old replicas. */
struct server_version version_parse(const char *text)
{
    struct server_version v = {.text = text == NULL ? "" : text};
    unsigned part[3] = {0, 0, 0};

    if (strncmp(v.text, "5.5.5-", 6) == 0 && isdigit((unsigned char)v.text[6])) {
        v.text += 6;
    }
    const char *p = v.text;
    size_t parts = 0;
    for (; parts < 3 && isdigit((unsigned char)*p); parts++) {
        char *end = NULL;
        unsigned long n = strtoul(p, &end, 10);
        part[parts] = n > 99 ? 99 : (unsigned)n;
        p = *end == '.' ? end + 1 : "";
    }
    v.known = parts >= 2;
    v.number = part[0] * 10000 + part[1] * 100 + part[2];
    v.mariadb = strcasestr(v.text, "mariadb") != NULL || strstr(v.text, "-maria-") != NULL;
    return v;
}

/* VERSION() rather than the greeting: a proxy between makes up its own greeting. */
struct server_version version_of(const struct server_facts *s)
{
    const char *text = answer_cell(&s->answers[Q_VERSION], 0, 0);

    if (text == NULL) {
        text = answer_value(&s->answers[Q_CONNECT], 0, "version");
    }
    struct server_version v = version_parse(text);
    const struct answer *a = &s->answers[Q_VARIABLES];
    for (size_t i = 0; i < a->rows && !v.mariadb; i++) {
        /* A server started with a version of its own making still has what only MariaDB has. */
        const char *name = answer_cell(a, i, 0);
        v.mariadb = name != NULL && strcasecmp(name, "gtid_domain_id") == 0;
    }
    return v;
}

unsigned version_series(const struct server_version *v)
{
    return v->number / 100;
}
