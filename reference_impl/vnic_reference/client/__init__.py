"""The VNIC client: :class:`VnicClient` is the driver in the client's partition (CLI, DAT), with the Linux driver's manners.

``VnicClient(driver, mac, settings)`` is a component of the system (``step(now)``, ``next_deadline()``) and the
:class:`~vnic_reference.network.interface.Interface` of the application above it. It is made when its partition boots and
forgotten when that crashes. Faulty variants are subclasses, by name in
:data:`vnic_reference.client.faults.CLIENT_FAULTS`.
"""

from vnic_reference.client.client import VnicClient
from vnic_reference.client.settings import ANSWER, REREGISTER, ClientSettings

__all__ = ["ANSWER", "REREGISTER", "ClientSettings", "VnicClient"]
