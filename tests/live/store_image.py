# SPDX-License-Identifier: Apache-2.0
"""Finds segments and frames in a store's image by the words of app/store/FORMAT.md, to aim damage."""
import collections
import struct

Segment = collections.namedtuple("Segment", "seq slot start size sealed frames end")
Frame = collections.namedtuple("Frame", "at length type")

HEADER_AREA, SEAL_AREA, FRAME_HEAD = 1024, 128, 48


def rounded(value, unit):
    return (value + unit - 1) // unit * unit


class Image:
    """Attributes: align, uuid, segment_size, slots, first (offset of slot 0), segments (by seq)."""

    def __init__(self, path):
        with open(path, "rb") as src:
            super_a = src.read(512)
            if super_a[:8] != b"SLUICEsb":
                raise ValueError("%s holds no store" % path)
            version, self.align = struct.unpack_from("<II", super_a, 8)
            if version != 1:
                raise ValueError("store version %d" % version)
            self.uuid = super_a[16:32]
            self.segment_size, self.slots, erase_size = struct.unpack_from("<III", super_a, 32)
            self.first = 2 * erase_size
            self.header_area = rounded(HEADER_AREA, self.align)
            self.seal_at = self.segment_size - rounded(SEAL_AREA, self.align)
            self.segments = sorted(filter(None, (self.read(src, s) for s in range(self.slots))))

    def read(self, src, slot):
        start = self.first + slot * self.segment_size
        src.seek(start)
        data = src.read(self.segment_size)
        if data[:8] != b"SLUICEsg" or data[16:32] != self.uuid:
            return None
        seq = struct.unpack_from("<Q", data, 32)[0]
        frames, at = [], self.header_area
        while at + FRAME_HEAD <= self.seal_at and data[at:at + 4] == b"SLfr" \
                and struct.unpack_from("<I", data, at + 32)[0] == at:
            length = rounded(FRAME_HEAD + struct.unpack_from("<I", data, at + 8)[0], self.align)
            frames.append(Frame(at, length, data[at + 4]))
            at += length
        sealed = data[self.seal_at:self.seal_at + 4] == b"SLse"
        return Segment(seq, slot, start, self.segment_size, sealed, tuple(frames), at)


def flip(path, offset, bit):
    """Flips one bit in place; calling it again restores the byte."""
    with open(path, "r+b") as out:
        out.seek(offset)
        byte = out.read(1)[0]
        out.seek(offset)
        out.write(bytes([byte ^ (1 << bit)]))


def write_at(path, offset, data):
    with open(path, "r+b") as out:
        out.seek(offset)
        out.write(data)
