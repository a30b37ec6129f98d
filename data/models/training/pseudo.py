"""Pseudo-masks from tight boxes: three methods, kept for training only where they agree.

Each box is cut out with a margin and scaled so that its longer side is SIDE pixels, then separated by
(A) GrabCut with everything inside the box as probable foreground, (B) GrabCut started from the inner
ellipse, (C) colour clusters that are common inside the box and rare in the ring around it. What is
stored is the majority vote and the agreement figures; `accepted()` is the filter.

    python pseudo.py CACHE OUT        resumable: one file a picture block
"""

import os
import pickle
import sys

import cv2
import numpy as np

from store import Store

SIDE = 64
BLOCK = 64
SKIPPED = {"sar_acd"}
DISCS = {"storage tank"}


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two bool arrays of one shape."""
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 0.0


def box_fit(mask: np.ndarray) -> float:
    """IoU of the bounding box of `mask` (bool [h, w], cut to the box) with the whole array."""
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(ys):
        return 0.0
    return (ys[-1] - ys[0] + 1) * (xs[-1] - xs[0] + 1) / mask.size


def cut(pixels: np.ndarray, box: tuple) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Patch u8 [h, w, 3] around `box` (x, y, w, h), scaled, and the box (x0, y0, x1, y1) inside it."""
    x, y, w, h = box
    scale = SIDE / max(w, h)
    margin = 0.45 * max(w, h)
    x0, y0 = max(0, int(x - margin)), max(0, int(y - margin))
    x1, y1 = min(pixels.shape[1], int(x + w + margin) + 1), min(pixels.shape[0], int(y + h + margin) + 1)
    patch = np.ascontiguousarray(pixels[y0:y1, x0:x1])
    size = max(8, round((x1 - x0) * scale)), max(8, round((y1 - y0) * scale))
    patch = cv2.resize(patch, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    bx0, by0 = round((x - x0) * scale), round((y - y0) * scale)
    bx1, by1 = round((x + w - x0) * scale), round((y + h - y0) * scale)
    bx1, by1 = min(bx1, size[0]), min(by1, size[1])
    return patch, (max(bx0, 0), max(by0, 0), max(bx1, bx0 + 4), max(by1, by0 + 4))


def grabcut(patch: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Foreground bool [h, w] of GrabCut from a seed map in OpenCV's labels."""
    seeds = seeds.copy()
    cv2.setRNGSeed(1)
    try:
        cv2.grabCut(patch, seeds, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        return np.zeros(seeds.shape, bool)
    return (seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)


def clusters(patch: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Pixels of colour clusters that are at least 1.6 times as common inside the box as outside."""
    lab = cv2.cvtColor(patch, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    cv2.setRNGSeed(1)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 8, 1.0)
    _, labels, _ = cv2.kmeans(lab, 7, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    labels = labels.reshape(inside.shape)
    within = np.bincount(labels[inside], minlength=7) / max(1, inside.sum())
    around = np.bincount(labels[~inside], minlength=7) / max(1, (~inside).sum())
    chosen = (within > 1.6 * around)[labels] & inside
    return cv2.medianBlur(chosen.astype(np.uint8), 5) > 0


def separate(pixels: np.ndarray, label: str, box: tuple) -> dict | None:
    """Vote and agreement for one box, or None when nothing can be separated."""
    patch, (x0, y0, x1, y1) = cut(pixels, box)
    inside = np.zeros(patch.shape[:2], bool)
    inside[y0:y1, x0:x1] = True
    if inside.all():
        return None
    height, width = y1 - y0, x1 - x0
    yy, xx = np.mgrid[0:height, 0:width]
    radius = np.hypot((xx + 0.5) / width * 2 - 1, (yy + 0.5) / height * 2 - 1)
    if label in DISCS and 0.75 < width / height < 1.33:
        return {"mask": radius <= 1.0, "agree": (1.0, 1.0, 1.0), "fit": 1.0, "fill": float(np.pi / 4)}
    seeds_a = np.where(inside, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    seeds_b = np.where(inside, cv2.GC_PR_BGD, cv2.GC_BGD).astype(np.uint8)
    seeds_b[y0:y1, x0:x1][radius < 0.6] = cv2.GC_PR_FGD
    a = grabcut(patch, seeds_a)[y0:y1, x0:x1]
    b = grabcut(patch, seeds_b)[y0:y1, x0:x1]
    c = clusters(patch, inside)[y0:y1, x0:x1]
    vote = (a.astype(np.uint8) + b + c) >= 2
    vote = keep_main(vote)
    return {"mask": vote, "agree": (iou(a, b), iou(a, c), iou(b, c)), "fit": box_fit(vote), "fill": float(vote.mean())}


def keep_main(mask: np.ndarray) -> np.ndarray:
    """Largest component with its holes filled, and other pieces of at least a fifth of its area."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    keep = np.concatenate([[False], areas >= 0.2 * areas.max()])[labels].astype(np.uint8)
    contours, _ = cv2.findContours(keep, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(keep)
    cv2.drawContours(filled, contours, -1, 1, -1)
    return filled > 0


FILL = {"airplane": (0.18, 0.62), "ship": (0.2, 0.95), "car": (0.4, 0.97), "person": (0.25, 0.95),
        "bicycle": (0.25, 0.95)}


# Least IoU of the mask's box with the labelled one: infrared boxes keep a margin that a tighter mask would unlearn.
FIT = {"person": 0.88, "bicycle": 0.88}


def accepted(found: dict | None, label: str) -> bool:
    """True when the methods agree well enough for the vote to be a truth."""
    if found is None or found["fit"] < FIT.get(label, 0.8):
        return False
    low, high = FILL.get(label, (0.2, 0.97))
    agree = sorted(found["agree"])
    return low <= found["fill"] <= high and agree[2] >= 0.8 and agree[1] >= 0.5


def main() -> None:
    """Work through all boxes in a fixed shuffled order of pictures."""
    cv2.setNumThreads(1)
    store = Store(sys.argv[1])
    os.makedirs(sys.argv[2], exist_ok=True)
    wanted = [i for i, p in enumerate(store.pictures) if p.boxes and p.mask is None and p.source not in SKIPPED]
    order = np.random.default_rng(5).permutation(wanted)
    for block in range(0, len(order), BLOCK):
        path = os.path.join(sys.argv[2], f"{block:05d}.pkl")
        if os.path.exists(path):
            continue
        found = {}
        for i in order[block:block + BLOCK]:
            pixels = store.pixels(store.pictures[i])
            for k, (label, x, y, w, h) in enumerate(store.pictures[i].boxes):
                if min(w, h) >= 4:
                    found[(int(i), k)] = separate(pixels, label, (x, y, w, h))
        with open(path + ".part", "wb") as out:
            pickle.dump(found, out)
        os.rename(path + ".part", path)


if __name__ == "__main__":
    main()
