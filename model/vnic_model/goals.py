"""What is to be proved: properties and lemmas seen alike, and on what each of them rests.

:data:`PLANS` is the proof as data. A goal is shown to hold at the beginning and to be kept by every action, on the assumption
that it and everything in ``using`` held before the step; so all goals together are one mutual induction. Each of those is
needed: the plan says for which action, and without it that step is refuted (tested). No z3 here, so that reports can show
the plan where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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

    needs: Mapping[str, str] = field(default_factory=dict)  #: what is assumed before a step → an action that needs it
    reason: str = ""  #: why it is not proved for any number of servers, where it is not

    @property
    def using(self) -> tuple[str, ...]:
        """What is assumed of the state before the step, besides the goal itself."""
        return tuple(self.needs)

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
    "CLI-4": Plan(
        {"one-init-at-a-time": "client_reads_init_complete", "one-login-at-a-time": "client_reads_login_rsp"}
    ),
    "CLI-2": Plan(),
    "CLI-3": Plan(),
    "CLI-6": Plan(),
    "MON-7": Plan({"connected-only-as-selected": "server_polls"}),
    "SEL-2": Plan({"SEL-7/ends": "h_reg_crq"}),
    "SEL-8": Plan({"off-means-gone": "server_boots"}),
    "SEL-7": Plan({"INV-3": "h_reg_crq", "INV-4": "h_reg_crq"}),
    "SEL-7/ends": Plan(),
    "MON-3": Plan({"connected-only-as-selected": "server_frees"}),
    "MON-4": Plan(),
    "MON-5": Plan({"off-means-gone": "server_boots"}),
    "MON-6": Plan(),
    "ADM-2": Plan(
        {
            "SEL-8": "adds_server",
            "SEL-7/ends": "adds_server",
            "MON-5": "adds_server",
            "INV-3": "adds_server",
            "INV-4": "adds_server",
        }
    ),
    "ADM-3": Plan({"SEL-7/ends": "removes_server", "INV-3": "removes_server", "INV-4": "removes_server"}),
    "ADM-4": Plan({"SEL-7/ends": "sets_priority", "INV-3": "sets_priority"}),
    "ADM-5": Plan(),
    "ADM-6/activation": Plan(),
    "ADM-6": Plan(),
    "SES-1": Plan(),
    "SES-1/once": Plan(),
    "SES-2": Plan(
        {
            "SEL-8": "client_complains_late",
            "SEL-7/ends": "client_complains_alone",
            "MON-5": "client_complains_alone",
            "INV-3": "client_complains_alone",
            "INV-4": "client_complains_late",
        }
    ),
    "SES-3": Plan(
        {
            "SEL-7/ends": "client_complains",
            "SES-1": "client_complains",
            "connected-only-as-selected": "client_complains",
        }
    ),
    "INV-1": Plan({"connected-only-as-selected": "server_registers"}),
    "INV-2": Plan(
        {
            "CRQ-6": "client_consumes",
            "an-event-between-two-senders": "client_consumes",
            "latest-element-is-of-the-connected": "h_send_crq_to_client",
        }
    ),
    "INV-3": Plan({"connected-only-as-selected": "server_frees"}),
    "INV-4": Plan({"off-means-gone": "server_boots"}),
    "INV-5": Plan({"SEL-7/ends": "server_registers", "INV-3": "client_consumes", "off-means-gone": "server_boots"}),
    "INV-6": Plan({"connected-only-as-selected": "h_free_crq"}),
    "INV-7": Plan(),
    "INV-8": Plan(
        {
            "INV-2": "client_reads_login_rsp",
            "connected-only-as-selected": "server_registers",
            "held-until-the-event-is-read": "server_reads_event",
            "no-init-unless-awaited": "server_reads_init",
            "one-login-at-a-time": "client_reads_login_rsp",
            "what-counts-is-of-the-connected": "client_reads_login_rsp",
            "who-answers-a-login-serves": "client_reads_login_rsp",
        }
    ),
    "INV-9": Plan(),
    "FOV-1": Plan({"SEL-7/ends": "server_registers"}),
    "FOV-2": Plan({"INV-7": "h_reg_crq", "connected-only-as-selected": "h_reg_crq"}),
    "FOV-3": Plan(),
    "FOV-4": Plan({"INV-3": "h_enable_crq", "INV-4": "h_enable_crq"}),
    "FOV-5": Plan(),
    "FOV-10": Plan(),
    "FOV-10/memory": Plan({"INV-7": "server_uses_grant"}),
    "CRQ-2": Plan(),
    "CRQ-3": Plan({"connected-only-as-selected": "h_send_crq_to_server"}),
    "CRQ-4": Plan(
        {
            "SEL-8": "server_frees",
            "SEL-7/ends": "server_frees",
            "MON-5": "server_frees",
            "INV-3": "server_frees",
            "INV-4": "server_frees",
            "INV-5": "server_frees",
        }
    ),
    "CRQ-4/client": Plan({"connected-only-as-selected": "h_free_crq"}),
    "CRQ-5": Plan(),
    "CRQ-5/told": Plan(),
    "CRQ-6": Plan(),
    "CRQ-8": Plan(),
    "CRQ-8/session": Plan({"connected-only-as-selected": "client_migrates"}),
    "CRQ-9": Plan({"INV-3": "server_registers"}),
    "CRQ-13": Plan(
        {"held-until-the-event-is-read": "server_registers", "nothing-follows-the-event": "server_consumes"}
    ),
    "CRQ-13/limit": Plan({"overdue-is-held": "gap_ends"}),
    "FOV-7/session": Plan(),
    "FOV-3/only": Plan(),
    "CRQ-7": Plan(),
    "CRQ-4/server": Plan({"connected-only-as-selected": "h_send_crq_to_server"}),
    "CRQ-2/again": Plan(),
    "CRQ-4/half": Plan(),
    "CRQ-8/enable": Plan(),
    "CRQ-13/overdue": Plan(),
    "MON-1": Plan(),
    "MON-2": Plan(),
    "MON-4/cleared": Plan(),
    "FOV-10/hung": Plan(),
    "ADM-2/list": Plan(),
    "ADM-3/last": Plan(),
    "SES-2/order": Plan(),
    "FOV-7/delay": Plan({"INV-3": "delay_ends"}),
    "CLI-7": Plan(),
    "CLI-6/closed": Plan(),
    "CRQ-2/half": Plan(),
    "CRQ-3/answer": Plan({"connected-only-as-selected": "h_send_crq_to_server"}),
    "CRQ-3/refused": Plan(
        {
            "SEL-7/ends": "client_complains_late",
            "SEL-8": "client_complains_late",
            "MON-5": "client_complains_late",
            "INV-3": "client_complains_late",
            "INV-4": "client_complains_late",
            "INV-5/path": "client_complains_late",
            "INV-6": "h_free_crq",
        }
    ),
    "CRQ-4/off": Plan(),
    "CRQ-5/client": Plan(),
    "CRQ-5/server": Plan({"connected-only-as-selected": "h_free_crq"}),
    "CRQ-7/owed": Plan(),
    "CRQ-12/granted": Plan(),
    "CRQ-13/held": Plan({"connected-only-as-selected": "h_free_crq"}),
    "CRQ-13/released": Plan(),
    "SEL-7/standing": Plan(),
    "MON-2/status": Plan(),
    "MON-3/partition": Plan(),
    "MON-4/complaint": Plan(),
    "FOV-7/damped": Plan({"SEL-7/ends": "server_registers"}),
    "ADM-2/order": Plan(),
    "ADM-5/auto": Plan(),
    "ADM-6/pin": Plan({"ADM-6": "h_reg_crq"}),
    "ADM-6/target": Plan(),
    "SES-1/counts": Plan(),
    "CLI-4/phase": Plan(),
    "CLI-4/reads": Plan(),
    "SRV-1/belief": Plan(),
    "SRV-3/reads": Plan(),
    "INV-5/path": Plan(),
    "connected-only-as-selected": Plan(),
    "off-means-gone": Plan({"INV-3": "h_free_crq"}),
    "held-until-the-event-is-read": Plan({"nothing-follows-the-event": "server_consumes"}),
    "nothing-follows-the-event": Plan(
        {"connected-only-as-selected": "server_registers", "held-until-the-event-is-read": "server_registers"}
    ),
    "overdue-is-held": Plan(),
    "every-session-starts-afresh": Plan(
        {"connected-only-as-selected": "server_registers", "nothing-follows-the-event": "server_reads_event"}
    ),
    "no-init-unless-awaited": Plan(
        {
            "connected-only-as-selected": "server_registers",
            "nothing-follows-the-event": "server_reads_event",
            "every-session-starts-afresh": "server_registers",
            "one-init-at-a-time": "client_reads_init_complete",
            "only-failovers-follow-a-migration": "client_enables",
        }
    ),
    "one-init-at-a-time": Plan(
        {
            "connected-only-as-selected": "hold_expires",
            "nothing-follows-the-event": "server_reads_event",
            "every-session-starts-afresh": "server_frees",
            "no-init-unless-awaited": "client_sends_init",
        }
    ),
    "no-login-unless-awaited": Plan(
        {
            "connected-only-as-selected": "client_registers",
            "nothing-follows-the-event": "server_reads_event",
            "every-session-starts-afresh": "client_registers",
            "one-login-at-a-time": "client_reads_login_rsp",
            "only-failovers-follow-a-migration": "client_enables",
        }
    ),
    "one-login-at-a-time": Plan(
        {
            "connected-only-as-selected": "server_reads_login",
            "nothing-follows-the-event": "server_reads_event",
            "every-session-starts-afresh": "server_reports",
            "no-login-unless-awaited": "client_sends_login",
        }
    ),
    "migrated-means-disabled": Plan({"only-failovers-follow-a-migration": "client_enables"}),
    "only-failovers-follow-a-migration": Plan({"migrated-means-disabled": "client_reads_migrated"}),
    "what-counts-is-of-the-connected": Plan(
        {
            "connected-only-as-selected": "server_reads_init",
            "only-failovers-follow-a-migration": "client_reads_migrated",
        }
    ),
    "who-answers-a-login-serves": Plan(
        {
            "connected-only-as-selected": "server_reads_event",
            "held-until-the-event-is-read": "server_reads_event",
            "no-init-unless-awaited": "server_reads_init",
            "no-login-unless-awaited": "client_sends_login",
            "one-login-at-a-time": "server_reads_event",
            "what-counts-is-of-the-connected": "server_reads_event",
        }
    ),
    "an-event-between-two-senders": Plan({"latest-element-is-of-the-connected": "server_reads_init"}),
    "latest-element-is-of-the-connected": Plan(
        {
            "CRQ-6": "client_consumes",
            "connected-only-as-selected": "client_enables",
            "silence-begins-with-an-event": "client_enables",
        }
    ),
    "silence-begins-with-an-event": Plan({"CRQ-6": "client_consumes"}),
    "who-spoke-did-so-after-the-event": Plan(
        {"connected-only-as-selected": "server_registers", "every-session-starts-afresh": "server_registers"}
    ),
    "a-session-begins-with-init": Plan({"who-spoke-did-so-after-the-event": "server_reads_login"}),
    "who-waits-reads-init-next": Plan(
        {
            "connected-only-as-selected": "server_reads_init",
            "every-session-starts-afresh": "server_registers",
            "no-init-unless-awaited": "client_reads_failover",
            "who-spoke-did-so-after-the-event": "client_reads_failover",
            "a-session-begins-with-init": "client_reads_failover",
        }
    ),
    "LIV-3/speaker": Plan(
        {
            "every-session-starts-afresh": "server_registers",
            "who-spoke-did-so-after-the-event": "client_reads_failover",
            "who-waits-reads-init-next": "server_registers",
        }
    ),
}
