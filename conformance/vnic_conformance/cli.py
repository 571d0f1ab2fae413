"""The command ``vnickit``: a list of verbs, and the one place where outcomes become exit codes.

Rules of this file:

* It imports no verb. :data:`VERBS` names them and says in one line what each does; a verb's module is imported when
  the verb is used. ``vnickit --help`` therefore needs neither a solver nor an implementation, and is quick.
* A verb returns an :class:`~vnic_conformance.exit_codes.ExitCode`. Returning anything else is a kit error: an exit
  code 0 has to be meant.
* Whatever a verb raises ends here. Usage errors say what to type instead; an unexpected exception is reported as a
  fault of the kit, never as a verdict on an implementation.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import get_completion_class

from vnic_conformance.exit_codes import ExitCode
from vnic_conformance.foreign import printable_lines, told
from vnic_conformance.streams import Outlets, distrusted, leave, outlets

#: Set to anything but the empty string to see the Python traceback of a kit error.
TRACEBACK_VARIABLE = "VNICKIT_TRACEBACK"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of the command line.

    Attributes:
        name: as typed.
        chapter: the heading of the help page that it stands under.
        summary: one line for the help page; the verb's own ``--help`` says the rest.
    """

    name: str
    chapter: str
    summary: str

    @property
    def module(self) -> str:
        """Full name of the module that defines it."""
        return f"vnic_conformance.commands.{self.name.replace('-', '_')}"


#: Headings of the help page, in order.
CHAPTERS = ("Everyday", "Investigate", "Plumbing")

#: Every verb, in the order of the help page. A new verb needs its row here and nothing else.
VERBS: tuple[Verb, ...] = (
    Verb("demo", "Everyday", "show in six parts what the kit does"),
    Verb("check", "Everyday", "check whether an implementation conforms"),
    Verb("prove", "Everyday", "prove every property for any number of servers"),
    Verb("explore", "Everyday", "visit every state of a small system and check every property"),
    Verb("explain", "Investigate", "explain a requirement, or any name that a report prints"),
    Verb("show", "Investigate", "show a log or a trace, as text or as data"),
    Verb("replay", "Investigate", "play a recorded failure again: fixed or not"),
    Verb("judge", "Investigate", "judge a recorded run by the specification of today"),
    Verb("monitor", "Investigate", "tell and judge what others recorded: a log, a capture, listings"),
    Verb("matrix", "Investigate", "put requirements, proofs, misreadings, cases and verdicts side by side"),
    Verb("score", "Investigate", "measure the kit: which known faults it finds, with which case"),
    Verb("specification", "Plumbing", "write the specification as one document"),
    Verb("export", "Plumbing", "write a small system for another model checker, Spin or NuSMV"),
    Verb("list", "Plumbing", "list every case, with its ID and what it is about"),
    Verb("linux", "Plumbing", "build and try kernels with the Linux VNIC client driver"),
    Verb("new-adapter", "Plumbing", "write an adapter to start from, in C or in Python"),
    Verb("smoke", "Plumbing", "check whether an adapter is sane"),
)


#: What is said where Python was told to forget its docstrings, which hold the sentences of properties and helps.
NO_SENTENCES = (
    "vnickit: Python runs without docstrings (-OO, or PYTHONOPTIMIZE=2), and the sentences of the specification are some.\n"
    "Leave that out; -O, or PYTHONOPTIMIZE=1, is fine."
)


class ReaderGoneError(Exception):
    """Whoever read a file that the command writes, a pipe, went away. Not a fault of anybody, but no verdict either."""


class CompletedError(Exception):
    """A shell was told how to complete words; that is all.

    Args:
        code: what the shell is told besides.
    """

    def __init__(self, code: ExitCode) -> None:
        super().__init__(code)
        self.code = code


