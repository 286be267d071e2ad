/* SPDX-License-Identifier: Apache-2.0 */
/* The table of failure classes, first match wins: errors by number and message before errors by
 * kind. The stems of error 1236 are those of MySQL's rpl_binlog_sender.cc and MariaDB's
 * sql_repl.cc. */
#include "app/relay/failure.h"

#include <string.h>
#include <strings.h>

#include "base/err.h"

#define ER_CON_COUNT 1040
#define ER_ACCESS_DENIED 1045
#define ER_SHUTDOWN 1053
#define ER_HOST_BLOCKED 1129
#define ER_HOST_DENIED 1130
#define ER_PRIVILEGE 1227
#define ER_MASTER_FATAL 1236
#define ER_SLAVE_SAME_ID 4052 /* MariaDB */
#define ER_NOT_SUPPORTED_AUTH 1251
#define ER_KILLED 1317
#define ER_SPECIFIC_ACCESS 1142
#define ER_NO_BINARY_LOGGING 1381

#define SOURCE_CONNECT (-256)
#define SOURCE_QUERY (-255)
#define STORE_FAILED 6001000

static const struct failure_class table[] = {
    {"purged", 0, ER_MASTER_FATAL, "first log file", FAILURE_STOP, SOURCE_QUERY,
     "the source no longer has the binlog file that comes next (purged, or never there). If "
     "another server still has it, relay from that one; otherwise the copy must be started anew "
     "from a fresh dump. What is stored stays readable. Raise the source's binlog retention "
     "(expire_logs_days / binlog_expire_logs_seconds) before starting again"},
    {"purged", 0, ER_MASTER_FATAL, "purged required", FAILURE_STOP, SOURCE_QUERY,
     "the source purged binlogs that come next; start anew from a fresh dump and raise the "
     "source's binlog retention first"},
    {"bad-position", 0, ER_MASTER_FATAL, "position", FAILURE_STOP, SOURCE_QUERY,
     "the source's file is shorter than what is stored: it lost its tail in a crash, was restored "
     "from a backup or was reset. Compare the end of the file on the source with `store list`; "
     "what is stored stays readable"},
    {"same-identity", 0, ER_MASTER_FATAL, "same server", FAILURE_STOP, SOURCE_QUERY,
     "another replica uses our server_id or server_uuid: give [source] server_id another value"},
    {"same-identity", 0, ER_SLAVE_SAME_ID, NULL, FAILURE_BOUNDED, SOURCE_QUERY,
     "another replica uses our server_id (two boxes with the same hostname derive the same one): "
     "give [source] server_id another value. Once, after a crash, it is our own old connection"},
    {"checksum-refused", 0, ER_MASTER_FATAL, "checksum", FAILURE_STOP, SOURCE_QUERY,
     "the source will not send its checksums to this client; report the source's version"},
    {"source-damage", 0, ER_MASTER_FATAL, "format_description", FAILURE_STOP, SOURCE_QUERY,
     "the source's binlog file is damaged: run mysqlbinlog on it there, and relay from another "
     "server if one has it"},
    {"source-damage", 0, ER_MASTER_FATAL, "bogus data", FAILURE_STOP, SOURCE_QUERY,
     "the source cannot read its own binlog: run mysqlbinlog on the named file there"},
    {"source-damage", 0, ER_MASTER_FATAL, "truncated", FAILURE_STOP, SOURCE_QUERY,
     "the source's binlog file is cut: run mysqlbinlog on the named file there"},
    {"source-damage", 0, ER_MASTER_FATAL, "crc", FAILURE_STOP, SOURCE_QUERY,
     "the source's binlog fails its own checksum: run mysqlbinlog --verify-binlog-checksum there"},
    {"source-damage", 0, ER_MASTER_FATAL, "max_allowed_packet", FAILURE_STOP, SOURCE_QUERY,
     "at this position the source finds no event, or one larger than its max_allowed_packet. If it "
     "was reset or restored since, its history is another one: compare with `store list`. Else "
     "raise max_allowed_packet on the source to 1G, then `task start`"},
    {"source-binlog", 0, ER_MASTER_FATAL, "next log", FAILURE_BOUNDED, SOURCE_QUERY,
     "the source was reset (RESET MASTER), or its binlog index is broken: SHOW BINARY LOGS there. "
     "After a reset the stored history is complete up to here; go on with a fresh store"},
    {"source-binlog", 0, ER_MASTER_FATAL, "not open", FAILURE_STOP, SOURCE_QUERY,
     "the source writes no binlog: set log_bin in its configuration and restart it"},
    {"source-binlog", 0, ER_MASTER_FATAL, "decrypt", FAILURE_STOP, SOURCE_QUERY,
     "the source cannot decrypt its binlog: check its key management plugin"},
    {"source-refuses", 0, ER_MASTER_FATAL, NULL, FAILURE_STOP, SOURCE_QUERY,
     "the source refuses to send its binlog, with the words above"},
    /* After the login, as the answer to COM_REGISTER_SLAVE. */
    {"privilege", ERR_SERVER, ER_ACCESS_DENIED, NULL, FAILURE_STOP, SOURCE_QUERY,
     "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the account, then `task start`"},
    {"login", 0, ER_ACCESS_DENIED, NULL, FAILURE_STOP, SOURCE_CONNECT,
     "check user, password and the account's host in [source]; then `task start`"},
    {"login", 0, ER_HOST_DENIED, NULL, FAILURE_STOP, SOURCE_CONNECT,
     "the source's accounts do not allow this appliance's address: CREATE USER … @'address'"},
    {"login", 0, ER_HOST_BLOCKED, NULL, FAILURE_STOP, SOURCE_CONNECT,
     "the source has blocked this address after failed connections: FLUSH HOSTS there"},
    {"privilege", 0, ER_PRIVILEGE, NULL, FAILURE_STOP, SOURCE_QUERY,
     "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the account, then `task start`"},
    {"privilege", 0, ER_SPECIFIC_ACCESS, NULL, FAILURE_STOP, SOURCE_QUERY,
     "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the account, then `task start`"},
    {"no-binlog", 0, ER_NO_BINARY_LOGGING, NULL, FAILURE_STOP, SOURCE_QUERY,
     "set log_bin in the source's configuration and restart it, then `task start`"},
    {"server-busy", 0, ER_CON_COUNT, NULL, FAILURE_RETRY, SOURCE_CONNECT,
     "the source has no connection free; raise max_connections or wait"},
    {"server-restart", 0, ER_SHUTDOWN, NULL, FAILURE_RETRY, SOURCE_QUERY,
     "the source is shutting down; the relay goes on when it is back"},
    {"killed", 0, ER_KILLED, NULL, FAILURE_RETRY, SOURCE_QUERY,
     "somebody killed the relay's connection on the source"},
    {"other-source", ERR_FOREIGN, 0, NULL, FAILURE_STOP, SOURCE_CONNECT,
     "the store holds another server's binlog (or an earlier history of this one). Point [source] "
     "at the right server, or export what is stored and `sluice store format` the device"},
    {"diverged", ERR_GAP, 0, NULL, FAILURE_BOUNDED, SOURCE_QUERY,
     "bytes are missing between what is stored and what the source sends. Nothing was skipped; "
     "compare the file on the source with `store list`"},
    {"damage-on-wire", ERR_CORRUPT, 0, NULL, FAILURE_BOUNDED, SOURCE_QUERY,
     "an event fails its checksum. When fetching it again does not help the source's file itself "
     "is damaged: run mysqlbinlog --verify-binlog-checksum on it there"},
    {"login", ERR_AUTH, 0, NULL, FAILURE_STOP, SOURCE_CONNECT,
     "check user, password, login method and rsa_key in [source]; then `task start`"},
    {"tls", ERR_TLS, 0, NULL, FAILURE_STOP, SOURCE_CONNECT,
     "check tls, ca, fingerprint, cert and key in [source]; then `task start`"},
    {"not-mysql", ERR_PROTOCOL, 0, NULL, FAILURE_BOUNDED, SOURCE_CONNECT,
     "check host and port in [source]: what answers there does not speak as a MySQL source does"},
    {"config", ERR_INVALID, 0, NULL, FAILURE_STOP, SOURCE_CONNECT,
     "correct the config and load it again"},
    {"no-binlog", ERR_NOT_FOUND, 0, NULL, FAILURE_STOP, SOURCE_QUERY,
     "set log_bin in the source's configuration and restart it, then `task start`"},
    {"store", ERR_IO, 0, NULL, FAILURE_STOP, STORE_FAILED,
     "the flash device fails (on a host: is its file system full?). What was reported as stored "
     "stays; mend or replace the device, then start the appliance anew"},
    {"store", ERR_NOMEM, 0, NULL, FAILURE_STOP, STORE_FAILED,
     "memory or a fixed table of the store is exhausted; restart the appliance and report it"},
    /* No failure of the store: it does what it must, and waits. */
    {"full", ERR_FULL, 0, NULL, FAILURE_RETRY, 0,
     "release what was delivered with `store purge FILE`; the relay goes on by itself"},
    {"event-too-big", ERR_TOOBIG, 0, "the whole store holds", FAILURE_STOP, STORE_FAILED,
     "the store is too small for one event of this source: export what is stored, attach a larger "
     "device and start anew from here"},
    {"timeout", ERR_TIMEOUT, 0, NULL, FAILURE_RETRY, SOURCE_CONNECT,
     "the source does not answer: check cable, address, firewall; the relay goes on by itself"},
    {"network", ERR_NET, 0, NULL, FAILURE_RETRY, SOURCE_CONNECT,
     "check that the source runs and can be reached; the relay goes on by itself"},
    {"source-error", 0, 0, NULL, FAILURE_RETRY, SOURCE_QUERY,
     "the source answers with the error above; the relay tries again"},
};

const struct failure_class *failure_row(size_t index)
{
    return index < sizeof table / sizeof table[0] ? &table[index] : NULL;
}

const struct failure_class *failure_classify(int err, unsigned mysql_errno, const char *text)
{
    const struct failure_class *row = table;
    const struct failure_class *last = &table[sizeof table / sizeof table[0] - 1];
    for (; row < last; row++) {
        if ((row->err == 0 || row->err == err) &&
            (row->mysql_errno == 0 || row->mysql_errno == mysql_errno) &&
            (row->stem == NULL || strcasestr(text, row->stem) != NULL)) {
            break;
        }
    }
    return row;
}
