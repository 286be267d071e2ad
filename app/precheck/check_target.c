/* SPDX-License-Identifier: Apache-2.0 */
/* -419, -258, -259: is the target of the right kind, empty, and large enough. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/amount.h"
#include "app/precheck/checks.h"
#include "app/precheck/clean.h"

/* ---- -419 ---- */

/* The names of Aliyun's variables that the source has, the first ones of them. */
static size_t aliyun_names(const struct answer *a, char *buf, size_t size)
{
    size_t count = 0, used = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < a->rows; i++) {
        const char *name = answer_cell(a, i, 0);
        if (name != NULL && strncasecmp(name, "rds_", 4) == 0 && count++ < 3) {
            used += clean_format(buf + used, size - used, "%s%.40s", used > 0 ? ", " : "", name);
        }
    }
    if (count > 3) {
        clean_format(buf + used, size - used, " and %zu more", count - 3);
    }
    return count;
}

static void check_semi_sync(const struct facts *f, struct finding *out)
{
    /* The name follows the plugin that is installed, whatever the version; none is off. */
    static const char *const names[] = {"rpl_semi_sync_master_enabled",
                                        "rpl_semi_sync_source_enabled"};

    for (size_t i = 0; i < 2; i++) {
        const char *value = NULL;
        if (fact_variable(f, out, TARGET, names[i], &value) != FACT_HAD) {
            continue;
        }
        bool on = false;
        finding_compare(out, is_off(value), names[i], value, "OFF");
        if (switch_read(out, TARGET, names[i], value, &on) && on) {
            finding_add(out, VERDICT_FAIL, "does not fit: the target is semi-synchronous",
                        "%s of the target is %.20s", names[i], value);
            finding_remedy(out, "on the target: SET GLOBAL %s = OFF;", names[i]);
        }
    }
}

void check_aliyun_target(const struct facts *f, struct finding *out)
{
    char names[160], text[64];

    if (!fact_answer(f, out, SOURCE, Q_VARIABLES)) {
        return;
    }
    if (aliyun_names(&f->server[SOURCE].answers[Q_VARIABLES], names, sizeof names) == 0) {
        finding_add(out, VERDICT_SKIP, NULL,
                    "the source is not Aliyun RDS: it has no variables rds_…");
        return;
    }
    finding_compare(out, true, "source's variables of Aliyun", names, "any");
    if (!fact_answer(f, out, TARGET, Q_VERSION)) {
        return;
    }
    struct server_version v = version_of(&f->server[TARGET]);
    bool fits = !v.mariadb && version_series(&v) == 506;
    clean_format(text, sizeof text, "%s %.50s", v.mariadb ? "MariaDB" : "MySQL", v.text);
    finding_compare(out, fits, "target version", text, "MySQL 5.6");
    if (!v.known) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the target's version \"%.60s\" is not understood", v.text);
    } else if (!fits) {
        finding_add(out, VERDICT_FAIL, "does not fit: the target is not 5.6",
                    "the source is Aliyun RDS (%s), and the target is %s", names, text);
        finding_remedy(out, "choose a MySQL 5.6 target; if the source is not Aliyun RDS, find out "
                            "where its variables rds_… come from");
    }
    check_semi_sync(f, out);
    finding_add(out, VERDICT_PASS, NULL,
                "the source is Aliyun RDS (%s), the target %s and asynchronous", names, text);
}

/* ---- -259 ---- */

void check_target_empty(const struct facts *f, struct finding *out)
{
    const struct answer *a = &f->server[TARGET].answers[Q_DATABASES];
    char names[400];

    if (!fact_answer(f, out, TARGET, Q_DATABASES)) {
        return;
    }
    finding_compare(out, a->rows == 0, "databases of users on the target",
                    a->rows == 0 ? "none" : "some", "none");
    if (a->rows > 0) {
        fact_names(a, 0, -1, names, sizeof names);
        finding_add(out, VERDICT_FAIL, "the target is not empty", "the target already holds %s",
                    names);
        if (same_server(f) > 0) {
            finding_remedy(out, "drop nothing: the target is the source itself, see -407");
        }
        return;
    }
    /* That none is shown is evidence only to an account that is shown all of them. */
    if (fact_sees(f, out, TARGET, SIGHT_ALL_DATABASES)) {
        finding_add(out, VERDICT_PASS, NULL, "the target holds only system databases");
    }
}

/* ---- -258 ---- */

#define ER_UNKNOWN_TABLE 1109

#define FREE_BLOCK 1024 /* the unit of information_schema.DISKS */

/* The bytes of the source's tables. False: some of it is not known, which has been said. */
static bool data_size(const struct facts *f, struct finding *out, uint64_t *sum)
{
    const struct answer *a = &f->server[SOURCE].answers[Q_TABLE_KINDS];

    if (!fact_answer(f, out, SOURCE, Q_TABLE_KINDS)) {
        return false;
    }
    bool known = fact_sees(f, out, SOURCE, SIGHT_TABLES);
    for (size_t i = 0; i < a->rows; i++) {
        const char *bytes = answer_value(a, i, "bytes"), *engine = answer_value(a, i, "ENGINE");
        const char *names = answer_value(a, i, "names");
        uint64_t n = 0;
        if (!amount_read(bytes, &n)) {
            finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                        "the source gives no size for tables of engine %.30s (%.80s)",
                        engine == NULL ? "NULL" : engine, names == NULL ? "" : names);
            finding_remedy(out, "on the source, CHECK TABLE on those, and mend or leave them out");
            known = false;
        } else if (__builtin_add_overflow(*sum, n, sum)) {
            *sum = UINT64_MAX;
        }
    }
    return known;
}

