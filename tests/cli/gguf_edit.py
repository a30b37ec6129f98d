"""Changes a GGUF file's metadata, for files that are wrong in one way; by the format's text (little-endian, version 3)."""

import struct
from pathlib import Path

FIXED = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
STRING, ARRAY = 8, 9


class Gguf:
    """Metadata as {key: (type, value)}, everything behind it as bytes; an array's value is (element type, [values])."""

    def __init__(self, path: Path):
        self.raw, self.at = Path(path).read_bytes(), 8
        self.n_tensors, n_keys = self.take("<Q"), self.take("<Q")
        self.meta = {}
        for _ in range(n_keys):
            key = self.string()
            kind = self.take("<I")
            self.meta[key] = (kind, self.value(kind))
        start = self.at
        for _ in range(self.n_tensors):
            self.string()
            for _ in range(self.take("<I")):
                self.take("<Q")
            self.take("<I")
            self.take("<Q")
        self.infos = self.raw[start : self.at]
        self.data = self.raw[-(-self.at // 32) * 32 :]

    def take(self, form: str):
        (value,) = struct.unpack_from(form, self.raw, self.at)
        self.at += struct.calcsize(form)
        return value

    def string(self) -> str:
        n = self.take("<Q")
        self.at += n
        return self.raw[self.at - n : self.at].decode()

    def value(self, kind: int):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            element, n = self.take("<I"), self.take("<Q")
            return element, [self.value(element) for _ in range(n)]
        return self.take(FIXED[kind])

    def set(self, key: str, value) -> "Gguf":
        """The same type as before; None removes the key."""
        if value is None:
            del self.meta[key]
        else:
            kind, old = self.meta[key]
            self.meta[key] = kind, (old[0], value) if kind == ARRAY else value
        return self

    def get(self, key: str):
        kind, value = self.meta[key]
        return value[1] if kind == ARRAY else value

    def write(self, path: Path) -> Path:
        out = [b"GGUF", struct.pack("<IQQ", 3, self.n_tensors, len(self.meta))]
        for key, (kind, value) in self.meta.items():
            out += [text(key), struct.pack("<I", kind), packed(kind, value)]
        header = b"".join(out) + self.infos
        path.write_bytes(header + b"\0" * (-len(header) % 32) + self.data)
        return path


def text(s: str) -> bytes:
    raw = s.encode()
    return struct.pack("<Q", len(raw)) + raw


def packed(kind: int, value) -> bytes:
    if kind == STRING:
        return text(value)
    if kind == ARRAY:
        element, values = value
        return struct.pack("<IQ", element, len(values)) + b"".join(packed(element, v) for v in values)
    return struct.pack(FIXED[kind], value)
