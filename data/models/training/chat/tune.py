"""Train the starter chat model on cached features: python tune.py STAGE --work WORK --cache CACHE --minutes M;
resumes by itself.

STAGE words: vision vectors learn to lie where the words of scene, labels and captions lie in the language model's
embedding table (no language model runs). STAGE mix: instruction tuning through the language model, whose self-attention
learns by low-rank updates that are merged at export; new rows learn with it, and the vision side without `--frozen`.
The CNN branch is frozen and cached; the ViT branch is off (its last norm is zero) until `distil` has trained it.
"""

import argparse
import json
import math
import os
import time
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import vision as V
from features import LITE, branch, quick_kind
from conversations import EXHAUSTIVE, MODALITY, NUMBERS, surely
from llama import Llama
from sequences import CAPTIONED, CELLS, FAR, ROWS, Source, collate, counts, features
from store import Store, stage_arguments
from tokenizer import ADDED, Tokenizer

RANK, SCALE, FIRST = 32, 2.0, 12  # updates of rank RANK, in the blocks from FIRST on
UPDATED = ("attn_q", "attn_v", "attn_output")
# Kinds of steps of STAGE mix: pictures a step as a multiple of --batch (so that all cost alike), steps in seventeen.
KINDS = {"several": (1.0, 3), "short": (2.5, 3), "captions": (2.0, 2), "counts": (2.5, 3), "regions": (2.5, 6)}
COUNTING = {"several": (1.0, 1), "short": (2.5, 2), "counts": (4.0, 6)}  # the same of a first, short part
MARKED, COUNTED = 0.25, 0.4  # shares of steps of STAGE words on marked objects, and on how many there are
RIDGE, BLUR = 100, 0.25  # of what reads numbers; of what it reads while that is put into words
SPREAD = 0.2  # width of what a number counts as, in log(1 + n)

LONG = ("caption", "detailed", "region", "region_detailed", "relation", "grounded")  # share of right tokens, else exact
CONFIG = {"lite": LITE}
NUMBER = {"seen": 32, "hidden": 96, "rows": ROWS}


class LowRank(nn.Module):
    """A learnt update of rank RANK of a frozen [out, in] matrix."""

    def __init__(self, out: int, inner: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(RANK, inner) / math.sqrt(inner))
        self.b = nn.Parameter(torch.zeros(out, RANK))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.linear(x, self.a.to(x.dtype)), self.b.to(x.dtype) * SCALE)


