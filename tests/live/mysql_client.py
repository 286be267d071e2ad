# SPDX-License-Identifier: Apache-2.0
"""A small client of the MySQL protocol for the tests' own bookkeeping, over a local socket or TCP.

It knows mysql_native_password, and caching_sha2_password as far as a local socket needs it (there
the full authentication sends the password as it is).  TLS is what the tested program is for.
"""
import hashlib
import socket
import struct

CLIENT_FLAGS = (0x00000001    # long password
                | 0x00000200  # protocol 4.1
                | 0x00002000  # transactions
                | 0x00008000  # secure connection
                | 0x00080000)  # plugin authentication
MAX_PACKET = 0xFFFFFF


class ServerError(Exception):
    """The server answered with an error packet."""

    def __init__(self, errno, state, text):
        super().__init__("%d (%s): %s" % (errno, state, text))
        self.errno, self.state, self.text = errno, state, text


def scramble_native(password, nonce):
    if not password:
        return b""
    first = hashlib.sha1(password).digest()
    second = hashlib.sha1(nonce + hashlib.sha1(first).digest()).digest()
    return bytes(a ^ b for a, b in zip(first, second))


def scramble_sha2(password, nonce):
    if not password:
        return b""
    first = hashlib.sha256(password).digest()
    second = hashlib.sha256(hashlib.sha256(first).digest() + nonce).digest()
    return bytes(a ^ b for a, b in zip(first, second))


SCRAMBLES = {"mysql_native_password": scramble_native, "caching_sha2_password": scramble_sha2}


def lenenc(data, at):
    """(value, next offset); None for NULL."""
    first = data[at]
    if first < 0xFB:
        return first, at + 1
    if first == 0xFB:
        return None, at + 1
    width = {0xFC: 2, 0xFD: 3, 0xFE: 8}[first]
    return int.from_bytes(data[at + 1:at + 1 + width], "little"), at + 1 + width


def text_at(data, at):
    """(str or None, next offset)"""
    size, at = lenenc(data, at)
    if size is None:
        return None, at
    return data[at:at + size].decode("utf-8", "replace"), at + size


def column_name(packet):
    """Of a column's definition: the fifth of its texts."""
    at, name = 0, None
    for _ in range(5):
        name, at = text_at(packet, at)
    return name


class Connection:
    def __init__(self, user="root", password="", unix_socket=None, host="127.0.0.1", port=0,
                 timeout=120):
        self.sequence = 0
        self.local = unix_socket is not None
        if self.local:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            self.sock.connect(unix_socket)
        else:
            self.sock = socket.create_connection((host, port), timeout)
        try:
            self.login(user, password.encode())
        except BaseException:
            self.sock.close()
            raise

    def close(self):
        try:
            self.sequence = 0
            self.send(b"\x01")
        except OSError:
            pass
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def read_exactly(self, want):
        parts = []
        while want:
            part = self.sock.recv(min(want, 1 << 20))
            if not part:
                raise ConnectionError("the server closed the connection")
            parts.append(part)
            want -= len(part)
        return b"".join(parts)

    def receive(self):
        payload = b""
        while True:
            head = self.read_exactly(4)
            size = int.from_bytes(head[:3], "little")
            self.sequence = (head[3] + 1) & 0xFF
            payload += self.read_exactly(size)
            if size < MAX_PACKET:
                break
        if payload[:1] == b"\xff":
            errno = struct.unpack_from("<H", payload, 1)[0]
            text = payload[3:].decode("utf-8", "replace")
            state = "HY000"
            if text.startswith("#"):
                state, text = text[1:6], text[6:]
            raise ServerError(errno, state, text)
        return payload

    def send(self, payload):
        at = 0
        while True:
            part = payload[at:at + MAX_PACKET]
            self.sock.sendall(len(part).to_bytes(3, "little") + bytes([self.sequence]) + part)
            self.sequence = (self.sequence + 1) & 0xFF
            at += len(part)
            if len(part) < MAX_PACKET:
                break

    def login(self, user, password):
        hello = self.receive()
        end = hello.index(b"\0", 1)
        self.version = hello[1:end].decode()
        at = end + 1
        self.thread_id = struct.unpack_from("<I", hello, at)[0]
        nonce = hello[at + 4:at + 12] + hello[at + 31:at + 43]
        plugin = hello[at + 44:].split(b"\0")[0].decode() or "mysql_native_password"
        if plugin not in SCRAMBLES:
            plugin = "mysql_native_password"
        answer = SCRAMBLES[plugin](password, nonce)
        self.send(struct.pack("<IIB23x", CLIENT_FLAGS, 1 << 30, 45 if self.local else 33)
                  + user.encode() + b"\0" + bytes([len(answer)]) + answer
                  + plugin.encode() + b"\0")
        while True:
            reply = self.receive()
            if reply[0] == 0x00:
                return
            if reply[0] == 0xFE:
                plugin, _, rest = reply[1:].partition(b"\0")
                scramble = SCRAMBLES.get(plugin.decode())
                if scramble is None:
                    raise ConnectionError("unknown authentication plugin " + plugin.decode())
                self.send(scramble(password, rest[:20]))
            elif reply[:2] == b"\x01\x04":
                if not self.local:
                    raise ConnectionError("caching_sha2_password: log in over the socket first")
                self.send(password + b"\0")

    def query(self, text):
        """The rows of one statement as a list of tuples of str or None; [] when it has none."""
        answer = self.ask(text)
        return answer[1] if answer else []

    def ask(self, text):
        """(names of columns, rows) of one statement; None when it has no result set."""
        self.sequence = 0
        self.send(b"\x03" + (text if isinstance(text, bytes) else text.encode()))
        first = self.receive()
        if first[0] == 0x00:
            return None
        names = [column_name(self.receive()) for _ in range(lenenc(first, 0)[0])]
        self.receive()
        rows = []
        while True:
            data = self.receive()
            if data[0] == 0xFE and len(data) < 9:
                return names, rows
            row, at = [], 0
            for _ in names:
                value, at = text_at(data, at)
                row.append(value)
            rows.append(tuple(row))

    def dump(self, name, flags):
        """The events of a binlog file as this server sends them, until it has no more."""
        self.sequence = 0
        self.send(b"\x12" + struct.pack("<IHI", 4, flags, 0) + name.encode())
        while True:
            data = self.receive()
            if data[0] == 0xFE and len(data) < 9:
                return
            yield data[1:]
