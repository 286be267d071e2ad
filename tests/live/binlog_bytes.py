# SPDX-License-Identifier: Apache-2.0
"""The start of a binlog file as another version than the recorded one would send it."""
import struct
import zlib

HEADER = 19
QUERY, ROTATE, FORMAT, XID, TABLE_MAP = 2, 4, 15, 16, 19
WRITE_ROWS, DELETE_ROWS = 30, 32     # version 2, from 5.6 on; version 1 is 7 lower
GTID, ANONYMOUS, PREVIOUS = 33, 34, 35
ANNOTATE = 160
VERSION_AT, VERSION_SIZE = 2, 50
CHECKSUM = 4

# MySQL Internals Manual, "Format description event": what 5.1 and 5.5 send, without the byte that
# names the checksum's algorithm, which came with 5.6.1.
LENGTHS_55 = bytes.fromhex("380d0008001200040404041200005400041a080000000808080200")


class Event:
    def __init__(self, data):
        self.time, self.type, self.server = struct.unpack_from("<IBI", data)
        self.flags = struct.unpack_from("<H", data, 17)[0]
        self.body = data[HEADER:-CHECKSUM]

    def bytes(self, end, checksum):
        """As it stands in a file; END: its end's position, or where the event before it ended."""
        size = HEADER + len(self.body) + (CHECKSUM if checksum else 0)
        data = struct.pack("<IBIIIH", self.time, self.type, self.server, size, end + size,
                           self.flags) + self.body
        return data + struct.pack("<I", zlib.crc32(data)) if checksum else data


def made(like, kind, body, flags=0):
    event = Event.__new__(Event)
    event.time, event.server, event.type = like.time, like.server, kind
    event.body, event.flags = body, flags
    return event


def with_version(event, version, number):
    """A FORMAT_DESCRIPTION that says it is of VERSION."""
    body = event.body
    name = version.encode()[:VERSION_SIZE - 1].ljust(VERSION_SIZE, b"\0")
    tail = body[VERSION_AT + VERSION_SIZE:]
    if number < (5, 6):
        tail = tail[:5] + LENGTHS_55
    return made(event, FORMAT, body[:VERSION_AT] + name + tail, event.flags)


def gtids(event, gtid_mode):
    """GTIDs as the mode has them: a named one, or from 5.7 on an anonymous one."""
    if event.type != GTID or gtid_mode == "ON":
        return event
    return made(event, ANONYMOUS, event.body[:1] + b"\0" * 24 + event.body[25:], event.flags)


def with_gtids(events, gtid_mode):
    """5.6 writes none while they are off; 5.7 writes PREVIOUS_GTIDS and a GTID before each
    transaction in any case (5.7 Reference Manual, "gtid_mode"; libbinlogevents, Gtid_event)."""
    count = 0
    for event in events:
        if event.type == QUERY:
            body = b"\x01" + (b"\x11" * 16 + struct.pack("<Q", count + 1) if gtid_mode == "ON"
                              else b"\0" * 24)
            yield made(event, GTID if gtid_mode == "ON" else ANONYMOUS,
                       body + b"\x02" + struct.pack("<QQ", count, count + 1))
            count += 1
        yield event
        if event.type == FORMAT:
            yield made(event, PREVIOUS, struct.pack("<Q", 0), 0x80)


def rows_of_55(event):
    if WRITE_ROWS <= event.type <= DELETE_ROWS:
        extra = struct.unpack_from("<H", event.body, 8)[0]
        return made(event, event.type - 7, event.body[:8] + event.body[8 + extra:], event.flags)
    return event


def as_version(recorded, version, number, variables):
    """RECORDED (events of a file, with checksums) as a server of VERSION with these VARIABLES sends
    them. NUMBER: its series, (0, 0) for a MariaDB."""
    checksum = variables.get("binlog_checksum") == "CRC32"
    events = [Event(data) for data in recorded]
    if number[0]:
        mode = variables.get("gtid_mode") or "OFF"
        if not any(e.type in (GTID, PREVIOUS) for e in events) and number >= (5, 7):
            events = list(with_gtids(events, mode))
        events = [gtids(e, mode) for e in events]
        if number < (5, 6):
            events = [rows_of_55(e) for e in events]
    out, end = [], 4
    for event in events:
        if event.type == FORMAT:
            event = with_version(event, version, number if number[0] else (10, 0))
            if number[0] == 0 or number >= (5, 6):
                # The algorithm is named here in any case, and this event has a checksum always.
                event.body = event.body[:-1] + bytes([1 if checksum else 0])
                out.append(event.bytes(end, True))
            else:
                out.append(event.bytes(end, False))
        else:
            out.append(event.bytes(end, checksum))
        end += len(out[-1])
    return out


def rotate(name, position, checksum):
    """The event that is in no file and comes first: where the stream begins."""
    size = HEADER + 8 + len(name) + (CHECKSUM if checksum else 0)
    data = struct.pack("<IBIIIHQ", 0, ROTATE, 1, size, 0, 0x20, position) + name
    return data + struct.pack("<I", zlib.crc32(data)) if checksum else data


def has_checksums(data):
    """Whether this is a FORMAT_DESCRIPTION that announces them."""
    lengths = len(data) - HEADER - 57
    return data[4:5] == bytes([FORMAT]) and lengths > len(LENGTHS_55) + CHECKSUM and data[-5] == 1
