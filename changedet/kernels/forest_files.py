"""Forests of boosted trees from scikit-learn, and to and from the bytes of a file."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from changedet.arrays import AnyArray
from changedet.json_types import JsonObject
from changedet.kernels.boosted_trees import LEAF, Forest

EPOCH: Final = (2000, 1, 1, 0, 0, 0)
"""Time of every array in a file, so that its bytes depend on its content alone."""


def from_boosting(trees: Sequence[AnyArray], baseline: ArrayLike) -> Forest:
    """The nodes of scikit-learn's histogram gradient boosting, without loss for float32 features.

    Parameters
    ----------
    trees : sequence of structured arrays (node,)
        ``predictor.nodes`` of each step.
    baseline : float or array of one
        The margin before any tree.

    Returns
    -------
    Forest
        Of the same margins.
    """
    feature: list[int] = []
    value: list[float] = []
    left: list[int] = []
    missing: list[bool] = []
    root: list[int] = []
    for nodes in trees:
        start = len(feature)
        root.append(start)
        order, place = [0], {0: start}
        while order:
            node = nodes[order.pop(0)]
            leaf = bool(node["is_leaf"])
            children = [] if leaf else [int(node["left"]), int(node["right"])]
            at = start + len(place)
            for k, child in enumerate(children):
                place[child] = at + k
            order += children
            feature.append(LEAF if leaf else int(node["feature_idx"]))
            value.append(float(node["value"]) if leaf else _below(float(node["num_threshold"])))
            left.append(LEAF if leaf else at)
            missing.append(bool(node["missing_go_to_left"]))
    return Forest(
        np.array(feature, np.int16), np.array(value, np.float32), np.array(left, np.int32), np.array(missing, bool),
        np.array(root, np.int32), float(np.ravel(baseline)[0]),
    )  # fmt: skip


def _below(threshold: float) -> float:
    """The greatest float32 that is not above: a float32 is at most the threshold where it is at most this."""
    near = np.float32(threshold)
    return float(near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf)))


def dump(forests: Sequence[Forest], about: Mapping[str, object]) -> bytes:
    """The bytes of a file of forests.

    Parameters
    ----------
    forests : sequence of Forest
        In the order that `load` gives them.
    about : mapping of str to JSON
        What goes with them.

    Returns
    -------
    bytes
        A zip of arrays; the same forests give the same bytes.
    """
    arrays = {
        f"{name}_{k}": np.asarray(kept)
        for k, one in enumerate(forests)
        for name, kept in zip(Forest._fields, one, strict=True)
    }
    return packed(arrays, about)


def packed(arrays: Mapping[str, AnyArray], about: Mapping[str, object]) -> bytes:
    """The bytes of a file of arrays with what goes with them, as ``np.load`` reads it.

    Parameters
    ----------
    arrays : mapping of str to array
        By name.
    about : mapping of str to JSON
        Kept as text in the array ``about``.

    Returns
    -------
    bytes
        A zip of arrays; the same arrays give the same bytes.
    """
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        for name, array in [*arrays.items(), ("about", np.array(json.dumps(about, sort_keys=True)))]:
            held = io.BytesIO()
            np.lib.format.write_array(held, np.asarray(array), allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy", EPOCH), held.getvalue(), zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def load(content: bytes) -> tuple[tuple[Forest, ...], JsonObject, str]:
    """Forests from the bytes of a file.

    Parameters
    ----------
    content : bytes
        As `dump` gives.

    Returns
    -------
    forests : tuple of Forest
        In order.
    about : dict of str to JSON
        What goes with them.
    checksum : str
        SHA-256 of the bytes.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        count = sum(name.startswith("root_") for name in kept.files)
        forests = tuple(_forest([kept[f"{name}_{k}"] for name in Forest._fields]) for k in range(count))
        about = json.loads(str(kept["about"]))
    return forests, about, hashlib.sha256(content).hexdigest()


def _forest(arrays: Sequence[AnyArray]) -> Forest:
    feature, value, left, missing_left, root, baseline = arrays
    return Forest(
        np.asarray(feature, np.int16),
        np.asarray(value, np.float32),
        np.asarray(left, np.int32),
        np.asarray(missing_left, bool),
        np.asarray(root, np.int32),
        float(baseline),
    )
