"""Write the container network in whole numbers of 8 bits, as it comes with the package.

    python training/quantise_network.py --cache FOLDER       # own scenes; drawn there where they are not yet

From the joined networks in floats (training/join_networks.py) to changedet/models/containers.onnx and its checksum.
What a convolution is given and its weights become whole numbers, its sums are exact, and their 32 bits are rounded back
to 8 (Jacob et al. 2018, arXiv:1712.05877); a processor that multiplies bytes does three times as many a second. The
first two layers and the last one, which draws the maps, stay in floats. The step between activations is the one that
changes those on scenes of the training least; below zero they are cut, which is what the float network does. Weights
have 7 bits, so that two products fit into 16 and processors without instructions for bytes give the same bits.

The half that sees the picture in a mirror has its weights mirrored instead, and the halves' maps are averaged before
they are drawn on the picture's pixels: the same numbers for less.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from changedet.stages.objects.kernels import network, network_grid  # noqa: E402
from scenarios.yards import GSDS_M  # noqa: E402
from training.checksums import write_with_checksum  # noqa: E402
from training.describe_network import POOL  # noqa: E402
from training.join_networks import DESCRIPTION, FIRST, MAPS, PICTURE, SECOND  # noqa: E402
from training.join_networks import MODEL as JOINED  # noqa: E402
from training.network_scenes import WIDE_FROM, cached, photograph  # noqa: E402
from training.recipes import TRAIN_SEED  # noqa: E402

OUT = ROOT / "changedet" / "models" / "containers.onnx"
STEP = 16
SEEDS = (*range(TRAIN_SEED, TRAIN_SEED + 480, STEP), *range(TRAIN_SEED + WIDE_FROM, TRAIN_SEED + 940, STEP))
"""Scenes of the training of both halves whose activations are measured, each at one of four resolutions."""
KEPT: Final = 10_000
"""Activations of a layer and scene that are kept."""
SHARES: Final = np.linspace(0.5, 1.0, 51, dtype=np.float32)
"""Of the greatest value, which the greatest whole number may stand for."""
MOST: Final = 255
"""Of an activation in 8 bits."""
MOST_WEIGHT: Final = 64
"""Two products with an activation and their sum, 2 x 255 x 64, fit into 16 bits."""
IN_FLOATS: Final = 2
"""The first so many layers: what they lose would go through all others."""
LEVELS: Final = 3
"""Times that the picture is halved and doubled again."""
CENTRES: Final = 4
"""Channels of the last layer for the four pixels of the picture that one of its own covers; the others hold for all."""
IN_MIRROR: Final = [1, 0, 3, 2, 4, 5, 6, 7, 8]
SIGNS: Final = np.array([1, 1, 1, 1, -1, 1, 1, 1, 1], np.float32)
"""Channels of the last layer seen in the mirror: left and right pixels change places, the sine its sign."""
Layer = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Weights and bias of a convolution."""


