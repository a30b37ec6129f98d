#!/usr/bin/env python3
"""A review of a thousand real objects by keys alone, in the real window under Xvfb: every decision is asserted on the project, and
how long it took is said, not asserted. The objects are the labels of a picture set, imported from COCO; skipped without it."""
import collections
import json
import random
import shutil
import signal
import sqlite3
import sys
import time
import unittest
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import e2e  # noqa: E402
from e2e import common, wait_for  # noqa: E402

PICTURES = common.SHARED / "data" / "rs"
KEYS = {"a": "accepted", "x": "rejected", "f": "flagged", "space": "skipped", "2": "accepted"}
OBJECTS = 1000


def labelled(limit):
    """Pictures with boxes until there are `limit` of them, as COCO."""
    images, boxes, classes = [], [], {}
    with open(PICTURES / "annotations.jsonl", encoding="utf-8") as f:
        for line in f:
            a = json.loads(line)
            if a["source"] not in ("psu_car", "rsod", "airbus_planes") or not a["objects"]:
                continue
            images.append({"id": len(images) + 1, "file_name": a["image"], "width": a["width"], "height": a["height"]})
            for o in a["objects"]:
                category = classes.setdefault(o["label"], len(classes) + 1)
                boxes.append({"id": len(boxes) + 1, "image_id": len(images), "category_id": category, "bbox": o["bbox"],
                              "area": o["bbox"][2] * o["bbox"][3], "iscrowd": 0, "segmentation": []})
            if len(boxes) >= limit:
                break
    return {"images": images, "annotations": boxes, "categories": [{"id": i, "name": n} for n, i in classes.items()]}


