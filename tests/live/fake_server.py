# SPDX-License-Identifier: Apache-2.0
"""A server of the tests' own: speaks the MySQL protocol, lets everybody in, answers from a table.

It stands in for servers that cannot be had, and says what no honest server would say.
"""
import socket
import struct
import threading
import time

import binlog_bytes
import stand_ins
from stand_ins import well    # noqa: F401, part of what this module offers

NON_BLOCK, SEND_ANNOTATE = 1, 2
MAX_PACKET = 0xFFFFFF
BATCH = 1 << 16


class Dies(Exception):
    """Raised by an answer, or by the rows of one: the connection ends here."""


class Many:
    """COUNT times the same row, without the time that making each of them takes."""

    def __init__(self, row, count):
        self.row, self.count = row, count


def lenenc(data):
    if data is None:
        return b"\xfb"
    data = data if isinstance(data, bytes) else str(data).encode()
    if len(data) < 251:
        return bytes([len(data)]) + data
    if len(data) < 1 << 16:
        return b"\xfc" + struct.pack("<H", len(data)) + data
    return b"\xfd" + struct.pack("<I", len(data))[:3] + data


class FakeServer:
    """ANSWER(sql) gives (columns, rows), (errno, state, text) or None for a bare OK; VERSION is the
    greeting's. ROWS may be any iterable; an element that is bytes is sent as it is.

    ANSWERS: what is answered otherwise, by name of a question of the precheck or by a part of the
    statement. The events of a binlog dump are those of ANSWER, when it has any, or else such as a
    server of VERSION writes.

    Attributes: port; asked (every statement, in order). FakeServer.ports: of all that are open."""

    ports = set()

    def __init__(self, answer, version=None, answers=None):
        self.answer = answer
        if version is None:
            version = getattr(answer, "version", "5.7.44-log")
        self.version = version if isinstance(version, bytes) else version.encode()
        self.answers = dict(answers or {})
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ports.add(self.port)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=Talk(self, sock).run, daemon=True).start()

    def close(self):
        self.ports.discard(self.port)
        self.listener.close()

    def reply_to(self, sql):
        return stand_ins.overridden(self.answers, sql, self.answer)

    def events(self, name, flags):
        """The events of a binlog file, or an error."""
        source = self.answer
        if not hasattr(source, "events"):
            source = well(self.version.decode("utf-8", "replace"))
        return source.events(name, flags)


class Talk:
    """One connection."""

    def __init__(self, server, sock):
        self.server, self.sock, self.sequence = server, sock, 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = sock.makefile("rb")
        self.knows_checksums = False

    def run(self):
        try:
            self.talk()
        except (OSError, Dies):
            pass
        finally:
            self.stream.close()
            self.sock.close()

    def packet(self, payload):
        data = struct.pack("<I", len(payload))[:3] + bytes([self.sequence]) + payload
        self.sequence = (self.sequence + 1) & 0xFF
        return data

    def send(self, payload):
        while len(payload) >= MAX_PACKET:
            self.sock.sendall(self.packet(payload[:MAX_PACKET]))
            payload = payload[MAX_PACKET:]
        self.sock.sendall(self.packet(payload))

    def receive(self):
        head = self.stream.read(4)
        if len(head) < 4:
            return None
        self.sequence = (head[3] + 1) & 0xFF
        return self.stream.read(int.from_bytes(head[:3], "little"))

    def talk(self):
        flags = 0x00080000 | 0x00008000 | 0x00002000 | 0x00000200 | 0x1
        self.send(b"\x0a" + self.server.version + b"\0" + struct.pack("<I", 7) + b"saltsalt\0"
                  + struct.pack("<H", flags & 0xFFFF) + b"\x21" + struct.pack("<H", 2)
                  + struct.pack("<H", flags >> 16) + b"\x15" + b"\0" * 10 + b"saltsaltsalt\0"
                  + b"mysql_native_password\0")
        if self.receive() is None:
            return
        self.ok()
        while True:
            command = self.receive()
            if command is None or command[:1] == b"\x01":
                return
            if command[:1] == b"\x12":
                self.dump(command[1:])
                return      # a real server ends the connection with the dump
            if command[:1] != b"\x03":
                self.ok()
            else:
                self.query(command[1:].decode("utf-8", "replace"))

    def ok(self):
        self.send(b"\0\0\0\x02\0\0\0")

    def end(self):
        self.send(b"\xfe\0\0\x02\0")

    def error(self, number, state, text):
        text = text if isinstance(text, bytes) else text.encode()
        self.send(b"\xff" + struct.pack("<H", number) + b"#" + state.encode() + text)

    def query(self, sql):
        self.server.asked.append(sql)
        answer = self.server.reply_to(sql)
        if answer is None:
            self.knows_checksums |= "@master_binlog_checksum" in sql
            self.ok()
        elif isinstance(answer[0], int):
            self.error(*answer)
        else:
            self.rows(*answer)

    def rows(self, columns, rows):
        if not columns:
            # As no server does: a result set of no columns; a count of 0 alone would be an OK.
            self.send(b"\xfc\0\0")
        else:
            self.send(lenenc_int(len(columns)))
        for name in columns:
            self.send(lenenc("def") + lenenc("") * 3 + lenenc(name) + lenenc("")
                      + b"\x0c\x21\0\xff\0\0\0\xfd\0\0\0\0\0")
        self.end()
        if isinstance(rows, Many):
            self.many(rows)
            rows = ()
        waiting = bytearray()
        try:
            for row in rows:
                waiting += row if isinstance(row, bytes) else self.packet(
                    b"".join(lenenc(cell) for cell in row))
                if len(waiting) >= BATCH:
                    self.sock.sendall(waiting)
                    waiting.clear()
        finally:
            self.sock.sendall(waiting)
        self.end()

    def many(self, rows):
        """Numbers of packets begin anew after 256."""
        row = b"".join(lenenc(cell) for cell in rows.row)
        block = b"".join(self.packet(row) for _ in range(256))
        for _ in range(rows.count // 256):
            self.sock.sendall(block)

    def dump(self, what):
        position, flags, number = struct.unpack_from("<IHI", what)
        name = what[10:]
        events = self.server.events(name.decode("utf-8", "replace"), flags)
        if isinstance(events, tuple):
            self.error(*events)
            return
        # What follows a FORMAT_DESCRIPTION has checksums when its algorithm says so.
        checksums = any(binlog_bytes.has_checksums(e) for e in events)
        if checksums and not self.knows_checksums:
            self.error(1236, "HY000", "Slave can not handle replication events with the checksum "
                       "that master is configured to log; the first event '%s' at %d" % (
                           name.decode("utf-8", "replace"), position))
            return
        self.send(b"\0" + binlog_bytes.rotate(name, position, checksums))
        for event in events:
            if flags & SEND_ANNOTATE or event[4:5] != bytes([binlog_bytes.ANNOTATE]):
                self.send(b"\0" + event)
        if flags & NON_BLOCK or number == 0:
            self.end()
        else:
            while self.stream.read(1):
                time.sleep(0.1)


def lenenc_int(number):
    return bytes([number]) if number < 251 else b"\xfc" + struct.pack("<H", number)