def pictures(folder: Path) -> Iterator[NDArray[np.float32]]:
    """Scenes of the training as the network is given them (3, y, x)."""
    for number, seed in enumerate(SEEDS):
        yard = photograph(cached(seed, folder), seed, GSDS_M[number % len(GSDS_M)])
        told = network.statistics(yard.image[None], (0, 1, 2))
        mean, spread = (np.asarray(v, np.float32)[:, None, None] for v in (told.mean, told.spread))
        shown = np.where(np.isfinite(yard.image), network.stretched(yard.image, told.low, told.high), mean)
        picture = (network_grid.resampled(shown, network_grid.ratio(yard.gsd_m)) - mean) / spread
        rows, columns = (size // network_grid.STRIDE_PX * network_grid.STRIDE_PX for size in picture.shape[1:])
        yield picture[:, :rows, :columns]


def step(values: NDArray[np.float32], most: int) -> np.float32:
    """The step between whole numbers up to `most` that changes values least: their ends may be cut."""
    steps = np.abs(values).max() / np.float32(most) * SHARES
    return steps[np.argmin([np.square(np.clip(np.round(values / s), -most, most) * s - values).sum() for s in steps])]


def steps(joined: onnx.ModelProto, shown: Iterator[NDArray[np.float32]]) -> dict[str, list[np.float32]]:
    """The step between activations of each layer but the last of both halves."""
    model = onnx.ModelProto()
    model.CopyFrom(joined)
    names = [node.output[0] for node in model.graph.node if node.op_type == "Relu"]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    seen: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    for picture in shown:
        for name, answer in zip(names, session.run(names, {PICTURE: picture[None]}), strict=True):
            seen[name].append(np.append(answer.ravel()[:: max(1, answer.size // KEPT)], answer.max()))
    found = {}
    for half in (FIRST, SECOND):
        values = [np.concatenate(seen[name]) for name in names if name.startswith(half)]
        # Boxes are rare, and the greatest activations tell them: what the drawing layer is given is not cut.
        found[half] = [*(step(v, MOST) for v in values[:-1]), values[-1].max() / np.float32(MOST)]
    return found


def layers(joined: onnx.ModelProto, half: str) -> list[Layer]:
    """The convolutions of a half, in the order of the picture's way."""
    weights = {w.name: np.array(numpy_helper.to_array(w)) for w in joined.graph.initializer}
    nodes = [n for n in joined.graph.node if n.op_type == "Conv" and n.output[0].startswith(half)]
    return [(weights[node.input[1]], weights[node.input[2]]) for node in nodes]


def mirrored(convolutions: Sequence[Layer]) -> list[Layer]:
    """Layers that draw of a picture what the given ones draw of it in a mirror, mirrored back."""
    turned = [(np.ascontiguousarray(weight[..., ::-1]), bias) for weight, bias in convolutions[:-1]]
    weight, bias = convolutions[-1]
    signs = SIGNS[:, None, None, None]
    return [*turned, (weight[IN_MIRROR] * signs, bias[IN_MIRROR] * SIGNS)]


class Whole(NamedTuple):
    """Activations in 8 bits: the name of the array, and the number of the layer whose step between them it has."""

    name: str
    layer: int


class Graph:
    """Nodes and constants, named after what they give."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """The name of a constant."""
        self.constants.setdefault(name, numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, given: Sequence[str], name: str, **attributes: object) -> str:
        """The name of what a new node gives."""
        self.nodes.append(helper.make_node(kind, list(given), [name], name=name, **attributes))
        return name


class Half:
    """A U-Net in whole numbers, written into a graph."""

    def __init__(self, graph: Graph, name: str, convolutions: Sequence[Layer], scales: Sequence[np.float32]) -> None:
        self.graph, self.name, self.convolutions = graph, name, convolutions
        self.scales = list(scales)
        for level in range(LEVELS):
            # What is joined has one scale.
            kept, doubled = 2 * (LEVELS - level), 2 * (LEVELS + level + 1)
            self.scales[kept] = self.scales[doubled] = max(scales[kept], scales[doubled])
        self.zero = graph.constant("zero", np.uint8(0))

    def scale(self, layer: int) -> str:
        """The name of a layer's step between activations."""
        return self.graph.constant(f"{self.name}{layer}/scale", self.scales[layer])

    def first(self) -> Whole:
        """What the first layers give in floats, rounded."""
        graph, drawn = self.graph, PICTURE
        for layer, (weight, bias) in enumerate(self.convolutions[:IN_FLOATS]):
            name = f"{self.name}{layer}"
            given = [drawn, graph.constant(f"{name}/weight", weight), graph.constant(f"{name}/bias", bias)]
            stride = 2 if layer == 0 else 1
            drawn = graph.node("Conv", given, f"{name}/sums", pads=[1] * 4, strides=[stride, stride])
            drawn = graph.node("Relu", [drawn], f"{name}/float")
        last = IN_FLOATS - 1
        return Whole(graph.node("QuantizeLinear", [drawn, self.scale(last), self.zero], f"{self.name}{last}"), last)

    def convolved(self, given: Whole, layer: int) -> Whole:
        """A layer in whole numbers; what is below zero is cut as the least that 8 bits hold."""
        graph, name = self.graph, f"{self.name}{layer}"
        weight, bias = self.convolutions[layer]
        scales = np.array([step(kernel, MOST_WEIGHT) for kernel in weight], np.float32)
        rounded = np.clip(np.round(weight / scales[:, None, None, None]), -MOST_WEIGHT, MOST_WEIGHT).astype(np.int8)
        offset = np.round(bias / (np.float64(self.scales[given.layer]) * scales)).astype(np.int32)
        names = [given.name, self.scale(given.layer), self.zero, graph.constant(f"{name}/weight", rounded)]
        names += [
            graph.constant(f"{name}/scales", scales),
            graph.constant(f"{name}/zeros", np.zeros(len(bias), np.int8)),
        ]
        names += [self.scale(layer), self.zero, graph.constant(f"{name}/bias", offset)]
        return Whole(graph.node("QLinearConv", names, name, kernel_shape=[3, 3], pads=[1] * 4), layer)

    def doubled(self, given: Whole) -> str:
        """Each pixel two wide and two high: as copies of rows, which are faster than a resampling."""
        graph, name = self.graph, f"{self.name}{given.layer}/doubled"
        channels = len(self.convolutions[given.layer][1])
        inner = graph.node("Transpose", [given.name], f"{name}/inner", perm=[0, 2, 3, 1])
        wide = graph.node("Concat", [inner, inner], f"{name}/twice", axis=3)
        pixels = graph.constant(f"{channels} channels", np.array([0, 0, -1, channels]))
        wide = graph.node("Reshape", [wide, pixels], f"{name}/wide")
        size = graph.node("Shape", [wide], f"{name}/size")
        size = graph.node("Mul", [size, graph.constant("twice as high", np.array([1, 2, 1, 1]))], f"{name}/high")
        high = graph.node("Concat", [wide, wide], f"{name}/again", axis=2)
        high = graph.node("Reshape", [high, size], f"{name}/outer")
        return graph.node("Transpose", [high], name, perm=[0, 3, 1, 2])

    def written(self) -> tuple[str, Whole, Whole]:
        """Half of the last layer's sums in floats (1, y, x, channel), the first level's and the coarsest maps."""
        graph, at, kept = self.graph, self.first(), []
        for level in range(LEVELS + 1):
            if level:
                kept.append(at)
                name = f"{self.name}{at.layer}/halved"
                at = at._replace(name=graph.node("MaxPool", [at.name], name, kernel_shape=[2, 2], strides=[2, 2]))
            for layer in range(max(2 * level + 1, IN_FLOATS), 2 * level + 3):
                at = self.convolved(at, layer)
        first, coarsest = kept[0], at
        for level in range(LEVELS):
            both = [self.doubled(at), kept.pop().name]
            at = at._replace(name=graph.node("Concat", both, f"{self.name}{at.layer}/both", axis=1))
            number = 2 * (LEVELS + level) + 3
            at = self.convolved(self.convolved(at, number), number + 1)
        inner = graph.node("Transpose", [at.name], f"{self.name}inner", perm=[0, 2, 3, 1])
        values = self.as_floats(at._replace(name=inner), f"{self.name}last")
        weight = graph.constant(f"{self.name}head", self.convolutions[-1][0][:, :, 0, 0].T / np.float32(2))
        return graph.node("MatMul", [values, weight], f"{self.name}drawn"), first, coarsest

    def as_floats(self, given: Whole, name: str) -> str:
        """Activations in the float network's unit."""
        return self.graph.node("DequantizeLinear", [given.name, self.scale(given.layer), self.zero], name)


def quantised(joined: onnx.ModelProto, scales: dict[str, list[np.float32]]) -> onnx.ModelProto:
    """The joined networks in whole numbers, with the same inputs and outputs."""
    graph = Graph()
    plain, wide = layers(joined, FIRST), mirrored(layers(joined, SECOND))
    first = Half(graph, FIRST, plain, scales[FIRST])
    drawn, finest, coarsest = first.written()
    mirror, *_ = Half(graph, SECOND, wide, scales[SECOND]).written()
    both = graph.node("Add", [drawn, mirror], "both")
    both = graph.node("Add", [both, graph.constant("bias", (plain[-1][1] + wide[-1][1]) / np.float32(2))], "mean")
    _draw(graph, graph.node("Transpose", [both], "head", perm=[0, 3, 1, 2]))
    _describe(graph, first.as_floats(finest, "finest"), first.as_floats(coarsest, "coarsest"))
    constants = list(graph.constants.values())
    made = helper.make_graph(graph.nodes, "in whole numbers", joined.graph.input, joined.graph.output, constants)
    model = helper.make_model(made, opset_imports=joined.opset_import, ir_version=joined.ir_version)
    helper.set_model_props(model, {entry.key: entry.value for entry in joined.metadata_props})
    onnx.checker.check_model(model)
    return model


def _draw(graph: Graph, head: str) -> None:
    """The maps on pixels of the picture."""
    sizes = graph.constant("channels", np.array([CENTRES, len(IN_MIRROR) - CENTRES]))
    graph.nodes.append(helper.make_node("Split", [head, sizes], ["centres", "others"], name="parts", axis=1))
    centre = graph.node("DepthToSpace", ["centres"], "centre", blocksize=2, mode="CRD")
    nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    twice = graph.constant("twice", np.array([1, 1, 2, 2], np.float32))
    others = graph.node("Resize", ["others", "", twice], "other", **nearest)
    graph.node("Concat", [centre, others], MAPS, axis=1)


def _describe(graph: Graph, finest: str, coarsest: str) -> None:
    """As training/describe_network.py has it."""
    pooled = {"kernel_shape": [POOL, POOL], "strides": [POOL, POOL]}
    mean = graph.node("AveragePool", [finest], "finest/mean", **pooled)
    square = graph.node("Mul", [finest, finest], "finest/square")
    power = graph.node("AveragePool", [square], "finest/power", **pooled)
    coarse_power = graph.node("Mul", [coarsest, coarsest], "coarsest/power")
    graph.node("Concat", [mean, coarsest, power, coarse_power], DESCRIPTION, axis=1)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder of own scenes")
    parser.add_argument("--joined", type=Path, default=JOINED, help="the networks in floats")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    joined = onnx.load(given.joined)
    model = quantised(joined, steps(joined, pictures(given.cache)))
    content = bytes(model.SerializeToString(deterministic=True))
    write_with_checksum(content, given.out)


if __name__ == "__main__":
    main()
