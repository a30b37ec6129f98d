"""Train the starter segmenter: python train.py --data DATA --work WORK [--only-open]; resumes by itself.

WORK holds the decoded pictures, pseudo-masks, regions and checkpoints. Weights are bf16 with f32 masters where the
processor multiplies bf16, else f32; an average of the masters is what is validated and shipped.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import time

import cv2
import numpy as np
import torch

import losses as L
import prompts as P
from data import BOXED, MASKED, NOTHING, Sample, Stream, draw
from model import Segmenter, imagenet_path, load_imagenet
from store import ROOT, build, default_data

HERE = os.path.dirname(os.path.abspath(__file__))


def quick_dtype() -> torch.dtype:
    """What weights and activations are held in: bf16 without units for it is slower than f32 by a factor of tens."""
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("amx_bf16") or able.get("avx512_bf16") else torch.float32


QUICK = quick_dtype()


def orthogonal(x: torch.Tensor) -> torch.Tensor:
    """Nearest matrix of equal singular values (nearly 1) to x [n, m]: Newton-Schulz, coefficients of Muon."""
    y = x.to(QUICK)
    if tall := y.shape[0] > y.shape[1]:
        y = y.T
    y = y / (y.norm() + 1e-7)
    for _ in range(5):
        a = y @ y.T
        y = 3.4445 * y + (-4.7750 * a + 2.0315 * a @ a) @ y
    return (y.T if tall else y).float()


class Masters:
    """Optimiser on f32 copies of the trainable parameters, and their running average: Muon for the matrices of
    neck and decoder (updates of the size AdamW's have), AdamW for everything else."""

    def __init__(self, model: Segmenter, whole: dict, rate: float) -> None:
        self.names, self.live = zip(*[(n, p) for n, p in model.named_parameters() if p.requires_grad])
        self.whole = whole  # f32 state dict the run began with: frozen tensors are saved as they were
        self.masters = [whole[n].clone() for n in self.names]
        slow = [i for i, n in enumerate(self.names) if n.startswith("enc.trunk")]
        self.matrices = [i for i, n in enumerate(self.names) if self._matrix(n, self.masters[i])]
        self.momenta = {i: torch.zeros_like(self.masters[i]) for i in self.matrices}
        fast = [i for i, n in enumerate(self.names) if not n.startswith("enc.trunk") and i not in self.momenta]
        self.optimiser = torch.optim.AdamW(
            [{"params": [self.masters[i] for i in fast], "scale": 1.0},
             {"params": [self.masters[i] for i in slow], "scale": 0.4}], lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
        self.average = [m.clone() for m in self.masters]
        self.updates = 0

    @staticmethod
    def _matrix(name: str, value: torch.Tensor) -> bool:
        large = value.ndim >= 2 and min(value.shape[0], value[0].numel()) >= 16
        return large and not name.startswith("enc.trunk") and "token" not in name

    @torch.no_grad()
    def _muon(self, rate: float) -> None:
        for i in self.matrices:
            if (gradient := self.masters[i].grad) is None:
                continue
            self.momenta[i].lerp_(gradient, 0.05)
            step = orthogonal(gradient.lerp(self.momenta[i], 0.95).flatten(1))
            self.masters[i].mul_(1 - 0.01 * rate)
            self.masters[i].add_(step.view_as(self.masters[i]), alpha=-0.2 * rate * max(step.shape) ** 0.5)
            self.masters[i].grad = None

    def share(self) -> None:
        """Move the masters to shared memory, for several processes that step on them without locks."""
        for m in self.masters:
            m.share_memory_()

    def step(self, rate: float) -> float:
        """Apply the gradients of the live parameters; returns their norm."""
        for master, live in zip(self.masters, self.live):
            master.grad = live.grad.float() if live.grad is not None else None
            live.grad = None
        norm = torch.nn.utils.clip_grad_norm_(self.masters, 1.0)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["scale"]
        self._muon(rate)
        self.optimiser.step()
        self.updates += 1
        keep = min(0.998, (1 + self.updates) / (6 + self.updates))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.masters, 1 - keep)
            for master, live in zip(self.masters, self.live):
                live.copy_(master)
        return float(norm)

    def averaged(self) -> dict:
        """State dict (f32) of the averaged model."""
        return self.whole | dict(zip(self.names, (a.clone() for a in self.average)))


def freeze(model: Segmenter, blocks: int, only_score: bool) -> None:
    """No gradients for the stem, the first `blocks` blocks and all 5x5 depthwise filters (their weight gradient
    alone took half of a step); with `only_score` for nothing but the score head."""
    if only_score:
        model.requires_grad_(False)
        model.dec.iou.requires_grad_(True)
        return
    trunk = model.enc.trunk
    trunk.frozen_blocks = blocks
    for part in (trunk.stem, *trunk.blocks[:blocks]):
        part.requires_grad_(False)
    for block in trunk.blocks:
        if block.dw.kernel_size[0] == 5:
            block.dw.requires_grad_(False)


def item_losses(logits: torch.Tensor, scores: torch.Tensor, batch: dict, single: torch.Tensor
                ) -> tuple[torch.Tensor, dict]:
    """Loss of one round: logits f32 [N, 4, d, d], scores [N, 4], single bool [N] (one lone positive point)."""
    kind, cover, weight, area, boxes = (batch[k] for k in ("kind", "cover", "weight", "area", "boxes"))
    per_mask = logits.new_zeros(logits.shape[:2])
    truth = logits.new_zeros(logits.shape[:2])
    masked, boxed = kind == MASKED, kind == BOXED
    if masked.any():
        x, t, w = logits[masked], cover[masked], weight[masked]
        loss = L.mask_loss(x, t, w, area[masked])
        tight = batch["tight"][masked].unsqueeze(1)
        loss = loss + 0.5 * tight * L.projection_loss(x, batch["box_cover"][masked])
        per_mask[masked] = loss
        truth[masked] = L.overlap(x.detach(), t, w)
    if boxed.any():
        x, b = logits[boxed], batch["box_cover"][boxed]
        loss = L.projection_loss(x, b) + L.outside_loss(x, b, area[boxed])
        loss = loss + 0.5 * L.pairwise_loss(x, batch["like"][boxed], b) + L.fill_loss(x, b, batch["least"][boxed])
        per_mask[boxed] = loss
        truth[boxed] = L.box_overlap(x.detach(), boxes[boxed])
    some = kind != NOTHING
    three = per_mask[:, 1:]
    lone = three.min(1).values + 0.15 * three.mean(1) + 0.2 * per_mask[:, 0]
    other = per_mask[:, 0] + 0.15 * three.min(1).values + 0.02 * three.mean(1)
    chosen = torch.where(single, lone, other)[some].mean()
    # a mask whose truth is nothing: only the score learns
    score = (scores - truth).square().mean(1)
    score = (score * torch.where(some, 1.0, 0.5)).mean()
    if (asked := some & single).any():
        score = score + 0.5 * L.choice_loss(scores[asked, 1:], truth[asked, 1:])
    best = torch.where(single, truth[:, 1:].gather(1, scores[:, 1:].argmax(1, keepdim=True))[:, 0], truth[:, 0])
    shown = {"mask": best[masked].mean().item() if masked.any() else None,
             "box": best[boxed].mean().item() if boxed.any() else None,
             "point": best[some & single].mean().item() if (some & single).any() else None}
    return chosen + score, shown


# A mask fills at least this share of its box: what the accepted pseudo-masks of a class nearly all do.
LEAST = {"airplane": 0.25, "ship": 0.42, "car": 0.6, "other vehicle": 0.55, "person": 0.5, "bicycle": 0.5,
         "swimming pool": 0.45, "playground": 0.5, "overpass": 0.25}


def contrast(colours: np.ndarray, box: np.ndarray) -> float:
    """Colour threshold of the pairwise term for one box (cells) on a Lab picture [d, d, 3]: by the contrast there."""
    w, h = box[2] - box[0], box[3] - box[1]
    x0, y0 = int(max(0, box[0] - 0.2 * w)), int(max(0, box[1] - 0.2 * h))
    part = colours[y0:int(box[3] + 0.2 * h) + 2, x0:int(box[2] + 0.2 * w) + 2].reshape(-1, 3)
    return float(np.clip(0.45 * part.std(0).sum(), 2.0, 18.0)) if len(part) else 18.0


def collate(samples: list[Sample], size: int) -> dict:
    """One batch: B samples, N = B * P items."""
    d = size // 4
    items = [i for s in samples for i in s.items]
    per = len(samples[0].items)
    boxes = np.concatenate([s.boxes for s in samples])
    coverage = torch.from_numpy(np.concatenate([s.coverage for s in samples]))
    edges = torch.arange(d)
    b = torch.from_numpy(boxes)
    x = (torch.minimum(edges + 1, b[:, 2:3]) - torch.maximum(edges, b[:, 0:1])).clamp(0, 1)
    y = (torch.minimum(edges + 1, b[:, 3:4]) - torch.maximum(edges, b[:, 1:2])).clamp(0, 1)
    ignore = torch.from_numpy(np.stack([s.ignore for s in samples])).repeat_interleave(per, 0)
    different = L.differences(torch.from_numpy(np.stack([s.colours for s in samples]))).repeat_interleave(per, 0)
    limits = torch.tensor([contrast(s.colours, box) for s in samples for box in s.boxes])
    return {
        "image": torch.stack([s.image for s in samples]).contiguous(memory_format=torch.channels_last),
        "items": items, "crops": [s.crop for s in samples for _ in s.items],
        "kind": torch.tensor([i.kind for i in items]),
        "tight": torch.tensor([float(i.instance is not None and i.instance.kind == "pseudo") for i in items]),
        "cover": coverage, "weight": 1 - ignore, "boxes": b, "box_cover": y.unsqueeze(2) * x.unsqueeze(1),
        "area": ((b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])).clamp_min(1),
        "like": (different < limits.view(-1, 1, 1, 1)).float(),
        "least": torch.tensor([LEAST.get(i.instance.label, 0.4) if i.instance else 0.4 for i in items]),
        "drawn": draw([(i.prompts, s.crop) for s in samples for i in s.items], size),
        "single": torch.tensor([P.multimask(i.prompts) for i in items]),
    }


