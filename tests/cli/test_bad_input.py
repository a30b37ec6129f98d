#!/usr/bin/env python3
"""The bad-input table: one clear sentence, exit status 1, no partial output, and the next command works."""
import os
import shutil
import struct
import subprocess
import unittest

import common
from common import SAMPLE, SAMPLES, CliTest

BOX = ("--box", "203,67,227,90")


class BadRaster(CliTest):
    def check(self, path, *words):
        self.fails(self.nadir("info", path), path.name, *words)
        self.fails(self.segment(path, *BOX, "-o", self.tmp / "out.shp"), path.name)
        self.assertEqual(list(self.tmp.glob("out*")), [])

    def test_missing(self):
        self.check(self.tmp / "not-there.tif")

    def test_zero_bytes(self):
        (self.tmp / "zero.tif").touch()
        self.check(self.tmp / "zero.tif")

    def test_text(self):
        (self.tmp / "text.tif").write_text("this is no raster\n" * 50)
        self.check(self.tmp / "text.tif")

    def test_folder(self):
        (self.tmp / "folder.tif").mkdir()
        self.check(self.tmp / "folder.tif")

    def test_truncated_header(self):
        (self.tmp / "short.tif").write_bytes(SAMPLE.read_bytes()[:6])
        self.check(self.tmp / "short.tif")

    def tiff(self, name, width, height, bits=8, data=b"\0" * 64):
        """A little-endian TIFF with one strip and whatever the tags claim."""
        tags = [(256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
                (278, 4, height), (279, 4, len(data))]
        ifd = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in tags) + b"\0" * 4
        path = self.tmp / name
        path.write_bytes(struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + ifd)
        return path

    def test_no_size(self):
        self.check(self.tiff("empty.tif", 0, 0))

    def test_absurd_size(self):
        path = self.tiff("absurd.tif", 0x7FFFFFFF, 0x7FFFFFFF)
        run = self.nadir("info", path, timeout=60)
        self.fails(run, "absurd.tif")

    def test_unknown_type(self):
        self.check(self.tiff("odd.tif", 8, 8, bits=37))

    def truncated(self):
        """The header is good, the last strips are not there."""
        path = self.tmp / "cut.tif"
        subprocess.run(["gdal_translate", "-q", "-co", "COMPRESS=NONE", "-co", "BLOCKYSIZE=16", "-co", "TILED=NO",
                        str(SAMPLE), str(path)], check=True)
        data = path.read_bytes()
        path.write_bytes(data[:len(data) // 2])
        return path

    def test_missing_strips(self):
        path = self.truncated()
        # Statistics and the upper half still work: only a prompt in the missing part fails.
        good = self.segment(path, "--box", "203,17,227,40", "--scale", "64")
        self.assertEqual(good.status, 0, good.err)
        self.fails(self.segment(path, "--box", "203,340,227,370", "--scale", "64", "-o", self.tmp / "out.gpkg"), "cut.tif",
                   "13 of 25 strips, in rows 192 to 399", "the model needs columns 176 to 239 and rows 320 to 383")
        self.assertFalse((self.tmp / "out.gpkg").exists())

    @unittest.skipUnless(SAMPLES.is_dir(), "no shared samples")
    def test_missing_tiles(self):
        """corrupt.tif lacks a part of its last tile: what needs it says so, all around it works."""
        path = SAMPLES / "corrupt.tif"
        for point in ("300,300", "700,200", "200,1000"):
            self.ok(self.segment(path, "--point", point, "--scale", "256"))
        self.fails(self.segment(path, "--point", "700,700", "-o", self.tmp / "out.shp"), "1 of 4 tiles, in rows 512 to 1023",
                   "the model needs columns", "marks where the image is whole work")
        self.assertEqual(list(self.tmp.glob("out*")), [])

    def test_no_values_at_all(self):
        (self.tmp / "nothing.img").write_bytes(b"\x00\x00\xc0\x7f" * 64 * 64)
        (self.tmp / "nothing.hdr").write_text("ENVI\nsamples = 64\nlines = 64\nbands = 1\ndata type = 4\n"
                                              "interleave = bsq\nbyte order = 0\n")
        out = self.ok(self.nadir("info", "nothing.img")).out
        self.assertIn("no values", out)
        self.assertNotIn("nan", out)

    @unittest.skipUnless(SAMPLES.is_dir(), "no shared samples")
    def test_nan_and_nodata_in_data(self):
        run = self.segment(SAMPLES / "cog_nodata_nan.tif", "--box", "200,200,330,330")
        self.assertIn(run.status, (0, 1))
        if run.status:
            self.fails(run, "found nothing")
        else:
            self.assertGreater(run.json["objects"][0]["area_px"], 0)
            self.assertNotIn(":nan", run.out.lower())


class BadPrompt(CliTest):
    def test_prompts_that_cannot_be(self):
        for args, word in ((("--point", "500,20"), "outside"), (("--point", "-3,20"), "outside"),
                           (("--box", "10,10,10,40"), "area"), (("--box", "500,500,600,600"), "outside"),
                           (("--circle", "50,50,0"), "area"), (("--circle", "900,900,5"), "outside"),
                           (("--scribble", "700,700;800,800"), "outside"),
                           (("--polygon", "10,10;20,20;30,30"), "area"), (("--not-point", "20,20"), "positive")):
            with self.subTest(args=args):
                self.fails(self.segment(SAMPLE, *args, "-o", self.tmp / "out.geojson"), word)
                self.assertFalse((self.tmp / "out.geojson").exists())

    def test_a_negative_outside_is_allowed(self):
        self.ok(self.segment(SAMPLE, *BOX, "--not-point", "-50,-50"))

    def test_one_bad_object_stops_all_outputs(self):
        run = self.segment(SAMPLE, *BOX, "--next", "--point", "900,900", "-o", self.tmp / "out.shp")
        self.fails(run, "outside")
        self.assertEqual(list(self.tmp.glob("out*")), [])

    def test_map_without_crs(self):
        plain = self.tmp / "plain.png"
        subprocess.run(["gdal_translate", "-q", "-of", "PNG", "--config", "GDAL_PAM_ENABLED", "NO", str(SAMPLE),
                        str(plain)], check=True)
        self.fails(self.segment(plain, "--map", *BOX), "plain.png", "--map")


class BadModel(CliTest):
    def check(self, path, *words):
        self.fails(self.nadir("segment", SAMPLE, *BOX, "--model", path, "-o", self.tmp / "out.tif"), path.name, *words)
        self.assertFalse((self.tmp / "out.tif").exists())

    def test_missing(self):
        self.check(self.tmp / "none.gguf")

    def test_not_gguf(self):
        shutil.copy(SAMPLE, self.tmp / "picture.gguf")
        self.check(self.tmp / "picture.gguf")

    def test_truncated(self):
        data = common.model().read_bytes()
        for share in (0.0, 0.0001, 0.01, 0.5, 0.999):
            with self.subTest(share=share):
                (self.tmp / "cut.gguf").write_bytes(data[:int(len(data) * share)])
                self.check(self.tmp / "cut.gguf")

    def test_lying_sizes(self):
        data = bytearray(common.model().read_bytes())
        for offset, value in ((4, 99), (8, 2**62), (16, 2**62), (8, 3)):
            with self.subTest(offset=offset, value=value):
                lie = bytearray(data)
                struct.pack_into("<I" if offset == 4 else "<Q", lie, offset, value)
                (self.tmp / "lie.gguf").write_bytes(lie)
                self.check(self.tmp / "lie.gguf")

    def test_lying_tensor(self):
        """A tensor whose dimensions are not what the model needs."""
        data = bytearray(common.model().read_bytes())
        at = data.index(b"pe.not_a_point_embed.weight") + len(b"pe.not_a_point_embed.weight")
        dims = struct.unpack_from("<I", data, at)[0]
        struct.pack_into("<Q", data, at + 4 + 8 * (dims - 1), 7)
        (self.tmp / "lie.gguf").write_bytes(data)
        self.check(self.tmp / "lie.gguf", "not_a_point")


class BadTarget(CliTest):
    FORMATS = ("shp", "gpkg", "geojson", "fgb", "json", "png", "tif", "pixel.geojson")

    def test_folder_missing(self):
        for f in self.FORMATS:
            with self.subTest(format=f):
                self.fails(self.segment(SAMPLE, *BOX, "-o", self.tmp / "no" / "such" / f"a.{f}"), f"a.{f}")

    def test_target_is_a_folder(self):
        for f in self.FORMATS:
            with self.subTest(format=f):
                (self.tmp / f"dir.{f}").mkdir()
                self.fails(self.segment(SAMPLE, *BOX, "-o", self.tmp / f"dir.{f}"), f"dir.{f}")
                self.assertEqual(list((self.tmp / f"dir.{f}").iterdir()), [])

    def test_one_bad_target_stops_all_outputs(self):
        self.fails(self.segment(SAMPLE, *BOX, "-o", self.tmp / "a.shp", "-o", self.tmp / "no" / "b.tif"), "b.tif")
        self.assertEqual(list(self.tmp.glob("a.*")), [])

    def test_file_used_as_folder(self):
        (self.tmp / "file").write_text("x")
        self.fails(self.segment(SAMPLE, *BOX, "-o", self.tmp / "file" / "a.shp"), "a.shp")

    def test_full_disk_by_file_size_limit(self):
        """ulimit -f 0: no byte can be written. Old outputs stay as they were."""
        for f in self.FORMATS:
            self.ok(self.segment(SAMPLE, *BOX, "-o", self.tmp / f"old.{f}"))
        folder = {p.name: p.read_bytes() for p in self.tmp.iterdir() if p.is_file()}
        for f in self.FORMATS:
            with self.subTest(format=f):
                run = self.segment(SAMPLE, *BOX, "--no-cache", "-o", self.tmp / f"old.{f}",
                                   shell_prefix="trap '' XFSZ; ulimit -f 0")
                self.assertEqual(run.status, 1, run.err)
                self.assertEqual(len(run.err.strip().splitlines()), 1, run.err)
                self.assertEqual({p.name: p.read_bytes() for p in self.tmp.iterdir() if p.is_file()}, folder)
        self.ok(self.segment(SAMPLE, *BOX, "-o", self.tmp / "old.shp"))

    @unittest.skipIf(os.geteuid() == 0 and not shutil.which("setpriv"), "root writes anywhere")
    def test_read_only_folder(self):
        locked = self.tmp / "locked"
        locked.mkdir(mode=0o555)
        if os.geteuid() == 0:
            self.skipTest("root writes anywhere")
        self.fails(self.segment(SAMPLE, *BOX, "-o", locked / "a.shp"), "a.shp")

    def test_unwritable_cache_is_no_error(self):
        (self.tmp / "cache").write_text("a file where the cache folder should be")
        self.ok(self.segment(SAMPLE, *BOX))


class NoDriver(CliTest):
    def test_no_vulkan(self):
        env = self.env(VK_ICD_FILENAMES="/nonexistent.json", VK_DRIVER_FILES="/nonexistent.json")
        self.fails(self.nadir("devices", env=env), "vulkan")
        self.fails(self.segment(SAMPLE, *BOX, "-o", self.tmp / "a.shp", env=env), "vulkan")
        self.assertEqual(list(self.tmp.glob("a.*")), [])

    def test_no_such_device(self):
        self.fails(self.segment(SAMPLE, *BOX, "--device", "ffffffff-0000"), "ffffffff-0000")


class Projects(CliTest):
    def test_no_project(self):
        (self.tmp / "x.gpkg").write_text("nothing")
        self.fails(self.nadir("export", self.tmp / "x.gpkg", "-o", self.tmp / "a.shp"), "x.gpkg")
        self.fails(self.nadir("export", self.tmp / "none.gpkg", "-o", self.tmp / "a.shp"), "none.gpkg")
        self.assertEqual(list(self.tmp.glob("a.*")), [])


if __name__ == "__main__":
    common.main()
