/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping what servers answered. */
#include "app/precheck/facts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/precheck/clean.h"
#include "base/err.h"
#include "drivers/clock/clock.h"

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
    s->tls = c->tls >= CFG_TLS_REQUIRE;
    int rc = copy(&s->host, c->host, CELL_MAX);
    return rc != OK ? rc : copy(&s->user, c->user, CELL_MAX);
}

/* target.replicas: HOST[:PORT], comma separated; each is entered with the target's account. */
static int replicas_begin(struct facts *f, const struct config_server *target)
{
    const char *p = target->present && target->replicas != NULL ? target->replicas : "";
    int rc = OK;

    for (int side = REPLICA; rc == OK && side < SIDES && *p != '\0'; side++) {
        p += strspn(p, " \t,");
        size_t len = strcspn(p, " \t,");
        char text[CELL_MAX];
        snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), p);
        p += len;
        if (len == 0) {
            break;
        }
        struct config_server one = *target;
        char *colon = strrchr(text, ':');
        if (colon != NULL && strchr(text, ':') == colon) {
            *colon = '\0';
            one.port = (uint16_t)strtoul(colon + 1, NULL, 10);
        } else {
            one.port = 3306;
        }
        one.host = text;
        rc = server_begin(&f->server[side], &one);
    }
    return rc;
}

int facts_begin(struct facts *f, const struct config *cfg)
{
    memset(f, 0, sizeof *f);
    f->mode = cfg->task.mode;
    f->scope = cfg->task.scope;
    f->compare = cfg->task.compare;
    f->our_server_id = cfg->source.server_id;
    f->target_capacity = cfg->target.capacity;
    f->timeout_s = cfg->precheck.timeout_s;
    f->store_size = cfg->store.size;
    f->clock_known = clock_known();
    if (copy(&f->tables, cfg->task.tables, CONFIG_LINE_MAX * 4) != OK ||
        copy(&f->hostname, cfg->appliance.hostname, CELL_MAX) != OK ||
        server_begin(&f->server[SOURCE], &cfg->source) != OK ||
        server_begin(&f->server[TARGET], &cfg->target) != OK ||
        replicas_begin(f, &cfg->target) != OK) {
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
    free(a->sql);
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

static int answer_begin(struct answer *a, const char *sql)
{
    int64_t asked_ms = a->asked_ms;

    answer_free(a);
    a->asked_ms = asked_ms;
    return copy(&a->sql, sql, STATEMENT_MAX);
}

int answer_rows(struct answer *a, const char *sql, size_t columns)
{
    int rc = answer_begin(a, sql);

    a->state = ANSWERED;
    a->columns = columns;
    return rc;
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
    int rc = answer_begin(a, sql);

    a->state = FAILED;
    a->code = code;
    a->mysql_errno = mysql_errno;
    for (size_t i = 0; i + 1 < sizeof a->sqlstate && isalnum((unsigned char)sqlstate[i]); i++) {
        a->sqlstate[i] = sqlstate[i];
    }
    return rc != OK ? rc : copy(&a->text, text, CELL_MAX);
}

int answer_not_asked(struct answer *a, const char *sql, const char *why)
{
    int rc = answer_begin(a, sql);

    return rc != OK ? rc : copy(&a->text, why, CELL_MAX);
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

bool answer_is_hidden(const struct answer *a)
{
    for (size_t i = 0; i < a->filled; i++) {
        if (a->cells[i] != NULL && strstr(a->cells[i], HIDDEN) != NULL) {
            return true;
        }
    }
    return false;
}

const char *answer_variable(const struct answer *a, const char *name)
{
    for (size_t i = 0; i < a->rows; i++) {
        const char *found = answer_cell(a, i, 0);
        if (found != NULL && strcasecmp(found, name) == 0) {
            const char *value = answer_cell(a, i, 1);
            return value == NULL ? "" : value;
        }
    }
    return NULL;
}

/* A deep copy of an answer: the pieces of one run that the next one keeps. */
int answer_copy(struct answer *to, const struct answer *from)
{
    int rc = OK;

    answer_free(to);
    *to = *from;
    to->sql = to->text = NULL;
    to->cells = NULL;
    to->filled = to->room = 0;
    if ((from->sql != NULL && (to->sql = strdup(from->sql)) == NULL) ||
        (from->text != NULL && (to->text = strdup(from->text)) == NULL)) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; rc == OK && i < from->filled; i++) {
        const char *cell = from->cells[i];
        rc = answer_put(to, cell, cell == NULL ? 0 : strlen(cell));
    }
    return rc;
}
