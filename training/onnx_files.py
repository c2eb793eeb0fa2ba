"""Networks that were taught, as ONNX."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from torch import nn

from training.folded_layers import Folded
from training.progress import say

Sizes = Mapping[str, Mapping[int, str]]
"""Of inputs and the output, by name: the axes of any size and what each is called."""


def exported(network: nn.Module, shown: Mapping[str, tuple[int, ...]], sizes: Sizes, opset: int | None = None) -> bytes:
    """ONNX of a network, whose inputs of one size are `shown` in their order; its output is named ``odds``."""
    stream = io.BytesIO()
    torch.onnx.export(
        network, tuple(torch.zeros(shape) for shape in shown.values()), stream, input_names=list(shown),
        output_names=["odds"], dynamic_axes=sizes, opset_version=opset, dynamo=False,
    )  # fmt: skip
    return stream.getvalue()


def padded_by_convolutions(
    network: nn.Module,
    shown: Mapping[str, tuple[int, ...]],
    sizes: Sizes,
    lopsided: Mapping[str, tuple[int, int, int, int]],
    opset: int,
) -> bytes:
    """As `exported`, with the padding of `Folded` layers left to their convolutions: half the time and memory.

    `lopsided` gives the padding (top, left, bottom, right) of convolutions, by a part of their names, whose padding is
    not the same on all sides, which PyTorch cannot say.
    """
    for part in network.modules():
        if isinstance(part, Folded):
            part.conv.padding, part.pad = tuple(size // 2 for size in part.conv.kernel_size), ()
    graph = onnx.load_from_string(exported(network, shown, sizes, opset))
    for node in graph.graph.node:
        for place, pads in lopsided.items():
            if node.op_type == "Conv" and place in node.name:
                next(one for one in node.attribute if one.name == "pads").ints[:] = pads
    return bytes(graph.SerializeToString(deterministic=True))


def write(content: bytes, path: Path) -> None:
    """Write a network and say its checksum."""
    path.write_bytes(content)
    say(f"{path}: SHA-256 {hashlib.sha256(content).hexdigest()}")
