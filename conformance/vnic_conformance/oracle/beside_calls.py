"""The answers of the calls that concern what lies beside the machine: sub-CRQs, interrupts, DMA, memory (CRQ-11, CRQ-12, FOV-10).

Each is judged by the checks in the chapter of hypervisor calls of the specification in their order; what its arguments alone
decide is in :mod:`vnic_spec.calls`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vnic_conformance.oracle.beside import Beside, SubQueue, connected_server, registered
from vnic_conformance.oracle.possibility import Allowed, AnyBut, Bytes, Possibility
from vnic_conformance.stimulus import ADAPTERS_OWN, CLIENT, MAPPED, Stimulus
from vnic_spec import calls
from vnic_spec.profile import Profile
from vnic_spec.wire import PAGE_BYTES, SUB_ELEMENT_BYTES, OutputDescriptor, Rc, ServerInfo, Vioctl

#: The subfunctions of H_VIOCTL that switch interrupts of sub-CRQs.
INTERRUPT_SUBFUNCTIONS = (
    Vioctl.DISABLE_ALL_VIO_INTERRUPTS,
    Vioctl.DISABLE_VIO_INTERRUPT,
    Vioctl.ENABLE_VIO_INTERRUPT,
)
#: A unit may have so many sub-CRQs at a time whatever it is; one more may be H_RESOURCE (H_REG_SUB_CRQ in the specification).
ALWAYS_TWO = 2
#: Interrupts have smaller numbers; one that is not smaller is none, also not that of a CRQ, which nobody is told.
_NO_INTERRUPT = 1 << 31
_INFO_BYTES = 32

_Found = Iterator[Allowed]
_Given = Mapping[str, Any]


def within(address: int, length: int) -> bool | None:
    """Whether a range is mapped: yes, no, or None where it reaches into what may be the adapter's own (D4)."""
    if address + length <= MAPPED:
        return True
    return None if address + length <= ADAPTERS_OWN else False