def halves(heads: int, size: int) -> Tensor:
    """Row order that turns rope's adjacent pairs into the halves of each head."""
    one = torch.cat([torch.arange(0, size, 2), torch.arange(1, size, 2)])
    return (torch.arange(heads)[:, None] * size + one).flatten()


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rope on halves: x [N, h, hd], cos and sin [N, 1, hd / 2]."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class Block(nn.Module):
    """A decoder block whose matrices are frozen and joined (q, k, v and gate, up), with or without updates; products
    in `kind`, sums along the blocks in f32."""

    def __init__(self, layer, learns: bool, kind: torch.dtype) -> None:
        super().__init__()
        self.kind = kind
        self.heads, self.kv = layer.heads, layer.kv
        self.attn_norm, self.ffn_norm = layer.attn_norm, layer.ffn_norm
        dim, kv = layer.attn_q.weight.shape[0], layer.attn_k.weight.shape[0]
        self.size, self.order = dim // self.heads, halves(self.heads, dim // self.heads)
        q, k = layer.attn_q.weight.data[self.order], layer.attn_k.weight.data[halves(self.kv, self.size)]
        self.qkv, self.out = (
            torch.cat([q, k, layer.attn_v.weight.data]).to(kind),
            layer.attn_output.weight.data.to(kind),
        )
        self.wide = torch.cat([layer.ffn_gate.weight.data, layer.ffn_up.weight.data]).to(kind)
        self.down = layer.ffn_down.weight.data.to(kind)
        sizes = {"attn_q": dim, "attn_v": kv, "attn_output": dim}
        self.update = nn.ModuleDict({n: LowRank(sizes[n], dim) for n in UPDATED} if learns else {})

    def attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        """q [B, T, h, hd], k and v [B, S, kv, hd], bias [B, 1, T, S] -> [B, T, h * hd]; plain products, quicker
        backwards than the fused kernel at these lengths."""
        b, t, s, group = q.shape[0], q.shape[1], k.shape[1], self.heads // self.kv
        q = (q * self.size**-0.5).view(b, t, self.kv, group, self.size).permute(0, 2, 3, 1, 4)
        q = q.reshape(b * self.kv, group * t, self.size)
        k, v = (x.permute(0, 2, 1, 3).reshape(b * self.kv, s, self.size) for x in (k, v))
        scores = torch.bmm(q, k.transpose(1, 2)).view(b, self.heads, t, s) + bias
        y = torch.bmm(scores.softmax(-1).to(self.kind).view(b * self.kv, group * t, s), v)
        return y.view(b, self.heads, t, self.size).transpose(1, 2).reshape(b, t, -1)

    def forward(self, x: Tensor, turn: tuple, batch: dict) -> Tensor:
        """Rows [N, D] of a batch (sequences.collate)."""
        n, dim, start, index = len(x), x.shape[1], batch["system"], batch["index"]
        y = self.attn_norm(x).to(self.kind)
        q, k, v = F.linear(y, self.qkv).split([dim, self.kv * self.size, self.kv * self.size], -1)
        if self.update:
            q, v = q + self.update["attn_q"](y)[:, self.order], v + self.update["attn_v"](y)
        q, k = (turned(z.view(n, h, -1), *turn).to(self.kind) for z, h in ((q, self.heads), (k, self.kv)))
        v = v.view(n, self.kv, -1)
        first = self.attend(q[None, :start], k[None, :start], v[None, :start], batch["causal"])
        shared = lambda z: torch.cat([z[:start].expand(len(index), -1, -1, -1), z[index]], 1)  # noqa: E731
        y = self.attend(q[index], shared(k), shared(v), batch["bias"])
        y = torch.cat([first[0], y.flatten(0, 1)[batch["used"]]])
        x = x + F.linear(y, self.out)
        if self.update:
            x = x + self.update["attn_output"](y)
        gate, up = F.linear(self.ffn_norm(x).to(self.kind), self.wide).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, self.down)


class Language(nn.Module):
    """The frozen decoder with low-rank updates of its attention and rows for the added tokens."""

    def __init__(self, base: dict) -> None:
        super().__init__()
        meta, weights = base["meta"], base["weights"]
        self.weights = weights
        model = Llama(meta)
        model.load_state_dict(weights)
        model = model.requires_grad_(False)
        self.base, self.hd, self.output_norm = model.base, model.hd, model.output_norm
        self.old = model.token_embd.weight.data[: -len(ADDED)]
        kind = quick_kind()
        self.blk = nn.ModuleList(Block(layer, i >= FIRST, kind) for i, layer in enumerate(model.blk))
        self.rows = nn.Parameter(weights["token_embd.weight"][-len(ADDED) :].clone())

    def table(self) -> Tensor:
        """Embedding and output matrix."""
        return torch.cat([self.old, self.rows])

    def forward(self, x: Tensor, batch: dict) -> Tensor:
        """Rows [N, D] -> normed states."""
        rates = self.base ** (-torch.arange(0, self.hd, 2, dtype=torch.float32) / self.hd)
        angle = (batch["positions"][:, None].float() * rates)[:, None]
        turn, start = (angle.cos(), angle.sin()), batch["system"]
        causal = torch.full((1, 1, start, start), FAR).triu(1)
        for block in self.blk:
            x = block(x, turn, batch | {"causal": causal})
        return self.output_norm(x)

    def merged(self) -> dict[str, Tensor]:
        """State dict of the plain decoder, f32."""
        out = dict(self.weights)
        for i, block in enumerate(self.blk):
            for name, u in block.update.items():
                out[f"blk.{i}.{name}.weight"] = out[f"blk.{i}.{name}.weight"] + SCALE * (u.b @ u.a).detach()
        old = out["token_embd.weight"][: -len(ADDED)]
        return out | {"token_embd.weight": torch.cat([old, self.rows.detach()])}


