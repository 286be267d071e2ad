/* SPDX-License-Identifier: Apache-2.0 */
/* What binlog files there are, for how long, and what is missing from them. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/amount.h"
#include "app/precheck/checks.h"
#include "app/precheck/clean.h"

/* Whether the source writes no binlog at all; -261 is about that. */
static bool is_without(const struct facts *f, struct finding *out)
{
    const char *value = answer_variable(&f->server[SOURCE].answers[Q_VARIABLES], "log_bin");

    if (value == NULL || !is_off(value)) {
        return false;
    }
    out->used[SOURCE] |= 1u << Q_VARIABLES;
    finding_add(out, VERDICT_SKIP, NULL, "log_bin is %s: there are no binlog files, see -261",
                value);
    return true;
}

/* ---- binlog_do_db, binlog_ignore_db ---- */

static bool list_next(const char **p, const char **name, size_t *len)
{
    *p += strspn(*p, ", ");
    *name = *p;
    *len = strcspn(*p, ",");
    *p += *len;
    return *len > 0;
}

/* Databases as the server compares them: with lower_case_table_names other than 0 without case. */
static bool list_has(const char *list, const char *name, size_t len, bool fold)
{
    const char *one = NULL;
    size_t n = 0;

    while (list_next(&list, &one, &n)) {
        if (n == len && (fold ? strncasecmp(one, name, n) : strncmp(one, name, n)) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the filters leave out changes to what the task covers. */
static bool leaves_out(const struct facts *f, const char *only, const char *ignored)
{
    const char *fold =
        answer_variable(&f->server[SOURCE].answers[Q_VARIABLES], "lower_case_table_names");
    bool folds = fold != NULL && strcmp(fold, "0") != 0;
    const char *name = NULL;
    size_t len = 0;
    struct chosen c;

    if (f->scope == SCOPE_INSTANCE) {
        while (list_next(&ignored, &name, &len)) {
            if (!is_system_database(name, len)) {
                return true;
            }
        }
        return only[0] != '\0';
    }
    for (const char *p = f->tables; chosen_next(&p, &c);) {
        if (c.database_len > 0 &&
            ((only[0] != '\0' && !list_has(only, c.database, c.database_len, folds)) ||
             list_has(ignored, c.database, c.database_len, folds))) {
            return true;
        }
    }
    return false;
}

void check_binlog_filter(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_BINLOG_STATUS];

    if (is_without(f, out) || !fact_answer(f, out, SOURCE, Q_BINLOG_STATUS)) {
        return;
    }
    if (a->rows == 0) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the source names no binlog file, and so no filter of it; see -261");
        finding_remedy(out, "see -261, then run the precheck again");
        return;
    }
    const char *only = answer_value(a, 0, "Binlog_Do_DB");
    const char *ignored = answer_value(a, 0, "Binlog_Ignore_DB");
    if (only == NULL || ignored == NULL) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "%s on the source does not tell of filters", a->sql);
        finding_remedy(out, "look for binlog-do-db and binlog-ignore-db in the source's "
                            "configuration");
        return;
    }
    finding_compare(out, only[0] == '\0', "source Binlog_Do_DB", only, "empty");
    finding_compare(out, ignored[0] == '\0', "source Binlog_Ignore_DB", ignored, "empty");
    if (only[0] == '\0' && ignored[0] == '\0') {
        finding_add(out, VERDICT_PASS, NULL, "no database is kept out of the binlog");
        return;
    }
    char filters[320];
    clean_format(filters, sizeof filters, "%s%.120s%s%s%.120s",
                 only[0] != '\0' ? "binlog_do_db " : "", only,
                 only[0] != '\0' && ignored[0] != '\0' ? ", " : "",
                 ignored[0] != '\0' ? "binlog_ignore_db " : "", ignored);
    if (strstr(only, "…") != NULL || strstr(ignored, "…") != NULL) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the binlog is filtered by a list too long to be judged: %s", filters);
    } else if (leaves_out(f, only, ignored)) {
        finding_add(out, VERDICT_FAIL, "leaves out databases of the task",
                    "the source keeps changes of the task's databases out of its binlog: %s",
                    filters);
    } else {
        finding_add(out, VERDICT_WARN, "is filtered",
                    "the task's databases are in the binlog, but it is filtered (%s): statements "
                    "such as DDL go by the session's default database, and are lost with it",
                    filters);
    }
}

/* ---- how long ---- */

