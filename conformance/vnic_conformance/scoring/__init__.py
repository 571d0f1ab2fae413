"""Measuring the kit: implementations with a known fault, and legal ones, are checked and counted.

A *fault* is an implementation that does one thing wrong and must be found; a *variant* one that does what it may and must pass.
Rosters name them (:mod:`~vnic_conformance.scoring.roster`), trials put them to the test
(:mod:`~vnic_conformance.scoring.trial`), a score counts (:mod:`~vnic_conformance.scoring.score`).
"""

from __future__ import annotations

from vnic_conformance.scoring.roster import Entry, Roster, RosterError, asked, read
from vnic_conformance.scoring.score import Score, keep_score
from vnic_conformance.scoring.trial import Job, Trial, attempt

__all__ = ["Entry", "Job", "Roster", "RosterError", "Score", "Trial", "asked", "attempt", "keep_score", "read"]
