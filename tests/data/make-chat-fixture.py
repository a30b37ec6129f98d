#!/usr/bin/env python3
"""Makes chat-chain.gguf and chat-loop.gguf: egx-lite.gguf with a language model that says one thing whatever it is asked.

    pip install numpy && python3 tests/data/make-chat-fixture.py

The blocks add nothing (their last matrices are zero), so the state at a position is its token's embedding, and the
output matrix turns each token of CHAIN into the next one. Behind the line break that ends every prompt the model says
`<Region 1>:<p> ship</p><pix>.` and ends its turn: a grounded phrase in a region's line. LOOP leads back to its beginning:
the line `<Region 1>: ship` again and again. The vision side is egx-lite's.
"""

import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "data/models/training/chat"))
import ggml  # noqa: E402

CHAIN = ["Ċ", "<", "Region", "Ġ", "1", ">", ":", "<p>", "Ġship", "</p>", "<pix>", ".", "<|im_end|>"]
LOOP = ["Ċ", "<", "Region", "Ġ", "1", ">", ":", "Ġship", "Ċ"]


def kind(values: np.ndarray) -> int:
    """The type a tensor is stored in."""
    if values.ndim == 1:
        return ggml.F32
    return ggml.Q8_0 if values.ndim == 2 and values.shape[-1] % 32 == 0 else ggml.F16


def make(name: str, chain: list[str]) -> None:
    """A model in which each token of the chain is followed by the next."""
    meta, tensors = ggml.read(str(HERE / "egx-lite.gguf"))
    tokens = meta["tokenizer.ggml.tokens"]
    ids = [tokens.index(t) for t in chain]
    rng = np.random.default_rng(12)
    embedding = rng.choice([-1.0, 1.0], size=tensors["token_embd.weight"].shape).astype(np.float32)
    # Far from every other token's sign pattern, so that f16 storage cannot change the answer.
    output = np.zeros_like(embedding)
    for here, following in zip(ids, ids[1:]):
        output[following] = embedding[here] * 0.1
    tensors |= {"token_embd.weight": embedding, "output.weight": output}
    for tensor, values in tensors.items():
        if tensor.endswith(("attn_output.weight", "ffn_down.weight")) and tensor.startswith("blk."):
            values[:] = 0
        elif tensor == "output_norm.weight":
            values[:] = 1
    logits = embedding @ output.T
    assert [int(logits[i].argmax()) for i in ids[:-1]] == ids[1:]
    meta["general.name"] = name
    ggml.write(str(HERE / f"{name}.gguf"), meta, {t: (kind(v), v) for t, v in tensors.items()})


def main() -> None:
    make("chat-chain", CHAIN)
    make("chat-loop", LOOP)


if __name__ == "__main__":
    main()