def fresh_vision(norm: float, saved: dict | None = None) -> V.Vision:
    """Random vision side whose vectors have about the length of a word's, with the ViT branch switched off; what a
    saved one's state has is as there."""
    torch.manual_seed(11)
    found = {"map_rows": 0, **V.optional(saved or {}), "sized": True, "number": NUMBER}
    model = V.Vision(V.Config(**CONFIG, **found))
    with torch.no_grad():
        for part in (model.size.weight, model.size.bias):
            part.zero_()
        model.vit.ln.weight.zero_()
        model.vit.ln.bias.zero_()
        model.proj.fc2.weight.mul_(norm / (0.33 * 576**0.5))
        model.region.fc.weight.mul_(norm / (0.58 * 576**0.5))
    for part in (model.vit, model.lite):
        part.requires_grad_(False)
    for part in (model.lite.ln16, model.lite.ln32):
        part.requires_grad_(True)
    model.load_state_dict(model.state_dict() | (saved or {}))
    return model


def fused(v: V.Vision, cells: Tensor) -> Tensor:
    """Fused tokens of view 0, with its embedding, [B, n, d], of cached cells."""
    cells = cells.float()
    cnn = torch.cat([v.lite.ln32(cells[..., :352]), v.lite.ln16(cells[..., 352:])], -1)
    empty = cnn.new_zeros(*cnn.shape[:2], 4 * v.config.vit["dim"])
    return v.fuse(torch.cat([empty, cnn], -1)) + v.view[0]


def look(v: V.Vision, batch: dict) -> tuple[Tensor, Tensor, Tensor]:
    """Image vectors [B, 64, D], region vectors [K, D] and vectors of numbers [B, ROWS, D] from cached features; of the
    cells `part` alone if given."""
    part = batch.get("part")
    tokens = fused(v, batch["cells"] if part is None else batch["cells"][:, part])
    prompt = v.sae(batch["raster"])[batch["raster_of"]]
    hybrid = v.hyb(tokens, prompt if part is None else prompt[:, part])
    image, rows = v.proj(hybrid), v.numbers(batch["mean"])
    zoom = batch["zoom"].float()
    if "told" in batch:
        return image, batch["told"].float(), rows
    if not len(zoom):
        return image, image.new_zeros(0, image.shape[2]), rows
    c = batch["cover"]
    h = torch.einsum("kt,ktd->kd", c, hybrid[batch["owner"]]) / (c.sum(1, keepdim=True) + 1e-6)
    z = torch.cat([v.lite.ln32(zoom[:, :352]), v.lite.ln16(zoom[:, 352:])], -1)
    return image, v.regions(torch.cat([h, z, batch["code"]], 1), batch["size"]), rows


class Numbers:
    """Number words to ten and the first digits of what is above; a number counts as itself and, less, its like."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        words = [(w, n, n) for n, w in enumerate(NUMBERS)]
        words += [(str(d), d * 10 + (d == 1), d * 10 + 9) for d in range(1, 10)]
        self.ids = torch.tensor([tokenizer.encode(w)[0] for w, _, _ in words])
        self.spaced = [tokenizer.encode(" " + w) for w, _, _ in words]
        self.low, self.high = (torch.tensor([float(w[k]) for w in words]).log1p() for k in (1, 2))

    def like(self, n: Tensor) -> Tensor:
        """Chances [N, words] of what numbers n [N] count as."""
        x = n.float().log1p()[:, None]
        far = (self.low - x).clamp(min=0) + (x - self.high).clamp(min=0)
        return torch.softmax(-0.5 * (far / SPREAD) ** 2, 1)


def ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights of y [N] on x [N, C + 1], whose last column is one and nearly free."""
    out = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (y - y.mean()))
    out[-1] += y.mean()
    return out


