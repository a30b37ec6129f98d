#!/usr/bin/env python3
"""A project that a team shares, on a real PostGIS server: the schema and its versions, roles, passwords, copies that change
at once, conflicts and their resolution, an answer that was lost."""
import json
import sqlite3
import unittest

import common
from common import SOURCE, CliTest
from postgres import PASSWORD, Postgres

PG: Postgres
IMAGES = SOURCE / "data" / "samples"


def setUpModule():
    global PG
    PG = Postgres()


def tearDownModule():
    PG.remove()


def labelme(path, boxes):
    shapes = [{"label": label, "shape_type": "rectangle", "points": [[x, y], [x + w, y + h]], "flags": {}, "group_id": None}
              for label, x, y, w, h in boxes]
    path.write_text(json.dumps({"version": "5.0.1", "flags": {}, "shapes": shapes, "imagePath": "OSBS_029.tif",
                                "imageData": None, "imageHeight": 400, "imageWidth": 400}))


class TeamTest(CliTest):
    number = 0

    def setUp(self):
        super().setUp()
        TeamTest.number += 1
        self.db = f"team{TeamTest.number}"
        self.url = PG.create(self.db)

    def copy(self, name):
        return self.tmp / f"{name}.nadir.gpkg"

    def sql(self, name, statement, *values):
        db = sqlite3.connect(self.copy(name))
        with db:
            rows = db.execute(statement, values).fetchall()
        db.close()
        return rows

    def sync(self, name, *args, conflicts=0):
        """One synchronisation; its JSON. Conflicts that are left make it fail with one sentence."""
        run = self.nadir("sync", *args, self.copy(name), "--json")
        result = json.loads(run.out) if run.out else None
        self.assertIsNotNone(result, run.err)
        self.assertEqual(len(result["conflicts"]), conflicts, run.out)
        self.assertEqual(run.status, 1 if conflicts else 0, run.err)
        self.assertEqual(len(run.err.splitlines()), 1 if conflicts else 0, run.err)
        return result

    def team(self):
        """A server with three objects and two copies of it."""
        self.ok(self.nadir("init", self.url))
        labelme(self.tmp / "a.json", [("tree", 10, 10, 30, 20), ("tree", 100, 50, 25, 25), ("car", 200, 200, 12, 8)])
        self.ok(self.nadir("import", "a.json", "--into", self.copy("a"), "--images", IMAGES))
        self.assertEqual(self.sync("a", self.url)["sent"], 6)  # an image, two classes, three objects
        self.assertEqual(self.sync("b", self.url)["received"], 6)

    def objects(self, name):
        """What both copies must share: everything but the numbers of their own files."""
        return self.sql(name, "SELECT r.uid, i.fingerprint, o.class, o.score, o.area_px, hex(o.px_geom), o.model, o.prompt, o.state, "
                        "o.caption, o.source, o.author, o.review, o.reviewer, o.comment FROM nadir_objects o JOIN images i ON "
                        "i.id = o.image_id JOIN team_rows r ON r.kind = 3 AND r.local_id = o.fid ORDER BY r.uid")

    def assert_agree(self):
        self.assertEqual(self.objects("a"), self.objects("b"))
        n = PG.psql(self.db, "SELECT count(*) FROM nadir.objects WHERE NOT deleted")[0][0]
        self.assertEqual(len(self.objects("a")), int(n))


