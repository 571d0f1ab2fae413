"""Every mutation of the machine, gathered: importing this package defines them all."""

from __future__ import annotations

from vnic_spec.mutation import ENDLESS, MUTATIONS, Mutation
from vnic_spec.mutations import complaints, console, dialogues, events, queues, reports, selecting, undue, without_end

#: The chapters in which mutations are defined, in reading order.
CHAPTERS = (events, selecting, reports, console, complaints, queues, dialogues, undue)
#: Those that violate a property, and those that only an endless run refutes.
EVERY_MUTATION = {**MUTATIONS, **ENDLESS}

__all__ = ["CHAPTERS", "ENDLESS", "EVERY_MUTATION", "MUTATIONS", "Mutation", "without_end"]
