"""Rasters on servers: read in parts, from allowed hosts alone, whatever a server answers and when."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from small_rasters import grid_like, noise, write

from changedet.blocks import Window
from changedet.errors import InputError
from changedet.imagery import remote
from changedet.imagery.opening import open_scene
from changedet.imagery.pixels import release
from changedet.imagery.remote import allowing

SIDE = 700
WHOLE = Window(0, 0, SIDE, SIDE)


class _Server(http.server.BaseHTTPRequestHandler):
    """A file in parts; `behaves` may answer a request in its place, by the number of the request."""

    content: ClassVar[bytes] = b""
    asked: ClassVar[list[str]] = []
    behaves: ClassVar[Callable[[_Server, int], bool]]

    def do_GET(self) -> None:
        self.asked.append(f"{self.path} {self.headers.get('Range', '')} {self.headers.get('Authorization', '')}")
        if type(self).behaves(self, len(self.asked)):
            return
        first, last = (int(one) for one in self.headers["Range"].removeprefix("bytes=").split("-"))
        part = self.content[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(self.content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _serving(content: bytes, behaves: Callable[[Any, int], bool] = lambda *_: False) -> Iterator[tuple[str, list[str]]]:
    handler = type("_Handler", (_Server,), {"content": content, "asked": [], "behaves": behaves})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", handler.asked
        server.shutdown()
        thread.join()
    release()


@pytest.fixture
def file(tmp_path: Path) -> tuple[bytes, np.ndarray]:
    values = noise(3, 2, SIDE, SIDE)
    options = {"tiled": True, "blockxsize": 256, "blockysize": 256}
    return Path(write(tmp_path / "a.tif", values, **options)).read_bytes(), values


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote.time, "sleep", lambda _: None)


def _read(url: str) -> np.ndarray:
    scene = open_scene(url, date="2023-06-04", bands={"red": 1, "nir": 2})
    return scene.read(grid_like(SIDE, SIDE), WHOLE, scene.roles)[0]


def _redirect(to: str) -> Callable[[Any, int], bool]:
    def behaves(handler: Any, number: int) -> bool:
        if number < 3:
            return False
        handler.send_response(302)
        handler.send_header("Location", f"http://{to}/other.tif")
        handler.end_headers()
        return True

    return behaves


def test_a_file_is_read_in_parts_and_each_once(file: tuple[bytes, np.ndarray]) -> None:
    with _serving(file[0]) as (host, asked):
        np.testing.assert_array_equal(_read(f"http://{host}/a.tif"), file[1])
        first = len(asked)
        assert first > 3
        assert {one.split()[0] for one in asked} == {"/a.tif"}
        release()
        _read(f"http://{host}/a.tif")
        assert len(asked) - first <= 3


def test_a_server_that_redirects_only_its_third_request_leads_nowhere(file: tuple[bytes, np.ndarray]) -> None:
    with (
        _serving(file[0]) as (other, never),
        _serving(file[0], _redirect(other)) as (host, asked),
        pytest.raises(InputError, match=rf"a.tif: leads to {other}, which is not allowed"),
    ):
        _read(f"http://{host}/a.tif")
    assert len(asked) == 3
    assert never == []


def test_a_redirect_to_an_allowed_host_is_followed_without_the_password(file: tuple[bytes, np.ndarray]) -> None:
    with _serving(file[0]) as (other, reached), _serving(file[0], _redirect(other)) as (host, asked), allowing([other]):
        np.testing.assert_array_equal(_read(f"http://me:secret@{host}/a.tif"), file[1])
    assert asked
    assert reached
    assert all("Basic" in one for one in asked)
    assert not any("Basic" in one for one in reached)


def test_threads_read_one_file_side_by_side(file: tuple[bytes, np.ndarray]) -> None:
    with _serving(file[0]) as (host, _), ThreadPoolExecutor(4) as pool:
        for found in pool.map(_read, [f"http://{host}/a.tif"] * 8):
            np.testing.assert_array_equal(found, file[1])
        list(pool.map(lambda _: release(), range(4)))


@pytest.mark.parametrize(
    ("status", "said"), [(404, "HTTP 404"), (503, "HTTP 503"), (None, "cannot be read, check the address")]
)
def test_what_a_server_fails_at_in_mid_read_is_one_line(
    file: tuple[bytes, np.ndarray], status: int | None, said: str
) -> None:
    def behaves(handler: Any, number: int) -> bool:
        if number < 3:
            return False
        if status is not None:
            handler.send_error(status)
        handler.close_connection = True
        return True

    with (
        _serving(file[0], behaves) as (host, asked),
        pytest.raises(InputError, match=said) as error,
    ):
        _read(f"http://{host}/a.tif")
    assert str(error.value).startswith(f"http://{host}/a.tif: ")
    assert len(asked) == (3 if status == 404 else 2 + remote.TRIES)


def test_a_busy_server_is_asked_again(file: tuple[bytes, np.ndarray]) -> None:
    def behaves(handler: Any, number: int) -> bool:
        if number % 2:
            return False
        handler.send_error(503)
        return True

    with _serving(file[0], behaves) as (host, _):
        np.testing.assert_array_equal(_read(f"http://{host}/a.tif"), file[1])


def test_a_file_that_changes_while_it_is_read_is_refused(file: tuple[bytes, np.ndarray]) -> None:
    def behaves(handler: Any, number: int) -> bool:
        if number == 3:
            type(handler).content = file[0] + b"0"
        return False

    with _serving(file[0], behaves) as (host, _), pytest.raises(InputError, match="changed on its server"):
        _read(f"http://{host}/a.tif")


def test_a_server_without_parts_sends_small_files_whole(
    file: tuple[bytes, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    def behaves(handler: Any, _: int) -> bool:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(handler.content)
        return True

    with _serving(file[0], behaves) as (host, _):
        np.testing.assert_array_equal(_read(f"http://{host}/a.tif"), file[1])
    monkeypatch.setattr(remote, "WHOLE_BYTES", 1000)
    with _serving(file[0], behaves) as (host, _), pytest.raises(InputError, match=r"more than 1000 bytes .* download"):
        _read(f"http://{host}/a.tif")


def test_a_server_that_sends_slowly_does_not_hold_a_run(
    file: tuple[bytes, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "TIMEOUT_S", 0.3)

    def behaves(handler: Any, number: int) -> bool:
        handler.send_response(200)
        handler.end_headers()
        for k in range(50):
            try:
                handler.wfile.write(file[0][k : k + 1])
            except OSError:
                break
            threading.Event().wait(0.05)
        return True

    with _serving(file[0], behaves) as (host, _), pytest.raises(InputError, match=r"sent [0-9]+ bytes in 0.3 s"):
        _read(f"http://{host}/a.tif")
