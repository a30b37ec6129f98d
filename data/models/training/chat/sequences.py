"""From conversations to what a step of training reads: packed sequences, rasters, cached features.

A batch is one list of rows without padding: the system turn once, then for every picture its image (a random part of
its cells, each standing for several), its regions and a tree of turns: a question sees the prefix, an answer its
question, and one question may have several answers. With `CHAINED` chance the turns are one dialogue instead.
"""

import json
import os
from collections import Counter

import numpy as np
import torch

import marks as R
from conversations import ASK, MODALITY, Author, Sample, Turn, captions_of
from egx import SYSTEM
from features import CELLS, SIDE, WIDTH, order
from tokenizer import Tokenizer

CHAINED, NAMED = 0.15, 0.3
ROWS = 4  # further image vectors, which say how many there are
# Sources whose features tell their few targets apart, not their labels: a share of pictures gets those of another one,
# so that what is learnt by heart is not relied on and size counts.
LENT = {"sar_acd": 0.6}
CAPTIONED = "aid"  # the source with sentences
FAR = -1e9
# How often a source gives the picture.
WEIGHTS = {
    "aid": 46,
    "rsscn7": 18,
    "sar_acd": 12,
    "hit_uav": 11,
    "hrplanes": 6,
    "rsod": 7,
    "ships": 3,
    "airbus_planes": 2,
    "cats": 1.5,
    "pools": 2,
    "hrsid": 1.5,
    "oil_spill": 3,
    "landslide_bijie": 1.5,
    "landslide_hokkaido": 1.5,
    "dubai": 1.5,
    "deepglobe_land": 1,
    "psu_car": 1.5,
    "ncr_india": 0.3,
    "forest_amazon": 0.3,
    "road_gsi": 0.4,
    "road_shanghai": 0.3,
    "solar_gsi": 0.4,
}


def counts(p) -> dict[str, int]:
    """Objects by label where a source labels them all and says how many."""
    return {} if p.source in ("psu_car", "sar_acd") else dict(Counter(b[0] for b in p.boxes))


def codes(regions: list[dict], width: int, height: int) -> dict:
    """Position and size codes of regions."""
    found = {"code": (R.position_code, 64), "size": (R.size_code, 5)}
    return {
        k: np.stack([f(r, width, height) for r in regions]) if regions else np.zeros((0, n), np.float32)
        for k, (f, n) in found.items()
    }


