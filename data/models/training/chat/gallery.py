"""The gallery of the shipped chat model: python gallery.py --cache CACHE --nadir build/nadir; writes docs/chat-gallery.

Validation pictures of the sources whose licences allow their redistribution, drawn by a seed and not chosen by how the
answer came out. Marks, masks and replies are those of `nadir ask`; beside each reply stands what the labels say.
"""

import argparse
import os
import textwrap

import cv2
import numpy as np

from conversations import Author, captions_of
from evaluate_chat import Program
from questions import Question
from simulate_marks import noisy_mark
from store import ROOT, Store, default_data

SIDE, SEED = 480, 4
INK = [(255, 140, 0), (0, 190, 255)]  # of the marks, RGB
LICENCES = {
    "hit_uav": "HIT-UAV, suojiashun/HIT-UAV-Infrared-Thermal-Dataset, CC BY 4.0",
    "hrplanes": "HRPlanesV2, white-richard/Classification-From_Satellite-Imagery, CC BY 4.0",
    "forest_amazon": "Sentinel-2, atlan-antillia/TensorFlow-FlexUNet-Image-Segmentation-Satellite-Imagery-Amazon-Forest, CC BY 4.0",
    "road_gsi": "GSI Japan, atlan-antillia/TensorFlow-FlexUNet-Image-Segmentation-Aerial-Imagery-Road, Public Data License 1.0",
    "solar_gsi": "GSI Japan, atlan-antillia/TensorFlow-FlexUNet-Image-Segmentation-Aerial-Imagery-Solar-Panel, Public Data License 1.0",
    "road_shanghai": "SpaceNet 3, atlan-antillia/TensorFlow-FlexUNet-Image-Segmentation-Shanghai-Road, MIT",
}
# source, what is asked, the marks' kinds
WANTED = [
    ("hrplanes", "classify", ["box"]),
    ("hrplanes", "relation", ["box", "free"]),
    ("hrplanes", "count", []),
    ("hrplanes", "expression", []),
    ("hit_uav", "classify", ["box", "point"]),
    ("hit_uav", "region", ["scribble"]),
    ("hit_uav", "presence", []),
    ("hit_uav", "count", []),
    ("forest_amazon", "expression", []),
    ("road_gsi", "expression", []),
    ("solar_gsi", "presence", []),
    ("road_shanghai", "summary", []),
]


def drawn(pixels: np.ndarray, regions: list[dict], mask: np.ndarray | None) -> np.ndarray:
    """The picture at SIDE with its marks, numbered, and the mask as a tint with an outline."""
    scale = SIDE / max(pixels.shape[:2])
    out = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if mask is not None and mask.any():
        small = cv2.resize(mask.astype(np.uint8), out.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        out[small > 0] = (0.6 * out[small > 0] + 0.4 * np.array([255, 0, 140])).astype(np.uint8)
        outline = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        cv2.drawContours(out, outline, -1, (255, 0, 140), 1, cv2.LINE_AA)
    for k, region in enumerate(regions):
        ink = INK[k % len(INK)]
        points = np.array(region.get("pts") or region.get("xyxy") or region["xy"], float).reshape(-1, 2) * scale
        whole = points.round().astype(np.int32)
        if region["kind"] == "box":
            cv2.rectangle(out, tuple(map(int, whole[0])), tuple(map(int, whole[1])), ink, 2, cv2.LINE_AA)
        elif region["kind"] == "point":
            cv2.circle(out, tuple(map(int, whole[0])), 5, ink, 2, cv2.LINE_AA)
        else:
            cv2.polylines(out, [whole], region["kind"] == "polygon", ink, 2, cv2.LINE_AA)
        at = (int(min(whole[:, 0].max() + 4, out.shape[1] - 14)), int(max(whole[:, 1].min() - 4, 14)))
        cv2.putText(out, str(k + 1), at, cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 4, cv2.LINE_AA)
        cv2.putText(out, str(k + 1), at, cv2.FONT_HERSHEY_SIMPLEX, 0.55, ink, 1, cv2.LINE_AA)
    return out


def entries(store: Store, author: Author) -> list[tuple]:
    """(picture number, marks, turn) of each wanted entry; no picture twice."""
    out, taken = [], set()
    for source, maker, kinds in WANTED:
        for i in map(int, author.rng.permutation(len(store.pictures))):
            p = store.pictures[i]
            if p.source != source or not p.validation or i in taken or len(p.boxes) < len(kinds):
                continue
            objects = [int(n) for n in author.rng.permutation(len(p.boxes))[: len(kinds)]]
            marks = [noisy_mark(author.rng, p.boxes[n][1:], p.width, p.height, k) for n, k in zip(objects, kinds)]
            turn = getattr(author, maker)(*([p, objects] if kinds else [p]))
            if turn:
                taken.add(i)
                out.append((i, marks, turn))
                break
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--cache", required=True)
    parser.add_argument("--nadir", required=True)
    parser.add_argument("--out", default=os.path.join(ROOT, "docs", "chat-gallery"))
    args = parser.parse_args()
    store, program = Store(args.cache), Program(args.nadir, args.data, [])
    author = Author(store.pictures, captions_of(args.data), np.random.default_rng(SEED))
    os.makedirs(args.out, exist_ok=True)
    lines = [
        "# What the starter chat model says",
        "",
        *textwrap.wrap(
            "Twelve pictures that the model did not learn from, drawn by a seed, with the replies of `nadir ask` as they "
            "came: good ones and bad ones. Made by `data/models/training/chat/gallery.py`; what to expect in figures "
            "is in `data/models/starter-chat.md`. Marks are numbered; a mask is tinted and outlined.",
            width=160,
        ),
    ]
    for number, (i, marks, turn) in enumerate(entries(store, author), 1):
        p, name = store.pictures[i], f"{number:02}.jpg"
        text, mask = program.ask(store, Question(turn.task, i, turn.question, turn.answer, marks))
        picture = drawn(np.ascontiguousarray(store.pixels(p)), marks, mask)
        quality = [cv2.IMWRITE_JPEG_QUALITY, 82]
        cv2.imwrite(os.path.join(args.out, name), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)
        told = turn.answer.replace("<p>", "").replace("</p>", "").replace("<pix>", "")
        lines += ["", f"## {number}. {turn.question}", "", f"![{turn.question}]({name})", ""]
        lines += ["```text", text, "```", "", "The labels say: `" + told.replace("\n", "; ") + "`.", ""]
        lines += [f"Source: {LICENCES[p.source]}."]
        print(number, p.path, turn.question, "|", repr(text), "|", repr(told), flush=True)
    with open(os.path.join(args.out, "README.md"), "w") as f:
        f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
