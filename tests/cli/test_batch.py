#!/usr/bin/env python3
"""nadir batch: the same work on many images, in shards, killed and gone on with; one bad image never stops the rest."""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

import common
from chat_common import CHAIN, SAID, ChatTest
from common import PROGRAM, SAMPLE, SOURCE, rle_pixels

TINY = SOURCE / "tests" / "data" / "fixture-tinyvit.gguf"  # the smallest segmenter: what counts here is the queue
BOX = [100, 90, 300, 260]


class Batch(ChatTest):
    def setUp(self):
        super().setUp()
        self.out = self.tmp / "out"

    def batch(self, source, task, *args, model=TINY, **kw):
        return self.nadir("batch", source, "--task", task, "-o", self.out, "--model", model, *args, **kw)

    def images(self, n: int, folder="in") -> list[Path]:
        """Pictures that differ, in two folders with equal names among them."""
        made = []
        for i in range(n):
            path = self.tmp / folder / ("ab"[i % 2]) / f"{i // 2:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["gdal_translate", "-q", "-of", "PNG", "-srcwin", str(3 * i), "10", "64", "48", str(SAMPLE), str(path)],
                           check=True, env=dict(os.environ, GDAL_PAM_ENABLED="NO"))
            made.append(path)
        return made

    def lines(self, images, **more) -> Path:
        return self.file("list.jsonl", "".join(
            json.dumps({"image": str(p), "boxes": [[8, 8, 50, 40]], "labels": ["plot"], **more}) + "\n" for p in images))

    def results(self) -> dict[str, dict]:
        return {str(p.relative_to(self.out)): json.loads(p.read_text()) for p in self.out.rglob("*.png.json")}

    def report(self, name="report.json") -> dict:
        return json.loads((self.out / name).read_text())


