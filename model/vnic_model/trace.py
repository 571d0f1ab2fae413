"""Traces as data: a run of the machine, step by step, that can be stored, read back and replayed.

A trace is a JSON-lines document: a header, one line per step, and a closing line by which a truncated one is noticed. The
header and the actions determine everything else; the rest is there for readers, and replaying (:mod:`vnic_model.replay`)
checks all of it. Text is a rendering (:mod:`vnic_model.trace_text`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from vnic_model.instance import Instance
from vnic_model.instances import instance
from vnic_model.intake import Fields, IntakeError, lines_of, record_of, shown
from vnic_spec.mutations import EVERY_MUTATION
from vnic_spec.profile import DEFAULT, Profile

FORMAT = "vnic-trace"
VERSION = 1
VIOLATION, WITNESS, LASSO = "violation", "witness", "lasso"
#: What the document says about its bytes.
NOTE = (
    "of LOGIN, LOGIN_RSP and DATA the machine knows only the header and the command; the other bytes are shown as zeros"
)


class TraceError(ValueError):
    """A trace that cannot be read, or that is not a run of this machine. The message says where and why."""


@dataclass(frozen=True)
class Header:
    """What the run is a run of, and what it shows."""

    instance: str
    servers: int
    client_depth: int
    server_depth: int
    profile: dict[str, object]  #: only what differs from the defaults
    profile_full: dict[str, object]
    mutation: str | None
    kind: str  #: ``violation``, ``witness`` or ``lasso``
    property: str  #: or, of a lasso, the goal that it refutes
    requirement: str
    sentence: str
    loop: int | None = None  #: of a lasso: the step that begins what repeats for ever; one past the last: nothing does
    without: list[str] = field(default_factory=list)  #: of a lasso: assumptions that are not made
    interventions: int | None = None  #: environment actions at most, where the instance bounds them

    def machine(self) -> Instance:
        """The instance that the run belongs to."""
        try:
            return instance(
                self.instance,
                self.servers,
                mutation=None if self.mutation is None else EVERY_MUTATION[self.mutation],
                profile=Profile.from_mapping(self.profile_full),
                client_depth=self.client_depth,
                server_depth=self.server_depth,
                interventions=self.interventions,
            )
        except KeyError as error:
            raise TraceError(f"header: this kit has no instance or mutation {error}") from None
        except (TypeError, ValueError) as error:
            raise TraceError(f"header: {error}") from None


@dataclass(frozen=True)
class Passage:
    """One element on its way."""

    deed: str  #: name of a :class:`~vnic_model.recording.Deed`
    sender: str
    receiver: str
    name: str
    bytes: str  #: hexadecimal; zeros where the machine does not know
    instead_of: str = ""  #: the element that was overlaid


@dataclass(frozen=True)
class Change:
    """One variable that a step changed."""

    variable: str
    before: object
    after: object
    proof: bool  #: no implementation has it


@dataclass(frozen=True)
class TraceStep:
    """One step."""

    number: int
    lane: str
    action: str
    parameters: dict[str, object]
    answer: str | None  #: return code of the hypervisor call
    fault: bool  #: a choice of users, administrators, faults or time
    elements: tuple[Passage, ...]
    changes: tuple[Change, ...]
    point: str  #: ``violation``, ``witness`` or ``lasso`` at the step that is meant, else empty


@dataclass(frozen=True)
class Trace:
    """A run of the machine."""

    header: Header
    steps: tuple[TraceStep, ...]

    def dump(self) -> str:
        """The JSON-lines document."""
        header = asdict(self.header)
        if self.header.kind != LASSO:
            del header["loop"], header["without"]
        if self.header.interventions is None:
            del header["interventions"]
        lines: list[dict[str, object]] = [{"trace": FORMAT, "version": VERSION, **header, "note": NOTE}]
        lines += [asdict(step) for step in self.steps]
        lines.append({"end": FORMAT, "steps": len(self.steps)})
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)

    @classmethod
    def load(cls, source: Path | str) -> Trace:
        """Read a document back.

        Args:
            source: the file, or the text itself.

        Raises:
            TraceError: no such document, another version, its end is missing, or a line is not what it should be. Whether it
                is a run of the machine is for :func:`vnic_model.replay.replay` to say.
        """
        try:
            return _loaded(_records(source))
        except IntakeError as error:
            raise TraceError(str(error)) from None


# --- reading -------------------------------------------------------------------------------------------------------

#: A trace is a shortest run, so it has some dozens of steps; what has so many is none.
MOST_STEPS = 10_000
_MOST_LINE = 1 << 20


def _records(source: Path | str) -> Iterator[tuple[int, Fields]]:
    for number, line, _ in lines_of(source, _MOST_LINE):
        where = f"line {number}"
        try:
            record = record_of(line)
        except IntakeError as error:
            raise TraceError(f"{where}: {error}") from None
        yield number, Fields(record, where)


def _loaded(records: Iterator[tuple[int, Fields]]) -> Trace:
    _, head = next(records, (1, Fields({}, "line 1")))
    if "trace" not in head or head.value("trace") != FORMAT:
        raise TraceError(f'line 1: no header {{"trace": "{FORMAT}", ...}}; this is no trace of this kit')
    if "version" not in head or head.value("version") != VERSION:
        version = shown(head.value("version") if "version" in head else None)
        raise TraceError(f"line 1: version {version}; this kit reads version {VERSION}")
    header = _header(head)
    steps: list[TraceStep] = []
    for number, record in records:
        if "end" in record:
            fits = (record.text("end"), record.whole("steps")) == (FORMAT, len(steps))
            record.exactly("end", "steps")
            if not fits or next(records, None) is not None:
                raise TraceError(f"line {number}: the closing line does not fit the {len(steps)} steps before it")
            return Trace(header, tuple(steps))
        if len(steps) == MOST_STEPS:
            raise TraceError(f"line {number}: a trace has at most {MOST_STEPS:,} steps")
        steps.append(_step(record))
    raise TraceError(f"the closing line is missing after {len(steps)} steps: the trace is truncated")


def _header(f: Fields) -> Header:
    optional = ("loop", "without", "interventions")
    needed = [field.name for field in fields(Header) if field.name not in optional]
    f.exactly("trace", "version", *needed, perhaps=("note", *optional))
    return Header(
        instance=f.text("instance"),
        servers=f.whole("servers"),
        client_depth=f.whole("client_depth", 1, _MOST_DEPTH),
        server_depth=f.whole("server_depth", 1, _MOST_DEPTH),
        profile=_choices(f.inner("profile")),
        # Written before a parameter was added: what it then was is its default.
        profile_full={**DEFAULT.as_mapping(), **_choices(f.inner("profile_full"))},
        mutation=None if f.nothing("mutation") else f.text("mutation"),
        kind=f.text("kind"),
        property=f.text("property"),
        requirement=f.text("requirement"),
        sentence=f.text("sentence"),
        loop=None if f.maybe("loop") is None else f.whole("loop"),
        without=list(f.texts("without")) if "without" in f else [],
        interventions=None if f.maybe("interventions") is None else f.whole("interventions", 0, 64),
    )


#: The deepest queues that can be explored.
_MOST_DEPTH = 64


def _choices(f: Fields) -> dict[str, object]:
    return {name: None if f.nothing(name) else f.scalar(name) for name in f}


def _step(f: Fields) -> TraceStep:
    f.exactly(*(field.name for field in fields(TraceStep)))
    given = f.inner("parameters")
    return TraceStep(
        number=f.whole("number", 1, MOST_STEPS),
        lane=f.text("lane"),
        action=f.text("action"),
        parameters={name: given.plain(name) for name in given},
        answer=None if f.nothing("answer") else f.text("answer"),
        fault=f.flag("fault"),
        elements=tuple(_passage(one) for one in f.inners("elements")),
        changes=tuple(_change(one) for one in f.inners("changes")),
        point=f.text("point"),
    )


def _passage(f: Fields) -> Passage:
    names = [field.name for field in fields(Passage)]
    f.exactly(*names)
    return Passage(**{name: f.text(name) for name in names})


def _change(f: Fields) -> Change:
    f.exactly(*(field.name for field in fields(Change)))
    return Change(f.text("variable"), f.plain("before"), f.plain("after"), f.flag("proof"))
