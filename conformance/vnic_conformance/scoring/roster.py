"""Rosters: lists of faulty and of legal implementations, from a file or from the program that has them.

A roster is one object, in TOML or JSON::

    name = "mine"
    [[faults]]
    name = "tie_preempts"                     # required
    adapter = "./mine --fault tie_preempts"   # as vnickit check --adapter takes it
    requirement = "SEL-5"                     # which it hurts, optional
    description = "An older server ..."       # optional
    profile = { crossing = "gap" }            # as vnickit check --profile takes it, optional
    [[variants]]
    name = "busy_at_first"
    adapter = "./mine --variant busy_at_first"

A program that follows the convention needs no file: ``PROGRAM --faults --json`` prints the same object, in which ``adapter`` may
be absent; then ``PROGRAM --fault NAME`` and ``PROGRAM --variant NAME`` are the adapters.
"""

from __future__ import annotations

import shlex
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from vnic_model.intake import IntakeError, json_of, shown, text_of
from vnic_spec.requirements import REQUIREMENTS

#: The longest roster in bytes, the longest text in it in characters, and how many faults or variants it has at most.
MOST, MOST_TEXT, MOST_ENTRIES = 1 << 22, 1_000, 10_000
#: How long a program may take to list what it has, in seconds.
LISTING_S = 30.0
_KNOWN = ("name", "adapter", "requirement", "description", "profile")


class RosterError(ValueError):
    """A roster cannot be read; the text says which, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One implementation.

    Attributes:
        name: how the roster calls it.
        adapter: how it is started, as :func:`~vnic_conformance.targets.open_target` takes it.
        requirement: ID of the requirement that a fault hurts, or empty.
        description: what it does, in a sentence, or empty.
        profile: decisions other than the adapter claims, by name.
    """

    name: str
    adapter: str
    requirement: str = ""
    description: str = ""
    profile: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Roster:
    """What is to be scored together.

    Attributes:
        name: of the implementation that they are variants of.
        faults: those that must be found.
        variants: those that must pass.
    """

    name: str
    faults: tuple[Entry, ...]
    variants: tuple[Entry, ...] = ()

    def only(self, globs: Sequence[str]) -> Roster:
        """Those whose name one of the globs matches; everything without globs."""
        if not globs:
            return self

        def chosen(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
            return tuple(e for e in entries if any(fnmatchcase(e.name, glob) for glob in globs))

        return replace(self, faults=chosen(self.faults), variants=chosen(self.variants))


def asked(program: str) -> Roster:
    """The roster that a program prints when it is called with ``--faults --json``.

    Args:
        program: a command line; it is started without a shell.

    Raises:
        RosterError: it cannot be started, fails, or prints no roster.
    """
    try:
        words = shlex.split(program)
    except ValueError as error:
        raise RosterError(f"{program}: {error}") from None
    if not words:
        raise RosterError("there is no program in an empty command line")
    said = f"{shlex.join([*words, '--faults', '--json'])}"
    try:
        done = subprocess.run(
            [*words, "--faults", "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LISTING_S,
            check=False,
        )
    except OSError as error:
        raise RosterError(f"{program}: cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise RosterError(f"{said}: nothing within {LISTING_S:.0f} s; a roster was expected") from None
    if done.returncode:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or ["nothing on standard error"])[-1]
        raise RosterError(f"{said}: status {done.returncode} ({last[:200]}); a program without it needs a --roster")
    if len(done.stdout) > MOST:
        raise RosterError(f"{said}: it printed more than {MOST:,} bytes; a roster was expected")
    try:
        made = json_of(done.stdout.decode("utf-8"))
    except (IntakeError, UnicodeDecodeError):
        raise RosterError(f"{said}: what it printed is no JSON; a roster was expected") from None
    return roster_of(made, said, words=words, name=Path(words[0]).name)


def read(file: Path) -> Roster:
    """The roster in a file: JSON if its name ends so, TOML otherwise.

    Raises:
        RosterError: it cannot be read, or is no roster.
    """
    try:
        text = text_of(file, MOST)
        made = json_of(text) if file.suffix == ".json" else tomllib.loads(text)
    except RecursionError:
        raise RosterError(f"{file}: it is nested too deeply") from None
    except (IntakeError, tomllib.TOMLDecodeError) as error:
        raise RosterError(f"{file}: {error}") from None
    except ValueError:  # tomllib leaves that to Python
        raise RosterError(f"{file}: it has a number of thousands of digits") from None
    return roster_of(made, str(file), name=file.stem)


def roster_of(made: object, where: str, *, words: Sequence[str] = (), name: str = "") -> Roster:
    """The roster that plain data is.

    Args:
        made: the data.
        where: it comes from, for messages.
        words: the program whose ``--fault`` and ``--variant`` start what has no ``adapter``.
        name: where the data have none.

    Raises:
        RosterError: it is none.
    """
    if not isinstance(made, Mapping):
        raise RosterError(f"{where}: one object with faults and variants was expected")
    title = made.get("name", name)
    if not isinstance(title, str) or not title.isprintable() or len(title) > MOST_TEXT:
        raise RosterError(f"{where}: name must be a text")
    found = Roster(
        title,
        tuple(_entries(made.get("faults", []), f"{where}: faults", [*words, "--fault"] if words else [])),
        tuple(_entries(made.get("variants", []), f"{where}: variants", [*words, "--variant"] if words else [])),
    )
    if not found.faults and not found.variants:
        raise RosterError(f"{where}: there are neither faults nor variants in it")
    return found


def _entries(made: object, where: str, words: Sequence[str]) -> list[Entry]:
    if not isinstance(made, list) or len(made) > MOST_ENTRIES:
        raise RosterError(f"{where} must be a list of at most {MOST_ENTRIES:,}")
    found: dict[str, Entry] = {}
    for number, one in enumerate(made, 1):
        entry = _entry(one, f"{where}, number {number}", words)
        if entry.name in found:
            raise RosterError(f"{where}: two are called {entry.name}")
        found[entry.name] = entry
    return list(found.values())


def _entry(made: object, where: str, words: Sequence[str]) -> Entry:
    if not isinstance(made, Mapping):
        raise RosterError(f"{where}: an object with a name was expected")
    strange = sorted(str(key) for key in made if key not in _KNOWN)
    if strange:
        few = shown(", ".join(strange))[1:-1]
        raise RosterError(f"{where}: {few} means nothing here; there are {', '.join(_KNOWN)}")
    texts = {key: made.get(key, "") for key in _KNOWN if key != "profile"}
    for key, text in texts.items():
        if not isinstance(text, str) or not text.isprintable() or len(text) > MOST_TEXT:
            raise RosterError(f"{where}: {key} must be a text of one line, of at most {MOST_TEXT} characters")
    if not texts["name"]:
        raise RosterError(f"{where}: it has no name")
    if texts["requirement"] and texts["requirement"] not in REQUIREMENTS:
        raise RosterError(f"{where}: there is no requirement {texts['requirement'][:60]!a}")
    profile = made.get("profile", {})
    if not isinstance(profile, Mapping) or not all(type(value) in (str, int) for value in profile.values()):
        raise RosterError(f"{where}: profile must be an object of texts and whole numbers")
    adapter = texts["adapter"] or (shlex.join([*words, texts["name"]]) if words else "")
    if not adapter:
        raise RosterError(f"{where}: it has no adapter, which only the list of a program may leave out")
    return Entry(texts["name"], adapter, texts["requirement"], texts["description"], dict(profile))
