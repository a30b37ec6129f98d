#!/usr/bin/env python3
"""Injected faults (-Dfaults=true): lost device, device memory, full disk. One sentence, nothing half, the next command works."""
import unittest

import common
from common import SAMPLE, CliTest

BOX = ("--box", "203,67,227,90", "--no-cache")


class Faults(CliTest):
    def fault(self, what, *words):
        out = self.tmp / "a.gpkg"
        run = self.segment(SAMPLE, *BOX, "-o", out, env=self.env(NADIR_FAULT=what))
        self.fails(run, *words)
        self.assertEqual(list(self.tmp.glob("a*")), [])

    def test_device_lost_in_mid_encode(self):
        for n in (1, 3):
            with self.subTest(submit=n):
                self.fault(f"submit:{n}:lost", "stopped answering", "try again")

    def test_device_out_of_memory(self):
        """Another kind of memory may serve instead, and then the mask is the same; else one sentence."""
        want = self.ok(self.segment(SAMPLE, *BOX)).json["objects"][0]["rle"]
        refused = 0
        for n in range(1, 6):
            with self.subTest(alloc=n):
                run = self.segment(SAMPLE, *BOX, env=self.env(NADIR_FAULT=f"alloc:{n}:oom"))
                if run.status == 0:
                    self.assertEqual(run.json["objects"][0]["rle"], want)
                else:
                    self.fails(run, "cannot give", "close other programs")
                    refused += 1
        self.assertGreater(refused, 0, "no allocation was refused: the fault does not work")

    def test_full_disk(self):
        for f in ("shp", "gpkg", "geojson", "fgb", "json", "png", "tif"):
            out = self.tmp / f"a.{f}"
            with self.subTest(format=f):
                run = self.segment(SAMPLE, *BOX, "-o", out, env=self.env(NADIR_FAULT="write:1:enospc"))
                self.fails(run, "space")
                self.assertEqual(list(self.tmp.glob("a*")), [])

    def test_next_command_works(self):
        self.fault("submit:1:lost", "stopped answering")
        self.ok(self.segment(SAMPLE, *BOX, "-o", self.tmp / "a.gpkg"))


if __name__ == "__main__":
    common.main()
