"""A line of a kernel log taken apart: what the transport has put before it, what dynamic debugging has, the device, the message.

Facts about the shapes: printk, dmesg, rsyslog, journalctl, lib/dynamic_debug.c, ``dev_*`` and ``netdev_*`` of Linux; and mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from vnic_conformance.monitoring.seen import Stamp

#: As kernels write them, whatever the language of who reads.
_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS: Final = {name: number for number, name in enumerate(_NAMES, 1)}
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
#: A year without a date of its own that has a 29th of February.
_ANY_YEAR: Final = 2000
_QUOTED: Final = re.compile(r"^(?: ?>)+ ?")
_KMSG: Final = re.compile(r"\d+,\d+,(?P<us>\d{1,18}),[^;]*;")
_LEVEL: Final = re.compile(r"<\d{1,3}>")
_HOST: Final = r"(?:\S+ )?kernel: ?"
_SYSLOG: Final = re.compile(rf"{_MONTH} +(?P<day>\d+) (?P<clock>\d\d:\d\d:\d\d)(?P<part>\.\d+)? {_HOST}")
_ISO: Final = re.compile(r"(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?P<part>[.,]\d+)?(?P<zone>Z|[+-]\d\d:?\d\d)?[] ]")
_UNIX: Final = re.compile(rf"(?P<unix>\d{{9,11}}\.\d+) {_HOST}")
_KERNEL: Final = re.compile(_HOST)
_BOOT: Final = re.compile(r"\[? *(?<![\d:+])(?P<boot>\d{1,12}\.\d{6})(?: <[ \d.]*>)?\] ?")
_WALL: Final = re.compile(
    rf"\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} +(?P<day>\d+) (?P<clock>\d\d:\d\d:\d\d) (?P<year>\d{{4}})\] ?"
)
_CALLER: Final = re.compile(r"\[ *[TC]\d+\] ?")
#: A thread's number, which is no time: that has a dot.
_DEBUG: Final = re.compile(r"(?:(?:\[\d+\]|<intr>) )?(?:ibmvnic:(?! ))?(?:[a-z_]\w*:(?! ))?(?:\d+:)? ?(?=ibmvnic )")
_STATES: Final = "uninitialized|unregistering|unregistered|released|dummy"
_DEVICE: Final = re.compile(
    rf"ibmvnic (?P<unit>[0-9a-f]{{1,8}})(?: (?P<name>\(unnamed net_device\)|[^\s:(]+))?(?: \((?:{_STATES})\))?: ?(?P<message>.*)"
)
#: The driver behind what nobody knows: a console's stamp, dmesg -H or -x, a file's name. A sentence about it is no line of it.
_BEHIND: Final = re.compile(
    rf"(?P<before>.*?(?:^\s*|[]:>|-]\s+|[]:|]))(?:{_DEBUG.pattern})(?=ibmvnic 3[0-9a-f]{{7}}\b){_DEVICE.pattern}"
)
_DRIVER: Final = re.compile(r"ibmvnic: ?(?P<message>.*)")
#: Colours, as dmesg writes them for terminals.
_COLOURS: Final = re.compile(r"\x1b\[[\d;]*m")
#: What authors write where they leave something out.
_CUT: Final = re.compile(r"< *>|[\[<({]?\s*(?:\.{2,}|…|-*\s*snip\s*-*)\s*[\]>)}]?")
#: A blank as mail encodes it, where no number of the driver can stand.
_BLANK: Final = re.compile(r"=C2=A0|(?<!\w)=20")


@dataclass(frozen=True, slots=True)
class Line:
    """A line taken apart.

    Attributes:
        time: the finest one that it has.
        bare: nothing stood before the message: it may go on with the line before.
        ours: the driver itself wrote it.
        unit: address of the device, or nothing.
        name: of the interface, or nothing.
        message: what is left.
        kernel: something of a kernel log stood before it.
    """

    time: Stamp | None
    bare: bool
    ours: bool
    unit: str
    name: str
    message: str
    kernel: bool


def is_cut(text: str) -> bool:
    """Whether a line says that something was left out: dots, in brackets or not."""
    return bool(_CUT.fullmatch(_QUOTED.sub("", text).strip()))


def unquoted(text: str) -> str:
    """A line without what mail has done to it, marks of quotation and encoded characters, and without colours."""
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    text = _QUOTED.sub("", text)
    if "=" in text:
        text = _BLANK.sub(" ", text).replace("=3D", "=")
    return text.rstrip("\r")


def taken_apart(text: str) -> Line:
    """A line, of which :func:`unquoted` has taken off what mail had put there."""
    at, time, kernel = 0, None, False
    for shape in (_KMSG, _LEVEL, _SYSLOG, _ISO, _UNIX, _BOOT, _WALL, _CALLER, _KERNEL, _BOOT):
        found = shape.match(text, at)
        if found is None or (shape is _KERNEL and found[0] != "kernel: " and time is None):
            continue
        at, kernel = found.end(), kernel or shape is not _ISO
        time = _time(found) or time
    found = _DEBUG.match(text, at)
    start = found.end() if found else at
    device = _DEVICE.match(text, start)
    if device is None and "ibmvnic 3" in text:
        device = _BEHIND.match(text)
        time = _stamp_in(device["before"]) or time if device else time
        kernel = kernel or device is not None
    if device:
        return Line(time, False, True, device["unit"], device["name"] or "", device["message"].strip(), kernel)
    driver = _DRIVER.match(text, at)
    message = driver["message"] if driver else text[at:]
    return Line(time, at == 0 and driver is None, driver is not None, "", "", message.strip(), kernel)


def _stamp_in(text: str) -> Stamp | None:
    """The finest time that stands anywhere in it."""
    found = (shape.search(text) for shape in (_BOOT, _UNIX, _WALL, _SYSLOG, _ISO))
    return next(filter(None, (_time(one) for one in found if one is not None)), None)


def _time(found: re.Match[str]) -> Stamp | None:
    named = found.groupdict()
    if named.get("boot"):
        return Stamp(float(named["boot"]))
    if named.get("us"):
        return Stamp(int(named["us"]) / 1e6)
    if named.get("unix"):
        return Stamp(float(named["unix"]), since_boot=False)
    part = (named.get("part") or "").replace(",", ".")
    if named.get("iso"):
        return _wall(f"{named['iso'].replace(' ', 'T')}{(named['zone'] or '+00:00').replace('Z', '+00:00')}", part)
    if named.get("month"):
        year, day = int(named.get("year") or _ANY_YEAR), int(named["day"])
        return _wall(f"{year:04}-{_MONTHS[named['month']]:02}-{day:02}T{named['clock']}+00:00", part)
    return None


def _wall(text: str, part: str) -> Stamp | None:
    try:
        seconds = datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    return Stamp(seconds + float(part or 0), since_boot=False, resolution=10 ** -(len(part) - 1) if part else 1.0)
