/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of a bundle: what it says of servers goes through the same cleaning and bounds as what
 * a server says. */
#include "app/precheck/bundle_read.h"

#include <string.h>

#include "app/precheck/clean.h"

/* ---- answers ---- */

static int read_cells(struct bundle_reading *r, yyjson_val *list, bool names, struct answer *a)
{
    yyjson_arr_iter it = yyjson_arr_iter_with(list);
    yyjson_val *cell = NULL;
    size_t n = yyjson_arr_size(list);

    if (n != a->columns) {
        return bundle_bad(r, "has %zu cell%s, %zu column%s", n, n == 1 ? "" : "s", a->columns,
                          a->columns == 1 ? "" : "s");
    }
    for (size_t i = 0; (cell = yyjson_arr_iter_next(&it)) != NULL; i++) {
        const char *bytes = yyjson_get_str(cell); /* NULL when it is none */
        size_t len = yyjson_get_len(cell);
        bool wrong = bytes == NULL && (names || !yyjson_is_null(cell));
        if (wrong || (bytes != NULL && len > CELL_MAX)) {
            (void)bundle_enter(r, "[%zu]", i);
            return wrong ? bundle_bad(r, "is %s", names ? "no text" : "neither text nor null")
                         : bundle_bad(r, "has %zu bytes, at most %d are kept", len, CELL_MAX);
        }
        if (answer_put(a, bytes, bytes == NULL ? 0 : len) != OK) {
            return fail(r->why, ERR_NOMEM, "no memory for the bundle");
        }
    }
    return OK;
}

static int read_rows(struct bundle_reading *r, yyjson_val *columns, yyjson_val *rows,
                     const char *sql, struct answer *a)
{
    yyjson_arr_iter it = yyjson_arr_iter_with(rows);
    yyjson_val *row = NULL;
    size_t before = bundle_enter(r, ".columns");
    int rc = answer_rows(a, sql, yyjson_arr_size(columns));

    rc = rc != OK ? fail(r->why, rc, "no memory for the bundle") : read_cells(r, columns, true, a);
    bundle_leave(r, before);
    if (rc == OK && a->columns == 0 && yyjson_arr_size(rows) > 0) {
        return bundle_bad(r, "has rows and no columns");
    }
    for (size_t i = 0; rc == OK && (row = yyjson_arr_iter_next(&it)) != NULL; i++) {
        before = bundle_enter(r, ".rows[%zu]", i);
        rc = yyjson_is_arr(row) ? read_cells(r, row, false, a) : bundle_bad(r, "is no list");
        bundle_leave(r, before);
    }
    return rc;
}

static int read_error(struct bundle_reading *r, yyjson_val *error, const char *sql,
                      struct answer *a)
{
    struct bundle_field f[] = {{"code", 's', true, NULL},
                               {"errno", 'u', true, NULL},
                               {"sqlstate", 's', true, NULL},
                               {"text", 's', true, NULL}};
    uint64_t mysql_errno = 0;
    int code = ERR_TOOBIG; /* the last one */
    size_t before = bundle_enter(r, ".error");
    int rc = TAKE(r, error, f);

    rc = rc != OK ? rc : bundle_number(r, &f[1], UINT16_MAX, &mysql_errno);
    while (rc == OK && code < OK && !bundle_is(f[0].val, err_name(code))) {
        code++;
    }
    if (rc == OK && code == OK) {
        rc = bundle_bad(r, "has a \"code\" that this version does not know");
    }
    bundle_leave(r, before);
    if (rc == OK && answer_fail(a, sql, code, (unsigned)mysql_errno, yyjson_get_str(f[2].val),
                                yyjson_get_str(f[3].val)) != OK) {
        rc = fail(r->why, ERR_NOMEM, "no memory for the bundle");
    }
    return rc;
}

