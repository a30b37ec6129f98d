"""Train the starter chat model on cached features: python tune.py STAGE --work WORK --cache CACHE --minutes M;
resumes by itself.

STAGE words: vision vectors learn to lie where the words of scene, labels and captions lie in the language model's
embedding table (no language model runs). STAGE mix: instruction tuning through the language model, whose self-attention
learns by low-rank updates that are merged at export; vision, new rows and updates learn together. The CNN branch is
frozen
and cached; the ViT branch is off (its last norm is zero) until `distil` has trained it.
"""

import argparse
import json
import math
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import vision as V
from features import LITE, branch
from llama import Llama, rope
from sequences import Source, collate
from store import Store, default_data
from tokenizer import ADDED, Tokenizer

RANK, SCALE, FIRST = 32, 2.0, 12  # updates of rank RANK, in the blocks from FIRST on
UPDATED = ("attn_q", "attn_v", "attn_output")
BESIDE = 0.15  # weight of the loss of STAGE words in STAGE mix
LONG = ("caption", "detailed", "region", "region_detailed", "relation", "grounded")  # share of right tokens, else exact
CONFIG = {"lite": LITE}


class LowRank(nn.Module):
    """A learnt update of rank RANK of a frozen [out, in] matrix."""

    def __init__(self, out: int, inner: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(RANK, inner) / math.sqrt(inner))
        self.b = nn.Parameter(torch.zeros(out, RANK))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.linear(x, self.a.to(x.dtype)), self.b.to(x.dtype) * SCALE)


