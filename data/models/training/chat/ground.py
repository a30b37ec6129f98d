"""From a prompt vector to a mask by the segmenter's decoder (spec earthgpt-x.md 9)."""

import torch
from torch import Tensor


def low_res(segmenter, encoded: tuple, vectors: Tensor, raster: Tensor) -> Tensor:
    """vectors [N, T, 256] (R_lp's last, a region's tokens before it) and rasters [N, 4g, 4g] (of the region; zeros
    without)
    on one encoded picture -> mask 0 [N, 4g, 4g]."""
    image, s0, s1 = encoded
    absent = torch.zeros(vectors.shape[:2], dtype=torch.bool)
    pos = segmenter.pe.pe_layer.grid(int(image.shape[1] ** 0.5)).to(vectors.dtype)
    return segmenter.dec(image, pos, segmenter.pe.dense(raster), vectors, absent, s0, s1)[0][:, 0]
