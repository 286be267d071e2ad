# SPDX-License-Identifier: Apache-2.0
"""What a live test is written with: which servers it runs on, one running server of each kind."""
import os
import shutil
import tempfile
import time

import servers
from fetch import Unavailable

FULL = os.environ.get("FULL", "") not in ("", "0")


class Skip(Exception):
    """This test cannot judge here; it is counted as skipped, never as passed."""


def wanted(default):
    names = [r.name for r in servers.TABLE if r.default_set or FULL] if default is None else default
    only = os.environ.get("SERVERS")
    return [n for n in names if not only or n in only.split(",")]


def on_servers(names=None, tls=False, limit=120):
    """Runs the test once per server (default: the table's default set; tls: those we can speak TLS
    with). LIMIT: seconds after which it counts as hung."""
    def mark(function):
        chosen = wanted(names)
        function.servers = [n for n in chosen if not tls or servers.BY_NAME[n].tls]
        function.limit = limit
        return function
    return mark


def without_server(limit=60):
    def mark(function):
        function.servers = [None]
        function.limit = limit
        return function
    return mark


class Pool:
    """Servers stay up between tests; each test finds its server with an empty binlog history."""

    def __init__(self):
        self.up = {}
        self.gone = {}

    def get(self, name):
        if name in self.gone:
            raise Unavailable(self.gone[name])
        server = self.up.get(name)
        if server is not None and (server.process is None or server.process.poll() is not None):
            server.kill()    # a test has left it dead: the next one gets a fresh one
            server.clean_up()
            del self.up[name]
            server = None
        if server is None:
            try:
                server = servers.Server(name)
                server.start()
            except Unavailable as err:
                self.gone[name] = str(err)
                raise
            self.up[name] = server
        reset(server)
        return server

    def close(self):
        for server in self.up.values():
            server.stop()
            server.clean_up()
        self.up = {}


def reset(server):
    """Empty binlogs and schema; the accounts stay."""
    for prepared in server.sql("XA RECOVER"):
        server.sql("XA ROLLBACK '%s'" % prepared[3])
    for rows in server.sql("SHOW PROCESSLIST"):
        if rows[4] and rows[4].startswith("Binlog Dump"):
            server.sql("KILL %s" % rows[0])
    for rows in server.sql("SHOW DATABASES"):
        if rows[0] not in ("mysql", "information_schema", "performance_schema", "sys"):
            server.sql("DROP DATABASE `%s`" % rows[0].replace("`", "``"))
    server.sql("RESET BINARY LOGS AND GTIDS" if server.version.startswith("9.")
               else "RESET MASTER")


class Test:
    """Handed to each test: t.server (or None), t.folder, t.later(function) for clean-up."""

    def __init__(self, name, server):
        self.name, self.server = name, server
        self.folder = tempfile.mkdtemp(prefix="sluice-live-")
        self.clean = []
        self.notes = []

    def later(self, function):
        self.clean.append(function)

    def note(self, text):
        """Shown behind the test's line."""
        self.notes.append(text)

    def path(self, name):
        return os.path.join(self.folder, name)

    def close(self, failed):
        for function in reversed(self.clean):
            function()
        if not (failed and os.environ.get("KEEP")):
            shutil.rmtree(self.folder, ignore_errors=True)


def wait_for(condition, timeout=30, what="it", pause=0.05):
    """Polls until CONDITION() is true and returns its value; says what it waited for if not."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("waited %d s in vain for %s" % (timeout, what))
        time.sleep(pause)
