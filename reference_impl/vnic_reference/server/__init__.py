"""The VNIC server: :class:`VnicServer` drives one logical port in the service of one client (SRV, DAT).

``VnicServer(driver, port, settings)`` is a component of the system: ``step(now)`` and ``next_deadline()``. It is made
when its partition boots, forgotten when that crashes, and hangs while it is not stepped. Faulty variants are subclasses,
by name in :data:`vnic_reference.server.faults.SERVER_FAULTS`.
"""

from vnic_reference.server.server import VnicServer
from vnic_reference.server.settings import DEFAULT_CAPABILITIES, ServerSettings

__all__ = ["DEFAULT_CAPABILITIES", "ServerSettings", "VnicServer"]
