"""A story: what is done to a fresh client from beginning to end, as a case, and what has to come about in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from vnic_conformance.client_role.injection import SPAN_MS
from vnic_conformance.client_role.partner import MAC, PEER
from vnic_conformance.client_role.words import feature_of, passes, straight, user
from vnic_conformance.running.plan import Case, Phase
from vnic_conformance.session import Session
from vnic_conformance.stimulus import Stimulus

Word = tuple[Stimulus, ...]

#: The type of frames that the peer sends back.
ECHOED: Final = b"\x88\xb5"

#: The device is there; it is open, and its link is up.
ADDED: Final[Word] = (user("add"), passes(10))
OPENED: Final[Word] = (*ADDED, user("open"), passes(SPAN_MS))


@dataclass(frozen=True, slots=True)
class Story:
    """What is done to a fresh client, as a case.

    Attributes:
        case: what it counts for.
        word: what is done.
        witness: what has to come about in it (:class:`~.happenings.Happened`); empty: doing it is enough.
    """

    case: Case
    word: Word
    witness: str = ""


def told(word: Word, witness: str, session: Session[Any]) -> Iterator[Stimulus]:
    """A word, turn by turn; where what it needs has not come about, the session has put nothing to the test."""
    yield from word
    if witness and witness not in session.oracle.happened:
        session.not_exercised(f"{witness.replace('_', ' ')}: this client gave no occasion for it")


def features(word: Word) -> frozenset[str]:
    """What a client has to claim for a word."""
    return frozenset(filter(None, map(feature_of, word)))


def frame(number: int, length: int = 64, kind: bytes = ECHOED) -> Stimulus:
    """The user sends a frame to the peer, with a number in its payload."""
    return user("send", hex=(PEER + MAC + kind + number.to_bytes(length - 14, "big")).hex())


def well(recovery_ms: int) -> Word:
    """From now on all is well, for as long as the client claims to need."""
    return straight(), passes(recovery_ms + 1)


def story(name: str, purpose: str, word: Word, witness: str = "") -> Story:
    """A story that needs what its word needs."""
    return Story(case_of(name, purpose, witness, features(word)), word, witness)


def case_of(name: str, purpose: str, witness: str, needs: frozenset[str] = frozenset()) -> Case:
    """The scripted case of a story; its ID begins with its requirement."""
    exercised = f"its script ran to the end{f', and there was an occasion for {witness}' if witness else ''}"
    return Case(name, Phase.SCRIPT, purpose, (name.partition("/")[0],), needs, exercised)
