# SPDX-License-Identifier: Apache-2.0
"""The precheck against real servers: each check made to pass and to fail, and every cause named."""
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import coverage
import servers
from fake_server import FakeServer, well
from harness import on_servers, reset, without_server
from mysql_client import Connection, ServerError
from precheck_state import ACCOUNT, make_account
from servers import PASSWORD, Server
from sluice import PROGRAM, program

ROOM = "1024G"      # target.capacity: what no test's data comes near
VERDICTS = ("pass", "skip", "warn", "unknown", "fail")


def keys_of(server, user=ACCOUNT, **changed):
    keys = {"host": "127.0.0.1", "port": server.port, "user": user, "password": PASSWORD,
            "tls": "off", "timeout": "5s"}
    if isinstance(server, Server) and server.version.startswith("9."):
        keys["rsa_key"] = os.path.join(server.datadir, "public_key.pem")
    keys.update(changed)
    return keys


def write_config(t, source, target=None, task=None, lang="en", timeout="20s"):
    sections = {"appliance": {"lang": lang, "http": "off"}, "source": source, "target": target,
                "precheck": {"timeout": timeout}, "task": task}
    path = t.path("precheck.ini")
    with open(path, "w") as out:
        for section, keys in sections.items():
            if keys:
                out.write("[%s]\n" % section)
                for key, value in keys.items():
                    if value is not None:
                        out.write("%s = %s\n" % (key, value))
    return path


class Result:
    """One run: code, summary, checks by code, and the JSON as a whole."""

    def __init__(self, done):
        self.code = done.returncode
        assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        try:
            self.json = json.loads(done.stdout)
        except ValueError:
            raise AssertionError("no JSON: %r %r" % (done.stdout, done.stderr)) from None
        assert "summary" in self.json, done.stdout
        self.summary = self.json["summary"]
        # Checks of our own have no code; they go by their name.
        self.by_code = {c["code"] or c["name"]: c for c in self.json["checks"]}
        worst = max((VERDICTS.index(c["verdict"]) for c in self.json["checks"]))
        # What does not apply is no worse than what passes.
        assert self.json["verdict"] == ("pass" if VERDICTS[worst] == "skip" else VERDICTS[worst])
        assert self.code == (0 if worst <= 2 else 1), (self.code, self.summary)
        order = [VERDICTS.index(c["verdict"]) for c in self.json["checks"]]
        assert order == sorted(order, reverse=True), "worst first: %s" % order

    def verdicts(self):
        return {code: c["verdict"] for code, c in self.by_code.items()}

    def expect(self, code, verdict, *texts):
        check = self.by_code[code]
        words = check["why"] + "\n" + check["remedy"]
        assert check["verdict"] == verdict and all(w in words for w in texts), \
            "not %s with %s: %s" % (verdict, texts, told(check))
        if VERDICTS.index(verdict) >= 2:
            assert check["remedy"], check
        return check

    def expect_rest(self, verdict, *but):
        for code, check in self.by_code.items():
            if code not in but:
                assert check["verdict"] == verdict, "not %s: %s" % (verdict, told(check))

    def expect_well(self, skipped, *but):
        """Everything passes, but what does not apply: no more and no less."""
        for code, check in self.by_code.items():
            if code not in but:
                wanted = "skip" if code in skipped else "pass"
                assert check["verdict"] == wanted, "not %s: %s" % (wanted, told(check))


def told(check):
    """A check without its evidence, for a message."""
    return "%s %s is %s: %s; to do: %s; %s" % (
        check["code"], check["name"], check["verdict"], check["why"], check["remedy"],
        ["%(what)s %(found)s, not %(wanted)s" % c for c in check.get("compared", ())
         if not c["holds"]])


def warned_on(server):
    """What is a warning on a real server that is as it comes: MariaDB from 11.4 on writes events
    without positions."""
    return ("on-the-wire",) if server.row.name == "mariadb-11.8" else ()


# What a plain task on a plain server has no use for: Aliyun, a source that is a replica, TokuDB;
# and with scope = instance what is about the tables that a task names.
SPECIAL = (-419, 2001041, -420, -421)
OF_NAMED_TABLES = (-418, 2001037, -268, -269, -265)
OF_TARGET = (-419, -254, -257, -258, -259, -260, -268, -269, -292, "settings-equal",
             "auto-increment")


