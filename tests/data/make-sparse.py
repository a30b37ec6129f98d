#!/usr/bin/env python3
"""Writes TIFF files of any size that are small on the disk, for tests and benchmarks of viewing.

    make-sparse.py OUT.tif --size 100000x100000                      a few tiles in a corner and the middle, the rest never written
    make-sparse.py OUT.tif --size 36000x18000 --fill                 every tile holds a picture; equal ones share their bytes
    make-sparse.py OUT.tif --size 36000x18000 --strips --type uint16

BigTIFF, deflate, and without --overviews one image only: what a viewer likes least. Nothing but the standard library is needed.
"""
import argparse
import random
import struct
import sys
import zlib

KINDS = {"uint8": ("B", 1, 255), "uint16": ("H", 2, 4000)}
VARIETY = 16  # different pictures among the written tiles


def picture(width, height, bands, kind, seed):
    """Samples of one tile or strip, interleaved: a slope with a grid and some noise, different for every seed."""
    code, size, top = KINDS[kind]
    rng = random.Random(seed)
    noise = [rng.randrange(top // 8) for _ in range(4093)]
    base = [rng.randrange(top // 2) for _ in range(bands)]
    rows = []
    for y in range(height):
        row = []
        for x in range(width):
            grid = top // 4 if x % 64 == 0 or y % 64 == 0 else 0
            v = (x + 2 * y) * top // (8 * max(width, height)) + grid + noise[(x * 7 + y * 131) % 4093]
            row.extend(min(top, b + v) for b in base)
        rows.append(struct.pack("<%d%s" % (len(row), code), *row))
    return zlib.compress(b"".join(rows), 6)


def is_written(column, row, across, down):
    """Without --fill: a block in the top left corner and one in the middle."""
    side = 4
    return (column < side and row < side) or (
        abs(column - across // 2) < side and abs(row - down // 2) < side)


def directory(entries, at):
    """A BigTIFF directory with its values behind it; entries of (tag, type, values)."""
    codes = {3: ("H", 2), 4: ("I", 4), 16: ("Q", 8)}
    out, extra = struct.pack("<Q", len(entries)), b""
    behind = at + 8 + 20 * len(entries) + 8
    for tag, kind, values in sorted(entries):
        code, size = codes[kind]
        data = struct.pack("<%d%s" % (len(values), code), *values)
        if len(data) <= 8:
            field = data.ljust(8, b"\0")
        else:
            field = struct.pack("<Q", behind + len(extra))
            extra += data + b"\0" * (-len(data) % 8)
        out += struct.pack("<HHQ", tag, kind, len(values)) + field
    return out + struct.pack("<Q", 0) + extra


def describe(a, places, width, height, cw, ch, level):
    """The fields of one directory; equal chunks point to the same bytes."""
    across, down = (1 if a.strips else -(-width // cw)), -(-height // ch)
    offsets, counts = [], []
    for row in range(down):
        for column in range(across):
            there = a.fill or is_written(column, row, across, down)
            place = places[(column * 5 + row * 3) % len(places)] if there else (0, 0)
            offsets.append(place[0])
            counts.append(place[1])
    size = KINDS[a.type][1]
    entries = [
        (254, 4, [1 if level else 0]), (256, 4, [width]), (257, 4, [height]), (258, 3, [8 * size] * a.bands),
        (259, 3, [8]), (262, 3, [2 if a.bands >= 3 else 1]), (277, 3, [a.bands]), (284, 3, [1]),
        (339, 3, [1] * a.bands),
    ]
    if a.bands not in (1, 3):
        entries.append((338, 3, [0] * (a.bands - (3 if a.bands > 3 else 1))))
    if a.strips:
        return entries + [(273, 16, offsets), (278, 4, [ch]), (279, 16, counts)]
    return entries + [(322, 4, [cw]), (323, 4, [ch]), (324, 16, offsets), (325, 16, counts)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("--size", default="36000x18000")
    parser.add_argument("--bands", type=int, default=3)
    parser.add_argument("--type", choices=KINDS, default="uint8")
    parser.add_argument("--tile", type=int, default=512)
    parser.add_argument("--strips", action="store_true", help="strips of 16 rows instead of tiles")
    parser.add_argument("--fill", action="store_true", help="every tile holds something")
    parser.add_argument("--overviews", action="store_true", help="halved levels behind it (tiles only; not true means)")
    a = parser.parse_args()
    width, height = (int(v) for v in a.size.lower().split("x"))
    with open(a.out, "wb") as f:
        f.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0))
        cw, ch = (width, 16) if a.strips else (a.tile, a.tile)
        places = []
        for seed in range(2 if a.strips else VARIETY):
            data = picture(cw, ch, a.bands, a.type, seed)
            places.append((f.tell(), len(data)))
            f.write(data + b"\0" * (-len(data) % 8))
        link, level = 8, 0  # where the next directory's place is to be written
        while level == 0 or (a.overviews and max(width, height) > 256):
            if level:
                width, height = -(-width // 2), -(-height // 2)
            entries = describe(a, places, width, height, cw, ch, level)
            at = f.tell()
            f.write(directory(entries, at))
            end = f.tell()
            f.seek(link)
            f.write(struct.pack("<Q", at))
            f.seek(end)
            link, level = at + 8 + 20 * len(entries), level + 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
