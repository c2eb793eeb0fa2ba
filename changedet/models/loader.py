"""Files of fitted models that come with the package: read once a process, and checked against their release."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from changedet.errors import ChangedetError
from changedet.kernels import boosted_trees, forest_files

RELEASED: Final = {
    "box_homes.npz": "a5cff3828a11fb164884a232dfaad7297dda3d974e3b3252a67145518a62009b",
    "box_looks.npz": "bbd139daa6cae1c0adc61cbf3cb364db9c14d27fd234e2a62c7775919de75509",
    "box_looks.onnx": "479fe58f24466fcd3c59f3fe8c74ac63639f4b77d3aacea7a0060413aa71b5a0",
    "box_outline.npz": "102b9e6df645180daac6841c17fc1d139b7bbaed50e5478cef466525b7546dcf",
    "box_places.npz": "f609b2d251b2f0874f812554ac48e599f5994eecdefca72b0da6520b6f0d26f6",
    "buildings.onnx": "bc859f688a8f3f8b799d043db8b1903ca38527017e81a8765cbcb9c9ca77c905",
    "change_colours.onnx": "b9211c794e0171685973587d32c62f87a22d0a33cb7267463df7f39715b21adf",
    "change_network.onnx": "f4b3e54e9554ca2479c0cfe26500b855215c5ea80b4a3ea719c494dd23662e1e",
    "change_trees.npz": "b39df77d6fecd8c4ce15d8ff1371c8044e334323a582c26c2194173b847cac91",
    "company.npz": "562f29074f4af3a22de96afd7383a48c677ef48dc42e12e2783e81e502c99929",
    "familiarity.npz": "30a08f928097ae9cae7e447a4f4202510eb65275cb95d8c877ce1768cdfcde7a",
    "ground_colours.npz": "f30f594229ce72deee93926713b28039c75e619c4128519f387cb16e6cac7d51",
    "ground_network.onnx": "79dee79493bc8cf9976bee79f8a92bc5839bbde1ca7d2cc19216560090568ced",
    "ground.npz": "9592a200526d5c5503f83e8d6efb1624492259e242916222c7ac61b585babdda",
    "railcars.onnx": "2cec3bcc2ce71c3e2315b4df959fb9cca59363b40289f9b01029bbb16759ebd5",
    "rails.onnx": "84839d603f952c768cd7e3c7a7beb17c3e6b4abf09aa2183ac8fc29b859c5458",
    "weather.npz": "2c3ba72ee4825fd7385ee1020710ea6f22755c6f8947c360d79131e67d85b58a",
}
"""SHA-256 of the files of boosted trees, of the networks of buildings, change, ground and railcars, of the second look
at boxes, and of what the container network was trained on in its own description."""


class ReleasedTrees(NamedTuple):
    """Boosted trees as they were released.

    Attributes
    ----------
    forests : tuple of Forest
        In the file's order.
    about : dict
        What was saved with them: ``features``, and what their training settled.
    sha256 : str
        Of the file.
    """

    forests: tuple[boosted_trees.Forest, ...]
    about: dict[str, Any]
    sha256: str


@cache
def released_trees(name: str, features: tuple[str, ...]) -> ReleasedTrees:
    """Read a file of boosted trees that comes with the package.

    Parameters
    ----------
    name : str
        Of the file, one of `RELEASED`.
    features : tuple of str
        The features that the caller computes, in their order.

    Returns
    -------
    ReleasedTrees
        The same object at every call of a process.

    Raises
    ------
    ChangedetError
        The file is missing, not the one that was released, or was fitted on other features.
    """
    forests, about, checksum = forest_files.load(file_content(name))
    if checksum != RELEASED.get(name) or about["features"] != list(features):
        raise ChangedetError(f"changedet/models/{name}: not the file of this version; install changedet again")
    return ReleasedTrees(forests, about, checksum)


@cache
def released_content(name: str) -> bytes:
    """Read a file of `RELEASED`.

    Parameters
    ----------
    name : str
        Of the file.

    Returns
    -------
    bytes
        All of it.

    Raises
    ------
    ChangedetError
        It is missing, or not the one that was released.
    """
    content = file_content(name)
    if hashlib.sha256(content).hexdigest() != RELEASED.get(name):
        raise ChangedetError(f"changedet/models/{name}: not the file of this version; install changedet again")
    return content


def file_content(name: str) -> bytes:
    """Bytes of a file of `changedet/models`, not checked.

    Parameters
    ----------
    name : str
        Of the file.

    Returns
    -------
    bytes
        All of it.

    Raises
    ------
    ChangedetError
        It cannot be read.
    """
    try:
        return files("changedet").joinpath("models", name).read_bytes()
    except OSError as error:
        problem = f"changedet/models/{name}: cannot be read ({error}); install changedet again"
        raise ChangedetError(problem) from error
