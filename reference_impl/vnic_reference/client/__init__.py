"""The VNIC client: :class:`VnicClient` is the driver in the client's partition (CLI, DAT), with the Linux driver's manners.

``VnicClient(driver, mac, settings)`` is a component of the system (``step(now) -> bool``,
``next_deadline() -> int | None``; ms of virtual time) and the :class:`~vnic_reference.network.interface.Interface` of the
application above it: ``mac``, ``link_up``, ``open()``, ``close()``, ``send(frame) -> bool``, ``received() -> list[bytes]``,
``take_notification() -> bool``. A user can also ``set_mac(mac)``, ``join(group)``, ``leave(group)``, ``ask_statistics()``
and ``complain()`` (SES-2). It is made when its partition boots and forgotten when that crashes. To look at: ``phase``,
``failures``, ``last_failure``, ``logins``, ``registrations``, ``data``.

In order of reading: :mod:`~vnic_reference.client.client` events, INITs and wishes,
:mod:`~vnic_reference.client.recovery` with :mod:`~vnic_reference.client.opening` and :mod:`~vnic_reference.client.login`
the way up, :mod:`~vnic_reference.client.data_path` frames. Faulty variants are subclasses, by name in
:data:`vnic_reference.client.faults.CLIENT_FAULTS`: ``CLIENT_FAULTS[name].make(driver, mac)``.
"""

from vnic_reference.client.client import VnicClient
from vnic_reference.client.settings import ANSWER, REREGISTER, ClientSettings

__all__ = ["ANSWER", "REREGISTER", "ClientSettings", "VnicClient"]
