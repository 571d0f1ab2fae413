"""An episode as numbered steps in lanes: who acts, which elements move with their 16 bytes, what changes.

What moved is read from what could be seen before and after a step, so it is what the implementation did, also where that is
wrong. What changed is the specification's state, as long as it follows; at the step where it cannot follow any more, it is
what the implementation shows.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vnic_conformance.reports import naming
from vnic_conformance.running.episode import Retraced
from vnic_conformance.stimulus import CLIENT, CLOCK, Stimulus
from vnic_model import describe
from vnic_model.direct import DirectMap
from vnic_model.recording import Deed
from vnic_model.replay import plain
from vnic_model.trace import Change, Passage
from vnic_model.trace_text import WIDTH, Lanes, Line, change_words, element_lines, flow
from vnic_spec.state import VARIABLES, State
from vnic_spec.vocabulary import Status
from vnic_spec.wire import Rc

#: Columns of the step's number and its mark.
_MARGIN = 6
#: Variables that an implementation has nothing to do with, or that the elements show.
_LEFT_OUT = frozenset({"granted", "added", "to_client", "to_server", "phase", "wish", "token", "hung", "belief"})
_NOT_STORED = (int(Rc.H_CLOSED), int(Rc.H_DROPPED))
#: Elements that are drawn with their bytes; of others the words say them.
_DRAWN = (Deed.STORED.name, Deed.OVERLAID.name)
#: More repetitions than these are counted instead of drawn.
_ALIKE = 3
#: So many elements of one step are drawn; more are counted.
_MANY = 8


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One step as it is drawn."""

    number: int
    now: int  #: virtual time before it, in milliseconds
    lane: str
    words: str
    answer: str
    fault: bool
    elements: tuple[Passage, ...]
    changes: tuple[str, ...]
    variables: frozenset[str]  #: names of the variables in ``changes``
    ok: bool
    alike: str  #: the words without the bytes that are written or sent
    meanwhile: tuple[str, ...] = ()  #: what had changed before it, because time passed


def shown_steps(retraced: Sequence[Retraced]) -> list[ShownStep]:
    """The steps of an episode that was judged again, without the reset."""
    return [shown_step(r) for r in retraced[1:]]


def shown_step(r: Retraced) -> ShownStep:
    """One step that was judged again."""
    judgement = r.judgement
    stimulus, came = judgement.stimulus, judgement.came
    words = naming.phrase(stimulus)
    elements = tuple(_passages(stimulus, r.shown, came))
    if stimulus.call == "send_crq" and not any(e.deed in _DRAWN and e.bytes == stimulus.given["hex"] for e in elements):
        words += f", bytes {describe.hex_groups(str(stimulus.given['hex']))}"
    if stimulus.who == CLOCK:
        words += f" (now at {r.now + int(stimulus.given['ms'])} ms)"
    meanwhile: tuple[str, ...] = ()
    if judgement.ok and judgement.agreed:
        changes = _changes(r)
        if stimulus.who != CLOCK:
            timely = _by_time(r, changes)
            meanwhile = tuple(change_words(c) for c in timely)
            changes = [c for c in changes if c not in timely]
        shown = tuple(change_words(c) for c in changes)
        names = frozenset(c.variable.partition("[")[0] for c in changes)
    else:
        shown, names = tuple(_seen_changes(r.shown, came)), frozenset()
    if len(judgement.agreed) > 1:
        shown = (*shown, f"(one of {len(judgement.agreed)} states it may be in)")
    return ShownStep(
        number=r.number,
        now=r.now,
        lane=naming.lane_of(stimulus.who),
        words=words,
        answer=naming.answer(came),
        fault=naming.is_fault(stimulus),
        elements=elements,
        changes=shown,
        variables=names,
        ok=judgement.ok,
        alike=naming.phrase(stimulus, with_bytes=False),
        meanwhile=meanwhile,
    )


# --- what moved ------------------------------------------------------------------------------------------------------


