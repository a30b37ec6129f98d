#!/usr/bin/env python3
"""The real window under Xvfb, driven by xdotool as a hand would: open, every kind of prompt, accept, label, correct, undo and redo,
export, reopen; and killed again and again. What is asserted is the project file and the exports, never the picture."""
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
import unittest
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import common  # noqa: E402

PATIENCE = 300  # seconds, for slow machines; nothing is measured by it
# Screen positions inside the sample image at 1280x720, clear of what floats over it.
TREE, BUSH, GAP = (660, 230), (500, 420), (560, 330)


class Display:
    """An X server of our own."""

    size = "1280x720"

    def __enter__(self):
        read, write = os.pipe()
        self.server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", f"{self.size}x24", "-nolisten", "tcp",
                                        "-noreset"],
                                       pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as f:
            self.name = ":" + f.readline().strip()
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()


def wait_for(condition, what, process=None, log=None):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        if process and process.poll() is not None:
            said = log.read_text() if log else ""
            raise AssertionError(f"the window ended with status {process.returncode} while waiting for {what}: {said}")
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


class Hand:
    """Mouse and keyboard on one display."""

    def __init__(self, display):
        self.env = dict(os.environ, DISPLAY=display)

    def do(self, *args):
        subprocess.run(["xdotool", *map(str, args)], env=self.env, check=True, capture_output=True)

    def key(self, *names):
        for name in names:
            self.do("key", "--clearmodifiers", name)
            time.sleep(0.12)

    def type(self, text):
        self.do("type", "--delay", 25, text)
        time.sleep(0.12)

    def move(self, x, y):
        self.do("mousemove", x, y)
        time.sleep(0.06)

    def click(self, x, y, button=1):
        self.move(x, y)
        self.do("click", button)
        time.sleep(0.12)

    def drag(self, *points, button=1):
        self.move(*points[0])
        self.do("mousedown", button)
        for (x0, y0), (x1, y1) in zip(points, points[1:]):
            for i in range(1, 5):
                self.move(x0 + (x1 - x0) * i / 4, y0 + (y1 - y0) * i / 4)
        self.do("mouseup", button)
        time.sleep(0.12)

    def polygon(self, *points):
        self.key("g")
        for p in points:
            self.click(*p)
            time.sleep(0.35)  # else two clicks are a double click, which closes
        self.key("Return")


def polygons(wkb: bytes):
    """Rings of a MultiPolygon in little-endian WKB."""
    kind, n = struct.unpack_from("<II", wkb, 1)
    assert wkb[0] == 1 and kind == 6
    at = 9
    for _ in range(n):
        rings, = struct.unpack_from("<I", wkb, at + 5)
        at += 9
        for _ in range(rings):
            count, = struct.unpack_from("<I", wkb, at)
            yield struct.unpack_from(f"<{2 * count}d", wkb, at + 4)
            at += 4 + 16 * count


def pixels(wkb: bytes, width: int) -> set:
    """Pixels whose centres are inside, even-odd. Edges run along pixel borders: only upright ones count."""
    flips: dict[int, list[int]] = {}
    for ring in polygons(wkb):
        points = list(zip(ring[0::2], ring[1::2]))
        for (x0, y0), (x1, y1) in zip(points, points[1:]):
            if x0 == x1:
                for y in range(int(min(y0, y1)), int(max(y0, y1))):
                    flips.setdefault(y, []).append(int(x0))
    mask = set()
    for y, xs in flips.items():
        xs.sort()
        for a, b in zip(xs[0::2], xs[1::2]):
            mask.update(range(y * width + a, y * width + b))
    return mask


