"""The commands about evidence: is it what was written, why would it be computed again, pack it."""

from __future__ import annotations

from pathlib import Path

import click

from changedet.cli.messages import DONE, WRONG_INPUT, say, tracebacks_option


@click.command()
@click.argument("run_dir", metavar="RUN_DIR|PACK|s3://BUCKET/PREFIX/SITE")
@tracebacks_option
def verify(run_dir: str) -> int:
    """Say whether every file of a run or a pack is what was written, and its inputs what was read."""
    # Imported here, as in all commands: what computes takes seconds to import, and --help needs none of it.
    from changedet.assess.evidence.verify_pack import verify_pack
    from changedet.assess.evidence.verify_run import verify_run
    from changedet.assess.evidence.verify_upload import verify_upload
    from changedet.store.bucket import address

    if run_dir.startswith("s3://"):
        verdict = verify_upload(address(run_dir))
    else:
        verdict = verify_pack(run_dir) if Path(run_dir).is_file() else verify_run(run_dir)
    click.echo(verdict.text)
    for words in verdict.problems:
        say(words)
    return WRONG_INPUT if verdict.problems else DONE


@click.command()
@click.argument("workflow", metavar="WORKFLOW.yaml")
@click.option("--out", metavar="DIR", help="As for run.")
@click.option("--scheduler", metavar="threads|processes|tcp://HOST:PORT", help="As for run; it is not asked.")
@tracebacks_option
def why(workflow: str, out: str | None, scheduler: str | None) -> int:
    """Say what a run would compute again, and because of what; computes nothing."""
    # Imported here for a quick start, as in verify.
    from changedet.pipeline.inputs import take_in
    from changedet.pipeline.pending import pending_in_words
    from changedet.plan import as_shown, make_plan

    plan, _ = take_in(as_shown(make_plan(workflow, out=out, scheduler=scheduler, upload="none")))
    click.echo(pending_in_words(plan))
    return DONE


@click.command()
@click.argument("run_dir", metavar="RUN_DIR")
@click.option("-o", "--output", metavar="X.zip", help="Where to write; default: RUN_DIR-evidence.zip beside it.")
@click.option("--with-scenes", is_flag=True, help="With the aligned scenes, where their licence allows it.")
@tracebacks_option
def pack(run_dir: str, output: str | None, with_scenes: bool) -> int:
    """Pack a finished run as evidence: a Workflow Run RO-Crate with hashes, custody log and quality report."""
    # Imported here for a quick start, as in verify.
    from changedet.assess.evidence.pack import pack_run
    from changedet.cli.text import told_together
    from changedet.store import sha256

    path, left_out = pack_run(run_dir, output, with_scenes=with_scenes)
    for words in told_together(left_out):
        click.echo(f"left out: {words}")
    click.echo(f"{sha256(path)}  {path}")
    return DONE
