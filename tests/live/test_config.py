# SPDX-License-Identifier: Apache-2.0
"""What is done to a config before it travels: `config check` and `passwd`."""
import json
import os
import pty
import re
import subprocess

from harness import without_server
from sluice import PROGRAM, program

GOOD = "[source]\nhost = db1\nuser = relay\npassword = a secret #1\n"


def write(t, name, text):
    path = t.path(name)
    with open(path, "wb") as out:
        out.write(text if isinstance(text, bytes) else text.encode())
    return path


@without_server()
def test_a_right_config(t):
    path = write(t, "sluice.ini", GOOD)
    done = program("config", "check", path)
    assert (done.returncode, done.stdout) == (0, "%s: ok, 3 keys set\n" % path), done
    done = program("config", "check", path, "--json")
    assert json.loads(done.stdout) == {"file": path, "ok": True, "keys": 3, "mistake_count": 0,
                                       "mistakes": []}, done.stdout


@without_server()
def test_all_mistakes_at_once(t):
    path = write(t, "sluice.ini", "[source]\nhots = db1\nport = 70000\npassword = geheim12\n"
                 "ca = nowhere.pem\ntls = verify\n[appliance]\npassword = geheim13\n")
    done = program("config", "check", path)
    assert done.returncode == 2, done
    lines = done.stdout.splitlines()
    for line, key in ((2, "source.hots"), (3, "source.port"), (5, "source.ca"),
                      (8, "appliance.password"), (3, "source.host"), (3, "source.user")):
        assert any(row.startswith("%s:%d: %s: " % (path, line, key)) for row in lines), (key, lines)
    assert len(lines) == 6, lines
    assert "geheim" not in done.stdout + done.stderr
    answer = json.loads(program("config", "check", path, "--json").stdout)
    assert answer["ok"] is False and answer["mistake_count"] == 6, answer
    assert [m["line"] for m in answer["mistakes"]] == sorted(m["line"] for m in answer["mistakes"])


@without_server()
def test_what_is_no_config(t):
    for path, word in ((t.path("missing.ini"), "No such file"), (t.folder, "not a file"),
                       ("/dev/zero", "not a file")):
        done = program("config", "check", path, timeout=10)
        assert done.returncode == 2 and word in done.stderr and not done.stdout, done
        answer = json.loads(program("config", "check", path, "--json", timeout=10).stdout)
        assert answer["ok"] is False and word in answer["error"], answer
    fifo = t.path("fifo")
    os.mkfifo(fifo)
    assert program("config", "check", fifo, timeout=10).returncode == 2
    done = program("config", "check", write(t, "noise", os.urandom(60000)), timeout=10)
    assert done.returncode == 2 and "noise:1:" in done.stdout, done.stdout[:300]
    done = program("config", "check", write(t, "large", b"#" * 70000), timeout=10)
    assert done.returncode == 2 and "65536" in done.stdout + done.stderr, done
    for argv in ((), ("check",), ("check", "a", "b"), ("mend", "a"), ("check", "-x")):
        done = program("config", *argv)
        assert done.returncode == 2 and "usage" in done.stderr, (argv, done)


@without_server()
def test_a_verifier(t):
    done = program("passwd", input="right horse\n")
    assert done.returncode == 0, done
    line = done.stdout.strip()
    assert re.fullmatch(r"password = pbkdf2-sha256\$\d+\$[0-9a-f]{32}\$[0-9a-f]{64}", line), line
    path = write(t, "sluice.ini", GOOD + "[appliance]\n%s\nconsole = password\n" % line)
    assert program("config", "check", path).returncode == 0
    assert program("passwd", input="short\n").returncode == 2
    assert program("passwd", input="").returncode == 2
    assert program("passwd", input="x" * 300 + "\n").returncode == 2


def on_terminal(*answers):
    """`sluice passwd` at a terminal: its exit status, all that the terminal showed."""
    master, slave = pty.openpty()
    process = subprocess.Popen([PROGRAM, "passwd"], stdin=slave, stdout=slave, stderr=slave,
                               start_new_session=True)
    os.close(slave)
    shown = b""
    waiting = list(answers)
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:     # the other end is closed
            break
        shown += piece
        if waiting and shown.count(b": ") > len(answers) - len(waiting):
            os.write(master, waiting.pop(0).encode() + b"\n")
    os.close(master)
    return process.wait(10), shown.decode()


@without_server()
def test_a_password_is_not_shown(t):
    code, shown = on_terminal("right horse", "right horse")
    assert code == 0 and "pbkdf2-sha256$" in shown and "right" not in shown, shown
    code, shown = on_terminal("right horse", "wrong horse")
    assert code == 2 and "differ" in shown and "pbkdf2" not in shown, shown
