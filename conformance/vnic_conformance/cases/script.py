"""Scripted cases: what a script is, how one is written, and the list of them.

A script is a word of stimuli written by hand. The oracle judges every step of it as it judges every other step; beside that, a
step may say what else has to come back: of bytes, handles, interrupts and memory the machine knows nothing. A script is written
as a function from a profile to steps, because what has to come may depend on what an implementation claims::

    @script("CRQ-2/length-of-no-whole-page")
    def _(p: Profile) -> Steps:
        \"\"\"A queue whose length is no whole number of pages is not registered.\"\"\"
        yield do(call(CLIENT, "reg_crq", length=100), "CRQ-2", rc=Rc.H_PARAMETER)

A text that begins with ``$`` stands for a value that came before: what a step remembered under that name, or a field of what was
seen after the reset. That holds in arguments, in what is expected, and in the names of expected fields. ``$name^bits`` is a
number that came before with these bits changed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from vnic_conformance.features import feature_of
from vnic_conformance.stimulus import Stimulus
from vnic_spec.profile import Profile
from vnic_spec.requirements import check_ids


@dataclass(frozen=True, slots=True)
class Not:
    """Anything but this must come."""

    value: int | str

    def __str__(self) -> str:
        return f"not {self.value}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these must come."""

    values: tuple[int | str, ...]

    def __str__(self) -> str:
        return " or ".join(str(value) for value in self.values)


@dataclass(frozen=True, slots=True)
class Shown:
    """The number that came before, as a text: an interrupt is observed by the handle of its queue."""

    value: str

    def __str__(self) -> str:
        return self.value


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


#: The field must not be there.
NOTHING = _Nothing()

#: What a field of reply or observation must be; a tuple of texts is what a queue holds, an event with ``*`` for its free bytes.
Expected = int | str | tuple[str, ...] | Not | OneOf | Shown | _Nothing


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One step of a script.

    Attributes:
        stimulus: what is done.
        requirement: the one that demands ``expected``.
        expected: fields of reply and observation, beyond what the oracle judges.
        remember: name → field of the reply to be kept under it.
    """

    stimulus: Stimulus
    requirement: str = ""
    expected: Mapping[str, Expected] = field(default_factory=dict)
    remember: Mapping[str, str] = field(default_factory=dict)


#: What a script is written as.
Steps = Iterator[ScriptStep]
_Write = Callable[[Profile], Steps]


@dataclass(frozen=True, slots=True)
class Script:
    """One scripted case.

    Attributes:
        id: stable, ``REQ-ID/slug``.
        purpose: one sentence.
        servers: server partitions.
        features: what an implementation has to claim.
        without: what it must *not* claim: the script tests what is demanded then.
        unpaired: server partitions without an authorised connection.
        write: its steps, from the profile.
        when: whether it applies under a profile.
        requirements: its own, and those of its steps.
        crowded: it is about more servers than the list may have.
    """

    id: str
    purpose: str
    servers: int
    features: frozenset[str]
    without: frozenset[str]
    unpaired: tuple[str, ...]
    write: _Write
    when: Callable[[Profile], bool]
    requirements: tuple[str, ...] = ()
    crowded: bool = False

    @property
    def requirement(self) -> str:
        """The requirement that it is named after."""
        return self.id.partition("/")[0]

    def steps(self, profile: Profile) -> tuple[ScriptStep, ...]:
        """What is done under a profile."""
        return tuple(self.write(profile))


#: Scripts of many steps repeat themselves: so many say what one needs and is about, and the list is made at every start.
_BEGINNING = 600
#: The same of a script that takes long: the second time round comes much sooner than in one that fills a queue.
_BEGINNING_OF_LONG = 60


def _beginning(write: _Write, *, long: bool) -> list[ScriptStep]:
    return list(islice(write(Profile()), _BEGINNING_OF_LONG if long else _BEGINNING))


#: Every script by its ID, in the order of the modules.
SCRIPTS: dict[str, Script] = {}
#: The same for scripts that take so long that they are played only when they are asked for.
LONG_SCRIPTS: dict[str, Script] = {}


def script(
    name: str,
    *,
    servers: int = 2,
    without: Iterable[str] = (),
    unpaired: tuple[str, ...] = (),
    needs: Iterable[str] = (),
    when: Callable[[Profile], bool] = lambda profile: True,
    crowded: bool = False,
    long: bool = False,
) -> Callable[[_Write], _Write]:
    """Put a script into the list. Its purpose is the docstring; the features that its stimuli need are found in them.

    Args:
        name: its ID.
        servers: server partitions.
        without: features that the implementation must not claim.
        unpaired: server partitions without an authorised connection.
        needs: features beyond those of its stimuli.
        when: whether it applies under a profile.
        crowded: it is about more servers than the list may have.
        long: it goes into :data:`LONG_SCRIPTS`.
    """

    def enter(write: _Write) -> _Write:
        assert name not in SCRIPTS | LONG_SCRIPTS, f"two scripts are called {name}"
        absent = frozenset(without)
        steps = _beginning(write, long=long)
        found = {feature_of(step.stimulus) for step in steps} | {"unpaired" if unpaired else None}
        demanded = dict.fromkeys((name.partition("/")[0], *(step.requirement for step in steps if step.requirement)))
        features = frozenset(f for f in found if f is not None) | frozenset(needs)
        purpose = " ".join((inspect.getdoc(write) or "").split())
        made = Script(
            name, purpose, servers, features - absent, absent, unpaired, write, when, tuple(demanded), crowded
        )
        check_ids(name, made.requirements)
        (LONG_SCRIPTS if long else SCRIPTS)[name] = made
        return write

    return enter


# --- words that scripts are written in -------------------------------------------------------------------------------


def call(who: str, name: str, **arguments: int | str) -> Stimulus:
    """A stimulus."""
    return Stimulus.of(who, name, **arguments)


def do(
    stimulus: Stimulus,
    requirement: str = "",
    *,
    remember: Mapping[str, str] | None = None,
    fields: Mapping[str, Expected] | None = None,
    **expected: Any,
) -> ScriptStep:
    """A step: do this, and expect that because of this requirement.

    Args:
        stimulus: what to do.
        requirement: the ID.
        remember: name → field of the reply.
        fields: expected fields whose names are no Python names.
        expected: the other expected fields.
    """
    assert bool(requirement) == bool(expected or fields), f"{stimulus}: what is expected, and who demands it?"
    return ScriptStep(stimulus, requirement, {**(fields or {}), **expected}, remember or {})
