#!/usr/bin/env python3
"""Makes the fixtures of the language engine: what PyTorch computes in f32 from weights as the gguf package reads them.

    pip install torch numpy gguf tokenizers
    python3 tests/data/make-llama-fixtures.py small           quants.gguf, llama-*.gguf and llama-*-out.gguf
    python3 tests/data/make-llama-fixtures.py smollm2 FILE    smollm2-parity.gguf from SmolLM2-135M-Instruct.Q4_1.gguf
                                                              (tests/data/fetch-smollm2.py fetches it)

quants.gguf: for each type T a tensor T of random blocks and T.f32. llama-mixed.gguf has every type, grouped heads, an
untied output, scaled and divided positions, an odd vocabulary; llama-tied.gguf is plain. Their -out files: ids, vectors
(spliced in between), logits [n,vocab] and hidden [n,width] of every position, greedy. smollm2-parity.gguf: for
prompt N its ids.N, greedy.N (64), margin.N (best logit minus second), and some of the first step's logits: at.N, logits.N.
"""

import pathlib
import sys

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGMLQuantizationType as T

HERE = pathlib.Path(__file__).resolve().parent
TYPES = [T.F32, T.F16, T.BF16, T.Q4_0, T.Q4_1, T.Q8_0, T.Q4_K, T.Q6_K]
STEPS = 64
PROMPTS = [
    "What is the capital of France?",
    "Write one sentence about the sea.",
    "Count from one to ten in words.",
    "Explain in two sentences what an airport runway is for.",
    "Name three things one may see on a satellite picture of a harbour.",
    "What is 12 plus 30?",
    "Translate 'good morning' into Spanish and German.",
    "Give me a short list of the planets of the solar system.",
    "Why is the sky blue? Answer briefly.",
    "Write a haiku about a river delta.",
]


