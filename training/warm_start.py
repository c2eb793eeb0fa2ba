"""Networks to go on from: the halves of a joined file, and a torch network with the weights of an ONNX file.

An exported network has its batch normalisation folded into its convolutions. It is put back with the statistics that
the network has on given pictures, so that nothing changes in what it draws and the training goes on as it began.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

MAPS, DESCRIPTION = "maps", "description"


def half(joined: onnx.ModelProto, prefix: str) -> onnx.ModelProto:
    """One network of a file that training/join_networks.py wrote; the same file where it holds one network alone."""
    if not any(node.output[0].startswith(prefix) for node in joined.graph.node):
        return joined
    model = onnx.ModelProto()
    model.CopyFrom(joined)
    graph = model.graph
    nodes = [n for n in joined.graph.node if n.output[0].startswith(prefix) and "picture" not in n.input]
    for entries in (graph.node, graph.initializer):
        del entries[:]
    graph.node.extend(nodes)
    graph.initializer.extend(w for w in joined.graph.initializer if w.name.startswith(prefix))
    for node in graph.node:
        node.name = node.name.removeprefix(prefix)
        for names in (node.input, node.output):
            names[:] = [name.removeprefix(prefix) for name in names]
    for weight in graph.initializer:
        weight.name = weight.name.removeprefix(prefix)
    drawn = {name for node in graph.node for name in node.output}
    for k in reversed([k for k, output in enumerate(graph.output) if output.name not in drawn]):
        del graph.output[k]
    helper.set_model_props(model, {entry.key: entry.value for entry in joined.metadata_props})
    onnx.checker.check_model(model)
    return model


def warm(model: nn.Module, graph: onnx.ModelProto, pictures: Sequence[torch.Tensor]) -> None:
    """Give a network the weights of a file, with batch normalisation by its own statistics on pictures (n, 3, y, x)."""
    weights = {w.name: torch.from_numpy(np.array(numpy_helper.to_array(w))) for w in graph.graph.initializer}
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    nodes = [node for node in graph.graph.node if node.op_type == "Conv"]
    with torch.no_grad():
        for convolution, node in zip(convolutions, nodes, strict=True):
            convolution.weight.copy_(weights[node.input[1]])
        head, biases = convolutions[-1], [weights[node.input[2]] for node in nodes]
        if head.bias is not None:
            head.bias.copy_(biases[-1])
        for norm, bias in zip(norms, biases[:-1], strict=True):
            norm.weight.fill_(1.0)
            norm.bias.copy_(bias)
            norm.running_mean.zero_()
            norm.running_var.fill_(1.0 - norm.eps)
        _measured(model, norms, pictures)


def between(before: onnx.ModelProto, after: onnx.ModelProto, share: float, kept_layers: int = 0) -> onnx.ModelProto:
    """The first network with its weights moved by a share of the way to those of the second, which went on from it.

    The first so many layers stay bit for bit.
    """
    model = onnx.ModelProto()
    model.CopyFrom(before)
    old, new = ({w.name: numpy_helper.to_array(w) for w in m.graph.initializer} for m in (before, after))
    kept = {w.name: w for w in model.graph.initializer}
    nodes = ([node for node in m.graph.node if node.op_type == "Conv"] for m in (before, after))
    for one, other in list(zip(*nodes, strict=True))[kept_layers:]:
        for name, learned in zip(one.input[1:], other.input[1:], strict=True):
            mixed = (1 - share) * old[name] + share * new[learned]
            kept[name].CopyFrom(numpy_helper.from_array(mixed.astype(np.float32), name))
    return model


def _measured(model: nn.Module, norms: Sequence[nn.BatchNorm2d], pictures: Sequence[torch.Tensor]) -> None:
    """Move what identity normalisations pass on into means and variances that they take off and give back."""
    sums: dict[nn.Module, list[torch.Tensor]] = {norm: [] for norm in norms}

    def note(norm: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        x = inputs[0].double()
        sums[norm].append(torch.stack([x.mean(dim=(0, 2, 3)), (x * x).mean(dim=(0, 2, 3))]))

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    model.eval()
    for picture in pictures:
        model(picture)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        mean, square = torch.stack(sums[norm]).mean(dim=0)
        variance = (square - mean * mean).clamp(min=1e-6)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)
