"""Traces as data: a run of the machine, step by step, that can be stored, read back and replayed.

A trace is a JSON-lines document: a header, one line per step, and a closing line by which a truncated one is noticed. The
header and the actions determine everything else; the rest is there for readers, and replaying (:mod:`vnic_model.replay`)
checks all of it. Text is a rendering (:mod:`vnic_model.trace_text`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from vnic_model.instance import Instance
from vnic_model.instances import instance
from vnic_spec.mutations import EVERY_MUTATION
from vnic_spec.profile import Profile

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
    def load(cls, text: str) -> Trace:
        """Read a document back.

        Raises:
            TraceError: no such document, another version, or its end is missing. Whether it is a run of the machine is
                for :func:`vnic_model.replay.replay` to say.
        """
        records = list(_records(text))
        if not records or records[0].get("trace") != FORMAT:
            raise TraceError(f'line 1: no header {{"trace": "{FORMAT}", ...}}; this is no trace of this kit')
        head = dict(records[0])
        del head["trace"]
        if head.pop("version", None) != VERSION:
            raise TraceError(f"line 1: version {records[0].get('version')!r}; this kit reads version {VERSION}")
        head.pop("note", None)
        if head.get("kind") != LASSO:
            head = {"loop": None, "without": [], **head}
        head = {"interventions": None, **head}
        header = _built(Header, head, 1)
        steps: list[TraceStep] = []
        for line, record in enumerate(records[1:], 2):
            if "end" in record:
                if record != {"end": FORMAT, "steps": len(steps)} or line != len(records):
                    raise TraceError(f"line {line}: the closing line does not fit the {len(steps)} steps before it")
                return cls(header, tuple(steps))
            elements = tuple(_built(Passage, entry, line) for entry in _list(record, "elements", line))
            changes = tuple(_built(Change, entry, line) for entry in _list(record, "changes", line))
            steps.append(_built(TraceStep, {**record, "elements": elements, "changes": changes}, line))
        raise TraceError(f"the closing line is missing after {len(steps)} steps: the trace is truncated")


def _records(text: str) -> Iterable[dict[str, Any]]:
    for line, content in enumerate(text.splitlines(), 1):
        try:
            record = json.loads(content)
        except json.JSONDecodeError as error:
            raise TraceError(f"line {line} is no JSON: {error}") from None
        if not isinstance(record, dict):
            raise TraceError(f"line {line} is no JSON object")
        yield record


def _list(record: Mapping[str, Any], name: str, line: int) -> list[Any]:
    found = record.get(name)
    if not isinstance(found, list):
        raise TraceError(f"line {line}: {name!r} is no list")
    return found


def _built(wanted: type[Any], record: object, line: int) -> Any:
    names = {f.name for f in fields(wanted)}
    if not isinstance(record, dict) or set(record) != names:
        found = sorted(record) if isinstance(record, dict) else record
        raise TraceError(f"line {line}: expected the members {', '.join(sorted(names))}; found {found}")
    return wanted(**record)
