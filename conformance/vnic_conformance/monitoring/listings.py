"""Listings of a console (``lshwres``) over time, read.

The file is text: a line with a time, then what the console printed, then the next time::

    # 2026-11-30 10:00:00
    6,"sriov/2700802b/1/Operational,sriov/2700802c/0/Operational"
    # 2026-11-30 10:00:05
    $ chhwres -r virtualio --rsubtype vnicbkdev -o act -m sys -s 6 --id 3 --logport 2700802c
    # 2026-11-30 10:00:10
    6,"sriov/2700802b/0/Operational,sriov/2700802c/1/Operational"

A time is ISO 8601, seconds, or what ``date`` prints; the hash may be missing where it cannot be taken for a slot. Rows of
``--rsubtype vnic`` and of ``vnicbkdev`` are read, with or without names, as comma-separated values or with the delimiter of a
header (``--header``). Devices are known by their shape (``sriov/...``). Lines that begin with a dollar tell what was done at
the console.

Rows without ``slot_num`` are of the vNIC that another row names by its slot with the same logical port; else of one and the same,
unless they cannot be: then nobody can tell, and they are left out.
"""

from __future__ import annotations

import csv
import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from vnic_conformance.foreign import cut, printable
from vnic_conformance.monitoring.seen import LONGEST, MOST, Record, Seen, Stamp, What
from vnic_model.intake import IntakeError
from vnic_spec.profile import Profile
from vnic_spec.vocabulary import Status

_TYPE: Final = "sriov"
#: The order of all fields of a vNIC but its devices, of a row without names; and all fields of both kinds of listing.
_WHOLE_ROW: Final = (
    *("lpar_name", "lpar_id", "slot_num", "desired_mode", "curr_mode", "auto_priority_failover"),
    *("port_vlan_id", "pvid_priority", "allowed_vlan_ids", "mac_addr", "allowed_os_mac_addrs"),
)
_FIELDS: Final = frozenset(
    {
        *_WHOLE_ROW,
        *("backing_devices", "backing_device_states", "is_disabled"),
        *("type", "adapter_id", "physical_port_id", "logical_port_id", "failover_priority", "is_active", "status"),
        *("capacity", "desired_capacity", "max_capacity", "desired_max_capacity"),
    }
)
_DELIMITERS: Final = ",:%;|"
_NOTHING: Final = "No results were found"
_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:(?P<day>\d+) (?P<month>\w{3})|(?P<month2>\w{3}) +(?P<day2>\d+)),? "
    r"(?:(?P<year>\d{4}),? )?(?P<clock>\d+:\d\d:\d\d)(?: (?P<half>[AP]M))?(?: \S+)??(?: (?P<year2>\d{4}))?"
)
_SECONDS: Final = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(?: ?s)?")
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?")
#: A bare number of so many digits is a time, a shorter one may be a slot.
_EPOCH_DIGITS: Final = 9
#: What stands in the key of a vNIC whose slot is known, and the key of one of which nothing is.
_SLOT: Final = "slot "
_NAMELESS: Final = "vNIC"
#: Orders of the slashed parts of a device and of its state.
_STATE_PARTS: Final = 4
_DEVICE_PARTS: Final = 11


@dataclass(frozen=True, slots=True)
class Device:
    """A backing device, that is, a server, as far as listings show it: None is not shown.

    Attributes:
        port: its logical port, by which it is known.
        active: it is selected.
        status: None where the listing shows none, or a word that nobody knows.
        shown: the word for its status.
        priority: as a number; None: not shown, or none.
        physical: adapter and port.
    """

    port: str
    active: bool | None = None
    status: Status | None = None
    shown: str = ""
    priority: int | None = None
    physical: tuple[str, str] | None = None

    def with_what_is_shown(self, other: Device) -> Device:
        """This one, with what another row says of it."""
        made = {
            name: value
            for name in ("active", "status", "priority", "physical")
            if (value := getattr(other, name)) is not None
        }
        return replace(self, **made, shown=other.shown or self.shown)

    def __str__(self) -> str:
        priority = "" if self.priority is None else f", priority {self.priority}"
        return f"{self.port} ({self.shown or 'status not shown'}{priority})"


@dataclass(slots=True)
class Vnic:
    """One vNIC in one listing; None is not shown.

    Attributes:
        auto: auto priority failover is on.
        disabled: it is.
        devices: by logical port.
        several: two rows, each of which shows all devices of a vNIC, have none in common.
    """

    auto: bool | None = None
    disabled: bool | None = None
    devices: dict[str, Device] = field(default_factory=dict)
    several: bool = False

    @property
    def active(self) -> list[Device]:
        """The devices that are shown as active."""
        return [device for device in self.devices.values() if device.active]


