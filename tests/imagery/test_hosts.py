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


def test_a_host_is_allowed_on_its_usual_ports_or_those_that_are_named() -> None:
    check_hosts(["http://a.example:80/", "https://a.example:443/", "https://A.example/"], ["a.example"])
    check_hosts(["https://a.example/"], ["a.example:443"])
    check_hosts(["http://a.example:8080/", "http://x.a.example:8080/"], ["a.example:8080", "*.a.example:8080"])
    for path in ("http://a.example:22/", "http://a.example:443/", "/vsicurl/http://a.example:8081/"):
        with pytest.raises(InputError, match=r"leads to a\.example:[0-9]+, which is not allowed"):
            check_hosts([path], ["a.example", "a.example:8080"])
    with pytest.raises(InputError, match="its port is no number"):
        check_hosts(["http://a.example:99999/"], ["a.example"])
