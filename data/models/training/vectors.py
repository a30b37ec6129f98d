"""Write the test vectors that trainer and engine share: python vectors.py > tests/data/prompts.json.

Sums instead of rasters: values are small integers, so C reproduces every figure exactly.
"""

import json
import sys

import numpy as np

import prompts as P

COMMENT = [
    "Test vectors for spec/sam.md 4.1 and 4.2. Each case: picture [width, height] in source pixels; "
    "scale = null or the fixed",
    "crop side; size S; mode all or shapes; prompts in order with kind, sign and values in source pixels (point x,y;",
    "box x0,y0,x1,y1; circle cx,cy,r; scribble and polygon x,y,x,y...).",
    "Expected: crop [x, y, width, height] and new [new_w, new_h]; coords [[x, y]...] in S-frame pixels "
    "before the +0.5 and",
    "labels (-1 padding, 0 background, 1 foreground, 2 and 3 box corners): agree within 0.01 px, a "
    "polygon's token within",
    "`pole` (its index, and the tolerance in S-frame pixels) where given; multimask.",
    "previous true: the previous low-res logits are prev(i, j) = (((7 * i + 13 * j) % 41) - 20) / 2 at "
    "row i, column j, d = S/4.",
    "raster: null where no_mask_embed is used, else sum = sum of v, weighted = sum of v * (1 + (31 * i + "
    "17 * j) % 101),",
    "counts = how many cells have each distinct value, as [value, count] by rising value. All values are "
    "exact halves or integers.",
]


def previous(d: int) -> np.ndarray:
    """The formula for previous logits, f32 [d, d]."""
    i, j = np.mgrid[0:d, 0:d]
    return ((((7 * i + 13 * j) % 41) - 20) / 2).astype(np.float32)


def sums(raster: np.ndarray | None) -> dict | None:
    """Checksums of a raster [d, d]."""
    if raster is None:
        return None
    r = raster.astype(np.float64)
    i, j = np.mgrid[0:len(r), 0:len(r)]
    values, counts = np.unique(r, return_counts=True)
    return {"sum": float(r.sum()), "weighted": float((r * (1 + (31 * i + 17 * j) % 101)).sum()),
            "counts": [[float(v), int(c)] for v, c in zip(values, counts)]}


