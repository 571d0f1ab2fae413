"""Scripts of sub-CRQs, of memory that servers reach, and of what a fenced server can still do: CRQ-12, FOV-10."""

from __future__ import annotations

from vnic_conformance.cases.script import NOTHING, Not, Steps, call, do, script
from vnic_conformance.cases.words import (
    S0,
    S1,
    UNMAPPED,
    activate,
    best,
    connected,
    consume,
    data,
    free,
    migrate,
    plain,
    ready,
    register,
    rejoin,
    send,
    sub_element,
)
from vnic_conformance.stimulus import CLIENT, Stimulus, server
from vnic_spec.profile import Profile
from vnic_spec.wire import PAGE_BYTES, SUB_ELEMENTS_PER_PAGE, Header, Rc

_FREE_ADDRESS = 4 * PAGE_BYTES  #: memory of the client that no queue lies in
_OTHER_ADDRESS = 5 * PAGE_BYTES
_NO_HANDLE = 0x7FFF_FFF1


def sub_register(who: str, **more: int | str) -> Stimulus:
    """H_REG_SUB_CRQ."""
    return call(who, "reg_sub_crq", **more)


def sub_free(who: str, handle: int | str) -> Stimulus:
    """H_FREE_SUB_CRQ."""
    return call(who, "free_sub_crq", handle=handle)


def sub_send(who: str, handle: int | str, hexadecimal: str) -> Stimulus:
    """H_SEND_SUB_CRQ."""
    return call(who, "send_sub_crq", handle=handle, hex=hexadecimal)


def indirect(who: str, handle: int | str, *elements: str) -> Stimulus:
    """H_SEND_SUB_CRQ_INDIRECT."""
    return call(who, "send_sub_crq_indirect", handle=handle, hex="".join(elements))


@script("CRQ-12/sends")
def _(p: Profile) -> Steps:
    """What is sent to a live sub-CRQ of the connected partner arrives there, in both directions, byte for byte."""
    yield from connected(S0)
    yield do(sub_register(CLIENT), "CRQ-12", remember={"c": "handle"}, rc=Rc.H_SUCCESS)
    yield do(sub_register(S0), "CRQ-12", remember={"s": "handle"}, rc=Rc.H_SUCCESS)
    for n in range(3):
        yield do(sub_send(S0, "$c", sub_element(n)), "CRQ-12", rc=Rc.H_SUCCESS)
        yield do(sub_send(CLIENT, "$s", sub_element(9 + n)), "CRQ-12", rc=Rc.H_SUCCESS)
    for n in range(3):
        yield do(call(CLIENT, "consume", handle="$c"), "CRQ-12", element=sub_element(n))
        yield do(call(S0, "consume", handle="$s"), "CRQ-12", element=sub_element(9 + n))


@script("CRQ-12/unconnected")
def _(p: Profile) -> Steps:
    """A sub-CRQ that is registered without a partner is registered; to send to it is H_PARAMETER all the same."""
    yield from plain(register(CLIENT))
    yield do(sub_register(CLIENT), "CRQ-12", remember={"c": "handle"}, rc=Rc.H_CLOSED)
    yield from plain(register(S0))
    yield do(sub_send(S0, "$c", sub_element()), "CRQ-12", fields={"client_sub_$c": ""}, rc=Rc.H_PARAMETER)


@script("CRQ-12/registration-arguments")
def _(p: Profile) -> Steps:
    """A sub-CRQ needs aligned, mapped, whole pages like a CRQ."""
    yield from connected(S0)
    for who in (CLIENT, S0):
        for address, length in ((16, PAGE_BYTES), (_FREE_ADDRESS, 0), (_FREE_ADDRESS, 100), (UNMAPPED, PAGE_BYTES)):
            stimulus = sub_register(who, address=address, length=length)
            yield do(stimulus, "CRQ-12", rc=Rc.H_PARAMETER, handle=NOTHING)


