"""Every lemma, gathered: importing this package defines them all."""

from __future__ import annotations

from vnic_spec.lemma import LEMMAS
from vnic_spec.lemmas import connection, dialogue, elements, holding

#: The chapters in which lemmas are defined, in reading order.
CHAPTERS = (connection, elements, holding, dialogue)

__all__ = ["CHAPTERS", "LEMMAS"]
