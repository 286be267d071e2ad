# SPDX-License-Identifier: Apache-2.0
"""A running workload for a test server: everything that leaves different traces in a binlog."""
import os
import random
import threading
import time

from mysql_client import ServerError


def prepare(db):
    """The tables of the workload, in schema w."""
    for text in (
            "CREATE DATABASE IF NOT EXISTS w",
            "CREATE TABLE IF NOT EXISTS w.small (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT,"
            " t VARCHAR(250), d DATETIME) ENGINE=InnoDB",
            "CREATE TABLE IF NOT EXISTS w.big (id BIGINT AUTO_INCREMENT PRIMARY KEY,"
            " b LONGBLOB) ENGINE=InnoDB",
            "CREATE TABLE IF NOT EXISTS w.huge (id BIGINT AUTO_INCREMENT PRIMARY KEY,"
            " b LONGBLOB) ENGINE=MyISAM",
            "CREATE TABLE IF NOT EXISTS w.loaded (n INT, t VARCHAR(250)) ENGINE=InnoDB"):
        db.query(text)


def row_format(db, name):
    db.query("SET SESSION binlog_format = '%s'" % name)


def small_rows(db, rng, rows=10):
    values = ", ".join("(%d, '%s', NOW())" % (rng.randrange(1 << 30),
                                              "%x" % rng.getrandbits(4 * rng.randrange(1, 240)))
                       for _ in range(rows))
    db.query("INSERT INTO w.small (n, t, d) VALUES " + values)


def transaction(db, rng):
    db.query("BEGIN")
    for _ in range(rng.randrange(1, 5)):
        small_rows(db, rng, rng.randrange(1, 6))
    db.query("SAVEPOINT s")
    db.query("UPDATE w.small SET n = n + 1 ORDER BY id DESC LIMIT 20")
    if rng.random() < 0.3:
        db.query("ROLLBACK TO s")
    db.query("DELETE FROM w.small ORDER BY id LIMIT 3")
    db.query("ROLLBACK" if rng.random() < 0.1 else "COMMIT")


