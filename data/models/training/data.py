"""Training crops: a crop by the one crop rule, several prompts on it, and what each should give.

d = size / 4 is the side of the low-res frame; targets are coverages of its cells, so that the zero line of
bilinearly enlarged logits falls on the object's edge.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import torch

import prompts as P
import simulate
import synth
import warp
from predict import frame, normalise
from store import Store
from truth import Instance, Truth

MASKED, BOXED, NOTHING = 0, 1, 2  # what is known of an item: its mask, its box only, that nothing is meant


@dataclass
class Item:
    """One prompted object on a crop, in the crop's own pixels."""

    prompts: list
    instance: Instance | None
    kind: int


@dataclass
class Sample:
    """One crop: picture tensor bf16 [3, size, size] and its items with targets."""

    image: torch.Tensor
    colours: np.ndarray  # f32 [d, d, 3], Lab, for the pairwise term
    crop: P.Crop
    items: list[Item]
    coverage: np.ndarray  # f32 [P, d, d]
    ignore: np.ndarray  # f32 [d, d], 1 where the truth is unknown
    boxes: np.ndarray = field(default=None)  # f32 [P, 4] in cells


def dihedral(k: int, pixels: np.ndarray) -> np.ndarray:
    """Turn or mirror [h, w, ...]: bit 0 mirrors x, bit 1 mirrors y, bit 2 transposes (last)."""
    pixels = pixels[:, ::-1] if k & 1 else pixels
    pixels = pixels[::-1] if k & 2 else pixels
    return pixels.swapaxes(0, 1) if k & 4 else pixels


def moved(k: int, crop: P.Crop, xy: np.ndarray) -> np.ndarray:
    """Points [n, 2] of the picture in the turned crop's own pixels."""
    xy = xy - [crop.x, crop.y]
    if k & 1:
        xy = xy * [-1, 1] + [crop.width, 0]
    if k & 2:
        xy = xy * [1, -1] + [0, crop.height]
    return xy[:, ::-1] if k & 4 else xy


def moved_box(k: int, crop: P.Crop, box: tuple) -> tuple:
    """A box of the picture in the turned crop's own pixels, sorted."""
    p = moved(k, crop, np.array(box, float).reshape(2, 2))
    return (*p.min(0), *p.max(0))


def moved_prompt(k: int, crop: P.Crop, prompt: tuple) -> tuple:
    """A prompt of the picture in the turned crop's own pixels."""
    kind, sign, v = prompt
    if kind == "circle":
        return kind, sign, (*moved(k, crop, np.array([v[:2]]))[0], v[2])
    return kind, sign, tuple(moved(k, crop, np.array(v).reshape(-1, 2)).ravel())


def coverage(mask: np.ndarray, area: tuple, crop: P.Crop, size: int) -> np.ndarray:
    """Coverage f32 [d, d] of the low-res cells by a mask u8 [h, w] stretched over `area` (crop pixels)."""
    d = size // 4
    new_w, new_h = crop.resized(size)
    fx, fy = new_w / crop.width / 2, new_h / crop.height / 2  # crop pixels -> half cells
    sx, sy = (area[2] - area[0]) / mask.shape[1] * fx, (area[3] - area[1]) / mask.shape[0] * fy
    m = mask.astype(np.float32)
    if sx < 0.7 or sy < 0.7:
        small = max(1, round(mask.shape[1] * min(sx, 1))), max(1, round(mask.shape[0] * min(sy, 1)))
        sx, sy = sx * mask.shape[1] / small[0], sy * mask.shape[0] / small[1]
        m = cv2.resize(m, small, interpolation=cv2.INTER_AREA)
    m = cv2.copyMakeBorder(m, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    # forward map of pixel centres: u = (i - 1 + 0.5) * s + offset - 0.5 in half cells
    move = np.array([[sx, 0, area[0] * fx - 0.5 * sx - 0.5], [0, sy, area[1] * fy - 0.5 * sy - 0.5]])
    big = cv2.warpAffine(m, move, (2 * d, 2 * d), flags=cv2.INTER_LINEAR)
    return big.reshape(d, 2, d, 2).mean((1, 3))


def box_coverage(box: np.ndarray, d: int) -> np.ndarray:
    """Coverage f32 [d, d] of the cells by a box (x0, y0, x1, y1) in cells."""
    edges = np.arange(d)
    x = np.clip(np.minimum(edges + 1, box[2]) - np.maximum(edges, box[0]), 0, 1)
    y = np.clip(np.minimum(edges + 1, box[3]) - np.maximum(edges, box[1]), 0, 1)
    return np.outer(y, x).astype(np.float32)


def recolour(rng: np.random.Generator, pixels: np.ndarray, modality: str) -> np.ndarray:
    """Brightness, contrast, gamma, colour cast, grey, blur and noise, u8 in and out."""
    x = pixels.astype(np.float32) / 255
    if modality == "optical":
        if rng.random() < 0.08:
            x = np.repeat(x.mean(2, keepdims=True), 3, 2)
        x = x * rng.normal(1, 0.07, 3).astype(np.float32)
    elif modality == "infrared" and rng.random() < 0.15:
        x = 1 - x
    if rng.random() < 0.7:
        x = (x - x.mean()) * np.exp(rng.normal(0, 0.22)) + x.mean() + rng.normal(0, 0.06)
        x = np.clip(x, 0, 1) ** np.exp(rng.normal(0, 0.18))
    if rng.random() < 0.12:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.5, 1.2))
    if rng.random() < 0.12:
        noise = rng.normal(0, rng.uniform(0.01, 0.05), x.shape[:2]).astype(np.float32)[..., None]
        x = x * (1 + 3 * noise) if modality == "sar" else x + noise
    return (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)


