"""What is to be proved: properties and lemmas seen alike, and on what each of them rests.

:data:`PLANS` is the proof as data. A goal is shown to hold at the beginning and to be kept by every action, on the assumption
that it and everything named in ``using`` held before the step; so all goals together are one mutual induction. What ``using``
names is needed: without it the proof fails (tested). No z3 here, so that reports can show the plan where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnic_spec.action import Action
from vnic_spec.algebra import Ops, Truth
from vnic_spec.catalogue import ACTIONS
from vnic_spec.lemmas import LEMMAS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Scope, StepLaw
from vnic_spec.state import State


@dataclass(frozen=True)
class Goal:
    """A property or a lemma."""

    name: str
    sentence: str
    scope: Scope
    of_state: Callable[[Ops, State], Truth] | None
    of_step: StepLaw | None
    only: tuple[str, ...]  #: the only actions it speaks of; none named: all
    lemma: bool

    def concerns(self, action: Action) -> bool:
        """Whether there is anything to prove about an action."""
        if self.scope is Scope.DRIVERS and action.bare:
            return False
        return not self.only or action.name in self.only


def _goals() -> dict[str, Goal]:
    found = {
        p.name: Goal(p.name, p.sentence, p.scope, p.of_state, p.of_step, p.actions, lemma=False)
        for p in PROPERTIES.values()
    }
    for x in LEMMAS.values():
        found[x.name] = Goal(x.name, x.sentence, x.scope, x.of_state, None, (), lemma=True)
    return found


#: Everything that is proved, properties first.
GOALS: dict[str, Goal] = _goals()


@dataclass(frozen=True)
class Plan:
    """How a goal is proved."""

    using: tuple[str, ...] = ()  #: what is assumed of the state before the step, besides the goal itself
    reason: str = ""  #: why it is not proved for any number of servers, where it is not

    @property
    def any_number(self) -> bool:
        """It is proved for any number of servers and any depth of queues."""
        return not self.reason


def actions_of(goal: Goal) -> tuple[Action, ...]:
    """The actions that a goal has to be kept by."""
    return tuple(a for a in ACTIONS.values() if goal.concerns(a))


def closure(names: tuple[str, ...]) -> tuple[str, ...]:
    """The goals, and everything that their proofs rest on, in the order of :data:`GOALS`."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += PLANS[name].using
    return tuple(name for name in GOALS if name in found)


