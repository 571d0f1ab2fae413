"""Planted errors that no instance decides, decided for any number of servers."""

from __future__ import annotations

from dataclasses import replace

from vnic_model.mutants.obligations import ANY, Fate, Ruling
from vnic_model.prover.erring import examined
from vnic_spec.lemmas import LEMMAS


def put_to_proof(ruling: Ruling) -> Ruling:
    """What the instances leave undecided: refuted by an obligation, proved to be no error, or still undecided."""
    if ruling.fate.killed:
        return ruling
    found = examined(ruling.planted.effects)
    if found.by:
        fate = Fate.GUARD if found.guard else Fate.LEMMA if found.by in LEMMAS else Fate.PROPERTY
        by = f"lemma {found.by}" if fate is Fate.LEMMA else found.by
        return Ruling(ruling.planted, fate, by, found.action, ANY)
    return replace(ruling, fate=Fate.EQUIVALENT) if found.same else ruling
