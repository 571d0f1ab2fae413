"""Candidates for lemmas: clauses over the vocabulary of the state, as many as hold in explored graphs.

Atoms are generated, not chosen: what the state says of the client's half of the CRQ, of a server ``i``, and of the client's queue
through its observers. A clause is a few atoms or their negations, meant of every server ``i``. A clause is a candidate if it
holds in every explored state and no part of it does.

No z3 here: atoms are functions over the algebra, read as generated code for the filter and as formulas for the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from vnic_model.codegen import Compiled, predicate
from vnic_model.expression import Node
from vnic_model.instances import instance
from vnic_model.machine import Machine
from vnic_spec.algebra import Element, Ops, Server, Truth
from vnic_spec.properties.steps import is_event
from vnic_spec.state import State
from vnic_spec.vocabulary import Crq, Owed

#: The instances whose graphs filter the candidates: drivers and bare calls, migration, events deferred, gaps.
FILTER = ("core", "interface", "migration", "deferred", "gap")
#: A clause has so many literals at most.
LONGEST = 3

Of = Callable[[Ops, State, Server], Truth]


@dataclass(frozen=True)
class Atom:
    """One statement about a state and a server ``i``."""

    text: str
    of: Of
    of_server: bool  #: it mentions ``i``
    quantified: bool = False  #: it says something of every slot of a queue

    @property
    def observes(self) -> bool:
        """It says something of the elements that are queued."""
        return ":" in self.text


@dataclass(frozen=True, order=True)
class Literal:
    """An atom, by its number, or its negation."""

    atom: int
    positive: bool


Clause = tuple[Literal, ...]


def _about_servers() -> Iterator[Atom]:
    for name in ("connected", "registered", "held"):
        yield Atom(f"{name}(i)", _flag(name), True)
    for name in ("selected", "seen"):
        yield Atom(f"{name} = i", _same(name), True)


def _flag(name: str) -> Of:
    return lambda o, s, i: getattr(s, name)(i)


def _same(name: str) -> Of:
    return lambda o, s, i: o.eq(getattr(s, name), i)


def _about_the_client() -> Iterator[Atom]:
    for word in (Crq.CLOSED, Crq.OPEN):
        yield Atom(f"crq = {word.name}", _is("crq", word), False)
    yield Atom("owed = NOTHING", _is("owed", Owed.NOTHING), False)
    yield Atom("seen = nobody", lambda o, s, i: o.eq(s.seen, o.nobody), False)
    yield Atom("selected = nobody", lambda o, s, i: o.eq(s.selected, o.nobody), False)
    yield Atom("connected(selected)", lambda o, s, i: s.connected(s.selected), False)
    yield Atom("intruded", lambda o, s, i: s.intruded, False)


def _is(name: str, word: Crq | Owed) -> Of:
    return lambda o, s, i: o.eq(getattr(s, name), word)


#: What may be said of one element: its text, its meaning, and whether it mentions ``i``.
_LAWS: tuple[tuple[str, Callable[[Ops, State, Server, Element], Truth], bool], ...] = (
    ("event", lambda o, s, i, e: is_event(o, e), False),
    ("sender = nobody", lambda o, s, i, e: o.eq(e.sender, o.nobody), False),
    ("sender = seen", lambda o, s, i, e: o.eq(e.sender, s.seen), False),
    ("sender = i", lambda o, s, i, e: o.eq(e.sender, i), True),
)
#: What may be said of two neighbours.
_PAIRS: tuple[tuple[str, Callable[[Ops, Element, Element], Truth]], ...] = (
    ("first event", lambda o, e, f: is_event(o, e)),
    ("second event", lambda o, e, f: is_event(o, f)),
    ("same sender", lambda o, e, f: o.eq(e.sender, f.sender)),
)


def _about_the_queue() -> Iterator[Atom]:
    yield Atom("to_client is empty", lambda o, s, i: s.to_client.empty(), False)
    for size in (1, 2):
        for laws in combinations(_LAWS, size):
            for observer in ("first", "last", "every"):
                text = f"{observer} of to_client: {' ∨ '.join(text for text, _, _ in laws)}"
                of_server = any(mentions for _, _, mentions in laws)
                yield Atom(text, _observed(observer, [law for _, law, _ in laws]), of_server, observer != "first")
    text = "every of to_client: event ⇔ sender = nobody"
    yield Atom(
        text, lambda o, s, i: s.to_client.every(lambda e: o.iff(is_event(o, e), o.eq(e.sender, o.nobody))), False, True
    )
    for size in (1, 2, 3):
        for pairs in combinations(_PAIRS, size):
            text = f"neighbours on to_client: {' ∨ '.join(text for text, _ in pairs)}"
            yield Atom(text, _neighbours([law for _, law in pairs]), False, True)


def _observed(observer: str, laws: Sequence[Callable[[Ops, State, Server, Element], Truth]]) -> Of:
    def of(o: Ops, s: State, i: Server) -> Truth:
        found: Truth = getattr(s.to_client, observer)(lambda e: o.any_of(*(law(o, s, i, e) for law in laws)))
        return found

    return of


def _neighbours(laws: Sequence[Callable[[Ops, Element, Element], Truth]]) -> Of:
    return lambda o, s, i: s.to_client.pairs(lambda e, f: o.any_of(*(law(o, e, f) for law in laws)))


#: The vocabulary of clauses.
ATOMS: tuple[Atom, ...] = (*_about_servers(), *_about_the_client(), *_about_the_queue())


def holds(clause: Clause) -> Callable[[Ops, State], Truth]:
    """A clause as a law of the state."""

    def literal(o: Ops, s: State, i: Server, x: Literal) -> Truth:
        truth = ATOMS[x.atom].of(o, s, i)
        return truth if x.positive else o.no(truth)

    def law(o: Ops, s: State) -> Truth:
        if not any(ATOMS[x.atom].of_server for x in clause):
            return o.any_of(*(literal(o, s, o.nobody, x) for x in clause))
        return o.every(lambda i: o.any_of(*(literal(o, s, i, x) for x in clause)))

    return law


def text_of(clause: Clause) -> str:
    """A clause as people read it: conditions first."""
    conditions = [ATOMS[x.atom].text for x in clause if not x.positive]
    consequences = [
        f"[{t}]" if " of to_client" in t or " on " in t else t
        for t in (ATOMS[x.atom].text for x in clause if x.positive)
    ]
    conditions = [f"[{t}]" if " of to_client" in t or " on " in t else t for t in conditions]
    if not conditions:
        said = " ∨ ".join(consequences)
    elif not consequences:
        said = f"¬({' ∧ '.join(conditions)})"
    else:
        said = f"{' ∧ '.join(conditions)} ⇒ {' ∨ '.join(consequences)}"
    return f"for every server i: {said}" if any(ATOMS[x.atom].of_server for x in clause) else said


# --- the filter ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What the explored graphs show: every combination of truths of the atoms that occurs."""

    states: int
    rows: tuple[frozenset[int], ...]  #: the atoms that do not hold, of one state and one server