def case(name: str, picture: tuple, size: int, prompts: list, mode: str = "all", prev: bool = False,
         scale: int | None = None) -> dict:
    """One vector with everything expected of it."""
    crop = P.crop_for(prompts, *picture, scale)
    coords, labels = P.tokens(prompts, crop, size)
    raster = P.raster(prompts, crop, size, previous(size // 4) if prev else None, mode)
    out = {"name": name, "picture": list(picture), "scale": scale, "size": size, "mode": mode, "previous": prev,
           "prompts": [{"kind": k, "sign": s, "values": [float(a) for a in v]} for k, s, v in prompts],
           "crop": list(crop), "new": list(crop.resized(size)),
           "coords": [[round(float(x), 4), round(float(y), 4)] for x, y in coords], "labels": labels.tolist(),
           "multimask": P.multimask(prompts), "raster": sums(raster)}
    tokens_before = 0
    for k, s, v in prompts:
        if k == "polygon":
            longer = max(np.ptp(v[0::2]), np.ptp(v[1::2])) * out["new"][0] / crop.width
            out["pole"] = [tokens_before, round(0.02 * float(longer), 3)]
        tokens_before += len(P.tokens([(k, s, v)], crop, size)[1]) - (k != "box")
    return out


POINT, NOT_POINT = ("point", 1, (300.25, 200.75)), ("point", -1, (330.0, 190.5))
BOX, BACK = ("box", 1, (250.0, 180.0, 310.0, 240.0)), ("box", 1, (310.0, 240.0, 250.0, 180.0))
CIRCLE = ("circle", 1, (300.0, 200.0, 25.5))
STROKE = ("scribble", 1, (260.0, 190.0, 290.5, 200.25, 310.0, 230.0, 352.0, 228.0))
NOT_STROKE = ("scribble", -1, (240.0, 260.0, 280.0, 262.5))
SHORT = ("scribble", 1, (260.0, 190.0, 270.0, 197.0))
DOT, NOT_DOT = ("scribble", 1, (280.0, 210.0, 280.0, 210.0)), ("scribble", -1, (330.0, 210.0, 330.0, 210.0))
TRIANGLE = ("polygon", 1, (260.0, 180.0, 330.0, 190.0, 285.0, 245.0))
ELL = ("polygon", 1, (250.0, 180.0, 270.0, 180.0, 270.0, 230.0, 320.0, 230.0, 320.0, 255.0, 250.0, 255.0))
BOW = ("polygon", 1, (250.0, 180.0, 330.0, 250.0, 330.0, 180.0, 250.0, 330.0))


def cases() -> list[dict]:
    """All vectors."""
    big, found = (1000, 800), []
    single = {"point": [POINT], "negative point": [POINT, NOT_POINT], "box": [BOX], "box drawn backwards": [BACK],
              "circle": [CIRCLE], "stroke": [STROKE], "negative stroke": [BOX, NOT_STROKE], "short stroke": [SHORT],
              "stroke of no length": [DOT], "negative stroke of no length": [BOX, NOT_DOT], "triangle": [TRIANGLE],
              "L shape": [ELL], "self-crossing polygon": [BOW], "two points": [POINT, ("point", 1, (280.0, 220.0))],
              "box and points": [BOX, POINT, NOT_POINT], "point then box": [POINT, BOX],
              "circle and stroke": [CIRCLE, STROKE, NOT_POINT],
              "two circles": [CIRCLE, ("circle", 1, (280.0, 215.0, 20.0))],
              "polygon, box and point": [TRIANGLE, BOX, NOT_POINT], "stroke over box": [BOX, STROKE, NOT_STROKE]}
    for size in (384, 512, 1024):
        for mode in ("all", "shapes"):
            for name, prompts in single.items():
                found.append(case(name, big, size, prompts, mode))
    for size in (384, 512):
        for mode in ("all", "shapes"):
            for name in ("point", "negative point", "box", "circle", "stroke", "triangle", "stroke over box"):
                found.append(case(name + ", previous logits", big, size, single[name], mode, prev=True))
    on_centres = [("box", 1, (250.5, 180.5, 258.5, 188.5)), ("box", 1, (0.5, 0.5, 4.5, 2.5))]
    for prompt in on_centres:  # 128 px crop at 512 px: one source pixel is one cell, edges lie on cell centres
        found.append(case("edges on cell centres: half-open", big, 512, [prompt]))
    level = ("scribble", 1, (250.0, 180.0, 270.0, 180.0))
    found.append(case("stroke exactly 1.5 cells from centres", big, 512, [level]))
    found.append(case("values clamped at 20", big, 512, [CIRCLE, CIRCLE, CIRCLE, BOX]))
    found.append(case("values clamped, previous logits", big, 512, [CIRCLE, CIRCLE, BOX], prev=True))
    found.append(case("corner", big, 512, [("box", 1, (960.0, 770.0, 1000.0, 800.0))]))
    found.append(case("circle over the edge", big, 512, [("circle", 1, (4.0, 3.0, 12.0))]))
    found.append(case("negative point outside", big, 512, [BOX, ("point", -1, (-20.0, -5.0))]))
    found.append(case("unequal scales", (333, 250), 384, [BOX, POINT]))
    found.append(case("unequal scales, circle", (333, 217), 384, [("circle", 1, (150.0, 100.0, 60.0)), NOT_POINT]))
    found.append(case("smaller than the smallest crop", (100, 70), 512, [("box", 1, (20.0, 10.0, 60.0, 50.0))]))
    found.append(case("low picture: crop spans one axis", (2000, 200), 512, [("box", 1, (900.0, 50.0, 1000.0, 150.0))]))
    far = [("point", 1, (300.0, 200.0)), ("point", 1, (1200.0, 900.0))]
    found.append(case("crop chosen anew", (2000, 1600), 512, far))
    found.append(case("crop kept", (2000, 1600), 512, [("point", 1, (300.0, 200.0)), ("point", -1, (350.0, 260.0))]))
    found.append(case("fixed scale", (2000, 1600), 512, [BOX], scale=512))
    found.append(case("fixed scale, odd", (2000, 1600), 384, [POINT, NOT_STROKE], scale=300))
    found.append(case("side of exactly a quarter", (2000, 1600), 512, [("box", 1, (500.0, 500.0, 564.0, 532.0))]))
    return found


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(c) for c in cases())
    sys.stdout.write('{"comment": ' + json.dumps(COMMENT, indent=1) + ',\n"cases": [\n' + lines + "\n]}\n")
