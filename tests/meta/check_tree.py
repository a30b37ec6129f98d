#!/usr/bin/env python3
"""Small rules of the tree: no machine's absolute paths, no leftovers, licences beside what is not ours, models within budget."""
import re
import sys
from pathlib import Path

TEXT = {".c", ".h", ".comp", ".glsl", ".py", ".md", ".ui", ".css", ".build", ".in", ".xml", ".txt", ".json", ""}
PATHS = re.compile(r"/(?:home|root|work|Users)/[A-Za-z]")
LEFTOVER = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
MODEL_BYTES, MODELS_BYTES = 95 * 10**6, 150 * 10**6


def main() -> int:
    root, bad = Path(sys.argv[1]), []
    skip = {".git", "__pycache__", "LICENSE"}
    for p in sorted(root.rglob("*")):
        rel = p.relative_to(root)
        if not p.is_file() or skip & set(rel.parts) or rel.parts[0].startswith("build") or p.suffix not in TEXT:
            continue
        if p.suffix == ".json" and p.stat().st_size > 200000:
            continue
        for number, line in enumerate(p.read_text(errors="replace").splitlines(), 1):
            if PATHS.search(line) and rel.name != "check_tree.py":
                bad.append(f"{rel}:{number}: a machine's absolute path")
            if LEFTOVER.search(line) and rel.name != "check_tree.py":
                bad.append(f"{rel}:{number}: unfinished work belongs into an issue")
    for tif in (root / "data" / "samples").glob("*.tif"):
        if not tif.with_suffix(".LICENSE").exists():
            bad.append(f"{tif.name}: no licence text beside it")
    models = list((root / "data" / "models").glob("*.gguf"))
    bad += [f"{m.name}: larger than {MODEL_BYTES} bytes" for m in models if m.stat().st_size > MODEL_BYTES]
    if sum(m.stat().st_size for m in models) > MODELS_BYTES:
        bad.append("the models together are larger than their budget")
    for name in ("README.md", "CONTRIBUTING.md", "LICENSE", "docs/ARCHITECTURE.md", "docs/PERFORMANCE.md"):
        if not (root / name).exists():
            bad.append(f"{name}: missing")
    print("\n".join(bad) or "the tree is in order")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
