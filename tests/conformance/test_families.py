"""Generated cases say what they need, arrays of pairs are complete, and the table of the interface is that of the protocol."""

from __future__ import annotations

import os
import re
from itertools import combinations, islice
from pathlib import Path

from vnic_conformance import domains
from vnic_conformance.cases import LONG_SCRIPTS, SCRIPTS
from vnic_conformance.cases.journeys import GENERATED
from vnic_conformance.cases.vanishing import EVENTS
from vnic_conformance.features import feature_of
from vnic_conformance.interface import CALL_OF, OPERATIONS
from vnic_conformance.protocol.messages import FEATURES
from vnic_conformance.protocol.schema import document
from vnic_conformance.session import conversation
from vnic_conformance.specification import protocol_table
from vnic_conformance.specification.vanishing_table import GONE, KEPT, KINDS, cells, page
from vnic_conformance.targets import Target
from vnic_conformance.targets.in_process import InProcessLink
from vnic_reference.adapter import Adapter
from vnic_spec.action import Actor
from vnic_spec.catalogue import ACTIONS
from vnic_spec.profile import Profile
from vnic_spec.requirements import REQUIREMENTS
from vnic_spec.wire import Vioctl

FAMILIES = Path(__file__).parents[2] / "docs" / "families.md"
PAGE = Path(__file__).parents[2] / "docs" / "adapter-protocol.md"
#: Steps by which a long case has said what it needs.
BEGINNING = 1_500
SWITCHES = {Vioctl.DISABLE_ALL_VIO_INTERRUPTS, Vioctl.DISABLE_VIO_INTERRUPT, Vioctl.ENABLE_VIO_INTERRUPT}


def test_a_generated_case_says_which_features_it_needs() -> None:
    for name in sorted(GENERATED):
        script = (SCRIPTS | LONG_SCRIPTS)[name]
        steps = list(islice(script.write(Profile()), BEGINNING))
        used = {feature for step in steps if (feature := feature_of(step.stimulus)) is not None}
        if any(s.stimulus.call == "vioctl" and s.stimulus.given["sub"] in SWITCHES for s in steps):
            used |= {"interrupts"}
        used |= {"unpaired"} if script.unpaired else set()
        assert script.features == used, name
        assert all(not step.expected for step in steps), name  # what is right the oracle alone says


def test_every_pair_of_classes_stands_in_a_covering_array() -> None:
    for given in (
        (domains.ADDRESS, domains.LENGTH),
        (domains.STATUS, domains.INTERVAL, domains.UNUSED),
        (range(7), range(5), range(3), range(4), range(2)),
    ):
        rows = list(domains.pairs(*given))
        assert len(rows) == len(set(rows))
        for i, j in combinations(range(len(given)), 2):
            assert {(row[i], row[j]) for row in rows} == {(a, b) for a in given[i] for b in given[j]}
        assert len(rows) <= 2 * sorted(len(d) for d in given)[-1] * sorted(len(d) for d in given)[-2]


def test_every_class_stands_alone_beside_right_values() -> None:
    rows = list(domains.singles(domains.ADDRESS, domains.LENGTH))
    for address, length in rows:
        assert address == domains.ADDRESS[0] or length == domains.LENGTH[0]
    assert {a for a, _ in rows} == set(domains.ADDRESS)
    assert {n for _, n in rows} == set(domains.LENGTH)


def test_the_table_has_the_calls_and_arguments_of_the_schema() -> None:
    definitions = document()["$defs"]
    beyond = {"platform_hang", "platform_resume", "platform_rmdev", "platform_mkdev"}  # role system
    in_schema = {n for n in definitions if n.partition("_")[0] in ("partition", "console", "platform")} - beyond
    assert {f"{o.caller}_{o.call}" for o in OPERATIONS} == in_schema
    for o in OPERATIONS:
        of_system = {"target", "servers"} if o.call == "migrate" else set()
        fields = set(definitions[f"{o.caller}_{o.call}"].get("properties", {})) - of_system
        assert {a.name for a in o.arguments} == fields, o.call


def test_the_table_names_what_there_is() -> None:
    for o in OPERATIONS:
        assert o.requirement in REQUIREMENTS
        assert set(o.actions) <= set(ACTIONS)
        assert not o.feature or o.feature in FEATURES
    drivers = {"client", "server", "h"}
    moved = {a for a in ACTIONS if a.partition("_")[0] in drivers} & {a for o in OPERATIONS for a in o.actions}
    assert {"h_reg_crq", "server_reports", "client_complains"} <= moved


def test_the_page_of_the_protocol_names_every_call_with_its_arguments() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = "\n".join(line for line in text.splitlines() if line.startswith("|"))
    named = set(re.findall(r"`([a-z_0-9]+)`", rows))
    for o in OPERATIONS:
        assert o.call in named, o.call
        for argument in o.arguments:
            assert argument.name == "unit" or argument.name in named, (o.call, argument.name)


def test_the_table_of_calls_in_the_page_of_the_protocol_is_that_of_the_interface() -> None:
    found = list(protocol_table.calls())
    lines = PAGE.read_text(encoding="utf-8").split("\n")
    first = lines.index(found[0])
    lines[first : lines.index("", first) + 1] = found
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text("\n".join(lines), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == "\n".join(lines)


def test_the_schema_requires_the_arguments_that_the_table_requires() -> None:
    definitions = document()["$defs"]
    for o in OPERATIONS:
        owed = {a.name for a in o.arguments if not a.optional and a.name != "unit"}
        assert owed == set(definitions[f"{o.caller}_{o.call}"].get("required", [])), o.call
        assert {r.name for r in o.results} <= set(definitions["reply"]["properties"]), o.call


def test_every_action_that_is_a_call_is_translated_into_one() -> None:
    """Calls as anybody may make them, the console's and the platform's; what the dialogue and time add is no call."""
    of_dialogue = {a.name for a in ACTIONS.values() if a.module.endswith(".dialogue")}
    told = {a.name for a in ACTIONS.values() if a.actor is not Actor.CLOCK} - of_dialogue
    assert told - set(CALL_OF) == {"server_hangs", "server_resumes"}  # role system has them
    assert set(CALL_OF) <= told


def test_the_table_of_what_vanishes_is_that_of_the_page_and_has_no_empty_cell() -> None:
    with Target(InProcessLink(Adapter())) as reference:
        found = list(cells(conversation(reference, Profile()), Profile()))
    assert len(found) == len(KINDS) * len(EVENTS)
    assert {said for _, _, said, _ in found} == {GONE, KEPT}  # everything is there before every event
    assert all(requirement in REQUIREMENTS for _, _, _, requirement in found)
    for kind in KINDS:
        said = {s for k, _, s, _ in found if k == kind}
        assert KEPT in said, kind
    played = {name.partition("/")[2].removesuffix("-pinned") for name in GENERATED if name.endswith("-pinned")}
    assert played == {event.name for event in EVENTS}
    head, _, rest = FAMILIES.read_text(encoding="utf-8").partition("<!-- vanishing -->\n")
    _, _, tail = rest.partition("<!-- end -->\n")
    text = f"{head}<!-- vanishing -->\n" + "\n".join(page(iter(found))) + f"\n<!-- end -->\n{tail}"
    if os.environ.get("UPDATE_GOLDEN"):
        FAMILIES.write_text(text, encoding="utf-8")
    assert FAMILIES.read_text(encoding="utf-8") == text
