"""The operations of the algebra, written down as text."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from vnic_model.prover.naive.script import BOOL, INT, SERVER, Said, Script, applied, number, word
from vnic_model.prover.naive.values import (
    NOBODY,
    both,
    chosen,
    either,
    either_value,
    for_all,
    implied,
    less,
    negated,
    same,
)
from vnic_spec.profile import PARAMETERS
from vnic_spec.rule import AS_WRITTEN, Replacements


class NaiveChoices:
    """The profile: unknown constants, so that a proof is one for every profile."""

    def __init__(self, script: Script) -> None:
        for name, parameter in PARAMETERS.items():
            if parameter.choices is not None:
                setattr(self, name, script.constant(f"profile.{name}", parameter.choices.__name__))
        self.damped = script.constant("profile.damped", BOOL)

    def __getattr__(self, name: str) -> Said:  # for the type checker: every choice is set above
        raise AttributeError(name)


class NaiveOps:
    """``Ops`` of :mod:`vnic_spec.algebra`; every value is a text, or consists of functions that a text names."""

    true = Said("true", BOOL)
    false = Said("false", BOOL)
    nobody = NOBODY

    def __init__(self, script: Script, rules: Replacements, profile: NaiveChoices) -> None:
        self.script = script
        self.rules = rules
        self.profile = profile

    @staticmethod
    def begun(script: Script, rules: Replacements) -> NaiveOps:
        """The operations at the beginning of a script, with the constants that they need."""
        script.constant(NOBODY.text, SERVER)
        script.declare("port", (SERVER,), INT)
        o = NaiveOps(script, rules, NaiveChoices(script))
        script.demand(
            o.every(lambda i: o.every(lambda j: implied(same(_port(i), _port(j)), same(i, j))))
        )  # "ports never change and differ pairwise"
        return o

    def as_written(self) -> NaiveOps:
        """The same reading with the rules of the specification."""
        return NaiveOps(self.script, AS_WRITTEN, self.profile)

    def const(self, value: Enum) -> Said:
        """A vocabulary member."""
        return word(value)

    def term(self, value: Any) -> Said:
        """A value as a term; a bare word and a bare number are written out."""
        if isinstance(value, Said):
            return value
        if isinstance(value, Enum):
            return word(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return number(value)
        raise TypeError(f"{value!r} is no value of this reading")

    def all_of(self, *truths: Said) -> Said:
        """All hold (true of none)."""
        return self.script.short(both(*truths))

    def any_of(self, *truths: Said) -> Said:
        """At least one holds (false of none)."""
        return self.script.short(either(*truths))

    def no(self, truth: Said) -> Said:
        """It does not hold."""
        return negated(truth)

    def implies(self, condition: Said, consequence: Said) -> Said:
        """The consequence holds wherever the condition does."""
        return self.script.short(implied(condition, consequence))

    def iff(self, one: Said, other: Said) -> Said:
        """Both hold or neither does."""
        return self.script.short(same(one, other))

    def ite(self, condition: Said, then: Any, otherwise: Any) -> Any:
        """One of two values of the same sort."""
        if isinstance(then, Enum) or isinstance(otherwise, Enum):
            return chosen(condition, self.term(then), self.term(otherwise))
        return either_value(self.script, condition, then, otherwise)

    def eq(self, one: Any, other: Any) -> Said:
        """They are the same."""
        return same(self.term(one), self.term(other))

    def ne(self, one: Any, other: Any) -> Said:
        """They are different."""
        return negated(self.eq(one, other))

    def one_of(self, one: Any, *others: Any) -> Said:
        """It is one of the others."""
        return self.script.short(either(*(self.eq(one, other) for other in others)))

    def every(self, law: Callable[[Said], Said]) -> Said:
        """``law`` holds of every server (nobody is not one)."""
        i = self.script.variable(SERVER)
        with self.script.binding(i):
            holds = law(i)
        return self.script.short(for_all((i,), negated(same(i, NOBODY)), holds))

    def some(self, law: Callable[[Said], Said]) -> Said:
        """``law`` holds of some server."""
        i = self.script.variable(SERVER)
        with self.script.binding(i):
            holds = both(negated(same(i, NOBODY)), law(i))
        return self.script.short(Said(f"(exists (({i.text} {i.sort})) {holds.text})", BOOL))

    def outranks(self, one: Said, other: Said) -> Said:
        """Priority ``one`` is strictly better, that is a lower number."""
        return less(self.term(one), self.term(other))

    def lower_port(self, one: Said, other: Said) -> Said:
        """Server ``one`` sits on a lower-numbered physical port."""
        return less(_port(one), _port(other))


def _port(server: Said) -> Said:
    return applied("port", INT, server)
