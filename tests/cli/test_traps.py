#!/usr/bin/env python3
"""The traps of each format that others fell into (docs/FORMATS.md lists them with these tests), read by what is not ours: files' own
bytes, GDAL's tools, pycocotools, labelme's loader and pyogrio where they are installed."""
import json
import math
import shutil
import sqlite3
import struct
import subprocess
import unittest
from contextlib import closing
from pathlib import Path

import common
from common import SAMPLE, polygons_area, read_vector, rle_decode, rle_pixels, shoelace, transform, wkt_polygons
from test_exchange import BOX, PARTS, RING, TURNED, Exchange, ultralytics_rules
from test_import import box, collection, ring

try:
    import numpy
    from pycocotools import mask as coco_mask
    from pycocotools.coco import COCO
except ImportError:
    COCO = None
try:
    import pyogrio
except ImportError:
    pyogrio = None
try:
    from labelme import _label_file as labelme
except ImportError:
    labelme = None

SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's, which has GDAL's own scripts
VALIDATE_GPKG = Path("/usr/lib/python3/dist-packages/osgeo_utils/samples/validate_gpkg.py")
MAPS = ("shp", "gpkg", "geojson", "fgb", "kml", "csv")
ISLAND = {"type": "MultiPolygon", "coordinates": [[ring(100, 100, 160, 160), ring(110, 110, 150, 150)], [ring(120, 120, 140, 140)]]}


def shp_records(path: Path):
    """Header and polygons of a .shp by the white paper; outer and inner rings as they stand in the file."""
    data = path.read_bytes()
    code, length = struct.unpack(">i20xi", data[:28])
    version, kind, *bounds = struct.unpack("<ii4d", data[28:68])
    rows, at = [], 100
    while at < len(data):
        number, words = struct.unpack(">ii", data[at:at + 8])
        kind_of_row, _, _, _, _, parts, points = struct.unpack("<i4dii", data[at + 8:at + 52])
        starts = [*struct.unpack(f"<{parts}i", data[at + 52:at + 52 + 4 * parts]), points]
        values = struct.unpack(f"<{2 * points}d", data[at + 52 + 4 * parts:at + 52 + 4 * parts + 16 * points])
        xy = list(zip(values[0::2], values[1::2]))
        rows.append((number, kind_of_row, [xy[a:b] for a, b in zip(starts, starts[1:])]))
        at += 8 + 2 * words
    return {"code": code, "bytes": 2 * length, "size": len(data), "version": version, "kind": kind, "bounds": bounds}, rows


def rings_of(geometry: dict):
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [r for p in parts for r in p], parts


