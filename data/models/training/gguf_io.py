"""Reading and writing GGUF v3 with the types F32, F16 and Q8_0, for the files of this project."""

import struct

import numpy as np

ALIGNMENT = 32
F32, F16, Q8_0 = 0, 1, 8
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY, _U32, _F32 = 8, 9, 4, 6


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def scalar(self, code: str):
        value = struct.unpack_from(code, self.data, self.at)[0]
        self.at += struct.calcsize(code)
        return value

    def string(self) -> str:
        length = self.scalar("<Q")
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def value(self, kind: int):
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            inner, count = self.scalar("<I"), self.scalar("<Q")
            return [self.value(inner) for _ in range(count)]
        return self.scalar(_SCALARS[kind])


def _decode(raw: memoryview, kind: int, shape: tuple) -> np.ndarray:
    count = int(np.prod(shape))
    if kind == F32:
        return np.frombuffer(raw, "<f4", count).reshape(shape).copy()
    if kind == F16:
        return np.frombuffer(raw, "<f2", count).astype(np.float32).reshape(shape)
    if kind == Q8_0:
        blocks = np.frombuffer(raw, np.dtype([("d", "<f2"), ("q", "i1", 32)]), count // 32)
        return (blocks["d"].astype(np.float32)[:, None] * blocks["q"].astype(np.float32)).reshape(shape)
    raise ValueError(f"tensor type {kind} is not read here")


def read(path: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Metadata and tensors (f32, in row-major shape) of the file `path`."""
    with open(path, "rb") as f:
        reader = _Reader(f.read())
    if reader.scalar("<I") != 0x46554747 or reader.scalar("<I") not in (2, 3):
        raise ValueError(f"{path} is no GGUF v2 or v3 file")
    tensors, keys = reader.scalar("<Q"), reader.scalar("<Q")
    meta = {}
    for _ in range(keys):
        name = reader.string()
        meta[name] = reader.value(reader.scalar("<I"))
    infos = []
    for _ in range(tensors):
        name = reader.string()
        dims = [reader.scalar("<Q") for _ in range(reader.scalar("<I"))]
        infos.append((name, tuple(reversed(dims)), reader.scalar("<I"), reader.scalar("<Q")))
    align = meta.get("general.alignment", ALIGNMENT)
    start = (reader.at + align - 1) // align * align
    data = memoryview(reader.data)
    return meta, {name: _decode(data[start + at:], kind, shape) for name, shape, kind, at in infos}


def quantise_q8(values: np.ndarray) -> bytes:
    """Q8_0 blocks of an f32 array whose last axis is a multiple of 32; bit-identical to ggml's encoder."""
    rows = np.ascontiguousarray(values, np.float32).reshape(-1, 32)
    d = np.abs(rows).max(1) / np.float32(127)
    with np.errstate(divide="ignore"):
        inverse = np.where(d == 0, np.float32(0), np.float32(1) / d).astype(np.float32)
    scaled = rows * inverse[:, None]
    blocks = np.empty(len(rows), np.dtype([("d", "<f2"), ("q", "i1", 32)]))
    blocks["d"] = d
    blocks["q"] = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    return blocks.tobytes()


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value) -> bytes:
    """Type and bytes: str -> string, int -> u32, float -> f32, lists of these -> arrays."""
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _string(value)
    if isinstance(value, int):
        return struct.pack("<II", _U32, value)
    if isinstance(value, float):
        return struct.pack("<If", _F32, value)
    if all(isinstance(v, str) for v in value):
        return struct.pack("<IIQ", _ARRAY, _STRING, len(value)) + b"".join(map(_string, value))
    kind, code = (_U32, "I") if all(isinstance(v, int) for v in value) else (_F32, "f")
    return struct.pack("<IIQ", _ARRAY, kind, len(value)) + struct.pack(f"<{len(value)}{code}", *value)


def write(path: str, meta: dict, tensors: dict[str, tuple[int, np.ndarray]]) -> None:
    """Write `path`; `tensors` maps a name to (type, f32 array in row-major shape)."""
    header, body = [struct.pack("<IIQQ", 0x46554747, 3, len(tensors), len(meta))], []
    header += [_string(name) + _value(value) for name, value in meta.items()]
    offset = 0
    for name, (kind, array) in tensors.items():
        if kind == Q8_0:
            raw = quantise_q8(array)
        else:
            raw = np.ascontiguousarray(array, "<f2" if kind == F16 else "<f4").tobytes()
        dims = tuple(reversed(array.shape))
        header.append(_string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset))
        body.append(raw + b"\0" * (-len(raw) % ALIGNMENT))
        offset += len(body[-1])
    head = b"".join(header)
    with open(path, "wb") as f:
        f.write(head + b"\0" * (-len(head) % ALIGNMENT))
        f.writelines(body)