class VerbGroup(click.Group):
    """A group that finds its verbs in a list, imports them late, and turns every outcome into an exit code.

    Args:
        verbs: the list; :data:`VERBS` except in tests.
    """

    def __init__(self, *args: Any, verbs: Sequence[Verb] = VERBS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = {verb.name: verb for verb in verbs}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the verbs in the order of the help page."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb; ``None`` if there is no such verb (click then makes it a usage error)."""
        verb = self.verbs.get(cmd_name)
        if verb is None:
            return None
        command = importlib.import_module(verb.module).command
        assert isinstance(command, click.Command), f"{verb.module}.command is no click command"
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click itself would exit with 1, which means a violation here
            raise ReaderGoneError from None

    def _main_shell_completion(
        self, ctx_args: MutableMapping[str, Any], prog_name: str, complete_var: str | None = None
    ) -> None:
        """Answer a shell that completes words, as click does, but by the one place that prints and decides exit codes."""
        variable = complete_var or f"_{prog_name.replace('-', '_').replace('.', '_')}_COMPLETE".upper()
        shell, _, asked = os.environ.get(variable, "").partition("_")
        if not shell:
            return
        kind = get_completion_class(shell)
        if kind is None or asked not in ("source", "complete"):
            raise CompletedError(ExitCode.USAGE)
        completion = kind(self, ctx_args, prog_name, variable)
        click.echo(completion.source() if asked == "source" else completion.complete())
        raise CompletedError(ExitCode.CONFORMS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs by chapter, then the exit codes. Imports no verb."""
        for chapter in CHAPTERS:
            rows = [(verb.name, verb.summary) for verb in self.verbs.values() if verb.chapter == chapter]
            if rows:
                with formatter.section(chapter):
                    formatter.write_dl(rows)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code.value), code.meaning) for code in ExitCode])

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command line and exit.

        Args:
            args: as :meth:`click.Command.main`: the words after the program's name (default: those of this process),
                the name to show in messages.
            kwargs: the same by name; ``standalone_mode`` is ignored, because exit codes are decided here.

        Raises:
            SystemExit: always, with one of :class:`~vnic_conformance.exit_codes.ExitCode`.
        """
        kwargs["standalone_mode"] = False
        with outlets() as streams:
            code = self._code(streams, *args, **kwargs)
        if streams.own and distrusted():
            # What an adapter has left in this process (threads, functions to be called at exit) has no say in the exit code.
            leave(code)
        sys.exit(code)

    def _code(self, streams: Outlets, *args: Any, **kwargs: Any) -> ExitCode:
        """What running the command line comes to."""
        if sys.flags.optimize > 1:
            click.echo(NO_SENTENCES, err=True)
            return ExitCode.USAGE
        try:
            outcome = super().main(*args, **kwargs)
            streams.out.flush()
        except click.ClickException as error:
            # Besides usage errors click has only one for a file that cannot be opened: the caller named it.
            error.message = printable_lines(error.message)  # type: ignore[misc]  # cleaned where all of them pass
            error.show()
            return ExitCode.USAGE
        except (click.Abort, KeyboardInterrupt):
            click.echo("vnickit: stopped; there is no verdict", err=True)
            return ExitCode.INCONCLUSIVE
        except ReaderGoneError:
            return ExitCode.INCONCLUSIVE
        except CompletedError as done:
            return done.code
        except BaseException as error:
            # SystemExit, too: nobody but this function says how a run ends.
            report_kit_error(error)
            return ExitCode.KIT_ERROR
        # click itself answers --help and --version with a plain 0.
        meant = isinstance(outcome, int) and not isinstance(outcome, bool) and outcome in set(ExitCode)
        if streams.out.lost is not None and not (meant and outcome):
            # Nobody has read that all is well.
            if not isinstance(streams.out.lost, BrokenPipeError):
                click.echo(f"vnickit: standard output cannot be written: {streams.out.lost}", err=True)
            return ExitCode.INCONCLUSIVE
        if meant:
            return ExitCode(outcome)
        report_kit_error(TypeError(f"a verb must return an ExitCode, not {outcome!r}"))
        return ExitCode.KIT_ERROR


def report_kit_error(error: BaseException) -> None:
    """Tell on standard error that the kit itself failed, where, and how to see more.

    An adapter in this process may have seen to it that nothing works any more (an audit hook that raises, say). The exit code
    is that of a kit error all the same, never the 1 of an interpreter that gives up.
    """
    try:
        _tell_kit_error(error)
    except BaseException:
        with contextlib.suppress(BaseException):
            os.write(
                2, b"vnickit: kit error, which cannot be told. It says nothing about the implementation under test.\n"
            )


def _tell_kit_error(error: BaseException) -> None:
    place = ""
    # As extract_tb, which also looks for the line in its file.
    for frame, line in traceback.walk_tb(error.__traceback__):
        place = f" (in {frame.f_code.co_name}, line {line} of {Path(frame.f_code.co_filename).name})"
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
    click.echo(
        f"vnickit: kit error: {told(error)}{place}\n"
        "This is a fault of the kit. It says nothing about the implementation under test.\n"
        f"Set {TRACEBACK_VARIABLE}=1 and run the same command again for the full report.",
        err=True,
    )


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90})
@click.version_option(package_name="vnic-failover-kit", prog_name="vnickit")
def main() -> None:
    """Check that a VNIC failover implementation does what it must, and show how the protocol works.

    A client partition talks over one command/response queue (CRQ) to one of several VNIC servers; the hypervisor
    monitors the servers and moves the client to another one when the selected one fails. The requirements have stable
    IDs (CRQ-7, FOV-3, INV-2 ...), and every verdict names the one it is about.

    Each verb explains itself: vnickit VERB --help.
    """
