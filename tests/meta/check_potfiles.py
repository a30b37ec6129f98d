#!/usr/bin/env python3
"""po/POTFILES.in lists exactly the files that have strings for translators."""
import re
import sys
from pathlib import Path

CALL = re.compile(r'(?<![A-Za-z0-9_])(?:_|N_|C_|Q_|ngettext)\s*\(\s*"|translatable="(?:yes|true)"')


def main() -> int:
    root = Path(sys.argv[1])
    listed = {line.strip() for line in (root / "po" / "POTFILES.in").read_text().splitlines()
              if line.strip() and not line.startswith("#")}
    wanted = set()
    for top, suffixes in (("app", (".c", ".h")), ("render", (".c", ".h")), ("infer", (".c", ".h")), ("ui", (".ui",))):
        for p in (root / top).rglob("*"):
            if p.suffix in suffixes and CALL.search(p.read_text()):
                wanted.add(str(p.relative_to(root)))
    desktop = {x for x in listed if x.startswith("data/")}
    missing, stale = sorted(wanted - listed), sorted(listed - wanted - desktop)
    gone = sorted(x for x in desktop if not (root / x).exists())
    for name, files in (("not listed", missing), ("listed without strings", stale), ("listed but not there", gone)):
        for f in files:
            print(f"{f}: {name}")
    print(f"{len(listed)} files listed")
    return 1 if missing or stale or gone or not listed else 0


if __name__ == "__main__":
    sys.exit(main())
