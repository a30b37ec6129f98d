"""The whole recipe in one command: python chat_recipe.py --work WORK [--data DATA] [--hours 8] [--out OUT.gguf].

Decodes the data, prunes the vocabulary, tunes and caches the CNN branch, then the stages of tune.py and pix.py, then
package.py. A run that was cut off goes on where it stood when the same command is given again.
"""

import argparse
import json
import os
import subprocess
import sys

import ggml  # noqa: F401  (puts the segmenter's trainer on the path)
from store import build, default_data

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.normpath(os.path.join(HERE, "..", ".."))
SEGMENTER = os.path.join(MODELS, "starter-sam.gguf")
# stage, share of the time, its command
STAGES = [
    ("branch", 0.2, ["branch.py", "--rate", "2e-4"]),
    ("features", 0.0, ["features.py"]),
    ("words", 0.1, ["tune.py", "words", "--batch", "24", "--part", "16", "--rate", "1e-3"]),
    ("read", 0.0, ["read.py"]),
    ("counting", 0.1, ["tune.py", "mix", "--counting", *"--frozen --batch 4 --part 12 --turns 6 --rate 1.5e-3".split()]),
    ("mix", 0.5, ["tune.py", "mix", *"--frozen --batch 4 --part 12 --turns 6 --rate 1.2e-3".split()]),
    ("pix", 0.1, ["pix.py", "--segmenter", SEGMENTER]),
]


def main() -> None:
    """Run what is left of the stages, then export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=default_data())
    parser.add_argument("--work", required=True)
    parser.add_argument("--cache", help="folder of the decoded pictures (default: WORK/cache)")
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--start", help="go on from these weights (a GGUF file) instead of from the base model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default=os.path.join(MODELS, "starter-chat.gguf"))
    args = parser.parse_args()
    cache = args.cache or os.path.join(args.work, "cache")
    os.makedirs(args.work, exist_ok=True)

    def run(script: str, *words: str) -> None:
        subprocess.run([sys.executable, os.path.join(HERE, script), *words], check=True)

    build(args.data, cache)
    if args.start and not os.path.exists(os.path.join(args.work, "base.pt")):
        run("resume.py", args.start, args.work)
    if not os.path.exists(os.path.join(args.work, "base.pt")):
        run("base.py", args.work, "--data", args.data, "--cache", cache)
    progress = os.path.join(args.work, "stages.json")
    done = json.load(open(progress)) if os.path.exists(progress) else []
    for name, share, words in STAGES:
        if name not in done:
            own = ["--work", args.work, "--cache", cache, "--data", args.data, "--seed", str(args.seed)]
            run(*words, *own, *(["--minutes", str(60 * args.hours * share)] if share else []))
            done.append(name)
            with open(progress, "w") as f:
                json.dump(done, f)
    run(
        "package.py",
        "--work",
        args.work,
        "-o",
        args.out,
        "--segmenter",
        SEGMENTER,
        "--card",
        os.path.join(MODELS, "starter-chat.md"),
    )


if __name__ == "__main__":
    main()
