"""A kernel log, read: every line of the driver as what it is a witness of.

Logs come by mail and from trackers, with and without stamps, cut, wrapped and quoted, so a line is tried as it stands, and then
with the next one behind it. Lines of other drivers are counted. With dynamic debugging an element is told twice, by its bytes
and by what the driver makes of it; then the bytes count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from vnic_conformance.foreign import cut, printable
from vnic_conformance.monitoring.driver_forms import BARE, DRIVER, REASONS
from vnic_conformance.monitoring.elements import answer_rc, code_name, is_answer
from vnic_conformance.monitoring.form import Form
from vnic_conformance.monitoring.prefixes import Line, is_cut, taken_apart, unquoted
from vnic_conformance.monitoring.seen import LONGEST, MOST, Record, Seen, Stamp, What
from vnic_conformance.monitoring.tracepoints import call_in
from vnic_conformance.reports.naming import element_name
from vnic_model.intake import IntakeError

#: The driver's word before a message: state of the device, and flags.
_STATE: Final = re.compile(r"\[S:\w+(?: \w+:\w+)*\] ")
#: What mail makes of a blank at the end of a line.
_ENCODED_BLANK: Final = "=20"
#: What the kernel, the journal and syslog say of messages of the kernel that are lost, and how many if they say it. Callbacks
#: that a limit of rate holds back, or messages of other programs, are no elements.
_LOST: Final = re.compile(
    r"(?:\[ *\d+\.\d+\] )?(?:\*\* |printk: )?(\d+) (?:printk )?messages dropped(?: \*\*)?|printk: (\d+) messages suppressed\.?|"
    r"(?:.*: )?(?:Missed (\d+) kernel messages|/dev/kmsg buffer overrun, some messages lost\.?|"
    r"Suppressed (\d+) messages from kernel|im(?:klog|journal): (\d+) messages lost due to rate-limiting.*)"
)
_TROUBLE: Final = re.compile(
    r"Oops: |BUG: |kernel BUG at |Kernel panic|Unable to handle kernel|INFO: task \S+ blocked|"
    r"WARNING: .* at |general protection fault|refcount_t: |list_(?:add|del) corruption"
)
_TROUBLE_ENDS: Final = re.compile(r"---\[ end ")
_IN_DRIVER: Final = re.compile(r"(?:NIP|RIP|pc|LR)\b.*\bibmvnic_\w+\+0x|(?:NIP|RIP|pc)\b.*\[ibmvnic\]")
_BELOW_DRIVER: Final = re.compile(r"\bibmvnic_\w+\+0x")
#: So many lines of a trace belong to one trouble.
_TRACE: Final = 120
#: A clock that goes back by less, in seconds, has only been read on another processor.
_JITTER: Final = 1.0
#: A message with more lines goes on behind so many blanks.
_INDENT: Final = " " * 16


def kernel_log(lines: Iterable[tuple[int, str, bool]]) -> Record:
    """Read a log.

    Args:
        lines: number, text and whether the line is whole.

    Raises:
        IntakeError: it has too many lines of the driver.
    """
    return _Reader().read(lines)


class _Reader:
    def __init__(self) -> None:
        self.record = Record("kernel log", [], names={})
        self._read: dict[str, bytes] = {}  #: by unit: the element that was read last, as far as it is not yet explained
        self._sent: dict[str, int] = {}  #: by unit: which of what was seen is the element that was sent last
        self._unit = ""
        self._latest: Stamp | None = None
        self._trouble: tuple[int, Line, str] | None = None
        self._in_trouble = 0

    def read(self, lines: Iterable[tuple[int, str, bool]]) -> Record:
        held: tuple[int, Line] | None = None  # the driver's, and no form fits: the next one may complete it
        for number, raw, _ in _softly(lines):
            self.record.lines += 1
            for text in raw.split("#012"):
                line = taken_apart(unquoted(text).replace("#011", " "))
                self._clock(number, line)
                if held is not None and line.bare and line.message and not is_cut(raw):
                    joined = f"{held[1].message} {line.message}"
                    if self._form(held[0], held[1], joined) or self._form(held[0], held[1], joined.replace("- ", "-")):
                        held = None
                        continue
                if held is not None:
                    self._unknown(*held)
                    held = None
                if not self._line(number, line, text):
                    held = (number, line)
        if held is not None:
            self._unknown(*held)
        return self.record

    def _line(self, number: int, line: Line, text: str) -> bool:
        """Take a line in; false: it is the driver's, and no form fits."""
        if line.ours:
            if line.unit:
                self._unit = line.unit
                if line.name and self.record.names is not None:
                    self.record.names[line.unit] = line.name
            return not line.message or self._form(number, line, line.message)
        if is_cut(text):
            self._see(Seen(number, line.time, "", What.GAP, "something is left out here", cut(text, LONGEST)))
        elif (lost := _LOST.fullmatch(line.message)) is not None:
            words = f"{next(filter(None, lost.groups()), 'some')} messages are lost here"
            self._see(Seen(number, line.time, "", What.GAP, words, line.message))
        elif BARE.find(line.message) or (line.bare and text.startswith(_INDENT) and DRIVER.find(line.message)):
            self._form(number, line, line.message)
        elif (call := call_in(text)) is not None:
            self._see(
                Seen(number, call.time or line.time, "", What.CALL, call.words, cut(text, LONGEST), number=call.rc)
            )
        elif "\0" in text:
            self._unknown(number, line)
        else:
            self.record.others += 1
            self._crash(number, line)
        return True

    def _clock(self, number: int, line: Line) -> None:
        if line.time is None:
            return
        before = self._latest
        if before is not None and before.since_boot is line.time.since_boot:
            if before.seconds - line.time.seconds > max(_JITTER, line.time.resolution):
                if self.record.seen:
                    back = f"the clock goes back by {before.seconds - line.time.seconds:.0f} s"
                    words = f"{back}: another boot{'' if line.time.since_boot else ', or somebody has set it'}"
                    self._see(Seen(number, line.time, "", What.RESTART, words))
                self._read.clear()
            elif line.time.seconds < before.seconds:
                return
        self._latest = self.record.end = line.time

    def _see(self, seen: Seen) -> None:
        if len(self.record.seen) >= MOST:
            raise IntakeError(f"it has more than {MOST:,} lines of the driver; give a part of it")
        self.record.seen.append(seen)

    def _unknown(self, number: int, line: Line) -> None:
        message = cut(line.message, LONGEST)
        self._see(Seen(number, line.time, line.unit, What.UNKNOWN, f"not understood: {printable(message)}", message))

    def _form(self, number: int, line: Line, message: str) -> bool:
        plain = _STATE.sub("", message, count=1)
        found = DRIVER.find(plain) or DRIVER.find(plain.removesuffix(_ENCODED_BLANK).rstrip())
        if found is None:
            return False
        form, places = found
        unit = line.unit or self._unit
        time = line.time
        text = cut(message, LONGEST)
        if "one" in places:
            data = bytes.fromhex(places["one"] + places["two"])
            self._element(Seen(number, time, unit, form.what, _element_words(form.what, data), text, data))
        elif form.reads:
            self._told(number, time, unit, form, places, text)
        else:
            self._plain(Seen(number, time, unit, form.what, "", text), form, places)
        return True

    def _element(self, seen: Seen) -> None:
        if seen.what is What.SENT:
            self._sent[seen.unit] = len(self.record.seen)
        else:
            self._read[seen.unit] = seen.element
        self._see(seen)

    def _told(self, number: int, time: Stamp | None, unit: str, form: Form, places: dict[str, str], text: str) -> None:
        """The driver says what it has read: the second time where the element itself is there."""
        data = form.reads
        if "event" in places:
            data += bytes((int(places["event"]) & 0xFF,))
        rc = int(places["rc"]) if "rc" in places else form.answers
        words = form.words.format(**places) or _element_words(What.READ, data, rc)
        seen = Seen(number, time, unit, What.READ, words, text, data, rc, places.get("cause", ""))
        before = self._read.get(unit, b"")
        if before[:2] == data:
            seen = seen.but(What.EXPLAINED, words)
        else:
            self._read[unit] = data
        self._see(seen)

    def _plain(self, seen: Seen, form: Form, places: dict[str, str]) -> None:
        told = form.names_codes(places)
        reason = places.get("reason", "")
        if reason:
            told["reason"] = REASONS.get(int(reason), reason) if reason.isdigit() else reason
        rc = places.get("rc", "")
        number = int(rc) if rc.lstrip("-").isdecimal() else None
        words = form.words.format(**told) or seen.text
        made = Seen(
            seen.place, seen.time, seen.unit, form.what, printable(words), seen.text, number=number,
            detail=told.get("reason", places.get("state", "")),
        )  # fmt: skip
        if form.what in (What.REFUSED_HERE, What.CLOSED, What.SEND_FAILED):
            self._take_back(seen.unit)
        if form.what in (What.FREED, What.PROBE):
            self._read.pop(seen.unit, None)
        self._see(made)

    def _take_back(self, unit: str) -> None:
        """The line of an element that is sent is only an attempt: this one has failed."""
        at = self._sent.pop(unit, None)
        if at is not None:
            sent = self.record.seen[at]
            self.record.seen[at] = sent.but(What.NOT_SENT, f"{sent.words}, which fails")

    def _crash(self, number: int, line: Line) -> None:
        if _TROUBLE.search(line.message):
            self._trouble, self._in_trouble = (number, line, cut(line.message, LONGEST)), _TRACE
        elif self._trouble is not None and self._in_trouble > 0:
            self._in_trouble -= 1
            inside = _IN_DRIVER.search(line.message)
            if inside or _BELOW_DRIVER.search(line.message):
                at, first, message = self._trouble
                where = "in the driver" if inside else "with the driver among the callers"
                words = printable(f"trouble {where}: {message}")
                self._see(Seen(at, first.time, "", What.CRASH, words, message, number=1 if inside else 0))
                self._trouble = None
                self.record.others -= 1
            elif _TROUBLE_ENDS.search(line.message):
                self._trouble = None


def _softly(lines: Iterable[tuple[int, str, bool]]) -> Iterator[tuple[int, str, bool]]:
    """Lines, those that mail has broken softly (an equals sign at the end) in one piece."""
    kept: tuple[int, str] | None = None
    for number, text, whole in lines:
        start, before = kept or (number, "")
        made = before + (re.sub(r"^(?: ?>)+ ?", "", text) if before else text)
        kept = None
        if made.endswith("=") and "ibmvnic " in made and len(made) < LONGEST:
            kept = (start, made[:-1])
        else:
            yield start, made, whole
    if kept is not None:
        yield *kept, True


def _element_words(what: What, data: bytes, rc: int | None = None) -> str:
    """An element in words, with the code of an answer that is not plainly well."""
    who = {What.SENT: "the client sends", What.READ: "the client reads"}.get(what, "element")
    name = element_name(data.hex())
    if rc is None and is_answer(data):
        rc = answer_rc(data)
    return f"{who} {name}{f', {code_name(rc)}' if rc else ''}"
