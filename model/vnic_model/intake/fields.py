"""JSON that somebody else has written, and objects in it taken apart field by field.

Stricter than :mod:`json`: a name stands once in an object, a number fits into 64 bits, a character is a whole one.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import accumulate
from typing import Any, NoReturn

from vnic_model.intake.files import IntakeError

#: Numbers of the protocol have 64 bits, some with a sign and some without.
LEAST, MOST = -(1 << 63), (1 << 64) - 1
#: So many values (commas and brackets) may a line have; the largest that the kit writes have some ten thousands.
MOST_VALUES = 2_000_000
#: So deep may it nest; the deepest that the kit writes nests eight levels.
MOST_DEPTH = 32


def shown(value: object, longest: int = 60) -> str:
    """A value as messages show it: short and in ASCII, whatever it is."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text):,} characters)"


def json_of(text: str) -> Any:
    """The value that a JSON text stands for.

    Raises:
        IntakeError: it is no JSON, or none that is read here.
    """
    brackets = text.count("[") + text.count("{")
    if brackets + text.count(",") > MOST_VALUES:
        raise IntakeError(f"it has more than {MOST_VALUES:,} values")
    if brackets > MOST_DEPTH and _depth(text) > MOST_DEPTH:
        raise IntakeError(f"it is nested too deeply, more than {MOST_DEPTH} levels")
    try:
        made = _DECODER.decode(text)
        if "\\u" in text:
            _whole_characters(made)
    except json.JSONDecodeError as error:
        raise IntakeError(f"no JSON: {error.msg} at column {error.pos + 1}") from None
    return made


def _depth(text: str) -> int:
    """How deep brackets nest outside of strings."""
    brackets = (1 if bracket in "[{" else -1 for bracket in _BRACKET.findall(_STRING.sub("", text)))
    return max(accumulate(brackets), default=0)


_STRING, _BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL), re.compile(r"[][{}]")


def record_of(text: str) -> dict[str, Any]:
    """The object that a JSON text stands for; raises :class:`IntakeError` if it is none."""
    made = json_of(text)
    if not isinstance(made, dict):
        raise IntakeError("no JSON object")
    return made


def _integer(digits: str) -> int:
    if len(digits) > 20 or not LEAST <= (found := int(digits)) <= MOST:
        raise IntakeError(f"a number of {len(digits.lstrip('-'))} digits does not fit into 64 bits")
    return found


def _fraction(digits: str) -> float:
    found = float(digits)
    if not math.isfinite(found):
        raise IntakeError(f"{shown(digits)} is beyond every number that is read here")
    return found


def _no_number(name: str) -> NoReturn:
    raise IntakeError(f"no JSON: {name} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        ((name, times),) = Counter(name for name, _ in pairs).most_common(1)
        raise IntakeError(f"field {shown(name)} is there {times} times")
    return made


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_no_number
)


