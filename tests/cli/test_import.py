#!/usr/bin/env python3
"""nadir import: our own exports come back exactly; other tools' files come in with a clear word on what did not."""
import base64
import json
import math
import re
import sqlite3
import subprocess
import unittest
from contextlib import closing

import common
from common import SAMPLE, SAMPLES, CliTest, polygons_area, read_raster, read_vector, rle_pixels, wkt_polygons

PROMPTS = ("--box", "256,99,288,140", "--label", "tree", "--next", "--box", "50,3,102,57", "--label", "Bäume, alt", "--next",
           "--scribble", "10,170;30,190;40,205")
KEPT = ("class", "score", "area_px", "model", "prompt", "state", "caption", "created")
WIDTH = 400


def collection(*features):
    return {"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": p, "geometry": g} for p, g in features]}


def ring(x0, y0, x1, y1):
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]


def box(*xyxy):
    return {"type": "Polygon", "coordinates": [ring(*xyxy)]}


class ImportTest(CliTest):
    def setUp(self):
        super().setUp()
        self.project = self.tmp / "p.nadir.gpkg"

    def run_import(self, *args, json_out=True):
        return self.nadir("import", *args, "--into", self.project, *(["--json"] if json_out else []))

    def rows(self):
        with closing(sqlite3.connect(f"file:{self.project}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return [dict(r) for r in db.execute("SELECT * FROM nadir_objects ORDER BY fid")]

    def classes(self):
        with closing(sqlite3.connect(f"file:{self.project}?mode=ro", uri=True)) as db:
            return [r[0] for r in db.execute("SELECT name FROM classes ORDER BY id")]

    def mask(self, name="mask.tif"):
        self.ok(self.nadir("export", self.project, "--to", "tif", "-o", self.tmp / name))
        return read_raster(self.tmp / name, self.tmp)

    def write_json(self, name, data):
        (self.tmp / name).write_text(json.dumps(data))
        return self.tmp / name


class RoundTrip(ImportTest):
    FORMATS = ("shp", "gpkg", "geojson", "fgb", "json", "pixel.geojson", "kml", "csv", "labelme.json")

    def round_trip(self, image, *prompts, formats=FORMATS):
        outs = [self.tmp / f"a.{f}" for f in (*formats, "tif")]
        run = self.ok(self.segment(image, *prompts, *[x for o in outs for x in ("-o", o)])).json
        want_mask = read_raster(outs[-1], self.tmp)
        want = None
        for out in outs[:-1]:
            with self.subTest(format=out.name):
                self.project.unlink(missing_ok=True)
                told = self.ok(self.run_import(out, "--image", image))
                self.assertEqual(told.json["objects"], len(run["objects"]))
                self.assertEqual((told.json["reports"], told.err), ([""], ""), "nothing is lost, nothing is said")
                rows = self.rows()
                have = [{k: r[k] for k in KEPT} for r in rows]
                if want is None:
                    want = have
                for a, b, o in zip(have, want, run["objects"]):
                    self.assertAlmostEqual(a.pop("score"), o["score"], places=5)  # dBase has six decimals
                    self.assertEqual(a, {k: v for k, v in b.items() if k != "score"})
                    self.assertEqual((a["class"], a["area_px"]), (o["label"], o["area_px"]))
                    self.assertEqual(json.loads(a["prompt"]), o["prompt"])
                self.assertEqual(self.mask(), want_mask, "every pixel")

    def test_every_format(self):
        self.round_trip(SAMPLE, *PROMPTS)

    @unittest.skipUnless(SAMPLES.is_dir(), "no shared samples")
    def test_other_places(self):
        """Degrees with few decimals, a projected mosaic, control points only."""
        for name, prompt in (("Spain_7370579_S1Hand.tif", "150,150,330,330"), ("RGB.byte.tif", "300,250,420,380"),
                             ("cog_gcps.tif", "500,300,700,500")):
            with self.subTest(image=name):
                self.round_trip(SAMPLES / name, "--box", prompt, formats=("geojson", "shp", "kml"))

    def test_without_crs(self):
        plain = self.tmp / "plain.png"
        subprocess.run(["gdal_translate", "-q", "-of", "PNG", "--config", "GDAL_PAM_ENABLED", "NO", str(SAMPLE), str(plain)],
                       check=True)
        self.round_trip(plain, *PROMPTS, formats=("shp", "gpkg", "fgb", "json", "pixel.geojson", "csv", "labelme.json"))

    def test_from_project_to_project(self):
        plain = self.tmp / "plain.png"
        subprocess.run(["gdal_translate", "-q", "-of", "PNG", "--config", "GDAL_PAM_ENABLED", "NO", str(SAMPLE), str(plain)],
                       check=True)
        for image in (SAMPLE, plain):
            self.ok(self.segment(image, *PROMPTS, "-o", self.tmp / "a.pixel.geojson"))
            self.ok(self.run_import(self.tmp / "a.pixel.geojson", "--image", image))
        source, self.project = self.project, self.tmp / "other.nadir.gpkg"
        told = self.ok(self.run_import(source, "--image", SAMPLE, "--image", plain))
        self.assertEqual((told.json["objects"], told.json["reports"]), (6, [""]))
        self.assertEqual([r["px_geom"] for r in self.rows()[:3]], [r["px_geom"] for r in self.rows()[3:]])

    def test_long_texts_come_back_from_the_side_file(self):
        points = ";".join(f"{10 + i},{170 + i % 7}" for i in range(60))
        self.ok(self.segment(SAMPLE, "--scribble", points, "-o", self.tmp / "a.shp"))
        self.assertTrue((self.tmp / "a_full.csv").exists())
        self.ok(self.run_import(self.tmp / "a.shp", "--image", SAMPLE))
        self.assertEqual(len(json.loads(self.rows()[0]["prompt"])[0]["pts"]), 60)

    def test_a_project_that_is_there_gets_more_and_undo_takes_one_step(self):
        self.ok(self.segment(SAMPLE, *PROMPTS, "-o", self.tmp / "a.gpkg", "-o", self.tmp / "b.geojson"))
        self.ok(self.run_import(self.tmp / "a.gpkg", "--image", SAMPLE))
        second = self.ok(self.run_import(self.tmp / "b.geojson")).json  # the image is in the project, found by its name
        self.assertEqual((second["objects"], second["images"]), (3, [str(SAMPLE)]))
        rows = self.rows()
        self.assertEqual(len(rows), 6)
        self.assertEqual(len({r["fid"] for r in rows}), 6)
        with closing(sqlite3.connect(f"file:{self.project}?mode=ro", uri=True)) as db:
            steps = db.execute("SELECT count(DISTINCT step) FROM edits").fetchone()[0]
        self.assertEqual(steps, 2, "each import is one step of undo")


class Vector(ImportTest):
    def test_another_tool_s_shapefile(self):
        """Another CRS, another name for the class, points among the polygons, attributes of its own, one object elsewhere."""
        info = self.ok(self.nadir("info", SAMPLE, "--json")).json
        x, y, px = info["geotransform"][0], info["geotransform"][3], info["geotransform"][1]

        def at(x0, y0, x1, y1):
            return box(x + x0 * px, y - y1 * px, x + x1 * px, y - y0 * px)

        hole = at(100, 100, 140, 140)
        hole["coordinates"].append(list(reversed(at(110, 110, 120, 130)["coordinates"][0])))
        bow = {"type": "Polygon", "coordinates": [[[x + 20, y - 20], [x + 30, y - 30], [x + 30, y - 20], [x + 20, y - 30],
                                                   [x + 20, y - 20]]]}
        utm = self.write_json("utm.geojson", collection(
            ({"species": "oak", "height": 12.5}, at(10.3, 20.2, 50.7, 60.1)), ({"species": "ash"}, hole),
            ({"species": "bow"}, bow), ({"species": "far"}, box(x + 9000, y, x + 9100, y + 50)),
            ({"species": "edge"}, at(390, 390, 420, 420)), ({"species": "dust"}, at(5.6, 5.6, 5.9, 5.9))))
        shp = self.tmp / "trees.shp"
        subprocess.run(["ogr2ogr", "-s_srs", "EPSG:32617", "-t_srs", "EPSG:4326", str(shp), str(utm)], check=True)
        run = self.ok(self.run_import(shp, "--image", SAMPLE, "--class-field", "species"))
        rows = self.rows()
        self.assertEqual([r["class"] for r in rows], ["oak", "ash", "bow", "edge"])
        self.assertEqual(run.json["objects"], 4)
        self.assertEqual(run.json["skipped"], 2)
        self.assertEqual([r["area_px"] for r in rows[:2]], [41 * 40, 40 * 40 - 10 * 20])
        self.assertEqual(rows[3]["area_px"], 100, "cut at the image's edge")
        self.assertEqual(self.mask().count(4), 100)
        self.assertTrue(all(r["model"] == "import" and r["score"] is None and r["state"] == "accepted" for r in rows))
        self.assertAlmostEqual(rows[1]["area_m2"], rows[1]["area_px"] * px * px, delta=0.1)
        self.assertTrue(any("height" in r["attributes"] for r in rows))
        for words in ("1 with an outline that crossed itself", "1 on no image", "1 reach over the edge",
                      "1 too small to cover"):
            self.assertIn(words, run.err)
        self.assertEqual(self.classes()[:2], ["oak", "ash"])

    def test_a_table_of_degrees(self):
        """CSV with WKT and no .prj: longitudes and latitudes, when that puts them on the image."""
        corner = json.loads(subprocess.run(["gdalinfo", "-json", str(SAMPLE)], capture_output=True, check=True).stdout)
        x, y = corner["wgs84Extent"]["coordinates"][0][0]
        wkt = f"POLYGON (({x + 1e-4} {y - 2e-4},{x + 2e-4} {y - 2e-4},{x + 2e-4} {y - 1e-4},{x + 1e-4} {y - 2e-4}))"
        (self.tmp / "t.csv").write_text(f'WKT,label\n"{wkt}",roof\n')
        run = self.ok(self.run_import(self.tmp / "t.csv", "--image", SAMPLE))
        self.assertEqual([r["class"] for r in self.rows()], ["roof"])
        self.assertIn("taken to be longitudes and latitudes", run.err)

    def test_points_and_lines_are_left_out_and_said(self):
        lonlat = json.loads(subprocess.run(["gdalinfo", "-json", str(SAMPLE)], capture_output=True, check=True).stdout)
        (x0, y0), (x1, y1) = lonlat["wgs84Extent"]["coordinates"][0][0], lonlat["wgs84Extent"]["coordinates"][0][2]
        mid = [(x0 + x1) / 2, (y0 + y1) / 2]
        area = box(*mid, mid[0] + 5e-5, mid[1] + 5e-5)
        path = self.write_json("mixed.geojson", collection(
            ({"label": "a"}, area), ({"label": "p"}, {"type": "Point", "coordinates": mid}),
            ({"label": "l"}, {"type": "LineString", "coordinates": [mid, [mid[0] + 1e-5, mid[1]]]}), ({"label": "n"}, None),
            ({"label": "c"}, {"type": "GeometryCollection", "geometries": [area, {"type": "Point", "coordinates": mid}]})))
        run = self.ok(self.run_import(path, "--image", SAMPLE))
        self.assertEqual([r["class"] for r in self.rows()], ["a", "c"])
        self.assertIn("3 without an area", run.err)
        self.fails(self.run_import(self.write_json("p.geojson", collection(
            ({}, {"type": "Point", "coordinates": mid}))), json_out=False), "p.geojson", "no object", "1 without an area")

    def test_hand_drawn_corners_stay(self):
        """A slanted outline with whole-number corners is no mask: its vertices come back as they were."""
        diamond = {"type": "Polygon", "coordinates": [[[100, 80], [120, 100], [100, 120], [80, 100], [100, 80]]]}
        path = self.write_json("d.pixel.geojson", collection(({"class": "diamond"}, diamond)))
        self.ok(self.run_import(path, "--image", SAMPLE))
        out = self.tmp / "out.pixel.geojson"
        self.ok(self.nadir("export", self.project, "-o", out))
        got = json.loads(out.read_text())["features"][0]["geometry"]["coordinates"][0][0]
        self.assertEqual({tuple(p) for p in got}, {(100, 80), (120, 100), (100, 120), (80, 100)})


class Coco(ImportTest):
    def coco(self, **more):
        rle = {"size": [400, 400], "counts": [10, 5, 395, 5, 160000 - 415]}
        annotations = [
            {"id": 1, "image_id": 7, "category_id": 3, "iscrowd": 0, "area": 1600, "bbox": [10, 20, 40, 40], "score": 0.25,
             "segmentation": [[10, 20, 50, 20, 50, 60, 10, 60]], "caption": "a roof"},
            {"id": 2, "image_id": 7, "category_id": 90, "segmentation": [[0, 0, 10, 0, 10, 10, 0, 10], [5, 5, 20, 5, 20, 20, 5, 20]]},
            {"id": 3, "image_id": 7, "category_id": 90, "iscrowd": 1, "segmentation": rle},
            {"id": 4, "image_id": "7", "category_id": 3, "bbox": [100, 100, 20, 10], "segmentation": [], "angle": 12},
            {"id": 5, "image_id": 7, "category_id": 3, "segmentation": [[1, 2, 3, 4]]},
            {"id": 6, "image_id": 7, "category_id": 3, "segmentation": {"size": [400, 400], "counts": "nonsense"}}]
        return {"images": [{"id": 7, "width": 400, "height": 400, "file_name": "set/OSBS_029.tif"}],
                "categories": [{"id": 3, "name": "roof"}, {"id": 90, "name": "tree"}, {"id": 91, "name": "pond"}],
                "annotations": annotations} | more

    def test_every_kind_of_segmentation(self):
        path = self.write_json("coco.json", self.coco())
        run = self.ok(self.run_import(path, "--images", SAMPLE.parent))
        rows = self.rows()
        self.assertEqual([r["class"] for r in rows], ["roof", "tree", "tree", "roof"])
        self.assertEqual([r["area_px"] for r in rows], [1600, 100 + 225 - 25, 10, 200], "parts are united")
        self.assertEqual((rows[0]["score"], rows[0]["caption"]), (0.25, "a roof"))
        for words in ("2 with an outline that makes no polygon", "1 with a box"):
            self.assertIn(words, run.err)
        self.assertEqual([r["attributes"] for r in rows], ["", "", '{"iscrowd":true}', '{"angle":12}'])
        self.assertEqual(self.classes(), ["roof", "tree", "pond"], "those without objects, too")
        values = self.mask()
        self.assertEqual({i for i, v in enumerate(values) if v == 3}, {y * WIDTH + x for x in (0, 1) for y in range(10, 15)})

    def test_run_lengths_are_column_major_as_pycocotools_says(self):
        """The mask of an L, not symmetric: row-major reading would turn it over."""
        o = self.ok(self.segment(SAMPLE, "--box", "256,99,288,140")).json["objects"][0]
        data = self.coco(annotations=[{"id": 1, "image_id": 7, "category_id": 3, "iscrowd": 0, "segmentation": o["rle"]}])
        self.ok(self.run_import(self.write_json("coco.json", data), "--image", SAMPLE))
        self.assertEqual({i for i, v in enumerate(self.mask()) if v == 1}, rle_pixels(o["rle"]))

    def test_an_image_that_is_not_here(self):
        data = self.coco(images=[{"id": 7, "width": 400, "height": 400, "file_name": "gone.tif"}])
        self.fails(self.run_import(self.write_json("coco.json", data), json_out=False), "gone.tif", "--image")
        self.assertFalse(self.project.exists())


class Labelme(ImportTest):
    def shape(self, kind, points, **more):
        return {"label": "x", "points": points, "group_id": None, "description": "", "shape_type": kind, "flags": {},
                "mask": None} | more

    def labelme(self, *shapes, **more):
        return self.write_json("a.json", {"version": "5.5.0", "flags": {}, "shapes": list(shapes), "imagePath": SAMPLE.name,
                                          "imageData": None, "imageHeight": 400, "imageWidth": 400} | more)

    def test_every_kind_of_shape(self):
        path = self.labelme(
            self.shape("rectangle", [[30, 40], [10, 20]]), self.shape("rectangle", [[10, 20], [30, 20], [30, 40], [10, 40]]),
            self.shape("circle", [[100, 100], [110, 100]]), self.shape("polygon", [[50, 50], [60, 50], [60, 60]], label="p", score=0.5),
            self.shape("polygon", [[0, 0], [5, 0], [5, 5], [0, 5]], group_id=1, label="g", description="two parts"),
            self.shape("polygon", [[9, 9], [12, 9], [12, 12], [9, 12]], group_id=1, label="g"),
            self.shape("point", [[3, 3]]), self.shape("linestrip", [[3, 3], [4, 4]]), self.shape("polygon", [[1, 1]]),
            self.shape("polygon", [[50, 50], [60, 50], [60, 60]], flags={"occluded": True}, kie_linking=[1]),
            imagePath="..\\elsewhere\\" + SAMPLE.name)
        run = self.ok(self.run_import(path, "--images", SAMPLE.parent))
        rows = self.rows()
        self.assertEqual([r["class"] for r in rows], ["x", "x", "x", "p", "g", "x"])
        self.assertEqual([r["area_px"] for r in rows[:2]] + [rows[4]["area_px"]], [400, 400, 34])
        self.assertAlmostEqual(rows[2]["area_px"], 314, delta=6)
        self.assertEqual((rows[3]["score"], rows[4]["caption"]), (0.5, "two parts"))
        self.assertEqual(json.loads(rows[5]["attributes"]), {"occluded": True})
        for words in ("2 without an area", "1 with an outline that makes no polygon", "kie_linking"):
            self.assertIn(words, run.err)

    def test_what_labelme_would_read(self):
        """The strict rules of labelme's own reader, and holes as a mask shape with inclusive corners."""
        ring = {"type": "Polygon", "coordinates": [
            [[100, 100], [140, 100], [140, 130], [100, 130], [100, 100]], [[110, 110], [110, 120], [125, 120], [125, 110], [110, 110]]]}
        parts = {"type": "MultiPolygon", "coordinates": [[[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]],
                                                         [[[20, 0], [29, 0], [29, 9], [20, 9], [20, 0]]]]}
        path = self.write_json("r.pixel.geojson", collection(({"class": "ring", "caption": "a pond"}, ring), ({"class": "two"}, parts)))
        self.ok(self.run_import(path, "--image", SAMPLE))
        (self.tmp / "sub").mkdir()
        out = self.tmp / "sub" / "a.labelme.json"
        self.ok(self.nadir("export", self.project, "-o", out))
        data = json.loads(out.read_text())
        self.assertEqual({"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth"}, set(data))
        self.assertIsNone(data["imageData"])
        self.assertEqual((out.parent / data["imagePath"]).resolve(), SAMPLE.resolve())
        self.assertEqual((data["imageHeight"], data["imageWidth"]), (400, 400))
        for s in data["shapes"]:
            self.assertIsInstance(s["label"], str)
            self.assertTrue(s["points"] and all(len(p) == 2 and all(isinstance(v, (int, float)) for v in p) for p in s["points"]))
            self.assertTrue(s["group_id"] is None or isinstance(s["group_id"], int))
            self.assertEqual(s["flags"], {})
        mask, *polygons = data["shapes"]
        self.assertEqual((mask["shape_type"], mask["points"], mask["description"]), ("mask", [[100, 100], [139, 129]], "a pond"))
        png = self.tmp / "mask.png"
        png.write_bytes(base64.b64decode(mask["mask"]))
        values = read_raster(png, self.tmp)
        self.assertEqual((len(values), sum(v != 0 for v in values)), (40 * 30, 40 * 30 - 15 * 10))
        self.assertEqual([(s["shape_type"], s["group_id"]) for s in polygons], [("polygon", 2), ("polygon", 2)])


class Yolo(ImportTest):
    @staticmethod
    def fill(points, width, height):
        """Pixels whose centres are inside, even-odd."""
        mask = set()
        edges = list(zip(points, points[1:] + points[:1]))
        for row in range(height):
            y = row + 0.5
            xs = sorted(x0 + (y - y0) * (x1 - x0) / (y1 - y0) for (x0, y0), (x1, y1) in edges if (y0 <= y) != (y1 <= y))
            for a, b in zip(xs[0::2], xs[1::2]):
                mask.update(row * width + c for c in range(max(0, math.ceil(a - 0.5)), math.ceil(b - 0.5)))
        return mask

    def test_labels_as_ultralytics_reads_them(self):
        """Class from 0 by the names beside it, at least three corners, all within 0..1; holes and parts survive a fill."""
        hole = {"type": "Polygon", "coordinates": [
            [[100, 100], [140, 100], [140, 130], [100, 130], [100, 100]], [[110, 110], [110, 120], [125, 120], [125, 110], [110, 110]]]}
        parts = {"type": "MultiPolygon", "coordinates": [[[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]],
                                                         [[[20, 4], [29, 4], [29, 13], [20, 13], [20, 4]]]]}
        slant = {"type": "Polygon", "coordinates": [[[300, 300], [330.5, 310], [310, 345.25], [300, 300]]]}
        path = self.write_json("r.pixel.geojson", collection(
            ({"class": "ring", "caption": "a pond"}, hole), ({"class": 'a "b"'}, parts), ({"class": "ring"}, slant)))
        self.ok(self.run_import(path, "--image", SAMPLE))
        want = self.mask()
        out = self.tmp / "OSBS_029.txt"
        told = self.ok(self.nadir("export", self.project, "--to", "yolo", "-o", out))
        self.assertRegex(told.err, r"Objects with holes or parts, .*: 2\.")
        rows = [line.split() for line in out.read_text().splitlines()]
        names = re.findall(r'^  (\d+): "(.*)"$', (self.tmp / "OSBS_029_names.yaml").read_text(), re.MULTILINE)
        self.assertEqual(names, [("0", "ring"), ("1", 'a \\"b\\"')])
        self.assertEqual([r[0] for r in rows], ["0", "1", "0"])
        for number, row in enumerate(rows, 1):
            values = list(map(float, row[1:]))
            self.assertTrue(len(values) >= 6 and len(values) % 2 == 0 and all(0 <= v <= 1 for v in values))
            points = [(round(x * 400, 5), round(y * 400, 5)) for x, y in zip(values[0::2], values[1::2])]
            self.assertEqual(self.fill(points, 400, 400), {i for i, v in enumerate(want) if v == number}, f"object {number}")
        side = json.loads((self.tmp / "OSBS_029_full.pixel.geojson").read_text())
        self.assertEqual(side["features"][0]["properties"]["caption"], "a pond")


class Refused(ImportTest):
    def refuse(self, path, *words, args=("--image", SAMPLE), status=1):
        self.fails(self.run_import(path, *args, json_out=False), *words, status=status)
        self.assertFalse(self.project.exists(), "nothing is made for what cannot be imported")

    def test_bad_files(self):
        self.refuse(self.tmp / "none.shp", "none.shp", "no such file")
        (self.tmp / "text.geojson").write_text("no data at all")
        self.refuse(self.tmp / "text.geojson", "text.geojson")
        (self.tmp / "half.json").write_text('{"images":[],"annota')
        self.refuse(self.tmp / "half.json", "half.json", "no sound json")
        self.refuse(self.write_json("other.json", {"a": 1}), "other.json", "COCO")
        self.refuse(self.write_json("none.json", {"images": [], "annotations": []}), "no object")

    def test_truncated_shapefile(self):
        self.ok(self.segment(SAMPLE, *PROMPTS, "-o", self.tmp / "a.shp"))
        data = (self.tmp / "a.shp").read_bytes()
        (self.tmp / "a.shp").write_bytes(data[:len(data) // 2])
        self.refuse(self.tmp / "a.shp", "a.shp")

    def test_elsewhere_or_without_an_image(self):
        far = self.write_json("far.geojson", collection(({"class": "x"}, box(10, 50, 10.001, 50.001))))
        self.refuse(far, "none of the 1 objects", "--image")
        self.refuse(far, "--image", args=())
        self.refuse(far, "no attribute species", args=("--image", SAMPLE, "--class-field", "species"))

    def test_usage(self):
        self.fails(self.nadir("import", "a.shp"), "--into", status=2)
        self.fails(self.nadir("import"), status=2)


class Agreement(ImportTest):
    def test_ogr_reads_what_was_imported(self):
        """The project's own map layer, by a reader that is not ours."""
        diamond = {"type": "Polygon", "coordinates": [[[100.5, 80], [120, 100.25], [100, 120], [80, 100], [100.5, 80]]]}
        self.ok(self.run_import(self.write_json("d.pixel.geojson", collection(({"class": "d"}, diamond))), "--image", SAMPLE))
        out = self.tmp / "d.gpkg"
        self.ok(self.nadir("export", self.project, "-o", out))
        row, = read_vector(out, self.tmp)
        self.assertAlmostEqual(polygons_area(wkt_polygons(row["WKT"])), 0.01 * 800, delta=0.1)
        self.assertEqual(row["class"], "d")


if __name__ == "__main__":
    common.main()
