"""What ``changedet doctor`` prints."""

from __future__ import annotations

from importlib.resources import files

import pytest
from click.testing import CliRunner

from changedet.cli.app import cli
from changedet.cli.doctor import examine
from changedet.models import loader
from changedet.models.loader import file_content


def test_doctor_warns_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("changedet.cli.doctor.LEAST_DISK_BYTES", 1 << 60)
    done = CliRunner().invoke(cli, ["doctor"], standalone_mode=False)
    assert done.return_value == 1
    assert "disk are free" in done.stderr
    assert all(line.startswith("warning: ") for line in done.stderr.splitlines())
    assert "warning" not in done.stdout


@pytest.mark.parametrize("name", ["change_colours.onnx", "weather.npz"])
def test_doctor_names_a_model_that_is_not_the_released_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(file: str) -> bytes:
        return b"other" if file == name else file_content(file)

    monkeypatch.setattr(loader, "file_content", read)
    monkeypatch.setattr("changedet.cli.doctor.released_content", loader.released_content.__wrapped__)
    _, troubles = examine()
    said = [words for words in troubles if "install changedet again" in words]
    assert len(said) == 1
    assert name in said[0]


def test_doctor_looks_at_every_file_that_the_package_reads() -> None:
    lines, troubles = examine()
    assert not [words for words in troubles if "models" in words]
    there = [path for path in files("changedet").joinpath("models").iterdir() if path.name.endswith((".npz", ".onnx"))]
    assert f"{len(there) - 1} more files of models, as released" in lines
