"""Scripted cases: words of stimuli written by hand, for what the machine knows nothing of, and for what chance rarely meets.

They are played by :mod:`vnic_conformance.cases.runner`, which is no part of this list: who only lists them needs no oracle.
"""

from __future__ import annotations

# Importing the modules enters their scripts into the list.
from vnic_conformance.cases import (
    absent,
    administering,
    delaying,
    enduring,
    geometry,
    headline,
    indices,
    moments,
    ranking,
    refusing,
    registering,
    returning,
    room,
    sending,
    sub_queues,
    switching,
    timing,
    utmost,
    values,
    vanishing,
    watching,
)
from vnic_conformance.cases.script import LONG_SCRIPTS, SCRIPTS, Script, ScriptStep

__all__ = [
    "LONG_SCRIPTS",
    "SCRIPTS",
    "Script",
    "ScriptStep",
    "absent",
    "administering",
    "delaying",
    "enduring",
    "geometry",
    "headline",
    "indices",
    "moments",
    "ranking",
    "refusing",
    "registering",
    "returning",
    "room",
    "sending",
    "sub_queues",
    "switching",
    "timing",
    "utmost",
    "values",
    "vanishing",
    "watching",
]