class WindowTest(common.CliTest):
    def setUp(self):
        super().setUp()
        self.display = Display().__enter__()
        self.hand = Hand(self.display.name)
        self.image = self.tmp / "OSBS_029.tif"
        shutil.copy(common.SAMPLE, self.image)
        self.project = self.tmp / "OSBS_029.tif.nadir.gpkg"
        self.process = None

    def tearDown(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.display.__exit__()
        super().tearDown()

    def window_env(self):
        return self.env(DISPLAY=self.display.name, GDK_BACKEND="x11", NADIR_TEST="1", GSK_RENDERER="cairo", GTK_A11Y="none",
                        GSETTINGS_BACKEND="keyfile", HOME=str(self.tmp), DBUS_SESSION_BUS_ADDRESS="disabled:",
                        G_DEBUG="fatal-criticals")

    def start(self, path, model, **more):
        with open(self.tmp / "window.log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([common.PROGRAM, "--model", str(model), str(path)], env=self.window_env() | more,
                                            stdout=log, stderr=log)
        wait_for(lambda: self.find(Path(path).name if path == self.image else "OSBS_029"), "the image", self.process,
                 self.tmp / "window.log")
        time.sleep(0.4)  # first frame

    def find(self, title):
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", re.escape(title)], env=self.hand.env,
                               capture_output=True, text=True, check=False)
        return found.stdout.split()

    def close(self):
        self.hand.move(*TREE)
        self.hand.key("ctrl+q")
        wait_for(lambda: self.process.poll() is not None, "the window to close")
        self.assertEqual(self.process.returncode, 0, (self.tmp / "window.log").read_text())

    def query(self, sql):
        if not self.project.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{self.project}?mode=ro", uri=True, timeout=5)) as db:
                return db.execute(sql).fetchall()
        except sqlite3.OperationalError:  # the file is just being made
            return []

    def objects(self):
        return self.query("SELECT id, class, prompt, model, area_px, px_geom, score FROM nadir_objects ORDER BY id")

    def wait_objects(self, n, what):
        wait_for(lambda: len(self.objects()) == n, what, self.process, self.tmp / "window.log")
        return self.objects()

    def wait_change(self, old, what):
        wait_for(lambda: self.objects() != old, what, self.process, self.tmp / "window.log")
        return self.objects()

    def export(self, name):
        path = self.tmp / name
        self.hand.move(*TREE)
        self.hand.key("ctrl+e")
        wait_for(lambda: self.find("Export"), "the export dialog", self.process)
        time.sleep(0.3)
        self.hand.move(250, 110)  # keys go to the window under the pointer
        self.hand.key("ctrl+a")
        self.hand.type(str(path))
        self.hand.key("Return")
        wait_for(path.exists, f"the export to {name}", self.process)
        wait_for(lambda: not self.find("Export"), "the dialog to close", self.process)
        return path

    def check_against_cli(self, rows):
        """The window and the command line are one engine: the same prompt is the same mask."""
        for id_, _, prompt, model, area, wkb, score in rows:
            run = self.ok(self.segment(self.image, "--stored", prompt)).json
            o = run["objects"][0]
            mine, theirs = pixels(wkb, run["width"]), common.rle_pixels(o["rle"])
            self.assertEqual(len(mine), area)
            self.assertGreaterEqual(common.iou(mine, theirs), 0.999, f"object {id_}, {prompt}")
            self.assertAlmostEqual(score, o["score"], places=4)
            self.assertEqual(model, run["model"])


