"""Llama-family decoder (spec llama.md 1) whose parameter names are GGUF's, with a shared prefix for packed turns."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """Scale by the root mean square, in f32."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], self.weight, self.eps)


def rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Adjacent pairs of [B, h, T, hd] turned by angles [B, 1, T, hd/2]."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


class Layer(nn.Module):
    """One decoder block."""

    def __init__(self, dim: int, heads: int, kv: int, ffn: int, eps: float) -> None:
        super().__init__()
        hd = dim // heads
        self.heads, self.kv = heads, kv
        self.attn_norm, self.ffn_norm = RMSNorm(dim, eps), RMSNorm(dim, eps)
        self.attn_q, self.attn_output = nn.Linear(dim, dim, False), nn.Linear(dim, dim, False)
        self.attn_k, self.attn_v = nn.Linear(dim, kv * hd, False), nn.Linear(dim, kv * hd, False)
        self.ffn_gate, self.ffn_up = nn.Linear(dim, ffn, False), nn.Linear(dim, ffn, False)
        self.ffn_down = nn.Linear(ffn, dim, False)

    def forward(self, x: Tensor, turn: tuple, mask: Tensor | None, cache: list | None) -> Tensor:
        b, n, dim = x.shape
        y = self.attn_norm(x)
        q = rope(self.attn_q(y).view(b, n, self.heads, -1).transpose(1, 2), *turn)
        k = rope(self.attn_k(y).view(b, n, self.kv, -1).transpose(1, 2), *turn)
        v = self.attn_v(y).view(b, n, self.kv, -1).transpose(1, 2)
        if cache is not None:
            k, v = (torch.cat([old, new], 2) for old, new in zip(cache, (k, v))) if cache else (k, v)
            cache[:] = [k, v]
        k, v = (t.repeat_interleave(self.heads // self.kv, 1) for t in (k, v))
        if mask is None and n > 1:
            mask = torch.ones(n, k.shape[2], dtype=torch.bool).tril(k.shape[2] - n)
        y = F.scaled_dot_product_attention(q, k, v, mask)
        x = x + self.attn_output(y.transpose(1, 2).reshape(b, n, dim))
        y = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))


class Llama(nn.Module):
    """The decoder; `meta` holds the `llama.*` keys."""

    def __init__(self, meta: dict) -> None:
        super().__init__()
        get = lambda key: meta["llama." + key]  # noqa: E731
        self.dim, heads = get("embedding_length"), get("attention.head_count")
        self.base, self.hd = meta.get("llama.rope.freq_base", 10000.0), self.dim // heads
        eps = get("attention.layer_norm_rms_epsilon")
        self.token_embd = nn.Embedding(get("vocab_size"), self.dim)
        self.blk = nn.ModuleList(
            Layer(self.dim, heads, get("attention.head_count_kv"), get("feed_forward_length"), eps)
            for _ in range(get("block_count"))
        )
        self.output_norm = RMSNorm(self.dim, eps)
        self.output = nn.Linear(self.dim, get("vocab_size"), False) if meta.get("untied") else None

    def forward(
        self, x: Tensor, positions: Tensor | None = None, mask: Tensor | None = None, cache: list | None = None
    ) -> Tensor:
        """Embeddings [B, T, D] at `positions` [B, T] -> final-normed states [B, T, D]. `mask` bool [B, 1, T, T] says
        what
        may be seen (default causal); `cache` is a list of one list a block, filled and extended in place."""
        if positions is None:
            start = cache[0][0].shape[2] if cache and cache[0] else 0
            positions = torch.arange(start, start + x.shape[1]).unsqueeze(0)
        rates = self.base ** (-torch.arange(0, self.hd, 2, dtype=torch.float32) / self.hd)
        angle = (positions.unsqueeze(-1).float() * rates).unsqueeze(1)
        turn = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        for i, layer in enumerate(self.blk):
            x = layer(x, turn, mask, cache[i] if cache is not None else None)
        return self.output_norm(x)

    def logits(self, states: Tensor) -> Tensor:
        """[.., D] -> [.., vocabulary]."""
        return F.linear(states, (self.output or self.token_embd).weight)


def initialise(model: Llama, generator: torch.Generator) -> None:
    """Random weights for tests: matrices with spread 1/sqrt(inputs), embeddings of unit spread."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 1:
                p.copy_(1 + 0.2 * torch.randn(p.shape, generator=generator))
            else:
                p.copy_(torch.randn(p.shape, generator=generator) / math.sqrt(1 if "embd" in name else p.shape[1]))
