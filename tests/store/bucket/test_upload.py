"""A run in a bucket: what is sent, in which order, and what a kill, a failing store or another hand leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback_store import Store
from sealed_runs import files_of, filled

from changedet.errors import ChangedetError, InputError
from changedet.store import RunFolder
from changedet.store.bucket import client
from changedet.store.bucket.address import address
from changedet.store.bucket.upload import SEAL, require_place, upload_run
from changedet.store.bucket.upload_record import RECORD

PLACE = address("s3://runs/a b/ünï/site")
START = "runs/a b/ünï/site/"


def there(store: Store) -> dict[str, bytes]:
    return {name: content for name, content in store.names(START).items() if name != RECORD}


def written(store: Store) -> list[str]:
    return [one.key.removeprefix(START) for one in store.asked if one.method == "PUT"]


def failing(store: Store, method: str, name: str, how: int | float | str, times: int = 99) -> None:
    left = [times]

    def trouble(asked: str, key: str) -> int | float | str | None:
        if (asked, key) == (method, f"{START}{name}") and left[0]:
            left[0] -= 1
            return how
        return None

    store.trouble = trouble


def test_a_run_is_uploaded_whole_what_points_to_other_files_last(store: Store, folder: RunFolder) -> None:
    done = upload_run(folder, PLACE)
    assert there(store) == files_of(folder)
    assert (done.files, done.sent_files, done.removed) == (len(files_of(folder)), done.files, 0)
    order = written(store)
    assert order[0] == order[-1] == RECORD
    assert order[-2] == SEAL
    ranks = ["change/mask.tif", "stac/day/day.json", "stac/collection.json", "summary.json", SEAL]
    assert [name for name in order if name in ranks] == ranks
    assert order.index("run.json") > order.index("report.html") > order.index("change/mask.tif")
    kinds = {key.removeprefix(START): one.kind for key, one in store.objects.items()}
    assert kinds["report.html"] == "text/html; charset=utf-8"
    assert kinds["change/mask.tif"].startswith("image/tiff; application=geotiff")
    assert all(one.authorization.startswith("AWS4-HMAC-SHA256 Credential=me/") for one in store.asked)


def test_nothing_is_sent_twice_and_a_change_sends_what_it_changed(store: Store, folder: RunFolder) -> None:
    upload_run(folder, PLACE)
    store.asked.clear()
    again = upload_run(folder, PLACE)
    assert (again.sent_files, again.sent_bytes, again.removed) == (0, 0, 0)
    assert store.writes() == []
    assert len(store.asked) == 2
    filled(folder, change_mask__tif="other", run__json="run", new__csv="1")
    done = upload_run(folder, PLACE)
    assert there(store) == files_of(folder)
    own = {name for name in written(store) if not name.startswith(".changedet/")}
    assert own == {"change/mask.tif", "new.csv"}
    removed = [one.key.removeprefix(START) for one in store.asked if one.method == "DELETE"]
    assert removed == [SEAL, "report.html", "stac/collection.json", "stac/day/day.json", "summary.json"]
    assert done.removed == 4


def test_at_no_moment_does_anything_point_to_what_is_not_there(store: Store, folder: RunFolder) -> None:
    """After each request: who finds the seal finds all of its files, who finds a pointer what it points to."""
    points = {"stac/collection.json": "stac/day/day.json", "stac/day/day.json": "change/mask.tif"}
    points |= {"summary.json": "stac/collection.json", "run.json": "change/mask.tif"}
    seen = 0

    def look(method: str, _key: str) -> None:
        nonlocal seen
        now = there(store)
        for one, other in points.items():
            assert one not in now or other in now, (method, one)
        if SEAL in now:
            sealed = json.loads(now[SEAL])["files"]
            sums = {name: hashlib.sha256(now[name]).hexdigest() for name in sealed}
            assert sums == {name: entry["sha256"] for name, entry in sealed.items()}
            seen += 1

    store.trouble = look
    upload_run(folder, PLACE)
    filled(folder, change_mask__tif="other", summary__json="summary 2", run__json="run 2")
    points.pop("summary.json")
    upload_run(folder, PLACE)
    assert seen > 2
    assert set(there(store)) == set(files_of(folder))


@pytest.mark.parametrize("how", [500, "reset", "cut", 2.0], ids=str)
def test_a_store_that_fails_now_and_then_is_asked_again(
    store: Store, folder: RunFolder, how: int | float | str
) -> None:
    failing(store, "PUT", "change/mask.tif", how, times=1)
    upload_run(folder, PLACE)
    assert there(store) == files_of(folder)


REASONS = {
    500: "(500 InternalError); the store refuses or fails; try again later",
    403: "(403 AccessDenied); check the credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE)",
    "reset": "(ConnectionClosedError); check the store's address and the network",
    2.0: "(ReadTimeoutError); check the store's address and the network",
}


@pytest.mark.parametrize("how", REASONS, ids=str)
def test_a_failure_is_one_line_and_the_same_command_goes_on(
    store: Store, folder: RunFolder, how: int | float | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-of-mine")
    before = files_of(folder)
    failing(store, "PUT", "stac/collection.json", how)
    with pytest.raises(InputError) as error:
        upload_run(folder, PLACE)
    (problem,) = error.value.problems
    assert str(problem).startswith(f"{PLACE}/stac/collection.json: cannot be written {REASONS[how]}")
    assert str(problem).endswith(f"the run in {folder.path} is whole, the same command goes on from here")
    assert "secret" not in str(problem)
    assert "token-of-mine" not in str(problem)
    assert error.value.__cause__ is None
    assert files_of(folder) == before
    assert "change/mask.tif" in there(store)
    # What was sent to a slow store may yet come.
    assert {"summary.json", SEAL, *(["stac/collection.json"] if how != 2.0 else [])}.isdisjoint(there(store))
    store.trouble = lambda *_: None
    store.asked.clear()
    done = upload_run(folder, PLACE)
    assert there(store) == before
    assert "change/mask.tif" not in written(store)
    assert done.sent_files < done.files


def test_a_bucket_that_is_not_there_is_one_line(store: Store, folder: RunFolder) -> None:
    place = address("s3://no-such/x")
    said = r"\(404 NoSuchBucket\); there is no such bucket; make it, or give another address"
    for asked in (lambda: upload_run(folder, place), lambda: require_place(place)):
        with pytest.raises(InputError, match=said):
            asked()


@pytest.mark.parametrize("status", [301, 302, 307])
def test_no_redirect_is_followed(store: Store, folder: RunFolder, status: int) -> None:
    store.trouble = lambda *_: status
    with pytest.raises(InputError, match=rf"uploaded\.json: cannot be read \({status} Odd\)"):
        upload_run(folder, PLACE)


def test_no_credentials_and_no_server_are_one_line(
    store: Store, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(InputError, match=r"\(NoCredentialsError\); check the credentials"):
        upload_run(folder, PLACE)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(InputError, match=r"\(ProfileNotFound\); check the credentials"):
        upload_run(folder, PLACE)
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_S3_ENDPOINT", "127.0.0.1:9")
    with pytest.raises(InputError, match=r"\(EndpointConnectionError\); check the store's address and the network"):
        upload_run(folder, PLACE)


def test_a_profile_and_an_address_as_aws_has_them(
    store: Store, folder: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_S3_ENDPOINT", "AWS_HTTPS"):
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text("[depots]\naws_access_key_id = you\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "depots")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", store.url)
    monkeypatch.setenv("AWS_REGION", "eu-central-2")
    upload_run(folder, PLACE)
    assert there(store) == files_of(folder)
    signed = {one.authorization.partition(", ")[0] for one in store.asked}
    assert all("Credential=you/" in one and "/eu-central-2/s3/" in one for one in signed)


def test_large_files_go_in_parts_and_leave_none(
    store: Store, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PART_BYTES", 1000)
    filled(folder, large__tif="0123456789" * 450, run__json="run")
    upload_run(folder, PLACE)
    assert there(store) == files_of(folder)
    assert store.objects[f"{START}large.tif"].etag.endswith('-5"')
    assert store.uploads == {}
    store.asked.clear()
    assert upload_run(folder, PLACE).sent_files == 0
    assert store.writes() == []


def test_parts_of_a_file_that_fails_are_taken_back(
    store: Store, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PART_BYTES", 1000)
    filled(folder, large__tif="0123456789" * 450, run__json="run")
    failing(store, "PUT", "large.tif", 500)
    with pytest.raises(InputError, match=r"large\.tif: cannot be written \(500 InternalError\)"):
        upload_run(folder, PLACE)
    assert store.uploads == {}
    # The answer to what puts the parts together is lost, and asking again says that there are none.
    failing(store, "POST", "large.tif", "cut", times=2)
    begun = [False]

    def lost_at_the_end(method: str, key: str) -> str | None:
        if method == "POST" and key.endswith("large.tif"):
            begun.append(True)
            return "cut" if len(begun) == 3 else None
        return None

    store.trouble = lost_at_the_end
    upload_run(folder, PLACE)
    assert there(store) == files_of(folder)


def test_parts_that_a_kill_left_are_removed_those_of_others_stay(store: Store, folder: RunFolder) -> None:
    failing(store, "PUT", "change/mask.tif", 500)
    with pytest.raises(InputError):
        upload_run(folder, PLACE)
    store.trouble = lambda *_: None
    about = next(iter(store.objects.values()))
    store.uploads = {"own": (f"{START}change/mask.tif", about, {}), "other": (f"{START}else.tif", about, {})}
    upload_run(folder, PLACE)
    assert list(store.uploads) == ["other"]


def test_what_others_put_there_is_never_replaced(store: Store, folder: RunFolder) -> None:
    store.put(f"{START}report.html", b"of somebody else")
    store.put(f"{START}notes.txt", b"stays")
    for asked in (lambda: upload_run(folder, PLACE), lambda: require_place(PLACE, ["report.html"])):
        with pytest.raises(InputError, match=r"site: report\.html: was not uploaded by changedet; move it away"):
            asked()
    assert set(there(store)) == {"report.html", "notes.txt"}
    del store.objects[f"{START}report.html"]
    upload_run(folder, PLACE)
    store.put(f"{START}change/mask.tif", b"edited")
    store.asked.clear()
    for asked in (lambda: upload_run(folder, PLACE), lambda: require_place(PLACE, ["change/mask.tif"])):
        with pytest.raises(InputError, match=r"change/mask\.tif: was changed there since it was uploaded"):
            asked()
    assert store.writes() == []
    del store.objects[f"{START}change/mask.tif"]
    upload_run(folder, PLACE)
    assert there(store).pop("notes.txt") == b"stays"
    assert {name: one for name, one in there(store).items() if name != "notes.txt"} == files_of(folder)


def test_another_etag_of_the_same_bytes_is_no_change(store: Store, folder: RunFolder) -> None:
    upload_run(folder, PLACE)
    for key, one in list(store.objects.items()):
        store.objects[key] = one._replace(etag="moved")
    store.asked.clear()
    assert upload_run(folder, PLACE).sent_files == 0
    assert store.writes() == []


def test_what_the_run_no_longer_has_is_removed_if_it_is_as_it_was_uploaded(store: Store, folder: RunFolder) -> None:
    upload_run(folder, PLACE)
    store.put(f"{START}report.html", b"edited there")
    store.put("runs/a b/ünï/site2/report.html", b"of another site")
    filled(folder, run__json="run", summary__json="summary")
    done = upload_run(folder, PLACE)
    assert done.removed == 3
    assert there(store).pop("report.html") == b"edited there"
    assert store.names("runs/a b/ünï/site2/") == {"report.html": b"of another site"}


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"schema_version": 1}', '{"schema_version": 9, "mark": "", "objects": {}}'],
)
def test_a_record_that_is_none_stands_in_the_way_in_one_line(store: Store, folder: RunFolder, text: str) -> None:
    store.put(f"{START}{RECORD}", text.encode())
    with pytest.raises(InputError, match=r"uploaded\.json: is no record of an upload of this version; move it away"):
        upload_run(folder, PLACE)


def test_a_record_cannot_have_objects_removed_elsewhere(store: Store, folder: RunFolder) -> None:
    upload_run(folder, PLACE)
    found = json.loads(store.objects[f"{START}{RECORD}"].content)
    found["objects"]["../site2/report.html"] = {"size": 1, "sha256": "", "etag": ""}
    store.put(f"{START}{RECORD}", json.dumps(found).encode())
    store.put("runs/a b/ünï/site2/report.html", b"1")
    with pytest.raises(InputError, match="is no record of an upload"):
        upload_run(folder, PLACE)
    assert "runs/a b/ünï/site2/report.html" in store.objects


def test_two_uploads_at_once_are_noticed(store: Store, folder: RunFolder) -> None:
    def another(method: str, key: str) -> None:
        if method == "PUT" and key.endswith("summary.json"):
            record = json.loads(store.objects[f"{START}{RECORD}"].content)
            store.put(f"{START}{RECORD}", json.dumps({**record, "mark": "another"}).encode())

    store.trouble = another
    with pytest.raises(InputError, match="another upload to this address went on meanwhile; upload again"):
        upload_run(folder, PLACE)
    assert SEAL not in there(store)
    store.trouble = lambda *_: None
    upload_run(folder, PLACE)
    assert there(store) == files_of(folder)


@pytest.mark.parametrize("large", [False, True])
def test_a_file_that_is_not_what_the_run_wrote_is_not_uploaded(
    store: Store, folder: RunFolder, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PART_BYTES", 3 if large else 1000)
    (folder.path / "change/mask.tif").write_text("mosk")
    with pytest.raises(InputError, match=r"change/mask\.tif: is not as the run wrote it; run the workflow again"):
        upload_run(folder, PLACE)
    assert SEAL not in there(store)
    assert store.uploads == {}


def test_a_run_without_a_seal_or_in_use_is_not_uploaded(store: Store, folder: RunFolder) -> None:
    with folder.locked(is_new=False), pytest.raises(ChangedetError, match="another run is at work"):
        upload_run(folder, PLACE)
    folder.begin("publish:all", [folder.path / "run.json"])
    with pytest.raises(InputError, match="is not sealed, so no run has ended here"):
        upload_run(folder, PLACE)
    assert store.asked == []


def test_lists_of_several_pages_and_what_a_copy_brought_back(store: Store, folder: RunFolder) -> None:
    store.page = 3
    upload_run(folder, PLACE)
    (folder.state / "uploaded.json").write_bytes(store.objects[f"{START}{RECORD}"].content)
    filled(folder, run__json="run")
    assert upload_run(folder, PLACE).removed == 5
    assert set(there(store)) == set(files_of(folder)) - {".changedet/uploaded.json"}


def test_progress_counts_the_files(store: Store, folder: RunFolder) -> None:
    shown: list[tuple[str, int, int]] = []
    add: Callable[[str, int, int], None] = lambda *one: shown.append(one)  # noqa: E731
    done = upload_run(folder, PLACE, add)
    assert shown == [("uploading", k + 1, done.sent_files) for k in range(done.sent_files)]
