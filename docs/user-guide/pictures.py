#!/usr/bin/env python3
"""Makes the pictures of this guide from the real program on the shipped sample: a window under Xvfb, driven by xdotool.

    python3 docs/user-guide/pictures.py build [NAME…]
    python3 docs/user-guide/pictures.py build --all FOLDER   every panel and tool in use, light and dark, 1280x720 and 3840x2160 at 200 %
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
from e2e import BUSH, TREE, Display, WindowTest, wait_for  # noqa: E402

# What the palette is asked for, and what closes it again.
PANELS = [("image", "show image information", ""), ("chat", "show chat", ""), ("objects", "show objects", ""),
          ("table", "attribute table", "ctrl+t"), ("history", "history…", "Escape"), ("go-to", "go to a place", "Escape"),
          ("navigator", "navigator", ""), ("images", "list of images", ""), ("select-where", "select by condition", "Escape"),
          ("smooth", "smooth", "Escape"), ("simplify", "simplify", "Escape"), ("export", "export…", "Escape"),
          ("statistics", "statistics of the review", "Escape"), ("batch", "work on many", "Escape"), ("team", "team", "Escape"),
          ("edit-class", "edit the current class", "Escape"), ("preferences", "preferences", "Escape"),
          ("shortcuts", "keyboard shortcuts", "Escape"), ("second", "compare with other bands", ""),
          ("review", "review objects", "")]
TOOLS = {"point": "p", "box": "b", "circle": "c", "scribble": "s", "polygon": "g", "brush": "e", "vertex": "j", "split": "x", "hole": "q"}


class Pictures(WindowTest):
    def shoot(self, name):
        time.sleep(1)
        env = dict(os.environ, DISPLAY=self.display.name)
        subprocess.run(["import", "-window", "root", "-quality", "92", str(HERE / "images" / f"{name}.png")], env=env, check=True)
        print(name)

    def begin(self, dark=False):
        more = {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"} if dark else {}
        self.start(self.image, common.model(), **more)

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
        """The shipped model about one marked region, as it answers."""
        hand = self.hand
        self.begin(dark=True)
        hand.key("b")
        hand.drag((590, 340), (770, 470))
        hand.key("m", "slash")
        hand.type("Please describe this region.")
        hand.key("Return")
        wait_for(lambda: len(self.query("SELECT id FROM messages")) == 2, "a reply", self.process)
        time.sleep(6)
        self.shoot("chat")


class Everything(WindowTest):
    """One pass a theme and a screen; marks lie at shares of the screen, so that they fit every size."""

    folder = Path(".")

    def at(self, x, y):
        width, height = map(int, Display.size.split("x"))
        return int(x * width), int(y * height)

    def shoot(self, name):
        time.sleep(1.2)
        env = dict(os.environ, DISPLAY=self.display.name)
        subprocess.run(["import", "-window", "root", str(self.folder / f"{self.prefix}-{name}.png")], env=env, check=True)

    def ask(self, words):
        self.hand.key("ctrl+k")
        time.sleep(0.6)
        self.hand.type(words)
        time.sleep(0.4)
        self.hand.key("Return")

    def pass_through(self, dark, scale):
        hand = self.hand
        self.prefix = f"{'dark' if dark else 'light'}-{Display.size}"
        more = {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"} if dark else {}
        self.start(self.image, common.model(), GDK_SCALE=str(scale), **more)
        width, height = map(int, Display.size.split("x"))  # no window manager: nobody else would fill the screen
        hand.do("search", "--onlyvisible", "--name", "OSBS_029", "windowsize", "--sync", width, height)
        time.sleep(2)
        hand.key("b")
        for n, (x, y) in enumerate([(0.35, 0.4), (0.5, 0.5), (0.42, 0.62)], 1):
            hand.drag(self.at(x, y), self.at(x + 0.06, y + 0.1))
            time.sleep(2)
            hand.key("Return")
            self.wait_objects(n, f"object {n}")
        self.shoot("marked")
        for tool, key in TOOLS.items():
            hand.key(key)
            hand.move(*self.at(0.45, 0.5))
            self.shoot(f"tool-{tool}")
        hand.key("b", "Escape", "ctrl+a")  # the edits are of what is selected
        for name, words, leave in PANELS:
            self.ask(words)
            self.shoot(f"panel-{name}")
            if leave:
                hand.key(leave)

    def test_pass(self):
        for size, scale in ("1280x720", 1), ("3840x2160", 2):
            for dark in False, True:
                with self.subTest(size=size, dark=dark):
                    Display.size = size
                    self.tearDown()
                    self.setUp()
                    self.pass_through(dark, scale)


if __name__ == "__main__":
    if "--all" in sys.argv:
        Everything.folder = Path(sys.argv[sys.argv.index("--all") + 1])
        Everything.folder.mkdir(parents=True, exist_ok=True)
        unittest.main(argv=[sys.argv[0], "Everything.test_pass"])
    (HERE / "images").mkdir(exist_ok=True)
    wanted = [f"Pictures.test_{n}" for n in sys.argv[2:]]
    unittest.main(argv=[sys.argv[0], *wanted])
