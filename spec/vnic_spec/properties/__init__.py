"""Every property of the machine, gathered: importing this package defines them all and puts them in reading order.

The chapters bear the names of those of the requirements. A chapter says what must come about, and also where something may come
from: a step in the wrong state, or an update that is forgotten, often violates nothing but a law of the second kind.
"""

from __future__ import annotations

from vnic_spec.properties import (
    administration,
    dialogue,
    failover,
    frames,
    monitoring,
    progress,
    safety,
    selection,
    session,
    transport,
)
from vnic_spec.property import PROPERTIES, in_reading_order

#: The chapters in which properties are defined, in reading order; the frame properties of a chapter follow it.
CHAPTERS = (
    *(transport, frames.transport, selection, frames.selection, monitoring, frames.monitoring),
    *(failover, frames.failover, administration, frames.administration, session, frames.session),
    *(dialogue, frames.dialogue, safety, frames.safety, progress),
)


in_reading_order(CHAPTERS)

__all__ = ["CHAPTERS", "PROPERTIES"]
