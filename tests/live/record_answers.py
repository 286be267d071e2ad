#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records what real servers answer to the precheck's questions, for the stand-ins.

    tests/live/record_answers.py [NAME…]     writes tests/live/recorded/NAME.json (default: all)

SLUICE=path   the program that asks (default out/host/sluice)

The precheck asks a stand-in that passes everything on to the real server, which was brought into
the scripted state of precheck_state.py: so the recording has each statement as it is really asked,
and each answer as it really came.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import precheck_state
import servers
import stand_ins
from fake_server import FakeServer
from mysql_client import Connection, ServerError
from precheck_state import ACCOUNT
from servers import PASSWORD
from sluice import PROGRAM, require_program

DATA = "/var/lib/mysql"
CONFIGS = {"instance": {"scope": "instance"},
           "tables": {"scope": "tables", "tables": precheck_state.TABLES}}


def write_config(path, task, source, target, server):
    """SOURCE, TARGET: ports on 127.0.0.1; the text is the same each time but for these. SERVER:
    whose key a login without TLS may need."""
    key = os.path.join(server.datadir, "public_key.pem")
    more = "rsa_key = %s\n" % key if os.path.exists(key) else ""
    side = "[%s]\nhost = 127.0.0.1\nport = %d\nuser = " + ACCOUNT + "\npassword = " + PASSWORD + \
        "\ntls = off\ntimeout = 5s\n" + more + "%s\n"
    with open(path, "w", encoding="utf-8") as out:
        out.write(side % ("source", source, "server_id = 987\n"))
        out.write(side % ("target", target, ""))
        out.write("[precheck]\ntimeout = 30s\n[task]\nmode = online\n")
        out.writelines("%s = %s\n" % pair for pair in task.items())


def precheck(path):
    """The run as JSON, with everything it rests on."""
    done = subprocess.run([PROGRAM, "precheck", "-c", path, "--json", "--detail", "all"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if done.returncode not in (0, 1):
        raise RuntimeError("the precheck ended with %d: %s" % (done.returncode, done.stderr))
    return json.loads(done.stdout)


class Ask:
    """An account's connection to a real server, used as a stand-in's answers."""

    def __init__(self, server):
        self.server = server
        self.version = self.greeting = server.admin.version
        self.asked = {}
        self.connection = self.connect()

    def connect(self):
        return Connection(user=ACCOUNT, password=PASSWORD, unix_socket=self.server.socket)

    def __call__(self, sql):
        try:
            answer = self.connection.ask(sql)
            entry = {} if answer is None else {"columns": answer[0],
                                               "rows": [list(row) for row in answer[1]]}
        except ServerError as err:
            answer = err.errno, err.state, err.text
            entry = {"error": list(answer)}
        name = stand_ins.question_of(sql)
        if name is not None:
            self.asked.setdefault(sql, {"question": name, "sql": sql, **entry})
        return answer

    def events(self, name, flags):
        """Of a binlog file, without the ROTATE that a stream begins with."""
        with self.connect() as link:
            for variable in ("@master_binlog_checksum", "@source_binlog_checksum"):
                link.query("SET %s = @@global.binlog_checksum" % variable)
            link.query("SET @mariadb_slave_capability = 4")
            return list(link.dump(name, flags))[1:]

    def close(self):
        self.connection.close()


def record(server):
    """Everything about a server in the scripted state."""
    ask = Ask(server)
    fake = FakeServer(ask)
    with tempfile.TemporaryDirectory() as folder:
        for task in CONFIGS.values():
            path = os.path.join(folder, "sluice.ini")
            write_config(path, task, fake.port, fake.port, server)
            precheck(path)
    fake.close()
    flags = 3 if server.row.flavour == "mariadb" else 1
    name = server.binlogs()[0][0]
    order = {question: at for at, question in enumerate(stand_ins.NAMES)}
    recording = {
        "greeting": ask.greeting,
        "answers": sorted(ask.asked.values(), key=lambda e: order[e["question"]]),
        "everything": dict(zip(("columns", "rows"),
                               server.admin.ask("SHOW GRANTS FOR 'everything'@'%'"))),
        "binlog": {"file": name, "events": [e.hex() for e in ask.events(name, flags)]}}
    ask.close()
    return recording


def text_of(value, indent=""):
    """JSON with one row, or one event, a line."""
    deeper = indent + " "
    if isinstance(value, dict):
        inner = ["%s%s: %s" % (deeper, json.dumps(k), text_of(v, deeper)) for k, v in value.items()]
        return "{\n" + ",\n".join(inner) + "\n" + indent + "}"
    nested = isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value)
    if nested or (isinstance(value, list) and indent == "  "):
        inner = [deeper + text_of(v, deeper) for v in value]
        return "[\n" + ",\n".join(inner) + "\n" + indent + "]"
    return json.dumps(value, ensure_ascii=False)


def main():
    require_program()
    os.makedirs(stand_ins.RECORDED, exist_ok=True)
    for name in sys.argv[1:] or list(servers.BY_NAME):
        with servers.Server(name) as server:
            precheck_state.set_up(server)
            recording = record(server)
        with open(os.path.join(stand_ins.RECORDED, name + ".json"), "w", encoding="utf-8") as out:
            # A folder of this run is nobody's.
            out.write(text_of(recording).replace(server.folder + "/data", DATA) + "\n")
        print("%s: %d answers, %d events" % (name, len(recording["answers"]),
                                             len(recording["binlog"]["events"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
