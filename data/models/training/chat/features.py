"""What the frozen CNN branch says, computed once: python features.py --work WORK --cache CACHE.

cells.f16 [N, 64, 472]: view 0 of every picture, f32 tap then 2x2-averaged f16 tap, before their norms. zoom.f16 [M,
472] and
zoom.jsonl: close-ups of marked objects, of a label in a source at most `MOST`, spread over its groups, with five marks
each and more where there are few (z_k before its norms). A run
that was cut off goes on; order: pictures shuffled by the seed, so that a part of it is a fair sample.
"""

import json
import os
import time
from collections import defaultdict

import numpy as np
import torch
import torch.nn.functional as F

import marks as R
import vision  # noqa: F401  (puts the segmenter's trainer on the path)
from model import LITE2, Segmenter, imagenet_path, load_imagenet
from simulate_marks import exact_mark, noisy_mark
from store import Store, build, stage_arguments
from vision import LiteBranch

SIDE, CELLS, WIDTH, EARLY = 256, 64, 472, 5000
# Objects of a label in a source that are marked, of others 150; all of those in sources that are small or hard.
MOST = {
    ("hit_uav", "bicycle"): 600,
    ("hit_uav", "car"): 300,
    ("hit_uav", "person"): 300,
    ("hrplanes", "airplane"): 250,
    ("ships", "ship"): 200,
}
ALL, FEW = ("sar_acd", "oil_spill", "hrsid"), ("oil_spill", "hrsid", "landslide_bijie")
SHAPES = ["box", "free", "ellipse", "scribble", "point"]
LITE = LITE2 | {"taps": [5, 7]}


def quick_kind() -> torch.dtype:
    """bf16 where the processor multiplies it quicker than f32 (and does not emulate it), else f32."""
    spent = {}
    for kind in (torch.float32, torch.bfloat16):
        a = torch.randn(512, 512).to(kind)
        a @ a
        begin = time.process_time()
        for _ in range(4):
            a @ a
        spent[kind] = time.process_time() - begin
    return min(spent, key=spent.get)


class Both(torch.nn.Module):
    """The branch's two taps, for the compiler."""

    def __init__(self, net: LiteBranch) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.net.features(x)


def branch(work: str) -> LiteBranch:
    """The CNN branch with the weights of WORK/branch.pt (branch.py), or those of ImageNet."""
    net, path = LiteBranch(LITE), os.path.join(work, "branch.pt")
    if os.path.exists(path):
        net.load_state_dict(torch.load(path), strict=False)
    else:
        model = Segmenter()
        load_imagenet(model, imagenet_path())
        net.load_state_dict(model.enc.trunk.state_dict(), strict=False)
    return net.eval()


