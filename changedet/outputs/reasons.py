"""Codes of why a figure cannot be had: what depends on a reason must not depend on its words."""

from __future__ import annotations

from typing import Final

SWITCHED_OFF: Final = "switched_off"
"""The user did not want it: no sentence and no warning speaks of it."""
TOO_COARSE: Final = "too_coarse"
"""No scene is fine enough."""
OTHER: Final = "other"
"""Whatever else; the words tell."""
CODES: Final = "unavailable_codes"
"""Key of ``summary.json``: by figure one of these, beside the words in ``unavailable``."""
