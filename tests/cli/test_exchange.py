#!/usr/bin/env python3
"""Training data's formats out and in: round trips, the traps that others fell into, and readers that are not ours."""
import json
import math
import shutil
import struct
import subprocess
import unittest
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import common
from common import SAMPLE, rle_pixels
from test_import import ImportTest, box, collection, ring

try:
    import numpy
    from pycocotools import mask as coco_mask
    from pycocotools.coco import COCO
except ImportError:
    COCO = None

RING = {"type": "Polygon", "coordinates": [ring(100, 100, 140, 130), ring(110, 110, 125, 120)]}
PARTS = {"type": "MultiPolygon", "coordinates": [[ring(0, 0, 9, 9)], [ring(20, 4, 29, 13)]]}
TURNED = {"type": "Polygon", "coordinates": [[[300, 300], [340, 320], [330, 340], [290, 320], [300, 300]]]}
BOX = box(50, 60, 90, 100)


def ultralytics_rules(text: str, width: int, classes: int) -> list[tuple[int, list[float]]]:
    """verify_image_label of ultralytics 8: what a label file must be, or the image is left out of the training."""
    rows = [line.split() for line in text.strip().splitlines() if line]
    if any(len(r) > 6 for r in rows):
        assert all(len(r) >= 7 and len(r) % 2 == 1 for r in rows), "segments and boxes must not mix"
    else:
        assert all(len(r) == 5 for r in rows), "labels require 5 columns"
    assert all(0 <= float(v) <= 1 for r in rows for v in r[1:]), "non-normalized or out of bounds coordinates"
    assert all(r[0].isdigit() and int(r[0]) < classes for r in rows), "class out of range"
    assert len({" ".join(r) for r in rows}) == len(rows), "duplicate labels"
    return [(int(r[0]), [float(v) * width for v in r[1:]]) for r in rows]


