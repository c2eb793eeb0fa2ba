"""How many sites go on at once, and which sets of plans are refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from changedet import plan
from changedet.cli.jobs import Jobs, accepted, jobs_of
from changedet.errors import InputError, Problem

GB = 1_000_000_000


def machine(monkeypatch: pytest.MonkeyPatch, *, cores: int, free_bytes: int) -> None:
    monkeypatch.setattr(plan, "cores", lambda: cores)
    monkeypatch.setattr(plan, "available_bytes", lambda: free_bytes)


def planned(name: str, memory_bytes: int = GB, file: str = "") -> Any:
    folder = SimpleNamespace(path=Path("/nowhere") / name)
    workflow = SimpleNamespace(path=file or f"{name}.yaml")
    return SimpleNamespace(site_id=name, folder=folder, workflow=workflow, memory_bytes=memory_bytes)


@pytest.mark.parametrize(
    ("words", "sites", "free_gb", "at_once", "memory_gb"),
    [
        ("1", 9, 60, 1, 60),
        ("6", 9, 60, 6, 60),  # more than cores: as asked
        ("6", 3, 60, 3, 60),
        ("6", 9, 2, 4, 2),  # 0.42 GB each at least
        ("6", 9, 0.1, 1, 0.1),
        ("auto", 9, 60, 4, 30),
        ("auto", 2, 60, 2, 30),
        ("auto", 9, 2, 2, 1),
    ],
)
def test_jobs_of(
    words: str, sites: int, free_gb: float, at_once: int, memory_gb: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, cores=4, free_bytes=int(free_gb * GB))
    jobs = jobs_of(words, sites)
    assert (jobs.at_once, jobs.memory_bytes) == (at_once, memory_gb * GB)
    assert jobs.asked == (None if words == "auto" else min(int(words), sites))


@pytest.mark.parametrize("words", ["0", "-1", "1.5", "many", ""])
def test_jobs_of_refuses_what_is_no_number_of_sites(words: str) -> None:
    with pytest.raises(click.UsageError, match=f"--jobs: '{words}' is no number of sites, expected 1 or more, or auto"):
        jobs_of(words, 3)


def test_accepted_gives_the_problems_of_all_workflows_at_once() -> None:
    wrong = [InputError([Problem("is wrong", "a"), Problem("is wrong", "b")]), planned("c"), InputError("d: is wrong")]
    with pytest.raises(InputError) as raised:
        accepted(wrong, Jobs(None, 2, GB))
    assert [str(problem) for problem in raised.value.problems] == ["a: is wrong", "b: is wrong", "d: is wrong"]


def test_accepted_refuses_two_sites_of_one_folder() -> None:
    plans = [planned("a"), planned("b"), planned("a", file="other.yaml")]
    with pytest.raises(InputError, match=r"^other.yaml: site.id: 'a' is also the run folder of a.yaml; give each its"):
        accepted(plans, Jobs(None, 2, 9 * GB))
    assert accepted(plans[:2], Jobs(None, 2, 9 * GB)) == plans[:2]


@pytest.mark.parametrize(
    ("asked", "free_gb", "warned"), [(2, 4.9, True), (2, 5, False), (3, 5, True), (None, 1, False)]
)
def test_accepted_warns_where_the_largest_sites_do_not_fit_together(
    asked: int | None, free_gb: float, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted([planned("a", 2 * GB), planned("b"), planned("c", 3 * GB)], Jobs(asked, 2, int(free_gb * GB)))
    taken = {2: 5000, 3: 6000}.get(asked or 0)
    said = f"{asked} sites at once may take {taken} MB of memory, {free_gb * 1000:.0f} MB are free: fewer go on at once"
    assert capsys.readouterr().err == (f"warning: --jobs: {said}\n" if warned else "")
