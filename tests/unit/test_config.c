/* SPDX-License-Identifier: Apache-2.0 */
/* The config reader: every mistake at once, and the limits, defaults and round trip of every row
 * of the schema, generated from the table itself. */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Before cmocka, which has a macro named fail. */
#include "config/schema.h"

#include <cmocka.h>

#define MINIMAL "[source]\nhost = db1\nuser = repl\n"

static struct config cfg;
static struct config_mistakes bad;
static char lines[40 * 400];

/* A reader that knows a few files. */
static int read_fake(void *ctx, const char *name, char **text, struct errmsg *why)
{
    (void)ctx;
    const char *content = strcmp(name, "ca.pem") == 0 || strcmp(name, "cert.pem") == 0
                              ? "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
                          : strcmp(name, "key.pem") == 0
                              ? "-----BEGIN PRIVATE KEY-----\nS3CRET\n-----END PRIVATE KEY-----\n"
                          : strcmp(name, "locked.pem") == 0
                              ? "-----BEGIN ENCRYPTED PRIVATE KEY-----\nS3CRET\n"
                                "-----END ENCRYPTED PRIVATE KEY-----\n"
                              : NULL;
    if (content == NULL) {
        return (fail)(why, ERR_NOT_FOUND, "%s cannot be opened: No such file or directory", name);
    }
    *text = strdup(content);
    return *text != NULL ? 0 : ERR_NOMEM;
}

static int parse_bytes(const char *text, size_t len)
{
    config_free(&cfg);
    int rc = config_parse(text, len, read_fake, NULL, &cfg, &bad);
    config_mistakes_format(&bad, "x", lines, sizeof lines);
    assert_int_equal(rc, bad.count > 0 ? ERR_INVALID : 0);
    return rc;
}

static int parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void assert_mistake(const char *text, const char *line)
{
    parse(text);
    if (strstr(lines, line) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", line, lines);
    }
}

static void a_minimal_config_has_the_defaults(void **state)
{
    (void)state;
    assert_int_equal(parse(MINIMAL), 0);
    assert_string_equal(cfg.source.host, "db1");
    assert_true(cfg.source.present);
    assert_false(cfg.target.present);
    assert_int_equal(cfg.source.port, 3306);
    assert_int_equal(cfg.source.tls, CFG_TLS_PREFER);
    assert_int_equal(cfg.source.timeout_s, 10);
    assert_true(cfg.network.dhcp);
    assert_true(cfg.appliance.http_tls);
    assert_string_equal(cfg.appliance.password, "");
    assert_string_equal(cfg.store.device, "part:store");
    assert_int_equal(cfg.store.segment, 0);
    assert_int_equal(cfg.relay.start, START_EARLIEST);
    assert_true(cfg.task.autostart);
    assert_int_equal(config_keys_set(&cfg), 2);
    assert_in_range(cfg.source.server_id, 1000000, 1999999);
    uint32_t first = cfg.source.server_id;
    parse(MINIMAL);
    assert_int_equal(cfg.source.server_id, first);
    parse(MINIMAL "[appliance]\nhostname = sluice-2\n");
    assert_int_not_equal(cfg.source.server_id, first);
}

