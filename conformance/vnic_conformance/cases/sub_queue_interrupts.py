"""Scripts of the interrupts of sub-CRQs: each is enabled and disabled by its number (CRQ-11)."""

from __future__ import annotations

from vnic_conformance.cases.script import Shown, Steps, call, do, script
from vnic_conformance.cases.sub_queues import sub_register, sub_send
from vnic_conformance.cases.words import S0, connected, plain, sub_element, vioctl
from vnic_conformance.stimulus import CLIENT, Stimulus
from vnic_spec.profile import Profile
from vnic_spec.wire import Rc, Vioctl

_DISABLE_ALL = Vioctl.DISABLE_ALL_VIO_INTERRUPTS
_DISABLE = Vioctl.DISABLE_VIO_INTERRUPT
_ENABLE = Vioctl.ENABLE_VIO_INTERRUPT
_NO_INTERRUPT = 0x7FFF_FFF1


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
