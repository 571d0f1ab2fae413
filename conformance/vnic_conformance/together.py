"""Which options of a verb go together: said as data by the verb, checked in one place before anything is done.

An option that would silently change nothing is worse than a refusal: whoever gave it believes that it was heeded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import click
from click.core import ParameterSource


@dataclass(frozen=True, slots=True)
class Only:
    """An option that goes with some others only.

    Attributes:
        option: name of its parameter.
        others: names of the parameters that it goes with.
        says: the refusal, where the usual sentence can be bettered.
    """

    option: str
    others: frozenset[str]
    says: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """An option that means nothing without another one."""

    option: str
    other: str
    says: str


def check(context: click.Context, rules: Sequence[Only | Needs], *, besides: Collection[str] = ()) -> None:
    """Refuse what does not go together.

    Args:
        context: of the verb; it knows what was given on the command line.
        rules: the first that is broken is reported.
        besides: parameters that count as not given, because their value is the default.

    Raises:
        click.UsageError: a rule is broken.
    """
    flags = _flags(context)
    given = [name for name in flags if _given(context, name) and name not in besides]
    for rule in rules:
        if rule.option not in given:
            continue
        if isinstance(rule, Needs):
            if rule.other not in given:
                raise click.UsageError(rule.says)
            continue
        for other in given:
            if other != rule.option and other not in rule.others:
                may = [flags[name] for name in flags if name in rule.others]
                usual = f"{flags[rule.option]} goes with {_listed(may)}, not with {flags[other]}"
                raise click.UsageError(rule.says or usual)


def _flags(context: click.Context) -> Mapping[str, str]:
    """What each parameter is called on the command line, by its name."""
    found = {}
    for parameter in context.command.params:
        if parameter.name is not None:
            found[parameter.name] = (
                max(parameter.opts, key=len)
                if isinstance(parameter, click.Option)
                else str(parameter.make_metavar(context))
            )
    return found


def _given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE and bool(context.params.get(name) != ())


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "nothing else"
    return f"{', '.join(names[:-1])} and {names[-1]} only" if names[1:] else f"{names[0]} only"
