# SPDX-License-Identifier: Apache-2.0
"""A server of the tests' own: speaks the MySQL protocol, lets everybody in, answers from a table.

It stands in for servers that cannot be had, and says what no honest server would say.
"""
import socket
import struct
import threading


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
    """ANSWER(sql) gives (columns, rows) or (errno, state, text); VERSION is the greeting's.

    Attributes: port; asked (every statement, in order)."""

    def __init__(self, answer, version="5.7.44-log"):
        self.answer = answer
        self.version = version if isinstance(version, bytes) else version.encode()
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=Talk(self, sock).run, daemon=True).start()

    def close(self):
        self.listener.close()


class Talk:
    """One connection."""

    def __init__(self, server, sock):
        self.server, self.sock, self.sequence = server, sock, 0
        self.stream = sock.makefile("rb")

    def run(self):
        try:
            self.talk()
        except OSError:
            pass
        self.stream.close()
        self.sock.close()

    def send(self, payload):
        self.sock.sendall(struct.pack("<I", len(payload))[:3] + bytes([self.sequence]) + payload)
        self.sequence = (self.sequence + 1) & 0xFF

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
        self.send(b"\0\0\0\x02\0\0\0")
        while True:
            command = self.receive()
            if command is None or command[:1] == b"\x01":
                return
            if command[:1] != b"\x03":
                self.send(b"\0\0\0\x02\0\0\0")
                continue
            sql = command[1:].decode("utf-8", "replace")
            self.server.asked.append(sql)
            self.reply(self.server.answer(sql))

    def reply(self, answer):
        if isinstance(answer[0], int):
            number, state, text = answer
            text = text if isinstance(text, bytes) else text.encode()
            self.send(b"\xff" + struct.pack("<H", number) + b"#" + state.encode() + text)
            return
        columns, rows = answer
        self.send(bytes([len(columns)]))
        for name in columns:
            self.send(lenenc("def") + lenenc("") * 3 + lenenc(name) + lenenc("")
                      + b"\x0c\x21\0\xff\0\0\0\xfd\0\0\0\0\0")
        self.send(b"\xfe\0\0\x02\0")
        for row in rows:
            self.send(b"".join(lenenc(cell) for cell in row))
        self.send(b"\xfe\0\0\x02\0")


def well(version, **changed):
    """The answers of a server of VERSION that is well; CHANGED: its variables, None takes one
    away."""
    number = [int(x) for x in version.split("-")[0].split(".")[:2]]
    variables = {"version": version, "log_bin": "ON", "binlog_format": "ROW", "server_id": "55",
                 "innodb_stats_on_metadata": "OFF", "character_set_server": "utf8mb4",
                 "lower_case_table_names": "0"}
    if "MariaDB" in version:
        variables["gtid_domain_id"] = "0"
    elif number >= [5, 6]:
        variables["gtid_mode"] = "OFF"
    if number >= [5, 6]:
        variables.update(binlog_row_image="FULL", binlog_checksum="CRC32")
    variables.update(changed)

    def answer(sql):
        if sql == "SELECT VERSION()":
            return ["VERSION()"], [[version]]
        if sql.startswith("SHOW GLOBAL VARIABLES"):
            return ["Variable_name", "Value"], [[n, v] for n, v in variables.items()
                                                if v is not None]
        if sql in ("SHOW SLAVE HOSTS", "SHOW REPLICAS"):
            return ["Server_id", "Host", "Port"], []
        if sql in ("SHOW MASTER STATUS", "SHOW BINLOG STATUS", "SHOW BINARY LOG STATUS"):
            return ["File", "Position"], [["binlog.000002", "154"]]
        return 1064, "42000", "not known here: " + sql
    return answer
