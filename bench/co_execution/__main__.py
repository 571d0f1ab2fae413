"""Every transition of explored instances, carried out by the hypervisor in C: does it do in each state what the machine does?

``python bench/co_execution [--instance NAME:SERVERS ...] [--fault NAME]``. A check plays a sample of the machine's
transitions; this plays all of them, each from the shortest way to its state. The hypervisor runs as a tree of processes
(``forking.c``), so that a way is gone once and every transition at its end is tried from there; one that asks for a queue
that was filled on the way goes a way of its own. A transition differs where the oracle does not allow what came, or where the
state after it is not one that the machine has there. What cannot be played is counted with the reason. Exit code 1 where
anything differs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vnic_conformance.answer import Answer
from vnic_conformance.generation.search import Way
from vnic_conformance.generation.translate import CannotTranslate, translate
from vnic_conformance.oracle import Oracle
from vnic_conformance.oracle.time import Instant
from vnic_conformance.protocol.hello import claims_of
from vnic_conformance.protocol.messages import decode, encode, from_line, to_line
from vnic_conformance.protocol.rules import asked_for
from vnic_conformance.stimulus import Stimulus, with_tokens
from vnic_model.instances import instance
from vnic_model.machine import Machine, Move
from vnic_spec.state import State
from vnic_spec.wire import Vioctl

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "reference_impl" / "c"
#: Instances of bare calls, small enough to go through all of them. Gaps that begin at one moment end at one: hence one server.
INSTANCES = ("selection:3", "ranking:2", "damped:2", "gap:1", "complaint:2", "admin:2")
#: Why a transition is not played; the other reason is that nobody can fill the queue that it asks for.
BEYOND = "begins at a state that is met only through a full queue"
#: Longer than any way lasts: a day.
_NEVER_MS = 86_400_000


def build(directory: Path, compiler: str = "cc", sources: Path = SOURCES) -> Path:
    """Compile the hypervisor with the loop that forks.

    Raises:
        subprocess.CalledProcessError: it does not compile.
    """
    program = directory / "forking"
    others = sorted(str(file) for file in sources.glob("*.c") if file.name != "adapter.c")
    words = [compiler, "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O2", f"-I{sources}", str(HERE / "forking.c"), *others]
    subprocess.run([*words, "-o", str(program)], check=True, capture_output=True, text=True)
    return program


class Tree:
    """The hypervisor as a tree of processes, of which the deepest answers."""

    def __init__(self, program: Path, fault: str = "") -> None:
        words = [str(program), *(("--fault", fault) if fault else ())]
        self._child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def line(self, line: bytes) -> bytes:
        """Send a line, and answer the one that comes back.

        Raises:
            RuntimeError: the program has ended.
        """
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(line)
        self._child.stdin.flush()
        came = self._child.stdout.readline()
        if not came.endswith(b"\n"):
            raise RuntimeError(f"the hypervisor ended at {line!r}, exit status {self._child.wait()}")
        return came

    def push(self) -> None:
        """Go on in a copy."""
        came = self.line(b"push\n")
        assert came == b"pushed\n", came

    def pop(self) -> None:
        """Forget the copy."""
        came = self.line(b"pop\n")
        assert came == b"popped\n", came

    def ask(self, request: Mapping[str, object]) -> Answer:
        """Send a request of the adapter protocol."""
        line = encode({"seq": 1, **to_line(request)})
        return Answer.of(request, asked_for(request, from_line(decode(self.line(line)))))

    def close(self) -> None:
        """End it."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(10)


@dataclass(frozen=True)
class Place:
    """Where the walk stands: a state with the way to it, what was done to get there, and what the oracle knows."""

    packed: int
    way: Way
    word: tuple[Stimulus, ...]
    tokens: tuple[int, ...]
    oracle: tuple[frozenset[object], Instant, tuple[tuple[int, int], ...]]


@dataclass
class Count:
    """What came of an instance."""

    states: int = 0
    transitions: int = 0
    played: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)


