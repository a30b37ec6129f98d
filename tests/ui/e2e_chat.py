#!/usr/bin/env python3
"""Talking with the image in the real window under Xvfb, driven by xdotool: two marked regions, a question with chips, another
answer, an edited question, ready-made questions by their keys, what was found as an object, a caption, the conversation as a
file, before and after reopening; and stopping a reply of the shipped model. What is asserted is the project and the exported
triples: never the picture, and never how good an answer is."""
import json
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import chat_common  # noqa: E402
import common  # noqa: E402
from e2e import TREE, WindowTest, wait_for  # noqa: E402

BRIEF_REGIONS = "Please provide a brief caption of each marked region in the image."
SEGMENT_REGIONS = "Please segment each marked region in the image."
CANCELLED = 4  # chat_stop


def wkt_area(wkt):
    return common.polygons_area(common.wkt_polygons(wkt))


class TalkTest(WindowTest):
    def choose_chat_model(self, path):
        folder = self.tmp / "config" / "nadir"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "settings.ini").write_text(f"[nadir]\nchat-model='{path}'\n", encoding="utf-8")

    def messages(self):
        rows = self.query("SELECT id, parent_id, role, content, regions, results FROM messages ORDER BY id")
        return [dict(zip(("id", "parent", "role", "content", "regions", "results"), row)) for row in rows]

    def wait_messages(self, n, what):
        wait_for(lambda: len(self.messages()) == n, what, self.process, self.tmp / "window.log")
        return self.messages()

    def leaf(self):
        return self.query("SELECT leaf FROM conversations")[0][0]

    def wait_leaf(self, leaf, what):
        wait_for(lambda: self.leaf() == leaf, what, self.process)


class Talk(TalkTest):
    """A model that says one sentence with one mask, whatever it is asked."""

    def mark_two(self):
        hand = self.hand
        hand.key("p")
        hand.click(*TREE)
        hand.key("m")  # a region of the question
        time.sleep(0.5)
        hand.key("b")
        hand.drag((500, 330), (600, 430))
        hand.key("slash")  # what is marked becomes the next one, and the entry has the keys
        time.sleep(0.5)

    def ask(self):
        hand = self.hand
        hand.type("is @")
        hand.key("Down", "Return")  # the second that is offered
        hand.type("like @1")
        hand.key("Return", "Return")  # the first; then the question
        asked, said = self.wait_messages(2, "the reply")
        self.assertEqual(asked["content"], "<Region 1> <Region 2> is <Region 2> like <Region 1>")
        self.assertEqual([m["kind"] for m in json.loads(asked["regions"])], ["point", "box"])
        self.assertEqual((said["parent"], said["content"]), (asked["id"], chat_common.VALUE))
        return said

    def accept(self, said):
        self.hand.key("Return")  # nothing is typed: what was found
        (id_, class_name, prompt, model, area, _, score), = self.wait_objects(1, "the grounded object")
        grounded, = json.loads(said["results"])["grounded"]
        self.assertEqual(class_name, "ship")
        self.assertEqual(json.loads(prompt), [{"kind": "text", "sign": 1, "text": "ship"}])
        self.assertTrue(model.startswith("chat-chain@"), model)
        self.assertGreater(area, 0)
        self.assertAlmostEqual(score, grounded["score"], places=4)

        def told():
            return json.loads(self.messages()[1]["results"])["grounded"][0].get("object") == id_
        wait_for(told, "the reply to know its object", self.process)
        self.hand.key("alt+k")
        wait_for(lambda: self.query("SELECT caption FROM nadir_objects") == [(chat_common.SAID,)], "the caption",
                 self.process)

    def branch(self, said):
        hand = self.hand
        hand.key("ctrl+r")
        again = self.wait_messages(3, "another answer")[2]
        self.assertEqual(again["parent"], said["parent"])
        self.wait_leaf(again["id"], "the new answer in sight")
        hand.key("alt+Left")
        self.wait_leaf(said["id"], "the first answer in sight")
        hand.key("alt+Up", "ctrl+a")
        hand.type("what is @2")
        hand.key("Return", "Return")
        edited, answer = self.wait_messages(5, "the answer to the edited question")[3:]
        self.assertEqual((edited["content"], edited["parent"]), ("what is <Region 2>", None))
        self.wait_leaf(answer["id"], "the edited question in sight")
        hand.key("alt+Left")
        self.wait_leaf(said["id"], "the first question in sight")

    def ready_made(self):
        self.hand.key("F3")
        asked = self.wait_messages(7, "the description")[5]
        self.assertEqual(asked["content"], BRIEF_REGIONS)
        self.hand.key("F7")
        asked = self.wait_messages(9, "the masks")[7]
        self.assertEqual(asked["content"], SEGMENT_REGIONS)

    def check_exports(self):
        """What was found is an object like any other: GDAL reads its class, model and caption."""
        for name in ("found.shp", "found.geojson"):
            row, = common.read_vector(self.export(name), self.tmp)
            self.assertEqual((row["class"], row["caption"]), ("ship", chat_common.SAID))
            self.assertTrue(row["model"].startswith("chat-chain@"))
            self.assertTrue(wkt_area(row["WKT"]) > 0)

    def export_talk(self, name):
        """By the palette, as an action without a key is reached."""
        path, hand = self.tmp / name, self.hand
        hand.move(*TREE)
        hand.key("ctrl+k")
        wait_for(lambda: self.find("Command Palette"), "the palette", self.process)
        time.sleep(0.5)
        hand.move(250, 28)  # keys go to the window under the pointer
        hand.type("Export Conversation")
        hand.key("Return")
        wait_for(lambda: self.find("Export the Conversation"), "the file chooser", self.process)
        time.sleep(0.5)
        hand.move(250, 110)
        hand.key("ctrl+a")
        hand.type(str(path))
        hand.key("Return")
        wait_for(path.exists, f"the export to {name}", self.process)
        wait_for(lambda: not self.find("Export the Conversation"), "the dialog to close", self.process)
        return path.read_bytes()

    def check_triples(self, triples):
        """What was in sight: the first question with its first answer, then the ready-made ones."""
        rows = self.messages()
        path = [rows[i] for i in (0, 1, 5, 6, 7, 8)]
        self.assertEqual(triples["image"], self.image.name)
        self.assertEqual(triples["conversations"], [{"from": m["role"], "value": m["content"]} for m in path])
        self.assertEqual(triples["regions"], json.loads(rows[0]["regions"]))
        replied = self.nadir("ask", self.image, "And now?", "--turns", self.tmp / "before.json", "--model",
                             chat_common.CHAIN, "--json")
        self.assertEqual(self.ok(replied).json["text"], chat_common.SAID)  # it is a conversation for the command line too

    def test_talk(self):
        self.choose_chat_model(chat_common.CHAIN)
        self.start(self.image, common.model())
        self.mark_two()
        said = self.ask()
        self.accept(said)
        self.check_exports()
        self.hand.key("slash")
        self.branch(said)
        self.ready_made()
        before = self.export_talk("before.json")
        self.close()
        self.start(self.project, common.model())
        self.hand.key("alt+2")
        time.sleep(1)
        self.assertEqual(self.export_talk("after.json"), before)
        self.close()
        self.check_triples(json.loads(before))


