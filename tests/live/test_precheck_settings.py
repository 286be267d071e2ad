# SPDX-License-Identifier: Apache-2.0
"""The precheck's checks of settings, of the target and of the binlog's history, against real
servers: each made to pass and to complain there, and its remedy run. What no real server can be
brought to say is said by a stand-in."""
import os
import re
import shutil
import socket

from fake_server import FakeServer, well
from harness import on_servers, wait_for, without_server
from precheck_state import make_account
from servers import PASSWORD, USER
from test_precheck import fresh, keys_of, nowhere, pair, run, set_global


def source_of(t):
    make_account(t.server)
    return t.server


def is_mariadb(server):
    return server.row.flavour == "mariadb"


def is_new(server):
    return server.version.startswith("9.")


def follow(remedy, server, count=1):
    """Runs the statements that a remedy gives for a running server."""
    statements = re.findall(r"((?:SET GLOBAL|INSTALL|GRANT|START) [^;]*);", remedy)
    assert len(statements) >= count, remedy
    for statement in statements:
        server.sql(statement)


def set_back(t, server, *names):
    """After the test these are as they are now."""
    for name in names:
        value = server.variable(name)
        t.later(lambda n=name, v=value: server.sql("SET GLOBAL %s = %s" % (
            n, v if re.match(r"[0-9.]+$", v) else "'%s'" % v)))


# ---- the source alone ----

@on_servers()
def test_history_is_kept(t):
    source = source_of(t)

    def judged(verdict, *words):
        return run(t, keys_of(source)).expect("binlog-retention", verdict, *words)

    if source.variable("binlog_expire_logs_seconds") is None:   # whole days, none is for ever
        judged("pass", "until they are purged by hand", "; now they are ")
        set_global(t, source, "expire_logs_days", "7")
        judged("pass", "for 7.0 days")
        return
    set_back(t, source, "binlog_expire_logs_seconds")
    judged("pass", "by hand" if is_mariadb(source) else "for 30.0 days")
    source.sql("SET GLOBAL binlog_expire_logs_seconds = 1800")
    judged("fail", "only for 30 min")
    source.sql("SET GLOBAL binlog_expire_logs_seconds = 7200")
    check = judged("warn", "only for 2.0 h")
    follow(check["remedy"], source)
    judged("pass", "for 7.0 days")
    if is_mariadb(source):
        source.sql("SET GLOBAL expire_logs_days = 0.25")
        judged("warn", "only for 6.0 h")
    else:
        set_global(t, source, "binlog_expire_logs_auto_purge", "OFF")
        judged("pass", "by hand")
    if source.variable("max_binlog_total_size") is not None:
        source.sql("SET GLOBAL binlog_expire_logs_seconds = 0")
        source.sql("SET GLOBAL max_binlog_total_size = 1073741824")
        follow(judged("warn", "beyond 1.0 GiB")["remedy"], source)
        judged("pass", "by hand")


@on_servers()
def test_settings_that_matter(t):
    """Everything else that is one variable of the source."""
    source = source_of(t)
    result = run(t, keys_of(source))
    new = is_new(source)
    for name, text in (("row-options", "is empty" if new else "no such setting"),
                       ("binlog-compression", "is OFF" if not source.row.npm else "no such"),
                       ("binlog-encryption", "is OFF" if not source.row.npm else "no such"),
                       ("big-files", "1 files, the largest has"), ("packet-size", "1.0 GiB"),
                       ("binlog-filter", "no database is kept out"),
                       ("connections", "of 40 connections are in use")):
        result.expect(name, "pass", text)
    result.expect("gtid-consistency", "skip" if is_mariadb(source) else "pass",
                  "MariaDB has no gtid_mode" if is_mariadb(source) else
                  "gtid_mode is " + source.variable("gtid_mode"))
    result.expect(2001041, "skip", "no replica itself")

    changes = {"max_allowed_packet": "1048576", "max_connections": "10"}
    expected = {"packet-size": "the source is 1.0 MiB", "connections": "of 10 connections"}
    if new:
        changes["binlog_row_value_options"] = "'PARTIAL_JSON'"
        changes["binlog_transaction_compression"] = "ON"
        expected["row-options"] = "PARTIAL_JSON"
        expected["binlog-compression"] = "binlog_transaction_compression is ON"
    elif is_mariadb(source):
        changes["log_bin_compress"] = "ON"
        expected["binlog-compression"] = "log_bin_compress is ON"
    set_back(t, source, *changes)
    for name, value in changes.items():
        source.sql("SET GLOBAL %s = %s" % (name, value))
    result = run(t, keys_of(source))
    for name, text in expected.items():
        follow(result.expect(name, "warn", text)["remedy"], source)
    result = run(t, keys_of(source))
    for name in expected:
        result.expect(name, "pass")


