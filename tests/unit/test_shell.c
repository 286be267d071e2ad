/* SPDX-License-Identifier: Apache-2.0 */
/* The command table, what follows from it, and lines that people and programs send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/shell/commands.h"
#include "app/shell/doors.h"
#include "base/log.h"

#include <cmocka.h> /* last: it has a macro fail */

/* An appliance whose config could not be read: every command must still answer. */
static struct app app;

struct outcome {
    yyjson_mut_doc *doc;
    struct shell_call call;
};

static void run_as(struct outcome *o, const char *line, bool read_only)
{
    o->doc = yyjson_mut_doc_new(NULL);
    o->call = (struct shell_call){.app = &app, .doc = o->doc, .read_only = read_only};
    shell_run(&o->call, line);
    assert_non_null(o->call.out);
}

static void run(struct outcome *o, const char *line)
{
    run_as(o, line, false);
}

static void done(struct outcome *o)
{
    yyjson_mut_doc_free(o->doc);
}

static const char *text_at(struct outcome *o, const char *pointer)
{
    return yyjson_mut_get_str(yyjson_mut_doc_ptr_get(o->doc, pointer));
}

static void expect_error(const char *line, const char *code, int exit_code)
{
    struct outcome o;
    run(&o, line);
    if (text_at(&o, "/error/code") == NULL || strcmp(text_at(&o, "/error/code"), code) != 0 ||
        o.call.exit != exit_code) {
        fail_msg("%s: code %s, exit %d", line, text_at(&o, "/error/code"), o.call.exit);
    }
    assert_true(strlen(text_at(&o, "/error/message")) > 0);
    done(&o);
}

static void test_rows(void **state)
{
    for (size_t i = 0; i < shell_command_count; i++) {
        const struct shell_command *c = &shell_commands[i];
        assert_non_null(c->run);
        assert_true(strlen(c->words) > 0 && strlen(c->help) > 0);
        assert_true(strlen(c->help) <= 76); /* one line beneath its words */
        assert_null(strchr(c->help, '\n'));
        assert_null(strstr(c->words, "  "));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(c->words, shell_commands[j].words);
        }
        /* Words after words without arguments are sub-words, never a mistyped argument. */
        for (size_t j = 0; j < shell_command_count; j++) {
            size_t n = strlen(c->words);
            if (strncmp(shell_commands[j].words, c->words, n) == 0 &&
                shell_commands[j].words[n] == ' ') {
                assert_string_equal(c->args, "");
            }
        }
    }
    assert_string_equal(shell_commands[0].words, "help"); /* run.c and complete.c rely on it */
}

static void test_help_lists_all(void **state)
{
    struct outcome o;
    run(&o, "help");
    assert_int_equal(o.call.exit, SHELL_YES);
    yyjson_mut_val *rows = yyjson_mut_obj_get(o.call.out, "commands");
    assert_int_equal(yyjson_mut_arr_size(rows), shell_command_count);
    for (size_t i = 0; i < shell_command_count; i++) {
        yyjson_mut_val *row = yyjson_mut_arr_get(rows, i);
        const char *command = yyjson_mut_get_str(yyjson_mut_obj_get(row, "command"));
        assert_memory_equal(command, shell_commands[i].words, strlen(shell_commands[i].words));
        assert_string_equal(yyjson_mut_get_str(yyjson_mut_obj_get(row, "help")),
                            shell_commands[i].help);
    }
    done(&o);
}

/* `help WORDS`, `WORDS ?` and `WORDS --help` speak of every row, and none of them runs it. */
static void test_help_of_each(void **state)
{
    static const char *const forms[] = {"help %s", "%s ?", "%s --help"};
    for (size_t i = 0; i < shell_command_count; i++) {
        for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
            char line[80];
            struct outcome o;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(line, sizeof line, forms[f], shell_commands[i].words);
#pragma GCC diagnostic pop
            run(&o, line);
            char *json = shell_render_json(o.call.out);
            if (o.call.exit != SHELL_YES || strstr(json, shell_commands[i].help) == NULL) {
                fail_msg("%s: exit %d, %s", line, o.call.exit, json);
            }
            free(json);
            done(&o);
        }
    }
}

