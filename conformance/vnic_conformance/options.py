"""What options of several verbs have in common: numbers that are bounded, and options that do not go together.

A number that makes no sense is refused where it comes in, with what is allowed. An option that would be ignored is refused, too:
whoever gave it expects something of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from vnic_conformance.foreign import cut, printable

#: Most steps of random phases; at 5,000 a second that is two days.
MOST_STEPS: Final = 1_000_000_000
#: Most states of an exploration: more than any memory holds.
MOST_STATES: Final = 1 << 40
#: A seed has up to twelve digits.
MOST_SEED: Final = 999_999_999_999
#: Largest factor on waits, and the smallest.
TIME_SCALE: Final = (0.001, 1000.0)
#: Most server partitions that an adapter may have.
MOST_SERVERS: Final = 999
#: Longest step of a real clock that may be asked for, in seconds: a day.
LONGEST_S: Final = 86_400


class Whole(click.IntRange):
    """A whole number from ``low`` to ``high``, both included."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(low, high)
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """See :class:`click.ParamType`."""
        number = whole(value, self.low, self.high)
        if number is None:
            self.fail(f"{_quoted(value)} is not a whole number from {self.low} to {self.high}.", param, ctx)
        return number


class Real(click.FloatRange):
    """A number from ``low`` to ``high``, both included; not NaN."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low, high)
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See :class:`click.ParamType`."""
        number = real(value, self.low, self.high)
        if number is None:
            self.fail(f"{_quoted(value)} is not a number from {self.low:g} to {self.high:g}.", param, ctx)
        return number


def whole(value: object, low: int, high: int) -> int | None:
    """A whole number in these bounds, from a number or its decimal digits; None if it is none."""
    if isinstance(value, str):
        digits = value.strip().removeprefix("-").removeprefix("+")
        longest = max(len(str(abs(bound))) for bound in (low, high))
        value = int(value) if digits.isascii() and digits.isdigit() and len(digits) <= longest else None
    return value if isinstance(value, int) and low <= value <= high else None


def real(value: object, low: float, high: float) -> float | None:
    """A number in these bounds; None if it is none."""
    try:
        number = float(value)  # type: ignore[arg-type]  # whatever else it is, is refused
    except (TypeError, ValueError, OverflowError):
        return None
    return number if low <= number <= high else None


def decisions(words: Sequence[str]) -> dict[str, str]:
    """What ``--profile NAME=VALUE``, which may be given several times, says.

    Raises:
        click.UsageError: a word has another form, or a name is given twice.
    """
    chosen: dict[str, str] = {}
    for word in words:
        name, equals, value = (part.strip() for part in word.partition("="))
        if not equals:
            raise click.UsageError(f"--profile takes NAME=VALUE, not {_quoted(word)}")
        if name in chosen:
            shown = f"{_quoted(chosen[name])} and {_quoted(value)}"
            raise click.UsageError(f"--profile {cut(name, 60)} is given twice, as {shown}")
        chosen[name] = value
    return chosen


def _quoted(value: object) -> str:
    return repr(printable(cut(str(value), 60))) if isinstance(value, str) else "it"


def given(ctx: click.Context, *names: str) -> list[str]:
    """Those of these parameters that somebody has given, as they are typed.

    Args:
        ctx: of the verb.
        names: of parameters, as the function that carries out the verb calls them.
    """
    options = {p.name: p for p in ctx.command.params}
    return [
        max(options[name].opts, key=len)
        for name in names
        if ctx.get_parameter_source(name) not in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
    ]


def refuse(ctx: click.Context, names: tuple[str, ...], why: str) -> None:
    """Refuse these parameters where any of them was given.

    Raises:
        click.UsageError: one was; the text names it and says why it would be ignored.
    """
    found = given(ctx, *names)
    if found:
        raise click.UsageError(f"{' and '.join(found)}: {why}", ctx)


def html_option(text: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """The option that names a page which a command writes besides its report; ``text`` is its help."""
    return click.option("--html", "html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help=text)


def out_option(text: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """The option that names the file which a command makes; ``text`` is its help."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("--out", "--output", "out", type=kind, metavar="FILE", help=text)
