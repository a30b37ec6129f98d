"""Conversations about labelled pictures, in the paper's triple form: python conversations.py --data DATA -o OUT.jsonl
[--count N].

Everything said is derived from labels: scene, sentences, boxes and masks. A turn is (task, question, answer); answers
with
`<pix>` name the objects whose masks they stand for in `Turn.targets`.
"""

import argparse
import json
import math
from dataclasses import dataclass, field

import numpy as np

from simulate_marks import noisy_mark

MODALITY = {"optical": "optical", "sar": "SAR", "infrared": "infrared"}
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
# Classes that a source labels wherever they are, so their absence is known.
EXHAUSTIVE = {
    "hit_uav": ["person", "car", "bicycle"],
    "pools": ["swimming pool"],
    "oil_spill": ["oil spill", "look-alike", "ship"],
    "hrsid": ["ship"],
    "hrplanes": ["airplane"],
    "airbus_planes": ["airplane"],
    "ships": ["ship"],
    "cats": ["car"],
    "sar_acd": ["airplane"],
    "rsod": [],
}
AIRCRAFT = ("Boeing", "Airbus", "COMAC")
SINGLE = {
    "road",
    "water",
    "forest",
    "vegetation",
    "farmland",
    "rangeland",
    "bare land",
    "land",
    "urban area",
    "built-up area",
}

ASK = {
    "scene": ["Please identify the scene category of the image."] * 4
    + ["What kind of scene is this?", "What scene does the image show?", "Classify the scene.", "What is this place?"],
    "caption": ["Please provide a brief caption of the image."] * 4
    + [
        "Describe the image.",
        "What does the image show?",
        "Please describe the image briefly.",
        "What can be seen in this image?",
    ],
    "detailed": ["Please provide a detailed description of the image."] * 3
    + ["Describe the image in detail.", "Please describe everything you see in the image."],
    "classify1": ["Please identify the object category of the marked region in the image."] * 4,
    "classify": ["Please identify the object category of each marked region in the image."] * 4,
    "region": ["Please provide a brief caption of each marked region in the image."],
    "region_detailed": ["Please provide a detailed description of each marked region in the image."],
    "relation": ["Please analyze the relationship between all marked regions in the image."] * 3
    + ["How are the marked regions related?", "Compare the marked regions."],
    "modality": [
        "What kind of sensor took this image?",
        "Is this an optical, SAR or infrared image?",
        "What is the source of the image?",
        "Which modality is this image?",
    ],
    "segment": ["Please segment each marked region in the image."],
    "grounded": ["Please describe the image and segment the mentioned objects."],
}
UNKNOWABLE = [
    "When was this image taken?",
    "What time of day was it?",
    "Who owns this place?",
    "What is the name of this place?",
    "Which country is this?",
    "What is the temperature there?",
    "Who took this picture?",
    "How much did it cost to build this?",
    "What is the phone number of this place?",
    "What are the people talking about?",
    "What will happen next?",
    "Is it noisy here?",
    "What language do people speak here?",
    "How old is this place?",
    "What is behind the camera?",
    "What is the wind speed?",
    "How many people live here?",
    "What is the speed of the vehicles?",
    "What is inside the building?",
    "Which satellite took it?",
]
REFUSALS = ["The image does not show that.", "That cannot be seen in the image.", "The image alone cannot answer that."]


@dataclass
class Turn:
    """One question and its answer."""

    task: str
    question: str
    answer: str
    targets: list = field(default_factory=list)  # per <pix>: list of object indices
    others: list = field(default_factory=list)  # further right answers
    first: bool = False  # only the answer's first token is learnt
    number: int | None = None  # what the answer's first token counts


@dataclass
class Sample:
    """One picture with marks and independent turns about it."""

    picture: int
    regions: list
    objects: list  # object index behind each region
    turns: list[Turn]


def plural(label: str, n: int) -> str:
    """The label for n of them."""
    if n == 1 or label in SINGLE or label.startswith(AIRCRAFT):
        return label
    irregular = {"person": "people", "overpass": "overpasses"}
    return irregular.get(label, label + "s")


def article(label: str) -> str:
    """The label with its article."""
    if label in SINGLE:
        return label
    return ("an " if label[0].lower() in "aeiou" else "a ") + label


def counted(label: str, n: int) -> str:
    """'three ships'; digits above ten."""
    return f"{NUMBERS[n] if n <= 10 else n} {plural(label, n)}"