class Common(Exchange):
    def test_orientation_after_the_transform(self):
        """Image rows go down, the map up: GeoJSON's outer rings run counter-clockwise on the map, a shapefile's clockwise."""
        self.fill(("ring", RING, ""), ("turned", TURNED, ""))
        self.export("a.geojson", "geojson")
        self.export("a.shp", "shp")
        for f in json.loads((self.tmp / "a.geojson").read_text())["features"]:
            for part in rings_of(f["geometry"])[1]:
                self.assertGreater(shoelace(part[0]), 0)
                self.assertTrue(all(shoelace(hole) < 0 for hole in part[1:]))
        _, rows = shp_records(self.tmp / "a.shp")
        self.assertEqual([[shoelace(r) < 0 for r in rings] for _, _, rings in rows], [[True, False], [True]])

    def test_pixel_is_point_moves_by_half_a_pixel(self):
        """The same numbers in the tags, once said to be of corners and once of centres."""
        places = {}
        for kind in ("Area", "Point"):
            image = self.tmp / f"{kind}.tif"
            subprocess.run(["gdal_translate", "-q", "-mo", f"AREA_OR_POINT={kind}", "--config", "GTIFF_POINT_GEO_IGNORE", "YES",
                            str(SAMPLE), str(image)], check=True)
            path = self.write_json("in.pixel.geojson", collection(({"class": "x"}, BOX)))
            self.project.unlink(missing_ok=True)
            self.ok(self.run_import(path, "--image", image))
            self.export(f"{kind}.gpkg", "gpkg")
            places[kind] = wkt_polygons(read_vector(self.tmp / f"{kind}.gpkg", self.tmp)[0]["WKT"])[0][0]
            want = transform([(50, 60), (90, 100)], image)
            xs, ys = zip(*places[kind])
            self.assertAlmostEqual(min(xs), want[0][0], places=6)
            self.assertAlmostEqual(min(ys), want[1][1], places=6)
        shift = {(round(a[0] - b[0], 6), round(a[1] - b[1], 6)) for a, b in zip(places["Area"], places["Point"])}
        self.assertEqual(shift, {(0.05, -0.05)}, "half of the sample's 0.1 m")

    def test_objects_of_one_pixel(self):
        """Outlines follow pixel edges: nothing collapses and no half pixel is lost, in any format that holds outlines."""
        line = box(10, 10, 11, 60)
        want = self.fill(("dot", box(3, 3, 4, 4), ""), ("line", line, ""))
        for name, to in [(f"a.{f}", f) for f in MAPS] + [("a.json", "coco"), ("a.polygons.json", "coco-polygons"),
                                                         ("a.labelme.json", "labelme"), ("a.txt", "yolo")]:
            with self.subTest(to):
                self.project = self.tmp / "p.nadir.gpkg"
                self.export(name, to)
                _, rows = self.again(name)
                self.assertEqual(sorted(r["area_px"] for r in rows), [1, 50])  # FlatGeobuf sorts by place
                self.assertEqual([v > 0 for v in self.mask()], [v > 0 for v in want])

    def test_no_crs_says_why_and_the_way_out(self):
        plain = self.tmp / "plain.png"
        subprocess.run(["gdal_translate", "-q", "-of", "PNG", "--config", "GDAL_PAM_ENABLED", "NO", str(SAMPLE), str(plain)], check=True)
        path = self.write_json("in.pixel.geojson", collection(({"class": "x"}, BOX)))
        self.ok(self.run_import(path, "--image", plain))
        for to in ("geojson", "kml"):
            self.fails(self.nadir("export", self.project, "--to", to, "-o", self.tmp / f"o.{to}"), "no coordinate system",
                       ".pixel.geojson", "assign a coordinate system")
            self.assertFalse((self.tmp / f"o.{to}").exists())
        self.export("o.pixel.geojson", "pixel-geojson")

    def test_what_is_no_area_is_said(self):
        """Crossing, of no area, of too few corners: mended or left out, each counted, and what is stored is valid."""
        bow = {"type": "Polygon", "coordinates": [[[10, 10], [30, 30], [30, 10], [10, 30], [10, 10]]]}
        flat = {"type": "Polygon", "coordinates": [[[50, 50], [60, 50], [70, 50], [50, 50]]]}
        path = self.write_json("in.pixel.geojson", collection(*(({"class": "x"}, g) for g in (bow, flat, BOX))))
        run = self.ok(self.run_import(path, "--image", SAMPLE))
        for words in ("1 with an outline that crossed itself: mended", "left out"):
            self.assertIn(words, run.err)
        self.export("a.gpkg", "gpkg")
        done = subprocess.run(["ogrinfo", "-q", "-dialect", "SQLite", "-sql", "SELECT count(*) AS n, sum(ST_IsValid(geom)) AS valid FROM a",
                               str(self.tmp / "a.gpkg")], check=True, capture_output=True, text=True)
        self.assertRegex(done.stdout, r"n \(Integer\) = 2\s+valid \(Integer\) = 2")