def skipped_on(version, target=True):
    """What is skipped on a well server of VERSION, with scope = instance."""
    codes = set(SPECIAL + OF_NAMED_TABLES)
    if "MariaDB" in version:
        codes |= {-260, "gtid-consistency"}
    if re.match(r"5\.[15]\.", version):
        codes.add("gtid-consistency")
    if not version.startswith("5.7."):
        codes.add(2001040)
    return codes if target else codes | set(OF_TARGET)


def answers_inlined(bundle):
    """The bundle's checks, with the answers that each rests on in place of their names."""
    for check in bundle["checks"]:
        for one in check["evidence"]:
            server = bundle["servers"][one["server"]]
            one.update(server["answers"].get(
                one["question"], {"sql": "", "asked_ms": 0, "took_ms": 0,
                                  "not_asked": "the question is not for this server"}),
                       server_version=server["version"])
    return bundle["checks"]


def run(t, *args, **kw):
    """A run against servers. From its bundle alone the same is judged again, always."""
    live = Result(program("precheck", "-c", write_config(t, *args, **kw), "--json", timeout=60))
    path = t.path("bundle.json")
    with open(path, "w") as out:
        json.dump(live.json, out)
    again = Result(program("precheck", "--judge", path, "--json", "--detail", "all"))
    assert again.json["differences"] == [] and again.json["notes"] == [], again.json
    assert (again.code, again.summary) == (live.code, live.summary), (again.summary, live.summary)
    coverage.note(live.json, FakeServer.ports)
    for was, now in zip(answers_inlined(live.json), again.json["checks"]):
        assert was == now, "judged again, this is not the same:\n%s\n%s" % (
            json.dumps(was), json.dumps(now))
    return live


kept = []       # at most one: the target that tests without options of their own share


def pair(t):
    """The test's server as source, and another of its kind as target."""
    make_account(t.server)
    if kept and kept[0].row is not t.server.row:
        server = kept.pop()
        server.stop()
        server.clean_up()
    if not kept:
        kept.append(Server(t.server.row.name))
        kept[0].start()
        make_account(kept[0])
    reset(kept[0])
    # Ports are picked at random, and the number follows from the port.
    kept[0].sql("SET GLOBAL server_id = 77")
    return t.server, kept[0]


def write_something(server):
    """Of a source on which nobody writes the binlog shows nothing."""
    server.sql("CREATE DATABASE IF NOT EXISTS w")
    server.sql("CREATE TABLE IF NOT EXISTS w.t (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB")
    server.sql("INSERT INTO w.t VALUES (NULL)")


def fresh(t, *options):
    """A server of the test's own: MySQL 5.6 never forgets a replica that registered."""
    server = Server(t.server.row.name, options=options)
    t.later(server.clean_up)
    t.later(server.stop)
    server.start()
    make_account(server)
    return server


def set_global(t, server, name, value):
    before = server.variable(name)
    server.sql("SET GLOBAL %s = %s" % (name, value))
    t.later(lambda: server.sql("SET GLOBAL %s = %s" % (
        name, before if before.isdigit() else "'%s'" % before)))


@on_servers()
def test_everything_passes(t):
    source, target = pair(t)
    write_something(source)
    result = run(t, keys_of(source), keys_of(target, capacity=ROOM))
    warned, skipped = warned_on(source), skipped_on(source.version)
    result.expect_well(skipped, *warned)
    for code in warned:
        result.expect(code, "warn", "binlog_legacy_event_pos")
    total = len(result.json["checks"])
    wanted = "%d of %d pass, %d skipped" % (total - len(skipped) - len(warned), total, len(skipped))
    assert result.summary.startswith(wanted) and (warned or result.summary == wanted), wanted
    for check in result.json["checks"]:
        for answer in check["evidence"]:
            assert answer["server"] in ("source", "target"), answer
            assert answer["server_version"] in source.version, answer
            assert answer["question"] == "connect" or answer["sql"], answer
            assert "rows" in answer or answer["question"] == "replicas", answer
    format_check = result.by_code[-262]
    assert format_check["compared"] == [{"what": "source binlog_format", "found": "ROW",
                                         "wanted": "ROW or MIXED", "holds": True}]
    assert ["binlog_format", "ROW"] in format_check["evidence"][0]["rows"]


