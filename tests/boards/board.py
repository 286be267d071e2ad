# SPDX-License-Identifier: Apache-2.0
"""One emulated box for a test: boots the image, talks to its serial console, stops it."""
import codecs
import ctypes
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The line editor redraws: "\r", the line, "\r" and so many columns to the right.
CURSOR = re.compile(r"\r\x1b\[\d+C")
# Colours and the like; at the end of what has come also the half of one.
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[^[A-Za-z]?$|\x1b\[[0-9;?]*$")
HOST = "10.0.2.2"       # the host's loopback, seen from inside the box
PROMPT = r"^[\w-]+> $"


class BoardError(Exception):
    """The box did not do what was expected; the text ends with what its console said last."""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def die_with_parent():
    """For preexec_fn: the emulator goes when this process does, whatever ended it."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def visible(line):
    """What a terminal shows of one line, redrawn in place as often as it may be."""
    return ESCAPES.sub("", CURSOR.sub("", line)).rstrip("\r").rpartition("\r")[2]


def media(*argv):
    """Runs image/media; what it printed."""
    done = subprocess.run([os.path.join(ROOT, "image/media"), *map(str, argv)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise BoardError("image/media %s: %s" % (" ".join(map(str, argv)), done.stderr.strip()))
    return done.stdout


class Board:
    """A box. Every start() is a power-on; the disk stays between them.

        with Board("qemu-x86_64", out="out/qemu-x86_64") as box:
            box.make_data()
            box.make_conf({"sluice.ini": "[source]…"})
            box.start()
            box.expect(PROMPT)
            print(box.command("status"))
    """

    def __init__(self, name="qemu-x86_64", out=None, mem=32, folder=None):
        self.name = name
        self.out = out or os.path.join(ROOT, os.environ.get("O") or "out", name)
        self.mem = mem
        self.own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="sluice-box-")
        self.data = None
        self.conf = None
        self.ports = {}           # port in the box -> port on 127.0.0.1
        self.process = None
        self.line = None          # the serial line's socket
        self.text = ""            # all it showed since power-on
        self.lines = 0            # length of its finished lines
        self.current = ""         # the last line as it came
        self.seen = 0             # up to here expect() has matched
        self.decoder = None
        self.notes = []           # shown behind the test's line
        self.started = None
        self.log = os.path.join(self.folder, "console.log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def path(self, name):
        return os.path.join(self.folder, name)

    # ---- media ----

    def make_data(self, size="256M"):
        self.data = self.path("data.img")
        media("data", size, self.data)

    def make_conf(self, files):
        """FILES: name -> text or bytes. None takes the medium out."""
        if files is None:
            self.conf = None
            return
        self.conf = self.path("conf.img")
        given = []
        for name, content in files.items():
            source = self.path("medium." + name)
            with open(source, "wb") as out:
                out.write(content.encode() if isinstance(content, str) else content)
            given.append("%s=%s" % (name, source))
        media("conf", self.conf, *given)

    def store(self):
        """The store's partition as a file of its own, as it is on the disk now."""
        image = self.path("store.img")
        media("extract", self.data, "store", image)
        return image

    # ---- power ----

    def start(self, forward=(), watchdog=False, reboot=False, append="", net="", clock=""):
        """Power on. FORWARD: ports of the box that are wanted on 127.0.0.1 (self.ports).
        NET, CLOCK: as image/emulator has them."""
        if self.process is not None:
            raise BoardError("the box is on already")
        path = self.path("serial")
        if os.path.exists(path):
            os.unlink(path)
        argv = [os.path.join(ROOT, "image/emulator"), self.name,
                "--kernel", os.path.join(self.out, "kernel"),
                "--initrd", os.path.join(self.out, "initramfs.cpio.gz"),
                "--serial", "unix:" + path, "--mem", str(self.mem)]
        self.ports = {port: free_port() for port in forward}
        for port, here in self.ports.items():
            argv += ["--hostfwd", "%d:%d" % (here, port)]
        if self.data:
            argv += ["--data", self.data]
        if self.conf:
            argv += ["--conf", self.conf]
        for option, value in (("--append", append), ("--net", net), ("--clock", clock)):
            if value:
                argv += [option, value]
        argv += ["--watchdog"] * watchdog + ["--reboot"] * reboot
        self.text, self.lines, self.current, self.seen = "", 0, "", 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.started = time.monotonic()
        with open(self.path("emulator.log"), "ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=die_with_parent)
        self.line = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.line.connect(path)
                return
            except (FileNotFoundError, ConnectionRefusedError):
                if self.process.poll() is not None:
                    raise self.error("the emulator ended at once") from None
                if time.monotonic() - self.started > 20:
                    raise self.error("the emulator does not offer its console") from None
                time.sleep(0.01)

    def kill(self):
        """Power cut."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.off()

    def off(self):
        self.process = None
        self.line.close()
        self.line = None

    def wait_off(self, timeout=20):
        """Until the box has switched itself off (or restarted: that ends the emulator, too)."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            self.read(0.1)
            if time.monotonic() > deadline:
                raise self.error("the box is still on after %d s" % timeout)
        while self.read(0):
            pass
        code = self.process.returncode
        self.off()
        if code != 0:
            raise self.error("the emulator ended with %d" % code)

    def close(self):
        self.kill()
        if self.own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def uptime(self):
        """Seconds since power-on."""
        return time.monotonic() - self.started

    # ---- the console ----

    def read(self, wait):
        """Takes in what has come; False when nothing did for WAIT seconds or the line is closed."""
        if self.line is None or not select.select([self.line], [], [], wait)[0]:
            return False
        try:
            data = self.line.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            if wait:
                time.sleep(0.01)
            return False
        with open(self.log, "ab") as log:
            log.write(data)
        *finished, self.current = (self.current + self.decoder.decode(data)).split("\n")
        done = self.text[:self.lines] + "".join(visible(line) + "\n" for line in finished)
        self.lines = len(done)
        self.text = done + visible(self.current)
        return True

    def expect(self, pattern, timeout=15):
        """Waits until PATTERN matches what came since the last match; the match back.

        What stands before it is match.before."""
        rule = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + timeout
        while True:
            found = rule.search(self.text, self.seen)
            if found:
                before = self.text[self.seen:found.start()]
                self.seen = found.end()
                return Match(found, before)
            left = deadline - time.monotonic()
            if left <= 0:
                raise self.error("waited %d s in vain for /%s/" % (timeout, pattern))
            if not self.read(min(left, 0.2)) and self.process.poll() is not None \
                    and not self.read(0):
                raise self.error("the box switched off before /%s/ came" % pattern)

    def send(self, text):
        self.line.sendall(text.encode())

    def command(self, line, timeout=30):
        """Types a command at the prompt; what it printed."""
        self.send(line + "\r")
        # Its echo first: news of the box may have brought one more prompt before it.
        self.expect(re.escape(line[-30:]) + r".*\n", timeout)
        return self.expect(PROMPT, timeout).before

    def ask(self, line, timeout=30):
        """A command's result object."""
        text = self.command(line + " --json", timeout)
        try:
            return json.loads(text[text.index("{"):text.rindex("}") + 1])
        except ValueError:
            raise self.error("'%s --json' did not answer in JSON" % line) from None

    def error(self, text):
        tail = "\n".join("    | " + row for row in self.text[-3000:].splitlines()[-30:])
        try:
            with open(self.path("emulator.log"), errors="replace") as log:
                emulator = "".join(row for row in log if "waiting for connection" not in row)
                emulator = emulator[-500:].strip()
        except OSError:
            emulator = ""
        return BoardError("%s\n  the console's last lines:\n%s%s" % (
            text, tail or "    (nothing)", "\n  the emulator: " + emulator if emulator else ""))


class Match:
    """A match of expect(): group() as of re, and the text before it."""

    def __init__(self, found, before):
        self.found, self.before = found, before

    def group(self, *which):
        return self.found.group(*which)
