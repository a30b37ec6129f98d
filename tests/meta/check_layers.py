#!/usr/bin/env python3
"""Which folder may include what: the direction of docs/ARCHITECTURE.md, checked line by line."""
import re
import sys
from pathlib import Path

# what every part of the window may include
MODEL = ["app/settings.h", "app/engine", "infer/models", "infer/vk/gpu.h", "render"]
# folder -> project folders it may include (itself always); longest prefix wins
ALLOWED = {
    "shaders": [],
    "infer/vk": [],
    "infer/ops": ["infer/vk/gpu.h", "infer", "shaders"],
    "infer/models": ["infer/vk/gpu.h", "infer/ops", "infer"],
    "infer/text": ["infer"],
    "infer": ["infer/vk/gpu.h"],
    "render/file": [],
    "render/raster": [],
    "render/geometry": ["render/raster", "render/file"],
    "render/draw": ["render/geometry", "render/raster"],
    "render/store": ["render/geometry", "render/raster", "render/file"],
    "render/server": ["render/store", "render/geometry", "render/raster", "render/file"],
    "render/review": ["render/store", "render/geometry", "render/raster", "render/file"],
    "render/exchange": ["render/geometry", "render/raster", "render/file"],
    "app/engine": ["infer/models", "infer/text", "infer/vk/gpu.h", "infer/gguf.h", "render"],
    "app/cli": ["app/engine", "infer/models", "infer/text", "infer/vk/gpu.h", "infer/gguf.h", "render"],
    "app/document": [*MODEL],
    "app/edit": [*MODEL, "app/document"],
    "app/conversation": [*MODEL, "app/document", "infer/text"],
    "app/canvas": [*MODEL, "app/document", "app/edit", "app/conversation"],
    "app/command": [],
    "app/panel": [*MODEL, "app/command", "app/document", "app/edit", "app/conversation", "app/canvas"],
    "app/chat": [*MODEL, "app/command", "app/document", "app/conversation", "app/canvas"],
    "app/review": [*MODEL, "app/command", "app/document", "app/canvas", "app/panel"],
    "app/team": [*MODEL, "app/command", "app/document"],
    "app": ["app", "infer/models", "infer/text", "infer/vk/gpu.h", "render"],
}
# system header prefix -> the only folders that may include it
SYSTEM = {
    "vulkan/": ["infer/vk"],
    "gtk/": ["app"],
    "gdk/": ["app"],
    "gsk/": ["app"],
    "adwaita": ["app"],
    "tiff": ["render"],
    "gdal": ["render"],
    "ogr": ["render"],
    "cpl_": ["render"],
    "proj": ["render"],
    "libpq": ["render/server"],
    "geodesic": ["render"],
}
NO_GTK = ("app/engine", "app/cli")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path: str) -> str:
    return max((f for f in ALLOWED if path.startswith(f + "/")), key=len, default="")


def may_include(folder: str, target: str) -> bool:
    if target.startswith(folder + "/") and folder_of(target) == folder:
        return True
    for allowed in ALLOWED[folder]:
        if target == allowed:
            return True
        if target.startswith(allowed + "/") and (folder_of(target) == allowed or allowed in ("render", "app")):
            return True
    return False


def check_file(root: Path, rel: str, exists) -> list[str]:
    folder, bad = folder_of(rel), []
    for number, line in enumerate((root / rel).read_text().splitlines(), 1):
        m = INCLUDE.match(line)
        if not m:
            continue
        quoted, target = m.group(1) == '"', m.group(2)
        where = f"{rel}:{number}: includes {target}"
        if ".." in target:
            bad.append(f"{where}: write includes from the root of the tree")
        elif quoted and exists(target):
            if not may_include(folder, target):
                bad.append(f"{where}: {folder} must not know {folder_of(target) or target}")
        elif not quoted:
            for prefix, owners in SYSTEM.items():
                allowed = any(rel.startswith(o + "/") for o in owners)
                if target.startswith(prefix) and (not allowed or (owners == ["app"] and rel.startswith(NO_GTK))):
                    bad.append(f"{where}: only {', '.join(owners)} may")
    return bad


def main() -> int:
    root = Path(sys.argv[1])
    files = [str(p.relative_to(root)) for top in ("app", "render", "infer") for p in (root / top).rglob("*.[ch]")]
    bad = [b for rel in sorted(files) for b in check_file(root, rel, lambda t: (root / t).exists())]
    # The check itself must be able to fail.
    assert not may_include("render/raster", "infer/vk/gpu.h") and not may_include("app/cli", "infer/ops/ops.h")
    assert not may_include("app/document", "app/canvas/canvas.h") and not may_include("app/chat", "app/window.h")
    assert may_include("app/cli", "render/store/project.h") and may_include("infer/ops", "infer/tensor.h")
    print("\n".join(bad) or f"{len(files)} files keep to their layers")
    return 1 if bad or len(files) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