@on_servers()
def test_without_a_target(t):
    make_account(t.server)
    write_something(t.server)
    result = run(t, keys_of(t.server))
    result.expect_well(skipped_on(t.server.version, target=False), *warned_on(t.server))
    for code in set(OF_TARGET) - set(OF_NAMED_TABLES):
        result.expect(code, "skip", "no [target]")
    result = run(t, keys_of(t.server), None, {"mode": "schema"})
    for code in (-260, -261, -262, -264, "row-image", "checksum"):
        result.expect(code, "skip", "task.mode = schema")


@on_servers()
def test_source_named_twice(t):
    """The source as its own target: nothing may be advised that destroys it."""
    make_account(t.server)
    t.server.sql("CREATE DATABASE w")
    target = keys_of(t.server, host="localhost")
    result = run(t, keys_of(t.server), target)
    result.expect(-407, "warn" if t.server.row.flavour == "mariadb" else "fail",
                  "the source itself under another name")
    check = result.expect(-259, "fail", "drop nothing")
    assert "DROP" not in check["remedy"], check
    result = run(t, keys_of(t.server), target, {"scope": "tables", "tables": "w"})
    check = result.expect(-268, "fail", "drop nothing")
    assert "DROP" not in check["remedy"], check


@on_servers()
def test_modes_and_compares(t):
    """What each mode asks for, and the one pair without rules."""
    make_account(t.server)
    keys = keys_of(t.server)
    for mode in ("online", "backup", "schema"):
        for compare in ("none", "sample", "full"):
            result = run(t, keys, task={"mode": mode, "compare": compare})
            lone = mode == "schema" and compare != "none"
            result.expect(996, "fail" if lone else "pass", mode, compare)
            result.expect(-262, "pass" if mode == "online" else "skip")
            result.expect("primary-keys", "skip" if mode == "schema" else "pass")
            result.expect(-411, "fail" if compare == "full" and not lone else "pass")


@on_servers()
def test_changes_nothing(t):
    """What the server logs of it is questions only, and its binlog stays where it was."""
    source = t.server
    make_account(source)
    log = os.path.join(source.folder, "general.log")
    source.sql("SET GLOBAL general_log_file = '%s'" % log)
    before = source.binlogs()
    source.sql("SET GLOBAL general_log = ON")
    t.later(lambda: source.sql("SET GLOBAL general_log = OFF"))
    assert run(t, keys_of(source)).code == 0
    source.sql("SET GLOBAL general_log = OFF")
    with open(log, errors="replace") as text:
        asked = re.findall(r"\bQuery\t(.*)", text.read())
    asked = [q for q in asked if not q.startswith("SET GLOBAL general_log")]
    assert len(asked) >= 4, asked
    for query in asked:
        assert re.match(r"SELECT VERSION\(\)$|SHOW |SET NAMES |SELECT .* FROM |SELECT UNIX_|"
                        r"SET SESSION |SET @\w+_(binlog_checksum|slave_capability)=", query), query
        assert not re.search(r"(?i)\binto\b|\bfor update\b|@@global\.\w+\s*:?=", query), query
    assert source.binlogs() == before


@on_servers()
def test_settings_of_the_source(t):
    source = t.server
    make_account(source)
    set_global(t, source, "binlog_format", "'STATEMENT'")
    result = run(t, keys_of(source))
    result.expect(-262, "fail", "binlog_format is STATEMENT", "SET GLOBAL binlog_format = 'ROW'")
    assert result.summary.endswith("1 FAILS: -262 binlog-format is STATEMENT"), result.summary
    set_global(t, source, "innodb_stats_on_metadata", "ON")
    set_global(t, source, "server_id", "1")
    result = run(t, keys_of(source))
    result.expect(-267, "fail", "innodb_stats_on_metadata is ON")
    result.expect(-264, "fail", "server_id is 1")
    assert "3 FAIL:" in result.summary
    set_global(t, source, "binlog_row_image", "'MINIMAL'")
    set_global(t, source, "binlog_checksum", "'NONE'")
    result = run(t, keys_of(source))
    result.expect("row-image", "warn", "binlog_row_image is MINIMAL")
    result.expect("checksum", "warn", "binlog_checksum is NONE")
    source.sql("SET GLOBAL binlog_format = 'MIXED'")
    result = run(t, keys_of(source))
    result.expect(-262, "pass", "MIXED")
    # The remedies are statements that help.
    for code in (-264, -267, "row-image", "checksum"):
        statement = re.search(r"SET GLOBAL [^;]*", result.by_code[code]["remedy"]).group(0)
        source.sql(statement)
    source.flush_logs()
    write_something(source)
    result = run(t, keys_of(source))
    result.expect_well(skipped_on(source.version, target=False), *warned_on(source))


