#!/usr/bin/env python3
"""The command line contract (stable: scripts outside depend on it): usage, options, JSON, exit status."""
import json
import unittest

import common
from common import SAMPLE, SAMPLES, CliTest, iou, rle_pixels

BOX = "203,67,227,90"


class Usage(CliTest):
    def test_help_and_version(self):
        self.assertIn("nadir", self.ok(self.nadir("--version")).out)
        self.assertIn("segment", self.ok(self.nadir("--help")).out)
        self.assertIn("--scribble", self.ok(self.nadir("segment", "--help")).out)

    def test_wrong_usage_is_2(self):
        for args in (("segment",), ("segment", SAMPLE), ("segment", SAMPLE, "--box", "1,2,3"),
                     ("segment", SAMPLE, "--point", "a,b"), ("segment", SAMPLE, "--circle", "5,5"),
                     ("segment", SAMPLE, "--polygon", "1,1;2,2"), ("segment", SAMPLE, "--point", "1,1", "--nope"),
                     ("segment", SAMPLE, SAMPLE, "--point", "1,1"), ("segment", SAMPLE, "--next", "--point", "1,1"),
                     ("segment", SAMPLE, "--point", "9,9", "--next"),
                     ("segment", SAMPLE, "--point", "9,9", "--quality", "best"),
                     ("segment", SAMPLE, "--point", "9,9", "-o", "x.xyz"), ("info",), ("export", "x.gpkg"),
                     ("segment", SAMPLE, "--point", "9,9", "--bands", "9,9,9"), ("segment", SAMPLE, "--point", "1,2,"),
                     ("info", SAMPLE, "--stretch", "most"), ("info", SAMPLE, "--source", "x-ray"),
                     ("bench", "nothing"), ("models", "what"), ("describe",), ("describe", SAMPLE, "--detail", "most"),
                     ("devices", "x")):
            with self.subTest(args=args):
                run = self.nadir(*args)
                self.assertEqual(run.status, 2, run.err)
                self.assertEqual(len(run.err.strip().splitlines()), 1, run.err)
                self.assertEqual(run.out, "")

    def test_devices(self):
        listed = self.ok(self.nadir("devices", "--json")).json
        self.assertTrue(listed)
        self.assertEqual(len({d["uuid"] for d in listed}), len(listed), "each device once")
        self.assertIn(listed[0]["name"], self.ok(self.nadir("devices")).out)


class Models(CliTest):
    def test_list_info_verify(self):
        listed = self.ok(self.nadir("models", "--json")).json
        self.assertEqual(len({m["name"] for m in listed}), len(listed))
        info = self.ok(self.nadir("models", "info", common.model(), "--json")).json
        self.assertEqual(info["encoder"], "efficientnet_lite")
        self.assertGreater(info["parameters"], 1e6)
        self.assertIn(info["hash8"], self.ok(self.nadir("models", "verify", common.model())).out)

    def test_bench_names_are_stable(self):
        run = self.ok(self.nadir("bench", "segment", "--json", "--model", common.model())).json
        self.assertEqual({r["name"] for r in run["results"]},
                         {"segment.encode", "segment.first_prompt", "segment.next_prompt"})
        for r in run["results"]:
            self.assertTrue(0 < r["min"] <= r["median"] <= r["max"] and r["runs"] >= 3, r)

    def test_bench_of_reviewing(self):
        run = self.ok(self.nadir("bench", "review", "--json", "--objects", "7", "--size", "320x240", "--image", SAMPLE)).json
        self.assertEqual([r["name"] for r in run["results"]],
                         ["review-next-p50", "review-next-p99", "review-next-max", "review-prefetched", "review-decide-p50",
                          "review-decide-p99"])
        self.assertTrue(all(r["median"] >= 0 for r in run["results"]))

    def test_bench_of_viewing(self):
        run = self.ok(self.nadir("bench", "view", "--json", "--size", "480x360", "--image", SAMPLE)).json
        figures = {r["name"]: r for r in run["results"]}
        self.assertEqual(set(figures), {
            "view-open", "view-first-picture", "view-first-sharp", "view-pan-frame-p50", "view-pan-frame-p99", "view-pan-sharp",
            "view-pan-late", "view-zoom-frame-p50", "view-zoom-frame-p99", "view-zoom-sharp", "view-zoom-late", "view-tiles-per-s",
            "view-window-read"})
        for r in run["results"]:
            self.assertTrue(0 <= r["min"] <= r["median"] <= r["max"] and r["runs"] == 5, r)
        for script in ("pan", "zoom"):
            self.assertGreaterEqual(figures[f"view-{script}-frame-p99"]["min"], figures[f"view-{script}-frame-p50"]["min"])
            self.assertGreater(figures[f"view-{script}-frame-p50"]["min"], 0, "a frame takes time")
            self.assertLessEqual(figures[f"view-{script}-sharp"]["max"], 100)
        self.assertGreater(figures["view-pan-sharp"]["max"], 0, "no tile ever came")
        self.assertLessEqual(figures["view-first-picture"]["min"], figures["view-first-sharp"]["min"])
        self.fails(self.nadir("bench", "view", "--image", self.tmp / "none.tif"), "none.tif")
        self.fails(self.nadir("bench", "view", "--size", "10x10"), "64x64", status=2)


