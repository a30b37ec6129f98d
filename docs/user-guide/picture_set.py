#!/usr/bin/env python3
"""Every panel and tool at work, for looking at: light and dark, 1280x720 and 3840x2160 at 200 %, from the real program under Xvfb.

    python3 docs/user-guide/picture_set.py build FOLDER [--only SIZE[-dark]] [SCENE…]

A scene is a method below without its `scene_`. The marks are told in shares of the shipped sample, so that they fit every size.
"""
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

from pictures import Photographed, common  # it finds the program and the tests' tools
from e2e import Display, wait_for

LOOKS = [(size, scale, dark) for size, scale in (("1280x720", 1), ("3840x2160", 2)) for dark in (False, True)]
SIDEBAR, HEAD, FOOT = 375, 50, 34  # what stands about the canvas, in the window's own pixels
BARE = ((0.50, 0.36), (0.60, 0.47))  # a bare patch of the sample
CROWN = ((0.80, 0.16), (0.98, 0.40))  # and the crown of a tree


class Scenes(Photographed):
    """One window a scene; it begins on the whole sample with three objects of two classes."""

    def setUp(self):
        super().setUp()
        self.width, self.height = (int(n) // self.scale for n in Display.size.split("x"))
        # Without a compositor, what is transparent about a popover is black; without a window manager, windows lie in the corner.
        for helper in filter(shutil.which, ("xcompmgr", "openbox")):
            process = subprocess.Popen([helper], env=self.hand.env, stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait)
            self.addCleanup(process.terminate)

    def at(self, u, v):
        """Screen pixel of a share of the sample, which is square and fills the canvas from top to bottom."""
        side = self.height - HEAD - FOOT
        x = (self.width - SIDEBAR - side) / 2 + u * side
        return int(x * self.scale), int((HEAD + v * side) * self.scale)

    def shoot(self, name, wait=0.8):
        self.take(self.folder / f"{self.prefix}-{name}.png", wait=wait)

    def ask(self, words):
        """By the palette, as somebody would who does not know the key."""
        self.hand.key("ctrl+k")
        time.sleep(0.5)
        self.hand.type(words)
        time.sleep(0.4)
        self.hand.key("Return")
        time.sleep(0.3)

    def press(self, *points):
        """A drag that is not let go of."""
        self.hand.move(*self.at(*points[0]))
        self.hand.do("mousedown", 1)
        for (u, v), (s, t) in zip(points, points[1:]):
            for i in range(1, 7):
                self.hand.move(*self.at(u + (s - u) * i / 6, v + (t - v) * i / 6))

    def let_go(self):
        self.hand.do("mouseup", 1)
        time.sleep(0.3)

    def open(self, path=None):
        self.start(path or self.image, common.model(), GDK_SCALE=str(self.scale), **self.themed(self.dark))
        self.hand.do("search", "--onlyvisible", "--name", "OSBS_029", "windowsize", "--sync", self.width * self.scale, self.height * self.scale)
        time.sleep(1.5)

    def add_class(self, name):
        self.hand.key("ctrl+shift+n")
        self.hand.type(name)
        self.hand.key("Return")
        time.sleep(0.4)
        self.hand.key("alt+0")

    def accept(self, n):
        time.sleep(1)
        self.hand.key("Return")
        self.wait_objects(n, f"object {n}")

    def begin(self):
        hand = self.hand
        self.open()
        self.add_class("bare ground")
        hand.key("b")
        hand.drag(*(self.at(*p) for p in BARE))
        self.accept(1)
        self.add_class("tree")
        hand.drag(*(self.at(*p) for p in CROWN))
        self.accept(2)
        hand.drag(self.at(0.30, 0.22), self.at(0.62, 0.36))
        self.accept(3)

    def scene_start(self):
        """No image yet; then what cannot be opened."""
        with open(self.tmp / "window.log", "a", encoding="utf-8") as log:
            env = self.window_env() | {"GDK_SCALE": str(self.scale)} | self.themed(self.dark)
            self.process = subprocess.Popen([common.PROGRAM], env=env, stdout=log, stderr=log)
        wait_for(lambda: self.find("Nadir"), "the window", self.process)
        self.hand.do("search", "--onlyvisible", "--name", "Nadir", "windowsize", self.width * self.scale, self.height * self.scale)
        self.shoot("start", 1.5)
        self.hand.move(*self.at(0.1, 0.1))  # keys go to the window under the pointer
        self.hand.key("ctrl+o")
        self.shoot("open", 2)

    def scene_prompts(self):
        hand = self.hand
        self.begin()
        self.shoot("objects")
        hand.key("p")
        hand.click(*self.at(0.36, 0.13))
        self.shoot("tool-point", 2)
        hand.click(*self.at(0.44, 0.06), button=3)
        hand.key("Tab")
        self.shoot("tool-point-candidate", 1.5)
        hand.key("Escape", "b")
        self.press((0.02, 0.62), (0.18, 0.78))
        self.shoot("tool-box-dragged")
        self.let_go()
        self.shoot("tool-box", 1.5)
        hand.key("Escape", "c")
        self.press((0.66, 0.86), (0.74, 0.90))
        self.shoot("tool-circle-dragged")
        self.let_go()
        hand.key("Escape", "s")
        self.press((0.12, 0.88), (0.2, 0.84), (0.26, 0.9))
        self.shoot("tool-scribble-drawn")
        self.let_go()
        self.shoot("tool-scribble", 1.5)
        hand.key("Escape", "t")
        time.sleep(0.5)
        hand.type("the trees")
        self.shoot("tool-words")
        hand.key("Return")
        self.shoot("tool-words-found", 25)

    def scene_hand(self):
        hand = self.hand
        self.begin()
        hand.key("g")
        for p in ((0.06, 0.6), (0.2, 0.56), (0.28, 0.7), (0.16, 0.8)):
            hand.click(*self.at(*p))
            time.sleep(0.4)
        hand.move(*self.at(0.08, 0.74))
        self.shoot("tool-polygon")
        hand.key("Return")
        self.wait_objects(4, "the polygon")
        hand.key("e")
        self.press((0.2, 0.78), (0.3, 0.8), (0.36, 0.74))
        self.shoot("tool-brush")
        self.let_go()
        hand.key("j")
        hand.move(*self.at(0.2, 0.56))
        self.shoot("tool-vertex")
        self.press((0.2, 0.56), (0.24, 0.5))
        self.shoot("tool-vertex-dragged")
        self.let_go()
        hand.key("x")
        hand.click(*self.at(0.02, 0.66))
        time.sleep(0.4)
        hand.move(*self.at(0.36, 0.69))
        self.shoot("tool-split")
        hand.key("Escape", "q")
        for p in ((0.13, 0.64), (0.2, 0.63), (0.2, 0.7)):
            hand.click(*self.at(*p))
            time.sleep(0.4)
        hand.move(*self.at(0.14, 0.7))
        self.shoot("tool-hole")
        hand.key("Escape", "b", "y", *8 * ["Right"], *6 * ["Down"], "space", *6 * ["Right"], *4 * ["Down"])
        self.shoot("tool-keyboard")
        hand.key("Escape", "Escape", "ctrl+shift+m")
        for p in ((0.1, 0.2), (0.3, 0.1), (0.36, 0.3)):
            hand.click(*self.at(*p))
            time.sleep(0.4)
        hand.move(*self.at(0.2, 0.36))
        self.shoot("tool-measure")

    def scene_shapes(self):
        """The edits that ask for a number, each with what it would do."""
        hand = self.hand
        self.begin()
        hand.key("ctrl+a")
        for name, words in (("fill-holes", "fill holes"), ("smooth", "smooth"), ("simplify", "simplify"),
                            ("right-angles", "right angles"), ("grow", "grow or shrink"), ("fill-to-neighbour", "fill to neighbour")):
            self.ask(words)
            self.shoot(f"edit-{name}")
            hand.key("Escape")
        hand.key("Delete")
        self.shoot("undo-toast")
        hand.key("ctrl+z", "ctrl+h")
        self.shoot("history")

    def scene_search(self):
        hand = self.hand
        self.begin()
        hand.key("shift+e")
        self.shoot("everything-runs", 2)
        self.shoot("everything", 40)
        hand.key("shift+Delete", "n", "shift+l")
        self.shoot("similar", 15)
        hand.key("ctrl+Return")
        self.shoot("similar-kept", 1.5)

    def scene_classes(self):
        hand = self.hand
        self.begin()
        hand.click((self.width - SIDEBAR + 34) * self.scale, (self.height - FOOT - 77) * self.scale)
        self.shoot("class-menu")
        hand.key("Escape", "alt+0")
        self.ask("edit the current class")
        self.shoot("class-editor")
        hand.key("Escape")
        self.ask("find objects")
        hand.type("tree")
        self.shoot("find")
        hand.key("Escape", "alt+0", "ctrl+a", "ctrl+t", "Down", "shift+Down", "Right")
        self.shoot("table")
        hand.key("ctrl+t", "alt+0")
        self.ask("select objects by condition")
        hand.type("class = 'tree' and score > 0.3")
        self.shoot("select-where")
        hand.key("Return")
        self.ask("show only the selected")
        self.shoot("isolated")
        hand.key("alt+shift+h", "ctrl+a", "alt+l")
        self.shoot("locked")

    def scene_view(self):
        hand = self.hand
        self.begin()
        hand.key("alt+3")
        hand.move(*self.at(0.4, 0.3))
        self.shoot("image")
        hand.key("ctrl+b")
        self.shoot("bands")
        hand.key("Escape", "alt+n")
        hand.move(*self.at(0.6, 0.4))
        hand.key(*5 * ["plus"])
        self.shoot("navigator", 1.5)
        hand.key(*9 * ["plus"])
        self.shoot("pixels", 1.5)
        hand.key("alt+n", "f", "alt+bracketright", "alt+bracketright")
        self.shoot("turned", 1.5)
        hand.key("alt+backslash", "ctrl+shift+d")
        self.shoot("bookmark")
        hand.key("Escape", "ctrl+g")
        time.sleep(0.6)
        hand.type("29.6924 -81.9898")
        self.shoot("go-to")
        hand.key("Escape", "alt+0", "ctrl+shift+b", "ctrl+shift+b")
        self.shoot("second-swipe", 2)
        hand.key("alt+w")
        self.shoot("second-beside", 2)
        hand.key("ctrl+shift+w", "F11")
        self.shoot("full-screen", 1.5)

    def scene_windows(self):
        hand = self.hand
        self.begin()
        for name, words in (("export", "export…"), ("sheet", "export the view"), ("batch", "work on many"), ("team", "team…"),
                            ("open-shared", "open shared"), ("preferences", "preferences"), ("shortcuts", "keyboard shortcuts"),
                            ("about", "about nadir")):
            self.ask(words)
            self.shoot(f"window-{name}", 1.5)
            hand.key("Escape")
            time.sleep(0.4)
        hand.key("ctrl+k")
        hand.type("object")
        self.shoot("palette")

    def scene_chat(self):
        hand = self.hand
        self.begin()
        hand.key("n", "m", "slash")
        hand.type("Please identify the object category of the marked region in the image.")
        self.shoot("chat-typed")
        hand.key("Return")
        wait_for(lambda: len(self.query("SELECT id FROM messages")) == 2, "a reply", self.process)
        self.shoot("chat-answered", 6)
        self.ask("ask: describe")
        wait_for(lambda: len(self.query("SELECT id FROM messages")) == 4, "a reply", self.process)
        self.shoot("chat-second", 6)
        self.ask("conversations…")
        self.shoot("chat-list")
        hand.key("Escape")
        self.ask("answer settings")
        self.shoot("chat-settings")
        hand.key("Escape")
        self.ask("about the chat model")
        self.shoot("chat-card")

    def scene_review(self):
        hand = self.hand
        self.begin()
        hand.key("alt+0", "r")
        self.shoot("review")
        hand.key("a")
        self.shoot("review-next")
        hand.key("c")
        time.sleep(0.4)
        hand.type("too generous")
        self.shoot("review-comment")
        hand.key("Return", "q")
        self.shoot("review-filter")
        hand.key("Escape", "x", "t")
        self.shoot("review-threshold")
        hand.key("Escape")
        self.ask("statistics of the review")
        self.shoot("review-statistics", 1.5)

    def scene_folder(self):
        """Optical, multispectral and SAR samples as one project."""
        samples = common.SHARED / "samples"
        folder = self.tmp / "spring survey"
        folder.mkdir()
        for name in ("OSBS_029.tif", "RGB.byte.tif", "Spain_7370579_S1Hand.tif", "Spain_7370579_S2Hand.tif"):
            if not (samples / name).exists():
                self.skipTest(f"{name} is not here")
            shutil.copy(samples / name, folder)
        self.open(folder)
        self.shoot("images", 3)
        self.hand.key("d", "d", "alt+3")
        self.shoot("sar", 3)
        self.hand.key("ctrl+b")
        self.shoot("sar-bands", 1.5)
        self.hand.key("Escape", "d")
        self.shoot("multispectral", 3)


def main():
    args = sys.argv[2:]
    only = args.pop(args.index("--only") + 1) if "--only" in args else None
    args = [a for a in args if a != "--only"]
    folder = Path(args[0])
    folder.mkdir(parents=True, exist_ok=True)
    names = args[1:] or [n.removeprefix("scene_") for n in dir(Scenes) if n.startswith("scene_")]
    failed = 0
    for size, scale, dark in LOOKS:
        look = size + ("-dark" if dark else "")
        if only not in (None, look):
            continue
        Display.size = size
        fields = {"scale": scale, "dark": dark, "folder": folder, "prefix": look}
        cases = type("Scenes", (Scenes,), fields | {f"test_{n}": getattr(Scenes, f"scene_{n}") for n in names})
        done = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(cases))
        failed += len(done.failures) + len(done.errors)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