def png(width: int, height: int, rows: bytes, kind=0, depth=8, palette=b"") -> bytes:
    """A PNG written from the format's text."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    stride = len(rows) // height
    raw = b"".join(b"\0" + rows[i * stride:(i + 1) * stride] for i in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)) +
            (chunk(b"PLTE", palette) if palette else b"") + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


class Exchange(ImportTest):
    def fill(self, *objects):
        """A project with objects: (class, geometry, caption)."""
        path = self.write_json("in.pixel.geojson", collection(
            *(({"class": c, "caption": t, "score": 0.5}, g) for c, g, t in objects)))
        self.project.unlink(missing_ok=True)
        self.ok(self.run_import(path, "--image", SAMPLE))
        return self.mask()

    def export(self, name, to, *args):
        return self.ok(self.nadir("export", self.project, "--to", to, "-o", self.tmp / name, *args))

    def again(self, name, *args):
        """Into a project of its own; rows as they came."""
        self.project = self.tmp / f"again-{Path(name).name}.nadir.gpkg"
        self.project.unlink(missing_ok=True)
        run = self.ok(self.run_import(self.tmp / name, "--image", SAMPLE, *args))
        return run, self.rows()

    def outline(self, number=0):
        out = self.tmp / "o.pixel.geojson"
        self.ok(self.nadir("export", self.project, "-o", out))
        return json.loads(out.read_text())["features"][number]["geometry"]["coordinates"]


class RoundTrips(Exchange):
    def test_yolo_segments(self):
        want = self.fill(("ring", RING, ""), ('a "b", c', PARTS, ""), ("ring", TURNED, ""))
        self.export("a.txt", "yolo")
        ultralytics_rules((self.tmp / "a.txt").read_text(), 400, 2)
        run, rows = self.again("a.txt")
        self.assertEqual([r["class"] for r in rows], ["ring", 'a "b", c', "ring"])
        self.assertEqual(self.classes(), ["ring", 'a "b", c'])
        self.assertEqual(self.mask(), want, "holes and parts come back through their bridges")
        self.assertEqual(run.json["reports"], [""])

    def test_yolo_boxes(self):
        self.fill(("ship", BOX, ""), ("car", box(0, 0, 400, 400), ""))
        run = self.export("a.txt", "yolo-detect")
        self.assertEqual([v for _, v in ultralytics_rules((self.tmp / "a.txt").read_text(), 400, 2)],
                         [[70, 80, 40, 40], [200, 200, 400, 400]])
        self.assertNotIn("upright box", run.err, "boxes lose nothing by being boxes")
        want = self.mask()
        _, rows = self.again("a.txt")
        self.assertEqual([r["class"] for r in rows], ["ship", "car"])
        self.assertEqual(self.mask(), want)

    def test_turned_boxes(self):
        """YOLO's and DOTA's corners: the smallest rectangle, the same again after a round trip."""
        want = self.fill(("small vehicle", TURNED, ""), ("ship", BOX, ""))
        for name, to in (("a.txt", "yolo-obb"), ("b.txt", "dota")):
            with self.subTest(to):
                self.project = self.tmp / "p.nadir.gpkg"
                run = self.export(name, to)
                text = (self.tmp / name).read_text()
                if to == "dota":
                    self.assertIn("- for spaces: 1", run.err)
                    rows = [r.split() for r in text.splitlines()[2:]]
                    self.assertEqual([r[8:] for r in rows], [["small-vehicle", "0"], ["ship", "0"]])
                    corners = list(map(float, rows[0][:8]))
                else:
                    corners = ultralytics_rules(text, 400, 2)[0][1]
                for a, b in zip(corners, [300, 300, 340, 320, 330, 340, 290, 320]):
                    self.assertAlmostEqual(a, b, places=5)
                _, rows = self.again(name)
                self.assertEqual(self.mask(), want)
                self.assertEqual(rows[1]["class"], "ship")

    def test_voc(self):
        want = self.fill(("a & <b>", BOX, ""), ("edge", box(0, 0, 10, 12), ""))
        self.export("a.xml", "voc")
        root = ET.parse(self.tmp / "a.xml").getroot()
        self.assertEqual(root.findtext("filename"), SAMPLE.name)
        first, second = root.findall("object")
        self.assertEqual([first.findtext(f"bndbox/{k}") for k in ("xmin", "ymin", "xmax", "ymax")], ["51", "61", "90", "100"],
                         "pixels are counted from 1 and the last one is inside")
        self.assertEqual((first.findtext("name"), first.findtext("truncated"), second.findtext("truncated")), ("a & <b>", "0", "1"))
        _, rows = self.again("a.xml")
        self.assertEqual([r["class"] for r in rows], ["a & <b>", "edge"])
        self.assertEqual(self.mask(), want)

    def test_masks(self):
        """Classes, instances and panoptic; what lies over another wins and that is said."""
        want = self.fill(("field", RING, ""), ("field", BOX, ""), ("wood", box(80, 80, 120, 115), ""))
        run = self.export("a.semantic.tif", "semantic-tif")
        self.assertIn("overlap", run.err)
        self.assertIn("told from others of their class: 3", run.err)
        got = common.read_raster(self.tmp / "a.semantic.tif", self.tmp)
        self.assertEqual(list(got), [{0: 0, 1: 1, 2: 1, 3: 2}[v] for v in want])
        self.export("p.panoptic.png", "panoptic")
        self.export("i.tif", "tif")
        self.export("s.png", "semantic-png")
        for name, classes, numbers in (("a.semantic.tif", ["field", "wood"], {0: 0, 1: 1, 2: 1, 3: 2}),
                                       ("s.png", ["field", "wood"], {0: 0, 1: 1, 2: 1, 3: 2}),
                                       ("p.panoptic.json", ["field", "field", "wood"], {i: i for i in range(4)}),
                                       ("i.tif", ["object"] * 3, {i: i for i in range(4)})):
            with self.subTest(name):
                _, rows = self.again(name)
                self.assertEqual([r["class"] for r in rows], classes)
                self.assertEqual(list(self.mask()), [numbers[v] for v in want])

    def test_file_names_that_are_no_layer_names(self):
        """OGR refuses layers of a GeoPackage that begin with such signs; the file keeps its name."""
        want = self.fill(("ring", RING, ""))
        project = self.project
        for name in ("-3 m.gpkg", "+.gpkg"):
            with self.subTest(name=name):
                self.project = project
                self.export(name, "gpkg")
                self.again(name)
                self.assertEqual(self.mask(), want)

    def test_texts(self):
        """Regions hold everything; grounded captions what is described."""
        want = self.fill(("ring", RING, "a pond, „grün“"), ("none", BOX, ""), ("parts", PARTS, "two sheds"))
        before = self.rows()
        self.assertEqual(self.export("a.regions.json", "regions").err, "")
        self.export("a.grounded.json", "grounded")
        self.export("a.captions.json", "captions")
        _, rows = self.again("a.regions.json")
        self.assertEqual(self.mask(), want)
        for key in ("class", "caption", "score", "state", "model", "area_px"):
            self.assertEqual([r[key] for r in rows], [r[key] for r in before])
        _, rows = self.again("a.grounded.json")
        self.assertEqual([(r["class"], r["caption"]) for r in rows], [("ring", "a pond, „grün“"), ("parts", "two sheds")])
        grounded = json.loads((self.tmp / "a.grounded.json").read_text())
        self.assertEqual(grounded["gcg_description"], "<p>a pond, „grün“</p> [SEG], <p>two sheds</p> [SEG].")
        self.assertEqual(len(rle_pixels(grounded["objects"][0]["segmentation"])), 40 * 30 - 15 * 10)
        self.assertEqual([len(o["polygons"]) for o in grounded["objects"]], [1, 2])
        captions = json.loads((self.tmp / "a.captions.json").read_text())
        self.assertEqual([(a["image_id"], a["caption"]) for a in captions["annotations"]], [(1, "a pond, „grün“"), (1, "two sheds")])


class Losses(Exchange):
    def test_listed_before_writing(self):
        self.fill(("ring", RING, "a pond"), ("box", BOX, ""))
        for to, words, side in (("yolo", ("holes or parts", "bridges of no width: 1", "Scores that are lost: 2", "caption"), True),
                                ("yolo-detect", ("only the upright box is held: 1",), True),
                                ("dota", ("only the smallest turned box is held: 1",), True),
                                ("png", ("only their number is held: 2", "overlap"), False),
                                ("captions", ("without a caption, which are left out: 1",), True)):
            run = self.export("never", to, "--losses")
            for word in words:
                self.assertIn(word, run.out, to)
            self.assertEqual("_full.pixel.geojson" in run.out, side, to)
        for to in ("coco", "gpkg", "regions", "pixel-geojson"):
            self.assertEqual(self.export("never", to, "--losses").out, "Nothing is lost.\n", to)
        self.assertEqual([p.name for p in self.tmp.glob("never*")], [], "nothing is written")

    def test_the_side_file_holds_all(self):
        want = self.fill(("ring", RING, "a pond"), ("box", BOX, ""))
        self.export("a.xml", "voc")
        self.export("b.xml", "voc", "--no-side-file")
        self.assertFalse((self.tmp / "b_full.pixel.geojson").exists())
        _, rows = self.again("a_full.pixel.geojson")
        self.assertEqual(self.mask(), want)
        self.assertEqual(rows[0]["caption"], "a pond")

    def test_captions_of_nothing(self):
        self.fill(("box", BOX, ""))
        self.fails(self.nadir("export", self.project, "--to", "grounded", "-o", self.tmp / "g.json"), "no object has a caption")


class YoloTraps(Exchange):
    """field: labels of other tools."""

    def labels(self, text, names="names: [ship, 'car, red', \"tree\"]\n", name="l.txt"):
        (self.tmp / "data.yaml").write_text(names)
        (self.tmp / name).write_text(text)
        return self.again(name)

    def test_rows_of_every_kind(self):
        """Boxes, predictions with a score, turned boxes and segments may stand in one file."""
        _, rows = self.labels("0 0.5 0.5 0.1 0.1\n1 0.25 0.25 0.05 0.05 0.75\n2 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2\n"
                              "0 0.7 0.7 0.8 0.7 0.8 0.8\n\n1 0.3 0.7 0.35 0.7 0.35 0.75 0.5\n")
        self.assertEqual([r["class"] for r in rows], ["ship", "car, red", "tree", "ship", "car, red"])
        self.assertEqual([r["score"] for r in rows], [None, 0.75, None, None, 0.5])
        self.assertEqual([r["area_px"] for r in rows[:3]], [1600, 400, 1600])

    def test_names_in_every_form(self):
        for names in ("names:\n  0: a\n  2: c\n  1: b # x\nnc: 3\n", "nc: 3\nnames:\n- a\n- b\n- c\n", "names: ['a',\n  'b', 'c']\n"):
            _, rows = self.labels("2 0.5 0.5 0.1 0.1\n", names)
            self.assertEqual(rows[0]["class"], "c", names)
        (self.tmp / "data.yaml").unlink()
        (self.tmp / "classes.txt").write_text("a\nb\nc d\n")
        _, rows = self.again("l.txt")
        self.assertEqual(rows[0]["class"], "c d")
        (self.tmp / "classes.txt").unlink()
        _, rows = self.again("l.txt")
        self.assertEqual(rows[0]["class"], "class 2", "a number without a name is said as it is")

    def test_values_outside_and_nan(self):
        run, rows = self.labels("0 0.99 0.5 0.1 0.1\n0 nan 0.5 0.1 0.1\n0 0.5 0.5 0 0.1\n0 0.1 0.1 0.2\n-1 0.5 0.5 0.1 0.1\n")
        self.assertEqual([r["area_px"] for r in rows], [24 * 40])
        for words in ("1 reach over the edge", "with an outline that makes no polygon"):
            self.assertIn(words, run.err)

    def test_a_whole_set(self):
        """Pictures and labels by the rule of the folders' names; no file or an empty one is an image without objects."""
        root = self.tmp / "set"
        for i, part in enumerate(("train", "train", "val")):
            (root / "images" / part).mkdir(parents=True, exist_ok=True)
            (root / "labels" / part).mkdir(parents=True, exist_ok=True)
            subprocess.run(["gdal_translate", "-q", "-of", "PNG", "-srcwin", str(i), "0", "100", "80", str(SAMPLE),
                            str(root / "images" / part / f"{i}.png")], check=True)
        (root / "labels" / "train" / "0.txt").write_text("")
        (root / "labels" / "train" / "1.txt").write_text("1 0.5 0.5 0.2 0.5\n")
        (root / "labels" / "val" / "2.txt").write_text("0 0.5 0.5 0.5 0.5\n")
        (root / "data.yaml").write_text("path: ../set\ntrain: images/train\nval: images/val\nnames:\n  0: ship\n  1: car\n")
        told = self.ok(self.run_import(root / "data.yaml"))
        self.assertEqual([(r["class"], r["area_px"], r["image"].split("#")[0]) for r in self.rows()],
                         [("car", 800, "1.png"), ("ship", 2000, "2.png")])
        self.assertEqual(len(told.json["images"]), 2)
        self.project.unlink()
        self.ok(self.run_import(root / "labels" / "val" / "2.txt"))  # finds its picture by itself
        self.assertEqual(len(self.rows()), 1)

    def test_precision(self):
        """A tenth of a pixel of a side of 100,000 needs six decimals; nine are written."""
        self.fill(("a", TURNED, ""))
        self.export("a.txt", "yolo")
        self.assertTrue(all(len(v.split(".")[1]) >= 6 for v in (self.tmp / "a.txt").read_text().split()[1:]))


