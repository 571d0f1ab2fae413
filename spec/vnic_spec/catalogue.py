"""Every action of the machine, gathered: importing this module defines them all."""

from __future__ import annotations

from vnic_spec import administration, handshake, monitoring, session, transport
from vnic_spec.action import ACTIONS

#: The chapters in which actions are defined, in reading order.
CHAPTERS = (transport, monitoring, administration, session, handshake)

__all__ = ["ACTIONS", "CHAPTERS"]
