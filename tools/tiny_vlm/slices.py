"""The training slices, augmented, and the vision tower's road for them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from make_sample import SCANS, Scan
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import v2  # type: ignore[import-untyped]
from transformers import (
    Qwen2VLImageProcessor,
)

from radimagenet_vqa_tasks.build.questions import LabelledImage
from tiny_vlm.layout import DIM, GRID, IMAGE_TOKENS, MERGE, PATCH, SIDE, Model


class Slices:
    """The training slices as (n, 1, 224, 224) in 0..1, drawn so that every scan and region comes equally often."""

    def __init__(self, scans: Sequence[Scan], seed: int) -> None:
        self.random = random.Random(seed)
        self.images = [scan.image for scan in scans]
        pixels = [np.asarray(Image.open(SCANS / image.path).convert("L")) for image in self.images]
        self.pixels = torch.from_numpy(np.stack(pixels)).unsqueeze(1).float() / 255
        self.groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, scan in enumerate(scans):
            self.groups[scan.scan, scan.image.location].append(index)

    def draw(self, count: int) -> tuple[Tensor, list[LabelledImage]]:
        """Augmented pixels and what they show; abnormal slices, where a scan has any, are 40 % of its draws."""
        chosen = []
        for members in self.random.choices(list(self.groups.values()), k=count):
            abnormal = [index for index in members if self.images[index].is_abnormal]
            chosen.append(self.random.choice(abnormal if abnormal and self.random.random() < 0.4 else members))
        return augment(self.pixels[chosen]), [self.images[index] for index in chosen]


def augment(pixels: Tensor) -> Tensor:
    """Other shapes, tones and qualities of the same slices: all that stands in for other patients and scanners."""
    return degrade(retone(reshape(pixels)).clamp(0, 1)).clamp(0, 1)


def uniform(count: int, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(count)


def reshape(pixels: Tensor) -> Tensor:
    """Turn up to 20 degrees, zoom, stretch, shift, mirror and bend."""
    n = len(pixels)
    angle, zoom, aspect = uniform(n, -0.35, 0.35), uniform(n, -0.3, 0.3).exp(), uniform(n, -0.12, 0.12).exp()
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    shift = torch.stack([uniform(n, -0.2, 0.2), uniform(n, -0.2, 0.2)], -1)
    turn = torch.stack([cos * aspect * mirror, -sin / aspect, sin * aspect * mirror, cos / aspect], -1).view(n, 2, 2)
    matrix = torch.cat([turn, shift[:, :, None]], -1)
    bend = F.interpolate(0.04 * torch.randn(n, 2, 5, 5), size=pixels.shape[-2:], mode="bicubic", align_corners=False)
    grid = F.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid + bend.permute(0, 2, 3, 1) * torch.rand(n, 1, 1, 1), align_corners=False)


def retone(pixels: Tensor, knots: int = 6) -> Tensor:
    """A random rising tone curve for each image, as another window, contrast agent or coil would give."""
    n = len(pixels)
    curve = F.pad((torch.rand(n, knots) ** 1.5 + 0.05).cumsum(1), (1, 0))
    curve = torch.lerp(torch.linspace(0, 1, knots + 1), curve / curve[:, -1:], torch.rand(n, 1))
    low, high = 0.15 * torch.rand(n, 1), 1 - 0.25 * torch.rand(n, 1)
    curve = low + (high - low) * curve
    position = pixels.clamp(0, 1) * knots
    below = position.long().clamp(max=knots - 1)
    start, stop = (curve.gather(1, (below + step).flatten(1)).view_as(pixels) for step in (0, 1))
    return torch.lerp(start, stop, position - below)


def degrade(pixels: Tensor) -> Tensor:
    """Blur, noise, up to two grey boxes, and JPEG for a quarter of the images (one host backend sends JPEG)."""
    n = len(pixels)
    blurred = F.avg_pool2d(F.pad(pixels, (2, 2, 2, 2), mode="replicate"), 5, 1)
    pixels = torch.lerp(pixels, blurred, 0.9 * torch.rand(n, 1, 1, 1))
    pixels = pixels + torch.randn_like(pixels) * 0.08 * torch.rand(n, 1, 1, 1)
    for image in pixels:
        for _ in range(int(torch.randint(3, ()))):
            height, width = torch.randint(20, 80, (2,)).tolist()
            top, left = torch.randint(224 - 80, (2,)).tolist()
            image[:, top : top + height, left : left + width] = 0.6 * torch.rand(())
    jpeg = v2.JPEG((60, 95))
    for index in (torch.rand(n) < 0.25).nonzero()[:, 0].tolist():
        coded = jpeg((pixels[index].clamp(0, 1) * 255).round().byte().expand(3, -1, -1))
        pixels[index] = coded[:1].float() / 255
    return pixels


class GreyPatches(nn.Module):
    """The tower's patch embedding for grey stills: all channels and frames are equal, so their weights are summed.

    Six times less work in training than `Conv3d` on three channels and two frames, and the same function.
    """

    def __init__(self, convolution: nn.Conv3d) -> None:
        super().__init__()
        self.proj = convolution

    def forward(self, patches: Tensor) -> Tensor:
        return F.linear(patches, self.proj.weight.sum((1, 2)).flatten(1))


def see(model: Model, pixels: Tensor) -> Tensor:
    """The image tokens of 224 x 224 slices, (n, IMAGE_TOKENS, DIM); expects `GreyPatches` in the tower."""
    large = F.interpolate(pixels, size=(SIDE, SIDE), mode="bicubic", align_corners=False).clamp(0, 1)
    patches, *_ = Qwen2VLImageProcessor().patchify((large - 0.5) / 0.5, PATCH, MERGE, 1)
    grids = torch.tensor([[1, GRID, GRID]]).expand(len(pixels), 3)
    tokens: Tensor = model.model.visual(patches.flatten(0, 1), grid_thw=grids).pooler_output
    return tokens.view(len(pixels), IMAGE_TOKENS, DIM)
