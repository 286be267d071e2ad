# SPDX-License-Identifier: Apache-2.0
"""Drives the program under test: writes its config, runs it, asks it, exports and compares."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import servers
from harness import wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("SLUICE") or os.path.join(ROOT, "out/host/sluice")
IN_USE_AT = 21      # offset of the flag that says "this file is open" in a binlog file


def program(*argv, timeout=120, **kw):
    """One run of the program to its end: CompletedProcess with text output."""
    return subprocess.run((PROGRAM,) + argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, errors="replace", timeout=timeout, **kw)


def position(text):
    """("file", offset) of "file:offset"; ("", 0) of null."""
    name, _, offset = (text or ":0").rpartition(":")
    return name, int(offset)


class Sluice:
    """One appliance on a host: its config, its store (a file), its process.

    Attributes: folder, config (path), device (path), socket, process, log_path.
    """

    def __init__(self, test, port=None, device_mb=512, **source):
        """PORT: another than the test server's. SOURCE: keys of [source], None leaves one out."""
        self.test = test
        self.folder = test.folder
        self.config = test.path("sluice.ini")
        self.device = test.path("store.img")
        self.socket = test.path("sluice.sock")
        self.log_path = test.path("sluice.log")
        self.process = None
        self.peak = 0
        self.caught_up_at = ("", 0)
        self.sections = {
            "appliance": {"http": "off"},
            "source": {"host": "127.0.0.1", "user": servers.USER, "password": servers.PASSWORD,
                       "port": port or test.server.port, "tls": "off", "timeout": "5s"},
            "task": {"mode": "online", "autostart": "on"},
            "relay": {"start": "earliest", "heartbeat": "1s"},
            "store": {"device": self.device},
        }
        self.sections["source"].update(source)
        if test.server is not None and test.server.version.startswith("9.") \
                and self.sections["source"]["tls"] == "off":
            # caching_sha2_password without TLS asks for the server's RSA key.
            self.sections["source"].setdefault(
                "rsa_key", os.path.join(test.server.datadir, "public_key.pem"))
        with open(self.device, "wb") as out:
            out.truncate(device_mb << 20)
        self.write_config()
        test.later(self.close)

    def write_config(self):
        with open(self.config, "w") as out:
            for section, keys in self.sections.items():
                out.write("[%s]\n" % section)
                for key, value in keys.items():
                    if value is not None:
                        out.write("%s = %s\n" % (key, value))
                out.write("\n")

    def start(self):
        assert self.process is None
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "run", "-c", self.config, "-s", self.socket], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=servers.die_with_parent)
        return self

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def shell(self, *words, timeout=30):
        """(exit code, result object) of one shell command."""
        done = program("shell", "-s", self.socket, *words, "--json", timeout=timeout)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            return done.returncode, {"error": (done.stderr or done.stdout).strip()}

    def status(self):
        """The relay's part of `status --json`; {} when nobody answers yet. For the tests' sake
        source and stored are (file, offset) there, error the whole text, error_class its name."""
        code, result = self.shell("status")
        if code == 3:
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError("sluice ended with %d:\n%s" % (
                    self.process.returncode, self.log()[-3000:]))
            return {}
        self.remember_peak()
        relay = result.get("relay", {})
        if relay:
            relay["source"], relay["stored"] = position(relay["source"]), position(relay["ours"])
            error = relay.get("last_error", {})
            relay["error_class"] = error.get("class", "")
            relay["error"] = " ".join(filter(None, (error.get("message"), error.get("do"))))
        return relay

    def remember_peak(self):
        """VmHWM of the process in KiB, kept as the highest seen."""
        try:
            with open("/proc/%d/status" % self.process.pid) as text:
                match = re.search(r"VmHWM:\s+(\d+) kB", text.read())
        except (OSError, AttributeError):
            return self.peak
        if match:
            self.peak = max(self.peak, int(match.group(1)))
        return self.peak

    def stored(self):
        return self.status().get("stored", ("", 0))

    def wait_caught_up(self, timeout=60):
        """Until what is stored (verified and flushed) ends where the server's binlog ends."""
        server = self.test.server
        last = []

        def there():
            last[:] = [self.stored(), server.binlogs()[-1]]
            self.caught_up_at = last[1]
            return last[0] == last[1]
        try:
            wait_for(there, timeout, "the relay to catch up", pause=0.1)
        except AssertionError as err:
            raise AssertionError("%s: stored %s, source %s\nstatus: %s\nlog:\n%s" % (
                err, last[0], last[1], json.dumps(self.status(), indent=1),
                self.log()[-3000:])) from None

    def wait_status(self, condition, timeout=30, what="that status"):
        last = {}

        def there():
            last.clear()
            last.update(self.status())
            return last and condition(last)
        try:
            wait_for(there, timeout, what)
        except AssertionError as err:
            raise AssertionError("%s; last: %s\nlog:\n%s" % (
                err, json.dumps(last, indent=1), self.log()[-3000:])) from None
        return last

    def wait_failed(self, error_class, timeout=30):
        """Until the relay stands still with an error of that class; the status back."""
        return self.wait_status(lambda s: s.get("phase") == "failed"
                                and s.get("error_class") == error_class, timeout,
                                "the relay to stop with '%s'" % error_class)

    def stop(self, code=0):
        """SIGTERM; the exit code must be CODE."""
        self.remember_peak()
        self.process.send_signal(signal.SIGTERM)
        got = self.process.wait(30)
        self.process = None
        assert got == code, "sluice ended with %d on SIGTERM:\n%s" % (got, self.log()[-3000:])

    def kill(self):
        self.remember_peak()
        self.process.kill()
        self.process.wait()
        self.process = None

    def close(self):
        if self.process is not None:
            self.kill()
        if "ERROR: AddressSanitizer" in self.log_or_nothing() \
                or "ERROR: LeakSanitizer" in self.log_or_nothing() \
                or "WARNING: ThreadSanitizer" in self.log_or_nothing() \
                or "runtime error:" in self.log_or_nothing():
            raise AssertionError("a sanitizer complains:\n" + self.log()[-8000:])

    def log_or_nothing(self):
        return self.log() if os.path.exists(self.log_path) else ""

    # ---- the store, offline ----

    def export(self, where="export"):
        """Exports every file into a folder; its path back."""
        folder = self.test.path(where)
        shutil.rmtree(folder, ignore_errors=True)    # an export overwrites nothing
        os.makedirs(folder)
        done = program("store", "export", self.device, "-o", folder, timeout=300)
        assert done.returncode == 0, "store export ended with %d:\n%s%s" % (
            done.returncode, done.stdout, done.stderr)
        return folder

    def verify(self, device=None):
        """(exit code, result object) of `store verify --json`."""
        done = program("store", "verify", device or self.device, "--json", timeout=300)
        return done.returncode, json.loads(done.stdout)

    def compare(self, first=None, complete=True):
        """Exports and compares every file with the server's, byte for byte; bytes compared back.

        FIRST: name of the file that the store must begin with (default: the server's first).
        COMPLETE: the store must reach at least where it had caught up. (A source may write a
        little more by itself after that, e.g. MariaDB its checkpoint event after a rotation.)
        """
        server = self.test.server
        folder = self.export()
        names = server.binlogs()
        if first is not None:
            names = names[[n for n, _ in names].index(first):]
        have = sorted(os.listdir(folder))
        if complete:
            assert have == [n for n, _ in names], "exported %s, source has %s" % (have, names)
        assert have, "nothing was exported"
        total = 0
        for name, size in names:
            if name not in have:
                continue
            copy = os.path.join(folder, name)
            got = os.path.getsize(copy)
            if name == names[-1][0]:
                least = self.caught_up_at[1] if self.caught_up_at[0] == name else size
                assert not complete or least <= got <= size, \
                    "%s: %d bytes exported, the source has %d" % (name, got, size)
            elif complete or name != have[-1]:
                assert got == size, "%s: %d bytes exported, the source has %d" % (name, got, size)
            total += same_bytes(server.binlog_path(name), copy, got)
        return total


def without_in_use(data):
    """The beginning of a binlog file as a source sends it: with the in-use flag cleared."""
    return data[:IN_USE_AT] + bytes([data[IN_USE_AT] & 0xFE]) + data[IN_USE_AT + 1:]


def same_bytes(original, copy, size):
    """Compares the first SIZE bytes. The source sends every file with its in-use flag cleared: it is
    set in the active file, and stays set in those that a MariaDB was killed in."""
    at = 0
    with open(original, "rb") as one, open(copy, "rb") as other:
        while at < size:
            a, b = one.read(min(1 << 20, size - at)), other.read(1 << 20)
            if at == 0:
                a = without_in_use(a)
            if a != b:
                first = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y),
                             min(len(a), len(b)))
                raise AssertionError("%s differs at offset %d of %d" % (
                    os.path.basename(copy), at + first, size))
            at += len(a)
    return at


def require_program():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit("%s is not there: build it first with 'make', or set SLUICE" % PROGRAM)
