# SPDX-License-Identifier: Apache-2.0
"""From power-on to the prompt: without a medium, with a good one, with a bad one; and off again."""
import os
import re

from board import HOST, PROMPT
from segment import Segment
from servers import free_port

# A source that nobody runs: these tests are about the box.
GOOD = """[appliance]
hostname = %s

[source]
host = 10.0.2.2
port = 1
user = relay
password = not-a-real-one

[task]
autostart = off

[store]
device = part:store
"""


def test_without_a_medium(box):
    box.make_data()
    box.start()
    box.expect(PROMPT, 30)
    box.notes.append("prompt after %.1f s" % box.uptime())
    assert "precheck" in box.command("help")
    status = box.ask("status")
    assert "config" in status["summary"], status
    assert re.search(r"\d+\.\d+", box.command("version"))
    box.send("poweroff\r")
    box.wait_off()
    assert "reboot: Power down" in box.text, box.error("not by its own power switch")


def test_without_a_disk(box):
    box.make_conf({"sluice.ini": GOOD % "diskless"})
    box.start()
    box.expect(PROMPT, 30)
    status = box.ask("status")
    assert status["store_error"], status
    assert status["box"]["name"] == "diskless", status


def test_config_is_kept_on_flash(box):
    box.make_data()
    box.make_conf({"sluice.ini": GOOD % "first-name"})
    box.start()
    box.expect(PROMPT, 30)
    assert box.ask("status")["box"]["name"] == "first-name"
    box.send("poweroff\r")
    box.wait_off()

    box.make_conf(None)
    box.start()
    box.expect(PROMPT, 30)
    assert box.ask("status")["box"]["name"] == "first-name"
    box.kill()

    # A medium with a mistake changes nothing, and is named.
    box.make_conf({"sluice.ini": (GOOD % "second-name").replace("port = 1", "port = 99999")})
    box.start()
    box.expect(PROMPT, 30)
    assert re.search(r"sluice\.ini:6: (source\.)?port", box.text), box.error("no word of the mistake")
    assert box.ask("status")["box"]["name"] == "first-name"
    box.kill()

    box.make_conf({"sluice.ini": GOOD % "third-name"})
    box.start()
    box.expect(PROMPT, 30)
    assert box.ask("status")["box"]["name"] == "third-name"


def test_every_mistake_is_named(box):
    box.make_data()
    box.make_conf({"sluice.ini": "\n".join((
        "[appliance]", "hostname = not a name", "colour = blue",
        "[network]", "address = 10.0.2.300/24",
        "[source]", "host = " + HOST, "port = none", "tls = perhaps", "ca = missing.pem",
        "[relay]", "start = yesterday", "[nonsense]", "a = b", ""))})
    box.start()
    box.expect(PROMPT, 30)
    for line, word in ((2, "hostname"), (3, "colour"), (5, "address"), (8, "port"), (9, "tls"),
                       (10, "ca"), (12, "start"), (13, "nonsense")):
        assert re.search(r"sluice\.ini:%d: .*%s" % (line, word), box.text), \
            box.error("line %d (%s) is not named" % (line, word))
    assert "help" in box.command("help")


def test_a_medium_that_cannot_be_read(box):
    box.make_data()
    box.conf = box.path("conf.img")
    with open(box.conf, "wb") as out:
        out.write(os.urandom(1 << 20))
    box.start()
    box.expect(PROMPT, 30)
    said = box.text + box.command("log -n 50")
    assert re.search(r"medium", said), box.error("no word of the medium")


def test_restart(box):
    box.make_data()
    box.start(reboot=True)
    box.expect(PROMPT, 30)
    box.send("reboot\r")
    box.expect("reboot: Restarting system", 20)
    box.expect(PROMPT, 30)


def test_line_editing_and_completion(box):
    box.make_data()
    box.start()
    box.expect(PROMPT, 30)
    box.send("prech\t")
    box.expect(r"precheck ?", 5)
    box.send("\x03")                            # Ctrl-C drops the line
    box.expect(PROMPT, 5)
    box.send("versionx\x7f\r")                  # backspace
    assert re.search(r"\d+\.\d+", box.expect(PROMPT, 10).before)
    box.send("\x00\x01\xff\xfe garbage \x1b[99~\r")
    box.expect(PROMPT, 10)
    answer = box.command("no such command")
    assert "no" in answer and "help" in answer, answer
    assert box.ask("version")["version"]


def test_an_address_of_its_own(box):
    box.make_data()
    box.make_conf({"sluice.ini": "[network]\naddress = 10.0.2.77/24\ngateway = 10.0.2.2\n"
                                  + GOOD % "fixed"})
    box.start()
    box.expect(PROMPT, 30)
    assert "10.0.2.77" in box.ask("status")["box"]["address"]
    box.kill()
    box.make_conf({"sluice.ini": GOOD % "by-dhcp"})
    box.start()
    box.expect(PROMPT, 30)
    assert "10.0.2.15" in box.ask("status")["box"]["address"]


def test_an_unreachable_source(box):
    box.make_data()
    box.make_conf({"sluice.ini": (GOOD % "lonely").replace("port = 1", "port = %d" % free_port())})
    box.start()
    box.expect(PROMPT, 30)
    result = box.ask("precheck")
    text = str(result)
    assert "fail" in text and "10.0.2.2" in text, result


def test_the_prompt_comes_back(box):
    """News of the box is written over the prompt: it must be there again without a key."""
    with Segment(lambda asked: None) as silent:
        box.make_data()
        box.start(net=silent.net)
        box.expect(PROMPT, 30)
        box.send("stat")
        box.expect("no DHCP server answers", 30)
        box.expect(PROMPT, 3)
        box.send("us\r")                        # and what was typed before is not lost
        assert "config" in box.expect(PROMPT, 10).before
