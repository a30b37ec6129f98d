"""MobileSAM's TinyViT-5M encoder, with batch norms folded, under the names of the GGUF contract.

`Segmenter(TinyViT(), skips=False)` is the whole MobileSAM; fixtures for the engine are made from it with random
weights. Sizes of the real thing by default; smaller ones serve for quick tests.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model import LayerNorm2d

DIMS, DEPTHS, HEADS, WINDOWS = [64, 128, 160, 320], [2, 2, 6, 2], [2, 4, 5, 10], [7, 7, 14, 7]


def conv(cin: int, cout: int, k: int = 1, s: int = 1, groups: int = 1) -> nn.Conv2d:
    """Convolution with the bias that its folded batch norm left."""
    return nn.Conv2d(cin, cout, k, s, k // 2, groups=groups)


class MBConv(nn.Module):
    """Inverted bottleneck with GELU, x4, residual before the last GELU."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv(dim, 4 * dim), conv(4 * dim, 4 * dim, 3, groups=4 * dim)
        self.conv3 = conv(4 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x + self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x))))))


class Merging(nn.Module):
    """Patch merging: 1x1, depthwise 3x3 with the stride, 1x1."""

    def __init__(self, cin: int, cout: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = conv(cin, cout), conv(cout, cout, 3, stride, cout), conv(cout, cout)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x)))))


class WindowAttention(nn.Module):
    """Attention inside w x w windows with a table of |dy|, |dx| biases; q, k, v interleaved by head."""

    def __init__(self, dim: int, heads: int, window: int) -> None:
        super().__init__()
        self.norm, self.qkv, self.proj = nn.LayerNorm(dim, eps=1e-5), nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.attention_biases = nn.Parameter(torch.zeros(heads, window * window))
        y, x = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
        y, x = y.flatten(), x.flatten()
        index = (y[:, None] - y).abs() * window + (x[:, None] - x).abs()
        self.register_buffer("index", index, persistent=False)
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        """[windows, w*w, dim] -> the same shape."""
        n, t, dim = x.shape
        q, k, v = self.qkv(self.norm(x)).view(n, t, self.heads, 3, dim // self.heads).permute(3, 0, 2, 1, 4)
        logits = q @ k.transpose(-1, -2) * (dim // self.heads) ** -0.5 + self.attention_biases[:, self.index]
        return self.proj((logits.softmax(-1) @ v).transpose(1, 2).reshape(n, t, dim))


class FeedForward(nn.Module):
    """Norm, x4, GELU."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm, self.fc1, self.fc2 = nn.LayerNorm(dim, eps=1e-5), nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(self.norm(x))))


class VitBlock(nn.Module):
    """Window attention (zeros padded before the norm), depthwise 3x3, feed-forward."""

    def __init__(self, dim: int, heads: int, window: int) -> None:
        super().__init__()
        self.attn, self.mlp = WindowAttention(dim, heads, window), FeedForward(dim)
        self.local_conv = conv(dim, dim, 3, 1, dim)
        self.window = window

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> the same shape."""
        b, c, h, w = x.shape
        s = self.window
        y = F.pad(x, (0, -w % s, 0, -h % s))
        rows, columns = y.shape[2] // s, y.shape[3] // s
        y = y.view(b, c, rows, s, columns, s).permute(0, 2, 4, 3, 5, 1).reshape(-1, s * s, c)
        y = self.attn(y).view(b, rows, columns, s, s, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, rows * s, columns * s)
        x = self.local_conv(x + y[:, :, :h, :w])
        return x + self.mlp(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Stage(nn.Module):
    """Blocks and the merging to the next stage's width."""

    def __init__(self, i: int, dims: list, depths: list, heads: list, windows: list) -> None:
        super().__init__()
        make = (lambda: MBConv(dims[0])) if i == 0 else (lambda: VitBlock(dims[i], heads[i], windows[i]))
        self.blocks = nn.Sequential(*[make() for _ in range(depths[i])])
        self.downsample = Merging(dims[i], dims[i + 1], 1 if i == 2 else 2) if i < 3 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.downsample(self.blocks(x))


class PatchEmbed(nn.Module):
    """Two strided 3x3 convolutions."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.seq = nn.Sequential(conv(3, dim // 2, 3, 2), nn.GELU(), conv(dim // 2, dim, 3, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.seq(x)


class TinyViT(nn.Module):
    """[B, 3, S, S] -> [B, 256, S/16, S/16]."""

    def __init__(self, dims: list = DIMS, depths: list = DEPTHS, heads: list = HEADS, windows: list = WINDOWS) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(dims[0])
        self.layers = nn.Sequential(*[Stage(i, dims, depths, heads, windows) for i in range(4)])
        self.neck = nn.Sequential(nn.Conv2d(dims[3], 256, 1, bias=False), LayerNorm2d(256),
                                  nn.Conv2d(256, 256, 3, padding=1, bias=False), LayerNorm2d(256))

    def forward(self, x: Tensor) -> Tensor:
        return self.neck(self.layers(self.patch_embed(x)))