class VocTraps(Exchange):
    def xml(self, *objects, filename="<filename>OSBS_029.tif</filename>"):
        (self.tmp / "v.xml").write_text(f"<annotation>{filename}<size><width>400</width></size>{''.join(objects)}</annotation>")
        return self.again("v.xml")

    @staticmethod
    def object(xmin, ymin, xmax, ymax, more=""):
        return (f"<object><name>ship</name><bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax>"
                f"</bndbox>{more}</object>")

    def test_counted_from_one_or_from_zero(self):
        _, rows = self.xml(self.object(1, 1, 10, 20))
        self.assertEqual(rows[0]["area_px"], 200)
        _, rows = self.xml(self.object(0, 5, 10, 20), self.object(30, 30, 40, 40))
        self.assertEqual([r["area_px"] for r in rows], [150, 100], "a 0 says that the file counts from 0")

    def test_floats_parts_and_marks(self):
        run, rows = self.xml(self.object("10.5", "10", "20.5", "20", "<difficult>1</difficult><part><name>head</name>"
                                         "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>"))
        self.assertEqual((len(rows), rows[0]["class"]), (1, "ship"))
        self.assertIn("not kept: difficult", run.err)

    def test_turned_box_of_rolabelimg(self):
        angle = math.atan2(20, 40)
        _, rows = self.xml("<object><name>x</name><robndbox><cx>315</cx><cy>320</cy><w>44.721360</w><h>22.360680</h>"
                           f"<angle>{angle}</angle></robndbox></object>", filename="")
        self.assertAlmostEqual(rows[0]["area_px"], 1000, delta=6)

    def test_no_voc(self):
        (self.tmp / "n.xml").write_text("<a/>")
        self.fails(self.run_import(self.tmp / "n.xml", "--image", SAMPLE, json_out=False), "n.xml", "Pascal VOC")
        (self.tmp / "n.xml").write_text("<annotation>")
        self.fails(self.run_import(self.tmp / "n.xml", "--image", SAMPLE, json_out=False), "n.xml")


