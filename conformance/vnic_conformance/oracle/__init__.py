"""The oracle: the specification in lockstep with an implementation, as the set of states it may be in."""

from __future__ import annotations

from vnic_conformance.oracle.judge import Judgement, Oracle
from vnic_conformance.oracle.possibility import Allowed, Possibility

__all__ = ["Allowed", "Judgement", "Oracle", "Possibility"]
