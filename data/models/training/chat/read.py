"""STAGE read: what the region head reads, by regression instead of by steps: python read.py --work WORK --cache CACHE.

Marks that were learnt from are known by heart, so what learns to read region vectors from them does not learn how sure
they are where it counts. Here a multinomial regression on [z_k] and s_k, labels balanced and targets (groups) nearly so,
becomes the region head; vectors.f16 and read.json beside it hold what regressions that did not learn from a mark's group
say of it, and that is what STAGE mix reads. h_k and g_k have no part: they know the picture by heart.
"""

import argparse
import json
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import sequences
from store import stage_arguments
from tune import Run, cv2_threads, look

FOLDS, BATCH = 6, 16
EVEN = 0.4  # how far the sizes of directions are made alike; 0.5 would do it wholly
SIZED, SEEN = 1e-4, 0.3  # penalties on s_k's weights, which are few and true anywhere, and on z_k's


def regression(x: Tensor, y: Tensor, weight: Tensor, penalty: Tensor, most: int = 60) -> tuple[Tensor, Tensor]:
    """Weights [C, L] and biases [L] of labels y [N] on x [N, C]."""
    w, b = torch.zeros(x.shape[1], int(y.max()) + 1, requires_grad=True), torch.zeros(int(y.max()) + 1, requires_grad=True)
    solver = torch.optim.LBFGS([w, b], max_iter=most, history_size=12, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        out = (F.cross_entropy(x @ w + b, y, reduction="none") * weight).sum() + (penalty[:, None] * w**2).sum()
        out.backward()
        return out

    solver.step(loss)
    return w.detach(), b.detach()


def balance(labels: np.ndarray, groups: np.ndarray) -> Tensor:
    """Weights that sum to one: all labels alike, groups of a label as the root of their marks."""
    out = np.zeros(len(labels))
    for label in np.unique(labels):
        own = labels == label
        _, at, often = np.unique(groups[own], return_inverse=True, return_counts=True)
        share = often[at] ** -0.5
        out[own] = share / share.sum()
    return torch.from_numpy(out / out.sum()).float()


def fit(x: Tensor, y: Tensor, weight: Tensor, sized: int) -> tuple[Tensor, Tensor]:
    """Weights and biases on x as it is, of which the last `sized` columns are s_k."""
    weight = weight / weight.sum()
    mean = (x * weight[:, None]).sum(0)
    deviation = ((x - mean).square() * weight[:, None]).sum(0).sqrt() + 1e-2
    penalty = torch.full((x.shape[1],), SEEN)
    penalty[-sized:] = SIZED
    w, b = regression((x - mean) / deviation, y, weight, penalty)
    w = w / deviation[:, None]
    return w, b - mean @ w


def folds(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Which fold each mark is in: groups whole, labels spread."""
    out, rng = {}, np.random.default_rng(3)
    for label in np.unique(labels):
        own = [g for g in np.unique(groups[labels == label]) if g not in out]
        out |= {g: n % FOLDS for n, g in enumerate(rng.permutation(own))}
    return np.array([out[g] for g in groups])


def inputs(run: Run) -> tuple[Tensor, Tensor]:
    """What the region head's norm gives of each mark [M, h + z + g], and s_k [M, 5], in the order of zoom.f16."""
    kept, sizes, rows, items = [], [], [], []
    norm = run.vision.region.ln
    torch.nn.init.ones_(norm.weight), torch.nn.init.zeros_(norm.bias)
    hook = norm.register_forward_hook(lambda _, __, out: kept.append(out.half()))
    own = [(i, [m for _, m in marks[at : at + 6]]) for i, marks in run.source.marks.items() for at in range(0, len(marks), 6)]
    for n, (i, marks) in enumerate(own):
        items.append(run.source.seen(i, marks))
        sizes.append(items[-1]["size"])
        rows += [m["row"] for m in marks]
        if len(items) == BATCH or n == len(own) - 1:
            look(run.vision, sequences.features(items))
            items.clear()
    hook.remove()
    order = np.argsort(rows)
    return torch.cat(kept)[order].float(), torch.from_numpy(np.concatenate(sizes)[order])


def directions(vectors: Tensor, weight: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Where labels lie [L, D], about a middle [D]: where the language model knows them from, turned apart."""
    share = F.one_hot(y).float() * weight[:, None]
    mean = (share.T @ vectors) / share.sum(0)[:, None]
    middle = mean.mean(0)
    u, _, v = torch.linalg.svd(mean - middle, full_matrices=False)
    return u @ v, middle


def evened(said: Tensor, weight: Tensor) -> Tensor:
    """[L, L] that lets directions of scores differ less in size: what tells two like labels apart is a hundredth of
    what tells sources apart, and would be lost on what reads the vectors."""
    about = said - (said * weight[:, None]).sum(0)
    size, turn = torch.linalg.eigh((about * weight[:, None]).T @ about)
    power = torch.where(size > 1e-6 * size[-1], size.clamp(min=1e-12) ** -EVEN, 0 * size)
    return (turn * power) @ turn.T


@torch.no_grad()
def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2_threads()
    sequences.LENT = {}
    told = os.path.join(args.work, "read.json")
    if os.path.exists(told):  # all marks again, not only those that were read right
        os.remove(told)
    setup = {"stage": "words", "rate": 0.0, "ratio": 1.0, "frozen": True, "only": None}
    run = Run(argparse.Namespace(**vars(args), **setup))
    source, head = run.source, run.vision.region
    marks = sorted((m["row"], i, n) for i, own in source.marks.items() for n, m in own)
    pictures = [source.store.pictures[i] for _, i, _ in marks]
    labels = np.array([p.boxes[n][0] for p, (_, _, n) in zip(pictures, marks)])
    groups = np.array([p.group for p in pictures])
    names, y = np.unique(labels, return_inverse=True)
    y, weight = torch.from_numpy(y), balance(labels, groups)
    old = run.vision.region.state_dict()
    old = {k: v.clone() for k, v in old.items()}
    x, size = inputs(run)
    vectors = F.linear(x * old["ln.weight"] + old["ln.bias"], old["fc.weight"], old["fc.bias"]) + run.vision.size(size)
    axes, middle = directions(vectors, weight, y)
    z = slice(run.vision.config.hyb["dim"], x.shape[1] - 64)
    x = torch.cat([x[:, z], size], 1)
    fold, said = folds(labels, groups), torch.zeros(len(x), len(names))
    with torch.enable_grad():
        for n in range(FOLDS):
            own = torch.from_numpy(fold != n)
            w, b = fit(x[own], y[own], weight[own], size.shape[1])
            said[~own] = x[~own] @ w + b
        w, b = fit(x, y, weight, size.shape[1])
    right = (said.argmax(1) == y).float()
    each = {str(name): round(float(right[y == k].mean()), 3) for k, name in enumerate(names)}
    print(json.dumps({"marks": len(x), "macro": round(float(np.mean(list(each.values()))), 3), **each}))
    # scores about their mean, evened out, as long as the vectors were
    said, w, b = (t - t.mean(-1, keepdim=True) for t in (said, w, b))
    axes = evened(said, weight) @ axes
    scale = (vectors - middle).norm(dim=1).mean() / (said @ axes).norm(dim=1).mean()
    head.fc.weight.zero_()
    head.fc.weight[:, z] = scale * (w[: -size.shape[1]] @ axes).T
    head.fc.bias.copy_(middle + scale * b @ axes)
    run.vision.size.weight.copy_(scale * (w[-size.shape[1] :] @ axes).T)
    run.vision.size.bias.zero_()
    (middle + scale * said @ axes).half().numpy().tofile(os.path.join(args.work, "vectors.f16"))
    with open(os.path.join(args.work, "read.json"), "w") as f:
        json.dump([str(names[k]) for k in said.argmax(1)], f)
    run.save()


if __name__ == "__main__":
    main()
