#!/usr/bin/env python3
"""Windows of 3840 x 2160 and the overview of 1024 px: rendered by us, read by GDAL, read by libvips, in turns.

    pip install pyvips-binary pyvips
    gdal_translate -of COG -co COMPRESS=DEFLATE -co BIGTIFF=YES -outsize 32768 32768 -r cubic RGB.byte.tif cog.tif
    python3 tests/bench/compare-view.py --build build cog.tif [--rounds 5]

Each round is one process of bench-raster (ours beside GDAL, alternating, warm) and one of libvips; every window lies at a place
of its own. Medians over the rounds, and how many times as fast ours is. We render to what the screen shows, the others only read.
"""

import argparse
import json
import pathlib
import random
import re
import statistics
import subprocess
import sys
import time

WINDOW, OVERVIEW, WINDOWS = (3840, 2160), 1024, 5
LINE = re.compile(r"(3840x2160|1024 px)\s+rendered\s+([\d.]+) ms, GDAL only reads in\s+([\d.]+) ms")


def ms_since(start: float) -> float:
    return (time.perf_counter() - start) * 1e3


def read_vips(path: str, seed: int) -> dict[str, float]:
    """Medians of this process; the first window only warms it."""
    import pyvips
    places, windows, overviews = random.Random(seed), [], []
    image = pyvips.Image.new_from_file(path, access="random")
    for _ in range(WINDOWS + 1):
        x, y = (places.randrange(a - b) for a, b in zip((image.width, image.height), WINDOW))
        start = time.perf_counter()
        image.crop(x, y, *WINDOW).write_to_memory()
        windows.append(ms_since(start))
    levels = range(int(image.get("n-subifds")) if image.get_typeof("n-subifds") else image.get_n_pages() - 1)
    kind = "subifd" if image.get_typeof("n-subifds") else "page"
    for _ in range(WINDOWS):  # opened anew: else it is a matter of a copy
        for level in levels:
            small = pyvips.Image.new_from_file(path, **{kind: level + (kind == "page")})
            if max(small.width, small.height) <= OVERVIEW:
                start = time.perf_counter()
                small.write_to_memory()
                overviews.append(ms_since(start))
                break
    return {"3840x2160": statistics.median(windows[1:]), "1024 px": statistics.median(overviews)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--vips", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.vips is not None:
        print(json.dumps(read_vips(args.file, args.vips)))
        return
    found: dict[str, dict[str, list[float]]] = {k: {"ours": [], "GDAL": [], "libvips": []} for k in ("3840x2160", "1024 px")}
    for n in range(args.rounds):
        printed = subprocess.run([args.build / "tests/bench/bench-raster", args.file], check=True, capture_output=True, text=True)
        for what, ours, gdal in LINE.findall(printed.stdout):
            found[what]["ours"].append(float(ours))
            found[what]["GDAL"].append(float(gdal))
        vips = subprocess.run([sys.executable, __file__, args.file, "--vips", str(n)], check=True, capture_output=True, text=True)
        for what, value in json.loads(vips.stdout).items():
            found[what]["libvips"].append(value)
    for what, by in found.items():
        ours = statistics.median(by["ours"])
        for who, values in by.items():
            m = statistics.median(values)
            print(f"{what:10} {who:8} {m:8.1f} ms ({min(values):.1f} to {max(values):.1f})  {m / ours:6.2f} times ours")


if __name__ == "__main__":
    main()