def _passages(stimulus: Stimulus, shown: Mapping[str, object], came: Mapping[str, object]) -> Iterator[Passage]:
    found: list[Passage] = []
    for name in sorted({*shown, *came}, key=lambda n: (n != "client_queue", n)):
        if not name.endswith("_queue") or name not in came:
            continue
        owner = name.removesuffix("_queue")
        before, after = str(shown.get(name, "")).split(), str(came[name]).split()
        found += _moved(stimulus, owner, before, after, came)
    if stimulus.call == "send_crq" and came.get("rc") in _NOT_STORED:
        selected = str(came.get("selected", ""))
        partner = naming.partner(selected) if selected else describe.HYPERVISOR
        receiver = partner if stimulus.who == CLIENT else describe.CLIENT
        found.append(_passage(Deed.REFUSED, naming.lane_of(stimulus.who), receiver, str(stimulus.given["hex"])))
    yield from sorted(found, key=lambda p: Deed[p.deed].value)


def _moved(
    stimulus: Stimulus, owner: str, before: list[str], after: list[str], came: Mapping[str, object]
) -> Iterator[Passage]:
    receiver = naming.lane_of(owner)
    if stimulus.who == owner and stimulus.call == "consume" and "handle" not in stimulus.given and came.get("element"):
        taken = str(came["element"])
        yield _passage(Deed.TAKEN, receiver, receiver, taken)
        before = before[1:]
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    if len(before) == len(after) and same == len(before) - 1:
        new = after[-1]
        yield _passage(Deed.OVERLAID, _sender(stimulus, owner, new), receiver, new, naming.element_name(before[-1]))
        return
    for element in before[same:]:
        yield _passage(Deed.LOST, _sender(None, owner, element), receiver, element)
    for element in after[same:]:
        yield _passage(Deed.STORED, _sender(stimulus, owner, element), receiver, element)


def _sender(stimulus: Stimulus | None, owner: str, element: str) -> str:
    sends = stimulus is not None and stimulus.call == "send_crq" and stimulus.who != owner
    if stimulus is not None and sends and (stimulus.given["hex"] == element or not element.startswith("ff")):
        return naming.lane_of(stimulus.who)
    if element.startswith("ff"):
        return describe.HYPERVISOR
    return describe.HYPERVISOR if owner == CLIENT else describe.CLIENT


def _passage(deed: Deed, sender: str, receiver: str, element: str, instead: str = "") -> Passage:
    return Passage(deed.name, sender, receiver, naming.element_name(element), element, instead)


# --- what changed ----------------------------------------------------------------------------------------------------


def _changes(r: Retraced) -> list[Change]:
    before = min(r.before, key=lambda p: len(p.timers)).state
    return list(changes_between(before, r.judgement.agreed[0].possibility.state))


def _by_time(r: Retraced, changes: Sequence[Change]) -> list[Change]:
    """Those of the changes that came before the call: on a real clock servers fall silent between two calls.

    Only time makes a server UNRESPONSIVE or overdue. If it was the selected one, it was left for that.
    """
    before = min(r.before, key=lambda p: len(p.timers)).state
    late = [c for c in changes if c.variable.startswith("overdue[") and c.after]
    late += [c for c in changes if c.variable.startswith("status[") and c.after == Status.UNRESPONSIVE.name]
    if any(c.variable.endswith(f"[{before.selected}]") for c in late):
        late += [c for c in changes if c.variable.partition("[")[0] in ("selected", "pin", "connected", "held")]
    return [c for c in changes if c in late]


def changes_between(before: State, after: State) -> Iterator[Change]:
    """The variables that a step has changed, as far as an implementation has them."""
    for variable in VARIABLES:
        if variable.ghost or variable.name in _LEFT_OUT:
            continue
        one, other = getattr(before, variable.name), getattr(after, variable.name)
        if isinstance(one, DirectMap):
            for i, (a, b) in enumerate(zip(one.values, other.values, strict=True)):
                if a != b:
                    yield Change(f"{variable.name}[{i}]", plain(a), plain(b), False)
        elif one != other:
            yield Change(variable.name, plain(one), plain(other), False)


def _seen_changes(shown: Mapping[str, object], came: Mapping[str, object]) -> Iterator[str]:
    """What the implementation shows differently than before, queues apart."""
    told = ("client_crq", "auto", "selected", "pinned", "listed")
    for name in came:
        listed = name.startswith("server") and name.endswith(("_status", "_priority", "_port"))
        if (name in told or listed) and name in shown and shown[name] != came[name]:
            was, now = naming.field_value(name, shown[name]), naming.field_value(name, came[name])
            yield f"shows {naming.field_name(name)} {was} → {now}"


# --- drawing ---------------------------------------------------------------------------------------------------------


