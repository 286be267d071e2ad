/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP(S) door: who may come in, and which command a path stands for. */
#include "app/shell/door_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/shell/commands.h"
#include "app/shell/door_auth.h"
#include "app/shell/door_proto.h"
#include "app/shell/doors.h"
#include "app/shell/text.h"
#include "base/log.h"
#include "version.h"

/* What other threads may know of the door. */
static struct {
    pthread_mutex_t lock;
    char state[256];
    char fingerprint[96];
} shown = {.lock = PTHREAD_MUTEX_INITIALIZER, .state = "closed"};

static void show(const char *fingerprint, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void show(const char *fingerprint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pthread_mutex_lock(&shown.lock);
    vsnprintf(shown.state, sizeof shown.state, fmt, ap);
    snprintf(shown.fingerprint, sizeof shown.fingerprint, "%s", fingerprint);
    pthread_mutex_unlock(&shown.lock);
    va_end(ap);
}

void door_http_describe(char *state, size_t state_size, char *fingerprint, size_t fingerprint_size)
{
    pthread_mutex_lock(&shown.lock);
    snprintf(state, state_size, "%s", shown.state);
    snprintf(fingerprint, fingerprint_size, "%s", shown.fingerprint);
    pthread_mutex_unlock(&shown.lock);
}

#ifdef CONFIG_HTTP

#define JSON_TYPE "application/json"
#define USER "admin"

static struct {
    struct http_server *server;
    struct http_certificate cert;
    char headers[768];
} door;

yyjson_mut_val *door_run(struct app *app, const char *line, yyjson_mut_doc **doc, int *exit_code)
{
    *doc = yyjson_mut_doc_new(NULL);
    if (*doc == NULL) {
        return NULL;
    }
    struct shell_call call = {.app = app, .doc = *doc, .json = true};
    shell_run(&call, line);
    *exit_code = call.exit;
    return call.out;
}

void door_error(struct http_answer *a, int status, const char *code, const char *message,
                const char *advice, const char *headers)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_val *e = yyjson_mut_obj_add_obj(doc, root, "error");
    yyjson_mut_obj_add_str(doc, e, "code", code);
    char *clean = text_to_utf8(message, strlen(message));
    yyjson_mut_obj_add_str(doc, e, "message", clean != NULL ? clean : "no memory");
    yyjson_mut_obj_add_str(doc, e, "do", advice);
    char *json = root != NULL ? shell_render_json(root) : NULL;
    const char *text = json != NULL ? json : "{\"error\":{\"code\":\"no-memory\"}}";
    (void)http_reply(a, status, JSON_TYPE, headers, text, strlen(text));
    free(json);
    free(clean);
    yyjson_mut_doc_free(doc);
}

/* The result of a command, {"exit": N, …}: what the shell prints with --json, and how it ended. */
static void answer_line(struct app *app, const char *line, struct http_answer *a)
{
    yyjson_mut_doc *doc = NULL;
    int exit_code = SHELL_YES;
    yyjson_mut_val *result = door_run(app, line, &doc, &exit_code);
    char *json = NULL;
    if (result != NULL) {
        yyjson_mut_obj_add_int(doc, result, "exit", exit_code);
        json = shell_render_json(result);
    }
    if (json != NULL) {
        bool usage = exit_code == SHELL_USAGE && yyjson_mut_obj_get(result, "error") != NULL;
        (void)http_reply(a, usage ? 400 : 200, JSON_TYPE, NULL, json, strlen(json));
    } else {
        door_error(a, 503, "no-memory", "no memory for the answer", "try again", NULL);
    }
    free(json);
    yyjson_mut_doc_free(doc);
}

/* A page of another origin cannot send this type without asking first, and is refused then. */
static bool is_json(const struct http_request *req)
{
    size_t n = strlen(JSON_TYPE);
    return strncasecmp(req->content_type, JSON_TYPE, n) == 0 &&
           (req->content_type[n] == '\0' || req->content_type[n] == ';' ||
            req->content_type[n] == ' ');
}

