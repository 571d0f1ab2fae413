"""The faulty clients as adapters of role client, by name: ``python:vnic_reference.client_variants:NAME``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vnic_reference.client.faults import CLIENT_FAULTS
from vnic_reference.client_adapter import ClientAdapter


def __getattr__(name: str) -> Callable[[], ClientAdapter]:
    """What makes the adapter of a faulty client."""
    if name not in CLIENT_FAULTS:
        raise AttributeError(f"no fault {name!r}; there are: {', '.join(CLIENT_FAULTS)}")
    return partial(ClientAdapter, CLIENT_FAULTS[name].make)
