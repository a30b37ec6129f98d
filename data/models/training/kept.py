"""Answers kept on disk: an evaluation that was cut off goes on where it stood, and no mark is asked twice.

A file holds one JSON line an answer; it belongs to one tool with one model file, which its name says.
"""

import hashlib
import json
import os

import numpy as np
from pycocotools import mask as coco

import prompts as P
from runners import Answer
from store import Picture


def digest(*paths: str) -> str:
    """Eight hexadecimal digits that change when one of the files does."""
    found = hashlib.sha1()
    for path in paths:
        with open(path, "rb") as f:
            found.update(hashlib.file_digest(f, "sha1").digest())
    return found.hexdigest()[:8]


def packed(mask: np.ndarray) -> str:
    """Run lengths of a bool mask [H, W]."""
    return coco.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()


def key(picture: Picture, prompts: list) -> str:
    """What was asked, as a short name."""
    asked = [[kind, sign, [round(float(a), 4) for a in v]] for kind, sign, v in prompts]
    return hashlib.sha1(json.dumps([picture.path, asked]).encode()).hexdigest()[:20]


class Kept:
    """A runner whose answers are remembered, in the file `path` too unless that is None."""

    def __init__(self, runner, path: str | None = None) -> None:
        self.runner, self.path, self.found = runner, path, {}
        if path and os.path.exists(path):
            with open(path) as lines:
                for line in lines:
                    if line.endswith("\n"):  # a line that was cut off is asked again
                        self._take(json.loads(line))
            with open(path, "w") as f:
                f.writelines(json.dumps([k, *v]) + "\n" for k, v in self.found.items())

    def _take(self, record: list) -> None:
        self.found[record[0]] = record[1:]

    def run(self, picture: Picture, wanted: list[list]) -> list[Answer]:
        """As the runner's own; only what is not known yet is asked. Candidates are kept for lone points alone."""
        names = [key(picture, prompts) for prompts in wanted]
        missing = {n: p for n, p in zip(names, wanted) if n not in self.found}
        if missing:
            answers = self.runner.run(picture, list(missing.values()))
            for (name, prompts), a in zip(missing.items(), answers):
                others = [(packed(m), float(s)) for m, s in a.candidates] if P.multimask(prompts) else []
                self._write([name, packed(a.mask), float(a.score), others])
        return [self._answer(picture, self.found[n]) for n in names]

    def _write(self, record: list) -> None:
        self._take(record)
        if self.path:
            with open(self.path, "a") as f:
                f.write(json.dumps(record) + "\n")

    @staticmethod
    def _answer(picture: Picture, record: list) -> Answer:
        def mask(counts: str) -> np.ndarray:
            return coco.decode({"size": [picture.height, picture.width], "counts": counts.encode()}) > 0
        return Answer(mask(record[0]), record[1], [(mask(m), s) for m, s in record[2]])
