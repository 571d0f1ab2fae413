"""Scripted cases: sequences of stimuli written by hand, for what the machine does not model and what chance rarely meets.

They are played by :mod:`vnic_conformance.running.scripts`, which is no part of this list: who only lists them needs no oracle.
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
    room_in_queues,
    sending,
    sub_queue_interrupts,
    sub_queues,
    switching,
    timing,
    using_memory,
    values,
    vanishing,
    watching,
)

# Last, so that what an earlier case finds is still found by it.
from vnic_conformance.cases import large_numbers, leftovers, meeting  # isort: skip
from vnic_conformance.cases.journeys import GENERATED
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
    "large_numbers",
    "leftovers",
    "meeting",
    "moments",
    "ranking",
    "refusing",
    "registering",
    "returning",
    "room_in_queues",
    "sending",
    "sub_queue_interrupts",
    "sub_queues",
    "switching",
    "timing",
    "using_memory",
    "values",
    "vanishing",
    "watching",
]

# What is written by hand comes first: it is short, and says what it is about.
for _name in [name for name in SCRIPTS if name in GENERATED]:
    SCRIPTS[_name] = SCRIPTS.pop(_name)
