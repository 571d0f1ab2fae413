"""Words for what goes over the interface: stimuli, answers, elements, and what can be seen.

Nothing here depends on the machine; it is for every stimulus that the kit can make, also the wrong ones.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence

from vnic_conformance.interface import HCALLS as HCALLS  # also for those who take it from here
from vnic_conformance.interface import WORDS
from vnic_conformance.stimulus import CLIENT, CLOCK, CONSOLE, PLATFORM, Stimulus
from vnic_model import describe
from vnic_spec.vocabulary import Kind, Status
from vnic_spec.wire import (
    RESPONSE_BIT,
    Command,
    Event,
    Header,
    InitFormat,
    OutputDescriptor,
    Rc,
    ServerInfo,
    Vioctl,
)

_EVENTS = {
    Event.PARTNER_FAILED: Kind.FAILED,
    Event.PARTNER_DEREGISTERED: Kind.DEREGISTERED,
    Event.MIGRATED: Kind.MIGRATED,
    Event.DEVICE_FAILOVER: Kind.FAILOVER,
}
#: Who makes trouble in role system, and who in role client.
_AROUND = ("network", "partner")
#: So many hexadecimal digits are shown whole.
_WHOLE = 64
#: Times from here on are told in hexadecimal, too: they are there for the border that they lie at.
_AT_A_BORDER = 1 << 31
#: So many elements of a sub-CRQ are shown whole.
_FEW_SUB_ELEMENTS = 3
#: Hexadecimal digits by which an element of a longer one is told.
_BEGINNING_OF_ELEMENT = 16
_REPORTED = {1: "OPERATIONAL", 2: "LINK_DOWN", 3: "ADAPTER_ERROR"}


def partner(name: str) -> str:
    """A name of the protocol as text has it: ``server0`` is ``server 0``."""
    return f"server {name.removeprefix('server')}" if name.startswith("server") else name


def rc_name(rc: object) -> str:
    """A return code by its name, or as a number where it has none."""
    try:
        return str(Rc(rc))  # type: ignore[arg-type]  # anything may have come
    except ValueError:
        return f"return code {rc}"


def element_name(hexadecimal: str) -> str:
    """An element by its header and its second byte: ``INIT``, ``EVENT 08 FAILOVER``, ``LINK_STATE_INDICATION``."""
    try:
        data = bytes.fromhex(hexadecimal[:4])
    except ValueError:
        return "ELEMENT"
    if len(data) < 2:
        return "ELEMENT"
    header, code = data
    if header == Header.EVENT:
        return next((describe.element_name(k) for e, k in _EVENTS.items() if e == code), f"EVENT {code:02X}")
    if header == Header.INITIALIZATION:
        return (
            "INIT"
            if code == InitFormat.INIT
            else "INIT_COMPLETE"
            if code == InitFormat.INIT_COMPLETE
            else f"INIT {code:02X}"
        )
    if header == Header.COMMAND:
        try:
            return f"{Command(code & ~RESPONSE_BIT).name}{'_RSP' if code & RESPONSE_BIT else ''}"
        except ValueError:
            return f"COMMAND {code:02X}"
    return f"ELEMENT {header:02X} {code:02X}"


def phrase(stimulus: Stimulus, *, with_bytes: bool = True) -> str:
    """What is done, in a few words with the name of the call and every argument; the bytes of a CRQ element are drawn, not said.

    Args:
        stimulus: what is done.
        with_bytes: say which bytes are written or sent; without, words that do the same with other bytes are alike.
    """
    given = stimulus.given
    if stimulus.who == CLOCK:
        return f"{given['ms']} ms pass"
    if stimulus.who == CONSOLE:
        return _console(stimulus.call, given)
    if stimulus.who == PLATFORM:
        return _platform(stimulus.call, given)
    who = partner(stimulus.who)
    hcall = HCALLS.get(stimulus.call)
    if stimulus.call == "vioctl":
        return f"{who} {_vioctl(given)}"
    if stimulus.call == "send_crq":
        words = f"sends {element_name(str(given.get('hex', '')))}"
    elif stimulus.call == "vio_signal":
        words = f"{_switches(given.get('mode'))} its interrupt"
    else:
        words = WORDS.get(stimulus.call, stimulus.call)
    said = ("hex",) if stimulus.call == "send_crq" else ("mode",) if stimulus.call == "vio_signal" else ()
    odd = [_argument(k, v) for k, v in given.items() if k not in said and (with_bytes or k != "hex")]
    where = f" ({', '.join(odd)})" if odd else ""
    return f"{who} {words}{where}{f' ({hcall})' if hcall else ''}"


def _argument(name: str, value: object) -> str:
    """An argument with its name: bytes as bytes, a unit as whose it is, numbers above 9 in hexadecimal."""
    if name == "unit":
        return "on the unit of another" if value == "wrong" else f"unit {value}"
    if name == "hex":
        return f"bytes {_bytes(str(value))}"
    if name == "map" and value in (0, 1):
        return "mapping the page first" if value else "mapping nothing"
    return f"{name} {_number(value)}"


def _bytes(text: str) -> str:
    """Bytes in hexadecimal: whole up to the length of a sub-CRQ element; of more, the first ones, how many, and a check sum."""
    if len(text) <= _WHOLE:
        return text
    return f"{text[: _WHOLE // 2]}…, {len(text) // 2} of them, {_check_sum(text)}"


def _check_sum(text: str) -> str:
    """By which long texts are told apart."""
    return f"CRC {zlib.crc32(text.encode()):08x}"


def _switches(mode: object) -> str:
    return {0: "disables", 1: "enables"}.get(mode, f"calls mode {mode} of") if isinstance(mode, int) else "switches"


def _number(value: object) -> str:
    return hex(value) if isinstance(value, int) and value > 9 else str(value)


def _vioctl(given: Mapping[str, object]) -> str:
    sub = int(str(given.get("sub", 0)))
    numbers = [int(str(given.get(name, 0))) for name in ("p1", "p2", "p3")]
    unit = ", on the unit of another" if given.get("unit") == "wrong" else ""
    if sub not in _VIOCTLS:
        return f"calls H_VIOCTL 0x{sub:02X} ({', '.join(map(str, numbers))}){unit}"
    said, words = _VIOCTLS[sub](numbers)
    unused = [f"p{place} = {_number(value)}" for place, value in enumerate(numbers, 1) if place > said and value]
    also = f", with unused {', '.join(unused)}"
    return f"{words}{also if unused else ''}{unit} (H_VIOCTL 0x{sub:02X})"


def _reports(numbers: Sequence[int]) -> tuple[int, str]:
    status = _REPORTED.get(numbers[0], f"status {_number(numbers[0])}")
    beyond = f" ({numbers[1]:#x})" if numbers[1] >= _AT_A_BORDER else ""
    return 2, f"reports {status}, the next one within {numbers[1]} ms{beyond}"


def _asks_what_it_is(numbers: Sequence[int]) -> tuple[int, str]:
    where = OutputDescriptor.unpack(numbers[0])
    if not numbers[0]:
        return 1, "asks what it is"
    control = f", control byte {where.control:#04x}" if where.control else ""
    return 1, f"asks what it is, into {where.length} bytes at {_number(where.ioba)}{control}"


#: Subfunctions of H_VIOCTL: from the three parameters to how many of them are used, and the words.
_VIOCTLS: Mapping[int, Callable[[Sequence[int]], tuple[int, str]]] = {
    Vioctl.VNIC_SERVER_STATUS: _reports,
    Vioctl.GET_SESSION_TOKEN: lambda numbers: (0, "asks for the session token"),
    Vioctl.SESSION_ERROR_DETECTED: lambda numbers: (1, f"complains about its server, token 0x{numbers[0]:x}"),
    Vioctl.GET_VNIC_SERVER_INFO: _asks_what_it_is,
    Vioctl.DISABLE_ALL_VIO_INTERRUPTS: lambda numbers: (0, "disables all its interrupts"),
    Vioctl.DISABLE_VIO_INTERRUPT: lambda numbers: (1, f"disables interrupt {_number(numbers[0])}"),
    Vioctl.ENABLE_VIO_INTERRUPT: lambda numbers: (1, f"enables interrupt {_number(numbers[0])}"),
}


def _console(call: str, given: Mapping[str, object]) -> str:
    server = partner(str(given.get("server", "")))
    level = given.get("value", given.get("priority"))
    if call == "add":
        port = f" on port {given['port']}" if "port" in given else ""
        return f"administrator adds {server}{port}{f' with priority {level}' if level is not None else ''}"
    if call == "remove":
        return f"administrator removes {server}"
    if call == "priority":
        return f"administrator sets the priority of {server} to {level}"
    if call == "auto":
        return f"administrator writes auto_priority_failover = {'on' if given.get('value') else 'off'}"
    return f"administrator activates {server}"


def _platform(call: str, given: Mapping[str, object]) -> str:
    if call == "migrate":
        return "the client's partition migrates"
    target = partner(str(given.get("target", "")))
    what = {"power_on": "comes up", "power_off": "is powered off", "crash": "crashes"}.get(call, call)
    return f"the partition of the {target} {what}".replace("the server", "server")


def answer(came: Mapping[str, object]) -> str:
    """What a call was answered; empty where that says nothing."""
    if "rc" in came:
        return rc_name(came["rc"])
    outcome = came.get("outcome")
    if outcome == "refused":
        reason = came.get("reason")
        return f"refused ({reason})" if reason else "refused"
    return "" if outcome in (None, "done") else str(outcome)


def element_list(value: object) -> str:
    """The content of a queue, or an allowed content, by names with the bytes that are not their header."""
    patterns = value if isinstance(value, tuple) else str(value).split()
    if not patterns:
        return "empty"
    names = [element_name(pattern) for pattern in patterns]
    if len(names) > 6:
        return f"{len(names)} elements, {', '.join(names[:2])} … {', '.join(names[-2:])}"
    return ", ".join(names)


def sub_element_list(value: object) -> str:
    """The content of a sub-CRQ, or an allowed one: a few elements whole; of more how many, the ends, and a check sum."""
    found = [str(each) for each in value] if isinstance(value, tuple) else str(value).split()
    if not found:
        return "empty"
    if len(found) <= _FEW_SUB_ELEMENTS:
        return " ".join(found)
    first, last = (found[at][:_BEGINNING_OF_ELEMENT] for at in (0, -1))
    return f"{len(found)} elements, {first}… to {last}…, {_check_sum(' '.join(found))}"


def field_name(name: str) -> str:
    """A field of a reply or an observation in words."""
    known = {
        "rc": "answer",
        "outcome": "outcome",
        "client_crq": "client's CRQ",
        "client_queue": "client's queue",
        "element": "element taken",
        "r4": "token",
        "info": "server information",
        "auto": "auto_priority_failover",
        "listed": "servers on the list",
    }
    if name in known:
        return known[name]
    who, _, what = name.partition("_")
    if what.startswith("sub_"):
        return f"sub-CRQ {what.removeprefix('sub_')} of {partner(who)}"
    if what == "interrupts":
        return f"pending interrupts of {partner(who)}"
    if who.startswith("server") and what:
        return f"{what} of {partner(who)}"
    return name


def field_value(name: str, value: object) -> str:
    """The value of a field in words; an allowed content of a queue as well as one that came."""
    if value == "nothing":
        return "not there"
    if name == "rc":
        return rc_name(value) if isinstance(value, int) else str(value)
    if name.endswith("_queue"):
        return element_list(value)
    if "_sub_" in name:
        return sub_element_list(value)
    if name == "element":
        text = value[0] if isinstance(value, tuple) and value else value
        return f"{element_name(str(text))} {describe.hex_groups(str(text))}" if text else "none"
    if name in ("selected", "pinned"):
        return partner(str(value)) if value else "nobody"
    if name == "auto":
        return "on" if value else "off"
    if name == "listed":
        return ", ".join(partner(word) for word in str(value).split()) or "none"
    if name == "r4" and value is None:
        return "the token of this session, which no other has"
    if name in ("handle", "source") and value is None:
        return f"a {name} that has never been given out"
    if name in ("r4", "handle"):
        return hex(value) if isinstance(value, int) else str(value)
    if name == "info":
        return _info(str(value))
    return "not there" if value is None else str(value) or "empty"


def _info(text: str) -> str:
    try:
        info = ServerInfo.unpack(bytes.fromhex(text))
    except ValueError:
        return text
    try:
        status = Status(info.status).name
    except ValueError:
        status = f"status {info.status}"
    return f"version {info.version}, active {info.active}, {status}, priority {info.priority}"


def is_fault(stimulus: Stimulus) -> bool:
    """A choice of users, administrators, faults or time, not of the drivers."""
    return stimulus.who in (CONSOLE, PLATFORM, CLOCK, *_AROUND)


def lane_of(who: str) -> str:
    """The lane of whoever acts."""
    return who if who in (CLIENT, CONSOLE, PLATFORM, CLOCK) else partner(who)