@on_servers()
def test_binlog_off(t):
    source = fresh(t, "--skip-log-bin")
    result = run(t, keys_of(source))
    result.expect(-261, "fail", "log_bin is OFF", "log_bin = binlog")
    result.expect(-255, "pass")


@on_servers()
def test_server_ids(t):
    source, target = pair(t)
    number = source.variable("server_id")
    target.sql("SET GLOBAL server_id = " + number)
    result = run(t, keys_of(source), keys_of(target))
    result.expect(-264, "fail", "same server_id " + number)
    target.sql("SET GLOBAL server_id = 4321")
    result = run(t, keys_of(source, server_id=4321), keys_of(target))
    result.expect(-264, "fail", "target's server_id 4321 is also this box's")
    result = run(t, keys_of(source, server_id=number), keys_of(target))
    result.expect(-264, "fail", "also this box's")
    result = run(t, keys_of(source, server_id=4322), keys_of(target))
    result.expect(-264, "pass", "ours 4322")


@on_servers()
def test_another_replica_has_our_number(t):
    """A registered replica with our number; with our host name it is this box itself."""
    source = t.server
    if source.row.npm:
        source = fresh(t)
    make_account(source)
    for host, verdict in (("elsewhere", "fail"), ("sluice", "pass")):
        link = Connection(user=ACCOUNT, password=PASSWORD, unix_socket=source.socket)
        if source.row.gtid == "mysql":
            uuid = "SET @slave_uuid = '11111111-2222-3333-4444-555555555555'"
            link.query(uuid)
            link.query(uuid.replace("slave", "replica"))
        link.sequence = 0
        link.send(b"\x15" + (9876).to_bytes(4, "little") + bytes([len(host)]) + host.encode()
                  + b"\0\0" + b"\0" * 10)
        link.receive()
        result = run(t, keys_of(source, server_id=9876))
        link.close()
        result.expect(-264, verdict, 'host "elsewhere"' if verdict == "fail" else "ours 9876")


@on_servers(["mysql-5.6"])
def test_a_replica_without_uuid(t):
    """MySQL 5.6 sends a broken row for it; that costs this one question and no other."""
    source = fresh(t)
    write_something(source)
    link = Connection(user=ACCOUNT, password=PASSWORD, unix_socket=source.socket)
    link.sequence = 0
    link.send(b"\x15" + (9876).to_bytes(4, "little") + b"\x01x\0\0" + b"\0" * 10)
    link.receive()
    result = run(t, keys_of(source))
    link.close()
    result.expect(-264, "warn", "could not be looked up")
    result.expect(-255, "warn")
    result.expect_well(skipped_on(source.version, target=False), -264, -255)


@on_servers()
def test_incompatible_targets(t):
    source, target = pair(t)
    set_global(t, target, "character_set_server", "'latin2'")
    result = run(t, keys_of(source), keys_of(target))
    check = result.expect(-257, "fail", "character_set_server is %s on the source and latin2" %
                          source.variable("character_set_server"))
    assert [c["holds"] for c in check["compared"]] == [True, True, False, True], check
    statement = re.search(r"SET GLOBAL character[^;]*", check["remedy"]).group(0)
    target.sql(statement)
    run(t, keys_of(source), keys_of(target)).expect(-257, "pass")
    # utf8 and utf8mb3 are two names of one character set.
    source_set = source.variable("character_set_server")
    t.later(lambda: source.sql("SET GLOBAL character_set_server = '%s'" % source_set))
    source.sql("SET GLOBAL character_set_server = 'utf8'")
    fake = FakeServer(well(source.version, character_set_server="utf8mb3", server_id="99",
                           gtid_mode=source.variable("gtid_mode")), source.version)
    t.later(fake.close)
    run(t, keys_of(source), keys_of(fake)).expect(-257, "pass", "utf8")
    fake.answer = well(source.version, character_set_server="utf8", lower_case_table_names="1")
    run(t, keys_of(source), keys_of(fake)).expect(
        -257, "fail", "lower_case_table_names is 0 on the source and 1 on the target")


