"""Scripts at the utmost edges of what is addressed: interrupts, all of memory, descriptors: CRQ-2, CRQ-11, CRQ-12, MON-7."""

from __future__ import annotations

from vnic_conformance.cases.script import NOTHING, Not, Shown, Steps, call, do, script
from vnic_conformance.cases.sub_queues import sub_register, sub_send
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
    sub_element,
    vioctl,
)
from vnic_conformance.stimulus import CLIENT, MAPPED, Stimulus
from vnic_spec.profile import Profile
from vnic_spec.wire import PAGE_BYTES, SERVER_INFO_BYTES, OutputDescriptor, Rc, Vioctl

_DISABLE_ALL = Vioctl.DISABLE_ALL_VIO_INTERRUPTS
_DISABLE = Vioctl.DISABLE_VIO_INTERRUPT
_ENABLE = Vioctl.ENABLE_VIO_INTERRUPT
_NO_INTERRUPT = 0x7FFF_FFF1
_BUFFER = 4 * PAGE_BYTES
#: The last 16 bytes that are mapped for the kit.
_LAST = MAPPED - 16
#: The last page that the 32 bits of a descriptor can name; nobody maps it.
_FAR = 0xFFFF_F000


def switch(sub: Vioctl, p1: int | str = 0, p2: int = 0, p3: int = 0, **more: str) -> Stimulus:
    """The client switches interrupts by H_VIOCTL."""
    return vioctl(CLIENT, sub, p1, p2, p3, **more)


def _ring(raises: bool, *queues: str) -> Steps:
    """The server sends to each of these sub-CRQs of the client; each raises its interrupt, which is ended again, or none does."""
    for name in queues:
        shown = Shown(f"${name}") if raises else ""
        yield do(sub_send(S0, f"${name}", sub_element()), "CRQ-11", rc=Rc.H_SUCCESS, client_interrupts=shown)
        yield from plain(call(CLIENT, "eoi", handle=f"${name}"))


def _two_sub_queues() -> Steps:
    """A session in which the client has two sub-CRQs: handles ``a`` and ``b``, interrupts ``ia`` and ``ib``."""
    yield from connected(S0)
    for name in ("a", "b"):
        yield do(sub_register(CLIENT), remember={name: "handle", f"i{name}": "source"})


@script("CRQ-11/sub-queue-interrupts", needs=("interrupts",))
def _(p: Profile) -> Steps:
    """The interrupt of a sub-CRQ is disabled at first, and enabled and disabled by its number, each queue's for itself."""
    yield from _two_sub_queues()
    yield from _ring(False, "a", "b")
    yield do(switch(_ENABLE, "$ia"), "CRQ-11", rc=Rc.H_SUCCESS, client_interrupts="")
    yield from _ring(True, "a")
    yield from _ring(False, "b")
    yield do(switch(_ENABLE, "$ib"), "CRQ-11", rc=Rc.H_SUCCESS)
    yield do(switch(_DISABLE, "$ia"), "CRQ-11", rc=Rc.H_SUCCESS)
    yield from _ring(False, "a")
    yield from _ring(True, "b")


@script("CRQ-11/sub-queue-interrupts-all", needs=("interrupts",))
def _(p: Profile) -> Steps:
    """All interrupts are disabled at once, of sub-CRQs and of nobody else's queues, and enabled again one by one."""
    yield from _two_sub_queues()
    yield do(sub_register(S0), remember={"s": "handle", "is": "source"})
    yield do(vioctl(S0, _ENABLE, "$is"), "CRQ-11", rc=Rc.H_SUCCESS)
    for number in ("$ia", "$ib"):
        yield do(switch(_ENABLE, number), "CRQ-11", rc=Rc.H_SUCCESS)
    yield do(switch(_DISABLE_ALL), "CRQ-11", rc=Rc.H_SUCCESS)
    yield from _ring(False, "a", "b")
    yield do(sub_send(CLIENT, "$s", sub_element()), "CRQ-11", rc=Rc.H_SUCCESS, server0_interrupts=Shown("$s"))
    yield do(switch(_ENABLE, "$ib"), "CRQ-11", rc=Rc.H_SUCCESS)
    yield from _ring(False, "a")
    yield from _ring(True, "b")


@script("CRQ-11/sub-queue-interrupt-arguments", needs=("interrupts", "wrong_unit"))
def _(p: Profile) -> Steps:
    """Numbers of no interrupt, parameters that are not used and another's unit are refused, and nothing is switched."""
    yield from _two_sub_queues()
    yield do(switch(_ENABLE, "$ia"), "CRQ-11", rc=Rc.H_SUCCESS)
    for sub in (_ENABLE, _DISABLE):
        yield do(switch(sub, _NO_INTERRUPT), "CRQ-11", rc=Rc.H_PARAMETER)
    for sub, number in ((_DISABLE_ALL, 0), (_DISABLE, "$ia"), (_ENABLE, "$ib")):
        for p2, p3 in ((1, 0), (0, 1)):
            yield do(switch(sub, number, p2, p3), "CRQ-11", rc=Rc.H_PARAMETER)
        yield do(switch(sub, number, unit="wrong"), "CRQ-11", rc=Rc.H_PARAMETER)
    yield do(switch(_DISABLE_ALL, "$ia"), "CRQ-11", rc=Rc.H_PARAMETER)
    yield from _ring(True, "a")
    yield from _ring(False, "b")


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
