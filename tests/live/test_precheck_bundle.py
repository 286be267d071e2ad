# SPDX-License-Identifier: Apache-2.0
"""The precheck's bundle: everything that was asked and answered, no secret, and judged again without
any server."""
import json
import re
import time

from fake_server import FakeServer, well
from harness import on_servers, wait_for, without_server
from servers import PASSWORD
from sluice import Sluice, program
from test_precheck import keys_of, make_account, nowhere, pair, run, write_config


def taken(t, *args, **kw):
    """(exit code, the bundle as text, its path) of a run."""
    done = program("precheck", "-c", write_config(t, *args, **kw), "--json")
    path = t.path("taken.json")
    with open(path, "w") as out:
        out.write(done.stdout)
    return done.returncode, done.stdout, path


def judged(path, *words):
    return program("precheck", "--judge", path, *words)


def save(t, bundle):
    path = t.path("changed.json")
    with open(path, "w") as out:
        json.dump(bundle, out)
    return path


def check_of(bundle, name):
    return next(c for c in bundle["checks"] if c["name"] == name)


@on_servers()
def test_holds_everything(t):
    """Each question with its statement, answer, time and server; each verdict with its rule."""
    source, target = pair(t)
    before = int(time.time() * 1000)
    code, text, path = taken(t, keys_of(source), keys_of(target, host="localhost"))
    after = int(time.time() * 1000)
    bundle = json.loads(text)
    assert PASSWORD not in text
    assert list(bundle["servers"]) == ["source", "target"], bundle["servers"]
    for name, server in (("source", source), ("target", target)):
        facts = bundle["servers"][name]
        assert facts["port"] == server.port and facts["version"] in server.version, facts
        for question, answer in facts["answers"].items():
            assert answer["sql"] or question == "connect", (question, answer)
            assert answer["took_ms"] >= 0 and before <= answer["asked_ms"] <= after, answer
            assert ("rows" in answer) != ("error" in answer), (question, answer)
    cited = set()
    for check in bundle["checks"]:
        assert check["rule"] and check["title"] and check["why"], check
        for one in check["evidence"]:
            cited.add((one["server"], one["question"]))
            assert one["question"] in bundle["servers"][one["server"]]["answers"] \
                or check["verdict"] in ("skip", "unknown"), (check["name"], one)
    assert ("source", "variables") in cited and ("target", "variables") in cited
    # The servers are out of reach now; nothing of them is needed.
    bundle["servers"]["source"]["host"] = bundle["servers"]["target"]["host"] = "gone.invalid"
    bundle["servers"]["target"]["port"] = 1
    again = judged(save(t, bundle), "--json")
    assert again.returncode == code, again
    now = json.loads(again.stdout)
    assert (now["differences"], now["notes"]) == ([], []), now
    assert now["checks"] == bundle["checks"]
    # What it says of itself can be judged once more.
    with open(path, "w") as out:
        out.write(again.stdout)
    assert json.loads(judged(path, "--json").stdout)["checks"] == bundle["checks"]


@on_servers()
def test_what_was_changed_is_named(t):
    make_account(t.server)
    _, text, path = taken(t, keys_of(t.server))
    honest = judged(path)
    assert "DIFFERS" not in honest.stdout and "note:" not in honest.stdout, honest.stdout

    bundle = json.loads(text)
    check_of(bundle, "binlog-format")["verdict"] = "fail"
    done = judged(save(t, bundle))
    assert done.returncode == 1, done
    assert "DIFFERS: -262 binlog-format: the bundle says fail, judged now it is pass" \
        in done.stdout.splitlines(), done.stdout

    bundle = json.loads(text)
    rows = bundle["servers"]["source"]["answers"]["variables"]["rows"]
    next(r for r in rows if r[0] == "binlog_format")[1] = "STATEMENT"
    done = judged(save(t, bundle), "--json", "--detail", "-262")
    now = json.loads(done.stdout)
    assert done.returncode == 1 and now["checks"][0]["verdict"] == "fail", done
    assert now["differences"] == [
        "-262 binlog-format: the bundle says pass, judged now it is fail"], now["differences"]
    assert ["binlog_format", "STATEMENT"] in now["checks"][0]["evidence"][0]["rows"]

    bundle = json.loads(text)
    check_of(bundle, "binlog-format")["why"] = "trust me"
    done = judged(save(t, bundle))
    assert done.returncode == 1 and "not its why" in done.stdout, done.stdout

    bundle = json.loads(text)
    bundle["program"] = "sluice 99.0"
    bundle["servers"]["source"]["answers"]["moon\x1b[2J"] = {"sql": "SELECT moon()"}
    done = judged(save(t, bundle))
    assert done.returncode == honest.returncode, done
    assert "note: another version" in done.stdout, done.stdout
    assert "servers.source.answers.moon\\x1b[2J is not known" in done.stdout, done.stdout


