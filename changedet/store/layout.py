"""Where each file of a run lies in the run folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Final

from changedet.errors import is_one_line

STATE: Final = ".changedet"
"""The part of a run folder that is changedet's own: records of steps, and what a resume needs."""

UPLOADED: Final = "uploaded.json"
"""In a bucket, the name among the records of what it is told of an uploaded run."""

REVIEW_STEP: Final = "review"
"""Under this name is recorded what a review wrote."""

RUN_STEPS: Final = (
    "inputs",
    "measure",
    "pixels",
    "boxes",
    "masks",
    "first_change",
    "light",
    "placebo",
    "robust",
    "publish",
)
"""Steps of a run, up to a colon: what they left and a later run does not have goes. Other steps came after a run."""


def is_run_step(step: str) -> bool:
    """Whether a step is one of a run itself.

    Parameters
    ----------
    step : str
        Its name, or that of its record's file.

    Returns
    -------
    bool
        False of what came after the run: a review, a figure.
    """
    return any(step == name or step.startswith((f"{name}:", f"{name}_")) for name in RUN_STEPS)


def is_name(name: str) -> bool:
    """Whether a name read from a bucket or a record can be that of a file below a run folder.

    Parameters
    ----------
    name : str
        A path, of any origin.

    Returns
    -------
    bool
        False where it would lead out of the folder, or is no path.

    Examples
    --------
    >>> is_name("change/a.tif"), is_name("../a.tif"), is_name("/etc/passwd"), is_name("a//b")
    (True, False, False, False)
    """
    path = PurePosixPath(name)
    plain = bool(path.parts) and path.as_posix() == name and not path.is_absolute() and ".." not in path.parts
    return plain and is_one_line(name) and "\\" not in name


@dataclass(frozen=True)
class RunLayout:
    """The paths of one site's run folder.

    Of its methods `day` is the date, and `formats` the workflow's ``outputs.formats``.

    Attributes
    ----------
    path : Path
        ``<outputs.dir>/<site.id>``.
    """

    path: Path

    @property
    def state(self) -> Path:
        """The folder of changedet's own records."""
        return self.path / STATE

    @property
    def objects(self) -> Path:
        """The GeoPackage of all vector layers."""
        return self.path / "objects.gpkg"

    def geoparquet(self, layer: str) -> Path:
        """Where a layer, such as ``tracks``, lies as GeoParquet beside the GeoPackage."""
        return self.path / f"{layer}.parquet"

    @property
    def timeseries(self) -> Path:
        """The table of figures by date and zone."""
        return self.path / "timeseries.csv"

    @property
    def summary(self) -> Path:
        """Totals, onsets and what could not be had."""
        return self.path / "summary.json"

    @property
    def provenance(self) -> Path:
        """How the results came about: inputs, methods, versions, statistics."""
        return self.path / "run.json"

    @property
    def project(self) -> Path:
        """The QGIS project."""
        return self.path / "project.qgz"

    @property
    def report(self) -> Path:
        """The report for a browser."""
        return self.path / "report.html"

    @property
    def figures(self) -> Path:
        """The folder of the figures that `changedet figure` draws."""
        return self.path / "figures"

    @property
    def stac(self) -> Path:
        """The folder of the STAC collection."""
        return self.path / "stac"

    @property
    def review(self) -> Path:
        """What a person judges and adds in QGIS."""
        return self.path / "review.gpkg"

    @property
    def reviewed(self) -> list[Path]:
        """What a review leaves."""
        return [self.path / "reviewed" / name for name in ("objects.gpkg", "timeseries.csv", "summary.json")]

    def mask(self, day: date) -> Path:
        """A date's change mask among the results."""
        return self.path / "change" / f"{day.isoformat()}_mask.tif"

    def score(self, day: date) -> Path:
        """A date's change score among the results."""
        return self.path / "change" / f"{day.isoformat()}_score.tif"

    def quality(self, day: date) -> Path:
        """The raster among the results that says why each pixel of a date is usable or not."""
        return self.path / "change" / f"{day.isoformat()}_quality.tif"

    def scene(self, day: date) -> Path:
        """A date's aligned picture among the results."""
        return self.path / "scenes" / f"{day.isoformat()}.tif"

    @property
    def first_change(self) -> Path:
        """The raster among the results of the first date on which each pixel is changed."""
        return self.path / "change" / "first_change.tif"

    def mask_file(self, day: date, formats: frozenset[str]) -> Path:
        """Where a date's mask lies: among the results where masks are wanted, else kept aside, as the next."""
        return self.mask(day) if "masks" in formats else self.aside("mask", day)

    def quality_file(self, day: date, formats: frozenset[str]) -> Path:
        """Where a date's quality lies."""
        return self.quality(day) if "masks" in formats else self.aside("quality", day)

    def scene_file(self, day: date, formats: frozenset[str]) -> Path:
        """Where a date's aligned picture lies, which the report needs too."""
        return self.scene(day) if "scenes" in formats else self.aside("picture", day)

    def first_change_file(self, formats: frozenset[str]) -> Path:
        """Where the first change lies."""
        return self.first_change if "masks" in formats else self.state / "first_change.tif"

    def aside(self, name: str, day: date) -> Path:
        """A raster of a date that a later step needs and no output format includes, by what it shows.

        By its ending QGIS and file managers do not offer it as a picture.
        """
        return self.state / name / f"{day.isoformat()}.gtif"

    def table(self, name: str, day: date) -> Path:
        """A table of a date that later steps need, by what it holds; JSON."""
        return self.state / name / f"{day.isoformat()}.json"

    def model(self, day: date) -> Path:
        """The statistics of a date's stages; JSON."""
        return self.table("model", day)
