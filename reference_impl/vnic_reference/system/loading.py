"""Scenarios from TOML.

Tables and keys have the names of the fields of :mod:`vnic_reference.system.scenario`::

    title = "A server dies"
    duration_ms = 5_000

    [[server]]
    name = "one"
    adapter = 0
    port = 0
    priority = 10

    [[server]]
    name = "two"
    adapter = 0
    port = 1

    [[ping]]
    period_ms = 100

    [[at]]
    ms = 2_000
    do = "crash"
    target = "one"
"""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

from vnic_reference.policy import Policy
from vnic_reference.system.scenario import (
    Happening,
    HostPlan,
    PingPlan,
    Scenario,
    ScenarioError,
    ServerPlan,
    StreamPlan,
)

#: Table of the file, field of the scenario, and what each entry is.
_TABLES: Final[Mapping[str, tuple[str, type]]] = {
    "server": ("servers", ServerPlan),
    "host": ("hosts", HostPlan),
    "ping": ("pings", PingPlan),
    "stream": ("streams", StreamPlan),
    "at": ("happenings", Happening),
}
_LISTS: Final = frozenset(place for place, _ in _TABLES.values())
#: Keys outside of tables.
_PLAIN: Final = tuple(item.name for item in fields(Scenario) if item.name not in _LISTS)
_NEEDED: Final = ("title", "duration_ms", "server")


def load(text: str) -> Scenario:
    """Read a scenario from TOML.

    Raises:
        ScenarioError: it is no TOML, or something in it is unknown, missing, of the wrong type or out of range.
    """
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # what tomllib raises, or a number of thousands of digits
        raise ScenarioError(f"this is no TOML: {error}") from None
    except RecursionError:
        raise ScenarioError("this is no TOML that can be read: it is nested too deeply") from None
    for key in _NEEDED:
        if key not in document:
            raise ScenarioError(f"{key} is missing")
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key in _TABLES:
            place, kind = _TABLES[key]
            if not isinstance(value, list):
                raise ScenarioError(f"{key} is no list of tables; each one begins with [[{key}]]")
            values[place] = tuple(_record(f"{key} {n}", kind, entry) for n, entry in enumerate(value, 1))
        elif key not in _PLAIN:
            raise ScenarioError(f"{key!r} is unknown; there are {', '.join((*_PLAIN, *_TABLES))}")
        else:
            values[key] = _policy(value) if key == "policy" else value
    return Scenario(**values)


def shipped(name: str) -> str:
    """Text of a scenario that comes with the package; raises ``KeyError`` with the names there are."""
    folder = importlib.resources.files("vnic_reference.system").joinpath("scenarios")
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    if name not in names:
        raise KeyError(", ".join(names))
    return folder.joinpath(f"{name}.toml").read_text(encoding="utf-8")


def _policy(value: object) -> Policy:
    if not isinstance(value, dict):
        raise ScenarioError(f"policy is {value!r}; it must be a table")
    try:
        return Policy.from_mapping(value)
    except ValueError as error:
        raise ScenarioError(f"policy: {error}") from None


def _record(where: str, kind: type, entry: object) -> object:
    if not isinstance(entry, dict):
        raise ScenarioError(f"{where} is {entry!r}; it must be a table")
    # What a port's hardware has is asked for by a reset, and not written in files.
    known = {item.name: item for item in fields(kind) if item.name != "limits"}
    for key in entry:
        if key not in known:
            raise ScenarioError(f"{where}: {key!r} is unknown; there are {', '.join(known)}")
    for name, item in known.items():
        if name not in entry and item.default is MISSING:
            raise ScenarioError(f"{where}: {name} is missing")
    values = dict(entry)
    if kind is Happening:
        # An adapter is called by its number, auto is written as true or false.
        target, value = values.get("target", ""), values.get("value", 0)
        values["target"] = str(target) if type(target) is int else target
        values["value"] = int(value) if isinstance(value, bool) else value
    return kind(**values)
