"""Reference pipeline: picture and prompts in, mask and score out, exactly as spec and engine have it.

Resizing is Pillow's 8-bit bilinear, masks go low-res -> S -> crop by two plain bilinear resizes.
"""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import gguf_io
import prompts as P
from model import Segmenter


def load_gguf(path: str) -> tuple[Segmenter, dict]:
    """The starter model of a GGUF file, f32, and its metadata."""
    meta, tensors = gguf_io.read(path)
    model = Segmenter()
    model.load_state_dict({k: torch.from_numpy(v).reshape(model.state_dict()[k].shape) for k, v in tensors.items()})
    return model.eval(), meta


def frame(pixels: np.ndarray, crop: P.Crop, size: int) -> np.ndarray:
    """u8 [new_h, new_w, 3]: the crop resized by its longer side to `size`."""
    part = pixels[crop.y:crop.y + crop.height, crop.x:crop.x + crop.width]
    new = crop.resized(size)
    if new == (crop.width, crop.height):
        return part
    return np.asarray(Image.fromarray(part).resize(new, Image.Resampling.BILINEAR))


def normalise(resized: np.ndarray, size: int) -> torch.Tensor:
    """u8 [h, w, 3] -> f32 [3, size, size], (x - 127) / 128, zeros right and below."""
    out = torch.zeros(3, size, size)
    out[:, :resized.shape[0], :resized.shape[1]] = (torch.from_numpy(resized.astype(np.float32)) - 127).permute(2, 0, 1)
    return out / 128


def to_crop(logits: torch.Tensor, crop: P.Crop, size: int) -> np.ndarray:
    """Low-res logits [size/4, size/4] -> f32 [crop height, crop width]."""
    new_w, new_h = crop.resized(size)
    full = F.interpolate(logits[None, None], (size, size), mode="bilinear", align_corners=False)[:, :, :new_h, :new_w]
    return F.interpolate(full, (crop.height, crop.width), mode="bilinear", align_corners=False)[0, 0].numpy()


class Predictor:
    """One picture at a time; encodings of its crops are kept."""

    def __init__(self, model: Segmenter, size: int, dtype: torch.dtype = torch.float32) -> None:
        self.model, self.size, self.dtype = model.to(dtype), size, dtype

    def start(self, pixels: np.ndarray) -> None:
        """Begin a picture: RGB u8 [H, W, 3]."""
        self.pixels, self.encoded = pixels, {}

    @torch.no_grad()
    def run(self, prompts: list, crop: P.Crop, previous: np.ndarray | None = None) -> dict:
        """One decode on one crop: low-res logits f32 [4, d, d], scores [4], index of the answer."""
        if crop not in self.encoded:
            x = normalise(frame(self.pixels, crop, self.size), self.size)[None].to(self.dtype)
            self.encoded[crop] = self.model.encode(x.contiguous(memory_format=torch.channels_last))
        coords, labels = P.tokens(prompts, crop, self.size)
        raster = P.raster(prompts, crop, self.size, previous)
        logits, scores = self.model.decode(self.encoded[crop], torch.from_numpy(coords)[None],
                                           torch.from_numpy(labels)[None], torch.from_numpy(raster)[None])
        logits, scores = logits[0].float(), scores[0].float().numpy()
        best = 1 + int(scores[1:].argmax()) if P.multimask(prompts) and previous is None else 0
        return {"logits": logits, "scores": scores, "best": best, "crop": crop}

    def full(self, result: dict, index: int | None = None) -> np.ndarray:
        """bool [H, W]: mask `index` (the answer by default) of a result on the whole picture."""
        crop = result["crop"]
        logits = result["logits"][result["best"] if index is None else index]
        mask = np.zeros(self.pixels.shape[:2], bool)
        mask[crop.y:crop.y + crop.height, crop.x:crop.x + crop.width] = to_crop(logits, crop, self.size) > 0
        return mask

    def segment(self, prompts: list, side: int | None = None, previous: np.ndarray | None = None) -> dict:
        """The answer for one object's prompts, growing the crop of a lone point as the engine does."""
        height, width = self.pixels.shape[:2]
        crop = P.crop_for(prompts, width, height, side)
        result = self.run(prompts, crop, previous)
        if P.multimask(prompts) and side is None:
            box, side = P.bounds(prompts[0]), 256
            while self.touches(result, width, height):
                side *= 2
                result = self.run(prompts, P.place(box, side, width, height))
        result["mask"], result["score"] = self.full(result), float(result["scores"][result["best"]])
        return result

    def touches(self, result: dict, width: int, height: int) -> bool:
        """True when the chosen mask reaches a side of the crop that is not a side of the picture."""
        c = result["crop"]
        m = self.full(result)[c.y:c.y + c.height, c.x:c.x + c.width]
        return bool((c.x > 0 and m[:, 0].any()) or (c.y > 0 and m[0].any())
                    or (c.x + c.width < width and m[:, -1].any()) or (c.y + c.height < height and m[-1].any()))
