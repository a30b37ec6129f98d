#!/usr/bin/env python3
"""Our language engine beside llama.cpp's Vulkan backend: one file, one device, in turn.

    npm install --prefix DIR --ignore-scripts node-llama-cpp @node-llama-cpp/linux-x64-vulkan
    tests/bench/compare-llama.py --npm DIR [--model FILE.gguf] [--rounds N] [--nadir build/nadir]

A round is `nadir bench chat` and then the same work in llama.cpp: a prompt of 160 tokens, 8 single ones. Both keep
their pipelines: a first round that makes them is not counted. Reported are medians by the clock and, since other
programs may run meanwhile, processor time. GGML_VK_VISIBLE_DEVICES=0 lets llama.cpp take a software device.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
THEIRS = """
import {createInterface} from "node:readline";
import {getLlama} from "node-llama-cpp";
const llama = await getLlama({gpu: "vulkan", build: "never", progressLogs: false});
const model = await llama.loadModel({modelPath: process.argv[2], gpuLayers: "max"});
const context = await model.createContext({contextSize: 512, batchSize: 512});
const sequence = context.getSequence();
const prompt = Array.from({length: 160}, (_, i) => 100 + i * 37), steps = 8;
const now = () => { const c = process.cpuUsage(); return [performance.now(), (c.user + c.system) / 1e3]; };
for await (const line of createInterface({input: process.stdin})) {
  await sequence.clearHistory();
  const start = now();
  await sequence.evaluateWithoutGeneratingNewTokens(prompt);
  const middle = now();
  let first, n = 0;
  for await (const token of sequence.evaluate([198], {temperature: 0})) {
    if (n++ === 0) first = now();
    if (n > steps) break;
  }
  const end = now();
  console.log(JSON.stringify({gpu: llama.gpu, "chat-prefill-160": 160e3 / (middle[0] - start[0]),
    "chat-prefill-160.cpu": middle[1] - start[1], "chat-decode": steps * 1e3 / (end[0] - first[0]),
    "chat-decode.cpu": (end[1] - first[1]) / steps}));
}
"""


def ours(args) -> dict:
    run = subprocess.run([args.nadir, "bench", "chat", "--model", args.model, "--device", "software", "--json"],
                         check=True, capture_output=True, text=True)
    return {r["name"]: r["median"] for r in json.loads(run.stdout)["results"]}


def theirs(process: subprocess.Popen) -> dict:
    process.stdin.write("round\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise SystemExit("llama.cpp ended without an answer")
    return json.loads(line)


def default_model() -> str:
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return os.environ.get("NADIR_SMOLLM2") or str(pathlib.Path(cache) / "nadir/SmolLM2-135M-Instruct.Q4_1.gguf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--npm", required=True, help="folder with node_modules/node-llama-cpp")
    parser.add_argument("--model", default=default_model())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nadir", default=str(ROOT / "build/nadir"))
    args = parser.parse_args()
    a, b = [], []
    with tempfile.NamedTemporaryFile("w", suffix=".mjs", dir=args.npm) as script:
        script.write(THEIRS)
        script.flush()
        env = dict(os.environ, GGML_VK_VISIBLE_DEVICES="0")
        command = ["node", script.name, args.model]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
            for i in range(args.rounds + 1):
                mine, other = ours(args), theirs(process)
                print(f"round {i}{'' if i else ' (not counted)'}: ours {mine}, llama.cpp {other}", flush=True)
                if i:
                    a.append(mine)
                    b.append(other)
            process.stdin.close()
    for name in a[0]:
        x, y = (statistics.median(r[name] for r in rows) for rows in (a, b))
        ratio = y / x if name.endswith(".cpu") else x / y
        print(f"{name:24} ours {x:10.2f}  llama.cpp {y:10.2f}  {ratio:6.1f} times as fast")


if __name__ == "__main__":
    main()
