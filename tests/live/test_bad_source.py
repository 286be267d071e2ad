# SPDX-License-Identifier: Apache-2.0
"""Sources that cannot be relayed from: a clear message, no silent endless retry, nothing lost."""
import os
import shutil
import socket
import threading
import time

import servers
import sluice
import workload
from harness import on_servers, wait_for, without_server
from proxy import Proxy, close_listener
from sluice import Sluice


def keep_copies(t):
    """Copies of the server's closed files, for after they are gone there."""
    folder = t.path("kept")
    os.makedirs(folder)
    for name, _ in t.server.closed_binlogs():
        shutil.copy(t.server.binlog_path(name), folder)
    return folder


def compare_kept(t, box, kept):
    """Every kept file is in the store, unchanged."""
    folder = box.export()
    for name in sorted(os.listdir(kept)):
        original, copy = os.path.join(kept, name), os.path.join(folder, name)
        assert os.path.getsize(copy) == os.path.getsize(original), name
        sluice.same_bytes(original, copy, os.path.getsize(original))


def says(status, *words):
    for word in words:
        assert word in status["error"], "'%s' is not in: %s" % (word, status["error"])


@on_servers()
def test_file_purged_before_we_read_it(t):
    workload.some(t.server, rounds=1, rotations=2)
    box = Sluice(t).start()
    box.wait_caught_up()
    box.stop()
    workload.some(t.server, rounds=1, rotations=4, seed=2)
    reached = t.server.binlogs()[2][0]
    names = [n for n, _ in t.server.binlogs()[:2]]
    kept = keep_copies(t)
    for name in os.listdir(kept):
        if name not in names:
            os.remove(os.path.join(kept, name))
    t.server.purge_to(t.server.binlogs()[-1][0])
    box.start()
    status = box.wait_failed("purged")
    says(status, reached)
    t.note(status["error"][:200])
    box.stop()
    compare_kept(t, box, kept)
    code, _ = box.verify()
    assert code == 0, "verify says %d" % code


@on_servers()
def test_wrong_password(t):
    proxy = Proxy(t.server.port)
    t.later(proxy.close)
    box = Sluice(t, port=proxy.port, password="Not-the-one-9").start()
    status = box.wait_failed("login")
    says(status, servers.USER)
    made = proxy.connections
    time.sleep(3)
    assert proxy.connections <= made + 1, "it goes on trying a wrong password"
    t.note(status["error"][:200])
    box.stop()


@on_servers()
def test_account_without_privileges(t):
    box = Sluice(t, user="sluice_poor").start()
    status = box.wait_failed("privilege")
    says(status, "REPLICATION")
    box.stop()


@on_servers(["mariadb-10.11"])
def test_password_mended_and_task_started_again(t):
    """A wrong password that is put right on the source: `task start` goes on."""
    workload.some(t.server, rounds=1, rotations=1)
    box = Sluice(t, password="Later-Right-3").start()
    box.wait_failed("login")
    t.server.sql("ALTER USER '%s'@'%%' IDENTIFIED BY 'Later-Right-3'" % servers.USER)
    t.later(lambda: t.server.sql("ALTER USER '%s'@'%%' IDENTIFIED BY '%s'" % (
        servers.USER, servers.PASSWORD)))
    code, result = box.shell("task", "start")
    assert code == 0, result
    box.wait_caught_up()
    box.stop()
    box.compare()


@on_servers(["mariadb-10.11"])
def test_unreachable_then_there(t):
    workload.some(t.server, rounds=1, rotations=1)
    proxy = Proxy(t.server.port)
    t.later(proxy.close)
    closed_port = servers.free_port()
    box = Sluice(t, port=closed_port).start()
    status = box.wait_status(lambda s: s.get("phase") == "waiting" and s.get("error"),
                             what="waiting")
    says(status, "127.0.0.1", str(closed_port))
    t.note(status["error"][:150])
    proxy_here = socket.create_server(("127.0.0.1", closed_port))
    close_listener(proxy.listener)
    proxy.listener = proxy_here
    threading.Thread(target=proxy.accept, daemon=True).start()
    box.wait_caught_up()
    box.stop()
    box.compare()


class Impostor:
    """Something else that listens: says GREETING to whoever connects, then waits or hangs up."""

    def __init__(self, greeting, hang_up):
        self.greeting, self.hang_up, self.closed = greeting, hang_up, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.held = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
                sock.sendall(self.greeting)
                if self.hang_up:
                    sock.close()
                else:
                    self.held.append(sock)
            except OSError:
                if self.closed:
                    return

    def close(self):
        self.closed = True
        close_listener(self.listener)
        self.thread.join(5)
        for sock in self.held:
            sock.close()


