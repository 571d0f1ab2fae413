"""What there is to say about a requirement, a property, an action or a misreading, as data.

``vnickit explain`` prints it as text or as JSON. Facts are collected from where they stand; examples are found live.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from vnic_model.examples import mutation_trace, mutations_against, witness_trace
from vnic_model.formula import formulas_of, layout
from vnic_model.instances import SCENARIOS
from vnic_model.trace import Trace
from vnic_spec.action import PARAMETERS as ACTION_PARAMETERS
from vnic_spec.action import Action
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import EVERY_MUTATION, Mutation
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property, Scope
from vnic_spec.requirements import ALL_PARAMETERS, CLAIM_MAP, GROUPS, REQUIREMENTS, Requirement, links

#: Columns of a formula.
FORMULA_WIDTH = 80

CLAIMED = {
    Scope.ANYBODY: "of the hypervisor alone, whatever client and servers do",
    Scope.DRIVERS: "of a client and servers that keep to the dialogue",
}


@dataclass(frozen=True)
class Examples:
    """A run that exercises a property, and one by which a misreading violates it."""

    witness: Trace | None = None
    mutation: Trace | None = None


def properties_of(entry: Requirement) -> list[Property]:
    """The properties that formalise a requirement, the one of its own name first."""
    named = [PROPERTIES[name] for name in links(entry.id, ACTIONS, PROPERTIES).properties]
    return sorted(named, key=lambda p: (p.name != entry.id, p.requirements[0] != entry.id))


def mutations_of(entry: Requirement) -> list[Mutation]:
    """The misreadings of a requirement, and those that violate its own property."""
    own = [m for m in EVERY_MUTATION.values() if m.refutes == entry.id]
    also = [m for m in EVERY_MUTATION.values() if m not in own and m.requirement == entry.id]
    main = properties_of(entry)[:1]
    rest = [m for p in main for m in mutations_against(p) if m not in own and m not in also]
    return own + also + rest


def examples_of(entry: Requirement) -> Examples:
    """The examples for a requirement: of its first property, and of its first misreading."""
    named, misread = properties_of(entry), mutations_of(entry)
    return Examples(
        witness_trace(named[0]) if named else None,
        mutation_trace(misread[0]) if misread else None,
    )


def formula_lines(claim: Property) -> list[str]:
    """A property as a formula, with the actions it speaks of where it distinguishes them."""
    lines: list[str] = []
    found = formulas_of(claim)
    for actions, law in found:
        if actions:
            lines.append(f"[{' | '.join(actions)}]")
        elif len(found) > 1:
            lines.append("[any other step]")
        lines += layout(law, FORMULA_WIDTH)
    return lines


def source_of(claim: Property) -> tuple[str, str]:
    """Where a property is defined, and its Python text without decorator and docstring."""
    function = claim.of_state or claim.of_step
    assert function is not None
    return f"{function.__module__}.{function.__name__}", code_of(function)


def code_of(function: Any) -> str:
    """The Python text of a function, without decorator and docstring."""
    text = inspect.getsource(function)
    text = text[text.index("def ") :]
    doc = function.__doc__
    if doc:
        head, _, tail = text.partition(f'"""{doc}"""')
        text = head.rstrip() + tail
    return text.rstrip()


# --- as plain data -------------------------------------------------------------------------------------------------


def plain_requirement(entry: Requirement, examples: Examples) -> dict[str, object]:
    """A requirement and all that hangs on it."""
    found = links(entry.id, ACTIONS, PROPERTIES)
    return {
        "requirement": entry.id,
        "group": GROUPS[entry.group],
        "text": entry.text,
        "source": entry.source,
        "level": str(entry.level),
        "decision": entry.decision or None,
        "profile": [plain_parameter(name) for name in entry.profile],
        "claim": [e.element for e in CLAIM_MAP if entry.id in e.requirements],
        "properties": [plain_property(p) for p in properties_of(entry)],
        "actions": [plain_action(ACTIONS[name]) for name in found.actions],
        "mutations": [plain_mutation(m) for m in mutations_of(entry)],
        "elsewhere": None
        if entry.elsewhere is None
        else {"reason": entry.elsewhere.reason, "where": entry.elsewhere.where, "whole": entry.elsewhere.whole},
        **plain_examples(examples),
    }


def plain_examples(examples: Examples) -> dict[str, object]:
    """The examples as the lines of their documents."""
    return {
        "witness_trace": None if examples.witness is None else examples.witness.dump().splitlines(),
        "mutation_trace": None if examples.mutation is None else examples.mutation.dump().splitlines(),
    }


def plain_parameter(name: str) -> dict[str, object]:
    """A profile parameter."""
    described = ALL_PARAMETERS[name]
    default = None if described.default is None else str(described.default)
    return {"name": name, "default": default, "allowed": described.allowed, "meaning": described.meaning}


def plain_property(claim: Property) -> dict[str, object]:
    """A property in words, as formula and as code."""
    where, code = source_of(claim)
    return {
        "property": claim.name,
        "requirements": list(claim.requirements),
        "kind": "state" if claim.of_state else "step",
        "scope": str(claim.scope),
        "sentence": claim.sentence,
        "formula": formula_lines(claim),
        "defined_in": where,
        "code": code,
        "witness": claim.witness_sentence,
        "instance": claim.instance,
        "mutations": [m.name for m in mutations_against(claim)],
    }


def plain_action(action: Action) -> dict[str, object]:
    """An action of the machine."""
    return {
        "action": action.name,
        "actor": action.actor.name.lower(),
        "sentence": action.sentence,
        "requirements": list(action.requirements),
        "parameters": {name: ACTION_PARAMETERS[name][1] for name in action.parameters},
        "environment": action.environment,
        "instances": [s.name for s in SCENARIOS.values() if action.name in s.actions],
        "defined_in": f"{action.module}.{action.name}",
    }


def plain_mutation(mutation: Mutation) -> dict[str, object]:
    """A misreading."""
    return {
        "mutation": mutation.name,
        "requirement": mutation.requirement,
        "violates": mutation.refutes,
        "sentence": mutation.sentence,
    }


def everything() -> list[str]:
    """All that can be explained."""
    return [*REQUIREMENTS, *PROPERTIES, *ACTIONS, *EVERY_MUTATION]
