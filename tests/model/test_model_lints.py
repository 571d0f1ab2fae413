"""Lints over the traced machine: what every action reads and changes, known exactly from its expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

import pytest

from vnic_model.direct import domain
from vnic_model.instance import Instance
from vnic_model.instances import SCENARIOS
from vnic_model.traced import Traced, Tracer
from vnic_spec import transport
from vnic_spec.action import PARAMETERS, Effect
from vnic_spec.algebra import Ops, Server
from vnic_spec.catalogue import ACTIONS
from vnic_spec.mutations import MUTATIONS
from vnic_spec.profile import ClientInit, ComplaintOrder, Crossing, EventFull, Profile, Reopen
from vnic_spec.properties import PROPERTIES
from vnic_spec.state import VARIABLES, State
from vnic_spec.vocabulary import Kind

#: Between them they take every branch that depends on the profile.
PROFILES = (
    Profile(),
    Profile(
        event_full=EventFull.DEFER,
        crossing=Crossing.GAP,
        reopen=Reopen.RESELECT,
        complaint_order=ComplaintOrder.LOPAR,
        client_init=ClientInit.ANSWER,
        preempt_delay_ms=1,
    ),
)


def everything(profile: Profile, **effects: Any) -> Instance:
    """All actions with all their parameters, for two servers."""
    return Instance("everything", 2, frozenset(ACTIONS), profile=profile, effects=effects)


@cache
def tracer(profile: Profile) -> Tracer:
    return Tracer(everything(profile))


def of_variable(scalar: str) -> str:
    """``to_client[1].kind`` → ``to_client``; who sent an element and whether it is fresh are told apart, as history."""
    variable = scalar.partition("[")[0].partition(".")[0]
    field = scalar.rpartition(".")[2]
    return f"{variable}.{field}" if field in ("sender", "fresh") else variable


GHOSTS = {v.name for v in VARIABLES if v.ghost} | {"to_client.sender", "to_client.fresh", "to_server.fresh"}


def variables(scalars: Iterable[str]) -> set[str]:
    return {of_variable(scalar) for scalar in scalars}


@dataclass(frozen=True)
class Use:
    """What one action makes of the variables."""

    action: str
    asked: frozenset[str]  #: read to decide whether it is possible, or what it answers
    written: tuple[tuple[str, frozenset[str]], ...]  #: (variable changed, variables that its new value depends on)


def uses(traced: Iterable[Traced]) -> Iterator[Use]:
    for t in traced:
        asked = variables(t.guard.reads) | (set() if t.answer is None else variables(t.answer.reads))
        written = tuple((of_variable(s), frozenset(variables(n.reads))) for s, n in t.updates.items())
        yield Use(t.action.name, frozenset(asked), written)


@pytest.fixture(scope="module")
def all_uses() -> list[Use]:
    return [use for p in PROFILES for name in ACTIONS for use in uses(tracer(p).trace(name))]


# --- variables -----------------------------------------------------------------------------------------------------


def influential(found: Iterable[Use]) -> set[str]:
    """Variables that are asked for, or on which a variable other than themselves depends."""
    found = list(found)
    asked = set().union(*(use.asked for use in found))
    return asked | {read for use in found for written, reads in use.written for read in reads if read != written}


def test_no_variable_is_written_and_never_read(all_uses: list[Use]) -> None:
    real = {v.name for v in VARIABLES} - GHOSTS
    assert real - influential(all_uses) == set()


def test_every_variable_is_written(all_uses: list[Use]) -> None:
    written = {variable for use in all_uses for variable, _ in use.written}
    # That no fenced server's element is stored is plain from the expressions: this one is written only by a misreading.
    assert {v.name for v in VARIABLES} | GHOSTS == written | {"intruded"}
    misread = Tracer(replace(everything(Profile()), rules=MUTATIONS["fenced_send_accepted"].rules))
    assert "intruded" in {variable for use in uses(misread.trace("server_sends_init")) for variable, _ in use.written}


def test_a_variable_that_is_only_written_is_noticed(all_uses: list[Use]) -> None:
    # The wish is read only where the client logs in.
    assert "wish" not in influential(use for use in all_uses if use.action != "client_sends_login")


def influenced_by_history(found: Iterable[Use]) -> list[tuple[str, str]]:
    """(action, what depends on a history variable though it is none)."""
    result = []
    for use in found:
        if use.asked & GHOSTS:
            result.append((use.action, "guard or answer"))
        result += [(use.action, written) for written, reads in use.written if written not in GHOSTS and reads & GHOSTS]
    return sorted(set(result))


def test_history_does_not_influence_behaviour(all_uses: list[Use]) -> None:
    assert influenced_by_history(all_uses) == []


def test_history_serves_the_proof() -> None:
    t = tracer(Profile())
    o = t.ops
    read = set()
    for p in PROPERTIES.values():
        if p.of_state is not None:
            read |= variables(o.node(p.of_state(o, t.state)).reads)
    # ``sender`` and ``fresh`` reach the properties through ``seen`` and ``deceived`` as well.
    assert {v.name for v in VARIABLES if v.ghost} <= read


def _asks_history(o: Ops, s: State, i: Server) -> Effect:
    effect = transport.server_boots(o, s, i)
    return Effect(o.all_of(effect.guard, o.no(s.unbalanced)), effect.state)


def _acts_on_history(o: Ops, s: State, i: Server) -> Effect:
    effect = transport.server_boots(o, s, i)
    return Effect(effect.guard, effect.state.but(auto=o.ite(o.eq(s.seen, o.nobody), s.auto, o.true)))


def _answers_by_sender(o: Ops, s: State, i: Server) -> Effect:
    effect = transport.server_boots(o, s, i)
    return Effect(effect.guard, effect.state, o.ite(s.to_client.first(lambda e: o.eq(e.sender, i)), i, o.nobody))


def _reads_kinds(o: Ops, s: State, i: Server) -> Effect:
    effect = transport.server_boots(o, s, i)
    return Effect(o.all_of(effect.guard, s.to_client.first(lambda e: o.eq(e.kind, Kind.INIT))), effect.state)


@pytest.mark.parametrize(
    ("effect", "noticed"),
    [
        (_asks_history, [("server_boots", "guard or answer")]),
        (_acts_on_history, [("server_boots", "auto")]),
        (_answers_by_sender, [("server_boots", "guard or answer")]),
        (_reads_kinds, []),
    ],
)
def test_an_action_that_heeds_history_is_noticed(effect: Any, noticed: list[tuple[str, str]]) -> None:
    spoilt = Tracer(everything(Profile(), server_boots=effect))
    assert influenced_by_history(uses(spoilt.trace("server_boots"))) == noticed


# --- parameters ----------------------------------------------------------------------------------------------------


def unread_parameters(t: Tracer, name: str) -> set[str]:
    """Parameters of an action that make no difference to it, whatever the others are."""
    action = ACTIONS[name]
    domains = [domain(t.instance, action, p) for p in action.parameters]
    # Nodes are compared by their number: equal expressions are one node.
    steps = {
        step.parameters: (
            step.guard.ident,
            sorted((scalar, node.ident) for scalar, node in step.updates.items()),
            None if step.answer is None else step.answer.ident,
        )
        for step in t.trace(name)
    }
    unread = set()
    for k, parameter in enumerate(action.parameters):
        rest = [d for j, d in enumerate(domains) if j != k]
        if all(
            steps.get((*others[:k], value, *others[k:])) == steps.get((*others[:k], domains[k][0], *others[k:]))
            for others in product(*rest)
            for value in domains[k]
        ):
            unread.add(parameter)
    return unread


@pytest.mark.parametrize("name", ACTIONS)
def test_every_parameter_is_read(name: str) -> None:
    assert unread_parameters(tracer(PROFILES[0]), name) & unread_parameters(tracer(PROFILES[1]), name) == set()


def test_a_parameter_that_is_never_read_is_noticed() -> None:
    def deaf(o: Ops, s: State, i: Server, full: object) -> Effect:
        return transport.server_boots(o, s, i)

    # An action with a parameter ``full``, carried out by something that does not look at it.
    spoilt = Tracer(everything(Profile(), server_sends_init=deaf))
    assert unread_parameters(spoilt, "server_sends_init") == {"full"}
    assert unread_parameters(tracer(Profile()), "server_sends_init") == set()


def test_every_parameter_name_is_used() -> None:
    assert set(PARAMETERS) == {p for action in ACTIONS.values() for p in action.parameters}


# --- actions, instances --------------------------------------------------------------------------------------------


def test_what_an_instance_leaves_out_is_a_choice_of_the_environment_or_of_other_partners() -> None:
    # It never leaves out one half of the dialogue, or of the bare calls.
    bare = {n for n, s in SCENARIOS.items() if s.bare}
    of_bare = set.intersection(*(set(SCENARIOS[n].actions) for n in bare))
    of_drivers = set.intersection(*(set(s.actions) for n, s in SCENARIOS.items() if n not in bare))
    assert {"h_reg_crq", "h_free_crq", "client_consumes", "server_consumes"} <= of_bare
    assert of_bare & of_drivers == {"server_reports"}


def test_servers_register_unless_they_are_registered_for_good() -> None:
    without = [n for n, s in SCENARIOS.items() if "server_registers" not in s.actions]
    assert without == ["selection"]
    scenario = SCENARIOS["selection"]
    assert scenario.start == {"registered": True}
    assert not scenario.actions & {"server_frees", "server_crashes", "removes_server"}, "somebody could register again"


def test_the_instances_that_lint_everything_trace_every_action() -> None:
    for profile in PROFILES:
        idle = [name for name in ACTIONS if not tracer(profile).trace(name)]
        # A hold has a limit and a gap an end; preemption is put off only where it is damped.
        assert idle == (["hold_expires"] if profile.preempt_delay_ms else ["gap_ends", "delay_ends"])
