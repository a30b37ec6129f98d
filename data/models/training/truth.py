"""What can be learnt on each picture: instances from masks, pseudo-masks, bare boxes and regions."""

import glob
import os
import pickle
from dataclasses import dataclass

import cv2
import numpy as np

from pseudo import accepted
from store import OPEN_SOURCES, Picture, Store

# How often a source gives the crop; regions of scenes are "scenes".
WEIGHTS = {"hit_uav": 20, "hrplanes": 10, "rsod": 8, "airbus_planes": 5, "cats": 3, "psu_car": 5, "pools": 4,
           "ships": 7, "hrsid": 8, "oil_spill": 9, "landslide_bijie": 6, "landslide_hokkaido": 6, "solar_gsi": 12,
           "dubai": 7, "deepglobe_land": 9, "ncr_india": 5, "forest_amazon": 1, "road_gsi": 1, "road_shanghai": 1,
           "scenes": 4}
BACKDROP = {"land", "forest", "road", "bare land", "urban area", "farmland", "rangeland", "vegetation", "built-up area"}


@dataclass
class Instance:
    """One object: its box (x0, y0, x1, y1) in pixels and, unless only the box is known, its mask.

    `mask` is u8 0/1 [h, w] stretched over `area` (x0, y0, x1, y1). kind: mask | pseudo | region | box.
    """

    box: tuple
    kind: str
    label: str
    mask: np.ndarray | None = None
    area: tuple | None = None
    weight: float = 1.0


def components(picture: Picture, least: int = 60) -> list[Instance]:
    """Connected pieces of every class of a mask, at least `least` pixels (12 for ships)."""
    found = []
    for value, name in picture.mask_classes.items():
        binary = (picture.mask == value).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
        for k in range(1, count):
            x, y, w, h, size = (int(v) for v in stats[k])
            if size < (12 if name == "ship" else least) or min(w, h) < 3:
                continue
            whole = max(w, h) > 0.9 * max(picture.width, picture.height)
            weight = (0.6 if name in BACKDROP else 1.0) * (0.5 if whole else 1.0) * (0.4 if size < 150 else 1.0)
            mask = (labels[y:y + h, x:x + w] == k).astype(np.uint8)
            found.append(Instance((x, y, x + w, y + h), "mask", name, mask, (x, y, x + w, y + h), weight))
    return found


def from_box(box: tuple, pseudo: dict | None) -> Instance:
    """Instance of a labelled box (label, x, y, w, h), with its pseudo-mask when that was accepted."""
    label, x, y, w, h = box
    corners = (x, y, x + w, y + h)
    weight = 1.0 if max(w, h) >= 10 else 0.4
    if accepted(pseudo, label):
        return Instance(corners, "pseudo", label, pseudo["mask"].astype(np.uint8), corners, weight * 1.5)
    return Instance(corners, "box", label, weight=weight)


def from_regions(labels: np.ndarray, picture: Picture) -> list[Instance]:
    """Instances of one label map (u8, 0 = none) of a scene picture."""
    sx, sy, found = picture.width / labels.shape[1], picture.height / labels.shape[0], []
    for k in range(1, int(labels.max()) + 1):
        ys, xs = np.nonzero(labels == k)
        if len(xs) < 30:
            continue
        x0, y0, x1, y1 = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
        area = (x0 * sx, y0 * sy, x1 * sx, y1 * sy)
        mask = (labels[y0:y1, x0:x1] == k).astype(np.uint8)
        found.append(Instance(area, "region", "region", mask, area, 1.0))
    return found


class Truth:
    """Instances by picture and the sampling weights of pictures."""

    def __init__(self, store: Store, work: str, only_open: bool = False) -> None:
        self.store, self.instances, pseudo = store, {}, {}
        for path in glob.glob(os.path.join(work, "pseudo", "*.pkl")):
            with open(path, "rb") as f:
                pseudo.update(pickle.load(f))
        regions = os.path.join(work, "regions.npz")
        self.regions = dict(np.load(regions)) if os.path.exists(regions) else {}
        pools: dict[str, list[int]] = {}
        for i, p in enumerate(store.pictures):
            if p.validation or p.source == "sar_acd" or (only_open and p.source not in OPEN_SOURCES):
                continue
            if p.mask is not None:
                self.instances[i] = components(p)
            elif p.boxes:
                self.instances[i] = [from_box(b, pseudo.get((i, k))) for k, b in enumerate(p.boxes)
                                     if min(b[3:]) >= 4]
            if self.instances.get(i) or f"{i}_0" in self.regions:
                pools.setdefault(p.source if i in self.instances else "scenes", []).append(i)
        self.sources = [s for s in pools if WEIGHTS.get(s)]
        weights = np.array([WEIGHTS[s] for s in self.sources], float)
        self.chances, self.pools = weights / weights.sum(), pools
        # within a source a picture is drawn by the square root of its number of objects
        self.within = {s: self._within(pools[s]) for s in self.sources}

    def _within(self, pool: list[int]) -> np.ndarray:
        weights = np.sqrt([max(1.0, len(self.instances.get(i, ()))) for i in pool])
        return weights / weights.sum()

    def draw(self, rng: np.random.Generator) -> tuple[Picture, list[Instance]]:
        """A random picture and its instances; `region` instances when it has no labels."""
        while True:
            source = self.sources[rng.choice(len(self.sources), p=self.chances)]
            i = int(rng.choice(self.pools[source], p=self.within[source]))
            found = self.instances.get(i)
            if not found:
                found = from_regions(self.regions[f"{i}_{rng.integers(2)}"], self.store.pictures[i])
            if found:
                return self.store.pictures[i], found

    def bank(self) -> list[tuple[Picture, Instance]]:
        """Objects whose mask is known well enough to be pasted elsewhere."""
        return [(self.store.pictures[i], o) for i, found in self.instances.items() for o in found
                if o.kind in ("mask", "pseudo") and o.label not in BACKDROP and o.mask.mean() < 0.9
                and 10 <= max(o.box[2] - o.box[0], o.box[3] - o.box[1]) <= 160]
