"""The first stages of EfficientNet-Lite0 with its weights of ImageNet, as ONNX.

Weights and padding as in `folded_layers`; its layers have names of their own, which the released
file bears. The input is a picture of mean 0 and spread 1, halved to the spread that it was trained with.
"""

from __future__ import annotations

import io

import torch
from torch import nn
from torch.nn import functional

from training.folded_layers import folded, padding

STRIDES = (1, 2, 1, 2, 1)
"""Of the blocks that are kept; the stem halves the picture before."""
DRAWN = {2: 4, 4: 8}
"""Blocks whose maps are given, and how many pixels wide a cell of theirs is."""
SPREAD = 0.5
State = dict[str, torch.Tensor]


class _Folded(nn.Conv2d):
    """A convolution with its normalisation, padded as TensorFlow does it for even sizes."""

    def __init__(self, state: State, convolution: str, norm: str, stride: int, groups: int, scale: float) -> None:
        weight, bias = folded(state, convolution, norm)
        super().__init__(weight.shape[1] * groups, weight.shape[0], weight.shape[2], stride, groups=groups)
        with torch.no_grad():
            self.weight.copy_(weight * scale)
            self.bias.copy_(bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The map of a map."""
        padded = functional.pad(x, padding(self.kernel_size[0], self.stride[0]))
        return functional.conv2d(padded, self.weight, self.bias, self.stride, 0, 1, self.groups)


class _Block(nn.Module):
    def __init__(self, state: State, number: int, stride: int) -> None:
        super().__init__()
        name = f"_blocks.{number}."
        has_expansion = f"{name}_expand_conv.weight" in state
        self.expand = _Folded(state, f"{name}_expand_conv", f"{name}_bn0", 1, 1, 1.0) if has_expansion else None
        groups = state[f"{name}_depthwise_conv.weight"].shape[0]
        self.depth = _Folded(state, f"{name}_depthwise_conv", f"{name}_bn1", stride, groups, 1.0)
        self.project = _Folded(state, f"{name}_project_conv", f"{name}_bn2", 1, 1, 1.0)
        inner = groups if self.expand is None else self.expand.in_channels
        self.is_residual = stride == 1 and inner == self.project.out_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The map of a map."""
        wide = x if self.expand is None else functional.relu6(self.expand(x))
        out = self.project(functional.relu6(self.depth(wide)))
        return x + out if self.is_residual else out


class Encoder(nn.Module):
    """Maps (n, 24, y / 4, x / 4) and (n, 40, y / 8, x / 8) of pictures (n, 3, y, x)."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.stem = _Folded(state, "_conv_stem", "_bn0", 2, 1, SPREAD)
        self.blocks = nn.ModuleList(_Block(state, k, stride) for k, stride in enumerate(STRIDES))

    def forward(self, picture: torch.Tensor) -> list[torch.Tensor]:
        """The maps of pictures."""
        x = functional.relu6(self.stem(picture))
        drawn = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in DRAWN:
                drawn.append(x)
        return drawn


def exported(state: State, rows: int, columns: int) -> bytes:
    """ONNX bytes of the encoder for any number of pictures of that size."""
    stream = io.BytesIO()
    names = {"input_names": ["pictures"], "output_names": [f"maps_{step}" for step in DRAWN.values()]}
    axes = {name: {0: "n"} for part in names.values() for name in part}
    example = (torch.zeros(2, 3, rows, columns),)
    torch.onnx.export(
        Encoder(state).eval(), example, stream, dynamic_axes=axes, opset_version=17, dynamo=False, **names
    )
    return stream.getvalue()