def corrective(rng: np.random.Generator, logits: np.ndarray, cover: np.ndarray) -> tuple[int, float, float] | None:
    """A click on the largest wrong region: (sign, x, y) in cells, or None when all is right."""
    best, size, sign = None, 0, 0
    for s, wrong in ((1, (logits <= 0) & (cover > 0.5)), (-1, (logits > 0) & (cover < 0.5))):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8))
        if count > 1:
            k = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            if stats[k, cv2.CC_STAT_AREA] > size:
                best, size, sign = labels == k, stats[k, cv2.CC_STAT_AREA], s
    if best is None or size < 2:
        return None
    depth = cv2.distanceTransform(cv2.copyMakeBorder(best.astype(np.uint8), 1, 1, 1, 1, 0), cv2.DIST_L2, 3)[1:-1, 1:-1]
    if rng.random() < 0.6:
        y, x = np.unravel_index(depth.argmax(), depth.shape)
    else:
        ys, xs = np.nonzero(depth > 0.5 * depth.max())
        n = rng.integers(len(xs))
        y, x = ys[n], xs[n]
    return sign, float(x + 0.5), float(y + 0.5)


class Trainer:
    """Model, optimiser and rounds of one run."""

    def __init__(self, model: Segmenter, whole: dict, args: argparse.Namespace) -> None:
        self.model, self.args = model, args
        self.masters = Masters(model, whole, args.rate)
        self.rng = np.random.default_rng(args.seed + 77)

    def correct(self, batch: dict, logits: torch.Tensor, scores: torch.Tensor, size: int) -> list[int]:
        """Add a corrective click to items whose mask is known; returns the corrected ones and sets `previous`."""
        low, cover = logits.detach().float().numpy(), batch["cover"].numpy()
        single, picked = batch["single"], []
        best = torch.where(single, 1 + scores[:, 1:].argmax(1), 0).tolist()
        for n, item in enumerate(batch["items"]):
            if item.kind != MASKED:
                continue
            click = corrective(self.rng, low[n, best[n]], cover[n])
            if click is None:
                continue
            new_w, new_h = batch["crops"][n].resized(size)
            crop = batch["crops"][n]
            at = (click[1] * 4 * crop.width / new_w, click[2] * 4 * crop.height / new_h)
            item.prompts.append(("point", click[0], at))
            batch["previous"][n] = low[n, best[n]] if self.rng.random() < 0.5 else None
            picked.append(n)
        return picked

    def step(self, batch: dict, rate: float, size: int) -> dict:
        """One optimiser step: the prompts as given, then with luck one or two corrected rounds."""
        encoded = self.model.encode(batch["image"].to(QUICK))
        logits, scores = self.model.decode(encoded, *batch["drawn"])
        loss, shown = item_losses(logits.float(), scores.float(), batch, batch["single"])
        again = self.rng.random()
        rounds = 0 if again < 1 - self.args.refine else (1 if again < 1 - self.args.refine / 3 else 2)
        batch["previous"] = [None] * len(batch["items"])
        for _ in range(rounds):
            picked = self.correct(batch, logits, scores.float(), size)
            if not picked:
                break
            drawn = draw([(i.prompts, c) for i, c in zip(batch["items"], batch["crops"])], size, batch["previous"])
            logits, scores = self.model.decode(encoded, *drawn)
            batch["single"] = torch.tensor([P.multimask(i.prompts) for i in batch["items"]])
            part = {k: (v[picked] if isinstance(v, torch.Tensor) and len(v) == len(batch["items"]) else v)
                    for k, v in batch.items()}
            more, refined = item_losses(logits[picked].float(), scores[picked].float(), part, part["single"])
            loss = loss + more
            shown["refined"] = refined["mask"]
        loss.backward()
        shown["norm"] = self.masters.step(rate)
        shown["loss"] = loss.item() / (1 + rounds)
        return shown


