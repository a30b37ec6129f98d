#!/usr/bin/env python3
"""Makes fixture-*.gguf (small models with random weights) and fixture-*-out.gguf (what PyTorch computes with them in f32).

    pip install torch==2.13.0 numpy && python3 tests/data/make-fixtures.py

A plain forward pass by the published architectures, apart from the engine and from the training code. Widths and depths are
reduced; grids that no window divides, odd channel counts, a crop that does not fill its frame and all three tensor types are in.
Every tensor of an output file: rgb [h,w,3] (pixels of the crop), embedding [g,g,dim], skip8, skip4, and for each prompt N
prompt.N.tokens [n,3] (x, y, label in frame pixels), prompt.N.raster [4g,4g] (absent: no mask), prompt.N.masks, prompt.N.scores.
"""

import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "data/models/training"))
import gguf_io  # noqa: E402

DIM, HEADS = 64, 8
LITE = {"stem": 8, "repeats": [1, 1, 2, 1, 1, 2, 1], "kernels": [3, 3, 5, 3, 5, 5, 3], "strides": [1, 2, 2, 2, 1, 2, 1],
        "expand": [1, 6, 4, 4, 4, 3, 6], "channels": [8, 12, 20, 28, 30, 36, 44], "taps": [2, 3, 5, 7]}
VIT = {"embed_dims": [24, 64, 96, 128], "depths": [2, 1, 2, 1], "heads": [1, 2, 3, 4], "windows": [7, 7, 14, 7]}