def random_blocks(rng: np.random.Generator, kind: T, rows: int, cols: int, scale: float) -> np.ndarray:
    """Bytes of a tensor: plain numbers rounded, blocks of random bits whose scales give weights of about `scale`."""
    if kind in (T.F32, T.F16, T.BF16):
        return gguf.quants.quantize((scale * rng.standard_normal((rows, cols))).astype(np.float32), kind)
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    data = rng.integers(0, 256, (rows * cols // elements, size), np.uint8)

    def put(at: int, low: float, high: float) -> None:
        data[:, at:at + 2] = rng.uniform(low, high, (len(data), 1)).astype(np.float16).view(np.uint8)

    if kind == T.Q8_0:
        put(0, scale / 100, scale / 60)
    elif kind == T.Q4_0:
        put(0, -scale / 4, -scale / 6)
    elif kind == T.Q4_1:
        put(0, scale / 6, scale / 4)
        put(2, -scale * 2, -scale * 1.5)
    elif kind == T.Q4_K:
        put(0, scale / 300, scale / 200)
        put(2, scale / 30, scale / 24)
    else:
        data[:, 192:208] = rng.integers(20, 90, (len(data), 16), np.uint8)
        data[::2, 192:208] ^= 0xff
        put(208, scale / 1500, scale / 1200)
    return data.reshape(rows, -1)


class Writer:
    def __init__(self, path: pathlib.Path, arch: str = "llama") -> None:
        self.w = gguf.GGUFWriter(path, arch)

    def raw(self, name: str, data: np.ndarray, kind: T) -> None:
        self.w.add_tensor(name, data, raw_dtype=kind)

    def f32(self, name: str, array) -> None:
        self.w.add_tensor(name, np.ascontiguousarray(np.asarray(array, np.float32)))

    def end(self) -> None:
        self.w.write_header_to_file()
        self.w.write_kv_data_to_file()
        self.w.write_tensors_to_file()
        self.w.close()


class Llama:
    """Spec llama.md section 1, with a cache in f32."""

    def __init__(self, path: pathlib.Path) -> None:
        reader = gguf.GGUFReader(path)
        self.t = {t.name: torch.from_numpy(np.array(gguf.quants.dequantize(t.data, t.tensor_type), np.float32))
                  for t in reader.tensors}
        for t in reader.tensors:
            self.t[t.name] = self.t[t.name].reshape(*reversed([int(n) for n in t.shape]))
        key = {k: f.parts[f.data[0]] for k, f in reader.fields.items() if k.startswith("llama.") and f.data}

        def get(name: str, fallback=None):
            return key["llama." + name][0] if "llama." + name in key else fallback

        self.blocks, self.heads = int(get("block_count")), int(get("attention.head_count"))
        self.kv = int(get("attention.head_count_kv", self.heads))
        self.dim = int(get("attention.key_length", int(get("embedding_length")) // self.heads))
        self.rotary = int(get("rope.dimension_count", self.dim))
        self.eps = float(get("attention.layer_norm_rms_epsilon", 1e-5))
        pairs = torch.arange(0, self.rotary, 2, dtype=torch.float64)
        base, factor = float(get("rope.freq_base", 10000.0)), float(get("rope.scaling.factor", 1))
        self.angle = base ** (-pairs / self.rotary) / factor
        if "rope_freqs.weight" in self.t:
            self.angle = self.angle / self.t["rope_freqs.weight"].double()
        self.cache = [None] * self.blocks

    def rms(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.t[name]

    def rope(self, x: torch.Tensor, first: int) -> torch.Tensor:
        turn = torch.outer(torch.arange(first, first + x.shape[0], dtype=torch.float64), self.angle)
        c, s = turn.cos().float()[:, None], turn.sin().float()[:, None]
        a, b = x[..., 0:self.rotary:2], x[..., 1:self.rotary:2]
        out = x.clone()
        out[..., 0:self.rotary:2], out[..., 1:self.rotary:2] = a * c - b * s, a * s + b * c
        return out

    def attend(self, b: int, y: torch.Tensor) -> torch.Tensor:
        n = y.shape[0]
        q, k, v = (F.linear(y, self.t[f"blk.{b}.attn_{c}.weight"]).view(n, -1, self.dim) for c in "qkv")
        first = 0 if self.cache[b] is None else self.cache[b][0].shape[0]
        q, k = self.rope(q, first), self.rope(k, first)
        if first:
            k, v = torch.cat([self.cache[b][0], k]), torch.cat([self.cache[b][1], v])
        self.cache[b] = (k, v)
        k, v = (c.repeat_interleave(self.heads // self.kv, 1).transpose(0, 1) for c in (k, v))
        score = q.transpose(0, 1) @ k.transpose(1, 2) / self.dim ** 0.5
        hidden = torch.arange(k.shape[1])[None] > torch.arange(first, first + n)[:, None]
        return (score.masked_fill(hidden, float("-inf")).softmax(-1) @ v).transpose(0, 1).reshape(n, -1)

    def embed(self, ids) -> torch.Tensor:
        return self.t["token_embd.weight"][torch.as_tensor(ids)]

    def run(self, x: torch.Tensor) -> torch.Tensor:
        """States after the final norm, of the vectors x that follow what is in the cache."""
        for b in range(self.blocks):
            w = f"blk.{b}."
            x = x + F.linear(self.attend(b, self.rms(x, w + "attn_norm.weight")), self.t[w + "attn_output.weight"])
            y = self.rms(x, w + "ffn_norm.weight")
            y = F.silu(F.linear(y, self.t[w + "ffn_gate.weight"])) * F.linear(y, self.t[w + "ffn_up.weight"])
            x = x + F.linear(y, self.t[w + "ffn_down.weight"])
        return self.rms(x, "output_norm.weight")

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return F.linear(hidden, self.t.get("output.weight", self.t["token_embd.weight"]))


def make_quants() -> None:
    rng, w = np.random.default_rng(1), Writer(HERE / "quants.gguf", "test")
    for kind in TYPES:
        data = random_blocks(rng, kind, 3, 512, 1.0)
        if kind not in (T.F32, T.F16, T.BF16):
            data[2] = rng.integers(0, 256, data.shape[1], np.uint8) & 0xbf  # scales of any size, none of them infinite
        w.raw(kind.name, data, kind)
        w.f32(kind.name + ".f32", gguf.quants.dequantize(data, kind).reshape(3, 512))
    w.end()


MIXED = [
    {"attn_q": T.Q4_0, "attn_k": T.Q4_1, "attn_v": T.Q8_0, "attn_output": T.Q4_1, "ffn_gate": T.Q6_K, "ffn_up": T.Q4_K,
     "ffn_down": T.F16},
    {"attn_q": T.Q4_K, "attn_k": T.Q4_K, "attn_v": T.Q6_K, "attn_output": T.BF16, "ffn_gate": T.Q8_0, "ffn_up": T.Q8_0,
     "ffn_down": T.F32},
]


def make_model(name: str, seed: int, types: list, heads: int, kv: int, dim: int, width: int, ffn: int, vocab: int,
               extra: dict) -> None:
    rng, path = np.random.default_rng(seed), HERE / f"{name}.gguf"
    w = Writer(path)
    w.w.add_name(name)
    w.w.add_block_count(len(types))
    w.w.add_embedding_length(width)
    w.w.add_feed_forward_length(ffn)
    w.w.add_context_length(96)
    w.w.add_head_count(heads)
    w.w.add_layer_norm_rms_eps(1e-5)
    if kv != heads:
        w.w.add_head_count_kv(kv)
    if dim * heads != width:
        w.w.add_key_length(dim)
        w.w.add_value_length(dim)
    for key, value in extra.items():
        (w.w.add_string if isinstance(value, str) else w.w.add_uint32 if isinstance(value, int) else w.w.add_float32)(
            key, value)
    rotary = extra.get("llama.rope.dimension_count", dim)
    if "llama.rope.scaling.type" in extra:
        w.f32("rope_freqs.weight", rng.uniform(0.8, 3.0, rotary // 2))
    shapes = {"attn_q": (heads * dim, width), "attn_k": (kv * dim, width), "attn_v": (kv * dim, width),
              "attn_output": (width, heads * dim), "ffn_gate": (ffn, width), "ffn_up": (ffn, width),
              "ffn_down": (width, ffn)}
    kind = types[0]["embd"] if "embd" in types[0] else T.Q8_0
    w.raw("token_embd.weight", random_blocks(rng, kind, vocab, width, 1.0), kind)
    if "output" in types[0]:
        w.raw("output.weight", random_blocks(rng, types[0]["output"], vocab, width, 0.2), types[0]["output"])
    w.f32("output_norm.weight", rng.uniform(0.5, 1.5, width))
    for b, kinds in enumerate(types):
        for what, (out, inner) in shapes.items():
            data = random_blocks(rng, kinds[what], out, inner, 0.6 * inner ** -0.5)
            w.raw(f"blk.{b}.{what}.weight", data, kinds[what])
        for norm in ("attn_norm", "ffn_norm"):
            w.f32(f"blk.{b}.{norm}.weight", rng.uniform(0.5, 1.5, width))
    w.end()
    write_reference(path, rng, vocab, width)


def write_reference(path: pathlib.Path, rng: np.random.Generator, vocab: int, width: int) -> None:
    """ids 0..6, two vectors, ids 7..18, then 12 greedy steps."""
    ids, vectors = rng.integers(0, vocab, 19), rng.standard_normal((2, width)).astype(np.float32)
    m = Llama(path)
    hidden = m.run(torch.cat([m.embed(ids[:7]), torch.from_numpy(vectors), m.embed(ids[7:])]))
    logits, greedy = m.logits(hidden), []
    last = logits[-1]
    for _ in range(12):
        greedy.append(int(last.argmax()))
        last = m.logits(m.run(m.embed(greedy[-1:])))[-1]
    out = Writer(path.with_name(path.stem + "-out.gguf"), "test")
    for name, array in {"ids": ids, "vectors": vectors, "logits": logits, "hidden": hidden, "greedy": greedy,
                        "last": last}.items():
        out.f32(name, array)
    out.end()


def make_small() -> None:
    make_quants()
    mixed = [dict(MIXED[0], embd=T.Q8_0, output=T.Q6_K), MIXED[1]]
    make_model("llama-mixed", 2, mixed, 6, 2, 32, 256, 256, 67,
               {"llama.rope.freq_base": 5000.0, "llama.rope.dimension_count": 24, "llama.rope.scaling.type": "linear",
                "llama.rope.scaling.factor": 2.5})
    plain = {what: T.Q4_1 for what in MIXED[0]}
    make_model("llama-tied", 3, [dict(plain, embd=T.Q4_0), plain, plain], 3, 3, 32, 96, 160, 130, {})


def tokenizer_of(path: str):
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    fields = gguf.GGUFReader(path).fields

    def texts(key: str) -> list:
        f = fields[key]
        return [bytes(f.parts[i]).decode() for i in f.data]

    tokens = texts("tokenizer.ggml.tokens")
    merges = [tuple(m.split(" ")) for m in texts("tokenizer.ggml.merges")]
    t = Tokenizer(models.BPE({text: i for i, text in enumerate(tokens)}, merges))
    t.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\p{N}"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.decoder = decoders.ByteLevel()
    return t


def chat_ids(t, question: str) -> list:
    system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

    def enc(text: str) -> list:
        return t.encode(text).ids

    return ([1] + enc(f"system\n{system}") + [2] + enc("\n") + [1] + enc(f"user\n{question}") + [2] + enc("\n") + [1] +
            enc("assistant\n"))


def make_parity(path: str) -> None:
    m, t = Llama(pathlib.Path(path)), tokenizer_of(path)
    out = Writer(HERE / "smollm2-parity.gguf", "test")
    for n, question in enumerate(PROMPTS):
        ids, greedy, margins = chat_ids(t, question), [], []
        m.cache = [None] * m.blocks
        logits = m.logits(m.run(m.embed(ids))[-1:])[0]
        at = np.unique(np.concatenate([logits.topk(64).indices.numpy(), np.arange(n, len(logits), 16)]))
        out.f32(f"ids.{n}", ids)
        out.f32(f"at.{n}", at)
        out.f32(f"logits.{n}", logits[torch.from_numpy(at)])
        for _ in range(STEPS):
            best = logits.topk(2).values
            greedy.append(int(logits.argmax()))
            margins.append(float(best[0] - best[1]))
            logits = m.logits(m.run(m.embed(greedy[-1:])))[0]
        out.f32(f"greedy.{n}", greedy)
        out.f32(f"margin.{n}", margins)
        print(n, len(ids), repr(t.decode(greedy)), flush=True)
    out.end()


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        if sys.argv[1:2] == ["small"]:
            make_small()
        elif sys.argv[1:2] == ["smollm2"]:
            make_parity(sys.argv[2])
        else:
            sys.exit(__doc__)
