"""Finished runs in a bucket of an S3-compatible store: uploaded, downloaded, and where they lie there."""

from __future__ import annotations

from changedet.store.bucket.address import Address, address
from changedet.store.bucket.download import download_run
from changedet.store.bucket.upload import Uploaded, require_place, upload_run

__all__ = ["Address", "Uploaded", "address", "download_run", "require_place", "upload_run"]
