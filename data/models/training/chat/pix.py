"""STAGE pix: R_lp learns to turn the state at `<pix>` into a map over the picture's features, for a phrase, or into a
prompt of the frozen segmenter, for a marked region: python pix.py --work WORK --cache CACHE --segmenter SAM.gguf
--minutes M; writes the checkpoint in WORK.

States and encodings are computed once, so the language model has to be done. A phrase is held against the union of its
masks, or of its boxes where there are only boxes; a marked region against what the segmenter makes of its mark alone.
"""

import argparse
import time
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from conversations import Sample, Turn
from ground import WIDTHS, layers, low_res, phrase_map
from questions import box_mask
from sequences import CELLS, collate, features, with_rows
from store import stage_arguments
from tune import Run, cv2_threads, fused, look, splice
import marks as R
import prompts as P
from predict import frame, load_gguf, normalise

PART, SOURCES = 16, {"psu_car": 0, "sar_acd": 0, "aid": 0, "rsscn7": 0}  # cells shown; pictures without masks a source
PHRASES, BATCH, MARKED = 4, 16, 6  # phrases a picture; phrases, and marks, a step
ASKED, EVERY = 8, 3  # phrases that every EVERY-th picture is asked for, whether they are there or not


class Ground:
    """The segmenter's encodings of chosen pictures and what is to be found in them."""

    def __init__(self, run: Run, segmenter: str, each: int) -> None:
        self.run, (self.model, meta) = run, load_gguf(segmenter)
        self.model.requires_grad_(False)
        self.size, self.low = meta["sam.image_size"], meta["sam.image_size"] // 4
        left, self.chosen = {}, []
        for i in run.source.rng.permutation(run.source.done):
            p = run.source.store.pictures[i]
            left.setdefault(p.source, SOURCES.get(p.source, each))
            if not p.validation and (p.mask is not None or left[p.source] > 0) and run.source.author.nameable(p):
                left[p.source] -= 1
                self.chosen.append(int(i))

    def encode(self, i: int) -> tuple:
        """bf16 encoding of a picture."""
        pixels = self.run.source.store.pixels(self.run.source.store.pictures[i])
        crop = P.Crop(0, 0, pixels.shape[1], pixels.shape[0])
        x = normalise(frame(pixels, crop, self.size), self.size)[None]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            return tuple(t.bfloat16() for t in self.model.encode(x.contiguous(memory_format=torch.channels_last)))

    def low_target(self, p, found: np.ndarray, known: np.ndarray) -> tuple[Tensor, Tensor]:
        """Share of each low-res cell that is in a mask, and whether the cell is known, f32 [low, low]."""
        scale, out = self.low / max(p.width, p.height), np.zeros((2, self.low, self.low), np.float32)
        import cv2

        new = (max(1, round(p.width * scale)), max(1, round(p.height * scale)))
        for layer, part in zip(out, (found, known)):
            layer[: new[1], : new[0]] = cv2.resize(part.astype(np.float32), new, interpolation=cv2.INTER_AREA)
        return torch.from_numpy(out[0]), torch.from_numpy(out[1] > 0.5)

    def wanted(self, p, targets: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Mask of an expression's targets, and where the labels say anything, bool [H, W]."""
        known = np.ones((p.height, p.width), bool)
        if p.mask is not None and p.mask_zero == "unlabelled":
            known = p.mask > 0
        classes = [-t for t in targets if t < 0]
        label = {p.boxes[t][0] for t in targets if t >= 0}
        if p.mask is not None:
            classes += [v for v, name in p.mask_classes.items() if name in label]
        if classes:
            return np.isin(p.mask, classes), known
        return box_mask(p, targets), known

    @torch.no_grad()
    def states(self, i: int, regions: list[dict], turns: list[Turn]) -> Tensor:
        """States at every `<pix>` of the turns' answers."""
        run, cells = self.run, with_rows(np.sort(self.run.source.rng.permutation(CELLS)[:PART]))
        sample = Sample(i, regions, [], turns)
        item = run.source.rows(sample, cells, plain=True) | run.source.seen(i, regions)
        batch = collate([item | {"sample": sample, "shown": cells}], run.source.system, run.tokenizer.find("<imgpad>"))
        found = run.language(splice(run, batch, *look(run.vision, batch), run.language.table()), batch)
        return found[batch["ids"] == run.tokenizer.find("<pix>")]

    @torch.no_grad()
    def fused(self, i: int) -> Tensor:
        """Fused tokens [1, 64, d] of view 0, with its embedding."""
        return fused(self.run.vision, features([self.run.source.seen(i, [])])["cells"])

    def phrases(self, i: int) -> list[dict]:
        """Up to PHRASES phrases about a picture: target, known, text, whether there is a mask."""
        p, out = self.run.source.store.pictures[i], []
        options = self.run.source.author.nameable(p)
        for n in self.run.source.rng.permutation(len(options))[:PHRASES]:
            text, targets = options[n]
            true, known = self.low_target(p, *self.wanted(p, targets))
            out.append({"picture": i, "true": true, "known": known, "masked": p.mask is not None, "text": text})
        return out

    def ask(self, i: int, bank: dict[str, list]) -> None:
        """Adds the states of picture i asked for phrases, those with the fewest states so far, to the bank."""
        texts = sorted(bank, key=lambda t: (len(bank[t]), self.run.source.rng.random()))[:ASKED]
        turns = [Turn("expression", f"Please segment {t} in the image.", f"<p>{t}</p><pix>") for t in texts]
        for text, state in zip(texts, self.states(i, [], turns)):
            bank[text].append(state)

    @torch.no_grad()
    def marked(self, i: int, encoding: tuple) -> list[dict]:
        """The same of a marked region, with its tokens and raster: the target is what the segmenter makes of its box
        alone."""
        run, p = self.run, self.run.source.store.pictures[i]
        found = [(n, m) for n, m in run.source.marks.get(i, []) if m["kind"] != "point"]
        if not found:
            return []
        n, mark = found[int(run.source.rng.integers(len(found)))]
        state = self.states(i, [mark], [run.source.author.segment(p, [n])])[0]
        crop, box = P.Crop(0, 0, p.width, p.height), ("box", 1, R.bounds(mark, p.width, p.height))
        coords, labels = (torch.from_numpy(x)[None] for x in P.tokens([box], crop, self.size))
        tokens = self.model.pe.sparse(coords, labels, self.size)
        raster = torch.from_numpy(P.raster([box], crop, self.size, None))
        true = (low_res(self.model, tuple(t.float() for t in encoding), tokens, raster[None])[0] > 0).float()
        known = torch.ones_like(true, dtype=torch.bool)
        return [{"picture": i, "state": state, "true": true, "known": known, "tokens": tokens[0], "raster": raster}]


def mask_loss(logits: Tensor, true: Tensor, known: Tensor) -> Tensor:
    """BCE + Dice on known cells; [N, low, low] each."""
    weight = known.float()
    bce = F.binary_cross_entropy_with_logits(logits, true, weight, reduction="sum") / weight.sum()
    p, t = logits.sigmoid() * weight, true * weight
    dice = 1 - (2 * (p * t).sum((1, 2)) + 1) / (p.sum((1, 2)) + t.sum((1, 2)) + 1)
    return bce + dice.mean()


def even(samples: list[dict]) -> np.ndarray:
    """Chances of phrases: a half those with masks, and in each half a name as often as the root of how often it is."""
    kinds = [(s["masked"], s["text"]) for s in samples]
    often = Counter(kinds)
    out = np.array([often[k] ** -0.5 for k in kinds])
    for half in (True, False):
        own = np.array([k[0] == half for k in kinds])
        out[own] /= max(out[own].sum(), 1e-9)
    return out / out.sum()


def lent(rng: np.random.Generator, own: list[dict], bank: dict[str, list]) -> list[dict]:
    """The samples, each with the state of its phrase about any picture: a state says more of its picture than of its
    phrase, and what pictures there are is learnt by heart."""
    return [s | {"state": bank[s["text"]][int(rng.integers(len(bank[s["text"]])))]} for s in own]


def masks_of(ground: Ground, own: list[dict], encodings: dict, fused: dict) -> Tensor:
    """Logits [N, low, low]: a phrase's by its map, a mark's by the decoder."""
    pix = ground.run.vision.pix
    parts = tuple(torch.cat([encodings[s["picture"]][k] for s in own]).float() for k in range(3))
    states = torch.stack([s["state"] for s in own])
    if "tokens" not in own[0]:
        return phrase_map(pix.asked(states), layers(torch.cat([fused[s["picture"]] for s in own]), parts), ground.low)
    tokens, raster = (torch.stack([s[k] for s in own]) for k in ("tokens", "raster"))
    with torch.autocast("cpu", torch.bfloat16):
        return low_res(ground.model, parts, torch.cat([tokens, pix(states)[:, None]], 1), raster).float()


def prepare(ground: Ground, seconds: float) -> tuple[list, list, dict, dict, dict]:
    """Phrases, marks, encodings and fused tokens of as many chosen pictures as the time allows, and states of each
    phrase."""
    begin, samples, marked, encodings, fused = time.time(), [], [], {}, {}
    for i in ground.chosen:
        if time.time() - begin > 0.6 * seconds:
            break
        encodings[i], fused[i] = ground.encode(i), ground.fused(i)
        samples += ground.phrases(i)
        marked += ground.marked(i, encodings[i]) if len(encodings) % EVERY == 0 else []
    bank = {s["text"]: [] for s in samples}
    for n, i in enumerate(encodings):
        if n % EVERY == 0 and (time.time() - begin < seconds or not all(bank.values())):
            ground.ask(i, bank)
    print(
        f"{len(encodings)} pictures, {len(samples)} phrases, {sum(map(len, bank.values()))} states of {len(bank)}, "
        f"{len(marked)} marks, {time.time() - begin:.0f} s",
        flush=True,
    )
    return samples, marked, encodings, fused, bank


def tell_apart(pix: nn.Module, bank: dict[str, list]) -> None:
    """A new map whose hidden units, of those that R_lp needs least, each know one phrase: a softmax regression on the
    states, on a scale where a phrase's own unit is about 1 and the others' are below 0."""
    x = torch.stack([s for states in bank.values() for s in states])
    y = torch.tensor([n for n, states in enumerate(bank.values()) for _ in states])
    mean, std = x.mean(0), x.std(0) + 1e-3
    layer = nn.Linear(x.shape[1], len(bank))
    optimiser = torch.optim.AdamW(layer.parameters(), lr=3e-3, weight_decay=0.3)
    for _ in range(400):
        optimiser.zero_grad()
        F.cross_entropy(layer((x - mean) / std), y).backward()
        optimiser.step()
    with torch.no_grad():
        weight, bias = layer.weight / std, layer.bias - (layer.weight / std) @ mean
        logits = x @ weight.T + bias
        own, second = logits.gather(1, y[:, None]).mean(), logits.scatter(1, y[:, None], -1e9).amax(1).mean()
        print(f"phrases told apart: {(logits.argmax(1) == y).float().mean():.3f}", flush=True)
        units = pix.fc2.weight.norm(dim=0).argsort()[: len(bank)]
        pix.fc1.weight[units] = weight * 2 / (own - second)
        pix.fc1.bias[units] = (bias - (own + second) / 2) * 2 / (own - second)
        pix.map = nn.Linear(pix.fc1.in_features, pix.map.out_features)
        pix.map.weight.zero_()
        pix.map.bias.zero_()
        nn.init.normal_(pix.map.weight[:, units], 0, 1e-3)


def learn(run: Run, ground: Ground, args: argparse.Namespace) -> None:
    """Prepare for a half of the time at most, then train R_lp for the rest."""
    begin = time.time()
    pix, rng, step, means = run.vision.pix.requires_grad_(True), run.source.rng, 0, {}
    if pix.map is None:
        pix.map = nn.Linear(pix.fc1.in_features, run.vision.config.hyb["dim"] + sum(WIDTHS) + 1)
    samples, marked, encodings, fused, bank = prepare(ground, 30 * args.minutes)
    tell_apart(pix, bank)
    optimiser, chances = torch.optim.AdamW(pix.parameters(), lr=args.rate, weight_decay=0.05), even(samples)
    while (done := (time.time() - begin) / (60 * args.minutes)) < 1:
        now = "IoU of marks" if marked and step % 8 == 7 else "IoU"
        own = [marked[n] for n in rng.choice(len(marked), MARKED)] if now != "IoU" else []
        own = own or lent(rng, [samples[n] for n in rng.choice(len(samples), BATCH, p=chances)], bank)
        logits = masks_of(ground, own, encodings, fused)
        true, known = (torch.stack([s[k] for s in own]) for k in ("true", "known"))
        loss = mask_loss(logits, true, known)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(pix.parameters(), 1.0)
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1.0, (step + 1) / 10) * (1 - 0.95 * done)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        step += 1
        hit, true = (logits > 0) & known, (true > 0.5) & known
        iou = ((hit & true).sum((1, 2)) + 1e-6) / ((hit | true).sum((1, 2)) + 1e-6)
        for k, v in (("loss", loss.item()), (now, iou.mean().item())):
            means[k] = means.get(k, v) * 0.97 + 0.03 * v
        if step % 20 == 0:
            print(step, round(time.time() - begin), {k: round(v, 3) for k, v in means.items()}, flush=True)
    run.state["stages"]["pix"] = {"steps": step, "phrases": len(samples), "marks": len(marked)}
    run.vision.requires_grad_(False)
    run.save()


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__)
    parser.add_argument("--segmenter", required=True)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--each", type=int, default=60, help="pictures of a source that has no masks")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2_threads()
    setup = {"stage": "mix", "ratio": 1.0, "frozen": True, "fresh": True}
    run = Run(argparse.Namespace(**(vars(args) | setup)))
    learn(run, Ground(run, args.segmenter, args.each), args)


if __name__ == "__main__":
    main()
