# SPDX-License-Identifier: Apache-2.0
"""The box from the outside: HTTPS through its network, the console behind a password."""
import base64
import http.client
import json
import os
import ssl
import subprocess
import time

from board import PROMPT

PASSWORD = "over-the-counter 7"
CONFIG = """[appliance]
hostname = doors
%s

[source]
host = 10.0.2.2
port = 1
user = relay

[task]
autostart = off

[store]
device = part:store
"""


def verifier(box):
    """The config's line for PASSWORD, as the program makes it."""
    done = subprocess.run([os.path.join(box.out, "sluice"), "passwd"], input=PASSWORD + "\n",
                          text=True, stdout=subprocess.PIPE, check=True, timeout=60)
    return done.stdout.strip()


def request(box, method, path, password=None, body=None):
    """(status, text) over HTTPS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", box.ports[443], timeout=30,
                                             context=context)
    headers = {"Content-Type": "application/json"}
    if password is not None:
        login = base64.b64encode(("admin:" + password).encode()).decode()
        headers["Authorization"] = "Basic " + login
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_https_is_closed_without_a_password(box):
    box.make_data()
    box.make_conf({"sluice.ini": CONFIG % ""})
    box.start(forward=[443])
    box.expect(PROMPT, 30)
    try:
        answer = request(box, "GET", "/api/v1/status")
    except OSError:
        pass
    else:
        raise box.error("the closed door answered %s" % (answer,))
    assert "password" in box.ask("status")["box"]["http"]


def test_https(box):
    box.make_data()
    box.make_conf({"sluice.ini": CONFIG % verifier(box)})
    box.start(forward=[443])
    box.expect(PROMPT, 30)
    assert request(box, "GET", "/api/v1/status")[0] == 401
    assert request(box, "GET", "/api/v1/status", "not it")[0] == 401
    begun = time.monotonic()
    code, text = request(box, "GET", "/api/v1/status", PASSWORD)
    box.notes.append("first login %.1f s" % (time.monotonic() - begun))
    assert code == 200 and json.loads(text)["box"]["name"] == "doors", (code, text)
    code, text = request(box, "POST", "/api/v1/shell", PASSWORD,
                         json.dumps({"line": "config explain source.host"}))
    assert code == 200 and "source" in text, (code, text)
    assert box.ask("status")["box"]["memory_peak_bytes"] <= 6 << 20


def test_a_console_with_a_password(box):
    box.make_data()
    box.make_conf({"sluice.ini": CONFIG % (verifier(box) + "\nconsole = password")})
    box.start()
    box.expect("Password: ", 30)
    box.send("not it\r")
    box.expect("the password is wrong", 15)
    box.expect("Password: ", 15)
    box.send(PASSWORD + "\r")
    box.expect(PROMPT, 15)
    assert PASSWORD not in box.text, "the password was shown"
    assert box.ask("status")["box"]["name"] == "doors"
    box.send("\x04")                            # Ctrl-D leaves the shell: the password again
    box.expect("Password: ", 30)


def test_the_watchdog_stays_quiet(box):
    """With the device there the box feeds it, and ends it before it switches off."""
    box.make_data()
    box.start(watchdog=True)
    box.expect(PROMPT, 30)
    assert "watchdog" not in box.text.lower(), box.error("complaints")
    assert box.ask("version")["version"]
    box.send("poweroff\r")
    box.wait_off()
    assert "reboot: Power down" in box.text, box.error("not by its own power switch")
