"""Last layer of the score head, fitted on clicks answered as the program answers them: python calibrate.py --work WORK.

Training crops know nothing of a click's growing crop, so scores learnt on them choose badly among the three masks.
Here about 350 clicks on training pictures run through the whole pipeline, and the head's last layer is fitted to the
true IoUs of their three masks on the full picture. Reads and writes WORK/last.pt.
"""

import argparse
import os
import random

import torch

import predict
import tasks as T
from model import Segmenter
from store import OPEN_SOURCES, ROOT, Store


def collect(predictor: predict.Predictor, store: Store, groups: list) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of the score head f32 [N, 256] and true IoUs f32 [N, 3] for one click on every task."""
    seen, inputs, truths, last = [], [], [], None
    hook = predictor.model.dec.iou.register_forward_pre_hook(lambda _, given: seen.append(given[0].float()))
    for tasks, measure in groups:
        for task in tasks:
            if task.picture is not last:
                predictor.start(store.pixels(task.picture))
                last = task.picture
            result = predictor.segment(task.marks["point"])
            inputs.append(seen[-1][0])
            truths.append([measure(predictor.full(result, i), task) for i in (1, 2, 3)])
    hook.remove()
    return torch.stack(inputs).detach(), torch.tensor(truths, dtype=torch.float32)


def fit(head: torch.nn.Module, inputs: torch.Tensor, truth: torch.Tensor, steps: int = 400) -> None:
    """Adam on the last layer: expected IoU of the choice, the share of right choices, and the scores themselves."""
    first, second, last = head.layers
    with torch.no_grad():
        hidden = second(first(inputs).relu()).relu()
    before = last.weight.detach().clone()
    right = (truth >= truth.max(1, keepdim=True).values - 0.02).float()
    optimiser = torch.optim.Adam(last.parameters(), lr=1e-3)
    for _ in range(steps):
        scores = last(hidden)[:, 1:]
        chance = (scores / 0.05).softmax(1)
        gain = (chance * truth).sum(1).mean() + 0.3 * (chance * right).sum(1).mean()
        loss = 0.5 * (scores - truth).square().mean() - gain + 0.03 * (last.weight - before).square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "training"))
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--only-open", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    path = os.path.join(args.work, "last.pt")
    saved = torch.load(path, weights_only=True)
    model = Segmenter()
    model.load_state_dict(saved["model"])
    store = Store(os.path.join(args.work, "cache"))
    for p in store.pictures:  # the tasks of a quarter of the training pictures in place of the validation ones
        p.validation = not p.validation and random.Random(p.path).random() < 0.25
        p.validation = p.validation and (not args.only_open or p.source in OPEN_SOURCES)
    groups = [(T.thinned(T.boxes(store), 230), lambda m, t: T.box_iou(m, t.box)),
              (T.thinned(T.components(store), 200), T.mask_iou)]
    inputs, truth = collect(predict.Predictor(model.eval(), args.size), store, groups)
    fit(model.dec.iou, inputs, truth)
    saved["model"] = model.state_dict()
    torch.save(saved, path + ".part")
    os.replace(path + ".part", path)


if __name__ == "__main__":
    main()