class Schema(TeamTest):
    def test_made_once_and_refused_when_newer_or_older(self):
        self.assertEqual(self.ok(self.nadir("init", self.url, "--json")).json["from"], 0)
        self.assertEqual(self.ok(self.nadir("init", self.url, "--json")).json["from"], 3)
        PG.psql(self.db, "UPDATE nadir.meta SET schema_version = 99")
        self.fails(self.nadir("init", self.url), "newer nadir", "update")
        self.fails(self.nadir("sync", self.url, self.copy("a")), "newer nadir", "update")
        self.assertFalse(self.copy("a").exists())
        PG.psql(self.db, "UPDATE nadir.meta SET schema_version = 2")
        self.fails(self.nadir("sync", self.url, self.copy("a")), "older schema", "nadir init")

    def test_bad_addresses(self):
        self.fails(self.nadir("sync", self.url, self.copy("a")), "no shared project", "nadir init")
        self.fails(self.nadir("init", "mysql://x/y"), "postgresql://", status=2)
        self.fails(self.nadir("sync", self.copy("a")), "no project")
        self.fails(self.nadir("sync", self.url), "project's file", status=2)
        self.fails(self.nadir("sync", self.url.replace(self.db, "nobody"), self.copy("a")), "not reached")
        for address in (f"postgresql://anna:{PASSWORD}@127.0.0.1/x", f"postgresql://anna@127.0.0.1/x?password={PASSWORD}"):
            for command in (("init", address), ("sync", address, self.copy("a"))):
                run = self.nadir(*command)
                self.fails(run, "PGPASSFILE", status=2)
                self.assertNotIn(PASSWORD, run.err)

    def test_password_file_and_nowhere_else(self):
        self.ok(self.nadir("init", self.url))
        PG.psql(self.db, f"CREATE ROLE anna LOGIN PASSWORD '{PASSWORD}'; GRANT {self.db}_reviewer TO anna")
        address = f"postgresql://anna@127.0.0.1:{PG.port}/{self.db}"
        self.fails(self.nadir("sync", address, self.copy("a")), "password")
        secret = self.tmp / "pgpass"
        secret.write_text(f"127.0.0.1:{PG.port}:{self.db}:anna:{PASSWORD}\n")
        secret.chmod(0o600)
        run = self.ok(self.nadir("sync", address, self.copy("a"), "--json", env=self.env(PGPASSFILE=str(secret))))
        self.assertEqual((run.json["user"], run.json["role"]), ("anna", "reviewer"))
        self.assertNotIn(PASSWORD.encode(), self.copy("a").read_bytes())
        self.assertNotIn(PASSWORD, run.out + run.err)