class Weights:
    """Random tensors by name, rounded as the file's types round them."""

    def __init__(self, seed: int) -> None:
        self.rng, self.stored, self.values = np.random.default_rng(seed), {}, {}

    def make(self, name: str, shape: tuple, kind: int, scale: float, mean: float = 0.0) -> torch.Tensor:
        if name not in self.values:
            if kind == gguf_io.Q8_0 and shape[-1] % 32:
                kind = gguf_io.F16
            array = (mean + scale * self.rng.standard_normal(shape)).astype(np.float32)
            self.stored[name] = (kind, array)
            if kind == gguf_io.F16:
                array = array.astype(np.float16).astype(np.float32)
            elif kind == gguf_io.Q8_0:
                blocks = np.frombuffer(gguf_io.quantise_q8(array), np.dtype([("d", "<f2"), ("q", "i1", 32)]))
                array = (blocks["d"].astype(np.float32)[:, None] * blocks["q"]).astype(np.float32).reshape(shape)
            self.values[name] = torch.from_numpy(array)
        return self.values[name]

    def bias(self, name: str, n: int) -> torch.Tensor:
        return self.make(name + ".bias", (n,), gguf_io.F32, 0.1)

    def linear(self, name: str, x: torch.Tensor, out: int, bias: bool = True, kind: int = gguf_io.Q8_0) -> torch.Tensor:
        w = self.make(name + ".weight", (out, x.shape[-1]), kind, x.shape[-1] ** -0.5)
        return F.linear(x, w, self.bias(name, out) if bias else None)

    def conv(self, name: str, x: torch.Tensor, out: int, k: int, stride: int = 1, pad: int = 0, bias: bool = True,
             groups: int = 1, gain: float = 1.4) -> torch.Tensor:
        inner = x.shape[1] // groups
        w = self.make(name + ".weight", (out, inner, k, k), gguf_io.F16, gain * (inner * k * k) ** -0.5)
        return F.conv2d(x, w, self.bias(name, out) if bias else None, stride, pad, 1, groups)

    def norm(self, name: str, x: torch.Tensor, eps: float) -> torch.Tensor:
        """Over the last axis."""
        n = x.shape[-1]
        return F.layer_norm(x, (n,), self.make(name + ".weight", (n,), gguf_io.F32, 0.2, 1.0), self.bias(name, n), eps)

    def norm2d(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return self.norm(name, x.permute(0, 2, 3, 1), 1e-6).permute(0, 3, 1, 2)


def same(x: torch.Tensor, k: int, stride: int) -> torch.Tensor:
    """TensorFlow's SAME padding."""
    pads = []
    for n in (x.shape[3], x.shape[2]):
        total = max((-(-n // stride) - 1) * stride + k - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def lite(w: Weights, x: torch.Tensor) -> tuple:
    x = F.relu6(w.conv("enc.trunk.stem", same(x, 3, 2), LITE["stem"], 3, 2))
    taps, index = [], 0
    stages = zip(*(LITE[key] for key in ("repeats", "kernels", "strides", "expand", "channels")))
    for stage, (repeats, k, stride, expand, out) in enumerate(stages, 1):
        for i in range(repeats):
            name, s, y = f"enc.trunk.blocks.{index}", stride if i == 0 else 1, x
            hidden = x.shape[1] * expand
            if expand > 1:
                y = F.relu6(w.conv(name + ".expand", y, hidden, 1))
            y = F.relu6(w.conv(name + ".dw", same(y, k, s), hidden, k, s, groups=hidden))
            y = w.conv(name + ".project", y, out, 1, gain=1.0)
            x, index = x + y if s == 1 and x.shape[1] == out else y, index + 1
        if stage in LITE["taps"]:
            taps.append(x)
    y = w.conv("enc.neck.lat16", taps[2], DIM, 1) + F.interpolate(w.conv("enc.neck.lat32", taps[3], DIM, 1), scale_factor=2)
    y = w.norm2d("enc.neck.norm0", y)
    y = w.norm2d("enc.neck.norm1", w.conv("enc.neck.out", y, DIM, 3, 1, 1, bias=False))
    return y, taps[0], taps[1]


def vit_attention(w: Weights, name: str, x: torch.Tensor, heads: int, window: int) -> torch.Tensor:
    """x [H,W,C] plus attention in windows; zeros are put in before the norm and are not masked."""
    h, width, c = x.shape
    ph, pw, d = -h % window, -width % window, c // heads
    p = F.pad(x, (0, 0, 0, pw, 0, ph))
    rows, cols = p.shape[0] // window, p.shape[1] // window
    p = p.view(rows, window, cols, window, c).transpose(1, 2).reshape(rows * cols, window * window, c)
    qkv = w.linear(name + ".qkv", w.norm(name + ".norm", p, 1e-5), 3 * c).view(-1, window * window, heads, 3, d)
    q, k, v = (qkv[:, :, :, i].transpose(1, 2) for i in range(3))
    table = w.make(name + ".attention_biases", (heads, window * window), gguf_io.F32, 0.5)
    at = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij"), -1).view(-1, 2)
    offset = (at[:, None] - at[None]).abs()
    logits = q @ k.transpose(-1, -2) * d ** -0.5 + table[:, offset[..., 0] * window + offset[..., 1]]
    y = (logits.softmax(-1) @ v).transpose(1, 2).reshape(-1, window * window, c)
    y = w.linear(name + ".proj", y, c).view(rows, cols, window, window, c).transpose(1, 2)
    y = y.reshape(rows * window, cols * window, c)
    return x + y[:h, :width]


def vit_block(w: Weights, name: str, x: torch.Tensor, heads: int, window: int) -> torch.Tensor:
    c = x.shape[1]
    y = vit_attention(w, name + ".attn", x[0].permute(1, 2, 0), heads, window).permute(2, 0, 1)[None]
    y = w.conv(name + ".local_conv", y, c, 3, 1, 1, groups=c).permute(0, 2, 3, 1)
    hidden = F.gelu(w.linear(name + ".mlp.fc1", w.norm(name + ".mlp.norm", y, 1e-5), 4 * c))
    return (y + w.linear(name + ".mlp.fc2", hidden, c)).permute(0, 3, 1, 2)


def vit_conv(w: Weights, name: str, x: torch.Tensor, hidden: int, out: int, stride: int) -> torch.Tensor:
    y = F.gelu(w.conv(name + ".conv1", x, hidden, 1))
    y = F.gelu(w.conv(name + ".conv2", y, hidden, 3, stride, 1, groups=hidden))
    return w.conv(name + ".conv3", y, out, 1, gain=1.0)


def tinyvit(w: Weights, x: torch.Tensor) -> tuple:
    dims = VIT["embed_dims"]
    x = F.gelu(w.conv("enc.patch_embed.seq.0", x, dims[0] // 2, 3, 2, 1))
    x = w.conv("enc.patch_embed.seq.2", x, dims[0], 3, 2, 1)
    for stage, dim in enumerate(dims):
        for i in range(VIT["depths"][stage]):
            name = f"enc.layers.{stage}.blocks.{i}"
            if stage == 0:
                x = F.gelu(x + vit_conv(w, name, x, 4 * dim, dim, 1))
            else:
                x = vit_block(w, name, x, VIT["heads"][stage], VIT["windows"][stage])
        if stage < 3:
            x = vit_conv(w, f"enc.layers.{stage}.downsample", x, dims[stage + 1], dims[stage + 1], 1 if stage == 2 else 2)
    y = w.norm2d("enc.neck.1", w.conv("enc.neck.0", x, DIM, 1, bias=False))
    return w.norm2d("enc.neck.3", w.conv("enc.neck.2", y, DIM, 3, 1, 1, bias=False)), None, None


def code(w: Weights, uv: torch.Tensor) -> torch.Tensor:
    gauss = w.make("pe.pe_layer.positional_encoding_gaussian_matrix", (2, DIM // 2), gguf_io.F32, 1.0)
    t = (2 * uv - 1) @ gauss * (2 * np.pi)
    return torch.cat([t.sin(), t.cos()], -1)


def attend(w: Weights, name: str, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, inner: int) -> torch.Tensor:
    parts = [w.linear(f"{name}.{n}_proj", x, inner).view(len(x), HEADS, -1).transpose(0, 1)
             for n, x in (("q", q), ("k", k), ("v", v))]
    y = ((parts[0] @ parts[1].transpose(-1, -2)) * (inner // HEADS) ** -0.5).softmax(-1) @ parts[2]
    return w.linear(name + ".out_proj", y.transpose(0, 1).reshape(len(q), inner), DIM)


def mlp(w: Weights, name: str, x: torch.Tensor, out: int) -> torch.Tensor:
    x = F.relu(w.linear(name + ".layers.0", x, 32))
    return w.linear(name + ".layers.2", F.relu(w.linear(name + ".layers.1", x, 32)), out)


def dense(w: Weights, raster: np.ndarray | None, g: int) -> torch.Tensor:
    """[g*g, DIM]; every tensor is made, so that the file is whole."""
    none = w.make("pe.no_mask_embed.weight", (1, DIM), gguf_io.F32, 0.5)
    x = torch.zeros(1, 1, 4 * g, 4 * g) if raster is None else torch.from_numpy(raster)[None, None]
    x = F.gelu(w.norm2d("pe.mask_downscaling.1", w.conv("pe.mask_downscaling.0", x, 4, 2, 2)))
    x = F.gelu(w.norm2d("pe.mask_downscaling.4", w.conv("pe.mask_downscaling.3", x, 16, 2, 2)))
    x = w.conv("pe.mask_downscaling.6", x, DIM, 1)
    return none.expand(g * g, DIM) if raster is None else x[0].flatten(1).T


def transform(w: Weights, t: torch.Tensor, k: torch.Tensor, pos: torch.Tensor) -> tuple:
    q = t
    for i in range(2):
        name = f"dec.t.layers.{i}"
        if i == 0:
            q = attend(w, name + ".self_attn", q, q, q, DIM)
        else:
            q = q + attend(w, name + ".self_attn", q + t, q + t, q, DIM)
        q = w.norm(name + ".norm1", q, 1e-5)
        q = w.norm(name + ".norm2", q + attend(w, name + ".t2i", q + t, k + pos, k, DIM // 2), 1e-5)
        hidden = F.relu(w.linear(name + ".mlp.lin1", q, 96))
        q = w.norm(name + ".norm3", q + w.linear(name + ".mlp.lin2", hidden, DIM), 1e-5)
        k = w.norm(name + ".norm4", k + attend(w, name + ".i2t", k + pos, q + t, q, DIM // 2), 1e-5)
    return w.norm("dec.t.norm_final_attn", q + attend(w, "dec.t.fin", q + t, k + pos, k, DIM // 2), 1e-5), k


def skips(w: Weights, tap4: torch.Tensor, tap8: torch.Tensor) -> tuple:
    return (w.conv("dec.conv_s1", w.norm2d("dec.norm_s1", tap8), 16, 1),
            w.conv("dec.conv_s0", w.norm2d("dec.norm_s0", tap4), 8, 1))


def decode(w: Weights, embedding: torch.Tensor, skip: tuple, tokens: list, raster: np.ndarray | None) -> tuple:
    """Masks [4,4g,4g] and scores [4]. A token is (x, y, label) or a vector [1, DIM] as it is."""
    g = embedding.shape[-1]
    steps = (torch.arange(g) + 0.5) / g
    pos = code(w, torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).view(-1, 2))
    own = [w.make("dec.iou_token.weight", (1, DIM), gguf_io.F32, 1.0), w.make("dec.mask_tokens.weight", (4, DIM), gguf_io.F32, 1.0)]
    pad = w.make("pe.not_a_point_embed.weight", (1, DIM), gguf_io.F32, 1.0)
    labels = [w.make(f"pe.point_embeddings.{i}.weight", (1, DIM), gguf_io.F16, 1.0) for i in range(4)]
    own_code = lambda x, y: code(w, (torch.tensor([[x, y]]) + 0.5) / (16 * g))  # noqa: E731
    sparse = [t if torch.is_tensor(t) else pad if t[2] < 0 else own_code(*t[:2]) + labels[t[2]] for t in tokens]
    k = embedding[0].flatten(1).T + dense(w, raster, g)
    q, k = transform(w, torch.cat(own + sparse), k, pos)
    up = k.T.reshape(1, DIM, g, g)
    for i, (name, out) in enumerate((("dec.output_upscaling.0", 16), ("dec.output_upscaling.3", 8))):
        weight = w.make(name + ".weight", (up.shape[1], out, 2, 2), gguf_io.F16, up.shape[1] ** -0.5)
        up = F.conv_transpose2d(up, weight, w.bias(name, out), 2) + (skip[i] if skip[0] is not None else 0)
        up = F.gelu(w.norm2d("dec.output_upscaling.1", up) if i == 0 else up)
    heads = torch.cat([mlp(w, f"dec.hyper.{i}", q[1 + i:2 + i], 8) for i in range(4)])
    return (heads @ up[0].flatten(1)).view(4, 4 * g, 4 * g), mlp(w, "dec.iou", q[:1], 4)[0]


def prompts(size: int, rng: np.random.Generator) -> list:
    """Tokens and raster: a point; a box and a negative point; a stroke's many points; nothing but a mask."""
    d, s = size // 4, float(size)
    raster = lambda: np.clip(6 * rng.standard_normal((d, d)), -20, 20).astype(np.float32)  # noqa: E731
    stroke = [(s * (0.2 + 0.08 * i), s * 0.4 + i, 1) for i in range(8)]
    return [([(s * 0.3, s * 0.6, 1), (0.0, 0.0, -1)], None),
            ([(s * 0.1, s * 0.2, 2), (s * 0.7, s * 0.5, 3), (s * 0.4, s * 0.9, 0)], raster()),
            (stroke + [(0.0, 0.0, -1)], raster()), ([(0.0, 0.0, -1)], raster())]


def fixture(name: str, size: int, h: int, width: int, encode, meta: dict, seed: int) -> None:
    w, rng = Weights(seed), np.random.default_rng(seed + 1)
    rgb = rng.integers(0, 256, (h, width, 3)).astype(np.float32)
    rgb = (rgb + np.roll(rgb, 1, 0) + np.roll(rgb, 1, 1)) // 3
    mean, std = np.float32([120, 118, 104]), np.float32([58, 57, 61])
    image = np.zeros((size, size, 3), np.float32)
    image[:h, :width] = (rgb - mean) / std
    embedding, tap4, tap8 = encode(w, torch.from_numpy(image).permute(2, 0, 1)[None])
    skip = skips(w, tap4, tap8) if tap4 is not None else (None, None)
    out = {"rgb": rgb, "embedding": embedding[0].permute(1, 2, 0)}
    if tap4 is not None:
        out |= {"skip8": skip[0][0].permute(1, 2, 0), "skip4": skip[1][0].permute(1, 2, 0)}
    for i, (tokens, raster) in enumerate(prompts(size, rng)):
        masks, scores = decode(w, embedding, skip, tokens, raster)
        out |= {f"prompt.{i}.tokens": np.float32(tokens), f"prompt.{i}.masks": masks, f"prompt.{i}.scores": scores}
        if raster is not None:
            out[f"prompt.{i}.raster"] = raster
    meta = {"general.architecture": "sam", "general.name": f"fixture-{name}", "general.version": "1",
            "general.license": "Apache-2.0", "general.description": "random weights for tests",
            "sam.encoder": name, "sam.image_size": size, "sam.out_dim": DIM, "sam.mean": mean.tolist(),
            "sam.std": std.tolist()} | meta
    gguf_io.write(str(HERE / f"fixture-{name}.gguf"), meta, w.stored)
    gguf_io.write(str(HERE / f"fixture-{name}-out.gguf"), {"general.architecture": "test-outputs"},
                  {key: (gguf_io.F16 if key == "rgb" else gguf_io.F32, np.ascontiguousarray(v)) for key, v in out.items()})
    parameters = sum(a.size for _, a in w.stored.values())
    print(f"{name}: {parameters} parameters, embedding rms {embedding.pow(2).mean().sqrt():.3f}, "
          f"masks rms {masks.pow(2).mean().sqrt():.3f}, scores {scores.numpy()}")


def main() -> None:
    torch.set_grad_enabled(False)
    fixture("efficientnet_lite", 96, 96, 80, lite,
            {"sam.prompt_raster": "all"} | {f"sam.lite.{k}": v for k, v in LITE.items()}, 1)
    fixture("tinyvit", 144, 111, 144, tinyvit,
            {"sam.prompt_raster": "shapes", "sam.ln_eps": 1e-5} | {f"sam.{k}": v for k, v in VIT.items()}, 2)


if __name__ == "__main__":
    main()
