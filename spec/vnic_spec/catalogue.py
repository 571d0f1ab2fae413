"""Every action and every rule of the machine, gathered: importing this module defines them all and puts them in reading order.

The order matters: of several shortest traces the explorer shows the one that comes first in it. Importing a chapter by itself
must therefore not change it.
"""

from __future__ import annotations

from types import ModuleType

from vnic_spec import administration, dialogue, failover, monitoring, selection, session, transport
from vnic_spec.action import ACTIONS
from vnic_spec.rule import RULES

#: The chapters in which actions are defined, in reading order.
CHAPTERS = (transport, monitoring, administration, session, dialogue)
#: The chapters in which rules are defined, in reading order.
RULE_CHAPTERS = (selection, failover, transport, session, dialogue)


def _place(chapters: tuple[ModuleType, ...], module: str) -> int:
    return [chapter.__name__ for chapter in chapters].index(module)


def _in_reading_order() -> None:
    # Sorting is stable: within a chapter the order is that of definition.
    actions = sorted(ACTIONS.values(), key=lambda a: _place(CHAPTERS, a.module))
    rules = sorted(RULES.values(), key=lambda r: _place(RULE_CHAPTERS, r.function.__module__))
    ACTIONS.clear()
    ACTIONS.update((a.name, a) for a in actions)
    RULES.clear()
    RULES.update((r.name, r) for r in rules)


_in_reading_order()

__all__ = ["ACTIONS", "CHAPTERS", "RULES", "RULE_CHAPTERS"]
