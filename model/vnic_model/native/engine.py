"""Exploring by generated C: the counts, verdicts and shortest traces of :func:`vnic_model.explorer.explore`, many times faster.

The generated program runs as a child process, in bounded memory. What it answers are counts and, where something is violated,
the states on the shortest way there; which property it is and which steps these are, the Python machine says. So whatever the
C says of a violation is found again by a machine that it shares no code with, or it is an error.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from vnic_model.explorer import Exploration, path_to
from vnic_model.instance import Instance
from vnic_model.limits import MEBIBYTES
from vnic_model.machine import Machine
from vnic_model.native.build import NativeError, compiler, programs, shown_line
from vnic_model.native.source import Source, source
from vnic_model.symmetry import Symmetry, blame
from vnic_spec.property import Property

_UNBOUNDED = 2**63 - 1


@dataclass
class NativeExploration(Exploration):
    """What a native exploration found. Its answers are counted in transitions."""

    out_of_memory: bool = False  #: it is incomplete because of the bound on memory
    bytes_used: int = 0  #: for states and the table that finds them
    words: int = 0  #: of 64 bits that a state takes


def explore_native(
    instance: Instance,
    properties: Sequence[Property] = (),
    *,
    at_most: int | None = None,
    mebibytes: int = MEBIBYTES,
    symmetric: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
) -> NativeExploration:
    """Explore breadth-first in generated C; stop at the first violation, which is then at the least depth.

    States, transitions, depth, what fired, the violation and the path to it are those of the Python explorer, whatever
    happens, also where ``at_most`` states stop it.

    Args:
        instance: what to explore.
        properties: what to check.
        at_most: bound on the states; beyond it the result is marked incomplete.
        mebibytes: bound on the memory for states; where it is reached, the result is marked incomplete and ``out_of_memory``.
        symmetric: explore one state of each class (:mod:`vnic_model.symmetry`); counts are then those of the reduced graph.
        progress: told (depth, states, transitions) at the beginning of each level and some times a second.

    Raises:
        NativeError: there is no C compiler, it fails, or the program does.
        SymmetryError: with ``symmetric``: the servers are told apart, or nothing would be gained.
    """
    by = compiler()
    if by is None:
        raise NativeError("there is no C compiler: neither CC nor cc names one")
    machine = Machine(instance, properties)
    symmetry = Symmetry(machine) if symmetric else None
    made = source(machine, symmetry)
    result = NativeExploration(machine, words=made.fields.words)
    with programs(made.text, by) as places:
        told = _run(
            _started(places, mebibytes << 20, _UNBOUNDED if at_most is None else min(at_most, _UNBOUNDED)), progress
        )
    try:
        _understand(result, made, told, symmetry)
    except ValueError:
        raise NativeError("the generated explorer says what is not understood") from None
    return result


def _started(places: Iterator[Path], most_bytes: int, at_most: int) -> subprocess.Popen[str]:
    """Start the program where that is possible.

    Raises:
        NativeError: it is possible nowhere.
    """
    why = "there is none"
    for file in places:
        try:
            return subprocess.Popen(
                [str(file), str(most_bytes), str(at_most)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        except OSError as error:
            why = f"{error.strerror} ({file})"
    raise NativeError(f"the generated explorer cannot be started: {why}")


def _run(started: subprocess.Popen[str], progress: Callable[[int, int, int], None] | None) -> list[list[str]]:
    """Run the program to its end; its last lines, in words."""
    told: list[list[str]] = []
    with started as child:
        assert child.stdout is not None
        assert child.stderr is not None
        try:
            for line in child.stdout:
                words = line.split()
                if words[:1] != ["at"]:
                    told.append(words)
                elif progress is not None:
                    progress(*_figures(words))
            said = child.stderr.read().strip()
        except BaseException:
            child.kill()
            raise
    if child.returncode != 0 or len(told) < 2 or told[0][:1] != ["end"]:
        why = shown_line(said) or (
            f"signal {-child.returncode}" if child.returncode < 0 else f"exit code {child.returncode}"
        )
        raise NativeError(
            f"the generated explorer ended early: {why}; give it another bound with --memory, or explore in Python"
        )
    return told


def _figures(words: list[str]) -> tuple[int, int, int]:
    """Depth, states and transitions in a line of progress."""
    try:
        _, depth, states, transitions = words
        return int(depth), int(states), int(transitions)
    except ValueError:
        raise NativeError(
            f"the generated explorer says {shown_line(' '.join(words))!r}, which is not understood"
        ) from None


def _understand(result: NativeExploration, made: Source, told: list[list[str]], symmetry: Symmetry | None) -> None:
    """Fill in the result from the program's last lines."""
    (_, how, states, depth, used), (_, *counts), *path = told
    result.states, result.depth, result.bytes_used = int(states), int(depth), int(used)
    result.complete = how == "all"
    result.out_of_memory = how == "memory"
    result.fired = dict.fromkeys(made.actions, 0)
    for (action, answer), number in zip(made.counters, map(int, counts), strict=True):
        result.fired[action] += number
        if number:
            result.answers[action, answer] = result.answers.get((action, answer), 0) + number
    result.transitions = sum(result.fired.values())
    if not path:
        return
    way = [made.fields.decode(tuple(int(word, 16) for word in words)) for _, *words in path]
    try:
        if symmetry is None:
            _blame(result, way, of_step=how == "step")
        else:
            blame(result, symmetry, way, of_step=how == "step")
    except (StopIteration, IndexError, ValueError):
        raise NativeError(
            "the Python machine does not find what the generated explorer found: a defect of the kit"
        ) from None


def _blame(result: NativeExploration, states: list[int], *, of_step: bool) -> None:
    """Ask the Python machine what is violated at the end of this way, and by which steps it goes."""
    machine, last = result.machine, states[-1]
    if states[0] != machine.initial:
        raise ValueError("the path does not begin at the initial state")
    before = {after: s for s, after in pairwise(states)} | {machine.initial: -1}
    result.path = path_to(machine, before, last)
    if of_step:
        move = next(m for m in machine.moves(last) if m.marks)
        result.violation = machine.step_properties[move.marks[0]]
        result.path.append(move)
    else:
        result.violation = machine.violated(last)[0]
