#!/usr/bin/env python3
"""Makes the pictures of this guide from the real program on the shipped sample: a window under Xvfb, driven by xdotool.

    python3 docs/user-guide/pictures.py build [NAME…]
"""
import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
os.environ.setdefault("NADIR", str(BUILD / "nadir"))
sys.path[:0] = [str(ROOT / "tests" / "ui"), str(ROOT / "tests" / "cli")]
import common  # noqa: E402
from e2e import BUSH, TREE, WindowTest, wait_for  # noqa: E402


class Photographed(WindowTest):
    """A window on the sample, and pictures of its screen."""

    def take(self, path, *options, wait=1):
        time.sleep(wait)
        subprocess.run(["import", "-window", "root", *options, str(path)], env=self.hand.env, check=True)

    def themed(self, dark):
        return {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"} if dark else {}


class Pictures(Photographed):
    def shoot(self, name):
        self.take(HERE / "images" / f"{name}.png", "-quality", "92")
        print(name)

    def begin(self, dark=False):
        self.start(self.image, common.model(), **self.themed(dark))

    def accept(self, n):
        self.hand.key("Return")
        self.wait_objects(n, f"object {n}")

    def mark_some(self):
        hand = self.hand
        hand.key("ctrl+shift+n")
        hand.type("tree")
        hand.key("Return")
        time.sleep(0.5)
        hand.key("alt+0", "p")
        hand.click(*TREE)
        self.accept(1)
        hand.key("b")
        hand.drag((590, 340), (770, 470))
        self.accept(2)
        hand.key("s")
        hand.drag((250, 400), (300, 430), (360, 450))
        self.accept(3)

    def test_mark(self):
        """A preview with its candidates, the history, the palette."""
        hand = self.hand
        self.begin()
        self.mark_some()
        hand.key("p")
        hand.click(*BUSH)
        time.sleep(4)
        self.shoot("preview")
        hand.key("Tab")
        self.shoot("candidate")
        self.accept(4)
        hand.key("ctrl+h")
        self.shoot("history")
        hand.key("Escape")
        hand.key("ctrl+k")
        hand.type("hole")
        self.shoot("palette")

    def test_dark(self):
        self.begin(dark=True)
        self.mark_some()
        self.shoot("objects-dark")

    def test_display(self):
        """The histogram and the values of all bands; another stretch swiped over the view."""
        hand = self.hand
        self.begin()
        hand.key("alt+3")
        hand.click(*TREE)
        hand.move(*BUSH)
        self.shoot("display")
        hand.key("alt+1", *3 * ["ctrl+shift+b"])  # plain, automatic, a single band
        time.sleep(2)
        self.shoot("compare")

    def test_table(self):
        """Rows of the attribute table, two of them selected."""
        hand = self.hand
        self.begin()
        self.mark_some()
        hand.key("alt+0", "ctrl+t", "Down", "shift+Down", "Right")
        self.shoot("table")

    def test_review(self):
        self.begin()
        self.mark_some()
        self.hand.key("alt+0", "r")
        self.shoot("review")

    def test_chat(self):
        """The shipped model about the image, as it answers: a caption, then a phrase outlined."""
        self.begin(dark=True)
        self.hand.key("slash")
        for n, question in enumerate(["Please provide a brief caption of the image.", "Please segment the forest in the image."], 1):
            self.hand.type(question)
            self.hand.key("Return")
            wait_for(lambda n=n: len(self.query("SELECT id FROM messages")) == 2 * n, "a reply", self.process)
            time.sleep(6)
        self.shoot("chat")


if __name__ == "__main__":
    (HERE / "images").mkdir(exist_ok=True)
    wanted = [f"Pictures.test_{n}" for n in sys.argv[2:]]
    unittest.main(argv=[sys.argv[0], *wanted])
