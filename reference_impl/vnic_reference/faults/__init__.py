"""Faulty variants of the reference hypervisor: what a conformance kit has to find.

Each is a part of the machine with one small change, made by overriding; nothing is copied. They are asked for with
``python -m vnic_reference --fault NAME``, in Python with ``FAULTS[name].adapter()``, and by a kit that loads adapters
by the name of a factory as an attribute of this module: ``vnic_reference.faults:NAME``.
"""

from __future__ import annotations

from collections.abc import Callable

# Importing the modules enters their faults into the list.
from vnic_reference.adapter import Adapter
from vnic_reference.faults import administering, calling, choosing, fencing, telling, watching
from vnic_reference.faults.registry import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "administering", "calling", "choosing", "fencing", "telling", "watching"]


def __getattr__(name: str) -> Callable[[], Adapter]:
    """The factory of the faulty variant of this name."""
    try:
        return FAULTS[name].adapter
    except KeyError:
        raise AttributeError(f"no fault {name!r}; there are: {', '.join(FAULTS)}") from None
