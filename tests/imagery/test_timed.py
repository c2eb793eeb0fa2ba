"""Requests that end by a time: heads and bodies that trickle, redirects that never end."""

from __future__ import annotations

import http.server
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from changedet.imagery.timed import opener_until

LIMIT_S = 0.5


class _Slow(http.server.BaseHTTPRequestHandler):
    """Sends a line of the head, or a byte of the body, now and then."""

    def do_GET(self) -> None:
        with suppress(OSError):
            if self.path == "/quick":
                self._send(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            elif self.path == "/head":
                self._send(b"HTTP/1.0 200 OK\r\n")
                self._trickle(b"X: y\r\n")
            elif self.path == "/body":
                self._send(b"HTTP/1.0 200 OK\r\n\r\n")
                self._trickle(b"z")
            else:
                threading.Event().wait(0.1)
                self._send(f"HTTP/1.0 302 Found\r\nLocation: {self.path}0\r\n\r\n".encode())

    def _send(self, content: bytes) -> None:
        self.wfile.write(content)

    def _trickle(self, content: bytes) -> None:
        # Ends, so that a fault fails the test and holds nothing.
        for _ in range(60):
            self._send(content)
            threading.Event().wait(0.1)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def read(address: str, path: str) -> bytes:
    opener = opener_until(time.monotonic() + LIMIT_S, (address,))
    with opener.open(f"http://{address}{path}", timeout=30) as answer:
        return bytes(answer.read())


def test_opener_until_reads_what_comes_in_time(address: str) -> None:
    assert read(address, "/quick") == b"hello"


@pytest.mark.parametrize("path", ["/head", "/body", "/redirect"])
def test_opener_until_ends_by_its_time(address: str, path: str) -> None:
    with pytest.raises((TimeoutError, urllib.error.URLError), match=r"timed out|too slowly"):
        read(address, path)