class Walk:
    """Goes through one instance: every state once, in the tree of shortest ways, and every transition out of it."""

    def __init__(self, name: str, servers: int, program: Path, fault: str = "") -> None:
        # These instances know no hold that lasts too long, and a translated silence would be one by default.
        self.servers, self.profile = servers, replace(instance(name, servers).profile, hold_limit_ms=_NEVER_MS)
        self.machine = Machine(instance(name, servers, profile=self.profile), (), ())
        self.oracle = Oracle(servers, self.profile)
        self.tree = Tree(program, fault)
        self.count = Count()
        self._alone: list[tuple[Way, tuple[Stimulus, ...]]] = []  #: with queues that are filled on the way
        self.first = self._first()

    def _first(self) -> dict[int, tuple[int, Move]]:
        """By which move each state is first met, on ways along which nobody need fill a queue."""
        known = {self.machine.initial, *self._met(lambda move: True)}
        first = self._met(lambda move: not asks_for_full(move))
        beyond = known - first.keys() - {self.machine.initial}
        self.count.states = len(known)
        self.count.transitions = self._moves_from(known)
        self.count.skipped[BEYOND] += self._moves_from(beyond)
        return first

    def _met(self, follows: Callable[[Move], bool]) -> dict[int, tuple[int, Move]]:
        """By which move each state but the initial one is first met, along moves that are followed."""
        first: dict[int, tuple[int, Move]] = {}
        frontier = [self.machine.initial]
        while frontier:
            following = []
            for packed in frontier:
                for move in filter(follows, self.machine.moves(packed)):
                    if move.after != self.machine.initial and move.after not in first:
                        first[move.after] = packed, move
                        following.append(move.after)
            frontier = following
        return first

    def _moves_from(self, states: Iterable[int]) -> int:
        return sum(1 for packed in states for _ in self.machine.moves(packed))

    def run(self) -> Count:
        """Go everywhere."""
        initial = self.machine.decode(self.machine.initial)
        reset = {"op": "reset", "servers": self.servers, "observe": 1, **claims_of(self.profile)}
        began = self.tree.ask(reset)
        assert began["outcome"] == "done", f"{reset}: {dict(began)}"
        self.oracle.begin(began)
        way = Way((initial,), (), ())
        ranks = translate(way, self.servers, self.profile)
        different = self._play([*_beginning(initial, self.servers), *ranks], [], initial)
        assert not different, f"the beginning: {different}"
        begun = Place(self.machine.initial, way, ranks, (), self._known())
        self._visit(begun)
        for way, word in self._alone:
            self._transition(begun, way, word)
        self.tree.close()
        return self.count

    def _known(self) -> tuple[frozenset[object], Instant, tuple[tuple[int, int], ...]]:
        return frozenset(self.oracle.possibilities), self.oracle.since, tuple(self.oracle.ops.ports.items())

    def _recall(self, place: Place) -> None:
        possibilities, self.oracle.since, ports = place.oracle
        self.oracle.possibilities = possibilities  # type: ignore[assignment]  # they are what was taken from there
        self.oracle.ops.ports = dict(ports)

    def _visit(self, place: Place) -> None:
        for move in self.machine.moves(place.packed):
            after = self.machine.decode(move.after)
            way = Way((*place.way.states, after), (*place.way.moves, move), (*place.way.cases, frozenset()))
            try:
                word = translate(way, self.servers, self.profile)
            except CannotTranslate as error:
                self.count.skipped[str(error).partition(" before ")[0]] += 1
                continue
            if word[: len(place.word)] != place.word:
                self._alone.append((way, word))
                continue
            on = self.first.get(move.after) == (place.packed, move)
            self._transition(place, way, word, move.after if on else None)

    def _transition(self, place: Place, way: Way, word: tuple[Stimulus, ...], on: int | None = None) -> None:
        """Play what is left of a way, and go on from its end if it is the way to that state."""
        self.tree.push()
        self._recall(place)
        tokens = list(place.tokens)
        self.count.played += 1
        different = self._play(word[len(place.word) :], tokens, way.states[-1])
        if different:
            self.count.different.append(f"{_told(way)}: {different}")
        elif on is not None:
            self._visit(Place(on, way, word, tuple(tokens), self._known()))
        self.tree.pop()

    def _play(self, word: Sequence[Stimulus], tokens: list[int], after: State) -> str:
        for stimulus in word:
            done = with_tokens(stimulus, tokens)
            came = self.tree.ask(done.request())
            judgement = self.oracle.step(done, came)
            if not judgement.ok:
                return f"{done}: {judgement.requirement}: {judgement.sentence}"
            token = came.get("r4")
            if done.call == "vioctl" and done.given["sub"] == Vioctl.GET_SESSION_TOKEN and isinstance(token, int):
                tokens.append(token)
        wanted = _chosen(after, self.servers)
        found = {_chosen(p.state, self.servers) for p in self.oracle.possibilities}
        return "" if wanted in found else f"the machine is at {wanted}, and the hypervisor at {sorted(map(str, found))}"


def asks_for_full(move: Move) -> bool:
    """A move that a full queue makes another one."""
    given = zip(move.action.parameters, move.parameters, strict=True)
    return any(value is True for name, value in given if name.endswith("full"))


def _beginning(initial: State, servers: int) -> Iterator[Stimulus]:
    """What an instance begins with that a reset does not."""
    for i in range(servers):
        if initial.registered(i):
            yield Stimulus.of(f"server{i}", "reg_crq")


def _chosen(s: State, servers: int) -> tuple[object, ...]:
    """What the hypervisor has chosen and what it goes by, of a state of either reading."""
    each = [
        (
            bool(s.listed(i)),
            s.status(i),
            bool(s.complaint(i)),
            bool(s.connected(i)),
            bool(s.held(i)),
            bool(s.overdue(i)),
        )
        for i in range(servers)
    ]
    return s.selected, bool(s.standing), s.crq, s.owed, bool(s.auto), s.pin, tuple(each)


def _told(way: Way) -> str:
    return " ".join(f"{move.action.name}({', '.join(map(str, move.parameters))})" for move in way.moves)


def main() -> int:
    """Print a row for each instance; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--instance", action="append", metavar="NAME:SERVERS", help=f"default: {' '.join(INSTANCES)}")
    parser.add_argument("--cc", default="cc", help="the C compiler")
    parser.add_argument("--fault", default="", metavar="NAME", help="one that the hypervisor can plant")
    given = parser.parse_args()
    differs = False
    print(
        "| instance | servers | states | transitions | played | different | CPU s |\n|---|---:|---:|---:|---:|---:|---:|"
    )
    with tempfile.TemporaryDirectory() as directory:
        program = build(Path(directory), given.cc)
        for words in given.instance or INSTANCES:
            name, _, servers = words.partition(":")
            began = time.process_time()
            count = Walk(name, int(servers), program, given.fault).run()
            took = time.process_time() - began
            figures = (count.states, count.transitions, count.played, len(count.different))
            print(
                f"| {name} | {servers} | {' | '.join(f'{figure:,}' for figure in figures)} | {took:.0f} |", flush=True
            )
            for why, number in (+count.skipped).most_common():
                print(f"  not played: {number:,}: {why}", file=sys.stderr)
            for line in count.different[:10]:
                print(f"  different: {line}", file=sys.stderr)
            differs = differs or bool(count.different)
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