/* "7", "0.041667": MariaDB counts in fractions of a day. */
static bool days_read(const char *text, uint64_t *seconds)
{
    char whole[24], part[8] = "0000000";
    size_t len = strcspn(text, "."), n = text[len] == '.' ? strlen(text + len + 1) : 0;
    uint64_t days = 0, parts = 0;

    if (len >= sizeof whole || n >= sizeof part || (text[len] == '.' && n == 0)) {
        return false;
    }
    memcpy(whole, text, len);
    whole[len] = '\0';
    memcpy(part, text + len + (n > 0), n);
    if (!amount_read(whole, &days) || !amount_read(part, &parts) || days > UINT32_MAX) {
        return false;
    }
    /* `part` has seven digits; the server cuts, so that an hour would be a fraction less. */
    *seconds = days * 86400 + (parts * 86400 + 5000000) / 10000000;
    return true;
}

/* Seconds that a file is kept for, 0: for ever. False: not known, which has been said. */
static bool retention_of(const struct facts *f, struct finding *out, uint64_t *seconds)
{
    const char *purge = NULL, *value = NULL, *days = NULL;

    if (fact_variable(f, out, SOURCE, "binlog_expire_logs_auto_purge", &purge) == FACT_NONE) {
        return false;
    }
    *seconds = 0;
    if (purge != NULL && is_off(purge)) {
        finding_compare(out, true, "source binlog_expire_logs_auto_purge", purge, "any");
        return true;
    }
    /* Where both are there, one of them is 0 or both say the same. */
    fact_variable(f, out, SOURCE, "binlog_expire_logs_seconds", &value);
    fact_variable(f, out, SOURCE, "expire_logs_days", &days);
    if (value == NULL && days == NULL) {
        days = fact_needed(f, out, SOURCE, "expire_logs_days");
        return false;
    }
    if (value != NULL &&
        !amount_needed(out, SOURCE, "binlog_expire_logs_seconds", value, seconds)) {
        return false;
    }
    if (*seconds == 0 && days != NULL && !days_read(days, seconds)) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the source's expire_logs_days \"%.40s\" is no number of days", days);
        return false;
    }
    return true;
}

/* The name of what limits the binlog by its size; NULL: nothing does. */
static const char *size_limit(const struct facts *f, struct finding *out, uint64_t *limit)
{
    static const char *const names[] = {"max_binlog_total_size", "binlog_space_limit"};

    for (size_t i = 0; i < 2; i++) {
        const char *value = NULL;
        if (fact_variable(f, out, SOURCE, names[i], &value) == FACT_HAD &&
            amount_needed(out, SOURCE, names[i], value, limit) && *limit != 0) {
            return names[i];
        }
    }
    return NULL;
}

/* The bytes of all files. False: not known; this check can do without, and big-files says so. */
static bool files_size(const struct facts *f, struct finding *out, uint64_t *sum)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_BINLOG_FILES];

    out->used[SOURCE] |= 1u << Q_BINLOG_FILES;
    for (size_t i = 0; i < a->rows; i++) {
        uint64_t n = 0;
        if (!amount_read(answer_value(a, i, "File_size"), &n) ||
            __builtin_add_overflow(*sum, n, sum)) {
            return false;
        }
    }
    return a->state == ANSWERED && a->rows > 0;
}

#define HOUR 3600u
#define DAY  86400u

static void retention_remedy(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_VARIABLES];

    finding_remedy(out,
                   "on the source: SET GLOBAL %s; and the same in [mysqld] of its configuration",
                   answer_variable(a, "binlog_expire_logs_seconds") != NULL
                       ? "binlog_expire_logs_seconds = 604800"
                       : "expire_logs_days = 7");
}

/* How long the store lasts if the files that are there are what is written in the time that they
 * are kept for: a server that is younger than that has written them in less, so this is the most.
 */
static void forecast(const struct facts *f, uint64_t files, uint64_t seconds, char *buf,
                     size_t size)
{
    char text[32];

    buf[0] = '\0';
    if (f->store_size != 0 && files != 0 && seconds != 0) {
        double holds = (double)f->store_size / (double)files * (double)seconds;
        amount_time(holds < 1e15 ? (uint64_t)holds : 1000000000000000, text, sizeof text);
        clean_format(buf, size, "; the store holds at most about %s of it", text);
    }
}