def joined(words: list[str]) -> str:
    """a, b and c."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def place(box: tuple, width: int, height: int) -> str:
    """Where in the image a box (x, y, w, h) lies, in a three by three grid."""
    x, y = (box[0] + box[2] / 2) / width, (box[1] + box[3] / 2) / height
    column = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    row = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
    if not column and not row:
        return "in the middle of the image"
    if not column:
        return f"at the {'top' if row == 'upper' else 'bottom'} of the image"
    return f"in the {row} {column} of the image" if row else f"at the {column} of the image"


class Author:
    """Writes conversations about the pictures of a store."""

    def __init__(self, pictures: list, captions: dict[int, list[str]], rng: np.random.Generator) -> None:
        self.pictures, self.captions, self.rng = pictures, captions, rng
        self.scenes = {}
        for p in pictures:
            if p.scene:
                self.scenes.setdefault(p.source, set()).add(p.scene)
        self.scenes = {k: sorted(v) for k, v in self.scenes.items()}

    def pick(self, options: list):
        return options[int(self.rng.integers(len(options)))]

    def sample(self, i: int, most: int, marks: list | None = None) -> Sample:
        """Marks on picture i and up to `most` turns about it; `marks` are (object, mark) to choose from instead of
        new ones."""
        p, rng = self.pictures[i], self.rng
        if marks is None:
            usable = [n for n, b in enumerate(p.boxes) if min(b[3:]) >= 3]
            marks = [(n, noisy_mark(rng, p.boxes[n][1:], p.width, p.height)) for n in usable]
        regions, objects = [], []
        if marks and rng.random() < 0.85:
            count = int(rng.choice([1, 2, 3, 4], p=[0.35, 0.3, 0.2, 0.15]))
            for n in rng.permutation(len(marks)):
                if len(objects) < count and marks[n][0] not in objects:
                    objects.append(marks[n][0])
                    regions.append(marks[n][1])
        makers = self.tasks(p, i, objects)
        weights = np.array([w for w, _ in makers])
        count = min(most, len(makers), max(1, round(0.6 * weights.sum())))
        order = rng.choice(len(makers), size=count, replace=False, p=weights / weights.sum())
        turns = [t for t in (makers[n][1]() for n in order) if t is not None]
        return Sample(i, regions, objects, turns)

    def short(self, i: int, marks: list) -> Sample:
        """The short answers alone: scene, or one or two marked objects; now and then number and presence."""
        p, rng, regions, objects, turns = self.pictures[i], self.rng, [], [], []
        if p.scene:
            turns.append(Turn("scene", self.pick(ASK["scene"]), p.scene))
            if rng.random() < 0.25:
                turns.append(self.is_scene(p))
        for n in rng.permutation(len(marks))[: 1 + (rng.random() < 0.25)]:
            if marks[n][0] not in objects:
                objects.append(marks[n][0])
                regions.append(marks[n][1])
        if objects:
            turns.append(self.classify(p, objects) if rng.random() < 0.75 else self.single(p, objects))
        if p.boxes and p.source not in ("psu_car", "sar_acd") and rng.random() < 0.6:
            turns.append(self.count(p))
        if (p.source in EXHAUSTIVE or p.mask_classes) and (rng.random() < 0.4 or not turns):
            turns.append(self.presence(p))
        turns = [t for t in turns if t] or [self.modality(p)]
        for t in turns:
            t.first = t.task == "presence"
        return Sample(i, regions, objects, turns)

    def many(self, i: int) -> Sample:
        """How many there are, of up to two labels, and whether there are any."""
        p = self.pictures[i]
        turns = {t.answer: t for t in (self.count(p) for _ in range(3))}
        out = list(turns.values())[:2]
        if p.source in EXHAUSTIVE and self.rng.random() < 0.3:
            out += [t for t in [self.presence(p)] if t]
        return Sample(i, [], [], out)

    def told(self, i: int) -> Sample:
        """What is said about a picture, by up to four sentences."""
        said = self.captions.get(i)
        if not said:
            return Sample(i, [], [], [self.summary(self.pictures[i])])
        return Sample(i, [], [], [self.caption(i, 4)])

    def tasks(self, p, i: int, objects: list) -> list[tuple[float, object]]:
        """(weight, maker) of each task that this picture's labels answer."""
        out = [(0.1, lambda: self.modality(p)), (0.1, self.unknowable)]
        if p.scene:
            out += [(2.0, lambda: Turn("scene", self.pick(ASK["scene"]), p.scene)), (0.35, lambda: self.is_scene(p))]
        if self.captions.get(i):
            out += [(2.0, lambda: self.caption(i)), (0.05, lambda: self.detailed(p, i))]
        elif p.boxes or p.mask_classes:
            out += [(0.5, lambda: self.summary(p)), (0.05, lambda: self.detailed(p, i))]
        if objects:
            out += [
                (2.5, lambda: self.classify(p, objects)),
                (0.6, lambda: self.single(p, objects)),
                (0.3, lambda: self.region(p, objects)),
                (0.05, lambda: self.region_detailed(p, objects)),
                (0.15, lambda: self.segment(p, objects)),
            ]
        if len(objects) > 1:
            out.append((0.2, lambda: self.relation(p, objects)))
        if p.boxes and p.source not in ("psu_car", "sar_acd"):
            out.append((0.8, lambda: self.count(p)))
        if p.source in EXHAUSTIVE or p.mask_classes:
            out.append((0.8, lambda: self.presence(p)))
        if p.boxes or p.mask_classes:
            out += [(0.15, lambda: self.expression(p)), (0.06, lambda: self.grounded(p))]
        return out

    # --- the picture ---

    def caption(self, i: int, most: int = 2) -> Turn:
        said = self.captions[i]
        chosen = [said[n] for n in self.rng.permutation(len(said))[:most]]
        return Turn("caption", self.pick(ASK["caption"]), chosen[0], others=chosen[1:])

    def groups(self, p) -> dict[str, list[int]]:
        """Object indices by label; aircraft types count as they are."""
        out: dict[str, list[int]] = {}
        for n, b in enumerate(p.boxes):
            out.setdefault(b[0], []).append(n)
        return out

    def classes(self, p) -> list[str]:
        """Names of the mask's classes that are there."""
        if p.mask is None:
            return []
        seen = np.bincount(p.mask.ravel(), minlength=256)
        return [name for value, name in p.mask_classes.items() if seen[value] > 0.005 * p.mask.size]

    def parts(self, p) -> list[str]:
        """What is there, in words."""
        found = [counted(label, len(n)) for label, n in self.groups(p).items()]
        return found or self.classes(p)

    def summary(self, p) -> Turn:
        kind = MODALITY[p.modality]
        what = joined(self.parts(p) or ["nothing that I can name"])
        return Turn(
            "caption", self.pick(ASK["caption"]), f"{'an' if kind[0] in 'oi' else 'a'} {kind} image with {what}."
        )

    def detailed(self, p, i: int) -> Turn:
        kind = MODALITY[p.modality]
        said = [
            f"This is {'an' if kind[0] in 'oi' else 'a'} {kind} image"
            + (f" of a scene of the kind {p.scene}." if p.scene else ".")
        ]
        said += [c if c.endswith(".") else c + "." for c in self.captions.get(i, [])[:2]]
        parts = self.parts(p)
        if parts and not self.captions.get(i):
            said.append(f"It shows {joined(parts)}.")
        for n in self.rng.permutation(len(p.boxes))[:2]:
            label, *box = p.boxes[n]
            said.append(f"There is {article(label)} {place(box, p.width, p.height)}.")
        return Turn("detailed", self.pick(ASK["detailed"]), " ".join(said))

    def is_scene(self, p) -> Turn:
        yes = self.rng.random() < 0.5
        name = p.scene if yes else self.pick([s for s in self.scenes[p.source] if s != p.scene])
        question = self.pick([f"Is this a scene of the kind {name}?", f"Does the image show the scene {name}?"])
        return Turn("presence", question, f"Yes, the scene is {name}." if yes else f"No, the scene is {p.scene}.")

    def modality(self, p) -> Turn:
        return Turn("modality", self.pick(ASK["modality"]), MODALITY[p.modality])

    def unknowable(self) -> Turn:
        return Turn("unknowable", self.pick(UNKNOWABLE), self.pick(REFUSALS))

    def count(self, p) -> Turn | None:
        groups = self.groups(p)
        absent = [c for c in EXHAUSTIVE.get(p.source, []) if c not in groups]
        label = self.pick(absent) if absent and self.rng.random() < 0.2 else self.pick(list(groups))
        n, many = len(groups.get(label, [])), plural(label, 2)
        question = self.pick(
            [
                f"How many {many} are there in the image?",
                f"How many {many} can you see?",
                f"Count the {many}.",
                f"Please count the {many} in the image.",
            ]
        )
        return Turn("count", question, counted(label, n), number=n)

    def presence(self, p) -> Turn | None:
        here = set(self.groups(p)) | set(self.classes(p))
        if p.source == "sar_acd":
            here = {"airplane"}
        known = sorted(set(EXHAUSTIVE.get(p.source, [])) | set((p.mask_classes or {}).values()))
        present, absent = [c for c in known if c in here], [c for c in known if c not in here and not self.traces(p, c)]
        if not present and not absent:
            return None
        yes = bool(present) and (not absent or self.rng.random() < 0.5)
        name = self.pick(present if yes else absent)
        ask = self.pick(["Is there {} in the image?", "Can you see {} in the image?", "Does the image show {}?"])
        if self.rng.random() < 0.5 or name in SINGLE:
            question = ask.format(article(name))
        else:
            question = ask.replace("Is there", "Are there").format("any " + plural(name, 2))
        n = len(self.groups(p).get(name, []))
        answer = (
            f"Yes, there {'are' if n > 1 else 'is'} {counted(name, n) if n > 1 else article(name)}."
            if yes
            else f"No, there is no {name} in the image."
        )
        return Turn("presence", question, answer)

    @staticmethod
    def traces(p, name: str) -> bool:
        """True when a class is there, but so little of it that neither answer is honest."""
        return p.mask is not None and any(n == name and (p.mask == v).any() for v, n in p.mask_classes.items())

    # --- marked regions ---

    def classify(self, p, objects: list) -> Turn:
        answer = "\n".join(f"<Region {k}>: {p.boxes[n][0]}" for k, n in enumerate(objects, 1))
        return Turn("classify", self.pick(ASK["classify1" if len(objects) == 1 else "classify"]), answer)

    def single(self, p, objects: list) -> Turn:
        k = int(self.rng.integers(len(objects)))
        ask = self.pick(
            [
                f"What is in <Region {k + 1}>?",
                f"What is <Region {k + 1}>?",
                f"Which object is marked by <Region {k + 1}>?",
            ]
        )
        return Turn("single", ask, p.boxes[objects[k]][0])

    def phrase(self, p, n: int) -> str:
        """One phrase about an object: its size among its kind, its label, its place."""
        label, *box = p.boxes[n]
        sizes = sorted(b[3] * b[4] for b in p.boxes if b[0] == label)
        size = box[2] * box[3]
        word = ""
        if len(sizes) > 2 and size >= 1.3 * sizes[len(sizes) // 2]:
            word = "large "
        elif len(sizes) > 2 and size <= sizes[len(sizes) // 2] / 1.3:
            word = "small "
        if label in SINGLE:
            word = ""
        return f"{article(word + label)} {place(box, p.width, p.height)}"

    def region(self, p, objects: list) -> Turn:
        answer = "\n".join(f"<Region {k}>: {self.phrase(p, n)}" for k, n in enumerate(objects, 1))
        return Turn("region", self.pick(ASK["region"]), answer)

    def region_detailed(self, p, objects: list) -> Turn:
        said = []
        for k, n in enumerate(objects, 1):
            label, *box = p.boxes[n]
            others = sum(b[0] == label for b in p.boxes) - 1
            tail = (
                f" {counted('other ' + label, others).capitalize()} can be seen in the image."
                if others > 0 and p.source != "psu_car"
                else ""
            )
            said.append(
                f"<Region {k}>: This is {self.phrase(p, n)}. It takes up {self.share(box, p)} of the image.{tail}"
            )
        return Turn("region_detailed", self.pick(ASK["region_detailed"]), "\n".join(said))

    @staticmethod
    def share(box: list, p) -> str:
        part = box[2] * box[3] / (p.width * p.height)
        return (
            "most"
            if part > 0.5
            else "a large part"
            if part > 0.1
            else "a small part"
            if part > 0.01
            else "a very small part"
        )

    def relation(self, p, objects: list) -> Turn:
        a, b = p.boxes[objects[0]], p.boxes[objects[1]]
        ca, cb = ((x[1] + x[3] / 2, x[2] + x[4] / 2) for x in (a, b))
        dx, dy = cb[0] - ca[0], cb[1] - ca[1]
        if abs(dx) >= abs(dy):
            side = "to the left of" if dx > 0 else "to the right of"
        else:
            side = "above" if dy > 0 else "below"
        kinds = {p.boxes[n][0] for n in objects}
        if len(kinds) == 1:
            label = kinds.pop()
            first = (
                f"All regions are {plural(label, 2)}." if len(objects) > 2 else f"Both regions are {plural(label, 2)}."
            )
        else:
            first = " ".join(f"<Region {k}> is {article(p.boxes[n][0])}." for k, n in enumerate(objects, 1))
        size = a[3] * a[4] / (b[3] * b[4])
        second = (
            "<Region 1> is larger."
            if size > 1.25
            else "<Region 1> is smaller."
            if size < 0.8
            else "They are of about the same size."
        )
        overlap = (min(a[1] + a[3], b[1] + b[3]) > max(a[1], b[1])) and (
            min(a[2] + a[4], b[2] + b[4]) > max(a[2], b[2])
        )
        far = math.hypot(dx, dy) / math.hypot(p.width, p.height)
        third = (
            " They overlap."
            if overlap
            else " They are close together."
            if far < 0.15
            else " They are far apart."
            if far > 0.5
            else ""
        )
        return Turn("relation", self.pick(ASK["relation"]), f"{first} <Region 1> is {side} <Region 2>. {second}{third}")

    # --- masks ---

    def segment(self, p, objects: list) -> Turn:
        answer = "\n".join(f"<Region {k}>: <p>{p.boxes[n][0]}</p><pix>" for k, n in enumerate(objects, 1))
        return Turn("segment", self.pick(ASK["segment"]), answer, [[n] for n in objects])

    def nameable(self, p) -> list[tuple[str, list]]:
        """(expression, targets): all objects of a label, or a class of the mask (as a negative number - value)."""
        out = [(f"the {plural(label, len(n))}", n) for label, n in self.groups(p).items()]
        for value, name in (p.mask_classes or {}).items():
            if name in self.classes(p) and name not in self.groups(p):
                out.append((f"the {name if name in SINGLE else plural(name, 2)}", [-value]))
        return out

    def expression(self, p) -> Turn | None:
        options = self.nameable(p)
        if not options:
            return None
        text, targets = self.pick(options)
        ask = self.pick(
            ["Please segment {} in the image.", "Please segment {} in the image.", "Segment {}.", "Show me {}."]
        )
        return Turn("expression", ask.format(text), f"<p>{text}</p><pix>", [targets])

    def grounded(self, p) -> Turn | None:
        options = self.nameable(p)[:4]
        if not options:
            return None
        said = joined([f"<p>{text.removeprefix('the ')}</p><pix>" for text, _ in options])
        return Turn("grounded", self.pick(ASK["grounded"]), f"The image shows {said}.", [t for _, t in options])


def surely(author: Author, p) -> tuple[set, set]:
    """Things that are surely in a picture, and things that surely are not."""
    here = {b[0] for b in p.boxes} | set(author.classes(p)) | ({"airplane"} if p.source == "sar_acd" else set())
    known = set(EXHAUSTIVE.get(p.source, [])) | set((p.mask_classes or {}).values())
    return here, {c for c in known - here if not author.traces(p, c)}


def captions_of(data: str) -> dict[int, list[str]]:
    """Sentences by picture number."""
    with open(f"{data}/annotations.jsonl") as lines:
        return {i: a["captions"] for i, a in enumerate(map(json.loads, lines)) if a["captions"]}


def main() -> None:
    """Write a sample of conversations in the on-disk form (without masks)."""
    import vision  # noqa: F401  (puts the segmenter's trainer on the path)
    from store import Store, default_data

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--cache", required=True)
    parser.add_argument("-o", "--out", required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng, store = np.random.default_rng(args.seed), Store(args.cache)
    author = Author(store.pictures, captions_of(args.data), rng)
    train = [i for i, p in enumerate(store.pictures) if not p.validation]
    with open(args.out, "w") as out:
        for i in rng.permutation(train)[: args.count]:
            s, p = author.sample(int(i), 8), store.pictures[int(i)]
            words = [
                {"from": who, "value": v} for t in s.turns for who, v in (("user", t.question), ("model", t.answer))
            ]
            out.write(
                json.dumps(
                    {"image": p.path, "source": MODALITY[p.modality], "regions": s.regions, "conversations": words}
                )
                + "\n"
            )


if __name__ == "__main__":
    main()
