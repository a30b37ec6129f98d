"""Marks as a person would make them: the noise rules of spec earthgpt-x.md 4."""

import numpy as np


def jittered(rng: np.random.Generator, cx: float, cy: float, w: float, h: float) -> tuple:
    """Centre and size with the box noise, deviates clipped at 2.5 sigma."""
    e = np.clip(rng.standard_normal(4), -2.5, 2.5)
    return cx + w * 0.1 * e[0], cy + h * 0.1 * e[1], w * np.exp(0.15 * e[2]), h * np.exp(0.15 * e[3])


def free_form(rng: np.random.Generator, cx: float, cy: float, w: float, h: float) -> list:
    """24 points around the inscribed ellipse with smoothed noise on the radius."""
    e = 0.35 * rng.standard_normal(24)
    e = np.clip(np.mean([np.roll(e, k) for k in range(-2, 3)], 0), -0.5, 0.6)
    angle = 2 * np.pi * np.arange(24) / 24
    return np.stack([cx + w / 2 * (1 + e) * np.cos(angle), cy + h / 2 * (1 + e) * np.sin(angle)], 1).tolist()


def scribble(rng: np.random.Generator, cx: float, cy: float, w: float, h: float) -> list:
    """5 to 9 points sorted along the longer axis, as a Catmull-Rom polyline."""
    p = rng.normal((cx, cy), (w / 4, h / 4), (int(rng.integers(5, 10)), 2))
    p = p[p[:, 0 if w >= h else 1].argsort()]
    q = np.concatenate([p[:1], p, p[-1:]])
    t = np.arange(4)[:, None] / 4
    out = []
    for a, b, c, d in zip(q, q[1:], q[2:], q[3:]):
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*out, p[-1:]]).tolist()


def exact_mark(kind: str, box: tuple) -> dict:
    """A mark without noise for a box (x, y, w, h): `box`, or `point` in its middle."""
    x, y, w, h = box
    return (
        {"kind": "box", "xyxy": [x, y, x + w, y + h]}
        if kind == "box"
        else {"kind": "point", "xy": [x + w / 2, y + h / 2]}
    )


def noisy_mark(rng: np.random.Generator, box: tuple, width: int, height: int, kind: str | None = None) -> dict:
    """A mark for a box (x, y, w, h) of a picture; `kind` box, free, ellipse, scribble or point instead of a random
    one."""
    x, y, w, h = box
    cx, cy = x + w / 2, y + h / 2
    kind = kind or str(rng.choice(["box", "free", "ellipse", "scribble", "point"], p=[0.40, 0.25, 0.10, 0.10, 0.15]))
    inside = lambda p: np.clip(np.asarray(p, float), 0, [width, height]).round(2).tolist()  # noqa: E731
    if kind == "point":
        p = np.clip(rng.normal((cx, cy), (w / 6, h / 6)), (x, y), (x + w, y + h))
        return {"kind": "point", "xy": inside(p)}
    if kind == "free":
        return {"kind": "polygon", "pts": inside(free_form(rng, cx, cy, w, h))}
    if kind == "scribble":
        return {"kind": "scribble", "pts": inside(scribble(rng, cx, cy, w, h))}
    bx, by, bw, bh = jittered(rng, cx, cy, w, h)
    if kind == "ellipse":
        return {"kind": "ellipse", "cxcyrr": [round(float(v), 2) for v in (bx, by, max(bw / 2, 1), max(bh / 2, 1))]}
    (x0, y0), (x1, y1) = inside([(bx - bw / 2, by - bh / 2), (bx + bw / 2, by + bh / 2)])
    return {"kind": "box", "xyxy": [x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)]}
