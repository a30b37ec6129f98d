#!/usr/bin/env python3
"""Makes egx-*.gguf (small EarthGPT-X models with random weights) and egx-*-out.gguf (what the PyTorch reference
computes).

    pip install torch==2.13.0 numpy pillow && python3 tests/data/make-egx-fixtures.py

egx-lite.gguf has the tiny configuration's form (EfficientNet-Lite branch, zoom vectors, byte-level BPE), egx-cnx.gguf
the full
one's (ConvNeXt, class tokens, SentencePiece, untied output). Both are bound to fixture-efficientnet_lite.gguf, whose
decoder
gives the masks; in egx-lite.gguf a phrase's is a map, regions have sizes, and three vectors say
numbers. An output file holds cases "N.": N.regions is a JSON text in the metadata, N.view the view numbers, and
N.rgb [H,W,3]            pixels (absent: case 0's)       N.raster [V,4,v,v]   V_p
N.vit [V,1+cells,c]      N.cnn [V,n,c]   both branches   N.fused [V,n,d]      before the view embedding
N.sae [V,n,d]            N.hybrid [V,n,d]                N.image [tokens,D]   vectors for the language model, all views
N.code [K,64] g_k        N.zoom [K,z] z_k (lite)         N.region [K,D] r_k, N.size [K,5] s_k
N.ids                    the prompt (lite: with <imgpad> and <vppad>; cnx: the text after the vectors)
N.logits [vocabulary]    after the prompt                N.reply, N.margins   greedy ids and the margin of each step
N.forced                 ids with a <pix> (cnx: any id) appended to the prompt; N.hidden [D] the state at the last of
them
N.vector [256]           R_lp(hidden)                    N.mask, N.mask_region [4g,4g]  low-res logits of mask 0: the
vector
                                                         alone (lite: the map), and behind the tokens of region 1
"""

import importlib.util
import json
import pathlib
import sys

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "data/models/training/chat"))
import egx  # noqa: E402
import package  # noqa: E402
import ggml  # noqa: E402
import marks as R  # noqa: E402
import tokenizer as T  # noqa: E402
from ground import normed, phrase_map  # noqa: E402
from llama import initialise  # noqa: E402
from vision import Config  # noqa: E402

import prompts  # noqa: E402  (of the segmenter's trainer, which `vision` puts on the path)

spec = importlib.util.spec_from_file_location("fixtures", HERE / "make-fixtures.py")
fixtures = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixtures)

SEGMENTER = HERE / "fixture-efficientnet_lite.gguf"
LITE = {k: fixtures.LITE[k] for k in ("stem", "repeats", "kernels", "strides", "expand", "channels")} | {"taps": [5, 7]}
COMMON = {"prompt_dim": fixtures.DIM, "regions_max": 10}
LITE_FORM = Config(
    view_size=128,
    vit={"dim": 48, "depth": 2, "heads": 3, "patch": 16},
    lite=LITE,
    width=96,
    sae={"dim": 32, "depth": 2, "heads": 2, "patch": 32},
    hyb={"dim": 96, "heads": 3, "ffn": 160},
    map_rows=96 + fixtures.DIM + 16 + 8 + 1,
    sized=True,
    number={"seen": 12, "hidden": 20, "rows": 3},
    **COMMON,
)
CNX_FORM = Config(
    view_size=56,
    vit={"dim": 32, "depth": 2, "heads": 2, "patch": 14},
    width=64,
    cnx={"dims": [12, 16, 24, 40], "depths": [1, 1, 2, 1]},
    sae={"dim": 32, "depth": 2, "heads": 2, "patch": 14},
    hyb={"dim": 64, "heads": 2, "ffn": 256},
    **COMMON,
)


def llama_keys(dim: int, heads: int, kv: int, ffn: int, base: float) -> dict:
    return {
        "llama.block_count": 2,
        "llama.context_length": 512,
        "llama.embedding_length": dim,
        "llama.feed_forward_length": ffn,
        "llama.attention.head_count": heads,
        "llama.attention.head_count_kv": kv,
        "llama.rope.freq_base": base,
        "llama.rope.dimension_count": dim // heads,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
    }