@on_servers(["mysql-9.7"])
def test_gtids_half_way(t):
    source = source_of(t)
    steps = ["OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"]

    def up():
        source.sql("SET GLOBAL enforce_gtid_consistency = ON")
        for step in steps[steps.index(source.variable("gtid_mode")) + 1:]:
            source.sql("SET GLOBAL gtid_mode = " + step)
    t.later(up)

    def judged(verdict, *words):
        return run(t, keys_of(source)).expect("gtid-consistency", verdict, *words)

    judged("pass", "gtid_mode is ON")
    for step in ("ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"):
        source.sql("SET GLOBAL gtid_mode = " + step)
        judged("pass" if step == "OFF" else "warn", "gtid_mode is " + step)
    for step in steps[1:3]:
        source.sql("SET GLOBAL gtid_mode = " + step)
    follow(judged("warn", "gtid_mode is ON_PERMISSIVE")["remedy"], source, 4)
    judged("pass", "gtid_mode is ON")


def lies_about_time(t, server, seconds):
    """A real server whose sessions are told another time (not those with SUPER)."""
    server.sql("SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() + %d'" % seconds)
    t.later(lambda: server.sql("SET GLOBAL init_connect = ''"))


@on_servers()
def test_clocks(t):
    source, target = pair(t)
    make_account(source)
    make_account(target)
    result = run(t, keys_of(source), keys_of(target))
    result.expect("clock", "pass", "source, target and this box")
    lies_about_time(t, target, -3600)
    result = run(t, keys_of(source), keys_of(target))
    result.expect("clock", "warn", "target's clock is", "behind this box's",
                  "behind the source's", "NTP")
    lies_about_time(t, source, -3600)
    result = run(t, keys_of(source), keys_of(target))
    check = result.expect("clock", "warn", "source's clock is")
    assert "behind the source's" not in check["why"], check
    result = run(t, keys_of(source))
    result.expect("clock", "warn", "source's clock is", "behind")


@on_servers(["mariadb-10.11", "mariadb-11.8"])
def test_encrypted_binlog(t):
    keys = t.path("keys.txt")
    with open(keys, "w") as out:
        out.write("1;" + "5a" * 32 + "\n")
    os.chmod(t.folder, 0o755)
    source = fresh(t, "--plugin-load-add=file_key_management",
                   "--file-key-management-filename=" + keys, "--encrypt-binlog")
    make_account(source)
    run(t, keys_of(source)).expect("binlog-encryption", "warn", "encrypt_binlog is ON",
                                   "is not encrypted")


# ---- a target ----

