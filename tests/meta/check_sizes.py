#!/usr/bin/env python3
"""The size budget that keeps the code readable: files, headers, shaders, templates and functions (universal-ctags)."""
import json
import subprocess
import sys
from pathlib import Path

FILE, HEADER, SHADER, TEMPLATE = 800, 120, 150, 300
MEDIAN, P90, MAX = 15, 50, 120
TOPS = ("app", "render", "infer", "shaders", "ui", "tests", "data", "dev", ".ci")


def limit_of(path: Path) -> int:
    if path.suffix == ".h":
        return HEADER
    if path.suffix in (".comp", ".glsl"):
        return SHADER
    if path.suffix == ".ui":
        return TEMPLATE
    return FILE if path.suffix in (".c", ".py", ".css", ".build", ".sh", "") else 0


def sources(root: Path):
    for top in TOPS:
        base = root / top
        for p in [base] if base.is_file() else sorted(base.rglob("*")):
            if p.is_file() and "__pycache__" not in p.parts and limit_of(p) and p.suffix != "":
                yield p
    yield root / "dev"


def function_lengths(root: Path) -> list[tuple[int, str]]:
    folders = [str(root / t) for t in ("app", "render", "infer")]
    out = subprocess.run(
        ["ctags", "-R", "--languages=C", "--c-kinds=f", "--fields=+ne", "--output-format=json", "-f", "-"] + folders,
        capture_output=True, text=True, check=True).stdout
    tags = (json.loads(line) for line in out.splitlines() if line.startswith("{"))
    return sorted((t["end"] - t["line"] + 1, f'{Path(t["path"]).relative_to(root)}:{t["line"]} {t["name"]}')
                  for t in tags if "end" in t and t["path"].endswith(".c"))


def main() -> int:
    root, bad = Path(sys.argv[1]), []
    for p in sources(root):
        n = len(p.read_text(errors="replace").splitlines())
        if n > limit_of(p):
            bad.append(f"{p.relative_to(root)}: {n} lines, at most {limit_of(p)}")
    lengths = function_lengths(root)
    values = [n for n, _ in lengths]
    median, p90 = values[len(values) // 2], values[len(values) * 9 // 10]
    bad += [f"{name}: {n} lines, at most {MAX}" for n, name in lengths if n > MAX]
    if median > MEDIAN:
        bad.append(f"median function {median} lines, at most {MEDIAN}")
    if p90 > P90:
        bad.append(f"90th percentile function {p90} lines, at most {P90}")
    print(f"{len(values)} functions: median {median}, p90 {p90}, max {values[-1]} ({lengths[-1][1]})")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
