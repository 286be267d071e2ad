# SPDX-License-Identifier: Apache-2.0
"""The precheck's look at the live binlog: each thing it reports, written by a real server."""
import os
import re
import signal
import subprocess
import time

import workload
from harness import FULL, on_servers, wait_for
from mysql_client import Connection
from proxy import Proxy
from servers import PASSWORD
from sluice import PROGRAM, Sluice
from test_precheck import fresh, keys_of, make_account, run, set_global, write_config

NAME = "on-the-wire"
ALL_MARIADB = ["mariadb-10.11", "mariadb-11.8", "mariadb-10.5"] \
    if FULL or os.environ.get("SERVERS") else ["mariadb-10.11"]


def ready(t, server=None):
    """The account that asks; and no warning of something that only one test is about."""
    server = server or t.server
    make_account(server)
    if server.variable("binlog_legacy_event_pos") is not None:
        set_global(t, server, "binlog_legacy_event_pos", "ON")


def table(t, server=None):
    server = server or t.server
    ready(t, server)
    server.sql("CREATE DATABASE IF NOT EXISTS w")
    server.sql("CREATE TABLE w.t (a INT PRIMARY KEY, b TEXT, c LONGBLOB) ENGINE=InnoDB")


def look(t, verdict, *texts, server=None, keys=None):
    """One run: what was seen, the check's verdict being that; numbers as numbers."""
    server = server or t.server
    result = run(t, keys or keys_of(server))
    check = result.expect(NAME, verdict, *texts)
    evidence = [e for e in check["evidence"] if e["question"] == "wire"][0]
    seen = {name: int(value) if value.isdigit() else value
            for name, value in evidence.get("rows", [])}
    seen["check"], seen["evidence"], seen["result"] = check, evidence, result
    return seen


def events_of(server, name):
    return [(int(r[1]), r[2], r[5]) for r in server.sql("SHOW BINLOG EVENTS IN '%s'" % name)]


def forget(server):
    """What was written before is in another file from here on, and something is in this one."""
    server.flush_logs()
    server.sql("REPLACE INTO w.t (a, b) VALUES (0, RAND())")


@on_servers()
def test_rows_only(t):
    """Numbers are those of the server's own list of events; then the file before an idle one."""
    server = t.server
    ready(t)
    server.sql("CREATE DATABASE w")
    seen = look(t, "skip", "no transaction yet")
    assert seen["transactions"] == 0 and seen["statement_other"] >= 1, seen

    table_text = "CREATE TABLE w.t (a INT PRIMARY KEY, b TEXT, c LONGBLOB) ENGINE=%s"
    server.sql(table_text % "InnoDB")
    server.sql(table_text.replace("w.t", "w.m") % "MyISAM")
    with server.connect() as db:
        for text in ("BEGIN", "INSERT INTO w.t (a, b) VALUES (1, 'x'), (2, NULL)", "SAVEPOINT s",
                     "UPDATE w.t SET b = 'y'", "ROLLBACK TO s",
                     "CREATE TEMPORARY TABLE w.tmp (a INT)", "INSERT INTO w.tmp VALUES (1)",
                     "DELETE FROM w.t WHERE a = 2", "COMMIT",
                     "DROP TEMPORARY TABLE w.tmp",
                     "INSERT INTO w.m (a) VALUES (1)", "UPDATE w.m SET b = 'm'",
                     "CREATE TABLE w.u SELECT * FROM w.t", "TRUNCATE TABLE w.m",
                     "XA START 'x'", "INSERT INTO w.t (a) VALUES (9)", "XA END 'x'",
                     "XA PREPARE 'x'", "XA COMMIT 'x'",
                     "/* a remark */ ALTER TABLE w.t ADD COLUMN d INT COMMENT '%s'" % ("z" * 300)):
            db.query(text)
    name, size = server.binlogs()[-1]
    seen = look(t, "pass", "rows only", name)
    wanted = events_of(server, name)
    assert (seen["file"], seen["from"], seen["to"]) == (name, 4, size), seen
    assert (seen["events"], seen["bytes"]) == (len(wanted), size - 4), seen
    assert seen["current"] == 1 and seen["ended"] == "end of binlog", seen
    assert seen["transactions"] >= 4 and seen["row_events"] >= 6, seen
    kinds = [kind for _, kind, _ in wanted]
    assert seen["row_events"] == sum("rows" in k.lower() and "annotate" not in k.lower()
                                     and "query" not in k.lower() for k in kinds), (seen, kinds)
    for number in ("statement_dml", "row_image_partial", "bad_checksum", "without_checksum",
                   "log_pos_wrong", "unknown_types", "encrypted", "compressed_events",
                   "compressed_payload", "partial_json"):
        assert seen[number] == 0, (number, seen)
    assert seen["evidence"]["sql"] == "COM_BINLOG_DUMP %s:4, not blocking" % name

    server.flush_logs()
    again = look(t, "pass", "rows only", name)
    assert again["file"] == name and again["current"] == 0, again
    assert again["ended"] == "end of file" and again["row_events"] == seen["row_events"], again
    server.sql("INSERT INTO w.t (a) VALUES (77)")
    again = look(t, "pass", server.binlogs()[-1][0])
    assert again["current"] == 1 and again["transactions"] == 1, again


