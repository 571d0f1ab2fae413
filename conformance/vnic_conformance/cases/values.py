"""Generated cases of values: each class of each argument, in every state of the caller (:mod:`vnic_conformance.domains`).

Each class singly here; all pairs of classes are played with ``--thorough``. Nothing is expected by hand: the oracle judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vnic_conformance.cases.journeys import Probe, family, journeys, steps
from vnic_conformance.cases.script import ScriptStep, Steps, call, do
from vnic_conformance.cases.words import (
    S0,
    S1,
    add,
    complain,
    connected,
    consume,
    enable,
    free,
    plain,
    rank,
    ready,
    register,
    report,
    send,
    sub_element,
    token,
    vioctl,
)
from vnic_conformance.domains import (
    ALIENATED,
    FILLINGS,
    FORMATS,
    HEADERS,
    UNUSED,
    pairs,
    singles,
)
from vnic_conformance.interface import operation
from vnic_conformance.stimulus import ADAPTERS_OWN, CLIENT, TOKEN_BEFORE, TOKEN_LATEST, Stimulus
from vnic_spec.profile import Profile
from vnic_spec.wire import PAGE_BYTES, Vioctl

_Rows = Callable[..., Iterator[tuple[int, ...]]]
_BUFFER = 4 * PAGE_BYTES
_QUEUE = operation("reg_crq")
_REPORT = operation("vioctl", Vioctl.VNIC_SERVER_STATUS)
_UNUSED3 = (UNUSED, UNUSED, UNUSED)
_SWITCHES = (Vioctl.DISABLE_ALL_VIO_INTERRUPTS, Vioctl.DISABLE_VIO_INTERRUPT, Vioctl.ENABLE_VIO_INTERRUPT)
#: Some of each domain, for states in which little of a call is looked at.
_FEW = 5


def _queues(rows: _Rows) -> list[tuple[int, ...]]:
    return list(rows(_QUEUE.domain("address"), _QUEUE.domain("length")))


# --- H_REG_CRQ, H_REG_SUB_CRQ ----------------------------------------------------------------------------------------


def _registering(rows: _Rows) -> Callable[[str, str], Iterator[Stimulus]]:
    def probe(who: str, state: str) -> Iterator[Stimulus]:
        made = _queues(rows)
        for address, length in made if state in ("unregistered", "alone", "connected") else made[::_FEW]:
            yield call(who, "reg_crq", address=address, length=length)
            if state in ("unregistered", "off"):
                yield free(who)

    return probe


journeys("CRQ-2/values", "Each class of address and length of a queue.", _registering(singles))


def _unpaired(p: Profile) -> Steps:
    """Everything that a unit without an authorised connection may say."""
    for address, length in _queues(singles):
        yield from plain(call(S1, "reg_crq", address=address, length=length))
    yield from connected(S0)
    yield from plain(register(S1), send(S1), free(S1), report(S1), enable(), send(S1, "ff" * 16))


family(
    "CRQ-2/values-unpaired",
    "Each class of address and length of a queue without a connection.",
    _unpaired,
    "unpaired",
    unpaired=(S1,),
)


def _sub_registering(rows: _Rows) -> Callable[[str, str], Iterator[ScriptStep]]:
    def probe(who: str, state: str) -> Iterator[ScriptStep]:
        made = _queues(rows)
        for address, length in made if state in ("connected", "standby") else made[::_FEW]:
            # What is registered lies over the queues of others, which is nobody's concern as long as nothing is sent there.
            aside = address >= _BUFFER and length <= PAGE_BYTES
            beyond = address + length > ADAPTERS_OWN
            if aside or beyond or address % PAGE_BYTES or length % PAGE_BYTES or length == 0:
                yield do(call(who, "reg_sub_crq", address=address, length=length))

    return probe


journeys("CRQ-12/values", "Each class of address and length of a sub-CRQ.", _sub_registering(singles), "sub_crq")

# --- units -----------------------------------------------------------------------------------------------------------


def _wrong_unit(who: str, state: str) -> Iterator[Stimulus]:
    yield register(who, unit="wrong")
    yield free(who, unit="wrong")
    yield send(who, unit="wrong")
    yield send(who, "ff" * 16, unit="wrong")
    yield call(who, "enable_crq", unit="wrong")
    yield call(who, "enable_crq")
    yield call(who, "reg_sub_crq", unit="wrong")
    yield call(who, "free_sub_crq", handle=1, unit="wrong")
    yield call(who, "send_sub_crq", handle=1, hex=sub_element(), unit="wrong")
    yield call(who, "send_sub_crq_indirect", handle=1, hex=sub_element(), unit="wrong")
    for sub in _SWITCHES:
        yield vioctl(who, sub, unit="wrong")
    for sub in (Vioctl.VNIC_SERVER_STATUS, Vioctl.GET_VNIC_SERVER_INFO) if who != CLIENT else ():
        yield vioctl(who, sub, 1, 1000 * (sub is Vioctl.VNIC_SERVER_STATUS), unit="wrong")
    for sub in (Vioctl.GET_SESSION_TOKEN, Vioctl.SESSION_ERROR_DETECTED) if who == CLIENT else ():
        yield vioctl(who, sub, unit="wrong")


journeys("CRQ-3/wrong-unit", "Every call on a unit that is not the caller's.", _wrong_unit, "interrupts wrong_unit")

# --- H_SEND_CRQ ------------------------------------------------------------------------------------------------------


def _partner(who: str) -> str:
    return S0 if who == CLIENT else CLIENT


def _headers(who: str, state: str) -> Iterator[Stimulus]:
    some = HEADERS if state == "connected" else (0x00, 0x01, 0x40, 0x7F, 0x80, 0x81, 0xC0, 0xFE, 0xFF)
    for header in some:
        yield send(who, bytes((header, 0x12, *range(14))).hex())
        if header & 0x80 and header != 0xFF and state == "connected":
            yield consume(_partner(who))


def _formats(who: str, state: str) -> Iterator[Stimulus]:
    for header in (0x80, 0xC0, 0xFF, 0x90, 0x00) if state == "connected" else ():
        for code in HEADERS if header == 0xC0 else FORMATS:
            yield send(who, bytes((header, code, *range(14, 0, -1))).hex())
            yield consume(_partner(who))


def _payloads(who: str, state: str) -> Iterator[Stimulus]:
    for header in ("80", "c0") if state == "connected" else ():
        for filling in FILLINGS:
            yield send(who, header + filling[:15].hex())
            yield consume(_partner(who))


journeys("CRQ-3/headers", "Every byte as the header of an element.", _headers)
journeys("CRQ-3/formats", "Headers with the classes of byte 1.", _formats)
journeys("CRQ-10/payloads", "Payloads of all kinds.", _payloads)

# --- interrupts ------------------------------------------------------------------------------------------------------


def _modes(who: str, state: str) -> Iterator[Stimulus]:
    for mode in operation("vio_signal").domain("mode"):
        yield call(who, "vio_signal", mode=mode)
        if state == "connected":
            yield from (send(_partner(who)), consume(who), call(who, "eoi"))
    yield call(who, "vio_signal", mode=0, unit="wrong")


journeys("CRQ-11/modes", "Each class of mode of H_VIO_SIGNAL.", _modes, "interrupts wrong_unit")


def _sources(rows: _Rows) -> Callable[[Profile], Steps]:
    def write(p: Profile) -> Steps:
        for who, partner in ((CLIENT, S0), (S0, CLIENT)):
            if who == CLIENT:
                yield from connected(S0)
            for name in ("a", "b"):
                yield do(call(who, "reg_sub_crq"), remember={f"{who}{name}": "handle", f"{who}i{name}": "source"})
            for sub in _SWITCHES:
                first = [0] if sub is Vioctl.DISABLE_ALL_VIO_INTERRUPTS else [f"${who}ia", f"${who}ib", f"${who}ia"]
                wrong = [f"${who}ia^{bits:#x}" for bits in ALIENATED]
                named = dict(enumerate((*first, *(UNUSED[1:] if len(first) == 1 else wrong))))
                for place, p2, p3 in rows(tuple(named), UNUSED, UNUSED):
                    yield do(call(who, "vioctl", sub=sub.value, p1=named[place], p2=p2, p3=p3))
                    for name in ("a", "b"):
                        yield do(call(partner, "send_sub_crq", handle=f"${who}{name}", hex=sub_element()))
                        yield do(call(who, "eoi", handle=f"${who}{name}"))
                        yield do(call(who, "consume", handle=f"${who}{name}"))

    return write


family(
    "CRQ-11/sources",
    "Each class of the parameters by which interrupts of sub-CRQs are switched, with elements that show them.",
    _sources(singles),
    "interrupts sub_crq",
)


def _one_of_several(p: Profile) -> Steps:
    """All interrupts of a unit are pending, and one after the other is ended, in two orders."""
    yield from connected(S0)
    for who, partner in ((CLIENT, S0), (S0, CLIENT)):
        names = [f"{who}{n}" for n in "ab"]
        yield do(call(who, "vio_signal", mode=1))
        for name in names:
            yield do(call(who, "reg_sub_crq"), remember={name: "handle", f"{name}i": "source"})
            yield do(vioctl(who, Vioctl.ENABLE_VIO_INTERRUPT, f"${name}i"))
        for order in (names, names[::-1]):
            yield do(send(partner))
            for name in names:
                yield do(call(partner, "send_sub_crq", handle=f"${name}", hex=sub_element()))
            yield do(call(who, "eoi", handle=f"${order[0]}"))
            yield do(call(who, "eoi"))
            yield do(call(who, "eoi", handle=f"${order[1]}"))
        yield do(consume(who))


family(
    "CRQ-11/one-of-several",
    "Of several pending interrupts one after the other is ended.",
    _one_of_several,
    "interrupts sub_crq",
)

# --- H_VIOCTL of servers ---------------------------------------------------------------------------------------------


def _reports(rows: _Rows) -> Callable[[str, str], Iterator[Stimulus]]:
    domains_ = tuple(_REPORT.domain(name) for name in ("p1", "p2", "p3"))

    def probe(who: str, state: str) -> Iterator[Stimulus]:
        made = list(rows(*domains_))
        for p1, p2, p3 in made if state in ("connected", "standby") else made[::_FEW]:
            yield vioctl(who, Vioctl.VNIC_SERVER_STATUS, p1, p2, p3)
        if state in ("eligible", "connected", "standby", "added"):
            yield report(who)
        if state in ("connected",):
            yield consume(who)

    return probe


journeys("MON-1/values", "Each class of the parameters of a report.", _reports(singles), who="server")


def _records(rows: _Rows) -> Callable[[str, str], Iterator[Stimulus]]:
    domains_ = tuple(operation("vioctl", Vioctl.GET_VNIC_SERVER_INFO).domain(name) for name in ("p1", "p2", "p3"))

    def probe(who: str, state: str) -> Iterator[Stimulus]:
        made = list(rows(*domains_))
        for p1, p2, p3 in made if state in ("unregistered", "connected") else made[::_FEW]:
            address = p1 & 0xFFFF_FFFF
            around = max(0, min(address, 127 * PAGE_BYTES) - 16)
            yield call(who, "poke", address=around, hex="aa" * 96)
            yield vioctl(who, Vioctl.GET_VNIC_SERVER_INFO, p1, p2, p3)
            yield call(who, "peek", address=around, length=96)

    return probe


journeys("MON-7/values", "Each class of the descriptor of a record's buffer.", _records(singles), "dma", who="server")

# --- H_VIOCTL of the client ------------------------------------------------------------------------------------------


def _tokens(who: str, state: str) -> Iterator[Stimulus]:
    for p1, p2, p3 in singles(*_UNUSED3):
        yield vioctl(who, Vioctl.GET_SESSION_TOKEN, p1, p2, p3)


journeys("SES-1/values", "Each class of the parameters of the token's call.", _tokens, who="client")


def _complaints(rows: _Rows) -> Callable[[Profile], Steps]:
    def write(p: Profile) -> Steps:
        yield from plain(rank(S0, 10), rank(S1, 20))
        yield from connected(S0)
        yield do(token(), remember={"t": "r4"})
        for bits, p2, p3 in rows((0, *ALIENATED), UNUSED, UNUSED):
            named = f"$t^{bits:#x}" if bits else TOKEN_LATEST
            yield do(complain(named, p2, p3))
        for p2 in UNUSED:
            yield do(complain(TOKEN_BEFORE, p2, p2))
        yield from ready(S1)
        for bits, p2, p3 in rows((1, *ALIENATED), UNUSED[1:], UNUSED[1:]):
            yield do(complain(f"$t^{bits:#x}", 0 if bits == 1 else p2, 0 if bits == 1 else p3))
            yield do(complain(TOKEN_LATEST, p2, 0))
            yield do(complain(TOKEN_LATEST, 0, p3))
        for last in (0, TOKEN_LATEST, TOKEN_LATEST, TOKEN_BEFORE):
            yield do(complain(last))

    return write


family(
    "SES-2/values",
    "Each class of a complaint's token and of its unused parameters, alone and with a server to go to.",
    _complaints(singles),
    "console",
)

# --- console ---------------------------------------------------------------------------------------------------------


def _priorities(p: Profile) -> Steps:
    yield from plain(rank(S0, 50), rank(S1, 50))
    yield from connected(S0, S1)
    for who in (S1, S0):
        for value in operation("priority").domain("value"):
            yield from plain(rank(who, value))
            yield from plain(consume(CLIENT), consume(S0), consume(S1))
        yield from plain(rank(who, 50), consume(CLIENT), consume(S0), consume(S1))


def _added(p: Profile) -> Steps:
    yield from connected(S0)
    for value in operation("add").domain("priority"):
        yield from plain(call("console", "remove", server=S1), add(S1, priority=value), register(S1), report(S1))
        yield from plain(consume(CLIENT), consume(S0), consume(S1), free(S1), consume(CLIENT))
    for port in (0, 1, 2, 3, 5, 8, 9, 63, 255, 256, 257):
        yield from plain(call("console", "remove", server=S1), add(S1, port=port), add(S1, port=port))


family(
    "SEL-4/values", "Each class of a priority, given to a standby and to the selected server.", _priorities, "console"
)
family("ADM-1/values", "Each class of a priority and of a port at which a server is added.", _added, "console")

# --- handles ---------------------------------------------------------------------------------------------------------


def _handles(p: Profile) -> Steps:
    yield from connected(S0)
    yield from ready(S1)
    for who in (CLIENT, S0):
        for name in ("a", "b"):
            yield do(call(who, "reg_sub_crq"), remember={f"{who}{name}": "handle"})
    for who, partner in ((S0, CLIENT), (CLIENT, S0), (S1, CLIENT)):
        own = f"${who}a" if who != S1 else "$clientb"
        for name in (f"${partner}a", *(f"${partner}b^{bits:#x}" for bits in ALIENATED), own):
            yield do(call(who, "send_sub_crq", handle=name, hex=sub_element(1)))
            yield do(call(who, "send_sub_crq_indirect", handle=name, hex=sub_element(2) + sub_element(3)))
            yield do(call(partner, "consume", handle=f"${partner}a"))
        for bits in ALIENATED:
            yield do(call(partner, "free_sub_crq", handle=f"${partner}a^{bits:#x}"))
    for who in (CLIENT, S0):
        for handle in (0, 1 << 32, (1 << 64) - 1):
            yield do(call(who, "free_sub_crq", handle=handle))
            yield do(call(who, "send_sub_crq", handle=handle, hex=sub_element()))


def _sub_headers(p: Profile) -> Steps:
    yield from connected(S0)
    for who in (CLIENT, S0):
        yield do(call(who, "reg_sub_crq", address=_BUFFER, length=PAGE_BYTES), remember={who: "handle"})
    for who, partner in ((S0, CLIENT), (CLIENT, S0)):
        for header in HEADERS:
            yield do(call(who, "send_sub_crq", handle=f"${partner}", hex=sub_element(header, header)))
        yield do(call(partner, "consume", handle=f"${partner}"))
        for header in (0x00, 0x01, 0x7F, 0x81, 0xC0, 0xFF):
            for place in (0, 1, 7, 15):
                block = "".join(sub_element(n, header if n == place else 0x80) for n in range(16))
                yield do(call(who, "send_sub_crq_indirect", handle=f"${partner}", hex=block))
        for filling in FILLINGS:
            yield do(call(who, "send_sub_crq", handle=f"${partner}", hex=(b"\x80" + filling).hex()))
            yield do(call(partner, "consume", handle=f"${partner}"))


family(
    "CRQ-12/handles",
    "Handles with bits changed, one's own and those of others, sent to and freed.",
    _handles,
    "sub_crq",
)
family(
    "CRQ-12/headers",
    "Every byte as the header of an element of a sub-CRQ, and payloads of all kinds.",
    _sub_headers,
    "sub_crq",
)

# --- all pairs, with --thorough ---------------------------------------------------------------------------------------


def _of(probe: Probe, who: str, state: str, way: Callable[[Profile], Steps]) -> Callable[[Profile], Steps]:
    def write(p: Profile) -> Steps:
        yield from way(p)
        yield from steps(*probe(who, state))

    return write


def _nothing(p: Profile) -> Steps:
    return plain()


def _both(p: Profile) -> Steps:
    return connected(S0)


def _all_pairs() -> None:
    for who, name in ((CLIENT, "client"), (S0, "server")):
        for state, way in (("unregistered", _nothing), ("connected", _both)):
            family(
                f"CRQ-2/pairs-{name}-{state}",
                f"Every pair of classes of address and length of the queue of a {name} that is {state}.",
                _of(_registering(pairs), who, state, way),
                "",
                long=True,
            )
    family(
        "MON-1/pairs",
        "Every pair of classes of the parameters of a report.",
        _of(_reports(pairs), S0, "connected", _both),
        "",
        long=True,
    )
    family(
        "MON-7/pairs",
        "Every pair of classes of a record's buffer and the parameters that are not used.",
        _of(_records(pairs), S0, "connected", _both),
        "dma",
        long=True,
    )
    family(
        "SES-2/pairs",
        "Every pair of classes of the parameters of a complaint.",
        _complaints(pairs),
        "console",
        long=True,
    )
    family(
        "CRQ-11/pairs",
        "Every pair of classes of the parameters by which interrupts of sub-CRQs are switched.",
        _sources(pairs),
        "interrupts sub_crq",
        long=True,
    )


_all_pairs()
