"""Every property of the machine, gathered: importing this package defines them all."""

from __future__ import annotations

from vnic_spec.properties import dialogue, policy, safety, switching, transport, undue
from vnic_spec.property import PROPERTIES

#: The chapters in which properties are defined, in reading order.
CHAPTERS = (safety, switching, policy, transport, dialogue, undue)

__all__ = ["CHAPTERS", "PROPERTIES"]