def _whole_characters(made: object) -> None:
    try:
        json.dumps(made, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise IntakeError("there is half a character in it (a lone surrogate)") from None


class Fields:
    """One object of a foreign document, taken apart field by field.

    Every question raises :class:`IntakeError` where the field is missing or is not what was asked for.

    Args:
        made: the object; anything else is refused.
        where: it stands, for messages: ``line 3``.
        path: of names that leads to it within that place: ``episode.steps[2]``.
    """

    def __init__(self, made: object, where: str, path: str = "") -> None:
        self.where, self._path = where, path
        if isinstance(made, Fields):
            made = made._made
        if not isinstance(made, Mapping):
            self.refuse("", "an object", made)
        self._made: Mapping[str, Any] = made

    def __contains__(self, name: str) -> bool:
        return name in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def _place(self, name: str) -> str:
        return f"{self._path}.{name}".strip(".") if name else self._path

    def wrong(self, what: str) -> IntakeError:
        """The error that says what is wrong with the object as a whole, where it is no single field."""
        return IntakeError(f"{self.where}: {self._path}: {what}" if self._path else f"{self.where}: {what}")

    def refuse(self, name: str, expected: str, came: object) -> NoReturn:
        """Raise the error that says what was expected of a field and what came."""
        place = self._place(name)
        field = f"field {shown(place)[1:-1]} must be" if place else "expected"
        raise IntakeError(f"{self.where}: {field} {expected}, not {shown(came)}")

    def value(self, name: str) -> Any:
        """A field, whatever it is."""
        if name not in self._made:
            raise IntakeError(f"{self.where}: field {self._place(name)} is missing")
        return self._made[name]

    def text(self, name: str, known: Collection[str] = ()) -> str:
        """A text; where ``known`` is given, one of these."""
        found = self.value(name)
        if not isinstance(found, str):
            self.refuse(name, "a text", found)
        if known and found not in known:
            few = len(known) <= 12
            self.refuse(name, f"one of {', '.join(known)}" if few else "a name that this kit knows", found)
        return found

    def whole(self, name: str, low: int = LEAST, high: int = MOST) -> int:
        """A whole number in a range."""
        found = self.value(name)
        if not is_whole(found) or not low <= found <= high:
            self.refuse(name, f"a whole number from {low:,} to {high:,}", found)
        return int(found)

    def seconds(self, name: str) -> float:
        """A number, 0 or more."""
        found = self.value(name)
        if isinstance(found, bool) or not isinstance(found, int | float) or not found >= 0:
            self.refuse(name, "a number, 0 or more", found)
        return float(found)

    def flag(self, name: str) -> bool:
        """True or false."""
        found = self.value(name)
        if not isinstance(found, bool):
            self.refuse(name, "true or false", found)
        return found

    def nothing(self, name: str) -> bool:
        """The field is there and is null."""
        return self.value(name) is None

    def maybe(self, name: str) -> Any:
        """A field, whatever it is; None where it is missing, too."""
        return self._made.get(name)

    def scalar(self, name: str) -> str | int:
        """A text or a whole number."""
        found = self.value(name)
        if not isinstance(found, str) and not is_whole(found):
            self.refuse(name, "a text or a whole number", found)
        assert isinstance(found, str | int)
        return found

    def plain(self, name: str) -> object:
        """A text, a whole number, true, false, or a list of these."""
        found = self.value(name)
        for one in found if isinstance(found, list) else [found]:
            if not isinstance(one, str | bool | int):
                self.refuse(name, "a text, a whole number, true, false, or a list of these", found)
        return found

    def items(self, name: str) -> list[Any]:
        """A list of whatever."""
        found = self.value(name)
        if not isinstance(found, list):
            raise IntakeError(f"{self.where}: {self._place(name)!r} is no list, but {shown(found)}")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        found = self.items(name)
        for number, one in enumerate(found):
            if not isinstance(one, str):
                self.refuse(f"{name}[{number}]", "a text", one)
        return tuple(found)

    def inner(self, name: str) -> Fields:
        """An object within."""
        return Fields(self.value(name), self.where, self._place(name))

    def inners(self, name: str) -> list[Fields]:
        """A list of objects within."""
        return [Fields(one, self.where, self._place(f"{name}[{n}]")) for n, one in enumerate(self.items(name))]

    def scalars(self, name: str) -> dict[str, str | int]:
        """An object whose values are texts and whole numbers, as a message of the protocol is."""
        found = self.inner(name)
        return {key: found.scalar(key) for key in found}

    def exactly(self, *names: str, perhaps: Collection[str] = ()) -> None:
        """These fields are there, and none besides but perhaps some others."""
        if not set(names) <= set(self) <= {*names, *perhaps}:
            expected, found = ", ".join(sorted(names)), ", ".join(sorted(self))
            within = f" of {self._path}" if self._path else ""
            raise IntakeError(f"{self.where}: expected the members {expected}{within}; found {shown(found, 400)[1:-1]}")


def is_whole(value: object) -> bool:
    """A whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)
