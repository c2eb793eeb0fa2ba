"""Join two container networks into one that draws the mean of their maps: they err on different things.

The second sees the picture mirrored, left for right, and its maps are mirrored back: what is chance in an answer is
then not the same in both (docs/research/detector.md).

    python training/train_network.py --recipe plain --cache DIR --out plain.onnx
    python training/train_network.py --recipe wide --cache DIR2 --out wide.onnx
    python training/join_networks.py plain.onnx wide.onnx          # writes training/networks/containers.onnx

training/quantise_network.py makes of it the file that comes with the package.

A file of two networks stands for its plain half as the first and its wide half as the second. The description is the
first one's. So is the calibration, as the mean's logits lie close enough (docs/research/detector.md), unless --cache
and --painted name the folders of scenes, of training/train_network.py and training/painted_sites.py: then the joined
networks are calibrated on scenes of both hands that neither was trained on.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, compose, helper

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from training import calibration, warm_start  # noqa: E402
from training.checksums import write_with_checksum  # noqa: E402
from training.describe_network import described  # noqa: E402

MODEL = ROOT / "training" / "networks" / "containers.onnx"
PICTURE, MAPS, DESCRIPTION = "picture", "maps", "description"
FIRST, SECOND = "plain/", "wide/"
MIRROR = {"last": [-1], "before_first": [np.iinfo(np.int64).min], "across": [3], "backwards": [-1]}
"""Of a slice that goes along the columns from the last one to the first."""
SIGNS = [1.0, -1.0, 1.0, 1.0, 1.0, 1.0]
"""Of the maps in the mirror: the sine of twice an angle changes its own."""


def joined(first: onnx.ModelProto, second: onnx.ModelProto) -> onnx.ModelProto:
    """One network from two with an input ``picture`` and an output ``maps``; the description is the first one's."""
    parts = [compose.add_prefix(model, prefix) for model, prefix in ((first, FIRST), (second, SECOND))]
    nodes = [
        helper.make_node("Identity", [PICTURE], [FIRST + PICTURE]),
        helper.make_node("Slice", [PICTURE, *MIRROR], [SECOND + PICTURE]),
    ]
    nodes += [node for part in parts for node in part.graph.node]
    constants = [helper.make_tensor(name, TensorProto.INT64, [1], values) for name, values in MIRROR.items()]
    constants.append(helper.make_tensor("half", TensorProto.FLOAT, [], [0.5]))
    constants.append(helper.make_tensor("signs", TensorProto.FLOAT, [1, len(SIGNS), 1, 1], SIGNS))
    nodes.append(helper.make_node("Slice", [SECOND + MAPS, *MIRROR], ["in_mirror"]))
    nodes.append(helper.make_node("Mul", ["in_mirror", "signs"], ["mirrored_back"]))
    nodes.append(helper.make_node("Add", [FIRST + MAPS, "mirrored_back"], ["both"]))
    nodes.append(helper.make_node("Mul", ["both", "half"], [MAPS]))
    outputs = [_renamed(output) for output in parts[0].graph.output]
    if any(output.name == DESCRIPTION for output in outputs):
        nodes.append(helper.make_node("Identity", [FIRST + DESCRIPTION], [DESCRIPTION]))
    weights = [weight for part in parts for weight in part.graph.initializer]
    graph = helper.make_graph(nodes, "joined", [_renamed(parts[0].graph.input[0])], outputs, [*weights, *constants])
    model = helper.make_model(graph, opset_imports=first.opset_import, ir_version=first.ir_version)
    helper.set_model_props(model, {entry.key: entry.value for entry in first.metadata_props})
    onnx.checker.check_model(model)
    return model


def _renamed(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    plain = onnx.ValueInfoProto()
    plain.CopyFrom(value)
    plain.name = value.name.removeprefix(FIRST)
    return plain


def main() -> None:
    """Join two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--cache", type=Path, help="calibrate: folder of own scenes")
    parser.add_argument("--painted", type=Path, help="calibrate: folder of painted sites")
    given = parser.parse_args()
    halves = [warm_start.half(onnx.load(p), h) for p, h in ((given.first, FIRST), (given.second, SECOND))]
    # Half of a joined file has no description of its own.
    model = described(joined(*halves))
    content = bytes(model.SerializeToString(deterministic=True))
    if given.cache and given.painted:
        table = calibration.calibrated(content, lambda gsd_m: calibration.yards(given.cache, given.painted, gsd_m))
        helper.set_model_props(model, {"calibration": json.dumps(table)})
        content = bytes(model.SerializeToString(deterministic=True))
    write_with_checksum(content, given.out)


if __name__ == "__main__":
    main()
