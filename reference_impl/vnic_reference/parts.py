"""The classes that a machine is made of.

Whoever wants a machine with one part done differently hands it another class for that part:
:mod:`vnic_reference.faults` makes its faulty variants so, one small change each.
"""

from __future__ import annotations

from dataclasses import dataclass

from vnic_reference.complaint import ComplaintDesk
from vnic_reference.console import Console
from vnic_reference.failover import FailoverMechanism
from vnic_reference.monitoring import Monitor
from vnic_reference.redirected import RemoteDma
from vnic_reference.subordinate import SubordinateQueues
from vnic_reference.transport import Transport
from vnic_reference.vioctl import VioControl


@dataclass(frozen=True, slots=True)
class Parts:
    """One class for each part of a machine that makes decisions."""

    transport: type[Transport] = Transport
    mechanism: type[FailoverMechanism] = FailoverMechanism
    monitor: type[Monitor] = Monitor
    complaints: type[ComplaintDesk] = ComplaintDesk
    sub_crqs: type[SubordinateQueues] = SubordinateQueues
    dma: type[RemoteDma] = RemoteDma
    console: type[Console] = Console
    control: type[VioControl] = VioControl
