#!/usr/bin/env python3
"""Injected faults (-Dfaults=true): lost device, device memory, full disk. One sentence, nothing half, the next command works."""
import unittest

import common
from common import SAMPLE, CliTest

BOX = ("--box", "203,67,227,90", "--no-cache")


@unittest.skipUnless(common.model(), "no model")
class Faults(CliTest):
    def fault(self, what, *words):
        out = self.tmp / "a.gpkg"
        run = self.segment(SAMPLE, *BOX, "-o", out, env=self.env(NADIR_FAULT=what))
        self.fails(run, *words)
        self.assertEqual(list(self.tmp.glob("a*")), [])

    def test_device_lost_in_mid_encode(self):
        for n in (1, 3):
            with self.subTest(submit=n):
                self.fault(f"submit:{n}:lost", "lost")

    def test_device_out_of_memory(self):
        for n in (1, 2, 3):
            with self.subTest(alloc=n):
                self.fault(f"alloc:{n}:oom", "memory")

    def test_full_disk(self):
        for f in ("shp", "gpkg", "geojson", "fgb", "json", "png", "tif"):
            out = self.tmp / f"a.{f}"
            with self.subTest(format=f):
                run = self.segment(SAMPLE, *BOX, "-o", out, env=self.env(NADIR_FAULT="write:1:enospc"))
                self.fails(run, "space")
                self.assertEqual(list(self.tmp.glob("a*")), [])

    def test_next_command_works(self):
        self.fault("submit:1:lost", "lost")
        self.ok(self.segment(SAMPLE, *BOX, "-o", self.tmp / "a.gpkg"))


if __name__ == "__main__":
    common.main()