class Tasks(Batch):
    def test_boxes(self):
        """The same masks as nadir segment, in its form; formats beside them; classes from the list."""
        path = self.file("l.jsonl", json.dumps({"image": str(SAMPLE), "boxes": [BOX, [5000, 5000, 5100, 5100]],
                                                "labels": ["field"]}) + "\n")
        self.ok(self.batch(path, "segment-boxes", "--to", "geojson", "--to", "coco"))
        (result,) = [json.loads(p.read_text()) for p in self.out.rglob("OSBS_029.tif.json")]
        one = self.ok(self.nadir("segment", SAMPLE, "--model", TINY, "--box", ",".join(map(str, BOX)), "--label", "field", "--json")).json
        self.assertEqual([o["rle"] for o in result["objects"]], [o["rle"] for o in one["objects"]])
        self.assertEqual((result["width"], result["crs"], result["objects"][0]["label"]), (400, one["crs"], "field"))
        self.assertEqual(len(result["failed"]), 1)
        self.assertIn("outside", result["failed"][0]["error"])
        coco = json.loads(next(self.out.rglob("*.coco.json")).read_text())
        self.assertEqual(coco["annotations"][0]["area"], len(rle_pixels(one["objects"][0]["rle"])))
        self.assertEqual(len(list(self.out.rglob("OSBS_029.tif.geojson"))), 1)
        report = self.report()
        self.assertEqual((report["done"], report["objects"], report["empty_prompts"], report["errors"]), (1, 1, 1, []))

    def test_lines(self):
        """One line of JSON an image as it is done, for a program that follows: done, before, failed."""
        images = self.images(3)
        bad = self.file("in/bad.png", "no picture")
        path = self.lines([*images, bad])
        first = self.batch(path, "segment-boxes", "--lines")
        self.assertEqual(first.status, 1)
        rows = [json.loads(line) for line in first.out.splitlines()]
        self.assertEqual([(r["image"], r["state"]) for r in rows], [*((str(p), "done") for p in images), (str(bad), "failed")])
        self.assertIn("bad.png", rows[3]["error"])
        self.assertEqual([r["objects"] for r in rows], [len(json.loads(Path(r["result"]).read_text())["objects"]) for r in rows[:3]] + [0])
        again = self.batch(path, "segment-boxes", "--lines", "--resume")
        self.assertEqual([json.loads(line)["state"] for line in again.out.splitlines()], ["before"] * 3 + ["failed"])
        self.fails(self.batch(path, "segment-boxes", "--lines", "--json"), "--lines", "--json", status=2)

    def test_everything(self):
        """With the shipped model: each disc once, with the point that found it; the bounds are options."""
        discs = [(60, 60, 30), (190, 70, 24), (110, 180, 36)]
        rows = bytes(215 if any((x - a) ** 2 + (y - b) ** 2 <= r * r for a, b, r in discs) else 60 + (x * 7 + y * 13) % 9
                     for y in range(256) for x in range(256))
        (self.tmp / "discs.pgm").write_bytes(b"P5 256 256 255\n" + rows)
        self.ok(self.batch(self.tmp / "discs.pgm", "segment-everything", "--label", "disc", "--to", "tif", model=common.model()))
        result = json.loads((self.out / "discs.pgm.json").read_text())
        for x, y, r in discs:
            want = {j * 256 + i for j in range(256) for i in range(256) if (i - x) ** 2 + (j - y) ** 2 <= r * r}
            self.assertEqual(sum(common.iou(want, rle_pixels(o["rle"])) > 0.6 for o in result["objects"]), 1, (x, y))
        for o in result["objects"]:
            (mark,) = o["prompt"]
            self.assertEqual((o["label"], mark["kind"], len(rle_pixels(o["rle"]))), ("disc", "point", o["area_px"]))
        self.assertTrue((self.out / "discs.pgm.tif").exists())

    def test_describe_and_ask(self):
        images = self.images(2)
        self.ok(self.batch(self.tmp / "in", "describe", model=CHAIN))
        self.assertEqual({k: v["text"] for k, v in self.results().items()}, {"a/000.png.json": SAID, "b/000.png.json": SAID})
        shutil.rmtree(self.out)
        path = self.file("q.jsonl", json.dumps({"image": str(images[0]), "boxes": [[5, 5, 30, 30]], "question": "Was ist das?"}) +
                         "\n" + json.dumps({"image": str(images[1])}) + "\n")
        run = self.batch(path, "ask", model=CHAIN)
        self.assertEqual(run.status, 1)
        self.assertIn("no question", run.err)
        (first,) = [json.loads(p.read_text()) for p in self.out.rglob("*.png.json")]
        self.assertEqual((first["question"], first["regions"][0]["text"]), ("Was ist das?", "ship."))
        shutil.rmtree(self.out)
        self.ok(self.batch(path, "ask", "--question", "What?", model=CHAIN))
        self.assertEqual(sorted(json.loads(p.read_text())["question"] for p in self.out.rglob("*.png.json")),
                         ["Was ist das?", "What?"])

    def test_usage(self):
        for args, word in ((("--shard", "0/2"), "--shard"), (("--shard", "3/2"), "--shard"), (("--shard", "a"), "--shard"),
                           (("--to", "doc"), "doc"), (("--scale", "-1"), "--scale"), (("--least-score", "2"), "--least-score")):
            self.fails(self.batch(self.tmp, "segment-boxes", *args), word, status=2)
        self.fails(self.batch(self.tmp, "paint"), "--task", status=2)
        self.fails(self.nadir("batch", self.tmp, "--task", "ask"), "-o", status=2)
        self.fails(self.batch(self.tmp / "nothing", "describe"), "nothing", "no such")
        self.fails(self.batch(self.tmp, "describe"), "names no image")


