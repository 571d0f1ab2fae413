"""What happened in a step of role client, in lanes: user, client, hypervisor, servers, network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from vnic_conformance.client_role import happenings as h
from vnic_conformance.client_role.conversation import HAPPENED
from vnic_conformance.client_role.record import happenings_of
from vnic_model.lines import WIDTH, Line
from vnic_spec.wire import Command, Hcall, Header, Rc

T = TypeVar("T")
#: So many happenings of a step are drawn from its beginning and from its end; those between are counted.
HEAD, TAIL = 6, 12
#: At most so many of those between are drawn that turn something.
TURNS = 10
#: Happenings that say nothing to a reader.
_SILENT = (h.Mapped, h.Consumed, h.Called, h.Interrupted, h.Happened)
_QUIET_CALLS = (Hcall.H_EOI,)
_HCALLS, _COMMANDS, _CODES = frozenset(Hcall), frozenset(Command), frozenset(Rc)
LANES = ("user", "client", "hypervisor", "servers", "network")


def client_lanes(came: Mapping[str, object]) -> Iterator[Line]:
    """The happenings of a step, one line each; of many the first and the last, and those between that turn something."""
    drawn = [(each, line) for each in happenings_of(str(came[HAPPENED])) if (line := _words(each))]
    shown = sorted({*shortened(range(len(drawn))), *_turns([each for each, _ in drawn])})
    for before, at in zip([-1, *shown], shown, strict=False):
        if at > before + 1:
            yield Line(f"{'':10}… {at - before - 1} more", "proof")
        yield Line(_drawn(*drawn[at][1]), "element")


def _turns(happened: Sequence[h.Happening]) -> set[int]:
    """Where something is done to the client, and where a call is refused for the first time with this code; a few of them."""
    found: list[int] = []
    refused: set[tuple[int, int]] = set()
    for at, each in enumerate(happened):
        if isinstance(each, h.Answered) and each.rc != Rc.H_SUCCESS and (each.opcode, each.rc) not in refused:
            refused.add((each.opcode, each.rc))
            found.append(at)
        elif isinstance(each, h.Injected | h.Unwell | h.Asked) or (
            isinstance(each, h.Put) and each.data[0] == Header.EVENT
        ):
            found.append(at)
    return set(found[:TURNS])


def shortened(drawn: Sequence[T]) -> Sequence[T]:
    """Of many only the first and the last."""
    return drawn if len(drawn) <= HEAD + TAIL + 1 else [*drawn[:HEAD], *drawn[-TAIL:]]


def moves_element(each: h.Happening) -> bool:
    """Whether a happening is that an element goes into a CRQ."""
    return (isinstance(each, h.Put) and each.handle is None) or (
        isinstance(each, h.Answered) and each.opcode == Hcall.H_SEND_CRQ
    )


def sentence(each: h.Happening) -> str:
    """A happening in one sentence; empty: it says nothing to a reader."""
    said = _words(each)
    return f"{said[0]:,} ms, {said[1]}: {said[2]}" if said else ""


def line_of(each: h.Happening) -> str:
    """A happening in its lane; empty: it says nothing to a reader."""
    said = _words(each)
    return _drawn(*said) if said else ""


def _drawn(now: int, lane: str, words: str) -> str:
    return f"{now:>9,}  {'· ' * LANES.index(lane)}{lane}: {words}"[:WIDTH]


def _words(each: h.Happening) -> tuple[int, str, str] | None:
    if isinstance(each, _SILENT):
        return None
    lane, words = _said(each)
    return (each.now, lane, words) if words else None


def _said(each: h.Happening) -> tuple[str, str]:
    if isinstance(each, h.Answered):
        return "client", "" if each.opcode in _QUIET_CALLS else f"{_call(each)} → {_code(each.rc)}"
    if isinstance(each, h.Put):
        if each.data[0] == Header.EVENT:
            return "hypervisor", f"event {each.data[1]:02x}"
        return "servers", f"{_element(each.data)}" if each.handle is None else f"completion in {each.handle:#x}"
    if isinstance(each, h.Asked):
        return "user", f"{each.action}{' (unsupported)' if each.order is None else ''}"
    if isinstance(each, h.Returned):
        return "user", f"order {each.order} returns {each.result}"
    if isinstance(each, h.Looked):
        return "user", f"sees the link {'up' if each.link else 'down'}{f'; {each.health[:60]}' if each.health else ''}"
    if isinstance(each, h.NetEvent):
        return "client", f"net-device event {each.name}"
    if isinstance(each, h.Idled):
        return "client", f"idle{'' if each.until is None else f' until {each.until:,}'}"
    if isinstance(each, h.Ended):
        return "client", f"ended {each.health[:60]}".rstrip()
    if isinstance(each, h.Sent | h.Arrived):
        way = "leaves by" if isinstance(each, h.Sent) else "arrives at"
        sender = f" from {each.frame[6:12].hex()}" if isinstance(each, h.Sent) else ""
        return "network", f"a frame of {len(each.frame)} bytes{sender} {way} server{each.server}"
    if isinstance(each, h.Injected):
        return "hypervisor", f"! {each.what}"
    if isinstance(each, h.Unwell):
        return "hypervisor", f"all is {'well' if each.well else 'not well'} from now on"
    return "client", type(each).__name__


def _call(each: h.Answered) -> str:
    name = Hcall(each.opcode).name if each.opcode in _HCALLS else f"call {each.opcode:#x}"
    if each.opcode == Hcall.H_SEND_CRQ and len(each.arguments) > 2:
        return f"{name} {_element(each.arguments[1].to_bytes(8, 'big') + each.arguments[2].to_bytes(8, 'big'))}"
    return f"{name} {' '.join(f'{argument:x}' for argument in each.arguments[1:3])}".rstrip()


def _element(data: bytes) -> str:
    if data[0] == Header.COMMAND:
        command = data[1] & 0x7F
        name = Command(command).name if command in _COMMANDS else f"command {command:02x}"
        return f"{name}{'_RSP' if data[1] & 0x80 else ''} {data[2:].hex()}"
    names = {bytes((0xC0, 1)): "INIT", bytes((0xC0, 2)): "INIT_COMPLETE"}
    return names.get(data[:2], data.hex())


def _code(rc: int) -> str:
    return Rc(rc).name if rc in _CODES else str(rc)
