"""Marks on a picture, the views it is cut into, and the raster V_p of the marks (spec earthgpt-x.md 3, 4 and 12).

All geometry is in f64. A region is a dict with `kind` and its coordinates in source pixels: {"kind": "point", "xy":
[x, y]},
{"kind": "box", "xyxy": [x0, y0, x1, y1]}, {"kind": "ellipse", "cxcyrr": [cx, cy, rx, ry]}, {"kind": "polygon", "pts":
[[x, y]...]},
{"kind": "scribble", "pts": ...}, {"kind": "mask", "mask": bool [H, W]}, {"kind": "whole"}.
Rules that the specification leaves open and that are fixed here:

* Bounding boxes are of the geometry (a scribble's without its width, a point's is the point), clipped to the image.
* A box, or an ellipse's half axis, is widened about its middle to 1 px (0.5 px) of the view.
* Samples lie at (j + (a + 0.5) / 4, i + (b + 0.5) / 4). Inside is half-open for boxes, <= r for discs, strokes and
  ellipses,
  the crossing rule of `even_odd` for polygons.
* Distance from an ellipse's border: |f - 1| / |grad f|, f = hypot(dx/rx, dy/ry); exact for circles.
* Outline of a mask: its pixels with one that is not in it up to 1.5 px from the centre: of the 8 around and the 4
  beyond those beside it (outside the view counts as in).
* Which region a pixel's centre belongs to: smallest sum of coverage in that view, then the lowest number.
* The zoom frame (section 12) is a view whose crop is the square of `zoom_crop`; radii as in view 0.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

SUB = (np.arange(4) + 0.5) / 4
KINDS = {"point": 0.25, "scribble": 0.5, "polygon": 0.75, "ellipse": 0.75, "mask": 0.75, "box": 1.0, "whole": 1.0}


@dataclass(frozen=True)
class View:
    """A square frame of `side` pixels: x' = (x - x0) * scale - ox. `number` 0 is the whole image; `wide` 2 in
    sub-views."""

    number: int
    side: int
    scale: float
    ox: float
    oy: float
    x0: float = 0.0
    y0: float = 0.0

    @property
    def wide(self) -> int:
        return 2 if self.number else 1

    def points(self, xy: np.ndarray) -> np.ndarray:
        """Source points [n, 2] in the frame's pixels."""
        return (np.asarray(xy, float).reshape(-1, 2) - [self.x0, self.y0]) * self.scale - [self.ox, self.oy]


def resized(width: int, height: int, side: int) -> tuple[int, int]:
    """Size of the picture with its longer side at `side`."""
    s = side / max(width, height)
    return max(1, int(width * s + 0.5)), max(1, int(height * s + 0.5))