def quick_raster(regions: list[dict], width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """V_p f32 [4, v, v] of view 0 and the regions' cell coverages f32 [K, 64]."""
    view = R.View(0, SIDE, SIDE / max(width, height), 0, 0)
    out, least, cells = np.zeros((4, SIDE, SIDE), np.float32), np.full((SIDE, SIDE), np.inf), []
    for k, region in enumerate(regions or [{"kind": "whole"}], 1):
        cover, outline = R.quick_shape(region, view, width, height)
        out[0], out[1] = np.maximum(out[0], cover), np.maximum(out[1], outline)
        mine = (cover >= 0.5) & (cover.sum() < least)
        least[mine], out[2][mine], out[3][mine] = cover.sum(), k / 10 if regions else 0, R.KINDS[region["kind"]]
        cells.append(cover.reshape(8, 32, 8, 32).mean((1, 3)).ravel())
    return out, np.stack(cells[: len(regions)]) if regions else np.zeros((0, CELLS), np.float32)


def with_rows(cells: np.ndarray) -> np.ndarray:
    """Numbers of the image vectors to show: these cells and all further vectors."""
    return np.append(cells, CELLS + np.arange(ROWS))


class Source:
    """Random training samples with their cached features."""

    def __init__(self, store, work: str, data: str, tokenizer: Tokenizer, seed: int) -> None:
        self.store, self.tokenizer, self.rng = store, tokenizer, np.random.default_rng(seed)
        self.author = Author(store.pictures, captions_of(data), self.rng)
        count = len(store.pictures)
        with open(os.path.join(work, "features.done")) as f:
            done = int(f.read())
        self.cells = np.memmap(os.path.join(work, "cells.f16"), np.float16, "r", shape=(count, CELLS, WIDTH))
        self.done = [int(i) for i in order(store.pictures)[:done]]
        self.pools: dict[str, list[int]] = {}
        for i in self.done:
            p = store.pictures[i]
            if not p.validation and p.source in WEIGHTS:
                self.pools.setdefault(p.source, []).append(i)
        self.names = list(self.pools)
        countable = {s: [i for i in pool if counts(store.pictures[i])] for s, pool in self.pools.items()}
        self.countable = [i for pool in countable.values() for i in pool]
        # numbers as often as the root of how often they occur; those up to ten in every label
        kinds = [{(x, min(n, 11)) for x, n in counts(store.pictures[i]).items()} for i in self.countable]
        often = Counter(k for found in kinds for k in found)
        rare = np.array([min(often[k] for k in found) ** -0.5 for found in kinds])
        self.count_chances = rare / rare.sum()
        self.weights = {name: self.rarity(pool) for name, pool in self.pools.items()}
        weights = np.array([WEIGHTS[s] for s in self.names], float)
        self.chances = weights / weights.sum()
        self.marks: dict[int, list] = {}
        self.told = self.read = None  # STAGE read: vectors of marks from readers that never saw their group, and what those say
        with open(os.path.join(work, "zoom.jsonl")) as lines:
            rows = [json.loads(line) for line in lines]
        whole = os.path.getsize(os.path.join(work, "zoom.f16")) // (2 * WIDTH)
        self.zoom = np.memmap(os.path.join(work, "zoom.f16"), np.float16, "r", shape=(whole, WIDTH))
        if os.path.exists(os.path.join(work, "read.json")):
            with open(os.path.join(work, "read.json")) as f:
                self.read = json.load(f)
            self.told = np.fromfile(os.path.join(work, "vectors.f16"), np.float16).reshape(len(self.read), -1)
        for row, r in enumerate(rows[:whole]):
            found = (r["object"], r["mark"] | {"row": row})
            if self.read is None or self.read[row] == store.pictures[r["picture"]].boxes[r["object"]][0]:
                self.marks.setdefault(r["picture"], []).append(found)
        self.named: dict[str, list] = {}  # (picture, mark) by what is read there
        for row, name in enumerate(self.read or []):
            r = rows[row]
            self.named.setdefault(name, []).append((r["picture"], r["mark"] | {"row": row}))
        self.evenly = {k: self.by_group(own) for k, own in self.named.items()}
        self.system = tokenizer.compose(SYSTEM + "<|im_start|>user\n<img>")
        self.after = tokenizer.compose("</img>\n")
        self.open, self.close = tokenizer.compose("<|im_end|>\n<|im_start|>assistant\n"), tokenizer.find("<|im_end|>")
        self.bare = quick_raster([], SIDE, SIDE)[0]

    def by_group(self, marks: list) -> np.ndarray:
        """Chances of (picture, mark): one over the root of how many share the group."""
        groups = [self.store.pictures[i].group for i, _ in marks]
        often = Counter(groups)
        out = np.array([often[g] ** -0.5 for g in groups])
        return out / out.sum()

    def draw(self, name: str | None = None) -> int:
        """A random picture (of one source); in a source those with its rarer scenes and labels more often."""
        name = name or self.names[self.rng.choice(len(self.names), p=self.chances)]
        return int(self.rng.choice(self.pools[name], p=self.weights[name]))

    def rarity(self, pool: list[int]) -> np.ndarray:
        """Chances of the pictures of a source: one over the root of how often their rarest label occurs."""
        kinds = [{p.scene or ""} | {b[0] for b in p.boxes} for p in (self.store.pictures[i] for i in pool)]
        often = Counter(k for found in kinds for k in found)
        out = np.array([min(often[k] for k in found) ** -0.5 for found in kinds])
        return out / out.sum()

    def item(self, kind: str, most: int, shown: int) -> dict:
        """One picture with its turns ("several", at most `most`; "short" answers; "captions", "counts" or "regions"
        alone): rows, targets, features; `shown` of its cells are in the rows. Where there is only counting or only a
        mark, half of the pictures show another one's cells: numbers are to be read from the vectors of numbers and
        labels from the mark's, not known by heart."""
        marked = None
        if kind == "regions":
            marked, i = self.one_mark()
        elif kind == "counts":
            i = int(self.rng.choice(self.countable, p=self.count_chances))
        else:
            i = self.draw(CAPTIONED if kind == "captions" else None)
        marks = self.marks.get(i, [])
        if marked:
            sample = marked
        elif kind == "several":
            sample = self.author.sample(i, most, marks)
        else:
            sample = {"short": lambda: self.author.short(i, marks), "counts": lambda: self.author.many(i)}.get(
                kind, lambda: self.author.told(i)
            )()
        cells = with_rows(np.sort(self.rng.permutation(CELLS)[:shown]))
        out = self.rows(sample, cells) | self.seen(i, sample.regions) | {"sample": sample, "shown": cells}
        if kind in ("counts", "regions") and self.rng.random() < 0.5:
            out["cells"] = self.cells[int(self.rng.choice(self.pools[self.store.pictures[i].source]))]
        return out

    def one_mark(self) -> tuple[Sample, int]:
        """A mark whose answer is what is read there, all labels alike, and its picture."""
        name = self.author.pick(sorted(self.named))
        i, mark = self.named[name][int(self.rng.choice(len(self.named[name]), p=self.evenly[name]))]
        if self.rng.random() < 0.75:
            turn = Turn("classify", self.author.pick(ASK["classify1"]), f"<Region 1>: {name}")
        else:
            turn = Turn("single", "What is in <Region 1>?", name)
        return Sample(i, [mark], [], [turn]), i

    def lender(self, i: int) -> int:
        """The picture whose features stand for those of picture i: mostly itself (LENT)."""
        source = self.store.pictures[i].source
        if self.rng.random() >= LENT.get(source, 0):
            return i
        other = int(self.rng.choice(self.pools[source]))
        return other if other in self.marks else i

    def seen(self, i: int, regions: list[dict]) -> dict:
        """Cached features and raster of picture i."""
        p, j = self.store.pictures[i], self.lender(i)
        rows = own = [r["row"] for r in regions]
        if i != j:
            rows = [self.marks[j][0][1]["row"]] * len(regions)
        raster, cover = (
            quick_raster(regions, p.width, p.height) if regions else (self.bare, np.zeros((0, CELLS), np.float32))
        )
        out = {"raster": raster, "cover": cover, "zoom": self.zoom[rows] if rows else np.zeros((0, WIDTH), np.float16)}
        cells = self.cells[j]
        out |= {"cells": cells, "mean": cells.mean(0, dtype=np.float32)}
        if self.told is not None:
            out["told"] = self.told[own]
        return out | codes(regions, p.width, p.height)

    def rows(self, sample, cells: np.ndarray, plain: bool = False) -> dict:
        """Ids, positions and tree nodes of a picture's rows, and what is learnt: (row, target, weight) and the tasks'
        spans in it; `plain`: no dialogue, no modality line."""
        t, rng, tree = self.tokenizer, self.rng, Tree(len(self.system))
        tree.put(0, [t.find("<imgpad>")] * len(cells), [len(self.system) + int(c) for c in cells])
        tree.end[0] = len(self.system) + CELLS + ROWS
        tree.put(0, self.after)
        for k in range(len(sample.regions)):
            tree.put(0, t.compose(f"<Region {k + 1}>: <vp><vppad></vp>\n"))
        chained, last = not plain and rng.random() < CHAINED, 0
        source = MODALITY[self.store.pictures[sample.picture].modality]
        for n, turn in enumerate(sample.turns):
            named = (n == 0 or not chained) and turn.task != "modality" and not plain and rng.random() < NAMED
            ask = t.encode((f"Image source: {source}.\n" if named else "") + turn.question) + self.open
            if chained and n:
                ask = [self.close] + t.compose("\n<|im_start|>user\n") + ask
            node = tree.node(last if chained else 0)
            before = tree.put(node, ask)
            for answer in [turn.answer, *turn.others]:
                leaf = tree.node(node)
                said = t.compose(answer) + [self.close]
                tree.learn(turn.task, before, leaf, said[:1] if turn.first else said, turn.number)
                last = leaf
        return tree.rows()


class Tree:
    """Rows that see their own node up to themselves and the nodes above it."""

    def __init__(self, start: int) -> None:
        self.ids, self.positions, self.nodes = [], [], []
        self.above, self.end = [{0}], {0: start}
        self.at, self.targets, self.weights, self.numbers, self.spans = [], [], [], [], []

    def node(self, parent: int) -> int:
        """A new node below `parent`."""
        self.above.append(self.above[parent] | {len(self.above)})
        self.end[len(self.above) - 1] = self.end[parent]
        return len(self.above) - 1

    def put(self, node: int, ids: list[int], positions: list[int] | None = None) -> int:
        """Append rows to a node; returns the number of the last one."""
        start = self.end[node]
        self.positions += positions or range(start, start + len(ids))
        self.ids += ids
        self.nodes += [node] * len(ids)
        self.end[node] = start + len(ids)
        return len(self.ids) - 1

    def learn(self, task: str, before: int, node: int, answer: list[int], number: int | None = None) -> None:
        """Append an answer whose first token row `before` predicts; `number` is what that token counts."""
        first = len(self.ids)
        self.put(node, answer[:-1])
        self.spans.append((task, len(self.at), len(answer)))
        self.at += [before, *range(first, first + len(answer) - 1)]
        self.targets += answer
        self.weights += [len(answer) ** -0.5] * len(answer)
        self.numbers += [-1 if number is None else number] + [-1] * (len(answer) - 1)

    def rows(self) -> dict:
        """What a batch is made of."""
        sees = np.zeros((len(self.above),) * 2, bool)
        for node, above in enumerate(self.above):
            sees[node, list(above)] = True
        nodes = np.array(self.nodes)
        allowed = sees[nodes][:, nodes] & np.tri(len(nodes), dtype=bool)
        keys = ("ids", "positions", "at", "targets", "weights", "numbers", "spans")
        return {k: getattr(self, k) for k in keys} | {"allowed": allowed}


def features(items: list[dict]) -> dict:
    """Tensors of what the vision side reads; rasters without marks are the same and stand once, `raster_of` says
    where; region rows are [sum of K] with `owner`."""
    rasters, places, out = [], {}, {"raster_of": []}
    for item in items:
        if id(item["raster"]) not in places:
            places[id(item["raster"])] = len(rasters)
            rasters.append(item["raster"])
        out["raster_of"].append(places[id(item["raster"])])
    out["raster_of"] = torch.tensor(out["raster_of"])
    for key in ("cells", "mean"):
        out[key] = torch.from_numpy(np.stack([i[key] for i in items]))
    out["raster"] = torch.from_numpy(np.stack(rasters))
    for key in ("cover", "zoom", "code", "size", *(["told"] if "told" in items[0] else [])):
        out[key] = torch.from_numpy(np.concatenate([i[key] for i in items]))
    out["owner"] = torch.tensor([n for n, i in enumerate(items) for _ in range(len(i["code"]))], dtype=torch.long)
    if "shown" in items[0]:
        out["shown"] = torch.from_numpy(np.stack([i["shown"] for i in items]))
    return out


def collate(items: list[dict], system: list[int], imgpad: int) -> dict:
    """A batch: ids and positions [N] (the system turn's first), `index` [B, T] of the pictures' rows, `bias` [B, 1, T,
    S + T], and `at`, `targets`, `weights`, `numbers` [M]; features beside them."""
    start, most = len(system), max(len(i["ids"]) for i in items)
    index = torch.zeros(len(items), most, dtype=torch.long)
    bias = np.full((len(items), most, start + most), FAR, np.float32)
    flat = {"ids": list(system), "positions": list(range(start)), "at": [], "targets": [], "weights": [], "numbers": []}
    for n, item in enumerate(items):
        size, first = len(item["ids"]), len(flat["ids"])
        index[n, :size] = torch.arange(first, first + size)
        bias[n, :, :start] = 0
        own = np.where(item["allowed"], np.float32(0), np.float32(FAR))
        # a cell that stands for several weighs as many
        cell = (np.array(item["ids"]) == imgpad) & (np.array(item["positions"]) < start + CELLS)
        own[:, cell] += np.log(CELLS / cell.sum())
        bias[n, :size, start : start + size] = own
        flat["at"] += [first + a for a in item["at"]]
        for key in ("ids", "positions", "targets", "weights", "numbers"):
            flat[key] += item[key]
    used = torch.cat([torch.arange(len(i["ids"])) + n * most for n, i in enumerate(items)])
    out = {k: torch.tensor(v) for k, v in flat.items()} | {"index": index, "used": used}
    return out | {"bias": torch.from_numpy(bias)[:, None], "system": start} | features(items)
