# SPDX-License-Identifier: Apache-2.0
"""The config's way into the box: media of all kinds, what is kept, the console's password."""
import struct

from board import PROMPT, media

GOOD = """[appliance]
hostname = %s
%s
[source]
host = 10.0.2.2
port = 1
user = relay
%s
[task]
autostart = off
"""
# "right horse", as `sluice passwd` makes it.
VERIFIER = ("password = pbkdf2-sha256$20000$000102030405060708090a0b0c0d0e0f$"
            "7390f776f81daaf4738765b6abaa7f62370f8436fcddff5908fa9605f053aaa4\nconsole = password\n")
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def name_of(box):
    return box.ask("status")["box"]["name"]


def damage_config(box, slot):
    """Flips a bit of a record's digest on the disk."""
    start, size = map(int, media("part", box.data, "cfg").split())
    with open(box.data, "r+b") as disk:
        disk.seek(start + slot * size // 2 + 56)
        old = disk.read(1)[0]
        disk.seek(start + slot * size // 2 + 56)
        disk.write(bytes([old ^ 1]))


def test_a_partitioned_medium_from_another_editor(box):
    """CRLF, a byte order mark, a file beside it, and the partition table that PCs put on sticks."""
    box.make_data()
    text = "\ufeff" + GOOD % ("stick", "", "tls = require\nca = CA.PEM\n")
    box.make_conf({"SLUICE.INI": text.replace("\n", "\r\n"), "CA.PEM": PEM})
    with open(box.conf, "rb") as src:
        volume = src.read()
    table = struct.pack("<446xB3sB3sII48xH", 0x80, b"\0\2\0", 0x0e, b"\xff\xff\xff", 2048,
                        len(volume) // 512, 0xAA55)
    with open(box.conf, "wb") as out:
        out.write(table.ljust(2048 * 512, b"\0") + volume)
    box.start()
    box.expect("taken in from the medium and committed", 30)
    box.expect(PROMPT, 30)
    assert name_of(box) == "stick"
    box.kill()
    box.conf = None     # and the named file was kept as well
    box.start()
    box.expect(PROMPT, 30)
    assert "config" not in box.text, box.error("the committed config has mistakes")
    assert name_of(box) == "stick"


def test_a_medium_that_stays_in_is_taken_once(box):
    box.make_data()
    box.make_conf({"sluice.ini": GOOD % ("first", "", "")})
    box.start()
    box.expect("taken in from the medium and committed", 30)
    box.expect(PROMPT, 30)
    box.kill()
    box.start()
    box.expect("was taken in before, the committed config rules", 30)
    box.expect(PROMPT, 30)
    assert name_of(box) == "first"


def test_damage_of_the_newer_record_brings_the_older_back(box):
    box.make_data()
    for name in ("older", "newer"):
        box.make_conf({"sluice.ini": GOOD % (name, "", "password = " + "x" * 200)})
        box.start()
        box.expect(PROMPT, 30)
        assert name_of(box) == name
        box.kill()
    box.make_conf(None)
    damage_config(box, 1)
    box.start()
    box.expect(PROMPT, 30)
    assert name_of(box) == "older"
    box.kill()
    damage_config(box, 0)
    box.start()
    box.expect("the committed config on .* is damaged; insert a config medium", 30)
    box.expect(PROMPT, 30)
    assert "help" in box.command("help")


def test_files_with_a_path_are_refused(box):
    box.make_data()
    box.make_conf({"sluice.ini": GOOD % ("box", "", "tls = require\nca = /etc/passwd\n")})
    box.start()
    box.expect(r"sluice\.ini:\d+: source\.ca: /etc/passwd is no plain file name", 30)
    box.expect(PROMPT, 30)


def test_a_console_with_a_password(box):
    box.make_data()
    box.make_conf({"sluice.ini": GOOD % ("locked", VERIFIER, "")})
    box.start()
    box.expect("Password: ", 30)
    box.send("wrong horse\r")
    box.expect("the password is wrong", 10)
    box.expect("Password: ", 10)
    box.send("right horse\r")
    box.expect(PROMPT, 10)
    assert name_of(box) == "locked"
    assert "horse" not in box.text, box.error("the password was shown")
    box.send("exit\r")
    box.expect("Password: ", 10)