IMPOSTORS = {
    "ssh": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "http": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "smtp": b"220 mail.example ESMTP\r\n",
    "zeros": b"\0" * 64,
    "ones": b"\xff" * 200,
    "old protocol": b"\x0a\0\0\0\x093.23.1\0",
    "too short": b"\x01\0\0\0\x0a",
    "no end of version": b"\x40\0\0\0\x0a" + b"8" * 63,
}


@without_server(limit=180)
def test_not_a_mysql_server(t):
    for what, greeting in IMPOSTORS.items():
        for hang_up in (True, False):
            other = Impostor(greeting, hang_up)
            t.later(other.close)
            box = Sluice(t, port=other.port, timeout="1s").start()
            status = box.wait_status(lambda s: s.get("error"), 15,
                                     "a word about '%s'" % what)
            says(status, str(other.port))
            if what == "ssh" and hang_up:
                box.wait_failed("not-mysql", 45)    # some tries, then it stops
            if what in ("ssh", "http", "smtp"):
                assert status["error_class"] == "not-mysql", status
            box.stop()
            other.close()


@without_server()
def test_silent_server(t):
    """Connects, and never says a word: timed out, said so, and not for ever in silence."""
    other = Impostor(b"", False)
    t.later(other.close)
    box = Sluice(t, port=other.port, timeout="1s").start()
    status = box.wait_status(lambda s: s.get("phase") == "waiting" and s.get("error"), 15,
                             "waiting")
    says(status, str(other.port))
    assert status["error_class"] == "timeout", status
    box.stop()


@on_servers()
def test_source_file_is_damaged(t):
    """A flipped bit in the source's own file: named, given up after some tries, nothing lost; put
    right, the task goes on."""
    workload.some(t.server, rounds=2, rotations=2)
    kept = keep_copies(t)
    name, size = t.server.binlogs()[1]
    path = t.server.binlog_path(name)
    box = Sluice(t)
    at = size // 2
    flip(path, at)
    t.later(lambda: None)
    try:
        box.start()
        status = box.wait_status(lambda s: s.get("phase") == "failed", 60, "failed")
        assert status["error_class"] in ("damage-on-wire", "source-damage", "diverged"), status
        says(status, name)
        stored = box.stored()
        assert stored[0] == name and stored[1] <= at, stored
        t.note(status["error"][:200])
    finally:
        flip(path, at)
    code, result = box.shell("task", "start")
    assert code == 0, result
    box.wait_caught_up()
    box.stop()
    compare_kept(t, box, kept)
    box.compare()


def flip(path, offset):
    with open(path, "r+b") as out:
        out.seek(offset)
        byte = out.read(1)[0]
        out.seek(offset)
        out.write(bytes([byte ^ 4]))


@on_servers()
def test_another_history(t):
    """The source was reset: same file name, other bytes. Nothing is mixed, nothing is lost."""
    workload.some(t.server, rounds=1, rotations=2)
    kept = keep_copies(t)
    box = Sluice(t).start()
    box.wait_caught_up()
    box.stop()
    t.server.sql("RESET BINARY LOGS AND GTIDS" if t.server.version.startswith("9.")
                 else "RESET MASTER")
    workload.some(t.server, rounds=2, rotations=3, seed=9)
    box.start()
    status = box.wait_status(lambda s: s.get("phase") == "failed", 30, "failed")
    t.note("%s: %s" % (status["error_class"], status["error"][:150]))
    box.stop()
    compare_kept(t, box, kept)


@on_servers(["mariadb-10.11", "mysql-9.7"])
def test_binlog_is_off(t):
    """A source that writes no binlog is refused in words."""
    with servers.Server(t.server.row.name, options=["--skip-log-bin"]) as server:
        box = Sluice(t, port=server.port,
                     rsa_key=os.path.join(server.datadir, "public_key.pem")
                     if server.row.flavour == "mysql" else None).start()
        status = box.wait_status(lambda s: s.get("phase") == "failed", 30, "failed")
        says(status, "log_bin")
        box.stop()


@on_servers(["mariadb-10.11"])
def test_connection_killed_on_the_server(t):
    load = workload.Workload(t.server).begin()
    box = Sluice(t).start()
    for _ in range(4):
        wait_for(lambda: [r for r in t.server.sql("SHOW PROCESSLIST") if r[4] == "Binlog Dump"],
                 what="a dump")
        time.sleep(0.3)
        for row in t.server.sql("SHOW PROCESSLIST"):
            if row[4] == "Binlog Dump":
                t.server.sql("KILL %s" % row[0])
    load.finish()
    box.wait_caught_up()
    box.stop()
    box.compare()