/* The README's table is the one that `help --markdown` makes. */
static void test_readme(void **state)
{
    FILE *f = fopen("README.md", "r");
    if (f == NULL) {
        skip();
    }
    char *readme = calloc(1, 1 << 20);
    assert_true(fread(readme, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    struct outcome o;
    run(&o, "help --markdown");
    yyjson_mut_val *lines = yyjson_mut_obj_get(o.call.out, "lines"), *line;
    assert_int_equal(yyjson_mut_arr_size(lines), shell_command_count + 2);
    size_t i, n, missing = 0;
    yyjson_mut_arr_foreach(lines, i, n, line) {
        if (strstr(readme, yyjson_mut_get_str(line)) == NULL) {
            print_message("README.md lacks: %s\n", yyjson_mut_get_str(line));
            missing++;
        }
    }
    assert_int_equal(missing, 0);
    free(readme);
    done(&o);
}

static bool has(const struct shell_choices *c, const char *word)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* Every word of every row is offered after the words before it, once, for each beginning of it. */
static void test_completion_of_each(void **state)
{
    for (size_t i = 0; i < shell_command_count; i++) {
        const char *words = shell_commands[i].words;
        size_t len = strlen(words);
        for (size_t cut = 0; cut < len; cut++) {
            char line[80];
            struct shell_choices c;
            snprintf(line, sizeof line, "%.*s", (int)cut, words);
            shell_complete(line, &c);
            size_t begin = cut;
            while (begin > 0 && words[begin - 1] != ' ') {
                begin--;
            }
            char word[40];
            snprintf(word, sizeof word, "%.*s", (int)strcspn(words + begin, " "), words + begin);
            if (words[cut] == ' ' || !has(&c, word) || c.begun != cut - begin) {
                assert_true(words[cut] == ' '); /* behind a whole word there is nothing to add */
            }
            for (size_t a = 0; a < c.count; a++) {
                for (size_t b = 0; b < a; b++) {
                    assert_string_not_equal(c.words[a], c.words[b]);
                }
            }
        }
    }
}

static void test_completion(void **state)
{
    struct shell_choices c;
    shell_complete("store ", &c);
    assert_int_equal(c.count, 3);
    assert_true(has(&c, "list") && has(&c, "verify") && has(&c, "purge"));
    shell_complete("store li", &c);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.begun, 2);
    shell_complete("log --f", &c);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.words[0], "--follow");
    shell_complete("log ", &c);
    assert_true(has(&c, "-n") && has(&c, "--level") && has(&c, "--follow"));
    assert_string_equal(c.hint, "[-n N] [--level error|warn|info|debug] [--follow]");
    shell_complete("config explain source.p", &c);
    assert_int_equal(c.count, 2);
    assert_true(has(&c, "source.port") && has(&c, "source.password"));
    shell_complete("config show st", &c);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.words[0], "store");
    shell_complete("help sto", &c);
    assert_int_equal(c.count, 1);
    shell_complete("nothing like this ", &c);
    assert_int_equal(c.count, 0);
    shell_complete("\"open", &c);
    assert_int_equal(c.count, 0);
    char longest[3 * SHELL_LINE_MAX];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    shell_complete(longest, &c);
    assert_int_equal(c.count, 0);
}