@torch.no_grad()
def regress(layer: nn.Linear, source: Source) -> list[str]:
    """Sets what a layer reads from the mean of a picture's cells by ridge regressions: of each label whose number is
    known log(1 + n) where it is there, then whether it is there (-1 or 1). Returns the labels. What learns by steps
    learns the training pictures by heart instead (NOTES.md)."""
    found = [counts(source.store.pictures[i]) for i in source.countable]
    x = np.stack([source.cells[i].astype(np.float32).mean(0) for i in source.countable])
    mean, std = x.mean(0), x.std(0) + 1e-3
    x = np.concatenate([(x - mean) / std, np.ones((len(x), 1), np.float32)], 1)
    labels, here = sorted({k for f in found for k in f}), {}
    for n, label in enumerate(labels):
        here = np.array([label in f for f in found])
        many = ridge(x[here], np.log1p([f[label] for f in found if label in f]))
        for row, w in ((n, many), (len(labels) + n, ridge(x, 2.0 * here - 1))):
            layer.weight[row] = torch.from_numpy(w[:-1] / std)
            layer.bias[row] = float(w[-1] - (w[:-1] / std) @ mean)
    layer.weight[2 * len(labels) :] = layer.bias[2 * len(labels) :] = 0
    return labels


class Words(nn.Module):
    """Targets of STAGE words: directions of names and of captions' words in the embedding table, and linear readers
    of scene and label that keep what those directions alone would not tell apart."""

    def __init__(self, source: Source, table: Tensor, number: V.Number) -> None:
        super().__init__()
        self.source, self.tokenizer, self.table = source, source.tokenizer, table
        self.centre = table[: -len(ADDED)].mean(0)
        store = source.store
        self.scenes = sorted({(p.source, p.scene) for p in store.pictures if p.scene})
        self.names = sorted({s for _, s in self.scenes})
        self.labels = sorted({b[0] for p in store.pictures for b in p.boxes})
        masked = {name for p in store.pictures for name in (p.mask_classes or {}).values()}
        self.things = sorted(set(self.labels) | masked | {"airplane"})
        self.scene = self.directions(self.names)
        self.label, self.thing = self.directions(self.labels), self.directions(self.things)
        said = {i: self.said(i) for i in source.done}
        self.words = sorted({x for found in said.values() for x in found})
        index = {w: n for n, w in enumerate(self.words)}
        self.bags = {i: sorted(index[x] for x in found) for i, found in said.items()}
        self.word = F.normalize(table[self.words] - self.centre, dim=1)
        torch.manual_seed(12)
        self.read_scene, self.read_label = (nn.Linear(table.shape[1], len(x)) for x in (self.scenes, self.labels))
        self.numbers, self.counted = Numbers(self.tokenizer), regress(number.fc1, source)
        found = torch.stack([table[x].mean(0) for x in self.numbers.spaced]) - self.centre
        self.number = F.normalize(found - found.mean(0), dim=1)
        self.slot = slots(store.pictures)
        self.scale, self.shift = nn.Parameter(torch.tensor(8.0)), nn.Parameter(torch.zeros(len(self.things)))

    def directions(self, names: list[str]) -> Tensor:
        """Unit vectors of names."""
        found = [self.table[self.tokenizer.encode(" " + s)].mean(0) - self.centre for s in names]
        return F.normalize(torch.stack(found), dim=1)

    def said(self, i: int) -> set[int]:
        """Tokens of what is said about a picture: its captions, else its labels and modality."""
        p = self.source.store.pictures[i]
        texts = self.source.author.captions.get(i) or [*{b[0] for b in p.boxes}, *self.source.author.classes(p)]
        texts = [*texts, MODALITY[p.modality]]
        return {x for c in texts for x in self.tokenizer.encode(" " + c)} - self.stop()

    def stop(self) -> set[int]:
        """Tokens that say nothing about a picture."""
        words = (" a", " the", " are", " is", " in", " of", " and", " with", ".", " some", " many", " to", " on")
        return {x for w in words for x in self.tokenizer.encode(w)}

    def of_scene(self, pooled: Tensor, raw: Tensor, pictures: list) -> tuple[Tensor, dict]:
        at = [n for n, p in enumerate(pictures) if p.scene]
        if not at:
            return pooled.sum() * 0, {}
        logits = 16 * pooled[at] @ self.scene.T  # all sources' names against each other
        name = torch.tensor([self.names.index(pictures[n].scene) for n in at])
        true = torch.tensor([self.scenes.index((pictures[n].source, pictures[n].scene)) for n in at])
        read = self.read_scene(raw[at])
        loss = F.cross_entropy(logits, name) + 0.5 * F.cross_entropy(read, true)
        right = {"scene": logits.argmax(1) == name, "read scene": read.argmax(1) == true}
        of = [n for n, k in enumerate(at) if pictures[k].source != CAPTIONED]
        if of:
            right["scene of others"] = right["scene"][of]
        return loss, {k: r.float().mean().item() for k, r in right.items()}

    def of_words(self, pooled: Tensor, bags: list) -> Tensor:
        at = [n for n, bag in enumerate(bags) if bag]
        target = torch.zeros(len(at), len(self.words))
        for row, n in enumerate(at):
            target[row, bags[n]] = 1 / len(bags[n])
        return F.cross_entropy(16 * pooled[at] @ self.word.T, target)

    def of_things(self, pooled: Tensor, pictures: list) -> Tensor:
        rows = [
            (n, x, y)
            for n, p in enumerate(pictures)
            for y, part in enumerate(surely(self.source.author, p)[::-1])
            for x in part
        ]
        if not rows:
            return pooled.sum() * 0
        n, x = [r[0] for r in rows], [self.things.index(r[1]) for r in rows]
        logits = self.scale * (pooled[n] * self.thing[x]).sum(1) + self.shift[x]
        return F.binary_cross_entropy_with_logits(logits, torch.tensor([float(r[2]) for r in rows]))

    def of_rows(self, rows: Tensor, pictures: list, many: Tensor) -> tuple[Tensor, dict]:
        """Rows [B, ROWS, D] name a label each and how many of these there are: many [B, counted labels], in log(1 + n),
        one at least, or none."""
        found = [(n, x, x in counts(p)) for n, p in enumerate(pictures) for x in countable(p)]
        n, x, here = (list(k) for k in zip(*found))
        label = torch.tensor([self.labels.index(k) for k in x])
        own = rows[n, [self.slot[k] for k in x]]
        unit = F.normalize(own - self.centre, dim=1)
        logits = 16 * unit @ self.number.T
        known = torch.tensor([self.counted.index(k) for k in x])
        like = self.numbers.like(many[n, known].expm1().clamp(min=1) * torch.tensor(here))
        loss = -(like * logits.log_softmax(1)).sum(1).mean() + F.cross_entropy(16 * unit @ self.label.T, label)
        near = (logits.argmax(1) - like.argmax(1)).abs() <= 1
        return loss + 0.02 * (own.norm(dim=1).mean() - 2.9) ** 2, {"number": near.float().mean().item()}

    def of_regions(self, region: Tensor, labels: list[str]) -> tuple[Tensor, dict]:
        true = torch.tensor([self.labels.index(x) for x in labels])
        logits = 16 * F.normalize(region - self.centre, dim=1) @ self.label.T
        read = self.read_label(region)
        loss = F.cross_entropy(logits, true) + 0.5 * F.cross_entropy(read, true)
        right = {"region": logits.argmax(1) == true, "read region": read.argmax(1) == true}
        loss = loss + 0.02 * (region.norm(dim=1).mean() - 2.9) ** 2
        return loss, {k: r.float().mean().item() for k, r in right.items()}

    def forward(self, numbers: list[int], labels: list[str], image: Tensor, region: Tensor) -> tuple[Tensor, dict]:
        """Loss of pictures `numbers` whose regions (in order) have `labels`."""
        pictures, raw = [self.source.store.pictures[i] for i in numbers], image.mean(1)
        pooled = F.normalize(raw - self.centre, dim=1)
        loss, shown = self.of_scene(pooled, raw, pictures)
        loss = loss + 0.02 * (image.norm(dim=2).mean() - 2.9) ** 2
        loss = loss + 0.5 * self.of_words(pooled, [self.bags[i] for i in numbers]) + self.of_things(pooled, pictures)
        if labels:
            more, seen = self.of_regions(region, labels)
            loss, shown = loss + more, shown | seen
        return loss, shown


