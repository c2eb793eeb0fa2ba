"""Add to a container network the output `description`: what it makes of a picture, in a few hundred numbers.

    python training/describe_network.py [FILE]

Means and root mean squares, over the picture, of the feature maps of its first level (texture, blur, contrast) and of
its bottleneck (what stands there). Any U-Net will do: the first level ends in the first pooling, the bottleneck in the
first upsampling. The maps stay what they are. training/train_network.py does this at export; run by itself, FILE is
changed in place, with its checksum beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parents[1]
MODEL = ROOT / "changedet" / "models" / "containers.onnx"
DESCRIPTION = "description"
ENDS = ("MaxPool", "Resize")
"""Nodes whose first one takes what is described."""
SPATIAL = [2, 3]


def described(graph: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with the output `description` (1, n); unchanged where it has one."""
    if any(output.name == DESCRIPTION for output in graph.graph.output):
        return graph
    parts = []
    for end in ENDS:
        tensor = next(node.input[0] for node in graph.graph.node if node.op_type == end)
        mean, square, power, root = (f"{tensor}/{name}" for name in ("mean", "square", "power", "rms"))
        graph.graph.node.extend(
            [
                helper.make_node("ReduceMean", [tensor], [mean], name=mean, axes=SPATIAL, keepdims=0),
                helper.make_node("Mul", [tensor, tensor], [square], name=square),
                helper.make_node("ReduceMean", [square], [power], name=power, axes=SPATIAL, keepdims=0),
                helper.make_node("Sqrt", [power], [root], name=root),
            ]
        )
        parts += [mean, root]
    graph.graph.node.append(helper.make_node("Concat", parts, [DESCRIPTION], name=DESCRIPTION, axis=1))
    graph.graph.output.append(helper.make_tensor_value_info(DESCRIPTION, TensorProto.FLOAT, [1, None]))
    onnx.checker.check_model(graph)
    return graph


def main() -> None:
    """Describe a file in place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=MODEL)
    given = parser.parse_args()
    content = bytes(described(onnx.load(given.file)).SerializeToString(deterministic=True))
    given.file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    given.file.with_suffix(".sha256").write_text(digest + "\n")
    sys.stdout.write(f"{given.file.name} {digest}\n")


if __name__ == "__main__":
    main()
