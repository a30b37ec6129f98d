"""Byte-level BPE from GGUF metadata (spec llama.md 5), new control rows, and pruning of the vocabulary."""

import functools
import unicodedata

CONTROL, NORMAL = 3, 1
ADDED = ["<img>", "</img>", "<vp>", "</vp>", "<pix>", "<p>", "</p>", "<imgpad>", "<vppad>"] + [
    f"<reserved_{i}>" for i in range(23)
]


def byte_characters() -> dict[int, str]:
    """The printable character that stands for each byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {b: chr(b) for b in plain}
    rest = [b for b in range(256) if b not in table]
    return table | {b: chr(256 + i) for i, b in enumerate(rest)}


BYTES = byte_characters()
BACK = {c: b for b, c in BYTES.items()}


def _kind(c: str) -> str:
    if c.isspace():
        return " "
    k = unicodedata.category(c)[0]
    return k if k in "LN" else "o"


def split(text: str) -> list[str]:
    """The pieces of pre-tokenisation "smollm": single numbers, then GPT-2's pattern on what lies between."""
    out, run = [], ""
    for c in text:
        if unicodedata.category(c)[0] == "N":
            out += _gpt2(run) + [c]
            run = ""
        else:
            run += c
    return out + _gpt2(run)


def _gpt2(s: str) -> list[str]:
    out, i = [], 0
    while i < len(s):
        for tail in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d"):
            if s.startswith(tail, i):
                j = i + len(tail)
                break
        else:
            first = i + (s[i] == " " and i + 1 < len(s) and _kind(s[i + 1]) != " ")
            kind, j = _kind(s[first]), first
            while j < len(s) and _kind(s[j]) == kind:
                j += 1
            if kind == " " and j < len(s) and j - i > 1:
                j -= 1
        out.append(s[i:j])
        i = j
    return out


class Tokenizer:
    """Text to ids and back; text never becomes a control token, `find` gives those."""

    def __init__(self, meta: dict) -> None:
        key = "tokenizer.ggml."
        self.tokens, self.types = meta[key + "tokens"], meta[key + "token_type"]
        self.index = {t: i for i, t in enumerate(self.tokens)}
        self.control = {t: i for i, t in enumerate(self.tokens) if self.types[i] == CONTROL}
        self.ranks = {tuple(m.split(" ")): i for i, m in enumerate(meta[key + "merges"])}
        self.piece = functools.lru_cache(100000)(self._piece)

    def find(self, text: str) -> int:
        """Id of a control token."""
        return self.control[text]

    def _piece(self, piece: str) -> tuple[int, ...]:
        parts = [BYTES[b] for b in piece.encode()]
        while len(parts) > 1:
            ranked = [(self.ranks.get(pair, len(self.ranks)), i) for i, pair in enumerate(zip(parts, parts[1:]))]
            rank, i = min(ranked)
            if rank == len(self.ranks):
                break
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        return tuple(self.index[p] for p in parts)

    def encode(self, text: str) -> list[int]:
        """Ids of plain text."""
        return [i for piece in split(text) for i in self.piece(piece)]

    def compose(self, text: str) -> list[int]:
        """Ids of text that the application composed: control tokens are recognised, longest first."""
        out, run, i = [], "", 0
        while i < len(text):
            found = (
                max((t for t in self.control if text.startswith(t, i)), key=len, default=None)
                if text[i] == "<"
                else None
            )
            if found:
                out += self.encode(run) + [self.control[found]]
                run, i = "", i + len(found)
            else:
                run, i = run + text[i], i + 1
        return out + self.encode(run)

    def decode(self, ids: list[int], control: bool = False) -> str:
        """Text of ids; control tokens print nothing unless asked for."""
        raw = b""
        for i in ids:
            if self.types[i] == CONTROL:
                raw += self.tokens[i].encode() if control else b""
            else:
                raw += bytes(BACK[c] for c in self.tokens[i])
        return raw.decode("utf-8", "replace")


def extended(meta: dict) -> dict:
    """The tokenizer's keys with the added control rows."""
    out = dict(meta)
    out["tokenizer.ggml.tokens"] = meta["tokenizer.ggml.tokens"] + ADDED
    out["tokenizer.ggml.token_type"] = meta["tokenizer.ggml.token_type"] + [CONTROL] * len(ADDED)
    out["llama.vocab_size"] = len(out["tokenizer.ggml.tokens"])
    return out


def closure(meta: dict, wanted: set[int]) -> list[int]:
    """Ids to keep, ascending: control tokens, bytes, the wanted ones, and what their merges are made of."""
    tokens, types = meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"]
    index = {t: i for i, t in enumerate(tokens)}
    parents = {}
    for m in meta["tokenizer.ggml.merges"]:
        a, b = m.split(" ")
        parents.setdefault(a + b, (a, b))
    keep = {i for i, t in enumerate(types) if t == CONTROL} | {index[c] for c in BYTES.values() if c in index}
    stack = list(wanted)
    while stack:
        i = stack.pop()
        if i in keep:
            continue
        keep.add(i)
        stack += [index[p] for p in parents.get(tokens[i], ())]
    return sorted(keep)


def pruned(meta: dict, keep: list[int]) -> dict:
    """The metadata with only the rows `keep`; merges whose parts or result are gone go too."""
    out, tokens = dict(meta), meta["tokenizer.ggml.tokens"]
    kept, new = {tokens[i] for i in keep}, {old: i for i, old in enumerate(keep)}
    out["tokenizer.ggml.tokens"] = [tokens[i] for i in keep]
    out["tokenizer.ggml.token_type"] = [meta["tokenizer.ggml.token_type"][i] for i in keep]
    merges = (m for m in meta["tokenizer.ggml.merges"])
    out["tokenizer.ggml.merges"] = [m for m in merges if {*m.split(" "), m.replace(" ", "")} <= kept]
    for name in ("bos", "eos", "unknown", "padding"):
        out[f"tokenizer.ggml.{name}_token_id"] = new[meta[f"tokenizer.ggml.{name}_token_id"]]
    out["llama.vocab_size"] = len(keep)
    return out
