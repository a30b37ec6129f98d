"""STAGE branch: the CNN branch learns scenes, labels, captions' words and counts: python branch.py --work WORK --cache
CACHE --minutes M; writes WORK/branch.pt, which features.py and tune.py read.

Stem and first stages stay as ImageNet made them, and so do all depthwise kernels; the 1x1 convolutions behind learn, in
bf16 with f32 masters. PyTorch's own backward pass of a depthwise convolution on a CPU costs five times all the rest, so
`Depthwise` takes the gradient by a forward one with the kernel turned. Crops of scenes have the scale of the whole view.
"""

import argparse
import json
import math
import os
import time
from collections import Counter

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import marks as R
import vision  # noqa: F401  (puts the segmenter's trainer on the path)
from conversations import Author, captions_of, surely
from features import SIDE, WIDTH, branch, turned, whole
from metrics import words
from model import pad_same
from simulate_marks import exact_mark, noisy_mark
from store import Store, build, stage_arguments

FIRST = 7  # blocks before this one stay as they are
CROP = 160  # side of a scene's crop
KINDS = {"scene": (24, 0.68), "close-up": (24, 0.16), "picture": (8, 0.16)}  # pictures a step, share of the steps
RARE = 20  # a caption's word counts from so many captions on
FAR = -1e9


class Depthwise(torch.autograd.Function):
    """A depthwise convolution with SAME padding of x [B, C, H, W], channels last, whose kernel does not learn."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.stride, ctx.size = stride, x.shape[2]
        k = weight.shape[-1]
        if stride == 1:
            return F.conv2d(x, weight, bias, 1, k // 2, 1, x.shape[1])
        return F.conv2d(pad_same(x, k, stride), weight, bias, stride, 0, 1, x.shape[1])

    @staticmethod
    def backward(ctx, g: Tensor) -> tuple:
        (weight,) = ctx.saved_tensors
        k, s, n = weight.shape[-1], ctx.stride, g.shape[2]
        before = max((n - 1) * s + k - ctx.size, 0) // 2 if s > 1 else k // 2
        size = (n - 1) * s + 1
        spread = g.new_zeros(*g.shape[:2], size, size).contiguous(memory_format=torch.channels_last)
        spread[:, :, ::s, ::s] = g
        left = k - 1 - before
        right = ctx.size + k - 1 - size - left
        spread = F.pad(spread, (left, right, left, right))
        return F.conv2d(spread, weight.flip(2, 3), None, 1, 0, 1, len(weight)), None, None, None


def pointwise(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """A 1x1 convolution of x, channels last, as one product."""
    b, c, h, w = x.shape
    y = F.linear(x.permute(0, 2, 3, 1).reshape(-1, c), conv.weight.flatten(1).to(x.dtype), conv.bias.to(x.dtype))
    return y.view(b, h, w, -1).permute(0, 3, 1, 2)


def taps(net: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """f16 and f32 of square normalised pictures [B, 3, v, v]; gradients reach the blocks from FIRST on."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        x = F.relu6(net.stem(x.contiguous(memory_format=torch.channels_last)))
        for block in net.blocks[:FIRST]:
            x = block(x)
    x, out = x.bfloat16(), []
    for i, block in enumerate(net.blocks[FIRST:], FIRST):
        y = F.relu6(pointwise(block.expand, x))
        kernel, bias = (t.to(x.dtype) for t in (block.dw.weight, block.dw.bias))
        y = pointwise(block.project, F.relu6(Depthwise.apply(y, kernel, bias, block.dw.stride[0])))
        x = x + y if block.residual else y
        if i in net.taps[-2:]:
            out.append(x)
    return tuple(out)


