# SPDX-License-Identifier: Apache-2.0
"""Servers that answer one question of the precheck as no honest server would, each question in
turn: the run ends in time and in bounds, says that it does not know, and stays readable."""
import json
import os
import re
import struct
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from fake_server import Dies, FakeServer, Many
from harness import without_server
from servers import PASSWORD
from sluice import PROGRAM
from stand_ins import NAMES, Toku, question_of, tokudb, well
from test_precheck import HOSTILE, VERDICTS, nowhere, write_config

VERSION = "5.7.44-48-log"       # all questions are asked of a 5.7 with TokuDB, but for DISKS
TABLES = "shop, stock.article"
TABLE = Toku("shop", "t", "tokudb_zlib", "row_format=TOKUDB_ZLIB")
NOT_ASKED = ("disks",)
# Their failure alone is a warning (`extra` in questions.c); exit 0 is right then.
EXTRA = ("session", "status", "clock", "replicas", "replica-status", "wire", "cascades",
         "no-primary-key", "triggers", "events", "definers", "accounts", "disks")
UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufffe\uffff]")
SANITIZED = "asan" in PROGRAM or "tsan" in PROGRAM
ROOM_KIB = 48 << 10             # address space of a run, but for sanitizers, which take terabytes


def honest(question=None):
    """A well server; with something that makes its answer to QUESTION count."""
    answers = {}
    if question == "accounts":
        answers["definers"] = ["DEFINER", "objects", "example"], [["everything@%", "1", "view `v`"]]
    return tokudb(VERSION, [TABLE], answers=answers, objects=["shop.t", "stock.article"],
                  event_scheduler="ON" if question == "events" else "OFF")


def columns_of(sql):
    answer = honest()(sql)
    return answer[0] if answer is not None and not isinstance(answer[0], int) else ["x"]


def dies_in_a_row(columns):
    yield ["1"] * len(columns)
    yield b"\xff\x00\x00\x07abc"
    raise Dies


# What each does with the columns that an honest answer has.
KINDS = {
    "nulls": lambda names: (names, [[None] * len(names)] * 3),
    "no columns": lambda names: ([], []),
    "other columns": lambda names: (["a", "b", "c"], [["1", "2", "3"]]),
    "many columns": lambda names: (["c%d" % i for i in range(3000)], [["1"] * 3000]),
    "a megabyte": lambda names: (names, [["x" * (1 << 20)] * len(names)]),
    "escapes": lambda names: ([HOSTILE[:40] + n.encode() for n in names],
                              [[HOSTILE] * len(names)] * 2),
    "escapes in cells": lambda names: (names, [[HOSTILE] * len(names)] * 2),
    "a million rows": lambda names: (names, Many(["1"] * len(names), 1000000)),
    "dies": lambda names: (names, dies_in_a_row(names)),
    "an error": lambda names: (1105, "HY000", HOSTILE[:400] + PASSWORD.encode()),
    "nonsense": lambda names: (names, [["-1"] * len(names), ["99999999999999999999"] * len(names)]),
}
# After these the question has no answer, and some check must say so.
NO_ANSWER = ("a million rows", "dies", "an error", "no columns")
# After these the answer makes no sense; then too, but for a question that none needs.
NO_SENSE = ("nulls", "other columns", "many columns")


