"""From the state at `<pix>` to a mask: by the segmenter's decoder (spec earthgpt-x.md 9), or as a map (CONTRACT.md)."""

import torch
import torch.nn.functional as F
from torch import Tensor

EPS = 1e-6  # of the norm of what a map is made of
WIDTHS = (256, 64, 32)  # of the segmenter's features: embedding, skip at 1/8, skip at 1/4


def low_res(segmenter, encoded: tuple, vectors: Tensor, raster: Tensor) -> Tensor:
    """vectors [N, T, 256] (R_lp's last, a region's tokens before it) and rasters [N, 4g, 4g] (of the region; zeros
    without)
    on one encoded picture -> mask 0 [N, 4g, 4g]."""
    image, s0, s1 = encoded
    absent = torch.zeros(vectors.shape[:2], dtype=torch.bool)
    pos = segmenter.pe.pe_layer.grid(int(image.shape[1] ** 0.5)).to(vectors.dtype)
    return segmenter.dec(image, pos, segmenter.pe.dense(raster), vectors, absent, s0, s1)[0][:, 0]


def spread(x: Tensor) -> Tensor:
    """A skip in the decoder's layout [B, g*g, k*k, C] as [B, (kg)*(kg), C]."""
    x = x.flatten(2, -2)
    b, cells, parts, c = x.shape
    g, k = int(cells**0.5), int(parts**0.5)
    return x.view(b, g, g, k, k, c).permute(0, 1, 3, 2, 4, 5).reshape(b, cells * parts, c)


def normed(parts: list[Tensor]) -> list[Tensor]:
    """Features [B, cells, C], each cell normed."""
    return [F.layer_norm(x, x.shape[-1:], eps=EPS) for x in parts]


def layers(fused: Tensor, encoded: tuple) -> list[Tensor]:
    """What a map is made of: view 0's fused tokens [B, n, d], the segmenter's embedding and its skips."""
    image, s0, s1 = encoded
    return normed([fused, image, spread(s1), spread(s0)])


def phrase_map(asked: Tensor, parts: list[Tensor], side: int) -> Tensor:
    """Logits [B, side, side] of what is asked for [B, rows]: each part's own logits, grown bilinearly, and the last
    row."""
    out, at = asked[:, -1][:, None, None], 0
    for x in parts:
        g, c = int(x.shape[1] ** 0.5), x.shape[2]
        own = torch.einsum("bc,btc->bt", asked[:, at : at + c], x).view(-1, 1, g, g)
        out, at = out + F.interpolate(own, (side, side), mode="bilinear", align_corners=False)[:, 0], at + c
    return out
