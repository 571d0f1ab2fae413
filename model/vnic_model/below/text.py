"""A run of a level below as text: one lane for each CPU, and what each step leaves in the client's queue."""

from __future__ import annotations

from collections.abc import Iterator

from vnic_model.below.exploring import FineExploration
from vnic_model.below.machine import Cpu, Fine, FineMachine, FineMove
from vnic_model.describe import element_name, server, value
from vnic_spec.below.fine_step import Frame
from vnic_spec.below.laws import LAWS, OF_MEMORY, REFINEMENT
from vnic_spec.properties import PROPERTIES
from vnic_spec.state import State
from vnic_spec.vocabulary import Kind

_LANE = 46
#: What is claimed of steps, by name.
CLAIMS = {
    **{name: PROPERTIES[name].sentence for name in OF_MEMORY},
    **{law.name: law.sentence for law in LAWS},
    REFINEMENT: "A step is one step of the machine, with the answer that the caller gets, if its call takes effect by it; "
    "else it is none.",
}


def claim_sentence(name: str) -> str:
    """What a law, a property of the memory or the refinement claims."""
    return CLAIMS[name]


def run_lines(found: FineExploration) -> Iterator[str]:
    """The run to a violation, a line for each step. A star marks the step by which a call takes effect."""
    machine, before = found.machine, found.machine.initial
    yield f" step  {'CPU 0':<{_LANE}}{'CPU 1':<{_LANE}}".rstrip()
    yield f"    0  {_memory(machine.state(before.memory))}"
    for number, move in enumerate(found.path, 1):
        words = _words(machine, before, move) + (" *" if move.effect else "")
        indent = "" if move.cpu is None else " " * (_LANE * move.cpu)
        yield f"{number:>5}  {indent}{words}"
        one, two = machine.state(before.memory), machine.state(move.after.memory)
        changes = _changes(one, two)
        if changes:
            yield f"         {indent}{changes}"
        before = move.after


def _words(machine: FineMachine, before: Fine, move: FineMove) -> str:
    if move.call is None or move.cpu is None:
        return "client reads the first element of its queue"
    if move.step == "begin":
        return f"[ {move.call.words}"
    was = machine.cpus[(before.one, before.two)[move.cpu]]
    then = machine.cpus[(move.after.one, move.after.two)[move.cpu]]
    assert was is not None
    return _step_words(move.step, was.frame if then is None else then.frame, then)


def _step_words(step: str, frame: Frame, then: Cpu | None) -> str:
    chosen: int | None = frame.chosen  # type: ignore[assignment]  # a plain value of the direct reading
    old: int | None = frame.parting.old  # type: ignore[assignment]
    given = "" if frame.answer is None else value(frame.answer)
    words = {
        "check": f"let through? {'yes' if frame.passed else f'no: {given}'}",
        "glance": f"let through? {'yes' if frame.passed else f'no: {given}'}",
        "store": f"element: {given}",
        "leave": "send has left",
        "lock": "takes the lock",
        "choose": f"chooses {server(chosen)}",
        "write": "writes what is reported",
        "cut": f"fences {server(old)}",
        "drain": f"no send of {server(old)}'s is under way",
        "announce": "tells the client" if frame.parting.switch else "nobody is switched",
        "notify": f"tells {server(old)}",
        "install": f"selects {server(chosen)}",
        "join": "connects",
        "clear": "sees that an element is read",
        "unlock": "gives the lock back",
        "answer": f"] {given}".rstrip(),
    }
    return words[step]


def _memory(state: State) -> str:
    connected = [i for i, on in enumerate(_values(state.connected)) if on]
    who = " and ".join(server(i) for i in connected) or "nobody"
    return f"connected: {who}; client's queue: {_queue(state)}"


def _changes(one: State, two: State) -> str:
    found = []
    if one.connected != two.connected:
        connected = [i for i, on in enumerate(_values(two.connected)) if on]
        found.append(f"connected: {' and '.join(server(i) for i in connected) or 'nobody'}")
    if one.to_client != two.to_client:
        found.append(f"client's queue: {_queue(two)}")
    for i, (was, now) in enumerate(zip(_values(one.to_server), _values(two.to_server), strict=True)):
        if was != now:
            found.append(f"queue of server {i}: {_elements(now)}")
    return "; ".join(found)


def _values(held: object) -> tuple[object, ...]:
    values: tuple[object, ...] = held.values  # type: ignore[attr-defined]  # a map of the direct reading
    return values


def _queue(state: State) -> str:
    return _elements(state.to_client)


def _elements(queue: object) -> str:
    names = []
    for element in queue.items:  # type: ignore[attr-defined]  # a queue of the direct reading
        kind: Kind = element.kind
        names.append(element_name(kind) + ("" if element.sender is None else f" of server {element.sender}"))
    return f"[{', '.join(names)}]"
