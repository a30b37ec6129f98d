"""The validation questions of issue 7, fixed by a seed, their truths, and the two trivial answerers."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from conversations import EXHAUSTIVE, Author, plural
from simulate_marks import exact_mark, noisy_mark

SHAPES = ("box", "point", "free")


@dataclass
class Question:
    """One question on one picture; `truth` is a list of sentences, a label, a number, yes/no, or a bool mask."""

    row: str
    picture: int
    text: str
    truth: object
    regions: list = field(default_factory=list)
    object: int | None = None
    group: str = ""  # modality, or the class asked for


def box_mask(p, objects: list[int]) -> np.ndarray:
    """Union of boxes: what stands for a mask where only boxes are labelled."""
    out = np.zeros((p.height, p.width), bool)
    for n in objects:
        x, y, w, h = (int(round(v)) for v in p.boxes[n][1:])
        out[max(y, 0) : y + max(h, 1), max(x, 0) : x + max(w, 1)] = True
    return out


def questions(store, captions: dict, limit: int, seed: int = 7, train: bool = False) -> list[Question]:
    """At most `limit` questions a row, on validation pictures (or training ones, for the baselines' answers)."""
    rng = np.random.default_rng(seed)
    author = Author(store.pictures, captions, rng)
    picked = [i for i in rng.permutation(len(store.pictures)) if store.pictures[i].validation != train]
    rows: dict[str, list[Question]] = {}

    def add(q: Question) -> None:
        rows.setdefault(q.row, []).append(q)

    for i in map(int, picked):
        p = store.pictures[i]
        if p.scene:
            add(Question(f"scene {p.source}", i, "Please identify the scene category of the image.", p.scene))
        if i in captions:
            add(Question("caption", i, "Please provide a brief caption of the image.", captions[i]))
        usable = [n for n, b in enumerate(p.boxes) if min(b[3:]) >= 4]
        for n in rng.permutation(usable)[:2]:
            box = p.boxes[n][1:]
            for shape in SHAPES:
                mark = exact_mark("box", box) if shape == "box" else noisy_mark(rng, box, p.width, p.height, shape)
                text = "Please identify the object category of the marked region in the image."
                add(Question(f"region {shape}", i, text, p.boxes[n][0], [mark], int(n), p.modality))
        if p.boxes and p.source not in ("psu_car", "sar_acd"):
            groups = author.groups(p)
            label = author.pick(sorted(groups))
            add(
                Question(
                    "count", i, f"How many {plural(label, 2)} are there in the image?", len(groups[label]), group=label
                )
            )
            text = f"the {plural(label, len(groups[label]))}"
            add(
                Question(
                    "grounded boxes", i, f"Please segment {text} in the image.", box_mask(p, groups[label]), group=label
                )
            )
        if p.mask is not None:
            for value, name in p.mask_classes.items():
                if (p.mask == value).mean() > 0.005:
                    text = f"the {plural(name, 2)}"
                    add(
                        Question(
                            "grounded masks", i, f"Please segment {text} in the image.", p.mask == value, group=name
                        )
                    )
        turn = author.presence(p) if p.source in EXHAUSTIVE or p.mask_classes else None
        if turn:
            add(
                Question(
                    "presence", i, turn.question, "yes" if turn.answer.startswith("Yes") else "no", group=turn.answer
                )
            )
    return [q for row in sorted(rows) for q in balanced(rows[row], limit)]


def balanced(found: list[Question], limit: int) -> list[Question]:
    """At most `limit`, taken in turn over the truths (labels, yes/no), so that rare ones are in."""
    pools: dict[str, list[Question]] = {}
    for q in found:
        pools.setdefault(q.truth if isinstance(q.truth, str) else "", []).append(q)
    out: list[Question] = []
    depth = 0
    while len(out) < min(limit, len(found)):
        for name in sorted(pools):
            if depth < len(pools[name]) and len(out) < limit:
                out.append(pools[name][depth])
        depth += 1
    return out


def histogram(pixels: np.ndarray) -> np.ndarray:
    """Colour histogram of a patch, 8 bins a channel, as a distribution."""
    h = cv2.calcHist([np.ascontiguousarray(pixels)], [0, 1, 2], None, [8] * 3, [0, 256] * 3).ravel()
    return np.sqrt(h / max(h.sum(), 1))


class Trivial:
    """Most frequent training answer, and the answer of the training picture (or crop) with the nearest histogram."""

    def __init__(self, store, captions: dict, rows: set[str], limit: int = 1500) -> None:
        self.store, self.known = store, {}
        for q in questions(store, captions, limit, 8, train=True):
            if q.row in rows:
                self.known.setdefault(self.kind(q), []).append(q)
        self.vectors = {k: np.stack([self.vector(q) for q in v]) for k, v in self.known.items()}

    @staticmethod
    def kind(q: Question) -> str:
        return "region" if q.row.startswith("region") else q.row

    def vector(self, q: Question) -> np.ndarray:
        p = self.store.pictures[q.picture]
        pixels = self.store.pixels(p)
        if q.object is not None:
            x, y, w, h = (int(v) for v in p.boxes[q.object][1:])
            pixels = pixels[max(0, y) : y + max(1, h), max(0, x) : x + max(1, w)]
        return histogram(pixels)

    def answers(self, q: Question) -> tuple[object, object]:
        """(most frequent, nearest) as something of the truth's kind."""
        known = self.known[self.kind(q)]
        if q.row.startswith("grounded"):
            p = self.store.pictures[q.picture]
            near = self._nearest(q, [k for k in known if k.group == q.group] or known)
            mask = cv2.resize(near.truth.astype(np.uint8), (p.width, p.height), interpolation=cv2.INTER_NEAREST) > 0
            return np.ones((p.height, p.width), bool), mask
        flat = [t for k in known for t in (k.truth if isinstance(k.truth, list) else [k.truth])]
        values, counts = np.unique(np.array(flat, dtype=object).astype(str), return_counts=True)
        near = self._nearest(q, known).truth
        common = str(values[counts.argmax()])
        if q.row == "count":
            return int(np.median([k.truth for k in known])), near
        return common, near[0] if isinstance(near, list) else near

    def _nearest(self, q: Question, among: list[Question]) -> Question:
        known, vectors = self.known[self.kind(q)], self.vectors[self.kind(q)]
        score = vectors @ self.vector(q)
        if among is not known:
            chosen = {id(k) for k in among}
            score = np.where([id(k) in chosen for k in known], score, -1)
        return known[int(score.argmax())]