def explored(names: Iterable[str] = FILTER, servers: int = 2) -> Seen:
    """Explore instances and note which atoms hold together."""
    states = 0
    rows: set[frozenset[int]] = set()
    for name in names:
        machine = Machine(instance(name, servers))
        o, s = machine.tracer.ops, machine.tracer.state
        views: list[tuple[Compiled[int], set[int]]] = []
        for i in range(servers):
            nodes: list[Node] = [o.node(atom.of(o, s, o.node(i))) for atom in ATOMS]
            views.append((predicate(machine.layout, "atoms", nodes), set()))
        reached = _reached(machine)
        states += len(reached)
        for compiled, keys in views:
            keys.update(packed & compiled.mask for packed in reached)
            rows.update(frozenset(compiled.call(key)) for key in keys)
    return Seen(states, tuple(rows))


def _reached(machine: Machine) -> set[int]:
    """Every reachable state, packed."""
    reached = {machine.initial}
    frontier = [machine.initial]
    groups = [(g.mask, g.known, g.call) for g in machine.groups]
    while frontier:
        following = []
        for s in frontier:
            for mask, known, call in groups:
                key = s & mask
                steps = known.get(key)
                if steps is None:
                    steps = known[key] = call(key)
                for step in steps:
                    t = s & step[1] | step[2]
                    if t not in reached:
                        reached.add(t)
                        following.append(t)
        frontier = following
    return reached


def candidates(seen: Seen, longest: int = LONGEST) -> list[Clause]:
    """The clauses of at most ``longest`` literals that hold in every row while no part of them does, short ones first.

    A literal is the set of rows in which it holds, as the bits of a number; a clause holds if nothing is left to cover.
    """
    everything = (1 << len(seen.rows)) - 1
    missing: dict[Literal, int] = {}
    for number, atom in enumerate(ATOMS):
        fails = sum(1 << row for row, false in enumerate(seen.rows) if number in false)
        missing[Literal(number, True)] = fails
        if not atom.quantified:  # so that every lemma is universal, and z3 can decide with it
            missing[Literal(number, False)] = everything & ~fails
    found: list[Clause] = [(x,) for x, left in missing.items() if not left]
    certain = {x.atom for (x,) in found}
    # Of literals that hold in the same rows the first one stands for all.
    different = {left: x for x, left in reversed(missing.items()) if x.atom not in certain}
    literals = sorted((x, left) for left, x in different.items())
    open_clauses: list[tuple[Clause, int]] = [((x,), left) for x, left in literals]
    known: set[Clause] = set()
    for _ in range(longest - 1):
        longer: list[tuple[Clause, int]] = []
        for clause, left in open_clauses:
            last = clause[-1]
            for x, misses in literals:
                if x <= last or x.atom == last.atom:
                    continue
                if ATOMS[x.atom].observes and any(ATOMS[y.atom].observes for y in clause):
                    continue  # one clause says one thing of what is queued
                still = left & misses
                if still in (left, misses):
                    continue  # one of the two adds nothing
                wider = (*clause, x)
                if not still:
                    if not _part_of(wider, known):
                        known.add(wider)
                        found.append(wider)
                else:
                    longer.append((wider, still))
        open_clauses = longer
    return found


def _part_of(clause: Clause, known: set[Clause]) -> bool:
    """Some part of a clause is known to hold already."""
    return any(part in known for size in range(2, len(clause)) for part in combinations(clause, size))