@on_servers()
def test_settings_of_both(t):
    source, target = pair(t)
    make_account(source)
    make_account(target)
    set_back(t, target, "sql_mode", "time_zone", "collation_server", "character_set_server",
             "max_allowed_packet", "auto_increment_increment", "auto_increment_offset")
    set_back(t, source, "time_zone")
    result = run(t, keys_of(source), keys_of(target))
    for name in ("settings-equal", "packet-size", "auto-increment"):
        result.expect(name, "pass")

    for statement in ("sql_mode = 'ANSI_QUOTES'", "collation_server = 'latin2_bin'",
                      "max_allowed_packet = 16777216", "auto_increment_increment = 2",
                      "auto_increment_offset = 2", "time_zone = '+02:00'"):
        target.sql("SET GLOBAL " + statement)
    source.sql("SET GLOBAL time_zone = '-03:30'")
    result = run(t, keys_of(source), keys_of(target))
    check = result.expect("settings-equal", "warn", "only on the target ANSI_QUOTES",
                          "-03:30, now -03:30 on the source and +02:00, now +02:00",
                          "and latin2_bin on the target")
    follow(check["remedy"], target, 3)
    check = result.expect("packet-size", "warn", "1.0 GiB on the source and 16.0 MiB on the target")
    follow(check["remedy"], target)
    check = result.expect("auto-increment", "warn", "increment is 1 on the source and 2",
                          "offset is 1 on the source and 2")
    follow(check["remedy"], target, 2)
    result = run(t, keys_of(source), keys_of(target))
    for name in ("settings-equal", "packet-size", "auto-increment"):
        result.expect(name, "pass")

    # The same zone by another name.
    source.sql("SET GLOBAL time_zone = 'SYSTEM'")
    link = source.connect()
    minutes = int(link.query("SELECT TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), NOW())")[0][0])
    link.close()
    target.sql("SET GLOBAL time_zone = '%s%02d:%02d'" % (
        "-" if minutes < 0 else "+", abs(minutes) // 60, abs(minutes) % 60))
    utc = source.variable("system_time_zone") in ("UTC", "GMT")
    run(t, keys_of(source), keys_of(target)).expect(
        "settings-equal", "pass" if utc else "warn", "time_zone is SYSTEM, now", "the same now")


@on_servers()
def test_what_takes_a_restart(t):
    """Filters of the binlog, and a data folder that was copied: both have one server_uuid, and the
    remedy gives the target one of its own."""
    other = fresh(t, "--binlog-do-db=shop")
    make_account(other)
    other.sql("CREATE DATABASE shop")
    source, task = source_of(t), {"scope": "tables", "tables": "shop.a, w"}

    def judged(verdict, *words, task=None):
        run(t, keys_of(other), None, task).expect("binlog-filter", verdict, *words)

    judged("fail", "out of its binlog: binlog_do_db shop", "restart")
    judged("fail", "binlog_do_db shop", task=task)
    task["tables"] = "shop"
    judged("warn", "DDL", task=task)

    other.stop()
    other.options = ["--binlog-ignore-db=mysql", "--binlog-ignore-db=test"]
    auto = [os.path.join(server.datadir, "auto.cnf") for server in (source, other)]
    if not is_mariadb(source):
        shutil.copyfile(*auto)
    other.start()
    judged("fail", "binlog_ignore_db mysql,test")
    judged("warn", "mysql,test", task=task)
    if is_mariadb(source):
        return
    run(t, keys_of(source), keys_of(other)).expect(
        "settings-equal", "fail", "both have server_uuid " + source.variable("server_uuid"),
        "remove auto.cnf")
    other.stop()
    os.remove(auto[1])
    other.start()
    run(t, keys_of(source), keys_of(other)).expect("settings-equal", "pass")


@on_servers()
def test_empty_target(t):
    source, target = pair(t)
    make_account(source)
    make_account(target)
    for (name,) in target.sql("SHOW DATABASES"):
        if name not in ("mysql", "information_schema", "performance_schema", "sys"):
            target.sql("DROP DATABASE `%s`" % name)
    run(t, keys_of(source), keys_of(target)).expect(-259, "pass", "only system databases")
    poor = keys_of(target, "sluice_poor")
    run(t, keys_of(source), poor).expect(-259, "unknown", "SHOW DATABASES")
    target.sql("CREATE DATABASE `bücher`")
    t.later(lambda: target.sql("DROP DATABASE `bücher`"))
    run(t, keys_of(source), keys_of(target)).expect(-259, "fail", "already holds `bücher`")
    run(t, keys_of(source), poor).expect(-259, "unknown")
    run(t, keys_of(source), keys_of(target), {"scope": "tables", "tables": "shop"}).expect(
        -259, "skip")


@on_servers()
def test_room_on_the_target(t):
    source, target = pair(t)
    make_account(source)
    make_account(target)
    source.sql("CREATE DATABASE shop")
    source.sql("CREATE TABLE shop.a (id INT PRIMARY KEY, text LONGTEXT) ENGINE=InnoDB")
    source.sql("INSERT INTO shop.a VALUES (1, REPEAT('x', 4000000))")
    source.sql("ANALYZE TABLE shop.a")

    def judged(verdict, *words, task=None, **keys):
        return run(t, keys_of(source), keys_of(target, **keys), task).expect(-258, verdict, *words)

    check = judged("pass", "(target.capacity)", capacity="1G")
    size = float(re.search(r"tables hold ([0-9.]+) MiB", check["why"]).group(1))
    assert 3.5 < size < 12, check
    judged("fail", "MiB; it has 4.0 MiB (target.capacity)", "correct target.capacity",
           capacity="4M")
    judged("pass", "hold 0 bytes", task={"scope": "tables", "tables": "w"}, capacity="4M")
    if not is_mariadb(target):
        judged("unknown", "does not tell how much room", "capacity = 200G")
        return
    # The plugin of MariaDB that knows, brought there by following the remedies.
    result = run(t, keys_of(source), keys_of(target))
    check = result.expect(-258, "unknown", "DISKS is not installed", "INSTALL SONAME")
    result.expect(-254, "pass")
    t.later(lambda: target.sql("UNINSTALL SONAME 'disks'"))
    follow(check["remedy"], target)
    result = run(t, keys_of(source), keys_of(target))
    if result.by_code[-258]["verdict"] == "unknown":
        follow(result.expect(-258, "unknown", "GRANT FILE")["remedy"], target)
        t.later(lambda: target.sql("REVOKE FILE ON *.* FROM 'precheck'@'%'"))
        result = run(t, keys_of(source), keys_of(target))
    result.expect(-258, "pass", "with its datadir")


# ---- replicas ----

def replicate(source, replica):
    """REPLICA follows SOURCE from now on."""
    where = source.sql("SHOW BINARY LOG STATUS" if is_new(source) else "SHOW MASTER STATUS")[0]
    words = {"HOST": "'127.0.0.1'", "PORT": source.port, "USER": "'%s'" % USER,
             "PASSWORD": "'%s'" % PASSWORD, "LOG_FILE": "'%s'" % where[0], "LOG_POS": where[1]}
    prefix = "SOURCE_" if is_new(source) else "MASTER_"
    settings = [prefix + name + " = %s" % value for name, value in words.items()]
    if is_new(source):
        settings += ["GET_SOURCE_PUBLIC_KEY = 1", "SOURCE_AUTO_POSITION = 0"]
    elif is_mariadb(source):
        settings.append("MASTER_USE_GTID = no")
    replica.sql("CHANGE %s TO %s" % ("REPLICATION SOURCE" if is_new(source) else "MASTER",
                                     ", ".join(settings)))
    replica.sql(threads(replica, "START"))
    wait_running(replica, ("Yes", "Yes"))


def threads(server, word):
    return "%s %s" % (word, "REPLICA" if is_new(server) else "SLAVE")


def running(replica):
    """How its IO and its SQL thread are."""
    link = replica.connect()
    rows = link.query("SHOW REPLICA STATUS" if is_new(replica) else "SHOW SLAVE STATUS")
    link.close()
    return (rows[0][10], rows[0][11]) if rows else None


def wait_running(replica, wanted):
    wait_for(lambda: running(replica) == wanted, what="threads of the replica to be %s" % (wanted,))


@on_servers(limit=180)
def test_replicas(t):
    """One chain: the source of this test, and a replica of it, in each role of theirs."""
    source = source_of(t)
    replica = fresh(t, *(["--log-replica-updates=OFF", "--skip-replica-start"]
                         if is_new(source) else []))
    make_account(replica)
    name = "log_replica_updates" if is_new(source) else "log_slave_updates"

    def of_target(verdict, *words, **keys):
        keys.setdefault("replicas", "127.0.0.1:%d" % replica.port)
        return run(t, keys_of(source), keys_of(source, **keys)).expect(-292, verdict, *words)

    def as_source(verdict, *words):
        return run(t, keys_of(replica)).expect(2001041, verdict, *words)

    as_source("skip", "no replica itself")
    of_target("fail", "replicates from nowhere", "CHANGE ")
    replicate(source, replica)
    as_source("fail", name + " is OFF", name + " = ON")
    follow(of_target("fail", "is not read_only")["remedy"], replica)
    of_target("pass", "1 of 1 replicas replicate and are read_only")
    of_target("pass", "names no replica", replicas=None)
    # The key in the config is the target's; after this the replica knows the password without.
    run(t, keys_of(replica, "sluice_poor"))
    check = of_target("unknown", "error 1227", "GRANT ", user="sluice_poor")
    follow(check["remedy"], replica)
    of_target("pass", user="sluice_poor")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        of_target("fail", "replica 2 (127.0.0.1:", "is not reached",
                  replicas="127.0.0.1:%d, 127.0.0.1:%d" % (replica.port, sock.getsockname()[1]))
    # What the target may not be.
    for variable in ("read_only", "super_read_only"):
        if source.variable(variable) is not None:
            source.sql("SET GLOBAL %s = ON" % variable)
            t.later(lambda: source.sql("SET GLOBAL read_only = OFF"))
            check = of_target("fail", variable + " of the target is ON")
            follow(check["remedy"], source)
    of_target("pass")
    # The SQL thread in trouble, and out of it by the remedy.
    source.sql("CREATE DATABASE twice")
    source.sql("CREATE TABLE twice.a (id INT PRIMARY KEY)")
    wait_for(lambda: replica.sql("SHOW DATABASES LIKE 'twice'") and
             replica.sql("SHOW TABLES FROM twice"), what="the table to be on the replica")
    replica.sql("INSERT INTO twice.a VALUES (1)")
    source.sql("INSERT INTO twice.a VALUES (1)")
    wait_running(replica, ("Yes", "No"))
    check = of_target("fail", "its IO thread runs: Yes, its SQL thread: No, error 1062")
    as_source("fail", name + " is OFF")
    replica.sql("DELETE FROM twice.a")
    follow(check["remedy"], replica)
    wait_running(replica, ("Yes", "Yes"))
    of_target("pass")
    replica.sql(threads(replica, "STOP"))
    of_target("fail", "its IO thread runs: No, its SQL thread: No")
    as_source("skip", "is stopped")
    # The remedy of 2001041.
    replica.options = ["--%s=ON" % name.replace("_", "-"), "--read-only"]
    replica.restart()
    wait_running(replica, ("Yes", "Yes"))
    as_source("pass", name + " is ON")
    of_target("pass")
    # A replica, but of another server.
    _, other = pair(t)
    make_account(other)
    run(t, keys_of(source), keys_of(other, replicas="127.0.0.1:%d" % replica.port)).expect(
        -292, "warn", "follows the server with server_id " + source.variable("server_id"))


@on_servers()
def test_replica_status_refused(t):
    source = source_of(t)
    result = run(t, keys_of(source, "sluice_poor"))
    result.expect(2001041, "unknown", "error 1227")
    result.expect("big-files", "unknown", "error 1227")
    result.expect("binlog-filter", "unknown")
    result.expect("binlog-retention", "pass")


# ---- by stand-ins ----

def stand_in(t, version, answers=None, **changed):
    fake = FakeServer(well(version, **changed), answers=answers)
    t.later(fake.close)
    return fake


@without_server()
def test_aliyun(t):
    source = stand_in(t, "5.6.16-log", rds_indexstat="OFF", rds_threads_running_ctl_mode="SELECTS")
    for version, changed, verdict, word in (
            ("5.6.51", {}, "pass", "rds_indexstat, rds_threads_running_ctl_mode"),
            ("5.6.51", {"rpl_semi_sync_master_enabled": "ON"}, "fail",
             "SET GLOBAL rpl_semi_sync_master_enabled = OFF;"),
            ("5.7.44", {}, "fail", "the target is MySQL 5.7.44"),
            ("10.3.39-MariaDB", {}, "fail", "the target is MariaDB 10.3.39")):
        target = stand_in(t, version, server_id="66", **changed)
        run(t, nowhere(source.port), nowhere(target.port)).expect(-419, verdict, word)
    run(t, nowhere(target.port), nowhere(source.port)).expect(-419, "skip", "not Aliyun")


@without_server()
def test_what_real_servers_take_too_long_for(t):
    """Files past 4 GiB, and a keyring for MySQL's encrypted binlog."""
    files = ["Log_name", "File_size", "Encrypted"], [
        ["binlog.000001", "1073741999", "No"], ["binlog.000002", "5368709120", "No"],
        ["binlog.000003", "4294967296", "No"], ["binlog.000004", "154", "No"]]
    source = stand_in(t, "8.0.40", {"binlog-files": files}, binlog_encryption="ON")
    result = run(t, nowhere(source.port))
    result.expect("big-files", "warn", "binlog.000002 (5.0 GiB), binlog.000003 (4.0 GiB)",
                  "reads such a file again from its start")
    result.expect("binlog-encryption", "warn", "binlog_encryption is ON")
    result.expect("binlog-retention", "pass", "; now they are 10.0 GiB")
    source.answers["binlog-files"] = files[0], files[1][:1] + files[1][3:]
    run(t, nowhere(source.port)).expect("big-files", "pass", "2 files, the largest has 1.0 GiB")


@without_server()
def test_other_series(t):
    """What a setting is called, and whether there is one, on servers that cannot be had."""
    for version, changed, expected in (
            ("5.5.62", {}, {"row-options": "pass", "binlog-compression": "pass",
                            "binlog-encryption": "pass", "gtid-consistency": "skip"}),
            ("5.7.44", {"gtid_mode": "OFF_PERMISSIVE"}, {"gtid-consistency": "warn"}),
            ("8.0.40", {"binlog_row_value_options": "PARTIAL_JSON",
                        "binlog_expire_logs_seconds": "1200"},
             {"row-options": "warn", "binlog-retention": "fail"}),
            ("8.4.3", {"binlog_transaction_compression": "ON"}, {"binlog-compression": "warn"}),
            ("10.3.39-MariaDB", {"log_bin_compress": "ON"},
             {"binlog-compression": "warn", "gtid-consistency": "skip", "row-options": "pass"})):
        source = stand_in(t, version, **changed)
        result = run(t, nowhere(source.port))
        for name, verdict in expected.items():
            result.expect(name, verdict)


@without_server()
def test_nonsense_is_unknown(t):
    """Values that are no numbers, no words of theirs, or not there."""
    odd = {"max_connections": "many", "max_allowed_packet": "", "expire_logs_days": "-1",
           "read_only": "2", "sql_mode": None, "auto_increment_offset": "x"}
    answers = {"binlog-files": (["Log_name", "File_size"], [["b.1", None], ["b.2", "99" * 20]]),
               "clock": (["unix_time", "utc_offset"], [[None, "east"]]),
               "status": (["Variable_name", "Value"], [["Threads_connected", None]]),
               "binlog-status": (["File", "Position"], [["b.2", "4"]]),
               "table-kinds": (["ENGINE", "bytes"], [["InnoDB", "1e9"], [None, None]]),
               "replica-status": (["Slave_IO_State"], [["Waiting"]])}
    server = stand_in(t, "5.7.44", answers, **odd)
    other = stand_in(t, "5.7.44", answers, server_id="66", **odd)
    result = run(t, nowhere(server.port), nowhere(other.port, capacity="1G"))
    for code in ("connections", "packet-size", "binlog-retention", -292, "settings-equal",
                 "auto-increment", "big-files", "clock", "binlog-filter", -258, 2001041):
        result.expect(code, "unknown")