class Run:
    """Weights, optimiser and state of a run."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.pending: list = []
        self.args, self.path = args, getattr(args, "checkpoint", None) or os.path.join(args.work, "chat.pt")
        self.base = torch.load(os.path.join(args.work, "base.pt"), weights_only=False)
        saved = torch.load(self.path, weights_only=False) if os.path.exists(self.path) else None
        self.vision = fresh_vision(2.9, saved and saved["vision"])
        for name, p in self.vision.named_parameters():
            p.requires_grad_(p.requires_grad and name.startswith(tuple(getattr(args, "only", None) or [""])))
        self.language = Language(self.base) if args.stage == "mix" else None
        self.state = saved["state"] if saved else {"stages": {}}
        frozen = branch(args.work).state_dict()
        self.vision.lite.load_state_dict({k: v for k, v in frozen.items() if not k.startswith("ln")}, strict=False)
        if saved and self.language and saved["language"]:
            self.language.load_state_dict(saved["language"], strict=False)
        self.kept = saved.get("language") if saved else None
        if args.stage == "mix" and args.frozen:
            self.vision.requires_grad_(False)
        groups = [{"params": [p for p in self.vision.parameters() if p.requires_grad], "scale": 1.0}]
        if self.language:
            groups.append({"params": [p for p in self.language.parameters() if p.requires_grad], "scale": args.ratio})
        self.optimiser = torch.optim.AdamW(groups, lr=args.rate, betas=(0.9, 0.98), weight_decay=0.01, foreach=True)
        if saved and saved.get("stage") == args.stage == "mix" and not getattr(args, "fresh", False):
            self.optimiser.load_state_dict(saved["optimiser"])
        self.tokenizer = Tokenizer(self.base["meta"])
        self.numbers = Numbers(self.tokenizer)
        if getattr(args, "bare", False):
            return
        done = self.state["stages"].get(args.stage, {}).get("steps", 0)
        self.source = Source(Store(args.cache), args.work, args.data, self.tokenizer, args.seed * 1000 + done)

    def save(self) -> None:
        """Checkpoint by rename."""
        language = self.kept
        if self.language:
            language = {k: v for k, v in self.language.state_dict().items() if k.endswith((".a", ".b", "rows"))}
        torch.save(
            {
                "vision": self.vision.state_dict(),
                "language": language,
                "optimiser": self.optimiser.state_dict(),
                "state": self.state,
                "stage": self.args.stage,
            },
            self.path + ".part",
        )
        os.replace(self.path + ".part", self.path)

    def step(self, loss: Tensor, rate: float) -> float:
        """One update; returns the gradient's norm."""
        loss.backward()
        norm = nn.utils.clip_grad_norm_([p for g in self.optimiser.param_groups for p in g["params"]], 1.0)
        for g in self.optimiser.param_groups:
            g["lr"] = rate * g["scale"]
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(norm)


