/* SPDX-License-Identifier: Apache-2.0 */
/* What comes in through the doors: the socket's requests, the socket itself, HTTP heads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "app/shell/client.h"
#include "app/shell/door_auth.h"
#include "app/shell/door_proto.h"
#include "app/shell/doors.h"
#include "app/task/app.h"
#include "config/password.h"
#include "drivers/http/http.h"

#include <cmocka.h> /* last: it has a macro fail */

static void test_requests(void **state)
{
    static const char *const bad[] = {
        "", "x", "[]", "{}", "{\"line\":1}", "{\"line\":null}", "{\"hello\":false}",
        "{\"complete\":[]}", "{\"line\":\"a\\u0000b\"}", "{\"line\":\"a\"} x", "{\"line\":\"a\"",
        "{\"password\":true}", "{\"other\":\"a\"}", "{\"line\":\"\xff\"}"};
    struct door_request r;
    struct errmsg why;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(door_request_parse(bad[i], strlen(bad[i]), &r, &why), ERR_INVALID);
        assert_true(strlen(why.text) > 0);
    }
    static const char line[] = "{\"line\":\"store list\",\"json\":true,\"color\":1}";
    assert_int_equal(door_request_parse(line, strlen(line), &r, &why), 0);
    assert_true(r.kind == DOOR_LINE && r.json && !r.color);
    assert_string_equal(r.text, "store list");
    assert_int_equal(door_request_parse("{\"hello\":true}", 14, &r, &why), 0);
    assert_int_equal(r.kind, DOOR_HELLO);

    char longest[SHELL_LINE_MAX + 16];
    int n = snprintf(longest, sizeof longest, "{\"line\":\"%0*d\"}", SHELL_LINE_MAX - 1, 0);
    assert_int_equal(door_request_parse(longest, (size_t)n, &r, &why), 0);
    n = snprintf(longest, sizeof longest, "{\"line\":\"%0*d\"}", SHELL_LINE_MAX, 0);
    assert_int_equal(door_request_parse(longest, (size_t)n, &r, &why), ERR_INVALID);
}

static int parse(const char *head, struct http_request *req)
{
    return http_parse(head, strlen(head), req);
}

static void test_http_heads(void **state)
{
    struct http_request r;
    assert_int_equal(parse("GET / HTTP/1.1\r\n\r\n", &r), 0);
    assert_true(r.method == HTTP_GET && !r.has_length);
    assert_string_equal(r.path, "/");
    assert_int_equal(parse("POST /a%2Fb%20c?q=1 HTTP/1.0\r\ncontent-TYPE:  x/y ; z \t\r\n"
                           "Content-Length: 12\r\nRANGE:bytes=0-\r\nX: y\r\n\r\n",
                           &r),
                     0);
    assert_int_equal(r.method, HTTP_POST);
    assert_string_equal(r.path, "/a/b c");
    assert_string_equal(r.content_type, "x/y ; z");
    assert_string_equal(r.range, "bytes=0-");
    assert_true(r.has_length && r.content_length == 12);
    assert_int_equal(parse("DELETE / HTTP/1.1\r\n\r\n", &r), 0);
    assert_int_equal(r.method, HTTP_OTHER);

    static const struct {
        const char *head;
        int status;
    } bad[] = {
        {"", 400},
        {"GET / HTTP/1.1\r\n", 400},
        {"\r\n\r\n", 400},
        {"GET /\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\n\r\n", 400},
        {" GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\n\n", 400},
        {"GET / HTTP/2.0\r\n\r\n", 505},
        {"GET / HTTPS/1.1\r\n\r\n", 400},
        {"GET a HTTP/1.1\r\n\r\n", 400},
        {"GET http://x/ HTTP/1.1\r\n\r\n", 400},
        {"GET /%00 HTTP/1.1\r\n\r\n", 400},
        {"GET /%0a HTTP/1.1\r\n\r\n", 400},
        {"GET /%4 HTTP/1.1\r\n\r\n", 400},
        {"GET /%zz HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n: x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\na b: x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\na: x\r\n folded\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\na: x\x01\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nRange: a\r\nRange: b\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 0x10\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (parse(bad[i].head, &r) != bad[i].status) {
            fail_msg("%s: %d", bad[i].head, parse(bad[i].head, &r));
        }
    }
    char head[2048];
    snprintf(head, sizeof head, "GET /%0600d HTTP/1.1\r\n\r\n", 0);
    assert_int_equal(parse(head, &r), 414);
}