static int read_answer(struct bundle_reading *r, yyjson_val *val, struct answer *a)
{
    enum { SQL, ASKED, TOOK, COLUMNS, ROWS, ERROR, WHY_NOT, FIELDS };
    struct bundle_field f[FIELDS] = {
        [SQL] = {"sql", 's', true, NULL},           [ASKED] = {"asked_ms", 'u', false, NULL},
        [TOOK] = {"took_ms", 'u', false, NULL},     [COLUMNS] = {"columns", 'a', false, NULL},
        [ROWS] = {"rows", 'a', false, NULL},        [ERROR] = {"error", 'o', false, NULL},
        [WHY_NOT] = {"not_asked", 's', false, NULL}};
    uint64_t asked_ms = 0, took_ms = 0;
    int rc = TAKE(r, val, f);
    rc = rc != OK ? rc : bundle_number(r, &f[ASKED], INT64_MAX, &asked_ms);
    rc = rc != OK ? rc : bundle_number(r, &f[TOOK], UINT32_MAX, &took_ms);
    if (rc != OK) {
        return rc;
    }
    if ((f[COLUMNS].val == NULL) != (f[ROWS].val == NULL) ||
        (f[ROWS].val != NULL) + (f[ERROR].val != NULL) + (f[WHY_NOT].val != NULL) != 1) {
        return bundle_bad(r, "needs one of columns and rows, error, not_asked");
    }
    const char *sql = yyjson_get_str(f[SQL].val);
    if (f[ROWS].val != NULL) {
        rc = read_rows(r, f[COLUMNS].val, f[ROWS].val, sql, a);
    } else if (f[ERROR].val != NULL) {
        rc = read_error(r, f[ERROR].val, sql, a);
    } else if (answer_not_asked(a, sql, yyjson_get_str(f[WHY_NOT].val)) != OK) {
        rc = fail(r->why, ERR_NOMEM, "no memory for the bundle");
    }
    a->asked_ms = (int64_t)asked_ms;
    a->took_ms = (uint32_t)took_ms;
    return rc;
}

/* ---- servers and task ---- */

static int read_server(struct bundle_reading *r, yyjson_val *val, struct server_facts *s)
{
    struct bundle_field f[] = {
        {"configured", 'b', true, NULL},   {"host", 's', true, NULL},
        {"port", 'u', true, NULL},         {"user", 's', true, NULL},
        {"tls_required", 'b', true, NULL}, {"version", 's', false, NULL},
        {"answers", 'o', true, NULL},
    };
    struct bundle_field answers[QUESTIONS];
    uint64_t port = 0;
    int rc = TAKE(r, val, f);

    rc = rc != OK ? rc : bundle_number(r, &f[2], UINT16_MAX, &port);
    rc = rc != OK ? rc : bundle_text(r, &f[1], CELL_MAX, &s->host);
    rc = rc != OK ? rc : bundle_text(r, &f[3], CELL_MAX, &s->user);
    if (rc != OK) {
        return rc;
    }
    s->configured = yyjson_get_bool(f[0].val);
    s->port = (uint16_t)port;
    s->tls = yyjson_get_bool(f[4].val);
    for (int q = 0; q < QUESTIONS; q++) {
        answers[q] = (struct bundle_field){questions[q].name, 'o', false, NULL};
    }
    size_t before = bundle_enter(r, ".answers");
    rc = TAKE(r, f[6].val, answers);
    for (int q = 0; rc == OK && q < QUESTIONS; q++) {
        if (answers[q].val != NULL) {
            size_t there = bundle_enter(r, ".%s", questions[q].name);
            rc = read_answer(r, answers[q].val, &s->answers[q]);
            bundle_leave(r, there);
        }
    }
    bundle_leave(r, before);
    return rc;
}

