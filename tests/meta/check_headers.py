#!/usr/bin/env python3
"""Each header compiles alone: it includes what it needs."""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def flags() -> list[str]:
    packages = ["gio-unix-2.0", "libcjson", "cairo", "vulkan", "gdal", "libpq"]
    for extra in ("gtk4", "libadwaita-1"):
        if subprocess.run(["pkg-config", "--exists", extra]).returncode == 0:
            packages.append(extra)
    return subprocess.run(["pkg-config", "--cflags"] + packages, capture_output=True, text=True, check=True).stdout.split()


def compile_alone(root: Path, header: Path, cflags: list[str]) -> str:
    # Shader push blocks are written for two languages and need the shim that names their types.
    first = '#include "shaders/include/push.h"\n' if "shaders/push" in str(header) else ""
    source = f'{first}#include "{header.relative_to(root)}"\n#include "{header.relative_to(root)}"\n'
    if first:
        source = first + f'#include "{header.relative_to(root)}"\n'
    cc = os.environ.get("CC", "cc").split()
    r = subprocess.run(cc + ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-D_GNU_SOURCE",
                             "-DNADIR_FAULTS=0", "-DGETTEXT_PACKAGE=\"nadir\"", "-fsyntax-only", "-I", str(root),
                             "-I", str(root / "shaders" / "include"), "-x", "c", "-"] + cflags,
                       input=source, capture_output=True, text=True)
    return r.stderr if r.returncode else ""


def main() -> int:
    root = Path(sys.argv[1])
    headers = sorted(p for top in ("app", "render", "infer", "shaders/push") for p in (root / top).rglob("*.h"))
    have_gtk = subprocess.run(["pkg-config", "--exists", "gtk4"]).returncode == 0
    if not have_gtk:
        headers = [h for h in headers if "app" not in h.parts or "engine" in h.parts or "cli" in h.parts]
    cflags = flags()
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda h: compile_alone(root, h, cflags), headers))
    bad = [f"{h.relative_to(root)}:\n{r}" for h, r in zip(headers, results) if r]
    print("\n".join(bad) or f"{len(headers)} headers compile alone")
    return 1 if bad or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
