#!/usr/bin/env python3
"""One prompt, every output format: areas, bounds and pixel counts agree, read by tools that are not ours."""
import bisect
import itertools
import json
import subprocess
import unittest

import common
from common import SAMPLE, SAMPLES, CliTest, polygons_area, read_raster, read_vector, rle_pixels, transform, wkt_polygons

DEGREES = 1e-7  # about a centimetre
MAP_FORMATS = ("shp", "gpkg", "fgb")
# sample -> box that holds something whose edges a segmenter sees
CASES = {
    "RGB.byte.tif": "300,250,420,380",        # 8-bit RGB, UTM
    "Spain_7370579_S1Hand.tif": "150,150,330,330",  # SAR, Float32
    "Spain_7370579_S2Hand.tif": "150,150,330,330",  # 13 bands, Int16
    "mosaic_cog1.tif": "300,300,460,460",     # UInt16 COG
    "pix4d_alpha_nodata.tif": "250,300,420,450",  # alpha
    "cog_rgb_mask.tif": "120,60,220,160",     # mask band
    "cog_gcps.tif": "500,300,700,500",        # ground control points only
}


def to_pixels(geotransform, polygons):
    """Map positions back to pixels by the six-term affine."""
    a, b, c, d, e, f = geotransform
    det = b * f - c * e
    return [[[((f * (x - a) - c * (y - d)) / det, (b * (y - d) - e * (x - a)) / det) for x, y in ring] for ring in p]
            for p in polygons]


def vertices(polygons):
    return [(x, y) for p in polygons for r in p for x, y in r]


def bounds(polygons):
    xs = [x for p in polygons for r in p for x, _ in r]
    ys = [y for p in polygons for r in p for _, y in r]
    return min(xs), min(ys), max(xs), max(ys)


