/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping what servers answered. */
#include "app/precheck/facts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/clean.h"
#include "base/err.h"

const char *side_name(enum side side)
{
    return side == SOURCE ? "source" : "target";
}

const char *mode_name(enum config_mode mode)
{
    return mode == MODE_ONLINE ? "online" : mode == MODE_BACKUP ? "backup" : "schema";
}

const char *scope_name(enum config_scope scope)
{
    return scope == SCOPE_TABLES ? "tables" : "instance";
}

static int copy(char **to, const char *text, size_t max)
{
    const char *from = text == NULL ? "" : text;

    *to = clean_copy(from, strlen(from), max);
    return *to == NULL ? ERR_NOMEM : OK;
}

static int server_begin(struct server_facts *s, const struct config_server *c)
{
    s->configured = c->present;
    s->port = c->port;
    int rc = copy(&s->host, c->host, CELL_MAX);
    return rc != OK ? rc : copy(&s->user, c->user, CELL_MAX);
}

int facts_begin(struct facts *f, const struct config *cfg)
{
    memset(f, 0, sizeof *f);
    f->mode = cfg->task.mode;
    f->scope = cfg->task.scope;
    f->our_server_id = cfg->source.server_id;
    if (copy(&f->tables, cfg->task.tables, CONFIG_LINE_MAX * 4) != OK ||
        copy(&f->hostname, cfg->appliance.hostname, CELL_MAX) != OK ||
        server_begin(&f->server[SOURCE], &cfg->source) != OK ||
        server_begin(&f->server[TARGET], &cfg->target) != OK) {
        return ERR_NOMEM;
    }
    return OK;
}

static void answer_free(struct answer *a)
{
    for (size_t i = 0; i < a->filled; i++) {
        free(a->cells[i]);
    }
    free(a->cells);
    free(a->text);
    memset(a, 0, sizeof *a);
}

void facts_free(struct facts *f)
{
    for (int side = 0; side < SIDES; side++) {
        struct server_facts *s = &f->server[side];
        for (int q = 0; q < QUESTIONS; q++) {
            answer_free(&s->answers[q]);
        }
        free(s->host);
        free(s->user);
    }
    free(f->tables);
    free(f->hostname);
    memset(f, 0, sizeof *f);
}

int answer_rows(struct answer *a, const char *sql, size_t columns)
{
    answer_free(a);
    a->state = ANSWERED;
    a->sql = sql;
    a->columns = columns;
    return OK;
}

int answer_put(struct answer *a, const char *bytes, size_t len)
{
    if (a->filled == a->room) {
        size_t room = a->room == 0 ? 16 : a->room * 2;
        char **cells = realloc(a->cells, room * sizeof *cells);
        if (cells == NULL) {
            return ERR_NOMEM;
        }
        a->cells = cells;
        a->room = room;
    }
    char *text = NULL;
    if (bytes != NULL && (text = clean_copy(bytes, len, CELL_MAX)) == NULL) {
        return ERR_NOMEM;
    }
    a->cells[a->filled++] = text;
    if (a->columns != 0 && a->filled % a->columns == 0) {
        a->rows = a->filled / a->columns - 1;
    }
    return OK;
}

int answer_fail(struct answer *a, const char *sql, int code, unsigned mysql_errno,
                const char *sqlstate, const char *text)
{
    answer_free(a);
    a->state = FAILED;
    a->sql = sql;
    a->code = code;
    a->mysql_errno = mysql_errno;
    for (size_t i = 0; i + 1 < sizeof a->sqlstate && isalnum((unsigned char)sqlstate[i]); i++) {
        a->sqlstate[i] = sqlstate[i];
    }
    return copy(&a->text, text, CELL_MAX);
}

int answer_not_asked(struct answer *a, const char *sql, const char *why)
{
    answer_free(a);
    a->sql = sql;
    return copy(&a->text, why, CELL_MAX);
}

const char *answer_cell(const struct answer *a, size_t row, size_t column)
{
    return row < a->rows && column < a->columns ? a->cells[(row + 1) * a->columns + column] : NULL;
}

const char *answer_value(const struct answer *a, size_t row, const char *name)
{
    for (size_t i = 0; i < a->columns && i < a->filled; i++) {
        if (a->cells[i] != NULL && strcasecmp(a->cells[i], name) == 0) {
            return answer_cell(a, row, i);
        }
    }
    return NULL;
}
