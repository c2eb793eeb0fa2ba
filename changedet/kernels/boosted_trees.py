"""Boosted trees: kept as plain arrays, evaluated in stages, so that most pixels meet few of them.

The sum runs over the trees in one order for every pixel, so a pixel gets the same bits whatever block it is in.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

LEAF: Final = -1
RUN_PX: Final = 64
"""Pixels of a row that meet the trees together: their features fill the nearest cache, and no more."""


class Forest(NamedTuple):
    """Trees one behind the other; a node's children are neighbours, the left one first.

    Attributes
    ----------
    feature : (node,) int16
        `LEAF`, or which feature is asked.
    value : (node,) float32
        The greatest value that goes left; a leaf's share of the margin.
    left : (node,) int32
        The left child.
    missing_left : (node,) bool
        Where NaN goes.
    root : (tree,) int32
        The first node of each tree.
    baseline : float
        The margin before any tree.
    """

    feature: NDArray[np.int16]
    value: NDArray[np.float32]
    left: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    root: NDArray[np.int32]
    baseline: float


def from_boosting(trees: Sequence[Any], baseline: Any) -> Forest:
    """The nodes of scikit-learn's histogram gradient boosting, without loss for float32 features."""
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


def margins(forest: Forest, table: NDArray[np.float32], trees: int) -> NDArray[np.float32]:
    """Log odds ``(n,)`` of rows ``(n, feature)`` after so many trees."""
    rows = np.asarray(table, np.float32).T[:, None, :]
    valid = np.ones(rows.shape[1:], bool)
    counts, least = np.array([trees], np.int64), np.array([-np.inf], np.float32)
    return np.asarray(_summed(forest, rows, valid, counts, least, np.inf)[0], np.float32)


def staged_margins(
    forest: Forest,
    features: NDArray[np.float32],
    valid: NDArray[np.bool_],
    stages: Sequence[Sequence[float]],
    most: float = math.inf,
) -> NDArray[np.float32]:
    """Log odds of every pixel; a pixel below a stage's least margin keeps what it has there, but for `most`.

    Parameters
    ----------
    forest : Forest
    features : (feature, y, x) float32
    valid : (y, x) bool
    stages : sequence of (trees, least margin)
        After so many trees a pixel must have so much to go on.
    most : float
        What a pixel can have that did not go on.

    Returns
    -------
    (y, x) float32
        NaN where not valid.
    """
    counts = np.array([*(int(trees) for trees, _ in stages), len(forest.root)], np.int64)
    least = np.array([*(margin for _, margin in stages), -np.inf], np.float32)
    return _summed(forest, features, valid, counts, least, most)


_NODE: Final = np.dtype([("value", np.float32), ("code", np.int32)])


def _packed(forest: Forest) -> NDArray[Any]:
    """What a step asks of a node in one place: its value, and left child, where NaN goes and feature in one number.

    A leaf has the number -1.
    """
    nodes = np.empty(len(forest.feature), _NODE)
    nodes["value"] = forest.value
    asked = (forest.missing_left.astype(np.int32) << 8) | forest.feature
    nodes["code"] = np.where(forest.feature < 0, LEAF, (forest.left << 9) | asked)
    return nodes


