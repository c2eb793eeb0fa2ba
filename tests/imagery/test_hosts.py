"""Which hosts may be reached."""

from __future__ import annotations

import pytest

from changedet.errors import InputError
from changedet.imagery.hosts import check_hosts


def test_check_hosts() -> None:
    paths = ["https://a.example/x.tif", "s3://bucket/x.tif", "/vsicurl/http://b.example/y.tif", "C:/x.tif", "rel/x.tif"]
    check_hosts(paths, ["a.example", "bucket", "b.example"])
    with pytest.raises(InputError, match=r"leads to bucket, b.example, which"):
        check_hosts(paths, ["a.example"])
    check_hosts(["https://x.a.example/"], ["*.a.example"])
    with pytest.raises(InputError):
        check_hosts(["https://evil-a.example/"], ["*.a.example", "a.example"])