@script("CRQ-12/dead-handles")
def _(p: Profile) -> Steps:
    """A handle that was freed, never was, or is one's own cannot be sent to; nor can it be freed."""
    yield from connected(S0)
    yield do(sub_register(CLIENT), remember={"c": "handle"})
    yield do(sub_register(S0), remember={"s": "handle"})
    yield do(sub_send(CLIENT, "$c", sub_element()), "CRQ-12", rc=Rc.H_PARAMETER)
    yield do(sub_send(S0, _NO_HANDLE, sub_element()), "CRQ-12", rc=Rc.H_PARAMETER)
    yield do(indirect(S0, _NO_HANDLE, sub_element()), "CRQ-12", rc=Rc.H_PARAMETER)
    yield do(sub_free(CLIENT, _NO_HANDLE), "CRQ-12", rc=Rc.H_PARAMETER)
    yield do(sub_free(CLIENT, "$c"), "CRQ-12", rc=Rc.H_SUCCESS, fields={"client_sub_$c": NOTHING})
    yield do(sub_free(CLIENT, "$c"), "CRQ-12", rc=Rc.H_PARAMETER)
    yield do(sub_send(S0, "$c", sub_element()), "CRQ-12", rc=Rc.H_PARAMETER)
    yield do(sub_send(CLIENT, "$s", sub_element()), "CRQ-12", rc=Rc.H_SUCCESS)


@script("CRQ-12/header")
def _(p: Profile) -> Steps:
    """On a sub-CRQ only the header 80 is valid, sent directly or indirectly."""
    yield from connected(S0)
    yield do(sub_register(CLIENT), remember={"c": "handle"})
    for header in (0x00, 0x01, 0x7F, 0x81, Header.INITIALIZATION, Header.EVENT):
        wrong = sub_element(header=header)
        yield do(sub_send(S0, "$c", wrong), "CRQ-12", rc=Rc.H_PARAMETER, fields={"client_sub_$c": ""})
        yield do(indirect(S0, "$c", wrong), "CRQ-12", rc=Rc.H_PARAMETER, fields={"client_sub_$c": ""})


@script("CRQ-12/full")
def _(p: Profile) -> Steps:
    """A full sub-CRQ drops, and what is in it stays as it was."""
    yield from connected(S0)
    yield do(sub_register(CLIENT, address=_FREE_ADDRESS, length=PAGE_BYTES), remember={"c": "handle"})
    for n in range(SUB_ELEMENTS_PER_PAGE):
        yield do(sub_send(S0, "$c", sub_element(n)), "CRQ-12", rc=Rc.H_SUCCESS)
    yield do(sub_send(S0, "$c", sub_element()), "CRQ-12", rc=Rc.H_DROPPED)
    yield do(call(CLIENT, "consume", handle="$c"), "CRQ-12", element=sub_element(0))
    yield do(sub_send(S0, "$c", sub_element()), "CRQ-12", rc=Rc.H_SUCCESS)


@script("CRQ-12/indirect-limit")
def _(p: Profile) -> Steps:
    """An indirect send takes as many elements as the limit says; none, or one more, is refused, and nothing is stored."""
    yield from connected(S0)
    yield do(sub_register(CLIENT, address=_FREE_ADDRESS, length=2 * PAGE_BYTES), remember={"c": "handle"})
    most = [sub_element(n) for n in range(p.indirect_limit)]
    yield do(indirect(S0, "$c"), "CRQ-12", rc=Rc.H_PARAMETER)
    yield do(indirect(S0, "$c", *most, sub_element()), "CRQ-12", rc=Rc.H_PARAMETER, fields={"client_sub_$c": ""})
    yield do(indirect(S0, "$c", *most), "CRQ-12", rc=Rc.H_SUCCESS, fields={"client_sub_$c": " ".join(most)})


