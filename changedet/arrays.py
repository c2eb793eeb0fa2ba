"""Types of arrays that many packages share; their shapes stand in the docstrings."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Singles: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
Tiny: TypeAlias = NDArray[np.int8]
Shorts: TypeAlias = NDArray[np.int16]
Words: TypeAlias = NDArray[np.int32]
Bools: TypeAlias = NDArray[np.bool_]
Bytes: TypeAlias = NDArray[np.uint8]
AnyArray: TypeAlias = NDArray[np.generic]
"""Of whatever type: what a function hands on as it is."""
