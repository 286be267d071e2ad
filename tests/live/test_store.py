# SPDX-License-Identifier: Apache-2.0
"""The store under damage: every flipped bit is found and named, a torn tail is cut exactly."""
import hashlib
import os
import random
import shutil
import subprocess

import harness
import workload
from harness import on_servers, without_server
from sluice import Sluice, program
from store_image import FRAME_HEAD, Image, flip, write_at

FULL = harness.FULL


def digest(path):
    with open(path, "rb") as src:
        return hashlib.sha256(src.read()).digest()


def relayed(t, device_mb=32, rounds=6, rotations=6):
    """A stopped box whose store holds several sealed segments."""
    workload.some(t.server, rounds=rounds, rotations=rotations)
    box = Sluice(t, device_mb=device_mb).start()
    box.wait_caught_up()
    box.stop()
    return box


@on_servers(["mariadb-10.11"], limit=900 if FULL else 150)
def test_every_flipped_bit_is_found_and_named(t):
    seed = int(os.environ.get("SEED") or random.randrange(1 << 30))
    rng = random.Random(seed)
    box = relayed(t)
    image = Image(box.device)
    sealed = [s for s in image.segments if s.sealed]
    assert len(sealed) >= 3, "only %d sealed segments to damage" % len(sealed)
    code, clean = box.verify()
    assert code == 0, clean
    before = digest(box.device)
    names = [n for n, _ in t.server.binlogs()]
    tries = 2000 if FULL else 80
    for number in range(tries):
        segment = rng.choice(sealed)
        # Header, frames' heads, seal and payload alike; a part of the tries at the edges.
        inside = rng.choice((rng.randrange(segment.size), rng.randrange(image.header_area),
                             image.seal_at + rng.randrange(segment.size - image.seal_at),
                             rng.choice(segment.frames).at + rng.randrange(FRAME_HEAD)))
        bit = rng.randrange(8)
        flip(box.device, segment.start + inside, bit)
        code, result = box.verify()
        where = "bit %d at %d of segment %d (SEED=%d): %s" % (
            bit, inside, segment.seq, seed, result)
        assert code == 1, "not found: " + where
        findings = result["list"]
        assert any(f["segment"] == segment.seq for f in findings), "another segment: " + where
        hit = [f for f in segment.frames if f.at + FRAME_HEAD <= inside < f.at + f.length]
        if hit and hit[0].type == 1:
            named = [f for f in findings if f["segment"] == segment.seq]
            assert all(f["file"] in names for f in named), "no binlog file: " + where
            assert all(f["from"] < f["to"] for f in named), "no range: " + where
        flip(box.device, segment.start + inside, bit)
    assert digest(box.device) == before, "verify changed the device"
    t.note("%d bits in %d sealed segments, SEED=%d" % (tries, len(sealed), seed))


@on_servers(["mariadb-10.11"])
def test_damaged_range_is_never_exported_as_good(t):
    box = relayed(t)
    image = Image(box.device)
    segment = next(s for s in image.segments if s.sealed)
    frame = max((f for f in segment.frames if f.type == 1), key=lambda f: f.length)
    flip(box.device, segment.start + frame.at + FRAME_HEAD + 100, 3)
    folder = t.path("out")
    os.makedirs(folder)
    done = program("store", "export", box.device, "-o", folder)
    assert done.returncode == 1, done
    text = done.stdout + done.stderr
    assert "binlog.0" in text, "the damaged file is not named: " + text
    whole = 0
    for name, size in t.server.closed_binlogs():
        path = os.path.join(folder, name)
        if os.path.exists(path) and os.path.getsize(path) == size:
            with open(path, "rb") as a, open(t.server.binlog_path(name), "rb") as b:
                assert a.read() == b.read(), "%s was exported with wrong bytes" % name
            whole += 1
    assert whole >= 1, "the undamaged files must still come out: " + text


