"""Runs that end in a bucket on loopback: read there by others, cut off and taken up, refused before any pixel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote, urljoin
from urllib.request import urlopen

import pystac
import pytest
import rasterio
from loopback_store import Store, named_store, settings
from sealed_runs import files_of
from small_runs import DATES, call, command
from small_scenes import write_workflow

import changedet
from changedet.errors import InputError
from changedet.pipeline.uploads import require_bucket
from changedet.plan import make_plan
from changedet.store import RunFolder
from changedet.store.bucket.upload import SEAL
from changedet.store.bucket.upload_record import RECORD

PLACE, START = "s3://runs/a b/ünï", "runs/a b/ünï/site/"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    with named_store(monkeypatch) as store:
        yield store


OUTPUTS = {"formats": ["masks", "objects", "tables", "stac"], "upload": PLACE}


@pytest.fixture
def workflow(narrow_scenes: Path) -> Path:
    return write_workflow(narrow_scenes, DATES, outputs=OUTPUTS)


def there(store: Store) -> dict[str, bytes]:
    return {name: content for name, content in store.names(START).items() if name != RECORD}


def test_a_run_ends_in_the_bucket_and_others_read_it_there(
    store: Store, scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANGEDET_UPLOAD", "s3://runs")
    found = changedet.run(write_workflow(scenes, DATES, outputs=OUTPUTS), out=str(tmp_path / "out"))
    assert there(store) == files_of(RunFolder(found.path))
    assert "secret" not in json.dumps(found.provenance)
    assert found.provenance["workflow"]["outputs"]["upload"] == PLACE
    # Whoever has its address by http: the links of the collection lead to what is there.
    home = f"{store.url}/{quote(START)}"
    collection = pystac.Collection.from_file(f"{home}stac/collection.json")
    items = list(collection.get_items())
    assert sorted(str(item.datetime.date()) for item in items if item.datetime) == list(DATES)
    assets = [asset for one in (collection, *items) for asset in one.get_assets().values()]
    links = {urljoin(home, str(asset.get_absolute_href())): asset for asset in assets}
    assert len(links) > 3
    for link, asset in links.items():
        with urlopen(quote(link, safe=":/%")) as answer:
            assert len(answer.read()) == asset.extra_fields["file:size"]
    # And by GDAL, as QGIS reads it. Looking for files beside it, GDAL would not let the store's thread go on.
    mask = f"change/{DATES[1]}_mask.tif"
    alone = rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR")
    with alone, rasterio.open(f"/vsis3/{START}{mask}") as away, rasterio.open(found.path / mask) as here:
        assert (away.read() == here.read()).all()
        assert away.overviews(1) == here.overviews(1)


def test_the_commands_upload_verify_and_download(store: Store, reference_run: Path, tmp_path: Path) -> None:
    first = call("upload", reference_run, PLACE)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith(f"uploaded to {PLACE}/site: ")
    assert "0 of them sent (0.0 MB), 0 removed there" in call("upload", reference_run, f"{PLACE}/").stdout
    good = call("verify", f"{PLACE}/site")
    assert (good.returncode, good.stderr) == (0, "")
    back = call("download", f"{PLACE}/site", "-o", tmp_path / "back")
    assert (back.returncode, back.stdout, back.stderr) == (0, f"{tmp_path / 'back'}\n", "")
    assert call("verify", tmp_path / "back").returncode == 0
    store.put(f"{START}summary.json", b"{}")
    bad = call("verify", f"{PLACE}/site")
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)
    assert bad.stderr.startswith(f"{PLACE}/site/summary.json: has 2 bytes, ")
    for words in (["report"], ["download", "-o", "/proc/none"], ["upload", "s3://nowhere"]):
        arguments = [words[0], reference_run if words[0] == "upload" else f"{PLACE}/site", *words[1:]]
        done = call(*arguments)
        assert done.returncode in {1, 2}, words
        assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_run_that_is_ended_while_it_uploads_goes_on(
    store: Store, workflow: Path, tmp_path: Path, how: signal.Signals
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(method: str, key: str) -> None:
        if method == "PUT" and key.endswith("collection.json"):
            begun.set()
            go_on.wait(60)

    store.trouble = hold
    environment = {**os.environ, **settings(store)}
    process = subprocess.Popen(
        command(workflow, tmp_path, "-q", "--upload", PLACE),
        env=environment,
        # A shell starts its background jobs with Ctrl-C ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert begun.wait(120)
    process.send_signal(how)
    # What is held ends after 60 s.
    assert process.wait(30) == {signal.SIGKILL: -how, signal.SIGINT: 130}[how]
    go_on.set()
    time.sleep(0.5)
    cut = there(store)
    assert {SEAL, "summary.json"}.isdisjoint(cut)
    assert f"change/{DATES[1]}_mask.tif" in cut
    assert call("verify", f"{PLACE}/site").stderr.endswith("an upload is under way or was cut off: upload again\n")
    store.trouble = lambda *_: None
    store.asked.clear()
    again = call("run", workflow, "--out", tmp_path, "--upload", PLACE)
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[-2].startswith(f"uploaded to {PLACE}/site: ")
    assert again.stdout.splitlines()[-1] == str(tmp_path / "site")
    assert there(store) == files_of(RunFolder(tmp_path / "site"))
    sent = {one.key.removeprefix(START) for one in store.asked if one.method == "PUT"}
    assert not [name for name in sent if name.endswith(".tif")]
    assert call("verify", f"{PLACE}/site").returncode == 0


def test_an_upload_that_fails_leaves_the_run_and_one_line(store: Store, workflow: Path, tmp_path: Path) -> None:
    store.trouble = lambda method, key: 403 if method == "PUT" else None
    done = call("run", workflow, "--out", tmp_path, "--upload", PLACE)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"{PLACE}/site/{RECORD}: cannot be written (403 AccessDenied); check the credentials")
    assert done.stderr.endswith(f"the run in {tmp_path / 'site'} is whole, the same command goes on from here\n")
    assert call("verify", tmp_path / "site").returncode == 0


@pytest.mark.parametrize("way", [[], ["--jobs", "2"]], ids=["in turn", "side by side"])
def test_what_stands_in_the_way_is_said_before_the_first_pixel(
    store: Store, scenes: Path, tmp_path: Path, way: list[str]
) -> None:
    workflows = [write_workflow(scenes, DATES, name) for name in ("one", "two")]
    store.put("runs/one/summary.json", b"of somebody else")
    done = call("run", *workflows, "--out", tmp_path / "out", "--upload", "s3://runs", *way)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == "s3://runs/one: summary.json: was not uploaded by changedet; move it away, or give another address\n"
    )
    done = call("run", *workflows, "--out", tmp_path / "out", "--upload", "s3://nowhere", *way)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "there is no such bucket" in done.stderr
    assert not (tmp_path / "out").exists()
    assert store.writes() == []


def test_check_asks_the_bucket_and_writes_nothing(store: Store, workflow: Path, tmp_path: Path) -> None:
    done = call("check", workflow, "--out", tmp_path / "out", "--upload", PLACE)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"upload     {PLACE}/site")
    assert [one.method for one in store.asked] == ["GET", "GET"]
    assert "there is no such bucket" in call("check", workflow, "--upload", "s3://nowhere").stderr


@pytest.mark.usefixtures("silent")
def test_without_an_upload_nobody_is_asked(scenes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEDET_UPLOAD", "s3://runs")
    require_bucket(make_plan(write_workflow(scenes, DATES)))
    with pytest.raises(InputError, match="changedet download s3://runs/site"):
        changedet.open_run("s3://runs/site")