def _summed(
    forest: Forest, features: Any, valid: Any, counts: NDArray[np.int64], least: NDArray[np.float32], most: float
) -> NDArray[np.float32]:
    found = _evaluate(features, valid, _packed(forest), forest.root, forest.baseline, counts, least, np.float32(most))
    return np.asarray(found, np.float32)


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[misc,untyped-decorator,unused-ignore]
def _child(nodes: Any, at: Any, code: Any, own: Any, missing: Any) -> Any:
    # unsigned, as numba asks of a signed index whether it counts from the end
    asked = np.uint32(code)
    v = own[asked & np.uint32(255)]
    right = np.uint32(v > nodes[at].value)
    if missing and v != v:
        right = np.uint32(asked & np.uint32(256) == 0)
    return (asked >> np.uint32(9)) + right


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[misc,untyped-decorator,unused-ignore]
def _leaf(nodes: Any, root: Any, own: Any, missing: Any) -> Any:
    at = np.uint32(root)
    code = nodes[at].code
    while code >= 0:
        at = _child(nodes, at, code, own, missing)
        code = nodes[at].code
    return nodes[at].value


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[misc,untyped-decorator,unused-ignore]
def _four_more(nodes: Any, roots: Any, own: Any, missing: Any, margin: Any) -> Any:
    """Four trees at once: while one waits for its memory the others go on."""
    a, b, c, d = roots
    p, q, r, s = nodes[a].code, nodes[b].code, nodes[c].code, nodes[d].code
    while p >= 0 or q >= 0 or r >= 0 or s >= 0:
        if p >= 0:
            a = _child(nodes, a, p, own, missing)
            p = nodes[a].code
        if q >= 0:
            b = _child(nodes, b, q, own, missing)
            q = nodes[b].code
        if r >= 0:
            c = _child(nodes, c, r, own, missing)
            r = nodes[c].code
        if s >= 0:
            d = _child(nodes, d, s, own, missing)
            s = nodes[d].code
    margin += nodes[a].value
    margin += nodes[b].value
    margin += nodes[c].value
    return margin + nodes[d].value


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _evaluate(
    features: Any, valid: Any, nodes: Any, root: Any, baseline: float, counts: Any, least: Any, most: Any
) -> Any:
    """Log odds of every pixel, a run of neighbours at a time.

    Their features are turned round once, as reading one value from each of a hundred planes for every pixel costs as
    much as the trees; and each tree meets them one behind the other, while it lies in the nearest cache.
    """
    out = np.full(valid.shape, np.nan, np.float32)
    table = np.empty((RUN_PX, features.shape[0]), np.float32)
    margin, going = np.empty(RUN_PX, np.float32), np.empty(RUN_PX, np.int64)
    for y in range(valid.shape[0]):
        for first in range(0, valid.shape[1], RUN_PX):
            seen = valid[y, first : first + RUN_PX]
            count = 0
            for k in range(seen.size):
                if seen[k]:
                    going[count] = k
                    count += 1
            if count:
                missing = _turned(features, y, first, table[: seen.size])
                margin[:] = baseline
                _add(table, missing, nodes, root, counts, least, most, margin, going[:count])
                for k in range(seen.size):
                    if seen[k]:
                        out[y, first + k] = margin[k]
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _turned(features: Any, y: int, first: int, table: Any) -> Any:
    """Copy the features of a run of pixels into a row of the table each; whether any is missing."""
    missing = False
    for feature in range(features.shape[0]):
        run = features[feature, y, first : first + len(table)]
        for k in range(run.size):
            missing |= run[k] != run[k]
        for k in range(run.size):
            table[k, feature] = run[k]
    return missing


@numba.njit(cache=True, nogil=True)  # type: ignore[misc,untyped-decorator,unused-ignore]
def _add(
    table: Any, missing: Any, nodes: Any, root: Any, counts: Any, least: Any, most: Any, margin: Any, going: Any
) -> None:
    """Add trees to the margins of the rows that go on; one below a stage's least margin goes no further."""
    size, tree = going.size, 0
    for stage in range(counts.size):
        while tree + 4 <= counts[stage]:
            a, b, c, d = root[tree], root[tree + 1], root[tree + 2], root[tree + 3]
            four = np.uint32(a), np.uint32(b), np.uint32(c), np.uint32(d)
            for j in range(size):
                k = going[j]
                # written twice, so that the walk without NaN is compiled without the question
                if missing:
                    margin[k] = _four_more(nodes, four, table[k], True, margin[k])
                else:
                    margin[k] = _four_more(nodes, four, table[k], False, margin[k])
            tree += 4
        while tree < counts[stage]:
            for j in range(size):
                k = going[j]
                margin[k] += _leaf(nodes, root[tree], table[k], missing)
            tree += 1
        left = 0
        for j in range(size):
            k = going[j]
            if margin[k] < least[stage]:
                margin[k] = min(margin[k], most)
            else:
                going[left] = k
                left += 1
        size = left


def dump(forests: Sequence[Forest], about: dict[str, Any]) -> bytes:
    """The bytes of a file of forests and what goes with them; the same forests give the same bytes."""
    arrays = {
        f"{name}_{k}": kept for k, one in enumerate(forests) for name, kept in zip(Forest._fields, one, strict=True)
    }
    arrays["about"] = np.array(json.dumps(about, sort_keys=True))
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        for name, array in arrays.items():
            held = io.BytesIO()
            np.lib.format.write_array(held, np.asarray(array), allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy", (2000, 1, 1, 0, 0, 0)), held.getvalue(), zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def load(content: bytes) -> tuple[tuple[Forest, ...], dict[str, Any], str]:
    """Forests from the bytes that `dump` gives, what goes with them, and the bytes' SHA-256."""
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        count = sum(name.startswith("root_") for name in kept.files)
        forests = tuple(_forest([kept[f"{name}_{k}"] for name in Forest._fields]) for k in range(count))
        about = json.loads(str(kept["about"]))
    return forests, about, hashlib.sha256(content).hexdigest()


def _forest(arrays: Sequence[NDArray[Any]]) -> Forest:
    feature, value, left, missing_left, root, baseline = arrays
    return Forest(feature, value, left, missing_left, root, float(baseline))
