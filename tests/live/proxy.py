# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on loopback that can cut, stall and damage what flows from the server."""
import socket
import threading
import time


def close_listener(sock):
    """Wakes the thread that accepts on it first: else that one would keep the port open, and might
    go on with whatever gets the same file number next."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()


class Proxy:
    """Attributes: port; connections (how many were made); flips (bytes damaged so far)."""

    def __init__(self, target_port, target_host="127.0.0.1"):
        self.target = (target_host, target_port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.pairs = []
        self.connections = 0
        self.flips = 0
        self.from_client = b""    # what clients have sent, the first 64 KiB of it
        self.marker, self.flips_left = None, 0
        self.cut_after = None
        self.refusing = False
        self.stalled = threading.Event()
        self.closed = False
        threading.Thread(target=self.accept, name="proxy", daemon=True).start()

    def accept(self):
        while True:
            try:
                inner, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing:
                inner.close()
                continue
            try:
                outer = socket.create_connection(self.target, 10)
                outer.settimeout(None)
            except OSError:
                inner.close()
                continue
            for sock in (inner, outer):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.pairs.append((inner, outer))
                self.connections += 1
            for source, sink, damage in ((inner, outer, False), (outer, inner, True)):
                threading.Thread(target=self.pump, args=(source, sink, damage), daemon=True,
                                 name="proxy-pump").start()

    def pump(self, source, sink, from_server):
        passed = 0
        try:
            while True:
                chunk = source.recv(256 << 10)
                if not chunk:
                    break
                while self.stalled.is_set() and not self.closed:
                    time.sleep(0.02)
                if from_server:
                    chunk = self.damage(chunk)
                    passed += len(chunk)
                    if self.cut_after is not None and passed >= self.cut_after:
                        sink.sendall(chunk[:len(chunk) // 2])
                        self.cut_after = None
                        break
                elif len(self.from_client) < 65536:
                    self.from_client += chunk
                sink.sendall(chunk)
        except OSError:
            pass
        for sock in (source, sink):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def damage(self, chunk):
        if self.flips_left <= 0:
            return chunk
        at = chunk.find(self.marker)
        if at < 0:
            return chunk
        at += len(self.marker) // 2
        self.flips_left -= 1
        self.flips += 1
        return chunk[:at] + bytes([chunk[at] ^ 0x10]) + chunk[at + 1:]

    def flip_at(self, marker, times=1):
        """Flips one bit inside the next TIMES occurrences of MARKER (bytes) from the server."""
        self.marker, self.flips_left = marker, times

    def cut_once(self, after=0):
        """Cuts the next connection that has carried AFTER bytes, in the middle of a chunk."""
        self.cut_after = after

    def cut_now(self):
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for sock in pair:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def refuse(self, yes=True):
        self.refusing = yes

    def stall(self, yes=True):
        """Nothing flows and nothing is closed, as with a pulled cable."""
        if yes:
            self.stalled.set()
        else:
            self.stalled.clear()

    def close(self):
        self.closed = True
        close_listener(self.listener)
        self.cut_now()
