"""Ways to get a mask for marks: the built program, this reference, and the two floors."""

import json
import os
import subprocess
from dataclasses import dataclass

import cv2
import numpy as np
from pycocotools import mask as coco

import prompts as P
from store import Picture, Store


@dataclass
class Answer:
    """Mask bool [H, W], score, and the candidates [(mask, score)] where the tool has them."""

    mask: np.ndarray
    score: float
    candidates: list


def nothing(picture: Picture) -> Answer:
    """What an empty mask counts as."""
    return Answer(np.zeros((picture.height, picture.width), bool), 0.0, [])


class Binary:
    """`nadir segment --json`: one process for up to `most` objects of one picture."""

    def __init__(self, binary: str, model: str, data: str, most: int = 40, device: str | None = None) -> None:
        self.base, self.model, self.data, self.most = binary, model, data, most
        self.extra = ["--device", device] if device else []

    @staticmethod
    def flags(prompts: list) -> list[str]:
        """Command-line flags of one object's marks."""
        out = []
        for kind, sign, v in prompts:
            name = ("--" if sign > 0 else "--not-") + kind
            numbers = [f"{a:.3f}" for a in v]
            pairs = ";".join(",".join(numbers[i:i + 2]) for i in range(0, len(v), 2))
            # one word, so that a negative coordinate is not taken for an option
            out.append(f"{name}=" + (pairs if kind in ("scribble", "polygon") else ",".join(numbers)))
        return out

    def run(self, picture: Picture, wanted: list[list]) -> list[Answer]:
        """Answers to lists of prompts; an empty mask fails the whole call, so a failed call is repeated in halves."""
        if len(wanted) > self.most:
            return self.run(picture, wanted[:self.most]) + self.run(picture, wanted[self.most:])
        words = [self.base, "segment", os.path.join(self.data, picture.path)]
        for i, prompts in enumerate(wanted):
            words += (["--next"] if i else []) + self.flags(prompts)
        words += ["--model", self.model, "--candidates", "--json", *self.extra]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode == 1 and len(wanted) > 1:
            half = len(wanted) // 2
            return self.run(picture, wanted[:half]) + self.run(picture, wanted[half:])
        if done.returncode == 1 and "empty" in done.stderr.lower():
            return [nothing(picture)]
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words[:6])}: {done.stderr.strip()}")
        return [self.answer(o) for o in json.loads(done.stdout)["objects"]]

    @staticmethod
    def decode(found: dict) -> np.ndarray:
        """Mask of one object or candidate; an empty candidate has no run lengths worth decoding."""
        rle = found["rle"]
        return coco.decode({"size": rle["size"], "counts": rle["counts"].encode()}) > 0

    def answer(self, found: dict) -> Answer:
        """One object of the program's JSON."""
        full = self.decode(found)
        others = [(self.decode(c) if c.get("rle") else np.zeros_like(full), c["score"])
                  for c in found.get("candidates", [])]
        return Answer(full, found["score"], others)


class Reference:
    """The PyTorch pipeline behind the same interface."""

    def __init__(self, model: str, store: Store, dtype: str = "float32") -> None:
        import torch

        from predict import Predictor, load_gguf
        torch.set_num_threads(1)  # threads that wait for each other are slow on busy cores
        net, meta = load_gguf(model)
        self.store = store
        net = net.to(memory_format=torch.channels_last)
        self.predictor = Predictor(net, meta["sam.image_size"], getattr(torch, dtype))
        self.last = None

    def run(self, picture: Picture, wanted: list[list]) -> list[Answer]:
        """As Binary.run."""
        if self.last is not picture:
            self.predictor.start(self.store.pixels(picture))
            self.last = picture
        out = []
        for prompts in wanted:
            r = self.predictor.segment(prompts)
            others = [(self.predictor.full(r, i), float(r["scores"][i])) for i in (1, 2, 3)]
            out.append(Answer(r["mask"], r["score"], others))
        return out


def shape_mask(prompts: list, picture: Picture) -> np.ndarray:
    """The marks' own shape, bool [H, W]: points are discs and strokes lines of 3 px; the last mark's sign wins."""
    out = np.zeros((picture.height, picture.width), np.uint8)
    for kind, sign, v in prompts:
        value, p = int(sign > 0), np.rint(np.array(v[:2 * (len(v) // 2)])).astype(int).reshape(-1, 2)
        if kind == "point":
            cv2.circle(out, tuple(map(int, p[0])), 3, value, -1)
        elif kind == "circle":
            cv2.circle(out, tuple(map(int, p[0])), int(round(v[2])), value, -1)
        elif kind == "box":
            cv2.rectangle(out, tuple(map(int, p[0])), tuple(map(int, p[1] - 1)), value, -1)
        elif kind == "scribble":
            cv2.polylines(out, [p.astype(np.int32)], False, value, 3)
        else:
            cv2.fillPoly(out, [p.astype(np.int32)], value)
    return out > 0


class Shape:
    """Floor: the marks' own shape as the mask."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def run(self, picture: Picture, wanted: list[list]) -> list[Answer]:
        """As Binary.run."""
        return [Answer(shape_mask(p, picture), 1.0, []) for p in wanted]


class GrabCut:
    """Floor: OpenCV's GrabCut on the crop of the one crop rule, seeded by the marks."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def run(self, picture: Picture, wanted: list[list]) -> list[Answer]:
        """As Binary.run."""
        return [self.one(picture, p) for p in wanted]

    def one(self, picture: Picture, prompts: list) -> Answer:
        """Areas (box, circle, polygon): all outside is background. Points and strokes: certain under the mark, probable
        around it, background farther than the mark's reach."""
        crop = P.crop_for(prompts, picture.width, picture.height)
        region = (slice(crop.y, crop.y + crop.height), slice(crop.x, crop.x + crop.width))
        marks = shape_mask(prompts, picture)[region]
        seeds = np.full(marks.shape, cv2.GC_BGD, np.uint8)
        if prompts[0][0] in ("box", "circle", "polygon"):
            seeds[marks] = cv2.GC_PR_FGD
        else:
            b = P.bounds(prompts[0])
            reach = max(12, int(0.75 * max(b[2] - b[0], b[3] - b[1])))
            far = cv2.distanceTransform((~marks).astype(np.uint8), cv2.DIST_L2, 5)
            seeds[far < 2 * reach] = cv2.GC_PR_BGD
            seeds[far < reach / 2] = cv2.GC_PR_FGD
            seeds[marks] = cv2.GC_FGD
        for kind, sign, v in prompts:
            if sign < 0:
                seeds[shape_mask([(kind, 1, v)], picture)[region]] = cv2.GC_BGD
        patch = np.ascontiguousarray(self.store.pixels(picture)[region])
        cv2.setRNGSeed(1)
        try:
            cv2.grabCut(patch, seeds, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
        except cv2.error:
            return nothing(picture)
        out = nothing(picture)
        out.mask[region] = (seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)
        return out