static bool body_ok(const struct http_request *req, struct http_answer *a)
{
    if (!is_json(req)) {
        door_error(a, 415, "usage", "the body must be JSON", "send Content-Type: " JSON_TYPE, NULL);
    } else if (!req->has_length) {
        door_error(a, 411, "usage", "the request has no Content-Length", "send one", NULL);
    } else {
        return true;
    }
    return false;
}

static void do_shell(struct app *app, const struct http_request *req, const char *rest,
                     struct http_answer *a)
{
    struct door_request line;
    struct errmsg why;
    if (!body_ok(req, a)) {
        return;
    }
    if (door_request_parse(req->body, req->body_len, &line, &why) != 0 || line.kind != DOOR_LINE) {
        door_error(a, 400, "usage", "the body is not {\"line\": \"COMMAND\"}",
                   "for example {\"line\": \"status\"}", NULL);
        return;
    }
    answer_line(app, line.text, a);
}

static void do_page(struct app *app, const struct http_request *req, const char *rest,
                    struct http_answer *a)
{
    page_answer(app, a);
}

static void do_status(struct app *app, const struct http_request *req, const char *rest,
                      struct http_answer *a)
{
    answer_line(app, "status", a);
}

static void do_precheck(struct app *app, const struct http_request *req, const char *rest,
                        struct http_answer *a)
{
    if (req->method != HTTP_POST) {
        answer_line(app, "precheck --last", a);
    } else if (body_ok(req, a)) {
        answer_line(app, "precheck", a);
    }
}

static void do_binlogs(struct app *app, const struct http_request *req, const char *rest,
                       struct http_answer *a)
{
    answer_line(app, "store list", a);
}

static void do_binlog(struct app *app, const struct http_request *req, const char *rest,
                      struct http_answer *a)
{
    binlog_answer(app, req, rest, a);
}

static void do_metrics(struct app *app, const struct http_request *req, const char *rest,
                       struct http_answer *a)
{
    metrics_answer(app, a);
}

static const struct route {
    const char *path; /* a last '/' matches whatever follows, but not nothing */
    bool get, post;
    void (*answer)(struct app *app, const struct http_request *req, const char *rest,
                   struct http_answer *a);
} routes[] = {
    {"/api/v1/shell", false, true, do_shell},
    {"/api/v1/status", true, false, do_status},
    {"/api/v1/precheck", true, true, do_precheck},
    {"/api/v1/binlogs", true, false, do_binlogs},
    {"/api/v1/binlogs/", true, false, do_binlog},
    {"/metrics", true, false, do_metrics},
};

static bool let_in(struct app *app, const struct http_request *req, struct http_answer *a)
{
    static const char ask[] = "WWW-Authenticate: Basic realm=\"Sluice\", charset=\"UTF-8\"\r\n";
    char user[32], password[256];
    int err = ERR_AUTH;
    if (http_basic(req->authorization, user, sizeof user, password, sizeof password)) {
        if (strcmp(user, USER) == 0) {
            err = door_auth(app->config.appliance.password, password);
        }
        explicit_bzero(password, sizeof password);
    }
    if (err == ERR_BUSY) {
        door_error(a, 429, err_name(err), "too many wrong passwords", "wait two seconds",
                   "Retry-After: 2\r\n");
    } else if (err != 0) {
        door_error(a, 401, err_name(err), "user or password is wrong",
                   "log in as " USER " with the appliance's password", ask);
    }
    return err == 0;
}

