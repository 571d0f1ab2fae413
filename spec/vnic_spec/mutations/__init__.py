"""Every mutation of the machine, gathered: importing this package defines them all."""

from __future__ import annotations

from vnic_spec.mutation import MUTATIONS, Mutation
from vnic_spec.mutations import complaints, console, dialogues, endless, events, queues, reports, selecting
from vnic_spec.mutations.endless import ENDLESS

#: The chapters in which mutations are defined, in reading order.
CHAPTERS = (events, selecting, reports, console, complaints, queues, dialogues)
#: Those that violate a property, and those that only an endless run refutes.
EVERY_MUTATION = {**MUTATIONS, **ENDLESS}

__all__ = ["CHAPTERS", "ENDLESS", "EVERY_MUTATION", "MUTATIONS", "Mutation", "endless"]
