#!/usr/bin/env python3
"""Injected faults while a reply is made: one sentence, no file, and the next command works."""

import common
from chat_common import SAID, ChatTest


class Faults(ChatTest):
    def test_device_lost(self):
        """At the image, in the prompt, while text streams and at the mask."""
        lost = 0
        for n in (1, 4, 8, 12, 16, 24):
            with self.subTest(submit=n):
                out = self.tmp / "a.gpkg"
                run = self.ask("x", "--json", "-o", out, env=self.env(NADIR_FAULT=f"submit:{n}:lost"))
                if run.status == 0:
                    continue  # the reply took fewer submits
                lost += 1
                self.fails(run, "stopped answering", "try again")
                self.assertFalse(out.exists())
        self.assertGreaterEqual(lost, 3)
        self.assertEqual(self.ok(self.ask("x")).out, SAID + "\n")

    def test_device_lost_while_streaming(self):
        """What was said before stays on the screen; the sentence follows."""
        said = set()
        for n in range(1, 40):
            run = self.ask("x", env=self.env(NADIR_FAULT=f"submit:{n}:lost"))
            if run.status == 0:
                break
            self.assertEqual(run.status, 1)
            self.assertEqual(len(run.err.strip().splitlines()), 1)
            self.assertTrue(SAID.startswith(run.out.rstrip("\n")), run.out)
            said.add(run.out)
        self.assertEqual(run.out, SAID + "\n")
        self.assertGreater(len(said), 2)

    def test_full_disk(self):
        for form in ("gpkg", "geojson", "png"):
            with self.subTest(format=form):
                out = self.tmp / f"a.{form}"
                self.fails(self.ask("x", "--json", "-o", out, env=self.env(NADIR_FAULT="write:1:enospc")), "space")
                self.assertEqual(list(self.tmp.glob("a*")), [])


if __name__ == "__main__":
    common.main()
