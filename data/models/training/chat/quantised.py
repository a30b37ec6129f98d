"""Loss of the language model as trained and as its file types would round it: python quantised.py --work WORK --cache
CACHE.

The same validation-free sample of training sequences for every choice; sizes are of the language model's matrices.
"""

import argparse

import torch
import torch.nn.functional as F

import ggml
from llama import Llama
from package import KINDS, kind_of
from features import CELLS
from sequences import FAR, collate
from store import stage_arguments
from tune import Run, look, splice

CHOICES = [("q4_1", "q4_1"), ("q4_1", "q8_0"), ("q4_0", "q4_1"), ("q4_0", "q8_0"), ("q8_0", "q8_0")]  # feed, attention


SHIPPED = ("q4_1", "shipped")  # what the training changed in Q8_0, the rest as it came
MIXED = {"feed": KINDS["q4_1"], "attention": KINDS["q4_1"], "updated": KINDS["q8_0"]}


def rounded(state: dict, feed: str, attention: str) -> tuple[dict, float]:
    """The state as a reader gets it, and the megabytes of its matrices."""
    out, size = {}, 0
    for name, value in state.items():
        if value.ndim == 2 and name.startswith("blk."):
            own = attention if ".attn_" in name else feed
            kind = kind_of(name, value.numpy(), MIXED) if own == "shipped" else KINDS[own]
            out[name] = torch.from_numpy(ggml.rounded(kind, value.numpy()))
            size += len(ggml.encode(kind, value.numpy()))
        else:
            out[name] = value
    return out, size / 1e6


def seen(batch: dict) -> torch.Tensor:
    """bool [1, 1, N, N]: what each row of a batch of one picture sees."""
    start, size = batch["system"], len(batch["ids"])
    out = torch.ones(size, size, dtype=torch.bool).tril()
    out[start:] = batch["bias"][0, 0] > FAR / 2
    return out[None, None]


@torch.no_grad()
def main() -> None:
    """Command line."""
    parser = stage_arguments(__doc__)
    parser.add_argument("--count", type=int, default=12)
    args = parser.parse_args()
    torch.set_num_threads(1)
    setup = {"stage": "mix", "rate": 0.0, "ratio": 1.0, "seed": 77, "frozen": False, "fresh": True}
    run = Run(argparse.Namespace(**vars(args), **setup))
    state, plain = run.language.merged(), Llama(run.base["meta"])
    mark = run.tokenizer.find("<imgpad>")
    batches = [collate([run.source.item("several", 6, CELLS)], run.source.system, mark) for _ in range(args.count)]
    for feed, attention in [("", ""), SHIPPED, *CHOICES]:
        chosen, size = rounded(state, feed, attention) if feed else (state, 4 * 106.2)
        plain.load_state_dict(chosen)
        model, losses = plain, []
        for batch in batches:
            x = splice(run, batch, *look(run.vision, batch), model.token_embd.weight)
            states = model(x[None], batch["positions"][None], seen(batch))[0]
            losses.append(F.cross_entropy(model.logits(states[batch["at"]]), batch["targets"]).item())
        mean, names = sum(losses) / len(losses), (feed or "as is", attention or "as is")
        print(f"feed {names[0]}, attention {names[1]}: {size:.1f} MB, loss {mean:.4f}", flush=True)
        plain = Llama(run.base["meta"])


if __name__ == "__main__":
    main()