static void test_ranges(void **state)
{
    static const struct {
        const char *range;
        uint64_t size;
        int status;
        uint64_t from, to;
    } cases[] = {
        {"", 100, 200, 0, 100},
        {"bytes=0-99", 100, 206, 0, 100},
        {"bytes=0-0", 100, 206, 0, 1},
        {"bytes=10-", 100, 206, 10, 100},
        {"bytes=-10", 100, 206, 90, 100},
        {"bytes=-1000", 100, 206, 0, 100},
        {"bytes=50-1000", 100, 206, 50, 100},
        {"bytes=99-99", 100, 206, 99, 100},
        {"bytes=100-", 100, 416, 0, 100},
        {"bytes=-0", 100, 416, 0, 100},
        {"bytes=0-", 0, 416, 0, 0},
        {"bytes=9-5", 100, 200, 0, 100},
        {"bytes=0-1,5-6", 100, 200, 0, 100},
        {"lines=0-1", 100, 200, 0, 100},
        {"bytes=a-b", 100, 200, 0, 100},
        {"bytes=99999999999999999999-", 100, 200, 0, 100},
        {"bytes=5000000000-5000000001", 6000000000, 206, 5000000000, 5000000002},
        {"bytes=0-18446744073709551616", 100, 200, 0, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t from, to;
        int status = http_range(cases[i].range, cases[i].size, &from, &to);
        bool same = status == cases[i].status &&
                    (status == 416 || (from == cases[i].from && to == cases[i].to));
        if (!same) {
            fail_msg("%s: %d", cases[i].range, status);
        }
    }
}

static void test_basic(void **state)
{
    char user[8], password[16];
    assert_true(http_basic("Basic YWRtaW46YTpi", user, sizeof user, password, sizeof password));
    assert_string_equal(user, "admin");
    assert_string_equal(password, "a:b");
    assert_true(http_basic("bAsIc  Og==", user, sizeof user, password, sizeof password));
    static const char *const bad[] = {"", "Basic", "Basic ", "Basic !!!", "Bearer YWRtaW46YTpi",
                                      "Basic YWRtaW4=", "Basic YWRtaW5hZG1pbjph",
                                      "Basic YQBiOmM="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(http_basic(bad[i], user, sizeof user, password, sizeof password));
    }
}

static void test_certificate(void **state)
{
    struct http_certificate a, b, c;
    struct errmsg why;
    uint32_t address = 0x7f000001;
    assert_int_equal(http_certificate_make("box", &address, 1, "20200101000000", "20991231235959",
                                           &a, &why),
                     0);
    assert_int_equal(strlen(a.fingerprint), 95);
    assert_int_equal(http_certificate_load(a.pem, &b, &why), 0);
    assert_string_equal(a.fingerprint, b.fingerprint);
    assert_int_equal(http_certificate_load("no certificate", &c, &why), ERR_TLS);
    assert_null(c.pem);
    http_certificate_free(&a);
    http_certificate_free(&b);
}

static void test_password(void **state)
{
    char verifier[PASSWORD_VERIFIER_MAX];
    struct errmsg why;
    assert_int_equal(config_password_make("open sesame", verifier, &why), 0);
    assert_int_equal(door_auth(verifier, "open sesame"), 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(door_auth(verifier, "wrong wrong"), ERR_AUTH);
    }
    assert_int_equal(door_auth(verifier, "wrong wrong"), ERR_BUSY); /* slowed down now */
    assert_int_equal(door_auth(verifier, "open sesame"), 0);        /* the known good one is not */
    char other[PASSWORD_VERIFIER_MAX];
    assert_int_equal(config_password_make("another one", other, &why), 0);
    assert_int_not_equal(door_auth(other, "open sesame"), 0); /* nor good for another verifier */
}

/* ---- the socket ---- */

static struct app app;
static char path[64];

static const char *answer_text(struct shell_client *c, const char *key, yyjson_doc **doc)
{
    struct errmsg why;
    *doc = NULL;
    if (client_receive(c, 5000, doc, &why) != 0) {
        fail_msg("%s", why.text);
    }
    return yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(*doc), key));
}

