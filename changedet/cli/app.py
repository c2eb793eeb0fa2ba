"""The command ``changedet``: its group of subcommands, and how their errors become messages and exit statuses."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import click

from changedet.cli.assess_commands import calibrate_command, compare, review, sample, score
from changedet.cli.bucket_commands import download, upload
from changedet.cli.evidence_commands import pack, verify, why
from changedet.cli.figure_commands import figure, timelapse
from changedet.cli.messages import DONE, FAILED, WRONG_INPUT, limit_too_low, report_failure, say
from changedet.cli.process import end_when_interrupted, set_up_process
from changedet.cli.run_commands import check, doctor, report, run
from changedet.cli.simulate_command import simulate_command
from changedet.cli.workflow_commands import init, methods, schema
from changedet.errors import did_you_mean, was_interrupted
from changedet.libraries import __version__


class _Group(click.Group):
    """Subcommands, listed in whole sentences; an unknown one is answered with the nearest name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(f"no such command '{args[0]}'{did_you_mean(args[0], self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # Click's own list cuts each text off at the width of the terminal; here it is wrapped.
        rows = [(name, self.commands[name].get_short_help_str(200)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="changedet")
def cli() -> None:
    """Watch a site from above: what changed, how many containers stand there, since when, and how sure that is."""


_COMMANDS = (
    *(run, check, report, doctor),
    *(init, schema, methods, simulate_command),
    *(figure, timelapse),
    *(score, sample, compare, review, calibrate_command),
    *(why, verify, pack, upload, download),
)
for _command in _COMMANDS:
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit status: 0 done, 1 failed, 2 the input was wrong, 130 interrupted.

    Parameters
    ----------
    arguments : sequence of str, optional
        Instead of the words of the command line.

    Raises
    ------
    SystemExit
        Always.
    """
    set_up_process()
    if arguments is None:
        end_when_interrupted()
        # The process ends, and all that it holds with it: looking through it once more took .7 CPU s.
        atexit.register(gc.freeze)
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and not {"-h", "--help", "--version"} & set(given) and (said := limit_too_low()):
        say(said)
        sys.exit(FAILED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            status = cli.main(given, standalone_mode=False)
        sys.exit(status if isinstance(status, int) else DONE)
    except click.exceptions.Abort:
        _interrupted(KeyboardInterrupt(), given, alone=arguments is None)
    except click.ClickException as error:
        words = error.format_message()
        # Without any words click raises its own help, from version 8.2 on.
        say(words if words.startswith("Usage:") else f"changedet: {words}")
        sys.exit(WRONG_INPUT)
    except KeyboardInterrupt as error:
        _interrupted(error, given, alone=arguments is None)
    except Exception as error:
        if was_interrupted(error):
            _interrupted(KeyboardInterrupt(), given, alone=arguments is None)
        sys.exit(report_failure(error, verbose=_is_verbose(given)))


def _interrupted(error: KeyboardInterrupt, given: Sequence[str], *, alone: bool) -> NoReturn:
    status = report_failure(error, verbose=_is_verbose(given))
    if not alone:
        sys.exit(status)
    # Python would first wait for every block that is in flight or waits for its thread. A run folder is as safe from
    # this as from a kill: nothing has its name before it is whole.
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _is_verbose(given: Sequence[str]) -> bool:
    return any(word == "--verbose" or (word.startswith("-") and word.strip("-") == "v") for word in given)