def byte_level() -> dict:
    """A small byte-level vocabulary: three control tokens, the bytes, a few merges, the added rows."""
    words = ["user", "assistant", "system", "Region", "the", " the", " image", " of", "Please", " ship"]
    tokens, merges = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *T.BYTES.values()], []
    for word in words:
        mapped = [T.BYTES[b] for b in word.encode()]
        for n in range(2, len(mapped) + 1):
            pair = "".join(mapped[: n - 1]), mapped[n - 1]
            if "".join(pair) not in tokens:
                tokens.append("".join(pair))
                merges.append(" ".join(pair))
    key = "tokenizer.ggml."
    meta = {
        key + "model": "gpt2",
        key + "pre": "smollm",
        key + "tokens": tokens,
        key + "merges": merges,
        key + "token_type": [T.CONTROL] * 3 + [T.NORMAL] * (len(tokens) - 3),
        key + "bos_token_id": 1,
        key + "eos_token_id": 2,
        key + "unknown_token_id": 0,
        key + "padding_token_id": 2,
        key + "add_space_prefix": False,
        key + "add_bos_token": False,
    }
    chat = (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
        "You are an assistant for remote sensing images.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] "
        "+ '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
        "{{ '<|im_start|>assistant\n' }}{% endif %}"
    )
    return T.extended(meta) | {"tokenizer.chat_template": chat}


def sentence_piece() -> dict:
    """The 259 entries every Llama-2 file begins with and a few words."""
    words = [
        "\u2581",
        "e",
        "n",
        "r",
        "h",
        "t",
        "a",
        "i",
        "m",
        "s",
        "he",
        "\u2581t",
        "\u2581the",
        "an",
        "\u2581a",
        "\u2581an",
        "in",
        "er",
        "er:",
        "\n",
    ]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), *words]
    key = "tokenizer.ggml."
    return {
        key + "model": "llama",
        key + "tokens": tokens,
        key + "token_type": [2, 3, 3] + [6] * 256 + [1] * len(words),
        key + "scores": [0.0] * 259 + [-float(i) for i in range(len(words))],
        key + "bos_token_id": 1,
        key + "eos_token_id": 2,
        key + "unknown_token_id": 0,
        key + "add_bos_token": True,
        "llama.vocab_size": len(tokens),
    }


def randomise(model: egx.Egx, seed: int) -> None:
    """Random weights of sensible spread everywhere."""
    g = torch.Generator().manual_seed(seed)
    normal = lambda p, scale, mean=0.0: p.copy_(mean + scale * torch.randn(p.shape, generator=g))  # noqa: E731
    with torch.no_grad():
        for name, p in model.egx.named_parameters():
            if p.ndim == 1:
                gain = name.endswith("weight") or name.endswith(("ls1", "ls2", "gamma"))
                normal(p, 0.2 if gain else 0.1, 0.8 if gain else 0.0)
            elif name in ("view", "vit.pos", "sae.pos"):
                normal(p, 0.5)
            else:
                normal(
                    p, (1.4 if name.startswith("lite.blocks") and "project" not in name else 1.0) * p[0].numel() ** -0.5
                )
    initialise(model.llm, g)
    with torch.no_grad():
        model.llm.token_embd.weight.mul_(0.3)


def build(name: str, config: Config, meta: dict, seed: int, language: int) -> egx.Egx:
    """Write a random model and read it back, so that values are as the file's types round them."""
    model = egx.Egx(config, meta)
    randomise(model, seed)
    path = str(HERE / f"{name}.gguf")
    general = {"name": name, "version": "1", "license": "Apache-2.0", "description": "random weights for tests"}
    kinds = {"vision": ggml.F16, "attention": language, "feed": language, "embedding": ggml.Q8_0}
    package.write(model, path, general, egx.digest(str(SEGMENTER)), {}, kinds)
    return egx.load(path)


def picture(seed: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (height, width, 3)).astype(np.float32)
    for _ in range(2):
        rgb = (rgb + np.roll(rgb, 1, 0) + np.roll(rgb, 1, 1)) / 3
    rgb += 40 * np.sin(np.arange(width) / 17)[None, :, None] + 30 * np.cos(np.arange(height) / 11)[:, None, None]
    return np.clip(rgb, 0, 255).astype(np.uint8)