static void test_split(void **state)
{
    static const struct {
        const char *line;
        int argc;
        const char *argv[4];
    } good[] = {
        {"", 0, {NULL}},
        {"  \t ", 0, {NULL}},
        {"a", 1, {"a"}},
        {" a  b\tc ", 3, {"a", "b", "c"}},
        {"'a b' \"c d\"", 2, {"a b", "c d"}},
        {"a'b'c", 1, {"abc"}},
        {"\"a\\\"b\" 'c\\d' e\\ f", 3, {"a\"b", "c\\d", "e f"}},
        {"'' \"\"", 2, {"", ""}},
        {"a\\", 1, {"a\\"}},
    };
    char *argv[4];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char line[64], again[64];
        strcpy(line, good[i].line);
        assert_int_equal(shell_split(line, argv, 4, NULL), good[i].argc);
        for (int w = 0; w < good[i].argc; w++) {
            assert_string_equal(argv[w], good[i].argv[w]);
        }
        /* and joined it splits into the same words again */
        assert_int_equal(shell_join(good[i].argc, argv, again, sizeof again), 0);
        char *second[4];
        assert_int_equal(shell_split(again, second, 4, NULL), good[i].argc);
        for (int w = 0; w < good[i].argc; w++) {
            assert_string_equal(second[w], good[i].argv[w]);
        }
    }
    char many[] = "a b c d e", open1[] = "a 'b", open2[] = "\"";
    assert_int_equal(shell_split(many, argv, 4, NULL), ERR_INVALID);
    assert_int_equal(shell_split(open1, argv, 4, NULL), ERR_INVALID);
    assert_int_equal(shell_split(open2, argv, 4, NULL), ERR_INVALID);
    char word[] = "abcdefgh", *one[] = {word}, small[9];
    assert_int_equal(shell_join(1, one, small, 8), ERR_TOOBIG);
    assert_int_equal(shell_join(1, one, small, 9), 0);
}

static void test_wrong_lines(void **state)
{
    expect_error("nonsense", "usage", SHELL_USAGE);
    expect_error("store foo", "usage", SHELL_USAGE);
    expect_error("status now", "invalid", SHELL_USAGE);
    expect_error("status --now", "invalid", SHELL_USAGE);
    expect_error("\"", "usage", SHELL_USAGE);
    expect_error("config", "usage", SHELL_USAGE);
    expect_error("config show nothing", "invalid", SHELL_USAGE);
    expect_error("config show store.nothing", "invalid", SHELL_USAGE);
    expect_error("config explain", "invalid", SHELL_USAGE);
    expect_error("config explain source", "invalid", SHELL_USAGE);
    expect_error("log -n", "invalid", SHELL_USAGE);
    expect_error("log -n x", "invalid", SHELL_USAGE);
    expect_error("log -n -1", "invalid", SHELL_USAGE);
    expect_error("log -n 0", "invalid", SHELL_USAGE);
    expect_error("log --level loud", "invalid", SHELL_USAGE);
    expect_error("log --follow", "invalid", SHELL_USAGE); /* nobody watches */
    expect_error("status --follow", "invalid", SHELL_USAGE);
    expect_error("help nothing", "invalid", SHELL_USAGE);
    expect_error("nothing ?", "usage", SHELL_USAGE);
    expect_error("precheck --last", "not-found", SHELL_NO);
    expect_error("precheck", "invalid", SHELL_USAGE); /* there is no config */
    expect_error("store", "not-found", SHELL_NO);
    expect_error("store purge", "invalid", SHELL_USAGE);
    expect_error("store purge all", "not-found", SHELL_NO);
    expect_error("config check", "io", SHELL_USAGE);
    char longest[SHELL_LINE_MAX + 1];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    expect_error(longest, "usage", SHELL_USAGE);
    for (size_t i = 0; i + 2 < sizeof longest; i += 2) {
        memcpy(longest + i, "a ", 2);
    }
    longest[SHELL_LINE_MAX - 1] = '\0';
    expect_error(longest, "usage", SHELL_USAGE);
}

static void test_read_only_door(void **state)
{
    struct outcome o;
    static const char *const lines[] = {"task stop", "task cancel"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        run_as(&o, lines[i], true);
        assert_string_equal(text_at(&o, "/error/code"), "read-only");
        assert_int_equal(o.call.exit, SHELL_NO);
        done(&o);
    }
    /* What never was cannot be cancelled. */
    expect_error("task cancel", "invalid", SHELL_USAGE);
    run(&o, "status");
    assert_string_equal(text_at(&o, "/stage"), "not possible");
    assert_null(yyjson_mut_obj_get(o.call.out, "cancelled"));
    assert_int_equal(yyjson_mut_get_uint(yyjson_mut_obj_get(o.call.out, "precheck_changes")), 0);
    done(&o);
}