class Copies(TeamTest):
    def test_changes_of_both_are_merged(self):
        self.team()
        self.sql("a", "UPDATE nadir_objects SET caption = 'a tall one' WHERE fid = 1")
        self.sql("b", "UPDATE nadir_objects SET comment = 'check' WHERE fid = 1")
        self.sql("b", "UPDATE nadir_objects SET review = 'accepted', reviewer = 'b' WHERE fid = 2")
        self.sql("a", "DELETE FROM nadir_objects WHERE fid = 3")
        self.sync("a")
        self.assertEqual(self.sync("b")["merged"], 1)
        self.sync("a")
        self.assert_agree()
        self.assertEqual(self.sql("a", "SELECT caption, comment FROM nadir_objects WHERE fid = 1"), [("a tall one", "check")])
        self.assertEqual(len(self.objects("a")), 2)

    def conflict(self):
        self.team()
        self.sql("a", "UPDATE nadir_objects SET caption = 'of a', comment = 'a' WHERE fid = 1")
        self.sql("b", "UPDATE nadir_objects SET caption = 'of b' WHERE fid = 1")
        self.sync("a")
        found = self.sync("b", conflicts=1)["conflicts"][0]
        self.assertEqual((found["changed"], found["who"], found["id"]), ("caption", "postgres", 1))
        self.assertEqual((found["ours"]["caption"], found["theirs"]["caption"]), ("of b", "of a"))
        self.sync("b", conflicts=1)  # it stays until it is decided
        self.assertEqual(self.sql("b", "SELECT caption FROM nadir_objects WHERE fid = 1"), [("of b",)])
        self.assertEqual(PG.psql(self.db, "SELECT caption FROM nadir.objects WHERE caption <> ''"), [["of a"]])

    def decide(self, side, captions):
        self.conflict()
        self.assertEqual(self.sync("b", "--take", side)["resolved"], 1)
        self.sync("a")
        self.assert_agree()
        self.assertEqual(self.sql("a", "SELECT caption, comment FROM nadir_objects WHERE caption <> '' ORDER BY 1"), captions)

    def test_ours(self):
        self.decide("ours", [("of b", "a")])  # what only the other side changed is kept

    def test_theirs(self):
        self.decide("theirs", [("of a", "a")])

    def test_both(self):
        self.decide("both", [("of a", "a"), ("of b", "")])

    def test_deleted_here_changed_there(self):
        self.team()
        self.sql("a", "UPDATE nadir_objects SET caption = 'new' WHERE fid = 3")
        self.sql("b", "DELETE FROM nadir_objects WHERE fid = 3")
        self.sync("a")
        self.assertEqual(self.sync("b", conflicts=1)["conflicts"][0]["changed"], "deleted here")
        self.assertEqual(self.sync("b", "--take", "theirs")["resolved"], 1)
        self.assert_agree()
        self.assertEqual(len(self.objects("b")), 3)

    def test_same_class_and_image_made_twice_are_one(self):
        self.team()
        for name in "ab":
            labelme(self.tmp / "more.json", [("lake", 300 if name == "a" else 340, 300, 20, 20)])
            self.ok(self.nadir("import", "more.json", "--into", self.copy(name), "--images", IMAGES))
        for name in "aba":
            self.sync(name)
        self.assert_agree()
        self.assertEqual(len(self.objects("a")), 5)
        self.assertEqual(PG.psql(self.db, "SELECT count(*) FROM nadir.classes"), [["3"]])
        self.assertEqual(PG.psql(self.db, "SELECT count(*) FROM nadir.images"), [["1"]])

    def test_images_of_a_list_and_copies_of_one(self):
        """Listed images are shared before anybody opened them; who opens one says what it is; copies stay apart."""
        self.team()
        for place in ("x", "y"):
            self.sql("a", "INSERT INTO images (path, fingerprint, width, height, georef, added) VALUES (?, '', 0, 0, '', '')", place)
        self.sync("a")
        self.sync("b")
        fill = "UPDATE images SET fingerprint = 'same', width = 9, height = 9, georef = (SELECT georef FROM images WHERE id = 1) WHERE path = ?"
        self.sql("a", fill, "x")
        self.sql("a", fill, "y")
        self.sync("a")
        self.sync("b")
        rows = "SELECT path, fingerprint, width FROM images WHERE id > 1 ORDER BY 1"
        self.assertEqual(self.sql("b", rows), [("x", "same", 9), ("y", "same", 9)])
        self.assertEqual(self.sql("a", rows), self.sql("b", rows))
        self.assertEqual(self.sync("c", self.url)["received"], 8)
        self.assertEqual(self.sql("c", rows), self.sql("b", rows))

    def test_class_renamed(self):
        self.team()
        self.sql("a", "UPDATE classes SET name = 'vehicle' WHERE name = 'car'")
        self.sync("a")
        self.sync("b")
        self.assertEqual(self.sql("b", "SELECT class FROM nadir_objects WHERE fid = 3"), [("vehicle",)])

    def test_lost_answer(self):
        """The push arrived, its answer did not: the copy finds out, and later work on the row is no conflict."""
        self.team()
        before = self.copy("a").read_bytes()
        self.sql("a", "UPDATE nadir_objects SET caption = 'sent' WHERE fid = 1")
        changed = self.copy("a").read_bytes()
        self.assertNotEqual(before, changed)
        self.sync("a")
        token = PG.psql(self.db, "SELECT push FROM nadir.history ORDER BY version DESC LIMIT 1")[0][0]
        uid, version = self.sql("a", "SELECT uid, version FROM team_rows WHERE kind = 3 AND local_id = 1")[0]
        base = self.sql("b", "SELECT base, base_px, version FROM team_rows WHERE uid = ?", uid)[0]
        # as it was between the push and its answer
        self.sql("a", "UPDATE team_rows SET sent = base, sent_px = base_px, pending = 1, base = ?, base_px = ?, version = ? "
                 "WHERE uid = ?", *base, uid)
        self.sql("a", "INSERT OR REPLACE INTO team_meta VALUES ('token', ?)", token)
        self.sql("a", "UPDATE team_meta SET value = ? WHERE key = 'known'", str(version - 1))
        self.sql("a", "UPDATE nadir_objects SET caption = 'sent and changed' WHERE fid = 1")
        self.sync("a")
        self.sync("b")
        self.assert_agree()
        self.assertEqual(self.sql("b", "SELECT caption FROM nadir_objects WHERE fid = 1"), [("sent and changed",)])

    def test_away_and_back(self):
        self.team()
        self.sql("a", "UPDATE nadir_objects SET caption = 'offline' WHERE fid = 1")
        PG.stop()
        try:
            self.fails(self.nadir("sync", self.copy("a")), "not reached", "local copy")
        finally:
            PG.start()
        self.sync("a")
        self.sync("b")
        self.assert_agree()

    def test_copy_of_another_project_is_refused(self):
        self.team()
        other = PG.create(self.db + "b")
        self.ok(self.nadir("init", other))
        self.fails(self.nadir("sync", other, self.copy("a")), "another shared project")