@on_servers()
def test_statements_in_spite_of_row(t):
    server = t.server
    table(t)
    path = os.path.join(server.folder, "wire.txt")
    with open(path, "w") as out:
        out.write("50\tx\n51\ty\n")
    os.chmod(path, 0o644)
    texts = ["INSERT INTO w.t (a, b) VALUES (1, 'zq-secret')",
             "/* zq-secret */ -- zq\n UPDATE w.t SET b = 'zq-secret'",
             "LOAD DATA INFILE '%s' INTO TABLE w.t (a, b)" % path,
             "INSERT INTO w.t (a, b) VALUES (3, '%s')" % ("zq-secret" * 2000)]
    if server.row.flavour == "mariadb":
        texts.append("SET STATEMENT max_statement_time=10 FOR DELETE FROM w.t WHERE a = 3")
    with server.connect() as db:
        thread = int(db.query("SELECT CONNECTION_ID()")[0][0])
        db.query("USE w")
        db.query("SET SESSION binlog_format = 'STATEMENT'")
        for text in texts:
            db.query(text)
    seen = look(t, "fail", "%d statements" % len(texts), "default database `w`",
                "connection %d" % thread, "binlog_format is ROW", "FLUSH BINARY LOGS")
    assert "zq-secret" not in str(seen["result"].json)
    assert seen["statement_dml"] == len(texts) and seen["statement_dml_system"] == 0, seen
    assert seen["first_statement_thread"] == thread, seen
    wanted = [at for at, _, what in events_of(server, seen["file"]) if "zq-secret" in what]
    assert seen["first_statement_dml"] == wanted[0], (seen, wanted)
    assert NAME in seen["result"].summary, seen["result"].summary
    # Closed since: a warning until something is written; then it is over.
    server.flush_logs()
    look(t, "warn", "write something")
    server.sql("INSERT INTO w.t (a) VALUES (5)")
    look(t, "pass", "rows only")
    # MIXED means it.
    set_global(t, server, "binlog_format", "'MIXED'")
    with server.connect() as db:
        db.query("INSERT INTO w.t (a) VALUES (6)")
    look(t, "warn", "1 statement that changes data", "binlog_format is MIXED")
    # Whatever else is called like the password is not told.
    forget(server)
    with server.connect() as db:
        db.query("CREATE DATABASE `x%s`" % PASSWORD)
        db.query("USE `x%s`" % PASSWORD)
        db.query("SET SESSION binlog_format = 'STATEMENT'")
        db.query("INSERT INTO w.t (a) VALUES (8)")
    assert look(t, "warn", "`(not shown)`")["statement_dml"] == 1
    # A server's own bookkeeping is not migrated.
    forget(server)
    with server.connect() as db:
        db.query("CREATE TABLE mysql.heartbeat (a INT)")
        db.query("USE mysql")
        db.query("SET SESSION binlog_format = 'STATEMENT'")
        db.query("INSERT INTO heartbeat VALUES (1)")
        db.query("DROP TABLE heartbeat")
    server.sql("SET GLOBAL binlog_format = 'ROW'")
    assert look(t, "warn", "1 statement that")["statement_dml_system"] == 1


@on_servers(["mysql-9.7"])
def test_the_remedy_finds_the_session(t):
    server = fresh(t, "--performance-schema=ON")
    table(t, server)
    with server.connect() as db:
        db.query("SET SESSION binlog_format = 'STATEMENT'")
        db.query("INSERT INTO w.t (a) VALUES (1)")
        seen = look(t, "fail", "variables_by_thread", server=server)
        statement = re.search(r"SELECT .*? <> 'ROW'", seen["check"]["remedy"]).group(0)
        assert str(seen["first_statement_thread"]) in [r[0] for r in server.sql(statement)]


@on_servers()
def test_sessions_with_less_than_whole_rows(t):
    server = t.server
    table(t)
    server.sql("INSERT INTO w.t (a, b) VALUES (1, 'x')")
    look(t, "pass")
    for image, statement in (("MINIMAL", "UPDATE w.t SET b = 'y'"),
                             ("NOBLOB", "UPDATE w.t SET a = 2 WHERE a = 0"),
                             ("MINIMAL", "DELETE FROM w.t"),
                             ("MINIMAL", "INSERT INTO w.t (a) VALUES (7)")):
        forget(server)
        with server.connect() as db:
            db.query("SET SESSION binlog_row_image = '%s'" % image)
            db.query(statement)
        seen = look(t, "warn", "that lack columns", "SET GLOBAL binlog_row_image = 'FULL'")
        assert seen["row_image_partial"] == 1, seen


