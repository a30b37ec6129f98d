"""Simulated users: prompts of every kind for an instance, with the noise real marks have.

All coordinates are pixels of the picture or crop that the instance lives in.
"""

import cv2
import numpy as np

from truth import Instance

KINDS = ("point", "box", "circle", "scribble", "polygon")
CHANCES = (0.26, 0.27, 0.15, 0.23, 0.09)


def inner_points(rng: np.random.Generator, o: Instance, n: int) -> np.ndarray | None:
    """n random points [n, 2] on the mask, or None without one."""
    if o.mask is None:
        return None
    ys, xs = np.nonzero(o.mask)
    if not len(xs):
        return None
    pick = rng.integers(len(xs), size=n)
    x0, y0, x1, y1 = o.area
    h, w = o.mask.shape
    x, y = xs[pick] + rng.random(n), ys[pick] + rng.random(n)
    return np.stack([x0 + x * (x1 - x0) / w, y0 + y * (y1 - y0) / h], 1)


def point(rng: np.random.Generator, o: Instance) -> tuple:
    """A click: near the centre of the box, or anywhere on the mask."""
    x0, y0, x1, y1 = o.box
    inner = inner_points(rng, o, 1) if rng.random() < 0.5 else None
    if inner is not None:
        return tuple(inner[0])
    spread = rng.choice([0.05, 0.1, 0.16])
    x = np.clip(rng.normal((x0 + x1) / 2, spread * (x1 - x0)), x0, x1)
    y = np.clip(rng.normal((y0 + y1) / 2, spread * (y1 - y0)), y0, y1)
    return float(x), float(y)


def jittered(rng: np.random.Generator, box: tuple) -> tuple:
    """Shifted and scaled box (x0, y0, x1, y1), deviates clipped at 2.5 sigma."""
    x0, y0, x1, y1 = box
    n = np.clip(rng.normal(size=4), -2.5, 2.5)
    w, h = (x1 - x0), (y1 - y0)
    cx, cy = (x0 + x1) / 2 + w * 0.1 * n[0], (y0 + y1) / 2 + h * 0.1 * n[1]
    w, h = w * np.exp(0.15 * n[2]), h * np.exp(0.15 * n[3])
    return cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2


def box(rng: np.random.Generator, o: Instance) -> tuple:
    """A drawn box: tight, loose (every side moved out by up to 45 %) or jittered."""
    x0, y0, x1, y1 = o.box
    w, h, kind = x1 - x0, y1 - y0, rng.random()
    if kind < 0.38:
        n = rng.normal(0, 0.02, 4)
        return x0 + w * n[0], y0 + h * n[1], x1 + w * n[2], y1 + h * n[3]
    if kind < 0.8:
        out = rng.uniform(0.05, 0.42, 4)
        return x0 - w * out[0], y0 - h * out[1], x1 + w * out[2], y1 + h * out[3]
    return tuple(float(v) for v in jittered(rng, o.box))


def circle(rng: np.random.Generator, o: Instance) -> tuple:
    """A circle about the object: mostly around the circumscribed one, now and then smaller."""
    x0, y0, x1, y1 = o.box
    w, h = x1 - x0, y1 - y0
    shift = rng.normal(0, 0.05, 2)
    factor = rng.uniform(0.95, 1.3) if rng.random() < 0.75 else rng.uniform(0.65, 1.0)
    return (x0 + x1) / 2 + shift[0] * w, (y0 + y1) / 2 + shift[1] * h, factor * np.hypot(w, h) / 2


def polygon(rng: np.random.Generator, o: Instance) -> tuple:
    """A free form about the box's ellipse, or the plain ellipse of a jittered box."""
    free = rng.random() < 0.7
    x0, y0, x1, y1 = o.box if free else jittered(rng, o.box)
    n = 24
    angle = np.arange(n) * (2 * np.pi / n) + rng.uniform(0, 0.2)
    radius = np.ones(n)
    if free:
        e = rng.normal(0, 0.35, n)
        e = np.convolve(np.concatenate([e[-2:], e, e[:2]]), np.full(5, 0.2), "valid")
        radius += np.clip(e, -0.5, 0.6) + rng.uniform(0, 0.25)
    x = (x0 + x1) / 2 + (x1 - x0) / 2 * radius * np.cos(angle)
    y = (y0 + y1) / 2 + (y1 - y0) / 2 * radius * np.sin(angle)
    return tuple(np.stack([x, y], 1).ravel())


def catmull_rom(p: np.ndarray, steps: int = 4) -> np.ndarray:
    """Catmull-Rom polyline through the points [n, 2]."""
    q = np.concatenate([p[:1], p, p[-1:]])
    t = np.arange(steps)[:, None] / steps
    parts = []
    for a, b, c, d in zip(q, q[1:], q[2:], q[3:]):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*parts, p[-1:]])