@on_servers(["mariadb-10.11", "mysql-5.6"])
def test_names_in_lower_case(t):
    make_account(t.server)
    result = run(t, keys_of(t.server), keys_of(fresh(t, "--lower-case-table-names=1")))
    result.expect(-257, "fail", "lower_case_table_names is 0 on the source and 1 on the target",
                  "restart it")


@on_servers(["mysql-5.6", "mysql-9.7"], limit=200)
def test_gtid_modes(t):
    source = t.server
    make_account(source)
    mode = source.variable("gtid_mode")

    def judged(target_version, target_mode):
        fake = FakeServer(well(target_version, gtid_mode=target_mode, server_id="99"),
                          target_version)
        t.later(fake.close)
        result = run(t, keys_of(source), keys_of(fake))
        return result.by_code[-260]

    if mode == "OFF":
        expected = {("5.6.51", "OFF"): "pass", ("5.6.51", "ON"): "pass", ("5.5.62", None): "pass",
                    ("5.7.44", "OFF"): "pass", ("5.7.44", "ON"): "fail", ("8.0.40", "ON"): "pass"}
    else:
        expected = {("5.6.51", "OFF"): "fail", ("5.6.51", "ON"): "pass", ("5.5.62", None): "fail",
                    ("5.7.44", "OFF"): "fail", ("5.7.44", "ON"): "pass", ("9.7.4", "OFF"): "fail"}
    for (version, target_mode), verdict in expected.items():
        check = judged(version, target_mode)
        assert check["verdict"] == verdict, (version, target_mode, check)
    # Both real: the remedy for a target without GTIDs really leads there.
    if source.row.npm:
        other = fresh(t, "--log-slave-updates", "--enforce-gtid-consistency", "--gtid-mode=ON")
        result = run(t, keys_of(other), keys_of(source))
        result.expect(-260, "fail", "ON on the source and OFF on the target", "gtid_mode = ON")
        return
    _, other = pair(t)
    for step in ("ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF"):
        other.sql("SET GLOBAL gtid_mode = " + step)
    result = run(t, keys_of(source), keys_of(other))
    check = result.expect(-260, "fail", "ON on the source and OFF on the target")
    steps = re.findall(r"SET GLOBAL [^;]*", check["remedy"])
    assert len(steps) == 4, steps
    for step in steps[:3]:
        other.sql(step)
    run(t, keys_of(source), keys_of(other)).expect(-260, "warn", "ON_PERMISSIVE", "on the target")
    other.sql(steps[3])
    run(t, keys_of(source), keys_of(other)).expect(-260, "pass")


# ---- what keeps us out ----

def expect_out(result, *texts):
    """-256 fails with its cause, and what rests on the source is unknown, neither pass nor fail."""
    check = result.expect(-256, "fail", *texts)
    for code, other in result.by_code.items():
        if code not in (-256, -407, 996) and other["verdict"] != "skip":
            result.expect(code, "unknown", "see -256")
    result.expect(-407, "pass")
    assert "-256 source-connect" in result.summary
    return check


@on_servers()
def test_login_refused(t):
    wrong = "Wrong-word-55"
    for keys in (keys_of(t.server, "sluice", password=wrong), keys_of(t.server, "nobody-here")):
        result = run(t, keys)
        check = expect_out(result, "login refused", "source.password", keys["user"])
        error = check["evidence"][0]["error"]
        assert (error["errno"], error["sqlstate"]) == (1045, "28000"), error
        assert wrong not in json.dumps(result.json)


