"""Contact sheets: picture, prompt and mask of 48 validation objects, and of the worst 24."""

import os

import cv2
import numpy as np

import prompts as P
from store import Store

SIDE, COLUMNS = 128, 8


def tile(store: Store, value: float, task, kind: str, prompts: list, mask: np.ndarray) -> np.ndarray:
    """RGB u8 [SIDE, SIDE, 3]: surroundings of the object, mask red, mark green (negative blue), label box white."""
    x0, y0, x1, y1 = P.union([task.box, P.bounds(prompts[0])])
    half = max(x1 - x0, y1 - y0, 16) * 0.8
    cx, cy, scale = (x0 + x1) / 2, (y0 + y1) / 2, SIDE / (2 * half)
    move = np.array([[scale, 0, SIDE / 2 - cx * scale], [0, scale, SIDE / 2 - cy * scale]])
    pixels = np.ascontiguousarray(store.pixels(task.picture))
    picture = cv2.warpAffine(pixels, move, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    red = cv2.warpAffine(mask.astype(np.uint8) * 255, move, (SIDE, SIDE))
    edge = cv2.morphologyEx(red, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 127
    picture[red > 127] = (0.75 * picture[red > 127] + [64, 0, 0]).astype(np.uint8)
    picture[edge] = (255, 40, 40)

    def at(x: float, y: float) -> tuple[int, int]:
        return int((x - cx) * scale + SIDE / 2), int((y - cy) * scale + SIDE / 2)

    if task.mask is None:
        cv2.rectangle(picture, at(*task.box[:2]), at(*task.box[2:]), (255, 255, 255), 1)
    for name, sign, v in prompts:
        colour = (60, 255, 60) if sign > 0 else (80, 120, 255)
        if name == "point":
            cv2.circle(picture, at(*v), 3, colour, -1)
        elif name == "circle":
            cv2.circle(picture, at(*v[:2]), int(v[2] * scale), colour, 1)
        elif name == "box":
            cv2.rectangle(picture, at(*v[:2]), at(*v[2:]), colour, 1)
        else:
            cv2.polylines(picture, [np.array([at(*q) for q in np.reshape(v, (-1, 2))])], name == "polygon", colour, 1)
    text = f"{task.label[:9]} {value:.2f}"
    cv2.putText(picture, text, (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (0, 0, 0), 2)
    cv2.putText(picture, text, (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (255, 255, 255), 1)
    return picture


def sheet(store: Store, shown: list, path: str, mask_of) -> None:
    """Write one sheet as JPEG; `mask_of(task, prompts)` gives a result's mask."""
    tiles = [tile(store, value, task, kind, prompts, mask_of(task, prompts)) for value, task, kind, prompts in shown]
    tiles += [np.zeros((SIDE, SIDE, 3), np.uint8)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i:i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(path, np.vstack(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])


def spread(shown: list, count: int) -> list:
    """`count` results: sources take turns, kinds of marks too."""
    groups: dict[tuple, list] = {}
    for s in shown:
        groups.setdefault((s[1].picture.source, s[2]), []).append(s)
    order = np.random.default_rng(3)
    for g in groups.values():
        order.shuffle(g)
    out: list = []
    while len(out) < min(count, len(shown)):
        for key in sorted(groups):
            if groups[key] and len(out) < count and order.random() < 0.7:
                out.append(groups[key].pop())
    return out


def write(folder: str, store: Store, shown: list, mask_of) -> None:
    """objects.jpg: 48 spread over sources and marks; worst.jpg: the 24 lowest, at most three of one source and mark."""
    os.makedirs(folder, exist_ok=True)
    sheet(store, spread(shown, 48), os.path.join(folder, "objects.jpg"), mask_of)
    taken: dict[tuple, int] = {}
    worst = []
    for s in sorted(shown, key=lambda s: s[0]):
        key = (s[1].picture.source, s[2])
        if taken.get(key, 0) < 3 and len(worst) < 24:
            taken[key] = taken.get(key, 0) + 1
            worst.append(s)
    sheet(store, worst, os.path.join(folder, "worst.jpg"), mask_of)
