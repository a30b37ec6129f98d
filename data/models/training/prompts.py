"""Prompts as the model sees them: the crop rule, the sparse tokens and the dense raster.

A prompt is a tuple (kind, sign, values): kind point | box | circle | scribble | polygon; sign 1 or -1; values
in source pixels: point (x, y), box (x0, y0, x1, y1), circle (cx, cy, r), scribble and polygon (x, y, x, y...).
Everything here is a contract with the engine; tests/data/prompts.json holds the shared test vectors.
"""

import math
from typing import NamedTuple

import numpy as np

LIMIT = 20.0


class Crop(NamedTuple):
    """Part of a picture that the model sees, in source pixels, and the frame it is resized to."""

    x: int
    y: int
    width: int
    height: int

    def resized(self, size: int) -> tuple[int, int]:
        """(new_w, new_h) inside the size x size frame."""
        scale = size / max(self.width, self.height)
        return int(self.width * scale + 0.5), int(self.height * scale + 0.5)


def bounds(prompt: tuple) -> tuple[float, float, float, float]:
    """Bounding box (x0, y0, x1, y1) of one prompt, not clipped to the picture."""
    kind, _, v = prompt
    if kind == "circle":
        return v[0] - v[2], v[1] - v[2], v[0] + v[2], v[1] + v[2]
    return min(v[0::2]), min(v[1::2]), max(v[0::2]), max(v[1::2])


def union(boxes: list) -> tuple[float, float, float, float]:
    """Bounding box of bounding boxes."""
    columns = list(zip(*boxes))
    return min(columns[0]), min(columns[1]), max(columns[2]), max(columns[3])


def side_for(box: tuple) -> int:
    """The smallest 128 * 2^k that is at least 4 times the box's longer side; 256 for a point."""
    longer = max(box[2] - box[0], box[3] - box[1])
    if longer == 0:
        return 256
    side = 128
    while side < 4 * longer:
        side *= 2
    return side


def place(box: tuple, side: int, width: int, height: int) -> Crop:
    """The crop of `side` source pixels around `box` on a width x height picture."""
    if side >= max(width, height):
        return Crop(0, 0, width, height)
    q = side // 4 if side % 4 == 0 else side / 4
    origin, extent = [], []
    for c, n in (((box[0] + box[2]) / 2, width), ((box[1] + box[3]) / 2, height)):
        if n <= side:
            origin.append(0)
            extent.append(n)
        else:
            origin.append(int(min(max(q * math.floor((c - side / 2) / q + 0.5), 0), n - side)))
            extent.append(side)
    return Crop(*origin, *extent)


def holds(crop: Crop, box: tuple) -> bool:
    """True when `box` lies wholly inside `crop`."""
    return crop.x <= box[0] and crop.y <= box[1] and box[2] <= crop.x + crop.width and box[3] <= crop.y + crop.height


def crop_for(prompts: list, width: int, height: int, side: int | None = None) -> Crop:
    """The crop of one object's prompts; `side` fixes its size (`--scale`)."""
    boxes = [bounds(p) for p in prompts]
    crop = place(boxes[0], side or side_for(boxes[0]), width, height)
    if not all(holds(crop, b) for b in boxes[1:]):
        whole = union(boxes)
        crop = place(whole, side or side_for(whole), width, height)
    return crop


def to_frame(prompt: tuple, crop: Crop, size: int) -> tuple:
    """The prompt in pixels of the size x size frame; a radius is scaled by new_w / width."""
    kind, sign, v = prompt
    new_w, new_h = crop.resized(size)
    sx, sy = new_w / crop.width, new_h / crop.height
    if kind == "circle":
        return kind, sign, ((v[0] - crop.x) * sx, (v[1] - crop.y) * sy, v[2] * sx)
    offsets, scales = (crop.x, crop.y), (sx, sy)
    return kind, sign, tuple((a - offsets[i % 2]) * scales[i % 2] for i, a in enumerate(v))


