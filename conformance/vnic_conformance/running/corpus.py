"""What whole runs have learned about an implementation: words that reached something new, kept for the next run to begin with.

*Something* is a transition together with the classes of its arguments (:mod:`vnic_conformance.domains`): who called what, which
action of the machine that was, how it was answered. What chance reached and nothing else had is kept as the word that led there,
in the user's cache, by implementation, version and profile. The next run plays these words first and tells Hypothesis what is
rare. They save time and decide nothing: a word is played as any other and judged by the oracle, and the log holds it.

What is kept is foreign text. A file counts if it is the user's own and whole (:mod:`vnic_model.cache`); of what it says only
words are taken that the random phases could have made, within bounds. Anything else, and the file is as if it were not there.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vnic_conformance import domains
from vnic_conformance.protocol import rules
from vnic_conformance.protocol.hello import Hello
from vnic_conformance.protocol.messages import to_line
from vnic_conformance.running.events import Event, SessionBegan, StepDone
from vnic_conformance.stimulus import (
    CLIENT,
    CLOCK,
    CONSOLE,
    PLATFORM,
    TOKEN_BEFORE,
    TOKEN_LATEST,
    Stimulus,
    with_tokens,
)
from vnic_model import cache
from vnic_spec.profile import Profile

#: The phase in which the words are played.
PHASE = "corpus"
#: Where they are kept, in the cache directory.
DIRECTORY = "corpora"
#: The phases that chance drives; what they reach may be new.
_RANDOM = (PHASE, "hypothesis", "walk")
#: So many words are kept, each of so many stimuli, and so many transitions are remembered.
MOST_WORDS, MOST_STEPS, MOST_MET = 32, 120, 20_000
_MOST_SERVERS = 7
_LONGEST_NAME = 300
#: A transition that was met so often in all runs is rare; nobody counts beyond the second number.
RARE, _COUNTED = 2, 1_000
#: What the random phases do, by caller: call and arguments.
_MADE: Mapping[str, Mapping[str, frozenset[str]]] = {
    "partition": {
        "reg_crq": frozenset({"address", "length"}),
        "free_crq": frozenset(),
        "enable_crq": frozenset(),
        "send_crq": frozenset({"hex"}),
        "consume": frozenset(),
        "vioctl": frozenset({"sub", "p1", "p2", "p3"}),
    },
    CONSOLE: {
        "activate": frozenset({"server"}),
        "priority": frozenset({"server", "value"}),
        "remove": frozenset({"server"}),
        "add": frozenset({"server", "port", "priority"}),
        "auto": frozenset({"value"}),
    },
    PLATFORM: {
        "migrate": frozenset(),
        **{call: frozenset({"target"}) for call in ("power_on", "power_off", "crash")},
    },
    CLOCK: {"advance": frozenset({"ms"})},
}
_DOMAINS: Mapping[str, frozenset[int]] = {
    "address": frozenset(domains.ADDRESS),
    "length": frozenset(domains.LENGTH),
    "p1": frozenset(domains.STATUS),
    "p2": frozenset(domains.INTERVAL),
    "p3": frozenset(domains.UNUSED),
    "value": frozenset(domains.PRIORITY),
    "priority": frozenset(domains.PRIORITY),
}


@dataclass(frozen=True, slots=True)
class Word:
    """Stimuli from a reset to so many servers on, tokens by name."""

    servers: int
    stimuli: tuple[Stimulus, ...]


@dataclass
class Corpus:
    """What is known of one implementation, and what the run that is going on adds; a listener of that run.

    Attributes:
        file: where it is kept; None: nowhere.
        key: what it is of.
        words: what to begin with.
        met: how often each transition was met by chance in all runs before.
    """

    file: Path | None
    key: str
    words: tuple[Word, ...] = ()
    met: Mapping[str, int] = field(default_factory=dict)
    _reached: Counter[str] = field(default_factory=Counter)  #: in this run, by chance
    _known: set[str] = field(default_factory=set)  #: in this run, by whatever
    _found: list[tuple[int, Word]] = field(default_factory=list)  #: how much that is new, and the word to it
    _session: list[Stimulus] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)  #: what the session has met
    _servers: int = 0
    _random: bool = False
    _new: tuple[int, int] = (0, 0)  #: how much the session has met that is new, and in how many steps

    @property
    def rarity(self) -> int:
        """How much the session that is going on has met that is rare."""
        return sum(self.met.get(name, 0) <= RARE for name in self._names)

    def __call__(self, event: Event) -> None:
        """Learn from what happens."""
        if isinstance(event, SessionBegan):
            self._ends()
            self._session, self._names, self._new = [], set(), (0, 0)
            self._servers, self._random = event.setting.servers, event.phase in _RANDOM
        elif isinstance(event, StepDone):
            self._steps(event)

    def _steps(self, event: StepDone) -> None:
        agreed = event.judgement.agreed
        answered = event.judgement.came.reply
        action = agreed[0].action if agreed else ""
        name = transition(event.given, action, f"{answered.get('outcome')} {answered.get('rc', '')}")
        if self._random:
            self._session.append(event.given)
            self._names.add(name)
            self._reached[name] += 1
            if name not in self._known and name not in self.met and len(self._session) <= MOST_STEPS:
                self._new = (self._new[0] + 1, len(self._session))
        self._known.add(name)

    def _ends(self) -> None:
        many, steps = self._new
        if many:
            self._found.append((many, Word(self._servers, tuple(self._session[:steps]))))

    def keep(self) -> None:
        """Keep it, with what this run has added; what does not fit is what found least."""
        self._ends()
        if self.file is None or not self._reached:
            return
        most = sorted(self._found, key=lambda found: -found[0])
        words = dict.fromkeys((*self.words, *(word for _, word in most)))
        met = Counter(self.met)
        met.update(self._reached)
        plain = {
            "key": self.key,
            "words": [
                [w.servers, [[s.who, s.call, dict(s.arguments)] for s in w.stimuli]] for w in list(words)[:MOST_WORDS]
            ],
            "met": {name: min(many, _COUNTED) for name, many in sorted(met.items())[:MOST_MET]},
        }
        cache.keep(self.file, json.dumps(plain, separators=(",", ":")).encode())


def corpus(hello: Hello, profile: Profile) -> Corpus:
    """What earlier runs have learned of an implementation that greets so; empty where nothing is kept that is believed."""
    home = cache.home()
    named = ["corpus 1", hello.implementation, hello.version, profile.as_mapping()]
    key = hashlib.sha256(json.dumps(named).encode()).hexdigest()
    if home is None:
        return Corpus(None, key)
    file = home / DIRECTORY / f"{key[:24]}.json"
    data = cache.found(file)
    if data is not None:
        try:
            return Corpus(file, key, *read(data, key))
        except ValueError:  # from somewhere else, or by a kit that made other words
            pass
    return Corpus(file, key)


def read(data: bytes, key: str) -> tuple[tuple[Word, ...], dict[str, int]]:
    """Words and what was met, as they were kept.

    Raises:
        ValueError: they are no such thing, or of something else, or a word is none that the random phases could have made.
    """
    plain = cache.record(data, key, "corpus", "words", "met")
    words, met = plain.items("words"), plain.inner("met")
    if len(words) > MOST_WORDS or len(list(met)) > MOST_MET:
        raise ValueError("more than is ever kept")
    counted = {name: met.whole(name, 0, _COUNTED) for name in met if len(name) <= _LONGEST_NAME}
    return tuple(map(_word, words)), counted


def _word(one: object) -> Word:
    match one:
        case [int(servers), list(steps)] if type(servers) is int and 1 <= servers <= _MOST_SERVERS:
            if not 1 <= len(steps) <= MOST_STEPS:
                raise ValueError("a word longer than is ever kept")
            return Word(servers, tuple(_stimulus(step, servers) for step in steps))
    raise ValueError("no word")


def _stimulus(one: object, servers: int) -> Stimulus:
    match one:
        case [str(who), str(call), dict(given)] if all(map(_is_argument, given, given.values())):
            pass
        case _:
            raise ValueError("no stimulus")
    partitions = {CLIENT, *(f"server{i}" for i in range(servers))}
    calls = _MADE["partition"] if who in partitions else _MADE.get(who, {})
    named = {given[name] for name in ("server", "target") if name in given}
    if (
        who == "partition"
        or not calls.get(call, frozenset()) >= given.keys()
        or call not in calls
        or named - partitions
    ):
        raise ValueError("nothing that the random phases do")
    found = Stimulus(who, call, tuple(given.items()))
    rules.check_request({"seq": 1, **to_line(with_tokens(found, ()).request())})
    return found


def _is_argument(name: str, value: object) -> bool:
    """Of a kind that the random phases give: a number, or a name where names stand."""
    if name in ("server", "target", "hex"):
        return isinstance(value, str)
    return type(value) is int or (name == "p1" and value in (TOKEN_LATEST, TOKEN_BEFORE))


# --- what is new -----------------------------------------------------------------------------------------------------


def transition(given: Stimulus, action: str, answer: str) -> str:
    """The name of what a step has shown: who called what, in which classes of arguments, and what came of it."""
    who = "server" if given.who.startswith("server") else given.who
    arguments = " ".join(f"{name}={class_of(name, value)}" for name, value in given.arguments)
    return f"{who} {given.call} {arguments} {action or '-'} {answer}"[:_LONGEST_NAME]


def class_of(name: str, value: int | str) -> str:
    """The class of the domain that an argument is in: a value that stands for itself, or its size."""
    if isinstance(value, str):
        return value[:4] if name == "hex" else value
    if value in _DOMAINS.get(name, ()):
        return str(value)
    return f"{'-' if value < 0 else ''}{value.bit_length()} bits"
