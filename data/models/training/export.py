"""Write a checkpoint as the shipped GGUF file: python export.py CHECKPOINT OUT.gguf --size S --card CARD.md.

Linears become Q8_0, convolutions F16, everything else F32. Beside OUT nothing else is written.
"""

import argparse
import os

import numpy as np
import torch

import gguf_io
from model import LITE2, Segmenter
from store import OPEN_SOURCES
from truth import WEIGHTS

LICENCE = "Nadir starter weights: research and evaluation, see data/models/LICENSE"
DESCRIPTION = ("Promptable segmenter for optical, SAR and infrared overhead imagery: "
               "EfficientNet-Lite2 encoder, SAM decoder")


def kind_of(name: str, array: np.ndarray) -> int:
    """GGUF type of a tensor."""
    linear = array.ndim == 2 and name.startswith(("dec.t.", "dec.hyper.", "dec.iou.")) and name.endswith("weight")
    if linear and array.shape[1] % 32 == 0:
        return gguf_io.Q8_0
    return gguf_io.F16 if array.ndim == 4 else gguf_io.F32


def metadata(size: int, version: str, card: str, sources: list[str]) -> dict:
    """All keys of the contract for `efficientnet_lite`."""
    meta = {"general.architecture": "sam", "general.name": "starter-sam", "general.version": version,
            "general.license": LICENCE, "general.description": DESCRIPTION, "sam.encoder": "efficientnet_lite",
            "sam.image_size": size, "sam.out_dim": 256, "sam.prompt_raster": "all", "sam.lite.stem": LITE2["stem"],
            "sam.mean": [127.0] * 3, "sam.std": [128.0] * 3}
    meta |= {f"sam.lite.{k}": LITE2[k] for k in ("repeats", "kernels", "strides", "expand", "channels", "taps")}
    return meta | {"nadir.trained_on": ", ".join(sources), "nadir.card": card}


def export(state: dict, out: str, size: int, version: str, card: str, sources: list[str]) -> None:
    """Write the state dict `state` (names are tensor names) to `out` by rename."""
    tensors = {name: value.float().numpy() for name, value in state.items()}
    typed = {name: (kind_of(name, array), array) for name, array in tensors.items()}
    gguf_io.write(out + ".part", metadata(size, version, card, sources), typed)
    os.replace(out + ".part", out)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("out")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--version", default="1")
    parser.add_argument("--card", required=True)
    parser.add_argument("--only-open", action="store_true", help="list only the sources with an open licence")
    args = parser.parse_args()
    state = torch.load(args.checkpoint, weights_only=True)["model"]
    Segmenter().load_state_dict(state)
    with open(args.card) as f:
        card = f.read()
    sources = sorted(OPEN_SOURCES if args.only_open else set(WEIGHTS) - {"scenes"} | {"aid", "rsscn7"})
    export(state, args.out, args.size, args.version, card, sources)


if __name__ == "__main__":
    main()
