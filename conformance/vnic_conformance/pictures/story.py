"""One list of steps for every picture: who acts, what is done, which elements move, what changes, where it is wrong.

Text (:mod:`vnic_conformance.reports.failure`) takes its words from the same functions; the formats here add no words of
their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vnic_conformance.episode import HYPERVISOR
from vnic_conformance.reports.failure import allowed_words, came_words
from vnic_conformance.reports.lanes import shown_steps
from vnic_conformance.reports.naming import field_name, field_value, is_fault, lane_of
from vnic_conformance.running.episode import Retraced, retrace
from vnic_conformance.running.events import Failure
from vnic_conformance.running.role import role_named
from vnic_conformance.stimulus import Stimulus
from vnic_model import describe
from vnic_model.recording import Deed
from vnic_model.trace import LASSO, VIOLATION, Passage, Trace
from vnic_model.trace_text import change_words, endless
from vnic_spec.wire import from_words

#: Lanes from left to right; those of servers stand behind them, and what is not known last.
_ORDER = ("console", "platform", "clock", "application", "network", "client", "hypervisor")
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
        sub_elements: what was sent on a sub-CRQ, in hexadecimal.
        registers: what H_VIOCTL was given, from the subfunction on, in hexadecimal; or empty.
        record: what H_VIOCTL wrote, in hexadecimal; or empty.
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
    sub_elements: tuple[str, ...] = ()
    registers: str = ""
    record: str = ""
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
    """

    title: str
    requirement: str
    sentence: str
    came: str
    allowed: tuple[str, ...]
    steps: tuple[Step, ...]

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
    retraced = retrace(failure.episode)
    steps = _in_lanes(retraced) if failure.episode.setting.role == HYPERVISOR else _in_words(retraced, failure)
    return Story(
        failure.case, failure.requirement, failure.sentence, came_words(failure), allowed_words(failure), steps
    )


def _in_lanes(retraced: list[Retraced]) -> tuple[Step, ...]:
    found = []
    last = len(retraced) - 1
    for shown, r in zip(shown_steps(retraced), retraced[1:], strict=True):
        stimulus, came = r.judgement.stimulus, r.judgement.came
        sub = str(stimulus.given.get("hex", "")) if stimulus.call.startswith("send_sub_crq") else ""
        found.append(
            Step(
                number=shown.number,
                now=shown.now,
                lane=shown.lane,
                words=f"{shown.words} → {shown.answer}" if shown.answer else shown.words,
                fault=shown.fault,
                wrong=shown.number == last,
                elements=shown.elements,
                changes=(*(f"before it, by time: {words}" for words in shown.meanwhile), *shown.changes),
                sub_elements=tuple(sub[at : at + 64] for at in range(0, len(sub), 64)),
                registers=_registers(stimulus),
                record=_text(came, "info"),
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


def _registers(stimulus: Stimulus) -> str:
    if stimulus.call != "vioctl":
        return ""
    given = (stimulus.given.get(name, 0) for name in ("sub", "p1", "p2", "p3"))
    return from_words(*(value for value in given if isinstance(value, int))).hex()


def _text(came: Mapping[str, object], name: str) -> str:
    value = came.get(name)
    return value if isinstance(value, str) else ""


def _in_words(retraced: list[Retraced], failure: Failure) -> tuple[Step, ...]:
    phrase = role_named(failure.episode.setting.role).phrase
    now, found = 0, []
    for r in retraced[1:]:
        given = r.judgement.stimulus
        fault, wrong = is_fault(given), r.number == len(retraced) - 1
        found.append(Step(r.number, now, lane_of(given.who), phrase(given), fault, wrong, state=_state(r)))
        came = r.judgement.came.get("now")
        now = came if isinstance(came, int) else now
    return tuple(found)


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


def passage_words(passage: Passage) -> str:
    """What became of an element, beside its arrow."""
    instead = f", in the place of {passage.instead_of}" if passage.instead_of else ""
    return f"{passage.name} {passage.deed.lower()}{instead}"