def rate_at(step: int, args: argparse.Namespace, begin: float) -> float:
    """Warm-up, then a cosine over the wall-clock budget down to a twentieth."""
    done = min(1.0, (time.time() - begin) / (args.minutes * 60))
    return args.rate * min(1.0, (step + 1) / args.warmup) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))


def prepare(args: argparse.Namespace) -> None:
    """Decode the data and make pseudo-masks and regions when they are not there."""
    build(args.data, os.path.join(args.work, "cache"))
    cache = os.path.join(args.work, "cache")
    if not args.skip_truth:
        subprocess.run([sys.executable, os.path.join(HERE, "pseudo.py"), cache, os.path.join(args.work, "pseudo")],
                       check=True)
        if not os.path.exists(os.path.join(args.work, "regions.npz")):
            subprocess.run([sys.executable, os.path.join(HERE, "regions.py"), cache,
                            os.path.join(args.work, "regions.npz")], check=True)


def start(args: argparse.Namespace) -> tuple[Segmenter, dict]:
    """The model from the newest checkpoint, a GGUF file (--start) or ImageNet, and the run's state."""
    torch.manual_seed(args.seed)
    model = Segmenter()
    load_imagenet(model, imagenet_path())
    state = {"step": 0, "crops": 0, "seed": args.seed}
    path = os.path.join(args.work, "last.pt")
    if os.path.exists(path) and not args.start:
        saved = torch.load(path, weights_only=True)
        model.load_state_dict(saved["model"])
        state = saved["state"]
    elif args.start:
        from predict import load_gguf
        model, _ = load_gguf(args.start)
    return model.train(), state


