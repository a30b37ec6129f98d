"""From conversations to what a step of training reads: packed sequences, rasters, cached features.

One sequence holds a picture's prefix (system turn, image, regions) once and several turns behind it. Turns are
independent
(each sees the prefix and itself only, at the positions it would have alone) or, with `CHAINED` chance, one dialogue.
"""

import json
import os

import cv2
import numpy as np
import torch

import marks as R
from conversations import MODALITY, Author, captions_of
from egx import SYSTEM
from features import CELLS, SIDE, WIDTH, order
from tokenizer import Tokenizer

CHAINED, NAMED = 0.2, 0.5
# How often a source gives the picture.
WEIGHTS = {
    "aid": 48,
    "rsscn7": 5,
    "sar_acd": 12,
    "hit_uav": 11,
    "hrplanes": 6,
    "rsod": 6,
    "ships": 4,
    "airbus_planes": 2,
    "cats": 1.5,
    "pools": 2,
    "hrsid": 1.5,
    "oil_spill": 2,
    "landslide_bijie": 1,
    "landslide_hokkaido": 1,
    "dubai": 1.5,
    "deepglobe_land": 1,
    "psu_car": 1.5,
    "ncr_india": 0.3,
    "forest_amazon": 0.3,
    "road_gsi": 0.4,
    "road_shanghai": 0.3,
    "solar_gsi": 0.4,
}