@on_servers()
def test_account_without_privileges(t):
    """May only log in: the queries it is refused are named, with the statements that help."""
    poor = "'sluice_poor'@'%'"
    t.later(lambda: t.server.sql("REVOKE ALL PRIVILEGES, GRANT OPTION FROM " + poor))
    write_something(t.server)
    result = run(t, keys_of(t.server, "sluice_poor"))
    result.expect(-256, "pass")
    result.expect(-262, "pass")
    check = result.expect(-255, "fail", "error 1227 (42000)", "GRANT", "sluice_poor")
    assert "1227" in json.dumps(check["evidence"])
    result.expect(-264, "warn", "could not be looked up")
    for _ in range(4):
        remedies = " ".join(c["remedy"] for c in result.json["checks"])
        statements = set(re.findall(r"GRANT [A-Z][A-Z, ]* ON \S+ TO \S+@['`]%['`]", remedies))
        if not statements:
            break
        for statement in statements:
            t.server.sql(statement)
        result = run(t, keys_of(t.server, "sluice_poor"))
    result.expect_well(skipped_on(t.server.version, target=False), *warned_on(t.server))


@on_servers()
def test_tls_as_asked(t):
    if t.server.row.tls:
        make_account(t.server)
        result = run(t, keys_of(t.server, tls="require"))
        result.expect(-256, "pass", "TLSv1.")
        result = run(t, keys_of(t.server, tls="verify", fingerprint="11" * 32))
        expect_out(result, "no TLS connection", "source.fingerprint")
        result = run(t, keys_of(t.server, "sluice_tls", tls="off"))
        expect_out(result, "source.")
    else:
        result = run(t, keys_of(t.server, tls="require"))
        expect_out(result, "no TLS connection", "source.tls = off")


@on_servers()
def test_no_free_connection(t):
    server = t.server
    make_account(server)
    links, limit = [], int(server.variable("max_connections"))
    # With skip-name-resolve and a small limit this takes few links.
    server.sql("SET GLOBAL max_connections = 10")
    t.later(lambda: server.sql("SET GLOBAL max_connections = %d" % limit))
    t.later(lambda: [link.close() for link in links])
    try:
        while len(links) < 60:
            links.append(Connection(user="sluice_poor", password=PASSWORD,
                                    unix_socket=server.socket))
    except ServerError as err:
        assert err.errno == 1040, err
    result = run(t, keys_of(server))
    check = expect_out(result, "no free connection", "max_connections")
    assert check["evidence"][0]["error"]["errno"] == 1040


@on_servers()
def test_target_that_cannot_be_asked(t):
    """The source is judged all the same; what needs both is unknown."""
    make_account(t.server)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        result = run(t, keys_of(t.server), keys_of(t.server, port=port))
    result.expect(-254, "fail", "not reachable", "target.host")
    for code in (-257, -264):
        result.expect(code, "unknown", "see -254")
    result.expect(-262, "pass")


def listener(t, talk):
    """A port where TALK(socket) is what answers."""
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def accept():
        while True:
            try:
                sock, _ = server.accept()
            except OSError:
                return
            held.append(sock)
            try:
                talk(sock)
            except OSError:
                pass
    threading.Thread(target=accept, daemon=True).start()
    t.later(server.close)
    return server.getsockname()[1]


def nowhere(port, **changed):
    keys = {"host": "127.0.0.1", "port": port, "user": "sluice", "password": PASSWORD,
            "tls": "off", "timeout": "2s"}
    keys.update(changed)
    return keys


@without_server()
def test_wrong_port(t):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        expect_out(run(t, nowhere(sock.getsockname()[1])), "not reachable", "source.port")


@without_server()
def test_unknown_host(t):
    expect_out(run(t, nowhere(3306, host="no-such-host.invalid")), "source.host")


