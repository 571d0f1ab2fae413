"""Lemmas found by machine are enough for INV-2, each is needed, and ours play no part."""

from __future__ import annotations

import pytest

z3 = pytest.importorskip("z3")

from vnic_model.prover.candidates import Clause, Seen, candidates, text_of  # noqa: E402 - only where z3 is
from vnic_model.prover.houdini import AnyNumber, find, needed  # noqa: E402
from vnic_spec.catalogue import ACTIONS  # noqa: E402
from vnic_spec.lemmas import LEMMAS  # noqa: E402


def test_a_candidate_holds_in_every_row_and_no_part_of_it_does() -> None:
    # Atoms 0 and 1 never fail together; atom 2 never fails.
    rows = (frozenset({0}), frozenset({1}), frozenset[int]())
    found = candidates(Seen(3, rows), 2)
    positive = [tuple(x.atom for x in clause) for clause in found if all(x.positive for x in clause)]
    assert (0, 1) in positive
    assert (2,) in positive
    assert not any(len(clause) > 1 and 2 in clause for clause in positive)


@pytest.mark.slow
def test_what_was_found_is_enough_for_inv_2(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(LEMMAS):
        monkeypatch.delitem(LEMMAS, name)
    found = find("INV-2")
    assert found.sufficient
    # Once more, lemma by lemma and action by action, in a machine of its own.
    c = AnyNumber("INV-2")
    targets: list[Clause | str] = ["INV-2", *found.lemmas]
    for target in targets:
        others = [x for x in found.lemmas if x != target]
        for when in ("", *ACTIONS):
            shown = target if isinstance(target, str) else text_of(target)
            assert needed(c, target, when, others) is not None, f"{shown} / {when}"


def test_nothing_is_proved_from_nothing() -> None:
    c = AnyNumber("INV-2")
    c.patience = 500
    assert any(needed(c, "INV-2", when, []) is None for when in ("h_send_crq_to_client", "client_consumes"))