def resize(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Antialiased triangle filter, 8-bit (Pillow's bilinear); u8 [h, w, 3] -> u8 [size[1], size[0], 3]."""
    if size == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def views_of(width: int, height: int, side: int, most: int, lite: bool, fast: bool) -> list[View]:
    """The views of a picture. Lite: sub-views only above 1.25 * side (320), those of padding alone are dropped."""
    longest = max(width, height)
    views = [View(0, side, side / longest, 0, 0)]
    if fast or most == 1 or (lite and longest * 4 <= side * 5):
        return views
    new_w, new_h = resized(width, height, 2 * side)
    for n, (ox, oy) in enumerate(((0, 0), (side, 0), (0, side), (side, side)), 1):
        if not lite or (new_w > ox and new_h > oy):
            views.append(View(n, side, 2 * side / longest, ox, oy))
    return views


def cut(pixels: np.ndarray, views: list[View]) -> list[np.ndarray]:
    """The lite form's views, u8 [h <= side, w <= side, 3] each, without padding: view 0 straight from the picture."""
    height, width = pixels.shape[:2]
    side = views[0].side
    out = [resize(pixels, resized(width, height, side))]
    if len(views) > 1:
        big = resize(pixels, resized(width, height, 2 * side))
        out += [big[int(v.oy) : int(v.oy) + side, int(v.ox) : int(v.ox) + side] for v in views[1:]]
    return out


def padded(part: np.ndarray, side: int, mean: list, std: list) -> np.ndarray:
    """f32 [3, side, side]: (rgb - mean) / std, zeros right and below. mean and std on the scale of `part`."""
    out = np.zeros((3, side, side), np.float32)
    normal = (part.astype(np.float32) - np.float32(mean)) / np.float32(std)
    out[:, : part.shape[0], : part.shape[1]] = normal.transpose(2, 0, 1)
    return out


def bounds(region: dict, width: int, height: int) -> tuple[float, float, float, float]:
    """Bounding box of a region in source pixels, clipped to the image."""
    kind = region["kind"]
    if kind == "whole":
        return 0.0, 0.0, float(width), float(height)
    if kind == "mask":
        ys, xs = np.nonzero(region["mask"])
        return float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)
    if kind == "ellipse":
        cx, cy, rx, ry = region["cxcyrr"]
        p = np.array([[cx - rx, cy - ry], [cx + rx, cy + ry]])
    else:
        p = np.asarray(region.get("pts") or region.get("xyxy") or region.get("xy"), float).reshape(-1, 2)
    p = np.clip(p, 0, [width, height])
    return (*map(float, p.min(0)), *map(float, p.max(0)))


def segment_distance(x: np.ndarray, y: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Distance of (x, y) from the polyline [n, 2]."""
    nearest = np.full(np.broadcast(x, y).shape, np.inf)
    for a, b in zip(points[:-1], points[1:]) if len(points) > 1 else [(points[0], points[0])]:
        d = b - a
        square = d @ d
        t = np.clip(((x - a[0]) * d[0] + (y - a[1]) * d[1]) / square, 0, 1) if square else 0.0
        nearest = np.minimum(nearest, np.hypot(a[0] + t * d[0] - x, a[1] + t * d[1] - y))
    return nearest


def even_odd(x: np.ndarray, y: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Whether (x, y) lies in the closed polygon [n, 2] by the even-odd rule."""
    inside = np.zeros(np.broadcast(x, y).shape, bool)
    for (ax, ay), (bx, by) in zip(points, np.roll(points, -1, 0)):
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return inside


class Shape:
    """One region in the pixels of one view."""

    def __init__(self, region: dict, view: View, width: int, height: int) -> None:
        self.kind, v = region["kind"], view.side
        self.view, self.region, self.image = view, region, (width, height)
        if self.kind == "point":
            self.points, self.radius = view.points(region["xy"]), max(2.0, 0.012 * v) * view.wide
        elif self.kind == "scribble":
            self.points, self.radius = view.points(region["pts"]), max(2.0, 0.010 * v) * view.wide
        elif self.kind == "polygon":
            self.points = view.points(region["pts"])
        elif self.kind == "ellipse":
            cx, cy, rx, ry = region["cxcyrr"]
            self.points = view.points((cx, cy))
            self.axes = max(rx * view.scale, 0.5), max(ry * view.scale, 0.5)
        elif self.kind in ("box", "whole"):
            corners = region["xyxy"] if self.kind == "box" else (0, 0, width, height)
            p = view.points(corners)
            lo, hi = p.min(0), p.max(0)
            thin = np.maximum(0, 1 - (hi - lo)) / 2
            self.points = np.stack([lo - thin, hi + thin])
        else:
            self.pixels = self._mask()

    def _mask(self) -> np.ndarray:
        """bool [v, v]: at least half of the pixel's area in the source is in the mask."""
        mask = np.asarray(self.region["mask"], float)
        v = self.view
        for axis, (o, start) in enumerate(((v.oy, v.y0), (v.ox, v.x0))):
            total = np.concatenate([np.zeros((1, mask.shape[1 - axis])), np.cumsum(np.moveaxis(mask, axis, 0), 0)])
            at = np.clip((np.arange(v.side + 1) + o) / v.scale + start, 0, len(total) - 1)
            low = np.minimum(at.astype(int), len(total) - 2)
            part = total[low] + (at - low)[:, None] * (total[low + 1] - total[low])
            mask = np.moveaxis((part[1:] - part[:-1]) * v.scale, 0, axis)
        return mask >= 0.5

    def inside(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Whether (x, y) lies in the shape; of a mask, whether its pixel does."""
        if self.kind in ("point", "scribble"):
            return segment_distance(x, y, self.points) <= self.radius
        if self.kind == "polygon":
            return even_odd(x, y, self.points)
        if self.kind == "ellipse":
            (cx, cy), (rx, ry) = self.points[0], self.axes
            return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1
        if self.kind == "mask":
            return self.pixels[
                np.broadcast_to(y, np.broadcast(x, y).shape).astype(int),
                np.broadcast_to(x, np.broadcast(x, y).shape).astype(int),
            ]
        (x0, y0), (x1, y1) = self.points
        return (x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)

    def near_border(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Whether the pixel centre (x, y) lies within 1.5 px of the border; always for points and scribbles."""
        if self.kind in ("point", "scribble"):
            return np.ones(np.broadcast(x, y).shape, bool)
        if self.kind == "mask":
            n, p = len(self.pixels), np.pad(self.pixels, 2, constant_values=True)
            near = [(dy, dx) for dy in range(5) for dx in range(5) if (dy - 2) ** 2 + (dx - 2) ** 2 in (1, 2, 4)]
            return ~np.all([p[dy : dy + n, dx : dx + n] for dy, dx in near], 0)
        if self.kind == "ellipse":
            (cx, cy), (rx, ry) = self.points[0], self.axes
            dx, dy = x - cx, y - cy
            f = np.hypot(dx / rx, dy / ry)
            slope = np.hypot(dx / rx**2, dy / ry**2)
            with np.errstate(divide="ignore", invalid="ignore"):
                distance = np.where(f < 1e-9, min(rx, ry), np.abs(f - 1) * f / slope)
            return distance <= 1.5
        points = self.points
        if self.kind in ("box", "whole"):
            (x0, y0), (x1, y1) = points
            points = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        return segment_distance(x, y, np.concatenate([points, points[:1]])) <= 1.5

    def coverage(self) -> np.ndarray:
        """f32 [v, v] in sixteenths."""
        v = self.view.side
        if self.kind == "mask":
            return self.pixels.astype(np.float32)
        at = (np.arange(v)[:, None] + SUB).ravel()
        hit = self.inside(at[None, :], at[:, None])
        return hit.reshape(v, 4, v, 4).mean((1, 3), dtype=np.float32)


def quick_shape(region: dict, view: View, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Coverage f32 [v, v] and outline of a region, drawn by OpenCV: as marks.Shape but for a few edge samples."""
    shape, v = Shape(region, view, width, height), view.side
    big, line = np.zeros((4 * v, 4 * v), np.uint8), np.zeros((v, v), np.uint8)
    at = lambda p, s: np.round((np.asarray(p, float) * s - 0.5) * 16).astype(np.int32)  # noqa: E731
    if shape.kind in ("point", "scribble"):
        thick = max(1, int(round(8 * shape.radius)))
        points = at(shape.points, 4)
        if len(points) == 1:
            cv2.circle(big, tuple(map(int, points[0])), int(4 * shape.radius * 16), 1, -1, cv2.LINE_8, 4)
        else:
            cv2.polylines(big, [points], False, 1, thick, cv2.LINE_8, 4)
        line[:] = 1
    elif shape.kind == "ellipse":
        angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        outline = shape.points[0] + np.stack([np.cos(angle), np.sin(angle)], 1) * shape.axes
        cv2.fillPoly(big, [at(outline, 4)], 1, cv2.LINE_8, 4)
        cv2.polylines(line, [at(outline, 1)], True, 1, 3, cv2.LINE_8, 4)
    else:
        p = shape.points
        if shape.kind in ("box", "whole"):
            p = np.array([p[0], (p[1, 0], p[0, 1]), p[1], (p[0, 0], p[1, 1])])
        cv2.fillPoly(big, [at(p, 4)], 1, cv2.LINE_8, 4)
        cv2.polylines(line, [at(p, 1)], True, 1, 3, cv2.LINE_8, 4)
    cover = big.reshape(v, 4, v, 4).mean((1, 3), dtype=np.float32)
    return cover, cover * line


def raster(regions: list[dict], view: View, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """V_p f32 [4, v, v] and the coverage f32 [K, v, v] of each region; no regions: the whole image, numbered 0."""
    shapes = [Shape(r, view, width, height) for r in regions or [{"kind": "whole"}]]
    v = view.side
    centre = np.arange(v) + 0.5
    x, y = centre[None, :], centre[:, None]
    out = np.zeros((4, v, v), np.float32)
    cover = np.stack([s.coverage() for s in shapes])
    out[0] = cover.max(0)
    smallest = np.full((v, v), np.inf)
    for k, (shape, cov) in enumerate(zip(shapes, cover), 1):
        out[1] = np.maximum(out[1], cov * shape.near_border(x, y))
        mine = shape.inside(x, y) & (cov.sum(dtype=np.float64) < smallest)
        smallest[mine] = cov.sum(dtype=np.float64)
        out[2][mine] = k / 10 if regions else 0
        out[3][mine] = KINDS[shape.kind]
    return out, cover[: len(regions)]


def zoom_crop(region: dict, width: int, height: int) -> tuple[int, int, int, int, int]:
    """Side of the square around a region and the part of the image in it: side, x, y, w, h.

    The side is not more than the image's longer one, so that a mark on all of a small picture keeps its resolution."""
    x0, y0, x1, y1 = bounds(region, width, height)
    want = 96 if region["kind"] == "point" else int(2 * max(x1 - x0, y1 - y0) + 0.5)
    side = max(64, min(want, max(width, height)))
    part = []
    for c, n in (((x0 + x1) / 2, width), ((y0 + y1) / 2, height)):
        part.append((int(min(max(np.floor(c - side / 2 + 0.5), 0), n - side)), side) if n > side else (0, n))
    (x, w), (y, h) = part
    return side, x, y, w, h


def zoom(pixels: np.ndarray, region: dict, side: int, quick: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The region's close-up u8 [h, w, 3] (unpadded, frame of `side` px) and its coverage f32 [side, side] there."""
    height, width = pixels.shape[:2]
    square, x, y, w, h = zoom_crop(region, width, height)
    size = tuple(max(1, int(n * side / square + 0.5)) for n in (w, h))
    part = resize(np.ascontiguousarray(pixels[y : y + h, x : x + w]), size)
    view = View(0, side, side / square, 0, 0, x, y)
    if quick:
        return part, quick_shape(region, view, width, height)[0]
    return part, Shape(region, view, width, height).coverage()


def size_code(region: dict, width: int, height: int) -> np.ndarray:
    """s_k f32 [5]: log2 of the bounding box's sides and of the picture's, in 64 px (box 1 px at least, picture 256 at
    most: all larger ones are alike), and 0; of a point, which has no extent, 0, 0 and 1 in the box's place and last."""
    x0, y0, x1, y1 = bounds(region, width, height)
    box = np.array([x1 - x0, y1 - y0]).clip(1)
    point = region["kind"] == "point"
    sides = np.concatenate([[64, 64] if point else box, np.minimum([width, height], 256)])
    return np.append(np.log2(sides / 64), point).astype(np.float32)


def position_code(region: dict, width: int, height: int) -> np.ndarray:
    """g_k f32 [64]: for each of x0, y0, x1, y1 over the longer side, for j = 0..7: sin, cos of 2^j * pi * u."""
    u = np.array(bounds(region, width, height))[:, None] / max(width, height)
    angle = u * (2.0 ** np.arange(8)) * np.pi
    return np.stack([np.sin(angle), np.cos(angle)], -1).reshape(64).astype(np.float32)
