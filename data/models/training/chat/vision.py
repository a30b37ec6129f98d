"""EarthGPT-X's vision side: ViT, CNN branch, fusion, prompt encoder, mutual understanding, projections.

Parameter names are the tensor names of the GGUF file without their `egx.` (spec earthgpt-x.md 12). Two forms: "lite"
(EfficientNet-Lite branch, zoom vectors, 2x2 space-to-depth) and "cnx" (ConvNeXt branch, class tokens). Letters in
shapes:
V views, n tokens of a view (class token first in the cnx form), K regions, g grid of the fused tokens.
"""

from dataclasses import dataclass, field

import os
import sys

import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from model import Trunk  # noqa: E402

EPS = 1e-6
CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
LITE_KEYS = ("repeats", "kernels", "strides", "expand", "channels")


@dataclass
class Config:
    """Sizes of the vision side; the tiny configuration by default."""

    views: int = 5
    view_size: int = 256
    vit: dict = field(default_factory=lambda: {"dim": 192, "depth": 12, "heads": 3, "patch": 16})
    lite: dict | None = None
    cnx: dict | None = None
    sae: dict = field(default_factory=lambda: {"dim": 128, "depth": 2, "heads": 2, "patch": 32})
    hyb: dict = field(default_factory=lambda: {"dim": 384, "heads": 6, "ffn": 768})
    regions_max: int = 10
    mean: list = field(default_factory=lambda: [0.485, 0.456, 0.406])
    std: list = field(default_factory=lambda: [0.229, 0.224, 0.225])
    width: int = 576  # of the language model
    prompt_dim: int = 256  # of the segmenter
    map_rows: int = 0  # numbers that ask for a phrase's map; 0: its mask is the decoder's
    sized: bool = False  # region vectors are told how large their marks are in source pixels
    number: dict | None = None  # {"seen", "hidden", "rows"}: further image vectors that say how many there are

    @property
    def grid(self) -> int:
        return self.view_size // self.sae["patch"]

    def metadata(self) -> dict:
        """The keys `earthgpt-x.*`."""
        out = {
            "views": self.views,
            "view_size": self.view_size,
            "regions_max": self.regions_max,
            "mean": self.mean,
            "std": self.std,
        }
        for part in ("vit", "sae", "hyb", "lite", "cnx"):
            out |= {f"{part}.{k}": v for k, v in (getattr(self, part) or {}).items()}
        return {"earthgpt-x." + k: v for k, v in out.items()}

    @staticmethod
    def from_file(meta: dict, tensors: dict) -> "Config":
        """The configuration of a file's keys and tensors (anything with shapes, by their names below `egx.`)."""
        found = {k.removeprefix("earthgpt-x."): v for k, v in meta.items() if k.startswith("earthgpt-x.")}
        parts = {
            p: {k.removeprefix(p + "."): v for k, v in found.items() if k.startswith(p + ".")} or None
            for p in ("vit", "sae", "hyb", "lite", "cnx")
        }
        plain = {k: found[k] for k in ("views", "view_size", "regions_max", "mean", "std")}
        prompt_dim, width = tensors["pix.fc2.weight"].shape
        return Config(**parts, **plain, width=width, prompt_dim=prompt_dim, **optional(tensors))


def optional(tensors: dict) -> dict:
    """What of the parts that a file may lack these tensors hold, as fields of Config."""
    out = {"sized": "size.weight" in tensors}
    if "pix.map.bias" in tensors:
        out["map_rows"] = len(tensors["pix.map.bias"])
    if "number.fc1.weight" in tensors:
        hidden, seen = tensors["number.fc2.weight"].shape
        rows = len(tensors["number.fc3.bias"]) // tensors["pix.fc2.weight"].shape[1]
        out["number"] = {"seen": seen, "hidden": hidden, "rows": rows}
    return out


class Block(nn.Module):
    """Pre-norm transformer block; with LayerScale in the ViT branch."""

    def __init__(self, dim: int, heads: int, scale: bool) -> None:
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(dim, eps=EPS), nn.LayerNorm(dim, eps=EPS)
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.ls1 = nn.Parameter(torch.full((dim,), 0.1)) if scale else None
        self.ls2 = nn.Parameter(torch.full((dim,), 0.1)) if scale else None
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        b, n, dim = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, dim))
        x = x + (y * self.ls1 if self.ls1 is not None else y)
        y = self.fc2(F.gelu(self.fc1(self.ln2(x))))
        return x + (y * self.ls2 if self.ls2 is not None else y)


