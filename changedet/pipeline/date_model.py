"""The statistics of a date, as measuring leaves them and ``.changedet/model/<date>.json`` keeps them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    WrapSerializer,
)

from changedet.arrays import Bytes
from changedet.pipeline.band_doubts import BandSigns
from changedet.pipeline.fill_doubts import FillSign
from changedet.stages.align.alignment import Alignment
from changedet.stages.change.statistics import ChangeStatistics
from changedet.stages.footprint.kernels.bare_ground import PlantThreshold
from changedet.stages.footprint.kernels.ground import GroundStatistics
from changedet.stages.normalise.kernels.band_fits import BandLines
from changedet.stages.objects.kernels.classical import ClassicalStatistics
from changedet.stages.objects.kernels.network import NetworkStatistics
from changedet.store import read_json, write_json
from changedet.store.packing import pack, unpack

ChangeModel: TypeAlias = ChangeStatistics
ObjectsModel: TypeAlias = Annotated[NetworkStatistics | ClassicalStatistics, Field(union_mode="left_to_right")]
"""Of the network where there are its mean and spread, else of the classical detector."""
FootprintModel: TypeAlias = Annotated[GroundStatistics | PlantThreshold, Field(union_mode="left_to_right")]
"""Of the trees where there are its bands' ends, else of the methods by colour and by what lasts."""


@dataclass(frozen=True)
class OverviewClasses:
    """Why each pixel of a date's overview is usable or not, packed.

    Attributes
    ----------
    factor : int
        Pixels of the grid that one of the overview averages on a side.
    shape : tuple of int
        Rows and columns of the overview.
    classes : str
        uint8 (y, x) of `changedet.kernels.pixel_classes`, deflated, in base64.
    """

    factor: int
    shape: tuple[int, int]
    classes: str

    @classmethod
    def packed(cls, classes: Bytes, factor: int) -> OverviewClasses:
        """Pack an overview's classes.

        Parameters
        ----------
        classes : uint8 (y, x)
            Of `changedet.kernels.pixel_classes`.
        factor : int
            Pixels of the grid that one of the overview averages on a side.

        Returns
        -------
        OverviewClasses
            Hashable and small.
        """
        height, width = classes.shape
        return cls(factor, (height, width), base64.b64encode(pack(classes)).decode())

    def unpacked(self) -> Bytes:
        """Take the classes out.

        Returns
        -------
        uint8 (y, x)
            Of `changedet.kernels.pixel_classes`; read-only.
        """
        return _unpacked(self)


@lru_cache(maxsize=16)
def _unpacked(overview: OverviewClasses) -> Bytes:
    return unpack(base64.b64decode(overview.classes), overview.shape)


@dataclass(frozen=True)
class LightLevels:
    """The dark end and the middle of each shared band's values on a date.

    Attributes
    ----------
    low, middle : tuple of float
        0.5 and 50 % quantiles of each band, in the scene's own units.
    """

    low: tuple[float, ...]
    middle: tuple[float, ...]


def _to_json_or_empty(part: object, to_json: SerializerFunctionWrapHandler) -> object:
    return {} if part is None else to_json(part)


_empty_is_none = BeforeValidator(lambda kept: kept or None)
_none_is_empty = WrapSerializer(_to_json_or_empty)

_Alignment = Annotated[Alignment, PlainValidator(Alignment.from_json), PlainSerializer(Alignment.to_json)]
_Mask = Annotated[OverviewClasses | None, _empty_is_none, _none_is_empty]
_Shade = Annotated[LightLevels | None, _empty_is_none, _none_is_empty]


@dataclass(frozen=True)
class DateModel:
    """All statistics of a date, by which its pixels are masked, scaled and compared.

    Attributes
    ----------
    alignment : Alignment
    mask : OverviewClasses or None
        None where no mask method looks at overviews.
    shade : LightLevels or None
        None without visible or near-infrared bands, or where nothing is clear.
    normalise, change : or None
        Of the pair with the reference; None for the reference itself and where the stage is switched off.
    objects, footprint : or None
        None where the stage is switched off or not for this date.
    bands : BandSigns or None
        None where nothing speaks against the bands that the date is said to have.
    fill : FillSign or None
        None where no number looks like one that stands where nothing was seen.
    identities : mapping of str to str
        Of each part, and of what follows from it: what it depends on.
    """

    alignment: _Alignment
    mask: _Mask
    shade: _Shade
    normalise: BandLines | None = None
    change: ChangeModel | None = None
    objects: ObjectsModel | None = None
    footprint: FootprintModel | None = None
    bands: BandSigns | None = None
    fill: FillSign | None = None
    identities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KeptParts:
    """Parts of a date's statistics that an earlier run measured and that still hold; None is to be measured.

    Attributes
    ----------
    alignment, mask, shade, normalise, change, objects, footprint
        As of `DateModel`.
    """

    alignment: _Alignment | None = None
    mask: _Mask = None
    shade: _Shade = None
    normalise: BandLines | None = None
    change: ChangeModel | None = None
    objects: ObjectsModel | None = None
    footprint: FootprintModel | None = None


_DATE_MODEL = TypeAdapter(DateModel)
_KEPT_PARTS = TypeAdapter(KeptParts)


def date_model_json(model: DateModel) -> dict[str, Any]:
    """Write a date's statistics as JSON keeps them.

    Parameters
    ----------
    model : DateModel

    Returns
    -------
    dict
        Without the parts that may be absent and are.
    """
    kept: dict[str, Any] = _DATE_MODEL.dump_python(model, exclude_defaults=True)
    return kept


def write_date_model(path: Path, model: DateModel) -> None:
    """Keep a date's statistics as JSON.

    Parameters
    ----------
    path : Path
    model : DateModel
    """
    write_json(path, date_model_json(model))


def read_date_model(path: Path) -> DateModel:
    """Read what `write_date_model` kept.

    Parameters
    ----------
    path : Path

    Returns
    -------
    DateModel
        As it was written.
    """
    return _DATE_MODEL.validate_python(read_json(path))


def read_kept_parts(path: Path, wanted: Mapping[str, str]) -> KeptParts:
    """Read those parts of what `write_date_model` kept that still hold.

    The others are not looked at: an earlier version may have written them in another form.

    Parameters
    ----------
    path : Path
    wanted : mapping of str to str
        By part what it must depend on, as of `DateModel.identities`.

    Returns
    -------
    KeptParts
        None for what is to be measured.
    """
    kept = read_json(path)
    earlier = kept.get("identities", {})
    holding = {part: value for part, value in kept.items() if part in wanted and earlier.get(part) == wanted[part]}
    return _KEPT_PARTS.validate_python(holding)
