"""Every action of the machine, gathered: importing this module defines them all and puts them in reading order.

The order matters: of several shortest traces the explorer shows the one that comes first in it. Importing a chapter by itself
must therefore not change it.
"""

from __future__ import annotations

from vnic_spec import administration, handshake, monitoring, session, transport
from vnic_spec.action import ACTIONS

#: The chapters in which actions are defined, in reading order.
CHAPTERS = (transport, monitoring, administration, session, handshake)


def _in_reading_order() -> None:
    chapter = {module.__name__: place for place, module in enumerate(CHAPTERS)}
    ordered = sorted(ACTIONS.values(), key=lambda a: chapter[a.module])  # stable: within a chapter as defined
    ACTIONS.clear()
    ACTIONS.update((a.name, a) for a in ordered)


_in_reading_order()

__all__ = ["ACTIONS", "CHAPTERS"]
