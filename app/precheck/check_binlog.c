/* SPDX-License-Identifier: Apache-2.0 */
/* -261, -262, row image, checksum: is there a binlog, and is what we need in it. */
#include <limits.h>
#include <strings.h>

#include "app/precheck/amount.h"
#include "app/precheck/checks.h"
#include "app/precheck/clean.h"

void check_binlog_on(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_BINLOG_STATUS];
    const char *value = fact_needed(f, out, SOURCE, "log_bin");

    if (value == NULL) {
        return;
    }
    out->used[SOURCE] |= 1u << Q_BINLOG_STATUS;
    finding_compare(out, is_on(value), "source log_bin", value, "ON");
    if (!is_on(value)) {
        finding_add(out, VERDICT_FAIL, "is off", "log_bin is %s: changes cannot be followed",
                    value);
        return;
    }
    if (a->state != ANSWERED) {
        /* log_bin was had, and it is what the rule asks for; -255 tells of the other. */
        finding_add(out, VERDICT_PASS, NULL, "log_bin is %s (the current file is not known)",
                    value);
        return;
    }
    const char *file = answer_cell(a, 0, 0), *at = answer_cell(a, 0, 1);
    bool named = file != NULL && file[0] != '\0';
    finding_compare(out, named, "source's current binlog file", named ? file : "none", "one");
    if (!named) {
        /* With binlog_error_action = IGNORE_ERROR a full disk closes the binlog for good, and
         * log_bin goes on saying ON. */
        finding_add(out, VERDICT_FAIL, "is on but nothing is written",
                    "log_bin is %s, but %s names no file: the server has stopped writing its "
                    "binlog, perhaps after a write error",
                    value, a->sql);
        finding_remedy(out, "look for a binlog error in the source's error log, mend its cause "
                            "(a full disk?), set binlog_error_action = ABORT_SERVER, and restart "
                            "the source");
        return;
    }
    finding_add(out, VERDICT_PASS, NULL, "log_bin is %s, now at %s:%s", value, file,
                at == NULL ? "?" : at);
}

void check_binlog_format(const struct facts *f, struct finding *out)
{
    const char *value = fact_needed(f, out, SOURCE, "binlog_format");

    if (value == NULL) {
        return;
    }
    bool row = strcasecmp(value, "ROW") == 0, mixed = strcasecmp(value, "MIXED") == 0;
    finding_compare(out, row || mixed, "source binlog_format", value, "ROW or MIXED");
    if (row || mixed) {
        finding_add(out, VERDICT_PASS, NULL, "binlog_format is %s", value);
        return;
    }
    char brief[64];
    clean_format(brief, sizeof brief, "is %s", value);
    finding_add(out, VERDICT_FAIL, brief, "binlog_format is %s, must be ROW or MIXED", value);
}

/* Absent on servers older than the setting; `mysql` and `mariadb` are the versions it came with. */
static bool is_older(const struct facts *f, unsigned mysql, unsigned mariadb)
{
    struct server_version v = version_of(&f->server[SOURCE]);
    return v.known && v.number < (v.mariadb ? mariadb : mysql);
}

void check_row_image(const struct facts *f, struct finding *out)
{
    const char *value = NULL;
    enum fact had = fact_variable(f, out, SOURCE, "binlog_row_image", &value);

    if (had == FACT_ABSENT && is_older(f, 50602, 100106)) {
        finding_add(out, VERDICT_PASS, NULL, "a server of this age always writes whole rows");
        return;
    }
    if (had != FACT_HAD) {
        fact_needed(f, out, SOURCE, "binlog_row_image");
        return;
    }
    bool full = strcasecmp(value, "FULL") == 0;
    finding_compare(out, full, "source binlog_row_image", value, "FULL");
    if (full) {
        finding_add(out, VERDICT_PASS, NULL, "binlog_row_image is %s", value);
        return;
    }
    char brief[64];
    clean_format(brief, sizeof brief, "is %s", value);
    finding_add(out, VERDICT_WARN, brief,
                "binlog_row_image is %s: rows in the binlog lack "
                "columns, so that they fit only tables that are exactly the source's",
                value);
}

