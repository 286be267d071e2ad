# SPDX-License-Identifier: Apache-2.0
"""That the stand-in answers as the real server does: each recording against the server that it is
of, started anew; and the precheck reaches the same verdicts from both."""
import os
import re

import precheck_state
import servers
import stand_ins
from fake_server import FakeServer
from harness import FULL, without_server
from record_answers import CONFIGS, Ask, precheck, write_config
from sluice import ROOT
from stand_ins import NAMES, Recorded, question_of

# What cannot be equal: by question, the columns, or the names of rows of names and values.
VARIES = {
    "version": {"VERSION()": "the distribution moves on"},
    "variables": {"version": "the distribution moves on", "version_comment": "the same",
                  "server_uuid": "made at the first start", "datadir": "a folder of its own",
                  "system_time_zone": "of the machine"},
    "status": {"Uptime": "a clock", "Threads_connected": "a dump may not have ended yet",
               "Max_used_connections": "the same"},
    "clock": {"unix_time": "a clock", "utc_offset": "of the machine"},
    "binlog-status": {"Position": "MariaDB notes its checkpoints when it comes to it",
                      "Executed_Gtid_Set": "has the server_uuid"},
    "binlog-files": {"File_size": "see Position"},
    "disks": {"Disk": "of the machine", "Path": "the same", "Total": "the same", "Used": "the same",
              "Available": "the same"},
}
# Checks whose words have numbers from these.
NUMBERS_VARY = ("binlog-on", "clock", "connections", "capacity", "on-the-wire", "big-files",
                "binlog-retention")
CHECKPOINT = 161    # MariaDB's binlog event of that name
NAME_LIST = re.compile(r"`[^,]*`\.`[^,]*`(?:, `[^,]*`\.`[^,]*`)+")


def in_order(text):
    """Lists of names sorted: GROUP_CONCAT has the order in which the server found them."""
    return NAME_LIST.sub(lambda m: ", ".join(sorted(m.group(0).split(", "))), text)


def plain(question, answer):
    """An answer with what varies taken out, in an order of its own."""
    if answer is None or isinstance(answer[0], int):
        return answer
    varies = VARIES.get(question, {})
    columns, rows = answer
    out = []
    for row in rows:
        row = ["*" if name in varies else value for name, value in zip(columns, row)]
        if row[0] in varies:
            row[1] = "*"
        out.append([None if value is None else in_order(value) for value in row])
    return list(columns), sorted(out, key=repr)


def words(text, name, versions):
    """A check's words with what varies taken out."""
    for version in versions:
        text = text.replace(version, "VERSION")
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID", in_order(text))
    text = re.sub(r"127\.0\.0\.1:\d+", "HERE", text)
    return re.sub(r"\d+(\.\d+)?", "N", text) if name in NUMBERS_VARY else text


def verdicts(run, versions):
    return {check["name"]: [check["verdict"]]
            + [words(check[key], check["name"], versions) for key in ("why", "remedy")]
            + [(c["what"], words(c["found"], check["name"], versions), c["holds"])
               for c in check["compared"]] for check in run["checks"]}


def differences(one, other):
    return ["%s: %s\n   not %s" % (key, other.get(key), one.get(key))
            for key in {**one, **other} if one.get(key) != other.get(key)]


def faithful(t, name):
    recorded = Recorded(name)
    with servers.Server(name) as server:
        precheck_state.set_up(server)
        ask = Ask(server)
        t.later(ask.close)
        wrong = []
        for sql, entry in recorded.table.items():
            have, want = (plain(entry["question"], a) for a in (
                ask(sql), stand_ins.as_answer(entry)))
            if have != want:
                wrong.append("%s\n   %s\n   not as recorded %s" % (sql, have, want))
        binlog = recorded.recording["binlog"]
        flags = 3 if server.row.flavour == "mariadb" else 1
        kinds = [[e[4] for e in events if e[4] != CHECKPOINT] for events in (
            ask.events(binlog["file"], flags), recorded.events(binlog["file"], flags))]
        if kinds[0] != kinds[1]:
            wrong.append("events of the binlog %s, recorded %s" % tuple(kinds))
        assert not wrong, "\n".join(wrong)

        fake = FakeServer(recorded)
        t.later(fake.close)
        versions = [v for v in {server.version, recorded.version, server.admin.version}]
        versions.sort(key=len, reverse=True)
        for task in CONFIGS.values():
            runs = []
            for port in (server.port, fake.port):
                write_config(t.path("sluice.ini"), task, port, port, server)
                runs.append(precheck(t.path("sluice.ini")))
            assert not recorded.unknown, "not recorded: %s" % recorded.unknown
            same_questions(*runs)
            wrong = differences(*(verdicts(run, versions) for run in runs))
            assert not wrong, "real and stand-in:\n" + "\n".join(wrong)


def same_questions(real, fake):
    """Both were asked the same, and every statement is taken for what it is."""
    asked = []
    for run in (real, fake):
        asked.append({(a["server"], a["question"], a["sql"])
                      for check in run["checks"] for a in check["evidence"]})
    assert asked[0] == asked[1], asked[0] ^ asked[1]
    for _, question, sql in asked[0]:
        if question in NAMES:
            assert question_of(sql) == question or not sql, (question, sql)


def make(name):
    @without_server(limit=180)
    def test(t):
        faithful(t, name)
    test.__name__ = "test_faithful_" + name
    return test


only = os.environ.get("SERVERS")
for row in servers.TABLE:
    if row.name in only.split(",") if only else row.default_set or FULL:
        globals()["test_faithful_" + row.name] = make(row.name)


@without_server()
def test_every_question_is_known(t):
    with open(os.path.join(ROOT, "app/precheck/questions.c"), encoding="utf-8") as text:
        names = re.findall(r'\[Q_\w+\] = \{"([\w-]+)"', text.read())
    assert sorted(names) == sorted(NAMES + ["connect", "wire"]), set(names) ^ set(NAMES)
