"""What goes to a terminal: traces in colour where that is wanted, progress on standard error, errors with advice."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

import click

from vnic_conformance.foreign import json_text, printable, printable_lines
from vnic_model.lines import Line

_STYLE: Mapping[str, dict[str, Any]] = {
    "bad": {"fg": "red", "bold": True},
    "point": {"fg": "red", "bold": True},
    "verdict": {"bold": True},
    "head": {"underline": True},
    "fault": {"fg": "yellow"},
    "element": {"fg": "cyan"},
    "change": {"dim": True},
    "proof": {"dim": True},
}


def coloured(stream: TextIO) -> bool:
    """Colour only on a terminal, and not where ``NO_COLOR`` is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def show(lines: Iterable[Line]) -> None:
    """Print lines of a trace on standard output."""
    colour = coloured(sys.stdout)
    for line in lines:
        text = printable(line.text.rstrip())
        style = _STYLE.get(line.role)
        click.echo(click.style(text, **style) if colour and style and text else text)


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print words, of which some may be those of others."""
    click.echo(printable_lines(text), err=err, nl=nl)


def text_of(report: Callable[[], object]) -> str:
    """What a report prints, as text; nothing is printed."""
    with contextlib.redirect_stdout(io.StringIO()) as text:
        report()
    return text.getvalue()


def show_json(plain: object) -> None:
    """Print data as one JSON object."""
    click.echo(json_text(plain))


#: More names than these are not listed in an error.
_LISTED = 40


def refusal(what: str, word: str, known: Iterable[str]) -> click.ClickException:
    """The one-line error for a name that nobody knows, with the nearest ones, whatever the case of their letters."""
    names = {name.casefold(): name for name in known}
    near = [names[one] for one in difflib.get_close_matches(word[:100].casefold(), names, n=3, cutoff=0.5)]
    some = list(names.values())[:_LISTED]
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(some)}"
    more = f" and {len(names) - _LISTED} more" if not near and len(names) > _LISTED else ""
    return click.ClickException(f"no {what} {word[:100]!r}; {hint}{more}")


def progress(wanted: bool) -> Callable[[int, int, int], None] | None:
    """A reporter of explorations: on a terminal one line that changes, elsewhere a line now and then, or nothing."""
    terminal = sys.stderr.isatty()
    if not (wanted or terminal):
        return None
    start = time.monotonic()
    last = start

    def report(depth: int, states: int, transitions: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < (0.2 if terminal else 1.0):
            return
        last = now
        speed = round(states / (now - start))
        line = f"depth {depth}: {states:,} states, {transitions:,} steps, {speed:,} states/s"
        click.echo(f"\r{line:<78}" if terminal else line, err=True, nl=not terminal)

    return report


def progress_ends() -> None:
    """Clear the changing line."""
    if sys.stderr.isatty():
        click.echo(f"\r{'':<78}\r", err=True, nl=False)