def lines_of_steps(
    steps: Sequence[ShownStep], *, mark: Callable[[ShownStep], str] = lambda _: ""
) -> tuple[list[Line], Lanes]:
    """The steps in lanes, and the lanes.

    Args:
        steps: what to draw.
        mark: a sign in front of a step instead of its usual one.
    """
    names = {step.lane for step in steps} | {who for s in steps for e in s.elements for who in (e.sender, e.receiver)}
    names |= {naming.lane_of(CLOCK) for step in steps if step.meanwhile}
    lanes = Lanes(names)
    lines = [Line(f"{'step':>4}  {lanes.head()}", "head")]
    for run in _runs(steps):
        if len(run) > _ALIKE:
            words = f"… {len(run)} more of these"
            lines.append(Line(f"{' ' * _MARGIN}{lanes.blank()} {words}", "proof"))
        else:
            for step in run:
                lines += _drawn(step, lanes, mark(step) or ("!" if step.fault else " "))
    return lines, lanes


def _runs(steps: Sequence[ShownStep]) -> Iterator[list[ShownStep]]:
    """The steps; those that repeat the one before them, and are repeated, in lists of their own."""
    run: list[ShownStep] = []
    for number, step in enumerate(steps):
        inside = 0 < number < len(steps) - 1
        if inside and _alike(steps[number - 1], step) and _alike(step, steps[number + 1]):
            run.append(step)
            continue
        if run:
            yield run
            run = []
        yield [step]


def _alike(one: ShownStep, other: ShownStep) -> bool:
    """One does again what the other did, to the same effect, whatever bytes are sent."""
    return (
        (one.lane, one.alike, one.answer) == (other.lane, other.alike, other.answer)
        and not (one.changes or other.changes or one.meanwhile or other.meanwhile)
        and [(e.deed, e.sender, e.receiver) for e in one.elements]
        == [(e.deed, e.sender, e.receiver) for e in other.elements]
    )


def _drawn(step: ShownStep, lanes: Lanes, sign: str) -> Iterator[Line]:
    if step.meanwhile:
        mark = lanes.mark(naming.lane_of(CLOCK), "●")
        yield Line(f"{'!':>{_MARGIN - 1}} {mark} time passes", "fault")
        for words in flow(step.meanwhile, WIDTH - _MARGIN - lanes.width - 3):
            yield Line(f"{' ' * _MARGIN}{lanes.blank()}   {words}", "change")
    for number, line in enumerate(_step_lines(step, lanes)):
        margin = f"{step.number:>4}{sign} " if number == 0 else " " * _MARGIN
        yield Line(margin + line.text, line.role)


def _step_lines(step: ShownStep, lanes: Lanes) -> Iterator[Line]:
    room = WIDTH - _MARGIN - lanes.width - 1
    first = lanes.mark(step.lane, "●")
    words = f"{step.words} → {step.answer}" if step.answer else step.words
    for line in textwrap.wrap(words, room, subsequent_indent="  "):
        yield Line(f"{first} {line}", "fault" if step.fault else "step")
        first = lanes.blank()
    drawn = step.elements if len(step.elements) <= _MANY else (*step.elements[:3], *step.elements[-2:])
    for number, passage in enumerate(drawn):
        if len(drawn) < len(step.elements) and number == 3:
            yield Line(f"{lanes.blank()}   … {len(step.elements) - len(drawn)} more", "element")
        yield from element_lines(passage, lanes, room, compact=False)
    for line in flow(step.changes, room - 2):
        yield Line(f"{lanes.blank()}   {line}", "change")


def legend(steps: Iterable[ShownStep], lanes: Lanes) -> Iterator[Line]:
    """What lanes, signs and variables mean."""
    pairs = [
        f"{label} {name}"
        for name, label in zip(lanes.names, lanes.labels, strict=True)
        if not name.startswith("server")
    ]
    words = (
        f"lanes: {', '.join(pairs)}, s0 … servers; ● acts, ├─▶ puts an element on a queue, ○ takes one off; "
        "! chosen by administrators, faults or time"
    )
    for line in textwrap.wrap(words, WIDTH):
        yield Line(line, "proof")
    seen = {name for step in steps for name in step.variables}
    for variable in VARIABLES:
        if variable.name in seen:
            wrapped = textwrap.wrap(variable.meaning, WIDTH - 15)
            for number, line in enumerate(wrapped):
                yield Line(f"{variable.name if number == 0 else '':<15}{line}", "proof")
