"""The data set in memory: pictures decoded once into one mapped file, objects and masks beside them.

`build()` decodes every JPEG of the data set into `<cache>/pixels.u8` (RGB, rows one after the other)
and writes `<cache>/index.pkl`; `Store` maps the file, so several processes share the pages.
"""

import argparse
import json
import os
import pickle
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from split import is_validation

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))

# Sources whose stated licence allows redistribution and derived works (see the data set's README).
OPEN_SOURCES = frozenset({"forest_amazon", "hit_uav", "hrplanes", "road_gsi", "solar_gsi", "dubai", "road_shanghai"})


def default_data() -> str:
    """Folder of the data set: NADIR_SHARED or ../shared beside the source root, then data/rs."""
    return os.path.join(os.environ.get("NADIR_SHARED", os.path.join(ROOT, "..", "shared")), "data", "rs")


def stage_arguments(about: str) -> argparse.ArgumentParser:
    """What every stage on the stored pictures is told: where it works, where they lie decoded, where they come from."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--work", required=True)
    parser.add_argument("--cache", required=True, help="folder of the decoded pictures (store.build)")
    parser.add_argument("--data", default=default_data())
    return parser


@dataclass
class Picture:
    """One picture: where its pixels lie in the mapped file, and what is labelled on it."""

    path: str
    source: str
    modality: str
    group: str
    width: int
    height: int
    offset: int
    validation: bool
    scene: str | None = None
    boxes: list = field(default_factory=list)  # [(label, x, y, w, h)] in pixels
    mask: np.ndarray | None = None  # u8 [H, W] class values, or None
    mask_classes: dict | None = None  # value -> name
    mask_zero: str | None = None  # "background" | "unlabelled"


def build(data: str, cache: str) -> None:
    """Decode the data set `data` into the folder `cache` (about 3 GB); does nothing when it is there."""
    index = os.path.join(cache, "index.pkl")
    if os.path.exists(index):
        return
    os.makedirs(cache, exist_ok=True)
    pictures, offset = [], 0
    with open(os.path.join(cache, "pixels.u8"), "wb") as out, open(os.path.join(data, "annotations.jsonl")) as lines:
        for line in lines:
            a = json.loads(line)
            pixels = np.asarray(Image.open(os.path.join(data, a["image"])).convert("RGB"))
            height, width = pixels.shape[:2]
            mask = np.array(Image.open(os.path.join(data, a["mask"]))) if a["mask"] else None
            classes = {int(k): v for k, v in a["mask_classes"].items()} if a["mask_classes"] else None
            boxes = [(o["label"], *map(float, o["bbox"])) for o in a["objects"]]
            pictures.append(Picture(a["image"], a["source"], a["modality"], a["group"], width, height, offset,
                                    is_validation(a["source"], a["group"]), a["scene"], boxes, mask, classes,
                                    a["mask_zero"]))
            out.write(pixels.tobytes())
            offset += pixels.size
    with open(index + ".part", "wb") as out:
        pickle.dump(pictures, out)
    os.rename(index + ".part", index)


class Store:
    """Read access to a built cache."""

    def __init__(self, cache: str) -> None:
        with open(os.path.join(cache, "index.pkl"), "rb") as f:
            self.pictures: list[Picture] = pickle.load(f)
        self._pixels = np.memmap(os.path.join(cache, "pixels.u8"), np.uint8, "r")

    def pixels(self, picture: Picture) -> np.ndarray:
        """RGB u8 [H, W, 3] of a picture; a view on the mapped file."""
        size = picture.height * picture.width * 3
        return self._pixels[picture.offset:picture.offset + size].reshape(picture.height, picture.width, 3)
