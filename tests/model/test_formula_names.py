"""In a printed formula no bound name hides another, and every element that is spoken of is bound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from vnic_model.bound_names import apart, bound_by
from vnic_model.formula import Formula, Name, PrintOps, QueueName, atom, formulas_of, one_line
from vnic_spec.lemmas import LEMMAS
from vnic_spec.properties import PROPERTIES

#: Parameters of actions that have one letter: free in what is said of a step.
PARAMETERS = {"i", "b"}


def faults(f: Formula, outer: set[str]) -> Iterator[str]:
    """Names that hide one of ``outer``, and elements that nothing binds."""
    mine = set(bound_by(f))
    assert bool(mine) == (f.op in ("every", "some")), f.text
    yield from (f"{name} is bound again: {f.text}" for name in mine & outer)
    spoken = set(re.findall(r"\b(\w)\.(?:kind|sender|fresh)", f.text))
    yield from (f"{name} is bound nowhere: {f.text}" for name in spoken - outer)
    for part in f.parts:
        yield from faults(part, outer | mine)


@pytest.mark.parametrize("claims", [PROPERTIES, LEMMAS], ids=["properties", "lemmas"])
def test_no_formula_hides_a_name(claims: Any) -> None:
    for claim in claims.values():
        free = set() if claim.of_state else PARAMETERS
        for _, formula in formulas_of(claim):
            assert not list(faults(formula, free)), claim.name


def test_the_law_would_notice() -> None:
    inner = Formula("every", (atom("e.kind = INIT"),), "element e of to_server(i)")
    outer = Formula("every", (inner, atom("f.fresh")), "first element e of to_client")
    assert list(faults(outer, set())) == [
        "e is bound again: element e of to_server(i)",
        "f is bound nowhere: f.fresh",
    ]
    assert list(faults(Formula("every", (), "server i"), {"i"})) == ["i is bound again: server i"]


def test_laws_inside_each_other_get_names_of_their_own() -> None:
    queue = QueueName("q")
    nested: Any = queue.every(lambda e: queue.every(lambda f: PrintOps().eq(e.kind, f.kind)))
    assert one_line(nested) == "for every element e of q: for every element f of q: e.kind = f.kind"


def test_a_law_made_before_the_one_around_it_is_renamed() -> None:
    o, queue = PrintOps(), QueueName("q")
    pairs: Any = queue.in_order(lambda e, f: o.ne(e.kind, f.kind))
    law: Any = queue.first(lambda e: o.all_of(e.fresh, pairs))
    assert one_line(law).endswith("for every element g before an element f in q: g.kind ≠ f.kind)")
    everybody: Any = o.every(lambda i: o.eq(i, Name("selected")))
    both: Any = o.some(lambda i: o.all_of(o.eq(i, Name("seen")), everybody))
    assert one_line(both) == "for some server i: i = seen ∧ (for every server j: j = selected)"


def test_what_hides_nothing_stays_as_it_is() -> None:
    law = Formula("every", (atom("e.fresh"),), "element e of q")
    assert apart(law, {"i", "f"}) == law