@script("CRQ-12/indirect-all-or-nothing")
def _(p: Profile) -> Steps:
    """Where one element of an indirect send has a bad header, or there is no room for all, none is stored."""
    yield from connected(S0)
    yield do(sub_register(CLIENT, address=_FREE_ADDRESS, length=PAGE_BYTES), remember={"c": "handle"})
    mixed = (sub_element(1), sub_element(2, header=Header.EVENT), sub_element(3))
    yield do(indirect(S0, "$c", *mixed), "CRQ-12", rc=Rc.H_PARAMETER, fields={"client_sub_$c": ""})
    held = [sub_element(n) for n in range(SUB_ELEMENTS_PER_PAGE - 2)]
    for at in range(0, len(held), 14):
        yield do(indirect(S0, "$c", *held[at : at + 14]), "CRQ-12", rc=Rc.H_SUCCESS)
    three = (sub_element(7), sub_element(8), sub_element(9))
    yield do(indirect(S0, "$c", *three), "CRQ-12", rc=Rc.H_DROPPED, fields={"client_sub_$c": " ".join(held)})
    yield do(indirect(S0, "$c", *three[:2]), "CRQ-12", rc=Rc.H_SUCCESS)


@script("CRQ-12/die-with-session")
def _(p: Profile) -> Steps:
    """A switch ends all sub-CRQs of the session, on both sides."""
    yield from best(S0, S1)
    yield do(sub_register(CLIENT), remember={"c": "handle"})
    yield do(sub_register(S0), remember={"s": "handle"})
    gone = {"client_sub_$c": NOTHING, "server0_sub_$s": NOTHING}
    yield do(activate(S1), "CRQ-12", fields=gone)
    yield do(sub_send(S1, "$c", sub_element()), "CRQ-12", rc=Rc.H_PARAMETER)
    yield do(sub_send(CLIENT, "$s", sub_element()), "CRQ-12", rc=Rc.H_PARAMETER)


@script("CRQ-12/die-with-migration")
def _(p: Profile) -> Steps:
    """A migration ends all sub-CRQs of the session."""
    yield from connected(S0)
    yield do(sub_register(CLIENT), remember={"c": "handle"})
    yield do(migrate(), "CRQ-12", fields={"client_sub_$c": NOTHING})


@script("CRQ-12/handles-not-reused")
def _(p: Profile) -> Steps:
    """A handle of an earlier session is not given out again, and cannot be sent to, by a server that is selected again."""
    yield from best(S0, S1)
    yield do(sub_register(CLIENT), remember={"old": "handle"})
    yield from plain(activate(S1), activate(S0))
    yield from rejoin(p, S0)
    yield do(sub_send(S0, "$old", sub_element()), "CRQ-12", rc=Rc.H_PARAMETER)
    yield do(sub_register(CLIENT), "CRQ-12", remember={"new": "handle"}, handle=Not("$old"))
    yield do(sub_send(S0, "$old", sub_element()), "CRQ-12", rc=Rc.H_PARAMETER, fields={"client_sub_$new": ""})
    yield from plain(free(CLIENT), register(CLIENT))
    yield from rejoin(p, S0)
    yield do(sub_register(CLIENT), "CRQ-12", handle=Not("$old"))


@script("CRQ-12/grants-die-with-session", servers=2)
def _(p: Profile) -> Steps:
    """A server that is connected again reaches the client's memory only after mapping it again."""
    yield from best(S0, S1)
    yield from plain(call(CLIENT, "poke", address=_FREE_ADDRESS, hex="00" * 8))
    write = call(S0, "dma_write", address=_FREE_ADDRESS, hex="a1" * 8)
    yield do(write, "CRQ-12", rc=Rc.H_SUCCESS)
    yield do(call(CLIENT, "peek", address=_FREE_ADDRESS, length=8), "CRQ-12", hex="a1" * 8)
    yield from plain(activate(S1), activate(S0))
    yield from rejoin(p, S0)
    again = call(S0, "dma_write", address=_FREE_ADDRESS, hex="b2" * 8, map=0)
    yield do(again, "CRQ-12", rc=Not(Rc.H_SUCCESS))
    yield do(call(CLIENT, "peek", address=_FREE_ADDRESS, length=8), "CRQ-12", hex="a1" * 8)
    yield do(call(S0, "dma_write", address=_FREE_ADDRESS, hex="b2" * 8), "CRQ-12", rc=Rc.H_SUCCESS)
    yield do(call(CLIENT, "peek", address=_FREE_ADDRESS, length=8), "CRQ-12", hex="b2" * 8)