@on_servers(["mysql-9.7"])
def test_partial_json_and_compressed_transactions(t):
    server = t.server
    ready(t)
    server.sql("CREATE DATABASE w")
    server.sql("CREATE TABLE w.t (a INT PRIMARY KEY, b JSON)")
    server.sql("INSERT INTO w.t VALUES (0, JSON_OBJECT('k', REPEAT('x', 500), 'n', 1))")
    look(t, "pass", "rows only")
    with server.connect() as db:
        db.query("SET SESSION binlog_row_value_options = 'PARTIAL_JSON'")
        db.query("UPDATE w.t SET b = JSON_SET(b, '$.n', 2)")
    seen = look(t, "warn", "parts of JSON", "SET GLOBAL binlog_row_value_options = ''")
    assert seen["partial_json"] == 1, seen
    server.flush_logs()
    with server.connect() as db:
        db.query("SET SESSION binlog_transaction_compression = ON")
        db.query("UPDATE w.t SET b = JSON_SET(b, '$.n', 3)")
    seen = look(t, "warn", "compressed transactions", "binlog_transaction_compression = OFF")
    assert seen["compressed_payload"] == 1 and seen["current"] == 1, seen


@on_servers(ALL_MARIADB)
def test_compressed_events_of_mariadb(t):
    """A compressed statement's text is not read; whether it changes data is known all the same."""
    server = t.server
    table(t)
    set_global(t, server, "log_bin_compress", "ON")
    with server.connect() as db:
        db.query("INSERT INTO w.t (a, b) VALUES (1, '%s')" % ("x" * 1000))
        db.query("ALTER TABLE w.t ADD COLUMN d INT COMMENT '%s'" % ("z" * 600))
    seen = look(t, "warn", "compressed events", "SET GLOBAL log_bin_compress = OFF")
    assert seen["compressed_events"] == 2 and seen["statement_dml"] == 0, seen
    assert seen["row_events"] == 1 and seen["row_image_partial"] == 0, seen
    with server.connect() as db:
        db.query("SET SESSION binlog_format = 'STATEMENT'")
        db.query("UPDATE w.t SET b = '%s'" % ("y" * 1000))
    assert look(t, "fail", "1 statement")["statement_dml"] == 1


@on_servers(ALL_MARIADB)
def test_encrypted_binlog_of_mariadb(t):
    key = t.path("keys.txt")
    with open(key, "w") as out:
        out.write("1;%s\n" % ("a5" * 32))
    server = fresh(t, "--plugin-load-add=file_key_management", "--encrypt-binlog=ON",
                   "--loose-file-key-management-filename=" + key)
    table(t, server)
    server.sql("INSERT INTO w.t (a) VALUES (1)")
    seen = look(t, "warn", "encrypted", "source.tls", server=server)
    assert seen["encrypted"] == 1 and seen["row_events"] == 1, seen
    assert seen["bad_checksum"] == seen["log_pos_wrong"] == 0, seen


@on_servers([n for n in ALL_MARIADB if n == "mariadb-11.8"])
def test_events_without_position(t):
    server = t.server
    table(t)
    server.sql("SET GLOBAL binlog_legacy_event_pos = OFF")
    forget(server)
    server.sql("INSERT INTO w.t (a) VALUES (1)")
    seen = look(t, "warn", "no position of their own")
    assert seen["log_pos_zero"] >= 1 and seen["log_pos_wrong"] == 0, seen
    server.sql(re.search(r"SET GLOBAL binlog_legacy_event_pos = ON",
                         seen["check"]["remedy"]).group(0))
    forget(server)
    assert look(t, "pass", "rows only")["log_pos_zero"] == 0


@on_servers()
def test_no_checksums(t):
    """Also of the file before, whose checksums are not those of today."""
    server = t.server
    table(t)
    server.sql("INSERT INTO w.t (a) VALUES (1)")
    set_global(t, server, "binlog_checksum", "'NONE'")
    seen = look(t, "pass", "rows only")
    assert seen["current"] == 0 and seen["without_checksum"] == seen["bad_checksum"] == 0, seen
    server.sql("INSERT INTO w.t (a) VALUES (2)")
    seen = look(t, "warn", "without a checksum", "SET GLOBAL binlog_checksum = 'CRC32'")
    assert seen["without_checksum"] == seen["events"] - 1 and seen["current"] == 1, seen
    server.sql("SET GLOBAL binlog_checksum = 'CRC32'")
    seen = look(t, "warn", "without a checksum")
    assert seen["current"] == 0, seen
    server.sql("INSERT INTO w.t (a) VALUES (3)")
    assert look(t, "pass", "rows only")["without_checksum"] == 0