static void test_socket(void **state)
{
    struct errmsg why;
    struct stat st;
    assert_int_equal(door_socket_start(&app, path, &why), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    struct shell_client c = {.path = path, .fd = -1};
    yyjson_doc *doc;
    assert_int_equal(client_connect(&c, &why), 0);
    assert_int_equal(client_send(&c, "line", "version", false, false, &why), 0);
    assert_non_null(strstr(answer_text(&c, "text", &doc), "version  "));
    yyjson_doc_free(doc);
    assert_int_equal(client_send(&c, "line", "nonsense", true, false, &why), 0);
    assert_null(answer_text(&c, "text", &doc));
    assert_int_equal(yyjson_get_int(yyjson_obj_get(yyjson_doc_get_root(doc), "exit")), 2);
    yyjson_doc_free(doc);
    assert_int_equal(client_send(&c, "complete", "store l", false, false, &why), 0);
    assert_null(answer_text(&c, "text", &doc));
    assert_string_equal(yyjson_get_str(yyjson_doc_ptr_get(doc, "/words/0")), "list");
    yyjson_doc_free(doc);

    /* a running command ends when the client says so, and the talk goes on */
    assert_int_equal(client_send(&c, "line", "log --follow", false, false, &why), 0);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    assert_int_equal(client_send(&c, "cancel", NULL, false, false, &why), 0);
    do {
        answer_text(&c, "text", &doc);
        bool last = yyjson_obj_get(yyjson_doc_get_root(doc), "exit") != NULL;
        yyjson_doc_free(doc);
        if (last) {
            break;
        }
    } while (true);
    assert_int_equal(client_send(&c, "line", "version", false, false, &why), 0);
    assert_non_null(answer_text(&c, "text", &doc));
    yyjson_doc_free(doc);

    /* a second start is refused, a fifth client told so */
    assert_int_equal(door_socket_start(&app, path, &why), ERR_BUSY);
    struct shell_client more[4];
    for (size_t i = 0; i < 4; i++) {
        more[i] = (struct shell_client){.path = path, .fd = -1};
        assert_int_equal(client_connect(&more[i], &why), 0);
        if (i < 3) {
            assert_int_equal(client_send(&more[i], "line", "version", false, false, &why), 0);
        }
        answer_text(&more[i], "text", &doc);
        assert_true((yyjson_doc_ptr_get(doc, "/error") != NULL) == (i == 3));
        yyjson_doc_free(doc);
    }
    for (size_t i = 0; i < 4; i++) {
        client_close(&more[i]);
    }
    client_close(&c);
    door_socket_stop();
    assert_int_not_equal(stat(path, &st), 0);
}

/* Ctrl-C that came after the request counts, also when the answers never make the client wait. */
static void test_interrupt_between_answers(void **state)
{
    static volatile sig_atomic_t pressed;
    struct errmsg why;
    yyjson_doc *doc;
    int ends[2];
    char got[64] = "";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    struct shell_client c = {.path = path, .fd = ends[0], .interrupts = &pressed};
    static const char answers[] = "{\"progress\":\"a\"}\n{\"progress\":\"b\"}\n{\"exit\":0}\n";
    assert_int_equal(send(ends[1], answers, sizeof answers - 1, 0), sizeof answers - 1);

    pressed = 1; /* before the request: of no concern to it */
    assert_int_equal(client_send(&c, "line", "log", false, false, &why), 0);
    assert_true(recv(ends[1], got, sizeof got, 0) > 0);
    answer_text(&c, "text", &doc);
    yyjson_doc_free(doc);
    assert_int_equal(recv(ends[1], got, sizeof got, MSG_DONTWAIT), -1);
    pressed = 2; /* while an answer is shown */
    answer_text(&c, "text", &doc);
    yyjson_doc_free(doc);
    assert_int_equal(recv(ends[1], got, sizeof got, MSG_DONTWAIT), 16);
    assert_memory_equal(got, "{\"cancel\":true}\n", 16);
    pressed = 3; /* once more: no patience left */
    assert_int_equal(client_receive(&c, 1000, &doc, &why), ERR_CANCELLED);
    client_close(&c);
    close(ends[1]);
}

/* A client that sends no end of line is cut off, one that hangs up in a command cancels it. */
static void test_rude_clients(void **state)
{
    struct errmsg why;
    yyjson_doc *doc;
    assert_int_equal(door_socket_start(&app, path, &why), 0);
    struct shell_client c = {.path = path, .fd = -1};
    assert_int_equal(client_connect(&c, &why), 0);
    char flood[DOOR_REQUEST_MAX + 1];
    memset(flood, 'x', sizeof flood);
    assert_int_equal(send(c.fd, flood, sizeof flood, MSG_NOSIGNAL), sizeof flood);
    answer_text(&c, "text", &doc);
    assert_non_null(yyjson_doc_ptr_get(doc, "/error/message"));
    yyjson_doc_free(doc);
    doc = NULL;
    assert_int_equal(client_receive(&c, 5000, &doc, &why), ERR_NET);

    for (int i = 0; i < 8; i++) { /* more than there are places: each must be given back */
        struct shell_client d = {.path = path, .fd = -1};
        assert_int_equal(client_connect(&d, &why), 0);
        assert_int_equal(client_send(&d, "line", "log --follow", false, false, &why), 0);
        client_close(&d);
        nanosleep(&(struct timespec){.tv_nsec = 700000000}, NULL);
    }
    assert_int_equal(client_connect(&c, &why), 0);
    assert_int_equal(client_send(&c, "line", "version", false, false, &why), 0);
    assert_non_null(answer_text(&c, "text", &doc));
    yyjson_doc_free(doc);
    client_close(&c);
    door_socket_stop();
}

static void test_console_password(void **state)
{
    static char verifier[PASSWORD_VERIFIER_MAX];
    struct errmsg why;
    yyjson_doc *doc;
    assert_int_equal(config_password_make("console pw", verifier, &why), 0);
    app.config.appliance.password = verifier;
    app.config.appliance.console = CONSOLE_PASSWORD;
    assert_int_equal(door_socket_start(&app, path, &why), 0);
    struct shell_client c = {.path = path, .fd = -1};
    assert_int_equal(client_connect(&c, &why), 0);
    static const struct {
        const char *key, *text, *pointer;
        bool there;
    } talk[] = {{"hello", NULL, "/hello/login", true},
                {"line", "version", "/error", true},
                {"complete", "st", "/error", true},
                {"password", "not this", "/error", true},
                {"line", "version", "/error", true},
                {"password", "console pw", "/login", true},
                {"line", "version", "/text", true}};
    for (size_t i = 0; i < sizeof talk / sizeof talk[0]; i++) {
        assert_int_equal(client_send(&c, talk[i].key, talk[i].text, false, false, &why), 0);
        answer_text(&c, "text", &doc);
        if (yyjson_doc_ptr_get(doc, talk[i].pointer) == NULL) {
            fail_msg("step %zu has no %s", i, talk[i].pointer);
        }
        yyjson_doc_free(doc);
    }
    client_close(&c);
    door_socket_stop();
    app.config.appliance.console = CONSOLE_OPEN;
    app.config.appliance.password = NULL;
}

static void test_bad_places(void **state)
{
    struct errmsg why;
    char file[80];
    snprintf(file, sizeof file, "%s.file", path);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(door_socket_start(&app, file, &why), ERR_FOREIGN); /* never removed */
    assert_int_equal(access(file, F_OK), 0);
    unlink(file);
    assert_int_equal(door_socket_start(&app, "/nowhere/at/all/sock", &why), ERR_IO);
    char longest[200];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(door_socket_start(&app, longest, &why), ERR_INVALID);
    struct shell_client c = {.path = path, .fd = -1};
    assert_int_equal(client_connect(&c, &why), ERR_NET);
    assert_non_null(strstr(why.text, path)); /* says which socket was tried */

    /* where another appliance answers it is refused; what one left behind is replaced */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(door_socket_start(&app, path, &why), ERR_BUSY);
    close(fd);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(door_socket_start(&app, path, &why), 0);
    door_socket_stop();
}

int main(void)
{
    pthread_mutex_init(&app.precheck_lock, NULL);
    pthread_mutex_init(&app.task_lock, NULL);
    app.config_path = "/nowhere/sluice.ini";
    snprintf(path, sizeof path, "/tmp/test_shell_doors.%d", (int)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),   cmocka_unit_test(test_http_heads),
        cmocka_unit_test(test_ranges),     cmocka_unit_test(test_basic),
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_socket),     cmocka_unit_test(test_rude_clients),
        cmocka_unit_test(test_interrupt_between_answers),
        cmocka_unit_test(test_console_password), cmocka_unit_test(test_bad_places),
        cmocka_unit_test(test_password), /* last: it leaves the door slowed down */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
