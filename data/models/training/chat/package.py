"""Writing an EarthGPT-X model as GGUF (spec llama.md 10): python package.py --work WORK -o OUT.gguf --segmenter
SAM.gguf --card CARD.md."""

import argparse
import os

import numpy as np
import torch

import ggml
import vision as V
from base import used
from conversations import Author, captions_of
from egx import Egx, digest, names
from store import Store, default_data
from tokenizer import closure, pruned

KEPT = ("llama.", "tokenizer.")
UPDATED, FIRST = ("attn_q", "attn_v", "attn_output"), 12  # as in tune.py: what no longer lies on Q4_1's grid
KINDS = {"f16": ggml.F16, "q8_0": ggml.Q8_0, "q4_0": ggml.Q4_0, "q4_1": ggml.Q4_1}
DESCRIPTION = (
    "EarthGPT-X, tiny configuration: marks on optical, SAR and infrared imagery, short answers, captions, masks"
)
LICENCE = "Nadir starter weights: research and evaluation, see data/models/LICENSE"


def kind_of(name: str, array: np.ndarray, kinds: dict) -> int:
    """GGUF type of a tensor; `kinds` has one for `vision`, `attention`, `feed` and `embedding` matrices."""
    if array.ndim == 1:
        return ggml.F32
    if name.startswith("egx."):
        if name in ("egx.view", "egx.vit.pos", "egx.sae.pos"):
            return ggml.F32
        kind = kinds["vision"] if array.ndim == 2 else ggml.F16
    elif name in ("token_embd.weight", "output.weight"):
        kind = kinds["embedding"]
    elif name.split(".")[2] in UPDATED and int(name.split(".")[1]) >= FIRST:
        kind = kinds.get("updated", kinds["attention"])
    else:
        kind = kinds["attention"] if ".attn_" in name else kinds["feed"]
    return kind if array.shape[-1] % 32 == 0 else ggml.F16


def metadata(model: Egx, general: dict, segmenter: str) -> dict:
    """All keys of the contract."""
    own = {k: v for k, v in model.meta.items() if k.startswith(KEPT)}
    out = {"general.architecture": "earthgpt-x"} | {"general." + k: v for k, v in general.items()} | own
    return out | model.config.metadata() | {"earthgpt-x.segmenter.sha256": segmenter}


def write(model: Egx, path: str, general: dict, segmenter: str, extra: dict, kinds: dict) -> None:
    """Write `model` to `path`; `extra` are further keys (nadir.card, nadir.trained_on)."""
    tensors = {k: v.detach().float().numpy() for k, v in names(model).items()}
    typed = {k: (kind_of(k, v, kinds), v) for k, v in tensors.items()}
    ggml.write(path, metadata(model, general, segmenter) | extra, typed)


def assemble(work: str, checkpoint: str | None) -> Egx:
    """The plain model, f32, of a training folder's checkpoint (its newest by default)."""
    from tune import CONFIG, Run

    run = Run(
        argparse.Namespace(
            work=work,
            checkpoint=checkpoint,
            stage="mix",
            cache=os.path.join(work, "..", "cache"),
            data="",
            rate=0.0,
            ratio=1.0,
            seed=1,
            frozen=False,
            fresh=True,
            bare=True,
        )
    )
    # trained on the whole picture only; a ViT branch that is off (last norm's gain zero) is kept as one block of twelve
    state, depth = run.vision.state_dict(), V.Config().vit["depth"]
    if not state["vit.ln.weight"].any():
        depth = 1
        state = {k: v for k, v in state.items() if not k.startswith("vit.blk.") or k.startswith("vit.blk.0.")}
    config = V.Config(**CONFIG, views=1, vit=V.Config().vit | {"depth": depth}, **V.optional(state))
    model = Egx(config, run.base["meta"])
    model.egx.load_state_dict(state | {"view": state["view"][:1]})
    if "pix" not in run.state["stages"]:  # R_lp says nothing yet: a marked region's mask is what its mark asks for
        torch.nn.init.zeros_(model.egx.pix.fc2.weight)
        torch.nn.init.zeros_(model.egx.pix.fc2.bias)
    model.llm.load_state_dict(run.language.merged())
    return model.eval()


def narrowed(model: Egx, common: int, data: str, cache: str) -> Egx:
    """The model with fewer rows: control tokens, bytes, what the conversations use, the `common` first ones."""
    store = Store(cache)
    wanted = used(model.tokenizer, Author(store.pictures, captions_of(data), np.random.default_rng(1)))
    keep = closure(model.meta, wanted | set(range(common)))
    out = Egx(model.config, pruned(model.meta, keep))
    out.egx.load_state_dict(model.egx.state_dict())
    state = model.llm.state_dict()
    out.llm.load_state_dict(state | {"token_embd.weight": state["token_embd.weight"][keep]})
    return out


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("-o", "--out", required=True)
    parser.add_argument("--segmenter", required=True)
    parser.add_argument("--card")
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--common", type=int, default=5000, help="frequent rows to keep beside those in use; 0: all")
    parser.add_argument("--checkpoint")
    parser.add_argument("--version", default="1")
    parser.add_argument("--sources", default="")
    for part, kind in (
        ("vision", "q8_0"),
        ("updated", "q8_0"),
        ("attention", "q4_1"),
        ("feed", "q4_1"),
        ("embedding", "q8_0"),
    ):
        parser.add_argument("--" + part, default=kind, choices=KINDS)
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    card = open(args.card).read() if args.card else ""
    general = {"name": "starter-chat", "version": args.version, "license": LICENCE, "description": DESCRIPTION}
    kinds = {part: KINDS[getattr(args, part)] for part in ("vision", "updated", "attention", "feed", "embedding")}
    model = assemble(args.work, args.checkpoint)
    if args.common:
        model = narrowed(model, args.common, args.data, os.path.join(args.work, "..", "cache"))
    # an R_lp that says nothing goes with any segmenter
    bound = digest(args.segmenter) if model.egx.pix.fc2.weight.any() else ""
    write(
        model,
        args.out,
        general,
        bound,
        {"nadir.trained_on": args.sources, "nadir.card": card},
        kinds,
    )
    print(f"{args.out}: {os.path.getsize(args.out) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
