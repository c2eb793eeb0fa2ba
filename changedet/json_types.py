"""Types of JSON values, as `json.loads` gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, Union

Json: TypeAlias = Union["JsonObject", "JsonArray", str, int, float, bool, None]
"""Any JSON value."""
JsonObject: TypeAlias = dict[str, "Json"]
JsonArray: TypeAlias = list["Json"]
JsonLike: TypeAlias = Mapping[str, "JsonLike"] | Sequence["JsonLike"] | str | int | float | bool | None
"""What can be written as JSON: also tuples, and mappings and lists of narrower types."""
