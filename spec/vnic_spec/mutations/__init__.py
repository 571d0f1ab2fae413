"""Every mutation of the machine, gathered: importing this package defines them all.

The chapters bear the names of those of the requirements that are misread.
"""

from __future__ import annotations

from vnic_spec.mutation import ENDLESS, MUTATIONS, Mutation
from vnic_spec.mutations import (
    administration,
    dialogue,
    failover,
    monitoring,
    progress,
    selection,
    session,
    transport,
)

#: The chapters in which mutations are defined, in reading order.
CHAPTERS = (transport, selection, monitoring, failover, administration, session, dialogue, progress)
#: Those that violate a property, and those that only an endless run refutes.
EVERY_MUTATION = {**MUTATIONS, **ENDLESS}

__all__ = ["CHAPTERS", "ENDLESS", "EVERY_MUTATION", "MUTATIONS", "Mutation"]
