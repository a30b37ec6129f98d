"""Scores of the starter chat model on the validation part, beside two trivial answerers: python evaluate_chat.py
--cache CACHE
[--nadir build/nadir | --reference starter-chat.gguf] [--limit N] [--json OUT].

`--nadir` asks the shipped program (`nadir ask IMAGE QUESTION --region ... --json --quality fast`), `--reference` the
PyTorch
model of the GGUF file. Every row: the model, the most frequent training answer, the nearest training picture by
colours.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict

import numpy as np
import torch

import metrics as M
import ggml  # noqa: F401  (puts the segmenter's trainer on the path)
from conversations import captions_of
from questions import Question, Trivial, questions
from store import Store, default_data

HERE = os.path.dirname(os.path.abspath(__file__))
STARTER = os.path.normpath(os.path.join(HERE, "..", "..", "starter-chat.gguf"))
SEGMENTER = os.path.normpath(os.path.join(HERE, "..", "..", "starter-sam.gguf"))


def words_of(region: dict) -> str:
    """A region as the command line has it."""
    if region["kind"] == "ellipse":
        cx, cy, rx, ry = region["cxcyrr"]
        return f"circle:{cx},{cy},{(rx + ry) / 2}"
    if region["kind"] in ("polygon", "scribble"):
        return region["kind"] + ":" + ";".join(f"{x},{y}" for x, y in region["pts"])
    return region["kind"] + ":" + ",".join(f"{v:g}" for v in region.get("xyxy") or region["xy"])


def decode_rle(rle: dict) -> np.ndarray:
    """bool [h, w] of COCO's compressed runs."""
    from pycocotools import mask as coco

    return coco.decode({"size": rle["size"], "counts": rle["counts"].encode()}).astype(bool)


class Program:
    """Answers of the shipped program."""

    def __init__(self, path: str, data: str, extra: list[str]) -> None:
        self.path, self.data, self.extra = path, data, extra

    def ask(self, store: Store, q: Question) -> tuple[str, np.ndarray | None]:
        p = store.pictures[q.picture]
        line = [
            self.path,
            "ask",
            os.path.join(self.data, p.path),
            q.text,
            "--json",
            "--quality",
            "fast",
            "--source",
            p.modality,
        ]
        for region in q.regions:
            line += ["--region", words_of(region)]
        done = subprocess.run(line + self.extra, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr.strip(), file=sys.stderr)
            return "", None
        out = json.loads(done.stdout)
        masks = [decode_rle(g["rle"]) for g in out.get("grounded", []) if g["rle"]]
        return out["text"], np.any(masks, 0) if masks else None


