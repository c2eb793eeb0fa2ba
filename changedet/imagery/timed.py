"""Requests that end by a time, however slowly their servers send: a socket's own timeout begins anew with each byte."""

from __future__ import annotations

import http.client
import io
import socket
import time
import urllib.request
from collections.abc import Sequence
from functools import partial

from changedet.imagery.hosts import GuardedRedirects


def opener_until(until: float, allowed: Sequence[str]) -> urllib.request.OpenerDirector:
    """An opener whose answers, heads and bodies, are in by a time, redirects among them.

    Parameters
    ----------
    until : float
        Of `time.monotonic`; what is read later raises `TimeoutError`.
    allowed : sequence of str
        Hosts, as in `changedet.imagery.hosts.check_hosts`.

    Returns
    -------
    urllib.request.OpenerDirector
        With the proxies of the environment.
    """
    return urllib.request.build_opener(GuardedRedirects(allowed), _Http(until), _Https(until))


class _Http(urllib.request.HTTPHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_until, http.client.HTTPConnection, self._until), req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_until, http.client.HTTPSConnection, self._until), req)


def _until(
    kind: type[http.client.HTTPConnection], until: float, host: str, /, *, timeout: float
) -> http.client.HTTPConnection:
    connection = kind(host, timeout=timeout)
    connection.response_class = partial(_Response, until)  # type: ignore[assignment]
    return connection


class _Response(http.client.HTTPResponse):
    """Reads from its socket by way of `_Timed`."""

    def __init__(self, until: float, sock: socket.socket, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(sock, debuglevel, method)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock, until))


class _Timed(io.RawIOBase):
    """A socket's bytes, as long as there is time."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        super().__init__()
        self._sock, self._until = sock, until
        # Counts as a user of the socket, which is closed by its last one.
        self._bytes = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview, /) -> int | None:  # type: ignore[override]
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("its server sends too slowly")
        self._sock.settimeout(left)
        return self._bytes.readinto(into)

    def close(self) -> None:
        self._bytes.close()
        super().close()
