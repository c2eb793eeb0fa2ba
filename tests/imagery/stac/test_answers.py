"""Bodies of servers: whole, or refused where they are too long or too slow."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from changedet.errors import InputError
from changedet.imagery.stac import answers
from changedet.imagery.stac.answers import read_answer
from changedet.imagery.stac.items import items


def pieces(*parts: bytes) -> Any:
    left = iter(parts)
    return lambda _: next(left, b"")


def test_read_answer_joins_what_comes_in() -> None:
    assert read_answer(pieces(b"ab", b"c"), "x") == b"abc"


def test_read_answer_refuses_what_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"^x: has more than 1 MB$"):
        read_answer(lambda most: b"a" * most, "x", most=1 << 20)
    moments = iter(range(0, 10_000, 30))
    monkeypatch.setattr(answers.time, "monotonic", lambda: next(moments))
    with pytest.raises(InputError, match=r"^x: is sent too slowly, 5 bytes in 120 s$"):
        read_answer(lambda _: b"a", "x")


class Api(http.server.BaseHTTPRequestHandler):
    """A search whose pages hold an item each, compressed, and lead on for ever."""

    asked: ClassVar[list[str]] = []
    bytes_a_page: ClassVar[int] = 0
    answer: ClassVar[object] = None

    def do_GET(self) -> None:
        self.asked.append(self.path)
        here = f"http://127.0.0.1:{self.server.server_address[1]}"
        classes = [f"https://api.stacspec.org/v1.0.0/{name}" for name in ("core", "item-search")]
        links = [{"rel": "self", "href": f"{here}/"}, {"rel": "search", "href": f"{here}/search", "method": "GET"}]
        root = {"type": "Catalog", "id": "x", "description": "x", "stac_version": "1.0.0", "links": links}
        page = {"type": "FeatureCollection", "features": [{"type": "Feature", "x": "a" * self.bytes_a_page}]}
        page["links"] = [{"rel": "next", "href": f"{here}/search?n={len(self.asked)}"}]
        page = page if self.answer is None else self.answer
        body = gzip.compress(json.dumps(page if "search" in self.path else {**root, "conformsTo": classes}).encode())
        encoded = "gzip" in str(self.headers["Accept-Encoding"])
        body = body if encoded else gzip.decompress(body)
        self.send_response(200)
        if encoded:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Api.asked.clear()
    monkeypatch.setenv("no_proxy", "*")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_pages_of_a_search_are_bounded_together_as_they_are_unpacked(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Api, "bytes_a_page", 300_000)
    monkeypatch.setattr(answers, "MAX_ALL_BYTES", 1 << 20)
    with pytest.raises(InputError, match=r"the search failed \(.*its search has more than 1 MB; narrow it"):
        items(api)
    assert len(Api.asked) == 7, "the root, once by itself and once by the client; four pages, and one too many"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "answer",
    [
        {"type": "FeatureCollection", "features": [{"type": "Feature"}], "links": None},
        {"type": "FeatureCollection", "features": [1, None], "links": []},
        {"type": "FeatureCollection", "features": 7},
        [[]],
        7,
    ],
)
def test_an_answer_that_is_no_stac_is_said_in_a_line(api: str, monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    monkeypatch.setattr(Api, "answer", answer)
    with pytest.raises(InputError, match=r"the search failed \(its answer"):
        items(api)
