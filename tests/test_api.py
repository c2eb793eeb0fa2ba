"""The public names: functions, whatever has been imported before, and nothing heavy until they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest


def _in_fresh_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", ["run", "align", "normalise", "track", "onset", "open_run", "load_workflow"])
@pytest.mark.parametrize("first", ["", "import changedet.run, changedet.align, changedet.normalise;"])
def test_names_are_functions_also_beside_modules_of_that_name(name: str, first: str) -> None:
    assert _in_fresh_python(f"{first}import changedet; print(type(changedet.{name}).__name__)") == "function"


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, changedet; print([m for m in ('dask', 'rasterio', 'numba', 'pandas') if m in sys.modules])"
    assert _in_fresh_python(code) == "[]"


def test_everything_promised_is_there() -> None:
    import changedet

    assert all(callable(getattr(changedet, name)) for name in changedet.__all__ if name != "__version__")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = changedet.nothing
