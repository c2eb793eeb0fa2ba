"""What code and pages cite of the pages under docs is there: sections by their title, and places by their anchor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = {page.name: page for page in sorted((ROOT / "docs").rglob("*.md"))}
CITING = sorted(
    path
    for pattern in ("changedet/**/*.py", "changedet/**/*.md", "docs/**/*.md", "training/**/*.py", "benchmarks/**/*.*")
    for path in ROOT.glob(pattern)
    if path.suffix in (".py", ".md")
)
SECTION = re.compile(r"""([a-z_]+\.md)[`)\]]*,?\s*\(?["\u201c]([^"\u201d\n]+(?:\n[^"\u201d\n]+)?)["\u201d]""")
LINK = re.compile(r"\]\(([a-z_./]*)#([^)]+)\)")


def headings(page: Path) -> list[str]:
    """Titles, what is set in bold, and first cells of tables: what a reader finds by its words."""
    text = page.read_text()
    found = [re.findall(pattern, text, re.M) for pattern in (r"^#+ (.*)$", r"\*\*(.+?)\*\*", r"^\| ([^|]+?) \|")]
    return [" ".join(title.split()).lower() for titles in found for title in titles]


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_sections_that_are_cited_are_there(name: str) -> None:
    titles = headings(PAGES[name])
    for path in CITING:
        for page, words in SECTION.findall(path.read_text()):
            cited = " ".join(words.replace("#", " ").split()).lower()
            assert page != name or any(title.startswith(cited) for title in titles), f"{path.name} cites {words!r}"


@pytest.mark.parametrize("name", PAGES)
def test_places_that_a_page_links_to_are_there(name: str) -> None:
    page = PAGES[name]
    for target, anchor in LINK.findall(page.read_text()):
        at = (page.parent / target).resolve() if target else page
        assert at.suffix != ".md" or anchor in anchors(at), f"{target}#{anchor}"