class Block(nn.Module):
    """A decoder block in bf16 whose matrices are frozen and joined (q, k, v and gate, up), with or without updates."""

    def __init__(self, layer, learns: bool) -> None:
        super().__init__()
        self.heads, self.kv = layer.heads, layer.kv
        self.attn_norm, self.ffn_norm = layer.attn_norm, layer.ffn_norm
        keep = lambda *parts: torch.cat([getattr(layer, p).weight.data for p in parts])  # noqa: E731
        self.qkv, self.out = keep("attn_q", "attn_k", "attn_v"), keep("attn_output")
        self.wide, self.down = keep("ffn_gate", "ffn_up"), keep("ffn_down")
        dim, kv = self.out.shape[0], layer.attn_k.weight.shape[0]
        sizes = {"attn_q": dim, "attn_v": kv, "attn_output": dim}
        self.update = nn.ModuleDict({n: LowRank(sizes[n], dim) for n in UPDATED} if learns else {})

    def forward(self, x: Tensor, turn: tuple, bias: Tensor) -> Tensor:
        """Plain products: quicker backwards than the fused attention kernel on CPUs; bias [B, 1, T, T]."""
        b, n, dim = x.shape
        y = self.attn_norm(x)
        q, k, v = F.linear(y, self.qkv).split([dim, (self.qkv.shape[0] - dim) // 2, (self.qkv.shape[0] - dim) // 2], -1)
        if self.update:
            q, v = q + self.update["attn_q"](y), v + self.update["attn_v"](y)
        q = rope(q.view(b, n, self.heads, -1).transpose(1, 2), *turn)
        k = rope(k.view(b, n, self.kv, -1).transpose(1, 2), *turn)
        group = self.heads // self.kv
        q = (q * q.shape[-1] ** -0.5).reshape(b * self.kv, group * n, -1)
        k = k.reshape(b * self.kv, n, -1)
        v = v.reshape(b, n, self.kv, -1).transpose(1, 2).reshape(b * self.kv, n, -1)
        s = torch.bmm(q, k.transpose(1, 2)).view(b, self.heads, n, n) + bias
        y = torch.bmm(s.softmax(-1).view(b * self.kv, group * n, n), v)
        y = y.view(b, self.heads, n, -1).transpose(1, 2).reshape(b, n, dim)
        x = x + F.linear(y, self.out)
        if self.update:
            x = x + self.update["attn_output"](y)
        gate, up = F.linear(self.ffn_norm(x), self.wide).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, self.down)


class Language(nn.Module):
    """The frozen decoder in bf16 with low-rank updates of its attention and f32 rows for the added tokens."""

    def __init__(self, base: dict) -> None:
        super().__init__()
        meta, weights = base["meta"], base["weights"]
        self.weights = weights
        model = Llama(meta)
        model.load_state_dict(weights)
        model = model.to(torch.bfloat16).requires_grad_(False)
        self.base, self.hd, self.output_norm = model.base, model.hd, model.output_norm
        self.old = model.token_embd.weight.data[: -len(ADDED)]
        self.blk = nn.ModuleList(Block(layer, i >= FIRST) for i, layer in enumerate(model.blk))
        self.rows = nn.Parameter(weights["token_embd.weight"][-len(ADDED) :].clone())

    def table(self) -> Tensor:
        """Embedding and output matrix, bf16."""
        return torch.cat([self.old, self.rows.to(torch.bfloat16)])

    def forward(self, x: Tensor, positions: Tensor, bias: Tensor) -> Tensor:
        rates = self.base ** (-torch.arange(0, self.hd, 2, dtype=torch.float32) / self.hd)
        angle = (positions.unsqueeze(-1).float() * rates).unsqueeze(1)
        turn = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        for block in self.blk:
            x = block(x, turn, bias)
        return self.output_norm(x)

    def merged(self) -> dict[str, Tensor]:
        """State dict of the plain decoder, f32."""
        out = dict(self.weights)
        for i, block in enumerate(self.blk):
            for name, u in block.update.items():
                out[f"blk.{i}.{name}.weight"] = out[f"blk.{i}.{name}.weight"] + SCALE * (u.b @ u.a).detach()
        old = out["token_embd.weight"][: -len(ADDED)]
        return out | {"token_embd.weight": torch.cat([old, self.rows.detach()])}


def fresh_vision(norm: float) -> V.Vision:
    """Random vision side whose vectors have about the length of a word's, with the ViT branch switched off."""
    torch.manual_seed(11)
    model = V.Vision(V.Config(**CONFIG))
    with torch.no_grad():
        model.vit.ln.weight.zero_()
        model.vit.ln.bias.zero_()
        model.proj.fc2.weight.mul_(norm / (0.33 * 576**0.5))
        model.region.fc.weight.mul_(norm / (0.58 * 576**0.5))
    for part in (model.vit, model.lite):
        part.requires_grad_(False)
    for part in (model.lite.ln16, model.lite.ln32):
        part.requires_grad_(True)
    return model


def look(v: V.Vision, batch: dict) -> tuple[Tensor, Tensor]:
    """Image vectors [B, 64, D] and region vectors [K, D] from cached features."""
    cells = batch["cells"].float()
    cnn = torch.cat([v.lite.ln32(cells[..., :352]), v.lite.ln16(cells[..., 352:])], -1)
    empty = cnn.new_zeros(*cnn.shape[:2], 4 * v.config.vit["dim"])
    with torch.autocast("cpu", torch.bfloat16):
        fused = v.fuse(torch.cat([empty, cnn], -1)) + v.view[0]
        hybrid = v.hyb(fused, v.sae(batch["raster"]))
        image = v.proj(hybrid)
    zoom = batch["zoom"].float()
    if not len(zoom):
        return image.float(), image.new_zeros(0, image.shape[2])
    c = batch["cover"]
    h = torch.einsum("kt,ktd->kd", c, hybrid.float()[batch["owner"]]) / (c.sum(1, keepdim=True) + 1e-6)
    z = torch.cat([v.lite.ln32(zoom[:, :352]), v.lite.ln16(zoom[:, 352:])], -1)
    return image.float(), v.region(torch.cat([h, z, batch["code"]], 1))


class Words:
    """Targets of STAGE words: directions of names and of captions' words in the embedding table."""

    def __init__(self, source: Source, table: Tensor) -> None:
        self.source, self.tokenizer = source, source.tokenizer
        self.centre = table[: -len(ADDED)].mean(0)
        store = source.store
        self.scenes = sorted({(p.source, p.scene) for p in store.pictures if p.scene})
        self.labels = sorted({b[0] for p in store.pictures for b in p.boxes})
        direct = lambda text: table[self.tokenizer.encode(" " + text)].mean(0) - self.centre  # noqa: E731
        self.scene = F.normalize(torch.stack([direct(s) for _, s in self.scenes]), dim=1)
        self.label = F.normalize(torch.stack([direct(s) for s in self.labels]), dim=1)
        stop = {
            x
            for w in (" a", " the", " are", " is", " in", " of", " and", " with", ".", " some", " many", " to", " on")
            for x in self.tokenizer.encode(w)
        }
        said = {
            x for i in source.done for c in source.author.captions.get(i, []) for x in self.tokenizer.encode(" " + c)
        }
        self.words = sorted(said - stop)
        self.index = {w: n for n, w in enumerate(self.words)}
        self.word = F.normalize(table[self.words] - self.centre, dim=1)

    def loss(self, items: list[dict], image: Tensor, region: Tensor) -> tuple[Tensor, dict]:
        store, shown = self.source.store, {}
        pooled = F.normalize(image.mean(1) - self.centre, dim=1)
        pictures = [store.pictures[i["sample"].picture] for i in items]
        loss = 0.02 * (image.norm(dim=2).mean() - 2.9) ** 2
        at = [n for n, p in enumerate(pictures) if p.scene]
        if at:
            logits = 16 * pooled[at] @ self.scene.T
            own = torch.tensor([s == pictures[n].source for n in at for s, _ in self.scenes]).view(len(at), -1)
            logits = logits.masked_fill(~own, -1e4)
            true = torch.tensor([self.scenes.index((pictures[n].source, pictures[n].scene)) for n in at])
            loss = loss + F.cross_entropy(logits, true)
            shown["scene"] = (logits.argmax(1) == true).float().mean().item()
        said = [
            (
                n,
                {
                    self.index[x]
                    for c in self.source.author.captions.get(i["sample"].picture, [])
                    for x in self.tokenizer.encode(" " + c)
                    if x in self.index
                },
            )
            for n, i in enumerate(items)
        ]
        said = [(n, sorted(w)) for n, w in said if w]
        if said:
            target = torch.zeros(len(said), len(self.words))
            for row, (_, w) in enumerate(said):
                target[row, w] = 1 / len(w)
            loss = loss + 0.5 * F.cross_entropy(16 * pooled[[n for n, _ in said]] @ self.word.T, target)
        if len(region):
            labels = [pictures[n].boxes[o][0] for n, i in enumerate(items) for o in i["sample"].objects]
            true = torch.tensor([self.labels.index(x) for x in labels])
            logits = 16 * F.normalize(region - self.centre, dim=1) @ self.label.T
            loss = loss + F.cross_entropy(logits, true) + 0.02 * (region.norm(dim=1).mean() - 2.9) ** 2
            shown["region"] = (logits.argmax(1) == true).float().mean().item()
        return loss, shown


class Run:
    """Weights, optimiser and state of a run."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.pending: list = []
        self.args, self.path = args, getattr(args, "checkpoint", None) or os.path.join(args.work, "chat.pt")
        self.base = torch.load(os.path.join(args.work, "base.pt"), weights_only=False)
        self.vision = fresh_vision(2.9)
        self.language = Language(self.base) if args.stage == "mix" else None
        saved = torch.load(self.path, weights_only=False) if os.path.exists(self.path) else None
        self.state = saved["state"] if saved else {"stages": {}}
        if saved:
            self.vision.load_state_dict(saved["vision"])
        frozen = branch(torch.float32).state_dict()
        self.vision.lite.load_state_dict({k: v for k, v in frozen.items() if not k.startswith("ln")}, strict=False)
        if saved and self.language and saved["language"]:
            self.language.load_state_dict(saved["language"], strict=False)
        self.kept = saved.get("language") if saved else None
        if args.stage == "mix" and args.frozen:
            self.vision.requires_grad_(False)
        groups = [{"params": [p for p in self.vision.parameters() if p.requires_grad], "scale": 1.0}]
        if self.language:
            groups.append({"params": [p for p in self.language.parameters() if p.requires_grad], "scale": args.ratio})
        self.optimiser = torch.optim.AdamW(groups, lr=args.rate, betas=(0.9, 0.98), weight_decay=0.01, foreach=True)
        if saved and saved.get("stage") == args.stage and not getattr(args, "fresh", False):
            self.optimiser.load_state_dict(saved["optimiser"])
        self.tokenizer = Tokenizer(self.base["meta"])
        if getattr(args, "bare", False):
            return
        done = self.state["stages"].get(args.stage, {}).get("steps", 0)
        self.source = Source(Store(args.cache), args.work, args.data, self.tokenizer, args.seed * 1000 + done)

    def save(self) -> None:
        """Checkpoint by rename."""
        language = self.kept
        if self.language:
            language = {k: v for k, v in self.language.state_dict().items() if k.endswith((".a", ".b", "rows"))}
        torch.save(
            {
                "vision": self.vision.state_dict(),
                "language": language,
                "optimiser": self.optimiser.state_dict(),
                "state": self.state,
                "stage": self.args.stage,
            },
            self.path + ".part",
        )
        os.replace(self.path + ".part", self.path)

    def step(self, loss: Tensor, rate: float) -> float:
        """One update; returns the gradient's norm."""
        loss.backward()
        norm = nn.utils.clip_grad_norm_([p for g in self.optimiser.param_groups for p in g["params"]], 1.0)
        for g in self.optimiser.param_groups:
            g["lr"] = rate * g["scale"]
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(norm)


def words_step(run: Run, words: Words) -> tuple[Tensor, dict]:
    """Loss of one batch of STAGE words."""
    items = []
    for _ in range(run.args.batch):
        i = run.source.draw()
        sample = run.source.author.sample(i, 1, run.source.marks.get(i, []))
        items.append(
            run.source.seen(i, sample.regions)
            | {"sample": sample, "ids": [0], "targets": [-1], "weights": [0.0], "segments": [0], "positions": [0]}
        )
    return words.loss(items, *look(run.vision, collate(items, 1)))


def splice(run: Run, batch: dict, image: Tensor, region: Tensor, table: Tensor) -> Tensor:
    """Embeddings [B, T, D], bf16."""
    x, ids = F.embedding(batch["ids"], table), batch["ids"]
    x = x.masked_scatter((ids == run.tokenizer.find("<imgpad>")).unsqueeze(2), image.to(x.dtype))
    return (
        x.masked_scatter((ids == run.tokenizer.find("<vppad>")).unsqueeze(2), region.to(x.dtype)) if len(region) else x
    )


def mix_step(run: Run, words: Words) -> tuple[Tensor, dict]:
    """Loss of one batch of STAGE mix; the loss of STAGE words goes along, for the vectors are there anyway."""
    if not run.pending:  # batches of like lengths
        found = sorted(
            (run.source.item(run.args.turns) for _ in range(4 * run.args.batch)), key=lambda i: len(i["ids"])
        )
        run.pending = [found[n * run.args.batch : (n + 1) * run.args.batch] for n in run.source.rng.permutation(4)]
    items = run.pending.pop()
    batch = collate(items, 16)
    image, region = look(run.vision, batch)
    beside, shown = words.loss(items, image, region) if not run.args.frozen else (0.0, {})
    shown = {f"words {k}": v for k, v in shown.items()}
    table = run.language.table()
    # the added rows learn as outputs; as inputs they would take the gradient through all blocks
    x = splice(run, batch, image, region, table.detach() if run.args.frozen else table)
    states = run.language(x, batch["positions"], batch["bias"])
    at = batch["targets"] >= 0
    logits = F.linear(states[at], table).float()
    loss = F.cross_entropy(logits, batch["targets"][at], reduction="none")
    weights = batch["weights"][at]
    right, n, tasks = logits.argmax(1) == batch["targets"][at], 0, {}
    for item in items:
        for turn in item["sample"].turns:
            size = len(run.tokenizer.compose(turn.answer)) + 1
            tasks.setdefault(turn.task, []).append(
                right[n : n + size].float().mean().item() if turn.task in LONG else float(right[n : n + size].all())
            )
            n += size
    shown |= {k: float(np.mean(v)) for k, v in tasks.items()} | {"length": batch["ids"].shape[1]}
    text = (loss * weights).sum() / weights.sum()
    return text + BESIDE * beside, shown | {"text": text.item()}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=["words", "mix"])
    parser.add_argument("--work", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument(
        "--ratio", type=float, default=1.0, help="rate of the language model's parts over the vision side's"
    )
    parser.add_argument(
        "--frozen", action="store_true", help="STAGE mix: the vision side stays as it is, which is quicker"
    )
    parser.add_argument("--fresh", action="store_true", help="begin with a new optimiser state")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2_threads()
    run = Run(args)
    words = Words(run.source, run.base["weights"]["token_embd.weight"])
    begin, saved, means = time.time(), time.time(), {}
    mine = run.state["stages"].setdefault(args.stage, {"steps": 0, "samples": 0, "seconds": 0.0})
    local, spent = 0, mine["seconds"]
    while time.time() - begin < args.minutes * 60:
        done = (time.time() - begin) / (args.minutes * 60)
        rate = args.rate * min(1.0, (local + 1) / 30) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))
        loss, shown = (words_step if args.stage == "words" else mix_step)(run, words)
        shown["loss"] = loss.item()
        shown["norm"] = run.step(loss, rate)
        local += 1
        mine["steps"], mine["samples"] = mine["steps"] + 1, mine["samples"] + args.batch
        mine["seconds"] = spent + time.time() - begin
        for k, v in shown.items():
            means[k] = means.get(k, v) * 0.95 + v * 0.05
        if local % 10 == 0:
            print(
                json.dumps(
                    {
                        "step": mine["steps"],
                        "s": round(time.time() - begin),
                        "cpu": round(time.process_time()),
                        **{k: round(v, 3) for k, v in means.items()},
                    }
                ),
                flush=True,
            )
        if time.time() - saved > 180:
            run.save()
            saved = time.time()
    run.save()


def cv2_threads() -> None:
    """One thread for OpenCV too."""
    import cv2

    cv2.setNumThreads(1)


if __name__ == "__main__":
    main()
