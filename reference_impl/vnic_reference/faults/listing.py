"""The faulty and the legal variants as data, for programs that run them all (``python -m vnic_reference --faults --json``)."""

from __future__ import annotations

from collections.abc import Mapping

from vnic_reference.client_variants import CLIENT_VARIANTS
from vnic_reference.faults import FAULTS, VARIANTS
from vnic_reference.system.faults import SYSTEM_FAULTS


def listing(role: str) -> dict[str, object]:
    """What there is in a role, each variant with the words by which ``vnickit`` runs it without a process of its own.

    Args:
        role: ``hypervisor``, ``system`` or ``client``; of the latter two all variants are faulty.
    """
    if role == "client":
        clients = [
            _fault(f.name, f.requirement, f.description, "vnic_reference.client_variants")
            for f in CLIENT_VARIANTS.values()
        ]
        return {"name": "reference, role client", "faults": clients, "variants": []}
    if role == "system":
        faults = [
            _fault(f.name, f.requirement, f.description, "vnic_reference.system.faults") for f in SYSTEM_FAULTS.values()
        ]
        return {"name": "reference, role system", "faults": faults, "variants": []}
    faults = [_fault(f.name, f.requirement, f.description, "vnic_reference.faults") for f in FAULTS.values()]
    variants = [
        {"name": v.name, "description": v.description, "adapter": f"python:vnic_reference.faults:{v.name}"}
        for v in VARIANTS.values()
    ]
    return {"name": "reference", "faults": faults, "variants": variants}


def _fault(name: str, requirement: str, description: str, module: str) -> Mapping[str, str]:
    adapter = f"python:{module}:{name}"
    return {"name": name, "requirement": requirement, "description": description, "adapter": adapter}
