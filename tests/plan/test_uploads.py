"""Where a finished run goes: only where whoever runs it wants it to go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_runs import DATES
from small_scenes import write_workflow

from changedet.errors import InputError
from changedet.plan import make_plan
from changedet.plan.uploads import upload_of
from changedet.store.bucket import client
from changedet.workflow import Workflow, load_workflow
from changedet.workflow.resolved import resolved

PLACE = "s3://runs/a b"


@pytest.fixture
def named(scenes: Path) -> Workflow:
    return load_workflow(write_workflow(scenes, DATES, outputs={"upload": f"{PLACE}/"}))


def test_upload_of_needs_the_word_of_whoever_runs_it(named: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEDET_UPLOAD", "s3://runs/a")
    with pytest.raises(InputError) as error:
        upload_of(named, None)
    assert str(error.value).startswith(f"{named.path}:")
    assert f"outputs.upload: sends the run away; if you want that, give --upload {PLACE}, or set" in str(error.value)
    for allowed in ("s3://runs", "s3://runs/", PLACE):
        monkeypatch.setenv("CHANGEDET_UPLOAD", allowed)
        assert str(upload_of(named, None)) == f"{PLACE}/site"
    monkeypatch.setenv("CHANGEDET_UPLOAD", "runs")
    with pytest.raises(InputError, match="CHANGEDET_UPLOAD: got 'runs', expected s3://BUCKET/PREFIX"):
        upload_of(named, None)


def test_what_the_command_says_is_taken_instead(named: Workflow) -> None:
    assert str(upload_of(named, "s3://else")) == "s3://else/site"
    assert upload_of(named, "none") is None
    with pytest.raises(InputError, match=r"--upload: got 'else', expected s3://BUCKET/PREFIX, or none"):
        upload_of(named, "else")


def test_a_plan_has_it_and_the_record_of_the_workflow_too(scenes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = load_workflow(write_workflow(scenes, DATES))
    assert make_plan(plain).upload is None
    assert "upload" not in json.dumps(resolved(plain))
    assert str(make_plan(plain, upload="s3://else").upload) == "s3://else/site"
    monkeypatch.setenv("CHANGEDET_UPLOAD", PLACE)
    named = load_workflow(write_workflow(scenes, DATES, outputs={"upload": PLACE}))
    assert str(make_plan(named).upload) == f"{PLACE}/site"
    assert resolved(named)["outputs"]["upload"] == PLACE  # type: ignore[index, call-overload]


def test_without_the_library_one_line_says_how_to_get_it(named: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match=r"needs botocore, which is not installed; run pip install 'changedet\[s3\]'"):
        upload_of(named, PLACE)
