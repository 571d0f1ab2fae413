"""The faulty clients as adapters of role client, by name: ``python:vnic_reference.client_variants:NAME``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from vnic_reference.client.bugs import CLIENT_BUGS
from vnic_reference.client.client import VnicClient
from vnic_reference.client.faults import CLIENT_FAULTS
from vnic_reference.client.slips import CLIENT_SLIPS
from vnic_reference.client.slips_by_rule import CLIENT_RULE_SLIPS
from vnic_reference.client.slips_of_memory import CLIENT_MEMORY_SLIPS
from vnic_reference.client_adapter import ClientAdapter
from vnic_reference.dialogue.variants import Variant

#: All of them: those that a whole system shows, and those that only role client shows.
CLIENT_VARIANTS: Final[Mapping[str, Variant[VnicClient]]] = MappingProxyType(
    {**CLIENT_FAULTS, **CLIENT_SLIPS, **CLIENT_BUGS, **CLIENT_RULE_SLIPS, **CLIENT_MEMORY_SLIPS}
)


def __getattr__(name: str) -> Callable[[], ClientAdapter]:
    """What makes the adapter of a faulty client."""
    if name not in CLIENT_VARIANTS:
        raise AttributeError(f"no fault {name!r}; there are: {', '.join(CLIENT_VARIANTS)}")
    return partial(ClientAdapter, CLIENT_VARIANTS[name].make)
