"""Replies of the PyTorch reference to twenty validation questions, for the engine's agreement test:
python make_replies.py --cache CACHE -o tests/data/egx-replies.json.

Greedy, f32, one view. Each entry: image (below the data folder), question, regions (command-line form and coordinates),
prompt ids, reply ids and the margin of every step, the stop included.
"""

import argparse
import json

import torch

import egx
from conversations import captions_of
from evaluate_chat import STARTER, words_of
from questions import questions
from store import Store, default_data

WANTED = {
    "scene aid": 5,
    "scene rsscn7": 1,
    "caption": 5,
    "region box": 3,
    "region point": 1,
    "region free": 2,
    "count": 1,
    "presence": 1,
    "grounded boxes": 1,
}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--cache", required=True)
    parser.add_argument("--model", default=STARTER)
    parser.add_argument("-o", "--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    store, model, entries = Store(args.cache), egx.load(args.model), []
    asked = questions(store, captions_of(args.data), 40, seed=11)
    for row, count in WANTED.items():
        for q in [q for q in asked if q.row == row][:count]:
            p = store.pictures[q.picture]
            out = model.reply(store.pixels(p), q.regions, q.text)
            entry = {
                "image": p.path,
                "question": q.text,
                "marks": [words_of(r) for r in q.regions],
                "regions": q.regions,
            }
            entry |= {"prompt": out["prompt"], "ids": out["ids"], "margins": [round(m, 4) for m in out["margins"]]}
            entries.append(entry | {"text": out["text"]})
            print(p.path, "|", q.text, "|", out["text"])
    print(len(entries), "entries,", len({e["text"] for e in entries}), "distinct replies")
    with open(args.out, "w") as f:
        json.dump({"model": egx.digest(args.model), "replies": entries}, f, separators=(",", ":"))


if __name__ == "__main__":
    main()