class Queue(Batch):
    def test_errors_do_not_stop_the_run(self):
        images = self.images(4)
        images[1].write_bytes(b"no picture")
        gone = self.tmp / "in" / "gone.png"
        run = self.batch(self.lines([*images, gone]), "segment-boxes")
        self.assertEqual(run.status, 1)
        self.assertIn("2 of 5 images failed", run.err)
        self.assertEqual(len(self.results()), 3)
        report = self.report()
        self.assertEqual((report["images"], report["done"], report["failed"], report["left"]), (5, 3, 2, 0))
        self.assertEqual([Path(e["image"]) for e in report["errors"]], [images[1], gone])
        # mended and gone on with: only what failed is done
        shutil.copy(images[0], images[1])
        shutil.copy(images[0], gone)
        before = {p: p.stat().st_mtime_ns for p in self.out.rglob("*.png.json")}
        self.ok(self.batch(self.tmp / "list.jsonl", "segment-boxes", "--resume"))
        self.assertEqual(before, {p: p.stat().st_mtime_ns for p in before})
        self.assertEqual((self.report()["done"], self.report()["done_before"]), (2, 3))

    def test_a_folder_in_use(self):
        path = self.lines(self.images(1))
        self.ok(self.batch(path, "segment-boxes"))
        self.fails(self.batch(path, "segment-boxes"), "--resume")
        self.fails(self.batch(path, "segment-boxes", "--resume", "--scale", "100"), "other settings")
        self.ok(self.batch(path, "segment-boxes", "--resume"))

    def start(self, path, *args):
        return subprocess.Popen([str(PROGRAM), "batch", str(path), "--task", "segment-boxes", "-o", str(self.out), "--model",
                                 str(TINY), *args], env=self.env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_for(self, n: int):
        end = time.monotonic() + 120
        while len(list(self.out.rglob("*.png.json"))) < n:
            self.assertLess(time.monotonic(), end, "no results")
            time.sleep(0.01)

    def test_killed_and_resumed_in_two_shards(self):
        """Whatever is there after SIGKILL is whole; the end is the same as of a run that nobody killed."""
        path = self.lines(self.images(24))
        for n in (2, 9):
            shards = [self.start(path, "--resume", "--shard", f"{i}/2") for i in (1, 2)]
            self.wait_for(n)
            for p in shards:
                p.send_signal(signal.SIGKILL)
                p.wait()
            for name, r in self.results().items():
                self.assertEqual(len(r["objects"]) + len(r["failed"]), 1, name)
        half = len(self.results())
        self.assertTrue(9 <= half < 24, half)
        for i in (1, 2):
            self.ok(self.batch(path, "segment-boxes", "--resume", "--shard", f"{i}/2"))
        reports = [self.report(f"report-{i}-of-2.json") for i in (1, 2)]
        self.assertEqual([r["images"] for r in reports], [12, 12])
        self.assertEqual(sum(r["done"] for r in reports), 24 - half, "nothing twice")
        killed = {k: v["objects"] for k, v in self.results().items()}
        self.assertEqual(len(killed), 24)
        self.assertEqual([p for p in self.out.rglob("*") if p.is_file() and p.suffix != ".json"][:1], [], "no partial file")
        self.out = self.tmp / "whole"
        self.ok(self.batch(path, "segment-boxes"))
        for name, r in self.results().items():
            self.assertEqual([o["rle"] for o in r["objects"]], [o["rle"] for o in killed[name]])

    def test_a_job_array_that_ends_its_job(self):
        """SIGTERM: the image in work is finished, the report is written, the exit status says that something is left."""
        p = self.start(self.lines(self.images(40)))
        self.wait_for(2)
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(120), 1)
        report = self.report()
        self.assertEqual(report["done"], len(self.results()))
        self.assertEqual(report["left"], 40 - report["done"])
        self.assertGreater(report["left"], 0)

    @unittest.skipUnless(shutil.which("parallel"), "no GNU parallel")
    def test_gnu_parallel(self):
        """The example of docs/BATCH.md."""
        path = self.lines(self.images(10))
        self.ok(common.Run(subprocess.run(
            ["parallel", "--will-cite", "-j", "2", str(PROGRAM), "batch", str(path), "--task", "segment-boxes", "--model",
             str(TINY), "-o", str(self.out), "--resume", "--shard", "{}/3", ":::", "1", "2", "3"],
            capture_output=True, text=True, env=self.env(), timeout=300)))
        self.assertEqual(len(self.results()), 10)
        self.assertEqual(sum(self.report(f"report-{i}-of-3.json")["done"] for i in (1, 2, 3)), 10)