class Roles(TeamTest):
    def test_rules_of_rows(self):
        self.team()
        for name, role in (("ann", "annotator"), ("rev", "reviewer")):
            PG.psql(self.db, f"DROP ROLE IF EXISTS {name}; CREATE ROLE {name} LOGIN; GRANT {self.db}_{role} TO {name}")
        self.assertEqual(self.sync("rev", PG.url(self.db, "rev"))["role"], "reviewer")
        self.assertEqual(self.sync("ann", PG.url(self.db, "ann"))["role"], "annotator")
        self.sql("ann", "UPDATE nadir_objects SET caption = 'drawn' WHERE fid = 1")
        self.assertEqual(self.sync("ann")["sent"], 1)
        self.sync("rev")
        self.sql("rev", "UPDATE nadir_objects SET review = 'accepted', state = 'accepted', reviewer = 'rev' WHERE fid = 1")
        self.assertEqual(self.sync("rev")["sent"], 1)
        # what is decided an annotator no longer changes, and decides nothing: both are told, the rest goes through
        self.sync("ann")
        self.sql("ann", "UPDATE nadir_objects SET caption = 'again' WHERE fid = 1")
        self.sql("ann", "UPDATE nadir_objects SET review = 'rejected' WHERE fid = 2")
        self.sql("ann", "UPDATE nadir_objects SET caption = 'a car' WHERE fid = 3")
        result = self.sync("ann", conflicts=2)
        self.assertEqual([c["refused"] for c in result["conflicts"]], [True, True])
        self.assertEqual(result["sent"], 1)
        self.sync("ann", "--take", "ours")  # there is only theirs to take
        self.sync("rev")
        self.assertEqual(self.objects("ann"), self.objects("rev"))
        # nobody goes round the tables
        for statement in ("DELETE FROM nadir.objects", "INSERT INTO nadir.history SELECT * FROM nadir.history",
                          "UPDATE nadir.meta SET schema_version = 1", "INSERT INTO nadir.assignments SELECT uid, 'x', now(), now() FROM nadir.images"):
            with self.assertRaisesRegex(RuntimeError, "permission denied"):
                PG.psql(self.db, statement, user="ann")

    def test_strangers_stay_out(self):
        self.team()
        PG.psql(self.db, "DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN")
        self.fails(self.nadir("sync", PG.url(self.db, "stranger"), self.copy("x")), "does not let you in", "owner")
        self.assertFalse(self.copy("x").exists())

    def test_batches_of_images(self):
        self.team()
        PG.psql(self.db, "INSERT INTO nadir.images SELECT gen_random_uuid(), 0, false, '', now(), 'i' || i, 'f' || i, 9, 9, '{}', 0 "
                "FROM generate_series(1, 9) i")
        for name in ("one", "two"):
            PG.psql(self.db, f"DROP ROLE IF EXISTS {name}; CREATE ROLE {name} LOGIN; GRANT {self.db}_annotator TO {name}")
        first = PG.psql(self.db, "SELECT nadir.claim(4, 30)", user="one")
        second = PG.psql(self.db, "SELECT nadir.claim(20, 30)", user="two")
        self.assertEqual((len(first), len(second)), (4, 6))
        self.assertFalse({r[0] for r in first} & {r[0] for r in second})
        PG.psql(self.db, "UPDATE nadir.assignments SET until = now() - interval '1 second' WHERE who = 'one'")
        self.assertEqual(len(PG.psql(self.db, "SELECT nadir.claim(20, 30)", user="two")), 4)  # they had timed out
        self.assertEqual(PG.psql(self.db, "SELECT nadir.release()", user="two"), [["10"]])


if __name__ == "__main__":
    unittest.main()
