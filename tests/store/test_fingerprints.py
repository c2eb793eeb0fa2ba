"""What is kept of files that a run wrote."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from changedet.kernels.together import lend
from changedet.store.fingerprints import fingerprint, fingerprints


def test_fingerprints_are_those_of_each_file_whoever_reads_it(tmp_path: Path) -> None:
    files = [tmp_path / name for name in "cab"]
    for path in files:
        path.write_bytes(path.name.encode() * 5000)
    alone = fingerprints(files)
    assert list(alone.items()) == [(path, fingerprint(path)) for path in files]
    with ThreadPoolExecutor(2) as pool:
        before = lend(pool.submit, 2)
        try:
            assert fingerprints(iter(files)) == alone
        finally:
            lend(*before)
    assert fingerprints([]) == {}