void check_checksum(const struct facts *f, struct finding *out)
{
    const char *value = NULL;
    enum fact had = fact_variable(f, out, SOURCE, "binlog_checksum", &value);

    if (had == FACT_ABSENT && is_older(f, 50602, 50300)) {
        finding_add(out, VERDICT_WARN, "does not exist there",
                    "a server of this age writes no "
                    "checksums: damage on the way to this box cannot be seen");
        finding_remedy(out, "use TLS to the source, which notices damage on the way");
        return;
    }
    if (had != FACT_HAD) {
        fact_needed(f, out, SOURCE, "binlog_checksum");
        return;
    }
    bool crc = strcasecmp(value, "CRC32") == 0;
    finding_compare(out, crc, "source binlog_checksum", value, "CRC32");
    if (crc) {
        finding_add(out, VERDICT_PASS, NULL, "binlog_checksum is %s", value);
        return;
    }
    char brief[64];
    clean_format(brief, sizeof brief, "is %s", value);
    finding_add(out, VERDICT_WARN, brief,
                "binlog_checksum is %s: damage to the binlog on the "
                "source or on the way to this box cannot be seen",
                value);
}

/* A setting that came with those versions (NEVER: not on this product) and is well when it has the
 * wanted value; where it is not yet known, that is the same as off. NULL: said already. */
#define NEVER UINT_MAX

struct setting {
    const char *name;
    unsigned mysql, mariadb;
};

static const char *setting_of(const struct facts *f, struct finding *out, const struct setting *s)
{
    const char *value = NULL;
    enum fact had = fact_variable(f, out, SOURCE, s->name, &value);

    if (had == FACT_ABSENT && is_older(f, s->mysql, s->mariadb)) {
        return NULL;
    }
    return had == FACT_HAD ? value : fact_needed(f, out, SOURCE, s->name);
}

/* Judges switches that should be off; `why` says what is wrong with one that is on. */
static void check_off(const struct facts *f, struct finding *out, const struct setting *list,
                      size_t count, bool can_be_set, const char *why)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        const char *value = setting_of(f, out, &list[i]);
        if (value == NULL) {
            continue;
        }
        found++;
        bool on = false;
        char what[64], brief[48];
        clean_format(what, sizeof what, "source %s", list[i].name);
        clean_format(brief, sizeof brief, "is %.20s", value);
        finding_compare(out, is_off(value), what, value, "OFF");
        if (!switch_read(out, SOURCE, list[i].name, value, &on)) {
            continue;
        }
        if (on) {
            finding_add(out, VERDICT_WARN, brief, "%s is %.20s: %s", list[i].name, value, why);
            if (can_be_set) {
                finding_remedy(out, "on the source: SET GLOBAL %s = OFF;", list[i].name);
            }
        } else {
            finding_add(out, VERDICT_PASS, NULL, "%s is %.20s", list[i].name, value);
        }
    }
    if (found == 0) {
        finding_add(out, VERDICT_PASS, NULL, "this server has no such setting");
    }
}

void check_row_options(const struct facts *f, struct finding *out)
{
    static const struct setting options = {"binlog_row_value_options", 80003, NEVER};
    const char *value = setting_of(f, out, &options);

    if (value == NULL) {
        finding_add(out, VERDICT_PASS, NULL, "this server has no such setting");
        return;
    }
    finding_compare(out, value[0] == '\0', "source binlog_row_value_options", value, "empty");
    if (value[0] == '\0') {
        finding_add(out, VERDICT_PASS, NULL, "binlog_row_value_options is empty");
        return;
    }
    char brief[64];
    clean_format(brief, sizeof brief, "is %.40s", value);
    finding_add(out, VERDICT_WARN, brief,
                "binlog_row_value_options is %.40s: of a changed JSON value the binlog holds only "
                "the difference, which few readers understand",
                value);
}

void check_binlog_compression(const struct facts *f, struct finding *out)
{
    static const struct setting list[] = {{"binlog_transaction_compression", 80020, NEVER},
                                          {"log_bin_compress", NEVER, 100203}};

    check_off(f, out, list, 2, true,
              "compressed events are relayed as they are, and a reader must know them");
}

void check_binlog_encryption(const struct facts *f, struct finding *out)
{
    /* Percona Server 5.7 has MariaDB's name. */
    static const struct setting list[] = {{"binlog_encryption", 80014, NEVER},
                                          {"encrypt_binlog", NEVER, 100107}};

    check_off(f, out, list, 2, false,
              "the source encrypts its binlog on disk and sends it in the clear, so that what "
              "this box stores is not encrypted");
}
