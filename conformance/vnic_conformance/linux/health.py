"""What is told of a guest's trouble, in a few lines that are the same in every run."""

from __future__ import annotations

import re
from typing import Final

from vnic_conformance.linux.console import Complaint
from vnic_conformance.linux.guest import Guest
from vnic_conformance.linux.outcomes import Why

#: So many complaints are told; those that come later may be consequences.
_MOST: Final = 3
_DRIVER: Final = re.compile(r"\b(\w+(?:\.\w+)*\+0x[0-9a-f]+)/0x[0-9a-f]+ \[ibmvnic\]|\b(ibmvnic_\w+\+0x[0-9a-f]+)/")


def health_of(guest: Guest) -> str:
    """How a guest is; empty: nothing is wrong with it.

    How it ended, what its console complains of, and what it did wrong with its mappings.
    """
    said = [told(complaint) for complaint in guest.health]
    if guest.end is not None and guest.end.why not in (Why.DIED, Why.CLOSED):
        said.insert(0, guest.end.reason)
    elif guest.end is not None and guest.end.why is Why.DIED and not said:
        said = [guest.end.reason]
    said += [f"DMA: {fault}" for fault in guest.memory.faults]
    more = f"; and {len(said) - _MOST} more" if len(said) > _MOST else ""
    return "; ".join(said[:_MOST]) + more


def told(complaint: Complaint) -> str:
    """A complaint in a line, with the driver's function in which it came about."""
    found = next((match for line in complaint.lines for match in [_DRIVER.search(line)] if match), None)
    return str(complaint) if found is None else f"{complaint} (in {found[1] or found[2]})"