@on_servers(["mariadb-10.11"], limit=180)
def test_torn_tail_is_cut_at_the_last_good_frame(t):
    """The last frame is scribbled over or cut at many places; recovery ends where the frame before
    it ended, fetches the rest again, and the files are identical."""
    box = relayed(t, rounds=2, rotations=2)
    keep = t.path("keep.img")
    shutil.copyfile(box.device, keep)
    rng = random.Random(7)
    tries = 60 if FULL else 8
    for number in range(tries):
        shutil.copyfile(keep, box.device)
        segment = Image(box.device).segments[-1]
        assert segment.frames, "the newest segment has no frame"
        last = segment.frames[-1]
        at = segment.start + last.at + rng.randrange(last.length - FRAME_HEAD + 1)
        end = segment.start + last.at + last.length
        junk = rng.choice((bytes([0]), bytes([0xFF]), None))
        junk = junk * (end - at) if junk else rng.randbytes(end - at)
        with open(box.device, "rb") as src:
            src.seek(at)
            if src.read(end - at) == junk:
                continue
        write_at(box.device, at, junk)
        box.start()
        box.wait_caught_up()
        box.stop()
        code, result = box.verify()
        assert code == 0, "after the torn tail: %s" % result
        box.compare()


@on_servers(["mariadb-10.11"])
def test_truncated_image(t):
    """An image that ends too early is refused or named, never read past its end."""
    box = relayed(t, rounds=2, rotations=2)
    size = os.path.getsize(box.device)
    for keep in (0, 1, 511, 4096, 100001, size // 2, size - 1):
        short = t.path("short.img")
        shutil.copyfile(box.device, short)
        os.truncate(short, keep)
        for command in ("verify", "list"):
            done = program("store", command, short)
            assert done.returncode == 1, "%s of %d bytes ended with %d: %s" % (
                command, keep, done.returncode, done.stdout + done.stderr)
            assert (done.stdout + done.stderr).strip(), "no word about it"


@on_servers(["mariadb-10.11"])
def test_export_overwrites_nothing(t):
    """Not an earlier export, and above all not the store that it reads."""
    box = relayed(t)
    name = t.server.closed_binlogs()[0][0]
    before = digest(box.device)
    done = program("store", "export", box.device, name, "-o", box.device)
    assert done.returncode == 1 and "already" in done.stderr, done
    folder = box.export()
    kept = digest(os.path.join(folder, name))
    done = program("store", "export", box.device, "-o", folder)
    assert done.returncode == 1 and "already" in done.stderr, done
    assert digest(os.path.join(folder, name)) == kept and digest(box.device) == before


@without_server()
def test_not_one_of_ours(t):
    """Foreign content stays untouched; only `store format` may overwrite it."""
    path = t.path("foreign.img")
    rng = random.Random(3)
    with open(path, "wb") as out:
        out.write(rng.randbytes(16 << 20))
    before = digest(path)
    for command in (("list",), ("verify",), ("export",)):
        done = program("store", command[0], path, "-o", t.path("x")) if command[0] == "export" \
            else program("store", command[0], path)
        assert done.returncode == 1, "%s: %s" % (command, done)
    box = Sluice(t, port=1)
    shutil.copyfile(path, box.device)
    box.start()
    code, result = harness.wait_for(
        lambda: (lambda r: r if r[0] != 3 else None)(box.shell("status")), what="the shell")
    assert "format" in str(result), "no word about store format: %s" % result
    box.stop()
    assert digest(box.device) == before, "foreign content was changed"
    done = program("store", "format", path, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and digest(path) == before, "formatted without asking: %s" % done
    done = program("store", "format", path, "--yes")
    assert done.returncode == 0, done
    assert program("store", "verify", path).returncode == 0


@on_servers(["mariadb-10.11"], limit=180)
def test_full_store_stops_the_intake(t):
    """Full: the relay stands still and says so; a purge lets it go on; nothing is lost."""
    db = t.server.connect()
    t.later(db.close)
    workload.prepare(db)
    for _ in range(6):
        workload.huge_event(db, 3)
        db.query("FLUSH BINARY LOGS")
    box = Sluice(t, device_mb=12).start()
    status = box.wait_status(lambda s: s.get("phase") == "full", what="full")
    name, _ = box.stored()
    code, result = box.shell("store", "purge", name, "--yes")
    assert code == 0, result
    harness.wait_for(lambda: box.stored()[0] > name, what="the relay to go on")
    purges = 0
    while box.stored() != t.server.binlogs()[-1] and purges < 10:
        try:
            box.wait_status(lambda s: s.get("phase") == "full" or s.get("caught_up"), 20, "full")
        except AssertionError:
            break
        if box.status().get("phase") != "full":
            break
        code, result = box.shell("store", "purge", box.stored()[0], "--yes")
        purges += 1
    box.wait_caught_up()
    box.stop()
    folder = box.export()
    last = sorted(os.listdir(folder))[-1]
    assert last == t.server.binlogs()[-1][0], last
    code, result = box.verify()
    assert code == 0, result
