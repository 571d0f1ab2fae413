"""A validator for the part of JSON Schema that the protocol's schema uses.

The protocol is flat: objects of strings and integers. That needs a dozen keywords of JSON Schema, and a check of them
is short and fast; a keyword that is not among them makes :func:`compile_object` refuse the schema, so that nothing in
the schema is silently not checked.

A *check* takes a value and returns ``None``, or one sentence that says what was expected and what came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

#: Says what is wrong with a value, or ``None``.
Check = Callable[[object], str | None]

SCHEMA_FILE: Final = "adapter-1.0.schema.json"

_VALUE_KEYWORDS: Final = frozenset(
    {"$ref", "anyOf", "description", "enum", "maxLength", "maximum", "minimum", "pattern", "type"}
)
_OBJECT_KEYWORDS: Final = frozenset(
    {"additionalProperties", "description", "patternProperties", "properties", "required", "type"}
)


class UnsupportedKeywordError(Exception):
    """The schema uses a keyword that this validator does not know."""


@cache
def document(file: str = SCHEMA_FILE) -> Mapping[str, Any]:
    """A schema of the protocol, as the package ships it: that of 1.0, or the file of a role that came later."""
    text = resources.files("vnic_conformance.protocol").joinpath(file).read_text(encoding="utf-8")
    loaded = json.loads(text)
    assert isinstance(loaded, dict)
    return loaded


#: Integers of more bits are described; their digits take long to be had, or cannot be.
_SHOWN_BITS: Final = 256


def shown(value: object, longest: int = 60) -> str:
    """A value as messages show it: its JSON text, cut to a readable length, printable whatever it is."""
    if isinstance(value, int) and value.bit_length() > _SHOWN_BITS:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        if isinstance(value, Mapping):
            text = f"{{{', '.join(f'{shown(name)}: {shown(part)}' for name, part in value.items())}}}"
        elif type(value).__repr__ is object.__repr__ or isinstance(value, list | tuple):
            text = f"a {type(value).__name__}"
        else:
            text = ascii(value)
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"


#: Names come from outside; of no more than so many it is kept what they are.
_MOST_NAMES = 10_000


class ObjectCheck:
    """Checks one message: its fields by name, and that the required ones are there.

    Args:
        definitions: names under ``$defs`` of the schema, each an object; all of them have to hold.
        file: the schema that has them.
    """

    def __init__(self, *definitions: str, file: str = SCHEMA_FILE) -> None:
        self.definitions = definitions
        self._file = file
        self.required: list[str] = []
        self.named: dict[str, Check] = {}
        self._patterns: list[tuple[re.Pattern[str], Check]] = []
        self._others: list[Check] = []
        for name in definitions:
            self._add(document(file)["$defs"][name], name)
        self._found: dict[str, tuple[Check, ...]] = {name: (check,) for name, check in self.named.items()}
        self._known: dict[str, bool] = {}
        self._right: dict[str, str | int] = {}  #: the value of a field that was right the last time

    def _add(self, schema: Mapping[str, Any], place: str) -> None:
        _refuse_unknown(schema, _OBJECT_KEYWORDS, place)
        self.required += schema.get("required", [])
        for name, part in schema.get("properties", {}).items():
            self.named[name] = compile_value(part, f"{place}.{name}", self._file)
        for pattern, part in schema.get("patternProperties", {}).items():
            self._patterns.append((_regex(pattern), compile_value(part, f"{place}.{pattern}", self._file)))
        if "additionalProperties" in schema:
            self._others.append(compile_value(schema["additionalProperties"], f"{place}.*", self._file))

    def _checks_of(self, name: str) -> tuple[Check, ...]:
        found = tuple(check for pattern, check in self._patterns if pattern.search(name)) or tuple(self._others)
        if len(self._found) < _MOST_NAMES:
            self._found[name] = found
        return found

    def knows(self, name: str) -> bool:
        """Whether the schema has something to say about a field of this name."""
        found = self._known.get(name)
        if found is None:
            found = name in self.named or any(pattern.search(name) for pattern, _ in self._patterns)
            if len(self._known) < _MOST_NAMES:
                self._known[name] = found
        return found

    def __call__(self, message: Mapping[str, object]) -> str | None:
        """What is wrong with ``message``, or ``None``."""
        for name in self.required:
            if name not in message:
                return f"field {name!r} is missing"
        known, right = self._found, self._right
        for name, value in message.items():
            last = right.get(name)
            if type(last) is type(value) and last == value and last is not None:
                continue  # most of an observation is as it was a step ago
            checks = known.get(name)
            for check in self._checks_of(name) if checks is None else checks:
                problem = check(value)
                if problem is not None:
                    return f"field {shown(name)} must be {problem}, not {shown(value)}"
            if name in known and isinstance(value, str | int):
                right[name] = value
        return None


@cache
def compile_object(*definitions: str, file: str = SCHEMA_FILE) -> ObjectCheck:
    """The check of the objects that satisfy all these definitions of a schema."""
    return ObjectCheck(*definitions, file=file)


def _regex(pattern: str) -> re.Pattern[str]:
    # `$` of JSON Schema is the end; that of Python also matches before a last line feed.
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern)


def _refuse_unknown(schema: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    unknown = sorted(set(schema) - known)
    if unknown:
        raise UnsupportedKeywordError(f"{place}: {', '.join(unknown)}")


def compile_value(schema: Mapping[str, Any], place: str, file: str = SCHEMA_FILE) -> Check:
    """The check of one field.

    Args:
        schema: what the schema says of it.
        place: where that stands, for the message.
        file: the schema that has its definitions.

    Raises:
        UnsupportedKeywordError: the schema uses a keyword that is not checked here.
    """
    _refuse_unknown(schema, _VALUE_KEYWORDS, place)
    checks: list[Check] = []
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        checks.append(compile_value(document(file)["$defs"][name], name, file))
    if "anyOf" in schema:
        checks.append(_any_of([compile_value(part, place, file) for part in schema["anyOf"]]))
    if "enum" in schema:
        checks.append(_enum(schema["enum"]))
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types:
        checks.append(_type(types))
    if "minimum" in schema or "maximum" in schema:
        checks.append(_range(schema.get("minimum"), schema.get("maximum")))
    if "pattern" in schema:
        checks.append(_pattern(schema["pattern"]))
    if "maxLength" in schema:
        checks.append(_max_length(schema["maxLength"]))
    return checks[0] if len(checks) == 1 else _all_of(checks)


def _all_of(checks: Sequence[Check]) -> Check:
    def check(value: object) -> str | None:
        for part in checks:
            problem = part(value)
            if problem is not None:
                return problem
        return None

    return check


def _any_of(checks: Sequence[Check]) -> Check:
    def check(value: object) -> str | None:
        problems = []
        for part in checks:
            problem = part(value)
            if problem is None:
                return None
            problems.append(problem)
        return " or ".join(dict.fromkeys(problems))

    return check


def _enum(allowed: Sequence[str]) -> Check:
    members = frozenset(allowed)
    expected = f"one of {', '.join(allowed)}"
    return lambda value: None if isinstance(value, str) and value in members else expected


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _type(names: Sequence[str]) -> Check:
    if tuple(names) == ("string",):
        return lambda value: None if isinstance(value, str) else "a string"
    if tuple(names) == ("integer",):
        return lambda value: None if _is_integer(value) else "an integer"
    if set(names) == {"string", "integer"}:
        expected = "a string or an integer (the protocol is flat)"
        return lambda value: None if isinstance(value, str) or _is_integer(value) else expected
    raise UnsupportedKeywordError(f"type {names}")


def _range(low: int | None, high: int | None) -> Check:
    if high is None:
        expected = f"an integer >= {low}"
    elif low is None:
        expected = f"an integer <= {high}"
    else:
        expected = f"an integer from {low} to {high}"

    def check(value: object) -> str | None:
        if not isinstance(value, int) or (low is not None and value < low) or (high is not None and value > high):
            return expected
        return None

    return check


_PATTERN_IN_WORDS: Final = {
    "^0x[0-9a-f]{1,16}$": 'a string such as "0x9e37"',
    "^([0-9a-f]{2})*$": "bytes in lower-case hexadecimal",
    "^[0-9a-f]{32}$": "16 bytes as 32 lower-case hexadecimal digits",
    "^([0-9a-f]{32}( [0-9a-f]{32})*)?$": "elements of 32 lower-case hexadecimal digits with one blank between",
    "^[0-9a-f]{64}$": "32 bytes as 64 lower-case hexadecimal digits",
    "^([0-9a-f]{64})*$": "any number of elements of 64 lower-case hexadecimal digits, without blanks",
    "^([0-9a-f]{64}( [0-9a-f]{64})*)?$": "elements of 64 lower-case hexadecimal digits with one blank between",
    "^([0-9a-f]{32}|[0-9a-f]{64})?$": "an element in lower-case hexadecimal (32 digits; 64 of a sub-CRQ), or empty",
    "^(server(0|[1-9][0-9]{0,2}))?$": 'a server such as "server0", or empty',
    "^server(0|[1-9][0-9]{0,2})$": 'a server such as "server0"',
    "^([a-z][a-z0-9_]*( [a-z][a-z0-9_]*)*)?$": "lower-case words with one blank between",
    "^[a-z][a-z0-9_]*$": "a lower-case word",
}


def _pattern(pattern: str) -> Check:
    matches = _regex(pattern).search
    expected = _PATTERN_IN_WORDS.get(pattern, f"a string like {pattern}")
    return lambda value: None if isinstance(value, str) and matches(value) else expected


def _max_length(limit: int) -> Check:
    expected = f"at most {limit} characters"
    return lambda value: None if isinstance(value, str) and len(value) <= limit else expected
