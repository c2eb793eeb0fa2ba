"""Time-lapses: a frame a look, of one size, in the colours of their lines, and a film where there is an encoder."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from changedet.errors import ChangedetError
from changedet.outputs.figure import timelapse
from changedet.outputs.figure.data import FigureData, Panel
from changedet.outputs.figure.timelapse import Curve, write_timelapse

FRAME = (0.0, 0.0, 200.0, 150.0)
CURVE = Curve("containers", [0.0, 30.0, 60.0], [1.0, 5.0, np.nan], [0.0, 4.0, np.nan], [2.0, 7.0, np.nan])


def frames() -> list[FigureData]:
    found = []
    for k in range(3):
        boxes = [shapely.box(20 + 30 * i, 60, 32 + 30 * i, 63) for i in range(k + 1)]
        panel = Panel(f"{k + 1} May", f"{k + 1} containers", boxes={"arrived": boxes} if k else {})
        found.append(FigureData("Depot", "Here", [panel], FRAME, FRAME, notes=["sensor, " * (20 * k)]))
    return found


def test_write_timelapse_has_a_frame_a_look_of_one_size_and_gives_the_same_bytes(tmp_path: Path) -> None:
    assert write_timelapse(tmp_path / "a.gif", frames(), CURVE) == [tmp_path / "a.gif"]
    write_timelapse(tmp_path / "b.gif", frames(), CURVE)
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    with Image.open(tmp_path / "a.gif") as shown:
        assert shown.n_frames == 3  # type: ignore[attr-defined]
        seen = []
        for k in range(3):
            shown.seek(k)
            seen.append((shown.size, int(shown.info["duration"]), np.asarray(shown.convert("RGB"), int)))
    assert {size for size, _, _ in seen} == {seen[0][0]}
    assert [duration for _, duration, _ in seen] == [1200, 1200, 3000]
    vermilion = [
        int((abs(pixels[: 2 * pixels.shape[0] // 3] - [213, 94, 0]).max(axis=-1) < 25).sum()) for *_, pixels in seen
    ]
    assert vermilion[0] == 0 < vermilion[1] < vermilion[2]


def test_a_gif_that_weighs_too_much_becomes_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_timelapse(tmp_path / "a.gif", frames(), None)
    whole = (tmp_path / "a.gif").stat().st_size
    monkeypatch.setattr(timelapse, "MOST_BYTES", int(0.8 * whole))
    write_timelapse(tmp_path / "b.gif", frames(), None)
    assert (tmp_path / "b.gif").stat().st_size <= 0.8 * whole
    with Image.open(tmp_path / "b.gif") as shown:
        assert shown.width < timelapse.WIDTH_PX


def encoder(folder: Path, script: str) -> None:
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_film_is_written_where_an_encoder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert write_timelapse(tmp_path / "a.gif", frames(), None, tmp_path / "a.mp4") == [tmp_path / "a.gif"]
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    encoder(tmp_path, 'for last; do :; done; cat > "$last"')
    written = write_timelapse(tmp_path / "a.gif", frames(), None, tmp_path / "a.mp4")
    assert written == [tmp_path / "a.gif", tmp_path / "a.mp4"]
    size = (tmp_path / "a.mp4").stat().st_size
    with Image.open(tmp_path / "a.gif") as shown:
        assert size == (6 + 6 + 15) * 3 * shown.width * shown.height, "at 5 a second, of three bytes a pixel"
    (tmp_path / "a.mp4").unlink()
    encoder(tmp_path, "echo no such codec >&2; exit 1")
    with pytest.raises(ChangedetError, match=r"a\.mp4: ffmpeg failed: no such codec"):
        write_timelapse(tmp_path / "a.gif", frames(), None, tmp_path / "a.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "ffmpeg"]


def test_frames_keep_a_zone_of_any_name() -> None:
    data = dataclasses.replace(frames()[1], title="$" * 300, zones=[("z" * 500, shapely.box(*FRAME))])
    assert timelapse.frame_drawn(data, CURVE, 1, 4.0).get_size_inches()[0] == pytest.approx(4.0)