class Patches(nn.Module):
    """A convolution of patch x patch with stride patch, as a linear layer on regrouped pixels."""

    def __init__(self, channels: int, dim: int, patch: int) -> None:
        super().__init__()
        conv = nn.Conv2d(channels, dim, patch, patch)
        self.weight, self.bias = conv.weight, conv.bias

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        p = self.weight.shape[-1]
        x = x.reshape(b, c, h // p, p, w // p, p).permute(0, 2, 4, 1, 3, 5).reshape(b, h // p * (w // p), -1)
        return F.linear(x, self.weight.flatten(1), self.bias)


class ViT(nn.Module):
    """[B, channels, v, v] -> tokens [B, (class) + cells, dim] after the last norm."""

    def __init__(
        self, channels: int, dim: int, depth: int, heads: int, patch: int, cells: int, cls: bool, scale: bool
    ) -> None:
        super().__init__()
        self.patch = Patches(channels, dim, patch)
        self.cls = nn.Parameter(torch.zeros(dim)) if cls else None
        self.pos = nn.Parameter(0.02 * torch.randn(cells + cls, dim))
        self.blk = nn.ModuleList(Block(dim, heads, scale) for _ in range(depth))
        self.ln = nn.LayerNorm(dim, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x)
        if self.cls is not None:
            x = torch.cat([self.cls.expand(x.shape[0], 1, -1), x], 1)
        x = x + self.pos
        for block in self.blk:
            x = block(x)
        return self.ln(x)


class LiteBranch(Trunk):
    """EfficientNet-Lite with the norms of its two taps."""

    def __init__(self, lite: dict) -> None:
        super().__init__(lite)
        c16, c32 = (lite["channels"][t - 1] for t in lite["taps"][-2:])
        self.ln16, self.ln32 = nn.LayerNorm(c16, eps=EPS), nn.LayerNorm(c32, eps=EPS)

    def features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(rgb - 127) / 128 [B, 3, v, v] -> f16 [B, c16, v/16, v/16], f32 [B, c32, v/32, v/32]."""
        return tuple(super().forward(x)[-2:])

    def cells(self, f16: Tensor, f32: Tensor) -> Tensor:
        """Normed features of the g x g cells, f32 first: [B, g*g, c32 + c16]."""
        f16 = F.avg_pool2d(f16, 2).flatten(2).transpose(1, 2)
        return torch.cat([self.ln32(f32.flatten(2).transpose(1, 2)), self.ln16(f16)], -1)

    def zoom(self, f16: Tensor, f32: Tensor, weight: Tensor) -> Tensor:
        """z_k [K, c32 + c16] from a close-up's features; weight [K, 1, h16, w16] is the mark's coverage."""
        weight = weight + 1e-3
        mean = (f16 * weight).sum((2, 3)) / weight.sum((2, 3))
        return torch.cat([self.ln32(f32.mean((2, 3))), self.ln16(mean)], -1)


class ConvBlock(nn.Module):
    """ConvNeXt block on [B, C, h, w]."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dw = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.ln = nn.LayerNorm(dim, eps=EPS)
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.gamma = nn.Parameter(torch.full((dim,), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln(self.dw(x).permute(0, 2, 3, 1))
        return x + (self.gamma * self.fc2(F.gelu(self.fc1(y)))).permute(0, 3, 1, 2)


class Down(nn.Module):
    """Stem (conv, then norm) or the step between stages (norm, then conv)."""

    def __init__(self, cin: int, cout: int, stem: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 4 if stem else 2, 4 if stem else 2)
        self.ln, self.stem = nn.LayerNorm(cout if stem else cin, eps=EPS), stem

    def forward(self, x: Tensor) -> Tensor:
        norm = lambda t: self.ln(t.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)  # noqa: E731
        return norm(self.conv(x)) if self.stem else self.conv(norm(x))


class ConvNeXt(nn.Module):
    """Trunk with the head norm on every cell: [B, 3, s, s] -> [B, dims[3], s/32, s/32]."""

    def __init__(self, cnx: dict) -> None:
        super().__init__()
        dims = [3, *cnx["dims"]]
        self.down = nn.ModuleList(Down(a, b, i == 0) for i, (a, b) in enumerate(zip(dims, dims[1:])))
        self.blk = nn.ModuleList(
            nn.ModuleList(ConvBlock(c) for _ in range(n)) for c, n in zip(cnx["dims"], cnx["depths"])
        )
        self.ln = nn.LayerNorm(dims[-1], eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        for down, blocks in zip(self.down, self.blk):
            x = down(x)
            for block in blocks:
                x = block(x)
        return self.ln(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def tokens(self, x: Tensor, grid: int) -> Tensor:
        """Views [B, 3, v, v] in CLIP's normalisation -> [B, 1 + grid*grid, C], the mean of the cells first."""
        x = F.interpolate(x, (16 * grid, 16 * grid), mode="bilinear", align_corners=False)
        x = F.interpolate(self(x), scale_factor=2, mode="nearest").flatten(2).transpose(1, 2)
        return torch.cat([x.mean(1, keepdim=True), x], 1)


class Heads(nn.Module):
    """Attention with separate q, k, v, o of one width."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))
        self.heads = heads

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Queries from x [B, T, d], keys and values from y."""
        q, k, v = (
            p(t).view(*t.shape[:2], self.heads, -1).transpose(1, 2) for p, t in ((self.q, x), (self.k, y), (self.v, y))
        )
        return self.o(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))


class Hybrid(nn.Module):
    """Equations (4) to (7)."""

    def __init__(self, dim: int, heads: int, ffn: int) -> None:
        super().__init__()
        self.ln0, self.ln1, self.ln2, self.ln3, self.ln4 = (nn.LayerNorm(dim, eps=EPS) for _ in range(5))
        self.sa1, self.ca, self.sa2 = (Heads(dim, heads) for _ in range(3))
        self.fc1, self.fc2 = nn.Linear(dim, ffn), nn.Linear(ffn, dim)

    def forward(self, image: Tensor, prompt: Tensor) -> Tensor:
        """[B, T, d_h] each -> [B, T, d_h]."""
        y = self.ln0(image)
        image = image + self.sa1(y, y)
        prompt = prompt + self.fc2(F.gelu(self.fc1(self.ln1(prompt))))
        x = image + self.ca(self.ln2(image), self.ln3(prompt)) + prompt
        y = self.ln4(x)
        return x + self.sa2(y, y)


class Fuse(nn.Linear):
    """Norm and linear layer on the concatenated branches."""

    def __init__(self, cin: int, cout: int) -> None:
        super().__init__(cin, cout)
        self.ln = nn.LayerNorm(cin, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.ln(x))


class SAE(ViT):
    """Prompt encoder; `out` takes it to d_h."""

    def __init__(self, config: Config) -> None:
        s = config.sae
        super().__init__(4, s["dim"], s["depth"], s["heads"], s["patch"], config.grid**2, config.cnx is not None, False)
        self.out = nn.Linear(s["dim"], config.hyb["dim"])

    def forward(self, x: Tensor) -> Tensor:
        return self.out(super().forward(x))


class Project(nn.Module):
    """F_vlp."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.ln, self.fc1, self.fc2 = nn.LayerNorm(dim, eps=EPS), nn.Linear(dim, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(self.ln(x))))


class Number(nn.Module):
    """Vectors that say how many there are: `fc1` reads presence and number of each label from the mean of the CNN
    branch's cells, f32 first, before their norms; the rest puts that into words."""

    def __init__(self, cin: int, seen: int, hidden: int, out: int) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(cin, seen), nn.Linear(seen, hidden), nn.Linear(hidden, out)

    def said(self, seen: Tensor) -> Tensor:
        """[B, out] of what fc1 reads, [B, seen]."""
        return self.fc3(F.gelu(self.fc2(seen)))

    def forward(self, x: Tensor) -> Tensor:
        return self.said(self.fc1(x))


class RegionHead(nn.Module):
    """r_k from [h_k | z_k | g_k]."""

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.ln, self.fc = nn.LayerNorm(dim, eps=EPS), nn.Linear(dim, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.ln(x))


class Pix(nn.Module):
    """R_lp; `map` says what a phrase looks for in the picture's features (ground.phrase_map)."""

    def __init__(self, width: int, out: int, rows: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, width), nn.Linear(width, out)
        self.map = nn.Linear(width, rows) if rows else None

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.relu(self.fc1(x)))

    def asked(self, x: Tensor) -> Tensor:
        """What is looked for, [..., rows], of states [..., width]."""
        return self.map(F.relu(self.fc1(x)))


class Vision(nn.Module):
    """Everything of the file whose name begins with `egx.`."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.config, d, zoom = c, c.hyb["dim"], 0
        v = c.vit
        self.vit = ViT(3, v["dim"], v["depth"], v["heads"], v["patch"], (c.view_size // v["patch"]) ** 2, True, True)
        if c.lite:
            zoom = sum(c.lite["channels"][t - 1] for t in c.lite["taps"][-2:])
            self.lite = LiteBranch(c.lite)
            self.fuse = Fuse(4 * v["dim"] + zoom, d)
        else:
            self.cnx = ConvNeXt(c.cnx)
            self.fuse = Fuse(c.cnx["dims"][-1] + v["dim"], d)
            self.img_start, self.img_end, self.vp_start, self.vp_end = (
                nn.Parameter(torch.randn(c.width)) for _ in range(4)
            )
        self.view = nn.Parameter(0.02 * torch.randn(c.views, d))
        self.sae, self.hyb = SAE(c), Hybrid(d, c.hyb["heads"], c.hyb["ffn"])
        self.proj, self.region = Project(d, c.width), RegionHead(d + zoom + 64, c.width)
        self.pix = Pix(c.width, c.prompt_dim, c.map_rows)
        self.size = nn.Linear(5, c.width) if c.sized else None
        self.number = None
        if c.number:
            self.number = Number(zoom, c.number["seen"], c.number["hidden"], c.number["rows"] * c.width)

    def grid_rows(self, x: Tensor) -> Tensor:
        """Tokens without the class token."""
        return x if self.config.lite else x[:, 1:]

    def merge(self, vit: Tensor, cnn: Tensor) -> Tensor:
        """ViT tokens [V, 1 + cells, c] and CNN cells -> fused [V, n, d_h], without view embeddings."""
        if not self.config.lite:
            return self.fuse(torch.cat([cnn, vit], -1))
        b, n, c = vit.shape
        g = int((n - 1) ** 0.5)
        x = vit[:, 1:].reshape(b, g // 2, 2, g // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(b, g * g // 4, 4 * c)
        return self.fuse(torch.cat([x, cnn], -1))

    def understand(self, fused: Tensor, numbers: list[int], prompt: Tensor) -> Tensor:
        """fused and prompt [V, n, d_h] of the views `numbers` -> hybrid [V, n, d_h]; all views see each other."""
        image = fused + self.view[numbers].unsqueeze(1)
        shape = image.shape
        return self.hyb(image.reshape(1, -1, shape[2]), prompt.reshape(1, -1, shape[2])).view(shape)

    def reduce(self, hybrid: Tensor) -> list[Tensor]:
        """Tokens of each view for the language model: lite averages the sub-views' grids 2x2."""
        if not self.config.lite:
            return list(hybrid)
        g, d = self.config.grid, hybrid.shape[2]
        return [hybrid[0]] + [v.view(g // 2, 2, g // 2, 2, d).mean((1, 3)).reshape(-1, d) for v in hybrid[1:]]

    def regions(self, x: Tensor, size: Tensor) -> Tensor:
        """r_k [K, D] of [h_k | z_k | g_k] and s_k (marks.size_code)."""
        return self.region(x) + self.size(size) if self.size is not None else self.region(x)

    def numbers(self, mean: Tensor) -> Tensor:
        """Vectors [B, rows, D] that say how many there are, of the mean [B, c32 + c16] of view 0's cells; no rows where
        the file has none."""
        if self.number is None:
            return mean.new_zeros(len(mean), 0, self.config.width)
        return self.number(mean).view(len(mean), -1, self.config.width)

    def pool(self, hybrid: Tensor, cover: Tensor) -> Tensor:
        """h_k [K, d_h]; cover [V, K, v, v]."""
        g = self.config.grid
        c = F.avg_pool2d(cover, cover.shape[-1] // g).flatten(2)  # [V, K, g*g]
        total = torch.einsum("vkt,vtd->kd", c, self.grid_rows(hybrid))
        return total / (c.sum((0, 2)).unsqueeze(1) + 1e-6)