class Keep(Talk):
    """What stands around a conversation, by keys: copying a reply, settings of its own, finding it again."""

    def settings(self, n):
        return json.loads(self.query(f"SELECT settings FROM conversations WHERE id = {n}")[0][0])

    def copy(self):
        self.hand.key("alt+c", "ctrl+v", "Return")
        pasted = self.wait_messages(4, "what was copied as a question")[2]
        self.assertEqual(pasted["content"], chat_common.SAID)

    def set(self):
        hand, before = self.hand, self.settings(1)
        hand.key("alt+comma")
        time.sleep(0.5)
        hand.key("ctrl+a")
        hand.type("0.7")
        hand.key("Tab")
        hand.key("Escape")
        wait_for(lambda: self.settings(1) == before | {"temperature": 0.7}, "the temperature in the project", self.process)

    def find_again(self):
        hand = self.hand
        hand.key("ctrl+n")
        hand.type("how green is it")
        hand.key("Return")
        self.wait_messages(6, "the second conversation")
        self.assertEqual(self.settings(2)["temperature"], 0.7)  # a new one begins with what was set last
        hand.key("ctrl+l")
        time.sleep(0.5)
        hand.type("like")  # a word of the first
        hand.key("Return")
        time.sleep(0.5)
        hand.type("and this")
        hand.key("Return")
        self.wait_messages(8, "a further turn")
        talks = self.query("SELECT conversation_id, count(*) FROM messages GROUP BY 1 ORDER BY 1")
        self.assertEqual(talks, [(1, 6), (2, 2)])

    def test_talk(self):
        self.choose_chat_model(chat_common.CHAIN)
        self.start(self.image, common.model())
        self.mark_two()
        self.ask()
        self.copy()
        self.set()
        self.find_again()
        self.close()


class Stop(TalkTest):
    """The shipped model is stopped while it looks or speaks: what was said is kept, and it answers again."""

    def stop_after(self, seconds):
        """The reply that is stored then, or None: it was stopped before the first word."""
        before = len(self.messages())
        self.hand.key("ctrl+r")
        time.sleep(seconds)
        self.hand.key("F8")
        for _ in range(20):
            time.sleep(0.1)
            if len(self.messages()) > before:
                return json.loads(self.messages()[-1]["results"])
        return None

    def test_stop(self):
        self.start(self.image, common.model())
        self.hand.key("slash")
        time.sleep(0.5)
        self.hand.key("F3")
        first = self.wait_messages(2, "the whole reply")[1]
        self.assertNotEqual(json.loads(first["results"])["stop"], CANCELLED)
        stopped = 0
        for seconds in (0.05, 0.2, 0.4, 0.7, 1.0, 1.4, 2.0, 3.0):
            reply = self.stop_after(seconds)
            stopped += reply is None or reply["stop"] == CANCELLED
            if reply and reply["stop"] == CANCELLED:
                self.assertTrue(reply["text"])
                break
        self.assertGreater(stopped, 0, "no reply was ever stopped")
        n = len(self.messages())
        self.hand.key("F4")
        self.wait_messages(n + 2, "a reply to the next question")
        self.close()


if __name__ == "__main__":
    if not shutil.which("xdotool") or not shutil.which("Xvfb"):
        print("xdotool or Xvfb is missing")
        sys.exit(common.SKIP)
    common.main()
