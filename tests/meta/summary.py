#!/usr/bin/env python3
"""Counts the test cases of all suites from Meson's logs; the last line is "N passed, N failed".

A case is a test point of a TAP program or a test of a Python unittest; a program that reports neither is one case. A
program that dies is one failed case beside the points it had reported."""
import json
import re
import sys
from pathlib import Path

POINT = re.compile(r"^(not )?ok\b[^#\n]*(# *(skip|todo))?", re.IGNORECASE | re.MULTILINE)
UNITTEST = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)
PARTS = re.compile(r"(failures|errors|skipped|expected failures|unexpected successes)=(\d+)")


def tap_points(text: str) -> tuple[int, int, int]:
    passed = failed = skipped = 0
    for bad, directive, _ in (m.groups() for m in POINT.finditer(text)):
        if directive:
            skipped += 1
        elif bad:
            failed += 1
        else:
            passed += 1
    return passed, failed, skipped


def unittest_points(text: str) -> tuple[int, int, int]:
    ran = sum(int(m.group(1)) for m in UNITTEST.finditer(text))
    parts = {"failures": 0, "errors": 0, "skipped": 0}
    for line in text.splitlines():
        if re.match(r"(OK|FAILED)\b", line):
            for key, n in PARTS.findall(line):
                parts[key] = parts.get(key, 0) + int(n)
    failed = parts["failures"] + parts["errors"] + parts.get("unexpected successes", 0)
    return max(0, ran - failed - parts["skipped"]), failed, parts["skipped"]


def count(test: dict) -> tuple[int, int, int]:
    """Passed, failed and skipped cases of one program; its own verdict has the last word."""
    out, err = test.get("stdout") or "", test.get("stderr") or ""
    points = unittest_points(out + "\n" + err) if UNITTEST.search(out + "\n" + err) else tap_points(out)
    passed, failed, skipped = points
    if test["result"] == "SKIP":
        return 0, 0, max(1, skipped + passed)
    if test["result"] not in ("OK", "EXPECTEDFAIL"):
        return passed, max(1, failed), skipped
    return (1, 0, 0) if passed + skipped == 0 else (passed, 0, skipped)


def self_test():
    """Counting must be able to count a failure."""
    tap = {"result": "OK", "stdout": "1..3\nok 1 /a\nok 2 /b # SKIP no GPU\nok 3 /c\n# ok 4 is no point\n"}
    assert count(tap) == (2, 0, 1), count(tap)
    assert count({"result": "FAIL", "stdout": "ok 1 /a\nnot ok 2 /b\nBail out!\n"}) == (1, 1, 0)
    assert count({"result": "ERROR", "stdout": "ok 1 /a\n"}) == (1, 1, 0), "it died between two points"
    assert count({"result": "TIMEOUT"}) == (0, 1, 0)
    ran = {"result": "FAIL", "stderr": "Ran 9 tests in 2.0s\n\nFAILED (failures=2, errors=1, skipped=1)\n"}
    assert count(ran) == (5, 3, 1), count(ran)
    assert count({"result": "OK", "stderr": "Ran 4 tests in 1s\n\nOK (skipped=1)\n"}) == (3, 0, 1)
    assert count({"result": "OK", "stdout": "the tree is in order\n"}) == (1, 0, 0)
    assert count({"result": "SKIP", "stdout": "1..0 # SKIP no display\n"}) == (0, 0, 1)


def main() -> int:
    self_test()
    passed = failed = skipped = 0
    names = []
    for folder in sys.argv[2:]:
        for log in sorted(Path(folder).glob("counted-*.json")):
            for line in log.read_text().splitlines():
                test = json.loads(line)
                points = count(test)
                passed, failed, skipped = passed + points[0], failed + points[1], skipped + points[2]
                if points[1]:
                    names.append(f'{test["result"]}: {test["name"]}, {points[1]} of its cases ({folder})')
                elif points[2]:
                    names.append(f'skipped: {points[2]} of {test["name"]}')
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
