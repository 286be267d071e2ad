# SPDX-License-Identifier: Apache-2.0
"""A network segment with one neighbour on it: a router that answers ARP, leases addresses by DHCP
and tells the time by NTP, all as the test says. Frames travel in datagrams to the emulator."""
import socket
import struct
import threading
import time

ROUTER_MAC = bytes.fromhex("525400aa0001")
BROADCAST = b"\xff" * 6
DISCOVER, OFFER, ACK, NAK = 1, 2, 5, 6
NTP_EPOCH = 2208988800


def address(text):
    return socket.inet_aton(text)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Asked:
    """One DHCP message of the box."""

    def __init__(self, payload, target):
        self.xid, = struct.unpack(">I", payload[4:8])
        self.flags, = struct.unpack(">H", payload[10:12])
        self.client = socket.inet_ntoa(payload[12:16])
        self.mac = payload[28:34]
        self.target = target            # the address it was sent to
        self.when = time.monotonic()
        self.options = {}
        at = 240
        while at < len(payload) and payload[at] != 255:
            if payload[at] == 0:
                at += 1
                continue
            length = payload[at + 1]
            self.options[payload[at]] = payload[at + 2:at + 2 + length]
            at += 2 + length
        self.type = self.options[53][0]

    def wanted(self):
        return socket.inet_ntoa(self.options[50]) if 50 in self.options else None


class Segment:
    """RULE(asked) returns None (silence), (NAK, None) or (OFFER or ACK, address)."""

    def __init__(self, rule, router="10.5.0.1", lease=60, renew=4, rebind=8, epoch=None):
        self.rule, self.router, self.times, self.epoch = rule, router, (lease, renew, rebind), epoch
        self.asked = []                 # all DHCP messages in order
        self.ntp_asked = 0
        self.error = None
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(0.1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.box_port = probe.getsockname()[1]
        self.net = "udp:%d:%d" % (self.box_port, self.sock.getsockname()[1])
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.thread.join()
        self.sock.close()

    def run(self):
        while not self.stopping:
            try:
                frame = self.sock.recv(65536)
            except socket.timeout:
                continue
            try:
                self.take(frame)
            except (IndexError, KeyError, struct.error) as why:
                self.error = why

    def send(self, mac, kind, body):
        frame = mac + ROUTER_MAC + struct.pack(">H", kind) + body
        self.sock.sendto(frame.ljust(60, b"\0"), ("127.0.0.1", self.box_port))

    def send_udp(self, mac, target, source_port, target_port, payload):
        udp = struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0) + payload
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                           address(self.router), address(target))
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        self.send(mac, 0x0800, head + udp)

    def take(self, frame):
        kind, = struct.unpack(">H", frame[12:14])
        body = frame[14:]
        if kind == 0x0806 and body[6:8] == b"\0\1" and body[24:28] == address(self.router):
            self.send(frame[6:12], 0x0806, body[:6] + b"\0\2" + ROUTER_MAC + body[24:28] + body[8:18])
        if kind != 0x0800 or body[9] != 17:
            return
        source, target = socket.inet_ntoa(body[12:16]), socket.inet_ntoa(body[16:20])
        udp = body[(body[0] & 15) * 4:]
        source_port, port, length, _ = struct.unpack(">HHHH", udp[:8])
        if port == 67:
            self.take_dhcp(Asked(udp[8:length], target))
        elif port == 123 and target == self.router and self.epoch is not None:
            self.ntp_asked += 1
            now = self.epoch + NTP_EPOCH
            answer = struct.pack(">BBBbII4s8s8sQQ", 4 << 3 | 4, 1, 4, -20, 0, 0, b"TEST", b"\0" * 8,
                                 udp[8 + 40:8 + 48], now << 32, now << 32)
            self.send_udp(frame[6:12], source, 123, source_port, answer)

    def take_dhcp(self, asked):
        self.asked.append(asked)
        answer = self.rule(asked)
        if answer is None:
            return
        kind, lease = answer
        head = struct.pack(">BBBBIHH4s4s4s4s", 2, 1, 6, 0, asked.xid, 0, asked.flags,
                           address(asked.client), address(lease or "0.0.0.0"), b"\0" * 4, b"\0" * 4)
        options = [(53, bytes([kind])), (54, address(self.router))]
        if kind != NAK:
            options += [(1, address("255.255.255.0")), (3, address(self.router)),
                        (6, address(self.router)), (42, address(self.router))]
            options += [(code, struct.pack(">I", seconds))
                        for code, seconds in zip((51, 58, 59), self.times)]
        payload = head + asked.mac + b"\0" * (10 + 64 + 128) + bytes.fromhex("63825363")
        payload += b"".join(bytes([code, len(value)]) + value for code, value in options) + b"\xff"
        unicast = asked.client != "0.0.0.0" and kind != NAK
        self.send_udp(asked.mac if unicast else BROADCAST,
                      asked.client if unicast else "255.255.255.255", 67, 68, payload)
