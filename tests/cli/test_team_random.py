#!/usr/bin/env python3
"""Two people at random on one server whose connections are cut and which is stopped at any moment. Afterwards both copies and
the server agree, every edit that was acknowledged is in the server's history, overtaken by its own author, or in a reported
conflict, and nobody wrote over what he had not seen.

    test_team_random.py [EDITS [SEED]]       edits of each person; 400 by default
"""
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from common import BUILD
from postgres import Postgres

CLIENT = BUILD / "tests" / "unit" / "server" / "team-client"
DB = "noise"


class Chaos(threading.Thread):
    """Cuts connections all the time, and stops the server now and then."""

    def __init__(self, pg, dice):
        super().__init__()
        self.pg, self.dice, self.done, self.killed, self.stopped = pg, dice, threading.Event(), 0, 0

    def run(self):
        last = time.monotonic()
        while not self.done.wait(self.dice.uniform(0.02, 0.4)):
            try:
                rows = self.pg.psql("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{DB}' "
                                    "ORDER BY random() LIMIT 1")
                self.killed += len(rows)
            except RuntimeError:
                pass
            if time.monotonic() - last > 3:
                self.pg.stop(self.dice.choice(["immediate", "fast"]))
                self.done.wait(self.dice.uniform(0, 0.5))
                self.pg.start()
                self.stopped += 1
                last = time.monotonic()


class Log:
    """What a client wrote down."""

    def __init__(self, who, text):
        self.who, self.edits, self.conflicts, self.summary = who, [], [], None
        waiting = {}
        for line in text.splitlines():
            kind, *f = line.split("\t")
            if kind == "E":
                edit = {"id": f[0], "uid": None if f[1] == "-" else f[1], "key": f[2], "before": f[3], "after": f[4]}
                self.edits.append(edit)
                if edit["uid"] is None:
                    waiting.setdefault(f[0], []).append(edit)
            elif kind == "M":
                for edit in waiting.pop(f[0], []):
                    edit["uid"] = f[1]
            elif kind == "C":
                ours, theirs = json.loads(f[3]) or {}, json.loads(f[4]) or {}
                self.conflicts.append({"uid": f[0], "fields": f[1].split(", "), "choice": f[2],
                                       "ours": {**ours, "outline": f[5]}, "theirs": {**theirs, "outline": f[6]}})
            elif kind == "S":
                self.summary = list(map(int, f))
        self.by_value = {(e["key"], e["after"], e["uid"]): e for e in self.edits}

    def lost(self, history):
        """Acknowledged edits of which nothing tells."""
        stored = {(key, h[key]) for h in history if h["who"] == self.who for key in ("caption", "comment", "outline")}
        overtaken = {(e["id"], e["key"], e["before"]) for e in self.edits}
        gone = {e["id"] for e in self.edits if e["key"] == "deleted"}
        reported = {(key, c["ours"].get(key)) for c in self.conflicts for key in ("caption", "comment", "outline")}
        return [e for e in self.edits if e["key"] != "deleted" and (e["key"], e["after"]) not in stored | reported
                and (e["id"], e["key"], e["after"]) not in overtaken and e["id"] not in gone]

    def had_seen(self, uid, key, value, written):
        """Whether this person knew `value` before it became `written`, or was told of the conflict."""
        if any(c["uid"] == uid and c["theirs"].get(key, "") == value for c in self.conflicts):
            return True
        for _ in range(len(self.edits)):
            edit = self.by_value.get((key, written, uid))
            if edit is None:
                return False
            if edit["before"] == value:
                return True
            written = edit["before"]
        return False


def history_of(pg):
    rows = pg.psql(DB, "SELECT json_build_object('uid', uid, 'who', who, 'deleted', deleted, 'caption', \"row\"->>'caption', 'comment', "
                   "\"row\"->>'comment', 'outline', md5(ST_AsBinary(px_geom, 'NDR'))) FROM nadir.history WHERE kind = 'object' ORDER BY version")
    return [json.loads("|".join(r)) for r in rows]


def overwritten(history, logs):
    """Changes of another person's value by somebody who did not know it. What its own author deleted nobody writes over."""
    last, bad = {}, []
    for h in history:
        before = last.get(h["uid"])
        last[h["uid"]] = h
        for key in ("caption", "comment", "outline"):
            if before and not before["deleted"] and not h["deleted"] and before[key] != h[key] and before["who"] != h["who"]:
                if not logs[h["who"]].had_seen(h["uid"], key, before[key], h[key]):
                    bad.append((h["uid"], key, before[key], h[key], h["who"]))
    return bad


