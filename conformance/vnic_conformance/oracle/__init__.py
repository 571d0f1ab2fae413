"""The oracle: the specification in lockstep with an implementation, as the set of states it may be in."""

from __future__ import annotations

from vnic_conformance.oracle.judge import ABSENT, MEASURED, MOST_REPEATS, REPEATED, Judgement, Oracle, measured
from vnic_conformance.oracle.possibility import Allowed, Possibility

__all__ = [
    "ABSENT",
    "MEASURED",
    "MOST_REPEATS",
    "REPEATED",
    "Allowed",
    "Judgement",
    "Oracle",
    "Possibility",
    "measured",
]
