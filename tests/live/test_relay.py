# SPDX-License-Identifier: Apache-2.0
"""The relayed files are the source's, byte for byte, whatever happens in between."""
import os
import random
import time

import harness
import workload
from harness import on_servers, wait_for
from proxy import Proxy
from sluice import PROGRAM, Sluice, without_in_use

FULL = harness.FULL
MEMORY_LIMIT_KB = 6 * 1024


def is_static():
    """A sanitizer's build is dynamic, and its memory says nothing."""
    with open(PROGRAM, "rb") as src:
        return b"/ld-linux" not in src.read(4096)


def check_memory(t, box):
    t.note("VmHWM %d KiB" % box.peak)
    if is_static():
        assert 0 < box.peak <= MEMORY_LIMIT_KB, "VmHWM %d KiB is over %d" % (
            box.peak, MEMORY_LIMIT_KB)


def finish(t, box, first=None):
    """Catches up, stops, compares everything."""
    box.wait_caught_up()
    box.stop()
    size = box.compare(first)
    code, verdict = box.verify()
    assert code == 0, "store verify: %s" % verdict
    t.note("%.1f MB identical" % (size / 1e6))


@on_servers()
def test_catches_up_and_follows(t):
    """What was there before, what comes while it runs, across rotations."""
    workload.some(t.server, rounds=3, rotations=3)
    box = Sluice(t).start()
    box.wait_caught_up()
    load = workload.Workload(t.server, rotate_every=4).begin()
    time.sleep(3)
    load.finish()
    finish(t, box)
    check_memory(t, box)


@on_servers()
def test_says_that_it_has_caught_up(t):
    workload.some(t.server, rounds=1, rotations=1)
    box = Sluice(t).start()
    status = box.wait_status(lambda s: s.get("caught_up"), what="caught_up")
    name, size = t.server.binlogs()[-1]
    assert status["source"] == (name, size), status
    assert status["stored"] == status["source"], status
    assert status["phase"] == "streaming", status
    finish(t, box)


@on_servers()
def test_empty_source_then_first_write(t):
    """A source that has written nothing yet is a source to wait for."""
    box = Sluice(t).start()
    box.wait_caught_up()
    workload.some(t.server, rounds=1, rotations=0)
    finish(t, box)


@on_servers(tls=True)
def test_identical_over_tls(t):
    workload.some(t.server, rounds=3, rotations=2)
    box = Sluice(t, user="sluice_tls", tls="verify",
                 ca=os.path.join(t.server.certs, "ca.pem")).start()
    box.wait_caught_up()
    assert box.status()["tls"].startswith("TLSv1."), box.status()
    workload.some(t.server, rounds=2, rotations=1, seed=2)
    finish(t, box)
    check_memory(t, box)


@on_servers()
def test_server_restarts(t):
    """In an orderly way and by a crash, with the relay attached."""
    load = workload.Workload(t.server).begin()
    box = Sluice(t).start()
    for graceful in (True, False):
        time.sleep(1.5)
        t.server.restart(graceful)
    time.sleep(1)
    load.finish()
    finish(t, box)


@on_servers()
def test_relay_stops_and_goes_on(t):
    """SIGTERM at some point, again from there, several times; nothing is fetched twice for good."""
    load = workload.Workload(t.server).begin()
    box = Sluice(t)
    for _ in range(4):
        box.start()
        time.sleep(random.uniform(0.3, 1.2))
        wait_for(box.status, what="the shell to answer")
        box.stop()
    load.finish()
    box.start()
    finish(t, box)


@on_servers(limit=900 if FULL else 180)
def test_kill_9_at_random_moments(t):
    """What was reported as stored is still there after the kill, and the end is identical."""
    seed = int(os.environ.get("SEED") or random.randrange(1 << 30))
    rng = random.Random(seed)
    kills = 70 if FULL else 10
    load = workload.Workload(t.server, seed=seed, rotate_every=5).begin()
    box = Sluice(t)
    reported = ("", 0)
    for number in range(kills):
        box.start()
        time.sleep(rng.choice((0.02, 0.1, 0.3, 0.8)) * rng.random() + 0.01)
        if number % 3 == 0:
            now = wait_for(box.stored, what="a position")
            if now[0]:
                assert now >= reported, "after a kill %s is stored, before it was %s (SEED=%d)" % (
                    now, reported, seed)
                reported = now
        box.kill()
    load.finish()
    box.start()
    t.note("%d kills, SEED=%d" % (kills, seed))
    finish(t, box)


@on_servers()
def test_network_is_cut(t):
    """Connections cut in the middle of packets, refused, and silent."""
    proxy = Proxy(t.server.port)
    t.later(proxy.close)
    load = workload.Workload(t.server).begin()
    box = Sluice(t, port=proxy.port, timeout="2s").start()
    for after in (50, 3000, 100000, 400000):
        proxy.cut_once(after)
        time.sleep(1)
    proxy.refuse()
    proxy.cut_now()
    box.wait_status(lambda s: s.get("phase") == "waiting" and s.get("error"), what="waiting")
    proxy.refuse(False)
    box.wait_status(lambda s: s.get("phase") == "streaming", what="streaming again")
    proxy.stall()
    box.wait_status(lambda s: s.get("phase") != "streaming", 20, "the silence to be noticed")
    proxy.cut_now()
    proxy.stall(False)
    load.finish()
    box.wait_status(lambda s: s.get("phase") == "streaming", what="streaming again")
    finish(t, box)
    t.note("%d connections" % proxy.connections)