class Lists(Batch):
    def names(self, source, *args) -> list[str]:
        """What is done for a list, by name; without boxes that is no work."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.ok(self.batch(source, "segment-boxes", *args))
        return sorted(self.results())

    def test_every_kind_of_list(self):
        a, b = self.images(2)
        want = ["a/000.png.json", "b/000.png.json"]
        root = self.tmp / "in"
        (root / "notes.md").write_text("no picture")
        self.assertEqual(self.names(root), want)
        self.assertEqual(self.names(f"{root}/*/0*.png"), want)
        (root / "l.txt").write_text("# two\na/000.png\n\n" + str(b) + "\r\na/000.png\n")
        self.assertEqual(self.names(root / "l.txt"), want)
        stac = {"type": "Feature", "stac_version": "1.0.0", "assets": {
            "x": {"href": "./a/000.png", "roles": ["data"]}, "t": {"href": "./b/000.png", "roles": ["thumbnail"], "type": "image/png"}}}
        (root / "item.json").write_text(json.dumps(stac))
        self.assertEqual(self.names(root / "item.json"), want[:1])
        (root / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": [
            stac, dict(stac, assets={"y": {"href": str(b), "type": "image/png"}})]}))
        self.assertEqual(self.names(root / "items.json"), want)
        yolo = self.tmp / "yolo"
        for part, picture in (("train", a), ("val", b)):
            (yolo / "images" / part).mkdir(parents=True)
            shutil.copy(picture, yolo / "images" / part / f"{part}.png")
        (yolo / "data.yaml").write_text("path: .  # here\ntrain: images/train\nval: 'images/val'\nnames:\n  0: ship\n")
        self.assertEqual(self.names(yolo / "data.yaml"), ["images/train/train.png.json", "images/val/val.png.json"])
        subprocess.run(["gdalbuildvrt", "-q", str(self.tmp / "m.vrt"), str(SAMPLE)], check=True)
        self.ok(self.batch(self.tmp / "m.vrt", "segment-boxes", "--resume"))
        self.assertTrue((self.out / "m.vrt.json").exists())

    def test_boxes_of_data_sets(self):
        """COCO's and labelme's boxes are prompts."""
        a, b = self.images(2)
        coco = self.file("c.json", {"images": [{"id": 7, "file_name": "a/000.png", "width": 64, "height": 48}],
                                    "categories": [{"id": 3, "name": "plot"}],
                                    "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [8, 8, 42, 32]}]})
        self.ok(self.batch(coco, "segment-boxes", "--images", self.tmp / "in"))
        (r,) = self.results().values()
        self.assertEqual([o["prompt"] for o in r["objects"] + r["failed"]], [[{"kind": "box", "sign": 1, "xyxy": [8, 8, 50, 40]}]])
        self.assertTrue(all(o["label"] == "plot" for o in r["objects"]))
        shutil.rmtree(self.out)
        labelme = self.file("in/b/000.json", {"imagePath": "000.png", "shapes": [
            {"label": "x", "shape_type": "circle", "points": [[20, 20], [20, 30]]}]})
        self.ok(self.batch(labelme, "segment-boxes"))
        (r,) = self.results().values()
        self.assertEqual([o["prompt"][0]["xyxy"] for o in r["objects"] + r["failed"]], [[10, 10, 30, 30]])

    def test_broken_lists(self):
        for name, text, word in (("a.jsonl", '{"image": 5}\n', "line 1"), ("b.jsonl", '\n{"image":"x","boxes":[[1,2,3]]}', "line 2"),
                                 ("c.json", "{", "JSON"), ("d.json", '{"a":1}', "neither COCO"), ("e.txt", "\n# nothing\n", "no image")):
            self.fails(self.batch(self.file(name, text), "describe", model=CHAIN), name, word)


if __name__ == "__main__":
    common.main()
