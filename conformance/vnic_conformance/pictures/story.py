"""One list of steps for every picture: who acts, what is done, which elements move, what changes, where it is wrong.

Text (:mod:`vnic_conformance.reports.failure`) takes its words from the same functions; the formats here add no words of
their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vnic_conformance.client_role.conversation import HAPPENED
from vnic_conformance.client_role.record import happenings_of
from vnic_conformance.episode import HYPERVISOR
from vnic_conformance.pictures.client_traffic import ClientTraffic
from vnic_conformance.pictures.traffic import Packet, element, of_calls, of_frames
from vnic_conformance.reports.client_lanes import moves_element, sentence, shortened
from vnic_conformance.reports.failure import allowed_words, came_words
from vnic_conformance.reports.lanes import shown_steps
from vnic_conformance.reports.naming import field_name, field_value, is_fault, lane_of
from vnic_conformance.running.episode import Retraced, retrace
from vnic_conformance.running.events import Failure
from vnic_conformance.running.role import role_named
from vnic_model import describe
from vnic_model.recording import Deed
from vnic_model.trace import LASSO, VIOLATION, Passage, Trace
from vnic_model.trace_text import change_words, endless

#: Lanes from left to right; those of servers stand behind them, and what is not known last.
_ORDER = ("console", "platform", "clock", "user", "application", "network", "partner", "client", "hypervisor")
#: Of a longer value, frames for example, the beginning is shown.
_LONGEST = 120
_EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that the implementation shows, in words, before a step and after it.

    Two values that differ may have the same words: elements of a queue by their names, the beginning of a long value.
    """

    name: str
    before: str
    after: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        number: from 1.
        now: virtual time before it, in milliseconds; None: not known.
        lane: who acts.
        words: what is done, with its answer where that says something.
        fault: chosen by administrators, faults or time.
        wrong: here the specification is left.
        elements: what moved.
        changes: what is different afterwards, and what time had changed before.
        packets: the bytes that moved, in order, those of the elements among them; of a run of the model those alone.
        state: everything that the implementation shows; of a run of the model nothing, whose changes say it all.
    """

    number: int
    now: int | None
    lane: str
    words: str
    fault: bool
    wrong: bool
    elements: tuple[Passage, ...] = ()
    changes: tuple[str, ...] = ()
    packets: tuple[Packet, ...] = ()
    state: tuple[Shown, ...] = ()

    @property
    def line(self) -> str:
        """The step as every format says it."""
        who = "" if self.words.startswith(self.lane) else f"{self.lane}: "
        return f"{self.number}. {who}{self.words}"


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, and what should have.

    Attributes:
        title: the case or the property.
        requirement: the ID of the requirement that is hurt or shown.
        sentence: what it says.
        came: what came instead; or empty.
        allowed: everything that was allowed, with the requirement that allows it.
        steps: in order.
        opening: the bytes that moved before the first one.
    """

    title: str
    requirement: str
    sentence: str
    came: str
    allowed: tuple[str, ...]
    steps: tuple[Step, ...]
    opening: tuple[Packet, ...] = ()

    @property
    def lanes(self) -> tuple[str, ...]:
        """Everybody who acts, sends or receives, from left to right."""
        names = {step.lane for step in self.steps}
        names |= {who for step in self.steps for e in step.elements for who in (e.sender, e.receiver)}
        return tuple(sorted(names, key=_place))


def _place(name: str) -> tuple[int, str]:
    if name in _ORDER:
        return _ORDER.index(name), name
    return len(_ORDER), name


def story_of_failure(failure: Failure) -> Story:
    """A failure of any role."""
    return _story(failure, came_words(failure), allowed_words(failure), retrace(failure.episode), failed=True)


def story_again(failure: Failure, came: str, retraced: Sequence[Retraced], *, failed: bool) -> Story:
    """What an implementation has done when it was put through a failure again.

    Args:
        failure: as it was recorded.
        came: what has become of it.
        retraced: the steps, judged again, the reset first; none where not even that was done.
        failed: the last of them violates something.
    """
    return _story(failure, came, (), retraced, failed=failed)


def _story(
    failure: Failure, came: str, allowed: tuple[str, ...], retraced: Sequence[Retraced], *, failed: bool
) -> Story:
    steps: Sequence[Step] = ()
    opening: tuple[Packet, ...] = ()
    if retraced and failure.episode.setting.role == HYPERVISOR:
        steps = _in_lanes(retraced)
    elif retraced:
        opening, steps = _in_words(retraced, failure)
    told = tuple(replace(step, wrong=failed and step is steps[-1]) for step in steps)
    return Story(failure.case, failure.requirement, failure.sentence, came, allowed, told, opening)


