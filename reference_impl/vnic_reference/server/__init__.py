"""The VNIC server: :class:`VnicServer` drives one logical port in the service of one client (SRV, DAT).

``VnicServer(driver, port, settings)`` is a component of the system: ``step(now) -> bool`` and
``next_deadline() -> int | None``, times in ms of virtual time. ``driver`` is its unit's
:class:`~vnic_reference.driver.Driver`, ``port`` its :class:`~vnic_reference.network.port.Port`. It is made when its
partition boots, registers and reports by itself, is forgotten when the partition crashes, and hangs while it is not
stepped; stepped again it is a zombie until it looks around. To look at: ``belief``, ``session``, ``data_path``.

In order of reading: :mod:`~vnic_reference.server.server` what it does by itself,
:mod:`~vnic_reference.server.commands` the answers, :mod:`~vnic_reference.server.login` LOGIN,
:mod:`~vnic_reference.server.data_path` frames, :mod:`~vnic_reference.server.remote` the client's memory. Faulty variants
are subclasses, by name in :data:`vnic_reference.server.faults.SERVER_FAULTS`: ``SERVER_FAULTS[name].make(driver, port)``.
"""

from vnic_reference.server.server import VnicServer
from vnic_reference.server.settings import DEFAULT_CAPABILITIES, ServerSettings

__all__ = ["DEFAULT_CAPABILITIES", "ServerSettings", "VnicServer"]
