"""The description of a pack as a Workflow Run RO-Crate: who was read, by what, into which files.

RO-Crate 1.1; profiles Process Run, Workflow Run and Workflow RO-Crate (Leo et al. 2024,
doi:10.1371/journal.pone.0309210).
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from changedet.json_types import JsonObject

METADATA: Final = "ro-crate-metadata.json"
CONTEXT: Final = ("https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context")
PROFILES: Final = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
SOFTWARE: Final = "#changedet"
TYPES: Final = {
    ".tif": "image/tiff; application=geotiff",
    ".gpkg": "application/geopackage+sqlite3",
    ".yaml": "text/yaml",
    ".jsonl": "application/jsonl",
    ".qml": "application/xml",
    ".qgz": "application/zip",
    ".geojson": "application/geo+json",
}


@dataclass(frozen=True)
class Packed:
    """A file of a pack.

    Attributes
    ----------
    name : str
        Its path in the pack.
    size : int
        Bytes.
    sha256 : str
        Of its bytes.
    about : str
        What it is.
    """

    name: str
    size: int
    sha256: str
    about: str = ""


def crate(record: Mapping[str, Any], files: Sequence[Packed], *, workflow: str, began: str, place: str) -> JsonObject:
    """Describe a pack.

    Parameters
    ----------
    record : mapping
        ``run.json``.
    files : sequence of Packed
        All files of the pack but the manifest and this description.
    workflow : str
        The workflow file's path in the pack; empty where it is not there.
    began : str
        When the run took in its last input, ISO 8601.
    place : str
        The site's place; may be empty.

    Returns
    -------
    dict
        JSON-LD.
    """
    inputs = _inputs(record)
    root: JsonObject = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Evidence of {record['workflow']['site']['name']}",
        "description": "Change, containers and onset at a site, with what they were computed from and how",
        "datePublished": began,
        "license": _licences(record),
        "conformsTo": [*map(_ref, PROFILES)],
        "hasPart": [*(_ref(one.name) for one in files)],
        "mentions": _ref("#run"),
    }
    if place:
        root["contentLocation"] = place
    if workflow:
        root["mainEntity"] = _ref(workflow)
    action: JsonObject = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"changedet run {PurePosixPath(workflow).name}".strip(),
        "startTime": began,
        "instrument": _ref(workflow or SOFTWARE),
        "object": [*(_ref(str(one["@id"])) for one in inputs)],
        "result": [*(_ref(one.name) for one in files if one.name.startswith("results/"))],
    }
    about: JsonObject = {"@id": METADATA, "@type": "CreativeWork", "conformsTo": _ref("https://w3id.org/ro/crate/1.1")}
    about["about"] = _ref("./")
    graph = [about, root, action, *_software(record), *(_file(one, workflow) for one in files), *inputs]
    return {"@context": list(CONTEXT), "@graph": [*graph]}


def _ref(name: str) -> JsonObject:
    return {"@id": name}


def _file(one: Packed, workflow: str) -> JsonObject:
    suffix = PurePosixPath(one.name).suffix.lower()
    kind = TYPES.get(suffix) or mimetypes.guess_type(one.name)[0] or "application/octet-stream"
    found: JsonObject = {"@id": one.name, "@type": "File", "name": PurePosixPath(one.name).name}
    found |= {"contentSize": str(one.size), "sha256": one.sha256, "encodingFormat": kind}
    if one.about:
        found["description"] = one.about
    if one.name == workflow:
        found["@type"] = ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
        found["programmingLanguage"] = _ref(SOFTWARE)
    return found


def _inputs(record: Mapping[str, Any]) -> list[JsonObject]:
    """The scenes' files by their hashes: they are named and not contained."""
    found: dict[str, JsonObject] = {}
    for row in record["inputs"]:
        for k, one in enumerate(row["files"]):
            digest = one["sha256"]
            name = f"urn:hash::sha256:{digest}" if digest else f"#scene-{row['date']}-{k}"
            entity: JsonObject = {"@id": name, "@type": "CreativeWork", "name": one["path"], "temporal": row["date"]}
            said = {"sha256": digest, "creditText": row.get("credit"), "license": row.get("licence")}
            found[name] = entity | {key: text for key, text in said.items() if text}
    return list(found.values())


def _licences(record: Mapping[str, Any]) -> str:
    said = dict.fromkeys(row.get("licence") or "" for row in record["inputs"])
    return "; ".join(text for text in said if text) or "not said by the workflow; the scenes' owners hold their rights"


def _software(record: Mapping[str, Any]) -> list[JsonObject]:
    libraries = {name: text for name, text in {**record["libraries"]}.items() if text}
    parts: list[JsonObject] = [
        {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "version": text}
        for name, text in {"python": record["software"]["python"], **libraries}.items()
    ]
    own: JsonObject = {"@id": SOFTWARE, "@type": ["SoftwareApplication", "ComputerLanguage"], "name": "changedet"}
    own |= {"version": record["software"]["changedet"], "softwareRequirements": [*(_ref(str(p["@id"])) for p in parts)]}
    return [own, *parts]
