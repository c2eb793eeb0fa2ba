"""Which hosts may be reached: those that the workflow names, and none that they lead to."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable, Sequence
from http.client import HTTPMessage
from typing import IO, Final
from urllib.parse import urlparse

from changedet.errors import InputError

_PORTS: Final = {"http": 80, "https": 443}


def check_hosts(paths: Iterable[str], allowed: Sequence[str]) -> None:
    """Refuse paths on hosts that nobody allowed.

    Parameters
    ----------
    paths : iterable of str
        What a catalog leads to; local paths pass.
    allowed : sequence of str
        Host names, with ``*.`` in front for all below a domain; of ``s3://`` the bucket is the host. With ``:port``
        that port alone, without one the usual ones (80 and 443) alone.

    Raises
    ------
    InputError
        One line for each host.

    Examples
    --------
    >>> check_hosts(["https://tiles.example.org/a.tif", "/data/b.tif"], ["*.example.org"])
    """
    hosts = dict.fromkeys(host for host in (host_of(path) for path in paths) if host)
    refused = [host for host in hosts if not any(_matches(host, rule) for rule in allowed)]
    if refused:
        listed = ", ".join(refused)
        raise InputError(f"leads to {listed}, which is not allowed; add it to read.allow_hosts if you trust it")


def host_of(path: str) -> str:
    """The host that a path is read from.

    Parameters
    ----------
    path : str
        A file, a URL or one of GDAL's virtual paths.

    Returns
    -------
    str
        Of ``s3://`` the bucket; with ``:port`` where it is not the scheme's own; empty for files of this machine.

    Raises
    ------
    InputError
        Its port is no port.
    """
    text = path
    for prefix in ("/vsicurl/", "/vsicurl_streaming/"):
        text = text.removeprefix(prefix)
    for prefix in ("/vsis3/", "/vsis3_streaming/", "/vsigs/", "/vsiaz/", "/vsioss/", "/vsiswift/"):
        if text.startswith(prefix):
            return text.removeprefix(prefix).split("/")[0].lower()
    parsed = urlparse(text)
    if parsed.scheme in {"", "file"} or len(parsed.scheme) == 1:
        return ""
    try:
        port = parsed.port
    except ValueError:
        raise InputError(f"{path}: its port is no number up to 65535") from None
    name = parsed.hostname or parsed.scheme
    usual = port in {None, _PORTS.get(parsed.scheme)}
    return (name if usual else f"{name}:{port}").lower()


def _matches(host: str, rule: str) -> bool:
    rule = rule.lower().strip().removesuffix(":80").removesuffix(":443")
    return host == rule or (rule.startswith("*.") and host.endswith(rule[1:]))


class GuardedRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect must not lead where a link may not; refused before a request goes to the other host.

    Parameters
    ----------
    allowed : sequence of str
        As in `check_hosts`.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = allowed

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request that follows a redirect.

        Parameters
        ----------
        req, fp, code, msg, headers, newurl : object
            As `urllib` hands them over.

        Returns
        -------
        urllib.request.Request or None
            As `urllib` makes it.

        Raises
        ------
        InputError
            The redirect leads to a host that nobody allowed.
        """
        try:
            check_hosts([newurl], self.allowed)
        except InputError as error:
            raise InputError(f"{req.full_url}: {error.problems[0].message}") from None
        return super().redirect_request(req, fp, code, msg, headers, newurl)