def quick_shape(region: dict, view: R.View, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Coverage f32 [v, v] and outline of a region, drawn by OpenCV: as marks.Shape but for a few edge samples."""
    shape, v = R.Shape(region, view, width, height), view.side
    big, line = np.zeros((4 * v, 4 * v), np.uint8), np.zeros((v, v), np.uint8)
    at = lambda p, s: np.round((np.asarray(p, float) * s - 0.5) * 16).astype(np.int32)  # noqa: E731
    if shape.kind in ("point", "scribble"):
        thick = max(1, int(round(8 * shape.radius)))
        points = at(shape.points, 4)
        if len(points) == 1:
            cv2.circle(big, tuple(map(int, points[0])), int(4 * shape.radius * 16), 1, -1, cv2.LINE_8, 4)
        else:
            cv2.polylines(big, [points], False, 1, thick, cv2.LINE_8, 4)
        line[:] = 1
    elif shape.kind == "ellipse":
        angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        outline = shape.points[0] + np.stack([np.cos(angle), np.sin(angle)], 1) * shape.axes
        cv2.fillPoly(big, [at(outline, 4)], 1, cv2.LINE_8, 4)
        cv2.polylines(line, [at(outline, 1)], True, 1, 3, cv2.LINE_8, 4)
    else:
        p = shape.points
        if shape.kind in ("box", "whole"):
            p = np.array([p[0], (p[1, 0], p[0, 1]), p[1], (p[0, 0], p[1, 1])])
        cv2.fillPoly(big, [at(p, 4)], 1, cv2.LINE_8, 4)
        cv2.polylines(line, [at(p, 1)], True, 1, 3, cv2.LINE_8, 4)
    cover = big.reshape(v, 4, v, 4).mean((1, 3), dtype=np.float32)
    return cover, cover * line


def quick_raster(regions: list[dict], width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """V_p f32 [4, v, v] of view 0 and the regions' cell coverages f32 [K, 64]."""
    view = R.View(0, SIDE, SIDE / max(width, height), 0, 0)
    out, least, cells = np.zeros((4, SIDE, SIDE), np.float32), np.full((SIDE, SIDE), np.inf), []
    for k, region in enumerate(regions or [{"kind": "whole"}], 1):
        cover, outline = quick_shape(region, view, width, height)
        out[0], out[1] = np.maximum(out[0], cover), np.maximum(out[1], outline)
        mine = (cover >= 0.5) & (cover.sum() < least)
        least[mine], out[2][mine], out[3][mine] = cover.sum(), k / 10 if regions else 0, R.KINDS[region["kind"]]
        cells.append(cover.reshape(8, 32, 8, 32).mean((1, 3)).ravel())
    return out, np.stack(cells[: len(regions)]) if regions else np.zeros((0, CELLS), np.float32)


class Source:
    """Random training samples with their cached features."""

    def __init__(self, store, work: str, data: str, tokenizer: Tokenizer, seed: int) -> None:
        self.store, self.tokenizer, self.rng = store, tokenizer, np.random.default_rng(seed)
        self.author = Author(store.pictures, captions_of(data), self.rng)
        count = len(store.pictures)
        with open(os.path.join(work, "features.done")) as f:
            done = int(f.read())
        self.cells = np.memmap(os.path.join(work, "cells.f16"), np.float16, "r", shape=(count, CELLS, WIDTH))
        self.done = [int(i) for i in order(count)[:done]]
        self.pools: dict[str, list[int]] = {}
        for i in self.done:
            p = store.pictures[i]
            if not p.validation and p.source in WEIGHTS:
                self.pools.setdefault(p.source, []).append(i)
        self.names = list(self.pools)
        weights = np.array([WEIGHTS[s] for s in self.names], float)
        self.chances = weights / weights.sum()
        self.marks: dict[int, list] = {}
        with open(os.path.join(work, "zoom.jsonl")) as lines:
            rows = [json.loads(line) for line in lines]
        whole = os.path.getsize(os.path.join(work, "zoom.f16")) // (2 * WIDTH)
        self.zoom = np.memmap(os.path.join(work, "zoom.f16"), np.float16, "r", shape=(whole, WIDTH))
        for row, r in enumerate(rows[:whole]):
            self.marks.setdefault(r["picture"], []).append((r["object"], r["mark"] | {"row": row}))
        system = tokenizer.compose(SYSTEM + "<|im_start|>user\n<img>")
        self.head = system + [tokenizer.find("<imgpad>")] * CELLS + tokenizer.compose("</img>\n")
        self.open, self.close = tokenizer.compose("<|im_end|>\n<|im_start|>assistant\n"), tokenizer.find("<|im_end|>")

    def draw(self) -> int:
        """A random picture."""
        return int(self.rng.choice(self.pools[self.names[self.rng.choice(len(self.names), p=self.chances)]]))

    def item(self, most: int) -> dict:
        """One sequence: ids, targets (-1 where nothing is learnt), positions, segments, features."""
        i = self.draw()
        sample = self.author.sample(i, most, self.marks.get(i, []))
        return self.packed(sample) | self.seen(i, sample.regions) | {"sample": sample}

    def seen(self, i: int, regions: list[dict]) -> dict:
        """Cached features and raster of picture i."""
        p = self.store.pictures[i]
        raster, cover = quick_raster(regions, p.width, p.height)
        zoom = np.stack([self.zoom[r["row"]] for r in regions]) if regions else np.zeros((0, WIDTH), np.float16)
        code = (
            np.stack([R.position_code(r, p.width, p.height) for r in regions])
            if regions
            else np.zeros((0, 64), np.float32)
        )
        return {"cells": self.cells[i], "raster": raster, "cover": cover, "zoom": zoom, "code": code}

    def prefix(self, regions: int) -> list[int]:
        """Ids up to the first instruction."""
        t = self.tokenizer
        return self.head + [x for k in range(regions) for x in t.compose(f"<Region {k + 1}>: <vp><vppad></vp>\n")]

    def packed(self, sample) -> dict:
        """Ids and what is learnt from them."""
        t, rng = self.tokenizer, self.rng
        ids = self.prefix(len(sample.regions))
        start = len(ids)
        targets, weights, segments, positions = [-1] * start, [0.0] * start, [0] * start, list(range(start))
        chained, at = rng.random() < CHAINED, start
        source = MODALITY[self.store.pictures[sample.picture].modality]
        for n, turn in enumerate(sample.turns, 1):
            named = (
                f"Image source: {source}.\n"
                if (n == 1 or not chained) and turn.task != "modality" and rng.random() < NAMED
                else ""
            )
            ask = t.encode(named + turn.question) + self.open
            if chained and n > 1:
                ask = t.compose("\n<|im_start|>user\n") + ask
            answer = t.compose(turn.answer) + [self.close]
            both = ask + answer
            first = at if chained else start
            ids += both
            # position p predicts ids[p + 1]: the last of `ask` predicts the answer's first token
            targets += [-1] * (len(ask) - 1) + answer + [-1]
            weights += [0.0] * (len(ask) - 1) + [len(answer) ** -0.5] * len(answer) + [0.0]
            segments += [0 if chained else n] * len(both)
            positions += range(first, first + len(both))
            at = first + len(both)
        return {"ids": ids, "targets": targets, "weights": weights, "segments": segments, "positions": positions}


def collate(items: list[dict], multiple: int = 32) -> dict:
    """Padded tensors of a batch; rows of region features are [sum of K] with `owner`."""
    longest = -(-max(len(i["ids"]) for i in items) // multiple) * multiple
    rows = lambda key, fill: torch.tensor([i[key] + [fill] * (longest - len(i[key])) for i in items])  # noqa: E731
    segments = rows("segments", -9)
    same = (segments[:, :, None] == segments[:, None, :]) | (segments[:, None, :] == 0)
    allowed = same & torch.ones(longest, longest, dtype=torch.bool).tril()
    allowed |= torch.eye(longest, dtype=torch.bool)
    out = {
        "ids": rows("ids", 0),
        "targets": rows("targets", -1),
        "weights": rows("weights", 0.0),
        "positions": rows("positions", 0),
        "bias": torch.zeros(allowed.shape, dtype=torch.bfloat16).masked_fill_(~allowed, -1e9)[:, None],
    }
    stack = lambda key: torch.from_numpy(np.stack([i[key] for i in items]))  # noqa: E731
    out |= {"cells": stack("cells"), "raster": stack("raster")}
    for key in ("cover", "zoom", "code"):
        out[key] = torch.from_numpy(np.concatenate([i[key] for i in items]))
    out["owner"] = torch.tensor([n for n, i in enumerate(items) for _ in range(len(i["code"]))], dtype=torch.long)
    return out