class Reference:
    """Answers of the PyTorch model."""

    def __init__(self, path: str, segmenter: str) -> None:
        import egx
        from predict import load_gguf

        torch.set_grad_enabled(False)
        self.model, (self.segmenter, meta) = egx.load(path), load_gguf(segmenter)
        self.size, self.picture = meta["sam.image_size"], None

    def ask(self, store: Store, q: Question) -> tuple[str, np.ndarray | None]:
        pixels = store.pixels(store.pictures[q.picture])
        if self.picture != q.picture:
            self.picture, self.encoded = q.picture, self.model.encode(pixels, True)
        out = self.model.reply(pixels, q.regions, q.text, encoded=self.encoded)
        phrases = out["asked"] if not q.regions else []
        masks = [self.map(pixels, a) for a in phrases] or [self.mask(pixels, v) for v in out["vectors"]]
        return re.sub(r"</?p>|<pix>", "", out["text"]), np.any(masks, 0) if masks else None

    def embedded(self, store: Store, q: Question) -> torch.Tensor:
        """Embeddings [1, T, D] of a question on its picture."""
        pixels = store.pixels(store.pictures[q.picture])
        if self.picture != q.picture:
            self.picture, self.encoded = q.picture, self.model.encode(pixels, True)
        seen = self.model.understand(self.encoded, q.regions)
        ids = self.model.prompt_ids([len(v) for v in seen["image"]], len(q.regions), q.text)
        return self.model.embed(ids, seen)

    def ask_all(self, store: Store, asked: list[Question], batch: int = 12) -> list[tuple[str, None]]:
        """Answers of questions without masks: those of one length go together, which is several times as fast."""
        found = [self.embedded(store, q) for q in asked]
        order = sorted(range(len(found)), key=lambda n: found[n].shape[1])
        texts, at = [""] * len(found), 0
        while at < len(order):
            size = found[order[at]].shape[1]
            own = [n for n in order[at : at + batch] if found[n].shape[1] == size]
            for n, ids in zip(own, self.greedy(torch.cat([found[n] for n in own]))):
                texts[n] = re.sub(r"</?p>|<pix>", "", self.model.tokenizer.decode(ids, True))
            at += len(own)
        return [(t, None) for t in texts]

    def greedy(self, x: torch.Tensor, most: int = 64) -> list[list[int]]:
        """Ids of each row of x [B, T, D], up to its stop."""
        llm, find = self.model.llm, self.model.tokenizer.find
        stops, cache = {find("<|im_end|>"), find("<|endoftext|>")}, [[] for _ in llm.blk]
        h, out, open_rows = llm(x, cache=cache)[:, -1], [[] for _ in x], set(range(len(x)))
        for _ in range(most):
            best = llm.logits(h).argmax(1)
            for n in sorted(open_rows):
                open_rows -= {n} if int(best[n]) in stops else set()
                out[n] += [int(best[n])] if n in open_rows else []
            if not open_rows:
                break
            h = llm(llm.token_embd(best[:, None]), cache=cache)[:, -1]
        return out

    def by_segmenter(self, pixels: np.ndarray) -> tuple:
        """The whole picture as a crop, and its encoding."""
        import prompts as P
        from predict import frame, normalise

        crop = P.Crop(0, 0, pixels.shape[1], pixels.shape[0])
        return crop, self.segmenter.encode(normalise(frame(pixels, crop, self.size), self.size)[None])

    def map(self, pixels: np.ndarray, asked: torch.Tensor) -> np.ndarray:
        """bool [H, W] of what a phrase looks for."""
        from ground import layers, phrase_map
        from predict import to_crop

        crop, encoded = self.by_segmenter(pixels)
        fused = self.encoded["fused"][:1] + self.model.egx.view[0]
        logits = phrase_map(asked[None], layers(fused, encoded), self.size // 4)[0]
        return to_crop(logits, crop, self.size) > 0

    def mask(self, pixels: np.ndarray, vector: torch.Tensor) -> np.ndarray:
        """bool [H, W] of one prompt vector."""
        from ground import low_res
        from predict import to_crop

        crop, encoded = self.by_segmenter(pixels)
        empty = torch.zeros(1, self.size // 4, self.size // 4)
        logits = low_res(self.segmenter, encoded, vector.view(1, 1, -1), empty)[0]
        return to_crop(logits, crop, self.size) > 0


def label_of(text: str) -> str:
    """The label in a reply about one region or a scene: without `<Region 1>: `, full stop and article."""
    text = re.sub(r"<\s*region\s*\d+\s*>\s*:?", "", text.split("\n")[0], flags=re.I).strip().strip(".").lower()
    return re.sub(r"^(a|an|the) ", "", text)


def number_of(text: str) -> int | None:
    """The first number in a reply, in digits or as a word."""
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    for w in M.words(text):
        if w.isdigit():
            return int(w)
        if w in words:
            return words.index(w)
    return None


def score(row: str, asked: list[Question], said: list, masks: list, sentences) -> dict[str, float]:
    """The row's measures of one answerer; `said` texts (numbers are fine), `masks` bool arrays for grounded rows."""
    if row.startswith("grounded"):
        pairs = [(m if m is not None else np.zeros_like(q.truth), q.truth) for q, m in zip(asked, masks)]
        return dict(zip(("gIoU", "cIoU"), M.mask_scores(pairs)))
    if row == "caption":
        truth = [q.truth for q in asked]
        rouge = float(np.mean([M.rouge_l(s, t) for s, t in zip(said, truth)]))
        return {"BLEU-4": M.bleu4(said, truth), "ROUGE-L": rouge, "CIDEr-D": M.cider_d(said, truth)}
    if row == "count":
        found = [number_of(str(s)) for s in said]
        errors = [abs((n if n is not None else 0) - q.truth) for n, q in zip(found, asked)]
        few = [e <= 1 for e, q in zip(errors, asked) if q.truth <= 10]
        return {"mean error": float(np.mean(errors)), "within 1 to ten": float(np.mean(few)) if few else float("nan")}
    if row == "presence":
        right = defaultdict(list)
        for s, q in zip(said, asked):
            right[q.truth].append(str(s).lower().startswith(q.truth))
        return {"balanced accuracy": float(np.mean([np.mean(v) for v in right.values()]))}
    exact, s_iou, close = defaultdict(list), defaultdict(list), defaultdict(list)
    for s, q in zip(said, asked):
        exact[q.truth].append(label_of(str(s)) == q.truth.lower())
        s_iou[q.truth].append(M.s_iou(label_of(str(s)), q.truth))
        if row.startswith("region"):
            close[q.truth].append(sentences.similarity(label_of(str(s)) or " ", q.truth))
    macro = lambda d: float(np.mean([np.mean(v) for v in d.values()]))  # noqa: E731
    if not row.startswith("region"):
        return {"accuracy": float(np.mean([x for v in exact.values() for x in v])), "macro": macro(exact)}
    return {"exact": macro(exact), "S-IoU": macro(s_iou), "SS": macro(close)}


def rows_of(asked: list[Question]) -> dict[str, list[int]]:
    """Question numbers by row; regions also by modality."""
    out: dict[str, list[int]] = {}
    for n, q in enumerate(asked):
        out.setdefault(q.row, []).append(n)
        if q.row.startswith("region"):
            out.setdefault(f"{q.row} {q.group}", []).append(n)
    return out


def naming(asked: list[Question], said: list[str], store: Store, labels: list[str]) -> float:
    """Share of region and scene replies that name a label or scene which is not that of the picture."""
    wrong = []
    for q, text in zip(asked, said):
        if q.row.startswith(("region", "scene")):
            p = store.pictures[q.picture]
            here = {b[0].lower() for b in p.boxes} | {(p.scene or "").lower()}
            named = [x for x in labels if x.lower() == label_of(text)]
            wrong.append(bool(named) and named[0].lower() not in here)
    return float(np.mean(wrong)) if wrong else float("nan")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--cache", required=True)
    parser.add_argument("--nadir")
    parser.add_argument("--extra", nargs="*", default=[], help="further arguments of `nadir ask`")
    parser.add_argument("--reference", default=STARTER)
    parser.add_argument("--segmenter", default=SEGMENTER)
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--rows", nargs="*", help="only rows that begin with one of these words")
    parser.add_argument("--json")
    parser.add_argument("--show", type=int, default=0, help="print this many replies a row")
    args = parser.parse_args()
    torch.set_num_threads(1)
    store, captions = Store(args.cache), captions_of(args.data)
    asked = questions(store, captions, args.limit)
    if args.rows:
        asked = [q for q in asked if q.row.startswith(tuple(args.rows))]
    asked.sort(key=lambda q: q.picture)
    model = Program(args.nadir, args.data, args.extra) if args.nadir else Reference(args.reference, args.segmenter)
    begin = time.time()
    if args.nadir or any(q.row.startswith("grounded") for q in asked):
        replies = [model.ask(store, q) for q in asked]
    else:
        replies = model.ask_all(store, asked)
    seconds = (time.time() - begin) / max(len(asked), 1)
    trivial = Trivial(store, captions, {q.row for q in asked})
    others = [trivial.answers(q) for q in asked]
    sentences, table = M.Sentences(), {}
    print("| row | n | measure | model | most frequent | nearest colours |\n|---|---|---|---|---|---|")
    for row, at in rows_of(asked).items():
        part = [asked[n] for n in at]
        scores = [score(row, part, [replies[n][0] for n in at], [replies[n][1] for n in at], sentences)]
        scores += [score(row, part, [others[n][k] for n in at], [others[n][k] for n in at], sentences) for k in (0, 1)]
        for name in scores[0]:
            table[f"{row} {name}"] = [round(s[name], 4) for s in scores]
            print(f"| {row} | {len(at)} | {name} | " + " | ".join(f"{s[name]:.3f}" for s in scores) + " |")
        for n in at[: args.show]:
            q = asked[n]
            print(
                "   ",
                store.pictures[q.picture].path,
                repr(replies[n][0]),
                "|",
                q.truth if isinstance(q.truth, (str, int, list)) else "",
            )
    labels = sorted({b[0] for p in store.pictures for b in p.boxes} | {p.scene for p in store.pictures if p.scene})
    empty = float(np.mean([not t.strip() for t, _ in replies]))
    wrong = naming(asked, [t for t, _ in replies], store, labels)
    print(
        f"replies that name another label or scene than the picture has: {wrong:.3f}; "
        f"empty: {empty:.3f}; {seconds:.2f} s a reply"
    )
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"rows": table, "wrong": wrong, "empty": empty, "seconds": seconds}, f, indent=1)


if __name__ == "__main__":
    main()