class DotaTraps(Exchange):
    def test_header_difficult_and_image_by_folder(self):
        root = self.tmp / "dota"
        (root / "images").mkdir(parents=True)
        (root / "labelTxt").mkdir()
        shutil.copy(SAMPLE, root / "images" / "P1.tif")
        (root / "labelTxt" / "P1.txt").write_text(
            "imagesource:GoogleEarth\ngsd:0.146\n10 10 50 10 50 30 10 30 large-vehicle 0\n60.5 60 80 60 80 80 60.5 80 plane 1\n"
            "1 2 3 4 5 6 7 ship 0\n")
        run = self.ok(self.run_import(root / "labelTxt" / "P1.txt"))
        self.assertEqual([r["class"] for r in self.rows()], ["large-vehicle", "plane"])
        self.assertEqual(self.rows()[0]["area_px"], 800)
        self.assertIn("difficult", run.err)
        self.assertIn("1 with an outline that makes no polygon", run.err)


class MaskTraps(Exchange):
    def test_void_of_a_palette(self):
        """VOC's masks: a palette, 255 for borders that nobody judged."""
        rows = bytearray(400 * 400)
        for y in range(10, 20):
            rows[y * 400 + 10:y * 400 + 30] = bytes([3]) * 20
            rows[y * 400 + 30:y * 400 + 32] = bytes([255]) * 2
        (self.tmp / "m.png").write_bytes(png(400, 400, bytes(rows), kind=3, palette=bytes(range(256)) * 3))
        (self.tmp / "classes.txt").write_text("background\na\nb\ncow\n")
        run, got = self.again("m.png")
        self.assertEqual([(r["class"], r["area_px"]) for r in got], [("cow", 200)])
        self.assertIn("not judged", run.err)

    def test_of_another_size(self):
        (self.tmp / "m.png").write_bytes(png(40, 40, bytes([1]) * 1600))
        self.fails(self.run_import(self.tmp / "m.png", "--image", SAMPLE, json_out=False), "40 x 40", "400 x 400")

    def test_fractions_are_no_mask(self):
        subprocess.run(["gdal_translate", "-q", "-ot", "Float32", str(SAMPLE), str(self.tmp / "f.tif")], check=True)
        self.fails(self.run_import(self.tmp / "f.tif", "--image", SAMPLE, json_out=False), "whole numbers")


