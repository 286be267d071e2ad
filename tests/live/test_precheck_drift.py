# SPDX-License-Identifier: Apache-2.0
"""While the relay runs: settings that change on the source are told with their binlog position, a
lost source is told once, and what ends the relay carries its code."""
import base64
import http.client
import re
import resource
import subprocess
import time

import coverage
import servers
from harness import on_servers, wait_for
from servers import PASSWORD
from sluice import PROGRAM, Sluice, position

ACCOUNT = "drift"
OPERATOR = "correct horse battery"
NAMES = ["mariadb-10.11", "mysql-5.6", "mysql-9.7"]


def quoted(name, host="%"):
    return "'%s'@'%s'" % (name, host)


def make_account(server):
    """The relay's account, of this test's own: its privileges and password come and go."""
    if server.row.npm:
        server.sql("GRANT USAGE ON *.* TO %s IDENTIFIED BY '%s'" % (quoted(ACCOUNT), PASSWORD))
    else:
        server.sql("CREATE USER IF NOT EXISTS %s IDENTIFIED BY '%s'" % (quoted(ACCOUNT), PASSWORD))
    server.sql("GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO " + quoted(ACCOUNT))


class Box(Sluice):
    """An appliance that looks again each second, with an open HTTP door."""

    def __init__(self, test, **more):
        make_account(test.server)
        super().__init__(test, user=ACCOUNT, **more)
        self.port = servers.free_port()
        done = subprocess.run([PROGRAM, "passwd"], input="%s\n%s\n" % (OPERATOR, OPERATOR),
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=True)
        self.sections["appliance"] = {
            "http": "127.0.0.1:%d" % self.port, "http_tls": "off",
            "password": re.search(r"pbkdf2-\S+", done.stdout).group(0)}
        self.sections["precheck"] = {"interval": "1s"}
        self.write_config()

    def metrics(self):
        """{(name, labels): value}"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        code = base64.b64encode(("admin:" + OPERATOR).encode()).decode()
        connection.request("GET", "/metrics", headers={"Authorization": "Basic " + code})
        text = connection.getresponse().read().decode()
        connection.close()
        return {(m.group(1), m.group(2) or ""): int(m.group(3))
                for m in re.finditer(r"(?m)^(\w+)(?:\{(.*)\})? (\d+)$", text)}

    def verdict(self, label):
        return self.metrics()[("sluice_precheck_verdict", label)]

    def verdicts(self):
        return {c["name"]: c["verdict"] for c in self.shell("precheck", "--last")[1]["checks"]}

    def changes(self):
        """What `status` has of them, the oldest first."""
        code, result = self.shell("status")
        assert code == 0, result
        assert len(result["changes"]) == min(result["precheck_changes"], 32), result
        return result["changes"][::-1]

    def wait_change(self, name, new, after=0, timeout=30):
        """The change of that check to that verdict; not among the first AFTER ones."""
        seen = []

        def there():
            seen[:] = self.changes()
            return [c for c in seen[after:] if c["name"] == name and c["to"] == new]
        try:
            return wait_for(there, timeout, "%s to become %s" % (name, new), pause=0.1)[0]
        except AssertionError as err:
            raise AssertionError("%s: %s\nlog:\n%s" % (err, seen, self.log()[-3000:])) from None

    def up(self):
        self.start()
        self.wait_caught_up()
        # The first look is what the next ones are compared with.
        wait_for(lambda: "precheck" in self.shell("status")[1], 20, "the precheck")
        return self


def write_something(server):
    server.sql("CREATE TABLE IF NOT EXISTS w.d (n INT)")
    server.sql("INSERT INTO w.d VALUES (1)")


def set_global(t, name, value):
    before = t.server.variable(name)
    t.server.sql("SET GLOBAL %s = '%s'" % (name, value))
    t.later(lambda: t.server.sql("SET GLOBAL %s = '%s'" % (name, before)))


@on_servers(NAMES)
def test_settings_that_change(t):
    """Format, row image and a privilege are taken away and given back under a running relay."""
    server = t.server
    server.sql("CREATE DATABASE IF NOT EXISTS w")
    write_something(server)
    box = Box(t).up()
    assert box.changes() == [] and box.shell("status")[1]["precheck_changes"] == 0
    assert box.verdict('code="-262",name="binlog-format"') == 0

    write_something(server)
    box.wait_caught_up()
    low = server.binlogs()[-1]
    set_global(t, "binlog_format", "STATEMENT")
    change = box.wait_change("binlog-format", "fail")
    assert change["code"] == -262 and change["from"] == "pass", change
    assert "STATEMENT" in change["why"], change
    at = position(change["at"])
    assert at[0] == low[0] and low[1] <= at[1] <= server.binlogs()[-1][1], (low, change)
    line = "-262 binlog-format changed from pass to fail at %s: binlog_format is STATEMENT" % (
        change["at"])
    assert change["change"].startswith(line), change
    assert re.search(r"(?m)^\S+ \S+ warn +precheck +" + re.escape(line), box.log()), box.log()
    status = box.shell("status")[1]
    assert line in status["last_change"] and "-262" in status["precheck"], status
    code, last = box.shell("precheck", "--last")
    assert last["changes"][0]["change"] == change["change"], last["changes"]
    assert [c["verdict"] for c in last["checks"] if c["code"] == -262] == ["fail"] and code == 1
    metrics = box.metrics()
    assert metrics[("sluice_precheck_verdict", 'code="-262",name="binlog-format"')] == 4
    assert metrics[("sluice_precheck_changes_total", "")] == len(box.changes())
    assert metrics[("sluice_precheck_last_run_timestamp_seconds", "")] >= change["time_at_ms"] // 1000

    set_global(t, "binlog_row_image", "MINIMAL")
    change = box.wait_change("row-image", "warn")
    assert change["code"] is None and change["from"] == "pass", change
    server.sql("SET GLOBAL binlog_format = 'ROW'")
    server.sql("SET GLOBAL binlog_row_image = 'FULL'")
    box.wait_change("binlog-format", "pass")
    box.wait_change("row-image", "pass")
    assert re.search(r"(?m)^\S+ \S+ info +precheck +row-image changed from warn to pass", box.log())
    assert box.verdict('code="",name="row-image"') == 0

    server.sql("REVOKE REPLICATION CLIENT ON *.* FROM " + quoted(ACCOUNT))
    lost = box.wait_change("source-query", "fail")
    server.sql("GRANT REPLICATION CLIENT ON *.* TO " + quoted(ACCOUNT))
    write_something(server)
    box.wait_change("source-query", lost["from"])

    told = [c["name"] for c in box.changes()]
    assert told.count("binlog-format") == 2 and told.count("row-image") == 2, told
    box.wait_caught_up()
    status = box.status()
    assert (status["connects"], status["retries"]) == (1, 0), "the relay was disturbed: %s" % status
    box.stop()
    box.compare()


@on_servers(NAMES)
def test_statements_written_later(t):
    """A session that writes statements long after the first look, far behind its limits."""
    server = t.server
    server.sql("CREATE DATABASE IF NOT EXISTS w")
    server.sql("CREATE TABLE w.e (n INT)")
    for _ in range(700):
        server.sql("INSERT INTO w.e VALUES (1)")
    box = Box(t).up()
    assert box.verdicts()["on-the-wire"] == "pass"
    db = server.connect()
    t.later(db.close)
    db.query("SET SESSION binlog_format = 'STATEMENT'")
    db.query("INSERT INTO w.e VALUES (2)")
    change = box.wait_change("on-the-wire", "fail")
    assert "1 statement" in change["why"], change
    db.query("SET SESSION binlog_format = 'ROW'")
    time.sleep(2.5)    # as long as nothing is written, what was seen last holds
    assert box.verdicts()["on-the-wire"] == "fail"
    db.query("INSERT INTO w.e VALUES (3)")
    box.wait_change("on-the-wire", "pass", after=len(box.changes()) - 1)
    box.stop()


@on_servers(NAMES)
def test_source_gone_and_back(t):
    """A source that is stopped is -256 and nothing else, told once each way."""
    server = t.server
    server.sql("CREATE DATABASE IF NOT EXISTS w")
    write_something(server)
    box = Box(t).up()
    known = box.verdicts()
    server.stop()
    change = box.wait_change("source-connect", "fail")
    assert change["code"] == -256 and change["at"], change
    status = box.wait_status(lambda s: s["phase"] == "waiting", what="the relay to wait")
    error = status["last_error"]
    assert (error["code"], error["name"], error["class"]) == (
        -256, "source-connect", "network"), error
    assert error["title"] and error["do"], error
    assert "(-256 network)" in box.shell("status")[1]["summary"]
    metrics = box.metrics()
    assert metrics[("sluice_relay_error",
                    'code="-256",name="source-connect",class="network"')] == 1
    before = metrics[("sluice_precheck_last_run_timestamp_seconds", "")]
    # Two more looks tell nothing new, and what was known stays known.
    wait_for(lambda: box.metrics()[("sluice_precheck_last_run_timestamp_seconds", "")]
             >= before + 2, 30, "two more looks")
    assert [c["name"] for c in box.changes()] == ["source-connect"], box.changes()
    assert known["source-connect"] == "pass"
    assert box.verdicts() == {**known, "source-connect": "fail"}
    server.start()
    box.wait_change("source-connect", "pass", after=1)
    write_something(server)
    box.wait_caught_up()
    told = [(c["name"], c["to"]) for c in box.changes()]
    assert told == [("source-connect", "fail"), ("source-connect", "pass")], told
    box.wait_status(lambda s: "last_error" not in s, what="the error to be over")
    assert not [k for k in box.metrics() if k[0] == "sluice_relay_error"]
    box.stop()
    box.compare()


@on_servers(["mariadb-10.11"])
def test_source_that_comes_later(t):
    """Down at the start, it is asked everything as soon as it is there, which is one change."""
    server = t.server
    box = Box(t)
    server.stop()
    box.start()
    wait_for(lambda: "precheck" in box.shell("status")[1], 20, "the precheck")
    known = box.verdicts()
    assert (known["source-connect"], known["binlog-format"], known["primary-keys"]) == (
        "fail", "unknown", "unknown"), known
    server.start()
    box.wait_change("source-connect", "pass")
    known = box.verdicts()
    assert (known["binlog-format"], known["primary-keys"]) == ("pass", "pass"), known
    assert [c["name"] for c in box.changes()] == ["source-connect"], box.changes()
    box.wait_caught_up()
    box.stop()
    box.compare()


@on_servers(["mysql-5.6"])
def test_target_gone_and_back(t):
    """A target that is lost while the relay runs is -254, told once; the relay goes on."""
    server = t.server
    server.sql("CREATE DATABASE IF NOT EXISTS w")
    write_something(server)
    target = servers.Server(server.row.name)
    t.later(target.clean_up)
    t.later(target.stop)
    target.start()
    box = Box(t)
    box.sections["target"] = {"host": "127.0.0.1", "port": target.port, "user": servers.USER,
                              "password": PASSWORD, "tls": "off", "timeout": "5s"}
    box.write_config()
    box.up()
    before = box.verdicts()["target-query"]
    target.stop()
    change = box.wait_change("target-query", "fail")
    assert change["code"] == -254 and "127.0.0.1:%d" % target.port in change["why"], change
    assert [c["name"] for c in box.changes()] == ["target-query"], box.changes()
    target.start()
    box.wait_change("target-query", before)
    status = box.status()
    assert (status["connects"], status["retries"]) == (1, 0), "the relay was disturbed: %s" % status
    box.stop()


@on_servers(NAMES)
def test_cancelled(t):
    """-253 when everything has ended; the next start goes on where the store ends."""
    server = t.server
    server.sql("CREATE DATABASE IF NOT EXISTS w")
    write_something(server)
    box = Box(t).up()
    code, result = box.shell("task", "cancel")
    assert code == 0 and result["stage"] == "cancelled", result
    assert (result["cancelled"]["code"], result["cancelled"]["name"]) == (-253, "cancelled"), result
    assert result["cancelled"]["ended_at_ms"] > 0 and result["cancelled"]["title"], result
    wait_for(lambda: not [r for r in server.sql("SHOW PROCESSLIST") if r[1] == ACCOUNT],
             what="the source to see that nobody is there")
    status = box.shell("status")[1]
    assert status["stage"] == "cancelled" and "-253" in status["summary"], status
    assert status["cancelled"] == result["cancelled"] and status["relay"]["phase"] == "stopped"
    assert box.shell("task")[1]["cancelled"]["code"] == -253
    assert "-253 cancelled" in box.log()
    assert box.shell("store", "verify")[0] == 0
    stored = box.stored()
    assert box.shell("task", "stop")[0] == 0
    assert box.shell("task")[1]["stage"] == "cancelled"
    write_something(server)
    code, result = box.shell("task", "start")
    assert code == 0, result
    box.wait_caught_up()
    assert box.stored() > stored
    result = box.shell("status")[1]
    assert result["stage"] == "relay" and "cancelled" not in result, result
    coverage.note_one("cancelled", "fail", True)
    coverage.note_one("cancelled", "pass", True)
    box.stop()
    box.compare()


@on_servers(NAMES)
def test_password_changed_later(t):
    """Refused after the start: the relay stops with -256 and says what to do."""
    server = t.server
    server.sql("CREATE DATABASE IF NOT EXISTS w")
    box = Box(t).up()
    if server.row.npm:
        server.sql("SET PASSWORD FOR %s = PASSWORD('Another-1')" % quoted(ACCOUNT))
    else:
        server.sql("ALTER USER %s IDENTIFIED BY 'Another-1'" % quoted(ACCOUNT))
    t.later(lambda: server.sql("DROP USER " + quoted(ACCOUNT)))
    for row in server.sql("SHOW PROCESSLIST"):
        if row[1] == ACCOUNT and row[4].startswith("Binlog Dump"):
            server.sql("KILL %s" % row[0])
    error = box.wait_failed("login")["last_error"]
    assert error["code"] == -256 and error["name"] == "source-connect", error
    assert "stopped (-256 login)" in box.log()
    assert "Another-1" not in box.log() and PASSWORD not in box.log()
    labels = 'code="-256",name="source-connect",class="login"'
    assert box.metrics()[("sluice_relay_error", labels)] == 1
    box.stop()


@on_servers(["mariadb-10.11"])
def test_device_that_fails(t):
    """A device that takes no more writes is 6001000, and what was stored before stays."""
    server = t.server
    server.sql("CREATE DATABASE IF NOT EXISTS w")
    box = Box(t).up()
    limit = 1 << 20
    resource.prlimit(box.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    server.sql("CREATE TABLE IF NOT EXISTS w.b (b LONGBLOB)")
    for _ in range(8):
        server.sql("INSERT INTO w.b VALUES (REPEAT('x', 1000000))")
    error = box.wait_failed("store")["last_error"]
    assert error["code"] == 6001000 and error["name"] == "store-failed", error
    assert "stopped (6001000 store)" in box.log()
    labels = 'code="6001000",name="store-failed",class="store"'
    assert box.metrics()[("sluice_relay_error", labels)] == 1
    stored = box.stored()
    box.stop()
    box.start()    # the device is well again
    box.wait_caught_up()
    assert box.stored() > stored
    coverage.note_one("store-failed", "fail", True)
    coverage.note_one("store-failed", "pass", True)
    box.stop()
    box.compare()
