/* SPDX-License-Identifier: Apache-2.0 */
/* What a check's function works with: facts go in, a finding comes out. */
#ifndef APP_PRECHECK_JUDGE_H
#define APP_PRECHECK_JUDGE_H

#include "app/precheck/facts.h"
#include "app/precheck/precheck.h"

#define COMPARED_MAX 6

/* One comparison that a verdict rests on. */
struct compared {
    char what[64]; /* "source binlog_format" */
    char found[160];
    char wanted[160];
    bool holds;
};

struct finding {
    enum verdict verdict;
    char brief[96]; /* what follows the check's name in the summary: "is STATEMENT" */
    char why[640];
    char remedy[768];     /* what to do; "" when nothing is */
    unsigned used[SIDES]; /* the questions it rests on, a bit each */
    size_t compared_count;
    struct compared compared[COMPARED_MAX];
};

/* One row of the table of checks (checks.c). */
struct check {
    int code; /* 0: a check of our own, without a number */
    const char *name;
    const char *title, *title_zh;
    const char *when; /* for people */
    const char *raised_by;
    unsigned modes, scopes; /* bits of enum config_mode and config_scope */
    bool target;            /* skipped when there is no target */
    const char *rule;
    const char *remedy; /* used when the function names none itself */
    const char *remedy_zh;
    /* NULL: not decided from facts; the part that meets it raises it while the task runs, or, when
     * raised_by says so, nothing raises it yet. */
    void (*judge)(const struct facts *f, struct finding *out);
};
extern const struct check checks[];
extern const size_t check_count;   /* all rows */
extern const size_t checks_judged; /* the first ones: those with a function */

/* Judges one row from the facts alone: mode, scope and target first, then the row's function. */
void check_judge(const struct check *c, const struct facts *f, struct finding *out);

/* ---- for the functions ---- */

/* A finding starts as a pass and only ever gets worse: of two reasons the worse one stays, equal
 * ones are joined. `brief` may be NULL (then the text is taken). */
void finding_add(struct finding *out, enum verdict v, const char *brief, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* What to do about the last reason, if it stayed. */
void finding_remedy(struct finding *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void finding_compare(struct finding *out, bool holds, const char *what, const char *found,
                     const char *wanted);

/* Whether the answer was had; if not, the finding becomes unknown and says which question failed
 * and how. Cites the question in any case. */
bool fact_answer(const struct facts *f, struct finding *out, enum side side, enum question_id q);

enum fact { FACT_NONE, FACT_ABSENT, FACT_HAD };

/* A global variable. FACT_NONE: the question failed, the finding is unknown. FACT_ABSENT: this
 * server has no such variable. */
enum fact fact_variable(const struct facts *f, struct finding *out, enum side side,
                        const char *name, const char **value);
/* The same where every server has it: absent is unknown too. NULL: not had. */
const char *fact_needed(const struct facts *f, struct finding *out, enum side side,
                        const char *name);

/* Whether an errno means that the account lacks a privilege. */
bool is_privilege_error(unsigned mysql_errno);

/* Whether only this question failed: refused, or its answer makes no sense (MySQL 5.6 sends broken
 * rows for replicas that never told their UUID), not the connection. */
bool is_own_failure(const struct answer *a);

/* The first names of an answer's rows for a sentence: "`a`.`t`, `a`.`u` and 98 more"; two columns
 * make one name, column -1 is none. "more than 100" when the answer was cut at SHOWN_MAX. */
void fact_names(const struct answer *a, int first, int second, char *buf, size_t size);

/* Whether the account sees everything of a kind that the task covers. A server shows an account
 * only what it has a privilege on, so without this a missing object is no evidence. If not, or if
 * the grants are not known, the finding becomes unknown and names what to grant. Cites Q_GRANTS.
 * (check_privileges.c) */
enum sight {
    SIGHT_TABLES,   /* databases, tables, columns, keys: any global privilege on tables */
    SIGHT_KEYS,     /* what foreign keys do */
    SIGHT_TRIGGERS, /* TRIGGER */
    SIGHT_EVENTS,   /* EVENT */
    SIGHT_ROUTINES, /* views' and routines' definers: SHOW VIEW, SELECT on mysql.proc, … */
    SIGHT_ALL_DATABASES, /* SHOW DATABASES or any global privilege: names of databases */
};
bool fact_sees(const struct facts *f, struct finding *out, enum side side, enum sight what);

/* Whether source and target look like one and the same server, reached by two names: 0 no, 1 all
 * that was seen says so, 2 also the server_uuid, which MariaDB has not. Never sure from less. */
int same_server(const struct facts *f);

/* Whether a variable's value means on: ON, 1, YES. */
bool is_on(const char *value);

/* The account for a statement, quoted: as its grants name it, else 'user'@'%'. */
void account_quoted(const struct server_facts *s, char *buf, size_t size);

#endif