class Maker:
    """Makes samples; one a worker process, with its own random stream."""

    def __init__(self, store: Store, truth: Truth, size: int, per_crop: int, seed: int, lone: float = 0.0) -> None:
        self.store, self.truth, self.size, self.per_crop, self.lone = store, truth, size, per_crop, lone
        self.rng = np.random.default_rng(seed)
        self.pasted = truth.bank()
        self.shapes = [o.mask for _, found in truth.instances.items() for o in found
                       if o.kind == "mask" and max(o.mask.shape) >= 24 and o.mask.mean() < 0.95]

    def sample(self) -> Sample:
        """One crop with `per_crop` items."""
        rng = self.rng
        made = rng.random()
        if self.pasted and made < 0.28:
            pixels, instances, modality, exhaustive = self._pasted() if made < 0.07 else self._made_up()
            ignore_map, height, width = None, *pixels.shape[:2]
        else:
            picture, instances = self.truth.draw(rng)
            pixels, modality = self.store.pixels(picture), picture.modality
            height, width = picture.height, picture.width
            ignore_map = picture.mask == 0 if picture.mask_zero == "unlabelled" else None
            exhaustive = picture.mask_zero == "background" or picture.source in ("hit_uav", "hrplanes", "airbus_planes")
            if picture.mask is not None and rng.random() < 0.65:
                turned = warp.turned(rng, pixels, instances, ignore_map)
                if turned[1]:
                    pixels, instances, ignore_map = turned
        first = self._pick(instances)
        opening = simulate.first_prompt(rng, first, self.lone)
        opening = self._clip(opening, width, height)
        side = None
        scale = rng.random()
        if scale < 0.1:
            side = max(128, int(P.side_for(P.bounds(opening)) * rng.choice([0.5, 2.0])))
        elif scale < 0.35 and opening[0] != "point":
            side = int(P.side_for(P.bounds(opening)) * np.exp(rng.uniform(-0.35, 0.35)))
        elif opening[0] == "point":
            while (side or 256) < 1.3 * max(first.box[2] - first.box[0], first.box[3] - first.box[1]):
                side = (side or 256) * 2
        crop = P.crop_for([opening], width, height, side)
        return self._build(pixels, crop, instances, first, opening, ignore_map, modality, exhaustive)

    def _pick(self, instances: list[Instance]) -> Instance:
        weights = np.array([o.weight for o in instances])
        return instances[self.rng.choice(len(instances), p=weights / weights.sum())]

    @staticmethod
    def _clip(prompt: tuple, width: int, height: int) -> tuple:
        """Marks are made on the picture: points outside it are drawn back to its edge."""
        kind, sign, v = prompt
        if kind == "circle":
            return prompt
        p = np.clip(np.array(v).reshape(-1, 2), 0, [width, height])
        return kind, sign, tuple(p.ravel().tolist())

    def _build(self, pixels, crop, instances, first, opening, ignore_map, modality, exhaustive) -> Sample:
        rng, size, d = self.rng, self.size, self.size // 4
        k = int(rng.integers(8))
        region = (slice(crop.y, crop.y + crop.height), slice(crop.x, crop.x + crop.width))
        part = np.ascontiguousarray(dihedral(k, recolour(rng, pixels[region], modality)))
        own = P.Crop(0, 0, part.shape[1], part.shape[0])
        inside = [o for o in instances if o is first or P.holds(crop, o.box)]
        local = [self._moved(k, crop, o) for o in inside]
        start = local[next(i for i, o in enumerate(inside) if o is first)]
        items = [Item([moved_prompt(k, crop, opening)], start, self._kind(start))]
        longest = max(own.width, own.height)
        fitting = [o for o in local if longest / 20 <= max(o.box[2] - o.box[0], o.box[3] - o.box[1]) <= longest]
        while len(items) < self.per_crop:
            items.append(self._item(fitting or [start], local, own, exhaustive))
        resized = frame(part, own, size)
        quarter = cv2.resize(resized, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        colours = cv2.cvtColor(quarter, cv2.COLOR_RGB2LAB)
        lab = np.zeros((d, d, 3), np.float32)
        lab[:min(d, colours.shape[0]), :min(d, colours.shape[1])] = colours[:d, :d]
        scale = np.array([own.resized(size)[0] / own.width / 4, own.resized(size)[1] / own.height / 4] * 2)
        boxes = np.stack([np.array(i.instance.box) * scale if i.instance else np.zeros(4) for i in items])
        cover = np.stack([self._cover(i, b, own) for i, b in zip(items, boxes)])
        ignore = np.zeros((d, d), np.float32)
        if ignore_map is not None:
            unknown = dihedral(k, ignore_map[region]).astype(np.uint8)
            ignore = coverage(unknown, (0, 0, own.width, own.height), own, size)
        image = normalise(resized, size).to(torch.bfloat16)
        return Sample(image, lab, own, items, cover, ignore, boxes.astype(np.float32))

    @staticmethod
    def _moved(k: int, crop: P.Crop, o: Instance) -> Instance:
        box = moved_box(k, crop, o.box)
        if o.mask is None:
            return replace(o, box=box)
        return replace(o, box=box, mask=dihedral(k, o.mask), area=moved_box(k, crop, o.area))

    @staticmethod
    def _kind(o: Instance) -> int:
        return BOXED if o.kind == "box" else MASKED

    def _item(self, fitting: list, local: list, own: P.Crop, exhaustive: bool) -> Item:
        """One more item: an object of the crop with fresh prompts, or an empty place."""
        rng = self.rng
        if exhaustive and rng.random() < 0.07:
            empty = self._empty(local, own)
            if empty is not None:
                return empty
        o = self._pick(fitting)
        marks = [self._clip(simulate.first_prompt(rng, o, self.lone), own.width, own.height)]
        while rng.random() < 0.22 * (1 - self.lone) and len(marks) < 4:
            extra = simulate.extra_prompt(rng, o, [x for x in local if x is not o])
            if extra is not None:
                marks.append(self._clip(extra, own.width, own.height))
        return Item(marks, o, self._kind(o))

    def _empty(self, local: list, own: P.Crop) -> Item | None:
        rng = self.rng
        w, h = rng.uniform(0.06, 0.25, 2) * max(own.width, own.height)
        x, y = rng.uniform(0, max(1, own.width - w)), rng.uniform(0, max(1, own.height - h))
        if any(o.box[0] < x + w and o.box[2] > x and o.box[1] < y + h and o.box[3] > y for o in local):
            return None
        ghost = Instance((x, y, x + w, y + h), "box", "")
        return Item([simulate.first_prompt(rng, ghost)], None, NOTHING)

    def _cover(self, item: Item, box: np.ndarray, own: P.Crop) -> np.ndarray:
        if item.kind == MASKED:
            return coverage(item.instance.mask, item.instance.area, own, self.size)
        return box_coverage(box, self.size // 4)

    def _ground(self, side: int) -> tuple[np.ndarray | None, str]:
        """A square piece of a random picture, u8 [side, side, 3]; None when the picture is smaller."""
        rng = self.rng
        picture, _ = self.truth.draw(rng)
        if min(picture.width, picture.height) < side:
            return None, picture.modality
        y, x = int(rng.integers(picture.height - side + 1)), int(rng.integers(picture.width - side + 1))
        return self.store.pixels(picture)[y:y + side, x:x + side], picture.modality

    def _made_up(self) -> tuple[np.ndarray, list[Instance], str, bool]:
        """A made-up scene with exact masks (synth.py)."""
        rng, ground, found = self.rng, None, []
        while not found:
            side = int(rng.choice([140, 250, 250, 400, 500]))
            ground, modality = self._ground(side)
            if ground is None:
                continue
            others = []
            while len(others) < 1 + int(rng.integers(4)):
                piece, sensor = self._ground(side)
                if piece is not None and (sensor == "optical") == (modality == "optical"):
                    others.append(piece)
            pixels, found = synth.scene(rng, ground, others, modality, self.shapes)
        return pixels, found, modality, False

    def _pasted(self) -> tuple[np.ndarray, list[Instance], str, bool]:
        """Objects with known masks on other ground: pixels, instances, modality, nothing else labelled."""
        rng = self.rng
        pixels = None
        while pixels is None:
            ground, _ = self.truth.draw(rng)
            full = self.store.pixels(ground)
            side = min(256, ground.height, ground.width)
            y, x = int(rng.integers(ground.height - side + 1)), int(rng.integers(ground.width - side + 1))
            pixels = full[y:y + side, x:x + side].copy()
        found: list[Instance] = []
        for _ in range(int(rng.integers(2, 6))):
            source, o = self.pasted[rng.integers(len(self.pasted))]
            if (source.modality == "optical") != (ground.modality == "optical"):
                continue
            self._paste(pixels, found, source, o)
        if not found:
            return self._pasted()
        return pixels, found, ground.modality, False

    def _paste(self, pixels: np.ndarray, found: list[Instance], source, o: Instance) -> None:
        rng, side = self.rng, pixels.shape[0]
        x0, y0, x1, y1 = (int(round(v)) for v in o.box)
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, source.width), min(y1, source.height)
        scale = float(np.exp(rng.uniform(-0.35, 0.35)))
        w, h = max(4, round((x1 - x0) * scale)), max(4, round((y1 - y0) * scale))
        if max(w, h) > side // 2 or x1 <= x0 or y1 <= y0:
            return
        patch = np.ascontiguousarray(self.store.pixels(source)[y0:y1, x0:x1])
        patch = cv2.resize(patch, (w, h), interpolation=cv2.INTER_AREA)
        how = cv2.INTER_AREA if o.mask.shape[0] > h else cv2.INTER_LINEAR
        alpha = cv2.resize(o.mask.astype(np.float32), (w, h), interpolation=how)
        k = int(rng.integers(8))
        patch, alpha = dihedral(k, patch), dihedral(k, alpha)
        h, w = alpha.shape
        x, y = int(rng.integers(side - w + 1)), int(rng.integers(side - h + 1))
        if any(p.box[0] < x + w and p.box[2] > x and p.box[1] < y + h and p.box[3] > y for p in found):
            return
        mask = (alpha > 0.5).astype(np.uint8)
        if mask.sum() < 12:
            return
        soft = cv2.GaussianBlur(np.ascontiguousarray(alpha), (3, 3), 0.6)[..., None]
        ground = pixels[y:y + h, x:x + w].astype(np.float32)
        pixels[y:y + h, x:x + w] = (ground * (1 - soft) + patch * soft + 0.5).astype(np.uint8)
        ys, xs = np.nonzero(mask)
        box = (x + xs.min(), y + ys.min(), x + xs.max() + 1, y + ys.max() + 1)
        found.append(Instance(tuple(map(float, box)), "mask", o.label, mask, (x, y, x + w, y + h)))


class Stream(torch.utils.data.IterableDataset):
    """Endless samples; worker w of n uses seed + cursor + w."""

    def __init__(self, cache: str, work: str, size: int, per_crop: int, seed: int, only_open: bool, lone: float
                 ) -> None:
        self.args, self.size, self.per_crop, self.seed, self.only_open = (cache, work), size, per_crop, seed, only_open
        self.lone = lone

    def __iter__(self):
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        worker = torch.utils.data.get_worker_info()
        store = Store(self.args[0])
        truth = Truth(store, self.args[1], self.only_open)
        maker = Maker(store, truth, self.size, self.per_crop, self.seed * 1000 + (worker.id if worker else 0),
                      self.lone)
        while True:
            yield maker.sample()


def draw(items: list[tuple[list, P.Crop]], size: int, previous: list | None = None) -> tuple:
    """Model inputs for (prompts, crop) pairs: coords f32 [N, T, 2], labels i64 [N, T], raster f32 [N, d, d]."""
    drawn = [P.tokens(prompts, crop, size, 0.03) for prompts, crop in items]
    longest = max(len(labels) for _, labels in drawn)
    coords = np.zeros((len(items), longest, 2), np.float32)
    labels = np.full((len(items), longest), -2, np.int64)
    for n, (c, l) in enumerate(drawn):
        coords[n, :len(l)], labels[n, :len(l)] = c, l
    rasters = [P.raster(prompts, crop, size, previous[n] if previous else None)
               for n, (prompts, crop) in enumerate(items)]
    return torch.from_numpy(coords), torch.from_numpy(labels), torch.from_numpy(np.stack(rasters))