def scribble(rng: np.random.Generator, o: Instance) -> tuple:
    """An open stroke: scattered about the centre, through points on the mask, along its axis, or a random walk."""
    x0, y0, x1, y1 = o.box
    centre, size = np.array([(x0 + x1) / 2, (y0 + y1) / 2]), np.array([x1 - x0, y1 - y0])
    kind, n = rng.random(), int(rng.integers(5, 10))
    inner = inner_points(rng, o, n)
    if kind < 0.45:
        n = 5 if rng.random() < 0.5 else n
        p = rng.normal(centre, size * rng.choice([0.12, 0.18, 0.25]), (n, 2))
        p = np.clip(p, [x0, y0], [x1, y1]) if rng.random() < 0.5 else p
        p = p[np.argsort(p[:, int(size[1] > size[0])])]
    elif kind < 0.75 and inner is not None:
        middle = inner.mean(0)
        axis = np.linalg.svd(inner - middle)[2][0]
        p = inner[np.argsort((inner - middle) @ axis)] + rng.normal(0, 0.02, (n, 2)) * size
        if rng.random() < 0.5:
            p = p[[0, n // 2, n - 1]]
    elif kind < 0.88:
        reach = rng.uniform(0.3, 0.8)
        angle = rng.uniform(0, 2 * np.pi) if inner is None else None
        axis = np.array([np.cos(angle), np.sin(angle)]) if inner is None else np.linalg.svd(inner - inner.mean(0))[2][0]
        p = centre + np.linspace(-0.5, 0.5, 5)[:, None] * axis * size * reach + rng.normal(0, 0.03, (5, 2)) * size
    else:
        steps = rng.normal(0, 1, (n, 2)) * size * 0.12
        p = np.clip(centre + np.cumsum(steps, 0) - steps.sum(0) / 2, [x0, y0], [x1, y1])
    if rng.random() < 0.5:
        p = catmull_rom(p)
    return tuple(p.ravel())


MAKERS = {"point": point, "box": box, "circle": circle, "scribble": scribble, "polygon": polygon}


def deepest(o: Instance) -> tuple:
    """The point of the mask that is farthest from its edge."""
    depth = cv2.distanceTransform(np.pad(o.mask, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    x0, y0, x1, y1 = o.area
    return x0 + (x + 0.5) * (x1 - x0) / o.mask.shape[1], y0 + (y + 0.5) * (y1 - y0) / o.mask.shape[0]


def plain_mask(rng: np.random.Generator, o: Instance) -> tuple:
    """The three marks a mask is asked for with most often: its box, its deepest point, a stroke through five points."""
    kind = rng.random()
    if kind < 0.36:
        return "box", 1, o.box
    if kind < 0.58:
        return "point", 1, deepest(o)
    p = inner_points(rng, o, 5)
    p = p[np.argsort((p - p.mean(0)) @ np.linalg.svd(p - p.mean(0))[2][0])]
    return "scribble", 1, p.ravel()


def plain_box(rng: np.random.Generator, o: Instance) -> tuple:
    """The four marks a boxed object is asked for with most often."""
    x0, y0, x1, y1 = o.box
    centre, size, kind = np.array([(x0 + x1) / 2, (y0 + y1) / 2]), np.array([x1 - x0, y1 - y0]), rng.integers(4)
    if kind == 0:
        return "point", 1, np.clip(rng.normal(centre, size * 0.05), [x0, y0], [x1, y1])
    if kind == 1:
        return "circle", 1, (*centre, 1.1 * np.hypot(*size) / 2)
    if kind == 2:
        five = np.clip(rng.normal(centre, size / 4, (5, 2)), [x0, y0], [x1, y1])
        return "scribble", 1, five[np.argsort(five[:, int(size[1] > size[0])])].ravel()
    out = rng.uniform(0.1, 0.4, 4)
    return "box", 1, (x0 - size[0] * out[0], y0 - size[1] * out[1], x1 + size[0] * out[2], y1 + size[1] * out[3])


def first_prompt(rng: np.random.Generator, o: Instance, lone: float = 0.0) -> tuple:
    """One positive prompt: half of them as a careful user makes them, half of a random kind and more noise. The share
    `lone` of them is a click whatever the rest would have been."""
    if rng.random() < lone:
        x, y = deepest(o) if o.kind in ("mask", "region") and rng.random() < 0.5 and o.mask.any() else point(rng, o)
        return "point", 1, (float(x), float(y))
    if rng.random() < 0.5:
        careful = plain_mask if o.kind in ("mask", "region") and rng.random() < 0.8 and o.mask.any() else plain_box
        kind, sign, v = careful(rng, o)
        return kind, sign, tuple(float(a) for a in v)
    kind = KINDS[rng.choice(len(KINDS), p=CHANCES)]
    return kind, 1, tuple(float(v) for v in MAKERS[kind](rng, o))


def extra_prompt(rng: np.random.Generator, o: Instance, others: list[Instance]) -> tuple | None:
    """A second prompt: another positive click or stroke, or a negative one on a neighbour or beside the object."""
    if rng.random() < 0.35:
        inner = inner_points(rng, o, 1)
        return None if inner is None else ("point", 1, tuple(float(v) for v in inner[0]))
    if others and rng.random() < 0.6:
        other = others[rng.integers(len(others))]
        x0, y0, x1, y1 = o.box
        p = point(rng, other)
        if x0 <= p[0] <= x1 and y0 <= p[1] <= y1:
            return None
        kind = "point" if rng.random() < 0.7 else "scribble"
        v = p if kind == "point" else scribble(rng, other)
        if kind == "scribble" and (min(v[0::2]) < x1 and max(v[0::2]) > x0 and min(v[1::2]) < y1 and max(v[1::2]) > y0):
            return None
        return kind, -1, tuple(float(a) for a in v)
    x0, y0, x1, y1 = o.box
    angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(1.15, 1.8) * 0.7072
    p = ((x0 + x1) / 2 + np.cos(angle) * (x1 - x0) * reach, (y0 + y1) / 2 + np.sin(angle) * (y1 - y0) * reach)
    return "point", -1, (float(p[0]), float(p[1]))
