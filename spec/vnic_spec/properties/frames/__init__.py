"""Frame properties: when each variable of the state may change, what it becomes then, and that it stays otherwise.

One module per chapter, beside the properties of the chapter itself. Each says of *every* step what its variable is
afterwards, so that an effect that is forgotten, doubled, too early, too late or on another object is a violation, whatever
action it is made in.
"""

from __future__ import annotations

from vnic_spec.properties.frames import (
    administration,
    dialogue,
    failover,
    monitoring,
    safety,
    selection,
    session,
    transport,
)

__all__ = ["administration", "dialogue", "failover", "monitoring", "safety", "selection", "session", "transport"]
