"""The reference hypervisor: a CRQ facility with server-side failover, byte-accurate at its interface.

Written from the requirements and the architecture text. It shares with the specification the vocabulary and the wire
constants and nothing else, so that their agreement means something.
"""

from vnic_reference.audit import violations
from vnic_reference.backing_device import BackingDevice, ServerRow
from vnic_reference.console import Console, Listing, Refusal, Reply
from vnic_reference.driver import Driver
from vnic_reference.machine import Machine
from vnic_reference.policy import Policy

__all__ = [
    "BackingDevice",
    "Console",
    "Driver",
    "Listing",
    "Machine",
    "Policy",
    "Refusal",
    "Reply",
    "ServerRow",
    "violations",
]
