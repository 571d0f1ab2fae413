"""A form of a line: a message of the driver with places for numbers and words, and what it is about.

A place is written ``{name:kind}``; a kind is one of :data:`KINDS`. The sentence of a form says the same names in braces.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from vnic_conformance.monitoring.seen import What
from vnic_conformance.reports.naming import rc_name
from vnic_spec.layouts import COMMANDS
from vnic_spec.wire import Command, Header, response_to

#: Kinds of places: a number, a return code of the hypervisor, a number in hexadecimal, a word, the rest, eight bytes in
#: hexadecimal, a dump.
KINDS: Final = {
    "d": r"-?\d{1,20}",
    "r": r"-?\d{1,20}",
    "x": r"(?:0x)?[0-9a-fA-F]{1,16}",
    "w": r"\S+",
    "s": r".*?",
    "q": r"[0-9a-f]{16}",
    "h": r"(?:[0-9a-f]{2}|[0-9a-f]{8}|[0-9a-f]{16})(?: (?:[0-9a-f]{2}|[0-9a-f]{8}|[0-9a-f]{16}))*",
}
_PLACE: Final = re.compile(r"\{(\w+):([drxwsqh])\}")
_BLANKS: Final = re.compile(r"\s+")
#: So many characters of a form's beginning are its key.
_KEY: Final = 3


@dataclass(frozen=True, slots=True)
class Form:
    """One form.

    Attributes:
        pattern: the message.
        what: what it is about.
        words: a sentence; empty: what is about an element says its name.
        reads: the first bytes of an element that the client has read then.
        answers: that element is an answer with this return code, unless the line says one: ``{rc:d}``.
        bare: it stands without the device's name, too.
    """

    pattern: str
    what: What
    words: str = ""
    reads: bytes = b""
    answers: int | None = None
    bare: bool = False

    def expression(self) -> re.Pattern[str]:
        """The pattern as a regular expression, in which any blanks are as good as one."""
        made, at = "", 0
        for place in _PLACE.finditer(self.pattern):
            made += _escaped(self.pattern[at : place.start()]) + f"(?P<{place[1]}>{KINDS[place[2]]})"
            at = place.end()
        return re.compile(made + _escaped(self.pattern[at:]))

    def names_codes(self, places: dict[str, str]) -> dict[str, str]:
        """What stands in the places, return codes of the hypervisor by their names."""
        codes = {name for name, kind in _PLACE.findall(self.pattern) if kind == "r"}
        return {name: rc_name(int(text)) if name in codes else text for name, text in places.items()}

    @property
    def key(self) -> str:
        """What a message of this form begins with; empty: anything."""
        literal = self.pattern.partition("{")[0]
        return literal[:_KEY] if len(literal) >= _KEY else ""


def _escaped(text: str) -> str:
    return r"\s+".join(map(re.escape, _BLANKS.split(text)))


def answer(command: Command) -> bytes:
    """The first bytes of an answer, or of what a server sends by itself."""
    return bytes((Header.COMMAND, command if COMMANDS[command].by_server else response_to(command)))


class Forms:
    """Forms that are looked up by the beginning of a message.

    Args:
        forms: where two fit, the first one counts.
    """

    def __init__(self, forms: Iterable[Form]) -> None:
        self._by_key: dict[str, list[tuple[int, Form, re.Pattern[str]]]] = defaultdict(list)
        for number, form in enumerate(forms):
            self._by_key[form.key].append((number, form, form.expression()))

    def find(self, message: str) -> tuple[Form, dict[str, str]] | None:
        """The form of a message, and what stands in its places; None: no form fits."""
        for _, form, expression in sorted(self._near(message), key=lambda one: one[0]):
            found = expression.fullmatch(message)
            if found is not None:
                return form, found.groupdict()
        return None

    def _near(self, message: str) -> Iterator[tuple[int, Form, re.Pattern[str]]]:
        yield from self._by_key.get(message[:_KEY], ())
        yield from self._by_key.get("", ())
