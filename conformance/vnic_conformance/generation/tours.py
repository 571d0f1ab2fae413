"""Deterministic tours: words from reset that reach every goal the machine has under a profile.

Small instances of bare calls are explored completely; every goal (:mod:`vnic_conformance.generation.goals`) lies at the end of a
shortest way, ways that pass other goals serve for those too, and each way becomes a word of stimuli that ends with probes of
what it has led to. Words written by hand (:mod:`vnic_conformance.generation.scripted`) stand among them. The same profile gives
the same tours, in the order of their cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from itertools import islice

from vnic_conformance.generation import scripted
from vnic_conformance.generation.goals import OUT_OF_REACH, claimed, full_of, witness_case, witness_law
from vnic_conformance.generation.search import Graph, Way
from vnic_conformance.generation.translate import CannotTranslate, probes, translate
from vnic_conformance.stimulus import Stimulus
from vnic_model.instance import Instance
from vnic_model.instances import instance
from vnic_spec.profile import Crossing, Profile
from vnic_spec.vocabulary import Kind, Status

_BARE = "h_reg_crq h_free_crq client_consumes server_consumes server_registers server_reports"
#: The instances toured, the first that reaches a goal serving for it: named ones, and bare parts of ones with a dialogue.
_NAMED = ("interface", "ranking", "admin", "complaint")
_OWN = {
    "migrating": f"{_BARE} h_send_crq_to_client client_migrates h_enable_crq h_enable_crq_idle activates_server"
    " server_crashes server_boots report_expires",
    "holding": f"{_BARE} hold_expires server_crashes server_boots sets_auto",
    "waiting": f"{_BARE} gap_ends server_crashes server_boots report_expires",
    "damping": f"{_BARE} delay_ends report_expires sets_priority activates_server",
}


#: How many ways to a goal are compared to find one that fills no queue.
_COMPARED = 20


@dataclass(frozen=True)
class Tour:
    """One word from reset.

    Attributes:
        case: ID of the goal at its end.
        covers: the IDs of all goals that it is to reach, its own among them.
        word: the stimuli, tokens by name.
        servers: how many servers to reset to.
        way: the moves of the machine, in words.
    """

    case: str
    covers: frozenset[str]
    word: tuple[Stimulus, ...]
    servers: int
    way: tuple[str, ...] = ()

    def matches(self, glob: str) -> bool:
        """One of its cases matches a pattern such as ``FOV-*``."""
        return any(fnmatchcase(case, glob) for case in self.covers)


@dataclass
class Plan:
    """The tours under one profile, and the goals that none of them reaches, each with the reason."""

    tours: list[Tour] = field(default_factory=list)
    unreached: dict[str, str] = field(default_factory=dict)

    @property
    def cases(self) -> frozenset[str]:
        """Everything that is to be reached."""
        return frozenset().union(*(t.covers for t in self.tours))


@cache
def plan(profile: Profile, servers: int = 2) -> Plan:
    """The tours for an implementation that claims this profile."""
    made = Plan()
    wanted = {witness_case(p): witness_law(p) for p in claimed()}
    covered: set[str] = set()
    missed: dict[str, str] = {}
    for made_instance in instances(profile, servers):
        graph = Graph(made_instance, {case: law for case, law in wanted.items() if case not in covered})
        for tour in _tours(graph, profile, covered, missed):
            made.tours.append(tour)
            covered |= tour.covers
    for case, count, word in scripted.words():
        made.tours.append(Tour(case, frozenset({case}), (*word, *probes(count)), count))
    reasons = {witness_case(p): OUT_OF_REACH.get(p.name, "no instance that is toured reaches it") for p in claimed()}
    made.unreached = {case: why for case, why in (reasons | missed).items() if case not in covered}
    made.tours.sort(key=lambda t: (len(t.word), t.case))
    return made


def instances(profile: Profile, servers: int) -> Iterator[Instance]:
    """The instances toured under a profile."""
    for name in _NAMED:
        yield instance(name, servers, profile=profile)
    base = instance("interface", servers, profile=profile)
    kinds: dict[str, tuple[object, ...]] = {"status": (Status.OPERATIONAL,), "to_client_kind": (Kind.DATA,)}
    for name, actions in _OWN.items():
        wanted = {
            "holding": profile.crossing is Crossing.HOLD,
            "waiting": profile.crossing is Crossing.GAP,
            "damping": profile.preempt_delay_ms > 0,
        }
        if wanted.get(name, True):
            # A server that has been left is to come back with the event unread.
            more: dict[str, tuple[object, ...]] = {"status": (Status.OPERATIONAL, Status.LINK_DOWN)}
            parameters = kinds | more if name == "holding" else kinds
            yield replace(base, name=name, actions=frozenset(actions.split()), parameters=parameters)


def _tours(graph: Graph, profile: Profile, covered: set[str], missed: dict[str, str]) -> Iterator[Tour]:
    """Ways to the goals of a graph that nothing covers yet, the farthest first, because they pass the others.

    Goals that ask for a full queue come last: their tours are long, and nothing else should depend on them.
    """
    servers = graph.machine.instance.servers
    open_goals = [case for case in reversed(graph.goals) if case not in covered]
    for case in sorted(open_goals, key=_asks_for_full):
        if case in covered:
            continue
        translated = _first_possible(graph, case, profile)
        if isinstance(translated, str):
            missed[case] = translated
            continue
        way, word = translated
        moves = tuple(
            f"{m.action.name}({', '.join(f'{n}={v}' for n, v in zip(m.action.parameters, m.parameters, strict=True))})"
            for m in way.moves
        )
        yield Tour(case, frozenset().union(*way.cases), (*word, *probes(servers)), servers, moves)


def _asks_for_full(case: str) -> bool:
    return case.startswith("CRQ-7/") or case.endswith("-dropped")


def _first_possible(graph: Graph, case: str, profile: Profile) -> tuple[Way, tuple[Stimulus, ...]] | str:
    """The first way to a goal that can be gone at the interface, as stimuli; or why there is none."""
    reason = ""
    ways = graph.ways_to(case)
    if not _asks_for_full(case):
        ways = iter(
            sorted(islice(ways, _COMPARED), key=lambda w: any(full_of(m.action, m.parameters) for m in w.moves))
        )
    for way in ways:
        try:
            return way, translate(way, graph.machine.instance.servers, profile)
        except CannotTranslate as impossible:
            reason = reason or str(impossible)
    return reason
