"""What the command line tests share: running the program in a home of its own, and readers that are not ours."""
import array
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("NADIR_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("NADIR_BUILD", SOURCE / "build"))
PROGRAM = BUILD / "nadir"
SHARED = Path(os.environ.get("NADIR_SHARED", SOURCE / ".." / "shared")).resolve()
SAMPLES = SHARED / "samples"
SAMPLE = SOURCE / "data" / "samples" / "OSBS_029.tif"
SKIP = 77


def model() -> Path:
    """The shipped starter. It is part of the tree, so nothing is skipped for want of it."""
    path = SOURCE / "data" / "models" / "starter-sam.gguf"
    if not path.exists():
        sys.exit(f"{path.relative_to(SOURCE)} is missing: it belongs to the tree")
    return path


class Run:
    """One finished process."""

    def __init__(self, done: subprocess.CompletedProcess):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        return json.loads(self.out)


class CliTest(unittest.TestCase):
    """A temporary folder with its own caches; nothing of the user's is touched."""

    def setUp(self):
        self._tmp = tempfile.TemporaryDirectory(prefix="nadir-cli-")
        self.tmp = Path(self._tmp.name)

    def tearDown(self):
        self._tmp.cleanup()

    def env(self, **more) -> dict:
        env = dict(os.environ, NADIR_SOURCE=str(SOURCE), LC_ALL="C.UTF-8")
        for name in ("CACHE", "DATA", "CONFIG"):
            env[f"XDG_{name}_HOME"] = str(self.tmp / name.lower())
        env["MESA_SHADER_CACHE_DIR"] = str(BUILD / "mesa-cache")  # compiled once, not once a test
        env.pop("DISPLAY", None)
        env.pop("WAYLAND_DISPLAY", None)
        env.update(more)
        return env

    def nadir(self, *args, env=None, shell_prefix="", timeout=300) -> Run:
        command = [str(PROGRAM), *map(str, args)]
        if shell_prefix:
            command = ["bash", "-c", f'{shell_prefix}; exec "$@"', "nadir", *command]
        return Run(subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=self.tmp,
                                  env=env or self.env()))

    def segment(self, image, *args, **kw) -> Run:
        return self.nadir("segment", image, "--model", model(), "--json", *args, **kw)

    def ok(self, run: Run) -> Run:
        self.assertEqual(run.status, 0, run.err)
        return run

    def fails(self, run: Run, *words, status=1):
        """One clear sentence on stderr, nothing on stdout."""
        self.assertEqual(run.status, status, f"{run.out}\n{run.err}")
        lines = run.err.strip().splitlines()
        self.assertEqual(len(lines), 1, run.err)
        for word in words:
            self.assertIn(str(word).lower(), lines[0].lower())
        self.assertNotIn("(null)", lines[0])
        self.assertEqual(run.out, "")


def rle_decode(rle: dict) -> tuple[int, int, list[tuple[int, int]]]:
    """COCO compressed run lengths -> h, w, [(start, length)] of ones in column-major order. Written from the format's text."""
    h, w = rle["size"]
    counts, runs, i, text = [], [], 0, rle["counts"]
    while i < len(text):
        value = shift = 0
        while True:
            c = ord(text[i]) - 48
            i += 1
            value |= (c & 31) << shift
            shift += 5
            if not c & 32:
                if c & 16:
                    value -= 1 << shift
                break
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
    at = 0
    for k, n in enumerate(counts):
        if k % 2:
            runs.append((at, n))
        at += n
    assert at == h * w, "run lengths do not cover the image"
    return h, w, runs


def rle_pixels(rle: dict) -> set[int]:
    """Row-major indices of the mask's pixels."""
    h, w, runs = rle_decode(rle)
    return {(p % h) * w + p // h for start, n in runs for p in range(start, start + n)}


def iou(a: set, b: set) -> float:
    return len(a & b) / max(1, len(a | b))


def read_raster(path: Path, tmp: Path) -> array.array:
    """A one-band uint16 raster through GDAL, row-major."""
    raw = tmp / "pixels.raw"
    subprocess.run(["gdal_translate", "-q", "-of", "ENVI", "-ot", "UInt16", str(path), str(raw)], check=True)
    values = array.array("H")
    values.frombytes(raw.read_bytes())
    return values


def read_vector(path: Path, tmp: Path, layer: str = "") -> list[dict]:
    """Features of a vector file as GeoJSON-like dictionaries in the file's own coordinates, through OGR."""
    folder = Path(tempfile.mkdtemp(dir=tmp))  # other layers of the file are written beside it
    out = folder / "read.csv"
    command = ["ogr2ogr", "-f", "CSV", "-lco", "GEOMETRY=AS_WKT", "-lco", "SEPARATOR=SEMICOLON", str(out), str(path)]
    subprocess.run(command + ([layer] if layer else []), check=True, capture_output=True,
                   env=dict(os.environ, OGR_WKT_PRECISION="17"))
    csv.field_size_limit(1 << 30)
    with open(out, newline="", encoding="utf-8-sig") as f:
        return list(csv.DictReader(f, delimiter=";"))


def transform(points: list, *options) -> list[tuple[float, float]]:
    """Positions through gdaltransform, which is not ours."""
    text = "".join(f"{x!r} {y!r}\n" for x, y in points)
    done = subprocess.run(["gdaltransform", "-output_xy", *map(str, options)], input=text, capture_output=True, text=True,
                          check=True)
    return [tuple(map(float, line.split()[:2])) for line in done.stdout.splitlines()]


def wkt_polygons(wkt: str) -> list[list[list[tuple[float, float]]]]:
    """POLYGON or MULTIPOLYGON text -> polygons -> rings -> points."""
    body = re.sub(r"([-+0-9.eE]+) ([-+0-9.eE]+)", r"[\1,\2]", wkt[wkt.index("("):])
    numbers = json.loads(body.replace("(", "[").replace(")", "]"))
    return numbers if wkt.startswith("MULTI") else [numbers]


def shoelace(ring: list) -> float:
    return 0.5 * sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:]))


def polygons_area(polygons: list) -> float:
    """Holes subtract, whatever their direction."""
    return sum(abs(shoelace(p[0])) - sum(abs(shoelace(r)) for r in p[1:]) for p in polygons)


def main():
    """unittest with exit status 77 when everything was skipped."""
    result = unittest.main(exit=False, verbosity=1).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIP if result.testsRun == len(result.skipped) else 0)
