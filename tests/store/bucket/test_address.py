"""Addresses in buckets: what is one, and what is refused before anything is sent."""

from __future__ import annotations

import pytest

from changedet.errors import InputError
from changedet.store.bucket.address import Address, address
from changedet.store.layout import is_name


@pytest.mark.parametrize(
    ("text", "bucket", "prefix"),
    [
        ("s3://runs", "runs", ""),
        ("s3://runs/", "runs", ""),
        ("s3://runs/a b/ünï/東京", "runs", "a b/ünï/東京"),
        ("s3://my.runs-2/x/", "my.runs-2", "x"),
    ],
)
def test_address_reads_a_bucket_and_a_place_in_it(text: str, bucket: str, prefix: str) -> None:
    found = address(text)
    assert found == Address(bucket, prefix)
    assert str(found) == text.rstrip("/")
    assert str(found.below("depot")) == f"{text.rstrip('/')}/depot"
    assert found.key("run.json") == f"{prefix}/run.json".lstrip("/")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/vsis3/runs/a", "expected s3://BUCKET/PREFIX"),
        ("S3://runs", "expected s3://BUCKET/PREFIX"),
        ("s3://", "expected a bucket's name"),
        ("s3:///a", "expected a bucket's name"),
        ("s3://Runs", "expected a bucket's name"),
        ("s3://a..b", "expected a bucket's name"),
        ("s3://..", "expected a bucket's name"),
        ("s3://127.0.0.1:80/a", "expected a bucket's name"),
        ("s3://arn:aws:s3:::runs", "expected a bucket's name"),
        ("s3://me:secret@runs", "credentials into the environment"),
        ("s3://runs/../a", "expected no part"),
        ("s3://runs/a/..", "expected no part"),
        ("s3://runs/./a", "expected no part"),
        ("s3://runs//a", "expected no part"),
        ("s3://runs/a//", "expected no part"),
        ("s3://runs/ a", "expected no part"),
        ("s3://runs/a\nb", "expected no part"),
        ("s3://runs/a?X-Amz-Signature=1", "expected no ?"),
        ("s3://runs/a%2e%2e", "expected no %"),
        ("s3://runs/a\\b", "expected no \\"),
        (f"s3://runs/{'ü' * 400}", "expected at most 700 bytes, not 800"),
    ],
)
def test_address_refuses_what_is_none_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        address(text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_an_address_holds_itself_and_what_lies_below() -> None:
    place = address("s3://runs/a")
    assert place.holds(address("s3://runs/a/b"))
    assert place.holds(place)
    assert not place.holds(address("s3://runs/ab"))
    assert not place.holds(address("s3://runs"))
    assert not address("s3://run").holds(address("s3://runs"))


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/a", "a/../b", "../a", "a//b", "a/", "./a", "a\\..\\b", "a\0", "a\nb"]
)
def test_names_that_lead_elsewhere_are_none(name: str) -> None:
    assert not is_name(name)