@dataclass(frozen=True)
class BesideCalls:
    """Knows what the calls that the machine does not have may lead to."""

    servers: int
    profile: Profile
    unpaired: frozenset[str] = frozenset()

    def allowed(self, p: Possibility, stimulus: Stimulus) -> _Found:
        """Everything that one of these calls may lead to."""
        if p.beside.lost:
            yield Allowed(p, "", stimulus.given, ())
        else:
            yield from ANSWERS[stimulus.call](self, p, stimulus.who, stimulus.given)

    def _found(self, p: Possibility, b: Beside, rc: object, *requirements: str, **values: object) -> Allowed:
        after = p if b is p.beside else replace(p, beside=b)
        if isinstance(rc, int):
            return Allowed(after, "", {}, requirements, int(rc), values=values)
        return Allowed(after, "", {}, requirements, values=values if rc is None else {"rc": rc, **values})

    # -- interrupts ----------------------------------------------------------------------------------------------------

    def _signals(self, p: Possibility, who: str, given: _Given) -> _Found:
        """H_VIO_SIGNAL: the least significant bit enables or disables; with other bits it may be refused (D1)."""
        mode, b = int(given["mode"]), p.beside
        if not registered(p.state, who):  # there is nothing to be switched, and registering disables it
            yield self._found(p, b, None, "CRQ-11")
            return
        switched = b.enabled | {who} if mode & 1 else b.enabled - {who}
        known = replace(b, enabled=switched) if switched != b.enabled else b
        yield self._found(p, known, Rc.H_SUCCESS, "CRQ-11")
        if mode > 1:
            yield self._found(p, b, Rc.H_PARAMETER, "CRQ-11")

    def _ends_interrupt(self, p: Possibility, who: str, given: _Given) -> _Found:
        b = p.beside
        if "handle" not in given:
            ended = replace(b, pending=b.pending - {who}) if who in b.pending else b
            yield self._found(p, ended, Rc.H_SUCCESS, "CRQ-11")
            return
        sub = b.live(who, int(given["handle"]))
        if sub is None:
            yield self._found(p, b, None, "CRQ-11")  # of no interrupt, which the adapter cannot name
        else:
            yield self._found(p, b.with_sub(replace(sub, pending=False)), Rc.H_SUCCESS, "CRQ-11")

    def _switches(self, p: Possibility, who: str, given: _Given) -> _Found:
        """H_VIOCTL 0x0A to 0x0C."""
        sub, p1, p2, p3 = (int(given.get(name, 0)) for name in ("sub", "p1", "p2", "p3"))
        b = p.beside
        disables_all = sub == Vioctl.DISABLE_ALL_VIO_INTERRUPTS
        if calls.no_parameters(p2, p3, p1 if disables_all else 0) is not None:
            yield self._found(p, b, Rc.H_PARAMETER, "CRQ-11")
            return
        if disables_all:
            off = replace(b, subs=tuple(replace(s, enabled=False) if s.owner == who else s for s in b.subs))
            yield self._found(p, off, Rc.H_SUCCESS, "CRQ-11")
            if who in b.enabled:  # whether the CRQ's own is one of them is open (D2)
                yield self._found(p, replace(off, enabled=b.enabled - {who}), Rc.H_SUCCESS, "CRQ-11")
            return
        mine = next((s for s in b.subs if s.owner == who and s.source == p1), None)
        if mine is not None:
            switched = replace(mine, enabled=sub == Vioctl.ENABLE_VIO_INTERRUPT)
            yield self._found(p, b.with_sub(switched), Rc.H_SUCCESS, "CRQ-11")
            return
        yield self._found(p, b, Rc.H_PARAMETER, "CRQ-11")
        if p1 < _NO_INTERRUPT:  # it may be the number of the CRQ's own
            switched_crq = b.enabled | {who} if sub == Vioctl.ENABLE_VIO_INTERRUPT else b.enabled - {who}
            yield self._found(p, replace(b, enabled=switched_crq), Rc.H_SUCCESS, "CRQ-11")

    # -- sub-CRQs ------------------------------------------------------------------------------------------------------

    def _registers(self, p: Possibility, who: str, given: _Given) -> _Found:
        """H_REG_SUB_CRQ; what was given out is learned from the answer."""
        address, length = int(given.get("address", 0)), int(given.get("length", PAGE_BYTES))
        b, s = p.beside, p.state
        mapped = within(address, length)
        refused = calls.reg_crq(address, length, MAPPED if mapped is not None else 0)
        if calls.reg_crq(address, length, ADAPTERS_OWN) is not None or mapped is False:
            yield self._found(p, b, refused, "CRQ-12")
            return
        if mapped is None:
            yield self._found(p, b, Rc.H_PARAMETER, "CRQ-12")
        if who in self.unpaired:
            yield self._found(p, b, Rc.H_NOT_FOUND, "CRQ-12")
            return
        connected = connected_server(s, self.servers)
        there = connected == who or (who == CLIENT and connected is not None)
        yield self._found(p, b, Rc.H_SUCCESS if there else Rc.H_CLOSED, "CRQ-12")
        if not registered(s, who):  # whether a sub-CRQ needs a CRQ is open (D3)
            yield self._found(p, b, AnyBut((Rc.H_SUCCESS, Rc.H_CLOSED)), "CRQ-12")
        elif sum(1 for sub in b.subs if sub.owner == who) >= ALWAYS_TWO:
            yield self._found(p, b, Rc.H_RESOURCE, "CRQ-12")

    def _frees(self, p: Possibility, who: str, given: _Given) -> _Found:
        b, handle = p.beside, int(given["handle"])
        if b.live(who, handle) is None:
            yield self._found(p, b, Rc.H_PARAMETER, "CRQ-12")
            return
        kept = tuple(s for s in b.subs if (s.owner, s.handle) != (who, handle))
        yield self._found(p, replace(b, subs=kept), Rc.H_SUCCESS, "CRQ-12", "CRQ-14")

    def _sends_one(self, p: Possibility, who: str, given: _Given) -> _Found:
        """H_SEND_SUB_CRQ."""
        return self._sends(p, who, given, 1)

    def _sends_several(self, p: Possibility, who: str, given: _Given) -> _Found:
        """H_SEND_SUB_CRQ_INDIRECT."""
        return self._sends(p, who, given, self.profile.indirect_limit)

    def _sends(self, p: Possibility, who: str, given: _Given, most: int) -> _Found:
        b = p.beside
        block = bytes.fromhex(str(given["hex"]))
        elements = [block[k : k + SUB_ELEMENT_BYTES] for k in range(0, len(block), SUB_ELEMENT_BYTES)]
        connected = connected_server(p.state, self.servers)
        partner = connected if who == CLIENT else CLIENT if connected == who else None
        fenced = who != CLIENT and partner is None
        sub = None if partner is None else b.live(partner, int(given["handle"]))
        if sub is None or calls.send_sub_crq(elements, most) is not None:
            yield self._found(p, b, Rc.H_PARAMETER, *(("FOV-10", "CRQ-12") if fenced else ("CRQ-12",)))
            return
        room = None if sub.depth is None else sub.depth - len(sub.items)
        if room is None or len(elements) <= room:
            items = (*sub.items, *(e.hex() for e in elements))
            stored = replace(sub, items=items, pending=sub.pending or sub.enabled)
            yield self._found(p, b.with_sub(stored), Rc.H_SUCCESS, "CRQ-12")
        if room is None or len(elements) > room:
            yield self._found(p, b, Rc.H_DROPPED, "CRQ-12")

    def _consumes(self, p: Possibility, who: str, given: _Given) -> _Found:
        b = p.beside
        sub = b.live(who, int(given["handle"]))
        if sub is None:
            yield self._found(p, b, None, "CRQ-12")
        elif not sub.items:
            yield self._found(p, b, None, "CRQ-12", element="")
        else:
            taken = b.with_sub(replace(sub, items=sub.items[1:]))
            yield self._found(p, taken, None, "CRQ-12", element=sub.items[0])

    # -- memory --------------------------------------------------------------------------------------------------------

    def _reaches(self, p: Possibility, who: str, given: _Given) -> _Found:
        """DMA of a server to the client's memory, as far as it has mapped it or may map it now."""
        b, address = p.beside, int(given["address"])
        writes = "hex" in given
        what = bytes.fromhex(str(given["hex"])) if writes else b""
        length = len(what) if writes else int(given["length"])
        there = connected_server(p.state, self.servers) == who
        pages = frozenset((who, page) for page in range(address // PAGE_BYTES, -(-(address + length) // PAGE_BYTES)))
        may_map = bool(int(given.get("map", 1)))
        mapped = within(address, length) if there else False
        if length == 0:  # D5
            yield self._found(p, b, None, "CRQ-12")
        elif mapped is not False and (may_map or pages <= b.maps):
            granted = b if pages <= b.maps else replace(b, maps=b.maps | pages)
            if writes:
                done = replace(granted, memory=granted.memory.writing(CLIENT, address, what))
                yield self._found(p, done, Rc.H_SUCCESS, "CRQ-12")
            else:
                seen = Bytes(b.memory.read(CLIENT, address, length))
                yield self._found(p, granted, Rc.H_SUCCESS, "CRQ-12", hex=seen)
            if mapped is None:
                yield self._found(p, b, AnyBut((Rc.H_SUCCESS,)), "CRQ-12")
        else:
            blamed = ("CRQ-12",) if there else ("FOV-10", "CRQ-12")
            yield self._found(p, b, AnyBut((Rc.H_SUCCESS,)), *blamed)

    def _pokes(self, p: Possibility, who: str, given: _Given) -> _Found:
        b = p.beside
        memory = b.memory.writing(who, int(given["address"]), bytes.fromhex(str(given["hex"])))
        yield self._found(p, replace(b, memory=memory), None, "CRQ-12")

    def _peeks(self, p: Possibility, who: str, given: _Given) -> _Found:
        seen = Bytes(p.beside.memory.read(who, int(given["address"]), int(given["length"])))
        yield self._found(p, p.beside, None, "CRQ-12", hex=seen)

    # -- H_VIOCTL 0x1B -------------------------------------------------------------------------------------------------

    def asks(self, p: Possibility, who: str, given: _Given, info: ServerInfo) -> _Found:
        """GET_VNIC_SERVER_INFO of a listed server into a buffer of its own (MON-7)."""
        b = p.beside
        where = OutputDescriptor.unpack(int(given["p1"]))
        mapped = within(where.ioba, where.length)
        refused = calls.no_parameters(int(given.get("p2", 0)), int(given.get("p3", 0))) is not None
        if refused or where.control or mapped is False:
            yield self._found(p, b, Rc.H_PARAMETER, "MON-7")
            return
        written = replace(b, memory=b.memory.writing(who, where.ioba, info.pack()[: where.length]))
        shown = Bytes(written.memory.read(who, where.ioba, _INFO_BYTES))
        if where.ioba + _INFO_BYTES > MAPPED:
            yield self._found(p, written, Rc.H_SUCCESS, "MON-7")
        else:
            yield self._found(p, written, Rc.H_SUCCESS, "MON-7", info=shown)
        if mapped is None:
            yield self._found(p, b, Rc.H_PARAMETER, "MON-7")


#: Call of the protocol → what answers it.
ANSWERS: Mapping[str, Callable[[BesideCalls, Possibility, str, _Given], _Found]] = {
    "vio_signal": BesideCalls._signals,
    "eoi": BesideCalls._ends_interrupt,
    "vioctl": BesideCalls._switches,
    "reg_sub_crq": BesideCalls._registers,
    "free_sub_crq": BesideCalls._frees,
    "send_sub_crq": BesideCalls._sends_one,
    "send_sub_crq_indirect": BesideCalls._sends_several,
    "consume": BesideCalls._consumes,
    "dma_read": BesideCalls._reaches,
    "dma_write": BesideCalls._reaches,
    "poke": BesideCalls._pokes,
    "peek": BesideCalls._peeks,
}


def learned(p: Possibility, stimulus: Stimulus, came: Mapping[str, object]) -> Possibility:
    """A possibility with what only the answer to H_REG_SUB_CRQ tells: handle and source."""
    if came.get("rc") not in (Rc.H_SUCCESS, Rc.H_CLOSED) or p.beside.lost:
        return p
    handle, source = came.get("handle"), came.get("source")
    if not isinstance(handle, int):
        return p
    given = stimulus.given
    depth = int(given["length"]) // SUB_ELEMENT_BYTES if "length" in given else None
    sub = SubQueue(stimulus.who, handle, source if isinstance(source, int) else None, depth)
    b = p.beside.registering(sub)
    if "address" in given and "length" in given:
        b = replace(b, memory=b.memory.with_queue(stimulus.who, int(given["address"]), int(given["length"])))
    return replace(p, beside=b)


def wrongly_given(p: Possibility, stimulus: Stimulus, came: Mapping[str, object]) -> tuple[str, ...]:
    """The fields of an answer to H_REG_SUB_CRQ that are not new: a handle given out before, a source that another has."""
    if came.get("rc") not in (Rc.H_SUCCESS, Rc.H_CLOSED) or p.beside.lost:
        return ()
    handle, source = came.get("handle"), came.get("source")
    found = []
    if not isinstance(handle, int) or p.beside.has_used(stimulus.who, handle):
        found.append("handle")
    if isinstance(source, int) and any(s.owner == stimulus.who and s.source == source for s in p.beside.subs):
        found.append("source")
    return tuple(found)
