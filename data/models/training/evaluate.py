"""The quality table, by driving the built program: python evaluate.py --binary build/nadir --model FILE.gguf.

Rows: (a) box-IoU for four kinds of marks, (b) mask IoU for three, (c) mean IoU after 1, 3, 5 corrective clicks,
(d) mask area over labelled-box area by class, (e) score against truth; each with its standard error. --floors adds the
two floors, --reference runs this folder's PyTorch pipeline in place of the program, --sheets writes contact sheets.
Answers are kept in WORK/answers, so a run that was cut off goes on where it stood.
"""

import argparse
import collections
import json
import os

import cv2
import numpy as np

import runners
import sheets
import tasks as T
from kept import Kept, digest
from store import ROOT, Store, build, default_data

CLICKS = (1, 3, 5)


def by_picture(tasks: list) -> list[list]:
    """Tasks grouped by picture, in order."""
    groups: dict[str, list] = {}
    for t in tasks:
        groups.setdefault(t.picture.path, []).append(t)
    return list(groups.values())


def mean(values: list) -> float | None:
    """Mean, or None of nothing."""
    return float(np.mean(values)) if len(values) else None


def error(values: list, pictures: list) -> float | None:
    """Standard error of the mean, None of one picture: objects of a picture are alike, so pictures are what varies."""
    rest, count = np.asarray(values) - np.mean(values), len(set(pictures))
    sums = [rest[np.asarray(pictures) == p].sum() for p in set(pictures)]
    return float(np.sqrt(np.square(sums).sum() * count / (count - 1)) / len(values)) if count > 1 else None


class Table:
    """Collected figures of one runner."""

    def __init__(self, runner) -> None:
        self.runner = runner
        self.rows: dict[tuple, list] = collections.defaultdict(list)  # (row, kind, group) -> (value, picture)
        self.fill: dict[str, list] = collections.defaultdict(list)
        self.scores: list[tuple] = []  # (score, iou)
        self.choices: list[tuple] = []  # (chosen is best, iou of chosen, best iou)
        self.shown: list[tuple] = []  # (value, task, kind, prompts)

    def ask(self, tasks: list) -> None:
        """Answer every mark of every task, one call a picture; the rows find the answers remembered."""
        for group in by_picture(tasks):
            self.runner.run(group[0].picture, [prompts for t in group for prompts in t.marks.values()])

    def note(self, row: str, kind: str, task, value: float) -> None:
        """One figure, in all and in its modality and source; components also without the sets of land cover."""
        groups = ["all", task.picture.modality, task.picture.source]
        if row == "b" and task.picture.source not in T.COVER_SETS:
            groups.append("without land cover")
        for group in groups:
            self.rows[row, kind, group].append((value, task.picture.path))

    def marks(self, row: str, tasks: list, measure) -> None:
        """Rows (a) and (b): every mark of every task."""
        for group in by_picture(tasks):
            wanted = [(t, kind, prompts) for t in group for kind, prompts in t.marks.items()]
            answers = self.runner.run(group[0].picture, [p for _, _, p in wanted])
            for (t, kind, prompts), a in zip(wanted, answers):
                value = measure(a.mask, t)
                self.note(row, kind, t, value)
                self.shown.append((value, t, kind, prompts))
                self.scores.append((a.score, value))
                if kind == "loose box" and a.mask.any():
                    self.fill[t.label].append(a.mask.sum() / ((t.box[2] - t.box[0]) * (t.box[3] - t.box[1])))
                if kind == "point" and a.candidates:
                    values = [measure(m, t) for m, _ in a.candidates]
                    chosen = int(np.argmax([s for _, s in a.candidates]))
                    self.choices.append((values[chosen] >= max(values) - 0.02, values[chosen], max(values)))

    def clicks(self, tasks: list) -> None:
        """Row (c): click the deepest point of the largest error region, five times."""
        for group in by_picture(tasks):
            marks = [[("point", 1, T.inside_point(t.mask))] for t in group]
            for n in range(1, max(CLICKS) + 1):
                answers = self.runner.run(group[0].picture, marks)
                for i, (t, a) in enumerate(zip(group, answers)):
                    if n in CLICKS:
                        self.note("c", str(n), t, T.mask_iou(a.mask, t))
                    wrong = error_region(a.mask, t)
                    if wrong is not None:
                        marks[i] = [*marks[i], ("point", *wrong)]


def error_region(mask: np.ndarray, task) -> tuple | None:
    """(sign, (x, y)) of the deepest point of the largest wrong region, or None."""
    known = np.ones_like(mask) if task.unknown is None else ~task.unknown
    best, size = None, 0
    for sign, wrong in ((1, task.mask & ~mask), (-1, mask & ~task.mask & known)):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8))
        if count > 1:
            k = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
            if stats[k, cv2.CC_STAT_AREA] > size:
                best, size = (sign, labels == k), stats[k, cv2.CC_STAT_AREA]
    return None if best is None else (best[0], T.inside_point(best[1]))


