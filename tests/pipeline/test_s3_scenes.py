"""Scenes in a store that speaks S3, on loopback: the same results as from files, of the parts that are needed alone."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import rasterio
from small_runs import assert_same
from small_scenes import series, write_workflow

from changedet.errors import InputError
from changedet.imagery.pixels import release
from changedet.pipeline.run import run
from changedet.plan import make_plan

DATES = ("2023-01-01", "2023-05-01")
SIDE = 1280
NEAR_THE_SPOT = {"bbox": [15.0003, 48.746, 15.02, 48.7539], "crs": "EPSG:4326"}
"""140 pixels wide, in the upper left corner of the scenes: one of their 25 blocks."""


class _Store(http.server.BaseHTTPRequestHandler):
    """Objects by their path, in parts; each request is noted with the bytes that were sent."""

    folder: ClassVar[Path]
    sent: ClassVar[list[tuple[str, int, str]]]

    def do_GET(self) -> None:
        path = self.folder / self.path.partition("?")[0].lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        first, last = (int(one) for one in self.headers["Range"].removeprefix("bytes=").split("-"))
        part = content[first : last + 1]
        self.sent.append((self.path, len(part), self.headers.get("Authorization", "")))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, list[tuple[str, int, str]]]]:
    """Two COGs in the bucket `scenes`, and what is sent of them; GDAL's own settings name the store."""
    series(tmp_path / "files", SIDE, SIDE, DATES)
    bucket = tmp_path / "scenes"
    bucket.mkdir()
    for date in DATES:
        with rasterio.open(tmp_path / f"files/{date}.tif") as source:
            profile = {"driver": "COG", "blocksize": 256, "compress": "deflate", "nodata": 0, "crs": source.crs}
            profile |= {"transform": source.transform, "dtype": "uint16", "count": 4, "height": SIDE, "width": SIDE}
            with rasterio.open(bucket / f"{date}.tif", "w", **profile) as out:
                out.write(source.read())
    handler = type("_Handler", (_Store,), {"folder": tmp_path, "sent": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = {"AWS_S3_ENDPOINT": f"127.0.0.1:{server.server_address[1]}", "AWS_HTTPS": "NO"}
        settings |= {"AWS_VIRTUAL_HOSTING": "FALSE", "AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "secret"}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield bucket, handler.sent
        server.shutdown()
    release()


def _workflow(folder: Path, place: str, dates: tuple[str, ...] = DATES) -> Path:
    scenes = [{"date": date, "path": f"{place}/{date}.tif"} for date in dates]
    site = {"id": "site", "aoi": NEAR_THE_SPOT}
    outputs = {"formats": ["masks", "scores", "scenes", "objects", "tables"]}
    folder.mkdir()
    return write_workflow(folder, dates, site=site, scenes=scenes, outputs=outputs)


def test_scenes_in_s3_give_the_same_results_from_a_part_of_their_bytes(
    store: tuple[Path, list[tuple[str, int, str]]], tmp_path: Path
) -> None:
    bucket, sent = store
    here = run(_workflow(tmp_path / "here", str(bucket)), out=str(tmp_path / "here/out"))
    assert sent == []
    there = run(_workflow(tmp_path / "there", "s3://scenes"), out=str(tmp_path / "there/out"))
    assert_same(here.path, there.path)
    assert there.mask(DATES[1]).shape[-1] < SIDE / 8
    assert (there.mask(DATES[1]) == 1).sum() > 100
    whole = sum((bucket / f"{date}.tif").stat().st_size for date in DATES)
    assert 0 < sum(size for _, size, _ in sent) < whole / 4
    assert {path for path, _, _ in sent} == {f"/scenes/{date}.tif" for date in DATES}
    assert all(signed.startswith("AWS4-HMAC-SHA256 Credential=me/") for _, _, signed in sent)


def test_an_object_that_is_not_in_the_store_is_one_line(
    store: tuple[Path, list[tuple[str, int, str]]], tmp_path: Path
) -> None:
    workflow = _workflow(tmp_path / "lost", "s3://scenes", (DATES[0], "2023-06-01"))
    with pytest.raises(InputError, match=r"s3://scenes/2023-06-01\.tif: cannot be read, check the address") as error:
        make_plan(workflow)
    assert len(error.value.problems) == 1
