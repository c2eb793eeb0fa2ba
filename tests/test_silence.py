"""A run on local files talks to nobody: no socket, no name looked up, no mark left outside of its own folders."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from changedet.cli.app import cli

PACKAGE = Path(__file__).resolve().parents[1] / "changedet"

REFUSED = "refused"
"""Before the words of a command that is to end with status 2."""

TALKING = {"upload", "download"}
"""Commands that are there to talk; what they say to whom is tested in tests/store/bucket."""

HOOKED = f"""
import json, os, sys
REFUSED = {REFUSED!r}
"""

HOOKED += """
def refuse(event, arguments):
    # urllib3 asks when it is imported whether this machine has IPv6, by a socket that is bound to itself and shut.
    if (event, arguments[-1:]) == ("socket.bind", (("::1", 0),)):
        return
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        os.write(2, f"talks: {event} {arguments[-1]}\\n".encode())
        os._exit(99)
sys.addaudithook(refuse)
from changedet.cli.app import main
if __name__ == "__main__":
    for words in json.loads(sys.argv[1]):
        wanted = 2 if words[0] == REFUSED else 0
        try:
            main(words[bool(wanted):])
        except SystemExit as done:
            if (done.code or 0) != wanted:
                sys.exit(f"{words}: {done.code}")
"""
"""Ends the process at the first call that could leave the machine, whoever makes it and whatever he catches."""


def silently(folder: Path, *commands: list[object]) -> None:
    """Carry out commands that may reach nothing but files, with a home folder that must stay empty."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    env = {name: text for name, text in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    script = folder / "hooked.py"
    script.write_text(HOOKED)
    call = [sys.executable, str(script), json.dumps([[*map(str, words)] for words in commands])]
    done = subprocess.run(call, capture_output=True, text=True, check=False, timeout=280, env=env | {"HOME": str(home)})
    assert done.returncode == 0, done.stderr
    # matplotlib keeps its list of the machine's fonts there, whoever draws with it.
    left = [path.relative_to(home) for path in home.rglob("*")]
    assert [
        str(path) for path in left if "matplotlib" not in path.parts and str(path) not in {".cache", ".config"}
    ] == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site whose boxes are counted by the network."""
    folder = tmp_path_factory.mktemp("silence")
    asked = ["--dates", 2, "--size", 48, "--gsd", 0.5, "--name", "small"]
    silently(folder, ["simulate", folder / "site", *asked])
    return folder / "site"


@pytest.mark.slow
def test_no_command_on_local_files_talks(site: Path) -> None:
    workflow = site / "small.yaml"
    run = site / "out" / "small"
    scenes = sorted((site / "scenes").glob("*.tif"))
    again = site / "again.yaml"
    again.write_text(workflow.read_text().replace("id: small", "id: again"))
    commands: list[list[object]] = [
        ["check", workflow],
        ["run", workflow, "--out", run.parent],
        ["report", run],
        ["score", run, "--truth", site / "truth"],
        ["review", run],
        ["sample", run, "--points", 9],
        ["init", *scenes, "-o", site / "begun.yaml"],
        ["doctor"],
        ["run", again, "--out", run.parent, "--quiet"],
        ["compare", run, run.parent / "again", "--out", site / "compared"],
        ["figure", run],
        ["timelapse", run],
        ["why", workflow, "--out", run.parent],
        ["verify", run],
        ["pack", run, "-o", site / "pack.zip"],
        ["verify", site / "pack.zip"],
        ["schema"],
        ["methods"],
        # The site has too few tiles to draw from, which is known when all else is done.
        [REFUSED, "calibrate", workflow, "--labels", site / "labels.gpkg", "--draw", 99, "--out", run.parent],
    ]
    silently(site.parent, *commands)
    assert {str(words[words[0] == REFUSED]) for words in commands} | {"simulate"} | TALKING == {*cli.commands}
    methods = {row["stage"]: row["method"] for row in json.loads((run / "run.json").read_text())["methods"]}
    assert methods["objects"] == "learned"


@pytest.mark.slow
def test_workers_of_their_own_are_silent_too(site: Path) -> None:
    workflow = site / "small.yaml"
    silently(site.parent, ["run", workflow, "--out", site / "by_processes", "--scheduler", "processes"])


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace shows what libraries do below Python")
def test_counting_opens_no_socket_below_python_either(site: Path) -> None:
    log = site / "calls.txt"
    script = "import changedet.models, pathlib\nfrom changedet.kernels.onnx_session import session\n"
    script += (
        "for f in sorted(pathlib.Path(changedet.models.__file__).parent.rglob('*.onnx')): session(f.read_bytes())\n"
    )
    call = ["strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", str(log), sys.executable, "-c", script]
    traced = subprocess.run(call, capture_output=True, text=True, check=False, timeout=280)
    if "ptrace" in traced.stderr:
        pytest.skip("this machine lets nobody be traced")
    assert traced.returncode == 0, traced.stderr
    assert [line for line in log.read_text().splitlines() if "AF_INET" in line] == []


def test_telemetry_is_off_before_onnxruntime_is_imported() -> None:
    script = "import changedet, os, sys; print(os.environ['ORT_DISABLE_TELEMETRY'], 'onnxruntime' in sys.modules)"
    said = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env).stdout
        for env in (
            {**os.environ, "ORT_DISABLE_TELEMETRY": "0"},
            {k: v for k, v in os.environ.items() if k[:4] != "ORT_"},
        )
    ]
    assert said == ["0 False\n", "1 False\n"]


def test_onnxruntime_is_imported_in_one_place_below_the_switch() -> None:
    users = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "onnxruntime" for alias in node.names)
    ]
    assert users == ["kernels/onnx_session.py"]