static void ten_mistakes_at_once(void **state)
{
    (void)state;
    parse("hostname = early\n"                        /* 1: before any section */
          "[appliance]\n"
          "password = hunter2hunter2\n"               /* 3: plain, and secret */
          "[sorce]\n"                                 /* 4 */
          "host = a\n"                                /* part of 4 */
          "[source]\n"
          "prot = 3306\n"                             /* 7: near port */
          "port = 99999\n"                            /* 8 */
          "user = a\n"
          "user = b\n"                                /* 10 */
          "tls = verify\n"                            /* 11: needs ca */
          "cert = cert.pem\n"                         /* 12: needs key */
          "rsa_key = gone.pem\n"                      /* 13 */
          "this line is nothing\n"                    /* 14 */
          "[deliver]\n"
          "how = serve\n"                             /* 16 */
          "[network]\n"
          "address = 10.0.0.5\n");                    /* 18; and source.host is missing */
    static const char *const expected[] = {
        "x:1: hostname: a key before any section; it belongs to [appliance]\n",
        "x:3: appliance.password: the value is no verifier, and a plain password is not taken; "
        "allowed: a verifier pbkdf2-sha256$ITERATIONS$SALT$HASH; `sluice passwd` makes one\n",
        "x:4: sorce: no such section; did you mean [source]?\n",
        "x:7: source.prot: no such key; did you mean port?\n",
        "x:8: source.port: \"99999\" is out of range; allowed: 1 to 65535\n",
        "x:10: source.user: given again, first in line 9; allowed: once\n",
        "x:11: source.tls: verify needs source.ca or source.fingerprint, or there is nothing to "
        "verify by\n",
        "x:12: source.cert: needs source.key, the certificate's private key\n",
        "x:13: source.rsa_key: gone.pem cannot be opened: No such file or directory; allowed: name "
        "of a file beside the config\n",
        "x:14: the line is neither [section], key = value, nor a comment\n",
        "x:16: deliver.how: \"serve\" is not in this version; allowed: store\n",
        "x:18: network.address: \"10.0.0.5\" lacks the prefix length, such as /24; allowed: dhcp | "
        "A.B.C.D/N\n",
        "x:8: source.host: missing; allowed: name or address of the server\n",
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        if (strstr(lines, expected[i]) == NULL) {
            fail_msg("\"%s\" is not in:\n%s", expected[i], lines);
        }
    }
    assert_int_equal(bad.count, sizeof expected / sizeof expected[0]);
    for (size_t i = 1; i < bad.count; i++) {
        assert_true(bad.list[i - 1].line <= bad.list[i].line);
    }
    assert_null(strstr(lines, "hunter2"));
    /* What was right is there, so that the box stays reachable. */
    assert_string_equal(cfg.source.user, "a");
    assert_int_equal(cfg.source.port, 3306);
    assert_true(cfg.network.dhcp);
}

/* A config in which only this key has to be right. Returns the number of mistakes of the key. */
static size_t try_value(const struct schema_row *row, const char *value)
{
    char text[512];
    char key[64];
    size_t hits = 0;
    snprintf(text, sizeof text, "[%s]\n%s = %s\n", row->pub.section, row->pub.key, value);
    snprintf(key, sizeof key, "%s.%s", row->pub.section, row->pub.key);
    parse(text);
    for (size_t i = 0; i < bad.count; i++) {
        hits += strcmp(bad.list[i].key, key) == 0;
    }
    return hits;
}

static const char *with_unit(const struct schema_row *row, uint64_t v, char buf[32])
{
    static const struct {
        enum value_kind kind;
        const char *suffix;
        uint64_t factor;
    } units[] = {{VALUE_SIZE, "G", 1u << 30}, {VALUE_SIZE, "M", 1u << 20}, {VALUE_SIZE, "K", 1024},
                 {VALUE_TIME, "h", 3600},     {VALUE_TIME, "m", 60},       {VALUE_TIME, "s", 1}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].kind == row->kind && v != 0 && v % units[i].factor == 0) {
            snprintf(buf, 32, "%" PRIu64 "%s", v / units[i].factor, units[i].suffix);
            return buf;
        }
    }
    snprintf(buf, 32, "%" PRIu64, v);
    return buf;
}

static void every_number_has_the_limits_it_names(void **state)
{
    (void)state;
    size_t seen = 0;
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_row *row = &schema_rows[i];
        char low[32], high[32], value[64], allowed[80];
        if (row->kind != VALUE_NUMBER && row->kind != VALUE_SIZE && row->kind != VALUE_TIME) {
            continue;
        }
        seen++;
        snprintf(allowed, sizeof allowed, "%s%s%s to %s", row->zero != NULL ? row->zero : "",
                 row->zero != NULL ? " | " : "", with_unit(row, row->min, low),
                 with_unit(row, row->max, high));
        assert_string_equal(row->pub.allowed, allowed);
        assert_int_equal(try_value(row, low), 0);
        assert_int_equal(try_value(row, high), 0);
        snprintf(value, sizeof value, "%" PRIu64, row->min - 1);
        assert_int_equal(try_value(row, value), 1);
        snprintf(value, sizeof value, "%" PRIu64, row->max + 1);
        assert_int_equal(try_value(row, value), 1);
        assert_int_equal(try_value(row, "99999999999999999999999"), 1);
        assert_int_equal(try_value(row, "18446744073709551616"), 1);
        assert_int_equal(try_value(row, "-1"), 1);
        assert_int_equal(try_value(row, "12x"), 1);
        assert_int_equal(try_value(row, "x"), 1);
        assert_int_equal(try_value(row, ""), 1);
    }
    assert_true(seen >= 8);
}