/* 1.3 times, rounded up; at the end of the numbers it stays there. */
static uint64_t with_reserve(uint64_t n)
{
    uint64_t reserve = n / 10 * 3 + (n % 10 * 3 + 9) / 10;

    return __builtin_add_overflow(n, reserve, &n) ? UINT64_MAX : n;
}

/* Of the mounted file systems the one that holds the path: the longest that it begins with. */
static size_t row_of_path(const struct answer *a, const char *path, size_t *row)
{
    size_t best = 0;

    for (size_t i = 0; i < a->rows; i++) {
        const char *mount = answer_value(a, i, "Path");
        size_t len = mount == NULL ? 0 : strlen(mount);
        while (len > 1 && mount[len - 1] == '/') {
            len--;
        }
        if (len >= best && len > 0 && strncmp(path, mount, len) == 0 &&
            (len == 1 || path[len] == '/' || path[len] == '\0')) {
            best = len;
            *row = i;
        }
    }
    return best;
}

static void disks_remedy(const struct facts *f, struct finding *out)
{
    const struct server_facts *s = &f->server[TARGET];
    const struct answer *a = &s->answers[Q_DISKS];
    char account[200];

    finding_remedy(out, "set target.capacity in the config to the target's free room, such as "
                        "capacity = 200G");
    /* Without FILE the list is empty, and in some versions refused. */
    if (is_privilege_error(a->mysql_errno) || (a->state == ANSWERED && a->rows == 0)) {
        account_quoted(s, account, sizeof account);
        finding_remedy(out, "or on the target: GRANT FILE ON *.* TO %s;", account);
    } else if (a->state == FAILED) {
        finding_remedy(out, "or on the target: INSTALL SONAME 'disks';");
    }
}

/* The target's free bytes, and how we know (`from`). False: not known, which has been said. */
static bool room_of(const struct facts *f, struct finding *out, uint64_t *room, char *from,
                    size_t size)
{
    const struct answer *a = &f->server[TARGET].answers[Q_DISKS];
    const char *path = NULL;
    size_t row = 0;

    if (f->target_capacity != 0) {
        *room = f->target_capacity;
        clean_format(from, size, "target.capacity");
        return true;
    }
    bool is_missing = a->state == FAILED && a->mysql_errno == ER_UNKNOWN_TABLE;
    if (is_missing || (a->state == NOT_ASKED && (a->text == NULL || a->text[0] == '\0'))) {
        out->used[TARGET] |= 1u << Q_DISKS;
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the target does not tell how much room it has%s",
                    is_missing ? ": its plugin DISKS is not installed" : "");
        disks_remedy(f, out);
        return false;
    }
    bool had = fact_answer(f, out, TARGET, Q_DISKS) &&
               (path = fact_needed(f, out, TARGET, "datadir")) != NULL;
    if (had && row_of_path(a, path, &row) == 0) {
        finding_add(out, VERDICT_UNKNOWN, "cannot be known",
                    "the target shows the account no file system that holds its datadir %.80s",
                    path);
        had = false;
    }
    if (!had) {
        disks_remedy(f, out);
        return false;
    }
    const char *mount = answer_value(a, row, "Path");
    clean_format(from, size, "%.60s with its datadir", mount);
    uint64_t blocks = 0;
    if (!amount_needed(out, TARGET, "free room", answer_value(a, row, "Available"), &blocks)) {
        return false;
    }
    if (__builtin_mul_overflow(blocks, (uint64_t)FREE_BLOCK, room)) {
        *room = UINT64_MAX;
    }
    return true;
}

void check_capacity(const struct facts *f, struct finding *out)
{
    uint64_t data = 0, room = 0;
    char from[96], have[32], need[32], is[32];

    bool whole = data_size(f, out, &data);
    if (!room_of(f, out, &room, from, sizeof from)) {
        return;
    }
    uint64_t wanted = with_reserve(data);
    amount_text(data, is, sizeof is);
    amount_text(wanted, need, sizeof need);
    amount_text(room, have, sizeof have);
    /* What is seen of the source may already be too much; that it fits says nothing of the rest. */
    if (room < wanted || whole) {
        amount_compare(out, room >= wanted, "target's free bytes", room, "at least ", wanted);
    }
    if (room < wanted) {
        finding_add(out, VERDICT_FAIL, "is too small",
                    "the source's tables hold %s%s, so that the target needs %s; it has %s (%s)",
                    whole ? "" : "at least ", is, need, have, from);
        finding_remedy(out, "give the target at least %s of free room%s", need,
                       f->target_capacity != 0 ? " and correct target.capacity" : "");
    } else if (whole) {
        finding_add(out, VERDICT_PASS, NULL,
                    "the source's tables hold %s (%s with a reserve), the target has %s (%s)", is,
                    need, have, from);
    }
}
