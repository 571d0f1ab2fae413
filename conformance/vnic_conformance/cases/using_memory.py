"""Scripts at the bounds of mapped memory: queues, DMA and output descriptors (CRQ-2, CRQ-12, MON-7)."""

from __future__ import annotations

from vnic_conformance.cases.script import NOTHING, Not, Steps, call, do, script
from vnic_conformance.cases.words import (
    S0,
    UNMAPPED,
    connected,
    consume,
    data,
    plain,
    ready,
    register,
    report,
    send,
    vioctl,
)
from vnic_conformance.stimulus import CLIENT, MAPPED
from vnic_spec.profile import Profile
from vnic_spec.wire import PAGE_BYTES, SERVER_INFO_BYTES, OutputDescriptor, Rc, Vioctl

_BUFFER = 4 * PAGE_BYTES
#: The last 16 bytes that are mapped for the kit.
_LAST = MAPPED - 16
#: The last page that the 32 bits of a descriptor can name; nobody maps it.
_FAR = 0xFFFF_F000


@script("CRQ-2/all-of-memory")
def _(p: Profile) -> Steps:
    """A queue may be exactly all the memory that is mapped, or its last page; it works like any other."""
    yield do(register(S0, address=0, length=MAPPED), "CRQ-2", rc=Rc.H_CLOSED)
    yield from plain(report(S0))
    yield do(register(CLIENT, address=MAPPED - PAGE_BYTES, length=PAGE_BYTES), "CRQ-2", rc=Rc.H_SUCCESS)
    yield do(send(CLIENT, data(1)), "CRQ-3", rc=Rc.H_SUCCESS)
    yield do(consume(S0), "CRQ-10", element=data(1))
    yield do(send(S0, data(2)), "CRQ-3", rc=Rc.H_SUCCESS)
    yield do(consume(CLIENT), "CRQ-10", element=data(2))


@script("CRQ-12/memory-to-its-end")
def _(p: Profile) -> Steps:
    """The connected server reaches the client's memory to its last byte, and nothing where the client has mapped nothing."""
    yield from connected(S0)
    yield from plain(call(CLIENT, "poke", address=_BUFFER, hex="5e" * 16))
    yield do(call(S0, "dma_read", address=_BUFFER, length=16), "CRQ-12", rc=Rc.H_SUCCESS, hex="5e" * 16)
    yield do(call(S0, "dma_write", address=_LAST, hex="a1" * 16), "CRQ-12", rc=Rc.H_SUCCESS)
    yield do(call(CLIENT, "peek", address=_LAST, length=16), "CRQ-12", hex="a1" * 16)
    yield do(call(S0, "dma_read", address=_LAST, length=16), "CRQ-12", rc=Rc.H_SUCCESS, hex="a1" * 16)
    for maps in (0, 1):
        write = call(S0, "dma_write", address=UNMAPPED + _BUFFER, hex="bd" * 16, map=maps)
        yield do(write, "CRQ-12", rc=Not(Rc.H_SUCCESS))
        read = call(S0, "dma_read", address=UNMAPPED + _BUFFER, length=16, map=maps)
        yield do(read, "CRQ-12", rc=Not(Rc.H_SUCCESS), hex=NOTHING)
    yield do(call(CLIENT, "peek", address=_BUFFER, length=16), "CRQ-12", hex="5e" * 16)
    yield do(call(CLIENT, "peek", address=_LAST, length=16), "CRQ-12", hex="a1" * 16)


@script("MON-7/descriptor", needs=("dma",))
def _(p: Profile) -> Steps:
    """A descriptor with a control byte, or of memory that is not mapped, is refused, and nothing is written."""
    yield from ready(S0)
    yield from plain(call(S0, "poke", address=_BUFFER, hex="aa" * SERVER_INFO_BYTES))
    for control in (0x01, 0x80, 0xFF):
        where = OutputDescriptor(control, SERVER_INFO_BYTES, _BUFFER).pack()
        yield do(vioctl(S0, Vioctl.GET_VNIC_SERVER_INFO, where), "MON-7", rc=Rc.H_PARAMETER, info=NOTHING)
    where = OutputDescriptor(0, SERVER_INFO_BYTES, _FAR).pack()
    yield do(vioctl(S0, Vioctl.GET_VNIC_SERVER_INFO, where), "MON-7", rc=Rc.H_PARAMETER, info=NOTHING)
    shown = call(S0, "peek", address=_BUFFER, length=SERVER_INFO_BYTES)
    yield do(shown, "MON-7", hex="aa" * SERVER_INFO_BYTES)
    where = OutputDescriptor(0, SERVER_INFO_BYTES, _BUFFER).pack()
    yield do(vioctl(S0, Vioctl.GET_VNIC_SERVER_INFO, where), "MON-7", rc=Rc.H_SUCCESS)
    yield do(shown, "MON-7", hex=Not("aa" * SERVER_INFO_BYTES))