def big_row(db, rng, size=None):
    size = size or rng.choice((4000, 16 << 10, 64 << 10, 300 << 10, 1 << 20))
    db.query("INSERT INTO w.big (b) VALUES (REPEAT(UNHEX('%02x00ff%02x'), %d))" % (
        rng.randrange(256), rng.randrange(256), size // 4))
    if rng.random() < 0.2:
        db.query("DELETE FROM w.big ORDER BY id LIMIT 4")


def statements(db, rng, folder):
    """The events that only statement format has: INTVAR, RAND, USER_VAR, LOAD DATA."""
    row_format(db, "STATEMENT")
    try:
        db.query("SET @v = '%x'" % rng.getrandbits(64))
        db.query("INSERT INTO w.small (n, t) VALUES (RAND() * 1000, @v)")
        db.query("UPDATE w.small SET t = CONCAT('s', n) WHERE id = LAST_INSERT_ID()")
        path = os.path.join(folder, "load.txt")
        with open(path, "w") as out:
            for i in range(200):
                out.write("%d\t%x\n" % (i, rng.getrandbits(128)))
        os.chmod(path, 0o644)
        db.query("LOAD DATA INFILE '%s' INTO TABLE w.loaded" % path)
        db.query("DELETE FROM w.loaded WHERE n < 190")
    finally:
        row_format(db, "ROW")


def definitions(db, rng):
    name = "w.t%d" % rng.randrange(1000)
    db.query("DROP TABLE IF EXISTS " + name)
    # A MySQL 5.6 that is killed inside such a statement can refuse to start again with InnoDB.
    engine = "MyISAM" if db.version.startswith("5.6.") else "InnoDB"
    db.query("CREATE TABLE %s (a INT PRIMARY KEY, b VARCHAR(100) COMMENT 'größer 数据') ENGINE=%s"
             % (name, engine))
    db.query("ALTER TABLE %s ADD c DECIMAL(20,5), ADD KEY (b)" % name)
    db.query("INSERT INTO %s VALUES (1, 'héllo', 2.5), (2, NULL, NULL)" % name)
    db.query("DROP TABLE " + name)


def distributed(db, rng):
    xid = "x%d" % rng.getrandbits(60)
    db.query("XA START '%s'" % xid)
    small_rows(db, rng, 3)
    db.query("XA END '%s'" % xid)
    db.query("XA PREPARE '%s'" % xid)
    db.query("XA COMMIT '%s'" % xid)


def huge_event(db, megabytes):
    """One row event of that many megabytes."""
    db.query("INSERT INTO w.huge (b) VALUES (REPEAT(UNHEX('00ff17a5'), %d))"
             % (megabytes * 1024 * 1024 // 4))
    db.query("DELETE FROM w.huge WHERE id = 0")
    db.query("TRUNCATE TABLE w.huge")


def one_round(db, rng, folder, mixed=True):
    """A few hundred kilobytes of everything; without MIXED of rows only."""
    for _ in range(5):
        transaction(db, rng)
    big_row(db, rng)
    if mixed:
        statements(db, rng, folder)
    definitions(db, rng)
    distributed(db, rng)


def some(server, rounds=3, rotations=2, seed=1, mixed=True):
    """A bounded amount of work in the foreground: ROUNDS per file, ROTATIONS files ended."""
    rng = random.Random(seed)
    db = server.connect()
    try:
        prepare(db)
        for part in range(rotations + 1):
            for _ in range(rounds):
                one_round(db, rng, server.folder, mixed)
            if part < rotations:
                db.query("FLUSH BINARY LOGS")
    finally:
        db.close()


FAST_BYTES = 100 << 20  # of binlog, at full speed


class Workload:
    """The same in the background until finish(); survives restarts of the server. After FAST_BYTES
    it only trickles: how much a test writes must not depend on how fast the machine is."""

    def __init__(self, server, seed=1, pause=0.02, rotate_every=8, mixed=True):
        self.server, self.pause, self.rotate_every = server, pause, rotate_every
        self.mixed = mixed
        self.rng = random.Random(seed)
        self.rounds = 0
        self.sizes = {}
        self.error = None
        self.ending = threading.Event()
        self.paused = threading.Event()
        self.at_rest = threading.Event()
        self.thread = threading.Thread(target=self.run, name="workload", daemon=True)

    def begin(self):
        self.thread.start()
        return self

    def run(self):
        db = None
        while not self.ending.is_set():
            if self.paused.is_set():
                self.at_rest.set()
                time.sleep(0.02)
                continue
            self.at_rest.clear()
            try:
                if db is None:
                    db = self.server.connect()
                    # What a crash left prepared holds its locks: nobody else will end it.
                    for prepared in db.query("XA RECOVER"):
                        db.query("XA ROLLBACK '%s'" % prepared[3])
                    prepare(db)
                one_round(db, self.rng, self.server.folder, self.mixed)
                self.rounds += 1
                if self.rounds % self.rotate_every == 0:
                    db.query("FLUSH BINARY LOGS")
                    self.sizes.update((r[0], int(r[1])) for r in db.query("SHOW BINARY LOGS"))
                    if sum(self.sizes.values()) > FAST_BYTES:
                        self.pause = max(self.pause, 0.5)
            except OSError:
                db = None    # the server is being restarted
                time.sleep(0.1)
            except ServerError as err:
                if err.errno in (1053, 1317, 1158, 1159, 1160, 1161, 1927, 2013, 1397, 3169):
                    db = None
                else:
                    self.error = err
                    break
            time.sleep(self.pause)
        if db is not None:
            db.close()
        self.at_rest.set()

    def hold(self):
        """Waits until no statement is running; go_on() continues."""
        self.at_rest.clear()
        self.paused.set()
        self.at_rest.wait(60)

    def go_on(self):
        self.paused.clear()

    def finish(self):
        self.ending.set()
        self.thread.join(120)
        if self.error is not None:
            raise RuntimeError("the workload met: %s" % self.error)