class Agreement(CliTest):
    def write_all(self, image, *prompt, formats):
        outs = [self.tmp / f"a.{f}" for f in formats]
        run = self.ok(self.segment(image, *prompt, "--label", "thing", *[x for o in outs for x in ("-o", o)]))
        return run.json, dict(zip(formats, outs))

    def check_raster(self, path, pixels, width):
        values = read_raster(path, self.tmp)
        self.assertEqual({i for i, v in enumerate(values) if v == 1}, pixels, path.name)
        self.assertEqual(set(values), {0, 1})

    def check_coco(self, path, o, pixels):
        coco = json.loads(path.read_text())
        a = coco["annotations"][0]
        self.assertEqual((a["area"], a["bbox"], a["iscrowd"]), (len(pixels), o["bbox"], 0))
        self.assertEqual(rle_pixels(a["segmentation"]), pixels)
        self.assertEqual(coco["categories"][0]["name"], "thing")
        try:
            from pycocotools import mask as reference
        except ImportError:
            return
        rle = {"size": a["segmentation"]["size"], "counts": a["segmentation"]["counts"].encode()}
        self.assertEqual(int(reference.area(rle)), len(pixels))
        self.assertEqual([int(v) for v in reference.toBbox(rle)], o["bbox"])

    def check_affine_vector(self, path, geotransform, o):
        rows = read_vector(path, self.tmp)
        self.assertEqual(len(rows), 1)
        self.assertEqual(int(rows[0]["area_px"]), o["area_px"])
        polygons = to_pixels(geotransform, wkt_polygons(rows[0]["WKT"]))
        self.assertAlmostEqual(polygons_area(polygons), o["area_px"], delta=1e-4 * o["area_px"] + 1e-3)
        x, y, w, h = o["bbox"]
        for have, want in zip(bounds(polygons), (x, y, x + w, y + h)):
            self.assertAlmostEqual(have, want, places=3)

    def polygons_of(self, path):
        rows = read_vector(path, self.tmp)
        self.assertEqual(len(rows), 1)
        return wkt_polygons(rows[0]["WKT"])

    def check_degrees(self, polygons, gpkg, crs_wkt):
        """Each vertex of the map file, transformed by GDAL's own tool, is a vertex here; the bounds are theirs."""
        want = transform(vertices(self.polygons_of(gpkg)), "-s_srs", crs_wkt, "-t_srs", "OGC:CRS84")
        have = sorted(vertices(polygons))
        for x, y in want:
            at = bisect.bisect_left(have, (x - DEGREES,))
            near = itertools.takewhile(lambda p, right=x + DEGREES: p[0] <= right, itertools.islice(have, at, None))
            self.assertTrue(any(abs(p[1] - y) <= DEGREES for p in near), f"{x}, {y} is no vertex of the GeoJSON")
        for a, b in zip(bounds(polygons), bounds([[want]])):
            self.assertAlmostEqual(a, b, delta=DEGREES)

    def check_geojson(self, path, o, gpkg, crs_wkt):
        data = json.loads(path.read_text())
        self.assertNotIn("crs", data)
        f = data["features"][0]
        self.assertEqual(f["properties"]["area_px"], o["area_px"])
        shapes = f["geometry"]["coordinates"]
        polygons = shapes if f["geometry"]["type"] == "MultiPolygon" else [shapes]
        for p in polygons:
            self.assertGreater(common.shoelace(p[0]), 0, "outer rings run counter-clockwise")
            for ring in p[1:]:
                self.assertLess(common.shoelace(ring), 0, "holes run clockwise")
        x0, y0, x1, y1 = bounds(polygons)
        self.assertTrue(-180 <= x0 <= x1 <= 180 and -90 <= y0 <= y1 <= 90)
        self.check_degrees(polygons, gpkg, crs_wkt)

    def check_gcp_vector(self, path, image, pixel_geojson, o):
        """Without an affine: the pixel file's vertices through GDAL's transformer of the image's control points."""
        rows = read_vector(path, self.tmp)
        self.assertEqual(int(rows[0]["area_px"]), o["area_px"])
        geometry = json.loads(pixel_geojson.read_text())["features"][0]["geometry"]
        self.assertEqual(geometry["type"], "MultiPolygon")
        want = bounds([[transform(vertices(geometry["coordinates"]), image)]])
        for a, b in zip(bounds(wkt_polygons(rows[0]["WKT"])), want):
            self.assertAlmostEqual(a, b, delta=1e-6)

    def case(self, name):
        info = self.ok(self.nadir("info", SAMPLES / name, "--json")).json
        run, outs = self.write_all(SAMPLES / name, "--box", CASES[name],
                                   formats=(*MAP_FORMATS, "geojson", "json", "tif", "png", "pixel.geojson"))
        o = run["objects"][0]
        pixels = rle_pixels(o["rle"])
        self.assertEqual(len(pixels), o["area_px"])
        self.check_raster(outs["tif"], pixels, info["width"])
        self.check_raster(outs["png"], pixels, info["width"])
        self.check_coco(outs["json"], o, pixels)
        self.check_geojson(outs["geojson"], o, outs["gpkg"], info["crs_wkt"])
        for f in MAP_FORMATS:
            if info["geotransform"]:
                self.check_affine_vector(outs[f], info["geotransform"], o)
            else:
                self.check_gcp_vector(outs[f], SAMPLES / name, outs["pixel.geojson"], o)
        self.assertTrue((self.tmp / "a.prj").exists() and (self.tmp / "a.cpg").read_text().strip() == "UTF-8")
        self.assertTrue((self.tmp / "a.qml").exists())

    def test_affine_without_shared(self):
        """The shipped sample goes through the same checks, so this file never skips as a whole when a model is there."""
        info = self.ok(self.nadir("info", SAMPLE, "--json")).json
        run, outs = self.write_all(SAMPLE, "--box", "203,67,227,90", formats=(*MAP_FORMATS, "geojson", "json", "tif"))
        o = run["objects"][0]
        self.check_raster(outs["tif"], rle_pixels(o["rle"]), 400)
        self.check_coco(outs["json"], o, rle_pixels(o["rle"]))
        self.check_geojson(outs["geojson"], o, outs["gpkg"], info["crs_wkt"])
        for f in MAP_FORMATS:
            self.check_affine_vector(outs[f], info["geotransform"], o)

    def test_no_crs(self):
        plain = self.tmp / "plain.png"
        subprocess.run(["gdal_translate", "-q", "-of", "PNG", "--config", "GDAL_PAM_ENABLED", "NO", str(SAMPLE),
                        str(plain)], check=True)
        run, outs = self.write_all(plain, "--box", "203,67,227,90", formats=("shp", "gpkg", "pixel.geojson", "json", "tif"))
        o = run["objects"][0]
        self.assertIsNone(run["crs"])
        self.assertIsNone(o["area_m2"])
        self.assertFalse((self.tmp / "a.prj").exists())
        for f in ("shp", "gpkg"):
            rows = read_vector(outs[f], self.tmp)
            polygons = wkt_polygons(rows[0]["WKT"])
            self.assertAlmostEqual(polygons_area(polygons), o["area_px"], places=6)
            x, y, w, h = o["bbox"]
            self.assertEqual(bounds(polygons), (x, -(y + h), x + w, -y))
        self.fails(self.segment(plain, "--box", "203,67,227,90", "-o", self.tmp / "b.shp", "-o", self.tmp / "b.geojson"),
                   "geojson")
        self.assertEqual(list(self.tmp.glob("b.*")), [], "one target that cannot be stops them all")

    def test_several_objects_number_the_mask(self):
        run, outs = self.write_all(SAMPLE, "--box", "203,67,227,90", "--next", "--box", "205,69,225,88", formats=("tif",))
        a, b = (rle_pixels(o["rle"]) for o in run["objects"])
        values = read_raster(outs["tif"], self.tmp)
        self.assertEqual({i for i, v in enumerate(values) if v == 2}, b, "the later one wins")
        self.assertEqual({i for i, v in enumerate(values) if v == 1}, a - b)


def add_cases():
    for name in CASES:
        test = unittest.skipUnless((SAMPLES / name).exists(), "no shared samples")(lambda self, n=name: self.case(n))
        setattr(Agreement, f"test_{name.replace('.', '_')}", test)


add_cases()

if __name__ == "__main__":
    common.main()