class Workday(WindowTest):
    """One sitting: mark, label, correct, export, reopen."""

    def mark_all(self):
        hand = self.hand
        hand.key("p")
        hand.click(*TREE)
        hand.key("Return")
        self.wait_objects(1, "the point's mask")
        hand.key("b")
        hand.drag((590, 340), (770, 470))
        hand.key("Return")
        self.wait_objects(2, "the box's mask")
        hand.key("c")
        hand.drag((270, 200), (320, 200))
        hand.key("Return")
        self.wait_objects(3, "the circle's mask")
        hand.key("s")
        hand.drag((250, 400), (300, 430), (360, 450))
        hand.key("Return")
        self.wait_objects(4, "the scribble's mask")
        hand.key("p")
        hand.click(*BUSH)
        hand.click(GAP[0], GAP[1], button=3)
        hand.key("Return")
        self.wait_objects(5, "the mask of a point and a negative point")
        hand.polygon((400, 120), (470, 130), (440, 190))
        return self.wait_objects(6, "the polygon by hand")

    def check_kinds(self, rows):
        kinds = [[(m["kind"], m["sign"]) for m in json.loads(r[2])] for r in rows[:5]]
        self.assertEqual(kinds, [[("point", 1)], [("box", 1)], [("circle", 1)], [("scribble", 1)],
                                 [("point", 1), ("point", -1)]])
        self.assertEqual(rows[5][3], "hand")
        self.assertIsNone(rows[5][6])

    def label(self, rows):
        hand = self.hand
        hand.key("ctrl+shift+n")
        hand.type("tree")
        hand.key("Return")
        wait_for(lambda: ("tree",) in self.query("SELECT name FROM classes"), "the new class", self.process)
        key, = self.query("SELECT key FROM classes WHERE name = 'tree'")[0]
        hand.move(*TREE)
        hand.key(str(key))
        rows = self.wait_change(rows, "the label by key")
        self.assertEqual(rows[5][1], "tree")
        hand.key("F2")
        hand.key("ctrl+a")
        hand.type("pond b")  # b is a tool, but not in an entry
        hand.key("Return")
        rows = self.wait_change(rows, "the label by hand")
        self.assertEqual(rows[5][1], "pond b")
        return rows

    def correct(self, rows):
        hand = self.hand
        hand.key("alt+0", "e")
        hand.drag((430, 150), (530, 150))
        grown = self.wait_change(rows, "the brush")
        self.assertGreater(grown[5][4], rows[5][4])
        hand.drag((390, 125), (480, 125), button=3)
        cut = self.wait_change(grown, "the eraser")
        self.assertLess(cut[5][4], grown[5][4])
        hand.key("ctrl+z")
        self.assertEqual(self.wait_change(cut, "undo"), grown)
        hand.key("ctrl+z")
        self.assertEqual(self.wait_change(grown, "undo"), rows)
        hand.key("ctrl+shift+z", "ctrl+shift+z")
        wait_for(lambda: self.objects() == cut, "redo, twice", self.process)
        hand.key("v")
        hand.click(435, 160)
        hand.key("Delete")
        self.assertEqual(self.wait_objects(5, "the deletion"), cut[:5])
        hand.key("ctrl+z")
        self.assertEqual(self.wait_objects(6, "the deletion undone"), cut)
        return cut

    def choose_and_edit(self, n):
        """Tab shows the next candidate, Enter keeps it; its marks come back with Shift+M and one more changes it."""
        hand = self.hand
        hand.key("alt+0", "p")
        hand.click(300, 300)
        time.sleep(3)  # a candidate can be chosen when there are some
        hand.key("Tab", "Return")
        rows = self.wait_objects(n + 1, "the chosen candidate")
        self.assertIn("kind", json.loads(rows[n][2])[0])
        hand.key("shift+m")
        hand.click(330, 330, button=3)
        hand.key("Return")
        changed = self.wait_change(rows, "the marks edited again")
        self.assertEqual([m["sign"] for m in json.loads(changed[n][2])], [1, -1])
        self.assertEqual(len(changed), n + 1)
        return changed

    def test_workday(self):
        formats = ("geojson", "shp", "json", "tif")
        self.start(self.image, common.model())
        rows = self.mark_all()
        self.check_kinds(rows)
        marked = rows
        rows = self.label(rows)
        rows = self.correct(rows)
        rows = self.choose_and_edit(len(rows))
        before = {f: self.export(f"before.{f}") for f in formats}
        self.close()
        self.assertFalse((self.tmp / (self.project.name + "-wal")).exists(), "the journal is folded in")
        self.start(self.project, common.model())
        after = {f: self.export(f"after.{f}") for f in formats}
        self.close()
        self.assertEqual(self.objects(), rows)
        for f in formats:
            self.assertEqual(before[f].read_bytes(), after[f].read_bytes(), f)
        features = json.loads(before["geojson"].read_text())["features"]
        self.assertEqual([x["properties"]["class"] for x in features], [r[1] for r in rows])
        self.check_against_cli(marked[:5] + rows[6:])


