#!/usr/bin/env python3
"""Counts the tests of all suites from Meson's logs; the last line is "N passed, N failed"."""
import json
import sys
from pathlib import Path


def main() -> int:
    passed = failed = skipped = 0
    names = []
    for folder in sys.argv[2:]:
        for log in sorted(Path(folder).glob("counted-*.json")):
            for line in log.read_text().splitlines():
                test = json.loads(line)
                if test["result"] in ("OK", "EXPECTEDFAIL"):
                    passed += 1
                elif test["result"] == "SKIP":
                    skipped += 1
                    names.append(f'skipped: {test["name"]}')
                else:
                    failed += 1
                    names.append(f'{test["result"]}: {test["name"]} ({folder})')
    if sys.argv[1] == "passed":
        passed += 1
    else:
        failed += 1
        names.append("failed: lint")
    print("\n".join(names))
    print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
