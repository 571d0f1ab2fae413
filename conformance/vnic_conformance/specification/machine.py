"""The chapters that come from the machine: diagrams, rules, actions, properties, lemmas."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from vnic_conformance.explaining import CLAIMED, formula_lines
from vnic_conformance.specification.contents import place
from vnic_conformance.specification.markdown import CODE, code, item, links, paragraph, plain
from vnic_conformance.specification.prose import ACTION_CHAPTERS, ACTORS, DIAGRAMS, PROPERTY_CHAPTERS
from vnic_conformance.specification.tables import property_link, property_title
from vnic_model.examples import mutations_against
from vnic_model.goals import PLANS
from vnic_model.instances import NEEDS_ANOTHER, SCENARIOS, instance
from vnic_model.pseudocode import (
    RULES_IN_WORDS,
    Story,
    is_statement,
    parameter_words,
    parameters_of,
    story_of,
    story_of_rule,
)
from vnic_model.quotient import Quotient, mermaid, quotients
from vnic_spec import catalogue, properties
from vnic_spec.action import PARAMETERS, Action
from vnic_spec.catalogue import ACTIONS
from vnic_spec.lemmas import LEMMAS
from vnic_spec.properties import PROPERTIES
from vnic_spec.property import Property
from vnic_spec.rule import Rule
from vnic_spec.state import State

_SEEN: Mapping[str, Callable[[State], object]] = {
    "crq": lambda s: s.crq,
    "status": lambda s: s.status(0),
    "phase": lambda s: s.phase,
    "belief": lambda s: s.belief(0),
}


def diagrams() -> Iterator[str]:
    """The explored graph of the dialogue with one server, seen through one variable at a time."""
    names = SCENARIOS["core"].actions | SCENARIOS["migration"].actions
    one = replace(instance("core", 1), actions=names - NEEDS_ANOTHER, parameters={})
    found = quotients(one, _SEEN)
    yield from paragraph(
        "Each diagram is the complete state graph of the dialogue with one server, crashes, hangs, silence and migration "
        f"included, seen through one variable. Arrows bear the names of actions ({place('Actions')})."
    )
    for name, heading in DIAGRAMS.items():
        yield from paragraph(f"**{heading}** (`{name}`)")
        yield from code(mermaid(found[name]), "mermaid")
        yield from _gathered(found[name])


def _gathered(found: Quotient) -> Iterator[str]:
    for action, (target, sources) in found.gathered().items():
        others = set(found.values) - {target}
        where = "every other state" if set(sources) == others else ", ".join(sources)
        yield from item(f"Not drawn: `{action}` leads to {target} from {where}.")
    if found.gathered():
        yield ""


def rules() -> Iterator[str]:
    """The annex of rules."""
    yield from paragraph(
        "What several actions have in common. A rule in lower case is a statement, one in CAPITALS a part of a step."
    )
    for rule in RULES_IN_WORDS.values():
        yield f"#### {title_of(rule)}"
        yield ""
        yield from paragraph(plain(rule.function.__doc__ or ""))
        story = story_of_rule(rule, CODE)
        if is_statement(rule):
            yield from code(story.guard)
        else:
            yield from code(_story(story))


def title_of(rule: Rule[..., Any]) -> str:
    """A rule as its heading names it."""
    parameters = parameters_of(rule)
    words = rule.words.format(*parameters)
    if "at_once" in parameters and not is_statement(rule):
        words += " [at once]"
    return f"{words} if when" if "when" in parameters else words


def _story(story: Story) -> Iterator[str]:
    yield from _block("when", story.guard)
    yield from _block("", story.steps if story.steps else ("(nothing changes)",))
    yield from _block("history", story.history)
    yield from _block("stored", tuple(f"if {line}" for line in story.stored))
    yield from _block("answers", story.answer)


def _block(label: str, lines: tuple[str, ...]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"{label if number == 0 else '':<10}{line}".rstrip()


def actions() -> Iterator[str]:
    """The annex of actions."""
    for chapter in catalogue.CHAPTERS:
        name = chapter.__name__.rpartition(".")[2]
        heading, introduction = ACTION_CHAPTERS[name]
        yield f"### {heading}"
        yield ""
        yield from paragraph(introduction)
        for action in ACTIONS.values():
            if action.module == chapter.__name__:
                yield from _action(action)


def _action(action: Action) -> Iterator[str]:
    yield f"#### {action.name}"
    yield ""
    words = f"*{ACTORS[action.actor.name]}* · {links(action.requirements)}"
    yield from paragraph(words)
    yield from paragraph(plain(action.effect.__doc__ or ""))
    shown = [f"`{parameter_words(name)}`: {PARAMETERS[name][1]}" for name in action.parameters if name not in _OBVIOUS]
    if shown:
        yield from paragraph(f"With {'; '.join(shown)}.")
    yield from code(_story(story_of(action, CODE - 10)))


#: Parameters that the notation explains for every action.
_OBVIOUS = ("i", "b", "full", "client_full", "server_full")


def formal() -> Iterator[str]:
    """The annex of properties."""
    for chapter in properties.CHAPTERS:
        name = chapter.__name__.rpartition(".")[2]
        # The frame properties of a chapter follow it under its own heading.
        if ".frames." not in chapter.__name__:
            yield f"### {PROPERTY_CHAPTERS[name]}"
            yield ""
        for claim in PROPERTIES.values():
            if claim.chapter == chapter.__name__:
                yield from _property(claim)


def _property(claim: Property) -> Iterator[str]:
    yield f"#### {property_title(claim.name, claim.of_state or claim.of_step)}"
    yield ""
    kind = "state" if claim.of_state else "step"
    yield from paragraph(f"*{kind} property* · {links(claim.requirements)} · claimed {CLAIMED[claim.scope]}")
    yield from paragraph(claim.sentence)
    yield from code(_formula(claim))
    yield from _proof(claim.name)
    yield from item(f"*Put to the test when* {claim.witness_sentence} (instance `{claim.instance}`)")
    for mutation in mutations_against(claim):
        yield from item(f"*Violated if* {mutation.requirement} is read as: {mutation.sentence} (`{mutation.name}`)")
    yield ""


def _proof(goal: str) -> Iterator[str]:
    plan = PLANS.get(goal)
    if plan is None:
        return
    if not plan.any_number:
        yield from item(f"*Not proved for any number of servers*: {plan.reason}")
        return
    words = "*Proved* by induction for any number of servers and any depth of queues"
    yield from item(f"{words}, with {', '.join(map(_goal_link, plan.using))}" if plan.using else words)


def _goal_link(name: str) -> str:
    claim = PROPERTIES.get(name)
    return f"[{name}](#lemma-{name})" if claim is None else property_link(name, claim.of_state or claim.of_step)


def _formula(claim: Any) -> Iterator[str]:
    """A formula; the actions that it speaks of over several lines where they are many."""
    for line in formula_lines(claim):
        yield from textwrap.wrap(line, CODE, subsequent_indent=" ") if line.startswith("[") else [line]


def lemmas() -> Iterator[str]:
    """The annex of lemmas."""
    yield from paragraph(
        "What a proof by induction needs besides the properties: statements about history variables and the inside of "
        "queues that nobody would ask of an implementation. They are proved together with the properties."
    )
    for name, entry in LEMMAS.items():
        yield f"#### Lemma {name}"
        yield ""
        yield from paragraph(entry.sentence)
        yield from code(_formula(entry))
        yield from _proof(name)
        yield ""