@dataclass(slots=True)
class Listing:
    """What the console showed at one time, by vNIC (partition and slot), and what it was told before."""

    place: int
    time: Stamp | None
    vnics: dict[str, Vnic] = field(default_factory=dict)
    commands: list[Seen] = field(default_factory=list)


@dataclass(slots=True)
class Listings:
    """A file of listings.

    Attributes:
        record: lines, how many were not understood, and which.
        listings: in order.
        commanded: the file tells what was done at the console.
        unclear: rows that are of several vNICs, and nobody can tell of which: how they name it.
    """

    record: Record
    listings: list[Listing] = field(default_factory=list)
    commanded: bool = False
    unclear: set[str] = field(default_factory=set)


def listed(lines: Iterable[tuple[int, str, bool]]) -> Listings:
    """Read listings.

    Raises:
        IntakeError: there are too many rows.
    """
    reader = _Reader()
    for number, text, _ in lines:
        reader.line(number, text.strip())
    _settle(reader.made)
    reader.made.listings = [one for one in reader.made.listings if one.vnics or one.commands]
    return reader.made


def _settle(made: Listings) -> None:
    """Give rows without a slot to the vNICs that they are of, and leave out those of which nobody can tell."""
    owners: dict[str, set[str]] = defaultdict(set)
    for listing in made.listings:
        for key, vnic in listing.vnics.items():
            for port in vnic.devices if _SLOT in key else ():
                owners[port].add(key)
    for listing in made.listings:
        for key in [key for key in listing.vnics if _SLOT not in key]:
            vnic = listing.vnics[key]
            for port in [port for port in vnic.devices if len(owners[port]) == 1]:
                (owner,) = owners[port]
                known = listing.vnics.setdefault(owner, Vnic()).devices
                device = vnic.devices.pop(port)
                known[port] = known[port].with_what_is_shown(device) if port in known else device
            if not vnic.devices:
                del listing.vnics[key]
            elif vnic.several or _are_several(list(vnic.devices.values())):
                made.unclear.add(key)
    for listing in made.listings:
        listing.vnics = {key: vnic for key, vnic in listing.vnics.items() if key not in made.unclear}


def _are_several(devices: list[Device]) -> bool:
    """No vNIC has such devices: two that are active or share a physical port, or too many."""
    ports = [device.physical for device in devices if device.physical is not None]
    active = sum(device.active is True for device in devices)
    return active > 1 or len(set(ports)) < len(ports) or len(devices) > Profile().max_servers


def is_row(text: str) -> bool:
    """Whether a line looks like one of a listing of vNICs, or like a header of one."""
    if f"{_TYPE}/" in text or any(f"{name}=" in text for name in ("slot_num", "logical_port_id", "backing_devices")):
        return True
    header = _header(text.strip())
    return header is not None and len(header[0]) > 1


def _header(text: str) -> tuple[list[str], str] | None:
    """The names of a header and their delimiter; None: it is none."""
    for delimiter in _DELIMITERS:
        names = text.split(delimiter)
        if set(names) <= _FIELDS:
            return names, delimiter
    return None


class _Reader:
    def __init__(self) -> None:
        self.made = Listings(Record("listings", []))
        self._now: Listing | None = None
        self._header: list[str] = []
        self._delimiter = ","
        self._rows = 0

    def line(self, number: int, text: str) -> None:
        record = self.made.record
        record.lines += 1
        if not text or text == _NOTHING:
            return
        time = time_of(text)
        if time is not None:
            self._now = Listing(number, time)
            self.made.listings.append(self._now)
            record.end = time
            return
        if text.startswith("$"):
            self._command(number, text[1:].strip())
        elif not (self._takes_header(text) or self._row(text)):
            words = f"not understood: {printable(cut(text, LONGEST))}"
            record.seen.append(Seen(number, self._here(number).time, "", What.UNKNOWN, words, cut(text, LONGEST)))
        if len(record.seen) + self._rows > MOST:
            raise IntakeError(f"it has more than {MOST:,} rows; give a part of it")

    def _here(self, number: int) -> Listing:
        if self._now is None:
            self._now = Listing(number, None)
            self.made.listings.append(self._now)
        self._now.place = self._now.place or number
        return self._now

    def _command(self, number: int, text: str) -> None:
        here = self._here(number)
        if here.vnics:  # it comes behind what was shown: it belongs before what is shown next
            self._now = here = Listing(number, here.time)
            self.made.listings.append(here)
        try:
            words = shlex.split(text)
        except ValueError:
            words = text.split()
        if not words or words[0] != "chhwres":
            return
        self.made.commanded = True
        here.commands.append(Seen(number, here.time, "", What.USER, printable(cut(text, LONGEST)), text))
        self.made.record.seen.append(here.commands[-1])

    def _takes_header(self, text: str) -> bool:
        found = _header(text)
        if found is not None:
            self._header, self._delimiter = found
        return found is not None

    def _row(self, text: str) -> bool:
        cells = _cells(text, self._delimiter)
        if self._header and len(cells) == len(self._header):
            values: dict[str, str] | None = dict(zip(self._header, cells, strict=True))
        else:
            values = _named(_cells(text, ","))
        if values is None:
            return False
        self._rows += 1 + text.count(f"{_TYPE}/")
        slot, lpar = printable(values.get("slot_num", "")), printable(values.get("lpar_name", ""))
        here = self._here(self.made.record.lines)
        if "logical_port_id" in values:  # of vnicbkdev, whose partition is that of the server
            key, devices = f"{_SLOT}{slot}" if slot else _NAMELESS, [_device_row(values)]
        else:
            key = " ".join(filter(None, (lpar, f"{_SLOT}{slot}" if slot else ""))) or _NAMELESS
            devices = _devices(values)
        vnic = here.vnics.setdefault(key, Vnic())
        if "logical_port_id" not in values:
            vnic.several |= bool(vnic.devices) and vnic.devices.keys().isdisjoint(one.port for one in devices)
        if values.get("auto_priority_failover") in ("0", "1"):
            vnic.auto = values["auto_priority_failover"] == "1"
        if values.get("is_disabled") in ("0", "1"):
            vnic.disabled = values["is_disabled"] == "1"
        for device in devices:
            known = vnic.devices.get(device.port)
            vnic.devices[device.port] = device if known is None else known.with_what_is_shown(device)
        return True


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter))
    except (csv.Error, StopIteration):
        return []