def save(trainer: Trainer, state: dict, work: str) -> None:
    """Checkpoint by rename: averaged weights and state (a resume warms up afresh)."""
    path = os.path.join(work, "last.pt")
    torch.save({"model": trainer.masters.averaged(), "state": state}, path + ".part")
    os.replace(path + ".part", path)
    with open(os.path.join(work, "state.json"), "w") as f:
        json.dump(state, f)


def work(rank: int, trainer: Trainer, state: dict, args: argparse.Namespace, begin: float, crops: torch.Tensor) -> None:
    """One process's loop until the budget is used. Barriers cost dearly on shared cores, so there are none: each
    process computes gradients on its own copy and applies them to the shared masters."""
    random.seed(args.seed + rank)
    trainer.rng = np.random.default_rng((args.seed, rank, state["step"]))
    stream = iter(Stream(os.path.join(args.work, "cache"), args.work, args.size, args.prompts,
                         args.seed * 100000 + state["step"] * 10 + rank, args.only_open, 0.6 * args.only_score))
    first, saved, means, local = int(crops), time.time(), {}, 0
    while time.time() - begin < args.minutes * 60:
        batch = collate([next(stream) for _ in range(args.batch)], args.size)
        shown = trainer.step(batch, rate_at(local, args, begin), args.size)
        crops += args.batch
        local += 1
        state["step"] += args.processes
        for k, v in shown.items():
            if v is not None and math.isfinite(v):
                means[k] = means.get(k, v) * 0.98 + v * 0.02
        if rank:
            continue
        if local % 25 == 0:
            speed = (int(crops) - first) / (time.time() - begin)
            figures = " ".join(f"{k} {v:.3f}" for k, v in means.items())
            print(f"{time.strftime('%H:%M:%S')} {int(crops)} {figures} {speed:.1f} crops/s", flush=True)
        if time.time() - saved > 120:
            used = (time.time() - begin) / 60
            save(trainer, {**state, "crops": int(crops), "size": args.size, "minutes": used}, args.work)
            saved = time.time()


