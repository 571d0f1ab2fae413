"""The machine of a level below on packed memories: which steps a CPU can take, and what they do.

A state is a memory, packed as the machine packs its states, who has the lock, and what each CPU is about. What CPUs are about
has numbers, so a state is a tuple of five numbers. The steps themselves are carried out by the direct reading, and remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from vnic_model.below.instance import Below
from vnic_model.direct import DirectOps, initial_state
from vnic_model.layout import Layout
from vnic_spec.action import carry_out
from vnic_spec.below.fine_step import Call, FineStep, Frame, Part, Wait
from vnic_spec.below.steps import CAUSE_ONLY, STEPS, cause, fresh
from vnic_spec.catalogue import ACTIONS
from vnic_spec.rule import AS_WRITTEN
from vnic_spec.state import VARIABLES, State
from vnic_spec.vocabulary import Status

CPUS = (0, 1)
IDLE, NOBODY = 0, -1
#: What a step under the lock writes before its call takes effect is undone to see the machine's state; nobody else writes it.
_UNDONE = frozenset(v.name for v in VARIABLES if v.owner == "hypervisor") | {"pin", "unbalanced"}
#: The steps in a reading of their own (:data:`~vnic_spec.below.steps.CAUSE_ONLY`).
_BY_CAUSE = frozenset({"choose", "write", "announce", "clear"})


class Cpu(NamedTuple):
    """What a CPU is about."""

    call: int  #: number of the call
    at: int  #: place of the next step in its program
    frame: Frame
    undo: int  #: bits of the memory before the call wrote anything


class Fine(NamedTuple):
    """A state a level below."""

    memory: int
    lock: int  #: the CPU that has it, or NOBODY
    one: int  #: number of what CPU 0 is about
    two: int  #: ... and CPU 1
    spent: int  #: calls that may move the selection, if they are bounded


class FineMove(NamedTuple):
    """One step of a level below."""

    cpu: int | None  #: None: the client reads in its own memory
    step: str  #: ``begin``, ``take``, or the name of a step
    call: Call | None
    after: Fine
    effect: bool  #: the call takes effect by this step


class FineMachine:
    """A level below, ready to run."""

    def __init__(self, system: Below) -> None:
        self.system = system
        self.layout = Layout(system.machine)
        n, profile = system.machine.servers, system.machine.profile
        self.ops = DirectOps(n, profile, AS_WRITTEN)
        self.by_cause = DirectOps(n, profile, CAUSE_ONLY)
        self.initial = Fine(self.layout.encode(initial_state(system.machine)), NOBODY, IDLE, IDLE, 0)
        self.cpus: list[Cpu | None] = [None]
        self._numbers: dict[Cpu, int] = {}
        self._states: dict[int, State] = {}
        self._begun: dict[tuple[int, int], bool] = {}
        self._taken: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}
        self._seen: dict[tuple[int, int, int], int] = {}
        self._undone = self.layout.mask({s for s in self.layout.scalars if s.split("[")[0].split(".")[0] in _UNDONE})
        self._reads = ACTIONS["client_consumes"].effect

    def state(self, memory: int) -> State:
        """A memory as a state of the direct reading."""
        found = self._states.get(memory)
        if found is None:
            found = self._states[memory] = self.layout.decode(memory)
        return found

    def _number(self, cpu: Cpu) -> int:
        found = self._numbers.get(cpu)
        if found is None:
            found = self._numbers[cpu] = len(self.cpus)
            self.cpus.append(cpu)
        return found

    def program(self, cpu: Cpu) -> tuple[str, ...]:
        """The steps of the call that a CPU is about."""
        return self.system.programs[self.system.calls[cpu.call].program]

    def past(self, cpu: Cpu | None) -> frozenset[str]:
        """The steps that a CPU has taken."""
        return frozenset() if cpu is None else frozenset(self.program(cpu)[: cpu.at])

    # -- steps ----------------------------------------------------------------------------------------------------

    def moves(self, s: Fine) -> Iterator[FineMove]:
        """Every possible step out of a state: of CPU 0, of CPU 1, of the client in its own memory."""
        for k in CPUS:
            number, other = (s.one, s.two) if k == 0 else (s.two, s.one)
            if number == IDLE:
                yield from self._arrivals(s, k, self.cpus[other])
            else:
                yield from self._steps(s, k, number, self.cpus[other])
        effect = carry_out(self._reads, self.ops, self.state(s.memory))
        if effect.guard:
            yield FineMove(None, "take", None, s._replace(memory=self.layout.encode(effect.state)), True)

    def _arrivals(self, s: Fine, k: int, other: Cpu | None) -> Iterator[FineMove]:
        for index, call in enumerate(self.system.calls):
            if other is not None and other.call == index:
                continue  # whoever makes a call waits for its return
            spent = s.spent + (call.program == "settle" and self.system.settling is not None)
            if self.system.settling is not None and spent > self.system.settling:
                continue
            if self._may_arrive(s.memory, index):
                number = self._number(Cpu(index, 0, fresh(self.ops), 0))
                yield FineMove(k, "begin", call, _with(s._replace(spent=spent), k, number), False)

    def _may_arrive(self, memory: int, index: int) -> bool:
        """The machine's guard of the call; a report that says nothing new is left out."""
        found = self._begun.get((memory, index))
        if found is None:
            state, call = self.state(memory), self.system.calls[index]
            found = bool(cause(self.by_cause, state, call).guard)
            if call.action == "server_reports":
                found = found and state.status(dict(call.parameters)["i"]) is not Status.OPERATIONAL
            self._begun[memory, index] = found
        return found

    def _steps(self, s: Fine, k: int, number: int, other: Cpu | None) -> Iterator[FineMove]:
        cpu = self.cpus[number]
        assert cpu is not None
        program, call = self.program(cpu), self.system.calls[cpu.call]
        step = STEPS[program[cpu.at]]
        if step.wait is Wait.LOCK and s.lock != NOBODY:
            return
        if step.wait is Wait.DRAINED and other is not None and _inside(other, cpu.frame.parting.old):
            return
        for memory, after in self._taking(s.memory, number):
            then = self.cpus[after]
            frame = cpu.frame if then is None else then.frame
            if step.wait is Wait.LOCK_TO_REFUSE and s.lock != NOBODY and not frame.passed:
                continue
            holder = {"lock": k, "unlock": NOBODY}.get(step.name, s.lock)
            moved = _with(s._replace(memory=memory, lock=holder), k, after)
            yield FineMove(k, step.name, call, moved, bool(frame.done) and not cpu.frame.done)

    def _taking(self, memory: int, number: int) -> tuple[tuple[int, int], ...]:
        """What a CPU's next step can do: (memory, what it is about then)."""
        found = self._taken.get((memory, number))
        if found is None:
            found = self._taken[memory, number] = tuple(self._carried_out(memory, number))
        return found

    def _carried_out(self, memory: int, number: int) -> Iterator[tuple[int, int]]:
        cpu = self.cpus[number]
        assert cpu is not None
        program, state = self.program(cpu), self.state(memory)
        step, call = STEPS[program[cpu.at]], self.system.calls[cpu.call]
        servers = self.system.machine.servers
        frames = [cpu.frame]
        if step.name == "choose":
            frames = [cpu.frame._replace(chosen=b) for b in (*range(servers), None)]
        for frame in frames:
            taken = step.effect(self.by_cause if step.name in _BY_CAUSE else self.ops, state, call, frame)
            if not taken.guard:
                continue
            at = next((p for p in range(cpu.at + 1, len(program)) if _wanted(STEPS[program[p]], taken.frame)), None)
            undo = memory & self._undone if step.name == "write" else cpu.undo
            if taken.frame.done:
                undo = 0
            then = IDLE if at is None else self._number(Cpu(cpu.call, at, taken.frame, undo))
            yield (memory if taken.state is state else self.layout.encode(taken.state)), then

    # -- what the machine sees ------------------------------------------------------------------------------------

    def seen(self, s: Fine) -> int:
        """The abstraction: the state of the machine that this one stands for.

        What a call has written before it takes effect does not count yet; what it still has to write afterwards counts already.
        """
        key = (s.memory, s.one, s.two)
        found = self._seen.get(key)
        if found is None:
            found = s.memory
            about = [cpu for cpu in (self.cpus[s.one], self.cpus[s.two]) if cpu is not None]
            for cpu in about:
                if not cpu.frame.done and "write" in self.past(cpu):
                    found = found & ~self._undone | cpu.undo
            for cpu in about:
                if cpu.frame.done and self.system.calls[cpu.call].program != "send":
                    found = self._completed(found, cpu)
            self._seen[key] = found
        return found

    def _completed(self, memory: int, cpu: Cpu) -> int:
        program, call = self.program(cpu), self.system.calls[cpu.call]
        state = before = self.state(memory)
        for name in program[cpu.at :]:
            if _wanted(STEPS[name], cpu.frame):
                state = STEPS[name].effect(self.ops, state, call, cpu.frame).state
        return memory if state is before else self.layout.encode(state)


def _with(s: Fine, k: int, number: int) -> Fine:
    return s._replace(one=number) if k == 0 else s._replace(two=number)


def _inside(cpu: Cpu, server: object) -> bool:
    """The CPU carries out a send from or to the server that has passed its check and not left."""
    return bool(cpu.frame.passed) and cpu.frame.partner == server


def _wanted(step: FineStep, frame: Frame) -> bool:
    if step.part is Part.PASSED:
        return bool(frame.passed)
    return bool(frame.parting.leaving) if step.part is Part.LEAVING else True