def stroke_points(points: np.ndarray, count: int) -> np.ndarray:
    """`count` points at equal arc length along the polyline [n, 2], both ends included."""
    steps = np.hypot(*(points[1:] - points[:-1]).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    where = along[-1] * np.arange(count) / (count - 1)
    return np.stack([np.interp(where, along, points[:, i]) for i in range(2)], 1)


def stroke_length(v: tuple) -> float:
    """Length of a polyline (x, y, x, y...)."""
    p = np.asarray(v, float).reshape(-1, 2)
    return float(np.hypot(*(p[1:] - p[:-1]).T).sum())


def plain(prompt: tuple) -> tuple:
    """The prompt itself, or the point that a stroke of no length is."""
    kind, sign, v = prompt
    return ("point", sign, v[:2]) if kind == "scribble" and stroke_length(v) == 0 else prompt


def outline_distance(points: np.ndarray, x: float, y: float) -> float:
    """Signed distance from (x, y) to the outline of the polygon [n, 2], positive inside."""
    inside, nearest = False, math.inf
    ax, ay = points[-1]
    for bx, by in points:
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
        dx, dy = bx - ax, by - ay
        t = dx * dx + dy * dy
        t = min(1.0, max(0.0, ((x - ax) * dx + (y - ay) * dy) / t)) if t else 0.0
        nearest = min(nearest, math.hypot(ax + t * dx - x, ay + t * dy - y))
        ax, ay = bx, by
    return nearest if inside else -nearest


def pole(points: np.ndarray, precision: float = 1e-3) -> tuple[float, float]:
    """Pole of inaccessibility of a polygon [n, 2] to `precision` of its size (quadtree search)."""
    import heapq
    lo, hi = points.min(0), points.max(0)
    size = float(max(hi - lo))
    half = max(float(min(hi - lo)), size / 64) / 2
    if size == 0:
        return float(lo[0]), float(lo[1])
    best = (-math.inf, 0.0, 0.0)
    heap: list = []

    def visit(x: float, y: float, h: float) -> None:
        nonlocal best
        d = outline_distance(points, x, y)
        best = max(best, (d, x, y))
        heapq.heappush(heap, (-(d + h * math.sqrt(2)), x, y, h))

    for i in range(math.ceil((hi[0] - lo[0]) / (2 * half))):
        for j in range(math.ceil((hi[1] - lo[1]) / (2 * half))):
            visit(lo[0] + (2 * i + 1) * half, lo[1] + (2 * j + 1) * half, half)
    while heap:
        bound, x, y, h = heapq.heappop(heap)
        if -bound - best[0] <= precision * size:
            break
        for dx in (-h / 2, h / 2):
            for dy in (-h / 2, h / 2):
                visit(x + dx, y + dy, h / 2)
    return best[1], best[2]


def tokens(prompts: list, crop: Crop, size: int, precision: float = 1e-3) -> tuple[np.ndarray, np.ndarray]:
    """Sparse tokens of one object: coordinates f32 [T, 2] in the size x size frame, labels i64 [T]. `precision` of a
    polygon's pole: coarser is quicker and does for training."""
    coords, labels = [], []
    for prompt in map(plain, prompts):
        kind, sign, v = prompt
        label = 1 if sign > 0 else 0
        _, _, f = to_frame(prompt, crop, size)
        if kind == "point":
            coords.append(f)
            labels.append(label)
        elif kind == "box":
            coords += [(min(f[0], f[2]), min(f[1], f[3])), (max(f[0], f[2]), max(f[1], f[3]))]
            labels += [2, 3]
        elif kind == "circle":
            coords.append(f[:2])
            labels.append(1)
        elif kind == "polygon":
            centre = pole(np.asarray(v, float).reshape(-1, 2), precision)
            coords.append(to_frame(("point", 1, centre), crop, size)[2])
            labels.append(1)
        else:
            count = min(8, max(2, math.floor(stroke_length(v) / 24)))
            for point in stroke_points(np.asarray(v, float).reshape(-1, 2), count):
                coords.append(to_frame(("point", 1, tuple(point)), crop, size)[2])
                labels.append(label)
    if 2 not in labels:
        coords.append((0.0, 0.0))
        labels.append(-1)
    return np.asarray(coords, np.float32).reshape(-1, 2), np.asarray(labels, np.int64)


def _centres(d: int) -> tuple[np.ndarray, np.ndarray]:
    c = np.arange(d) + 0.5
    return c[None, :], c[:, None]


def _distance(points: np.ndarray, d: int) -> np.ndarray:
    """Distance [d, d] of the cell centres from a polyline [n, 2] in cells."""
    x, y = _centres(d)
    nearest = np.full((d, d), np.inf)
    for (ax, ay), (bx, by) in zip(points[:-1], points[1:]):
        dx, dy = bx - ax, by - ay
        square = dx * dx + dy * dy
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / square, 0, 1) if square else 0.0
        nearest = np.minimum(nearest, np.hypot(ax + t * dx - x, ay + t * dy - y))
    return nearest


