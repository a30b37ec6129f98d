"""Turning, scaling and stretching a picture whose objects all have masks: few pictures have them, so they are shown
at every angle."""

from dataclasses import replace

import cv2
import numpy as np

from truth import Instance


def matrix(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Random affine map f64 [2, 3] about the middle of the picture, for continuous coordinates (a pixel's centre is at
    one half)."""
    angle, skew = rng.uniform(0, 2 * np.pi), rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    axis = np.array([[np.cos(skew), -np.sin(skew)], [np.sin(skew), np.cos(skew)]])
    stretch = np.exp(rng.uniform(-0.3, 0.35) + np.array([1, -1]) * rng.normal(0, 0.08))
    a = turn @ axis @ np.diag(stretch) @ axis.T
    middle = np.array([width, height]) / 2
    return np.column_stack([a, middle - a @ middle])


def centred(m: np.ndarray) -> np.ndarray:
    """The same map for pixel indices, as OpenCV wants it."""
    return np.column_stack([m[:, :2], m[:, 2] + m[:, :2] @ [0.5, 0.5] - 0.5])


def moved(o: Instance, m: np.ndarray, width: int, height: int) -> Instance | None:
    """The instance under the map, cut at the frame (the largest piece stays); None when too little is left."""
    x0, y0, x1, y1 = o.area
    scale = np.array([(x1 - x0) / o.mask.shape[1], (y1 - y0) / o.mask.shape[0]])
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) @ m[:, :2].T + m[:, 2]
    low = np.clip(np.floor(corners.min(0)), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(corners.max(0)), 0, [width, height]).astype(int)
    if min(high - low) < 3:
        return None
    own = np.column_stack([m[:, :2] * scale, m[:, :2] @ [x0, y0] + m[:, 2] - low])
    mask = cv2.warpAffine(o.mask * np.uint8(255), centred(own), tuple((high - low).tolist()), flags=cv2.INTER_LINEAR)
    mask = (mask > 127).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return None
    k = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, w, h, size = (int(v) for v in stats[k])
    if size < 12 or min(w, h) < 3:
        return None
    mask = np.ascontiguousarray((labels[y:y + h, x:x + w] == k).astype(np.uint8))
    box = (float(low[0] + x), float(low[1] + y), float(low[0] + x + w), float(low[1] + y + h))
    return replace(o, box=box, mask=mask, area=box)


def turned(rng: np.random.Generator, pixels: np.ndarray, instances: list[Instance], unknown: np.ndarray | None
           ) -> tuple[np.ndarray, list[Instance], np.ndarray | None]:
    """Pixels u8 [h, w, 3], instances and the map of unknown pixels (bool, or None) under one random map."""
    height, width = pixels.shape[:2]
    m = matrix(rng, width, height)
    index = centred(m)
    out = cv2.warpAffine(np.ascontiguousarray(pixels), index, (width, height), flags=cv2.INTER_LINEAR)
    if unknown is not None:
        unknown = cv2.warpAffine(unknown.astype(np.uint8), index, (width, height), flags=cv2.INTER_NEAREST) > 0
    found = (moved(o, m, width, height) for o in instances)
    return out, [o for o in found if o is not None], unknown