def summary(table: Table) -> dict:
    """Figures of one runner as plain data."""
    out = {f"{row} {kind} {group}": [mean([v for v, _ in found]), len(found), error(*zip(*found))]
           for (row, kind, group), found in table.rows.items()}
    out |= {f"d {label}": [mean(v), len(v)] for label, v in table.fill.items()}
    if table.choices:
        s, v = np.array(table.scores).T
        out["e correlation"] = [float(np.corrcoef(s, v)[0, 1]) if s.std() > 0 else 0.0, len(s)]
        out["e best of three chosen"] = [mean([c[0] for c in table.choices]), len(table.choices)]
        out["e lost by choosing"] = [mean([c[2] - c[1] for c in table.choices]), len(table.choices)]
    return out


def cell(figure: list | None) -> str:
    """One figure with its standard error, where it has one."""
    if figure is None or figure[0] is None:
        return ""
    return f"{figure[0]:.3f}" + (f" ± {figure[2]:.3f}" if len(figure) > 2 and figure[2] is not None else "")


def show(columns: dict[str, dict]) -> str:
    """All figures side by side, as a Markdown table."""
    keys: list[str] = []
    for column in columns.values():
        keys += [k for k in column if k not in keys]
    lines = ["| row | n | " + " | ".join(columns) + " |", "|---|---|" + "---|" * len(columns)]
    for k in sorted(keys):
        n = next(c[k][1] for c in columns.values() if k in c)
        cells = (cell(c.get(k)) for c in columns.values())
        lines.append(f"| {k} | {n} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def measured(name: str, runner, args, store: Store, sheet: str | None) -> dict:
    """Run all rows with one runner."""
    boxes = T.boxes(store) if "a" in args.rows else []
    parts = T.components(store) if "b" in args.rows or "c" in args.rows else []
    if args.limit:
        boxes, parts = T.thinned(boxes, args.limit), T.thinned(parts, args.limit // 2)
    table = Table(runner)
    table.ask(parts + boxes)
    table.marks("a", boxes, lambda m, t: T.box_iou(m, t.box))
    table.marks("b", parts, T.mask_iou)
    if "c" in args.rows and not isinstance(runner.runner, (runners.Shape, runners.GrabCut)):
        table.clicks(parts)
    if sheet:
        sheets.write(sheet, store, table.shown, lambda t, prompts: runner.run(t.picture, [prompts])[0].mask)
    print(f"{name}: done", flush=True)
    return summary(table)


def columns_of(args, store: Store) -> dict[str, dict]:
    """Figures of every model and floor that was asked for, by name."""
    def kept(runner, name: str) -> Kept:
        os.makedirs(os.path.join(args.work, "answers"), exist_ok=True)
        return Kept(runner, os.path.join(args.work, "answers", name + ".jsonl"))

    columns = {}
    for i, model in enumerate(args.model):
        name = os.path.basename(model)
        if args.reference:
            runner, tag = runners.Reference(model, store, args.dtype), f"{digest(model)}-{args.dtype}"
        else:
            runner = runners.Binary(args.binary, model, args.data, device=args.device)
            tag = f"{digest(model)}-{digest(args.binary)}"
        columns[name] = measured(name, kept(runner, f"{name}-{tag}"), args, store, args.sheets if i == 0 else None)
    if args.floors:
        columns["shape"] = measured("shape", Kept(runners.Shape(store)), args, store, None)
        columns["GrabCut"] = measured("GrabCut", kept(runners.GrabCut(store), "grabcut"), args, store, None)
    return columns


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "nadir"))
    parser.add_argument("--model", action="append", default=[], help="GGUF file; may be given several times")
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "training"))
    parser.add_argument("--device", help="handed to the program")
    parser.add_argument("--reference", action="store_true", help="PyTorch in place of the program")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"), help="with --reference")
    parser.add_argument("--floors", action="store_true")
    parser.add_argument("--rows", default="abc", help="letters of the rows to fill; d and e come with them")
    parser.add_argument("--limit", type=int, default=0, help="about this many objects, spread over the sources")
    parser.add_argument("--sheets", help="folder for contact sheets of the first model")
    parser.add_argument("--json", help="also write the figures here")
    args = parser.parse_args()
    build(args.data, os.path.join(args.work, "cache"))
    store = Store(os.path.join(args.work, "cache"))
    columns = columns_of(args, store)
    print(show(columns))
    if args.json:
        with open(args.json, "w") as f:
            json.dump(columns, f, indent=1)


if __name__ == "__main__":
    main()