class Compiled:
    """The branch compiled by OpenVINO where that is installed (three times as fast), for one frame side; in bf16 where
    that is quicker (differs by 6 to 8 % of the features' rms, f32 by 2e-6)."""

    def __init__(self, net: LiteBranch) -> None:
        self.net, self.ready = net, {}

    def features(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """f16 and f32 taps of normalised pictures [B, 3, v, v]."""
        try:
            import openvino as ov
        except ImportError:
            return self.net.features(x)
        if x.shape[-1] not in self.ready:
            shape = [-1, *x.shape[1:]]
            model = ov.convert_model(Both(self.net), example_input=x, input=[shape])
            kind = "bf16" if quick_kind() == torch.bfloat16 else "f32"
            setup = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": kind, "ENABLE_CPU_PINNING": False}
            self.ready[x.shape[-1]] = ov.Core().compile_model(model, "CPU", setup)
        out = self.ready[x.shape[-1]](x.numpy())
        return torch.from_numpy(out[0].copy()), torch.from_numpy(out[1].copy())


def taps(net: Compiled, parts: list[np.ndarray], side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """f16 and f32 taps, f32 numbers, of unpadded u8 pictures in a frame of `side`."""
    return net.features(torch.from_numpy(np.stack([R.padded(p, side, [127] * 3, [128] * 3) for p in parts])))


def whole(pixels: np.ndarray) -> np.ndarray:
    """View 0, unpadded."""
    return R.resize(np.ascontiguousarray(pixels), R.resized(pixels.shape[1], pixels.shape[0], SIDE))


def cells(f16: torch.Tensor, f32: torch.Tensor) -> np.ndarray:
    """[B, 64, 472] as kept."""
    return torch.cat([f32.flatten(2), F.avg_pool2d(f16, 2).flatten(2)], 1).transpose(1, 2).numpy().astype(np.float16)


def zooms(net: Compiled, pixels: np.ndarray, regions: list[dict], turns: list[int] | None = None) -> np.ndarray:
    """[K, 472] as kept; turns: quarter turns of each close-up, 4 to 7 mirrored besides."""
    side = SIDE // 2
    close = [R.zoom(pixels, r, side, quick=True) for r in regions]
    if turns:
        close = [(turned(part, k), turned_in(cover, part.shape, k)) for (part, cover), k in zip(close, turns)]
    f16, f32 = taps(net, [p for p, _ in close], side)
    weight = F.avg_pool2d(torch.from_numpy(np.stack([w for _, w in close]))[:, None], 16) + 1e-3
    mean = (f16 * weight).sum((2, 3)) / weight.sum((2, 3))
    return torch.cat([f32.mean((2, 3)), mean], 1).numpy().astype(np.float16)


def turned(x: np.ndarray, k: int) -> np.ndarray:
    """One of the eight turns and mirrorings of a square."""
    x = np.rot90(x, k % 4)
    return np.ascontiguousarray(x[:, ::-1] if k > 3 else x)


def turned_in(cover: np.ndarray, shape: tuple, k: int) -> np.ndarray:
    """A frame's coverage where what is in its upper left is turned."""
    out, part = np.zeros_like(cover), turned(cover[: shape[0], : shape[1]], k)
    out[: part.shape[0], : part.shape[1]] = part
    return out


def chosen(pictures: list, rng: np.random.Generator) -> dict[int, list[int]]:
    """Training objects to mark by picture: of each source's labels as many as may be, its groups in turn."""
    pools: dict[tuple, dict] = defaultdict(lambda: defaultdict(list))
    for i in rng.permutation(len(pictures)):
        p = pictures[i]
        for n in rng.permutation(len(p.boxes)) if not p.validation else []:
            if min(p.boxes[n][3:]) >= 3:
                pools[p.source, p.boxes[n][0]][p.group].append((int(i), int(n)))
    out: dict[int, list[int]] = {}
    for (source, label), groups in pools.items():
        most = 10**6 if source in ALL else MOST.get((source, label), 150)
        depth = range(max(map(len, groups.values())))
        for i, n in [own[d] for d in depth for own in groups.values() if d < len(own)][:most]:
            out.setdefault(i, []).append(n)
    return out


def marked(p, n: int, rng: np.random.Generator) -> list[tuple[dict, int]]:
    """Marks of an object with the turns of their close-ups (0 to 3 quarters, 4 to 7 mirrored besides)."""
    box = p.boxes[n][1:]
    noisy = lambda kind: noisy_mark(rng, box, p.width, p.height, kind)  # noqa: E731
    # a chip's sides are its size, so it is turned by halves alone
    exact = [(exact_mark("box", box), k) for k in ((0, 2, 4, 6) if p.source == "sar_acd" else (0,))]
    if p.source in FEW or p.boxes[n][0] == "other vehicle":
        more = [(noisy(kind), int(rng.integers(8))) for kind in SHAPES * 2]
    else:
        more = [(noisy(None), 0)]
    return exact + [(noisy(kind), 0) for kind in ("box", "free", "point")] + more


def order(pictures: list) -> np.ndarray:
    """The order in which pictures are done: shuffled, the larger part of the largest source last."""
    shuffled = np.random.default_rng(5).permutation(len(pictures))
    large = [i for i in shuffled if pictures[i].source == "aid"]
    late = set(large[EARLY:])
    return np.array([i for i in shuffled if i not in late] + large[EARLY:])


@torch.no_grad()
def run(work: str, cache: str, seed: int, batch: int = 8) -> None:
    """Fill what is missing."""
    store, net = Store(cache), Compiled(branch(work))
    count, state = len(store.pictures), os.path.join(work, "features.done")
    objects = chosen(store.pictures, np.random.default_rng(seed))
    sequence = order(store.pictures)
    done = int(open(state).read()) if os.path.exists(state) else 0
    rng = np.random.default_rng((seed, done))
    out = np.memmap(os.path.join(work, "cells.f16"), np.float16, "r+" if done else "w+", shape=(count, CELLS, WIDTH))
    with open(os.path.join(work, "zoom.f16"), "ab") as raw, open(os.path.join(work, "zoom.jsonl"), "a") as index:
        for at in range(done, count, batch):
            rows = sequence[at : at + batch]
            found = [whole(store.pixels(store.pictures[i])) for i in rows]
            out[rows] = cells(*taps(net, found, SIDE))
            for i in rows:
                p = store.pictures[i]
                for n in objects.get(int(i), []):
                    marks, turns = zip(*marked(p, n, rng))
                    raw.write(zooms(net, store.pixels(p), list(marks), list(turns)).tobytes())
                    index.writelines(json.dumps({"picture": int(i), "object": int(n), "mark": m}) + "\n" for m in marks)
            raw.flush()
            index.flush()
            with open(state, "w") as f:
                f.write(str(at + len(rows)))


def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.set_num_threads(1)
    build(args.data, args.cache)
    run(args.work, args.cache, args.seed)


if __name__ == "__main__":
    main()