static void every_choice_names_its_words(void **state)
{
    (void)state;
    size_t seen = 0;
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_row *row = &schema_rows[i];
        if (row->kind != VALUE_CHOICE) {
            continue;
        }
        char allowed[128] = "";
        for (const struct choice *c = row->choices; c->name != NULL; c++) {
            try_value(row, c->name);
            bool refused = strstr(lines, "is not in this version") != NULL;
            assert_int_equal(refused, c->later);
            if (!c->later) {
                size_t at = strlen(allowed);
                snprintf(allowed + at, sizeof allowed - at, "%s%s", at > 0 ? " | " : "", c->name);
                char got[32];
                assert_int_equal(config_get(&cfg, row->pub.section, row->pub.key, got, sizeof got,
                                            NULL), 0);
                assert_string_equal(got, c->name);
            }
        }
        assert_string_equal(row->pub.allowed, allowed);
        assert_int_equal(try_value(row, "maybe"), 1);
        seen++;
    }
    assert_true(seen >= 10);
}

static void every_default_is_what_the_table_says(void **state)
{
    (void)state;
    parse(MINIMAL);
    for (size_t i = 0; i < schema_count; i++) {
        const struct config_row *row = &schema_rows[i].pub;
        char got[128];
        bool is_default = false;
        assert_int_equal(config_get(&cfg, row->section, row->key, got, sizeof got, &is_default), 0);
        bool given = strcmp(row->section, "source") == 0 &&
                     (strcmp(row->key, "host") == 0 || strcmp(row->key, "user") == 0);
        assert_int_equal(is_default, !given);
        bool derived = strcmp(row->key, "server_id") == 0;
        if (!given && !(derived && !row->later)) {
            assert_string_equal(got, row->fallback != NULL ? row->fallback : "");
        }
        assert_true(strlen(row->help) > 3);
        assert_true(strlen(row->allowed) > 1);
        assert_null(config_schema(schema_count));
    }
    assert_int_equal(config_get(&cfg, "source", "nothing", lines, sizeof lines, NULL),
                     ERR_NOT_FOUND);
}

static void what_is_for_later_is_refused(void **state)
{
    (void)state;
    size_t seen = 0;
    for (size_t i = 0; i < schema_count; i++) {
        if (schema_rows[i].pub.later) {
            assert_int_equal(try_value(&schema_rows[i], "anything"), 1);
            assert_non_null(strstr(lines, "not in this version"));
            assert_null(strstr(lines, "anything"));
            seen++;
        }
    }
    assert_true(seen >= 5);
    assert_mistake(MINIMAL "[relay]\nstart = gtid:0-1-2\n", "is not in this version");
    assert_mistake(MINIMAL "[store]\ndevice = mtd:data\n", "is not in this version");
}

static const char full[] =
    "[appliance]\nhostname = box-7\nlang = zh\n"
    "password = pbkdf2-sha256$20000$00112233445566778899aabbccddeeff$"
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
    "console = password\nhttp = 10.1.2.3:8443\nhttp_tls = off\nntp = a.example, 10.0.0.1\n"
    "[network]\naddress = 10.1.2.3/24\ngateway = 10.1.2.1\ndns = 10.1.2.1 , 9.9.9.9\n"
    "[source]\nhost = db1\nport = 3307\nuser = repl\npassword = \" a#b;c=\"d \"\ntls = verify\n"
    "ca = ca.pem\ncert = cert.pem\nkey = key.pem\nserver_id = 4294967295\ntimeout = 90\n"
    "fingerprint = 00:11:22:33:44:55:66:77:88:99:aa:bb:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:"
    "aa:bb:cc:dd:ee:ff\n"
    "[target]\nhost = 10.9.9.9\nuser = t\npassword = p\ncapacity = 2048M\nreplicas = r1:3307,r2\n"
    "[precheck]\ntimeout = 300\ninterval = off\n"
    "[task]\nname = Montag\nmode = backup\nscope = tables\ntables = a, b.c ,d\ncompare = full\n"
    "autostart = off\n"
    "[relay]\nstart = binlog.000007:4294967300\nsemi_sync = off\nheartbeat = 30s\n"
    "[store]\ndevice = /var/lib/x.img\nsegment = 256k\n[deliver]\nhow = store\n";