class Info(CliTest):
    def test_sample(self):
        info = self.ok(self.nadir("info", SAMPLE, "--json")).json
        self.assertEqual((info["width"], info["height"], info["bands"], info["type"]), (400, 400, 3, "Byte"))
        self.assertEqual(info["crs"], "EPSG:32617")
        self.assertEqual(len(info["geotransform"]), 6)
        self.assertEqual(info["levels"][0], [400, 400])
        self.assertEqual(len(info["band_info"]), 3)
        self.assertLess(info["band_info"][0]["min"], info["band_info"][0]["max"])

    @unittest.skipUnless(SAMPLES.is_dir(), "no shared samples")
    def test_every_shared_sample(self):
        for path in sorted(SAMPLES.glob("*.tif")):
            with self.subTest(path=path.name):
                run = self.nadir("info", path, "--json")
                if path.name == "corrupt.tif" and run.status:
                    self.fails(run, "corrupt.tif")
                else:
                    self.assertGreater(self.ok(run).json["width"], 0)


class Segment(CliTest):
    def one(self, *args, **kw) -> dict:
        return self.ok(self.segment(SAMPLE, *args, **kw)).json["objects"][0]

    def test_json_has_every_key(self):
        run = self.ok(self.segment(SAMPLE, "--box", BOX, "--label", "tree", "--candidates")).json
        for key in ("image", "width", "height", "crs", "model", "device", "encode_ms", "encodings", "cached", "objects"):
            self.assertIn(key, run)
        self.assertRegex(run["model"], r"^.+@[0-9a-f]{8}$")
        o = run["objects"][0]
        for key in ("label", "prompt", "score", "stability", "area_px", "area_m2", "bbox", "rle", "mask_ms", "candidates"):
            self.assertIn(key, o)
        self.assertEqual(o["label"], "tree")
        self.assertEqual(o["prompt"], [{"kind": "box", "sign": 1, "xyxy": [203, 67, 227, 90]}])
        pixels = rle_pixels(o["rle"])
        self.assertEqual(len(pixels), o["area_px"])
        xs, ys = [p % 400 for p in pixels], [p // 400 for p in pixels]
        self.assertEqual(o["bbox"], [min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1])
        self.assertAlmostEqual(o["area_m2"], o["area_px"] * 0.01, delta=o["area_px"] * 0.01 * 0.01)
        self.assertEqual(len(o["candidates"]), 3)
        scores = [c["score"] for c in o["candidates"]]
        self.assertEqual(scores, sorted(scores, reverse=True))

    def test_every_prompt_kind(self):
        prompts = {"point": ("--point", "215,78"), "box": ("--box", BOX), "circle": ("--circle", "215,78,14"),
                   "scribble": ("--scribble", "206,74;214,78;222,82"),
                   "polygon": ("--polygon", "203,67;227,67;227,90;203,90"),
                   "mixed": ("--box", BOX, "--point", "215,78", "--not-point", "204,88"),
                   "strokes": ("--scribble", "206,74;222,82", "--not-scribble", "200,95;230,95")}
        for kind, args in prompts.items():
            with self.subTest(kind=kind):
                o = self.one(*args)
                self.assertGreater(o["area_px"], 0)
                self.assertTrue(0 <= o["score"] <= 1)

    def test_prompt_order_backwards_box_and_repeat(self):
        a, b = self.one("--box", BOX), self.one("--box", "227,90,203,67")
        self.assertEqual(a["rle"], b["rle"])
        self.assertEqual(self.one("--box", BOX)["rle"], a["rle"])

    def test_map_coordinates_mean_the_same(self):
        gt = self.ok(self.nadir("info", SAMPLE, "--json")).json["geotransform"]
        x = [gt[0] + v * gt[1] for v in (203, 227)]
        y = [gt[3] + v * gt[5] for v in (67, 90)]
        a = self.one("--box", BOX)
        b = self.one("--map", "--box", f"{x[0]!r},{y[0]!r},{x[1]!r},{y[1]!r}")
        self.assertEqual(a["rle"], b["rle"])

    def test_bands_and_stretch_change_what_the_model_sees(self):
        usual = self.ok(self.segment(SAMPLE, "--box", BOX)).json
        same = self.ok(self.segment(SAMPLE, "--box", BOX, "--bands", "1,2,3", "--stretch", "none")).json
        other = self.ok(self.segment(SAMPLE, "--box", BOX, "--bands", "3")).json
        stretched = self.ok(self.segment(SAMPLE, "--box", BOX, "--stretch", "p2-98")).json
        self.assertTrue(same["cached"], "the same pixels are one cache entry")
        self.assertEqual(same["objects"][0]["rle"], usual["objects"][0]["rle"])
        self.assertFalse(other["cached"] or stretched["cached"])

    def test_stored_prompts_give_their_mask_again(self):
        point = {"kind": "point", "sign": 1, "xy": [215, 78]}
        usual = self.one("--point", "215,78", "--candidates")
        for i, want in enumerate(usual["candidates"], 1):
            got = self.one("--stored", json.dumps([point | {"candidate": i}]))
            self.assertEqual((got["rle"], got["score"]), (want["rle"], want["score"]))
            self.assertEqual(got["prompt"], [point | {"candidate": i}])
        self.assertEqual(self.one("--stored", json.dumps([point]))["rle"], usual["rle"])
        seen = self.one("--point", "215,78", "--bands", "3", "--stretch", "minmax", "--scale", "300")
        out = self.tmp / "seen.pixel.geojson"
        self.ok(self.segment(SAMPLE, "--point", "215,78", "--bands", "3", "--stretch", "minmax", "--scale", "300", "-o", out))
        stored = json.loads(out.read_text())["features"][0]["properties"]["prompt"]
        self.assertEqual(json.loads(stored), [point | {"scale": 300, "bands": "3", "stretch": "minmax"}])
        run = self.ok(self.segment(SAMPLE, "--stored", stored, "--next", "--point", "215,78")).json
        self.assertEqual([o["rle"] for o in run["objects"]], [seen["rle"], usual["rle"]], "each object its own view")
        self.assertNotEqual(seen["rle"], usual["rle"], "the choice changes nothing here: choose another place")
        for bad in ("[]", "{}", "[1]", json.dumps([point | {"candidate": 9}]), json.dumps([point | {"bands": 3}])):
            self.fails(self.segment(SAMPLE, "--stored", bad), status=2)
        self.fails(self.segment(SAMPLE, "--stored", json.dumps([point]), "--point", "1,1"), "--next", status=2)
        self.fails(self.segment(SAMPLE, "--point", "1,1", "--stored", json.dumps([point])), "--next", status=2)

    def test_several_objects_share_an_encoding(self):
        run = self.ok(self.segment(SAMPLE, "--box", BOX, "--label", "a", "--next", "--box", "204,68,226,91",
                                   "--scale", "400")).json
        self.assertEqual(len(run["objects"]), 2)
        self.assertEqual(run["encodings"], 1)
        self.assertEqual([o["label"] for o in run["objects"]], ["a", "object"])

    def test_cache(self):
        first = self.ok(self.segment(SAMPLE, "--box", BOX)).json
        second = self.ok(self.segment(SAMPLE, "--box", BOX)).json
        third = self.ok(self.segment(SAMPLE, "--box", BOX, "--no-cache")).json
        self.assertEqual([r["cached"] for r in (first, second, third)], [False, True, False])
        self.assertEqual(second["encodings"], 0)
        masks = [rle_pixels(r["objects"][0]["rle"]) for r in (first, second, third)]
        self.assertEqual(masks[0], masks[1])
        self.assertEqual(masks[0], masks[2])

    def test_corrupt_cache_entry_is_a_miss(self):
        first = self.ok(self.segment(SAMPLE, "--box", BOX)).json
        entries = [p for p in (self.tmp / "cache").rglob("*") if p.is_file() and "embedding" in str(p)]
        self.assertTrue(entries)
        for p in entries:
            data = bytearray(p.read_bytes())
            data[len(data) // 2] ^= 0xFF
            p.write_bytes(data)
        again = self.ok(self.segment(SAMPLE, "--box", BOX)).json
        self.assertFalse(again["cached"])
        self.assertEqual(again["objects"][0]["rle"], first["objects"][0]["rle"])

    def test_qualities_agree(self):
        fast, full = self.one("--box", BOX, "--quality", "fast"), self.one("--box", BOX, "--quality", "full")
        self.assertGreater(iou(rle_pixels(fast["rle"]), rle_pixels(full["rle"])), 0.97)

    def test_text_output(self):
        run = self.ok(self.nadir("segment", SAMPLE, "--model", common.model(), "--box", BOX, "--label", "tree"))
        self.assertIn("tree", run.out)
        self.assertEqual(run.err, "")


if __name__ == "__main__":
    common.main()
