"""Made-up scenes with exact masks: shapes filled with real ground or with changed colours, on real ground.

They teach what no box can: to follow the edge of the very region that is marked, at every size, also beside its
twins (rows of panels) and in long thin forms (rivers, slicks). Shapes are real masks of other pictures, blobs, turned
rectangles, strips and rows; fillings are other pictures of the same kind of sensor, or the ground itself made darker,
brighter or of another colour.
"""

import cv2
import numpy as np

from simulate import catmull_rom
from truth import Instance

LEAST = 60  # pixels of a piece that is still worth a mark


def blob(rng: np.random.Generator) -> np.ndarray:
    """Smooth random form, u8 [96, 96]."""
    yy, xx = np.mgrid[-1:1:96j, -1:1:96j]
    noise = cv2.GaussianBlur(rng.normal(size=(96, 96)), (0, 0), rng.uniform(4, 14))
    return (noise / noise.std() * rng.uniform(0.15, 0.5) > np.hypot(xx, yy) - 0.6).astype(np.uint8)


def turned(centre: np.ndarray, size: np.ndarray, angle: float) -> np.ndarray:
    """Corners [4, 2] of a turned rectangle."""
    across = np.array([np.cos(angle), np.sin(angle)])
    down = np.array([-across[1], across[0]])
    return np.array([centre + a * across * size[0] / 2 + b * down * size[1] / 2
                     for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))])


def filled(side: int, corners: np.ndarray) -> np.ndarray:
    """Polygon as u8 [side, side]."""
    out = np.zeros((side, side), np.uint8)
    cv2.fillPoly(out, [np.rint(corners * 16).astype(np.int32)], 1, shift=4)
    return out


def placed(rng: np.random.Generator, shape: np.ndarray, side: int, reach: float) -> np.ndarray:
    """A form scaled to `reach` of the frame and put somewhere, maybe over its edge."""
    scale = reach * side / max(shape.shape)
    w, h = max(5, round(shape.shape[1] * scale)), max(5, round(shape.shape[0] * scale))
    small = cv2.resize(shape.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA) > 0.5
    out = np.zeros((side + 2 * h, side + 2 * w), np.uint8)
    y, x = rng.uniform(0.7 * h, side + 0.3 * h), rng.uniform(0.7 * w, side + 0.3 * w)
    out[int(y):int(y) + h, int(x):int(x) + w] = small
    return np.ascontiguousarray(out[h:h + side, w:w + side])


def forms(rng: np.random.Generator, side: int, bank: list) -> list[np.ndarray]:
    """One form, or several of a row, u8 [side, side] each; they share a filling."""
    kind, reach = rng.random(), float(np.exp(rng.uniform(np.log(0.07), np.log(0.95))))
    if kind < 0.4 and bank:
        mask = bank[rng.integers(len(bank))]
        return [placed(rng, np.rot90(mask, int(rng.integers(4)))[::rng.choice([-1, 1])], side, reach)]
    if kind < 0.58:
        return [placed(rng, blob(rng), side, reach)]
    centre, angle = rng.uniform(0.1, 0.9, 2) * side, rng.uniform(0, np.pi)
    size = np.array([reach, reach / rng.uniform(1, 6)]) * side
    if kind < 0.72:
        return [filled(side, turned(centre, size, angle))]
    if kind < 0.82:
        knots = catmull_rom(rng.uniform(-0.1, 1.1, (int(rng.integers(3, 6)), 2)) * side, 8)
        out = np.zeros((side, side), np.uint8)
        width = max(2, round(side * rng.uniform(0.01, 0.08)))
        cv2.polylines(out, [np.rint(knots).astype(np.int32)], False, 1, width)
        return [out]
    step = np.array([-np.sin(angle), np.cos(angle)]) * size[1] * rng.uniform(1.06, 1.4)
    return [filled(side, turned(centre + k * step, size, angle)) for k in range(-2, 3)]


def fill(rng: np.random.Generator, ground: np.ndarray, other: np.ndarray, modality: str) -> np.ndarray:
    """What the form shows, f32 [side, side, 3]: another picture's ground, or this one with other colours."""
    base = (other if rng.random() < 0.5 else ground).astype(np.float32)
    spread = 0.12 if modality == "optical" else 0.0
    gain = np.exp(rng.choice([-1, 1]) * rng.uniform(0.1, 0.7) + rng.normal(0, 1, 3) * spread)
    flat = rng.uniform(0, 0.7) if rng.random() < 0.5 else 0.0
    return base * (1 - flat) * gain + base.mean((0, 1)) * flat * gain


def mosaic(rng: np.random.Generator, side: int, count: int) -> np.ndarray:
    """Map i64 [side, side] of `count` kinds of ground: straight-edged fields, or winding borders."""
    small = 128
    if rng.random() < 0.5:
        yy, xx = np.mgrid[0:1:small * 1j, 0:1:small * 1j]
        seeds = rng.uniform(-0.1, 1.1, (count * int(rng.integers(1, 4)), 2))
        nearest = np.argmin([(yy - y) ** 2 + (xx - x) ** 2 for y, x in seeds], 0) % count
        fields = [(nearest == k).astype(np.float32) for k in range(count)]
    else:
        reach = rng.uniform(6, 30)
        fields = [cv2.GaussianBlur(rng.normal(size=(small, small)), (0, 0), reach) for _ in range(count)]
    return np.argmax([cv2.resize(f, (side, side), interpolation=cv2.INTER_LINEAR) for f in fields], 0)


def scene(rng: np.random.Generator, ground: np.ndarray, others: list[np.ndarray], modality: str, bank: list
          ) -> tuple[np.ndarray, list[Instance]]:
    """Pixels u8 and exact instances on a square `ground`; `others` are fillings of the same size, `bank` real masks."""
    side = ground.shape[0]
    pixels, layers = ground.astype(np.float32), []
    if rng.random() < 0.35:
        kinds = mosaic(rng, side, len(others) + 1)
        for k, other in enumerate(others):
            form = (kinds == k + 1).astype(np.uint8)
            pixels = np.where(form[..., None] > 0, fill(rng, ground, other, modality), pixels)
            layers.append((form, 99.0))
        layers.append(((kinds == 0).astype(np.uint8), 99.0))
        others = others[:int(rng.integers(2))]
    for other in others:
        filling = fill(rng, ground, other, modality)
        soft = rng.uniform(0.4, 1.2)
        for form in forms(rng, side, bank):
            if form.sum() < LEAST:
                continue
            alpha = cv2.GaussianBlur(form.astype(np.float32), (0, 0), soft)[..., None]
            pixels = pixels * (1 - alpha) + filling * alpha
            layers = [(layer & (1 - form), change) for layer, change in layers]
            change = np.abs(pixels - ground)[form > 0].mean()
            layers.append((form, change))
    found = []
    for layer, change in layers:
        count, labels, stats, _ = cv2.connectedComponentsWithStats(layer, connectivity=8)
        for k in range(1, count):
            x, y, w, h, size = (int(v) for v in stats[k])
            if size >= LEAST and min(w, h) >= 3 and change > 9:
                mask = (labels[y:y + h, x:x + w] == k).astype(np.uint8)
                box = (float(x), float(y), float(x + w), float(y + h))
                found.append(Instance(box, "mask", "made up", mask, box))
    return np.clip(pixels + 0.5, 0, 255).astype(np.uint8), found
