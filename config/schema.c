/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of config keys: type, limits, default, help. Everything else follows from it. */
#include "config/schema.h"

#define FIELD(f) .offset = offsetof(struct config, f), .width = sizeof(((struct config *)NULL)->f)
#define HOUR 3600u

static const struct choice on_off[] = {{"off", 0, false}, {"on", 1, false}, {NULL, 0, false}};
static const struct choice off_only[] = {{"off", 0, false}, {"on", 1, true}, {NULL, 0, false}};
static const struct choice langs[] = {
    {"en", LANG_EN, false}, {"zh", LANG_ZH, false}, {NULL, 0, false}};
static const struct choice consoles[] = {
    {"open", CONSOLE_OPEN, false}, {"password", CONSOLE_PASSWORD, false}, {NULL, 0, false}};
static const struct choice tls[] = {{"off", CFG_TLS_OFF, false},
                                    {"prefer", CFG_TLS_PREFER, false},
                                    {"require", CFG_TLS_REQUIRE, false},
                                    {"verify", CFG_TLS_VERIFY, false},
                                    {NULL, 0, false}};
static const struct choice modes[] = {{"online", MODE_ONLINE, false},
                                      {"backup", MODE_BACKUP, false},
                                      {"schema", MODE_SCHEMA, false},
                                      {NULL, 0, false}};
static const struct choice scopes[] = {
    {"instance", SCOPE_INSTANCE, false}, {"tables", SCOPE_TABLES, false}, {NULL, 0, false}};
static const struct choice compares[] = {{"none", COMPARE_NONE, false},
                                         {"sample", COMPARE_SAMPLE, false},
                                         {"full", COMPARE_FULL, false},
                                         {NULL, 0, false}};
static const struct choice hows[] = {
    {"store", DELIVER_STORE, false}, {"serve", 0, true}, {"apply", 0, true}, {NULL, 0, false}};

/* A key of house and protocol that nothing in this version would use: refused, never ignored. */
#define LATER(s, k, h)                                                                             \
    {                                                                                              \
        .pub = {.section = (s), .key = (k), .allowed = "not in this version", .help = (h),         \
                .later = true},                                                                    \
        .kind = VALUE_LATER                                                                        \
    }

#define SERVER_FILE(s, k, h, p)                                                                    \
    {                                                                                              \
        .pub = {.section = #s, .key = #k, .allowed = "name of a file beside the config",           \
                .help = (h)},                                                                      \
        .kind = VALUE_FILE, FIELD(s.k), .name_offset = offsetof(struct config, s.file.k),          \
        .pem = (p)                                                                                 \
    }

/* [source] and [target] have these in common. */
#define SERVER_ROWS(s, who)                                                                        \
    {.pub = {.section = #s,                                                                        \
             .key = "host",                                                                        \
             .allowed = "name or address of the server",                                           \
             .help = "where the " who " is",                                                       \
             .required = true},                                                                    \
     .kind = VALUE_TEXT,                                                                           \
     FIELD(s.host),                                                                                \
     .judge = judge_host},                                                                         \
        {.pub = {.section = #s,                                                                    \
                 .key = "port",                                                                    \
                 .allowed = "1 to 65535",                                                          \
                 .fallback = "3306",                                                               \
                 .help = "its port"},                                                              \
         .kind = VALUE_NUMBER,                                                                     \
         FIELD(s.port),                                                                            \
         .min = 1,                                                                                 \
         .max = 65535},                                                                            \
        {.pub = {.section = #s,                                                                    \
                 .key = "user",                                                                    \
                 .allowed = "an account's name, at most 128 bytes",                                \
                 .help = "account on the " who,                                                    \
                 .required = true},                                                                \
         .kind = VALUE_TEXT,                                                                       \
         FIELD(s.user),                                                                            \
         .max = 128},                                                                              \
        {.pub = {.section = #s,                                                                    \
                 .key = "password",                                                                \
                 .allowed = "at most 255 bytes; quote it to keep spaces at its ends",              \
                 .help = "the account's password; without the key it logs in without one",         \
                 .secret = true},                                                                  \
         .kind = VALUE_TEXT,                                                                       \
         FIELD(s.password)},                                                                       \
        {.pub = {.section = #s,                                                                    \
                 .key = "tls",                                                                     \
                 .allowed = "off | prefer | require | verify",                                     \
                 .fallback = "prefer",                                                             \
                 .help = "prefer: when offered; require: or nothing; verify: and the certificate " \
                         "must be the host's, by ca or fingerprint"},                              \
         .kind = VALUE_CHOICE,                                                                     \
         FIELD(s.tls),                                                                             \
         .choices = tls},                                                                          \
        SERVER_FILE(s, ca, "PEM file of the authorities that vouch for the " who,                  \
                    "CERTIFICATE-----"),                                                           \
        SERVER_FILE(s, cert, "PEM file of our certificate, for accounts that ask for one",         \
                    "CERTIFICATE-----"),                                                           \
        SERVER_FILE(s, key, "PEM file of the key of cert, without passphrase",                     \
                    "PRIVATE KEY-----"),                                                           \
        SERVER_FILE(s, rsa_key,                                                                    \
                    "PEM file of the " who "'s public key, for sha2 logins without TLS",           \
                    "PUBLIC KEY-----"),                                                            \
        {.pub = {.section = #s,                                                                    \
                 .key = "fingerprint",                                                             \
                 .allowed = "SHA-256 of the certificate: 64 hex digits, colons allowed",           \
                 .help = "accept this certificate and no other"},                                  \
         .kind = VALUE_TEXT,                                                                       \
         FIELD(s.fingerprint),                                                                     \
         .judge = judge_fingerprint},                                                              \
    {                                                                                              \
        .pub = {.section = #s,                                                                     \
                .key = "timeout",                                                                  \
                .allowed = "1s to 10m",                                                            \
                .fallback = "10s",                                                                 \
                .help = "for connecting and for each answer"},                                     \
        .kind = VALUE_TIME, FIELD(s.timeout_s), .min = 1, .max = 600                               \
    }