def chosen_marks(run: "Run", i: int) -> list[tuple[int, dict]]:
    """Up to four marked objects of picture i."""
    marks, out = run.source.marks.get(i, []), {}
    for n in run.source.rng.permutation(len(marks)):
        out.setdefault(marks[n][0], marks[n][1])
    return list(out.items())[:4]


def words_step(run: Run, words: Words) -> tuple[Tensor, dict]:
    """Loss of one batch of STAGE words: pictures without marks by a part of their cells (quicker), or with marks."""
    rng, numbers, items, labels = run.source.rng, [], [], []
    # where the image vectors do not learn there is nothing in pictures without marks
    kind = rng.random() * (COUNTED + MARKED if run.args.only else 1)
    if kind < COUNTED:
        return counted_step(run, words)
    marked = kind < COUNTED + MARKED
    while len(items) < run.args.batch // (2 if marked else 1):
        i = run.source.draw()
        marks = chosen_marks(run, i) if marked else []
        if marked and not marks:
            continue
        numbers.append(i)
        labels += [run.source.store.pictures[i].boxes[o][0] for o, _ in marks]
        items.append(run.source.seen(i, [m for _, m in marks]))
    batch = features(items)
    if not marked and run.args.part < CELLS:
        batch["part"] = torch.from_numpy(np.sort(rng.permutation(CELLS)[: run.args.part]))
    return words(numbers, labels, *look(run.vision, batch)[:2])


