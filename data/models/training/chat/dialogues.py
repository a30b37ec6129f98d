"""Dialogues of several turns about validation pictures, to be read through: python dialogues.py --cache CACHE -n 200.

Prints each dialogue and, at the end, what a script can find: empty replies, replies cut off by the limit, replies that
repeat themselves, and how many different ones there are.
"""

import argparse

import numpy as np
import torch

import egx
from conversations import Author, captions_of
from evaluate_chat import STARTER, words_of
from simulate_marks import noisy_mark
from store import Store, default_data

MOST = 96  # tokens of a reply


def repeats(text: str) -> bool:
    """Whether three words come three times in a row, or one word four times."""
    words = text.split()
    triples = [tuple(words[n : n + 3]) for n in range(len(words) - 2)]
    thrice = any(triples[n] == triples[n + 3] == triples[n + 6] for n in range(len(triples) - 6))
    return thrice or any(len(set(words[n : n + 4])) == 1 for n in range(len(words) - 3))


def questions(author: Author, p, i: int, rng: np.random.Generator) -> tuple[list[dict], list[str]]:
    """Regions and three questions about picture i, of kinds that differ."""
    usable = [n for n, b in enumerate(p.boxes) if min(b[3:]) >= 4]
    objects = [int(n) for n in rng.permutation(usable)[: int(rng.integers(0, 3))]]
    regions = [noisy_mark(rng, p.boxes[n][1:], p.width, p.height) for n in objects]
    makers = author.tasks(p, i, objects)
    order = rng.permutation(len(makers))
    turns = [makers[n][1]() for n in order]
    return regions, list(dict.fromkeys(t.question for t in turns if t is not None))[:3]


@torch.no_grad()
def talk(model: egx.Egx, pixels: np.ndarray, regions: list[dict], asked: list[str]) -> list[tuple[str, bool]]:
    """Replies to the questions, one after another in one dialogue, and whether each ended by itself."""
    seen, t = model.understand(model.encode(pixels, True), regions), model.tokenizer
    stops, cache, out = (t.find("<|im_end|>"), t.find("<|endoftext|>")), [[] for _ in model.llm.blk], []
    for n, question in enumerate(asked):
        ids = model.turn_ids(question) if n else model.prompt_ids([len(v) for v in seen["image"]], len(regions), question)
        x = model.embed(([stops[0]] if n else []) + ids, None if n else seen)
        found, margins, _ = model.generate(x, cache, MOST, stops)
        out.append((t.decode(found, True), len(margins) > len(found)))
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--cache", required=True)
    parser.add_argument("--model", default=STARTER)
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    store, model, rng, said = Store(args.cache), egx.load(args.model), np.random.default_rng(args.seed), []
    author = Author(store.pictures, captions_of(args.data), rng)
    pools: dict[str, list[int]] = {}
    for i in rng.permutation(len(store.pictures)):
        if store.pictures[i].validation:
            pools.setdefault(store.pictures[i].source, []).append(int(i))
    order = [pool[n] for n in range(args.n) for pool in pools.values() if n < len(pool)][: args.n]  # sources in turn
    for i in order:
        p = store.pictures[i]
        regions, asked = questions(author, p, i, rng)
        print(f"--- {p.path} {p.scene or ''} {' '.join(words_of(r) for r in regions)}")
        for question, (text, ended) in zip(asked, talk(model, store.pixels(p), regions, asked)):
            said.append((text, ended))
            print(f"  ? {question}\n  = {text}{'' if ended else ' [cut off]'}", flush=True)
    texts = [t for t, _ in said]
    print(
        f"{len(order)} dialogues, {len(texts)} replies, {len(set(texts))} different; empty {sum(not t.strip() for t in texts)}, "
        f"cut off {sum(not e for _, e in said)}, repeating {sum(map(repeats, texts))}"
    )


if __name__ == "__main__":
    main()
