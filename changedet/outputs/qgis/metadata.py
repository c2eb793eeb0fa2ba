"""What QGIS tells of where a layer comes from: the scenes with their SHA-256, credits, licences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from changedet.libraries import __version__

_NO_CREDIT: Final = "Imagery: no credit was given in the workflow"


@dataclass(frozen=True)
class SceneSource:
    """The files of one date's look, and who is to be named for them.

    Attributes
    ----------
    date : str
        ISO date.
    files : tuple of (str, str)
        Name and SHA-256 of each; no digest is empty text.
    credit, licence, sensor : str
        As the workflow gives them; empty where it does not.
    """

    date: str
    files: tuple[tuple[str, str], ...]
    credit: str = ""
    licence: str = ""
    sensor: str = ""


@dataclass(frozen=True)
class About:
    """What the project says of its site and of its sources.

    Attributes
    ----------
    place : str
        Where the site lies, in words; empty where the workflow does not say.
    reference : str
        ISO date with which the others are compared; empty where there is none.
    sources : tuple of SceneSource
        Of all dates.
    digests : mapping of str to str
        Path of a layer's file -> its SHA-256.
    shown : str
        ISO date of the look that is shown where nothing is animated, and on the printed sheets; empty for the last.
    """

    place: str = ""
    reference: str = ""
    sources: tuple[SceneSource, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""

    @property
    def credit(self) -> str:
        """One line that names whose pictures these are: credits, sensors and licences, each once."""
        named = _once(one.credit for one in self.sources)
        sensors = _once(one.sensor for one in self.sources)
        licences = _once(one.licence for one in self.sources)
        said = f"Imagery: {'; '.join(named)}" if named else _NO_CREDIT
        said += f" ({', '.join(sensors)})" if sensors else ""
        said += f". Licence: {'; '.join(licences)}" if licences else ""
        return f"{said}. Analysis: changedet {__version__}"


def layer_metadata(title: str, abstract: str, about: About, *, file: str, date: str = "") -> str:
    """The metadata of a layer.

    Parameters
    ----------
    title : str
        As in the legend.
    abstract : str
        What it shows.
    about : About
        Of the site.
    file : str
        Path of the layer's file, a key of ``about.digests`` where its digest is known.
    date : str
        ISO date of a layer that comes from one look and the reference; empty where it comes from all.

    Returns
    -------
    str
        The ``<resourceMetadata>`` element.
    """
    sources = [one for one in about.sources if not date or one.date in {date, about.reference}]
    digest = about.digests.get(file, "")
    rights = "".join(f"<rights>{escape(text)}</rights>" for text in _once(one.credit for one in sources))
    licences = "".join(f"<license>{escape(text)}</license>" for text in _once(one.licence for one in sources))
    return (
        f"<resourceMetadata><identifier>{f'sha256:{digest}' if digest else ''}</identifier><type>dataset</type>"
        f"<title>{escape(title)}</title><abstract>{escape(abstract)}</abstract>{_links(sources)}{_history(sources)}"
        f"{rights}{licences}</resourceMetadata>"
    )


def project_metadata(title: str, about: About) -> str:
    """The metadata of the project.

    Parameters
    ----------
    title : str
        The site's name.
    about : About
        Of the site.

    Returns
    -------
    str
        The ``<projectMetadata>`` element.
    """
    place = f" ({about.place})" if about.place else ""
    said = f"Change at {title}{place} by changedet {__version__}. {about.credit}."
    return (
        f"<projectMetadata><type>dataset</type><title>{escape(title)}</title><abstract>{escape(said)}</abstract>"
        f"{_links(about.sources)}{_history(about.sources)}</projectMetadata>"
    )


def _links(sources: Sequence[SceneSource]) -> str:
    """The scenes as links that lead nowhere: names and digests, as paths of another machine help nobody."""
    rows = "".join(
        f'<link name={quoteattr(f"scene {one.date}")} type="WWW:LINK" url={quoteattr(name)}'
        f" description={quoteattr(f'SHA-256 {digest}' if digest else 'no digest')}/>"
        for one in sources
        for name, digest in one.files
    )
    return f"<links>{rows}</links>"


def _history(sources: Sequence[SceneSource]) -> str:
    lines = [
        f"{one.date}: {name}{f', SHA-256 {digest}' if digest else ''}{f', {one.sensor}' if one.sensor else ''}"
        for one in sources
        for name, digest in one.files
    ]
    return "".join(f"<history>{escape(line)}</history>" for line in [*lines, f"made by changedet {__version__}"])


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
