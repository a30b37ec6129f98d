"""How right the answers to validation questions are while a model trains: python validate.py --work WORK --cache CACHE.

The truth is read along, so a short answer counts as right when each of its tokens would be said: for scene, region,
presence and count that is what greedy decoding gives, without decoding. Captions: loss a token.
"""

import argparse
import json
import os
import pickle

import numpy as np
import torch

from conversations import Sample, Turn, captions_of, counted
from features import CELLS, Compiled, branch, zooms
from questions import questions
from sequences import codes, quick_raster, with_rows
from store import stage_arguments
from tune import Run, answers, cv2_threads


def close_ups(run: Run, limit: int) -> list:
    """(question, close-up of its mark or None), kept in WORK."""
    path = os.path.join(run.args.work, f"asked-{limit}.pkl")
    if not os.path.exists(path):
        net, store, found = Compiled(branch(run.args.work)), run.source.store, []
        for q in questions(store, captions_of(run.args.data), limit):
            if not q.row.startswith("grounded"):
                pixels = store.pixels(store.pictures[q.picture])
                found.append((q, zooms(net, pixels, q.regions) if q.regions else None))
        with open(path, "wb") as f:
            pickle.dump(found, f)
    with open(path, "rb") as f:
        return pickle.load(f)


def truth(q) -> str:
    """The answer that is read along; of presence its first word."""
    if q.row.startswith("region"):
        return f"<Region 1>: {q.truth}"
    if isinstance(q.truth, list):
        return q.truth[0]
    if q.row == "count":
        return counted(q.group, q.truth)
    return q.truth.capitalize() if q.row == "presence" else q.truth


def item(run: Run, q, zoom, part: int) -> dict:
    """One question as a picture's rows and features."""
    p, cells = run.source.store.pictures[q.picture], with_rows(np.arange(CELLS)[:: CELLS // part])
    raster, cover = run.source.bare, np.zeros((0, CELLS), np.float32)
    if q.regions:
        raster, cover = quick_raster(q.regions, p.width, p.height)
    sample = Sample(q.picture, q.regions, [], [Turn(q.row, q.text, truth(q))])
    out = run.source.rows(sample, cells, plain=True)
    found = run.source.cells[q.picture]
    out |= {"cells": found, "mean": found.mean(0, dtype=np.float32), "raster": raster, "cover": cover, "sample": sample, "shown": cells}
    out["zoom"] = zoom if zoom is not None else np.zeros((0, run.source.zoom.shape[1]), np.float16)
    return out | codes(q.regions, p.width, p.height)


@torch.no_grad()
def measure(run: Run, asked: list, part: int, batch: int = 8) -> tuple[dict, list]:
    """Measures by row, and (row, truth, right) of each question."""
    rows, each = {}, []
    items = sorted((item(run, q, zoom, part) | {"q": q} for q, zoom in asked), key=lambda i: len(i["ids"]))
    for at in range(0, len(items), batch):
        own = items[at : at + batch]
        loss, _, more = answers(run, own)
        first = 0
        for i in own:
            size = 1 if i["q"].row in ("presence", "count") else len(i["at"])
            right = more["right"][first : first + size].float().min().item()
            score = loss[first : first + size].mean().item() if i["q"].row == "caption" else right
            label = "" if i["q"].row == "caption" else str(i["q"].truth)
            rows.setdefault(i["q"].row, {}).setdefault(label, []).append(score)
            each.append((i["q"].row, i["q"].truth, right))
            first += len(i["at"])
    plain = {k: np.mean([x for v in d.values() for x in v]) for k, d in rows.items()}
    macro = {k + " macro": np.mean([np.mean(v) for v in d.values()]) for k, d in rows.items() if k[0] in "rp"}
    return {k: round(float(v), 3) for k, v in (plain | macro).items()}, each


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--part", type=int, default=CELLS)
    parser.add_argument("--rows", nargs="*", default=[])
    parser.add_argument("--checkpoint")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2_threads()
    setup = {"stage": "mix", "rate": 0.0, "ratio": 1.0, "seed": 77, "frozen": True, "fresh": True}
    run = Run(argparse.Namespace(**vars(args), **setup))
    asked = [a for a in close_ups(run, args.limit) if not args.rows or a[0].row.startswith(tuple(args.rows))]
    rows, each = measure(run, asked, args.part)
    print(json.dumps(rows))
    wrong = {}
    for row, t, right in each:
        if row.startswith(("region box", "scene")):
            wrong.setdefault(f"{row}: {t}", []).append(right)
    print("weakest:", sorted((round(float(np.mean(v)), 2), len(v), k) for k, v in wrong.items())[:16])


if __name__ == "__main__":
    main()
