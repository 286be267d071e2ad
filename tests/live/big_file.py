# SPDX-License-Identifier: Apache-2.0
"""Makes a closed binlog file of more than 4 GiB out of a small one, in seconds and sparse.

The one big WRITE_ROWS event (of NUL bytes) is repeated; every position after it is moved and every
checksum made anew. What comes out is what a server writes for one transaction of so many rows.
"""
import os
import struct
import zlib

import workload

HEADER = 19
WRITE_ROWS = {23, 25, 30}    # v1 of MariaDB and 5.5, v1 of 5.6, v2
STMT_END = 1


def events(data):
    """(offset, size, type) of each event of a whole file."""
    at = 4
    while at < len(data):
        kind, size = data[at + 4], struct.unpack_from("<I", data, at + 9)[0]
        yield at, size, kind
        at += size


def patched(event, end, more_follow=False):
    """The event with its end position (modulo 2^32) and checksum, as it stands at another place."""
    event = bytearray(event)
    struct.pack_into("<I", event, 13, end & 0xFFFFFFFF)
    if more_follow:
        event[HEADER + 6] &= ~STMT_END & 0xFF
    struct.pack_into("<I", event, len(event) - 4, zlib.crc32(event[:-4]))
    return event


def make(server, size):
    """Ends a file of at least SIZE bytes on the server; its name back."""
    db = server.connect()
    try:
        workload.prepare(db)
        name = server.binlogs()[-1][0]
        db.query("INSERT INTO w.huge (id, b) VALUES (1, REPEAT(UNHEX('00'), 1048576))")
        for number in range(5):
            db.query("INSERT INTO w.small (n, t) VALUES (%d, 'after the big one')" % number)
        db.query("FLUSH BINARY LOGS")
        db.query("INSERT INTO w.small (n, t) VALUES (6, 'in the next file')")
    finally:
        db.close()
    path = server.binlog_path(name)
    with open(path, "rb") as src:
        data = src.read()
    with open(path + ".new", "wb") as out:
        at = out.write(data[:4])
        for start, length, kind in events(data):
            event = data[start:start + length]
            if kind not in WRITE_ROWS or length < 1 << 20:
                out.seek(at)
                at += out.write(event if at == start else patched(event, at + length))
                continue
            while at + length < size:
                copy = patched(event, at + length, more_follow=True)
                head = len(copy) - (1 << 20)
                out.seek(at)
                out.write(copy[:head])
                out.seek(at + length - 64)
                out.write(copy[-64:])
                at += length
            out.seek(at)
            at += out.write(patched(event, at + length))
    stat = os.stat(path)
    os.chown(path + ".new", stat.st_uid, stat.st_gid)
    os.chmod(path + ".new", stat.st_mode)
    os.rename(path + ".new", path)
    return name
