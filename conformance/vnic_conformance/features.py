"""Which feature of the adapter a stimulus needs, as :mod:`vnic_conformance.interface` has it."""

from __future__ import annotations

from vnic_conformance.interface import FEATURE_OF, PARTITION
from vnic_conformance.stimulus import CONSOLE, PLATFORM, Stimulus


def feature_of(stimulus: Stimulus) -> str | None:
    """The feature that an implementation has to claim before this may be asked of it; None: it is no choice."""
    if ("unit", "wrong") in stimulus.arguments:
        return "wrong_unit"
    caller = stimulus.who if stimulus.who in (CONSOLE, PLATFORM) else PARTITION
    return FEATURE_OF.get((caller, stimulus.call))
