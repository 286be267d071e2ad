# SPDX-License-Identifier: Apache-2.0
"""The box relays from a real MariaDB; what its disk holds is compared with the source's files."""
import os
import random
import subprocess
import time

import servers
import sluice
import workload
from board import HOST, PROMPT, BoardError
from harness import wait_for

WORKER_MAX_KB = 6 * 1024

CONFIG = """[source]
host = %s
port = %d
user = sluice_tls
password = %s
tls = verify
ca = ca.pem

[task]
autostart = on

[relay]
start = earliest
heartbeat = 1s

[store]
device = part:store
"""


def plug_in(box, server, size="128M"):
    box.make_data(size)
    with open(os.path.join(server.certs, "ca.pem")) as text:
        authority = text.read()
    box.make_conf({"sluice.ini": CONFIG % (HOST, server.port, servers.PASSWORD),
                   "ca.pem": authority})


def position(box):
    return box.ask("status").get("relay", {}).get("ours")


def wait_caught_up(box, server, timeout=90):
    last = []

    def there():
        last[:] = [position(box), "%s:%d" % server.binlogs()[-1]]
        return last[0] == last[1]
    try:
        wait_for(there, timeout, "the box to catch up", pause=0.3)
    except AssertionError as err:
        raise BoardError("%s: stored %s, source %s\n%s" % (err, *last, box.command("status"))) \
            from None


def compare(box, server):
    """Every file of the disk with the source's; files and bytes back."""
    folder = box.path("export")
    program = os.path.join(box.out, "sluice")
    done = subprocess.run([program, "store", "export", box.store(), "-o", folder], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    assert done.returncode == 0, done.stdout
    names = server.binlogs()
    assert sorted(os.listdir(folder)) == [n for n, _ in names]
    total = 0
    for name, size in names:
        copy = os.path.join(folder, name)
        assert os.path.getsize(copy) == size, "%s: %d bytes of %d" % (
            name, os.path.getsize(copy), size)
        total += sluice.same_bytes(server.binlog_path(name), copy, size)
    return len(names), total


def test_relay(box):
    with servers.Server("mariadb-10.11") as server:
        workload.some(server, rounds=6, rotations=3)
        db = server.connect()
        workload.huge_event(db, 30)
        db.close()
        plug_in(box, server)
        box.start()
        box.expect(PROMPT, 30)
        wait_caught_up(box, server)
        workload.some(server, rounds=3, rotations=1, seed=2)
        wait_caught_up(box, server)
        status = box.ask("status")
        assert status["relay"]["tls"].startswith("TLS"), status["relay"]
        peak = status["box"]["memory_peak_bytes"] // 1024
        assert peak <= WORKER_MAX_KB, "the worker's peak is %d KB" % peak
        verdicts = box.ask("precheck", 60)
        assert "-256" in str(verdicts), verdicts
        box.send("poweroff\r")
        box.wait_off()
        files, size = compare(box, server)
        box.notes.append("%d files, %.1f MB identical, worker %d KB in a box of %d MB" % (
            files, size / 1e6, peak, box.mem))


def test_power_cuts(box):
    rng = random.Random(4)
    with servers.Server("mariadb-10.11") as server:
        workload.some(server, rounds=4, rotations=2)
        plug_in(box, server)
        load = workload.Workload(server, pause=0.05).begin()
        cuts = 0
        try:
            for _ in range(4):
                box.start()
                box.expect(PROMPT, 30)
                time.sleep(rng.random() * 2)
                box.kill()
                cuts += 1
        finally:
            load.finish()
        box.start()
        box.expect(PROMPT, 30)
        wait_caught_up(box, server)
        verdict = box.ask("store verify", 60)
        assert not verdict.get("findings"), verdict
        box.send("poweroff\r")
        box.wait_off()
        files, size = compare(box, server)
        box.notes.append("%d power cuts, %d files, %.1f MB identical" % (cuts, files, size / 1e6))
