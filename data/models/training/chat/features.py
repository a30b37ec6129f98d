"""What the frozen CNN branch says, computed once: python features.py WORK --cache CACHE.

cells.f16 [N, 64, 472]: view 0 of every picture, f32 tap then 2x2-averaged f16 tap, before their norms. zoom.f16 [M,
472] and
zoom.jsonl: close-ups of marked objects, two noisy marks each on at most `PER` objects a picture (z_k before its
norms). A run
that was cut off goes on; order: pictures shuffled by the seed, so that a part of it is a fair sample.
"""

import argparse
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

import marks as R
import vision  # noqa: F401  (puts the segmenter's trainer on the path)
from model import LITE2, Segmenter, imagenet_path, load_imagenet
from simulate_marks import noisy_mark
from store import Store, build, default_data
from vision import LiteBranch

SIDE, CELLS, WIDTH, PER = 256, 64, 472, 3
LITE = LITE2 | {"taps": [5, 7]}


def branch(dtype: torch.dtype = torch.bfloat16) -> LiteBranch:
    """The CNN branch with ImageNet weights, channels last."""
    model, net = Segmenter(), LiteBranch(LITE)
    load_imagenet(model, imagenet_path())
    net.load_state_dict(model.enc.trunk.state_dict(), strict=False)
    return net.eval().to(dtype).to(memory_format=torch.channels_last)


def taps(net: LiteBranch, parts: list[np.ndarray], side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """f16 and f32 taps, f32 numbers, of unpadded u8 pictures in a frame of `side`."""
    x = torch.from_numpy(np.stack([R.padded(p, side, [127] * 3, [128] * 3) for p in parts]))
    f16, f32 = net.features(x.to(torch.bfloat16).to(memory_format=torch.channels_last))
    return f16.float(), f32.float()


def whole(pixels: np.ndarray) -> np.ndarray:
    """View 0, unpadded."""
    return R.resize(np.ascontiguousarray(pixels), R.resized(pixels.shape[1], pixels.shape[0], SIDE))


def cells(f16: torch.Tensor, f32: torch.Tensor) -> np.ndarray:
    """[B, 64, 472] as kept."""
    return torch.cat([f32.flatten(2), F.avg_pool2d(f16, 2).flatten(2)], 1).transpose(1, 2).numpy().astype(np.float16)


def zooms(net: LiteBranch, pixels: np.ndarray, regions: list[dict]) -> np.ndarray:
    """[K, 472] as kept."""
    side = SIDE // 2
    close = [R.zoom(pixels, r, side) for r in regions]
    f16, f32 = taps(net, [p for p, _ in close], side)
    weight = F.avg_pool2d(torch.from_numpy(np.stack([w for _, w in close]))[:, None], 16) + 1e-3
    mean = (f16 * weight).sum((2, 3)) / weight.sum((2, 3))
    return torch.cat([f32.mean((2, 3)), mean], 1).numpy().astype(np.float16)


def order(count: int) -> np.ndarray:
    """The order in which pictures are done."""
    return np.random.default_rng(5).permutation(count)


@torch.no_grad()
def run(work: str, cache: str, batch: int = 8) -> None:
    """Fill what is missing."""
    store, net, rng = Store(cache), branch(), np.random.default_rng(os.getpid())
    count, state = len(store.pictures), os.path.join(work, "features.done")
    done = int(open(state).read()) if os.path.exists(state) else 0
    out = np.memmap(os.path.join(work, "cells.f16"), np.float16, "r+" if done else "w+", shape=(count, CELLS, WIDTH))
    with open(os.path.join(work, "zoom.f16"), "ab") as raw, open(os.path.join(work, "zoom.jsonl"), "a") as index:
        for at in range(done, count, batch):
            rows = order(count)[at : at + batch]
            found = [whole(store.pixels(store.pictures[i])) for i in rows]
            out[rows] = cells(*taps(net, found, SIDE))
            for i in rows:
                p = store.pictures[i]
                usable = [n for n, b in enumerate(p.boxes) if min(b[3:]) >= 3 and not p.validation]
                for n in rng.permutation(usable)[:PER]:
                    marks = [noisy_mark(rng, p.boxes[n][1:], p.width, p.height) for _ in range(2)]
                    raw.write(zooms(net, store.pixels(p), marks).tobytes())
                    index.writelines(json.dumps({"picture": int(i), "object": int(n), "mark": m}) + "\n" for m in marks)
            raw.flush()
            index.flush()
            with open(state, "w") as f:
                f.write(str(at + len(rows)))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work")
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--cache", required=True, help="folder of the decoded pictures (store.build)")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.set_num_threads(1)
    build(args.data, args.cache)
    run(args.work, args.cache)


if __name__ == "__main__":
    main()
