"""Go on from shipped weights: python resume.py STARTER.gguf WORK writes WORK/base.pt and WORK/chat.pt for tune.py.

The language model's merged weights become the frozen base of new low-rank updates; what the file leaves out (ViT
blocks of
a branch that is off, further view embeddings) starts afresh.
"""

import argparse
import os

import torch

import egx
from tune import fresh_vision


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("work")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    model, vision = egx.load(args.model), fresh_vision(2.9)
    own, state = model.egx.state_dict(), vision.state_dict()
    for name, value in own.items():
        if name == "view":
            state[name][: len(value)] = value
        else:
            state[name] = value
    vision.load_state_dict(state)
    torch.save(
        {"meta": model.meta, "weights": dict(model.llm.state_dict()), "keep": None}, os.path.join(args.work, "base.pt")
    )
    torch.save(
        {"vision": vision.state_dict(), "language": None, "state": {"stages": {}}, "stage": ""},
        os.path.join(args.work, "chat.pt"),
    )


if __name__ == "__main__":
    main()