static void test_json_anywhere(void **state)
{
    static const char *const lines[] = {"--json version", "version --json"};
    for (size_t i = 0; i < 2; i++) {
        struct outcome o;
        run(&o, lines[i]);
        assert_true(o.call.json);
        assert_non_null(text_at(&o, "/version"));
        done(&o);
    }
}

/* Without config and store the status still says what is the matter. */
static void test_status_of_nothing(void **state)
{
    struct outcome o;
    run(&o, "status");
    assert_int_equal(o.call.exit, SHELL_YES);
    assert_non_null(strstr(text_at(&o, "/summary"), "no config"));
    assert_true(yyjson_mut_get_uint(yyjson_mut_doc_ptr_get(o.doc, "/box/memory_peak_bytes")) > 0);
    assert_null(yyjson_mut_doc_ptr_get(o.doc, "/relay"));
    done(&o);
}

static void test_config_show_keeps_secrets(void **state)
{
    struct app real = {.config_path = "test.ini"};
    static const char text[] = "[source]\nhost = db\nuser = u\npassword = pa55w0rd-77\n";
    assert_int_equal(config_parse(text, sizeof text - 1, NULL, NULL, &real.config, &real.mistakes),
                     0);
    pthread_mutex_init(&real.precheck_lock, NULL);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    struct shell_call call = {.app = &real, .doc = doc};
    shell_run(&call, "config show source");
    char *json = shell_render_json(call.out);
    assert_non_null(strstr(json, "{\"key\":\"source.password\",\"value\":\"(set)\""));
    assert_non_null(strstr(json, "{\"key\":\"source.host\",\"value\":\"db\",\"from\":\"config\"}"));
    assert_null(strstr(json, "pa55w0rd"));
    free(json);
    yyjson_mut_doc_free(doc);
    config_free(&real.config);
}

static void test_log_command(void **state)
{
    struct outcome o;
    for (int i = 0; i < 30; i++) {
        log_write(i % 10 == 0 ? LOG_ERROR : LOG_INFO, "test", "line %d", i);
    }
    run(&o, "log -n 3");
    yyjson_mut_val *list = yyjson_mut_obj_get(o.call.out, "log");
    assert_int_equal(yyjson_mut_arr_size(list), 3);
    assert_string_equal(text_at(&o, "/log/0/text"), "line 27");
    assert_string_equal(text_at(&o, "/log/2/text"), "line 29");
    done(&o);
    run(&o, "log --level error -n 2");
    assert_string_equal(text_at(&o, "/log/0/text"), "line 10");
    assert_string_equal(text_at(&o, "/log/1/text"), "line 20");
    done(&o);
    run(&o, "log");
    assert_int_equal(yyjson_mut_arr_size(yyjson_mut_obj_get(o.call.out, "log")), 20);
    done(&o);
}

/* What a server says may be in any character set; the result is valid UTF-8 all the same. */
static void test_foreign_bytes(void **state)
{
    struct outcome o;
    run(&o, "stat\xff\xfe\x1b[2J");
    char *json = shell_render_json(o.call.out);
    assert_non_null(json);
    for (const char *c = json; *c != '\0'; c++) {
        assert_in_range(*c, 0x20, 0x7e);
    }
    free(json);
    done(&o);
}

int main(void)
{
    pthread_mutex_init(&app.precheck_lock, NULL);
    pthread_mutex_init(&app.task_lock, NULL);
    pthread_mutex_init(&app.switch_lock, NULL);
    pthread_cond_init(&app.task_told, NULL);
    app.config_path = "/nowhere/sluice.ini";
    strcpy(app.config_error.text, "/nowhere/sluice.ini: no such file");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_help_lists_all),
        cmocka_unit_test(test_help_of_each),
        cmocka_unit_test(test_readme),
        cmocka_unit_test(test_completion_of_each),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_wrong_lines),
        cmocka_unit_test(test_read_only_door),
        cmocka_unit_test(test_json_anywhere),
        cmocka_unit_test(test_status_of_nothing),
        cmocka_unit_test(test_config_show_keeps_secrets),
        cmocka_unit_test(test_log_command),
        cmocka_unit_test(test_foreign_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
