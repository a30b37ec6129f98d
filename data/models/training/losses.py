"""Losses on low-res logits. N items, d = size / 4 cells a side, 4 masks an item; all in f32."""

import torch
import torch.nn.functional as F
from torch import Tensor


def mask_loss(logits: Tensor, target: Tensor, weight: Tensor, area: Tensor) -> Tensor:
    """Cross entropy by object area plus dice: logits [N, K, d, d], target coverage [N, d, d], weight [N, d, d]
    (0 where unknown), area [N] cells of the object's box -> [N, K]."""
    t, w = target.unsqueeze(1), weight.unsqueeze(1)
    entropy = F.binary_cross_entropy_with_logits(logits, t.expand_as(logits), reduction="none")
    entropy = (entropy * w).sum((2, 3)) / (2 * area + 24).unsqueeze(1)
    p = logits.sigmoid() * w
    dice = 1 - (2 * (p * t).sum((2, 3)) + 1) / ((p * p).sum((2, 3)) + (t * t * w).sum((2, 3)) + 1)
    return entropy + dice


def projection_loss(logits: Tensor, box: Tensor) -> Tensor:
    """Dice between the projections of mask and box on both axes: logits [N, K, d, d], box coverage [N, d, d]
    -> [N, K]."""
    p, loss = logits.sigmoid(), 0.0
    for axis in (2, 3):
        a, b = p.amax(axis), box.amax(axis - 1).unsqueeze(1)
        loss = loss + 1 - (2 * (a * b).sum(2) + 0.5) / ((a * a).sum(2) + (b * b).sum(2) + 0.5)
    return loss


def outside_loss(logits: Tensor, box: Tensor, area: Tensor) -> Tensor:
    """Cross entropy against nothing outside the box -> [N, K]."""
    wrong = F.softplus(logits) * (1 - box).unsqueeze(1)
    return wrong.sum((2, 3)) / (2 * area + 24).unsqueeze(1)


def pairwise_loss(logits: Tensor, like: Tensor, box: Tensor) -> Tensor:
    """Neighbours of like colour should agree: logits [N, K, d, d], like [N, 2, d, d] (right and lower neighbour at
    distance 2, 1 where colours are alike), box [N, d, d] -> [N, K]."""
    total, count = 0.0, 1.0
    pos, neg = F.logsigmoid(logits), F.logsigmoid(-logits)
    for i, (dy, dx) in enumerate(((0, 2), (2, 0))):
        d = logits.shape[2]
        here = (slice(None), slice(None), slice(0, d - dy), slice(0, d - dx))
        there = (slice(None), slice(None), slice(dy, d), slice(dx, d))
        same = torch.logaddexp(pos[here] + pos[there], neg[here] + neg[there])
        weight = like[:, i, :d - dy, :d - dx] * box[:, :d - dy, :d - dx]
        total = total - (same * weight.unsqueeze(1)).sum((2, 3))
        count = count + weight.sum((1, 2)).unsqueeze(1)
    return total / count


def differences(colours: Tensor) -> Tensor:
    """Colour difference [B, 2, d, d] of Lab pictures [B, d, d, 3] to the neighbours two cells right and below."""
    out = colours.new_full((colours.shape[0], 2, *colours.shape[1:3]), 1e3)
    out[:, 0, :, :-2] = (colours[:, :, 2:] - colours[:, :, :-2]).abs().sum(3)
    out[:, 1, :-2] = (colours[:, 2:] - colours[:, :-2]).abs().sum(3)
    return out


def fill_loss(logits: Tensor, box: Tensor, least: Tensor) -> Tensor:
    """A mask should fill at least the share `least` [N] of its box -> [N, K]. Without it a box alone is satisfied by a
    thin cross, which is what a first run learnt. Sharpened, or a box full of values just below one half would do."""
    share = ((4 * logits).sigmoid() * box.unsqueeze(1)).sum((2, 3)) / box.sum((1, 2)).clamp_min(1).unsqueeze(1)
    return F.relu(1 - share / least.unsqueeze(1))


def overlap(logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """IoU [N, K] of logits > 0 with coverage > 0.5."""
    p = (logits > 0) & (weight.unsqueeze(1) > 0)
    t = ((target > 0.5) & (weight > 0)).unsqueeze(1)
    return (p & t).sum((2, 3)) / (p | t).sum((2, 3)).clamp_min(1)


def box_overlap(logits: Tensor, boxes: Tensor) -> Tensor:
    """IoU [N, K] of the masks' bounding boxes with boxes [N, 4] in cells."""
    d, edges = logits.shape[3], []
    for axis in (2, 3):
        hit = (logits > 0).any(axis)
        first = hit.float().argmax(2)
        last = d - hit.flip(2).float().argmax(2)
        edges += [first * hit.any(2), last * hit.any(2)]
    x0, x1, y0, y1 = edges
    b = boxes.unsqueeze(1)
    w = (torch.minimum(x1, b[..., 2]) - torch.maximum(x0, b[..., 0])).clamp_min(0)
    h = (torch.minimum(y1, b[..., 3]) - torch.maximum(y0, b[..., 1])).clamp_min(0)
    joint = (x1 - x0) * (y1 - y0) + (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1]) - w * h
    return w * h / joint.clamp_min(1e-6)


def choice_loss(scores: Tensor, truth: Tensor) -> Tensor:
    """The best of three should have the highest score: cross entropy between softmaxes of the scores and of the true
    IoUs [N, 3], less what even the truth costs."""
    target = (truth / 0.05).softmax(1)
    return (target * (target.clamp_min(1e-6).log() - (scores / 0.05).log_softmax(1))).sum(1).mean() * 0.2