@script("FOV-10/sends")
def _(p: Profile) -> Steps:
    """A fenced server's sends are refused, whether or not it knows; selected again, it has to read that it was left first."""
    yield from best(S0, S1)
    yield from plain(activate(S1))
    yield do(send(S0), "FOV-10", rc=Rc.H_CLOSED)
    yield from plain(consume(S0))
    yield do(send(S0), "FOV-10", rc=Rc.H_CLOSED)
    yield do(send(S1, data(1)), "CRQ-3", rc=Rc.H_SUCCESS)
    yield from plain(activate(S0))
    yield from rejoin(p)
    yield do(send(S0, data(2)), "CRQ-3", rc=Rc.H_SUCCESS)
    yield do(send(S1), "FOV-10", rc=Rc.H_CLOSED)


@script("FOV-10/sub-queues")
def _(p: Profile) -> Steps:
    """A fenced server cannot send to a live sub-CRQ of the client, even if it guesses its handle; the connected one can."""
    yield from best(S0, S1)
    yield from plain(activate(S1))
    yield do(sub_register(CLIENT), remember={"c": "handle"})
    yield do(sub_send(S0, "$c", sub_element()), "FOV-10", rc=Rc.H_PARAMETER, fields={"client_sub_$c": ""})
    yield do(indirect(S0, "$c", sub_element()), "FOV-10", rc=Rc.H_PARAMETER, fields={"client_sub_$c": ""})
    yield do(sub_send(S1, "$c", sub_element()), "CRQ-12", rc=Rc.H_SUCCESS)


@script("FOV-10/memory-of-a-fenced")
def _(p: Profile) -> Steps:
    """A fenced server neither reads nor writes the client's memory, with the maps that it had or with new ones."""
    yield from best(S0, S1)
    yield from plain(call(CLIENT, "poke", address=_FREE_ADDRESS, hex="5e" * 16))
    yield do(call(S0, "dma_read", address=_FREE_ADDRESS, length=16), "CRQ-12", rc=Rc.H_SUCCESS, hex="5e" * 16)
    yield from plain(activate(S1))
    for address in (_FREE_ADDRESS, _OTHER_ADDRESS):
        for maps in (0, 1):
            write = call(S0, "dma_write", address=address, hex="bd" * 16, map=maps)
            yield do(write, "FOV-10", rc=Not(Rc.H_SUCCESS))
            read = call(S0, "dma_read", address=address, length=16, map=maps)
            yield do(read, "FOV-10", rc=Not(Rc.H_SUCCESS))
    yield do(call(CLIENT, "peek", address=_FREE_ADDRESS, length=16), "FOV-10", hex="5e" * 16)
    yield do(call(S1, "dma_read", address=_FREE_ADDRESS, length=16), "CRQ-12", rc=Rc.H_SUCCESS, hex="5e" * 16)


@script("FOV-10/standby-memory")
def _(p: Profile) -> Steps:
    """A standby that was never connected does not reach the client's memory."""
    yield from connected(S0)
    yield from ready(server(1))
    yield from plain(call(CLIENT, "poke", address=_FREE_ADDRESS, hex="5e" * 16))
    yield do(call(S1, "dma_write", address=_FREE_ADDRESS, hex="bd" * 16), "FOV-10", rc=Not(Rc.H_SUCCESS))
    yield do(call(CLIENT, "peek", address=_FREE_ADDRESS, length=16), "FOV-10", hex="5e" * 16)
