"""EarthGPT-X as a whole: picture, marks and text in, text and masks out (the reference that the engine is held
against).

Points the specification leaves open, as they are here: section headers of marks.py; sub-views and the frame of the
segmenter as there; cnx form: the frame of 2 x side is resized by the triangle filter, normalised, padded, and halved
bicubically for view 0; its `<vp>` block is left out without regions. A region other than a point goes to the
segmenter as
the corners of its bounding box.
"""

import hashlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import ggml
import marks as R
from llama import Llama
from tokenizer import ADDED, Tokenizer
from vision import CLIP_MEAN, CLIP_STD, Config, Vision

SYSTEM = "<|im_start|>system\nYou are an assistant for remote sensing images.<|im_end|>\n"
OPENING = (
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, "
    "and polite answers to the human's questions.\n\n"
)


class Egx(torch.nn.Module):
    """Vision side and language model; `tokenizer` is None for SentencePiece files (ids are then given by the
    caller)."""

    def __init__(self, config: Config, meta: dict) -> None:
        super().__init__()
        self.config, self.meta = config, meta
        self.egx, self.llm = Vision(config), Llama(meta)
        self.tokenizer = Tokenizer(meta) if meta["tokenizer.ggml.model"] == "gpt2" else None

    # --- the picture ---

    def views(self, pixels: np.ndarray, fast: bool) -> list[R.View]:
        """The views of RGB u8 [H, W, 3]."""
        c = self.config
        return R.views_of(pixels.shape[1], pixels.shape[0], c.view_size, c.views, c.lite is not None, fast)

    def frames(self, pixels: np.ndarray, views: list[R.View], mean: list, std: list) -> Tensor:
        """Normalised views [V, 3, v, v]; mean and std on 0..255."""
        side = self.config.view_size
        if self.config.lite:
            return torch.from_numpy(np.stack([R.padded(p, side, mean, std) for p in R.cut(pixels, views)]))
        big = R.resize(pixels, R.resized(pixels.shape[1], pixels.shape[0], 2 * side))
        frame = torch.from_numpy(R.padded(big, 2 * side, mean, std))[None]
        whole = F.interpolate(frame, (side, side), mode="bicubic", align_corners=False)
        quarters = [frame[:, :, int(v.oy) : int(v.oy) + side, int(v.ox) : int(v.ox) + side] for v in views[1:]]
        return torch.cat([whole, *quarters])

    def encode(self, pixels: np.ndarray, fast: bool = False) -> dict:
        """Once a picture: views, both branches' outputs and the fused tokens (before the view embedding)."""
        c, e = self.config, self.egx
        views = self.views(pixels, fast)
        out = {"pixels": pixels, "views": views}
        out["vit"] = e.vit(self.frames(pixels, views, [255 * m for m in c.mean], [255 * s for s in c.std]))
        if c.lite:
            out["f16"], out["f32"] = e.lite.features(self.frames(pixels, views, [127] * 3, [128] * 3))
            out["cnn"] = e.lite.cells(out["f16"], out["f32"])
            out["mean"] = torch.cat([t[:1].mean((2, 3)) for t in (out["f32"], out["f16"])], 1)
        else:
            frames = self.frames(pixels, views, [255 * m for m in CLIP_MEAN], [255 * s for s in CLIP_STD])
            out["cnn"] = e.cnx.tokens(frames, c.grid)
        out["fused"] = e.merge(out["vit"], out["cnn"])
        return out

    def understand(self, encoded: dict, regions: list[dict]) -> dict:
        """Whenever the marks change: raster, SAE, hybrid tokens, vectors for the language model."""
        c, e, pixels, views = self.config, self.egx, encoded["pixels"], encoded["views"]
        height, width = pixels.shape[:2]
        drawn = [R.raster(regions, v, width, height) for v in views]
        out = {
            "raster": torch.from_numpy(np.stack([d[0] for d in drawn])),
            "cover": torch.from_numpy(np.stack([d[1] for d in drawn])),
        }
        out["sae"] = e.sae(out["raster"])
        out["hybrid"] = e.understand(encoded["fused"], [v.number for v in views], out["sae"])
        out["image"] = [e.proj(t) for t in e.reduce(out["hybrid"])]
        if c.number:
            out["image"][0] = torch.cat([out["image"][0], e.numbers(encoded["mean"])[0]])
        if regions:
            parts = [e.pool(out["hybrid"], out["cover"])]
            if c.lite:
                out["zoom"] = self.zoom(pixels, regions)
                parts.append(out["zoom"])
            parts.append(torch.from_numpy(np.stack([R.position_code(r, width, height) for r in regions])))
            sizes = torch.from_numpy(np.stack([R.size_code(r, width, height) for r in regions]))
            out["region"] = e.regions(torch.cat(parts, 1), sizes)
        return out

    def zoom(self, pixels: np.ndarray, regions: list[dict]) -> Tensor:
        """z_k [K, c32 + c16]."""
        side = self.config.view_size // 2
        close = [R.zoom(pixels, r, side) for r in regions]
        x = torch.from_numpy(np.stack([R.padded(p, side, [127] * 3, [128] * 3) for p, _ in close]))
        weight = F.avg_pool2d(torch.from_numpy(np.stack([w for _, w in close]))[:, None], 16)
        return self.egx.lite.zoom(*self.egx.lite.features(x), weight)

    # --- the text ---

    def prompt_ids(self, counts: list[int], regions: int, instruction: str) -> list[int]:
        """Ids of the first turn; `<imgpad>` and `<vppad>` hold the places of vectors."""
        t = self.tokenizer
        ids = t.compose(
            SYSTEM
            + "<|im_start|>user\n<img>"
            + "<imgpad>" * sum(counts)
            + "</img>\n"
            + "".join(f"<Region {k}>: <vp><vppad></vp>\n" for k in range(1, regions + 1))
        )
        return ids + t.encode(instruction) + t.compose("<|im_end|>\n<|im_start|>assistant\n")

    def turn_ids(self, instruction: str) -> list[int]:
        """Ids of a further turn, after the `<|im_end|>` that ended the reply before it."""
        t = self.tokenizer
        return (
            t.compose("\n<|im_start|>user\n") + t.encode(instruction) + t.compose("<|im_end|>\n<|im_start|>assistant\n")
        )

    def embed(self, ids: list[int], seen: dict | None = None) -> Tensor:
        """Embeddings [1, T, D] with the vectors of `seen` (of understand()) in their places."""
        x = self.llm.token_embd(torch.tensor([ids]))
        if seen is not None:
            at = torch.tensor(ids)
            x[0, at == self.tokenizer.find("<imgpad>")] = torch.cat(seen["image"]).to(x.dtype)
            if "region" in seen:
                x[0, at == self.tokenizer.find("<vppad>")] = seen["region"].to(x.dtype)
        return x

    def embed_full(self, seen: dict, ids: list[int], bos: int) -> Tensor:
        """The cnx form's sequence: `<s>`, each view between learned vectors, the regions, then the text's ids."""
        e, row = self.egx, lambda v: v.view(1, -1)  # noqa: E731
        parts = [self.llm.token_embd.weight[bos : bos + 1]]
        for view in seen["image"]:
            parts += [row(e.img_start), view, row(e.img_end)]
        if "region" in seen:
            parts += [row(e.vp_start), seen["region"], row(e.vp_end)]
        return torch.cat(parts + [self.llm.token_embd(torch.tensor(ids))])[None]

    @torch.no_grad()
    def generate(
        self, x: Tensor, cache: list, most: int = 96, stops: tuple = ()
    ) -> tuple[list[int], list[float], list[Tensor]]:
        """Greedy: ids (without the stop), the margin of each step (of the stop too), states at `<pix>` inputs."""
        pix = self.tokenizer.find("<pix>") if self.tokenizer else -1
        ids, margins, states = [], [], []
        h = self.llm(x, cache=cache)[0]
        while len(ids) < most:
            best = self.llm.logits(h[-1]).float().topk(2)
            token = int(best.indices[0])
            margins.append(float(best.values[0] - best.values[1]))
            if token in stops:
                break
            ids.append(token)
            h = self.llm(self.llm.token_embd(torch.tensor([[token]])), cache=cache)[0]
            if token == pix:
                states.append(h[-1])
        return ids, margins, states

    @torch.no_grad()
    def reply(
        self,
        pixels: np.ndarray,
        regions: list[dict],
        instruction: str,
        fast: bool = True,
        most: int = 96,
        encoded: dict | None = None,
    ) -> dict:
        """One question on a picture (`encoded` when that is there): text, ids, margins, prompt vectors of its masks and what
        its phrases look for."""
        seen = self.understand(encoded or self.encode(pixels, fast), regions)
        ids = self.prompt_ids([len(v) for v in seen["image"]], len(regions), instruction)
        out, margins, states = self.generate(
            self.embed(ids, seen),
            [[] for _ in self.llm.blk],
            most,
            (self.tokenizer.find("<|im_end|>"), self.tokenizer.find("<|endoftext|>")),
        )
        vectors = [self.egx.pix(h.float()) for h in states]
        asked = [self.egx.pix.asked(h.float()) for h in states] if self.config.map_rows else []
        return {
            "asked": asked,
            "text": self.tokenizer.decode(out, True),
            "ids": out,
            "margins": margins,
            "vectors": vectors,
            "prompt": ids,
        }


def names(model: Egx) -> dict[str, Tensor]:
    """Parameters by their names in the file."""
    out = {"egx." + k: v for k, v in model.egx.state_dict().items()}
    return out | dict(model.llm.state_dict())


def load(path: str) -> Egx:
    """A model from its GGUF file, f32."""
    meta, tensors = ggml.read(path)
    own = {k[4:]: torch.from_numpy(v) for k, v in tensors.items() if k.startswith("egx.")}
    config = Config.from_file(meta, own)
    model = Egx(config, meta | {"untied": "output.weight" in tensors})
    state = {
        k: torch.from_numpy(v).reshape(names(model)[k].shape) for k, v in tensors.items() if not k.startswith("egx.")
    }
    model.llm.load_state_dict(state)
    model.egx.load_state_dict(own)
    return model.eval()


def digest(path: str) -> str:
    """SHA-256 of a file, in hex."""
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


__all__ = ["ADDED", "Egx", "digest", "load", "names"]