class MovedImages(Exchange):
    def test_found_by_contents(self):
        """Renamed and moved below, beside or above the project; another file of that name does not stand in."""
        image = self.tmp / "a" / "scene.tif"
        self.project = self.tmp / "a" / "deep" / "p.nadir.gpkg"
        self.project.parent.mkdir(parents=True)
        shutil.copy(SAMPLE, image)
        path = self.write_json("in.pixel.geojson", collection(({"class": "x"}, BOX)))
        self.ok(self.run_import(path, "--image", image))
        want = self.mask()
        for place in ("a/deep/x/y/renamed.tif", "a/other/r.TIF", "a/r.tif"):
            target = self.tmp / place
            target.parent.mkdir(parents=True, exist_ok=True)
            image.rename(target)
            image = target
            (self.tmp / "a" / "deep" / "zz.tif").write_bytes(b"another one")
            self.assertEqual(self.mask(), want, place)
        image.rename(self.tmp / "gone.dat")
        self.fails(self.nadir("export", self.project, "--to", "tif", "-o", self.tmp / "m.tif"), "scene.tif", "contents", "put it back")


@unittest.skipUnless(COCO, "no pycocotools")
class OtherReaders(Exchange):
    def test_pycocotools_reads_regions_and_panoptic(self):
        want = self.fill(("ring", RING, "a pond"), ("box", BOX, "a field"))
        self.export("a.json", "coco")
        coco = COCO(str(self.tmp / "a.json"))
        self.assertEqual([coco.annToMask(a).sum() for a in coco.loadAnns(coco.getAnnIds())], [1050, 1600])
        self.export("c.captions.json", "captions")
        captions = COCO(str(self.tmp / "c.captions.json"))
        self.assertEqual([a["caption"] for a in captions.loadAnns(captions.getAnnIds(imgIds=[1]))], ["a pond", "a field"])
        self.export("a.regions.json", "regions")
        for number, r in enumerate(json.loads((self.tmp / "a.regions.json").read_text())["regions"], 1):
            mask = coco_mask.decode(r["segmentation"])
            self.assertEqual(set(numpy.flatnonzero(mask)), {i for i, v in enumerate(want) if v == number})


if __name__ == "__main__":
    common.main()
