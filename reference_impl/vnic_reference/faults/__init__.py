"""Faulty variants of the reference hypervisor: what a conformance kit has to find.

Each is a part of the machine with one small change, made by overriding; nothing is copied. They are asked for with
``python -m vnic_reference --fault NAME``, in Python with ``FAULTS[name].adapter()``, and by a kit that loads adapters
by the name of a factory as an attribute of this module: ``vnic_reference.faults:NAME``. Beside them stand variants that are
not faulty, and must not be found: ``--variant NAME``.
"""

from __future__ import annotations

from collections.abc import Callable

# Importing the modules enters their faults into the list.
from vnic_reference.adapter import Adapter
from vnic_reference.faults import (
    administering,
    busy,
    calling,
    choosing,
    delaying,
    edges,
    enduring,
    fencing,
    headline,
    legal,
    returning,
    telling,
    values,
    watching,
)
from vnic_reference.faults.registry import FAULTS, VARIANTS, Fault, Variant

__all__ = [
    "FAULTS",
    "VARIANTS",
    "Fault",
    "Variant",
    "administering",
    "busy",
    "calling",
    "choosing",
    "delaying",
    "edges",
    "enduring",
    "fencing",
    "headline",
    "legal",
    "returning",
    "telling",
    "values",
    "watching",
]


def __getattr__(name: str) -> Callable[[], Adapter]:
    """The factory of the faulty variant of this name, or of one that is not faulty."""
    found = FAULTS.get(name) or VARIANTS.get(name)
    if found is None:
        raise AttributeError(f"no fault {name!r}; there are: {', '.join((*FAULTS, *VARIANTS))}")
    return found.adapter
