"""Where a finished run is uploaded to, if whoever runs it wants it to be."""

from __future__ import annotations

import os
from typing import Final

from changedet.errors import InputError
from changedet.store.bucket.address import Address, address
from changedet.store.bucket.client import require_library
from changedet.workflow import Workflow

CONSENT: Final = "CHANGEDET_UPLOAD"
"""In the environment, an address to which, and below which, workflow files may have their runs uploaded."""
NOWHERE: Final = "none"


def upload_of(workflow: Workflow, asked: str | None) -> Address | None:
    """Where the run of a workflow goes in a bucket.

    Parameters
    ----------
    workflow : Workflow
        It may name an address.
    asked : str or None
        The one that is wanted instead, or ``none``.

    Returns
    -------
    Address or None
        Of the run itself, a place named by the site's id; None where nothing is uploaded.

    Raises
    ------
    InputError
        The address is none, the workflow alone names it, or the library that speaks to stores is missing.
    """
    place = _asked(asked) if asked is not None else _consented(workflow)
    if place is None:
        return None
    require_library()
    return place.below(workflow.site.id)


def _asked(text: str) -> Address | None:
    try:
        return None if text == NOWHERE else address(text)
    except InputError as error:
        raise InputError(f"--upload: {error}, or none") from None


def _consented(workflow: Workflow) -> Address | None:
    named = workflow.outputs.upload
    # Scenes are files of this machine: a workflow from a stranger may not have them sent to the stranger.
    if named is None or _allowed(named):
        return named
    said = f"sends the run away; if you want that, give --upload {named}, or set {CONSENT}={named} (else --upload none)"
    raise InputError(workflow.problem("outputs.upload", said))


def _allowed(named: Address) -> bool:
    allowed = os.environ.get(CONSENT, "")
    try:
        return bool(allowed) and address(allowed).holds(named)
    except InputError as error:
        raise InputError(f"{CONSENT}: {error}") from None