int bundle_read_servers(struct bundle_reading *r, yyjson_val *val, struct facts *facts)
{
    struct bundle_field f[SIDES];
    size_t before = bundle_enter(r, "servers");

    for (int side = SOURCE; side < SIDES; side++) {
        f[side] = (struct bundle_field){side_name((enum side)side), '*', side < REPLICA, NULL};
    }
    int rc = TAKE(r, val, f);
    for (int side = SOURCE; rc == OK && side < SIDES; side++) {
        size_t there = bundle_enter(r, ".%s", f[side].key);
        if (yyjson_is_obj(f[side].val)) {
            rc = read_server(r, f[side].val, &facts->server[side]);
        } else if (f[side].val != NULL && !yyjson_is_null(f[side].val)) {
            rc = bundle_bad(r, "is neither an object nor null");
        }
        bundle_leave(r, there);
    }
    bundle_leave(r, before);
    return rc;
}

int bundle_read_task(struct bundle_reading *r, yyjson_val *val, struct precheck_run *run)
{
    static const char *const langs[] = {"en", "zh"};
    const char *const modes[] = {mode_name(MODE_ONLINE), mode_name(MODE_BACKUP),
                                 mode_name(MODE_SCHEMA)};
    const char *const scopes[] = {scope_name(SCOPE_INSTANCE), scope_name(SCOPE_TABLES)};
    const char *const compares[] = {compare_name(COMPARE_NONE), compare_name(COMPARE_SAMPLE),
                                    compare_name(COMPARE_FULL)};
    enum {
        MODE,
        SCOPE,
        COMPARE,
        TABLES,
        HOSTNAME,
        OUR_ID,
        CAPACITY,
        STORE,
        TIMEOUT,
        CLOCK,
        LANG,
        FIELDS
    };
    struct bundle_field f[FIELDS] = {
        [MODE] = {"mode", 's', true, NULL},
        [SCOPE] = {"scope", 's', true, NULL},
        [COMPARE] = {"compare", 's', true, NULL},
        [TABLES] = {"tables", 's', true, NULL},
        [HOSTNAME] = {"hostname", 's', true, NULL},
        [OUR_ID] = {"server_id", 'u', true, NULL},
        [CAPACITY] = {"target_capacity", 'u', true, NULL},
        [STORE] = {"store_size", 'u', true, NULL},
        [TIMEOUT] = {"timeout_s", 'u', true, NULL},
        [CLOCK] = {"clock_known", 'b', true, NULL},
        [LANG] = {"lang", 's', true, NULL},
    };
    struct facts *to = &run->facts;
    uint64_t our_id = 0, timeout_s = 0;
    int mode = 0, scope = 0, compare = 0, lang = 0;
    size_t before = bundle_enter(r, "task");
    int rc = TAKE(r, val, f);

    rc = rc != OK ? rc : bundle_word(r, &f[MODE], modes, 3, &mode);
    rc = rc != OK ? rc : bundle_word(r, &f[SCOPE], scopes, 2, &scope);
    rc = rc != OK ? rc : bundle_word(r, &f[COMPARE], compares, 3, &compare);
    rc = rc != OK ? rc : bundle_word(r, &f[LANG], langs, 2, &lang);
    rc = rc != OK ? rc : bundle_text(r, &f[TABLES], CONFIG_LINE_MAX * 4, &to->tables);
    rc = rc != OK ? rc : bundle_text(r, &f[HOSTNAME], CELL_MAX, &to->hostname);
    rc = rc != OK ? rc : bundle_number(r, &f[OUR_ID], UINT32_MAX, &our_id);
    rc = rc != OK ? rc : bundle_number(r, &f[TIMEOUT], UINT32_MAX, &timeout_s);
    rc = rc != OK ? rc : bundle_number(r, &f[CAPACITY], UINT64_MAX, &to->target_capacity);
    rc = rc != OK ? rc : bundle_number(r, &f[STORE], UINT64_MAX, &to->store_size);
    if (rc == OK) {
        to->mode = (enum config_mode)mode;
        to->scope = (enum config_scope)scope;
        to->compare = (enum config_compare)compare;
        to->our_server_id = (uint32_t)our_id;
        to->timeout_s = (uint32_t)timeout_s;
        to->clock_known = yyjson_get_bool(f[CLOCK].val);
        run->lang = (enum config_lang)lang;
    }
    bundle_leave(r, before);
    return rc;
}