class Done:
    """One run of the program in little memory: code, out (text)."""

    def __init__(self, *argv):
        limit = "" if SANITIZED else "ulimit -v %d; " % ROOM_KIB
        done = subprocess.run(("sh", "-c", limit + 'exec "$@"', "sh", PROGRAM, "precheck") + argv,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.code, self.out = done.returncode, done.stdout.decode("utf-8")  # raises if it is none
        errors = done.stderr.decode("utf-8", "replace")
        assert self.code in (0, 1), (self.code, errors[-3000:])
        assert "Sanitizer" not in errors and "runtime error" not in errors, errors
        found = UNPRINTABLE.search(self.out)
        assert found is None, repr(self.out[max(0, found.start() - 90):found.end() + 30])
        assert PASSWORD not in self.out


def judged(folder, fake, timeout="20s", target=None):
    """The run's bundle; what the console would show of it was looked at, too."""
    path = write_config(folder, nowhere(fake.port, timeout="1m"), target,
                        {"scope": "tables", "tables": TABLES}, timeout=timeout)
    live = Done("-c", path, "--json")
    bundle = json.loads(live.out)
    with open(folder.path("bundle.json"), "w", encoding="utf-8") as out:
        out.write(live.out)
    shown = Done("--judge", folder.path("bundle.json"), "--detail", "all")
    assert shown.code == live.code, (shown.code, live.code)
    bundle["exit"] = live.code
    return bundle


class Folder:
    """What write_config needs of a test."""

    def __init__(self, path):
        self.folder = path

    def path(self, name):
        return os.path.join(self.folder, name)


def one(t, question, kind, target=False):
    """A line for what is wrong about this pair; None."""
    fake = FakeServer(honest(question), VERSION, {
        question: lambda sql: KINDS[kind](columns_of(sql))})
    other = None
    if target:
        version = "10.11.8-MariaDB"
        names = ["Disk", "Path", "Total", "Used", "Available"]
        other = FakeServer(well(version, server_id="66"), version, {
            question: lambda sql: KINDS[kind](names)})
    with tempfile.TemporaryDirectory(dir=t.folder) as path:
        try:
            bundle = judged(Folder(path), fake, target=nowhere(other.port) if other else None)
        except Exception as err:
            return "%s, %s: %s" % (question, kind, err)
        finally:
            fake.close()
            if other:
                other.close()
    asked = (other or fake).asked
    return verdict_on(question, kind, bundle, asked)


def verdict_on(question, kind, bundle, asked):
    wrong = []
    if not any(question_of(sql) == question for sql in asked):
        wrong.append("was not asked")
    if len(bundle["checks"]) < 46 or any(c["verdict"] not in VERDICTS for c in bundle["checks"]):
        wrong.append("checks are missing")
    resting = [c for c in bundle["checks"]
               if any(e["question"] == question for e in c["evidence"])]
    bad = [c for c in bundle["checks"] if c["verdict"] not in ("pass", "skip")]
    needed = kind in NO_ANSWER or (kind in NO_SENSE and question != "session")
    if needed and not [c for c in resting if c in bad]:
        wrong.append("nothing that rests on it says so: %s" % [c["name"] for c in resting])
    if question not in EXTRA and kind in NO_ANSWER and bundle["exit"] != 1:
        wrong.append("exit %d: %s" % (bundle["exit"], bundle["summary"]))
    if any(c["verdict"] in ("warn", "unknown", "fail") and not (c["why"] and c["remedy"])
           for c in bundle["checks"]):
        wrong.append("a verdict says nothing")
    return "%s, %s: %s" % (question, kind, "; ".join(wrong)) if wrong else None


WORKERS = 8         # most of them wait for the others' processor, or for a silent server


def at_once(jobs):
    with ThreadPoolExecutor(WORKERS) as pool:
        wrong = [line for line in pool.map(lambda job: job(), jobs) if line]
    assert not wrong, "%d of %d:\n%s" % (len(wrong), len(jobs), "\n".join(wrong))


@without_server(limit=300)
def test_every_question_every_kind(t):
    fake = FakeServer(honest(), VERSION)
    t.later(fake.close)
    bundle = judged(t, fake)
    bad = [c for c in bundle["checks"] if c["verdict"] not in ("pass", "skip")]
    assert bundle["exit"] == 0 and not bad, bad
    missing = [n for n in NAMES if n not in {question_of(sql) for sql in fake.asked}]
    assert sorted(missing) == sorted(NOT_ASKED), missing
    at_once([lambda q=q, k=k: one(t, q, k, q in NOT_ASKED) for q in NAMES for k in KINDS])


@without_server(limit=200)
def test_silence_at_every_question(t):
    """The time for all checks ends the run, whichever answer it waits for; what was not had is
    unknown."""
    never = threading.Event()
    t.later(never.set)

    def silent(question):
        def job():
            server = honest(question)
            override = {question: lambda _: never.wait() and (1317, "70100", "gone")}
            if question == "wire":
                server.events, override = (lambda *_: never.wait() and []), {}
            fake = FakeServer(server, VERSION, override)
            with tempfile.TemporaryDirectory(dir=t.folder) as path:
                begun = time.monotonic()
                bundle = judged(Folder(path), fake, timeout="2s")
                took = time.monotonic() - begun
            fake.close()
            over = [c for c in bundle["checks"] if c["verdict"] == "unknown"
                    and "precheck.timeout = 2s" in c["why"]]
            if question == "wire":      # has less time than all of it
                over = [c for c in bundle["checks"] if c["name"] == "on-the-wire"
                        and c["verdict"] == "unknown"]
            # The statement that nobody waits for is ended on the server, too.
            left = question != "wire" and "KILL 7" not in fake.asked
            if not over or bundle["exit"] != 1 or took > 30 or left:
                return "%s: %.1f s, exit %d, %s" % (question, took, bundle["exit"],
                                                    bundle["summary"])
            return None
        return job
    at_once([silent(q) for q in NAMES + ["wire"] if q not in NOT_ASKED])


def with_size(event, size):
    return event[:9] + struct.pack("<I", size) + event[13:]


# Streams of events that no source sends, made of an honest one.
STREAMS = {
    "an event of three bytes": lambda e: [e[0], b"\1\2\3"],
    "garbage": lambda e: [e[0], bytes(range(256)) * 4],
    "garbage at once": lambda e: [bytes(range(256)) * 4],
    "an event that is cut": lambda e: [e[0], e[-1][:-3]],
    "an event of size 0": lambda e: [e[0], with_size(e[-1], 0)],
    "an event of 4 GiB": lambda e: [e[0], with_size(e[-1], 0xFFFFFFFF)],
    "a damaged event": lambda e: e[:-1] + [e[-1][:-1] + bytes([e[-1][-1] ^ 1])],
    "a hole": lambda e: e[:3] + e[4:],
    "no description": lambda e: e[1:],
    "a million events": lambda e: e + e[-4:] * 250000,
    "an error": lambda e: (1236, "HY000", HOSTILE[:400] + PASSWORD.encode()),
}


@without_server(limit=200)
def test_every_kind_of_stream(t):
    def job(name):
        def run():
            server = honest()
            events = server.events("binlog.000002", 0)
            server.events = lambda *_: STREAMS[name](events)
            fake = FakeServer(server, VERSION)
            with tempfile.TemporaryDirectory(dir=t.folder) as path:
                bundle = judged(Folder(path), fake)
            fake.close()
            check = next(c for c in bundle["checks"] if c["name"] == "on-the-wire")
            said = "%s: on-the-wire %s: %s" % (name, check["verdict"], check["why"])
            return None if check["verdict"] in ("fail", "unknown") and check["remedy"] else said
        return run
    at_once([job(name) for name in STREAMS])