class Shapefile(Exchange):
    def dbf(self, name="a.dbf"):
        data = (self.tmp / name).read_bytes()
        rows, header, length = struct.unpack("<IHH", data[4:12])
        fields = [data[32 + 32 * i:64 + 32 * i] for i in range((header - 33) // 32)]
        return data, rows, header, length, [(f[:11].split(b"\0")[0], chr(f[11]), f[16], f[17]) for f in fields]

    def test_bytes_of_the_file(self):
        self.fill(("ring", RING, ""), ("parts", PARTS, ""))
        self.export("a.shp", "shp")
        head, rows = shp_records(self.tmp / "a.shp")
        self.assertEqual((head["code"], head["version"], head["kind"], head["bytes"]), (9994, 1000, 5, head["size"]))
        points = [p for _, _, rings in rows for r in rings for p in r]
        self.assertEqual(head["bounds"], [f(p[i] for p in points) for f in (min, max) for i in (0, 1)])
        self.assertEqual([(n, kind) for n, kind, _ in rows], [(1, 5), (2, 5)])
        self.assertTrue(all(r[0] == r[-1] and len(r) >= 4 for _, _, rings in rows for r in rings), "rings are closed")
        index = (self.tmp / "a.shx").read_bytes()
        self.assertEqual(len(index), 100 + 8 * 2)
        self.assertEqual(struct.unpack(">i", index[100:104])[0] * 2, 100)
        data, count, header, length, fields = self.dbf()
        self.assertEqual((data[0], data[29], data[header - 1], data[header], data[-1]), (3, 0, 0x0D, 0x20, 0x1A))
        self.assertEqual((count, len(data)), (2, header + 2 * length + 1))
        self.assertEqual(length, 1 + sum(f[2] for f in fields))
        names = [f[0] for f in fields]
        self.assertTrue(all(len(n) <= 10 and n.isascii() for n in names) and len(set(names)) == len(names))
        self.assertTrue(all(kind in "CN" and width <= 254 for _, kind, width, _ in fields))
        self.assertEqual([f[1] for f in fields if f[0] in (b"created", b"edited")], ["C", "C"], "a dBASE date has no time")

    def test_limits_are_bytes(self):
        """254 bytes of Chinese are 84 characters; names of attributes are cut at 10 bytes between characters, and stay different."""
        caption = "道" * 200
        path = self.write_json("in.pixel.geojson", collection(
            ({"class": "道路与桥梁" * 40, "caption": caption, "高度测量值甲": 1, "高度测量值乙": 2}, BOX)))
        self.ok(self.run_import(path, "--image", SAMPLE))
        run = self.export("a.shp", "shp")
        self.assertRegex(run.err, "2 texts|254 bytes")
        row = read_vector(self.tmp / "a.shp", self.tmp)[0]
        self.assertEqual((row["caption"], row["class"]), ("道" * 84, ("道路与桥梁" * 40)[:84]))
        names = [n.decode() for n, *_ in self.dbf()[4][-2:]]  # a character that is cut would not decode
        self.assertEqual(len(set(names)), 2)
        self.assertTrue(all(len(n.encode()) <= 10 for n in names))
        for name in ("高度测量值甲", "高度测量值乙"):
            self.assertIn(name, run.err, "a name that is cut is told")
        self.assertEqual((self.tmp / "a.cpg").read_text().strip(), "UTF-8")
        _, rows = self.again("a.shp")
        self.assertEqual(rows[0]["caption"], caption, "the side file holds all of it")

    def test_more_than_255_fields(self):
        path = self.write_json("in.pixel.geojson", collection(({"class": "x"} | {f"a{i}": i for i in range(242)}, BOX)))
        self.ok(self.run_import(path, "--image", SAMPLE))
        self.fails(self.nadir("export", self.project, "-o", self.tmp / "a.shp"), "256 fields", "255", ".gpkg")
        self.assertEqual(list(self.tmp.glob("a.*")), [])
        self.export("a.gpkg", "gpkg")

    def test_holes_stay_with_their_part(self):
        """An island in a lake: the hole belongs to the ring about it, whatever the order."""
        want = self.fill(("island", ISLAND, ""))
        self.export("a.shp", "shp")
        polygons = wkt_polygons(read_vector(self.tmp / "a.shp", self.tmp)[0]["WKT"])
        self.assertEqual(sorted(len(p) for p in polygons), [1, 2])
        self.assertAlmostEqual(polygons_area(polygons), (60 * 60 - 40 * 40 + 20 * 20) * 0.01, places=6)
        self.again("a.shp")
        self.assertEqual(self.mask(), want)

    def test_nothing_is_no_success(self):
        self.fill(("x", BOX, ""))
        self.fails(self.nadir("export", self.project, "-o", self.tmp / "n.shp", "--filter", "class=none"), "no object")
        self.assertEqual(list(self.tmp.glob("n.*")), [])


class GeoJson(Exchange):
    def test_rfc_7946(self):
        self.fill(("ring", RING, "a „pond“"), ("parts", PARTS, ""))
        self.export("a.geojson", "geojson")
        raw = (self.tmp / "a.geojson").read_bytes()
        self.assertFalse(raw.startswith(b"\xef\xbb\xbf"))

        def never(word):
            raise AssertionError(word)
        data = json.loads(raw, parse_constant=never)  # NaN, Infinity
        self.assertNotIn("crs", data)
        self.assertEqual(raw.count(b'"type": "Feature"'), raw.count(b'\n{ "type": "Feature"'), "one object a line, for readers that stream")
        for f in data["features"]:
            self.assertFalse({"coordinates", "geometries", "features"} & set(f))
            for r in rings_of(f["geometry"])[0]:
                self.assertTrue(len(r) >= 4 and r[0] == r[-1])
                self.assertTrue(all(-83 < x < -80 and 28 < y < 31 for x, y in r), "longitude first")
        wgs84 = transform([(100, 100)], SAMPLE, "-t_srs", "EPSG:4326")[0]
        nearest = min(math.dist(wgs84, p) for p in rings_of(data["features"][0]["geometry"])[0][0])
        self.assertLess(nearest, 1e-8, "a millimetre")

    def test_pixels_are_called_so(self):
        self.fill(("ring", RING, ""))
        self.export("a.pixel.geojson", "pixel-geojson")
        data = json.loads((self.tmp / "a.pixel.geojson").read_text())
        self.assertEqual((data["width"], data["height"], data["coordinates_in"], data["y_axis"]), (400, 400, "pixels", "down"))
        run = self.nadir("export", self.project, "--to", "pixel-geojson", "-o", self.tmp / "plain.geojson")
        self.assertEqual(json.loads((self.tmp / "plain.geojson").read_text())["coordinates_in"] if run.status == 0 else "pixels", "pixels")


class Coco(Exchange):
    def coco(self, name="a.json", to="coco"):
        self.export(name, to)
        return json.loads((self.tmp / name).read_text())

    def test_rules(self):
        """Ids, areas, boxes and run lengths as the API's text says: column-major, text, holes without iscrowd."""
        want = self.fill(("ring", RING, "a pond"), ("parts", PARTS, ""), ("ring", TURNED, ""))
        data = self.coco()
        self.assertEqual(len({a["id"] for a in data["annotations"]}), 3)
        self.assertEqual([c["id"] for c in data["categories"]], [1, 2], "from 1, without gaps")
        for number, a in enumerate(data["annotations"], 1):
            pixels = {i for i, v in enumerate(want) if v == number}
            self.assertEqual(rle_pixels(a["segmentation"]), pixels)
            self.assertIsInstance(a["segmentation"]["counts"], str)
            self.assertEqual((a["iscrowd"], a["area"]), (0, len(pixels)))
            xs, ys = [i % 400 for i in pixels], [i // 400 for i in pixels]
            self.assertEqual(a["bbox"], [min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1])
            self.assertEqual(a["attributes"]["caption"], a.get("caption", ""), "beside it and where CVAT keeps it")
        self.assertEqual(rle_decode(data["annotations"][0]["segmentation"])[2][0], (100 * 400 + 100, 30), "down the first column")

    def test_polygons_for_readers_without_run_lengths(self):
        """Nested lists of at least six numbers; holes are lost and said, all of it is in the side file."""
        want = self.fill(("ring", RING, ""), ("parts", PARTS, ""), ("turned", TURNED, ""))
        run = self.export("b.polygons.json", "coco-polygons")
        self.assertIn("with holes, which are lost: 1", run.err)
        data = json.loads((self.tmp / "b.polygons.json").read_text())
        for a in data["annotations"]:
            self.assertTrue(all(isinstance(p, list) and len(p) >= 6 and len(p) % 2 == 0 for p in a["segmentation"]))
        self.assertEqual([(len(a["segmentation"]), a["area"]) for a in data["annotations"]], [(1, 1200), (2, 162), (1, 1000)])
        _, rows = self.again("b.polygons.json")
        self.assertEqual([r["area_px"] for r in rows], [1200, 162, 1000])
        self.again("b.polygons_full.pixel.geojson")
        self.assertEqual(self.mask(), want)

    def test_crowds_stay_crowds(self):
        data = {"images": [{"id": 1, "width": 400, "height": 400, "file_name": SAMPLE.name}], "categories": [{"id": 5, "name": "trees"}],
                "annotations": [{"id": 1, "image_id": 1, "category_id": 5, "iscrowd": 1,
                                 "segmentation": {"size": [400, 400], "counts": [10, 5, 395, 5, 160000 - 415]}},
                                {"id": 2, "image_id": 1, "category_id": 5, "iscrowd": 0, "segmentation": [[0, 0, 9, 0, 9, 9]]}]}
        self.ok(self.run_import(self.write_json("in.json", data), "--image", SAMPLE))
        for to in ("coco", "coco-polygons"):
            out = self.coco(f"{to}.json", to)["annotations"]
            self.assertEqual([a["iscrowd"] for a in out], [1, 0])
            self.assertIsInstance(out[0]["segmentation"], dict, "a crowd is a run length in both")

    def test_bad_annotations_of_others(self):
        """A list that is not nested, two points, no area, ids as texts, categories from 0 with gaps."""
        data = {"images": [{"id": "7", "width": 400, "height": 400, "file_name": SAMPLE.name}],
                "categories": [{"id": 0, "name": "zero"}, {"id": 90, "name": "ninety"}],
                "annotations": [{"id": 1, "image_id": 7, "category_id": 0, "segmentation": [1, 2, 9, 2, 9, 9]},
                                {"id": 1, "image_id": 7, "category_id": 0, "segmentation": [[1, 2, 3, 4]]},
                                {"id": 1, "image_id": 7, "category_id": 90, "area": [4], "segmentation": [[5, 5, 9, 5, 9, 9, 5, 9]]},
                                {"id": 1, "image_id": 7, "category_id": 0, "segmentation": [[1, 1, 1, 1, 1, 1]]}]}
        run = self.ok(self.run_import(self.write_json("in.json", data), "--image", SAMPLE))
        self.assertEqual([(r["class"], r["area_px"]) for r in self.rows()], [("ninety", 16)])
        self.assertIn("3 with an outline that makes no polygon", run.err)

    def test_gigapixel_images_count_past_32_bits(self):
        """60,000 pixels a side: run lengths are of the object's box with its place, and come back to the pixel."""
        image = self.tmp / "huge.vrt"
        image.write_text('<VRTDataset rasterXSize="60000" rasterYSize="60000"><SRS>EPSG:32617</SRS><GeoTransform>400000, 1, 0, 3280000, 0, -1'
                         '</GeoTransform><VRTRasterBand dataType="Byte" band="1"><NoDataValue>0</NoDataValue></VRTRasterBand></VRTDataset>')
        path = self.write_json("in.pixel.geojson", collection(({"class": "x"}, box(59000, 59500, 59040, 59530))))
        self.ok(self.run_import(path, "--image", image))
        run = self.export("a.json", "coco")
        a = json.loads((self.tmp / "a.json").read_text())["annotations"][0]
        self.assertEqual((a["segmentation"]["size"], a["segmentation"]["origin"], a["bbox"]), ([30, 40], [59000, 59500], [59000, 59500, 40, 30]))
        self.assertIn("too large for other readers", run.err)
        self.project = self.tmp / "again.nadir.gpkg"
        self.ok(self.run_import(self.tmp / "a.json", "--image", image))
        self.assertEqual(self.rows()[0]["area_px"], 1200)

    @unittest.skipUnless(COCO, "no pycocotools")
    def test_pycocotools(self):
        want = numpy.array(self.fill(("ring", RING, ""), ("parts", PARTS, ""), ("box", BOX, "")))
        self.coco()
        coco = COCO(str(self.tmp / "a.json"))
        for number, a in enumerate(coco.loadAnns(coco.getAnnIds()), 1):
            m = coco.annToMask(a)
            self.assertTrue((m.ravel() == (want == number)).all())
            self.assertEqual((m.sum(), list(coco_mask.toBbox(a["segmentation"]))), (a["area"], a["bbox"]))
        self.coco("b.json", "coco-polygons")
        coco = COCO(str(self.tmp / "b.json"))
        self.assertEqual([int(coco.annToMask(a).sum()) for a in coco.loadAnns(coco.getAnnIds())], [1200, 162, 1600])
        result = coco.loadRes([{"image_id": 1, "category_id": a["category_id"], "score": 1, "segmentation": coco.annToRLE(a)}
                               for a in coco.loadAnns(coco.getAnnIds())])
        from pycocotools.cocoeval import COCOeval
        judge = COCOeval(coco, result, "segm")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
        self.assertAlmostEqual(judge.stats[0], 1.0, msg="its own evaluation takes the file")


class Labelme(Exchange):
    @unittest.skipUnless(labelme, "no labelme")
    def test_labelme_itself(self):
        """Its own strict loader opens what we write, picture and all; what it saves comes back."""
        want = self.fill(("ring", RING, "a pond"), ("parts", PARTS, ""), ("turned", TURNED, ""))
        shutil.copy(SAMPLE, self.tmp)
        self.project.rename(self.tmp / "beside.nadir.gpkg")
        self.project = self.tmp / "beside.nadir.gpkg"
        self.export("a.labelme.json", "labelme")
        shapes = [labelme._load_shape_json_obj(s) for s in json.loads((self.tmp / "a.labelme.json").read_text())["shapes"]]
        self.assertEqual([(s["label"], s["shape_type"]) for s in shapes],
                         [("ring", "mask"), ("parts", "polygon"), ("parts", "polygon"), ("turned", "polygon")])
        (x0, y0), (x1, y1) = shapes[0]["points"]
        self.assertEqual(shapes[0]["mask"].shape, (y1 - y0 + 1, x1 - x0 + 1), "corners are inclusive")
        self.assertEqual(int(shapes[0]["mask"].sum()), sum(v == 1 for v in want))

    def test_its_rules(self):
        """What its loader demands, written from its text: keys that are there even when empty, counts of corners, types."""
        self.fill(("ring", RING, "a pond"), ("parts", PARTS, ""))
        self.export("a.labelme.json", "labelme")
        data = json.loads((self.tmp / "a.labelme.json").read_text())
        self.assertTrue({"version", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth", "flags"} <= set(data))
        self.assertIsNone(data["imageData"])
        self.assertNotIn("\\", data["imagePath"])
        for s in data["shapes"]:
            self.assertIsInstance(s["flags"], dict)
            self.assertTrue(all(isinstance(v, bool) for v in s["flags"].values()))
            self.assertTrue(s["group_id"] is None or type(s["group_id"]) is int)
            self.assertEqual(len(s["points"]) == 2, s["shape_type"] == "mask")
            self.assertTrue(all(type(v) in (int, float) and math.isfinite(v) for p in s["points"] for v in p))

    def test_dialects(self):
        """X-AnyLabeling's rectangles of four corners, null flags, a missing imageData, back-slashes."""
        data = {"version": "4.0", "flags": None, "imagePath": "..\\x\\" + SAMPLE.name, "imageHeight": 400, "imageWidth": 400, "shapes": [
            {"label": "a", "shape_type": "rectangle", "points": [[10, 20], [30, 20], [30, 40], [10, 40]], "score": 0.5, "difficult": True,
             "flags": None, "group_id": None, "attributes": {"kind": "x"}, "kie_linking": []},
            {"label": "b", "shape_type": "rectangle", "points": [[10, 20], [30, 40]]}]}
        self.ok(self.run_import(self.write_json("in.json", data), "--images", SAMPLE.parent))
        rows = self.rows()
        self.assertEqual([(r["class"], r["area_px"], r["score"]) for r in rows], [("a", 400, 0.5), ("b", 400, None)])
        self.assertEqual(json.loads(rows[0]["attributes"]), {"difficult": True, "kind": "x"})


class Yolo(Exchange):
    def test_class_numbers_are_the_project_s(self):
        """A part of the objects keeps the numbers of all: two exports are one training set."""
        self.fill(("a", BOX, ""), ("b", TURNED, ""), ("c", RING, ""))
        self.export("all.txt", "yolo")
        self.export("one.txt", "yolo", "--filter", "class=c")
        self.assertEqual((self.tmp / "one.txt").read_text(), (self.tmp / "all.txt").read_text().splitlines(True)[2])
        self.assertEqual((self.tmp / "one_names.yaml").read_text(), (self.tmp / "all_names.yaml").read_text())

    def test_no_value_outside(self):
        """An object along the image's edge; values stay within 0 and 1 with nine decimals."""
        self.fill(("edge", box(0, 0, 400, 400), ""), ("corner", box(399, 399, 400, 400), ""))
        self.export("a.txt", "yolo")
        text = (self.tmp / "a.txt").read_text()
        ultralytics_rules(text, 400, 2)
        self.assertTrue(all(len(v.split(".")[1]) == 9 for v in text.split() if "." in v))

    def test_no_objects_is_an_empty_file(self):
        """Tiles without objects that are kept have a label file, because tools differ about a missing one."""
        self.fill(("a", BOX, ""))
        self.ok(self.nadir("export", self.project, "--to", "yolo", "--tiles", 100, "--negatives", 1, "-o", self.tmp / "set"))
        pictures = {p.stem for p in (self.tmp / "set" / "images").rglob("*.png")}
        labels = {p.stem: p.stat().st_size for p in (self.tmp / "set" / "labels").rglob("*.txt")}
        self.assertEqual(pictures, set(labels))
        self.assertIn(0, labels.values())
        self.assertIn("names", (self.tmp / "set" / "data.yaml").read_text())


class GeoPackage(Exchange):
    def query(self, sql, name="a.gpkg"):
        with closing(sqlite3.connect(f"file:{self.tmp / name}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    def make(self):
        self.fill(("ring", RING, "a pond"), ("parts", PARTS, ""))
        self.export("a.gpkg", "gpkg")

    def test_tables(self):
        self.make()
        self.assertEqual(self.query("PRAGMA application_id"), [(0x47504B47,)])
        self.assertIn(self.query("PRAGMA user_version")[0][0], (10200, 10300, 10400))
        ids = {r[0] for r in self.query("SELECT srs_id FROM gpkg_spatial_ref_sys")}
        table, srs, change, *bounds = self.query(
            "SELECT table_name, srs_id, last_change, min_x, min_y, max_x, max_y FROM gpkg_contents WHERE data_type = 'features'")[0]
        self.assertTrue({-1, 0, 4326, srs} <= ids)
        self.assertRegex(change, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", "not a local time")
        self.assertTrue(all(isinstance(v, float) for v in bounds), "an extent")
        self.assertEqual(self.query("SELECT geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns"), [("MULTIPOLYGON", srs, 0, 0)])
        kinds = {r[0].split("(")[0] for r in self.query(f"SELECT type FROM pragma_table_info('{table}')")}
        self.assertTrue(kinds <= {"INTEGER", "MEDIUMINT", "REAL", "DOUBLE", "TEXT", "MULTIPOLYGON"}, kinds)
        self.assertEqual({r[0] for r in self.query("SELECT table_name FROM gpkg_contents")} - {table}, {"layer_styles"})
        for blob, in self.query(f"SELECT geom FROM {table}"):
            self.assertEqual(blob[:2], b"GP")
            self.assertEqual((blob[3] & 1, blob[3] >> 1 & 7, struct.unpack("<i", blob[4:8])[0]), (1, 1, srs))
            x0, x1, y0, y1 = struct.unpack("<4d", blob[8:40])
            self.assertTrue(bounds[0] - 1e-6 < x0 < x1 < bounds[2] + 1e-6 and bounds[1] - 1e-6 < y0 < y1 < bounds[3] + 1e-6)

    def test_spatial_index(self):
        self.make()
        self.assertEqual(self.query("SELECT table_name, column_name, extension_name, scope FROM gpkg_extensions WHERE extension_name = "
                                    "'gpkg_rtree_index'"), [("a", "geom", "gpkg_rtree_index", "write-only")])
        self.assertEqual(self.query("SELECT count(*) FROM rtree_a_geom"), [(2,)])
        self.assertGreaterEqual(len(self.query("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'rtree_a_geom%'")), 5)

    def test_no_log_is_left_and_reading_changes_nothing(self):
        """One file, of the export and of the project: no -wal or -shm beside it; a copy is whole, a read-only folder opens."""
        self.make()
        self.assertEqual(sorted(p.name for p in self.tmp.glob("*.gpkg*") if p.suffix != ".gpkg" and "lock" not in p.name), [])
        for name in ("a.gpkg", self.project.name):
            self.assertEqual(self.query("PRAGMA journal_mode", name), [("delete",)])
        before = self.project.read_bytes()
        self.export("b.geojson", "geojson")
        self.ok(self.nadir("statistics", self.project, "-o", self.tmp / "s.csv"))
        self.assertEqual(self.project.read_bytes(), before, "a project that is only read keeps every byte")
        folder = self.tmp / "read-only"
        folder.mkdir()
        shutil.copy(self.tmp / "a.gpkg", folder)
        folder.chmod(0o500)
        try:
            self.again("read-only/a.gpkg")
        finally:
            folder.chmod(0o700)

    @unittest.skipUnless(VALIDATE_GPKG.exists(), "no GDAL scripts")
    def test_gdal_s_validator(self):
        self.make()
        for name in ("a.gpkg", self.project.name):
            done = subprocess.run([SYSTEM_PYTHON, str(VALIDATE_GPKG), str(self.tmp / name)], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    @unittest.skipUnless(pyogrio, "no pyogrio")
    def test_pyogrio(self):
        """A newer GDAL through another binding: fields, CRS and count of every map format."""
        self.make()
        for to in MAPS:
            self.export(f"m.{to}", to)
            meta, _, geometry, _ = pyogrio.raw.read(str(self.tmp / f"m.{to}"), layer="m")
            self.assertEqual((len(geometry), meta["geometry_type"] in ("MultiPolygon", "Polygon", "Unknown")), (2, True), to)
            self.assertEqual(meta["crs"], "EPSG:4326" if to in ("geojson", "kml") else "EPSG:32617", to)


class Texts(Exchange):
    def test_words_of_the_form_in_a_caption(self):
        """A caption that says [SEG] does not move the masks behind it to other phrases; what was written stays beside them."""
        self.fill(("a", BOX, "a [SEG] roof </p>"), ("b", TURNED, "a shed"))
        run = self.export("g.json", "grounded")
        data = json.loads((self.tmp / "g.json").read_text())
        self.assertEqual(data["gcg_description"], "<p>a  roof</p> [SEG], <p>a shed</p> [SEG].")
        self.assertEqual([o["phrase"] for o in data["objects"]], ["a [SEG] roof </p>", "a shed"])
        self.assertIn("Captions with [SEG]", run.err)


if __name__ == "__main__":
    common.main()