def main() -> None:
    """Train until the budget is used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "training"))
    parser.add_argument("--only-open", action="store_true")
    parser.add_argument("--skip-truth", action="store_true", help="do not make pseudo-masks and regions first")
    parser.add_argument("--start", help="GGUF file to begin from")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--warmup", type=int, default=150)
    parser.add_argument("--refine", type=float, default=0.45, help="share of steps with corrected rounds")
    parser.add_argument("--frozen", type=int, default=4, help="trunk blocks without gradients")
    parser.add_argument("--only-score", action="store_true", help="train the score head alone, mostly on clicks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="one thread each, stepping on shared masters")
    args = parser.parse_args()
    prepare(args)
    torch.set_num_threads(1)
    model, state = start(args)
    freeze(model, args.frozen, args.only_score)
    whole = {k: v.float().clone() for k, v in model.state_dict().items()}
    model = model.to(QUICK).to(memory_format=torch.channels_last)
    trainer = Trainer(model, whole, args)
    trainer.masters.share()
    crops = torch.tensor([state["crops"]]).share_memory_()
    begin, children = time.time(), []
    for rank in range(1, args.processes):
        if (child := os.fork()) == 0:
            work(rank, trainer, dict(state), args, begin, crops)
            os._exit(0)
        children.append(child)
    work(0, trainer, state, args, begin, crops)
    for child in children:
        os.waitpid(child, 0)
    save(trainer, {**state, "crops": int(crops), "size": args.size}, args.work)


if __name__ == "__main__":
    main()