def all_kinds(height: int, width: int) -> list[dict]:
    """Every kind of region on one picture, some overlapping, some thinner than a pixel of a view."""
    mask = np.zeros((height, width), bool)
    mask[height // 2 : height // 2 + 31, width // 3 : width // 3 + 40] = True
    mask[height // 2 + 8 : height // 2 + 15, width // 3 + 14 : width // 3 + 23] = False
    return [
        {"kind": "box", "xyxy": [11.5, 18.25, 110.0, 94.75]},
        {"kind": "point", "xy": [32.5, 46.5]},
        {"kind": "ellipse", "cxcyrr": [140.0, 56.0, 22.0, 22.0]},
        {"kind": "ellipse", "cxcyrr": [84.0, 120.0, 34.0, 12.5]},
        {"kind": "polygon", "pts": [[114, 84], [180, 78], [164, 130], [142, 96], [120, 138]]},
        {"kind": "scribble", "pts": [[16, 100], [44, 112], [66, 95], [78, 130]]},
        {"kind": "mask", "mask": mask},
        {"kind": "box", "xyxy": [56.0, 28.0, 56.3, 68.0]},
        {"kind": "box", "xyxy": [189.0, 136.0, 168.0, 112.0]},
    ]


def as_json(region: dict) -> dict:
    """For the test: a mask is told by its COCO-like runs, row-major, zeros first."""
    if region["kind"] != "mask":
        return region
    flat = region["mask"].ravel()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flat]).astype(np.int8)))
    runs = np.diff(np.concatenate([[0], edges, [flat.size]]))
    return {"kind": "mask", "size": list(region["mask"].shape), "runs": runs.tolist()}


