"""Add to a container network the output `description`: what it makes of each block of a picture, in numbers.

    python training/describe_network.py [FILE]

Means and mean squares, over blocks of `BLOCK_PX` pixels, of the feature maps of its first level (texture, blur,
contrast) and of its bottleneck (what stands there): (1, n, y, x), all means first. By blocks, so that clouds can be
left out. Any U-Net will do: the first level ends in the first pooling, the bottleneck in the first upsampling. The maps
stay what they are. training/train_network.py does this at export; run by itself, FILE is changed in place, with its
checksum beside it, and a description of another form is replaced.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from training.checksums import write_with_checksum  # noqa: E402

MODEL = ROOT / "training" / "networks" / "containers.onnx"
DESCRIPTION = "description"
FIRST_PX, BLOCK_PX = 2, 16
"""Pixels of the picture that one of the first level, and of the bottleneck, stands for (`network_grid.STRIDE_PX`)."""
POOL = BLOCK_PX // FIRST_PX


def described(graph: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with the output `description`, in place of any that it has."""
    _forget(graph.graph)
    first, bottleneck = (_input_of(graph.graph, end) for end in ("MaxPool", "Resize"))
    pooled = {"kernel_shape": [POOL, POOL], "strides": [POOL, POOL]}
    graph.graph.node.extend(
        [
            helper.make_node("AveragePool", [first], ["first/mean"], name="first/mean", **pooled),
            helper.make_node("Mul", [first, first], ["first/square"], name="first/square"),
            helper.make_node("AveragePool", ["first/square"], ["first/power"], name="first/power", **pooled),
            helper.make_node("Mul", [bottleneck, bottleneck], ["bottleneck/power"], name="bottleneck/power"),
        ]
    )
    parts = ["first/mean", bottleneck, "first/power", "bottleneck/power"]
    graph.graph.node.append(helper.make_node("Concat", parts, [DESCRIPTION], name=DESCRIPTION, axis=1))
    shape = [1, None, None, None]
    graph.graph.output.append(helper.make_tensor_value_info(DESCRIPTION, TensorProto.FLOAT, shape))
    onnx.checker.check_model(graph)
    return graph


def _input_of(graph: onnx.GraphProto, kind: str) -> str:
    return next(node.input[0] for node in graph.node if node.op_type == kind)


def _forget(graph: onnx.GraphProto) -> None:
    """Take away the output, and all nodes that nothing else needs."""
    kept = [output for output in graph.output if output.name != DESCRIPTION]
    del graph.output[:]
    graph.output.extend(kept)
    while True:
        needed = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
        idle = [node for node in graph.node if not needed & set(node.output)]
        if not idle:
            return
        for node in idle:
            graph.node.remove(node)


def main() -> None:
    """Describe a file in place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=MODEL)
    given = parser.parse_args()
    content = bytes(described(onnx.load(given.file)).SerializeToString(deterministic=True))
    write_with_checksum(content, given.file)


if __name__ == "__main__":
    main()
