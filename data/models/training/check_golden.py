"""Check this reference against golden masks: python check_golden.py GOLDEN.json MODEL.gguf SHARED [COUNT]."""

import json
import os
import sys

import numpy as np
from PIL import Image
from pycocotools import mask as coco

from predict import Predictor, load_gguf


def main() -> None:
    """Print the worst IoU and score difference over the cases; exit 1 below the engine's bounds."""
    golden, weights, shared = sys.argv[1:4]
    with open(golden) as f:
        cases = json.load(f)["cases"]
    step = max(1, len(cases) // int(sys.argv[4])) if len(sys.argv) > 4 else 1
    model, meta = load_gguf(weights)
    predictor = Predictor(model, meta["sam.image_size"])
    worst, off, last = 1.0, 0.0, None
    for i, case in list(enumerate(cases))[::step]:
        if case["image"] != last:
            last = case["image"]
            predictor.start(np.asarray(Image.open(os.path.join(shared, last)).convert("RGB")))
        marks = [(p["kind"], p["sign"], tuple(np.ravel(p["values"]).tolist())) for p in case["prompt"]]
        found = predictor.segment(marks)
        rle = case["rle"]
        truth = coco.decode({"size": rle["size"], "counts": rle["counts"].encode()}) > 0
        joint = (truth | found["mask"]).sum()
        overlap = (truth & found["mask"]).sum() / joint if joint else 1.0
        if overlap < 0.99:
            print(i, case["image"], [p["kind"] for p in case["prompt"]], f"IoU {overlap:.4f}")
        worst, off = min(worst, overlap), max(off, abs(found["score"] - case["score"]))
    print(f"worst IoU {worst:.5f}, worst score difference {off:.6f}")
    sys.exit(worst < 0.98 or off > 0.02)


if __name__ == "__main__":
    main()