static void handle(void *ctx, const struct http_request *req, struct http_answer *a)
{
    struct app *app = ctx;
    if (!let_in(app, req, a)) {
        return;
    }
    struct route page = {"/", true, false, do_page};
    const struct route *route = strcmp(req->path, "/") == 0 ? &page : NULL;
    const char *rest = "";
    for (size_t i = 0; route == NULL && i < sizeof routes / sizeof routes[0]; i++) {
        size_t n = strlen(routes[i].path);
        bool below = routes[i].path[n - 1] == '/';
        if (below ? strncmp(req->path, routes[i].path, n) == 0 && req->path[n] != '\0'
                  : strcmp(req->path, routes[i].path) == 0) {
            route = &routes[i];
            rest = req->path + n;
        }
    }
    if (route == NULL) {
        door_error(a, 404, "not-found", "there is nothing at this address", "see /", NULL);
        return;
    }
    bool get = req->method == HTTP_GET || req->method == HTTP_HEAD;
    if (!(get && route->get) && !(req->method == HTTP_POST && route->post)) {
        door_error(a, 405, "usage", "this address does not take this method",
                   route->get ? "use GET" : "use POST",
                   route->get && route->post ? "Allow: GET, HEAD, POST\r\n"
                   : route->get              ? "Allow: GET, HEAD\r\n"
                                             : "Allow: POST\r\n");
        return;
    }
    route->answer(app, req, rest, a);
}

/* ---- start and stop ---- */

/* "[ADDRESS:]PORT", checked by the config's schema. */
static void read_listen(const char *http, struct http_config *cfg)
{
    char address[32] = "";
    const char *colon = strrchr(http, ':');
    struct in_addr in = {.s_addr = INADDR_ANY};
    if (colon != NULL) {
        snprintf(address, sizeof address, "%.*s", (int)(colon - http), http);
        inet_pton(AF_INET, address, &in);
    }
    cfg->address = ntohl(in.s_addr);
    cfg->port = (uint16_t)strtoul(colon != NULL ? colon + 1 : http, NULL, 10);
}

static bool open_wanted(const struct app *app)
{
    const char *http = app->config.appliance.http, *password = app->config.appliance.password;
    return http != NULL && *http != '\0' && strcmp(http, "off") != 0 && password != NULL &&
           *password != '\0';
}

int door_http_start(struct app *app, struct errmsg *why)
{
    if (!open_wanted(app)) {
        const char *http = app->config.appliance.http;
        const char *reason = http != NULL && strcmp(http, "off") == 0
                                 ? "[appliance] http = off"
                                 : "no password is set in the config";
        show("", "closed: %s", reason);
        log_info("http", "closed: %s", reason);
        return 0;
    }
    bool tls = app->config.appliance.http_tls;
    struct http_config cfg = {.workers = CONFIG_HTTP_WORKERS,
                              .headers = door.headers,
                              .handle = handle,
                              .ctx = app};
    snprintf(door.headers, sizeof door.headers,
             "%sX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
             "Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\n",
             page_policy());
    read_listen(app->config.appliance.http, &cfg);
    int err = tls ? door_certificate(app->config.appliance.hostname, &door.cert, why) : 0;
    if (err == 0) {
        cfg.pem = tls ? door.cert.pem : NULL;
        err = http_start(&cfg, &door.server, why);
    }
    if (err != 0) {
        http_certificate_free(&door.cert);
        show("", "closed: %s", why->text);
        return err;
    }
    unsigned port = http_port(door.server);
    show(tls ? door.cert.fingerprint : "", "%s, port %u", tls ? "https" : "http", port);
    log_info("http", "%s at port %u", tls ? "HTTPS" : "HTTP", port);
    if (tls) {
        log_info("http", "certificate's SHA-256: %s", door.cert.fingerprint);
    }
    return 0;
}

void door_http_stop(void)
{
    http_stop(door.server);
    door.server = NULL;
    http_certificate_free(&door.cert);
    show("", "closed");
}

#else /* the image was built without this door */

int door_http_start(struct app *app, struct errmsg *why)
{
    show("", "closed: not in this build");
    return 0;
}

void door_http_stop(void)
{
}

#endif