@without_server()
def test_what_is_no_bundle(t):
    source = FakeServer(well("8.0.40"))
    t.later(source.close)
    _, text, path = taken(t, nowhere(source.port))
    assert judged("/dev/stdin", "--detail", "all").returncode == 2
    for words, expected in ((("--judge",), "usage"),
                            (("--judge", path, "-c", path), "usage"),
                            (("--judge", path, "--list"), "usage"),
                            (("--judge", path, "--detail", "-999"), "there is no check"),
                            (("--judge", path, "--detail", "-417"), "it is raised: "),
                            (("--judge", t.path("none.json")), "none.json cannot be opened"),
                            (("--judge", t.folder), "cannot be read")):
        done = program("precheck", *words)
        assert done.returncode == 2 and expected in done.stderr and not done.stdout, done
    bad = t.path("bad.json")
    for content, expected in (("", "it is no JSON"), (text[:-5], "it is no JSON"),
                              ("[1]", "it is no bundle"), ('{"format": 2}', "another format"),
                              (text.replace('["log_bin","ON"]', '["log_bin"]', 1),
                               "servers.source.answers.variables.rows["),
                              (text.replace('"timeout_s":', '"timeout_s":1,"timeout_s":', 1),
                               "task.timeout_s is there twice")):
        with open(bad, "w") as out:
            out.write(content)
        done = judged(bad, "--json")
        assert done.returncode == 2 and not done.stdout, done
        assert done.stderr.startswith("sluice: %s: " % bad) and expected in done.stderr, done.stderr


ODD = 'p"ä\\ss;wörd\'7'


@without_server()
def test_no_secret(t):
    """A server that sends the password back wherever it can."""
    for secret in (PASSWORD, ODD):
        honest = well("8.0.40")

        def answer(sql, secret=secret, honest=honest):
            if sql.startswith("SHOW GLOBAL VARIABLES"):
                columns, rows = honest(sql)
                return columns, list(rows) + [["rds_" + secret, "x"], ["sql_mode", "a" + secret],
                                              ["time_zone", "A" * 1020 + secret]]
            if sql.startswith("SHOW GRANTS"):
                return ["Grants for " + secret], [
                    ["GRANT ALL ON *.* TO `sluice`@`%%` IDENTIFIED BY '%s'" % secret]]
            if sql in ("SHOW REPLICAS", "SHOW SLAVE HOSTS"):
                return ["Server_Id", "Host", "Password"], [["7", "db-" + secret, secret]]
            if sql.startswith("SELECT DEFINER"):
                return 1064, "42000", "near '%s' at line 1" % secret
            if sql.startswith("SHOW BINARY LOGS"):
                return [secret, "File_size"], [["log-" + secret, "4"]]
            return honest(sql)
        source = FakeServer(answer, "8.0.40")
        t.later(source.close)
        code, text, path = taken(t, nowhere(source.port, password=secret))
        assert code == 1 and json.loads(text)["checks"]
        texts = [text, judged(path, "--json").stdout, judged(path, "--detail", "all").stdout]
        for words in (("--detail", "all"), (), ("--json", "--detail", "all")):
            done = program("precheck", "-c", t.path("precheck.ini"), *words)
            texts.append(done.stdout + done.stderr)
        for words in texts:
            escaped = json.dumps(secret)[1:-1]
            assert secret not in words and escaped not in words and \
                json.dumps(secret, ensure_ascii=False)[1:-1] not in words, words
            assert secret[-4:] not in words, words      # nor most of it
        hidden = json.loads(text)["servers"]["source"]["answers"]
        assert hidden["replicas"]["rows"] == [["7", "db-(hidden)", "(hidden)"]], hidden["replicas"]
        assert "hidden" in hidden["definers"]["error"]["text"], hidden["definers"]