def _in_lanes(retraced: Sequence[Retraced]) -> tuple[Step, ...]:
    found = []
    for shown, r in zip(shown_steps(retraced), retraced[1:], strict=True):
        judgement = r.judgement
        found.append(
            Step(
                number=shown.number,
                now=shown.now,
                lane=shown.lane,
                words=f"{shown.words} → {shown.answer}" if shown.answer else shown.words,
                fault=shown.fault,
                wrong=False,
                elements=shown.elements,
                changes=(*(f"before it, by time: {words}" for words in shown.meanwhile), *shown.changes),
                packets=tuple(of_calls(shown.elements, judgement.stimulus, judgement.came)),
                state=_state(r),
            )
        )
    return tuple(found)


def _state(r: Retraced) -> tuple[Shown, ...]:
    """What is empty before and after is left out."""
    seen = r.judgement.came.seen or {}
    found = (_shown(name, r.shown.get(name, ""), value) for name, value in seen.items())
    return tuple(one for one in found if one.changed or one.after != _EMPTY)


def _shown(name: str, before: object, after: object) -> Shown:
    return Shown(field_name(name), _words(name, before), _words(name, after), before != after)


def _words(name: str, value: object) -> str:
    words = field_value(name, value)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}… ({len(words)} characters)"


@dataclass(frozen=True, slots=True)
class _Moved:
    """What moved in a step, and when it was over."""

    now: int
    packets: tuple[Packet, ...]
    elements: tuple[Passage, ...] = ()
    changes: tuple[str, ...] = ()


def _in_words(retraced: Sequence[Retraced], failure: Failure) -> tuple[tuple[Packet, ...], tuple[Step, ...]]:
    """What moved at the reset, and the steps after it."""
    phrase = role_named(failure.episode.setting.role).phrase
    moved = list(_of_client(retraced) if HAPPENED in failure.episode.start else _of_system(retraced))
    steps = tuple(
        Step(
            number=r.number,
            now=before.now,
            lane=lane_of(r.judgement.stimulus.who),
            words=phrase(r.judgement.stimulus),
            fault=is_fault(r.judgement.stimulus),
            wrong=False,
            elements=here.elements,
            changes=here.changes,
            packets=here.packets,
            state=_state(r),
        )
        for r, before, here in zip(retraced[1:], moved, moved[1:], strict=False)
    )
    return moved[0].packets, steps


def _of_system(retraced: Sequence[Retraced]) -> Iterator[_Moved]:
    now = 0
    for r in retraced:
        came = r.judgement.came.get("now")
        now = came if isinstance(came, int) else now
        yield _Moved(now, tuple(of_frames(r.judgement.came)))


def _of_client(retraced: Sequence[Retraced]) -> Iterator[_Moved]:
    """Of many elements or other happenings of a step the first and the last, as in text; the bytes of all."""
    now, traffic = 0, ClientTraffic()
    for r in retraced:
        happened = happenings_of(str(r.judgement.came[HAPPENED]))
        now = happened[-1].now if happened else now
        traffic.take(happened)
        elements = shortened(traffic.passages)
        said = [words for each in happened if not moves_element(each) and (words := sentence(each))]
        left = len(traffic.passages) - len(elements)
        more = [f"{left} more elements, which the capture has"] if left else []
        yield _Moved(now, tuple(traffic.packets), tuple(elements), (*more, *shortened(said)))


def story_of_trace(trace: Trace) -> Story:
    """A run of the model, which knows no time."""
    header = trace.header
    steps = tuple(
        Step(
            number=step.number,
            now=None,
            lane=step.lane,
            words=_joined(describe.phrase(step.action, step.parameters), step.answer),
            fault=step.fault,
            wrong=step.point == VIOLATION,
            elements=tuple(_at_home(passage) for passage in step.elements),
            changes=tuple(change_words(change) for change in step.changes if not change.proof),
            packets=tuple(element(_at_home(one)) for one in step.elements if one.deed != Deed.TAKEN.name),
        )
        for step in trace.steps
    )
    came = endless(trace) if header.kind == LASSO else ""
    return Story(header.property, header.requirement, header.sentence, came, (), steps)


def _at_home(passage: Passage) -> Passage:
    """An element that is taken moves no more between partners: it is with the owner of the queue, as in a recorded failure."""
    return replace(passage, sender=passage.receiver) if passage.deed == Deed.TAKEN.name else passage


def _joined(words: str, answer: str | None) -> str:
    return f"{words} → {answer}" if answer else words