#: How each goal is proved.
PLANS: dict[str, Plan] = {
    "CLI-1": Plan(),
    "CLI-4": Plan(("one-init-at-a-time", "one-login-at-a-time")),
    "CLI-2": Plan(),
    "CLI-3": Plan(),
    "CLI-6": Plan(),
    "MON-7": Plan(("connected-only-as-selected",)),
    "SEL-2": Plan(("SEL-7/ends",)),
    "SEL-8": Plan(("off-means-gone",)),
    "SEL-7": Plan(("INV-3", "INV-4")),
    "SEL-7/ends": Plan(),
    "MON-3": Plan(("connected-only-as-selected",)),
    "MON-4": Plan(),
    "MON-5": Plan(("off-means-gone",)),
    "MON-6": Plan(),
    "ADM-2": Plan(("SEL-8", "SEL-7/ends", "MON-5", "INV-3", "INV-4")),
    "ADM-3": Plan(("SEL-7/ends", "INV-3", "INV-4")),
    "ADM-4": Plan(("SEL-7/ends", "INV-3")),
    "ADM-5": Plan(),
    "ADM-6/activation": Plan(),
    "ADM-6": Plan(),
    "SES-1": Plan(),
    "SES-1/once": Plan(),
    "SES-2": Plan(("SEL-8", "SEL-7/ends", "MON-5", "INV-3", "INV-4")),
    "SES-3": Plan(("SEL-7/ends", "SES-1", "connected-only-as-selected")),
    "INV-1": Plan(("connected-only-as-selected",)),
    "INV-2": Plan(("CRQ-6", "an-event-between-two-senders", "latest-element-is-of-the-connected")),
    "INV-3": Plan(("connected-only-as-selected",)),
    "INV-4": Plan(("off-means-gone",)),
    "INV-5": Plan(("SEL-7/ends", "INV-3", "off-means-gone")),
    "INV-6": Plan(("connected-only-as-selected",)),
    "INV-7": Plan(),
    "INV-8": Plan(
        (
            "INV-2",
            "connected-only-as-selected",
            "held-until-the-event-is-read",
            "no-init-unless-awaited",
            "one-login-at-a-time",
            "what-counts-is-of-the-connected",
            "who-answers-a-login-serves",
        )
    ),
    "INV-9": Plan(),
    "FOV-1": Plan(("SEL-7/ends",)),
    "FOV-2": Plan(("INV-7", "connected-only-as-selected")),
    "FOV-3": Plan(),
    "FOV-4": Plan(("INV-3", "INV-4")),
    "FOV-5": Plan(),
    "FOV-10": Plan(),
    "FOV-10/memory": Plan(("INV-7",)),
    "CRQ-2": Plan(),
    "CRQ-3": Plan(("connected-only-as-selected",)),
    "CRQ-4": Plan(("SEL-8", "SEL-7/ends", "MON-5", "INV-3", "INV-4", "INV-5")),
    "CRQ-4/client": Plan(("connected-only-as-selected",)),
    "CRQ-5": Plan(),
    "CRQ-5/told": Plan(),
    "CRQ-6": Plan(),
    "CRQ-8": Plan(),
    "CRQ-8/session": Plan(("connected-only-as-selected",)),
    "CRQ-9": Plan(("INV-3",)),
    "CRQ-13": Plan(("held-until-the-event-is-read", "nothing-follows-the-event")),
    "CRQ-13/limit": Plan(("overdue-is-held",)),
    "connected-only-as-selected": Plan(),
    "off-means-gone": Plan(("INV-3",)),
    "held-until-the-event-is-read": Plan(("nothing-follows-the-event",)),
    "nothing-follows-the-event": Plan(("connected-only-as-selected", "held-until-the-event-is-read")),
    "overdue-is-held": Plan(),
    "every-session-starts-afresh": Plan(("connected-only-as-selected", "nothing-follows-the-event")),
    "held-has-something-to-read": Plan(("connected-only-as-selected", "off-means-gone")),
    "no-init-unless-awaited": Plan(
        (
            "SEL-7/ends",
            "connected-only-as-selected",
            "nothing-follows-the-event",
            "every-session-starts-afresh",
            "one-init-at-a-time",
            "only-failovers-follow-a-migration",
        )
    ),
    "one-init-at-a-time": Plan(
        (
            "connected-only-as-selected",
            "nothing-follows-the-event",
            "every-session-starts-afresh",
            "no-init-unless-awaited",
        )
    ),
    "no-login-unless-awaited": Plan(
        (
            "connected-only-as-selected",
            "nothing-follows-the-event",
            "every-session-starts-afresh",
            "one-login-at-a-time",
            "only-failovers-follow-a-migration",
        )
    ),
    "one-login-at-a-time": Plan(
        (
            "connected-only-as-selected",
            "nothing-follows-the-event",
            "every-session-starts-afresh",
            "no-login-unless-awaited",
        )
    ),
    "migrated-means-disabled": Plan(("only-failovers-follow-a-migration",)),
    "only-failovers-follow-a-migration": Plan(("migrated-means-disabled",)),
    "what-counts-is-of-the-connected": Plan(("connected-only-as-selected", "only-failovers-follow-a-migration")),
    "who-answers-a-login-serves": Plan(
        (
            "connected-only-as-selected",
            "held-until-the-event-is-read",
            "no-init-unless-awaited",
            "no-login-unless-awaited",
            "one-login-at-a-time",
            "what-counts-is-of-the-connected",
        )
    ),
    "an-event-between-two-senders": Plan(("latest-element-is-of-the-connected",)),
    "latest-element-is-of-the-connected": Plan(("CRQ-6", "connected-only-as-selected", "silence-begins-with-an-event")),
    "silence-begins-with-an-event": Plan(("CRQ-6",)),
    "LIV-3/speaker": Plan(reason="TODO"),
}