@on_servers()
def test_corrupt_event_is_fetched_again(t):
    """One bit flips on the wire: its checksum finds it, the event is fetched again."""
    proxy = Proxy(t.server.port)
    t.later(proxy.close)
    workload.some(t.server, rounds=1, rotations=0)
    box = Sluice(t, port=proxy.port).start()
    box.wait_caught_up()
    for length in (40, 60000):
        marker = b"flip-me-%d-" % length
        flips = proxy.flips
        proxy.flip_at(marker)
        t.server.sql("INSERT INTO w.big (b) VALUES (REPEAT('%s', %d))" % (
            marker.decode(), length // len(marker) + 1))
        wait_for(lambda: proxy.flips > flips, 90, what="the flip")
        box.wait_caught_up()
    assert box.status()["checksum_errors"] >= 2, box.status()
    finish(t, box)


@on_servers(limit=240)
def test_event_of_200_mb(t):
    """Memory does not depend on the size of an event."""
    db = t.server.connect()
    t.later(db.close)
    workload.prepare(db)
    workload.huge_event(db, 200)
    db.query("FLUSH BINARY LOGS")
    workload.huge_event(db, 20)
    box = Sluice(t, device_mb=320).start()
    box.wait_caught_up(120)
    finish(t, box)
    check_memory(t, box)


@on_servers(tls=True, limit=240)
def test_event_of_200_mb_over_tls(t):
    if not FULL and t.server.row.flavour != "mariadb":
        raise harness.Skip("only with FULL=1")
    db = t.server.connect()
    t.later(db.close)
    workload.prepare(db)
    workload.huge_event(db, 200)
    box = Sluice(t, device_mb=320, tls="require").start()
    box.wait_caught_up(120)
    finish(t, box)
    check_memory(t, box)


@on_servers()
def test_packets_of_exactly_16_mib(t):
    """Events whose size meets the packet limit: an exact multiple ends in an empty packet."""
    db = t.server.connect()
    t.later(db.close)
    workload.prepare(db)
    for size in range(0xFFFFFF - 60, 0xFFFFFF - 20, 4):
        db.query("INSERT INTO w.huge (id, b) VALUES (1, REPEAT('x', %d))" % size)
        db.query("TRUNCATE TABLE w.huge")
    box = Sluice(t, device_mb=320).start()
    finish(t, box)


@on_servers()
def test_starts_at_latest(t):
    workload.some(t.server, rounds=1, rotations=2)
    name, size = t.server.binlogs()[-1]
    box = Sluice(t)
    box.sections["relay"]["start"] = "latest"
    box.write_config()
    box.start()
    box.wait_status(lambda s: s.get("phase") == "streaming", what="streaming")
    workload.some(t.server, rounds=1, rotations=1, seed=2)
    box.wait_caught_up()
    box.stop()
    check_from(t, box, name, size)


@on_servers()
def test_starts_at_a_position(t):
    workload.some(t.server, rounds=1, rotations=2)
    rows = t.server.sql("SHOW BINLOG EVENTS IN '%s'" % t.server.binlogs()[1][0])
    name, middle = rows[0][0], int(rows[len(rows) // 2][1])
    box = Sluice(t)
    box.sections["relay"]["start"] = "%s:%d" % (name, middle)
    box.write_config()
    box.start()
    box.wait_caught_up()
    box.stop()
    check_from(t, box, name, middle)


def check_from(t, box, name, offset):
    """The store begins in that file at that offset, and goes on to the end."""
    folder = box.export()
    names = [n for n, _ in t.server.binlogs()]
    names = names[names.index(name):]
    assert sorted(os.listdir(folder)) == names, sorted(os.listdir(folder))
    for other in names:
        start = offset if other == name else 0
        with open(t.server.binlog_path(other), "rb") as one, \
                open(os.path.join(folder, other), "rb") as copy:
            one.seek(start)
            a, b = one.read(), copy.read()
            if start == 0:
                a = without_in_use(a)
            assert a == b, "%s from %d differs" % (other, start)


@on_servers()
def test_without_checksums(t):
    """binlog_checksum=NONE on the source, and a change of it while relaying."""
    t.later(lambda: t.server.sql("SET GLOBAL binlog_checksum = 'CRC32'"))
    workload.some(t.server, rounds=1, rotations=0)
    t.server.sql("SET GLOBAL binlog_checksum = 'NONE'")
    workload.some(t.server, rounds=1, rotations=1)
    box = Sluice(t).start()
    box.wait_caught_up()
    t.server.sql("SET GLOBAL binlog_checksum = 'CRC32'")
    workload.some(t.server, rounds=1, rotations=1)
    finish(t, box)
