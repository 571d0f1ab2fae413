"""The reference's own parts."""

from __future__ import annotations

from vnic_reference.client import VnicClient
from vnic_reference.server import VnicServer
from vnic_reference.system.parts import SystemParts


def standard_parts() -> SystemParts:
    """The reference server and the reference client, and everything else as it is."""
    return SystemParts(server=VnicServer, client=VnicClient)
