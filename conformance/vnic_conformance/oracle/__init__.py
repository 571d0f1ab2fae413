"""The oracle: the specification in lockstep with an implementation, as the set of states it may be in."""

from __future__ import annotations

from vnic_conformance.oracle.judge import MOST_REPEATS, Oracle, measured
from vnic_conformance.oracle.judgement import Alternative, Judge, Judgement
from vnic_conformance.oracle.possibility import Allowed, Possibility

__all__ = [
    "MOST_REPEATS",
    "Allowed",
    "Alternative",
    "Judge",
    "Judgement",
    "Oracle",
    "Possibility",
    "measured",
]
