"""Add two of its maps to the outputs of the network of halls: features of the kind of place that a box lies in.

    python training/map_halls.py [FILE]

Outputs `maps8` and `maps16`, on pixels of 8 and of 16 of the picture's: what the head makes of the photographs'
features at the first, and these features themselves, standardised, at the second. The odds stay bit for bit.
training/train_buildings.py does this at export; run by itself, FILE is changed in place.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from training.onnx_files import write  # noqa: E402

MODEL = ROOT / "changedet" / "models" / "buildings.onnx"
MAPS = {
    "maps8": "/head/mixed.2/mixed.2.1/Relu_output_0",
    "maps16": "/encoder/Clip_3_output_0",
}
"""Of PyTorch's export, by the names that the outputs get."""


def mapped(content: bytes) -> bytes:
    """The same network with the outputs of `MAPS`."""
    model = onnx.load_from_string(content)
    known = {output.name for output in model.graph.output}
    for name, source in MAPS.items():
        if name not in known:
            model.graph.node.append(helper.make_node("Identity", [source], [name], name=name))
            shape = [1, None, None, None]
            model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def main() -> None:
    """Map a file in place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=MODEL)
    given = parser.parse_args()
    write(mapped(given.file.read_bytes()), given.file)


if __name__ == "__main__":
    main()