def counted_step(run: Run, words: Words) -> tuple[Tensor, dict]:
    """Loss of a batch of pictures to count in; what is read is blurred, and the truth is what is read then."""
    source, size = run.source, 2 * run.args.batch
    numbers = [int(i) for i in source.rng.choice(source.countable, size, p=source.count_chances)]
    means = torch.from_numpy(np.stack([source.cells[i].astype(np.float32).mean(0) for i in numbers]))
    read = run.vision.number.fc1(means)
    read = read + BLUR * torch.randn_like(read)
    rows = run.vision.number.said(read).view(size, ROWS, -1)
    return words.of_rows(rows, [source.store.pictures[i] for i in numbers], read)


def countable(p) -> list[str]:
    """Labels of a picture whose number is known: those that are there, and those that its source labels wherever they
    are."""
    found = counts(p)
    return sorted({*found, *EXHAUSTIVE.get(p.source, [])}) if found else []


def slots(pictures: list) -> dict[str, int]:
    """Which of the rows of numbers is whose: labels of one source have different ones."""
    beside: dict[str, set] = {}
    for source in sorted({p.source for p in pictures}):
        own = {x for p in pictures if p.source == source for x in countable(p)}
        for x in own:
            beside.setdefault(x, set()).update(own - {x})
    out: dict[str, int] = {}
    for x in sorted(beside, key=lambda x: (-len(beside[x]), x)):
        taken = {out[y] for y in beside[x] if y in out}
        out[x] = next(n for n in range(ROWS) if n not in taken)
    return out


def splice(run: Run, batch: dict, image: Tensor, region: Tensor, rows: Tensor, table: Tensor) -> Tensor:
    """Embeddings [N, D]; of the image vectors those that are shown."""
    x, ids, image = F.embedding(batch["ids"], table), batch["ids"], torch.cat([image, rows], 1)
    shown = image.gather(1, batch["shown"][:, :, None].expand(-1, -1, image.shape[2]))
    x = x.masked_scatter((ids == run.tokenizer.find("<imgpad>"))[:, None], shown)
    return x.masked_scatter((ids == run.tokenizer.find("<vppad>"))[:, None], region) if len(region) else x


def tasks_right(items: list[dict], right: Tensor) -> dict[str, list[float]]:
    """By task: share of right tokens of long answers, whole answers right of the others."""
    out, first = {}, 0
    for item in items:
        for task, at, size in item["spans"]:
            own = right[first + at : first + at + size].float()
            out.setdefault(task, []).append(own.mean().item() if task in LONG else own.min().item())
        first += len(item["at"])
    return out