def masks(model: egx.Egx, pixels: np.ndarray, found: dict, fused: torch.Tensor, region: dict | None) -> dict:
    """Low-res logits of mask 0 by the segmenter, and of a phrase by the map where the model has one; fused [1,n,d]."""
    vector = found["vector"]
    meta, tensors = ggml.read(str(SEGMENTER))
    w, size = fixtures.Weights(0), meta["sam.image_size"]
    w.values = {k: torch.from_numpy(v) for k, v in tensors.items()}
    height, width = pixels.shape[:2]
    new = R.resized(width, height, size)
    x = torch.from_numpy(R.padded(R.resize(pixels, new), size, meta["sam.mean"], meta["sam.std"]))[None]
    embedding, tap4, tap8 = fixtures.lite(w, x)
    skip = fixtures.skips(w, tap4, tap8)
    crop = prompts.Crop(0, 0, width, height)
    if model.config.map_rows:
        parts = [fused, *(x.flatten(2).transpose(1, 2) for x in (embedding, *skip))]
        out = {"mask": phrase_map(model.egx.pix.asked(found["hidden"])[None], normed(parts), size // 4)[0]}
    else:
        out = {"mask": fixtures.decode(w, embedding, skip, [vector[None]], prompts.raster([], crop, size))[0][0]}
    if region:
        box = R.bounds(region, width, height)
        mark = ("point", 1, box[:2]) if region["kind"] == "point" else ("box", 1, box)
        corners = np.array(box).reshape(2, 2) * [new[0] / width, new[1] / height]
        labels = [1] if region["kind"] == "point" else [2, 3]
        marks = [(float(x), float(y), label) for (x, y), label in zip(corners, labels)]
        drawn = prompts.raster([mark], crop, size)
        out["mask_region"] = fixtures.decode(w, embedding, skip, [*marks, vector[None]], drawn)[0][0]
    return out


def language(model: egx.Egx, seen: dict, regions: list) -> dict:
    """Prompt, logits, greedy reply and the state at a forced <pix>."""
    t = model.tokenizer
    if t:
        ids = model.prompt_ids([len(v) for v in seen["image"]], len(regions), "Please describe the image of the ship.")
        stops, forced = (t.find("<|im_end|>"), 0), t.compose("<p>ship</p><pix>")
        embed = lambda more: model.embed(ids + more, seen)  # noqa: E731
    else:
        ids, stops, forced = [260, 272, 259 + 13, 13, 80, 270, 261], (2,), [262, 275]
        embed = lambda more: model.embed_full(seen, ids + more, 1)  # noqa: E731
    cache = [[] for _ in model.llm.blk]
    logits = model.llm.logits(model.llm(embed([]))[0, -1])
    reply, margins, _ = model.generate(embed([]), cache, 12, stops)
    hidden = model.llm(embed(forced))[0, -1]
    return {
        "ids": np.float32(ids),
        "logits": logits,
        "reply": np.float32(reply),
        "margins": np.float32(margins),
        "forced": np.float32(forced),
        "hidden": hidden,
        "vector": model.egx.pix(hidden),
    }


def case(model: egx.Egx, n: int, pixels: np.ndarray, regions: list, fast: bool, short: bool) -> tuple[dict, dict]:
    """Outputs and metadata of one case; `short` leaves the big tensors out (its rgb is case 0's)."""
    height, width = pixels.shape[:2]
    encoded = model.encode(pixels, fast)
    seen = model.understand(encoded, regions)
    out = {"fused": encoded["fused"], "hybrid": seen["hybrid"], "image": torch.cat(seen["image"])}
    if not short:
        out |= {
            "rgb": pixels.astype(np.float32),
            "raster": seen["raster"],
            "vit": encoded["vit"],
            "cnn": encoded["cnn"],
            "sae": seen["sae"],
        }
    if regions:
        out |= {"code": np.stack([R.position_code(r, width, height) for r in regions]), "region": seen["region"]}
        out |= {"size": np.stack([R.size_code(r, width, height) for r in regions])}
        out |= {"zoom": seen["zoom"]} if "zoom" in seen else {}
    out |= language(model, seen, regions)
    out |= masks(model, pixels, out, encoded["fused"][:1] + model.egx.view[0], regions[0] if regions else None)
    keys = {
        f"{n}.regions": json.dumps([as_json(r) for r in regions]),
        f"{n}.fast": fast,
        f"{n}.view": [v.number for v in encoded["views"]],
    }
    return {f"{n}.{k}": np.ascontiguousarray(v, np.float32) for k, v in out.items()}, keys


def outputs(name: str, model: egx.Egx, cases: list) -> None:
    tensors, meta = {}, {"general.architecture": "test-outputs"}
    for n, (pixels, marks, fast, short) in enumerate(cases):
        found, keys = case(model, n, pixels, marks, fast, short)
        tensors, meta = tensors | found, meta | keys
        print(
            name,
            n,
            keys[f"{n}.view"],
            {k.split(".")[1]: f"{float(np.sqrt((v**2).mean())):.3g}" for k, v in found.items()},
        )
    half = ("rgb", "raster")
    ggml.write(
        str(HERE / f"{name}-out.gguf"),
        meta,
        {k: (ggml.F16 if k.split(".")[1] in half else ggml.F32, v) for k, v in tensors.items()},
    )


def main() -> None:
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    big, wide, small = picture(1, 150, 190), picture(2, 90, 200), picture(3, 61, 100)
    few = [{"kind": "whole"}, {"kind": "point", "xy": [98.5, 59.0]}, {"kind": "box", "xyxy": [-8.0, 20.0, 30.0, 70.0]}]
    lite = build("egx-lite", LITE_FORM, llama_keys(96, 3, 1, 160, 100000.0) | byte_level(), 5, ggml.Q4_1)
    outputs(
        "egx-lite",
        lite,
        [
            (big, all_kinds(150, 190), False, False),
            (wide, all_kinds(90, 200)[:2], False, False),
            (small, few, False, False),
            (big, [], True, True),
        ],
    )
    cnx = build(
        "egx-cnx", CNX_FORM, llama_keys(64, 2, 2, 96, 10000.0) | sentence_piece() | {"untied": True}, 6, ggml.Q8_0
    )
    outputs("egx-cnx", cnx, [(big, all_kinds(150, 190)[:4], False, False), (big, [], True, True)])


if __name__ == "__main__":
    main()