@without_server()
def test_not_a_mysql_server(t):
    port = listener(t, lambda s: s.sendall(b"SSH-2.0-OpenSSH_9.2\x1b[2J\r\n"))
    expect_out(run(t, nowhere(port)), "not a MySQL server", "source.port")
    port = listener(t, lambda s: s.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    expect_out(run(t, nowhere(port)), "not a MySQL server")


@without_server()
def test_silence_ends_in_time(t):
    """A port that accepts and says nothing, then a pause in the middle of the questions."""
    port = listener(t, lambda s: None)
    begun = time.monotonic()
    expect_out(run(t, nowhere(port, timeout="2s")), "no answer in time")
    assert time.monotonic() - begun < 8
    begun = time.monotonic()
    result = run(t, nowhere(port, timeout="1m"), timeout="2s")
    result.expect(-256, "unknown", "precheck.timeout = 2s")
    assert time.monotonic() - begun < 8

    def slow(sql):
        if sql.startswith("SHOW GLOBAL"):
            time.sleep(30)
        return well("5.7.44")(sql)
    fake = FakeServer(slow)
    t.later(fake.close)
    begun = time.monotonic()
    result = run(t, nowhere(fake.port, timeout="1m"), timeout="2s")
    result.expect(-256, "pass")
    result.expect(-255, "unknown", "precheck.timeout = 2s")
    result.expect(-262, "unknown", "precheck.timeout = 2s")
    assert time.monotonic() - begun < 8


@without_server()
def test_interrupted(t):
    port = listener(t, lambda s: None)
    path = write_config(t, nowhere(port, timeout="1m"), timeout="1m")
    for sig in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([PROGRAM, "precheck", "-c", path], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        begun = time.monotonic()
        process.send_signal(sig)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - begun < 5 and process.returncode == 1, (out, err)
        assert "the precheck was stopped" in out and "unknown" in out, out


@without_server()
def test_stand_ins_of_other_series(t):
    """Servers that cannot be had, whole way: 5.1, 5.5, 5.7, 8.0, 8.4, old MariaDB."""
    for version, target, verdict in (("5.1.73-log", "5.1.73", "pass"),
                                     ("5.5.62-log", "5.6.51", "pass"),
                                     ("5.7.44", "8.0.40", "warn"), ("8.0.40", "8.4.3", "warn"),
                                     ("8.4.3", "8.4.3", "pass"),
                                     ("5.5.5-10.3.39-MariaDB", "10.3.39-MariaDB", "pass"),
                                     ("5.6.51", "10.3.39-MariaDB", "fail")):
        real = version.replace("5.5.5-", "")
        source, other = FakeServer(well(real), version), FakeServer(
            well(target, server_id="66"), target)
        t.later(source.close)
        t.later(other.close)
        result = run(t, nowhere(source.port), nowhere(other.port, capacity=ROOM))
        result.expect(-257, verdict)
        of_checksums = "checksum", "on-the-wire"
        for code in of_checksums:
            result.expect(code, "warn" if re.match(r"5\.[15]\.", real) else "pass")
        result.expect_well(skipped_on(real), -257, *of_checksums)
        assert all(not q.startswith(("SET G", "FLUSH")) for q in source.asked), source.asked


HOSTILE = b"\x1b[2J\x1b]0;gone\x07\xff\xfe\x9b31m\x00\r\n\xc2\x9b\xe2\x80\xae" + b"A" * 3000


@without_server()
def test_hostile_words_are_harmless(t):
    """What a server says reaches screen and JSON as printable, valid UTF-8."""
    def answer(sql):
        if sql.startswith("SHOW GLOBAL"):
            return [b"Variable_name" + HOSTILE[:30], b"Value"], [
                [b"log_bin", HOSTILE], [b"binlog_format", HOSTILE], [b"server_id", HOSTILE],
                [HOSTILE, None], [b"character_set_server", PASSWORD.encode()],
                [b"innodb_stats_on_metadata", b"O" * 20000]]
        if "VERSION" in sql:
            return [b"VERSION()"], [[HOSTILE]]
        return 1105, "HY000", HOSTILE[:400] + PASSWORD.encode()
    fake = FakeServer(answer, b"8.0.1" + HOSTILE[:20].replace(b"\0", b""))
    t.later(fake.close)
    path = write_config(t, nowhere(fake.port), nowhere(fake.port, host="localhost"))
    for words in (["--json", "--detail", "all"], ["--detail", "all"], [], ["--json"]):
        done = subprocess.run([PROGRAM, "precheck", "-c", path] + words, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        assert done.returncode == 1, done
        text = done.stdout.decode("utf-8")      # raises when it is none
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]", text), \
            repr(text)
        assert PASSWORD not in text and b"Sanitizer" not in done.stderr, done.stderr
        if "--json" in words:
            json.loads(text)


@without_server()
def test_too_much_is_refused(t):
    """More rows or bytes than a question allows: unknown, within bounds of memory."""
    def answer(sql):
        if sql == "SHOW SLAVE HOSTS":
            return ["Server_id", "Host"], [["9", "x"]] * 5000
        if sql == "SHOW MASTER STATUS":
            return ["File", "Position", "Executed_Gtid_Set"], [["b.1", "4", "u:1," * 100000]]
        return well("5.7.44")(sql)
    fake = FakeServer(answer)
    t.later(fake.close)
    result = run(t, nowhere(fake.port))
    result.expect(-264, "unknown", "SHOW SLAVE HOSTS")
    result.expect(-255, "unknown", "SHOW MASTER STATUS")
    result.expect(-261, "pass", "not known")


@without_server()
def test_wrong_config_and_usage(t):
    path = write_config(t, {"host": "db1", "port": "99999", "user": "x"}, None, {"mode": "offline"})
    done = program("precheck", "-c", path)
    assert done.returncode == 2 and not done.stdout, done
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and all(line.startswith(path + ":") for line in lines), lines
    done = program("precheck", "-c", path, "--json")
    assert done.returncode == 2
    assert [m["key"] for m in json.loads(done.stdout)["mistakes"]] == ["source.port", "task.mode"]
    for words in ([], ["-c"], ["-c", path, "--nonsense"], ["--detail", "-262"]):
        done = program("precheck", *words)
        assert done.returncode == 2 and "usage" in done.stderr, done
    done = program("precheck", "-c", t.path("missing.ini"))
    assert done.returncode == 2 and "missing.ini" in done.stderr, done


# All that the sources of this table of codes know.
CODES = [-421, -420, -419, -418, -417, -411, -407, -405, -292, -269, -268, -267, -266, -265, -264,
         -262, -261, -260, -259, -258, -257, -256, -255, -254, -253, -41, 996, 2001037, 2001040,
         2001041, 6001000]


@without_server()
def test_list_and_detail(t):
    done = program("precheck", "--list", "--json")
    table = json.loads(done.stdout)["checks"]
    assert done.returncode == 0
    codes = [c["code"] for c in table if c["code"] is not None]
    assert sorted(codes) == sorted(CODES), set(codes) ^ set(CODES)
    names = [c["name"] for c in table if c["code"] is None]
    assert len(names) == len(set(names)) >= 19, names
    for check in table:
        assert all(check[k] for k in ("name", "title", "when", "rule", "remedy", "raised_by"))
    text = program("precheck", "--list").stdout
    assert all(str(c["code"] or "-") in text and c["name"] in text for c in table)

    fake = FakeServer(well("5.7.44", binlog_format="STATEMENT"))
    t.later(fake.close)
    skipped = len(skipped_on("5.7.44", target=False))
    judged = sum(c["raised_by"].startswith("precheck") for c in table)
    for lang, words in (
            ("zh", ("失败", "不能为 statement", "处理：源实例的 binlog 格式需为 row 或者 mixed",
                    "共 %d 项，%d 项通过，%d 项跳过，1 项失败：-262 binlog-format is STATEMENT")),
            ("en", ("FAIL", "binlog_format is STATEMENT",
                    "to do: on the source: SET GLOBAL binlog_format = 'ROW'",
                    "%d of %d pass, %d skipped, 1 FAILS: -262 binlog-format is STATEMENT"))):
        path = write_config(t, nowhere(fake.port), lang=lang)
        done = program("precheck", "-c", path)
        assert done.returncode == 1
        lines = done.stdout.splitlines()
        assert lines[0].split()[:3] == [words[0], "-262", "binlog-format"], lines[0]
        assert words[1] in lines[0], lines[0]
        assert words[2] in lines[1], lines[1]
        counts = judged, judged - skipped - 1, skipped
        if lang == "en":
            counts = counts[1], counts[0], counts[2]
        assert lines[-1] == words[3] % counts, lines[-1]
    for word in ("-262", "262", "binlog-format"):
        done = program("precheck", "-c", path, "--detail", word)
        assert "binlog_format Value=STATEMENT" in done.stdout, done.stdout
        assert "-261" not in done.stdout
        only = json.loads(program("precheck", "-c", path, "--detail", word, "--json").stdout)
        assert [c["name"] for c in only["checks"]] == ["binlog-format"]
    assert program("precheck", "-c", path, "--detail", "-999").returncode == 2
    # The bundle has each answer once, and checks name those that they rest on.
    bundle = json.loads(program("precheck", "-c", path, "--json").stdout)
    assert "sql" in bundle["servers"]["source"]["answers"]["variables"], bundle["servers"]
    for check in bundle["checks"]:
        assert all(set(e) == {"server", "question"} for e in check["evidence"]), check