@on_servers()
def test_account_that_may_not_read_the_binlog(t):
    server = t.server
    ready(t)
    user = "sluice_poor"
    name = "BINLOG MONITOR" if server.row.flavour == "mariadb" else "REPLICATION CLIENT"
    server.sql("GRANT %s ON *.* TO '%s'@'%%'" % (name, user))
    t.later(lambda: server.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM '%s'@'%%'" % user))
    keys = keys_of(server, user)
    seen = look(t, "unknown", "1227", "GRANT REPLICATION SLAVE", keys=keys)
    assert seen["evidence"]["error"]["errno"] == 1227, seen["evidence"]
    assert seen["evidence"]["error"]["sqlstate"] == "42000", seen["evidence"]
    statement = re.search(r"GRANT REPLICATION[^;]*", seen["check"]["remedy"]).group(0)
    server.sql(statement)
    look(t, "skip", keys=keys)


def dumps(server):
    return [r[0] for r in server.sql("SHOW PROCESSLIST") if (r[4] or "").startswith("Binlog Dump")]


@on_servers()
def test_beside_a_running_relay(t):
    """The relay, with the same account, keeps its connection; nothing registers at the source."""
    server = t.server
    workload.some(server, rounds=2, rotations=1)
    box = Sluice(t).start()
    box.wait_caught_up()
    before, threads = box.status(), dumps(server)
    assert before["phase"] == "streaming" and len(threads) == 1, (before, threads)
    hosts = len(server.sql("SHOW REPLICAS" if server.version.startswith("9.")
                           else "SHOW SLAVE HOSTS"))
    load = workload.Workload(server).begin()
    for _ in range(6):
        seen = look(t, "fail", "statements", keys=keys_of(server, "sluice"))
        assert seen["events"] > 10, seen
    load.finish()
    box.wait_caught_up()
    after = box.status()
    assert after["phase"] == "streaming" and after["connects"] == before["connects"], after
    assert dumps(server) == threads
    assert hosts == len(server.sql("SHOW REPLICAS" if server.version.startswith("9.")
                                   else "SHOW SLAVE HOSTS"))
    box.stop()
    box.compare()


@on_servers()
def test_a_huge_event(t):
    """Only its beginning is read; the limit lies inside it."""
    server = t.server
    ready(t)
    with server.connect() as db:
        workload.prepare(db)
        workload.huge_event(db, 64)
    seen = look(t, "pass", "limit of 1 MiB, inside an event")
    assert seen["row_events"] == 1 and seen["to"] < 10000, seen


def big(t):
    """More than the look at the binlog takes, and more than all other answers together."""
    table(t)
    with t.server.connect() as db:
        for i in range(4):
            db.query("INSERT INTO w.t (a, b, c) VALUES (%d, 'marker-of-the-row', "
                     "REPEAT(UNHEX('01'), 700000))" % i)


@on_servers()
def test_damage_and_a_cut_on_the_way(t):
    server = t.server
    big(t)
    proxy = Proxy(server.port)
    t.later(proxy.close)
    keys = keys_of(server, port=proxy.port)
    look(t, "pass", "rows only", keys=keys)
    proxy.flip_at(b"marker-of-the-row")
    seen = look(t, "fail", "fail their CRC-32: 1", "verify-binlog-checksum", keys=keys)
    at = [p for p, kind, _ in events_of(server, seen["file"]) if "rows" in kind.lower()]
    assert seen["first_bad_checksum"] == at[0], (seen, at)
    proxy.cut_once(300000)
    seen = look(t, "unknown", keys=keys)
    assert seen["evidence"]["error"]["text"], seen["evidence"]
    seen["result"].expect(-256, "pass")
    seen["result"].expect(-262, "pass")


class StallingProxy(Proxy):
    """Nothing flows any more once the binlog comes."""

    def damage(self, chunk):
        if b"marker-of-the-row" in chunk:
            self.stall()
        return chunk


@on_servers(["mysql-9.7"])
def test_a_source_that_falls_silent(t):
    """Told to stop, it stops; else the look ends by itself."""
    server = t.server
    big(t)
    for stop in (True, False):
        proxy = StallingProxy(server.port)
        t.later(proxy.close)
        path = write_config(t, keys_of(server, port=proxy.port, timeout="1m"), timeout="5s")
        process = subprocess.Popen([PROGRAM, "precheck", "-c", path], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        wait_for(proxy.stalled.is_set, what="the binlog to come")
        begun = time.monotonic()
        if stop:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert time.monotonic() - begun < (2 if stop else 9), (out, err)
        assert process.returncode == 1 and NAME in out and PASSWORD not in out, (out, err)
        proxy.close()
