/* SPDX-License-Identifier: Apache-2.0 */
/* The boot config as the program sees it: one struct, filled by the schema table in schema.c. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CONFIG_TEXT_MAX (64 * 1024) /* bytes of the INI text */
#define CONFIG_PEM_MAX (16 * 1024)  /* bytes of one named file (ca, cert, key, rsa_key) */
#define CONFIG_LINE_MAX 4096        /* bytes of one line */
#define CONFIG_KEYS_MAX 80          /* rows the schema may have */

enum config_lang { LANG_EN, LANG_ZH };
enum config_tls { CFG_TLS_OFF, CFG_TLS_PREFER, CFG_TLS_REQUIRE, CFG_TLS_VERIFY };
enum config_mode { MODE_ONLINE, MODE_BACKUP, MODE_SCHEMA };
enum config_scope { SCOPE_INSTANCE, SCOPE_TABLES };
enum config_compare { COMPARE_NONE, COMPARE_SAMPLE, COMPARE_FULL };
enum config_start { START_EARLIEST, START_LATEST, START_POSITION };
enum config_console { CONSOLE_OPEN, CONSOLE_PASSWORD };
enum config_deliver { DELIVER_STORE };

/* [source] and [target] have the same keys. Strings are owned by the config; "" = not set. */
struct config_server {
    bool present; /* the section names a host */
    char *host;
    uint16_t port;
    char *user;
    char *password;
    enum config_tls tls;
    char *ca, *cert, *key, *rsa_key; /* contents (PEM), already read */
    struct {
        char *ca, *cert, *key, *rsa_key; /* the names they were read from */
    } file;
    char *fingerprint;               /* SHA-256, 64 hex digits, no colons */
    uint32_t server_id;              /* [source]: ours towards it */
    uint32_t timeout_s;              /* connecting and each answer */
    uint64_t capacity;               /* [target]: free bytes, 0 = not known */
    char *replicas;                  /* [target]: HOST:PORT, comma separated */
};

struct config {
    struct {
        char *hostname;
        enum config_lang lang;
        char *password; /* verifier "pbkdf2-sha256$ITERATIONS$SALT$HASH", hex */
        enum config_console console;
        char *http; /* "off" or [ADDRESS:]PORT; closed all the same while password is "" */
        bool http_tls;
        char *ntp; /* HOST, comma separated; "" = what DHCP names; "off" = none */
    } appliance;
    struct {
        bool dhcp;
        uint32_t address, gateway; /* host byte order, 0 = none */
        uint8_t prefix;
        char *dns; /* addresses, comma separated */
    } network;
    struct config_server source, target;
    struct {
        uint32_t timeout_s, interval_s; /* interval 0: off */
    } precheck;
    struct {
        char *name;
        enum config_mode mode;
        enum config_scope scope;
        char *tables;
        enum config_compare compare;
        bool autostart;
    } task;
    struct {
        enum config_start start;
        char *start_file;
        uint64_t start_pos;
        bool semi_sync; /* always false in this version */
        uint32_t heartbeat_s;
    } relay;
    struct {
        char *device;     /* PATH | part:NAME */
        uint32_t segment; /* bytes; 0: by the device's size */
        uint64_t size;    /* bytes of the device: no key, noted by whoever opens it; 0: not known */
    } store;
    struct {
        enum config_deliver how;
    } deliver;

    uint32_t given[CONFIG_KEYS_MAX]; /* line of schema row N in the text, 0: has its default */
};

/* "mysql", "sys", "information_schema", "performance_schema", in any case: of no user. */
bool is_system_database(const char *name, size_t len);

/* One mistake: what is wrong with which key where, and what is allowed. */
struct config_mistake {
    unsigned line;   /* 0: of the file as a whole, or its section is missing altogether */
    char key[64];    /* "source.port" */
    char text[256];
};

struct config_mistakes {
    size_t count;                    /* all that were found */
    struct config_mistake list[32];  /* the first of them */
};

/* A file named by a key, fetched by whoever knows where the config came from (a folder, the
 * medium). Returns 0 and a malloc'ed NUL-terminated text of at most CONFIG_PEM_MAX bytes, or a
 * negative code with *why, which never quotes the file. */
typedef int (*config_file_reader)(void *ctx, const char *name, char **text, struct errmsg *why);

/* Parses and validates a whole INI text; every mistake is listed, not only the first. *out is
 * filled (with defaults where values are wrong) also when there are mistakes, so that the box can
 * stay reachable; config_free() it. Returns 0, ERR_INVALID when mistakes->count > 0, or ERR_NOMEM
 * (then *out is empty, and config_free() of it harmless). `reader` may be NULL: then the named
 * files are not looked at. */
int config_parse(const char *text, size_t len, config_file_reader reader, void *reader_ctx,
                 struct config *out, struct config_mistakes *mistakes);

/* Reads FILE and the files it names (relative to its folder). *why only for I/O errors (ERR_IO,
 * ERR_NOT_FOUND); *out then has the defaults. Else as config_parse(). */
int config_load(const char *path, struct config *out, struct config_mistakes *mistakes,
                struct errmsg *why);

void config_free(struct config *c); /* wipes secrets first */

/* Writes "FILE:LINE: KEY: text" lines, one per mistake. Returns the length. */
size_t config_mistakes_format(const struct config_mistakes *m, const char *file, char *buf,
                              size_t size);

/* The schema, for help, completion, docs: row 0, 1, … until NULL. */
struct config_row {
    const char *section, *key;
    const char *allowed;  /* "off | prefer | require | verify", "1 to 65535" … */
    const char *fallback; /* default as text, NULL: none */
    const char *help;
    bool secret;
    bool required; /* [target]: as soon as the section has any key */
    bool later;    /* known, but refused: nothing in this version would use it */
};
const struct config_row *config_schema(size_t index);

/* How many keys the text set. */
size_t config_keys_set(const struct config *c);

/* A key's present value as text into buf ("(set)" for secrets, the file's name for ca and its
 * like, "" when it is not set); ERR_NOT_FOUND for no such key, ERR_NOMEM when buf is too small.
 * *is_default (may be NULL) tells whether it came from the schema. */
int config_get(const struct config *c, const char *section, const char *key, char *buf, size_t size,
               bool *is_default);

#endif
