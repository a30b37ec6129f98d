#!/usr/bin/env python3
"""A shared project in the real window: opened by its address, what another person changes appears by itself, what is changed
here is sent, and work goes on while the server is away."""
import json
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import e2e  # noqa: E402
from e2e import common, wait_for  # noqa: E402
from postgres import Postgres  # noqa: E402

DB = "shown"


class Team(e2e.WindowTest):
    def setUp(self):
        super().setUp()
        self.pg = Postgres()
        self.addCleanup(self.pg.remove)
        self.url = self.pg.create(DB)
        self.ok(self.nadir("init", self.url))
        self.pg.psql(DB, f"CREATE ROLE anna LOGIN; GRANT {DB}_reviewer TO anna")
        self.other = self.tmp / "other.nadir.gpkg"
        shapes = [{"label": "tree", "shape_type": "rectangle", "points": [[x, 40], [x + 30, 80]], "flags": {}, "group_id": None}
                  for x in (40, 140, 240)]
        (self.tmp / "l.json").write_text(json.dumps({"version": "5.0.1", "flags": {}, "shapes": shapes, "imageData": None,
                                                     "imagePath": self.image.name, "imageHeight": 400, "imageWidth": 400}))
        self.ok(self.nadir("import", "l.json", "--into", self.other, "--images", self.tmp))
        self.ok(self.nadir("sync", self.url, self.other))

    def begin(self):
        with open(self.tmp / "window.log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([common.PROGRAM, "--model", "/nowhere/none.gguf", self.pg.url(DB, "anna")],
                                            env=self.window_env(), stdout=log, stderr=log)
        self.wait(lambda: self.pg.psql(DB, "SELECT who FROM nadir.people WHERE image IS NOT NULL"), "presence")
        self.project = next(self.tmp.glob("**/teams/*.nadir.gpkg"))
        time.sleep(1)

    def wait(self, condition, what):
        return wait_for(condition, what, getattr(self, "process", None), self.tmp / "window.log")

    def on_server(self):
        return int(self.pg.psql(DB, "SELECT count(*) FROM nadir.objects WHERE NOT deleted")[0][0])

    def test_together(self):
        self.begin()
        self.assertEqual(self.query("SELECT count(*) FROM nadir_objects"), [(3,)])
        # what another person does comes by itself
        self.pg.psql(DB, "UPDATE nadir.objects SET caption = 'from afar' WHERE uid = (SELECT min(uid::text)::uuid FROM nadir.objects)")
        self.wait(lambda: self.query("SELECT 1 FROM nadir_objects WHERE caption = 'from afar'"), "the other's caption")
        # what is done here is sent
        self.hand.move(400, 400)
        self.hand.key("ctrl+a", "Delete")
        self.wait(lambda: self.on_server() == 0, "the deletion on the server")
        # work goes on while the server is away, and is sent on return
        self.pg.stop()
        self.hand.key("ctrl+z")
        self.wait(lambda: self.query("SELECT count(*) FROM nadir_objects") == [(3,)], "undo without a server")
        self.pg.start()
        self.wait(lambda: self.on_server() == 3, "the objects on the server again")
        self.assertEqual(self.pg.psql(DB, "SELECT count(*) FROM nadir.objects WHERE caption = 'from afar'"), [["1"]])
        self.close()
        self.ok(self.nadir("sync", self.other))

    def test_decided_by_hand(self):
        """Deleted here while another changed them: three decisions, one taken from the server, one kept, one left open."""
        self.begin()
        self.hand.move(400, 400)
        self.pg.psql(DB, "ALTER ROLE anna NOLOGIN")  # she is not back before the other has changed something
        self.pg.stop()
        self.hand.key("ctrl+a", "Delete")
        self.wait(lambda: self.query("SELECT count(*) FROM nadir_objects") == [(0,)], "the deletion here")
        self.pg.start()
        self.pg.psql(DB, "UPDATE nadir.objects SET caption = 'from afar'")
        self.pg.psql(DB, "ALTER ROLE anna LOGIN")
        self.wait(lambda: self.find("Team") or self.hand.key("ctrl+alt+m"), "the team's window")
        self.wait(lambda: self.query("SELECT count(*) FROM team_rows WHERE trouble <> ''") == [(3,)], "three decisions")
        time.sleep(1.5)  # and their cards
        self.assertEqual(self.on_server(), 3, "nothing is overwritten")
        self.hand.click(276, 451)  # Take Theirs, of the first
        self.wait(lambda: self.query("SELECT caption FROM nadir_objects") == [("from afar",)], "what the other has")
        time.sleep(1)
        self.hand.click(116, 451)  # Keep Mine, of the next
        self.wait(lambda: self.on_server() == 2, "the deletion there")
        self.assertEqual(self.query("SELECT count(*) FROM nadir_objects"), [(1,)])
        self.process.kill()


if __name__ == "__main__":
    if not shutil.which("xdotool") or not shutil.which("Xvfb"):
        print("xdotool or Xvfb is missing")
        sys.exit(common.SKIP)
    unittest.main()
