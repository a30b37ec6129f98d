"""Validation tasks: objects of the validation pictures and the marks a user would make on them.

Every random choice is seeded by picture, object and kind of mark, so each tool sees the same marks.
"""

import zlib
from dataclasses import dataclass

import cv2
import numpy as np

import simulate
from store import Picture, Store
from truth import Instance

EXCLUDED = {"land", "forest", "road"}
COVER_SETS = {"deepglobe_land", "ncr_india", "dubai"}
BOX_KINDS = ("point", "circle", "scribble", "loose box")
MASK_KINDS = ("tight box", "point", "scribble")


@dataclass
class Task:
    """One object of one picture: a labelled box or a component of a mask, with its marks by kind."""

    picture: Picture
    label: str
    box: tuple  # x0, y0, x1, y1
    marks: dict  # kind -> list of prompts
    mask: np.ndarray | None = None  # bool [H, W] of the picture, for components
    unknown: np.ndarray | None = None  # bool [H, W], pixels without a truth


def stream(picture: Picture, number: int, kind: str) -> np.random.Generator:
    """The random stream of one mark."""
    return np.random.default_rng(zlib.crc32(f"{picture.path}/{number}/{kind}".encode()))


def clip(picture: Picture, values: np.ndarray) -> tuple:
    """Points [n, 2] drawn back onto the picture, flat."""
    return tuple(np.clip(values, 0, [picture.width, picture.height]).ravel().tolist())


def box_marks(picture: Picture, number: int, box: tuple) -> dict:
    """Point near the centre, circle 1.1 times the circumscribed one, five-point scribble, loose box."""
    x0, y0, x1, y1 = box
    centre, size = np.array([(x0 + x1) / 2, (y0 + y1) / 2]), np.array([x1 - x0, y1 - y0])
    rng = stream(picture, number, "point")
    near = np.clip(rng.normal(centre, size * 0.05), [x0, y0], [x1, y1])
    rng = stream(picture, number, "scribble")
    five = np.clip(rng.normal(centre, size / 4, (5, 2)), [x0, y0], [x1, y1])
    five = five[np.argsort(five[:, int(size[1] > size[0])])]
    out = stream(picture, number, "loose box").uniform(0.1, 0.4, 4)
    loose = np.array([[x0 - size[0] * out[0], y0 - size[1] * out[1]], [x1 + size[0] * out[2], y1 + size[1] * out[3]]])
    return {"point": [("point", 1, clip(picture, near))],
            "circle": [("circle", 1, (float(centre[0]), float(centre[1]), float(1.1 * np.hypot(*size) / 2)))],
            "scribble": [("scribble", 1, clip(picture, five))],
            "loose box": [("box", 1, clip(picture, loose))]}


def inside_point(mask: np.ndarray) -> tuple:
    """The deepest point of a bool mask, as a click on its pixel."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    return float(x) + 0.5, float(y) + 0.5


def mask_marks(picture: Picture, number: int, box: tuple, mask: np.ndarray) -> dict:
    """Tight box, deepest point, scribble through five points of the mask along its axis."""
    rng = stream(picture, number, "mask scribble")
    part = mask[int(box[1]):int(box[3]), int(box[0]):int(box[2])]
    inner = simulate.inner_points(rng, Instance(box, "mask", "", part.astype(np.uint8), box), 5)
    axis = np.linalg.svd(inner - inner.mean(0))[2][0]
    inner = inner[np.argsort((inner - inner.mean(0)) @ axis)]
    return {"tight box": [("box", 1, tuple(map(float, box)))], "point": [("point", 1, inside_point(mask))],
            "scribble": [("scribble", 1, clip(picture, inner))]}


def boxes(store: Store) -> list[Task]:
    """Labelled objects with a side of at least 10 px on validation pictures, without sar_acd."""
    found = []
    for p in store.pictures:
        if not p.validation or p.source == "sar_acd":
            continue
        for k, (label, x, y, w, h) in enumerate(p.boxes):
            if max(w, h) >= 10 and min(w, h) > 0:
                box = (x, y, x + w, y + h)
                found.append(Task(p, label, box, box_marks(p, k, box)))
    return found


def components(store: Store) -> list[Task]:
    """Connected pieces of at least 150 px of the mask sets, without land, forest and road."""
    found = []
    for p in store.pictures:
        if not p.validation or p.mask is None:
            continue
        number = 0
        for value, name in p.mask_classes.items():
            if name in EXCLUDED:
                continue
            binary = (p.mask == value).astype(np.uint8)
            count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
            for k in range(1, count):
                x, y, w, h, area = (int(v) for v in stats[k])
                if area < 150:
                    continue
                mask, box, number = labels == k, (x, y, x + w, y + h), number + 1
                unknown = p.mask == 0 if p.mask_zero == "unlabelled" else None
                found.append(Task(p, name, box, mask_marks(p, number, box, mask), mask, unknown))
    return found


def thinned(tasks: list[Task], count: int) -> list[Task]:
    """At most `count` tasks, spread evenly over sources."""
    by_source: dict[str, list[Task]] = {}
    for t in tasks:
        by_source.setdefault(t.picture.source, []).append(t)
    share = max(1, count // max(1, len(by_source)))
    return [t for group in by_source.values() for t in group[::max(1, -(-len(group) // share))]]


def mask_iou(mask: np.ndarray, task: Task) -> float:
    """IoU with a component's truth over the known pixels."""
    truth = task.mask
    if task.unknown is not None:
        mask = mask & ~task.unknown
    union = np.count_nonzero(mask | truth)
    return np.count_nonzero(mask & truth) / union if union else 0.0


def extent(mask: np.ndarray) -> tuple | None:
    """Bounding box (x0, y0, x1, y1) of a bool mask."""
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (xs[0], ys[0], xs[-1] + 1, ys[-1] + 1) if len(ys) else None


def box_iou(mask: np.ndarray, box: tuple) -> float:
    """IoU of the mask's bounding box with a box."""
    found = extent(mask)
    if found is None:
        return 0.0
    w = max(0.0, min(found[2], box[2]) - max(found[0], box[0]))
    h = max(0.0, min(found[3], box[3]) - max(found[1], box[1]))
    area = (found[2] - found[0]) * (found[3] - found[1]) + (box[2] - box[0]) * (box[3] - box[1]) - w * h
    return w * h / area
