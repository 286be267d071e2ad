# SPDX-License-Identifier: Apache-2.0
"""`sluice shell` as people and scripts use it: words, a pipe, a terminal."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from harness import on_servers, wait_for, without_server
from sluice import PROGRAM, Sluice, program

PASSWORD = "correct horse battery"


class Terminal:
    """A person at `sluice shell`: types, and reads what appears."""

    def __init__(self, test, socket):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "vt100"
            os.execv(PROGRAM, [PROGRAM, "shell", "-s", socket])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        test.later(self.close)

    def read(self, seconds=0.2):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.fd], [], [], left)[0]:
                break
            try:
                data = os.read(self.fd, 65536)
            except OSError:     # the other end is gone
                break
            if not data:
                break
            self.seen += data.decode(errors="replace")

    def type(self, text):
        self.seen = ""
        os.write(self.fd, text.encode())
        return self

    def expect(self, pattern, timeout=10):
        """Waits until PATTERN appeared since the last typing."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.seen):
            if time.monotonic() > end:
                raise AssertionError("waited for %r, saw %r" % (pattern, self.seen[-1500:]))
            self.read()
        return self

    def ended(self):
        """The exit code once it has ended, else None."""
        self.read(0.05)
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.pid = None
        return os.waitstatus_to_exitcode(status)

    def close(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def answering(box):
    wait_for(lambda: box.shell("version")[0] == 0, 20, "the local socket")
    return box


@without_server()
def test_nobody_there(t):
    where = t.path("nothing")
    for words in ((), ("status",)):
        done = program("shell", "-s", where, *words, stdin=subprocess.DEVNULL)
        assert done.returncode == 3 and where in done.stderr, (done.returncode, done.stderr)
        assert done.stdout == ""
    done = program("shell", "-x")
    assert done.returncode == 2 and "usage" in done.stderr
    done = program("shell", "-s", where, "x" * 2000)
    assert done.returncode == 2
    done = program("shell", "-s", where, b"\xff\xfe")
    assert done.returncode == 2 and "UTF-8" in done.stderr, (done.returncode, done.stderr)
    done = program("version", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["version"]
    assert program("version", "--bogus").returncode == 2


@on_servers(["mariadb-10.11"])
def test_words_and_pipe(t):
    box = answering(Sluice(t).start())
    done = program("shell", "-s", box.socket, "help", "store", "purge")
    assert done.returncode == 0 and "--yes" in done.stdout and "\033" not in done.stdout
    done = program("shell", "-s", box.socket, "nonsense")
    assert done.returncode == 2 and done.stdout.startswith("error: ")
    done = program("shell", "-s", box.socket, "log", "-n", "3", "--json")
    assert len(json.loads(done.stdout)["log"]) == 3
    done = program("shell", "-s", box.socket, "--json", "status")
    assert done.returncode == 0 and json.loads(done.stdout)["box"], done.stdout
    done = program("shell", "-s", box.socket, "precheck")
    assert "checks" not in done.stdout.splitlines()[1] and not re.search(
        r"(?m)^(counts|when|verdict  \w+$)", done.stdout), done.stdout
    done = program("shell", "-s", box.socket, input="version\n\nstatus --json\nnonsense\n")
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    assert lines[0].startswith("version ") and any(l.startswith('{"summary"') for l in lines)
    # 80 columns hold for all that has been said so far
    done = program("shell", "-s", box.socket, input="help\nstatus\nprecheck\nlog\nconfig show\n"
                                                    "precheck --detail all\nstore list\n")
    wide = [l for l in done.stdout.splitlines() if len(l) > 80]
    assert not wide, wide[:3]


@on_servers(["mariadb-10.11"], limit=180)
def test_terminal(t):
    box = answering(Sluice(t).start())
    box.wait_caught_up()
    person = Terminal(t, box.socket)
    person.expect(r"Sluice \S+ on sluice, address .*\r\n(.*\r\n)+.*help.*\r\nsluice> ")
    person.type("sto\t").expect("store").type(" ?").expect("list verify purge")
    person.type("\r").expect(r"store verify +read everything").expect("sluice> $")
    person.type("log ").expect(r"\[-n N\]").type("\x03").expect("sluice> $")
    person.type("precheck\r").expect(r"source-connect").expect("sluice> $")
    # Ctrl-C ends the command, not the shell
    person.type("log --follow\r").expect("relay").read(0.5)
    person.type("\x03").expect("sluice> $", timeout=5)
    person.type("status --follow\r").expect(r"caught up at.*\r\x1b\[K.*caught up at")
    person.type("\x03").expect("sluice> $", timeout=5)
    person.type("version\r").expect(r"version +\d").expect("sluice> $")
    # the worker dies and comes back: the shell waits for it
    box.kill()
    person.type("version\r").expect("restarting").read(1.5)
    box.start()
    person.expect("sluice> $", timeout=30)
    person.type("version\r").expect(r"version +\d").expect("sluice> $")
    person.type("\x04")
    assert wait_for(lambda: person.ended() is not None or None, 10, "the shell to end")


@on_servers(["mariadb-10.11"], limit=120)
def test_pasted_lines(t):
    box = answering(Sluice(t).start())
    box.wait_caught_up()
    early = Terminal(t, box.socket)     # typed before the shell is there
    early.type("version\rlog -n 1\n").expect(r"(?s)> version\r.*\nsluice> log -n 1\r.*relay")
    person = Terminal(t, box.socket)
    person.expect("sluice> $")
    before = termios.tcgetattr(person.fd)
    for enter in ("\r", "\n", "\r\n"):
        person.type("version" + enter).expect(r"version +\d").expect("sluice> $").read(0.3)
        person.type("config show store%shelp task stop%sversion%s" % (enter, enter, enter))
        person.expect(r"(?s)task stop.*version +\d").expect("sluice> $").read(0.3)
        assert "not a command" not in person.seen and "error" not in person.seen, person.seen
        assert "task stop" in person.seen
    # type-ahead while a command runs
    person.type("status --follow\r").expect("relaying|caught").read(0.5)
    person.type("\x03").expect("sluice> $", timeout=5)
    person.type("precheck\r").read(0.05)
    os.write(person.fd, b"version\rversion\n")
    person.expect(r"(?s)pass.*version +\d.*version +\d").expect("sluice> $")
    assert "not a command" not in person.seen
    person.type("\x04")
    assert wait_for(lambda: person.ended() is not None or None, 10, "the shell to end")
    assert before[0] & termios.INLCR and not before[3] & termios.ECHO


@without_server()
def test_console_password(t):
    class NoServer:
        port, version, tls = 1, "", False
    t.server = NoServer
    box = Sluice(t)
    done = subprocess.run([PROGRAM, "passwd"], input="%s\n%s\n" % (PASSWORD, PASSWORD), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    box.sections["appliance"] = {"http": "off", "console": "password",
                                 "password": re.search(r"pbkdf2-\S+", done.stdout).group(0)}
    box.write_config()
    box.start()
    wait_for(lambda: os.path.exists(box.socket), 20, "the local socket")
    code, result = box.shell("config", "show")
    assert code == 3 and "password" in result["error"], (code, result)
    person = Terminal(t, box.socket)
    person.expect("Password: $")
    assert "address" not in person.seen     # nothing is told before
    person.type("guess\r").expect("wrong").expect("Password: $")
    assert "guess" not in person.seen
    person.type(PASSWORD + "\r").expect("sluice> $")
    person.type("config show appliance\r").expect(r"console +password +config").expect("sluice> $")
    assert PASSWORD not in box.log()
