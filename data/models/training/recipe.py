"""The whole recipe in one command: python recipe.py --work WORK [--data DATA] [--minutes 100] [--only-open].

Decodes the data, makes pseudo-masks and regions, trains at 256 px, 384 px and 512 px, fits the scores, and writes
WORK/starter-sam.gguf. A run that was cut off goes on where it stood when the same command is given again.
"""

import argparse
import json
import os
import subprocess
import sys

from store import ROOT, default_data

HERE = os.path.dirname(os.path.abspath(__file__))
# size, share of the time, rate, crops a step, share of steps with corrected rounds, trunk blocks without gradients
# (None: the score head alone is trained)
PHASES = [(256, 0.40, 2.5e-4, 6, 0.3, 4), (384, 0.30, 2.2e-4, 3, 0.2, 7), (512, 0.26, 1.8e-4, 3, 0.2, 7),
          (512, 0.04, 3e-4, 3, 0.1, None)]


def main() -> None:
    """Run what is left of the phases, then export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "training"))
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--processes", type=int, default=1, help="2 when two cores are idle")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only-open", action="store_true")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    progress = os.path.join(args.work, "phase.json")
    done = 0
    if os.path.exists(progress):
        with open(progress) as f:
            done = json.load(f)["done"]
    for number, (size, share, rate, batch, refine, frozen) in enumerate(PHASES):
        if number < done:
            continue
        words = [sys.executable, os.path.join(HERE, "train.py"), "--data", args.data, "--work", args.work,
                 "--size", str(size), "--minutes", str(args.minutes * share), "--rate", str(rate),
                 "--batch", str(batch), "--refine", str(refine), "--seed", str(args.seed),
                 "--processes", str(args.processes)]
        words += ["--only-score"] if frozen is None else ["--frozen", str(frozen)]
        subprocess.run(words + (["--only-open"] if args.only_open else []), check=True)
        with open(progress, "w") as f:
            json.dump({"done": number + 1}, f)
    if done <= len(PHASES):
        subprocess.run([sys.executable, os.path.join(HERE, "calibrate.py"), "--work", args.work,
                        "--size", str(PHASES[-1][0])] + (["--only-open"] if args.only_open else []), check=True)
        with open(progress, "w") as f:
            json.dump({"done": len(PHASES) + 1}, f)
    subprocess.run([sys.executable, os.path.join(HERE, "export.py"), os.path.join(args.work, "last.pt"),
                    os.path.join(args.work, "starter-sam.gguf"), "--size", str(PHASES[-1][0]),
                    "--card", os.path.join(HERE, "..", "starter-sam.md")]
                   + (["--only-open"] if args.only_open else []), check=True)


if __name__ == "__main__":
    main()
