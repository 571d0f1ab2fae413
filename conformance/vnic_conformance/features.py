"""Which feature of the adapter a stimulus needs. A small table of its own: the cases need it, and nothing else of a session."""

from __future__ import annotations

from collections.abc import Mapping

from vnic_conformance.stimulus import CONSOLE, PLATFORM, Stimulus

_CONSOLE_FEATURE, _POWER, _MIGRATION = "console", "power", "migration"
_CALL_FEATURES: Mapping[str, str] = {
    "vio_signal": "interrupts",
    "eoi": "interrupts",
    "reg_sub_crq": "sub_crq",
    "free_sub_crq": "sub_crq",
    "send_sub_crq": "sub_crq",
    "send_sub_crq_indirect": "sub_crq",
    "dma_read": "dma",
    "dma_write": "dma",
    "poke": "dma",
    "peek": "dma",
}


def feature_of(stimulus: Stimulus) -> str | None:
    """The feature that an implementation has to claim before this may be asked of it; None: it is no choice."""
    if ("unit", "wrong") in stimulus.arguments:
        return "wrong_unit"
    if stimulus.who == CONSOLE:
        return _CONSOLE_FEATURE
    if stimulus.who == PLATFORM:
        return _MIGRATION if stimulus.call == "migrate" else _POWER
    return _CALL_FEATURES.get(stimulus.call)