class Readers(nn.Module):
    """Linear readers of the pooled taps: scene, label of a close-up, words of captions, things there and how many."""

    def __init__(self, store: Store, captions: dict) -> None:
        super().__init__()
        pictures = store.pictures
        self.scenes = sorted({(p.source, p.scene) for p in pictures if p.scene})
        self.labels = sorted({b[0] for p in pictures for b in p.boxes})
        masked = {name for p in pictures for name in (p.mask_classes or {}).values()}
        self.things = sorted(set(self.labels) | masked | {"airplane"})
        often = Counter(
            w for i, said in captions.items() if not pictures[i].validation for c in said for w in set(words(c))
        )
        self.words = {w: n for n, w in enumerate(sorted(w for w, n in often.items() if RARE <= n < len(captions) / 2))}
        sizes = {
            "scene": self.scenes,
            "label": self.labels,
            "word": self.words,
            "there": self.things,
            "many": self.labels,
        }
        self.read = nn.ModuleDict({k: nn.Linear(WIDTH, len(v)) for k, v in sizes.items()})
        for reader in self.read.values():
            nn.init.zeros_(reader.weight)
            nn.init.zeros_(reader.bias)

    @staticmethod
    def pooled(f16: Tensor, f32: Tensor) -> Tensor:
        """[B, WIDTH]: both taps' means, each normed."""
        return torch.cat([F.layer_norm(t.float().mean((2, 3)), t.shape[1:2]) for t in (f32, f16)], 1)

    def scene_logits(self, x: Tensor, pictures: list) -> Tensor:
        """Scenes of each picture's own source."""
        own = torch.tensor([[s == p.source for s, _ in self.scenes] for p in pictures])
        return self.read["scene"](x).masked_fill(~own, FAR)

    def of_scenes(self, x: Tensor, pictures: list, said: list) -> Tensor:
        true = torch.tensor([self.scenes.index((p.source, p.scene)) for p in pictures])
        logits, target = self.scene_logits(x, pictures), torch.zeros(len(x), len(self.words))
        for row, texts in enumerate(said):
            at = [self.words[w] for c in texts for w in words(c) if w in self.words]
            target[row, at] = 1
        target = target / target.sum(1, keepdim=True).clamp(min=1)
        loss = F.cross_entropy(logits, true) + 0.3 * F.cross_entropy(self.read["word"](F.dropout(x, 0.1)), target)
        return loss

    def of_labels(self, x: Tensor, labels: list[str]) -> Tensor:
        true = torch.tensor([self.labels.index(n) for n in labels])
        return F.cross_entropy(self.read["label"](x), true, label_smoothing=0.05)

    def of_pictures(self, x: Tensor, pictures: list, author: Author) -> Tensor:
        there, many = self.read["there"](x), self.read["many"](x)
        loss, rows = x.sum() * 0, 0
        for n, p in enumerate(pictures):
            here, absent = surely(author, p)
            at = [self.things.index(t) for t in [*here, *absent]]
            true = torch.tensor([1.0] * len(here) + [0.0] * len(absent))
            if at:
                loss, rows = loss + F.binary_cross_entropy_with_logits(there[n, at], true), rows + 1
            counts = Counter(b[0] for b in p.boxes) | {t: 0 for t in absent if t in self.labels}
            if counts and p.source != "psu_car":
                wanted = torch.tensor([math.log1p(c) for c in counts.values()])
                loss = loss + F.smooth_l1_loss(many[n, [self.labels.index(t) for t in counts]], wanted)
        return loss / max(rows, 1)


def tinted(rng: np.random.Generator, x: np.ndarray, grey: bool) -> np.ndarray:
    """f32 picture with other brightness and contrast; speckled besides when grey."""
    x = 255 * (x.astype(np.float32) / 255) ** np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.1))
    if grey:
        x = x * np.exp(rng.normal(0, rng.uniform(0, 0.25), x.shape[:2]))[..., None]
    return np.clip(x, 0, 255).astype(np.float32)


