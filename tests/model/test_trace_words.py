"""Properties in words: the formula of each, and the facts that make one fail."""

from __future__ import annotations

import pytest

from vnic_model.examples import mutation_trace
from vnic_model.formula import formulas_of, layout, negation
from vnic_model.replay import why
from vnic_spec.mutations import MUTATIONS
from vnic_spec.properties import PROPERTIES


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_prints(name: str) -> None:
    for actions, law in formulas_of(PROPERTIES[name]):
        lines = layout(law, 80)
        assert max(map(len, lines)) <= 110
        assert set(actions) <= set(PROPERTIES[name].actions) or not PROPERTIES[name].actions
        assert "object at" not in "".join(lines)
        assert law.op not in ("true", "false")


def printed(name: str) -> str:
    ((_, law),) = formulas_of(PROPERTIES[name])
    return "\n".join(layout(law, 80))


def test_quantifiers_stay_quantifiers() -> None:
    assert printed("INV-7") == "for every server i: granted(i) ⇒ connected(i)"
    assert printed("SEL-7").splitlines() == [
        "  (standing ∧ selected ≠ nobody ∧ profile reopen = KEEP)",
        "⇒ (selected′ = selected ∧ pin′ = pin)",
    ]


def test_a_law_that_treats_actions_apart_is_printed_for_each() -> None:
    found = formulas_of(PROPERTIES["CRQ-9"])
    assert [(actions, layout(law, 80)) for actions, law in found] == [
        (("client_registers", "h_reg_crq"), ["to_client′ is empty"]),
        (("server_registers",), ["to_server′(i) is empty"]),
    ]


@pytest.mark.parametrize("name", ["INV-2", "FOV-2", "INV-7", "SEL-8"])
def test_negation_is_its_own_inverse_on_one_line(name: str) -> None:
    ((_, law),) = formulas_of(PROPERTIES[name])
    twice = negation(negation(law))
    assert negation(negation(twice)) == twice


@pytest.mark.parametrize(
    ("mutation", "facts"),
    [
        ("no_fence", ("connected[0] is yes", "connected[1] is yes")),
        (
            "drop_event_on_full",
            (
                "the only element queued for the client is INIT of server 0",
                "what the client has handled since its last event or registration is of server 1",
            ),
        ),
        ("grants_survive", ("granted[0] is yes", "connected[0] is no")),
        ("fenced_send_accepted", ("connected[0] was no", "the answer is H_SUCCESS")),
        (
            "silent_without_successor",
            (
                "selected was server 0",
                "selected is nobody",
                "crq was OPEN",
                "nothing is queued for the client",
                "owed is NOTHING",
            ),
        ),
    ],
)
def test_the_facts_are_those_that_matter(mutation: str, facts: tuple[str, ...]) -> None:
    assert why(mutation_trace(MUTATIONS[mutation])) == facts