static void check_kept(const struct facts *f, struct finding *out, uint64_t seconds,
                       const char *files, const char *lasts)
{
    char kept[32] = "until they are purged by hand", text[32], brief[64];
    bool is_short = seconds != 0 && seconds < DAY;

    if (seconds != 0) {
        amount_time(seconds, text, sizeof text);
        clean_format(kept, sizeof kept, "for %s", text);
    }
    finding_compare(out, !is_short, "source's binlog files are kept", kept, "for a day or more");
    if (is_short) {
        clean_format(brief, sizeof brief, "is only %s", text);
        finding_add(out, seconds < HOUR ? VERDICT_FAIL : VERDICT_WARN, brief,
                    "the source keeps its binlog files only %s: after a longer interruption what "
                    "is missing here cannot be fetched again%s",
                    kept, lasts);
        retention_remedy(f, out);
    } else {
        finding_add(out, VERDICT_PASS, NULL, "binlog files are kept %s%s%s%s", kept,
                    files[0] != '\0' ? "; now they are " : "", files, lasts);
    }
}

void check_binlog_retention(const struct facts *f, struct finding *out)
{
    uint64_t seconds = 0, limit = 0, files = 0;
    char text[32] = "", store[32], lasts[80] = "";

    if (is_without(f, out)) {
        return;
    }
    bool known = retention_of(f, out, &seconds);
    const char *by_size = known ? size_limit(f, out, &limit) : NULL;
    bool counted = files_size(f, out, &files);
    if (!known) {
        return;
    }
    if (counted) {
        amount_text(files, text, sizeof text);
        forecast(f, files, seconds, lasts, sizeof lasts);
    }
    check_kept(f, out, seconds, text, lasts);
    if (counted && f->store_size != 0 && files > f->store_size) {
        amount_text(f->store_size, store, sizeof store);
        amount_compare(out, false, "bytes of the source's binlog files", files,
                       "at most the store's ", f->store_size);
        finding_add(out, VERDICT_WARN, "is more than the store holds",
                    "the source's binlog files are %s, this box's store is %s: a relay that begins "
                    "with the earliest fills the store, and waits until some of it is delivered",
                    text, store);
        finding_remedy(out, "deliver while relaying, use a larger device, or set relay.start = "
                            "latest in the config");
    }
    if (by_size != NULL) {
        amount_text(limit, text, sizeof text);
        finding_compare(out, false, by_size, text, "0 (no limit)");
        finding_add(out, VERDICT_WARN, "is limited by size",
                    "the source removes binlog files beyond %s (%s), however young they are", text,
                    by_size);
        finding_remedy(out, "on the source: SET GLOBAL %s = 0;", by_size);
    }
}

/* ---- files of more than 4 GiB ---- */

void check_big_files(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_BINLOG_FILES];
    uint64_t largest = 0;
    size_t big = 0, used = 0;
    char names[240] = "", text[32];

    if (is_without(f, out) || !fact_answer(f, out, SOURCE, Q_BINLOG_FILES)) {
        return;
    }
    for (size_t i = 0; i < a->rows; i++) {
        const char *name = answer_value(a, i, "Log_name");
        uint64_t n = 0;
        char what[80];
        clean_format(what, sizeof what, "size of %.60s", name == NULL ? "a file" : name);
        if (!amount_needed(out, SOURCE, what, answer_value(a, i, "File_size"), &n)) {
            return;
        }
        largest = n > largest ? n : largest;
        if (n > UINT32_MAX && big++ < 3) {
            amount_text(n, text, sizeof text);
            used += clean_format(names + used, sizeof names - used, "%s%.40s (%s)",
                                 used > 0 ? ", " : "", name == NULL ? "" : name, text);
        }
    }
    amount_compare(out, big == 0, "source's largest binlog file", largest, "at most ", UINT32_MAX);
    if (big > 0) {
        char brief[64];
        clean_format(brief, sizeof brief, "%zu %s past 4 GiB", big, big == 1 ? "is" : "are");
        finding_add(out, VERDICT_WARN, brief,
                    "past 4 GiB: %s%s; a position there cannot be asked for, so that after an "
                    "interruption the relay reads such a file again from its start, compares it "
                    "with what is stored, and goes on where that ends",
                    names, big > 3 ? " and more" : "");
    } else {
        amount_text(largest, text, sizeof text);
        finding_add(out, VERDICT_PASS, NULL, "%zu files, the largest has %s", a->rows, text);
    }
}