def answers(run: Run, items: list[dict]) -> tuple[Tensor, Tensor, dict]:
    """Token losses and weights of a batch, and which tokens would be said."""
    batch = collate(items, run.source.system, run.tokenizer.find("<imgpad>"))
    with torch.set_grad_enabled(torch.is_grad_enabled() and not run.args.frozen):
        seen = look(run.vision, batch)
    table = run.language.table()
    # the added rows learn as outputs; as inputs they would take the gradient through all blocks
    states = run.language(splice(run, batch, *seen, table.detach()), batch)
    logits = F.linear(states[batch["at"]], table)
    loss = F.cross_entropy(logits, batch["targets"], reduction="none")
    at = batch["numbers"] >= 0
    if at.any():  # a number that is nearly right is nearly as good
        chances = logits[at].log_softmax(1)[:, run.numbers.ids]
        loss = loss.masked_scatter(at, -(run.numbers.like(batch["numbers"][at]) * chances).sum(1))
    return loss, batch["weights"], {"right": logits.argmax(1) == batch["targets"], "rows": len(batch["ids"])}


def mix_step(run: Run, words: Words) -> tuple[Tensor, dict]:
    """Loss of one batch of STAGE mix."""
    if not run.pending:  # batches of like lengths: pictures with several turns, and about as many rows of short ones
        for kind, (size, steps) in (COUNTING if run.args.counting else KINDS).items():
            for _ in range(steps):
                count = round(size * run.args.batch)
                run.pending.append([run.source.item(kind, run.args.turns, run.args.part) for _ in range(count)])
        run.pending = [run.pending[n] for n in run.source.rng.permutation(len(run.pending))]
    items = run.pending.pop()
    loss, weights, more = answers(run, items)
    shown = {k: float(np.mean(v)) for k, v in tasks_right(items, more["right"]).items()}
    return (loss * weights).sum() / weights.sum(), shown | {"rows": more["rows"], "pictures": len(items)}


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__)
    parser.add_argument("stage", choices=["words", "mix"])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument(
        "--ratio", type=float, default=1.0, help="rate of the language model's parts over the vision side's"
    )
    parser.add_argument("--part", type=int, default=16, help="cells of a picture that a step looks at")
    parser.add_argument(
        "--frozen", action="store_true", help="STAGE mix: the vision side stays as it is, which is quicker"
    )
    parser.add_argument("--only", nargs="*", help="STAGE words: what of the vision side learns (beginnings of names)")
    parser.add_argument("--counting", action="store_true", help="STAGE mix: most steps on numbers alone, until those are read")
    parser.add_argument("--fresh", action="store_true", help="begin with a new optimiser state")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2_threads()
    run = Run(args)
    words = None
    if args.stage == "words":
        run.vision.number.fc1.requires_grad_(False)
        words = Words(run.source, run.base["weights"]["token_embd.weight"], run.vision.number)
        run.optimiser.add_param_group({"params": list(words.parameters()), "scale": 2.0})
    begin, saved, means = time.time(), time.time(), {}
    mine = run.state["stages"].setdefault(args.stage, {"steps": 0, "samples": 0, "seconds": 0.0})
    local, spent = 0, mine["seconds"]
    while time.time() - begin < args.minutes * 60:
        done = (time.time() - begin) / (args.minutes * 60)
        rate = args.rate * min(1.0, (local + 1) / 12) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))
        loss, shown = (words_step if args.stage == "words" else mix_step)(run, words)
        shown["loss"] = loss.item()
        shown["norm"] = run.step(loss, rate)
        local += 1
        mine["steps"], mine["samples"] = mine["steps"] + 1, mine["samples"] + shown.get("pictures", args.batch)
        mine["seconds"] = spent + time.time() - begin
        for k, v in shown.items():
            means[k] = means.get(k, v) * 0.95 + v * 0.05
        if local % 10 == 0:
            print(
                json.dumps(
                    {
                        "step": mine["steps"],
                        "s": round(time.time() - begin),
                        "cpu": round(time.process_time()),
                        **{k: round(v, 3) for k, v in means.items()},
                    }
                ),
                flush=True,
            )
        if time.time() - saved > 180:
            run.save()
            saved = time.time()
    run.save()


def cv2_threads() -> None:
    """One thread for OpenCV too."""
    import cv2

    cv2.setNumThreads(1)


if __name__ == "__main__":
    main()
