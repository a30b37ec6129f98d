"""What other people's readers make of our files: pycocotools, ogr2ogr and gdal_translate. Parts whose reader is missing are skipped."""

import contextlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77


def ogr_features(path, folder):
    """Features of any vector file as ogr2ogr turns them into plain GeoJSON in the file's own coordinates."""
    out = folder / (path.name + ".read.geojson")
    subprocess.run(["ogr2ogr", "-f", "GeoJSON", "-lco", "RFC7946=NO", str(out), str(path), "a", "-lco", "WRITE_BBOX=NO",
                    "-a_srs", "EPSG:32618"], check=True, stderr=subprocess.DEVNULL)
    return {f["properties"]["id"]: f for f in json.loads(out.read_text())["features"]}


def ring_area(ring):
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:])) / 2


def geometry_area(geometry):
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return sum(abs(ring_area(p[0])) - sum(abs(ring_area(h)) for h in p[1:]) for p in parts)


def check_ogr(folder):
    annotations = {a["id"]: a for a in json.loads((folder / "a.json").read_text())["annotations"]}
    for name in ["a.shp", "a.gpkg", "a.fgb"]:
        features = ogr_features(folder / name, folder)
        assert features.keys() == annotations.keys(), name
        for i, f in features.items():
            assert f["properties"]["area_px"] == annotations[i]["area"], (name, i)
            assert abs(geometry_area(f["geometry"]) / 100 - annotations[i]["area"]) < 1e-3, (name, i)
    return "ogr2ogr"


def check_coco(folder):
    try:
        from pycocotools import mask
        from pycocotools.coco import COCO
        import numpy as np
    except ImportError:
        return None
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "a.json"))
    raw = folder / "a.raw"
    subprocess.run(["gdal_translate", "-q", "-of", "ENVI", str(folder / "a.tif"), str(raw)], check=True)
    numbers = np.fromfile(raw, "<u2").reshape(300, 400)
    painted = np.zeros_like(numbers)
    for place, a in enumerate(coco.loadAnns(coco.getAnnIds()), 1):
        m = coco.annToMask(a)
        assert m.sum() == a["area"] and list(mask.toBbox(a["segmentation"])) == a["bbox"], place
        painted[m > 0] = place
    assert (painted == numbers).all()
    return "pycocotools"


def main(writer):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([writer, str(folder)], check=True)
        checks = [check_ogr] if shutil.which("ogr2ogr") else []
        checks += [check_coco] if shutil.which("gdal_translate") else []
        done = [r for r in (c(folder) for c in checks) if r]
    print("read back by", ", ".join(done) or "nobody")
    return 0 if done else SKIP


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