static void a_full_config_comes_out_as_it_went_in(void **state)
{
    (void)state;
    assert_int_equal(parse(full), 0);
    assert_string_equal(cfg.source.password, " a#b;c=\"d ");
    assert_string_equal(cfg.source.fingerprint,
                        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    assert_string_equal(cfg.appliance.ntp, "a.example,10.0.0.1");
    assert_string_equal(cfg.network.dns, "10.1.2.1,9.9.9.9");
    assert_string_equal(cfg.task.tables, "a,b.c,d");
    assert_int_equal(cfg.network.address, 0x0a010203);
    assert_int_equal(cfg.network.prefix, 24);
    assert_int_equal(cfg.target.capacity, UINT64_C(2) << 30);
    assert_int_equal(cfg.relay.start, START_POSITION);
    assert_string_equal(cfg.relay.start_file, "binlog.000007");
    assert_true(cfg.relay.start_pos == UINT64_C(4294967300));
    assert_int_equal(cfg.store.segment, 256 << 10);
    assert_non_null(strstr(cfg.source.key, "S3CRET"));

    /* Every value formatted and read again is the same value. */
    static struct config first;
    static char again[16384];
    size_t at = 0;
    for (size_t i = 0; i < schema_count; i++) {
        char value[512];
        assert_int_equal(value_format(&schema_rows[i], &cfg, value, sizeof value), 0);
        if (value[0] != '\0') {
            at += (size_t)snprintf(again + at, sizeof again - at, "[%s]\n%s = \"%s\"\n",
                                   schema_rows[i].pub.section, schema_rows[i].pub.key, value);
        }
    }
    first = cfg;
    memset(&cfg, 0, sizeof cfg);
    assert_int_equal(parse(again), 0);
    for (size_t i = 0; i < schema_count; i++) {
        char a[512], b[512];
        value_format(&schema_rows[i], &first, a, sizeof a);
        value_format(&schema_rows[i], &cfg, b, sizeof b);
        assert_string_equal(a, b);
    }
    config_free(&first);

    /* For people, secrets are only "set". */
    char shown[64];
    config_get(&cfg, "source", "password", shown, sizeof shown, NULL);
    assert_string_equal(shown, "(set)");
    config_get(&cfg, "appliance", "password", shown, sizeof shown, NULL);
    assert_string_equal(shown, "(set)");
    config_get(&cfg, "source", "key", shown, sizeof shown, NULL);
    assert_string_equal(shown, "key.pem");
}

static void keys_that_need_others(void **state)
{
    (void)state;
    assert_mistake(MINIMAL "key = key.pem\n", "source.key: needs source.cert");
    assert_mistake(MINIMAL "ca = ca.pem\n", "source.ca: would not be used: needs source.tls = "
                                            "require or verify");
    assert_mistake(MINIMAL "tls = off\ncert = cert.pem\nkey = key.pem\n",
                   "source.cert: would not be used");
    assert_mistake(MINIMAL "[target]\nport = 3306\n", "x:5: target.host: missing");
    assert_mistake(MINIMAL "[target]\nport = 3306\n", "target.user: missing");
    assert_mistake("[relay]\nstart = latest\n", "x: source.host: missing");
    assert_mistake(MINIMAL "[network]\ngateway = 10.0.0.1\n", "needs network.address");
    assert_mistake(MINIMAL "[network]\naddress = 10.0.0.5/24\ngateway = 10.0.1.1\n",
                   "\"10.0.1.1\" is no neighbour");
    assert_mistake(MINIMAL "[appliance]\nconsole = password\n", "needs appliance.password");
    assert_mistake(MINIMAL "[task]\nscope = tables\n", "tables needs task.tables");
    assert_mistake(MINIMAL "[task]\ntables = a.b\n", "would not be used");
    assert_int_equal(parse(MINIMAL "tls = require\nca = ca.pem\ncert = cert.pem\nkey=key.pem\n"),
                     0);
    assert_int_equal(parse(MINIMAL "[network]\naddress = 10.0.0.5/24\ngateway = 10.0.0.1\n"), 0);
}

static void named_files_are_looked_at(void **state)
{
    (void)state;
    assert_mistake(MINIMAL "tls = require\nca = key.pem\n", "key.pem has no PEM block");
    assert_mistake(MINIMAL "tls = require\ncert = cert.pem\nkey = locked.pem\n",
                   "protected by a passphrase");
    assert_null(strstr(lines, "S3CRET"));
    assert_mistake(MINIMAL "tls = require\nca = none.pem\n", "none.pem cannot be opened");
}

static void values_that_are_wrong(void **state)
{
    static const struct {
        const char *section, *line, *says;
    } cases[] = {
        {"source", "host = db1:3306", "has a port in it"},
        {"source", "host = db 1", "has a character"},
        {"source", "host =", "is empty"},
        {"source", "port = 3306 # mysql", "(a comment needs a line of its own)"},
        {"source", "fingerprint = 00112233445566778899aabbccddeeff00112233", "SHA-1"},
        {"source", "fingerprint = zz", "no hex digit"},
        {"source", "timeout = 2h", "out of range"},
        {"appliance", "hostname = -a", "hyphen"},
        {"appliance", "hostname = a.b", "no host name"},
        {"appliance", "http = 443/tcp", "no port"},
        {"appliance", "http = here:443", "no IPv4 address"},
        {"appliance", "http = 0", "no port"},
        {"appliance", "ntp = a,,b", "empty place"},
        {"appliance", "password = pbkdf2-sha256$1$00$11", "damaged verifier"},
        {"network", "address = 10.0.0.0/24", "may have"},
        {"network", "address = 10.0.0.255/24", "may have"},
        {"network", "address = 127.0.0.1/8", "may have"},
        {"network", "address = 10.0.0.5/33", "prefix length"},
        {"network", "address = 10.0.0.256/24", "is not an address"},
        {"network", "dns = 1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4", "more than 3"},
        {"network", "gateway = somewhere", "not an IPv4 address"},
        {"target", "replicas = r1:0", "no port"},
        {"target", "replicas = :3306", "no host"},
        {"task", "tables = a.b.c", "two dots"},
        {"task", "tables = a.*", "pattern"},
        {"relay", "start = binlog.000001", "neither a word nor FILE:POS"},
        {"relay", "start = binlog.000001:3", "first event"},
        {"relay", "start = binlog.000001:4x", "not a number"},
        {"relay", "start = a/b:4", "binlog file's name"},
        {"relay", "start = b.000001:99999999999999999999", "too large"},
        {"store", "device = part:", "names no partition"},
        {"store", "segment = 3", "out of range"},
        {"source", "keys = x", "did you mean key?"},
        {"source", "gateway = 10.0.0.1", "it belongs to [network]"},
        {"source", "frobnicate = 1", "no such key; allowed: host, port"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "[%s]\n%s\n", cases[i].section, cases[i].line);
        assert_mistake(text, cases[i].says);
        assert_non_null(strstr(lines, "x:2: "));
    }
}

static void the_bytes_of_the_file(void **state)
{
    (void)state;
    assert_int_equal(parse("\xef\xbb\xbf[source]\r\nhost = h\r\nuser = u\r\n"), 0);
    assert_string_equal(cfg.source.user, "u");
    assert_int_equal(parse("# c\r\r; c\r[source]\rhost=h\ruser=u"), 0);
    assert_string_equal(cfg.source.host, "h");
    assert_mistake("\xff\xfe[\n", "UTF-16");
    assert_mistake(MINIMAL "password = \xff\n", "x:4: the line is not UTF-8");
    assert_mistake(MINIMAL "password = a\x01\n", "control character");
    assert_int_equal(parse_bytes("[source]\nhost = h\nuser = u\npassword = a\0b\n", 42),
                     ERR_INVALID);
    assert_non_null(strstr(lines, "x:4: the line has a NUL byte"));
    assert_mistake("[source\n", "x:1: a section is written [name]");
    assert_mistake("[]\n", "x:1: a section is written [name]");
    assert_mistake("[\n", "x:1: a section is written [name]");
    assert_mistake("= 5\n", "no key's name");
    parse("");
    assert_non_null(strstr(lines, "x: source.host: missing"));

    static char big[CONFIG_TEXT_MAX + 2];
    memset(big, 'a', sizeof big);
    assert_int_equal(parse_bytes(big, CONFIG_LINE_MAX + 1), ERR_INVALID);
    assert_non_null(strstr(lines, "x:1: the line is too long"));
    assert_int_equal(parse_bytes(big, CONFIG_TEXT_MAX + 1), ERR_INVALID);
    assert_non_null(strstr(lines, "at most 65536 are allowed"));
    memset(big, '\n', sizeof big);
    for (size_t i = 0; i < 200; i += 2) {
        big[i] = 'x';
    }
    parse_bytes(big, 200);
    assert_int_equal(bad.count, 102);
    assert_non_null(strstr(lines, "x: and 70 more mistakes\n"));
}

static void no_secret_is_ever_repeated(void **state)
{
    (void)state;
    char text[1024];
    for (size_t i = 0; i < schema_count; i++) {
        if (schema_rows[i].pub.secret) {
            char secret[400];
            memset(secret, 'Z', sizeof secret);
            secret[sizeof secret - 1] = '\0';
            snprintf(text, sizeof text, "[%s]\n%s = %s\n", schema_rows[i].pub.section,
                     schema_rows[i].pub.key, secret);
            assert_mistake(text, "the value");
            assert_null(strstr(lines, "ZZ"));
        }
    }
    parse("[source]\npasword = ZZsecret\nZZsecret\npassword ZZsecret\nZZ.secret = 1\n");
    assert_true(bad.count >= 4);
    assert_null(strstr(lines, "ZZ"));
}

static void a_config_is_read_with_its_files(void **state)
{
    (void)state;
    char dir[] = "/tmp/sluice-config-XXXXXX";
    char path[64], pem[64];
    struct errmsg why;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/sluice.ini", dir);
    snprintf(pem, sizeof pem, "%s/own.pem", dir);

    config_free(&cfg);
    assert_int_equal(config_load(path, &cfg, &bad, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "No such file"));
    assert_int_equal(cfg.source.port, 3306); /* the defaults are there */
    assert_int_equal(bad.count, 0);
    config_free(&cfg);
    assert_int_equal(config_load(dir, &cfg, &bad, &why), ERR_IO);

    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(MINIMAL "tls = require\nca = own.pem\n", f);
    fclose(f);
    config_free(&cfg);
    assert_int_equal(config_load(path, &cfg, &bad, &why), ERR_INVALID);
    assert_int_equal(bad.count, 1);
    assert_string_equal(why.text, "");

    f = fopen(pem, "w");
    assert_non_null(f);
    fputs("-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n", f);
    fclose(f);
    config_free(&cfg);
    assert_int_equal(config_load(path, &cfg, &bad, &why), 0);
    assert_non_null(strstr(cfg.source.ca, "\nA\n"));
    assert_string_equal(cfg.source.file.ca, "own.pem");

    f = fopen(pem, "w");
    assert_non_null(f);
    for (int i = 0; i <= CONFIG_PEM_MAX; i++) {
        fputc('A', f);
    }
    fclose(f);
    config_free(&cfg);
    assert_int_equal(config_load(path, &cfg, &bad, &why), ERR_INVALID);
    assert_non_null(strstr(bad.list[0].text, "more than 16384 bytes"));
    unlink(pem);
    unlink(path);
    rmdir(dir);
}

static int free_all(void **state)
{
    (void)state;
    config_free(&cfg);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minimal_config_has_the_defaults),
        cmocka_unit_test(ten_mistakes_at_once),
        cmocka_unit_test(every_number_has_the_limits_it_names),
        cmocka_unit_test(every_choice_names_its_words),
        cmocka_unit_test(every_default_is_what_the_table_says),
        cmocka_unit_test(what_is_for_later_is_refused),
        cmocka_unit_test(a_full_config_comes_out_as_it_went_in),
        cmocka_unit_test(keys_that_need_others),
        cmocka_unit_test(named_files_are_looked_at),
        cmocka_unit_test(values_that_are_wrong),
        cmocka_unit_test(the_bytes_of_the_file),
        cmocka_unit_test(no_secret_is_ever_repeated),
        cmocka_unit_test(a_config_is_read_with_its_files),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
