"""Every mutation of the machine, gathered: importing this package defines them all."""

from __future__ import annotations

from vnic_spec.mutation import MUTATIONS, Mutation
from vnic_spec.mutations import complaints, console, dialogues, events, queues, reports, selecting

#: The chapters in which mutations are defined, in reading order.
CHAPTERS = (events, selecting, reports, console, complaints, queues, dialogues)

__all__ = ["CHAPTERS", "MUTATIONS", "Mutation"]
