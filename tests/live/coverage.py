# SPDX-License-Identifier: Apache-2.0
"""Which checks the live tests made to fail and to pass, and whether on real servers: collected from
every run of the precheck, compared at the end with the README's table."""
import json
import os
import subprocess

README = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                      "README.md")
HEAD = "| check | made to fail on | made to pass on |"
BAD, GOOD = "fail", "pass"
seen = {}       # (name of the check, verdict) -> {True: by real servers, False: by the stand-in}


def note(bundle, stand_in_ports):
    """The verdicts of one run; with the stand-in on either side they are its."""
    real = not any(server and server["port"] in stand_in_ports
                   for server in bundle["servers"].values())
    for check in bundle["checks"]:
        note_one(check["name"], check["verdict"], real)


def note_one(name, verdict, real):
    """A verdict that was seen elsewhere: what the appliance itself raises while it runs."""
    seen.setdefault((name, verdict), set()).add(real)


def where(check, kind):
    places = set(seen.get((check["name"], kind), ()))
    if kind == BAD and check["code"] is None:
        places |= seen.get((check["name"], "warn"), set())
    return "real servers" if True in places else "the stand-in" if places else "nothing"


def rows(program):
    """The table's lines as they must stand, from the program's own list of checks."""
    listed = json.loads(subprocess.run([program, "precheck", "--list", "--json"], check=True,
                                       stdout=subprocess.PIPE, text=True).stdout)
    lines = []
    for check in listed["checks"]:
        if check["raised_by"].startswith("not yet"):
            continue
        code = "%d " % check["code"] if check["code"] is not None else ""
        lines.append("| %s%s | %s | %s |" % (code, check["name"], where(check, BAD),
                                             where(check, GOOD)))
    return lines


def test(program):
    """For the end of a whole run: every check was seen both ways, and the README says so."""
    wanted = rows(program)
    never = [line for line in wanted if "nothing" in line]
    assert not never, "never made to fail, or to pass:\n" + "\n".join(never)
    with open(README, encoding="utf-8") as text:
        have = text.read().split(HEAD, 1)[-1].split("\n\n", 1)[0].splitlines()[2:]
    if have != wanted:
        raise AssertionError("the README's table \"%s\" must be:\n%s" % (HEAD, "\n".join(wanted)))