def even_odd(points: np.ndarray, d: int) -> np.ndarray:
    """bool [d, d]: which cell centres lie inside the polygon [n, 2] by the even-odd rule."""
    x, y = _centres(d)
    inside = np.zeros((d, d), bool)
    for (ax, ay), (bx, by) in zip(points, np.roll(points, -1, 0)):
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return inside


def centroid(points: np.ndarray) -> np.ndarray:
    """Area centroid [2] of a polygon [n, 2]; the mean of its points when it has no area."""
    nxt = np.roll(points, -1, 0)
    cross = points[:, 0] * nxt[:, 1] - nxt[:, 0] * points[:, 1]
    area = cross.sum() / 2
    if area == 0:
        return points.mean(0)
    return ((points + nxt) * cross[:, None]).sum(0) / (6 * area)


def raster(prompts: list, crop: Crop, size: int, previous: np.ndarray | None = None,
           mode: str = "all") -> np.ndarray | None:
    """Dense raster f32 [size/4, size/4] of one object; None where `shapes` uses no_mask_embed."""
    prompts = [plain(p) for p in prompts]
    if mode == "shapes" and previous is None and all(kind in ("point", "box") for kind, _, _ in prompts):
        return None
    d = size // 4
    out = np.zeros((d, d), np.float32) if previous is None else previous.astype(np.float32).copy()
    x, y = _centres(d)
    for prompt in prompts:
        kind, sign, f = to_frame(prompt, crop, size)
        f = np.asarray(f, float) / 4
        value = 8.0 if sign > 0 else -8.0
        if kind == "scribble":
            out[_distance(f.reshape(-1, 2), d) <= 1.5] = value
        elif kind == "circle":
            distance = np.hypot(x - f[0], y - f[1])
            out[distance > 1.2 * f[2]] = -8
            out[distance <= f[2]] += 8
        elif kind == "polygon":
            points = f.reshape(-1, 2)
            middle = centroid(points)
            outside = ~even_odd(middle + 1.2 * (points - middle), d)
            inside = even_odd(points, d)
            out[outside] = -8
            out[inside] += 8
        elif mode == "all" and kind == "point":
            out[np.hypot(x - f[0], y - f[1]) <= 1.6] = value
        elif mode == "all" and kind == "box":
            x0, x1 = min(f[0], f[2]), max(f[0], f[2])
            y0, y1 = min(f[1], f[3]), max(f[1], f[3])
            inside = (x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)
            out[~inside] = -8
            out[inside] += 4
    return np.clip(out, -LIMIT, LIMIT)


def multimask(prompts: list) -> bool:
    """True for one lone positive point: the best of masks 1..3 is the answer, else mask 0."""
    return len(prompts) == 1 and prompts[0][1] > 0 and plain(prompts[0])[0] == "point"