def state_of(path):
    db = sqlite3.connect(path)
    rows = db.execute("SELECT r.uid, o.class, o.state, o.review, o.caption, o.comment, o.area_px, lower(hex(o.px_geom)) FROM nadir_objects o "
                      "JOIN team_rows r ON r.kind = 3 AND r.local_id = o.fid ORDER BY 1").fetchall()
    left = db.execute("SELECT (SELECT count(*) FROM team_dirty) + (SELECT count(*) FROM team_rows WHERE trouble <> '' OR pending)").fetchone()[0]
    total = db.execute("SELECT count(*) FROM nadir_objects").fetchone()[0]
    db.close()
    assert total == len(rows), "an object is not known to the team"
    return [tuple(map(str, r)) for r in rows], left


def server_state(pg):
    rows = pg.psql(DB, "SELECT json_build_array(o.uid, c.name, o.state, o.review, o.caption, o.comment, o.area_px::text, "
                   "encode(ST_AsBinary(px_geom, 'NDR'), 'hex')) FROM nadir.objects o JOIN nadir.classes c ON c.uid = o.class "
                   "WHERE NOT o.deleted ORDER BY o.uid::text")
    return [tuple(json.loads("|".join(r))) for r in rows]


def work(pg, folder, edits, seed):
    """The two at once; their logs."""
    people = {"one": seed, "two": seed + 1}
    running = {who: subprocess.Popen([CLIENT, pg.url(DB, who), folder / f"{who}.nadir.gpkg", str(n), str(edits)],
                                     stdout=(folder / who).open("w")) for who, n in people.items()}
    chaos = Chaos(pg, random.Random(seed))
    chaos.start()
    while any(p.poll() is None for p in running.values()):
        time.sleep(0.05)
    chaos.done.set()
    chaos.join()
    assert all(p.returncode == 0 for p in running.values()), "a person gave up"
    return {who: Log(who, (folder / who).read_text()) for who in people}, chaos


def settle(pg, folder):
    """Quiet: each decides what is left, until nothing is."""
    for _ in range(6):
        for who in ("one", "two"):
            subprocess.run([BUILD / "nadir", "sync", pg.url(DB, who), folder / f"{who}.nadir.gpkg", "--take", "ours"],
                           stdout=subprocess.DEVNULL, check=True)
        if state_of(folder / "one.nadir.gpkg") == state_of(folder / "two.nadir.gpkg"):
            break


def main() -> int:
    edits, seed = (int(a) for a in (sys.argv[1:] + ["400", "7"][len(sys.argv) - 1:]))
    pg = Postgres()
    try:
        with tempfile.TemporaryDirectory() as tmp:
            folder = Path(tmp)
            url = pg.create(DB)
            subprocess.run([BUILD / "nadir", "init", url], check=True, stdout=subprocess.DEVNULL)
            for who in ("one", "two"):
                pg.psql(DB, f"CREATE ROLE {who} LOGIN; GRANT {DB}_reviewer TO {who}")
            logs, chaos = work(pg, folder, edits, seed)
            settle(pg, folder)
            return judge(pg, folder, logs, chaos)
    finally:
        pg.remove()


def judge(pg, folder, logs, chaos) -> int:
    history = history_of(pg)
    (one, left_one), (two, left_two), server = state_of(folder / "one.nadir.gpkg"), state_of(folder / "two.nadir.gpkg"), server_state(pg)
    lost = {who: log.lost(history) for who, log in logs.items()}
    over = overwritten(history, logs)
    names = ("edits", "sent", "received", "merged", "conflicts", "cuts seen", "answers lost")
    for who, log in logs.items():
        print(who, ", ".join(f"{n} {name}" for n, name in zip(log.summary, names)), f"{len(lost[who])} edits lost", sep=": ")
    print(f"server: {len(server)} objects, {len(history)} versions of objects, {chaos.killed} connections cut, {chaos.stopped} times stopped")
    print(f"silent overwrites: {len(over)}; copies and server agree: {one == two == server}; changes left: {left_one + left_two}")
    for e in lost["one"][:5] + lost["two"][:5]:
        print("lost:", e)
    for o in over[:5]:
        print("overwritten:", o)
    assert sum(log.summary[3] + log.summary[4] for log in logs.values()) > 0 and chaos.killed > 0, "nothing was put to the test"
    return 0 if one == two == server and left_one + left_two == 0 and not over and not any(lost.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