class Replay(WindowTest):
    """What a person chose beside the marks is stored with them: `nadir segment --stored` gives that very mask."""

    def mark_other(self):
        """A point with another candidate than the model's answer: Tab counts once the answer has come."""
        for wait in (1, 2, 4, 8, 16):
            self.hand.key("p")
            self.hand.click(*TREE)
            time.sleep(wait)
            self.hand.key("Tab", "Return")
            row, = self.wait_objects(1, "the point's mask")
            if "candidate" in json.loads(row[2])[0]:
                return row
            self.hand.key("ctrl+z")
            self.wait_objects(0, "undo")
        return self.fail("Tab never chose another candidate")

    def test_candidate_and_view(self):
        self.start(self.image, common.model())
        other = self.mark_other()
        self.close()
        with closing(sqlite3.connect(self.project)) as db:
            image, = db.execute("SELECT id FROM images").fetchone()
            for key, value in (("bands", "3,1,2"), ("stretch", "minmax"), ("model", "screen")):
                db.execute("INSERT OR REPLACE INTO image_settings (image_id, key, value) VALUES (?, ?, ?)", (image, key, value))
            db.commit()
        self.start(self.project, common.model())
        self.hand.key("b")
        self.hand.drag((590, 340), (770, 470))
        self.hand.key("Return")
        rows = self.wait_objects(2, "the box's mask")
        self.close()
        self.assertEqual(rows[0], other)
        first = json.loads(rows[1][2])[0]
        self.assertEqual((first["bands"], first["stretch"]), ("3,1,2", "minmax"))
        self.check_against_cli(rows)
        plain = json.loads(other[2])[0]
        del plain["candidate"]
        usual = self.ok(self.segment(self.image, "--stored", json.dumps([plain]))).json["objects"][0]
        self.assertNotEqual(usual["area_px"], other[4], "the candidate changes nothing here: choose another place")


class KillMarked(WindowTest):
    """kill -9 while masks of the model are being accepted: those that were there stay, with the mask they had."""
    ROUNDS = 3

    def test_kill(self):
        seed, known = random.Random(11), []
        for i in range(self.ROUNDS):
            self.start(self.image, common.model())
            self.hand.key("alt+0", "p")
            self.hand.click(300 + 90 * i, 200 + 60 * i)
            self.hand.key("Return")
            known = self.wait_objects(len(known) + 1, "the accepted mask")
            self.hand.click(320 + 80 * i, 420)
            self.hand.key("Return")
            time.sleep(seed.uniform(0, 1.5))
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            survived = self.objects()
            self.assertEqual(survived[:len(known)], known)
            self.assertLessEqual(len(survived), len(known) + 1)
            known = survived
            with closing(sqlite3.connect(self.project)) as db:
                self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))


class NoDriver(WindowTest):
    """A machine without Vulkan: the window lives, says so, and hands still draw."""

    def test_by_hand(self):
        self.start(self.image, common.model(), VK_ICD_FILENAMES="/nowhere.json", VK_DRIVER_FILES="/nowhere.json")
        self.hand.polygon((300, 300), (380, 310), (310, 380))
        row, = self.wait_objects(1, "the polygon")
        self.assertEqual(row[3], "hand")
        self.hand.key("p")
        self.hand.click(*TREE)  # asks for a mask that cannot come
        self.hand.key("Escape", "ctrl+z")
        self.wait_objects(0, "undo")
        self.close()


class Kill(WindowTest):
    """kill -9 of the real window: what was accepted is there, what was not is not, and the file is sound."""
    ROUNDS = 20

    def gesture(self, i):
        x, y = 200 + 40 * (i % 12), 120 + 30 * (i % 9)
        if i % 4 == 3:
            self.hand.key("ctrl+z")
        else:
            self.hand.polygon((x, y), (x + 30, y + 4), (x + 8, y + 26))

    def check_file(self):
        with closing(sqlite3.connect(self.project)) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            derived = {row[0] for table in ("objects", "objects_px") for row in self.ids(db, table)}
            self.assertEqual(derived, {row[0] for row in self.ids(db, "nadir_objects")})

    @staticmethod
    def ids(db, table):
        exists = db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        return db.execute(f"SELECT id FROM {table}").fetchall() if exists else []

    def test_kill(self):
        seed = random.Random(7)
        known = []
        for i in range(self.ROUNDS):
            self.start(self.image, "/nowhere/none.gguf")
            self.assertEqual(self.objects(), known, "the window changed nothing by opening")
            self.hand.key("alt+0")
            self.hand.polygon((300 + 6 * i, 300), (350 + 6 * i, 310), (310 + 6 * i, 350))
            known = self.wait_objects(len(known) + 1, "the accepted polygon")
            self.gesture(i)
            time.sleep(seed.uniform(0, 0.15))
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            survived = self.objects()
            if i % 4 == 3:
                self.assertIn(survived, (known, known[:-1]))
            else:
                self.assertEqual(survived[:len(known)], known)
                self.assertLessEqual(len(survived), len(known) + 1)
            self.check_file()
            known = survived


if __name__ == "__main__":
    if not shutil.which("xdotool") or not shutil.which("Xvfb"):
        print("xdotool or Xvfb is missing")
        sys.exit(common.SKIP)
    common.main()
