"""The runner: each mutant in a forked process, two at a time, through one stage after the other up to the first violation."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mutation.executed import Marks, Place
from mutation.implementations import Compiled, Implementation, NoMutantError, Python
from mutation.looking import Stage, look, timed
from mutation.mutant import Mutant
from vnic_conformance.running.events import Event, SessionBegan

WORKERS = 2
#: How long all stages of one mutant may take in seconds. The kit notices by itself that an adapter hangs; this is for the kit.
LIMIT_S = 400.0
#: Memory of one process, in bytes.
MEMORY = 3 << 30

Row = dict[str, Any]
#: By stage, and there by case (or phase, for what has none), the statements that are executed; by ``START`` what always is.
Reached = Mapping[str, Mapping[str, frozenset[Place]]]
START = ""


@dataclass
class _Child:
    mutant: str
    pid: int
    pipe: int
    deadline: float
    said: bytes = b""


def rows(
    implementation: Implementation,
    mutants: Sequence[Mutant],
    reached: Reached | None = None,
    workers: int = WORKERS,
    done: Mapping[str, Row] | None = None,
) -> Iterator[Row]:
    """What became of each mutant, in the order in which that is known.

    Args:
        implementation: what the mutants are of; its stages are gone through.
        mutants: those to be looked at.
        reached: what is executed in which stage; None: everything.
        workers: processes at a time.
        done: what is known already, by mutant: stages that it has survived are not gone through again.
    """
    waiting = list(mutants)
    running: dict[int, _Child] = {}
    while waiting or running:
        while waiting and len(running) < workers:
            mutant = waiting.pop(0)
            stages = _stages(implementation, mutant, reached)
            before = (done or {}).get(mutant.name, {})
            child = forked(mutant.name, lambda m=mutant, s=stages, b=before: verdict(implementation, m, s, b))  # type: ignore[misc]
            running[child.pipe] = child
        ready, _, _ = select.select(list(running), [], [], 1.0)
        for pipe in ready:
            child = running[pipe]
            data = os.read(pipe, 1 << 16)
            child.said += data
            if not data:
                del running[pipe]
                yield _ended(child)
        for child in list(running.values()):
            if time.monotonic() > child.deadline:
                _kill(child)
                child.deadline = float("inf")


def verdict(implementation: Implementation, mutant: Mutant, stages: Sequence[Stage], before: Row) -> Row:
    """Look at one mutant, in a process of its own; ``before`` has the stages that it has survived already."""
    row: Row = {
        "mutant": mutant.name,
        "file": mutant.file,
        "function": mutant.function,
        "operator": mutant.operator,
        "was": mutant.was,
        "becomes": mutant.becomes,
        "stages": list(before.get("stages", ())),
        "seconds": before.get("seconds", 0.0),
    }
    with tempfile.TemporaryDirectory() as work:
        try:
            for stage in stages:
                if stage.name in row["stages"]:
                    continue
                adapter = implementation.adapter(mutant, stage, Path(work))
                seen, seconds = timed(lambda a=adapter, s=stage: look(a, s))  # type: ignore[misc]
                row["stages"].append(stage.name)
                row["seconds"] = round(row["seconds"] + seconds, 2)
                if seen.verdict in ("violation", "broken"):
                    return row | {
                        "verdict": "killed",
                        "how": seen.verdict,
                        "by": seen.by,
                        "case": seen.case,
                        "phase": seen.phase,
                        "stage": stage.name,
                    }
                if seen.verdict != "passed":
                    row["remark"] = f"{stage.name}: {seen.verdict}"
        except NoMutantError as error:
            return row | {"verdict": "no mutant", "why": str(error)}
    return row | {"verdict": "survived", **({} if stages else {"why": "never executed"})}


def reached_by(implementation: Python) -> Reached:
    """What is executed of the implementation as it is."""
    return {stage.name: _reached(implementation, stage) for stage in implementation.stages}


def _reached(implementation: Python, stage: Stage) -> dict[str, frozenset[Place]]:
    marks = Marks(implementation.copy / "vnic_reference")
    found: dict[str, set[Place]] = {START: marks.seen}

    def listen(event: Event) -> None:
        # A session begins when the implementation has been reset, so resetting belongs to the session before. It is always
        # the same, and the first time it belongs to START.
        if isinstance(event, SessionBegan):
            marks.seen = found.setdefault(event.case or event.phase, set())

    def work() -> Row:
        with marks.noting():
            seen = look(implementation.adapter(None, stage, implementation.copy), stage, [listen])
        if seen.verdict != "passed":
            raise RuntimeError(f"{stage.name}: what is not mutated does not pass: {seen}")
        return {"reached": {name: sorted(places) for name, places in found.items()}}

    row = result_of(forked(stage.name, work))
    if "reached" not in row:
        raise RuntimeError(row["why"])
    return {name: frozenset((file, line) for file, line in places) for name, places in row["reached"].items()}


def unmutated(implementation: Compiled | Python) -> None:
    """See to it that every stage passes as it is; raises RuntimeError where it does not."""
    for stage in implementation.stages:

        def one(stage: Stage = stage) -> Row:
            with tempfile.TemporaryDirectory() as work:
                return {"seen": look(implementation.adapter(None, stage, Path(work)), stage).verdict}

        seen = result_of(forked(stage.name, one))
        if seen.get("seen") != "passed":
            raise RuntimeError(f"{stage.name}: what is not mutated does not pass: {seen}")


def _stages(implementation: Implementation, mutant: Mutant, reached: Reached | None) -> list[Stage]:
    """The stages in which a mutant can make a difference, cut down to the cases that execute its statement.

    Whatever never executes it goes as without the change, for all that is played is deterministic.
    """
    if reached is None:
        return list(implementation.stages)
    place = (mutant.file, mutant.lines[0])
    found = []
    for stage in implementation.stages:
        there = {name for name, places in reached[stage.name].items() if place in places}
        if there and there.isdisjoint({START, *stage.phases}) and not stage.system:
            found.append(replace(stage, select=tuple(sorted(there))))
        elif there:
            found.append(stage)
    return found


# --- processes -------------------------------------------------------------------------------------------------------


def forked(name: str, work: Callable[[], Row]) -> _Child:
    """Do something in a fork of this process, which has imported everything; its result comes through the pipe."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return _Child(name, pid, reading, time.monotonic() + LIMIT_S)
    status = 1
    try:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        with open(os.devnull, "w", encoding="utf-8") as null:
            os.dup2(null.fileno(), 1)
            os.dup2(null.fileno(), 2)
        try:
            row = work()
        except BaseException:
            row = {"mutant": name, "verdict": "fault", "why": traceback.format_exc()}
        with os.fdopen(writing, "wb") as out:
            out.write(json.dumps(row).encode())
        status = 0
    finally:
        os._exit(status)


def result_of(child: _Child) -> Row:
    """Wait for one process."""
    while data := os.read(child.pipe, 1 << 16):
        child.said += data
    return _ended(child)


def _ended(child: _Child) -> Row:
    os.close(child.pipe)
    os.waitpid(child.pid, 0)
    if not child.said:
        return {"mutant": child.mutant, "verdict": "fault", "why": "the process ended without a word, or took too long"}
    row: Row = json.loads(child.said)
    return row


def _kill(child: _Child) -> None:
    """End a process and what it has started; each adapter leads a group of its own."""
    with contextlib.suppress(OSError):
        below = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text(encoding="ascii").split()
        os.kill(child.pid, signal.SIGKILL)
        for pid in map(int, below):
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
