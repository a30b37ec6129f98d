#!/usr/bin/env python3
"""Tiles for training: what lies in each is what lies there in the whole image, pixel by pixel; read by GDAL and by hand."""
import json
import subprocess
import unittest

import common
from common import SAMPLE, CliTest, read_raster, rle_pixels

SIZE, OVERLAP = 200, 40
WIDTH = HEIGHT = 400


class Tiles(CliTest):
    def setUp(self):
        super().setUp()
        self.ok(self.nadir("bench", "objects", "--objects", "40", "--image", SAMPLE, "--keep", self.tmp, timeout=300))
        self.project = self.tmp / "40.nadir.gpkg"

    def export(self, form, *more, name="out"):
        out = self.tmp / name
        run = self.ok(self.nadir("export", self.project, "--to", form, "--tiles", SIZE, "--overlap", OVERLAP, "-o", out, "--json",
                                 *more))
        return out, run.json

    def whole(self, form):
        path = self.tmp / f"whole.{form}.png"
        self.ok(self.nadir("export", self.project, "--to", form, "-o", path))
        return read_raster(path, self.tmp)

    def place(self, path):
        x, y = path.stem.rsplit("_", 2)[1:]
        return int(x), int(y)

    def test_masks_are_the_whole_ones_cut(self):
        whole = self.whole("semantic-png")
        out, told = self.export("semantic-png", "--negatives", 1)
        tiles = list((out / "labels").rglob("*.png"))
        seen = set()
        self.assertEqual(len(tiles), told["train"]["tiles"] + told["val"]["tiles"])
        self.assertGreater(len(tiles), 8)
        for tile in tiles:
            x0, y0 = self.place(tile)
            part = read_raster(tile, self.tmp)
            w = len(part) // SIZE
            self.assertEqual(len(part), w * SIZE)
            for y in range(SIZE):
                self.assertEqual(list(part[y * w:(y + 1) * w]), list(whole[(y0 + y) * WIDTH + x0:(y0 + y) * WIDTH + x0 + w]))
            seen.update((x0 + x, y0 + y) for x in range(w) for y in range(SIZE))
        self.assertEqual(len(seen), WIDTH * HEIGHT, "every pixel is in a tile")

    def test_pictures_are_the_image_cut(self):
        out, _ = self.export("yolo", "--negatives", 1)
        image = self.red(SAMPLE)
        for tile in (out / "images").rglob("*.png"):
            x0, y0 = self.place(tile)
            part = self.red(tile)
            w = len(part) // SIZE
            for y in range(SIZE):
                row = (y0 + y) * WIDTH + x0
                self.assertEqual(list(part[y * w:(y + 1) * w]), list(image[row:row + w]))

    def red(self, path):
        """One band, so that no reader's order of bands matters."""
        band = self.tmp / "band.tif"
        subprocess.run(["gdal_translate", "-q", "-b", "1", str(path), str(band)], check=True)
        return read_raster(band, self.tmp)

    def test_no_pixel_is_in_both_parts(self):
        out, _ = self.export("yolo", "--split", "area", "--validation", 0.25, "--negatives", 1)
        for tile in (out / "images" / "train").glob("*.png"):
            self.assertLessEqual(self.place(tile)[0] + SIZE, 300)
        vals = list((out / "images" / "val").glob("*.png"))
        self.assertTrue(vals)
        for tile in vals:
            self.assertGreaterEqual(self.place(tile)[0], 300)

    def test_yolo(self):
        out, told = self.export("yolo")
        lines = 0
        for label in (out / "labels").rglob("*.txt"):
            self.assertTrue((out / "images" / label.parent.name / (label.stem + ".png")).exists())
            for line in label.read_text().splitlines():
                numbers = line.split()
                lines += 1
                self.assertIn(int(numbers[0]), range(5))
                self.assertGreaterEqual(len(numbers), 7)
                self.assertEqual(len(numbers) % 2, 1)
                self.assertTrue(all(0 <= float(v) <= 1 for v in numbers[1:]))
        self.assertEqual(lines, told["train"]["objects"] + told["val"]["objects"])
        self.assertEqual({p.name for p in out.iterdir()}, {"images", "labels", "data.yaml"})
        self.assertIn('0: "tree"', (out / "data.yaml").read_text())

    def test_coco_is_one_file_a_part(self):
        out, told = self.export("coco")
        for part in ("train", "val"):
            coco = json.loads((out / "annotations" / f"{part}.json").read_text())
            images = {i["id"]: i for i in coco["images"]}
            ids = [a["id"] for a in coco["annotations"]]
            self.assertEqual(len(images), told[part]["tiles"])
            self.assertEqual(len(set(ids)), told[part]["objects"])
            self.assertEqual(len(ids), len(set(ids)))
            for a in coco["annotations"]:
                image = images[a["image_id"]]
                x, y, w, h = a["bbox"]
                self.assertTrue((out / "images" / part / image["file_name"]).exists())
                self.assertTrue(0 <= x and 0 <= y and x + w <= image["width"] and y + h <= image["height"])
                self.assertGreater(a["area"], 0)
                if isinstance(a["segmentation"], dict):
                    self.assertEqual(len(rle_pixels(a["segmentation"])), a["area"])

    def test_whole_only(self):
        _, clipped = self.export("yolo", name="a")
        _, whole = self.export("yolo", "--whole-only", name="b")
        count = lambda told: told["train"]["objects"] + told["val"]["objects"]
        self.assertLess(count(whole), count(clipped))

    def test_negatives(self):
        self.ok(self.nadir("bench", "objects", "--objects", "1", "--image", SAMPLE, "--keep", self.tmp, timeout=300))
        self.project = self.tmp / "1.nadir.gpkg"
        args = ("--tiles", 40, "--to", "yolo", "--json", "-o")
        none = self.ok(self.nadir("export", self.project, "--negatives", 0, *args, self.tmp / "n0")).json
        every = self.ok(self.nadir("export", self.project, "--negatives", 1, *args, self.tmp / "n1")).json
        self.assertEqual(none["negatives"], 0)
        self.assertEqual(every["train"]["tiles"] + every["val"]["tiles"], 100)
        self.assertEqual(every["negatives"], 100 - none["train"]["tiles"] - none["val"]["tiles"])
        empty = [p for p in (self.tmp / "n1" / "labels").rglob("*.txt") if p.read_text() == ""]
        self.assertEqual(len(empty), every["negatives"])

    def test_statistics_of_the_same_project(self):
        outs = [self.tmp / f"s.{e}" for e in ("csv", "pdf", "svg", "png")]
        run = self.ok(self.nadir("statistics", self.project, "--json", *[x for o in outs for x in ("-o", o)])).json
        self.assertEqual(run["objects"], 40)
        self.assertEqual(sum(run["decisions"].values()), 40)
        self.assertEqual(run["decisions"]["undecided"], 40)
        self.assertIn("tree", outs[0].read_text())
        self.assertTrue(outs[1].read_bytes().startswith(b"%PDF"))
        self.assertIn(b"<svg", outs[2].read_bytes())
        self.assertEqual(len(read_raster(outs[3], self.tmp)), 3 * 1190 * 1684)
        self.fails(self.nadir("statistics", self.project, "--agree", "hand"), "--agree", status=2)
        self.fails(self.nadir("statistics", self.project, "-o", self.tmp / "s.gif"), "s.gif")

    def test_what_cannot_be(self):
        out = self.tmp / "bad"
        base = ("export", self.project, "-o", out)
        self.fails(self.nadir(*base, "--to", "shp", "--tiles", 200), "map", "yolo", status=2)
        self.fails(self.nadir(*base, "--to", "yolo", "--tiles", 8), "16", status=2)
        self.fails(self.nadir(*base, "--to", "yolo", "--tiles", 100, "--overlap", 100), "--overlap", status=2)
        self.fails(self.nadir(*base, "--to", "yolo", "--tiles", 100, "--split", "half"), "half", status=2)
        self.assertFalse(out.exists())
        out.mkdir()
        (out / "mine.txt").write_text("mine")
        self.fails(self.nadir(*base, "--to", "yolo", "--tiles", 200), "new or empty")
        self.assertEqual((out / "mine.txt").read_text(), "mine")
        self.assertEqual([p.name for p in self.tmp.glob("*.part")], [])


if __name__ == "__main__":
    common.main()