const struct schema_row schema_rows[] = {
    {.pub = {.section = "appliance",
             .key = "hostname",
             .allowed = "1 to 63 letters, digits and hyphens",
             .fallback = "sluice",
             .help = "name of this box"},
     .kind = VALUE_TEXT,
     FIELD(appliance.hostname),
     .judge = judge_hostname},
    {.pub = {.section = "appliance",
             .key = "lang",
             .allowed = "en | zh",
             .fallback = "en",
             .help = "language of the precheck's texts"},
     .kind = VALUE_CHOICE,
     FIELD(appliance.lang),
     .choices = langs},
    {.pub = {.section = "appliance",
             .key = "password",
             .allowed = "a verifier pbkdf2-sha256$ITERATIONS$SALT$HASH; `sluice passwd` makes one",
             .help = "verifier of the operator's password; HTTP stays closed without",
             .secret = true},
     .kind = VALUE_TEXT,
     FIELD(appliance.password),
     .judge = judge_verifier},
    {.pub = {.section = "appliance",
             .key = "console",
             .allowed = "open | password",
             .fallback = "open",
             .help = "whether the serial console asks for the password"},
     .kind = VALUE_CHOICE,
     FIELD(appliance.console),
     .choices = consoles},
    {.pub = {.section = "appliance",
             .key = "http",
             .allowed = "off | [ADDRESS:]PORT",
             .fallback = "443",
             .help = "where the HTTP door listens"},
     .kind = VALUE_TEXT,
     FIELD(appliance.http),
     .judge = judge_http},
    {.pub = {.section = "appliance",
             .key = "http_tls",
             .allowed = "off | on",
             .fallback = "on",
             .help = "HTTPS, or plain HTTP on a network that is safe already"},
     .kind = VALUE_CHOICE,
     FIELD(appliance.http_tls),
     .choices = on_off},
    LATER("appliance", "syslog", "where the log goes as well"),
    {.pub = {.section = "appliance",
             .key = "ntp",
             .allowed = "off | HOST[, HOST…]",
             .help = "time servers; without the key those that DHCP names"},
     .kind = VALUE_TEXT,
     FIELD(appliance.ntp),
     .judge = judge_hosts},

    {.pub = {.section = "network",
             .key = "address",
             .allowed = "dhcp | A.B.C.D/N",
             .fallback = "dhcp",
             .help = "the box's own address"},
     .kind = VALUE_OWN,
     .parse = parse_address,
     .format = format_address},
    {.pub = {.section = "network",
             .key = "gateway",
             .allowed = "A.B.C.D",
             .help = "router to other networks; not with dhcp"},
     .kind = VALUE_IPV4,
     FIELD(network.gateway)},
    {.pub = {.section = "network",
             .key = "dns",
             .allowed = "A.B.C.D[, A.B.C.D…], at most 3",
             .help = "name servers; go before those that DHCP names"},
     .kind = VALUE_TEXT,
     FIELD(network.dns),
     .judge = judge_addresses},

    SERVER_ROWS(source, "source"),
    {.pub = {.section = "source",
             .key = "server_id",
             .allowed = "2 to 4294967295",
             .help = "our server id among the source's replicas; without the key one between "
                     "1000000 and 1999999 that follows from appliance.hostname"},
     .kind = VALUE_NUMBER,
     FIELD(source.server_id),
     .min = 2,
     .max = UINT32_MAX},

    SERVER_ROWS(target, "target"),
    LATER("target", "server_id", "the appliance is no replica of its target"),
    {.pub = {.section = "target",
             .key = "capacity",
             .allowed = "1M to 1048576G",
             .help = "room for data on the target, for the precheck"},
     .kind = VALUE_SIZE,
     FIELD(target.capacity),
     .min = 1u << 20,
     .max = UINT64_C(1) << 50},
    {.pub = {.section = "target",
             .key = "replicas",
             .allowed = "HOST[:PORT][, HOST[:PORT]…], at most 8",
             .help = "the target's read-only replicas, for the precheck"},
     .kind = VALUE_TEXT,
     FIELD(target.replicas),
     .judge = judge_host_ports},

    {.pub = {.section = "precheck",
             .key = "timeout",
             .allowed = "1s to 1h",
             .fallback = "1m",
             .help = "time for all checks together"},
     .kind = VALUE_TIME,
     FIELD(precheck.timeout_s),
     .min = 1,
     .max = HOUR},
    {.pub = {.section = "precheck",
             .key = "interval",
             .allowed = "off | 1s to 24h",
             .fallback = "10m",
             .help = "while the task runs, what can change is checked again this often"},
     .kind = VALUE_TIME,
     FIELD(precheck.interval_s),
     .min = 1,
     .max = 24 * HOUR,
     .zero = "off"},

    {.pub = {.section = "task",
             .key = "name",
             .allowed = "1 to 63 bytes",
             .fallback = "migration",
             .help = "what this task is called"},
     .kind = VALUE_TEXT,
     FIELD(task.name),
     .max = 63},
    {.pub = {.section = "task",
             .key = "mode",
             .allowed = "online | backup | schema",
             .fallback = "online",
             .help = "the kind of migration the precheck judges for"},
     .kind = VALUE_CHOICE,
     FIELD(task.mode),
     .choices = modes},
    {.pub = {.section = "task",
             .key = "scope",
             .allowed = "instance | tables",
             .fallback = "instance",
             .help = "everything, or the tables named in task.tables"},
     .kind = VALUE_CHOICE,
     FIELD(task.scope),
     .choices = scopes},
    {.pub = {.section = "task",
             .key = "tables",
             .allowed = "DATABASE or DATABASE.TABLE[, …]",
             .help = "what is migrated with scope = tables"},
     .kind = VALUE_TEXT,
     FIELD(task.tables),
     .max = CONFIG_LINE_MAX - 1,
     .judge = judge_tables},
    {.pub = {.section = "task",
             .key = "compare",
             .allowed = "none | sample | full",
             .fallback = "none",
             .help = "how source and target are to be compared, for the precheck"},
     .kind = VALUE_CHOICE,
     FIELD(task.compare),
     .choices = compares},
    {.pub = {.section = "task",
             .key = "autostart",
             .allowed = "off | on",
             .fallback = "on",
             .help = "relay as soon as the box is up"},
     .kind = VALUE_CHOICE,
     FIELD(task.autostart),
     .choices = on_off},

    {.pub = {.section = "relay",
             .key = "start",
             .allowed = "earliest | latest | FILE:POS",
             .fallback = "earliest",
             .help = "where an empty store begins; later the store's end rules"},
     .kind = VALUE_OWN,
     .parse = parse_start,
     .format = format_start},
    {.pub = {.section = "relay",
             .key = "semi_sync",
             .allowed = "off",
             .fallback = "off",
             .help = "acknowledge to the source what is on flash"},
     .kind = VALUE_CHOICE,
     FIELD(relay.semi_sync),
     .choices = off_only},
    {.pub = {.section = "relay",
             .key = "heartbeat",
             .allowed = "1s to 10m",
             .fallback = "10s",
             .help = "an idle source is asked for a sign of life this often"},
     .kind = VALUE_TIME,
     FIELD(relay.heartbeat_s),
     .min = 1,
     .max = 600},

    {.pub = {.section = "store",
             .key = "device",
             .allowed = "PATH | part:NAME",
             .fallback = "part:store",
             .help = "flash for the binlog: a file, a block device, a partition of the data drive"},
     .kind = VALUE_TEXT,
     FIELD(store.device),
     .judge = judge_device},
    {.pub = {.section = "store",
             .key = "segment",
             .allowed = "auto | 64K to 64M",
             .fallback = "auto",
             .help = "bytes of a segment, when a blank device is formatted"},
     .kind = VALUE_SIZE,
     FIELD(store.segment),
     .min = 64u << 10,
     .max = 64u << 20,
     .zero = "auto"},
    LATER("store", "keep", "how long what was delivered is kept"),

    {.pub = {.section = "deliver",
             .key = "how",
             .allowed = "store",
             .fallback = "store",
             .help = "store: keep until the operator releases it"},
     .kind = VALUE_CHOICE,
     FIELD(deliver.how),
     .choices = hows},
    LATER("deliver", "listen", "where readers connect, with how = serve"),
    LATER("deliver", "user", "the readers' account, with how = serve"),
    LATER("deliver", "password", "the readers' password, with how = serve"),
    LATER("deliver", "safe_mode", "replayed rows overwrite, with how = apply"),
};

const size_t schema_count = sizeof schema_rows / sizeof schema_rows[0];

_Static_assert(sizeof schema_rows / sizeof schema_rows[0] <= CONFIG_KEYS_MAX,
               "struct config has no room to note where every key was given");

int schema_find(const char *section, const char *key)
{
    for (size_t i = 0; i < schema_count; i++) {
        if (strcmp(schema_rows[i].pub.section, section) == 0 &&
            strcmp(schema_rows[i].pub.key, key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

const struct config_row *config_schema(size_t index)
{
    return index < schema_count ? &schema_rows[index].pub : NULL;
}
