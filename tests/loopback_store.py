"""A store that speaks S3 on loopback: objects, parts, lists; it can be told to fail."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest


class Kept(NamedTuple):
    """An object."""

    content: bytes
    etag: str
    kind: str = ""
    sha256: str = ""


class Asked(NamedTuple):
    """A request that was answered."""

    method: str
    key: str
    query: str
    received: int
    sent: int
    authorization: str


@dataclass
class Store:
    """What the server holds and was asked; keys begin with their bucket."""

    port: int = 0
    buckets: set[str] = field(default_factory=lambda: {"runs", "scenes"})
    objects: dict[str, Kept] = field(default_factory=dict)
    uploads: dict[str, tuple[str, Kept, dict[int, bytes]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    page: int = 1000
    trouble: Callable[[str, str], int | float | str | None] = lambda _method, _key: None
    """Called with each request: None lets it be; a status refuses it, ``reset`` and ``cut`` break the connection before
    and after it was carried out, ``slow`` sends a part of the answer, seconds wait."""

    def put(self, key: str, content: bytes, kind: str = "", sha256: str = "", etag: str = "") -> Kept:
        self.objects[key] = Kept(content, etag or f'"{hashlib.md5(content).hexdigest()}"', kind, sha256)
        return self.objects[key]

    def names(self, start: str) -> dict[str, bytes]:
        return {key.removeprefix(start): one.content for key, one in self.objects.items() if key.startswith(start)}

    def writes(self) -> list[Asked]:
        return [one for one in self.asked if one.method in {"PUT", "POST", "DELETE"}]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store

    def log_message(self, *_: Any) -> None:
        pass

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        self.key = unquote(parts.path).lstrip("/")
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        trouble = self.store.trouble(self.command, self.key)
        if isinstance(trouble, float):
            time.sleep(trouble)
        elif trouble == "reset":
            return self._reset()
        elif isinstance(trouble, int):
            return self._refuse(trouble, {403: "AccessDenied", 500: "InternalError"}.get(trouble, "Odd"))
        self.cut = trouble in {"cut", "slow"}
        wanted = self.headers.get("x-amz-content-sha256", "UNSIGNED")
        if self.key.partition("/")[0] not in self.store.buckets:
            self._refuse(404, "NoSuchBucket")
        elif wanted.isalnum() and wanted not in {"UNSIGNED", hashlib.sha256(self.body).hexdigest()}:
            self._refuse(400, "XAmzContentSHA256Mismatch")
        else:
            getattr(self, f"_{self.command.lower()}")()
        return None

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle  # noqa: N815 - names of the standard library

    def _get(self) -> None:
        found = self.store.objects.get(self.key)
        if "list-type" in self.query:
            self._list()
        elif "uploads" in self.query:
            rows = "".join(
                f"<Upload><Key>{escape(key.partition('/')[2])}</Key><UploadId>{one}</UploadId></Upload>"
                for one, (key, _, _) in self.store.uploads.items()
            )
            self._answer(
                200, f"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{rows}</ListMultipartUploadsResult>"
            )
        elif found is None:
            self._refuse(404, "NoSuchKey")
        else:
            self._object(found)

    _head = _get

    def _object(self, found: Kept) -> None:
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        content, more = found.content, {"ETag": found.etag, "Content-Type": found.kind, "Accept-Ranges": "bytes"}
        if found.sha256:
            more["x-amz-meta-sha256"] = found.sha256
        if span:
            content = content[int(span[1]) : int(span[2]) + 1]
            more["Content-Range"] = f"bytes {span[1]}-{int(span[1]) + len(content) - 1}/{len(found.content)}"
        self._answer(206 if span else 200, content, more)

    def _list(self) -> None:
        bucket = self.key.strip("/")
        start = f"{bucket}/{self.query.get('prefix', '')}"
        after = self.query.get("continuation-token", "")
        keys = sorted(key for key in self.store.objects if key.startswith(start) and key > after)
        page, more = keys[: self.store.page], len(keys) > self.store.page
        rows = "".join(
            f"<Contents><Key>{escape(key.partition('/')[2])}</Key><Size>{len(one.content)}</Size>"
            f"<ETag>{escape(one.etag)}</ETag></Contents>"
            for key in page
            for one in [self.store.objects[key]]
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        head = f"<IsTruncated>{str(more).lower()}</IsTruncated><KeyCount>{len(page)}</KeyCount>{token}"
        self._answer(200, f"<ListBucketResult>{head}{rows}</ListBucketResult>")

    def _put(self) -> None:
        if "partNumber" in self.query:
            if self.query["uploadId"] not in self.store.uploads:
                return self._refuse(404, "NoSuchUpload")
            self.store.uploads[self.query["uploadId"]][2][int(self.query["partNumber"])] = self.body
            return self._answer(200, b"", {"ETag": f'"{hashlib.md5(self.body).hexdigest()}"'})
        kept = self.store.put(
            self.key, self.body, self.headers.get("Content-Type", ""), self.headers.get("x-amz-meta-sha256", "")
        )
        return self._answer(200, b"", {"ETag": kept.etag})

    def _post(self) -> None:
        if "uploads" in self.query:
            one = f"upload{len(self.store.asked)}"
            about = Kept(b"", "", self.headers.get("Content-Type", ""), self.headers.get("x-amz-meta-sha256", ""))
            self.store.uploads[one] = (self.key, about, {})
            return self._answer(
                200, f"<InitiateMultipartUploadResult><UploadId>{one}</UploadId></InitiateMultipartUploadResult>"
            )
        found = self.store.uploads.pop(self.query["uploadId"], None)
        if found is None:
            return self._refuse(404, "NoSuchUpload")
        _, about, parts = found
        content = b"".join(parts[number] for number in sorted(parts))
        etag = f'"{hashlib.md5(content).hexdigest()}-{len(parts)}"'
        self.store.put(self.key, content, about.kind, about.sha256, etag)
        return self._answer(
            200, f"<CompleteMultipartUploadResult><ETag>{escape(etag)}</ETag></CompleteMultipartUploadResult>"
        )

    def _delete(self) -> None:
        if "uploadId" in self.query:
            self.store.uploads.pop(self.query["uploadId"], None)
        else:
            self.store.objects.pop(self.key, None)
        self._answer(204, b"")

    def _refuse(self, status: int, code: str) -> None:
        # A store may repeat what it was sent.
        said = escape(self.headers.get("X-Amz-Security-Token", "") + self.headers.get("Authorization", ""))
        away = {"Location": "http://127.0.0.1:9/", "x-amz-bucket-region": "eu-west-3"} if 300 <= status < 400 else None
        self._answer(status, f"<Error><Code>{code}</Code><Message>{said}</Message></Error>", away)

    def _answer(self, status: int, content: bytes | str, more: dict[str, str] | None = None) -> None:
        content = content.encode() if isinstance(content, str) else content
        if getattr(self, "cut", False) and self.command != "GET":
            return self._reset()
        # Before the answer: who has it may look at once.
        sent = 0 if self.command == "HEAD" else len(content)
        signed, query = self.headers.get("Authorization", ""), urlsplit(self.path).query
        self.store.asked.append(Asked(self.command, self.key, query, len(self.body), sent, signed))
        self.send_response(status)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return None
        with contextlib.suppress(OSError):
            self.wfile.write(content[: len(content) // 2] if getattr(self, "cut", False) else content)
        if getattr(self, "cut", False):
            self._reset()
        return None

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Connections are broken on purpose."""


@contextmanager
def loopback_store() -> Iterator[Store]:
    """A store while it is open."""
    store = Store()
    with _Server(("127.0.0.1", 0), type("_Own", (_Handler,), {"store": store})) as server:
        store.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield store
        server.shutdown()


def settings(store: Store) -> dict[str, str]:
    """The environment that names it, as GDAL's documentation does, and nothing of this machine's own."""
    named = {"AWS_S3_ENDPOINT": f"127.0.0.1:{store.port}", "AWS_HTTPS": "NO", "AWS_VIRTUAL_HOSTING": "FALSE"}
    named |= {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
    return named | {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}


@contextmanager
def named_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store that the environment names."""
    with loopback_store() as store:
        for name, value in settings(store).items():
            monkeypatch.setenv(name, value)
        yield store
