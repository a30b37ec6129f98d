#!/usr/bin/env python3
"""Our encoders against ncnn's Vulkan backend on the same encoders with the same (random) weights, alternating in one run.

    pip install torch numpy ncnn pnnx
    python3 tests/bench/compare-ncnn.py --nadir build/nadir [--rounds 5] [--threads N] [--encoder efficientnet_lite]

For each encoder: the PyTorch module (data/models/training) is traced, converted with pnnx, and written as GGUF as well; then each
round times `nadir bench segment` (a process: one warm-up, five encodes, the median of them) and ncnn (a process: one warm-up,
three forward passes, the median of them). The medians over the rounds and their ratio are printed. ncnn runs with f16 options off
and, unless --f32 is given, on, and the faster of the two counts. Both read the device that Vulkan lists first. A 512 px image, seeded.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "data/models/training"))
SIDE = 512


def write_gguf(module, encoder: str, path: str) -> None:
    """The module's weights in the engine's format, as f32."""
    import gguf_io
    from model import LITE2
    meta = {"general.architecture": "sam", "general.name": "bench", "general.version": "1", "general.license": "Apache-2.0",
            "general.description": "random weights for benches", "sam.encoder": encoder, "sam.image_size": SIDE,
            "sam.out_dim": 256, "sam.mean": [127.0] * 3, "sam.std": [128.0] * 3}
    if encoder == "tinyvit":
        import tinyvit
        meta |= {"sam.prompt_raster": "shapes", "sam.ln_eps": 1e-5, "sam.embed_dims": tinyvit.DIMS,
                 "sam.depths": tinyvit.DEPTHS, "sam.heads": tinyvit.HEADS, "sam.windows": tinyvit.WINDOWS}
    else:
        meta |= {"sam.prompt_raster": "all", "sam.lite.stem": LITE2["stem"]}
        meta |= {f"sam.lite.{k}": LITE2[k] for k in ("repeats", "kernels", "strides", "expand", "channels", "taps")}
    tensors = {k: (gguf_io.F32, v.float().numpy()) for k, v in module.state_dict().items()}
    gguf_io.write(path, meta, tensors)


def block_forward(block, x):
    """VitBlock.forward in tensors of at most four axes and a batch of one, which is what ncnn has."""
    import torch.nn.functional as F
    s, a = block.window, block.attn
    _, c, h, w = x.shape
    y = F.pad(x, (0, -w % s, 0, -h % s)).permute(0, 2, 3, 1)
    rows, columns, t, n = y.shape[1] // s, y.shape[2] // s, s * s, a.heads
    tokens = rows * columns * t
    y = y.reshape(1, rows, s, columns, s * c).permute(0, 1, 3, 2, 4).reshape(1, tokens, c)
    y = a.qkv(a.norm(y)).reshape(1, tokens // t, t, n, 3 * c // n).permute(0, 1, 3, 2, 4)
    q, k, v = y.chunk(3, -1)
    logits = q.matmul(k.transpose(-1, -2)) * (c // n) ** -0.5 + a.attention_biases[:, a.index].reshape(1, 1, n, t, t)
    y = logits.softmax(-1).matmul(v).permute(0, 1, 3, 2, 4).reshape(1, tokens, c)
    y = a.proj(y).reshape(1, rows, columns, s, s * c).permute(0, 1, 3, 2, 4).reshape(1, rows * s, columns * s, c)
    x = block.local_conv(x + y.permute(0, 3, 1, 2)[:, :, :h, :w])
    tokens = x.permute(0, 2, 3, 1).reshape(1, h * w, c)
    return x + block.mlp(tokens).reshape(1, h, w, c).permute(0, 3, 1, 2)


def prepare(encoder: str, folder: pathlib.Path) -> None:
    """Model files of both programs in `folder`; the ncnn files are kept between runs."""
    if (folder / "net.ncnn.param").exists() and (folder / "net.gguf").exists():
        return
    import pnnx
    import torch
    from model import Segmenter
    torch.manual_seed(1)
    if encoder == "tinyvit":
        import tinyvit
        whole = Segmenter(tinyvit.TinyViT(), skips=False)
    else:
        whole = Segmenter()
    whole.eval()
    torch.set_grad_enabled(False)
    folder.mkdir(parents=True, exist_ok=True)
    write_gguf(whole, encoder, str(folder / "net.gguf"))
    if encoder == "tinyvit":
        image = torch.rand(1, 3, SIDE, SIDE)
        before = whole.enc(image)
        tinyvit.VitBlock.forward = block_forward
        assert (whole.enc(image) - before).abs().max() < 1e-3 * before.abs().max(), "the rewritten block computes something else"
    pnnx.export(whole.enc, str(folder / "net.pt"), torch.rand(1, 3, SIDE, SIDE))
    if not (folder / "net.ncnn.param").exists():
        sys.exit("pnnx wrote no net.ncnn.param")


def run_ncnn(folder: str, fp16: bool, threads: int) -> None:
    """In a process of its own: milliseconds of a forward pass as JSON."""
    import ncnn
    import numpy as np
    net = ncnn.Net()
    net.opt.use_vulkan_compute = True
    net.opt.num_threads = threads
    for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
        setattr(net.opt, name, fp16 and name != "use_bf16_storage")
    net.load_param(folder + "/net.ncnn.param")
    net.load_model(folder + "/net.ncnn.bin")
    image = np.random.default_rng(1).standard_normal((3, SIDE, SIDE)).astype(np.float32)
    times, busy, values = [], [], None
    for i in range(4):
        start, cpu = time.perf_counter(), time.process_time()
        extractor = net.create_extractor()
        extractor.input(net.input_names()[0], ncnn.Mat(image))
        values = [np.array(extractor.extract(name)[1]) for name in net.output_names()]
        if i:
            times.append(1e3 * (time.perf_counter() - start))
            busy.append(1e3 * (time.process_time() - cpu))
    print(json.dumps({"ms": statistics.median(times), "cpu_ms": statistics.median(busy), "finite": all(np.isfinite(v).all() for v in values),
                      "shapes": [list(v.shape) for v in values]}, default=bool))


def last_json(command: list) -> dict:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def ncnn_ms(folder: pathlib.Path, fp16: bool, threads: int) -> float:
    out = last_json([sys.executable, __file__, "--child", str(folder), "1" if fp16 else "0", str(threads)])
    if not out["finite"]:
        print(f"    (ncnn's values are not finite, f16 {fp16})", file=sys.stderr)
    return out["ms"]


def nadir_ms(nadir: str, folder: pathlib.Path, image: str) -> tuple:
    out = last_json([nadir, "bench", "segment", "--json", "--model", str(folder / "net.gguf"), "--image", image])
    by_name = {r["name"]: r["median"] for r in out["results"]}
    return by_name["segment.encode"], by_name["segment.next_prompt"]


def compare(encoder: str, args: argparse.Namespace) -> None:
    folder = pathlib.Path(args.work) / encoder
    prepare(encoder, folder)
    ours, prompts, theirs = [], [], {False: []} if args.f32 else {False: [], True: []}
    for i in range(args.rounds):
        for fp16 in theirs:
            theirs[fp16].append(ncnn_ms(folder, fp16, args.threads))
        encode, prompt = nadir_ms(args.nadir, folder, args.image)
        ours.append(encode)
        prompts.append(prompt)
        others = ", ".join(f"{'f16' if fp16 else 'f32'} {t[-1]:.0f} ms" for fp16, t in theirs.items())
        print(f"  {encoder} round {i + 1}: nadir {encode:.0f} ms (next prompt {prompt:.0f} ms), ncnn {others}", flush=True)
    best = min(statistics.median(t) for t in theirs.values())
    mine = statistics.median(ours)
    print(f"{encoder} {SIDE} px: nadir {mine:.0f} ms, ncnn {best:.0f} ms, nadir/ncnn {mine / best:.3f}, "
          f"next prompt {statistics.median(prompts):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nadir", default=str(ROOT / "build/nadir"))
    parser.add_argument("--image", default=str(ROOT / "data/samples/OSBS_029.tif"))
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "nadir-compare-ncnn"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--f32", action="store_true", help="ncnn with f32 only, which is its faster setting on lavapipe")
    parser.add_argument("--encoder", choices=["efficientnet_lite", "tinyvit"])
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        run_ncnn(args.child[0], args.child[1] == "1", int(args.child[2]))
        return
    for encoder in [args.encoder] if args.encoder else ["efficientnet_lite", "tinyvit"]:
        compare(encoder, args)


if __name__ == "__main__":
    main()
