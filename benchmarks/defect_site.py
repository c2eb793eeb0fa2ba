"""A small site in a folder of its own, the command line of any checkout upon it, and servers that count requests."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import yaml
from small_rasters import write

Check = Callable[["Site"], str]
"""Empty where a defect is not there, else what was seen."""
PARTS: list[tuple[int, str, Check]] = []
"""Row of the table, what is wrong, and its check."""
DATES = ("2023-05-01", "2023-06-01", "2023-07-01")
NAMES = ("blue", "green", "red", "nir")
SIDE = 90
SECONDS = 300
MOST_LINES = 10
"""Of a refusal."""


class Site:
    """Three scenes without boxes, and what comes of commands upon them.

    ``package`` is the checkout whose command is called.
    """

    def __init__(self, folder: Path, package: Path) -> None:
        self.folder, self.package = folder, package
        folder.mkdir(parents=True)
        dice = np.random.default_rng(1)
        ground = dice.integers(900, 1100, (4, SIDE, SIDE)).astype(np.uint16)
        for k, day in enumerate(DATES):
            values = ground.copy()
            values[:, 20 : 20 + 9 * k, 30:60] += 900
            write(folder / f"{day}.tif", values, descriptions=NAMES)
        self.out = folder / "out"
        self.run_folder = self.out / "tiny"

    def workflow(self, dates: tuple[str, ...] = DATES, **more: object) -> Path:
        """Write the workflow; `more` takes the place of its keys."""
        given: dict[str, object] = {
            "site": {"id": "tiny"},
            "scenes": [{"date": day, "path": f"{day}.tif"} for day in dates],
            **{stage: {"method": "none"} for stage in ("mask", "objects", "tracks")},
            "change": {"method": "cva"},
            "outputs": {"formats": ["masks", "scenes", "objects", "tables"]},
            "compute": {"workers": 1},
        }
        path = self.folder / "tiny.yaml"
        path.write_text(yaml.safe_dump(given | more, sort_keys=False))
        return path

    def call(
        self, *words: object, shell: str = "", timeout: float = SECONDS, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """What a command says; a hang is status -1."""
        line = [sys.executable, "-m", "changedet", *map(str, words)]
        if shell:
            line = ["/bin/bash", "-c", f'{shell}; exec "$@"', "-", *line]
        env = {**os.environ, "PYTHONPATH": str(self.package), **env}
        options: dict[str, Any] = {"cwd": self.folder, "capture_output": True, "text": True, "timeout": timeout}
        try:
            return subprocess.run(line, check=False, stdin=subprocess.DEVNULL, env=env, **options)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(line, -1, "", "hangs")

    def run(self, *words: object, dates: tuple[str, ...] = DATES, **more: object) -> str:
        """Run the workflow; empty where it ended with status 0, else what it said."""
        done = self.call("run", self.workflow(dates, **more), "--out", self.out, *words)
        return "" if done.returncode == 0 else f"status {done.returncode}: {done.stderr.strip()[-160:]}"

    def refused(
        self,
        *words: object,
        said: str = "",
        statuses: tuple[int, ...] = (2,),
        shell: str = "",
        timeout: float = SECONDS,
    ) -> str:
        """Call a command; empty where it refuses in few lines that hold some words, else what came instead."""
        done = self.call(*words, shell=shell, timeout=timeout)
        lines = done.stderr.splitlines()
        right = done.returncode in statuses and 0 < len(lines) <= MOST_LINES and said in done.stderr
        return "" if right and "Traceback" not in done.stderr else f"status {done.returncode}: {done.stderr[-160:]!r}"

    def contents(self) -> dict[str, str]:
        """SHA-256 of what a run publishes, but for what holds times."""
        found = {str(p.relative_to(self.run_folder)): p for p in sorted(self.run_folder.rglob("*")) if p.is_file()}
        kept = {n: p for n, p in found.items() if not n.startswith(".changedet") and n.endswith((".tif", ".csv"))}
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in kept.items()}


class Answers(http.server.BaseHTTPRequestHandler):
    """A file in parts; from the third request on to another host where one is named."""

    content: ClassVar[bytes] = b""
    asked: ClassVar[list[str]] = []
    leads_to: ClassVar[str] = ""

    def do_HEAD(self) -> None:
        """As `do_GET`, without content."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer, and remember that there was a request."""
        self.asked.append(self.path)
        if self.leads_to and len(self.asked) > 2:
            self.send_response(302)
            self.send_header("Location", self.leads_to)
            self.end_headers()
            return
        size, wanted = len(self.content), self.headers.get("Range", "")
        first, _, last = wanted.removeprefix("bytes=").partition("-") if wanted else ("0", "", "")
        part = self.content[int(first) : int(last or size - 1) + 1]
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(part)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(content: bytes = b"", leads_to: str = "") -> Iterator[tuple[str, list[str]]]:
    """Serve a file on this machine; its host and port, and the paths that were requested."""
    asked: list[str] = []
    handler = type("_Answers", (Answers,), {"content": content, "asked": asked, "leads_to": leads_to})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


MIDWAY = """
import json, os, sys
from pathlib import Path
path, how, moment, workflow, out = sys.argv[1:]
seen = []
def progress(what, done, total):
    seen.append(what)
    if len(seen) == int(moment):
        scene = Path(path)
        if how == "removed":
            scene.unlink()
        elif how == "truncated":
            os.truncate(scene, scene.stat().st_size // 2)
        else:
            os.replace(path + ".other", path)
from changedet.errors import ChangedetError
from changedet.pipeline.run import carry_out
from changedet.plan import make_plan
try:
    carry_out(make_plan(workflow, out=out), progress=progress)
    print(json.dumps("done"))
except ChangedetError as error:
    print(json.dumps(str(error)))
"""
"""A run in which a scene is replaced, truncated or removed when so many tasks are done."""


def midway(site: Site, how: str, moment: int) -> str:
    """Spoil the second scene when so many tasks of a run are done; what the run said."""
    path = site.folder / f"{DATES[1]}.tif"
    words = [sys.executable, "-c", MIDWAY, str(path), how, str(moment), str(site.workflow()), str(site.out)]
    env = {**os.environ, "PYTHONPATH": str(site.package)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=SECONDS, env=env, cwd=site.folder)
    return str(json.loads(done.stdout.splitlines()[-1])) if done.returncode == 0 else done.stderr[-160:]


def part(row: int, what: str) -> Callable[[Check], Check]:
    """Add a check to the table."""

    def add(check: Check) -> Check:
        PARTS.append((row, what, check))
        return check

    return add


def text_of(site: Site, name: str) -> str:
    """A text file of the run."""
    return (site.run_folder / name).read_text()
