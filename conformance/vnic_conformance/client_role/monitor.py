"""The monitor: the requirements CLI and DLG, executable, over what happens between a client and the kit. Sans-I/O.

::

    monitor = Monitor(hello.client)
    partner = Partner(port, observers=[monitor])
    ...
    assert monitor.violations == []

Each rule (:data:`RULES`) looks at every happening before the view takes it in. Only the first violation of a rule at one
instant is kept, and after :data:`MOST` the rest is counted, so that a client that has lost its way does not fill memory.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from vnic_conformance.client_role import rules_dialogue, rules_events, rules_limits, rules_user
from vnic_conformance.client_role.happenings import KINDS, Called, Happening
from vnic_conformance.client_role.rule import HELD, RULES, Rule, Violation
from vnic_conformance.client_role.view_queues import WholeView
from vnic_spec.client_profile import ClientProfile

__all__ = ["READING", "RULES", "Monitor", "Rule", "Violation"]

#: The modules that fill the list of rules.
FILLED_BY: Final = (rules_events, rules_dialogue, rules_user, rules_limits)
#: The rules that read the client's memory; what they read is recorded.
READING: Final = frozenset(rule.name for rule in RULES.values() if rule.reads)
#: Violations that are kept.
MOST: Final = 100


class Monitor:
    """Judges one run of one client; call it with every happening.

    Args:
        profile: what the client claims.
        rules: names of the rules that look; None: all.

    Attributes:
        view: what is known of the client.
        violations: what was broken, the first one first.
        more: how many more there were.
        held: names of the rules whose conditions have held; whoever counts them may clear it.
        happenings: how many have been looked at.
    """

    def __init__(self, profile: ClientProfile | None = None, rules: Collection[str] | None = None) -> None:
        self.view = WholeView(profile or ClientProfile())
        self.violations: list[Violation] = []
        self.more = 0
        self.held: set[str] = set()
        self.happenings = 0
        self._last: dict[str, int] = {}
        looking = [rule for rule in RULES.values() if rules is None or rule.name in rules]
        self._rules: Final = {kind: tuple(rule for rule in looking if kind in rule.on) for kind in KINDS.values()}
        self._of_calls: Final[dict[int, tuple[Rule, ...]]] = {}

    def __call__(self, happening: Happening) -> None:
        """Judge what happened, and take it in."""
        self.happenings += 1
        looking = self._looking(happening.opcode) if type(happening) is Called else self._rules[type(happening)]
        for rule in looking:
            for found in rule.check(self.view, happening):
                self.held.add(rule.name)
                if found is not HELD:
                    self._found(rule, happening.now, *found)
        self.view.take(happening)

    def _looking(self, opcode: int) -> tuple[Rule, ...]:
        """The rules whose conditions may hold in a call."""
        known = self._of_calls.get(opcode)
        if known is None:
            known = tuple(rule for rule in self._rules[Called] if rule.calls is None or opcode in rule.calls)
            if len(self._of_calls) < MOST:
                self._of_calls[opcode] = known
        return known

    def _found(self, rule: Rule, now: int, came: str, allowed: str) -> None:
        if self._last.get(rule.name) == now:
            return
        self._last[rule.name] = now
        if len(self.violations) < MOST:
            self.violations.append(Violation(rule, now, came, allowed))
        else:
            self.more += 1