@unittest.skipUnless((PICTURES / "annotations.jsonl").exists(), "no labelled picture set")
class Review(e2e.WindowTest):
    def setUp(self):
        super().setUp()
        self.project = self.tmp / "labels.nadir.gpkg"
        labels = self.tmp / "labels.json"
        labels.write_text(json.dumps(labelled(OBJECTS)))
        self.ok(self.nadir("import", str(labels), "--into", str(self.project), "--images", str(PICTURES)))

    def begin(self):
        with open(self.tmp / "window.log", "a", encoding="utf-8") as log:
            self.process = e2e.subprocess.Popen([common.PROGRAM, "--model", "/nowhere/none.gguf", str(self.project)],
                                                env=self.window_env(), stdout=log, stderr=log)
        wait_for(lambda: self.find(".jpg"), "the first picture", self.process, self.tmp / "window.log")
        time.sleep(1)
        self.hand.move(400, 400)
        self.hand.key("r")
        time.sleep(1.5)

    def reviews(self):
        return dict(self.query("SELECT id, review FROM nadir_objects ORDER BY image_id, id"))

    def decided(self):
        return sum(r != "undecided" for r in self.reviews().values())

    def press(self, key, n):
        """A key until the project says n decided: keys that come while another picture is being opened are not taken."""
        for _ in range(200):
            self.hand.do("key", key)
            end = time.monotonic() + 1
            while time.monotonic() < end:
                if self.decided() == n:
                    return
                time.sleep(0.01)
        self.fail(f"decision {n} by {key} never came")

    def test_thousand(self):
        seed = random.Random(5)
        order = [i for i, in self.query("SELECT id FROM nadir_objects ORDER BY image_id, id")]
        self.assertGreaterEqual(len(order), OBJECTS)
        classes = dict(self.query("SELECT key, name FROM classes"))
        proposed = dict(self.query("SELECT id, class FROM nadir_objects"))
        self.begin()
        wanted, begin = {}, time.monotonic()
        for n, id_ in enumerate(order[:OBJECTS], 1):
            key = seed.choices(list(KEYS), weights=[70, 15, 5, 5, 5])[0]
            self.press(key, n)
            wanted[id_] = (KEYS[key], classes[2] if key == "2" else proposed[id_])
        took = time.monotonic() - begin
        print(f"{OBJECTS} objects reviewed by keys in {took:.0f} s: {OBJECTS / took * 3600:.0f} an hour", file=sys.stderr)
        said = {i: (r, c) for i, r, c in self.query("SELECT id, review, class FROM nadir_objects")}
        self.assertEqual({i: said[i] for i in order[:OBJECTS]}, wanted)
        self.assertTrue(all(said[i][0] == "undecided" for i in order[OBJECTS:]))
        self.hand.do("key", "BackSpace")
        wait_for(lambda: self.reviews()[order[OBJECTS - 1]] == "undecided", "back", self.process)
        self.close()
        self.assertEqual(self.decided(), OBJECTS - 1)
        print(collections.Counter(r for r, _ in wanted.values()), file=sys.stderr)

    def converse(self, image):
        """Two questions and answers about the image, as the chat keeps them."""
        columns = {"conversations": ["edited", "settings", "leaf", "deleted"], "messages": ["regions", "settings", "results", "timing"]}
        with closing(sqlite3.connect(self.project)) as db:
            for table, names in columns.items():
                for name in names:
                    kind = "INTEGER NOT NULL DEFAULT 0" if name in ("leaf", "deleted") else "TEXT NOT NULL DEFAULT ''"
                    db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
            db.execute("INSERT INTO conversations (id, image_id, title, created, leaf) VALUES (1, ?, '', '2024-01-01', 4)", (image,))
            said = ("What is there?", "Two planes.", "And what else?", "A runway.")
            for i, text in enumerate(said, 1):
                db.execute("INSERT INTO messages (id, conversation_id, parent_id, role, content, created) VALUES (?, 1, ?, ?, ?, '')",
                           (i, i - 1 or None, "model" if i % 2 == 0 else "user", text))
            db.commit()

    def words(self):
        caption = self.query("SELECT value FROM image_settings WHERE key = 'caption'")
        # the column comes with the first wording
        has = self.query("SELECT 1 FROM pragma_table_info('messages') WHERE name = 'edited'")
        return caption[0][0] if caption else "", [e for e, in self.query("SELECT edited FROM messages ORDER BY id")] if has else []

    def test_words_of_the_image(self):
        """Its caption by Shift+K, the model's answers one after the other by Alt+K: each kept at once, each taken back by Ctrl+Z."""
        image, = self.query("SELECT image_id FROM nadir_objects ORDER BY image_id, id LIMIT 1")[0]
        self.converse(image)
        self.begin()
        hand, end = self.hand, lambda what, words: wait_for(lambda: self.words() == words, what, self.process)
        hand.key("shift+k")
        hand.type("An airport, seen from above")
        hand.key("Return")
        end("the caption", ("An airport, seen from above", []))
        hand.key("alt+k")
        time.sleep(0.5)
        hand.key("ctrl+a")
        hand.type("Three planes.")
        hand.key("Return")
        end("the first answer", ("An airport, seen from above", ["", "Three planes.", "", ""]))
        hand.key("End")
        hand.type(" And grass.")
        hand.key("Return")  # the last one: the keys of review are back
        end("the second answer", ("An airport, seen from above", ["", "Three planes.", "", "A runway. And grass."]))
        self.assertEqual([t for t, in self.query("SELECT content FROM messages WHERE role = 'model' ORDER BY id")],
                         ["Two planes.", "A runway."])
        for left in (("An airport, seen from above", ["", "Three planes.", "", ""]), ("An airport, seen from above", [""] * 4), ("", [""] * 4)):
            hand.key("ctrl+z")
            end("one step back", left)
        self.press("a", 1)  # and on with the objects
        hand.key("ctrl+z")
        wait_for(lambda: self.decided() == 0, "the decision taken back", self.process)
        self.close()

    def test_held_key_and_kill(self):
        self.begin()
        self.hand.do("keydown", "a")
        wait_for(lambda: self.decided() >= 1, "the decision", self.process)
        time.sleep(2)  # the server repeats it by now
        self.hand.do("keyup", "a")
        self.assertEqual(self.decided(), 1, "a held key decides once")
        self.press("x", 2)
        self.press("a", 3)
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.assertEqual(list(self.reviews().values())[:4], ["accepted", "rejected", "accepted", "undecided"])
        with closing(sqlite3.connect(self.project)) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        self.begin()  # what is left is reviewed
        self.press("f", 4)
        self.hand.do("key", "ctrl+z")
        wait_for(lambda: self.decided() == 3, "undo", self.process)
        self.close()


if __name__ == "__main__":
    if not shutil.which("xdotool") or not shutil.which("Xvfb"):
        print("xdotool or Xvfb is missing")
        sys.exit(common.SKIP)
    common.main()
