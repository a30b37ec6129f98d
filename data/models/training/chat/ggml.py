"""GGUF files with the 4-bit types and the key types of language models, on top of gguf_io."""

import os
import struct
import sys

import numpy as np

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import gguf_io  # noqa: E402
from gguf_io import F16, F32, Q8_0  # noqa: E402,F401

Q4_0, Q4_1 = 2, 3
_DTYPES = {
    Q4_0: np.dtype([("d", "<f2"), ("q", "u1", 16)]),
    Q4_1: np.dtype([("d", "<f2"), ("m", "<f2"), ("q", "u1", 16)]),
}


def decode(raw: memoryview, kind: int, shape: tuple) -> np.ndarray:
    """f32 array of one tensor's bytes."""
    if kind not in _DTYPES:
        return gguf_io._decode(raw, kind, shape)
    blocks = np.frombuffer(raw, _DTYPES[kind], int(np.prod(shape)) // 32)
    nibbles = np.concatenate([blocks["q"] & 15, blocks["q"] >> 4], 1).astype(np.float32)
    d = blocks["d"].astype(np.float32)[:, None]
    values = d * (nibbles - 8) if kind == Q4_0 else d * nibbles + blocks["m"].astype(np.float32)[:, None]
    return values.reshape(shape)


def read(path: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Metadata and tensors (f32) of a GGUF file."""
    kept, gguf_io._decode = gguf_io._decode, lambda raw, kind, shape: (raw, kind, shape)
    try:
        meta, raw = gguf_io.read(path)
    finally:
        gguf_io._decode = kept
    return meta, {name: decode(*entry) for name, entry in raw.items()}


def encode(kind: int, values: np.ndarray) -> bytes:
    """Bytes of an f32 array in one of the five types, as ggml's reference encoders give them."""
    if kind == Q8_0:
        return gguf_io.quantise_q8(values)
    if kind in (F32, F16):
        return np.ascontiguousarray(values, "<f2" if kind == F16 else "<f4").tobytes()
    rows = np.ascontiguousarray(values, np.float32).reshape(-1, 32)
    blocks = np.empty(len(rows), _DTYPES[kind])
    if kind == Q4_0:
        top = np.take_along_axis(rows, np.abs(rows).argmax(1)[:, None], 1)[:, 0]
        d, low, half = top / np.float32(-8), np.float32(0), np.float32(8.5)
    else:
        low = rows.min(1)
        d, half = (rows.max(1) - low) / np.float32(15), np.float32(0.5)
        blocks["m"] = low
        low = low[:, None]
    with np.errstate(divide="ignore"):
        inverse = np.where(d == 0, np.float32(0), np.float32(1) / d).astype(np.float32)
    blocks["d"] = d
    q = np.clip(np.trunc((rows - low) * inverse[:, None] + half), 0, 15).astype(np.uint8)
    blocks["q"] = q[:, :16] | (q[:, 16:] << 4)
    return blocks.tobytes()


def rounded(kind: int, values: np.ndarray) -> np.ndarray:
    """The values as a reader of the file gets them."""
    return decode(memoryview(encode(kind, values)), kind, values.shape)


def _value(value) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<IB", 7, value)
    if isinstance(value, list) and value and all(isinstance(v, int) for v in value) and min(value) < 0:
        return struct.pack("<IIQ", 9, 5, len(value)) + struct.pack(f"<{len(value)}i", *value)
    return gguf_io._value(value)


def write(path: str, meta: dict, tensors: dict[str, tuple[int, np.ndarray]]) -> None:
    """Write `path` by rename; `tensors` maps a name to (type, f32 array in row-major shape)."""
    header, body, offset = [struct.pack("<IIQQ", 0x46554747, 3, len(tensors), len(meta))], [], 0
    header += [gguf_io._string(name) + _value(value) for name, value in meta.items()]
    for name, (kind, array) in tensors.items():
        raw, dims = encode(kind, array), tuple(reversed(array.shape))
        header.append(gguf_io._string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset))
        body.append(raw + b"\0" * (-len(raw) % gguf_io.ALIGNMENT))
        offset += len(body[-1])
    head = b"".join(header)
    with open(path + ".part", "wb") as f:
        f.write(head + b"\0" * (-len(head) % gguf_io.ALIGNMENT))
        f.writelines(body)
    os.replace(path + ".part", path)