@without_server()
def test_in_chinese(t):
    source = FakeServer(well("5.7.44", binlog_format="STATEMENT"))
    t.later(source.close)
    code, text, path = taken(t, nowhere(source.port), lang="zh")
    bundle = json.loads(text)
    check = check_of(bundle, "binlog-format")
    assert code == 1 and "不能为 statement" in check["title"], check
    assert check["remedy"].startswith("源实例的 binlog 格式需为 row 或者 mixed；"), check
    assert "SET GLOBAL binlog_format = 'ROW'" in check["remedy"], check
    assert re.match("共 [0-9]+ 项，[0-9]+ 项通过", bundle["summary"]), bundle["summary"]
    done = judged(path)
    assert done.stdout.startswith("失败"), done.stdout
    assert bundle["summary"] in done.stdout and "处理：" in done.stdout, done.stdout


@without_server()
def test_fits_a_console(t):
    """What passes is a few short lines; what does not stands in full above."""
    source = FakeServer(well("8.0.40", binlog_format="STATEMENT"))
    t.later(source.close)
    done = program("precheck", "-c", write_config(t, nowhere(source.port)))
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["FAIL", "-262", "binlog-format"], lines
    assert lines[1].startswith(" " * 16 + "to do: on the source: SET GLOBAL"), lines
    passed = next(i for i, line in enumerate(lines) if line.startswith("pass"))
    assert all(len(line) < 80 for line in lines[passed:-1]), lines
    assert "binlog-on" in "".join(lines[passed:]) and len(lines) < 40, lines
    assert lines[-1].split(":")[0].endswith("1 FAILS"), lines[-1]


@on_servers(["mariadb-10.11"])
def test_judges_what_another_run_took(t):
    """Nothing of the config and the clock of the judge plays a part: a bundle of long ago is judged
    as it was then."""
    make_account(t.server)
    result = run(t, keys_of(t.server))
    bundle = json.loads(taken(t, keys_of(t.server))[1])
    shift = 400 * 86400 * 1000
    bundle["when_ms"] -= shift
    for answer in bundle["servers"]["source"]["answers"].values():
        answer["asked_ms"] -= shift
    clock = bundle["servers"]["source"]["answers"]["clock"]
    clock["rows"][0][0] = str(int(float(clock["rows"][0][0])) - shift // 1000)
    now = json.loads(judged(save(t, bundle), "--json").stdout)
    assert {c["name"]: c["verdict"] for c in now["checks"]} == {
        c["name"]: c["verdict"] for c in result.json["checks"]}


@on_servers()
def test_from_a_running_box(t):
    """The box's last precheck as a bundle."""
    box = Sluice(t)
    box.sections["task"]["autostart"] = "off"
    box.sections["target"] = keys_of(t.server, user="sluice", host="localhost")
    box.write_config()
    box.start()
    wait_for(lambda: box.shell("status")[0] != 3, what="a socket")
    code, short = box.shell("precheck")
    assert all("evidence" not in c and c["evidence_count"] >= 0 for c in short["checks"]), short
    last, bundle = box.shell("precheck", "--last", "--detail", "bundle")
    assert last == code and bundle["summary"] == short["summary"], bundle["summary"]
    assert PASSWORD not in json.dumps(bundle)
    again = judged(save(t, bundle), "--json")
    now = json.loads(again.stdout)
    assert (again.returncode, now["differences"], now["notes"]) == (code, [], []), now
    assert now["checks"] == bundle["checks"]
    shown = program("shell", "-s", box.socket, "precheck", "--last", "--detail", "-262").stdout
    assert "1970-01-01" not in shown, shown