class Draws:
    """Random training pictures of each kind, as normalised tensors."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.rng = store, np.random.default_rng(seed)
        own = [i for i, p in enumerate(store.pictures) if not p.validation]
        self.scenes = [i for i in own if store.pictures[i].scene]
        self.chances = self.even([store.pictures[i].source + store.pictures[i].scene for i in self.scenes], 1.0)
        self.rest = [i for i in own if not store.pictures[i].scene and store.pictures[i].source != "sar_acd"]
        self.rest_chances = self.even([store.pictures[i].source for i in self.rest], 0.6)
        self.objects = [(i, n) for i in own for n, b in enumerate(store.pictures[i].boxes) if min(b[3:]) >= 3]
        # a label as often as any other, and in it a scene or target as often as any other's root
        labels = [store.pictures[i].boxes[n][0] for i, n in self.objects]
        self.object_chances = self.even([store.pictures[i].group for i, _ in self.objects], 0.5)
        total = Counter()
        for label, c in zip(labels, self.object_chances):
            total[label] += c
        self.object_chances = np.array([c / total[n] ** 0.7 for n, c in zip(labels, self.object_chances)])
        self.object_chances /= self.object_chances.sum()

    @staticmethod
    def even(names: list[str], power: float) -> np.ndarray:
        """Chances that fall with how often a name occurs."""
        often = Counter(names)
        out = np.array([often[n] ** -power for n in names])
        return out / out.sum()

    def tensor(self, parts: list[np.ndarray], side: int) -> Tensor:
        return torch.from_numpy(np.stack([R.padded(p, side, [127] * 3, [128] * 3) for p in parts]))

    def crops(self, size: int) -> tuple[Tensor, list[int]]:
        rng, out = self.rng, []
        chosen = [self.scenes[n] for n in rng.choice(len(self.scenes), size, p=self.chances)]
        for i in chosen:
            pixels = self.store.pixels(self.store.pictures[i])
            scale = max(SIDE * math.exp(rng.normal(0, 0.1)), CROP) / max(pixels.shape[:2])
            big = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
            y, x = (int(rng.integers(max(n - CROP, 0) + 1)) for n in big.shape[:2])
            part = turned(big[y : y + CROP, x : x + CROP], int(rng.integers(8)))
            out.append(tinted(rng, part, False))
        return self.tensor(out, CROP), chosen

    def close_ups(self, size: int) -> tuple[Tensor, list[str]]:
        rng, side, out, labels = self.rng, SIDE // 2, [], []
        for n in rng.choice(len(self.objects), size, p=self.object_chances):
            i, which = self.objects[n]
            p = self.store.pictures[i]
            mark = noisy_mark(rng, p.boxes[which][1:], p.width, p.height)
            part = turned(R.zoom(self.store.pixels(p), mark, side, quick=True)[0], int(rng.integers(8)))
            labels.append(p.boxes[which][0])
            if p.source == "sar_acd":  # one target fills the chip: shift, turn and stretch it
                middle = (side / 2, side / 2)
                move = cv2.getRotationMatrix2D(middle, rng.uniform(-20, 20), rng.uniform(0.85, 1.2))
                move[:, 2] += rng.uniform(-0.1, 0.1, 2) * side
                part = cv2.warpAffine(part, move, (side, side), borderMode=cv2.BORDER_REFLECT)
            out.append(tinted(rng, part, p.modality == "sar"))
        return self.tensor(out, side), labels

    def wholes(self, size: int) -> tuple[Tensor, list[int]]:
        rng = self.rng
        chosen = [self.rest[n] for n in rng.choice(len(self.rest), size, p=self.rest_chances)]
        flip = lambda x: np.ascontiguousarray(x[:, ::-1]) if rng.random() < 0.5 else x  # noqa: E731
        parts = [tinted(rng, flip(whole(self.store.pixels(self.store.pictures[i]))), False) for i in chosen]
        return self.tensor(parts, SIDE), chosen


@torch.no_grad()
def measure(net: nn.Module, readers: Readers, store: Store) -> dict[str, float]:
    """Share of right scenes and, macro over labels, of right close-ups on validation pictures."""
    rng, found = np.random.default_rng(3), {}
    views = Draws.tensor
    for source in ("aid", "rsscn7"):
        own = [p for p in store.pictures if p.validation and p.source == source]
        own = [own[n] for n in rng.permutation(len(own))[:240]]
        right = []
        for at in range(0, len(own), 16):
            part = own[at : at + 16]
            x = readers.pooled(*taps(net, views(None, [whole(store.pixels(p)) for p in part], SIDE)))
            best = readers.scene_logits(x, part).argmax(1)
            right += [readers.scenes[b] == (p.source, p.scene) for b, p in zip(best, part)]
        found[source] = float(np.mean(right))
    objects = [(p, b) for p in store.pictures if p.validation for b in p.boxes if min(b[3:]) >= 4]
    by: dict[str, list] = {}
    for n in rng.permutation(len(objects)):
        by.setdefault(objects[n][1][0], []).append(objects[n])
    scores = {}
    for label, own in by.items():
        parts = [R.zoom(store.pixels(p), exact_mark("box", b[1:]), SIDE // 2, quick=True)[0] for p, b in own[:24]]
        best = readers.read["label"](readers.pooled(*taps(net, views(None, parts, SIDE // 2)))).argmax(1)
        scores[label] = float((best == readers.labels.index(label)).float().mean())
    sar = [v for k, v in scores.items() if k.startswith(("Boeing", "Airbus", "COMAC"))]
    found |= {"close-up": float(np.mean(list(scores.values()))), "aircraft": float(np.mean(sar))}
    return {k: round(v, 3) for k, v in found.items()}


def train(args: argparse.Namespace) -> None:
    """Learn for some minutes."""
    build(args.data, args.cache)
    store, captions = Store(args.cache), captions_of(args.data)
    net, path = branch(args.work).to(memory_format=torch.channels_last), os.path.join(args.work, "branch.pt")
    torch.manual_seed(args.seed)
    readers, draws = Readers(store, captions), Draws(store, args.seed)
    author = Author(store.pictures, captions, draws.rng)
    net.requires_grad_(False)
    learnt = [c for b in net.blocks[FIRST:] for c in (b.expand, b.project)]
    own = [p.requires_grad_() for c in learnt for p in c.parameters()]
    optimiser = torch.optim.AdamW([{"params": own}, {"params": readers.parameters()}], weight_decay=0.02, foreach=True)
    names, shares = list(KINDS), np.array([s for _, s in KINDS.values()])
    begin, shown, step, saved, means = time.time(), time.time(), 0, time.time(), {}
    while (done := (time.time() - begin) / (60 * args.minutes)) < 1:
        kind = names[draws.rng.choice(len(names), p=shares / shares.sum())]
        pixels, what = {"scene": draws.crops, "close-up": draws.close_ups, "picture": draws.wholes}[kind](
            KINDS[kind][0]
        )
        x = F.dropout(readers.pooled(*taps(net, pixels)), 0.1)
        pictures = [store.pictures[i] for i in what] if kind != "close-up" else []
        if kind == "scene":
            loss = readers.of_scenes(x, pictures, [captions.get(i, []) for i in what])
        else:
            loss = readers.of_labels(x, what) if kind == "close-up" else readers.of_pictures(x, pictures, author)
        loss.backward()
        nn.utils.clip_grad_norm_(own, 2.0)
        fall = 0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * done))
        for group, rate, rise in zip(optimiser.param_groups, (args.rate, 20 * args.rate), (120, 10)):
            group["lr"] = rate * fall * min(1.0, (step + 1) / rise)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        step += 1
        means[kind] = means.get(kind, loss.item()) * 0.95 + 0.05 * loss.item()
        if step % 50 == 0:
            print(
                json.dumps(
                    {"step": step, "s": round(time.time() - begin)} | {k: round(v, 3) for k, v in means.items()}
                ),
                flush=True,
            )
        if time.time() - shown > 150:
            print(json.dumps(measure(net, readers, store)), flush=True)
            shown = time.time()
    torch.save(net.state_dict(), path + ".part")
    os.replace(path + ".part", path)
    print(json.dumps(measure(net, readers, store)))


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    train(args)


if __name__ == "__main__":
    main()