def _named(cells: list[str]) -> dict[str, str] | None:
    """The cells of a row by the names of their fields; None: it is no row of a vNIC."""
    found: dict[str, str] = {}
    plain = []
    for cell in cells:
        name, equals, value = cell.partition("=")
        if equals and name in _FIELDS:
            found[name] = value
        elif cell.startswith(f"{_TYPE}/"):
            name = "backing_device_states" if cell.split(",")[0].count("/") == _STATE_PARTS - 1 else "backing_devices"
            found[name] = f"{found[name]},{cell}" if name in found else cell
        else:
            plain.append(cell)
    if len(plain) == len(_WHOLE_ROW) and found:
        return found | dict(zip(_WHOLE_ROW, plain, strict=True))
    if len(plain) == 1 and plain[0].isdecimal() and found and "slot_num" not in found:
        return found | {"slot_num": plain[0]}
    return found if found and not plain else None


def _device_row(values: Mapping[str, str]) -> Device:
    physical = (values.get("adapter_id", ""), values.get("physical_port_id", ""))
    return Device(
        printable(values["logical_port_id"]),
        {"0": False, "1": True}.get(values.get("is_active", "")),
        _status(values.get("status", "")),
        printable(values.get("status", "")),
        _number(values.get("failover_priority", "")),
        physical if all(physical) else None,
    )


def _devices(values: Mapping[str, str]) -> list[Device]:
    found = []
    for text in values.get("backing_device_states", "").split(","):
        parts = text.split("/")
        if len(parts) == _STATE_PARTS and parts[2] in ("0", "1"):
            found.append(Device(printable(parts[1]), parts[2] == "1", _status(parts[3]), printable(parts[3])))
    for text in values.get("backing_devices", "").split(","):
        parts = text.split("/")
        if len(parts) == _DEVICE_PARTS:
            found.append(Device(printable(parts[5]), priority=_number(parts[8]), physical=(parts[3], parts[4])))
    return found


def _status(text: str) -> Status | None:
    """A status by its word, as the console or its REST interface write it."""
    return Status.__members__.get(re.sub(r"\W+", "_", text.strip()).upper())


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None


def time_of(text: str) -> Stamp | None:
    """The time that a line says, if it says nothing else."""
    marked = text.startswith("#")
    text = text.lstrip("# ").strip()
    if _SECONDS.fullmatch(text) and (marked or len(text) >= _EPOCH_DIGITS):
        return Stamp(float(text.rstrip("s ")), since_boot=False, resolution=1.0)
    try:
        if _ISO.fullmatch(text):
            plain = re.sub(r" ?(?:Z|UTC)$", "+00:00", text).replace(",", ".").replace(" ", "T", 1).replace(" ", "")
            made = datetime.fromisoformat(plain)
        elif (found := _DATE.fullmatch(text)) is not None:
            day, month = found["day"] or found["day2"], found["month"] or found["month2"]
            clock = f"{day} {month} {found['year'] or found['year2']} {found['clock']}"
            form = "%d %b %Y %I:%M:%S %p" if found["half"] else "%d %b %Y %H:%M:%S"
            made = datetime.strptime(f"{clock} {found['half'] or ''}".strip(), form).replace(tzinfo=UTC)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    made = made if made.tzinfo else made.replace(tzinfo=UTC)
    return Stamp(made.timestamp(), since_boot=False, resolution=1.0)
