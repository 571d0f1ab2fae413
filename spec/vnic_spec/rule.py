"""Rules: what several actions have in common, registered where it is written.

A rule is called as the function that it is: ``eligible(o, s, i)``. The reading decides what is carried out: the function as it is
written, or another in its place. That is how a misreading (:mod:`vnic_spec.mutations`) changes a decision wherever it is used,
and how the narrating reading puts a name where the rule is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar

from vnic_spec.algebra import Ops

_P = ParamSpec("_P")
_R = TypeVar("_R")

#: Functions in the place of rules, by the names of these.
Replacements: TypeAlias = Mapping[str, Callable[..., Any]]
#: After the name of a rule: what is carried out where its own function is called in the place of a replacement.
WRITTEN = "as written"
#: None: the specification itself.
AS_WRITTEN: Replacements = {}


@dataclass(frozen=True)
class Rule(Generic[_P, _R]):
    """One rule.

    Attributes:
        name: the name of the function.
        function: the specification's own.
        words: how a text calls the rule, with ``{0}``, ``{1}`` for its arguments after the state; in capitals if it is a part of
            a step. Empty: a text shows what it does instead of its name.
        contrary: how a text calls the contrary, if not by a sign.
    """

    name: str
    function: Callable[Concatenate[Ops, _P], _R]
    words: str
    contrary: str

    def __call__(self, o: Ops, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """What the rule answers in this reading."""
        found: _R = o.rules.get(self.name, self.function)(o, *args, **kwargs)
        return found

    def as_written(self, o: Ops, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """What the specification's own function answers: a misreading starts from it."""
        found: _R = o.rules.get(f"{self.name} {WRITTEN}", self.function)(o, *args, **kwargs)
        return found


#: Every rule by name, in the order of definition.
RULES: dict[str, Rule[..., Any]] = {}


def rule(words: str = "", contrary: str = "") -> Callable[[Callable[Concatenate[Ops, _P], _R]], Rule[_P, _R]]:
    """Register a function ``(o, s, ...)`` as a rule; ``words`` and ``contrary`` as in :class:`Rule`."""

    def register(function: Callable[Concatenate[Ops, _P], _R]) -> Rule[_P, _R]:
        name = function.__name__
        if name in RULES:
            raise TypeError(f"rule {name} is defined twice")
        RULES[name] = found = Rule(name, function, words, contrary)
        return found

    return register
